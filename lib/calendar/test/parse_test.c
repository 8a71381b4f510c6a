// SPDX-License-Identifier: Apache-2.0
//
// Expressions become the sets of numbers that they name; all else is refused, with its place.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/calendar/calendar.h"

static struct calendar calendar_of(const char *text)
{
    char message[CALENDAR_ERROR_TEXT_MAX];
    struct calendar_error error;
    struct calendar calendar;

    if (!calendar_parse(&calendar, text, strlen(text), &error)) {
        calendar_error_print(&error, message, sizeof(message));
        fail_msg("%s: %s", text, message);
    }
    return calendar;
}

static void expect_same(const char *left, const char *right)
{
    struct calendar of_left = calendar_of(left), of_right = calendar_of(right);

    if (memcmp(of_left.years, of_right.years, sizeof(of_left.years)) != 0 ||
        of_left.months != of_right.months || of_left.days != of_right.days ||
        of_left.weekdays != of_right.weekdays || of_left.hours != of_right.hours ||
        of_left.minutes != of_right.minutes || of_left.seconds != of_right.seconds ||
        of_left.is_from_end != of_right.is_from_end || strcmp(of_left.zone, of_right.zone) != 0)
        fail_msg("%s is not %s", left, right);
}

static void expect_refused(const char *text, enum calendar_fact fact, uint32_t at)
{
    struct calendar calendar = {.months = 1};
    struct calendar_error error;

    assert_false(calendar_parse(&calendar, text, strlen(text), &error));
    if (error.fact != fact || error.at != at)
        fail_msg("%s: fact %d at %u", text, error.fact, error.at);
    assert_int_equal(calendar.months, 1);
}

static void fields_become_sets(void **state)
{
    struct calendar calendar =
        calendar_of("Mon,Wed..Fri 1970,2199-2..4-1/7 3,5..11/3:*:0/20 A/b-C");

    (void)state;
    assert_int_equal(calendar.weekdays, 0x1d);
    assert_true(calendar.years[0] == 1 && calendar.years[1] == 0 && calendar.years[2] == 0);
    assert_true(calendar.years[3] == UINT64_C(1) << (229 - 192));
    assert_int_equal(calendar.months, 1 << 2 | 1 << 3 | 1 << 4);
    assert_int_equal(calendar.days, 1u << 1 | 1u << 8 | 1u << 15 | 1u << 22 | 1u << 29);
    assert_int_equal(calendar.hours, 1 << 3 | 1 << 5 | 1 << 8 | 1 << 11);
    assert_true(calendar.minutes == (UINT64_C(1) << 60) - 1);
    assert_true(calendar.seconds == (1 | UINT64_C(1) << 20 | UINT64_C(1) << 40));
    assert_false(calendar.is_from_end);
    assert_string_equal(calendar.zone, "A/b-C");
}

static void what_is_left_out_sets_no_limit(void **state)
{
    (void)state;
    expect_same("10:30", "*-*-* 10:30:00");
    expect_same("10:30", "Mon..Sun 1970..2199-1..12-1..31 10:30");
    expect_same(" \t10:30  ", "10:30:0");
    expect_same("mon,MONDAY,Tue..thursday 1:2", "Mon..Thu 01:02");
    expect_same("*-*~* 1:2", "*-*~1..28 1:2");
}

static void steps_go_on_to_the_end(void **state)
{
    (void)state;
    expect_same("0/6:50/3", "0,6,12,18:50,53,56,59");
    expect_same("*-*-25/3 0:0", "*-*-25,28,31 0:0");
    expect_same("*-*~7/2 0:0", "*-*~7,5,3,1 0:0");
    expect_same("*-*~1..7/3 0:0", "*-*~1,4,7 0:0");
    expect_same("1..2/30:0", "1:0");
    expect_same("2190/4-*-* 0:0", "2190,2194,2198-*-* 0:0");
}

static void shorthands_stand_for_expressions(void **state)
{
    (void)state;
    expect_same("hourly", "*:00");
    expect_same("hourly Etc/GMT+5", "*:00 Etc/GMT+5");
    expect_same("hourly America/New_York", "*:00 America/New_York");
    expect_same("DAILY Europe/Berlin", "00:00 Europe/Berlin");
    expect_same("weekly", "Mon 00:00");
    expect_same("monthly UTC", "*-*-01 00:00 UTC");
}

static void what_is_no_expression_is_refused_by_place(void **state)
{
    (void)state;
    expect_refused("", CALENDAR_FACT_EMPTY, 0);
    expect_refused("  ", CALENDAR_FACT_EMPTY, 2);
    expect_refused("1:0\n", CALENDAR_FACT_CHARACTER, 3);
    expect_refused("1:0 \xc3\xa4", CALENDAR_FACT_CHARACTER, 4);
    expect_refused("1:0 \x7f", CALENDAR_FACT_CHARACTER, 4);
    expect_refused("1:0 {", CALENDAR_FACT_WORD, 4);
    expect_refused("1:0 a{", CALENDAR_FACT_ZONE_NAME, 5);
    expect_refused("1~1 1:0", CALENDAR_FACT_RANGE, 0);
    expect_refused("Mon;", CALENDAR_FACT_WEEKDAY, 3);
    expect_refused("yearly", CALENDAR_FACT_SHORTHAND, 0);
    expect_refused("daily 1:0", CALENDAR_FACT_WORD, 6);
    expect_refused("daily-1:0", CALENDAR_FACT_WORD, 5);
    expect_refused("1:0 UTC UTC", CALENDAR_FACT_WORD, 8);
    expect_refused("1:0 2:0", CALENDAR_FACT_WORD, 4);
    expect_refused("Mo 1:0", CALENDAR_FACT_WEEKDAY, 0);
    expect_refused("Mond 1:0", CALENDAR_FACT_WEEKDAY, 0);
    expect_refused("Mon.. 1:0", CALENDAR_FACT_WEEKDAY, 5);
    expect_refused("Mon, 1:0", CALENDAR_FACT_WEEKDAY, 4);
    expect_refused("Mon-Fri 1:0", CALENDAR_FACT_WEEKDAY, 3);
    expect_refused("Fri..Mon 1:0", CALENDAR_FACT_BACKWARDS, 5);
    expect_refused("Mon/2 1:0", CALENDAR_FACT_STEP, 3);
    expect_refused("Mon", CALENDAR_FACT_NO_TIME, 3);
    expect_refused("*-*-*", CALENDAR_FACT_NO_TIME, 5);
    expect_refused("10", CALENDAR_FACT_NO_TIME, 0);
    expect_refused("*-*-* Europe/Berlin", CALENDAR_FACT_NO_TIME, 6);
    expect_refused("2000-1 1:0", CALENDAR_FACT_DATE, 6);
    expect_refused("2000~1-1 1:0", CALENDAR_FACT_DATE, 4);
    expect_refused("2000-1-1-1 1:0", CALENDAR_FACT_DATE, 8);
    expect_refused("2000-1-1x 1:0", CALENDAR_FACT_DATE, 8);
}

static void numbers_that_do_not_fit_are_refused_by_place(void **state)
{
    (void)state;
    expect_refused("-1-1 1:0", CALENDAR_FACT_NUMBER, 0);
    expect_refused("*--1 1:0", CALENDAR_FACT_NUMBER, 2);
    expect_refused("*-1- 1:0", CALENDAR_FACT_NUMBER, 4);
    expect_refused("1969-1-1 1:0", CALENDAR_FACT_RANGE, 0);
    expect_refused("2200-1-1 1:0", CALENDAR_FACT_RANGE, 0);
    expect_refused("26-1-1 1:0", CALENDAR_FACT_RANGE, 0);
    expect_refused("2000-0-1 1:0", CALENDAR_FACT_RANGE, 5);
    expect_refused("2000-13-1 1:0", CALENDAR_FACT_RANGE, 5);
    expect_refused("2000-1-32 1:0", CALENDAR_FACT_RANGE, 7);
    expect_refused("2000-1~29 1:0", CALENDAR_FACT_RANGE, 7);
    expect_refused("99999999999-1-1 1:0", CALENDAR_FACT_RANGE, 0);
    expect_refused("24:0", CALENDAR_FACT_RANGE, 0);
    expect_refused("1:60", CALENDAR_FACT_RANGE, 2);
    expect_refused("001:0", CALENDAR_FACT_RANGE, 0);
    expect_refused(":0", CALENDAR_FACT_NUMBER, 0);
    expect_refused("1:", CALENDAR_FACT_NUMBER, 2);
    expect_refused("1,:0", CALENDAR_FACT_NUMBER, 2);
    expect_refused("1..:0", CALENDAR_FACT_NUMBER, 3);
    expect_refused("1x:0", CALENDAR_FACT_TIME, 1);
    expect_refused("1:x", CALENDAR_FACT_NUMBER, 2);
    expect_refused("1:0:x", CALENDAR_FACT_NUMBER, 4);
    expect_refused("1:0:0:0", CALENDAR_FACT_TIME, 5);
    expect_refused("1:0:0.5", CALENDAR_FACT_FRACTION, 5);
    expect_refused("5..3:0", CALENDAR_FACT_BACKWARDS, 3);
    expect_refused("*/2:0", CALENDAR_FACT_STEP, 1);
    expect_refused("1/0:0", CALENDAR_FACT_STEP, 2);
    expect_refused("1..2/0:0", CALENDAR_FACT_STEP, 5);
    expect_refused("1/x:0", CALENDAR_FACT_NUMBER, 2);
    expect_refused("1..2/x:0", CALENDAR_FACT_NUMBER, 5);
    expect_refused("20/4:0", CALENDAR_FACT_STEP, 3);
    expect_refused("*-*~2/2 0:0", CALENDAR_FACT_STEP, 6);
    expect_refused("*-2-30 1:0", CALENDAR_FACT_NEVER, 0);
    expect_refused("Mon *-4,6-31 1:0", CALENDAR_FACT_NEVER, 4);
    expect_refused("Sun 2026-2-2 1:0", CALENDAR_FACT_NEVER, 4);
    expect_refused("1:0 a//b", CALENDAR_FACT_ZONE_NAME, 6);
    expect_refused("1:0 a/../b", CALENDAR_FACT_ZONE_NAME, 6);
    expect_refused("1:0 a/", CALENDAR_FACT_ZONE_NAME, 4);
    expect_refused("1:0 /a", CALENDAR_FACT_WORD, 4);
}

static void sizes_are_limited(void **state)
{
    char text[CALENDAR_TEXT_MAX + 2];
    struct calendar_error error;
    struct calendar calendar;

    (void)state;
    memset(text, ' ', sizeof(text));
    memcpy(text, "1:0 ", 4);
    assert_true(calendar_parse(&calendar, text, CALENDAR_TEXT_MAX, &error));
    assert_false(calendar_parse(&calendar, text, CALENDAR_TEXT_MAX + 1, &error));
    assert_int_equal(error.fact, CALENDAR_FACT_TOO_LONG);
    memset(text + 4, 'z', CALENDAR_ZONE_NAME_MAX);
    assert_true(calendar_parse(&calendar, text, 4 + CALENDAR_ZONE_NAME_MAX - 1, &error));
    assert_int_equal(strlen(calendar.zone), CALENDAR_ZONE_NAME_MAX - 1);
    assert_false(calendar_parse(&calendar, text, 4 + CALENDAR_ZONE_NAME_MAX, &error));
    assert_int_equal(error.fact, CALENDAR_FACT_ZONE_NAME);
}

static void every_error_says_what_where_and_what_to_do(void **state)
{
    char out[CALENDAR_ERROR_TEXT_MAX];
    struct calendar_error error;
    struct calendar calendar;

    (void)state;
    for (uint32_t fact = 0; fact < CALENDAR_FACT_COUNT; fact++) {
        size_t size;

        error = (struct calendar_error){(enum calendar_fact)fact, 123, 9};
        size = calendar_error_print(&error, out, sizeof(out));
        assert_int_equal(size, strlen(out));
        assert_true(size > 30 && size < sizeof(out) - 1);
        assert_non_null(strstr(out, " 123: "));
        assert_non_null(strstr(out, "; "));
    }
    assert_false(calendar_parse(&calendar, "10:61", 5, &error));
    calendar_error_print(&error, out, sizeof(out));
    assert_string_equal(out,
                        "character 3: out of range: 61; years are 1970 to 2199, months 1 to "
                        "12, days 1 to 31 (behind ~ to 28), hours 0 to 23, minutes and "
                        "seconds 0 to 59");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_become_sets),
        cmocka_unit_test(what_is_left_out_sets_no_limit),
        cmocka_unit_test(steps_go_on_to_the_end),
        cmocka_unit_test(shorthands_stand_for_expressions),
        cmocka_unit_test(what_is_no_expression_is_refused_by_place),
        cmocka_unit_test(numbers_that_do_not_fit_are_refused_by_place),
        cmocka_unit_test(sizes_are_limited),
        cmocka_unit_test(every_error_says_what_where_and_what_to_do),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
