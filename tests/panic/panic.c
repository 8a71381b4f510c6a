// SPDX-License-Identifier: Apache-2.0
//
// A kernel that breaks: it takes the kernel's place, so that the last words of a machine can be
// compared. The command line says how: `tessera.safemode` writes where nothing may be written,
// `tessera.recovery` calls itself until the stack is full, both divide by zero, none asks for a
// panic.
#include <stddef.h>

#include "abi/start.h"
#include "hal/hal.h"
#include "kernel/kernel.h"

static const uint32_t constant = 7;
static volatile uint32_t zero;

__attribute__((noinline)) static void break_by_writing(void)
{
    *(volatile uint32_t *)(uintptr_t)&constant = 8;
}

__attribute__((noinline)) static void break_by_dividing(void)
{
    zero = constant / zero;
}

__attribute__((noinline)) static void break_by_asking(void)
{
    hal_panic("the suite asked for it", "tests/panic/panic.c", 1);
}

// Not a tail call, and not endless as the compiler sees it.
__attribute__((noinline)) static uint32_t break_by_recursion(uint32_t depth)
{
    volatile uint8_t space[256];
    space[depth % sizeof space] = 1;
    return zero != 0 ? depth : break_by_recursion(depth + 1) + space[0];
}

static void break_by_filling(void)
{
    zero = break_by_recursion(0);
}

static void (*const breaks[])(void) = {
    [0] = break_by_asking,
    [BOOT_SAFE_MODE] = break_by_writing,
    [BOOT_RECOVERY] = break_by_filling,
    [BOOT_SAFE_MODE | BOOT_RECOVERY] = break_by_dividing,
};

__attribute__((noinline)) static void panic_outer(uint64_t how)
{
    breaks[how]();
    zero = 1; // no tail call
}

struct kernel *kernel_boot(const struct boot *boot)
{
    panic_outer(boot->flags & (BOOT_SAFE_MODE | BOOT_RECOVERY));
    return NULL;
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
    (void)input;
    return (struct turn){.thread = HAL_NO_THREAD};
}
