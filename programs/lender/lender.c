// SPDX-License-Identifier: Apache-2.0
//
// Gives a program a job of its own, with little of everything, to be used up. Nobody else feels it,
// and when the program has ended, all of it is there again. The first program of its system:
// granted console, timer, job, capabilities.

#include <string.h>

#include "abi/commit.h"
#include "runtime/runtime.h"
#include "runtime/spawn.h"

#include "schema/kernel.capnp.h"

static struct {
    struct debug_console console;
    struct timer timer;
    struct job job;
    struct tsr_spawner spawner;
    struct capability_manager capabilities;
} lender;

struct limits {
    uint32_t most[RESOURCE_COUNT];
    uint32_t used[RESOURCE_COUNT];
};

// What the flooder's job gets of each.
static const uint32_t amounts[RESOURCE_COUNT] = {
    [RESOURCE_PROCESSES] = 1, [RESOURCE_THREADS] = 1, [RESOURCE_OBJECTS] = 24,
    [RESOURCE_FACETS] = 40,   [RESOURCE_HOLDS] = 200, [RESOURCE_MAPPINGS] = 32,
    [RESOURCE_PAGES] = 256,   [RESOURCE_SPACE] = 512, [RESOURCE_CALLS] = 6,
    [RESOURCE_LOG] = 1000,
};

static void say(const char *what, const struct capnp_exception *exception)
{
    struct tsr_line line = {0};
    struct capnp_exception ignored;
    tsr_line_text(&line, "lender: ");
    tsr_line_text(&line, what);
    if (exception != NULL) {
        tsr_line_exception(&line, exception);
    }
    if (!debug_console_write_line(lender.console, tsr_line_of(&line), &ignored)) {
        tsr_exit(1);
    }
}

_Noreturn static void fail(const char *what, const struct capnp_exception *exception)
{
    say(what, exception);
    tsr_exit(1);
}

static struct limits limits_of(struct job job)
{
    struct limits limits;
    struct capnp_call call;
    struct capnp_exception exception = {0};
    struct job_limits_params_builder params;
    struct job_limits_results_reader results;
    if (!job_limits_begin(job, &call, &params, &exception) || !capnp_call_send(&call, &exception) ||
        !job_limits_finish(&call, &results, &exception)) {
        fail("cannot ask for limits: ", &exception);
    }
    struct capnp_data data = job_limits_results_get_limits(results);
    if (data.size != sizeof(limits)) {
        fail("limits of another size", NULL);
    }
    memcpy(&limits, data.data, sizeof(limits));
    capnp_call_end(&call);
    return limits;
}

static void flooder_run(struct job own)
{
    const struct tsr_grant grants[] = {{"console", lender.console.id},
                                       {"timer", lender.timer.id},
                                       {"capabilities", lender.capabilities.id},
                                       {"job", own.id}};
    struct process process;
    struct capnp_exception exception;
    uint64_t number;
    int32_t code;
    enum exit_cause cause;
    if (!tsr_spawn(&lender.spawner, own, "flooder", grants, 4, (struct capnp_data){NULL, 0},
                   &process, &exception)) {
        fail("cannot start the flooder: ", &exception);
    }
    tsr_release(process.id);
    if (!job_next_exit(lender.job, &number, &code, &cause, &exception) ||
        cause != EXIT_CAUSE_CALLED || code != 0) {
        fail("the flooder did not end well", NULL);
    }
}

// Whether `left` has what `right` has, but for the log: that it grows is its work.
static bool is_equal(const uint32_t *left, const uint32_t *right)
{
    return memcmp(left, right, RESOURCE_LOG * sizeof(*left)) == 0;
}

int tsr_main(struct start *start)
{
    struct job own;
    struct capnp_exception exception;
    if (!tsr_find(start, "console", DEBUG_CONSOLE_INTERFACE_ID, &lender.console.id) ||
        !tsr_find(start, "timer", TIMER_INTERFACE_ID, &lender.timer.id) ||
        !tsr_find(start, "job", JOB_INTERFACE_ID, &lender.job.id) ||
        !tsr_find(start, "capabilities", CAPABILITY_MANAGER_INTERFACE_ID,
                  &lender.capabilities.id)) {
        return 1;
    }
    if (!tsr_spawner_open(&lender.spawner, start, &exception)) {
        fail("cannot start programs: ", &exception);
    }
    struct limits before = limits_of(lender.job);
    struct capnp_data data = {(const uint8_t *)amounts, sizeof(amounts)};
    if (!job_child(lender.job, data, 0, 0, false, &own, &exception)) {
        fail("cannot make a job: ", &exception);
    }
    struct limits fresh = limits_of(own);
    flooder_run(own);
    struct limits flooded = limits_of(own);
    if (!is_equal(fresh.used, flooded.used) || !is_equal(fresh.most, flooded.most)) {
        fail("the job has not got everything back", NULL);
    }
    say("the flooder has ended, and its job has everything back", NULL);
    tsr_release(own.id);
    struct limits after = limits_of(lender.job);
    if (!is_equal(before.used, after.used) || !is_equal(before.most, after.most)) {
        fail("its maker has not got everything back", NULL);
    }
    say("the job is gone, and its maker has everything back", NULL);
    return 0;
}
