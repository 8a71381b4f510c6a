// SPDX-License-Identifier: Apache-2.0
//
// Sleeping on a word and waking who sleeps, as operations of the thread's ring. Whatever else
// completes meanwhile is kept in its slot.

#include "runtime/park.h"
#include "runtime/thread.h"

// Runs an operation that brings no message. False when it can't be submitted or waited for.
static bool operate(const struct sqe *operation, struct cqe *completion)
{
    struct tsr_thread *thread = tsr_self();
    struct tsr_slot *slot = tsr_plain_take(thread);
    if (slot == NULL) {
        return false;
    }
    bool is_done =
        tsr_slot_submit(thread, slot, operation, NULL) && tsr_thread_wait(thread, slot) == 0;
    *completion = slot->completion;
    if (is_done) {
        tsr_plain_free(thread, slot);
    } else {
        tsr_slot_end(thread, slot);
    }
    return is_done;
}

bool tsr_park(uint64_t space, const uint32_t *word, uint32_t expected, uint64_t timeout_ns)
{
    struct cqe completion;
    const struct sqe operation = {.opcode = OP_PARK,
                                  .cap = space,
                                  .payload = (uint64_t)word,
                                  .arg = expected,
                                  .arg2 = timeout_ns};
    if (!operate(&operation, &completion)) {
        tsr_panic("a thread cannot sleep: its ring takes no operation");
    }
    int32_t fact = -completion.status;
    if (fact > 0 && fact != STATUS_PARK_MISMATCH && fact != STATUS_TIMED_OUT) {
        tsr_panic(tsr_fact_text(fact));
    }
    if (completion.status == 0 && (completion.flags & CQE_EXCEPTION_MASK) != 0) {
        tsr_panic(tsr_fact_text((int32_t)completion.detail));
    }
    return fact != STATUS_TIMED_OUT;
}

// The kernel wakes at most UNPARK_MAX at once.
void tsr_unpark(uint64_t space, const uint32_t *word, uint32_t count)
{
    struct cqe completion;
    struct sqe operation = {.opcode = OP_UNPARK, .cap = space, .payload = (uint64_t)word};
    do {
        operation.arg = count < UNPARK_MAX ? count : UNPARK_MAX;
        count -= (uint32_t)operation.arg;
        if (!operate(&operation, &completion)) {
            tsr_panic("a thread cannot wake others: its ring takes no operation");
        }
    } while (count != 0 && completion.status == 0 && completion.extra == UNPARK_MAX);
}

bool tsr_notification_wait(uint64_t notification, uint64_t mask, uint64_t timeout_ns,
                           uint64_t *bits, struct capnp_exception *exception)
{
    struct cqe completion;
    const struct sqe operation = {
        .opcode = OP_WAIT, .cap = notification, .arg = mask, .arg2 = timeout_ns};
    if (!operate(&operation, &completion)) {
        return tsr_refuse(exception, STATUS_RING_BUSY, TSR_SLOTS_MAX);
    }
    *bits = completion.extra;
    return tsr_completion_is_result(&completion) ||
           tsr_completion_refuse(&completion, NULL, exception);
}
