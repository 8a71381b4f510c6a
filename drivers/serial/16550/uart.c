// SPDX-License-Identifier: Apache-2.0
//
// See uart.h.
#include "drivers/serial/16550/uart.h"

#include "runtime/ports.h"
#include "runtime/runtime.h"
#include "runtime/thread.h"

#include "schema/kernel.names.h"

enum uart_register {
    REGISTER_DATA = 0,
    REGISTER_SAYS = 1,
    REGISTER_CAUSE = 2, // written: FIFO control
    REGISTER_LINE = 3,
    REGISTER_MODEM = 4,
    REGISTER_STATUS = 5,
    REGISTER_MODEM_STATUS = 6,
    REGISTER_DIVISOR_LOW = 0,
    REGISTER_DIVISOR_HIGH = 1,
};

enum {
    CAUSE_NONE = 1 << 0,
    FIFO_ENABLE = 0x81, // tells when there are eight bytes
    FIFO_EMPTY_INPUT = 1 << 1,
    FIFO_EMPTY_OUTPUT = 1 << 2,
    LINE_8N1 = 0x03,
    LINE_DIVISOR = 1 << 7,
    MODEM_DTR = 1 << 0,
    MODEM_RTS = 1 << 1,
    MODEM_OUT2 = 1 << 3, // lets interrupts leave, on a PC
    MODEM_CARRIER = 1 << 7,
    MODEM_CARRIER_CHANGED = 1 << 3,
    DIVISOR_115200 = 1,
    REQUEST_WORDS = 64,
};

// --- Calls --------------------------------------------------------------------------------------

static uint8_t register_read(const struct uart *uart, enum uart_register which)
{
    struct capnp_exception exception;
    uint8_t value = 0;
    tsr_must(tsr_port_read(uart->ports, which, &value, &exception),
             "16550: the device cannot be read: ", &exception);
    return value;
}

static void register_write(const struct uart *uart, enum uart_register which, uint8_t value)
{
    struct capnp_exception exception;
    tsr_must(tsr_port_write(uart->ports, which, value, &exception),
             "16550: the device cannot be written: ", &exception);
}

// A call whose answer goes to the stream's memory.
static void step_run(const struct uart *uart, enum bytestream_step step, uint16_t method,
                     const struct capnp_builder *request)
{
    struct tsr_thread *thread = tsr_self();
    struct tsr_slot *slot = tsr_plain_take(thread);
    struct capnp_exception exception;
    const struct sqe operation = {.opcode = OP_CALL,
                                  .method = method,
                                  .cap = uart->ports.id,
                                  .payload = (uint64_t)request->bytes,
                                  .payload_len = capnp_builder_size(request),
                                  .result = (uint64_t)uart->stream->answer,
                                  .result_len = sizeof(uart->stream->answer),
                                  .arg = TIMEOUT_NONE};
    bytestream_step_begin(uart->stream, step);
    if (slot == NULL || !tsr_slot_submit(thread, slot, &operation, NULL) ||
        tsr_thread_wait(thread, slot) != 0) {
        tsr_panic("16550: the ring takes no operation");
    }
    if (!tsr_completion_is_result(&slot->completion)) {
        tsr_completion_refuse(&slot->completion, NULL, &exception);
        tsr_panic_because("16550: the device cannot be used: ", &exception);
    }
    tsr_plain_free(thread, slot);
}

// --- Steps --------------------------------------------------------------------------------------

void uart_receive(struct uart *uart, uint32_t most)
{
    uint64_t words[REQUEST_WORDS] = {0};
    struct capnp_builder request;
    capnp_builder_init(&request, words, sizeof(words));
    struct io_ports_read_params_builder params = io_ports_read_params_build(&request);
    io_ports_read_params_set_port(params, REGISTER_DATA);
    io_ports_read_params_set_size(params, 1);
    io_ports_read_params_set_count(params, most);
    io_ports_read_params_set_status(params, REGISTER_STATUS);
    io_ports_read_params_set_mask(params, UART_HAS_BYTE);
    step_run(uart, BYTESTREAM_RECEIVES, IO_PORTS_READ, &request);
    uart_step_end(uart);
}

void uart_send(struct uart *uart, const uint8_t *bytes, uint32_t size)
{
    uint64_t words[REQUEST_WORDS] = {0};
    struct capnp_builder request;
    capnp_builder_init(&request, words, sizeof(words));
    struct io_ports_write_params_builder params = io_ports_write_params_build(&request);
    io_ports_write_params_set_port(params, REGISTER_DATA);
    io_ports_write_params_set_size(params, 1);
    io_ports_write_params_set_data(params, (struct capnp_data){bytes, size});
    step_run(uart, BYTESTREAM_SENDS, IO_PORTS_WRITE, &request);
    uart_step_end(uart);
    uart->status &= (uint8_t) ~(UART_EMPTY | UART_SENT);
}

// What came: a status, and where that says so the byte that it is about.
static void received_take(struct uart *uart, struct bytestream_change *change,
                          struct capnp_data data)
{
    for (uint32_t i = 0; i < data.size; i += 2) {
        bool has_byte = i + 1 < data.size;
        uart->status = data.data[i];
        if ((uart->status & UART_LOST) != 0) {
            bytestream_lose(change);
        }
        if (has_byte && (uart->status & UART_BREAK) != 0) {
            bytestream_disconnect(change);
            bytestream_connect(change);
        } else if (has_byte) {
            bytestream_put(change, data.data[i + 1]);
        }
    }
}

void uart_step_end(struct uart *uart)
{
    struct bytestream_change change = bytestream_begin(uart->stream);
    uint64_t connection = change.next.connection;
    struct capnp_message answer;
    if (bytestream_step_is_done(uart->stream)) {
        capnp_message_init(&answer, uart->stream->answer, sizeof(uart->stream->answer), NULL, 0);
        if (change.next.step == BYTESTREAM_RECEIVES) {
            received_take(uart, &change,
                          io_ports_read_results_get_data(io_ports_read_results_read(&answer)));
        } else {
            bytestream_sent(
                &change, io_ports_write_results_get_written(io_ports_write_results_read(&answer)));
        }
    }
    change.next.step = BYTESTREAM_IDLE;
    bytestream_commit(&change);
    if (change.next.connection != connection) {
        uart_drop(uart);
    }
}

// --- Registers ----------------------------------------------------------------------------------

void uart_open(struct uart *uart, bool is_new)
{
    if (is_new) {
        register_write(uart, REGISTER_SAYS, 0);
        register_write(uart, REGISTER_LINE, LINE_DIVISOR);
        register_write(uart, REGISTER_DIVISOR_LOW, DIVISOR_115200);
        register_write(uart, REGISTER_DIVISOR_HIGH, 0);
        register_write(uart, REGISTER_LINE, LINE_8N1);
        register_write(uart, REGISTER_CAUSE, FIFO_ENABLE | FIFO_EMPTY_INPUT | FIFO_EMPTY_OUTPUT);
    }
    uart->modem = MODEM_DTR | MODEM_OUT2;
    register_write(uart, REGISTER_MODEM, uart->modem);
    if (is_new) { // whatever changed before is nobody's
        (void)register_read(uart, REGISTER_MODEM_STATUS);
    }
    uart_status_read(uart);
}

bool uart_has_cause(const struct uart *uart)
{
    return (register_read(uart, REGISTER_CAUSE) & CAUSE_NONE) == 0;
}

void uart_status_read(struct uart *uart)
{
    uart->status = register_read(uart, REGISTER_STATUS);
}

void uart_settle(struct uart *uart, uint8_t says, bool may_send)
{
    uint8_t modem = (uint8_t)(MODEM_DTR | MODEM_OUT2 | (may_send ? MODEM_RTS : 0));
    if (modem != uart->modem) {
        uart->modem = modem;
        register_write(uart, REGISTER_MODEM, modem);
    }
    if (says != uart->says) {
        uart->says = says;
        register_write(uart, REGISTER_SAYS, says);
    }
}

bool uart_carrier_changed(struct uart *uart)
{
    uint8_t status = register_read(uart, REGISTER_MODEM_STATUS);
    uart->has_carrier = (status & MODEM_CARRIER) != 0;
    return (status & MODEM_CARRIER_CHANGED) != 0;
}

void uart_drop(struct uart *uart)
{
    register_write(uart, REGISTER_CAUSE, FIFO_ENABLE | FIFO_EMPTY_OUTPUT);
}
