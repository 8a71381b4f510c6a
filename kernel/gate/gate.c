// SPDX-License-Identifier: Apache-2.0
//
// Entries, submissions, completions: see gate.h.
#include "kernel/gate/gate.h"

#include "kernel/gate/syslog.h"

static struct gate_thread *running(struct gate *gate, const struct core *core)
{
    ASSERT(core->current != NONE);
    return &gate->threads[core->current];
}

static void enter_return(struct core *core, struct gate_thread *thread, int64_t result)
{
    thread->is_submitting = false;
    hal_thread_result(core->current, (uint64_t)result);
}

// Whether waiting can end: there is a time limit, or enough completions can still come.
static bool can_complete(const struct gate_thread *thread, int32_t available)
{
    int32_t untaken = ring_kernel_pending(&thread->ring); // the CQ has no room for them
    uint64_t can_come = (uint64_t)available + thread->ring.reserved + (uint32_t)untaken;
    return thread->timeout_ns != TIMEOUT_NONE || can_come >= thread->min_complete;
}

// Everything that can be taken was taken: return, or wait for what was asked for.
static void enter_finish(struct core *core, struct gate_thread *thread)
{
    int32_t available = ring_kernel_available(&thread->ring);
    if (available < 0) {
        enter_return(core, thread, -(int64_t)STATUS_RING_CORRUPT);
        return;
    }
    if ((uint64_t)available >= thread->min_complete || thread->timeout_ns == 0) {
        enter_return(core, thread, available);
        return;
    }
    if (!can_complete(thread, available)) {
        enter_return(core, thread, -(int64_t)STATUS_NOTHING_PENDING);
        return;
    }
    uint64_t deadline_ns;
    if (__builtin_add_overflow(core->now_ns, thread->timeout_ns, &deadline_ns)) {
        deadline_ns = UINT64_MAX;
    }
    thread->is_submitting = false;
    schedule_wait(core, core->current, deadline_ns);
}

// One SQE: taken, carried out, its completion posted unless it comes later.
static inline void submit(struct gate *gate, struct core *core, struct ring_kernel *ring,
                          struct request *request)
{
    ring_kernel_take(ring, &request->sqe);
    request->outcome = OUTCOME_PLAIN;
    request->target = (struct syslog_target){NONE, NONE};
    request->interface = 0;
    core->cause = gate->syslog_next;
    core_operate(core, request);
    bool is_quiet = (request->sqe.flags & SQE_QUIET) != 0;
    if (request->outcome == OUTCOME_PLAIN) {
        if (!is_quiet) {
            ring_kernel_post(ring, &(struct cqe){.user_data = request->sqe.user_data});
        }
        syslog_request(gate, core, request, 0, 0);
    } else if (request->outcome == OUTCOME_ANSWER) {
        const struct cqe *cqe = &request->cqe;
        if (!is_quiet || cqe->status < 0 || cqe->flags != 0) {
            ring_kernel_post(ring, cqe);
        }
        syslog_request(gate, core, request, cqe->status, cqe->detail);
    } else {
        ASSERT(request->may_defer);
        ring_kernel_reserve(ring);
        request->may_defer = ring_kernel_may_reserve(ring);
    }
}

// Handles the thread's next SQEs; returns as gate_step.
static bool submit_some(struct gate *gate, struct core *core, struct gate_thread *thread)
{
    struct ring_kernel *ring = &thread->ring;
    struct request request;
    int32_t ready = ring_kernel_ready(ring, TURN_SQES_MAX);
    if (ready < 0) {
        enter_return(core, thread, -(int64_t)STATUS_RING_CORRUPT);
        return false;
    }
    core->actor = core->threads[core->current].process;
    request.sender = (struct syslog_sender){core->current, core->actor};
    request.may_defer = ring_kernel_may_reserve(ring);
    int32_t left = ready;
    while (left > 0 && core->commit_count == 0 && core->completion_count < TURN_SQES_MAX) {
        submit(gate, core, ring, &request);
        left--;
    }
    ring_kernel_publish(ring);
    if (left > 0 || ready == TURN_SQES_MAX) {
        return true;
    }
    if (core->completion_count != 0) {
        gate_deliver(gate, core);
    }
    enter_finish(core, thread);
    return false;
}

bool gate_step(struct gate *gate, struct core *core)
{
    return submit_some(gate, core, running(gate, core));
}

bool gate_enter(struct gate *gate, struct core *core, uint64_t min_complete, uint64_t timeout_ns)
{
    struct gate_thread *thread = running(gate, core);
    if (min_complete > (uint64_t)thread->ring.cq_mask + 1) {
        enter_return(core, thread, -(int64_t)STATUS_BAD_ARGUMENT);
        return false;
    }
    thread->min_complete = min_complete;
    thread->timeout_ns = timeout_ns;
    thread->is_submitting = true;
    return submit_some(gate, core, thread);
}

void gate_thread_start(struct gate *gate, struct core *core, uint32_t thread)
{
    struct gate_thread *made = &gate->threads[thread];
    *made = (struct gate_thread){0};
    ring_kernel_init(&made->ring, core->threads[thread].ring, SQ_ENTRIES_DEFAULT,
                     CQ_ENTRIES_DEFAULT, RING_MESSAGE_PAGES_DEFAULT);
}

void gate_exit(struct gate *gate, struct core *core, int32_t code, enum exit_reason cause)
{
    struct gate_thread *thread = running(gate, core);
    uint32_t process = core->threads[core->current].process;
    thread->is_submitting = false;
    core->actor = process;
    core->cause = gate->syslog_next;
    syslog_exit(gate, core, process, code, cause);
    process_exit(core, process, code, cause);
}

// --- Completions --------------------------------------------------------------------------------

// What a waiting thread's cap_enter returns now; 0 where it waits on.
static int64_t wait_result(const struct gate_thread *thread)
{
    int32_t available = ring_kernel_available(&thread->ring);
    if (available < 0) {
        return -(int64_t)STATUS_RING_CORRUPT;
    }
    if ((uint64_t)available >= thread->min_complete) {
        return available;
    }
    return can_complete(thread, available) ? 0 : -(int64_t)STATUS_NOTHING_PENDING;
}

// Lets a waiting thread run if it has what it waited for.
static void wake(struct core *core, const struct gate_thread *thread, uint32_t index)
{
    int64_t result = wait_result(thread);
    if (result != 0) {
        hal_thread_result(index, (uint64_t)result);
        schedule_ready(core, index, core->actor != KERNEL_ACTOR);
    }
}

// Its time limit has come.
static void wake_late(struct core *core, const struct gate_thread *thread, uint32_t index)
{
    int64_t result = wait_result(thread);
    int32_t available = ring_kernel_available(&thread->ring);
    hal_thread_result(index, (uint64_t)(result != 0 ? result : available));
    schedule_ready(core, index, false);
}

void gate_timer(struct gate *gate, struct core *core)
{
    uint32_t item;
    core->actor = KERNEL_ACTOR;
    core->cause = CAUSE_NONE;
    for (uint32_t count = 0; count < TURN_DUE_MAX && (item = deadline_take_due(core)) != NONE;
         count++) {
        if (item < core->pending_count) {
            pending_abandon(core, &core->pending[item], STATUS_TIMED_OUT);
        } else {
            uint32_t thread = item - core->pending_count;
            wake_late(core, &gate->threads[thread], thread);
        }
    }
    gate_deliver(gate, core);
}

static void deliver(struct gate *gate, struct core *core, struct completion *completion)
{
    struct gate_thread *thread = &gate->threads[completion->thread];
    struct pending *pending = &core->pending[completion->pending];
    const struct cqe *cqe = &completion->cqe;
    completion->cqe.user_data = pending->sqe.user_data;
    ring_kernel_unreserve(&thread->ring);
    if ((pending->sqe.flags & SQE_QUIET) == 0 || cqe->status < 0 ||
        (cqe->flags & CQE_EXCEPTION_MASK) != 0) {
        ring_kernel_post(&thread->ring, cqe);
        ring_kernel_publish(&thread->ring);
    }
    syslog_completion(gate, core, completion);
    if (pending->kind == PENDING_DONE) {
        pending_free(core, pending);
    }
    if (core->threads[completion->thread].state == THREAD_WAITING) {
        wake(core, thread, completion->thread);
    }
}

void gate_deliver(struct gate *gate, struct core *core)
{
    for (uint32_t i = 0; i < core->completion_count; i++) {
        deliver(gate, core, &core->completions[i]);
    }
    core->completion_count = 0;
}
