// SPDX-License-Identifier: Apache-2.0
//
// Entries and submissions: see gate.h.
#include "kernel/gate/gate.h"

#include "kernel/core/syslog.h"

static struct thread_record *running(const struct core *core)
{
    ASSERT(core->current != NONE);
    return core->running;
}

static void enter_return(const struct thread_record *thread, int64_t result)
{
    hal_thread_result(thread->self.thread, (uint64_t)result);
}

// Everything that can be taken was taken: return, or wait for what was asked for.
static inline __attribute__((flatten)) void enter_finish(struct core *core,
                                                         struct thread_record *thread)
{
    int32_t available = ring_kernel_available(&thread->ring);
    if (available < 0) {
        enter_return(thread, -(int64_t)STATUS_RING_CORRUPT);
        return;
    }
    if ((uint64_t)available >= thread->min_complete || thread->timeout_ns == 0) {
        enter_return(thread, available);
        return;
    }
    if (!completion_can_come(thread, available)) {
        enter_return(thread, -(int64_t)STATUS_NOTHING_PENDING);
        return;
    }
    schedule_wait(core, thread, thread->timeout_ns);
}

// One SQE: taken, carried out, its completion posted unless it comes later. False: it has to wait
// for room in the log, and so is not taken.
static inline bool submit(struct core *core, struct thread_record *thread)
{
    struct request *request = core->spare;
    ring_kernel_take(&thread->ring, &request->sqe);
    request->cqe = (struct cqe){.user_data = request->sqe.user_data};
    request->thread = thread;
    request->sender = thread->self;
    request->target = (struct syslog_target){NONE, NONE};
    request->interface = 0;
    request->state = REQUEST_NEW;
    core->cause = CAUSE_OPEN;
    if (!core_operate(core, request)) {
        thread->ring.sq_head--; // nobody has seen that it was taken
        return false;
    }
    bool is_over = request->state == REQUEST_NEW;
    if (is_over) {
        request_post(request, &thread->ring);
    }
    if (__builtin_expect(core->cause != CAUSE_OPEN, false)) { // the number that its commits name
        int32_t status = is_over ? request->cqe.status : SYSLOG_WAITS;
        syslog_request(core, core->cause, request, status, 0)->first_commit =
            core->state.seq - core->commit_count;
    } else if (is_over) {
        syslog_request(core, core->syslog_next++, request, request->cqe.status, 0);
    }
    return true;
}

// Handles the thread's next SQEs; returns as gate_step.
static inline __attribute__((always_inline)) bool submit_some(struct core *core,
                                                              struct thread_record *thread)
{
    struct ring_kernel *ring = &thread->ring;
    int32_t pending = ring_kernel_pending(ring);
    if (pending < 0) {
        enter_return(thread, -(int64_t)STATUS_RING_CORRUPT);
        return false;
    }
    int32_t ready = ring_kernel_ready(ring, pending, TURN_SQES_MAX);
    core->actor = thread->process;
    int32_t taken = 0;
    while (taken < ready && core->work < TURN_WORK_MAX && submit(core, thread)) {
        taken++;
    }
    bool waits_for_log = taken < ready && core->work < TURN_WORK_MAX;
    if (core->current == NONE) { // it ended itself
        return false;
    }
    ring_kernel_publish(ring);
    if (!waits_for_log && taken < pending && ring_kernel_room(ring) != 0) {
        thread->is_submitting = true;
        return true;
    }
    enter_finish(core, thread);
    return false;
}

bool gate_step(struct core *core)
{
    running(core)->is_submitting = false;
    return submit_some(core, running(core));
}

bool gate_enter(struct core *core, uint64_t min_complete, uint64_t timeout_ns)
{
    struct thread_record *thread = running(core);
    if (min_complete > (uint64_t)thread->ring.cq_mask + 1) {
        enter_return(thread, -(int64_t)STATUS_BAD_ARGUMENT);
        return false;
    }
    thread->min_complete = min_complete;
    thread->timeout_ns = timeout_ns;
    if (thread->ring.repeated != 0) {
        core->actor = thread->process;
        core->cause = core->syslog_next;
        notification_enter(core, thread);
    }
    return submit_some(core, thread);
}

void gate_exit(struct core *core, int32_t code, enum exit_reason cause)
{
    struct thread_record *thread = running(core);
    thread->is_submitting = false;
    core->actor = thread->process;
    core->cause = core->syslog_next;
    syslog_exit(core, thread->process, code, cause);
    process_exit(core, thread->process, code, cause);
}

void gate_timer(struct core *core)
{
    struct deadline *due;
    core->actor = KERNEL_ACTOR;
    core->cause = CAUSE_NONE;
    for (uint32_t count = 0; count < TURN_DUE_MAX && (due = deadline_take_due(core)) != NULL;
         count++) {
        if (due->is_of_thread) {
            completion_wait_ends(core, due);
        } else {
            request_limit_ends(core, due);
        }
    }
}
