// SPDX-License-Identifier: Apache-2.0
//
// A program for loaders: see README.md. What it looks at are zeros behind the file's bytes, words
// that hold addresses (of constants, of data, of thread-local storage), and the thread's block.
// Granted: nothing.
#include <string.h>

#include "abi/ids.h"
#include "runtime/runtime.h"

#include "schema/boot.capnp.h"

enum { ZERO_WORDS = 10 * PAGE_SIZE / 8, CODE_WELL = 7 };

static uint64_t zeros[ZERO_WORDS];
static uint64_t words[2] = {5, 6};
// A relocation in what becomes read-only, and one in what does not.
static uint64_t *const volatile constant[] = {&words[1], &zeros[1]};
static uint64_t *volatile changeable[] = {&zeros[0]};

static _Thread_local struct {
    uint64_t counter;
    uint64_t *word; // a relocation in the template
} own = {40, &words[0]};
static _Thread_local struct {
    _Alignas(64) uint64_t first;
} aligned;

static int32_t memory_check(void)
{
    const volatile uint64_t *at = zeros;
    for (uint32_t i = 0; i < ZERO_WORDS; i++) {
        if (at[i] != 0) {
            return 10;
        }
    }
    *changeable[0] = 1;
    return *constant[0] == 6 && constant[1] == &zeros[1] && at[0] == 1 ? 0 : 11;
}

static int32_t thread_check(void)
{
    uint64_t self;
    __asm__ volatile("mov %%fs:0, %0" : "=r"(self) : "r"(&own), "r"(&aligned) : "memory");
    if ((uint64_t)&own >= self || self - (uint64_t)&own > PAGE_SIZE) {
        return 20;
    }
    if (own.counter != 40 || own.word != &words[0] || *own.word != 5) {
        return 21;
    }
    return aligned.first == 0 && (uint64_t)&aligned % 64 == 0 ? 0 : 22;
}

// --- Misdeeds: each is a memory fault -----------------------------------------------------------

static void stack_leave(void)
{
    volatile uint8_t *at = __builtin_frame_address(0);
    for (uint32_t left = 32; left > 0; left--) {
        at -= PAGE_SIZE;
        *at = 1;
    }
}

static void stack_leave_above(void)
{
    volatile uint8_t *at = __builtin_frame_address(0);
    for (uint32_t left = 3; left > 0; left--) {
        at += PAGE_SIZE;
        *at = 1;
    }
}

static void constant_write(void)
{
    *(volatile uint64_t *)(uint64_t)&constant[0] = 0;
}

static void text_write(void)
{
    *(volatile uint8_t *)(uint64_t)&text_write = 0;
}

static void data_execute(void)
{
    __asm__ volatile("jmp *%0" : : "r"(zeros));
}

static const struct {
    char name[20];
    void (*run)(void);
} misdeeds[] = {
    {"leave-stack", stack_leave},       {"leave-stack-above", stack_leave_above},
    {"write-constant", constant_write}, {"write-text", text_write},
    {"execute-data", data_execute},
};

int tsr_main(struct start *start)
{
    struct capnp_message info;
    tsr_start_info(start, &info);
    struct capnp_text asked = start_info_get_arguments(start_info_read(&info));
    int32_t wrong = memory_check();
    if (wrong == 0) {
        wrong = thread_check();
    }
    for (uint32_t i = 0; wrong == 0 && i < sizeof misdeeds / sizeof misdeeds[0]; i++) {
        if (asked.size == strlen(misdeeds[i].name) &&
            memcmp(asked.data, misdeeds[i].name, asked.size) == 0) {
            misdeeds[i].run();
            wrong = 30;
        }
    }
    return wrong != 0 ? wrong : CODE_WELL;
}
