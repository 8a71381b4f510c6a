// SPDX-License-Identifier: Apache-2.0
//
// The program's own addresses: what it maps besides its image, its stack and what spawn.h uses.
// Ranges are handed out here, so that heap, workers, streams and the program itself never meet.
//
//     static struct tsr_space space;
//     tsr_space_open(&space, start, &exception);
//     tsr_space_map(&space, memory, 0, 4, RIGHT_READ | RIGHT_WRITE, &address, &exception);
//     ... (uint8_t *)address ...
//     tsr_space_unmap(&space, address, 4, &exception);
//
// Needs "space" (AddressSpace) and, for fresh memory, "job" (makeMemory) in the CapSet. Threads may
// share it (tsr_workers_open). Ranges begin at multiples of 64 KiB from the first one on, so that
// behind a range that is no multiple of it there are always pages that nobody has.
#ifndef RUNTIME_SPACE_H
#define RUNTIME_SPACE_H

#include "abi/ids.h"
#include "runtime/park.h"
#include "runtime/runtime.h"

#include "schema/kernel.capnp.h"

enum {
    TSR_SPACE_FIRST = 0x20000000, // relative to the base of the process's addresses
    TSR_SPACE_GRANULE = 0x10000,
    TSR_SPACE_GRANULES = 3840, // 240 MiB
    TSR_SPACE_MAP_PAGES = 512, // of one mapping
};

static_assert((uint64_t)TSR_SPACE_FIRST + (uint64_t)TSR_SPACE_GRANULES * TSR_SPACE_GRANULE <=
                  LAYOUT_OWN,
              "behind it are the addresses of spawn.h");

struct tsr_space {
    struct job job; // 0: not granted, so there is no fresh memory
    struct address_space space;
    uint64_t first; // address
    struct tsr_mutex mutex;
    uint64_t taken[TSR_SPACE_GRANULES / 64]; // bit n: granule n
};

// False: the process was not granted its address space.
bool tsr_space_open(struct tsr_space *space, const struct start *start,
                    struct capnp_exception *exception);

// So many addresses that nobody else has, with nothing there; 0: there are not so many in a row.
uint64_t tsr_space_take(struct tsr_space *space, uint64_t pages);
// Somebody else may have them; nothing may be mapped there.
void tsr_space_give(struct tsr_space *space, uint64_t address, uint64_t pages);

// Maps a part of an object, from a multiple of PAGE_SIZE on, at an address of its choice.
bool tsr_space_map(struct tsr_space *space, struct memory_object memory, uint64_t offset,
                   uint32_t pages, uint32_t rights, uint64_t *address,
                   struct capnp_exception *exception);
// False: it is there still.
bool tsr_space_unmap(struct tsr_space *space, uint64_t address, uint32_t pages,
                     struct capnp_exception *exception);

// Fresh zeroed memory at addresses that were taken; all of it or nothing.
bool tsr_space_fill(struct tsr_space *space, uint64_t address, uint32_t pages,
                    struct capnp_exception *exception);
// Gives it back to the job. False: some of it is there still, so the addresses must stay taken.
bool tsr_space_empty(struct tsr_space *space, uint64_t address, uint32_t pages,
                     struct capnp_exception *exception);

#endif
