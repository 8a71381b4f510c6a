// SPDX-License-Identifier: Apache-2.0
//
// Building a process: the holder maps what it likes into its address space, puts capabilities in,
// makes its threads (Job.makeThread) and starts it. The kernel knows no program format. Dropping
// the builder before the start ends the process that was being built.
#include "kernel/core/core.h"
#include "kernel/core/process.h"

// Whether it still builds its process.
enum status builder_check(struct core *core, struct request *request)
{
    const struct process_record *record =
        &core->processes[object_argument(core, request->target.object)];
    bool is_spent = record->was_started || record->builder_object != request->target.object;
    return is_spent ? STATUS_BUILDER_SPENT : STATUS_OK;
}

enum status process_builder_space_run(struct core *core, struct request *request)
{
    struct process_builder_space_results *results = &request->results.process_builder_space;
    uint32_t process = object_argument(core, request->target.object);
    results->base = core->processes[process].base;
    results->process = process_number(core, process);
    return object_make(core, request, OBJECT_ADDRESS_SPACE, results->process, NULL);
}

enum status process_builder_grant_run(struct core *core, struct request *request)
{
    uint32_t hold = (uint32_t)request->params.process_builder_grant.capability;
    uint32_t process = object_argument(core, request->target.object);
    enum status status = core->state.holds[hold].transfer == TRANSFER_COPY
                             ? hold_has_room(core, process, 1)
                             : STATUS_TRANSFER_REFUSED;
    if (status == STATUS_OK) {
        request->results.process_builder_grant = (struct process_builder_grant_results){
            .id = hold_copy(core, hold, process, HOW_GRANT).value,
            .interface = hold_interface(core, hold)};
    }
    return status;
}

enum status process_builder_start_run(struct core *core, struct request *request)
{
    uint32_t process = object_argument(core, request->target.object);
    enum status status = object_make(core, request, OBJECT_PROCESS, process, NULL);
    if (status == STATUS_OK) {
        process_start(core, process);
    }
    return status;
}

// The process that it builds is of its maker's session.
void builder_created(struct core *core, uint32_t object)
{
    const struct object *builder = &core->state.objects[object];
    uint32_t process =
        process_create(core, builder->job, core->state.processes[core->actor].session);
    core->processes[process].builder_object = object;
}

void builder_destroyed(struct core *core, uint32_t object)
{
    struct process_record *record = &core->processes[object_argument(core, object)];
    if (record->builder_object == object && !record->was_started) {
        process_exit(core, object_argument(core, object), 0, EXIT_CALLED);
    }
}
