// SPDX-License-Identifier: Apache-2.0
//
// The CommitLog: commits appended in order to pages, each page sealed by the SHA-256 that the next
// one carries. Appending copies a record and, once in 63 times, begins a page; hashing happens
// later, in steps, by whoever has time. There is no replica yet that takes pages away: the log is
// as long as its memory, and the kernel halts before it is full.
//
// Who may write: the gate appends; the idle machine and the halt seal.
#ifndef KERNEL_LOG_LOG_H
#define KERNEL_LOG_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/commit.h"
#include "lib/sha256/sha256.h"

struct log {
    struct log_page *pages;
    uint32_t page_count; // that there is memory for
    uint32_t page;       // that is being filled
    uint64_t seq;        // records appended
    uint64_t room;       // records that can still be appended
    uint64_t boot_id;
    // Sealing: page `sealing` is hashed up to `hashed` bytes.
    uint32_t sealing;
    uint32_t hashed;
    struct sha256 hash;
    uint8_t head[HASH_SIZE]; // of the page sealed last
};

// `pages`: room for page_count pages.
void log_init(struct log *log, struct log_page *pages, uint32_t page_count, uint64_t boot_id);

// There is room. digest: first half of the state's digest after this commit.
void log_append(struct log *log, const struct commit *commit, uint64_t digest);

// Hashes a piece of a full page; false: nothing is left to seal.
bool log_seal_step(struct log *log);

// Closes the page being filled, short, and seals all. Returns the number of pages; nothing can be
// appended any more.
uint32_t log_close(struct log *log);

#endif
