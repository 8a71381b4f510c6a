// SPDX-License-Identifier: Apache-2.0
//
// Leaving an operation too little of something, for tests of what it needs: the kernel's own counts
// are lowered behind its back, but for a job's limit, which goes to a child as a program would have
// it. One squeeze at a time; what it took is given back by squeeze_release().
#ifndef KERNEL_CORE_TEST_SQUEEZE_H
#define KERNEL_CORE_TEST_SQUEEZE_H

#include "kernel/core/test/act.h"

enum squeeze_kind {
    SQUEEZE_LIMIT,   // a resource of the limits of the first job
    SQUEEZE_RECORDS, // the records of that resource
    SQUEEZE_FRAMES,  // free frames
    SQUEEZE_SLOTS,   // slots for what waits: none, or as many as there are
    SQUEEZE_RING,    // promises of the thread's ring: the same
};

// Leaves `level` of it, to what the thread does.
void squeeze(uint32_t thread, enum squeeze_kind kind, uint32_t resource, uint32_t level);
void squeeze_release(uint32_t thread, enum squeeze_kind kind, uint32_t resource, uint32_t level);

// The fact of an operation that lacks it.
enum status squeeze_missing(enum squeeze_kind kind, uint32_t resource);

#endif
