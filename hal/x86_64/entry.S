// SPDX-License-Identifier: Apache-2.0
//
// Every way into the kernel and out of it. Interrupts are off in here and in the kernel, but for
// the moment in which loop.c sleeps. GS is the program's outside and struct cpu inside.
//
// What must hold:
// - SYSCALL (SDM volume 2) leaves the program's stack pointer loaded until it is replaced. What can
//   interrupt there, NMI, machine check, a debug exception, has a stack of its own and does not
//   use GS.
// - SYSRETQ with an address that is not canonical would fault in ring 0 on the program's stack. The
//   only such address that RCX can hold is 2^47: bit 47 is cleared.
// - A register that a program finds after its system call is its own, the result, or zero.
// - 64-bit mode has no virtual 8086 mode, but an emulator may let a program's IRET enter it (QEMU
//   7.2 does). CS says nothing of the ring then, so RFLAGS.VM is looked at too, and cleared by
//   SYSCALL; loop.c ends the program.
// - The segment selectors, which a program may load, are cleared by thread.c between threads.
#include "hal/x86_64/layout.h"

    .text
    .cfi_sections .debug_frame
    .cfi_startproc
    .cfi_undefined %rip // nobody called what is in here: a debugger's backtrace ends

// What a thread in SYSCALL keeps besides what is in its state already.
    .macro call_save state
    movq %rbx, STATE_RBX(\state)
    movq %rbp, STATE_RBP(\state)
    movq %r12, STATE_R12(\state)
    movq %r13, STATE_R13(\state)
    movq %r14, STATE_R14(\state)
    movq %r15, STATE_R15(\state)
    movl $RESUME_CALL, STATE_RESUME(\state)
    .endm

// cap_enter, exit: rdi the number, rsi and rdx the arguments; SYSCALL put RIP into rcx and RFLAGS
// into r11. loop_system_call() keeps the registers that a program's function would keep, so they
// are saved only when another thread is to run.
    .globl entry_system_call
entry_system_call:
    swapgs
    movq %gs:CPU_STATE, %rax
    movq %rcx, STATE_RIP(%rax)
    movq %rsp, STATE_RSP(%rax)
    movq %gs:CPU_STACK, %rsp
    call loop_system_call
    movq %gs:CPU_STATE, %rdx
    cmpl %eax, %gs:CPU_THREAD
    je entry_return

    call_save %rdx
    movl %eax, %edi
entry_next: // edi: the thread to run; the registers of the last one are in its state
    call thread_next
entry_ready:
    movq %rax, %rdx
    cmpl $RESUME_CALL, STATE_RESUME(%rdx)
    jne entry_resume
    movq STATE_RBX(%rdx), %rbx
    movq STATE_RBP(%rdx), %rbp
    movq STATE_R12(%rdx), %r12
    movq STATE_R13(%rdx), %r13
    movq STATE_R14(%rdx), %r14
    movq STATE_R15(%rdx), %r15
entry_return: // rdx: state of the thread, which is in SYSCALL
    movq STATE_RAX(%rdx), %rax
    movq STATE_RIP(%rdx), %rcx
    movq STATE_RSP(%rdx), %rsp
    btrq $47, %rcx
    movl $FLAGS_USER, %r11d
    xorl %edx, %edx
    xorl %esi, %esi
    xorl %edi, %edi
    xorl %r8d, %r8d
    xorl %r9d, %r9d
    xorl %r10d, %r10d
    swapgs
    sysretq

// The same with more than one CPU: what the thread keeps is saved first, since another CPU may run
// it as soon as the lock is free.
    .globl entry_system_call_shared
entry_system_call_shared:
    swapgs
    movq %gs:CPU_STATE, %rax
    movq %rcx, STATE_RIP(%rax)
    movq %rsp, STATE_RSP(%rax)
    call_save %rax
    movq %gs:CPU_STACK, %rsp
    call loop_system_call_shared
    movq %gs:CPU_STATE, %rdx
    cmpl %eax, %gs:CPU_THREAD
    je entry_return
    movl %eax, %edi
entry_next_shared: // which gives the lock back
    call thread_next_shared
    jmp entry_ready

    .macro registers_push
    pushq %rdi
    pushq %rsi
    pushq %rdx
    pushq %rcx
    pushq %rax
    pushq %r8
    pushq %r9
    pushq %r10
    pushq %r11
    pushq %rbx
    pushq %rbp
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    .endm

    .macro registers_pop
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbp
    popq %rbx
    popq %r11
    popq %r10
    popq %r9
    popq %r8
    popq %rax
    popq %rcx
    popq %rdx
    popq %rsi
    popq %rdi
    addq $16, %rsp // vector and error
    .endm

entry_resume:
    leaq STATE_FRAME(%rdx), %rsp
    registers_pop
    swapgs
    iretq

    .globl entry_run
entry_run:
    movq %gs:CPU_STACK, %rsp
    xorl %ebp, %ebp
    jmp entry_next_shared

// After a stub: vector and error code are pushed. From a program the stack is the end of its
// thread's state; from the kernel it is the kernel's own.
entry_trap:
    testb $3, 24(%rsp)
    jnz 1f
    testl $FLAGS_VM, 32(%rsp)
    jz 2f
1:  swapgs
    registers_push
    movq %gs:CPU_STACK, %rsp // the thread's state has no room for more
    pushq $FLAGS_KERNEL // a program may have set DF and AC
    popfq
    movq %gs:CPU_STATE, %rax
    movl $RESUME_FULL, STATE_RESUME(%rax)
    xorl %ebp, %ebp
    call loop_trap
    movl %eax, %edi
    jmp entry_next_shared
2:  registers_push
    movq %rsp, %rdi
    pushq $FLAGS_KERNEL
    popfq
    call trap_kernel
    registers_pop
    iretq

// Debug exception, on a stack of its own: moved to the thread's state. One in the kernel can only
// be left over from the program (SDM volume 3, 6.8.3: MOV SS delays it across SYSCALL): dropped.
entry_debug:
    testb $3, 8(%rsp)
    jnz 1f
    testl $FLAGS_VM, 16(%rsp)
    jz 2f
1:  swapgs
    movq %rax, %gs:CPU_SPARE
    movq %rsp, %rax
    movq %gs:CPU_STATE, %rsp
    addq $STATE_SIZE, %rsp
    pushq 32(%rax)
    pushq 24(%rax)
    pushq 16(%rax)
    pushq 8(%rax)
    pushq (%rax)
    movq %gs:CPU_SPARE, %rax
    swapgs
    pushq $0
    pushq $VECTOR_DEBUG
    jmp entry_trap
2:  andq $~0x100, 16(%rsp) // RFLAGS.TF
    iretq

// Double fault, machine check: nothing can go on, wherever they come from.
entry_fatal:
    registers_push
    movq %rsp, %rdi
    pushq $FLAGS_KERNEL
    popfq
    call trap_kernel

entry_nmi:
    incq entry_nmi_count(%rip)
    iretq

// One stub for each vector. Those with an error code: SDM volume 3, 6.13.
    .balign STUB_SIZE
    .globl entry_stubs
entry_stubs:
    .set vector, 0
    .rept VECTOR_COUNT
    .balign STUB_SIZE
    .if vector == VECTOR_DEBUG
    jmp entry_debug
    .elseif vector == VECTOR_NMI
    jmp entry_nmi
    .else
    .if vector != 8 && vector != 17 && vector != 21 && vector != 29 && vector != 30
    .if vector < 10 || vector > 14
    pushq $0
    .endif
    .endif
    pushq $vector
    .if vector == VECTOR_DOUBLE_FAULT || vector == VECTOR_MACHINE_CHECK
    jmp entry_fatal
    .else
    jmp entry_trap
    .endif
    .endif
    .set vector, vector + 1
    .endr
    .balign STUB_SIZE
    .cfi_endproc

    .bss
    .balign 8
    .globl entry_nmi_count
entry_nmi_count:
    .skip 8
