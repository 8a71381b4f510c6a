// SPDX-License-Identifier: Apache-2.0
//
// What all carriers and generated clients and servers share (call.h): exceptions that the library
// itself has reason to make. Nothing here runs on the path of a call that succeeds but
// capnp_serve_end's three comparisons.

#include "lib/capnp/call.h"

void capnp_exception_set(struct capnp_exception *exception, enum capnp_exception_type type,
                         uint64_t detail, const char *reason)
{
    size_t size = 0;
    exception->type = type;
    exception->status = 0;
    exception->detail = detail;
    while (reason != NULL && reason[size] != 0 && size < sizeof(exception->reason) - 1) {
        exception->reason[size] = reason[size];
        size++;
    }
    exception->reason[size] = 0;
}

static bool refuse(struct capnp_exception *exception, enum capnp_exception_type type,
                   enum capnp_error error)
{
    if (error == CAPNP_OK) {
        return false;
    }
    capnp_exception_set(exception, type, (uint64_t)error, capnp_error_text(error));
    return true;
}

bool capnp_call_refuse_request(const struct capnp_call *call, struct capnp_exception *exception)
{
    return refuse(exception, CAPNP_EXCEPTION_INVALID_ARGUMENT, call->request.error);
}

bool capnp_call_refuse_response(const struct capnp_call *call, struct capnp_exception *exception)
{
    return refuse(exception, CAPNP_EXCEPTION_FAILED, call->response.error);
}

bool capnp_serve_end(bool answered, const struct capnp_message *request,
                     const struct capnp_builder *response, struct capnp_exception *exception)
{
    if (refuse(exception, CAPNP_EXCEPTION_INVALID_ARGUMENT, request->error)) {
        return false;
    }
    return answered && !refuse(exception, CAPNP_EXCEPTION_FAILED, response->error);
}
