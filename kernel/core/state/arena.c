// SPDX-License-Identifier: Apache-2.0
//
// Free lists and generations: see arena.h.
#include "kernel/core/state/arena.h"

#include <string.h>

#include "kernel/core/state/assert.h"

void arena_give(struct arena *arena, void *record)
{
    struct slot slot = *(const struct slot *)record;
    memset(record, 0, arena->stride);
    arena->live--;
    if (slot.generation == UINT32_MAX) {
        arena->retired++;
        *(struct slot *)record = (struct slot){NONE, slot.generation};
        return;
    }
    *(struct slot *)record = (struct slot){arena->free, slot.generation};
    arena->free = slot.link;
}

struct commit_id arena_id(const struct arena *arena, uint32_t index)
{
    ASSERT(arena_is_live(arena, index));
    const struct slot *slot = arena_slot(arena, index);
    return (struct commit_id){index, slot->generation};
}
