// SPDX-License-Identifier: Apache-2.0
//
// Acting as programs that map memory and make threads: more lines for tests, on act.h.
#ifndef KERNEL_CORE_TEST_MEMORY_H
#define KERNEL_CORE_TEST_MEMORY_H

#include "kernel/core/test/act.h"

enum status act_memory_fact(uint32_t thread, uint32_t pages, cap_t *memory);
cap_t act_memory(uint32_t thread, uint32_t pages); // or the test fails
enum status act_write(uint32_t thread, cap_t memory, uint64_t offset, const void *bytes,
                      uint32_t size);
// Returns the bytes read, or minus the fact.
int32_t act_read(uint32_t thread, cap_t memory, uint64_t offset, void *bytes, uint32_t size);
enum status act_seal(uint32_t thread, cap_t memory);

enum status act_space_fact(uint32_t thread, cap_t builder, cap_t *space, uint64_t *base);
enum status act_map(uint32_t thread, cap_t space, uint64_t at, uint32_t pages, uint32_t rights,
                    cap_t memory, uint64_t offset);
enum status act_unmap(uint32_t thread, cap_t space, uint64_t at);
enum status act_protect(uint32_t thread, cap_t space, uint64_t at, uint32_t rights);

enum status act_thread(uint32_t thread, cap_t job, cap_t space, cap_t *made, uint64_t *ring);
enum status act_thread_start(uint32_t thread, cap_t made, uint64_t entry, uint64_t stack,
                             uint64_t argument);
// Thread.join, submitted; its answer is at ACT_ANSWER when it has completed.
void act_join(uint32_t thread, cap_t made, uint64_t user_data);
int32_t act_join_read(uint32_t thread, const struct cqe *cqe);
// Submitted, since there may be no completion to take: exit, suspend.
struct sqe act_exit(uint32_t thread, cap_t made, int32_t code); // not submitted yet
void act_thread_exit(uint32_t thread, cap_t made, int32_t code);
struct act_control {
    uint64_t fs_base;
    uint32_t priority;
    bool is_suspended;
};
enum status act_control(uint32_t thread, cap_t made, struct act_control to);
// The same for a thread that suspends itself, with 7 as its user data.
struct sqe act_suspend(uint32_t thread, cap_t made);
enum status act_fault_endpoint(uint32_t thread, cap_t made, cap_t endpoint);

// --- More threads of the first process ----------------------------------------------------------

enum { ACT_THREAD_ENTRY = 0x400000, ACT_THREAD_STACK = 0x700000 };

// A machine whose first process has a page for what its threads are started with.
bool act_threads_boot(void);
// What a program would do for its new thread: a struct start with the thread's own ring.
uint64_t act_thread_argument(uint64_t ring);
cap_t act_thread_made(uint64_t *ring);
cap_t act_thread_started(uint32_t *thread); // its number

#endif
