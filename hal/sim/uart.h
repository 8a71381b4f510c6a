// SPDX-License-Identifier: Apache-2.0
//
// A serial port with a 16550A, as a model: registers on one side, the far end of its line on the
// other, and time as it is told. National Semiconductor PC16550D data sheet, chapter 8; wired as in
// a PC: its interrupt leaves only while OUT2 is set. The far end heeds RTS unless it is told to
// flood; it can stop what is sent to it, as CTS does.
//
//     uart_init(&uart, byte_ns);
//     the machine accesses a port      -> uart_read(), uart_write()
//     time has passed                  -> uart_step(), which says when it wants to be called next
//     the far end sends, hangs up, ... -> uart_receive(), uart_carrier(), uart_break()
//
// After each of these uart_interrupts() says whether its interrupt line is raised.
#ifndef HAL_SIM_UART_H
#define HAL_SIM_UART_H

#include <stdbool.h>
#include <stdint.h>

enum { UART_FIFO = 16, UART_PORTS = 8 };

struct uart {
    uint64_t byte_ns; // that a byte takes on the line
    uint64_t now_ns;
    void (*sent)(void *context, uint8_t byte); // to the far end
    void *context;
    // Registers.
    uint8_t enabled, fifo_control, line_control, modem_control, line_status, modem_status, scratch;
    uint8_t divisor[2];
    // On the way in: what the far end wants to send (the caller's), then the FIFO.
    uint8_t received[UART_FIFO];
    uint8_t received_status[UART_FIFO]; // errors that came with each
    uint32_t received_first, received_count;
    uint64_t received_ns; // when the last one came, or was read
    bool is_timed_out;    // some wait for longer than four bytes take
    // On the way out.
    uint8_t sending[UART_FIFO];
    uint32_t sending_first, sending_count;
    uint64_t sent_ns;      // when the first of these has left
    bool is_empty_pending; // the cause "transmitter empty" was not seen yet
    bool is_stopped;       // the far end takes nothing
};

void uart_init(struct uart *uart, uint64_t byte_ns);

uint8_t uart_read(struct uart *uart, uint32_t reg);
void uart_write(struct uart *uart, uint32_t reg, uint8_t value);

// Whether its interrupt line is raised.
bool uart_interrupts(const struct uart *uart);

// What is due by now happens. Returns when it has to be called again, UINT64_MAX: never by itself.
uint64_t uart_step(struct uart *uart, uint64_t now_ns);

// The far end sends a byte, which has arrived; without room in the FIFO one is lost.
void uart_receive(struct uart *uart, uint8_t byte);
void uart_break(struct uart *uart);
void uart_carrier(struct uart *uart, bool is_there);
void uart_stop(struct uart *uart, bool is_stopped);

// Whether a far end that heeds RTS may send now.
bool uart_is_ready(const struct uart *uart);

#endif
