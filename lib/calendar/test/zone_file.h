// SPDX-License-Identifier: Apache-2.0
//
// Compiled zone files for tests, made from lists.
#ifndef LIB_CALENDAR_TEST_ZONE_FILE_H
#define LIB_CALENDAR_TEST_ZONE_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/calendar/calendar.h"

enum { ZONE_FILE_ROOM = 8192 };

struct zone_file_transition {
    int64_t at_s;
    int32_t offset_s;
};

struct zone_file {
    int32_t first_offset_s;
    const struct zone_file_transition *transitions;
    uint32_t count;
    const char *footer; // without its newlines; NULL for version 1
};

// Each transition gets a type of its own. Returns the size.
size_t zone_file_make(const struct zone_file *file, uint8_t bytes[ZONE_FILE_ROOM]);

// The zone of such a file, or of a footer alone; the test fails if it isn't good. Its bytes are
// good until the next call.
struct calendar_zone zone_of_file(const struct zone_file *file);
struct calendar_zone zone_of_footer(const char *footer);

#endif
