// SPDX-License-Identifier: Apache-2.0
//
// A carrier for test programs that read, build and serve but never call: generated sources hold
// clients too, and those want one. Every call is refused as disconnected.

#include "lib/capnp/call.h"

bool capnp_call_begin(struct capnp_call *call, uint64_t target, uint64_t interface, uint16_t method,
                      uint32_t request_bytes, struct capnp_exception *exception)
{
    (void)call;
    (void)target;
    (void)interface;
    (void)method;
    (void)request_bytes;
    capnp_exception_set(exception, CAPNP_EXCEPTION_DISCONNECTED, 0, "there is no carrier");
    return false;
}

bool capnp_call_send(struct capnp_call *call, struct capnp_exception *exception)
{
    (void)call;
    capnp_exception_set(exception, CAPNP_EXCEPTION_DISCONNECTED, 0, "there is no carrier");
    return false;
}

bool capnp_call_finish(struct capnp_call *call, struct capnp_exception *exception)
{
    (void)call;
    capnp_exception_set(exception, CAPNP_EXCEPTION_DISCONNECTED, 0, "there is no carrier");
    return false;
}

bool capnp_call_run(struct capnp_call *call, struct capnp_exception *exception)
{
    return capnp_call_send(call, exception) && capnp_call_finish(call, exception);
}

void capnp_call_end(struct capnp_call *call)
{
    (void)call;
}
