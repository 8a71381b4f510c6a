// SPDX-License-Identifier: Apache-2.0
//
// The driver of one serial port: interrupts move bytes between the device and the stream, calls
// between the stream and its user. A call that has to wait is deferred and tried again whenever
// the stream has moved. README.md says what it is granted.
#include "drivers/serial/16550/uart.h"

#include "abi/commit.h"
#include "runtime/runtime.h"
#include "runtime/service/service.h"
#include "runtime/space.h"

#include "schema/serial.capnp.h"

enum {
    STATE_PAGES = 3,
    BELL_CANCELLED = 1 << 0, // the frame's: a call that nobody waits for
    BELL_INTERRUPT = 1 << 1,
};

static_assert(sizeof(struct bytestream) <= STATE_PAGES * PAGE_SIZE, "it fits");

static struct {
    struct uart uart;
    struct interrupt interrupt;
    uint64_t bell;
    uint64_t generation; // of the binding
    struct tsr_service service;
    struct tsr_waiter rung;
    struct tsr_slot *bell_slot;
    struct tsr_task drain; // looks whether the last byte has left
    struct tsr_task retry; // tries what was deferred
    bool is_draining;
} driver;

// --- Calls --------------------------------------------------------------------------------------

static bool bad(struct capnp_exception *exception)
{
    capnp_exception_set(exception, CAPNP_EXCEPTION_INVALID_ARGUMENT, 0,
                        "this stream has no such position or size: state() says where it is");
    return false;
}

// Each of these answers, or says why not: BYTESTREAM_WAITS and nothing has happened.

static enum bytestream_answer state_try(struct capnp_message *request,
                                        struct capnp_builder *response)
{
    const struct bytestream_state *now = bytestream_now(driver.uart.stream);
    uint64_t known = byte_stream_state_params_get_known(byte_stream_state_params_read(request));
    if (known == now->version) {
        return BYTESTREAM_WAITS;
    }
    struct stream_state_builder state =
        byte_stream_state_results_init_state(byte_stream_state_results_build(response));
    stream_state_set_version(state, now->version);
    stream_state_set_connection(state, now->connection);
    stream_state_set_is_open(state, now->is_open != 0);
    stream_state_set_read_from(state, now->acknowledged);
    stream_state_set_write_from(state, now->accepted);
    stream_state_set_lost(state, now->lost);
    return BYTESTREAM_OK;
}

static enum bytestream_answer read_try(struct capnp_message *request,
                                       struct capnp_builder *response)
{
    struct byte_stream_read_params_reader params = byte_stream_read_params_read(request);
    uint8_t bytes[BYTESTREAM_PART_MAX];
    uint32_t size;
    enum bytestream_answer answer =
        bytestream_read(driver.uart.stream, byte_stream_read_params_get_connection(params),
                        byte_stream_read_params_get_position(params),
                        byte_stream_read_params_get_limit(params), bytes, &size);
    if (answer == BYTESTREAM_OK || answer == BYTESTREAM_OVER) {
        struct byte_stream_read_results_builder results = byte_stream_read_results_build(response);
        byte_stream_read_results_set_data(results, (struct capnp_data){bytes, size});
        byte_stream_read_results_set_is_over(results, answer == BYTESTREAM_OVER);
    }
    return answer;
}

static enum bytestream_answer write_try(struct capnp_message *request,
                                        struct capnp_builder *response)
{
    struct byte_stream_write_params_reader params = byte_stream_write_params_read(request);
    struct capnp_data data = byte_stream_write_params_get_data(params);
    uint64_t end;
    enum bytestream_answer answer =
        bytestream_write(driver.uart.stream, byte_stream_write_params_get_connection(params),
                         byte_stream_write_params_get_position(params), data.data, data.size, &end);
    if (answer == BYTESTREAM_OK || answer == BYTESTREAM_OVER) {
        struct byte_stream_write_results_builder results =
            byte_stream_write_results_build(response);
        byte_stream_write_results_set_position(results, end);
        byte_stream_write_results_set_is_over(results, answer == BYTESTREAM_OVER);
    }
    return answer;
}

static enum bytestream_answer drain_try(struct capnp_message *request,
                                        struct capnp_builder *response)
{
    uint64_t connection =
        byte_stream_drain_params_get_connection(byte_stream_drain_params_read(request));
    enum bytestream_answer answer = bytestream_drain(driver.uart.stream, connection);
    if (answer == BYTESTREAM_OK && (driver.uart.status & UART_SENT) == 0) {
        answer = BYTESTREAM_WAITS; // for the last byte, which has left the FIFO
        if (!driver.is_draining) {
            driver.is_draining = true;
            tsr_task_start(&driver.service, &driver.drain);
        }
    }
    if (answer == BYTESTREAM_OK || answer == BYTESTREAM_OVER) {
        byte_stream_drain_results_set_is_over(byte_stream_drain_results_build(response),
                                              answer == BYTESTREAM_OVER);
    }
    return answer;
}

static enum bytestream_answer (*const tries[])(struct capnp_message *, struct capnp_builder *) = {
    state_try, read_try, write_try, drain_try};

enum { METHODS = sizeof(tries) / sizeof(tries[0]) };

// A write whose place is behind one that waits waits, too.
static bool is_behind(const struct tsr_request *request)
{
    for (uint32_t i = 0; i < driver.service.request_count; i++) {
        const struct tsr_request *other = &driver.service.requests[i];
        if (other != request && other->state == TSR_REQUEST_DEFERRED &&
            other->method == request->method) {
            return true;
        }
    }
    return false;
}

static bool dispatch(void *self, uint16_t method, struct capnp_message *request,
                     struct capnp_builder *response, struct capnp_exception *exception)
{
    (void)self;
    if (method >= METHODS) {
        capnp_exception_set(exception, CAPNP_EXCEPTION_UNIMPLEMENTED, method,
                            "a stream has no such method");
        return false;
    }
    enum bytestream_answer answer = tries[method](request, response);
    if (answer == BYTESTREAM_BAD && !is_behind(driver.service.current)) {
        return bad(exception);
    }
    if (answer == BYTESTREAM_WAITS || answer == BYTESTREAM_BAD) {
        tsr_request_defer(driver.service.current);
    }
    return true;
}

// Tries what was deferred, as long as anything comes of it.
static void deferred_try(void)
{
    for (bool has_moved = true; has_moved;) {
        has_moved = false;
        for (uint32_t i = 0; i < driver.service.request_count; i++) {
            struct tsr_request *request = &driver.service.requests[i];
            if (request->state != TSR_REQUEST_DEFERRED) {
                continue;
            }
            enum bytestream_answer answer =
                tries[request->method](&request->message, tsr_request_response(request));
            struct capnp_exception exception;
            if (answer == BYTESTREAM_OK || answer == BYTESTREAM_OVER) {
                tsr_request_answer(request);
                has_moved = true;
            } else if (answer == BYTESTREAM_BAD && !is_behind(request)) {
                bad(&exception);
                tsr_request_refuse(request, &exception);
            }
        }
    }
}

static void cancelled(void *self, struct tsr_request *request)
{
    struct capnp_exception exception;
    (void)self;
    capnp_exception_set(&exception, CAPNP_EXCEPTION_FAILED, 0, "nobody waits for this any more");
    tsr_request_refuse(request, &exception);
}

// --- The device ---------------------------------------------------------------------------------

static void carrier_look(void)
{
    if (!uart_carrier_changed(&driver.uart)) {
        return;
    }
    struct bytestream_change change = bytestream_begin(driver.uart.stream);
    bytestream_disconnect(&change);
    if (driver.uart.has_carrier) {
        bytestream_connect(&change);
    }
    bytestream_commit(&change);
    uart_drop(&driver.uart);
}

// Moves what can be moved, and says what to interrupt for.
static void device_turn(void)
{
    const struct bytestream_state *now = bytestream_now(driver.uart.stream);
    uint8_t bytes[UART_FIFO];
    uint32_t room = bytestream_room(now);
    if (room != 0) {
        uart_receive(&driver.uart, room < UART_BATCH ? room : UART_BATCH);
    } else {
        uart_status_read(&driver.uart);
    }
    uint32_t unsent = bytestream_unsent(driver.uart.stream, bytes, UART_FIFO);
    if (unsent != 0 && (driver.uart.status & UART_EMPTY) != 0) {
        uart_send(&driver.uart, bytes, unsent);
    }
    now = bytestream_now(driver.uart.stream);
    bool has_room = bytestream_room(now) != 0;
    uint8_t says = UART_SAYS_MODEM;
    says |= has_room ? UART_SAYS_BYTE | UART_SAYS_LINE : 0;
    says |= now->sent != now->accepted ? UART_SAYS_EMPTY : 0;
    uart_settle(&driver.uart, says, has_room);
}

// Until the device has nothing to say; then its line is low, and what comes next raises it.
static void device_serve(void)
{
    struct capnp_exception exception;
    do {
        carrier_look();
        device_turn();
        deferred_try();
    } while (uart_has_cause(&driver.uart));
    if (!interrupt_acknowledge(driver.interrupt, driver.generation, &exception)) {
        tsr_panic_because("16550: cannot acknowledge: ", &exception);
    }
}

static bool drain_step(void *context)
{
    (void)context;
    device_turn(); // which looks at the status, and takes what it is about
    driver.is_draining = (driver.uart.status & UART_SENT) == 0;
    deferred_try();
    return driver.is_draining;
}

static bool retry_step(void *context)
{
    (void)context;
    deferred_try();
    return false;
}

// A call has moved the stream: the device may have more to do. Bytes that it had are in the stream
// then, and it interrupts for them no more: who waits for them is told soon, but not from in here,
// where the call's request is still one of those.
static void stream_moved(void *self, struct tsr_request *request)
{
    (void)self;
    (void)request;
    const struct bytestream_state *now = bytestream_now(driver.uart.stream);
    bool may_send = now->sent != now->accepted && (driver.uart.says & UART_SAYS_EMPTY) == 0;
    bool may_take = bytestream_room(now) != 0 && (driver.uart.says & UART_SAYS_BYTE) == 0;
    if (may_send || may_take) {
        uint64_t received = now->received;
        device_turn();
        if (bytestream_now(driver.uart.stream)->received != received) {
            tsr_task_start(&driver.service, &driver.retry);
        }
    }
}

// --- The bell -----------------------------------------------------------------------------------

static bool bell_wait(void)
{
    const struct sqe operation = {
        .opcode = OP_WAIT, .cap = driver.bell, .arg = BELL_INTERRUPT, .arg2 = TIMEOUT_NONE};
    driver.bell_slot->waiter = &driver.rung;
    return tsr_slot_submit(tsr_self(), driver.bell_slot, &operation, &driver.service.queue);
}

static void rung(struct tsr_waiter *waiter, struct tsr_slot *slot)
{
    (void)waiter;
    if (!tsr_completion_is_result(&slot->completion) || !bell_wait()) {
        tsr_panic("16550: its bell is gone");
    }
    device_serve();
}

// --- Start --------------------------------------------------------------------------------------

static void find(const struct start *start, const char *name, uint64_t interface, uint64_t *cap)
{
    if (!tsr_find(start, name, interface, cap)) {
        struct tsr_line line = {0};
        tsr_line_text(&line, "16550: was not granted: ");
        tsr_line_text(&line, name);
        tsr_panic(line.text);
    }
}

static struct bytestream *state_map(const struct start *start)
{
    static struct tsr_space space;
    struct memory_object memory;
    struct capnp_exception exception;
    uint64_t address;
    find(start, "state", MEMORY_OBJECT_INTERFACE_ID, &memory.id);
    if (!tsr_space_open(&space, start, &exception) ||
        !tsr_space_map(&space, memory, 0, STATE_PAGES, RIGHT_READ | RIGHT_WRITE, &address,
                       &exception)) {
        tsr_panic_because("16550: cannot map its state: ", &exception);
    }
    return (struct bytestream *)address;
}

int tsr_main(struct start *start)
{
    struct capnp_exception exception;
    struct tsr_service_options options = {.interface = BYTE_STREAM_INTERFACE_ID,
                                          .requests = TSR_REQUESTS_MAX,
                                          .dispatch = dispatch,
                                          .release = stream_moved,
                                          .cancelled = cancelled};
    struct notification bell;
    find(start, "server", ENDPOINT_INTERFACE_ID, &options.server);
    find(start, "ports", IO_PORTS_INTERFACE_ID, &driver.uart.ports.id);
    find(start, "interrupt", INTERRUPT_INTERFACE_ID, &driver.interrupt.id);
    find(start, "bell", NOTIFICATION_INTERFACE_ID, &driver.bell);
    options.bell = driver.bell;
    bell.id = driver.bell;
    driver.uart.stream = state_map(start);
    bool is_new = bytestream_open(driver.uart.stream);
    uart_step_end(&driver.uart); // of the life before
    uart_open(&driver.uart, is_new);
    driver.rung.done = rung;
    driver.drain.step = drain_step;
    driver.retry.step = retry_step;
    if (!tsr_service_start(&driver.service, &options, &exception)) {
        tsr_panic_because("16550: cannot serve: ", &exception);
    }
    driver.bell_slot = tsr_plain_take(tsr_self());
    if (driver.bell_slot == NULL || !bell_wait() ||
        !interrupt_bind(driver.interrupt, bell, BELL_INTERRUPT, &driver.generation, &exception)) {
        tsr_panic_because("16550: cannot wait for interrupts: ", &exception);
    }
    device_serve();
    if (!tsr_service_serve(&driver.service, &exception)) {
        tsr_panic_because("16550: cannot go on: ", &exception);
    }
    return 0;
}
