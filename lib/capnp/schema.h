// SPDX-License-Identifier: Apache-2.0
//
// Schemas as data: what generated code carries along of the schema file that it was made from.
//
// For each file x.capnp the generator writes, besides x.capnp.h and x.capnp.c, x.capnp.schema.c
// with one constant, capnp_schema_<id of the file in 16 hexadecimal digits>. It is an object of its
// own: programs that don't name it don't link it.
//
// Its words are a message of one segment whose root is a CodeGeneratorRequest of
// /usr/include/capnp/schema.capnp: `nodes` are all that this file declares (itself first, nested
// ones, and the structs that methods imply), `sourceInfo` their doc comments, `requestedFiles` this
// file alone. What a node mentions of other files is found through `imports`.

#ifndef LIB_CAPNP_SCHEMA_H
#define LIB_CAPNP_SCHEMA_H

#include "lib/capnp/flat.h"

struct capnp_schema {
    uint64_t id;
    const char *name; // of the file, as the compiler was given it
    const uint64_t *words;
    uint32_t word_count;
    uint32_t import_count;
    const struct capnp_schema *const *imports; // files whose types are used here
};

#endif
