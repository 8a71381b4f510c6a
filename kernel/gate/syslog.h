// SPDX-License-Identifier: Apache-2.0
//
// Writing the SysLog: one record for each request, at its end. A handful of stores, in every build,
// always.
#ifndef KERNEL_GATE_SYSLOG_H
#define KERNEL_GATE_SYSLOG_H

#include "kernel/gate/gate.h"

static inline struct syslog_record *syslog_next(struct gate *gate)
{
    struct syslog_record *record = &gate->syslog[gate->syslog_next % SYSLOG_RECORDS];
    gate->syslog_next++;
    return record;
}

static inline struct syslog_operation syslog_operation_of(const struct sqe *sqe)
{
    return (struct syslog_operation){sqe->opcode, sqe->flags, sqe->method};
}

// status and detail: as in its completion.
static inline void syslog_request(struct gate *gate, const struct core *core,
                                  const struct request *request, int32_t status, uint64_t detail)
{
    struct syslog_record *record = syslog_next(gate);
    record->time_ns = core->now_ns;
    record->first_commit = core->commit_count != 0 ? core->commits_seq : UINT64_MAX;
    record->interface = request->interface;
    record->detail = detail;
    record->sender = request->sender;
    record->target = request->target;
    record->size = request->sqe.payload_len;
    record->status = status;
    record->operation = syslog_operation_of(&request->sqe);
    record->duration_ns = 0;
}

static inline void syslog_completion(struct gate *gate, const struct core *core,
                                     const struct completion *completion)
{
    const struct pending *pending = &core->pending[completion->pending];
    struct syslog_record *record = syslog_next(gate);
    uint64_t duration_ns = core->now_ns - pending->start_ns;
    record->time_ns = core->now_ns;
    record->first_commit = UINT64_MAX;
    record->interface = pending->interface;
    record->detail = completion->cqe.detail;
    record->sender = (struct syslog_sender){pending->thread, pending->process};
    record->target = (struct syslog_target){pending->object, pending->facet.index};
    record->size = pending->sqe.payload_len;
    record->status = completion->cqe.status;
    record->operation = syslog_operation_of(&pending->sqe);
    record->duration_ns = duration_ns > UINT32_MAX ? UINT32_MAX : (uint32_t)duration_ns;
}

static inline void syslog_exit(struct gate *gate, const struct core *core, uint32_t process,
                               int32_t code, enum exit_reason cause)
{
    struct syslog_record *record = syslog_next(gate);
    *record = (struct syslog_record){.time_ns = core->now_ns,
                                     .first_commit = core->state.seq,
                                     .detail = cause,
                                     .sender = {core->current, process},
                                     .target = {NONE, NONE},
                                     .status = code,
                                     .operation = {.opcode = SYSLOG_EXIT}};
}

#endif
