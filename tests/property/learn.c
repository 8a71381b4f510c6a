// SPDX-License-Identifier: Apache-2.0
//
// See learn.h.
#include "tests/property/learn.h"

#include <stddef.h>

#include "tests/property/world.h"

void model_hold_learn(uint32_t program, const struct model_hold *received, uint64_t cap)
{
    struct model_hold *unknown = NULL;

    for (uint32_t i = model.hold_count; i > 0; i--) {
        struct model_hold *hold = &model.holds[i - 1];
        bool is_like = hold->node == received->node && hold->is_revoker == received->is_revoker &&
                       hold->mode == received->mode && hold->scope == received->scope;
        unknown = is_like && hold->program == program && hold->cap == 0 ? hold : unknown;
    }
    if (unknown == NULL || model_hold_find(program, cap) != NULL) {
        broken("program %u has what nobody gave it, or by an id that it had", program);
    }
    unknown->cap = cap;
}

void model_call_learn(uint32_t program, uint64_t user_data, uint64_t call_id)
{
    for (struct model_wait *at = model.waits; at < model.waits + model.wait_count; at++) {
        bool is_it = at->kind <= MODEL_TAKEN && at->operation.program == program &&
                     at->operation.sqe.user_data == user_data;
        if (at->call_id == call_id) {
            broken("call id %llx is another's", (unsigned long long)call_id);
        }
        at->call_id = is_it ? call_id : at->call_id;
    }
}

bool model_drop_learn(uint32_t object, uint64_t interface, uint64_t receiver_data)
{
    struct model_node *promised = NULL, *told = NULL;

    for (struct model_node *at = model.nodes; at < model.nodes + model.node_count; at++) {
        bool is_due = at->object == object && at->drop >= MODEL_LISTED;
        bool is_it = at->interface == interface && at->receiver_data == receiver_data;
        promised = is_due && at->drop == MODEL_PROMISED ? at : promised;
        told = is_due && is_it ? at : told;
    }
    if (told == NULL || promised == NULL) {
        return false;
    }
    // Whichever is told first: the one that was promised instead is still to be told.
    promised->drop = told->drop;
    told->drop = MODEL_PLAIN;
    return true;
}

void reference_learn(const struct model_wait *call, const struct message_header *header)
{
    static struct reference {
        uint32_t object, session;
        uint64_t words[2], world;
    } seen[64];
    uint32_t session = model.programs[call->operation.program].session;
    bool is_known = false;

    for (uint32_t i = 0; i < sizeof(seen) / sizeof(seen[0]); i++) {
        const struct reference *at = &seen[i];
        bool is_own = at->object == call->object && at->session == session;
        bool is_equal = at->words[0] == header->caller_reference[0] &&
                        at->words[1] == header->caller_reference[1];
        if (at->world == tally.worlds && is_own != is_equal) {
            broken("a reference is another's, or not its own");
        }
        is_known = is_known || (at->world == tally.worlds && is_own);
    }
    if (!is_known) {
        seen[tally.deliveries % (sizeof(seen) / sizeof(seen[0]))] =
            (struct reference){call->object,
                               session,
                               {header->caller_reference[0], header->caller_reference[1]},
                               tally.worlds};
    }
}
