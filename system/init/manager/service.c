// SPDX-License-Identifier: Apache-2.0
//
// A service's state: every change goes through service_change(), which keeps it to the listed
// transitions, writes it down, and tells the neighbours.
#include <string.h>

#include "system/init/manager/parts.h"

const struct definition *service_newest(const struct manager *manager, uint16_t slot)
{
    const struct service_set *set = &manager->catalogue.sets[manager->catalogue.in_force];
    return catalogue_definition(&manager->catalogue, set->definitions[slot]);
}

const struct definition *service_definition(const struct manager *manager, uint16_t slot)
{
    uint16_t number = manager->services[slot].definition;

    return number != NO_DEFINITION ? catalogue_definition(&manager->catalogue, number)
                                   : service_newest(manager, slot);
}

const struct definition *service_use(const struct manager *manager, uint16_t slot, enum field field)
{
    const struct definition *newest = service_newest(manager, slot);
    enum field_change change = field_change(field);
    bool is_fixed = manager->services[slot].state == STATE_STARTING || change == CHANGE_RUNNING ||
                    change == CHANGE_NEXT_START;

    return is_fixed || newest == NULL ? service_definition(manager, slot) : newest;
}

bool service_satisfies(const struct manager *manager, uint16_t slot)
{
    const struct service *service = &manager->services[slot];
    return state_satisfies(service->state) && service->phase != PHASE_RECLAIM &&
           !service->is_unbinding;
}

bool service_is_busy(const struct manager *manager, uint16_t slot)
{
    const struct service *service = &manager->services[slot];
    return state_has_process(service->state) || service->phase == PHASE_CHECK;
}

static void history_put(struct service *service, const struct note *note)
{
    memmove(service->history + 1, service->history, sizeof(*note) * (HISTORY_SIZE - 1));
    service->history[0] = *note;
    if (service->history_count < HISTORY_SIZE) {
        service->history_count++;
    }
}

static void change_write_down(struct manager *manager, uint16_t slot, const struct note *note)
{
    struct record *record = record_add(manager, RECORD_TRANSITION, slot, note->detail);

    record->from = note->from;
    record->to = note->to;
    record->cause = note->cause;
    record->operation = note->operation;
    if (note->origin < SERVICES_MAX) {
        memcpy(record->origin, manager->catalogue.names[note->origin], NAME_SIZE);
    }
}

void services_touch_near(struct manager *manager, uint16_t slot)
{
    const struct graph *graph = &catalogue_set(&manager->catalogue)->graph;

    service_touch(manager, slot);
    for (uint32_t i = graph->in_first[slot]; i < graph->in_first[slot + 1]; i++) {
        service_touch(manager, graph->edges[graph->in_edges[i]].from);
    }
    for (uint32_t i = graph->out_first[slot]; i < graph->out_first[slot + 1]; i++) {
        if (!edge_orders(&graph->edges[i])) {
            service_touch(manager, graph->edges[i].to);
        }
    }
    // What waits, before it stops, for this one to be gone.
    for (uint32_t i = 0; i < SERVICES_MAX / 64; i++) {
        manager->dirty.words[i] |= manager->needs[slot].words[i];
    }
}

static void bound_leave(struct manager *manager, uint16_t slot)
{
    const struct slots *bound = &manager->bound_by[slot];

    for (uint16_t other = slots_next(bound, 0); other < SERVICES_MAX;
         other = slots_next(bound, other + 1u)) {
        manager->services[other].must_unbind = true;
        manager->services[other].unbind_origin = slot;
        service_touch(manager, other);
    }
}

void services_touch_bound(struct manager *manager, uint16_t slot)
{
    bound_leave(manager, slot);
}

// It no longer runs: it needs nobody, and nobody needs to stop before it because of it.
static void relations_drop(struct manager *manager, uint16_t slot)
{
    struct slots *needs = &manager->needs[slot];

    for (uint16_t other = slots_next(needs, 0); other < SERVICES_MAX;
         other = slots_next(needs, other + 1u)) {
        slots_take(&manager->needed_by[other], slot);
        slots_take(&manager->bound_by[other], slot);
    }
    memset(needs, 0, sizeof(*needs));
}

// A mount that no longer counts is unmounted, unless the shutdown does that in its order.
static void mount_leave(struct manager *manager, uint16_t slot)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < manager->mount_count; i++) {
        if (manager->mounts[i] != slot) {
            manager->mounts[kept++] = manager->mounts[i];
        }
    }
    if (kept < manager->mount_count) {
        (void)action_add(manager, ACTION_UNMOUNT, slot);
    }
    manager->mount_count = (uint16_t)kept;
}

void service_change(struct manager *manager, uint16_t slot, enum service_state to, enum cause cause,
                    uint16_t origin, const char *detail)
{
    struct service *service = service_of(manager, slot);
    enum service_state from = service->state;
    bool did_satisfy = state_satisfies(from);
    struct note note = {.at_ns = manager->now_ns,
                        .from = (uint8_t)from,
                        .to = (uint8_t)to,
                        .cause = (uint8_t)cause,
                        .origin = origin};
    struct phrase text = phrase_in(note.detail, sizeof(note.detail));

    manager_assert(transition_is_listed(from, to));
    phrase_put_safe(&text, detail);
    if (service->operation != NO_OPERATION) {
        note.operation = manager->operations[service->operation].serial;
    }
    service->state = (uint8_t)to;
    service->cause = (uint8_t)cause;
    if (to != STATE_STARTING) {
        start_leave_place(manager, slot);
    }
    history_put(service, &note);
    change_write_down(manager, slot, &note);
    services_touch_near(manager, slot);
    if (did_satisfy && !state_satisfies(to)) {
        bound_leave(manager, slot);
    }
    if (to == STATE_FAILED) {
        service->owes_failure = true;
    }
    if (!state_has_process(to) && to != STATE_COMPLETED) {
        relations_drop(manager, slot);
    }
    if (from == STATE_COMPLETED && to == STATE_INACTIVE) {
        mount_leave(manager, slot);
    }
    boot_look(manager, slot);
}

void service_fail(struct manager *manager, uint16_t slot, enum cause cause, uint16_t origin,
                  const char *detail)
{
    struct service *service = service_of(manager, slot);

    service->phase = PHASE_NONE;
    service_disarm(manager, slot, DEADLINE_PHASE);
    service_disarm(manager, slot, DEADLINE_START);
    start_leave_place(manager, slot);
    // Only Inactive may fail without having begun.
    if (service->state == STATE_COMPLETED || service->state == STATE_SKIPPED ||
        service->state == STATE_FAILED) {
        service_change(manager, slot, STATE_INACTIVE, CAUSE_EXPLICIT_START, origin,
                       "to be started again");
    }
    service_change(manager, slot, STATE_FAILED, cause, origin, detail);
    service_operation_end(manager, slot, OPERATION_FAILED, REPLY_FAILED, detail);
}

void service_clear(struct manager *manager, uint16_t slot)
{
    struct service *service = service_of(manager, slot);

    service->awaits_binding = false;
    service->restart_count = 0;
    service->backoff = 0;
    service->is_rerun = false;
    service_change(manager, slot, STATE_INACTIVE, CAUSE_EXPLICIT_STOP, NO_SERVICE, "cleared");
}

void service_present(struct manager *manager, uint16_t slot)
{
    struct service *service = service_of(manager, slot);

    if (service->is_present) {
        return;
    }
    memset(service, 0, sizeof(*service));
    service->is_present = true;
    service->operation = service->queued = NO_OPERATION;
    service->main_job = service->hook_job = service->health_job = NO_JOB;
    service->timer_last_s = -1;
    catalogue_slot_hold(&manager->catalogue, slot);
}

void service_forget(struct manager *manager, uint16_t slot)
{
    struct service *service = service_of(manager, slot);

    if (service_newest(manager, slot) != NULL || service_is_busy(manager, slot) ||
        service->operation != NO_OPERATION || service->queued != NO_OPERATION ||
        service->output_used != 0) {
        return;
    }
    manager_assert(service->hook_job == NO_JOB && service->health_job == NO_JOB);
    relations_drop(manager, slot);
    for (uint32_t kind = 0; kind < SERVICE_DEADLINES; kind++) {
        service_disarm(manager, slot, (enum service_deadline)kind);
    }
    if (service->definition != NO_DEFINITION) {
        catalogue_definition_release(&manager->catalogue, service->definition);
    }
    memset(service, 0, sizeof(*service));
    slots_take(&manager->dirty, slot);
    catalogue_slot_release(&manager->catalogue, slot);
}
