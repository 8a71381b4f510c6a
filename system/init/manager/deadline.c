// SPDX-License-Identifier: Apache-2.0
//
// Deadlines: a heap of times, each with the number of what waits for it. Equal times come in the
// order of their numbers, so that equal histories are equal.
#include "system/init/manager/model.h"

static bool is_before(const struct deadlines *deadlines, uint32_t left, uint32_t right)
{
    if (deadlines->heap[left].at_ns != deadlines->heap[right].at_ns) {
        return deadlines->heap[left].at_ns < deadlines->heap[right].at_ns;
    }
    return deadlines->heap[left].id < deadlines->heap[right].id;
}

static void swap(struct deadlines *deadlines, uint32_t left, uint32_t right)
{
    uint64_t at_ns = deadlines->heap[left].at_ns;
    uint32_t id = deadlines->heap[left].id;

    deadlines->heap[left] = deadlines->heap[right];
    deadlines->heap[right].at_ns = at_ns;
    deadlines->heap[right].id = id;
    deadlines->places[deadlines->heap[left].id] = (uint16_t)(left + 1);
    deadlines->places[id] = (uint16_t)(right + 1);
}

static void sift(struct deadlines *deadlines, uint32_t place)
{
    while (place > 0 && is_before(deadlines, place, (place - 1) / 2)) {
        swap(deadlines, place, (place - 1) / 2);
        place = (place - 1) / 2;
    }
    for (;;) {
        uint32_t least = place;
        for (uint32_t child = 2 * place + 1; child <= 2 * place + 2; child++) {
            if (child < deadlines->count && is_before(deadlines, child, least)) {
                least = child;
            }
        }
        if (least == place) {
            return;
        }
        swap(deadlines, place, least);
        place = least;
    }
}

void deadline_arm(struct manager *manager, uint32_t id, uint64_t at_ns)
{
    struct deadlines *deadlines = &manager->deadlines;
    uint32_t place = deadlines->places[id];

    if (place == 0) {
        place = ++deadlines->count;
        deadlines->heap[place - 1].id = id;
        deadlines->places[id] = (uint16_t)place;
    }
    deadlines->heap[place - 1].at_ns = at_ns;
    sift(deadlines, place - 1);
}

void deadline_disarm(struct manager *manager, uint32_t id)
{
    struct deadlines *deadlines = &manager->deadlines;
    uint32_t place = deadlines->places[id];

    if (place == 0) {
        return;
    }
    deadlines->places[id] = 0;
    deadlines->count--;
    if (place - 1 < deadlines->count) {
        deadlines->heap[place - 1] = deadlines->heap[deadlines->count];
        deadlines->places[deadlines->heap[place - 1].id] = (uint16_t)place;
        sift(deadlines, place - 1);
    }
}

uint64_t deadline_first(const struct manager *manager)
{
    return manager->deadlines.count > 0 ? manager->deadlines.heap[0].at_ns : UINT64_MAX;
}

uint32_t deadline_take(struct manager *manager)
{
    uint32_t id = manager->deadlines.heap[0].id;

    deadline_disarm(manager, id);
    return id;
}
