// SPDX-License-Identifier: Apache-2.0
//
// The timer: the machine's monotonic clock, as the gate read it for this turn.
#include "kernel/core/core.h"
#include "schema/kernel.capnp.h"

static enum status timer_now_run(struct core *core, struct request *request)
{
    struct timer_now_results_builder results = timer_now_results_build(&request->answer);
    timer_now_results_set_time(results, core->now_ns);
    return STATUS_OK;
}

static const struct method timer_methods[TIMER_METHOD_COUNT] = {
    [TIMER_NOW] = {timer_now_run, .result_bytes = 16},
};

const struct object_class timer_class = {timer_methods, TIMER_METHOD_COUNT, NULL};
