// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a boot package. The first byte says what is put right, since no fuzzer guesses
// hashes: the header, the hash of the table, the hashes of the blobs. The kernel refuses the
// package with a line on the console, or boots, and then its invariants hold; what is said of the
// other programs is checked as well. Nothing else may happen.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi/package.h"
#include "kernel/core/test/act.h"
#include "lib/package/package.h"
#include "lib/sha256/sha256.h"

enum {
    PACKAGE_PAGES_MAX = 16,
    FRAMES_SMALL = 2048,
    FIX_HEADER = 1,
    FIX_TABLE = 2,
    FIX_BLOBS = 4,
    FIX_SIZE = 8,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static _Alignas(8) uint8_t package[PACKAGE_PAGES_MAX * PAGE_SIZE];

static void blobs_fix(struct package_entry *entries, uint32_t count, uint64_t size)
{
    for (uint32_t i = 0; i < count; i++) {
        if (entries[i].offset <= size && entries[i].size <= size - entries[i].offset) {
            sha256_of(package + entries[i].offset, entries[i].size, entries[i].sha256);
        }
    }
}

static void package_fix(uint8_t fixes, uint64_t size)
{
    struct package_header *header = (struct package_header *)(void *)package;
    struct package_entry *entries = (struct package_entry *)(void *)(header + 1);

    if ((fixes & FIX_HEADER) != 0) {
        header->magic = PACKAGE_MAGIC;
        header->version = PACKAGE_VERSION;
    }
    if ((fixes & FIX_SIZE) != 0) {
        header->size = size;
    }
    uint32_t count = header->entry_count;
    if (count > PACKAGE_ENTRIES_MAX) {
        return;
    }
    if ((fixes & FIX_BLOBS) != 0) {
        blobs_fix(entries, count, size);
    }
    if ((fixes & FIX_TABLE) != 0) {
        sha256_of(entries, count * sizeof(entries[0]), header->sha256);
    }
}

// What whoever starts programs would read of the others: all of it is in the package.
static void others_check(uint64_t size)
{
    const struct package_header *header = (const struct package_header *)(void *)package;
    const struct package_entry *entries = package_entries(header);
    uint8_t *bytes = malloc(size);

    if (bytes == NULL) {
        return;
    }
    memcpy(bytes, package, size);
    for (uint32_t i = 0; i < header->entry_count; i++) {
        bool is_sound = package_entry_is_sound(&entries[i], size);
        bool is_program = package_program_is_sound(&entries[i], size);
        const uint8_t *blob = is_sound ? bytes + entries[i].offset : bytes;
        if (is_sound) {
            (void)package_hash_is(blob, entries[i].size, entries[i].sha256);
        } else if (is_program) {
            abort();
        }
        for (uint32_t j = 0; is_program && j < entries[i].segment_count; j++) {
            const struct package_segment *segment = &entries[i].segments[j];
            uint64_t from = (uint64_t)segment->blob_page * PAGE_SIZE;
            if (memchr(blob + from, 'x', segment->file_bytes) == bytes) {
                abort(); // the header is no segment
            }
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
        others_check(((const struct package_header *)(const void *)package)->size);
    } else if (machine.end != MACHINE_HALTED || machine.console.size == 0) {
        fprintf(stderr, "refused without a line: %s\n", machine.panic_what);
        abort();
    }
    machine_fini();
    return 0;
}
