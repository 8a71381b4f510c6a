// SPDX-License-Identifier: Apache-2.0
//
// The index of a log: for each commit, what became of the record that it created, so that a
// question about any moment is answered without replaying up to it.
//
//     storage = authority_index_size(&config, page_count, commits) zeroed bytes, aligned to 8
//     authority_index_init(&index, &config, pages, page_count, commits, storage)
//     replay_page(&replay, page), then authority_index_page(&index)        for each page, in order
//
// Of a log whose first pages are gone a checkpoint (lib/replay/checkpoint.h) stands for them: its
// records come first, as if they were commits, by authority_index_base(). What was before it is not
// known, and no moment before it can be asked for; so a seq is a life only where the log begins at
// its genesis: authority_seq() says which commit a life is, authority_at_of() the other way round.
//
// A record is named by its *life*: the number of the commit that created it. An object and its root
// facet are created by one commit and share a life. Only pages that a replay has accepted may be
// indexed: nothing is checked here again, but what a replay doesn't (an origin that is none).
//
// A moment is a number of commits: life l is there at moment `at` when l < at <= its end.
#ifndef LIB_AUTHORITY_INDEX_H
#define LIB_AUTHORITY_INDEX_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/commit.h"
#include "kernel/core/state/state.h"

enum {
    LIFE_NONE = 0xffffffff,
    AUTHORITY_COMMITS_MAX = 0xfffffff0, // numbers of commits fit 32 bits
};

// What is kept of a commit. Fields that a kind does not name are LIFE_NONE.
struct life {
    uint32_t end;         // the commit that destroyed it, or moved the hold on
    uint32_t over;        // ... that revoked the facet, ended session or process, killed the job
    uint32_t slot_before; // the life before it in the same slot
    uint32_t root_before; // OBJECT_CREATE: the same in the slot of its root facet
    // Hold: its process. Facet: its object. Process: its job. Job, session: its parent. A lease, a
    // start, or what ends a life: that life.
    uint32_t owner;
    uint32_t owner_before; // hold of the process, facet of the object, lease of the facet before it
    uint32_t target;       // hold: its facet; facet: its parent; process and its start: its session
    uint32_t target_before; // hold of the same facet before it
    uint32_t holds;         // newest: of a process, of a facet
    uint32_t facets;        // newest: of an object. Hold that was moved: the one it was before
    uint32_t changes; // facet: newest lease. Process: its start. Hold: the insert with its modes
    uint32_t image;   // process: the first mapping of executable memory into it
};

static_assert(sizeof(struct life) == 48, "within 64 bytes a commit, with the pages' table");

struct authority_index {
    const struct log_page *pages;
    uint32_t page_count; // indexed
    uint32_t count;      // lives: records of the checkpoint and commits indexed
    // Of a checkpoint, where there is one: its records are the lives below base_count.
    const struct commit *base;
    uint32_t base_count;
    uint64_t base_seq;    // commits before the first one that is indexed
    uint64_t base_ns;     // time of the last of those
    uint32_t *page_first; // number of each page's first commit
    struct life *lives;
    uint32_t *heads[ARENA_COUNT]; // newest life of each slot
    struct state_config config;
    uint32_t backwards; // first commit whose time is before that of another before it
    uint64_t latest_ns; // the latest time so far
    uint8_t head[HASH_SIZE];
};

// `commits`: with the records of a checkpoint, where there is one.
uint64_t authority_index_size(const struct state_config *config, uint64_t page_count,
                              uint64_t commits);

void authority_index_init(struct authority_index *index, const struct state_config *config,
                          const struct log_page *pages, uint64_t page_count, uint64_t commits,
                          void *storage);

// Begins with the records of a checkpoint after `seq` commits, the last of them at a time:
// `records` stay in use.
void authority_index_base(struct authority_index *index, const struct commit *records,
                          uint32_t count, uint64_t seq, uint64_t time_ns);

// Takes the next page.
void authority_index_page(struct authority_index *index);

// The commit that a life is named by; of one from before, the checkpoint's record.
const struct commit *authority_commit(const struct authority_index *index, uint32_t life);

// How many commits there are before a life, or at a moment. Of a life from before: for a hold, as
// the checkpoint says; for anything else, the checkpoint's own.
uint64_t authority_seq(const struct authority_index *index, uint32_t life);

// The moment after so many commits. False: there are not so many, or it is before the checkpoint.
bool authority_at_of(const struct authority_index *index, uint64_t seq, uint32_t *at);

// Whether it was there before the log's first page: when it came and by whom is not known.
static inline bool life_is_before(const struct authority_index *index, uint32_t life)
{
    return life < index->base_count;
}

// The first moment at which all commits up to a time are there; not before the checkpoint. False
// where times go backwards.
bool authority_moment(const struct authority_index *index, uint64_t time_ns, uint32_t *at);

// The life in a slot at a moment; LIFE_NONE: it was empty. Facets are found as ARENA_FACETS.
uint32_t authority_life(const struct authority_index *index, uint32_t arena, uint32_t slot,
                        uint32_t at);

// The life of an id at a moment, or, where it had ended by then, when it was; generation 0: the
// newest one in the slot up to then. LIFE_NONE: there was none.
uint32_t authority_life_of(const struct authority_index *index, uint32_t arena, struct commit_id id,
                           uint32_t at);

// The id that the slot's life has, as the commit that created it says.
struct commit_id authority_id(const struct authority_index *index, uint32_t arena, uint32_t life);

static inline bool life_is_there(const struct authority_index *index, uint32_t life, uint32_t at)
{
    return life < at && at <= index->lives[life].end;
}

static inline bool life_is_over(const struct authority_index *index, uint32_t life, uint32_t at)
{
    return index->lives[life].over < at;
}

#endif
