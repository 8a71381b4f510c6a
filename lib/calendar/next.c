// SPDX-License-Identifier: Apache-2.0
//
// When an expression comes true next.
//
// Dates that match are walked in order, and beside them the spans in which the zone's clock runs
// evenly. On its date the first matching time of day is a candidate, in local time. The first span
// that ends, on its own clock, after the candidate is the first that can show it; if it does, and
// no clock has shown as late a time before, that is the answer. Else the clock skipped the
// candidate, and the search goes on from the first time that it didn't.
//
// Both walks only go forward, and kinds of years without a date are looked through once. So the
// work is bounded, but for candidates that are skipped: of these CALENDAR_SKIPS_MAX are looked at.
#include "lib/calendar/parts.h"

enum {
    // Beyond this distance in time a span isn't walked to, but looked for: among those that a file
    // lists, and by the rules, which make two of them a year.
    FAR_LISTED_S = 183 * DAY_S,
    FAR_S = 366 * DAY_S,
    // Clocks differ by less than this.
    CLOCKS_S = OFFSET_MAX_S - OFFSET_MIN_S + 1,
};

// The end of CALENDAR_YEAR_MAX in local time.
#define CALENDAR_END_S ((int64_t)CALENDAR_DAY_END * DAY_S)

#define SKIPPED_MAX_S (INT64_C(366) * CALENDAR_SKIPS_MAX * DAY_S)

struct search {
    const struct calendar *calendar;
    struct date_walk dates;
    struct zone_walk spans;
    int64_t day;     // the date being looked at
    int64_t low_s;   // no candidate is before this local time
    int64_t shown_s; // clocks before the span have shown what is before this local time
};

static bool has(uint64_t bits, uint32_t n)
{
    return (bits >> n & 1) != 0;
}

static uint32_t lowest(uint64_t bits)
{
    return (uint32_t)__builtin_ctzll(bits);
}

// The bits from n on; n is at most 60.
static uint64_t from(uint64_t bits, uint32_t n)
{
    return bits >> n << n;
}

static int64_t time_of_day(uint32_t hour, uint32_t minute, uint32_t second)
{
    return hour * HOUR_S + minute * 60 + second;
}

// The first matching time of day from `at_s` on; -1 if there is none.
static int64_t time_of_day_find(const struct calendar *calendar, int64_t at_s)
{
    uint32_t second_of_day = (uint32_t)at_s;
    uint32_t hour = second_of_day / HOUR_S, minute = second_of_day / 60 % 60;
    uint64_t seconds = from(calendar->seconds, second_of_day % 60);
    uint64_t minutes = from(calendar->minutes, minute + 1);
    uint64_t hours = from(calendar->hours, hour + 1);

    if (has(calendar->hours, hour)) {
        if (has(calendar->minutes, minute) && seconds != 0)
            return time_of_day(hour, minute, lowest(seconds));
        if (minutes != 0)
            return time_of_day(hour, lowest(minutes), lowest(calendar->seconds));
    }
    if (hours == 0)
        return -1;
    return time_of_day(lowest(hours), lowest(calendar->minutes), lowest(calendar->seconds));
}

// The first matching local time from low_s on; false if there are no more.
static bool candidate_find(struct search *search, int64_t *candidate_s)
{
    for (;;) {
        int64_t midnight_s = search->day * DAY_S;
        int64_t at_s = search->low_s > midnight_s ? search->low_s - midnight_s : 0;
        int64_t found_s = at_s < DAY_S ? time_of_day_find(search->calendar, at_s) : -1;

        if (found_s >= 0) {
            *candidate_s = midnight_s + found_s;
            return true;
        }
        if (!date_walk_next(&search->dates, &search->day))
            return false;
    }
}

static int64_t later(int64_t left, int64_t right)
{
    return left > right ? left : right;
}

static void span_leave(struct search *search)
{
    search->shown_s = later(search->shown_s, search->spans.end_s + search->spans.offset_s);
    zone_walk_next(&search->spans);
}

// To the first span that ends, on its own clock, after a local time.
static void spans_advance(struct search *search, int64_t local_s)
{
    // Spans that end before this can't reach it, nor have shown anything as late.
    int64_t reach_s = local_s - CLOCKS_S;

    bool is_listed = search->spans.next < search->spans.zone->transitions_count;

    if (reach_s - search->spans.end_s > (is_listed ? FAR_LISTED_S : FAR_S))
        zone_walk_init(&search->spans, search->spans.zone, reach_s);
    while (local_s >= search->spans.end_s + search->spans.offset_s)
        span_leave(search);
}

// Begins with an instant. False if it is after everything.
static bool search_init(struct search *search, const struct calendar *calendar,
                        const struct calendar_zone *zone, int64_t at_s)
{
    *search = (struct search){.calendar = calendar, .shown_s = TIME_FIRST_S};
    zone_walk_init(&search->spans, zone, at_s - CLOCKS_S);
    while (search->spans.end_s <= at_s)
        span_leave(search);
    search->low_s = later(at_s + search->spans.offset_s, search->shown_s);
    int64_t day = later(day_of(search->low_s), 0);
    if (day >= CALENDAR_DAY_END)
        return false;
    date_walk_init(&search->dates, calendar, day);
    return date_walk_next(&search->dates, &search->day);
}

bool calendar_next(const struct calendar *calendar, const struct calendar_zone *zone,
                   int64_t after_s, int64_t *next_s)
{
    int64_t candidate_s, skipped_s = TIME_LAST_S;
    struct search search;

    if (after_s >= CALENDAR_END_S + CLOCKS_S ||
        !search_init(&search, calendar, zone, later(after_s, -CLOCKS_S) + 1))
        return false;
    for (unsigned skips = 0; candidate_find(&search, &candidate_s); skips++) {
        if (skips == CALENDAR_SKIPS_MAX || candidate_s - skipped_s > SKIPPED_MAX_S)
            return false;
        spans_advance(&search, candidate_s);
        search.low_s = later(search.spans.begin_s + search.spans.offset_s, search.shown_s);
        if (candidate_s >= search.low_s) {
            *next_s = candidate_s - search.spans.offset_s;
            return true;
        }
        skipped_s = skips == 0 ? candidate_s : skipped_s;
    }
    return false;
}
