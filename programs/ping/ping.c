// SPDX-License-Identifier: Apache-2.0
//
// A client that tries what it may and what it may not: calls a service many times, a method that
// its capability leaves out, a capability that was revoked, and one that it gave back. Every answer
// and every refusal is compared with the expected one; the first surprise ends it with code 1.
// Granted: console, timer, capabilities, pong (a facet of interface Ping without the method reset).

#include <string.h>

#include "runtime/runtime.h"

#include "schema/kernel.capnp.h"
#include "schema/ping.capnp.h"

enum { ROUND_TRIPS = 10000 };

struct program {
    struct debug_console console;
    struct timer timer;
    struct capability_manager capabilities;
    struct ping pong;
};

static void say(const struct program *program, const char *what, const char *text)
{
    struct tsr_line line = {0};
    struct capnp_exception exception;
    tsr_line_text(&line, "ping: ");
    tsr_line_text(&line, what);
    tsr_line_text(&line, text);
    if (!debug_console_write_line(program->console, tsr_line_of(&line), &exception)) {
        tsr_exit(1);
    }
}

// Says goodbye to pong, so that it does not wait for calls that never come; whether that works is
// of no interest any more.
static void leave(const struct program *program)
{
    struct capnp_call call;
    struct capnp_exception exception;
    struct ping_greet_params_builder params;
    struct ping_greet_results_reader results;
    if (ping_greet_begin(program->pong, &call, &params, &exception)) {
        ping_greet_params_set_name(params, tsr_text_of("goodbye"));
        if (capnp_call_send(&call, &exception)) {
            ping_greet_finish(&call, &results, &exception);
        }
        capnp_call_end(&call);
    }
}

_Noreturn static void fail(const struct program *program, const char *what,
                           const struct capnp_exception *exception)
{
    struct tsr_line line = {0};
    if (exception != NULL) {
        tsr_line_exception(&line, exception);
    }
    say(program, what, line.text);
    leave(program);
    tsr_exit(1);
}

static uint64_t time_now(const struct program *program)
{
    uint64_t time;
    struct capnp_exception exception;
    if (!timer_now(program->timer, &time, &exception)) {
        fail(program, "cannot read the clock: ", &exception);
    }
    return time;
}

// One round trip, its answer checked; false when it was refused.
static bool echo_once(const struct program *program, struct ping pong, uint64_t sequence,
                      struct capnp_exception *exception)
{
    uint64_t sent_at = sequence * UINT64_C(0x9e3779b97f4a7c15); // differs in every bit
    uint64_t sequence_back;
    uint64_t sent_at_back;
    if (!ping_echo(pong, sequence, sent_at, &sequence_back, &sent_at_back, exception)) {
        return false;
    }
    if (sequence_back != sequence || sent_at_back != sent_at) {
        fail(program, "an echo is not what was sent", NULL);
    }
    return true;
}

static void echo_many(const struct program *program)
{
    uint64_t before = time_now(program);
    for (uint64_t sequence = 0; sequence < ROUND_TRIPS; sequence++) {
        struct capnp_exception exception;
        if (!echo_once(program, program->pong, sequence, &exception)) {
            fail(program, "an echo was refused: ", &exception);
        }
    }
    if (time_now(program) < before) {
        fail(program, "the clock went back", NULL);
    }
    struct tsr_line line = {0};
    tsr_line_decimal(&line, ROUND_TRIPS);
    tsr_line_text(&line, " round trips, every answer right");
    say(program, line.text, "");
}

static void greet(const struct program *program, const char *name, const char *expected)
{
    struct capnp_call call;
    struct capnp_exception exception;
    struct ping_greet_params_builder params;
    struct ping_greet_results_reader results;
    struct tsr_line line = {0};
    if (!ping_greet_begin(program->pong, &call, &params, &exception)) {
        fail(program, "cannot greet: ", &exception);
    }
    ping_greet_params_set_name(params, tsr_text_of(name));
    bool is_answered =
        capnp_call_send(&call, &exception) && ping_greet_finish(&call, &results, &exception);
    if (is_answered) {
        struct capnp_text answer = ping_greet_results_get_answer(results);
        tsr_line_bytes(&line, answer.data, answer.size);
    }
    capnp_call_end(&call);
    if (!is_answered) {
        fail(program, "the greeting was refused: ", &exception);
    }
    if (line.size != strlen(expected) || memcmp(line.text, expected, line.size) != 0) {
        fail(program, "an unexpected answer: ", NULL);
    }
    say(program, "pong answers: ", line.text);
}

// Whether a call was refused, and with this fact; says so.
static void expect_refusal(const struct program *program, bool is_answered, const char *what,
                           const struct capnp_exception *exception, enum capnp_exception_type type,
                           enum status fact)
{
    if (is_answered) {
        fail(program, what, &(struct capnp_exception){.reason = "no, it was answered"});
    }
    struct tsr_line line = {0};
    tsr_line_exception(&line, exception);
    say(program, what, line.text);
    if (exception->type != type || exception->status != (int32_t)fact) {
        fail(program, "that is not the reason that was expected", NULL);
    }
}

static void try_method_outside(const struct program *program)
{
    struct capnp_exception exception;
    bool is_answered = ping_reset(program->pong, &exception);
    expect_refusal(program, is_answered, "reset refused: ", &exception,
                   CAPNP_EXCEPTION_UNIMPLEMENTED, STATUS_METHOD_NOT_IN_FACET);
}

static void try_revoked_and_released(const struct program *program)
{
    struct capnp_exception exception;
    struct capnp_cap facet;
    struct revoker revoker;
    if (!capability_manager_facet(program->capabilities, (struct capnp_cap){program->pong.id},
                                  UINT64_C(1) << PING_ECHO, 0, 0, 0, 0, &facet, &revoker,
                                  &exception)) {
        fail(program, "cannot make a facet: ", &exception);
    }
    struct ping narrow = {facet.id};
    if (!echo_once(program, narrow, ROUND_TRIPS, &exception)) {
        fail(program, "the facet refuses what it includes: ", &exception);
    }
    say(program, "a facet of pong answers as pong does", "");
    if (!revoker_revoke(revoker, &exception)) {
        fail(program, "cannot revoke: ", &exception);
    }
    bool is_answered = echo_once(program, narrow, ROUND_TRIPS, &exception);
    expect_refusal(program, is_answered, "revoked facet refused: ", &exception,
                   CAPNP_EXCEPTION_DISCONNECTED, STATUS_REVOKED);
    tsr_release(narrow.id);
    tsr_release(revoker.id);
    is_answered = echo_once(program, narrow, ROUND_TRIPS, &exception);
    expect_refusal(program, is_answered, "released facet refused: ", &exception,
                   CAPNP_EXCEPTION_NONE, STATUS_STALE_CAP);
    if (!echo_once(program, program->pong, ROUND_TRIPS, &exception)) {
        fail(program, "pong itself was cut off: ", &exception);
    }
}

static void find(const struct program *program, const struct start *start, const char *name,
                 uint64_t interface, uint64_t *cap)
{
    if (!tsr_find(start, name, interface, cap)) {
        say(program, "was not granted ", name);
        leave(program);
        tsr_exit(1);
    }
}

int tsr_main(struct start *start)
{
    struct program program = {0};
    if (!tsr_find(start, "console", DEBUG_CONSOLE_INTERFACE_ID, &program.console.id)) {
        return 1;
    }
    find(&program, start, "pong", PING_INTERFACE_ID, &program.pong.id);
    find(&program, start, "timer", TIMER_INTERFACE_ID, &program.timer.id);
    find(&program, start, "capabilities", CAPABILITY_MANAGER_INTERFACE_ID,
         &program.capabilities.id);
    echo_many(&program);
    greet(&program, "ping", "hello, ping, from pong");
    try_method_outside(&program);
    try_revoked_and_released(&program);
    greet(&program, "goodbye", "hello, goodbye, from pong");
    return 0;
}
