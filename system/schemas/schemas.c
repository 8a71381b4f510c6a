// SPDX-License-Identifier: Apache-2.0
//
// The schemas of the system's interfaces, as data: see README.md. The list is written by the build.

#include "lib/shell/source.h"
#include "runtime/runtime.h"

#include "schema/kernel.capnp.h"

extern const struct capnp_schema *const schemas_list[];
extern const uint32_t schemas_count;

static bool on_read(void *self, struct schema_source_read_params_reader params,
                    struct schema_source_read_results_builder results,
                    struct capnp_exception *exception)
{
    (void)self;
    (void)exception;
    shell_source_read(schemas_list, schemas_count, params, results);
    return true;
}

static bool dispatch(void *self, uint16_t method, struct capnp_message *request,
                     struct capnp_builder *response, struct capnp_exception *exception)
{
    static const struct schema_source_server methods = {.read = on_read};
    return schema_source_dispatch(&methods, self, method, request, response, exception);
}

int tsr_main(struct start *start)
{
    struct endpoint server;
    struct capnp_exception exception;
    const struct tsr_serve_options options = {.interface = SCHEMA_SOURCE_INTERFACE_ID,
                                              .dispatch = dispatch};
    if (!tsr_find(start, "server", ENDPOINT_INTERFACE_ID, &server.id)) {
        tsr_panic("schemas: was not granted its endpoint");
    }
    if (!tsr_serve(server.id, &options, &exception)) {
        tsr_panic_because("schemas: cannot serve: ", &exception);
    }
    return 0;
}
