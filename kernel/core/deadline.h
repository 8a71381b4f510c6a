// SPDX-License-Identifier: Apache-2.0
//
// Deadlines: see deadline.c. A struct deadline stands in what has the time limit.
#ifndef KERNEL_CORE_DEADLINE_H
#define KERNEL_CORE_DEADLINE_H

#include <stdbool.h>
#include <stdint.h>

struct deadline {
    uint64_t time_ns;
    uint32_t position; // in the heap, counted from 1; 0: not set
    bool is_of_thread; // else of a request
};

#endif
