// SPDX-License-Identifier: Apache-2.0
//
// The runtime on the kernel itself: the test is a program of tests/support/machine.h, mostly its
// first. Its ring lies in the machine's frames, entering is handing in a system call, and while it
// waits the clock is moved to whatever is due. Such a test defines
//
//     int64_t tsr_enter(uint64_t number, uint64_t first, uint64_t second)
//     {
//         return first_program_enter(number, first, second);
//     }
#ifndef RUNTIME_TEST_FIRST_PROGRAM_H
#define RUNTIME_TEST_FIRST_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>

// From now on the runtime has the ring of this thread, which has no completions to take.
bool first_program_begin(uint32_t thread);
int64_t first_program_enter(uint64_t number, uint64_t first, uint64_t second);

#endif
