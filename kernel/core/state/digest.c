// SPDX-License-Identifier: Apache-2.0
//
// The digest: 128 bits, a sum of one mix for each live record over its primary fields, so that a
// change costs two mixes and the order of slots does not matter. It finds mistakes; it is no
// protection against somebody who picks the records (the chain's SHA-256 is).
#include "kernel/core/state/state.h"

#include <string.h>

enum { DIGEST_WORDS = 9 };

struct words {
    uint64_t word[DIGEST_WORDS];
};

static uint64_t pair(uint32_t high, uint32_t low)
{
    return (uint64_t)high << 32 | low;
}

static uint64_t id_word(struct commit_id id)
{
    return pair(id.generation, id.index);
}

static struct words session_words(const struct state *state, uint32_t index)
{
    const struct session_entry *session = &state->sessions[index];
    return (struct words){{id_word(session->parent), session->expiry_ns, session->identity_hash}};
}

static struct words job_words(const struct state *state, uint32_t index)
{
    return (struct words){{id_word(state->jobs[index].parent)}};
}

static struct words process_words(const struct state *state, uint32_t index)
{
    const struct process_entry *process = &state->processes[index];
    return (struct words){{pair(process->state, process->job), process->session,
                           pair((uint32_t)process->exit_code, process->exit_cause)}};
}

static struct words thread_words(const struct state *state, uint32_t index)
{
    return (struct words){{state->threads[index].process}};
}

static struct words object_words(const struct state *state, uint32_t index)
{
    const struct object *object = &state->objects[index];
    return (struct words){{pair(object->kind, object->flags), pair(object->job, object->root_facet),
                           object->argument, pair(object->page_count, object->sealed)}};
}

static struct words facet_words(const struct state *state, uint32_t index)
{
    const struct facet *facet = &state->facets[index];
    return (struct words){{pair(facet->object, facet->parent), facet->interface, facet->methods,
                           facet->receiver_data, pair(facet->disclosure, facet->revoked)}};
}

static struct words hold_words(const struct state *state, uint32_t index)
{
    const struct hold *hold = &state->holds[index];
    uint32_t modes = (uint32_t)hold->transfer << 24 | (uint32_t)hold->scope << 16 |
                     (uint32_t)hold->how << 8 | hold->revoker;
    return (struct words){{pair(hold->process, hold->facet), id_word(hold->origin),
                           hold->origin_seq, hold->seq, modes}};
}

static struct words mapping_words(const struct state *state, uint32_t index)
{
    const struct mapping *mapping = &state->mappings[index];
    return (struct words){{pair(mapping->process, mapping->facet), mapping->page,
                           pair(mapping->count, mapping->object_page), mapping->rights}};
}

static struct words (*const words_of[ARENA_COUNT])(const struct state *, uint32_t) = {
    [ARENA_SESSIONS] = session_words,  [ARENA_JOBS] = job_words,
    [ARENA_PROCESSES] = process_words, [ARENA_THREADS] = thread_words,
    [ARENA_OBJECTS] = object_words,    [ARENA_FACETS] = facet_words,
    [ARENA_HOLDS] = hold_words,        [ARENA_MAPPINGS] = mapping_words,
};

// Two independent multiply-and-fold chains; the constants are odd and have about 32 bits set.
static void mix(const struct words *words, uint64_t out[2])
{
    uint64_t low = 0x9e3779b97f4a7c15;
    uint64_t high = 0xc2b2ae3d27d4eb4f;
    for (uint32_t i = 0; i < DIGEST_WORDS; i++) {
        low = (low ^ words->word[i]) * 0xff51afd7ed558ccd;
        low ^= low >> 32;
        high = (high + words->word[i]) * 0xc4ceb9fe1a85ec53;
        high ^= high >> 29;
    }
    out[0] = low * 0x9fb21c651e98df25 ^ high >> 31;
    out[1] = high * 0xd6e8feb86659fd93 ^ low >> 33;
}

static void record_mix(const struct state *state, uint32_t arena, uint32_t index, uint64_t out[2])
{
    struct words words = words_of[arena](state, index);
    words.word[DIGEST_WORDS - 2] = arena + 1;
    words.word[DIGEST_WORDS - 1] = id_word(arena_id(&state->arenas[arena], index));
    mix(&words, out);
}

void digest_add(struct state *state, uint32_t arena, uint32_t index)
{
    uint64_t value[2];
    record_mix(state, arena, index, value);
    state->digest[0] += value[0];
    state->digest[1] += value[1];
}

void digest_subtract(struct state *state, uint32_t arena, uint32_t index)
{
    uint64_t value[2];
    record_mix(state, arena, index, value);
    state->digest[0] -= value[0];
    state->digest[1] -= value[1];
}

void digest_genesis(const struct state *state, uint64_t digest[2])
{
    struct words words = {{state->boot_id}};
    memcpy(&words.word[1], &state->config, sizeof state->config);
    mix(&words, digest);
}

void state_digest(const struct state *state, uint64_t digest[2])
{
    digest_genesis(state, digest);
    for (uint32_t arena = 0; arena < ARENA_COUNT; arena++) {
        for (uint32_t index = 0; index < state->arenas[arena].fresh; index++) {
            if (!arena_is_live(&state->arenas[arena], index)) {
                continue;
            }
            uint64_t value[2];
            record_mix(state, arena, index, value);
            digest[0] += value[0];
            digest[1] += value[1];
        }
    }
}
