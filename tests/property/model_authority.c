// SPDX-License-Identifier: Apache-2.0
//
// The model of authority: holds, the nodes between them and their objects, what a call reaches, and
// how nodes are made, leased and revoked.
#include "tests/property/model_parts.h"

#include <stddef.h>

uint32_t model_object_create(enum model_kind kind, uint64_t interface, uint32_t message_max)
{
    model_must(model.object_count < MODEL_OBJECTS_MAX && model.node_count < MODEL_NODES_MAX,
               "full");
    model.objects[model.object_count] = (struct model_object){
        .kind = kind, .interface = interface, .message_max = message_max, .program = MODEL_NONE};
    model.nodes[model.node_count] = (struct model_node){.parent = MODEL_NONE,
                                                        .object = model.object_count,
                                                        .interface = interface,
                                                        .methods = UINT64_MAX,
                                                        .expiry_ns = UINT64_MAX,
                                                        .calls = UINT64_MAX};
    model.object_count++;
    return model.node_count++;
}

void model_hold_insert(uint32_t program, uint64_t cap, uint32_t node, enum transfer_mode mode,
                       bool is_revoker)
{
    static const enum session_scope scopes[] = {[MODEL_BUILDER] = SCOPE_SAME_SESSION,
                                                [MODEL_PROCESS] = SCOPE_SAME_SESSION,
                                                [MODEL_PARK_SPACE] = SCOPE_SAME_SESSION,
                                                [MODEL_SESSION] = SCOPE_REGRANT_ONLY,
                                                [MODEL_REVOKER] = SCOPE_SHAREABLE};
    enum model_kind kind =
        is_revoker ? MODEL_REVOKER : model.objects[model.nodes[node].object].kind;

    model_hold_insert_scoped(program, cap, node, mode, is_revoker,
                             model.maker > scopes[kind] ? model.maker : scopes[kind]);
}

void model_hold_insert_scoped(uint32_t program, uint64_t cap, uint32_t node,
                              enum transfer_mode mode, bool is_revoker, enum session_scope scope)
{
    model_must(model.hold_count < MODEL_HOLDS_MAX, "no room for a hold");
    model_must(cap == 0 || model_hold_find(program, cap) == NULL, "the kernel gave an id twice");
    model.holds[model.hold_count++] =
        (struct model_hold){program, node, cap, is_revoker, mode, scope};
    model.nodes[node].is_made = true;
}

struct model_hold *model_hold_find(uint32_t program, uint64_t cap)
{
    for (uint32_t i = 0; i < model.hold_count; i++) {
        if (model.holds[i].program == program && model.holds[i].cap == cap && cap != 0) {
            return &model.holds[i];
        }
    }
    return NULL;
}

enum status model_node_fact(uint32_t node)
{
    enum status fact = STATUS_OK;

    for (; node != MODEL_NONE && fact == STATUS_OK; node = model.nodes[node].parent) {
        const struct model_node *at = &model.nodes[node];
        fact = at->is_revoked                  ? STATUS_REVOKED
               : at->expiry_ns <= model.now_ns ? STATUS_LEASE_OVER
                                               : STATUS_OK;
    }
    return fact;
}

// A server's side has the interface that the endpoint was born with; others were minted.
bool model_is_server(uint32_t node)
{
    const struct model_object *object = &model.objects[model.nodes[node].object];

    return object->kind == MODEL_ENDPOINT && model.nodes[node].interface == object->interface;
}

static bool is_cut_off(uint32_t node)
{
    while (node != MODEL_NONE && !model.nodes[node].is_revoked) {
        node = model.nodes[node].parent;
    }
    return node != MODEL_NONE;
}

uint32_t model_servers(uint32_t object)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < model.hold_count; i++) {
        const struct model_hold *hold = &model.holds[i];
        count += model.nodes[hold->node].object == object && !hold->is_revoker &&
                         model_is_server(hold->node) && !is_cut_off(hold->node)
                     ? 1
                     : 0;
    }
    return count;
}

enum status model_hold_fact(uint32_t program, uint64_t cap, struct model_hold **hold)
{
    *hold = model_hold_find(program, cap);
    if (*hold != NULL) {
        return STATUS_OK;
    }
    // An id without a generation is none; whatever else names nothing tells nothing more.
    return cap >> 32 == 0 ? STATUS_BAD_CAP : STATUS_STALE_CAP;
}

static const uint16_t method_counts[] = {
    [MODEL_ENDPOINT] = 3, [MODEL_CONSOLE] = 1,    [MODEL_TIMER] = 2,        [MODEL_JOB] = 10,
    [MODEL_MANAGER] = 2,  [MODEL_MEMORY] = 4,     [MODEL_BUILDER] = 6,      [MODEL_PROCESS] = 2,
    [MODEL_REVOKER] = 3,  [MODEL_PARK_SPACE] = 0, [MODEL_NOTIFICATION] = 2, [MODEL_LOG] = 3,
    [MODEL_SPACE] = 3,    [MODEL_PORTS] = 3,      [MODEL_INTERRUPT] = 3,    [MODEL_SESSION] = 4,
};

enum status model_reach(uint32_t program, uint64_t cap, uint16_t method, uint32_t *object)
{
    struct model_hold *hold;
    enum status fact = model_hold_fact(program, cap, &hold);

    *object = MODEL_NONE;
    if (fact != STATUS_OK) {
        return fact;
    }
    enum status session = model_session_fact(model.programs[program].session);
    if (hold->is_revoker) {
        bool is_known = method < method_counts[MODEL_REVOKER];
        return session != STATUS_OK ? session : is_known ? STATUS_OK : STATUS_METHOD_UNKNOWN;
    }
    const struct model_node *node = &model.nodes[hold->node];
    fact = model_node_fact(hold->node);
    if (fact != STATUS_OK) {
        return fact;
    }
    if (method >= METHODS_MAX) {
        return STATUS_METHOD_UNKNOWN;
    }
    if ((node->methods >> method & 1) == 0) {
        return STATUS_METHOD_NOT_IN_FACET;
    }
    if (session != STATUS_OK) {
        return session;
    }
    enum model_kind kind = model.objects[node->object].kind;
    if ((kind != MODEL_ENDPOINT || model_is_server(hold->node)) && method >= method_counts[kind]) {
        return STATUS_METHOD_UNKNOWN;
    }
    *object = node->object;
    return STATUS_OK;
}

// A capability that a kernel object is given: held, no revoker, not cut off.
static enum status model_given(const struct model_hold *hold)
{
    if (hold == NULL) {
        return STATUS_BAD_TRANSFER;
    }
    return hold->is_revoker ? STATUS_WRONG_OBJECT : model_node_fact(hold->node);
}

enum status model_facet(uint32_t program, uint64_t target, const struct model_facet *facet,
                        uint32_t *made)
{
    const struct model_hold *hold = model_hold_find(program, target);
    uint64_t interface = facet->interface;

    if (hold != NULL && facet->scope > SCOPE_REGRANT_ONLY) {
        return STATUS_BAD_VALUE;
    }
    enum status fact = model_given(hold);
    if (fact != STATUS_OK) {
        return fact;
    }
    const struct model_node *node = &model.nodes[hold->node];
    bool is_foreign = interface != 0 && interface != node->interface;
    bool is_minted = is_foreign && model_is_server(hold->node);
    bool is_wider =
        is_foreign || facet->receiver_data != 0 || (facet->methods & ~node->methods) != 0;
    if (!is_minted && is_wider) {
        return STATUS_FACET_WIDER;
    }
    if (facet->scope != SCOPE_SHAREABLE && hold->scope != SCOPE_SHAREABLE &&
        hold->scope != (enum session_scope)facet->scope) {
        return STATUS_FACET_WIDER;
    }
    // Eight nodes may lie between a hold and its object, the root among them.
    if (node->depth + 2 > FACET_DEPTH_MAX) {
        return STATUS_FACET_TOO_DEEP;
    }
    model_must(model.node_count < MODEL_NODES_MAX, "no room for a node");
    *made = model.node_count++;
    model.nodes[*made] = (struct model_node){.parent = hold->node,
                                             .object = node->object,
                                             .depth = node->depth + 1,
                                             .interface = is_minted ? interface : node->interface,
                                             .methods = facet->methods,
                                             .withheld = facet->withheld,
                                             .expiry_ns = UINT64_MAX,
                                             .calls = UINT64_MAX,
                                             .receiver_data = is_minted ? facet->receiver_data
                                                                        : node->receiver_data};
    return STATUS_OK;
}

void model_revoke(uint32_t program, uint64_t revoker)
{
    struct model_hold *hold = model_hold_find(program, revoker);

    model_must(hold != NULL && hold->is_revoker, "revoked by nobody");
    model.nodes[hold->node].is_revoked = true;
    model_waits_settle();
}

void model_lease(uint32_t program, uint64_t revoker, uint64_t expiry_ns, uint64_t calls)
{
    struct model_hold *hold = model_hold_find(program, revoker);

    model_must(hold != NULL && hold->is_revoker, "leased by nobody");
    model.nodes[hold->node].expiry_ns = expiry_ns;
    model.nodes[hold->node].calls = calls;
    model.nodes[hold->node].used = 0;
}

void model_use(uint32_t node)
{
    for (; node != MODEL_NONE; node = model.nodes[node].parent) {
        struct model_node *at = &model.nodes[node];
        at->used++;
        at->is_revoked = at->is_revoked || at->used == at->calls;
    }
}

enum status model_grant(uint32_t program, uint32_t builder_object, uint64_t cap)
{
    const struct model_object *builder = &model.objects[builder_object];
    const struct model_hold *hold = model_hold_find(program, cap);

    enum status fact = model_given(hold);
    if (fact != STATUS_OK) {
        return fact;
    }
    if (builder->is_spent) {
        return STATUS_BUILDER_SPENT;
    }
    if (hold->mode != TRANSFER_COPY) {
        return STATUS_TRANSFER_REFUSED;
    }
    fact = model_scope_fact(hold, builder->program, true);
    if (fact == STATUS_OK) {
        model_hold_insert_scoped(builder->program, 0, hold->node, TRANSFER_COPY, false,
                                 hold->scope);
    }
    return fact;
}

void model_hold_learn(uint32_t program, const struct model_received *received, uint64_t cap)
{
    for (uint32_t i = 0; i < model.hold_count; i++) {
        struct model_hold *hold = &model.holds[i];
        if (hold->program == program && hold->cap == 0 && hold->node == received->node &&
            hold->is_revoker == received->is_revoker && hold->mode == received->mode &&
            hold->scope == received->scope) {
            model_must(model_hold_find(program, cap) == NULL, "the kernel gave an id twice");
            hold->cap = cap;
            return;
        }
    }
    model_must(false, "a program has what nobody gave it");
}
