// SPDX-License-Identifier: Apache-2.0
//
// A program that strays: it touches memory that it does not have, executes what it may not, and
// enters the kernel as no program should. Its argument names which of these it does. Written for
// x86-64 instructions.
// Granted: console.

#include <string.h>

#include "abi/start.h"
#include "runtime/runtime.h"

#include "schema/boot.capnp.h"
#include "schema/kernel.capnp.h"

static struct start *started;
static uint64_t word; // somewhere that may be written, and not executed

static uint64_t load(uint64_t address)
{
    return *(volatile const uint64_t *)address;
}

static void store(uint64_t address)
{
    *(volatile uint64_t *)address = 1;
}

static void jump(uint64_t address)
{
    __asm__ volatile("jmp *%0" : : "r"(address));
}

// --- Memory that it does not have ---------------------------------------------------------------

static void read_nothing(void)
{
    load(8);
}

static void read_kernel(void)
{
    load(UINT64_C(0xffff800000000000));
}

static void write_text(void)
{
    store((uint64_t)&load);
}

static void write_start(void)
{
    store((uint64_t)started);
}

static void execute_data(void)
{
    jump((uint64_t)&word);
}

static void execute_stack(void)
{
    uint64_t here;
    jump((uint64_t)&here);
}

static void use_up_stack(void)
{
    __asm__ volatile("0: push $0; jmp 0b");
}

static void lose_stack(void)
{
    __asm__ volatile("mov $8, %rsp; push $0");
}

// --- Instructions that it may not or cannot execute ---------------------------------------------

#define INSTRUCTION(name, ...)                                                                     \
    static void name(void)                                                                         \
    {                                                                                              \
        __asm__ volatile(__VA_ARGS__);                                                             \
    }

INSTRUCTION(do_halt, "hlt")
INSTRUCTION(do_in, "in $0x64, %%al" ::: "rax")
INSTRUCTION(do_out, "mov $0xfe, %%al; out %%al, $0x64" ::: "rax")
INSTRUCTION(do_cli, "cli")
INSTRUCTION(do_page_table, "mov %%cr3, %%rax; mov %%rax, %%cr3" ::: "rax")
INSTRUCTION(do_msr, "xor %%ecx, %%ecx; rdmsr" ::: "rax", "rcx", "rdx")
INSTRUCTION(do_descriptors, "lgdt %0" : : "m"(word))
INSTRUCTION(do_write_msr, "mov $0xc0000101, %%ecx; xor %%eax, %%eax; xor %%edx, %%edx; wrmsr" ::
                : "rax", "rcx", "rdx")
INSTRUCTION(do_interrupt_table, "lidt %0" : : "m"(word))
INSTRUCTION(do_task, "ltr %w0" : : "r"(0x28))
INSTRUCTION(do_swap_gs, "swapgs")
INSTRUCTION(do_debug_registers, "xor %%eax, %%eax; mov %%rax, %%dr7" ::: "rax")
INSTRUCTION(do_return_to_kernel, "push $0x10; push %rsp; pushf; push $8; push $0; iretq")
INSTRUCTION(do_call_kernel, "push $8; push $0; lret")
INSTRUCTION(do_undefined, "ud2")
INSTRUCTION(do_breakpoint, "int3")
INSTRUCTION(do_divide, "xor %%ecx, %%ecx; div %%ecx" ::: "rax", "rcx", "rdx")
INSTRUCTION(do_single_step, "pushf; orl $0x100, (%rsp); popf; nop")
INSTRUCTION(do_interrupt, "int $0x20")

static void jump_nowhere(void)
{
    jump(UINT64_C(0x0000800000000000)); // not canonical
}

// --- Entering by the trap -----------------------------------------------------------------------

// The argument registers are lost, like all that a function may change.
static int64_t trap(uint64_t number, uint64_t first, uint64_t second)
{
    int64_t result;
    __asm__ volatile("syscall"
                     : "=a"(result), "+D"(number), "+S"(first), "+d"(second)
                     :
                     : "rcx", "r8", "r9", "r10", "r11", "memory", "cc");
    return result;
}

static void enter_by_number(void)
{
    trap(2, 0, 0);
}

// Its lower half is that of a system call.
static void enter_by_large_number(void)
{
    trap(UINT64_C(1) << 32 | SYSTEM_CALL_ENTER, 0, 0);
}

static void enter_without_stack(void)
{
    static const uint64_t stacks[] = {
        0, 3, 8, UINT64_C(0xffff800000000000), UINT64_C(0x0000800000000000), UINT64_MAX};
    for (uint32_t i = 0; i < sizeof(stacks) / sizeof(stacks[0]); i++) {
        int64_t result;
        uint64_t after;
        uint64_t number = 0;
        uint64_t first = 0;
        uint64_t second = 0;
        __asm__ volatile("mov %%rsp, %%rbx; mov %5, %%rsp; syscall; mov %%rsp, %1; mov %%rbx, %%rsp"
                         : "=a"(result), "=&r"(after), "+D"(number), "+S"(first), "+d"(second)
                         : "r"(stacks[i])
                         : "rbx", "rcx", "r8", "r9", "r10", "r11", "memory", "cc");
        if (result != 0 || after != stacks[i]) {
            tsr_exit(2);
        }
    }
}

// Direction, alignment and nested-task flags: the kernel must not run with a program's.
static void enter_with_flags(void)
{
    uint64_t number = 0;
    uint64_t first = 0;
    uint64_t second = 0;
    __asm__ volatile(
        "pushf; orl $0x44400, (%%rsp); popf; syscall; pushf; andl $~0x44400, (%%rsp); "
        "popf"
        : "+D"(number), "+S"(first), "+d"(second)
        :
        : "rax", "rcx", "r8", "r9", "r10", "r11", "memory", "cc");
}

static void enter_without_segments(void)
{
    uint64_t number = 0;
    uint64_t first = 0;
    uint64_t second = 0;
    __asm__ volatile(
        "xor %%eax, %%eax; mov %%eax, %%ds; mov %%eax, %%es; mov %%eax, %%fs; "
        "mov %%eax, %%gs; syscall"
        : "+D"(number), "+S"(first), "+d"(second)
        :
        : "rax", "rcx", "r8", "r9", "r10", "r11", "memory", "cc");
}

INSTRUCTION(enter_by_interrupt, "int $0x80" ::: "rax")
INSTRUCTION(enter_by_sysenter, "sysenter")

// --- Which of them ------------------------------------------------------------------------------

static const struct {
    char name[24];
    void (*act)(void);
} misdeeds[] = {
    {"read-nothing", read_nothing},
    {"read-kernel", read_kernel},
    {"write-text", write_text},
    {"write-start", write_start},
    {"execute-data", execute_data},
    {"execute-stack", execute_stack},
    {"use-up-stack", use_up_stack},
    {"lose-stack", lose_stack},
    {"halt", do_halt},
    {"in", do_in},
    {"out", do_out},
    {"cli", do_cli},
    {"page-table", do_page_table},
    {"msr", do_msr},
    {"write-msr", do_write_msr},
    {"descriptors", do_descriptors},
    {"interrupt-table", do_interrupt_table},
    {"task", do_task},
    {"swap-gs", do_swap_gs},
    {"debug-registers", do_debug_registers},
    {"return-to-kernel", do_return_to_kernel},
    {"call-kernel", do_call_kernel},
    {"undefined", do_undefined},
    {"breakpoint", do_breakpoint},
    {"divide", do_divide},
    {"single-step", do_single_step},
    {"interrupt", do_interrupt},
    {"jump-nowhere", jump_nowhere},
    {"enter-by-number", enter_by_number},
    {"enter-by-large-number", enter_by_large_number},
    {"enter-without-stack", enter_without_stack},
    {"enter-with-flags", enter_with_flags},
    {"enter-without-segments", enter_without_segments},
    {"enter-by-interrupt", enter_by_interrupt},
    {"enter-by-sysenter", enter_by_sysenter},
};

static void say(struct debug_console console, struct capnp_text name, const char *what)
{
    struct tsr_line line = {0};
    struct capnp_exception exception;
    tsr_line_text(&line, "stray ");
    tsr_line_bytes(&line, name.data, name.size);
    tsr_line_text(&line, what);
    if (!debug_console_write_line(console, tsr_line_of(&line), &exception)) {
        tsr_exit(1);
    }
}

int tsr_main(struct start *start)
{
    struct debug_console console;
    struct capnp_message message;
    started = start;
    if (!tsr_find(start, "console", DEBUG_CONSOLE_INTERFACE_ID, &console.id)) {
        return 1;
    }
    capnp_message_init(&message, (const uint8_t *)start->info, (uint32_t)start->info_size, NULL, 0);
    struct capnp_text name = start_info_get_arguments(start_info_read(&message));
    for (uint32_t i = 0; i < sizeof(misdeeds) / sizeof(misdeeds[0]); i++) {
        if (strlen(misdeeds[i].name) == name.size &&
            memcmp(misdeeds[i].name, name.data, name.size) == 0) {
            say(console, name, ": now");
            misdeeds[i].act();
            say(console, name, ": is still here");
            return 0;
        }
    }
    say(console, name, ": is no misdeed");
    return 1;
}
