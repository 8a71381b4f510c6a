// SPDX-License-Identifier: Apache-2.0
//
// A server that keeps one capability for its clients. Granted: server (the server's side of its
// endpoint), console (for what goes wrong).

#include "runtime/runtime.h"
#include "runtime/service/service.h"

#include "schema/kernel.capnp.h"
#include "schema/proof.capnp.h"

struct server {
    struct tsr_service service;
    struct capnp_cap kept; // id 0: nothing
};

static bool serve_put(void *self, struct locker_put_params_reader params,
                      struct locker_put_results_builder results, struct capnp_exception *exception)
{
    struct server *server = self;
    struct capnp_cap cap = locker_put_params_get_capability(params);
    (void)results;
    if (!tsr_request_take(server->service.current, cap.id, 0)) {
        capnp_exception_set(exception, CAPNP_EXCEPTION_INVALID_ARGUMENT, 0, "nothing came along");
        return false;
    }
    tsr_release(server->kept.id);
    server->kept = cap;
    return true;
}

static bool serve_take(void *self, struct locker_take_params_reader params,
                       struct locker_take_results_builder results,
                       struct capnp_exception *exception)
{
    struct server *server = self;
    (void)params;
    if (server->kept.id == 0) {
        capnp_exception_set(exception, CAPNP_EXCEPTION_FAILED, 0, "the locker is empty");
        return false;
    }
    locker_take_results_set_capability(results, server->kept);
    tsr_request_give(server->service.current, server->kept.id);
    server->kept.id = 0;
    return true;
}

static bool serve_leave(void *self, struct locker_leave_params_reader params,
                        struct locker_leave_results_builder results,
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
    static const struct locker_server methods = {
        .put = serve_put, .take = serve_take, .leave = serve_leave};
    return locker_dispatch(&methods, self, method, request, response, exception);
}

int tsr_main(struct start *start)
{
    static struct server server;
    struct capnp_exception exception;
    struct tsr_service_options options = {.interface = LOCKER_INTERFACE_ID,
                                          .message_max = 512,
                                          .dispatch = dispatch,
                                          .self = &server};
    if (!tsr_find(start, "server", ENDPOINT_INTERFACE_ID, &options.server)) {
        tsr_panic("locker: was not granted its endpoint");
    }
    if (!tsr_service_start(&server.service, &options, &exception) ||
        !tsr_service_serve(&server.service, &exception)) {
        tsr_panic_because("locker: cannot serve: ", &exception);
    }
    tsr_release(server.kept.id);
    return 0;
}
