// SPDX-License-Identifier: Apache-2.0
//
// A second state that follows the machine's log with the reducer alone: what the log says, and
// nothing else, must lead to the same digest, at every step.
#ifndef TESTS_PROPERTY_FOLLOWER_H
#define TESTS_PROPERTY_FOLLOWER_H

#include <stdint.h>

// At the boot of a machine.
void follower_begin(void);

// Takes what was appended since; ends the test where that can't follow, or leads elsewhere.
void follower_step(void);

uint64_t follower_page(void); // that it has come to
const uint64_t *follower_digest(void);

#endif
