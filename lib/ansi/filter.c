// SPDX-License-Identifier: Apache-2.0
//
// The filter: a state for each kind of sequence (ECMA-48 5.4, 8.3; strings: 5.6). A control inside
// a sequence ends it, and counts for itself, as on a terminal: so nothing that is never finished
// can swallow what comes later for good. Strings end at a line feed, too, and after
// ANSI_STRING_MAX bytes.
#include "lib/ansi/ansi.h"

#include <string.h>

#include "lib/json/utf8.h"
#include "lib/line/width.h"

enum { BELL = 7, BACKSPACE = 8, ESCAPE = 0x1b, DELETE = 0x7f, FIRST_MULTIBYTE = 0x80 };

enum state {
    STATE_TEXT,      // `held` has a character that is not complete
    STATE_ESCAPE,    // behind ESC
    STATE_PARAMETER, // behind CSI
    STATE_PASS,      // a CSI that is refused, up to its final byte
    STATE_STRING,    // a string, up to its end
    STATE_CHARSET,   // ESC and an intermediate, up to the final byte
};

static const char refused[] = "\xef\xbf\xbd"; // U+FFFD

static size_t put_refused(char *out)
{
    memcpy(out, refused, sizeof(refused) - 1);
    return sizeof(refused) - 1;
}

void ansi_filter_init(struct ansi_filter *filter, enum ansi_level level)
{
    *filter = (struct ansi_filter){.level = level, .state = STATE_TEXT};
}

static void enter(struct ansi_filter *filter, enum state state)
{
    filter->state = (uint8_t)state;
    filter->held_size = 0;
}

static size_t control(struct ansi_filter *filter, uint8_t byte, char *out)
{
    bool is_move = byte == '\r' || byte == BACKSPACE;

    if (byte == ESCAPE) {
        enter(filter, STATE_ESCAPE);
        return 0;
    }
    enter(filter, STATE_TEXT);
    if (byte == '\n') {
        memcpy(out, "\r\n", 2);
        return 2;
    }
    if (byte == '\t' || byte == BELL || (is_move && filter->level == ANSI_SCREEN)) {
        out[0] = (char)byte;
        return 1;
    }
    return byte == '\r' ? 0 : put_refused(out); // CR LF is a line feed
}

// The first bytes of `held` that can't become a character: at least one is refused.
static size_t character(struct ansi_filter *filter, char *out)
{
    size_t size = utf8_size(filter->held, filter->held_size);
    uint8_t first = (uint8_t)filter->held[0];
    size_t expected = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;

    if (size > 0) {
        bool is_hostile = width_of(utf8_code(filter->held, size)) == WIDTH_HOSTILE;
        filter->held_size = 0;
        if (is_hostile)
            return put_refused(out);
        memcpy(out, filter->held, size);
        return size;
    }
    if (first < 0xc2 || first > 0xf4 || filter->held_size == expected) {
        filter->held_size = 0;
        return put_refused(out);
    }
    return 0;
}

static size_t text(struct ansi_filter *filter, uint8_t byte, char *out)
{
    size_t size = 0;

    if (filter->held_size > 0 && (byte & 0xc0) != 0x80) {
        filter->held_size = 0; // it ends before it was complete
        size = put_refused(out);
    }
    if (byte < ' ' || byte == DELETE)
        return size + control(filter, byte, out + size);
    if (byte < FIRST_MULTIBYTE) {
        out[size] = (char)byte;
        return size + 1;
    }
    filter->held[filter->held_size++] = (char)byte;
    return size + character(filter, out + size);
}

static size_t escape(struct ansi_filter *filter, uint8_t byte, char *out)
{
    (void)out;
    if (byte == '[')
        enter(filter, STATE_PARAMETER);
    else if (byte == ']' || byte == 'P' || byte == 'X' || byte == '^' || byte == '_')
        enter(filter, STATE_STRING);
    else if (byte < '0')
        enter(filter, STATE_CHARSET);
    else
        enter(filter, STATE_TEXT);
    return filter->state == STATE_TEXT ? put_refused(out) : 0;
}

static bool is_allowed(const struct ansi_filter *filter, uint8_t final)
{
    static const char moves[] = "ABCDEFGHdfJK@LMPX";

    if (final == 'm')
        return filter->level != ANSI_TEXT;
    for (size_t i = 0; i + 1 < sizeof(moves); i++) {
        if (moves[i] == (char) final)
            return filter->level == ANSI_SCREEN;
    }
    return false;
}

// Digits and semicolons; colons only where colours have them. No number of more than four digits:
// what a terminal repeats so often is an attack.
static bool is_good_parameter(const struct ansi_filter *filter, uint8_t byte)
{
    uint32_t digits = 0;

    if (byte == ';' || byte == ':')
        return true;
    if (byte < '0' || byte > '9')
        return false;
    for (uint32_t i = filter->held_size; i > 0; i--, digits++) {
        if (filter->held[i - 1] > '9')
            break;
    }
    return digits < 4;
}

static size_t parameter(struct ansi_filter *filter, uint8_t byte, char *out)
{
    size_t size = filter->held_size;

    if (byte < '@') {
        if (size + 3 >= sizeof(filter->held) || !is_good_parameter(filter, byte))
            enter(filter, STATE_PASS);
        else
            filter->held[filter->held_size++] = (char)byte;
        return 0;
    }
    enter(filter, STATE_TEXT);
    if (!is_allowed(filter, byte))
        return put_refused(out);
    if (byte == 'm')
        filter->has_style = size > 0 && !(size == 1 && filter->held[0] == '0');
    memcpy(out, "\33[", 2);
    memcpy(out + 2, filter->held, size);
    out[2 + size] = (char)byte;
    return size + 3;
}

static size_t pass(struct ansi_filter *filter, uint8_t byte, char *out)
{
    if (byte < '@')
        return 0;
    enter(filter, STATE_TEXT);
    return put_refused(out);
}

static size_t string(struct ansi_filter *filter, uint8_t byte, char *out)
{
    (void)byte;
    if (++filter->held_size < ANSI_STRING_MAX)
        return 0;
    enter(filter, STATE_TEXT);
    return put_refused(out);
}

static size_t charset(struct ansi_filter *filter, uint8_t byte, char *out)
{
    if (byte < '0')
        return 0;
    enter(filter, STATE_TEXT);
    return put_refused(out);
}

size_t ansi_filter_step(struct ansi_filter *filter, uint8_t byte, char out[ANSI_STEP_MAX])
{
    static size_t (*const steps[])(struct ansi_filter *, uint8_t, char *) = {
        [STATE_TEXT] = text, [STATE_ESCAPE] = escape, [STATE_PARAMETER] = parameter,
        [STATE_PASS] = pass, [STATE_STRING] = string, [STATE_CHARSET] = charset,
    };

    if (filter->state != STATE_TEXT && (byte < ' ' || byte >= DELETE)) {
        if (byte >= FIRST_MULTIBYTE && filter->state == STATE_STRING)
            return string(filter, byte, out);
        // The end of a string is ESC \, whose refusal stands for the string's.
        bool says_itself = byte == ESCAPE && filter->state == STATE_STRING;
        size_t size = says_itself ? 0 : put_refused(out);
        enter(filter, STATE_TEXT);
        if (byte == BELL || byte == DELETE)
            return size;
        return size + text(filter, byte, out + size);
    }
    return steps[filter->state](filter, byte, out);
}

size_t ansi_filter_end(struct ansi_filter *filter, char out[ANSI_STEP_MAX])
{
    size_t size = 0;

    if (filter->state != STATE_TEXT || filter->held_size > 0)
        size = put_refused(out);
    if (filter->has_style) {
        const char *plain = ansi_style(ANSI_PLAIN);
        memcpy(out + size, plain, strlen(plain));
        size += strlen(plain);
    }
    ansi_filter_init(filter, filter->level);
    return size;
}
