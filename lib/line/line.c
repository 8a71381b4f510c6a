// SPDX-License-Identifier: Apache-2.0
//
// Beginning and end of a line, and what goes round the keys: what is typed, the bell, drawing.
#include "lib/line/line.h"

#include <string.h>

#include "lib/ansi/ansi.h"
#include "lib/line/parts.h"
#include "lib/line/scrub.h"
#include "lib/text/text.h"

enum { COLUMNS_DEFAULT = 80, ROWS_DEFAULT = 24 };

void line_init(struct line *line, void *memory, size_t size, struct line_sink sink)
{
    size_t part_size = size / LINE_MEMORY_PARTS;

    if (part_size > LINE_LIMIT_MAX)
        part_size = LINE_LIMIT_MAX;
    *line = (struct line){.sink = sink, .part_size = part_size};
    line->columns = COLUMNS_DEFAULT;
    line->rows = ROWS_DEFAULT;
    line->text = memory;
    line->saved = line->text + part_size;
    line->kills = line->saved + part_size;
    line->undo = line->kills + part_size;
}

static uint32_t within(uint32_t value, uint32_t otherwise, uint32_t least, uint32_t most)
{
    value = value == 0 ? otherwise : value;
    return value < least ? least : value > most ? most : value;
}

void line_resize(struct line *line, uint32_t columns, uint32_t rows)
{
    columns = within(columns, COLUMNS_DEFAULT, LINE_COLUMNS_MIN, LINE_COLUMNS_MAX);
    rows = within(rows, ROWS_DEFAULT, LINE_ROWS_MIN, LINE_ROWS_MAX);
    if (columns == line->columns && rows == line->rows)
        return;
    line_measure(line, columns, rows);
    line_flush(line);
}

void line_ask_size(struct line *line)
{
    line_put_text(line, "\33[18t");
    line_flush(line);
}

// Only characters and colours stay; other controls, of those that the filter lets pass, are blanks.
static void prompt_take(struct line *line, const char *prompt, size_t size)
{
    struct ansi_filter filter;
    char out[ANSI_STEP_MAX];

    line->prompt_size = 0;
    ansi_filter_init(&filter, ANSI_COLOURS);
    for (size_t i = 0; i < size; i++) {
        size_t step = ansi_filter_step(&filter, (uint8_t)prompt[i], out);
        if (line->prompt_size + step > sizeof(line->prompt))
            break;
        for (size_t j = 0; j < step; j++) {
            bool is_blank = out[j] == '\n' || out[j] == '\t' || out[j] == '\a';
            if (out[j] != '\r')
                line->prompt[line->prompt_size++] = is_blank ? ' ' : out[j];
        }
    }
}

void line_begin(struct line *line, const struct line_options *options)
{
    line_close(line);
    line->options = *options;
    if (line->options.limit > line->part_size)
        line->options.limit = line->part_size;
    if (options->is_hidden) {
        line->options.history = NULL;
        line->options.completer = NULL;
    }
    prompt_take(line, options->prompt, options->prompt_size);
    line->cursor = 0;
    line->last = KIND_OTHER;
    line->state = 0;
    line->is_pasting = line->is_over = line->is_after_return = line->rings = false;
    line->is_changed = false;
    line->is_open = true;
    line_put_text(line, "\33[?2004h"); // xterm: pasted text comes in brackets
    line_resume(line);
    line_flush(line);
}

void line_finish(struct line *line, enum line_event event)
{
    line->event = event;
    line->is_open = false;
    line->cursor = line->text_size;
    line_draw(line);
    if (event == LINE_CANCELLED && line->is_shown) {
        line_put_text(line, "^C\r\n");
        line->is_shown = false;
    }
    line_leave(line);
    line_put_text(line, "\33[?2004l");
    if (event == LINE_DONE && line->options.history != NULL)
        line_history_add(line->options.history, line->text, line->text_size);
    line_forget(line);
}

void line_enter_character(struct line *line, const char *bytes, size_t size)
{
    char out[128];
    struct text text;

    if (line->is_searching) {
        if (!line_search_type(line, bytes, size))
            line->rings = true;
        return;
    }
    if (line->is_over)
        return;
    if (line_type(line, bytes, size)) {
        line->last = KIND_TYPE;
        return;
    }
    line->is_over = true;
    text_init(&text, out, sizeof(out));
    text_put(&text, "A line has at most ");
    text_put_decimal(&text, (int64_t)line->options.limit);
    text_put(&text, " bytes: what is more is dropped, and enter refuses the line.");
    line_say(line, out, false);
}

size_t line_feed(struct line *line, const char *bytes, size_t size, enum line_event *event)
{
    size_t used = 0;

    line->event = LINE_MORE;
    while (line->is_open && used < size && line->event == LINE_MORE)
        line_key(line, (uint8_t)bytes[used++]);
    if (line->rings && !line->options.is_hidden)
        line_put_text(line, "\a");
    line->rings = false;
    if (line->is_open)
        line_draw(line);
    line_flush(line);
    *event = line->event;
    return used;
}

void line_hide(struct line *line)
{
    if (!line->is_open || !line->is_shown)
        return;
    line_erase(line);
    line_flush(line);
    line->is_shown = false;
}

void line_show(struct line *line)
{
    if (!line->is_open || line->is_shown)
        return;
    line_resume(line);
    line_flush(line);
}

void line_redraw(struct line *line)
{
    if (!line->is_open || !line->is_shown)
        return;
    line_put_text(line, "\33[?2004h");
    line_resume(line);
    line_flush(line);
}

void line_cancel(struct line *line)
{
    if (!line->is_open)
        return;
    line_finish(line, LINE_MORE);
    line_close(line);
    line_flush(line);
}

void line_close(struct line *line)
{
    if (line->is_open)
        line_cancel(line);
    line_scrub(line->text, line->part_size);
    line_forget(line);
    line->text_size = line->cursor = 0;
    line->is_shown = false;
}
