// SPDX-License-Identifier: Apache-2.0
//
// Words and numbers, and that no byte is written behind the buffer.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/text/text.h"

static void text_is_made_of_words_and_numbers(void **state)
{
    char out[100];
    struct text text;

    (void)state;
    text_init(&text, out, sizeof(out));
    assert_string_equal(out, "");
    text_put(&text, "a ");
    text_put_decimal(&text, 0);
    text_put(&text, " ");
    text_put_decimal(&text, INT64_MIN);
    text_put(&text, " ");
    text_put_decimal(&text, INT64_MAX);
    text_put(&text, " ");
    text_put_hex(&text, UINT64_MAX);
    text_put_bytes(&text, " xyz", 2);
    assert_string_equal(out, "a 0 -9223372036854775808 9223372036854775807 0xffffffffffffffff x");
    assert_int_equal(text_length(&text), strlen(out));
    assert_false(text_is_cut(&text));
}

static void text_is_cut_where_the_buffer_ends(void **state)
{
    char out[8] = "1234567";
    struct text text;

    (void)state;
    text_init(&text, out, 6);
    text_put(&text, "abcde");
    assert_string_equal(out, "abcde");
    assert_false(text_is_cut(&text));
    text_put_decimal(&text, 42);
    text_put(&text, "more");
    assert_string_equal(out, "abcde");
    assert_true(text_is_cut(&text));
    assert_int_equal(text_length(&text), 5);
    assert_int_equal(text.length, 11);
    assert_int_equal(out[6], '7');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_made_of_words_and_numbers),
        cmocka_unit_test(text_is_cut_where_the_buffer_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
