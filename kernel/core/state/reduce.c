// SPDX-License-Identifier: Apache-2.0
//
// reduce(state, commit): the only code that changes authority. One table row per kind of commit
// says what happens to the record that the commit's body names first: it is created, changed, ended
// or destroyed. What follows from that happens in one place: slot, digest, the list of its process,
// the charge to who pays, and what one table row per kind of record adds. A kind's own function
// does the rest, where there is any. The commits are well-formed: the kernel makes no other, and
// whoever reads a log from elsewhere checks each record first (lib/replay). So nothing here can
// fail; what cannot be is asserted.
#include "kernel/core/state/state.h"

#include <stddef.h>
#include <string.h>

#include "kernel/core/state/assert.h"

// Words of 32 bits that records have at the same place.
enum {
    WORD_OWNER = 2,     // job, or process, that pays
    WORD_FLAGS = 10,    // of what belongs to a job
    WORD_OVER = 11,     // the same: ended, killed, revoked, sealed
    WORD_NEXT = 12,     // of what belongs to a process
    WORD_PREVIOUS = 13, // the same
};

static const uint32_t MINUS_ONE = UINT32_MAX; // counts wrap

static uint32_t *words_of(const struct state *state, uint32_t arena, uint32_t index)
{
    return arena_at(&state->arenas[arena], index);
}

// --- What a kind of record begins with, and what it is counted in -------------------------------

static void process_begin(struct state *state, uint32_t index)
{
    struct process_entry *process = &state->processes[index];
    process->first_hold = process->first_mapping = process->first_thread = NONE;
}

static void facet_begin(struct state *state, uint32_t index)
{
    struct facet *facet = &state->facets[index];
    facet->expiry_ns = facet->calls = UINT64_MAX;
    if (facet->parent != NONE) {
        facet->object = state->facets[facet->parent].object;
        facet->depth = state->facets[facet->parent].depth + 1;
    }
}

static void hold_begin(struct state *state, uint32_t index)
{
    state->holds[index].seq = state->seq;
}

static void session_count(struct state *state, uint32_t index, uint32_t change)
{
    const struct session_entry *session = &state->sessions[index];
    if (session->parent.generation != 0) {
        state->sessions[session->parent.index].use_count += change;
    }
    if (session->object != NONE) {
        state->facets[state->objects[session->object].root_facet].pin_count += change;
    }
}

static void process_count(struct state *state, uint32_t index, uint32_t change)
{
    state->sessions[state->processes[index].session].use_count += change;
}

static void object_count(struct state *state, uint32_t index, uint32_t change)
{
    const struct object *object = &state->objects[index];
    state->jobs[object->job].used[RESOURCE_PAGES] += change * object->page_count;
}

static void facet_count(struct state *state, uint32_t index, uint32_t change)
{
    uint32_t parent = state->facets[index].parent;
    if (parent != NONE) {
        state->facets[parent].child_count += change;
    }
}

static void hold_count(struct state *state, uint32_t index, uint32_t change)
{
    struct facet *facet = &state->facets[state->holds[index].facet];
    if (state->holds[index].revoker != 0) {
        facet->revoker_count += change;
        return;
    }
    facet->hold_count += change;
    if (facet_is_server(state, facet)) {
        state->objects[facet->object].server_count += change;
    }
}

static void mapping_count(struct state *state, uint32_t index, uint32_t change)
{
    const struct mapping *mapping = &state->mappings[index];
    uint32_t job = state->processes[mapping->process].job;
    state->jobs[job].used[RESOURCE_SPACE] += change * mapping->count;
    state->facets[mapping->facet].pin_count += change;
}

#define LIST(first) (offsetof(struct process_entry, first) / sizeof(uint32_t))

static const struct {
    uint32_t list; // word of its process: head of the list, then its length; 0: it is a job's
    void (*begin)(struct state *, uint32_t);
    void (*count)(struct state *, uint32_t, uint32_t); // change: 1, or -1
} records[ARENA_COUNT] = {
    [ARENA_SESSIONS] = {.count = session_count},
    [ARENA_PROCESSES] = {0, process_begin, process_count},
    [ARENA_THREADS] = {LIST(first_thread), NULL, NULL},
    [ARENA_OBJECTS] = {.count = object_count},
    [ARENA_FACETS] = {0, facet_begin, facet_count},
    [ARENA_HOLDS] = {LIST(first_hold), hold_begin, hold_count},
    [ARENA_MAPPINGS] = {LIST(first_mapping), NULL, mapping_count},
};

static void record_count(struct state *state, uint32_t arena, uint32_t index, uint32_t change)
{
    uint32_t job = words_of(state, arena, index)[WORD_OWNER];
    if (records[arena].list != 0) {
        job = state->processes[job].job;
    }
    state->jobs[job].used[arena] += change;
    if (records[arena].count != NULL) {
        records[arena].count(state, index, change);
    }
}

static uint32_t *list_of(const struct state *state, uint32_t arena, const uint32_t *words)
{
    return words_of(state, ARENA_PROCESSES, words[WORD_OWNER]) + records[arena].list;
}

static void list_insert(struct state *state, uint32_t arena, uint32_t *words, uint32_t index)
{
    uint32_t *list = list_of(state, arena, words);
    words[WORD_NEXT] = list[0];
    words[WORD_PREVIOUS] = NONE;
    if (list[0] != NONE) {
        words_of(state, arena, list[0])[WORD_PREVIOUS] = index;
    }
    list[0] = index;
    list[1]++;
}

static void list_remove(struct state *state, uint32_t arena, const uint32_t *words)
{
    uint32_t *list = list_of(state, arena, words);
    uint32_t next = words[WORD_NEXT];
    uint32_t previous = words[WORD_PREVIOUS];
    *(previous == NONE ? list : words_of(state, arena, previous) + WORD_NEXT) = next;
    if (next != NONE) {
        words_of(state, arena, next)[WORD_PREVIOUS] = previous;
    }
    list[1]--;
}

static void record_create(struct state *state, uint32_t arena, const struct commit *commit)
{
    uint32_t *words = arena_take(&state->arenas[arena], commit);
    uint32_t index = words[0];
    if (records[arena].list != 0) {
        list_insert(state, arena, words, index);
    } else {
        words[WORD_FLAGS] = commit->flags;
    }
    if (records[arena].begin != NULL) {
        records[arena].begin(state, index);
    }
    record_count(state, arena, index, 1);
    digest_count(state, arena, index, 1);
}

static void record_destroy(struct state *state, uint32_t arena, uint32_t index)
{
    digest_count(state, arena, index, UINT64_MAX);
    record_count(state, arena, index, MINUS_ONE);
    if (records[arena].list != 0) {
        list_remove(state, arena, words_of(state, arena, index));
    }
    arena_give(&state->arenas[arena], index);
}

// --- What a kind of commit does beside that -----------------------------------------------------

static void reduce_genesis(struct state *state, const struct commit *commit)
{
    ASSERT(state->seq == 0);
    state->boot_id = commit->genesis.boot_id;
}

static void reduce_genesis_config(struct state *state, const struct commit *commit)
{
    ASSERT(memcmp(&state->config, commit->bytes, sizeof state->config) == 0);
    digest_genesis(state, state->digest);
}

static void limit_add(struct state *state, uint32_t job, uint32_t resource, uint32_t amount)
{
    digest_count(state, ARENA_JOBS, job, UINT64_MAX);
    state->jobs[job].limit[resource] += amount;
    digest_count(state, ARENA_JOBS, job, 1);
}

static void reduce_limit_move(struct state *state, const struct commit *commit)
{
    const struct commit_limit_move *move = &commit->limit_move;
    if (move->from != NONE) {
        limit_add(state, move->from, move->resource, 0U - move->amount);
    }
    limit_add(state, move->to, move->resource, move->amount);
}

static void reduce_job_destroy(struct state *state, const struct commit *commit)
{
    const struct job_entry *job = &state->jobs[commit->job.job.index];
    for (uint32_t resource = 0; resource < RESOURCE_COUNT; resource++) {
        ASSERT(job->used[resource] == 0);
        limit_add(state, job->parent.index, resource, job->limit[resource]);
    }
}

static void reduce_process_start(struct state *state, const struct commit *commit)
{
    uint32_t index = commit->process_start.process.index;
    ASSERT(state->processes[index].state == PROCESS_BUILDING);
    process_count(state, index, MINUS_ONE);
    state->processes[index].state = PROCESS_RUNNING;
    state->processes[index].session = commit->process_start.session;
    process_count(state, index, 1);
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

static void reduce_process_reap(struct state *state, const struct commit *commit)
{
    const struct commit_process_reap *reap = &commit->process_reap;
    const struct process_entry *process = &state->processes[reap->process.index];
    ASSERT(process->state == PROCESS_DEAD);
    ASSERT(reap->count == 0 || reap->first == process->first_hold);
    for (uint32_t i = 0; i < reap->count; i++) {
        record_destroy(state, ARENA_HOLDS, process->first_hold);
    }
    if (reap->last != 0) {
        ASSERT((process->hold_count | process->mapping_count | process->thread_count) == 0);
        record_destroy(state, ARENA_PROCESSES, reap->process.index);
    }
}

static void reduce_object_create(struct state *state, const struct commit *commit)
{
    const struct commit_object_create *create = &commit->object_create;
    struct commit root = {.flags = DISCLOSE_ALL};
    root.facet_create = (struct commit_facet_create){.facet = create->root_facet,
                                                     .job = create->job,
                                                     .parent = NONE,
                                                     .interface = create->interface,
                                                     .methods = UINT64_MAX};
    record_create(state, ARENA_FACETS, &root);
    state->facets[create->root_facet.index].object = create->object.index;
}

static void reduce_object_destroy(struct state *state, const struct commit *commit)
{
    uint32_t root = state->objects[commit->object_destroy.object.index].root_facet;
    ASSERT(facet_is_unused(&state->facets[root]));
    record_destroy(state, ARENA_FACETS, root);
}

static void reduce_facet_lease(struct state *state, const struct commit *commit)
{
    const struct commit_facet_lease *lease = &commit->facet_lease;
    state->facets[lease->facet.index].expiry_ns = lease->expiry_ns;
    state->facets[lease->facet.index].calls = lease->calls;
}

static void reduce_facet_destroy(struct state *state, const struct commit *commit)
{
    const struct facet *facet = &state->facets[commit->facet.facet.index];
    ASSERT(facet_is_unused(facet) && facet->parent != NONE);
}

// The new one comes first, so that nothing that the old one keeps in being is ever without a hold.
static void reduce_hold_move(struct state *state, const struct commit *commit)
{
    const struct commit_hold_move *move = &commit->hold_move;
    const struct hold *old = &state->holds[move->hold.index];
    struct commit insert = {.hold_insert = {.hold = move->made,
                                            .process = move->process,
                                            .facet = old->facet,
                                            .origin = move->hold,
                                            .origin_seq = old->seq,
                                            .transfer = old->transfer,
                                            .scope = old->scope,
                                            .how = (uint8_t)move->how,
                                            .revoker = old->revoker}};
    record_create(state, ARENA_HOLDS, &insert);
}

static void reduce_memory_pages(struct state *state, const struct commit *commit)
{
    const struct commit_memory *memory = &commit->memory;
    uint32_t index = memory->object.index;
    object_count(state, index, MINUS_ONE);
    state->objects[index].page_count +=
        commit->kind == COMMIT_MEMORY_COMMIT ? memory->count : 0U - memory->count;
    object_count(state, index, 1);
}

static void reduce_memory_protect(struct state *state, const struct commit *commit)
{
    const struct commit_memory_protect *protect = &commit->memory_protect;
    state->mappings[protect->mapping.index].rights = protect->rights;
}

enum effect {
    UNKNOWN, // no such kind
    NOTHING, // it names no record first, or its function does it all
    CREATES,
    CHANGES,
    ENDS,
    DESTROYS,
};

static const struct {
    void (*run)(struct state *, const struct commit *); // NULL: nothing is left to do
    uint32_t arena;
    enum effect effect;
} reducers[COMMIT_KIND_COUNT] = {
    [COMMIT_GENESIS] = {reduce_genesis, ARENA_COUNT, NOTHING},
    [COMMIT_GENESIS_CONFIG] = {reduce_genesis_config, ARENA_COUNT, NOTHING},
    [COMMIT_GENESIS_HEAD] = {NULL, ARENA_COUNT, NOTHING},
    [COMMIT_SESSION_CREATE] = {NULL, ARENA_SESSIONS, CREATES},
    [COMMIT_SESSION_END] = {NULL, ARENA_SESSIONS, ENDS},
    [COMMIT_SESSION_DESTROY] = {NULL, ARENA_SESSIONS, DESTROYS},
    [COMMIT_JOB_CREATE] = {NULL, ARENA_JOBS, CREATES},
    [COMMIT_JOB_KILL] = {NULL, ARENA_JOBS, ENDS},
    [COMMIT_JOB_DESTROY] = {reduce_job_destroy, ARENA_JOBS, DESTROYS},
    [COMMIT_LIMIT_MOVE] = {reduce_limit_move, ARENA_COUNT, NOTHING},
    [COMMIT_PROCESS_CREATE] = {NULL, ARENA_PROCESSES, CREATES},
    [COMMIT_PROCESS_START] = {reduce_process_start, ARENA_PROCESSES, CHANGES},
    [COMMIT_PROCESS_EXIT] = {reduce_process_exit, ARENA_PROCESSES, CHANGES},
    [COMMIT_PROCESS_REAP] = {reduce_process_reap, ARENA_COUNT, NOTHING},
    [COMMIT_THREAD_CREATE] = {NULL, ARENA_THREADS, CREATES},
    [COMMIT_THREAD_EXIT] = {NULL, ARENA_THREADS, DESTROYS},
    [COMMIT_OBJECT_CREATE] = {reduce_object_create, ARENA_OBJECTS, CREATES},
    [COMMIT_OBJECT_DESTROY] = {reduce_object_destroy, ARENA_OBJECTS, DESTROYS},
    [COMMIT_FACET_CREATE] = {NULL, ARENA_FACETS, CREATES},
    [COMMIT_FACET_LEASE] = {reduce_facet_lease, ARENA_FACETS, CHANGES},
    [COMMIT_FACET_REVOKE] = {NULL, ARENA_FACETS, ENDS},
    [COMMIT_FACET_DESTROY] = {reduce_facet_destroy, ARENA_FACETS, DESTROYS},
    [COMMIT_HOLD_INSERT] = {NULL, ARENA_HOLDS, CREATES},
    [COMMIT_HOLD_MOVE] = {reduce_hold_move, ARENA_HOLDS, DESTROYS},
    [COMMIT_HOLD_REMOVE] = {NULL, ARENA_HOLDS, DESTROYS},
    [COMMIT_MEMORY_COMMIT] = {reduce_memory_pages, ARENA_OBJECTS, CHANGES},
    [COMMIT_MEMORY_DECOMMIT] = {reduce_memory_pages, ARENA_OBJECTS, CHANGES},
    [COMMIT_MEMORY_MAP] = {NULL, ARENA_MAPPINGS, CREATES},
    [COMMIT_MEMORY_UNMAP] = {NULL, ARENA_MAPPINGS, DESTROYS},
    [COMMIT_MEMORY_PROTECT] = {reduce_memory_protect, ARENA_MAPPINGS, CHANGES},
    [COMMIT_MEMORY_SEAL] = {NULL, ARENA_OBJECTS, ENDS},
    [COMMIT_CHECKPOINT_MARK] = {NULL, ARENA_COUNT, NOTHING},
};

void reduce(struct state *state, const struct commit *commit)
{
    ASSERT(commit->kind < COMMIT_KIND_COUNT && reducers[commit->kind].effect != UNKNOWN);
    uint32_t arena = reducers[commit->kind].arena;
    enum effect effect = reducers[commit->kind].effect;
    struct commit_id id;
    memcpy(&id, commit->bytes, sizeof id);
    ASSERT(effect <= CREATES || arena_has(&state->arenas[arena], id));
    if (effect == CREATES) {
        record_create(state, arena, commit);
    } else if (effect == CHANGES || effect == ENDS) {
        digest_count(state, arena, id.index, UINT64_MAX);
    }
    if (reducers[commit->kind].run != NULL) {
        reducers[commit->kind].run(state, commit);
    }
    if (effect == ENDS) {
        words_of(state, arena, id.index)[WORD_OVER] = 1;
    }
    if (effect == CHANGES || effect == ENDS) {
        digest_count(state, arena, id.index, 1);
    } else if (effect == DESTROYS) {
        record_destroy(state, arena, id.index);
    }
    state->seq++;
}

// --- The places that records have in common -----------------------------------------------------

#define AT(record, field, word)                                                                    \
    static_assert(offsetof(struct record, field) == (word) * sizeof(uint32_t),                     \
                  #record "." #field " stands where all records have it")
#define SAME(record, field, body, of_body)                                                         \
    static_assert(offsetof(struct record, field) == offsetof(struct commit_##body, of_body),       \
                  #record " begins as " #body " does")

AT(session_entry, job, WORD_OWNER);
AT(session_entry, ended, WORD_OVER);
AT(job_entry, parent, WORD_OWNER);
AT(job_entry, flags, WORD_FLAGS);
AT(job_entry, killed, WORD_OVER);
AT(process_entry, job, WORD_OWNER);
AT(process_entry, flags, WORD_FLAGS);
AT(thread_entry, process, WORD_OWNER);
AT(thread_entry, next, WORD_NEXT);
AT(thread_entry, previous, WORD_PREVIOUS);
AT(object, job, WORD_OWNER);
AT(object, flags, WORD_FLAGS);
AT(object, sealed, WORD_OVER);
AT(facet, job, WORD_OWNER);
AT(facet, disclosure, WORD_FLAGS);
AT(facet, revoked, WORD_OVER);
AT(hold, process, WORD_OWNER);
AT(hold, next, WORD_NEXT);
AT(hold, previous, WORD_PREVIOUS);
AT(mapping, process, WORD_OWNER);
AT(mapping, next, WORD_NEXT);
AT(mapping, previous, WORD_PREVIOUS);
SAME(session_entry, object, session_create, object);
SAME(session_entry, parent, session_create, parent);
SAME(session_entry, expiry_ns, session_create, expiry_ns);
SAME(session_entry, identity_hash, session_create, identity_hash);
SAME(process_entry, session, process_create, session);
SAME(process_entry, state, process_create, reserved);
SAME(object, kind, object_create, kind);
SAME(object, root_facet, object_create, root_facet);
SAME(object, interface, object_create, interface);
SAME(object, argument, object_create, argument);
SAME(facet, parent, facet_create, parent);
SAME(facet, interface, facet_create, interface);
SAME(facet, methods, facet_create, methods);
SAME(facet, receiver_data, facet_create, receiver_data);
SAME(hold, facet, hold_insert, facet);
SAME(hold, origin, hold_insert, origin);
SAME(hold, origin_seq, hold_insert, origin_seq);
SAME(hold, transfer, hold_insert, transfer);
SAME(hold, scope, hold_insert, scope);
SAME(hold, how, hold_insert, how);
SAME(hold, revoker, hold_insert, revoker);
SAME(mapping, facet, memory_map, facet);
SAME(mapping, page, memory_map, page);
SAME(mapping, count, memory_map, count);
SAME(mapping, object_page, memory_map, object_page);
SAME(mapping, rights, memory_map, rights);
