// SPDX-License-Identifier: Apache-2.0
//
// Processes: how they come to be empty, how they end, and how what they held is given back. An exit
// is one commit: from then on nothing of the process acts or answers. Giving back goes in bounded
// steps afterwards (process_sweep), in the order threads with what they wait for, calls that it was
// answering, capabilities, mappings, address space; then the exit is told, and the slot is free.
#include "kernel/core/process.h"
#include "kernel/core/core.h"
#include "kernel/core/memory.h"
#include "kernel/core/session.h"
#include "kernel/core/thread.h"

const struct needs process_needs = {.of =
                                        {
                                            [RESOURCE_PROCESSES] = 1,
                                        },
                                    .frames = 1 + HAL_SPACE_TABLES};

uint32_t process_create(struct core *core, uint32_t job, uint32_t session)
{
    struct commit commit = {.kind = COMMIT_PROCESS_CREATE,
                            .process_create = {.job = job, .session = session}};
    uint32_t process = core_commit(core, NONE, &commit);
    struct process_record *record = &core->processes[process];
    *record = (struct process_record){0};
    queue_init(&record->taken);
    core->live_count++;
    space_create(core, process);
    return process;
}

void process_start(struct core *core, uint32_t process)
{
    core_commit_on(core, COMMIT_PROCESS_START, process);
    core->processes[process].was_started = true;
}

void process_exit(struct core *core, uint32_t process, int32_t code, enum exit_reason cause)
{
    struct commit commit = {.kind = COMMIT_PROCESS_EXIT,
                            .process_exit = {.code = code, .cause = cause}};
    core_commit(core, process, &commit);
    core->live_count--;
    for (uint32_t thread = core->state.processes[process].first_thread; thread != NONE;
         thread = core->state.threads[thread].next) {
        schedule_remove(core, thread);
    }
    struct process_record *record = &core->processes[process];
    if (arena_has(&core->state.arenas[ARENA_OBJECTS], record->process_object)) {
        core->objects[record->process_object.index].process =
            (struct process_status_results){PROCESS_STATE_ENDED, code, (enum exit_cause)cause};
    }
    if (process == core->first_process) {
        core->exit_code = cause == EXIT_CALLED ? code : -1;
    }
    list_append(&core->dead, &record->sweep);
}

// --- Giving back --------------------------------------------------------------------------------

// A bounded piece of it, in this order; false: nobody asks how it ended.
static bool sweep(struct core *core, uint32_t process)
{
    const struct process_entry *entry = &core->state.processes[process];
    struct process_record *record = &core->processes[process];
    struct request *call = request_first(&record->taken);
    if (entry->first_thread != NONE) {
        thread_step(core, entry->first_thread);
    } else if (call != NULL && call->state == REQUEST_LOST) {
        request_free(core, call);
    } else if (call != NULL) {
        request_fail(core, call, STATUS_SERVER_GONE, ARGUMENT_NONE);
    } else if (entry->first_hold != NONE) {
        hold_remove(core, entry->first_hold);
    } else if (entry->first_mapping != NONE) {
        memory_unmap(core, entry->first_mapping);
    } else if (record->space != NONE) {
        space_destroy(core, process);
    } else if (!record->was_started || job_exit_tell(core, process)) {
        const struct process_entry gone = *entry;
        list_remove(&record->sweep);
        core_commit_on(core, COMMIT_PROCESS_REAP, process);
        session_collect(core, gone.session);
        job_collect(core, gone.job);
    } else {
        return false;
    }
    return true;
}

bool process_sweep(struct core *core)
{
    for (const struct link *at = core->dead.next; at != &core->dead; at = at->next) {
        const struct process_record *record = RECORD_OF(at, const struct process_record, sweep);
        uint32_t process = (uint32_t)(record - core->processes);
        if (core_may_commit(core, core->state.processes[process].job, false) &&
            sweep(core, process)) {
            return true;
        }
    }
    return false;
}

// --- Methods ------------------------------------------------------------------------------------

enum status process_status_run(struct core *core, struct request *request)
{
    request->results.process_status = core->objects[request->target.object].process;
    return STATUS_OK;
}

enum status process_kill_run(struct core *core, struct request *request)
{
    if (core->objects[request->target.object].process.state == PROCESS_STATE_RUNNING) {
        process_exit(core, request->subject, -1, EXIT_KILLED);
    }
    return STATUS_OK;
}

// The object may go while the process runs: its exit is then told to the job alone.
void process_created(struct core *core, uint32_t object)
{
    core->processes[object_argument(core, object)].process_object =
        arena_id(&core->state.arenas[ARENA_OBJECTS], object);
}
