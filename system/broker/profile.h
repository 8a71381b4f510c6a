// SPDX-License-Identifier: Apache-2.0
//
// Profiles as text (README.md), read into a table. Pure: what a name stands for is asked of the
// caller.
#ifndef SYSTEM_BROKER_PROFILE_H
#define SYSTEM_BROKER_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PROFILES_MAX = 8,
    PROFILE_ITEMS_MAX = 64, // of all profiles
};

struct profile_name {
    const char *text; // in the text that was read
    size_t size;
};

struct profile_item {
    struct profile_name name;
    uint64_t cap, interface; // of what the name stands for
    uint64_t methods;        // bit n admits method n; 0: as the broker holds it
};

struct profile {
    struct profile_name name;
    size_t first, count; // items
};

struct profiles {
    size_t profile_count, item_count;
    struct profile profiles[PROFILES_MAX];
    struct profile_item items[PROFILE_ITEMS_MAX];
    // Of a text that was refused: the byte, from 0, and why.
    size_t at;
    const char *reason;
};

// Who knows what the broker holds.
struct profile_lookup {
    void *context;
    // Fills in the item's cap and interface; false: nothing is held under its name.
    bool (*held)(void *context, struct profile_item *item);
    // The number of a method; false: the interface has none of this name.
    bool (*method)(void *context, uint64_t interface, struct profile_name name, uint32_t *number);
};

bool profiles_read(struct profiles *profiles, const char *text, size_t size,
                   const struct profile_lookup *lookup);

// The number of a method by abi/methods.lock.
bool profile_method(void *context, uint64_t interface, struct profile_name name, uint32_t *number);

#endif
