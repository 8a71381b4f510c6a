// SPDX-License-Identifier: Apache-2.0
//
// See sample_log.h. The commits are reduced as they are written, so that each page's digest is what
// a kernel would have written.
#include "lib/replay/test/sample_log.h"

#include <stdlib.h>
#include <string.h>

#include "abi/ring.h"
#include "lib/sha256/sha256.h"

#define CONSOLE  0x9f4b3c0000000101
#define ENDPOINT 0x9f4b3c0000000103
#define MEMORY   0x9f4b3c0000000107
#define PING     (0x9f4b3c0000000000 + SAMPLE_PING)

static void *zeroed(size_t size)
{
    size_t rounded = (size + 63) / 64 * 64;
    void *bytes = aligned_alloc(64, rounded);

    if (bytes == NULL)
        abort();
    return memset(bytes, 0, rounded);
}

void sample_init(struct sample_log *log)
{
    const struct state_config config = {16, 16, 8, 8, 16, 32, 64, 32, 64, 256};
    struct commit genesis = {.kind = COMMIT_GENESIS, .actor = NONE};
    struct commit sizes = {.kind = COMMIT_GENESIS_CONFIG, .actor = NONE};
    struct commit head = {.kind = COMMIT_GENESIS_HEAD, .actor = NONE};

    *log = (struct sample_log){.storage = zeroed(state_size(&config))};
    log->bytes = zeroed(SAMPLE_PAGES_MAX * LOG_PAGE_SIZE + sizeof(struct log_trailer));
    log->page = (struct log_page *)(void *)log->bytes;
    state_init(&log->state, &config, log->storage);
    genesis.genesis = (struct commit_genesis){SAMPLE_BOOT, 1, 0, {0}};
    memcpy(sizes.bytes, &config, sizeof(config));
    memset(head.genesis_head.head, 0x5a, HASH_SIZE);
    sample_commit(log, &genesis);
    sample_commit(log, &sizes);
    sample_commit(log, &head);
}

void sample_fini(struct sample_log *log)
{
    free(log->storage);
    free(log->bytes);
}

void sample_commit(struct sample_log *log, const struct commit *commit)
{
    struct commit *record = &log->page->records[log->page->header.count++];

    *record = *commit;
    record->time_ns = 1000 * (log->state.seq + 1);
    record->cause = log->state.seq;
    if (record_check(&log->state, commit) != RECORD_OK)
        abort();
    reduce(&log->state, commit);
    if (log->page->header.count == COMMITS_PER_PAGE)
        sample_close(log);
}

void sample_close(struct sample_log *log)
{
    struct log_page_header *header = &log->page->header;

    if (header->count == 0)
        return;
    header->magic = LOG_PAGE_MAGIC;
    header->version = LOG_VERSION;
    header->boot_id = SAMPLE_BOOT;
    header->page = log->page_count;
    header->digest = log->state.digest[0];
    if (log->page_count > 0)
        sha256_of(log->page - 1, LOG_PAGE_SIZE, header->previous);
    if (++log->page_count >= SAMPLE_PAGES_MAX)
        abort();
    log->page++;
}

void sample_finish(struct sample_log *log)
{
    struct log_trailer *trailer = (struct log_trailer *)(void *)log->page;

    sample_close(log);
    trailer = (struct log_trailer *)(void *)log->page;
    trailer->magic = LOG_TRAILER_MAGIC;
    trailer->version = LOG_VERSION;
    trailer->boot_id = SAMPLE_BOOT;
    trailer->seq = log->state.seq;
    trailer->pages = log->page_count;
    state_digest(&log->state, trailer->digest);
    sha256_of(log->page - 1, LOG_PAGE_SIZE, trailer->head);
    log->size = log->page_count * LOG_PAGE_SIZE + sizeof(*trailer);
}

struct commit_id sample_next(const struct sample_log *log, uint32_t arena)
{
    return arena_peek(&log->state.arenas[arena]);
}

static struct commit_id object_create(struct sample_log *log, uint32_t kind, uint64_t interface,
                                      uint64_t argument, uint32_t job)
{
    struct commit commit = {.kind = COMMIT_OBJECT_CREATE, .actor = NONE};

    commit.object_create = (struct commit_object_create){
        .object = sample_next(log, ARENA_OBJECTS),
        .root_facet = sample_next(log, ARENA_FACETS),
        .kind = kind,
        .job = job,
        .interface = interface,
        .argument = argument,
    };
    sample_commit(log, &commit);
    return commit.object_create.object;
}

static struct commit_id hold_insert(struct sample_log *log, uint32_t process, uint32_t facet,
                                    uint8_t how, uint8_t revoker)
{
    struct commit commit = {.kind = COMMIT_HOLD_INSERT, .actor = how == HOW_GENESIS ? NONE : 0};
    struct commit_id id = sample_next(log, ARENA_HOLDS);

    commit.hold_insert = (struct commit_hold_insert){
        .hold = id,
        .origin = {0, how == HOW_GENESIS ? 0 : 1},
        .process = process,
        .facet = facet,
        .transfer = revoker ? TRANSFER_MOVE : TRANSFER_COPY,
        .how = how,
        .revoker = revoker,
    };
    sample_commit(log, &commit);
    return id;
}

static struct commit_id process_create(struct sample_log *log, uint32_t job, uint32_t session)
{
    struct commit commit = {.kind = COMMIT_PROCESS_CREATE, .actor = NONE};
    struct commit thread = {.kind = COMMIT_THREAD_CREATE, .actor = NONE};
    struct commit start = {.kind = COMMIT_PROCESS_START, .actor = NONE};
    struct commit_id id = sample_next(log, ARENA_PROCESSES);

    commit.process_create.process = id;
    commit.process_create.job = job;
    commit.process_create.session = session;
    sample_commit(log, &commit);
    thread.thread_create.thread = sample_next(log, ARENA_THREADS);
    thread.thread_create.process = id.index;
    sample_commit(log, &thread);
    start.process_start.process = id;
    sample_commit(log, &start);
    return id;
}

static void map_and_unmap(struct sample_log *log, uint32_t facet)
{
    struct commit map = {.kind = COMMIT_MEMORY_MAP, .actor = 0};
    struct commit unmap = {.kind = COMMIT_MEMORY_UNMAP, .actor = 0};

    for (uint32_t i = 0; i < 2; i++) {
        map.memory_map = (struct commit_memory_map){
            .mapping = sample_next(log, ARENA_MAPPINGS),
            .process = 0,
            .facet = facet,
            .page = 16 * (i + 1),
            .count = 2,
            .rights = RIGHT_READ,
        };
        sample_commit(log, &map);
    }
    unmap.memory_unmap.mapping = map.memory_map.mapping;
    sample_commit(log, &unmap);
}

static struct commit_id facet_create(struct sample_log *log, uint32_t parent)
{
    struct commit commit = {.kind = COMMIT_FACET_CREATE, .actor = 0};

    commit.facet_create = (struct commit_facet_create){
        .facet = sample_next(log, ARENA_FACETS),
        .parent = parent,
        .interface = PING,
        .methods = 3,
        .receiver_data = 7,
    };
    sample_commit(log, &commit);
    return commit.facet_create.facet;
}

static void facet_end(struct sample_log *log, uint16_t kind, struct commit_id id)
{
    struct commit commit = {.kind = kind, .actor = 0};

    commit.facet.facet = id;
    sample_commit(log, &commit);
}

static void hold_remove(struct sample_log *log, struct commit_id id)
{
    struct commit commit = {.kind = COMMIT_HOLD_REMOVE, .actor = 0};

    commit.hold_remove.hold = id;
    sample_commit(log, &commit);
}

// The process exits, loses its thread and is reaped.
static void process_end(struct sample_log *log, uint32_t index)
{
    struct commit exit = {.kind = COMMIT_PROCESS_EXIT, .actor = index};
    struct commit thread = {.kind = COMMIT_THREAD_EXIT, .actor = NONE};
    struct commit reap = {.kind = COMMIT_PROCESS_REAP, .actor = NONE};
    const struct process_entry *process = &log->state.processes[index];
    struct commit_id id = arena_id(&log->state.arenas[ARENA_PROCESSES], index);

    exit.process_exit = (struct commit_process_exit){.process = id, .code = -3};
    sample_commit(log, &exit);
    thread.thread_exit.thread = arena_id(&log->state.arenas[ARENA_THREADS], process->first_thread);
    sample_commit(log, &thread);
    while (process->first_hold != NONE) {
        hold_remove(log, arena_id(&log->state.arenas[ARENA_HOLDS], process->first_hold));
    }
    reap.process_reap.process = id;
    sample_commit(log, &reap);
}

static struct commit_id job_create(struct sample_log *log, struct commit_id parent, uint16_t flags)
{
    struct commit commit = {.kind = COMMIT_JOB_CREATE, .flags = flags, .actor = NONE};

    commit.job_create.job = sample_next(log, ARENA_JOBS);
    commit.job_create.parent = parent;
    sample_commit(log, &commit);
    return commit.job_create.job;
}

static void limit_move(struct sample_log *log, uint32_t from, uint32_t to, uint32_t resource,
                       uint32_t amount)
{
    struct commit commit = {.kind = COMMIT_LIMIT_MOVE, .actor = NONE};

    commit.limit_move = (struct commit_limit_move){from, to, resource, amount, {0}};
    sample_commit(log, &commit);
}

static struct commit_id session_create(struct sample_log *log, struct commit_id parent,
                                       uint32_t object, uint32_t job)
{
    struct commit commit = {.kind = COMMIT_SESSION_CREATE, .actor = NONE};

    commit.session_create.session = sample_next(log, ARENA_SESSIONS);
    commit.session_create.job = job;
    commit.session_create.object = object;
    commit.session_create.parent = parent;
    commit.session_create.expiry_ns = UINT64_MAX;
    sample_commit(log, &commit);
    return commit.session_create.session;
}

// A commit whose body is an id alone.
static void id_commit(struct sample_log *log, uint16_t kind, struct commit_id id)
{
    struct commit commit = {.kind = kind, .actor = NONE};

    memcpy(commit.bytes, &id, sizeof(id));
    sample_commit(log, &commit);
}

static void object_destroy(struct sample_log *log, struct commit_id id)
{
    id_commit(log, COMMIT_OBJECT_DESTROY, id);
}

void sample_history(struct sample_log *log, uint32_t pages)
{
    job_create(log, (struct commit_id){0, 0}, 0);
    for (uint32_t resource = 0; resource < RESOURCE_COUNT; resource++)
        limit_move(log, NONE, 0, resource,
                   resource < RESOURCE_CALLS ? (&log->state.config.sessions)[resource] : 100);
    session_create(log, (struct commit_id){0, 0}, NONE, 0);
    process_create(log, 0, 0);
    process_create(log, 0, 0);
    object_create(log, OBJECT_CONSOLE, CONSOLE, 0, 0);
    object_create(log, OBJECT_ENDPOINT, ENDPOINT, 4096, 0);
    object_create(log, OBJECT_MEMORY, MEMORY, 4, 0);
    if (pages > 1)
        sample_close(log);
    hold_insert(log, 0, 0, HOW_GENESIS, 0);
    hold_insert(log, 0, 1, HOW_GENESIS, 0);
    struct commit_id facet = facet_create(log, 1);
    hold_insert(log, 1, facet.index, HOW_MINT, 0);
    hold_insert(log, 0, facet.index, HOW_MINT, 1);
    hold_insert(log, 1, 0, HOW_GRANT, 0);
    id_commit(log, COMMIT_MEMORY_SEAL, arena_id(&log->state.arenas[ARENA_OBJECTS], 2));
    map_and_unmap(log, 2);
    if (pages > 2)
        sample_close(log);
    facet_end(log, COMMIT_FACET_REVOKE, facet);
    process_end(log, 1);
    object_destroy(log, object_create(log, OBJECT_TIMER, 0x9f4b3c0000000102, 0, 0));
    struct commit_id spare = facet_create(log, facet.index);
    facet_end(log, COMMIT_FACET_DESTROY, spare);
    for (uint32_t i = 3; i < pages; i++) {
        sample_close(log);
        sample_churn(log, 4);
    }
}

// What a program of a job of its own does with what it was lent.
static void child_work(struct sample_log *log, uint32_t job, struct commit_id process)
{
    struct commit lease = {.kind = COMMIT_FACET_LEASE, .actor = process.index};
    struct commit map = {.kind = COMMIT_MEMORY_MAP, .actor = process.index};
    struct commit_id object = object_create(log, OBJECT_MEMORY, MEMORY, 2, job);
    struct commit facet = {
        .kind = COMMIT_FACET_CREATE, .flags = DISCLOSE_ACT_AS | 1, .actor = process.index};

    facet.facet_create.facet = sample_next(log, ARENA_FACETS);
    facet.facet_create.job = job;
    facet.facet_create.parent = log->state.objects[object.index].root_facet;
    facet.facet_create.interface = MEMORY;
    facet.facet_create.methods = 1;
    sample_commit(log, &facet);
    lease.facet_lease.facet = facet.facet_create.facet;
    lease.facet_lease.expiry_ns = 5000;
    lease.facet_lease.calls = 3;
    sample_commit(log, &lease);
    map.memory_map.mapping = sample_next(log, ARENA_MAPPINGS);
    map.memory_map.process = process.index;
    map.memory_map.facet = facet.facet_create.facet.index;
    map.memory_map.count = 1;
    map.memory_map.rights = RIGHT_READ | RIGHT_WRITE;
    sample_commit(log, &map);
    sample_close(log);
    id_commit(log, COMMIT_MEMORY_UNMAP, map.memory_map.mapping);
    id_commit(log, COMMIT_FACET_DESTROY, facet.facet_create.facet);
    object_destroy(log, object);
    // Who served an endpoint is cut off.
    facet.facet_create.facet = sample_next(log, ARENA_FACETS);
    facet.facet_create.parent = log->state.objects[1].root_facet;
    facet.facet_create.interface = ENDPOINT;
    sample_commit(log, &facet);
    struct commit_id hold =
        hold_insert(log, process.index, facet.facet_create.facet.index, HOW_MINT, 0);
    facet_end(log, COMMIT_FACET_REVOKE, facet.facet_create.facet);
    hold_remove(log, hold);
    id_commit(log, COMMIT_FACET_DESTROY, facet.facet_create.facet);
}

void sample_child(struct sample_log *log)
{
    struct commit mark = {.kind = COMMIT_CHECKPOINT_MARK, .actor = NONE};
    struct commit move = {.kind = COMMIT_HOLD_MOVE, .actor = 0};
    struct commit_id job =
        job_create(log, arena_id(&log->state.arenas[ARENA_JOBS], 0), JOB_DRAINER);

    for (uint32_t resource = 0; resource < RESOURCE_COUNT; resource++)
        limit_move(log, 0, job.index, resource, 2);
    limit_move(log, job.index, 0, RESOURCE_HOLDS, 1);
    struct commit_id session =
        session_create(log, arena_id(&log->state.arenas[ARENA_SESSIONS], 0), 2, job.index);
    struct commit_id process = process_create(log, job.index, session.index);
    child_work(log, job.index, process);
    move.hold_move.hold = hold_insert(log, 0, 0, HOW_GRANT, 0);
    move.hold_move.made = sample_next(log, ARENA_HOLDS);
    move.hold_move.process = process.index;
    move.hold_move.how = HOW_CALL;
    sample_commit(log, &move);
    id_commit(log, COMMIT_SESSION_END, session);
    id_commit(log, COMMIT_JOB_KILL, job);
    sample_close(log);
    process_end(log, process.index);
    id_commit(log, COMMIT_SESSION_DESTROY, session);
    id_commit(log, COMMIT_JOB_DESTROY, job);
    mark.checkpoint_mark.seq = log->state.seq;
    sample_commit(log, &mark);
}

void sample_churn(struct sample_log *log, uint64_t count)
{
    for (uint64_t i = 0; i < count / 2; i++)
        hold_remove(log, hold_insert(log, 0, 0, HOW_GRANT, 0));
}
