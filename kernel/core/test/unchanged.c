// SPDX-License-Identifier: Apache-2.0
//
// The witness of refusals: see unchanged.h. An entry counts as a refusal if it took exactly one SQE
// and posted exactly one completion, with a fact; or if it took none and returned an error.
#include "kernel/core/test/unchanged.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/core/buffer.h"
#include "kernel/core/test/act.h"

uint64_t unchanged_seen[STATUS_LIMIT];

// What is compared: struct kernel, and the used part of each array.
enum { PARTS_MAX = 8 + ARENA_COUNT };

struct part {
    const char *name;
    const void *at;
    uint64_t size;
};

static struct part parts[PARTS_MAX];
static uint32_t part_count;
static uint8_t *kept, *present; // copies of them, one after another
static uint64_t room;

static uint32_t one_in = 1;
static uint32_t skipped;
static bool is_watching;
static struct ring_kernel ring_before;
static uint32_t sender;

void unchanged_sample(uint32_t times)
{
    one_in = times;
}

static void part_add(const char *name, const void *at, uint64_t size)
{
    parts[part_count++] = (struct part){name, at, size};
}

static void parts_find(void)
{
    const struct core *core = act_core();
    const struct arena *arenas = core->state.arenas;
    uint64_t used = 1;

    part_count = 0;
    part_add("struct kernel", machine.kernel, sizeof(*machine.kernel));
    part_add("threads", core->threads, arenas[ARENA_THREADS].fresh * sizeof(*core->threads));
    part_add("processes", core->processes,
             arenas[ARENA_PROCESSES].fresh * sizeof(*core->processes));
    part_add("objects", core->objects, arenas[ARENA_OBJECTS].fresh * sizeof(*core->objects));
    part_add("jobs", core->jobs, arenas[ARENA_JOBS].fresh * sizeof(*core->jobs));
    part_add("facets", core->facets, arenas[ARENA_FACETS].fresh * sizeof(*core->facets));
    while (used < core->request_count && core->requests[used - 1].generation != 0) {
        used++;
    }
    part_add("requests", core->requests, used * sizeof(*core->requests));
    part_add("heap", core->heap, (core->heap_count + 1) * sizeof(struct deadline *));
    for (uint32_t i = 0; i < ARENA_COUNT; i++) {
        part_add("an arena", arenas[i].slots, (uint64_t)arenas[i].fresh * arenas[i].stride);
    }
}

static uint64_t parts_size(void)
{
    uint64_t size = 0;

    for (uint32_t i = 0; i < part_count; i++) {
        size += parts[i].size;
    }
    return size;
}

#define FORGET(field) memset(&(field), 0, sizeof(field))

// What an operation may use as it likes, and who runs.
static void core_forget(struct core *core)
{
    FORGET(core->now_ns);
    FORGET(core->cause);
    FORGET(core->actor);
    FORGET(core->syslog_next);
    FORGET(core->current);
    FORGET(core->here);
    FORGET(core->is_changed);
    FORGET(core->next);
    FORGET(core->ready);
    FORGET(core->ready_mask);
    FORGET(core->quiet); // whom who is ready shares with
    FORGET(core->window);
    FORGET(core->is_sweeping); // a hint: a step too many finds nothing
    FORGET(core->commits);
    FORGET(core->commit_digests);
    FORGET(core->work);
    FORGET(core->scratch);
    FORGET(core->transferred);
    FORGET(core->transfers);
    FORGET(core->transfer_holds);
    FORGET(core->answer);
    FORGET(core->site);
}

// The slot that the next request may use, but for its number and its place in the list.
static void spare_forget(struct request *spare)
{
    struct request clean = {
        .next_free = spare->next_free, .generation = spare->generation, .index = spare->index};

    memcpy(spare, &clean, sizeof(clean));
}

// Copies all parts, without what may differ.
static void parts_keep(uint8_t *to)
{
    const struct core *core = act_core();
    uint64_t spare = (uint64_t)(core->spare - core->requests);

    for (uint32_t i = 0; i < part_count; i++) {
        memcpy(to, parts[i].at, parts[i].size);
        if (i == 0) {
            core_forget(&((struct kernel *)(void *)to)->core);
        } else if (parts[i].at == core->threads) {
            struct thread_record *threads = (struct thread_record *)(void *)to;
            for (uint64_t t = 0; t < parts[i].size / sizeof(*threads); t++) {
                FORGET(threads[t].ready);
                FORGET(threads[t].level);
                FORGET(threads[t].account);
            }
            FORGET(threads[sender].ring);
            FORGET(threads[sender].min_complete);
            FORGET(threads[sender].timeout_ns);
            FORGET(threads[sender].is_submitting);
        } else if (parts[i].at == core->jobs) {
            struct job_record *jobs = (struct job_record *)(void *)to;
            for (uint64_t job = 0; job < parts[i].size / sizeof(*jobs); job++) {
                FORGET(jobs[job].window);
                FORGET(jobs[job].used_ns);
            }
        } else if (parts[i].at == core->requests && spare < parts[i].size / sizeof(*core->spare)) {
            spare_forget((struct request *)(void *)to + spare);
        }
        to += parts[i].size;
    }
}

// A RECV waits whose right is gone, at an endpoint that others serve, too, or whose buffer is not
// memory of its program: the next call there ends it, whatever comes of the call.
static bool somebody_waits_in_vain(void)
{
    const struct core *core = act_core();
    struct buffer buffer;

    for (uint32_t i = 0; i < core->request_count; i++) {
        const struct request *request = &core->requests[i];
        if (request->state == REQUEST_RECV &&
            (hold_check(core, request->sqe.cap) != STATUS_OK ||
             buffer_result(core, request, request->sqe.result_len, &buffer) != STATUS_OK)) {
            return true;
        }
    }
    return false;
}

static void before(uint32_t thread)
{
    skipped++;
    is_watching = skipped % one_in == 0;
    if (!is_watching) {
        return;
    }
    sender = thread;
    ring_before = act_core()->threads[thread].ring;
    // To enter is to say what was consumed; a test that acts behind the kernel's back leaves the
    // next turn something to close, and another CPU its sweeps.
    if (act_core()->commit_count != 0 || act_core()->is_sweeping || somebody_waits_in_vain()) {
        is_watching = false;
        return;
    }
    parts_find();
    if (parts_size() > room) {
        room = 2 * parts_size();
        kept = realloc(kept, room);
        present = realloc(present, room);
        if (kept == NULL || present == NULL) {
            machine_fail("the host has no memory left", room);
        }
    }
    parts_keep(kept);
}

// The fact with which the only operation of the entry was refused; STATUS_OK: there is none.
static enum status refusal_find(const struct ring_kernel *ring, struct sqe *sqe)
{
    int64_t result = (int64_t)machine.threads[sender].result;

    if (!machine.threads[sender].has_result) { // it waits: that is a change
        return STATUS_OK;
    }
    if (ring->sq_head == ring_before.sq_head && ring->cq_tail == ring_before.cq_tail) {
        return result < 0 ? (enum status) - result : STATUS_OK;
    }
    if (ring->sq_head != ring_before.sq_head + 1 || ring->cq_tail != ring_before.cq_tail + 1) {
        return STATUS_OK;
    }
    const struct cqe *cqe = &ring->cq[(ring->cq_tail - 1) & ring->cq_mask];
    *sqe = ring->sq[ring_before.sq_head & ring->sq_mask];
    bool is_its = cqe->user_data == sqe->user_data;
    enum status fact = act_fact(cqe);
    // An answer that comes too late ends its call all the same, and a CANCEL another operation; a
    // RECV has waited, if not for long, when its buffer is looked at.
    bool has_effect = (sqe->opcode == OP_RETURN && fact == STATUS_CALLER_LOST) ||
                      (sqe->opcode == OP_RECV && fact == STATUS_BAD_BUFFER) ||
                      (sqe->opcode == OP_CANCEL && fact == STATUS_CANCELLED);
    return is_its && !has_effect ? fact : STATUS_OK;
}

static void differ(uint64_t at, const struct sqe *sqe, enum status fact)
{
    uint32_t part = 0;

    while (at >= parts[part].size) {
        at -= parts[part++].size;
    }
    fprintf(stderr, "operation %u, method %u, refused with fact %d, changed byte %llu of %s\n",
            sqe->opcode, sqe->method, (int)fact, (unsigned long long)at, parts[part].name);
    machine_fail("a refusal changed something", at);
}

static void after(void)
{
    struct sqe sqe = {0};

    if (!is_watching || machine.end != MACHINE_RUNS || !machine.threads[sender].alive) {
        return;
    }
    enum status fact = refusal_find(&act_core()->threads[sender].ring, &sqe);
    if (fact == STATUS_OK) {
        return;
    }
    parts_keep(present);
    uint64_t size = parts_size();
    for (uint64_t at = 0; memcmp(kept, present, size) != 0 && at < size; at++) {
        if (kept[at] != present[at]) {
            differ(at, &sqe, fact);
        }
    }
    unchanged_seen[fact]++;
}

const struct machine_witness unchanged_witness = {before, after};
