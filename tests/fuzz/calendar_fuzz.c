// SPDX-License-Identifier: Apache-2.0
//
// Any text as an expression, behind eight bytes that are the instant to begin with: what comes true
// does so later and in order, in UTC and in a zone with rules; what is refused is explained.
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

// The smallest file with the rules of central Europe.
static struct calendar_zone zone_with_rules(void)
{
    static uint8_t bytes[] =
        "TZif2"
        "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
        "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\1"
        "\0\0\0\0\0\0\0"
        "TZif2"
        "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
        "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\1"
        "\0\0\0\0\0\0\0"
        "\nCET-1CEST,M3.5.0,M10.5.0/3\n";
    struct calendar_error error;
    struct calendar_zone zone;

    must(calendar_zone_decode(&zone, bytes, sizeof(bytes) - 1, &error), "the zone is good");
    return zone;
}

// Whether the zone's clock shows a time that the expression names.
static bool matches(const struct calendar *calendar, const struct calendar_zone *zone, int64_t at_s)
{
    struct calendar_time time = calendar_time_of(at_s + calendar_zone_offset(zone, at_s));
    uint32_t year = (uint32_t)(time.year - CALENDAR_YEAR_MIN);

    return year < 256 && (calendar->years[year / 64] >> year % 64 & 1) != 0 &&
           (calendar->months >> time.month & 1) != 0 &&
           (calendar->is_from_end || (calendar->days >> time.day & 1) != 0) &&
           (calendar->weekdays >> time.weekday & 1) != 0 &&
           (calendar->hours >> time.hour & 1) != 0 && (calendar->minutes >> time.minute & 1) != 0 &&
           (calendar->seconds >> time.second & 1) != 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char message[CALENDAR_ERROR_TEXT_MAX];
    struct calendar_zone zones[2];
    struct calendar_error error;
    struct calendar calendar;
    int64_t after_s = 0;

    if (size < sizeof(after_s))
        return 0;
    memcpy(&after_s, data, sizeof(after_s));
    if (!calendar_parse(&calendar, (const char *)data + 8, size - 8, &error)) {
        must(calendar_error_print(&error, message, sizeof(message)) > 20, "errors have words");
        must(error.at <= size - 8, "the place of an error is in the text");
        return 0;
    }
    calendar_zone_utc(&zones[0]);
    zones[1] = zone_with_rules();
    for (unsigned i = 0; i < 2; i++) {
        int64_t at_s = after_s, next_s;

        for (unsigned k = 0; k < 4 && calendar_next(&calendar, &zones[i], at_s, &next_s); k++) {
            must(next_s > at_s, "what is next is later");
            must(matches(&calendar, &zones[i], next_s), "what is next matches");
            at_s = next_s;
        }
    }
    return 0;
}
