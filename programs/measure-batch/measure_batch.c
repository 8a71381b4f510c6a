// SPDX-License-Identifier: Apache-2.0
//
// Measures what calls cost that are many at once, or bring a capability, and prints picoseconds, as
// `measure` does: see tests/bench/README.md. These are apart from it, so that what it measures
// doesn't depend on what else is linked with it. Granted: console, timer, echo (a client's facet of
// measure-echo's endpoint), hand (one of measure-token's), token (any capability).
#include "runtime/runtime.h"

#include "schema/kernel.capnp.h"
#include "schema/measure.capnp.h"

enum {
    CALLS = 8, // of a batch
    WARM_RUNS = 16,
    REPETITIONS = 1000,
};

struct program {
    struct debug_console console;
    struct timer timer;
    struct measure echo;
    struct measure_token hand;
    struct capnp_cap token;
};

struct operation {
    const char *name;
    void (*run)(struct program *program);
    uint32_t count; // of operations in one run
};

static void operation_nothing(struct program *program)
{
    __asm__ volatile("" : : "r"(program) : "memory");
}

static uint64_t time_now(const struct program *program)
{
    uint64_t time;
    struct capnp_exception exception;
    tsr_must(timer_now(program->timer, &time, &exception),
             "measure: cannot read the clock: ", &exception);
    return time;
}

// Eight calls that the server finds waiting, after one entry.
static void operation_calls_batch(struct program *program)
{
    struct capnp_call calls[CALLS];
    struct capnp_exception exception;
    struct measure_words_params_builder params;
    struct measure_words_results_reader results;
    for (uint64_t i = 0; i < CALLS; i++) {
        tsr_must(measure_words_begin(program->echo, &calls[i], &params, &exception),
                 "measure: cannot begin a call: ", &exception);
        measure_words_params_set_first(params, i);
        tsr_must(capnp_call_send(&calls[i], &exception),
                 "measure: a call is refused: ", &exception);
    }
    for (uint64_t i = 0; i < CALLS; i++) {
        tsr_must(measure_words_finish(&calls[i], &results, &exception),
                 "measure: the echo is refused: ", &exception);
        if (measure_words_results_get_first(results) != i) {
            tsr_panic("measure: an echo is not what was sent");
        }
        capnp_call_end(&calls[i]);
    }
}

// The token is moved there, and comes back under another id.
static void operation_hand(struct program *program)
{
    static const struct tsr_call_options options = {.moves = 1};
    struct capnp_call call;
    struct capnp_exception exception;
    struct measure_token_hand_params_builder params;
    struct measure_token_hand_results_reader results;
    tsr_must(measure_token_hand_begin(program->hand, &call, &params, &exception),
             "measure: cannot begin a call: ", &exception);
    measure_token_hand_params_set_token(params, program->token);
    tsr_must(tsr_call_send(&call, &options, &exception),
             "measure: the token is not sent: ", &exception);
    tsr_must(measure_token_hand_finish(&call, &results, &exception),
             "measure: the token is refused: ", &exception);
    program->token = measure_token_hand_results_get_token(results);
    capnp_call_end(&call);
}

static uint64_t run_many(struct program *program, const struct operation *operation, uint32_t runs)
{
    uint64_t begin = time_now(program);
    for (uint32_t i = 0; i < runs; i++) {
        operation->run(program);
    }
    return time_now(program) - begin;
}

// Thousandths of a nanosecond for one run.
static uint64_t run_measure(struct program *program, const struct operation *operation)
{
    run_many(program, operation,
             WARM_RUNS); // what happens once, such as a first touch, happens here
    uint64_t once = run_many(program, operation, REPETITIONS);
    uint64_t twice = run_many(program, operation, 2 * REPETITIONS);
    return twice > once ? (twice - once) * 1000 / REPETITIONS : 0;
}

static void measure_all(struct program *program)
{
    static const struct operation operations[] = {
        {"calls_batch_8", operation_calls_batch, CALLS},
        {"capability_round_trip", operation_hand, 1},
    };
    uint64_t nothing = run_measure(program, &(struct operation){"", operation_nothing, 1});
    for (uint32_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
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

static void goodbye(const struct program *program)
{
    struct capnp_call call;
    struct capnp_exception exception;
    struct measure_data_params_builder params;
    struct measure_data_results_reader results;
    tsr_must(measure_token_leave(program->hand, &exception) &&
                 measure_data_begin(program->echo, &call, &params, &exception) &&
                 capnp_call_send(&call, &exception) &&
                 measure_data_finish(&call, &results, &exception),
             "measure: cannot say goodbye: ", &exception);
    capnp_call_end(&call);
}

int tsr_main(struct start *start)
{
    static struct program program;
    if (!tsr_find(start, "console", DEBUG_CONSOLE_INTERFACE_ID, &program.console.id)) {
        return 1;
    }
    if (!tsr_find(start, "timer", TIMER_INTERFACE_ID, &program.timer.id) ||
        !tsr_find(start, "echo", MEASURE_INTERFACE_ID, &program.echo.id) ||
        !tsr_find(start, "hand", MEASURE_TOKEN_INTERFACE_ID, &program.hand.id) ||
        !tsr_find_any(start, "token", &program.token.id)) {
        tsr_panic("measure: was not granted timer, echo, hand or token");
    }
    measure_all(&program);
    goodbye(&program);
    return 0;
}
