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

const uint8_t capnp_element_bits[] = {0, 1, 8, 16, 32, 64, 64, 0};

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
        return list->data_bytes >= capnp_element_bits[wanted] / 8;
    case CAPNP_ELEMENT_POINTER:
        return list->pointer_count >= 1;
    case CAPNP_ELEMENT_STRUCT:
        return !list->is_bits;
    }
    return false;
}

// A list of structs: `words` after the tag at the target.
static struct capnp_list_reader struct_list_at(const struct capnp_pointer *pointer)
{
    struct capnp_message *message = pointer->message;
    uint32_t words = (uint32_t)(pointer->word >> 35);
    const uint8_t *target = capnp_pointer_target(pointer, (uint64_t)words + 1);
    if (target == NULL) {
        return list_none(message);
    }
    uint64_t tag = capnp_load_u64(target);
    if ((tag & 3) != CAPNP_KIND_STRUCT) {
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
    return (struct capnp_list_reader){.message = message,
                                      .data = target + CAPNP_WORD_BYTES,
                                      .count = count,
                                      .step = (uint32_t)step * CAPNP_WORD_BYTES,
                                      .data_bytes = (uint32_t)data_words * CAPNP_WORD_BYTES,
                                      .pointer_count = pointer_count,
                                      .element = CAPNP_ELEMENT_STRUCT};
}

static struct capnp_list_reader plain_list_at(const struct capnp_pointer *pointer, uint32_t encoded)
{
    struct capnp_message *message = pointer->message;
    uint32_t count = (uint32_t)(pointer->word >> 35);
    uint32_t bits = capnp_element_bits[encoded];
    uint64_t words = ((uint64_t)count * bits + 63) / 64;
    const uint8_t *target = capnp_pointer_target(pointer, words);
    if (target == NULL || !capnp_message_charge(message, bits == 0 ? count : words)) {
        return list_none(message);
    }
    bool is_pointer = encoded == CAPNP_ELEMENT_POINTER;
    return (struct capnp_list_reader){.message = message,
                                      .data = target,
                                      .count = count,
                                      .step = bits / 8,
                                      .data_bytes = is_pointer ? 0 : bits / 8,
                                      .pointer_count = is_pointer ? 1 : 0,
                                      .is_bits = encoded == CAPNP_ELEMENT_BIT,
                                      .element = (uint8_t)encoded};
}

struct capnp_list_reader capnp_list_at(struct capnp_message *message, const uint8_t *at,
                                       uint16_t depth, enum capnp_element wanted)
{
    struct capnp_pointer pointer;
    if (!capnp_pointer_load(&pointer, message, at, CAPNP_KIND_LIST)) {
        return list_none(message);
    }
    if (depth == 0) {
        return list_fail(message, CAPNP_DEPTH_EXCEEDED);
    }
    uint32_t encoded = (uint32_t)(pointer.word >> 32) & 7;
    struct capnp_list_reader list = encoded == CAPNP_ELEMENT_STRUCT
                                        ? struct_list_at(&pointer)
                                        : plain_list_at(&pointer, encoded);
    if (list.data != NULL && !list_is_readable(&list, wanted)) {
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
    struct capnp_struct_reader found =
        capnp_struct_at(reader.message, capnp_reader_slot(reader, index), reader.depth);
    return found.data == NULL && absent != NULL ? capnp_constant_struct(absent) : found;
}

struct capnp_list_reader capnp_get_list(struct capnp_struct_reader reader, uint16_t index,
                                        enum capnp_element element,
                                        const struct capnp_message *absent)
{
    struct capnp_list_reader found =
        capnp_list_at(reader.message, capnp_reader_slot(reader, index), reader.depth, element);
    return found.data == NULL && absent != NULL ? capnp_constant_list(absent, element) : found;
}

const uint8_t *capnp_list_reader_fail(const struct capnp_list_reader *list, uint32_t index)
{
    capnp_message_fail(list->message, index < list->count ? CAPNP_LIST_OTHER_ELEMENTS
                                                          : CAPNP_LIST_INDEX_OUT_OF_RANGE);
    return NULL;
}

// The first pointer of element `index`.
static const uint8_t *pointer_of(const struct capnp_list_reader *list, uint32_t index)
{
    return index < list->count && list->pointer_count > 0
               ? list->data + (size_t)index * list->step + list->data_bytes
               : capnp_list_reader_fail(list, index);
}

bool capnp_list_get_bool(struct capnp_list_reader list, uint32_t index)
{
    if (index >= list.count || !list.is_bits) {
        capnp_list_reader_fail(&list, index);
        return false;
    }
    return ((list.data[index / 8] >> (index % 8)) & 1) != 0;
}

struct capnp_text capnp_list_get_text(struct capnp_list_reader list, uint32_t index)
{
    struct capnp_text text = capnp_text_at(list.message, pointer_of(&list, index));
    return text.data != NULL ? text : (struct capnp_text){"", 0};
}

struct capnp_data capnp_list_get_data(struct capnp_list_reader list, uint32_t index)
{
    return capnp_data_at(list.message, pointer_of(&list, index));
}

struct capnp_cap capnp_list_get_cap(struct capnp_list_reader list, uint32_t index)
{
    return capnp_cap_at(list.message, pointer_of(&list, index));
}

struct capnp_struct_reader capnp_list_get_struct(struct capnp_list_reader list, uint32_t index)
{
    if (index >= list.count || list.is_bits) {
        capnp_list_reader_fail(&list, index);
        return (struct capnp_struct_reader){list.message, NULL, 0, 0, 0};
    }
    return (struct capnp_struct_reader){list.message, list.data + (size_t)index * list.step,
                                        list.data_bytes, list.pointer_count, list.depth};
}

struct capnp_list_reader capnp_list_get_list(struct capnp_list_reader list, uint32_t index,
                                             enum capnp_element element)
{
    return capnp_list_at(list.message, pointer_of(&list, index), list.depth, element);
}
