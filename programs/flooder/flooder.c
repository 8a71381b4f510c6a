// SPDX-License-Identifier: Apache-2.0
//
// Makes objects until it is refused, and says why; then as many facets, then as many waiting calls.
// It gives nothing back: that is what its end is for. Granted: console, job, capabilities, timer.

#include "runtime/runtime.h"

#include "schema/kernel.capnp.h"

enum { TRIES_MAX = 100000, CALLS = 8 };

static struct debug_console console;

static void say(const char *what, const struct capnp_exception *exception)
{
    struct tsr_line line = {0};
    struct capnp_exception ignored;
    tsr_line_text(&line, "flooder: ");
    tsr_line_text(&line, what);
    tsr_line_exception(&line, exception);
    if (!debug_console_write_line(console, tsr_line_of(&line), &ignored)) {
        tsr_exit(1);
    }
}

// The last one made, of which facets can be made.
static struct notification make_objects(struct job job)
{
    struct notification made = {0};
    struct notification next;
    struct capnp_exception exception = {0};
    uint32_t tries = 0;
    while (tries < TRIES_MAX && job_make_notification(job, &next, &exception)) {
        made = next;
        tries++;
    }
    say("objects end with: ", &exception);
    return made;
}

static void make_facets(struct capability_manager capabilities, struct notification of)
{
    struct capnp_cap facet;
    struct revoker revoker;
    struct capnp_exception exception = {0};
    uint32_t tries = 0;
    while (tries < TRIES_MAX &&
           capability_manager_facet(capabilities, (struct capnp_cap){of.id}, 1, 0, 0, 0, 0, &facet,
                                    &revoker, &exception)) {
        tries++;
    }
    say("facets end with: ", &exception);
}

// Sleepers, more than may wait; the calls are left to whoever ends this process.
static void make_waiters(struct timer timer)
{
    struct capnp_call calls[CALLS];
    struct timer_sleep_until_params_builder params;
    struct timer_sleep_until_results_reader results;
    struct capnp_exception exception = {0};
    uint32_t count = 0;
    while (count < CALLS && timer_sleep_until_begin(timer, &calls[count], &params, &exception)) {
        timer_sleep_until_params_set_deadline(params, UINT64_MAX);
        if (!capnp_call_send(&calls[count], &exception)) {
            break;
        }
        count++;
    }
    // The first that is done was refused.
    while (tsr_wait(UINT64_MAX, &exception)) {
        for (uint32_t i = 0; i < count; i++) {
            if (tsr_call_is_done(&calls[i])) {
                timer_sleep_until_finish(&calls[i], &results, &exception);
                say("operations that wait end with: ", &exception);
                return;
            }
        }
    }
}

int tsr_main(struct start *start)
{
    struct job job;
    struct capability_manager capabilities;
    struct timer timer;
    if (!tsr_find(start, "console", DEBUG_CONSOLE_INTERFACE_ID, &console.id) ||
        !tsr_find(start, "job", JOB_INTERFACE_ID, &job.id) ||
        !tsr_find(start, "timer", TIMER_INTERFACE_ID, &timer.id) ||
        !tsr_find(start, "capabilities", CAPABILITY_MANAGER_INTERFACE_ID, &capabilities.id)) {
        return 1;
    }
    struct notification last = make_objects(job);
    make_facets(capabilities, last);
    make_waiters(timer);
    return 0;
}
