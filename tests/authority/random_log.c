// SPDX-License-Identifier: Apache-2.0
//
// Writes a commit log of a random history, the same for the same seed:
//
//     random_log SEED COMMITS FILE
//
// Every commit is one that record_check() lets follow, of every kind that changes who may do what:
// sessions and jobs that end, processes that are built, run and die, facets that are narrowed,
// leased and revoked, holds that are granted, passed, returned, moved and dropped. Each log has
// between 8 and 32 processes. Some pages close short.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi/ring.h"
#include "kernel/core/state/assert.h"
#include "lib/replay/wellformed.h"
#include "lib/sha256/sha256.h"

#define INTERFACE 0x9f4b3c0000000000
#define BOOT      0x0a11ce0000000000

enum { TRIES = 24, SHORT_PAGE_IN = 50 };

static struct state state;
static struct log_page page;
static uint64_t page_number;
static uint8_t head[HASH_SIZE];
static FILE *out;
static uint64_t seed;
static uint64_t now_ns;

_Noreturn void assert_fail(const char *claim, const char *file, uint32_t line)
{
    fprintf(stderr, "%s:%u: %s\n", file, line, claim);
    abort();
}

static uint32_t below(uint32_t limit)
{
    seed = seed * 6364136223846793005 + 1442695040888963407;
    return (uint32_t)((seed >> 33) % limit);
}

// --- Writing ------------------------------------------------------------------------------------

static void page_close(void)
{
    struct log_page_header *header = &page.header;

    if (header->count == 0)
        return;
    header->magic = LOG_PAGE_MAGIC;
    header->version = LOG_VERSION;
    header->boot_id = state.boot_id;
    header->page = page_number++;
    header->digest = state.digest[0];
    memcpy(header->previous, head, HASH_SIZE);
    sha256_of(&page, sizeof(page), head);
    ASSERT(fwrite(&page, sizeof(page), 1, out) == 1);
    memset(&page, 0, sizeof(page));
}

static bool apply(struct commit *commit)
{
    commit->time_ns = now_ns;
    commit->cause = state.seq;
    if (record_check(&state, commit) != RECORD_OK)
        return false;
    page.records[page.header.count++] = *commit;
    reduce(&state, commit);
    if (page.header.count == COMMITS_PER_PAGE || below(COMMITS_PER_PAGE * SHORT_PAGE_IN) == 0)
        page_close();
    return true;
}

static void trailer_write(void)
{
    struct log_trailer trailer = {.magic = LOG_TRAILER_MAGIC,
                                  .version = LOG_VERSION,
                                  .boot_id = state.boot_id,
                                  .seq = state.seq,
                                  .pages = page_number};

    state_digest(&state, trailer.digest);
    memcpy(trailer.head, head, HASH_SIZE);
    ASSERT(fwrite(&trailer, sizeof(trailer), 1, out) == 1);
}

// --- Choosing -----------------------------------------------------------------------------------

static uint32_t any(uint32_t arena)
{
    const struct arena *slots = &state.arenas[arena];

    for (uint32_t i = 0; i < TRIES && slots->fresh != 0; i++) {
        uint32_t index = below(slots->fresh);
        if (arena_is_live(slots, index))
            return index;
    }
    return NONE;
}

static struct commit_id id_of(uint32_t arena, uint32_t index)
{
    return arena_id(&state.arenas[arena], index);
}

static uint32_t process_in(uint32_t stage)
{
    for (uint32_t i = 0; i < TRIES; i++) {
        uint32_t process = any(ARENA_PROCESSES);
        if (process != NONE && state.processes[process].state == stage)
            return process;
    }
    return NONE;
}

static bool is_crowded(uint32_t arena)
{
    return arena_room(&state.arenas[arena]) < state.arenas[arena].size / 4;
}

// --- Steps: false where nothing fits -------------------------------------------------------------

static bool session_step(struct commit *commit)
{
    uint32_t parent = any(ARENA_SESSIONS);
    uint32_t job = any(ARENA_JOBS);

    if (parent == NONE || job == NONE)
        return false;
    commit->kind = COMMIT_SESSION_END;
    commit->session.session = id_of(ARENA_SESSIONS, parent);
    if (is_crowded(ARENA_SESSIONS))
        commit->kind = COMMIT_SESSION_DESTROY;
    else if (below(4) != 0) {
        commit->kind = COMMIT_SESSION_CREATE;
        commit->session_create = (struct commit_session_create){
            .session = arena_peek(&state.arenas[ARENA_SESSIONS]),
            .job = job,
            .object = NONE,
            .parent = below(3) == 0 ? (struct commit_id){0, 0} : id_of(ARENA_SESSIONS, parent),
            .expiry_ns = below(4) == 0 ? now_ns + below(100000) : UINT64_MAX};
    }
    return parent != 0 || commit->kind == COMMIT_SESSION_CREATE;
}

static bool job_step(struct commit *commit)
{
    uint32_t job = any(ARENA_JOBS);
    uint32_t choice = below(6);

    if (job == NONE)
        return false;
    commit->kind = job == 0 || choice < 3 ? COMMIT_JOB_CREATE : COMMIT_LIMIT_MOVE;
    if (job != 0 && choice == 5)
        commit->kind = is_crowded(ARENA_JOBS) || below(2) ? COMMIT_JOB_DESTROY : COMMIT_JOB_KILL;
    if (commit->kind == COMMIT_JOB_CREATE) {
        commit->job_create.job = arena_peek(&state.arenas[ARENA_JOBS]);
        commit->job_create.parent = id_of(ARENA_JOBS, job);
    } else if (commit->kind == COMMIT_LIMIT_MOVE) {
        static const uint32_t wanted[] = {RESOURCE_PROCESSES, RESOURCE_HOLDS, RESOURCE_FACETS};
        uint32_t resource = below(4) == 0 ? below(RESOURCE_COUNT) : wanted[below(3)];
        commit->limit_move =
            (struct commit_limit_move){.from = state.jobs[job].parent.index,
                                       .to = job,
                                       .resource = resource,
                                       .amount = state.jobs[0].limit[resource] / 8};
    } else {
        commit->job.job = id_of(ARENA_JOBS, job);
    }
    return true;
}

static bool process_step(struct commit *commit)
{
    uint32_t process = any(ARENA_PROCESSES);
    uint32_t job = below(3) == 0 ? any(ARENA_JOBS) : 0;
    uint32_t session = any(ARENA_SESSIONS);

    if (job == NONE || session == NONE)
        return false;
    if (process == NONE || (below(3) == 0 && !is_crowded(ARENA_PROCESSES))) {
        commit->kind = COMMIT_PROCESS_CREATE;
        commit->process_create.process = arena_peek(&state.arenas[ARENA_PROCESSES]);
        commit->process_create.job = job;
        commit->process_create.session = session;
        return true;
    }
    uint32_t stage = state.processes[process].state;
    commit->kind = COMMIT_PROCESS_REAP;
    commit->process_reap.process = id_of(ARENA_PROCESSES, process);
    if (stage == PROCESS_BUILDING && below(8) != 0) {
        commit->kind = COMMIT_PROCESS_START;
    } else if (stage != PROCESS_DEAD) {
        commit->kind = COMMIT_PROCESS_EXIT;
        commit->process_exit.code = (int32_t)below(5);
        return below(is_crowded(ARENA_PROCESSES) ? 10 : 60) == 0;
    }
    return true;
}

static bool object_step(struct commit *commit)
{
    static const uint32_t kinds[] = {OBJECT_ENDPOINT, OBJECT_ENDPOINT, OBJECT_ENDPOINT,
                                     OBJECT_TIMER,    OBJECT_CONSOLE,  OBJECT_NOTIFICATION};
    static const uint32_t interfaces[] = {0x103, 0x103, 0x103, 0x102, 0x101, 0x10a};
    uint32_t object = any(ARENA_OBJECTS);
    uint32_t job = below(4) == 0 ? any(ARENA_JOBS) : 0;
    uint32_t which = below(6);

    commit->kind = COMMIT_OBJECT_DESTROY;
    if (object != NONE && (is_crowded(ARENA_OBJECTS) || below(3) == 0)) {
        commit->object_destroy.object = id_of(ARENA_OBJECTS, object);
        return true;
    }
    commit->kind = COMMIT_OBJECT_CREATE;
    commit->object_create =
        (struct commit_object_create){.object = arena_peek(&state.arenas[ARENA_OBJECTS]),
                                      .job = job,
                                      .kind = kinds[which],
                                      .root_facet = arena_peek(&state.arenas[ARENA_FACETS]),
                                      .interface = INTERFACE + interfaces[which],
                                      .argument = 64};
    return job != NONE;
}

static bool facet_step(struct commit *commit)
{
    uint32_t facet = any(ARENA_FACETS);
    uint32_t choice = below(10);

    if (facet == NONE)
        return false;
    const struct facet *at = &state.facets[facet];
    commit->facet.facet = id_of(ARENA_FACETS, facet);
    if (choice < 2 || is_crowded(ARENA_FACETS)) {
        commit->kind = COMMIT_FACET_DESTROY;
    } else if (choice == 2) {
        commit->kind = COMMIT_FACET_REVOKE;
    } else if (choice == 3) {
        commit->kind = COMMIT_FACET_LEASE;
        commit->facet_lease.expiry_ns = below(3) == 0 ? UINT64_MAX : now_ns + below(20000);
        commit->facet_lease.calls = UINT64_MAX;
    } else {
        bool is_minted = facet_is_server(&state, at) && below(4) != 0;
        commit->kind = COMMIT_FACET_CREATE;
        commit->facet_create = (struct commit_facet_create){
            .facet = arena_peek(&state.arenas[ARENA_FACETS]),
            .parent = facet,
            .interface = is_minted ? INTERFACE + (below(2) == 0 ? 0x201 : 0x205) : at->interface,
            .methods = is_minted ? below(8) : at->methods & below(8)};
    }
    return true;
}

// A hold from what somebody holds, as a transfer or a facet's maker would make it; else of genesis.
static bool insert_step(struct commit *commit)
{
    uint32_t from = any(ARENA_HOLDS);
    struct commit_hold_insert *insert = &commit->hold_insert;

    commit->kind = COMMIT_HOLD_INSERT;
    insert->hold = arena_peek(&state.arenas[ARENA_HOLDS]);
    insert->process = any(ARENA_PROCESSES);
    insert->facet = any(ARENA_FACETS);
    insert->transfer = (uint8_t)(below(4) != 0 ? TRANSFER_COPY : below(3));
    insert->scope = (uint8_t)(below(3) != 0 ? SCOPE_SHAREABLE : below(3));
    insert->revoker = below(10) == 0;
    if (from == NONE || below(12) == 0)
        return true;
    insert->how = (uint8_t)(HOW_GRANT + below(4));
    insert->origin = id_of(ARENA_HOLDS, from);
    insert->origin_seq = state.holds[from].seq;
    if (insert->how == HOW_MINT)
        insert->process = state.holds[from].process;
    else
        insert->facet = state.holds[from].facet;
    if (insert->how == HOW_GRANT)
        insert->process = process_in(PROCESS_BUILDING);
    return true;
}

static bool hold_step(struct commit *commit)
{
    uint32_t hold = any(ARENA_HOLDS);
    uint32_t choice = below(10);

    if (hold == NONE || (choice < 6 && !is_crowded(ARENA_HOLDS)))
        return insert_step(commit);
    commit->kind = COMMIT_HOLD_REMOVE;
    commit->hold_remove.hold = id_of(ARENA_HOLDS, hold);
    bool is_dead = state.processes[state.holds[hold].process].state == PROCESS_DEAD;
    if (choice < 8 && !is_dead) {
        commit->kind = COMMIT_HOLD_MOVE;
        commit->hold_move.made = arena_peek(&state.arenas[ARENA_HOLDS]);
        commit->hold_move.process = any(ARENA_PROCESSES);
        commit->hold_move.how = HOW_CALL + below(2);
    }
    return true;
}

static void step(void)
{
    static bool (*const steps[])(struct commit *) = {
        session_step, job_step,   job_step,  process_step, object_step, object_step, facet_step,
        facet_step,   facet_step, hold_step, hold_step,    hold_step,   hold_step,   hold_step,
        hold_step,    hold_step,  hold_step, hold_step,    hold_step,   hold_step,   hold_step};
    struct commit commit = {.kind = 0};
    uint32_t actor = process_in(PROCESS_RUNNING);

    commit.actor = below(5) == 0 ? NONE : actor;
    now_ns += below(3) == 0 ? below(2000) : 0;
    if (steps[below(sizeof(steps) / sizeof(steps[0]))](&commit))
        apply(&commit);
}

// --- Genesis ------------------------------------------------------------------------------------

static void genesis(const struct state_config *config)
{
    uint32_t amounts[RESOURCE_COUNT] = {[RESOURCE_CALLS] = 64, [RESOURCE_LOG] = 64};
    struct commit commit = {.kind = COMMIT_GENESIS, .actor = NONE};

    commit.genesis.boot_id = BOOT + seed;
    commit.genesis.abi_major = 1;
    ASSERT(apply(&commit));
    commit = (struct commit){.kind = COMMIT_GENESIS_CONFIG, .actor = NONE};
    memcpy(commit.bytes, config, sizeof(*config));
    memcpy(amounts, config, sizeof(*config));
    ASSERT(apply(&commit));
    commit = (struct commit){.kind = COMMIT_JOB_CREATE, .actor = NONE};
    commit.job_create.job = (struct commit_id){0, 1};
    ASSERT(apply(&commit));
    for (uint32_t resource = 0; resource < RESOURCE_COUNT; resource++) {
        commit = (struct commit){.kind = COMMIT_LIMIT_MOVE, .actor = NONE};
        commit.limit_move = (struct commit_limit_move){
            .from = NONE, .resource = resource, .amount = amounts[resource]};
        ASSERT(apply(&commit));
    }
    commit = (struct commit){.kind = COMMIT_SESSION_CREATE, .actor = NONE};
    commit.session_create =
        (struct commit_session_create){.session = {0, 1}, .object = NONE, .expiry_ns = UINT64_MAX};
    ASSERT(apply(&commit));
}

int main(int count, char **words)
{
    if (count != 4) {
        fputs("random_log SEED COMMITS FILE\n", stderr);
        return 2;
    }
    seed = strtoull(words[1], NULL, 10) * 2 + 1;
    uint64_t commits = strtoull(words[2], NULL, 10);
    uint32_t scale = 2U << below(3);
    struct state_config config = {8,          8,           4 * scale, 4,  16 * scale,
                                  32 * scale, 128 * scale, 4,         64, 256};
    uint64_t size = (state_size(&config) + 63) & ~(uint64_t)63;
    void *storage = aligned_alloc(64, size);
    out = fopen(words[3], "wb");
    ASSERT(storage != NULL && out != NULL);
    memset(storage, 0, size);
    state_init(&state, &config, storage);
    genesis(&config);
    while (state.seq < commits)
        step();
    page_close();
    trailer_write();
    free(storage);
    return fclose(out) != 0;
}
