// SPDX-License-Identifier: Apache-2.0
//
// Deadlines: see deadline.c. A struct deadline stands in what has the time limit.
#ifndef KERNEL_CORE_DEADLINE_H
#define KERNEL_CORE_DEADLINE_H

#include <stdint.h>

struct core;

struct deadline {
    uint64_t time_ns;
    uint32_t position; // in the heap, counted from 1; 0: not set
    void (*ends)(struct core *core, struct deadline *limit); // what happens when it has come
};

#endif
