// SPDX-License-Identifier: Apache-2.0
//
// The compression function is where the time goes. Its shape is chosen for few instructions:
// eight rounds are written out, so that the working variables change their roles instead of their
// places; each big sigma is one nested rotation, ror(ror(ror(x, c) ^ x, b) ^ x, a), which needs
// no copies; and the exclusive or that the majority needs is handed on to the next round. The
// schedule keeps 16 words and overwrites each when its last use is over.
#include "lib/sha256/sha256.h"

#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "numbers are turned round");

static const uint32_t round_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static inline __attribute__((always_inline)) uint32_t rotate_right(uint32_t word, unsigned count)
{
    return word >> count | word << (32 - count);
}

// One round. On entry *pair is b ^ c, on return a ^ b, which is the next round's b ^ c. The caller
// hands the variables in rotated order: d and h are those that change.
static inline __attribute__((always_inline)) void sha256_round(uint32_t a, uint32_t b, uint32_t *d,
                                                               uint32_t e, uint32_t f, uint32_t g,
                                                               uint32_t *h, uint32_t *pair,
                                                               uint32_t word)
{
    uint32_t sigma_e = rotate_right(rotate_right(rotate_right(e, 14) ^ e, 5) ^ e, 6);
    uint32_t sigma_a = rotate_right(rotate_right(rotate_right(a, 9) ^ a, 11) ^ a, 2);
    uint32_t sum = *h + word + sigma_e + (((f ^ g) & e) ^ g);
    uint32_t pair_next = a ^ b;

    *d += sum;
    *h = sum + sigma_a + ((*pair & pair_next) ^ b);
    *pair = pair_next;
}

// Eight rounds bring every variable back to its place: round i finds `a` in s[-i], modulo 8.
static inline __attribute__((always_inline)) void
sha256_rounds_8(uint32_t s[8], uint32_t *pair, const uint32_t words[8], const uint32_t constants[8])
{
    for (unsigned i = 0; i < 8; i++)
        sha256_round(s[-i % 8], s[(1 - i) % 8], &s[(3 - i) % 8], s[(4 - i) % 8], s[(5 - i) % 8],
                     s[(6 - i) % 8], &s[(7 - i) % 8], pair, words[i] + constants[i]);
}

static void sha256_compress(uint32_t state[8], const uint8_t *block)
{
    uint32_t words[16], s[8];

    for (unsigned i = 0; i < 16; i++) {
        memcpy(&words[i], block + 4 * i, sizeof(words[i]));
        words[i] = __builtin_bswap32(words[i]);
    }
    memcpy(s, state, sizeof(s));
    uint32_t pair = s[1] ^ s[2];
    for (unsigned first = 0;; first += 16) {
        sha256_rounds_8(s, &pair, words, round_constants + first);
        sha256_rounds_8(s, &pair, words + 8, round_constants + first + 8);
        if (first == 48)
            break;
        // The word that stands 16 behind words[i] takes its place.
        for (unsigned i = 0; i < 16; i++) {
            uint32_t low = words[(i + 1) % 16];
            uint32_t high = words[(i + 14) % 16];
            words[i] += words[(i + 9) % 16] +
                        (rotate_right(rotate_right(low, 11) ^ low, 7) ^ low >> 3) +
                        (rotate_right(rotate_right(high, 2) ^ high, 17) ^ high >> 10);
        }
    }
    for (unsigned i = 0; i < 8; i++)
        state[i] += s[i];
}

void sha256_init(struct sha256 *hash)
{
    static const uint32_t initial[8] = {
        0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
        0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
    };

    memcpy(hash->state, initial, sizeof(initial));
    hash->size = 0;
}

void sha256_update(struct sha256 *hash, const void *bytes, size_t size)
{
    const uint8_t *from = bytes;

    while (size != 0) {
        size_t waiting = (size_t)(hash->size % SHA256_BLOCK_SIZE);
        size_t room = SHA256_BLOCK_SIZE - waiting;
        size_t taken = size < room ? size : room;

        memcpy(hash->block + waiting, from, taken);
        if (taken == room)
            sha256_compress(hash->state, hash->block);
        hash->size += taken;
        from += taken;
        size -= taken;
    }
}

void sha256_final(struct sha256 *hash, uint8_t out[SHA256_SIZE])
{
    static const uint8_t padding[SHA256_BLOCK_SIZE] = {0x80};
    uint64_t length = __builtin_bswap64(hash->size * 8); // in bits
    size_t waiting = (size_t)(hash->size % SHA256_BLOCK_SIZE);

    sha256_update(hash, padding, waiting < 56 ? 56 - waiting : 120 - waiting);
    sha256_update(hash, &length, sizeof(length));
    for (unsigned i = 0; i < 8; i++)
        hash->state[i] = __builtin_bswap32(hash->state[i]);
    memcpy(out, hash->state, SHA256_SIZE);
}
