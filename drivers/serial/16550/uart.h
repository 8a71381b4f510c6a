// SPDX-License-Identifier: Apache-2.0
//
// The registers of a 16550A through IoPorts (National Semiconductor PC16550D data sheet, chapter
// 8), as far as the driver needs them. What moves bytes is a step of the stream: the kernel writes
// the answer where the driver's next life finds it.
#ifndef DRIVERS_SERIAL_16550_UART_H
#define DRIVERS_SERIAL_16550_UART_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/bytestream/bytestream.h"

#include "schema/kernel.capnp.h"

enum {
    UART_PORTS = 8,
    UART_FIFO = 16,
    UART_BATCH = 32, // bytes that are taken at once

    UART_HAS_BYTE = 1 << 0, // line status
    UART_LOST = 1 << 1,
    UART_BREAK = 1 << 4,
    UART_EMPTY = 1 << 5,
    UART_SENT = 1 << 6,

    UART_SAYS_BYTE = 1 << 0, // what it interrupts for
    UART_SAYS_EMPTY = 1 << 1,
    UART_SAYS_LINE = 1 << 2,
    UART_SAYS_MODEM = 1 << 3,
};

struct uart {
    struct io_ports ports;
    struct bytestream *stream;
    uint8_t says;     // what it interrupts for now
    uint8_t modem;    // its outputs
    uint8_t status;   // of the line, as read last
    bool has_carrier; // DCD, as read last
};

// All of these end the driver, with the reason on the console, when the device is taken away.

// Sets speed and format, and empties the FIFOs, if the stream is new; else what stands in them goes
// on. 115,200 baud, 8N1.
void uart_open(struct uart *uart, bool is_new);

// Whether it interrupts for something; reading it clears "empty".
bool uart_has_cause(const struct uart *uart);

// Takes what came into the stream's answer, as pairs of status and byte, a last status alone.
void uart_receive(struct uart *uart, uint32_t most);
// Sends so many bytes, at most UART_FIFO, into the FIFO, which is empty.
void uart_send(struct uart *uart, const uint8_t *bytes, uint32_t size);
// Applies what came of the step that the state speaks of, if it was done.
void uart_step_end(struct uart *uart);

void uart_status_read(struct uart *uart);
// What it interrupts for, and whether the far end may send (RTS).
void uart_settle(struct uart *uart, uint8_t says, bool may_send);
// Whether the carrier came or went since this was asked last, also by a life before; has_carrier
// says how it is.
bool uart_carrier_changed(struct uart *uart);
// What was not sent yet is dropped.
void uart_drop(struct uart *uart);

#endif
