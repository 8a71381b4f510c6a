// SPDX-License-Identifier: Apache-2.0
//
// Waiting for a notification beside calls: see bell.h. One slot without bytes is the bell's.
#include "runtime/bell.h"

#include "runtime/thread.h"

static bool listen(struct tsr_bell *bell, struct capnp_exception *exception)
{
    const struct sqe operation = {
        .opcode = OP_WAIT, .cap = bell->notification, .arg = bell->mask, .arg2 = TIMEOUT_NONE};
    bell->slot->state = SLOT_IDLE;
    return tsr_slot_submit(tsr_self(), bell->slot, &operation, NULL) ||
           tsr_refuse(exception, STATUS_RING_BUSY, 0);
}

bool tsr_bell_open(struct tsr_bell *bell, uint64_t notification, uint64_t mask,
                   struct capnp_exception *exception)
{
    *bell = (struct tsr_bell){notification, mask, tsr_plain_take(tsr_self())};
    if (bell->slot == NULL) {
        return tsr_refuse(exception, STATUS_RING_BUSY, TSR_SLOTS_MAX);
    }
    if (!listen(bell, exception)) {
        tsr_bell_close(bell);
        return false;
    }
    return true;
}

bool tsr_bell_has_rung(const struct tsr_bell *bell)
{
    return bell->slot != NULL && bell->slot->state == SLOT_DONE;
}

bool tsr_bell_take(struct tsr_bell *bell, uint64_t *bits, struct capnp_exception *exception)
{
    const struct cqe *completion = &bell->slot->completion;
    *bits = completion->extra;
    bool goes_on = tsr_completion_is_result(completion)
                       ? listen(bell, exception)
                       : tsr_completion_refuse(completion, NULL, exception);
    if (!goes_on) {
        tsr_bell_close(bell);
    }
    return goes_on;
}

void tsr_bell_close(struct tsr_bell *bell)
{
    if (bell->slot != NULL) {
        tsr_slot_end(tsr_self(), bell->slot);
        bell->slot = NULL;
    }
}
