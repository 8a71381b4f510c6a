// SPDX-License-Identifier: Apache-2.0
//
// The state of parsing, and what dynamic_parse.c (the walk) and dynamic_scalar.c (scalars, text,
// data, and who says what is wrong) need of each other. Internal.

#ifndef LIB_CAPNP_DYNAMIC_PARSE_H
#define LIB_CAPNP_DYNAMIC_PARSE_H

#include "lib/capnp/dynamic_form.h"

struct dynamic_parser {
    const struct dynamic_parse_form *form;
    struct capnp_input *input;
    const struct capnp_catalog *catalog;
    struct capnp_builder *builder;
    struct capnp_problem *problem;
    struct dynamic_token token;
    uint32_t depth;
    uint32_t given_count; // bits in use: the fields of all open structs
    uint64_t given[CAPNP_PARSE_FIELDS_MAX / 64];
};

// Where a value goes: a field of a struct, or where `field` is NULL an element of a list.
struct dynamic_slot {
    struct capnp_struct_builder target;
    const struct dynamic_field *field;
    struct capnp_list_builder list;
    uint32_t index;
};

// ---- dynamic_parse.c ----

// Notes the problem at the current token; always false.
bool dynamic_fail(struct dynamic_parser *parser, enum capnp_problem_kind kind,
                  const struct dynamic_place *place, const char *sentence);
const char *dynamic_token_name(const struct dynamic_parser *parser);
bool dynamic_token_is(const struct dynamic_parser *parser, struct capnp_text name);
bool dynamic_builder_is_good(struct dynamic_parser *parser, const struct dynamic_place *place);
struct capnp_list_builder dynamic_slot_list(const struct dynamic_slot *slot,
                                            enum capnp_element element, uint32_t count);
// How many elements the list has whose opening bracket is the current token.
bool dynamic_list_count(struct dynamic_parser *parser, uint32_t *count,
                        const struct dynamic_place *place);
// Moves to element `index`, or to the closing bracket: then *is_end.
bool dynamic_list_next(struct dynamic_parser *parser, uint32_t index, bool *is_end,
                       const struct dynamic_place *place);

// ---- dynamic_scalar.c ----

// "Text is wanted, not a number"; always false.
bool dynamic_wrong_type(struct dynamic_parser *parser, const struct dynamic_type *type,
                        const struct dynamic_place *place);
// Goes on with `"naem"; did you mean "name"? The fields are: ...`, the names of these members.
void dynamic_say_names(struct dynamic_parser *parser, struct capnp_list_reader members,
                       const char *what);
bool dynamic_parse_scalar(struct dynamic_parser *parser, const struct dynamic_type *type,
                          const struct dynamic_slot *slot, const struct dynamic_place *place);
bool dynamic_parse_bytes(struct dynamic_parser *parser, const struct dynamic_type *type,
                         const struct dynamic_slot *slot, const struct dynamic_place *place);

#endif
