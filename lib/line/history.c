// SPDX-License-Identifier: Apache-2.0
#include "lib/line/history.h"

#include <string.h>

#include "lib/line/scrub.h"

void line_history_init(struct line_history *history, char *bytes, size_t max)
{
    *history = (struct line_history){.bytes = bytes, .max = max};
}

const char *line_history_text(const struct line_history *history, size_t at, size_t *size)
{
    *size = strlen(history->bytes + at);
    return history->bytes + at;
}

bool line_history_older(const struct line_history *history, size_t *at)
{
    size_t start = *at;

    if (start == 0)
        return false;
    for (start--; start > 0 && history->bytes[start - 1] != 0; start--)
        ;
    *at = start;
    return true;
}

bool line_history_newer(const struct line_history *history, size_t *at)
{
    if (*at >= history->size)
        return false;
    *at += strlen(history->bytes + *at) + 1;
    return *at < history->size;
}

void line_history_add(struct line_history *history, const char *text, size_t size)
{
    size_t newest = history->size, newest_size;

    if (size == 0 || size >= history->max)
        return;
    if (line_history_older(history, &newest)) {
        const char *before = line_history_text(history, newest, &newest_size);
        if (newest_size == size && memcmp(before, text, size) == 0)
            return;
    }
    while (history->max - history->size < size + 1) {
        size_t oldest_size = strlen(history->bytes) + 1;
        history->size -= oldest_size;
        memmove(history->bytes, history->bytes + oldest_size, history->size);
        line_scrub(history->bytes + history->size, oldest_size);
    }
    memcpy(history->bytes + history->size, text, size);
    history->bytes[history->size + size] = 0;
    history->size += size + 1;
}

void line_history_scrub(struct line_history *history)
{
    line_scrub(history->bytes, history->max);
    history->size = 0;
}
