// SPDX-License-Identifier: Apache-2.0
//
// A small boot package in memory: a manifest and programs that are never run.
#include <string.h>

#include "abi/commit.h"
#include "abi/package.h"
#include "lib/sha256/sha256.h"
#include "tests/support/machine.h"

enum {
    TEXT_BYTE = 0x90,
    PROGRAM_SIZE = PAGE_SIZE + NAME_SIZE, // a page of text, then data that begins with the name
    DATA_MEMORY = 2 * PAGE_SIZE,
};

static const char *const default_programs[] = {"init", NULL};

// A message whose root is a struct without fields.
static const uint64_t default_manifest[1];

static uint64_t to_page(uint64_t size)
{
    return (size + PAGE_SIZE - 1) / PAGE_SIZE * PAGE_SIZE;
}

// Describes the blob that stands at `offset`, and hashes it.
static void entry_encode(struct package_entry *entry, const char *name, enum package_kind kind,
                         const uint8_t *package, uint64_t offset, uint64_t size)
{
    *entry = (struct package_entry){.kind = kind, .offset = offset, .size = size};
    if (strlen(name) >= NAME_SIZE) {
        machine_fail("this name is too long", strlen(name));
    }
    memcpy(entry->name, name, strlen(name));
    sha256_of(package + offset, size, entry->sha256);
}

static void program_encode(struct package_entry *entry, const char *name, uint8_t *package,
                           uint64_t offset)
{
    memset(package + offset, TEXT_BYTE, PAGE_SIZE);
    strncpy((char *)package + offset + PAGE_SIZE, name, NAME_SIZE);
    entry_encode(entry, name, PACKAGE_PROGRAM, package, offset, PROGRAM_SIZE);
    entry->segment_count = 2;
    entry->segments[0] = (struct package_segment){
        .blob_page = 0,
        .page = 0,
        .file_bytes = PAGE_SIZE,
        .memory_bytes = PAGE_SIZE,
        .rights = RIGHT_READ | RIGHT_EXECUTE,
    };
    entry->segments[1] = (struct package_segment){
        .blob_page = 1,
        .page = 1,
        .file_bytes = NAME_SIZE,
        .memory_bytes = DATA_MEMORY,
        .rights = RIGHT_READ | RIGHT_WRITE,
    };
}

uint64_t machine_package(const struct machine_options *options, uint8_t *bytes)
{
    const char *const *programs = options->programs == NULL ? default_programs : options->programs;
    const void *manifest = options->manifest == NULL ? default_manifest : options->manifest;
    uint64_t manifest_size =
        options->manifest == NULL ? sizeof(default_manifest) : options->manifest_size;
    uint32_t count = 1;

    for (uint32_t i = 0; programs[i] != NULL; i++) {
        count++;
    }
    if (count > PACKAGE_ENTRIES_MAX) {
        machine_fail("a package has no room for so many programs", count);
    }
    uint64_t size =
        PAGE_SIZE + to_page(manifest_size) + (uint64_t)(count - 1) * to_page(PROGRAM_SIZE);
    if (bytes == NULL) {
        return size;
    }

    struct package_header *header = (struct package_header *)bytes;
    struct package_entry *entries = (struct package_entry *)(header + 1);
    memset(bytes, 0, size);
    memcpy(bytes + PAGE_SIZE, manifest, manifest_size);
    entry_encode(&entries[0], "manifest", PACKAGE_MANIFEST, bytes, PAGE_SIZE, manifest_size);
    uint64_t offset = PAGE_SIZE + to_page(manifest_size);
    for (uint32_t i = 1; i < count; i++) {
        program_encode(&entries[i], programs[i - 1], bytes, offset);
        offset += to_page(PROGRAM_SIZE);
    }
    *header = (struct package_header){
        .magic = PACKAGE_MAGIC,
        .version = PACKAGE_VERSION,
        .entry_count = count,
        .size = size,
        .first = 1,
    };
    sha256_of(entries, count * sizeof(entries[0]), header->sha256);
    return size;
}
