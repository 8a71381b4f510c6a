// SPDX-License-Identifier: Apache-2.0
//
// The digest: 128 bits, a sum of one mix for each live record over its primary fields, so that a
// change costs two mixes and the order of slots does not matter. It finds mistakes; it is no
// protection against somebody who picks the records (the chain's SHA-256 is).
#include "kernel/core/state/state.h"

#include <string.h>

enum { SEED_GENESIS = ARENA_COUNT };

// Two independent multiply-and-fold chains over whole words; the constants are odd and have about
// 32 bits set. The seed tells records of different kinds apart.
static void mix(const void *bytes, uint32_t size, uint32_t seed, uint64_t out[2])
{
    uint64_t low = 0x9e3779b97f4a7c15 + seed;
    uint64_t high = 0xc2b2ae3d27d4eb4f ^ seed;
    uint64_t word;
    for (uint32_t at = 0; at < size; at += sizeof word) {
        memcpy(&word, (const uint8_t *)bytes + at, sizeof word);
        low = (low ^ word) * 0xff51afd7ed558ccd;
        low ^= low >> 32;
        high = (high + word) * 0xc4ceb9fe1a85ec53;
        high ^= high >> 29;
    }
    out[0] = low * 0x9fb21c651e98df25 ^ high >> 31;
    out[1] = high * 0xd6e8feb86659fd93 ^ low >> 33;
}

static void record_add(const struct state *state, uint32_t arena, uint32_t index, uint64_t times,
                       uint64_t digest[2])
{
    uint64_t value[2];
    mix(arena_at(&state->arenas[arena], index), state->arenas[arena].primary, arena, value);
    digest[0] += times * value[0];
    digest[1] += times * value[1];
}

void digest_count(struct state *state, uint32_t arena, uint32_t index, uint64_t times)
{
    record_add(state, arena, index, times, state->digest);
}

void digest_genesis(const struct state *state, uint64_t digest[2])
{
    mix(&state->config, sizeof state->config, SEED_GENESIS, digest);
    digest[0] += state->boot_id;
    digest[1] ^= state->boot_id;
}

void state_digest(const struct state *state, uint64_t digest[2])
{
    digest_genesis(state, digest);
    for (uint32_t arena = 0; arena < ARENA_COUNT; arena++) {
        for (uint32_t index = 0; index < state->arenas[arena].fresh; index++) {
            if (arena_is_live(&state->arenas[arena], index)) {
                record_add(state, arena, index, 1, digest);
            }
        }
    }
}

static_assert(sizeof(struct state_config) % sizeof(uint64_t) == 0, "whole words are mixed");
