// SPDX-License-Identifier: Apache-2.0
//
// Completions: how the end of a request reaches its thread. A CQE is posted into the thread's ring,
// where its place was reserved if the request waited; and a thread that has what it waited for in
// cap_enter is made ready, to run next if the running thread's own doing brought it about.
#include "kernel/core/core.h"
#include "kernel/core/syslog.h"

// Whether waiting can end: there is a time limit, or enough completions can still come.
bool completion_can_come(const struct thread_record *thread, int32_t available)
{
    int32_t pending = ring_kernel_pending(&thread->ring); // the CQ has no room for them
    uint32_t untaken = pending < 0 ? 0 : (uint32_t)pending;
    uint64_t can_come = (uint64_t)available + thread->ring.reserved + untaken;
    return thread->timeout_ns != TIMEOUT_NONE || can_come >= thread->min_complete;
}

// What a waiting thread's cap_enter returns now; 0 where it waits on.
static int64_t wait_result(const struct thread_record *thread)
{
    int32_t available = ring_kernel_available(&thread->ring);
    if (available < 0) {
        return -(int64_t)STATUS_RING_CORRUPT;
    }
    if ((uint64_t)available >= thread->min_complete) {
        return available;
    }
    return completion_can_come(thread, available) ? 0 : -(int64_t)STATUS_NOTHING_PENDING;
}

void completion_put(struct core *core, const struct pending *pending, struct cqe *cqe)
{
    struct thread_record *thread = &core->threads[pending->thread];
    cqe->user_data = pending->sqe.user_data;
    ring_kernel_unreserve(&thread->ring);
    if (!cqe_is_silent(&pending->sqe, cqe)) {
        ring_kernel_post(&thread->ring, cqe);
        ring_kernel_publish(&thread->ring);
    }
    core->work++;
    syslog_pending(core, pending, cqe);
    if (thread->state != THREAD_WAITING) {
        return;
    }
    int64_t result = wait_result(thread);
    if (result != 0) {
        hal_thread_result(pending->thread, (uint64_t)result);
        schedule_ready(core, pending->thread, core->actor != KERNEL_ACTOR);
    } else if (ring_kernel_pending(&thread->ring) > 0 && ring_kernel_room(&thread->ring) != 0) {
        thread->is_submitting = true; // there is room now for what it submitted: gate_step goes on
        schedule_ready(core, pending->thread, false);
    }
}

void completion_wait_ends(struct core *core, uint32_t thread)
{
    const struct thread_record *record = &core->threads[thread];
    int64_t result = wait_result(record);
    hal_thread_result(thread,
                      (uint64_t)(result != 0 ? result : ring_kernel_available(&record->ring)));
    schedule_ready(core, thread, false);
}
