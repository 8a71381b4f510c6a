// SPDX-License-Identifier: Apache-2.0
//
// What all carriers and generated clients and servers share (call.h): exceptions that the library
// itself has reason to make. Nothing here runs on the path of a call that succeeds.

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

void capnp_exception_set_error(struct capnp_exception *exception, enum capnp_exception_type type,
                               enum capnp_error error)
{
    capnp_exception_set(exception, type, (uint64_t)error, capnp_error_text(error));
}
