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
    return arena_slot(&state->arenas[arena], index);
}

// --- What follows from a record -----------------------------------------------------------------

// It has come (change: 1), and what no commit says of it has its first value; or it goes (-1).

static void session_count(struct state *state, void *record, uint32_t change)
{
    const struct session_entry *session = record;
    if (session->parent.generation != 0) {
        state->sessions[session->parent.index].use_count += change;
    }
    if (session->object != NONE) {
        state->facets[state->objects[session->object].root_facet].pin_count += change;
    }
}

static void process_count(struct state *state, void *record, uint32_t change)
{
    struct process_entry *process = record;
    state->sessions[process->session].use_count += change;
    if (change == 1) {
        process->first_hold = process->first_mapping = process->first_thread = NONE;
    }
}

static void object_count(struct state *state, void *record, uint32_t change)
{
    const struct object *object = record;
    if (object->kind == OBJECT_MEMORY) {
        state->jobs[object->job].used[RESOURCE_PAGES] += change * (uint32_t)object->argument;
    }
}

static void facet_count(struct state *state, void *record, uint32_t change)
{
    struct facet *facet = record;
    ASSERT(change == 1 || facet_is_unused(facet));
    if (facet->parent != NONE) {
        struct facet *parent = &state->facets[facet->parent];
        parent->child_count += change;
        facet->object = parent->object;
        facet->depth = parent->depth + 1;
    }
    if (change == 1) {
        facet->expiry_ns = facet->calls = UINT64_MAX;
    }
}

// So many more holds of a server side count for their facet and for those above it, up to one that
// is cut off.
static void servers_count(struct state *state, uint32_t facet, uint32_t change)
{
    while (facet != NONE) {
        struct facet *node = &state->facets[facet];
        node->server_count += change;
        facet = node->revoked != 0 ? NONE : node->parent;
    }
}

static void hold_count(struct state *state, void *record, uint32_t change)
{
    struct hold *hold = record;
    struct facet *facet = &state->facets[hold->facet];
    if (change == 1) {
        hold->seq = state->seq;
    }
    if (hold->revoker != 0) {
        facet->revoker_count += change;
        return;
    }
    facet->hold_count += change;
    if (facet_is_server(state, facet)) {
        servers_count(state, hold->facet, change);
    }
}

static void mapping_count(struct state *state, void *record, uint32_t change)
{
    const struct mapping *mapping = record;
    uint32_t job = state->processes[mapping->process].job;
    state->jobs[job].used[RESOURCE_SPACE] += change * mapping->count;
    state->facets[mapping->facet].pin_count += change;
}

#define WORD(record, field) (offsetof(struct record, field) / sizeof(uint32_t))

static const struct {
    uint64_t list; // word of its process: head of the list, then its length; 0: it is a job's
    void (*count)(struct state *, void *, uint32_t);
} records[ARENA_COUNT] = {
    [ARENA_SESSIONS] = {0, session_count},
    [ARENA_PROCESSES] = {0, process_count},
    [ARENA_THREADS] = {WORD(process_entry, first_thread), NULL},
    [ARENA_OBJECTS] = {0, object_count},
    [ARENA_FACETS] = {0, facet_count},
    [ARENA_HOLDS] = {WORD(process_entry, first_hold), hold_count},
    [ARENA_MAPPINGS] = {WORD(process_entry, first_mapping), mapping_count},
};

struct reducer {
    // What happens to the record that the body names first, in which arena; NULL: no such kind.
    void (*effect)(struct state *, const struct reducer *, const struct commit *);
    uint32_t arena;
    void (*run)(struct state *, const struct commit *); // the rest; NULL: there is none
};

static const struct reducer reducers[COMMIT_KIND_COUNT];

static void run(struct state *state, const struct reducer *reducer, const struct commit *commit)
{
    if (reducer->run != NULL) {
        reducer->run(state, commit);
    }
}

static inline __attribute__((always_inline)) void record_create(struct state *state, uint32_t arena,
                                                                const struct commit *commit)
{
    uint32_t *words = arena_take(&state->arenas[arena], commit);
    uint32_t job = words[WORD_OWNER];
    if (records[arena].list != 0) {
        struct process_entry *process = &state->processes[job];
        uint32_t *list = (uint32_t *)process + records[arena].list;
        words[WORD_NEXT] = list[0];
        words[WORD_PREVIOUS] = NONE;
        if (list[0] != NONE) {
            words_of(state, arena, list[0])[WORD_PREVIOUS] = words[0];
        }
        list[0] = words[0];
        list[1]++;
        job = process->job;
    } else {
        words[WORD_FLAGS] = commit->flags;
    }
    state->jobs[job].used[arena]++;
    if (records[arena].count != NULL) {
        records[arena].count(state, words, 1);
    }
    digest_count(state, arena, words, 1, state->digest);
}

static void creates(struct state *state, const struct reducer *reducer, const struct commit *commit)
{
    record_create(state, reducer->arena, commit);
    run(state, reducer, commit);
}

static inline __attribute__((always_inline)) void record_destroy(struct state *state,
                                                                 uint32_t arena, uint32_t *words)
{
    digest_count(state, arena, words, UINT64_MAX, state->digest);
    if (records[arena].count != NULL) {
        records[arena].count(state, words, MINUS_ONE);
    }
    uint32_t job = words[WORD_OWNER];
    if (records[arena].list != 0) {
        struct process_entry *process = &state->processes[job];
        uint32_t *list = (uint32_t *)process + records[arena].list;
        uint32_t next = words[WORD_NEXT];
        uint32_t previous = words[WORD_PREVIOUS];
        *(previous == NONE ? list : words_of(state, arena, previous) + WORD_NEXT) = next;
        if (next != NONE) {
            words_of(state, arena, next)[WORD_PREVIOUS] = previous;
        }
        list[1]--;
        job = process->job;
    }
    state->jobs[job].used[arena]--;
    arena_give(&state->arenas[arena], words);
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
    digest_count(state, ARENA_JOBS, &state->jobs[job], UINT64_MAX, state->digest);
    state->jobs[job].limit[resource] += amount;
    digest_count(state, ARENA_JOBS, &state->jobs[job], 1, state->digest);
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
    record_destroy(state, ARENA_FACETS, words_of(state, ARENA_FACETS, root));
}

// Before its record says so.
static void reduce_facet_revoke(struct state *state, const struct commit *commit)
{
    const struct facet *facet = &state->facets[commit->facet.facet.index];
    servers_count(state, facet->parent, 0U - facet->server_count);
}

// The new one comes first, so that nothing that the old one keeps in being is ever without a hold.
static void reduce_hold_move(struct state *state, const struct commit *commit)
{
    const struct commit_hold_move *move = &commit->hold_move;
    const struct hold *old = &state->holds[move->hold.index];
    struct commit insert = {0};
    memcpy(insert.bytes, old, sizeof insert.bytes);
    insert.hold_insert.hold = move->made;
    insert.hold_insert.process = move->process;
    insert.hold_insert.origin = move->hold;
    insert.hold_insert.origin_seq = old->seq;
    insert.hold_insert.how = (uint8_t)move->how;
    record_create(state, ARENA_HOLDS, &insert);
}

// --- What happens to the record that a commit names first ----------------------------------------

// The live record that the commit's body names first.
static uint32_t *named(const struct state *state, uint32_t arena, const struct commit *commit)
{
    ASSERT(
        arena_has(&state->arenas[arena], *(const struct commit_id *)(const void *)commit->bytes));
    return words_of(state, arena, *(const uint32_t *)(const void *)commit->bytes);
}

static void destroys(struct state *state, const struct reducer *reducer,
                     const struct commit *commit)
{
    run(state, reducer, commit);
    record_destroy(state, reducer->arena, named(state, reducer->arena, commit));
}

// The same for holds, of which there are most: what the tables say of them is known beforehand.
static void creates_hold(struct state *state, const struct reducer *reducer,
                         const struct commit *commit)
{
    (void)reducer;
    record_create(state, ARENA_HOLDS, commit);
}

static void destroys_hold(struct state *state, const struct reducer *reducer,
                          const struct commit *commit)
{
    (void)reducer;
    record_destroy(state, ARENA_HOLDS, named(state, ARENA_HOLDS, commit));
}

// What changes beside what a kind's function does: so many words of the record, from one on, are
// those behind the id in the body; and how far the record has come stands in a word, and only grows
// (stage 0: it stays where it is).
static const struct {
    uint8_t to, count, stage_at, stage;
} changed[COMMIT_KIND_COUNT] = {
    [COMMIT_SESSION_END] = {0, 0, WORD_OVER, 1},
    [COMMIT_JOB_KILL] = {0, 0, WORD_OVER, 1},
    [COMMIT_PROCESS_START] = {0, 0, WORD(process_entry, state), PROCESS_RUNNING},
    [COMMIT_PROCESS_EXIT] = {WORD(process_entry, exit_code), 2, WORD(process_entry, state),
                             PROCESS_DEAD},
    [COMMIT_FACET_LEASE] = {WORD(facet, expiry_ns), 4, 0, 0},
    [COMMIT_FACET_REVOKE] = {0, 0, WORD_OVER, 1},
    [COMMIT_MEMORY_SEAL] = {0, 0, WORD_OVER, 1},
};

static void changes(struct state *state, const struct reducer *reducer, const struct commit *commit)
{
    uint32_t *words = named(state, reducer->arena, commit);
    digest_count(state, reducer->arena, words, UINT64_MAX, state->digest);
    run(state, reducer, commit);
    const uint8_t *from = commit->bytes + sizeof(struct commit_id);
    memcpy(words + changed[commit->kind].to, from, changed[commit->kind].count * sizeof words[0]);
    if (changed[commit->kind].stage != 0) {
        ASSERT(words[changed[commit->kind].stage_at] < changed[commit->kind].stage);
        words[changed[commit->kind].stage_at] = changed[commit->kind].stage;
    }
    digest_count(state, reducer->arena, words, 1, state->digest);
}

static const struct reducer reducers[COMMIT_KIND_COUNT] = {
    [COMMIT_GENESIS] = {run, ARENA_COUNT, reduce_genesis},
    [COMMIT_GENESIS_CONFIG] = {run, ARENA_COUNT, reduce_genesis_config},
    [COMMIT_GENESIS_HEAD] = {run, ARENA_COUNT, NULL},
    [COMMIT_SESSION_CREATE] = {creates, ARENA_SESSIONS, NULL},
    [COMMIT_SESSION_END] = {changes, ARENA_SESSIONS, NULL},
    [COMMIT_SESSION_DESTROY] = {destroys, ARENA_SESSIONS, NULL},
    [COMMIT_JOB_CREATE] = {creates, ARENA_JOBS, NULL},
    [COMMIT_JOB_KILL] = {changes, ARENA_JOBS, NULL},
    [COMMIT_JOB_DESTROY] = {destroys, ARENA_JOBS, reduce_job_destroy},
    [COMMIT_LIMIT_MOVE] = {run, ARENA_COUNT, reduce_limit_move},
    [COMMIT_PROCESS_CREATE] = {creates, ARENA_PROCESSES, NULL},
    [COMMIT_PROCESS_START] = {changes, ARENA_PROCESSES, NULL},
    [COMMIT_PROCESS_EXIT] = {changes, ARENA_PROCESSES, NULL},
    [COMMIT_PROCESS_REAP] = {destroys, ARENA_PROCESSES, NULL},
    [COMMIT_THREAD_CREATE] = {creates, ARENA_THREADS, NULL},
    [COMMIT_THREAD_EXIT] = {destroys, ARENA_THREADS, NULL},
    [COMMIT_OBJECT_CREATE] = {creates, ARENA_OBJECTS, reduce_object_create},
    [COMMIT_OBJECT_DESTROY] = {destroys, ARENA_OBJECTS, reduce_object_destroy},
    [COMMIT_FACET_CREATE] = {creates, ARENA_FACETS, NULL},
    [COMMIT_FACET_LEASE] = {changes, ARENA_FACETS, NULL},
    [COMMIT_FACET_REVOKE] = {changes, ARENA_FACETS, reduce_facet_revoke},
    [COMMIT_FACET_DESTROY] = {destroys, ARENA_FACETS, NULL},
    [COMMIT_HOLD_INSERT] = {creates_hold, ARENA_HOLDS, NULL},
    [COMMIT_HOLD_MOVE] = {destroys, ARENA_HOLDS, reduce_hold_move},
    [COMMIT_HOLD_REMOVE] = {destroys_hold, ARENA_HOLDS, NULL},
    [COMMIT_MEMORY_MAP] = {creates, ARENA_MAPPINGS, NULL},
    [COMMIT_MEMORY_UNMAP] = {destroys, ARENA_MAPPINGS, NULL},
    [COMMIT_MEMORY_SEAL] = {changes, ARENA_OBJECTS, NULL},
    [COMMIT_CHECKPOINT_MARK] = {run, ARENA_COUNT, NULL},
};

uint32_t commit_arena(enum commit_kind kind)
{
    return reducers[kind].arena;
}

void reduce(struct state *state, const struct commit *commit)
{
    ASSERT(commit->kind < COMMIT_KIND_COUNT && reducers[commit->kind].effect != NULL);
    const struct reducer *reducer = &reducers[commit->kind];
    reducer->effect(state, reducer, commit);
    state->seq++;
}

// --- The places that records have in common -----------------------------------------------------

#define AT(record, field, word)                                                                    \
    static_assert(offsetof(struct record, field) == (word) * sizeof(uint32_t),                     \
                  #record "." #field " stands where all records have it")
#define SAME(record, field, body, of_body)                                                         \
    static_assert(offsetof(struct record, field) == offsetof(struct commit_##body, of_body),       \
                  #record " begins as " #body " does")
#define COPIED(record, to, field, body, of_body)                                                   \
    static_assert(offsetof(struct record, field) - offsetof(struct record, to) ==                  \
                      offsetof(struct commit_##body, of_body) - sizeof(struct commit_id),          \
                  #body " changes " #record " from " #to " on")

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
COPIED(process_entry, exit_code, exit_code, process_exit, code);
COPIED(process_entry, exit_code, exit_cause, process_exit, cause);
COPIED(facet, expiry_ns, expiry_ns, facet_lease, expiry_ns);
COPIED(facet, expiry_ns, calls, facet_lease, calls);
