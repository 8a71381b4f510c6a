// SPDX-License-Identifier: Apache-2.0
//
// Tries the line editor on the terminal that it is started in: what is entered is printed, until
// C-d. Words are completed from a list of commands.
//
//     line [--hidden] [--limit N] [--keep-invalid] [--cuts | --wraps]
//
// `hide` asks for a hidden line, `many` prints while the line is edited.
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "lib/line/line.h"

enum { LIMIT_MOST = 65536, HISTORY_SIZE = 65536, LIMIT_DEFAULT = 1024 };

static const char *const words[] = {
    "authority", "call", "caps",   "facet", "help",    "hide",   "inspect",
    "lease",     "log",  "many",   "mem",   "release", "revoke", "run",
    "spawn",     "top",  "uptime", "wait",  "größe",   "日本語",
};
enum { WORDS = sizeof(words) / sizeof(words[0]) };

struct found {
    const char *names[WORDS];
};

static char memory[LINE_MEMORY_PARTS * LIMIT_MOST];
static char history_bytes[HISTORY_SIZE];
static struct termios before;
static volatile sig_atomic_t was_resized;

static void put(void *context, const char *bytes, size_t size)
{
    (void)context;
    while (size > 0) {
        ssize_t written = write(STDOUT_FILENO, bytes, size);
        if (written < 0 && errno != EINTR)
            exit(1);
        if (written > 0) {
            bytes += written;
            size -= (size_t)written;
        }
    }
}

static size_t find(void *context, const char *text, size_t cursor, size_t *word)
{
    struct found *found = context;
    size_t count = 0;

    for (*word = cursor; *word > 0 && text[*word - 1] != ' '; (*word)--)
        ;
    for (size_t i = 0; i < WORDS; i++) {
        if (strncmp(words[i], text + *word, cursor - *word) == 0)
            found->names[count++] = words[i];
    }
    return count;
}

static const char *name(void *context, size_t index, size_t *size)
{
    struct found *found = context;

    *size = strlen(found->names[index]);
    return found->names[index];
}

static void restore(void)
{
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
}

static void raw(void)
{
    struct termios now;

    if (tcgetattr(STDIN_FILENO, &before) != 0) {
        fprintf(stderr, "line: standard input is no terminal; start it in one\n");
        exit(1);
    }
    now = before;
    now.c_iflag &= (tcflag_t) ~(BRKINT | ICRNL | INPCK | ISTRIP | IXON);
    now.c_oflag &= (tcflag_t)~OPOST;
    now.c_cflag |= CS8;
    now.c_lflag &= (tcflag_t) ~(ECHO | ICANON | IEXTEN | ISIG);
    atexit(restore);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &now);
}

static void on_resize(int number)
{
    (void)number;
    was_resized = 1;
}

static void take_size(struct line *line)
{
    struct winsize size;

    was_resized = 0;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
        line_resize(line, size.ws_col, size.ws_row);
}

static void show(const char *what, const char *text, size_t size)
{
    char out[256];

    for (size_t at = 0; at < size; at += 64) {
        int length = 0;
        for (size_t i = at; i < size && i < at + 64; i++)
            length += snprintf(out + length, sizeof(out) - (size_t)length,
                               text[i] >= ' ' && text[i] <= '~' ? "%c" : "\\x%02x",
                               (unsigned)(unsigned char)text[i]);
        put(NULL, at == 0 ? what : "  ", strlen(at == 0 ? what : "  "));
        put(NULL, out, (size_t)length);
        put(NULL, "\r\n", 2);
    }
    if (size == 0) {
        put(NULL, what, strlen(what));
        put(NULL, "\r\n", 2);
    }
}

static void print_while_editing(struct line *line)
{
    char out[64];

    for (int i = 1; i <= 3; i++) {
        line_hide(line);
        put(NULL, out, (size_t)snprintf(out, sizeof(out), "printed while editing: %d\r\n", i));
        line_show(line);
    }
}

static void begin(struct line *line, struct line_options options, bool is_hidden)
{
    static const char plain[] = "\33[32mline\33[0m$ ", hidden[] = "hidden: ";

    options.prompt = is_hidden ? hidden : plain;
    options.prompt_size = is_hidden ? sizeof(hidden) - 1 : sizeof(plain) - 1;
    options.is_hidden = is_hidden;
    line_begin(line, &options);
}

// Returns whether to go on.
static bool react(struct line *line, const struct line_options *options, enum line_event event)
{
    bool hides = false, prints = false;

    switch (event) {
    case LINE_MORE:
        return true;
    case LINE_RESIZED:
        return true;
    case LINE_DONE:
        show("= ", line->text, line->text_size);
        hides = line->text_size == 4 && memcmp(line->text, "hide", 4) == 0;
        prints = line->text_size == 4 && memcmp(line->text, "many", 4) == 0;
        break;
    case LINE_CANCELLED:
        break;
    case LINE_ENDED:
        return false;
    }
    line_close(line);
    begin(line, *options, hides || options->is_hidden);
    if (prints)
        print_while_editing(line);
    return true;
}

static bool options_take(struct line *line, struct line_options *options, int count, char **words_)
{
    for (int i = 1; i < count; i++) {
        if (strcmp(words_[i], "--hidden") == 0)
            options->is_hidden = true;
        else if (strcmp(words_[i], "--keep-invalid") == 0)
            options->keeps_invalid = true;
        else if (strcmp(words_[i], "--cuts") == 0)
            line->terminal = LINE_CUTS;
        else if (strcmp(words_[i], "--wraps") == 0)
            line->terminal = LINE_WRAPS;
        else if (strcmp(words_[i], "--limit") == 0 && i + 1 < count && atol(words_[i + 1]) > 0)
            options->limit = (size_t)atol(words_[++i]);
        else
            return false;
    }
    return true;
}

int main(int argument_count, char **arguments)
{
    struct found found;
    struct line_history history;
    const struct line_completer completer = {&found, find, name, ' '};
    struct line_options options = {
        .limit = LIMIT_DEFAULT, .history = &history, .completer = &completer};
    struct sigaction action = {.sa_handler = on_resize};
    struct line line;
    char bytes[4096];
    bool goes_on = true;

    line_init(&line, memory, sizeof(memory), (struct line_sink){put, NULL});
    line_history_init(&history, history_bytes, sizeof(history_bytes));
    if (!options_take(&line, &options, argument_count, arguments)) {
        fprintf(stderr, "usage: line [--hidden] [--limit N] [--keep-invalid] [--cuts | --wraps]\n");
        return 2;
    }
    raw();
    sigaction(SIGWINCH, &action, NULL);
    take_size(&line);
    begin(&line, options, options.is_hidden);
    while (goes_on) {
        ssize_t size = read(STDIN_FILENO, bytes, sizeof(bytes));
        if (size == 0 || (size < 0 && errno != EINTR))
            break;
        if (was_resized)
            take_size(&line);
        for (size_t at = 0; goes_on && size > 0 && at < (size_t)size;) {
            enum line_event event;
            at += line_feed(&line, bytes + at, (size_t)size - at, &event);
            goes_on = react(&line, &options, event);
        }
    }
    line_close(&line);
    return 0;
}
