// SPDX-License-Identifier: Apache-2.0
//
// What a guest tells of itself: addresses of its own.
#ifndef TESTS_LOADER_GUEST_H
#define TESTS_LOADER_GUEST_H

#include <stdint.h>

struct guest {
    uint64_t stack;
    uint64_t text;
    uint64_t data;
    uint64_t constant;
    uint64_t variable; // of the thread
};

// The entry. Returns 0, or the number of the first thing that was not as it should be.
uint64_t guest_start(struct guest *guest);

#endif
