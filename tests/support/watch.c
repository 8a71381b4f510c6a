// SPDX-License-Identifier: Apache-2.0
//
// Watching memory: see watch.h. A protected page faults at each access; the handler opens it for
// one instruction (the trap flag), after which it is closed again.
#define _GNU_SOURCE
#include "tests/support/watch.h"

#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "abi/start.h"
#include "tests/support/machine.h"

enum {
    TRAP_FLAG = 0x100, // of RFLAGS: a trap after the next instruction
    ERROR_WRITE = 2,   // of a page fault's error code (Intel SDM volume 3, 4.7)
};

static struct {
    uint8_t *page, *first;
    uint32_t size;
    struct watch seen;
    bool is_read[PAGE_SIZE];
    struct reader {
        uint64_t stack; // of the library's function that read it; 0: no library did
        uint64_t instruction;
    } reader[PAGE_SIZE];
    // Of a race: what changes each place, 0 for none; what was there; which place is next.
    uint64_t seed;
    bool is_changed[PAGE_SIZE];
    uint8_t original[PAGE_SIZE];
    uint32_t pending;             // PAGE_SIZE: none
    struct sigaction fault, trap; // those from before
} watch;

static void page_protect(int rights)
{
    if (mprotect(watch.page, PAGE_SIZE, rights) != 0) {
        machine_fail("a page of the host can't be protected", (uint64_t)(uintptr_t)watch.page);
    }
}

static struct reader reader_of(const greg_t *registers)
{
    extern const char __executable_start[], etext[];
    uint64_t instruction = (uint64_t)registers[REG_RIP];
    bool is_ours = instruction >= (uintptr_t)__executable_start && instruction < (uintptr_t)etext;

    return (struct reader){is_ours ? 0 : (uint64_t)registers[REG_RSP], instruction};
}

// The C library's memcpy may load a piece twice where head and tail of a copy overlap: that is one
// reading. Within one call of it a later instruction does so; another call begins with an earlier.
static bool is_same_copy(struct reader first, struct reader again)
{
    return again.stack != 0 && again.stack == first.stack && again.instruction > first.instruction;
}

static uint8_t change_of(uint32_t place)
{
    return (uint8_t)((watch.seed * (2 * place + 1)) >> 56 | 1);
}

// What was read last changes, before anything else is read, unless the same copy goes on.
static void pending_change(struct reader next)
{
    if (watch.pending == PAGE_SIZE ||
        (next.stack != 0 && watch.reader[watch.pending].stack == next.stack)) {
        return;
    }
    watch.original[watch.pending] = watch.page[watch.pending];
    watch.page[watch.pending] ^= change_of(watch.pending);
    watch.is_changed[watch.pending] = true;
    watch.pending = PAGE_SIZE;
}

static void faulted(int number, siginfo_t *info, void *context)
{
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    const uint8_t *at = info->si_addr;

    if (at < watch.page || at >= watch.page + PAGE_SIZE) {
        sigaction(number, &watch.fault, NULL); // somebody else's: it comes again
        return;
    }
    page_protect(PROT_READ | PROT_WRITE);
    pending_change(reader_of(registers));
    if ((registers[REG_ERR] & ERROR_WRITE) == 0 && at >= watch.first &&
        at < watch.first + watch.size) {
        uint64_t byte = (uint64_t)(at - watch.page);
        struct reader reader = reader_of(registers);
        watch.seen.reads++;
        watch.seen.again +=
            watch.is_read[byte] && !is_same_copy(watch.reader[byte], reader) ? 1 : 0;
        if (watch.seed != 0 && !watch.is_read[byte]) {
            watch.pending = (uint32_t)byte;
        }
        watch.is_read[byte] = true;
        watch.reader[byte] = reader;
    }
    registers[REG_EFL] |= TRAP_FLAG;
}

static void trapped(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)info;
    ((ucontext_t *)context)->uc_mcontext.gregs[REG_EFL] &= ~(greg_t)TRAP_FLAG;
    page_protect(PROT_NONE);
}

void watch_race(uint32_t space, uint64_t address, uint32_t size, uint64_t seed)
{
    uint64_t page = (address - hal_space_base(space)) / PAGE_SIZE;
    const struct machine_mapping *mapping = machine_mapping_find(space, page);
    struct sigaction action = {.sa_flags = SA_SIGINFO};

    if (mapping == NULL || size > PAGE_SIZE - address % PAGE_SIZE) {
        machine_fail("there is no such memory", address);
    }
    memset(&watch, 0, sizeof(watch));
    watch.seed = seed;
    watch.pending = PAGE_SIZE;
    watch.page = hal_frames + (uint64_t)mapping->frame * PAGE_SIZE;
    watch.first = watch.page + address % PAGE_SIZE;
    watch.size = size;
    action.sa_sigaction = faulted;
    sigaction(SIGSEGV, &action, &watch.fault);
    action.sa_sigaction = trapped;
    sigaction(SIGTRAP, &action, &watch.trap);
    page_protect(PROT_NONE);
}

void watch_begin(uint32_t thread, uint32_t offset, uint32_t size)
{
    watch_race(machine.threads[thread].space, machine_ring(thread) + PAGE_SIZE + offset, size, 0);
}

struct watch watch_end(void)
{
    page_protect(PROT_READ | PROT_WRITE);
    for (uint32_t i = 0; i < PAGE_SIZE && watch.seed != 0; i++) {
        if (watch.is_changed[i] && watch.page[i] == (uint8_t)(watch.original[i] ^ change_of(i))) {
            watch.page[i] = watch.original[i];
        }
    }
    sigaction(SIGSEGV, &watch.fault, NULL);
    sigaction(SIGTRAP, &watch.trap, NULL);
    return watch.seen;
}
