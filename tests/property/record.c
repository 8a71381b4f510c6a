// SPDX-License-Identifier: Apache-2.0
//
// See record.h. Each line is written at once, since the run is about to fail.
#include "tests/property/record.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "tests/property/world.h"

static FILE *out;
static uint64_t written_ns;
static bool written_interrupts;

void record(const char *format, ...)
{
    va_list arguments;

    if (out == NULL) {
        return;
    }
    fputs("    ", out);
    va_start(arguments, format);
    vfprintf(out, format, arguments);
    va_end(arguments);
    fputc('\n', out);
    fflush(out);
}

// What the test sets in the machine without a word.
static void settings_record(void)
{
    if (machine.now_ns != written_ns) {
        written_ns = machine.now_ns;
        record("now(%" PRIu64 ");", written_ns);
    }
    if (machine.interrupts != written_interrupts) {
        written_interrupts = machine.interrupts;
        record("interrupts(%d);", written_interrupts);
    }
}

static void write_record(const struct machine_deed *deed)
{
    const uint8_t *bytes = deed->bytes;
    char text[4 * SLOT_SIZE + 1];

    for (uint64_t i = 0; i < deed->b; i += SLOT_SIZE) {
        uint64_t size = deed->b - i < SLOT_SIZE ? deed->b - i : SLOT_SIZE;
        for (uint64_t at = 0; at < size; at++) {
            snprintf(text + 4 * at, 5, "\\x%02x", bytes[i + at]);
        }
        record("bytes(%u, %#" PRIx64 ", \"%s\", %" PRIu64 ");", deed->thread, deed->a + i, text,
               size);
    }
}

static void submit_record(const struct machine_deed *deed)
{
    const struct sqe *sqe = deed->bytes;
    const uint64_t *words = deed->bytes;

    static_assert(sizeof(*sqe) == 8 * sizeof(words[0]), "as submit() takes it");
    record("submit(%u, (const uint64_t[]){%#" PRIx64 ", %#" PRIx64 ", %#" PRIx64 ", %#" PRIx64
           ", %#" PRIx64 ", %#" PRIx64 ", %#" PRIx64 ", %#" PRIx64 "}); // opcode %u, method %u",
           deed->thread, words[0], words[1], words[2], words[3], words[4], words[5], words[6],
           words[7], sqe->opcode, sqe->method);
}

static void deed_record(const struct machine_deed *deed)
{
    static const char *const names[MACHINE_DEEDS] = {
        [MACHINE_ENTER] = "enter", [MACHINE_EXIT] = "leave",          [MACHINE_FAULT] = "fault",
        [MACHINE_TIMER] = "timer", [MACHINE_INTERRUPT] = "interrupt", [MACHINE_REAP] = "take",
    };

    if (deed->kind != MACHINE_TIMER) {
        settings_record();
    }
    if (deed->kind == MACHINE_WRITE) {
        write_record(deed);
    } else if (deed->kind == MACHINE_SUBMIT) {
        submit_record(deed);
    } else if (deed->kind == MACHINE_REAP) {
        record("take(%u);", deed->thread);
    } else if (deed->kind == MACHINE_TIMER || deed->kind == MACHINE_INTERRUPT) {
        record("%s(%#" PRIx64 ");", names[deed->kind], deed->a);
        written_ns = deed->kind == MACHINE_TIMER ? deed->a : written_ns;
    } else {
        record("%s(%u, %#" PRIx64 ", %#" PRIx64 ");", names[deed->kind], deed->thread, deed->a,
               deed->b);
    }
}

void record_begin(const char *path)
{
    out = fopen(path, "w");
    if (out == NULL) {
        broken("can't write %s", path);
    }
    machine_writer = deed_record;
}
