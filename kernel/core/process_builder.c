// SPDX-License-Identifier: Apache-2.0
//
// Building a process: the holder maps what it likes into its address space, puts capabilities in,
// makes its threads (Job.makeThread) and starts it. The kernel knows no program format. Dropping
// the builder before the start ends the process that was being built.
#include "kernel/core/core.h"
#include "kernel/core/memory.h"
#include "kernel/core/process.h"
#include "kernel/core/session.h"

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
    results->process = record_number(core, ARENA_PROCESSES, request->subject);
    return object_make(core, request, object_job(core, request->target.object),
                       OBJECT_ADDRESS_SPACE, results->process, NULL);
}

enum status process_builder_grant_run(struct core *core, struct request *request)
{
    uint32_t hold = (uint32_t)request->params.process_builder_grant.capability;
    enum status status = core->state.holds[hold].transfer == TRANSFER_COPY
                             ? session_scope_check(core, &core->state.holds[hold], request->subject)
                             : STATUS_TRANSFER_REFUSED;
    status = status == STATUS_OK ? hold_has_room(core, request->subject, 1) : status;
    if (status == STATUS_OK) {
        request->results.process_builder_grant = (struct process_builder_grant_results){
            .id = hold_copy(core, hold, request->subject, HOW_GRANT).value,
            .interface = hold_interface(core, hold)};
    }
    return status;
}

enum status process_builder_start_run(struct core *core, struct request *request)
{
    enum status status = object_make(core, request, object_job(core, request->target.object),
                                     OBJECT_PROCESS, request->subject, NULL);
    if (status == STATUS_OK) {
        process_start(core, request->subject);
    }
    return status;
}

enum status builder_make(struct core *core, struct request *request, uint32_t job, uint32_t session,
                         bool is_brokered)
{
    struct commit_id next = arena_peek(&core->state.arenas[ARENA_PROCESSES]);
    uint64_t number = cap_of(next.generation, next.index).value;
    enum status status =
        object_make(core, request, job, OBJECT_PROCESS_BUILDER, number, &process_needs);
    if (status == STATUS_OK) {
        process_create(core, job, session);
        core->processes[next.index].is_brokered = is_brokered;
    }
    return status;
}

void builder_destroyed(struct core *core, uint32_t object)
{
    if (builder_builds(core, object)) {
        process_exit(core, object_argument(core, object), 0, EXIT_CALLED);
    }
}
