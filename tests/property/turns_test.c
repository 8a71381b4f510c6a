// SPDX-License-Identifier: Apache-2.0
//
// Random programs of different priorities that call, answer, wait, cancel, give capabilities on,
// release and revoke them, kill each other's jobs and corrupt their indexes, over leases, timers
// and a log that is full now and then. After each turn, not only after each entry, the invariants
// hold (core_check), and each operation that was submitted is to be taken, waits, or has its
// completion: one of the three. What comes of an operation is not foretold here; tests/property
// does that, for programs without priorities, leases and jobs of their own.
//
//     STEPS=n   entries at least, in machine after machine (default 100,000)
//     SEED=n    the first machine (default 1); each prints the line that repeats it
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/core/test/act.h"
#include "kernel/core/test/jobs.h"
#include "kernel/core/test/waiting.h"
#include "tests/property/world.h"

enum {
    MESSAGE = 64,
    RECV_SIZE = (int)sizeof(struct message_header) + MESSAGE,
    RESULT_AT = ACT_FREE,
    RECV_AT = ACT_FREE + 1024,
    SENT_AT = ACT_FREE + 2048,
    EXIT_AT = ACT_FREE + 3072,
    RESULT_SIZE = 256,
    INTERFACE = 0x5000,
    PLAYERS = 7,
    CAPS_MAX = 128,
    OPEN_MAX = 256, // operations of one player that are not over
    CPUS_MAX = 3,
    STEPS_DEFAULT = 100000,
    WORLD_STEPS = 1500,
    TURNS_MAX = 100000,
};

enum kind { SERVER, CLIENT, NOTE, REVOKER, JOB, PROCESS, TIMER, CALL_ID, KINDS };

struct player {
    uint32_t thread;
    bool is_alive;
    bool has_entered;
    uint64_t held[KINDS][CAPS_MAX]; // capability ids, and calls to be answered
    uint32_t count[KINDS];
    struct {
        uint64_t id;
        bool is_quiet;
    } open[OPEN_MAX];
    uint32_t open_count;
    uint32_t *corrupt; // index of its ring that is wrong now; NULL: none
    uint32_t right;    // what it was
};

static const char *const programs[] = {"init", "child", NULL};
static struct player players[PLAYERS];
static uint32_t init;
static uint64_t seed_now; // of this machine
static uint64_t chance;
static uint64_t next_id;
static uint64_t entries;
static uint64_t hidden;     // of the log's room
static uint32_t cpus;       // of this world
static uint32_t unfinished; // CPUs whose last turn said that there is more, as bits

static uint32_t below(uint32_t limit)
{
    chance ^= chance << 13;
    chance ^= chance >> 7;
    chance ^= chance << 17;
    return (uint32_t)((chance >> 20) % limit);
}

static void keep(uint32_t player, enum kind kind, cap_t cap)
{
    assert_true(players[player].count[kind] < CAPS_MAX);
    players[player].held[kind][players[player].count[kind]++] = cap.value;
}

// One of those that it has, or had; 0: none.
static uint64_t any(struct player *player, enum kind kind)
{
    return player->count[kind] == 0 ? 0 : player->held[kind][below(player->count[kind])];
}

static void drop(cap_t cap)
{
    assert_int_equal(act_do_fact(init, act_release(cap)), STATUS_OK);
}

// By init.
static void keep_or_drop(enum kind kind, cap_t cap)
{
    if (below(2) != 0) {
        keep(0, kind, cap);
    } else {
        drop(cap);
    }
}

// --- Worlds -------------------------------------------------------------------------------------

static void player_new(uint32_t index)
{
    static const uint32_t limits[RESOURCE_COUNT] = {
        [RESOURCE_PROCESSES] = 1, [RESOURCE_THREADS] = 1, [RESOURCE_OBJECTS] = 9,
        [RESOURCE_FACETS] = 60,   [RESOURCE_HOLDS] = 100, [RESOURCE_MAPPINGS] = 20,
        [RESOURCE_PAGES] = 200,   [RESOURCE_SPACE] = 400, [RESOURCE_CALLS] = 40,
    };
    cap_t process;

    cap_t job = act_job(init, act_named(init, "job"), limits,
                        below(4) == 0 ? PRIORITY_DEFAULT : 12 + below(5));
    cap_t builder = act_builder_in(init, job);
    assert_int_equal(act_start_in(init, job, builder, &process), STATUS_OK);
    players[index] = (struct player){.thread = machine.newest_thread, .is_alive = true};
    drop(builder);
    keep_or_drop(JOB, job);
    keep_or_drop(PROCESS, process);
}

// What an player gets of what init has.
static void give(uint32_t to, enum kind kind, cap_t cap)
{
    if (players[to].is_alive) {
        keep(to, kind, to == 0 ? cap : act_give(init, cap, players[to].thread));
    }
}

static void lease(cap_t revoker, uint64_t expiry_ns, uint64_t calls)
{
    uint64_t words[32] = {0};
    struct capnp_builder message;
    struct act_answer answer;

    capnp_builder_init(&message, words, sizeof(words));
    struct revoker_set_lease_params_builder params = revoker_set_lease_params_build(&message);
    revoker_set_lease_params_set_expiry(params, expiry_ns);
    revoker_set_lease_params_set_calls(params, calls);
    act_object(init, revoker, REVOKER_SET_LEASE, &message, &answer);
    assert_int_equal(act_fact(&answer.cqe), STATUS_OK);
}

// A facet of init's, perhaps leased; its revoker stays with init, or goes.
static cap_t facet_new(cap_t target, uint64_t methods, uint64_t interface)
{
    struct act_facet made = act_facet(init, target, methods, interface, 0);

    assert_int_equal(made.fact, STATUS_OK);
    if (below(4) == 0) {
        lease(made.revoker, below(2) != 0 ? UINT64_MAX : machine.now_ns + 1 + below(1000000),
              1 + below(30));
    }
    keep_or_drop(REVOKER, made.revoker);
    return made.facet;
}

// An endpoint with some server sides and clients here and there; init may keep none of them.
static void endpoint_new(void)
{
    cap_t sides[4] = {act_endpoint(init, MESSAGE)};
    uint32_t count = 1;

    for (uint32_t more = below(4); more > 0; more--) {
        sides[count] = facet_new(sides[count - 1], UINT64_MAX, 0);
        count++;
    }
    for (uint32_t i = 0; i < PLAYERS; i++) {
        if (below(2) != 0) {
            give(i, SERVER, sides[below(count)]);
        }
        cap_t client = facet_new(sides[0], 7, INTERFACE);
        give(i, CLIENT, client);
        if (i != 0 && below(2) != 0) {
            drop(client);
        }
    }
    for (uint32_t i = 0; i < count && below(3) != 0; i++) {
        drop(sides[i]);
    }
}

static void world_new(uint64_t seed)
{
    chance = seed * 0x9e3779b97f4a7c15 | 1;
    hidden = 0;
    memset(players, 0, sizeof(players));
    assert_true(machine_boot(&(struct machine_options){.programs = programs}));
    init = (uint32_t)machine.running;
    cpus = 1;
    unfinished = 0;
    players[0] = (struct player){.thread = init, .is_alive = true};
    for (uint32_t i = 1; i < 2 + below(PLAYERS - 1); i++) {
        player_new(i);
    }
    for (uint32_t endpoints = 1 + below(4); endpoints > 0; endpoints--) {
        endpoint_new();
    }
    for (uint32_t notes = 3; notes > 0; notes--) {
        cap_t note = act_notification(init);
        for (uint32_t i = 0; i < PLAYERS; i++) {
            give(i, NOTE, note);
        }
    }
    for (uint32_t i = 0; i < PLAYERS; i++) {
        give(i, TIMER, act_named(init, "timer"));
    }
    cpus += below(CPUS_MAX);
}

// --- Turns --------------------------------------------------------------------------------------

static struct thread_record *record_of(const struct player *player)
{
    return &act_core()->threads[player->thread];
}

static uint32_t count_in_ring(const struct player *player, uint64_t id)
{
    const struct ring_kernel *ring = &record_of(player)->ring;
    uint32_t count = 0;

    for (uint32_t at = ring->sq_head; at != ring->header->sq_tail; at++) {
        count += ring->sq[at & ring->sq_mask].user_data == id;
    }
    for (uint32_t at = ring->header->cq_head; at != ring->cq_tail; at++) {
        count += ring->cq[at & ring->cq_mask].user_data == id;
    }
    return count;
}

// Each operation is to be taken, waits, or is completed. Those that are over are forgotten.
static void operations_check(struct player *player)
{
    struct link *waits = &record_of(player)->waits;

    for (uint32_t i = 0; i < player->open_count && player->corrupt == NULL; i++) {
        uint64_t id = player->open[i].id;
        uint32_t count = count_in_ring(player, id);
        for (struct link *at = waits->next; at != waits; at = at->next) {
            count += RECORD_OF(at, struct request, waits)->sqe.user_data == id;
        }
        assert_true(count == 1 || (count == 0 && player->open[i].is_quiet));
        if (count == 0) {
            player->open[i--] = player->open[--player->open_count];
        }
    }
}

static void invariants_check(void)
{
    if (machine.end == MACHINE_RUNS) {
        core_check(act_core());
        for (uint32_t i = 0; i < PLAYERS; i++) {
            players[i].is_alive =
                players[i].is_alive && record_of(&players[i])->state != THREAD_ABSENT;
            if (players[i].is_alive) {
                operations_check(&players[i]);
            }
        }
    }
    assert_int_not_equal(machine.end, MACHINE_PANICKED);
}

// A turn of the CPU that is in the kernel.
static void turn_take(const struct input *input)
{
    struct turn turn = machine_turn(input);

    uint32_t self = 1U << machine.cpu;
    unfinished = turn.more ? unfinished | self : unfinished & ~self;
    invariants_check();
}

// An input, and what follows; interrupts and other CPUs come between any two turns.
static void input(struct input first)
{
    turn_take(&first);
    for (uint32_t turns = 0; machine.end == MACHINE_RUNS && (unfinished | machine.kicked) != 0;
         turns++) {
        assert_true(turns < TURNS_MAX);
        uint32_t cpu = below(cpus);
        if (((unfinished | machine.kicked) >> cpu & 1) != 0 || below(8) == 0) {
            (void)machine_cpu_enter(cpu);
            turn_take(&(struct input){.kind = below(8) == 0 ? INPUT_TIMER : INPUT_STEP,
                                      .now_ns = machine.now_ns});
        }
    }
}

static void time_passes(void)
{
    machine.now_ns += below(4) != 0 ? below(100000) : 6000000;
    if (below(2) != 0 && machine.armed_ns != UINT64_MAX && machine.armed_ns > machine.now_ns) {
        machine.now_ns = machine.armed_ns;
    }
    input((struct input){.kind = INPUT_TIMER, .now_ns = machine.now_ns});
}

// The log has no room for a while; then somebody makes it.
static void log_plays(void)
{
    struct log *log = &machine.kernel->log;
    struct core *core = (struct core *)(uintptr_t)act_core();
    const struct state_config *config = &core->state.config;
    uint64_t low = LOG_OTHER + TURN_COMMITS_MAX + config->processes + config->jobs;

    if (hidden == 0 && below(60) == 0 && log->room > low + 8) {
        hidden = log->room - low + below(5);
        log->room -= hidden;
    } else if (hidden != 0 && (below(30) == 0 || log->room < LOG_HALT + 500)) {
        static struct request request;
        log->room += hidden;
        hidden = 0;
        core->actor = KERNEL_ACTOR;
        request.params.log_reader_acknowledge.page = log->first;
        assert_int_equal(log_reader_acknowledge_run(core, &request), STATUS_OK);
        time_passes();
    }
}

// --- Programs -----------------------------------------------------------------------------------

static uint64_t limit(void)
{
    return below(3) != 0 ? TIMEOUT_NONE : below(3000000);
}

// Lets a capability travel along, or nothing.
static void bring(struct player *player, struct sqe *sqe)
{
    struct transfer transfer = {.cap = any(player, below(2) != 0 ? CLIENT : NOTE),
                                .mode = below(2) != 0 ? TRANSFER_COPY : TRANSFER_MOVE};

    if (below(6) == 0) {
        sqe->flags |= SQE_RING_PAYLOAD;
        sqe->payload = SENT_AT;
        sqe->transfers = 1;
        memcpy(record_of(player)->messages[SENT_AT / PAGE_SIZE] + SENT_AT % PAGE_SIZE, &transfer,
               sizeof(transfer));
    }
}

static struct sqe call_sqe(struct player *player)
{
    struct sqe sqe = act_call((cap_t){any(player, CLIENT)}, (uint16_t)below(4), 0);

    sqe.arg = limit();
    if (below(2) != 0) {
        sqe.flags |= SQE_RING_RESULT;
        sqe.result = RESULT_AT;
        sqe.result_len = MESSAGE;
    }
    bring(player, &sqe);
    return sqe;
}

static struct sqe recv_sqe(struct player *player)
{
    struct sqe sqe = act_recv((cap_t){any(player, SERVER)}, RECV_AT, RECV_SIZE, 0);

    sqe.arg = limit();
    return sqe;
}

static struct sqe return_sqe(struct player *player)
{
    struct sqe sqe = act_return(any(player, CALL_ID), 0);

    if (below(4) == 0) {
        sqe.flags |= SQE_RETURN_EXCEPTION;
        sqe.method = (uint16_t)(1 + below(5));
    } else {
        bring(player, &sqe);
    }
    sqe.cap = below(20) == 0 ? 7 : 0;
    sqe.arg2 = below(20) == 0 ? 7 : 0;
    return sqe;
}

static struct sqe nop_sqe(struct player *player)
{
    (void)player;
    return (struct sqe){
        .opcode = OP_NOP, .cap = below(8) == 0 ? 1 : 0, .arg = below(8) == 0 ? 1 : 0};
}

static struct sqe note_sqe(struct player *player)
{
    cap_t note = {any(player, NOTE)};
    uint64_t bits = 1 + below(3);

    return below(2) != 0 ? act_signal(note, bits) : act_wait(note, bits, 0);
}

static struct sqe cancel_sqe(struct player *player)
{
    return act_cancel(record_of(player)->ring.sq_head - below(30));
}

static struct sqe now_sqe(struct player *player)
{
    struct sqe sqe = act_call((cap_t){any(player, TIMER)}, TIMER_NOW, 0);

    sqe.flags = SQE_RING_RESULT;
    sqe.result = RESULT_AT;
    sqe.result_len = RESULT_SIZE;
    return sqe;
}

static struct sqe exit_sqe(struct player *player)
{
    struct sqe sqe =
        act_call(player == players ? act_named(init, "job") : (cap_t){1}, JOB_NEXT_EXIT, 0);

    sqe.flags = SQE_RING_RESULT;
    sqe.result = EXIT_AT;
    sqe.result_len = RESULT_SIZE;
    sqe.arg = limit();
    return sqe;
}

// What ends something, and so comes rarely.
static struct sqe end_sqe(struct player *player)
{
    switch (below(16)) {
    case 0:
        return act_call((cap_t){any(player, JOB)}, JOB_KILL, 0);
    case 1:
        return act_call((cap_t){any(player, PROCESS)}, PROCESS_KILL, 0);
    case 2:
    case 3:
        return act_call((cap_t){any(player, REVOKER)}, REVOKER_REVOKE, 0);
    case 4:
        return act_release((cap_t){any(player, SERVER)});
    case 5:
        return act_release((cap_t){any(player, NOTE)});
    case 6:
        return act_release((cap_t){any(player, CLIENT)});
    default:
        return nop_sqe(player);
    }
}

static void submit_any(struct player *player)
{
    static struct sqe (*const kinds[])(struct player *) = {
        call_sqe, call_sqe, call_sqe, recv_sqe, recv_sqe,   return_sqe, return_sqe,
        nop_sqe,  note_sqe, note_sqe, now_sqe,  cancel_sqe, exit_sqe,   end_sqe,
    };
    struct sqe sqe = kinds[below(sizeof(kinds) / sizeof(kinds[0]))](player);

    sqe.user_data = ++next_id;
    if (sqe.opcode != OP_RECV && sqe.opcode != OP_WAIT && below(3) == 0) {
        sqe.flags |= SQE_QUIET;
    }
    if (player->open_count < OPEN_MAX && machine_submit(player->thread, &sqe)) {
        player->open[player->open_count].id = sqe.user_data;
        player->open[player->open_count].is_quiet = (sqe.flags & SQE_QUIET) != 0;
        player->open_count++;
    }
}

// Takes completions: each of an operation that is not over.
static void reap_some(struct player *player, uint32_t count)
{
    struct cqe cqe;

    for (; count > 0 && machine_reap(player->thread, &cqe); count--) {
        uint32_t i = 0;
        while (i < player->open_count && player->open[i].id != cqe.user_data) {
            i++;
        }
        assert_true(i < player->open_count);
        player->open[i] = player->open[--player->open_count];
        if (cqe.status >= (int32_t)sizeof(struct message_header) && cqe.extra != 0) {
            uint32_t at = player->count[CALL_ID] < CAPS_MAX ? player->count[CALL_ID]++ : 0;
            player->held[CALL_ID][at] = cqe.extra;
        }
    }
}

// An index out of its range, until the player runs again.
static void corrupt(struct player *player)
{
    struct ring_kernel *ring = &record_of(player)->ring;
    bool is_tail = below(2) != 0;

    player->corrupt = is_tail ? &ring->header->sq_tail : &ring->header->cq_head;
    player->right = *player->corrupt;
    *player->corrupt = is_tail ? ring->sq_head + ring->sq_entries + 1 + below(1000)
                               : ring->cq_tail + 1 + below(1000);
}

static void player_runs(struct player *player)
{
    uint64_t timeout_ns = below(8) == 0 ? TIMEOUT_NONE : below(3) == 0 ? 0 : below(2000000);

    // It is back from its entry with what that returns.
    assert_true(!player->has_entered || machine.threads[player->thread].has_result);
    player->has_entered = true;
    machine.threads[player->thread].has_result = false;
    if (player->corrupt != NULL) {
        *player->corrupt = player->right;
        player->corrupt = NULL;
    }
    reap_some(player, below(4) != 0 ? UINT32_MAX : below(4));
    for (uint32_t count = below(3) != 0 ? below(4) : below(20); count > 0; count--) {
        submit_any(player);
    }
    if (below(200) == 0) {
        corrupt(player);
    }
    machine.now_ns += below(200);
    entries++;
    if (player->thread != init && below(1000) == 0) {
        input((struct input){.kind = INPUT_EXIT, .now_ns = machine.now_ns});
    } else {
        input((struct input){
            .kind = INPUT_ENTER, .now_ns = machine.now_ns, .enter = {below(3), timeout_ns}});
    }
}

static void step(void)
{
    log_plays();
    if (machine.end == MACHINE_RUNS && !machine_cpu_enter(below(cpus))) {
        input((struct input){.kind = INPUT_STEP, .now_ns = machine.now_ns});
    }
    if (machine.end != MACHINE_RUNS) {
        return;
    }
    if (machine.running == HAL_NO_THREAD || below(12) == 0) {
        time_passes();
        return;
    }
    uint32_t i = 0;
    while (i < PLAYERS && !(players[i].is_alive && (int32_t)players[i].thread == machine.running)) {
        i++;
    }
    assert_true(i < PLAYERS);
    player_runs(&players[i]);
}

void again_print(void)
{
    print_message("SEED=%llu STEPS=1\n", (unsigned long long)seed_now);
}

static void always_each_operation_and_each_thread_is_in_one_place(void **state)
{
    uint64_t steps = environment("STEPS", 1, STEPS_DEFAULT);

    (void)state;
    for (uint64_t seed = environment("SEED", 0, 1); entries < steps; seed++) {
        seed_now = seed;
        again_print(); // the last one that is printed failed
        world_new(seed);
        for (uint32_t i = 0; i < WORLD_STEPS && machine.end == MACHINE_RUNS; i++) {
            step();
        }
        machine_fini();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(always_each_operation_and_each_thread_is_in_one_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
