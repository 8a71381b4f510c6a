// SPDX-License-Identifier: Apache-2.0
//
// Storage of the authoritative state: one table says which arena holds which record.
#include "kernel/core/state/state.h"

#include <stddef.h>
#include <string.h>

static const struct {
    uint32_t stride;
    uint32_t primary; // bytes: 48 or more, and whole times 16
} records[ARENA_COUNT] = {
    [ARENA_SESSIONS] = {sizeof(struct session_entry), offsetof(struct session_entry, use_count)},
    [ARENA_JOBS] = {sizeof(struct job_entry), offsetof(struct job_entry, used)},
    [ARENA_PROCESSES] = {sizeof(struct process_entry), offsetof(struct process_entry, first_hold)},
    [ARENA_THREADS] = {sizeof(struct thread_entry), offsetof(struct thread_entry, next)},
    [ARENA_OBJECTS] = {sizeof(struct object), sizeof(struct object)},
    [ARENA_FACETS] = {sizeof(struct facet), offsetof(struct facet, object)},
    [ARENA_HOLDS] = {sizeof(struct hold), offsetof(struct hold, next)},
    [ARENA_MAPPINGS] = {sizeof(struct mapping), offsetof(struct mapping, next)},
};

static_assert(offsetof(struct state_config, mappings) == ARENA_MAPPINGS * sizeof(uint32_t),
              "the configuration counts in the order of the arenas");
static_assert(offsetof(struct state, mappings) ==
                  offsetof(struct state, sessions) + ARENA_MAPPINGS * sizeof(void *),
              "the typed pointers stand in the order of the arenas");

uint64_t state_init(struct state *state, const struct state_config *config, void *storage)
{
    const uint32_t *sizes = &config->sessions;
    uint64_t bytes = 0;
    *state = (struct state){.config = *config};
    for (uint32_t arena = 0; arena < ARENA_COUNT; arena++) {
        void *slots = (void *)((uintptr_t)storage + bytes);
        state->arenas[arena] = (struct arena){.slots = slots,
                                              .stride = records[arena].stride,
                                              .primary = records[arena].primary,
                                              .size = sizes[arena],
                                              .free = NONE};
        memcpy((uint8_t *)&state->sessions + arena * sizeof slots, &slots, sizeof slots);
        bytes += (uint64_t)sizes[arena] * records[arena].stride;
    }
    return bytes;
}
