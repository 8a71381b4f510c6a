// SPDX-License-Identifier: Apache-2.0
//
// Numbers that assembly and C both use: offsets into struct cpu, struct thread_state and the
// stacks, asserted in x86.h, and what the processor's tables have in common. Nothing else here:
// whatever only C needs is an enum in x86.h.
#ifndef HAL_X86_64_LAYOUT_H
#define HAL_X86_64_LAYOUT_H

// Address = frame's address + KERNEL_BASE for everything in the kernel's image.
#define KERNEL_BASE 0xffffffff80000000

// Who called start.S.
#define LOADER_PVH       0
#define LOADER_MULTIBOOT 1

#define SELECTOR_KERNEL_CODE 0x08
#define SELECTOR_KERNEL_DATA 0x10
#define SELECTOR_USER_BASE   0x18 // where SYSRET counts from: +8 is data, +16 is code
#define SELECTOR_USER_DATA   0x23
#define SELECTOR_USER_CODE   0x2b
#define SELECTOR_TASK        0x30

#define FLAGS_KERNEL 0x002   // RFLAGS: the bit that is always one
#define FLAGS_USER   0x202   // interrupts on, everything else clear
#define FLAGS_VM     0x20000 // virtual 8086 mode, which does not exist in 64-bit mode

#define STACKS_SIZE 53248 // struct cpu_stacks; the kernel's stack is the last in it

#define CPU_STACK  0 // struct cpu
#define CPU_STATE  8
#define CPU_THREAD 16
#define CPU_SPARE  24
#define CPU_SELF   32

#define STATE_RESUME 848 // struct thread_state
#define STATE_FRAME  912
#define STATE_R15    912
#define STATE_R14    920
#define STATE_R13    928
#define STATE_R12    936
#define STATE_RBP    944
#define STATE_RBX    952
#define STATE_RAX    992
#define STATE_RIP    1048
#define STATE_RSP    1072
#define STATE_SIZE   1088

// Where other processors begin: real mode starts at a page of the first MiB (SDM volume 3, 8.4.4).
#define TRAMPOLINE 0x8000

#define RESUME_CALL 0 // the thread waits in SYSCALL: six registers, the stack and the result count
#define RESUME_FULL 1 // the thread was interrupted: every register counts

#define STUB_SIZE            16 // bytes of one vector's first instructions
#define VECTOR_COUNT         256
#define VECTOR_DEBUG         1
#define VECTOR_NMI           2
#define VECTOR_DOUBLE_FAULT  8
#define VECTOR_PAGE_FAULT    14
#define VECTOR_MACHINE_CHECK 18
#define VECTOR_FAULTS        32 // below: exceptions; from here on: interrupts
#define VECTOR_OLD           32 // 16 of the old interrupt controllers
#define VECTOR_OLD_COUNT     16
#define VECTOR_TIMER         64
#define VECTOR_KICK          65
#define VECTOR_LINES         80  // 64 of I/O APICs
#define VECTOR_RISEN         144 // a line that rose before it was open
#define VECTOR_SPURIOUS      255

#endif
