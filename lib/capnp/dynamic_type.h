// SPDX-License-Identifier: Apache-2.0
//
// What printing and parsing share below dynamic.h: types with their type parameters resolved,
// fields of structs, places for messages, small writers. Internal.
//
// A struct that is walked has a scope: what its type parameters are bound to. Scopes and places
// live on the stack of the walk and lead to the ones around them.

#ifndef LIB_CAPNP_DYNAMIC_TYPE_H
#define LIB_CAPNP_DYNAMIC_TYPE_H

#include "lib/capnp/dynamic.h"
#include "lib/capnp/dynamic_node.h"

struct dynamic_scope {
    struct capnp_list_reader brand; // Brand.scopes of the type that was entered
    const struct dynamic_scope *outer;
};

struct dynamic_type {
    enum type_kind kind;
    struct capnp_struct_reader type; // Type of schema.capnp
    const struct dynamic_scope *scope;
    const struct capnp_catalog_node *node; // of enums, structs and groups
};

struct dynamic_field {
    struct capnp_struct_reader field; // Field of schema.capnp
    struct capnp_text name;
    uint16_t discriminant;
    bool is_group;
    uint32_t offset; // bits for bool, bytes for other data, the index of a pointer
    struct dynamic_type type;
};

// One step of the path from the root to where the walk is; NULL is the root.
struct dynamic_place {
    const struct dynamic_place *outer;
    struct capnp_text name; // data is NULL: an element
    uint32_t index;
};

// A type as used within a scope, parameters resolved; what is bound to nothing is AnyPointer.
struct dynamic_type dynamic_type_of(const struct capnp_catalog *catalog,
                                    struct capnp_struct_reader type,
                                    const struct dynamic_scope *scope);

// What a list's elements are.
struct dynamic_type dynamic_element_of(const struct capnp_catalog *catalog,
                                       const struct dynamic_type *list);

// The scope inside of a struct; that of a group is the one around it.
struct dynamic_scope dynamic_scope_of(const struct dynamic_type *type);

// What a Field of a struct node says.
struct dynamic_field dynamic_field_of(const struct capnp_catalog *catalog,
                                      struct capnp_struct_reader reader,
                                      const struct dynamic_scope *scope);

// Bits of a value of this kind within a struct's data; 0 for what is a pointer, and for void.
uint32_t dynamic_kind_bits(enum type_kind kind);
bool dynamic_kind_is_pointer(enum type_kind kind);
// How elements of this kind lie in a list.
enum capnp_element dynamic_kind_element(enum type_kind kind);

// The bits of a scalar: of a Value of the schema, of a struct, of a list.
uint64_t dynamic_value_bits(struct capnp_struct_reader value, enum type_kind kind);
uint64_t dynamic_field_bits(struct capnp_struct_reader reader, const struct dynamic_field *field);
uint64_t dynamic_element_bits(struct capnp_list_reader list, uint32_t index, enum type_kind kind);

// An integer of this kind as text; the size. out as of dynamic_number.h.
uint32_t dynamic_integer_print(char *out, enum type_kind kind, uint64_t bits);

// The name of an enumerant; false if the enum has none with this number.
bool dynamic_enumerant_name(const struct capnp_catalog_node *node, uint64_t number,
                            struct capnp_text *name);

// Renews the traversal limit of a message that holds a part of the schema.
void dynamic_renew(struct capnp_message *message);

// The message that keeps the errors of this one: of several segments that is the first.
struct capnp_message *dynamic_whole_of(struct capnp_message *message);

bool dynamic_text_equal(struct capnp_text left, struct capnp_text right);
struct capnp_text dynamic_text_of(const char *text);

// The size of the UTF-8 sequence (RFC 3629) that `left` bytes begin with; 0 if they don't.
uint32_t dynamic_utf8_size(const char *bytes, uint32_t left);

// The name of a node within its file: "Outer.Inner".
struct capnp_text dynamic_node_name(struct capnp_struct_reader node);

// "Int32", "List", "struct": the word for a kind.
const char *dynamic_kind_name(enum type_kind kind);

// ---- writing ----

void dynamic_write(struct capnp_writer *writer, const char *text);
void dynamic_write_text(struct capnp_writer *writer, struct capnp_text text);
void dynamic_write_number(struct capnp_writer *writer, uint64_t number);

// ---- problems: the first one stays ----

// Starts a problem; false if there was one already. Then its sentence is put together with
// dynamic_say.
bool dynamic_problem_begin(struct capnp_problem *problem, enum capnp_problem_kind kind,
                           const struct dynamic_place *place);
void dynamic_say(struct capnp_problem *problem, const char *text);
void dynamic_say_text(struct capnp_problem *problem, struct capnp_text text);

#endif
