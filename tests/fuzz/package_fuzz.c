// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a boot package. The first byte says what is put right, since no fuzzer guesses
// hashes: the header, the hashes of both parts, those of the blobs. The kernel refuses the package
// with a line on the console, or boots, and then its invariants hold; what is said of the other
// programs is checked as well. Nothing else may happen.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/core/test/act.h"
#include "lib/package/package.h"
#include "lib/package/table.h"
#include "lib/sha256/sha256.h"

enum {
    PACKAGE_PAGES_MAX = 16,
    FRAMES_SMALL = 2048,
    FIX_HEADER = 1,
    FIX_HASHES = 2,
    FIX_BLOBS = 4,
    FIX_SIZE = 8,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static _Alignas(8) uint8_t package[PACKAGE_PAGES_MAX * PAGE_SIZE];

// The part that programs read: where the header says that it begins. NULL: not in so many bytes.
static struct package_table *table_of(uint64_t size)
{
    const struct package_header *header = (const struct package_header *)(void *)package;
    uint64_t first = (uint64_t)package_table_page(header) * PAGE_SIZE;

    return first < size && size - first >= PAGE_SIZE ? (void *)(package + first) : NULL;
}

static void table_fix(struct package_table *table, uint64_t size)
{
    for (uint32_t i = 0; i < table->entry_count && i < PACKAGE_ENTRIES_MAX; i++) {
        struct package_entry *entry = &table->entries[i];
        if (package_entry_is_sound(entry, size)) {
            sha256_of((uint8_t *)table + entry->offset,
                      (size_t)package_pages(entry->size) * PAGE_SIZE, entry->sha256);
        }
    }
}

static void package_fix(uint8_t fixes, uint64_t size)
{
    struct package_header *header = (struct package_header *)(void *)package;

    if ((fixes & FIX_HEADER) != 0) {
        header->magic = PACKAGE_MAGIC;
        header->version = PACKAGE_VERSION;
    }
    if ((fixes & FIX_SIZE) != 0) {
        header->pages = (uint32_t)(size / PAGE_SIZE);
    }
    struct package_table *table = table_of(size);
    if ((fixes & FIX_BLOBS) != 0 && table != NULL) {
        table_fix(table, size - (uint64_t)((uint8_t *)table - package));
    }
    if ((fixes & FIX_HASHES) != 0) {
        machine_package_seal(package, size);
    }
}

// What whoever starts programs would read of them: all of it is in the package.
static void table_check(uint64_t size)
{
    const struct package_table *table = table_of(size);
    uint64_t left = table == NULL ? 0 : size - (uint64_t)((const uint8_t *)table - package);
    uint8_t *bytes = table == NULL ? NULL : aligned_alloc(PAGE_SIZE, left);

    if (bytes == NULL) {
        return;
    }
    memcpy(bytes, table, left);
    table = (const struct package_table *)(void *)bytes;
    uint32_t count = package_table_refusal(table) == NULL ? table->entry_count : 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct package_entry *entry = &table->entries[i];
        if (package_entry_is_sound(entry, left)) {
            (void)package_blob_is_sound(entry, bytes + entry->offset);
        }
    }
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct machine_options options = {.frames = FRAMES_SMALL, .package = package};

    if (size == 0) {
        return 0;
    }
    memset(package, 0, sizeof(package));
    size_t bytes = size - 1 < sizeof(package) ? size - 1 : sizeof(package);
    memcpy(package, data + 1, bytes);
    // Mostly whole pages: what the input lacks is zero.
    uint64_t whole = (bytes + PAGE_SIZE - 1) / PAGE_SIZE * PAGE_SIZE;
    options.package_size = (data[0] & FIX_SIZE) != 0 ? whole : bytes;
    package_fix(data[0], whole);
    if (options.package_size == 0) {
        return 0;
    }
    if (machine_boot(&options)) {
        core_check(act_core());
        table_check((uint64_t)((const struct package_header *)(void *)package)->pages * PAGE_SIZE);
    } else if (machine.end != MACHINE_HALTED || machine.console.size == 0) {
        fprintf(stderr, "refused without a line: %s\n", machine.panic_what);
        abort();
    }
    machine_fini();
    return 0;
}
