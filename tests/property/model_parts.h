// SPDX-License-Identifier: Apache-2.0
//
// What the parts of the model share: completions that must follow, and the list of what waits.
// model_authority.c has what programs hold; model.c calls and exits; model_wait.c the operations
// that wait for something else.
#ifndef TESTS_PROPERTY_MODEL_PARTS_H
#define TESTS_PROPERTY_MODEL_PARTS_H

#include "tests/property/model.h"

// Ends the test where the model itself is wrong, or too small.
void model_must(bool claim, const char *what);

// --- model_authority.c --------------------------------------------------------------------------

// Server holds of an endpoint that are not cut off.
uint32_t model_servers(uint32_t object);
// STATUS_OK where the id names a hold of the program.
enum status model_hold_fact(uint32_t program, uint64_t cap, struct model_hold **hold);

// --- model_session.c ----------------------------------------------------------------------------

// What model_node_fact() says, then whether the program's session is over.
enum status model_right_fact(uint32_t program, uint32_t node);
// Whether the hold may become one of program `to`, by a message or while that is built.
enum status model_scope_fact(const struct model_hold *hold, uint32_t to, bool is_built);

// --- model.c ------------------------------------------------------------------------------------

struct model_expected *model_expect(const struct model_operation *operation, enum status fact);
struct model_wait *model_wait_add(const struct model_operation *operation,
                                  enum model_wait_kind kind, uint32_t object, uint32_t node);
void model_wait_remove(uint32_t index);
uint32_t model_waits_at(uint32_t object, enum model_wait_kind kind);

// --- model_transfer.c ---------------------------------------------------------------------------

// What stands against handing over what travels with the operation to a program.
enum status model_transfer_fact(const struct model_operation *operation, uint32_t to);
// It is handed over to the program, as the completion says.
void model_transfer(const struct model_operation *operation, uint32_t to,
                    struct model_expected *expected);

// --- model_wait.c -------------------------------------------------------------------------------

void model_operate_wait(const struct model_operation *operation); // SIGNAL to CANCEL
// What waits by a right that is gone ends.
void model_waits_settle(void);
// The waits of a program that ends; nobody waits for its calls any more.
void model_waits_end(uint32_t program);
// Nobody waits any more for a call that a server has taken.
void model_call_lost(uint32_t index);
// Its time has come. True: it is gone from the list.
bool model_due(uint32_t index);

#endif
