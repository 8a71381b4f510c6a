// SPDX-License-Identifier: Apache-2.0
//
// What is written: ECMA-48 8.3 (CUU, CUD, CUF, CUB, ED, EL, SGR).
#include "lib/ansi/ansi.h"

#include "lib/text/text.h"

size_t ansi_move(char out[ANSI_MOVE_MAX], uint32_t number, char final)
{
    struct text text;

    text_init(&text, out, ANSI_MOVE_MAX);
    text_put(&text, "\33[");
    if (number != 1)
        text_put_decimal(&text, number);
    text_put_bytes(&text, &final, 1);
    return text_length(&text);
}

const char *ansi_style(enum ansi_style style)
{
    static const char *const sequences[ANSI_STYLE_COUNT] = {
        [ANSI_PLAIN] = "\33[0m", [ANSI_BOLD] = "\33[1m",     [ANSI_DIM] = "\33[2m",
        [ANSI_RED] = "\33[31m",  [ANSI_GREEN] = "\33[32m",   [ANSI_YELLOW] = "\33[33m",
        [ANSI_BLUE] = "\33[34m", [ANSI_MAGENTA] = "\33[35m", [ANSI_CYAN] = "\33[36m",
    };
    return sequences[style];
}
