// SPDX-License-Identifier: Apache-2.0
//
// Messages of several segments, as files and networks bring them: reading.
//
// The caller has an array of struct capnp_segment, says for each where its bytes are, and calls
// capnp_segments_init; then &segments[0].message is read like any other message. Each segment has a
// capnp_message of its own, so that offsets count within it and each is traversed within a limit of
// its own; errors are kept in the first. A single segment works the same, and so does not need a
// case of its own; in contrast to a flat message it may be large, and have far pointers to itself.
//
// Format: the encoding specification, "Inter-Segment Pointers".

#ifndef LIB_CAPNP_SEGMENT_H
#define LIB_CAPNP_SEGMENT_H

#include "lib/capnp/flat.h"

struct capnp_segment {
    struct capnp_message message; // of the first: the whole message
    struct capnp_segment *first;
    uint32_t count; // of all segments; valid in the first
    // Makes of a far pointer what it leads to; of one that leads nowhere, an error and null.
    void (*follow)(struct capnp_pointer *pointer);
};

// The bytes of one segment, a whole number of words.
static inline void capnp_segment_set(struct capnp_segment *segment, const void *bytes,
                                     uint32_t size)
{
    segment->message.bytes = (const uint8_t *)bytes;
    segment->message.size = size;
}

// Makes one message of segments[0..count), whose bytes are set. Each may be traversed 64 times
// over, but by no more than traversal_words; UINT32_MAX is "no limit but that".
void capnp_segments_init(struct capnp_segment *segments, uint32_t count, uint32_t traversal_words,
                         const uint64_t *caps, uint32_t cap_count);

static inline struct capnp_segment *capnp_segment_of(struct capnp_message *message)
{
    return (struct capnp_segment *)message;
}

#endif
