// SPDX-License-Identifier: Apache-2.0
//
// What differs between the text form and JSON: the tables that text.c and json.c fill in for the
// walks of dynamic_print.c and dynamic_parse.c. Internal.

#ifndef LIB_CAPNP_DYNAMIC_FORM_H
#define LIB_CAPNP_DYNAMIC_FORM_H

#include "lib/capnp/dynamic_number.h"
#include "lib/capnp/dynamic_type.h"

// ---- printing ----

struct dynamic_print_form {
    const char *open; // of structs
    const char *close;
    const char *assign[2]; // between name and value, by enum capnp_layout
    const char *separator[2];
    const char *nothing; // the value of Void
    bool is_union_last;  // the active member after all other fields, and even if it is the default
    bool has_pointers;   // something can be written where a capability or AnyPointer is
    void (*name)(struct capnp_writer *writer, struct capnp_text name);
    // False if it isn't UTF-8; a stand-in was written.
    bool (*text)(struct capnp_writer *writer, struct capnp_text text);
    void (*data)(struct capnp_writer *writer, struct capnp_data data);
    // Numbers: integers of the kind given, and floating ones.
    void (*number)(struct capnp_writer *writer, enum type_kind kind, uint64_t bits);
    void (*enumerant)(struct capnp_writer *writer, struct capnp_text name);
    void (*unknown_enumerant)(struct capnp_writer *writer, uint64_t number);
};

bool dynamic_print(const struct dynamic_print_form *form, struct capnp_struct_reader root,
                   const struct capnp_catalog *catalog, uint64_t type, enum capnp_layout layout,
                   struct capnp_writer *writer, struct capnp_problem *problem);

// ---- parsing ----

enum dynamic_token_kind {
    DYNAMIC_TOKEN_END,
    DYNAMIC_TOKEN_BAD, // the lexer says why
    DYNAMIC_TOKEN_OPEN_STRUCT,
    DYNAMIC_TOKEN_CLOSE_STRUCT,
    DYNAMIC_TOKEN_OPEN_LIST,
    DYNAMIC_TOKEN_CLOSE_LIST,
    DYNAMIC_TOKEN_COMMA,
    DYNAMIC_TOKEN_ASSIGN,
    DYNAMIC_TOKEN_NAME,
    DYNAMIC_TOKEN_NUMBER, // without its sign: a span for dynamic_number.h, or inf
    DYNAMIC_TOKEN_STRING, // the span is what is between the first and the last quotation mark
    DYNAMIC_TOKEN_BYTES   // the same, of hexadecimal digits
};

struct dynamic_token {
    enum dynamic_token_kind kind;
    size_t at; // where it starts in the input
    struct capnp_text span;
    bool is_negative;
    const char *why; // of a bad one: what is wrong
};

// Up to four bytes that a piece of a string stands for; 0 at its end. *at moves behind the piece.
struct dynamic_piece {
    uint32_t size;
    uint8_t bytes[4];
};

struct dynamic_parse_form {
    const char *nothing;          // the value of Void
    const char *assign;           // what stands between name and value, in words
    enum dynamic_token_kind name; // of field names and enumerants
    bool has_final_comma;         // one may stand before a closing bracket
    bool has_numbers_in_strings;
    bool has_octal;      // a leading zero makes a number octal
    bool has_data_lists; // data are lists of numbers
    struct dynamic_token (*next)(struct capnp_input *input);
    struct dynamic_piece (*piece)(struct capnp_text span, uint32_t *at);
    struct dynamic_piece (*byte)(struct capnp_text span, uint32_t *at); // of BYTES
    // Whether a string, without a minus sign, is a number of this form.
    bool (*is_number)(struct capnp_text text);
};

bool dynamic_parse(const struct dynamic_parse_form *form, struct capnp_input *input,
                   const struct capnp_catalog *catalog, uint64_t type,
                   struct capnp_builder *builder, struct capnp_problem *problem);

#endif
