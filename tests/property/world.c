// SPDX-License-Identifier: Apache-2.0
//
// One world: see world.h.
#include "tests/property/world.h"
#include "tests/property/follower.h"
#include "tests/property/learn.h"
#include "tests/property/record.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi/start.h"
#include "kernel/core/test/unchanged.h"
#include "lib/replay/replay.h"

enum {
    HISTORY_LINES = 40,
    HISTORY_WIDTH = 160,
    FRAMES_SMALL = 1792,
    COMMITS_SPARE = 1500, // of the log, for the end of a world
    RUNS_MAX = 1000,
    EXITS_MANY = 504,    // that nobody was told
    REFUSALS_ONE_IN = 8, // entries that are watched for changing nothing where they are refused
};

struct world world;
struct tally tally;

static char history[HISTORY_LINES][HISTORY_WIDTH];
static uint64_t history_count;
static uint64_t chance_state;

uint64_t environment(const char *name, uint64_t least, uint64_t otherwise)
{
    const char *text = getenv(name);
    char *end;

    if (text == NULL) {
        return otherwise;
    }
    errno = 0;
    unsigned long long number = strtoull(text, &end, 0);
    if (text[0] < '0' || text[0] > '9' || *end != 0 || errno != 0 || number < least) {
        fprintf(stderr, "%s: '%s' is not a number from %llu to 2^64 - 1\n", name, text,
                (unsigned long long)least);
        exit(2);
    }
    return number;
}

// --- Chance, history ----------------------------------------------------------------------------

void chance_init(uint64_t seed)
{
    chance_state = seed;
}

uint64_t chance_word(void)
{
    // SplitMix64.
    chance_state += 0x9e3779b97f4a7c15;
    uint64_t word = chance_state;
    word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9;
    word = (word ^ (word >> 27)) * 0x94d049bb133111eb;
    return word ^ (word >> 31);
}

uint32_t chance_below(uint32_t limit)
{
    return (uint32_t)(chance_word() % limit);
}

bool chance_in(uint32_t times)
{
    return chance_below(times) == 0;
}

void note(const char *format, ...)
{
    char *line = history[history_count++ % HISTORY_LINES];
    va_list arguments;
    int size = snprintf(line, HISTORY_WIDTH, "%llu: ", (unsigned long long)tally.step);

    va_start(arguments, format);
    vsnprintf(line + size, (size_t)(HISTORY_WIDTH - size), format, arguments);
    va_end(arguments);
    record("// %s", line);
}

static void history_print(void)
{
    uint64_t first = history_count < HISTORY_LINES ? 0 : history_count - HISTORY_LINES;

    for (uint64_t i = first; i < history_count; i++) {
        fprintf(stderr, "  %s\n", history[i % HISTORY_LINES]);
    }
    again_print();
}

static void aborted(int number)
{
    signal(number, SIG_DFL);
    history_print();
    raise(number);
}

void history_begin(void)
{
    signal(SIGABRT, aborted);
}

void broken(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, "\n");
    abort();
}

void fact_check(const char *what, enum status predicted, enum status found)
{
    tally.refusals[found]++;
    record("says(%d);", predicted);
    if (machine.end != MACHINE_RUNS || predicted != found) {
        broken("%s: the model says %d, the kernel %d", what, predicted, found);
    }
}

void old_put(struct old_ids *old, uint64_t id)
{
    if (id != 0) {
        old->ids[old->count++ % OLD_IDS] = id;
    }
}

uint64_t old_get(const struct old_ids *old)
{
    uint32_t count = old->count < OLD_IDS ? old->count : OLD_IDS;

    return count == 0 ? 1ull << 62 : old->ids[chance_below(count)];
}

// --- The log ------------------------------------------------------------------------------------

// Somebody who reads the log takes what is sealed away, at random.
static void log_trim(void)
{
    struct log *log = &machine.kernel->log;

    if (!world.is_trimmed || chance_in(8) == false) {
        return;
    }
    while (log->sealing < log->page) {
        log_seal_step(log);
    }
    uint64_t page = follower_page() < log->sealing ? follower_page() : log->sealing;
    page -= chance_below((uint32_t)(page - log->first) + 1);
    record("trim(%llu);", (unsigned long long)page);
    if (!log_acknowledge(log, page)) {
        broken("page %llu of the log is not acknowledged", (unsigned long long)page);
    }
}

// --- Actors -------------------------------------------------------------------------------------

bool actor_is_waiting(const struct actor *actor)
{
    return act_core()->threads[actor->thread].state == THREAD_WAITING;
}

struct actor *actor_find(void)
{
    uint32_t first = chance_below(ACTORS);

    for (uint32_t i = 0; i < ACTORS; i++) {
        struct actor *actor = &world.actors[(first + i) % ACTORS];
        if (actor->is_alive && !actor_is_waiting(actor)) {
            return actor;
        }
    }
    return NULL;
}

void actor_start(struct actor *actor, uint32_t thread, uint32_t program)
{
    struct start start;

    if (!machine_read(machine.threads[thread].space, machine.threads[thread].argument, &start,
                      sizeof(start))) {
        broken("a program without a start page");
    }
    *actor = (struct actor){.is_alive = true,
                            .thread = thread,
                            .program = program,
                            .process = start.process,
                            .base = hal_space_base(machine.threads[thread].space)};
}

void actor_end(struct actor *actor, int32_t code, uint32_t cause)
{
    uint64_t process = actor->process;

    actor_run(actor);
    actor->is_alive = false;
    if (cause == EXIT_CALLED) {
        machine_exit(actor->thread, code);
    } else {
        machine_fault(actor->thread, cause, 0);
        code = -1;
    }
    model_program_end(actor->program, true, (struct model_exit){process, code, cause});
}

uint32_t slot_take(struct actor *actor)
{
    for (uint32_t slot = 0; slot < SLOTS; slot++) {
        if ((actor->slots >> slot & 1) == 0) {
            actor->slots |= 1u << slot;
            return slot;
        }
    }
    return SLOTS;
}

uint32_t slot_offset(uint32_t slot)
{
    return ACT_FREE + slot * SLOT_SIZE;
}

uint8_t pattern_byte(uint64_t number, uint32_t i)
{
    return (uint8_t)((number * 0x9e3779b97f4a7c15) >> (i % 8 * 8)) ^ (uint8_t)i;
}

// --- Completions --------------------------------------------------------------------------------

static void bytes_check(const struct actor *actor, uint32_t offset, uint64_t number, uint32_t size)
{
    uint8_t bytes[SLOT_SIZE];

    machine_message_read(actor->thread, offset, bytes, size);
    for (uint32_t i = 0; i < size; i++) {
        if (bytes[i] != pattern_byte(number, i)) {
            broken("byte %u of a message of %u is wrong", i, size);
        }
    }
}

// What came along stands behind the message, in the order of the descriptors.
static void received_learn(const struct actor *actor, const struct model_expected *expected,
                           uint32_t message, uint32_t size)
{
    for (uint32_t i = 0; i < expected->received_count; i++) {
        const struct model_hold *received = &expected->received[i];
        uint64_t interface =
            received->is_revoker ? REVOKER_INTERFACE_ID : model.nodes[received->node].interface;
        struct received record;
        machine_message_read(actor->thread,
                             message + (size + 7) / 8 * 8 + i * (uint32_t)sizeof(record), &record,
                             sizeof(record));
        if (record.interface != interface) {
            broken("capability %u arrived with interface %llx; the model says %llx", i,
                   (unsigned long long)record.interface, (unsigned long long)interface);
        }
        model_hold_learn(actor->program, received, record.cap);
        tally.transfers++;
    }
}

static void delivery_check(const struct actor *actor, const struct model_expected *expected,
                           const struct cqe *cqe, uint32_t result)
{
    const struct model_wait *call = &expected->call;
    const struct model_node *node = &model.nodes[call->node];
    const struct sqe *sqe = &call->operation.sqe;
    struct message_header header = act_header(actor->thread, result);

    if (header.call_id != cqe->extra || header.interface != node->interface ||
        header.receiver_data != node->receiver_data || header.method != sqe->method ||
        header.kind != MESSAGE_CALL || header.transfers != sqe->transfers ||
        header.disclose != call->disclosed || header.size != sqe->payload_len ||
        header.call_id == 0) {
        broken("another call was delivered than the model says");
    }
    reference_learn(call, &header);
    bytes_check(actor, result + (uint32_t)sizeof(header), sqe->user_data, sqe->payload_len);
    received_learn(actor, expected, result + (uint32_t)sizeof(header), sqe->payload_len);
    model_call_learn(call->operation.program, sqe->user_data, cqe->extra);
    old_put(&world.old_calls, cqe->extra);
    tally.deliveries++;
}

static void drop_check(const struct actor *actor, const struct model_expected *expected,
                       uint32_t result)
{
    struct message_header header = act_header(actor->thread, result);

    if (header.kind != MESSAGE_DROPPED || header.call_id != 0 || header.size != 0 ||
        !model_drop_learn(expected->call.object, header.interface, header.receiver_data)) {
        broken("a server was told that something is dropped that is not");
    }
    tally.drops++;
}

static void exit_check(const struct actor *actor, const struct model_expected *expected,
                       uint32_t result)
{
    uint8_t bytes[24];
    struct capnp_message message;

    machine_message_read(actor->thread, result, bytes, sizeof(bytes));
    capnp_message_init(&message, bytes, sizeof(bytes), NULL, 0);
    struct job_next_exit_results_reader found = job_next_exit_results_read(&message);
    if (job_next_exit_results_get_process(found) != expected->exit.process ||
        job_next_exit_results_get_code(found) != expected->exit.code ||
        (uint32_t)job_next_exit_results_get_cause(found) != expected->exit.cause) {
        broken("another exit was told than the model says");
    }
}

static void extra_check(const struct model_expected *expected, const struct cqe *cqe)
{
    record("extra(%#llx);", (unsigned long long)expected->extra);
    if (cqe->extra != expected->extra) {
        broken("completion %llx: extra %llx; the model says %llx",
               (unsigned long long)cqe->user_data, (unsigned long long)cqe->extra,
               (unsigned long long)expected->extra);
    }
    tally.waits++;
}

static void success_check(const struct actor *actor, const struct model_expected *expected,
                          const struct cqe *cqe)
{
    uint32_t result = slot_offset(cqe->user_data % SLOTS) + SLOT_RESULT;

    record("succeeds(%#llx, %u, %u);", (unsigned long long)expected->operation.sqe.user_data,
           expected->size, expected->exception);
    if (cqe->status != (int32_t)expected->size ||
        (cqe->flags & CQE_EXCEPTION_MASK) != expected->exception ||
        cqe->transfers != expected->received_count ||
        ((cqe->flags & CQE_TRANSFERS) != 0) != (expected->received_count != 0)) {
        broken("completion %llx: status %d, flags %x; the model says size %u, exception %u",
               (unsigned long long)cqe->user_data, cqe->status, cqe->flags, expected->size,
               expected->exception);
    }
    if (expected->kind == MODEL_DELIVERY) {
        delivery_check(actor, expected, cqe, result);
    } else if (expected->kind == MODEL_DROP) {
        drop_check(actor, expected, result);
    } else if (expected->kind == MODEL_EXITED) {
        exit_check(actor, expected, result);
    } else if (expected->operation.sqe.opcode >= OP_SIGNAL) {
        extra_check(expected, cqe);
    } else if (expected->size != 0 || expected->received_count != 0) {
        bytes_check(actor, result, expected->call.call_id, expected->size);
        received_learn(actor, expected, result, expected->size);
        tally.answers++;
    }
}

static void completion_check(const struct actor *actor, const struct model_expected *expected,
                             const struct cqe *cqe)
{
    enum status fact = expected->fact;

    if (fact == STATUS_OK) {
        success_check(actor, expected, cqe);
        return;
    }
    bool is_exception = status_exception[fact] != EXCEPTION_TRANSPORT;
    tally.refusals[fact]++;
    record("fails(%#llx, %d);", (unsigned long long)expected->operation.sqe.user_data, fact);
    if (cqe->status != (is_exception ? 0 : -(int32_t)fact) ||
        (cqe->flags & CQE_EXCEPTION_MASK) != status_exception[fact] ||
        (is_exception && cqe->detail != fact)) {
        broken("completion %llx: status %d, flags %x, detail %llu; the model says fact %d",
               (unsigned long long)cqe->user_data, cqe->status, cqe->flags,
               (unsigned long long)cqe->detail, fact);
    }
    if (expected->needed != 0 && cqe->extra != expected->needed) {
        broken("completion %llx: needed %llu; the model says %llu",
               (unsigned long long)cqe->user_data, (unsigned long long)cqe->extra,
               (unsigned long long)expected->needed);
    }
}

static bool is_silent(const struct model_expected *expected)
{
    return (expected->operation.sqe.flags & SQE_QUIET) != 0 && expected->fact == STATUS_OK &&
           expected->exception == 0 && expected->received_count == 0;
}

// Takes the expected completion with this number out; false: the model knows of none.
static bool expected_take(uint32_t program, uint64_t user_data, struct model_expected *out)
{
    for (uint32_t i = 0; i < model.expected_count; i++) {
        struct model_expected *expected = &model.expected[i];
        if (expected->operation.program == program &&
            expected->operation.sqe.user_data == user_data && !is_silent(expected)) {
            *out = *expected;
            *expected = model.expected[--model.expected_count];
            return true;
        }
    }
    return false;
}

static struct actor *actor_of(uint32_t program)
{
    for (uint32_t i = 0; i < ACTORS; i++) {
        if (world.actors[i].is_alive && world.actors[i].program == program) {
            return &world.actors[i];
        }
    }
    return NULL;
}

// Those that have no message have no slot.
static void slot_give(struct actor *actor, const struct model_expected *expected)
{
    if (expected->operation.sqe.opcode < OP_SIGNAL) {
        actor->slots &= ~(1u << expected->operation.sqe.user_data % SLOTS);
    }
}

static void completions_check(void)
{
    struct model_expected expected;
    struct cqe cqe;

    for (uint32_t i = 0; i < ACTORS; i++) {
        struct actor *actor = &world.actors[i];
        while (actor->is_alive && machine_reap(actor->thread, &cqe)) {
            if (!expected_take(actor->program, cqe.user_data, &expected)) {
                record("unexpected(%#llx);", (unsigned long long)cqe.user_data);
                broken("actor %u: completion %llx (status %d, flags %x) that the model lacks", i,
                       (unsigned long long)cqe.user_data, cqe.status, cqe.flags);
            }
            completion_check(actor, &expected, &cqe);
            slot_give(actor, &expected);
        }
    }
    for (uint32_t i = 0; i < model.expected_count; i++) {
        const struct model_expected *left = &model.expected[i];
        struct actor *actor = actor_of(left->operation.program);
        if (actor != NULL && !is_silent(left)) {
            record("lacks(%u, %#llx);", actor->thread,
                   (unsigned long long)left->operation.sqe.user_data);
            broken("program %u lacks completion %llx (fact %d)", left->operation.program,
                   (unsigned long long)left->operation.sqe.user_data, left->fact);
        }
        if (actor != NULL) {
            slot_give(actor, left);
        }
    }
    model.expected_count = 0;
}

uint32_t waiting_count(uint32_t thread)
{
    const struct core *core = act_core();
    uint32_t count = 0;
    for (uint32_t i = 0; i < core->request_count; i++) {
        const struct request *request = &core->requests[i];
        bool waits = request->state > REQUEST_NEW && request->state != REQUEST_LOST;
        count += waits && request->sender.thread == thread ? 1 : 0;
    }
    return count;
}

// Everything that is due by now ends.
static void due_end(void)
{
    do {
        machine_timer(machine.now_ns);
    } while (machine.end == MACHINE_RUNS && machine.armed_ns <= machine.now_ns);
    model_time(machine.now_ns);
}

void actor_run(const struct actor *actor)
{
    bool is_running = machine.running == (int32_t)actor->thread;

    for (uint32_t i = 0; i < RUNS_MAX && !is_running; i++) {
        if (!machine_run_until(actor->thread)) {
            broken("a thread that doesn't wait can't run");
        }
        due_end();
        completions_check();
        is_running = machine.running == (int32_t)actor->thread;
    }
    if (!is_running) {
        broken("a thread never gets its turn");
    }
}

void actor_refresh(const struct actor *actor)
{
    // Somebody else may be chosen in that entry, and time passes until it runs again.
    do {
        actor_run(actor);
        world.is_refreshing = true;
        machine_enter(actor->thread, 0, 0);
        world.is_refreshing = false;
        completions_check();
    } while (machine.running != (int32_t)actor->thread);
}

// Invariant 6 from the other side: what waits here waits there.
static void waits_check(void)
{
    for (uint32_t i = 0; i < ACTORS; i++) {
        const struct actor *actor = &world.actors[i];
        if (!actor->is_alive) {
            continue;
        }
        uint32_t found = waiting_count(actor->thread);
        if (found != model_waiting(actor->program)) {
            record("waits(%u, %u);", actor->thread, model_waiting(actor->program));
            broken("actor %u: %u operations wait; the model says %u", i, found,
                   model_waiting(actor->program));
        }
    }
    uint32_t holds = act_core()->state.arenas[ARENA_HOLDS].live;
    if (holds != model.hold_count) {
        record("holds(%u);", model.hold_count);
        broken("%u holds live; the model says %u", holds, model.hold_count);
    }
}

// What was being built goes with the last hold of its builder, or of a facet or revoker of it.
static void building_settle(void)
{
    bool is_held = false;

    for (uint32_t i = 0; i < model.hold_count; i++) {
        is_held = is_held || model.nodes[model.holds[i].node].object == world.building.object;
    }
    if (world.building.is_pending && !is_held) {
        world.building.is_pending = false;
        world.building.builder.value = 0;
        model_program_end(world.building.program, false, (struct model_exit){0});
    }
}

void world_check(void)
{
    building_settle();
    if (machine.end == MACHINE_RUNS) {
        due_end();
    }
    if (machine.end != MACHINE_RUNS) {
        broken("the machine ended: %s", machine.panic_what);
    }
    completions_check();
    waits_check();
    core_check(act_core());
    follower_step();
    log_trim();
}

// --- Begin and end ------------------------------------------------------------------------------

bool world_is_nearly_full(void)
{
    const struct state_config *config = &act_core()->state.config;
    uint64_t exits = config->processes + config->jobs;

    return machine.kernel->log.room < LOG_OTHER + exits + TURN_COMMITS_MAX + COMMITS_SPARE ||
           model.object_count > MODEL_MANY - 64 || model.node_count > MODEL_MANY - 64 ||
           model.hold_count > MODEL_MANY - 256 || world.programs > MODEL_MANY - 8 ||
           model.exit_count - model.exits_told > EXITS_MANY;
}

static void genesis_learn(const struct actor *first)
{
    const struct {
        const char *name;
        enum model_kind kind;
        uint64_t interface;
        enum transfer_mode mode;
    } given[] = {
        {"console", MODEL_CONSOLE, DEBUG_CONSOLE_INTERFACE_ID, TRANSFER_COPY},
        {"timer", MODEL_TIMER, TIMER_INTERFACE_ID, TRANSFER_COPY},
        {"job", MODEL_JOB, JOB_INTERFACE_ID, TRANSFER_NONE},
        {"capabilities", MODEL_MANAGER, CAPABILITY_MANAGER_INTERFACE_ID, TRANSFER_COPY},
        {"package", MODEL_MEMORY, MEMORY_OBJECT_INTERFACE_ID, TRANSFER_COPY},
        {"log", MODEL_LOG, LOG_READER_INTERFACE_ID, TRANSFER_COPY},
        {"log-pages", MODEL_MEMORY, MEMORY_OBJECT_INTERFACE_ID, TRANSFER_COPY},
        {"ports", MODEL_PORTS, IO_PORTS_INTERFACE_ID, TRANSFER_COPY},
        {"interrupts", MODEL_INTERRUPT, INTERRUPT_INTERFACE_ID, TRANSFER_COPY},
        {"space", MODEL_SPACE, ADDRESS_SPACE_INTERFACE_ID, TRANSFER_COPY},
        {"session", MODEL_SESSION, SESSION_MINTER_INTERFACE_ID, TRANSFER_COPY},
        {"clock", MODEL_MEMORY, MEMORY_OBJECT_INTERFACE_ID, TRANSFER_COPY},
    };

    for (uint32_t i = 0; i < sizeof(given) / sizeof(given[0]); i++) {
        uint32_t node = model_object_create(given[i].kind, given[i].interface, 0);
        uint64_t cap = act_named(first->thread, given[i].name).value;
        uint64_t count = given[i].kind == MODEL_PORTS ? HAL_PORTS : HAL_LINES;
        model.objects[model.nodes[node].object].bits = count << 32;
        model_hold_insert(first->program, cap, node, given[i].mode, false);
    }
}

void world_machine_boot(const struct machine_options *wanted)
{
    static const char *const programs[] = {"init", "child", "other", NULL};
    // Who looks at all of a kind after each step looks at no more than a world can have.
    static const uint32_t small[RESOURCE_COUNT] = {[RESOURCE_THREADS] = 64,
                                                   [RESOURCE_OBJECTS] = 512,
                                                   [RESOURCE_FACETS] = 512,
                                                   [RESOURCE_CALLS] = MODEL_FEW + 64};
    struct machine_options options = *wanted;

    options.frames = FRAMES_SMALL;
    memcpy(options.sizes, small, sizeof(small));
    options.programs = programs;
    unchanged_sample(REFUSALS_ONE_IN);
    machine_witness = &race_witness;
    if (!machine_boot(&options)) {
        broken("the machine doesn't boot: %s", (const char *)machine.console.bytes);
    }
}

void world_begin(void)
{
    struct machine_options options = {0};

    options.boot_id = chance_word() | 1;
    options.space_base = chance_in(2) ? 0 : 1ull << 40;
    options.takes_tables = chance_in(2);
    if (chance_in(4)) {
        options.hole_first = 1700;
        options.hole_count = 8;
    }
    history_begin();
    note("a new world: base %llx, tables %d, hole %u", (unsigned long long)options.space_base,
         options.takes_tables, options.hole_count);
    record("begin(%#llx, %#llx, %d, %u, %u);", (unsigned long long)options.boot_id,
           (unsigned long long)options.space_base, options.takes_tables, options.hole_first,
           options.hole_count);
    world_machine_boot(&options);
    machine.interrupts = chance_in(2);
    memset(&world, 0, sizeof(world));
    model_init();
    device_begin();
    world.programs = 1;
    world.is_trimmed = chance_in(2);
    actor_start(&world.actors[0], (uint32_t)machine.running, 0);
    genesis_learn(&world.actors[0]);
    follower_begin();
    tally.worlds++;
    world_check();
}

// The exported log, by the library that replicas use: chain, trailer and three digests.
static void log_check(void)
{
    struct replay_log log;
    struct replay replay;
    struct state_config config;

    struct replay_error error = replay_log_open(&log, machine.log.bytes, machine.log.size);
    if (error.fault == REPLAY_OK) {
        error = replay_log_verify(&log, NULL);
    }
    if (error.fault == REPLAY_OK && log.first != 0) { // the follower has read what is gone
        if (memcmp(log.trailer->digest, follower_digest(), 16) != 0) {
            broken("the exported log states another digest");
        }
        return;
    }
    if (error.fault == REPLAY_OK) {
        error = replay_config(&log.pages[0], &config);
    }
    if (error.fault != REPLAY_OK) {
        broken("the exported log: fault %d", error.fault);
    }
    size_t size = ((size_t)state_size(&config) + 63) & ~(size_t)63;
    void *storage = aligned_alloc(64, size);
    if (storage == NULL) {
        broken("the host has no memory left");
    }
    memset(storage, 0, size);
    replay_init(&replay, &config, storage);
    for (uint64_t i = 0; i < log.page_count && error.fault == REPLAY_OK; i++) {
        error = replay_page(&replay, &log.pages[i]);
    }
    if (error.fault == REPLAY_OK) {
        error = replay_end(&replay, log.trailer);
    }
    if (error.fault != REPLAY_OK) {
        broken("replay: fault %d, seq %llu", error.fault, (unsigned long long)error.seq);
    }
    free(storage);
}

// CORE invariant 5: all is zero after the last exit.
static void emptiness_check(void)
{
    const struct state *state = &act_core()->state;

    if (state->arenas[ARENA_HOLDS].live + state->arenas[ARENA_THREADS].live +
            state->arenas[ARENA_MAPPINGS].live !=
        0) {
        broken("something is left after the last exit");
    }
    for (uint32_t i = 0; i < state->arenas[ARENA_OBJECTS].fresh; i++) {
        // An exit that nobody asked for keeps its process's session, and that its identity.
        if (arena_is_live(&state->arenas[ARENA_OBJECTS], i) &&
            (state->objects[i].flags & OBJECT_PINNED) == 0 &&
            (state->arenas[ARENA_PROCESSES].live == 0 ||
             state->facets[state->objects[i].root_facet].pin_count == 0)) {
            broken("object %u outlives everybody", i);
        }
    }
    if (act_waiting() != 0) {
        broken("an operation outlives everybody");
    }
}

static void log_keep(const char *path)
{
    FILE *file = fopen(path, "wb");

    if (file == NULL || fwrite(machine.log.bytes, 1, machine.log.size, file) != machine.log.size ||
        fclose(file) != 0) {
        broken("can't write %s", path);
    }
}

void world_end(const char *log_path)
{
    // What waits with a limit ends, so that everybody can exit.
    machine.now_ns += 3600ull * 1000 * 1000 * 1000;
    world_check();
    note("the world ends");
    uint32_t left = 0;
    for (uint32_t i = 0; i < ACTORS; i++) {
        left += world.actors[i].is_alive ? 1 : 0;
    }
    for (; left > 0; left--) {
        struct actor *actor = actor_find();
        if (actor == NULL) {
            broken("everybody waits, and nothing will come");
        }
        actor_end(actor, (int32_t)left, EXIT_CALLED);
        if (left > 1) {
            world_check();
        }
    }
    record("end();");
    if (machine.end != MACHINE_HALTED) {
        broken("the last exit doesn't end the machine: %s", machine.panic_what);
    }
    emptiness_check();
    follower_step();
    if (!world.is_brief) {
        log_check();
    }
    if (log_path != NULL) {
        log_keep(log_path);
    }
    machine_fini();
    world.is_over = true;
}
