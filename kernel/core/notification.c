// SPDX-License-Identifier: Apache-2.0
//
// Notifications: 64 bits that some set and others take. What is set stays set until somebody takes
// it; who waits takes all bits of its mask that are there, who has waited longest first. Setting
// needs no memory and never waits.
#include "kernel/core/core.h"

static struct notification_record *record_of(struct core *core, const struct request *request)
{
    return &core->objects[request->target.object].notification;
}

void notification_created(struct core *core, uint32_t object)
{
    queue_init(&core->objects[object].notification.waiters);
}

// Completes a waiter with the bits that it can have, or as it was to end meanwhile.
static void tell(struct core *core, struct request *waiter)
{
    struct notification_record *record = record_of(core, waiter);
    uint64_t bits = record->bits & waiter->sqe.arg;
    bool is_ended = (waiter->cqe.status | waiter->cqe.flags) != 0;
    if (!request_renew(waiter) || (bits == 0 && !is_ended)) {
        return;
    }
    if (!is_ended && hold_check(core, waiter->sqe.cap) == STATUS_OK) {
        record->bits &= ~bits;
        waiter->cqe.extra = bits;
        if ((waiter->sqe.flags & SQE_WAIT_REPEAT) != 0) {
            request_repeat(core, waiter);
            return;
        }
    }
    request_succeed(core, waiter, NULL);
}

void notification_set(struct core *core, uint32_t object, uint64_t bits)
{
    struct notification_record *record = &core->objects[object].notification;
    record->bits |= bits;
    for (struct link *at = record->waiters.head.next; at != &record->waiters.head;) {
        struct request *waiter = RECORD_OF(at, struct request, queue);
        at = at->next;
        tell(core, waiter);
    }
}

void notification_ring(struct core *core, uint64_t cap, uint64_t bits)
{
    if (hold_check(core, cap) == STATUS_OK) {
        notification_set(core, hold_object(core, cap_index((cap_t){cap})), bits);
    }
}

__attribute__((noinline)) void notification_enter(struct core *core,
                                                  const struct thread_record *thread)
{
    for (struct link *at = thread->waits.next; at != &thread->waits;) {
        struct request *request = RECORD_OF(at, struct request, waits);
        at = at->next;
        if (request->is_told) {
            tell(core, request);
        }
    }
}

// --- Operations ---------------------------------------------------------------------------------

enum status operate_wait(struct core *core, struct request *request)
{
    struct notification_record *record = record_of(core, request);
    const struct sqe *sqe = &request->sqe;
    bool is_repeated = (sqe->flags & SQE_WAIT_REPEAT) != 0;
    request->argument = sqe->arg == 0 ? ARGUMENT_ARG : ARGUMENT_ARG2;
    if (sqe->arg == 0 || (is_repeated && sqe->arg2 != TIMEOUT_NONE)) {
        return STATUS_BAD_ARGUMENT;
    }
    if (!is_repeated && (record->bits & sqe->arg) != 0) {
        request->cqe.extra = record->bits & sqe->arg;
        record->bits &= ~sqe->arg;
        return STATUS_OK;
    }
    request->argument = ARGUMENT_LIMIT;
    bool is_full = record->waiters.count >= NOTIFICATION_WAITERS_MAX;
    enum status status = is_full ? STATUS_OUT_OF_CALLS : request_wait_check(core, request);
    if (status == STATUS_OK) {
        request_wait(core, request, REQUEST_WAIT, &record->waiters, request->sqe.arg2);
        tell(core, request);
    }
    return status;
}

// --- Methods ------------------------------------------------------------------------------------

// SIGNAL stands for this method, without a message.
enum status notification_signal_run(struct core *core, struct request *request)
{
    notification_set(core, request->target.object,
                     request->sqe.opcode == OP_CALL ? request->params.notification_signal.bits
                                                    : request->sqe.arg);
    return STATUS_OK;
}

enum status notification_take_run(struct core *core, struct request *request)
{
    struct notification_record *record = record_of(core, request);
    uint64_t mask = request->params.notification_take.mask;
    request->results.notification_take.bits = record->bits & mask;
    record->bits &= ~mask;
    return STATUS_OK;
}
