// SPDX-License-Identifier: Apache-2.0
//
// Text into a buffer of the caller's, with a final zero, cut where the buffer ends. What was cut is
// counted all the same, so that one knows how much room it would take.
//
//     struct text text;
//     text_init(&text, out, size);
//     text_put(&text, "byte ");
//     text_put_decimal(&text, at);
//     if (text_is_cut(&text)) ...
#ifndef LIB_TEXT_TEXT_H
#define LIB_TEXT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text {
    char *out;
    size_t size;   // of the buffer
    size_t length; // of the whole text, without its zero
};

// `size` is at least 1.
void text_init(struct text *text, char *out, size_t size);
void text_put(struct text *text, const char *words);
void text_put_bytes(struct text *text, const char *bytes, size_t size);
void text_put_decimal(struct text *text, int64_t number);
void text_put_hex(struct text *text, uint64_t number); // 0x and no leading zeros

static inline bool text_is_cut(const struct text *text)
{
    return text->length >= text->size;
}

// How many characters stand in the buffer.
static inline size_t text_length(const struct text *text)
{
    return text_is_cut(text) ? text->size - 1 : text->length;
}

#endif
