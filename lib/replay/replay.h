// SPDX-License-Identifier: Apache-2.0
//
// Replay: from the pages of a CommitLog to the state that they lead to, believing nothing. Two
// layers. The first takes pages one by one, as a replica gets them:
//
//     replay_config(page_0, &config)                        how large the arenas are
//     replay_init(&replay, &config, storage)                storage: state_size() zeroed bytes
//     replay_page(&replay, page) ...                        checks the page, reduces its records
//     replay_end(&replay, trailer)                          compares with what the machine stated
//
// The second has a whole exported log in memory and so can say more exactly where it was changed:
//
//     replay_log_open(&log, bytes, size)                    pages, then perhaps a trailer
//     replay_log_verify(&log, head)                         the chain alone
//     replay_log_narrow(&log, &error, &config, storage)     ... and which record shows it first
//
// Each returns a struct replay_error; its fault is REPLAY_OK or the fact that was found. After any
// other the replay can't go on. Any bytes may be fed: nothing here trusts a number before checking
// it, and no record reaches reduce() that record_check() refused.
//
// Against a head that was given separately every change, reorder, gap or cut is found. Without one,
// the trailer's stands in for it, and a complete rewrite can't be told from the log.
#ifndef LIB_REPLAY_REPLAY_H
#define LIB_REPLAY_REPLAY_H

#include <stddef.h>
#include <stdint.h>

#include "abi/commit.h"
#include "kernel/core/state/state.h"
#include "lib/replay/wellformed.h"

enum replay_fault {
    REPLAY_OK = 0,
    REPLAY_SIZE,               // found: bytes that are neither a page nor a trailer
    REPLAY_EMPTY,              // there is no page
    REPLAY_TRAILER_MISSING,    // no trailer, no head: a cut of the newest pages can't be excluded
    REPLAY_PAGE_MAGIC,         // found, expected
    REPLAY_PAGE_VERSION,       // found, expected
    REPLAY_PAGE_COUNT,         // found: records
    REPLAY_PAGE_BOOT,          // found, expected: boot ids
    REPLAY_PAGE_GAP,           // found, expected: page numbers; the expected one is nowhere
    REPLAY_PAGE_ORDER,         // found, expected: page numbers; pages stand in another order
    REPLAY_PAGE_HASH,          // the page's SHA-256 is not what the next page or the trailer says
    REPLAY_PAGE_PREVIOUS,      // what the page says of the previous one is wrong
    REPLAY_PAGE_REST,          // behind the last record: not zero
    REPLAY_GENESIS,            // the log doesn't begin with a genesis and its configuration
    REPLAY_GENESIS_BOOT,       // found, expected: genesis has another boot id than its page
    REPLAY_CONFIG,             // found, expected: an arena's slots and their limit
    REPLAY_RECORD,             // found: the kind of a record that can't follow; expected: an enum
                               // record_fault, which says why
    REPLAY_PAGE_DIGEST,        // found: what the page says; expected: what its records lead to
    REPLAY_TRAILER_MAGIC,      // found, expected
    REPLAY_TRAILER_VERSION,    // found, expected
    REPLAY_TRAILER_BOOT,       // found, expected
    REPLAY_TRAILER_PAGES,      // found: what the trailer says; expected: what is there
    REPLAY_TRAILER_SEQ,        // found, expected
    REPLAY_TRAILER_RESERVED,   // not zero
    REPLAY_TRAILER_HEAD,       // the trailer's head is not the given one
    REPLAY_HEAD,               // the last page's SHA-256 is not the given head
    REPLAY_DIGEST_LIVE,        // found: what the trailer says; expected: what the replay leads to
    REPLAY_DIGEST_ARENAS,      // found: recomputed from the arenas; expected: kept while replaying
    REPLAY_COUNTS,             // what is derived is not what follows from the records
    REPLAY_CHECKPOINT_SIZE,    // found, expected: bytes
    REPLAY_CHECKPOINT_MAGIC,   // found, expected
    REPLAY_CHECKPOINT_VERSION, // found, expected
    REPLAY_CHECKPOINT_HASH,    // its bytes are not those that were written
    REPLAY_CHECKPOINT_RECORD,  // as REPLAY_RECORD, of the checkpoint's records
    REPLAY_CHECKPOINT_SLOTS,   // found: the arena whose free slots are not what they must be
    REPLAY_CHECKPOINT_FORM,    // what it leads to is written otherwise
    REPLAY_FAULT_COUNT,
};

enum {
    REPLAY_NO_RECORD = 0xffffffff, // the page as a whole
};

struct replay_error {
    enum replay_fault fault;
    uint32_t record;   // of the page, from 0
    uint64_t page;     // place in the log, from 0
    uint64_t seq;      // commits before the place: the first seq at which it shows
    uint64_t found;    // what the fault's comment says
    uint64_t expected; // the same
    // What narrows it, where the chain alone names a page: REPLAY_RECORD, REPLAY_PAGE_DIGEST, or
    // REPLAY_OK where only the hash shows it.
    enum replay_fault shows;
};

struct replay {
    struct state state;
    uint64_t boot_id;
    uint64_t page_count;     // pages taken
    uint64_t time_ns;        // of the last commit of the last one
    uint8_t head[HASH_SIZE]; // SHA-256 of the last one; zeros before the first
};

// The sizes of the arenas, as the first page says; within ARENA_SLOTS_MAX.
struct replay_error replay_config(const struct log_page *first, struct state_config *config);

// `storage`: state_size(config) zeroed bytes, aligned as words of 64 bits are; it stays in use.
void replay_init(struct replay *replay, const struct state_config *config, void *storage);

// Checks header and place of a page, reduces its records, compares its digest.
struct replay_error replay_page(struct replay *replay, const struct log_page *page);

// Checks header and place of a page alone, where the state before it is not known: boot id, page
// count and head of the replay say what must come.
struct replay_error replay_page_chain(struct replay *replay, const struct log_page *page);

// One record, without a page around it: for going to a seq inside a page that was checked before.
struct replay_error replay_commit(struct replay *replay, const struct commit *commit);

// Compares the state with a trailer: counts, head, and three digests.
struct replay_error replay_end(const struct replay *replay, const struct log_trailer *trailer);

struct replay_log {
    const struct log_page *pages;
    uint64_t page_count;
    uint64_t first; // number of pages[0]; above 0: the pages before it were acknowledged
    const struct log_trailer *trailer; // null: the log has none
};

// `bytes` are aligned to 8 and stay in use. A log whose first pages are gone begins where its first
// page says, if its last page or its trailer says the same: its chain can be verified, but it leads
// to no state.
struct replay_error replay_log_open(struct replay_log *log, const void *bytes, size_t size);

// Verifies headers, chain and trailer. `head`: HASH_SIZE bytes from elsewhere, or null.
struct replay_error replay_log_verify(const struct replay_log *log, const uint8_t *head);

// After a fault of the chain that names a page: says in `error` which record shows it first.
// `config` and `storage`: as for replay_init.
void replay_log_narrow(const struct replay_log *log, struct replay_error *error,
                       const struct state_config *config, void *storage);

#endif
