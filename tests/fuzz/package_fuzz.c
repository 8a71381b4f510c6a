// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a boot package. The first byte says what is put right, since no fuzzer guesses
// hashes: the header, the hash of the table, the hashes of the blobs. The kernel refuses the
// package with a line on the console, or boots, and then its invariants hold; a second program of
// the package is loaded as well. Nothing else may happen.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi/package.h"
#include "kernel/core/test/act.h"
#include "lib/sha256/sha256.h"

enum {
    PACKAGE_PAGES_MAX = 16,
    FRAMES_SMALL = 1024,
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

static void second_load(void)
{
    const struct package_header *header = (const struct package_header *)(void *)package;
    const struct package_entry *entries = (const struct package_entry *)(const void *)(header + 1);
    uint32_t first = (uint32_t)machine.running;
    cap_t process;

    for (uint32_t i = 0; i < header->entry_count; i++) {
        cap_t builder = act_builder(first);
        uint32_t size = (uint32_t)strnlen(entries[i].name, NAME_SIZE);
        if (act_load(first, builder, entries[i].name, size) == STATUS_OK) {
            (void)act_start(first, builder, &process);
        }
        (void)act_do_fact(first, act_release(builder));
        core_check(act_core());
    }
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
        second_load();
    } else if (machine.end != MACHINE_HALTED || machine.console.size == 0) {
        fprintf(stderr, "refused without a line: %s\n", machine.panic_what);
        abort();
    }
    machine_fini();
    return 0;
}
