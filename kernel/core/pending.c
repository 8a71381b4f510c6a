// SPDX-License-Identifier: Apache-2.0
//
// Operations that wait: calls queued or being answered, RECVs, waits for an exit. Each has a slot
// whose (generation, index) names it to programs as the call id, and stands in at most one queue.
// Ending one is always the same thing: out of its queue, a completion for its thread, the slot
// free. So each completes exactly once, or dies with its thread.
#include "kernel/core/core.h"

void list_init(struct list *list)
{
    *list = (struct list){NONE, NONE, 0};
}

static uint32_t index_of(const struct core *core, const struct pending *pending)
{
    return (uint32_t)(pending - core->pending);
}

enum status pending_check(const struct core *core, const struct request *request)
{
    if (!ring_kernel_may_reserve(&core->threads[request->sender.thread].ring)) {
        return STATUS_RING_BUSY;
    }
    return core->pending_free != NONE ? STATUS_OK : STATUS_OUT_OF_CALLS;
}

struct pending *pending_create(struct core *core, struct request *request, uint32_t kind)
{
    uint32_t index = core->pending_free;
    ASSERT(index != NONE);
    struct pending *pending = &core->pending[index];
    core->pending_free = pending->of_queue.next;
    request->outcome = OUTCOME_LATER;
    ring_kernel_reserve(&core->threads[request->sender.thread].ring);
    pending->generation++;
    pending->kind = kind;
    pending->thread = request->sender.thread;
    pending->process = request->sender.process;
    pending->object = request->target.object;
    pending->facet = (struct commit_id){request->target.facet, 0};
    pending->interface = request->interface;
    pending->start_ns = core->now_ns;
    pending->heap_position = NONE;
    pending->sqe = request->sqe;
    uint64_t deadline_ns;
    if (!__builtin_add_overflow(core->now_ns, request->sqe.arg, &deadline_ns)) {
        deadline_set(core, index, deadline_ns);
    }
    return pending;
}

void pending_queue(struct core *core, struct list *list, struct pending *pending)
{
    uint32_t index = index_of(core, pending);
    pending->of_queue = (struct link){NONE, list->last};
    if (list->last == NONE) {
        list->first = index;
    } else {
        core->pending[list->last].of_queue.next = index;
    }
    list->last = index;
    list->count++;
}

void pending_queue_pinned(struct core *core, struct list *list, struct pending *pending)
{
    pending->facet.generation = core->state.facets[pending->facet.index].slot.generation;
    core->facet_queued[pending->facet.index]++;
    pending_queue(core, list, pending);
}

void pending_unqueue(struct core *core, struct list *list, struct pending *pending)
{
    const struct link link = pending->of_queue;
    if (link.previous == NONE) {
        list->first = link.next;
    } else {
        core->pending[link.previous].of_queue.next = link.next;
    }
    if (link.next == NONE) {
        list->last = link.previous;
    } else {
        core->pending[link.next].of_queue.previous = link.previous;
    }
    ASSERT(list->count > 0);
    list->count--;
}

struct pending *pending_first(const struct core *core, const struct list *list)
{
    return list->first == NONE ? NULL : &core->pending[list->first];
}

uint64_t pending_id(const struct core *core, const struct pending *pending)
{
    return (uint64_t)pending->generation << 32 | index_of(core, pending);
}

struct pending *pending_find(struct core *core, uint64_t id)
{
    uint32_t index = (uint32_t)id;
    if (index >= core->pending_count || core->pending[index].kind == PENDING_NONE ||
        core->pending[index].generation != (uint32_t)(id >> 32)) {
        return NULL;
    }
    return &core->pending[index];
}

static void limit_clear(struct core *core, struct pending *pending)
{
    if (pending->heap_position != NONE) {
        deadline_clear(core, index_of(core, pending));
    }
}

void pending_free(struct core *core, struct pending *pending)
{
    limit_clear(core, pending);
    pending->kind = PENDING_NONE;
    if (pending->generation != UINT32_MAX) {
        pending->of_queue.next = core->pending_free;
        core->pending_free = index_of(core, pending);
    }
}

void pending_complete(struct core *core, struct pending *pending, struct cqe *cqe)
{
    completion_put(core, pending, cqe);
    pending_free(core, pending);
}

void pending_refuse(struct core *core, struct pending *pending, enum status fact, uint64_t detail)
{
    struct cqe cqe = {0};
    cqe_refuse(&cqe, fact, detail);
    pending_complete(core, pending, &cqe);
}

static struct list *calls_of(struct core *core, const struct pending *pending)
{
    return &core->objects[pending->object].endpoint.calls;
}

static struct list *receivers_of(struct core *core, const struct pending *pending)
{
    return &core->objects[pending->object].endpoint.receivers;
}

static struct list *taken_of(struct core *core, const struct pending *pending)
{
    return &core->processes[pending->server].taken;
}

static struct list *waiters_of(struct core *core, const struct pending *pending)
{
    return &core->jobs[pending->job].waiters;
}

static struct list *(*const queue_of[])(struct core *, const struct pending *) = {
    [PENDING_CALL] = calls_of,   [PENDING_TAKEN] = taken_of, [PENDING_RECV] = receivers_of,
    [PENDING_EXIT] = waiters_of, [PENDING_LOST] = taken_of,
};

void pending_withdraw(struct core *core, struct pending *pending)
{
    pending_unqueue(core, queue_of[pending->kind](core, pending), pending);
    pending_unpin(core, pending);
}

void pending_abandon(struct core *core, struct pending *pending, enum status fact)
{
    uint32_t facet = pending->facet.generation != 0 ? pending->facet.index : NONE;
    if (fact != STATUS_OK) {
        struct cqe cqe = {0};
        cqe_refuse(&cqe, fact, ARGUMENT_NONE);
        completion_put(core, pending, &cqe);
    }
    if (pending->kind == PENDING_TAKEN) { // the server still has it: its answer finds out
        limit_clear(core, pending);
        pending->kind = PENDING_LOST;
        return;
    }
    pending_withdraw(core, pending);
    pending_free(core, pending);
    if (facet != NONE) {
        facet_collect(core, facet);
    }
}
