// SPDX-License-Identifier: Apache-2.0
//
// Threads, for the rest of the kernel: thread.c.
#ifndef KERNEL_CORE_THREAD_H
#define KERNEL_CORE_THREAD_H

#include "kernel/core/core.h"

// A new thread of the process, for which there is room, and the address of its ring.
uint32_t thread_create(struct core *core, uint32_t process);
uint64_t thread_ring(const struct core *core, uint32_t thread);
// It runs: at addresses as its code uses them.
void thread_begin(struct core *core, uint32_t thread, uint64_t entry, uint64_t stack,
                  uint64_t argument);
// A bounded piece of giving a thread that does not run back, the last one with it; if it has ended.
bool thread_step(struct core *core, uint32_t thread);
bool thread_sweep(struct core *core, uint32_t thread);
// The running thread's fault becomes a call to its fault endpoint; false: it has none.
bool thread_fault(struct core *core, uint64_t cause, uint64_t address, uint64_t instruction);
// That call was answered, or will never be.
void thread_fault_end(struct core *core, const struct request *call);

// Of its kind: kernel/core/object.c.
void thread_created(struct core *core, uint32_t object);
void thread_destroyed(struct core *core, uint32_t object);
enum status thread_check(struct core *core, struct request *request);

#endif
