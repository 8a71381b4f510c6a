// SPDX-License-Identifier: Apache-2.0
//
// Building a process: the holder maps what it likes into its address space, puts capabilities in,
// makes its threads (Job.makeThread) and starts it. The kernel knows no program format. Dropping
// the builder before the start ends the process that was being built.
#include "kernel/core/core.h"
#include "kernel/core/memory.h"
#include "kernel/core/process.h"

// Whether its process was neither started nor ended.
static bool builder_builds(const struct core *core, uint32_t object)
{
    uint32_t process = process_of(core, object);
    return process != NONE && core->state.processes[process].state == PROCESS_BUILDING;
}

enum status builder_check(struct core *core, struct request *request)
{
    return builder_builds(core, request->target.object) ? STATUS_OK : STATUS_BUILDER_SPENT;
}

enum status process_builder_space_run(struct core *core, struct request *request)
{
    struct process_builder_space_results *results = &request->results.process_builder_space;
    results->base = core->processes[request->subject].base;
    results->process = process_number(core, request->subject);
    return object_make(core, request, OBJECT_ADDRESS_SPACE, results->process, NULL);
}

enum status process_builder_grant_run(struct core *core, struct request *request)
{
    uint32_t hold = (uint32_t)request->params.process_builder_grant.capability;
    enum status status = core->state.holds[hold].transfer == TRANSFER_COPY
                             ? hold_has_room(core, request->subject, 1)
                             : STATUS_TRANSFER_REFUSED;
    if (status == STATUS_OK) {
        request->results.process_builder_grant = (struct process_builder_grant_results){
            .id = hold_copy(core, hold, request->subject, HOW_GRANT).value,
            .interface = hold_interface(core, hold)};
    }
    return status;
}

enum status process_builder_start_run(struct core *core, struct request *request)
{
    enum status status = object_make(core, request, OBJECT_PROCESS, request->subject, NULL);
    if (status == STATUS_OK) {
        process_start(core, request->subject);
    }
    return status;
}

// The process that it builds is of its maker's session.
void builder_created(struct core *core, uint32_t object)
{
    const struct object *builder = &core->state.objects[object];
    process_create(core, builder->job, core->state.processes[core->actor].session);
}

void builder_destroyed(struct core *core, uint32_t object)
{
    if (builder_builds(core, object)) {
        process_exit(core, object_argument(core, object), 0, EXIT_CALLED);
    }
}
