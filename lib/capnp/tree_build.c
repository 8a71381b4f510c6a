// SPDX-License-Identifier: Apache-2.0
//
// Building nested structs and lists (tree.h). Everything new goes to the end of the message; a
// pointer that is set again leaves what it pointed to before behind as unused room.
//
// Pointers are only ever set to what was just taken, so offsets within a buffer are positive (but
// for the empty struct, which points at its own pointer) and fit.

#include "lib/capnp/tree.h"

static struct capnp_list_builder list_none(struct capnp_builder *builder)
{
    return (struct capnp_list_builder){.builder = builder};
}

// Zeroed words, pointed to by `slot`.
static uint8_t *words_put(struct capnp_builder *builder, uint8_t *slot, uint64_t words,
                          uint64_t shape)
{
    uint8_t *data = capnp_builder_place(builder, slot, words, shape);
    if (data != NULL) {
        __builtin_memset(data, 0, (size_t)words * CAPNP_WORD_BYTES);
    }
    return data;
}

struct capnp_struct_builder capnp_struct_put(struct capnp_builder *builder, uint8_t *slot,
                                             uint16_t data_words, uint16_t pointer_words)
{
    uint32_t words = (uint32_t)data_words + pointer_words;
    uint64_t shape = capnp_struct_pointer_word(0, data_words, pointer_words);
    if (words == 0 && builder->error == CAPNP_OK) {
        capnp_store_u64(slot, capnp_struct_pointer_word(-1, 0, 0));
        return (struct capnp_struct_builder){builder, slot + CAPNP_WORD_BYTES, 0, 0};
    }
    uint8_t *data = words_put(builder, slot, words, shape);
    if (data == NULL) {
        return (struct capnp_struct_builder){builder, NULL, 0, 0};
    }
    return (struct capnp_struct_builder){builder, data, (uint32_t)data_words * CAPNP_WORD_BYTES,
                                         pointer_words};
}

struct capnp_struct_builder capnp_init_struct(struct capnp_struct_builder target, uint16_t index,
                                              uint16_t data_words, uint16_t pointer_words)
{
    uint8_t *slot = capnp_builder_slot(target, index);
    return slot == NULL ? (struct capnp_struct_builder){target.builder, NULL, 0, 0}
                        : capnp_struct_put(target.builder, slot, data_words, pointer_words);
}

struct capnp_list_builder capnp_list_put(struct capnp_builder *builder, uint8_t *slot,
                                         enum capnp_element element, uint32_t count)
{
    uint32_t bits = capnp_element_bits[element];
    if (element == CAPNP_ELEMENT_STRUCT || count >= 1u << 29) {
        capnp_builder_fail(builder, element == CAPNP_ELEMENT_STRUCT ? CAPNP_BUILDER_OTHER_FIELD
                                                                    : CAPNP_BUILDER_LIST_TOO_LONG);
        return list_none(builder);
    }
    uint64_t shape = capnp_pointer_word(0, CAPNP_KIND_LIST, (uint32_t)element | count << 3);
    uint8_t *data = words_put(builder, slot, ((uint64_t)count * bits + 63) / 64, shape);
    if (data == NULL) {
        return list_none(builder);
    }
    bool is_pointer = element == CAPNP_ELEMENT_POINTER;
    return (struct capnp_list_builder){.builder = builder,
                                       .data = data,
                                       .count = count,
                                       .step = bits / 8,
                                       .data_bytes = is_pointer ? 0 : bits / 8,
                                       .pointer_count = is_pointer ? 1 : 0,
                                       .is_bits = element == CAPNP_ELEMENT_BIT};
}

struct capnp_list_builder capnp_struct_list_put(struct capnp_builder *builder, uint8_t *slot,
                                                uint32_t count, uint16_t data_words,
                                                uint16_t pointer_words)
{
    uint32_t step = (uint32_t)data_words + pointer_words;
    uint64_t words = (uint64_t)step * count;
    if (count >= 1u << 29 || words >= 1u << 29) {
        capnp_builder_fail(builder, CAPNP_BUILDER_LIST_TOO_LONG);
        return list_none(builder);
    }
    uint64_t shape =
        capnp_pointer_word(0, CAPNP_KIND_LIST, CAPNP_ELEMENT_STRUCT | (uint32_t)words << 3);
    uint8_t *tag = words_put(builder, slot, words + 1, shape);
    if (tag == NULL) {
        return list_none(builder);
    }
    capnp_store_u64(tag, capnp_struct_pointer_word(count, data_words, pointer_words));
    return (struct capnp_list_builder){.builder = builder,
                                       .data = tag + CAPNP_WORD_BYTES,
                                       .count = count,
                                       .step = step * CAPNP_WORD_BYTES,
                                       .data_bytes = (uint32_t)data_words * CAPNP_WORD_BYTES,
                                       .pointer_count = pointer_words};
}

struct capnp_list_builder capnp_init_list(struct capnp_struct_builder target, uint16_t index,
                                          enum capnp_element element, uint32_t count)
{
    uint8_t *slot = capnp_builder_slot(target, index);
    return slot == NULL ? list_none(target.builder)
                        : capnp_list_put(target.builder, slot, element, count);
}

struct capnp_list_builder capnp_init_struct_list(struct capnp_struct_builder target, uint16_t index,
                                                 uint32_t count, uint16_t data_words,
                                                 uint16_t pointer_words)
{
    uint8_t *slot = capnp_builder_slot(target, index);
    return slot == NULL
               ? list_none(target.builder)
               : capnp_struct_list_put(target.builder, slot, count, data_words, pointer_words);
}

uint8_t *capnp_list_builder_fail(const struct capnp_list_builder *list, uint32_t index)
{
    capnp_builder_fail(list->builder, index < list->count ? CAPNP_LIST_OTHER_ELEMENTS
                                                          : CAPNP_LIST_INDEX_OUT_OF_RANGE);
    return NULL;
}

static uint8_t *pointer_of(const struct capnp_list_builder *list, uint32_t index)
{
    return index < list->count && list->pointer_count > 0
               ? list->data + (size_t)index * list->step + list->data_bytes
               : capnp_list_builder_fail(list, index);
}

void capnp_list_set_bool(struct capnp_list_builder list, uint32_t index, bool value)
{
    if (index >= list.count || !list.is_bits) {
        capnp_list_builder_fail(&list, index);
    } else {
        uint8_t mask = (uint8_t)(1u << (index % 8));
        uint8_t byte = list.data[index / 8];
        list.data[index / 8] = (uint8_t)(value ? byte | mask : byte & ~mask);
    }
}

void capnp_list_set_text(struct capnp_list_builder list, uint32_t index, struct capnp_text text)
{
    capnp_text_put(list.builder, pointer_of(&list, index), text);
}

void capnp_list_set_data(struct capnp_list_builder list, uint32_t index, struct capnp_data data)
{
    capnp_data_put(list.builder, pointer_of(&list, index), data);
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
    if (index >= list.count || list.is_bits) {
        capnp_list_builder_fail(&list, index);
        return (struct capnp_struct_builder){list.builder, NULL, 0, 0};
    }
    return (struct capnp_struct_builder){list.builder, list.data + (size_t)index * list.step,
                                         list.data_bytes, list.pointer_count};
}

struct capnp_list_builder capnp_list_init_list(struct capnp_list_builder list, uint32_t index,
                                               enum capnp_element element, uint32_t count)
{
    uint8_t *slot = pointer_of(&list, index);
    return slot == NULL ? list_none(list.builder)
                        : capnp_list_put(list.builder, slot, element, count);
}

struct capnp_list_builder capnp_list_init_struct_list(struct capnp_list_builder list,
                                                      uint32_t index, uint32_t count,
                                                      uint16_t data_words, uint16_t pointer_words)
{
    uint8_t *slot = pointer_of(&list, index);
    return slot == NULL
               ? list_none(list.builder)
               : capnp_struct_list_put(list.builder, slot, count, data_words, pointer_words);
}
