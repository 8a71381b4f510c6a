// SPDX-License-Identifier: Apache-2.0
//
// What the files of this folder share and nobody else needs: days, dates that match, spans of
// zones. Days are numbered from 1970-01-01, which is 0; instants and local times are seconds from
// its midnight, at UTC or on the zone's clock.
#ifndef LIB_CALENDAR_PARTS_H
#define LIB_CALENDAR_PARTS_H

#include "lib/calendar/calendar.h"

enum {
    DAY_S = 86400,
    HOUR_S = 3600,
    OFFSET_MAX_S = 93599, // distances from UTC end before this (RFC 8536 section 3.2) ...
    OFFSET_MIN_S = -89999,
    CALENDAR_DAY_END = 84006, // the day after the last of CALENDAR_YEAR_MAX
    ZONE_TYPE_SIZE = 6,       // bytes of a type's record (RFC 8536 section 3.2)
    CALENDAR_YEARS = CALENDAR_YEAR_MAX - CALENDAR_YEAR_MIN + 1,
};

// Always false, so that one can return it.
static inline bool calendar_fail(struct calendar_error *error, enum calendar_fact fact, size_t at,
                                 int64_t value)
{
    *error = (struct calendar_error){.fact = fact, .at = (uint32_t)at, .value = value};
    return false;
}

// ---- Days ----

static inline bool year_is_leap(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

// The day on which a year begins.
int64_t year_first_day(int64_t year);
int64_t year_of_day(int64_t day);
// 0 is Monday.
uint32_t weekday_of_day(int64_t day);
// Days of the year before a month (1 to 13).
uint32_t days_before_month(uint32_t month, bool is_leap);

static inline int64_t day_of(int64_t time_s)
{
    return (time_s >= 0 ? time_s : time_s - (DAY_S - 1)) / DAY_S;
}

// ---- Dates that match an expression ----

enum { YEAR_KINDS = 14 }; // seven weekdays to begin with, common years and leap years

// Walks them in order. Which months of a year have such a date depends on the kind of the year
// alone; what has been looked at in vain is remembered.
struct date_walk {
    const struct calendar *calendar;
    uint64_t weekdays;           // the week's pattern, over and over
    uint32_t mirrored;           // days of the expression: day n at bit 31 - n
    uint16_t months[YEAR_KINDS]; // those that may have a date
    // The year.
    int32_t year;
    uint32_t kind;
    bool is_leap;
    uint32_t first_day;
    uint32_t weekday; // of that day
    uint32_t months_left;
    // The month.
    int64_t day_before; // its first day
    uint32_t days_left;
};

// Dates from `day` on, which is one of CALENDAR_YEAR_MIN to CALENDAR_YEAR_MAX.
void date_walk_init(struct date_walk *walk, const struct calendar *calendar, int64_t day);
// The next date; false if there are no more.
bool date_walk_next(struct date_walk *walk, int64_t *day);

// ---- Spans of a zone ----

// A change of a zone's distance from UTC by the rules of its footer.
struct zone_change {
    int64_t at_s;
    int32_t offset_s; // from then on
};

// A year, and the two changes of the rules in it, in order.
struct zone_year {
    int64_t first_day;
    uint32_t weekday; // of that day
    int64_t year;
    struct zone_change changes[2];
};

void zone_year_init(struct zone_year *year, const struct calendar_zone *zone, int64_t number);
void zone_year_next(struct zone_year *year, const struct calendar_zone *zone);

// Walks the spans in which a zone's distance from UTC stays the same, in order.
struct zone_walk {
    const struct calendar_zone *zone;
    int64_t begin_s, end_s; // of the span, as instants
    int32_t offset_s;       // in it
    uint32_t next;          // the transition at end_s, or transitions_count: the footer goes on
    struct zone_year year;  // of the rules' change at end_s
    uint32_t which;         // of the two
};

// Ends of time, well within what can be added to.
#define TIME_FIRST_S (INT64_MIN / 4)
#define TIME_LAST_S  (INT64_MAX / 4)

// The span that contains an instant.
void zone_walk_init(struct zone_walk *walk, const struct calendar_zone *zone, int64_t at_s);
void zone_walk_next(struct zone_walk *walk);

// Zone files are big-endian, of any alignment. These are in the innermost loops.
static inline uint32_t zone_load_32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static inline int64_t zone_transition_at(const struct calendar_zone *zone, uint32_t index)
{
    const uint8_t *bytes = zone->times + (size_t)index * zone->time_size;

    if (zone->time_size == 4)
        return (int32_t)zone_load_32(bytes);
    return (int64_t)((uint64_t)zone_load_32(bytes) << 32 | zone_load_32(bytes + 4));
}

static inline int32_t zone_transition_offset(const struct calendar_zone *zone, uint32_t index)
{
    return (int32_t)zone_load_32(zone->type_records + ZONE_TYPE_SIZE * zone->types[index]);
}

// A footer's rule, all of the text, into the zone; false if it is none, with the place where it
// stops being one.
bool zone_footer_parse(struct calendar_zone *zone, const char *text, size_t size, size_t *at);

#endif
