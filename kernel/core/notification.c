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

void notification_set(struct core *core, uint32_t object, uint64_t bits)
{
    struct notification_record *record = &core->objects[object].notification;
    record->bits |= bits;
    for (struct link *at = record->waiters.head.next; at != &record->waiters.head;) {
        struct request *waiter = RECORD_OF(at, struct request, queue);
        at = at->next;
        uint64_t taken = record->bits & waiter->sqe.arg;
        if (taken != 0 && hold_check(core, waiter->sqe.cap) == STATUS_OK) {
            record->bits &= ~taken;
            waiter->cqe.extra = taken;
        }
        if (taken != 0) {
            request_succeed(core, waiter, NULL);
        }
    }
}

void notification_ring(struct core *core, uint64_t cap, uint64_t bits)
{
    if (hold_check(core, cap) == STATUS_OK) {
        notification_set(core, hold_object(core, cap_index((cap_t){cap})), bits);
    }
}

// --- Operations ---------------------------------------------------------------------------------

enum status operate_wait(struct core *core, struct request *request)
{
    struct notification_record *record = record_of(core, request);
    const struct sqe *sqe = &request->sqe;
    if (sqe->arg == 0) {
        return request_about(request, ARGUMENT_ARG, STATUS_BAD_ARGUMENT);
    }
    if ((record->bits & sqe->arg) != 0) {
        request->cqe.extra = record->bits & sqe->arg;
        record->bits &= ~sqe->arg;
        return STATUS_OK;
    }
    return record->waiters.count >= NOTIFICATION_WAITERS_MAX
               ? request_about(request, ARGUMENT_LIMIT, STATUS_OUT_OF_CALLS)
               : request_wait_if(core, request, REQUEST_WAIT, &record->waiters, sqe->arg2);
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
    request->results.notification_take.bits = record->bits & request->params.notification_take.mask;
    record->bits &= ~request->results.notification_take.bits;
    return STATUS_OK;
}
