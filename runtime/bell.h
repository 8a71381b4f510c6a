// SPDX-License-Identifier: Apache-2.0
//
// Waiting for a notification beside calls: a program that waits for whichever comes first.
//
//     struct tsr_bell bell;
//     tsr_bell_open(&bell, notification, 1, &exception);
//     while (!tsr_call_is_done(&call) && !tsr_bell_has_rung(&bell)) {
//         tsr_wait(TIMEOUT_NONE, &exception);
//     }
//     if (tsr_bell_has_rung(&bell) && tsr_bell_take(&bell, &bits, &exception)) { ... }
//     tsr_bell_close(&bell);
#ifndef RUNTIME_BELL_H
#define RUNTIME_BELL_H

#include "runtime/runtime.h"

struct tsr_slot;

struct tsr_bell {
    uint64_t notification;
    uint64_t mask;
    struct tsr_slot *slot; // NULL: it is closed
};

// From now on it waits for bits of the mask. False: the ring has no room; it is closed.
bool tsr_bell_open(struct tsr_bell *bell, uint64_t notification, uint64_t mask,
                   struct capnp_exception *exception);
// Whether taking it will not wait. Doesn't enter the kernel.
bool tsr_bell_has_rung(const struct tsr_bell *bell);
// Of one that has rung: the bits, which are taken; it waits again. False, and it is closed: it
// can't be waited for any more.
bool tsr_bell_take(struct tsr_bell *bell, uint64_t *bits, struct capnp_exception *exception);
// Doesn't wait any more. Bits that come meanwhile may be lost.
void tsr_bell_close(struct tsr_bell *bell);

#endif
