// SPDX-License-Identifier: Apache-2.0
//
// The boot: phase 1 is a table (phase_one.def), phase 2 the definitions; and what is entered when
// one of them can't be had: safe mode, recovery.
#include <string.h>

#include "system/init/manager/parts.h"

static void recovery_enter(struct manager *manager, const char *reason)
{
    struct phrase text = phrase_in(manager->reason, sizeof(manager->reason));

    phrase_put_safe(&text, reason);
    manager->mode = MODE_RECOVERY;
    manager->life = LIFE_RUNNING;
    deadline_disarm(manager, DEADLINE_OF_ALL + DEADLINE_BOOT_PHASE);
    (void)record_add(manager, RECORD_RECOVERY, NO_SERVICE, reason);
    action_add(manager, ACTION_RECOVERY_SHELL, NO_SERVICE)->text = manager->reason;
}

static void phase_begin(struct manager *manager, enum phase_one phase)
{
    const char *name = phase_one_service(phase);

    manager->phase_one = (uint8_t)phase;
    deadline_arm(manager, DEADLINE_OF_ALL + DEADLINE_BOOT_PHASE,
                 manager->now_ns + phase_one_seconds(phase) * NS_PER_S);
    if (name != NULL) {
        struct operation_ask ask = {.slot = catalogue_find(&manager->catalogue, name),
                                    .kind = OPERATION_START,
                                    .source = SOURCE_ADMIN,
                                    .cause = CAUSE_EXPLICIT_START,
                                    .origin = NO_SERVICE,
                                    .detail = "phase 1 of the boot"};
        (void)operation_request(manager, &ask);
        return;
    }
    if (phase == PHASE_ONE_SNAPSHOT) {
        (void)action_add(manager, ACTION_SNAPSHOT, NO_SERVICE);
        return;
    }
    action_add(manager, ACTION_PHASE, NO_SERVICE)->part = phase;
}

static void phase_next(struct manager *manager)
{
    enum phase_one next = (enum phase_one)(manager->phase_one + 1);

    if (next == PHASE_ONE_SNAPSHOT && manager->wants_recovery) {
        recovery_enter(manager, manager->boot_attempts >= BOOT_ATTEMPTS_MOST
                                    ? "three boots in a row were not good"
                                    : "it was asked for: tessera.recovery=1");
        return;
    }
    phase_begin(manager, next);
}

static void phase_fail(struct manager *manager, const char *why)
{
    enum phase_one phase = manager->phase_one;
    char words[NOTE_DETAIL_SIZE];
    struct phrase detail = phrase_in(words, sizeof(words));

    phrase_put(&detail, phase_one_name(phase));
    phrase_put(&detail, ": ");
    phrase_put_safe(&detail, why);
    if (phase_one_enters_recovery(phase)) {
        recovery_enter(manager, words);
        return;
    }
    (void)record_add(manager, RECORD_PHASE_FAILED, NO_SERVICE, words);
    phase_next(manager);
}

void boot_begin(struct manager *manager, const struct event *event)
{
    if (manager->life != LIFE_NONE) {
        return;
    }
    manager->life = LIFE_PHASE_ONE;
    manager->boot_ns = manager->now_ns;
    manager->wants_safe = (event->value & BOOT_SAFE) != 0;
    manager->wants_recovery = (event->value & BOOT_RECOVERY) != 0;
    phase_begin(manager, PHASE_ONE_ATTEMPT);
}

static void take_attempt(struct manager *manager, const struct event *event)
{
    manager->boot_attempts = (uint32_t)event->value;
    manager->wants_recovery |= event->value >= BOOT_ATTEMPTS_MOST;
}

static void take_storage(struct manager *manager, const struct event *event)
{
    manager->is_diskless = event->value == 1;
    if (manager->is_diskless) {
        (void)record_add(manager, RECORD_DISKLESS, NO_SERVICE, "");
    }
}

void boot_phase_answer(struct manager *manager, const struct event *event)
{
    static void (*const takers[PHASE_ONE_COUNT])(struct manager *, const struct event *) = {
        [PHASE_ONE_ATTEMPT] = take_attempt,
        [PHASE_ONE_CLOCK] = clock_set,
        [PHASE_ONE_STORAGE] = take_storage,
    };

    if (manager->life != LIFE_PHASE_ONE || event->part != manager->phase_one ||
        event->part == PHASE_ONE_SNAPSHOT || phase_one_service(manager->phase_one) != NULL) {
        return;
    }
    if (event->status != 0) {
        phase_fail(manager, event->text != NULL ? event->text : "it failed");
        return;
    }
    if (takers[event->part] != NULL) {
        takers[event->part](manager, event);
    }
    phase_next(manager);
}

void boot_timeout(struct manager *manager)
{
    phase_fail(manager, "no answer in time");
}

// --- A built-in or critical service changed -----------------------------------------------------

static bool is_critical(const struct manager *manager, uint16_t slot)
{
    const struct definition *definition = service_newest(manager, slot);

    return definition != NULL && definition_is_critical(definition) &&
           (definition->is_builtin || definition_has_trigger(definition, "boot")) &&
           definition_number(definition, FIELD_DISABLED) == 0;
}

static bool all_critical_are_good(const struct manager *manager)
{
    const struct slots *members = &manager->catalogue.sets[manager->catalogue.in_force].members;

    for (uint16_t slot = slots_next(members, 0); slot < SERVICES_MAX;
         slot = slots_next(members, slot + 1u)) {
        if (!service_satisfies(manager, slot) && is_critical(manager, slot)) {
            return false;
        }
    }
    return true;
}

static void good_look(struct manager *manager)
{
    uint32_t id = DEADLINE_OF_ALL + DEADLINE_BOOT_GOOD;

    if (!all_critical_are_good(manager)) {
        deadline_disarm(manager, id);
    } else if (manager->deadlines.places[id] == 0) {
        deadline_arm(manager, id, manager->now_ns + BOOT_SUCCESS_S * NS_PER_S);
    }
}

void boot_look(struct manager *manager, uint16_t slot)
{
    const char *name =
        manager->life == LIFE_PHASE_ONE ? phase_one_service(manager->phase_one) : NULL;

    if (name != NULL && text_is(manager->catalogue.names[slot], name)) {
        enum service_state state = manager->services[slot].state;
        if (state_satisfies(state)) {
            phase_next(manager);
        } else if (state == STATE_FAILED || state == STATE_ABANDONED) {
            phase_fail(manager, cause_name(manager->services[slot].cause));
        }
    }
    if (manager->life == LIFE_RUNNING && manager->mode != MODE_RECOVERY && !manager->is_boot_good &&
        is_critical(manager, slot)) {
        good_look(manager);
    }
}

void boot_good(struct manager *manager)
{
    manager->is_boot_good = true;
    manager->boot_attempts = 0;
    (void)record_add(manager, RECORD_BOOT_GOOD, NO_SERVICE, "");
    (void)action_add(manager, ACTION_COUNTER_RESET, NO_SERVICE);
}

// --- Phase 2 ------------------------------------------------------------------------------------

static const struct definition *staged_definition(struct manager *manager, uint16_t slot)
{
    return catalogue_definition(&manager->catalogue,
                                catalogue_staged(&manager->catalogue)->definitions[slot]);
}

static bool starts_at_boot(const struct definition *definition)
{
    return definition_has_trigger(definition, "boot") &&
           definition_number(definition, FIELD_DISABLED) == 0;
}

// The critical service for which safe mode is entered; NO_SERVICE if there is none.
static uint16_t safe_reason(struct manager *manager)
{
    const struct service_set *staged = catalogue_staged(&manager->catalogue);
    const struct problems *problems = &manager->catalogue.problems;

    for (uint16_t slot = slots_next(&staged->members, 0); slot < SERVICES_MAX;
         slot = slots_next(&staged->members, slot + 1u)) {
        if (staged->graph.faults[slot] == GRAPH_FAULT_CYCLE &&
            definition_is_critical(staged_definition(manager, slot))) {
            return slot;
        }
    }
    for (uint32_t i = 0; i < problems->count; i++) {
        if (problems->list[i].kind == PROBLEM_CONFLICT_AT_BOOT &&
            definition_is_critical(staged_definition(manager, problems->list[i].service))) {
            return problems->list[i].service;
        }
    }
    return NO_SERVICE;
}

static bool starts_in_safe_mode(const struct definition *definition)
{
    return definition_is_critical(definition) ||
           definition_number(definition, FIELD_SAFE_MODE) != 0;
}

bool boot_mode_includes(const struct manager *manager, const struct definition *definition)
{
    return manager->mode != MODE_SAFE || starts_in_safe_mode(definition);
}

// The graph from those alone that safe mode starts. What is built in is critical.
void boot_stage_safe(struct manager *manager, struct slots *members)
{
    const struct slots *all = &catalogue_staged(&manager->catalogue)->members;

    memset(members, 0, sizeof(*members));
    for (uint16_t slot = slots_next(all, 0); slot < SERVICES_MAX;
         slot = slots_next(all, slot + 1u)) {
        const struct definition *definition = staged_definition(manager, slot);
        if (starts_at_boot(definition) && starts_in_safe_mode(definition)) {
            slots_put(members, slot);
        }
    }
    catalogue_stage_end(&manager->catalogue, members);
}

static void boot_start(struct manager *manager, const struct slots *members)
{
    const struct service_set *set = catalogue_set(&manager->catalogue);

    for (uint16_t slot = slots_next(&set->members, 0); slot < SERVICES_MAX;
         slot = slots_next(&set->members, slot + 1u)) {
        const struct definition *definition = service_newest(manager, slot);
        service_present(manager, slot);
        service_touch(manager, slot);
        bool is_wanted = starts_at_boot(definition) && slots_has(members, slot);
        // All members of a cycle fail, whether something starts them or not.
        if (!is_wanted && set->graph.faults[slot] != GRAPH_FAULT_CYCLE) {
            continue;
        }
        struct operation_ask ask = {.slot = slot,
                                    .kind = OPERATION_START,
                                    .source = SOURCE_ADMIN,
                                    .cause = CAUSE_EXPLICIT_START,
                                    .origin = NO_SERVICE,
                                    .detail = "boot trigger"};
        manager->services[slot].is_boot = true;
        manager->boot_waits++;
        (void)operation_request(manager, &ask);
    }
}

void boot_snapshot(struct manager *manager, const struct event *event)
{
    struct catalogue *catalogue = &manager->catalogue;
    struct slots members;

    if (manager->phase_one != PHASE_ONE_SNAPSHOT) {
        return;
    }
    if (event->status != 0) {
        phase_fail(manager, event->text != NULL ? event->text : "the registry did not answer");
        return;
    }
    deadline_disarm(manager, DEADLINE_OF_ALL + DEADLINE_BOOT_PHASE);
    catalogue_stage_end(catalogue, NULL);
    if (catalogue->problems.errors > 0) {
        char words[NOTE_DETAIL_SIZE];
        struct phrase detail = phrase_in(words, sizeof(words));
        problem_print(&catalogue->problems.list[0], &detail);
        (void)record_add(manager, RECORD_PLAN, NO_SERVICE, words);
    }
    uint16_t reason = safe_reason(manager);
    members = catalogue_staged(catalogue)->members;
    if (manager->wants_safe || reason != NO_SERVICE) {
        manager->mode = MODE_SAFE;
        (void)record_add(manager, RECORD_SAFE_MODE, NO_SERVICE,
                         reason != NO_SERVICE ? catalogue->names[reason] : "tessera.safemode=1");
        boot_stage_safe(manager, &members);
    }
    catalogue_swap(catalogue);
    manager->life = LIFE_RUNNING;
    boot_start(manager, &members);
    timer_arm_all(manager, true);
    good_look(manager);
}
