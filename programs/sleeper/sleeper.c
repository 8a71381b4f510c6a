// SPDX-License-Identifier: Apache-2.0
//
// Begins sleeps until no more are taken, ends some, and begins again, until the bell rings. Its
// exit code is 0 when it was refused as often as it had to be, and only for want of room. Granted:
// timer, bell.

#include "runtime/runtime.h"

#include "schema/kernel.capnp.h"

enum { CALLS = 8, ROUNDS_MAX = 100000, NEAR_NS = 50000, DONE = 1 };

// As many sleeps at once as there is room for; half of them never end. Why no more.
static int32_t flood(struct timer timer, uint64_t now)
{
    struct capnp_call calls[CALLS];
    struct capnp_exception exception = {0};
    uint32_t count = 0;
    for (; count < CALLS; count++) {
        struct timer_sleep_until_params_builder params;
        if (!timer_sleep_until_begin(timer, &calls[count], &params, &exception)) {
            break;
        }
        timer_sleep_until_params_set_deadline(params, count % 2 == 0 ? UINT64_MAX : now + NEAR_NS);
        if (!capnp_call_send(&calls[count], &exception)) {
            capnp_call_end(&calls[count++]);
            break;
        }
    }
    // What its job does not pay for any more is refused when it completes.
    tsr_wait(NEAR_NS, &exception);
    int32_t fact = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct timer_sleep_until_results_reader results;
        if (tsr_call_is_done(&calls[i]) &&
            !timer_sleep_until_finish(&calls[i], &results, &exception)) {
            fact = exception.status;
        }
        capnp_call_end(&calls[i]);
    }
    return fact;
}

int tsr_main(struct start *start)
{
    struct timer timer;
    struct notification bell;
    struct capnp_exception exception;
    uint64_t bits = 0;
    uint32_t refused = 0;
    if (!tsr_find(start, "timer", TIMER_INTERFACE_ID, &timer.id) ||
        !tsr_find(start, "bell", NOTIFICATION_INTERFACE_ID, &bell.id)) {
        return 1;
    }
    for (uint32_t i = 0; i < ROUNDS_MAX && bits == 0; i++) {
        uint64_t now = 0;
        int32_t fact = flood(timer, timer_now(timer, &now, &exception) ? now : 0);
        if (fact == STATUS_LIMIT_CALLS || fact == STATUS_OUT_OF_CALLS) {
            refused++;
        } else if (fact != 0) {
            return 2;
        }
        if (!notification_take(bell, DONE, &bits, &exception)) {
            return 3;
        }
    }
    return refused != 0 && bits == DONE ? 0 : 4;
}
