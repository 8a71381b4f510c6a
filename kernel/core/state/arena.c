// SPDX-License-Identifier: Apache-2.0
//
// Free lists and generations: see arena.h.
#include "kernel/core/state/arena.h"

#include <string.h>

#include "kernel/core/state/assert.h"

struct commit_id arena_id(const struct arena *arena, uint32_t index)
{
    ASSERT(arena_is_live(arena, index));
    const struct slot *slot = arena_slot(arena, index);
    return (struct commit_id){index, slot->generation};
}
