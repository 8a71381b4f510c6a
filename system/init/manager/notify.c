// SPDX-License-Identifier: Apache-2.0
//
// What a service tells of itself, by the capability that was minted for its activation. The
// meanings are those of sd_notify; what makes no sense in a state is refused, and said.
#include <string.h>

#include "system/init/manager/parts.h"

struct notice {
    struct manager *manager;
    uint16_t slot;
    struct service *service;
    uint64_t value;
    const char *text;
};

static void refuse(const struct notice *notice, const char *why)
{
    (void)record_add(notice->manager, RECORD_NOTIFY_REFUSED, notice->slot, why);
}

static void take_ready(const struct notice *notice)
{
    struct service *service = notice->service;

    if (service->state == STATE_RELOADING && service->phase == PHASE_RELOADING) {
        reload_over(notice->manager, notice->slot, true);
    } else if (service->state == STATE_STARTING && !service->is_ready) {
        const struct definition *definition = service_definition(notice->manager, notice->slot);
        if (definition_number(definition, FIELD_TYPE) == TYPE_ONESHOT) {
            refuse(notice, "READY from a oneshot: its end counts");
        } else if (service->phase == PHASE_STEP && service->step == STEP_RUN) {
            service->is_ready = true; // faster than the answer about its own start
        } else if (service->phase == PHASE_READY) {
            start_ready(notice->manager, notice->slot);
        }
    }
}

static void take_reloading(const struct notice *notice)
{
    struct service *service = notice->service;

    if (service->state == STATE_RELOADING && service->phase == PHASE_RELOAD) {
        const struct definition *definition =
            service_use(notice->manager, notice->slot, FIELD_START_TIMEOUT);
        service->phase = PHASE_RELOADING;
        service->phase_ns = notice->manager->now_ns;
        service->base_ns = definition_time(definition, FIELD_START_TIMEOUT);
        service_arm(notice->manager, notice->slot, DEADLINE_PHASE, service->base_ns);
    } else if (service->state == STATE_ACTIVE) {
        reload_begin(notice->manager, notice->slot, false);
    } else {
        refuse(notice, "RELOADING from a service that isn't active");
    }
}

static void take_stopping(const struct notice *notice)
{
    struct service *service = notice->service;

    if (service->said_stopping) {
        return;
    }
    service->said_stopping = true;
    if (state_satisfies(service->state)) {
        stop_now(notice->manager, notice->slot, CAUSE_EXPLICIT_STOP, NO_SERVICE,
                 "it said STOPPING");
        service_operation_end(notice->manager, notice->slot, OPERATION_FAILED, REPLY_FAILED,
                              "it is stopping by itself");
    } else if (service->state != STATE_STOPPING) {
        refuse(notice, "STOPPING from a service that isn't active");
    }
}

static void take_status(const struct notice *notice)
{
    struct phrase text =
        phrase_in(notice->service->status_text, sizeof(notice->service->status_text));
    phrase_put_safe(&text, notice->text);
}

static void take_errno(const struct notice *notice)
{
    notice->service->error_number = (int64_t)notice->value;
}

static void take_exit_status(const struct notice *notice)
{
    notice->service->exit_status = (int64_t)notice->value;
}

static void take_watchdog(const struct notice *notice)
{
    struct service *service = notice->service;

    if (notice->value == 1 && state_satisfies(service->state)) {
        service_end(notice->manager, notice->slot, CAUSE_WATCHDOG_TIMEOUT, THEN_POLICY,
                    "it says itself that it hangs");
    } else {
        watchdog_arm(notice->manager, notice->slot);
    }
}

static void take_watchdog_usec(const struct notice *notice)
{
    uint64_t most = 86400 * NS_PER_S;

    notice->service->watchdog_ns =
        notice->value > most / NS_PER_US ? most : notice->value * NS_PER_US;
    watchdog_arm(notice->manager, notice->slot);
}

// The phase's time limit is replaced: from now on, at most four times what it was at first.
static void take_extend(const struct notice *notice)
{
    struct manager *manager = notice->manager;
    struct service *service = notice->service;
    bool is_start = service->state == STATE_STARTING;
    bool is_phase = service->phase == PHASE_REQUESTED || service->phase == PHASE_RELOADING;
    uint64_t most = service->phase_ns + EXTEND_TIMES_MOST * service->base_ns;
    uint64_t wanted = notice->value > UINT64_MAX / NS_PER_US / 2
                          ? most
                          : manager->now_ns + notice->value * NS_PER_US;
    if (!is_start && !is_phase) {
        refuse(notice, "EXTEND_TIMEOUT_USEC where no time limit runs");
        return;
    }
    wanted = wanted > most ? most : wanted;
    if (is_shutting_down(manager) && wanted > manager->shutdown_end_ns) {
        wanted = manager->shutdown_end_ns;
    }
    deadline_arm(manager, deadline_of(notice->slot, is_start ? DEADLINE_START : DEADLINE_PHASE),
                 wanted);
}

static uint32_t kept_find(const struct service *service, const char *name)
{
    uint32_t i = 0;

    while (i < service->kept_count && !text_is(service->kept[i], name)) {
        i++;
    }
    return i;
}

static void take_capstore(const struct notice *notice)
{
    struct service *service = notice->service;
    const struct definition *definition =
        service_use(notice->manager, notice->slot, FIELD_CAP_STORE_MAX);
    uint32_t place = kept_find(service, notice->text);
    size_t size = strlen(notice->text);

    if (size == 0 || size >= KEPT_NAME_SIZE) {
        refuse(notice, "CAPSTORE with a name that is empty or too long");
        return;
    }
    if (place == service->kept_count) {
        if (place >= (uint32_t)definition_number(definition, FIELD_CAP_STORE_MAX)) {
            (void)record_add(notice->manager, RECORD_KEPT_FULL, notice->slot, notice->text);
            return;
        }
        memcpy(service->kept[service->kept_count++], notice->text, size + 1);
    }
    action_add(notice->manager, ACTION_KEEP, notice->slot)->text = service->kept[place];
}

static void take_capstoreremove(const struct notice *notice)
{
    struct service *service = notice->service;
    uint32_t place = kept_find(service, notice->text);

    if (place == service->kept_count) {
        refuse(notice, "CAPSTOREREMOVE of what is not kept");
        return;
    }
    action_add(notice->manager, ACTION_UNKEEP, notice->slot)->text = notice->text;
    service->kept_count--;
    memmove(service->kept[place], service->kept[place + 1],
            (service->kept_count - place) * sizeof(service->kept[0]));
}

void notify_take(struct manager *manager, const struct event *event)
{
    static void (*const takers[NOTIFY_KINDS])(const struct notice *) = {
        [NOTIFY_READY] = take_ready,
        [NOTIFY_RELOADING] = take_reloading,
        [NOTIFY_STOPPING] = take_stopping,
        [NOTIFY_STATUS] = take_status,
        [NOTIFY_ERRNO] = take_errno,
        [NOTIFY_EXIT_STATUS] = take_exit_status,
        [NOTIFY_WATCHDOG] = take_watchdog,
        [NOTIFY_WATCHDOG_USEC] = take_watchdog_usec,
        [NOTIFY_EXTEND_TIMEOUT_USEC] = take_extend,
        [NOTIFY_CAPSTORE] = take_capstore,
        [NOTIFY_CAPSTOREREMOVE] = take_capstoreremove,
    };
    struct notice notice = {.manager = manager,
                            .slot = event->service,
                            .value = event->value,
                            .text = event->text != NULL ? event->text : ""};

    if (event->service >= SERVICES_MAX || event->part >= NOTIFY_KINDS) {
        return;
    }
    notice.service = service_of(manager, event->service);
    if (!notice.service->is_present) {
        return;
    }
    bool is_current = notice.service->activation == event->activation &&
                      notice.service->main_job != NO_JOB && notice.service->phase != PHASE_RECLAIM;
    if (!is_current) {
        (void)record_add(manager, RECORD_STALE, event->service, "");
        return;
    }
    if (!job_is_heard(manager, event->service, event->job)) {
        refuse(&notice, "its job may not notify: NotifyAccess");
        return;
    }
    takers[event->part](&notice);
}
