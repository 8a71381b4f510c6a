// SPDX-License-Identifier: Apache-2.0
//
// The last words of a kernel that found what should not have been possible: what, where, the
// registers if a fault led here, and who called whom, by the names that tools/symbols put into the
// image after its link. Nothing is allocated, and nothing trusted but the image itself.
#include "hal/x86_64/x86.h"

enum {
    EXIT_PANIC = 111, // the last one that the test device can tell from a reset
    BACKTRACE_MAX = 16,
};

// Section .symbols, ascending by address; names follow the entries, each with a NUL.
struct symbols {
    uint32_t count;
    uint32_t reserved;
    struct {
        uint32_t address; // from KERNEL_BASE
        uint32_t name;    // from the section's start
    } entries[];
};

extern const struct symbols symbols;
extern const uint8_t image_start[];
extern const uint8_t image_rodata[];

const struct trap_frame *console_trap;

static void register_write(const char *name, uint64_t value)
{
    console_text(name);
    console_hex(value);
}

static void registers_write(const struct trap_frame *frame)
{
    uint64_t cr2;
    uint64_t cr3;
    __asm__ volatile("movq %%cr2, %0; movq %%cr3, %1" : "=r"(cr2), "=r"(cr3));
    register_write("  vector ", frame->vector);
    register_write("  error ", frame->error);
    register_write("  cr2 ", cr2);
    register_write("\n  rip ", frame->rip);
    register_write("  cs  ", frame->cs);
    register_write("  flg ", frame->rflags);
    register_write("\n  rsp ", frame->rsp);
    register_write("  ss  ", frame->ss);
    register_write("  cr3 ", cr3);
    register_write("\n  rax ", frame->rax);
    register_write("  rbx ", frame->rbx);
    register_write("  rcx ", frame->rcx);
    register_write("\n  rdx ", frame->rdx);
    register_write("  rsi ", frame->rsi);
    register_write("  rdi ", frame->rdi);
    register_write("\n  rbp ", frame->rbp);
    register_write("  r8  ", frame->r8);
    register_write("  r9  ", frame->r9);
    register_write("\n  r10 ", frame->r10);
    register_write("  r11 ", frame->r11);
    register_write("  r12 ", frame->r12);
    register_write("\n  r13 ", frame->r13);
    register_write("  r14 ", frame->r14);
    register_write("  r15 ", frame->r15);
    console_text("\n");
}

// "  <word> <address> <function>+<offset>"; without the name where the address is not the kernel's.
static void place_write(const char *word, uint64_t address)
{
    uint32_t offset = (uint32_t)(address - KERNEL_BASE);
    uint32_t low = 0;
    uint32_t high = symbols.count;

    register_write(word, address);
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (symbols.entries[middle].address <= offset) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low > 0 && address >= (uint64_t)image_start && address < (uint64_t)image_rodata) {
        console_text(" ");
        console_text((const char *)&symbols + symbols.entries[low - 1].name);
        console_text("+");
        console_decimal(offset - symbols.entries[low - 1].address);
    }
    console_text("\n");
}

// Follows the frame pointers within the kernel's stack, innermost first. A return address is behind
// its call: the place shown is the call's last byte.
static void backtrace_write(uint64_t frame_pointer)
{
    uint64_t cpu = (frame_pointer - (uint64_t)cpu_stacks) / sizeof(cpu_stacks[0]);
    if (cpu >= CPUS_MAX) {
        return;
    }
    uint64_t first = (uint64_t)cpu_stacks[cpu].kernel;
    uint64_t last = first + sizeof(cpu_stacks[cpu].kernel) - 2 * sizeof(uint64_t);

    for (uint32_t i = 0; i < BACKTRACE_MAX; i++) {
        if (frame_pointer < first || frame_pointer > last || frame_pointer % 8 != 0) {
            break;
        }
        const uint64_t *frame = (const uint64_t *)frame_pointer;
        place_write("  called from ", frame[1] - 1);
        first = frame_pointer + 1; // the chain only goes outwards
        frame_pointer = frame[0];
    }
}

_Noreturn void hal_panic(const char *what, const char *file, uint32_t line)
{
    static bool panicked;

    if (panicked) {
        power_panic(EXIT_PANIC);
    }
    panicked = true;
    console_text("\npanic: ");
    console_text(what);
    console_text(" (");
    console_text(file);
    console_text(":");
    console_decimal(line);
    console_text(")\n");
    if (console_trap != NULL) {
        registers_write(console_trap);
        place_write("  at          ", console_trap->rip);
        backtrace_write(console_trap->rbp);
    } else {
        backtrace_write((uint64_t)__builtin_frame_address(0));
    }
    power_panic(EXIT_PANIC);
}
