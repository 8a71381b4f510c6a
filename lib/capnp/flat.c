// SPDX-License-Identifier: Apache-2.0
//
// The part of flat.h that isn't worth inlining: following pointers, and the three kinds of pointer
// that a message of one struct can hold (text, data, capability).
//
// Everything that follows a pointer goes through capnp_pointer_target, the only place where an
// offset out of a message becomes an address. Pointer words are laid out as in the encoding
// specification: kind in bits 0..1 (0 struct, 1 list, 2 far, 3 other), signed word offset from the
// end of the pointer in bits 2..31, sizes in the upper half.

#include "lib/capnp/flat.h"

enum { KIND_STRUCT = 0, KIND_LIST = 1, KIND_FAR = 2, KIND_OTHER = 3, ELEMENT_BYTE = 2 };

void capnp_message_fail(struct capnp_message *message, enum capnp_error error)
{
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
    if (message->size > CAPNP_MESSAGE_BYTES_MAX) {
        message->error = CAPNP_MESSAGE_TOO_LARGE;
        message->size = 0;
    } else if (message->size % CAPNP_WORD_BYTES != 0) {
        message->error = CAPNP_MESSAGE_NOT_WORDS;
        message->size = 0;
    }
}

void capnp_message_init_large(struct capnp_message *message, const void *bytes, uint32_t size,
                              uint32_t traversal_words)
{
    *message =
        (struct capnp_message){.bytes = bytes, .size = size, .traversal_words = traversal_words};
    if (size % CAPNP_WORD_BYTES != 0) {
        message->size = 0;
        message->error = CAPNP_MESSAGE_NOT_WORDS;
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

const uint8_t *capnp_pointer_target(struct capnp_message *message, const uint8_t *at,
                                    uint64_t pointer, uint64_t words)
{
    int64_t from = (at - message->bytes) / CAPNP_WORD_BYTES + 1;
    int64_t target = from + ((int32_t)(uint32_t)pointer >> 2);
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
    uint64_t pointer = capnp_load_u64(at);
    if (pointer == 0) {
        return empty;
    }
    if ((pointer & 3) != KIND_STRUCT) {
        capnp_message_fail(message, (pointer & 3) == KIND_FAR ? CAPNP_POINTER_FAR
                                                              : CAPNP_POINTER_OTHER_KIND);
        return empty;
    }
    if (depth == 0) {
        capnp_message_fail(message, CAPNP_DEPTH_EXCEEDED);
        return empty;
    }
    uint16_t data_words = (uint16_t)(pointer >> 32);
    uint16_t pointer_count = (uint16_t)(pointer >> 48);
    uint32_t words = (uint32_t)data_words + pointer_count;
    const uint8_t *data = capnp_pointer_target(message, at, pointer, words);
    if (data == NULL || !capnp_message_charge(message, words)) {
        return empty;
    }
    return (struct capnp_struct_reader){message, data, (uint32_t)data_words * CAPNP_WORD_BYTES,
                                        pointer_count, (uint16_t)(depth - 1)};
}

struct capnp_data capnp_data_at(struct capnp_message *message, const uint8_t *at)
{
    const struct capnp_data absent = {NULL, 0};
    uint64_t pointer = capnp_load_u64(at);
    if (pointer == 0) {
        return absent;
    }
    if ((pointer & 3) != KIND_LIST) {
        capnp_message_fail(message, (pointer & 3) == KIND_FAR ? CAPNP_POINTER_FAR
                                                              : CAPNP_POINTER_OTHER_KIND);
        return absent;
    }
    if (((pointer >> 32) & 7) != ELEMENT_BYTE) {
        capnp_message_fail(message, CAPNP_LIST_OTHER_ELEMENTS);
        return absent;
    }
    uint32_t size = (uint32_t)(pointer >> 35);
    uint32_t words = (size + CAPNP_WORD_BYTES - 1) / CAPNP_WORD_BYTES;
    const uint8_t *data = capnp_pointer_target(message, at, pointer, words);
    if (data == NULL || !capnp_message_charge(message, words)) {
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
    uint64_t pointer = capnp_load_u64(at);
    uint32_t ordinal = (uint32_t)(pointer >> 32);
    enum capnp_error error = CAPNP_OK;
    if (pointer == 0) {
        return (struct capnp_cap){0};
    }
    if ((pointer & 3) != KIND_OTHER) {
        error = (pointer & 3) == KIND_FAR ? CAPNP_POINTER_FAR : CAPNP_POINTER_OTHER_KIND;
    } else if ((uint32_t)pointer != KIND_OTHER) {
        error = CAPNP_POINTER_RESERVED_BITS;
    } else if (ordinal >= message->cap_count) {
        error = CAPNP_CAP_ORDINAL_OUT_OF_RANGE;
    }
    if (error != CAPNP_OK) {
        capnp_message_fail(message, error);
        return (struct capnp_cap){0};
    }
    return (struct capnp_cap){message->caps[ordinal]};
}

// The slot of pointer `index`, or NULL if the struct is of a version without it.
static const uint8_t *reader_slot(struct capnp_struct_reader reader, uint16_t index)
{
    if (index >= reader.pointer_count) {
        return NULL;
    }
    return reader.data + reader.data_bytes + (uint32_t)index * CAPNP_WORD_BYTES;
}

bool capnp_has_pointer(struct capnp_struct_reader reader, uint16_t index)
{
    const uint8_t *slot = reader_slot(reader, index);
    return slot != NULL && capnp_load_u64(slot) != 0;
}

struct capnp_text capnp_get_text(struct capnp_struct_reader reader, uint16_t index,
                                 struct capnp_text absent)
{
    const uint8_t *slot = reader_slot(reader, index);
    struct capnp_text text = {NULL, 0};
    if (slot != NULL) {
        text = capnp_text_at(reader.message, slot);
    }
    return text.data != NULL ? text : absent;
}

struct capnp_data capnp_get_data(struct capnp_struct_reader reader, uint16_t index,
                                 struct capnp_data absent)
{
    const uint8_t *slot = reader_slot(reader, index);
    struct capnp_data data = {NULL, 0};
    if (slot != NULL) {
        data = capnp_data_at(reader.message, slot);
    }
    return data.data != NULL ? data : absent;
}

struct capnp_cap capnp_get_cap(struct capnp_struct_reader reader, uint16_t index)
{
    const uint8_t *slot = reader_slot(reader, index);
    return slot != NULL ? capnp_cap_at(reader.message, slot) : (struct capnp_cap){0};
}

// A list of `size` bytes and `zeros` more, pointed to by `slot`.
static void bytes_put(struct capnp_builder *builder, uint8_t *slot, const void *bytes,
                      uint32_t size, uint32_t zeros)
{
    uint64_t count = (uint64_t)size + zeros;
    if (count >= 1u << 29) {
        capnp_builder_fail(builder, CAPNP_BUILDER_LIST_TOO_LONG);
        return;
    }
    uint8_t *target = capnp_builder_take(builder, (count + 7) / CAPNP_WORD_BYTES);
    if (target == NULL) {
        return;
    }
    __builtin_memcpy(target, bytes, size);
    capnp_store_u64(slot, capnp_pointer_word((target - slot) / CAPNP_WORD_BYTES - 1, KIND_LIST,
                                             ELEMENT_BYTE | (uint32_t)count << 3));
}

void capnp_text_put(struct capnp_builder *builder, uint8_t *slot, struct capnp_text text)
{
    if (text.data != NULL) {
        bytes_put(builder, slot, text.data, text.size, 1);
    }
}

void capnp_data_put(struct capnp_builder *builder, uint8_t *slot, struct capnp_data data)
{
    if (data.data != NULL) {
        bytes_put(builder, slot, data.data, data.size, 0);
    }
}

void capnp_cap_put(struct capnp_builder *builder, uint8_t *slot, struct capnp_cap cap)
{
    if (capnp_load_u64(slot) != 0) {
        capnp_builder_fail(builder, CAPNP_BUILDER_CAP_SET_TWICE);
    } else if (cap.id != 0 && builder->cap_count == CAPNP_CAPS_MAX) {
        capnp_builder_fail(builder, CAPNP_BUILDER_CAPS_FULL);
    } else if (cap.id != 0) {
        capnp_store_u64(slot, (uint64_t)builder->cap_count << 32 | KIND_OTHER);
        builder->caps[builder->cap_count++] = cap.id;
    }
}

void capnp_set_text(struct capnp_struct_builder target, uint16_t index, struct capnp_text text)
{
    uint8_t *slot = capnp_builder_slot(target, index);
    if (slot != NULL) {
        capnp_text_put(target.builder, slot, text);
    }
}

void capnp_set_data(struct capnp_struct_builder target, uint16_t index, struct capnp_data data)
{
    uint8_t *slot = capnp_builder_slot(target, index);
    if (slot != NULL) {
        capnp_data_put(target.builder, slot, data);
    }
}

void capnp_set_cap(struct capnp_struct_builder target, uint16_t index, struct capnp_cap cap)
{
    uint8_t *slot = capnp_builder_slot(target, index);
    if (slot != NULL) {
        capnp_cap_put(target.builder, slot, cap);
    }
}
