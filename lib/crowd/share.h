// SPDX-License-Identifier: Apache-2.0
//
// The work that is shared: parts that need nothing of each other, whose results are combined in any
// order. Which of them somebody computes is said by two letters: "ae" is every fourth part, from
// the first on.
#ifndef LIB_CROWD_SHARE_H
#define LIB_CROWD_SHARE_H

#include <stdint.h>

enum { SHARE_PARTS = 64, SHARE_ROUNDS = 400000, SHARE_MASK = 0x3fffffff };

// Every number of the sequence depends on the one before (Marsaglia, "Xorshift RNGs", 2003).
static inline uint64_t share_part(uint32_t part)
{
    uint64_t value = part + 1;
    for (uint32_t round = 0; round < SHARE_ROUNDS; round++) {
        value ^= value << 13;
        value ^= value >> 7;
        value ^= value << 17;
    }
    return value;
}

// The parts first, first + step, first + 2 * step, ...; at most SHARE_MASK, to be an exit code.
static inline uint32_t share_compute(uint32_t first, uint32_t step)
{
    uint64_t sum = 0;
    for (uint32_t part = first; part < SHARE_PARTS; part += step) {
        sum ^= share_part(part);
    }
    return (uint32_t)(sum & SHARE_MASK);
}

#endif
