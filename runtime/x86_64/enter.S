// SPDX-License-Identifier: Apache-2.0
//
// int64_t tsr_enter(uint64_t number, uint64_t first, uint64_t second)
//
// A system call by trap: number in rdi, arguments in rsi and rdx, result in rax. The C calling
// convention puts them there already. The kernel preserves rsp and the callee-saved registers; the
// caller of a function expects all others to be lost.

    .section .text.tsr_enter, "ax", @progbits
    .globl tsr_enter
    .hidden tsr_enter
    .type tsr_enter, @function
tsr_enter:
    syscall
    ret
    .size tsr_enter, . - tsr_enter

    .section .note.GNU-stack, "", @progbits
