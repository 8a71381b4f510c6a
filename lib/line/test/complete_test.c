// SPDX-License-Identifier: Apache-2.0
//
// Completion, and tables of candidates.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/line/test/typist.h"

enum { NAMES_MAX = 600 };

// Knows names; those that begin as the word does are candidates.
struct knower {
    const char *names[NAMES_MAX];
    size_t count;
    const char *found[NAMES_MAX];
    bool lies; // about where the word begins
};

static struct typist t;
static struct knower knower;

static size_t find(void *context, const char *text, size_t cursor, size_t *word)
{
    struct knower *known = context;
    size_t count = 0;

    for (*word = cursor; *word > 0 && text[*word - 1] != ' '; (*word)--)
        ;
    for (size_t i = 0; i < known->count; i++) {
        if (strncmp(known->names[i], text + *word, cursor - *word) == 0)
            known->found[count++] = known->names[i];
    }
    if (known->lies)
        *word = cursor + 1;
    return count;
}

static const char *name(void *context, size_t index, size_t *size)
{
    struct knower *known = context;

    *size = strlen(known->found[index]);
    return known->found[index];
}

static const struct line_completer completer = {&knower, find, name, ' '};

static void keys_make(const char *const *names, const char *keys, const char *text)
{
    memset(&knower, 0, sizeof(knower));
    while (names[knower.count] != NULL) {
        knower.names[knower.count] = names[knower.count];
        knower.count++;
    }
    typist_init(&t);
    typist_begin(&t, (struct line_options){
                         .prompt = "$ ", .prompt_size = 2, .limit = 30, .completer = &completer});
    typist_type(&t, keys);
    typist_expect(&t, text);
}

static const char *const commands[] = {"caps", "call", "release", "revoke", NULL};

static void a_word_is_completed_as_far_as_its_candidates_agree(void **state)
{
    static const char *const letters[] = {"日本", "日字", NULL};

    (void)state;
    keys_make(commands, "cap\t", "caps |");
    keys_make(commands, "r\t", "re|");
    keys_make(commands, "x rel\t", "x release |");
    keys_make(commands, "rel now\33b\2\t", "release | now");
    keys_make(commands, "x\t", "x|");
    assert_true(typist_sent(&t, "\a"));
    keys_make(letters, "\t", "日|"); // whole characters, though the next share a byte
    keys_make(commands, "rel\t\37\37", "rel|");
}

static void candidates_are_shown_in_columns(void **state)
{
    (void)state;
    keys_make(commands, "ca\t", "ca|");
    typist_expect_sent(&t, "ca\r\ncaps  call\r\n$ ca");
    keys_make(commands, "\2\t", "|");
    line_resize(&t.line, 20, 24);
    typist_type(&t, "\t");
    typist_expect_sent(&t, "\r\ncaps     release\r\ncall     revoke\r\n$ ");
    line_resize(&t.line, 10, 24);
    typist_type(&t, "\t");
    typist_expect_sent(&t, "\r\ncaps\r\ncall\r\nrelease\r\nrevoke\r\n$ ");
    line_resize(&t.line, 10, 4);
    typist_type(&t, "\t");
    typist_expect_sent(&t, "\r\ncaps\r\ncall\r\n... 2 more\r\n$ ");
}

static void tables_of_any_names_are_bounded_and_harmless(void **state)
{
    static char long_name[2][9000], names[NAMES_MAX][8];
    static const char *const strange[] = {"a\33[2J", "a日本語日本", "ab\xff", "\xcc\x81", NULL};

    (void)state;
    keys_make(strange, "", "|");
    line_resize(&t.line, 10, 24);
    typist_type(&t, "\t");
    typist_expect_sent(&t,
                       "\r\na\xef\xbf\xbd[2J\r\na日本語日\r\nab\xef\xbf\xbd\r\n\xef\xbf\xbd"
                       "\r\n$ ");
    memset(&knower, 0, sizeof(knower));
    for (size_t i = 0; i < 2; i++) {
        memset(long_name[i], 'x', sizeof(long_name[i]) - 1);
        long_name[i][0] = (char)('a' + i);
        knower.names[i] = long_name[i];
    }
    knower.count = 2;
    typist_type(&t, "\t");
    assert_true(t.out_size < 200);
    assert_true(typist_sent(&t, "... 1 more"));
    for (knower.count = 0; knower.count < NAMES_MAX; knower.count++) {
        snprintf(names[knower.count], sizeof(names[0]), "%zux", knower.count);
        knower.names[knower.count] = names[knower.count];
    }
    line_resize(&t.line, 500, 500);
    typist_type(&t, "\t");
    assert_false(typist_sent(&t, "more"));
    assert_true(t.out_size < LINE_SENT_MAX(30));
    knower.names[0] = long_name[0]; // all columns as wide
    typist_type(&t, "\t");
    assert_true(typist_sent(&t, "more"));
    assert_true(t.out_size < LINE_SENT_MAX(30));
    line_resize(&t.line, 80, 24);
    typist_type(&t, "\t");
    assert_true(typist_sent(&t, "more"));
}

static void a_completer_that_lies_completes_nothing(void **state)
{
    static const char *const strange[] = {"a\rb", NULL};
    static const char *const deleted[] = {"a\177", NULL};
    static const char *const longer[] = {"a name longer than what a line may have", NULL};

    (void)state;
    keys_make(strange, "a\t", "a|");
    keys_make(deleted, "a\t", "a|");
    keys_make(longer, "a\t", "a|");
    knower.lies = true;
    knower.names[0] = "abc";
    typist_type(&t, "\t");
    typist_expect(&t, "a|");
    assert_true(typist_sent(&t, "\a"));
}

static void nothing_is_offered_without_a_completer_or_for_hidden_lines(void **state)
{
    (void)state;
    typist_init(&t);
    typist_type(&t, "ca\t");
    typist_expect(&t, "ca|");
    keys_make(commands, "", "|");
    typist_begin(&t, (struct line_options){.limit = 9, .completer = &completer, .is_hidden = true});
    typist_type(&t, "cap\t");
    typist_expect(&t, "cap|");
}

static void a_line_that_something_is_written_over_shows_no_table(void **state)
{
    (void)state;
    keys_make(commands, "", "|");
    line_hide(&t.line);
    typist_type(&t, "c\t\t");
    typist_expect_sent(&t, "\a");
    line_show(&t.line);
    typist_expect(&t, "ca|");
}

static void a_name_goes_without_what_does_not_fit_behind_it(void **state)
{
    static const char *const names[] = {"a name of thirty characters ok", NULL};
    static const struct line_completer plain = {&knower, find, name, 0};

    (void)state;
    keys_make(names, "a\t", "a name of thirty characters ok|");
    typist_begin(&t, (struct line_options){.limit = 60, .completer = &plain});
    typist_type(&t, "a\t");
    typist_expect(&t, "a name of thirty characters ok|");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_word_is_completed_as_far_as_its_candidates_agree),
        cmocka_unit_test(candidates_are_shown_in_columns),
        cmocka_unit_test(tables_of_any_names_are_bounded_and_harmless),
        cmocka_unit_test(a_completer_that_lies_completes_nothing),
        cmocka_unit_test(nothing_is_offered_without_a_completer_or_for_hidden_lines),
        cmocka_unit_test(a_line_that_something_is_written_over_shows_no_table),
        cmocka_unit_test(a_name_goes_without_what_does_not_fit_behind_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
