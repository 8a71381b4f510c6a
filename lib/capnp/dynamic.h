// SPDX-License-Identifier: Apache-2.0
//
// The dynamic side: messages handled by their schema as data, without generated code.
//
// For tools and shells that meet types which they were not compiled with: print any message as text
// or JSON, parse text or JSON into a message, list interfaces with their documentation. The schema
// is a CodeGeneratorRequest: what `capnp compile -o-` writes, brought into one segment, or what
// generated code carries along (schema.h). A catalog indexes the nodes of one or more of them.
//
//     static struct capnp_catalog_node room[1000];
//     struct capnp_catalog catalog;
//     struct capnp_problem problem = {0};
//     capnp_catalog_init(&catalog, room, 1000);
//     if (!capnp_catalog_add(&catalog, request, &problem) ||
//         !capnp_catalog_check(&catalog, &problem) ||
//         !capnp_catalog_find(&catalog, name, &type, &problem) ||
//         !capnp_json_parse(&input, &catalog, type, &builder, &problem)) {
//         capnp_problem_print(&problem, file, &writer);
//     }
//
// There is no malloc here: the caller brings the room for the index of nodes, the builder's buffer,
// and a writer for whatever is printed. Recursion is bounded by CAPNP_NESTING_MAX. Any bytes give a
// value or a problem that says what, where (line, column, path of the field) and the remedy.
//
// A catalog is believed only after capnp_catalog_check: then every id leads to a node of the right
// kind and every field lies within its struct. The messages that hold the schema must stay valid
// and unchanged as long as the catalog is used; reading counts against their traversal limit, which
// this side renews for each struct that it handles. One thread at a time uses a catalog.
//
// The JSON is that of `capnp convert` (Cap'n Proto 0.9): 64-bit integers as text, data as lists of
// numbers, enumerants and union members by name, infinities and NaN as text. The text form is that
// of `capnp encode` and `capnp decode`. Stricter when parsing: unknown fields, a field or a union
// given twice, numbers out of range, text that isn't UTF-8 are refused. Annotations of
// capnp/compat/json.capnp are ignored.

#ifndef LIB_CAPNP_DYNAMIC_H
#define LIB_CAPNP_DYNAMIC_H

#include "lib/capnp/schema.h"
#include "lib/capnp/tree.h"

enum {
    CAPNP_NESTING_MAX = 64, // structs, groups and lists one inside the other
    CAPNP_PROBLEM_BYTES = 512,
    CAPNP_PARSE_FIELDS_MAX = 4096 // of the structs on the way from the root to a parsed value
};

enum capnp_problem_kind {
    CAPNP_PROBLEM_NONE,
    CAPNP_PROBLEM_SYNTAX,
    CAPNP_PROBLEM_UNKNOWN_FIELD,
    CAPNP_PROBLEM_FIELD_TWICE,
    CAPNP_PROBLEM_UNION_TWICE,
    CAPNP_PROBLEM_WRONG_TYPE,
    CAPNP_PROBLEM_OUT_OF_RANGE,
    CAPNP_PROBLEM_UNKNOWN_ENUMERANT,
    CAPNP_PROBLEM_NOT_UTF8,
    CAPNP_PROBLEM_TOO_DEEP,
    CAPNP_PROBLEM_TOO_LARGE, // the builder is full, or a list is too long for any message
    CAPNP_PROBLEM_NO_FORM,   // capabilities and AnyPointer can't be written down
    CAPNP_PROBLEM_MESSAGE,   // the message is malformed
    CAPNP_PROBLEM_SCHEMA,    // the schema is malformed
    CAPNP_PROBLEM_UNKNOWN_TYPE
};

// The first one stays: zeroed by whoever starts.
struct capnp_problem {
    enum capnp_problem_kind kind;
    uint32_t line; // from 1; 0 where no input is involved
    uint32_t column;
    char path[CAPNP_PROBLEM_BYTES]; // as programs[0].grants[1].name; empty at the root
    char sentence[CAPNP_PROBLEM_BYTES];
};

// Where printed bytes go. Writing can't fail: a writer that can keeps that to itself.
struct capnp_writer {
    void (*write)(struct capnp_writer *writer, const char *bytes, size_t size);
};

// A writer into memory. What doesn't fit is counted and dropped: printed is complete if
// size <= capacity. No NUL is added.
struct capnp_memory_writer {
    struct capnp_writer writer; // first
    char *bytes;
    size_t capacity;
    size_t size;
};

void capnp_memory_writer_init(struct capnp_memory_writer *memory, char *bytes, size_t capacity);

// One line, without a line end: "file:3:12: path: sentence", with what is known of it.
void capnp_problem_print(const struct capnp_problem *problem, const char *file,
                         struct capnp_writer *writer);

// ---- catalogs of schemas ----

struct capnp_catalog_node {
    uint64_t id;
    struct capnp_struct_reader node; // Node of schema.capnp
    struct capnp_struct_reader info; // its Node.SourceInfo; empty where there is none
    bool is_entered;                 // a group that a field leads to; of capnp_catalog_check
};

struct capnp_catalog {
    struct capnp_catalog_node *nodes; // the caller's; sorted by id
    uint32_t count;
    uint32_t capacity;
};

// How many nodes a request adds, for sizing the room.
uint32_t capnp_catalog_count(struct capnp_struct_reader request);

void capnp_catalog_init(struct capnp_catalog *catalog, struct capnp_catalog_node *nodes,
                        uint32_t capacity);

// Adds the nodes of a CodeGeneratorRequest; a node that is there already stays as it is.
bool capnp_catalog_add(struct capnp_catalog *catalog, struct capnp_struct_reader request,
                       struct capnp_problem *problem);

// Adds what generated code carries along (schema.h), and what that imports. Each file takes one of
// the caller's messages; *used, 0 at first, counts them.
bool capnp_catalog_add_schema(struct capnp_catalog *catalog, const struct capnp_schema *schema,
                              struct capnp_message *messages, uint32_t message_count,
                              uint32_t *used, struct capnp_problem *problem);

// Checks all of it, after the last addition and before the first use.
bool capnp_catalog_check(struct capnp_catalog *catalog, struct capnp_problem *problem);

// The node with this id, or NULL.
const struct capnp_catalog_node *capnp_catalog_node(const struct capnp_catalog *catalog,
                                                    uint64_t id);

// The struct with this name: "BootGrant" or "Outer.Inner", after the name of its file and a colon
// where that is needed to tell two apart ("boot.capnp:BootGrant").
bool capnp_catalog_find(const struct capnp_catalog *catalog, struct capnp_text name, uint64_t *id,
                        struct capnp_problem *problem);

// The interfaces of a file (its id; 0: of all files): each with its methods and the documentation
// of both, as text for people.
void capnp_catalog_list(const struct capnp_catalog *catalog, uint64_t file,
                        struct capnp_writer *writer);

// As the schema language writes it: a type, "List(Text)", "Box(Point)"; a method of an interface,
// "echo @0 (sequence :UInt64) -> (sequence :UInt64)".
void capnp_catalog_type_print(const struct capnp_catalog *catalog, struct capnp_struct_reader type,
                              struct capnp_writer *writer);
void capnp_catalog_method_print(const struct capnp_catalog *catalog,
                                const struct capnp_catalog_node *interface, uint32_t method,
                                struct capnp_writer *writer);

// The id of the file that declares a node; 0 if that can't be told.
uint64_t capnp_catalog_file_of(const struct capnp_catalog *catalog, uint64_t id);

// ---- messages ----

enum capnp_layout {
    CAPNP_LAYOUT_SHORT, // everything on one line
    CAPNP_LAYOUT_LINES  // what is long gets a line for each member
};

// Prints the struct `root` of type `type` (an id that capnp_catalog_find gave), without a line end.
// Where something can't be printed its default stands, and the first of it becomes the problem:
// false then. Capabilities in JSON are null and a problem.
bool capnp_text_print(struct capnp_struct_reader root, const struct capnp_catalog *catalog,
                      uint64_t type, enum capnp_layout layout, struct capnp_writer *writer,
                      struct capnp_problem *problem);
bool capnp_json_print(struct capnp_struct_reader root, const struct capnp_catalog *catalog,
                      uint64_t type, enum capnp_layout layout, struct capnp_writer *writer,
                      struct capnp_problem *problem);

// What is parsed: `at` moves behind the value that was taken, so that a stream of values can be
// parsed one by one until capnp_*_at_end says that only blanks (and comments) are left.
struct capnp_input {
    const char *bytes;
    size_t size;
    size_t at;
};

bool capnp_text_at_end(const struct capnp_input *input);
bool capnp_json_at_end(const struct capnp_input *input);

// Parses one value into a new message of the builder. On false the builder holds nothing of use.
bool capnp_text_parse(struct capnp_input *input, const struct capnp_catalog *catalog, uint64_t type,
                      struct capnp_builder *builder, struct capnp_problem *problem);
bool capnp_json_parse(struct capnp_input *input, const struct capnp_catalog *catalog, uint64_t type,
                      struct capnp_builder *builder, struct capnp_problem *problem);

#endif
