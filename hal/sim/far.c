// SPDX-License-Identifier: Apache-2.0
//
// The far ends of the serial ports, played by another process over one socket, in lines. It says
//
//     send 2 68690a     bytes, in hexadecimal, go to the machine's second port; flood: without
//                       heed of RTS
//     break 2           a break; carrier 2 0, carrier 2 1: it hangs up, calls again; stop 2 1,
//                       stop 2 0: it takes nothing for a while
//     go                (not live) that is all for now
//
// and hears `out 2 68690a`, and, unless the machine is live, `idle NOW NEXT` when nobody runs and
// nothing moves on any line: time stands still until it says `go`. So what the far ends do depends
// on what they saw and never on how fast the host is. A live machine has the host's time.
#define _GNU_SOURCE
#include "hal/sim/sim.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    SERIAL_FIRST = 2, // the PC's second serial port is the first here
    OUT_MAX = 256,    // bytes of one line `out`
    LINE_BYTES = 1 << 17,
    POLL_EVERY = 64, // turns of a live machine that is busy
    MS_NS = 1000000,
};

static int far_fd = -1;
static bool far_is_live;
static char input[LINE_BYTES];
static size_t input_size;
static struct {
    uint32_t serial, size;
    uint8_t bytes[OUT_MAX];
} out;

void sim_far_init(int fd, bool is_live)
{
    far_fd = fd;
    far_is_live = is_live;
}

bool sim_far_is_there(void)
{
    return far_fd >= 0;
}

// --- What it hears ------------------------------------------------------------------------------

// Nobody is there any more: the lines are dead.
static void far_lose(void)
{
    far_fd = -1;
    for (uint32_t i = 0; i < SIM_SERIALS; i++) {
        sim_serial_carrier(i, false);
    }
}

static void say(const char *text, size_t size)
{
    while (size > 0 && far_fd >= 0) {
        ssize_t written = write(far_fd, text, size);
        if (written > 0) {
            text += written;
            size -= (size_t)written;
        } else if (written < 0 && errno != EINTR) {
            far_lose();
        }
    }
}

void sim_far_flush(void)
{
    static const char digits[] = "0123456789abcdef";
    char line[2 * OUT_MAX + 16];
    int size = snprintf(line, sizeof(line), "out %u ", (unsigned)(out.serial + SERIAL_FIRST));

    for (uint32_t i = 0; i < out.size; i++) {
        line[size++] = digits[out.bytes[i] >> 4];
        line[size++] = digits[out.bytes[i] & 15];
    }
    line[size++] = '\n';
    if (out.size != 0) {
        say(line, (size_t)size);
    }
    out.size = 0;
}

void sim_far_sent(uint32_t serial, uint8_t byte)
{
    if (out.serial != serial || out.size == OUT_MAX) {
        sim_far_flush();
    }
    out.serial = serial;
    out.bytes[out.size++] = byte;
}

// --- What it says -------------------------------------------------------------------------------

static uint32_t digit(const char *line, char c)
{
    if (c >= '0' && c <= '9') {
        return (uint32_t)(c - '0');
    }
    if (c >= 'a' && c <= 'f') {
        return (uint32_t)(c - 'a' + 10);
    }
    sim_die(SIM_EXIT_USAGE, "--far: '%.60s' has no hexadecimal bytes", line);
}

static void send(const char *line, uint32_t serial, const char *hex, bool is_flood)
{
    static uint8_t bytes[LINE_BYTES / 2];
    size_t size = strlen(hex) / 2;

    for (size_t i = 0; i < size; i++) {
        bytes[i] = (uint8_t)(digit(line, hex[2 * i]) << 4 | digit(line, hex[2 * i + 1]));
    }
    sim_serial_send(serial, bytes, size, is_flood);
}

// False: it is `go`.
static bool line_take(char *line)
{
    char word[16];
    unsigned port;
    int at = 0;

    if (strcmp(line, "go") == 0) {
        return false;
    }
    if (sscanf(line, "%15s %u %n", word, &port, &at) != 2 || port < SERIAL_FIRST ||
        port >= SERIAL_FIRST + SIM_SERIALS) {
        sim_die(SIM_EXIT_USAGE, "--far: not understood: '%.60s'", line);
    }
    uint32_t serial = port - SERIAL_FIRST;
    bool is_one = line[at] == '1';
    if (strcmp(word, "send") == 0 || strcmp(word, "flood") == 0) {
        send(line, serial, line + at, word[0] == 'f');
    } else if (strcmp(word, "break") == 0) {
        sim_serial_break(serial);
    } else if (strcmp(word, "carrier") == 0) {
        sim_serial_carrier(serial, is_one);
    } else if (strcmp(word, "stop") == 0) {
        sim_serial_stop(serial, is_one);
    } else {
        sim_die(SIM_EXIT_USAGE, "--far: not understood: '%.60s'", line);
    }
    return true;
}

// Reads once, and takes the whole lines. False: one was `go`, or nobody is there.
static bool lines_read(void)
{
    ssize_t size = read(far_fd, input + input_size, sizeof(input) - input_size);
    bool is_more = true;

    if (size <= 0) {
        if (size == 0 || errno != EINTR) {
            far_lose();
        }
        return far_fd >= 0;
    }
    input_size += (size_t)size;
    for (char *end; (end = memchr(input, '\n', input_size)) != NULL;) {
        size_t used = (size_t)(end + 1 - input);
        *end = 0;
        is_more = line_take(input) && is_more;
        input_size -= used;
        memmove(input, end + 1, input_size);
    }
    if (input_size == sizeof(input)) {
        sim_die(SIM_EXIT_USAGE, "--far: a line of more than %d bytes", LINE_BYTES);
    }
    return is_more;
}

// --- When it is asked ---------------------------------------------------------------------------

void sim_far_ask(uint64_t now_ns, uint64_t next_ns)
{
    char line[64];
    int size = snprintf(line, sizeof(line), "idle %" PRIu64 " %" PRIu64 "\n", now_ns, next_ns);

    sim_far_flush();
    say(line, (size_t)size);
    while (far_fd >= 0 && lines_read()) {
    }
}

void sim_far_wait(uint64_t wait_ns)
{
    struct pollfd ready = {.fd = far_fd, .events = POLLIN};
    struct timespec wait = {.tv_sec = (time_t)(wait_ns / (1000ull * MS_NS)),
                            .tv_nsec = (long)(wait_ns % (1000ull * MS_NS))};

    sim_far_flush();
    if (far_fd < 0) {
        sim_die(SIM_EXIT_USAGE, "whoever played the far ends of a live machine is gone");
    }
    if (ppoll(&ready, 1, wait_ns == UINT64_MAX ? NULL : &wait, NULL) > 0) {
        lines_read();
    }
}

void sim_far_look(void)
{
    static uint32_t turns;

    if (far_is_live && far_fd >= 0 && ++turns % POLL_EVERY == 0) {
        sim_far_wait(0);
    }
}
