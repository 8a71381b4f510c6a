// SPDX-License-Identifier: Apache-2.0
//
// What is generated for one schema file, and who generates which part of it.
//
// A unit has four streams that are put together at the end (file.c): types (everything that others
// may need to name: enums, structs, constants), inlines (accessors), declarations of functions
// (beside the inlines), and the source. In the header the types come before the includes of
// imported schemas and the accessors after them, so that files may import each other.

#ifndef TOOLS_CAPNPC_C_UNIT_H
#define TOOLS_CAPNPC_C_UNIT_H

#include "request.h"

#include <stdio.h>

enum { UNIT_FILES_MAX = 256, FIELD_TAGS_MAX = 16 };

struct unit {
    struct capnp_struct_reader file; // RequestedFile
    FILE *names; // enums, ids, method numbers: the types, but where plain.c needs them apart
    FILE *types;
    FILE *inlines;
    FILE *source;
    // Files whose types are used here: each must be included.
    uint64_t used_files[UNIT_FILES_MAX];
    uint32_t used_file_count;
};

// A field that is no group, with the unions that it is a member of, outermost first.
struct field {
    struct capnp_struct_reader owner; // the struct node, for names and errors
    struct capnp_struct_reader field;
    struct capnp_struct_reader type;
    struct name path; // groups and the field
    struct capnp_text doc;
    struct {
        uint32_t offset; // of the discriminant, in bytes
        uint16_t value;
    } tags[FIELD_TAGS_MAX];
    uint32_t tag_count;
};

// ---- taken.c ----

// Takes the tag `name` (what follows `struct` or `enum`), or any other name, for this node.
void unit_tag(struct name name, struct capnp_struct_reader node);
__attribute__((format(printf, 2, 3))) void unit_name(struct capnp_struct_reader node,
                                                     const char *format, ...);
// The next unit begins.
void unit_names_clear(void);

// ---- unit.c ----

// A type of this node is named in the unit.
void unit_use(struct unit *unit, struct capnp_struct_reader node);
// Documentation as a comment.
void emit_doc(FILE *to, struct capnp_text doc, const char *indent);
// Bytes as a C string literal.
void emit_string(FILE *to, const char *bytes, uint32_t size);

// ---- type.c ----

// How a value of the type is written in C when it is read or passed; for structs and lists this
// is the reader, or with `is_builder` the builder.
struct name type_spelling(struct unit *unit, const struct field *field, bool is_builder);
bool type_is_pointer(const struct field *field);
// Integers, floats, bool and enums.
bool type_is_scalar(const struct field *field);
bool type_is_cap(const struct field *field);
// AnyPointer in all its kinds, and type parameters.
bool type_is_any(const struct field *field);
// The name of the capnp_element of a list's elements.
const char *type_element(const struct field *field);
// Expressions. The default is written as the unsigned number that values are XORed with.
void emit_scalar_get(struct unit *unit, FILE *to, const struct field *field);
void emit_scalar_set(struct unit *unit, FILE *to, const struct field *field);

// ---- value.c ----

// The bits of a scalar Value.
uint64_t value_bits(struct capnp_struct_reader value, enum type_kind kind);
// `{"...", n}` of a text or data Value.
void emit_blob(FILE *to, struct capnp_struct_reader value, enum type_kind kind);
// The constant message of a struct or list Value, as `name`; its declaration goes to the types.
void emit_constant_message(struct unit *unit, struct name name, struct capnp_struct_reader value);
void const_generate(struct unit *unit, struct capnp_struct_reader node);

// ---- struct.c, interface.c ----

void enum_generate(struct unit *unit, struct capnp_struct_reader node);
void struct_generate(struct unit *unit, struct capnp_struct_reader node);
void interface_generate(struct unit *unit, struct capnp_struct_reader node);
// A call as one function, where its parameters and results allow it (oneshot.c).
void oneshot_generate(struct unit *unit, struct capnp_struct_reader node,
                      struct capnp_struct_reader method);
// Bytes of a message whose root is this struct, without what its pointers lead to.
uint32_t struct_message_bytes(struct capnp_struct_reader node);

// ---- embed.c ----

// The source of the file's schema as data.
void schema_generate(const struct unit *unit, FILE *to);

// ---- plain.c ----

// Whether the file is to have plain codecs; they are its unit's last part. names: what was written
// to unit->names.
bool plain_is_wanted(struct capnp_struct_reader file);
// The file's name without folder and suffix.
struct name plain_base(struct capnp_struct_reader file);
void plain_generate(struct unit *unit, const char *names);

// ---- file.c ----

// A file of the output, its folders made; what goes wrong ends the process.
FILE *open_output(const char *path);
void close_output(FILE *to, const char *path);

// Generates <name>.h, <name>.c and <name>.schema.c for one RequestedFile, or ends the process.
void file_generate(struct capnp_struct_reader file);

#endif
