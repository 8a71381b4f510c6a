// SPDX-License-Identifier: Apache-2.0
//
// A service: answers calls of the interface Ping through the generated server table, until somebody
// says goodbye. Granted: server (the server's side of an endpoint), console (for what goes wrong).

#include <string.h>

#include "runtime/runtime.h"

#include "schema/kernel.capnp.h"
#include "schema/ping.capnp.h"

enum { NAME_BYTES_MAX = 64 }; // as the schema says

struct pong {
    uint64_t calls; // since the last reset
    bool is_over;
};

static bool pong_echo(void *self, struct ping_echo_params_reader params,
                      struct ping_echo_results_builder results, struct capnp_exception *exception)
{
    struct pong *pong = self;
    (void)exception;
    pong->calls++;
    ping_echo_results_set_sequence(results, ping_echo_params_get_sequence(params));
    ping_echo_results_set_sent_at(results, ping_echo_params_get_sent_at(params));
    return true;
}

static bool pong_greet(void *self, struct ping_greet_params_reader params,
                       struct ping_greet_results_builder results, struct capnp_exception *exception)
{
    static const char last[] = "goodbye";
    struct pong *pong = self;
    struct capnp_text name = ping_greet_params_get_name(params);
    if (name.size > NAME_BYTES_MAX) {
        capnp_exception_set(exception, CAPNP_EXCEPTION_INVALID_ARGUMENT, name.size,
                            "a name has at most 64 bytes");
        return false;
    }
    pong->calls++;
    struct tsr_line line = {0};
    tsr_line_text(&line, "hello, ");
    tsr_line_bytes(&line, name.data, name.size);
    tsr_line_text(&line, ", from pong");
    ping_greet_results_set_answer(results, tsr_line_of(&line));
    pong->is_over = name.size == sizeof(last) - 1 && memcmp(name.data, last, name.size) == 0;
    return true;
}

static bool pong_reset(void *self, struct ping_reset_params_reader params,
                       struct ping_reset_results_builder results, struct capnp_exception *exception)
{
    struct pong *pong = self;
    (void)params;
    (void)results;
    (void)exception;
    pong->calls = 0;
    return true;
}

static bool pong_dispatch(void *self, uint16_t method, struct capnp_message *request,
                          struct capnp_builder *response, struct capnp_exception *exception)
{
    static const struct ping_server methods = {
        .echo = pong_echo, .greet = pong_greet, .reset = pong_reset};
    return ping_dispatch(&methods, self, method, request, response, exception);
}

int tsr_main(struct start *start)
{
    struct endpoint server;
    struct pong pong = {0};
    struct capnp_exception exception;
    if (!tsr_find(start, "server", ENDPOINT_INTERFACE_ID, &server.id)) {
        tsr_panic("pong: was not granted its endpoint");
    }
    struct tsr_serve_options options = {.interface = PING_INTERFACE_ID,
                                        .dispatch = pong_dispatch,
                                        .self = &pong,
                                        .stop = &pong.is_over};
    if (!tsr_serve(server.id, &options, &exception)) {
        struct tsr_line line = {0};
        tsr_line_text(&line, "pong: cannot serve: ");
        tsr_line_exception(&line, &exception);
        tsr_panic(line.text);
    }
    return 0;
}
