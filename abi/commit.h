// SPDX-License-Identifier: Apache-2.0
//
// The CommitLog: fixed 64-byte records of changes of authority, in 4 KiB pages chained by SHA-256.
// Every id that a commit creates stands in it, so that reducing it makes no choices. Records and
// pages are little-endian and without padding: all bytes are hashed. A commit's number (seq) is
// implied: readers count the records of the pages before it, since a page may close short. What
// stands behind a short page's last record is zero.
#ifndef ABI_COMMIT_H
#define ABI_COMMIT_H

#include <assert.h>
#include <stdint.h>

enum {
    COMMIT_SIZE = 64,
    COMMITS_PER_PAGE = 63,
    LOG_PAGE_SIZE = 4096,
    LOG_PAGE_MAGIC = 0x474f4c54,    // "TLOG"
    LOG_TRAILER_MAGIC = 0x444e4554, // "TEND"
    LOG_VERSION = 4,                // of the reducer's semantics
    HASH_SIZE = 32,
};

enum commit_kind {
    COMMIT_GENESIS = 1,
    COMMIT_GENESIS_CONFIG = 2,
    COMMIT_GENESIS_HEAD = 3, // continues GENESIS with the previous log's head, where there is one
    COMMIT_SESSION_CREATE = 4,
    COMMIT_SESSION_END = 5,
    COMMIT_JOB_CREATE = 6,
    COMMIT_JOB_KILL = 7,
    COMMIT_PROCESS_CREATE = 8,
    COMMIT_PROCESS_START = 9,
    COMMIT_PROCESS_EXIT = 10,
    COMMIT_PROCESS_REAP = 11,
    COMMIT_THREAD_CREATE = 12,
    COMMIT_THREAD_EXIT = 13,
    COMMIT_OBJECT_CREATE = 14,
    COMMIT_OBJECT_DESTROY = 15,
    COMMIT_FACET_CREATE = 16,
    COMMIT_FACET_LEASE = 17,
    COMMIT_FACET_REVOKE = 18,
    COMMIT_FACET_DESTROY = 19,
    COMMIT_HOLD_INSERT = 20,
    COMMIT_HOLD_MOVE = 21,
    COMMIT_HOLD_REMOVE = 22,
    COMMIT_MEMORY_MAP = 25,
    COMMIT_MEMORY_UNMAP = 26,
    COMMIT_MEMORY_SEAL = 28,
    COMMIT_LIMIT_MOVE = 29,
    COMMIT_CHECKPOINT_MARK = 30,
    COMMIT_SESSION_DESTROY = 31,
    COMMIT_JOB_DESTROY = 32,
    COMMIT_KIND_COUNT = 33,
};

// What a job has limits of. The first eight are records of the state, the next two pages; the last
// two are transient: their limits are part of the state, what is used of them is not.
enum resource {
    RESOURCE_SESSIONS = 0,
    RESOURCE_JOBS = 1,
    RESOURCE_PROCESSES = 2,
    RESOURCE_THREADS = 3,
    RESOURCE_OBJECTS = 4,
    RESOURCE_FACETS = 5,
    RESOURCE_HOLDS = 6,
    RESOURCE_MAPPINGS = 7,
    RESOURCE_PAGES = 8,  // committed, of memory objects
    RESOURCE_SPACE = 9,  // pages of address space that are mapped
    RESOURCE_CALLS = 10, // operations that wait
    RESOURCE_LOG = 11,   // commits that nobody has acknowledged yet
    RESOURCE_COUNT = 12,
};

// Identity of a slot: the index says which, the generation which of its lives. Generation 0: none.
struct commit_id {
    uint32_t index;
    uint32_t generation;
};

struct commit_genesis {
    uint64_t boot_id;
    uint32_t abi_major;
    uint32_t abi_minor;
    uint64_t reserved[3];
};

// What the machine has of each resource but the transient ones: part of the state, since ids and
// limits depend on it. In the order of enum resource.
struct commit_genesis_config {
    uint32_t sessions, jobs, processes, threads, objects, facets, holds, mappings;
    uint32_t pages, space;
};

struct commit_genesis_head {
    uint8_t head[HASH_SIZE];
    uint64_t reserved;
};

// A commit that creates a record is that record's beginning: its body becomes the record's first
// 40 bytes. So each names first the id that it creates, then who pays for it: a job; for what
// belongs to a process, that process, whose job it is.

// What its processes can disclose stands in the record's flags: enum disclosure.
struct commit_session_create {
    struct commit_id session;
    uint32_t job;
    uint32_t object;         // the sealed memory object of its identity, UINT32_MAX: none
    struct commit_id parent; // generation 0: none
    uint64_t expiry_ns;      // UINT64_MAX: never
    uint64_t identity_hash;  // first 64 bits of the identity blob's SHA-256; 0: no blob
};

struct commit_session { // SESSION_END, SESSION_DESTROY
    struct commit_id session;
    uint64_t reserved[4];
};

// Flag JOB_DRAINER.
struct commit_job_create {
    struct commit_id job;
    struct commit_id parent; // generation 0: the root job, which pays for itself
    uint64_t reserved[3];
};

// JOB_KILL; JOB_DESTROY: nothing is charged to it any more; its limits return to its parent.
struct commit_job {
    struct commit_id job;
    uint64_t reserved[4];
};

// From a job to its child, or back. The sum over all jobs stays what genesis made it.
struct commit_limit_move {
    uint32_t from; // job; UINT32_MAX, at genesis: what the root job gets
    uint32_t to;
    uint32_t resource; // enum resource
    uint32_t amount;
    uint64_t reserved[3];
};

struct commit_process_create {
    struct commit_id process;
    uint32_t job;
    uint32_t session;
    uint64_t reserved[3];
};

struct commit_process_start {
    struct commit_id process;
    uint64_t reserved[4];
};

struct commit_process_exit {
    struct commit_id process;
    int32_t code;
    uint32_t cause; // enum exit_reason
    uint64_t reserved[3];
};

// Frees the slot of a dead process, of which nothing is left.
struct commit_process_reap {
    struct commit_id process;
    uint64_t reserved[4];
};

struct commit_thread_create {
    struct commit_id thread;
    uint32_t process;
    uint32_t reserved[7];
};

struct commit_thread_exit {
    struct commit_id thread;
    int32_t code;
    uint32_t reserved[7];
};

// An object is born with its root facet, which includes everything. Flag OBJECT_PINNED.
struct commit_object_create {
    struct commit_id object;
    uint32_t job;
    uint32_t kind; // enum object_kind
    struct commit_id root_facet;
    uint64_t interface;
    // By kind: ENDPOINT message_max, upper half: ceiling; MEMORY pages; process; job; session;
    // INTERRUPT, IO_PORTS first, upper half: how many.
    uint64_t argument;
};

struct commit_object_destroy {
    struct commit_id object;
    uint64_t reserved[4];
};

// The disclosure mask stands in the record's flags: enum disclosure.
struct commit_facet_create {
    struct commit_id facet;
    uint32_t job;
    uint32_t parent; // its object is the new one's
    uint64_t interface;
    uint64_t methods; // bit n: method n
    uint64_t receiver_data;
};

// What counts is the least along the chain of parents.
struct commit_facet_lease {
    struct commit_id facet;
    uint64_t expiry_ns; // UINT64_MAX: never
    uint64_t calls;     // that may still be delivered from now on; UINT64_MAX: no limit
    uint64_t reserved[2];
};

struct commit_facet {
    struct commit_id facet; // FACET_REVOKE, FACET_DESTROY
    uint64_t reserved[4];
};

struct commit_hold_insert {
    struct commit_id hold;
    uint32_t process;
    uint32_t facet;
    struct commit_id origin; // the hold that it was made from; generation 0: genesis
    uint64_t origin_seq;     // the commit that made the origin
    uint8_t transfer;        // enum transfer_mode
    uint8_t scope;           // enum session_scope
    uint8_t how;             // enum hold_how
    uint8_t revoker;         // 1: the facet's revoker
    uint32_t reserved;
};

// In one step the hold is gone and `made` is there: all as it was, but whose it is, and that its
// origin is the one that is gone.
struct commit_hold_move {
    struct commit_id hold;
    struct commit_id made;
    uint32_t process;
    uint32_t how; // enum hold_how
    uint64_t reserved[2];
};

struct commit_hold_remove {
    struct commit_id hold;
    uint64_t reserved[4];
};

struct commit_memory {
    struct commit_id object; // MEMORY_SEAL
    uint64_t reserved[4];
};

struct commit_memory_map {
    struct commit_id mapping;
    uint32_t process;
    uint32_t facet;       // through which it was mapped: names the object
    uint64_t page;        // in the process's address space
    uint32_t count;       // pages
    uint32_t object_page; // first page of the object
    uint32_t rights;      // enum memory_right
    uint32_t reserved;
};

struct commit_memory_unmap {
    struct commit_id mapping;
    uint64_t reserved[4];
};

// A replica has a checkpoint of the state after the first `seq` commits.
struct commit_checkpoint_mark {
    uint64_t seq;
    uint64_t reserved[4];
};

// The cause of what nobody asked for: time limits, giving back what the dead held.
static const uint64_t CAUSE_NONE = UINT64_MAX;

struct commit {
    uint64_t time_ns; // since boot
    uint64_t cause;   // number of the SysLog record that caused it; upper 8 bits: CPU
    uint16_t kind;
    uint16_t flags;
    uint32_t actor; // process; UINT32_MAX: the kernel itself
    union {
        uint8_t bytes[40];
        struct commit_genesis genesis;
        struct commit_genesis_config genesis_config;
        struct commit_genesis_head genesis_head;
        struct commit_session_create session_create;
        struct commit_session session;
        struct commit_job_create job_create;
        struct commit_job job;
        struct commit_limit_move limit_move;
        struct commit_process_create process_create;
        struct commit_process_start process_start;
        struct commit_process_exit process_exit;
        struct commit_process_reap process_reap;
        struct commit_thread_create thread_create;
        struct commit_thread_exit thread_exit;
        struct commit_object_create object_create;
        struct commit_object_destroy object_destroy;
        struct commit_facet_create facet_create;
        struct commit_facet_lease facet_lease;
        struct commit_facet facet;
        struct commit_hold_insert hold_insert;
        struct commit_hold_move hold_move;
        struct commit_hold_remove hold_remove;
        struct commit_memory memory;
        struct commit_memory_map memory_map;
        struct commit_memory_unmap memory_unmap;
        struct commit_checkpoint_mark checkpoint_mark;
    };
};

enum object_kind {
    OBJECT_NONE = 0,
    OBJECT_ENDPOINT = 1,
    OBJECT_MEMORY = 2,
    OBJECT_PROCESS_BUILDER = 3,
    OBJECT_PROCESS = 4,
    OBJECT_JOB = 5,
    OBJECT_TIMER = 6,
    OBJECT_CONSOLE = 7,
    OBJECT_CAPABILITY_MANAGER = 8,
    OBJECT_NOTIFICATION = 9,
    OBJECT_PARK_SPACE = 10,
    OBJECT_ADDRESS_SPACE = 11,
    OBJECT_THREAD = 12,
    OBJECT_SESSION = 13,
    OBJECT_INTERRUPT = 14,
    OBJECT_LOG_READER = 15,
    OBJECT_IO_PORTS = 16,
    OBJECT_KIND_COUNT = 17,
};

// Flags of a commit, by kind.
enum {
    JOB_DRAINER = 1,   // JOB_CREATE: takes pages of the log away, so that others have room
    OBJECT_PINNED = 1, // OBJECT_CREATE: the kernel itself needs it: it outlives its holds
};

enum disclosure {               // FACET_CREATE, SESSION_CREATE
    DISCLOSE_SECTIONS = 0x3fff, // bit n: the n-th section of the caller's identity
    DISCLOSE_ACT_AS = 1 << 15,
    DISCLOSE_ALL = DISCLOSE_SECTIONS | DISCLOSE_ACT_AS, // of root facets, minted sessions
};

enum session_scope {
    SCOPE_SHAREABLE = 0,
    SCOPE_SAME_SESSION = 1,
    SCOPE_REGRANT_ONLY = 2,
};

enum hold_how {
    HOW_GENESIS = 0,
    HOW_GRANT = 1,  // into a process that was being built
    HOW_CALL = 2,   // with a call
    HOW_RETURN = 3, // with an answer
    HOW_MINT = 4,   // a facet made from another hold
};

enum memory_right {
    RIGHT_READ = 1 << 0,
    RIGHT_WRITE = 1 << 1,
    RIGHT_EXECUTE = 1 << 2, // never together with RIGHT_WRITE
};

struct log_page_header {
    uint32_t magic;
    uint16_t version;
    uint16_t count; // records; fewer than COMMITS_PER_PAGE where the page closed short
    uint64_t boot_id;
    uint64_t page;               // 0, 1, 2, ...
    uint64_t digest;             // first half of the state's digest after the last record
    uint8_t previous[HASH_SIZE]; // SHA-256 of the previous page; page 0: zeros
};

struct log_page {
    struct log_page_header header;
    struct commit records[COMMITS_PER_PAGE];
};

// Ends an exported log: the head that the machine stated, and the digest recomputed from its
// arenas when it halted. An export is pages, then one trailer.
struct log_trailer {
    uint32_t magic;
    uint32_t version;
    uint64_t boot_id;
    uint64_t seq;   // commits in the log
    uint64_t pages; // in the log
    uint64_t digest[2];
    uint8_t head[HASH_SIZE]; // SHA-256 of the last page
    uint8_t reserved[48];
};

static_assert(sizeof(struct commit) == COMMIT_SIZE, "a commit fills one cache line");
static_assert(sizeof(struct log_page_header) == 64, "a header takes the place of a record");
static_assert(sizeof(struct log_page) == LOG_PAGE_SIZE, "a log page is a page");
static_assert(sizeof(struct log_trailer) == 128, "two cache lines");

#endif
