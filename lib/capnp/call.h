// SPDX-License-Identifier: Apache-2.0
//
// The contract between generated clients and servers and whoever carries their calls.
//
// A carrier (Tessera's runtime; a test; anything with a way to deliver a message) implements the
// five capnp_call_ functions. Generated code never sees rings, sockets or buffers.
//
// One call, in this order: begin; fill call->request; send; finish; read call->response; end.
// Who has nothing to do between send and finish says run instead of both. After a begin that
// answered true the caller calls capnp_call_end exactly once, whatever send, finish and run say;
// after a begin that answered false there is nothing to end. Whoever answers false has filled in
// the exception; on true the exception is left alone. Readers of the response are valid until end.
//
// A carrier's send must refuse a request whose builder failed (capnp_call_refuse_request does), and
// must transfer request.caps[0..cap_count) beside the bytes; finish opens call->response with the
// capabilities that came back.

#ifndef LIB_CAPNP_CALL_H
#define LIB_CAPNP_CALL_H

#include "lib/capnp/capnp.h"

enum capnp_exception_type {
    CAPNP_EXCEPTION_NONE,
    CAPNP_EXCEPTION_FAILED,
    CAPNP_EXCEPTION_OVERLOADED,
    CAPNP_EXCEPTION_DISCONNECTED,
    CAPNP_EXCEPTION_UNIMPLEMENTED,
    CAPNP_EXCEPTION_INVALID_ARGUMENT
};

struct capnp_exception {
    enum capnp_exception_type type;
    int32_t status;  // carrier's status when type is NONE, or the fact behind a carrier-made one
    uint64_t detail; // which argument, which limit; an enum capnp_error where the library made it
    char reason[64]; // always ends in NUL; may be empty
};

struct capnp_call {
    uint64_t target;
    uint64_t interface;
    uint16_t method;
    struct capnp_builder request;
    struct capnp_message response;
    uint64_t carrier[6]; // the carrier's own
};

// What methods that are declared `-> stream` answer with: nothing. How many such calls are under
// way at once is between the carrier and whoever makes them.
struct capnp_stream_result_reader {
    struct capnp_struct_reader s;
};

struct capnp_stream_result_builder {
    struct capnp_struct_builder s;
};

static inline struct capnp_stream_result_reader
capnp_stream_result_read(struct capnp_message *message)
{
    return (struct capnp_stream_result_reader){capnp_message_root(message)};
}

static inline struct capnp_stream_result_builder
capnp_stream_result_build(struct capnp_builder *builder)
{
    return (struct capnp_stream_result_builder){capnp_builder_root(builder, 0, 0)};
}

// Makes call->request ready. request_bytes: what the request needs, exactly where generated code
// can know; CAPNP_MESSAGE_BYTES_MAX means "unknown", and the carrier gives what it can.
bool capnp_call_begin(struct capnp_call *call, uint64_t target, uint64_t interface, uint16_t method,
                      uint32_t request_bytes, struct capnp_exception *exception);
bool capnp_call_send(struct capnp_call *call, struct capnp_exception *exception);
// Waits; call->response is ready.
bool capnp_call_finish(struct capnp_call *call, struct capnp_exception *exception);
// Send and finish in one.
bool capnp_call_run(struct capnp_call *call, struct capnp_exception *exception);
void capnp_call_end(struct capnp_call *call);

// ---- in call.c, for carriers and generated code ----

// Fills in an exception; reason may be NULL and is cut to fit.
void capnp_exception_set(struct capnp_exception *exception, enum capnp_exception_type type,
                         uint64_t detail, const char *reason);

// Fills in an exception made of an error of the library.
void capnp_exception_set_error(struct capnp_exception *exception, enum capnp_exception_type type,
                               enum capnp_error error);

// True, with the exception filled in, when the request doesn't hold what was put into it.
static inline bool capnp_call_refuse_request(const struct capnp_call *call,
                                             struct capnp_exception *exception)
{
    bool is_refused = call->request.error != CAPNP_OK;
    if (is_refused) {
        capnp_exception_set_error(exception, CAPNP_EXCEPTION_INVALID_ARGUMENT, call->request.error);
    }
    return is_refused;
}

// True, with the exception filled in, when the response turned out malformed while it was read.
static inline bool capnp_call_refuse_response(const struct capnp_call *call,
                                              struct capnp_exception *exception)
{
    bool is_refused = call->response.error != CAPNP_OK;
    if (is_refused) {
        capnp_exception_set_error(exception, CAPNP_EXCEPTION_FAILED, call->response.error);
    }
    return is_refused;
}

// The end of a served call: what `answered` (the handler's word) and the errors kept in request
// and response amount to. A malformed request is invalidArgument, whatever the handler made of it;
// a response that didn't fit is failed.
static inline bool capnp_serve_end(bool answered, const struct capnp_message *request,
                                   const struct capnp_builder *response,
                                   struct capnp_exception *exception)
{
    if (request->error != CAPNP_OK) {
        capnp_exception_set_error(exception, CAPNP_EXCEPTION_INVALID_ARGUMENT, request->error);
        return false;
    }
    if (answered && response->error != CAPNP_OK) {
        capnp_exception_set_error(exception, CAPNP_EXCEPTION_FAILED, response->error);
        return false;
    }
    return answered;
}

// Bytes that a text or data value adds to a message; too long ones saturate, so that sums of a few
// can't wrap.
static inline uint32_t capnp_data_bytes(struct capnp_data data)
{
    return data.size >= CAPNP_MESSAGE_BYTES_MAX ? CAPNP_MESSAGE_BYTES_MAX
                                                : (data.size + 7) & ~(uint32_t)7;
}

static inline uint32_t capnp_text_bytes(struct capnp_text text)
{
    return text.size >= CAPNP_MESSAGE_BYTES_MAX ? CAPNP_MESSAGE_BYTES_MAX
                                                : (text.size + 8) & ~(uint32_t)7;
}

#endif
