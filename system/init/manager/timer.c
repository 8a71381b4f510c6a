// SPDX-License-Identifier: Apache-2.0
//
// Timers: calendar expressions in wall time, waited for in monotonic time. When the wall clock is
// set, all of them are armed again.
#include <string.h>

#include "system/init/manager/parts.h"

int64_t manager_wall(const struct manager *manager)
{
    if (!manager->is_clock_known) {
        return -1;
    }
    return manager->wall_s + (int64_t)((manager->now_ns - manager->wall_ns) / NS_PER_S);
}

static bool zone_of(const struct manager *manager, const struct calendar *calendar,
                    struct calendar_zone *zone)
{
    if (calendar->zone[0] == '\0' || text_is(calendar->zone, "UTC")) {
        calendar_zone_utc(zone);
        return true;
    }
    return manager->config.zone_find != NULL &&
           manager->config.zone_find(manager->config.zone_context, calendar->zone, zone);
}

// The next time of one trigger; false if it is no timer, or there is none.
static bool next_of_trigger(const struct manager *manager, const char *trigger, int64_t after_s,
                            int64_t *next_s)
{
    struct calendar calendar;
    struct calendar_error error;
    struct calendar_zone zone;

    if (!text_starts(trigger, "timer:")) {
        return false;
    }
    trigger += strlen("timer:");
    // What can't be read was refused before it came into force, or fails when it is started.
    return calendar_parse(&calendar, trigger, strlen(trigger), &error) &&
           zone_of(manager, &calendar, &zone) && calendar_next(&calendar, &zone, after_s, next_s);
}

// The earliest time after `after_s` at which one of its timers fires; -1 for never.
static int64_t next_of(const struct manager *manager, const struct definition *definition,
                       int64_t after_s)
{
    int64_t first_s = -1, next_s;

    for (const char *item = NULL;
         (item = definition_item(definition, FIELD_TRIGGERS, item)) != NULL;) {
        if (next_of_trigger(manager, item, after_s, &next_s) && (first_s < 0 || next_s < first_s)) {
            first_s = next_s;
        }
    }
    return first_s;
}

static void timer_run(struct manager *manager, uint16_t slot, const char *detail)
{
    struct service *service = service_of(manager, slot);
    const struct definition *definition = service_definition(manager, slot);
    bool is_oneshot = definition_number(definition, FIELD_TYPE) == TYPE_ONESHOT;

    if (service_is_busy(manager, slot) || service_has_start(manager, slot)) {
        service->is_rerun = is_oneshot;
        return;
    }
    struct operation_ask ask = {.slot = slot,
                                .kind = OPERATION_START,
                                .source = SOURCE_TIMER,
                                .cause = CAUSE_EXPLICIT_START,
                                .origin = NO_SERVICE,
                                .detail = detail};
    (void)operation_request(manager, &ask);
}

static void ran(struct manager *manager, uint16_t slot, int64_t wall_s)
{
    struct service *service = service_of(manager, slot);
    struct action *action = action_add(manager, ACTION_TIMER_RAN, slot);

    service->timer_last_s = wall_s;
    action->value = (uint64_t)wall_s;
}

// One run that was missed while the machine was off is made up for.
static void catch_up(struct manager *manager, uint16_t slot, const struct definition *definition,
                     int64_t wall_s)
{
    struct service *service = service_of(manager, slot);
    int64_t last_s = service->timer_last_s;

    if (last_s < 0 || last_s > wall_s ||
        definition_number(definition, FIELD_TIMER_PERSISTENT) == 0) {
        return;
    }
    int64_t due_s = next_of(manager, definition, last_s);
    if (due_s >= 0 && due_s <= wall_s) {
        (void)record_add(manager, RECORD_TIMER_MISSED, slot, "");
        timer_run(manager, slot, "a run was missed");
        ran(manager, slot, wall_s);
    }
}

void timer_arm(struct manager *manager, uint16_t slot, bool is_catching_up)
{
    struct service *service = service_of(manager, slot);
    const struct definition *definition = service_newest(manager, slot);
    int64_t wall_s = manager_wall(manager);

    service_disarm(manager, slot, DEADLINE_TIMER);
    if (definition == NULL || wall_s < 0 || definition_number(definition, FIELD_DISABLED) != 0 ||
        !definition_has_trigger(definition, "timer:") || !boot_mode_includes(manager, definition)) {
        return;
    }
    if (is_catching_up) {
        catch_up(manager, slot, definition, wall_s);
    }
    service->timer_next_s = next_of(manager, definition, wall_s);
    if (service->timer_next_s < 0) {
        (void)record_add(manager, RECORD_TIMER_NEVER, slot, "no time fits, or its zone is unknown");
        return;
    }
    uint64_t jitter_s = (uint64_t)definition_number(definition, FIELD_TIMER_JITTER);
    uint64_t wait_s =
        (uint64_t)(service->timer_next_s - wall_s) + manager_random(manager) % (jitter_s + 1);
    service_arm(manager, slot, DEADLINE_TIMER, wait_s * NS_PER_S);
}

void timer_arm_all(struct manager *manager, bool is_catching_up)
{
    const struct slots *members = &catalogue_set(&manager->catalogue)->members;

    // Each adds at most two actions; those that don't fit are armed when they are looked at.
    for (uint16_t slot = slots_next(members, 0); slot < SERVICES_MAX;
         slot = slots_next(members, slot + 1u)) {
        const struct definition *definition = service_newest(manager, slot);
        if (definition_has_trigger(definition, "timer:")) {
            manager->services[slot].must_arm = is_catching_up ? 2 : 1;
            service_touch(manager, slot);
        }
    }
}

void timer_due(struct manager *manager, uint16_t slot)
{
    if (is_shutting_down(manager)) {
        return;
    }
    (void)record_add(manager, RECORD_TIMER_FIRED, slot, "");
    timer_run(manager, slot, "its timer fired");
    ran(manager, slot, manager_wall(manager));
    timer_arm(manager, slot, false);
}

void clock_set(struct manager *manager, const struct event *event)
{
    bool was_known = manager->is_clock_known;

    manager->is_clock_known = event->status == 0 && event->value <= WALL_MOST_S;
    manager->wall_s = (int64_t)event->value;
    manager->wall_ns = manager->now_ns;
    (void)record_add(manager, RECORD_CLOCK, NO_SERVICE,
                     manager->is_clock_known ? "" : "it is not known now");
    if (manager->life >= LIFE_RUNNING) {
        timer_arm_all(manager, !was_known);
    }
}
