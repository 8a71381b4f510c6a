// SPDX-License-Identifier: Apache-2.0
//
// Writes logs for tests: ids, digests and hashes are right unless the test spoils them. A log grows
// commit by commit; sample_close() ends a page short, a full page ends by itself, and
// sample_finish() writes the trailer. Then bytes and size are an exported log.
#ifndef LIB_REPLAY_TEST_SAMPLE_LOG_H
#define LIB_REPLAY_TEST_SAMPLE_LOG_H

#include <stddef.h>
#include <stdint.h>

#include "abi/commit.h"
#include "lib/replay/replay.h"

enum {
    SAMPLE_PAGES_MAX = 64,
    SAMPLE_BOOT = 0x1f2e3d4c,
    SAMPLE_PING = 0x201, // the lower half of the interface's id
};

struct sample_log {
    struct state state;
    void *storage;
    uint8_t *bytes; // aligned to 64
    size_t size;
    uint64_t page_count; // closed
    struct log_page *page;
};

// Begins with genesis and its configuration: small arenas.
void sample_init(struct sample_log *log);
void sample_fini(struct sample_log *log);

void sample_commit(struct sample_log *log, const struct commit *commit);
void sample_close(struct sample_log *log);
void sample_finish(struct sample_log *log);

// The id that the next commit into this arena has to name.
struct commit_id sample_next(const struct sample_log *log, uint32_t arena);

// A small history in the given number of pages (1 to 8): a console, an endpoint, two processes with
// threads, memory and holds, a revoked facet, an exit and its reaping.
void sample_history(struct sample_log *log, uint32_t pages);

// More, of every kind that sample_history lacks: a job with limits and a session of its own, its
// process and what that does, a hold that moves there, and the end of all.
void sample_child(struct sample_log *log);

// `count` more commits: holds that come and go.
void sample_churn(struct sample_log *log, uint64_t count);

#endif
