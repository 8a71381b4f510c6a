// SPDX-License-Identifier: Apache-2.0
//
// Checksums of programs, ahead of their first use, in small steps: a service that starts programs
// makes a task of it (service/service.h), so that who starts one first does not wait. A program
// that it has not come to is checked at its first use, as ever (spawn.h).
//
//     struct tsr_ahead ahead = {.spawner = &spawner, .names = names, .count = count};
//     struct tsr_task task = {.step = tsr_ahead_step, .context = &ahead};
#ifndef RUNTIME_AHEAD_H
#define RUNTIME_AHEAD_H

#include "lib/sha256/sha256.h"
#include "runtime/spawn.h"

enum { TSR_AHEAD_STEP = 512 }; // bytes

struct tsr_ahead {
    struct tsr_spawner *spawner;
    const struct capnp_text *names; // in this order
    uint32_t count;
    // Its own.
    uint32_t at;                       // of the names
    const struct package_entry *entry; // what is mapped; NULL: nothing
    uint64_t hashed;                   // bytes of it
    struct sha256 sha256;
};

// Hashes the next bytes. False: all is done. What can't be mapped, or is broken, is left to the
// first use, which says so.
bool tsr_ahead_step(void *ahead);

#endif
