// SPDX-License-Identifier: Apache-2.0
//
// From bytes to commands. Keys are control characters, ESC and a character (meta), or sequences
// (ECMA-48 5.4; xterm's "PC-Style Function Keys" and "VT220-Style Function Keys"; SS3 for keypads).
//
// Nothing that comes can take the keyboard away: a control character ends every sequence and counts
// for itself, numbers stop growing, strings that a terminal sends end after STRING_MAX bytes.
#include "lib/line/parts.h"

#include "lib/json/utf8.h"

enum {
    BACKSPACE = 8,
    ESCAPE = 0x1b,
    DELETE = 0x7f,
    FIRST_PRINTABLE = 0x20,
    FIRST_MULTIBYTE = 0x80,
    FIRST_FINAL = 0x40, // of a sequence
    LAST_C1 = 0x9f,
    NUMBERS_MAX = 3,
    NUMBER_MAX = 9999,
    STRING_MAX = 128,
    MODIFIERS_OF_WORDS = 2 | 4, // alt, control: in a parameter that is one more
    PASTE_BEGIN = 200,
    PASTE_END = 201,
    REPORT_SIZE = 8, // xterm: CSI 8 ; rows ; columns t
};

enum key_state {
    KEY_PLAIN,
    KEY_META,     // behind ESC
    KEY_SEQUENCE, // behind CSI
    KEY_KEYPAD,   // behind SS3
    KEY_STRING,   // behind OSC, DCS, SOS, PM, APC
    KEY_FUNCTION, // behind CSI [, which the console of Linux sends
};

// ---- Commands; false rings the bell ----

static bool go_to(struct line *line, size_t at)
{
    bool is_moved = line->cursor != at;

    line->cursor = at;
    return is_moved;
}

static bool key_start(struct line *line)
{
    line->cursor = 0;
    return true;
}

static bool key_end(struct line *line)
{
    line->cursor = line->text_size;
    return true;
}

static size_t before(const struct line *line)
{
    return line->cursor > 0 ? line_character_before(line->text, line->cursor) : 0;
}

static size_t behind(const struct line *line)
{
    if (line->cursor == line->text_size)
        return line->cursor;
    return line->cursor + line_character_at(line->text, line->text_size, line->cursor).size;
}

static bool key_left(struct line *line)
{
    return go_to(line, before(line));
}

static bool key_right(struct line *line)
{
    return go_to(line, behind(line));
}

static bool key_word_left(struct line *line)
{
    return go_to(line, line_word_before(line, line->cursor));
}

static bool key_word_right(struct line *line)
{
    return go_to(line, line_word_behind(line, line->cursor));
}

static bool key_rub_out(struct line *line)
{
    size_t at = before(line), cursor = line->cursor;

    line_replace(line, at, cursor, "", 0);
    return at < cursor;
}

static bool key_delete(struct line *line)
{
    size_t cursor = line->cursor, end = behind(line);

    line_replace(line, cursor, end, "", 0);
    return end > cursor;
}

static bool kill(struct line *line, size_t from, size_t to, bool is_backward)
{
    line_kill(line, from, to, is_backward);
    return from < to;
}

static bool key_kill_end(struct line *line)
{
    return kill(line, line->cursor, line->text_size, false);
}

static bool key_kill_start(struct line *line)
{
    return kill(line, 0, line->cursor, true);
}

static bool key_kill_to_blank(struct line *line)
{
    return kill(line, line_blank_before(line, line->cursor), line->cursor, true);
}

static bool key_kill_word(struct line *line)
{
    return kill(line, line->cursor, line_word_behind(line, line->cursor), false);
}

static bool key_kill_word_before(struct line *line)
{
    return kill(line, line_word_before(line, line->cursor), line->cursor, true);
}

static bool key_older(struct line *line)
{
    return line_recall(line, true);
}

static bool key_newer(struct line *line)
{
    return line_recall(line, false);
}

static bool key_search(struct line *line)
{
    if (line->options.history == NULL)
        return false;
    line_search_begin(line);
    return true;
}

static bool key_clear(struct line *line)
{
    line_clear_screen(line);
    return true;
}

static bool key_cancel(struct line *line)
{
    line_finish(line, LINE_CANCELLED);
    return true;
}

static bool key_delete_or_end(struct line *line)
{
    if (line->text_size > 0)
        return key_delete(line);
    line_finish(line, LINE_ENDED);
    return true;
}

static bool key_nothing(struct line *line)
{
    (void)line;
    return true;
}

static bool key_enter(struct line *line)
{
    if (line->is_over) {
        line_say(line, "The line was too long: it is dropped. C-_ brings back its beginning.",
                 true);
        return true;
    }
    line_finish(line, LINE_DONE);
    return true;
}

struct command {
    bool (*run)(struct line *line);
    enum line_kind kind;
};

#define CONTROL(letter) ((letter) - '@')

static const struct command controls[FIRST_MULTIBYTE] = {
    [CONTROL('A')] = {key_start, KIND_OTHER},
    [CONTROL('B')] = {key_left, KIND_OTHER},
    [CONTROL('C')] = {key_cancel, KIND_OTHER},
    [CONTROL('D')] = {key_delete_or_end, KIND_OTHER},
    [CONTROL('E')] = {key_end, KIND_OTHER},
    [CONTROL('F')] = {key_right, KIND_OTHER},
    [CONTROL('H')] = {key_rub_out, KIND_OTHER},
    [CONTROL('I')] = {line_complete, KIND_OTHER},
    [CONTROL('J')] = {key_enter, KIND_OTHER},
    [CONTROL('K')] = {key_kill_end, KIND_KILL},
    [CONTROL('L')] = {key_clear, KIND_OTHER},
    [CONTROL('M')] = {key_enter, KIND_OTHER},
    [CONTROL('N')] = {key_newer, KIND_RECALL},
    [CONTROL('P')] = {key_older, KIND_RECALL},
    [CONTROL('R')] = {key_search, KIND_OTHER},
    [CONTROL('S')] = {key_search, KIND_OTHER},
    [CONTROL('T')] = {line_transpose, KIND_OTHER},
    [CONTROL('U')] = {key_kill_start, KIND_KILL},
    [CONTROL('W')] = {key_kill_to_blank, KIND_KILL},
    [CONTROL('Y')] = {line_yank, KIND_YANK},
    [CONTROL('_')] = {line_undo, KIND_OTHER},
    [DELETE] = {key_rub_out, KIND_OTHER},
};

static const struct command metas[FIRST_MULTIBYTE] = {
    ['b'] = {key_word_left, KIND_OTHER},
    ['f'] = {key_word_right, KIND_OTHER},
    ['d'] = {key_kill_word, KIND_KILL},
    ['y'] = {line_yank_other, KIND_YANK},
    [BACKSPACE] = {key_kill_word_before, KIND_KILL},
    [DELETE] = {key_kill_word_before, KIND_KILL},
};

// The final byte of a sequence, and its first number where that tells; with alt or control.
static const struct {
    char final;
    uint16_t number;
    struct command plain, with_modifier;
} sequences[] = {
    {'A', 0, {key_older, KIND_RECALL}, {key_older, KIND_RECALL}},
    {'B', 0, {key_newer, KIND_RECALL}, {key_newer, KIND_RECALL}},
    {'C', 0, {key_right, KIND_OTHER}, {key_word_right, KIND_OTHER}},
    {'D', 0, {key_left, KIND_OTHER}, {key_word_left, KIND_OTHER}},
    {'c', 0, {key_word_right, KIND_OTHER}, {key_word_right, KIND_OTHER}}, // rxvt
    {'d', 0, {key_word_left, KIND_OTHER}, {key_word_left, KIND_OTHER}},
    {'F', 0, {key_end, KIND_OTHER}, {key_end, KIND_OTHER}},
    {'H', 0, {key_start, KIND_OTHER}, {key_start, KIND_OTHER}},
    {'~', 1, {key_start, KIND_OTHER}, {key_start, KIND_OTHER}},
    {'~', 3, {key_delete, KIND_OTHER}, {key_kill_word, KIND_KILL}},
    {'~', 4, {key_end, KIND_OTHER}, {key_end, KIND_OTHER}},
    {'~', 7, {key_start, KIND_OTHER}, {key_start, KIND_OTHER}},
    {'~', 8, {key_end, KIND_OTHER}, {key_end, KIND_OTHER}},
};

// In a search some keys are its own; all others end it first, with the line that is shown.
static bool search_run(struct line *line, bool (*run)(struct line *), uint8_t byte)
{
    bool is_newer = run == key_newer || byte == CONTROL('S');

    if (run == key_search || run == key_older || run == key_newer) {
        if (!line_search_next(line, !is_newer))
            line->rings = true;
    } else if (run == key_rub_out) {
        if (!line_search_shorten(line))
            line->rings = true;
    } else if (byte == CONTROL('G')) {
        line_search_end(line, false);
    } else {
        line_search_end(line, run != key_cancel);
        return false;
    }
    return true;
}

static void command_run(struct line *line, struct command command, uint8_t byte)
{
    line->state = KEY_PLAIN;
    if (command.run == NULL)
        command.run = key_nothing;
    if (line->is_searching && search_run(line, command.run, byte)) {
        line->last = KIND_OTHER;
        return;
    }
    if (!command.run(line)) {
        line->rings = true;
        if (command.kind == KIND_YANK)
            command.kind = KIND_OTHER; // there is nothing to yank instead of
    }
    line->is_over = false;
    line->last = (uint8_t)command.kind;
}

// ---- Text ----

static void enter_invalid(struct line *line)
{
    for (uint32_t i = 0; i < line->partial_size; i++) {
        if (line->options.keeps_invalid)
            line_enter_character(line, line->partial + i, 1);
        else
            line->rings = true;
    }
    line->partial_size = 0;
}

static void multibyte(struct line *line, uint8_t byte)
{
    line->partial[line->partial_size++] = (char)byte;
    uint8_t first = (uint8_t)line->partial[0];
    size_t size = utf8_size(line->partial, line->partial_size);
    size_t whole = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (size > 0) {
        if (utf8_code(line->partial, size) <= LAST_C1)
            line->rings = true;
        else
            line_enter_character(line, line->partial, size);
        line->partial_size = 0;
    } else if (first < 0xc2 || first > 0xf4 || line->partial_size == whole) {
        enter_invalid(line);
    }
}

// A control inside of what is pasted.
static void paste_control(struct line *line, uint8_t byte)
{
    char text = ' ';

    if (byte == CONTROL('C')) {
        key_cancel(line);
        return;
    }
    if (byte == '\n' && line->is_after_return)
        return;
    if ((byte == '\n' || byte == '\r') && line->options.break_byte != 0)
        text = line->options.break_byte;
    line_enter_character(line, &text, 1);
}

static void plain(struct line *line, uint8_t byte)
{
    char text = (char)byte;

    if (byte >= FIRST_MULTIBYTE) {
        multibyte(line, byte);
    } else if (byte == ESCAPE) {
        line->state = KEY_META;
    } else if (byte >= FIRST_PRINTABLE && byte != DELETE) {
        line_enter_character(line, &text, 1);
    } else if (line->is_pasting) {
        paste_control(line, byte);
    } else {
        command_run(line, controls[byte], byte);
    }
    line->is_after_return = byte == '\r';
}

// ---- Sequences ----

static void meta(struct line *line, uint8_t byte)
{
    line->numbers[0] = line->numbers[1] = line->numbers[2] = 0;
    line->number_count = 0;
    line->is_strange = false;
    if (byte == '[')
        line->state = KEY_SEQUENCE;
    else if (byte == 'O')
        line->state = KEY_KEYPAD;
    else if (byte == ']' || byte == 'P' || byte == 'X' || byte == '^' || byte == '_')
        line->state = KEY_STRING;
    else if (line->is_pasting)
        line->state = KEY_PLAIN;
    else
        command_run(line, metas[byte & DELETE], byte);
}

static void report_size(struct line *line)
{
    uint32_t columns = line->columns, rows = line->rows;

    if (line->numbers[0] != REPORT_SIZE || line->numbers[1] == 0 || line->numbers[2] == 0)
        return;
    line_resize(line, line->numbers[2], line->numbers[1]);
    if (line->columns != columns || line->rows != rows)
        line->event = LINE_RESIZED;
}

static void sequence_end(struct line *line, char final)
{
    uint32_t number = final == '~' ? line->numbers[0] : 0;
    uint32_t modifiers = line->numbers[1] > 0 ? line->numbers[1] - 1 : 0;
    struct command command = {key_nothing, KIND_OTHER};

    line->state = KEY_PLAIN;
    if (line->is_strange)
        return;
    if (final == '~' && (number == PASTE_BEGIN || number == PASTE_END)) {
        line->is_pasting = number == PASTE_BEGIN;
        line->last = KIND_OTHER;
        return;
    }
    if (final == 't') {
        report_size(line);
        return;
    }
    for (uint32_t i = 0; i < sizeof(sequences) / sizeof(sequences[0]); i++) {
        if (sequences[i].final == final && sequences[i].number == number)
            command = (modifiers & MODIFIERS_OF_WORDS) != 0 ? sequences[i].with_modifier
                                                            : sequences[i].plain;
    }
    if (!line->is_pasting)
        command_run(line, command, 0);
}

static void sequence(struct line *line, uint8_t byte)
{
    uint32_t *number = &line->numbers[line->number_count];

    if (byte == '[' && line->number_count == 0 && *number == 0 && !line->is_strange) {
        line->state = KEY_FUNCTION;
    } else if (byte >= FIRST_FINAL) {
        sequence_end(line, (char)byte);
    } else if (byte >= '0' && byte <= '9') {
        *number = *number * 10 + (byte - '0');
        if (*number > NUMBER_MAX)
            *number = NUMBER_MAX;
    } else if (byte == ';' && line->number_count + 1 < NUMBERS_MAX) {
        line->number_count++;
    } else {
        line->is_strange = true;
    }
}

static void keypad(struct line *line, uint8_t byte)
{
    if (byte == 'M' && !line->is_pasting)
        command_run(line, controls[CONTROL('M')], CONTROL('M'));
    else
        sequence_end(line, (char)byte);
}

static void string(struct line *line, uint8_t byte)
{
    if (byte == CONTROL('G') || ++line->numbers[0] >= STRING_MAX)
        line->state = KEY_PLAIN;
}

static void function(struct line *line, uint8_t byte)
{
    (void)byte;
    line->state = KEY_PLAIN;
}

void line_key(struct line *line, uint8_t byte)
{
    static void (*const steps[])(struct line *, uint8_t) = {
        [KEY_PLAIN] = plain,   [KEY_META] = meta,     [KEY_SEQUENCE] = sequence,
        [KEY_KEYPAD] = keypad, [KEY_STRING] = string, [KEY_FUNCTION] = function,
    };
    bool is_control = byte < FIRST_PRINTABLE || byte >= DELETE;

    if (line->partial_size > 0 && (byte & 0xc0) != 0x80)
        enter_invalid(line);
    if (line->state == KEY_META && (byte == BACKSPACE || byte == DELETE))
        is_control = false;
    if (line->state == KEY_STRING && byte == CONTROL('G'))
        is_control = false; // its end, as xterm has it
    if (is_control)
        line->state = KEY_PLAIN;
    steps[line->state](line, byte);
}
