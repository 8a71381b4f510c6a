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

static inline void syslog_request(struct gate *gate, const struct core *core,
                                  const struct request *request)
{
    struct syslog_record *record = syslog_next(gate);
    bool is_plain = request->outcome == OUTCOME_PLAIN;
    record->time_ns = core->now_ns;
    record->first_commit = core->commit_count != 0 ? core->commits_seq : UINT64_MAX;
    record->interface = request->interface;
    record->detail = is_plain ? 0 : request->cqe.detail;
    record->thread = request->thread;
    record->process = request->process;
    record->object = request->object;
    record->facet = request->facet;
    record->size = request->sqe.payload_len;
    record->status = is_plain ? 0 : request->cqe.status;
    record->opcode = request->sqe.opcode;
    record->flags = 0;
    record->method = request->sqe.method;
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
    record->thread = pending->thread;
    record->process = pending->process;
    record->object = pending->object;
    record->facet = pending->facet.index;
    record->size = pending->sqe.payload_len;
    record->status = completion->cqe.status;
    record->opcode = pending->sqe.opcode;
    record->flags = 0;
    record->method = pending->sqe.method;
    record->duration_ns = duration_ns > UINT32_MAX ? UINT32_MAX : (uint32_t)duration_ns;
}

static inline void syslog_exit(struct gate *gate, const struct core *core, uint32_t process,
                               int32_t code, enum exit_reason cause)
{
    struct syslog_record *record = syslog_next(gate);
    *record = (struct syslog_record){.time_ns = core->now_ns,
                                     .first_commit = core->state.seq,
                                     .process = process,
                                     .thread = core->current,
                                     .object = NONE,
                                     .facet = NONE,
                                     .status = code,
                                     .opcode = (uint8_t)cause,
                                     .flags = SYSLOG_EXIT};
}

#endif
