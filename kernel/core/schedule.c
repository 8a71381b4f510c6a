// SPDX-License-Identifier: Apache-2.0
//
// Which thread runs: one queue for each priority, round robin, shared by the CPUs. Who gets a call
// or an answer from the running thread runs next, ahead of its queue, so that a call runs its
// server at once and the answer its caller; both run within the slice that began before, so that a
// chatting pair cannot keep the others waiting. There is no tick: one deadline is armed, the
// earlier of the slice's end, if anybody else of its priority is ready, and of the next time limit.
#include "kernel/core/core.h"

static const uint64_t slice_ns = 5000000;

static void ready_append(struct core *core, struct thread_record *thread)
{
    list_append(&core->ready[thread->priority], &thread->ready);
    core->ready_mask |= 1U << thread->priority;
}

static void ready_remove(struct core *core, const struct thread_record *thread)
{
    list_remove(&thread->ready);
    if (list_is_empty(&core->ready[thread->priority])) {
        core->ready_mask &= ~(1U << thread->priority);
    }
}

// It can have the CPU after the thread by whose doing it is ready: in that one's slice, and not
// above it. Whether anybody in the queues is above it is seen when its turn comes.
__attribute__((flatten)) void schedule_ready(struct core *core, struct thread_record *thread,
                                             bool is_next)
{
    ASSERT(thread->state != THREAD_READY);
    deadline_clear(core, &thread->limit);
    thread->state = THREAD_READY;
    if (!is_next && thread->is_suspended) {
        thread->state = THREAD_SUSPENDED;
    } else if (is_next && core->actor != KERNEL_ACTOR && core->next == NONE &&
               core->now_ns < core->here.slice_end_ns &&
               thread->priority <= core->here.running->priority) {
        core->next = thread->self.thread;
    } else {
        ready_append(core, thread);
        core->is_changed = true;
    }
}

static inline void next_run(struct core *core)
{
    core->current = core->next;
    core->next = NONE;
    core->here.running = &core->threads[core->current];
}

// The running thread waits; it is in no queue while it runs. If all that has changed is that it
// handed the CPU to another, that one runs: nothing is to be chosen, nor to be armed.
__attribute__((flatten)) void schedule_wait(struct core *core, struct thread_record *thread,
                                            uint64_t timeout_ns)
{
    ASSERT(core->current == thread->self.thread);
    thread->state = THREAD_WAITING;
    deadline_set(core, &thread->limit, timeout_ns);
    if (core->next == NONE || core->is_changed) {
        thread->state = thread->is_suspended ? THREAD_STOPPED : THREAD_WAITING; // by another CPU
        core->current = NONE;
        core->is_changed = true;
        return;
    }
    next_run(core);
    schedule_yield(core, core->here.running);
}

void schedule_lend(struct core *core, struct thread_record *server, uint32_t priority)
{
    // One that is ready stands in the queue of its priority, but for the one that runs.
    if (server->state != THREAD_READY || server->self.thread == core->current) {
        server->priority = server->own_priority > priority ? server->own_priority : priority;
    }
}

void schedule_remove(struct core *core, uint32_t thread)
{
    struct thread_record *record = &core->threads[thread];
    deadline_clear(core, &record->limit);
    if (core->current == thread) {
        core->current = NONE;
    } else if (core->next == thread) {
        core->next = NONE;
    } else if (record->state == THREAD_READY) {
        ready_remove(core, record);
    } else if (record->state == THREAD_ELSEWHERE) {
        cpu_await(core, record->process);
    }
    record->state = THREAD_ABSENT;
    core->is_changed = true;
    core->work += TURN_WORK_MAX; // it may be the one whose submissions are being taken
}

void schedule_control(struct core *core, struct thread_record *thread, uint32_t priority,
                      bool is_suspended)
{
    if (thread->state == THREAD_ELSEWHERE) { // schedule_pick() there does it
        cpu_await(core, thread->process);
    } else if (thread->state == THREAD_READY) { // out of its queue
        schedule_remove(core, thread->self.thread);
        thread->state = THREAD_SUSPENDED;
    }
    thread->priority = thread->own_priority = priority;
    thread->is_suspended = is_suspended;
    if (thread->state == THREAD_SUSPENDED) {
        schedule_ready(core, thread, false);
    } else if (thread->state != THREAD_ABSENT && thread->state != THREAD_ELSEWHERE) {
        thread->state = is_suspended ? THREAD_STOPPED : THREAD_WAITING;
        completion_wake(core, thread); // its wait may be over
    }
}

// The running thread, and before it whoever it handed the CPU to, go to the ends of their queues.
static void current_put_back(struct core *core)
{
    if (core->next != NONE) {
        ready_append(core, &core->threads[core->next]);
        core->next = NONE;
    }
    core->current = NONE;
    core->here.running->state = THREAD_SUSPENDED; // by another CPU, or for a moment
    schedule_ready(core, core->here.running, false);
}

void schedule_timer(struct core *core)
{
    core->here.armed_ns = UINT64_MAX; // what was armed has fired
    core->is_changed = true;
    if (core->current != NONE && core->now_ns >= core->here.slice_end_ns) {
        current_put_back(core);
    }
}

void schedule_pick(struct core *core)
{
    if (core->current == NONE && core->next != NONE) {
        next_run(core);
    }
    if (core->current != NONE && (core->ready_mask >> core->here.running->priority > 1 ||
                                  core->here.running->is_suspended)) {
        current_put_back(core);
    }
    if (core->current == NONE && core->ready_mask != 0) {
        const struct link *highest = &core->ready[31 - __builtin_clz(core->ready_mask)];
        core->here.running = RECORD_OF(highest->next, struct thread_record, ready);
        core->current = core->here.running->self.thread;
        ready_remove(core, core->here.running);
        core->here.slice_end_ns = core->now_ns + slice_ns;
    }
    core->is_changed = core->is_sweeping;
    uint64_t next_ns = deadline_next(core);
    if (core->next != NONE || core->ready_mask != 0) {
        cpu_share(core);
        next_ns = core->here.slice_end_ns < next_ns ? core->here.slice_end_ns : next_ns;
    }
    if (next_ns != core->here.armed_ns) {
        core->here.armed_ns = next_ns;
        hal_arm(next_ns);
    }
}
