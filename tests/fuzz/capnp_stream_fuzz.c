// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a framed message of several segments: nothing outside of it may be read, work must
// end, and copies must say what their source says.
//
// The message is copied to memory that ends where it ends, copied with far pointers resolved, and
// made canonical. Where all of that went without an error, the copy must have the same canonical
// form, the canonical form itself, too, and so must a copy into an arena of small buffers.

#include "lib/capnp/capnp.h"

#include <stdlib.h>
#include <string.h>

enum { SEGMENTS = 16, WORDS = 1 << 14, ARENA_BUFFERS = 512 };

static const uint64_t caps[3] = {1, 2, 3};

struct form {
    uint64_t words[WORDS];
    uint32_t bytes;
    bool is_whole; // nothing was wrong
};

static void canonicalise(struct form *form, struct capnp_segment *segments)
{
    struct capnp_builder builder;
    capnp_builder_init(&builder, form->words, sizeof(form->words));
    capnp_message_canonicalize(&builder, capnp_message_root(&segments[0].message));
    form->bytes = capnp_builder_size(&builder);
    form->is_whole = builder.error == CAPNP_OK && segments[0].message.error == CAPNP_OK;
}

static void expect_same(const struct form *one, const struct form *other)
{
    // What was within limits when it was read the first time may lie differently now.
    if (other->is_whole &&
        (one->bytes != other->bytes || memcmp(one->words, other->words, one->bytes) != 0)) {
        abort();
    }
}

// Every word of the pool is used once, so that the arena runs full at some point.
static bool more(void *context, uint32_t bytes_min, struct capnp_buffer *buffer)
{
    static uint64_t pool[WORDS * 2];
    uint32_t *used = context;
    uint32_t words = bytes_min / 8 + *used % 7;
    if (words > WORDS * 2 - *used) {
        return false;
    }
    *buffer = (struct capnp_buffer){pool + *used, words * 8, 0};
    *used += words;
    return true;
}

static void check_arena(const struct form *wanted, struct capnp_segment *segments, uint32_t first)
{
    static struct form form;
    static uint64_t first_words[64];
    static struct capnp_buffer buffers[ARENA_BUFFERS];
    static struct capnp_segment built[ARENA_BUFFERS];
    struct capnp_arena arena;
    uint32_t used = 0;
    buffers[0] = (struct capnp_buffer){first_words, 8 + first * 8, 0};
    capnp_arena_init(&arena, buffers, 1, ARENA_BUFFERS, more, &used);
    capnp_message_copy(&arena.builder, &segments[0].message);
    capnp_arena_open(&arena, built);
    if (arena.builder.error == CAPNP_OK && segments[0].message.error == CAPNP_OK) {
        canonicalise(&form, built);
        expect_same(wanted, &form);
    }
}

static void check_copies(struct capnp_segment *segments, uint32_t count, uint32_t first)
{
    static struct form ours;
    static struct form other;
    static uint64_t words[WORDS];
    canonicalise(&ours, segments);
    if (!ours.is_whole) {
        return;
    }
    struct capnp_builder builder;
    struct capnp_segment copied;
    capnp_segments_init(segments, count, UINT32_MAX, caps, 3);
    capnp_builder_init(&builder, words, sizeof(words));
    capnp_message_copy(&builder, &segments[0].message);
    if (builder.error == CAPNP_OK && segments[0].message.error == CAPNP_OK) {
        capnp_segment_set(&copied, words, capnp_builder_size(&builder));
        capnp_segments_init(&copied, 1, UINT32_MAX, NULL, 0);
        canonicalise(&other, &copied);
        expect_same(&ours, &other);
    }
    capnp_segment_set(&copied, ours.words, ours.bytes);
    capnp_segments_init(&copied, 1, UINT32_MAX, NULL, 0);
    canonicalise(&other, &copied);
    expect_same(&ours, &other);
    capnp_segments_init(segments, count, UINT32_MAX, caps, 3);
    check_arena(&ours, segments, first);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    struct capnp_segment segments[SEGMENTS];
    static uint64_t words[WORDS];
    uint64_t used = 0;
    uint8_t *bytes = malloc(size + 1);
    memcpy(bytes + 1, input, size);
    if (capnp_frame_open(segments, SEGMENTS, bytes + 1, size, UINT32_MAX, &used) == CAPNP_OK) {
        struct capnp_builder builder;
        uint32_t count = segments->count;
        capnp_segments_init(segments, count, UINT32_MAX, caps, 3);
        capnp_builder_init(&builder, words, sizeof(words));
        capnp_message_copy(&builder, &segments[0].message);
        capnp_segments_init(segments, count, UINT32_MAX, caps, 3);
        check_copies(segments, count, size % 60);
    } else if (capnp_message_root(&segments[0].message).data_bytes != 0 || used != 0) {
        abort();
    }
    free(bytes);
    return 0;
}
