// SPDX-License-Identifier: Apache-2.0
//
// From the loader to C. Both loaders enter in 32-bit mode without paging, interrupts off, and leave
// the address of what they have to say in EBX. PVH (Xen's docs/misc/pvh.pandoc, "x86/HVM direct
// boot ABI") enters at the address in its note and says nothing else; Multiboot2 (its
// specification 2.0, 3.1 and 3.3) enters at the ELF entry point, with its magic number in EAX.
// The first page tables map the first 4 GiB at the direct map, where the loader's tables and the
// modules are, at KERNEL_BASE and, for the instructions that turn paging on, at 0. memory.c
// replaces them. SDM volume 3, 9.8.5: how to enter 64-bit mode.
#include "hal/x86_64/layout.h"

#define NOTE_PHYSICAL_ENTRY 18
#define MULTIBOOT_HEADER    0xe85250d6

#define CR4_PAE      (1 << 5)
#define CR0_VALUE    0x80010033 // paging, write protection, native FPU errors, monitor, protected
#define MSR_EFER     0xc0000080
#define EFER_LME     (1 << 8)
#define CPUID_MODES  0x80000001
#define MODES_LONG   (1 << 29)
#define ENTRY_TABLE  0x003 // present, writable
#define ENTRY_LARGE  0x083 // ... a page of 2 MiB
#define LARGE_SIZE   0x200000
#define LARGE_COUNT  2048 // 4 GiB

// From 16 or 32 bits; what follows is a far jump.
    .macro long_mode_enter
    movl $CR4_PAE, %eax
    movl %eax, %cr4
    movl $(start_root - KERNEL_BASE), %eax
    movl %eax, %cr3
    movl $MSR_EFER, %ecx
    rdmsr
    orl $EFER_LME, %eax
    wrmsr
    movl $CR0_VALUE, %eax
    movl %eax, %cr0
    .endm

    .macro segments_load
    movl $SELECTOR_KERNEL_DATA, %eax
    movl %eax, %ss
    xorl %eax, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %fs
    movl %eax, %gs
    .endm

    .section .note.pvh, "a", @note
    .balign 4
    .long 4, 8, NOTE_PHYSICAL_ENTRY
    .asciz "Xen"
    .quad start_pvh - KERNEL_BASE

// In the first 32 KiB of the file, as the specification asks: kernel.ld puts it first.
    .section .text.header, "a", @progbits
    .balign 8
header:
    .long MULTIBOOT_HEADER, 0, header_end - header
    .long -(MULTIBOOT_HEADER + 0 + (header_end - header))
    .balign 8 // what must be there: command line, modules, memory map
    .short 1, 0
    .long 20
    .long 1, 3, 6
    .balign 8 // modules begin at a page
    .short 6, 0
    .long 8
    .balign 8
    .short 0, 0
    .long 8
header_end:

    .section .bss.start, "aw", @nobits
    .balign 4096
start_root:
    .skip 4096
start_low: // tables of 512 GiB each
    .skip 4096
start_high:
    .skip 4096
start_directories: // four of 1 GiB each
    .skip 4 * 4096

    .section .rodata.start, "a", @progbits
    .balign 8
start_descriptors:
    .quad 0
    .quad 0x00af9b000000ffff
    .quad 0x00cf93000000ffff
start_descriptors_pointer:
    .word 23
    .long start_descriptors - KERNEL_BASE

// What another processor begins with: a copy of it stands at TRAMPOLINE, and smp.c has said which
// stack is the processor's. From real mode to 64-bit mode at once: SDM volume 3, 9.8.5.
    .globl trampoline
    .globl trampoline_end
    .globl trampoline_stack
trampoline:
    .code16
    cli
    xorl %eax, %eax
    movw %ax, %ds
    lgdtl TRAMPOLINE + trampoline_pointer - trampoline
    long_mode_enter
    ljmpl $SELECTOR_KERNEL_CODE, $(TRAMPOLINE + trampoline_64 - trampoline)
    .code64
trampoline_64:
    segments_load
    movq TRAMPOLINE + trampoline_stack - trampoline, %rsp
    xorl %ebp, %ebp
    movq $smp_begin, %rax
    jmp *%rax // which finds itself by its stack
    .balign 8
trampoline_stack:
    .quad 0
trampoline_pointer:
    .word 23
    .long start_descriptors - KERNEL_BASE
trampoline_end:

    .section .text.start, "ax", @progbits
    .code32
    .globl start_multiboot
start_multiboot:
    movl $LOADER_MULTIBOOT, %edx
    jmp start32

start_pvh:
    movl $LOADER_PVH, %edx
    xorl %eax, %eax

start32:
    cli
    cld
    movl $(cpu_stacks + STACKS_SIZE - KERNEL_BASE), %esp
    pushl %eax
    pushl %edx
    pushl %ebx
    movl $CPUID_MODES, %eax
    cpuid
    testl $MODES_LONG, %edx
    jz 9f

    movl $(start_low - KERNEL_BASE + ENTRY_TABLE), %eax
    movl %eax, start_root - KERNEL_BASE
    movl %eax, start_root - KERNEL_BASE + 256 * 8
    movl $(start_high - KERNEL_BASE + ENTRY_TABLE), start_root - KERNEL_BASE + 511 * 8

    movl $(start_directories - KERNEL_BASE + ENTRY_TABLE), %eax
    movl %eax, start_high - KERNEL_BASE + 510 * 8
    movl $(start_low - KERNEL_BASE), %edi
    movl $4, %ecx
1:  movl %eax, (%edi)
    addl $8, %edi
    addl $4096, %eax
    decl %ecx
    jnz 1b

    movl $(start_directories - KERNEL_BASE), %edi
    movl $ENTRY_LARGE, %eax
    movl $LARGE_COUNT, %ecx
2:  movl %eax, (%edi)
    addl $8, %edi
    addl $LARGE_SIZE, %eax
    decl %ecx
    jnz 2b

    long_mode_enter
    lgdt start_descriptors_pointer - KERNEL_BASE
    ljmp $SELECTOR_KERNEL_CODE, $(start64 - KERNEL_BASE)

9:  hlt // a processor without 64-bit mode
    jmp 9b

    .code64
start64:
    movq $start_higher, %rax
    jmp *%rax
start_higher:
    .cfi_sections .debug_frame
    .cfi_startproc
    .cfi_undefined %rip // a debugger's backtrace ends here
    segments_load
    movq $(cpu_stacks + STACKS_SIZE), %rsp
    movl -12(%rsp), %edi // EBX
    movl -8(%rsp), %esi  // enum loader_name
    movl -4(%rsp), %edx  // EAX
    xorl %ebp, %ebp
    call boot_start
    .cfi_endproc
