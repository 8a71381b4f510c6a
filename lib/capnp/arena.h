// SPDX-License-Identifier: Apache-2.0
//
// Building messages that grow: over several buffers of the caller, more of them by a callback.
//
// A message of one buffer needs none of this (capnp_builder_init). With an arena, &arena.builder
// takes the place of that builder: whatever doesn't fit into the current buffer goes to the next
// one, which becomes the next segment of the message, and far pointers lead there. Buffers never
// move, so that everything built stays where it is, and the library frees nothing: the buffers are
// the caller's.
//
//     struct capnp_buffer buffers[16] = {{first, sizeof(first), 0}};
//     struct capnp_arena arena;
//     capnp_arena_init(&arena, buffers, 1, 16, more, NULL);
//     struct person_builder person = person_build(&arena.builder);
//     ...
//     uint32_t count = capnp_arena_finish(&arena);
//
//
// Then segment i of the message is buffers[i].bytes[0..used). frame.h writes them to a stream.

#ifndef LIB_CAPNP_ARENA_H
#define LIB_CAPNP_ARENA_H

#include "lib/capnp/segment.h"

struct capnp_buffer {
    void *bytes;
    uint32_t capacity;
    uint32_t used; // bytes of the message in it, a whole number of words
};

struct capnp_arena {
    // Of the first buffer. Once there are others, it has used more than there is.
    struct capnp_builder builder;
    uint8_t *(*grow)(struct capnp_builder *builder, uint8_t *slot, uint64_t words, uint64_t shape);
    struct capnp_buffer *buffers;
    uint32_t given; // buffers that there are
    uint32_t count; // buffers that are part of the message, unless it was begun anew
    uint32_t max;   // buffers that there may be
    // Sets bytes and capacity of one more buffer, of at least bytes_min; false: there is none.
    bool (*more)(void *context, uint32_t bytes_min, struct capnp_buffer *buffer);
    void *context;
};

// The first `given` buffers, at least one, are there already; the first must have room for the root
// pointer and the root struct. Up to `max` there will be, if `more` (may be NULL) gives them.
// Building anew over the same arena uses the same buffers again.
void capnp_arena_init(struct capnp_arena *arena, struct capnp_buffer *buffers, uint32_t given,
                      uint32_t max,
                      bool (*more)(void *context, uint32_t bytes_min, struct capnp_buffer *buffer),
                      void *context);

// The number of segments of the message so far. May be called any time, and again.
uint32_t capnp_arena_finish(struct capnp_arena *arena);

// Opens what was built for reading: segments is an array of at least capnp_arena_finish() members.
// It shows what is built later too, but only within the segments that there are now.
void capnp_arena_open(struct capnp_arena *arena, struct capnp_segment *segments);

#endif
