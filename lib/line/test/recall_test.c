// SPDX-License-Identifier: Apache-2.0
//
// The history, going through it, and searching it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/line/test/typist.h"

static struct typist t;

static void again(void)
{
    typist_begin(&t, (struct line_options){
                         .prompt = "$ ", .prompt_size = 2, .limit = 40, .history = &t.history});
}

// Enters lines, then begins another.
static void entered(const char *const *lines, size_t count)
{
    typist_init(&t);
    for (size_t i = 0; i < count; i++) {
        typist_type(&t, lines[i]);
        typist_type(&t, "\r");
        again();
    }
}

static int begin(void **state)
{
    static const char *const lines[] = {"call timer", "caps", "call pong", "ps"};

    (void)state;
    entered(lines, 4);
    return 0;
}

static void keys_make(const char *keys, const char *text)
{
    again();
    typist_type(&t, keys);
    typist_expect(&t, text);
}

static void up_and_down_go_through_the_history(void **state)
{
    (void)state;
    keys_make("\20", "ps|");
    keys_make("\33[A\33OA", "call pong|");
    keys_make("\20\20\20\20\20\20", "call timer|");
    assert_true(typist_sent(&t, "\a"));
    keys_make("\20\20\20\16\33[B", "ps|");
    keys_make("\20\16\33OB", "|");
    keys_make("\16", "|");
    assert_true(typist_sent(&t, "\a"));
}

static void up_finds_lines_that_begin_as_this_one(void **state)
{
    (void)state;
    keys_make("call\20", "call pong|");
    keys_make("call\20\20", "call timer|");
    keys_make("call\20\20\20\16\16", "call|");
    keys_make("call it\2\2\2\20\20\16\16", "call| it");
    keys_make("nothing\20", "nothing|");
    // An edit ends it, and undo brings back what there was.
    keys_make("ca\20x\37\37", "ca|");
    keys_make("caps\20", "caps|"); // what is the same already is passed over
}

static void search_finds_any_part(void **state)
{
    (void)state;
    keys_make("\22p", "|ps");
    assert_true(typist_sent(&t, "(search) `p': "));
    keys_make("\22po", "call |pong");
    keys_make("\22l\22", "ca|ll timer");
    keys_make("\22l\22\23", "ca|ll pong");
    keys_make("\22l\22\16\20", "ca|ll timer");
    keys_make("\23a\22\22", "c|all timer");
    keys_make("\22\22", "|");
    keys_make("\22p\23", "|ps");
    keys_make("\22c\6x", "cx|all pong");
    keys_make("ab\22c\37", "ab|"); // what was found is one change
}

static void search_says_what_is_missing(void **state)
{
    (void)state;
    keys_make("\22pz", "|ps");
    assert_true(typist_sent(&t, "(not in the history) `pz': "));
    typist_type(&t, "q");
    typist_expect(&t, "|ps");
    typist_type(&t, "\177\177");
    typist_expect(&t, "|ps");
    assert_true(typist_sent(&t, "(search) `p': "));
    typist_type(&t, "\177");
    typist_expect(&t, "|");
    typist_type(&t, "\177");
    assert_true(typist_sent(&t, "\a"));
    typist_type(&t, "\23");
    typist_expect(&t, "|");
}

static void search_is_given_up_accepted_or_cancelled(void **state)
{
    (void)state;
    keys_make("ab\2\22po\7", "a|b");
    keys_make("ab\22po\5", "call pong|");
    keys_make("\22po\r", "call pong|");
    assert_int_equal(t.event, LINE_DONE);
    again();
    typist_type(&t, "\22po\3");
    assert_int_equal(t.event, LINE_CANCELLED);
    keys_make("ab\22\r", "ab|");
    assert_int_equal(t.event, LINE_DONE);
}

static void what_is_searched_for_is_bounded(void **state)
{
    (void)state;
    again();
    typist_type(&t, "\22");
    for (int i = 0; i < LINE_QUERY_MAX; i++)
        typist_type(&t, "x");
    assert_int_equal(t.line.query_size, LINE_QUERY_MAX);
    typist_type(&t, "x");
    assert_int_equal(t.line.query_size, LINE_QUERY_MAX);
    assert_true(typist_sent(&t, "\a"));
}

static void the_same_line_is_found_once(void **state)
{
    static const char *const lines[] = {"one", "two", "one"};

    (void)state;
    entered(lines, 3);
    keys_make("\22o\22", "tw|o");
    keys_make("\22on\22", "|one");
}

static void a_match_inside_of_a_character_leaves_the_cursor_behind_it(void **state)
{
    static const char *const lines[] = {"ae\xcc\x81z"};

    (void)state;
    entered(lines, 1);
    keys_make("\22\xcc\x81", "ae\xcc\x81|z");
    keys_make("\22z\22", "ae\xcc\x81|z");
}

static void a_history_keeps_the_newest(void **state)
{
    static const char *const lines[] = {
        "one", "one", "", "two", "one", "a line that needs most of the memory of it all"};
    size_t size, at;

    (void)state;
    entered(lines, 5);
    assert_int_equal(t.history.size, 12); // what is empty, or the same again, is not kept
    typist_begin(&t, (struct line_options){.limit = 60, .history = &t.history});
    typist_type(&t, lines[5]);
    typist_type(&t, "\r");
    at = t.history.size;
    assert_true(line_history_older(&t.history, &at));
    assert_string_equal(line_history_text(&t.history, at, &size), lines[5]);
    assert_true(line_history_older(&t.history, &at));
    assert_string_equal(line_history_text(&t.history, at, &size), "one");
    assert_true(line_history_older(&t.history, &at));
    assert_string_equal(line_history_text(&t.history, at, &size), "two");
    assert_true(line_history_older(&t.history, &at));
    assert_false(line_history_older(&t.history, &at));
    line_history_add(&t.history, lines[5], 40);
    at = 0;
    assert_string_equal(line_history_text(&t.history, at, &size),
                        "a line that needs most of the memory of ");
    assert_false(line_history_newer(&t.history, &at));
    assert_false(line_history_newer(&t.history, &at));
    // A line longer than the memory of it all is not kept.
    line_history_add(&t.history, t.memory, TYPIST_HISTORY_MAX);
    assert_int_equal(t.history.size, 41);
    line_history_scrub(&t.history);
    assert_int_equal(t.history.size, 0);
    for (size_t i = 0; i < TYPIST_HISTORY_MAX; i++)
        assert_int_equal(t.history_bytes[i], 0);
}

static void lines_that_may_not_be_entered_are_not_offered(void **state)
{
    (void)state;
    line_history_scrub(&t.history);
    line_history_add(&t.history, "good", 4);
    line_history_add(&t.history, "bad \xff", 5);
    line_history_add(&t.history, "longer than it may be", 21);
    typist_begin(&t, (struct line_options){.limit = 20, .history = &t.history});
    typist_type(&t, "\20");
    typist_expect(&t, "good|");
    typist_begin(&t,
                 (struct line_options){.limit = 20, .history = &t.history, .keeps_invalid = true});
    typist_type(&t, "\20");
    typist_expect(&t, "bad \xff|");
}

static void hidden_lines_know_no_history(void **state)
{
    size_t size = t.history.size;

    (void)state;
    typist_begin(&t, (struct line_options){.limit = 9, .history = &t.history, .is_hidden = true});
    typist_type(&t, "\20\22p\23");
    typist_expect(&t, "p|");
    typist_type(&t, "\r");
    assert_int_equal(t.history.size, size);
}

static void cancelled_lines_are_not_kept(void **state)
{
    size_t size = t.history.size;

    (void)state;
    typist_type(&t, "secret\3");
    assert_int_equal(t.history.size, size);
    typist_begin(&t, (struct line_options){.limit = 9});
    typist_type(&t, "secret\r");
    assert_int_equal(t.history.size, size);
}

#define CLAIM(name) cmocka_unit_test_setup(name, begin)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(up_and_down_go_through_the_history),
        CLAIM(up_finds_lines_that_begin_as_this_one),
        CLAIM(search_finds_any_part),
        CLAIM(search_says_what_is_missing),
        CLAIM(search_is_given_up_accepted_or_cancelled),
        CLAIM(what_is_searched_for_is_bounded),
        CLAIM(the_same_line_is_found_once),
        CLAIM(a_match_inside_of_a_character_leaves_the_cursor_behind_it),
        CLAIM(a_history_keeps_the_newest),
        CLAIM(lines_that_may_not_be_entered_are_not_offered),
        CLAIM(hidden_lines_know_no_history),
        CLAIM(cancelled_lines_are_not_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
