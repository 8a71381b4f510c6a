// SPDX-License-Identifier: Apache-2.0
//
// For the tests of the dynamic side: the catalog of dynamic.capnp, out of the schema that generated
// code carries along, and a message parsed into static buffers.

#ifndef LIB_CAPNP_TEST_DYNAMIC_SUPPORT_H
#define LIB_CAPNP_TEST_DYNAMIC_SUPPORT_H

#include "lib/capnp/dynamic.h"

enum dynamic_form { DYNAMIC_TEXT, DYNAMIC_JSON, DYNAMIC_FORMS };

// dynamic.capnp, read into a message that is counted and checked as a foreign one is.
struct capnp_catalog *dynamic_catalog(void);
extern const struct capnp_schema capnp_schema_e1f3d8a9b0c44d17;

// The struct with this name.
uint64_t dynamic_type(const char *name);

// Parses into a static buffer, until the next call; the root is valid if there is no problem.
bool dynamic_read(enum dynamic_form form, const char *bytes, size_t size, uint64_t type,
                  struct capnp_struct_reader *root, struct capnp_problem *problem);

// Prints into a static buffer and returns it as a string.
const char *dynamic_shown(enum dynamic_form form, struct capnp_struct_reader root, uint64_t type,
                          enum capnp_layout layout, struct capnp_problem *problem);

#endif
