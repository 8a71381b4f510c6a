// SPDX-License-Identifier: Apache-2.0
//
// The model of a PC's clock, as a driver of a real one knows it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hal/sim/rtc.h"

enum { BINARY = 4, HOURS_24 = 2, SAYS = 16, A = 10, B = 11, C = 12 };

static const uint64_t SECOND_NS = 1000000000;
static const uint64_t SINCE_S = 951868799; // 2000-02-29 23:59:59

static uint8_t at(struct rtc *rtc, uint8_t which)
{
    rtc_write(rtc, 0, which);
    return rtc_read(rtc, 1);
}

static void set(struct rtc *rtc, uint8_t control)
{
    rtc_write(rtc, 0, B);
    rtc_write(rtc, 1, control);
}

static void the_time_is_shown_in_each_way(void **state)
{
    struct rtc rtc;
    (void)state;
    rtc_init(&rtc, SINCE_S);
    assert_int_equal(at(&rtc, 0), 0x59);
    assert_int_equal(at(&rtc, 4), 0x23);
    assert_int_equal(at(&rtc, 7), 0x29);
    assert_int_equal(at(&rtc, 8), 0x02);
    assert_int_equal(at(&rtc, 9), 0x00);
    assert_int_equal(at(&rtc, 0x32), 0x20);
    set(&rtc, BINARY);
    assert_int_equal(at(&rtc, 0), 59);
    assert_int_equal(at(&rtc, 4), 11 | 0x80);
    rtc_step(&rtc, SECOND_NS);
    assert_int_equal(at(&rtc, 4), 12); // midnight
    assert_int_equal(at(&rtc, 6), 4);  // a Wednesday
    assert_int_equal(at(&rtc, 8), 3);
    set(&rtc, BINARY | HOURS_24);
    assert_int_equal(at(&rtc, 2), 0);
    assert_int_equal(at(&rtc, 4), 0);
}

static void an_update_is_told_before_it_and_after_it(void **state)
{
    struct rtc rtc;
    (void)state;
    rtc_init(&rtc, SINCE_S);
    assert_int_equal(rtc_step(&rtc, SECOND_NS / 2), UINT64_MAX);
    assert_int_equal(at(&rtc, A) & 0x80, 0);
    rtc_step(&rtc, SECOND_NS - 1);
    assert_int_equal(at(&rtc, A) & 0x80, 0x80);
    assert_int_equal(at(&rtc, 0), 0xff);
    assert_int_equal(rtc_read(&rtc, 0), 0xff);
    rtc_step(&rtc, SECOND_NS);
    assert_false(rtc_interrupts(&rtc));
    assert_int_equal(at(&rtc, C), 0x10);
    assert_int_equal(at(&rtc, C), 0);
    set(&rtc, SAYS);
    assert_int_equal(rtc_step(&rtc, SECOND_NS + 1), 2 * SECOND_NS);
    rtc_step(&rtc, 2 * SECOND_NS);
    assert_true(rtc_interrupts(&rtc));
    assert_int_equal(at(&rtc, C), 0x90);
    assert_false(rtc_interrupts(&rtc));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_time_is_shown_in_each_way),
        cmocka_unit_test(an_update_is_told_before_it_and_after_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
