// SPDX-License-Identifier: Apache-2.0
//
// The page that the suite and its puppet share: what the puppet shall do next, and what came of it.
// puppet_<machine>.S knows the offsets, which are asserted here.
#ifndef TESTS_PLATFORM_PUPPET_H
#define TESTS_PLATFORM_PUPPET_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

enum puppet_order {
    PUPPET_ENTER = 0,   // nothing but the system call below
    PUPPET_LOAD = 1,    // value = the word at address
    PUPPET_STORE = 2,   // the word at address = value
    PUPPET_JUMP = 3,    // go to address
    PUPPET_ILLEGAL = 4, // run an instruction that a program can't
};

struct puppet {
    // Written by the suite.
    uint64_t kernel_enter; // as in struct boot
    uint64_t order;
    uint64_t address; // as the puppet's code uses it
    uint64_t value;
    uint64_t call[3]; // after each order: this system call, with two arguments
    // Written by the puppet.
    uint64_t result;    // of the last system call
    uint64_t registers; // 0: the last system call kept all registers that it must keep
    uint64_t stack;     // the stack pointer with which it began
    uint64_t began;     // 0: all registers that must be zero at the beginning were zero
    uint64_t own;       // the puppet's own, over a system call
};

static_assert(offsetof(struct puppet, kernel_enter) == 0, "as puppet_*.S has it");
static_assert(offsetof(struct puppet, order) == 8, "as puppet_*.S has it");
static_assert(offsetof(struct puppet, address) == 16, "as puppet_*.S has it");
static_assert(offsetof(struct puppet, value) == 24, "as puppet_*.S has it");
static_assert(offsetof(struct puppet, call) == 32, "as puppet_*.S has it");
static_assert(offsetof(struct puppet, result) == 56, "as puppet_*.S has it");
static_assert(offsetof(struct puppet, registers) == 64, "as puppet_*.S has it");
static_assert(offsetof(struct puppet, stack) == 72, "as puppet_*.S has it");
static_assert(offsetof(struct puppet, began) == 80, "as puppet_*.S has it");
static_assert(offsetof(struct puppet, own) == 88, "as puppet_*.S has it");

// The puppet's code: position-independent, at most a page. It begins with a pointer to its
// struct puppet as its argument.
extern const uint8_t puppet_code[];
extern const uint8_t puppet_code_end[];

#endif
