// SPDX-License-Identifier: Apache-2.0
//
// The devices of the simulated machine: the PC's second and third serial port (uart.h), its clock
// (rtc.h), and the interrupt lines. A line is told by its edge: one that rises while it is closed
// is kept, and told when it is opened. What the far ends send arrives at the speed of the line, in
// the machine's time, so that equal seeds and equal bytes give equal runs.
#include "hal/sim/sim.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "hal/sim/rtc.h"
#include "hal/sim/uart.h"

enum {
    CONSOLE_FIRST = 0x3f8, // the first serial port is the kernel's, on every PC
    CONSOLE_COUNT = 8,
    NO_PORT = 0xff,       // what a port reads as that is not there
    LINE_BYTE_NS = 86806, // 8N1 at 115,200 baud
    LIVE_BYTE_NS = 1000,

    RTC_BASE = 0x70,
    RTC_LINE = 8,
    RTC_SINCE_S = 946684800, // 2000-01-01; a live machine has the host's time
};

// What a far end wants to send.
struct arrivals {
    uint8_t *bytes;
    size_t size, first;
    uint64_t next_ns; // when the next byte has come
    bool is_flood;    // it doesn't heed RTS
};

struct serial {
    uint16_t base;
    uint8_t line;
    bool is_raised;
    struct uart uart;
    struct arrivals arrivals;
};

static struct serial serials[SIM_SERIALS] = {{.base = 0x2f8, .line = 3},
                                             {.base = 0x3e8, .line = 4}};
static struct rtc rtc;
static bool rtc_is_raised;
static uint64_t lines_open, lines_risen; // bit n: line n

// --- Lines --------------------------------------------------------------------------------------

void hal_lines_open(uint64_t lines)
{
    lines_open = lines;
}

uint64_t sim_lines_take(void)
{
    uint64_t told = lines_open & lines_risen;

    lines_open &= ~told;
    lines_risen &= ~told;
    return told;
}

static void line_set(uint32_t line, bool *was_raised, bool is_raised)
{
    if (is_raised && !*was_raised) {
        lines_risen |= 1ull << line;
    }
    *was_raised = is_raised;
}

static void line_settle(struct serial *serial)
{
    line_set(serial->line, &serial->is_raised, uart_interrupts(&serial->uart));
}

static void rtc_settle(void)
{
    line_set(RTC_LINE, &rtc_is_raised, rtc_interrupts(&rtc));
}

// --- Ports --------------------------------------------------------------------------------------

bool hal_ports_are_free(uint32_t first, uint32_t count)
{
    SIM_CHECK(first < HAL_PORTS && count <= HAL_PORTS - first);
    return first + count <= CONSOLE_FIRST || first >= CONSOLE_FIRST + CONSOLE_COUNT;
}

static struct serial *serial_at(uint32_t port)
{
    for (uint32_t i = 0; i < SIM_SERIALS; i++) {
        if (port - serials[i].base < UART_PORTS) {
            return &serials[i];
        }
    }
    return NULL;
}

static uint8_t port_read(uint32_t port)
{
    struct serial *serial = serial_at(port);
    uint8_t value = NO_PORT;

    if (serial != NULL) {
        value = uart_read(&serial->uart, port - serial->base);
        line_settle(serial);
    } else if (port - RTC_BASE < RTC_PORTS) {
        value = rtc_read(&rtc, port - RTC_BASE);
        rtc_settle();
    }
    return value;
}

static void port_write(uint32_t port, uint8_t value)
{
    struct serial *serial = serial_at(port);

    if (serial != NULL) {
        uart_write(&serial->uart, port - serial->base, value);
        line_settle(serial);
    } else if (port - RTC_BASE < RTC_PORTS) {
        rtc_write(&rtc, port - RTC_BASE, value);
    }
}

uint32_t hal_ports_read(const struct port_access *access, uint8_t *bytes, uint32_t count)
{
    uint32_t size = 0;

    SIM_CHECK(hal_ports_are_free(access->port, access->size));
    for (uint32_t i = 0; i < count; i++) {
        if (access->mask != 0) {
            bytes[size++] = port_read(access->status);
            if ((bytes[size - 1] & access->mask) == 0) {
                break;
            }
        }
        for (uint32_t byte = 0; byte < access->size; byte++) {
            bytes[size++] = port_read(access->port + byte);
        }
    }
    return size;
}

void hal_ports_write(const struct port_access *access, const uint8_t *bytes, uint32_t size)
{
    SIM_CHECK(hal_ports_are_free(access->port, access->size));
    for (uint32_t i = 0; i < size; i++) {
        port_write(access->port + i % access->size, bytes[i]);
    }
}

// --- Far ends and time --------------------------------------------------------------------------

static void serial_sent(void *context, uint8_t byte)
{
    sim_far_sent((uint32_t)((struct serial *)context - serials), byte);
}

void sim_devices_init(bool is_live)
{
    for (uint32_t i = 0; i < SIM_SERIALS; i++) {
        uart_init(&serials[i].uart, is_live ? LIVE_BYTE_NS : LINE_BYTE_NS);
        serials[i].uart.sent = serial_sent;
        serials[i].uart.context = &serials[i];
    }
    rtc_init(&rtc, is_live ? (uint64_t)time(NULL) : RTC_SINCE_S);
}

void sim_serial_send(uint32_t serial, const uint8_t *bytes, size_t size, bool is_flood)
{
    struct arrivals *arrivals = &serials[serial].arrivals;

    if (arrivals->first == arrivals->size) {
        arrivals->first = arrivals->size = 0;
        arrivals->next_ns = serials[serial].uart.now_ns + serials[serial].uart.byte_ns;
    }
    arrivals->bytes = realloc(arrivals->bytes, arrivals->size + size);
    if (arrivals->bytes == NULL) {
        sim_die(SIM_EXIT_USAGE, "the host has no memory left for what a far end sends");
    }
    memcpy(arrivals->bytes + arrivals->size, bytes, size);
    arrivals->size += size;
    arrivals->is_flood = is_flood;
}

void sim_serial_break(uint32_t serial)
{
    uart_break(&serials[serial].uart);
    line_settle(&serials[serial]);
}

void sim_serial_carrier(uint32_t serial, bool is_there)
{
    if (!is_there) {
        serials[serial].arrivals.size = serials[serial].arrivals.first = 0;
    }
    uart_carrier(&serials[serial].uart, is_there);
    line_settle(&serials[serial]);
}

void sim_serial_stop(uint32_t serial, bool is_stopped)
{
    uart_stop(&serials[serial].uart, is_stopped);
}

static uint64_t arrive(struct serial *serial, uint64_t now_ns)
{
    struct arrivals *arrivals = &serial->arrivals;

    while (arrivals->first < arrivals->size &&
           (arrivals->is_flood || uart_is_ready(&serial->uart))) {
        if (arrivals->next_ns > now_ns) {
            return arrivals->next_ns;
        }
        uart_receive(&serial->uart, arrivals->bytes[arrivals->first++]);
        arrivals->next_ns = now_ns + serial->uart.byte_ns;
    }
    return UINT64_MAX;
}

uint64_t sim_devices_step(uint64_t now_ns)
{
    uint64_t next_ns = rtc_step(&rtc, now_ns);

    rtc_settle();
    for (uint32_t i = 0; i < SIM_SERIALS; i++) {
        uart_step(&serials[i].uart, now_ns);
        uint64_t arrival_ns = arrive(&serials[i], now_ns);
        uint64_t uart_ns = uart_step(&serials[i].uart, now_ns);
        line_settle(&serials[i]);
        arrival_ns = arrival_ns < uart_ns ? arrival_ns : uart_ns;
        next_ns = arrival_ns < next_ns ? arrival_ns : next_ns;
    }
    return next_ns;
}
