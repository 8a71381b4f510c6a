// SPDX-License-Identifier: Apache-2.0
//
// Files as messages and schemas, for the tools that work by schema (capnp-strict, capnp-docs).
//
// Everything is read whole and kept until the process ends. What can't be read ends the process
// with status 1 and one sentence on standard error that names the file.

#ifndef TOOLS_CAPNP_STRICT_LOAD_H
#define TOOLS_CAPNP_STRICT_LOAD_H

#include "lib/capnp/dynamic.h"

struct load_bytes {
    uint8_t *data;
    size_t size;
};

// The tool's name, which begins every sentence.
extern const char *load_tool;

// Ends the process with status 1: "<tool>: <place>: <fact>".
_Noreturn void load_die(const char *place, const char *fact);
_Noreturn void load_die_of(const struct capnp_problem *problem, const char *place);

void *load_memory(size_t size);
void load_grow(struct load_bytes *bytes);

// A whole file; "-" is standard input.
struct load_bytes load_file(const char *path);

// The framed message that starts at *at, in one segment; *at moves behind it.
struct capnp_struct_reader load_message(const struct load_bytes *bytes, size_t *at,
                                        const char *place);

// The one message that `bytes` are, without a frame.
struct capnp_struct_reader load_flat(const struct load_bytes *bytes, const char *place);

// What was packed, all of it.
struct load_bytes load_unpacked(const struct load_bytes *packed, const char *place);

// The schema in a file: of a name that ends in .capnp `capnp compile` makes it, with these options
// (ended by NULL); anything else is a CodeGeneratorRequest itself. Returns the request.
struct capnp_struct_reader load_schema(const char *path, char *const *options,
                                       struct capnp_catalog *catalog);

#endif
