// SPDX-License-Identifier: Apache-2.0
//
// How the core changes authority: a commit is built, reduced at once, and kept for the log,
// to which the turn hands it when it closes; room for TURN_COMMITS_MAX is there before it begins.
#include "kernel/core/core.h"

struct commit core_commit(const struct core *core, enum commit_kind kind)
{
    return (struct commit){.time_ns = core->now_ns,
                           .cause = core->cause,
                           .kind = (uint16_t)kind,
                           .actor = core->actor};
}

void core_apply(struct core *core, const struct commit *commit)
{
    ASSERT(core->commit_count < TURN_COMMITS_MAX);
    reduce(&core->state, commit);
    core->commits[core->commit_count] = *commit;
    core->commit_digests[core->commit_count] = core->state.digest[0];
    core->commit_count++;
    core->work += TURN_WORK_MAX; // what changed is closed with its turn
}

static bool has_slots(const struct core *core, uint32_t arena, uint32_t count)
{
    const struct arena *slots = &core->state.arenas[arena];
    return count <= slots->size - slots->live &&
           (count == 0 || arena_peek(slots, count - 1).generation != 0);
}

enum status core_has_room(const struct core *core, const struct needs *needs)
{
    const struct {
        uint32_t arena, count;
        enum status fact;
    } rows[] = {
        {ARENA_PROCESSES, needs->processes, STATUS_OUT_OF_PROCESSES},
        {ARENA_THREADS, needs->threads, STATUS_OUT_OF_THREADS},
        {ARENA_OBJECTS, needs->objects, STATUS_OUT_OF_OBJECTS},
        {ARENA_FACETS, needs->facets, STATUS_OUT_OF_FACETS},
        {ARENA_HOLDS, needs->holds, STATUS_OUT_OF_HOLDS},
        {ARENA_MAPPINGS, needs->mappings, STATUS_OUT_OF_MAPPINGS},
    };
    for (uint32_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (!has_slots(core, rows[i].arena, rows[i].count)) {
            return rows[i].fact;
        }
    }
    return needs->frames <= core->frames.free_count ? STATUS_OK : STATUS_OUT_OF_MEMORY;
}
