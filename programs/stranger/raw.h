// SPDX-License-Identifier: Apache-2.0
//
// Requests by hand, on the ring of the thread that runs, and what the attempts share. The runtime's
// calls may be used between attempts, as long as all completions were taken.
#ifndef PROGRAMS_STRANGER_RAW_H
#define PROGRAMS_STRANGER_RAW_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/ids.h"
#include "abi/start.h"
#include "runtime/thread.h"

#include "schema/kernel.capnp.h"
#include "schema/proof.capnp.h"

enum {
    OWNED_MAX = 8,
    SCRATCH_SIZE = 2 * PAGE_SIZE,
    // Exit codes.
    GOT_NOTHING = 0,
    NOT_GRANTED = 1,
    GOT_THROUGH = 2, // a forged id, or an address that is not its own, was taken
    GOT_BYTES = 3,   // a request that was refused changed memory
    GOT_STUCK = 4,   // what must be answered is not
    GOT_MORE = 5,    // a flood was not stopped
};

struct stranger {
    const struct start *start;
    struct bystander bystander;
    struct timer timer;
    struct job job;                         // its own
    struct capability_manager capabilities; // 0: not granted
    struct address_space space;             // 0: not granted
    uint64_t owned[OWNED_MAX];              // all of these
    uint32_t owned_count;
    uint64_t random;
    _Alignas(PAGE_SIZE) uint8_t scratch[SCRATCH_SIZE];
};

extern struct stranger stranger;

uint64_t random_word(void);
uint32_t random_below(uint32_t limit);

// Submits a request, enters, and waits for its completion at most so long. False: none came. What
// else completes is dropped.
bool raw_request(const struct sqe *sqe, uint64_t timeout_ns, struct cqe *cqe);

// The attempts; each returns an exit code.
int32_t attempt_forged_ids(void);
int32_t attempt_addresses(void);
int32_t attempt_noise(void);
int32_t attempt_indexes(void);

#endif
