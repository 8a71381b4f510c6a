// SPDX-License-Identifier: Apache-2.0
//
// A witness of every refusal: around each entry of a test it compares all that the kernel
// remembers, authoritative and transient, byte for byte. An operation that is refused must leave it
// as it was, but for the two rings, the audit trail, and the scratch memory of one operation.
//
// Whatever links act.h has it: nothing has to be asked for. What differs ends the test with the
// operation, the fact, and the place.
#ifndef KERNEL_CORE_TEST_UNCHANGED_H
#define KERNEL_CORE_TEST_UNCHANGED_H

#include <stdint.h>

#include "abi/errors.h"
#include "tests/support/machine.h"

extern const struct machine_witness unchanged_witness;

// Looks at one entry in so many; 1 at first. For tests that enter millions of times.
void unchanged_sample(uint32_t one_in);

// Refusals that were seen to change nothing, by fact.
extern uint64_t unchanged_seen[STATUS_LIMIT];

#endif
