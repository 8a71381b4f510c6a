// SPDX-License-Identifier: Apache-2.0
//
// Waits for bit 0 of a notification, sets bit 1, and ends. Granted: bell.

#include "runtime/runtime.h"

#include "schema/kernel.capnp.h"

int tsr_main(struct start *start)
{
    struct notification bell;
    struct capnp_exception exception;
    uint64_t bits;
    if (!tsr_find(start, "bell", NOTIFICATION_INTERFACE_ID, &bell.id)) {
        return 1;
    }
    if (!tsr_notification_wait(bell.id, 1, UINT64_MAX, &bits, &exception) || bits != 1) {
        return 2;
    }
    return notification_signal(bell, 2, &exception) ? 0 : 3;
}
