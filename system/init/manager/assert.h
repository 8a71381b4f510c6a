// SPDX-License-Identifier: Apache-2.0
//
// Assertions of the service manager, which stay in release builds. Who links it says what becomes
// of one that doesn't hold.
#ifndef INIT_MANAGER_ASSERT_H
#define INIT_MANAGER_ASSERT_H

#include <stdint.h>

_Noreturn void manager_assert_fail(const char *claim, const char *file, uint32_t line);

#define manager_assert(claim) ((claim) ? (void)0 : manager_assert_fail(#claim, __FILE__, __LINE__))

#endif
