// SPDX-License-Identifier: Apache-2.0
//
// Echo on a byte stream, as a user of one that forgets nothing: it knows its positions, and repeats
// what a server did not answer because it died. Granted: stream, console. Its argument is a name to
// speak under.
#include "runtime/runtime.h"

#include "schema/boot.capnp.h"
#include "schema/kernel.capnp.h"
#include "schema/serial.capnp.h"

static const char GREETING[] = "echo: ";

enum {
    GREETING_SIZE = sizeof(GREETING) - 1,
    PART = 256,
    END = 4, // C-d
};

static struct {
    struct debug_console console;
    struct byte_stream stream;
    struct capnp_text name;
    uint64_t connection, read, written;
    uint64_t repeats; // calls whose server died
} echo;

static void say(const char *what, uint64_t number)
{
    struct tsr_line line = {0};
    struct capnp_exception ignored;
    tsr_line_text(&line, "serial-echo: ");
    tsr_line_bytes(&line, echo.name.data, echo.name.size);
    tsr_line_text(&line, what);
    tsr_line_decimal(&line, number);
    if (!debug_console_write_line(echo.console, tsr_line_of(&line), &ignored)) {
        tsr_exit(1);
    }
}

// A call that failed is made again if its server died; anything else ends the program.
static void again(const struct capnp_exception *exception)
{
    if (exception->type != CAPNP_EXCEPTION_DISCONNECTED) {
        tsr_panic_because("serial-echo: ", exception);
    }
    echo.repeats++;
}

// The present connection, from its beginning.
static bool connection_find(struct capnp_exception *exception)
{
    struct capnp_call call;
    struct byte_stream_state_params_builder params;
    struct byte_stream_state_results_reader results;
    bool is_answered = byte_stream_state_begin(echo.stream, &call, &params, exception) &&
                       capnp_call_send(&call, exception) &&
                       byte_stream_state_finish(&call, &results, exception);
    if (is_answered) {
        struct stream_state_reader state = byte_stream_state_results_get_state(results);
        echo.connection = stream_state_get_connection(state);
        echo.read = stream_state_get_read_from(state);
        echo.written = stream_state_get_write_from(state);
        is_answered = !capnp_call_refuse_response(&call, exception);
    }
    capnp_call_end(&call);
    return is_answered;
}

// At least a byte; 0: the connection is over.
static bool part_read(uint8_t *bytes, uint32_t *size, struct capnp_exception *exception)
{
    struct capnp_call call;
    struct byte_stream_read_params_builder params;
    struct byte_stream_read_results_reader results;
    bool is_answered = byte_stream_read_begin(echo.stream, &call, &params, exception);
    if (is_answered) {
        byte_stream_read_params_set_connection(params, echo.connection);
        byte_stream_read_params_set_position(params, echo.read);
        byte_stream_read_params_set_limit(params, PART);
        is_answered = capnp_call_send(&call, exception) &&
                      byte_stream_read_finish(&call, &results, exception);
    }
    if (is_answered) {
        struct capnp_data data = byte_stream_read_results_get_data(results);
        *size = data.size < PART ? data.size : PART;
        for (uint32_t i = 0; i < *size; i++) {
            bytes[i] = data.data[i];
        }
        is_answered = !capnp_call_refuse_response(&call, exception);
    }
    capnp_call_end(&call);
    return is_answered;
}

// True: the connection is over.
static bool part_write(const uint8_t *bytes, uint32_t size)
{
    struct capnp_exception exception;
    bool is_over;
    while (!byte_stream_write(echo.stream, echo.connection, echo.written,
                              (struct capnp_data){bytes, size}, &echo.written, &is_over,
                              &exception)) {
        again(&exception);
    }
    return is_over;
}

int tsr_main(struct start *start)
{
    struct capnp_message info;
    struct capnp_exception exception;
    uint8_t bytes[PART];
    uint32_t size = 0;
    bool is_over = false;
    if (!tsr_find(start, "console", DEBUG_CONSOLE_INTERFACE_ID, &echo.console.id) ||
        !tsr_find(start, "stream", BYTE_STREAM_INTERFACE_ID, &echo.stream.id)) {
        return 1;
    }
    tsr_start_info(start, &info);
    echo.name = start_info_get_arguments(start_info_read(&info));
    while (!connection_find(&exception)) {
        again(&exception);
    }
    uint64_t begun = echo.written;
    part_write((const uint8_t *)GREETING, GREETING_SIZE);
    while (size == 0 || bytes[size - 1] != END) {
        while (!part_read(bytes, &size, &exception)) {
            again(&exception);
        }
        echo.read += size;
        is_over = part_write(bytes, size);
        while (is_over && !connection_find(&exception)) {
            again(&exception);
        }
    }
    while (!byte_stream_drain(echo.stream, echo.connection, &is_over, &exception)) {
        again(&exception);
    }
    say(" bytes echoed: ", echo.written - begun - GREETING_SIZE);
    say(" calls repeated, since the driver died: ", echo.repeats);
    return 0;
}
