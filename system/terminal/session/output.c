// SPDX-License-Identifier: Apache-2.0
//
// What is on its way to the terminal, in a ring: what writers write, filtered, and the line.
#include <string.h>

#include "lib/line/scrub.h"
#include "system/terminal/session/parts.h"

enum { WRITERS_LEAST = 2 * SESSION_RESERVE }; // room that there is when somebody may write
_Static_assert(WRITERS_LEAST + SESSION_WRITTEN_MAX * SESSION_TURN <= SESSION_OUT_MAX,
               "there is room for a turn besides what the line needs");

size_t session_room(const struct session *session)
{
    return session->is_torn ? 0 : SESSION_OUT_MAX - session->out_size;
}

void session_put(struct session *session, const char *bytes, size_t size)
{
    if (session_room(session) < size) {
        session->is_torn = true;
        return;
    }
    while (size > 0) {
        size_t at = (session->out_start + session->out_size) % SESSION_OUT_MAX;
        size_t part = size < SESSION_OUT_MAX - at ? size : SESSION_OUT_MAX - at;
        memcpy(session->memory->out + at, bytes, part);
        session->out_size += part;
        bytes += part;
        size -= part;
    }
}

static void put_text(struct session *session, const char *text)
{
    session_put(session, text, strlen(text));
}

size_t session_output(const struct session *session, const char **bytes)
{
    size_t end = SESSION_OUT_MAX - session->out_start;

    *bytes = session->memory->out + session->out_start;
    return session->out_size < end ? session->out_size : end;
}

// What did not fit begins anew, on a row of its own.
static void mend(struct session *session)
{
    session->is_torn = false;
    put_text(session, ansi_style(ANSI_PLAIN));
    put_text(session, "\r\n");
    session->is_row_begun = false;
    if (session->is_reading)
        line_redraw(&session->line);
}

static void turn_give(struct session *session)
{
    if (session->first < SESSION_HOLDERS_MAX && session_room(session) > WRITERS_LEAST)
        session->calls.turn(session->calls.context, session->first);
}

void session_sent(struct session *session, size_t size)
{
    const char *bytes;
    size_t most;

    while (size > 0 && (most = session_output(session, &bytes)) > 0) {
        size_t part = size < most ? size : most;
        line_scrub(session->memory->out + session->out_start, part);
        session->out_start = (session->out_start + part) % SESSION_OUT_MAX;
        session->out_size -= part;
        size -= part;
    }
    if (!session->is_open)
        return;
    if (session->is_torn && session->out_size == 0)
        mend(session);
    session_use_ahead(session);
    turn_give(session);
}

// ---- Writers ----

void session_style_end(struct session *session)
{
    struct ansi_filter *filter = &session->holders[session->writer].filter;

    if (filter->has_style)
        put_text(session, ansi_style(ANSI_PLAIN));
    filter->has_style = false;
}

void session_row_end(struct session *session)
{
    session_style_end(session);
    if (session->is_row_begun)
        put_text(session, "\r\n");
    session->is_row_begun = false;
}

// Whether something stands in the row after these bytes, which one byte of a writer became.
static bool is_row_begun(bool was_begun, const char *bytes, size_t size)
{
    if (size == 0 || bytes[size - 1] == '\a' || (bytes[0] == '\33' && bytes[size - 1] == 'm'))
        return was_begun;
    return bytes[size - 1] != '\n';
}

static void write_filtered(struct session *session, uint32_t holder, const char *bytes, size_t size)
{
    struct ansi_filter *filter = &session->holders[holder].filter;
    char out[ANSI_STEP_MAX];

    filter->level =
        holder == session->foreground && !session->is_reading ? ANSI_SCREEN : ANSI_COLOURS;
    if (session->writer != holder)
        session_style_end(session);
    session->writer = (uint8_t)holder;
    for (size_t i = 0; i < size; i++) {
        size_t step = ansi_filter_step(filter, (uint8_t)bytes[i], out);
        session_put(session, out, step);
        session->is_row_begun = is_row_begun(session->is_row_begun, out, step);
    }
}

static void wait_begin(struct session *session, uint32_t holder)
{
    if (session->holders[holder].waits)
        return;
    session->holders[holder].waits = true;
    session->holders[holder].next = SESSION_HOLDERS_MAX;
    if (session->first == SESSION_HOLDERS_MAX)
        session->first = (uint8_t)holder;
    else
        session->holders[session->last].next = (uint8_t)holder;
    session->last = (uint8_t)holder;
}

// How much a writer whose turn it is may write now.
static size_t turn_size(const struct session *session)
{
    size_t room = session_room(session);
    size_t most = room > WRITERS_LEAST ? (room - WRITERS_LEAST) / SESSION_WRITTEN_MAX : 0;

    return most < SESSION_TURN ? most : SESSION_TURN;
}

size_t session_write(struct session *session, uint32_t holder, const char *bytes, size_t size,
                     enum session_status *status)
{
    size_t part = turn_size(session);

    *status = session_holder_check(session, holder);
    if (*status != SESSION_OK)
        return 0;
    if (session->first != SESSION_HOLDERS_MAX && session->first != holder && size > 0)
        part = 0;
    if (part > size)
        part = size;
    if (part > 0) {
        line_hide(&session->line);
        write_filtered(session, holder, bytes, part);
        if (session->is_reading)
            session_row_end(session);
        line_show(&session->line);
    }
    // A turn is over, whether all was written or not.
    if (part > 0 || size == 0)
        session_wait_end(session, holder);
    if (part < size)
        wait_begin(session, holder);
    turn_give(session);
    return part;
}
