// SPDX-License-Identifier: Apache-2.0
//
// Lines from the history: one after the other, or those with some text in them. The line that was
// being written waits in `saved`.
#include "lib/line/parts.h"

#include <string.h>

#include "lib/json/utf8.h"
#include "lib/line/scrub.h"
#include "lib/text/text.h"

static void save(struct line *line)
{
    memcpy(line->saved, line->text, line->text_size);
    line->saved_size = line->text_size;
    line->saved_cursor = line->cursor;
    line->recall_at = line->options.history->size;
}

// Whether this line may become the text, and would be another one.
static bool is_wanted(const struct line *line, const char *text, size_t size)
{
    if (size > line->options.limit ||
        (size == line->text_size && memcmp(text, line->text, size) == 0))
        return false;
    for (size_t at = 0; at < size && !line->options.keeps_invalid;) {
        size_t step = utf8_size(text + at, size - at);
        if (step == 0)
            return false;
        at += step;
    }
    return true;
}

bool line_recall(struct line *line, bool is_older)
{
    const struct line_history *history = line->options.history;
    size_t at;

    if (history == NULL)
        return false;
    if (line->last != KIND_RECALL) {
        save(line);
        line->prefix_size = line->cursor;
    }
    at = line->recall_at;
    while (is_older ? line_history_older(history, &at) : line_history_newer(history, &at)) {
        size_t size;
        const char *text = line_history_text(history, at, &size);
        if (size >= line->prefix_size && memcmp(text, line->saved, line->prefix_size) == 0 &&
            is_wanted(line, text, size)) {
            line->recall_at = at;
            return line_replace(line, 0, line->text_size, text, size);
        }
    }
    if (is_older || line->recall_at == history->size)
        return false;
    line->recall_at = history->size;
    line_replace(line, 0, line->text_size, line->saved, line->saved_size);
    line->cursor = line->saved_cursor;
    return true;
}

// ---- Search ----

static void label(struct line *line)
{
    struct text text;

    text_init(&text, line->label, sizeof(line->label));
    text_put(&text, line->is_missing ? "(not in the history) `" : "(search) `");
    text_put_bytes(&text, line->query, line->query_size);
    text_put(&text, "': ");
    line->label_size = (uint32_t)text_length(&text);
    line_touch_all(line);
}

// Where the query stands in a text; false: nowhere.
static bool find(const struct line *line, const char *text, size_t size, size_t *at)
{
    for (size_t i = 0; i + line->query_size <= size; i++) {
        if (memcmp(text + i, line->query, line->query_size) == 0) {
            *at = i;
            return true;
        }
    }
    return false;
}

void line_search_begin(struct line *line)
{
    save(line);
    line->is_searching = true;
    line->is_missing = false;
    line->query_size = 0;
    label(line);
}

bool line_search_next(struct line *line, bool is_older)
{
    const struct line_history *history = line->options.history;
    size_t at = line->recall_at;

    while (line->query_size > 0 &&
           (is_older ? line_history_older(history, &at) : line_history_newer(history, &at))) {
        size_t size, place;
        const char *text = line_history_text(history, at, &size);
        if (is_wanted(line, text, size) && find(line, text, size, &place)) {
            line->recall_at = at;
            line->is_missing = false;
            line_set(line, text, size, place);
            label(line);
            return true;
        }
    }
    line->is_missing = line->query_size > 0 && is_older;
    label(line);
    return false;
}

// Looks for the query from the newest line on.
static bool search_again(struct line *line)
{
    line->recall_at = line->options.history->size;
    line_set(line, line->saved, line->saved_size, line->saved_cursor);
    line->is_missing = false;
    label(line);
    return line->query_size == 0 || line_search_next(line, true);
}

bool line_search_type(struct line *line, const char *bytes, size_t size)
{
    size_t place;

    if (line->query_size + size > sizeof(line->query))
        return false;
    memcpy(line->query + line->query_size, bytes, size);
    line->query_size += (uint32_t)size;
    // What is shown may go on to be right.
    if (line->recall_at < line->options.history->size && !line->is_missing &&
        find(line, line->text, line->text_size, &place)) {
        line_point(line, place);
        label(line);
        return true;
    }
    if (!line->is_missing)
        return line_search_next(line, true);
    label(line);
    return false;
}

bool line_search_shorten(struct line *line)
{
    if (line->query_size == 0)
        return false;
    line->query_size = (uint32_t)line_character_before(line->query, line->query_size);
    return search_again(line);
}

// What was shown for now becomes a change that can be undone.
void line_search_end(struct line *line, bool is_accepted)
{
    const struct line_history *history = line->options.history;
    size_t place = line->cursor, size;

    line->is_searching = false;
    line_set(line, line->saved, line->saved_size, line->saved_cursor);
    if (is_accepted && line->recall_at < history->size) {
        const char *text = line_history_text(history, line->recall_at, &size);
        line_replace(line, 0, line->text_size, text, size);
        line->cursor = place;
    }
    line_scrub(line->query, sizeof(line->query));
    line->query_size = 0;
    line_touch_all(line);
}
