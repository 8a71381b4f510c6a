// SPDX-License-Identifier: Apache-2.0
//
// A zone's distance from UTC over time: first the transitions that its file lists, then the two
// changes a year of its footer (RFC 8536 sections 3.2 and 3.3).
//
// calendar_zone_decode() makes sure of what is relied on here: transitions ascend, types exist, and
// the footer's changes of one year end before those of the next begin.
#include "lib/calendar/parts.h"

// How far from its year a change may be: the time of a rule, and a clock's distance from UTC.
enum { RULE_REACH_S = 167 * HOUR_S + OFFSET_MAX_S + 1 };

// The day of the year, from 0, on which a rule changes the time.
static uint32_t rule_day(const struct zone_rule *rule, uint32_t first_weekday, bool is_leap)
{
    enum { DAYS = 7 * 54 }; // whole weeks, more than is taken away
    uint32_t day = rule->day[is_leap ? 1 : 0];

    if (rule->has_weekday)
        day += ((uint32_t)rule->weekday + DAYS - day - first_weekday) % 7;
    return day;
}

static void year_fill(struct zone_year *year, const struct calendar_zone *zone)
{
    bool is_leap = year_is_leap(year->year);
    struct zone_change *changes = year->changes;

    // The other time begins when the clock shows standard time, and the reverse.
    for (unsigned i = 0; i < 2; i++) {
        int64_t day = year->first_day + rule_day(&zone->rules[i], year->weekday, is_leap);

        changes[i].at_s = day * DAY_S + zone->rules[i].time_s - zone->offset_s[i];
        changes[i].offset_s = zone->offset_s[1 - i];
    }
    if (changes[1].at_s < changes[0].at_s) {
        struct zone_change first = changes[1];

        changes[1] = changes[0];
        changes[0] = first;
    }
}

void zone_year_init(struct zone_year *year, const struct calendar_zone *zone, int64_t number)
{
    year->year = number;
    year->first_day = year_first_day(number);
    year->weekday = weekday_of_day(year->first_day);
    year_fill(year, zone);
}

void zone_year_next(struct zone_year *year, const struct calendar_zone *zone)
{
    uint32_t extra = year_is_leap(year->year) ? 1 : 0; // beside 52 weeks and a day

    year->year++;
    year->first_day += 365 + extra;
    year->weekday = (year->weekday + 1 + extra) % 7;
    year_fill(year, zone);
}

static void rules_step(struct zone_walk *walk)
{
    if (++walk->which == 2) {
        zone_year_next(&walk->year, walk->zone);
        walk->which = 0;
    }
}

static const struct zone_change *rules_next(const struct zone_walk *walk)
{
    return &walk->year.changes[walk->which];
}

// The walk's next change becomes the rules' first one after an instant. Returns the one before it;
// if that was in an earlier year, its instant is TIME_FIRST_S.
static struct zone_change rules_enter(struct zone_walk *walk, int64_t after_s)
{
    // The changes of all years before this one are over.
    int64_t year = year_of_day(day_of(after_s - RULE_REACH_S));
    struct zone_change before;

    walk->which = 0;
    zone_year_init(&walk->year, walk->zone, year);
    before = (struct zone_change){TIME_FIRST_S, walk->year.changes[1].offset_s};
    for (; rules_next(walk)->at_s <= after_s; rules_step(walk))
        before = *rules_next(walk);
    return before;
}

// The span that contains an instant at the last transition or after it, or in a zone without any.
static void enter_footer(struct zone_walk *walk, int64_t at_s)
{
    const struct calendar_zone *zone = walk->zone;
    uint32_t count = zone->transitions_count;

    walk->next = count;
    walk->begin_s = count == 0 ? TIME_FIRST_S : zone_transition_at(zone, count - 1);
    walk->offset_s = count == 0 ? zone->first_offset_s : zone_transition_offset(zone, count - 1);
    walk->end_s = TIME_LAST_S;
    if (zone->has_rules) {
        struct zone_change before = rules_enter(walk, at_s);

        walk->end_s = rules_next(walk)->at_s;
        if (before.at_s > walk->begin_s || count == 0) {
            walk->begin_s = before.at_s;
            walk->offset_s = before.offset_s;
        }
    }
}

// How many transitions there are up to an instant.
static uint32_t transitions_until(const struct calendar_zone *zone, int64_t at_s)
{
    uint32_t low = 0, high = zone->transitions_count;

    if (high != 0 && zone_transition_at(zone, high - 1) <= at_s)
        return high;
    while (low < high) {
        uint32_t middle = (low + high) / 2;

        if (zone_transition_at(zone, middle) <= at_s)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void zone_walk_init(struct zone_walk *walk, const struct calendar_zone *zone, int64_t at_s)
{
    uint32_t passed = transitions_until(zone, at_s);

    *walk = (struct zone_walk){.zone = zone, .next = passed};
    if (passed == zone->transitions_count) {
        enter_footer(walk, at_s);
        return;
    }
    walk->end_s = zone_transition_at(zone, passed);
    walk->begin_s = passed == 0 ? TIME_FIRST_S : zone_transition_at(zone, passed - 1);
    walk->offset_s = passed == 0 ? zone->first_offset_s : zone_transition_offset(zone, passed - 1);
}

void zone_walk_next(struct zone_walk *walk)
{
    const struct calendar_zone *zone = walk->zone;

    // Spans without length don't count: rules may put an end where they put the next beginning.
    do {
        walk->begin_s = walk->end_s;
        if (walk->next + 1 < zone->transitions_count) {
            walk->offset_s = zone_transition_offset(zone, walk->next++);
            walk->end_s = zone_transition_at(zone, walk->next);
        } else if (walk->next < zone->transitions_count) {
            enter_footer(walk, walk->begin_s);
        } else {
            walk->offset_s = rules_next(walk)->offset_s;
            rules_step(walk);
            walk->end_s = rules_next(walk)->at_s;
        }
    } while (walk->end_s <= walk->begin_s);
}

int32_t calendar_zone_offset(const struct calendar_zone *zone, int64_t at_s)
{
    struct zone_walk walk;

    zone_walk_init(&walk, zone, at_s);
    return walk.offset_s;
}

void calendar_zone_utc(struct calendar_zone *zone)
{
    *zone = (struct calendar_zone){0};
}
