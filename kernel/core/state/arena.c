// SPDX-License-Identifier: Apache-2.0
//
// Free lists and generations: see arena.h.
#include "kernel/core/state/arena.h"

#include <string.h>

#include "kernel/core/state/assert.h"

static struct slot *slot_at(const struct arena *arena, uint32_t index)
{
    return (struct slot *)(void *)(arena->slots + (uint64_t)index * arena->stride);
}

struct commit_id arena_peek(const struct arena *arena)
{
    uint32_t index = arena->free != NONE ? arena->free : arena->fresh;
    if (index == arena->size) {
        return (struct commit_id){0, 0};
    }
    return (struct commit_id){index, slot_at(arena, index)->generation + 1};
}

void *arena_take(struct arena *arena, const struct commit *commit)
{
    struct commit_id next = arena_peek(arena);
    ASSERT(next.generation != 0 && memcmp(&next, commit->bytes, sizeof next) == 0);
    struct slot *slot = slot_at(arena, next.index);
    if (arena->free != NONE) {
        arena->free = slot->link;
    } else {
        arena->fresh++;
    }
    arena->live++;
    return memcpy(slot, commit->bytes, sizeof commit->bytes);
}

void arena_give(struct arena *arena, uint32_t index)
{
    struct slot *slot = arena_at(arena, index);
    uint32_t generation = slot->generation;
    memset(slot, 0, arena->stride);
    slot->generation = generation;
    slot->link = NONE;
    arena->live--;
    if (generation == UINT32_MAX) {
        arena->retired++;
        return;
    }
    slot->link = arena->free;
    arena->free = index;
}

bool arena_is_live(const struct arena *arena, uint32_t index)
{
    return index < arena->fresh && slot_at(arena, index)->link == index;
}

bool arena_has(const struct arena *arena, struct commit_id id)
{
    return arena_is_live(arena, id.index) && slot_at(arena, id.index)->generation == id.generation;
}

struct commit_id arena_id(const struct arena *arena, uint32_t index)
{
    const struct slot *slot = arena_at(arena, index);
    return (struct commit_id){index, slot->generation};
}

void *arena_at(const struct arena *arena, uint32_t index)
{
    ASSERT(arena_is_live(arena, index));
    return slot_at(arena, index);
}
