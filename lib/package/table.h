// SPDX-License-Identifier: Apache-2.0
//
// Whether the second part of a boot package is what it says it is: the table first, then each blob
// when it is used. Nothing of it is believed before these have said so, and nobody has asked them
// before: the machine looks at the first program alone.
#ifndef LIB_PACKAGE_TABLE_H
#define LIB_PACKAGE_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/package.h"

static inline uint32_t package_pages(uint64_t bytes)
{
    return (uint32_t)((bytes + PAGE_SIZE - 1) / PAGE_SIZE);
}

// Why nobody can read a package with this table, whose page is there; NULL: it has its hash, its
// entries are there, and names end. What else they say is not yet known to be true.
const char *package_table_refusal(const struct package_table *table);
// Whether an entry's blob is behind the table, within the `size` bytes of whole pages that begin
// with it.
bool package_entry_is_sound(const struct package_entry *entry, uint64_t size);
// ... and its pages, which are at `blob`, have its hash.
bool package_blob_is_sound(const struct package_entry *entry, const void *blob);

#endif
