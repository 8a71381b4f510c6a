// SPDX-License-Identifier: Apache-2.0
//
// New definitions while the system runs: a complete new model is read, built and validated beside
// the one in force, and takes its place, or nothing changes.
#include <string.h>

#include "system/init/manager/parts.h"

void config_ask(struct manager *manager)
{
    if (manager->is_reading) {
        manager->must_read = true;
        return;
    }
    manager->is_reading = true;
    (void)action_add(manager, ACTION_SNAPSHOT, NO_SERVICE);
    deadline_arm(manager, DEADLINE_OF_ALL + DEADLINE_SNAPSHOT,
                 manager->now_ns + SNAPSHOT_S * NS_PER_S);
}

void config_changed(struct manager *manager, const struct event *event)
{
    (void)event;
    if (manager->life == LIFE_RUNNING && manager->mode != MODE_RECOVERY) {
        config_ask(manager);
    }
}

static void answer_all(struct manager *manager, enum reply_code code, const char *detail)
{
    for (uint32_t i = 0; i < manager->reload_count; i++) {
        struct action *action = action_add(manager, ACTION_REPLY, NO_SERVICE);
        action->reply = manager->reload_replies[i];
        action->reply.code = code;
        struct phrase text = phrase_in(action->reply.detail, sizeof(action->reply.detail));
        phrase_put_safe(&text, detail);
    }
    manager->reload_count = 0;
}

// What runs keeps what is fixed for it; everything else looks at the new set from now on.
static void adopt(struct manager *manager)
{
    struct catalogue *catalogue = &manager->catalogue;
    const struct service_set *before = catalogue_set(catalogue);
    const struct service_set *after = catalogue_staged(catalogue);

    for (uint16_t slot = 0; slot < SERVICES_MAX; slot++) {
        struct service *service = service_of(manager, slot);
        const struct definition *old = catalogue_definition(catalogue, before->definitions[slot]);
        const struct definition *new = catalogue_definition(catalogue, after->definitions[slot]);
        if (new != NULL) {
            service_present(manager, slot);
        }
        bool is_timed = new != NULL && (definition_has_trigger(new, "timer:") ||
                                        (old != NULL && definition_has_trigger(old, "timer:")));
        if (is_timed && (old == NULL || !definition_is_same(old, new, FIELD_TRIGGERS) ||
                         !definition_is_same(old, new, FIELD_TIMER_JITTER) ||
                         !definition_is_same(old, new, FIELD_DISABLED))) {
            service->must_arm = 1;
        }
        if (new == NULL) {
            service_disarm(manager, slot, DEADLINE_TIMER);
        }
        // Its conditions may be others now: they are asked again.
        if (service->phase == PHASE_CHECK) {
            service->phase = PHASE_GATE;
            service_disarm(manager, slot, DEADLINE_PHASE);
        }
        if (service->is_present) {
            service_touch(manager, slot);
        }
    }
    catalogue_swap(catalogue);
}

static void refuse(struct manager *manager, enum record_kind kind, enum reply_code code,
                   const char *detail)
{
    catalogue_stage_drop(&manager->catalogue);
    (void)record_add(manager, kind, NO_SERVICE, detail);
    answer_all(manager, code, detail);
}

void config_take(struct manager *manager, const struct event *event)
{
    const struct problems *problems = &manager->catalogue.problems;
    char words[NOTE_DETAIL_SIZE];
    struct phrase detail = phrase_in(words, sizeof(words));

    if (!manager->is_reading) {
        catalogue_stage_drop(&manager->catalogue);
        return;
    }
    manager->is_reading = false;
    deadline_disarm(manager, DEADLINE_OF_ALL + DEADLINE_SNAPSHOT);
    if (event->status != 0) {
        refuse(manager, RECORD_REGISTRY_SILENT, REPLY_UNAVAILABLE,
               event->text != NULL ? event->text : "it did not answer");
    } else {
        catalogue_stage_end(&manager->catalogue, NULL);
        for (uint32_t i = 0; i < problems->count && words[0] == '\0'; i++) {
            if (problem_severity(problems->list[i].kind) == SEVERITY_ERROR) {
                problem_print(&problems->list[i], &detail);
            }
        }
        if (problems->errors > 0) {
            refuse(manager, RECORD_RELOAD_REFUSED, REPLY_INVALID_CONFIG, words);
        } else {
            if (manager->mode == MODE_SAFE) {
                struct slots members;
                boot_stage_safe(manager, &members);
            }
            adopt(manager);
            (void)record_add(manager, RECORD_RELOADED, NO_SERVICE, "");
            answer_all(manager, REPLY_OK, "");
        }
    }
    if (manager->must_read) {
        manager->must_read = false;
        config_ask(manager);
    }
}
