// SPDX-License-Identifier: Apache-2.0
//
// The simulator's look behind the kernel (hal/sim/chaos.c): a second state follows the log, record
// by record, with the reducer alone, and must have the same digest after each turn; and counts of
// the kernel are lowered for the length of a turn, as if others had used it all.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hal/sim/sim.h"
#include "kernel/parts.h"
#include "lib/replay/wellformed.h"

static struct follower {
    struct state state;
    void *storage;
    uint64_t page;
    uint32_t record;
} follower;

static void require(bool claim, const char *what)
{
    if (!claim) {
        hal_panic(what, "replay", (uint32_t)follower.state.seq);
    }
}

static void follower_begin(const struct state_config *config)
{
    size_t size = ((size_t)state_size(config) + 63) & ~(size_t)63;

    follower.storage = aligned_alloc(64, size);
    require(follower.storage != NULL, "the host has no memory left");
    memset(follower.storage, 0, size);
    state_init(&follower.state, config, follower.storage);
}

void sim_inspect_follow(const struct kernel *kernel)
{
    const struct log *log = &kernel->log;

    if (follower.storage == NULL) {
        follower_begin(&kernel->core.state.config);
    }
    while (follower.state.seq < log->seq) {
        const struct log_page *page = log_page(log, follower.page);
        if (follower.record == page->header.count) {
            require(page->header.digest == follower.state.digest[0], "the digest of a page");
            follower.page++;
            follower.record = 0;
            continue;
        }
        const struct commit *commit = &page->records[follower.record++];
        require(record_check(&follower.state, commit) == RECORD_OK, "a commit can't follow");
        reduce(&follower.state, commit);
    }
    require(memcmp(follower.state.digest, kernel->core.state.digest, 16) == 0,
            "replay leads to another digest");
}

void sim_inspect_check(const struct kernel *kernel)
{
    uint64_t digest[2];

    sim_inspect_follow(kernel);
    core_check(&kernel->core);
    state_digest(&follower.state, digest);
    require(memcmp(digest, kernel->core.state.digest, 16) == 0, "the replayed records differ");
}

void sim_inspect_print(const struct kernel *kernel)
{
    const struct state *state = &kernel->core.state;

    fprintf(stderr,
            "%" PRIu64 " commits replay to the digest %016" PRIx64 "%016" PRIx64
            ", and the invariants hold\n",
            follower.state.seq, state->digest[0], state->digest[1]);
}

// --- Resources that are used up for one turn ----------------------------------------------------

static uint32_t taken;
static struct request *slots;

void sim_inspect_squeeze(struct kernel *kernel, enum sim_squeeze what)
{
    struct core *core = &kernel->core;

    if (what == SIM_SQUEEZE_FRAMES) {
        taken = core->frames.free_count;
        core->frames.free_count = 0;
    } else if (what == SIM_SQUEEZE_SLOTS) {
        slots = core->spare->next_free;
        core->spare->next_free = NULL;
    } else {
        struct arena *arena = &core->state.arenas[(uint32_t)what];
        taken = arena_room(arena);
        arena->retired += taken;
    }
}

void sim_inspect_release(struct kernel *kernel, enum sim_squeeze what)
{
    struct core *core = &kernel->core;

    if (what == SIM_SQUEEZE_FRAMES) {
        core->frames.free_count += taken;
    } else if (what == SIM_SQUEEZE_SLOTS) {
        struct request *last = core->spare; // behind it stand those that were freed meanwhile
        while (last->next_free != NULL) {
            last = last->next_free;
        }
        last->next_free = slots;
    } else {
        core->state.arenas[(uint32_t)what].retired -= taken;
    }
}

static_assert((int)SIM_SQUEEZE_FRAMES == (int)ARENA_COUNT, "each arena is squeezed by its number");
