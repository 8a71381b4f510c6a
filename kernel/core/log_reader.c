// SPDX-License-Identifier: Apache-2.0
//
// The log's reader: how far both logs are, and which pages of the CommitLog are not needed any
// more. Their contents are memory, which another capability shows. Who acknowledges pages makes
// room for new ones; threads whose changes of authority waited for that go on.
#include "kernel/core/core.h"

enum status log_reader_state_run(struct core *core, struct request *request)
{
    const struct log *log = core->log;
    request->results.log_reader_state =
        (struct log_reader_state_results){.seq = log->seq,
                                          .first = log->first,
                                          .page = log->page,
                                          .sealed = log->sealing,
                                          .capacity = log->page_count,
                                          .head = {log->head, HASH_SIZE},
                                          .records = core->syslog_next};
    core->seal_steps = LOG_SEAL_STEPS;
    core->is_changed = true;
    core->work += TURN_WORK_MAX;
    return STATUS_OK;
}

enum status log_reader_acknowledge_run(struct core *core, struct request *request)
{
    if (!log_acknowledge(core->log, request->params.log_reader_acknowledge.page)) {
        return STATUS_BAD_VALUE;
    }
    for (uint32_t i = 0; i < core->state.config.threads; i++) {
        completion_wake(core, &core->threads[i]);
    }
    sweep_all(core); // what had no room is seen to
    core->is_sweeping = core->is_changed = true;
    return STATUS_OK;
}

enum status log_reader_flush_run(struct core *core, struct request *request)
{
    (void)request;
    core->is_changed |= core->is_flushing = core_may_commit(core, NONE, false);
    core->work += TURN_WORK_MAX;
    return STATUS_OK;
}
