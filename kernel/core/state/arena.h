// SPDX-License-Identifier: Apache-2.0
//
// Slots of one kind of record, named by (index, generation). Every record begins with the body of
// the commit that created it, and so with a struct slot. Which slot comes next follows from the
// history alone (the free list is last in, first out, then fresh slots in order), so that a checker
// can foresee the ids that a commit will name. A slot whose generation would wrap is never used
// again.
#ifndef KERNEL_CORE_STATE_ARENA_H
#define KERNEL_CORE_STATE_ARENA_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "abi/commit.h"
#include "kernel/core/state/assert.h"

enum {
    NONE = 0xffffffff, // no index
};

// The layout of struct commit_id.
struct slot {
    _Alignas(8) uint32_t link; // as all records are; its own index: in use; else the next free slot
    uint32_t generation;       // 0: never used
};

struct arena {
    uint8_t *slots;
    uint32_t stride;
    uint32_t primary; // bytes of a record, from its start, that the digest covers
    uint32_t size;
    uint32_t fresh;   // slots from here on were never used
    uint32_t free;    // head of the list of those that were, NONE: empty
    uint32_t live;    // slots in use
    uint32_t retired; // slots that are never used again
};

// The id of a live slot.
struct commit_id arena_id(const struct arena *arena, uint32_t index);

// How many more slots there are.
static inline uint32_t arena_room(const struct arena *arena)
{
    return arena->size - arena->live - arena->retired;
}

static inline void *arena_slot(const struct arena *arena, uint32_t index)
{
    return arena->slots + (uint64_t)index * arena->stride;
}

static inline bool arena_is_live(const struct arena *arena, uint32_t index)
{
    return index < arena->fresh && ((struct slot *)arena_slot(arena, index))->link == index;
}

// The id that the next arena_take will take; generation 0: there is none.
static inline struct commit_id arena_peek(const struct arena *arena)
{
    uint32_t index = arena->free != NONE ? arena->free : arena->fresh;
    if (index == arena->size) {
        return (struct commit_id){0, 0};
    }
    const struct slot *slot = arena_slot(arena, index);
    return (struct commit_id){index, slot->generation + 1};
}

// Takes the slot that the commit names first, which is what arena_peek said, for a record that
// begins with the commit's body and is zero otherwise.
static inline void *arena_take(struct arena *arena, const struct commit *commit)
{
    struct commit_id next = arena_peek(arena);
    ASSERT(next.generation != 0 && memcmp(&next, commit->bytes, sizeof next) == 0);
    struct slot *slot = arena_slot(arena, next.index);
    if (arena->free != NONE) {
        arena->free = slot->link;
    } else {
        arena->fresh++;
    }
    arena->live++;
    return memcpy(slot, commit->bytes, sizeof commit->bytes);
}

// Gives a live record's slot back; the record is zeroed but for the generation.
static inline void arena_give(struct arena *arena, void *record)
{
    struct slot slot = *(const struct slot *)record;
    memset(record, 0, arena->stride);
    arena->live--;
    bool is_spent = slot.generation == UINT32_MAX;
    arena->retired += is_spent;
    *(struct slot *)record = (struct slot){is_spent ? NONE : arena->free, slot.generation};
    arena->free = is_spent ? arena->free : slot.link;
}

// Whether the id names the present life of its slot.
static inline bool arena_has(const struct arena *arena, struct commit_id id)
{
    return arena_is_live(arena, id.index) &&
           ((struct slot *)arena_slot(arena, id.index))->generation == id.generation;
}

#endif
