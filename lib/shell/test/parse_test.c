// SPDX-License-Identifier: Apache-2.0
#include "lib/shell/parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct shell_script script;
static struct shell_problem problem;

static enum shell_verdict parse(const char *text)
{
    return shell_parse(&script, text, strlen(text), &problem);
}

// What was read, in one line: words in brackets, jumps as numbers.
static const char *shown(void)
{
    static char out[4096];
    static const char marks[] = {[SHELL_BARE] = '\'',
                                 [SHELL_QUOTED] = '"',
                                 [SHELL_VARIABLE] = '$',
                                 [SHELL_CAPABILITY] = '@'};
    size_t at = 0;
    out[0] = 0;
    for (uint32_t i = 0; i < script.statement_count; i++) {
        const struct shell_statement *statement = &script.statements[i];
        const char *kinds[] = {"", "if ", "if= ", "if! ", "jump"};
        at += (size_t)sprintf(out + at, "%s%u %s", i == 0 ? "" : " | ", i, kinds[statement->kind]);
        if (statement->kind != SHELL_COMMAND) {
            at += (size_t)sprintf(out + at, "(%u)", statement->next);
        }
        const uint32_t parts[][2] = {{statement->words, statement->word_count},
                                     {statement->only, statement->only_count},
                                     {statement->grants, 2 * statement->grant_count},
                                     {statement->result, statement->result_count}};
        const char *names[] = {"", " only", " with", " to"};
        for (uint32_t part = 0; part < 4; part++) {
            at += (size_t)sprintf(out + at, "%s", parts[part][1] == 0 ? "" : names[part]);
            for (uint32_t w = 0; w < parts[part][1]; w++) {
                const struct shell_word *word = &script.words[parts[part][0] + w];
                at += (size_t)sprintf(out + at, " %s%c%.*s%s", word->is_client ? "client " : "",
                                      marks[word->kind], (int)word->size, word->text,
                                      word->is_named ? ":" : "");
            }
        }
    }
    return out;
}

static void reads(const char *text, const char *as)
{
    enum shell_verdict verdict = parse(text);
    if (verdict != SHELL_WELL) {
        print_message("%s: %u:%u %s\n", text, problem.line, problem.column, problem.sentence);
    }
    assert_int_equal(verdict, SHELL_WELL);
    assert_string_equal(shown(), as);
}

static void refuses(const char *text, enum shell_verdict verdict, uint32_t line, uint32_t column,
                    const char *sentence)
{
    assert_int_equal(parse(text), verdict);
    assert_string_equal(problem.sentence, sentence);
    assert_int_equal(problem.line, line);
    assert_int_equal(problem.column, column);
    assert_int_equal(script.statement_count, 0);
}

static void commands_are_words_and_end_at_lines_and_semicolons(void **state)
{
    (void)state;
    reads("", "");
    reads(" ;; \n; # nothing\n", "");
    reads("caps", "0  'caps");
    reads("call timer now", "0  'call 'timer 'now");
    reads("a;b\nc # d ; e\nf#g", "0  'a | 1  'b | 2  'c | 3  'f#g");
    reads("sleep 10m ; x -y --json", "0  'sleep '10m | 1  'x '-y '--json");
}

static void quotes_escapes_and_names_are_told_apart(void **state)
{
    (void)state;
    reads("say \"a b\" '$x' $x @y \"\"", "0  'say \"a b \"$x $x @y \"");
    reads("say \"a\\\"\\\\\\t\\n'\" '\\n'", "0  'say \"a\"\\\t\n' \"\\n");
    reads("say \"zwei\nZeilen\"", "0  'say \"zwei\nZeilen");
    reads("say $a.code;x", "0  'say $a.code | 1  'x");
}

static void brackets_are_one_word(void **state)
{
    (void)state;
    reads("call a b (x = [1, 2], y = \"; )\\\"\") [3]",
          "0  'call 'a 'b '(x = [1, 2], y = \"; )\\\"\") '[3]");
    reads("call a b x: (y = 1)", "0  'call 'a 'b 'x: '(y = 1)");
}

static void only_with_and_result_stand_behind_the_words(void **state)
{
    (void)state;
    reads("facet $adv only { look, status } -> $view",
          "0  'facet $adv only 'look 'status to $view");
    reads("run \"c\" with { stdio: client @stdio,\n chat: @chat, } -> $c",
          "0  'run \"c with 'stdio client @stdio 'chat @chat to $c");
    reads("run c with {} -> $c; d", "0  'run 'c to $c | 1  'd");
    reads("run client with { client: client client }",
          "0  'run 'client with 'client client 'client");
}

static void conditions_lead_behind_their_branches(void **state)
{
    (void)state;
    reads("if a { b }; c", "0 if (2) 'a | 1  'b | 2  'c");
    reads("if $x == 0 { b } else { c; d }; e",
          "0 if= (3) $x '== '0 | 1  'b | 2 jump(5) | 3  'c | 4  'd | 5  'e");
    reads("if a != b {\n c\n}\nelse_is_a_command",
          "0 if! (2) 'a '!= 'b | 1  'c | 2  'else_is_a_command");
    reads("if a { b } else if c { d } else { e }",
          "0 if (3) 'a | 1  'b | 2 jump(7) | 3 if (6) 'c | 4  'd | 5 jump(7) | 6  'e");
    reads("if a { if b { c } }; d", "0 if (3) 'a | 1 if (3) 'b | 2  'c | 3  'd");
    reads("if a {} else {}", "0 if (2) 'a | 1 jump(2)");
}

static void what_is_wrong_is_said_with_its_place(void **state)
{
    (void)state;
    refuses("say \"a\"b", SHELL_WRONG, 1, 8, "a blank is missing behind the quote");
    refuses("say \"\\x\"", SHELL_WRONG, 1, 7, "behind \\ stands one of \" \\ n t");
    refuses("a\n  }", SHELL_WRONG, 2, 3, "this } closes nothing");
    refuses("a { b }", SHELL_WRONG, 1, 3, "a command ends here: this can't follow");
    refuses("a ) b", SHELL_WRONG, 1, 3, "this closes a bracket that is not open");
    refuses("a (]", SHELL_WRONG, 1, 4, "this closes a bracket of another kind");
    refuses("a $", SHELL_WRONG, 1, 3, "a name is 1 to 31 of: letters, digits, - _ .");
    refuses("a @b!", SHELL_WRONG, 1, 5,
            "a name ends here: a blank is missing, or this is not of it");
    refuses("\303\244\303\266 \001", SHELL_WRONG, 1, 4,
            "a control character; quote it if it is meant");
    refuses("a -> b", SHELL_WRONG, 1, 6, "behind -> stands a variable, such as $it `b`");
    refuses("a -> $b c", SHELL_WRONG, 1, 9,
            "words stand before only, with and ->, not behind them: `c`");
    refuses("run a with { b }", SHELL_WRONG, 1, 16, "a : is missing behind the name");
    refuses("run a with { b: }", SHELL_WRONG, 1, 17,
            "what is granted is missing here, such as @timer");
    refuses("run a with b", SHELL_WRONG, 1, 12, "a { is missing here `b`");
    refuses("run a with { b: @c d: @e }", SHELL_WRONG, 1, 20, "a , or } is missing here `d`");
    refuses("if a b", SHELL_UNFINISHED, 1, 7, "a { is missing behind the condition");
    refuses("if { b }", SHELL_WRONG, 1, 4, "a command is missing here");
    refuses("if a { b } c", SHELL_WRONG, 1, 12, "a ; is missing behind the } `c`");
    refuses(": a", SHELL_WRONG, 1, 1, "a command is missing here");
    refuses("with { a: @b }", SHELL_WRONG, 1, 15, "a command is missing here");
}

static void text_that_ends_too_early_is_unfinished(void **state)
{
    (void)state;
    refuses("say \"a", SHELL_UNFINISHED, 1, 5, "this quote is not closed");
    refuses("say \"a\\", SHELL_UNFINISHED, 1, 5, "this quote is not closed");
    refuses("say (a \"", SHELL_UNFINISHED, 1, 5, "this bracket is not closed");
    refuses("if a {\n b", SHELL_UNFINISHED, 1, 6, "this { is not closed");
    refuses("run a with {", SHELL_UNFINISHED, 1, 13, "a name is missing here");
    refuses("run a with { b: @c", SHELL_UNFINISHED, 1, 19, "a , or } is missing here");
}

static void limits_are_said(void **state)
{
    (void)state;
    static char text[SHELL_TEXT_MAX + 2];
    memset(text, 'a', SHELL_TEXT_MAX + 1);
    refuses(text, SHELL_WRONG, 1, 1, "too long: 8,192 bytes at most; split it");
    text[SHELL_TEXT_MAX] = 0;
    assert_int_equal(parse(text), SHELL_WELL);
    for (size_t i = 0; i < SHELL_TEXT_MAX; i++) {
        text[i] = i % 2 == 0 ? 'a' : ' ';
    }
    refuses(text, SHELL_WRONG, 1, 2049, "too many words: 1,024 at most; split it, before `a`");
    for (size_t i = 0; i < SHELL_TEXT_MAX; i++) {
        text[i] = i % 2 == 0 ? 'a' : ';';
    }
    refuses(text, SHELL_WRONG, 1, 513, "too many statements: 256 at most; split it `a`");
    memset(text, '(', SHELL_TEXT_MAX);
    refuses(text, SHELL_WRONG, 1, 17, "brackets are at most 16 deep");
    text[0] = 0;
    for (uint32_t i = 0; i < 17; i++) {
        strcat(text, "if a { ");
    }
    refuses(text, SHELL_WRONG, 1, 118, "braces are at most 16 deep");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_are_words_and_end_at_lines_and_semicolons),
        cmocka_unit_test(quotes_escapes_and_names_are_told_apart),
        cmocka_unit_test(brackets_are_one_word),
        cmocka_unit_test(only_with_and_result_stand_behind_the_words),
        cmocka_unit_test(conditions_lead_behind_their_branches),
        cmocka_unit_test(what_is_wrong_is_said_with_its_place),
        cmocka_unit_test(text_that_ends_too_early_is_unfinished),
        cmocka_unit_test(limits_are_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
