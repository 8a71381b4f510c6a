// SPDX-License-Identifier: Apache-2.0
//
// Sweeps: what a change elsewhere has to be looked for in, and in which order: sweep.c.
#ifndef KERNEL_CORE_SWEEP_H
#define KERNEL_CORE_SWEEP_H

#include <stdbool.h>

struct core;

enum sweep {
    SWEEP_KILLED = 0,   // processes of killed jobs
    SWEEP_MAPPINGS = 1, // mappings by rights that are gone
    SWEEP_THREADS = 2,  // threads that ended
    SWEEP_WAITS = 3,    // what threads wait for by rights that are gone
    SWEEP_FACETS = 4,   // facets that nothing needs
    SWEEP_COUNT = 5,
};

// A bounded step; false: there is none left.
bool sweep_step(struct core *core, enum sweep sweep);
// A change that any of them may have to see to: all begin again.
void sweep_all(struct core *core);

#endif
