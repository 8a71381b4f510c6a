// SPDX-License-Identifier: Apache-2.0
//
// Assertions: what happens when one fails, and the invariants of the whole core, for tests to ask
// for after each step. Nothing here runs on the kernel's own paths.
#include <string.h>

#include "kernel/core/core.h"

_Noreturn void assert_fail(const char *claim, const char *file, uint32_t line)
{
    hal_panic(claim, file, line);
}

// CORE invariant 1: every hold names a live process and facet.
static void check_holds(const struct core *core)
{
    const struct state *state = &core->state;
    for (uint32_t i = 0; i < state->arenas[ARENA_HOLDS].fresh; i++) {
        if (!arena_is_live(&state->arenas[ARENA_HOLDS], i)) {
            continue;
        }
        const struct hold *hold = &state->holds[i];
        ASSERT(arena_is_live(&state->arenas[ARENA_PROCESSES], hold->process));
        ASSERT(arena_is_live(&state->arenas[ARENA_FACETS], hold->facet));
        ASSERT(hold->how <= HOW_MINT && hold->revoker <= 1);
        ASSERT(hold->how == HOW_GENESIS || hold->origin.generation != 0);
    }
}

// CORE invariants 1 and 4: every facet names a live object and is within its parent.
static void check_facets(const struct core *core)
{
    const struct state *state = &core->state;
    for (uint32_t i = 0; i < state->arenas[ARENA_FACETS].fresh; i++) {
        if (!arena_is_live(&state->arenas[ARENA_FACETS], i)) {
            continue;
        }
        const struct facet *facet = &state->facets[i];
        ASSERT(arena_is_live(&state->arenas[ARENA_OBJECTS], facet->object));
        const struct object *object = &state->objects[facet->object];
        bool is_pinned = (object->flags & OBJECT_PINNED) != 0 && facet->parent == NONE;
        ASSERT(!facet_is_unused(facet) || core->facets[i].queued != 0 || is_pinned ||
               core->facets[i].drop == DROP_LISTED ||
               core->litter < state->arenas[ARENA_FACETS].fresh);
        if (facet->parent == NONE) {
            ASSERT(object->root_facet == i);
            continue;
        }
        ASSERT(arena_is_live(&state->arenas[ARENA_FACETS], facet->parent));
        const struct facet *parent = &state->facets[facet->parent];
        ASSERT(parent->object == facet->object && facet->depth == parent->depth + 1);
        bool is_minted = facet_is_server(state, parent) && !facet_is_server(state, facet);
        ASSERT((facet->disclosure & ~parent->disclosure) == 0);
        ASSERT(is_minted ||
               (facet->interface == parent->interface && (facet->methods & ~parent->methods) == 0));
    }
}

// The list of one kind of what a process has: as long as it says, linked both ways.
#define LIST_CHECK(state, records, first, length, index)                                           \
    do {                                                                                           \
        uint32_t previous = NONE;                                                                  \
        uint32_t count = 0;                                                                        \
        for (uint32_t at = (first); at != NONE; at = (state)->records[at].next) {                  \
            ASSERT((state)->records[at].process == (index));                                       \
            ASSERT((state)->records[at].previous == previous);                                     \
            previous = at;                                                                         \
            count++;                                                                               \
        }                                                                                          \
        ASSERT(count == (length));                                                                 \
    } while (0)

// CORE invariant 5: what is derived equals what is there.
static void check_counts(const struct core *core)
{
    const struct state *state = &core->state;
    for (uint32_t i = 0; i < state->arenas[ARENA_PROCESSES].fresh; i++) {
        const struct process_entry *process = &state->processes[i];
        if (arena_is_live(&state->arenas[ARENA_PROCESSES], i)) {
            LIST_CHECK(state, holds, process->first_hold, process->hold_count, i);
            LIST_CHECK(state, mappings, process->first_mapping, process->mapping_count, i);
            LIST_CHECK(state, threads, process->first_thread, process->thread_count, i);
        }
    }
    ASSERT(state_is_counted(state));
}

// CORE invariant 5: no job has used more than its limit, and the limits of all jobs together are
// what the machine has.
static void check_limits(const struct core *core)
{
    const struct state *state = &core->state;
    uint32_t left[RESOURCE_COUNT] = {[RESOURCE_CALLS] = core->request_count,
                                     [RESOURCE_LOG] = core->log->page_count * COMMITS_PER_PAGE};
    memcpy(left, &state->config, sizeof state->config);
    for (uint32_t i = 0; i < state->arenas[ARENA_JOBS].fresh; i++) {
        for (uint32_t resource = 0; resource < RESOURCE_COUNT; resource++) {
            if (arena_is_live(&state->arenas[ARENA_JOBS], i)) {
                ASSERT(state->jobs[i].used[resource] <= state->jobs[i].limit[resource]);
                left[resource] -= state->jobs[i].limit[resource];
            }
        }
    }
    for (uint32_t resource = 0; resource < RESOURCE_COUNT; resource++) {
        ASSERT(left[resource] == 0);
    }
}

// CORE invariants 5 and 6: every waiting request is of a live thread, is charged to a job, and
// keeps its facet if it must.
static void check_requests(const struct core *core)
{
    uint32_t pinned = 0;
    uint32_t charged = 0;
    for (uint32_t i = 0; i < core->request_count; i++) {
        const struct request *request = &core->requests[i];
        const uint32_t facet = request->target.facet;
        if (request->state <= REQUEST_NEW) {
            continue;
        }
        charged++;
        if (request->state != REQUEST_LOST) {
            ASSERT(arena_is_live(&core->state.arenas[ARENA_THREADS], request->sender.thread));
        }
        if (request->is_told && request->state != REQUEST_LOST) {
            ASSERT(request->state == REQUEST_WAIT);
            ASSERT((request->sqe.flags & SQE_WAIT_REPEAT) != 0);
        }
        if (request->state >= REQUEST_CALL) {
            ASSERT(arena_is_live(&core->state.arenas[ARENA_FACETS], facet));
            ASSERT(core->facets[facet].queued != 0);
            pinned++;
        }
    }
    for (uint32_t i = 0; i < core->state.config.facets; i++) {
        pinned -= core->facets[i].queued;
    }
    ASSERT(pinned == 0);
    for (uint32_t i = 0; i < core->state.config.jobs; i++) {
        charged -= core->jobs[i].calls;
    }
    ASSERT(charged == 0);
}

// CORE invariant 6: what waits has its place in the CQ.
static void check_promises(const struct core *core)
{
    for (uint32_t i = 0; i < core->state.config.threads; i++) {
        const struct thread_record *thread = &core->threads[i];
        if (thread->state == THREAD_ABSENT) {
            continue;
        }
        uint32_t waits = 0;
        uint32_t told = 0;
        for (struct link *at = thread->waits.next; at != &thread->waits; at = at->next) {
            waits++;
            told += request_of_waits(at)->is_told ? 1 : 0;
        }
        ASSERT(waits == thread->ring.reserved + thread->ring.repeated);
        ASSERT(told == thread->ring.repeated);
    }
}

void core_check(const struct core *core)
{
    check_holds(core);
    check_facets(core);
    check_counts(core);
    check_limits(core);
    check_requests(core);
    check_promises(core);
    uint64_t digest[2];
    state_digest(&core->state, digest);
    ASSERT(digest[0] == core->state.digest[0] && digest[1] == core->state.digest[1]);
}
