// SPDX-License-Identifier: Apache-2.0
//
// Which thread runs: two queues for each priority, round robin, shared by the CPUs; those whose job
// has time left of its share come before all others (decision 0048). Who gets a call or an answer
// from the running thread runs next, ahead of its queue, so that a call runs its server at once and
// the answer its caller; both run within the slice that began before, so that a chatting pair
// cannot keep the others waiting. There is no tick: one deadline is armed, the earlier of the
// slice's end, if anybody else of its priority is ready, and of the next time limit.
#include "kernel/core/core.h"

static const uint64_t slice_ns = 5000000;
static const uint64_t window_ns = 100000000;

// --- Accounts -----------------------------------------------------------------------------------

// Whether there is anything left of what a job may use in this window. What it used beyond that in
// earlier ones is a debt, of at most what one window brings, or one slice.
static bool account_has_time(const struct core *core, struct job_record *account)
{
    uint64_t filled_ns = account->share * (window_ns / SHARE_ALL);
    if (account->window != core->window) {
        uint64_t paid_ns = filled_ns * (core->window - account->window);
        uint64_t debt_ns = account->used_ns > paid_ns ? account->used_ns - paid_ns : 0;
        uint64_t most_ns = filled_ns > slice_ns ? filled_ns : slice_ns;
        account->used_ns = debt_ns < most_ns ? debt_ns : most_ns;
        account->window = core->window;
    }
    return account->used_ns < filled_ns;
}

// Who serves with a caller's account that is empty now finishes on its own, if that is not.
static void ready_append(struct core *core, struct thread_record *thread)
{
    if (!account_has_time(core, thread->account) && account_has_time(core, thread->own_account)) {
        thread->account = thread->own_account;
    }
    thread->level =
        thread->priority + (account_has_time(core, thread->account) ? PRIORITY_COUNT : 0);
    list_append(&core->ready[thread->level], &thread->ready);
    core->ready_mask |= 1ULL << thread->level;
}

static void ready_remove(struct core *core, const struct thread_record *thread)
{
    list_remove(&thread->ready);
    if (list_is_empty(&core->ready[thread->level])) {
        core->ready_mask &= ~(1ULL << thread->level);
    }
}

// Accounts are filled: of the threads that waited for that, each goes where it belongs now.
static void window_begin(struct core *core)
{
    core->window = core->now_ns / window_ns;
    for (uint32_t i = 0; i < core->state.config.threads; i++) {
        struct thread_record *thread = &core->threads[i];
        bool is_queued = thread->state == THREAD_READY && i != core->current && i != core->next;
        if (is_queued && thread->level < PRIORITY_COUNT &&
            account_has_time(core, thread->account)) {
            ready_remove(core, thread);
            ready_append(core, thread);
        }
    }
}

// --- Who runs -----------------------------------------------------------------------------------

// It can have the CPU after the thread by whose doing it is ready: in that one's slice, and not
// above it. Whether anybody in the queues is above it is seen when its turn comes.
__attribute__((flatten)) void schedule_ready(struct core *core, struct thread_record *thread,
                                             bool is_next)
{
    deadline_clear(core, &thread->limit);
    thread->state = THREAD_READY;
    if (!is_next && thread->is_suspended) {
        thread->state = THREAD_SUSPENDED;
    } else if (is_next && core->actor != KERNEL_ACTOR && core->next == NONE &&
               core->now_ns < core->here.slice_end_ns && thread->account == core->here.account &&
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

void schedule_lend(struct core *core, struct thread_record *server, uint32_t priority,
                   struct job_record *account)
{
    // One that is ready stands in the queue of its priority, but for the one that runs.
    if (server->state != THREAD_READY || server->self.thread == core->current) {
        server->priority = server->own_priority > priority ? server->own_priority : priority;
        server->account = account;
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

void schedule_pick(struct core *core)
{
    struct cpu_record *here = &core->here;
    if (here->account != NULL) {
        here->account->used_ns += core->now_ns - here->paid_ns;
    }
    here->paid_ns = core->now_ns;
    if (core->now_ns / window_ns != core->window) {
        window_begin(core);
    }
    if (core->current == NONE && core->next != NONE) {
        next_run(core);
    }
    if (core->current != NONE &&
        (core->ready_mask >> (here->running->priority + here->band) > 1 ||
         here->running->is_suspended || core->now_ns >= here->slice_end_ns)) {
        current_put_back(core);
    }
    here->account = core->current == NONE ? NULL : here->running->account;
    while (core->current == NONE && core->ready_mask != 0) {
        const struct link *highest = &core->ready[63 - __builtin_clzll(core->ready_mask)];
        here->running = RECORD_OF(highest->next, struct thread_record, ready);
        ready_remove(core, here->running);
        here->slice_end_ns = core->now_ns + slice_ns;
        here->account = here->running->account;
        here->band = here->running->level & PRIORITY_COUNT;
        if (here->band != 0 && !account_has_time(core, here->account)) {
            ready_append(core, here->running); // it had, when it came
        } else {
            core->current = here->running->self.thread;
        }
    }
    core->is_changed = core->is_sweeping;
    uint64_t next_ns = deadline_next(core);
    if (core->next != NONE || core->ready_mask != 0) {
        cpu_share(core);
        next_ns = here->slice_end_ns < next_ns ? here->slice_end_ns : next_ns;
    }
    if (next_ns != here->armed_ns) {
        here->armed_ns = next_ns;
        hal_arm(next_ns);
    }
}
