// SPDX-License-Identifier: Apache-2.0
//
// Building the index: one table row per kind of commit says what it does to the life of the record
// that its body names first; a kind's own function links it to others. Lists are newest first, so
// that nothing is ever written behind a life that is there.
#include "lib/authority/index.h"

#include <string.h>

// --- Storage ------------------------------------------------------------------------------------

static uint64_t slots_of(const struct state_config *config)
{
    const uint32_t *sizes = &config->sessions;
    uint64_t slots = 0;

    for (uint32_t arena = 0; arena < ARENA_COUNT; arena++)
        slots += sizes[arena];
    return slots;
}

uint64_t authority_index_size(const struct state_config *config, uint64_t page_count,
                              uint64_t commits)
{
    return commits * sizeof(struct life) + (page_count + slots_of(config)) * sizeof(uint32_t);
}

void authority_index_init(struct authority_index *index, const struct state_config *config,
                          const struct log_page *pages, uint64_t page_count, uint64_t commits,
                          void *storage)
{
    const uint32_t *sizes = &config->sessions;

    *index = (struct authority_index){.pages = pages, .config = *config, .backwards = LIFE_NONE};
    index->lives = storage;
    index->page_first = (uint32_t *)(void *)(index->lives + commits);
    uint32_t *heads = index->page_first + page_count;
    memset(heads, 0xff, slots_of(config) * sizeof(*heads));
    for (uint32_t arena = 0; arena < ARENA_COUNT; arena++) {
        index->heads[arena] = heads;
        heads += sizes[arena];
    }
}

// --- Kinds --------------------------------------------------------------------------------------

struct row {
    // What becomes of the record that the body names first; NULL: nothing that is asked for later.
    void (*effect)(struct authority_index *, const struct row *, uint32_t, const struct commit *);
    uint32_t arena;
    void (*run)(struct authority_index *, uint32_t, const struct commit *); // the rest, or NULL
};

static uint32_t newest(const struct authority_index *index, uint32_t arena, uint32_t slot)
{
    const uint32_t *sizes = &index->config.sessions;
    return slot < sizes[arena] ? index->heads[arena][slot] : LIFE_NONE;
}

static uint32_t named(const struct authority_index *index, uint32_t arena,
                      const struct commit *commit)
{
    uint32_t slot;

    memcpy(&slot, commit->bytes, sizeof(slot));
    return newest(index, arena, slot);
}

static void creates(struct authority_index *index, const struct row *row, uint32_t seq,
                    const struct commit *commit)
{
    uint32_t slot;

    memcpy(&slot, commit->bytes, sizeof(slot));
    index->lives[seq].slot_before = index->heads[row->arena][slot];
    index->heads[row->arena][slot] = seq;
    if (row->run != NULL)
        row->run(index, seq, commit);
}

static void ends(struct authority_index *index, const struct row *row, uint32_t seq,
                 const struct commit *commit)
{
    uint32_t life = named(index, row->arena, commit);

    index->lives[seq].owner = life;
    index->lives[life].end = seq;
    if (row->run != NULL)
        row->run(index, seq, commit);
}

static void is_over(struct authority_index *index, const struct row *row, uint32_t seq,
                    const struct commit *commit)
{
    uint32_t life = named(index, row->arena, commit);

    index->lives[seq].owner = life;
    index->lives[life].over = seq;
}

static void runs(struct authority_index *index, const struct row *row, uint32_t seq,
                 const struct commit *commit)
{
    index->lives[seq].owner = named(index, row->arena, commit);
    row->run(index, seq, commit);
}

static void session_created(struct authority_index *index, uint32_t seq,
                            const struct commit *commit)
{
    struct commit_id parent = commit->session_create.parent;

    if (parent.generation != 0)
        index->lives[seq].owner = newest(index, ARENA_SESSIONS, parent.index);
}

static void job_created(struct authority_index *index, uint32_t seq, const struct commit *commit)
{
    struct commit_id parent = commit->job_create.parent;

    if (parent.generation != 0)
        index->lives[seq].owner = newest(index, ARENA_JOBS, parent.index);
}

static void process_created(struct authority_index *index, uint32_t seq,
                            const struct commit *commit)
{
    index->lives[seq].owner = newest(index, ARENA_JOBS, commit->process_create.job);
    index->lives[seq].target = newest(index, ARENA_SESSIONS, commit->process_create.session);
}

static void process_started(struct authority_index *index, uint32_t seq,
                            const struct commit *commit)
{
    struct life *process = &index->lives[index->lives[seq].owner];
    (void)commit;
    process->changes = seq;
    index->lives[seq].target = process->target;
}

// The object's life is its root facet's, too.
static void object_created(struct authority_index *index, uint32_t seq, const struct commit *commit)
{
    uint32_t *head = &index->heads[ARENA_FACETS][commit->object_create.root_facet.index];

    index->lives[seq].root_before = *head;
    *head = seq;
    index->lives[seq].owner = seq;
    index->lives[seq].facets = seq;
}

static void facet_created(struct authority_index *index, uint32_t seq, const struct commit *commit)
{
    struct life *life = &index->lives[seq];

    life->target = newest(index, ARENA_FACETS, commit->facet_create.parent);
    life->owner = index->lives[life->target].owner;
    life->owner_before = index->lives[life->owner].facets;
    index->lives[life->owner].facets = seq;
}

static void facet_leased(struct authority_index *index, uint32_t seq, const struct commit *commit)
{
    struct life *facet = &index->lives[index->lives[seq].owner];

    (void)commit;
    index->lives[seq].owner_before = facet->changes;
    facet->changes = seq;
}

static void hold_link(struct authority_index *index, uint32_t seq, uint32_t process, uint32_t facet)
{
    struct life *life = &index->lives[seq];

    life->owner = newest(index, ARENA_PROCESSES, process);
    life->owner_before = index->lives[life->owner].holds;
    index->lives[life->owner].holds = seq;
    life->target = facet;
    life->target_before = index->lives[facet].holds;
    index->lives[facet].holds = seq;
}

static void hold_inserted(struct authority_index *index, uint32_t seq, const struct commit *commit)
{
    const struct commit_hold_insert *insert = &commit->hold_insert;

    index->lives[seq].changes = seq;
    hold_link(index, seq, insert->process, newest(index, ARENA_FACETS, insert->facet));
}

static void hold_moved(struct authority_index *index, uint32_t seq, const struct commit *commit)
{
    const struct commit_hold_move *move = &commit->hold_move;
    uint32_t old = index->lives[seq].owner; // `ends` has found it

    index->lives[seq].slot_before = index->heads[ARENA_HOLDS][move->made.index];
    index->heads[ARENA_HOLDS][move->made.index] = seq;
    index->lives[seq].facets = old;
    index->lives[seq].changes = index->lives[old].changes;
    hold_link(index, seq, move->process, index->lives[old].target);
}

static void memory_mapped(struct authority_index *index, uint32_t seq, const struct commit *commit)
{
    uint32_t process = newest(index, ARENA_PROCESSES, commit->memory_map.process);

    if ((commit->memory_map.rights & RIGHT_EXECUTE) != 0 &&
        index->lives[process].image == LIFE_NONE)
        index->lives[process].image = seq;
}

static const struct row rows[COMMIT_KIND_COUNT] = {
    [COMMIT_SESSION_CREATE] = {creates, ARENA_SESSIONS, session_created},
    [COMMIT_SESSION_END] = {is_over, ARENA_SESSIONS, NULL},
    [COMMIT_SESSION_DESTROY] = {ends, ARENA_SESSIONS, NULL},
    [COMMIT_JOB_CREATE] = {creates, ARENA_JOBS, job_created},
    [COMMIT_JOB_KILL] = {is_over, ARENA_JOBS, NULL},
    [COMMIT_JOB_DESTROY] = {ends, ARENA_JOBS, NULL},
    [COMMIT_PROCESS_CREATE] = {creates, ARENA_PROCESSES, process_created},
    [COMMIT_PROCESS_START] = {runs, ARENA_PROCESSES, process_started},
    [COMMIT_PROCESS_EXIT] = {is_over, ARENA_PROCESSES, NULL},
    [COMMIT_PROCESS_REAP] = {ends, ARENA_PROCESSES, NULL},
    [COMMIT_THREAD_CREATE] = {creates, ARENA_THREADS, NULL},
    [COMMIT_THREAD_EXIT] = {ends, ARENA_THREADS, NULL},
    [COMMIT_OBJECT_CREATE] = {creates, ARENA_OBJECTS, object_created},
    [COMMIT_OBJECT_DESTROY] = {ends, ARENA_OBJECTS, NULL},
    [COMMIT_FACET_CREATE] = {creates, ARENA_FACETS, facet_created},
    [COMMIT_FACET_LEASE] = {runs, ARENA_FACETS, facet_leased},
    [COMMIT_FACET_REVOKE] = {is_over, ARENA_FACETS, NULL},
    [COMMIT_FACET_DESTROY] = {ends, ARENA_FACETS, NULL},
    [COMMIT_HOLD_INSERT] = {creates, ARENA_HOLDS, hold_inserted},
    [COMMIT_HOLD_MOVE] = {ends, ARENA_HOLDS, NULL}, // and see commit_take
    [COMMIT_HOLD_REMOVE] = {ends, ARENA_HOLDS, NULL},
    [COMMIT_MEMORY_MAP] = {creates, ARENA_MAPPINGS, memory_mapped},
    [COMMIT_MEMORY_UNMAP] = {ends, ARENA_MAPPINGS, NULL},
};

static void commit_take(struct authority_index *index, const struct commit *commit)
{
    const struct row *row = &rows[commit->kind];
    uint32_t seq = index->count++;

    memset(&index->lives[seq], 0xff, sizeof(index->lives[seq]));
    if (commit->time_ns < index->latest_ns && index->backwards == LIFE_NONE)
        index->backwards = seq;
    index->latest_ns = commit->time_ns > index->latest_ns ? commit->time_ns : index->latest_ns;
    if (row->effect != NULL)
        row->effect(index, row, seq, commit);
    // The one commit that ends a life and creates another.
    if (commit->kind == COMMIT_HOLD_MOVE)
        hold_moved(index, seq, commit);
}

void authority_index_base(struct authority_index *index, const struct commit *records,
                          uint32_t count, uint64_t seq, uint64_t time_ns)
{
    index->base = records;
    index->base_count = count;
    index->base_seq = seq;
    index->base_ns = index->latest_ns = time_ns;
    while (index->count < count)
        commit_take(index, &records[index->count]);
    index->backwards = LIFE_NONE; // its records have no times
}

void authority_index_page(struct authority_index *index)
{
    const struct log_page *page = &index->pages[index->page_count];

    index->page_first[index->page_count++] = index->count;
    for (uint32_t i = 0; i < page->header.count; i++)
        commit_take(index, &page->records[i]);
}

// --- Finding ------------------------------------------------------------------------------------

// The page that has a commit: where no page closed short, it is where division says.
static uint32_t page_of(const struct authority_index *index, uint32_t seq)
{
    uint32_t low = (seq - index->base_count) / COMMITS_PER_PAGE;
    uint32_t high = index->page_count;

    if (index->page_first[low] <= seq &&
        (low + 1 == index->page_count || seq < index->page_first[low + 1]))
        return low;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (index->page_first[middle] <= seq)
            low = middle;
        else
            high = middle;
    }
    return low;
}

const struct commit *authority_commit(const struct authority_index *index, uint32_t life)
{
    if (life_is_before(index, life))
        return &index->base[life];
    uint32_t page = page_of(index, life);
    return &index->pages[page].records[life - index->page_first[page]];
}

uint64_t authority_seq(const struct authority_index *index, uint32_t life)
{
    if (!life_is_before(index, life))
        return index->base_seq + (life - index->base_count);
    const struct commit *record = &index->base[life];
    return record->kind == COMMIT_HOLD_INSERT ? record->cause : index->base_seq;
}

bool authority_at_of(const struct authority_index *index, uint64_t seq, uint32_t *at)
{
    uint64_t behind = seq - index->base_seq;

    *at = index->base_count + (uint32_t)behind;
    return seq >= index->base_seq && behind <= index->count - index->base_count;
}

bool authority_moment(const struct authority_index *index, uint64_t time_ns, uint32_t *at)
{
    uint32_t low = index->base_count;
    uint32_t high = index->count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (authority_commit(index, middle)->time_ns <= time_ns)
            low = middle + 1;
        else
            high = middle;
    }
    *at = low;
    return index->backwards == LIFE_NONE;
}

uint32_t authority_life(const struct authority_index *index, uint32_t arena, uint32_t slot,
                        uint32_t at)
{
    uint32_t life = newest(index, arena, slot);

    while (life != LIFE_NONE && !life_is_there(index, life, at)) {
        bool is_root =
            arena == ARENA_FACETS && authority_commit(index, life)->kind == COMMIT_OBJECT_CREATE;
        if (life < at)
            return LIFE_NONE; // it had ended, and what came before ended sooner
        life = is_root ? index->lives[life].root_before : index->lives[life].slot_before;
    }
    return life;
}

uint32_t authority_life_of(const struct authority_index *index, uint32_t arena, struct commit_id id,
                           uint32_t at)
{
    uint32_t life = newest(index, arena, id.index);

    while (life != LIFE_NONE) {
        struct commit_id found = authority_id(index, arena, life);
        if (life < at && (id.generation == 0 || found.generation == id.generation))
            return life;
        bool is_root =
            arena == ARENA_FACETS && authority_commit(index, life)->kind == COMMIT_OBJECT_CREATE;
        life = is_root ? index->lives[life].root_before : index->lives[life].slot_before;
    }
    return LIFE_NONE;
}

struct commit_id authority_id(const struct authority_index *index, uint32_t arena, uint32_t life)
{
    const struct commit *commit = authority_commit(index, life);
    struct commit_id id;

    if (commit->kind == COMMIT_HOLD_MOVE)
        return commit->hold_move.made;
    if (arena == ARENA_FACETS && commit->kind == COMMIT_OBJECT_CREATE)
        return commit->object_create.root_facet;
    memcpy(&id, commit->bytes, sizeof(id));
    return id;
}
