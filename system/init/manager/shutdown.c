// SPDX-License-Identifier: Apache-2.0
//
// Shutting down: in waves, dependents before what they depend on; what does not stop in time is
// killed; then unmounting in reverse, flushing, and the act. Each stage has a limit and goes on.
#include <string.h>

#include "system/init/manager/parts.h"

static void step_arm(struct manager *manager, uint32_t seconds)
{
    deadline_arm(manager, DEADLINE_OF_ALL + DEADLINE_SHUTDOWN_STEP,
                 manager->now_ns + seconds * NS_PER_S);
}

static void halt(struct manager *manager)
{
    manager->life = LIFE_HALTED;
    deadline_disarm(manager, DEADLINE_OF_ALL + DEADLINE_SHUTDOWN_STEP);
    action_add(manager, ACTION_HALT, NO_SERVICE)->part = manager->halt;
}

static void flush(struct manager *manager)
{
    manager->life = LIFE_FLUSHING;
    (void)action_add(manager, ACTION_FLUSH, NO_SERVICE);
    step_arm(manager, SHUTDOWN_STEP_S);
}

static void unmount_next(struct manager *manager)
{
    while (manager->mount_count > 0) {
        uint16_t slot = manager->mounts[--manager->mount_count];
        if (manager->services[slot].state == STATE_COMPLETED) {
            manager->unmounting = slot;
            (void)action_add(manager, ACTION_UNMOUNT, slot);
            step_arm(manager, SHUTDOWN_STEP_S);
            return;
        }
    }
    flush(manager);
}

static void unmount_begin(struct manager *manager)
{
    manager->life = LIFE_UNMOUNTING;
    deadline_disarm(manager, DEADLINE_OF_ALL + DEADLINE_SHUTDOWN);
    unmount_next(manager);
}

void shutdown_begin(struct manager *manager, enum halt_kind kind, const char *cause)
{
    uint32_t limit_s = manager->config.shutdown_s;
    struct phrase text = phrase_in(manager->reason, sizeof(manager->reason));

    if (is_shutting_down(manager)) {
        return;
    }
    phrase_put_safe(&text, cause);
    manager->life = LIFE_STOPPING;
    manager->halt = (uint8_t)kind;
    manager->shutdown_end_ns = manager->now_ns + limit_s * NS_PER_S;
    deadline_arm(manager, DEADLINE_OF_ALL + DEADLINE_SHUTDOWN, manager->shutdown_end_ns);
    deadline_disarm(manager, DEADLINE_OF_ALL + DEADLINE_BOOT_PHASE);
    deadline_disarm(manager, DEADLINE_OF_ALL + DEADLINE_BOOT_GOOD);
    (void)record_add(manager, RECORD_SHUTDOWN, NO_SERVICE, cause);
    for (uint16_t slot = 0; slot < SERVICES_MAX; slot++) {
        if (manager->services[slot].is_present) {
            service_touch(manager, slot);
        }
    }
    manager->must_look = true;
}

void shutdown_at_once(struct manager *manager, const char *cause)
{
    struct phrase text = phrase_in(manager->reason, sizeof(manager->reason));

    phrase_put_safe(&text, cause);
    manager->halt = HALT_REBOOT;
    deadline_disarm(manager, DEADLINE_OF_ALL + DEADLINE_BOOT_GOOD);
    flush(manager);
}

// --- Waves --------------------------------------------------------------------------------------

static bool is_stopping_by_itself(const struct service *service)
{
    return service->state == STATE_STOPPING || service->phase == PHASE_RECLAIM;
}

static bool is_there(const struct manager *manager, uint16_t slot)
{
    const struct service *service = &manager->services[slot];

    return service->is_present && state_has_process(service->state) &&
           service->state != STATE_ABANDONED;
}

static bool is_needed(const struct manager *manager, uint16_t slot)
{
    const struct slots *dependents = &manager->needed_by[slot];

    for (uint16_t other = slots_next(dependents, 0); other < SERVICES_MAX;
         other = slots_next(dependents, other + 1u)) {
        if (is_there(manager, other)) {
            return true;
        }
    }
    return false;
}

// What a service does in a shutdown when it is looked at; true while it holds the machine up.
static bool wave_look(struct manager *manager, uint16_t slot, bool is_forced)
{
    struct service *service = service_of(manager, slot);
    const struct definition *definition = service_definition(manager, slot);

    service->awaits_binding = service->must_unbind = service->is_rerun = false;
    if (service->queued != NO_OPERATION) {
        operation_end(manager, service->queued, OPERATION_CANCELLED, REPLY_SHUTTING_DOWN, "");
    }
    if (service->operation != NO_OPERATION &&
        (!is_there(manager, slot) ||
         manager->operations[service->operation].kind != OPERATION_STOP)) {
        enum operation_state ended =
            manager->operations[service->operation].state == OPERATION_RUNNING
                ? OPERATION_ABORTED
                : OPERATION_CANCELLED;
        service_operation_end(manager, slot, ended, REPLY_SHUTTING_DOWN, "");
    }
    if (service->state == STATE_COMPLETED && definition != NULL && !definition->is_mount) {
        service_change(manager, slot, STATE_INACTIVE, CAUSE_SHUTDOWN_WAVE, NO_SERVICE, "");
    }
    if (service->phase == PHASE_CHECK ||
        (service->phase == PHASE_GATE && service->state != STATE_STARTING)) {
        service->phase = PHASE_NONE;
        service_disarm(manager, slot, DEADLINE_PHASE);
        start_leave_place(manager, slot);
    }
    if (!is_there(manager, slot)) {
        return false;
    }
    bool is_starting = service->state == STATE_STARTING;
    if (!is_stopping_by_itself(service) &&
        (is_forced || is_starting || !is_needed(manager, slot))) {
        stop_now(manager, slot, CAUSE_SHUTDOWN_WAVE, NO_SERVICE, manager->reason);
    }
    return is_there(manager, slot);
}

void shutdown_look(struct manager *manager)
{
    bool is_held = false, is_moving = false;

    if (manager->life != LIFE_STOPPING && manager->life != LIFE_KILLING) {
        return;
    }
    manager->must_look = !jobs_end_adhoc(manager);
    for (uint16_t slot = 0; slot < SERVICES_MAX; slot++) {
        if (!manager->services[slot].is_present) {
            continue;
        }
        if (manager->actions->count > ACTIONS_MAX - ACTIONS_RESERVE) {
            manager->must_look = true;
            return;
        }
        if (wave_look(manager, slot, manager->is_forced)) {
            is_held = true;
            is_moving = is_moving || is_stopping_by_itself(&manager->services[slot]);
        }
    }
    if (!is_held) {
        unmount_begin(manager);
    } else if (!is_moving && !manager->is_forced) {
        // They wait for each other, by relations of different generations.
        manager->is_forced = true;
        manager->must_look = true;
    }
}

static void kill_all(struct manager *manager)
{
    manager->life = LIFE_KILLING;
    manager->is_forced = true;
    for (uint16_t slot = 0; slot < SERVICES_MAX; slot++) {
        struct service *service = service_of(manager, slot);
        if (service->is_present && service->phase == PHASE_REQUESTED) {
            service_arm(manager, slot, DEADLINE_PHASE, 0);
        }
    }
    deadline_arm(manager, DEADLINE_OF_ALL + DEADLINE_SHUTDOWN,
                 manager->now_ns + SHUTDOWN_KILL_S * NS_PER_S);
    manager->must_look = true;
}

void shutdown_timeout(struct manager *manager)
{
    if (manager->life == LIFE_STOPPING) {
        (void)record_add(manager, RECORD_SHUTDOWN_SLOW, NO_SERVICE, "");
        kill_all(manager);
    } else if (manager->life == LIFE_KILLING) {
        unmount_begin(manager);
    }
}

void shutdown_step_timeout(struct manager *manager)
{
    if (manager->life == LIFE_UNMOUNTING) {
        (void)record_add(manager, RECORD_NOT_UNMOUNTED, manager->unmounting, "no answer in 10 s");
        unmount_next(manager);
    } else if (manager->life == LIFE_FLUSHING) {
        (void)record_add(manager, RECORD_NOT_UNMOUNTED, NO_SERVICE, "flushing took over 10 s");
        halt(manager);
    }
}

void shutdown_done(struct manager *manager, const struct event *event)
{
    if (manager->life == LIFE_UNMOUNTING && event->part == ACTION_UNMOUNT &&
        event->service == manager->unmounting) {
        if (manager->services[manager->unmounting].state == STATE_COMPLETED) {
            service_change(manager, manager->unmounting, STATE_INACTIVE, CAUSE_SHUTDOWN_WAVE,
                           NO_SERVICE, "unmounted");
        }
        unmount_next(manager);
    } else if (manager->life == LIFE_FLUSHING && event->part == ACTION_FLUSH) {
        halt(manager);
    }
}

void shutdown_interrupt(struct manager *manager)
{
    memmove(manager->interrupts + 1, manager->interrupts,
            sizeof(manager->interrupts[0]) * (INTERRUPTS_TO_FORCE - 1));
    manager->interrupts[0] = manager->now_ns;
    if (manager->interrupt_count < INTERRUPTS_TO_FORCE) {
        manager->interrupt_count++;
    }
    shutdown_begin(manager, HALT_REBOOT, "the console's interrupt");
    bool is_third = manager->interrupt_count == INTERRUPTS_TO_FORCE &&
                    manager->now_ns - manager->interrupts[INTERRUPTS_TO_FORCE - 1] <=
                        INTERRUPT_WINDOW_S * NS_PER_S;
    if (is_third && manager->life == LIFE_STOPPING) {
        (void)record_add(manager, RECORD_SHUTDOWN_FORCED, NO_SERVICE, "");
        kill_all(manager);
    }
}
