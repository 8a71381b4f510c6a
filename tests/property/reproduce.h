// SPDX-License-Identifier: Apache-2.0
//
// What a sequence that was written down (record.h) is made of: one function for each thing that a
// test does to the machine, and for each that must come of it. Whatever differs ends the test.
// After each of them the invariants hold, and the log leads to the same state.
//
//     #include "tests/property/reproduce.h"
//     int main(void)
//     {
//         begin(0x1, 0, 0, 0, 0);
//         submit(0, (const uint64_t[]){...});
//         enter(0, 0, 0);
//         take(0);
//         fails(0x1560, STATUS_REVOKED);
//     }
#ifndef TESTS_PROPERTY_REPRODUCE_H
#define TESTS_PROPERTY_REPRODUCE_H

#include <stdbool.h>
#include <stdint.h>

void begin(uint64_t boot_id, uint64_t space_base, bool takes_tables, uint32_t hole_first,
           uint32_t hole_count);
void end(void); // everybody has exited

void now(uint64_t now_ns);
void interrupts(bool between_turns);
void trim(uint64_t page);
void bytes(uint32_t space, uint64_t address, const char *text, uint64_t size);
void submit(uint32_t thread, const uint64_t words[8]);
void enter(uint32_t thread, uint64_t min_complete, uint64_t timeout_ns);
void leave(uint32_t thread, uint64_t code, uint64_t none);
void fault(uint32_t thread, uint64_t cause, uint64_t address);
void timer(uint64_t now_ns);
void interrupt(uint64_t lines);

// Takes what has completed; the others say of these, by their numbers, what must have become of
// them.
void take(uint32_t thread);
void succeeds(uint64_t user_data, uint32_t size, uint32_t exception);
void extra(uint64_t value); // of the one before
void fails(uint64_t user_data, int fact);
void lacks(uint32_t thread, uint64_t user_data); // it must be there
void unexpected(uint64_t user_data);             // it must not
void says(int fact); // of what was submitted last, a kernel object's call; 0: it succeeds

void waits(uint32_t thread, uint32_t count);
void holds(uint32_t count);

#endif
