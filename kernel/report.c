// SPDX-License-Identifier: Apache-2.0
//
// The machine's log for people, in whole lines. The kernel's own begin with its name. No text can
// hold anything that moves a cursor or forges another line.
#include <stdarg.h>

#include "kernel/parts.h"

enum {
    LINE_MAX = 256,
    NUMBER_MAX = 20,
};

void report(const char *format, ...)
{
    char line[LINE_MAX];
    uint32_t size = 0;
    va_list values;
    va_start(values, format);
    for (const char *at = format; *at != 0; at++) {
        ASSERT(size + NUMBER_MAX < LINE_MAX);
        if (*at != '%') {
            line[size++] = *at;
        } else if (*++at == 's') {
            for (const char *text = va_arg(values, const char *); *text != 0; text++) {
                ASSERT(size < LINE_MAX - 1);
                line[size++] = *text < ' ' || *text > '~' ? '.' : *text;
            }
        } else {
            uint32_t base = *++at == 'x' ? 16 : 10; // after the `l`
            uint64_t value = va_arg(values, uint64_t);
            uint64_t place = base == 16 ? 1ULL << 60 : 1; // of the first digit
            while (base == 10 && value / place >= base) {
                place *= base;
            }
            for (; place != 0; place /= base) {
                line[size++] = "0123456789abcdef"[value / place % base];
            }
        }
    }
    va_end(values);
    line[size++] = '\n';
    hal_console_write(line, size);
}
