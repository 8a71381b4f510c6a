// SPDX-License-Identifier: Apache-2.0
//
// The other side of the program measure: answers with what it was sent, and does nothing else, so
// that what a round trip costs is the system's. Granted: server (the server's side of an endpoint),
// console (for what goes wrong).

#include "runtime/runtime.h"

#include "schema/kernel.capnp.h"
#include "schema/measure.capnp.h"

static bool echo_words(void *self, struct measure_words_params_reader params,
                       struct measure_words_results_builder results,
                       struct capnp_exception *exception)
{
    (void)self;
    (void)exception;
    measure_words_results_set_first(results, measure_words_params_get_first(params));
    measure_words_results_set_second(results, measure_words_params_get_second(params));
    measure_words_results_set_third(results, measure_words_params_get_third(params));
    return true;
}

// An empty value says goodbye: the server ends after its answer.
static bool echo_data(void *self, struct measure_data_params_reader params,
                      struct measure_data_results_builder results,
                      struct capnp_exception *exception)
{
    bool *is_over = self;
    (void)exception;
    struct capnp_data data = measure_data_params_get_data(params);
    measure_data_results_set_data(results, data);
    *is_over = data.size == 0;
    return true;
}

static bool echo_dispatch(void *self, uint16_t method, struct capnp_message *request,
                          struct capnp_builder *response, struct capnp_exception *exception)
{
    static const struct measure_server methods = {.words = echo_words, .data = echo_data};
    return measure_dispatch(&methods, self, method, request, response, exception);
}

int tsr_main(struct start *start)
{
    struct endpoint server;
    struct capnp_exception exception;
    bool is_over = false;
    if (!tsr_find(start, "server", ENDPOINT_INTERFACE_ID, &server.id)) {
        tsr_panic("measure-echo: was not granted its endpoint");
    }
    struct tsr_serve_options options = {.interface = MEASURE_INTERFACE_ID,
                                        .dispatch = echo_dispatch,
                                        .self = &is_over,
                                        .stop = &is_over};
    return tsr_serve(server.id, &options, &exception) ? 0 : 1;
}
