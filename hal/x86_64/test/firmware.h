// SPDX-License-Identifier: Apache-2.0
//
// A machine's first 4 GiB, for tests of what reads the loader's and the firmware's
// tables: bytes can be put at any address, and a refusal to boot comes back as its text. It defines
// what the code under test would get from the rest of the platform: one source of a program
// includes it.
#ifndef HAL_X86_64_TEST_FIRMWARE_H
#define HAL_X86_64_TEST_FIRMWARE_H

#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "hal/x86_64/loader.h"
#include "hal/x86_64/x86.h"

enum { FIRMWARE_TABLES = 1 << 16 }; // where tests put tables: below

static jmp_buf firmware_refusal;
static char firmware_text[512]; // what boot_refuse() was told

uint8_t *hal_frames;
extern uint8_t image_start[], image_end[];
uint8_t image_start[1];
uint8_t image_end[1];

_Noreturn void boot_refuse(const char *reason, const char *detail)
{
    snprintf(firmware_text, sizeof(firmware_text), "%s%s", reason, detail);
    longjmp(firmware_refusal, 1);
}

static inline void firmware_clear(void)
{
    if (hal_frames == NULL) { // taken from the host only where it is touched
        hal_frames = mmap(NULL, (size_t)START_FRAME_HIGHEST * PAGE_SIZE, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (hal_frames == MAP_FAILED) {
            abort();
        }
    }
    memset(hal_frames, 0, FIRMWARE_TABLES);
    firmware_text[0] = 0;
}

static inline void *firmware_at(uint64_t address)
{
    return hal_frames + address;
}

static inline void firmware_put(uint64_t address, const void *bytes, uint64_t size)
{
    memcpy(firmware_at(address), bytes, size);
}

// Makes the byte at `at` such that all `size` bytes from `address` sum up to zero.
static inline void firmware_sum(uint64_t address, uint64_t size, uint64_t at)
{
    uint8_t sum = 0;

    hal_frames[at] = 0;
    for (uint64_t i = 0; i < size; i++) {
        sum = (uint8_t)(sum + hal_frames[address + i]);
    }
    hal_frames[at] = (uint8_t)-sum;
}

#endif
