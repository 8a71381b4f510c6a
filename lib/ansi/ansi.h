// SPDX-License-Identifier: Apache-2.0
//
// Escape sequences of terminals, both ways: a few that are written (ECMA-48: cursor, erasing,
// colours), and a filter that a program's output goes through before it reaches a terminal.
//
//     struct ansi_filter filter;
//     ansi_filter_init(&filter, ANSI_COLOURS);
//     for each byte:  put(out, ansi_filter_step(&filter, byte, out));
//     at the end:     put(out, ansi_filter_end(&filter, out));
//
// A terminal obeys what it is sent: a program could change the title, answer in the user's name
// (reports), read or write the clipboard, redefine keys, or leave the screen unusable. So the
// filter lets pass what is listed, not what is not known to be bad. What it refuses becomes one
// U+FFFD, so that the reader sees that something was there. Text is UTF-8; what is not valid, and
// what changes the order of letters, becomes U+FFFD too. A line feed becomes CR LF.
//
// Pure, freestanding, without allocation; bounded memory and work for each byte.
#ifndef LIB_ANSI_ANSI_H
#define LIB_ANSI_ANSI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    ANSI_MOVE_MAX = 16,     // bytes of what ansi_move() writes, at most
    ANSI_SEQUENCE_MAX = 40, // bytes of a sequence that a program may send, at most
    ANSI_STRING_MAX = 4096, // bytes of a string (OSC, DCS, ...) that are passed over, at most
    ANSI_STEP_MAX = ANSI_SEQUENCE_MAX + 8, // bytes that one byte may become
};

// CSI, a number, a final byte: `ansi_move(out, 3, 'A')` is three rows up. A number of 1 is left
// out, as the default of all that is written here. Returns the size.
size_t ansi_move(char out[ANSI_MOVE_MAX], uint32_t number, char final);

enum ansi_style {
    ANSI_PLAIN,
    ANSI_BOLD,
    ANSI_DIM,
    ANSI_RED,
    ANSI_GREEN,
    ANSI_YELLOW,
    ANSI_BLUE,
    ANSI_MAGENTA,
    ANSI_CYAN,
    ANSI_STYLE_COUNT,
};

// The sequence (SGR) that turns a style on; ANSI_PLAIN turns all off.
const char *ansi_style(enum ansi_style style);

// What a program may send beside text, line feeds, tabs and bells.
enum ansi_level {
    ANSI_TEXT,    // nothing
    ANSI_COLOURS, // SGR
    ANSI_SCREEN,  // also: the cursor is moved (A to H, d, f; CR, BS), text is erased, moved and
                  // overwritten (J, K, @, L, M, P, X); no modes, no reports
};

struct ansi_filter {
    enum ansi_level level;
    uint8_t state;                // private
    bool has_style;               // what was sent left a style on
    uint32_t held_size;           // of `held`, or of a string that is passed over
    char held[ANSI_SEQUENCE_MAX]; // the sequence or the character that is not complete
};

void ansi_filter_init(struct ansi_filter *filter, enum ansi_level level);

// One byte of a program; what is to be sent for it is written to `out`, its size returned.
size_t ansi_filter_step(struct ansi_filter *filter, uint8_t byte, char out[ANSI_STEP_MAX]);

// The program's output ends or pauses for good: what is not complete is refused, styles are turned
// off.
size_t ansi_filter_end(struct ansi_filter *filter, char out[ANSI_STEP_MAX]);

#endif
