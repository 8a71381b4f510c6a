// SPDX-License-Identifier: Apache-2.0
//
// See reproduce.h.
#include "tests/property/reproduce.h"

#include <stdio.h>
#include <string.h>

#include "kernel/core/test/unchanged.h"
#include "tests/property/follower.h"
#include "tests/property/world.h"

// Completions that were taken, until somebody asks for them: their order is nobody's promise.
enum { BAG_MAX = 1 << 12 };

static struct {
    uint32_t thread;
    struct cqe cqe;
} bag[BAG_MAX];
static uint32_t bag_count;
static uint32_t taker;     // the thread that took last
static uint64_t submitted; // the number that was submitted last
static struct cqe taken;   // which is asked for

void again_print(void)
{
    fputs("again: the same program\n", stderr);
}

static void look(void)
{
    if (machine.end == MACHINE_PANICKED) {
        broken("the machine panicked: %s", machine.panic_what);
    }
    if (machine.end == MACHINE_RUNS) {
        core_check(act_core());
    }
    follower_step();
}

void begin(uint64_t boot_id, uint64_t space_base, bool takes_tables, uint32_t hole_first,
           uint32_t hole_count)
{
    world_machine_boot(&(struct machine_options){.boot_id = boot_id,
                                                 .space_base = space_base,
                                                 .takes_tables = takes_tables,
                                                 .hole_first = hole_first,
                                                 .hole_count = hole_count});
    follower_begin();
    look();
}

void end(void)
{
    if (machine.end != MACHINE_HALTED) {
        broken("the last exit doesn't end the machine");
    }
}

void now(uint64_t now_ns)
{
    machine.now_ns = now_ns;
}

void interrupts(bool between_turns)
{
    machine.interrupts = between_turns;
}

void trim(uint64_t page)
{
    struct log *log = &machine.kernel->log;

    while (log->sealing < log->page) {
        log_seal_step(log);
    }
    if (!log_acknowledge(log, page)) {
        broken("page %llu of the log is not acknowledged", (unsigned long long)page);
    }
}

void bytes(uint32_t space, uint64_t address, const char *text, uint64_t size)
{
    machine_write(space, address, text, size);
}

void submit(uint32_t thread, const uint64_t words[8])
{
    struct sqe sqe;

    memcpy(&sqe, words, sizeof(sqe));
    submitted = sqe.user_data;
    if (!machine_submit(thread, &sqe)) {
        broken("the SQ is full");
    }
}

void enter(uint32_t thread, uint64_t min_complete, uint64_t timeout_ns)
{
    machine_enter(thread, min_complete, timeout_ns);
    look();
}

void leave(uint32_t thread, uint64_t code, uint64_t none)
{
    (void)none;
    machine_exit(thread, (int32_t)code);
    look();
}

void fault(uint32_t thread, uint64_t cause, uint64_t address)
{
    machine_fault(thread, (uint32_t)cause, address);
    look();
}

void timer(uint64_t now_ns)
{
    machine_timer(now_ns);
    look();
}

void interrupt(uint64_t lines)
{
    machine_interrupt(lines);
    look();
}

void take(uint32_t thread)
{
    for (taker = thread; machine_reap(thread, &bag[bag_count].cqe); bag_count++) {
        bag[bag_count].thread = thread;
        if (bag_count + 1 == BAG_MAX) {
            broken("too many completions that nobody asks for");
        }
    }
}

// The newest of its number.
static bool find(uint64_t user_data)
{
    for (uint32_t i = bag_count; i > 0; i--) {
        if (bag[i - 1].thread == taker && bag[i - 1].cqe.user_data == user_data) {
            taken = bag[i - 1].cqe;
            bag[i - 1] = bag[--bag_count];
            return true;
        }
    }
    return false;
}

static void must_find(uint64_t user_data)
{
    if (!find(user_data)) {
        broken("thread %u lacks completion %#llx", taker, (unsigned long long)user_data);
    }
}

void lacks(uint32_t thread, uint64_t user_data)
{
    take(thread);
    must_find(user_data);
}

void succeeds(uint64_t user_data, uint32_t size, uint32_t exception)
{
    must_find(user_data);
    if (taken.status != (int32_t)size || (taken.flags & CQE_EXCEPTION_MASK) != exception) {
        broken("completion %#llx: status %d, flags %x", (unsigned long long)user_data, taken.status,
               taken.flags);
    }
}

void extra(uint64_t value)
{
    if (taken.extra != value) {
        broken("completion %#llx: extra %#llx, not %#llx", (unsigned long long)taken.user_data,
               (unsigned long long)taken.extra, (unsigned long long)value);
    }
}

void fails(uint64_t user_data, int fact)
{
    must_find(user_data);
    if ((int)act_fact(&taken) != fact) {
        broken("completion %#llx: fact %d, not %d", (unsigned long long)user_data, act_fact(&taken),
               fact);
    }
}

void unexpected(uint64_t user_data)
{
    if (find(user_data)) {
        broken("completion %#llx must not be", (unsigned long long)user_data);
    }
}

void says(int fact)
{
    fails(submitted, fact);
}

void waits(uint32_t thread, uint32_t count)
{
    if (waiting_count(thread) != count) {
        broken("thread %u: %u operations wait, not %u", thread, waiting_count(thread), count);
    }
}

void holds(uint32_t count)
{
    uint32_t live = act_core()->state.arenas[ARENA_HOLDS].live;

    if (live != count) {
        broken("%u holds live, not %u", live, count);
    }
}
