// SPDX-License-Identifier: Apache-2.0
//
// A client whose server dies: the call that the server had taken is disconnected, and is made
// again; those that wait in the queue simply wait for the next server. Granted: console, mortal (an
// interface Ping whose reset ends its server).

#include "runtime/runtime.h"

#include "schema/kernel.capnp.h"
#include "schema/ping.capnp.h"

enum { CALLS = 4 };

static struct debug_console console;

static void say(const char *what, const char *why)
{
    struct tsr_line line = {0};
    struct capnp_exception exception;
    tsr_line_text(&line, "patient: ");
    tsr_line_text(&line, what);
    tsr_line_text(&line, why);
    if (!debug_console_write_line(console, tsr_line_of(&line), &exception)) {
        tsr_exit(1);
    }
}

_Noreturn static void fail(const char *what, const struct capnp_exception *exception)
{
    struct tsr_line line = {0};
    tsr_line_exception(&line, exception);
    say(what, line.text);
    tsr_exit(1);
}

static void echo_send(struct capnp_call *call, struct ping mortal, uint64_t sequence)
{
    struct capnp_exception exception;
    struct ping_echo_params_builder params;
    if (!ping_echo_begin(mortal, call, &params, &exception)) {
        fail("cannot begin a call: ", &exception);
    }
    ping_echo_params_set_sequence(params, sequence);
    if (!capnp_call_send(call, &exception)) {
        fail("cannot send a call: ", &exception);
    }
}

// Which life of the server answered.
static uint64_t echo_finish(struct capnp_call *call, uint64_t sequence)
{
    struct capnp_exception exception;
    struct ping_echo_results_reader results;
    if (!ping_echo_finish(call, &results, &exception)) {
        fail("a call that waited is refused: ", &exception);
    }
    if (ping_echo_results_get_sequence(results) != sequence) {
        fail("an answer to another call", &exception);
    }
    uint64_t life = ping_echo_results_get_sent_at(results);
    capnp_call_end(call);
    return life;
}

// One call that kills the server, and some behind it, in one submission.
static void kill_and_wait(struct ping mortal, uint64_t life)
{
    struct capnp_call fatal;
    struct capnp_call calls[CALLS];
    struct capnp_exception exception;
    struct ping_reset_params_builder params;
    struct ping_reset_results_reader results;
    if (!ping_reset_begin(mortal, &fatal, &params, &exception) ||
        !capnp_call_send(&fatal, &exception)) {
        fail("cannot send the fatal call: ", &exception);
    }
    for (uint64_t i = 0; i < CALLS; i++) {
        echo_send(&calls[i], mortal, i);
    }
    if (ping_reset_finish(&fatal, &results, &exception)) {
        fail("a dead server answers", &exception);
    }
    capnp_call_end(&fatal);
    struct tsr_line line = {0};
    tsr_line_exception(&line, &exception);
    say("the call that the server had taken: ", line.text);
    for (uint64_t i = 0; i < CALLS; i++) {
        if (echo_finish(&calls[i], i) != life + 1) {
            fail("not the next server answers", &exception);
        }
    }
    say("those that waited are answered by the next server", "");
}

int tsr_main(struct start *start)
{
    struct ping mortal;
    struct capnp_exception exception;
    if (!tsr_find(start, "console", DEBUG_CONSOLE_INTERFACE_ID, &console.id) ||
        !tsr_find(start, "mortal", PING_INTERFACE_ID, &mortal.id)) {
        return 1;
    }
    kill_and_wait(mortal, 1);
    kill_and_wait(mortal, 2);
    struct capnp_call call;
    struct ping_greet_params_builder params;
    struct ping_greet_results_reader results;
    if (!ping_greet_begin(mortal, &call, &params, &exception) ||
        !capnp_call_send(&call, &exception) || !ping_greet_finish(&call, &results, &exception)) {
        fail("no goodbye: ", &exception);
    }
    capnp_call_end(&call);
    return 0;
}
