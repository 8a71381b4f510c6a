// SPDX-License-Identifier: Apache-2.0
//
// The model: see model.h. Everything is an array that is searched from its begin; what waits stands
// in the order in which it came, so that "first in, first out" is the order of the array.
#include "tests/property/model_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct model model;

void model_must(bool claim, const char *what)
{
    if (!claim) {
        fprintf(stderr, "model: %s\n", what);
        abort();
    }
}

void model_init(void)
{
    memset(&model, 0, sizeof(model));
    model_session_create(MODEL_NONE, false, 0);
}

bool model_is_nearly_full(void)
{
    return model.object_count > MODEL_OBJECTS_MAX - 64 || model.node_count > MODEL_NODES_MAX - 64 ||
           model.hold_count > MODEL_HOLDS_MAX - 256 || model.exit_count > MODEL_EXITS_MAX - 8;
}

// --- Completions --------------------------------------------------------------------------------

static struct model_expected *expect(uint32_t program, uint64_t user_data)
{
    model_must(model.expected_count < MODEL_EXPECTED_MAX, "too many completions at once");
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
    model_must(model.wait_count < MODEL_WAITS_MAX, "no room for an operation that waits");
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
        enum status fact =
            is_held ? model_right_fact(wait->operation.program, wait->node) : STATUS_STALE_CAP;
        if (fact == STATUS_OK && wait->operation.is_result_bad) {
            fact = STATUS_BAD_BUFFER;
        }
        if (fact == STATUS_OK) {
            return i;
        }
        model_expect(&wait->operation, fact);
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

    model.nodes[node].drop = model_servers(object) == 0 ? MODEL_DROP_TOLD : MODEL_DROP_LISTED;
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
        bool is_due = node->object == object && node->drop != MODEL_DROP_NONE &&
                      node->drop != MODEL_DROP_TOLD;
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
        if (!is_at_endpoint || model_servers(wait->object) != 0) {
            i++;
            continue;
        }
        bool is_held = model_hold_find(wait->operation.program, wait->operation.sqe.cap) != NULL;
        model_expect(&wait->operation, wait->kind == MODEL_QUEUED ? STATUS_SERVER_GONE
                                       : is_held
                                           ? model_right_fact(wait->operation.program, wait->node)
                                           : STATUS_STALE_CAP);
        model_wait_remove(i);
    }
    for (uint32_t i = 0; i < model.node_count; i++) {
        struct model_node *node = &model.nodes[i];
        if (node->drop == MODEL_DROP_LISTED && model_servers(node->object) == 0) {
            node->drop = MODEL_DROP_LEFT;
        }
    }
    nodes_settle();
}

// --- CALL and RECV ------------------------------------------------------------------------------

static void deliver(const struct model_operation *receive, struct model_wait *call)
{
    struct model_expected *expected = model_expect(receive, STATUS_OK);

    call->disclosed = model_disclosed(call);
    expected->is_delivery = true;
    expected->call = *call;
    expected->size = (uint32_t)sizeof(struct message_header) + call->operation.sqe.payload_len;
    model_transfer(&call->operation, receive->program, expected);
    model_use(call->node);
}

static enum status call_limits(const struct model_operation *operation, uint32_t object)
{
    const struct sqe *sqe = &operation->sqe;

    if (sqe->transfers > TRANSFERS_MAX) {
        return STATUS_BAD_TRANSFER;
    }
    if (model_span(sqe) > model.objects[object].message_max) {
        return STATUS_MESSAGE_TOO_LARGE;
    }
    if (model_servers(object) == 0) {
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
        model_must(object != MODEL_NONE && model.objects[object].kind == MODEL_ENDPOINT,
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
    struct model_operation receive = model.waits[receiver].operation;
    fact = operation->is_payload_bad ? STATUS_BAD_BUFFER
                                     : model_transfer_fact(operation, receive.program);
    if (fact != STATUS_OK) {
        model_expect(operation, fact);
        return;
    }
    model_wait_remove(receiver);
    struct model_wait *call = model_wait_add(operation, MODEL_TAKEN, object, node);
    call->server = receive.program;
    deliver(&receive, call);
}

// The oldest call that can still be delivered; those before it end.
static uint32_t call_of(uint32_t object, uint32_t server)
{
    for (uint32_t i = 0; i < model.wait_count;) {
        const struct model_wait *wait = &model.waits[i];
        if (wait->kind != MODEL_QUEUED || wait->object != object) {
            i++;
            continue;
        }
        enum status fact = model_right_fact(wait->operation.program, wait->node);
        if (fact == STATUS_OK) {
            fact = wait->operation.is_payload_bad ? STATUS_BAD_BUFFER
                                                  : model_transfer_fact(&wait->operation, server);
        }
        if (fact == STATUS_OK) {
            return i;
        }
        model_expect(&wait->operation, fact);
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
    fact = model_right_fact(operation->program, (*hold)->node);
    if (fact != STATUS_OK) {
        return fact;
    }
    uint64_t least = sizeof(struct message_header) +
                     model.objects[model.nodes[(*hold)->node].object].message_max;
    if (operation->sqe.result_len < least) {
        *needed = least;
        return STATUS_BUFFER_TOO_SMALL;
    }
    return STATUS_OK;
}

// Whether a RECV at this endpoint has something to take at once.
static bool something_is_for(uint32_t object)
{
    bool is_there = model_waits_at(object, MODEL_QUEUED) != 0;

    for (uint32_t i = 0; i < model.node_count; i++) {
        is_there = is_there ||
                   (model.nodes[i].object == object && model.nodes[i].drop == MODEL_DROP_LISTED);
    }
    return is_there;
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
    if (operation->is_result_bad && something_is_for(object)) {
        model_expect(operation, STATUS_BAD_BUFFER);
        return;
    }
    uint32_t call = call_of(object, operation->program);
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
        model_must(wait->call_id != call_id, "the kernel gave a call id twice");
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

    if (sqe->transfers > (is_exception ? 0 : TRANSFERS_MAX)) {
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
            bool is_lost = wait->kind == MODEL_LOST;
            enum status fact = operation->is_payload_bad ? STATUS_BAD_BUFFER
                               : is_lost                 ? STATUS_OK
                                         : model_transfer_fact(operation, wait->operation.program);
            // An answer is for whoever was called; authority is not.
            bool hands_out = fact == STATUS_OK && !is_lost && sqe->transfers != 0;
            return hands_out ? model_session_fact(model.programs[operation->program].session)
                             : fact;
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
    bool fits = model_span(sqe) <= call.operation.sqe.result_len;
    struct model_expected *answer = model_expect(&call.operation, STATUS_OK);
    answer->answered = call.call_id;
    answer->exception = is_exception ? sqe->method : 0;
    if (!fits && is_exception) {
        answer->size = 0;
    } else if (!fits) {
        answer->fact = STATUS_TRUNCATED;
        answer->needed = model_span(sqe);
    } else if (model_span(sqe) != 0 && call.operation.is_result_bad) {
        answer->fact = STATUS_BAD_BUFFER;
    } else {
        answer->size = sqe->payload_len;
        model_transfer(operation, call.operation.program, answer);
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
    model.now_ns = now_ns;
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
    model_must(model.exit_count < MODEL_EXITS_MAX, "no room for an exit");
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
