// SPDX-License-Identifier: Apache-2.0
//
// Who is bound to which interrupt line: transient, like all that waits. Written by kernel/device.
#ifndef KERNEL_CORE_DEVICE_H
#define KERNEL_CORE_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/commit.h"

struct core;

enum {
    BINDINGS_MAX = 16, // of all lines, at a time
};

struct binding {
    uint64_t lines;         // bit n: line n; there is one
    uint64_t bits;          // of the notification
    uint64_t generation;    // 0: it was never used
    uint64_t through, bell; // capabilities: by which it was made, and of the notification
    bool is_pending;        // it is told, and has not acknowledged
    bool is_due;            // of these: it is to be told yet
};

struct bindings {
    struct binding all[BINDINGS_MAX];
    uint64_t last;   // generation that was given
    uint64_t closed; // lines that somebody has to acknowledge
    uint64_t open;   // those that may interrupt
};

// These lines interrupt: everybody who is bound to one is told, and it stays closed until they have
// acknowledged.
void interrupt_arrive(struct core *core, uint64_t lines);

// Goes on with telling, a bounded part of it; true: there is more. Opens the lines that are bound,
// but for those that somebody has to acknowledge who is still there.
bool interrupt_tell(struct core *core);

#endif
