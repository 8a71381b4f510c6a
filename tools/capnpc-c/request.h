// SPDX-License-Identifier: Apache-2.0
//
// The compiler's request: read from standard input, then asked for nodes, documentation and names.
//
// One request is held for the life of the process (request_read is called once, first); it is the
// tool's only state besides what is being written. Whatever cannot be generated ends the process
// through `refuse`, which names the place in the schema.

#ifndef TOOLS_CAPNPC_C_REQUEST_H
#define TOOLS_CAPNPC_C_REQUEST_H

#include "lib/capnp/dynamic_node.h"

enum { NAME_MAX_BYTES = 512 };

// A C identifier.
struct name {
    char text[NAME_MAX_BYTES];
};

void request_read(void);
struct capnp_struct_reader request_root(void);

// The node with this id; refuses the request if there is none.
struct capnp_struct_reader request_node(uint64_t id);

bool request_find_node(uint64_t id, struct capnp_struct_reader *node);

// Documentation of a node, or of its member at `index` in the order of ids; empty if there is none.
struct capnp_text request_node_doc(uint64_t id);
struct capnp_text request_member_doc(uint64_t id, uint32_t index);

// The id of the file that a node is declared in; 0 for the parameter structs that methods imply.
uint64_t request_file_of(struct capnp_struct_reader node);

// The same, but for such parameter structs the file that declares their method.
uint64_t request_home_of(struct capnp_struct_reader node);

// Bytes of the whole request.
uint32_t request_size(void);

// Cuts the value behind a pointer of a Value out into a message of its own. Returns its words,
// which stay valid, and sets their count.
const uint64_t *request_value_words(struct capnp_struct_reader value, uint32_t *count);

// The line on which a node, or a member of it (if not empty), is declared; 0 if unknown.
uint32_t place_line(struct capnp_text display_name, struct capnp_text member);

// Ends the process with status 1: "<file>:<line>: <scopes>: <fact>: <name>". The name may be empty.
_Noreturn void refuse(struct capnp_struct_reader node, const char *fact, struct capnp_text name);

// ---- names ----

// The C prefix of a node: fooBar.Baz becomes foo_bar_baz, with the file's prefix before it.
struct name name_of_node(struct capnp_struct_reader node);

// before_after; an empty part gives the other.
struct name name_join(struct name before, struct name after);

// fooBar becomes foo_bar.
struct name name_snake(struct capnp_text text);

// foo_bar becomes FOO_BAR.
struct name name_upper(struct name name);

// The same name, with an underscore after it if it is a word of C; or, for parameters, one that
// generated functions use themselves.
struct name name_safe(struct name name);
struct name name_safe_parameter(struct name name);

// What follows `enum` or `struct` for a node that is an enum or an interface.
struct name name_of_tag(struct capnp_struct_reader node);

#endif
