// SPDX-License-Identifier: Apache-2.0
//
// See registers.h. SDM volume 2, CPUID: leaf 1 ECX bit 27 (OSXSAVE) and 28 (AVX), leaf 7 EBX bit 0
// (FSGSBASE). r12: the number; r13: has AVX; r14: has the bases; r15: rounds left.
#include "tests/registers/registers.h"

#define CALL_ENTER 0
#define CALL_EXIT  1

    .section .rodata
    .balign 16
    .globl program_code
    .globl program_code_end
program_code:
    movq %rdi, %r12
    movl $REGISTERS_ROUNDS, %r15d
    movl $1, %eax
    xorl %ecx, %ecx
    cpuid
    movl %ecx, %r13d
    shrl $27, %r13d
    andl $3, %r13d
    movl $7, %eax
    xorl %ecx, %ecx
    cpuid
    movl %ebx, %r14d
    andl $1, %r14d

    movl $REGISTERS_NOT_ZERO, %esi
    cmpl $3, %r13d
    jne 1f
    vextractf128 $1, %ymm7, %xmm0
    movq %xmm0, %rax
    testq %rax, %rax
    jnz leave
    movq %r12, %xmm0
    vinsertf128 $1, %xmm0, %ymm0, %ymm7
1:  testl %r14d, %r14d
    jz round
    rdfsbase %rax
    testq %rax, %rax
    jnz leave
    rdgsbase %rax
    testq %rax, %rax
    jnz leave
    wrfsbase %r12
    leaq 1(%r12), %rax
    wrgsbase %rax

round:
    movl $CALL_ENTER, %edi
    xorl %esi, %esi
    xorl %edx, %edx
    syscall
    cmpl $3, %r13d
    jne 1f
    movl $REGISTERS_AVX_LOST, %esi
    vextractf128 $1, %ymm7, %xmm0
    movq %xmm0, %rax
    cmpq %rax, %r12
    jne leave
1:  testl %r14d, %r14d
    jz 1f
    movl $REGISTERS_FS_LOST, %esi
    rdfsbase %rax
    cmpq %rax, %r12
    jne leave
    movl $REGISTERS_GS_LOST, %esi
    rdgsbase %rax
    decq %rax
    cmpq %rax, %r12
    jne leave
1:  decl %r15d
    jnz round
    movl $REGISTERS_KEPT, %esi
leave:
    movl $CALL_EXIT, %edi
    syscall
program_code_end:
