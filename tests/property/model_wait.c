// SPDX-License-Identifier: Apache-2.0
//
// The model of what waits for something else than a call: notifications, parking, sleeping, and how
// any waiting ends before its time.
#include "tests/property/model_parts.h"

#include <stddef.h>

static bool is_of(enum model_wait_kind kind)
{
    return kind == MODEL_WAITING || kind == MODEL_PARKED || kind == MODEL_SLEEPING;
}

// Whether the right is there by which the program may go on.
static enum status right_of(uint32_t program, uint64_t cap)
{
    const struct model_hold *hold = model_hold_find(program, cap);

    if (hold == NULL) {
        return STATUS_STALE_CAP;
    }
    return model_right_fact(program, hold->node);
}

// --- Notifications ------------------------------------------------------------------------------

// What can be said to one waiter is said. True: it is gone from the list.
static bool tell(uint32_t index)
{
    struct model_wait *wait = &model.waits[index];
    const struct sqe *sqe = &wait->operation.sqe;
    uint64_t *bits = &model.objects[wait->object].bits;

    if (wait->is_told && !wait->is_consumed) {
        return false;
    }
    wait->is_told = false;
    enum status fact = right_of(wait->operation.program, sqe->cap);
    if (fact == STATUS_OK && wait->is_cancelled) {
        fact = STATUS_CANCELLED;
    }
    if (fact != STATUS_OK) {
        model_expect(&wait->operation, fact);
        model_wait_remove(index);
        return true;
    }
    if ((*bits & sqe->arg) == 0) {
        return false;
    }
    model_expect(&wait->operation, STATUS_OK)->extra = *bits & sqe->arg;
    *bits &= ~sqe->arg;
    wait->is_told = true;
    wait->is_consumed = false;
    if ((sqe->flags & SQE_WAIT_REPEAT) == 0) {
        model_wait_remove(index);
        return true;
    }
    return false;
}

void model_set(uint32_t object, uint64_t bits)
{
    model.objects[object].bits |= bits;
    for (uint32_t i = 0; i < model.wait_count;) {
        bool is_here = model.waits[i].kind == MODEL_WAITING && model.waits[i].object == object;
        i += is_here && tell(i) ? 0 : 1;
    }
}

uint64_t model_take(uint32_t object, uint64_t mask)
{
    uint64_t bits = model.objects[object].bits & mask;

    model.objects[object].bits &= ~mask;
    return bits;
}

void model_enter(uint32_t program)
{
    for (uint32_t i = 0; i < model.wait_count;) {
        const struct model_wait *wait = &model.waits[i];
        bool is_own = wait->operation.program == program && wait->is_told;
        i += is_own && tell(i) ? 0 : 1;
    }
}

void model_consume(uint32_t program, uint64_t user_data)
{
    for (uint32_t i = 0; i < model.wait_count; i++) {
        struct model_wait *wait = &model.waits[i];
        if (wait->operation.program == program && wait->operation.sqe.user_data == user_data) {
            wait->is_consumed = true;
        }
    }
}

static void operate_wait(const struct model_operation *operation, uint32_t object, uint32_t node)
{
    const struct sqe *sqe = &operation->sqe;
    bool is_repeated = (sqe->flags & SQE_WAIT_REPEAT) != 0;

    if (sqe->arg == 0 || (is_repeated && sqe->arg2 != TIMEOUT_NONE)) {
        model_expect(operation, STATUS_BAD_ARGUMENT);
    } else if (!is_repeated && (model.objects[object].bits & sqe->arg) != 0) {
        model_expect(operation, STATUS_OK)->extra = model_take(object, sqe->arg);
    } else if (model_waits_at(object, MODEL_WAITING) >= MODEL_WAITERS_MAX) {
        model_expect(operation, STATUS_OUT_OF_CALLS);
    } else if (model_waiting(operation->program) >= MODEL_RESERVED_MAX) {
        model_expect(operation, STATUS_RING_BUSY);
    } else {
        model_wait_add(operation, MODEL_WAITING, object, node);
        tell(model.wait_count - 1);
    }
}

// --- Parking ------------------------------------------------------------------------------------

// Words are known by their addresses here: programs that park share none.
static void operate_park(const struct model_operation *operation, uint32_t object, uint32_t node)
{
    if (operation->sqe.payload % sizeof(uint32_t) != 0) {
        model_expect(operation, STATUS_BAD_ARGUMENT);
    } else if (operation->is_payload_bad) {
        model_expect(operation, STATUS_BAD_BUFFER);
    } else if (operation->sqe.arg != operation->word) {
        model_expect(operation, STATUS_PARK_MISMATCH);
    } else if (model_waiting(operation->program) >= MODEL_RESERVED_MAX) {
        model_expect(operation, STATUS_RING_BUSY);
    } else {
        model_wait_add(operation, MODEL_PARKED, object, node);
    }
}

static void operate_unpark(const struct model_operation *operation)
{
    const struct sqe *sqe = &operation->sqe;
    uint64_t woken = 0;

    if (sqe->payload % sizeof(uint32_t) != 0 || operation->is_payload_bad) {
        model_expect(operation, sqe->payload % sizeof(uint32_t) != 0 ? STATUS_BAD_ARGUMENT
                                                                     : STATUS_BAD_BUFFER);
        return;
    }
    for (uint32_t i = 0; i < model.wait_count && woken < sqe->arg && woken < MODEL_WOKEN_MAX;) {
        const struct model_wait *wait = &model.waits[i];
        if (wait->kind == MODEL_PARKED && wait->operation.sqe.payload == sqe->payload) {
            model_expect(&wait->operation, STATUS_OK);
            model_wait_remove(i);
            woken++;
        } else {
            i++;
        }
    }
    model_expect(operation, STATUS_OK)->extra = woken;
}

// --- Sleeping -----------------------------------------------------------------------------------

void model_sleep(const struct model_operation *operation, uint64_t deadline_ns, uint64_t now_ns)
{
    uint32_t object;
    enum status fact =
        model_reach(operation->program, operation->sqe.cap, operation->sqe.method, &object);

    if (fact == STATUS_OK && deadline_ns > now_ns &&
        model_waiting(operation->program) >= MODEL_RESERVED_MAX) {
        fact = STATUS_RING_BUSY;
    }
    if (fact != STATUS_OK || deadline_ns <= now_ns) {
        model_expect(operation, fact);
        return;
    }
    uint32_t node = model_hold_find(operation->program, operation->sqe.cap)->node;
    struct model_wait *wait = model_wait_add(operation, MODEL_SLEEPING, object, node);
    wait->until_ns = deadline_ns;
    if (deadline_ns < wait->operation.deadline_ns) {
        wait->operation.deadline_ns = deadline_ns;
    }
}

// --- Ends ---------------------------------------------------------------------------------------

// Whether anything keeps the endpoint in being.
static bool is_live(uint32_t object)
{
    bool is_held = model_waits_at(object, MODEL_QUEUED) != 0;

    for (uint32_t i = 0; i < model.hold_count && !is_held; i++) {
        is_held = model.nodes[model.holds[i].node].object == object;
    }
    for (uint32_t i = 0; i < model.node_count && !is_held; i++) {
        is_held = model.nodes[i].object == object && model.nodes[i].drop == MODEL_DROP_LISTED;
    }
    return is_held;
}

void model_call_lost(uint32_t index)
{
    struct model_wait *call = &model.waits[index];
    const struct model_object *endpoint = &model.objects[call->object];

    call->kind = MODEL_LOST;
    if (endpoint->bound_cap != 0 && is_live(call->object) &&
        right_of(endpoint->bound_program, endpoint->bound_cap) == STATUS_OK) {
        const struct model_hold *hold =
            model_hold_find(endpoint->bound_program, endpoint->bound_cap);
        model_set(model.nodes[hold->node].object, 1);
    }
}

bool model_next_cancelled(uint32_t program, uint32_t object, uint64_t call_id)
{
    bool has_any = false;

    for (uint32_t i = 0; i < model.wait_count; i++) {
        struct model_wait *wait = &model.waits[i];
        bool is_lost = wait->kind == MODEL_LOST && wait->server == program &&
                       wait->object == object && !wait->is_named;
        if (is_lost && wait->call_id == call_id) {
            wait->is_named = true;
            return true;
        }
        has_any = has_any || is_lost;
    }
    return call_id == 0 && !has_any;
}

enum status model_bind(uint32_t program, uint32_t object, uint64_t cap)
{
    const struct model_hold *hold = model_hold_find(program, cap);

    if (hold == NULL) {
        return STATUS_BAD_TRANSFER;
    }
    const struct model_node *node = &model.nodes[hold->node];
    if (hold->is_revoker || model.objects[node->object].kind != MODEL_NOTIFICATION) {
        return STATUS_WRONG_OBJECT;
    }
    enum status fact = model_node_fact(hold->node);
    if (fact != STATUS_OK) {
        return fact;
    }
    if ((node->methods & 1) == 0) {
        return STATUS_METHOD_NOT_IN_FACET;
    }
    model.objects[object].bound_program = program;
    model.objects[object].bound_cap = cap;
    return STATUS_OK;
}

// Its thread waits no more, for this reason. True: it is gone from the list.
static bool abandon(uint32_t index, enum status fact)
{
    struct model_wait *wait = &model.waits[index];

    if (wait->is_told) { // the place in the CQ is not its own yet
        wait->is_cancelled = wait->is_cancelled || fact == STATUS_CANCELLED;
        return false;
    }
    model_expect(&wait->operation, fact);
    if (wait->kind == MODEL_TAKEN) {
        model_call_lost(index);
        return false;
    }
    model_wait_remove(index);
    return true;
}

static void operate_cancel(const struct model_operation *operation)
{
    for (uint32_t i = 0; i < model.wait_count; i++) {
        const struct model_wait *wait = &model.waits[i];
        if (wait->operation.program == operation->program && wait->kind != MODEL_LOST &&
            wait->operation.sq_index == operation->sqe.arg) {
            abandon(i, STATUS_CANCELLED);
            model_expect(operation, STATUS_OK);
            return;
        }
    }
    model_expect(operation, STATUS_STALE_SQE);
}

bool model_due(uint32_t index)
{
    const struct model_wait *wait = &model.waits[index];
    bool is_over = wait->kind == MODEL_SLEEPING && wait->until_ns <= wait->operation.deadline_ns;

    return abandon(index, is_over ? STATUS_OK : STATUS_TIMED_OUT);
}

void model_waits_settle(void)
{
    for (uint32_t i = 0; i < model.wait_count;) {
        const struct model_wait *wait = &model.waits[i];
        enum status fact = is_of(wait->kind)
                               ? right_of(wait->operation.program, wait->operation.sqe.cap)
                               : STATUS_OK;
        i += fact != STATUS_OK && abandon(i, fact) ? 0 : 1;
    }
}

void model_waits_end(uint32_t program)
{
    for (uint32_t i = 0; i < MODEL_OBJECTS_MAX; i++) {
        if (model.objects[i].bound_program == program) {
            model.objects[i].bound_cap = 0;
        }
    }
    for (uint32_t i = 0; i < model.wait_count;) {
        if (is_of(model.waits[i].kind) && model.waits[i].operation.program == program) {
            model_wait_remove(i);
        } else {
            i++;
        }
    }
    for (uint32_t i = 0; i < model.wait_count;) {
        const struct model_wait *wait = &model.waits[i];
        bool is_taken = wait->kind == MODEL_TAKEN && wait->operation.program == program;
        if (is_taken) {
            model_call_lost(i); // others may be told, and leave the list
        }
        i = is_taken ? 0 : i + 1;
    }
}

// --- Operations ---------------------------------------------------------------------------------

static enum status reach(const struct model_operation *operation, enum model_kind kind,
                         uint64_t methods, struct model_hold **hold)
{
    enum status fact = model_hold_fact(operation->program, operation->sqe.cap, hold);

    if (fact != STATUS_OK) {
        return fact;
    }
    const struct model_node *node = &model.nodes[(*hold)->node];
    if ((*hold)->is_revoker || model.objects[node->object].kind != kind) {
        return STATUS_WRONG_OBJECT;
    }
    fact = model_node_fact((*hold)->node);
    if (fact == STATUS_OK && (node->methods & methods) != methods) {
        fact = STATUS_METHOD_NOT_IN_FACET;
    }
    return fact == STATUS_OK ? model_right_fact(operation->program, (*hold)->node) : fact;
}

void model_operate_wait(const struct model_operation *operation)
{
    bool is_bell = operation->sqe.opcode == OP_SIGNAL || operation->sqe.opcode == OP_WAIT;
    uint64_t methods = operation->sqe.opcode == OP_SIGNAL ? 1 : is_bell ? 2 : 0;
    struct model_hold *hold;

    if (operation->sqe.opcode == OP_CANCEL) {
        operate_cancel(operation);
        return;
    }
    enum status fact =
        reach(operation, is_bell ? MODEL_NOTIFICATION : MODEL_PARK_SPACE, methods, &hold);
    if (fact != STATUS_OK) {
        model_expect(operation, fact);
        return;
    }
    uint32_t object = model.nodes[hold->node].object;
    if (operation->sqe.opcode == OP_SIGNAL) {
        model_set(object, operation->sqe.arg);
        model_expect(operation, STATUS_OK);
    } else if (operation->sqe.opcode == OP_WAIT) {
        operate_wait(operation, object, hold->node);
    } else if (operation->sqe.opcode == OP_PARK) {
        operate_park(operation, object, hold->node);
    } else {
        operate_unpark(operation);
    }
}
