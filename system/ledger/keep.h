// SPDX-License-Identifier: Apache-2.0
//
// The memory in which the ledger keeps its checkpoints, and which outlives it. It has two halves,
// each with room for one checkpoint (abi/checkpoint.h) behind a word that says its size in bytes,
// 0: none. A new one is written over the older of the two, its size last: so that whenever the
// ledger ends, one is whole. Which one is newer its seq says, whether it is whole its hash.
#ifndef SYSTEM_LEDGER_KEEP_H
#define SYSTEM_LEDGER_KEEP_H

#include "lib/replay/checkpoint.h"

#include "schema/kernel.capnp.h"

enum { KEEP_HALF_MAX = 1 << 17 }; // bytes of a half that are used

struct keep {
    struct memory_object memory; // id 0: there is none
    uint32_t half_size;          // bytes
    uint32_t next;               // the half that is written next
};

// Finds how large the memory is. False, with the exception: it can't be asked.
bool keep_open(struct keep *keep, struct capnp_exception *exception);

// The newest whole checkpoint, into `bytes` (KEEP_HALF_MAX, aligned to 8), which it stays in.
// False: there is none, or the memory can't be read.
bool keep_read(struct keep *keep, void *bytes, struct checkpoint *checkpoint);

// Writes a checkpoint of `size` bytes. False: it does not fit, or can't be written; what was there
// before is still whole.
bool keep_write(struct keep *keep, const void *bytes, uint64_t size,
                struct capnp_exception *exception);

#endif
