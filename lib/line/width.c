// SPDX-License-Identifier: Apache-2.0
//
// Controls are told apart here; all other properties are in the table.
#include "lib/line/width.h"

enum {
    FIRST_PRINTABLE = 0x20,
    DELETE = 0x7f,
    LAST_CONTROL = 0x9f, // of C1
};

enum width_class width_of(uint32_t code)
{
    uint32_t least = 0, most = width_table_count;

    if (code < FIRST_PRINTABLE || (code >= DELETE && code <= LAST_CONTROL))
        return WIDTH_HOSTILE;
    if (code < width_table[0].first)
        return WIDTH_NARROW;
    while (least < most) {
        uint32_t middle = least + (most - least) / 2;
        if (code > width_table[middle].last)
            least = middle + 1;
        else
            most = middle;
    }
    if (least < width_table_count && code >= width_table[least].first)
        return (enum width_class)width_table[least].class;
    return WIDTH_NARROW;
}
