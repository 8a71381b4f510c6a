// SPDX-License-Identifier: Apache-2.0
//
// The boot package, as the kernel trusts it: the table is checked against its hash at boot, a blob
// against its own at its first use, and every number before it is believed. See abi/package.h for
// the format.
#include <string.h>

#include "kernel/core/core.h"
#include "lib/sha256/sha256.h"

static const struct package_entry *entries_of(const struct package_header *package)
{
    return (const struct package_entry *)(const void *)(package + 1);
}

static bool entry_is_sound(const struct package_header *package, const struct package_entry *entry)
{
    if (entry->offset % PAGE_SIZE != 0 || entry->offset < PAGE_SIZE ||
        entry->offset > package->size || entry->size > package->size - entry->offset) {
        return false;
    }
    if (entry->name[0] == 0 || entry->name[NAME_SIZE - 1] != 0) {
        return false;
    }
    if (entry->kind == PACKAGE_MANIFEST) {
        return entry->segment_count == 0;
    }
    return entry->kind == PACKAGE_PROGRAM && entry->segment_count > 0 &&
           entry->segment_count <= PACKAGE_SEGMENTS_MAX;
}

static bool hash_is(const void *bytes, uint64_t size, const uint8_t stated[HASH_SIZE])
{
    uint8_t hash[HASH_SIZE];
    sha256_of(bytes, size, hash);
    return memcmp(hash, stated, sizeof hash) == 0;
}

bool package_is_sound(const struct package_header *package, uint64_t size)
{
    const struct package_entry *entries = entries_of(package);
    if (size < PAGE_SIZE || package->magic != PACKAGE_MAGIC ||
        package->version != PACKAGE_VERSION || package->size > size || package->size < PAGE_SIZE ||
        package->size % PAGE_SIZE != 0 || package->entry_count > PACKAGE_ENTRIES_MAX ||
        package->first >= package->entry_count ||
        !hash_is(entries, package->entry_count * sizeof *entries, package->sha256)) {
        return false;
    }
    uint32_t manifests = 0;
    for (uint32_t i = 0; i < package->entry_count; i++) {
        if (!entry_is_sound(package, &entries[i])) {
            return false;
        }
        manifests += entries[i].kind == PACKAGE_MANIFEST;
    }
    return manifests == 1 && entries[package->first].kind == PACKAGE_PROGRAM;
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
        bool is_good = hash_is(blob, entry->size, entry->sha256);
        *(is_good ? &core->verified : &core->broken) |= bit;
        core->work += TURN_WORK_MAX;
    }
    return (core->verified & bit) != 0 ? STATUS_OK : STATUS_PROGRAM_CORRUPT;
}

static_assert(PACKAGE_ENTRIES_MAX <= 32, "a bit for each entry");
