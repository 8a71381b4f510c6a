// SPDX-License-Identifier: Apache-2.0
//
// Signs of life: the watchdog, which the service feeds, and health checks, which are jobs of their
// own that never overlap.
#include "system/init/manager/parts.h"

void watchdog_arm(struct manager *manager, uint16_t slot)
{
    const struct service *service = service_of(manager, slot);

    if (service->watchdog_ns == 0 || !state_satisfies(service->state)) {
        service_disarm(manager, slot, DEADLINE_WATCHDOG);
    } else {
        service_arm(manager, slot, DEADLINE_WATCHDOG, service->watchdog_ns);
    }
}

// Both this deadline and that of checks end with the activation.
void watchdog_missed(struct manager *manager, uint16_t slot)
{
    service_end(manager, slot, CAUSE_WATCHDOG_TIMEOUT, THEN_POLICY,
                "nothing within WatchdogTimeout");
}

static void check_arm(struct manager *manager, uint16_t slot)
{
    const struct definition *definition = service_use(manager, slot, FIELD_HEALTH_CHECK);

    if (definition_text(definition, FIELD_HEALTH_CHECK)[0] != '\0') {
        service_arm(manager, slot, DEADLINE_HEALTH,
                    definition_time(definition, FIELD_HEALTH_CHECK_INTERVAL));
    }
}

void health_begin(struct manager *manager, uint16_t slot)
{
    struct service *service = service_of(manager, slot);
    const struct definition *definition = service_definition(manager, slot);

    service->watchdog_ns = definition_time(definition, FIELD_WATCHDOG_TIMEOUT);
    watchdog_arm(manager, slot);
    check_arm(manager, slot);
}

void health_end(struct manager *manager, uint16_t slot)
{
    struct service *service = service_of(manager, slot);

    service_disarm(manager, slot, DEADLINE_WATCHDOG);
    service_disarm(manager, slot, DEADLINE_HEALTH);
    if (service->health_job != NO_JOB) {
        job_kill(manager, service->health_job);
        service->health_job = NO_JOB;
    }
}

// The interval is over: check. Or the check's time is over: it failed.
void health_due(struct manager *manager, uint16_t slot)
{
    struct service *service = service_of(manager, slot);
    const struct definition *definition = service_use(manager, slot, FIELD_HEALTH_CHECK);

    if (service->health_job != NO_JOB) {
        job_kill(manager, service->health_job);
        service->health_job = NO_JOB;
        health_over(manager, slot, false, "it did not end within HealthCheckTimeout");
        return;
    }
    if (definition_text(definition, FIELD_HEALTH_CHECK)[0] == '\0') {
        return;
    }
    service->health_job =
        job_run(manager, JOB_HEALTH_CHECK, slot, definition_text(definition, FIELD_HEALTH_CHECK));
    if (service->health_job == NO_JOB) {
        check_arm(manager, slot);
        return;
    }
    service_arm(manager, slot, DEADLINE_HEALTH,
                definition_time(definition, FIELD_HEALTH_CHECK_TIMEOUT));
}

void health_over(struct manager *manager, uint16_t slot, bool is_good, const char *detail)
{
    struct service *service = service_of(manager, slot);
    const struct definition *definition = service_use(manager, slot, FIELD_HEALTH_CHECK);

    service->health = is_good ? HEALTH_GOOD : HEALTH_BAD;
    service->health_failures = is_good ? 0 : service->health_failures + 1;
    if (!is_good) {
        (void)record_add(manager, RECORD_HEALTH_FAILED, slot, detail);
    }
    if ((int64_t)service->health_failures >=
        definition_number(definition, FIELD_HEALTH_CHECK_RETRIES)) {
        service_end(manager, slot, CAUSE_HEALTH_CHECK_FAILURE, THEN_POLICY, detail);
        return;
    }
    check_arm(manager, slot);
}
