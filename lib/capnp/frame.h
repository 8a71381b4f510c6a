// SPDX-License-Identifier: Apache-2.0
//
// Messages in streams and files: the frame that says how many segments there are and how long.
//
// Reading from a stream: have a buffer, and as long as capnp_frame_need() says more than it holds,
// read up to that. Then capnp_frame_open. Writing: capnp_frame_write into one buffer, or
// capnp_frame_head and the buffers themselves with writev.
//
// Format: the encoding specification, "Serialization Over a Stream": the number of segments less
// one and the words of each, as 32-bit numbers, a 32-bit zero where that is no whole number of
// words, then the segments.

#ifndef LIB_CAPNP_FRAME_H
#define LIB_CAPNP_FRAME_H

#include "lib/capnp/arena.h"

enum {
    CAPNP_SEGMENTS_MAX = 512, // more are refused, as by other implementations
    CAPNP_FRAME_HEAD_BYTES_MAX = 4 * (CAPNP_SEGMENTS_MAX + 2)
};

// How many bytes of the stream, counted from the start of the message, it takes to know more: the
// whole message's, if its head is among the `available` ones, else enough of the head. 0: what is
// here can't be the start of a message, and capnp_frame_open says why.
uint64_t capnp_frame_need(const void *bytes, uint64_t available);

// Opens the message that starts at `bytes`, and says how many of the `available` ones it has. On an
// error segments[0].message is an empty message with that error, so that it can be read in any
// case. segments has segments_max members, at least one. traversal_words: see segment.h.
enum capnp_error capnp_frame_open(struct capnp_segment *segments, uint32_t segments_max,
                                  const void *bytes, uint64_t available, uint32_t traversal_words,
                                  uint64_t *size);

// Bytes of the frame's head, and of the whole framed message of these buffers.
uint32_t capnp_frame_head_size(uint32_t count);
uint64_t capnp_frame_size(const struct capnp_buffer *buffers, uint32_t count);

// Writes the head, capnp_frame_head_size() bytes, or the whole, capnp_frame_size() bytes. count is
// at least 1 and at most CAPNP_SEGMENTS_MAX.
void capnp_frame_head(void *head, const struct capnp_buffer *buffers, uint32_t count);
void capnp_frame_write(void *frame, const struct capnp_buffer *buffers, uint32_t count);

// What a builder of one buffer holds.
static inline struct capnp_buffer capnp_builder_buffer(const struct capnp_builder *builder)
{
    return (struct capnp_buffer){builder->bytes, builder->capacity, builder->used};
}

#endif
