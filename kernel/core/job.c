// SPDX-License-Identifier: Apache-2.0
//
// Jobs: makers of objects, accounts with limits, and supervisors. A child's limits are carved out
// of its parent's, so a charge asks one job alone. Killing one is a flag on it, then the end of
// each process below it, one at a time, before any of them runs again. An exit is told once what
// the process held is given back; until then, and until somebody asks, the process stays among the
// dead, so that none is lost and none needs memory; it is for the nearest job above that asks. A
// job that nobody holds and that pays for nothing is gone, and its parent has its limits.
#include <string.h>

#include "kernel/core/core.h"
#include "kernel/core/memory.h"
#include "kernel/core/process.h"
#include "kernel/core/session.h"

// The job above, NONE above the root.
static uint32_t parent_of(const struct core *core, uint32_t job)
{
    const struct commit_id *parent = &core->state.jobs[job].parent;
    return parent->generation == 0 ? NONE : parent->index;
}

void job_created(struct core *core, uint32_t object)
{
    struct job_record *record = &core->jobs[object_argument(core, object)];
    *record =
        (struct job_record){.is_held = true, .priority = PRIORITY_DEFAULT, .share = SHARE_ALL};
    queue_init(&record->waiters);
}

// --- Makers -------------------------------------------------------------------------------------

// Of a size, if they have one.
enum status job_make_run(struct core *core, struct request *request)
{
    static const enum object_kind makes[JOB_METHOD_COUNT] = {
        [JOB_MAKE_ENDPOINT] = OBJECT_ENDPOINT,
        [JOB_MAKE_NOTIFICATION] = OBJECT_NOTIFICATION,
        [JOB_MAKE_PARK_SPACE] = OBJECT_PARK_SPACE,
        [JOB_MAKE_MEMORY] = OBJECT_MEMORY,
    };
    enum object_kind kind = makes[request->sqe.method];
    bool is_memory = kind == OBJECT_MEMORY;
    bool has_size = is_memory || kind == OBJECT_ENDPOINT;
    uint64_t size = has_size ? request->params.job_make_memory.pages : 0;
    uint64_t ceiling = kind == OBJECT_ENDPOINT ? request->params.job_make_endpoint.ceiling : 0;
    const struct needs needs = {.of[RESOURCE_PAGES] = is_memory ? (uint32_t)size : 0,
                                .frames = is_memory ? (uint32_t)size + 1 : 0};
    return ceiling > core->jobs[request->subject].priority
               ? STATUS_BAD_VALUE
               : object_make(core, request, request->subject, kind, ceiling << 32 | size, &needs);
}

enum status job_make_process_builder_run(struct core *core, struct request *request)
{
    return builder_make(core, request, request->subject, session_of(core, request), false);
}

// --- Children and limits ------------------------------------------------------------------------

void job_limits_move(struct core *core, uint32_t from, uint32_t to, const uint32_t *amounts)
{
    for (uint32_t resource = 0; resource < RESOURCE_COUNT; resource++) {
        struct commit commit = {.kind = COMMIT_LIMIT_MOVE,
                                .limit_move = {from, to, resource, amounts[resource], {0}}};
        if (amounts[resource] != 0) {
            core_apply(core, &commit);
        }
    }
}

uint32_t job_create(struct core *core, uint32_t parent, uint16_t flags)
{
    struct commit commit = {.kind = COMMIT_JOB_CREATE, .flags = flags};
    if (parent != NONE) {
        commit.job_create.parent = arena_id(&core->state.arenas[ARENA_JOBS], parent);
    }
    return core_commit(core, NONE, &commit);
}

enum status job_child_run(struct core *core, struct request *request)
{
    const struct job_child_params *params = &request->params.job_child;
    const uint32_t parent = request->subject;
    uint32_t job = arena_peek(&core->state.arenas[ARENA_JOBS]).index;
    const uint32_t *amounts = (const uint32_t *)(const void *)params->limits.data;
    struct needs needs = {0};
    struct job_record *above = &core->jobs[parent];
    uint32_t flags = params->is_drainer ? JOB_DRAINER : 0;
    if (params->priority > above->priority || params->share > above->share ||
        (flags & ~core->state.jobs[parent].flags) != 0 || above->depth + 1 >= JOB_DEPTH_MAX) {
        return STATUS_BAD_VALUE;
    }
    memcpy(needs.of, amounts, sizeof needs.of);
    enum status status = core_has_room(core, parent, &needs); // before anything is added to them
    needs.of[RESOURCE_JOBS]++;
    if (status == STATUS_OK) {
        status = object_make(core, request, parent, OBJECT_JOB, job, &needs);
    }
    if (status == STATUS_OK) {
        job_create(core, parent, (uint16_t)flags);
        core->jobs[job].priority = params->priority;
        core->jobs[job].share = params->share;
        core->jobs[job].depth = above->depth + 1;
        above->share -= params->share;
        job_limits_move(core, parent, job, amounts);
    }
    return status;
}

// The limits and what is used of them stand side by side.
enum status job_limits_run(struct core *core, struct request *request)
{
    const struct job_entry *job = &core->state.jobs[request->subject];
    uint32_t *answer = (uint32_t *)core->scratch; // the message is decoded
    memcpy(answer, job->limit, sizeof job->limit + sizeof job->used);
    answer[RESOURCE_COUNT + RESOURCE_CALLS] = core->jobs[request->subject].calls;
    request->results.job_limits =
        (struct job_limits_results){{(const uint8_t *)answer, sizeof job->limit + sizeof job->used},
                                    core->jobs[request->subject].share};
    return STATUS_OK;
}

static_assert(sizeof(uint32_t[RESOURCE_COUNT]) == JOB_CHILD_LIMITS_MOST &&
                  JOB_MAKE_ENDPOINT_MESSAGE_MAX_MOST == (int)MESSAGE_SIZE_MAX &&
                  JOB_MAKE_MEMORY_PAGES_MOST == PAGE_SIZE / sizeof(uint32_t),
              "the schema says what there is room for");
static_assert(offsetof(struct job_entry, used) ==
                  offsetof(struct job_entry, limit) + RESOURCE_COUNT * sizeof(uint32_t),
              "Job.limits copies both at once");

void job_collect(struct core *core, uint32_t job)
{
    static const uint32_t nothing[RESOURCE_COUNT];
    for (uint32_t parent; job != NONE; job = parent) {
        parent = parent_of(core, job);
        const struct job_record *record = &core->jobs[job];
        if (record->is_held || record->calls != 0 || parent == NONE ||
            memcmp(core->state.jobs[job].used, nothing, sizeof nothing) != 0) {
            return;
        }
        core_commit_on(core, COMMIT_JOB_DESTROY, job);
        core->jobs[parent].share += record->share;
    }
}

// --- Kill ---------------------------------------------------------------------------------------

enum status job_kill_run(struct core *core, struct request *request)
{
    if (core->state.jobs[request->subject].killed == 0) {
        core_commit_on(core, COMMIT_JOB_KILL, request->subject);
        core->sweeps[SWEEP_KILLED] = 0;
    }
    return STATUS_OK;
}

bool job_sweep(struct core *core, uint32_t process)
{
    const struct process_entry *entry = &core->state.processes[process];
    bool is_killed = entry->state != PROCESS_DEAD && job_is_killed(&core->state, entry->job);
    if (is_killed) {
        process_exit(core, process, -1, EXIT_KILLED);
    }
    return is_killed;
}

// --- Exits --------------------------------------------------------------------------------------

// A waiter whose right or buffer is gone ends with that as the reason, and the next one is told.
bool job_exit_tell(struct core *core, uint32_t process)
{
    const struct process_entry *ended = &core->state.processes[process];
    for (uint32_t job = ended->job; job != NONE; job = parent_of(core, job)) {
        struct request *waiter;
        while ((waiter = request_first(&core->jobs[job].waiters)) != NULL) {
            waiter->results.job_next_exit = (struct job_next_exit_results){
                .process = record_number(core, ARENA_PROCESSES, process),
                .code = ended->exit_code,
                .cause = (enum exit_cause)ended->exit_cause};
            if (request_succeed(core, waiter, &job_methods[JOB_NEXT_EXIT])) {
                return true;
            }
        }
    }
    return false;
}

enum status job_next_exit_run(struct core *core, struct request *request)
{
    struct queue *waiters = &core->jobs[request->subject].waiters;
    core->is_sweeping = core->is_changed = true; // process_sweep() tells what is to be told
    return request_wait_if(core, request, REQUEST_EXIT, waiters, request->sqe.arg);
}
