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
               (core->facets[i].drop == DROP_LISTED && object_is_served(state, facet->object)) ||
               core->sweeps[SWEEP_FACETS] < state->arenas[ARENA_FACETS].fresh ||
               !core_may_commit(core, facet->job, false));
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

// CORE invariant 6: every waiting request is of a live thread, and keeps its facet if it must.
static void check_requests(const struct core *core)
{
    uint32_t pinned = 0;
    for (uint32_t i = 0; i < core->request_count; i++) {
        const struct request *request = &core->requests[i];
        const uint32_t facet = request->target.facet;
        if (request->state <= REQUEST_NEW) {
            continue;
        }
        if (request->state != REQUEST_LOST) {
            ASSERT(arena_is_live(&core->state.arenas[ARENA_THREADS], request->sender.thread));
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
        for (struct link *at = thread->waits.next; at != &thread->waits; at = at->next) {
            waits++;
        }
        ASSERT(waits == thread->ring.reserved);
    }
}

// Every slot is free once, or is somebody's who waits; each is paid for.
static void check_slots(const struct core *core)
{
    uint32_t unused = 0;
    uint32_t calls = 0;
    for (const struct request *at = core->spare; at != NULL; at = at->next_free) {
        ASSERT(at == &core->requests[at->index] && at->state <= REQUEST_NEW);
        ASSERT(unused < core->request_count);
        unused++;
    }
    for (uint32_t i = 0; i < core->request_count; i++) {
        const struct request *request = &core->requests[i];
        bool is_waiting = request->state > REQUEST_NEW;
        calls += is_waiting ? 1 : 0;
        unused += is_waiting || request->generation == UINT32_MAX ? 1 : 0;
        bool is_of_endpoint = request->state == REQUEST_RECV || request->state == REQUEST_CALL;
        ASSERT(!is_of_endpoint || object_is_served(&core->state, request->target.object) ||
               core->sweeps[SWEEP_WAITS] <= request->sender.thread);
    }
    ASSERT(unused == core->request_count);
    for (uint32_t job = 0; job < core->state.arenas[ARENA_JOBS].fresh; job++) {
        calls -= arena_is_live(&core->state.arenas[ARENA_JOBS], job) ? core->jobs[job].calls : 0;
    }
    ASSERT(calls == 0);
}

// The shares of all jobs together are a processor.
static void check_shares(const struct core *core)
{
    uint32_t left = SHARE_ALL;
    for (uint32_t i = 0; i < core->state.arenas[ARENA_JOBS].fresh; i++) {
        left -= arena_is_live(&core->state.arenas[ARENA_JOBS], i) ? core->jobs[i].share : 0;
    }
    ASSERT(left == 0);
}

// A job is held as long as there is an object of it, and is there as long as it is held or pays.
static void check_jobs(const struct core *core)
{
    static const uint32_t nothing[RESOURCE_COUNT];
    const struct state *state = &core->state;
    uint32_t held = 0;
    for (uint32_t i = 0; i < state->arenas[ARENA_OBJECTS].fresh; i++) {
        const struct object *object = &state->objects[i];
        if (arena_is_live(&state->arenas[ARENA_OBJECTS], i) && object->kind == OBJECT_JOB) {
            ASSERT(arena_is_live(&state->arenas[ARENA_JOBS], (uint32_t)object->argument));
            ASSERT(core->jobs[object->argument].is_held);
            held++;
        }
    }
    for (uint32_t i = 0; i < state->arenas[ARENA_JOBS].fresh; i++) {
        const struct job_entry *job = &state->jobs[i];
        if (arena_is_live(&state->arenas[ARENA_JOBS], i)) {
            held -= core->jobs[i].is_held ? 1 : 0;
            ASSERT(core->jobs[i].is_held || core->jobs[i].calls != 0 ||
                   job->parent.generation == 0 || memcmp(job->used, nothing, sizeof nothing) != 0);
        }
    }
    ASSERT(held == 0);
}

// Whoever is ready runs, is to run next, or is in a queue of its priority.
static void check_schedule(const struct core *core)
{
    uint32_t ready = 0;
    uint32_t elsewhere = 0;
    for (uint32_t level = 0; level < LEVEL_COUNT; level++) {
        const struct link *queue = &core->ready[level];
        ASSERT((core->ready_mask >> level & 1) == !list_is_empty(queue));
        for (const struct link *at = queue->next; at != queue; at = at->next) {
            const struct thread_record *thread = (const struct thread_record *)(const void *)at;
            ASSERT(thread->state == THREAD_READY && thread->level == level);
            ASSERT(thread->priority == level % PRIORITY_COUNT);
            ASSERT(thread->self.thread != core->current && thread->self.thread != core->next);
            ASSERT(at->next->previous == at && ready < core->state.config.threads);
            ready++;
        }
    }
    const uint32_t chosen[] = {core->current, core->next};
    for (uint32_t i = 0; i < 2; i++) {
        ASSERT(chosen[i] == NONE || core->threads[chosen[i]].state == THREAD_READY);
        ready += chosen[i] == NONE ? 0 : 1;
    }
    for (uint32_t cpu = 0; cpu < HAL_CPUS_MAX; cpu++) {
        bool runs = (core->busy >> cpu & 1) != 0; // what may have been taken away
        bool is_right = runs && core->cpus[cpu].running->state == THREAD_ELSEWHERE;
        ASSERT(!runs || is_right || (core->behind >> cpu & 1) != 0);
        elsewhere += is_right ? 1 : 0;
    }
    ASSERT((core->behind & (core->quiet | ~core->busy)) == 0);
    ASSERT(((core->busy | core->quiet) >> core->cpu & 1) == 0);
    ASSERT(core->current == NONE || core->here.running == &core->threads[core->current]);
    ASSERT(core->current == NONE || core->current != core->next);
    for (uint32_t i = 0; i < core->state.config.threads; i++) {
        ready -= core->threads[i].state == THREAD_READY ? 1 : 0;
        elsewhere -= core->threads[i].state == THREAD_ELSEWHERE ? 1 : 0;
    }
    ASSERT(ready == 0 && elsewhere == 0);
}

// When the first timer interrupts, on any CPU.
static uint64_t armed_ns(const struct core *core)
{
    uint64_t first_ns = core->here.armed_ns;
    for (uint32_t cpu = 0; cpu < HAL_CPUS_MAX; cpu++) {
        const struct cpu_record *other = &core->cpus[cpu];
        bool is_there = other->armed_ns != 0 && cpu != core->cpu;
        first_ns = is_there && other->armed_ns < first_ns ? other->armed_ns : first_ns;
    }
    return first_ns;
}

// Each time limit is where it says, none before that which it stands behind. Where nothing has
// changed since somebody was chosen, nobody is above, and what comes first is armed.
static void check_deadlines(const struct core *core)
{
    bool is_shared = core->ready_mask != 0 || core->next != NONE;
    bool is_running = core->current != NONE;
    uint64_t others =
        is_running ? core->ready_mask >> (core->here.running->priority + core->here.band) : 0;
    if (!core->is_changed) {
        ASSERT(core->current != NONE || !is_shared);
        ASSERT(!is_running || core->here.running->is_submitting || others <= 1);
        ASSERT(armed_ns(core) <= deadline_next(core));
        bool is_sliced = core->next != NONE || others != 0;
        ASSERT(!is_sliced || core->here.armed_ns <= core->here.slice_end_ns);
    }
    for (uint32_t i = 1; i <= core->heap_count; i++) {
        ASSERT(core->heap[i]->position == i);
        ASSERT(i == 1 || core->heap[i / 2]->time_ns <= core->heap[i]->time_ns);
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
    check_slots(core);
    check_jobs(core);
    check_shares(core);
    check_schedule(core);
    check_deadlines(core);
    uint64_t digest[2];
    state_digest(&core->state, digest);
    ASSERT(digest[0] == core->state.digest[0] && digest[1] == core->state.digest[1]);
}
