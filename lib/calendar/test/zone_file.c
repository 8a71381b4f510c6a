// SPDX-License-Identifier: Apache-2.0
#include "lib/calendar/test/zone_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint8_t *put(uint8_t *at, uint64_t number, unsigned size)
{
    for (unsigned i = 0; i < size; i++)
        *at++ = (uint8_t)(number >> 8 * (size - 1 - i));
    return at;
}

static uint8_t *put_block(uint8_t *at, const struct zone_file *file, unsigned time_size,
                          uint32_t count)
{
    const uint32_t counts[] = {0, 0, 0, count, count + 1, 4};

    memset(at, 0, 20);
    memcpy(at, "TZif", 4);
    at[4] = file->footer == NULL ? 0 : '2';
    at += 20;
    for (unsigned i = 0; i < 6; i++)
        at = put(at, counts[i], 4);
    for (uint32_t i = 0; i < count; i++)
        at = put(at, (uint64_t)file->transitions[i].at_s, time_size);
    for (uint32_t i = 0; i < count; i++)
        at = put(at, i + 1, 1);
    for (uint32_t i = 0; i <= count; i++) {
        int32_t offset_s = i == 0 ? file->first_offset_s : file->transitions[i - 1].offset_s;

        at = put(at, (uint32_t)offset_s, 4);
        at = put(at, 0, 2);
    }
    memcpy(at, "ABC", 4);
    return at + 4;
}

size_t zone_file_make(const struct zone_file *file, uint8_t bytes[ZONE_FILE_ROOM])
{
    uint8_t *at = bytes;

    if (file->footer == NULL)
        return (size_t)(put_block(at, file, 4, file->count) - bytes);
    at = put_block(at, file, 4, 0);
    at = put_block(at, file, 8, file->count);
    at += sprintf((char *)at, "\n%s\n", file->footer);
    return (size_t)(at - bytes);
}

struct calendar_zone zone_of_file(const struct zone_file *file)
{
    static uint8_t bytes[ZONE_FILE_ROOM];
    char message[CALENDAR_ERROR_TEXT_MAX];
    struct calendar_error error;
    struct calendar_zone zone;

    if (!calendar_zone_decode(&zone, bytes, zone_file_make(file, bytes), &error)) {
        calendar_error_print(&error, message, sizeof(message));
        fprintf(stderr, "%s\n", message);
        abort();
    }
    return zone;
}

struct calendar_zone zone_of_footer(const char *footer)
{
    struct zone_file file = {.footer = footer};

    return zone_of_file(&file);
}
