// SPDX-License-Identifier: Apache-2.0
//
// Leaving operations too little: see squeeze.h.
#include "kernel/core/test/squeeze.h"

#include "kernel/core/test/jobs.h"

// What was taken away, to be given back.
static cap_t carved;
static uint32_t taken;
static struct request *slots;

static uint32_t limit_left(uint32_t resource)
{
    const struct job_entry *entry = &act_core()->state.jobs[0];
    uint32_t calls = resource == RESOURCE_CALLS ? act_core()->jobs[0].calls : 0;

    return entry->limit[resource] - entry->used[resource] - calls;
}

// Leaves so much. A job's limit goes to a child, which takes one of some things for itself.
void squeeze(uint32_t thread, enum squeeze_kind kind, uint32_t resource, uint32_t level)
{
    struct core *core = &machine.kernel->core;
    struct ring_kernel *ring = &core->threads[thread].ring;
    uint32_t limits[RESOURCE_COUNT] = {0};
    bool is_own = resource == RESOURCE_JOBS || resource == RESOURCE_OBJECTS ||
                  resource == RESOURCE_FACETS || resource == RESOURCE_HOLDS;

    switch (kind) {
    case SQUEEZE_LIMIT:
        limits[resource] = limit_left(resource) - level - (is_own ? 1 : 0);
        carved = act_job(thread, act_named(thread, "job"), limits, 0);
        break;
    case SQUEEZE_RECORDS:
        taken = arena_room(&core->state.arenas[resource]) - level;
        core->state.arenas[resource].retired += taken;
        break;
    case SQUEEZE_FRAMES:
        taken = core->frames.free_count - level;
        core->frames.free_count = level;
        break;
    case SQUEEZE_SLOTS:
        slots = core->spare->next_free;
        core->spare->next_free = level == 0 ? NULL : slots;
        break;
    case SQUEEZE_RING:
        taken = level == 0 ? ring->cq_entries - CQ_ENTRIES_KEPT - ring->reserved : 0;
        ring->reserved += taken;
        break;
    }
}

void squeeze_release(uint32_t thread, enum squeeze_kind kind, uint32_t resource, uint32_t level)
{
    struct core *core = &machine.kernel->core;

    switch (kind) {
    case SQUEEZE_LIMIT:
        (void)act_do_fact(thread, act_release(carved));
        break;
    case SQUEEZE_RECORDS:
        core->state.arenas[resource].retired -= taken;
        break;
    case SQUEEZE_FRAMES:
        core->frames.free_count += taken;
        break;
    case SQUEEZE_SLOTS:
        if (level == 0) {
            core->spare->next_free = slots;
        }
        break;
    case SQUEEZE_RING:
        core->threads[thread].ring.reserved -= taken;
        break;
    }
}

enum status squeeze_missing(enum squeeze_kind kind, uint32_t resource)
{
    static const uint8_t records[] = {[RESOURCE_SESSIONS] = STATUS_OUT_OF_SESSIONS,
                                      [RESOURCE_JOBS] = STATUS_OUT_OF_JOBS,
                                      [RESOURCE_PROCESSES] = STATUS_OUT_OF_PROCESSES,
                                      [RESOURCE_THREADS] = STATUS_OUT_OF_THREADS,
                                      [RESOURCE_OBJECTS] = STATUS_OUT_OF_OBJECTS,
                                      [RESOURCE_FACETS] = STATUS_OUT_OF_FACETS,
                                      [RESOURCE_HOLDS] = STATUS_OUT_OF_HOLDS,
                                      [RESOURCE_MAPPINGS] = STATUS_OUT_OF_MAPPINGS};

    switch (kind) {
    case SQUEEZE_LIMIT:
        return STATUS_LIMIT_SESSIONS + resource;
    case SQUEEZE_RECORDS:
        return (enum status)records[resource];
    case SQUEEZE_FRAMES:
        return STATUS_OUT_OF_MEMORY;
    case SQUEEZE_SLOTS:
        return STATUS_OUT_OF_CALLS;
    case SQUEEZE_RING:
        return STATUS_RING_BUSY;
    }
    return STATUS_OK;
}
