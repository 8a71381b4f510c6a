// SPDX-License-Identifier: Apache-2.0
//
// Sequences that are written, and what the filter makes of those that programs write.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/ansi/ansi.h"

#define R "\xef\xbf\xbd" // what stands for what was refused

static char sent[65536];

// What comes of a program's bytes.
static const char *filtered_bytes(enum ansi_level level, const char *bytes, size_t count)
{
    struct ansi_filter filter;
    size_t size = 0;

    ansi_filter_init(&filter, level);
    for (size_t i = 0; i < count; i++) {
        size_t step = ansi_filter_step(&filter, (uint8_t)bytes[i], sent + size);
        assert_true(step <= ANSI_STEP_MAX);
        size += step;
    }
    size += ansi_filter_end(&filter, sent + size);
    sent[size] = 0;
    return sent;
}

static const char *filtered(enum ansi_level level, const char *text)
{
    return filtered_bytes(level, text, strlen(text));
}

static void moves_leave_out_a_one(void **state)
{
    char out[ANSI_MOVE_MAX];

    (void)state;
    assert_int_equal(ansi_move(out, 1, 'A'), 3);
    assert_memory_equal(out, "\33[A", 3);
    assert_int_equal(ansi_move(out, 500, 'C'), 6);
    assert_memory_equal(out, "\33[500C", 6);
    assert_int_equal(ansi_move(out, UINT32_MAX, 'D'), 13);
}

static void every_style_is_one_that_the_filter_lets_pass(void **state)
{
    (void)state;
    for (int style = 0; style < ANSI_STYLE_COUNT; style++) {
        const char *sequence = ansi_style((enum ansi_style)style);
        assert_memory_equal(filtered(ANSI_COLOURS, sequence), sequence, strlen(sequence));
    }
}

static void text_passes_at_every_level(void **state)
{
    static const char text[] = "größe 日本\t\ae\xcc\x81 \xf0\x9f\x98\x80";

    (void)state;
    for (int level = ANSI_TEXT; level <= ANSI_SCREEN; level++) {
        assert_string_equal(filtered((enum ansi_level)level, text), text);
        assert_string_equal(filtered((enum ansi_level)level, "a\nb\n"), "a\r\nb\r\n");
    }
    assert_string_equal(filtered(ANSI_TEXT, "a\r\nb"), "a\r\nb");
    assert_string_equal(filtered(ANSI_SCREEN, "a\rb\b"), "a\rb\b");
    assert_string_equal(filtered(ANSI_TEXT, "a\bb"), "a" R "b");
}

static void sequences_pass_at_their_level(void **state)
{
    static const char colours[] = "\33[1;38;5;200mx\33[38:2::1:2:3my\33[m";
    static const char moves[] = "\33[2J\33[H\33[10;20Hx\33[3A\33[K\33[2L";

    (void)state;
    assert_string_equal(filtered(ANSI_TEXT, "\33[31mx"), R "x");
    assert_string_equal(filtered(ANSI_COLOURS, colours), colours);
    assert_string_equal(filtered(ANSI_COLOURS, "\33[2Jx"), R "x");
    assert_string_equal(filtered(ANSI_SCREEN, moves), moves);
}

static void styles_end_with_the_program(void **state)
{
    (void)state;
    assert_string_equal(filtered(ANSI_COLOURS, "\33[31mx"), "\33[31mx\33[0m");
    assert_string_equal(filtered(ANSI_COLOURS, "\33[31mx\33[0m"), "\33[31mx\33[0m");
    assert_string_equal(filtered(ANSI_COLOURS, "\33[0;31mx"), "\33[0;31mx\33[0m");
}

static void what_takes_over_a_terminal_is_refused(void **state)
{
    (void)state;
    assert_string_equal(filtered(ANSI_SCREEN, "a\33]0;title\ab"), "a" R "b");
    assert_string_equal(filtered(ANSI_SCREEN, "a\33]52;c;aGk=\33\\b"), "a" R "b"); // clipboard
    assert_string_equal(filtered(ANSI_SCREEN, "a\33Pq\xc3\xa4\33\\b"), "a" R "b");
    assert_string_equal(filtered(ANSI_SCREEN, "a\33Xs\33\\\33^p\33\\\33_a\33\\b"), "a" R R R "b");
    assert_string_equal(filtered(ANSI_SCREEN, "a\33[6nb"), "a" R "b");     // report of the cursor
    assert_string_equal(filtered(ANSI_SCREEN, "a\33[?1049hb"), "a" R "b"); // modes
    assert_string_equal(filtered(ANSI_SCREEN, "a\33[!pb"), "a" R "b");
    assert_string_equal(filtered(ANSI_SCREEN, "a\33cb"), "a" R "b");  // reset
    assert_string_equal(filtered(ANSI_SCREEN, "a\33(0b"), "a" R "b"); // character sets
    assert_string_equal(filtered(ANSI_SCREEN, "a\33#8b"), "a" R "b");
    assert_string_equal(filtered(ANSI_SCREEN, "a\33$(Cb"), "a" R "b");
    assert_string_equal(filtered(ANSI_SCREEN, "a\16b\17"), "a" R "b" R);
    assert_string_equal(filtered(ANSI_SCREEN, "a\177b"), "a" R "b");
    assert_string_equal(filtered(ANSI_SCREEN,
                                 "a\xc2\x9b"
                                 "31mb"),
                        "a" R "31mb"); // CSI as one character
    assert_string_equal(filtered(ANSI_SCREEN,
                                 "a\x9b"
                                 "31mb"),
                        "a" R "31mb");
    assert_string_equal(filtered(ANSI_SCREEN,
                                 "a\xe2\x80\xae"
                                 "b"),
                        "a" R "b"); // the order of letters
    assert_string_equal(filtered_bytes(ANSI_SCREEN, "a\0b", 3), "a" R "b");
}

static void numbers_that_repeat_for_ever_are_refused(void **state)
{
    (void)state;
    assert_string_equal(filtered(ANSI_SCREEN, "\33[9999Lx"), "\33[9999Lx");
    assert_string_equal(filtered(ANSI_SCREEN, "\33[99999Lx"), R "x");
    assert_string_equal(filtered(ANSI_SCREEN, "\33[1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1mx"),
                        R "x");
}

static void nothing_that_is_never_finished_swallows_the_rest(void **state)
{
    static char bomb[3 * ANSI_STRING_MAX];

    (void)state;
    assert_string_equal(filtered(ANSI_SCREEN, "\33]0;title\nb"), R "\r\nb");
    assert_string_equal(filtered(ANSI_SCREEN, "\33[12\nb"), R "\r\nb");
    assert_string_equal(filtered(ANSI_SCREEN, "\33[12\33[1mb"), R "\33[1mb\33[0m");
    assert_string_equal(filtered(ANSI_SCREEN, "\33\33\33b"), R R R);
    assert_string_equal(filtered(ANSI_SCREEN, "\33[12\xc3\xa4"), R "ä");
    assert_string_equal(filtered(ANSI_SCREEN,
                                 "\33[12\177"
                                 "a"),
                        R "a");
    memset(bomb, 'x', sizeof(bomb));
    memcpy(bomb, "\33]", 2);
    assert_int_equal(strlen(filtered_bytes(ANSI_SCREEN, bomb, sizeof(bomb))),
                     sizeof(bomb) - ANSI_STRING_MAX - 2 + 3);
    memset(bomb, '\xff', sizeof(bomb));
    memcpy(bomb, "\33P", 2);
    assert_true(strlen(filtered_bytes(ANSI_SCREEN, bomb, sizeof(bomb))) > ANSI_STRING_MAX);
}

static void what_is_not_complete_at_the_end_is_refused(void **state)
{
    static const char *const parts[] = {"\33", "\33[1", "\33]0;", "\33(", "\33[?", "\xe2\x82"};

    (void)state;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        assert_string_equal(filtered(ANSI_SCREEN, parts[i]), R);
}

static void invalid_bytes_are_replaced(void **state)
{
    (void)state;
    assert_string_equal(filtered(ANSI_TEXT,
                                 "a\xff\x80"
                                 "b"),
                        "a" R R "b");
    assert_string_equal(filtered(ANSI_TEXT, "\xe2\x82z"), R "z");
    assert_string_equal(filtered(ANSI_TEXT, "\xe2\xff"), R R);
    assert_string_equal(filtered(ANSI_TEXT, "\xe0\x80\x80"), R);
    assert_string_equal(filtered(ANSI_TEXT, "\xf5\xc1"), R R);
    assert_string_equal(filtered(ANSI_TEXT, "\xe2\x82\n"), R "\r\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moves_leave_out_a_one),
        cmocka_unit_test(every_style_is_one_that_the_filter_lets_pass),
        cmocka_unit_test(text_passes_at_every_level),
        cmocka_unit_test(sequences_pass_at_their_level),
        cmocka_unit_test(styles_end_with_the_program),
        cmocka_unit_test(what_takes_over_a_terminal_is_refused),
        cmocka_unit_test(numbers_that_repeat_for_ever_are_refused),
        cmocka_unit_test(nothing_that_is_never_finished_swallows_the_rest),
        cmocka_unit_test(what_is_not_complete_at_the_end_is_refused),
        cmocka_unit_test(invalid_bytes_are_replaced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
