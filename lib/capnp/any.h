// SPDX-License-Identifier: Apache-2.0
//
// Pointers whose type the schema leaves open: AnyPointer, AnyStruct, AnyList, and the type
// parameters of generic types and methods.
//
// A field of such a type is read as struct capnp_any_reader and built as struct capnp_any_builder.
// Who knows what it is says so by the cast: capnp_any_text(any), person_read_any(any) for a struct
// Person, ping_read_any(any) for an interface Ping, person_read_any_list(any) for List(Person). A
// cast to what is not there is an error of the message, like the reading of any other field;
// capnp_any_kind tells beforehand. For example, with `struct Box(T) { value @0 :T; }` and a field
// `box :Box(Person)`, person_read_any(box_get_value(...)) is the person.

#ifndef LIB_CAPNP_ANY_H
#define LIB_CAPNP_ANY_H

#include "lib/capnp/copy.h"

// Inside, both are structs of a single pointer, whose field 0 is what is meant. An absent one has
// no pointer.
struct capnp_any_reader {
    struct capnp_struct_reader s;
};

struct capnp_any_builder {
    struct capnp_struct_builder s;
};

enum capnp_any_kind {
    CAPNP_ANY_ABSENT,
    CAPNP_ANY_STRUCT,
    CAPNP_ANY_LIST, // text and data are lists too
    CAPNP_ANY_CAP
};

// ---- reading ----

struct capnp_any_reader capnp_get_any(struct capnp_struct_reader reader, uint16_t index);
struct capnp_any_reader capnp_list_get_any(struct capnp_list_reader list, uint32_t index);

// The root of a message, whatever it is.
struct capnp_any_reader capnp_message_root_any(struct capnp_message *message);

// A malformed pointer is an error of the message, and absent.
enum capnp_any_kind capnp_any_kind(struct capnp_any_reader any);

static inline struct capnp_text capnp_any_text(struct capnp_any_reader any)
{
    return capnp_get_text(any.s, 0, (struct capnp_text){"", 0});
}

static inline struct capnp_data capnp_any_data(struct capnp_any_reader any)
{
    return capnp_get_data(any.s, 0, (struct capnp_data){NULL, 0});
}

static inline struct capnp_cap capnp_any_cap(struct capnp_any_reader any)
{
    return capnp_get_cap(any.s, 0);
}

static inline struct capnp_struct_reader capnp_any_struct(struct capnp_any_reader any)
{
    return capnp_get_struct(any.s, 0, NULL);
}

static inline struct capnp_list_reader capnp_any_list(struct capnp_any_reader any,
                                                      enum capnp_element element)
{
    return capnp_get_list(any.s, 0, element, NULL);
}

// ---- building ----

struct capnp_any_builder capnp_build_any(struct capnp_struct_builder target, uint16_t index);
struct capnp_any_builder capnp_list_build_any(struct capnp_list_builder list, uint32_t index);

// Starts a message whose root is set through the result.
struct capnp_any_builder capnp_builder_root_any(struct capnp_builder *builder);

// A copy of whatever it is; of nothing, nothing.
void capnp_any_set(struct capnp_any_builder any, struct capnp_any_reader source);

static inline void capnp_any_set_text(struct capnp_any_builder any, struct capnp_text text)
{
    capnp_set_text(any.s, 0, text);
}

static inline void capnp_any_set_data(struct capnp_any_builder any, struct capnp_data data)
{
    capnp_set_data(any.s, 0, data);
}

static inline void capnp_any_set_cap(struct capnp_any_builder any, struct capnp_cap cap)
{
    capnp_set_cap(any.s, 0, cap);
}

static inline void capnp_any_set_struct(struct capnp_any_builder any,
                                        struct capnp_struct_reader source)
{
    capnp_set_struct(any.s, 0, source);
}

static inline void capnp_any_set_list(struct capnp_any_builder any, struct capnp_list_reader source)
{
    capnp_set_list(any.s, 0, source);
}

static inline struct capnp_struct_builder
capnp_any_init_struct(struct capnp_any_builder any, uint16_t data_words, uint16_t pointer_words)
{
    return capnp_init_struct(any.s, 0, data_words, pointer_words);
}

static inline struct capnp_list_builder
capnp_any_init_list(struct capnp_any_builder any, enum capnp_element element, uint32_t count)
{
    return capnp_init_list(any.s, 0, element, count);
}

static inline struct capnp_list_builder capnp_any_init_struct_list(struct capnp_any_builder any,
                                                                   uint32_t count,
                                                                   uint16_t data_words,
                                                                   uint16_t pointer_words)
{
    return capnp_init_struct_list(any.s, 0, count, data_words, pointer_words);
}

#endif
