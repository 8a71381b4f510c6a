// SPDX-License-Identifier: Apache-2.0
//
// The log's reader: how far the CommitLog is, its pages as memory, which of them are not needed any
// more, and the SysLog. Who acknowledges pages makes room for new ones; threads whose changes of
// authority waited for that go on.
#include "kernel/core/core.h"

enum { RECORDS_MAX = LOG_READER_RECORDS_RECORDS_MOST / sizeof(struct syslog_record) };

enum status log_reader_state_run(struct core *core, struct request *request)
{
    const struct log *log = core->log;
    request->results.log_reader_state =
        (struct log_reader_state_results){.seq = log->seq,
                                          .first = log->first,
                                          .page = log->page,
                                          .sealed = log->sealing,
                                          .capacity = log->page_count,
                                          .head = {log->head, HASH_SIZE}};
    core->is_reading = core->is_changed = true;
    core->work += TURN_WORK_MAX;
    return STATUS_OK;
}

enum status log_reader_commits_run(struct core *core, struct request *request)
{
    uint32_t process = request->sender.process;
    uint32_t object = (uint32_t)core->state.objects[request->target.object].argument;
    uint32_t job = core->state.processes[process].job;
    enum status status =
        core_may_commit(core, job, false) ? hold_has_room(core, process, 1) : STATUS_LOG_FULL;
    if (status == STATUS_OK) {
        request->results.log_reader_commits.pages =
            hold_insert(core, process, core->state.objects[object].root_facet, TRANSFER_COPY, false,
                        (struct hold_origin){request->hold, HOW_RETURN})
                .value;
    }
    return status;
}

enum status log_reader_acknowledge_run(struct core *core, struct request *request)
{
    if (!log_acknowledge(core->log, request->params.log_reader_acknowledge.page)) {
        return STATUS_BAD_VALUE;
    }
    for (uint32_t i = 0; core->waits_for_log && i < core->state.config.threads; i++) {
        struct thread_record *thread = &core->threads[i];
        if (thread->waits_for_log && thread->state == THREAD_WAITING) {
            thread->is_submitting = true; // gate_step goes on
            schedule_ready(core, i, false);
        }
    }
    core->waits_for_log = false;
    core->is_changed = true; // what is left of the dead can be given back
    return STATUS_OK;
}

enum status log_reader_flush_run(struct core *core, struct request *request)
{
    (void)request;
    core->is_flushing = core->is_changed = log_room(core->log) >= LOG_OTHER;
    core->work += TURN_WORK_MAX;
    return STATUS_OK;
}

enum status log_reader_records_run(struct core *core, struct request *request)
{
    uint64_t first = request->params.log_reader_records.first;
    uint64_t end = core->syslog_next;
    struct syslog_record *records = (struct syslog_record *)(void *)core->scratch;
    uint32_t count = 0;
    if (end > SYSLOG_RECORDS && first < end - SYSLOG_RECORDS) {
        first = end - SYSLOG_RECORDS;
    }
    for (; count < RECORDS_MAX && first + count < end; count++) {
        records[count] = core->syslog[(first + count) % SYSLOG_RECORDS];
    }
    request->results.log_reader_records.first = first;
    request->results.log_reader_records.records =
        (struct plain_data){(const uint8_t *)records, count * (uint32_t)sizeof *records};
    return STATUS_OK;
}
