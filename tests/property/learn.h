// SPDX-License-Identifier: Apache-2.0
//
// What the kernel chose, and nobody can foretell: ids of capabilities and calls, and which of what
// was dropped a server hears of first. Read from completions, and written down in the model.
#ifndef TESTS_PROPERTY_LEARN_H
#define TESTS_PROPERTY_LEARN_H

#include "abi/ring.h"
#include "tests/property/model.h"

// One of those whose id was not known, that came so, has this one.
void model_hold_learn(uint32_t program, const struct model_hold *received, uint64_t cap);
// The server was told that a node with these is dropped; false: none of them is.
bool model_drop_learn(uint32_t object, uint64_t interface, uint64_t receiver_data);
// The kernel chose this id for the call that was just delivered.
void model_call_learn(uint32_t program, uint64_t user_data, uint64_t call_id);
// By its reference an endpoint knows a session again, and nobody else does.
void reference_learn(const struct model_wait *call, const struct message_header *header);

#endif
