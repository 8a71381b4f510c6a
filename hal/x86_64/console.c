// SPDX-License-Identifier: Apache-2.0
//
// What leaves the machine: text on the first serial port, the commit log and then the SysLog on the
// fourth; the ports between are drivers'. Polled, with interrupts off. Registers: National
// Semiconductor PC16550D data sheet, chapter 8; a port that is not there reads as all ones,
// "ready", and swallows what is written.
#include "hal/x86_64/x86.h"

#include <stdarg.h>

enum {
    PORT_CONSOLE = 0x3f8,
    PORT_EXPORT = 0x2e8,

    UART_DATA = 0,
    UART_INTERRUPTS = 1,
    UART_FIFO_CONTROL = 2,
    UART_LINE_CONTROL = 3,
    UART_MODEM_CONTROL = 4,
    UART_LINE_STATUS = 5,

    FIFO_ENABLE_CLEAR = 0x07,
    LINE_DIVISOR = 0x80,
    LINE_8N1 = 0x03,
    MODEM_READY = 0x03,
    STATUS_FIFO_EMPTY = 0x20,
    STATUS_SENT = 0x40,

    FIFO_BYTES = 16,
    DIVISOR_115200 = 1,
};

static enum log_level console_level = LOG_NORMAL;

static void uart_init(uint16_t port)
{
    port_write(port + UART_INTERRUPTS, 0);
    port_write(port + UART_LINE_CONTROL, LINE_DIVISOR);
    port_write(port + UART_DATA, DIVISOR_115200);
    port_write(port + UART_INTERRUPTS, 0);
    port_write(port + UART_LINE_CONTROL, LINE_8N1);
    port_write(port + UART_FIFO_CONTROL, FIFO_ENABLE_CLEAR);
    port_write(port + UART_MODEM_CONTROL, MODEM_READY);
}

static void uart_write(uint16_t port, const uint8_t *bytes, uint32_t size)
{
    while (size > 0) {
        uint64_t count = size < FIFO_BYTES ? size : FIFO_BYTES;
        size -= (uint32_t)count;
        while (!(port_read(port + UART_LINE_STATUS) & STATUS_FIFO_EMPTY)) {
            __asm__ volatile("pause");
        }
        __asm__ volatile("rep outsb" : "+S"(bytes), "+c"(count) : "d"(port) : "memory");
    }
}

static void uart_flush(uint16_t port)
{
    while (!(port_read(port + UART_LINE_STATUS) & STATUS_SENT)) {
        __asm__ volatile("pause");
    }
}

void console_init(void)
{
    uart_init(PORT_CONSOLE);
    uart_init(PORT_EXPORT);
}

void console_level_set(enum log_level level)
{
    console_level = level;
}

bool console_shows(enum log_level level)
{
    return level <= console_level;
}

void console_flush(void)
{
    uart_flush(PORT_CONSOLE);
    uart_flush(PORT_EXPORT);
}

void hal_console_write(const char *text, uint32_t size)
{
    uart_write(PORT_CONSOLE, (const uint8_t *)text, size);
}

void hal_export(const void *bytes, uint32_t size)
{
    uart_write(PORT_EXPORT, bytes, size);
}

void hal_export_syslog(const void *bytes, uint32_t size)
{
    uart_write(PORT_EXPORT, bytes, size);
}

void console_text(const char *text)
{
    uint32_t size = 0;
    while (text[size] != 0) {
        size++;
    }
    hal_console_write(text, size);
}

static void number_write(uint64_t value, uint32_t base, uint32_t digits_min)
{
    char text[20];
    uint32_t first = sizeof(text);
    do {
        text[--first] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value > 0 || sizeof(text) - first < digits_min);
    hal_console_write(text + first, sizeof(text) - first);
}

void console_decimal(uint64_t value)
{
    number_write(value, 10, 1);
}

void console_hex(uint64_t value)
{
    number_write(value, 16, 16);
}

static void printable_write(const char *text, uint32_t size)
{
    for (; size > 0 && *text != 0; text++, size--) {
        hal_console_write(*text < ' ' || *text > '~' ? "." : text, 1);
    }
}

void hal_report(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    for (const char *at = format; *at != 0; at++) {
        if (*at != '%') {
            hal_console_write(at, 1);
        } else if (*++at == 's') {
            printable_write(va_arg(values, const char *), UINT32_MAX);
        } else if (*at == '.') {
            uint32_t size = va_arg(values, uint32_t);
            at += sizeof "*s" - 1;
            printable_write(va_arg(values, const char *), size);
        } else if (*at == 'l') {
            at++;
            console_decimal(va_arg(values, uint64_t));
        } else {
            at += sizeof "16lx" - 1;
            console_hex(va_arg(values, uint64_t));
        }
    }
    va_end(values);
    hal_console_write("\n", 1);
}
