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

#include "system/init/manager/inbox.h"
#include "system/init/manager/parts.h"
#include "system/init/manager/right.h"
#include "system/init/world/draw.h"

enum {
    STEPS_DEFAULT = 100000,
    STEPS_A_BOOT = 500,
    STEPS_A_BOOT_MOST = 100000,
    SERVICES_MOST = 40,
    REPLIES_MAX = 512,
};

// What a request may be answered, as far as its right goes.
enum expected { EXPECT_ANYTHING, EXPECT_REFUSAL, EXPECT_NO_DENIAL };

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
    struct drawn_system system; // that is staged next
    struct seen seen;
    uint32_t asked, answered; // requests
    uint8_t answers[REPLIES_MAX];
    uint8_t expected[REPLIES_MAX]; // enum expected
    struct inbox inbox;
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

static void stage(void *context, struct catalogue *catalogue)
{
    (void)context;
    draw_definitions(catalogue, &test.system);
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

static void reply_check(const struct reply *reply)
{
    bool is_denied = reply->code == REPLY_ACCESS_DENIED || reply->code == REPLY_NO_SUCH_SERVICE;

    test.answered++;
    if (reply->id >= REPLIES_MAX || test.answers[reply->id]++ != 0) {
        broken("a request was answered twice", NO_SERVICE);
    }
    if (test.expected[reply->id] == EXPECT_REFUSAL && !is_denied) {
        broken("a command was done for somebody whom the descriptor denies it", reply->service);
    }
    if (test.expected[reply->id] == EXPECT_NO_DENIAL && is_denied) {
        broken("a command was denied to somebody to whom the descriptor allows it", NO_SERVICE);
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
        reply_check(&action->reply);
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

static bool holds_up(uint16_t slot, const struct edge *edge)
{
    uint16_t other = edge->to == slot ? edge->from : edge->to;
    bool is_coming = service_has_start(&test.manager, other);

    if (!edge_orders(edge)) {
        return is_coming || service_is_busy(&test.manager, other);
    }
    return edge->from == slot && !service_satisfies(&test.manager, other) &&
           (is_coming || test.manager.services[other].phase == PHASE_RECLAIM);
}

// What waits at the gate waits for somebody who moves.
static void gate_check(uint16_t slot)
{
    const struct service *service = &test.manager.services[slot];
    const struct graph *graph = &test.manager.catalogue.sets[test.manager.catalogue.in_force].graph;
    bool has_reason =
        service->waits_place || service->is_unbinding || is_shutting_down(&test.manager);

    if (service->phase != PHASE_GATE || !slots_is_empty(&test.manager.dirty)) {
        return;
    }
    for (uint32_t i = 0; i < graph->edge_count && !has_reason; i++) {
        const struct edge *edge = &graph->edges[i];
        has_reason = (edge->from == slot || edge->to == slot) && holds_up(slot, edge);
    }
    if (!has_reason) {
        broken("a service waits for nobody", slot);
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
            gate_check(slot);
        } else {
            test.last_from[slot] = STATE_INACTIVE;
        }
    }
    if (places != test.manager.start_count || places > PARALLEL_STARTS) {
        broken("more parallel starts than allowed, or counted wrong", NO_SERVICE);
    }
    operations_check();
}

// --- Rights -------------------------------------------------------------------------------------

enum who { WHO_SYSTEM, WHO_ADMINISTRATOR, WHO_OTHER, WHO_COUNT };

static struct access_token token_of(enum who who)
{
    const struct sid *users[WHO_COUNT] = {&sid_system, &sid_administrators, &sid_local_service};
    return (struct access_token){.user = *users[who],
                                 .groups = &sid_everyone,
                                 .groups_count = 1,
                                 .integrity = INTEGRITY_SYSTEM};
}

// What definition_draw() gives to whom, written a second time.
static uint32_t rights_of(uint16_t slot, enum who who)
{
    static const uint32_t absent[WHO_COUNT] = {0xf, 0x5, 0};
    static const uint32_t open[WHO_COUNT] = {0xf, 0x1, 0x1};
    static const uint32_t narrow[WHO_COUNT] = {0xb, 0, 0};
    const struct definition *definition = service_newest(&test.manager, slot);
    const char *text =
        definition != NULL ? definition_text(definition, FIELD_SERVICE_SECURITY) : "";

    return text[0] == '\0' ? absent[who] : strstr(text, "WD") != NULL ? open[who] : narrow[who];
}

static void rights_check(enum who who)
{
    struct access_token token = token_of(who);

    for (uint16_t slot = 0; slot < test.manager.catalogue.slot_count; slot++) {
        if (test.manager.services[slot].is_present &&
            right_missing(&test.manager, slot, &token, RIGHT_SERVICE_ALL) !=
                (RIGHT_SERVICE_ALL & ~rights_of(slot, who))) {
            broken("a descriptor gives other rights than it says", slot);
        }
    }
}

static enum expected expected_of(const struct request *request, enum who who)
{
    static const uint32_t needed[COMMAND_SHUTDOWN] = {
        [COMMAND_START] = RIGHT_START,
        [COMMAND_STOP] = RIGHT_STOP,
        [COMMAND_RESTART] = RIGHT_START | RIGHT_STOP,
        [COMMAND_RELOAD] = RIGHT_INTERROGATE,
        [COMMAND_RESET] = RIGHT_START,
        [COMMAND_STATUS] = RIGHT_QUERY_STATUS,
        [COMMAND_WHY] = RIGHT_QUERY_STATUS,
        [COMMAND_PLAN] = RIGHT_QUERY_STATUS,
    };
    uint16_t slot = catalogue_find(&test.manager.catalogue, request->service);

    if (request->command >= COMMAND_SHUTDOWN) {
        return who == WHO_OTHER ? EXPECT_REFUSAL : EXPECT_NO_DENIAL;
    }
    if (needed[request->command] == 0) {
        return EXPECT_ANYTHING;
    }
    if (slot == NO_SERVICE || !test.manager.services[slot].is_present ||
        (needed[request->command] & ~rights_of(slot, who)) != 0) {
        return EXPECT_REFUSAL;
    }
    return EXPECT_NO_DENIAL;
}

// --- Storms -------------------------------------------------------------------------------------

static void command_send(struct world *world)
{
    enum who who = world_below(world, 3) > 0 ? WHO_SYSTEM : (enum who)world_below(world, WHO_COUNT);
    struct access_token token = token_of(who);
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
             (unsigned)world_below(world, test.system.service_count + 1));
    if (request.command == COMMAND_RELOAD_CONFIG) {
        test.system.generation += world_below(world, 2);
        test.system.is_bad = world_below(world, 3) == 0;
    }
    rights_check(who);
    test.expected[request.id] = (uint8_t)expected_of(&request, who);
    world_event(world, &(struct event){.kind = EVENT_COMMAND, .request = &request});
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

static struct event burst_event(struct world *world, enum inbox_source source)
{
    static const enum event_kind kinds[INBOX_SOURCES] = {
        [INBOX_EXITS] = EVENT_EXIT,       [INBOX_SHUTDOWN] = EVENT_DONE,
        [INBOX_ANSWERS] = EVENT_CLOCK,    [INBOX_NOTIFY] = EVENT_NOTIFY,
        [INBOX_CONTROL] = EVENT_CONTINUE, [INBOX_REGISTRY] = EVENT_REGISTRY,
        [INBOX_OUTPUT] = EVENT_SINK};
    uint16_t slot = (uint16_t)world_below(world, test.system.service_count + 2);
    const struct service *service = &test.manager.services[slot];
    bool has_job = service->is_present && service->main_job != NO_JOB;

    return (struct event){
        .kind = kinds[source],
        .service = slot,
        .job = has_job ? test.manager.jobs[service->main_job].serial : 0,
        .activation = service->activation,
        .part = source == INBOX_NOTIFY ? (uint32_t)world_below(world, NOTIFY_KINDS) : 0,
        .value = 1700000000 + world_below(world, 100),
        .status = (int32_t)world_below(world, 2),
        .text = "name"};
}

// Many at once, from all sources, taken while the work that they make is not done yet: each waits
// for at most a round for everyone in front of it.
static void burst(struct world *world)
{
    uint32_t taken[INBOX_SOURCES] = {0};
    uint32_t turns = 0;
    struct event event;

    inbox_init(&test.inbox);
    for (uint32_t source = 0; source < INBOX_SOURCES; source++) {
        for (uint64_t count = world_below(world, INBOX_QUEUE_MAX + 1); count > 0; count--) {
            event = burst_event(world, source);
            if (event.kind != EVENT_CONTINUE && !inbox_put(&test.inbox, &event)) {
                broken("the inbox refused what it has room for", NO_SERVICE);
            }
        }
    }
    while (inbox_take(&test.inbox, &event) && !world->is_halted) {
        turns++;
        if (turns > ++taken[inbox_source_of(event.kind)] * INBOX_ROUND) {
            broken("a source was not served within its rounds", NO_SERVICE);
        }
        world_step(world, &event);
    }
    world_event(world, &(struct event){.kind = EVENT_CONTINUE});
}

static void disturb(struct world *world)
{
    struct event event = {.kind = EVENT_CONTINUE};
    uint16_t slot = (uint16_t)world_below(world, test.system.service_count + 2);

    if (world_below(world, 60) == 0) {
        burst(world);
        return;
    }
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
        test.system.generation += world_below(world, 2);
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
    struct manager_config config = {.seed = seed};

    memset(&test.seen, 0, sizeof(test.seen));
    memset(test.last_from, 0, sizeof(test.last_from));
    memset(test.answers, 0, sizeof(test.answers));
    memset(test.expected, 0, sizeof(test.expected));
    test.asked = test.answered = 0;
    manager_init(&test.manager, &config, pool, SERVICES_MAX * DEFINITIONS_PER_SERVICE);
    world_init(world, &test.manager, seed);
    world->stage = stage;
    world->see_action = see_action;
    world->see_step = see_step;
    test.system.service_count = 2 + (uint32_t)world_below(world, SERVICES_MOST);
    test.system.is_bad = world_below(world, 3) == 0;
    test.system.generation = 0;
    test.system.seed = seed * 0x9e3779b97f4a7c15u;
    for (uint32_t i = 2; i < test.system.service_count + 2; i++) {
        draw_behaviour(&world->behaviours[i], world);
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
