// SPDX-License-Identifier: Apache-2.0
//
// Watching a program's memory while the kernel works: which of its bytes are read, and whether any
// is read again. A program may change a byte between two readings, so that what was checked is not
// what is used: the kernel reads each value once (CORE invariant 9).
//
//     watch_begin(thread, ACT_FREE, 512);
//     act_submit(thread, sqe);
//     struct watch seen = watch_end();
//
// watch_race() does not only look: each place of the range changes after it was read, so that what
// is read a second time is something else. What the kernel does must be what it would have done.
//
// The page of the host is protected; an access is let through by one instruction and recorded.
// Only x86_64 Linux.
#ifndef TESTS_SUPPORT_WATCH_H
#define TESTS_SUPPORT_WATCH_H

#include <stdint.h>

struct watch {
    uint32_t reads; // accesses of places in the range
    uint32_t again; // of them, of a place that had been read before
};

// Bytes of the thread's message area, at most a page and within one; one range at a time.
void watch_begin(uint32_t thread, uint32_t offset, uint32_t size);

// Any memory of a process, as its code would name it, within one page. `seed` says how it changes.
void watch_race(uint32_t space, uint64_t address, uint32_t size, uint64_t seed);

// What was changed is put back, unless the kernel wrote there.
struct watch watch_end(void);

#endif
