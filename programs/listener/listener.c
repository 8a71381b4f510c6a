// SPDX-License-Identifier: Apache-2.0
//
// Waits for bit 0 of a notification, sets bit 1, and ends. Granted: bell.

#include "runtime/thread.h" // WAIT and SIGNAL are operations of the ring

#include "schema/kernel.capnp.h"

int tsr_main(struct start *start)
{
    struct notification bell;
    if (!tsr_find(start, "bell", NOTIFICATION_INTERFACE_ID, &bell.id)) {
        return 1;
    }
    struct ring_user *ring = &tsr_thread.ring;
    *ring_user_next(ring) =
        (struct sqe){.opcode = OP_WAIT, .cap = bell.id, .arg = 1, .arg2 = TIMEOUT_NONE};
    ring_user_publish(ring);
    if (tsr_enter(SYSTEM_CALL_ENTER, 1, TIMEOUT_NONE) != 1 || ring_user_first(ring)->status != 0 ||
        ring_user_first(ring)->extra != 1) {
        return 2;
    }
    ring_user_consume(ring);
    *ring_user_next(ring) = (struct sqe){.opcode = OP_SIGNAL, .cap = bell.id, .arg = 2};
    ring_user_publish(ring);
    return tsr_enter(SYSTEM_CALL_ENTER, 1, TIMEOUT_NONE) == 1 && ring_user_first(ring)->status == 0
               ? 0
               : 3;
}
