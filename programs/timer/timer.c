// SPDX-License-Identifier: Apache-2.0
//
// Sleeps, and looks at the clock. What is claimed holds for any clock and any load: nobody is woken
// early, what is due is woken in order, and a flood of sleeps costs whoever pays for it. The first
// program of its system: granted console, timer, job, package, space.

#include "runtime/runtime.h"
#include "runtime/spawn.h"
#include "runtime/usage.h"

#include "schema/kernel.capnp.h"

enum { CALLS = 8, STEP_NS = 100000, ROUNDS = 50, MANY_MAX = 64, DONE = 1, FLOOD_CALLS = 4 };

static struct {
    struct debug_console console;
    struct timer timer;
    struct job job;
    struct tsr_spawner spawner;
} own;

static void say(const char *what, const struct capnp_exception *why)
{
    struct tsr_line line = {0};
    struct capnp_exception exception;
    tsr_line_text(&line, "timer: ");
    tsr_line_text(&line, what);
    if (why != NULL) {
        tsr_line_exception(&line, why);
    }
    if (!debug_console_write_line(own.console, tsr_line_of(&line), &exception)) {
        tsr_exit(1);
    }
}

static uint64_t now(void)
{
    struct capnp_exception exception;
    uint64_t time = 0;
    tsr_must(timer_now(own.timer, &time, &exception), "no clock: ", &exception);
    return time;
}

static bool sleep_send(struct capnp_call *call, uint64_t deadline,
                       struct capnp_exception *exception)
{
    struct timer_sleep_until_params_builder params;
    if (!timer_sleep_until_begin(own.timer, call, &params, exception)) {
        return false;
    }
    timer_sleep_until_params_set_deadline(params, deadline);
    tsr_must(capnp_call_send(call, exception), "not sent: ", exception);
    return true;
}

static bool sleep_finish(struct capnp_call *call, struct capnp_exception *exception)
{
    struct timer_sleep_until_results_reader results;
    bool is_over = timer_sleep_until_finish(call, &results, exception);
    capnp_call_end(call);
    return is_over;
}

// One after the other, and into the past.
static void show_one(void)
{
    struct capnp_exception exception;
    uint64_t last = now();
    for (uint32_t i = 0; i < ROUNDS; i++) {
        uint64_t deadline = last + STEP_NS;
        tsr_must(timer_sleep_until(own.timer, deadline, &exception), "no sleep: ", &exception);
        uint64_t woken = now();
        tsr_must(woken >= deadline && woken >= last, "woken early: ", &exception);
        last = woken;
    }
    tsr_must(timer_sleep_until(own.timer, 0, &exception) &&
                 timer_sleep_until(own.timer, last, &exception),
             "the past is no sleep: ", &exception);
    say("nobody is woken early, and the past is over", NULL);
}

// At once, the last first: they end in the order of their deadlines.
static void show_order(void)
{
    struct capnp_call calls[CALLS];
    struct capnp_exception exception;
    uint64_t from = now() + STEP_NS;
    for (uint64_t i = 0; i < CALLS; i++) {
        tsr_must(sleep_send(&calls[i], from + (CALLS - i) * STEP_NS, &exception),
                 "no slot: ", &exception);
    }
    for (uint64_t i = CALLS; i > 0; i--) {
        tsr_must(sleep_finish(&calls[i - 1], &exception), "no end: ", &exception);
        // Those that end later may have ended as well by now, but none before its time.
        uint64_t time = now();
        for (uint64_t later = 0; later + 1 < i; later++) {
            tsr_must(!tsr_call_is_done(&calls[later]) || now() >= from + (CALLS - later) * STEP_NS,
                     "woken early: ", &exception);
        }
        tsr_must(time >= from + (CALLS - i + 1) * STEP_NS, "woken early: ", &exception);
    }
    say("eight at once end in the order of their deadlines", NULL);
}

static void show_withdrawn(void)
{
    struct capnp_call call;
    struct capnp_exception exception;
    tsr_must(sleep_send(&call, UINT64_MAX, &exception), "no slot: ", &exception);
    tsr_call_cancel(&call);
    tsr_must(!sleep_finish(&call, &exception), "for ever is over: ", &exception);
    say("for ever, withdrawn: ", &exception);
}

// As many as the ring has slots; one more is refused, and all others are still there.
static void show_many(void)
{
    static struct capnp_call calls[MANY_MAX];
    struct capnp_exception exception;
    uint32_t count = 0;
    uint64_t deadline = now() + 10 * STEP_NS;
    while (count < MANY_MAX && sleep_send(&calls[count], deadline, &exception)) {
        count++;
    }
    tsr_must(count >= CALLS && count < MANY_MAX, "no end to sleeps: ", &exception);
    for (uint32_t i = 0; i < count; i++) {
        struct capnp_exception why;
        tsr_must(sleep_finish(&calls[i], &why), "no end: ", &why);
    }
    tsr_must(now() >= deadline, "woken early: ", &exception);
    say("more sleeps than the ring has room for: ", &exception);
}

// Another program sleeps as often as its job allows, for ever again.
static void show_flood(void)
{
    static const uint32_t limits[RESOURCE_COUNT] = {
        [RESOURCE_PROCESSES] = 1, [RESOURCE_THREADS] = 1, [RESOURCE_OBJECTS] = 16,
        [RESOURCE_FACETS] = 16,   [RESOURCE_HOLDS] = 16,  [RESOURCE_MAPPINGS] = 16,
        [RESOURCE_PAGES] = 256,   [RESOURCE_SPACE] = 512, [RESOURCE_CALLS] = FLOOD_CALLS,
    };
    struct job job;
    struct notification bell;
    struct process process;
    struct capnp_exception exception;
    uint64_t number;
    int32_t code;
    enum exit_cause cause;
    tsr_must(job_child(own.job, (struct capnp_data){(const uint8_t *)limits, sizeof limits}, 0, 0,
                       false, &job, &exception) &&
                 job_make_notification(own.job, &bell, &exception),
             "no job: ", &exception);
    const struct tsr_grant grants[] = {{"timer", own.timer.id}, {"bell", bell.id}};
    tsr_must(tsr_spawn(&own.spawner, job, "sleeper", grants, 2, (struct capnp_data){NULL, 0},
                       &process, &exception),
             "no sleeper: ", &exception);
    show_one();
    show_order();
    tsr_must(notification_signal(bell, DONE, &exception), "no bell: ", &exception);
    tsr_must(job_next_exit(own.job, &number, &code, &cause, &exception), "no end: ", &exception);
    tsr_must(cause == EXIT_CAUSE_CALLED && code == 0, "the flood was not stopped: ", &exception);
    say("all of that while another flooded the timer, which its own limit refused", NULL);
}

int tsr_main(struct start *start)
{
    struct capnp_exception exception;
    if (!tsr_find(start, "console", DEBUG_CONSOLE_INTERFACE_ID, &own.console.id) ||
        !tsr_find(start, "timer", TIMER_INTERFACE_ID, &own.timer.id) ||
        !tsr_find(start, "job", JOB_INTERFACE_ID, &own.job.id)) {
        return 1;
    }
    tsr_must(tsr_spawner_open(&own.spawner, start, &exception), "no programs: ", &exception);
    show_one();
    show_order();
    show_withdrawn();
    show_many();
    show_flood();
    return 0;
}
