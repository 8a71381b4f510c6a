// SPDX-License-Identifier: Apache-2.0
//
// Interfaces as data: a catalog of schemas that come while the shell runs (SchemaSource of
// abi/schema/schema.capnp), and what is asked of it: interfaces and methods by name, arguments from
// words, results as text. The shell is compiled against none of them.
//
//     room = shell_schemas_room(&schemas, size);    copy a file there
//     shell_schemas_add(&schemas, size);            ... and the next one of that source
//     shell_schemas_check(&schemas, &problem)
//
// Files of one source are checked together, since they name each other; where one is no schema, or
// has an error, all of them are refused, and the others are as they were. All memory is in struct
// shell_schemas.
#ifndef LIB_SHELL_INTERFACE_H
#define LIB_SHELL_INTERFACE_H

#include "lib/capnp/dynamic.h"
#include "lib/shell/parse.h"

enum {
    SHELL_FILES_MAX = 48,
    SHELL_NODES_MAX = 1024,
    SHELL_SCHEMAS_MAX = 1 << 18, // bytes
    SHELL_ARGUMENTS_MAX = 32,    // fields of parameters
    SHELL_METHODS_MAX = 64,
};

struct shell_schemas {
    struct capnp_catalog catalog;
    uint32_t file_count, checked_count;
    uint32_t used, checked_used; // bytes
    struct capnp_message messages[SHELL_FILES_MAX];
    struct capnp_catalog_node nodes[SHELL_NODES_MAX];
    _Alignas(8) uint8_t bytes[SHELL_SCHEMAS_MAX];
};

void shell_schemas_init(struct shell_schemas *schemas);

// Where to put a file of so many bytes; NULL: there is no room.
uint8_t *shell_schemas_room(struct shell_schemas *schemas, uint32_t size);
void shell_schemas_add(struct shell_schemas *schemas, uint32_t size);
bool shell_schemas_check(struct shell_schemas *schemas, struct capnp_problem *problem);
// Forgets what was added since the last check.
void shell_schemas_drop(struct shell_schemas *schemas);

// ---- Interfaces and methods ----

// NULL: none is known with this id, of this name.
const struct capnp_catalog_node *shell_interface(const struct shell_schemas *schemas, uint64_t id);
const struct capnp_catalog_node *shell_interface_named(const struct shell_schemas *schemas,
                                                       struct capnp_text name);
struct capnp_text shell_interface_name(const struct capnp_catalog_node *interface);
// The documentation, as it stands in the schema; its first sentence.
struct capnp_text shell_interface_doc(const struct capnp_catalog_node *interface);
struct capnp_text shell_first_sentence(struct capnp_text doc);

struct shell_method {
    const struct capnp_catalog_node *interface;
    uint32_t number;
    struct capnp_text name, doc;
    uint64_t params, results; // ids of structs
};

uint32_t shell_method_count(const struct capnp_catalog_node *interface);
// Method `number`, below the count.
struct shell_method shell_method_at(const struct capnp_catalog_node *interface, uint32_t number);
bool shell_method_named(const struct capnp_catalog_node *interface, struct capnp_text name,
                        struct shell_method *method);

// ---- Fields of parameters and results ----

struct shell_field {
    struct capnp_text name;
    bool is_capability;
    bool is_text;         // text or data: a bare word needs no quotes
    uint64_t enumeration; // the id of its enum; 0: it is none
    uint16_t pointer;     // of a capability: its place
};

uint32_t shell_field_count(const struct shell_schemas *schemas, uint64_t type);
struct shell_field shell_field_at(const struct shell_schemas *schemas, uint64_t type,
                                  uint32_t index);
// The names of an enum; how many there are.
uint32_t shell_enumerant(const struct shell_schemas *schemas, uint64_t enumeration, uint32_t index,
                         struct capnp_text *name);

// ---- Arguments ----

// What a word of the language stands for.
struct shell_argument {
    const struct shell_word *word; // a bare or quoted one; of a capability: its name
    uint64_t cap;                  // 0: it is no capability
};

// Builds the parameters of a method from words: in the order of the fields, or each behind the name
// of its field (word->is_named). False: *problem says why, at the place of a word.
bool shell_arguments_build(const struct shell_schemas *schemas, const struct shell_method *method,
                           const struct shell_argument *arguments, uint32_t count,
                           struct capnp_builder *builder, struct shell_problem *problem);

#endif
