// SPDX-License-Identifier: Apache-2.0
//
// See first_program.h.
#include "runtime/test/first_program.h"

#include <string.h>

#include "kernel/core/test/act.h"
#include "runtime/thread.h"

static uint32_t self; // the thread

// The ring as a test can touch it: its frames follow each other.
static struct ring_header *ring_of(uint32_t thread)
{
    uint64_t page = machine_ring(thread) / PAGE_SIZE;
    uint32_t space = machine.threads[thread].space;
    uint32_t frame = machine_mapping_find(space, page)->frame;

    for (uint32_t i = 0; i < RING_PAGES_DEFAULT; i++) {
        uint32_t next = machine_mapping_find(space, page + i)->frame;
        act_must(next == frame + i, "the ring's frames don't follow each other", next);
    }
    return (struct ring_header *)(void *)(hal_frames + (uint64_t)frame * PAGE_SIZE);
}

bool first_program_begin(uint32_t thread)
{
    self = thread;
    memset(tsr_self(), 0, sizeof(struct tsr_thread));
    return tsr_thread_init(tsr_self(), ring_of(self));
}

int64_t first_program_enter(uint64_t number, uint64_t first, uint64_t second)
{
    act_must(number == SYSTEM_CALL_ENTER, "the test's thread ends", number);
    machine_enter(self, first, second);
    act_must(machine_run_until(self), "the test's thread waits for ever", self);
    return (int64_t)machine.threads[self].result;
}
