// SPDX-License-Identifier: Apache-2.0
//
// Reads and what is typed for them; whose turn it is is in holder.c, what is sent in output.c.
#include "system/terminal/session/session.h"

#include <string.h>

#include "lib/line/scrub.h"
#include "system/terminal/session/parts.h"

enum { CANCEL_KEY = 3, FIRST_PRINTABLE = ' ', DELETE = 0x7f };

const char *session_status_text(enum session_status status)
{
    static const char *const texts[SESSION_STATUS_COUNT] = {
        [SESSION_OK] = "done",
        [SESSION_CLOSED] = "the terminal's session has ended; open another one",
        [SESSION_NO_HOLDER] = "this capability of the terminal was dropped; ask for another",
        [SESSION_NOT_FOREGROUND] = "another holder has the foreground; wait for it, or reclaim it",
        [SESSION_BUSY] = "a line is being read already; wait for it, or cancel it",
        [SESSION_BAD_LIMIT] = "a line has 1 to 2,048 bytes; ask for as many",
        [SESSION_NO_ROOM] = "the terminal is lent to 16 holders already; drop one",
        [SESSION_NOTHING] = "no line is read, the foreground is not lent: nothing to end",
    };
    return texts[status];
}
_Static_assert(SESSION_LIMIT_MAX == 2048 && SESSION_HOLDERS_MAX == 16, "the texts name them");

static void line_put_out(void *context, const char *bytes, size_t size)
{
    session_put(context, bytes, size);
}

void session_open(struct session *session, struct session_memory *memory,
                  const struct session_calls *calls)
{
    *session = (struct session){.memory = memory, .calls = *calls, .is_open = true};
    line_init(&session->line, memory->line, sizeof(memory->line),
              (struct line_sink){line_put_out, session});
    line_history_init(&session->history, memory->history, sizeof(memory->history));
    session->columns = session->line.columns;
    session->rows = session->line.rows;
    session->first = session->last = SESSION_HOLDERS_MAX;
    session->holders[0].is_used = true;
    ansi_filter_init(&session->holders[0].filter, ANSI_SCREEN);
    session->keeps_ahead = true;
}

void session_complete(struct session *session, const struct line_completer *completer)
{
    session->completer = *completer;
}

// ---- The end of a read ----

void session_forget_ahead(struct session *session)
{
    line_scrub(session->memory->ahead, SESSION_AHEAD_MAX);
    session->ahead_size = 0;
    session->keeps_ahead = false;
}

// The line has ended on the screen; what it was is answered, then scrubbed.
static void read_answer(struct session *session, enum session_outcome outcome)
{
    bool is_line = outcome == SESSION_LINE;
    size_t size = is_line ? session->line.text_size : 0;

    session->is_reading = false;
    session->is_row_begun = false;
    session->keeps_ahead = is_line && !session->line.options.is_hidden;
    if (session->holders[session->foreground].is_used)
        session->calls.answer(session->calls.context, session->foreground, outcome,
                              session->line.text, size);
    line_close(&session->line);
}

void session_read_end(struct session *session, enum session_outcome outcome)
{
    if (!session->is_reading)
        return;
    line_cancel(&session->line);
    read_answer(session, outcome);
}

void session_close(struct session *session)
{
    if (!session->is_open)
        return;
    session_read_end(session, SESSION_GONE);
    session->is_open = false;
    session_forget_ahead(session);
    line_close(&session->line);
    line_history_scrub(&session->history);
    for (uint32_t i = 0; i < SESSION_HOLDERS_MAX; i++)
        line_scrub(&session->holders[i], sizeof(session->holders[i]));
    session->first = session->last = SESSION_HOLDERS_MAX;
}

// ---- Typing ----

// How many bytes may be fed together: text, or one that does something.
static size_t step_size(const char *bytes, size_t size)
{
    size_t step = 0;

    while (step < size && step < SESSION_STEP_MAX && (uint8_t)bytes[step] >= FIRST_PRINTABLE &&
           bytes[step] != DELETE)
        step++;
    return step > 0 ? step : 1;
}

static size_t line_input(struct session *session, const char *bytes, size_t size)
{
    static const enum session_outcome outcomes[] = {
        [LINE_DONE] = SESSION_LINE,
        [LINE_CANCELLED] = SESSION_CANCELLED,
        [LINE_ENDED] = SESSION_END,
    };
    enum line_event event;
    size_t used = line_feed(&session->line, bytes, step_size(bytes, size), &event);

    if (event == LINE_RESIZED) {
        session->columns = session->line.columns;
        session->rows = session->line.rows;
        session->calls.resized(session->calls.context, session->columns, session->rows);
    } else if (event != LINE_MORE) {
        read_answer(session, outcomes[event]);
    }
    return used;
}

// Nobody reads: it waits, or is gone.
static void ahead_input(struct session *session, char byte)
{
    if (byte == CANCEL_KEY) {
        session_forget_ahead(session);
        session->keeps_ahead = true;
        session->calls.interrupt(session->calls.context, session->foreground);
    } else if (session->keeps_ahead && session->ahead_size < SESSION_AHEAD_MAX) {
        session->memory->ahead[session->ahead_size++] = byte;
    }
}

static bool may_type(const struct session *session)
{
    return session->is_reading && session_room(session) >= SESSION_RESERVE;
}

void session_use_ahead(struct session *session)
{
    char *ahead = session->memory->ahead;
    size_t used = 0;

    while (used < session->ahead_size && may_type(session))
        used += line_input(session, ahead + used, session->ahead_size - used);
    if (!session->is_reading && !session->keeps_ahead)
        used = session->ahead_size;
    session->ahead_size -= used;
    memmove(ahead, ahead + used, session->ahead_size);
    line_scrub(ahead + session->ahead_size, used);
}

size_t session_input(struct session *session, const char *bytes, size_t size)
{
    size_t used = 0;

    if (!session->is_open)
        return size;
    session_use_ahead(session);
    while (used < size) {
        if (!session->is_reading)
            ahead_input(session, bytes[used++]);
        else if (may_type(session))
            used += line_input(session, bytes + used, size - used);
        else
            break;
    }
    return used;
}

// ---- Reads ----

enum session_status session_read(struct session *session, uint32_t holder, const char *prompt,
                                 size_t prompt_size, bool is_hidden, size_t limit)
{
    enum session_status status = session_holder_check(session, holder);
    struct line_options options = {.prompt = prompt,
                                   .prompt_size = prompt_size,
                                   .limit = limit,
                                   .is_hidden = is_hidden,
                                   .break_byte = ' '};

    if (status != SESSION_OK)
        return status;
    if (limit == 0 || limit > SESSION_LIMIT_MAX)
        return SESSION_BAD_LIMIT;
    if (session->foreground != holder)
        return SESSION_NOT_FOREGROUND;
    if (session->is_reading)
        return SESSION_BUSY;
    if (is_hidden)
        session_forget_ahead(session);
    if (holder == 0) {
        options.history = &session->history;
        options.completer = session->completer.find != NULL ? &session->completer : NULL;
    }
    session_row_end(session);
    session->is_reading = true;
    line_begin(&session->line, &options);
    session_use_ahead(session);
    return SESSION_OK;
}

enum session_status session_cancel(struct session *session, uint32_t holder)
{
    enum session_status status = session_holder_check(session, holder);

    if (status != SESSION_OK)
        return status;
    if (session->foreground != holder || !session->is_reading)
        return SESSION_NOTHING;
    session_read_end(session, SESSION_CANCELLED);
    return SESSION_OK;
}

// ---- Size ----

enum session_status session_resize(struct session *session, uint32_t columns, uint32_t rows)
{
    if (!session->is_open)
        return SESSION_CLOSED;
    line_resize(&session->line, columns, rows);
    session->columns = session->line.columns;
    session->rows = session->line.rows;
    return SESSION_OK;
}

void session_ask_size(struct session *session)
{
    if (session->is_open)
        line_ask_size(&session->line);
}
