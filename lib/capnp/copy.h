// SPDX-License-Identifier: Apache-2.0
//
// Copying between messages: whatever a reader shows, into a message that is being built.
//
// Copies are deep, need no schema, and keep shapes as they are: a struct of a newer version than
// the program knows keeps its unknown fields. What can't be read is left out; the source's message
// says why, as for every read. Depth is bounded by what the reader may still follow.

#ifndef LIB_CAPNP_COPY_H
#define LIB_CAPNP_COPY_H

#include "lib/capnp/tree.h"

// All fields of the source. What the target has no room for is an error unless it is zero.
void capnp_struct_copy(struct capnp_struct_builder target, struct capnp_struct_reader source);

// What the pointer at `at` leads to, to where the pointer at `slot` then leads.
void capnp_pointer_copy(struct capnp_builder *builder, uint8_t *slot, struct capnp_message *message,
                        const uint8_t *at, uint16_t depth);

#endif
