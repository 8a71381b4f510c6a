// SPDX-License-Identifier: Apache-2.0
//
// Free lists and generations: see arena.h.
#include "kernel/core/state/arena.h"

#include <string.h>

#include "kernel/core/state/assert.h"

static struct slot *slot_at(const struct arena *arena, uint32_t index)
{
    ASSERT(index < arena->size);
    return (struct slot *)(void *)(arena->slots + (uint64_t)index * arena->stride);
}

void arena_init(struct arena *arena, void *slots, uint32_t stride, uint32_t size)
{
    *arena = (struct arena){.slots = slots, .stride = stride, .size = size, .free = NONE};
}

struct commit_id arena_peek(const struct arena *arena, uint32_t nth)
{
    uint32_t index = arena->free;
    while (index != NONE && nth > 0) {
        index = slot_at(arena, index)->link;
        nth--;
    }
    if (index != NONE) {
        return (struct commit_id){index, slot_at(arena, index)->generation + 1};
    }
    if (nth >= arena->size - arena->fresh) {
        return (struct commit_id){0, 0};
    }
    return (struct commit_id){arena->fresh + nth, 1};
}

void arena_take(struct arena *arena, struct commit_id id)
{
    struct slot *slot = slot_at(arena, id.index);
    ASSERT(slot->link != SLOT_LIVE);
    if (arena->free != NONE) {
        ASSERT(arena->free == id.index);
        arena->free = slot->link;
    } else {
        ASSERT(arena->fresh == id.index);
        arena->fresh++;
    }
    ASSERT(id.generation == slot->generation + 1);
    slot->generation = id.generation;
    slot->link = SLOT_LIVE;
    arena->live++;
}

void arena_give(struct arena *arena, uint32_t index)
{
    struct slot *slot = slot_at(arena, index);
    ASSERT(slot->link == SLOT_LIVE);
    uint32_t generation = slot->generation;
    memset(slot, 0, arena->stride);
    slot->generation = generation;
    arena->live--;
    if (generation == UINT32_MAX) {
        slot->link = NONE;
        return;
    }
    slot->link = arena->free;
    arena->free = index;
}

bool arena_is_live(const struct arena *arena, uint32_t index)
{
    return index < arena->fresh && slot_at(arena, index)->link == SLOT_LIVE;
}

bool arena_has(const struct arena *arena, struct commit_id id)
{
    return arena_is_live(arena, id.index) && slot_at(arena, id.index)->generation == id.generation;
}

struct commit_id arena_id(const struct arena *arena, uint32_t index)
{
    ASSERT(arena_is_live(arena, index));
    return (struct commit_id){index, slot_at(arena, index)->generation};
}
