// SPDX-License-Identifier: Apache-2.0
//
// See checkpoint.h. What is written goes through one place, which counts it, hashes it, and keeps
// it where there is room for it: so that a hash needs no memory.
#include "lib/replay/checkpoint.h"

#include <string.h>

#include "lib/replay/page.h"
#include "lib/sha256/sha256.h"

static_assert((int)CHECKPOINT_ARENAS == (int)ARENA_COUNT,
              "of each arena the slots that are not in use");

// --- Writing ------------------------------------------------------------------------------------

struct writer {
    const struct state *state;
    uint8_t *to; // NULL: nothing is kept
    struct sha256 sum;
    uint64_t size;
    uint64_t records;
};

static void bytes_put(struct writer *writer, const void *bytes, size_t size)
{
    sha256_update(&writer->sum, bytes, size);
    if (writer->to != NULL)
        memcpy(writer->to + writer->size, bytes, size);
    writer->size += size;
}

static void record_put(struct writer *writer, const struct commit *commit)
{
    writer->records++;
    bytes_put(writer, commit, sizeof(*commit));
}

static struct commit record_of(uint16_t kind)
{
    return (struct commit){.cause = CAUSE_NONE, .kind = kind, .actor = NONE};
}

// A commit whose body is an id alone.
static void id_put(struct writer *writer, uint16_t kind, uint32_t arena, uint32_t index)
{
    struct commit commit = record_of(kind);
    struct commit_id id = arena_id(&writer->state->arenas[arena], index);

    memcpy(commit.bytes, &id, sizeof(id));
    record_put(writer, &commit);
}

// What lies above a record: the depth of one without a parent is 0.
static uint32_t job_depth(const struct state *state, uint32_t job)
{
    uint32_t depth = 0;

    for (struct commit_id at = state->jobs[job].parent; at.generation != 0;
         at = state->jobs[at.index].parent)
        depth++;
    return depth;
}

static uint32_t session_depth(const struct state *state, uint32_t session)
{
    uint32_t depth = 0;

    for (struct commit_id at = state->sessions[session].parent; at.generation != 0;
         at = state->sessions[at.index].parent)
        depth++;
    return depth;
}

static uint32_t facet_depth(const struct state *state, uint32_t facet)
{
    return state->facets[facet].depth;
}

// Whether a job is another, or below it.
static bool is_below(const struct state *state, uint32_t job, uint32_t above)
{
    while (job != above && state->jobs[job].parent.generation != 0)
        job = state->jobs[job].parent.index;
    return job == above;
}

// The job gets what it and all below it may use: each of those takes its part in turn.
static void limits_put(struct writer *writer, uint32_t job)
{
    const struct state *state = writer->state;
    struct commit_id parent = state->jobs[job].parent;

    for (uint32_t resource = 0; resource < RESOURCE_COUNT; resource++) {
        struct commit commit = record_of(COMMIT_LIMIT_MOVE);
        uint32_t amount = 0;
        for (uint32_t other = 0; other < state->arenas[ARENA_JOBS].fresh; other++) {
            if (arena_is_live(&state->arenas[ARENA_JOBS], other) && is_below(state, other, job))
                amount += state->jobs[other].limit[resource];
        }
        commit.limit_move = (struct commit_limit_move){
            .from = parent.generation != 0 ? parent.index : NONE,
            .to = job,
            .resource = resource,
            .amount = amount,
        };
        if (amount != 0)
            record_put(writer, &commit);
    }
}

static void object_rest(struct writer *writer, uint32_t object)
{
    if (writer->state->objects[object].sealed != 0)
        id_put(writer, COMMIT_MEMORY_SEAL, ARENA_OBJECTS, object);
}

static void process_rest(struct writer *writer, uint32_t process)
{
    if (writer->state->processes[process].state == PROCESS_RUNNING)
        id_put(writer, COMMIT_PROCESS_START, ARENA_PROCESSES, process);
}

static void facet_rest(struct writer *writer, uint32_t facet)
{
    const struct facet *record = &writer->state->facets[facet];
    struct commit commit = record_of(COMMIT_FACET_LEASE);

    if (record->expiry_ns == UINT64_MAX && record->calls == UINT64_MAX)
        return;
    commit.facet_lease = (struct commit_facet_lease){
        .facet = arena_id(&writer->state->arenas[ARENA_FACETS], facet),
        .expiry_ns = record->expiry_ns,
        .calls = record->calls,
    };
    record_put(writer, &commit);
}

enum {
    FLAGS_AT = 40, // of a job's record: the flags of the commit that created it
    DEPTHS = 16,   // at most, of anything
};

// How records of an arena come, in the order of the checkpoint.
static const struct {
    uint16_t kind;
    uint32_t arena;
    bool has_flags;
    uint32_t (*depth)(const struct state *, uint32_t); // NULL: nothing stands above them
    void (*rest)(struct writer *, uint32_t);           // what comes after each
} creations[] = {
    {COMMIT_JOB_CREATE, ARENA_JOBS, true, job_depth, limits_put},
    {COMMIT_OBJECT_CREATE, ARENA_OBJECTS, true, NULL, object_rest},
    {COMMIT_SESSION_CREATE, ARENA_SESSIONS, true, session_depth, NULL},
    {COMMIT_PROCESS_CREATE, ARENA_PROCESSES, true, NULL, process_rest},
    {COMMIT_THREAD_CREATE, ARENA_THREADS, false, NULL, NULL},
    {COMMIT_FACET_CREATE, ARENA_FACETS, true, facet_depth, facet_rest},
    {COMMIT_HOLD_INSERT, ARENA_HOLDS, false, NULL, NULL},
    {COMMIT_MEMORY_MAP, ARENA_MAPPINGS, false, NULL, NULL},
};

// A record begins with the body of the commit that created it; of a process, with its beginning.
static void creation_put(struct writer *writer, size_t row, uint32_t index)
{
    uint32_t arena = creations[row].arena;
    const uint8_t *record = arena_slot(&writer->state->arenas[arena], index);
    struct commit commit = record_of(creations[row].kind);

    memcpy(commit.bytes, record, sizeof(commit.bytes));
    if (arena == ARENA_PROCESSES)
        memset(commit.process_create.reserved, 0, sizeof(commit.process_create.reserved));
    if (arena == ARENA_HOLDS)
        commit.cause = writer->state->holds[index].seq;
    if (creations[row].has_flags)
        memcpy(&commit.flags, record + FLAGS_AT, sizeof(commit.flags));
    // A root facet is created with its object.
    if (arena != ARENA_FACETS || writer->state->facets[index].parent != NONE)
        record_put(writer, &commit);
    if (creations[row].rest != NULL)
        creations[row].rest(writer, index);
}

static void creations_put(struct writer *writer, size_t row)
{
    const struct arena *arena = &writer->state->arenas[creations[row].arena];
    uint32_t depths = creations[row].depth == NULL ? 1 : DEPTHS;

    for (uint32_t depth = 0; depth < depths; depth++) {
        for (uint32_t index = 0; index < arena->fresh; index++) {
            if (arena_is_live(arena, index) &&
                (depths == 1 || creations[row].depth(writer->state, index) == depth))
                creation_put(writer, row, index);
        }
    }
}

static void exit_put(struct writer *writer, uint32_t index)
{
    const struct process_entry *process = &writer->state->processes[index];
    struct commit commit = record_of(COMMIT_PROCESS_EXIT);

    commit.process_exit = (struct commit_process_exit){
        .process = arena_id(&writer->state->arenas[ARENA_PROCESSES], index),
        .code = process->exit_code,
        .cause = process->exit_cause,
    };
    record_put(writer, &commit);
}

static bool is_over(const struct state *state, uint32_t arena, uint32_t index)
{
    if (arena == ARENA_PROCESSES)
        return state->processes[index].state == PROCESS_DEAD;
    if (arena == ARENA_FACETS)
        return state->facets[index].revoked != 0;
    return arena == ARENA_SESSIONS ? state->sessions[index].ended != 0
                                   : state->jobs[index].killed != 0;
}

static void ends_put(struct writer *writer)
{
    static const struct {
        uint16_t kind;
        uint32_t arena;
    } ends[] = {{COMMIT_PROCESS_EXIT, ARENA_PROCESSES},
                {COMMIT_FACET_REVOKE, ARENA_FACETS},
                {COMMIT_SESSION_END, ARENA_SESSIONS},
                {COMMIT_JOB_KILL, ARENA_JOBS}};

    for (size_t row = 0; row < sizeof(ends) / sizeof(ends[0]); row++) {
        const struct arena *arena = &writer->state->arenas[ends[row].arena];
        for (uint32_t index = 0; index < arena->fresh; index++) {
            if (!arena_is_live(arena, index) || !is_over(writer->state, ends[row].arena, index))
                continue;
            if (ends[row].arena == ARENA_PROCESSES)
                exit_put(writer, index);
            else
                id_put(writer, ends[row].kind, ends[row].arena, index);
        }
    }
}

static void slots_put(struct writer *writer, const struct arena *arena)
{
    for (uint32_t index = arena->free; index != NONE;) {
        const struct slot *slot = arena_slot(arena, index);
        const struct commit_id id = {index, slot->generation};
        bytes_put(writer, &id, sizeof(id));
        index = slot->link;
    }
    for (uint32_t index = 0; index < arena->fresh && arena->retired != 0; index++) {
        const struct commit_id id = {index, UINT32_MAX};
        const struct slot *slot = arena_slot(arena, index);
        if (!arena_is_live(arena, index) && slot->generation == UINT32_MAX)
            bytes_put(writer, &id, sizeof(id));
    }
}

static void state_put(struct writer *writer)
{
    for (size_t row = 0; row < sizeof(creations) / sizeof(creations[0]); row++)
        creations_put(writer, row);
    ends_put(writer);
}

static struct checkpoint_header header_of(const struct replay *replay, uint64_t records)
{
    const struct state *state = &replay->state;
    struct checkpoint_header header = {
        .magic = CHECKPOINT_MAGIC,
        .version = LOG_VERSION,
        .boot_id = replay->boot_id,
        .seq = state->seq,
        .page = replay->page_count,
        .time_ns = replay->time_ns,
        .digest = {state->digest[0], state->digest[1]},
        .records = records,
    };

    memcpy(header.head, replay->head, HASH_SIZE);
    memcpy(&header.config, &state->config, sizeof(header.config));
    for (uint32_t i = 0; i < ARENA_COUNT; i++) {
        const struct arena *arena = &state->arenas[i];
        header.free[i] = arena->fresh - arena->live - arena->retired;
        header.retired[i] = arena->retired;
    }
    return header;
}

static struct writer writer_of(const struct replay *replay, uint8_t *to)
{
    struct writer writer = {.state = &replay->state, .to = to};

    sha256_init(&writer.sum);
    return writer;
}

static uint64_t records_count(const struct replay *replay)
{
    struct writer writer = writer_of(replay, NULL);

    state_put(&writer);
    return writer.records;
}

static void all_put(const struct replay *replay, uint8_t *to, uint8_t hash[HASH_SIZE])
{
    struct checkpoint_header header = header_of(replay, records_count(replay));
    struct writer writer = writer_of(replay, to);

    bytes_put(&writer, &header, sizeof(header));
    state_put(&writer);
    for (uint32_t i = 0; i < ARENA_COUNT; i++)
        slots_put(&writer, &replay->state.arenas[i]);
    sha256_final(&writer.sum, hash);
    if (to != NULL)
        memcpy(to + writer.size, hash, HASH_SIZE);
}

// What follows the header, but for the hash.
static uint64_t body_size(const struct checkpoint_header *header)
{
    uint64_t slots = 0;

    for (uint32_t i = 0; i < ARENA_COUNT; i++)
        slots += (uint64_t)header->free[i] + header->retired[i];
    return header->records * sizeof(struct commit) + slots * sizeof(struct commit_id);
}

uint64_t checkpoint_size(const struct replay *replay)
{
    struct checkpoint_header header = header_of(replay, records_count(replay));

    return sizeof(header) + body_size(&header) + HASH_SIZE;
}

void checkpoint_write(const struct replay *replay, void *bytes)
{
    uint8_t hash[HASH_SIZE];

    all_put(replay, bytes, hash);
}

void checkpoint_hash(const struct replay *replay, uint8_t hash[HASH_SIZE])
{
    all_put(replay, NULL, hash);
}

// --- Reading ------------------------------------------------------------------------------------

struct state_config checkpoint_config(const struct checkpoint *checkpoint)
{
    struct state_config config;

    memcpy(&config, &checkpoint->header.config, sizeof(config));
    return config;
}

struct replay_error checkpoint_open(struct checkpoint *checkpoint, const void *bytes, size_t size)
{
    struct checkpoint_header *header = &checkpoint->header;
    const uint8_t *start = bytes;
    uint8_t zeros[sizeof(header->reserved)] = {0};

    if (size < sizeof(*header) + HASH_SIZE)
        return replay_fact(REPLAY_CHECKPOINT_SIZE, size, sizeof(*header) + HASH_SIZE);
    memcpy(header, bytes, sizeof(*header));
    if (header->magic != CHECKPOINT_MAGIC)
        return replay_fact(REPLAY_CHECKPOINT_MAGIC, header->magic, CHECKPOINT_MAGIC);
    if (header->version != LOG_VERSION)
        return replay_fact(REPLAY_CHECKPOINT_VERSION, header->version, LOG_VERSION);
    const uint32_t *sizes = &header->config.sessions;
    for (uint32_t i = 0; i < ARENA_COUNT; i++) {
        if (sizes[i] > ARENA_SLOTS_MAX)
            return replay_fact(REPLAY_CONFIG, sizes[i], ARENA_SLOTS_MAX);
    }
    uint64_t whole = UINT64_MAX; // where no file can be so large
    if (header->records <= UINT32_MAX)
        whole = sizeof(*header) + body_size(header) + HASH_SIZE;
    if (whole != size)
        return replay_fact(REPLAY_CHECKPOINT_SIZE, size, whole);
    sha256_of(bytes, size - HASH_SIZE, checkpoint->hash);
    if (memcmp(checkpoint->hash, start + (size - HASH_SIZE), HASH_SIZE) != 0 ||
        memcmp(header->reserved, zeros, sizeof(zeros)) != 0)
        return replay_fact(REPLAY_CHECKPOINT_HASH, 0, 0);
    checkpoint->records = (const struct commit *)(const void *)(start + sizeof(*header));
    checkpoint->slots =
        (const struct commit_id *)(const void *)(checkpoint->records + header->records);
    return replay_fact(REPLAY_OK, 0, 0);
}

// Makes a slot the one that is taken next, with the generation before the one that it gets. False:
// it can't be, since it is in use, or there is no such slot.
static bool slot_offer(struct arena *arena, struct commit_id id)
{
    if (id.index >= arena->size || id.generation == 0)
        return false;
    // What comes next by itself stays that, so that the first of all is the first ever.
    if (id.index == arena->fresh && id.generation == 1)
        return true;
    for (; arena->fresh <= id.index; arena->fresh++) {
        struct slot *gap = arena_slot(arena, arena->fresh);
        *gap = (struct slot){.link = NONE, .generation = 0};
    }
    struct slot *slot = arena_slot(arena, id.index);
    if (slot->link != NONE || slot->generation != 0)
        return false;
    slot->generation = id.generation - 1;
    arena->free = id.index;
    return true;
}

// The slots that a record takes.
static bool slots_offer(struct state *state, const struct commit *commit)
{
    struct commit_id id;
    bool is_offered = true;

    memcpy(&id, commit->bytes, sizeof(id));
    for (size_t row = 0; row < sizeof(creations) / sizeof(creations[0]); row++) {
        if (creations[row].kind == commit->kind)
            is_offered = slot_offer(&state->arenas[creations[row].arena], id);
    }
    if (commit->kind == COMMIT_OBJECT_CREATE)
        is_offered = is_offered &&
                     slot_offer(&state->arenas[ARENA_FACETS], commit->object_create.root_facet);
    return is_offered;
}

static struct replay_error record_take(struct replay *replay, const struct commit *commit)
{
    struct state *state = &replay->state;

    state->seq = commit->kind == COMMIT_HOLD_INSERT ? commit->cause : 2;
    if (state->seq < 2 || state->seq == UINT64_MAX || !slots_offer(state, commit))
        return replay_fact(REPLAY_RECORD, commit->kind, RECORD_NEW_ID);
    return replay_commit(replay, commit);
}

// The slots of an arena that are not in use; `ids`: header.free, then header.retired of them.
static bool arena_close(struct arena *arena, const struct commit_id *ids, uint32_t free,
                        uint32_t retired)
{
    uint64_t fresh = (uint64_t)arena->live + free + retired;
    uint32_t *link = &arena->free;

    if (fresh < arena->fresh || fresh > arena->size)
        return false;
    for (; arena->fresh < fresh; arena->fresh++) {
        struct slot *gap = arena_slot(arena, arena->fresh);
        *gap = (struct slot){.link = NONE, .generation = 0};
    }
    for (uint32_t i = 0; i < free + retired; i++) {
        bool is_retired = i >= free;
        struct slot *slot = ids[i].index < fresh ? arena_slot(arena, ids[i].index) : NULL;
        if (slot == NULL || arena_is_live(arena, ids[i].index) || slot->generation != 0 ||
            ids[i].generation == 0 || is_retired != (ids[i].generation == UINT32_MAX))
            return false;
        slot->generation = ids[i].generation;
        arena->retired += is_retired;
        if (!is_retired) {
            *link = ids[i].index;
            link = &slot->link;
        }
    }
    return true;
}

struct replay_error checkpoint_load(const struct checkpoint *checkpoint, struct replay *replay,
                                    void *storage)
{
    const struct checkpoint_header *header = &checkpoint->header;
    struct state_config config = checkpoint_config(checkpoint);
    const struct commit_id *ids = checkpoint->slots;
    uint8_t hash[HASH_SIZE];

    replay_init(replay, &config, storage);
    replay->boot_id = replay->state.boot_id = header->boot_id;
    replay->page_count = header->page;
    replay->time_ns = header->time_ns;
    memcpy(replay->head, header->head, HASH_SIZE);
    digest_genesis(&replay->state, replay->state.digest);
    for (uint64_t i = 0; i < header->records; i++) {
        struct replay_error error = record_take(replay, &checkpoint->records[i]);
        if (error.fault != REPLAY_OK) {
            error.fault = REPLAY_CHECKPOINT_RECORD;
            error.record = (uint32_t)i;
            return error;
        }
    }
    replay->state.seq = header->seq;
    for (uint32_t i = 0; i < ARENA_COUNT; i++) {
        if (!arena_close(&replay->state.arenas[i], ids, header->free[i], header->retired[i]))
            return replay_fact(REPLAY_CHECKPOINT_SLOTS, i, 0);
        ids += (uint64_t)header->free[i] + header->retired[i];
    }
    checkpoint_hash(replay, hash);
    return memcmp(hash, checkpoint->hash, HASH_SIZE) == 0
               ? replay_fact(REPLAY_OK, 0, 0)
               : replay_fact(REPLAY_CHECKPOINT_FORM, 0, 0);
}
