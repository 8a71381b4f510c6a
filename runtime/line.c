// SPDX-License-Identifier: Apache-2.0
//
// Lines for people: text and numbers into a buffer of fixed size, without allocation.

#include "runtime/runtime.h"

void tsr_line_bytes(struct tsr_line *line, const char *bytes, uint32_t size)
{
    uint32_t room = TSR_LINE_SIZE - line->size;
    uint32_t fits = size < room ? size : room;
    for (uint32_t i = 0; i < fits; i++) {
        line->text[line->size + i] = bytes[i];
    }
    line->size += fits;
    line->text[line->size] = 0;
    if (fits < size) {
        for (uint32_t i = TSR_LINE_SIZE - 3; i < TSR_LINE_SIZE; i++) {
            line->text[i] = '.';
        }
    }
}

struct capnp_text tsr_text_of(const char *text)
{
    uint32_t size = 0;
    while (text[size] != 0) {
        size++;
    }
    return (struct capnp_text){text, size};
}

void tsr_line_text(struct tsr_line *line, const char *text)
{
    uint32_t size = 0;
    while (size <= TSR_LINE_SIZE && text[size] != 0) {
        size++;
    }
    tsr_line_bytes(line, text, size);
}

static void put_number(struct tsr_line *line, uint64_t value, uint32_t base)
{
    char digits[20];
    uint32_t first = sizeof(digits);
    do {
        digits[--first] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0);
    tsr_line_bytes(line, digits + first, (uint32_t)sizeof(digits) - first);
}

void tsr_line_decimal(struct tsr_line *line, uint64_t value)
{
    put_number(line, value, 10);
}

void tsr_line_signed(struct tsr_line *line, int64_t value)
{
    if (value < 0) {
        tsr_line_text(line, "-");
    }
    put_number(line, value < 0 ? 0 - (uint64_t)value : (uint64_t)value, 10);
}

void tsr_line_hex(struct tsr_line *line, uint64_t value)
{
    tsr_line_text(line, "0x");
    put_number(line, value, 16);
}

// By type.
static const char exception_words[][20] = {
    [CAPNP_EXCEPTION_NONE] = "",
    [CAPNP_EXCEPTION_FAILED] = "failed",
    [CAPNP_EXCEPTION_OVERLOADED] = "overloaded",
    [CAPNP_EXCEPTION_DISCONNECTED] = "disconnected",
    [CAPNP_EXCEPTION_UNIMPLEMENTED] = "unimplemented",
    [CAPNP_EXCEPTION_INVALID_ARGUMENT] = "invalid argument",
};

void tsr_line_exception(struct tsr_line *line, const struct capnp_exception *exception)
{
    const char *reason =
        exception->status != 0 ? tsr_fact_text(exception->status) : exception->reason;
    if (exception->type == CAPNP_EXCEPTION_NONE) {
        tsr_line_text(line, reason);
        return;
    }
    tsr_line_text(line, exception_words[exception->type]);
    if (reason[0] != 0) {
        tsr_line_text(line, " (");
        tsr_line_text(line, reason);
        tsr_line_text(line, ")");
    }
}
