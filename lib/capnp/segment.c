// SPDX-License-Identifier: Apache-2.0
//
// Far pointers (segment.h). A far pointer says segment and word of a landing pad: there lies either
// a pointer, whose offset counts from the pad as usual, or, for a double far, another far pointer
// to the content and a word with its shape.

#include "lib/capnp/segment.h"

// Where word `at` of the segment is, if `words` from there are inside.
static const uint8_t *pad_at(const struct capnp_segment *segment, uint32_t at, uint32_t words)
{
    uint32_t size = segment->message.size / CAPNP_WORD_BYTES;
    bool is_inside = segment->message.bytes != NULL && at <= size && words <= size - at;
    return is_inside ? segment->message.bytes + (size_t)at * CAPNP_WORD_BYTES : NULL;
}

static enum capnp_error far_resolve(struct capnp_pointer *pointer)
{
    struct capnp_segment *segments = capnp_segment_of(pointer->message)->first;
    uint64_t far = pointer->word;
    uint32_t segment = (uint32_t)(far >> 32);
    bool is_double = (far & 4) != 0;
    if (segment >= segments->count) {
        return CAPNP_POINTER_SEGMENT_UNKNOWN;
    }
    const uint8_t *pad = pad_at(&segments[segment], (uint32_t)far >> 3, is_double ? 2 : 1);
    if (pad == NULL) {
        return CAPNP_POINTER_OUT_OF_BOUNDS;
    }
    uint64_t landed = capnp_load_u64(pad);
    if (!is_double) {
        *pointer =
            (struct capnp_pointer){&segments[segment].message, pad + CAPNP_WORD_BYTES, landed};
        return (landed & 3) == CAPNP_KIND_FAR ? CAPNP_POINTER_FAR_MALFORMED : CAPNP_OK;
    }
    segment = (uint32_t)(landed >> 32);
    uint64_t shape = capnp_load_u64(pad + CAPNP_WORD_BYTES);
    if ((landed & 7) != CAPNP_KIND_FAR || (shape & 3) == CAPNP_KIND_FAR) {
        return CAPNP_POINTER_FAR_MALFORMED;
    }
    if (segment >= segments->count) {
        return CAPNP_POINTER_SEGMENT_UNKNOWN;
    }
    const uint8_t *content = pad_at(&segments[segment], (uint32_t)landed >> 3, 0);
    if (content == NULL) {
        return CAPNP_POINTER_OUT_OF_BOUNDS;
    }
    // The offset of the shape counts for nothing; of a capability those bits are none.
    if ((shape & 3) != CAPNP_KIND_OTHER) {
        shape &= ~UINT64_C(0xfffffffc);
    }
    *pointer = (struct capnp_pointer){&segments[segment].message, content, shape};
    return CAPNP_OK;
}

static void far_follow(struct capnp_pointer *pointer)
{
    struct capnp_message *message = pointer->message;
    const uint8_t *from = pointer->from;
    enum capnp_error error = far_resolve(pointer);
    // Behind a far pointer a struct without fields may be all zeros. It is there all the same, no
    // matter where.
    if (error == CAPNP_OK && pointer->word == 0) {
        *pointer = (struct capnp_pointer){message, from, capnp_struct_pointer_word(-1, 0, 0)};
    }
    if (error != CAPNP_OK) {
        capnp_message_fail(message, error);
        pointer->word = 0;
    }
}

void capnp_segments_init(struct capnp_segment *segments, uint32_t count, uint32_t traversal_words,
                         const uint64_t *caps, uint32_t cap_count)
{
    enum capnp_error error = CAPNP_OK;
    for (uint32_t i = 0; i < count; i++) {
        struct capnp_segment *segment = &segments[i];
        uint32_t size = segment->message.size;
        uint64_t limit =
            (uint64_t)size / CAPNP_WORD_BYTES * CAPNP_TRAVERSAL_TIMES + CAPNP_TRAVERSAL_WORDS_MIN;
        if (size % CAPNP_WORD_BYTES != 0) {
            error = CAPNP_MESSAGE_NOT_WORDS;
            size = 0;
        }
        segment->message = (struct capnp_message){
            .bytes = segment->message.bytes,
            .caps = caps,
            .cap_count = cap_count,
            .size = size,
            .is_segmented = true,
            .traversal_words = limit < traversal_words ? (uint32_t)limit : traversal_words};
        segment->first = segments;
        segment->count = count;
        segment->follow = far_follow;
    }
    segments->message.error = error;
}
