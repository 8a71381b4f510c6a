// SPDX-License-Identifier: Apache-2.0
//
// reduce(state, commit): the only code that changes authority. One function per kind of commit, one
// table. A function takes the records that it changes out of the digest, changes them, and puts
// them back. The commits are well-formed: the kernel makes no other, and whoever reads a log from
// elsewhere asks state_check first. So nothing here can fail; what cannot be is asserted.
#include "kernel/core/state/state.h"

#include "kernel/core/state/assert.h"

static struct arena *arena_of(struct state *state, uint32_t arena)
{
    return &state->arenas[arena];
}

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
    arena_take(arena_of(state, ARENA_SESSIONS), create->session);
    struct session_entry *session = &state->sessions[create->session.index];
    session->parent = create->parent;
    session->expiry_ns = create->expiry_ns;
    session->identity_hash = create->identity_hash;
    digest_add(state, ARENA_SESSIONS, create->session.index);
}

static void reduce_job_create(struct state *state, const struct commit *commit)
{
    const struct commit_job_create *create = &commit->job_create;
    arena_take(arena_of(state, ARENA_JOBS), create->job);
    state->jobs[create->job.index].parent = create->parent;
    digest_add(state, ARENA_JOBS, create->job.index);
}

static void reduce_process_create(struct state *state, const struct commit *commit)
{
    const struct commit_process_create *create = &commit->process_create;
    arena_take(arena_of(state, ARENA_PROCESSES), create->process);
    struct process_entry *process = &state->processes[create->process.index];
    process->state = PROCESS_BUILDING;
    process->job = create->job;
    process->session = create->session;
    process->first_hold = process->first_mapping = process->first_thread = NONE;
    state->jobs[create->job].process_count++;
    digest_add(state, ARENA_PROCESSES, create->process.index);
}

static void reduce_process_start(struct state *state, const struct commit *commit)
{
    uint32_t index = commit->process_start.process.index;
    ASSERT(state->processes[index].state == PROCESS_BUILDING);
    digest_subtract(state, ARENA_PROCESSES, index);
    state->processes[index].state = PROCESS_RUNNING;
    digest_add(state, ARENA_PROCESSES, index);
}

static void reduce_process_exit(struct state *state, const struct commit *commit)
{
    const struct commit_process_exit *exit = &commit->process_exit;
    struct process_entry *process = &state->processes[exit->process.index];
    ASSERT(process->state != PROCESS_DEAD);
    digest_subtract(state, ARENA_PROCESSES, exit->process.index);
    process->state = PROCESS_DEAD;
    process->exit_code = exit->code;
    process->exit_cause = exit->cause;
    digest_add(state, ARENA_PROCESSES, exit->process.index);
}

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

static void hold_drop(struct state *state, uint32_t index)
{
    digest_subtract(state, ARENA_HOLDS, index);
    hold_unlink(state, index);
    arena_give(arena_of(state, ARENA_HOLDS), index);
}

static void reduce_process_reap(struct state *state, const struct commit *commit)
{
    const struct commit_process_reap *reap = &commit->process_reap;
    struct process_entry *process = &state->processes[reap->process.index];
    ASSERT(process->state == PROCESS_DEAD);
    ASSERT(reap->count == 0 || reap->first == process->first_hold);
    for (uint32_t i = 0; i < reap->count; i++) {
        hold_drop(state, process->first_hold);
    }
    if (reap->last == 0) {
        return;
    }
    ASSERT((process->hold_count | process->mapping_count | process->thread_count) == 0);
    digest_subtract(state, ARENA_PROCESSES, reap->process.index);
    state->jobs[process->job].process_count--;
    arena_give(arena_of(state, ARENA_PROCESSES), reap->process.index);
}

static void reduce_thread_create(struct state *state, const struct commit *commit)
{
    const struct commit_thread_create *create = &commit->thread_create;
    arena_take(arena_of(state, ARENA_THREADS), create->thread);
    struct thread_entry *thread = &state->threads[create->thread.index];
    struct process_entry *process = &state->processes[create->process];
    thread->process = create->process;
    thread->next = process->first_thread;
    process->first_thread = create->thread.index;
    process->thread_count++;
    digest_add(state, ARENA_THREADS, create->thread.index);
}

static void reduce_thread_exit(struct state *state, const struct commit *commit)
{
    uint32_t index = commit->thread_exit.thread.index;
    struct process_entry *process = &state->processes[state->threads[index].process];
    digest_subtract(state, ARENA_THREADS, index);
    uint32_t *link = &process->first_thread;
    while (*link != index) {
        link = &state->threads[*link].next;
    }
    *link = state->threads[index].next;
    process->thread_count--;
    arena_give(arena_of(state, ARENA_THREADS), index);
}

static void reduce_object_create(struct state *state, const struct commit *commit)
{
    const struct commit_object_create *create = &commit->object_create;
    arena_take(arena_of(state, ARENA_OBJECTS), create->object);
    arena_take(arena_of(state, ARENA_FACETS), create->root_facet);
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
    digest_add(state, ARENA_OBJECTS, create->object.index);
    digest_add(state, ARENA_FACETS, create->root_facet.index);
}

static void reduce_object_destroy(struct state *state, const struct commit *commit)
{
    uint32_t index = commit->object_destroy.object.index;
    uint32_t root = state->objects[index].root_facet;
    ASSERT(facet_is_unused(&state->facets[root]));
    digest_subtract(state, ARENA_FACETS, root);
    digest_subtract(state, ARENA_OBJECTS, index);
    arena_give(arena_of(state, ARENA_FACETS), root);
    arena_give(arena_of(state, ARENA_OBJECTS), index);
}

static void reduce_facet_create(struct state *state, const struct commit *commit)
{
    const struct commit_facet_create *create = &commit->facet_create;
    arena_take(arena_of(state, ARENA_FACETS), create->facet);
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
    digest_add(state, ARENA_FACETS, create->facet.index);
}

static void reduce_facet_revoke(struct state *state, const struct commit *commit)
{
    uint32_t index = commit->facet.facet.index;
    digest_subtract(state, ARENA_FACETS, index);
    state->facets[index].revoked = 1;
    digest_add(state, ARENA_FACETS, index);
}

static void reduce_facet_destroy(struct state *state, const struct commit *commit)
{
    uint32_t index = commit->facet.facet.index;
    const struct facet *facet = &state->facets[index];
    ASSERT(facet_is_unused(facet) && facet->parent != NONE);
    state->facets[facet->parent].child_count--;
    digest_subtract(state, ARENA_FACETS, index);
    arena_give(arena_of(state, ARENA_FACETS), index);
}

static void reduce_hold_insert(struct state *state, const struct commit *commit)
{
    const struct commit_hold_insert *insert = &commit->hold_insert;
    uint32_t index = insert->hold.index;
    arena_take(arena_of(state, ARENA_HOLDS), insert->hold);
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
    digest_add(state, ARENA_HOLDS, index);
}

static void reduce_hold_remove(struct state *state, const struct commit *commit)
{
    hold_drop(state, commit->hold_remove.hold.index);
}

static void reduce_memory_commit(struct state *state, const struct commit *commit)
{
    const struct commit_memory *memory = &commit->memory;
    digest_subtract(state, ARENA_OBJECTS, memory->object.index);
    state->objects[memory->object.index].page_count += memory->count;
    digest_add(state, ARENA_OBJECTS, memory->object.index);
}

static void reduce_memory_seal(struct state *state, const struct commit *commit)
{
    uint32_t index = commit->memory.object.index;
    digest_subtract(state, ARENA_OBJECTS, index);
    state->objects[index].sealed = 1;
    digest_add(state, ARENA_OBJECTS, index);
}

static void reduce_memory_map(struct state *state, const struct commit *commit)
{
    const struct commit_memory_map *map = &commit->memory_map;
    arena_take(arena_of(state, ARENA_MAPPINGS), map->mapping);
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
    digest_add(state, ARENA_MAPPINGS, map->mapping.index);
}

static void reduce_memory_unmap(struct state *state, const struct commit *commit)
{
    uint32_t index = commit->memory_unmap.mapping.index;
    const struct mapping *mapping = &state->mappings[index];
    struct process_entry *process = &state->processes[mapping->process];
    digest_subtract(state, ARENA_MAPPINGS, index);
    uint32_t *link = &process->first_mapping;
    while (*link != index) {
        link = &state->mappings[*link].next;
    }
    *link = mapping->next;
    process->mapping_count--;
    state->facets[mapping->facet].mapping_count--;
    arena_give(arena_of(state, ARENA_MAPPINGS), index);
}

static void (*const reducers[COMMIT_KIND_COUNT])(struct state *, const struct commit *) = {
    [COMMIT_GENESIS] = reduce_genesis,
    [COMMIT_GENESIS_CONFIG] = reduce_genesis_config,
    [COMMIT_SESSION_CREATE] = reduce_session_create,
    [COMMIT_JOB_CREATE] = reduce_job_create,
    [COMMIT_PROCESS_CREATE] = reduce_process_create,
    [COMMIT_PROCESS_START] = reduce_process_start,
    [COMMIT_PROCESS_EXIT] = reduce_process_exit,
    [COMMIT_PROCESS_REAP] = reduce_process_reap,
    [COMMIT_THREAD_CREATE] = reduce_thread_create,
    [COMMIT_THREAD_EXIT] = reduce_thread_exit,
    [COMMIT_OBJECT_CREATE] = reduce_object_create,
    [COMMIT_OBJECT_DESTROY] = reduce_object_destroy,
    [COMMIT_FACET_CREATE] = reduce_facet_create,
    [COMMIT_FACET_REVOKE] = reduce_facet_revoke,
    [COMMIT_FACET_DESTROY] = reduce_facet_destroy,
    [COMMIT_HOLD_INSERT] = reduce_hold_insert,
    [COMMIT_HOLD_REMOVE] = reduce_hold_remove,
    [COMMIT_MEMORY_COMMIT] = reduce_memory_commit,
    [COMMIT_MEMORY_MAP] = reduce_memory_map,
    [COMMIT_MEMORY_UNMAP] = reduce_memory_unmap,
    [COMMIT_MEMORY_SEAL] = reduce_memory_seal,
};

void reduce(struct state *state, const struct commit *commit)
{
    ASSERT(commit->kind < COMMIT_KIND_COUNT && reducers[commit->kind] != 0);
    reducers[commit->kind](state, commit);
    state->seq++;
}
