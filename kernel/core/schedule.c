// SPDX-License-Identifier: Apache-2.0
//
// Which thread runs: one queue, round robin, on one CPU. A thread that receives or is answered goes
// to the front, so that a call runs its server at once and the answer its caller; both run within
// the slice that began before, so that a chatting pair cannot keep the others waiting. There is no
// tick: one deadline is armed, the earlier of the slice's end, if anybody else is ready, and of the
// next time limit.
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

static void ready_link(struct core *core, uint32_t thread, bool in_front)
{
    struct list *ready = &core->ready;
    struct link *link = &core->threads[thread].ready;
    link->next = in_front ? ready->first : NONE;
    link->previous = in_front ? NONE : ready->last;
    if (link->next == NONE) {
        ready->last = thread;
    } else {
        core->threads[link->next].ready.previous = thread;
    }
    if (link->previous == NONE) {
        ready->first = thread;
    } else {
        core->threads[link->previous].ready.next = thread;
    }
    ready->count++;
}

void schedule_ready(struct core *core, uint32_t thread, bool in_front)
{
    struct thread_record *record = &core->threads[thread];
    ASSERT(record->state != THREAD_READY);
    if (record->heap_position != NONE) {
        deadline_clear(core, core->pending_count + thread);
    }
    record->state = THREAD_READY;
    core->is_changed = true;
    ready_link(core, thread, in_front && core->now_ns < core->slice_end_ns);
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
    } else if (record->state == THREAD_READY) {
        ready_unlink(core, thread);
    }
    record->state = THREAD_ABSENT;
    core->is_changed = true;
}

void schedule_timer(struct core *core)
{
    core->armed_ns = UINT64_MAX; // what was armed has fired
    core->is_changed = true;
    if (core->current == NONE || core->ready.count == 0) {
        return;
    }
    uint32_t thread = core->current;
    core->current = NONE;
    ready_link(core, thread, false);
    core->slice_end_ns = 0;
}

void schedule_pick(struct core *core)
{
    core->is_changed = false;
    if (core->current == NONE && core->ready.first != NONE) {
        core->current = core->ready.first;
        ready_unlink(core, core->current);
        if (core->now_ns >= core->slice_end_ns) {
            core->slice_end_ns = core->now_ns + slice_ns;
        }
    }
    uint64_t next = deadline_next(core);
    if (core->ready.count != 0 && core->slice_end_ns < next) {
        next = core->slice_end_ns;
    }
    if (next != core->armed_ns) {
        core->armed_ns = next;
        hal_arm(next);
    }
}
