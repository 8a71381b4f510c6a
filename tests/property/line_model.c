// SPDX-License-Identifier: Apache-2.0
#include "tests/property/line_model.h"

#include <string.h>

// ---- Characters: of the few kinds that the test types ----

enum { REPLACEMENT = 0xfffd, CIRCLE = 0x25cc };

// The code point at `at`, its size in `size`; a byte that belongs to none is REPLACEMENT.
static uint32_t code_at(const char *bytes, size_t end, size_t at, size_t *size)
{
    uint32_t first = (uint8_t)bytes[at], code;
    size_t wanted = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};

    *size = 1;
    if (first < 0x80)
        return first;
    if (first < 0xc0 || first > 0xf7 || at + wanted > end)
        return REPLACEMENT;
    code = first & (0xffu >> (wanted + 1));
    for (size_t i = 1; i < wanted; i++) {
        uint32_t next = (uint8_t)bytes[at + i];
        if (next < 0x80 || next > 0xbf)
            return REPLACEMENT;
        code = code * 64 + next - 0x80;
    }
    if (code < least[wanted] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
        return REPLACEMENT;
    *size = wanted;
    return code;
}

static bool combines(uint32_t code)
{
    return code >= 0x300 && code <= 0x36f;
}

static bool is_wide(uint32_t code)
{
    return (code >= 0x1100 && code <= 0x115f) || (code >= 0x3000 && code <= 0x9fff) ||
           (code >= 0xac00 && code <= 0xd7a3) || (code >= 0xff01 && code <= 0xff60);
}

static bool is_hostile(uint32_t code)
{
    return (code >= 0x80 && code < 0xa0) || code == 0x202e;
}

// Where the character ends that begins at `at`.
static size_t end_of(const struct model_text *text, size_t at)
{
    size_t size;

    code_at(text->bytes, text->size, at, &size);
    for (at += size; at < text->size; at += size) {
        if (!combines(code_at(text->bytes, text->size, at, &size)))
            break;
    }
    return at;
}

static size_t start_before(const struct model_text *text, size_t at)
{
    size_t start = 0;

    for (size_t next = 0; next < at; next = end_of(text, next))
        start = next;
    return start;
}

// The first place from `at` on where no character is cut.
static size_t settled(const struct model_text *text, size_t at)
{
    size_t place = 0;

    while (place < at)
        place = end_of(text, place);
    return place;
}

static bool is_word(const struct model_text *text, size_t at)
{
    unsigned char byte = (unsigned char)text->bytes[at];

    return byte >= 0x80 || (byte >= '0' && byte <= '9') ||
           ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z');
}

// ---- Changes ----

static void undo_push(struct line_model *model, size_t removed)
{
    size_t sum = 0;

    for (size_t i = 0; i < model->undo_count; i++)
        sum += model->undo[i].removed;
    while (model->undo_count == MODEL_UNDO_MAX || sum + removed > MODEL_TEXT_MAX) {
        sum -= model->undo[0].removed;
        memmove(model->undo, model->undo + 1, --model->undo_count * sizeof(model->undo[0]));
    }
    model->undo[model->undo_count++] =
        (struct model_undo){.before = model->text, .removed = removed};
}

static void splice(struct model_text *text, size_t from, size_t to, const char *bytes, size_t size)
{
    char rest[MODEL_TEXT_MAX];
    size_t rest_size = text->size - to;

    memcpy(rest, text->bytes + to, rest_size);
    memcpy(text->bytes + from, bytes, size);
    memcpy(text->bytes + from + size, rest, rest_size);
    text->size = from + size + rest_size;
    text->cursor = settled(text, from + size);
}

static bool change(struct line_model *model, size_t from, size_t to, const char *bytes, size_t size)
{
    if (model->text.size - (to - from) + size > model->limit)
        return false;
    if (from == to && size == 0)
        return true;
    undo_push(model, to - from);
    model->undo[model->undo_count - 1].end = from;
    splice(&model->text, from, to, bytes, size);
    return true;
}

static void replace_all(struct line_model *model, const struct model_text *text)
{
    change(model, 0, model->text.size, text->bytes, text->size);
}

static void type(struct line_model *model, const char *bytes, size_t size)
{
    struct model_undo *undo = model->undo_count > 0 ? &model->undo[model->undo_count - 1] : NULL;
    size_t from = model->text.cursor;

    if (model->is_over)
        return;
    if (model->text.size + size > model->limit) {
        model->is_over = model->said = true;
        return;
    }
    if (model->last == MODEL_LAST_TYPE && undo != NULL && undo->typed > 0 && undo->typed < 20 &&
        undo->end == from) {
        undo->typed += !model->is_pasting;
    } else {
        undo_push(model, 0);
        undo = &model->undo[model->undo_count - 1];
        undo->typed = 1;
    }
    undo->end = from + size;
    splice(&model->text, from, from, bytes, size);
    model->last = MODEL_LAST_TYPE;
}

// The cursor goes behind what came back.
static void undo(struct line_model *model)
{
    const struct model_undo *last;
    size_t from;

    if (model->undo_count == 0)
        return;
    last = &model->undo[--model->undo_count];
    from = last->end;
    if (last->typed > 0)
        from -= model->text.size - last->before.size;
    model->text = last->before;
    model->text.cursor = settled(&model->text, from + last->removed);
}

// ---- Kills ----

static void kill(struct line_model *model, size_t from, size_t to, bool is_backward)
{
    size_t sum = to - from, size = to - from;

    if (size == 0)
        return;
    if (model->last != MODEL_LAST_KILL || model->kill_count == 0) {
        if (model->kill_count == MODEL_KILLS_MAX)
            memmove(model->kills, model->kills + 1, --model->kill_count * sizeof(model->kills[0]));
        model->kills[model->kill_count++].size = 0;
    }
    for (size_t i = 0; i < model->kill_count; i++)
        sum += model->kills[i].size;
    for (; sum > MODEL_TEXT_MAX; model->kill_count--) {
        sum -= model->kills[0].size;
        memmove(model->kills, model->kills + 1, (model->kill_count - 1) * sizeof(model->kills[0]));
    }
    struct model_text *kill_ = &model->kills[model->kill_count - 1];
    splice(kill_, is_backward ? 0 : kill_->size, is_backward ? 0 : kill_->size,
           model->text.bytes + from, size);
    change(model, from, to, "", 0);
}

static bool yank(struct line_model *model, bool is_other)
{
    size_t from = model->text.cursor, to = from;
    const struct model_text *kill_;

    if (is_other ? model->last != MODEL_LAST_YANK : model->kill_count == 0)
        return false;
    if (is_other) {
        from = model->yank_from;
        to = model->yank_to;
    }
    model->yank_index =
        (is_other && model->yank_index > 0 ? model->yank_index : model->kill_count) - 1;
    kill_ = &model->kills[model->yank_index];
    if (!change(model, from, to, kill_->bytes, kill_->size))
        return false;
    model->yank_from = from;
    model->yank_to = from + kill_->size;
    return true;
}

// ---- Moves ----

static size_t word_behind(const struct model_text *text, size_t at)
{
    while (at < text->size && !is_word(text, at))
        at = end_of(text, at);
    while (at < text->size && is_word(text, at))
        at = end_of(text, at);
    return at;
}

static size_t word_before(const struct model_text *text, size_t at)
{
    while (at > 0 && !is_word(text, start_before(text, at)))
        at = start_before(text, at);
    while (at > 0 && is_word(text, start_before(text, at)))
        at = start_before(text, at);
    return at;
}

static void transpose(struct line_model *model)
{
    struct model_text *text = &model->text;
    char both[MODEL_TEXT_MAX];
    size_t middle = text->cursor, from, to;

    if (middle > 0 && middle == text->size)
        middle = start_before(text, middle);
    if (middle == 0)
        return;
    from = start_before(text, middle);
    to = end_of(text, middle);
    memcpy(both, text->bytes + middle, to - middle);
    memcpy(both + to - middle, text->bytes + from, middle - from);
    change(model, from, to, both, to - from);
}

// ---- History ----

static bool is_text(const struct model_text *a, const struct model_text *b)
{
    return a->size == b->size && memcmp(a->bytes, b->bytes, a->size) == 0;
}

static bool is_wanted(const struct line_model *model, const struct model_text *line)
{
    size_t size;

    if (line->size > model->limit || is_text(line, &model->text))
        return false;
    for (size_t at = 0; at < line->size && !model->keeps_invalid; at += size) {
        if (code_at(line->bytes, line->size, at, &size) == REPLACEMENT)
            return false;
    }
    return true;
}

static void history_add(struct line_model *model, const struct model_text *line)
{
    size_t sum = line->size + 1;

    if (line->size == 0 ||
        (model->history_count > 0 && is_text(&model->history[model->history_count - 1], line)))
        return;
    for (size_t i = 0; i < model->history_count; i++)
        sum += model->history[i].size + 1;
    while (sum > MODEL_HISTORY_MAX || model->history_count == MODEL_LINES_MAX) {
        sum -= model->history[0].size + 1;
        memmove(model->history, model->history + 1,
                --model->history_count * sizeof(model->history[0]));
    }
    model->history[model->history_count++] = *line;
}

static void recall(struct line_model *model, bool is_older)
{
    if (!model->has_history)
        return;
    if (model->last != MODEL_LAST_RECALL) {
        model->saved = model->text;
        model->recall = model->history_count;
        model->prefix = model->text.cursor;
    }
    for (size_t i = model->recall; is_older ? i > 0 : i + 1 < model->history_count;) {
        i = is_older ? i - 1 : i + 1;
        const struct model_text *line = &model->history[i];
        if (line->size >= model->prefix &&
            memcmp(line->bytes, model->saved.bytes, model->prefix) == 0 && is_wanted(model, line)) {
            model->recall = i;
            replace_all(model, line);
            return;
        }
    }
    if (!is_older && model->recall < model->history_count) {
        model->recall = model->history_count;
        replace_all(model, &model->saved);
        model->text.cursor = model->saved.cursor;
    }
}

static bool holds(const struct line_model *model, const struct model_text *line, size_t *at)
{
    for (*at = 0; *at + model->query_size <= line->size; (*at)++) {
        if (memcmp(line->bytes + *at, model->query, model->query_size) == 0)
            return true;
    }
    return false;
}

static void search(struct line_model *model, bool is_older)
{
    size_t place;

    if (model->query_size == 0)
        return;
    for (size_t i = model->recall; is_older ? i > 0 : i + 1 < model->history_count;) {
        i = is_older ? i - 1 : i + 1;
        if (is_wanted(model, &model->history[i]) && holds(model, &model->history[i], &place)) {
            model->recall = i;
            model->text = model->history[i];
            model->text.cursor = settled(&model->text, place);
            model->is_missing = false;
            return;
        }
    }
    model->is_missing = is_older;
}

static void search_type(struct line_model *model, const char *bytes, size_t size)
{
    size_t place;

    if (model->query_size + size > sizeof(model->query))
        return;
    memcpy(model->query + model->query_size, bytes, size);
    model->query_size += size;
    if (model->is_missing)
        return;
    if (model->recall < model->history_count && holds(model, &model->text, &place))
        model->text.cursor = settled(&model->text, place);
    else
        search(model, true);
}

static void search_end(struct line_model *model, bool is_accepted)
{
    size_t place = model->text.cursor;

    model->is_searching = false;
    model->text = model->saved;
    if (is_accepted && model->recall < model->history_count) {
        replace_all(model, &model->history[model->recall]);
        model->text.cursor = place;
    }
}

// Whether the search takes the key for itself.
static bool search_press(struct line_model *model, enum model_key key)
{
    struct model_text query = {.size = model->query_size};

    switch ((int)key) {
    case MODEL_SEARCH:
    case MODEL_OLDER:
        search(model, true);
        return true;
    case MODEL_SEARCH_NEWER:
    case MODEL_NEWER:
        search(model, false);
        return true;
    case MODEL_RUB_OUT:
        if (model->query_size == 0)
            return true;
        memcpy(query.bytes, model->query, model->query_size);
        model->query_size = start_before(&query, query.size);
        model->recall = model->history_count;
        model->text = model->saved;
        model->is_missing = false;
        search(model, true);
        return true;
    case MODEL_GIVE_UP:
        search_end(model, false);
        return true;
    }
    search_end(model, key != MODEL_CANCEL);
    return false;
}

// ---- Completion ----

static void complete(struct line_model *model)
{
    struct model_text *text = &model->text;
    size_t word = text->cursor, common = 0, count = 0, typed;
    const char *first = NULL;

    while (word > 0 && text->bytes[word - 1] != ' ')
        word--;
    typed = text->cursor - word;
    for (size_t i = 0; !model->is_hidden && model->words[i] != NULL; i++) {
        const char *name = model->words[i];
        if (strlen(name) < typed || memcmp(name, text->bytes + word, typed) != 0)
            continue;
        if (count++ == 0) {
            first = name;
            common = strlen(name);
        }
        for (size_t same = 0; same < common; same++) {
            if (name[same] != first[same])
                common = same;
        }
    }
    while (count > 1 && ((unsigned char)first[common] & 0xc0) == 0x80)
        common--;
    if (count > 1 && common <= typed)
        model->said = true;
    else if (count > 0 && change(model, word, text->cursor, first, common) && count == 1)
        change(model, text->cursor, text->cursor, " ", 1);
}

// ---- Keys ----

void model_begin(struct line_model *model, size_t limit, bool is_hidden, bool keeps_invalid,
                 bool has_history)
{
    model->text = (struct model_text){.size = 0};
    model->limit = limit;
    model->is_hidden = is_hidden;
    model->keeps_invalid = keeps_invalid;
    model->has_history = has_history && !is_hidden;
    model->is_over = model->is_done = model->is_cancelled = model->is_ended = false;
    model->is_pasting = false;
    model->last = MODEL_LAST_OTHER;
    model->undo_count = model->kill_count = 0;
    model->is_searching = false;
}

static void enter(struct line_model *model)
{
    if (!model->is_over) {
        model->is_done = true;
        if (model->has_history)
            history_add(model, &model->text);
        return;
    }
    change(model, 0, model->text.size, "", 0);
    model->said = true;
}

static void begin_search(struct line_model *model)
{
    if (!model->has_history)
        return;
    model->saved = model->text;
    model->recall = model->history_count;
    model->is_searching = true;
    model->is_missing = false;
    model->query_size = 0;
}

// Where a key moves the cursor to, or up to where it deletes or kills.
static size_t target(const struct model_text *text, enum model_key key)
{
    size_t at = text->cursor;

    switch ((int)key) {
    case MODEL_START:
    case MODEL_KILL_START:
        return 0;
    case MODEL_END:
    case MODEL_KILL_END:
        return text->size;
    case MODEL_LEFT:
    case MODEL_RUB_OUT:
        return start_before(text, at);
    case MODEL_RIGHT:
    case MODEL_DELETE:
    case MODEL_CONTROL_D:
        return at < text->size ? end_of(text, at) : at;
    case MODEL_WORD_LEFT:
    case MODEL_KILL_WORD_BEFORE:
        return word_before(text, at);
    case MODEL_WORD_RIGHT:
    case MODEL_KILL_WORD:
        return word_behind(text, at);
    case MODEL_KILL_TO_BLANK:
        while (at > 0 && text->bytes[at - 1] == ' ')
            at--;
        while (at > 0 && text->bytes[at - 1] != ' ')
            at--;
        return at;
    }
    return at;
}

static void edit(struct line_model *model, enum model_key key)
{
    size_t at = model->text.cursor, to = target(&model->text, key);
    size_t first = to < at ? to : at, last = to < at ? at : to;

    if (key == MODEL_CONTROL_D)
        model->is_ended = model->text.size == 0;
    if (key >= MODEL_START && key <= MODEL_WORD_RIGHT)
        model->text.cursor = to;
    else if (key >= MODEL_RUB_OUT && key <= MODEL_CONTROL_D)
        change(model, first, last, "", 0);
    else if (key >= MODEL_KILL_END && key <= MODEL_KILL_WORD_BEFORE)
        kill(model, first, last, to < at);
    else if (key == MODEL_YANK || key == MODEL_YANK_OTHER)
        model->has_yanked = yank(model, key == MODEL_YANK_OTHER);
    else if (key == MODEL_TRANSPOSE)
        transpose(model);
    else if (key == MODEL_UNDO)
        undo(model);
    else if (key == MODEL_OLDER || key == MODEL_NEWER)
        recall(model, key == MODEL_OLDER);
    else if (key == MODEL_SEARCH || key == MODEL_SEARCH_NEWER)
        begin_search(model);
    else if (key == MODEL_COMPLETE)
        complete(model);
    else if (key == MODEL_ENTER)
        enter(model);
    model->said = model->said || key == MODEL_CLEAR;
    model->is_cancelled = key == MODEL_CANCEL;
}

void model_press(struct line_model *model, enum model_key key, const char *bytes, size_t size)
{
    model->said = model->has_yanked = false;
    if (key == MODEL_TEXT) {
        struct model_text typed = {.size = size};
        memcpy(typed.bytes, bytes, size);
        size_t step;
        uint32_t code = code_at(bytes, size, 0, &step);
        if ((code == REPLACEMENT && !model->keeps_invalid) || (code >= 0x80 && code < 0xa0))
            return;
        if (model->is_searching)
            search_type(model, bytes, size);
        else
            type(model, bytes, size);
        return;
    }
    if (key == MODEL_PASTE_BEGIN || key == MODEL_PASTE_END) {
        model->is_pasting = key == MODEL_PASTE_BEGIN;
        model->last = MODEL_LAST_OTHER;
        return;
    }
    if (model->is_searching && search_press(model, key)) {
        model->last = MODEL_LAST_OTHER;
        return;
    }
    edit(model, key);
    model->is_over = false;
    model->last = key >= MODEL_KILL_END && key <= MODEL_KILL_WORD_BEFORE ? MODEL_LAST_KILL
                  : model->has_yanked                                    ? MODEL_LAST_YANK
                  : key == MODEL_OLDER || key == MODEL_NEWER             ? MODEL_LAST_RECALL
                                                                         : MODEL_LAST_OTHER;
}

// ---- Layout ----

struct pen {
    struct model_area *area;
    size_t row, column, columns;
    struct model_cell *cell; // the last one
};

static void pen_put(struct pen *pen, uint32_t code, bool is_first)
{
    if (combines(code) && !is_first) {
        for (size_t i = 0; i < MODEL_CELL_MAX; i++) {
            if (pen->cell->codes[i] == 0) {
                pen->cell->codes[i] = code;
                return;
            }
        }
        return;
    }
    size_t width = is_wide(code) ? 2 : 1;
    if (pen->column + width > pen->columns) {
        pen->row++;
        pen->column = 0;
    }
    pen->cell = &pen->area->cells[pen->row * pen->columns + pen->column];
    pen->cell->codes[0] = combines(code) ? CIRCLE : is_hostile(code) ? REPLACEMENT : code;
    pen->cell->codes[1] = combines(code) ? code : 0;
    if (width == 2)
        pen->cell[1].codes[0] = UINT32_MAX;
    pen->column += width;
    if (pen->column == pen->columns) {
        pen->row++;
        pen->column = 0;
    }
}

static void pen_write(struct pen *pen, const char *bytes, size_t size, size_t cursor)
{
    size_t step;

    for (size_t at = 0; at <= size; at += step) {
        if (at == cursor) {
            pen->area->cursor_row = pen->row;
            pen->area->cursor_column = pen->column;
        }
        if (at == size)
            break;
        pen_put(pen, code_at(bytes, size, at, &step), at == 0);
    }
}

void model_draw(const struct line_model *model, const char *prompt, size_t columns,
                struct model_area *area)
{
    struct pen pen = {.area = area, .columns = columns};
    char label[128];
    size_t size;

    memset(area, 0, sizeof(*area));
    if (model->is_searching) {
        const char *words = model->is_missing ? "(not in the history) `" : "(search) `";
        size = strlen(words);
        memcpy(label, words, size);
        memcpy(label + size, model->query, model->query_size);
        size += model->query_size;
        memcpy(label + size, "': ", 3);
        pen_write(&pen, label, size + 3, SIZE_MAX);
    } else {
        pen_write(&pen, prompt, strlen(prompt), SIZE_MAX);
    }
    if (model->is_hidden)
        pen_write(&pen, "", 0, 0);
    else
        pen_write(&pen, model->text.bytes, model->text.size, model->text.cursor);
    area->rows = pen.row + 1;
}
