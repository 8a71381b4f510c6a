// SPDX-License-Identifier: Apache-2.0
//
// void __sanitizer_cov_trace_pc(void)
//
// What the compiler calls at every basic block of a program (-fsanitize-coverage=trace-pc): tells
// the simulator that the program has computed a little. The simulator's function stands at a fixed
// distance from the one that enters the kernel (hal/sim/compute.c: SIM_COMPUTE_AT); before the
// program knows where, nothing is told.

    .set COMPUTE_AT, 64

    .section .text.__sanitizer_cov_trace_pc, "ax", @progbits
    .globl __sanitizer_cov_trace_pc
    .hidden __sanitizer_cov_trace_pc
    .type __sanitizer_cov_trace_pc, @function
__sanitizer_cov_trace_pc:
    mov tsr_kernel_enter(%rip), %rax
    test %rax, %rax
    jz 1f
    add $COMPUTE_AT, %rax
    jmp *%rax
1:  ret
    .size __sanitizer_cov_trace_pc, . - __sanitizer_cov_trace_pc

    .section .note.GNU-stack, "", @progbits
