// SPDX-License-Identifier: Apache-2.0
//
// What is sent to the terminal, byte by byte: as little as can be. That it is right, for any keys
// and sizes, is shown by tests/property/line_test.c.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/line/test/typist.h"

static struct typist t;

static int begin(void **state)
{
    (void)state;
    typist_init(&t);
    return 0;
}

static void keys_send(const char *keys, const char *bytes)
{
    typist_type(&t, keys);
    typist_expect_sent(&t, bytes);
}

static void a_typed_character_is_sent_alone(void **state)
{
    (void)state;
    keys_send("a", "a");
    keys_send("日", "日");
    keys_send("bcd", "bcd");
    keys_send("\177", "\b\33[J");
    keys_send("\2", "\b");
    keys_send("\6", "\33[C");
    keys_send("\1", "\33[5D");
    keys_send("x", "xa日bc\33[5D");
}

static void a_combining_character_is_drawn_with_its_base(void **state)
{
    (void)state;
    keys_send("e", "e");
    keys_send("\xcc\x81", "\be\xcc\x81");
    keys_send("\177", "\b\33[J");
    keys_send("\xcc\x81", "\xe2\x97\x8c\xcc\x81"); // alone, on a circle
}

static void what_is_hostile_is_never_sent(void **state)
{
    (void)state;
    keys_send("\xe2\x80\xae", "\xef\xbf\xbd"); // right-to-left override
    typist_begin(&t, (struct line_options){.prompt = "a\33]0;title\a\33[2Jb\nc\td\a\33[31;1me",
                                           .prompt_size = 29,
                                           .limit = 20});
    typist_expect_sent(&t,
                       "\33[?2004ha\xef\xbf\xbd\xef\xbf\xbd"
                       "b c d \33[31;1me\33[0m");
}

static void a_full_row_makes_the_next_one(void **state)
{
    (void)state;
    line_resize(&t.line, 8, 24);
    keys_send("12345", "12345");
    keys_send("6", "6 \r");
    keys_send("7", "7");
    keys_send("\2", "\r");
    keys_send("\2", "\33[A\33[7C");
    keys_send("\177", "\b67 \r\33[J\33[A\33[6C");
    keys_send("\1", "\33[4D");
    keys_send("\5", "\r\33[B");
}

static void a_wide_character_leaves_the_last_column_blank(void **state)
{
    (void)state;
    line_resize(&t.line, 8, 24);
    keys_send("12345", "12345");
    keys_send("日", " 日");
    keys_send("\2", "\33[A\33[5C");
    keys_send("x", "x日\r");
}

static void a_line_taller_than_the_screen_is_shown_in_part(void **state)
{
    (void)state;
    line_resize(&t.line, 8, 2);
    typist_type(&t, "123456");
    typist_type(&t, "abcdefgh");
    // Row 2 begins: rows 1 and 2 are drawn.
    assert_true(typist_sent(&t, "\33[Jabcdefgh \r"));
    keys_send("\1", "\33[A\33[J$ 123456abcdefgh\r\33[A\33[2C");
    keys_send("\13", "\33[J");
}

static void what_is_said_comes_below_a_line_taller_than_the_screen(void **state)
{
    (void)state;
    typist_begin(&t, (struct line_options){.limit = 30});
    line_resize(&t.line, 8, 2);
    typist_type(&t, "abcdefghijklmnopqrstuvwxyz0123\1");
    typist_type(&t, "x");
    assert_memory_equal(t.out, "\33[B\r\nA line has", 15);
    line_resize(&t.line, 32, 3);
    typist_type(&t, "\r");
    assert_memory_equal(t.out, "\33[30C\r\nThe line was", 19);
}

static void something_else_is_written_above_the_line(void **state)
{
    (void)state;
    typist_type(&t, "abc");
    t.out_size = 0;
    line_hide(&t.line);
    typist_expect_sent(&t, "\r\33[J");
    line_hide(&t.line);
    typist_expect_sent(&t, "\r\33[J");
    keys_send("d\14\37\t", "\a");
    line_resize(&t.line, 40, 10);
    t.out_size = 0;
    line_show(&t.line);
    typist_expect_sent(&t, "$ ");
    line_show(&t.line);
    typist_expect_sent(&t, "$ ");
    line_hide(&t.line);
    keys_send("xyz\r", "\33[?2004l");
}

static void what_does_not_fit_is_refused_unseen_while_something_else_is_written(void **state)
{
    (void)state;
    typist_begin(&t, (struct line_options){.limit = 2});
    line_hide(&t.line);
    keys_send("abc", "\a");
    line_show(&t.line);
    keys_send("\3", "^C\r\n\33[?2004l");
    typist_begin(&t, (struct line_options){.limit = 2});
    line_hide(&t.line);
    keys_send("\3", "\33[?2004l");
}

static void what_was_lost_is_drawn_again(void **state)
{
    (void)state;
    typist_type(&t, "abc\2");
    t.out_size = 0;
    line_redraw(&t.line);
    typist_expect_sent(&t, "\33[?2004h$ abc\b");
    line_hide(&t.line);
    t.out_size = 0;
    line_redraw(&t.line);
    line_close(&t.line);
    line_redraw(&t.line);
    assert_int_equal(t.out_size, 8);
}

// Where the terminal's cursor goes to before everything is drawn again.
static void resized_goes_up(enum line_terminal terminal, uint32_t columns, uint32_t rows,
                            const char *bytes)
{
    typist_init(&t);
    t.line.terminal = terminal;
    line_resize(&t.line, 16, 24);
    typist_type(&t, "01234567890123456789012345678901234567"); // 40 columns: 3 rows
    t.out_size = 0;
    line_resize(&t.line, columns, rows);
    assert_memory_equal(t.out, bytes, strlen(bytes));
}

static void a_resize_goes_up_as_far_as_the_terminal_has_the_line(void **state)
{
    (void)state;
    resized_goes_up(LINE_CUTS, 8, 24, "\r\33[2A\33[J$ ");
    resized_goes_up(LINE_WRAPS, 8, 24, "\r\33[5A\33[J$ ");
    resized_goes_up(LINE_UNKNOWN, 8, 24, "\r\33[2A\33[J$ ");
    resized_goes_up(LINE_CUTS, 80, 24, "\r\33[2A\33[J$ ");
    resized_goes_up(LINE_WRAPS, 80, 24, "\r\33[J$ ");
    resized_goes_up(LINE_UNKNOWN, 80, 24, "\r\33[J$ ");
    resized_goes_up(LINE_CUTS, 16, 2, "\r\33[A\33[J");
    // What fills the screen is drawn from its top.
    line_resize(&t.line, 8, 2);
    t.out_size = 0;
    t.line.terminal = LINE_WRAPS;
    line_resize(&t.line, 9, 2);
    assert_memory_equal(t.out, "\r\33[A\33[J", 7);
    // Hidden lines are as long as their prompt.
    typist_begin(&t, (struct line_options){
                         .prompt = "0123456789", .prompt_size = 10, .limit = 9, .is_hidden = true});
    t.out_size = 0;
    line_resize(&t.line, 10, 2);
    typist_expect_sent(&t, "\r\33[A\33[J0123456789 \r");
}

static void a_prompt_too_long_is_cut_at_a_character(void **state)
{
    char prompt[300];

    (void)state;
    for (size_t i = 0; i < 300; i += 2)
        memcpy(prompt + i, "é", 2);
    typist_begin(&t, (struct line_options){.prompt = prompt, .prompt_size = 300, .limit = 9});
    assert_int_equal(t.line.prompt_size, LINE_PROMPT_MAX);
    assert_int_equal(t.out_size, 8 + LINE_PROMPT_MAX);
}

#define CLAIM(name) cmocka_unit_test_setup(name, begin)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(a_typed_character_is_sent_alone),
        CLAIM(a_combining_character_is_drawn_with_its_base),
        CLAIM(what_is_hostile_is_never_sent),
        CLAIM(a_full_row_makes_the_next_one),
        CLAIM(a_wide_character_leaves_the_last_column_blank),
        CLAIM(a_line_taller_than_the_screen_is_shown_in_part),
        CLAIM(what_is_said_comes_below_a_line_taller_than_the_screen),
        CLAIM(something_else_is_written_above_the_line),
        CLAIM(what_does_not_fit_is_refused_unseen_while_something_else_is_written),
        CLAIM(what_was_lost_is_drawn_again),
        CLAIM(a_resize_goes_up_as_far_as_the_terminal_has_the_line),
        CLAIM(a_prompt_too_long_is_cut_at_a_character),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
