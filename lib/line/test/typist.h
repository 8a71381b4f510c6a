// SPDX-License-Identifier: Apache-2.0
//
// Somebody who types, and what comes of it: a line editor with its memory, what it sent, and what
// happened last.
#ifndef LIB_LINE_TEST_TYPIST_H
#define LIB_LINE_TEST_TYPIST_H

#include "lib/line/line.h"

enum { TYPIST_LIMIT = 128, TYPIST_OUT_MAX = 1 << 18, TYPIST_HISTORY_MAX = 64 };

struct typist {
    struct line line;
    struct line_history history;
    enum line_event event;
    char out[TYPIST_OUT_MAX]; // what was sent since the last key, zero-terminated
    size_t out_size;
    char memory[LINE_MEMORY_PARTS * TYPIST_LIMIT];
    char history_bytes[TYPIST_HISTORY_MAX];
};

// With the prompt "$ ", on 80 columns and 24 rows.
void typist_init(struct typist *typist);
void typist_begin(struct typist *typist, struct line_options options);
// Feeds the keys, up to an event.
void typist_type(struct typist *typist, const char *keys);
void typist_type_bytes(struct typist *typist, const char *keys, size_t size);
// The line is `text`, with a | where the cursor is.
void typist_expect(struct typist *typist, const char *text);
// What the last keys made it send.
void typist_expect_sent(struct typist *typist, const char *bytes);
bool typist_sent(const struct typist *typist, const char *part);

#endif
