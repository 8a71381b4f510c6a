// SPDX-License-Identifier: Apache-2.0
//
// The model: see model.h. Everything is an array that is searched from its begin; what waits stands
// in the order in which it came, so that "first in, first out" is the order of the array.
#include "tests/property/model_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi/ids.h"

struct model model;

static void must(bool claim, const char *what)
{
    if (!claim) {
        fprintf(stderr, "model: %s\n", what);
        abort();
    }
}

void model_init(void)
{
    memset(&model, 0, sizeof(model));
}

bool model_is_nearly_full(void)
{
    return model.object_count > MODEL_OBJECTS_MAX - 64 || model.node_count > MODEL_NODES_MAX - 64 ||
           model.hold_count > MODEL_HOLDS_MAX - 256 || model.exit_count > MODEL_EXITS_MAX - 8;
}

// --- Authority ----------------------------------------------------------------------------------

uint32_t model_object_create(enum model_kind kind, uint64_t interface, uint32_t message_max)
{
    must(model.object_count < MODEL_OBJECTS_MAX && model.node_count < MODEL_NODES_MAX, "full");
    model.objects[model.object_count] = (struct model_object){
        .kind = kind, .interface = interface, .message_max = message_max, .program = MODEL_NONE};
    model.nodes[model.node_count] = (struct model_node){.parent = MODEL_NONE,
                                                        .object = model.object_count,
                                                        .interface = interface,
                                                        .methods = UINT64_MAX};
    model.object_count++;
    return model.node_count++;
}

void model_hold_insert(uint32_t program, uint64_t cap, uint32_t node, bool may_copy,
                       bool is_revoker)
{
    must(model.hold_count < MODEL_HOLDS_MAX, "no room for a hold");
    must(cap == 0 || model_hold_find(program, cap) == NULL, "the kernel gave an id twice");
    model.holds[model.hold_count++] = (struct model_hold){program, node, cap, is_revoker, may_copy};
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

bool model_is_revoked(uint32_t node)
{
    for (; node != MODEL_NONE; node = model.nodes[node].parent) {
        if (model.nodes[node].is_revoked) {
            return true;
        }
    }
    return false;
}

// A server's side has the interface that the endpoint was born with; others were minted.
bool model_is_server(uint32_t node)
{
    const struct model_object *object = &model.objects[model.nodes[node].object];

    return object->kind == MODEL_ENDPOINT && model.nodes[node].interface == object->interface;
}

static uint32_t servers_of(uint32_t object)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < model.hold_count; i++) {
        const struct model_hold *hold = &model.holds[i];
        count += model.nodes[hold->node].object == object && !hold->is_revoker &&
                         model_is_server(hold->node)
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
    [MODEL_ENDPOINT] = 2, [MODEL_CONSOLE] = 1,    [MODEL_TIMER] = 2,        [MODEL_JOB] = 8,
    [MODEL_MANAGER] = 2,  [MODEL_MEMORY] = 2,     [MODEL_BUILDER] = 4,      [MODEL_PROCESS] = 2,
    [MODEL_REVOKER] = 3,  [MODEL_PARK_SPACE] = 0, [MODEL_NOTIFICATION] = 2, [MODEL_LOG] = 3,
};

enum status model_reach(uint32_t program, uint64_t cap, uint16_t method, uint32_t *object)
{
    struct model_hold *hold;
    enum status fact = model_hold_fact(program, cap, &hold);

    *object = MODEL_NONE;
    if (fact != STATUS_OK) {
        return fact;
    }
    if (hold->is_revoker) {
        return method < method_counts[MODEL_REVOKER] ? STATUS_OK : STATUS_METHOD_UNKNOWN;
    }
    const struct model_node *node = &model.nodes[hold->node];
    if (model_is_revoked(hold->node)) {
        return STATUS_REVOKED;
    }
    if (method >= METHODS_MAX) {
        return STATUS_METHOD_UNKNOWN;
    }
    if ((node->methods >> method & 1) == 0) {
        return STATUS_METHOD_NOT_IN_FACET;
    }
    enum model_kind kind = model.objects[node->object].kind;
    if ((kind != MODEL_ENDPOINT || model_is_server(hold->node)) && method >= method_counts[kind]) {
        return STATUS_METHOD_UNKNOWN;
    }
    *object = node->object;
    return STATUS_OK;
}

enum status model_facet(uint32_t program, uint64_t target, uint64_t methods, uint64_t interface,
                        uint64_t receiver_data, uint32_t *made)
{
    const struct model_hold *hold = model_hold_find(program, target);

    if (hold == NULL || hold->is_revoker) {
        return STATUS_BAD_TRANSFER;
    }
    if (model_is_revoked(hold->node)) {
        return STATUS_REVOKED;
    }
    const struct model_node *node = &model.nodes[hold->node];
    bool is_foreign = interface != 0 && interface != node->interface;
    bool is_minted = is_foreign && model_is_server(hold->node);
    bool is_wider = is_foreign || receiver_data != 0 || (methods & ~node->methods) != 0;
    if (!is_minted && is_wider) {
        return STATUS_FACET_WIDER;
    }
    // Eight nodes may lie between a hold and its object, the root among them.
    if (node->depth + 2 > FACET_DEPTH_MAX) {
        return STATUS_FACET_TOO_DEEP;
    }
    must(model.node_count < MODEL_NODES_MAX, "no room for a node");
    *made = model.node_count++;
    model.nodes[*made] =
        (struct model_node){.parent = hold->node,
                            .object = node->object,
                            .depth = node->depth + 1,
                            .interface = is_minted ? interface : node->interface,
                            .methods = methods,
                            .receiver_data = is_minted ? receiver_data : node->receiver_data};
    return STATUS_OK;
}

void model_revoke(uint32_t program, uint64_t revoker)
{
    struct model_hold *hold = model_hold_find(program, revoker);

    must(hold != NULL && hold->is_revoker, "revoked by nobody");
    model.nodes[hold->node].is_revoked = true;
    model_waits_settle();
}

enum status model_grant(uint32_t program, uint32_t builder_object, uint64_t cap, uint32_t name)
{
    struct model_object *builder = &model.objects[builder_object];
    const struct model_hold *hold = model_hold_find(program, cap);

    if (builder->is_spent) {
        return STATUS_BUILDER_SPENT;
    }
    if (!builder->is_loaded) {
        return STATUS_NOT_LOADED;
    }
    if (hold == NULL) {
        return STATUS_BAD_TRANSFER;
    }
    if ((builder->names >> name & 1) != 0) {
        return STATUS_NAME_TAKEN;
    }
    if (hold->is_revoker || !hold->may_copy) {
        return STATUS_TRANSFER_REFUSED;
    }
    if (model_is_revoked(hold->node)) {
        return STATUS_REVOKED;
    }
    builder->names |= 1ull << name;
    model_hold_insert(builder->program, 0, hold->node, true, false);
    return STATUS_OK;
}

void model_grant_learn(uint32_t program, uint32_t node, uint64_t cap)
{
    for (uint32_t i = 0; i < model.hold_count; i++) {
        struct model_hold *hold = &model.holds[i];
        if (hold->program == program && hold->node == node && hold->cap == 0) {
            must(model_hold_find(program, cap) == NULL, "the kernel gave an id twice");
            hold->cap = cap;
            return;
        }
    }
    must(false, "a program has what nobody granted");
}

// --- Completions --------------------------------------------------------------------------------

static struct model_expected *expect(uint32_t program, uint64_t user_data)
{
    must(model.expected_count < MODEL_EXPECTED_MAX, "too many completions at once");
    struct model_expected *expected = &model.expected[model.expected_count++];
    *expected = (struct model_expected){.program = program, .user_data = user_data};
    return expected;
}

struct model_expected *model_expect(const struct model_operation *operation, enum status fact)
{
    struct model_expected *expected = expect(operation->program, operation->sqe.user_data);

    expected->fact = fact;
    expected->is_quiet = (operation->sqe.flags & SQE_QUIET) != 0;
    expected->opcode = operation->sqe.opcode;
    return expected;
}

struct model_wait *model_wait_add(const struct model_operation *operation,
                                  enum model_wait_kind kind, uint32_t object, uint32_t node)
{
    must(model.wait_count < MODEL_WAITS_MAX, "no room for an operation that waits");
    struct model_wait *wait = &model.waits[model.wait_count++];
    *wait =
        (struct model_wait){.kind = kind, .operation = *operation, .object = object, .node = node};
    return wait;
}

void model_wait_remove(uint32_t index)
{
    model.wait_count--;
    memmove(&model.waits[index], &model.waits[index + 1],
            (model.wait_count - index) * sizeof(model.waits[0]));
}

uint32_t model_waiting(uint32_t program)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < model.wait_count; i++) {
        const struct model_wait *wait = &model.waits[i];
        count += wait->kind != MODEL_LOST && wait->operation.program == program ? 1 : 0;
    }
    return count;
}

uint32_t model_waits_at(uint32_t object, enum model_wait_kind kind)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < model.wait_count; i++) {
        count += model.waits[i].kind == kind && model.waits[i].object == object ? 1 : 0;
    }
    return count;
}

// The oldest RECV that may still take a call; those before it end.
static uint32_t receiver_of(uint32_t object)
{
    for (uint32_t i = 0; i < model.wait_count;) {
        const struct model_wait *wait = &model.waits[i];
        if (wait->kind != MODEL_RECV || wait->object != object) {
            i++;
            continue;
        }
        bool is_held = model_hold_find(wait->operation.program, wait->operation.sqe.cap) != NULL;
        if (is_held && !model_is_revoked(wait->node)) {
            return i;
        }
        model_expect(&wait->operation, is_held ? STATUS_REVOKED : STATUS_STALE_CAP);
        model_wait_remove(i);
    }
    return MODEL_NONE;
}

static void expect_drop(const struct model_operation *receive, uint32_t node)
{
    struct model_expected *expected = model_expect(receive, STATUS_OK);

    expected->is_drop = true;
    expected->object = model.nodes[node].object;
    expected->size = (uint32_t)sizeof(struct message_header);
    model.nodes[node].drop = MODEL_DROP_PROMISED;
}

// Nobody holds the minted node: its server hears of it, if there is one.
static void node_drop(uint32_t node)
{
    uint32_t object = model.nodes[node].object;

    model.nodes[node].drop = servers_of(object) == 0 ? MODEL_DROP_TOLD : MODEL_DROP_LISTED;
    if (model.nodes[node].drop == MODEL_DROP_LISTED) {
        uint32_t receiver = receiver_of(object);
        if (receiver != MODEL_NONE) {
            expect_drop(&model.waits[receiver].operation, node);
            model_wait_remove(receiver);
        }
    }
}

bool model_drop_learn(uint32_t object, uint64_t interface, uint64_t receiver_data)
{
    uint32_t promised = MODEL_NONE;
    uint32_t told = MODEL_NONE;

    for (uint32_t i = 0; i < model.node_count; i++) {
        const struct model_node *node = &model.nodes[i];
        bool is_due = node->object == object &&
                      (node->drop == MODEL_DROP_LISTED || node->drop == MODEL_DROP_PROMISED);
        promised = is_due && node->drop == MODEL_DROP_PROMISED ? i : promised;
        told = is_due && node->interface == interface && node->receiver_data == receiver_data
                   ? i
                   : told;
    }
    if (told == MODEL_NONE || promised == MODEL_NONE) {
        return false;
    }
    // Whichever is told first: the one that was promised instead is still to be told.
    model.nodes[promised].drop = model.nodes[told].drop;
    model.nodes[told].drop = MODEL_DROP_TOLD;
    return true;
}

// What nobody needs any more goes, from the leaves on. A server hears of what it minted.
static void nodes_settle(void)
{
    static uint32_t holds[MODEL_NODES_MAX], revokers[MODEL_NODES_MAX], children[MODEL_NODES_MAX];

    memset(holds, 0, model.node_count * sizeof(holds[0]));
    memset(revokers, 0, model.node_count * sizeof(revokers[0]));
    memset(children, 0, model.node_count * sizeof(children[0]));
    for (uint32_t i = 0; i < model.hold_count; i++) {
        (model.holds[i].is_revoker ? revokers : holds)[model.holds[i].node]++;
    }
    for (uint32_t i = 0; i < model.wait_count; i++) {
        if (model.waits[i].kind == MODEL_QUEUED) {
            children[model.waits[i].node]++; // its call needs it as a child would
        }
    }
    for (uint32_t i = model.node_count; i > 0; i--) {
        struct model_node *node = &model.nodes[i - 1];
        uint32_t parent = node->parent;
        if (node->is_gone || !node->is_made || parent == MODEL_NONE) {
            continue;
        }
        bool is_minted = model_is_server(parent) && !model_is_server(i - 1);
        if (is_minted && node->drop == MODEL_DROP_NONE && (holds[i - 1] | children[i - 1]) == 0) {
            node_drop(i - 1);
        }
        node->is_gone = (holds[i - 1] | revokers[i - 1] | children[i - 1]) == 0 &&
                        node->drop != MODEL_DROP_LISTED;
        children[parent] += node->is_gone ? 0 : 1;
    }
}

// Whoever waits at an endpoint that nobody serves any more is told.
static void settle(void)
{
    model_waits_settle();
    for (uint32_t i = 0; i < model.wait_count;) {
        const struct model_wait *wait = &model.waits[i];
        bool is_at_endpoint = wait->kind == MODEL_QUEUED || wait->kind == MODEL_RECV;
        if (!is_at_endpoint || servers_of(wait->object) != 0) {
            i++;
            continue;
        }
        model_expect(&wait->operation,
                     wait->kind == MODEL_QUEUED ? STATUS_SERVER_GONE : STATUS_STALE_CAP);
        model_wait_remove(i);
    }
    for (uint32_t i = 0; i < model.node_count; i++) {
        struct model_node *node = &model.nodes[i];
        if (node->drop == MODEL_DROP_LISTED && servers_of(node->object) == 0) {
            node->drop = MODEL_DROP_TOLD;
        }
    }
    nodes_settle();
}

// --- CALL and RECV ------------------------------------------------------------------------------

static void deliver(const struct model_operation *receive, const struct model_wait *call)
{
    struct model_expected *expected = model_expect(receive, STATUS_OK);

    expected->is_delivery = true;
    expected->call = *call;
    expected->size = (uint32_t)sizeof(struct message_header) + call->operation.sqe.payload_len;
}

static enum status call_limits(const struct model_operation *operation, uint32_t object)
{
    const struct sqe *sqe = &operation->sqe;

    if (sqe->transfers > TRANSFERS_MAX) {
        return STATUS_BAD_TRANSFER;
    }
    if (sqe->payload_len > model.objects[object].message_max) {
        return STATUS_MESSAGE_TOO_LARGE;
    }
    if (sqe->result_len > MESSAGE_SIZE_MAX) {
        return STATUS_BAD_ARGUMENT;
    }
    if (servers_of(object) == 0) {
        return STATUS_SERVER_GONE;
    }
    if (model_waits_at(object, MODEL_QUEUED) >= MODEL_QUEUE_MAX) {
        return STATUS_QUEUE_FULL;
    }
    return model_waiting(operation->program) >= MODEL_RESERVED_MAX ? STATUS_RING_BUSY : STATUS_OK;
}

static void operate_call(const struct model_operation *operation)
{
    uint32_t object;
    enum status fact =
        model_reach(operation->program, operation->sqe.cap, operation->sqe.method, &object);

    if (fact == STATUS_OK) {
        must(object != MODEL_NONE && model.objects[object].kind == MODEL_ENDPOINT,
             "only calls of endpoints are the model's to follow");
        fact = call_limits(operation, object);
    }
    if (fact != STATUS_OK) {
        model_expect(operation, fact);
        return;
    }
    uint32_t node = model_hold_find(operation->program, operation->sqe.cap)->node;
    uint32_t receiver = receiver_of(object);
    if (receiver == MODEL_NONE) {
        model_wait_add(operation, MODEL_QUEUED, object, node);
        return;
    }
    if (operation->is_payload_bad) {
        model_expect(operation, STATUS_BAD_BUFFER);
        return;
    }
    struct model_operation receive = model.waits[receiver].operation;
    model_wait_remove(receiver);
    struct model_wait *call = model_wait_add(operation, MODEL_TAKEN, object, node);
    call->server = receive.program;
    deliver(&receive, call);
}

// The oldest call that can still be delivered; those before it end.
static uint32_t call_of(uint32_t object)
{
    for (uint32_t i = 0; i < model.wait_count;) {
        const struct model_wait *wait = &model.waits[i];
        if (wait->kind != MODEL_QUEUED || wait->object != object) {
            i++;
            continue;
        }
        bool is_revoked = model_is_revoked(wait->node);
        if (!is_revoked && !wait->operation.is_payload_bad) {
            return i;
        }
        model_expect(&wait->operation, is_revoked ? STATUS_REVOKED : STATUS_BAD_BUFFER);
        model_wait_remove(i);
    }
    return MODEL_NONE;
}

static enum status recv_fact(const struct model_operation *operation, struct model_hold **hold,
                             uint64_t *needed)
{
    enum status fact = model_hold_fact(operation->program, operation->sqe.cap, hold);

    if (fact != STATUS_OK) {
        return fact;
    }
    if ((*hold)->is_revoker || !model_is_server((*hold)->node)) {
        return STATUS_NOT_SERVER;
    }
    if (model_is_revoked((*hold)->node)) {
        return STATUS_REVOKED;
    }
    uint64_t least = sizeof(struct message_header) +
                     model.objects[model.nodes[(*hold)->node].object].message_max;
    if (operation->sqe.result_len < least) {
        *needed = least;
        return STATUS_BUFFER_TOO_SMALL;
    }
    return operation->is_result_bad ? STATUS_BAD_BUFFER : STATUS_OK;
}

static void operate_recv(const struct model_operation *operation)
{
    struct model_hold *hold;
    uint64_t needed = 0;
    enum status fact = recv_fact(operation, &hold, &needed);

    if (fact != STATUS_OK) {
        model_expect(operation, fact)->needed = needed;
        return;
    }
    uint32_t object = model.nodes[hold->node].object;
    bool is_full = model_waits_at(object, MODEL_RECV) >= MODEL_RECEIVERS_MAX;
    if (is_full || model_waiting(operation->program) >= MODEL_RESERVED_MAX) {
        model_expect(operation, is_full ? STATUS_OUT_OF_CALLS : STATUS_RING_BUSY);
        return;
    }
    uint32_t call = call_of(object);
    if (call != MODEL_NONE) {
        model.waits[call].kind = MODEL_TAKEN;
        model.waits[call].server = operation->program;
        deliver(operation, &model.waits[call]);
        return;
    }
    settle();
    for (uint32_t i = 0; i < model.node_count; i++) {
        if (model.nodes[i].object == object && model.nodes[i].drop == MODEL_DROP_LISTED) {
            expect_drop(operation, i);
            return;
        }
    }
    model_wait_add(operation, MODEL_RECV, object, hold->node);
}

void model_call_learn(uint32_t program, uint64_t user_data, uint64_t call_id)
{
    for (uint32_t i = 0; i < model.wait_count; i++) {
        struct model_wait *wait = &model.waits[i];
        must(wait->call_id != call_id, "the kernel gave a call id twice");
        if (wait->kind <= MODEL_LOST && wait->operation.program == program &&
            wait->operation.sqe.user_data == user_data) {
            wait->call_id = call_id;
        }
    }
}

// --- RETURN -------------------------------------------------------------------------------------

static enum status return_fact(const struct model_operation *operation, uint32_t *call)
{
    const struct sqe *sqe = &operation->sqe;
    bool is_exception = (sqe->flags & SQE_RETURN_EXCEPTION) != 0;

    if (sqe->transfers > TRANSFERS_MAX) {
        return STATUS_BAD_TRANSFER;
    }
    if (!is_exception && sqe->method != 0) {
        return STATUS_RESERVED_SET;
    }
    if (is_exception && (sqe->method == 0 || sqe->method > EXCEPTION_INVALID_ARGUMENT)) {
        return STATUS_BAD_ARGUMENT;
    }
    if (sqe->payload_len > MESSAGE_SIZE_MAX) {
        return STATUS_MESSAGE_TOO_LARGE;
    }
    for (*call = 0; *call < model.wait_count; (*call)++) {
        const struct model_wait *wait = &model.waits[*call];
        if ((wait->kind == MODEL_TAKEN || wait->kind == MODEL_LOST) && wait->call_id == sqe->arg &&
            wait->server == operation->program) {
            return operation->is_payload_bad ? STATUS_BAD_BUFFER : STATUS_OK;
        }
    }
    return STATUS_STALE_CALL;
}

static void operate_return(const struct model_operation *operation)
{
    const struct sqe *sqe = &operation->sqe;
    bool is_exception = (sqe->flags & SQE_RETURN_EXCEPTION) != 0;
    uint32_t index;
    enum status fact = return_fact(operation, &index);

    if (fact != STATUS_OK) {
        model_expect(operation, fact);
        return;
    }
    struct model_wait call = model.waits[index];
    model_wait_remove(index);
    if (call.kind == MODEL_LOST) {
        model_expect(operation, STATUS_CALLER_LOST);
        return;
    }
    bool fits = sqe->payload_len <= call.operation.sqe.result_len;
    struct model_expected *answer = model_expect(&call.operation, STATUS_OK);
    answer->answered = call.call_id;
    answer->exception = is_exception ? sqe->method : 0;
    if (!fits && is_exception) {
        answer->size = 0;
    } else if (!fits) {
        answer->fact = STATUS_TRUNCATED;
        answer->needed = sqe->payload_len;
    } else if (sqe->payload_len != 0 && call.operation.is_result_bad) {
        answer->fact = STATUS_BAD_BUFFER;
    } else {
        answer->size = sqe->payload_len;
    }
    model_expect(operation, answer->fact == STATUS_OK ? STATUS_OK : STATUS_CALLER_LOST);
}

// --- The rest -----------------------------------------------------------------------------------

static void operate_release(const struct model_operation *operation)
{
    struct model_hold *hold;
    enum status fact = model_hold_fact(operation->program, operation->sqe.cap, &hold);

    model_expect(operation, fact);
    if (fact == STATUS_OK) {
        *hold = model.holds[--model.hold_count];
    }
}

void model_operate(const struct model_operation *operation)
{
    switch ((enum opcode)operation->sqe.opcode) {
    case OP_NOP:
        model_expect(operation, operation->sqe.arg == 0 ? STATUS_OK : STATUS_UNSUPPORTED);
        break;
    case OP_CALL:
        operate_call(operation);
        break;
    case OP_RECV:
        operate_recv(operation);
        break;
    case OP_RETURN:
        operate_return(operation);
        break;
    case OP_RELEASE:
        operate_release(operation);
        break;
    case OP_SIGNAL:
    case OP_WAIT:
    case OP_PARK:
    case OP_UNPARK:
    case OP_CANCEL:
        model_operate_wait(operation);
        break;
    case OP_LINK:
    case OP_DRAIN:
    case OP_FINISH:
    case OP_COUNT:
        model_expect(operation, STATUS_BAD_OPCODE);
        break;
    }
    settle();
}

static void exit_tell(const struct model_operation *operation, struct model_exit exit)
{
    struct model_expected *expected = model_expect(operation, STATUS_OK);

    expected->is_exit = true;
    expected->size = 24;
    expected->process = exit.process;
    expected->code = exit.code;
    expected->cause = exit.cause;
}

void model_next_exit(const struct model_operation *operation)
{
    if (model_waiting(operation->program) >= MODEL_RESERVED_MAX) {
        model_expect(operation, STATUS_RING_BUSY);
        return;
    }
    if (model.exit_count != 0) {
        exit_tell(operation, model.exits[0]);
        model.exit_count--;
        memmove(model.exits, model.exits + 1, model.exit_count * sizeof(model.exits[0]));
        return;
    }
    model_wait_add(operation, MODEL_EXIT, MODEL_NONE, MODEL_NONE);
}

// What is due ends, the earliest first.
void model_time(uint64_t now_ns)
{
    for (;;) {
        uint32_t first = MODEL_NONE;
        uint64_t first_ns = now_ns;
        for (uint32_t i = 0; i < model.wait_count; i++) {
            const struct model_wait *wait = &model.waits[i];
            if (wait->kind != MODEL_LOST && wait->operation.deadline_ns <= first_ns) {
                first = i;
                first_ns = wait->operation.deadline_ns;
            }
        }
        if (first == MODEL_NONE) {
            break;
        }
        model_due(first);
    }
    settle();
}

// What of one waiting operation goes with a program. True: the operation is gone.
static bool wait_end(struct model_wait *wait, uint32_t program)
{
    bool is_own = wait->operation.program == program;
    bool is_answered = wait->kind == MODEL_TAKEN || wait->kind == MODEL_LOST;

    if (is_answered && wait->server == program) {
        if (!is_own && wait->kind == MODEL_TAKEN) {
            model_expect(&wait->operation, STATUS_SERVER_GONE);
        }
        return true;
    }
    if (is_answered) {
        return false;
    }
    return is_own;
}

static void exit_add(struct model_exit exit)
{
    for (uint32_t i = 0; i < model.wait_count; i++) {
        if (model.waits[i].kind == MODEL_EXIT) {
            exit_tell(&model.waits[i].operation, exit);
            model_wait_remove(i);
            return;
        }
    }
    must(model.exit_count < MODEL_EXITS_MAX, "no room for an exit");
    model.exits[model.exit_count++] = exit;
}

void model_program_end(uint32_t program, bool is_told, struct model_exit exit)
{
    model_waits_end(program);
    for (uint32_t i = 0; i < model.wait_count;) {
        if (wait_end(&model.waits[i], program)) {
            model_wait_remove(i);
        } else {
            i++;
        }
    }
    for (uint32_t i = 0; i < model.hold_count;) {
        if (model.holds[i].program == program) {
            model.holds[i] = model.holds[--model.hold_count];
        } else {
            i++;
        }
    }
    settle();
    if (is_told) {
        exit_add(exit);
    }
}
