// SPDX-License-Identifier: Apache-2.0
//
// The final zero is written with each piece, so that the buffer always holds a text.
#include "lib/text/text.h"

#include <string.h>

void text_init(struct text *text, char *out, size_t size)
{
    *text = (struct text){.out = out, .size = size};
    out[0] = 0;
}

void text_put_bytes(struct text *text, const char *bytes, size_t size)
{
    size_t before = text_length(text);
    size_t room = text->size - 1 - before;

    memcpy(text->out + before, bytes, size < room ? size : room);
    text->length += size;
    text->out[text_length(text)] = 0;
}

void text_put(struct text *text, const char *words)
{
    text_put_bytes(text, words, strlen(words));
}

static void put_number(struct text *text, uint64_t number, unsigned base)
{
    char digits[20];
    size_t first = sizeof(digits);

    do {
        digits[--first] = "0123456789abcdef"[number % base];
        number /= base;
    } while (number != 0);
    text_put_bytes(text, digits + first, sizeof(digits) - first);
}

void text_put_decimal(struct text *text, int64_t number)
{
    if (number < 0)
        text_put(text, "-");
    put_number(text, number < 0 ? 0 - (uint64_t)number : (uint64_t)number, 10);
}

void text_put_hex(struct text *text, uint64_t number)
{
    text_put(text, "0x");
    put_number(text, number, 16);
}
