// SPDX-License-Identifier: Apache-2.0
//
// Days, months and years of the Gregorian calendar, and the dates that match an expression.
//
// A month's matching days are one word of bits, made by a few operations: the days of the
// expression, mirrored and moved for `~`, the week's pattern, moved to where the month begins, and
// the days that the month has.
#include "lib/calendar/parts.h"

enum { ERA_YEARS = 400, THURSDAY = 3 }; // the weekday of 1970-01-01

// A week's seven bits times this are six weeks.
#define WEEKS ((UINT64_C(1) << 42) / 127)

uint32_t days_before_month(uint32_t month, bool is_leap)
{
    static const uint16_t before[] = {0,   0,   31,  59,  90,  120, 151,
                                      181, 212, 243, 273, 304, 334, 365};

    return before[month] + (is_leap && month > 2 ? 1u : 0u);
}

// Leap days before a year, counted from the year 1; years are positive.
static int64_t leap_days_before(int64_t year)
{
    int64_t last = year - 1;

    return last / 4 - last / 100 + last / 400;
}

int64_t year_first_day(int64_t year)
{
    // Moved by whole eras, so that negative years need no care.
    int64_t eras = year >= 1 ? 0 : (ERA_YEARS - year) / ERA_YEARS;
    int64_t moved = year + eras * ERA_YEARS;
    int64_t days = (moved - 1970) * 365 + leap_days_before(moved) - leap_days_before(1970);

    return days - eras * (ERA_YEARS * 365 + 97);
}

int64_t year_of_day(int64_t day)
{
    // The mean year is a little longer than 365 days: the guess is at most one too low or high.
    int64_t days = day * ERA_YEARS, era_days = ERA_YEARS * 365 + 97;
    int64_t year = 1970 + (days >= 0 ? days : days - (era_days - 1)) / era_days;

    if (day < year_first_day(year))
        return year - 1;
    return day >= year_first_day(year + 1) ? year + 1 : year;
}

uint32_t weekday_of_day(int64_t day)
{
    return (uint32_t)(((day + THURSDAY) % 7 + 7) % 7);
}

static uint32_t month_of(uint32_t day_of_year, bool is_leap)
{
    uint32_t month = day_of_year / 32 + 1; // right, or one too low

    return day_of_year >= days_before_month(month + 1, is_leap) ? month + 1 : month;
}

struct calendar_time calendar_time_of(int64_t at_s)
{
    int64_t day = day_of(at_s), year = year_of_day(day);
    uint32_t second = (uint32_t)(at_s - day * DAY_S);
    uint32_t day_of_year = (uint32_t)(day - year_first_day(year));
    uint32_t month = month_of(day_of_year, year_is_leap(year));

    return (struct calendar_time){
        .year = (int32_t)year,
        .month = (uint8_t)month,
        .day = (uint8_t)(day_of_year - days_before_month(month, year_is_leap(year)) + 1),
        .hour = (uint8_t)(second / HOUR_S),
        .minute = (uint8_t)(second / 60 % 60),
        .second = (uint8_t)(second % 60),
        .weekday = (uint8_t)weekday_of_day(day),
    };
}

static bool year_matches(const struct date_walk *walk)
{
    uint32_t bit = (uint32_t)(walk->year - CALENDAR_YEAR_MIN);

    return (walk->calendar->years[bit / 64] >> bit % 64 & 1) != 0;
}

// Years are walked through more often than anything else, so this is year_first_day() for those of
// expressions: from CALENDAR_YEAR_MIN to CALENDAR_YEAR_MAX each fourth is a leap year, but for one.
static void enter_year(struct date_walk *walk)
{
    enum { NO_LEAP_YEAR = 2100 };
    uint32_t year = (uint32_t)walk->year;
    uint32_t leap_days = (year - (CALENDAR_YEAR_MIN - 1)) / 4 - (year > NO_LEAP_YEAR ? 1 : 0);

    walk->first_day = (year - CALENDAR_YEAR_MIN) * 365 + leap_days;
    walk->weekday = (walk->first_day + THURSDAY) % 7;
    walk->is_leap = year % 4 == 0 && year != NO_LEAP_YEAR;
    walk->kind = 2 * walk->weekday + (walk->is_leap ? 1 : 0);
}

// To the next year that may have a date.
static bool year_next(struct date_walk *walk)
{
    do {
        if (walk->year++ == CALENDAR_YEAR_MAX)
            return false;
        if (year_matches(walk)) {
            enter_year(walk);
            walk->months_left = walk->months[walk->kind];
        }
    } while (walk->months_left == 0);
    return true;
}

static void enter_month(struct date_walk *walk, uint32_t month)
{
    uint32_t before = days_before_month(month, walk->is_leap);
    uint32_t length = days_before_month(month + 1, walk->is_leap) - before;
    uint32_t weekday = (walk->weekday + before) % 7;
    uint32_t days = walk->calendar->days;

    // Mirrored, day n from the end stands at bit 31 - n; it belongs to bit length + 1 - n.
    if (walk->calendar->is_from_end)
        days = (uint32_t)((uint64_t)walk->mirrored << length >> 30);
    days &= (uint32_t)(walk->weekdays >> weekday) << 1;
    walk->days_left = days & (uint32_t)((UINT64_C(2) << length) - 2);
    if (walk->days_left == 0)
        walk->months[walk->kind] &= (uint16_t) ~(1u << month);
    walk->day_before = (int64_t)walk->first_day + before - 1;
    walk->months_left &= ~((UINT32_C(2) << month) - 1);
}

static uint32_t mirror(uint32_t days)
{
    uint32_t mirrored = 0;

    for (unsigned i = 0; i < 32; i++)
        mirrored |= (days >> i & 1) << (31 - i);
    return mirrored;
}

void date_walk_init(struct date_walk *walk, const struct calendar *calendar, int64_t day)
{
    *walk = (struct date_walk){
        .calendar = calendar,
        .weekdays = calendar->weekdays * WEEKS,
        .mirrored = calendar->is_from_end ? mirror(calendar->days) : 0,
        .year = (int32_t)year_of_day(day),
    };
    for (unsigned i = 0; i < YEAR_KINDS; i++)
        walk->months[i] = calendar->months;
    enter_year(walk);
    if (!year_matches(walk))
        return;
    uint32_t day_of_year = (uint32_t)day - walk->first_day;
    uint32_t month = month_of(day_of_year, walk->is_leap);
    uint32_t day_of_month = day_of_year - days_before_month(month, walk->is_leap) + 1;
    walk->months_left = calendar->months & ~((UINT32_C(1) << month) - 1);
    if ((calendar->months >> month & 1) != 0) {
        enter_month(walk, month);
        walk->days_left &= ~((UINT32_C(1) << day_of_month) - 1);
    }
}

bool date_walk_next(struct date_walk *walk, int64_t *day)
{
    while (walk->days_left == 0) {
        if (walk->months_left != 0)
            enter_month(walk, (uint32_t)__builtin_ctz(walk->months_left));
        else if (!year_next(walk))
            return false;
    }
    *day = walk->day_before + __builtin_ctz(walk->days_left);
    walk->days_left &= walk->days_left - 1;
    return true;
}
