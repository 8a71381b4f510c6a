// SPDX-License-Identifier: Apache-2.0
//
// Growing messages (arena.h). What is new goes to the arena's last buffer. Where the pointer to it
// lies in another one, a landing pad, a pointer of one word, is placed right before the content.

#include "lib/capnp/arena.h"

static bool arena_refuse(struct capnp_arena *arena)
{
    capnp_builder_fail(&arena->builder, CAPNP_BUILDER_FULL);
    return false;
}

// Goes on with the next buffer that has room for so many words.
static bool arena_next(struct capnp_arena *arena, uint64_t words)
{
    uint64_t bytes = words * CAPNP_WORD_BYTES;
    uint32_t at = arena->count;
    while (at < arena->given && arena->buffers[at].capacity < bytes) {
        arena->buffers[at++].used = 0; // a segment that stays empty
    }
    if (at == arena->given) {
        if (at == arena->max || arena->more == NULL || bytes > UINT32_MAX ||
            !arena->more(arena->context, (uint32_t)bytes, &arena->buffers[at]) ||
            arena->buffers[at].capacity < bytes) {
            return arena_refuse(arena);
        }
        arena->given++;
    }
    arena->buffers[at].used = 0;
    arena->count = at + 1;
    return true;
}

static uint8_t *arena_take(struct capnp_buffer *buffer, uint64_t words)
{
    uint8_t *taken = (uint8_t *)buffer->bytes + buffer->used;
    buffer->used += (uint32_t)words * CAPNP_WORD_BYTES;
    return taken;
}

uint32_t capnp_arena_finish(struct capnp_arena *arena)
{
    if (arena->builder.used <= arena->builder.capacity) {
        arena->buffers[0].used = arena->builder.used;
        arena->count = 1;
    }
    return arena->count;
}

// Runs when the builder has no room for the words in the first buffer.
static uint8_t *arena_grow(struct capnp_builder *builder, uint8_t *slot, uint64_t words,
                           uint64_t shape)
{
    struct capnp_arena *arena = (struct capnp_arena *)builder;
    struct capnp_buffer *buffer = &arena->buffers[capnp_arena_finish(arena) - 1];
    uint64_t room = (buffer->capacity - buffer->used) / CAPNP_WORD_BYTES;
    if ((uintptr_t)slot - (uintptr_t)buffer->bytes < buffer->used && words <= room) {
        uint8_t *near = arena_take(buffer, words);
        capnp_store_u64(slot, capnp_pointer_near(slot, near, shape));
        return near;
    }
    if (words + 1 > room) {
        if (!arena_next(arena, words + 1)) {
            return NULL;
        }
        builder->used = builder->capacity + CAPNP_WORD_BYTES;
        buffer = &arena->buffers[arena->count - 1];
    }
    // A far pointer counts words from bit 3 on: that is bytes from bit 0 on.
    capnp_store_u64(slot, (uint64_t)(arena->count - 1) << 32 | buffer->used | CAPNP_KIND_FAR);
    uint8_t *pad = arena_take(buffer, words + 1);
    capnp_store_u64(pad, shape);
    return pad + CAPNP_WORD_BYTES;
}

void capnp_arena_init(struct capnp_arena *arena, struct capnp_buffer *buffers, uint32_t given,
                      uint32_t max,
                      bool (*more)(void *context, uint32_t bytes_min, struct capnp_buffer *buffer),
                      void *context)
{
    // More used than there is must be a number still.
    uint32_t most = UINT32_MAX - 2 * CAPNP_WORD_BYTES;
    uint32_t capacity = buffers[0].capacity < most ? buffers[0].capacity : most;
    capnp_builder_init(&arena->builder, buffers[0].bytes, capacity);
    arena->builder.is_arena = true;
    arena->grow = arena_grow;
    arena->buffers = buffers;
    arena->given = given;
    arena->count = 1;
    arena->max = max;
    arena->more = more;
    arena->context = context;
}

void capnp_arena_open(struct capnp_arena *arena, struct capnp_segment *segments)
{
    uint32_t count = capnp_arena_finish(arena);
    for (uint32_t i = 0; i < count; i++) {
        capnp_segment_set(&segments[i], arena->buffers[i].bytes, arena->buffers[i].used);
    }
    capnp_segments_init(segments, count, UINT32_MAX, arena->builder.caps, arena->builder.cap_count);
}
