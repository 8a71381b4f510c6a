// SPDX-License-Identifier: Apache-2.0
//
// The system call of unit tests that link the runtime although they make none: there is no kernel.
// A test that means to have one defines the function itself, and this file isn't linked.
#include "runtime/thread.h"

#include <stdio.h>
#include <stdlib.h>

int64_t tsr_enter(uint64_t number, uint64_t first, uint64_t second)
{
    (void)first;
    (void)second;
    fprintf(stderr, "system call %llu in a test without a kernel\n", (unsigned long long)number);
    abort();
}
