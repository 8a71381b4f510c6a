// SPDX-License-Identifier: Apache-2.0
//
// The switch between the loop's stack and a fiber. A thread's registers are kept in its struct
// sim_context (sim.h asserts the offsets), never on its own stack: that is memory which the program
// may have broken. What a called function need not preserve reaches neither side: the program gets
// zeros there, as after a system call of a machine that wipes them.
//
// While sim_program_runs is 1, a fault is the program's. Entering therefore takes the return
// address from the program's stack first and clears the flag afterwards.

        .set    ARCH_PRCTL, 158         // Linux: arch/x86/include/uapi/asm/prctl.h
        .set    ARCH_SET_FS, 0x1002
        .set    ARCH_GET_FS, 0x1003

        .data
        .globl  sim_program_runs
        .type   sim_program_runs, @object
        .size   sim_program_runs, 1
sim_program_runs:
        .byte   0

        .bss
        .balign 8
loop_stack:                             // the loop's stack pointer while a fiber runs
        .zero   8
running:                                // struct sim_context of the fiber that runs
        .zero   8
        .globl  sim_land_rip
sim_land_rip:
        .zero   8
host_fs:                                // the host's FS base while a fiber has its own; else 0
        .zero   8

        .text

// void sim_switch(struct sim_context *context)
        .globl  sim_switch
        .type   sim_switch, @function
sim_switch:
        push    %rbx
        push    %rbp
        push    %r12
        push    %r13
        push    %r14
        push    %r15
        sub     $8, %rsp
        stmxcsr (%rsp)
        fnstcw  4(%rsp)
        mov     %rsp, loop_stack(%rip)
        mov     %rdi, running(%rip)
        call    fs_take

        mov     running(%rip), %rcx
        mov     0(%rcx), %rbx
        mov     8(%rcx), %rbp
        mov     16(%rcx), %r12
        mov     24(%rcx), %r13
        mov     32(%rcx), %r14
        mov     40(%rcx), %r15
        mov     48(%rcx), %rsp
        mov     64(%rcx), %rax
        mov     72(%rcx), %rdi
        movq    $0, 72(%rcx)
        movq    $0, 120(%rcx)
        ldmxcsr 80(%rcx)
        fninit
        fldcw   84(%rcx)
        mov     56(%rcx), %rcx
        pxor    %xmm0, %xmm0
        pxor    %xmm1, %xmm1
        pxor    %xmm2, %xmm2
        pxor    %xmm3, %xmm3
        pxor    %xmm4, %xmm4
        pxor    %xmm5, %xmm5
        pxor    %xmm6, %xmm6
        pxor    %xmm7, %xmm7
        pxor    %xmm8, %xmm8
        pxor    %xmm9, %xmm9
        pxor    %xmm10, %xmm10
        pxor    %xmm11, %xmm11
        pxor    %xmm12, %xmm12
        pxor    %xmm13, %xmm13
        pxor    %xmm14, %xmm14
        pxor    %xmm15, %xmm15
        xor     %edx, %edx
        xor     %esi, %esi
        xor     %r8d, %r8d
        xor     %r9d, %r9d
        xor     %r10d, %r10d
        xor     %r11d, %r11d
        movb    $1, sim_program_runs(%rip)
        jmp     *%rcx                   // rcx is the program's own address, as after sysret
        .size   sim_switch, . - sim_switch

// What FS adds to addresses is the program's own while it runs, if it has said what; the host's C
// library has its thread there otherwise. These change nothing but rax, rcx, rdi, rsi and r11.
fs_take:
        mov     running(%rip), %rax
        cmpq    $0, 112(%rax)
        je      1f
        mov     $ARCH_PRCTL, %eax
        mov     $ARCH_GET_FS, %edi
        lea     host_fs(%rip), %rsi
        syscall
        mov     running(%rip), %rax
        mov     112(%rax), %rsi
        mov     $ARCH_PRCTL, %eax
        mov     $ARCH_SET_FS, %edi
        syscall
1:      ret

fs_give:
        cmpq    $0, host_fs(%rip)
        je      1f
        mov     $ARCH_PRCTL, %eax
        mov     $ARCH_SET_FS, %edi
        mov     host_fs(%rip), %rsi
        syscall
        movq    $0, host_fs(%rip)
1:      ret

// void sim_signal(int number, void *info, void *where): Linux calls it on a stack of its own.
        .globl  sim_signal
        .type   sim_signal, @function
sim_signal:
        sub     $24, %rsp
        push    $2                      // the program's alignment flag is not the handler's
        popfq
        mov     %rdi, (%rsp)
        mov     %rsi, 8(%rsp)
        cmpq    $0, host_fs(%rip)
        je      1f
        movzbl  sim_program_runs(%rip), %eax
        mov     %rax, 16(%rsp)
        movb    $0, sim_program_runs(%rip)
        call    fs_give
        mov     16(%rsp), %rax
        mov     %al, sim_program_runs(%rip)
1:      mov     (%rsp), %rdi
        mov     8(%rsp), %rsi
        call    sim_signal_handle
        test    %al, %al
        je      2f
        call    fs_take
2:      add     $24, %rsp
        ret
        .size   sim_signal, . - sim_signal

        .globl  sim_resume
        .type   sim_resume, @function
sim_resume:
        ud2
        .size   sim_resume, . - sim_resume

// The program's registers are loaded, but for rip.
        .globl  sim_land
        .type   sim_land, @function
sim_land:
        movb    $1, sim_program_runs(%rip)
        jmp     *sim_land_rip(%rip)
        .size   sim_land, . - sim_land

// The program has computed for as long as was drawn (compute.c). A function of it calls this, from
// any place, as one that takes nothing and returns nothing.
        .globl  sim_pause
        .type   sim_pause, @function
sim_pause:
        mov     running(%rip), %rax
        movq    $1, 120(%rax)
        .size   sim_pause, . - sim_pause

// uint64_t sim_kernel_enter(uint64_t number, uint64_t a, uint64_t b)
        .globl  sim_kernel_enter
        .type   sim_kernel_enter, @function
sim_kernel_enter:
        pop     %rcx
        mov     running(%rip), %rax
        mov     %rbx, 0(%rax)
        mov     %rbp, 8(%rax)
        mov     %r12, 16(%rax)
        mov     %r13, 24(%rax)
        mov     %r14, 32(%rax)
        mov     %r15, 40(%rax)
        mov     %rsp, 48(%rax)
        mov     %rcx, 56(%rax)
        stmxcsr 80(%rax)
        fnstcw  84(%rax)
        mov     %rdi, 88(%rax)
        mov     %rsi, 96(%rax)
        mov     %rdx, 104(%rax)
        movb    $0, sim_program_runs(%rip)
        mov     loop_stack(%rip), %rsp
        call    fs_give

// The signal handler comes here from any instruction of a program: nothing but rip is known.
        .globl  sim_leave
        .type   sim_leave, @function
sim_leave:
        mov     loop_stack(%rip), %rsp
        push    $2                      // no direction, alignment or trap flag of the program's
        popfq
        fninit
        ldmxcsr (%rsp)
        fldcw   4(%rsp)
        add     $8, %rsp
        pop     %r15
        pop     %r14
        pop     %r13
        pop     %r12
        pop     %rbp
        pop     %rbx
        ret
        .size   sim_kernel_enter, . - sim_kernel_enter

        .section .note.GNU-stack, "", @progbits
