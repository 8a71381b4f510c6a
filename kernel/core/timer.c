// SPDX-License-Identifier: Apache-2.0
//
// The timer: the machine's monotonic clock, as the gate read it for this turn.
#include "kernel/core/core.h"

enum status timer_now_run(struct core *core, struct request *request)
{
    request->results.timer_now.time = core->now_ns;
    return STATUS_OK;
}
