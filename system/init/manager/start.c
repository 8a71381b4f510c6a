// SPDX-License-Identifier: Apache-2.0
//
// Starting one service: the gate (what it needs, what conflicts with it, a place among the parallel
// starts), its conditions, its hooks and steps, until it is ready. Each part is begun here and goes
// on when its answer comes.
#include <string.h>

#include "system/init/manager/parts.h"

enum gate { GATE_OPEN, GATE_WAITS, GATE_SHUT };

struct gate_view {
    enum gate gate;
    enum cause cause; // of SHUT
    uint16_t blame;
    const char *detail;
};

// --- The gate -----------------------------------------------------------------------------------

static void ask_for(struct manager *manager, uint16_t slot, uint16_t target,
                    enum operation_kind kind, enum operation_source source, enum cause cause)
{
    struct operation_ask ask = {
        .slot = target, .kind = kind, .source = source, .cause = cause, .origin = slot};
    (void)operation_request(manager, &ask);
}

// Whether a service that doesn't satisfy yet may still come to.
static bool is_coming(const struct manager *manager, uint16_t slot)
{
    const struct service *service = &manager->services[slot];

    return service_has_start(manager, slot) || service->phase == PHASE_RECLAIM;
}

static bool is_wanted_out(const struct manager *manager, const struct edge *edge)
{
    return edge->kind == EDGE_WANTS &&
           slots_has(&manager->catalogue.sets[manager->catalogue.in_force].disabled, edge->to);
}

static void gate_target(struct manager *manager, uint16_t slot, const struct edge *edge,
                        struct gate_view *view)
{
    struct service *service = service_of(manager, slot);

    if (service_satisfies(manager, edge->to) || is_wanted_out(manager, edge)) {
        return;
    }
    if (!service->has_asked && !is_coming(manager, edge->to)) {
        ask_for(manager, slot, edge->to, OPERATION_START, SOURCE_DEPENDENCY,
                CAUSE_DEPENDENCY_START);
    }
    if (is_coming(manager, edge->to)) {
        view->gate = view->gate == GATE_OPEN ? GATE_WAITS : view->gate;
    } else if (edge_needs(edge) && view->gate != GATE_SHUT) {
        *view = (struct gate_view){GATE_SHUT, CAUSE_DEPENDENCY_FAILURE, edge->to,
                                   manager->catalogue.names[edge->to]};
    }
}

// Of a service that has a start to come.
static uint32_t start_serial(const struct manager *manager, uint16_t slot)
{
    const struct service *service = &manager->services[slot];
    uint16_t index = service->queued != NO_OPERATION ? service->queued : service->operation;

    return manager->operations[index].serial >> INDEX_BITS;
}

static void gate_conflict(struct manager *manager, uint16_t slot, uint16_t other,
                          struct gate_view *view)
{
    bool is_starting = service_has_start(manager, other);

    if (!service_is_busy(manager, other) && !is_starting) {
        return;
    }
    if (manager->services[other].state == STATE_ABANDONED) {
        *view = (struct gate_view){GATE_SHUT, CAUSE_DEPENDENCY_FAILURE, other,
                                   "what it conflicts with can't be stopped"};
        return;
    }
    view->gate = view->gate == GATE_OPEN ? GATE_WAITS : view->gate;
    // Of two that both want to start, the one that was asked for last goes on.
    bool is_newer = is_starting && start_serial(manager, other) > start_serial(manager, slot);
    if (!is_newer && manager->services[other].state != STATE_STOPPING) {
        ask_for(manager, slot, other, OPERATION_STOP, SOURCE_CONFLICT, CAUSE_CONFLICT_EVICTION);
    }
}

static struct gate_view gate_look(struct manager *manager, uint16_t slot)
{
    const struct graph *graph = &catalogue_set(&manager->catalogue)->graph;
    struct gate_view view = {GATE_OPEN, CAUSE_EXPLICIT_START, NO_SERVICE, ""};

    for (uint32_t i = graph->out_first[slot]; i < graph->out_first[slot + 1]; i++) {
        const struct edge *edge = &graph->edges[i];
        if (edge_orders(edge)) {
            gate_target(manager, slot, edge, &view);
        }
    }
    service_of(manager, slot)->has_asked = true;
    if (view.gate != GATE_OPEN) {
        return view;
    }
    for (uint32_t i = graph->out_first[slot]; i < graph->out_first[slot + 1]; i++) {
        if (graph->edges[i].kind == EDGE_CONFLICTS) {
            gate_conflict(manager, slot, graph->edges[i].to, &view);
        }
    }
    for (uint32_t i = graph->in_first[slot]; i < graph->in_first[slot + 1]; i++) {
        const struct edge *edge = &graph->edges[graph->in_edges[i]];
        if (edge->kind == EDGE_CONFLICTS) {
            gate_conflict(manager, slot, edge->from, &view);
        }
    }
    return view;
}

// --- Places among the parallel starts -----------------------------------------------------------

static bool place_take(struct manager *manager, uint16_t slot)
{
    struct service *service = service_of(manager, slot);
    uint32_t most = manager->config.parallel_starts;

    if (service->has_place) {
        return true;
    }
    bool is_first = manager->place_head == manager->place_tail ||
                    manager->place_queue[manager->place_head % SERVICES_MAX] == slot;
    if (manager->start_count < most && is_first) {
        if (service->waits_place) {
            manager->place_head++;
        }
        service->waits_place = false;
        service->has_place = true;
        manager->start_count++;
        start_next_place(manager);
        return true;
    }
    if (!service->waits_place) {
        // Of those that gave up, some may still be in the queue: then it keeps that place.
        for (uint32_t i = manager->place_head; i != manager->place_tail; i++) {
            if (manager->place_queue[i % SERVICES_MAX] == slot) {
                service->waits_place = true;
                return false;
            }
        }
        service->waits_place = true;
        manager->place_queue[manager->place_tail++ % SERVICES_MAX] = slot;
    }
    start_next_place(manager);
    return false;
}

// Whoever is first in the queue and still waits is looked at again, if there is a place.
void start_next_place(struct manager *manager)
{
    while (manager->place_head != manager->place_tail) {
        uint16_t slot = manager->place_queue[manager->place_head % SERVICES_MAX];
        if (manager->services[slot].waits_place) {
            if (manager->start_count < manager->config.parallel_starts) {
                service_touch(manager, slot);
            }
            return;
        }
        manager->place_head++;
    }
}

void start_leave_place(struct manager *manager, uint16_t slot)
{
    struct service *service = service_of(manager, slot);

    service->waits_place = false;
    if (service->has_place) {
        service->has_place = false;
        manager->start_count--;
        start_next_place(manager);
    }
}

// --- Beginning ----------------------------------------------------------------------------------

static void relations_take(struct manager *manager, uint16_t slot)
{
    const struct graph *graph = &catalogue_set(&manager->catalogue)->graph;

    for (uint16_t other = slots_next(&manager->needs[slot], 0); other < SERVICES_MAX;
         other = slots_next(&manager->needs[slot], other + 1u)) {
        slots_take(&manager->needed_by[other], slot);
        slots_take(&manager->bound_by[other], slot);
    }
    memset(&manager->needs[slot], 0, sizeof(manager->needs[slot]));
    for (uint32_t i = graph->out_first[slot]; i < graph->out_first[slot + 1]; i++) {
        const struct edge *edge = &graph->edges[i];
        if (!edge_orders(edge)) {
            continue;
        }
        slots_put(&manager->needs[slot], edge->to);
        slots_put(&manager->needed_by[edge->to], slot);
        if (edge->kind == EDGE_BINDS_TO) {
            slots_put(&manager->bound_by[edge->to], slot);
        }
    }
}

static void activation_reset(struct manager *manager, uint16_t slot)
{
    struct service *service = service_of(manager, slot);
    uint16_t number = catalogue_set(&manager->catalogue)->definitions[slot];

    catalogue_definition_hold(&manager->catalogue, number);
    if (service->definition != NO_DEFINITION) {
        catalogue_definition_release(&manager->catalogue, service->definition);
    }
    service->definition = number;
    service->activation = ++manager->activation_serial;
    service->step = STEP_JOBS;
    service->hook = 0;
    service->is_ready = service->said_stopping = service->is_identity_absent = false;
    service->status_text[0] = '\0';
    service->error_number = service->exit_status = 0;
    service->health = HEALTH_UNKNOWN;
    service->health_failures = 0;
    relations_take(manager, slot);
}

struct session_order service_session(const struct manager *manager, uint16_t slot,
                                     enum job_type type)
{
    const struct service *service = &manager->services[slot];
    bool is_hook = type == JOB_PRE_EXEC_HOOK || type == JOB_POST_EXEC_HOOK;
    struct session_order order = session_order_of(service_definition(manager, slot),
                                                  &manager->catalogue.sids[slot], is_hook);

    if (service->is_identity_absent && !is_hook) {
        order.identity = IDENTITY_OTHERWISE;
    }
    return order;
}

static void step_ask(struct manager *manager, uint16_t slot, enum start_step step)
{
    struct service *service = service_of(manager, slot);
    struct action *action = action_add(manager, ACTION_STEP, slot);

    service->phase = PHASE_STEP;
    service->step = (uint8_t)step;
    action->job = manager->jobs[service->main_job].serial;
    action->activation = service->activation;
    action->part = step;
    action->definition = service_definition(manager, slot);
    action->session = service_session(manager, slot, JOB_SERVICE_MAIN);
    if (step == STEP_IDENTITY && !text_is(action->session.identity, "SYSTEM")) {
        service_arm(manager, slot, DEADLINE_PHASE, IDENTITY_S * NS_PER_S);
    }
}

static void activation_begin(struct manager *manager, uint16_t slot)
{
    struct service *service = service_of(manager, slot);
    const struct operation *operation = &manager->operations[service->operation];
    enum cause cause = service->is_retry ? CAUSE_RESTART_POLICY : (enum cause)operation->cause;
    uint16_t origin = service->is_retry ? NO_SERVICE : operation->origin;

    if (service->state == STATE_SKIPPED) {
        service_change(manager, slot, STATE_INACTIVE, cause, origin, "to be started");
    }
    activation_reset(manager, slot);
    const struct definition *definition = service_definition(manager, slot);
    service->main_job =
        job_create(manager, JOB_SERVICE_MAIN, slot, definition_text(definition, FIELD_IMAGE_PATH));
    service_change(manager, slot, STATE_STARTING, cause, origin, operation->detail);
    service->phase_ns = manager->now_ns;
    service->base_ns = definition_time(definition, FIELD_START_TIMEOUT);
    service_arm(manager, slot, DEADLINE_START, service->base_ns);
    if (service->main_job == NO_JOB) {
        service_end(manager, slot, CAUSE_PARENT_SETUP_FAILURE, THEN_POLICY, "no room for a job");
        return;
    }
    step_ask(manager, slot, definition->is_mount ? STEP_RUN : STEP_JOBS);
}

static void check_begin(struct manager *manager, uint16_t slot)
{
    struct service *service = service_of(manager, slot);
    const struct definition *definition = service_newest(manager, slot);
    uint32_t count = definition_count(definition, FIELD_CONDITIONS) +
                     definition_count(definition, FIELD_ASSERTS);

    operation_run(manager, service->operation);
    if (count == 0 || service->is_retry || service->is_checked ||
        service->state == STATE_STARTING) {
        service->is_checked = false;
        activation_begin(manager, slot);
        return;
    }
    service->phase = PHASE_CHECK;
    service->activation = ++manager->activation_serial; // so that no late answer counts
    struct action *action = action_add(manager, ACTION_CHECK, slot);
    action->activation = service->activation;
    action->definition = definition;
    service_arm(manager, slot, DEADLINE_PHASE, CHECK_S * NS_PER_S);
}

void start_try(struct manager *manager, uint16_t slot)
{
    struct service *service = service_of(manager, slot);
    const struct graph *graph = &catalogue_set(&manager->catalogue)->graph;

    if (service->state == STATE_ACTIVE || service->state == STATE_RELOADING) {
        service_operation_end(manager, slot, OPERATION_COMPLETED, REPLY_OK, "it runs already");
        return;
    }
    if (service->state == STATE_ABANDONED) {
        service_operation_end(manager, slot, OPERATION_FAILED, REPLY_BAD_STATE,
                              "its job can't be reclaimed");
        return;
    }
    if (is_shutting_down(manager)) {
        service_operation_end(manager, slot, OPERATION_CANCELLED, REPLY_SHUTTING_DOWN, "");
        return;
    }
    if (service_newest(manager, slot) == NULL) {
        service_fail(manager, slot, CAUSE_VALIDATION_ERROR, NO_SERVICE, "it is not defined now");
        return;
    }
    if (graph->faults[slot] != GRAPH_FAULT_NONE) {
        bool is_cycle = graph->faults[slot] == GRAPH_FAULT_CYCLE;
        service_fail(manager, slot, is_cycle ? CAUSE_CYCLE_DETECTED : CAUSE_VALIDATION_ERROR,
                     NO_SERVICE, "");
        return;
    }
    service->phase = PHASE_GATE;
    struct gate_view view = gate_look(manager, slot);
    if (view.gate == GATE_SHUT) {
        service_fail(manager, slot, view.cause, view.blame, view.detail);
    } else if (view.gate == GATE_WAITS) {
        start_leave_place(manager, slot); // whom it waits for may need it
    } else if (place_take(manager, slot)) {
        check_begin(manager, slot);
    }
}

// The first condition or assertion that doesn't hold, as text.
static const char *failed_item(const struct definition *definition, enum field field, uint64_t bits)
{
    const char *item = NULL;

    while ((item = definition_item(definition, field, item)) != NULL) {
        if ((bits & 1) != 0) {
            return item;
        }
        bits >>= 1;
    }
    return NULL;
}

void start_checked(struct manager *manager, const struct event *event)
{
    uint16_t slot = event->service;
    struct service *service = service_of(manager, slot);
    const struct definition *definition = service_newest(manager, slot);

    if (service->phase != PHASE_CHECK || event->activation != service->activation) {
        return;
    }
    service->phase = PHASE_NONE;
    service_disarm(manager, slot, DEADLINE_PHASE);
    manager_assert(definition != NULL); // config.c asks again when the definitions change
    uint32_t conditions = definition_count(definition, FIELD_CONDITIONS);
    uint64_t of_asserts = conditions < 64 ? event->value >> conditions : 0;
    uint64_t of_conditions =
        conditions < 64 ? event->value & ((UINT64_C(1) << conditions) - 1) : event->value;
    const char *item = failed_item(definition, FIELD_CONDITIONS, of_conditions);
    if (item != NULL) {
        start_leave_place(manager, slot);
        if (service->state != STATE_INACTIVE) {
            service_change(manager, slot, STATE_INACTIVE, CAUSE_EXPLICIT_START, NO_SERVICE,
                           "to be started again");
        }
        service_change(manager, slot, STATE_SKIPPED, CAUSE_CONDITION_SKIPPED, NO_SERVICE, item);
        service_operation_end(manager, slot, OPERATION_COMPLETED, REPLY_OK, item);
        return;
    }
    item = failed_item(definition, FIELD_ASSERTS, of_asserts);
    if (item != NULL) {
        service_fail(manager, slot, CAUSE_ASSERTION_ERROR, NO_SERVICE, item);
        return;
    }
    // What it needs may have left while it waited for the answer.
    service->is_checked = true;
    service->has_asked = false;
    start_try(manager, slot);
}

// --- Hooks and steps ----------------------------------------------------------------------------

static const char *hook_command(const struct definition *definition, enum field field,
                                uint32_t number)
{
    const char *item = definition_item(definition, field, NULL);

    for (; item != NULL && number > 0; number--) {
        item = definition_item(definition, field, item);
    }
    return item;
}

// Runs the next hook of the phase; false if there is no more.
static bool hook_next(struct manager *manager, uint16_t slot, enum phase phase)
{
    struct service *service = service_of(manager, slot);
    const struct definition *definition = service_definition(manager, slot);
    enum field field = phase == PHASE_PRE_HOOK ? FIELD_EXEC_START_PRE : FIELD_EXEC_START_POST;
    const char *command = hook_command(definition, field, service->hook);

    if (command == NULL) {
        return false;
    }
    service->phase = (uint8_t)phase;
    if (phase == PHASE_POST_HOOK && service->hook == 0) {
        service_arm(manager, slot, DEADLINE_START,
                    definition_time(definition, FIELD_START_TIMEOUT));
    }
    service->hook++;
    service->hook_job = job_run(
        manager, phase == PHASE_PRE_HOOK ? JOB_PRE_EXEC_HOOK : JOB_POST_EXEC_HOOK, slot, command);
    if (service->hook_job == NO_JOB) {
        start_hook_over(manager, slot, false, "no room for a job");
    }
    return true;
}

static void activation_done(struct manager *manager, uint16_t slot)
{
    struct service *service = service_of(manager, slot);
    const struct definition *definition = service_definition(manager, slot);

    service->phase = PHASE_NONE;
    service_disarm(manager, slot, DEADLINE_START);
    service->active_ns = manager->now_ns;
    if (definition_number(definition, FIELD_TYPE) == TYPE_ONESHOT) {
        service_change(manager, slot, STATE_COMPLETED, service->cause, NO_SERVICE,
                       "it ended with success");
        if (definition->is_mount) {
            manager->mounts[manager->mount_count++] = slot;
        }
    } else {
        service_change(manager, slot, STATE_ACTIVE, service->cause, NO_SERVICE, "it is ready");
        health_begin(manager, slot);
        service_arm(manager, slot, DEADLINE_HEALTHY,
                    definition_time(definition, FIELD_RESTART_WINDOW));
    }
    service_operation_end(manager, slot, OPERATION_COMPLETED, REPLY_OK, "");
}

void start_ready(struct manager *manager, uint16_t slot)
{
    struct service *service = service_of(manager, slot);

    service->is_ready = true;
    start_completed(manager, slot);
}

void start_completed(struct manager *manager, uint16_t slot)
{
    struct service *service = service_of(manager, slot);

    service->hook = 0;
    if (!hook_next(manager, slot, PHASE_POST_HOOK)) {
        activation_done(manager, slot);
    }
}

void start_hook_over(struct manager *manager, uint16_t slot, bool is_good, const char *detail)
{
    struct service *service = service_of(manager, slot);

    service->hook_job = NO_JOB;
    if (service->phase == PHASE_PRE_HOOK) {
        if (!is_good) {
            service_end(manager, slot, CAUSE_PRE_HOOK_FAILURE, THEN_POLICY, detail);
        } else if (!hook_next(manager, slot, PHASE_PRE_HOOK)) {
            step_ask(manager, slot, STEP_IDENTITY);
        }
    } else {
        if (!is_good) {
            (void)record_add(manager, RECORD_HOOK_FAILED, slot, detail);
        }
        if (!hook_next(manager, slot, PHASE_POST_HOOK)) {
            activation_done(manager, slot);
        }
    }
}

static void step_done(struct manager *manager, uint16_t slot)
{
    struct service *service = service_of(manager, slot);
    const struct definition *definition = service_definition(manager, slot);

    if (service->step == STEP_JOBS && hook_next(manager, slot, PHASE_PRE_HOOK)) {
        return;
    }
    if (service->step != STEP_RUN) {
        step_ask(manager, slot, (enum start_step)(service->step + 1));
        return;
    }
    job_started(manager, service->main_job);
    service->phase = PHASE_READY;
    bool is_alive = definition_number(definition, FIELD_READINESS) == READINESS_ALIVE;
    if (definition_number(definition, FIELD_TYPE) == TYPE_SIMPLE &&
        (is_alive || service->is_ready)) {
        start_ready(manager, slot);
    }
}

void start_step_answer(struct manager *manager, const struct event *event, uint16_t index)
{
    uint16_t slot = manager->jobs[index].service;
    struct service *service = service_of(manager, slot);
    char words[NOTE_DETAIL_SIZE];
    struct phrase detail = phrase_in(words, sizeof(words));

    if (service->main_job != index || service->phase != PHASE_STEP ||
        event->part != service->step) {
        return;
    }
    service_disarm(manager, slot, DEADLINE_PHASE);
    if (event->status != 0 && service->step == STEP_IDENTITY) {
        service->is_identity_absent = true;
        (void)record_add(manager, RECORD_IDENTITY_ABSENT, slot,
                         event->text != NULL ? event->text : "it is not there");
    } else if (event->status != 0) {
        phrase_put(&detail, start_step_name((enum start_step)service->step));
        phrase_put(&detail, ": status ");
        phrase_put_number(&detail, event->status);
        phrase_put(&detail, ", ");
        phrase_put_safe(&detail, event->text != NULL ? event->text : "no reason given");
        service_end(manager, slot, start_step_cause((enum start_step)service->step), THEN_POLICY,
                    words);
        return;
    }
    step_done(manager, slot);
}

// StartTimeout, whatever it waited for.
void start_timeout(struct manager *manager, uint16_t slot)
{
    struct service *service = service_of(manager, slot);
    static const char *const waited[PHASE_COUNT] = {
        [PHASE_PRE_HOOK] = "a command of ExecStartPre did not end",
        [PHASE_STEP] = "a step of its start was not answered",
        [PHASE_READY] = "it did not tell READY",
    };

    if (service->phase == PHASE_POST_HOOK) {
        (void)record_add(manager, RECORD_HOOK_FAILED, slot, "it did not end within StartTimeout");
        if (service->hook_job != NO_JOB) {
            job_kill(manager, service->hook_job);
            service->hook_job = NO_JOB;
        }
        activation_done(manager, slot);
    } else {
        manager_assert(waited[service->phase] != NULL); // elsewhere this deadline is not armed
        bool is_oneshot =
            definition_number(service_definition(manager, slot), FIELD_TYPE) == TYPE_ONESHOT;
        service_end(manager, slot, CAUSE_READINESS_TIMEOUT, THEN_POLICY,
                    is_oneshot && service->phase == PHASE_READY ? "it did not end within "
                                                                  "StartTimeout"
                                                                : waited[service->phase]);
    }
}
