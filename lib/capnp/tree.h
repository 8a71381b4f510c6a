// SPDX-License-Identifier: Apache-2.0
//
// Nested structs and lists: what a message holds besides the fields of its root struct.
//
// Same contract as flat.h: readers and builders are small values, a malformed or absent pointer
// reads as the default, and the first error stays in the message or the builder.
// A list reader remembers how wide its elements really are, so one type serves all lists and
// reading wider elements than the message holds is an error, never a read outside of it. Elements
// may be wider than the schema says (a list of scalars that became a list of structs), as the
// encoding's rules of evolution demand.
//
// Format: the encoding specification, sections "Lists" and "Structs"; "Evolving" of the language
// reference for the conversions.

#ifndef LIB_CAPNP_TREE_H
#define LIB_CAPNP_TREE_H

#include "lib/capnp/flat.h"

// As the encoding numbers them.
enum capnp_element {
    CAPNP_ELEMENT_VOID,
    CAPNP_ELEMENT_BIT,
    CAPNP_ELEMENT_BYTE,
    CAPNP_ELEMENT_TWO_BYTES,
    CAPNP_ELEMENT_FOUR_BYTES,
    CAPNP_ELEMENT_EIGHT_BYTES,
    CAPNP_ELEMENT_POINTER,
    CAPNP_ELEMENT_STRUCT
};

// Bits of one element; of structs it depends.
extern const uint8_t capnp_element_bits[];

struct capnp_list_reader {
    struct capnp_message *message;
    const uint8_t *data;
    uint32_t count;
    uint32_t step;       // bytes from one element to the next
    uint32_t data_bytes; // of one element
    uint16_t pointer_count;
    uint16_t depth;
    bool is_bits;    // data_bytes and pointer_count are 0
    uint8_t element; // enum capnp_element: how the elements are encoded
};

struct capnp_list_builder {
    struct capnp_builder *builder;
    uint8_t *data;
    uint32_t count;
    uint32_t step;
    uint32_t data_bytes;
    uint16_t pointer_count;
    bool is_bits;
};

// ---- reading ----

// `absent` (may be NULL) is a constant message with the default value of the field.
struct capnp_struct_reader capnp_get_struct(struct capnp_struct_reader reader, uint16_t index,
                                            const struct capnp_message *absent);

// element: what the schema says; a list that can't be read as such is an error and empty.
struct capnp_list_reader capnp_get_list(struct capnp_struct_reader reader, uint16_t index,
                                        enum capnp_element element,
                                        const struct capnp_message *absent);

// The list that is the root of a constant message: the value of a constant in a schema.
struct capnp_list_reader capnp_constant_list(const struct capnp_message *constant,
                                             enum capnp_element element);
struct capnp_struct_reader capnp_constant_struct(const struct capnp_message *constant);

// An index outside the list is an error and reads as 0, empty, none. Numbers by their types are
// below.
bool capnp_list_get_bool(struct capnp_list_reader list, uint32_t index);
struct capnp_text capnp_list_get_text(struct capnp_list_reader list, uint32_t index);
struct capnp_data capnp_list_get_data(struct capnp_list_reader list, uint32_t index);
struct capnp_cap capnp_list_get_cap(struct capnp_list_reader list, uint32_t index);
struct capnp_struct_reader capnp_list_get_struct(struct capnp_list_reader list, uint32_t index);
struct capnp_list_reader capnp_list_get_list(struct capnp_list_reader list, uint32_t index,
                                             enum capnp_element element);

// The list that the pointer at `at` points to; a null pointer is an empty list. depth: what is left
// for this pointer.
struct capnp_list_reader capnp_list_at(struct capnp_message *message, const uint8_t *at,
                                       uint16_t depth, enum capnp_element wanted);

// ---- building ----

struct capnp_struct_builder capnp_init_struct(struct capnp_struct_builder target, uint16_t index,
                                              uint16_t data_words, uint16_t pointer_words);

// A list of anything but structs.
struct capnp_list_builder capnp_init_list(struct capnp_struct_builder target, uint16_t index,
                                          enum capnp_element element, uint32_t count);
struct capnp_list_builder capnp_init_struct_list(struct capnp_struct_builder target, uint16_t index,
                                                 uint32_t count, uint16_t data_words,
                                                 uint16_t pointer_words);

// An index outside the list, or a value wider than its elements, is an error and does nothing.
void capnp_list_set_bool(struct capnp_list_builder list, uint32_t index, bool value);
void capnp_list_set_text(struct capnp_list_builder list, uint32_t index, struct capnp_text text);
void capnp_list_set_data(struct capnp_list_builder list, uint32_t index, struct capnp_data data);
void capnp_list_set_cap(struct capnp_list_builder list, uint32_t index, struct capnp_cap cap);
struct capnp_struct_builder capnp_list_init_struct(struct capnp_list_builder list, uint32_t index);
struct capnp_list_builder capnp_list_init_list(struct capnp_list_builder list, uint32_t index,
                                               enum capnp_element element, uint32_t count);
struct capnp_list_builder capnp_list_init_struct_list(struct capnp_list_builder list,
                                                      uint32_t index, uint32_t count,
                                                      uint16_t data_words, uint16_t pointer_words);

// The same for the pointer at `slot`, wherever it is.
struct capnp_struct_builder capnp_struct_put(struct capnp_builder *builder, uint8_t *slot,
                                             uint16_t data_words, uint16_t pointer_words);
struct capnp_list_builder capnp_list_put(struct capnp_builder *builder, uint8_t *slot,
                                         enum capnp_element element, uint32_t count);
struct capnp_list_builder capnp_struct_list_put(struct capnp_builder *builder, uint8_t *slot,
                                                uint32_t count, uint16_t data_words,
                                                uint16_t pointer_words);

// ---- elements that are numbers ----

// Notes what is wrong with element `index`, asked for as data_bytes of data; returns NULL.
__attribute__((cold, noinline)) const uint8_t *
capnp_list_reader_fail(const struct capnp_list_reader *list, uint32_t index);
__attribute__((cold, noinline)) uint8_t *
capnp_list_builder_fail(const struct capnp_list_builder *list, uint32_t index);

static inline const uint8_t *capnp_list_element(const struct capnp_list_reader *list,
                                                uint32_t index, uint32_t bytes)
{
    return index < list->count && bytes <= list->data_bytes
               ? list->data + (size_t)index * list->step
               : capnp_list_reader_fail(list, index);
}

static inline uint8_t *capnp_list_place(const struct capnp_list_builder *list, uint32_t index,
                                        uint32_t bytes)
{
    return index < list->count && bytes <= list->data_bytes
               ? list->data + (size_t)index * list->step
               : capnp_list_builder_fail(list, index);
}

static inline uint8_t capnp_list_get_u8(struct capnp_list_reader list, uint32_t index)
{
    uint8_t value = 0;
    const uint8_t *at = capnp_list_element(&list, index, sizeof(value));
    if (at != NULL) {
        __builtin_memcpy(&value, at, sizeof(value));
    }
    return value;
}

static inline void capnp_list_set_u8(struct capnp_list_builder list, uint32_t index, uint8_t value)
{
    uint8_t *at = capnp_list_place(&list, index, sizeof(value));
    if (at != NULL) {
        __builtin_memcpy(at, &value, sizeof(value));
    }
}

static inline uint16_t capnp_list_get_u16(struct capnp_list_reader list, uint32_t index)
{
    uint16_t value = 0;
    const uint8_t *at = capnp_list_element(&list, index, sizeof(value));
    if (at != NULL) {
        __builtin_memcpy(&value, at, sizeof(value));
    }
    return value;
}

static inline void capnp_list_set_u16(struct capnp_list_builder list, uint32_t index,
                                      uint16_t value)
{
    uint8_t *at = capnp_list_place(&list, index, sizeof(value));
    if (at != NULL) {
        __builtin_memcpy(at, &value, sizeof(value));
    }
}

static inline uint32_t capnp_list_get_u32(struct capnp_list_reader list, uint32_t index)
{
    uint32_t value = 0;
    const uint8_t *at = capnp_list_element(&list, index, sizeof(value));
    if (at != NULL) {
        __builtin_memcpy(&value, at, sizeof(value));
    }
    return value;
}

static inline void capnp_list_set_u32(struct capnp_list_builder list, uint32_t index,
                                      uint32_t value)
{
    uint8_t *at = capnp_list_place(&list, index, sizeof(value));
    if (at != NULL) {
        __builtin_memcpy(at, &value, sizeof(value));
    }
}

static inline uint64_t capnp_list_get_u64(struct capnp_list_reader list, uint32_t index)
{
    uint64_t value = 0;
    const uint8_t *at = capnp_list_element(&list, index, sizeof(value));
    if (at != NULL) {
        __builtin_memcpy(&value, at, sizeof(value));
    }
    return value;
}

static inline void capnp_list_set_u64(struct capnp_list_builder list, uint32_t index,
                                      uint64_t value)
{
    uint8_t *at = capnp_list_place(&list, index, sizeof(value));
    if (at != NULL) {
        __builtin_memcpy(at, &value, sizeof(value));
    }
}

static inline int8_t capnp_list_get_i8(struct capnp_list_reader list, uint32_t index)
{
    int8_t value = 0;
    const uint8_t *at = capnp_list_element(&list, index, sizeof(value));
    if (at != NULL) {
        __builtin_memcpy(&value, at, sizeof(value));
    }
    return value;
}

static inline void capnp_list_set_i8(struct capnp_list_builder list, uint32_t index, int8_t value)
{
    uint8_t *at = capnp_list_place(&list, index, sizeof(value));
    if (at != NULL) {
        __builtin_memcpy(at, &value, sizeof(value));
    }
}

static inline int16_t capnp_list_get_i16(struct capnp_list_reader list, uint32_t index)
{
    int16_t value = 0;
    const uint8_t *at = capnp_list_element(&list, index, sizeof(value));
    if (at != NULL) {
        __builtin_memcpy(&value, at, sizeof(value));
    }
    return value;
}

static inline void capnp_list_set_i16(struct capnp_list_builder list, uint32_t index, int16_t value)
{
    uint8_t *at = capnp_list_place(&list, index, sizeof(value));
    if (at != NULL) {
        __builtin_memcpy(at, &value, sizeof(value));
    }
}

static inline int32_t capnp_list_get_i32(struct capnp_list_reader list, uint32_t index)
{
    int32_t value = 0;
    const uint8_t *at = capnp_list_element(&list, index, sizeof(value));
    if (at != NULL) {
        __builtin_memcpy(&value, at, sizeof(value));
    }
    return value;
}

static inline void capnp_list_set_i32(struct capnp_list_builder list, uint32_t index, int32_t value)
{
    uint8_t *at = capnp_list_place(&list, index, sizeof(value));
    if (at != NULL) {
        __builtin_memcpy(at, &value, sizeof(value));
    }
}

static inline int64_t capnp_list_get_i64(struct capnp_list_reader list, uint32_t index)
{
    int64_t value = 0;
    const uint8_t *at = capnp_list_element(&list, index, sizeof(value));
    if (at != NULL) {
        __builtin_memcpy(&value, at, sizeof(value));
    }
    return value;
}

static inline void capnp_list_set_i64(struct capnp_list_builder list, uint32_t index, int64_t value)
{
    uint8_t *at = capnp_list_place(&list, index, sizeof(value));
    if (at != NULL) {
        __builtin_memcpy(at, &value, sizeof(value));
    }
}

static inline float capnp_list_get_f32(struct capnp_list_reader list, uint32_t index)
{
    float value = 0;
    const uint8_t *at = capnp_list_element(&list, index, sizeof(value));
    if (at != NULL) {
        __builtin_memcpy(&value, at, sizeof(value));
    }
    return value;
}

static inline void capnp_list_set_f32(struct capnp_list_builder list, uint32_t index, float value)
{
    uint8_t *at = capnp_list_place(&list, index, sizeof(value));
    if (at != NULL) {
        __builtin_memcpy(at, &value, sizeof(value));
    }
}

static inline double capnp_list_get_f64(struct capnp_list_reader list, uint32_t index)
{
    double value = 0;
    const uint8_t *at = capnp_list_element(&list, index, sizeof(value));
    if (at != NULL) {
        __builtin_memcpy(&value, at, sizeof(value));
    }
    return value;
}

static inline void capnp_list_set_f64(struct capnp_list_builder list, uint32_t index, double value)
{
    uint8_t *at = capnp_list_place(&list, index, sizeof(value));
    if (at != NULL) {
        __builtin_memcpy(at, &value, sizeof(value));
    }
}

// ---- floating point: fields are bits, so that flat.h needs no floating registers ----

static inline float capnp_f32_of(uint32_t bits)
{
    float value;
    __builtin_memcpy(&value, &bits, sizeof(value));
    return value;
}

static inline double capnp_f64_of(uint64_t bits)
{
    double value;
    __builtin_memcpy(&value, &bits, sizeof(value));
    return value;
}

static inline uint32_t capnp_bits_of_f32(float value)
{
    uint32_t bits;
    __builtin_memcpy(&bits, &value, sizeof(bits));
    return bits;
}

static inline uint64_t capnp_bits_of_f64(double value)
{
    uint64_t bits;
    __builtin_memcpy(&bits, &value, sizeof(bits));
    return bits;
}

#endif
