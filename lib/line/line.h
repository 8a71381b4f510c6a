// SPDX-License-Identifier: Apache-2.0
//
// A line editor as a state machine: bytes of a keyboard in, bytes for a terminal out, and an event
// when the line is done. It knows neither clock nor descriptors, and allocates nothing.
//
//     line_init(&line, memory, sizeof(memory), sink);
//     line_resize(&line, columns, rows);
//     line_begin(&line, &(struct line_options){.prompt = "$ ", .prompt_size = 2, .limit = 1024});
//     while (...) {
//         used = line_feed(&line, bytes, size, &event);      the rest belongs to what comes next
//         if (event == LINE_DONE)
//             use(line.text, line.text_size), line_close(&line);
//     }
//
// The terminal understands ECMA-48 cursor movement, wraps at its right edge when the next
// character comes (as VT100 and all its heirs), and shows UTF-8. What is drawn: the prompt and the
// text, over as many rows as they need, the part around the cursor where they need more than the
// screen has. Each call ends with the screen as it should be, drawn with few bytes.
//
// Keys (Emacs; M-x is ESC x or Alt-x):
//     C-a C-e home end                to the beginning, to the end
//     C-b C-f left right              one character; M-b M-f, with Ctrl or Alt: one word
//     C-h backspace, C-d delete       the character before, after the cursor
//     C-k C-u                         kill to the end, to the beginning
//     C-w, M-d M-backspace            kill back to a blank; the word after, before the cursor
//     C-y, M-y                        yank what was killed last; instead of it, what was before
//     C-t                             exchange two characters
//     C-_                             undo
//     C-p C-n up down                 lines of the history that begin as this one up to the cursor
//     C-r C-s                         search the history for any part; C-g gives up
//     tab                             complete
//     C-l                             clear the screen
//     enter; C-c; C-d in an empty line    done; cancelled; end of input
//
// A character is one with all that combines with it. Bytes that are no UTF-8 are refused with a
// bell, or kept where the caller wants them, and shown as U+FFFD, as are characters that would
// make the terminal do something. Controls are never part of a line.
//
// Pasted text (bracketed) is never taken for keys, but C-c: a break between its lines becomes a
// byte of the caller's choice, other controls a blank.
//
// A line of more than `limit` bytes is refused: a bell and a sentence when it grows too long, and
// enter drops what there is of it, if nothing was edited since. C-_ brings that back.
//
// Hidden lines are edited by the same keys, and nothing is shown but the prompt, and nothing of
// them is kept. History and completion are not offered. When a line ends, in whatever way, what was
// killed, undone, searched for is scrubbed, and the text, too, with line_close().
#ifndef LIB_LINE_LINE_H
#define LIB_LINE_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/line/history.h"

enum {
    LINE_COLUMNS_MIN = 8,
    LINE_COLUMNS_MAX = 500,
    LINE_ROWS_MIN = 2,
    LINE_ROWS_MAX = 500,
    LINE_PROMPT_MAX = 256, // bytes, colours included; what is more is cut
    LINE_QUERY_MAX = 64,   // bytes of what is searched for
    LINE_LIMIT_MAX = 1 << 20,
    LINE_MEMORY_PARTS = 4,  // the memory for a limit of n bytes: so many times n
    LINE_UNDO_MAX = 64,     // changes that are remembered
    LINE_KILLS_MAX = 8,     // kills that are remembered
    LINE_UNDO_TYPED = 20,   // characters that one undo takes back at once
    LINE_TABLE_MAX = 16384, // bytes of a table of candidates; the last row says how many are left
};

// Bytes that are sent for one key, or for any call but line_feed(), at most: a table, and a line
// drawn several times, of characters that others stand for.
#define LINE_SENT_MAX(limit) (LINE_TABLE_MAX + 4 * (4 * (limit) + 1024))

enum line_event {
    LINE_MORE,      // all bytes are used
    LINE_DONE,      // enter: text and text_size are the line, until line_close()
    LINE_CANCELLED, // C-c
    LINE_ENDED,     // C-d in an empty line
    LINE_RESIZED,   // the terminal reported another size; columns and rows have it; go on
};

// What a terminal does to rows that are too long when it becomes narrower.
enum line_terminal {
    LINE_UNKNOWN, // never erase what is not the editor's, and perhaps leave some of it behind
    LINE_CUTS,    // they are cut: xterm, the console of Linux
    LINE_WRAPS,   // they are wrapped anew: most of the others
};

// Who takes what is to be sent to the terminal.
struct line_sink {
    void (*put)(void *context, const char *bytes, size_t size);
    void *context;
};

// Who knows what a word may become. Names stay where they are until the next find().
struct line_completer {
    void *context;
    // How many candidates there are for the word that ends at the cursor; where it begins.
    size_t (*find)(void *context, const char *text, size_t cursor, size_t *word);
    // Candidate `index`, in the order in which they are shown: the whole word, UTF-8.
    const char *(*name)(void *context, size_t index, size_t *size);
    // What is put behind a word with only one candidate; 0: nothing.
    char behind;
};

struct line_options {
    const char *prompt; // UTF-8, colours (SGR) allowed; whatever else is hostile is replaced
    size_t prompt_size;
    size_t limit; // bytes; 1 to what the memory is for
    bool is_hidden;
    bool keeps_invalid;           // bytes that are no UTF-8
    char break_byte;              // what a break between lines of a paste becomes; 0: a blank
    struct line_history *history; // NULL: none
    const struct line_completer *completer; // NULL: none
};

// A cell of the area that prompt and text take, from its upper left corner.
struct line_place {
    uint32_t row, column;
};

// A change: `removed` bytes, kept in `undo`, gave way to `inserted` ones.
struct line_change {
    uint32_t offset, removed, inserted;
    uint32_t typed; // characters, if it is typing that may go on; else 0
};

// All but what is named first is private to lib/line.
struct line {
    char *text; // the line
    size_t text_size;
    size_t cursor; // an offset
    uint32_t columns, rows;
    enum line_terminal terminal; // the caller's to set

    struct line_sink sink;
    struct line_options options;
    size_t part_size; // bytes of each part of the memory
    char *saved, *kills, *undo;
    size_t saved_size, saved_cursor;
    uint32_t kill_sizes[LINE_KILLS_MAX]; // oldest first, one behind the other in `kills`
    uint32_t kill_count;
    struct line_change changes[LINE_UNDO_MAX];
    uint32_t change_count;
    size_t undo_size;

    // Keys.
    uint8_t state;       // of the sequence that is not complete: enum key_state
    uint8_t last;        // what the last command was: enum line_kind
    uint32_t numbers[3]; // parameters of the sequence
    uint32_t number_count;
    bool is_strange; // the sequence is none that a key sends
    bool is_pasting;
    bool is_after_return; // of a paste: a line feed that comes belongs to it
    bool is_over;         // it grew too long, and nothing was edited since
    bool is_open;         // between line_begin() and an event that ends it
    bool rings;
    enum line_event event;
    char partial[4]; // a character that is not complete
    uint32_t partial_size;
    size_t yank_from, yank_to;
    uint32_t yank_index;

    // History and search.
    size_t recall_at; // the entry that is shown; the history's size: none
    size_t prefix_size;
    bool is_searching, is_missing;
    char query[LINE_QUERY_MAX];
    uint32_t query_size;

    // Drawing.
    char prompt[LINE_PROMPT_MAX];
    uint32_t prompt_size;
    char label[LINE_QUERY_MAX + 32]; // the prompt of a search
    uint32_t label_size;
    bool is_shown;
    bool is_whole;   // everything has to be drawn
    bool is_changed; // the text has to be drawn, from changed_from
    size_t changed_from;
    uint32_t top;          // the first row that is on the screen
    struct line_place at;  // the cursor of the terminal; in column `columns` it waits to wrap
    struct line_place end; // behind what is drawn
    struct line_place prompt_end;
    size_t known_offset; // a place that is known
    struct line_place known;
    char out[128];
    uint32_t out_size;
};

// `memory` stays the caller's, who keeps it until line_close(); `size` / LINE_MEMORY_PARTS is the
// greatest limit that a line may have.
void line_init(struct line *line, void *memory, size_t size, struct line_sink sink);

// The terminal has so many columns and rows; sizes out of range count as the nearest in it, 0 as
// 80 and 24. What is shown is drawn again.
void line_resize(struct line *line, uint32_t columns, uint32_t rows);

// Asks the terminal for its size: a report comes as input, and becomes LINE_RESIZED.
void line_ask_size(struct line *line);

// Shows the prompt, at the cursor of the terminal, which is at the beginning of a row. A line that
// is open is closed first.
void line_begin(struct line *line, const struct line_options *options);

// Returns how many bytes were used: all of them if `event` is LINE_MORE. Where no line is open,
// none are.
size_t line_feed(struct line *line, const char *bytes, size_t size, enum line_event *event);

// Takes prompt and text off the screen, so that something else can be written; the cursor is at
// the beginning of a row. line_show() brings them back below it. Between the two, keys count.
void line_hide(struct line *line);
void line_show(struct line *line);

// What was sent last did not reach the terminal, whose cursor is at the beginning of a row: prompt
// and text are drawn again, there.
void line_redraw(struct line *line);

// The line ends without an event, as if C-c had been typed, but for the "^C".
void line_cancel(struct line *line);

// Scrubs all that was typed. An open line is cancelled first. The screen stays as it is.
void line_close(struct line *line);

#endif
