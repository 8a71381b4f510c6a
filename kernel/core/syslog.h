// SPDX-License-Identifier: Apache-2.0
//
// Writing the SysLog: one record for each request, where its completion is made. A handful of
// stores, in every build, always; the oldest records make room.
#ifndef KERNEL_CORE_SYSLOG_H
#define KERNEL_CORE_SYSLOG_H

#include "kernel/core/core.h"

static inline struct syslog_record *syslog_next(struct core *core)
{
    struct syslog_record *record = &core->syslog[core->syslog_next % SYSLOG_RECORDS];
    core->syslog_next++;
    return record;
}

static inline struct syslog_operation syslog_operation_of(const struct sqe *sqe)
{
    return (struct syslog_operation){sqe->opcode, sqe->flags, sqe->method};
}

// A request that completes within its turn. status and detail: as in its completion.
static inline void syslog_request(struct core *core, const struct request *request, int32_t status,
                                  uint64_t detail)
{
    struct syslog_record *record = syslog_next(core);
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

// One that waited.
static inline void syslog_pending(struct core *core, const struct pending *pending,
                                  const struct cqe *cqe)
{
    struct syslog_record *record = syslog_next(core);
    uint64_t duration_ns = core->now_ns - pending->start_ns;
    record->time_ns = core->now_ns;
    record->first_commit = UINT64_MAX;
    record->interface = pending->interface;
    record->detail = cqe->detail;
    record->sender = (struct syslog_sender){pending->thread, pending->process};
    record->target = (struct syslog_target){pending->object, pending->facet.index};
    record->size = pending->sqe.payload_len;
    record->status = cqe->status;
    record->operation = syslog_operation_of(&pending->sqe);
    record->duration_ns = duration_ns > UINT32_MAX ? UINT32_MAX : (uint32_t)duration_ns;
}

static inline void syslog_exit(struct core *core, uint32_t process, int32_t code,
                               enum exit_reason cause)
{
    struct syslog_record *record = syslog_next(core);
    *record = (struct syslog_record){.time_ns = core->now_ns,
                                     .first_commit = core->state.seq,
                                     .detail = cause,
                                     .sender = {core->current, process},
                                     .target = {NONE, NONE},
                                     .status = code,
                                     .operation = {.opcode = SYSLOG_EXIT}};
}

#endif
