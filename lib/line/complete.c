// SPDX-License-Identifier: Apache-2.0
//
// A word is completed as far as all its candidates agree; where they don't, they are shown below
// the line, in columns, sorted downwards.
#include "lib/line/parts.h"

#include <string.h>

#include "lib/text/text.h"

enum { GAP = 2, FIRST_PRINTABLE = ' ', DELETE = 0x7f, FIRST_MULTIBYTE = 0x80 };

struct names {
    const struct line_completer *completer;
    size_t count;
    size_t shown; // of them, in the table
};

static const char *name_of(const struct names *names, size_t index, size_t *size)
{
    return names->completer->name(names->completer->context, index, size);
}

// How many bytes all names begin with; whole characters.
static size_t common_size(const struct names *names)
{
    size_t common, size;
    const char *first = name_of(names, 0, &common);

    for (size_t i = 1; i < names->count; i++) {
        const char *name = name_of(names, i, &size);
        size_t same = 0;
        while (same < common && same < size && name[same] == first[same])
            same++;
        if (same < common) {
            common = same;
            while (common > 0 && ((uint8_t)first[common] & 0xc0) == 0x80)
                common--;
        }
    }
    return common;
}

// Names are others' words: none may bring what a line doesn't have.
static bool is_clean(const char *name, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if ((uint8_t)name[i] < FIRST_PRINTABLE || (uint8_t)name[i] == DELETE)
            return false;
    }
    return true;
}

// A name in its column: what would not fit the row is cut. Returns the columns.
static uint32_t put_name(struct line *line, const char *name, size_t size)
{
    uint32_t columns = 0;

    for (size_t at = 0; at < size;) {
        size_t most = line->columns - columns - 1;
        struct line_character character = line_piece_at(name, size, at, most);
        if (character.columns > most)
            break;
        if (character.is_plain && !character.is_orphan)
            line_put(line, name + at, character.size);
        else
            line_put_text(line, "\xef\xbf\xbd");
        columns += character.columns;
        at += character.size;
    }
    return columns;
}

// How many of the names are shown, and how wide the widest of those is.
static uint32_t table_measure(const struct line *line, struct names *names)
{
    uint32_t widest = 1;
    size_t bytes = 0, size;

    for (names->shown = 0; names->shown < names->count; names->shown++) {
        const char *name = name_of(names, names->shown, &size);
        uint32_t columns = line_columns_of(name, size);
        if (columns >= line->columns)
            columns = line->columns - 1;
        if (size > columns)
            bytes += 3 * size; // others may stand for what is no plain letter
        uint32_t wider = columns > widest ? columns : widest;
        size_t a_row = wider + GAP < line->columns ? line->columns / (wider + GAP) : 1;
        size_t least = (names->shown + a_row) / a_row;
        if (names->shown > 0 &&
            (bytes + (names->shown + 1) * (wider + GAP) > LINE_TABLE_MAX || least + 2 > line->rows))
            break;
        widest = wider;
    }
    return widest;
}

static void table(struct line *line, struct names *names)
{
    uint32_t width = table_measure(line, names) + GAP;
    size_t a_row = width < line->columns ? line->columns / width : 1;
    size_t rows = (names->shown + a_row - 1) / a_row, size;
    char out[48];
    struct text text;

    line_draw(line);
    line_leave(line);
    for (size_t row = 0; row < rows; row++) {
        for (size_t i = row; i < names->shown; i += rows) {
            const char *name = name_of(names, i, &size);
            uint32_t columns = put_name(line, name, size);
            for (; i + rows < names->shown && columns < width; columns++)
                line_put(line, " ", 1);
        }
        line_put_text(line, "\r\n");
    }
    if (names->shown < names->count) {
        text_init(&text, out, sizeof(out));
        text_put(&text, "... ");
        text_put_decimal(&text, (int64_t)(names->count - names->shown));
        text_put(&text, " more\r\n");
        line_put_text(line, out);
    }
    line_resume(line);
}

bool line_complete(struct line *line)
{
    const struct line_completer *completer = line->options.completer;
    struct names names = {.completer = completer};
    size_t word = line->cursor, size;
    const char *first;

    if (completer == NULL)
        return false;
    names.count = completer->find(completer->context, line->text, line->cursor, &word);
    if (names.count == 0 || word > line->cursor)
        return false;
    first = name_of(&names, 0, &size);
    if (names.count > 1)
        size = common_size(&names);
    if (!is_clean(first, size))
        return false;
    if (names.count > 1 && size <= line->cursor - word) {
        if (line->is_shown)
            table(line, &names);
        return line->is_shown;
    }
    if (!line_replace(line, word, line->cursor, first, size))
        return false;
    if (names.count == 1 && completer->behind != 0)
        line_replace(line, line->cursor, line->cursor, &completer->behind, 1);
    return true;
}
