// SPDX-License-Identifier: Apache-2.0
//
// Deadlines: a binary heap of time limits, the earliest first. Each remembers where it stands, so
// that it can be taken out from anywhere in O(log n). The heap's first place is 1.
#include "kernel/core/core.h"

static void place(struct core *core, uint32_t position, struct deadline *deadline)
{
    core->heap[position] = deadline;
    deadline->position = position;
}

// From `position` up, or down, to where the deadline belongs.
static __attribute__((noinline)) void sift(struct core *core, uint32_t position,
                                           struct deadline *deadline)
{
    while (position > 1 && deadline->time_ns < core->heap[position / 2]->time_ns) {
        place(core, position, core->heap[position / 2]);
        position /= 2;
    }
    for (uint32_t child; (child = 2 * position) <= core->heap_count; position = child) {
        if (child < core->heap_count &&
            core->heap[child + 1]->time_ns < core->heap[child]->time_ns) {
            child++;
        }
        if (deadline->time_ns <= core->heap[child]->time_ns) {
            break;
        }
        place(core, position, core->heap[child]);
    }
    place(core, position, deadline);
}

void deadline_set(struct core *core, struct deadline *deadline, uint64_t timeout_ns)
{
    if (timeout_ns != TIMEOUT_NONE &&
        !__builtin_add_overflow(core->now_ns, timeout_ns, &deadline->time_ns)) {
        core->heap_count++;
        core->is_changed = true;
        core->heap[core->heap_count] = deadline; // the last place, from which it may only rise
        sift(core, core->heap_count, deadline);
    }
}

void deadline_clear(struct core *core, struct deadline *deadline)
{
    uint32_t position = deadline->position;
    if (position != 0) {
        struct deadline *last = core->heap[core->heap_count];
        core->heap_count--;
        core->is_changed = true;
        if (last != deadline) {
            sift(core, position, last);
        }
        deadline->position = 0;
    }
}

uint64_t deadline_next(const struct core *core)
{
    return core->heap_count == 0 ? UINT64_MAX : core->heap[1]->time_ns;
}

void deadline_end_due(struct core *core, uint32_t most)
{
    for (; most > 0 && deadline_next(core) <= core->now_ns; most--) {
        struct deadline *first = core->heap[1];
        deadline_clear(core, first);
        first->ends(core, first);
    }
}
