// SPDX-License-Identifier: Apache-2.0
//
// state_check: whether a commit that somebody else wrote can be reduced. It answers for form alone:
// every id is that of a live slot or of the slot that comes next, every count is what the state
// says. Replicas and offline tools ask it for each record, so that no log, however made, can bring
// reduce() to an assertion.
#include "lib/replay/wellformed.h"

static bool is_next(const struct state *state, uint32_t arena, struct commit_id id)
{
    struct commit_id next = arena_peek(&state->arenas[arena], 0);
    return id.generation != 0 && next.generation == id.generation && next.index == id.index;
}

static bool has(const struct state *state, uint32_t arena, struct commit_id id)
{
    return arena_has(&state->arenas[arena], id);
}

static bool live(const struct state *state, uint32_t arena, uint32_t index)
{
    return arena_is_live(&state->arenas[arena], index);
}

static bool check_genesis(const struct state *state, const struct commit *commit)
{
    (void)commit;
    return state->seq == 0;
}

static bool check_genesis_config(const struct state *state, const struct commit *commit)
{
    const struct commit_genesis_config *config = &commit->genesis_config;
    const struct state_config *mine = &state->config;
    return state->seq == 1 && config->sessions == mine->sessions && config->jobs == mine->jobs &&
           config->processes == mine->processes && config->threads == mine->threads &&
           config->objects == mine->objects && config->facets == mine->facets &&
           config->holds == mine->holds && config->mappings == mine->mappings;
}

static bool check_session_create(const struct state *state, const struct commit *commit)
{
    return is_next(state, ARENA_SESSIONS, commit->session_create.session);
}

static bool check_job_create(const struct state *state, const struct commit *commit)
{
    return is_next(state, ARENA_JOBS, commit->job_create.job);
}

static bool check_process_create(const struct state *state, const struct commit *commit)
{
    const struct commit_process_create *create = &commit->process_create;
    return is_next(state, ARENA_PROCESSES, create->process) &&
           live(state, ARENA_JOBS, create->job) && live(state, ARENA_SESSIONS, create->session);
}

static bool check_process_start(const struct state *state, const struct commit *commit)
{
    struct commit_id id = commit->process_start.process;
    return has(state, ARENA_PROCESSES, id) && state->processes[id.index].state == PROCESS_BUILDING;
}

static bool check_process_exit(const struct state *state, const struct commit *commit)
{
    struct commit_id id = commit->process_exit.process;
    return has(state, ARENA_PROCESSES, id) && state->processes[id.index].state != PROCESS_DEAD;
}

static bool check_process_reap(const struct state *state, const struct commit *commit)
{
    const struct commit_process_reap *reap = &commit->process_reap;
    if (!has(state, ARENA_PROCESSES, reap->process)) {
        return false;
    }
    const struct process_entry *process = &state->processes[reap->process.index];
    if (process->state != PROCESS_DEAD || reap->count > process->hold_count) {
        return false;
    }
    if (reap->count > 0 && reap->first != process->first_hold) {
        return false;
    }
    return reap->last == 0 || (process->hold_count == reap->count && process->mapping_count == 0 &&
                               process->thread_count == 0);
}

static bool check_thread_create(const struct state *state, const struct commit *commit)
{
    const struct commit_thread_create *create = &commit->thread_create;
    return is_next(state, ARENA_THREADS, create->thread) &&
           live(state, ARENA_PROCESSES, create->process);
}

static bool check_thread_exit(const struct state *state, const struct commit *commit)
{
    return has(state, ARENA_THREADS, commit->thread_exit.thread);
}

static bool check_object_create(const struct state *state, const struct commit *commit)
{
    const struct commit_object_create *create = &commit->object_create;
    return is_next(state, ARENA_OBJECTS, create->object) &&
           is_next(state, ARENA_FACETS, create->root_facet) && create->kind > OBJECT_NONE &&
           create->kind < OBJECT_KIND_COUNT && live(state, ARENA_JOBS, create->job);
}

static bool check_object_destroy(const struct state *state, const struct commit *commit)
{
    struct commit_id id = commit->object_destroy.object;
    return has(state, ARENA_OBJECTS, id) &&
           facet_is_unused(&state->facets[state->objects[id.index].root_facet]);
}

static bool check_facet_create(const struct state *state, const struct commit *commit)
{
    const struct commit_facet_create *create = &commit->facet_create;
    return is_next(state, ARENA_FACETS, create->facet) &&
           live(state, ARENA_OBJECTS, create->object) &&
           live(state, ARENA_FACETS, create->parent) &&
           state->facets[create->parent].object == create->object;
}

static bool check_facet_revoke(const struct state *state, const struct commit *commit)
{
    return has(state, ARENA_FACETS, commit->facet.facet);
}

static bool check_facet_destroy(const struct state *state, const struct commit *commit)
{
    struct commit_id id = commit->facet.facet;
    return has(state, ARENA_FACETS, id) && state->facets[id.index].parent != NONE &&
           facet_is_unused(&state->facets[id.index]);
}

static bool check_hold_insert(const struct state *state, const struct commit *commit)
{
    const struct commit_hold_insert *insert = &commit->hold_insert;
    return is_next(state, ARENA_HOLDS, insert->hold) &&
           live(state, ARENA_PROCESSES, insert->process) &&
           live(state, ARENA_FACETS, insert->facet) && insert->revoker <= 1;
}

static bool check_hold_remove(const struct state *state, const struct commit *commit)
{
    return has(state, ARENA_HOLDS, commit->hold_remove.hold);
}

static bool check_memory(const struct state *state, const struct commit *commit)
{
    struct commit_id id = commit->memory.object;
    return has(state, ARENA_OBJECTS, id) && state->objects[id.index].kind == OBJECT_MEMORY;
}

static bool check_memory_map(const struct state *state, const struct commit *commit)
{
    const struct commit_memory_map *map = &commit->memory_map;
    return is_next(state, ARENA_MAPPINGS, map->mapping) &&
           live(state, ARENA_PROCESSES, map->process) && live(state, ARENA_FACETS, map->facet);
}

static bool check_memory_unmap(const struct state *state, const struct commit *commit)
{
    return has(state, ARENA_MAPPINGS, commit->memory_unmap.mapping);
}

static bool (*const checks[COMMIT_KIND_COUNT])(const struct state *, const struct commit *) = {
    [COMMIT_GENESIS] = check_genesis,
    [COMMIT_GENESIS_CONFIG] = check_genesis_config,
    [COMMIT_SESSION_CREATE] = check_session_create,
    [COMMIT_JOB_CREATE] = check_job_create,
    [COMMIT_PROCESS_CREATE] = check_process_create,
    [COMMIT_PROCESS_START] = check_process_start,
    [COMMIT_PROCESS_EXIT] = check_process_exit,
    [COMMIT_PROCESS_REAP] = check_process_reap,
    [COMMIT_THREAD_CREATE] = check_thread_create,
    [COMMIT_THREAD_EXIT] = check_thread_exit,
    [COMMIT_OBJECT_CREATE] = check_object_create,
    [COMMIT_OBJECT_DESTROY] = check_object_destroy,
    [COMMIT_FACET_CREATE] = check_facet_create,
    [COMMIT_FACET_REVOKE] = check_facet_revoke,
    [COMMIT_FACET_DESTROY] = check_facet_destroy,
    [COMMIT_HOLD_INSERT] = check_hold_insert,
    [COMMIT_HOLD_REMOVE] = check_hold_remove,
    [COMMIT_MEMORY_COMMIT] = check_memory,
    [COMMIT_MEMORY_MAP] = check_memory_map,
    [COMMIT_MEMORY_UNMAP] = check_memory_unmap,
    [COMMIT_MEMORY_SEAL] = check_memory,
};

enum status state_check(const struct state *state, const struct commit *commit)
{
    bool known = commit->kind < COMMIT_KIND_COUNT && checks[commit->kind] != 0;
    bool in_order = (state->seq == 0) == (commit->kind == COMMIT_GENESIS);
    if (!known || !in_order || !checks[commit->kind](state, commit)) {
        return STATUS_BAD_ARGUMENT;
    }
    return STATUS_OK;
}
