// SPDX-License-Identifier: Apache-2.0
//
// A target of plain memory that the loader fills on the host, and that notices what the contract of
// struct loader_target forbids: `broken` then says what. Its programs can be run.
#ifndef RUNTIME_LOADER_TEST_IMAGE_H
#define RUNTIME_LOADER_TEST_IMAGE_H

#include "runtime/loader/loader.h"

enum {
    IMAGE_SIZE = 32 << 20, // bytes of addresses
    IMAGE_PAGES = IMAGE_SIZE / 4096,
};

enum image_state { IMAGE_EMPTY, IMAGE_GUARD, IMAGE_SHARED, IMAGE_OWN, IMAGE_PROTECTED };

struct image {
    struct loader_range range; // where programs may be
    struct loader_file file;   // whose pages are shared
    struct loader_target target;
    uint8_t state[IMAGE_PAGES]; // enum image_state
    uint8_t rights[IMAGE_PAGES];
    uint64_t own_size;
    uint64_t calls;      // of the target's functions so far
    uint64_t calls_left; // then they refuse
    const char *broken;  // NULL: nothing
};

// IMAGE_SIZE bytes of addresses, from `low` if that is not 0.
void image_init(struct image *image, const struct loader_file *file, uint64_t low);
void image_fini(struct image *image);

// Plan and apply with a small stack, and the contract of both: the process's memory is as the plan
// says and no more. False: the loader refused.
bool image_load(struct image *image, struct loader_plan *plan, uint64_t seed,
                struct loader_error *error);

struct loader_options image_options(const struct image *image, uint64_t seed);

// Calls the entry with the plan's stack and thread pointer; what it returns.
uint64_t image_run(const struct loader_plan *plan, uint64_t argument);

#endif
