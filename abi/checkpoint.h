// SPDX-License-Identifier: Apache-2.0
//
// A checkpoint: the state after so many commits, canonical, so that it stands for the pages before
// it: header, records, slots that are not in use, and the SHA-256 of all that, which is the state's
// hash. Two replicas that have reduced the same pages write the same bytes. Numbers are
// little-endian.
//
// Records are commits that make the state out of nothing, in this order: jobs (each from its parent
// on, with the limits that it and those below it have), objects, those of them that are sealed,
// sessions, processes, threads, facets with their leases, holds, mappings; then who is dead, what
// is revoked, ended, killed. Within a kind: by how many stand above them, then by index. No record
// says when or by whom it was made (time 0, actor none); the cause of a hold is the seq of the
// commit that made it, of all others CAUSE_NONE.
//
// Of each arena there follow the ids of its free slots, in the order in which they are used next,
// then of those that are never used again, by index: each with the generation that it had.
#ifndef ABI_CHECKPOINT_H
#define ABI_CHECKPOINT_H

#include "abi/commit.h"

enum {
    CHECKPOINT_MAGIC = 0x4b484354, // "TCHK"
    CHECKPOINT_ARENAS = 8,         // in the order of enum resource
};

struct checkpoint_header {
    uint32_t magic;
    uint32_t version; // LOG_VERSION
    uint64_t boot_id;
    uint64_t seq;     // commits before it
    uint64_t page;    // pages before it, all of them whole
    uint64_t time_ns; // of the last commit
    uint64_t digest[2];
    uint8_t head[HASH_SIZE]; // SHA-256 of the last page
    struct commit_genesis_config config;
    uint64_t records;
    uint32_t free[CHECKPOINT_ARENAS];    // slots
    uint32_t retired[CHECKPOINT_ARENAS]; // slots
    uint64_t reserved[7];
};

static_assert(sizeof(struct checkpoint_header) == 256, "no padding");

#endif
