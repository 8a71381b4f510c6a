// SPDX-License-Identifier: Apache-2.0
//
// The other side of the program measure-batch where it hands over a capability: answers with what
// it was handed. Granted: server (the server's side of an endpoint), console (for what goes wrong).

#include "runtime/runtime.h"

#include "schema/kernel.capnp.h"
#include "schema/measure.capnp.h"

struct server {
    struct capnp_cap handed; // with the last answer; id 0: none
    bool is_over;
};

// An answer brings a copy, so what was handed over is given back once the answer is out.
static bool token_hand(void *self, struct measure_token_hand_params_reader params,
                       struct measure_token_hand_results_builder results,
                       struct capnp_exception *exception)
{
    struct server *server = self;
    (void)exception;
    if (server->handed.id != 0) {
        tsr_release(server->handed.id);
    }
    server->handed = measure_token_hand_params_get_token(params);
    measure_token_hand_results_set_token(results, server->handed);
    return true;
}

static bool token_leave(void *self, struct measure_token_leave_params_reader params,
                        struct measure_token_leave_results_builder results,
                        struct capnp_exception *exception)
{
    struct server *server = self;
    (void)params;
    (void)results;
    (void)exception;
    server->is_over = true;
    return true;
}

static bool token_dispatch(void *self, uint16_t method, struct capnp_message *request,
                           struct capnp_builder *response, struct capnp_exception *exception)
{
    static const struct measure_token_server methods = {.hand = token_hand, .leave = token_leave};
    return measure_token_dispatch(&methods, self, method, request, response, exception);
}

int tsr_main(struct start *start)
{
    struct endpoint endpoint;
    struct capnp_exception exception;
    struct server server = {.is_over = false};
    struct tsr_serve_options options = {.interface = MEASURE_TOKEN_INTERFACE_ID,
                                        .dispatch = token_dispatch,
                                        .self = &server,
                                        .stop = &server.is_over};
    if (!tsr_find(start, "server", ENDPOINT_INTERFACE_ID, &endpoint.id)) {
        tsr_panic("measure-token: was not granted its endpoint");
    }
    return tsr_serve(endpoint.id, &options, &exception) ? 0 : 1;
}
