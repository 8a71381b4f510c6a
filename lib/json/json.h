// SPDX-License-Identifier: Apache-2.0
//
// JSON as RFC 8259 defines it, read strictly and written compactly, without allocation.
//
//     struct json_node nodes[100];
//     struct json json = {.nodes = nodes, .nodes_max = 100};
//     if (!json_read(&json, text, size, &error))      error says what and where
//     value = json_member(&json, 0, "name")           node 0 is the whole text
//
// Nodes are numbered in the order of the text; a node's `next` is the number of the first node
// behind it and all that is inside. Inside an object, a name (a string) and its value alternate.
// Strings stay in the text, escapes and all, until json_text() decodes one.
//
// Limits: nesting of JSON_DEPTH_MAX, JSON_MEMBERS_MAX members in one object, JSON_SIZE_MAX bytes.
#ifndef LIB_JSON_JSON_H
#define LIB_JSON_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    JSON_DEPTH_MAX = 16,
    JSON_MEMBERS_MAX = 1024,
    JSON_SIZE_MAX = 1 << 24, // bytes
};

#define JSON_NONE UINT32_MAX // no such node

enum json_type {
    JSON_NULL,
    JSON_FALSE,
    JSON_TRUE,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT,
};

enum json_fault {
    JSON_OK = 0,
    JSON_TOO_LONG,
    JSON_TOO_DEEP,
    JSON_TOO_MANY_NODES,
    JSON_TOO_MANY_MEMBERS,
    JSON_ENDS_EARLY,
    JSON_NO_VALUE,      // something that begins no value
    JSON_NO_NAME,       // a member must begin with a string
    JSON_NO_COLON,      // between name and value
    JSON_NO_COMMA,      // between members or items, or the closing bracket
    JSON_BAD_NUMBER,    // such as 01, 1., +1
    JSON_BAD_ESCAPE,    // such as \x
    JSON_BAD_SURROGATE, // half of a pair
    JSON_BAD_UTF8,
    JSON_CONTROL,   // a control character inside a string
    JSON_DUPLICATE, // the object has this name already
    JSON_REST,      // something behind the value
    JSON_FAULT_COUNT,
};

struct json_error {
    enum json_fault fault;
    uint32_t offset; // bytes from the start
    uint32_t line;   // from 1
    uint32_t column; // bytes, from 1
};

struct json_node {
    uint8_t type;
    uint32_t start; // of its text; a string's without the quotes
    uint32_t size;  // bytes
    uint32_t next;  // the node behind it
    uint32_t count; // of members or items
};

struct json {
    const char *text;
    struct json_node *nodes; // the caller's
    uint32_t nodes_max;
    uint32_t node_count;
};

// Reads one value and nothing else. On failure `error` says what and where.
bool json_read(struct json *json, const char *text, size_t size, struct json_error *error);

// What a fault means, as a sentence without a full stop.
const char *json_fault_text(enum json_fault fault);

// The line on which a node begins, from 1.
uint32_t json_line(const struct json *json, uint32_t node);

// The value of a member; JSON_NONE if `object` is no object or has none of that name.
uint32_t json_member(const struct json *json, uint32_t object, const char *name);

// The first item or name inside; JSON_NONE if there is none. The one behind `node` is its `next`.
uint32_t json_first(const struct json *json, uint32_t node);

// Whether a string node says exactly this.
bool json_is_text(const struct json *json, uint32_t node, const char *text);

// Decodes a string with a zero byte behind it. False if it is no string, doesn't fit, or contains
// a zero byte; then `out` is the empty string.
bool json_text(const struct json *json, uint32_t node, char *out, size_t out_size);

// The number as an integer. False if it is none: a fraction, an exponent, or out of range.
bool json_integer(const struct json *json, uint32_t node, int64_t *out);

// Writes JSON into the caller's buffer. What doesn't fit is left out and `is_full` set: look at
// it once, at the end.
struct json_writer {
    char *bytes;
    size_t size; // written
    size_t max;
    bool is_full;
    bool needs_comma;
};

void json_write_begin(struct json_writer *writer, char open);  // '{' or '['
void json_write_end(struct json_writer *writer, char closing); // '}' or ']'
void json_write_name(struct json_writer *writer, const char *name);
void json_write_text(struct json_writer *writer, const char *text);
void json_write_bytes(struct json_writer *writer, const char *bytes, size_t size); // UTF-8 or not
void json_write_integer(struct json_writer *writer, int64_t value);
void json_write_bool(struct json_writer *writer, bool value);
void json_write_null(struct json_writer *writer);

#endif
