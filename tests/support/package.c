// SPDX-License-Identifier: Apache-2.0
//
// A small boot package in memory: a manifest and programs that are never run.
#include <string.h>

#include "lib/package/package.h"
#include "lib/sha256/sha256.h"
#include "tests/support/machine.h"

enum {
    TEXT_BYTE = 0x90,
    PROGRAM_SIZE = PAGE_SIZE + NAME_SIZE,
    MEMORY_PAGES = 2,
};

static const char *const default_programs[] = {"init", NULL};

// A message whose root is a struct without fields.
static const uint64_t default_manifest[1];

static uint64_t to_page(uint64_t size)
{
    return (size + PAGE_SIZE - 1) / PAGE_SIZE * PAGE_SIZE;
}

// Describes the blob that stands at `offset` of the part that begins with the table, and hashes it.
static void entry_encode(struct package_entry *entry, const char *name, enum package_kind kind,
                         const uint8_t *table, uint64_t offset, uint64_t size)
{
    *entry = (struct package_entry){.kind = kind, .offset = offset, .size = size};
    if (strlen(name) >= NAME_SIZE) {
        machine_fail("this name is too long", strlen(name));
    }
    memcpy(entry->name, name, strlen(name));
    sha256_of(table + offset, to_page(size), entry->sha256);
}

// A page of text, then one of data that begins with the name.
static void program_write(uint8_t *to, const char *name)
{
    memset(to, TEXT_BYTE, PAGE_SIZE);
    strncpy((char *)to + PAGE_SIZE, name, NAME_SIZE);
}

static void first_encode(uint8_t *bytes, uint64_t pages)
{
    struct package_header *header = (struct package_header *)bytes;

    *header = (struct package_header){
        .magic = PACKAGE_MAGIC,
        .version = PACKAGE_VERSION,
        .pages = (uint32_t)pages,
        .text_pages = 1,
        .data_pages = 1,
        .memory_pages = MEMORY_PAGES,
    };
}

void machine_package_seal(uint8_t *bytes, uint64_t size)
{
    struct package_header *header = (struct package_header *)bytes;
    uint64_t first = (uint64_t)package_table_page(header) * PAGE_SIZE;

    if (first >= PAGE_SIZE && first <= size && size - first >= PAGE_SIZE) {
        sha256_of(bytes + SHA256_SIZE, first - SHA256_SIZE, header->sha256);
        sha256_of(bytes + first + SHA256_SIZE, PAGE_SIZE - SHA256_SIZE, bytes + first);
    }
}

uint64_t machine_package(const struct machine_options *options, uint8_t *bytes)
{
    const char *const *programs = options->programs == NULL ? default_programs : options->programs;
    const void *manifest = options->manifest == NULL ? default_manifest : options->manifest;
    uint64_t manifest_size =
        options->manifest == NULL ? sizeof(default_manifest) : options->manifest_size;
    uint32_t count = 0; // of programs

    while (programs[count] != NULL) {
        count++;
    }
    if (count > PACKAGE_ENTRIES_MAX) {
        machine_fail("a package has no room for so many programs", count);
    }
    uint64_t size = 2 * PAGE_SIZE + to_page(manifest_size) + count * to_page(PROGRAM_SIZE);
    if (bytes == NULL) {
        return size;
    }

    memset(bytes, 0, size);
    first_encode(bytes, size / PAGE_SIZE);
    program_write(bytes + PAGE_SIZE, programs[0]);
    uint8_t *part = bytes + PAGE_SIZE + to_page(PROGRAM_SIZE);
    struct package_table *table = (struct package_table *)(void *)part;
    *table = (struct package_table){.version = PACKAGE_VERSION, .entry_count = count};
    strncpy(table->first, programs[0], NAME_SIZE - 1);
    memcpy(part + PAGE_SIZE, manifest, manifest_size);
    entry_encode(&table->entries[0], "manifest", PACKAGE_MANIFEST, part, PAGE_SIZE, manifest_size);
    uint64_t offset = PAGE_SIZE + to_page(manifest_size);
    for (uint32_t i = 1; i < count; i++) {
        program_write(part + offset, programs[i]);
        entry_encode(&table->entries[i], programs[i], PACKAGE_ELF, part, offset, PROGRAM_SIZE);
        offset += to_page(PROGRAM_SIZE);
    }
    machine_package_seal(bytes, size);
    return size;
}
