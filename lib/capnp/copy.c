// SPDX-License-Identifier: Apache-2.0
//
// Deep copies (copy.h). pointer_copy tells the kinds of pointers apart and steps down through
// struct_write and list_write; readers do all the checking.
//
// Canonical form is the same walk with other sizes: structs lose what is zero at their ends, lists
// of structs what is zero at the ends of all their elements. The order, each object at once
// followed by what its pointers lead to, first pointer first, is the canonical one anyway.

#include "lib/capnp/copy.h"

struct copy {
    struct capnp_builder *builder;
    bool is_canonical;
};

struct size {
    uint16_t data_words;
    uint16_t pointer_words;
};

static void pointer_copy(const struct copy *copy, uint8_t *slot, struct capnp_message *message,
                         const uint8_t *at, uint16_t depth);

static const uint8_t *pointer_of(const struct capnp_struct_reader *source, uint32_t index)
{
    return source->data + source->data_bytes + (size_t)index * CAPNP_WORD_BYTES;
}

static bool is_zero(const uint8_t *bytes, uint32_t count)
{
    while (count > 0 && bytes[count - 1] == 0) {
        count--;
    }
    return count == 0;
}

// The struct as it is. (Only what was a list of numbers has elements of less than a word.)
static struct size size_of(const struct capnp_struct_reader *source)
{
    uint32_t words = (source->data_bytes + CAPNP_WORD_BYTES - 1) / CAPNP_WORD_BYTES;
    return (struct size){(uint16_t)words, source->pointer_count};
}

// Makes `size` large enough for the struct without the zeros at its ends.
static void size_trim(struct size *size, const struct capnp_struct_reader *source)
{
    struct size whole = size_of(source);
    uint32_t end = source->data_bytes;
    while (whole.data_words > size->data_words &&
           is_zero(source->data + (whole.data_words - 1u) * CAPNP_WORD_BYTES,
                   end - (whole.data_words - 1u) * CAPNP_WORD_BYTES)) {
        whole.data_words--;
        end = (uint32_t)whole.data_words * CAPNP_WORD_BYTES;
    }
    while (whole.pointer_words > size->pointer_words &&
           capnp_load_u64(pointer_of(source, whole.pointer_words - 1u)) == 0) {
        whole.pointer_words--;
    }
    if (whole.data_words > size->data_words) {
        size->data_words = whole.data_words;
    }
    if (whole.pointer_words > size->pointer_words) {
        size->pointer_words = whole.pointer_words;
    }
}

// Writes all words of a struct of this size, which has no more pointers than the source.
static void struct_write(const struct copy *copy, uint8_t *to, struct size size,
                         const struct capnp_struct_reader *source)
{
    uint32_t room = (uint32_t)size.data_words * CAPNP_WORD_BYTES;
    uint32_t bytes = source->data_bytes < room ? source->data_bytes : room;
    __builtin_memcpy(to, source->data, bytes);
    if (bytes < room) {
        __builtin_memset(to + bytes, 0, room - bytes);
    }
    to += room;
    for (uint32_t i = 0; i < size.pointer_words; i++, to += CAPNP_WORD_BYTES) {
        pointer_copy(copy, to, source->message, pointer_of(source, i), source->depth);
    }
}

static void struct_put(const struct copy *copy, uint8_t *slot,
                       const struct capnp_struct_reader *source)
{
    struct size size = {0, 0};
    if (copy->is_canonical) {
        size_trim(&size, source);
    } else {
        size = size_of(source);
    }
    uint32_t words = (uint32_t)size.data_words + size.pointer_words;
    if (words == 0) {
        capnp_struct_put(copy->builder, slot, 0, 0);
        return;
    }
    uint64_t shape = capnp_struct_pointer_word(0, size.data_words, size.pointer_words);
    uint8_t *to = capnp_builder_place(copy->builder, slot, words, shape);
    if (to != NULL) {
        struct_write(copy, to, size, source);
    }
}

static void struct_list_put(const struct copy *copy, uint8_t *slot,
                            const struct capnp_list_reader *source)
{
    struct size size = {(uint16_t)(source->data_bytes / CAPNP_WORD_BYTES), source->pointer_count};
    if (copy->is_canonical) {
        size = (struct size){0, 0};
        for (uint32_t i = 0; i < source->count && source->step > 0; i++) {
            struct capnp_struct_reader element = capnp_list_get_struct(*source, i);
            size_trim(&size, &element);
        }
    }
    uint32_t step = (uint32_t)size.data_words + size.pointer_words;
    uint64_t words = (uint64_t)step * source->count;
    uint64_t shape =
        capnp_pointer_word(0, CAPNP_KIND_LIST, CAPNP_ELEMENT_STRUCT | (uint32_t)words << 3);
    uint8_t *to = capnp_builder_place(copy->builder, slot, words + 1, shape);
    if (to == NULL) {
        return;
    }
    capnp_store_u64(to,
                    capnp_struct_pointer_word(source->count, size.data_words, size.pointer_words));
    to += CAPNP_WORD_BYTES;
    for (uint32_t i = 0; i < source->count && step > 0; i++) {
        struct capnp_struct_reader element = capnp_list_get_struct(*source, i);
        struct_write(copy, to, size, &element);
        to += (size_t)step * CAPNP_WORD_BYTES;
    }
}

static void list_put(const struct copy *copy, uint8_t *slot, const struct capnp_list_reader *source)
{
    if (source->element == CAPNP_ELEMENT_STRUCT) {
        struct_list_put(copy, slot, source);
        return;
    }
    uint64_t bits = (uint64_t)source->count * capnp_element_bits[source->element];
    uint64_t words = (bits + 63) / 64;
    uint64_t shape = capnp_pointer_word(0, CAPNP_KIND_LIST, source->element | source->count << 3);
    uint8_t *to = capnp_builder_place(copy->builder, slot, words, shape);
    if (to == NULL || words == 0) {
        return;
    }
    if (source->element == CAPNP_ELEMENT_POINTER) {
        for (uint32_t i = 0; i < source->count; i++) {
            size_t at = (size_t)i * CAPNP_WORD_BYTES;
            pointer_copy(copy, to + at, source->message, source->data + at, source->depth);
        }
        return;
    }
    capnp_store_u64(to + (words - 1) * CAPNP_WORD_BYTES, 0);
    __builtin_memcpy(to, source->data, (size_t)((bits + 7) / 8));
    if (bits % 8 != 0) {
        to[bits / 8] &= (uint8_t)((1u << (bits % 8)) - 1); // no element's
    }
}

static void pointer_copy(const struct copy *copy, uint8_t *slot, struct capnp_message *message,
                         const uint8_t *at, uint16_t depth)
{
    uint64_t word = capnp_load_u64(at);
    capnp_store_u64(slot, 0);
    if (word == 0) {
        return;
    }
    if ((word & 3) == CAPNP_KIND_FAR) {
        struct capnp_pointer pointer;
        if (!capnp_pointer_follow(&pointer, message, at)) {
            return;
        }
        word = pointer.word;
    }
    if ((word & 3) == CAPNP_KIND_STRUCT) {
        struct capnp_struct_reader source = capnp_struct_at(message, at, depth);
        if (source.data != NULL) {
            struct_put(copy, slot, &source);
        }
    } else if ((word & 3) == CAPNP_KIND_LIST) {
        struct capnp_list_reader source = capnp_list_at(message, at, depth, CAPNP_ELEMENT_VOID);
        if (source.data != NULL) {
            list_put(copy, slot, &source);
        }
    } else if (copy->is_canonical) {
        capnp_builder_fail(copy->builder, CAPNP_CANONICAL_CAPABILITY);
    } else {
        capnp_cap_put(copy->builder, slot, capnp_cap_at(message, at));
    }
}

void capnp_pointer_copy(struct capnp_builder *builder, uint8_t *slot, struct capnp_message *message,
                        const uint8_t *at, uint16_t depth)
{
    const struct copy copy = {builder, false};
    pointer_copy(&copy, slot, message, at, depth);
}

void capnp_struct_copy(struct capnp_struct_builder target, struct capnp_struct_reader source)
{
    uint32_t bytes = source.data_bytes < target.data_bytes ? source.data_bytes : target.data_bytes;
    if (source.data == NULL) {
        return;
    }
    if (bytes > 0) {
        __builtin_memcpy(target.data, source.data, bytes);
    }
    if (!is_zero(source.data + bytes, source.data_bytes - bytes)) {
        capnp_builder_fail(target.builder, CAPNP_BUILDER_OTHER_FIELD);
    }
    for (uint32_t i = 0; i < source.pointer_count; i++) {
        const uint8_t *at = pointer_of(&source, i);
        uint8_t *slot = capnp_load_u64(at) == 0 ? NULL : capnp_builder_slot(target, (uint16_t)i);
        if (slot != NULL) {
            capnp_pointer_copy(target.builder, slot, source.message, at, source.depth);
        }
    }
}

void capnp_set_struct(struct capnp_struct_builder target, uint16_t index,
                      struct capnp_struct_reader source)
{
    const struct copy copy = {target.builder, false};
    uint8_t *slot = capnp_builder_slot(target, index);
    if (slot != NULL) {
        capnp_store_u64(slot, 0);
        if (source.data != NULL) {
            struct_put(&copy, slot, &source);
        }
    }
}

void capnp_set_list(struct capnp_struct_builder target, uint16_t index,
                    struct capnp_list_reader source)
{
    const struct copy copy = {target.builder, false};
    uint8_t *slot = capnp_builder_slot(target, index);
    if (slot != NULL) {
        capnp_store_u64(slot, 0);
        if (source.data != NULL) {
            list_put(&copy, slot, &source);
        }
    }
}

// The slot of the root pointer of a message begun anew; NULL if there is no room.
static uint8_t *root_slot(struct capnp_builder *builder)
{
    uint8_t *data = capnp_builder_root(builder, 0, 0).data;
    if (data == NULL) {
        return NULL;
    }
    capnp_store_u64(data - CAPNP_WORD_BYTES, 0);
    return data - CAPNP_WORD_BYTES;
}

void capnp_message_copy(struct capnp_builder *builder, struct capnp_message *source)
{
    uint8_t *slot = root_slot(builder);
    if (slot != NULL && source->size > 0) {
        capnp_pointer_copy(builder, slot, source, source->bytes, CAPNP_DEPTH_MAX);
    }
}

void capnp_message_canonicalize(struct capnp_builder *builder, struct capnp_struct_reader root)
{
    const struct copy copy = {builder, true};
    uint8_t *slot = root_slot(builder);
    if (slot != NULL) {
        struct_put(&copy, slot, &root);
    }
}
