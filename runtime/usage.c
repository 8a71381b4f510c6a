// SPDX-License-Identifier: Apache-2.0
//
// See usage.h. The numbers are copied while the call's slot still holds them.

#include "runtime/usage.h"

#include "runtime/thread.h"

bool tsr_usage_read(struct job job, struct tsr_usage *usage, struct capnp_exception *exception)
{
    struct capnp_call call;
    struct job_limits_params_builder params;
    struct job_limits_results_reader results;
    *usage = (struct tsr_usage){0};
    if (!job_limits_begin(job, &call, &params, exception)) {
        return false;
    }
    bool is_read =
        capnp_call_send(&call, exception) && job_limits_finish(&call, &results, exception);
    if (is_read) {
        struct capnp_data numbers = job_limits_results_get_limits(results);
        is_read = numbers.size == sizeof(*usage) || tsr_refuse(exception, STATUS_BAD_MESSAGE, 0);
        __builtin_memcpy(usage, numbers.data, is_read ? sizeof(*usage) : 0);
    }
    capnp_call_end(&call);
    return is_read;
}
