// SPDX-License-Identifier: Apache-2.0
//
// Requests: the slots in which SQEs are carried out, the waiting of those that complete later, and
// the way of each completion to its thread. What is taken from a ring stands in the spare slot; a
// request that has to wait keeps its slot, another becomes the spare one, and its (generation,
// index) is the id by which programs name it. A waiting request stands in one queue and in its
// thread's list. Ending one is always the same thing: its CQE is posted, where its place was
// promised, it leaves both lists, and its slot is free; a thread that has what it waited for in
// cap_enter is made ready, to run next if the running thread's own doing brought it about.
//
// What waits at a kernel object does so by the hold through which it came, and what waits at an
// endpoint as long as that has a server. When a hold goes or a facet is revoked, what all threads
// wait for is looked through in bounded steps (request_sweep), and the right is looked at again
// before anything completes well.
#include "kernel/core/core.h"
#include "kernel/core/syslog.h"
#include "kernel/core/thread.h"

struct request *request_first(const struct queue *queue)
{
    return queue->count == 0 ? NULL : RECORD_OF(queue->head.next, struct request, queue);
}

uint64_t request_id(const struct request *request)
{
    return (uint64_t)request->generation << 32 | request->index;
}

struct request *request_find(struct core *core, uint64_t id)
{
    if ((uint32_t)id >= core->request_count) {
        return NULL;
    }
    struct request *request = &core->requests[(uint32_t)id];
    return request->generation == (uint32_t)(id >> 32) ? request : NULL;
}

// --- Waiting ------------------------------------------------------------------------------------

enum status request_wait_check(const struct core *core, struct request *request)
{
    const struct thread_record *thread = request->thread;
    request->argument = ARGUMENT_LIMIT;
    if (!ring_kernel_may_reserve(&thread->ring)) {
        return STATUS_RING_BUSY;
    }
    if (thread->own_account->calls >= core->state.jobs[thread->job].limit[RESOURCE_CALLS]) {
        return STATUS_LIMIT_CALLS;
    }
    return core->spare->next_free == NULL ? STATUS_OUT_OF_CALLS : STATUS_OK;
}

// It does not keep its facet in being any more.
static void unpin(struct core *core, const struct request *request)
{
    core->facets[request->target.facet].queued--;
    facet_collect(core, request->target.facet);
}

// Behind those that came before; a call only behind those of its priority and above.
static void enqueue(struct request *request, enum request_state state, struct queue *queue)
{
    struct link *before = &queue->head;
    while (state == REQUEST_CALL && before->previous != &queue->head &&
           RECORD_OF(before->previous, struct request, queue)->thread->priority <
               request->thread->priority) {
        before = before->previous;
    }
    list_append(before, &request->queue);
    queue->count++;
    request->in = queue;
    request->state = state;
}

static void dequeue(struct request *request)
{
    list_remove(&request->queue);
    request->in->count--;
}

__attribute__((flatten)) void request_wait(struct core *core, struct request *request,
                                           enum request_state state, struct queue *queue,
                                           uint64_t limit_ns)
{
    struct thread_record *thread = request->thread;
    core->spare = request->next_free;
    ring_kernel_reserve(&thread->ring);
    if (state >= REQUEST_CALL) {
        core->facets[request->target.facet].queued++;
    }
    request->sq_index = thread->ring.sq_head - 1;
    request->start_ns = core->now_ns;
    request->is_told = false;
    request->generation++;
    request->job = thread->job;
    thread->own_account->calls++;
    enqueue(request, state, queue);
    list_append(&thread->waits, &request->waits);
    deadline_set(core, &request->limit, limit_ns);
}

enum status request_wait_if(struct core *core, struct request *request, enum request_state state,
                            struct queue *queue, uint64_t limit_ns)
{
    enum status status = request_wait_check(core, request);
    if (status == STATUS_OK) {
        request_wait(core, request, state, queue, limit_ns);
    }
    return status;
}

void request_take(struct core *core, struct request *request, struct queue *taken)
{
    dequeue(request);
    enqueue(request, REQUEST_TAKEN, taken);
    unpin(core, request);
}

// --- Completion ---------------------------------------------------------------------------------

// What a thread's cap_enter returns now, or ENTER_WAITS. Waiting can end where there is a time
// limit, or where enough completions can still come.
int64_t enter_result(const struct thread_record *thread)
{
    const struct ring_kernel *ring = &thread->ring;
    uint32_t available = ring_kernel_posted(ring);
    if (available > ring->cq_entries) {
        return -(int64_t)STATUS_RING_CORRUPT;
    }
    if (available >= thread->min_complete || thread->timeout_ns == 0) {
        return available;
    }
    int64_t missing = (int64_t)(thread->min_complete - available);
    bool can_come = thread->timeout_ns != TIMEOUT_NONE || ring->reserved >= missing ||
                    (int64_t)ring->reserved + ring_kernel_submitted(ring) >= missing;
    return can_come ? ENTER_WAITS : -(int64_t)STATUS_NOTHING_PENDING;
}

// It waits on, but goes on submitting if there is room now for what it submitted.
static __attribute__((noinline)) void completion_resume(struct core *core,
                                                        struct thread_record *thread)
{
    if (ring_kernel_ready(&thread->ring, ring_kernel_submitted(&thread->ring), 1) != 0) {
        if (thread->limit.position != 0) { // so much of its time limit is left
            uint64_t end_ns = thread->limit.time_ns;
            thread->timeout_ns = end_ns > core->now_ns ? end_ns - core->now_ns : 0;
        }
        thread->is_submitting = true; // gate_step goes on
        schedule_ready(core, thread, false);
    }
}

__attribute__((flatten)) void completion_wake(struct core *core, struct thread_record *thread)
{
    if (__builtin_expect(thread->state == THREAD_WAITING, true)) {
        int64_t result = enter_result(thread);
        if (__builtin_expect(result != ENTER_WAITS, true)) {
            schedule_ready(core, thread, true);
            hal_thread_result(thread->self.thread, (uint64_t)result);
        } else {
            completion_resume(core, thread);
        }
    }
}

// The promised completion of a request that waited.
static inline __attribute__((always_inline, flatten)) void post_late(struct core *core,
                                                                     const struct request *request)
{
    struct thread_record *thread = request->thread;
    ring_kernel_unreserve(&thread->ring);
    request_post(request, &thread->ring);
    ring_kernel_publish_posted(&thread->ring);
    syslog_request(core, core->syslog_next, request, request->cqe.status,
                   core->now_ns - request->start_ns);
    core->syslog_next++;
    core->work++;
    if (__builtin_expect(thread->state == THREAD_WAITING, true)) {
        completion_wake(core, thread);
    } else if (request->sqe.opcode == SYSLOG_FAULT) {
        thread_fault_end(core, request);
    }
}

void request_refuse(struct request *request, enum status fact, uint64_t detail)
{
    uint8_t exception = status_exception[fact];
    request->cqe.status = exception == EXCEPTION_TRANSPORT ? -(int32_t)fact : 0;
    request->cqe.flags = (request->cqe.flags & (uint16_t)~CQE_EXCEPTION_MASK) | exception;
    request->cqe.detail = exception == EXCEPTION_TRANSPORT ? detail : fact;
}

__attribute__((flatten)) void request_complete(struct core *core, struct request *request)
{
    list_remove(&request->waits);
    post_late(core, request);
    request_free(core, request);
}

void request_fail(struct core *core, struct request *request, enum status fact, uint64_t detail)
{
    request_refuse(request, fact, detail);
    request_complete(core, request);
}

void request_free(struct core *core, struct request *request)
{
    deadline_clear(core, &request->limit);
    dequeue(request);
    bool is_pinned = request->state >= REQUEST_CALL;
    request->state = REQUEST_FREE;
    if (--core->jobs[request->job].calls == 0 && !core->jobs[request->job].is_held) {
        job_collect(core, request->job);
    }
    if (request->generation != UINT32_MAX) {
        request->next_free = core->spare->next_free; // behind the spare one, which may be in use
        core->spare->next_free = request;
    }
    if (is_pinned) {
        unpin(core, request);
    }
}

void request_abandon(struct core *core, struct request *request, enum status fact)
{
    if (request->state != REQUEST_TAKEN && fact != STATUS_OK) {
        request_fail(core, request, fact, ARGUMENT_NONE);
        return;
    }
    list_remove(&request->waits);
    if (fact != STATUS_OK) {
        request_refuse(request, fact, ARGUMENT_NONE);
        post_late(core, request);
    }
    if (request->state == REQUEST_TAKEN) { // the server still has it, and may like to know
        deadline_clear(core, &request->limit);
        request->state = REQUEST_LOST;
        endpoint_call_lost(core, request);
    } else {
        request_free(core, request);
    }
}

bool request_sweep(struct core *core, uint32_t thread)
{
    struct link *waits = &core->threads[thread].waits;
    for (struct link *at = waits->next; at != waits; at = at->next) {
        struct request *request = RECORD_OF(at, struct request, waits);
        if (request->state < REQUEST_EXIT &&
            (request->state < REQUEST_RECV ||
             object_is_served(&core->state, request->target.object))) {
            continue;
        }
        enum status status = request->state == REQUEST_CALL ? STATUS_SERVER_GONE
                                                            : hold_check(core, request->sqe.cap);
        if (status != STATUS_OK) {
            request_fail(core, request, status, ARGUMENT_CAP);
            return true;
        }
    }
    return false;
}

void completion_wait_ends(struct core *core, struct deadline *limit)
{
    struct thread_record *record = RECORD_OF(limit, struct thread_record, limit);
    record->timeout_ns = 0;
    completion_wake(core, record);
}

void request_limit_ends(struct core *core, struct deadline *limit)
{
    struct request *request = RECORD_OF(limit, struct request, limit);
    if (request->state == REQUEST_SLEEP && request->key <= limit->time_ns) {
        request_succeed(core, request, NULL);
    } else {
        request_abandon(core, request, STATUS_TIMED_OUT);
    }
}
