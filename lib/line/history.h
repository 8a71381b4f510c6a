// SPDX-License-Identifier: Apache-2.0
//
// Lines that were entered, in the caller's memory: the oldest make room for new ones. A line that
// is empty or the same as the one before it is not kept.
//
// An entry is named by its offset; entries end with a zero byte, which no line contains.
#ifndef LIB_LINE_HISTORY_H
#define LIB_LINE_HISTORY_H

#include <stdbool.h>
#include <stddef.h>

struct line_history {
    char *bytes; // the caller's
    size_t max;
    size_t size;
};

void line_history_init(struct line_history *history, char *bytes, size_t max);
void line_history_add(struct line_history *history, const char *text, size_t size);

// The entry before, behind the one at `at`; `size`, the history's, stands for what is behind all.
// False: there is none.
bool line_history_older(const struct line_history *history, size_t *at);
bool line_history_newer(const struct line_history *history, size_t *at);

const char *line_history_text(const struct line_history *history, size_t at, size_t *size);

// Forgets and scrubs everything.
void line_history_scrub(struct line_history *history);

#endif
