// SPDX-License-Identifier: Apache-2.0
//
// Measures what the system's basic operations cost, and prints a line for each:
//
//     measure: NAME VALUE UNIT
//
// VALUE UNIT is picoseconds: on a machine whose clock counts executed instructions, one a
// nanosecond (QEMU with -icount shift=0), they are thousandths of an instruction.
// Each operation is run n and then 2n times: the difference is n operations, and what surrounds
// them is gone. Granted: console, timer, echo (a client's facet of measure-echo's endpoint).
//
// The operations are functions that are not inlined, so that tests/bench/profile.py can follow one.

#include "lib/string/string.h"
#include "runtime/thread.h" // NOP and the bare entry are below what the typed clients offer

#include "schema/kernel.capnp.h"
#include "schema/measure.capnp.h"

enum {
    BATCH = 16,
    REPETITIONS = 2000,
    DATA_LARGE = 944,
    DATA_SMALL = 64,
};

struct program {
    struct debug_console console;
    struct timer timer;
    struct measure echo;
    uint8_t data[DATA_LARGE];
};

struct operation {
    const char *name;
    void (*run)(const struct program *program);
    uint32_t count; // of operations in one run
};

#define OPERATION __attribute__((noinline)) static void

OPERATION operation_nothing(const struct program *program)
{
    __asm__ volatile("" : : "r"(program) : "memory");
}

OPERATION operation_enter(const struct program *program)
{
    (void)program;
    if (tsr_enter(SYSTEM_CALL_ENTER, 0, 0) != 0) {
        tsr_panic("measure: an entry with nothing to do found something");
    }
}

OPERATION operation_nop_batch(const struct program *program)
{
    (void)program;
    struct ring_user ring = tsr_self()->ring; // a copy, which the compiler keeps in registers
    if (ring_user_room(&ring) < BATCH) {
        tsr_panic("measure: the SQ is full");
    }
    for (uint64_t i = 0; i < BATCH; i++) {
        *ring_user_next(&ring) = (struct sqe){.opcode = OP_NOP, .user_data = i};
    }
    ring_user_publish(&ring);
    if (tsr_enter(SYSTEM_CALL_ENTER, BATCH, TIMEOUT_NONE) != BATCH) {
        tsr_panic("measure: a batch of NOPs did not complete");
    }
    for (uint64_t i = 0; i < BATCH; i++) {
        const struct cqe *completion = ring_user_take(&ring);
        if (completion->status != 0 || completion->user_data != i) {
            tsr_panic("measure: a NOP is not answered");
        }
    }
    ring_user_give_back(&ring);
    tsr_self()->ring.sq_tail = ring.sq_tail;
    tsr_self()->ring.cq_head = ring.cq_head;
}

static uint64_t time_now(const struct program *program)
{
    uint64_t time;
    struct capnp_exception exception;
    if (!timer_now(program->timer, &time, &exception)) {
        tsr_panic_because("measure: cannot read the clock: ", &exception);
    }
    return time;
}

OPERATION operation_timer_now(const struct program *program)
{
    if (time_now(program) == 0) {
        tsr_panic("measure: the clock stands at 0");
    }
}

OPERATION operation_ping_pong(const struct program *program)
{
    struct capnp_exception exception;
    uint64_t first;
    uint64_t second;
    uint64_t third;
    if (!measure_words(program->echo, 1, 2, 3, &first, &second, &third, &exception)) {
        tsr_panic_because("measure: the echo is refused: ", &exception);
    }
    if ((first ^ second ^ third) != 0) {
        tsr_panic("measure: an echo is not what was sent");
    }
}

static void ping_pong_data(const struct program *program, uint32_t size)
{
    struct capnp_call call;
    struct capnp_exception exception;
    struct measure_data_params_builder params;
    struct measure_data_results_reader results;
    if (!measure_data_begin(program->echo, &call, &params, &exception)) {
        tsr_panic_because("measure: cannot begin a call: ", &exception);
    }
    measure_data_params_set_data(params, (struct capnp_data){program->data, size});
    if (!capnp_call_send(&call, &exception) || !measure_data_finish(&call, &results, &exception)) {
        tsr_panic_because("measure: the echo is refused: ", &exception);
    }
    if (measure_data_results_get_data(results).size != size) {
        tsr_panic("measure: an echo is not what was sent");
    }
    capnp_call_end(&call);
}

OPERATION operation_ping_pong_80(const struct program *program)
{
    ping_pong_data(program, DATA_SMALL);
}

OPERATION operation_ping_pong_960(const struct program *program)
{
    ping_pong_data(program, DATA_LARGE);
}

static uint64_t run_many(const struct program *program, const struct operation *operation,
                         uint32_t runs)
{
    uint64_t begin = time_now(program);
    for (uint32_t i = 0; i < runs; i++) {
        operation->run(program);
    }
    return time_now(program) - begin;
}

// Thousandths of a nanosecond for one run.
static uint64_t run_measure(const struct program *program, const struct operation *operation)
{
    run_many(program, operation, BATCH); // what happens once, such as a first touch, happens here
    uint64_t once = run_many(program, operation, REPETITIONS);
    uint64_t twice = run_many(program, operation, 2 * REPETITIONS);
    return twice > once ? (twice - once) * 1000 / REPETITIONS : 0;
}

static void measure_all(const struct program *program)
{
    static const struct operation operations[] = {
        {"enter", operation_enter, 1},
        {"nop_batch_16", operation_nop_batch, BATCH},
        {"timer_now", operation_timer_now, 1},
        {"ping_pong_32", operation_ping_pong, 1},
        {"ping_pong_80", operation_ping_pong_80, 1},
        {"ping_pong_960", operation_ping_pong_960, 1},
    };
    uint64_t nothing = run_measure(program, &(struct operation){"", operation_nothing, 1});
    for (uint32_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
        uint64_t value = run_measure(program, &operations[i]);
        value = (value > nothing ? value - nothing : 0) / operations[i].count;
        struct tsr_line line = {0};
        tsr_line_text(&line, operations[i].name);
        tsr_line_text(&line, " ");
        tsr_line_decimal(&line, value);
        tsr_line_text(&line, " ps");
        tsr_say(program->console.id, "measure", line.text);
    }
}

int tsr_main(struct start *start)
{
    static struct program program;
    if (!tsr_find(start, "console", DEBUG_CONSOLE_INTERFACE_ID, &program.console.id)) {
        return 1;
    }
    if (!tsr_find(start, "timer", TIMER_INTERFACE_ID, &program.timer.id)) {
        tsr_panic("measure: was not granted timer");
    }
    if (!tsr_find(start, "echo", MEASURE_INTERFACE_ID, &program.echo.id)) {
        tsr_panic("measure: was not granted echo");
    }
    measure_all(&program);
    ping_pong_data(&program, 0); // goodbye
    return 0;
}
