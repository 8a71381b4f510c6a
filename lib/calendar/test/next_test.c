// SPDX-License-Identifier: Apache-2.0
//
// The next time of expressions: by hand, and always the same as trying each second.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/calendar/calendar.h"
#include "lib/calendar/test/zone_file.h"

#define BERLIN "CET-1CEST,M3.5.0,M10.5.0/3"

static struct calendar calendar_of(const char *text)
{
    struct calendar_error error;
    struct calendar calendar;

    if (!calendar_parse(&calendar, text, strlen(text), &error))
        fail_msg("%s: fact %d at %u", text, error.fact, error.at);
    return calendar;
}

// A zone's time as "2024-03-31 01:59:59 Sun".
static void print_time(char out[32], int64_t local_s)
{
    static const char *const days[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    struct calendar_time time = calendar_time_of(local_s);

    snprintf(out, 32, "%d-%02u-%02u %02u:%02u:%02u %s", time.year, time.month, time.day, time.hour,
             time.minute, time.second, days[time.weekday]);
}

static void expect_next(const char *text, const char *footer, int64_t after_s,
                        const char *expected_utc)
{
    struct calendar calendar = calendar_of(text);
    struct calendar_zone zone;
    char out[32] = "never";
    int64_t next_s = 0;

    calendar_zone_utc(&zone);
    if (footer != NULL)
        zone = zone_of_footer(footer);
    if (calendar_next(&calendar, &zone, after_s, &next_s))
        print_time(out, next_s);
    if (strcmp(out, expected_utc) != 0)
        fail_msg("%s after %lld: %s, not %s", text, (long long)after_s, out, expected_utc);
}

static void next_time_is_after_and_never_at(void **state)
{
    (void)state;
    expect_next("*:*:*", NULL, 0, "1970-01-01 00:00:01 Thu");
    expect_next("*:*:*", NULL, -1, "1970-01-01 00:00:00 Thu");
    expect_next("*:*:*", NULL, INT64_MIN, "1970-01-01 00:00:00 Thu");
    expect_next("00:00", NULL, 0, "1970-01-02 00:00:00 Fri");
    expect_next("23:59:59", NULL, 86398, "1970-01-01 23:59:59 Thu");
    expect_next("23:59:59", NULL, 86399, "1970-01-02 23:59:59 Fri");
    expect_next("1:1:1", NULL, 3659, "1970-01-01 01:01:01 Thu");
    expect_next("1:1:1", NULL, 3661, "1970-01-02 01:01:01 Fri");
    expect_next("1,2:1,3:1,3", NULL, 3661, "1970-01-01 01:01:03 Thu");
    expect_next("1,2:1,3:1,3", NULL, 3663, "1970-01-01 01:03:01 Thu");
    expect_next("1,2:1,3:1,3", NULL, 3720, "1970-01-01 01:03:01 Thu");
    expect_next("1,2:1,3:1,3", NULL, 3783, "1970-01-01 02:01:01 Thu");
}

static void dates_know_months_and_leap_years(void **state)
{
    (void)state;
    expect_next("*-2-29 0:0", NULL, 0, "1972-02-29 00:00:00 Tue");
    expect_next("*-2~1 0:0", NULL, 0, "1970-02-28 00:00:00 Sat");
    expect_next("*-2~1 0:0", NULL, 63072000, "1972-02-29 00:00:00 Tue");
    expect_next("*-4,7~1 0:0", NULL, 0, "1970-04-30 00:00:00 Thu");
    expect_next("*-7~1..3 0:0", NULL, 0, "1970-07-29 00:00:00 Wed");
    expect_next("*-2-29 0:0", NULL, 3981312000, "2104-02-29 00:00:00 Fri");
    expect_next("Mon *-2-29 0:0", NULL, 3600000000, "2112-02-29 00:00:00 Mon");
    expect_next("*-*-31 0:0", NULL, 2678400, "1970-03-31 00:00:00 Tue");
    expect_next("Mon *-5~1..7 0:0", NULL, 1700000000, "2024-05-27 00:00:00 Mon");
    expect_next("*-1-1 0:0", NULL, 946684799, "2000-01-01 00:00:00 Sat");
    expect_next("2199-12-31 23:59:59", NULL, 0, "2199-12-31 23:59:59 Tue");
    expect_next("*-2-1..10 0:0", NULL, 951868800, "2001-02-01 00:00:00 Thu");
    expect_next("1971,1990-3-5 0:0", NULL, 40000000, "1990-03-05 00:00:00 Mon");
}

static void after_the_last_there_is_never_one(void **state)
{
    (void)state;
    expect_next("1970-1-1 0:0", NULL, 0, "never");
    expect_next("*:*:*", NULL, 7258118398, "2199-12-31 23:59:59 Tue");
    expect_next("*:*:*", NULL, 7258118399, "never");
    expect_next("*:*:*", NULL, INT64_MAX - 1, "never");
    expect_next("*:*:*", NULL, INT64_MAX, "never");
    expect_next("*:*:*", "<-01>1", 7258118399, "2200-01-01 00:00:00 Wed");
}

static void skipped_times_do_not_come_true(void **state)
{
    (void)state;
    // 2024-03-31 01:00 UTC: 02:00 becomes 03:00.
    expect_next("2:30", BERLIN, 1711800000, "2024-04-01 00:30:00 Mon");
    expect_next("*:0/20", BERLIN, 1711846799, "2024-03-31 01:00:00 Sun");
    expect_next("2,5:30", BERLIN, 1711846000, "2024-03-31 03:30:00 Sun");
    expect_next("Sun *-3~1..7 2:30", BERLIN, 1711800000, "never");
    expect_next("3:00", BERLIN, 1711846000, "2024-03-31 01:00:00 Sun");
    // Given up after so many times, or after so many years: March 31 is not often a Sunday.
    expect_next("Sun *-3-31 2:30", BERLIN, 1711800000, "never");
}

static void repeated_times_come_true_once_at_the_first(void **state)
{
    (void)state;
    // 2024-10-27 01:00 UTC: 03:00 becomes 02:00.
    expect_next("2:30", BERLIN, 1729984000, "2024-10-27 00:30:00 Sun");
    expect_next("2:30", BERLIN, 1729989000, "2024-10-28 01:30:00 Mon");
    expect_next("*:0/20", BERLIN, 1729989600, "2024-10-27 02:00:00 Sun");
    expect_next("*:*:*", BERLIN, 1729990799, "2024-10-27 02:00:00 Sun");
    expect_next("*:*", BERLIN, 1729992000, "2024-10-27 02:00:00 Sun");
}

// Standard time lasts for no time at the end of each year, as RFC 8536 section 3.3 has it.
static void spans_without_length_are_no_change(void **state)
{
    static const char all_year[] = "XXX3EDT4,0/0,J365/23";

    (void)state;
    expect_next("23:30", all_year, 1704078000, "2024-01-01 03:30:00 Mon");
    expect_next("0:0", all_year, 1704078000, "2024-01-01 04:00:00 Mon");
    expect_next("1:0", all_year, 1704085200, "2024-01-02 05:00:00 Tue");
}

static void listed_transitions_lead_to_the_rules(void **state)
{
    static const struct zone_file_transition transitions[] = {{1679792400, 7200},
                                                              {1698541200, 3600}}; // those of 2023
    struct zone_file file = {3600, transitions, 2, BERLIN};
    struct calendar_zone zone = zone_of_file(&file);
    struct calendar calendar = calendar_of("Sun *-3~1..7 2,4:30");
    int64_t at_s = 1675000000;

    (void)state;
    for (unsigned i = 0; i < 3; i++)
        assert_true(calendar_next(&calendar, &zone, at_s, &at_s));
    assert_int_equal(at_s, 1743301800); // 2025-03-30 04:30 in summer
    calendar = calendar_of("Sun *-3~1..7 2:30");
    assert_false(calendar_next(&calendar, &zone, 1675000000, &at_s));
}

static void listed_transitions_are_walked(void **state)
{
    // A day is skipped, as in Samoa in 2011; then an hour is repeated; then there is no footer.
    static const struct zone_file_transition transitions[] = {
        {1325239200, 50400}, {1333202400, 46800}, {1348927200, 50400}};
    struct zone_file file = {-36000, transitions, 3, ""};
    struct calendar_zone zone = zone_of_file(&file);
    struct calendar calendar = calendar_of("2011-12-30..31 12:00");
    int64_t next_s;
    char out[32];

    (void)state;
    assert_true(calendar_next(&calendar, &zone, 1000000000, &next_s));
    print_time(out, next_s + calendar_zone_offset(&zone, next_s));
    assert_string_equal(out, "2011-12-31 12:00:00 Sat");
    calendar = calendar_of("*:30");
    assert_true(calendar_next(&calendar, &zone, 1333202400 - 1800, &next_s));
    assert_int_equal(next_s, 1333202400 + 5400);
    calendar = calendar_of("2150-1-1 00:00");
    assert_true(calendar_next(&calendar, &zone, 0, &next_s));
    assert_int_equal(next_s, INT64_C(5680281600) - 50400);
}

// Trying each second, from the definition: what no clock has shown before.
static int64_t try_each_second(const struct calendar *calendar, const struct calendar_zone *zone,
                               int64_t after_s, int64_t end_s)
{
    int64_t shown_s = INT64_MIN;

    for (int64_t at_s = after_s - 7300; at_s < end_s; at_s++) {
        int64_t local_s = at_s + calendar_zone_offset(zone, at_s);
        struct calendar_time time = calendar_time_of(local_s);
        uint32_t bit = (uint32_t)(time.year - CALENDAR_YEAR_MIN);
        bool is_new = local_s > shown_s;

        shown_s = is_new ? local_s : shown_s;
        if (at_s > after_s && is_new && (calendar->years[bit / 64] >> bit % 64 & 1) != 0 &&
            (calendar->months >> time.month & 1) != 0 && (calendar->days >> time.day & 1) != 0 &&
            (calendar->weekdays >> time.weekday & 1) != 0 &&
            (calendar->hours >> time.hour & 1) != 0 &&
            (calendar->minutes >> time.minute & 1) != 0 &&
            (calendar->seconds >> time.second & 1) != 0)
            return at_s;
    }
    return -1;
}

static void always_the_same_as_trying_each_second(void **state)
{
    static const char *const texts[] = {"2:30",          "*:0/20:0/30", "1/2:59:59",  "Sun 2:*",
                                        "*-*-31 0..3:0", "0:0",         "*-10-* 2:0", "3:00"};
    // Around changes of the clock, of a month, of a year.
    static const int64_t instants[] = {1711846800, 1729990800, 1727733600, 1735689600, 1709164800};
    struct calendar_zone zone = zone_of_footer(BERLIN);

    (void)state;
    for (unsigned i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct calendar calendar = calendar_of(texts[i]);

        for (unsigned k = 0; k < sizeof(instants) / sizeof(instants[0]); k++) {
            for (int64_t shift_s = -7201; shift_s <= 7201; shift_s += 3600) {
                int64_t after_s = instants[k] + shift_s, end_s = after_s + 90000, next_s;
                int64_t tried_s = try_each_second(&calendar, &zone, after_s, end_s);
                bool is_there = calendar_next(&calendar, &zone, after_s, &next_s);

                if (tried_s != -1)
                    assert_true(is_there && next_s == tried_s);
                else
                    assert_true(!is_there || next_s >= end_s);
            }
        }
    }
}

static void times_are_shown_as_calendars_do(void **state)
{
    static const struct {
        int64_t at_s;
        const char *text;
    } table[] = {
        {0, "1970-01-01 00:00:00 Thu"},
        {-1, "1969-12-31 23:59:59 Wed"},
        {951782399, "2000-02-28 23:59:59 Mon"},
        {951782400, "2000-02-29 00:00:00 Tue"},
        {951868800, "2000-03-01 00:00:00 Wed"},
        {978220800, "2000-12-31 00:00:00 Sun"},
        {-2203891200, "1900-03-01 00:00:00 Thu"},
        {-62135596800, "1-01-01 00:00:00 Mon"},
        {-62135596801, "0-12-31 23:59:59 Sun"},
        {-62167219201, "-1-12-31 23:59:59 Fri"},
        {253402300799, "9999-12-31 23:59:59 Fri"},
    };
    char out[32];

    (void)state;
    for (unsigned i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        print_time(out, table[i].at_s);
        assert_string_equal(out, table[i].text);
    }
    // Each day follows the one before it, over two eras.
    struct calendar_time before = calendar_time_of(-62167219200 - 86400);
    for (int64_t day = -719528; day < 400000; day++) {
        struct calendar_time time = calendar_time_of(day * 86400);

        assert_int_equal(time.weekday, (before.weekday + 1) % 7);
        assert_true(time.day == before.day + 1 ||
                    (time.day == 1 && before.day >= 28 &&
                     (time.month == before.month + 1 ||
                      (time.month == 1 && before.month == 12 && time.year == before.year + 1))));
        before = time;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(next_time_is_after_and_never_at),
        cmocka_unit_test(dates_know_months_and_leap_years),
        cmocka_unit_test(after_the_last_there_is_never_one),
        cmocka_unit_test(skipped_times_do_not_come_true),
        cmocka_unit_test(repeated_times_come_true_once_at_the_first),
        cmocka_unit_test(spans_without_length_are_no_change),
        cmocka_unit_test(listed_transitions_lead_to_the_rules),
        cmocka_unit_test(listed_transitions_are_walked),
        cmocka_unit_test(always_the_same_as_trying_each_second),
        cmocka_unit_test(times_are_shown_as_calendars_do),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
