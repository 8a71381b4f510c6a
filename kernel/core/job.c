// SPDX-License-Identifier: Apache-2.0
//
// Jobs: makers of objects, and supervisors. An exit is told once what the process held is given
// back; until then, and until somebody asks, it waits in the process's own record, so that none is
// lost and none needs memory.
#include "kernel/core/buffer.h"
#include "kernel/core/core.h"

static uint32_t job_of(const struct core *core, const struct request *request)
{
    return (uint32_t)core->state.objects[request->target.object].argument;
}

enum status job_make_endpoint_run(struct core *core, struct request *request)
{
    uint32_t message_max = request->params.job_make_endpoint.message_max;
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
    endpoint_init(core, object);
    cap_t server =
        hold_insert(core, request->sender.process, core->state.objects[object].root_facet,
                    TRANSFER_COPY, false, (struct hold_origin){request->hold, HOW_RETURN});
    request->results.job_make_endpoint.server = server.value;
    return STATUS_OK;
}

enum status job_make_process_builder_run(struct core *core, struct request *request)
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
    request->results.job_make_process_builder.builder = builder.value;
    return STATUS_OK;
}

// --- Exits --------------------------------------------------------------------------------------

static void exit_tell(const struct core *core, uint32_t process, struct request *request)
{
    const struct process_entry *ended = &core->state.processes[process];
    request->results.job_next_exit =
        (struct job_next_exit_results){.process = cap_of(ended->slot.generation, process).value,
                                       .code = ended->exit_code,
                                       .cause = (enum exit_cause)ended->exit_cause};
}

enum status job_next_exit_run(struct core *core, struct request *request)
{
    struct job_record *record = &core->jobs[job_of(core, request)];
    if (!list_is_empty(&record->exits)) {
        const struct link *first = record->exits.next;
        list_remove(first);
        uint32_t process = process_of_sweep(core, first);
        exit_tell(core, process, request);
        process_reap_last(core, process);
        return STATUS_OK;
    }
    enum status status = request_wait_check(core, request);
    if (status == STATUS_OK) {
        request->is_pinned = true;
        core->facets[request->target.facet].queued++;
        request_wait(core, request, REQUEST_EXIT, &record->waiters);
    }
    return status;
}

// Tells the waiter; false: its authority or its buffer is gone, and so is its call, with that as
// the reason.
static bool waiter_tell(struct core *core, struct request *waiter, uint32_t process)
{
    const struct kernel_method *method = &job_methods[JOB_NEXT_EXIT];
    struct buffer buffer;
    enum status status = facet_check(core, waiter->target.facet);
    if (status == STATUS_OK) {
        status =
            buffer_resolve(core, waiter->sender.thread, waiter->sqe.result, method->result_bytes,
                           (waiter->sqe.flags & SQE_RING_RESULT) != 0, RIGHT_WRITE, &buffer);
    }
    if (status != STATUS_OK) {
        request_fail(core, waiter, status, ARGUMENT_RESULT);
        return false;
    }
    exit_tell(core, process, waiter);
    results_write(core, waiter, method, &buffer);
    request_complete(core, waiter);
    return true;
}

void job_exit_tell(struct core *core, uint32_t process)
{
    struct job_record *record = &core->jobs[core->state.processes[process].job];
    struct request *waiter;
    while (list_is_empty(&record->exits) && (waiter = request_first(&record->waiters)) != NULL) {
        if (waiter_tell(core, waiter, process)) {
            process_reap_last(core, process);
            return;
        }
    }
    list_append(&record->exits, &core->processes[process].sweep);
}

const struct object_class job_class = {job_methods, JOB_METHOD_COUNT, NULL};
