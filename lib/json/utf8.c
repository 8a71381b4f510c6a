// SPDX-License-Identifier: Apache-2.0
//
// The well-formed byte sequences of RFC 3629, section 4, as a table: which first bytes, how many
// bytes follow, and the range of the first that follows. The others are 0x80 to 0xbf.
#include "lib/json/utf8.h"

#include <stdint.h>

static const struct {
    uint8_t first_least, first_most;
    uint8_t follow_count;
    uint8_t second_least, second_most;
} sequences[] = {
    {0x00, 0x7f, 0, 0, 0},       {0xc2, 0xdf, 1, 0x80, 0xbf}, {0xe0, 0xe0, 2, 0xa0, 0xbf},
    {0xe1, 0xec, 2, 0x80, 0xbf}, {0xed, 0xed, 2, 0x80, 0x9f}, {0xee, 0xef, 2, 0x80, 0xbf},
    {0xf0, 0xf0, 3, 0x90, 0xbf}, {0xf1, 0xf3, 3, 0x80, 0xbf}, {0xf4, 0xf4, 3, 0x80, 0x8f},
};

size_t utf8_size(const char *bytes, size_t size)
{
    const uint8_t *at = (const uint8_t *)bytes;

    for (size_t i = 0; size > 0 && i < sizeof(sequences) / sizeof(sequences[0]); i++) {
        size_t follow_count = sequences[i].follow_count;
        if (at[0] < sequences[i].first_least || at[0] > sequences[i].first_most) {
            continue;
        }
        if (size <= follow_count) {
            return 0;
        }
        for (size_t j = 1; j <= follow_count; j++) {
            uint8_t least = j == 1 ? sequences[i].second_least : 0x80;
            uint8_t most = j == 1 ? sequences[i].second_most : 0xbf;
            if (at[j] < least || at[j] > most) {
                return 0;
            }
        }
        return follow_count + 1;
    }
    return 0;
}

uint32_t utf8_code(const char *bytes, size_t size)
{
    static const uint8_t first_bits[] = {0, 0x7f, 0x1f, 0x0f, 0x07}; // by size
    uint32_t code = (uint8_t)bytes[0] & first_bits[size];

    for (size_t i = 1; i < size; i++)
        code = code << 6 | ((uint8_t)bytes[i] & 0x3f);
    return code;
}
