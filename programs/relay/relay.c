// SPDX-License-Identifier: Apache-2.0
//
// One of a chain of servers: hands out the next one, says its own name, and can be told to lie
// about what it hands out. Granted: server (the server's side of its endpoint), console (for what
// goes wrong), and, but for the last one, next. Its argument is its name.

#include "runtime/runtime.h"
#include "runtime/service/service.h"

#include "schema/boot.capnp.h"
#include "schema/kernel.capnp.h"
#include "schema/proof.capnp.h"

struct server {
    struct tsr_service service;
    struct capnp_text name;
    struct relay next; // id 0: there is none
};

static bool has_next(const struct server *server, struct capnp_exception *exception)
{
    if (server->next.id == 0) {
        capnp_exception_set(exception, CAPNP_EXCEPTION_FAILED, 0, "this is the last relay");
    }
    return server->next.id != 0;
}

static bool serve_next(void *self, struct relay_next_params_reader params,
                       struct relay_next_results_builder results, struct capnp_exception *exception)
{
    struct server *server = self;
    (void)params;
    if (!has_next(server, exception)) {
        return false;
    }
    relay_next_results_set_relay(results, server->next);
    return true;
}

static bool serve_name(void *self, struct relay_name_params_reader params,
                       struct relay_name_results_builder results, struct capnp_exception *exception)
{
    struct server *server = self;
    (void)params;
    (void)exception;
    relay_name_results_set_name(results, server->name);
    return true;
}

// A capability pointer to the ninth capability of a message that brings one.
static const uint64_t lie = UINT64_C(9) << 32 | 3;

static bool serve_lie(void *self, struct relay_lie_params_reader params,
                      struct relay_lie_results_builder results, struct capnp_exception *exception)
{
    struct server *server = self;
    (void)params;
    if (!has_next(server, exception)) {
        return false;
    }
    relay_lie_results_set_relay(results, server->next);
    // The root's two pointers follow the message's first word.
    uint8_t *pointers = server->service.current->response.bytes + CAPNP_WORD_BYTES;
    __builtin_memcpy(pointers, &lie, sizeof(lie));
    __builtin_memcpy(pointers + CAPNP_WORD_BYTES, &lie, sizeof(lie));
    return true;
}

static bool serve_leave(void *self, struct relay_leave_params_reader params,
                        struct relay_leave_results_builder results,
                        struct capnp_exception *exception)
{
    struct server *server = self;
    (void)params;
    (void)results;
    (void)exception;
    tsr_service_stop(&server->service, 0);
    return true;
}

static bool dispatch(void *self, uint16_t method, struct capnp_message *request,
                     struct capnp_builder *response, struct capnp_exception *exception)
{
    static const struct relay_server methods = {
        .next = serve_next, .name = serve_name, .lie = serve_lie, .leave = serve_leave};
    return relay_dispatch(&methods, self, method, request, response, exception);
}

int tsr_main(struct start *start)
{
    static struct server server;
    struct capnp_message info;
    struct capnp_exception exception;
    struct tsr_service_options options = {
        .interface = RELAY_INTERFACE_ID, .dispatch = dispatch, .self = &server, .requests = 2};
    if (!tsr_find(start, "server", ENDPOINT_INTERFACE_ID, &options.server)) {
        tsr_panic("relay: was not granted its endpoint");
    }
    tsr_find(start, "next", RELAY_INTERFACE_ID, &server.next.id);
    tsr_start_info(start, &info);
    server.name = start_info_get_arguments(start_info_read(&info));
    if (!tsr_service_start(&server.service, &options, &exception) ||
        !tsr_service_serve(&server.service, &exception)) {
        tsr_panic_because("relay: cannot serve: ", &exception);
    }
    return 0;
}
