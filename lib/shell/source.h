// SPDX-License-Identifier: Apache-2.0
//
// The server's side of SchemaSource (abi/schema/schema.capnp): for every program that brings the
// schemas of its interfaces along.
#ifndef LIB_SHELL_SOURCE_H
#define LIB_SHELL_SOURCE_H

#include "lib/capnp/schema.h"

#include "schema/schema.capnp.h"

// Answers SchemaSource.read from a list of what generated code carries along (capnp_schema_<id>).
void shell_source_read(const struct capnp_schema *const *list, uint32_t count,
                       struct schema_source_read_params_reader params,
                       struct schema_source_read_results_builder results);

#endif
