// SPDX-License-Identifier: Apache-2.0
//
// record_check: whether a commit that somebody else wrote can be reduced. It answers for form:
// every id is that of a live slot or of the slot that comes next, everything named is in the state
// for it, every count is what the state says, and nobody gets more than its limit or its parent
// has. Replicas and offline tools ask it for each record, so that no log, however made, can bring
// reduce() to an assertion. One table row per kind says what its body uses; what all kinds have in
// common is asked in one place.
#include "lib/replay/wellformed.h"

#include <stddef.h>
#include <string.h>

#include "abi/ids.h"

enum { RIGHTS = RIGHT_READ | RIGHT_WRITE | RIGHT_EXECUTE };

static bool has(const struct state *state, uint32_t arena, struct commit_id id)
{
    return arena_has(&state->arenas[arena], id);
}

static bool live(const struct state *state, uint32_t arena, uint32_t index)
{
    return arena_is_live(&state->arenas[arena], index);
}

static bool is_next(const struct state *state, uint32_t arena, struct commit_id id)
{
    struct commit_id next = arena_peek(&state->arenas[arena]);
    return id.generation != 0 && next.generation == id.generation && next.index == id.index;
}

// Whether a job can pay for `count` more. Only genesis pays before it has anything.
static enum record_fault pays(const struct state *state, uint32_t job, uint32_t resource,
                              uint64_t count)
{
    const struct job_entry *payer = &state->jobs[job];
    return count <= payer->limit[resource] - payer->used[resource] ? RECORD_OK : RECORD_LIMIT;
}

// The same for a record of a process that is not dead.
static enum record_fault process_pays(const struct state *state, uint32_t process,
                                      uint32_t resource, uint64_t count)
{
    if (!live(state, ARENA_PROCESSES, process)) {
        return RECORD_ABSENT;
    }
    if (state->processes[process].state == PROCESS_DEAD) {
        return RECORD_STATE;
    }
    return pays(state, state->processes[process].job, resource, count);
}

static enum record_fault job_pays(const struct state *state, uint32_t job, uint32_t resource)
{
    return live(state, ARENA_JOBS, job) ? pays(state, job, resource, 1) : RECORD_ABSENT;
}

// --- Kinds --------------------------------------------------------------------------------------

static enum record_fault check_genesis_config(const struct state *state,
                                              const struct commit *commit)
{
    bool same = memcmp(&state->config, commit->bytes, sizeof(state->config)) == 0;
    return same ? RECORD_OK : RECORD_VALUE;
}

static enum record_fault check_genesis_head(const struct state *state, const struct commit *commit)
{
    (void)commit;
    return state->seq == 2 ? RECORD_OK : RECORD_ORDER;
}

static enum record_fault check_session_create(const struct state *state,
                                              const struct commit *commit)
{
    const struct commit_session_create *create = &commit->session_create;
    uint32_t depth = 1;
    for (struct commit_id at = create->parent; at.generation != 0;
         at = state->sessions[at.index].parent) {
        if (!has(state, ARENA_SESSIONS, at)) {
            return RECORD_ABSENT;
        }
        depth++;
    }
    if (depth > SESSION_DEPTH_MAX) {
        return RECORD_DEPTH;
    }
    if (create->object != NONE) {
        if (!live(state, ARENA_OBJECTS, create->object)) {
            return RECORD_ABSENT;
        }
        const struct object *object = &state->objects[create->object];
        if (object->kind != OBJECT_MEMORY || object->sealed == 0) {
            return RECORD_STATE;
        }
    }
    return job_pays(state, create->job, RESOURCE_SESSIONS);
}

static enum record_fault check_session_end(const struct state *state, const struct commit *commit)
{
    return state->sessions[commit->session.session.index].ended == 0 ? RECORD_OK : RECORD_STATE;
}

static enum record_fault check_session_destroy(const struct state *state,
                                               const struct commit *commit)
{
    return state->sessions[commit->session.session.index].use_count == 0 ? RECORD_OK : RECORD_STATE;
}

static enum record_fault check_job_create(const struct state *state, const struct commit *commit)
{
    const struct commit_job_create *create = &commit->job_create;
    uint32_t depth = 1;
    if (state->arenas[ARENA_JOBS].fresh == 0) {
        bool is_root = create->parent.generation == 0 && create->parent.index == 0;
        return is_root ? RECORD_OK : RECORD_VALUE;
    }
    if (!has(state, ARENA_JOBS, create->parent)) {
        return RECORD_ABSENT;
    }
    for (struct commit_id at = create->parent; at.generation != 0;
         at = state->jobs[at.index].parent) {
        depth++;
    }
    return depth > JOB_DEPTH_MAX ? RECORD_DEPTH
                                 : pays(state, create->parent.index, RESOURCE_JOBS, 1);
}

static enum record_fault check_job_kill(const struct state *state, const struct commit *commit)
{
    return state->jobs[commit->job.job.index].killed == 0 ? RECORD_OK : RECORD_STATE;
}

static enum record_fault check_job_destroy(const struct state *state, const struct commit *commit)
{
    const struct job_entry *job = &state->jobs[commit->job.job.index];
    for (uint32_t resource = 0; resource < RESOURCE_COUNT; resource++) {
        if (job->used[resource] != 0) {
            return RECORD_STATE;
        }
    }
    return job->parent.generation != 0 ? RECORD_OK : RECORD_STATE;
}

// The root job gets each resource once, before anybody can have any of it.
static enum record_fault check_limit_genesis(const struct state *state,
                                             const struct commit_limit_move *move)
{
    uint32_t amounts[RESOURCE_COUNT];
    if (state->arenas[ARENA_JOBS].live != 1 || state->arenas[ARENA_SESSIONS].fresh != 0 ||
        state->jobs[move->to].limit[move->resource] != 0) {
        return RECORD_STATE;
    }
    memcpy(amounts, &state->config, sizeof(state->config));
    bool is_stated = move->resource < sizeof(state->config) / sizeof(amounts[0]);
    return !is_stated || move->amount == amounts[move->resource] ? RECORD_OK : RECORD_VALUE;
}

static bool is_parent(const struct state *state, uint32_t parent, uint32_t child)
{
    struct commit_id id = state->jobs[child].parent;
    return id.generation != 0 && id.index == parent;
}

static enum record_fault check_limit_move(const struct state *state, const struct commit *commit)
{
    const struct commit_limit_move *move = &commit->limit_move;
    if (move->resource >= RESOURCE_COUNT) {
        return RECORD_VALUE;
    }
    if (!live(state, ARENA_JOBS, move->to) ||
        (move->from != NONE && !live(state, ARENA_JOBS, move->from))) {
        return RECORD_ABSENT;
    }
    if (move->from == NONE) {
        return check_limit_genesis(state, move);
    }
    if (!is_parent(state, move->from, move->to) && !is_parent(state, move->to, move->from)) {
        return RECORD_STATE;
    }
    return pays(state, move->from, move->resource, move->amount);
}

static enum record_fault check_process_create(const struct state *state,
                                              const struct commit *commit)
{
    const struct commit_process_create *create = &commit->process_create;
    if (!live(state, ARENA_SESSIONS, create->session)) {
        return RECORD_ABSENT;
    }
    return job_pays(state, create->job, RESOURCE_PROCESSES);
}

static enum record_fault check_process_start(const struct state *state, const struct commit *commit)
{
    uint32_t process = commit->process_start.process.index;
    bool is_building = state->processes[process].state == PROCESS_BUILDING;
    return is_building ? RECORD_OK : RECORD_STATE;
}

static enum record_fault check_process_exit(const struct state *state, const struct commit *commit)
{
    bool is_dead = state->processes[commit->process_exit.process.index].state == PROCESS_DEAD;
    return is_dead ? RECORD_STATE : RECORD_OK;
}

static enum record_fault check_process_reap(const struct state *state, const struct commit *commit)
{
    const struct commit_process_reap *reap = &commit->process_reap;
    const struct process_entry *process = &state->processes[reap->process.index];
    bool is_empty = (process->hold_count | process->mapping_count | process->thread_count) == 0;
    return process->state == PROCESS_DEAD && is_empty ? RECORD_OK : RECORD_STATE;
}

static enum record_fault check_thread_create(const struct state *state, const struct commit *commit)
{
    return process_pays(state, commit->thread_create.process, RESOURCE_THREADS, 1);
}

static enum record_fault check_object_create(const struct state *state, const struct commit *commit)
{
    const struct commit_object_create *create = &commit->object_create;
    if (!is_next(state, ARENA_FACETS, create->root_facet)) {
        return RECORD_NEW_ID;
    }
    if (create->kind == OBJECT_NONE || create->kind >= OBJECT_KIND_COUNT) {
        return RECORD_VALUE;
    }
    enum record_fault fault = job_pays(state, create->job, RESOURCE_OBJECTS);
    if (fault == RECORD_OK && create->kind == OBJECT_MEMORY) {
        fault = create->argument > UINT32_MAX
                    ? RECORD_VALUE
                    : pays(state, create->job, RESOURCE_PAGES, (uint32_t)create->argument);
    }
    return fault != RECORD_OK ? fault : pays(state, create->job, RESOURCE_FACETS, 1);
}

static enum record_fault check_object_destroy(const struct state *state,
                                              const struct commit *commit)
{
    uint32_t root = state->objects[commit->object_destroy.object.index].root_facet;
    return facet_is_unused(&state->facets[root]) ? RECORD_OK : RECORD_STATE;
}

static enum record_fault check_facet_create(const struct state *state, const struct commit *commit)
{
    const struct commit_facet_create *create = &commit->facet_create;
    if (!live(state, ARENA_FACETS, create->parent)) {
        return RECORD_ABSENT;
    }
    const struct facet *parent = &state->facets[create->parent];
    uint64_t own = state->facets[state->objects[parent->object].root_facet].interface;
    bool is_minted = facet_is_server(state, parent) && create->interface != own;
    bool is_narrower =
        create->interface == parent->interface && (create->methods & ~parent->methods) == 0;
    if ((!is_minted && !is_narrower) || (commit->flags & ~parent->disclosure) != 0) {
        return RECORD_WIDER;
    }
    return parent->depth + 1 < FACET_DEPTH_MAX ? job_pays(state, create->job, RESOURCE_FACETS)
                                               : RECORD_DEPTH;
}

static enum record_fault check_facet_revoke(const struct state *state, const struct commit *commit)
{
    return state->facets[commit->facet.facet.index].revoked == 0 ? RECORD_OK : RECORD_STATE;
}

static enum record_fault check_facet_destroy(const struct state *state, const struct commit *commit)
{
    const struct facet *facet = &state->facets[commit->facet.facet.index];
    return facet->parent != NONE && facet_is_unused(facet) ? RECORD_OK : RECORD_STATE;
}

static enum record_fault check_hold_insert(const struct state *state, const struct commit *commit)
{
    const struct commit_hold_insert *insert = &commit->hold_insert;
    if (!live(state, ARENA_FACETS, insert->facet)) {
        return RECORD_ABSENT;
    }
    if (insert->revoker > 1 || insert->how > HOW_MINT || insert->scope > SCOPE_REGRANT_ONLY) {
        return RECORD_VALUE;
    }
    return process_pays(state, insert->process, RESOURCE_HOLDS, 1);
}

// Its charge moves with it, which changes nothing within one job.
static enum record_fault check_hold_move(const struct state *state, const struct commit *commit)
{
    const struct commit_hold_move *move = &commit->hold_move;
    if (!is_next(state, ARENA_HOLDS, move->made)) {
        return RECORD_NEW_ID;
    }
    if (move->how > HOW_MINT) {
        return RECORD_VALUE;
    }
    uint32_t from = state->processes[state->holds[move->hold.index].process].job;
    bool is_charged =
        !live(state, ARENA_PROCESSES, move->process) || state->processes[move->process].job != from;
    return process_pays(state, move->process, RESOURCE_HOLDS, is_charged ? 1 : 0);
}

// What is sealed is written by nobody.
static enum record_fault check_memory(const struct state *state, const struct commit *commit)
{
    const struct object *object = &state->objects[commit->memory.object.index];
    bool is_written = false;
    for (uint32_t i = 0; i < state->arenas[ARENA_MAPPINGS].fresh; i++) {
        const struct mapping *mapping = &state->mappings[i];
        is_written =
            is_written || (live(state, ARENA_MAPPINGS, i) && (mapping->rights & RIGHT_WRITE) != 0 &&
                           &state->objects[state->facets[mapping->facet].object] == object);
    }
    return object->kind == OBJECT_MEMORY && object->sealed == 0 && !is_written ? RECORD_OK
                                                                               : RECORD_STATE;
}

static enum record_fault check_rights(const struct object *object, uint32_t rights)
{
    if ((rights & ~(uint32_t)RIGHTS) != 0 ||
        ((rights & RIGHT_WRITE) != 0 && (rights & RIGHT_EXECUTE) != 0)) {
        return RECORD_VALUE;
    }
    return object->sealed != 0 && (rights & RIGHT_WRITE) != 0 ? RECORD_STATE : RECORD_OK;
}

static enum record_fault check_memory_map(const struct state *state, const struct commit *commit)
{
    const struct commit_memory_map *map = &commit->memory_map;
    if (!live(state, ARENA_FACETS, map->facet)) {
        return RECORD_ABSENT;
    }
    const struct object *object = &state->objects[state->facets[map->facet].object];
    if (object->kind != OBJECT_MEMORY) {
        return RECORD_STATE;
    }
    if (map->count == 0 || (uint64_t)map->object_page + map->count > object->argument ||
        map->page > UINT64_MAX - map->count) {
        return RECORD_VALUE;
    }
    enum record_fault fault = check_rights(object, map->rights);
    if (fault == RECORD_OK) {
        fault = process_pays(state, map->process, RESOURCE_MAPPINGS, 1);
    }
    return fault != RECORD_OK ? fault
                              : process_pays(state, map->process, RESOURCE_SPACE, map->count);
}

static enum record_fault check_checkpoint_mark(const struct state *state,
                                               const struct commit *commit)
{
    return commit->checkpoint_mark.seq <= state->seq ? RECORD_OK : RECORD_VALUE;
}

// --- All kinds ----------------------------------------------------------------------------------

enum names {
    UNKNOWN, // no such kind
    NOBODY,
    NEW, // the id that the body begins with comes next in the arena
    OLD, // ... is there
};

#define USES(body)         sizeof(struct commit_##body)
#define UP_TO(body, field) offsetof(struct commit_##body, field)

static const struct {
    enum record_fault (*check)(const struct state *, const struct commit *); // NULL: form is all
    enum names names;
    uint32_t arena;
    uint32_t used;  // bytes of the body
    uint16_t flags; // that it may have
} kinds[COMMIT_KIND_COUNT] = {
    [COMMIT_GENESIS] = {NULL, NOBODY, ARENA_COUNT, UP_TO(genesis, reserved), 0},
    [COMMIT_GENESIS_CONFIG] = {check_genesis_config, NOBODY, ARENA_COUNT, USES(genesis_config), 0},
    [COMMIT_GENESIS_HEAD] = {check_genesis_head, NOBODY, ARENA_COUNT, UP_TO(genesis_head, reserved),
                             0},
    [COMMIT_SESSION_CREATE] = {check_session_create, NEW, ARENA_SESSIONS, USES(session_create),
                               DISCLOSE_ALL},
    [COMMIT_SESSION_END] = {check_session_end, OLD, ARENA_SESSIONS, UP_TO(session, reserved), 0},
    [COMMIT_SESSION_DESTROY] = {check_session_destroy, OLD, ARENA_SESSIONS,
                                UP_TO(session, reserved), 0},
    [COMMIT_JOB_CREATE] = {check_job_create, NEW, ARENA_JOBS, UP_TO(job_create, reserved),
                           JOB_DRAINER},
    [COMMIT_JOB_KILL] = {check_job_kill, OLD, ARENA_JOBS, UP_TO(job, reserved), 0},
    [COMMIT_JOB_DESTROY] = {check_job_destroy, OLD, ARENA_JOBS, UP_TO(job, reserved), 0},
    [COMMIT_LIMIT_MOVE] = {check_limit_move, NOBODY, ARENA_COUNT, UP_TO(limit_move, reserved), 0},
    [COMMIT_PROCESS_CREATE] = {check_process_create, NEW, ARENA_PROCESSES,
                               UP_TO(process_create, reserved), 0},
    [COMMIT_PROCESS_START] = {check_process_start, OLD, ARENA_PROCESSES,
                              UP_TO(process_start, reserved), 0},
    [COMMIT_PROCESS_EXIT] = {check_process_exit, OLD, ARENA_PROCESSES,
                             UP_TO(process_exit, reserved), 0},
    [COMMIT_PROCESS_REAP] = {check_process_reap, OLD, ARENA_PROCESSES,
                             UP_TO(process_reap, reserved), 0},
    [COMMIT_THREAD_CREATE] = {check_thread_create, NEW, ARENA_THREADS,
                              UP_TO(thread_create, reserved), 0},
    [COMMIT_THREAD_EXIT] = {NULL, OLD, ARENA_THREADS, UP_TO(thread_exit, reserved), 0},
    [COMMIT_OBJECT_CREATE] = {check_object_create, NEW, ARENA_OBJECTS, USES(object_create),
                              OBJECT_PINNED},
    [COMMIT_OBJECT_DESTROY] = {check_object_destroy, OLD, ARENA_OBJECTS,
                               UP_TO(object_destroy, reserved), 0},
    [COMMIT_FACET_CREATE] = {check_facet_create, NEW, ARENA_FACETS, USES(facet_create),
                             DISCLOSE_ALL},
    [COMMIT_FACET_LEASE] = {NULL, OLD, ARENA_FACETS, UP_TO(facet_lease, reserved), 0},
    [COMMIT_FACET_REVOKE] = {check_facet_revoke, OLD, ARENA_FACETS, UP_TO(facet, reserved), 0},
    [COMMIT_FACET_DESTROY] = {check_facet_destroy, OLD, ARENA_FACETS, UP_TO(facet, reserved), 0},
    [COMMIT_HOLD_INSERT] = {check_hold_insert, NEW, ARENA_HOLDS, UP_TO(hold_insert, reserved), 0},
    [COMMIT_HOLD_MOVE] = {check_hold_move, OLD, ARENA_HOLDS, UP_TO(hold_move, reserved), 0},
    [COMMIT_HOLD_REMOVE] = {NULL, OLD, ARENA_HOLDS, UP_TO(hold_remove, reserved), 0},
    [COMMIT_MEMORY_MAP] = {check_memory_map, NEW, ARENA_MAPPINGS, UP_TO(memory_map, reserved), 0},
    [COMMIT_MEMORY_UNMAP] = {NULL, OLD, ARENA_MAPPINGS, UP_TO(memory_unmap, reserved), 0},
    [COMMIT_MEMORY_SEAL] = {check_memory, OLD, ARENA_OBJECTS, UP_TO(memory, reserved), 0},
    [COMMIT_CHECKPOINT_MARK] = {check_checkpoint_mark, NOBODY, ARENA_COUNT,
                                UP_TO(checkpoint_mark, reserved), 0},
};

static bool is_zero(const uint8_t *bytes, size_t size)
{
    uint8_t all = 0;
    for (size_t i = 0; i < size; i++) {
        all |= bytes[i];
    }
    return all == 0;
}

enum record_fault record_check(const struct state *state, const struct commit *commit)
{
    struct commit_id id;
    uint32_t kind = commit->kind;
    if (kind >= COMMIT_KIND_COUNT || kinds[kind].names == UNKNOWN) {
        return RECORD_KIND;
    }
    if ((state->seq == 0) != (kind == COMMIT_GENESIS) ||
        (state->seq == 1) != (kind == COMMIT_GENESIS_CONFIG)) {
        return RECORD_ORDER;
    }
    if ((commit->flags & ~kinds[kind].flags) != 0 ||
        !is_zero(commit->bytes + kinds[kind].used, sizeof(commit->bytes) - kinds[kind].used)) {
        return RECORD_RESERVED;
    }
    memcpy(&id, commit->bytes, sizeof(id));
    if (kinds[kind].names == NEW && !is_next(state, kinds[kind].arena, id)) {
        return RECORD_NEW_ID;
    }
    if (kinds[kind].names == OLD && !has(state, kinds[kind].arena, id)) {
        return RECORD_ABSENT;
    }
    return kinds[kind].check == NULL ? RECORD_OK : kinds[kind].check(state, commit);
}
