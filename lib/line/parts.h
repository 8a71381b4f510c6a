// SPDX-License-Identifier: Apache-2.0
//
// What the files of this folder share and nobody else needs.
//
// keys.c makes commands of bytes, edit.c changes the text, recall.c and complete.c do so with what
// others know, draw.c alone speaks to the terminal, line.c begins and ends.
#ifndef LIB_LINE_PARTS_H
#define LIB_LINE_PARTS_H

#include "lib/line/line.h"

enum {
    JOINED_MAX = 4, // characters that a change may join: three bytes that were none, and a base
};

// What the last command was, for those that go on where it ended.
enum line_kind {
    KIND_OTHER,
    KIND_TYPE,
    KIND_KILL,
    KIND_YANK,
    KIND_RECALL,
};

// ---- character.c: characters, with what combines with them ----

struct line_character {
    size_t size;      // bytes
    size_t base_size; // ... of what the rest combines with
    uint32_t columns; // 1 or 2
    bool is_plain;    // shown by its own bytes
    bool is_orphan;   // it combines, and there is nothing before it
};

// The one at `at`, which is where one begins. `at` is less than `size`.
struct line_character line_character_at(const char *text, size_t size, size_t at);
// The same; but of letters that take a byte and a column each, as many as there are in a row, up to
// `most`.
struct line_character line_piece_at(const char *text, size_t size, size_t at, size_t most);
// Where the one before `at` begins. `at` is more than 0, and where one begins or ends.
size_t line_character_before(const char *text, size_t at);
// Whether what comes before a text can't change what it begins with, nor the other way round. An
// empty text begins and ends one.
bool line_begins_character(const char *text, size_t size);
bool line_ends_character(const char *text, size_t size);
// The columns of a text that is shown; it has no control sequences.
uint32_t line_columns_of(const char *text, size_t size);
// Whether the bytes are a word of completion's and M-f's.
bool line_is_word_at(const char *text, size_t at);

// ---- edit.c ----

// `bytes` take the place of what is from `from` to `to`, as one change; the cursor is behind them.
// False: the line would be too long, and stays as it is. `bytes` are not in the text.
bool line_replace(struct line *line, size_t from, size_t to, const char *bytes, size_t size);
// The same without the memory of undo, for what is only shown for now. The text fits.
void line_set(struct line *line, const char *bytes, size_t size, size_t cursor);
// The cursor goes to a byte, or behind the character that the byte is inside of.
void line_point(struct line *line, size_t at);
// A character is typed: undo takes it back with those before it.
bool line_type(struct line *line, const char *bytes, size_t size);
bool line_undo(struct line *line);
void line_kill(struct line *line, size_t from, size_t to, bool is_backward);
bool line_yank(struct line *line);
bool line_yank_other(struct line *line);
bool line_transpose(struct line *line);
size_t line_word_behind(const struct line *line, size_t at);
size_t line_word_before(const struct line *line, size_t at);
size_t line_blank_before(const struct line *line, size_t at);
// Scrubs what was killed, undone and saved.
void line_forget(struct line *line);

// ---- recall.c ----

bool line_recall(struct line *line, bool is_older);
void line_search_begin(struct line *line);
bool line_search_next(struct line *line, bool is_older);
bool line_search_type(struct line *line, const char *bytes, size_t size);
bool line_search_shorten(struct line *line);
// Ends the search with the line that it found, or with the one that there was.
void line_search_end(struct line *line, bool is_accepted);

// ---- complete.c ----

bool line_complete(struct line *line);

// ---- draw.c ----

// The text changes from `from` on; called before it does. Unless the change is plain, characters
// before it may become part of one that changes.
void line_touch(struct line *line, size_t from, bool is_plain);
// Everything is drawn at the next line_draw(), the prompt first.
void line_touch_all(struct line *line);
void line_draw(struct line *line);
void line_put(struct line *line, const char *bytes, size_t size);
void line_put_text(struct line *line, const char *text); // zero-terminated
void line_flush(struct line *line);
// The cursor goes to a row of its own below all that is shown; nothing is shown any more.
void line_leave(struct line *line);
// The prompt goes on here, below what was written.
void line_resume(struct line *line);
// A bell and a sentence below the line, then the prompt again, with the line or without it. Where
// something else is being written there is no sentence.
void line_say(struct line *line, const char *sentence, bool drops);
void line_erase(struct line *line);
void line_clear_screen(struct line *line);
void line_measure(struct line *line, uint32_t columns, uint32_t rows);

// ---- keys.c ----

void line_key(struct line *line, uint8_t byte);

// ---- line.c ----

void line_finish(struct line *line, enum line_event event);
// Bytes that were typed, or pasted, as one character.
void line_enter_character(struct line *line, const char *bytes, size_t size);

#endif
