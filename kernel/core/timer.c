// SPDX-License-Identifier: Apache-2.0
//
// The timer: the machine's monotonic clock, as the gate read it for this turn, and sleeping until
// it shows a time. A sleeper's time limit is what comes first, its own or the call's.
#include "kernel/core/core.h"

enum status timer_now_run(struct core *core, struct request *request)
{
    request->results.timer_now.time = core->now_ns;
    return STATUS_OK;
}

enum status timer_sleep_until_run(struct core *core, struct request *request)
{
    uint64_t deadline_ns = request->params.timer_sleep_until.deadline;
    if (deadline_ns <= core->now_ns) {
        return STATUS_OK;
    }
    uint64_t left_ns = deadline_ns - core->now_ns;
    uint64_t first_ns = request->sqe.arg < left_ns ? request->sqe.arg : left_ns; // which ends it
    request->key = deadline_ns;
    return request_wait_if(core, request, REQUEST_SLEEP, &core->parked[PARK_QUEUES], first_ns);
}
