// SPDX-License-Identifier: Apache-2.0
//
// The puppet: the program that the platform suite runs on x86-64 instructions. It does one order
// of its struct puppet (puppet.h asserts the offsets), then the system call that stands there, and
// so on for ever. Around each system call it checks that the registers which a called function must
// keep were kept.

        .section .rodata
        .balign 16
        .globl  puppet_code
        .globl  puppet_code_end
puppet_code:
        // Of what it begins with, all but its argument and the stack is zero. rcx and r11 are the
        // machine's own where programs begin by sysret.
        mov     %rdi, %r15
        xchg    %rax, %rdi
        or      %rbx, %rdi
        or      %rdx, %rdi
        or      %rbp, %rdi
        or      %rsi, %rdi
        or      %r8, %rdi
        or      %r9, %rdi
        or      %r10, %rdi
        or      %r12, %rdi
        or      %r13, %rdi
        or      %r14, %rdi
        movq    %xmm0, %rax
        or      %rax, %rdi
        movq    %xmm15, %rax
        or      %rax, %rdi
        mov     %rdi, 80(%r15)
        mov     %rsp, 72(%r15)
        and     $-16, %rsp

next_order:
        mov     8(%r15), %rax
        mov     16(%r15), %rdx
        cmp     $1, %rax
        je      load
        cmp     $2, %rax
        je      store
        cmp     $3, %rax
        je      jump
        cmp     $4, %rax
        je      illegal

enter:
        // Multiples of one pattern in the registers; rounding downwards; x87 with single precision.
        mov     $0x0101010101010101, %rbx
        lea     (%rbx,%rbx), %rbp
        lea     (%rbx,%rbp), %r12
        lea     (%rbx,%r12), %r13
        lea     (%rbx,%r13), %r14
        push    $0x3f80
        ldmxcsr (%rsp)
        push    $0x007f
        fldcw   (%rsp)
        mov     %rsp, 88(%r15)

        mov     32(%r15), %rdi
        mov     40(%r15), %rsi
        mov     48(%r15), %rdx
        mov     0(%r15), %rax
        test    %rax, %rax
        jz      by_instruction
        call    *%rax
        jmp     entered
by_instruction:
        syscall
entered:
        mov     %rax, 56(%r15)

        // Collects every difference in rdi.
        mov     88(%r15), %rdi
        xor     %rsp, %rdi
        mov     $0x0101010101010101, %rax
        mov     %rax, %rdx
        xor     %rbx, %rax
        or      %rax, %rdi
        lea     (%rdx,%rdx), %rax
        xor     %rax, %rbp
        or      %rbp, %rdi
        add     %rdx, %rax
        xor     %rax, %r12
        or      %r12, %rdi
        add     %rdx, %rax
        xor     %rax, %r13
        or      %r13, %rdi
        add     %rdx, %rax
        xor     %rax, %r14
        or      %r14, %rdi
        stmxcsr (%rsp)
        mov     (%rsp), %eax
        xor     $0x3f80, %eax
        or      %rax, %rdi
        fnstcw  (%rsp)
        movzwl  (%rsp), %eax
        xor     $0x007f, %eax
        or      %rax, %rdi
        add     $16, %rsp
        mov     %rdi, 64(%r15)
        jmp     next_order

load:
        mov     (%rdx), %rax
        mov     %rax, 24(%r15)
        jmp     enter
store:
        mov     24(%r15), %rax
        mov     %rax, (%rdx)
        jmp     enter
jump:
        jmp     *%rdx
illegal:
        ud2
puppet_code_end:

        .section .note.GNU-stack, "", @progbits
