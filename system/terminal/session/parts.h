// SPDX-License-Identifier: Apache-2.0
//
// What the files of this folder share and nobody else needs.
#ifndef SYSTEM_TERMINAL_SESSION_PARTS_H
#define SYSTEM_TERMINAL_SESSION_PARTS_H

#include "system/terminal/session/session.h"

// ---- session.c ----

// A read that is outstanding ends, without a line.
void session_read_end(struct session *session, enum session_outcome outcome);
// What was typed ahead is dropped, and what comes, until a read begins.
void session_forget_ahead(struct session *session);
// What was typed ahead is typed now, as far as it is for the read that is outstanding.
void session_use_ahead(struct session *session);

// ---- holder.c ----

// SESSION_OK: the session is open and has this holder.
enum session_status session_holder_check(const struct session *session, uint32_t holder);
// The holder leaves the queue of writers.
void session_wait_end(struct session *session, uint32_t holder);

// ---- output.c ----

size_t session_room(const struct session *session);
void session_put(struct session *session, const char *bytes, size_t size);
// The terminal's cursor goes to the beginning of a row, without anybody's style.
void session_row_end(struct session *session);
void session_style_end(struct session *session);

#endif
