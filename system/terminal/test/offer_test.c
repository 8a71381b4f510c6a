// SPDX-License-Identifier: Apache-2.0
#include "system/terminal/offer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct offer offer;

static const char pairs[] =
    "\0call\0"
    "\0caps\0"
    "call\0timer\0"
    "call\0term\0"
    "call timer\0now\0"
    "call timer\0sleepUntil\0"
    "facet timer only\0now\0"
    "$\0$it\0"
    "@\0@timer";

static int table_set(void **state)
{
    (void)state;
    return offer_add(&offer, true, (const uint8_t *)pairs, sizeof pairs) == OFFER_OK ? 0 : 1;
}

// "word: candidates" for a text with the cursor at its end.
static const char *offered(const char *text)
{
    static char out[256];
    struct line_completer completer = offer_completer(&offer);
    size_t word = 99;
    size_t count = completer.find(completer.context, text, strlen(text), &word);
    size_t at = (size_t)sprintf(out, "%zu:", word);
    for (size_t i = 0; i < count; i++) {
        size_t size;
        const char *name = completer.name(completer.context, i, &size);
        at += (size_t)sprintf(out + at, " %.*s", (int)size, name);
    }
    return out;
}

static void commands_are_offered_where_a_statement_begins(void **state)
{
    (void)state;
    assert_string_equal(offered(""), "0: call caps");
    assert_string_equal(offered("cap"), "0: caps");
    assert_string_equal(offered("x; ca"), "3: call caps");
    assert_string_equal(offered("if ca"), "3: call caps");
    assert_string_equal(offered("if a { ca"), "7: call caps");
    assert_string_equal(offered("if a { b } else { ca"), "18: call caps");
    assert_string_equal(offered("say ca"), "4:");
    assert_string_equal(offered("say \"a; \" ca"), "10:");
}

static void the_longest_context_that_is_known_counts(void **state)
{
    (void)state;
    assert_string_equal(offered("call t"), "5: timer term");
    assert_string_equal(offered("call timer "), "11: now sleepUntil");
    assert_string_equal(offered("call  timer\ts"), "12: sleepUntil");
    assert_string_equal(offered("call timer now deep n"), "20: now");
    assert_string_equal(offered("facet timer only { x, n"), "22: now");
    assert_string_equal(offered("call other "), "11: timer term");
}

static void marks_have_contexts_of_their_own(void **state)
{
    (void)state;
    assert_string_equal(offered("run x with { y: @t"), "16: @timer");
    assert_string_equal(offered("release $"), "8: $it");
    assert_string_equal(offered("@x"), "0:");
}

static void a_table_is_whole_pairs_and_bounded(void **state)
{
    static uint8_t big[OFFER_TABLE_MAX];
    (void)state;
    assert_int_equal(offer_add(&offer, false, (const uint8_t *)"a\0b", 3), OFFER_HALF);
    assert_int_equal(offer_add(&offer, false, (const uint8_t *)"a\0", 2), OFFER_HALF);
    assert_int_equal(offer_add(&offer, false, big, sizeof big), OFFER_FULL);
    assert_string_equal(offered("cap"), "0: caps");
    assert_int_equal(offer_add(&offer, false, (const uint8_t *)"\0capstan", 9), OFFER_OK);
    assert_string_equal(offered("cap"), "0: caps capstan");
    assert_int_equal(offer_add(&offer, true, big, sizeof big), OFFER_OK);
    assert_string_equal(offered("cap"), "0:");
    offer_forget(&offer);
    assert_string_equal(offered(""), "0:");
    assert_int_equal(table_set(NULL), 0);
}

static void lines_of_any_length_are_looked_at(void **state)
{
    static char text[2048];
    (void)state;
    memset(text, 'x', sizeof text - 1);
    assert_string_equal(offered(text), "0:");
    for (size_t i = 1; i < sizeof text - 1; i += 2) {
        text[i] = ' ';
    }
    assert_non_null(strstr(offered(text), ":"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_are_offered_where_a_statement_begins),
        cmocka_unit_test(the_longest_context_that_is_known_counts),
        cmocka_unit_test(marks_have_contexts_of_their_own),
        cmocka_unit_test(a_table_is_whole_pairs_and_bounded),
        cmocka_unit_test(lines_of_any_length_are_looked_at),
    };
    return cmocka_run_group_tests(tests, table_set, NULL);
}
