// SPDX-License-Identifier: Apache-2.0
//
// The digest: 128 bits, a sum of one mix for each live record over its primary fields, so that a
// change costs two mixes and the order of slots does not matter. It finds mistakes; it is no
// protection against somebody who picks the records (the chain's SHA-256 is).
#include "kernel/core/state/state.h"

#include <string.h>

enum { MIXED_AT_LEAST = 48, PAIR = 16 }; // bytes: of every record; of two words

// A multiplication of 64 by 64 bits takes in two words; both halves of its result go on into the
// next one.
static unsigned __int128 fold(unsigned __int128 product, const uint8_t *bytes)
{
    uint64_t words[2];
    memcpy(words, bytes, sizeof words);
    return (unsigned __int128)(words[0] ^ (uint64_t)product) *
           (words[1] ^ (uint64_t)(product >> 64));
}

// The constants have about 32 bits set; the seed tells records of different kinds apart.
static void mix(const uint8_t *bytes, uint32_t size, uint32_t seed, uint64_t out[2])
{
    unsigned __int128 product =
        (unsigned __int128)0x9fb21c651e98df25 << 64 | (0xd6e8feb86659fd93 + seed);
    product = fold(fold(fold(product, bytes), bytes + PAIR), bytes + 2 * PAIR);
    for (uint32_t at = MIXED_AT_LEAST; at < size; at += PAIR) {
        product = fold(product, bytes + at);
    }
    out[0] = (uint64_t)product;
    out[1] = (uint64_t)(product >> 64);
}

void digest_count(const struct state *state, uint32_t arena, const void *record, uint64_t times,
                  uint64_t digest[2])
{
    uint64_t value[2];
    mix(record, state->arenas[arena].primary, arena, value);
    digest[0] += times * value[0];
    digest[1] += times * value[1];
}

void digest_genesis(const struct state *state, uint64_t digest[2])
{
    uint64_t words[6] = {state->boot_id};
    memcpy(words + 1, &state->config, sizeof state->config);
    mix((const uint8_t *)words, sizeof words, ARENA_COUNT, digest);
}

void state_digest(const struct state *state, uint64_t digest[2])
{
    digest_genesis(state, digest);
    for (uint32_t kind = 0; kind < ARENA_COUNT; kind++) {
        const struct arena *arena = &state->arenas[kind];
        for (uint32_t index = 0; index < arena->fresh; index++) {
            if (arena_is_live(arena, index)) {
                digest_count(state, kind, arena_slot(arena, index), 1, digest);
            }
        }
    }
}

static_assert(sizeof(struct state_config) == 40, "with the boot id, words of which two are mixed");
