// SPDX-License-Identifier: Apache-2.0
//
// The gate: every entry into the kernel passes here. It knows who asks from what runs on the CPU,
// never from data; takes SQEs off the thread's ring and hands each to the core; lets the thread
// return, or wait for what it asked for.
#ifndef KERNEL_GATE_GATE_H
#define KERNEL_GATE_GATE_H

#include <stdbool.h>
#include <stdint.h>

#include "kernel/core/core.h"
#include "kernel/kernel.h"

enum {
    TURN_DUE_MAX = 16,  // time limits that end in one turn
    TURN_SQES_MAX = 16, // SQEs taken in one turn
};

// The running thread called cap_enter: handles its first SQEs, at most TURN_SQES_MAX, up to the
// first that changes authority, as long as TURN_WORK_MAX allows. True: there may be more, for
// gate_step. False: it returns to its code (its result is set) or waits.
bool gate_enter(struct core *core, const struct input *input);
bool gate_step(struct core *core);

// The running thread's process ends: it called exit, or for another cause.
bool gate_exit(struct core *core, const struct input *input);
void gate_end(struct core *core, int32_t code, enum exit_reason cause);

// Ends what is due by the clock, the running thread's slice last.
bool gate_timer(struct core *core, const struct input *input);

// An interrupt line that is open: whoever is bound to it is told.
bool gate_interrupt(struct core *core, const struct input *input);

#endif
