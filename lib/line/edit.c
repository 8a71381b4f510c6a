// SPDX-License-Identifier: Apache-2.0
//
// Changes of the text. All of them are one kind, "these bytes instead of those", in line_replace();
// undo is the same backwards.
#include "lib/line/parts.h"

#include <string.h>

#include "lib/line/scrub.h"

// ---- Undo ----

// Forgets the oldest change.
static void change_forget(struct line *line)
{
    size_t size = line->changes[0].removed;

    line->undo_size -= size;
    memmove(line->undo, line->undo + size, line->undo_size);
    line_scrub(line->undo + line->undo_size, size);
    line->change_count--;
    memmove(line->changes, line->changes + 1, line->change_count * sizeof(line->changes[0]));
}

static void change_remember(struct line *line, size_t from, size_t to, size_t inserted)
{
    size_t removed = to - from;

    while (line->change_count == LINE_UNDO_MAX || line->part_size - line->undo_size < removed)
        change_forget(line);
    memcpy(line->undo + line->undo_size, line->text + from, removed);
    line->undo_size += removed;
    line->changes[line->change_count++] = (struct line_change){
        .offset = (uint32_t)from, .removed = (uint32_t)removed, .inserted = (uint32_t)inserted};
}

// ---- The text ----

// Changes may make characters of bytes that were none: the cursor is never inside of one.
static void cursor_settle(struct line *line, size_t from)
{
    size_t at = from;

    for (unsigned back = 0; at > 0 && back < JOINED_MAX; back++)
        at = line_character_before(line->text, at);
    while (at < line->cursor)
        at += line_character_at(line->text, line->text_size, at).size;
    line->cursor = at;
}

// Whether nothing before the change can become part of what changes.
static bool is_plain_change(const struct line *line, size_t from, size_t to, const char *bytes,
                            size_t size)
{
    bool is_plain = size > 0 ? line_begins_character(bytes, size)
                             : line_begins_character(line->text + to, line->text_size - to);

    return is_plain && line_ends_character(line->text, from) &&
           line_begins_character(line->text + from, line->text_size - from);
}

static void text_change(struct line *line, size_t from, size_t to, const char *bytes, size_t size)
{
    size_t old_size = line->text_size, behind = old_size - to;

    line_touch(line, from, is_plain_change(line, from, to, bytes, size));
    memmove(line->text + from + size, line->text + to, behind);
    memcpy(line->text + from, bytes, size);
    line->text_size = from + size + behind;
    if (line->text_size < old_size)
        line_scrub(line->text + line->text_size, old_size - line->text_size);
    line->cursor = from + size;
    if (line->cursor < line->text_size)
        cursor_settle(line, from);
}

bool line_replace(struct line *line, size_t from, size_t to, const char *bytes, size_t size)
{
    if (line->text_size - (to - from) + size > line->options.limit)
        return false;
    if (from == to && size == 0)
        return true;
    change_remember(line, from, to, size);
    text_change(line, from, to, bytes, size);
    return true;
}

void line_set(struct line *line, const char *bytes, size_t size, size_t cursor)
{
    text_change(line, 0, line->text_size, bytes, size);
    line_point(line, cursor);
}

void line_point(struct line *line, size_t at)
{
    line->cursor = at;
    cursor_settle(line, at);
}

// Whether what is typed at `from` goes on with what was typed before. It doesn't where the cursor
// had to go on behind what combines with that.
static bool continues(const struct line_change *last, size_t from)
{
    return last->typed < LINE_UNDO_TYPED && last->offset + last->inserted == from;
}

bool line_type(struct line *line, const char *bytes, size_t size)
{
    size_t from = line->cursor;

    if (line->text_size + size > line->options.limit)
        return false;
    if (line->last == KIND_TYPE && continues(&line->changes[line->change_count - 1], from)) {
        struct line_change *last = &line->changes[line->change_count - 1];
        last->inserted += (uint32_t)size;
        last->typed += !line->is_pasting; // a paste is one change
    } else {
        change_remember(line, from, from, size);
        line->changes[line->change_count - 1].typed = 1;
    }
    text_change(line, from, from, bytes, size);
    return true;
}

bool line_undo(struct line *line)
{
    struct line_change change;

    if (line->change_count == 0)
        return false;
    change = line->changes[--line->change_count];
    line->undo_size -= change.removed;
    text_change(line, change.offset, change.offset + change.inserted, line->undo + line->undo_size,
                change.removed);
    line_scrub(line->undo + line->undo_size, change.removed);
    return true;
}

// ---- Kills ----

static size_t kills_size(const struct line *line, uint32_t count)
{
    size_t size = 0;

    for (uint32_t i = 0; i < count; i++)
        size += line->kill_sizes[i];
    return size;
}

static void kill_forget(struct line *line)
{
    size_t all = kills_size(line, line->kill_count), oldest = line->kill_sizes[0];

    memmove(line->kills, line->kills + oldest, all - oldest);
    line_scrub(line->kills + all - oldest, oldest);
    line->kill_count--;
    memmove(line->kill_sizes, line->kill_sizes + 1, line->kill_count * sizeof(line->kill_sizes[0]));
}

// What is killed by commands that follow one another is one kill.
void line_kill(struct line *line, size_t from, size_t to, bool is_backward)
{
    size_t size = to - from, start;

    if (size == 0)
        return;
    if (line->last != KIND_KILL || line->kill_count == 0) {
        if (line->kill_count == LINE_KILLS_MAX)
            kill_forget(line);
        line->kill_sizes[line->kill_count++] = 0;
    }
    while (line->part_size - kills_size(line, line->kill_count) < size)
        kill_forget(line);
    start = kills_size(line, line->kill_count - 1);
    uint32_t *newest = &line->kill_sizes[line->kill_count - 1];
    if (is_backward)
        memmove(line->kills + start + size, line->kills + start, *newest);
    memcpy(line->kills + start + (is_backward ? 0 : *newest), line->text + from, size);
    *newest += (uint32_t)size;
    line_replace(line, from, to, "", 0);
}

static bool yank(struct line *line, size_t from, size_t to)
{
    size_t size = line->kill_sizes[line->yank_index];

    if (!line_replace(line, from, to, line->kills + kills_size(line, line->yank_index), size))
        return false;
    line->yank_from = from;
    line->yank_to = from + size;
    return true;
}

bool line_yank(struct line *line)
{
    if (line->kill_count == 0)
        return false;
    line->yank_index = line->kill_count - 1;
    return yank(line, line->cursor, line->cursor);
}

bool line_yank_other(struct line *line)
{
    if (line->last != KIND_YANK)
        return false;
    line->yank_index = (line->yank_index > 0 ? line->yank_index : line->kill_count) - 1;
    return yank(line, line->yank_from, line->yank_to);
}

// ---- Characters and words ----

// The saved line serves as room: nothing goes on that uses it.
bool line_transpose(struct line *line)
{
    size_t middle = line->cursor, from, to;

    if (middle == 0)
        return false;
    if (middle == line->text_size)
        middle = line_character_before(line->text, middle);
    if (middle == 0)
        return false;
    from = line_character_before(line->text, middle);
    to = middle + line_character_at(line->text, line->text_size, middle).size;
    memcpy(line->saved, line->text + middle, to - middle);
    memcpy(line->saved + (to - middle), line->text + from, middle - from);
    line_replace(line, from, to, line->saved, to - from);
    return true;
}

size_t line_word_behind(const struct line *line, size_t at)
{
    while (at < line->text_size && !line_is_word_at(line->text, at))
        at += line_character_at(line->text, line->text_size, at).size;
    while (at < line->text_size && line_is_word_at(line->text, at))
        at += line_character_at(line->text, line->text_size, at).size;
    return at;
}

size_t line_word_before(const struct line *line, size_t at)
{
    bool is_inside = false;

    while (at > 0) {
        size_t before = line_character_before(line->text, at);
        bool is_word = line_is_word_at(line->text, before);
        if (is_inside && !is_word)
            break;
        is_inside = is_word;
        at = before;
    }
    return at;
}

size_t line_blank_before(const struct line *line, size_t at)
{
    while (at > 0 && line->text[at - 1] == ' ')
        at--;
    while (at > 0 && line->text[at - 1] != ' ')
        at--;
    return at;
}

void line_forget(struct line *line)
{
    line_scrub(line->saved, line->part_size);
    line_scrub(line->kills, line->part_size);
    line_scrub(line->undo, line->part_size);
    line_scrub(line->kill_sizes, sizeof(line->kill_sizes));
    line_scrub(line->changes, sizeof(line->changes));
    line_scrub(line->query, sizeof(line->query));
    line_scrub(line->label, sizeof(line->label));
    line_scrub(line->partial, sizeof(line->partial));
    line->saved_size = line->saved_cursor = line->undo_size = 0;
    line->kill_count = line->change_count = 0;
    line->query_size = line->label_size = line->partial_size = 0;
    line->is_searching = false;
}
