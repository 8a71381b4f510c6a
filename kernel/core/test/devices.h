// SPDX-License-Identifier: Apache-2.0
//
// Acting as drivers, on top of act.h: ranges of ports and of lines, bindings and acknowledgements.
#ifndef KERNEL_CORE_TEST_DEVICES_H
#define KERNEL_CORE_TEST_DEVICES_H

#include "kernel/core/test/act.h"

// What tests of devices begin with: a first program, by its thread, and a notification of its own.
// 0, as a cmocka set-up.
int devices_boot(uint32_t *init, cap_t *bell);
// IoPorts.narrow, or Interrupt.narrow, which is the same.
enum status act_narrow_fact(uint32_t thread, cap_t range, uint32_t first, uint32_t count,
                            cap_t *made);
enum status act_line_bind_fact(uint32_t thread, cap_t interrupt, cap_t notification, uint64_t bits,
                               uint64_t *generation);
// They fail the test unless they succeed: a part of what the thread has under the name; the
// binding's generation.
cap_t act_narrow(uint32_t thread, const char *name, uint32_t first, uint32_t count);
uint64_t act_line_bind(uint32_t thread, cap_t interrupt, cap_t notification, uint64_t bits);
void act_acknowledge(uint32_t thread, cap_t interrupt, uint64_t generation);

#endif
