// SPDX-License-Identifier: Apache-2.0
//
// reduce(state, commit): the only code that changes authority. One table row per kind of commit
// says what happens to the record that the commit's body names first: it is created, changed or
// destroyed; slot and digest follow from that, in one place. The row's function does the rest. The
// commits are well-formed: the kernel makes no other, and whoever reads a log from elsewhere checks
// each record first (lib/replay). So nothing here can fail; what cannot be is asserted.
#include "kernel/core/state/state.h"

#include <string.h>

#include "kernel/core/state/assert.h"

static void reduce_genesis(struct state *state, const struct commit *commit)
{
    ASSERT(state->seq == 0);
    state->boot_id = commit->genesis.boot_id;
}

static void reduce_genesis_config(struct state *state, const struct commit *commit)
{
    ASSERT(commit->genesis_config.holds == state->config.holds);
    uint64_t value[2];
    digest_genesis(state, value);
    state->digest[0] += value[0];
    state->digest[1] += value[1];
}

static void reduce_session_create(struct state *state, const struct commit *commit)
{
    const struct commit_session_create *create = &commit->session_create;
    struct session_entry *session = &state->sessions[create->session.index];
    session->parent = create->parent;
    session->expiry_ns = create->expiry_ns;
    session->identity_hash = create->identity_hash;
}

static void reduce_job_create(struct state *state, const struct commit *commit)
{
    const struct commit_job_create *create = &commit->job_create;
    state->jobs[create->job.index].parent = create->parent;
}

static void reduce_process_create(struct state *state, const struct commit *commit)
{
    const struct commit_process_create *create = &commit->process_create;
    struct process_entry *process = &state->processes[create->process.index];
    process->state = PROCESS_BUILDING;
    process->job = create->job;
    process->session = create->session;
    process->first_hold = process->first_mapping = process->first_thread = NONE;
    state->jobs[create->job].process_count++;
}

static void reduce_process_start(struct state *state, const struct commit *commit)
{
    uint32_t index = commit->process_start.process.index;
    ASSERT(state->processes[index].state == PROCESS_BUILDING);
    state->processes[index].state = PROCESS_RUNNING;
}

static void reduce_process_exit(struct state *state, const struct commit *commit)
{
    const struct commit_process_exit *exit = &commit->process_exit;
    struct process_entry *process = &state->processes[exit->process.index];
    ASSERT(process->state != PROCESS_DEAD);
    process->state = PROCESS_DEAD;
    process->exit_code = exit->code;
    process->exit_cause = exit->cause;
}

// Out of its process's list and its facet's count.
static void hold_unlink(struct state *state, uint32_t index)
{
    struct hold *hold = &state->holds[index];
    struct process_entry *process = &state->processes[hold->process];
    struct facet *facet = &state->facets[hold->facet];
    if (hold->previous == NONE) {
        process->first_hold = hold->next;
    } else {
        state->holds[hold->previous].next = hold->next;
    }
    if (hold->next != NONE) {
        state->holds[hold->next].previous = hold->previous;
    }
    ASSERT(process->hold_count > 0);
    process->hold_count--;
    if (hold->revoker != 0) {
        facet->revoker_count--;
        return;
    }
    facet->hold_count--;
    if (facet_is_server(state, facet)) {
        state->objects[facet->object].server_count--;
    }
}

static void reduce_process_reap(struct state *state, const struct commit *commit)
{
    const struct commit_process_reap *reap = &commit->process_reap;
    struct process_entry *process = &state->processes[reap->process.index];
    ASSERT(process->state == PROCESS_DEAD);
    ASSERT(reap->count == 0 || reap->first == process->first_hold);
    for (uint32_t i = 0; i < reap->count; i++) {
        uint32_t hold = process->first_hold;
        digest_subtract(state, ARENA_HOLDS, hold);
        hold_unlink(state, hold);
        arena_give(&state->arenas[ARENA_HOLDS], hold);
    }
    if (reap->last != 0) {
        ASSERT((process->hold_count | process->mapping_count | process->thread_count) == 0);
        state->jobs[process->job].process_count--;
        arena_give(&state->arenas[ARENA_PROCESSES], reap->process.index);
    }
}

static void reduce_thread_create(struct state *state, const struct commit *commit)
{
    const struct commit_thread_create *create = &commit->thread_create;
    struct thread_entry *thread = &state->threads[create->thread.index];
    struct process_entry *process = &state->processes[create->process];
    thread->process = create->process;
    thread->next = process->first_thread;
    process->first_thread = create->thread.index;
    process->thread_count++;
}

static void reduce_thread_exit(struct state *state, const struct commit *commit)
{
    uint32_t index = commit->thread_exit.thread.index;
    struct process_entry *process = &state->processes[state->threads[index].process];
    uint32_t *link = &process->first_thread;
    while (*link != index) {
        link = &state->threads[*link].next;
    }
    *link = state->threads[index].next;
    process->thread_count--;
}

static void reduce_object_create(struct state *state, const struct commit *commit)
{
    const struct commit_object_create *create = &commit->object_create;
    arena_take(&state->arenas[ARENA_FACETS], create->root_facet);
    struct object *object = &state->objects[create->object.index];
    object->kind = create->kind;
    object->flags = commit->flags;
    object->job = create->job;
    object->root_facet = create->root_facet.index;
    object->argument = create->argument;
    struct facet *facet = &state->facets[create->root_facet.index];
    facet->object = create->object.index;
    facet->parent = NONE;
    facet->interface = create->interface;
    facet->methods = UINT64_MAX;
    digest_add(state, ARENA_FACETS, create->root_facet.index);
}

static void reduce_object_destroy(struct state *state, const struct commit *commit)
{
    uint32_t root = state->objects[commit->object_destroy.object.index].root_facet;
    ASSERT(facet_is_unused(&state->facets[root]));
    digest_subtract(state, ARENA_FACETS, root);
    arena_give(&state->arenas[ARENA_FACETS], root);
}

static void reduce_facet_create(struct state *state, const struct commit *commit)
{
    const struct commit_facet_create *create = &commit->facet_create;
    struct facet *facet = &state->facets[create->facet.index];
    struct facet *parent = &state->facets[create->parent];
    ASSERT(parent->object == create->object);
    facet->object = create->object;
    facet->parent = create->parent;
    facet->interface = create->interface;
    facet->methods = create->methods;
    facet->receiver_data = create->receiver_data;
    facet->disclosure = commit->flags;
    facet->depth = parent->depth + 1;
    parent->child_count++;
}

static void reduce_facet_revoke(struct state *state, const struct commit *commit)
{
    state->facets[commit->facet.facet.index].revoked = 1;
}

static void reduce_facet_destroy(struct state *state, const struct commit *commit)
{
    const struct facet *facet = &state->facets[commit->facet.facet.index];
    ASSERT(facet_is_unused(facet) && facet->parent != NONE);
    state->facets[facet->parent].child_count--;
}

static void reduce_hold_insert(struct state *state, const struct commit *commit)
{
    const struct commit_hold_insert *insert = &commit->hold_insert;
    uint32_t index = insert->hold.index;
    struct process_entry *process = &state->processes[insert->process];
    struct facet *facet = &state->facets[insert->facet];
    struct hold *hold = &state->holds[index];
    hold->process = insert->process;
    hold->facet = insert->facet;
    hold->origin = insert->origin;
    hold->origin_seq = insert->origin_seq;
    hold->seq = state->seq;
    hold->transfer = insert->transfer;
    hold->scope = insert->scope;
    hold->how = insert->how;
    hold->revoker = insert->revoker;
    hold->previous = NONE;
    hold->next = process->first_hold;
    if (hold->next != NONE) {
        state->holds[hold->next].previous = index;
    }
    process->first_hold = index;
    process->hold_count++;
    facet->revoker_count += insert->revoker;
    facet->hold_count += 1U - insert->revoker;
    if (insert->revoker == 0 && facet_is_server(state, facet)) {
        state->objects[facet->object].server_count++;
    }
}

static void reduce_hold_remove(struct state *state, const struct commit *commit)
{
    hold_unlink(state, commit->hold_remove.hold.index);
}

static void reduce_memory_commit(struct state *state, const struct commit *commit)
{
    const struct commit_memory *memory = &commit->memory;
    state->objects[memory->object.index].page_count += memory->count;
}

static void reduce_memory_seal(struct state *state, const struct commit *commit)
{
    state->objects[commit->memory.object.index].sealed = 1;
}

static void reduce_memory_map(struct state *state, const struct commit *commit)
{
    const struct commit_memory_map *map = &commit->memory_map;
    struct mapping *mapping = &state->mappings[map->mapping.index];
    struct process_entry *process = &state->processes[map->process];
    mapping->process = map->process;
    mapping->facet = map->facet;
    mapping->page = map->page;
    mapping->count = map->count;
    mapping->object_page = map->object_page;
    mapping->rights = map->rights;
    mapping->next = process->first_mapping;
    process->first_mapping = map->mapping.index;
    process->mapping_count++;
    state->facets[map->facet].mapping_count++;
}

static void reduce_memory_unmap(struct state *state, const struct commit *commit)
{
    uint32_t index = commit->memory_unmap.mapping.index;
    const struct mapping *mapping = &state->mappings[index];
    struct process_entry *process = &state->processes[mapping->process];
    uint32_t *link = &process->first_mapping;
    while (*link != index) {
        link = &state->mappings[*link].next;
    }
    *link = mapping->next;
    process->mapping_count--;
    state->facets[mapping->facet].mapping_count--;
}

enum effect {
    NO_RECORD,
    CREATES,
    CHANGES,
    DESTROYS,
};

// What a kind does to the record that its body names first, in which arena.
static const struct {
    void (*run)(struct state *, const struct commit *);
    uint32_t arena;
    enum effect effect;
} reducers[COMMIT_KIND_COUNT] = {
    [COMMIT_GENESIS] = {reduce_genesis, ARENA_COUNT, NO_RECORD},
    [COMMIT_GENESIS_CONFIG] = {reduce_genesis_config, ARENA_COUNT, NO_RECORD},
    [COMMIT_SESSION_CREATE] = {reduce_session_create, ARENA_SESSIONS, CREATES},
    [COMMIT_JOB_CREATE] = {reduce_job_create, ARENA_JOBS, CREATES},
    [COMMIT_PROCESS_CREATE] = {reduce_process_create, ARENA_PROCESSES, CREATES},
    [COMMIT_PROCESS_START] = {reduce_process_start, ARENA_PROCESSES, CHANGES},
    [COMMIT_PROCESS_EXIT] = {reduce_process_exit, ARENA_PROCESSES, CHANGES},
    [COMMIT_PROCESS_REAP] = {reduce_process_reap, ARENA_PROCESSES, CHANGES},
    [COMMIT_THREAD_CREATE] = {reduce_thread_create, ARENA_THREADS, CREATES},
    [COMMIT_THREAD_EXIT] = {reduce_thread_exit, ARENA_THREADS, DESTROYS},
    [COMMIT_OBJECT_CREATE] = {reduce_object_create, ARENA_OBJECTS, CREATES},
    [COMMIT_OBJECT_DESTROY] = {reduce_object_destroy, ARENA_OBJECTS, DESTROYS},
    [COMMIT_FACET_CREATE] = {reduce_facet_create, ARENA_FACETS, CREATES},
    [COMMIT_FACET_REVOKE] = {reduce_facet_revoke, ARENA_FACETS, CHANGES},
    [COMMIT_FACET_DESTROY] = {reduce_facet_destroy, ARENA_FACETS, DESTROYS},
    [COMMIT_HOLD_INSERT] = {reduce_hold_insert, ARENA_HOLDS, CREATES},
    [COMMIT_HOLD_REMOVE] = {reduce_hold_remove, ARENA_HOLDS, DESTROYS},
    [COMMIT_MEMORY_COMMIT] = {reduce_memory_commit, ARENA_OBJECTS, CHANGES},
    [COMMIT_MEMORY_MAP] = {reduce_memory_map, ARENA_MAPPINGS, CREATES},
    [COMMIT_MEMORY_UNMAP] = {reduce_memory_unmap, ARENA_MAPPINGS, DESTROYS},
    [COMMIT_MEMORY_SEAL] = {reduce_memory_seal, ARENA_OBJECTS, CHANGES},
};

void reduce(struct state *state, const struct commit *commit)
{
    ASSERT(commit->kind < COMMIT_KIND_COUNT && reducers[commit->kind].run != 0);
    uint32_t arena = reducers[commit->kind].arena;
    enum effect effect = reducers[commit->kind].effect;
    struct commit_id id;
    memcpy(&id, commit->bytes, sizeof id);
    if (effect == CREATES) {
        arena_take(&state->arenas[arena], id);
    } else if (effect != NO_RECORD) {
        ASSERT(arena_has(&state->arenas[arena], id));
        digest_subtract(state, arena, id.index);
    }
    reducers[commit->kind].run(state, commit);
    if (effect == DESTROYS) {
        arena_give(&state->arenas[arena], id.index);
    } else if (effect != NO_RECORD && arena_has(&state->arenas[arena], id)) {
        digest_add(state, arena, id.index);
    }
    state->seq++;
}
