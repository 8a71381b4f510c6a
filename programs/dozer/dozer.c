// SPDX-License-Identifier: Apache-2.0
//
// Sleeps until somebody ends it, an hour at a time. Granted: timer.

#include "runtime/runtime.h"

#include "schema/kernel.capnp.h"

static const uint64_t hour_ns = UINT64_C(3600000000000);

int tsr_main(struct start *start)
{
    struct timer timer;
    struct capnp_exception exception;
    if (!tsr_find(start, "timer", TIMER_INTERFACE_ID, &timer.id)) {
        return 2;
    }
    uint64_t now;
    while (timer_now(timer, &now, &exception) &&
           timer_sleep_until(timer, now + hour_ns, &exception)) {
    }
    return 1;
}
