// SPDX-License-Identifier: Apache-2.0
//
// How the core changes authority: a commit is built, reduced at once, and kept for the log,
// to which the turn hands it when it closes; room for TURN_COMMITS_MAX is there before it begins.
#include <string.h>

#include "kernel/core/core.h"

void core_apply(struct core *core, const struct commit *commit)
{
    ASSERT(core->commit_count < TURN_COMMITS_MAX);
    if (core->cause == CAUSE_OPEN) {
        core->cause = core->syslog_next++;
    }
    struct commit *kept = &core->commits[core->commit_count];
    *kept = *commit;
    kept->time_ns = core->now_ns;
    kept->cause = core->cause;
    kept->actor = core->actor;
    reduce(&core->state, kept);
    core->commit_digests[core->commit_count] = core->state.digest[0];
    core->commit_count++;
    core->is_changed = true;
    core->work += TURN_WORK_MAX; // what changed is closed with its turn
}

uint32_t core_commit(struct core *core, uint32_t record, struct commit *commit)
{
    const struct arena *arena = &core->state.arenas[commit_arena(commit->kind)];
    struct commit_id id = record == NONE ? arena_peek(arena) : arena_id(arena, record);
    memcpy(commit->bytes, &id, sizeof id);
    core_apply(core, commit);
    return id.index;
}

void core_commit_on(struct core *core, enum commit_kind kind, uint32_t record)
{
    core_commit(core, record, &(struct commit){.kind = (uint16_t)kind});
}

bool core_may_commit(const struct core *core, uint32_t job, bool is_revoke)
{
    bool is_drainer = job != NONE && (core->state.jobs[job].flags & JOB_DRAINER) != 0;
    uint64_t reserve = is_drainer ? LOG_DRAINER : is_revoke ? LOG_REVOKE : LOG_OTHER;
    uint64_t exits = (uint64_t)core->state.config.processes + core->state.config.jobs;
    return core->log->room >= core->commit_count + exits + reserve + TURN_COMMITS_MAX;
}

// What is missing of each resource: in the machine, and in the job's limit.
static const uint8_t out_of[RESOURCE_COUNT] = {
    [RESOURCE_SESSIONS] = STATUS_OUT_OF_SESSIONS,   [RESOURCE_JOBS] = STATUS_OUT_OF_JOBS,
    [RESOURCE_PROCESSES] = STATUS_OUT_OF_PROCESSES, [RESOURCE_THREADS] = STATUS_OUT_OF_THREADS,
    [RESOURCE_OBJECTS] = STATUS_OUT_OF_OBJECTS,     [RESOURCE_FACETS] = STATUS_OUT_OF_FACETS,
    [RESOURCE_HOLDS] = STATUS_OUT_OF_HOLDS,         [RESOURCE_MAPPINGS] = STATUS_OUT_OF_MAPPINGS,
};

static_assert(STATUS_LIMIT_LOG - STATUS_LIMIT_SESSIONS == RESOURCE_LOG,
              "the facts of limits stand in the order of the resources");

enum status core_has_room(const struct core *core, uint32_t job, const struct needs *needs)
{
    const struct state *state = &core->state;
    if (job_is_killed(state, job)) {
        return STATUS_JOB_OVER;
    }
    for (uint32_t resource = 0; resource < RESOURCE_COUNT; resource++) {
        uint32_t count = needs->of[resource];
        uint32_t calls = resource == RESOURCE_CALLS ? core->jobs[job].calls : 0;
        if (resource < ARENA_COUNT && count > arena_room(&state->arenas[resource])) {
            return out_of[resource];
        }
        if (count > state->jobs[job].limit[resource] - state->jobs[job].used[resource] - calls) {
            return STATUS_LIMIT_SESSIONS + resource;
        }
    }
    return needs->frames <= core->frames.free_count ? STATUS_OK : STATUS_OUT_OF_MEMORY;
}
