// SPDX-License-Identifier: Apache-2.0
//
// See space.h. A bit for each granule, first fit. The lock is held only while bits are looked at,
// never across a call.

#include "runtime/space.h"

#include "abi/commit.h"
#include "abi/start.h"

bool tsr_space_open(struct tsr_space *space, const struct start *start,
                    struct capnp_exception *exception)
{
    *space = (struct tsr_space){.first = (uint64_t)start - LAYOUT_START + TSR_SPACE_FIRST};
    tsr_find(start, "job", JOB_INTERFACE_ID, &space->job.id);
    if (!tsr_find(start, "space", ADDRESS_SPACE_INTERFACE_ID, &space->space.id)) {
        capnp_exception_set(exception, CAPNP_EXCEPTION_FAILED, 0, "space was not granted");
        return false;
    }
    return true;
}

static bool is_taken(const struct tsr_space *space, uint64_t granule)
{
    return (space->taken[granule / 64] >> granule % 64 & 1) != 0;
}

static uint64_t granules_of(uint64_t pages)
{
    uint64_t each = TSR_SPACE_GRANULE / PAGE_SIZE;
    return pages / each + (pages % each != 0 ? 1 : 0);
}

static void mark(struct tsr_space *space, uint64_t first, uint64_t count, bool is_now_taken)
{
    for (uint64_t i = first; i < first + count; i++) {
        uint64_t bit = UINT64_C(1) << i % 64;
        space->taken[i / 64] = (space->taken[i / 64] & ~bit) | (is_now_taken ? bit : 0);
    }
}

uint64_t tsr_space_take(struct tsr_space *space, uint64_t pages)
{
    uint64_t count = granules_of(pages);
    uint64_t run = 0;
    uint64_t address = 0;
    tsr_mutex_lock(&space->mutex);
    for (uint64_t i = 0; count != 0 && i < TSR_SPACE_GRANULES && address == 0; i++) {
        run = is_taken(space, i) ? 0 : run + 1;
        if (run == count) {
            mark(space, i + 1 - count, count, true);
            address = space->first + (i + 1 - count) * TSR_SPACE_GRANULE;
        }
    }
    tsr_mutex_unlock(&space->mutex);
    return address;
}

void tsr_space_give(struct tsr_space *space, uint64_t address, uint64_t pages)
{
    tsr_mutex_lock(&space->mutex);
    mark(space, (address - space->first) / TSR_SPACE_GRANULE, granules_of(pages), false);
    tsr_mutex_unlock(&space->mutex);
}

static bool refuse_taken(struct capnp_exception *exception)
{
    capnp_exception_set(exception, CAPNP_EXCEPTION_FAILED, 0, tsr_fact_text(STATUS_ADDRESS_TAKEN));
    exception->status = STATUS_ADDRESS_TAKEN;
    return false;
}

bool tsr_space_map(struct tsr_space *space, struct memory_object memory, uint64_t offset,
                   uint32_t pages, uint32_t rights, uint64_t *address,
                   struct capnp_exception *exception)
{
    uint64_t at = tsr_space_take(space, pages);
    if (at == 0) {
        return refuse_taken(exception);
    }
    if (!address_space_map(space->space, at, pages, rights, memory, offset, exception)) {
        tsr_space_give(space, at, pages);
        return false;
    }
    *address = at;
    return true;
}

bool tsr_space_unmap(struct tsr_space *space, uint64_t address, uint32_t pages,
                     struct capnp_exception *exception)
{
    if (!address_space_unmap(space->space, address, exception)) {
        return false;
    }
    tsr_space_give(space, address, pages);
    return true;
}

// One object and one mapping.
static bool piece_fill(const struct tsr_space *space, uint64_t address, uint32_t pages,
                       struct capnp_exception *exception)
{
    struct memory_object memory;
    if (!job_make_memory(space->job, pages, &memory, exception)) {
        return false;
    }
    bool is_mapped = address_space_map(space->space, address, pages, RIGHT_READ | RIGHT_WRITE,
                                       memory, 0, exception);
    tsr_release(memory.id); // the mapping keeps it
    return is_mapped;
}

bool tsr_space_fill(struct tsr_space *space, uint64_t address, uint32_t pages,
                    struct capnp_exception *exception)
{
    for (uint32_t done = 0; done < pages; done += TSR_SPACE_MAP_PAGES) {
        uint32_t count = pages - done < TSR_SPACE_MAP_PAGES ? pages - done : TSR_SPACE_MAP_PAGES;
        if (!piece_fill(space, address + (uint64_t)done * PAGE_SIZE, count, exception)) {
            struct capnp_exception ignored;
            tsr_space_empty(space, address, done, &ignored);
            return false;
        }
    }
    return true;
}

bool tsr_space_empty(struct tsr_space *space, uint64_t address, uint32_t pages,
                     struct capnp_exception *exception)
{
    bool is_empty = true;
    for (uint32_t done = 0; done < pages; done += TSR_SPACE_MAP_PAGES) {
        uint64_t at = address + (uint64_t)done * PAGE_SIZE;
        is_empty = address_space_unmap(space->space, at, exception) && is_empty;
    }
    return is_empty;
}
