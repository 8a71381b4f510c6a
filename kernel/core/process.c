// SPDX-License-Identifier: Apache-2.0
//
// Processes: how they come to be empty, how they end, and how what they held is given back. An exit
// is one commit: from then on nothing of the process acts or answers. Giving back goes in bounded
// steps afterwards (a state machine: process_sweep), in the order threads with what
// they wait for, calls that it was answering, capabilities, address space, mappings; then the exit
// is told, and the slot is free.
#include "kernel/core/core.h"

uint32_t process_of_sweep(const struct core *core, const struct link *sweep)
{
    return (uint32_t)((const struct process_record *)(const void *)sweep - core->processes);
}

uint32_t process_create(struct core *core, uint32_t job, uint32_t session)
{
    struct commit commit = core_commit_new(core, COMMIT_PROCESS_CREATE, ARENA_PROCESSES);
    commit.process_create.job = job;
    commit.process_create.session = session;
    core_apply(core, &commit);
    uint32_t process = commit.process_create.process.index;
    struct process_record *record = &core->processes[process];
    *record = (struct process_record){
        .ring_object = NONE, .private_object = NONE, .builder_object = NONE};
    queue_init(&record->taken);
    core->live_count++;
    return process;
}

void process_exit(struct core *core, uint32_t process, int32_t code, enum exit_reason cause)
{
    struct commit commit = core_commit_on(core, COMMIT_PROCESS_EXIT, ARENA_PROCESSES, process);
    commit.process_exit.code = code;
    commit.process_exit.cause = cause;
    core_apply(core, &commit);
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
    record->builder_object = NONE;
    list_append(&core->dead, &record->sweep);
}

// --- Giving back --------------------------------------------------------------------------------

// Each step does a bounded piece and says whether there was anything to do.

static bool sweep_threads(struct core *core, uint32_t process)
{
    uint32_t thread = core->state.processes[process].first_thread;
    if (thread == NONE) {
        return false;
    }
    struct request *request = request_first_of_thread(&core->threads[thread].waits);
    if (request != NULL) {
        request_abandon(core, request, STATUS_OK);
        return true;
    }
    hal_thread_destroy(thread);
    core_apply_on(core, COMMIT_THREAD_EXIT, ARENA_THREADS, thread);
    return true;
}

static bool sweep_taken(struct core *core, uint32_t process)
{
    struct request *call = request_first(&core->processes[process].taken);
    if (call != NULL && call->state == REQUEST_LOST) {
        request_free(core, call);
    } else if (call != NULL) {
        request_fail(core, call, STATUS_SERVER_GONE, ARGUMENT_NONE);
    }
    return call != NULL;
}

static bool sweep_holds(struct core *core, uint32_t process)
{
    uint32_t hold = core->state.processes[process].first_hold;
    if (hold != NONE) {
        hold_remove(core, hold);
    }
    return hold != NONE;
}

static bool sweep_space(struct core *core, uint32_t process)
{
    struct process_record *record = &core->processes[process];
    if (!record->has_space) {
        return false;
    }
    hal_space_destroy(process);
    const uint32_t *tables = frame_at(record->table_list);
    for (uint32_t i = 0; i < record->table_count; i++) {
        frame_give(&core->frames, tables[i]);
    }
    frame_give(&core->frames, record->table_list);
    record->has_space = false;
    return true;
}

static bool sweep_mappings(struct core *core, uint32_t process)
{
    uint32_t mapping = core->state.processes[process].first_mapping;
    if (mapping != NONE) {
        uint32_t facet = core->state.mappings[mapping].facet;
        core_apply_on(core, COMMIT_MEMORY_UNMAP, ARENA_MAPPINGS, mapping);
        facet_collect(core, facet);
    }
    return mapping != NONE;
}

static bool (*const sweeps[])(struct core *, uint32_t) = {
    sweep_threads, sweep_taken, sweep_holds, sweep_space, sweep_mappings,
};

void process_reap_last(struct core *core, uint32_t process)
{
    uint32_t job = core->state.processes[process].job;
    core_apply_on(core, COMMIT_PROCESS_REAP, ARENA_PROCESSES, process);
    job_collect(core, job);
}

static void sweep(struct core *core, uint32_t process)
{
    for (uint32_t i = 0; i < sizeof sweeps / sizeof sweeps[0]; i++) {
        if (sweeps[i](core, process)) {
            return;
        }
    }
    list_remove(&core->processes[process].sweep);
    if (core->processes[process].was_started) {
        job_exit_tell(core, process);
    } else {
        process_reap_last(core, process);
    }
}

bool process_sweep(struct core *core)
{
    for (const struct link *at = core->dead.next; at != &core->dead; at = at->next) {
        uint32_t process = process_of_sweep(core, at);
        if (core_may_commit(core, core->state.processes[process].job, false)) {
            sweep(core, process);
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
        uint32_t process = (uint32_t)core->state.objects[request->target.object].argument;
        process_exit(core, process, -1, EXIT_KILLED);
    }
    return STATUS_OK;
}

// The object may go while the process runs: its exit is then told to the job alone.
void process_created(struct core *core, uint32_t object)
{
    core->processes[core->state.objects[object].argument].process_object =
        arena_id(&core->state.arenas[ARENA_OBJECTS], object);
}
