// SPDX-License-Identifier: Apache-2.0
//
// int64_t tsr_enter(uint64_t number, uint64_t first, uint64_t second)
//
// A system call by call: the simulator's function takes the same arguments and follows the C
// calling convention. Its address is in struct start, and soon in tsr_kernel_enter.

    .section .text.tsr_enter, "ax", @progbits
    .globl tsr_enter
    .hidden tsr_enter
    .type tsr_enter, @function
tsr_enter:
    jmp *tsr_kernel_enter(%rip)
    .size tsr_enter, . - tsr_enter

    .section .note.GNU-stack, "", @progbits
