// SPDX-License-Identifier: Apache-2.0
//
// What a loader left, in one shape for all loaders. loader_read() copies it out of the loader's
// tables, believing nothing that it can check, before any memory is written but the image's own;
// what it can't boot with it refuses with the reason.
#ifndef HAL_X86_64_LOADER_H
#define HAL_X86_64_LOADER_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/ids.h"
#include "hal/x86_64/layout.h"
#include "kernel/kernel.h"

enum {
    COMMAND_LINE_SIZE = 1024,      // with the NUL
    FRAME_LOWEST = 256,            // the first MiB is the firmware's
    FRAME_HIGHEST = 1 << 27,       // 512 GiB: as much as one table of the direct map covers
    START_FRAME_HIGHEST = 1 << 20, // 4 GiB: what start.S maps
    RSDP_SIZE = 36,
};

// Ranges of frames in no order; two that touch are one. Where there are more than room, the
// smallest are forgotten: that memory stays unused.
struct ranges {
    uint32_t count;
    struct frame_range all[FRAME_RANGES_MAX];
};

void ranges_add(struct ranges *ranges, uint64_t first, uint64_t end);
void ranges_remove(struct ranges *ranges, uint64_t first, uint64_t end);

struct loaded {
    const char *loader; // its protocol's name
    char command_line[COMMAND_LINE_SIZE];
    uint64_t package; // address of the only module
    uint64_t package_size;
    uint8_t rsdp[RSDP_SIZE]; // ACPI's root pointer; zero: none
    struct ranges ram;       // whole frames, without the image's and the firmware's
};

// `name`: LOADER_PVH or LOADER_MULTIBOOT; `magic`: EAX at the entry.
void loader_read(uint32_t name, uint32_t magic, uint64_t info, struct loaded *loaded);

// `size` bytes of what the firmware or the loader left; NULL: not in what start.S maps.
const void *loader_bytes(uint64_t address, uint64_t size);

static inline uint64_t frames_up(uint64_t bytes)
{
    return bytes / PAGE_SIZE + (bytes % PAGE_SIZE != 0);
}

// "cannot boot: " and the reason, which may be of two parts; the machine halts with code 1.
_Noreturn void boot_refuse(const char *reason, const char *detail);

#endif
