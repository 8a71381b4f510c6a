// SPDX-License-Identifier: Apache-2.0
//
// A heap over the process's address space: it grows, is shared by threads, gives memory back to the
// job, tells mistakes, and says so when there is no more. The same on plain memory. The first
// program of its system: granted console, job, space.

#include <string.h>

#include "runtime/heap.h"
#include "runtime/runtime.h"
#include "runtime/usage.h"
#include "runtime/worker.h"

#include "schema/kernel.capnp.h"

enum { WORKERS = 4, BLOCKS = 64, ROUNDS = 2000, LARGE = 4 << 20, LARGE_MAX = 32, ARENA = 100000 };

static struct {
    struct debug_console console;
    struct tsr_space space;
    struct tsr_heap heap;
    struct tsr_worker workers[WORKERS];
    _Alignas(16) uint8_t arena[ARENA];
} own;

static void say(const char *what)
{
    tsr_say(own.console.id, "heap", what);
}

static void must(bool is_so, const char *what)
{
    if (!is_so) {
        tsr_panic(what);
    }
}

static struct tsr_usage usage(void)
{
    struct capnp_exception exception;
    struct tsr_usage usage;
    must(tsr_submit(&exception), "not released");
    must(tsr_usage_read(own.space.job, &usage, &exception), "no usage");
    return usage;
}

// Pages and mappings are what they were.
static void must_be_given_back(const struct tsr_usage *before)
{
    tsr_heap_trim(&own.heap);
    struct tsr_usage after = usage();
    must(after.used[RESOURCE_PAGES] == before->used[RESOURCE_PAGES] &&
             after.used[RESOURCE_SPACE] == before->used[RESOURCE_SPACE] &&
             after.used[RESOURCE_MAPPINGS] == before->used[RESOURCE_MAPPINGS] &&
             after.used[RESOURCE_OBJECTS] == before->used[RESOURCE_OBJECTS],
         "memory was not given back");
}

// Takes and gives back blocks of many sizes, each filled with `mark`.
static void use(struct tsr_heap *heap, uint8_t mark)
{
    uint8_t *blocks[BLOCKS] = {NULL};
    uint64_t sizes[BLOCKS] = {0};
    for (uint32_t i = 0; i < ROUNDS; i++) {
        uint32_t at = i * 29 % BLOCKS;
        for (uint64_t b = 0; b < sizes[at]; b += 61) {
            must(blocks[at][b] == mark, "a block is not what it was");
        }
        must(tsr_heap_give(heap, blocks[at]) == HEAP_SOUND, "a block is refused");
        sizes[at] = i * 37 % 900 + (i % 64 == 0 ? 30000 : 0);
        blocks[at] = tsr_heap_take(heap, sizes[at]);
        must(blocks[at] != NULL, "no block");
        memset(blocks[at], mark, sizes[at]);
    }
    for (uint32_t i = 0; i < BLOCKS; i++) {
        must(tsr_heap_give(heap, blocks[i]) == HEAP_SOUND, "a block is refused at the end");
    }
}

static int32_t use_shared(void *context)
{
    use(&own.heap, (uint8_t)(uintptr_t)context);
    return 0;
}

static void show_threads(void)
{
    struct capnp_exception exception;
    int32_t code;
    for (uintptr_t i = 0; i < WORKERS; i++) {
        must(tsr_worker_start(&own.workers[i], use_shared, (void *)(i + 1), &exception),
             "a thread does not start");
    }
    for (uint32_t i = 0; i < WORKERS; i++) {
        must(tsr_worker_join(&own.workers[i], &code, &exception) && code == 0, "not joined");
    }
}

// Until there is no more: of the machine, or of the window.
static void show_end(void)
{
    static uint8_t *blocks[LARGE_MAX];
    uint32_t count = 0;
    while (count < LARGE_MAX && (blocks[count] = tsr_heap_take(&own.heap, LARGE)) != NULL) {
        blocks[count][0] = blocks[count][LARGE - 1] = (uint8_t)count;
        count++;
    }
    must(count > 0 && count < LARGE_MAX, "memory has no end");
    for (uint32_t i = 0; i < count; i++) {
        must(blocks[i][0] == i && blocks[i][LARGE - 1] == i, "a large block changed");
        must(tsr_heap_give(&own.heap, blocks[i]) == HEAP_SOUND, "a large block is refused");
    }
}

static void show_mistakes(void)
{
    uint8_t *block = tsr_heap_take(&own.heap, 100);
    void *damaged = NULL;
    must(block != NULL, "no block");
    block[100] = 1;
    must(tsr_heap_check(&own.heap, &damaged) == HEAP_OVERRUN && damaged == block, "not found");
    must(tsr_heap_give(&own.heap, block) == HEAP_OVERRUN, "an overrun is not told");
    must(tsr_heap_give(&own.heap, block + 16) == HEAP_NOT_A_BLOCK, "a part of a block is taken");
    must(tsr_heap_give(&own.heap, own.arena) == HEAP_NOT_A_BLOCK, "what is elsewhere is taken");
    block[100] = 0xa5; // as it was
    must(tsr_heap_give(&own.heap, block) == HEAP_SOUND, "a block is refused");
    must(tsr_heap_give(&own.heap, block) != HEAP_SOUND, "given back twice");
}

static void show_arena(void)
{
    static struct tsr_heap heap;
    uint32_t count = 0;
    tsr_heap_open_arena(&heap, own.arena, ARENA, 0);
    while (tsr_heap_take(&heap, 1000) != NULL) {
        count++;
    }
    must(count >= ARENA / 1024 * 9 / 10 - 1024 / 32 && count <= ARENA / 1000, "an odd number");
}

int tsr_main(struct start *start)
{
    struct capnp_exception exception;
    if (!tsr_find(start, "console", DEBUG_CONSOLE_INTERFACE_ID, &own.console.id) ||
        !tsr_space_open(&own.space, start, &exception) ||
        !tsr_workers_open(&own.space, &exception) ||
        !tsr_heap_open(&own.heap, &own.space, TSR_HEAP_CHECKED, &exception)) {
        return 1;
    }
    tsr_heap_share(&own.heap, tsr_workers_park());
    struct tsr_usage before = usage();
    use(&own.heap, 9);
    must_be_given_back(&before);
    say("blocks of many sizes come and go, and the job has its memory back");
    show_threads();
    must_be_given_back(&before);
    say("four threads share it");
    show_end();
    must_be_given_back(&before);
    say("memory that runs out is an answer, and comes back");
    show_mistakes();
    must_be_given_back(&before);
    say("overruns, and what is given back twice or is no block, are told");
    show_arena();
    say("plain memory is a heap as well");
    return 0;
}
