// SPDX-License-Identifier: Apache-2.0
//
// What the terminal shows, brought up to date with few bytes.
//
// Prompt and text fill an area of rows, `columns` wide, which is drawn row after row; the terminal
// itself wraps, so that its rows are one line to it. `top` is the first row that is on the screen:
// an area of more rows than the screen has is shown in part. All that is known of the terminal is
// where its cursor is, in rows of the area; below the area it is blank.
//
// A cursor behind the last column waits: only the next character brings it to the next row. Where
// text ends so, a blank and a return make the next row, so that `end` is always on the screen.
// A wide character that has only one column left goes to the next row, and a blank takes its place.
#include "lib/line/parts.h"

#include <string.h>

#include "lib/ansi/ansi.h"
#include "lib/line/scrub.h"

enum { BACKSPACES_MAX = 3 };

static const char replacement[] = "\xef\xbf\xbd"; // U+FFFD
static const char circle[] = "\xe2\x97\x8c";      // U+25CC, which stands for a missing base

// ---- Bytes ----

void line_flush(struct line *line)
{
    if (line->out_size > 0)
        line->sink.put(line->sink.context, line->out, line->out_size);
    line_scrub(line->out, line->out_size);
    line->out_size = 0;
}

void line_put(struct line *line, const char *bytes, size_t size)
{
    while (size > 0) {
        size_t room = sizeof(line->out) - line->out_size, part = size < room ? size : room;
        memcpy(line->out + line->out_size, bytes, part);
        line->out_size += (uint32_t)part;
        bytes += part;
        size -= part;
        if (line->out_size == sizeof(line->out))
            line_flush(line);
    }
}

void line_put_text(struct line *line, const char *text)
{
    line_put(line, text, strlen(text));
}

static void put_move(struct line *line, uint32_t number, char final)
{
    char out[ANSI_MOVE_MAX];

    line_put(line, out, ansi_move(out, number, final));
}

// ---- Places ----

static bool is_before(struct line_place a, struct line_place b)
{
    return a.row < b.row || (a.row == b.row && a.column < b.column);
}

// Where a character is drawn that comes at `place`.
static struct line_place place_for(const struct line *line, struct line_place place,
                                   uint32_t columns)
{
    if (place.column + columns > line->columns)
        return (struct line_place){.row = place.row + 1};
    return place;
}

// Where the next one comes.
static struct line_place place_behind(const struct line *line, struct line_place place,
                                      uint32_t columns)
{
    place = place_for(line, place, columns);
    place.column += columns;
    if (place.column == line->columns)
        return (struct line_place){.row = place.row + 1};
    return place;
}

// What precedes the text: the size of a colour at `at`, else 0.
static size_t colour_size(const char *text, size_t size, size_t at)
{
    size_t end = at + 1;

    if (text[at] != '\33')
        return 0;
    while (end < size && text[end - 1] != 'm')
        end++;
    return end - at;
}

static const char *prompt_of(const struct line *line, size_t *size)
{
    *size = line->is_searching ? line->label_size : line->prompt_size;
    return line->is_searching ? line->label : line->prompt;
}

static struct line_place prompt_measure(const struct line *line)
{
    struct line_place place = {0};
    const char *prompt;
    size_t size;

    prompt = prompt_of(line, &size);
    for (size_t at = 0; at < size;) {
        size_t colour = colour_size(prompt, size, at);
        struct line_character character = {.size = colour};
        if (colour == 0) {
            character = line_piece_at(prompt, size, at, line->columns - place.column);
            place = place_behind(line, place, character.columns);
        }
        at += character.size;
    }
    return place;
}

// Steps back along a row, if that leads to `offset`; else begins at the prompt.
static void known_go_back(struct line *line, size_t offset)
{
    while (line->known_offset > offset) {
        size_t before = line_character_before(line->text, line->known_offset);
        uint32_t columns = line_character_at(line->text, line->known_offset, before).columns;
        if (line->known.column < columns + 1) {
            line->known_offset = 0;
            line->known = line->prompt_end;
            return;
        }
        line->known.column -= columns;
        line->known_offset = before;
    }
}

// Where the character at `offset` comes.
static struct line_place place_of(struct line *line, size_t offset)
{
    known_go_back(line, offset);
    while (line->known_offset < offset) {
        size_t left = offset - line->known_offset, most = line->columns - line->known.column;
        struct line_character character = line_piece_at(
            line->text, line->text_size, line->known_offset, left < most ? left : most);
        line->known = place_behind(line, line->known, character.columns);
        line->known_offset += character.size;
    }
    return line->known;
}

// ---- The cursor ----

static void go(struct line *line, struct line_place place)
{
    struct line_place *at = &line->at;

    if (at->row == place.row && at->column == place.column)
        return;
    if (at->column == line->columns || (place.column == 0 && at->column != 0)) {
        line_put(line, "\r", 1);
        at->column = 0;
    }
    if (place.row < at->row)
        put_move(line, at->row - place.row, 'A');
    else if (place.row > at->row)
        put_move(line, place.row - at->row, 'B');
    if (place.column > at->column)
        put_move(line, place.column - at->column, 'C');
    else if (at->column - place.column > BACKSPACES_MAX)
        put_move(line, at->column - place.column, 'D');
    else
        line_put(line, "\b\b\b", at->column - place.column);
    *at = place;
}

// ---- Text ----

static bool is_visible(const struct line *line, struct line_place place)
{
    return place.row >= line->top && place.row - line->top < line->rows;
}

// Goes to `place`, unless the terminal is about to come there by itself: text is drawn from one end
// to the other, so that after a row's last column comes the next row's first.
static void reach(struct line *line, struct line_place place)
{
    if (line->at.column == line->columns)
        line->at = place;
    else
        go(line, place);
}

static void draw_character(struct line *line, const char *text, struct line_character character,
                           struct line_place come)
{
    struct line_place place = place_for(line, come, character.columns);

    if (place.row != come.row && is_visible(line, come)) {
        reach(line, come);
        line_put(line, " ", 1);
        line->at.column++;
    }
    if (!is_visible(line, place))
        return;
    reach(line, place);
    if (character.is_orphan)
        line_put(line, circle, sizeof(circle) - 1);
    if (!character.is_plain)
        line_put(line, replacement, sizeof(replacement) - 1);
    size_t skipped = character.is_plain ? 0 : character.base_size;
    line_put(line, text + skipped, character.size - skipped);
    line->at.column += character.columns;
}

// What was drawn ends at `place` now: what was behind is erased.
static void draw_end(struct line *line, struct line_place place)
{
    struct line_place old = line->end;

    line->end = place;
    if (!is_visible(line, place))
        return;
    if (line->at.column == line->columns) {
        line_put_text(line, " \r");
        line->at = place;
    }
    if (is_before(place, old)) {
        go(line, place);
        line_put_text(line, "\33[J");
    }
}

static void draw_text(struct line *line, size_t offset, struct line_place place)
{
    while (offset < line->text_size && (place.row < line->top || is_visible(line, place))) {
        struct line_character character =
            line_piece_at(line->text, line->text_size, offset, line->columns - place.column);
        draw_character(line, line->text + offset, character, place);
        place = place_behind(line, place, character.columns);
        offset += character.size;
    }
    draw_end(line, place);
}

static void draw_prompt(struct line *line)
{
    struct line_place place = {0};
    bool is_coloured = false;
    const char *prompt;
    size_t size;

    prompt = prompt_of(line, &size);
    for (size_t at = 0; at < size;) {
        size_t colour = colour_size(prompt, size, at);
        struct line_character character = {.size = colour};
        if (colour > 0) {
            line_put(line, prompt + at, colour);
            is_coloured = true;
        } else {
            character = line_piece_at(prompt, size, at, line->columns - place.column);
            draw_character(line, prompt + at, character, place);
            place = place_behind(line, place, character.columns);
        }
        at += character.size;
    }
    if (is_coloured)
        line_put_text(line, ansi_style(ANSI_PLAIN));
}

static void draw_whole(struct line *line, uint32_t top)
{
    line_erase(line);
    line->top = top;
    line->at = line->end = (struct line_place){.row = top};
    draw_prompt(line);
    if (line->options.is_hidden)
        draw_end(line, line->prompt_end);
    else
        draw_text(line, 0, line->prompt_end);
}

void line_draw(struct line *line)
{
    struct line_place change, cursor;
    uint32_t top = line->top;

    if (!line->is_shown)
        return;
    if (line->is_whole) {
        line->prompt_end = prompt_measure(line);
        line->known_offset = 0;
        line->known = line->prompt_end;
    }
    change = place_of(line, line->is_changed ? line->changed_from : line->known_offset);
    cursor = line->options.is_hidden ? line->prompt_end : place_of(line, line->cursor);
    if (cursor.row < top)
        top = cursor.row;
    else if (cursor.row - top >= line->rows)
        top = cursor.row - line->rows + 1;
    if (line->is_whole || top != line->top)
        draw_whole(line, top);
    else if (line->is_changed)
        draw_text(line, line->changed_from, change);
    line->is_whole = line->is_changed = false;
    go(line, cursor);
}

// ---- What others ask for ----

void line_touch(struct line *line, size_t from, bool is_plain)
{
    size_t start = from;

    if (line->options.is_hidden || line->is_whole)
        return;
    for (unsigned back = 0; !is_plain && start > 0 && back < JOINED_MAX; back++)
        start = line_character_before(line->text, start);
    place_of(line, start);
    if (!line->is_changed || start < line->changed_from)
        line->changed_from = start;
    line->is_changed = true;
}

void line_touch_all(struct line *line)
{
    line->is_whole = true;
}

void line_erase(struct line *line)
{
    struct line_place top = {.row = line->top};

    go(line, top);
    if (is_before(top, line->end))
        line_put_text(line, "\33[J");
    line->end = top;
}

void line_leave(struct line *line)
{
    struct line_place last = line->end;

    if (!line->is_shown)
        return;
    if (!is_visible(line, last))
        last = (struct line_place){.row = line->top + line->rows - 1};
    go(line, last);
    if (last.column > 0 || last.row == 0 || !is_visible(line, line->end))
        line_put_text(line, "\r\n");
    line->is_shown = false;
}

void line_resume(struct line *line)
{
    line->is_shown = true;
    line->top = 0;
    line->at = line->end = (struct line_place){0};
    line_touch_all(line);
    line_draw(line);
}

void line_say(struct line *line, const char *sentence, bool drops)
{
    bool was_shown = line->is_shown;

    line_draw(line);
    line_leave(line);
    if (drops)
        line_replace(line, 0, line->text_size, "", 0);
    line->rings = line->rings || !was_shown;
    if (!was_shown)
        return;
    line_put_text(line, sentence);
    line_put_text(line, "\a\r\n");
    line_resume(line);
}

void line_clear_screen(struct line *line)
{
    if (!line->is_shown)
        return;
    line_put_text(line, "\33[H\33[2J");
    line->top = 0;
    line->at = line->end = (struct line_place){0};
    line_touch_all(line);
}

// The rows between the first one and the cursor's are those that there were, where the terminal
// cuts them; where it wraps them anew, those that there are now.
void line_measure(struct line *line, uint32_t columns, uint32_t rows)
{
    uint32_t most = line->rows < rows ? line->rows : rows, up = line->at.row - line->top, new_up;
    bool is_all = line->top == 0;

    line->columns = columns;
    line->rows = rows;
    if (!line->is_shown)
        return;
    line->prompt_end = prompt_measure(line);
    line->known_offset = 0;
    line->known = line->prompt_end;
    if (!is_all)
        new_up = most;
    else
        new_up = (line->options.is_hidden ? line->prompt_end : place_of(line, line->cursor)).row;
    if (line->terminal == LINE_WRAPS || (line->terminal == LINE_UNKNOWN && new_up < up))
        up = new_up;
    up = up < most - 1 ? up : most - 1;
    line->top = 0;
    line->at = (struct line_place){.row = up, .column = 1};
    line->end = (struct line_place){.row = up, .column = 2};
    line_touch_all(line);
    line_draw(line);
}
