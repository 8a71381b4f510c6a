// SPDX-License-Identifier: Apache-2.0
//
// What the files of this program share.
#ifndef PROGRAMS_SPAWN_SPAWN_H
#define PROGRAMS_SPAWN_SPAWN_H

#include "runtime/runtime.h"
#include "runtime/spawn.h"

#include "schema/kernel.capnp.h"

struct program {
    struct debug_console console;
    struct job job;
    struct tsr_spawner spawner;
    struct capnp_exception exception; // of the last call
};

extern struct program own;

void say(const char *text);
// Ends the program unless it holds.
void must(bool is_so, const char *what);

// What the guest came to: starts what was loaded, with a word for it, and waits.
enum exit_cause guest_await(struct tsr_build *build, const char *word, int32_t *code);

// Files that are broken, and files that nothing is left for.
void refusals_show(void);
void shortages_show(void);

#endif
