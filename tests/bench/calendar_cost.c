// SPDX-License-Identifier: Apache-2.0
//
// Asks for the next times that are hard to find, once each, for calendar_test.py, which counts the
// instructions of each call and knows the cases by their order, in which their names are printed.
//
// Hard is what comes to nothing: times on days on which the clock skips them, dates that are rare,
// all years without one. Zones are real ones and two made for it, with as many transitions as a
// file may have: one that skips a moment every four days, and one that changes every four days.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/calendar/calendar.h"

enum {
    PATH_SIZE = 512,
    HEADER_SIZE = 44,
    TYPE_SIZE = 6,
    TYPES = 256,
    LAST_TYPE = TYPES - 1,
    DAY_S = 86400,
    HOUR_S = 3600
};

#define SKIPPING "(skips a moment every four days)"
#define NERVOUS  "(changes every four days)"

struct hard {
    const char *expression;
    const char *zone;
    int64_t after_s;
};

static const struct hard cases[] = {
    {"Mon *-*-* 08:30", "Europe/Berlin", 1700000000},
    {"*:*:*", "Europe/Berlin", 1700000000},
    {"*-*~1 23:59:59", "America/New_York", 1700000000},
    {"Sun *-2-29 00:00", "UTC", 0},
    {"Sun *-2-29 00:00", "UTC", 3900000000},
    {"1970-1-1 00:00", "UTC", 1},
    {"2199-12-31 23:59:59", "Europe/Berlin", -1000000000000},
    {"2199-12-31 23:59:59", "Asia/Hebron", -1000000000000},
    {"Tue 2199-12-31 23:59:59", "Asia/Hebron", 0},
    {"2199-2,3,4,6,9,11-31 0:0", "Europe/Berlin", 0},
    // Skipped on all the days that it names.
    {"Sun *-3-25..31 2:30", "Europe/Berlin", 350000000},
    {"Sun *-3-25..31 2:30", "Europe/Berlin", 1700000000},
    {"Sun *-3~1..7 2:*:*", "Europe/Berlin", 350000000},
    {"Sun *-2,3,4,6,9,11-31 2:30", "Europe/Berlin", 350000000},
    {"Sun 1981/2-3-29,30,31 2:30:*", "Europe/Berlin", 350000000},
    {"Sun *-3-8..14 2:30", "America/New_York", 1180000000},
    {"Sun *-10-1..7 2:15", "Australia/Lord_Howe", 1210000000},
    {"Sun *-9~1..7 2:50", "Pacific/Chatham", 1200000000},
    {"Sun *-3~1..7 1:30", "Antarctica/Troll", 1110000000},
    {"Sat *-3-24..30 2:30", "Asia/Hebron", 3300000000},
    {"Fri *-4~1..7 0:30", "Africa/Cairo", 1680000000},
    {"Sun *-9-2..8 0:30", "America/Santiago", 1680000000},
    {"2011-12-30 *:*", "Pacific/Apia", 0},
    // Every fourth day there is a moment that is skipped, later an hour a year.
    {"12:00", SKIPPING, 0},
    {"1970-1-5/4 12:00", SKIPPING, 0},
    {"Sun *-10~1..7 12:00", SKIPPING, 4 * DAY_S *INT64_C(300)},
    {"Sun *-10~1..7 12:30", NERVOUS, 0},
    {"Sun *-10~1..7 12:30", NERVOUS, 4 * DAY_S *INT64_C(300)},
    {"1970-6-30 *:*:59", NERVOUS, 0},
    {"1973-6-30 *:*:59", NERVOUS, 0},
};

enum { CASES = sizeof(cases) / sizeof(cases[0]) };

static void put_32(uint8_t *bytes, uint32_t number)
{
    for (unsigned i = 0; i < 4; i++)
        bytes[i] = (uint8_t)(number >> (24 - 8 * i));
}

static uint8_t *put_header(uint8_t *at, uint32_t transitions, uint32_t types)
{
    memset(at, 0, HEADER_SIZE);
    memcpy(at, "TZif2", 5);
    put_32(at + 32, transitions);
    put_32(at + 36, types);
    put_32(at + 40, 1);
    return at + HEADER_SIZE;
}

static void put_64(uint8_t *bytes, int64_t number)
{
    put_32(bytes, (uint32_t)((uint64_t)number >> 32));
    put_32(bytes + 4, (uint32_t)number);
}

// The transitions of a made zone: where, and to which type; type n is n minutes ahead of UTC.
struct made {
    int64_t (*instant_of)(int64_t transition);
    uint8_t (*type_of)(int64_t transition);
    const char *footer;
};

// Every fourth noon the clock goes a minute ahead, 255 times from 1970 on. Once it goes back by as
// much, four days later, and then the same again as long as there are transitions.
static int64_t skipping_instant(int64_t i)
{
    return 4 * DAY_S * (i + 1) + 12 * HOUR_S - i % TYPES * 60;
}

static uint8_t skipping_type(int64_t i)
{
    return (uint8_t)((i + 1) % TYPES);
}

// Every fourth midnight the clock changes, from 1970-01-05 on.
static int64_t nervous_instant(int64_t i)
{
    return INT64_C(4) * DAY_S * (i + 1);
}

static uint8_t nervous_type(int64_t i)
{
    return i % 2 == 0 ? LAST_TYPE : 0;
}

static const struct made skipping = {skipping_instant, skipping_type,
                                     "\nAAA-1:04BBB-2:04,M10.5.0/12,M3.5.0\n"};
static const struct made nervous = {nervous_instant, nervous_type, "\nAAA0BBB,M10.5.0/12,M3.5.0\n"};

static size_t made_zone(uint8_t *bytes, const struct made *made)
{
    uint8_t *at = put_header(bytes, 0, 1) + TYPE_SIZE + 1;

    memset(bytes + HEADER_SIZE, 0, TYPE_SIZE + 1);
    at = put_header(at, ZONE_TRANSITIONS_MAX, TYPES);
    for (int64_t i = 0; i < ZONE_TRANSITIONS_MAX; i++, at += 8)
        put_64(at, made->instant_of(i));
    for (int64_t i = 0; i < ZONE_TRANSITIONS_MAX; i++)
        *at++ = made->type_of(i);
    for (uint32_t i = 0; i < TYPES; i++, at += TYPE_SIZE) {
        memset(at, 0, TYPE_SIZE);
        put_32(at, i * 60);
    }
    *at++ = 0;
    memcpy(at, made->footer, strlen(made->footer));
    return (size_t)(at - bytes) + strlen(made->footer);
}

static size_t zone_bytes(uint8_t *bytes, const char *folder, const char *name)
{
    char path[PATH_SIZE];

    if (strcmp(name, SKIPPING) == 0)
        return made_zone(bytes, &skipping);
    if (strcmp(name, NERVOUS) == 0)
        return made_zone(bytes, &nervous);
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *stream = fopen(path, "rb");
    if (stream == NULL) {
        fprintf(stderr, "there is no %s; install tzdata\n", path);
        exit(2);
    }
    size_t size = fread(bytes, 1, ZONE_FILE_SIZE_MAX, stream);
    fclose(stream);
    return size;
}

static void must(bool is_good, const struct calendar_error *error)
{
    char message[CALENDAR_ERROR_TEXT_MAX];

    if (!is_good) {
        calendar_error_print(error, message, sizeof(message));
        fprintf(stderr, "%s\n", message);
        exit(2);
    }
}

int main(int argc, char **argv)
{
    static uint8_t bytes[ZONE_FILE_SIZE_MAX];
    struct calendar_error error;
    struct calendar calendar;
    struct calendar_zone zone;
    int64_t next_s = 0;

    if (argc != 2)
        return 2;
    for (unsigned i = 0; i < CASES; i++) {
        const struct hard *hard = &cases[i];
        size_t size = zone_bytes(bytes, argv[1], hard->zone);

        must(calendar_zone_decode(&zone, bytes, size, &error), &error);
        must(calendar_parse(&calendar, hard->expression, strlen(hard->expression), &error), &error);
        bool is_there = calendar_next(&calendar, &zone, hard->after_s, &next_s);
        printf("%s %s after %" PRId64 ": ", hard->expression, hard->zone, hard->after_s);
        if (is_there)
            printf("%" PRId64 "\n", next_s);
        else
            printf("never\n");
    }
    return 0;
}
