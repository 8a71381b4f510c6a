// SPDX-License-Identifier: Apache-2.0
//
// Zone files of all shapes are read; every way to spoil one is named, with its place.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/calendar/calendar.h"
#include "lib/calendar/test/zone_file.h"

#define BERLIN "CET-1CEST,M3.5.0,M10.5.0/3"

static const struct zone_file_transition transitions[] = {
    {-1000000000, 3600}, {500000000, 7200}, {828234000, 3600}, {846378000, 3600}};
// 1996-03-31 01:00 UTC is 828234000, 1996-10-27 01:00 UTC is 846378000.
static const struct zone_file berlin = {3208, transitions, 4, BERLIN};

enum {
    SECOND = 44 + 6 + 4, // where the second header of such a file stands
    TIMES = SECOND + 44,
    TYPES = TIMES + 4 * 8,
    RECORDS = TYPES + 4,
    CHARACTERS = RECORDS + 5 * 6,
    FOOTER = CHARACTERS + 4,
};

static uint8_t bytes[ZONE_FILE_ROOM];

static void expect_spoilt(size_t at, uint8_t byte, enum calendar_fact fact, uint32_t error_at)
{
    struct calendar_zone zone = {.first_offset_s = 77};
    struct calendar_error error;
    size_t size = zone_file_make(&berlin, bytes);

    bytes[at] = byte;
    assert_false(calendar_zone_decode(&zone, bytes, size, &error));
    if (error.fact != fact || error.at != error_at)
        fail_msg("byte %zu: fact %d at %u value %lld", at, error.fact, error.at,
                 (long long)error.value);
    assert_int_equal(zone.first_offset_s, 77);
}

static void expect_footer(const char *footer, enum calendar_fact fact, uint32_t place)
{
    struct zone_file file = {.footer = footer};
    struct calendar_zone zone;
    struct calendar_error error = {0};
    size_t size = zone_file_make(&file, bytes);
    bool is_good = calendar_zone_decode(&zone, bytes, size, &error);

    if (is_good != (fact == CALENDAR_FACT_NONE) || error.fact != fact ||
        (!is_good && error.at != SECOND + 44 + 6 + 4 + 1 + place))
        fail_msg("%s: fact %d at %u", footer, error.fact, error.at);
}

static void expect_offset(const struct calendar_zone *zone, int64_t at_s, int32_t offset_s)
{
    assert_int_equal(calendar_zone_offset(zone, at_s), offset_s);
}

static void transitions_come_before_the_footer(void **state)
{
    struct calendar_zone zone = zone_of_file(&berlin);

    (void)state;
    expect_offset(&zone, -(INT64_C(1) << 50), 3208);
    expect_offset(&zone, -1000000001, 3208);
    expect_offset(&zone, -1000000000, 3600);
    expect_offset(&zone, 499999999, 3600);
    expect_offset(&zone, 500000000, 7200);
    expect_offset(&zone, 828234000, 3600); // the file has another opinion than the footer
    expect_offset(&zone, 846378000, 3600);
    expect_offset(&zone, 859683599, 3600);
    expect_offset(&zone, 859683600, 7200); // 1997-03-30 01:00 UTC
    expect_offset(&zone, 877827599, 7200);
    expect_offset(&zone, 877827600, 3600);
    expect_offset(&zone, 5000000000, 7200);
}

static void utc_is_utc(void **state)
{
    struct calendar_zone zone;

    (void)state;
    calendar_zone_utc(&zone);
    expect_offset(&zone, 0, 0);
    expect_offset(&zone, 1720000000, 0);
}

static void files_of_version_1_have_no_footer(void **state)
{
    struct zone_file file = {.first_offset_s = 3208, .transitions = transitions, .count = 4};
    struct calendar_zone zone = zone_of_file(&file);
    struct calendar_error error;
    size_t size;

    (void)state;
    expect_offset(&zone, -1000000001, 3208);
    expect_offset(&zone, 500000000, 7200);
    expect_offset(&zone, 5000000000, 3600);
    size = zone_file_make(&file, bytes);
    assert_false(calendar_zone_decode(&zone, bytes, size + 1, &error));
    assert_int_equal(error.fact, CALENDAR_FACT_ZONE_EXTRA);
    assert_int_equal(error.at, size);
}

static void empty_footers_change_nothing(void **state)
{
    struct zone_file file = {3208, transitions, 2, ""};
    struct calendar_zone zone = zone_of_file(&file);

    (void)state;
    expect_offset(&zone, 5000000000, 7200);
    zone = zone_of_footer("");
    expect_offset(&zone, 5000000000, 0);
}

// Offsets in January and July of 2023 and of 2024, which is a leap year.
static void footers_are_rules(void **state)
{
    static const struct {
        const char *footer;
        int32_t january_s, july_s;
    } table[] = {
        {"UTC0", 0, 0},
        {"<-03>3", -10800, -10800},
        {"<+0545>-5:45", 20700, 20700},
        {"ABC+1:02:03", -3723, -3723},
        {BERLIN, 3600, 7200},
        {"AEST-10AEDT,M10.1.0,M4.1.0/3", 39600, 36000},
        {"IST-1GMT0,M10.5.0,M3.5.0/1", 0, 3600},
        {"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", -7200, -3600},
        {"EST5EDT4:30,M3.2.0/+2:00:00,M11.1.0", -18000, -16200},
        {"AAA0BBB,J60,J300", 0, 3600},
        {"AAA0BBB,59/0,300", 0, 3600},
        {"AAA0BBB,M1.3.1/-167,M12.2.0/167", 3600, 3600},
        // All of the year, as section 3.3 of RFC 8536 has it.
        {"XXX3EDT4,0/0,J365/23", -14400, -14400},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct calendar_zone zone = zone_of_footer(table[i].footer);

        expect_offset(&zone, 1673740800, table[i].january_s);
        expect_offset(&zone, 1689379200, table[i].july_s);
        expect_offset(&zone, 1705276800, table[i].january_s);
        expect_offset(&zone, 1721001600, table[i].july_s);
    }
}

static void days_of_rules_know_leap_years(void **state)
{
    struct calendar_zone julian = zone_of_footer("AAA0BBB,J60/0,J300");
    struct calendar_zone counted = zone_of_footer("AAA0BBB,60/0,J300");
    struct calendar_zone early = zone_of_footer("AAA0BBB,J59/0,J300");
    struct calendar_zone fourth = zone_of_footer("AAA0BBB,M2.4.4/0,J300");

    (void)state;
    // March 1 in both years; then March 2 and March 1; February 28; the fourth Thursday.
    expect_offset(&julian, 1677628799, 0);
    expect_offset(&julian, 1677628800, 3600);
    expect_offset(&julian, 1709251199, 0);
    expect_offset(&julian, 1709251200, 3600);
    expect_offset(&counted, 1677715199, 0);
    expect_offset(&counted, 1677715200, 3600);
    expect_offset(&counted, 1709251199, 0);
    expect_offset(&counted, 1709251200, 3600);
    expect_offset(&early, 1709078399, 0);
    expect_offset(&early, 1709078400, 3600);
    expect_offset(&fourth, 1708559999, 0);
    expect_offset(&fourth, 1708560000, 3600);
}

static void footers_that_are_none_are_refused_by_place(void **state)
{
    (void)state;
    expect_footer("AB0", CALENDAR_FACT_ZONE_FOOTER, 2);
    expect_footer("ABC", CALENDAR_FACT_ZONE_FOOTER, 3);
    expect_footer("<A+>0", CALENDAR_FACT_ZONE_FOOTER, 3);
    expect_footer("<ABC0", CALENDAR_FACT_ZONE_FOOTER, 5);
    expect_footer("A-C0", CALENDAR_FACT_ZONE_FOOTER, 1);
    expect_footer("{BC0", CALENDAR_FACT_ZONE_FOOTER, 0);
    expect_footer("ABC999", CALENDAR_FACT_ZONE_FOOTER, 5);
    expect_footer("ABC25", CALENDAR_FACT_ZONE_FOOTER, 5);
    expect_footer("ABC1:60", CALENDAR_FACT_ZONE_FOOTER, 7);
    expect_footer("ABC1:", CALENDAR_FACT_ZONE_FOOTER, 5);
    expect_footer("ABC1:0:60", CALENDAR_FACT_ZONE_FOOTER, 9);
    expect_footer("ABC0DEF", CALENDAR_FACT_ZONE_FOOTER, 7);
    expect_footer("ABC0DE", CALENDAR_FACT_ZONE_FOOTER, 6);
    expect_footer("ABC0DEFx", CALENDAR_FACT_ZONE_FOOTER, 8);
    expect_footer("ABC0DEF-x", CALENDAR_FACT_ZONE_FOOTER, 8);
    expect_footer("ABC0DEF,J0,J2", CALENDAR_FACT_ZONE_FOOTER, 10);
    expect_footer("ABC0DEF,J366,J2", CALENDAR_FACT_ZONE_FOOTER, 12);
    expect_footer("ABC0DEF,366,J2", CALENDAR_FACT_ZONE_FOOTER, 11);
    expect_footer("ABC0DEF,M13.1.0,J2", CALENDAR_FACT_ZONE_FOOTER, 11);
    expect_footer("ABC0DEF,M1", CALENDAR_FACT_ZONE_FOOTER, 10);
    expect_footer("ABC0DEF,M1.6.0,J2", CALENDAR_FACT_ZONE_FOOTER, 12);
    expect_footer("ABC0DEF,M1.1", CALENDAR_FACT_ZONE_FOOTER, 12);
    expect_footer("ABC0DEF,M1.1.7,J2", CALENDAR_FACT_ZONE_FOOTER, 14);
    expect_footer("ABC0DEF,M3.1.0/168,J2", CALENDAR_FACT_ZONE_FOOTER, 18);
    expect_footer("ABC0DEF,M3.1.0", CALENDAR_FACT_ZONE_FOOTER, 14);
    expect_footer("ABC0DEF,M3.1.0,", CALENDAR_FACT_ZONE_FOOTER, 15);
    expect_footer("ABC0DEF,M3.1.0,M10.1.0x", CALENDAR_FACT_ZONE_FOOTER, 22);
    expect_footer("ABC0DEF,365/167,J1/-167", CALENDAR_FACT_ZONE_OVERLAP, 0);
    expect_footer("ABC0DEF,J100,M4.2.0", CALENDAR_FACT_ZONE_OVERLAP, 0);
    expect_footer("ABC0DEF,M3.1.0,M10.1.0", CALENDAR_FACT_NONE, 0);
}

static void every_cut_of_a_file_is_refused(void **state)
{
    size_t whole = zone_file_make(&berlin, bytes);
    struct calendar_zone zone;
    struct calendar_error error;

    (void)state;
    for (size_t size = 0; size < whole; size++) {
        assert_false(calendar_zone_decode(&zone, bytes, size, &error));
        assert_true(error.fact == CALENDAR_FACT_ZONE_SIZE ||
                    (size >= FOOTER + 2 && error.fact == CALENDAR_FACT_ZONE_FOOTER));
    }
    assert_false(calendar_zone_decode(&zone, bytes, ZONE_FILE_SIZE_MAX + 1, &error));
    assert_int_equal(error.fact, CALENDAR_FACT_ZONE_TOO_BIG);
}

static void spoilt_files_are_refused_by_place(void **state)
{
    (void)state;
    expect_spoilt(0, 'X', CALENDAR_FACT_ZONE_MAGIC, 0);
    expect_spoilt(4, '1', CALENDAR_FACT_ZONE_VERSION, 4);
    expect_spoilt(4, '5', CALENDAR_FACT_ZONE_VERSION, 4);
    expect_spoilt(20, 1, CALENDAR_FACT_ZONE_SIZE, 0);
    expect_spoilt(43, 5, CALENDAR_FACT_ZONE_MAGIC, SECOND + 1);
    expect_spoilt(SECOND + 23, 3, CALENDAR_FACT_ZONE_COUNT, SECOND + 20);
    expect_spoilt(SECOND + 27, 3, CALENDAR_FACT_ZONE_COUNT, SECOND + 24);
    expect_spoilt(SECOND + 31, 1, CALENDAR_FACT_ZONE_LEAP, SECOND + 28);
    expect_spoilt(SECOND + 39, 0, CALENDAR_FACT_ZONE_COUNT, SECOND + 36);
    expect_spoilt(SECOND + 43, 0, CALENDAR_FACT_ZONE_COUNT, SECOND + 40);
    expect_spoilt(TIMES, 0x7f, CALENDAR_FACT_ZONE_ORDER, TIMES);
    expect_spoilt(TIMES, 0x80, CALENDAR_FACT_ZONE_ORDER, TIMES);
    expect_spoilt(TIMES + 8 + 4, 0x80, CALENDAR_FACT_ZONE_ORDER, TIMES + 16);
    expect_spoilt(TYPES + 1, 5, CALENDAR_FACT_ZONE_TYPE, TYPES + 1);
    expect_spoilt(RECORDS, 1, CALENDAR_FACT_ZONE_OFFSET, RECORDS);
    expect_spoilt(RECORDS, 0x80, CALENDAR_FACT_ZONE_OFFSET, RECORDS);
    expect_spoilt(RECORDS + 4, 2, CALENDAR_FACT_ZONE_FLAG, RECORDS + 4);
    expect_spoilt(RECORDS + 5, 4, CALENDAR_FACT_ZONE_DESIGNATION, RECORDS + 5);
    expect_spoilt(CHARACTERS + 3, 'D', CALENDAR_FACT_ZONE_DESIGNATION, CHARACTERS + 3);
    expect_spoilt(FOOTER, 'x', CALENDAR_FACT_ZONE_FOOTER, FOOTER);
    expect_spoilt(FOOTER + 1 + strlen(BERLIN), 'x', CALENDAR_FACT_ZONE_FOOTER,
                  FOOTER + 1 + strlen(BERLIN));
    // The last transition to two hours, in October.
    expect_spoilt(TYPES + 3, 2, CALENDAR_FACT_ZONE_CONTRADICTION, FOOTER + 1);
}

static void counts_are_limited(void **state)
{
    static struct zone_file_transition many[ZONE_TRANSITIONS_MAX + 1];
    struct zone_file file = {0, many, 250, ""};
    struct calendar_error error;
    struct calendar_zone zone;
    size_t size;

    (void)state;
    for (int64_t i = 0; i <= ZONE_TRANSITIONS_MAX; i++)
        many[i] = (struct zone_file_transition){i * ZONE_SPACING_S, (int32_t)i};
    size = zone_file_make(&file, bytes);
    assert_true(calendar_zone_decode(&zone, bytes, size, &error));
    expect_offset(&zone, 100 * ZONE_SPACING_S, 100);
    expect_offset(&zone, 101 * ZONE_SPACING_S - 1, 100);
    many[1].at_s--;
    size = zone_file_make(&file, bytes);
    assert_false(calendar_zone_decode(&zone, bytes, size, &error));
    assert_int_equal(error.fact, CALENDAR_FACT_ZONE_ORDER);
    many[1].at_s++;
    file.count = ZONE_TRANSITIONS_MAX;
    size = zone_file_make(&file, bytes);
    assert_false(calendar_zone_decode(&zone, bytes, size, &error));
    assert_int_equal(error.fact, CALENDAR_FACT_ZONE_COUNT); // more than 256 types
    file.count = ZONE_TRANSITIONS_MAX + 1;
    size = zone_file_make(&file, bytes);
    assert_false(calendar_zone_decode(&zone, bytes, size, &error));
    assert_int_equal(error.fact, CALENDAR_FACT_ZONE_TRANSITIONS);
}

// Indicators of standard time and of UTC: as many as types, each 0 or 1.
static void indicators_are_checked(void **state)
{
    size_t size = zone_file_make(&(struct zone_file){.footer = ""}, bytes), at = size - 2;
    struct calendar_error error;
    struct calendar_zone zone;

    (void)state;
    memmove(bytes + at + 2, bytes + at, 2);
    bytes[SECOND + 23] = bytes[SECOND + 27] = 1;
    bytes[at] = bytes[at + 1] = 1;
    assert_true(calendar_zone_decode(&zone, bytes, size + 2, &error));
    bytes[at + 1] = 2;
    assert_false(calendar_zone_decode(&zone, bytes, size + 2, &error));
    assert_int_equal(error.fact, CALENDAR_FACT_ZONE_FLAG);
    assert_int_equal(error.at, at + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(transitions_come_before_the_footer),
        cmocka_unit_test(utc_is_utc),
        cmocka_unit_test(files_of_version_1_have_no_footer),
        cmocka_unit_test(empty_footers_change_nothing),
        cmocka_unit_test(footers_are_rules),
        cmocka_unit_test(days_of_rules_know_leap_years),
        cmocka_unit_test(footers_that_are_none_are_refused_by_place),
        cmocka_unit_test(every_cut_of_a_file_is_refused),
        cmocka_unit_test(spoilt_files_are_refused_by_place),
        cmocka_unit_test(counts_are_limited),
        cmocka_unit_test(indicators_are_checked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
