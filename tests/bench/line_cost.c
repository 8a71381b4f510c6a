// SPDX-License-Identifier: Apache-2.0
//
// Keys that a line editor is asked to be quick at, once each, for line_test.py, which counts the
// instructions of each call of line_feed() and knows the cases by their order, in which their names
// and limits are printed.
#include <stdio.h>
#include <string.h>

#include "lib/line/line.h"

enum { LIMIT = 4096, NAMES = 500, PLAIN = 10000, TABLE = 2000000 };

static struct line line;
static char memory[LINE_MEMORY_PARTS * LIMIT], history_bytes[16384];
static char names[NAMES][24];
static size_t sent;

static void put(void *context, const char *bytes, size_t size)
{
    (void)context;
    (void)bytes;
    sent += size;
}

static size_t find(void *context, const char *text, size_t cursor, size_t *word)
{
    (void)context;
    (void)text;
    *word = cursor;
    return NAMES;
}

static const char *name(void *context, size_t index, size_t *size)
{
    (void)context;
    *size = strlen(names[index]);
    return names[index];
}

static const struct line_completer completer = {NULL, find, name, ' '};
static struct line_history history;

// Everything is fed by the call that counts: what prepares for it is a case of its own.
static void feed(const char *what, unsigned limit, const char *keys)
{
    enum line_event event;

    sent = 0;
    line_feed(&line, keys, strlen(keys), &event);
    printf("%s, %zu bytes sent|%u\n", what, sent, limit);
}

static void begin(void)
{
    const struct line_options options = {.prompt = "\33[32mtessera\33[0m$ ",
                                         .prompt_size = 18,
                                         .limit = LIMIT,
                                         .history = &history,
                                         .completer = &completer};

    line_begin(&line, &options);
}

int main(void)
{
    static char text[3001];

    memset(text, 'x', sizeof(text) - 1);
    for (size_t i = 0; i < NAMES; i++)
        snprintf(names[i], sizeof(names[i]), "%c-capability-%03zu", (char)('a' + i % 26), i);
    line_init(&line, memory, sizeof(memory), (struct line_sink){put, NULL});
    line_history_init(&history, history_bytes, sizeof(history_bytes));
    line_resize(&line, 80, 200);
    for (int i = 0; i < 400; i++)
        line_history_add(&history, text, 30 + (size_t)(i % 2));
    begin();
    feed("the first character", PLAIN, "a");
    feed("a character", PLAIN, "b");
    feed("a wide character", PLAIN, "日");
    feed("a combining character", PLAIN, "\xcc\x81");
    feed("backspace", PLAIN, "\177");
    feed("left", PLAIN, "\2");
    feed("right", PLAIN, "\6");
    feed("to the beginning", PLAIN, "\1");
    feed("a character before others", PLAIN, "c");
    feed("kill, yank", PLAIN, "\13\31");
    feed("undo", PLAIN, "\37");
    feed("the history's newest line", PLAIN, "\25\20");
    feed("search all of the history", TABLE, "\25\22yz");
    feed("leave the search", PLAIN, "\7");
    feed("3,000 characters at once", TABLE, text);
    feed("a character behind 3,000", PLAIN, "a");
    feed("backspace behind 3,000", PLAIN, "\177");
    feed("a character before 3,000", TABLE, "\1b");
    feed("to the end of 3,000", 3 * PLAIN, "\5");
    feed("enter", 2 * PLAIN, "\r");
    line_close(&line);
    begin();
    feed("a table of 500 names", TABLE, "\t");
    return 0;
}
