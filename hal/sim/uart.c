// SPDX-License-Identifier: Apache-2.0
//
// See uart.h. What the data sheet leaves open is as the 16550A of PCs has it.
#include "hal/sim/uart.h"

#include <stddef.h>

enum uart_register {
    REGISTER_DATA = 0,     // with the divisor latch: its lower half
    REGISTER_ENABLE = 1,   // ... its upper half
    REGISTER_IDENTITY = 2, // read; written: FIFO control
    REGISTER_LINE = 3,
    REGISTER_MODEM = 4,
    REGISTER_LINE_STATUS = 5,
    REGISTER_MODEM_STATUS = 6,
    REGISTER_SCRATCH = 7,
};

enum {
    ENABLE_RECEIVED = 1 << 0,
    ENABLE_EMPTY = 1 << 1,
    ENABLE_LINE = 1 << 2,
    ENABLE_MODEM = 1 << 3,

    // 8.6, in the order of their priority.
    CAUSE_NONE = 0x01,
    CAUSE_LINE = 0x06,
    CAUSE_RECEIVED = 0x04,
    CAUSE_TIMED_OUT = 0x0c,
    CAUSE_EMPTY = 0x02,
    CAUSE_MODEM = 0x00,
    IDENTITY_FIFO = 0xc0,

    FIFO_ENABLE = 1 << 0,
    FIFO_CLEAR_RECEIVED = 1 << 1,
    FIFO_CLEAR_SENDING = 1 << 2,
    FIFO_TRIGGER = 6, // the first bit of it

    LINE_DIVISOR = 1 << 7,

    MODEM_RTS = 1 << 1,
    MODEM_OUT2 = 1 << 3,

    STATUS_RECEIVED = 1 << 0,
    STATUS_OVERRUN = 1 << 1,
    STATUS_BREAK = 1 << 4,
    STATUS_ERRORS = 0x1e,
    STATUS_EMPTY = 1 << 5,
    STATUS_SENT = 1 << 6,

    MODEM_CHANGES = 0x0f,
    MODEM_CARRIER_CHANGED = 1 << 3,
    MODEM_CTS = 1 << 4,
    MODEM_DSR = 1 << 5,
    MODEM_CARRIER = 1 << 7,

    TIME_OUT_BYTES = 4,
};

void uart_init(struct uart *uart, uint64_t byte_ns)
{
    *uart = (struct uart){.byte_ns = byte_ns,
                          .line_status = STATUS_EMPTY | STATUS_SENT,
                          .modem_status = MODEM_CTS | MODEM_DSR | MODEM_CARRIER};
}

static uint32_t depth(const struct uart *uart)
{
    return (uart->fifo_control & FIFO_ENABLE) != 0 ? UART_FIFO : 1;
}

static uint32_t trigger(const struct uart *uart)
{
    static const uint8_t levels[] = {1, 4, 8, 14};
    return (uart->fifo_control & FIFO_ENABLE) != 0 ? levels[uart->fifo_control >> FIFO_TRIGGER] : 1;
}

// --- Causes -------------------------------------------------------------------------------------

static uint8_t cause_of(const struct uart *uart)
{
    if ((uart->enabled & ENABLE_LINE) != 0 && (uart->line_status & STATUS_ERRORS) != 0) {
        return CAUSE_LINE;
    }
    if ((uart->enabled & ENABLE_RECEIVED) != 0 && uart->received_count >= trigger(uart)) {
        return CAUSE_RECEIVED;
    }
    if ((uart->enabled & ENABLE_RECEIVED) != 0 && uart->is_timed_out) {
        return CAUSE_TIMED_OUT;
    }
    if ((uart->enabled & ENABLE_EMPTY) != 0 && uart->is_empty_pending) {
        return CAUSE_EMPTY;
    }
    if ((uart->enabled & ENABLE_MODEM) != 0 && (uart->modem_status & MODEM_CHANGES) != 0) {
        return CAUSE_MODEM;
    }
    return CAUSE_NONE;
}

bool uart_interrupts(const struct uart *uart)
{
    return (uart->modem_control & MODEM_OUT2) != 0 && cause_of(uart) != CAUSE_NONE;
}

// --- The far end --------------------------------------------------------------------------------

// The errors of the byte that is read next show.
static void status_update(struct uart *uart)
{
    if (uart->received_count == 0) {
        uart->line_status &= (uint8_t)~STATUS_RECEIVED;
        return;
    }
    uart->line_status |= STATUS_RECEIVED | uart->received_status[uart->received_first];
    uart->received_status[uart->received_first] = 0;
}

static void receive(struct uart *uart, uint8_t byte, uint8_t errors)
{
    uart->received_ns = uart->now_ns;
    if (uart->received_count == depth(uart)) {
        uart->line_status |= STATUS_OVERRUN;
        return;
    }
    uint32_t at = (uart->received_first + uart->received_count++) % UART_FIFO;
    uart->received[at] = byte;
    uart->received_status[at] = errors;
    status_update(uart);
}

void uart_receive(struct uart *uart, uint8_t byte)
{
    receive(uart, byte, 0);
}

void uart_break(struct uart *uart)
{
    receive(uart, 0, STATUS_BREAK);
}

void uart_carrier(struct uart *uart, bool is_there)
{
    uint8_t before = uart->modem_status;

    uart->modem_status &= (uint8_t)~MODEM_CARRIER;
    uart->modem_status |= is_there ? MODEM_CARRIER : 0;
    if (((before ^ uart->modem_status) & MODEM_CARRIER) != 0) {
        uart->modem_status |= MODEM_CARRIER_CHANGED;
    }
}

void uart_stop(struct uart *uart, bool is_stopped)
{
    uart->is_stopped = is_stopped;
    uart->sent_ns = uart->now_ns + uart->byte_ns;
}

bool uart_is_ready(const struct uart *uart)
{
    return (uart->modem_control & MODEM_RTS) != 0 && uart->received_count < UART_FIFO;
}

// --- Time ---------------------------------------------------------------------------------------

static bool is_sending(const struct uart *uart)
{
    return uart->sending_count != 0 && !uart->is_stopped;
}

// The transmitter sends from its FIFO; that is empty, to the machine, when the last byte has left
// it, here when it has arrived.
static void send(struct uart *uart)
{
    while (is_sending(uart) && uart->sent_ns <= uart->now_ns) {
        uint8_t byte = uart->sending[uart->sending_first];
        uart->sending_first = (uart->sending_first + 1) % UART_FIFO;
        uart->sending_count--;
        uart->sent_ns += uart->byte_ns;
        if (uart->sending_count == 0) {
            uart->line_status |= STATUS_EMPTY | STATUS_SENT;
            uart->is_empty_pending = true;
        }
        uart->sent(uart->context, byte);
    }
}

uint64_t uart_step(struct uart *uart, uint64_t now_ns)
{
    uint64_t next_ns = UINT64_MAX;

    uart->now_ns = now_ns;
    send(uart);
    if (is_sending(uart)) {
        next_ns = uart->sent_ns;
    }
    if (uart->received_count != 0 && !uart->is_timed_out) {
        uint64_t out_ns = uart->received_ns + TIME_OUT_BYTES * uart->byte_ns;
        uart->is_timed_out = out_ns <= now_ns;
        next_ns = out_ns < next_ns && !uart->is_timed_out ? out_ns : next_ns;
    }
    return next_ns;
}

// --- Registers ----------------------------------------------------------------------------------

static uint8_t data_read(struct uart *uart)
{
    uint8_t byte = uart->received[uart->received_first]; // the last one again, if there is none

    uart->is_timed_out = false;
    uart->received_ns = uart->now_ns;
    if (uart->received_count != 0) {
        uart->received_first = (uart->received_first + 1) % UART_FIFO;
        uart->received_count--;
        status_update(uart);
    }
    return byte;
}

static uint8_t identity_read(struct uart *uart)
{
    uint8_t cause = cause_of(uart);

    if (cause == CAUSE_EMPTY) {
        uart->is_empty_pending = false;
    }
    return cause | ((uart->fifo_control & FIFO_ENABLE) != 0 ? IDENTITY_FIFO : 0);
}

uint8_t uart_read(struct uart *uart, uint32_t reg)
{
    bool is_latch = (uart->line_control & LINE_DIVISOR) != 0;
    uint8_t value = 0;

    switch ((enum uart_register)reg) {
    case REGISTER_DATA:
        return is_latch ? uart->divisor[0] : data_read(uart);
    case REGISTER_ENABLE:
        return is_latch ? uart->divisor[1] : uart->enabled;
    case REGISTER_IDENTITY:
        return identity_read(uart);
    case REGISTER_LINE:
        return uart->line_control;
    case REGISTER_MODEM:
        return uart->modem_control;
    case REGISTER_LINE_STATUS:
        value = uart->line_status;
        uart->line_status &= (uint8_t)~STATUS_ERRORS;
        return value;
    case REGISTER_MODEM_STATUS:
        value = uart->modem_status;
        uart->modem_status &= (uint8_t)~MODEM_CHANGES;
        return value;
    case REGISTER_SCRATCH:
        return uart->scratch;
    }
    return value;
}

static void data_write(struct uart *uart, uint8_t value)
{
    uart->is_empty_pending = false;
    uart->line_status &= (uint8_t) ~(STATUS_EMPTY | STATUS_SENT);
    if (uart->sending_count == depth(uart)) {
        return; // the machine did not look: the byte is lost
    }
    if (uart->sending_count == 0) {
        uart->sent_ns = uart->now_ns + uart->byte_ns;
    }
    uart->sending[(uart->sending_first + uart->sending_count++) % UART_FIFO] = value;
}

static void enable_write(struct uart *uart, uint8_t value)
{
    bool was_enabled = (uart->enabled & ENABLE_EMPTY) != 0;

    uart->enabled = value & 0x0f;
    if (!was_enabled && (value & ENABLE_EMPTY) != 0) {
        uart->is_empty_pending = (uart->line_status & STATUS_EMPTY) != 0;
    }
}

static void fifo_write(struct uart *uart, uint8_t value)
{
    bool is_switched = ((uart->fifo_control ^ value) & FIFO_ENABLE) != 0;

    uart->fifo_control = value & 0xc9;
    if (is_switched || (value & FIFO_CLEAR_RECEIVED) != 0) {
        uart->received_count = 0;
        uart->is_timed_out = false;
        status_update(uart);
    }
    if (is_switched || (value & FIFO_CLEAR_SENDING) != 0) {
        uart->sending_count = 0;
        uart->line_status |= STATUS_EMPTY | STATUS_SENT;
    }
}

void uart_write(struct uart *uart, uint32_t reg, uint8_t value)
{
    bool is_latch = (uart->line_control & LINE_DIVISOR) != 0;

    switch ((enum uart_register)reg) {
    case REGISTER_DATA:
    case REGISTER_ENABLE:
        if (is_latch) {
            uart->divisor[reg] = value;
        } else {
            (reg == REGISTER_DATA ? data_write : enable_write)(uart, value);
        }
        break;
    case REGISTER_IDENTITY:
        fifo_write(uart, value);
        break;
    case REGISTER_LINE:
        uart->line_control = value;
        break;
    case REGISTER_MODEM:
        uart->modem_control = value;
        break;
    case REGISTER_SCRATCH:
        uart->scratch = value;
        break;
    case REGISTER_LINE_STATUS:
    case REGISTER_MODEM_STATUS:
        break;
    }
}
