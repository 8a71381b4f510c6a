// SPDX-License-Identifier: Apache-2.0
//
// A client that calls through three servers with one submission: each call is made on the
// capability that the call before it will bring. Then chains that break. Granted: console, relay
// (the first of three).

#include "runtime/runtime.h"

#include "schema/boot.capnp.h"
#include "schema/kernel.capnp.h"
#include "schema/proof.capnp.h"

static struct debug_console console;

static void say(const char *what, struct capnp_text text)
{
    struct tsr_line line = {0};
    struct capnp_exception exception;
    tsr_line_text(&line, "chain: ");
    tsr_line_text(&line, what);
    tsr_line_bytes(&line, text.data, text.size);
    if (!debug_console_write_line(console, tsr_line_of(&line), &exception)) {
        tsr_exit(1);
    }
}

_Noreturn static void fail(const char *what, const struct capnp_exception *exception)
{
    struct tsr_line line = {0};
    tsr_line_exception(&line, exception);
    say(what, tsr_line_of(&line));
    tsr_exit(1);
}

static struct relay promise(const struct capnp_call *call, uint32_t ordinal)
{
    return (struct relay){tsr_call_promise(call, ordinal)};
}

static void next_send(struct capnp_call *call, struct relay relay)
{
    struct capnp_exception exception;
    struct relay_next_params_builder params;
    if (!relay_next_begin(relay, call, &params, &exception) || !capnp_call_send(call, &exception)) {
        fail("cannot ask for the next: ", &exception);
    }
}

static void name_send(struct capnp_call *call, struct relay relay)
{
    struct capnp_exception exception;
    struct relay_name_params_builder params;
    if (!relay_name_begin(relay, call, &params, &exception) || !capnp_call_send(call, &exception)) {
        fail("cannot ask for the name: ", &exception);
    }
}

// Finishes a call for a name, and says it or why there is none.
static void name_say(struct capnp_call *call, const char *what)
{
    struct capnp_exception exception;
    struct relay_name_results_reader results;
    if (relay_name_finish(call, &results, &exception)) {
        say(what, relay_name_results_get_name(results));
    } else {
        struct tsr_line line = {0};
        tsr_line_exception(&line, &exception);
        say(what, tsr_line_of(&line));
    }
    capnp_call_end(call);
}

static void through_three(struct relay first)
{
    struct capnp_call second, third, name;
    next_send(&second, first);
    next_send(&third, promise(&second, 0));
    name_send(&name, promise(&third, 0));
    name_say(&name, "three servers, one submission: ");
    capnp_call_end(&third);
    capnp_call_end(&second);
}

static void wrong_ordinal(struct relay first)
{
    struct capnp_call second, name;
    next_send(&second, first);
    name_send(&name, promise(&second, 1));
    name_say(&name, "a capability that does not come: ");
    capnp_call_end(&second);
}

static void failed_answer(struct relay first)
{
    struct capnp_call calls[3], name;
    next_send(&calls[0], first);
    next_send(&calls[1], promise(&calls[0], 0));
    next_send(&calls[2], promise(&calls[1], 0));
    name_send(&name, promise(&calls[2], 0));
    name_say(&name, "behind the last one: ");
    for (uint32_t i = 0; i < 3; i++) {
        capnp_call_end(&calls[i]);
    }
}

// What the bytes say doesn't matter: the promise is of what came.
static void lying_bytes(struct relay first)
{
    struct capnp_call lie, name;
    struct capnp_exception exception;
    struct relay_lie_params_builder params;
    if (!relay_lie_begin(first, &lie, &params, &exception) || !capnp_call_send(&lie, &exception)) {
        fail("cannot ask for a lie: ", &exception);
    }
    name_send(&name, promise(&lie, 0));
    name_say(&name, "bytes that lie lead nobody astray: ");
    capnp_call_end(&lie);
}

static void withdrawn(struct relay first)
{
    struct capnp_call second, third, name;
    next_send(&second, first);
    next_send(&third, promise(&second, 0));
    name_send(&name, promise(&third, 0));
    tsr_call_cancel(&third);
    name_say(&name, "on a call that is withdrawn: ");
    capnp_call_end(&third);
    capnp_call_end(&second);
}

// The relay behind this one: 0 where there is none.
static struct relay next_of(struct relay relay)
{
    struct relay next = {0};
    struct capnp_exception exception;
    relay_next(relay, &next, &exception);
    return next;
}

static void leave(struct relay relay)
{
    struct capnp_exception exception;
    if (!relay_leave(relay, &exception)) {
        fail("a relay does not leave: ", &exception);
    }
}

// With the argument "stay" the relays go on serving whoever else calls them.
static bool is_told_to_stay(const struct start *start)
{
    struct capnp_message info;
    tsr_start_info(start, &info);
    return start_info_get_arguments(start_info_read(&info)).size != 0;
}

int tsr_main(struct start *start)
{
    struct relay first;
    if (!tsr_find(start, "console", DEBUG_CONSOLE_INTERFACE_ID, &console.id) ||
        !tsr_find(start, "relay", RELAY_INTERFACE_ID, &first.id)) {
        return 1;
    }
    through_three(first);
    wrong_ordinal(first);
    failed_answer(first);
    lying_bytes(first);
    withdrawn(first);
    through_three(first);
    if (is_told_to_stay(start)) {
        return 0;
    }
    struct relay second = next_of(first);
    struct relay third = next_of(second);
    leave(third);
    leave(second);
    leave(first);
    return 0;
}
