// SPDX-License-Identifier: Apache-2.0
//
// Overwrites what must not stay, also where the compiler knows that nobody reads it any more.
#ifndef LIB_LINE_SCRUB_H
#define LIB_LINE_SCRUB_H

#include <stddef.h>
#include <string.h>

static inline void line_scrub(void *bytes, size_t size)
{
    memset(bytes, 0, size);
    __asm__ volatile("" : : "r"(bytes) : "memory");
}

#endif
