// SPDX-License-Identifier: Apache-2.0
//
// Storage of the authoritative state: one table says which arena holds which record.
#include "kernel/core/state/state.h"

#include <stddef.h>

enum { SLOT_ALIGNMENT = 64 };

static const struct {
    uint32_t stride;
    uint32_t count_offset; // in struct state_config
} arena_table[ARENA_COUNT] = {
    [ARENA_SESSIONS] = {sizeof(struct session_entry), offsetof(struct state_config, sessions)},
    [ARENA_JOBS] = {sizeof(struct job_entry), offsetof(struct state_config, jobs)},
    [ARENA_PROCESSES] = {sizeof(struct process_entry), offsetof(struct state_config, processes)},
    [ARENA_THREADS] = {sizeof(struct thread_entry), offsetof(struct state_config, threads)},
    [ARENA_OBJECTS] = {sizeof(struct object), offsetof(struct state_config, objects)},
    [ARENA_FACETS] = {sizeof(struct facet), offsetof(struct state_config, facets)},
    [ARENA_HOLDS] = {sizeof(struct hold), offsetof(struct state_config, holds)},
    [ARENA_MAPPINGS] = {sizeof(struct mapping), offsetof(struct state_config, mappings)},
};

static uint32_t arena_slots(const struct state_config *config, uint32_t arena)
{
    const uint8_t *bytes = (const uint8_t *)config;
    return *(const uint32_t *)(const void *)(bytes + arena_table[arena].count_offset);
}

static uint64_t arena_bytes(const struct state_config *config, uint32_t arena)
{
    uint64_t bytes = (uint64_t)arena_slots(config, arena) * arena_table[arena].stride;
    return (bytes + SLOT_ALIGNMENT - 1) & ~(uint64_t)(SLOT_ALIGNMENT - 1);
}

uint64_t state_size(const struct state_config *config)
{
    uint64_t bytes = 0;
    for (uint32_t arena = 0; arena < ARENA_COUNT; arena++) {
        bytes += arena_bytes(config, arena);
    }
    return bytes;
}

void state_init(struct state *state, const struct state_config *config, void *storage)
{
    *state = (struct state){.config = *config};
    uint8_t *slots = storage;
    for (uint32_t arena = 0; arena < ARENA_COUNT; arena++) {
        arena_init(&state->arenas[arena], slots, arena_table[arena].stride,
                   arena_slots(config, arena));
        slots += arena_bytes(config, arena);
    }
    state->sessions = (struct session_entry *)(void *)state->arenas[ARENA_SESSIONS].slots;
    state->jobs = (struct job_entry *)(void *)state->arenas[ARENA_JOBS].slots;
    state->processes = (struct process_entry *)(void *)state->arenas[ARENA_PROCESSES].slots;
    state->threads = (struct thread_entry *)(void *)state->arenas[ARENA_THREADS].slots;
    state->objects = (struct object *)(void *)state->arenas[ARENA_OBJECTS].slots;
    state->facets = (struct facet *)(void *)state->arenas[ARENA_FACETS].slots;
    state->holds = (struct hold *)(void *)state->arenas[ARENA_HOLDS].slots;
    state->mappings = (struct mapping *)(void *)state->arenas[ARENA_MAPPINGS].slots;
}
