// SPDX-License-Identifier: Apache-2.0
//
// Sweeps: what follows from a change somewhere else, seen to record by record, in bounded steps.
// Whoever makes such a change lets the sweep begin at the first record again (core.sweeps). One
// that does something looks at the same record again in the next step.
#include <string.h>

#include "kernel/core/core.h"
#include "kernel/core/memory.h"
#include "kernel/core/thread.h"

enum {
    SWEEP_RECORDS = 16, // looked at in one step
};

static const struct {
    uint32_t arena;
    bool (*look)(struct core *, uint32_t record); // whether something was done
} sweeps[SWEEP_COUNT] = {
    [SWEEP_KILLED] = {ARENA_PROCESSES, job_sweep},
    [SWEEP_MAPPINGS] = {ARENA_MAPPINGS, mapping_sweep},
    [SWEEP_THREADS] = {ARENA_THREADS, thread_sweep},
    [SWEEP_WAITS] = {ARENA_THREADS, request_sweep},
    [SWEEP_FACETS] = {ARENA_FACETS, facet_sweep},
};

void sweep_all(struct core *core)
{
    memset(core->sweeps, 0, sizeof core->sweeps);
}

bool sweep_step(struct core *core, enum sweep sweep)
{
    const struct arena *arena = &core->state.arenas[sweeps[sweep].arena];
    uint32_t *next = &core->sweeps[sweep];
    bool has_more = *next < arena->fresh;
    for (uint32_t end = *next + SWEEP_RECORDS; *next < end && *next < arena->fresh; ++*next) {
        if (arena_is_live(arena, *next) && sweeps[sweep].look(core, *next)) {
            break;
        }
    }
    return has_more;
}
