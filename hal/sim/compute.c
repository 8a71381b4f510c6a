// SPDX-License-Identifier: Apache-2.0
//
// What programs compute between two entries takes time and can be interrupted. They are compiled so
// that every basic block of theirs calls a function first (runtime/sim/compute.S), and that one the
// gate page's second entry, which counts down a word and leaves to the loop when it has run out. So
// blocks are the clock of processor time; after how many a program pauses the seed decides, and
// whether a time slice ends there. A thread that waits for another one by reading memory again and
// again gets its end.
//
// The word stands in a page that programs can write: one that does so changes when it is paused
// itself, until it enters the kernel.
#define _GNU_SOURCE
#include "hal/sim/sim.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

enum {
    BLOCK_NS = 2,
    SHIFTS = 16,          // blocks until the next pause: below a power of two up to 2^15
    OVER_ONE_IN = 4,      // pauses, if the armed deadline is
    OVER_WITHIN = 6000000 // so near, as the end of a time slice is
};

static const uint64_t WORD = SIM_GATE + PAGE_SIZE;

static int64_t drawn; // blocks, at the begin of this run

static int64_t *word_left(void)
{
    return (int64_t *)(uintptr_t)WORD;
}

void sim_compute_gate(uint8_t *code)
{
    static const uint8_t count_down[] = {
        0x48, 0xff, 0x08, // decq (%rax)
        0x78, 0x01,       // js over the next one
        0xc3,             // ret
    };
    static const uint8_t load_rax[] = {0x48, 0xb8}; // movabs $..., %rax
    static const uint8_t jump_rax[] = {0xff, 0xe0}; // jmp *%rax
    uint64_t pause = (uintptr_t)sim_pause;
    struct {
        const void *bytes;
        size_t size;
    } parts[] = {
        {load_rax, sizeof(load_rax)}, {&WORD, sizeof(WORD)},   {count_down, sizeof(count_down)},
        {load_rax, sizeof(load_rax)}, {&pause, sizeof(pause)}, {jump_rax, sizeof(jump_rax)},
    };

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        memcpy(code, parts[i].bytes, parts[i].size);
        code += parts[i].size;
    }
    if (mmap(word_left(), PAGE_SIZE, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != word_left()) {
        sim_die(SIM_EXIT_USAGE, "can't make the page after the gate: %s", strerror(errno));
    }
}

void sim_compute_begin(void)
{
    uint64_t below = 1ull << (1 + sim_draw(SIM_STREAM_COMPUTE) % SHIFTS);

    drawn = (int64_t)(sim_draw(SIM_STREAM_COMPUTE) % below);
    *word_left() = drawn;
}

void sim_compute_end(void)
{
    int64_t left = *word_left();

    if (left < drawn) { // below 0 where it paused; anything where the program wrote there
        sim_clock_add((uint64_t)(drawn - (left < 0 ? 0 : left)) * BLOCK_NS);
    }
}

bool sim_compute_is_over(uint64_t now_ns)
{
    return sim_draw(SIM_STREAM_COMPUTE) % OVER_ONE_IN == 0 &&
           sim_cpu->armed_ns < now_ns + OVER_WITHIN;
}
