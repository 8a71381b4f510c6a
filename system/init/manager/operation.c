// SPDX-License-Identifier: Apache-2.0
//
// Operations: what was asked of a service, until it ended one way, once. What becomes of a new one
// beside an old one is data: conflict.def; what becomes of it in each state: command.def.
#include <string.h>

#include "system/init/manager/parts.h"

// --- Storage ------------------------------------------------------------------------------------

static bool kept_is_old(const struct manager *manager, uint16_t index)
{
    return manager->now_ns - manager->operations[index].ended_ns >= OPERATION_KEPT_S * NS_PER_S;
}

static void kept_drop_first(struct manager *manager)
{
    uint16_t index = manager->kept_first;
    struct operation *operation = &manager->operations[index];

    manager->kept_first = operation->next_kept;
    manager->kept_count--;
    operation->serial = 0;
    operation->is_kept = false;
    operation->next_kept = manager->operation_free;
    manager->operation_free = index;
}

static void kept_put(struct manager *manager, uint16_t index)
{
    struct operation *operation = &manager->operations[index];

    operation->is_kept = true;
    operation->next_kept = NO_OPERATION;
    if (manager->kept_count++ == 0) {
        manager->kept_first = index;
    } else {
        manager->operations[manager->kept_last].next_kept = index;
    }
    manager->kept_last = index;
}

// Of a service at most two live, the one that is under way and one behind it. So there is always
// one that is free or only kept; the oldest of those gives way.
static_assert(OPERATIONS_MAX > 2 * SERVICES_MAX, "operations that live leave room");

static uint16_t operation_create(struct manager *manager, const struct operation_ask *ask)
{
    while (manager->kept_count > 0 && kept_is_old(manager, manager->kept_first)) {
        kept_drop_first(manager);
    }
    if (manager->operation_free == NO_OPERATION && manager->operation_used == OPERATIONS_MAX) {
        manager_assert(manager->kept_count > 0);
        kept_drop_first(manager);
    }
    uint16_t index = manager->operation_free;
    if (index != NO_OPERATION) {
        manager->operation_free = manager->operations[index].next_kept;
    } else {
        index = manager->operation_used++;
    }
    struct operation *operation = &manager->operations[index];
    memset(operation, 0, sizeof(*operation));
    manager->operation_generation = (manager->operation_generation + 1) & 0x1fffff;
    manager->operation_generation += manager->operation_generation == 0;
    operation->serial = manager->operation_generation << INDEX_BITS | index;
    operation->kind = (uint8_t)ask->kind;
    operation->state = OPERATION_PENDING;
    operation->source = (uint8_t)ask->source;
    operation->cause = (uint8_t)ask->cause;
    operation->service = ask->slot;
    operation->origin = ask->origin;
    operation->created_ns = manager->now_ns;
    struct phrase caller = phrase_in(operation->caller, sizeof(operation->caller));
    phrase_put_safe(&caller, ask->caller != NULL ? ask->caller : "init");
    struct phrase detail = phrase_in(operation->detail, sizeof(operation->detail));
    phrase_put_safe(&detail, ask->detail != NULL ? ask->detail : "");
    return index;
}

const struct operation *manager_operation(const struct manager *manager, uint32_t serial)
{
    uint32_t index = serial & INDEX_MASK;

    if (serial == 0 || index >= OPERATIONS_MAX || manager->operations[index].serial != serial) {
        return NULL;
    }
    const struct operation *operation = &manager->operations[index];
    return operation->is_kept && kept_is_old(manager, (uint16_t)index) ? NULL : operation;
}

// --- Life ---------------------------------------------------------------------------------------

void operation_run(struct manager *manager, uint16_t index)
{
    struct operation *operation = &manager->operations[index];

    if (operation->state == OPERATION_PENDING) {
        operation->state = OPERATION_RUNNING;
        operation->started_ns = manager->now_ns;
    }
}

void operation_end(struct manager *manager, uint16_t index, enum operation_state state,
                   enum reply_code result, const char *detail)
{
    struct operation *operation = &manager->operations[index];
    struct service *service = service_of(manager, operation->service);

    manager_assert(!operation->is_kept);
    operation->state = (uint8_t)state;
    operation->result = (uint8_t)result;
    operation->ended_ns = manager->now_ns;
    if (detail[0] != '\0') {
        struct phrase text = phrase_in(operation->detail, sizeof(operation->detail));
        phrase_put_safe(&text, detail);
    }
    deadline_disarm(manager, DEADLINE_OF_OPERATION + (uint32_t)index);
    if (service->operation == index) {
        service->operation = NO_OPERATION;
        service->is_unbinding = false; // it serves on, or has stopped
        service_disarm(manager, operation->service, DEADLINE_UNBIND);
    } else {
        manager_assert(service->queued == index);
        service->queued = NO_OPERATION;
    }
    kept_put(manager, index);
    waiters_wake(manager, operation);
    // Others may wait for that start, or for what it began to be gone: the state may be the same.
    services_touch_near(manager, operation->service);
}

void service_operation_end(struct manager *manager, uint16_t slot, enum operation_state state,
                           enum reply_code result, const char *detail)
{
    uint16_t index = manager->services[slot].operation;

    if (index != NO_OPERATION) {
        operation_end(manager, index, state, result, detail);
    }
}

bool service_has_start(const struct manager *manager, uint16_t slot)
{
    const struct service *service = &manager->services[slot];
    uint16_t indexes[] = {service->operation, service->queued};

    for (uint32_t i = 0; i < 2; i++) {
        if (indexes[i] != NO_OPERATION) {
            enum operation_kind kind = manager->operations[indexes[i]].kind;
            if (kind == OPERATION_START || kind == OPERATION_RESTART) {
                return true;
            }
        }
    }
    return false;
}

// The existing operation makes way for another.
static void operation_give_way(struct manager *manager, uint16_t slot, uint16_t index)
{
    struct service *service = service_of(manager, slot);
    struct operation *operation = &manager->operations[index];
    bool is_running = operation->state == OPERATION_RUNNING;

    if (index == service->operation) {
        service->waits_place = false;
        if (!is_running && service->state != STATE_STARTING && service->phase == PHASE_GATE) {
            service->phase = PHASE_NONE;
        }
    }
    operation_end(manager, index, is_running ? OPERATION_ABORTED : OPERATION_CANCELLED,
                  is_running ? REPLY_ABORTED : REPLY_CANCELLED, "another operation came");
}

static struct operation_answer
operation_place(struct manager *manager, const struct operation_ask *ask, enum outcome outcome)
{
    struct service *service = service_of(manager, ask->slot);
    uint16_t index = operation_create(manager, ask);
    uint32_t timeout_s = ask->timeout_s != 0 ? ask->timeout_s : OPERATION_TIMEOUT_S;

    if (outcome == OUTCOME_QUEUE) {
        service->queued = index;
    } else {
        service->operation = index;
        service->has_asked = service->is_checked = false;
        service->is_retry = false;
    }
    deadline_arm(manager, DEADLINE_OF_OPERATION + (uint32_t)index,
                 manager->now_ns + timeout_s * NS_PER_S);
    service_touch(manager, ask->slot);
    return (struct operation_answer){.outcome = outcome,
                                     .operation = manager->operations[index].serial};
}

static struct operation_answer operation_merge(struct manager *manager,
                                               const struct operation_ask *ask, uint16_t there)
{
    uint16_t index = operation_create(manager, ask);
    struct operation *existing = &manager->operations[there];

    // Who asks to stop outright wins over whoever would have it come back.
    if (ask->kind == OPERATION_STOP && ask->cause == CAUSE_EXPLICIT_STOP) {
        existing->cause = CAUSE_EXPLICIT_STOP;
        if (manager->services[ask->slot].end_then == THEN_FAILED) {
            manager->services[ask->slot].end_then = THEN_STOPPED;
        }
    }
    manager->operations[index].merged_into = existing->serial;
    manager->operations[index].state = OPERATION_MERGED;
    manager->operations[index].ended_ns = manager->now_ns;
    kept_put(manager, index);
    return (struct operation_answer){.outcome = OUTCOME_MERGE, .operation = existing->serial};
}

static enum outcome outcome_by_state(struct manager *manager, const struct operation_ask *ask)
{
    const struct service *service = service_of(manager, ask->slot);
    bool is_ending = service->phase == PHASE_RECLAIM;

    // It ended and nobody knows yet what follows: as good as Stopping.
    if (is_ending && (ask->kind == OPERATION_START || ask->kind == OPERATION_RESTART)) {
        return OUTCOME_QUEUE;
    }
    if (is_ending && ask->kind == OPERATION_RELOAD) {
        return OUTCOME_REFUSE;
    }
    return command_outcome(ask->kind, service->state);
}

struct operation_answer operation_request(struct manager *manager, const struct operation_ask *ask)
{
    struct service *service = service_of(manager, ask->slot);
    uint16_t there = service->queued != NO_OPERATION ? service->queued : service->operation;
    enum outcome outcome = OUTCOME_DO;

    if (ask->kind == OPERATION_STOP && ask->cause != CAUSE_BINDS_TO_PROPAGATION) {
        service->awaits_binding = false;
        service->is_rerun = false;
    }
    while (there != NO_OPERATION) {
        const struct operation *operation = &manager->operations[there];
        outcome = conflict_outcome(operation->kind, operation->state, ask->kind);
        if (outcome == OUTCOME_MERGE) {
            return operation_merge(manager, ask, there);
        }
        if (outcome == OUTCOME_QUEUE) {
            return operation_place(manager, ask, outcome);
        }
        if (outcome != OUTCOME_CANCEL) {
            return (struct operation_answer){.outcome = outcome};
        }
        bool was_queued = there == service->queued;
        operation_give_way(manager, ask->slot, there);
        there = was_queued ? service->operation : NO_OPERATION;
        outcome = OUTCOME_CANCEL;
    }
    if (outcome != OUTCOME_CANCEL) {
        outcome = outcome_by_state(manager, ask);
    }
    if (outcome == OUTCOME_DO || outcome == OUTCOME_QUEUE || outcome == OUTCOME_CANCEL) {
        return operation_place(manager, ask, outcome);
    }
    if (outcome == OUTCOME_CLEAR) {
        service_clear(manager, ask->slot);
    }
    return (struct operation_answer){.outcome = outcome};
}

void operation_begin_retry(struct manager *manager, uint16_t slot)
{
    struct service *service = service_of(manager, slot);
    struct operation_ask ask = {.slot = slot,
                                .kind = OPERATION_START,
                                .source = SOURCE_RESTART_POLICY,
                                .cause = CAUSE_RESTART_POLICY,
                                .origin = NO_SERVICE};

    if (service->operation == NO_OPERATION) {
        (void)operation_place(manager, &ask, OUTCOME_DO);
        operation_run(manager, service->operation);
    }
}

void operation_timeout(struct manager *manager, uint16_t index)
{
    struct operation *operation = &manager->operations[index];
    uint16_t slot = operation->service;
    struct service *service = service_of(manager, slot);
    bool is_current = service->operation == index;
    bool is_start = operation->kind == OPERATION_START || operation->kind == OPERATION_RESTART;

    (void)record_add(manager, RECORD_OPERATION_TIMEOUT, slot, operation_kind_name(operation->kind));
    operation_end(manager, index, OPERATION_FAILED, REPLY_TIMEOUT, "it took too long");
    if (!is_current || !is_start) {
        return;
    }
    service->waits_place = false;
    if (service->state == STATE_STARTING && service->phase != PHASE_RECLAIM) {
        service_end(manager, slot, CAUSE_READINESS_TIMEOUT, THEN_POLICY,
                    "its operation took too long");
    } else if (service->phase == PHASE_GATE || service->phase == PHASE_CHECK) {
        service->phase = PHASE_NONE;
        service_disarm(manager, slot, DEADLINE_PHASE);
        start_leave_place(manager, slot);
    }
}
