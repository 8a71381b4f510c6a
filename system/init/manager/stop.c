// SPDX-License-Identifier: Apache-2.0
//
// Stopping: first those that are bound to it, then the request, then, after StopTimeout, the kill.
// A restart begins as a stop.
#include "system/init/manager/parts.h"

// What follows when it has stopped: the operation's cause says.
enum then stop_then(const struct manager *manager, uint16_t slot)
{
    const struct service *service = &manager->services[slot];

    if (service->cause == CAUSE_SHUTDOWN_WAVE) {
        return THEN_STOPPED;
    }
    if (service->operation == NO_OPERATION) {
        bool is_evicted = service->cause == CAUSE_CONFLICT_EVICTION ||
                          service->cause == CAUSE_BINDS_TO_PROPAGATION;
        return service->said_stopping ? THEN_EXITED : is_evicted ? THEN_FAILED : THEN_STOPPED;
    }
    const struct operation *operation = &manager->operations[service->operation];
    if (operation->kind == OPERATION_RESTART) {
        return THEN_RESTART;
    }
    return operation->cause == CAUSE_CONFLICT_EVICTION ||
                   operation->cause == CAUSE_BINDS_TO_PROPAGATION
               ? THEN_FAILED
               : THEN_STOPPED;
}

static bool has_process(const struct manager *manager, uint16_t slot)
{
    const struct service *service = &manager->services[slot];
    return service->main_job != NO_JOB && manager->jobs[service->main_job].state == JOB_RUNNING;
}

void stop_now(struct manager *manager, uint16_t slot, enum cause cause, uint16_t origin,
              const char *detail)
{
    struct service *service = service_of(manager, slot);
    bool was_ending = service->phase == PHASE_RECLAIM;
    bool was_serving = state_satisfies(service->state);

    service_change(manager, slot, STATE_STOPPING, cause, origin, detail);
    if (was_ending) {
        service->end_then = (uint8_t)stop_then(manager, slot);
        return;
    }
    if (!has_process(manager, slot) || (!was_serving && is_shutting_down(manager)) ||
        manager->life == LIFE_KILLING) {
        service_end(manager, slot, cause, stop_then(manager, slot), detail);
        return;
    }
    service_disarm(manager, slot, DEADLINE_START);
    service_disarm(manager, slot, DEADLINE_HEALTHY);
    health_end(manager, slot);
    if (service->hook_job != NO_JOB) {
        job_kill(manager, service->hook_job);
        service->hook_job = NO_JOB;
    }
    service->phase = PHASE_REQUESTED;
    service->phase_ns = manager->now_ns;
    service->base_ns =
        definition_time(service_use(manager, slot, FIELD_STOP_TIMEOUT), FIELD_STOP_TIMEOUT);
    service_arm(manager, slot, DEADLINE_PHASE, service->base_ns);
    if (!service->said_stopping) {
        action_add(manager, ACTION_STOP_REQUEST, slot)->job =
            manager->jobs[service->main_job].serial;
    }
}

// Those bound to it stop first. True while one of them is still there.
static bool bound_wait(struct manager *manager, uint16_t slot)
{
    const struct slots *bound = &manager->bound_by[slot];
    struct service *service = service_of(manager, slot);
    bool is_waiting = false;

    for (uint16_t other = slots_next(bound, 0); other < SERVICES_MAX;
         other = slots_next(bound, other + 1u)) {
        struct service *dependent = service_of(manager, other);
        if (!state_has_process(dependent->state) || dependent->state == STATE_ABANDONED) {
            continue;
        }
        is_waiting = true;
        if (!service->is_unbinding) {
            dependent->must_unbind = true;
            dependent->unbind_origin = slot;
            service_touch(manager, other);
        }
    }
    if (is_waiting && !service->is_unbinding) {
        const struct definition *definition = service_use(manager, slot, FIELD_STOP_TIMEOUT);
        service->is_unbinding = true;
        service_arm(manager, slot, DEADLINE_UNBIND,
                    definition_time(definition, FIELD_STOP_TIMEOUT) + RECLAIM_S * NS_PER_S);
    }
    return is_waiting;
}

static void nothing_to_stop(struct manager *manager, uint16_t slot)
{
    struct service *service = service_of(manager, slot);
    const struct operation *operation = &manager->operations[service->operation];

    if (service->phase == PHASE_CHECK || service->phase == PHASE_GATE) {
        service->phase = PHASE_NONE;
        service_disarm(manager, slot, DEADLINE_PHASE);
        start_leave_place(manager, slot);
    }
    if (operation->kind == OPERATION_RESTART) {
        start_try(manager, slot);
        return;
    }
    if (service->state == STATE_COMPLETED) {
        service_change(manager, slot, STATE_INACTIVE, (enum cause)operation->cause,
                       operation->origin, "it no longer counts as done");
    }
    service_operation_end(manager, slot, OPERATION_COMPLETED, REPLY_OK, "");
}

void stop_try(struct manager *manager, uint16_t slot)
{
    struct service *service = service_of(manager, slot);
    uint16_t index = service->operation;

    if (!state_has_process(service->state)) {
        nothing_to_stop(manager, slot);
        return;
    }
    if (service->state == STATE_ABANDONED) {
        service_operation_end(manager, slot, OPERATION_FAILED, REPLY_BAD_STATE,
                              "its job can't be reclaimed");
        return;
    }
    if (service->state == STATE_STARTING && service->phase == PHASE_GATE) {
        service->waits_place = false;
    }
    if (service->state == STATE_STOPPING) {
        // By itself, or for another reason: this operation says now what follows.
        operation_run(manager, index);
        if (service->phase == PHASE_RECLAIM) {
            service->end_then = (uint8_t)stop_then(manager, slot);
        }
        return;
    }
    bool is_patient = !service->is_unbinding ||
                      manager->deadlines.places[deadline_of(slot, DEADLINE_UNBIND)] != 0;
    if (is_patient && bound_wait(manager, slot)) {
        return;
    }
    service->is_unbinding = false;
    service_disarm(manager, slot, DEADLINE_UNBIND);
    operation_run(manager, index);
    const struct operation *operation = &manager->operations[index];
    stop_now(manager, slot,
             operation->kind == OPERATION_RESTART ? CAUSE_EXPLICIT_STOP
                                                  : (enum cause)operation->cause,
             operation->origin,
             operation->kind == OPERATION_RESTART ? "restart was asked for" : operation->detail);
}
