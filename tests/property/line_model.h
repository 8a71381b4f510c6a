// SPDX-License-Identifier: Apache-2.0
//
// What must become of a line, and how it must look: a small model of lib/line/line.h, written from
// that header alone. It keeps a copy of the line for each undo, and lays everything out anew.
#ifndef TESTS_PROPERTY_LINE_MODEL_H
#define TESTS_PROPERTY_LINE_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    MODEL_TEXT_MAX = 512, // the greatest limit, and a part of the editor's memory
    MODEL_LINES_MAX = 64,
    MODEL_HISTORY_MAX = 600, // bytes of a history
    MODEL_CELL_MAX = 6,      // code points that the terminal keeps of a cell
    MODEL_CELLS_MAX = 4096,
    MODEL_UNDO_MAX = 64,
    MODEL_KILLS_MAX = 8,
};

enum model_key {
    MODEL_TEXT, // a character, or a byte that belongs to none
    MODEL_START,
    MODEL_END,
    MODEL_LEFT,
    MODEL_RIGHT,
    MODEL_WORD_LEFT,
    MODEL_WORD_RIGHT,
    MODEL_RUB_OUT,
    MODEL_DELETE,
    MODEL_CONTROL_D,
    MODEL_KILL_END,
    MODEL_KILL_START,
    MODEL_KILL_TO_BLANK,
    MODEL_KILL_WORD,
    MODEL_KILL_WORD_BEFORE,
    MODEL_YANK,
    MODEL_YANK_OTHER,
    MODEL_TRANSPOSE,
    MODEL_UNDO,
    MODEL_OLDER,
    MODEL_NEWER,
    MODEL_SEARCH,
    MODEL_SEARCH_NEWER,
    MODEL_GIVE_UP,
    MODEL_COMPLETE,
    MODEL_CLEAR,
    MODEL_ENTER,
    MODEL_CANCEL,
    MODEL_NOTHING, // a key that means nothing
    MODEL_PASTE_BEGIN,
    MODEL_PASTE_END,
    MODEL_KEYS,
};

struct model_text {
    char bytes[MODEL_TEXT_MAX];
    size_t size, cursor;
};

struct model_undo {
    struct model_text before;
    size_t removed; // bytes
    size_t end;     // where it began; of what was typed, where that ends
    unsigned typed;
};

struct line_model {
    struct model_text text;
    size_t limit;
    bool is_hidden, keeps_invalid, has_history;
    bool is_over, is_done, is_cancelled, is_ended;
    bool is_pasting;
    bool said; // more than the line appeared on the screen
    enum {
        MODEL_LAST_OTHER,
        MODEL_LAST_TYPE,
        MODEL_LAST_KILL,
        MODEL_LAST_YANK,
        MODEL_LAST_RECALL
    } last;
    struct model_undo undo[MODEL_UNDO_MAX];
    size_t undo_count;
    struct model_text kills[MODEL_KILLS_MAX]; // oldest first
    size_t kill_count, yank_index, yank_from, yank_to;
    bool has_yanked;
    struct model_text history[MODEL_LINES_MAX]; // oldest first; outlives the line
    size_t history_count;
    struct model_text saved;
    size_t recall, prefix;
    bool is_searching, is_missing;
    char query[64];
    size_t query_size;
    const char *const *words; // what completion knows, NULL at the end
};

struct model_cell {
    uint32_t codes[MODEL_CELL_MAX]; // 0: blank; UINT32_MAX: the right half of a wide one
};

// Prompt and text, `columns` wide.
struct model_area {
    struct model_cell cells[MODEL_CELLS_MAX];
    size_t rows;
    size_t cursor_row, cursor_column;
};

void model_begin(struct line_model *model, size_t limit, bool is_hidden, bool keeps_invalid,
                 bool has_history);
void model_press(struct line_model *model, enum model_key key, const char *bytes, size_t size);
// The prompt's colours are left out.
void model_draw(const struct line_model *model, const char *prompt, size_t columns,
                struct model_area *area);

#endif
