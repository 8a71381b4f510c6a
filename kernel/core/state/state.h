// SPDX-License-Identifier: Apache-2.0
//
// The authoritative state: who holds what. It changes only in reduce(), one commit at a time, and
// the same code runs in the live kernel, in replicas and in offline tools. It is logical: no
// physical address, time of day or secret is part of it, and two machines with equal configuration
// and equal history have equal state.
//
// Who may write: reduce() alone. Everybody else reads. In each record the primary fields come from
// commits and are what the digest covers; the derived ones follow from them and are kept so that
// questions are answered in O(1).
#ifndef KERNEL_CORE_STATE_STATE_H
#define KERNEL_CORE_STATE_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/commit.h"
#include "kernel/core/state/arena.h"

struct state_config {
    uint32_t sessions, jobs, processes, threads, objects, facets, holds, mappings;
};

enum {
    ARENA_SESSIONS,
    ARENA_JOBS,
    ARENA_PROCESSES,
    ARENA_THREADS,
    ARENA_OBJECTS,
    ARENA_FACETS,
    ARENA_HOLDS,
    ARENA_MAPPINGS,
    ARENA_COUNT,
    ARENA_SLOTS_MAX = 1 << 20, // of one arena: what a replica accepts from an unknown log
};

struct session_entry {
    struct slot slot;
    struct commit_id parent;
    uint64_t expiry_ns;
    uint64_t identity_hash;
};

struct job_entry {
    struct slot slot;
    struct commit_id parent;
    uint32_t process_count; // derived
};

enum process_stage {
    PROCESS_BUILDING = 1,
    PROCESS_RUNNING = 2,
    PROCESS_DEAD = 3, // what it held is absent, though the slots are not reclaimed yet
};

struct process_entry {
    struct slot slot;
    uint32_t state;
    uint32_t job;
    uint32_t session;
    int32_t exit_code;
    uint32_t exit_cause;
    // Derived: heads of lists, last in first, and their lengths.
    uint32_t first_hold, hold_count;
    uint32_t first_mapping, mapping_count;
    uint32_t first_thread, thread_count;
};

struct thread_entry {
    struct slot slot;
    uint32_t process;
    uint32_t next; // derived: of the process
};

enum object_flag {
    OBJECT_PINNED = 1, // the kernel itself needs it: it outlives its holds (OBJECT_CREATE's flags)
};

struct object {
    struct slot slot;
    uint32_t kind; // enum object_kind
    uint32_t flags;
    uint32_t job;
    uint32_t root_facet;
    uint64_t argument;
    uint32_t page_count; // MEMORY: committed pages
    uint32_t sealed;
    uint32_t server_count; // derived; ENDPOINT: holds of its server side
};

struct facet {
    struct slot slot;
    uint32_t object;
    uint32_t parent; // NONE: the root facet
    uint64_t interface;
    uint64_t methods;
    uint64_t receiver_data;
    uint32_t disclosure;
    uint32_t revoked;
    // Derived.
    uint32_t depth; // root: 0
    uint32_t hold_count, revoker_count, child_count, mapping_count;
};

struct hold {
    struct slot slot;
    uint32_t process;
    uint32_t facet;
    struct commit_id origin;
    uint64_t origin_seq;
    uint64_t seq; // of the commit that made it
    uint8_t transfer;
    uint8_t scope;
    uint8_t how;
    uint8_t revoker;
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
    uint32_t next; // derived: of the process
};

struct state {
    struct state_config config;
    uint64_t boot_id;
    uint64_t seq;       // commits reduced
    uint64_t digest[2]; // order-independent sum over all live records
    struct arena arenas[ARENA_COUNT];
    // The arenas' slots, typed.
    struct session_entry *sessions;
    struct job_entry *jobs;
    struct process_entry *processes;
    struct thread_entry *threads;
    struct object *objects;
    struct facet *facets;
    struct hold *holds;
    struct mapping *mappings;
};

// Bytes of storage that the arenas take.
uint64_t state_size(const struct state_config *config);

// `storage`: state_size() zeroed bytes, aligned to 64.
void state_init(struct state *state, const struct state_config *config, void *storage);

// Applies a commit that is well-formed. Nothing else writes the state.
void reduce(struct state *state, const struct commit *commit);

// The digest recomputed from the arenas.
void state_digest(const struct state *state, uint64_t digest[2]);

// Adds (or takes out) one live record of an arena to (from) the digest.
void digest_add(struct state *state, uint32_t arena, uint32_t index);
void digest_subtract(struct state *state, uint32_t arena, uint32_t index);

// Adds or takes out boot id and configuration.
void digest_genesis(const struct state *state, uint64_t digest[2]);

// Whether the facet is a server's side of an endpoint.
static inline bool facet_is_server(const struct state *state, const struct facet *facet)
{
    const struct object *object = &state->objects[facet->object];
    return object->kind == OBJECT_ENDPOINT &&
           facet->interface == state->facets[object->root_facet].interface;
}

// Whether nothing needs the facet any more.
static inline bool facet_is_unused(const struct facet *facet)
{
    return (facet->hold_count | facet->revoker_count | facet->child_count | facet->mapping_count) ==
           0;
}

#endif
