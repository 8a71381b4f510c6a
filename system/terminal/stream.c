// SPDX-License-Identifier: Apache-2.0
//
// The stream that a person's terminal is at the other end of: one call of each kind is under way,
// and each completion goes on from where it was. The server of the stream may die and come back:
// positions say what had arrived.
#include <string.h>

#include "system/terminal/terminal.h"

enum { AGAIN_NS = 20000000 }; // until a server that is gone is asked again

static struct terminal *terminal_of(void *context)
{
    return context;
}

// ---- A server that is gone ----

static void again_due(void *context)
{
    stream_pump(terminal_of(context));
}

// The call failed. A server that is gone may come back; anything else is nothing that waiting
// mends.
static void failed(struct terminal *terminal, const struct capnp_exception *exception)
{
    uint64_t now = 0;
    struct capnp_exception ignored;
    if (exception->type != CAPNP_EXCEPTION_DISCONNECTED || terminal->timer.id == 0 ||
        !timer_now(terminal->timer, &now, &ignored)) {
        tsr_panic_because("terminal: its stream fails: ", exception);
    }
    terminal->stream.version = 0;
    tsr_timer_set(&terminal->service, &terminal->stream.again, now + AGAIN_NS);
}

// ---- Connections ----

static void connection_end(struct terminal *terminal)
{
    struct stream *stream = &terminal->stream;
    stream->is_open = false;
    stream->pending_size = 0;
    memset(stream->pending, 0, sizeof stream->pending);
    terminal_hang_up(terminal);
}

static void connection_begin(struct terminal *terminal, struct stream_state_reader state)
{
    struct stream *stream = &terminal->stream;
    stream->is_open = true;
    stream->connection = stream_state_get_connection(state);
    stream->read_at = stream_state_get_read_from(state);
    stream->write_at = stream_state_get_write_from(state);
}

static void size_learn(struct terminal *terminal, uint32_t columns, uint32_t rows)
{
    if (columns == 0) {
        session_ask_size(&terminal->session);
    } else {
        session_resize(&terminal->session, columns, rows);
    }
}

static void state_learn(struct terminal *terminal, struct stream_state_reader state)
{
    struct stream *stream = &terminal->stream;
    bool is_open = stream_state_get_is_open(state);
    bool is_other = stream_state_get_connection(state) != stream->connection;
    bool is_new = is_open && is_other;
    stream->version = stream_state_get_version(state);
    if (stream->is_open && (!is_open || is_other)) {
        connection_end(terminal);
    }
    if (is_new) {
        connection_begin(terminal, state);
        terminal_connect(terminal);
    }
    if (is_open && (is_new || stream_state_get_columns(state) != 0)) {
        size_learn(terminal, stream_state_get_columns(state), stream_state_get_rows(state));
    }
}

static void state_done(void *context, struct capnp_call *call)
{
    struct terminal *terminal = terminal_of(context);
    struct byte_stream_state_results_reader results;
    struct capnp_exception exception;
    bool is_answered = byte_stream_state_finish(call, &results, &exception);
    terminal->stream.asks = false;
    if (is_answered) {
        state_learn(terminal, byte_stream_state_results_get_state(results));
    }
    capnp_call_end(call);
    if (is_answered) {
        stream_pump(terminal);
    } else {
        failed(terminal, &exception);
    }
}

// ---- Bytes ----

// Whether an answer is about the connection that goes on: one may come late.
static bool is_present(const struct stream *stream, uint64_t connection)
{
    return stream->is_open && connection == stream->connection;
}

static void read_done(void *context, struct capnp_call *call)
{
    struct terminal *terminal = terminal_of(context);
    struct stream *stream = &terminal->stream;
    struct byte_stream_read_results_reader results;
    struct capnp_exception exception;
    bool is_answered = byte_stream_read_finish(call, &results, &exception);
    stream->reads = false;
    if (is_answered && is_present(stream, stream->read_connection)) {
        struct capnp_data data = byte_stream_read_results_get_data(results);
        if (byte_stream_read_results_get_is_over(results)) {
            connection_end(terminal);
        } else if (data.size <= STREAM_MAX) {
            memcpy(stream->pending, data.data, data.size);
            stream->pending_size = data.size;
            stream->read_at += data.size;
        }
    }
    if (is_answered) {
        // What was typed may be hidden: no copy stays in the ring.
        memset(call->request.bytes, 0, call->response.size);
    }
    capnp_call_end(call);
    if (is_answered) {
        stream_pump(terminal);
    } else {
        failed(terminal, &exception);
    }
}

static void write_done(void *context, struct capnp_call *call)
{
    struct terminal *terminal = terminal_of(context);
    struct stream *stream = &terminal->stream;
    struct byte_stream_write_results_reader results;
    struct capnp_exception exception;
    bool is_answered = byte_stream_write_finish(call, &results, &exception);
    stream->writes = false;
    if (is_answered && is_present(stream, stream->write_connection)) {
        uint64_t position = byte_stream_write_results_get_position(results);
        if (byte_stream_write_results_get_is_over(results)) {
            connection_end(terminal);
        } else if (position > stream->write_at) {
            session_sent(&terminal->session, (size_t)(position - stream->write_at));
            stream->write_at = position;
        }
    }
    capnp_call_end(call);
    if (is_answered) {
        stream_pump(terminal);
    } else {
        failed(terminal, &exception);
    }
}

static void drain_done(void *context, struct capnp_call *call)
{
    struct terminal *terminal = terminal_of(context);
    struct stream *stream = &terminal->stream;
    struct byte_stream_drain_results_reader results;
    struct capnp_exception exception;
    bool is_answered = byte_stream_drain_finish(call, &results, &exception);
    stream->drains = false;
    if (is_answered && is_present(stream, stream->drain_connection)) {
        if (byte_stream_drain_results_get_is_over(results)) {
            connection_end(terminal);
        } else {
            terminal_drained(terminal);
        }
    }
    capnp_call_end(call);
    if (is_answered) {
        stream_pump(terminal);
    } else {
        failed(terminal, &exception);
    }
}

// ---- Going on ----

static void ask(struct terminal *terminal)
{
    struct stream *stream = &terminal->stream;
    struct byte_stream_state_params_builder params;
    struct capnp_exception exception;
    if (!byte_stream_state_begin(stream->capability, &stream->state_call, &params, &exception)) {
        failed(terminal, &exception);
        return;
    }
    byte_stream_state_params_set_known(params, stream->version);
    stream->asks = capnp_call_send(&stream->state_call, &exception);
    if (stream->asks) {
        tsr_service_await(&terminal->service, &stream->state_awaited, &stream->state_call);
    } else {
        capnp_call_end(&stream->state_call);
        failed(terminal, &exception);
    }
}

static void read(struct terminal *terminal)
{
    struct stream *stream = &terminal->stream;
    struct byte_stream_read_params_builder params;
    struct capnp_exception exception;
    if (!byte_stream_read_begin(stream->capability, &stream->read_call, &params, &exception)) {
        failed(terminal, &exception);
        return;
    }
    byte_stream_read_params_set_connection(params, stream->connection);
    byte_stream_read_params_set_position(params, stream->read_at);
    byte_stream_read_params_set_limit(params, STREAM_MAX);
    stream->read_connection = stream->connection;
    stream->reads = capnp_call_send(&stream->read_call, &exception);
    if (stream->reads) {
        tsr_service_await(&terminal->service, &stream->read_awaited, &stream->read_call);
    } else {
        capnp_call_end(&stream->read_call);
        failed(terminal, &exception);
    }
}

static void write(struct terminal *terminal, const char *bytes, size_t size)
{
    struct stream *stream = &terminal->stream;
    struct byte_stream_write_params_builder params;
    struct capnp_exception exception;
    struct capnp_data data = {(const uint8_t *)bytes,
                              (uint32_t)(size < STREAM_MAX ? size : STREAM_MAX)};
    if (!byte_stream_write_begin(stream->capability, &stream->write_call, &params, &exception)) {
        failed(terminal, &exception);
        return;
    }
    byte_stream_write_params_set_connection(params, stream->connection);
    byte_stream_write_params_set_position(params, stream->write_at);
    byte_stream_write_params_set_data(params, data);
    stream->write_connection = stream->connection;
    stream->writes = capnp_call_send(&stream->write_call, &exception);
    if (stream->writes) {
        tsr_service_await(&terminal->service, &stream->write_awaited, &stream->write_call);
    } else {
        capnp_call_end(&stream->write_call);
        failed(terminal, &exception);
    }
}

static void drain(struct terminal *terminal)
{
    struct stream *stream = &terminal->stream;
    struct byte_stream_drain_params_builder params;
    struct capnp_exception exception;
    if (!byte_stream_drain_begin(stream->capability, &stream->drain_call, &params, &exception)) {
        failed(terminal, &exception);
        return;
    }
    byte_stream_drain_params_set_connection(params, stream->connection);
    stream->drain_connection = stream->connection;
    stream->drains = capnp_call_send(&stream->drain_call, &exception);
    if (stream->drains) {
        tsr_service_await(&terminal->service, &stream->drain_awaited, &stream->drain_call);
    } else {
        capnp_call_end(&stream->drain_call);
        failed(terminal, &exception);
    }
}

// What the session has taken is scrubbed here.
static void type(struct terminal *terminal)
{
    struct stream *stream = &terminal->stream;
    size_t used = session_input(&terminal->session, stream->pending, stream->pending_size);
    stream->pending_size -= used;
    memmove(stream->pending, stream->pending + used, stream->pending_size);
    memset(stream->pending + stream->pending_size, 0, used);
}

void stream_pump(struct terminal *terminal)
{
    struct stream *stream = &terminal->stream;
    const char *bytes;
    size_t size;
    if (!stream->asks && !stream->again.is_set) {
        ask(terminal);
    }
    if (!stream->is_open) {
        // After a hang-up nobody is to see it; before the first connection it waits.
        while (terminal->is_over && (size = session_output(&terminal->session, &bytes)) != 0) {
            session_sent(&terminal->session, size);
        }
        return;
    }
    if (stream->pending_size != 0) {
        type(terminal);
    }
    size = session_output(&terminal->session, &bytes);
    if (size != 0 && !stream->writes && !stream->again.is_set) {
        write(terminal, bytes, size);
    }
    if (size == 0 && !stream->writes && terminal->drainer != NULL && !stream->drains &&
        !stream->again.is_set) {
        drain(terminal);
    }
    if (stream->pending_size == 0 && !stream->reads && !stream->again.is_set) {
        read(terminal);
    }
}

void stream_begin(struct terminal *terminal)
{
    struct stream *stream = &terminal->stream;
    stream->state_awaited = (struct tsr_awaited){.done = state_done, .context = terminal};
    stream->read_awaited = (struct tsr_awaited){.done = read_done, .context = terminal};
    stream->write_awaited = (struct tsr_awaited){.done = write_done, .context = terminal};
    stream->drain_awaited = (struct tsr_awaited){.done = drain_done, .context = terminal};
    stream->again = (struct tsr_timer){.due = again_due, .context = terminal};
    stream_pump(terminal);
}
