// SPDX-License-Identifier: Apache-2.0
//
// Workers: see worker.h. All their memory lies in one range, cut into blocks of equal size: a page
// that is never mapped, the stack, and above it the runtime's context of the thread. So which
// thread runs follows from where its stack is, on any machine.
//
//     | nobody's page | stack, grows down        | struct tsr_thread |
//     0               1                         12                  16 pages

#include "runtime/worker.h"

#include "runtime/thread.h"

enum {
    BLOCK_SIZE = 16 * PAGE_SIZE,
    STACK_FIRST = PAGE_SIZE,
    CONTEXT = STACK_FIRST + TSR_WORKER_STACK,
    BLOCK_PAGES = (BLOCK_SIZE - STACK_FIRST) / PAGE_SIZE, // mapped
};

static_assert(CONTEXT + sizeof(struct tsr_thread) <= BLOCK_SIZE, "the context fits");

static struct {
    struct tsr_space *space;
    uint64_t park;
    uint64_t first; // address of the blocks
    uint64_t size;  // bytes; 0: not open
    uint64_t taken; // bit n: block n
} workers;

// Takes the place of the definition for programs of one thread. What it reads is written before
// there is a second thread, and the first one's answer is the same before and after.
struct tsr_thread *tsr_self(void)
{
    uint8_t here;
    uint64_t offset = (uint64_t)&here - workers.first;
    if (offset >= workers.size) {
        return &tsr_first_thread;
    }
    return (struct tsr_thread *)(workers.first + offset / BLOCK_SIZE * BLOCK_SIZE + CONTEXT);
}

bool tsr_workers_open(struct tsr_space *space, struct capnp_exception *exception)
{
    struct park_space park;
    uint64_t size = (uint64_t)TSR_WORKERS_MAX * BLOCK_SIZE;
    if (!job_make_park_space(space->job, &park, exception)) {
        return false;
    }
    uint64_t first = tsr_space_take(space, size / PAGE_SIZE);
    if (first == 0) {
        tsr_release(park.id);
        return tsr_refuse(exception, STATUS_ADDRESS_TAKEN, 0);
    }
    workers.space = space;
    workers.park = park.id;
    workers.first = first;
    workers.size = size;
    space->mutex.space = park.id;
    tsr_share_among_threads(park.id);
    return true;
}

uint64_t tsr_workers_park(void)
{
    return workers.park;
}

// A block that nobody has; 0: there is none.
static uint64_t block_take(void)
{
    uint64_t taken = __atomic_load_n(&workers.taken, __ATOMIC_RELAXED);
    while (workers.size != 0 && taken != UINT64_MAX) {
        uint64_t number = (uint64_t)__builtin_ctzll(~taken);
        if (__atomic_compare_exchange_n(&workers.taken, &taken, taken | UINT64_C(1) << number,
                                        false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
            return workers.first + number * BLOCK_SIZE;
        }
    }
    return 0;
}

static void block_give(uint64_t block)
{
    uint64_t bit = UINT64_C(1) << (block - workers.first) / BLOCK_SIZE;
    __atomic_fetch_and(&workers.taken, ~bit, __ATOMIC_RELEASE);
}

// A block that can't be emptied is never used again.
static void block_empty(uint64_t block)
{
    struct capnp_exception ignored;
    if (tsr_space_empty(workers.space, block + STACK_FIRST, BLOCK_PAGES, &ignored)) {
        block_give(block);
    }
}

// The first function of every worker; the stack is as if it had been called.
_Noreturn static void worker_run(struct tsr_worker *worker)
{
    struct capnp_exception exception;
    int32_t code = worker->run(worker->context);
    thread_exit(worker->thread, code, &exception);
    tsr_panic_because("a thread cannot end: ", &exception);
}

// The ring and the first instruction of a thread whose memory is there.
static bool thread_make(struct tsr_worker *worker, struct capnp_exception *exception)
{
    struct tsr_thread *context = (struct tsr_thread *)(worker->block + CONTEXT);
    uint64_t stack = worker->block + CONTEXT - sizeof(uint64_t); // a return address, which is 0
    uint64_t ring;
    if (!job_make_thread(workers.space->job, workers.space->space, &worker->thread, &ring,
                         exception)) {
        return false;
    }
    bool is_started = tsr_thread_init(context, (struct ring_header *)ring) ||
                      tsr_refuse(exception, STATUS_RING_CORRUPT, 0);
    is_started = is_started && thread_start(worker->thread, (uint64_t)worker_run, stack,
                                            (uint64_t)worker, exception);
    if (!is_started) {
        tsr_release(worker->thread.id); // never started: nothing is left of it
    }
    return is_started;
}

bool tsr_worker_start(struct tsr_worker *worker, int32_t (*run)(void *context), void *context,
                      struct capnp_exception *exception)
{
    *worker = (struct tsr_worker){.block = block_take(), .run = run, .context = context};
    if (worker->block == 0) {
        return tsr_refuse(exception, STATUS_OUT_OF_THREADS, TSR_WORKERS_MAX);
    }
    if (!tsr_space_fill(workers.space, worker->block + STACK_FIRST, BLOCK_PAGES, exception)) {
        block_give(worker->block);
    } else if (thread_make(worker, exception)) {
        return true;
    } else {
        block_empty(worker->block);
    }
    *worker = (struct tsr_worker){0};
    return false;
}

bool tsr_worker_join(struct tsr_worker *worker, int32_t *code, struct capnp_exception *exception)
{
    if (!thread_join(worker->thread, code, exception)) {
        return false;
    }
    tsr_release(worker->thread.id);
    block_empty(worker->block);
    *worker = (struct tsr_worker){0};
    return true;
}
