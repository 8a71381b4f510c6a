// SPDX-License-Identifier: Apache-2.0
//
// Reading nested structs and lists (tree.h). Building them is tree_build.c.
//
// list_at is the heart: it turns a list pointer into {count, data, element shape}, checking that
// all elements lie inside and that they can be read as what the schema asks for. A list of structs
// starts with a tag word shaped like a struct pointer whose offset is the element count. Elements
// that take no room (void, empty structs) are charged one word each, for somebody will loop over
// them.

#include "lib/capnp/tree.h"

enum { KIND_STRUCT = 0, KIND_LIST = 1, KIND_FAR = 2 };

static const uint8_t element_bytes[] = {0, 0, 1, 2, 4, 8, 0, 0};

static struct capnp_list_reader list_none(struct capnp_message *message)
{
    return (struct capnp_list_reader){.message = message};
}

static struct capnp_list_reader list_fail(struct capnp_message *message, enum capnp_error error)
{
    capnp_message_fail(message, error);
    return list_none(message);
}

// Whether elements of this shape can be read as `wanted`.
static bool list_is_readable(const struct capnp_list_reader *list, enum capnp_element wanted)
{
    switch (wanted) {
    case CAPNP_ELEMENT_VOID:
        return true;
    case CAPNP_ELEMENT_BIT:
        return list->is_bits;
    case CAPNP_ELEMENT_BYTE:
    case CAPNP_ELEMENT_TWO_BYTES:
    case CAPNP_ELEMENT_FOUR_BYTES:
    case CAPNP_ELEMENT_EIGHT_BYTES:
        return list->data_bytes >= element_bytes[wanted];
    case CAPNP_ELEMENT_POINTER:
        return list->pointer_count >= 1;
    case CAPNP_ELEMENT_STRUCT:
        return !list->is_bits;
    }
    return false;
}

// A list of structs: `words` after the tag at the target.
static struct capnp_list_reader struct_list_at(struct capnp_message *message, const uint8_t *at,
                                               uint64_t pointer)
{
    uint32_t words = (uint32_t)(pointer >> 35);
    const uint8_t *target = capnp_pointer_target(message, at, pointer, (uint64_t)words + 1);
    if (target == NULL) {
        return list_none(message);
    }
    uint64_t tag = capnp_load_u64(target);
    if ((tag & 3) != KIND_STRUCT) {
        return list_fail(message, CAPNP_LIST_TAG_NOT_STRUCT);
    }
    uint32_t count = (uint32_t)tag >> 2;
    uint16_t data_words = (uint16_t)(tag >> 32);
    uint16_t pointer_count = (uint16_t)(tag >> 48);
    uint64_t step = (uint64_t)data_words + pointer_count;
    if (step * count > words) {
        return list_fail(message, CAPNP_LIST_TAG_TOO_LONG);
    }
    if (!capnp_message_charge(message, step == 0 ? count : words + UINT64_C(1))) {
        return list_none(message);
    }
    return (struct capnp_list_reader){message,       target + CAPNP_WORD_BYTES,
                                      count,         (uint32_t)data_words * CAPNP_WORD_BYTES,
                                      pointer_count, 0,
                                      false,         CAPNP_ELEMENT_STRUCT};
}

static struct capnp_list_reader plain_list_at(struct capnp_message *message, const uint8_t *at,
                                              uint64_t pointer, uint32_t encoded)
{
    uint32_t count = (uint32_t)(pointer >> 35);
    uint64_t bits = (uint64_t)element_bytes[encoded] * 8;
    if (encoded == CAPNP_ELEMENT_BIT) {
        bits = 1;
    } else if (encoded == CAPNP_ELEMENT_POINTER) {
        bits = 64;
    }
    uint64_t words = (count * bits + 63) / 64;
    const uint8_t *target = capnp_pointer_target(message, at, pointer, words);
    if (target == NULL || !capnp_message_charge(message, bits == 0 ? count : words)) {
        return list_none(message);
    }
    return (struct capnp_list_reader){message,
                                      target,
                                      count,
                                      element_bytes[encoded],
                                      encoded == CAPNP_ELEMENT_POINTER ? 1 : 0,
                                      0,
                                      encoded == CAPNP_ELEMENT_BIT,
                                      (uint8_t)encoded};
}

// The list that the pointer at `at` points to; a null pointer is an empty list.
struct capnp_list_reader capnp_list_at(struct capnp_message *message, const uint8_t *at,
                                       uint16_t depth, enum capnp_element wanted)
{
    uint64_t pointer = capnp_load_u64(at);
    if (pointer == 0) {
        return list_none(message);
    }
    if ((pointer & 3) != KIND_LIST) {
        return list_fail(message,
                         (pointer & 3) == KIND_FAR ? CAPNP_POINTER_FAR : CAPNP_POINTER_OTHER_KIND);
    }
    if (depth == 0) {
        return list_fail(message, CAPNP_DEPTH_EXCEEDED);
    }
    uint32_t encoded = (uint32_t)(pointer >> 32) & 7;
    struct capnp_list_reader list = encoded == CAPNP_ELEMENT_STRUCT
                                        ? struct_list_at(message, at, pointer)
                                        : plain_list_at(message, at, pointer, encoded);
    if (list.data == NULL) {
        return list;
    }
    if (!list_is_readable(&list, wanted)) {
        return list_fail(message, CAPNP_LIST_OTHER_ELEMENTS);
    }
    list.depth = (uint16_t)(depth - 1);
    return list;
}

// A constant message is never written to (capnp_message_fail, capnp_message_charge), so reading
// one through the common path is safe though it lies in read-only memory.
static struct capnp_message *constant_of(const struct capnp_message *constant)
{
    return (struct capnp_message *)constant;
}

struct capnp_struct_reader capnp_constant_struct(const struct capnp_message *constant)
{
    return capnp_message_root(constant_of(constant));
}

struct capnp_list_reader capnp_constant_list(const struct capnp_message *constant,
                                             enum capnp_element element)
{
    return capnp_list_at(constant_of(constant), constant->bytes, CAPNP_DEPTH_MAX, element);
}

struct capnp_struct_reader capnp_get_struct(struct capnp_struct_reader reader, uint16_t index,
                                            const struct capnp_message *absent)
{
    struct capnp_struct_reader found = {reader.message, NULL, 0, 0, 0};
    if (index < reader.pointer_count) {
        const uint8_t *slot = reader.data + reader.data_bytes + (uint32_t)index * CAPNP_WORD_BYTES;
        found = capnp_struct_at(reader.message, slot, reader.depth);
    }
    return found.data == NULL && absent != NULL ? capnp_constant_struct(absent) : found;
}

struct capnp_list_reader capnp_get_list(struct capnp_struct_reader reader, uint16_t index,
                                        enum capnp_element element,
                                        const struct capnp_message *absent)
{
    struct capnp_list_reader found = list_none(reader.message);
    if (index < reader.pointer_count) {
        const uint8_t *slot = reader.data + reader.data_bytes + (uint32_t)index * CAPNP_WORD_BYTES;
        found = capnp_list_at(reader.message, slot, reader.depth, element);
    }
    return found.data == NULL && absent != NULL ? capnp_constant_list(absent, element) : found;
}

// Where element `index` lies, or NULL with the error noted. The element has at least data_bytes
// of data and pointer_count pointers.
static const uint8_t *element_of(const struct capnp_list_reader *list, uint32_t index,
                                 uint32_t data_bytes, uint16_t pointer_count)
{
    if (index >= list->count) {
        capnp_message_fail(list->message, CAPNP_LIST_INDEX_OUT_OF_RANGE);
        return NULL;
    }
    if (list->is_bits || list->data_bytes < data_bytes || list->pointer_count < pointer_count) {
        capnp_message_fail(list->message, CAPNP_LIST_OTHER_ELEMENTS);
        return NULL;
    }
    size_t step = list->data_bytes + (size_t)list->pointer_count * CAPNP_WORD_BYTES;
    return list->data + index * step;
}

// The first pointer of element `index`.
static const uint8_t *pointer_of(const struct capnp_list_reader *list, uint32_t index)
{
    const uint8_t *element = element_of(list, index, 0, 1);
    return element == NULL ? NULL : element + list->data_bytes;
}

bool capnp_list_get_bool(struct capnp_list_reader list, uint32_t index)
{
    if (index >= list.count) {
        capnp_message_fail(list.message, CAPNP_LIST_INDEX_OUT_OF_RANGE);
        return false;
    }
    if (!list.is_bits) {
        capnp_message_fail(list.message, CAPNP_LIST_OTHER_ELEMENTS);
        return false;
    }
    return ((list.data[index / 8] >> (index % 8)) & 1) != 0;
}

uint8_t capnp_list_get_u8(struct capnp_list_reader list, uint32_t index)
{
    const uint8_t *element = element_of(&list, index, 1, 0);
    return element == NULL ? 0 : *element;
}

uint16_t capnp_list_get_u16(struct capnp_list_reader list, uint32_t index)
{
    const uint8_t *element = element_of(&list, index, 2, 0);
    uint16_t value = 0;
    if (element != NULL) {
        __builtin_memcpy(&value, element, sizeof(value));
    }
    return value;
}

uint32_t capnp_list_get_u32(struct capnp_list_reader list, uint32_t index)
{
    const uint8_t *element = element_of(&list, index, 4, 0);
    uint32_t value = 0;
    if (element != NULL) {
        __builtin_memcpy(&value, element, sizeof(value));
    }
    return value;
}

uint64_t capnp_list_get_u64(struct capnp_list_reader list, uint32_t index)
{
    const uint8_t *element = element_of(&list, index, 8, 0);
    return element == NULL ? 0 : capnp_load_u64(element);
}

struct capnp_text capnp_list_get_text(struct capnp_list_reader list, uint32_t index)
{
    const uint8_t *slot = pointer_of(&list, index);
    struct capnp_text text = {NULL, 0};
    if (slot != NULL) {
        text = capnp_text_at(list.message, slot);
    }
    return text.data != NULL ? text : (struct capnp_text){"", 0};
}

struct capnp_data capnp_list_get_data(struct capnp_list_reader list, uint32_t index)
{
    const uint8_t *slot = pointer_of(&list, index);
    return slot != NULL ? capnp_data_at(list.message, slot) : (struct capnp_data){NULL, 0};
}

struct capnp_cap capnp_list_get_cap(struct capnp_list_reader list, uint32_t index)
{
    const uint8_t *slot = pointer_of(&list, index);
    return slot != NULL ? capnp_cap_at(list.message, slot) : (struct capnp_cap){0};
}

struct capnp_struct_reader capnp_list_get_struct(struct capnp_list_reader list, uint32_t index)
{
    const uint8_t *element = element_of(&list, index, 0, 0);
    if (element == NULL) {
        return (struct capnp_struct_reader){list.message, NULL, 0, 0, 0};
    }
    return (struct capnp_struct_reader){list.message, element, list.data_bytes, list.pointer_count,
                                        list.depth};
}

struct capnp_list_reader capnp_list_get_list(struct capnp_list_reader list, uint32_t index,
                                             enum capnp_element element)
{
    const uint8_t *slot = pointer_of(&list, index);
    return slot != NULL ? capnp_list_at(list.message, slot, list.depth, element)
                        : list_none(list.message);
}
