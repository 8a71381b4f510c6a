// SPDX-License-Identifier: Apache-2.0
//
// The authoritative state: who holds what. It changes only in reduce(), one commit at a time, and
// the same code runs in the live kernel, in replicas and in offline tools. It is logical: no
// physical address, time of day or secret is part of it, and two machines with equal configuration
// and equal history have equal state.
//
// Who may write: reduce() alone. Everybody else reads. In each record the primary fields come from
// commits, stand together, and are what the digest covers; the derived ones follow from them and
// are kept so that questions are answered in O(1).
#ifndef KERNEL_CORE_STATE_STATE_H
#define KERNEL_CORE_STATE_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/commit.h"
#include "kernel/core/state/arena.h"

// What the machine has, in the order of enum resource: GENESIS_CONFIG's body.
struct state_config {
    uint32_t sessions, jobs, processes, threads, objects, facets, holds, mappings;
    uint32_t pages, space;
};

enum {
    ARENA_SESSIONS = RESOURCE_SESSIONS,
    ARENA_JOBS = RESOURCE_JOBS,
    ARENA_PROCESSES = RESOURCE_PROCESSES,
    ARENA_THREADS = RESOURCE_THREADS,
    ARENA_OBJECTS = RESOURCE_OBJECTS,
    ARENA_FACETS = RESOURCE_FACETS,
    ARENA_HOLDS = RESOURCE_HOLDS,
    ARENA_MAPPINGS = RESOURCE_MAPPINGS,
    ARENA_COUNT,
    ARENA_SLOTS_MAX = 1 << 20, // of one arena: what a replica accepts from an unknown log
};

enum {
    SESSION_DEPTH_MAX = 8, // sessions from one to that without a parent, both counted
    JOB_DEPTH_MAX = 8,     // the same of jobs
};

// Every record begins with the body of the commit that created it: 40 bytes. In what belongs to a
// job there follow that commit's flags and a word that says whether the record is over or sealed;
// in what belongs to a process, at byte 48, its place in the process's list. Fields that no
// commit's body has stand where the body is reserved, or behind.

struct session_entry {
    struct slot slot;
    uint32_t job;
    uint32_t object; // NONE: it says nothing of anybody
    struct commit_id parent;
    uint64_t expiry_ns;
    uint64_t identity_hash;
    uint32_t flags;
    uint32_t ended;
    uint32_t use_count; // derived: its processes and child sessions
};

struct job_entry {
    struct slot slot;
    struct commit_id parent;
    uint64_t reserved[3];
    uint32_t flags; // JOB_DRAINER
    uint32_t killed;
    uint32_t limit[RESOURCE_COUNT];
    uint32_t used[RESOURCE_COUNT]; // derived; of the transient ones 0
};

enum process_stage {
    PROCESS_BUILDING = 0,
    PROCESS_RUNNING = 1,
    PROCESS_DEAD = 2, // what it held is absent, though the slots are not reclaimed yet
};

struct process_entry {
    struct slot slot;
    uint32_t job;
    uint32_t session;
    uint32_t state; // enum process_stage
    int32_t exit_code;
    uint32_t exit_cause;
    uint32_t reserved[3];
    uint32_t flags, unused;
    // Derived: heads of lists, last in first, and their lengths.
    uint32_t first_hold, hold_count;
    uint32_t first_mapping, mapping_count;
    uint32_t first_thread, thread_count;
};

struct thread_entry {
    struct slot slot;
    uint32_t process;
    uint32_t reserved[9];
    uint32_t next, previous; // derived: of the process
};

struct object {
    struct slot slot;
    uint32_t job;
    uint32_t kind; // enum object_kind
    uint32_t root_facet, root_generation;
    uint64_t interface; // of its root facet
    uint64_t argument;
    uint32_t flags; // OBJECT_PINNED
    uint32_t sealed;
    uint32_t reserved[4];
};

struct facet {
    struct slot slot;
    uint32_t job;
    uint32_t parent; // NONE: the root facet
    uint64_t interface;
    uint64_t methods;
    uint64_t receiver_data;
    uint32_t disclosure; // enum disclosure
    uint32_t revoked;
    uint64_t expiry_ns; // lease; UINT64_MAX: never
    uint64_t calls;     // lease; UINT64_MAX: no limit
    // Derived.
    uint32_t object;
    uint32_t depth; // root: 0
    uint32_t hold_count, revoker_count, child_count;
    uint32_t pin_count; // mappings through it; of a root facet, also sessions that show its object
    uint32_t
        server_count; // server side: its holds, and those below it that are not cut off from it
};

struct hold {
    struct slot slot;
    uint32_t process;
    uint32_t facet;
    struct commit_id origin;
    uint64_t origin_seq;
    uint8_t transfer;
    uint8_t scope;
    uint8_t how;
    uint8_t revoker;
    uint32_t reserved;
    uint64_t seq;            // of the commit that made it
    uint32_t next, previous; // derived: of the process
};

struct mapping {
    struct slot slot;
    uint32_t process;
    uint32_t facet;
    uint64_t page;
    uint32_t count;
    uint32_t object_page;
    uint32_t rights;
    uint32_t reserved[3];
    uint32_t next, previous; // derived: of the process
};

struct state {
    struct state_config config;
    uint64_t boot_id;
    uint64_t seq;       // commits reduced
    uint64_t digest[2]; // order-independent sum over all live records
    struct arena arenas[ARENA_COUNT];
    // The arenas' slots, typed, in the same order.
    struct session_entry *sessions;
    struct job_entry *jobs;
    struct process_entry *processes;
    struct thread_entry *threads;
    struct object *objects;
    struct facet *facets;
    struct hold *holds;
    struct mapping *mappings;
};

// `storage`: state_size() zeroed bytes, aligned as words of 64 bits are. Returns how many those
// are.
uint64_t state_init(struct state *state, const struct state_config *config, void *storage);

// Bytes of storage that the arenas take.
static inline uint64_t state_size(const struct state_config *config)
{
    struct state measured;
    return state_init(&measured, config, NULL);
}

// Applies a commit that is well-formed. Nothing else writes the state.
void reduce(struct state *state, const struct commit *commit);

// Of which arena the record is that a commit's body names first; ARENA_COUNT: it names none.
uint32_t commit_arena(enum commit_kind kind);

// The digest recomputed from the arenas.
void state_digest(const struct state *state, uint64_t digest[2]);

// Adds a record of an arena to a digest (times 1) or takes it out (times -1).
void digest_count(const struct state *state, uint32_t arena, const void *record, uint64_t times,
                  uint64_t digest[2]);

// What boot id and configuration add to it.
void digest_genesis(const struct state *state, uint64_t digest[2]);

// Whether all that is derived is what follows from the primary fields. For tests and replicas: it
// reads everything.
bool state_is_counted(const struct state *state);

// Whether neither the session nor one that it comes from has ended or expired.
static inline bool session_is_live(const struct state *state, uint32_t session, uint64_t now_ns)
{
    const struct session_entry *at = &state->sessions[session];
    while (at->ended == 0 && now_ns < at->expiry_ns && at->parent.generation != 0) {
        at = &state->sessions[at->parent.index];
    }
    return at->ended == 0 && now_ns < at->expiry_ns;
}

// Whether the job or one above it was killed.
static inline bool job_is_killed(const struct state *state, uint32_t job)
{
    const struct job_entry *at = &state->jobs[job];
    while (at->killed == 0 && at->parent.generation != 0) {
        at = &state->jobs[at->parent.index];
    }
    return at->killed != 0;
}

// The pages that a memory object has, and its job pays.
static inline uint32_t object_pages(const struct object *object)
{
    return object->kind == OBJECT_MEMORY ? (uint32_t)object->argument : 0;
}

// Whether the facet is a server's side of an endpoint.
static inline bool facet_is_server(const struct state *state, const struct facet *facet)
{
    const struct object *object = &state->objects[facet->object];
    return object->kind == OBJECT_ENDPOINT &&
           facet->interface == state->facets[object->root_facet].interface;
}

// Whether anybody holds an endpoint's server side who was not cut off.
static inline bool object_is_served(const struct state *state, uint32_t object)
{
    return state->facets[state->objects[object].root_facet].server_count != 0;
}

// Whether nothing needs the facet any more.
static inline bool facet_is_unused(const struct facet *facet)
{
    return (facet->hold_count | facet->revoker_count | facet->child_count | facet->pin_count) == 0;
}

#endif
