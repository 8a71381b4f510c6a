// SPDX-License-Identifier: Apache-2.0
//
// Acting in jobs: see jobs.h.
#include "kernel/core/test/jobs.h"

// Of the job that the capability names, if the thread's process holds it.
static uint32_t share_left(uint32_t thread, cap_t job)
{
    const struct core *core = act_core();
    uint32_t hold;

    if (hold_find(core, core->threads[thread].process, job.value, &hold) != STATUS_OK) {
        return 0;
    }
    const struct object *object = &core->state.objects[hold_object(core, hold)];
    return object->kind == OBJECT_JOB ? core->jobs[object->argument].share : 0;
}

enum status act_job_fact(uint32_t thread, cap_t parent, const uint32_t limits[RESOURCE_COUNT],
                         uint32_t size, uint32_t priority, cap_t *job)
{
    struct capnp_builder message = act_message();
    struct job_child_params_builder params = job_child_params_build(&message);
    struct act_answer answer;

    job_child_params_set_limits(params, (struct capnp_data){(const uint8_t *)limits, size});
    job_child_params_set_priority(params, priority);
    job_child_params_set_share(params, share_left(thread, parent) / 4);
    act_object(thread, parent, JOB_CHILD, &message, &answer);
    job->value = job_child_results_get_job(job_child_results_read(&answer.message)).id;
    return act_fact(&answer.cqe);
}

cap_t act_job(uint32_t thread, cap_t parent, const uint32_t limits[RESOURCE_COUNT],
              uint32_t priority)
{
    cap_t job;
    enum status fact = act_job_fact(thread, parent, limits,
                                    RESOURCE_COUNT * (uint32_t)sizeof(*limits), priority, &job);

    act_must(fact == STATUS_OK, "no job", fact);
    return job;
}

cap_t act_builder_in(uint32_t thread, cap_t job)
{
    struct act_answer answer;

    act_object(thread, job, JOB_MAKE_PROCESS_BUILDER, NULL, &answer);
    act_must(act_fact(&answer.cqe) == STATUS_OK, "no builder", act_fact(&answer.cqe));
    struct job_make_process_builder_results_reader results =
        job_make_process_builder_results_read(&answer.message);
    return (cap_t){job_make_process_builder_results_get_builder(results).id};
}
