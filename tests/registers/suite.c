// SPDX-License-Identifier: Apache-2.0
//
// A kernel that only switches: two programs in two spaces take turns, each with its own numbers in
// the registers that hal/x86_64 saves in one of several ways (AVX's upper halves, FS and GS bases).
// Halts with 0 if both kept them, else with what was lost.
#include <stddef.h>
#include <string.h>

#include "abi/commit.h"
#include "abi/ids.h"
#include "hal/hal.h"
#include "kernel/kernel.h"
#include "tests/registers/registers.h"

enum { THREADS = 2 };

static const uint64_t numbers[THREADS] = {0x123450, 0x7654321000};
static const char *const said[] = {
    [REGISTERS_KEPT] = "registers: kept\n",
    [REGISTERS_NOT_ZERO] = "registers: not zero at the beginning\n",
    [REGISTERS_AVX_LOST] = "registers: an AVX register was lost\n",
    [REGISTERS_FS_LOST] = "registers: the FS base was lost\n",
    [REGISTERS_GS_LOST] = "registers: the GS base was lost\n",
};

extern const uint8_t program_code[];
extern const uint8_t program_code_end[];

static uint32_t next_frame;
static int32_t running;
static uint32_t ended;

static uint32_t frame_take(void)
{
    memset(hal_frames + (uint64_t)next_frame * PAGE_SIZE, 0, PAGE_SIZE);
    return next_frame++;
}

static void map(uint32_t space, uint64_t address, uint32_t rights, uint32_t frame)
{
    uint32_t tables[HAL_MAP_TABLES];

    for (uint32_t i = 0; i < HAL_MAP_TABLES; i++) {
        tables[i] = frame_take();
    }
    hal_map(space, address / PAGE_SIZE, frame, rights, tables);
}

static void program_start(uint32_t index)
{
    uint32_t root = frame_take();
    uint32_t code = frame_take();

    memcpy(hal_frames + (uint64_t)code * PAGE_SIZE, program_code,
           (size_t)(program_code_end - program_code));
    hal_space_create(index, &root);
    map(index, LAYOUT_IMAGE, RIGHT_READ | RIGHT_EXECUTE, code);
    map(index, LAYOUT_STACK_TOP - PAGE_SIZE, RIGHT_READ | RIGHT_WRITE, frame_take());
    hal_thread_create(index, index, LAYOUT_IMAGE, LAYOUT_STACK_TOP, numbers[index]);
}

struct kernel *kernel_boot(const struct boot *boot)
{
    next_frame = boot->ranges[0].first;
    for (uint32_t i = 0; i < THREADS; i++) {
        program_start(i);
    }
    return NULL;
}

static _Noreturn void end(uint64_t code)
{
    uint32_t size = 0;

    while (said[code][size] != 0) {
        size++;
    }
    hal_console_write(said[code], size);
    hal_halt((int32_t)code);
}

// The suite boots with one CPU.
bool kernel_enter(struct kernel *kernel, uint32_t cpu)
{
    (void)kernel;
    return cpu == 0;
}

struct turn kernel_turn(struct kernel *kernel, const struct input *input)
{
    (void)kernel;
    if (input->kind == INPUT_FAULT) {
        hal_panic("the program faulted", "tests/registers/suite.c", 1);
    }
    if (input->kind == INPUT_EXIT) {
        ended++;
        if (input->exit.code != REGISTERS_KEPT || ended == THREADS) {
            end(input->exit.code);
        }
    }
    if (input->kind == INPUT_ENTER) {
        hal_thread_result((uint32_t)running, 0);
    }
    if (ended == 0 || input->kind == INPUT_EXIT) {
        running = 1 - running;
    }
    return (struct turn){.thread = running};
}
