// SPDX-License-Identifier: Apache-2.0
//
// What is checked of a boot package: see package.h.
#include "lib/package/package.h"

#include <string.h>

#include "abi/commit.h"

bool package_hash_is(const void *bytes, uint64_t size, const uint8_t stated[SHA256_SIZE])
{
    uint8_t hash[SHA256_SIZE];
    sha256_of(bytes, size, hash);
    return memcmp(hash, stated, sizeof hash) == 0;
}

bool package_table_is_sound(const struct package_header *package, uint64_t size)
{
    return size >= PAGE_SIZE && package->magic == PACKAGE_MAGIC &&
           package->version == PACKAGE_VERSION && package->size <= size &&
           package->size >= PAGE_SIZE && package->size % PAGE_SIZE == 0 &&
           package->entry_count <= PACKAGE_ENTRIES_MAX && package->first < package->entry_count &&
           package_hash_is(package_entries(package),
                           package->entry_count * sizeof(struct package_entry), package->sha256);
}

bool package_entry_is_sound(const struct package_entry *entry, uint64_t size)
{
    return entry->offset % PAGE_SIZE == 0 && entry->offset >= PAGE_SIZE && entry->offset <= size &&
           entry->size <= size - entry->offset;
}

// What is only read is mapped from the package, which must have all of its pages.
static bool segment_is_sound(const struct package_segment *segment, uint64_t blob_size,
                             uint64_t *next_page)
{
    bool is_writable = segment->rights == (RIGHT_READ | RIGHT_WRITE);
    bool is_shared =
        segment->rights == RIGHT_READ || segment->rights == (RIGHT_READ | RIGHT_EXECUTE);
    uint64_t blob_end = (uint64_t)segment->blob_page * PAGE_SIZE + segment->file_bytes;
    uint32_t pages = package_pages(segment->memory_bytes);
    uint64_t first = *next_page;
    *next_page = (uint64_t)segment->page + pages;
    return (is_writable || (is_shared && package_pages(segment->file_bytes) == pages)) &&
           segment->memory_bytes != 0 && segment->file_bytes <= segment->memory_bytes &&
           blob_end <= blob_size && segment->page >= first && *next_page <= PACKAGE_IMAGE_PAGES_MAX;
}

bool package_program_is_sound(const struct package_entry *entry, uint64_t size)
{
    bool is_sound = package_entry_is_sound(entry, size) && entry->kind == PACKAGE_PROGRAM &&
                    entry->segment_count <= PACKAGE_SEGMENTS_MAX;
    uint64_t next_page = 0;
    for (uint32_t i = 0; is_sound && i < entry->segment_count; i++) {
        is_sound = segment_is_sound(&entry->segments[i], entry->size, &next_page);
    }
    return is_sound && entry->entry < next_page * PAGE_SIZE;
}

const char *package_refusal(const void *bytes, uint64_t size)
{
    const struct package_header *package = bytes;
    if (size == 0) {
        return "tessera: there is no boot package\n";
    }
    if (!package_table_is_sound(package, size)) {
        return "tessera: the boot package is broken: its size, its table or its table's hash is "
               "wrong\n";
    }
    const struct package_entry *first = &package_entries(package)[package->first];
    bool is_sound =
        package_program_is_sound(first, package->size) &&
        package_hash_is((const uint8_t *)bytes + first->offset, first->size, first->sha256);
    return is_sound ? NULL : "tessera: the first program's checksum or layout is wrong\n";
}
