// SPDX-License-Identifier: Apache-2.0
//
// Stream framing (frame.h).

#include "lib/capnp/frame.h"

static uint32_t load_u32(const uint8_t *at)
{
    uint32_t value;
    __builtin_memcpy(&value, at, sizeof(value));
    return value;
}

static void store_u32(uint8_t *at, uint32_t value)
{
    __builtin_memcpy(at, &value, sizeof(value));
}

uint32_t capnp_frame_head_size(uint32_t count)
{
    return (count / 2 + 1) * CAPNP_WORD_BYTES;
}

uint64_t capnp_frame_need(const void *bytes, uint64_t available)
{
    const uint8_t *at = bytes;
    if (available < sizeof(uint32_t)) {
        return CAPNP_WORD_BYTES;
    }
    if (load_u32(at) >= CAPNP_SEGMENTS_MAX) {
        return 0;
    }
    uint32_t count = load_u32(at) + 1;
    uint64_t need = capnp_frame_head_size(count);
    for (uint32_t i = 0; i < count && available >= capnp_frame_head_size(count); i++) {
        need += (uint64_t)load_u32(at + (i + 1) * sizeof(uint32_t)) * CAPNP_WORD_BYTES;
    }
    return need;
}

// What keeps the message from being opened.
static enum capnp_error frame_check(const uint8_t *at, uint64_t available, uint32_t segments_max)
{
    uint64_t need = capnp_frame_need(at, available);
    if (need > available) {
        return CAPNP_FRAME_CUT;
    }
    if (need == 0 || load_u32(at) >= segments_max) {
        return CAPNP_FRAME_TOO_MANY_SEGMENTS;
    }
    for (uint32_t i = 0; i <= load_u32(at); i++) {
        if (load_u32(at + (i + 1) * sizeof(uint32_t)) > UINT32_MAX / CAPNP_WORD_BYTES) {
            return CAPNP_FRAME_TOO_LARGE;
        }
    }
    return CAPNP_OK;
}

enum capnp_error capnp_frame_open(struct capnp_segment *segments, uint32_t segments_max,
                                  const void *bytes, uint64_t available, uint32_t traversal_words,
                                  uint64_t *size)
{
    const uint8_t *at = bytes;
    enum capnp_error error = frame_check(at, available, segments_max);
    *size = 0;
    if (error != CAPNP_OK) {
        capnp_segment_set(segments, NULL, 0);
        capnp_segments_init(segments, 1, traversal_words, NULL, 0);
        capnp_message_fail(&segments->message, error);
        return error;
    }
    uint32_t count = load_u32(at) + 1;
    uint64_t used = capnp_frame_head_size(count);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t words = load_u32(at + (i + 1) * sizeof(uint32_t));
        capnp_segment_set(&segments[i], at + used, words * CAPNP_WORD_BYTES);
        used += (uint64_t)words * CAPNP_WORD_BYTES;
    }
    capnp_segments_init(segments, count, traversal_words, NULL, 0);
    *size = used;
    return CAPNP_OK;
}

uint64_t capnp_frame_size(const struct capnp_buffer *buffers, uint32_t count)
{
    uint64_t size = capnp_frame_head_size(count);
    for (uint32_t i = 0; i < count; i++) {
        size += buffers[i].used;
    }
    return size;
}

void capnp_frame_head(void *head, const struct capnp_buffer *buffers, uint32_t count)
{
    uint8_t *at = head;
    store_u32(at + (count & ~1u) * sizeof(uint32_t) + sizeof(uint32_t), 0); // before what may be it
    store_u32(at, count - 1);
    for (uint32_t i = 0; i < count; i++) {
        store_u32(at + (i + 1) * sizeof(uint32_t), buffers[i].used / CAPNP_WORD_BYTES);
    }
}

void capnp_frame_write(void *frame, const struct capnp_buffer *buffers, uint32_t count)
{
    uint8_t *at = (uint8_t *)frame + capnp_frame_head_size(count);
    capnp_frame_head(frame, buffers, count);
    for (uint32_t i = 0; i < count; i++) {
        __builtin_memcpy(at, buffers[i].bytes, buffers[i].used);
        at += buffers[i].used;
    }
}
