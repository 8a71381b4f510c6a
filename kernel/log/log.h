// SPDX-License-Identifier: Apache-2.0
//
// The CommitLog: commits appended in order to pages, each page sealed by the SHA-256 that the next
// one carries. Appending copies a record and, once in 63 times, begins a page; hashing happens
// later, in steps, by whoever has time. Page numbers run on for ever; memory is a ring that holds
// page_count of them, and those that a reader has acknowledged make room for new ones.
//
// Who may write: the gate appends; the idle machine, readers and the halt seal; readers
// acknowledge.
#ifndef KERNEL_LOG_LOG_H
#define KERNEL_LOG_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/commit.h"
#include "lib/sha256/sha256.h"

struct log {
    struct log_page *pages;
    uint32_t page_count; // that there is memory for
    uint64_t first;      // page that nobody has acknowledged, the oldest
    uint64_t page;       // that is being filled
    uint64_t seq;        // records appended
    uint64_t room;       // for so many more
    uint64_t boot_id;
    // Sealing: page `sealing` is hashed up to `hashed` bytes; those before it are sealed.
    uint64_t sealing;
    uint32_t hashed;
    struct sha256 hash;
    uint8_t head[HASH_SIZE]; // of the page sealed last
};

// A page that is in memory: from `first` to `page`.
static inline struct log_page *log_page(const struct log *log, uint64_t page)
{
    return &log->pages[page % log->page_count];
}

// Frees the pages before `page`. False: they are not all sealed, or it was freed before.
static inline bool log_acknowledge(struct log *log, uint64_t page)
{
    bool may = page >= log->first && page <= log->sealing;
    if (may) {
        log->room += (page - log->first) * COMMITS_PER_PAGE;
        log->first = page;
    }
    return may;
}

// `pages`: room for page_count pages.
void log_init(struct log *log, struct log_page *pages, uint32_t page_count, uint64_t boot_id);

// There is room. digest: first half of the state's digest after this commit.
void log_append(struct log *log, const struct commit *commit, uint64_t digest);

enum { LOG_SEAL_STEPS = 16 }; // of a page

// Hashes a piece of a full page that is not sealed, if there is one.
void log_seal_step(struct log *log);

// Closes the page being filled, short, and begins another, which there is room for.
void log_flush(struct log *log);

// Closes the page being filled, short, and seals all: the log is the pages before `page`.
// There is room for another page.
void log_close(struct log *log);

#endif
