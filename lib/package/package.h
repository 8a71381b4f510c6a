// SPDX-License-Identifier: Apache-2.0
//
// Whether a boot package is what it says it is. Nothing of it is believed before these have said
// so: the table first, then each program and each blob when it is used.
#ifndef LIB_PACKAGE_PACKAGE_H
#define LIB_PACKAGE_PACKAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/package.h"
#include "lib/sha256/sha256.h"

enum {
    PACKAGE_IMAGE_PAGES_MAX = 900, // of a program, from LAYOUT_IMAGE on
};

static inline uint32_t package_pages(uint64_t bytes)
{
    return (uint32_t)((bytes + PAGE_SIZE - 1) / PAGE_SIZE);
}

static inline const struct package_entry *package_entries(const struct package_header *package)
{
    return (const struct package_entry *)(const void *)(package + 1);
}

// Why no machine can boot from so many bytes, a line for people; NULL: the table is sound, and so
// is the first program. They begin at a page.
const char *package_refusal(const void *bytes, uint64_t size);
// Header and table, whose page is there; `size`: bytes that somebody has of the package.
bool package_table_is_sound(const struct package_header *package, uint64_t size);
// Whether an entry's blob is within the first `size` bytes of the package, behind the table.
bool package_entry_is_sound(const struct package_entry *entry, uint64_t size);
// ... and it is a program that can be mapped as it says.
bool package_program_is_sound(const struct package_entry *entry, uint64_t size);
// Whether so many bytes have the hash that is stated, as an entry does of its blob.
bool package_hash_is(const void *bytes, uint64_t size, const uint8_t stated[SHA256_SIZE]);

#endif
