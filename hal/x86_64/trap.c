// SPDX-License-Identifier: Apache-2.0
//
// What interrupts the kernel itself: timer and devices while it sleeps, and its own defects, which
// end the machine with a report. Programs' faults are inputs: loop.c.
#include "hal/x86_64/x86.h"

// SDM volume 3, 6.3.1; an empty name: reserved.
static const char *const fault_names[VECTOR_FAULTS] = {
    [0] = "divide error",
    [3] = "breakpoint",
    [4] = "overflow",
    [5] = "bound",
    [6] = "invalid instruction",
    [7] = "no FPU",
    [VECTOR_DOUBLE_FAULT] = "double fault: was the stack too small?",
    [10] = "invalid task state",
    [11] = "segment not present",
    [12] = "stack segment",
    [13] = "general protection",
    [VECTOR_PAGE_FAULT] = "page fault",
    [16] = "FPU error",
    [17] = "alignment",
    [VECTOR_MACHINE_CHECK] = "machine check",
    [19] = "SIMD error",
    [21] = "control protection",
};

void trap_kernel(const struct trap_frame *frame)
{
    if (frame->vector < VECTOR_FAULTS) {
        const char *name = fault_names[frame->vector];
        console_trap = frame;
        hal_panic(name != NULL ? name : "reserved exception", __FILE__, __LINE__);
    }
    if (frame->vector == VECTOR_TIMER || frame->vector == VECTOR_KICK) {
        time_interrupt(cpu_current(), frame->vector);
    }
    if (frame->vector == VECTOR_RISEN) {
        time_interrupt_end();
    }
    if (device_line(frame->vector) < HAL_LINES) {
        cpu_current()->arrived |= 1ull << device_line(frame->vector);
    }
    // Others are spurious and are not acknowledged (SDM volume 3, 10.9).
}
