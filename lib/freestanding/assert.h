// SPDX-License-Identifier: Apache-2.0
// What freestanding code may expect of <assert.h>: static_assert, as C17 spells it. There is no
// assert(): an assertion that stays in release builds is a function call of its owner.
#ifndef LIB_FREESTANDING_ASSERT_H
#define LIB_FREESTANDING_ASSERT_H

#define static_assert _Static_assert

#endif
