// SPDX-License-Identifier: Apache-2.0
//
// Slots of one kind of record, named by (index, generation). Every record begins with a struct
// slot. Which slot comes next follows from the history alone (the free list is last in, first out,
// then fresh slots in order), so that a checker can foresee the ids that a commit will name.
// A slot whose generation would wrap is never used again.
#ifndef KERNEL_CORE_STATE_ARENA_H
#define KERNEL_CORE_STATE_ARENA_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/commit.h"

enum {
    NONE = 0xffffffff,      // no index
    SLOT_LIVE = 0xfffffffe, // link of a slot in use
};

struct slot {
    uint32_t generation; // 0: never used
    uint32_t link;       // SLOT_LIVE, or the next free slot
};

struct arena {
    uint8_t *slots;
    uint32_t stride;
    uint32_t size;
    uint32_t fresh; // slots from here on were never used
    uint32_t free;  // head of the list of those that were, NONE: empty
    uint32_t live;  // slots in use
};

// `slots` is zeroed storage for size records of stride bytes.
void arena_init(struct arena *arena, void *slots, uint32_t stride, uint32_t size);

// The id that the (nth + 1)th arena_take from now on will take; generation 0: there is none.
struct commit_id arena_peek(const struct arena *arena, uint32_t nth);

// Takes the slot that arena_peek(arena, 0) names.
void arena_take(struct arena *arena, struct commit_id id);

// Gives a live slot back; its record is zeroed but for the generation.
void arena_give(struct arena *arena, uint32_t index);

bool arena_is_live(const struct arena *arena, uint32_t index);

// Whether the id names the present life of its slot.
bool arena_has(const struct arena *arena, struct commit_id id);

// The id of a live slot.
struct commit_id arena_id(const struct arena *arena, uint32_t index);

#endif
