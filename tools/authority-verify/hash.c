// SPDX-License-Identifier: Apache-2.0
//
// SHA-256 of a whole buffer, as FIPS 180-4 defines it: section 6.2.2 step by step. The constants
// are computed as section 4.2.2 says: the first 32 bits of the fractional parts of the cube roots
// (and, for the initial value, 5.3.3: square roots) of the first primes.
#include <string.h>

#include "tools/authority-verify/verify.h"

enum { BLOCK = 64, ROUNDS = 64, WORDS = 8, LENGTH_AT = 56 };

struct constants {
    uint32_t round[ROUNDS];
    uint32_t initial[WORDS];
};

// The first 32 bits behind the point of the prime's root of a degree, by bisection: the largest r
// with r^degree <= prime * 2^(32 * degree). 2^32 times a root of at most 311 fits 38 bits.
static uint32_t root_fraction(uint32_t prime, uint32_t degree)
{
    uint64_t low = 0;
    uint64_t high = UINT64_C(1) << 37;

    while (high - low > 1) {
        uint64_t middle = low + (high - low) / 2;
        unsigned __int128 square = (unsigned __int128)middle * middle;
        bool is_above;
        if (degree == 2) {
            is_above = square > (unsigned __int128)prime << 64;
        } else {
            // middle^3 <= prime * 2^96, without more than 128 bits: split at 2^32.
            unsigned __int128 upper = (square >> 32) * middle;
            unsigned __int128 lower = (square & UINT32_MAX) * middle;
            unsigned __int128 total = upper + (lower >> 32);
            unsigned __int128 bound = (unsigned __int128)prime << 64;
            is_above = total > bound || (total == bound && (uint32_t)lower != 0);
        }
        if (is_above)
            high = middle;
        else
            low = middle;
    }
    return (uint32_t)low;
}

static void constants_make(struct constants *constants)
{
    uint32_t count = 0;

    for (uint32_t number = 2; count < ROUNDS; number++) {
        bool is_prime = true;
        for (uint32_t by = 2; by * by <= number; by++)
            is_prime = is_prime && number % by != 0;
        if (!is_prime)
            continue;
        if (count < WORDS)
            constants->initial[count] = root_fraction(number, 2);
        constants->round[count++] = root_fraction(number, 3);
    }
}

static uint32_t turn(uint32_t word, uint32_t by)
{
    return word >> by | word << (32 - by);
}

static void block_take(const struct constants *constants, const uint8_t *block,
                       uint32_t state[WORDS])
{
    uint32_t schedule[ROUNDS];
    uint32_t v[WORDS];

    for (uint32_t i = 0; i < 16; i++)
        schedule[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 |
                      (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
    for (uint32_t i = 16; i < ROUNDS; i++) {
        uint32_t early = schedule[i - 15];
        uint32_t late = schedule[i - 2];
        schedule[i] = schedule[i - 16] + schedule[i - 7] +
                      (turn(early, 7) ^ turn(early, 18) ^ early >> 3) +
                      (turn(late, 17) ^ turn(late, 19) ^ late >> 10);
    }
    memcpy(v, state, sizeof(v));
    for (uint32_t i = 0; i < ROUNDS; i++) {
        uint32_t choose = (v[4] & v[5]) ^ (~v[4] & v[6]);
        uint32_t most = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]);
        uint32_t first = v[7] + (turn(v[4], 6) ^ turn(v[4], 11) ^ turn(v[4], 25)) + choose +
                         constants->round[i] + schedule[i];
        uint32_t second = (turn(v[0], 2) ^ turn(v[0], 13) ^ turn(v[0], 22)) + most;
        memmove(v + 1, v, (WORDS - 1) * sizeof(*v));
        v[4] += first;
        v[0] = first + second;
    }
    for (uint32_t i = 0; i < WORDS; i++)
        state[i] += v[i];
}

void hash_of(const void *bytes, size_t size, uint8_t hash[HASH_SIZE])
{
    static struct constants constants;
    const uint8_t *at = bytes;
    uint8_t last[2 * BLOCK] = {0};
    uint32_t state[WORDS];
    size_t rest = size % BLOCK;
    size_t padded = rest < LENGTH_AT ? BLOCK : 2 * BLOCK;

    if (constants.round[0] == 0)
        constants_make(&constants);
    memcpy(state, constants.initial, sizeof(state));
    for (size_t done = 0; done + BLOCK <= size; done += BLOCK)
        block_take(&constants, at + done, state);
    memcpy(last, at + (size - rest), rest);
    last[rest] = 0x80;
    for (uint32_t i = 0; i < 8; i++)
        last[padded - 1 - i] = (uint8_t)((uint64_t)size * 8 >> 8 * i);
    for (size_t done = 0; done < padded; done += BLOCK)
        block_take(&constants, last + done, state);
    for (uint32_t i = 0; i < HASH_SIZE; i++)
        hash[i] = (uint8_t)(state[i / 4] >> (24 - 8 * (i % 4)));
}
