// SPDX-License-Identifier: Apache-2.0
//
// When a calendar expression comes true next:
//
//     [DayOfWeek] [Year-Month-Day] Hour:Minute[:Second] [Zone]
//     hourly | daily | weekly | monthly [Zone]
//
//     Mon..Fri *-*-* 08:30 Europe/Berlin     workdays
//     *-*~1 22:00                            the last day of each month
//     *-2,5..8/3-1/7 0/6:00                  days 1, 8, 15, 22, 29 of February, May and August
//
// Each field is `*` or a list of elements `a`, `a/step`, `a..b`, `a..b/step`; `a/step` goes on to
// the field's end, and must get somewhere. `~` in place of the last `-` counts days from the end of
// the month, 1 to 28: `~1` is the last, and `~a/step` goes on towards the end of the month. Days of
// the week are Mon to Sun or full names, in any case, Monday first, as list of days and ranges.
// Without a day or a date there is no limit of that kind; without a second it is 0. Years are 1970
// to 2199, of four digits. Blanks separate words; nothing else is allowed.
//
// Local time is that of a zone, read from a compiled zone file (RFC 8536, versions 1 to 4 with
// footers). An expression comes true when the zone's clock shows a matching time that it has never
// passed before: times that a clock skips don't come true, times that it shows twice do at the
// first.
//
// Freestanding, pure, without allocation or writable data. All values are plain: `struct calendar`
// may be copied and kept; a `struct calendar_zone` points at the file's bytes, which the caller
// keeps as they are for as long. Instants are seconds since 1970-01-01 00:00:00 UTC, without leap
// seconds. Finding the next time is bounded work: at most 20,000 instructions whatever expression,
// zone and instant; tests/bench/calendar_test.py counts those of the hardest questions known.
#ifndef LIB_CALENDAR_CALENDAR_H
#define LIB_CALENDAR_CALENDAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CALENDAR_TEXT_MAX = 256,       // bytes of an expression
    CALENDAR_ZONE_NAME_MAX = 64,   // bytes of a zone's name with its final zero
    CALENDAR_YEAR_MIN = 1970,      // nothing comes true before it
    CALENDAR_YEAR_MAX = 2199,      // nor after it
    CALENDAR_SKIPS_MAX = 36,       // see calendar_next()
    CALENDAR_ERROR_TEXT_MAX = 256, // what calendar_error_print() writes at most, its zero included
    ZONE_FILE_SIZE_MAX = 65536,    // bytes of a zone file
    ZONE_TRANSITIONS_MAX = 320,    // changes of local time that a zone file lists
    ZONE_SPACING_S = 3 * 86400,    // seconds at least between two of them
};

// What was found. Texts and remedies: calendar_error_print().
enum calendar_fact {
    CALENDAR_FACT_NONE,
    // Expressions: `at` is the offset of the character.
    CALENDAR_FACT_EMPTY,     // no words
    CALENDAR_FACT_TOO_LONG,  // more than CALENDAR_TEXT_MAX bytes
    CALENDAR_FACT_CHARACTER, // a character that no expression has; value: it
    CALENDAR_FACT_WORD,      // a word that is none of the parts, or one at the wrong place
    CALENDAR_FACT_SHORTHAND, // a shorthand that is not offered, or one with other parts
    CALENDAR_FACT_WEEKDAY,   // no day of the week
    CALENDAR_FACT_DATE,      // a date that is not year-month-day
    CALENDAR_FACT_NO_TIME,   // no hour:minute
    CALENDAR_FACT_TIME,      // a time that is not hour:minute or hour:minute:second
    CALENDAR_FACT_NUMBER,    // a number is missing here
    CALENDAR_FACT_FRACTION,  // parts of seconds
    CALENDAR_FACT_RANGE,     // a number outside of its field; value: it
    CALENDAR_FACT_BACKWARDS, // a range whose end is before its beginning
    CALENDAR_FACT_STEP,      // a step of 0, after `*`, or that gets nowhere; value: it
    CALENDAR_FACT_ZONE_NAME, // not a zone's name, or too long
    CALENDAR_FACT_NEVER,     // a date that is in no year, as the 30th of February
    // Zone files: `at` is the offset of the byte.
    CALENDAR_FACT_ZONE_SIZE,        // cut off; value: bytes needed
    CALENDAR_FACT_ZONE_TOO_BIG,     // more than ZONE_FILE_SIZE_MAX bytes; value: bytes
    CALENDAR_FACT_ZONE_EXTRA,       // bytes behind the end; value: how many
    CALENDAR_FACT_ZONE_MAGIC,       // no zone file
    CALENDAR_FACT_ZONE_VERSION,     // value: the version
    CALENDAR_FACT_ZONE_COUNT,       // a count against RFC 8536 section 3.1; value: it
    CALENDAR_FACT_ZONE_TRANSITIONS, // too many of them; value: their number
    CALENDAR_FACT_ZONE_ORDER,  // transitions less than ZONE_SPACING_S apart; value: the second one
    CALENDAR_FACT_ZONE_TYPE,   // a type that is not there; value: it
    CALENDAR_FACT_ZONE_OFFSET, // a distance from UTC out of range; value: it
    CALENDAR_FACT_ZONE_FLAG,   // a flag that is neither 0 nor 1; value: it
    CALENDAR_FACT_ZONE_DESIGNATION,   // names of types that don't end, or a name that is not there
    CALENDAR_FACT_ZONE_LEAP,          // a file that counts leap seconds
    CALENDAR_FACT_ZONE_FOOTER,        // a footer that is no rule of RFC 8536 section 3.3
    CALENDAR_FACT_ZONE_OVERLAP,       // a footer's rules of one year reach into another's
    CALENDAR_FACT_ZONE_CONTRADICTION, // the footer and the last transition don't agree
    CALENDAR_FACT_COUNT,
};

struct calendar_error {
    enum calendar_fact fact;
    uint32_t at;
    int64_t value;
};

// Writes "character 9: 61 is out of range; minutes go from 0 to 59" or the like, with its remedy,
// cut to `size` bytes with the final zero. Returns the length written. `size` is at least 1.
size_t calendar_error_print(const struct calendar_error *error, char *out, size_t size);

// A parsed expression. Sets of bits: bit n stands for the number n.
struct calendar {
    uint64_t years[4]; // bit n stands for CALENDAR_YEAR_MIN + n
    uint64_t minutes, seconds;
    uint32_t hours;
    uint32_t days;                     // 1 to 31
    uint16_t months;                   // 1 to 12
    uint8_t weekdays;                  // bit 0 is Monday
    bool is_from_end;                  // day 1 is a month's last
    char zone[CALENDAR_ZONE_NAME_MAX]; // "" if the expression names none
};

// All of the text. The zone's name is checked for its form only (so it may be part of a path, with
// no "..", no leading or final slash); whether there is such a zone is the caller's to find out. On
// failure `calendar` is as it was.
bool calendar_parse(struct calendar *calendar, const char *text, size_t size,
                    struct calendar_error *error);

// One of the two changes of a year in a footer (RFC 8536 section 3.3): at a time of a day, which is
// a certain one of the year, or the first of a weekday from that one on.
struct zone_rule {
    uint16_t day[2]; // from 0; in a common year, in a leap year
    bool has_weekday;
    uint8_t weekday;
    int32_t time_s; // local time, -167 to 167 hours
};

// A zone. Fields are private to lib/calendar.
struct calendar_zone {
    const uint8_t *times; // big-endian instants of transitions; NULL if there are none
    const uint8_t *types; // what begins then
    const uint8_t *type_records;
    uint32_t transitions_count;
    uint32_t time_size;        // bytes of one of `times`
    int32_t first_offset_s;    // before all transitions
    bool has_rules;            // the footer changes twice a year
    int32_t offset_s[2];       // of the footer: standard time, the other
    struct zone_rule rules[2]; // when the other begins, when it ends
};

// The zone that is UTC, for expressions without one or for "UTC"; it needs no file.
void calendar_zone_utc(struct calendar_zone *zone);

// From the bytes of a compiled zone file. Everything is checked here, so that what comes later
// can't fail. On failure `zone` is as it was.
bool calendar_zone_decode(struct calendar_zone *zone, const uint8_t *bytes, size_t size,
                          struct calendar_error *error);

// Seconds that the zone's clock is ahead of UTC at an instant.
int32_t calendar_zone_offset(const struct calendar_zone *zone, int64_t at_s);

// The first instant after `after_s` (never `after_s` itself) at which the expression comes true;
// false if there is none until the end of CALENDAR_YEAR_MAX. An expression that names only times
// that the clock skips, for CALENDAR_SKIPS_MAX years or as many times in a row, counts as one that
// never comes true.
bool calendar_next(const struct calendar *calendar, const struct calendar_zone *zone,
                   int64_t after_s, int64_t *next_s);

// A time as a clock and a calendar show it, for messages.
struct calendar_time {
    int32_t year;
    uint8_t month, day, hour, minute, second;
    uint8_t weekday; // 0 is Monday
};

// What a clock at UTC shows; add calendar_zone_offset() before for another zone's. `at_s` is within
// a hundred thousand years of 1970.
struct calendar_time calendar_time_of(int64_t at_s);

#endif
