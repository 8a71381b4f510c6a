// SPDX-License-Identifier: Apache-2.0
//
// What the tab key offers: the table of TerminalSession.complete (abi/schema/terminal.capnp), and
// the search in it. Pure; all memory is in struct offer.
//
//     offer_add(&offer, true, pairs, size);
//     struct line_completer completer = offer_completer(&offer);
#ifndef SYSTEM_TERMINAL_OFFER_H
#define SYSTEM_TERMINAL_OFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/line/line.h"

enum {
    OFFER_TABLE_MAX = 1 << 16,
    OFFER_FOUND_MAX = 1024, // candidates of one word
    OFFER_CONTEXT_MAX = 256,
    OFFER_WORDS_MAX = 32, // of a context
};

enum offer_status { OFFER_OK, OFFER_HALF, OFFER_FULL };

struct offer {
    size_t size;
    size_t found_count;
    uint32_t found[OFFER_FOUND_MAX]; // offsets of candidates in the table
    char table[OFFER_TABLE_MAX];     // context, zero, candidate, zero
};

// Adds pairs; `begins`: those before are forgotten first. Nothing of it counts unless it is
// OFFER_OK.
enum offer_status offer_add(struct offer *offer, bool begins, const uint8_t *pairs, size_t size);

void offer_forget(struct offer *offer);

struct line_completer offer_completer(struct offer *offer);

#endif
