// SPDX-License-Identifier: Apache-2.0
//
// One session, step by step: who reads, who writes, what is typed for whom, and how it ends.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "system/terminal/session/session.h"

enum { OUT_MAX = 1 << 20 };

// What happened, as words: "0:line hello", "1:turn", ...
static char happened[4096];
static char sent[OUT_MAX];
static struct session session;
static struct session_memory memory;

static void note(const char *format, ...)
{
    size_t length = strlen(happened);
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(happened + length, sizeof(happened) - length, format, arguments);
    va_end(arguments);
}

static void answer(void *context, uint32_t holder, enum session_outcome outcome, const char *text,
                   size_t size)
{
    static const char *const names[] = {"line ", "cancelled", "end", "lost", "gone"};

    assert_ptr_equal(context, &session);
    note("%u:%s%.*s;", (unsigned)holder, names[outcome], (int)size, text);
}

static void turn(void *context, uint32_t holder)
{
    (void)context;
    note("%u:turn;", (unsigned)holder);
}

static void interrupt(void *context, uint32_t holder)
{
    (void)context;
    note("%u:interrupt;", (unsigned)holder);
}

static void resized(void *context, uint32_t columns, uint32_t rows)
{
    (void)context;
    note("%ux%u;", (unsigned)columns, (unsigned)rows);
}

static int begin(void **state)
{
    const struct session_calls calls = {&session, answer, turn, interrupt, resized};

    (void)state;
    memset(&memory, 0xee, sizeof(memory));
    session_open(&session, &memory, &calls);
    happened[0] = 0;
    return 0;
}

// The terminal takes all that there is, in pieces.
static const char *drain(void)
{
    const char *bytes;
    size_t size, all = 0;

    while ((size = session_output(&session, &bytes)) > 0) {
        size_t part = size < 1000 ? size : 1000;
        assert_true(all + part < OUT_MAX);
        memcpy(sent + all, bytes, part);
        all += part;
        session_sent(&session, part);
    }
    sent[all] = 0;
    return sent;
}

static void type(const char *keys)
{
    assert_int_equal(session_input(&session, keys, strlen(keys)), strlen(keys));
}

static enum session_status reads(uint32_t holder, bool is_hidden, size_t limit)
{
    return session_read(&session, holder, "> ", 2, is_hidden, limit);
}

static void writes(uint32_t holder, const char *text)
{
    enum session_status status;

    assert_int_equal(session_write(&session, holder, text, strlen(text), &status), strlen(text));
    assert_int_equal(status, SESSION_OK);
}

static uint32_t lent(uint32_t lender, bool with_foreground)
{
    uint32_t holder = 99;

    assert_int_equal(session_lend(&session, lender, with_foreground, &holder), SESSION_OK);
    return holder;
}

static void expect(const char *what)
{
    assert_string_equal(happened, what);
    happened[0] = 0;
}

static bool is_in(const void *where, size_t size, const char *word)
{
    for (size_t i = 0; i + strlen(word) <= size; i++) {
        if (memcmp((const char *)where + i, word, strlen(word)) == 0)
            return true;
    }
    return false;
}

static void a_line_is_read_and_answered(void **state)
{
    (void)state;
    assert_int_equal(reads(0, false, 100), SESSION_OK);
    assert_string_equal(drain(), "\33[?2004h> ");
    type("hello\r");
    expect("0:line hello;");
    assert_string_equal(drain(), "hello\r\n\33[?2004l");
    assert_int_equal(reads(0, false, 100), SESSION_OK);
    type("\4");
    expect("0:end;");
    assert_int_equal(reads(0, false, 100), SESSION_OK);
    type("abc\3");
    expect("0:cancelled;");
    assert_int_equal(reads(0, false, 100), SESSION_OK);
    type("abc");
    assert_int_equal(session_cancel(&session, 0), SESSION_OK);
    expect("0:cancelled;");
    assert_int_equal(session_cancel(&session, 0), SESSION_NOTHING);
    assert_false(is_in(&memory.line, sizeof(memory.line), "abc"));
}

static void reads_are_refused_with_the_reason(void **state)
{
    uint32_t child;

    (void)state;
    assert_int_equal(reads(0, false, 0), SESSION_BAD_LIMIT);
    assert_int_equal(reads(0, false, SESSION_LIMIT_MAX + 1), SESSION_BAD_LIMIT);
    assert_int_equal(reads(7, false, 1), SESSION_NO_HOLDER);
    assert_int_equal(reads(SESSION_HOLDERS_MAX, false, 1), SESSION_NO_HOLDER);
    assert_int_equal(reads(0, false, SESSION_LIMIT_MAX), SESSION_OK);
    assert_int_equal(reads(0, false, 1), SESSION_BUSY);
    child = lent(0, false);
    assert_int_equal(reads(child, false, 1), SESSION_NOT_FOREGROUND);
    assert_int_equal(session_cancel(&session, child), SESSION_NOTHING);
    assert_int_equal(session_cancel(&session, 9), SESSION_NO_HOLDER);
    session_close(&session);
    assert_int_equal(reads(0, false, 1), SESSION_CLOSED);
    for (int status = 0; status < SESSION_STATUS_COUNT; status++)
        assert_true(strlen(session_status_text((enum session_status)status)) > 3);
}

static void the_foreground_is_lent_and_comes_back(void **state)
{
    uint32_t child, grandchild, other;

    (void)state;
    assert_int_equal(reads(0, false, 10), SESSION_OK);
    type("typed for 0");
    child = lent(0, true);
    expect("0:lost;");
    assert_int_equal(reads(0, false, 10), SESSION_NOT_FOREGROUND);
    assert_int_equal(session_lend(&session, 0, true, &other), SESSION_NOT_FOREGROUND);
    assert_int_equal(reads(child, false, 10), SESSION_OK);
    type("mine\r");
    expect("1:line mine;");
    grandchild = lent(child, true);
    assert_int_equal(reads(grandchild, false, 10), SESSION_OK);
    assert_int_equal(session_drop(&session, child), SESSION_OK); // not who has it
    type("still\r");
    expect("2:line still;");
    assert_int_equal(reads(grandchild, false, 10), SESSION_OK);
    assert_int_equal(session_drop(&session, grandchild), SESSION_OK);
    expect("");
    assert_int_equal(reads(0, false, 10), SESSION_OK);
    type("back\r");
    expect("0:line back;");
}

static void the_foreground_is_reclaimed(void **state)
{
    uint32_t child = lent(0, true), grandchild = lent(child, true), other;

    (void)state;
    assert_int_equal(reads(grandchild, false, 10), SESSION_OK);
    type("half");
    assert_int_equal(session_reclaim(&session, 0), SESSION_OK);
    expect("2:lost;");
    assert_int_equal(reads(grandchild, false, 10), SESSION_NOT_FOREGROUND);
    assert_int_equal(session_reclaim(&session, 0), SESSION_NOTHING);
    assert_int_equal(session_reclaim(&session, grandchild), SESSION_NOT_FOREGROUND);
    assert_int_equal(session_reclaim(&session, 5), SESSION_NO_HOLDER);
    other = lent(0, true);
    assert_int_equal(session_reclaim(&session, child), SESSION_NOT_FOREGROUND);
    assert_int_equal(session_drop(&session, other), SESSION_OK);
    assert_int_equal(session_drop(&session, other), SESSION_NO_HOLDER);
}

static void what_a_holder_left_in_a_row_is_ended_when_it_goes(void **state)
{
    enum session_status status;
    uint32_t child = lent(0, true);

    (void)state;
    assert_int_equal(session_write(&session, child, "half", 4, &status), 4);
    assert_int_equal(session_drop(&session, child), SESSION_OK);
    assert_int_equal(session_write(&session, 0, "told", 4, &status), 4);
    assert_string_equal(drain(), "half\r\ntold");
}

static void holders_are_counted(void **state)
{
    uint32_t holder;

    (void)state;
    for (uint32_t i = 1; i < SESSION_HOLDERS_MAX; i++)
        assert_int_equal(lent(0, false), i);
    assert_int_equal(session_lend(&session, 0, false, &holder), SESSION_NO_ROOM);
    assert_int_equal(session_drop(&session, 3), SESSION_OK);
    assert_int_equal(lent(0, false), 3);
    assert_int_equal(session_lend(&session, 99, false, &holder), SESSION_NO_HOLDER);
}

static void what_is_typed_ahead_waits_for_the_same_holder(void **state)
{
    uint32_t child;

    (void)state;
    type("one\rtw");
    assert_int_equal(reads(0, false, 10), SESSION_OK);
    expect("0:line one;");
    assert_int_equal(reads(0, false, 10), SESSION_OK);
    type("o\rthree\r");
    expect("0:line two;");
    child = lent(0, true);
    assert_int_equal(reads(child, false, 10), SESSION_OK);
    type("x\r");
    expect("1:line x;");
    type("for the child\r");
    assert_int_equal(session_drop(&session, child), SESSION_OK);
    assert_int_equal(reads(0, false, 10), SESSION_OK);
    type("y\r");
    expect("0:line y;");
}

static void hidden_lines_take_nothing_that_was_typed_before_and_leave_nothing(void **state)
{
    (void)state;
    type("early\r");
    assert_int_equal(reads(0, true, 20), SESSION_OK);
    drain();
    type("secret");
    assert_string_equal(drain(), "");
    type("\rsecret again");
    expect("0:line secret;");
    assert_int_equal(reads(0, false, 20), SESSION_OK);
    type("x\r");
    expect("0:line x;");
    assert_false(is_in(&memory, sizeof(memory), "secret"));
    assert_false(is_in(&session, sizeof(session), "secret"));
}

static void what_is_typed_ahead_is_bounded_and_dropped_with_what_it_follows(void **state)
{
    char many[400];

    (void)state;
    memset(many, 'x', sizeof(many));
    assert_int_equal(session_input(&session, many, sizeof(many)), sizeof(many));
    assert_int_equal(session.ahead_size, SESSION_AHEAD_MAX);
    type("\3");
    expect("0:interrupt;");
    type("caps\r");
    assert_int_equal(reads(0, false, 10), SESSION_OK);
    expect("0:line caps;");
    // After a line that was cancelled, or the end of input, nothing waits.
    type("\4b");
    assert_int_equal(reads(0, false, 10), SESSION_OK);
    expect("0:end;");
    assert_int_equal(reads(0, false, 10), SESSION_OK);
    type("\4ls\r");
    assert_int_equal(reads(0, false, 10), SESSION_OK);
    type("z\3ls\r");
    assert_int_equal(reads(0, false, 10), SESSION_OK);
    type("q\r");
    expect("0:end;0:cancelled;0:line q;");
}

static void output_is_filtered_by_who_writes_and_when(void **state)
{
    uint32_t child = lent(0, false);

    (void)state;
    writes(0, "\33[2Jhello\33]0;x\a\n");
    assert_string_equal(drain(), "\33[2Jhello\xef\xbf\xbd\r\n");
    writes(child, "\33[2Jx\n");
    assert_string_equal(drain(), "\xef\xbf\xbdx\r\n");
    writes(0, "\33[31mred");
    writes(child, "plain\n");
    assert_string_equal(drain(), "\33[31mred\33[0mplain\r\n");
    writes(0, "\33[31mred");
    assert_int_equal(reads(0, false, 10), SESSION_OK);
    assert_string_equal(drain(), "\33[31mred\33[0m\r\n\33[?2004h> ");
    writes(0, "\33[2J");
    assert_string_equal(drain(), "\r\33[J\xef\xbf\xbd\r\n> ");
    writes(child, "\33[1mx");
    assert_int_equal(session_drop(&session, child), SESSION_OK);
    assert_int_equal(session_cancel(&session, 0), SESSION_OK);
    drain();
    child = lent(0, true);
    writes(child, "\33[1mx\a\33[32m");
    assert_int_equal(session_drop(&session, child), SESSION_OK);
    assert_string_equal(drain(), "\33[1mx\a\33[32m\33[0m\r\n");
}

static void what_is_written_while_a_line_is_edited_appears_above_it(void **state)
{
    (void)state;
    assert_int_equal(reads(0, false, 10), SESSION_OK);
    type("ab");
    drain();
    writes(0, "news");
    assert_string_equal(drain(), "\r\33[Jnews\r\n> ab");
    writes(0, "more\n");
    assert_string_equal(drain(), "\r\33[Jmore\r\n> ab");
}

static void a_flooding_writer_leaves_room_for_keys_and_for_others(void **state)
{
    static char flood[SESSION_OUT_MAX];
    uint32_t child = lent(0, false);
    enum session_status status;
    size_t written = 0, part;

    (void)state;
    memset(flood, 'x', sizeof(flood));
    assert_int_equal(reads(0, false, 10), SESSION_OK);
    while ((part = session_write(&session, child, flood, sizeof(flood), &status)) > 0)
        written += part;
    assert_true(written >= SESSION_TURN && written < SESSION_OUT_MAX - 2 * SESSION_RESERVE);
    happened[0] = 0;
    type("keys\r");
    expect("0:line keys;");
    // Who waits longest is next; who has had its turn is behind the others.
    assert_int_equal(session_write(&session, 0, "mine", 4, &status), 0);
    drain();
    assert_int_equal(memcmp(happened, "1:turn;", 7), 0);
    assert_int_equal(session_write(&session, 0, "mine", 4, &status), 0);
    happened[0] = 0;
    assert_int_equal(session_write(&session, child, flood, sizeof(flood), &status), SESSION_TURN);
    expect("0:turn;");
    assert_int_equal(session_write(&session, 0, "mine", 4, &status), 4);
    expect("1:turn;");
    // Who doesn't want to any more gives its turn away.
    assert_int_equal(session_write(&session, 0, flood, sizeof(flood), &status), 0);
    assert_int_equal(session_write(&session, child, NULL, 0, &status), 0);
    expect("1:turn;0:turn;");
    assert_int_equal(session_write(&session, 9, "x", 1, &status), 0);
    assert_int_equal(status, SESSION_NO_HOLDER);
}

static void a_writer_that_is_dropped_leaves_the_queue(void **state)
{
    static char flood[SESSION_OUT_MAX];
    uint32_t one = lent(0, false), two = lent(0, false), three = lent(0, false);
    enum session_status status;

    (void)state;
    while (session_write(&session, 0, flood, sizeof(flood), &status) > 0)
        ;
    assert_int_equal(session_write(&session, one, "1", 1, &status), 0);
    assert_int_equal(session_write(&session, two, "2", 1, &status), 0);
    assert_int_equal(session_write(&session, three, "3", 1, &status), 0);
    assert_int_equal(session_drop(&session, two), SESSION_OK);
    assert_int_equal(session_drop(&session, three), SESSION_OK);
    assert_int_equal(session_write(&session, 0, NULL, 0, &status), 0);
    happened[0] = 0;
    drain();
    assert_int_equal(memcmp(happened, "1:turn;", 7), 0);
    writes(one, "1");
    assert_string_equal(drain(), "1");
}

static void a_terminal_that_takes_nothing_stops_keys_and_loses_nothing_of_the_line(void **state)
{
    size_t used = 0, part;

    (void)state;
    assert_int_equal(reads(0, false, 1000), SESSION_OK);
    while ((part = session_input(&session, "a\1", 2)) == 2)
        used += 1;
    assert_true(used > 100);
    while (session.out_size > 0) {
        drain();
        type("\5");
    }
    type("!\r");
    assert_int_equal(strlen(happened), 7 + used + part + 1 + 1);
}

static void what_did_not_fit_is_drawn_again(void **state)
{
    (void)state;
    assert_int_equal(reads(0, false, 1000), SESSION_OK);
    type("still here");
    for (uint32_t i = 0; i < SESSION_OUT_MAX && !session.is_torn; i++)
        session_resize(&session, 80 + i % 2, 24);
    assert_true(session.is_torn);
    assert_int_equal(session_input(&session, "x", 1), 0);
    assert_true(is_in(drain(), OUT_MAX, "\33[0m\r\n\33[?2004h> still here"));
    type("!\r");
    expect("0:line still here!;");
    // The same where nobody reads.
    for (uint32_t i = 0; i < SESSION_OUT_MAX && !session.is_torn; i++)
        session_ask_size(&session);
    drain();
    assert_false(session.is_torn);
}

static void what_was_typed_ahead_waits_for_room(void **state)
{
    (void)state;
    type("one\rtwo\r");
    for (uint32_t i = 0; i < SESSION_OUT_MAX && !session.is_torn; i++)
        session_ask_size(&session);
    assert_int_equal(reads(0, false, 10), SESSION_OK);
    expect("");
    assert_int_equal(session_input(&session, "three\r", 6), 0);
    drain();
    expect("0:line one;");
    assert_int_equal(session_input(&session, "three\r", 6), 6);
    assert_int_equal(reads(0, false, 10), SESSION_OK);
    expect("0:line two;");
}

static void the_session_ends_at_any_moment_and_nothing_stays(void **state)
{
    uint32_t child;
    enum session_status status;

    (void)state;
    assert_int_equal(reads(0, true, 100), SESSION_OK);
    type("secret\27\31");
    session_close(&session);
    session_close(&session);
    expect("0:gone;");
    drain();
    assert_false(is_in(&session, sizeof(session), "secret"));
    assert_false(is_in(&memory, sizeof(memory), "secret"));
    assert_int_equal(session_input(&session, "more\r", 5), 5);
    assert_int_equal(session_write(&session, 0, "x", 1, &status), 0);
    assert_int_equal(status, SESSION_CLOSED);
    assert_int_equal(session_lend(&session, 0, false, &child), SESSION_CLOSED);
    assert_int_equal(session_reclaim(&session, 0), SESSION_CLOSED);
    assert_int_equal(session_drop(&session, 0), SESSION_CLOSED);
    assert_int_equal(session_cancel(&session, 0), SESSION_CLOSED);
    assert_int_equal(session_resize(&session, 1, 1), SESSION_CLOSED);
    session_ask_size(&session);
    assert_string_equal(drain(), "");
    // Without its owner, too.
    begin(NULL);
    child = lent(0, true);
    assert_int_equal(reads(child, false, 100), SESSION_OK);
    type("secret");
    assert_int_equal(session_drop(&session, 0), SESSION_OK);
    expect("1:gone;");
}

static void only_the_owner_has_history_and_completion(void **state)
{
    uint32_t child;

    (void)state;
    assert_int_equal(reads(0, false, 100), SESSION_OK);
    type("secret of 0\r");
    child = lent(0, true);
    assert_int_equal(reads(child, false, 100), SESSION_OK);
    type("\20\t\r");
    expect("0:line secret of 0;1:line ;");
    assert_int_equal(session_reclaim(&session, 0), SESSION_OK);
    assert_int_equal(reads(0, false, 100), SESSION_OK);
    type("\20\r");
    expect("0:line secret of 0;");
}

static size_t find(void *context, const char *text, size_t cursor, size_t *word)
{
    (void)context;
    (void)text;
    *word = 0;
    return cursor > 0 ? 1 : 0;
}

static const char *name(void *context, size_t index, size_t *size)
{
    (void)context;
    (void)index;
    *size = 4;
    return "caps";
}

static void the_owner_completes_words(void **state)
{
    (void)state;
    session_complete(&session, &(struct line_completer){NULL, find, name, 0});
    assert_int_equal(reads(0, false, 100), SESSION_OK);
    type("c\t\r");
    expect("0:line caps;");
}

static void sizes_are_told_and_reported(void **state)
{
    (void)state;
    assert_int_equal(session_resize(&session, 132, 50), SESSION_OK);
    assert_int_equal(session.columns, 132);
    session_ask_size(&session);
    assert_string_equal(drain(), "\33[18t");
    assert_int_equal(reads(0, false, 100), SESSION_OK);
    type("a\33[8;30;100tb\r");
    expect("100x30;0:line ab;");
    assert_int_equal(session.rows, 30);
}

#define CLAIM(name) cmocka_unit_test_setup(name, begin)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(a_line_is_read_and_answered),
        CLAIM(reads_are_refused_with_the_reason),
        CLAIM(the_foreground_is_lent_and_comes_back),
        CLAIM(the_foreground_is_reclaimed),
        CLAIM(what_a_holder_left_in_a_row_is_ended_when_it_goes),
        CLAIM(holders_are_counted),
        CLAIM(what_is_typed_ahead_waits_for_the_same_holder),
        CLAIM(hidden_lines_take_nothing_that_was_typed_before_and_leave_nothing),
        CLAIM(what_is_typed_ahead_is_bounded_and_dropped_with_what_it_follows),
        CLAIM(output_is_filtered_by_who_writes_and_when),
        CLAIM(what_is_written_while_a_line_is_edited_appears_above_it),
        CLAIM(a_flooding_writer_leaves_room_for_keys_and_for_others),
        CLAIM(a_writer_that_is_dropped_leaves_the_queue),
        CLAIM(a_terminal_that_takes_nothing_stops_keys_and_loses_nothing_of_the_line),
        CLAIM(what_did_not_fit_is_drawn_again),
        CLAIM(what_was_typed_ahead_waits_for_room),
        CLAIM(the_session_ends_at_any_moment_and_nothing_stays),
        CLAIM(only_the_owner_has_history_and_completion),
        CLAIM(the_owner_completes_words),
        CLAIM(sizes_are_told_and_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
