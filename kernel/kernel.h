// SPDX-License-Identifier: Apache-2.0
//
// The kernel as its platform sees it: boot it once, then hand it one input at a time. The platform
// owns the loop:
//
//     turn = kernel_turn(kernel, &input);         // what happened
//     while (turn.more) {
//         poll interrupts;                        // each one is an input of its own
//         turn = kernel_turn(kernel, &step);      // INPUT_STEP: one bounded piece of work
//     }
//     run turn.thread, or sleep until the next interrupt where it is HAL_NO_THREAD
//
// The first input is INPUT_STEP. A system call with a number that is none is an INPUT_FAULT of
// cause EXIT_FAULT_MACHINE. A thread that faulted runs again where it did, if the kernel says so.
// Addresses in a fault are those within the process (hal_space_base() subtracted).
//
// The kernel remembers which thread runs on the CPU: turn.thread of the last turn. A thread enters
// with the registers that its platform saved; what it gets back is set by hal_thread_result().
//
// With more than one CPU, one at a time is in the kernel, and kernel_enter() says which, when it is
// not the one that was in it last. The thread whose registers are loaded may have been taken away
// meanwhile: whatever it entered for is void then, and the CPU goes on with INPUT_STEP. Between two
// turns of one entry another CPU may be let in, if this one has saved what registers it holds of a
// thread that turn.thread is not.
#ifndef KERNEL_KERNEL_H
#define KERNEL_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/commit.h"
#include "hal/hal.h"

struct kernel;

// How many threads and address spaces the kernel makes by itself: a platform has arrays for them.
enum { BOOT_THREADS_MAX = 256, BOOT_SPACES_MAX = 128 };

struct boot {
    uint64_t boot_id;      // random, or from the seed
    uint64_t secret[2];    // the same; it leaves the kernel nowhere
    uint64_t now_ns;       // the first clock reading
    uint64_t kernel_enter; // address of the entry function where entering is a call; else 0
    // The boot package, which package_refusal() (lib/package) found nothing against: it starts at
    // this frame, in consecutive frames, and has so many bytes.
    uint32_t package_frame;
    uint64_t package_size;
    uint64_t flags; // boot_flags of abi/start.h
    // What there is of each resource, in pages of the log for RESOURCE_LOG; 0: as the memory
    // suggests. A platform with larger arrays may ask for more threads and processes than above.
    uint32_t sizes[RESOURCE_COUNT];
    // Memory that the kernel may use, without the boot package's; none is empty, and the
    // largest holds its arenas.
    uint32_t range_count;
    struct frame_range ranges[FRAME_RANGES_MAX];
};

enum input_kind {
    INPUT_STEP = 0,      // go on with the work at hand
    INPUT_ENTER = 1,     // the running thread called cap_enter(min_complete, timeout_ns)
    INPUT_EXIT = 2,      // ... exit(code)
    INPUT_FAULT = 3,     // ... or did something that it may not: cause, address, instruction
    INPUT_TIMER = 4,     // the armed deadline may have come: it is armed no more
    INPUT_INTERRUPT = 5, // lines that are open interrupt
    INPUT_KIND_COUNT = 6,
};

struct input {
    uint32_t kind;
    uint64_t now_ns; // monotonic clock, read once for this turn
    union {
        struct {
            uint64_t min_complete;
            uint64_t timeout_ns;
        } enter;
        struct {
            uint64_t code; // the lower 32 bits count
        } exit;
        struct {
            uint64_t cause; // enum exit_reason
            uint64_t address;
            uint64_t instruction;
        } fault;
        struct {
            uint64_t lines; // bit n: line n
        } interrupt;
    };
};

struct turn {
    int32_t thread; // to run on this CPU; HAL_NO_THREAD: none is ready
    bool more;      // hand in INPUT_STEP before running it
};

// Lays out the kernel in the largest range, writes genesis and starts the package's first program.
// Returns the kernel; where there is too little memory it says so on the console and halts with
// code 1.
struct kernel *kernel_boot(const struct boot *boot);

// The turns that follow are of this CPU, below HAL_CPUS_MAX; the first ones of all are of CPU 0.
// Whether the thread that the last turn on it chose is still the one that runs there.
bool kernel_enter(struct kernel *kernel, uint32_t cpu);

struct turn kernel_turn(struct kernel *kernel, const struct input *input);

// Ends the machine between two turns: both logs leave it, with digest and head. The kernel does so
// itself when the first program has ended.
_Noreturn void kernel_halt(struct kernel *kernel, int32_t code);

#endif
