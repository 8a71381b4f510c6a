// SPDX-License-Identifier: Apache-2.0
//
// Whether all that is derived follows from the primary fields, in one pass: each count adds so many
// times a key of its own, and each record that should be counted there takes the key away once.
// What is left of all must be nothing. Never part of the kernel's own paths: tests and replicas
// ask.
#include "kernel/core/state/state.h"

enum counter {
    USES_OF_SESSION = RESOURCE_COUNT, // below: what a job has used of each resource
    HOLDS_OF_PROCESS,
    MAPPINGS_OF_PROCESS,
    THREADS_OF_PROCESS,
    SERVERS_OF_FACET,
    HOLDS_OF_FACET,
    REVOKERS_OF_FACET,
    CHILDREN_OF_FACET,
    PINS_OF_FACET,
};

// SplitMix64 of counter and index, so that two wrong counts don't make up for each other.
static uint64_t key(uint32_t counter, uint32_t index)
{
    uint64_t word = ((uint64_t)counter << 32 | index) * 0x9e3779b97f4a7c15;
    word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9;
    word = (word ^ (word >> 27)) * 0x94d049bb133111eb;
    return word ^ (word >> 31);
}

static uint64_t session_balance(const struct state *state, uint32_t index)
{
    const struct session_entry *session = &state->sessions[index];
    uint64_t balance = session->use_count * key(USES_OF_SESSION, index);
    if (session->parent.generation != 0) {
        balance -= key(USES_OF_SESSION, session->parent.index);
    }
    if (session->object != NONE) {
        balance -= key(PINS_OF_FACET, state->objects[session->object].root_facet);
    }
    return balance - key(RESOURCE_SESSIONS, session->job);
}

static uint64_t job_balance(const struct state *state, uint32_t index)
{
    const struct job_entry *job = &state->jobs[index];
    uint64_t balance = 0;
    for (uint32_t resource = 0; resource < RESOURCE_COUNT; resource++) {
        balance += job->used[resource] * key(resource, index);
    }
    return balance - key(RESOURCE_JOBS, job->parent.index);
}

static uint64_t process_balance(const struct state *state, uint32_t index)
{
    const struct process_entry *process = &state->processes[index];
    return process->hold_count * key(HOLDS_OF_PROCESS, index) +
           process->mapping_count * key(MAPPINGS_OF_PROCESS, index) +
           process->thread_count * key(THREADS_OF_PROCESS, index) -
           key(USES_OF_SESSION, process->session) - key(RESOURCE_PROCESSES, process->job);
}

static uint64_t thread_balance(const struct state *state, uint32_t index)
{
    uint32_t process = state->threads[index].process;
    return 0 - key(THREADS_OF_PROCESS, process) -
           key(RESOURCE_THREADS, state->processes[process].job);
}

static uint64_t object_balance(const struct state *state, uint32_t index)
{
    const struct object *object = &state->objects[index];
    return 0 - object_pages(object) * key(RESOURCE_PAGES, object->job) -
           key(RESOURCE_OBJECTS, object->job);
}

static uint64_t facet_balance(const struct state *state, uint32_t index)
{
    const struct facet *facet = &state->facets[index];
    uint64_t balance = facet->hold_count * key(HOLDS_OF_FACET, index) +
                       facet->revoker_count * key(REVOKERS_OF_FACET, index) +
                       facet->child_count * key(CHILDREN_OF_FACET, index) +
                       facet->pin_count * key(PINS_OF_FACET, index) +
                       facet->server_count * key(SERVERS_OF_FACET, index);
    if (facet->parent != NONE) {
        balance -= key(CHILDREN_OF_FACET, facet->parent);
    }
    if (facet->parent != NONE && facet->revoked == 0) {
        balance -= facet->server_count * key(SERVERS_OF_FACET, facet->parent);
    }
    return balance - key(RESOURCE_FACETS, facet->job);
}

static uint64_t hold_balance(const struct state *state, uint32_t index)
{
    const struct hold *hold = &state->holds[index];
    const struct facet *facet = &state->facets[hold->facet];
    uint64_t balance =
        hold->revoker != 0 ? key(REVOKERS_OF_FACET, hold->facet) : key(HOLDS_OF_FACET, hold->facet);
    if (hold->revoker == 0 && facet_is_server(state, facet)) {
        balance += key(SERVERS_OF_FACET, hold->facet);
    }
    return 0 - balance - key(HOLDS_OF_PROCESS, hold->process) -
           key(RESOURCE_HOLDS, state->processes[hold->process].job);
}

static uint64_t mapping_balance(const struct state *state, uint32_t index)
{
    const struct mapping *mapping = &state->mappings[index];
    uint32_t job = state->processes[mapping->process].job;
    return 0 - key(MAPPINGS_OF_PROCESS, mapping->process) - key(PINS_OF_FACET, mapping->facet) -
           key(RESOURCE_MAPPINGS, job) - mapping->count * key(RESOURCE_SPACE, job);
}

static uint64_t (*const balance_of[ARENA_COUNT])(const struct state *, uint32_t) = {
    [ARENA_SESSIONS] = session_balance,  [ARENA_JOBS] = job_balance,
    [ARENA_PROCESSES] = process_balance, [ARENA_THREADS] = thread_balance,
    [ARENA_OBJECTS] = object_balance,    [ARENA_FACETS] = facet_balance,
    [ARENA_HOLDS] = hold_balance,        [ARENA_MAPPINGS] = mapping_balance,
};

bool state_is_counted(const struct state *state)
{
    uint64_t balance = 0;
    for (uint32_t arena = 0; arena < ARENA_COUNT; arena++) {
        for (uint32_t index = 0; index < state->arenas[arena].fresh; index++) {
            if (arena_is_live(&state->arenas[arena], index)) {
                balance += balance_of[arena](state, index);
            }
        }
    }
    return balance == 0;
}
