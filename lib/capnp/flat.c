// SPDX-License-Identifier: Apache-2.0
//
// The part of flat.h that isn't worth inlining: following pointers, and the three kinds of pointer
// that a message of one struct can hold (text, data, capability).
//
// Everything that follows a pointer goes through capnp_pointer_target, the only place where an
// offset out of a message becomes an address. Pointer words are laid out as in the encoding
// specification: kind in bits 0..1, signed word offset from the end of the pointer in bits 2..31,
// sizes in the upper half.

#include "lib/capnp/flat.h"

#include "lib/capnp/arena.h"

enum { ELEMENT_BYTE = 2 };

void capnp_message_fail(struct capnp_message *message, enum capnp_error error)
{
    if (message->is_segmented) {
        message = &capnp_segment_of(message)->first->message;
    }
    if (!message->is_constant && message->error == CAPNP_OK) {
        message->error = error;
    }
}

void capnp_builder_fail(struct capnp_builder *builder, enum capnp_error error)
{
    if (builder->error == CAPNP_OK) {
        builder->error = error;
    }
}

void capnp_message_check(struct capnp_message *message)
{
    if (message->size != CAPNP_MESSAGE_BYTES_MAX) {
        message->error = message->size > CAPNP_MESSAGE_BYTES_MAX ? CAPNP_MESSAGE_TOO_LARGE
                                                                 : CAPNP_MESSAGE_NOT_WORDS;
        message->size = 0;
    }
}

bool capnp_message_charge(struct capnp_message *message, uint64_t words)
{
    if (message->is_constant) {
        return true;
    }
    if (words > message->traversal_words) {
        capnp_message_fail(message, CAPNP_TRAVERSAL_EXCEEDED);
        return false;
    }
    message->traversal_words -= (uint32_t)words;
    return true;
}

bool capnp_pointer_follow(struct capnp_pointer *pointer, struct capnp_message *message,
                          const uint8_t *at)
{
    *pointer = (struct capnp_pointer){message, at, 0};
    if (at == NULL) {
        return false;
    }
    pointer->from += CAPNP_WORD_BYTES;
    pointer->word = capnp_load_u64(at);
    if (message->is_segmented && (pointer->word & 3) == CAPNP_KIND_FAR) {
        capnp_segment_of(message)->follow(pointer);
    }
    return pointer->word != 0;
}

bool capnp_pointer_load(struct capnp_pointer *pointer, struct capnp_message *message,
                        const uint8_t *at, uint32_t kind)
{
    bool is_there = capnp_pointer_follow(pointer, message, at);
    uint32_t found = pointer->word & 3;
    if (is_there && found != kind) {
        capnp_message_fail(message,
                           found == CAPNP_KIND_FAR ? CAPNP_POINTER_FAR : CAPNP_POINTER_OTHER_KIND);
        return false;
    }
    return is_there;
}

const uint8_t *capnp_pointer_target(const struct capnp_pointer *pointer, uint64_t words)
{
    struct capnp_message *message = pointer->message;
    int64_t from = (pointer->from - message->bytes) / CAPNP_WORD_BYTES;
    int64_t target = from + ((int32_t)(uint32_t)pointer->word >> 2);
    if (target < 0 || (uint64_t)target + words > message->size / CAPNP_WORD_BYTES) {
        capnp_message_fail(message, CAPNP_POINTER_OUT_OF_BOUNDS);
        return NULL;
    }
    return message->bytes + target * CAPNP_WORD_BYTES;
}

struct capnp_struct_reader capnp_struct_at(struct capnp_message *message, const uint8_t *at,
                                           uint16_t depth)
{
    const struct capnp_struct_reader empty = {message, NULL, 0, 0, 0};
    struct capnp_pointer pointer;
    if (!capnp_pointer_load(&pointer, message, at, CAPNP_KIND_STRUCT)) {
        return empty;
    }
    if (depth == 0) {
        capnp_message_fail(message, CAPNP_DEPTH_EXCEEDED);
        return empty;
    }
    uint16_t data_words = (uint16_t)(pointer.word >> 32);
    uint16_t pointer_count = (uint16_t)(pointer.word >> 48);
    uint32_t words = (uint32_t)data_words + pointer_count;
    const uint8_t *data = capnp_pointer_target(&pointer, words);
    if (data == NULL || !capnp_message_charge(pointer.message, words)) {
        return empty;
    }
    return (struct capnp_struct_reader){pointer.message, data,
                                        (uint32_t)data_words * CAPNP_WORD_BYTES, pointer_count,
                                        (uint16_t)(depth - 1)};
}

struct capnp_data capnp_data_at(struct capnp_message *message, const uint8_t *at)
{
    const struct capnp_data absent = {NULL, 0};
    struct capnp_pointer pointer;
    if (!capnp_pointer_load(&pointer, message, at, CAPNP_KIND_LIST)) {
        return absent;
    }
    if (((pointer.word >> 32) & 7) != ELEMENT_BYTE) {
        capnp_message_fail(message, CAPNP_LIST_OTHER_ELEMENTS);
        return absent;
    }
    uint32_t size = (uint32_t)(pointer.word >> 35);
    uint32_t words = (size + CAPNP_WORD_BYTES - 1) / CAPNP_WORD_BYTES;
    const uint8_t *data = capnp_pointer_target(&pointer, words);
    if (data == NULL || !capnp_message_charge(pointer.message, words)) {
        return absent;
    }
    return (struct capnp_data){data, size};
}

struct capnp_text capnp_text_at(struct capnp_message *message, const uint8_t *at)
{
    struct capnp_data data = capnp_data_at(message, at);
    if (data.data != NULL && (data.size == 0 || data.data[data.size - 1] != 0)) {
        capnp_message_fail(message, CAPNP_TEXT_NOT_TERMINATED);
        data.data = NULL;
    }
    return data.data == NULL ? (struct capnp_text){NULL, 0}
                             : (struct capnp_text){(const char *)data.data, data.size - 1};
}

struct capnp_cap capnp_cap_at(struct capnp_message *message, const uint8_t *at)
{
    struct capnp_pointer pointer;
    if (!capnp_pointer_load(&pointer, message, at, CAPNP_KIND_OTHER)) {
        return (struct capnp_cap){0};
    }
    uint32_t ordinal = (uint32_t)(pointer.word >> 32);
    if ((uint32_t)pointer.word != CAPNP_KIND_OTHER || ordinal >= message->cap_count) {
        capnp_message_fail(message, (uint32_t)pointer.word != CAPNP_KIND_OTHER
                                        ? CAPNP_POINTER_RESERVED_BITS
                                        : CAPNP_CAP_ORDINAL_OUT_OF_RANGE);
        return (struct capnp_cap){0};
    }
    return (struct capnp_cap){message->caps[ordinal]};
}

bool capnp_has_pointer(struct capnp_struct_reader reader, uint16_t index)
{
    const uint8_t *slot = capnp_reader_slot(reader, index);
    return slot != NULL && capnp_load_u64(slot) != 0;
}

struct capnp_text capnp_get_text(struct capnp_struct_reader reader, uint16_t index,
                                 struct capnp_text absent)
{
    struct capnp_text text = capnp_text_at(reader.message, capnp_reader_slot(reader, index));
    return text.data != NULL ? text : absent;
}

struct capnp_data capnp_get_data(struct capnp_struct_reader reader, uint16_t index,
                                 struct capnp_data absent)
{
    struct capnp_data data = capnp_data_at(reader.message, capnp_reader_slot(reader, index));
    return data.data != NULL ? data : absent;
}

struct capnp_cap capnp_get_cap(struct capnp_struct_reader reader, uint16_t index)
{
    return capnp_cap_at(reader.message, capnp_reader_slot(reader, index));
}

uint8_t *capnp_builder_grow(struct capnp_builder *builder, uint8_t *slot, uint64_t words,
                            uint64_t shape)
{
    if (builder->is_arena && builder->error == CAPNP_OK) {
        return ((struct capnp_arena *)builder)->grow(builder, slot, words, shape);
    }
    capnp_builder_fail(builder, CAPNP_BUILDER_FULL);
    return NULL;
}

// `words` words at the end of the message; NULL where the buffer has no room.
static inline uint8_t *room_take(struct capnp_builder *builder, uint64_t words)
{
    // An arena that has gone on to other buffers says so with more used than there is.
    int64_t room = (int64_t)builder->capacity - builder->used;
    if (builder->error != CAPNP_OK || (int64_t)(words * CAPNP_WORD_BYTES) > room) {
        return NULL;
    }
    uint8_t *taken = builder->bytes + builder->used;
    builder->used += (uint32_t)words * CAPNP_WORD_BYTES;
    return taken;
}

uint8_t *capnp_builder_place(struct capnp_builder *builder, uint8_t *slot, uint64_t words,
                             uint64_t shape)
{
    uint8_t *placed = room_take(builder, words);
    if (placed == NULL) {
        return capnp_builder_grow(builder, slot, words, shape);
    }
    capnp_store_u64(slot, capnp_pointer_near(slot, placed, shape));
    return placed;
}

// The bytes, and zeros up to the end of the last word.
static inline void words_fill(uint8_t *target, uint64_t words, const void *bytes, uint32_t size)
{
    if (words > 0) {
        capnp_store_u64(target + (words - 1) * CAPNP_WORD_BYTES, 0);
        __builtin_memcpy(target, bytes, size);
    }
}

// Apart, so that what is common needs no stack.
static __attribute__((cold, noinline)) void bytes_put_growing(struct capnp_builder *builder,
                                                              uint8_t *slot, uint64_t shape,
                                                              struct capnp_data data)
{
    uint64_t words = ((shape >> 35) + 7) / CAPNP_WORD_BYTES;
    uint8_t *target = capnp_builder_grow(builder, slot, words, shape);
    if (target != NULL) {
        words_fill(target, words, data.data, data.size);
    }
}

// A list of `size` bytes and `zeros` more, pointed to by `slot`, where there are both.
static inline void bytes_put(struct capnp_builder *builder, uint8_t *slot, const void *bytes,
                             uint32_t size, uint32_t zeros)
{
    uint64_t count = (uint64_t)size + zeros;
    uint64_t words = (count + 7) / CAPNP_WORD_BYTES;
    uint64_t shape = capnp_pointer_word(0, CAPNP_KIND_LIST, ELEMENT_BYTE | (uint32_t)count << 3);
    if (bytes == NULL || slot == NULL) {
        return;
    }
    if (count >= 1u << 29) {
        capnp_builder_fail(builder, CAPNP_BUILDER_LIST_TOO_LONG);
        return;
    }
    uint8_t *target = room_take(builder, words);
    if (target == NULL) {
        bytes_put_growing(builder, slot, shape, (struct capnp_data){bytes, size});
        return;
    }
    capnp_store_u64(slot, capnp_pointer_near(slot, target, shape));
    words_fill(target, words, bytes, size);
}

void capnp_text_put(struct capnp_builder *builder, uint8_t *slot, struct capnp_text text)
{
    bytes_put(builder, slot, text.data, text.size, 1);
}

void capnp_data_put(struct capnp_builder *builder, uint8_t *slot, struct capnp_data data)
{
    bytes_put(builder, slot, data.data, data.size, 0);
}

void capnp_cap_put(struct capnp_builder *builder, uint8_t *slot, struct capnp_cap cap)
{
    if (capnp_load_u64(slot) != 0) {
        capnp_builder_fail(builder, CAPNP_BUILDER_CAP_SET_TWICE);
    } else if (cap.id != 0 && builder->cap_count == CAPNP_CAPS_MAX) {
        capnp_builder_fail(builder, CAPNP_BUILDER_CAPS_FULL);
    } else if (cap.id != 0) {
        capnp_store_u64(slot, (uint64_t)builder->cap_count << 32 | CAPNP_KIND_OTHER);
        builder->caps[builder->cap_count++] = cap.id;
    }
}

void capnp_set_cap(struct capnp_struct_builder target, uint16_t index, struct capnp_cap cap)
{
    uint8_t *slot = capnp_builder_slot(target, index);
    if (slot != NULL) {
        capnp_cap_put(target.builder, slot, cap);
    }
}
