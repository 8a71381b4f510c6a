// SPDX-License-Identifier: Apache-2.0
//
// The model's operations: see model.h. Everything is an array that is searched from its begin; what
// waits stands in the order in which it came, so that "first in, first out" is the order of the
// array. What is gone stays in its place until everything has settled.
#include "tests/property/model.h"

#include <assert.h>
#include <string.h>

// Instead of a fact: what is said is said elsewhere, or later.
static const enum status LATER = STATUS_LIMIT;

struct model model;

void model_init(void)
{
    memset(&model, 0, sizeof(model));
    model.sessions[model.session_count++].parent = MODEL_NONE;
}

// An operation that is carried out, and what its completion says besides the fact.
struct turn {
    const struct model_operation *operation;
    const struct sqe *sqe;
    struct model_who who;
    uint64_t extra, needed;
};

// --- What waits ---------------------------------------------------------------------------------

static struct model_expected *tell(const struct model_operation *operation, enum status fact)
{
    assert(model.expected_count < MODEL_FEW);
    model.expected[model.expected_count] =
        (struct model_expected){.operation = *operation, .fact = fact};
    return &model.expected[model.expected_count++];
}

static struct model_wait *waits_end(void)
{
    return model.waits + model.wait_count;
}

uint32_t model_waiting(uint32_t program)
{
    uint32_t count = 0;

    for (const struct model_wait *at = model.waits; at < waits_end(); at++) {
        count += at->kind >= MODEL_TAKEN && at->operation.program == program ? 1 : 0;
    }
    return count;
}

static uint32_t waits_at(uint32_t object, enum model_wait_kind kind)
{
    uint32_t count = 0;

    for (const struct model_wait *at = model.waits; at < waits_end(); at++) {
        count += at->kind == kind && at->object == object ? 1 : 0;
    }
    return count;
}

// RING_BUSY, or LATER: the last of the list.
static enum status wait_begin(const struct turn *turn, enum model_wait_kind kind)
{
    if (model_waiting(turn->operation->program) >= MODEL_RESERVED_MAX) {
        return STATUS_RING_BUSY;
    }
    assert(model.wait_count < MODEL_FEW);
    *waits_end() = (struct model_wait){.kind = kind,
                                       .operation = *turn->operation,
                                       .object = turn->who.object,
                                       .node = turn->who.hold->node};
    model.wait_count++;
    return LATER;
}

// Whether the right is there by which it waits: a call has it from the node alone.
static enum status wait_fact(const struct model_wait *wait)
{
    struct model_who who = model_who(wait->operation.program, wait->operation.sqe.cap);
    bool is_held = wait->kind < MODEL_RECV || who.held == STATUS_OK;

    return MODEL_REFUSAL(model_if(!is_held, STATUS_STALE_CAP), model_node_fact(wait->node),
                         who.session);
}

// Nobody waits any more for a call that a server has taken: that is told, if anything keeps the
// endpoint in being.
static void call_lost(struct model_wait *call)
{
    const struct model_object *endpoint = &model.objects[call->object];
    struct model_who bell = model_who(endpoint->bound_program, endpoint->bound_cap);
    bool is_live = waits_at(call->object, MODEL_QUEUED) != 0;

    for (uint32_t i = 0; i < model.hold_count; i++) {
        is_live = is_live || model.nodes[model.holds[i].node].object == call->object;
    }
    for (const struct model_node *at = model.nodes; at < model.nodes + model.node_count; at++) {
        is_live = is_live || (at->object == call->object && at->drop == MODEL_LISTED);
    }
    call->kind = MODEL_LOST;
    if (is_live && MODEL_REFUSAL(bell.held, bell.alive, bell.session) == STATUS_OK) {
        model_set(bell.object, 1);
    }
}

// Its thread waits no more, for this reason.
static void end(struct model_wait *wait, enum status fact)
{
    tell(&wait->operation, fact);
    if (wait->kind == MODEL_TAKEN) {
        call_lost(wait);
    } else {
        wait->kind = MODEL_GONE;
    }
}

// The oldest of its kind that can go on, for `server`; those before it end.
static struct model_wait *oldest(enum model_wait_kind kind, uint32_t object, uint32_t server)
{
    bool is_call = kind == MODEL_QUEUED;

    for (struct model_wait *at = model.waits; at < waits_end(); at++) {
        const struct model_operation *operation = &at->operation;
        if (at->kind == kind && at->object == object) {
            bool is_bad = is_call ? operation->is_payload_bad : operation->is_result_bad;
            enum status fact =
                MODEL_REFUSAL(wait_fact(at), model_if(is_bad, STATUS_BAD_BUFFER),
                              is_call ? model_transfer_fact(operation, server) : STATUS_OK);
            if (fact == STATUS_OK) {
                return at;
            }
            end(at, fact);
        }
    }
    return NULL;
}

// What is gone leaves its place.
static void sweep(void)
{
    for (struct model_wait *at = model.waits; at < waits_end();) {
        if (at->kind == MODEL_GONE) {
            model.wait_count--;
            memmove(at, at + 1, (size_t)(waits_end() - at) * sizeof(*at));
        } else {
            at++;
        }
    }
}

// --- Notifications ------------------------------------------------------------------------------

uint64_t model_take(uint32_t object, uint64_t mask)
{
    uint64_t bits = model.objects[object].bits & mask;

    model.objects[object].bits &= ~mask;
    return bits;
}

// What can be said to one WAIT is said.
static void ring(struct model_wait *wait)
{
    enum status fact = wait_fact(wait);
    uint64_t bits = fact == STATUS_OK ? model_take(wait->object, wait->operation.sqe.arg) : 0;

    if (fact != STATUS_OK || bits != 0) {
        tell(&wait->operation, fact)->extra = bits;
        wait->kind = MODEL_GONE;
    }
}

void model_set(uint32_t object, uint64_t bits)
{
    model.objects[object].bits |= bits;
    for (struct model_wait *at = model.waits; at < waits_end(); at++) {
        if (at->kind == MODEL_WAITING && at->object == object) {
            ring(at);
        }
    }
}

// --- What follows -------------------------------------------------------------------------------

static void hold_up(uint32_t node)
{
    for (; node != MODEL_NONE; node = model.nodes[node].parent) {
        model.nodes[node].is_held = true;
    }
}

// A server hears of what it minted that nobody holds any more, from the leaves on. A node is held
// by what is made from it, too, by calls that wait, and until the server has heard.
static void nodes_settle(void)
{
    for (uint32_t i = 0; i < model.hold_count; i++) {
        uint32_t node = model.holds[i].node;
        hold_up(model.holds[i].is_revoker ? model.nodes[node].parent : node);
    }
    for (const struct model_wait *at = model.waits; at < waits_end(); at++) {
        hold_up(at->kind == MODEL_QUEUED ? at->node : MODEL_NONE);
    }
    for (uint32_t i = model.node_count; i > 0; i--) {
        struct model_node *node = &model.nodes[i - 1];
        bool is_new = node->drop == MODEL_HELD && !node->is_held;
        bool is_listed = is_new || node->drop == MODEL_LISTED;
        struct model_wait *receive =
            is_listed ? oldest(MODEL_RECV, node->object, MODEL_NONE) : NULL;
        if (is_listed) {
            bool is_served = model_servers(node->object) != 0;
            node->drop = is_served ? MODEL_LISTED : MODEL_UNTOLD;
        }
        if (receive != NULL) {
            struct model_expected *expected = tell(&receive->operation, STATUS_OK);
            expected->kind = MODEL_DROP;
            expected->call.object = node->object;
            expected->size = (uint32_t)sizeof(struct message_header);
            receive->kind = MODEL_GONE;
            node->drop = MODEL_PROMISED;
        }
        hold_up(node->drop == MODEL_LISTED ? node->parent : MODEL_NONE);
        node->is_held = false;
    }
}

// Whoever waits by a right that is gone is told, and whoever waits at an endpoint that nobody
// serves any more.
void model_settle(void)
{
    for (struct model_wait *at = model.waits; at < waits_end(); at++) {
        bool is_served =
            (at->kind != MODEL_QUEUED && at->kind != MODEL_RECV) || model_servers(at->object) != 0;
        if (!is_served && at->kind == MODEL_QUEUED) {
            end(at, STATUS_SERVER_GONE);
        } else if ((!is_served || at->kind >= MODEL_WAITING) && wait_fact(at) != STATUS_OK) {
            end(at, wait_fact(at));
        } else if (at->kind == MODEL_EXIT && model.exits_told < model.exit_count) {
            struct model_expected *expected = tell(&at->operation, STATUS_OK);
            expected->kind = MODEL_EXITED;
            expected->size = 24;
            expected->exit = model.exits[model.exits_told++];
            at->kind = MODEL_GONE;
        }
    }
    nodes_settle();
    sweep();
}

// What is due ends, the earliest first.
void model_time(uint64_t now_ns)
{
    struct model_wait *first;

    model.now_ns = now_ns;
    do {
        uint64_t first_ns = now_ns;
        first = NULL;
        for (struct model_wait *at = model.waits; at < waits_end(); at++) {
            if (at->kind >= MODEL_TAKEN && at->operation.deadline_ns <= first_ns) {
                first = at;
                first_ns = at->operation.deadline_ns;
            }
        }
        if (first != NULL) {
            end(first, model_if(first->operation.until_ns != first_ns, STATUS_TIMED_OUT));
        }
    } while (first != NULL);
    model_settle();
}

// --- Calls --------------------------------------------------------------------------------------

struct model_wait *model_call_find(uint32_t server, uint64_t call_id)
{
    for (struct model_wait *at = model.waits; at < waits_end(); at++) {
        bool is_taken = at->kind >= MODEL_LOST && at->kind <= MODEL_TAKEN;
        if (is_taken && at->server == server && at->call_id == call_id) {
            return at;
        }
    }
    return NULL;
}

bool model_next_cancelled(uint32_t program, uint32_t object, uint64_t call_id)
{
    bool has_any = false;

    for (struct model_wait *at = model.waits; at < waits_end(); at++) {
        bool is_lost = at->kind == MODEL_LOST && at->server == program && at->object == object;
        if (is_lost && at->call_id == call_id) {
            at->kind = MODEL_NAMED;
            return true;
        }
        has_any = has_any || is_lost;
    }
    return call_id == 0 && !has_any;
}

// Calls and RECVs of an endpoint meet. The first session discloses nothing, the others everything;
// facets may not.
static void match(uint32_t object)
{
    struct model_wait *receive =
        waits_at(object, MODEL_QUEUED) != 0 ? oldest(MODEL_RECV, object, MODEL_NONE) : NULL;
    struct model_wait *call =
        receive != NULL ? oldest(MODEL_QUEUED, object, receive->operation.program) : NULL;

    if (call != NULL) {
        const struct model_operation *operation = &call->operation;
        bool has_identity = model.programs[operation->program].session != 0;
        struct model_expected *expected = tell(&receive->operation, STATUS_OK);
        receive->kind = MODEL_GONE;
        call->kind = MODEL_TAKEN;
        call->server = receive->operation.program;
        call->disclosed = has_identity ? operation->sqe.disclose & DISCLOSE_ALL : 0;
        for (uint32_t node = call->node; node != MODEL_NONE; node = model.nodes[node].parent) {
            call->disclosed &= (uint16_t)~model.nodes[node].withheld;
        }
        expected->kind = MODEL_DELIVERY;
        expected->call = *call;
        expected->size = (uint32_t)sizeof(struct message_header) + operation->sqe.payload_len;
        model_transfer(operation, call->server, expected);
        model_use(call->node);
    }
}

static enum status operate_call(struct turn *turn)
{
    static const enum model_wait_kind kinds[] = {
        [MODEL_ENDPOINT] = MODEL_QUEUED, [MODEL_TIMER] = MODEL_SLEEPING, [MODEL_JOB] = MODEL_EXIT};
    const struct model_operation *operation = turn->operation;
    enum model_kind kind = turn->who.kind;
    uint32_t object;
    enum status fact = model_reach(operation->program, turn->sqe->cap, turn->sqe->method, &object);

    if (fact == STATUS_OK && kind == MODEL_ENDPOINT) {
        uint32_t most = model.objects[object].message_max;
        fact = MODEL_REFUSAL(
            model_if(turn->sqe->transfers > TRANSFERS_MAX, STATUS_BAD_TRANSFER),
            model_if(model_span(turn->sqe) > most, STATUS_MESSAGE_TOO_LARGE),
            model_if(model_servers(object) == 0, STATUS_SERVER_GONE),
            model_if(waits_at(object, MODEL_QUEUED) >= MODEL_QUEUE_MAX, STATUS_QUEUE_FULL));
    }
    if (fact != STATUS_OK || (kind == MODEL_TIMER && operation->until_ns <= model.now_ns)) {
        return fact;
    }
    assert(kind < sizeof(kinds) / sizeof(kinds[0]) && kinds[kind] != MODEL_GONE);
    fact = wait_begin(turn, kinds[kind]);
    if (fact == LATER && kind == MODEL_TIMER && operation->until_ns < operation->deadline_ns) {
        waits_end()[-1].operation.deadline_ns = operation->until_ns;
    }
    match(object);
    return fact;
}

static enum status operate_recv(struct turn *turn)
{
    const struct model_who *who = &turn->who;
    uint64_t least = sizeof(struct message_header) + model.objects[who->object].message_max;
    enum status fact = MODEL_REFUSAL(
        who->held, model_if(!who->is_server, STATUS_NOT_SERVER), who->alive, who->session,
        model_if(turn->sqe->result_len < least, STATUS_BUFFER_TOO_SMALL),
        model_if(waits_at(who->object, MODEL_RECV) >= MODEL_RECEIVERS_MAX, STATUS_OUT_OF_CALLS));

    turn->needed = fact == STATUS_BUFFER_TOO_SMALL ? least : 0;
    if (fact == STATUS_OK) {
        fact = wait_begin(turn, MODEL_RECV);
        match(who->object);
    }
    return fact;
}

static enum status operate_return(struct turn *turn)
{
    const struct sqe *sqe = turn->sqe;
    struct model_wait *call = model_call_find(turn->operation->program, sqe->arg);
    bool is_awaited = call != NULL && call->kind == MODEL_TAKEN;
    uint32_t caller = is_awaited ? call->operation.program : MODEL_NONE;
    bool is_exception = (sqe->flags & SQE_RETURN_EXCEPTION) != 0;
    bool is_known = sqe->method != 0 && sqe->method <= EXCEPTION_INVALID_ARGUMENT;

    enum status fact = MODEL_REFUSAL(
        model_if(sqe->transfers > (is_exception ? 0 : TRANSFERS_MAX), STATUS_BAD_TRANSFER),
        model_if(!is_exception && sqe->method != 0, STATUS_RESERVED_SET),
        model_if(is_exception && !is_known, STATUS_BAD_ARGUMENT),
        model_if(sqe->payload_len > MESSAGE_SIZE_MAX, STATUS_MESSAGE_TOO_LARGE),
        model_if(call == NULL, STATUS_STALE_CALL),
        model_if(turn->operation->is_payload_bad, STATUS_BAD_BUFFER),
        is_awaited ? model_transfer_fact(turn->operation, caller) : STATUS_OK,
        // An answer is for whoever was called; authority is not.
        model_if(is_awaited && sqe->transfers != 0, turn->who.session));
    if (fact != STATUS_OK) {
        return fact;
    }
    call->kind = MODEL_GONE;
    if (!is_awaited) {
        return STATUS_CALLER_LOST;
    }
    bool fits = model_span(sqe) <= call->operation.sqe.result_len;
    bool is_bad = fits && model_span(sqe) != 0 && call->operation.is_result_bad;
    fact = MODEL_REFUSAL(model_if(!fits && !is_exception, STATUS_TRUNCATED),
                         model_if(is_bad, STATUS_BAD_BUFFER));
    struct model_expected *answer = tell(&call->operation, fact);
    answer->call = *call;
    answer->exception = is_exception ? sqe->method : 0;
    answer->needed = fact == STATUS_TRUNCATED ? model_span(sqe) : 0;
    if (fact == STATUS_OK && fits) {
        answer->size = sqe->payload_len;
        model_transfer(turn->operation, caller, answer);
    }
    return model_if(fact != STATUS_OK, STATUS_CALLER_LOST);
}

// --- The other operations -----------------------------------------------------------------------

static enum status operate_nop(struct turn *turn)
{
    return model_if(turn->sqe->arg != 0, STATUS_UNSUPPORTED);
}

static enum status operate_release(struct turn *turn)
{
    if (turn->who.held == STATUS_OK) {
        model_hold_remove(turn->who.hold);
    }
    return turn->who.held;
}

static enum status operate_signal(struct turn *turn)
{
    model_set(turn->who.object, turn->sqe->arg);
    return STATUS_OK;
}

static enum status operate_wait(struct turn *turn)
{
    uint32_t object = turn->who.object;

    if (turn->sqe->arg == 0) {
        return STATUS_BAD_ARGUMENT;
    }
    turn->extra = model_take(object, turn->sqe->arg);
    if (turn->extra != 0 || waits_at(object, MODEL_WAITING) >= MODEL_WAITERS_MAX) {
        return model_if(turn->extra == 0, STATUS_OUT_OF_CALLS);
    }
    return wait_begin(turn, MODEL_WAITING);
}

static enum status word_fact(const struct turn *turn)
{
    return MODEL_REFUSAL(model_if(turn->sqe->payload % sizeof(uint32_t) != 0, STATUS_BAD_ARGUMENT),
                         model_if(turn->operation->is_payload_bad, STATUS_BAD_BUFFER));
}

static enum status operate_park(struct turn *turn)
{
    enum status fact = MODEL_REFUSAL(
        word_fact(turn), model_if(turn->sqe->arg != turn->operation->word, STATUS_PARK_MISMATCH));

    return fact == STATUS_OK ? wait_begin(turn, MODEL_PARKED) : fact;
}

// Words are known by their addresses here: programs that park share none.
static enum status operate_unpark(struct turn *turn)
{
    uint64_t most = turn->sqe->arg < MODEL_WOKEN_MAX ? turn->sqe->arg : MODEL_WOKEN_MAX;

    most = word_fact(turn) == STATUS_OK ? most : 0;
    for (struct model_wait *at = model.waits; at < waits_end() && turn->extra < most; at++) {
        if (at->kind == MODEL_PARKED && at->operation.sqe.payload == turn->sqe->payload) {
            end(at, STATUS_OK);
            turn->extra++;
        }
    }
    return word_fact(turn);
}

static enum status operate_cancel(struct turn *turn)
{
    for (struct model_wait *at = model.waits; at < waits_end(); at++) {
        if (at->operation.program == turn->operation->program && at->kind >= MODEL_TAKEN &&
            at->operation.sq_index == turn->sqe->arg) {
            end(at, STATUS_CANCELLED);
            return STATUS_OK;
        }
    }
    return STATUS_STALE_SQE;
}

static const struct {
    enum status (*run)(struct turn *turn);
    enum model_kind kind; // of the object that it needs; NOTHING: it asks itself
    uint64_t methods;
} operations[OP_COUNT] = {
    [OP_NOP] = {operate_nop, MODEL_NOTHING, 0},
    [OP_CALL] = {operate_call, MODEL_NOTHING, 0},
    [OP_RECV] = {operate_recv, MODEL_NOTHING, 0},
    [OP_RETURN] = {operate_return, MODEL_NOTHING, 0},
    [OP_RELEASE] = {operate_release, MODEL_NOTHING, 0},
    [OP_SIGNAL] = {operate_signal, MODEL_NOTIFICATION, 1},
    [OP_WAIT] = {operate_wait, MODEL_NOTIFICATION, 2},
    [OP_PARK] = {operate_park, MODEL_PARK_SPACE, 0},
    [OP_UNPARK] = {operate_unpark, MODEL_PARK_SPACE, 0},
    [OP_CANCEL] = {operate_cancel, MODEL_NOTHING, 0},
};

void model_operate(const struct model_operation *operation)
{
    const struct sqe *sqe = &operation->sqe;
    struct turn turn = {operation, sqe, model_who(operation->program, sqe->cap), 0, 0};
    enum model_kind kind = operations[sqe->opcode].kind;
    uint64_t lacks = operations[sqe->opcode].methods & ~turn.who.node->methods;

    enum status fact = MODEL_REFUSAL(
        model_if(operations[sqe->opcode].run == NULL, STATUS_BAD_OPCODE),
        kind == MODEL_NOTHING
            ? STATUS_OK
            : MODEL_REFUSAL(turn.who.held, model_if(turn.who.kind != kind, STATUS_WRONG_OBJECT),
                            turn.who.alive, model_if(lacks != 0, STATUS_METHOD_NOT_IN_FACET),
                            turn.who.session));
    fact = fact == STATUS_OK ? operations[sqe->opcode].run(&turn) : fact;
    if (fact != LATER) {
        struct model_expected *expected = tell(operation, fact);
        expected->extra = turn.extra;
        expected->needed = turn.needed;
    }
    model_settle();
}

void model_program_end(uint32_t program, bool is_told, struct model_exit exit)
{
    for (uint32_t i = 0; i < model.object_count; i++) {
        struct model_object *object = &model.objects[i];
        object->bound_cap = object->bound_program == program ? 0 : object->bound_cap;
    }
    for (struct model_wait *at = model.waits; at < waits_end(); at++) {
        bool is_own = at->operation.program == program && at->kind >= MODEL_WAITING;
        at->kind = is_own ? MODEL_GONE : at->kind;
    }
    for (struct model_wait *at = model.waits; at < waits_end(); at++) {
        if (at->operation.program == program && at->kind == MODEL_TAKEN) {
            call_lost(at);
        }
    }
    for (struct model_wait *at = model.waits; at < waits_end(); at++) {
        bool is_call = at->kind >= MODEL_LOST && at->kind <= MODEL_TAKEN;
        bool is_its = (is_call ? at->server : at->operation.program) == program;
        if (is_its && at->kind == MODEL_TAKEN) {
            tell(&at->operation, STATUS_SERVER_GONE);
        }
        at->kind = is_its ? MODEL_GONE : at->kind;
    }
    for (uint32_t i = 0; i < model.hold_count; i++) {
        if (model.holds[i].program == program) {
            model_hold_remove(&model.holds[i--]);
        }
    }
    if (is_told) {
        assert(model.exit_count < MODEL_MANY);
        model.exits[model.exit_count++] = exit;
    }
    model_settle();
}
