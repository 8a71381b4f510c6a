// SPDX-License-Identifier: Apache-2.0
//
// Looking at a service again: whatever it waited for may have come. Nothing here waits or loops;
// what has to happen later is touched again by whatever makes it possible.
#include "system/init/manager/parts.h"

static void failure_pass_on(struct manager *manager, uint16_t slot)
{
    struct service *service = service_of(manager, slot);
    const struct definition *definition = service_definition(manager, slot);
    uint16_t other;

    service->owes_failure = false;
    if (definition == NULL || service->state != STATE_FAILED) {
        return;
    }
    if (definition_is_critical(definition) && cause_is_for_good(service->cause) &&
        manager->mode != MODE_RECOVERY && manager->life >= LIFE_RUNNING) {
        if (is_shutting_down(manager)) {
            (void)record_add(manager, RECORD_CRITICAL_IGNORED, slot, cause_name(service->cause));
        } else {
            (void)record_add(manager, RECORD_CRITICAL, slot, cause_name(service->cause));
            shutdown_at_once(manager, "a critical service failed");
            return;
        }
    }
    other = catalogue_find(&manager->catalogue, definition_text(definition, FIELD_ON_FAILURE));
    if (other != NO_SERVICE && other != slot && service_newest(manager, other) != NULL &&
        !is_shutting_down(manager)) {
        // Two that fail could start each other for ever, and one that is bound could start what it
        // is bound to and so stop again: there is a budget here, too.
        bool may_repeat = manager->services[other].state == STATE_FAILED ||
                          service->cause == CAUSE_BINDS_TO_PROPAGATION;
        if (may_repeat && !restart_budget_take(manager, other)) {
            (void)record_add(manager, RECORD_ON_FAILURE_SPENT, slot,
                             manager->catalogue.names[other]);
            return;
        }
        struct operation_ask ask = {.slot = other,
                                    .kind = OPERATION_START,
                                    .source = SOURCE_DEPENDENCY,
                                    .cause = CAUSE_DEPENDENCY_START,
                                    .origin = slot};
        (void)record_add(manager, RECORD_ON_FAILURE, slot, manager->catalogue.names[other]);
        (void)operation_request(manager, &ask);
    }
}

// What it is bound to has gone: it stops, and comes back later.
static void unbind(struct manager *manager, uint16_t slot)
{
    struct service *service = service_of(manager, slot);
    struct operation_ask ask = {.slot = slot,
                                .kind = OPERATION_STOP,
                                .source = SOURCE_DEPENDENCY,
                                .cause = CAUSE_BINDS_TO_PROPAGATION,
                                .origin = service->unbind_origin};

    service->must_unbind = false;
    if (service->state == STATE_COMPLETED && service->operation == NO_OPERATION) {
        service->awaits_binding = true;
        service_change(manager, slot, STATE_INACTIVE, CAUSE_BINDS_TO_PROPAGATION,
                       service->unbind_origin, "");
        return;
    }
    if (!state_has_process(service->state) || service->state == STATE_ABANDONED) {
        return;
    }
    // Whoever stops it outright doesn't want it back.
    if (service->operation != NO_OPERATION) {
        const struct operation *operation = &manager->operations[service->operation];
        if (operation->kind == OPERATION_STOP) {
            return;
        }
    }
    if (service->state == STATE_STOPPING) {
        return;
    }
    service->awaits_binding = true;
    (void)operation_request(manager, &ask);
}

static void binding_look(struct manager *manager, uint16_t slot)
{
    struct service *service = service_of(manager, slot);
    const struct graph *graph = &catalogue_set(&manager->catalogue)->graph;
    bool has_binding = false;

    if (service->state != STATE_FAILED && service->state != STATE_INACTIVE) {
        service->awaits_binding = false;
        return;
    }
    for (uint32_t i = graph->out_first[slot]; i < graph->out_first[slot + 1]; i++) {
        const struct edge *edge = &graph->edges[i];
        if (edge->kind == EDGE_BINDS_TO) {
            has_binding = true;
            if (!service_satisfies(manager, edge->to)) {
                return;
            }
        }
    }
    service->awaits_binding = false;
    if (has_binding && !is_shutting_down(manager)) {
        struct operation_ask ask = {.slot = slot,
                                    .kind = OPERATION_START,
                                    .source = SOURCE_BINDS_TO_RECOVERY,
                                    .cause = CAUSE_BINDS_TO_RECOVERY,
                                    .origin = service->unbind_origin};
        (void)operation_request(manager, &ask);
    }
}

static bool has_waiting_dependent(const struct manager *manager, uint16_t slot)
{
    const struct graph *graph = &manager->catalogue.sets[manager->catalogue.in_force].graph;

    for (uint32_t i = graph->in_first[slot]; i < graph->in_first[slot + 1]; i++) {
        const struct edge *edge = &graph->edges[graph->in_edges[i]];
        const struct service *dependent = &manager->services[edge->from];
        bool is_waiting =
            service_has_start(manager, edge->from) &&
            (!state_has_process(dependent->state) || dependent->state == STATE_STARTING);
        if (edge_orders(edge) && is_waiting) {
            return true;
        }
    }
    return false;
}

// A oneshot without RemainAfterExit counts as done for as long as somebody's start waits on it.
static void completed_look(struct manager *manager, uint16_t slot)
{
    const struct definition *definition = service_use(manager, slot, FIELD_REMAIN_AFTER_EXIT);

    if (definition_number(definition, FIELD_REMAIN_AFTER_EXIT) == 0 &&
        !has_waiting_dependent(manager, slot)) {
        service_change(manager, slot, STATE_INACTIVE, CAUSE_EXPLICIT_STOP, NO_SERVICE,
                       "its work is done");
    }
}

// A timer fired while it ran: that run comes now.
static void rerun_look(struct manager *manager, uint16_t slot)
{
    struct service *service = service_of(manager, slot);
    struct operation_ask ask = {.slot = slot,
                                .kind = OPERATION_START,
                                .source = SOURCE_TIMER,
                                .cause = CAUSE_EXPLICIT_START,
                                .origin = NO_SERVICE,
                                .detail = "a run was due while it ran"};

    if (service->is_rerun && service->operation == NO_OPERATION &&
        !service_is_busy(manager, slot)) {
        service->is_rerun = false;
        (void)operation_request(manager, &ask);
    }
}

static void reload_asked(struct manager *manager, uint16_t slot)
{
    reload_begin(manager, slot, true);
}

static void operation_look(struct manager *manager, uint16_t slot)
{
    // A reset is done at once and is no operation.
    static void (*const begin[OPERATION_KINDS])(struct manager *, uint16_t) = {
        [OPERATION_START] = start_try,
        [OPERATION_STOP] = stop_try,
        [OPERATION_RESTART] = stop_try,
        [OPERATION_RELOAD] = reload_asked,
    };
    struct service *service = service_of(manager, slot);
    bool is_between = service->state == STATE_STOPPING || service->phase == PHASE_RECLAIM;

    if (service->operation == NO_OPERATION && service->queued != NO_OPERATION && !is_between) {
        service->operation = service->queued;
        service->queued = NO_OPERATION;
        service->has_asked = service->is_checked = false;
        service->is_retry = false;
    }
    // A stop that came in between and was given up has taken its start away.
    if (service->operation == NO_OPERATION && service->state == STATE_STARTING &&
        service->phase == PHASE_GATE && !is_shutting_down(manager)) {
        operation_begin_retry(manager, slot);
    }
    if (service->operation == NO_OPERATION) {
        return;
    }
    struct operation *operation = &manager->operations[service->operation];
    if (operation->state == OPERATION_PENDING) {
        begin[operation->kind](manager, slot);
    } else if (service->phase == PHASE_GATE) {
        start_try(manager, slot);
    }
}

// The boot is complete when everything that it started has come to rest.
static void boot_waits_look(struct manager *manager, uint16_t slot)
{
    struct service *service = service_of(manager, slot);

    if (!service->is_boot || service->operation != NO_OPERATION ||
        service->queued != NO_OPERATION || service->state == STATE_STARTING ||
        service->state == STATE_STOPPING) {
        return;
    }
    service->is_boot = false;
    if (--manager->boot_waits == 0 && !is_shutting_down(manager)) {
        char words[NOTE_DETAIL_SIZE];
        struct phrase detail = phrase_in(words, sizeof(words));
        manager->is_booted = true;
        phrase_put(&detail, "after ");
        phrase_put_seconds(&detail, manager->now_ns - manager->boot_ns);
        (void)record_add(manager, RECORD_BOOTED, NO_SERVICE, words);
    }
}

void service_settle(struct manager *manager, uint16_t slot)
{
    struct service *service = service_of(manager, slot);

    if (!service->is_present) {
        return;
    }
    if (service->owes_failure) {
        failure_pass_on(manager, slot);
    }
    if (service->must_unbind) {
        unbind(manager, slot);
    }
    if (service->must_arm != 0 && manager->life == LIFE_RUNNING) {
        bool is_catching_up = service->must_arm == 2;
        service->must_arm = 0;
        timer_arm(manager, slot, is_catching_up);
    }
    operation_look(manager, slot);
    if (service->awaits_binding && service->operation == NO_OPERATION) {
        binding_look(manager, slot);
    }
    if (service->state == STATE_COMPLETED && service->operation == NO_OPERATION) {
        completed_look(manager, slot);
    }
    rerun_look(manager, slot);
    boot_waits_look(manager, slot);
    service_forget(manager, slot);
}
