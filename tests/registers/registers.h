// SPDX-License-Identifier: Apache-2.0
//
// The program of the suite: position-independent, at most a page. Its argument is a number other
// than zero that it keeps in every register that only this platform has; after each entry it looks
// whether they are still there. Exit codes: enum register_fault.
#ifndef TESTS_REGISTERS_REGISTERS_H
#define TESTS_REGISTERS_REGISTERS_H

#define REGISTERS_ROUNDS   100
#define REGISTERS_KEPT     0
#define REGISTERS_NOT_ZERO 1 // at the first instruction
#define REGISTERS_AVX_LOST 2
#define REGISTERS_FS_LOST  3
#define REGISTERS_GS_LOST  4

#endif
