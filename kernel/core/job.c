// SPDX-License-Identifier: Apache-2.0
//
// Jobs: makers of objects, and supervisors. An exit is told once what the process held is given
// back; until then, and until somebody asks, it waits in the process's own record, so that none is
// lost and none needs memory.
#include "kernel/core/buffer.h"
#include "kernel/core/core.h"
#include "schema/kernel.capnp.h"

static uint32_t job_of(const struct core *core, const struct request *request)
{
    return (uint32_t)core->state.objects[request->target.object].argument;
}

static enum status job_make_endpoint_run(struct core *core, struct request *request)
{
    struct job_make_endpoint_params_reader params =
        job_make_endpoint_params_read(&request->message);
    uint32_t message_max = job_make_endpoint_params_get_message_max(params);
    if (message_max == 0 || message_max > MESSAGE_SIZE_MAX) {
        return STATUS_BAD_VALUE;
    }
    enum status status =
        object_has_room(core, job_of(core, request), (struct needs){0}, request->sender.process);
    if (status != STATUS_OK) {
        return status;
    }
    uint32_t object = object_create(core, OBJECT_ENDPOINT, ENDPOINT_INTERFACE_ID,
                                    job_of(core, request), message_max, 0);
    list_init(&core->objects[object].endpoint.calls);
    list_init(&core->objects[object].endpoint.receivers);
    cap_t server =
        hold_insert(core, request->sender.process, core->state.objects[object].root_facet,
                    TRANSFER_COPY, false, (struct hold_origin){request->hold, HOW_RETURN});
    struct job_make_endpoint_results_builder results =
        job_make_endpoint_results_build(&request->answer);
    job_make_endpoint_results_set_server(results, (struct endpoint){server.value});
    return STATUS_OK;
}

static enum status job_make_process_builder_run(struct core *core, struct request *request)
{
    uint32_t job = job_of(core, request);
    enum status status = object_has_room(core, job, (struct needs){.of[RESOURCE_PROCESSES] = 1},
                                         request->sender.process);
    if (status != STATUS_OK) {
        return status;
    }
    uint32_t process =
        process_create(core, job, core->state.processes[request->sender.process].session);
    uint32_t object =
        object_create(core, OBJECT_PROCESS_BUILDER, PROCESS_BUILDER_INTERFACE_ID, job, process, 0);
    core->processes[process].builder_object = object;
    cap_t builder =
        hold_insert(core, request->sender.process, core->state.objects[object].root_facet,
                    TRANSFER_NONE, false, (struct hold_origin){request->hold, HOW_RETURN});
    struct job_make_process_builder_results_builder results =
        job_make_process_builder_results_build(&request->answer);
    job_make_process_builder_results_set_builder(results, (struct process_builder){builder.value});
    return STATUS_OK;
}

// --- Exits --------------------------------------------------------------------------------------

static void exit_build(const struct core *core, uint32_t process, struct capnp_builder *answer)
{
    const struct process_entry *ended = &core->state.processes[process];
    struct job_next_exit_results_builder results = job_next_exit_results_build(answer);
    job_next_exit_results_set_process(results, cap_of(ended->slot.generation, process).value);
    job_next_exit_results_set_code(results, ended->exit_code);
    job_next_exit_results_set_cause(results, (enum exit_cause)ended->exit_cause);
}

static uint32_t exit_take(struct core *core, uint32_t job)
{
    struct job_record *record = &core->jobs[job];
    uint32_t process = record->first_exit;
    if (process != NONE) {
        record->first_exit = core->processes[process].sweep_next;
    }
    return process;
}

static enum status job_next_exit_run(struct core *core, struct request *request)
{
    uint32_t job = job_of(core, request);
    uint32_t process = exit_take(core, job);
    if (process != NONE) {
        exit_build(core, process, &request->answer);
        process_reap_last(core, process);
        return STATUS_OK;
    }
    enum status status = pending_check(core, request);
    if (status != STATUS_OK) {
        return status;
    }
    struct pending *waiter = pending_create(core, request, PENDING_EXIT);
    waiter->job = job;
    pending_queue_pinned(core, &core->jobs[job].waiters, waiter);
    return STATUS_OK;
}

// Tells the waiter; false: its authority or its buffer is gone, and so is its call, with that as
// the reason.
static bool waiter_tell(struct core *core, struct pending *waiter, uint32_t process)
{
    uint32_t facet = waiter->facet.index;
    struct capnp_builder answer;
    struct buffer buffer;
    capnp_builder_init(&answer, core->answer, sizeof core->answer);
    exit_build(core, process, &answer);
    uint32_t size = capnp_builder_size(&answer);
    enum status status = facet_check(core, facet);
    if (status == STATUS_OK) {
        status = buffer_resolve(core, waiter->thread, waiter->sqe.result, size,
                                (waiter->sqe.flags & SQE_RING_RESULT) != 0, RIGHT_WRITE, &buffer);
    }
    pending_withdraw(core, waiter);
    if (status != STATUS_OK) {
        pending_refuse(core, waiter, status, ARGUMENT_RESULT);
        facet_collect(core, facet);
        return false;
    }
    buffer_write(&buffer, 0, core->answer, size);
    struct cqe cqe = {.status = (int32_t)size};
    pending_complete(core, waiter, &cqe);
    facet_collect(core, facet);
    return true;
}

void job_exit_tell(struct core *core, uint32_t process)
{
    uint32_t job = core->state.processes[process].job;
    struct job_record *record = &core->jobs[job];
    struct pending *waiter;
    while (record->first_exit == NONE && (waiter = pending_first(core, &record->waiters)) != NULL) {
        if (waiter_tell(core, waiter, process)) {
            process_reap_last(core, process);
            return;
        }
    }
    core->processes[process].sweep_next = NONE;
    if (record->first_exit == NONE) {
        record->first_exit = process;
    } else {
        core->processes[record->last_exit].sweep_next = process;
    }
    record->last_exit = process;
}

static const struct method job_methods[JOB_METHOD_COUNT] = {
    [JOB_MAKE_ENDPOINT] = {job_make_endpoint_run, .result_bytes = 32},
    [JOB_MAKE_PROCESS_BUILDER] = {job_make_process_builder_run, .result_bytes = 32},
    [JOB_NEXT_EXIT] = {job_next_exit_run, .result_bytes = 24},
};

const struct object_class job_class = {job_methods, JOB_METHOD_COUNT, NULL};
