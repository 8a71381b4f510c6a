// SPDX-License-Identifier: Apache-2.0
//
// The steps that the programs of the property test take: operations of the ring, calls of kernel
// objects, and what only the first program can do. Each tells the model what it does.
#ifndef TESTS_PROPERTY_STEP_H
#define TESTS_PROPERTY_STEP_H

#include "tests/property/world.h"

// --- ring_step.c --------------------------------------------------------------------------------

bool hold_is(const struct model_hold *hold, enum model_kind kind);
bool is_any(const struct model_hold *hold);
bool is_server(const struct model_hold *hold);
bool is_manager(const struct model_hold *hold);
// A hold of the program for which `wanted` says yes; NULL: it has none.
const struct model_hold *hold_choose(uint32_t program, bool (*wanted)(const struct model_hold *));
uint32_t holds_of(uint32_t program);
// Mostly the id of such a hold, now and then one that is not the program's.
uint64_t cap_choose(uint32_t program, bool (*wanted)(const struct model_hold *));

// An operation with a number and a slot of its own; false: all slots are taken.
bool operation_begin(struct actor *actor, struct model_operation *operation, uint32_t *slot);
void operation_submit(struct actor *actor, const struct model_operation *operation);

// A time limit for the operation.
uint64_t limit_choose(struct model_operation *operation);

void ring_step(struct actor *actor);
void wait_step(struct actor *actor); // in cap_enter, for a time

// --- object_step.c ------------------------------------------------------------------------------

// An empty message, until the next one.
struct capnp_builder message_begin(void);
// Calls; `predicted` is what the object says if the call reaches it. True: it succeeded.
bool object_call(const struct actor *actor, uint64_t cap, uint16_t method,
                 const struct capnp_builder *message, enum status predicted,
                 struct act_answer *answer);

void object_step(struct actor *actor);
void first_step(struct actor *first);

// --- device_step.c ------------------------------------------------------------------------------

void device_step(struct actor *actor);

#endif
