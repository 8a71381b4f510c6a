// SPDX-License-Identifier: Apache-2.0
//
// The model of authority: objects, the nodes between them and holds, sessions; what a call reaches;
// how nodes are made, leased, revoked and handed on.
#include "tests/property/model.h"

#include <assert.h>
#include <stddef.h>

enum status model_refusal(const enum status *rules)
{
    while (*rules == STATUS_OK) {
        rules++;
    }
    return *rules == STATUS_LIMIT ? STATUS_OK : *rules;
}

// --- Objects and holds --------------------------------------------------------------------------

#define MODEL_KIND(name, methods, scope) {methods, SCOPE_##scope},
static const struct {
    uint16_t methods;
    enum session_scope scope;
} kinds[] = {MODEL_KINDS(MODEL_KIND)};
#undef MODEL_KIND

static uint32_t node_create(struct model_node node)
{
    assert(model.node_count < MODEL_MANY);
    node.expiry_ns = node.calls = UINT64_MAX;
    model.nodes[model.node_count] = node;
    return model.node_count++;
}

uint32_t model_object_create(enum model_kind kind, uint64_t interface, uint32_t message_max)
{
    assert(model.object_count < MODEL_MANY);
    model.objects[model.object_count] =
        (struct model_object){.kind = kind, .interface = interface, .message_max = message_max};
    return node_create((struct model_node){.parent = MODEL_NONE,
                                           .object = model.object_count++,
                                           .interface = interface,
                                           .methods = UINT64_MAX});
}

void model_hold_insert_scoped(struct model_hold hold)
{
    assert(model.hold_count < MODEL_MANY);
    assert(model_hold_find(hold.program, hold.cap) == NULL); // no id is given twice
    model.holds[model.hold_count++] = hold;
    struct model_node *node = &model.nodes[hold.node];
    bool is_minted =
        node->parent != MODEL_NONE && model_is_server(node->parent) && !model_is_server(hold.node);
    node->drop = is_minted && !hold.is_revoker ? MODEL_HELD : node->drop;
}

void model_hold_insert(uint32_t program, uint64_t cap, uint32_t node, enum transfer_mode mode,
                       bool is_revoker)
{
    enum model_kind kind =
        is_revoker ? MODEL_REVOKER : model.objects[model.nodes[node].object].kind;
    enum session_scope scope = model.maker > kinds[kind].scope ? model.maker : kinds[kind].scope;

    model_hold_insert_scoped((struct model_hold){program, node, cap, is_revoker, mode, scope});
}

void model_hold_remove(struct model_hold *hold)
{
    *hold = model.holds[--model.hold_count];
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

// --- Facts --------------------------------------------------------------------------------------

enum status model_node_fact(uint32_t node)
{
    enum status fact = STATUS_OK;

    for (; node != MODEL_NONE && fact == STATUS_OK; node = model.nodes[node].parent) {
        const struct model_node *at = &model.nodes[node];
        fact = MODEL_REFUSAL(model_if(at->is_revoked, STATUS_REVOKED),
                             model_if(at->expiry_ns <= model.now_ns, STATUS_LEASE_OVER));
    }
    return fact;
}

// A server's side has the interface that the endpoint was born with; others were minted.
bool model_is_server(uint32_t node)
{
    const struct model_object *object = &model.objects[model.nodes[node].object];

    return object->kind == MODEL_ENDPOINT && model.nodes[node].interface == object->interface;
}

uint32_t model_servers(uint32_t object)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < model.hold_count; i++) {
        uint32_t node = model.holds[i].node;
        if (model.nodes[node].object == object && !model.holds[i].is_revoker &&
            model_is_server(node)) {
            while (node != MODEL_NONE && !model.nodes[node].is_revoked) {
                node = model.nodes[node].parent;
            }
            count += node == MODEL_NONE ? 1 : 0;
        }
    }
    return count;
}

struct model_who model_who(uint32_t program, uint64_t cap)
{
    static struct model_hold nothing;
    struct model_hold *found = model_hold_find(program, cap);
    struct model_who who = {.hold = found != NULL ? found : &nothing};

    // An id without a generation is none; whatever else names nothing tells nothing more.
    who.held = found != NULL ? STATUS_OK : cap >> 32 == 0 ? STATUS_BAD_CAP : STATUS_STALE_CAP;
    who.alive = model_node_fact(who.hold->node);
    who.session = model_session_fact(model.programs[program].session);
    who.node = &model.nodes[who.hold->node];
    who.object = who.node->object;
    who.kind = who.hold->is_revoker ? MODEL_REVOKER : model.objects[who.object].kind;
    who.is_server = who.kind == MODEL_ENDPOINT && model_is_server(who.hold->node);
    return who;
}

enum status model_reach(uint32_t program, uint64_t cap, uint16_t method, uint32_t *object)
{
    struct model_who who = model_who(program, cap);
    bool is_revoker = who.kind == MODEL_REVOKER;
    bool is_minted = who.kind == MODEL_ENDPOINT && !who.is_server;
    uint64_t methods = is_revoker ? UINT64_MAX : who.node->methods;

    *object = is_revoker ? MODEL_NONE : who.object;
    return MODEL_REFUSAL(
        who.held, is_revoker ? STATUS_OK : who.alive,
        model_if(!is_revoker && method >= METHODS_MAX, STATUS_METHOD_UNKNOWN),
        model_if((methods >> method % METHODS_MAX & 1) == 0, STATUS_METHOD_NOT_IN_FACET),
        who.session,
        model_if(!is_minted && method >= kinds[who.kind].methods, STATUS_METHOD_UNKNOWN));
}

// A capability that a kernel object is given.
static enum status given_fact(const struct model_who *who)
{
    return MODEL_REFUSAL(model_if(who->held != STATUS_OK, STATUS_BAD_TRANSFER),
                         model_if(who->kind == MODEL_REVOKER, STATUS_WRONG_OBJECT), who->alive);
}

// Whether the hold may become one of program `to`, by a message or while that is built.
static enum status scope_fact(const struct model_hold *hold, uint32_t to, bool is_built)
{
    const struct model_program *programs = model.programs;
    bool may[] = {[SCOPE_SHAREABLE] = true,
                  [SCOPE_SAME_SESSION] = programs[hold->program].session == programs[to].session,
                  [SCOPE_REGRANT_ONLY] = is_built && programs[to].is_brokered};

    return model_if(!may[hold->scope], STATUS_SCOPE_REFUSED);
}

// --- Facets -------------------------------------------------------------------------------------

enum status model_facet(uint32_t program, uint64_t target, const struct model_facet *facet,
                        uint32_t *made)
{
    struct model_who who = model_who(program, target);
    const struct model_node *from = who.node;
    bool is_foreign = facet->interface != 0 && facet->interface != from->interface;
    bool is_minted = is_foreign && who.is_server;
    bool is_wider =
        is_foreign || facet->receiver_data != 0 || (facet->methods & ~from->methods) != 0;
    bool is_elsewhere = facet->scope != SCOPE_SHAREABLE && who.hold->scope != SCOPE_SHAREABLE &&
                        who.hold->scope != (enum session_scope)facet->scope;

    enum status fact = MODEL_REFUSAL(
        model_if(who.held == STATUS_OK && facet->scope > SCOPE_REGRANT_ONLY, STATUS_BAD_VALUE),
        given_fact(&who), model_if((!is_minted && is_wider) || is_elsewhere, STATUS_FACET_WIDER),
        // Eight nodes may lie between a hold and its object, the root among them.
        model_if(from->depth + 2 > FACET_DEPTH_MAX, STATUS_FACET_TOO_DEEP));
    if (fact == STATUS_OK) {
        *made = node_create((struct model_node){
            .parent = who.hold->node,
            .object = from->object,
            .depth = from->depth + 1,
            .interface = is_minted ? facet->interface : from->interface,
            .methods = facet->methods,
            .withheld = facet->withheld,
            .receiver_data = is_minted ? facet->receiver_data : from->receiver_data});
    }
    return fact;
}

void model_use(uint32_t node)
{
    for (; node != MODEL_NONE; node = model.nodes[node].parent) {
        struct model_node *at = &model.nodes[node];
        at->used++;
        at->is_revoked = at->is_revoked || at->used == at->calls;
    }
}

// --- Handing on ---------------------------------------------------------------------------------

enum status model_grant(uint32_t program, uint32_t builder_object, uint64_t cap)
{
    const struct model_object *builder = &model.objects[builder_object];
    struct model_who who = model_who(program, cap);

    enum status fact =
        MODEL_REFUSAL(given_fact(&who), model_if(builder->is_spent, STATUS_BUILDER_SPENT),
                      model_if(who.hold->mode != TRANSFER_COPY, STATUS_TRANSFER_REFUSED),
                      scope_fact(who.hold, builder->of, true));
    if (fact == STATUS_OK) {
        model_hold_insert_scoped((struct model_hold){builder->of, who.hold->node, 0, false,
                                                     TRANSFER_COPY, who.hold->scope});
    }
    return fact;
}

enum status model_bind(uint32_t program, uint32_t object, uint64_t cap)
{
    struct model_who who = model_who(program, cap);

    enum status fact =
        MODEL_REFUSAL(model_if(who.held != STATUS_OK, STATUS_BAD_TRANSFER),
                      model_if(who.kind != MODEL_NOTIFICATION, STATUS_WRONG_OBJECT), who.alive,
                      model_if((who.node->methods & 1) == 0, STATUS_METHOD_NOT_IN_FACET));
    if (fact == STATUS_OK) {
        model.objects[object].bound_program = program;
        model.objects[object].bound_cap = cap;
    }
    return fact;
}

// Descriptors begin at the next multiple of eight.
uint32_t model_span(const struct sqe *sqe)
{
    uint32_t padded = (sqe->payload_len + 7) / 8 * 8;

    return sqe->transfers == 0 ? sqe->payload_len
                               : padded + sqe->transfers * (uint32_t)sizeof(struct transfer);
}

enum status model_transfer_fact(const struct model_operation *operation, uint32_t to)
{
    enum status fact = STATUS_OK;

    for (uint32_t i = 0; i < operation->sqe.transfers && i < TRANSFERS_MAX && fact == STATUS_OK;
         i++) {
        const struct transfer *transfer = &operation->transfers[i];
        struct model_who who = model_who(operation->program, transfer->cap);
        bool is_mode = transfer->mode == TRANSFER_COPY || transfer->mode == TRANSFER_MOVE;
        // What may be copied may be moved; what is moved is named once.
        bool may = who.hold->mode == TRANSFER_COPY || (uint32_t)who.hold->mode == transfer->mode;
        bool is_again = false;
        for (const struct transfer *other = operation->transfers; other < transfer; other++) {
            bool is_moved = other->mode == TRANSFER_MOVE || transfer->mode == TRANSFER_MOVE;
            is_again = is_again || (other->cap == transfer->cap && is_moved);
        }
        fact =
            MODEL_REFUSAL(model_if(transfer->reserved != 0, STATUS_RESERVED_SET),
                          model_if(is_again, STATUS_BAD_TRANSFER), who.held,
                          model_if(!is_mode, STATUS_BAD_TRANSFER),
                          model_if(!may, STATUS_TRANSFER_REFUSED), scope_fact(who.hold, to, false));
    }
    return fact;
}

void model_transfer(const struct model_operation *operation, uint32_t to,
                    struct model_expected *expected)
{
    for (uint32_t i = 0; i < operation->sqe.transfers; i++) {
        struct model_hold *hold = model_hold_find(operation->program, operation->transfers[i].cap);
        struct model_hold given = *hold;
        if (operation->transfers[i].mode == TRANSFER_MOVE) {
            model_hold_remove(hold);
        }
        given.program = to;
        given.cap = 0;
        model_hold_insert_scoped(given);
        expected->received[expected->received_count++] = given;
        model.transfers++;
    }
}

// --- Sessions -----------------------------------------------------------------------------------

enum status model_session_fact(uint32_t session)
{
    while (session != MODEL_NONE && !model.sessions[session].is_over) {
        session = model.sessions[session].parent;
    }
    return model_if(session != MODEL_NONE, STATUS_SESSION_OVER);
}

enum status model_identity(uint32_t program, uint32_t object, uint64_t call_id, uint32_t section,
                           uint32_t *size)
{
    const struct model_wait *call = model_call_find(program, call_id);

    if (call == NULL || call->kind != MODEL_TAKEN || call->object != object) {
        return STATUS_STALE_CALL;
    }
    uint32_t session = model.programs[call->operation.program].session;
    *size = section == 0 ? model.sessions[session].principal_size : 0;
    return MODEL_REFUSAL(model_if((call->disclosed >> section & 1) == 0, STATUS_NOT_DISCLOSED),
                         model_session_fact(session));
}
