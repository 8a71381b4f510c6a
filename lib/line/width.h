// SPDX-License-Identifier: Apache-2.0
//
// How many cells of a terminal a character takes. The table comes from the Unicode Character
// Database when the tree is built (tools/unicode/width.py says by which properties).
#ifndef LIB_LINE_WIDTH_H
#define LIB_LINE_WIDTH_H

#include <stdint.h>

enum width_class {
    WIDTH_NARROW,  // one cell; what the table doesn't have
    WIDTH_WIDE,    // two
    WIDTH_NOTHING, // none: it is drawn onto the character before it
    WIDTH_HOSTILE, // must not reach a terminal: a control, or it changes the order of what is shown
};

struct width_range {
    uint32_t first, last;
    uint8_t class; // enum width_class
};

// In order, without overlaps.
extern const struct width_range width_table[];
extern const uint32_t width_table_count;

enum width_class width_of(uint32_t code);

#endif
