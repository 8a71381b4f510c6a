// SPDX-License-Identifier: Apache-2.0
//
// Keys and what they make of a line; how lines end; what is refused; that nothing stays.
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

// Feeds keys to a new line, expects it to look so.
static void keys_make(const char *keys, const char *text)
{
    typist_init(&t);
    typist_type(&t, keys);
    assert_int_equal(t.event, LINE_MORE);
    typist_expect(&t, text);
}

static void keys_move_by_character_word_and_line(void **state)
{
    (void)state;
    keys_make("ab cd\1", "|ab cd");
    keys_make("ab cd\1\5", "ab cd|");
    keys_make("ab cd\2\2", "ab |cd");
    keys_make("ab cd\1\6", "a|b cd");
    keys_make("ab cd\33b", "ab |cd");
    keys_make("ab  cd\33b\33b", "|ab  cd");
    keys_make("ab cd\1\33f", "ab| cd");
    keys_make("ab - cd\1\33f\33f", "ab - cd|");
    keys_make("x\2\2\2", "|x");
    keys_make("x\6\6", "x|");
    keys_make("größe\2\2", "grö|ße");
    keys_make("e\xcc\x81x\2\2", "|e\xcc\x81x");
    keys_make("\33b\33f", "|");
    keys_make("Zz9 {a} @[`/:\33b\33b", "|Zz9 {a} @[`/:");
}

static void keys_have_the_forms_of_ansi_vt_and_xterm(void **state)
{
    static const char *const starts[] = {"\33[H", "\33OH", "\33[1~", "\33[7~", "\33[1;5H"};
    static const char *const ends[] = {"\33[F", "\33OF", "\33[4~", "\33[8~"};
    static const char *const lefts[] = {"\33[D", "\33OD", "\33[1;2D"};
    static const char *const words[] = {"\33[1;5D", "\33[1;3D", "\33Od", "\33b"};
    static const char *const deletes[] = {"\33[3~", "\4"};
    char keys[32];

    (void)state;
    for (size_t i = 0; i < 5; i++) {
        strcpy(keys, "ab cd");
        keys_make(strcat(keys, starts[i]), "|ab cd");
    }
    for (size_t i = 0; i < 4; i++) {
        strcpy(keys, "ab cd\1");
        keys_make(strcat(keys, ends[i]), "ab cd|");
        strcpy(keys, "ab cd");
        keys_make(strcat(keys, words[i]), "ab |cd");
    }
    for (size_t i = 0; i < 3; i++) {
        strcpy(keys, "ab cd");
        keys_make(strcat(keys, lefts[i]), "ab c|d");
    }
    for (size_t i = 0; i < 2; i++) {
        strcpy(keys, "ab cd\1");
        keys_make(strcat(keys, deletes[i]), "|b cd");
    }
    keys_make("ab\1\33[C\33OC", "ab|");
    keys_make("ab cd\1\33[1;5C\33Oc", "ab cd|");
}

static void keys_rub_out_and_delete(void **state)
{
    (void)state;
    keys_make("abc\10", "ab|");
    keys_make("abc\177\177", "a|");
    keys_make("a日\177", "a|");
    keys_make("ae\xcc\x81\177", "a|");
    keys_make("abc\1\4", "|bc");
    keys_make("\177", "|");
    assert_true(typist_sent(&t, "\a"));
    keys_make("a\33[3~", "a|");
    assert_true(typist_sent(&t, "\a"));
}

static void keys_kill_and_yank(void **state)
{
    (void)state;
    keys_make("ab cd\33b\13\1\31", "cd|ab ");
    keys_make("ab cd\2\25\5\31", "dab c|");
    keys_make("ab /cd/ef\27\31\31", "ab /cd/ef/cd/ef|");
    keys_make("ab cd\1\33d\33d\5\31", "ab cd|");
    keys_make("ab cd ef\33\177\33\177\1\31", "cd ef|ab ");
    keys_make("ab cd ef\33\10x\33\10\31", "ab cd x|");
    keys_make("ab cd\1\33[3;5~", "| cd");
    keys_make("  \27", "|");
    keys_make("ab\1\25\13\31", "ab|");
    keys_make("\31", "|");
    keys_make("\33y", "|");
    keys_make("\31\33y", "|");
    keys_make("\13", "|");
    assert_true(typist_sent(&t, "\a"));
}

static void yank_takes_older_kills_in_turn(void **state)
{
    (void)state;
    keys_make("one\25two\25three\25\31", "three|");
    typist_type(&t, "\33y");
    typist_expect(&t, "two|");
    typist_type(&t, "\33y");
    typist_expect(&t, "one|");
    typist_type(&t, "\33y");
    typist_expect(&t, "three|");
    // More kills than are remembered.
    typist_init(&t);
    for (char c = 'a'; c < 'a' + LINE_KILLS_MAX + 2; c++)
        typist_type_bytes(&t, (char[]){c, '\25'}, 2);
    typist_type(&t, "\31");
    for (int i = 1; i < LINE_KILLS_MAX; i++)
        typist_type(&t, "\33y");
    typist_expect(&t, "c|");
}

static void kills_make_room_for_new_ones(void **state)
{
    char line[TYPIST_LIMIT + 1];

    (void)state;
    memset(line, 'x', TYPIST_LIMIT - 20);
    line[TYPIST_LIMIT - 20] = 0;
    typist_type(&t, "first\25");
    typist_type(&t, line);
    typist_type(&t, "\25third kill\25");
    typist_type(&t, "\31");
    typist_expect(&t, "third kill|");
    typist_type(&t, "\33y\25");
    assert_int_equal(t.line.text_size, 0);
    typist_type_bytes(&t, line, 100);
    typist_type(&t, "\31"); // does not fit any more
    assert_int_equal(t.line.text_size, 100);
    assert_true(typist_sent(&t, "\a"));
}

static void keys_transpose(void **state)
{
    (void)state;
    keys_make("ab\24", "ba|");
    keys_make("abc\2\24", "acb|");
    keys_make("a日\24", "日a|");
    keys_make("a\24", "a|");
    keys_make("ab\1\24", "|ab");
    keys_make("e\xcc\x81x\24", "xe\xcc\x81|");
}

static void undo_takes_back_each_change(void **state)
{
    (void)state;
    keys_make("one two\27\37", "one two|");
    keys_make("one two\37", "|");
    keys_make("one\2\2x\37", "o|ne");
    keys_make("ab\24\37", "ab|");
    keys_make("one\25\31\37\37", "one|");
    keys_make("\37", "|");
    assert_true(typist_sent(&t, "\a"));
    keys_make("\xcc\x81\1-x\37", "-\xcc\x81|"); // behind what combines
    // Typing is undone in pieces.
    keys_make("0123456789012345678901234\37", "01234567890123456789|");
    // A paste is one change, and not part of what was typed before or after.
    keys_make("ab\33[200~0123456789012345678901234\33[201~cd\37\37", "ab|");
}

static void undo_forgets_the_oldest_changes(void **state)
{
    char line[101];

    (void)state;
    for (int i = 0; i < LINE_UNDO_MAX; i++)
        typist_type(&t, "a\6"); // moves nowhere, but ends the run
    for (int i = 0; i < LINE_UNDO_MAX; i++)
        typist_type(&t, "\37");
    typist_expect(&t, "|");
    for (int i = 0; i <= LINE_UNDO_MAX; i++)
        typist_type(&t, "a\6");
    for (int i = 0; i <= LINE_UNDO_MAX; i++)
        typist_type(&t, "\37");
    typist_expect(&t, "a|");
    memset(line, 'x', 100);
    line[100] = 0;
    typist_init(&t);
    typist_type(&t, line);
    typist_type(&t, "\25");
    typist_type(&t, line);
    typist_type(&t, "\25\37");
    assert_int_equal(t.line.text_size, 100);
    typist_type(&t, "\37\37\37\37\37\37\37");
    assert_int_equal(t.line.text_size, 0);
}

static void a_line_ends_by_enter_cancel_or_end_of_input(void **state)
{
    static const char *const enters[] = {"\r", "\n", "\33OM"};
    enum line_event event;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        typist_init(&t);
        typist_type(&t, "caps");
        assert_int_equal(line_feed(&t.line, enters[i], strlen(enters[i]), &event),
                         strlen(enters[i]));
        assert_int_equal(event, LINE_DONE);
        typist_expect(&t, "caps|");
        line_close(&t.line);
        assert_int_equal(t.line.text_size, 0);
    }
    typist_init(&t);
    typist_type(&t, "caps\3");
    assert_int_equal(t.event, LINE_CANCELLED);
    typist_expect_sent(&t, "caps^C\r\n\33[?2004l");
    typist_init(&t);
    typist_type(&t, "\4");
    assert_int_equal(t.event, LINE_ENDED);
    typist_expect_sent(&t, "\r\n\33[?2004l");
}

static void what_follows_the_end_of_a_line_is_not_used(void **state)
{
    enum line_event event;

    (void)state;
    assert_int_equal(line_feed(&t.line, "one\rtwo", 7, &event), 4);
    assert_int_equal(event, LINE_DONE);
    assert_int_equal(line_feed(&t.line, "two", 3, &event), 0);
    assert_int_equal(event, LINE_MORE);
    typist_expect(&t, "one|");
}

static void a_paste_is_text(void **state)
{
    (void)state;
    keys_make("\33[200~one\ttwo\r\nthree\nfour\rfive\33[201~", "one two three four five|");
    keys_make("\33[200~a\33[D\33b\33OM\177\33[201~b\2", "a |b");
    typist_begin(&t, (struct line_options){.limit = 100, .break_byte = ';'});
    typist_type(&t, "\33[200~one\ntwo\n\33[201~");
    typist_expect(&t, "one;two;|");
    typist_type(&t, "\r");
    assert_int_equal(t.event, LINE_DONE);
    typist_init(&t);
    typist_type(&t, "\33[200~one\3");
    assert_int_equal(t.event, LINE_CANCELLED);
}

static void a_line_that_is_too_long_is_refused_with_a_bell_and_a_sentence(void **state)
{
    char line[TYPIST_LIMIT + 1];

    (void)state;
    memset(line, 'x', TYPIST_LIMIT);
    line[TYPIST_LIMIT] = 0;
    typist_type(&t, line);
    assert_false(typist_sent(&t, "\a"));
    typist_type(&t, "y");
    assert_true(typist_sent(&t, "A line has at most 128 bytes"));
    assert_true(typist_sent(&t, "\a"));
    typist_type(&t, "y");
    typist_expect_sent(&t, "");
    typist_type(&t, "\r");
    assert_int_equal(t.event, LINE_MORE);
    typist_expect(&t, "|");
    assert_true(typist_sent(&t, "it is dropped"));
    assert_true(typist_sent(&t, "\a"));
    typist_type(&t, "\37\2\4\r");
    assert_int_equal(t.event, LINE_DONE);
    assert_int_equal(t.line.text_size, TYPIST_LIMIT - 1);
    // Who edits has seen it.
    typist_init(&t);
    typist_type(&t, line);
    typist_type(&t, "y\177\r");
    assert_int_equal(t.event, LINE_DONE);
    assert_int_equal(t.line.text_size, TYPIST_LIMIT - 1);
}

static void a_character_longer_than_a_line_is_refused_alike(void **state)
{
    (void)state;
    typist_begin(&t, (struct line_options){.limit = 2});
    typist_type(&t, "日");
    typist_expect(&t, "|");
    typist_type(&t, "\r");
    assert_int_equal(t.event, LINE_MORE);
    typist_type(&t, "a\r");
    assert_int_equal(t.event, LINE_DONE);
}

static void a_megabyte_is_one_refusal_and_the_prompt_survives(void **state)
{
    static char megabyte[1 << 20];

    (void)state;
    memset(megabyte, 'x', sizeof(megabyte));
    typist_type_bytes(&t, megabyte, sizeof(megabyte));
    assert_true(t.out_size < 1024);
    typist_type(&t, "\rcaps\r");
    assert_int_equal(t.event, LINE_DONE);
    typist_expect(&t, "caps|");
}

static void invalid_bytes_are_refused_or_kept(void **state)
{
    (void)state;
    keys_make("a\xff\x80\xc0\xe2\x82z\xf0\x9f\x98\x1\5", "az|");
    assert_true(typist_sent(&t, "\a"));
    typist_begin(&t, (struct line_options){.limit = 100, .keeps_invalid = true});
    typist_type(&t, "a\xff\xe2\x82z\xed\xa0\x80");
    typist_expect(&t, "a\xff\xe2\x82z\xed\xa0\x80|");
    assert_true(typist_sent(&t, "\xef\xbf\xbd"));
    assert_false(typist_sent(&t, "\xff"));
    // Bytes that become a character are one.
    typist_begin(&t, (struct line_options){.limit = 100, .keeps_invalid = true});
    typist_type(&t, "\xe2x\x82\xac\2\2\177");
    typist_expect(&t, "\xe2\x82\xac|");
    typist_type(&t, "\2");
    typist_expect(&t, "|\xe2\x82\xac");
    // So do bytes that are yanked; what was there stays when others are yanked instead.
    typist_begin(&t, (struct line_options){.limit = 100, .keeps_invalid = true});
    typist_type(&t, "z\25\xe2\25\x82\xac\1\31");
    typist_expect(&t, "\xe2\x82\xac|");
    typist_type(&t, "\33y");
    typist_expect(&t, "z|\x82\xac");
}

static void controls_never_become_part_of_a_line(void **state)
{
    (void)state;
    keys_make(
        "a\xc2\x85"
        "b\30\32\36\35\34",
        "ab|");
    typist_type_bytes(&t, "\0", 1);
    typist_expect(&t, "ab|");
}

static void no_sequence_takes_the_keyboard_away(void **state)
{
    (void)state;
    keys_make("\33[12;34\1a", "a|");               // a control ends it
    keys_make("\33[1;1;1;1;1;1;1;1Da", "a|");      // too many numbers
    keys_make("\33[99999999999999999999Aa", "a|"); // too great
    keys_make("\33[?1;2ca\33[5!pb\33[<1Mc\33[Md", "abcd|");
    keys_make("\33]0;title\aa", "a|");
    keys_make("\33P+q\33\\a", "a|");
    keys_make("\33Xmore\1\33^x\1\33_y\1a", "a|");
    keys_make("\33[[Aa", "a|"); // the console of Linux
    keys_make("\33\33[Da", "a|");
    keys_make("\33\xc3\xa4", "ä|");
    keys_make("\33zq", "q|");
    keys_make("\33[5~\33[24~q", "q|");
    keys_make("\33[[\33[Aq", "q|");
    keys_make("\33[1[q", "q|");
    keys_make("\33[;[q\33[?[q", "qq|");
    // A string without an end is over after some bytes.
    typist_init(&t);
    typist_type(&t, "\33]");
    for (int i = 0; i < 200; i++)
        typist_type(&t, "x");
    assert_true(t.line.text_size > 0);
}

static void the_terminal_reports_its_size(void **state)
{
    (void)state;
    line_ask_size(&t.line);
    typist_expect_sent(&t, "\33[?2004h$ \33[18t");
    typist_type(&t, "\33[8;50;132t");
    assert_int_equal(t.event, LINE_RESIZED);
    assert_int_equal(t.line.columns, 132);
    assert_int_equal(t.line.rows, 50);
    typist_type(&t, "\33[8;50;132t");
    assert_int_equal(t.event, LINE_MORE);
    typist_type(&t, "\33[8;0;5t\33[8;5t\33[9;5;5t");
    assert_int_equal(t.event, LINE_MORE);
    typist_type(&t, "\33[8;9;132t");
    assert_int_equal(t.event, LINE_RESIZED);
    typist_type(&t, "\33[8;9;7t");
    assert_int_equal(t.event, LINE_RESIZED);
    line_resize(&t.line, 9999, 1);
    assert_int_equal(t.line.columns, LINE_COLUMNS_MAX);
    assert_int_equal(t.line.rows, LINE_ROWS_MIN);
    line_resize(&t.line, 1, 9999);
    assert_int_equal(t.line.columns, LINE_COLUMNS_MIN);
    assert_int_equal(t.line.rows, LINE_ROWS_MAX);
    line_resize(&t.line, 0, 0);
    assert_int_equal(t.line.columns, 80);
    assert_int_equal(t.line.rows, 24);
}

static void hidden_lines_are_edited_alike_and_nothing_is_shown(void **state)
{
    static const char keys[] = "secret\2\2x\177\1\6\6\24\13\31\31\33y\37 word\27\31";
    char visible[TYPIST_LIMIT];
    size_t size;

    (void)state;
    typist_type(&t, keys);
    size = t.line.text_size;
    memcpy(visible, t.line.text, size);
    typist_begin(&t, (struct line_options){
                         .prompt = "$ ", .prompt_size = 2, .limit = 100, .is_hidden = true});
    typist_type(&t, keys);
    typist_expect_sent(&t, "");
    assert_int_equal(t.line.text_size, size);
    assert_memory_equal(t.line.text, visible, size);
    typist_type(&t, "\20\22\t\177\177\7");
    typist_expect_sent(&t, "");
    typist_type(&t, "\14");
    typist_expect_sent(&t, "\33[H\33[2J$ ");
    typist_type(&t, "\r");
    typist_expect_sent(&t, "\r\n\33[?2004l");
}

static bool is_zero(const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] != 0)
            return false;
    }
    return true;
}

static bool holds(const void *where, size_t size, const char *word)
{
    for (size_t i = 0; i + strlen(word) <= size; i++) {
        if (memcmp((const char *)where + i, word, strlen(word)) == 0)
            return true;
    }
    return false;
}

static void nothing_that_was_typed_stays(void **state)
{
    static const char *const ends[] = {"\r", "\3", "\25\4", "cancel", "close", "begin"};

    (void)state;
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        typist_init(&t);
        typist_begin(&t, (struct line_options){.limit = 100, .is_hidden = true});
        typist_type(&t, "secret\25\31secret\27secret\37\31 secret\xe2\x82");
        if (ends[i][0] == 'b')
            line_begin(&t.line, &(struct line_options){.limit = 100});
        else if (ends[i][0] == 'c' && ends[i][1] == 'a')
            line_cancel(&t.line);
        else if (ends[i][0] != 'c')
            typist_type(&t, ends[i]);
        line_close(&t.line);
        assert_true(is_zero(t.memory, sizeof(t.memory)));
        assert_false(holds(&t, sizeof(t), "secr"));
    }
}

static void closing_needs_no_open_line(void **state)
{
    (void)state;
    typist_type(&t, "\r");
    line_cancel(&t.line);
    line_hide(&t.line);
    line_show(&t.line);
    line_close(&t.line);
    line_close(&t.line);
    assert_false(t.line.is_open);
}

static void a_limit_is_never_more_than_the_memory_is_for(void **state)
{
    static char memory[(LINE_LIMIT_MAX + 1) * LINE_MEMORY_PARTS];

    (void)state;
    typist_begin(&t, (struct line_options){.limit = SIZE_MAX});
    assert_int_equal(t.line.options.limit, TYPIST_LIMIT);
    line_init(&t.line, memory, sizeof(memory), t.line.sink);
    assert_int_equal(t.line.part_size, LINE_LIMIT_MAX);
}

#define CLAIM(name) cmocka_unit_test_setup(name, begin)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(keys_move_by_character_word_and_line),
        CLAIM(keys_have_the_forms_of_ansi_vt_and_xterm),
        CLAIM(keys_rub_out_and_delete),
        CLAIM(keys_kill_and_yank),
        CLAIM(yank_takes_older_kills_in_turn),
        CLAIM(kills_make_room_for_new_ones),
        CLAIM(keys_transpose),
        CLAIM(undo_takes_back_each_change),
        CLAIM(undo_forgets_the_oldest_changes),
        CLAIM(a_line_ends_by_enter_cancel_or_end_of_input),
        CLAIM(what_follows_the_end_of_a_line_is_not_used),
        CLAIM(a_paste_is_text),
        CLAIM(a_line_that_is_too_long_is_refused_with_a_bell_and_a_sentence),
        CLAIM(a_character_longer_than_a_line_is_refused_alike),
        CLAIM(a_megabyte_is_one_refusal_and_the_prompt_survives),
        CLAIM(invalid_bytes_are_refused_or_kept),
        CLAIM(controls_never_become_part_of_a_line),
        CLAIM(no_sequence_takes_the_keyboard_away),
        CLAIM(the_terminal_reports_its_size),
        CLAIM(hidden_lines_are_edited_alike_and_nothing_is_shown),
        CLAIM(nothing_that_was_typed_stays),
        CLAIM(closing_needs_no_open_line),
        CLAIM(a_limit_is_never_more_than_the_memory_is_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
