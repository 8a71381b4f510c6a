// SPDX-License-Identifier: Apache-2.0
//
// Threads of this program, started and joined by it. Each has a ring of its own, so that calls of
// several are under way at a time, and a stack of its own with a page below that nobody has.
//
//     static struct tsr_space space;
//     static struct tsr_worker worker;
//     tsr_space_open(&space, start, &exception);
//     tsr_workers_open(&space, &exception);
//     tsr_worker_start(&worker, run, context, &exception);
//     ...
//     tsr_worker_join(&worker, &code, &exception);
//
// What threads share they guard by park.h, with tsr_workers_park() as the space. Capabilities are
// the process's, so any thread may call any; a call, a promise and a served endpoint's loop belong
// to the thread that began them. tsr_exit() and a fault end all threads.
#ifndef RUNTIME_WORKER_H
#define RUNTIME_WORKER_H

#include "runtime/space.h"

enum {
    TSR_WORKERS_MAX = 64,
    TSR_WORKER_STACK = 11 * PAGE_SIZE, // bytes
};

struct tsr_worker {
    struct thread thread; // 0: not started, or joined
    uint64_t block;       // address of its memory
    int32_t (*run)(void *context);
    void *context;
};

// Once, in the first thread, before anything else here. The job has to make threads, memory and a
// park space. From now on `space` and shared capabilities (tsr_share) are guarded.
bool tsr_workers_open(struct tsr_space *space, struct capnp_exception *exception);

// The park space of this program's threads; 0 before it is open.
uint64_t tsr_workers_park(void);

// Runs run(context) in a thread of its own; *worker must stay where it is until it was joined.
// False: nothing is left of it.
bool tsr_worker_start(struct tsr_worker *worker, int32_t (*run)(void *context), void *context,
                      struct capnp_exception *exception);

// Waits until it has ended, takes its memory back, and says what `run` returned. One thread joins,
// once. False: it runs still, and may be joined again.
bool tsr_worker_join(struct tsr_worker *worker, int32_t *code, struct capnp_exception *exception);

#endif
