// SPDX-License-Identifier: Apache-2.0
//
// Reloading: a request, then 2 s to see RELOADING, then READY within StartTimeout. What is not
// confirmed is advisory, and the service is Active again either way: it can't get stuck.
#include "system/init/manager/parts.h"

void reload_begin(struct manager *manager, uint16_t slot, bool is_asked)
{
    struct service *service = service_of(manager, slot);

    if (service->state != STATE_ACTIVE || service->phase != PHASE_NONE) {
        service_operation_end(manager, slot, OPERATION_FAILED, REPLY_BAD_STATE,
                              "it is not active any more");
        return;
    }
    service->phase_ns = manager->now_ns;
    if (is_asked) {
        const struct definition *definition = service_use(manager, slot, FIELD_EXEC_RELOAD);
        const struct operation *operation = &manager->operations[service->operation];
        operation_run(manager, service->operation);
        service->phase = PHASE_RELOAD;
        service->base_ns = RELOADING_S * NS_PER_S;
        struct action *action = action_add(manager, ACTION_RELOAD_REQUEST, slot);
        action->job = manager->jobs[service->main_job].serial;
        action->text = definition_text(definition, FIELD_EXEC_RELOAD);
        action->definition = definition;
        service_change(manager, slot, STATE_RELOADING, (enum cause)operation->cause,
                       operation->origin, "reload was asked for");
    } else {
        const struct definition *definition = service_use(manager, slot, FIELD_START_TIMEOUT);
        service->phase = PHASE_RELOADING;
        service->base_ns = definition_time(definition, FIELD_START_TIMEOUT);
        service_change(manager, slot, STATE_RELOADING, CAUSE_EXPLICIT_START, NO_SERVICE,
                       "it said RELOADING");
    }
    service_arm(manager, slot, DEADLINE_PHASE, service->base_ns);
}

void reload_over(struct manager *manager, uint16_t slot, bool is_confirmed)
{
    struct service *service = service_of(manager, slot);
    const char *detail = is_confirmed                     ? "confirmed"
                         : service->phase == PHASE_RELOAD ? "advisory: no RELOADING within 2 s"
                                                          : "advisory: no READY in time";

    service->phase = PHASE_NONE;
    service_disarm(manager, slot, DEADLINE_PHASE);
    if (!is_confirmed) {
        (void)record_add(manager, RECORD_RELOAD_ADVISORY, slot, detail);
    }
    service_change(manager, slot, STATE_ACTIVE, CAUSE_EXPLICIT_START, NO_SERVICE, detail);
    if (service->operation != NO_OPERATION &&
        manager->operations[service->operation].kind == OPERATION_RELOAD) {
        service_operation_end(manager, slot, OPERATION_COMPLETED, REPLY_OK, detail);
    }
}
