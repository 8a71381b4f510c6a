// SPDX-License-Identifier: Apache-2.0
//
// Which thread runs: one queue, round robin, on one CPU. Who gets a call or an answer from the
// running thread runs next, ahead of the queue, so that a call runs its server at once and the
// answer its caller; both run within the slice that began before, so that a chatting pair cannot
// keep the others waiting. There is no tick: one deadline is armed, the earlier of the slice's end,
// if anybody else is ready, and of the next time limit.
#include "kernel/core/core.h"

static const uint64_t slice_ns = 5000000;

static void ready_unlink(struct core *core, uint32_t thread)
{
    const struct link link = core->threads[thread].ready;
    if (link.previous == NONE) {
        core->ready.first = link.next;
    } else {
        core->threads[link.previous].ready.next = link.next;
    }
    if (link.next == NONE) {
        core->ready.last = link.previous;
    } else {
        core->threads[link.next].ready.previous = link.previous;
    }
    core->ready.count--;
}

static void ready_append(struct core *core, uint32_t thread)
{
    struct list *ready = &core->ready;
    core->threads[thread].ready = (struct link){NONE, ready->last};
    if (ready->last == NONE) {
        ready->first = thread;
    } else {
        core->threads[ready->last].ready.next = thread;
    }
    ready->last = thread;
    ready->count++;
}

void schedule_ready(struct core *core, uint32_t thread, bool is_next)
{
    struct thread_record *record = &core->threads[thread];
    ASSERT(record->state != THREAD_READY);
    if (record->heap_position != NONE) {
        deadline_clear(core, core->pending_count + thread);
    }
    record->state = THREAD_READY;
    core->is_changed = true;
    if (is_next && core->next == NONE && core->now_ns < core->slice_end_ns) {
        core->next = thread;
    } else {
        ready_append(core, thread);
    }
}

// The running thread waits; it is in no queue while it runs.
void schedule_wait(struct core *core, uint32_t thread, uint64_t deadline_ns)
{
    ASSERT(core->current == thread);
    core->threads[thread].state = THREAD_WAITING;
    core->is_changed = true;
    core->current = NONE;
    if (deadline_ns != UINT64_MAX) {
        deadline_set(core, core->pending_count + thread, deadline_ns);
    }
}

void schedule_remove(struct core *core, uint32_t thread)
{
    struct thread_record *record = &core->threads[thread];
    if (record->heap_position != NONE) {
        deadline_clear(core, core->pending_count + thread);
    }
    if (core->current == thread) {
        core->current = NONE;
    } else if (core->next == thread) {
        core->next = NONE;
    } else if (record->state == THREAD_READY) {
        ready_unlink(core, thread);
    }
    record->state = THREAD_ABSENT;
    core->is_changed = true;
}

static bool is_contended(const struct core *core)
{
    return core->ready.count != 0 || core->next != NONE;
}

void schedule_timer(struct core *core)
{
    core->armed_ns = UINT64_MAX; // what was armed has fired
    core->is_changed = true;
    if (core->current == NONE || !is_contended(core) || core->now_ns < core->slice_end_ns) {
        return;
    }
    if (core->next != NONE) { // what it was handed goes on before it does
        ready_append(core, core->next);
        core->next = NONE;
    }
    ready_append(core, core->current);
    core->current = NONE;
}

void schedule_pick(struct core *core)
{
    core->is_changed = false;
    if (core->current == NONE) {
        core->current = core->next;
        core->next = NONE;
        if (core->current == NONE && core->ready.first != NONE) {
            core->current = core->ready.first;
            ready_unlink(core, core->current);
            core->slice_end_ns = core->now_ns + slice_ns;
        }
    }
    uint64_t next_ns = deadline_next(core);
    if (is_contended(core) && core->slice_end_ns < next_ns) {
        next_ns = core->slice_end_ns;
    }
    if (next_ns != core->armed_ns) {
        core->armed_ns = next_ns;
        hal_arm(next_ns);
    }
}
