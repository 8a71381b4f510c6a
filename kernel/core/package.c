// SPDX-License-Identifier: Apache-2.0
//
// The boot package's entries: found by name, and each blob checked against its hash at its first
// use. The table was checked at boot. See abi/package.h for the format.
#include <string.h>

#include "kernel/core/core.h"
#include "lib/sha256/sha256.h"

static const struct package_entry *entries_of(const struct package_header *package)
{
    return (const struct package_entry *)(const void *)(package + 1);
}

bool package_hash_is(const void *bytes, uint64_t size, const uint8_t stated[HASH_SIZE])
{
    uint8_t hash[HASH_SIZE];
    sha256_of(bytes, size, hash);
    return memcmp(hash, stated, sizeof hash) == 0;
}

const struct package_entry *package_find(const struct package_header *package, uint32_t kind,
                                         const char *name, uint32_t size)
{
    const struct package_entry *entries = entries_of(package);
    for (uint32_t i = 0; i < package->entry_count; i++) {
        bool is_named = size == 0 || (size < NAME_SIZE && entries[i].name[size] == 0 &&
                                      memcmp(entries[i].name, name, size) == 0);
        if (entries[i].kind == kind && is_named) {
            return &entries[i];
        }
    }
    return NULL;
}

const struct package_entry *package_first(const struct package_header *package)
{
    return &entries_of(package)[package->first];
}

enum status package_verify(struct core *core, const struct package_entry *entry)
{
    uint32_t bit = 1U << (entry - entries_of(core->package));
    if (((core->verified | core->broken) & bit) == 0) {
        const uint8_t *blob = (const uint8_t *)core->package + entry->offset;
        bool is_good = package_hash_is(blob, entry->size, entry->sha256);
        *(is_good ? &core->verified : &core->broken) |= bit;
        core->work += TURN_WORK_MAX;
    }
    return (core->verified & bit) != 0 ? STATUS_OK : STATUS_PROGRAM_CORRUPT;
}

static_assert(PACKAGE_ENTRIES_MAX <= 32, "a bit for each entry");
