// SPDX-License-Identifier: Apache-2.0
//
// Deadlines: a binary heap of items, the earliest first. An item is the slot of a waiting
// request, or request_count + the number of a thread that waits in cap_enter. Each item remembers
// where it stands, so that it can be taken out from anywhere in O(log n).
#include "kernel/core/core.h"

static uint32_t *position_of(struct core *core, uint32_t item)
{
    return item < core->request_count ? &core->requests[item].heap_position
                                      : &core->threads[item - core->request_count].heap_position;
}

static uint64_t time_of(const struct core *core, uint32_t item)
{
    return item < core->request_count ? core->requests[item].deadline_ns
                                      : core->threads[item - core->request_count].deadline_ns;
}

static void place(struct core *core, uint32_t position, uint32_t item)
{
    core->heap[position] = item;
    *position_of(core, item) = position;
}

static void sift_up(struct core *core, uint32_t position, uint32_t item)
{
    while (position > 0) {
        uint32_t parent = (position - 1) / 2;
        if (time_of(core, core->heap[parent]) <= time_of(core, item)) {
            break;
        }
        place(core, position, core->heap[parent]);
        position = parent;
    }
    place(core, position, item);
}

static void sift_down(struct core *core, uint32_t position, uint32_t item)
{
    for (;;) {
        uint32_t child = 2 * position + 1;
        if (child >= core->heap_count) {
            break;
        }
        if (child + 1 < core->heap_count &&
            time_of(core, core->heap[child + 1]) < time_of(core, core->heap[child])) {
            child++;
        }
        if (time_of(core, item) <= time_of(core, core->heap[child])) {
            break;
        }
        place(core, position, core->heap[child]);
        position = child;
    }
    place(core, position, item);
}

void deadline_set(struct core *core, uint32_t item, uint64_t deadline_ns)
{
    ASSERT(*position_of(core, item) == NONE);
    if (item < core->request_count) {
        core->requests[item].deadline_ns = deadline_ns;
    } else {
        core->threads[item - core->request_count].deadline_ns = deadline_ns;
    }
    core->heap_count++;
    core->is_changed = true;
    sift_up(core, core->heap_count - 1, item);
}

void deadline_clear(struct core *core, uint32_t item)
{
    uint32_t position = *position_of(core, item);
    ASSERT(position < core->heap_count && core->heap[position] == item);
    core->heap_count--;
    core->is_changed = true;
    uint32_t last = core->heap[core->heap_count];
    *position_of(core, item) = NONE;
    if (last == item) {
        return;
    }
    sift_down(core, position, last);
    sift_up(core, *position_of(core, last), last);
}

uint64_t deadline_next(const struct core *core)
{
    return core->heap_count == 0 ? UINT64_MAX : time_of(core, core->heap[0]);
}

uint32_t deadline_take_due(struct core *core)
{
    if (deadline_next(core) > core->now_ns) {
        return NONE;
    }
    uint32_t item = core->heap[0];
    deadline_clear(core, item);
    return item;
}
