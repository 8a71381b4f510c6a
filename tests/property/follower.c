// SPDX-License-Identifier: Apache-2.0
//
// The follower: see follower.h.
#include "tests/property/follower.h"

#include <stdlib.h>
#include <string.h>

#include "lib/replay/wellformed.h"
#include "tests/property/world.h"

static struct {
    struct state state;
    void *storage;
    uint64_t page; // and slot of the next record to take
    uint32_t record;
} follower;

void follower_begin(void)
{
    const struct state_config *config = &act_core()->state.config;
    size_t size = ((size_t)state_size(config) + 63) & ~(size_t)63;

    free(follower.storage);
    follower.storage = aligned_alloc(64, size);
    if (follower.storage == NULL) {
        broken("the host has no memory left");
    }
    memset(follower.storage, 0, size);
    state_init(&follower.state, config, follower.storage);
    follower.page = 0;
    follower.record = 0;
}

// Takes what was appended since, with kernel/core/state alone.
void follower_step(void)
{
    const struct log *log = &machine.kernel->log;

    while (follower.state.seq < log->seq) {
        const struct log_page *page = log_page(log, follower.page);
        if (follower.record == page->header.count) {
            if (page->header.digest != follower.state.digest[0]) {
                broken("the digest of page %llu", (unsigned long long)follower.page);
            }
            follower.page++;
            follower.record = 0;
            continue;
        }
        const struct commit *commit = &page->records[follower.record++];
        if (record_check(&follower.state, commit) != RECORD_OK) {
            broken("commit %llu of kind %u can't follow", (unsigned long long)follower.state.seq,
                   commit->kind);
        }
        reduce(&follower.state, commit);
        tally.kinds[commit->kind]++;
        tally.commits++;
    }
    if (memcmp(follower.state.digest, act_core()->state.digest, 16) != 0) {
        broken("replay leads to another digest at seq %llu", (unsigned long long)log->seq);
    }
}

uint64_t follower_page(void)
{
    return follower.page;
}

const uint64_t *follower_digest(void)
{
    return follower.state.digest;
}
