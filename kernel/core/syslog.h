// SPDX-License-Identifier: Apache-2.0
//
// Writing the SysLog: one record for each request, where its completion is made. A handful of
// stores, in every build, always; the oldest records make room.
#ifndef KERNEL_CORE_SYSLOG_H
#define KERNEL_CORE_SYSLOG_H

#include "kernel/core/core.h"

static inline struct syslog_record *syslog_record(const struct core *core, uint64_t number)
{
    return &core->syslog[number % SYSLOG_RECORDS];
}

// The record with this number, of a request that ends with the completion in it.
static inline struct syslog_record *syslog_request(struct core *core, uint64_t number,
                                                   const struct request *request, int32_t status,
                                                   uint64_t duration_ns)
{
    struct syslog_record *record = syslog_record(core, number);
    const struct sqe *sqe = &request->sqe;
    record->time_ns = core->now_ns;
    record->first_commit = UINT64_MAX;
    record->interface = request->interface;
    record->detail = request->cqe.detail;
    record->sender = request->sender;
    record->target = request->target;
    record->size = sqe->payload_len;
    record->status = status;
    uint32_t operation = (uint32_t)request->words[0];
    __builtin_memcpy(&record->operation, &operation, sizeof operation);
    record->duration_ns = duration_ns > UINT32_MAX ? UINT32_MAX : (uint32_t)duration_ns;
    return record;
}

// Writes the request's CQE, which its thread sees when the ring is published.
static inline void request_post(const struct request *request, struct ring_kernel *ring)
{
    // Quiet is success with nothing to tell: an exception is no success, and capabilities that
    // arrived are known by their ids alone.
    if ((request->sqe.flags & SQE_QUIET) == 0 || request->cqe.status < 0 ||
        request->cqe.flags != 0) {
        ring_kernel_post(ring, &request->cqe);
    }
}

// A request of the thread begins, whose SQE is there.
static inline __attribute__((always_inline)) void
request_begin(struct core *core, struct request *request, struct thread_record *thread)
{
    request->cqe = (struct cqe){.user_data = request->sqe.user_data};
    request->thread = thread;
    request->sender = thread->self;
    request->target = (struct syslog_target){NONE, NONE};
    request->interface = 0;
    request->state = REQUEST_NEW;
    core->cause = CAUSE_OPEN;
}

#endif
