// SPDX-License-Identifier: Apache-2.0
//
// Serves the interface Bystander until it is told to leave. What it keeps belongs to the callers
// through facets with the receiver data 1; others may only ask. Granted: server.

#include "runtime/runtime.h"
#include "runtime/service/service.h"

#include "schema/kernel.capnp.h"
#include "schema/proof.capnp.h"

enum { KEEPER = 1, REQUESTS = 2, MESSAGE_MAX = 256 };

static struct {
    struct tsr_service service;
    uint64_t number; // kept
    uint64_t asked;  // by the keeper
} own;

static bool is_keeper(void)
{
    return own.service.current->receiver_data == KEEPER;
}

static bool bystander_ask_run(void *self, struct bystander_ask_params_reader params,
                              struct bystander_ask_results_builder results,
                              struct capnp_exception *exception)
{
    (void)self;
    (void)exception;
    own.asked += is_keeper() ? 1 : 0;
    bystander_ask_results_set_answer(results, bystander_ask_params_get_number(params) + 1);
    return true;
}

static bool bystander_keep_run(void *self, struct bystander_keep_params_reader params,
                               struct bystander_keep_results_builder results,
                               struct capnp_exception *exception)
{
    (void)self;
    (void)results;
    if (!is_keeper()) {
        capnp_exception_set(exception, CAPNP_EXCEPTION_FAILED, 0, "not for you");
        return false;
    }
    own.number = bystander_keep_params_get_number(params);
    return true;
}

static bool bystander_kept_run(void *self, struct bystander_kept_params_reader params,
                               struct bystander_kept_results_builder results,
                               struct capnp_exception *exception)
{
    (void)self;
    (void)params;
    (void)exception;
    bystander_kept_results_set_number(results, own.number);
    bystander_kept_results_set_asked(results, own.asked);
    return true;
}

static bool bystander_leave_run(void *self, struct bystander_leave_params_reader params,
                                struct bystander_leave_results_builder results,
                                struct capnp_exception *exception)
{
    (void)self;
    (void)params;
    (void)results;
    (void)exception;
    tsr_service_stop(&own.service, 0);
    return true;
}

static bool dispatch(void *self, uint16_t method, struct capnp_message *request,
                     struct capnp_builder *response, struct capnp_exception *exception)
{
    static const struct bystander_server methods = {.ask = bystander_ask_run,
                                                    .keep = bystander_keep_run,
                                                    .kept = bystander_kept_run,
                                                    .leave = bystander_leave_run};
    return bystander_dispatch(&methods, self, method, request, response, exception);
}

int tsr_main(struct start *start)
{
    struct capnp_exception exception;
    struct tsr_service_options options = {.interface = BYSTANDER_INTERFACE_ID,
                                          .message_max = MESSAGE_MAX,
                                          .requests = REQUESTS,
                                          .dispatch = dispatch};
    if (!tsr_find(start, "server", ENDPOINT_INTERFACE_ID, &options.server)) {
        return 1;
    }
    return tsr_service_start(&own.service, &options, &exception) &&
                   tsr_service_serve(&own.service, &exception)
               ? 0
               : 1;
}
