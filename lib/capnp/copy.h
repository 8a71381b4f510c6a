// SPDX-License-Identifier: Apache-2.0
//
// Copying between messages, and the canonical form: whatever a reader shows, written anew.
//
// Copies are deep, need no schema, and keep shapes as they are: a struct of a newer version than
// the program knows keeps its unknown fields. Capabilities are appended to those of the target.
// What can't be read is left out; the source's message says why, as for every read. Depth is
// bounded by what the reader may still follow, work by the traversal limit of its message.
//
// Reader and target must not share memory.
//
// Format: the encoding specification, section "Canonicalization".

#ifndef LIB_CAPNP_COPY_H
#define LIB_CAPNP_COPY_H

#include "lib/capnp/tree.h"

// All fields of the source, into a target that is new. What that has no room for is an error unless
// it is zero.
void capnp_struct_copy(struct capnp_struct_builder target, struct capnp_struct_reader source);

// Sets a field to a copy. An absent struct, and a list that was none, leaves the field absent.
void capnp_set_struct(struct capnp_struct_builder target, uint16_t index,
                      struct capnp_struct_reader source);
void capnp_set_list(struct capnp_struct_builder target, uint16_t index,
                    struct capnp_list_reader source);

// The whole message, without room that nothing points to. Several segments become one if the
// builder's buffer is large enough for it.
void capnp_message_copy(struct capnp_builder *builder, struct capnp_message *source);

// The same as the only canonical message with this content: equal structs give equal bytes. The
// builder must be one that doesn't grow. Capabilities have no canonical form: an error.
void capnp_message_canonicalize(struct capnp_builder *builder, struct capnp_struct_reader root);

// What the pointer at `at` leads to, to where the pointer at `slot` then leads.
void capnp_pointer_copy(struct capnp_builder *builder, uint8_t *slot, struct capnp_message *message,
                        const uint8_t *at, uint16_t depth);

#endif
