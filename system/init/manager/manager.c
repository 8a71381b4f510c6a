// SPDX-License-Identifier: Apache-2.0
//
// One step: the event, then what is due, then whatever these made possible, as far as the list of
// actions has room.
#include "system/init/manager/manager.h"

#include <string.h>

#include "system/init/manager/parts.h"
#include "system/init/manager/right.h"

enum { DEADLINES_A_STEP = 8, SETTLES_A_STEP = 64 };

struct action *action_add(struct manager *manager, enum action_kind kind, uint16_t slot)
{
    manager_assert(manager->actions->count < ACTIONS_MAX);
    struct action *action = &manager->actions->list[manager->actions->count++];

    memset(action, 0, sizeof(*action));
    action->kind = kind;
    action->service = slot;
    return action;
}

// xorshift (Marsaglia, 2003): for jitter only.
uint32_t manager_random(struct manager *manager)
{
    manager->random ^= manager->random << 13;
    manager->random ^= manager->random >> 17;
    manager->random ^= manager->random << 5;
    return manager->random;
}

// --- GUIDs --------------------------------------------------------------------------------------

// A GUID of version 8 (RFC 9562, section 5.8): the boot, what it is of, and its serial.
void guid_print(const struct manager *manager, char kind, uint32_t serial, char *out)
{
    static const char digits[] = "0123456789abcdef";
    uint64_t high = manager->config.boot_id ^ manager->config.seed * 0x9e3779b97f4a7c15u;
    uint64_t low = UINT64_C(2) << 62 | (uint64_t)(uint8_t)kind << 32 | serial;
    uint32_t at = 0;

    high = (high & ~UINT64_C(0xf000)) | 0x8000;
    for (uint32_t i = 0; i < 32; i++) {
        uint64_t word = i < 16 ? high : low;
        if (i == 8 || i == 12 || i == 16 || i == 20) {
            out[at++] = '-';
        }
        out[at++] = digits[word >> (60 - i % 16 * 4) & 15];
    }
    out[at] = '\0';
}

uint32_t guid_find(const struct manager *manager, char kind, const char *guid)
{
    char expected[GUID_TEXT_SIZE];
    uint32_t serial = 0;

    if (strlen(guid) != GUID_TEXT_SIZE - 1) {
        return 0;
    }
    for (const char *digit = guid + GUID_TEXT_SIZE - 9; *digit != '\0'; digit++) {
        bool is_letter = *digit >= 'a' && *digit <= 'f';
        if (!is_letter && (*digit < '0' || *digit > '9')) {
            return 0;
        }
        serial = serial << 4 | (uint32_t)(is_letter ? *digit - 'a' + 10 : *digit - '0');
    }
    guid_print(manager, kind, serial, expected);
    return text_is(expected, guid) ? serial : 0;
}

// --- Init ---------------------------------------------------------------------------------------

static void builtin_add(struct manager *manager, const char *name)
{
    struct place place = {.problems = &manager->catalogue.problems, .service = NO_SERVICE};
    struct definition *definition = catalogue_stage(&manager->catalogue, name, false, 0);

    definition->is_builtin = true;
    definition_put_text(definition, FIELD_IMAGE_PATH, name, &place);
    definition_put_text(definition, FIELD_IDENTITY, "SYSTEM", &place);
    definition_put_number(definition, FIELD_ERROR_CONTROL, 1, &place);
    definition_put_number(definition, FIELD_READINESS, READINESS_NOTIFY, &place);
    definition_put_item(definition, FIELD_TRIGGERS, true, "boot", &place);
}

static void security_set(const char *text, struct security *security)
{
    struct access_error error;

    manager_assert(right_system_read(text, security, &error));
}

void manager_init(struct manager *manager, const struct manager_config *config,
                  struct definition *pool, uint16_t pool_max)
{
    memset(manager, 0, offsetof(struct manager, output.bytes));
    manager->config = *config;
    if (manager->config.parallel_starts == 0) {
        manager->config.parallel_starts = PARALLEL_STARTS;
    }
    if (manager->config.shutdown_s == 0) {
        manager->config.shutdown_s = SHUTDOWN_S;
    }
    manager->random = (uint32_t)(config->seed ^ config->seed >> 32) | 1;
    manager->operation_free = NO_OPERATION;
    security_set("D:(A;;0xf;;;SY)(A;;0x5;;;BA)", &manager->default_security);
    security_set("D:(A;;0x3;;;SY)(A;;0x3;;;BA)", &manager->control_security);
    catalogue_init(&manager->catalogue, pool, pool_max);
    catalogue_stage_begin(&manager->catalogue);
    builtin_add(manager, "ledger");
    builtin_add(manager, "registry");
    catalogue_stage_end(&manager->catalogue, NULL);
    catalogue_swap(&manager->catalogue);
    service_present(manager, 0);
    service_present(manager, 1);
}

// --- A step -------------------------------------------------------------------------------------

static void take_continue(struct manager *manager, const struct event *event)
{
    (void)manager;
    (void)event;
}

static void take_checked(struct manager *manager, const struct event *event)
{
    if (event->service < SERVICES_MAX && manager->services[event->service].is_present) {
        start_checked(manager, event);
    }
}

static void take_command(struct manager *manager, const struct event *event)
{
    command_take(manager, event->request);
}

static void take_submit(struct manager *manager, const struct event *event)
{
    job_submit(manager, event->submission);
}

static void take_snapshot(struct manager *manager, const struct event *event)
{
    if (manager->life == LIFE_PHASE_ONE) {
        boot_snapshot(manager, event);
    } else if (manager->life == LIFE_RUNNING) {
        config_take(manager, event);
    } else {
        catalogue_stage_drop(&manager->catalogue);
    }
}

static void take_timer_last(struct manager *manager, const struct event *event)
{
    uint16_t slot =
        event->text != NULL ? catalogue_find(&manager->catalogue, event->text) : NO_SERVICE;

    if (slot != NO_SERVICE && event->value <= INT64_MAX) {
        manager->services[slot].timer_last_s = (int64_t)event->value;
    }
}

static void take_sink(struct manager *manager, const struct event *event)
{
    output_sink(manager, event->status == 0);
}

static void take_interrupt(struct manager *manager, const struct event *event)
{
    (void)event;
    shutdown_interrupt(manager);
}

static void take_power(struct manager *manager, const struct event *event)
{
    (void)event;
    shutdown_begin(manager, HALT_POWEROFF, "the power button");
}

static void (*const takers[EVENT_KINDS])(struct manager *, const struct event *) = {
    [EVENT_CONTINUE] = take_continue,
    [EVENT_TIME] = take_continue,
    [EVENT_EXIT] = job_exit,
    [EVENT_RECLAIMED] = job_reclaimed,
    [EVENT_INTERRUPT] = take_interrupt,
    [EVENT_POWER] = take_power,
    [EVENT_STEP] = job_step_answer,
    [EVENT_CHECKED] = take_checked,
    [EVENT_NOTIFY] = notify_take,
    [EVENT_COMMAND] = take_command,
    [EVENT_SUBMIT] = take_submit,
    [EVENT_REGISTRY] = config_changed,
    [EVENT_SNAPSHOT] = take_snapshot,
    [EVENT_PHASE] = boot_phase_answer,
    [EVENT_BOOT] = boot_begin,
    [EVENT_CLOCK] = clock_set,
    [EVENT_TIMER_LAST] = take_timer_last,
    [EVENT_OUTPUT] = output_take,
    [EVENT_SINK] = take_sink,
    [EVENT_SINK_TAKEN] = output_taken,
    [EVENT_DONE] = shutdown_done,
};

static void service_due(struct manager *manager, uint16_t slot, enum service_deadline kind)
{
    static void (*const due[SERVICE_DEADLINES])(struct manager *, uint16_t) = {
        [DEADLINE_START] = start_timeout,      [DEADLINE_PHASE] = service_phase_timeout,
        [DEADLINE_HEALTH] = health_due,        [DEADLINE_HEALTHY] = service_healthy,
        [DEADLINE_UNBIND] = service_touch,     [DEADLINE_TIMER] = timer_due,
        [DEADLINE_WATCHDOG] = watchdog_missed,
    };
    due[kind](manager, slot);
}

static void snapshot_timeout(struct manager *manager)
{
    config_take(manager, &(struct event){.status = 1, .text = "no answer within 10 s"});
}

static void global_due(struct manager *manager, enum global_deadline kind)
{
    static void (*const due[GLOBAL_DEADLINES])(struct manager *) = {
        [DEADLINE_BOOT_PHASE] = boot_timeout,
        [DEADLINE_BOOT_GOOD] = boot_good,
        [DEADLINE_SNAPSHOT] = snapshot_timeout,
        [DEADLINE_SHUTDOWN] = shutdown_timeout,
        [DEADLINE_SHUTDOWN_STEP] = shutdown_step_timeout,
    };
    due[kind](manager);
}

static bool has_room(const struct manager *manager)
{
    return manager->actions->count <= ACTIONS_MAX - ACTIONS_RESERVE;
}

static void deadlines_take(struct manager *manager)
{
    for (uint32_t i = 0; i < DEADLINES_A_STEP && has_room(manager) &&
                         deadline_first(manager) <= manager->now_ns && manager->life != LIFE_HALTED;
         i++) {
        uint32_t id = deadline_take(manager);
        if (id < DEADLINE_OF_OPERATION) {
            service_due(manager, (uint16_t)(id / SERVICE_DEADLINES),
                        (enum service_deadline)(id % SERVICE_DEADLINES));
        } else if (id < DEADLINE_OF_JOB) {
            operation_timeout(manager, (uint16_t)(id - DEADLINE_OF_OPERATION));
        } else if (id < DEADLINE_OF_ALL) {
            job_timeout(manager, (uint16_t)(id - DEADLINE_OF_JOB));
        } else {
            global_due(manager, (enum global_deadline)(id - DEADLINE_OF_ALL));
        }
    }
}

static void settle(struct manager *manager)
{
    for (uint32_t i = 0; i < SETTLES_A_STEP && has_room(manager); i++) {
        uint16_t slot = slots_next(&manager->dirty, manager->settle_next);
        if (slot == SERVICES_MAX) {
            slot = slots_next(&manager->dirty, 0);
        }
        if (slot == SERVICES_MAX) {
            break;
        }
        manager->settle_next = slot + 1u == SERVICES_MAX ? 0 : slot + 1u;
        slots_take(&manager->dirty, slot);
        service_settle(manager, slot);
        manager->must_look = manager->must_look || is_shutting_down(manager);
    }
    if (manager->must_look && has_room(manager)) {
        shutdown_look(manager);
    }
}

void manager_step(struct manager *manager, const struct event *event, uint64_t now_ns,
                  struct actions *actions)
{
    actions->count = 0;
    manager->actions = actions;
    manager->now_ns = now_ns > manager->now_ns ? now_ns : manager->now_ns;
    if (manager->life != LIFE_HALTED) {
        takers[event->kind](manager, event);
        deadlines_take(manager);
        settle(manager);
        waiters_flush(manager);
        if (has_room(manager)) {
            output_pump(manager);
        }
    }
    manager->actions = NULL;
}

uint64_t manager_deadline(const struct manager *manager)
{
    return manager->life == LIFE_HALTED ? UINT64_MAX : deadline_first(manager);
}

bool manager_has_work(const struct manager *manager, uint64_t now_ns)
{
    bool must_look =
        manager->must_look && (manager->life == LIFE_STOPPING || manager->life == LIFE_KILLING);

    return manager->life != LIFE_HALTED &&
           (!slots_is_empty(&manager->dirty) || manager->waiters_due > 0 || must_look ||
            output_has_work(manager) || deadline_first(manager) <= now_ns);
}
