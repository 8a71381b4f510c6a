// SPDX-License-Identifier: Apache-2.0
//
// Holds: the entries of a process's capability table. A capability id is the (generation, index) of
// a hold; an id that is not the caller's own tells nothing of what it is instead.
#include "kernel/core/core.h"

enum status hold_find(const struct core *core, uint32_t process, uint64_t cap, uint32_t *hold)
{
    uint32_t index = cap_index((cap_t){cap});
    uint32_t generation = cap_generation((cap_t){cap});
    if (generation == 0 || index >= core->state.config.holds) {
        return STATUS_BAD_CAP;
    }
    const struct hold *found = &core->state.holds[index];
    if (found->slot.generation != generation || found->slot.link != index ||
        found->process != process) {
        return STATUS_STALE_CAP;
    }
    *hold = index;
    return STATUS_OK;
}

enum status hold_has_room(const struct core *core, uint32_t process, uint32_t count)
{
    struct needs needs = {.of[RESOURCE_HOLDS] = count};
    return core_has_room(core, core->state.processes[process].job, &needs);
}

cap_t hold_insert(struct core *core, uint32_t process, uint32_t facet, uint8_t transfer,
                  bool is_revoker, struct hold_origin origin)
{
    struct commit commit = core_commit(core, COMMIT_HOLD_INSERT);
    struct commit_hold_insert *insert = &commit.hold_insert;
    insert->hold = arena_peek(&core->state.arenas[ARENA_HOLDS]);
    insert->process = process;
    insert->facet = facet;
    insert->transfer = transfer;
    insert->scope = SCOPE_SHAREABLE;
    insert->how = origin.how;
    insert->revoker = is_revoker ? 1 : 0;
    if (origin.hold != NONE) {
        insert->origin = arena_id(&core->state.arenas[ARENA_HOLDS], origin.hold);
        insert->origin_seq = core->state.holds[origin.hold].seq;
    }
    core_apply(core, &commit);
    return cap_of(insert->hold.generation, insert->hold.index);
}

void hold_remove(struct core *core, uint32_t hold)
{
    uint32_t facet = core->state.holds[hold].facet;
    struct commit commit = core_commit(core, COMMIT_HOLD_REMOVE);
    commit.hold_remove.hold = arena_id(&core->state.arenas[ARENA_HOLDS], hold);
    core_apply(core, &commit);
    facet_collect(core, facet);
}
