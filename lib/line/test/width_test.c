// SPDX-License-Identifier: Apache-2.0
//
// How wide characters are.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/line/width.h"

static void characters_have_the_widths_of_the_database(void **state)
{
    static const struct {
        uint32_t code;
        enum width_class class;
    } cases[] = {
        {'a', WIDTH_NARROW},      {0xe9, WIDTH_NARROW},     {0xad, WIDTH_NARROW},
        {0x300, WIDTH_NOTHING},   {0x20dd, WIDTH_NOTHING},  {0x200d, WIDTH_NOTHING},
        {0x1100, WIDTH_WIDE},     {0x1161, WIDTH_NOTHING},  {0x3042, WIDTH_WIDE},
        {0x65e5, WIDTH_WIDE},     {0xac00, WIDTH_WIDE},     {0xff01, WIDTH_WIDE},
        {0xff61, WIDTH_NARROW},   {0x1f600, WIDTH_WIDE},    {0x20000, WIDTH_WIDE},
        {0x3fffd, WIDTH_WIDE},    {0x10ffff, WIDTH_NARROW}, {0x600, WIDTH_NARROW},
        {0x202e, WIDTH_HOSTILE},  {0x2066, WIDTH_HOSTILE},  {0x2028, WIDTH_HOSTILE},
        {0x200e, WIDTH_NOTHING},  {0, WIDTH_HOSTILE},       {0x1f, WIDTH_HOSTILE},
        {0x7f, WIDTH_HOSTILE},    {0x9f, WIDTH_HOSTILE},    {0xa0, WIDTH_NARROW},
        {0xe0001, WIDTH_NOTHING}, {0x303f, WIDTH_NARROW},   {0x115f, WIDTH_WIDE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(width_of(cases[i].code), cases[i].class);
}

static void the_table_is_in_order(void **state)
{
    (void)state;
    assert_true(width_table_count > 300);
    for (uint32_t i = 0; i < width_table_count; i++) {
        assert_true(width_table[i].first <= width_table[i].last);
        assert_true(width_table[i].class != WIDTH_NARROW);
        assert_true(i == 0 || width_table[i - 1].last < width_table[i].first);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(characters_have_the_widths_of_the_database),
        cmocka_unit_test(the_table_is_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
