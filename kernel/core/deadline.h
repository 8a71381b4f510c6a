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

// From now on, relative; TIMEOUT_NONE, or beyond the end of time: none.
void deadline_set(struct core *core, struct deadline *deadline, uint64_t timeout_ns);
// Also one that is not set.
void deadline_clear(struct core *core, struct deadline *deadline);
uint64_t deadline_next(const struct core *core); // UINT64_MAX: none
// Ends those whose time has come, the earliest first, at most so many.
void deadline_end_due(struct core *core, uint32_t most);

#endif
