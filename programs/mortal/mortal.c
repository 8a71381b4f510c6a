// SPDX-License-Identifier: Apache-2.0
//
// A server that dies of one of its methods: `reset` ends it in the middle of the call. It answers
// echo with its life's number, and greet with goodbye. Granted: server (the server's side of an
// endpoint), console (for what goes wrong). Its argument is the number of its life, one digit.

#include "runtime/runtime.h"
#include "runtime/service/service.h"

#include "schema/boot.capnp.h"
#include "schema/kernel.capnp.h"
#include "schema/ping.capnp.h"

enum { EXIT_DIED = 7 };

struct server {
    struct tsr_service service;
    uint64_t life;
};

static bool serve_echo(void *self, struct ping_echo_params_reader params,
                       struct ping_echo_results_builder results, struct capnp_exception *exception)
{
    const struct server *server = self;
    (void)exception;
    ping_echo_results_set_sequence(results, ping_echo_params_get_sequence(params));
    ping_echo_results_set_sent_at(results, server->life);
    return true;
}

static bool serve_greet(void *self, struct ping_greet_params_reader params,
                        struct ping_greet_results_builder results,
                        struct capnp_exception *exception)
{
    struct server *server = self;
    (void)params;
    (void)exception;
    ping_greet_results_set_answer(results, tsr_text_of("goodbye"));
    tsr_service_stop(&server->service, 0);
    return true;
}

static bool serve_reset(void *self, struct ping_reset_params_reader params,
                        struct ping_reset_results_builder results,
                        struct capnp_exception *exception)
{
    (void)self;
    (void)params;
    (void)results;
    (void)exception;
    tsr_exit(EXIT_DIED);
}

static bool dispatch(void *self, uint16_t method, struct capnp_message *request,
                     struct capnp_builder *response, struct capnp_exception *exception)
{
    static const struct ping_server methods = {
        .echo = serve_echo, .greet = serve_greet, .reset = serve_reset};
    return ping_dispatch(&methods, self, method, request, response, exception);
}

int tsr_main(struct start *start)
{
    static struct server server;
    struct capnp_message info;
    struct capnp_exception exception;
    struct tsr_service_options options = {
        .interface = PING_INTERFACE_ID, .dispatch = dispatch, .self = &server};
    if (!tsr_find(start, "server", ENDPOINT_INTERFACE_ID, &options.server)) {
        tsr_panic("mortal: was not granted its endpoint");
    }
    tsr_start_info(start, &info);
    struct capnp_text life = start_info_get_arguments(start_info_read(&info));
    server.life = life.size == 1 ? (uint64_t)(life.data[0] - '0') : 0;
    if (!tsr_service_start(&server.service, &options, &exception) ||
        !tsr_service_serve(&server.service, &exception)) {
        tsr_panic_because("mortal: cannot serve: ", &exception);
    }
    return 0;
}
