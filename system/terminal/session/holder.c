// SPDX-License-Identifier: Apache-2.0
//
// Who holds the terminal, and who has the foreground.
#include "lib/line/scrub.h"
#include "system/terminal/session/parts.h"

enum session_status session_holder_check(const struct session *session, uint32_t holder)
{
    if (!session->is_open)
        return SESSION_CLOSED;
    if (holder >= SESSION_HOLDERS_MAX || !session->holders[holder].is_used)
        return SESSION_NO_HOLDER;
    return SESSION_OK;
}

void session_wait_end(struct session *session, uint32_t holder)
{
    uint8_t before = SESSION_HOLDERS_MAX;

    if (!session->holders[holder].waits)
        return;
    for (uint8_t i = session->first; i != holder; i = session->holders[i].next)
        before = i;
    if (before == SESSION_HOLDERS_MAX)
        session->first = session->holders[holder].next;
    else
        session->holders[before].next = session->holders[holder].next;
    if (session->last == holder)
        session->last = before;
    session->holders[holder].waits = false;
}

// What was typed for the one that had it never reaches the one that gets it.
static void foreground_move(struct session *session, uint32_t holder)
{
    session_read_end(session, SESSION_LOST);
    session_forget_ahead(session);
    session->keeps_ahead = true;
    session->foreground = (uint8_t)holder;
}

enum session_status session_lend(struct session *session, uint32_t lender, bool with_foreground,
                                 uint32_t *holder)
{
    enum session_status status = session_holder_check(session, lender);
    uint32_t found = 0;

    if (status != SESSION_OK)
        return status;
    if (with_foreground && session->foreground != lender)
        return SESSION_NOT_FOREGROUND;
    while (found < SESSION_HOLDERS_MAX && session->holders[found].is_used)
        found++;
    if (found == SESSION_HOLDERS_MAX)
        return SESSION_NO_ROOM;
    session->holders[found] = (struct session_holder){.is_used = true, .lender = (uint8_t)lender};
    ansi_filter_init(&session->holders[found].filter, ANSI_COLOURS);
    if (with_foreground)
        foreground_move(session, found);
    *holder = found;
    return SESSION_OK;
}

enum session_status session_reclaim(struct session *session, uint32_t holder)
{
    enum session_status status = session_holder_check(session, holder);
    uint32_t borrower = session->foreground;

    if (status != SESSION_OK)
        return status;
    if (borrower == holder)
        return SESSION_NOTHING;
    while (borrower != 0 && borrower != holder)
        borrower = session->holders[borrower].lender;
    if (borrower != holder)
        return SESSION_NOT_FOREGROUND;
    foreground_move(session, holder);
    return SESSION_OK;
}

enum session_status session_drop(struct session *session, uint32_t holder)
{
    enum session_status status = session_holder_check(session, holder);
    uint8_t lender;

    if (status != SESSION_OK)
        return status;
    session->holders[holder].is_used = false;
    if (holder == 0) {
        session_close(session);
        return SESSION_OK;
    }
    lender = session->holders[holder].lender;
    if (session->foreground == holder)
        foreground_move(session, lender);
    if (session->writer == holder) {
        session_row_end(session); // what others say begins a row
        session->writer = 0;
    }
    session_wait_end(session, holder);
    for (uint32_t i = 0; i < SESSION_HOLDERS_MAX; i++) {
        if (session->holders[i].lender == holder)
            session->holders[i].lender = lender;
    }
    line_scrub(&session->holders[holder], sizeof(session->holders[holder]));
    return SESSION_OK;
}
