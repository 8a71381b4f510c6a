// SPDX-License-Identifier: Apache-2.0
//
// ASSERT states what the programmer knows to be true. It stays in release builds; a failure stops
// the machine. It never checks input: input is checked by code that returns a status.
#ifndef KERNEL_CORE_STATE_ASSERT_H
#define KERNEL_CORE_STATE_ASSERT_H

#include <stdint.h>

// Who links the state says what a failed assertion does; it does not return.
_Noreturn void assert_fail(const char *claim, const char *file, uint32_t line);

#define ASSERT(claim) ((claim) ? (void)0 : assert_fail(#claim, __FILE__, __LINE__))

#endif
