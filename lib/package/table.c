// SPDX-License-Identifier: Apache-2.0
//
// What is checked of the part that programs read: see table.h.
#include "lib/package/table.h"

#include <string.h>

#include "lib/sha256/sha256.h"

static bool hash_is(const void *bytes, uint64_t size, const uint8_t stated[SHA256_SIZE])
{
    uint8_t hash[SHA256_SIZE];
    sha256_of(bytes, size, hash);
    return memcmp(hash, stated, sizeof hash) == 0;
}

const char *package_table_refusal(const struct package_table *table)
{
    const uint8_t *hashed = (const uint8_t *)table + sizeof table->sha256;
    if (!hash_is(hashed, PAGE_SIZE - sizeof table->sha256, table->sha256)) {
        return "its table does not have the hash that it states";
    }
    if (table->version != PACKAGE_VERSION) {
        return "its table is of another version";
    }
    if (table->entry_count > PACKAGE_ENTRIES_MAX) {
        return "its table says that it has more entries than fit";
    }
    bool is_named = table->first[NAME_SIZE - 1] == 0;
    for (uint32_t i = 0; i < table->entry_count; i++) {
        is_named = is_named && table->entries[i].name[NAME_SIZE - 1] == 0;
    }
    return is_named ? NULL : "its table has a name that does not end";
}

bool package_entry_is_sound(const struct package_entry *entry, uint64_t size)
{
    return entry->offset % PAGE_SIZE == 0 && entry->offset >= PAGE_SIZE && entry->offset <= size &&
           entry->size <= size - entry->offset;
}

bool package_blob_is_sound(const struct package_entry *entry, const void *blob)
{
    return hash_is(blob, (uint64_t)package_pages(entry->size) * PAGE_SIZE, entry->sha256);
}
