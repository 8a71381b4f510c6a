// SPDX-License-Identifier: Apache-2.0
//
// Building nested structs and lists (tree.h). Everything new goes to the end of the message; a
// pointer that is set again leaves what it pointed to before behind as unused room.
//
// Pointers are only ever set to what was just taken from the same buffer, so offsets are positive
// (but for the empty struct, which points at its own pointer) and fit.

#include "lib/capnp/tree.h"

enum { KIND_LIST = 1 };

static const uint8_t element_bytes[] = {0, 0, 1, 2, 4, 8, 0, 0};

// Distance in words from the end of the pointer at `slot` to `target`.
static int64_t distance(const uint8_t *slot, const uint8_t *target)
{
    return (target - slot) / CAPNP_WORD_BYTES - 1;
}

static struct capnp_list_builder list_none(struct capnp_builder *builder)
{
    return (struct capnp_list_builder){builder, NULL, 0, 0, 0, false};
}

struct capnp_struct_builder capnp_init_struct(struct capnp_struct_builder target, uint16_t index,
                                              uint16_t data_words, uint16_t pointer_words)
{
    struct capnp_builder *builder = target.builder;
    uint8_t *slot = capnp_builder_slot(target, index);
    uint32_t words = (uint32_t)data_words + pointer_words;
    uint8_t *data = slot == NULL ? NULL : capnp_builder_take(builder, words);
    if (data == NULL) {
        return (struct capnp_struct_builder){builder, NULL, 0, 0};
    }
    capnp_store_u64(slot, capnp_struct_pointer_word(words == 0 ? -1 : distance(slot, data),
                                                    data_words, pointer_words));
    return (struct capnp_struct_builder){builder, data, (uint32_t)data_words * CAPNP_WORD_BYTES,
                                         pointer_words};
}

static struct capnp_list_builder list_put(struct capnp_builder *builder, uint8_t *slot,
                                          enum capnp_element element, uint32_t count)
{
    uint64_t bits = (uint64_t)element_bytes[element] * 8;
    if (element == CAPNP_ELEMENT_BIT) {
        bits = 1;
    } else if (element == CAPNP_ELEMENT_POINTER) {
        bits = 64;
    }
    if (element == CAPNP_ELEMENT_STRUCT || count >= 1u << 29) {
        capnp_builder_fail(builder, element == CAPNP_ELEMENT_STRUCT ? CAPNP_BUILDER_OTHER_FIELD
                                                                    : CAPNP_BUILDER_LIST_TOO_LONG);
        return list_none(builder);
    }
    uint8_t *data = capnp_builder_take(builder, (count * bits + 63) / 64);
    if (data == NULL) {
        return list_none(builder);
    }
    capnp_store_u64(
        slot, capnp_pointer_word(distance(slot, data), KIND_LIST, (uint32_t)element | count << 3));
    return (struct capnp_list_builder){builder,
                                       data,
                                       count,
                                       element_bytes[element],
                                       element == CAPNP_ELEMENT_POINTER ? 1 : 0,
                                       element == CAPNP_ELEMENT_BIT};
}

static struct capnp_list_builder struct_list_put(struct capnp_builder *builder, uint8_t *slot,
                                                 uint32_t count, uint16_t data_words,
                                                 uint16_t pointer_words)
{
    uint64_t words = ((uint64_t)data_words + pointer_words) * count;
    if (count >= 1u << 29 || words >= 1u << 29) {
        capnp_builder_fail(builder, CAPNP_BUILDER_LIST_TOO_LONG);
        return list_none(builder);
    }
    uint8_t *tag = capnp_builder_take(builder, words + 1);
    if (tag == NULL) {
        return list_none(builder);
    }
    capnp_store_u64(slot, capnp_pointer_word(distance(slot, tag), KIND_LIST,
                                             CAPNP_ELEMENT_STRUCT | (uint32_t)words << 3));
    capnp_store_u64(tag, capnp_struct_pointer_word(count, data_words, pointer_words));
    return (struct capnp_list_builder){builder,       tag + CAPNP_WORD_BYTES,
                                       count,         (uint32_t)data_words * CAPNP_WORD_BYTES,
                                       pointer_words, false};
}

struct capnp_list_builder capnp_init_list(struct capnp_struct_builder target, uint16_t index,
                                          enum capnp_element element, uint32_t count)
{
    uint8_t *slot = capnp_builder_slot(target, index);
    return slot == NULL ? list_none(target.builder)
                        : list_put(target.builder, slot, element, count);
}

struct capnp_list_builder capnp_init_struct_list(struct capnp_struct_builder target, uint16_t index,
                                                 uint32_t count, uint16_t data_words,
                                                 uint16_t pointer_words)
{
    uint8_t *slot = capnp_builder_slot(target, index);
    return slot == NULL ? list_none(target.builder)
                        : struct_list_put(target.builder, slot, count, data_words, pointer_words);
}

// Where element `index` lies, or NULL with the error noted; it has room for what is asked.
static uint8_t *element_of(const struct capnp_list_builder *list, uint32_t index,
                           uint32_t data_bytes, uint16_t pointer_count)
{
    if (index >= list->count) {
        capnp_builder_fail(list->builder, CAPNP_LIST_INDEX_OUT_OF_RANGE);
        return NULL;
    }
    if (list->is_bits || list->data_bytes < data_bytes || list->pointer_count < pointer_count) {
        capnp_builder_fail(list->builder, CAPNP_LIST_OTHER_ELEMENTS);
        return NULL;
    }
    size_t step = list->data_bytes + (size_t)list->pointer_count * CAPNP_WORD_BYTES;
    return list->data + index * step;
}

static uint8_t *pointer_of(const struct capnp_list_builder *list, uint32_t index)
{
    uint8_t *element = element_of(list, index, 0, 1);
    return element == NULL ? NULL : element + list->data_bytes;
}

void capnp_list_set_bool(struct capnp_list_builder list, uint32_t index, bool value)
{
    if (index >= list.count) {
        capnp_builder_fail(list.builder, CAPNP_LIST_INDEX_OUT_OF_RANGE);
    } else if (!list.is_bits) {
        capnp_builder_fail(list.builder, CAPNP_LIST_OTHER_ELEMENTS);
    } else {
        uint8_t mask = (uint8_t)(1u << (index % 8));
        uint8_t byte = list.data[index / 8];
        list.data[index / 8] = (uint8_t)(value ? byte | mask : byte & ~mask);
    }
}

void capnp_list_set_u8(struct capnp_list_builder list, uint32_t index, uint8_t value)
{
    uint8_t *element = element_of(&list, index, sizeof(value), 0);
    if (element != NULL) {
        *element = value;
    }
}

void capnp_list_set_u16(struct capnp_list_builder list, uint32_t index, uint16_t value)
{
    uint8_t *element = element_of(&list, index, sizeof(value), 0);
    if (element != NULL) {
        __builtin_memcpy(element, &value, sizeof(value));
    }
}

void capnp_list_set_u32(struct capnp_list_builder list, uint32_t index, uint32_t value)
{
    uint8_t *element = element_of(&list, index, sizeof(value), 0);
    if (element != NULL) {
        __builtin_memcpy(element, &value, sizeof(value));
    }
}

void capnp_list_set_u64(struct capnp_list_builder list, uint32_t index, uint64_t value)
{
    uint8_t *element = element_of(&list, index, sizeof(value), 0);
    if (element != NULL) {
        capnp_store_u64(element, value);
    }
}

void capnp_list_set_text(struct capnp_list_builder list, uint32_t index, struct capnp_text text)
{
    uint8_t *slot = pointer_of(&list, index);
    if (slot != NULL) {
        capnp_text_put(list.builder, slot, text);
    }
}

void capnp_list_set_data(struct capnp_list_builder list, uint32_t index, struct capnp_data data)
{
    uint8_t *slot = pointer_of(&list, index);
    if (slot != NULL) {
        capnp_data_put(list.builder, slot, data);
    }
}

void capnp_list_set_cap(struct capnp_list_builder list, uint32_t index, struct capnp_cap cap)
{
    uint8_t *slot = pointer_of(&list, index);
    if (slot != NULL) {
        capnp_cap_put(list.builder, slot, cap);
    }
}

struct capnp_struct_builder capnp_list_init_struct(struct capnp_list_builder list, uint32_t index)
{
    uint8_t *element = element_of(&list, index, 0, 0);
    if (element == NULL) {
        return (struct capnp_struct_builder){list.builder, NULL, 0, 0};
    }
    return (struct capnp_struct_builder){list.builder, element, list.data_bytes,
                                         list.pointer_count};
}

struct capnp_list_builder capnp_list_init_list(struct capnp_list_builder list, uint32_t index,
                                               enum capnp_element element, uint32_t count)
{
    uint8_t *slot = pointer_of(&list, index);
    return slot == NULL ? list_none(list.builder) : list_put(list.builder, slot, element, count);
}

struct capnp_list_builder capnp_list_init_struct_list(struct capnp_list_builder list,
                                                      uint32_t index, uint32_t count,
                                                      uint16_t data_words, uint16_t pointer_words)
{
    uint8_t *slot = pointer_of(&list, index);
    return slot == NULL ? list_none(list.builder)
                        : struct_list_put(list.builder, slot, count, data_words, pointer_words);
}
