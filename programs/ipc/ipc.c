// SPDX-License-Identifier: Apache-2.0
//
// Ends the other side of a call at every stage: a client whose call nobody has taken, whose call is
// served, whose call was answered; a server that has not taken the call, that serves it, that
// answered it, that waits for one. Says what became of the call each time, and that nothing is left
// behind. The first program of its system: granted console, timer, job, capabilities, package,
// space.

#include "abi/commit.h"
#include "runtime/runtime.h"
#include "runtime/space.h"
#include "runtime/spawn.h"
#include "runtime/usage.h"

#include "schema/boot.capnp.h"
#include "schema/kernel.capnp.h"
#include "schema/ping.capnp.h"

enum {
    ROUND_TRIPS = 2000,
    MESSAGE_MAX = 256,
    INFO_MAX = 64,
};

static struct {
    struct debug_console console;
    struct timer timer;
    struct capability_manager capabilities;
    struct tsr_space space;
    struct tsr_spawner spawner;
    struct notification bell;
    struct endpoint server;
    struct process other; // the side that ends
    bool is_over;         // tsr_serve is to return
    bool ends_client;     // ... and the client is ended while it is served
    uint64_t served;      // the number that the client sent
    struct capnp_exception exception;
} own;

static void must(bool is_so, const char *what)
{
    tsr_must(is_so, what, &own.exception);
}

static void say(const char *what)
{
    tsr_say(own.console.id, "ipc", what);
}

static void say_fact(const char *what)
{
    struct tsr_line line = {0};
    tsr_line_text(&line, what);
    tsr_line_exception(&line, &own.exception);
    say(line.text);
}

// --- The other side -----------------------------------------------------------------------------

static struct capnp_data info_make(const char *role, uint8_t *bytes)
{
    struct capnp_builder builder;
    capnp_builder_init(&builder, bytes, INFO_MAX);
    start_info_set_arguments(start_info_build(&builder), tsr_text_of(role));
    return (struct capnp_data){bytes, capnp_builder_size(&builder)};
}

static void bell_await(void)
{
    uint64_t bits;
    must(tsr_notification_wait(own.bell.id, 1, TIMEOUT_NONE, &bits, &own.exception),
         "the bell does not ring: ");
}

// Starts it, and waits until it has begun, or its call is queued.
static void other_start(const char *role, uint64_t peer)
{
    _Alignas(8) uint8_t bytes[INFO_MAX];
    const struct tsr_grant grants[] = {{"console", own.console.id},
                                       {"timer", own.timer.id},
                                       {"bell", own.bell.id},
                                       {"peer", peer}};
    must(tsr_spawn(&own.spawner, own.space.job, "ipc-end", grants, sizeof grants / sizeof grants[0],
                   info_make(role, bytes), &own.other, &own.exception),
         "no other side: ");
    bell_await();
}

// Ends it, if it has not ended by itself, and waits until all that it had is given back.
static void other_end(void)
{
    uint64_t number;
    int32_t code;
    enum exit_cause cause;
    must(process_kill(own.other, &own.exception) &&
             job_next_exit(own.space.job, &number, &code, &cause, &own.exception),
         "it does not end: ");
    tsr_release(own.other.id);
}

// --- Clients that end ---------------------------------------------------------------------------

static bool serve_echo(void *self, struct ping_echo_params_reader params,
                       struct ping_echo_results_builder results, struct capnp_exception *exception)
{
    (void)self;
    (void)exception;
    own.served = ping_echo_params_get_sequence(params);
    ping_echo_results_set_sequence(results, own.served);
    own.is_over = true;
    if (own.ends_client) {
        uint64_t call = 0;
        other_end();
        must(endpoint_next_cancelled(own.server, &call, &own.exception) && call != 0,
             "nobody says that the caller is gone: ");
    }
    return true;
}

static bool dispatch(void *self, uint16_t method, struct capnp_message *request,
                     struct capnp_builder *response, struct capnp_exception *exception)
{
    static const struct ping_server methods = {.echo = serve_echo};
    return ping_dispatch(&methods, self, method, request, response, exception);
}

static void serve_one(void)
{
    const struct tsr_serve_options options = {
        .interface = PING_INTERFACE_ID, .dispatch = dispatch, .stop = &own.is_over};
    own.is_over = false;
    must(tsr_serve(own.server.id, &options, &own.exception), "cannot serve: ");
}

static void clients_end(uint64_t client)
{
    other_start("1", client);
    other_end();
    other_start("2", client);
    serve_one();
    must(own.served == 2, "a call of nobody is served: ");
    other_end();
    say("a client that ends before its call is taken: the call is not there any more");
    own.ends_client = true;
    other_start("1", client);
    serve_one();
    own.ends_client = false;
    say("a client that ends while its call is served: its server is told, and may answer");
    other_start("1", client);
    serve_one();
    other_end();
    say("a client that ends when its call is answered: nobody notices");
}

// --- Servers that end ---------------------------------------------------------------------------

static bool call(struct ping client, uint64_t number)
{
    uint64_t sequence, time;
    return ping_echo(client, number, 0, &sequence, &time, &own.exception) && sequence == number;
}

// Sends a call, ends the server, and says what becomes of the call.
static void server_end(const char *role, struct ping client, const char *what)
{
    struct capnp_call sent;
    struct ping_echo_params_builder params;
    struct ping_echo_results_reader results;
    other_start(role, own.server.id);
    tsr_release(own.server.id); // the other one alone serves now
    must(ping_echo_begin(client, &sent, &params, &own.exception) &&
             capnp_call_send(&sent, &own.exception) && tsr_submit(&own.exception),
         "cannot call: ");
    if (role[0] == 't') {
        bell_await(); // it has the call
    }
    other_end();
    bool is_answered = ping_echo_finish(&sent, &results, &own.exception);
    capnp_call_end(&sent);
    must(!is_answered, "who answered? ");
    say_fact(what);
}

// An endpoint, and a client's facet of it.
static struct ping endpoint_make(void)
{
    struct capnp_cap facet;
    struct revoker revoker;
    must(job_make_endpoint(own.space.job, MESSAGE_MAX, 0, &own.server, &own.exception) &&
             capability_manager_facet(own.capabilities, (struct capnp_cap){own.server.id},
                                      1U << PING_ECHO, PING_INTERFACE_ID, 0, 0, 0, &facet, &revoker,
                                      &own.exception),
         "no endpoint: ");
    tsr_release(revoker.id);
    return (struct ping){facet.id};
}

static void servers_end(void)
{
    struct ping client = endpoint_make();
    server_end("n", client, "a server that ends before it takes the call: ");
    tsr_release(client.id);
    client = endpoint_make();
    server_end("t", client, "a server that ends while it serves the call: ");
    tsr_release(client.id);
    client = endpoint_make();
    other_start("a", own.server.id);
    tsr_release(own.server.id);
    must(call(client, 1), "no answer: ");
    other_end();
    must(!call(client, 2), "who answered? ");
    say_fact("a server that ends when it has answered: the answer came, the next call: ");
    tsr_release(client.id);
    client = endpoint_make();
    other_start("s", own.server.id);
    tsr_release(own.server.id);
    for (uint64_t i = 0; i < ROUND_TRIPS; i++) {
        must(call(client, i), "no answer: ");
    }
    other_end();
    must(!call(client, 0), "who answered? ");
    say_fact("a server that ends while it waits, after two thousand answers: ");
    tsr_release(client.id);
}

static struct tsr_usage usage(void)
{
    struct tsr_usage usage;
    must(tsr_submit(&own.exception), "not released: ");
    must(tsr_usage_read(own.space.job, &usage, &own.exception), "no usage: ");
    return usage;
}

int tsr_main(struct start *start)
{
    if (!tsr_find(start, "console", DEBUG_CONSOLE_INTERFACE_ID, &own.console.id) ||
        !tsr_find(start, "timer", TIMER_INTERFACE_ID, &own.timer.id) ||
        !tsr_find(start, "capabilities", CAPABILITY_MANAGER_INTERFACE_ID, &own.capabilities.id) ||
        !tsr_space_open(&own.space, start, &own.exception)) {
        return 1;
    }
    must(tsr_spawner_open(&own.spawner, start, &own.exception) &&
             job_make_notification(own.space.job, &own.bell, &own.exception),
         "cannot begin: ");
    struct tsr_usage before = usage();
    struct ping client = endpoint_make();
    clients_end(client.id);
    tsr_release(client.id);
    tsr_release(own.server.id);
    servers_end();
    struct tsr_usage after = usage();
    for (uint32_t i = 0; i < RESOURCE_LOG; i++) {
        must(before.used[i] == after.used[i], "something was not given back: ");
    }
    say("nothing is left of any of them");
    return 0;
}
