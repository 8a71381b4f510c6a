// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a compiled zone file, in memory that ends where they end. In a zone that is accepted
// the next times of some expressions are found and are in order.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/calendar/calendar.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool claim, const char *what)
{
    if (!claim) {
        fprintf(stderr, "must hold: %s\n", what);
        abort();
    }
}

static void ask(const struct calendar_zone *zone, const char *text, int64_t after_s)
{
    struct calendar_error error;
    struct calendar calendar;
    int64_t next_s;

    must(calendar_parse(&calendar, text, strlen(text), &error), "the expression is good");
    for (unsigned i = 0; i < 8 && calendar_next(&calendar, zone, after_s, &next_s); i++) {
        int32_t offset_s = calendar_zone_offset(zone, next_s);

        must(next_s > after_s, "what is next is later");
        must(offset_s >= -25 * 3600 && offset_s < 26 * 3600, "clocks are near UTC");
        after_s = next_s;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int64_t instants[] = {INT64_MIN, -1000000000, 0, 1711846800, 7000000000};
    char message[CALENDAR_ERROR_TEXT_MAX];
    struct calendar_error error;
    struct calendar_zone zone;

    if (!calendar_zone_decode(&zone, data, size, &error)) {
        must(calendar_error_print(&error, message, sizeof(message)) > 20, "errors have words");
        must(error.at <= size, "the place of an error is in the file");
        return 0;
    }
    for (unsigned i = 0; i < sizeof(instants) / sizeof(instants[0]); i++) {
        ask(&zone, "2:30", instants[i]);
        ask(&zone, "*:0/20", instants[i]);
        ask(&zone, "Sun *-3,10~1..7 *:0:0", instants[i]);
    }
    return 0;
}
