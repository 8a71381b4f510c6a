// SPDX-License-Identifier: Apache-2.0
//
// Boots of random systems by the service manager: random definitions and graphs, services that are
// late, crash, hang, lie and can't be killed, notifications that are stale and doubled, clocks that
// jump, storms of commands and of new definitions, and a shutdown. After each event the invariants
// hold; at the end each machine has halted. INIT-1.3 INIT-1.4 INIT-6.2 INIT-6.5 INIT-9.2
//
//     STEPS=n   a boot for each 500 (default 100,000: 200 boots)
//     SEED=n    another sequence (default 1); a failure prints the line that repeats it
//     BOOT=n    this boot of the sequence alone, and what happens in it
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "system/init/manager/right.h"
#include "system/init/world/world.h"

enum {
    STEPS_DEFAULT = 100000,
    STEPS_A_BOOT = 500,
    STEPS_A_BOOT_MOST = 100000,
    SERVICES_MOST = 40,
    NAME_ROOM = 24,
    REPLIES_MAX = 512,
};

struct seen {
    uint8_t states[SERVICES_MAX];
    uint32_t operation_serials[OPERATIONS_MAX];
    uint8_t operation_states[OPERATIONS_MAX];
};

struct test {
    struct world world;
    struct manager manager;
    uint64_t seed, boot;
    bool is_loud;
    uint64_t definitions_seed; // of the set that is staged next
    uint32_t service_count;
    bool is_bad_set;
    struct seen seen;
    uint32_t asked, answered; // requests
    uint8_t answers[REPLIES_MAX];
    struct access_token token; // of who lists
    uint32_t transitions[STATE_COUNT][STATE_COUNT];
    uint32_t causes[CAUSE_COUNT];
    uint32_t records[RECORD_KINDS];
    uint32_t last_from[SERVICES_MAX];
    uint64_t change_count;
};

static struct test test;
static struct definition pool[SERVICES_MAX * DEFINITIONS_PER_SERVICE];
static uint32_t all_transitions[STATE_COUNT][STATE_COUNT];
static uint32_t all_causes[CAUSE_COUNT];
static uint32_t all_records[RECORD_KINDS];

static _Noreturn void broken(const char *what, uint16_t slot)
{
    fprintf(stderr,
            "broken: %s (%s)\nat %.3f s of boot %" PRIu64 "; again: SEED=%" PRIu64 " BOOT=%" PRIu64
            " %s\n",
            what, slot < SERVICES_MAX ? test.manager.catalogue.names[slot] : "-",
            (double)test.world.now_ns / 1e9, test.boot, test.seed, test.boot,
            "build/host-asan/test/tests/property/manager_test");
    exit(1);
}

// --- Random definitions -------------------------------------------------------------------------

static uint64_t draw(uint64_t *random)
{
    uint64_t word = *random += 0x9e3779b97f4a7c15u;
    word = (word ^ word >> 30) * 0xbf58476d1ce4e5b9u;
    word = (word ^ word >> 27) * 0x94d049bb133111ebu;
    return word ^ word >> 31;
}

static bool draw_in(uint64_t *random, uint32_t n)
{
    return draw(random) % n == 0;
}

static void relation_put(struct definition *definition, enum field field, uint32_t index,
                         uint64_t *random, uint32_t odds, const struct place *place)
{
    bool is_first = true;

    for (uint32_t other = 0; other < test.service_count; other++) {
        // Mostly towards smaller numbers; sometimes round, into cycles.
        bool is_down = other < index || (test.is_bad_set && draw_in(random, 40));
        if (is_down && other != index && draw_in(random, odds)) {
            char name[NAME_ROOM];
            snprintf(name, sizeof(name), "s%u", other);
            definition_put_item(definition, field, is_first, name, place);
            is_first = false;
        }
    }
}

static void numbers_put(struct definition *definition, uint64_t *random, const struct place *place)
{
    definition_put_number(definition, FIELD_TYPE, draw_in(random, 4), place);
    definition_put_number(definition, FIELD_REMAIN_AFTER_EXIT, draw_in(random, 2), place);
    definition_put_number(definition, FIELD_RESTART_POLICY, (int64_t)(draw(random) % 3), place);
    definition_put_number(definition, FIELD_RESTART_MAX_RETRIES, (int64_t)(draw(random) % 4),
                          place);
    definition_put_number(definition, FIELD_START_TIMEOUT, 1 + (int64_t)(draw(random) % 20), place);
    definition_put_number(definition, FIELD_STOP_TIMEOUT, 1 + (int64_t)(draw(random) % 10), place);
    definition_put_number(definition, FIELD_READINESS, draw_in(random, 4), place);
    definition_put_number(definition, FIELD_ERROR_CONTROL, draw_in(random, 30), place);
    definition_put_number(definition, FIELD_DISABLED, draw_in(random, 20), place);
    definition_put_number(definition, FIELD_SAFE_MODE, draw_in(random, 3), place);
    definition_put_number(definition, FIELD_CAP_STORE_MAX, (int64_t)(draw(random) % 3), place);
    if (draw_in(random, 5)) {
        definition_put_number(definition, FIELD_WATCHDOG_TIMEOUT, 2, place);
    }
    if (draw_in(random, 5)) {
        definition_put_text(definition, FIELD_HEALTH_CHECK, "check", place);
        definition_put_number(definition, FIELD_HEALTH_CHECK_INTERVAL, 2, place);
    }
}

static void definition_draw(struct catalogue *catalogue, uint32_t index, uint64_t *random)
{
    char name[NAME_ROOM];
    struct place place = {.problems = &catalogue->problems, .line = index + 1};

    snprintf(name, sizeof(name), "s%u", index);
    struct definition *definition =
        catalogue_stage(catalogue, name, draw_in(random, 25), index + 1);
    if (definition == NULL) {
        return;
    }
    snprintf(name, sizeof(name), "%ss%u", definition->is_mount ? "mount:" : "", index);
    place.service = catalogue_find(catalogue, name);
    definition_put_text(definition, FIELD_IMAGE_PATH, "image", &place);
    numbers_put(definition, random, &place);
    if (definition->is_mount) {
        definition_put_number(definition, FIELD_TYPE, TYPE_ONESHOT, &place);
        definition_put_number(definition, FIELD_REMAIN_AFTER_EXIT, 1, &place);
    }
    if (!draw_in(random, 3)) {
        definition_put_item(definition, FIELD_TRIGGERS, true, "boot", &place);
    } else if (draw_in(random, 4)) {
        definition_put_item(definition, FIELD_TRIGGERS, true, "timer:*:*:0/20", &place);
        definition_put_number(definition, FIELD_TIMER_JITTER, 3, &place);
    }
    relation_put(definition, FIELD_REQUIRES, index, random, 12, &place);
    relation_put(definition, FIELD_WANTS, index, random, 20, &place);
    relation_put(definition, FIELD_BINDS_TO, index, random, 30, &place);
    if (draw_in(random, 12)) {
        relation_put(definition, FIELD_CONFLICTS, index, random, 10, &place);
    }
    if (draw_in(random, 10)) {
        definition_put_text(definition, FIELD_ON_FAILURE, "s0", &place);
    }
    if (draw_in(random, 6)) {
        definition_put_item(definition, FIELD_EXEC_START_PRE, true, "pre one", &place);
        definition_put_item(definition, FIELD_EXEC_START_PRE, false, "pre two", &place);
    }
    if (draw_in(random, 6)) {
        definition_put_item(definition, FIELD_EXEC_START_POST, true, "post", &place);
    }
    if (draw_in(random, 6)) {
        definition_put_item(definition, FIELD_CONDITIONS, true, "path:/a", &place);
        definition_put_item(definition, FIELD_ASSERTS, true, "file:/b", &place);
    }
    if (draw_in(random, 4)) {
        definition_put_text(definition, FIELD_SERVICE_SECURITY,
                            draw_in(random, 2) ? "D:(A;;0xf;;;SY)(A;;0x1;;;WD)"
                                               : "D:(D;;0x4;;;SY)(A;;0xf;;;SY)",
                            &place);
    }
}

static void stage(void *context, struct catalogue *catalogue)
{
    uint64_t random = test.definitions_seed;

    (void)context;
    catalogue_stage_begin(catalogue);
    for (uint32_t i = 0; i < test.service_count; i++) {
        uint64_t own = draw(&random);
        // Of a changed set most definitions are the same, some are gone, some are new.
        definition_draw(catalogue, i, &own);
    }
}

// --- Behaviour ----------------------------------------------------------------------------------

static void behaviour_draw(struct behaviour *behaviour, struct world *world)
{
    behaviour->ready_ms = (uint32_t)world_below(world, 2000);
    behaviour->stop_ms = (uint32_t)world_below(world, 3000);
    switch (world_below(world, 14)) {
    case 0:
        behaviour->ready_ms = WORLD_NEVER;
        break;
    case 1:
        behaviour->ends_ms = 1 + (uint32_t)world_below(world, 20000);
        behaviour->crash_percent = (uint32_t)world_below(world, 101);
        behaviour->exit_code = (int32_t)world_below(world, 3);
        behaviour->is_fault = world_below(world, 3) == 0;
        break;
    case 2:
        behaviour->stop_ms = WORLD_NEVER;
        break;
    case 3:
        behaviour->is_unkillable = world_below(world, 3) == 0;
        behaviour->stop_ms = WORLD_NEVER;
        break;
    case 4:
        behaviour->failing_step = (uint8_t)(1 + world_below(world, STEP_COUNT));
        behaviour->is_step_silent = world_below(world, 2) == 0;
        break;
    case 5:
        behaviour->hook_fails = world_below(world, 2) == 0;
        behaviour->hook_hangs = world_below(world, 2) == 0;
        break;
    case 6:
        behaviour->health_fails_from = 1 + (uint32_t)world_below(world, 5);
        break;
    case 7:
        behaviour->false_conditions = world_below(world, 4);
        behaviour->is_check_silent = world_below(world, 5) == 0;
        break;
    case 8:
    case 9:
        behaviour->is_liar = true;
        break;
    default:
        break;
    }
    behaviour->confirms_reload = world_below(world, 2) == 0;
    behaviour->watchdog_ms = world_below(world, 4) == 0 ? 0 : 1000;
}

// --- Invariants ---------------------------------------------------------------------------------

static void change_check(const struct record *record)
{
    uint16_t slot = catalogue_find(&test.manager.catalogue, record->service);

    test.change_count++;
    test.transitions[record->from][record->to]++;
    test.causes[record->cause]++;
    if (!transition_is_listed(record->from, record->to)) {
        broken("a transition that is not listed", slot);
    }
    if (slot != NO_SERVICE && test.last_from[slot] != record->from) {
        broken("a transition from another state than the one before led to", slot);
    }
    if (slot != NO_SERVICE) {
        test.last_from[slot] = record->to;
    }
}

// Every message says what, why, what was done, and what to do.
static void message_check(const struct record *record)
{
    char bytes[1024];
    struct phrase message = phrase_in(bytes, sizeof(bytes));

    record_print(record, &message);
    if (test.is_loud) {
        printf("[%8.3f] %s\n", (double)test.world.now_ns / 1e9, bytes);
    }
    const char *done = strstr(bytes, ". Done: ");
    const char *remedy = strstr(bytes, ". To do: ");
    if (message.is_cut || done == NULL || remedy == NULL || done == bytes || strlen(remedy) < 15 ||
        remedy - done < 10) {
        fprintf(stderr, "%s\n", bytes);
        broken("a message that does not say everything", NO_SERVICE);
    }
}

// What was asked to stop is needed by nobody in a shutdown, and nobody bound to it serves.
static void stop_order_check(uint16_t slot)
{
    const struct manager *manager = &test.manager;
    const struct slots *bound = &manager->bound_by[slot];
    const struct slots *needed = &manager->needed_by[slot];

    for (uint16_t other = slots_next(bound, 0); other < SERVICES_MAX;
         other = slots_next(bound, other + 1u)) {
        const struct service *service = &manager->services[other];
        if (service_satisfies(manager, other) && state_has_process(service->state) &&
            manager->life == LIFE_RUNNING && !service->must_unbind) {
            broken("a service was stopped before one that is bound to it", other);
        }
    }
    for (uint16_t other = slots_next(needed, 0); other < SERVICES_MAX;
         other = slots_next(needed, other + 1u)) {
        enum service_state state = manager->services[other].state;
        bool is_waiting = manager->services[slot].cause == CAUSE_SHUTDOWN_WAVE;
        if (is_waiting && manager->life == LIFE_STOPPING && !manager->is_forced &&
            state_has_process(state) && state != STATE_ABANDONED) {
            broken("in a shutdown a service was stopped before one that needs it", other);
        }
    }
}

// What begins to start has all that it requires.
static void start_order_check(uint16_t slot)
{
    const struct graph *graph = &test.manager.catalogue.sets[test.manager.catalogue.in_force].graph;

    for (uint32_t i = graph->out_first[slot]; i < graph->out_first[slot + 1]; i++) {
        uint16_t to = graph->edges[i].to;
        const struct service *target = &test.manager.services[to];
        // It may have left in the very same step.
        bool has_just_left =
            target->history_count > 0 && target->history[0].at_ns == test.world.now_ns;
        if (edge_needs(&graph->edges[i]) && !service_satisfies(&test.manager, to) &&
            !has_just_left && !target->is_unbinding) {
            broken("a service was started before one that it requires", to);
        }
    }
}

static void see_action(void *context, const struct action *action)
{
    (void)context;
    if (action->kind == ACTION_LOG) {
        test.records[action->record->kind]++;
        message_check(action->record);
        if (action->record->kind == RECORD_TRANSITION) {
            change_check(action->record);
        }
    }
    if (action->kind == ACTION_REPLY) {
        test.answered++;
        if (action->reply.id >= REPLIES_MAX || test.answers[action->reply.id]++ != 0) {
            broken("a request was answered twice", NO_SERVICE);
        }
    }
    if (action->kind == ACTION_STOP_REQUEST) {
        stop_order_check(action->service);
    }
    if (action->kind == ACTION_STEP &&
        (action->part == STEP_JOBS || action->definition->is_mount)) {
        start_order_check(action->service);
    }
}

static void operations_check(void)
{
    uint32_t live = 0;

    for (uint32_t i = 0; i < test.manager.operation_used; i++) {
        const struct operation *operation = &test.manager.operations[i];
        bool is_same = operation->serial == test.seen.operation_serials[i];
        bool was_over = test.seen.operation_states[i] >= OPERATION_COMPLETED;
        if (is_same && operation->serial != 0 && was_over &&
            operation->state != test.seen.operation_states[i]) {
            broken("an operation ended twice", operation->service);
        }
        test.seen.operation_serials[i] = operation->serial;
        test.seen.operation_states[i] = operation->state;
        if (operation->serial == 0 || operation->is_kept) {
            continue;
        }
        live++;
        const struct service *service = &test.manager.services[operation->service];
        if (service->operation != i && service->queued != i) {
            broken("an operation that no service knows", operation->service);
        }
        if (operation->state >= OPERATION_COMPLETED) {
            broken("an operation that ended is not kept", operation->service);
        }
        if (service->queued == i && operation->state != OPERATION_PENDING) {
            broken("two operations of one service run", operation->service);
        }
    }
    if (live > 2 * SERVICES_MAX) {
        broken("too many operations live", NO_SERVICE);
    }
}

static void service_check(uint16_t slot, uint32_t *places)
{
    const struct service *service = &test.manager.services[slot];
    const struct definition *definition = service_definition(&test.manager, slot);

    *places += service->has_place;
    if (service->operation != NO_OPERATION && service->operation == service->queued) {
        broken("one operation in two places", slot);
    }
    if (state_has_process(service->state) && service->state != STATE_STARTING &&
        service->state != STATE_ABANDONED && service->main_job == NO_JOB) {
        broken("a state with a process has none", slot);
    }
    if (!state_has_process(service->state) && service->main_job != NO_JOB) {
        broken("a process in a state that has none", slot);
    }
    if (service->main_job != NO_JOB && test.manager.jobs[service->main_job].service != slot) {
        broken("a job of another service", slot);
    }
    if (definition != NULL &&
        service->restart_count >
            (definition_number(definition, FIELD_RESTART_MAX_RETRIES) > 3 ? 5 : 3)) {
        broken("the restart budget was passed", slot);
    }
    if (service->state == STATE_ACTIVE && service->phase == PHASE_GATE) {
        broken("an active service waits for its start", slot);
    }
    // What waits must have something that wakes it.
    bool has_deadline = test.manager.deadlines.places[deadline_of(slot, DEADLINE_PHASE)] != 0 ||
                        test.manager.deadlines.places[deadline_of(slot, DEADLINE_START)] != 0;
    bool waits = service->phase != PHASE_NONE && service->phase != PHASE_GATE;
    if (waits && !has_deadline && !slots_has(&test.manager.dirty, slot)) {
        broken("it waits without a time limit", slot);
    }
}

static void see_step(void *context, const struct event *event)
{
    uint32_t places = 0;

    if (test.world.steps > STEPS_A_BOOT_MOST) {
        broken("it never comes to rest", NO_SERVICE);
    }
    (void)context;
    (void)event;
    for (uint16_t slot = 0; slot < test.manager.catalogue.slot_count; slot++) {
        if (test.manager.services[slot].is_present) {
            service_check(slot, &places);
        } else {
            test.last_from[slot] = STATE_INACTIVE;
        }
    }
    if (places != test.manager.start_count || places > PARALLEL_STARTS) {
        broken("more parallel starts than allowed, or counted wrong", NO_SERVICE);
    }
    operations_check();
}

// --- Storms -------------------------------------------------------------------------------------

static void command_send(struct world *world)
{
    struct access_token token = {.user = sid_system, .integrity = INTEGRITY_SYSTEM};
    struct request request = {.token = &token, .connection = 1};

    if (test.asked + 1 >= REPLIES_MAX) {
        return;
    }
    request.id = test.asked++;
    request.command = (enum command)world_below(world, COMMAND_RELOAD_CONFIG + 1);
    if (request.command == COMMAND_SHUTDOWN) {
        request.command = COMMAND_RESTART;
    }
    request.wait = (enum wait_choice)world_below(world, 3);
    request.timeout_s = world_below(world, 8) == 0 ? 1 + (uint32_t)world_below(world, 9) : 0;
    snprintf(request.service, sizeof(request.service), "%ss%u",
             world_below(world, 20) == 0 ? "mount:" : "",
             (unsigned)world_below(world, test.service_count + 1));
    if (request.command == COMMAND_RELOAD_CONFIG) {
        test.definitions_seed += world_below(world, 2);
        test.is_bad_set = world_below(world, 3) == 0;
    }
    if (world_below(world, 10) == 0) {
        token.user = sid_local_service; // may do nothing
    }
    bool may = request.command > COMMAND_RESET || token.user.sub[0] == 18;
    world_event(world, &(struct event){.kind = EVENT_COMMAND, .request = &request});
    for (uint32_t i = 0; !may && i < world->actions.count; i++) {
        const struct action *action = &world->actions.list[i];
        if (action->kind == ACTION_REPLY && action->reply.id == request.id &&
            action->reply.code == REPLY_OK) {
            broken("a command was done for somebody who has no right to it", NO_SERVICE);
        }
    }
}

static void job_send(struct world *world)
{
    struct access_token token = {.user = sid_system, .integrity = INTEGRITY_SYSTEM};
    struct submission submission = {.connection = 2,
                                    .session = 9,
                                    .token = &token,
                                    .image = "tool",
                                    .arguments = "-x",
                                    .timeout_s = (uint32_t)world_below(world, 3)};

    if (test.asked + 1 < REPLIES_MAX) {
        submission.id = test.asked++;
        world_event(world, &(struct event){.kind = EVENT_SUBMIT, .submission = &submission});
    }
}

static void disturb(struct world *world)
{
    struct event event = {.kind = EVENT_CONTINUE};
    uint16_t slot = (uint16_t)world_below(world, test.service_count + 2);

    switch (world_below(world, 11)) {
    case 7:
        job_send(world);
        return;
    case 0:
        (void)world_crash(world, slot, (int32_t)world_below(world, 3), world_below(world, 2) == 0);
        return;
    case 1:
        event.kind = EVENT_CLOCK;
        event.value = 1700000000 + world_below(world, 2000000) - 1000000;
        event.status = world_below(world, 10) == 0;
        break;
    case 2:
        event.kind = EVENT_REGISTRY;
        test.definitions_seed += world_below(world, 2);
        break;
    case 3:
        event.kind = EVENT_SINK;
        event.status = world_below(world, 2) == 0;
        break;
    case 4: // any numbers at all
        event.kind = (enum event_kind)world_below(world, EVENT_KINDS);
        event.service = (uint16_t)world_below(world, 70000);
        event.job = (uint32_t)world_random(world);
        event.activation = (uint32_t)world_below(world, 50);
        event.part = (uint32_t)world_below(world, 12);
        event.value = world_random(world);
        if (event.kind == EVENT_COMMAND || event.kind == EVENT_SUBMIT ||
            event.kind == EVENT_SNAPSHOT || event.kind == EVENT_POWER ||
            event.kind == EVENT_INTERRUPT) {
            return;
        }
        break;
    case 5:
        if (test.manager.services[slot].main_job != NO_JOB) {
            event.kind = EVENT_OUTPUT;
            event.job = test.manager.jobs[test.manager.services[slot].main_job].serial;
            event.part = 1;
            event.text = "one line\nand another\npart";
            event.size = 25;
        }
        break;
    case 6:
        test.world.is_snapshot_failing = !test.world.is_snapshot_failing;
        return;
    default:
        command_send(world);
        return;
    }
    world_event(world, &event);
}

// --- A boot -------------------------------------------------------------------------------------

static void end_check(void)
{
    if (!test.world.is_halted) {
        broken("the machine did not halt", NO_SERVICE);
    }
    if (test.world.events_dropped != 0) {
        broken("the simulated machine had too many events", NO_SERVICE);
    }
}

static void boot(uint64_t seed)
{
    struct world *world = &test.world;
    uint64_t sequence = seed;
    struct manager_config config = {.seed = seed};

    memset(&test.seen, 0, sizeof(test.seen));
    memset(test.last_from, 0, sizeof(test.last_from));
    memset(test.answers, 0, sizeof(test.answers));
    test.asked = test.answered = 0;
    manager_init(&test.manager, &config, pool, SERVICES_MAX * DEFINITIONS_PER_SERVICE);
    world_init(world, &test.manager, seed);
    world->stage = stage;
    world->see_action = see_action;
    world->see_step = see_step;
    test.service_count = 2 + (uint32_t)world_below(world, SERVICES_MOST);
    test.is_bad_set = world_below(world, 3) == 0;
    test.definitions_seed = draw(&sequence);
    for (uint32_t i = 2; i < test.service_count + 2; i++) {
        behaviour_draw(&world->behaviours[i], world);
    }
    if (world_below(world, 20) == 0) {
        world->silent_phase = (uint8_t)(1 + world_below(world, PHASE_ONE_COUNT));
    }
    if (world_below(world, 20) == 0) {
        world->failing_phase = (uint8_t)(1 + world_below(world, PHASE_ONE_COUNT));
    }
    world->latency_ms = world_below(world, 3) == 0 ? 0 : 1 + (uint32_t)world_below(world, 400);
    world->boot_attempts = world_below(world, 15) == 0 ? 3 : 1;
    world_boot(world, world_below(world, 12) == 0 ? 1 + world_below(world, 3) : 0);
    uint32_t disturbances = (uint32_t)world_below(world, 300);
    uint64_t pause_ms = 1 + world_below(world, 1000);
    for (uint32_t i = 0; i < disturbances && !world->is_halted; i++) {
        world_run(world, world->now_ns + world_below(world, pause_ms) * NS_PER_MS);
        if (!world->is_halted) {
            disturb(world);
        }
    }
    world_run(world, world->now_ns + world_below(world, 40000) * NS_PER_MS);
    if (!world->is_halted) {
        world_event(world, &(struct event){.kind = EVENT_POWER});
        world_run(world, world->now_ns + 600 * NS_PER_S);
    }
    end_check();
}

static void totals_add(void)
{
    for (uint32_t i = 0; i < STATE_COUNT; i++) {
        for (uint32_t j = 0; j < STATE_COUNT; j++) {
            all_transitions[i][j] += test.transitions[i][j];
        }
    }
    for (uint32_t i = 0; i < CAUSE_COUNT; i++) {
        all_causes[i] += test.causes[i];
    }
    for (uint32_t i = 0; i < RECORD_KINDS; i++) {
        all_records[i] += test.records[i];
    }
    memset(test.transitions, 0, sizeof(test.transitions));
    memset(test.causes, 0, sizeof(test.causes));
    memset(test.records, 0, sizeof(test.records));
}

static uint64_t number_of(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text != NULL ? strtoull(text, NULL, 10) : otherwise;
}

// What never happened was not tested.
static void coverage_check(void)
{
    for (uint32_t i = 0; i < STATE_COUNT; i++) {
        for (uint32_t j = 0; j < STATE_COUNT; j++) {
            if (transition_is_listed(i, j) && all_transitions[i][j] == 0) {
                fprintf(stderr, "%s -> %s\n", state_name(i), state_name(j));
                broken("this transition never occurred", NO_SERVICE);
            }
        }
    }
    for (uint32_t i = 0; i < CAUSE_COUNT; i++) {
        if (all_causes[i] == 0) {
            fprintf(stderr, "%s\n", cause_name(i));
            broken("this cause never occurred", NO_SERVICE);
        }
    }
}

int main(void)
{
    uint64_t boots = number_of("STEPS", STEPS_DEFAULT) / STEPS_A_BOOT;
    uint64_t only = number_of("BOOT", UINT64_MAX);
    uint64_t steps = 0;

    test.seed = number_of("SEED", 1);
    test.is_loud = only != UINT64_MAX;
    for (uint64_t i = 0; i < boots || only != UINT64_MAX; i++) {
        test.boot = only != UINT64_MAX ? only : i;
        boot(test.seed * 1000003 + test.boot);
        steps += test.world.steps;
        totals_add();
        if (only != UINT64_MAX) {
            break;
        }
    }
    if (only == UINT64_MAX && boots >= 200) {
        coverage_check();
    }
    printf("%" PRIu64 " boots, %" PRIu64 " steps, %" PRIu64
           " changes of state\n"
           "[       OK ] always_a_boot_keeps_the_rules\n",
           boots, steps, test.change_count);
    return 0;
}
