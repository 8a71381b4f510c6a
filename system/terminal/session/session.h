// SPDX-License-Identifier: Apache-2.0
//
// One session at one terminal, as a pure state machine: who may write and read, whose turn it is,
// and what is typed for whom. A body around it carries bytes to and from the terminal and turns
// calls (abi/schema/terminal.capnp) into calls of these functions.
//
//     session_open(&session, &memory, &calls);
//     input from the terminal      -> session_input()
//     room in the terminal's queue -> session_output(), then session_sent()
//     a call of a holder           -> session_write(), session_read(), ...; answers come by `calls`
//
// Holders are capabilities: the session itself is holder 0, others are lent by it and by each
// other. One holder has the foreground: it alone may read. It has at most one read outstanding.
// Whoever lends the foreground gets it back when that holder is dropped, or when it reclaims it.
//
// What holds:
// - A byte that is typed while a read is outstanding reaches that read's answer or nobody. When the
//   read is cancelled, lost or closed, or the session is, everything typed is scrubbed.
// - What is typed while nobody reads waits (SESSION_AHEAD_MAX bytes) for the next visible read of
//   the holder that has the foreground now. It is dropped when the foreground moves, the next read
//   is hidden, the last one was hidden or ended otherwise than by enter, and by C-c, which then is
//   an interrupt.
// - What holders write goes through lib/ansi: it can't take over the terminal. While a line is
//   edited, it appears above it, in whole rows.
// - Writers wait in a queue, each for its turn of SESSION_TURN bytes; they never use the room that
//   the line needs, so that keys count however much is written.
// - A terminal that takes nothing loses what does not fit, in whole; when it has taken what there
//   is, the line is drawn again.
//
// No clock, no allocation, no writable data: all is in `struct session` and the memory given.
#ifndef SYSTEM_TERMINAL_SESSION_SESSION_H
#define SYSTEM_TERMINAL_SESSION_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/ansi/ansi.h"
#include "lib/line/line.h"

enum {
    SESSION_HOLDERS_MAX = 16,
    SESSION_LIMIT_MAX = 2048,   // bytes of a line
    SESSION_HISTORY_MAX = 8192, // bytes of lines that were entered by holder 0
    SESSION_AHEAD_MAX = 256,    // bytes typed while nobody reads
    SESSION_TURN = 1024,        // bytes of a writer until the next one's turn
    SESSION_STEP_MAX = 64,      // bytes of text that are fed to the line at once
    SESSION_OUT_MAX = 1 << 17,  // bytes on their way to the terminal
    SESSION_RESERVE = LINE_SENT_MAX(SESSION_LIMIT_MAX), // of them for the line
    SESSION_WRITTEN_MAX = 4,                            // bytes that one of a writer may become
};

enum session_status {
    SESSION_OK,
    SESSION_CLOSED,         // the session has ended
    SESSION_NO_HOLDER,      // there is no such holder
    SESSION_NOT_FOREGROUND, // another holder has it
    SESSION_BUSY,           // a read of this holder is outstanding
    SESSION_BAD_LIMIT,      // 0, or more than SESSION_LIMIT_MAX
    SESSION_NO_ROOM,        // all holders are in use
    SESSION_NOTHING,        // there is nothing to cancel or reclaim
    SESSION_STATUS_COUNT,
};

// What was found, and what to do about it.
const char *session_status_text(enum session_status status);

// How a read ends.
enum session_outcome {
    SESSION_LINE,      // with a line
    SESSION_CANCELLED, // by C-c, or by the holder
    SESSION_END,       // end of input
    SESSION_LOST,      // the foreground went to another holder
    SESSION_GONE,      // the session was closed
};

// What the body does. None of these may call the session.
struct session_calls {
    void *context;
    // The answer of the holder's read. The text is the caller's until this returns.
    void (*answer)(void *context, uint32_t holder, enum session_outcome outcome, const char *text,
                   size_t size);
    // It is the holder's turn to write what was not accepted.
    void (*turn)(void *context, uint32_t holder);
    // C-c, while the foreground holder was not reading.
    void (*interrupt)(void *context, uint32_t holder);
    // The terminal reported its size.
    void (*resized)(void *context, uint32_t columns, uint32_t rows);
};

struct session_holder {
    bool is_used;
    uint8_t lender; // itself: holder 0
    uint8_t next;   // behind it in the queue of writers, if it waits
    bool waits;
    struct ansi_filter filter; // of what it writes
};

// The caller's, as long as the session is open.
struct session_memory {
    char line[LINE_MEMORY_PARTS * SESSION_LIMIT_MAX];
    char history[SESSION_HISTORY_MAX];
    char out[SESSION_OUT_MAX];
    char ahead[SESSION_AHEAD_MAX];
};

// Private to the session, but that columns and rows may be read.
struct session {
    uint32_t columns, rows;
    struct session_memory *memory;
    struct session_calls calls;
    struct line line;
    struct line_history history;
    struct line_completer completer; // of holder 0; find is NULL where there is none
    struct session_holder holders[SESSION_HOLDERS_MAX];
    uint8_t foreground;
    uint8_t writer;           // who wrote last
    uint8_t first, last;      // of the writers that wait; SESSION_HOLDERS_MAX: none
    bool is_open, is_reading; // a read of the foreground holder is outstanding
    bool keeps_ahead;         // what is typed now may be read
    bool is_row_begun;        // something stands in the terminal's row
    size_t ahead_size;
    size_t out_start, out_size; // in the ring `out`
    bool is_torn;               // something did not fit: all is drawn again when the rest is sent
};

void session_open(struct session *session, struct session_memory *memory,
                  const struct session_calls *calls);

// Words of holder 0 are completed.
void session_complete(struct session *session, const struct line_completer *completer);

// All reads end, everything is scrubbed but what is on its way to the terminal; nothing but
// session_output() and session_sent() does anything from now on.
void session_close(struct session *session);

// ---- The terminal ----

// Bytes that were typed. Returns how many were taken: fewer where the line has to be drawn first.
size_t session_input(struct session *session, const char *bytes, size_t size);

// What is to be sent next; its size, 0 if there is nothing.
size_t session_output(const struct session *session, const char **bytes);
// So much of it was sent.
void session_sent(struct session *session, size_t size);

enum session_status session_resize(struct session *session, uint32_t columns, uint32_t rows);
// Asks the terminal for its size.
void session_ask_size(struct session *session);

// ---- Holders ----

// Another holder, with the foreground or without. The lender must have the foreground to lend it;
// a read of its own is lost.
enum session_status session_lend(struct session *session, uint32_t lender, bool with_foreground,
                                 uint32_t *holder);
// The foreground comes back to a holder that lent it, from whoever has it now.
enum session_status session_reclaim(struct session *session, uint32_t holder);
// The capability is gone: a read is cancelled without an answer. Without holder 0 the session ends.
enum session_status session_drop(struct session *session, uint32_t holder);

// Returns how many bytes were accepted. If not all were, `turn` says when to go on; who does not
// want to any more writes nothing, so that the others' turn comes.
size_t session_write(struct session *session, uint32_t holder, const char *bytes, size_t size,
                     enum session_status *status);

// Reads a line of at most `limit` bytes. Unless it is refused, it is answered once: later, or
// before this returns, if it was typed ahead.
enum session_status session_read(struct session *session, uint32_t holder, const char *prompt,
                                 size_t prompt_size, bool is_hidden, size_t limit);
// The holder's read ends as cancelled, which is its answer.
enum session_status session_cancel(struct session *session, uint32_t holder);

#endif
