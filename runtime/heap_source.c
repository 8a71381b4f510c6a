// SPDX-License-Identifier: Apache-2.0
//
// Where heaps get their memory: from the job, mapped at addresses of the program's own, or from
// plain memory.

#include "runtime/heap.h"

enum { CHUNK_PAGES = TSR_HEAP_CHUNK / PAGE_SIZE };

static bool space_fill(void *context, uint8_t *at, uint32_t pages)
{
    struct capnp_exception why;
    return tsr_space_fill(context, (uint64_t)at, pages, &why);
}

static bool space_empty(void *context, uint8_t *at, uint32_t pages)
{
    struct capnp_exception why;
    return tsr_space_empty(context, (uint64_t)at, pages, &why);
}

bool tsr_heap_open(struct tsr_heap *heap, struct tsr_space *space, uint32_t flags,
                   struct capnp_exception *exception)
{
    uint64_t pages = (uint64_t)TSR_HEAP_CHUNKS_MAX * CHUNK_PAGES;
    uint64_t first = space->job.id == 0 ? 0 : tsr_space_take(space, pages);
    if (first == 0) {
        capnp_exception_set(exception, CAPNP_EXCEPTION_FAILED, 0,
                            space->job.id == 0 ? "job was not granted" : "no addresses are left");
        return false;
    }
    const struct tsr_heap_source source = {.first = (uint8_t *)first,
                                           .chunks = TSR_HEAP_CHUNKS_MAX,
                                           .context = space,
                                           .fill = space_fill,
                                           .empty = space_empty};
    tsr_heap_init(heap, &source, flags);
    return true;
}

static bool arena_keeps(void *context, uint8_t *at, uint32_t pages)
{
    (void)context;
    (void)at;
    (void)pages;
    return true;
}

void tsr_heap_open_arena(struct tsr_heap *heap, void *memory, uint64_t size, uint32_t flags)
{
    uint64_t skipped = -(uint64_t)memory % TSR_HEAP_ALIGNMENT;
    uint64_t chunks = size < skipped ? 0 : (size - skipped) / TSR_HEAP_CHUNK;
    const struct tsr_heap_source source = {
        .first = (uint8_t *)memory + skipped,
        .chunks = chunks < TSR_HEAP_CHUNKS_MAX ? (uint32_t)chunks : TSR_HEAP_CHUNKS_MAX,
        .fill = arena_keeps,
        .empty = arena_keeps};
    tsr_heap_init(heap, &source, flags);
}
