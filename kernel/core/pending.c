// SPDX-License-Identifier: Apache-2.0
//
// Operations that wait: calls queued or being answered, RECVs, waits for an exit. Each has a slot
// whose (generation, index) names it to programs as the call id, stands in its thread's list, and
// in at most one queue. Ending one is always the same thing: out of its queue, a completion for its
// thread, the slot free. So each completes exactly once, or dies with its thread.
#include "kernel/core/core.h"

void list_init(struct list *list)
{
    *list = (struct list){NONE, NONE, 0};
}

// The link within a slot that a list goes through, at this offset.
static struct link *link_at(struct core *core, uint32_t index, uint64_t offset)
{
    return (struct link *)(void *)((uint8_t *)&core->pending[index] + offset);
}

static void list_append(struct core *core, struct list *list, uint32_t index, uint64_t offset)
{
    *link_at(core, index, offset) = (struct link){NONE, list->last};
    if (list->last == NONE) {
        list->first = index;
    } else {
        link_at(core, list->last, offset)->next = index;
    }
    list->last = index;
    list->count++;
}

static void list_remove(struct core *core, struct list *list, uint32_t index, uint64_t offset)
{
    const struct link link = *link_at(core, index, offset);
    if (link.previous == NONE) {
        list->first = link.next;
    } else {
        link_at(core, link.previous, offset)->next = link.next;
    }
    if (link.next == NONE) {
        list->last = link.previous;
    } else {
        link_at(core, link.next, offset)->previous = link.previous;
    }
    ASSERT(list->count > 0);
    list->count--;
}

static uint32_t index_of(const struct core *core, const struct pending *pending)
{
    return (uint32_t)(pending - core->pending);
}

bool pending_is_free(const struct core *core)
{
    return core->pending_free != NONE;
}

struct pending *pending_create(struct core *core, const struct request *request, uint32_t kind)
{
    uint32_t index = core->pending_free;
    ASSERT(index != NONE);
    struct pending *pending = &core->pending[index];
    core->pending_free = pending->of_thread.next;
    pending->generation++;
    pending->kind = kind;
    pending->thread = request->thread;
    pending->process = request->process;
    pending->object = request->object;
    pending->interface = request->interface;
    pending->start_ns = core->now_ns;
    pending->heap_position = NONE;
    pending->facet = (struct commit_id){NONE, 0};
    pending->sqe = request->sqe;
    list_append(core, &core->threads[request->thread].pending, index,
                offsetof(struct pending, of_thread));
    uint64_t deadline_ns;
    if (!__builtin_add_overflow(core->now_ns, request->sqe.arg, &deadline_ns)) {
        deadline_set(core, index, deadline_ns);
    }
    return pending;
}

void pending_queue(struct core *core, struct list *list, struct pending *pending)
{
    list_append(core, list, index_of(core, pending), offsetof(struct pending, of_queue));
}

void pending_unqueue(struct core *core, struct list *list, struct pending *pending)
{
    list_remove(core, list, index_of(core, pending), offsetof(struct pending, of_queue));
}

struct pending *pending_first(const struct core *core, const struct list *list)
{
    return list->first == NONE ? NULL : &core->pending[list->first];
}

struct pending *pending_of_thread(const struct core *core, uint32_t thread)
{
    return pending_first(core, &core->threads[thread].pending);
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

// Its thread does not wait for it any more.
static void thread_detach(struct core *core, struct pending *pending)
{
    uint32_t index = index_of(core, pending);
    if (pending->heap_position != NONE) {
        deadline_clear(core, index);
    }
    list_remove(core, &core->threads[pending->thread].pending, index,
                offsetof(struct pending, of_thread));
}

void pending_free(struct core *core, struct pending *pending)
{
    uint32_t index = index_of(core, pending);
    if (pending->kind != PENDING_LOST) {
        thread_detach(core, pending);
    }
    pending->kind = PENDING_NONE;
    if (pending->generation == UINT32_MAX) {
        return;
    }
    pending->of_thread.next = core->pending_free;
    core->pending_free = index;
}

static void completion_put(struct core *core, const struct pending *pending, const struct cqe *cqe)
{
    ASSERT(core->completion_count < TURN_COMPLETIONS_MAX);
    struct completion *completion = &core->completions[core->completion_count];
    core->completion_count++;
    completion->thread = pending->thread;
    completion->is_quiet = (pending->sqe.flags & SQE_QUIET) != 0;
    completion->cqe = *cqe;
    completion->cqe.user_data = pending->sqe.user_data;
    completion->interface = pending->interface;
    completion->start_ns = pending->start_ns;
    completion->object = pending->object;
    completion->facet = pending->facet.index;
    completion->size = pending->sqe.payload_len;
    completion->method = pending->sqe.method;
    completion->opcode = pending->sqe.opcode;
}

void pending_complete(struct core *core, struct pending *pending, const struct cqe *cqe)
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
    if (pending->facet.generation != 0) {
        ASSERT(core->facet_queued[pending->facet.index] > 0);
        core->facet_queued[pending->facet.index]--;
        pending->facet.generation = 0;
    }
}

void pending_abandon(struct core *core, struct pending *pending, enum status fact)
{
    struct cqe cqe = {0};
    cqe_refuse(&cqe, fact, ARGUMENT_NONE);
    uint32_t facet = pending->facet.generation != 0 ? pending->facet.index : NONE;
    if (fact != STATUS_OK) {
        completion_put(core, pending, &cqe);
    }
    if (pending->kind == PENDING_TAKEN) {
        // The server still has it: its answer finds out.
        thread_detach(core, pending);
        pending->kind = PENDING_LOST;
        return;
    }
    pending_withdraw(core, pending);
    pending_free(core, pending);
    if (facet != NONE) {
        facet_collect(core, facet);
    }
}
