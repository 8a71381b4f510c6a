// SPDX-License-Identifier: Apache-2.0
//
// Which thread runs: one queue, round robin, on one CPU. Who gets a call or an answer from the
// running thread runs next, ahead of the queue, so that a call runs its server at once and the
// answer its caller; both run within the slice that began before, so that a chatting pair cannot
// keep the others waiting. There is no tick: one deadline is armed, the earlier of the slice's end,
// if anybody else is ready, and of the next time limit.
#include "kernel/core/core.h"

static const uint64_t slice_ns = 5000000;

void schedule_ready(struct core *core, uint32_t thread, bool is_next)
{
    struct thread_record *record = &core->threads[thread];
    ASSERT(record->state != THREAD_READY);
    if (record->heap_position != NONE) {
        deadline_clear(core, core->request_count + thread);
    }
    record->state = THREAD_READY;
    core->is_changed = true;
    if (is_next && core->next == NONE && core->now_ns < core->slice_end_ns) {
        core->next = thread;
    } else {
        list_append(&core->ready, &record->ready);
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
        deadline_set(core, core->request_count + thread, deadline_ns);
    }
}

void schedule_remove(struct core *core, uint32_t thread)
{
    struct thread_record *record = &core->threads[thread];
    if (record->heap_position != NONE) {
        deadline_clear(core, core->request_count + thread);
    }
    if (core->current == thread) {
        core->current = NONE;
    } else if (core->next == thread) {
        core->next = NONE;
    } else if (record->state == THREAD_READY) {
        list_remove(&record->ready);
    }
    record->state = THREAD_ABSENT;
    core->is_changed = true;
}

static bool is_contended(const struct core *core)
{
    return !list_is_empty(&core->ready) || core->next != NONE;
}

void schedule_timer(struct core *core)
{
    core->armed_ns = UINT64_MAX; // what was armed has fired
    core->is_changed = true;
    if (core->current == NONE || !is_contended(core) || core->now_ns < core->slice_end_ns) {
        return;
    }
    if (core->next != NONE) { // what it was handed goes on before it does
        list_append(&core->ready, &core->threads[core->next].ready);
        core->next = NONE;
    }
    list_append(&core->ready, &core->threads[core->current].ready);
    core->current = NONE;
}

void schedule_pick(struct core *core)
{
    core->is_changed = false;
    if (core->current == NONE) {
        core->current = core->next;
        core->next = NONE;
        if (core->current == NONE && !list_is_empty(&core->ready)) {
            const struct link *first = core->ready.next;
            core->current =
                (uint32_t)((const struct thread_record *)(const void *)first - core->threads);
            list_remove(first);
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
