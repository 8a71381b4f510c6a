// SPDX-License-Identifier: Apache-2.0
//
// lib/calendar at the other end of a pipe, for calendar_interop.py. A line of input is
//
//     AFTER COUNT EXPRESSION
//
// and its answer `error MESSAGE`, or `ok` and the instants of the next COUNT times, fewer if there
// are no more. Zones are the files of the folder that the command names; without one in the
// expression it is UTC.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/calendar/calendar.h"

enum { PATH_SIZE = 512 };

static uint8_t file[ZONE_FILE_SIZE_MAX];

static void print_error(const struct calendar_error *error)
{
    char message[CALENDAR_ERROR_TEXT_MAX];

    calendar_error_print(error, message, sizeof(message));
    printf("error %s\n", message);
}

static bool zone_load(struct calendar_zone *zone, const char *folder, const char *name)
{
    struct calendar_error error;
    char path[PATH_SIZE];

    if (name[0] == 0) {
        calendar_zone_utc(zone);
        return true;
    }
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *stream = fopen(path, "rb");
    if (stream == NULL) {
        printf("error there is no zone %s\n", name);
        return false;
    }
    size_t size = fread(file, 1, sizeof(file), stream);
    fclose(stream);
    if (calendar_zone_decode(zone, file, size, &error))
        return true;
    print_error(&error);
    return false;
}

static void answer(const char *folder, int64_t after_s, unsigned count, const char *expression)
{
    struct calendar_error error;
    struct calendar calendar;
    struct calendar_zone zone;

    if (!calendar_parse(&calendar, expression, strlen(expression), &error)) {
        print_error(&error);
        return;
    }
    if (!zone_load(&zone, folder, calendar.zone))
        return;
    printf("ok");
    while (count-- > 0 && calendar_next(&calendar, &zone, after_s, &after_s))
        printf(" %" PRId64, after_s);
    printf("\n");
}

int main(int argc, char **argv)
{
    static char line[1 << 16];
    int64_t after_s;
    unsigned count;
    int used;

    if (argc != 2)
        return 2;
    while (fgets(line, sizeof(line), stdin) != NULL) {
        line[strcspn(line, "\n")] = 0;
        if (sscanf(line, "%" SCNd64 " %u %n", &after_s, &count, &used) != 2)
            return 2;
        answer(argv[1], after_s, count, line + used);
    }
    return 0;
}
