// SPDX-License-Identifier: Apache-2.0
//
// Mutex, condition variable and once for threads that share memory. Uncontended they are one atomic
// operation each and never enter the kernel; who has to wait sleeps by PARK, with the right of the
// park space that the object names. Any object starts out as `{.space = id}`, the rest zero: the
// same space for all who share it, in whatever process.
//
//     static struct tsr_mutex mutex;    mutex.space = space.id;
//     tsr_mutex_lock(&mutex); ... tsr_mutex_unlock(&mutex);
//
// They are no more than their words: nothing is allocated, nothing has to be given back. Whoever
// can write the words can break them: share them with whom you trust. A mutex that is held by a
// thread which ended stays locked.
//
// The three-state mutex and the counting condition variable follow U. Drepper, "Futexes Are
// Tricky" (2011), sections 5 and 9; docs of the words are at each struct.
#ifndef RUNTIME_PARK_H
#define RUNTIME_PARK_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/capnp/call.h"

struct tsr_mutex {
    uint64_t space;
    uint32_t word; // 0: free; 1: locked; 2: locked, and somebody may sleep
    uint32_t reserved;
};

// Not recursive: a thread that locks twice sleeps for ever.
void tsr_mutex_lock(struct tsr_mutex *mutex);
bool tsr_mutex_try_lock(struct tsr_mutex *mutex);
void tsr_mutex_unlock(struct tsr_mutex *mutex);

struct tsr_condition {
    uint64_t space;
    uint32_t word;     // counts the signals; wraps
    uint32_t sleepers; // who waits, or is about to
};

// Unlocks the mutex, sleeps until a signal that comes after the call, and locks it again. It may
// also wake without one: ask again for what you wait for. False when `timeout_ns` passed first
// (TIMEOUT_NONE: never).
bool tsr_condition_wait(struct tsr_condition *condition, struct tsr_mutex *mutex,
                        uint64_t timeout_ns);

// Wakes one who waits, or all.
void tsr_condition_signal(struct tsr_condition *condition);
void tsr_condition_broadcast(struct tsr_condition *condition);

struct tsr_once {
    uint64_t space;
    uint32_t word; // 0: not begun; 1: somebody runs it; 2: that, and somebody may sleep; 3: done
    uint32_t reserved;
};

// Calls `run(context)` the first time; returns when it has run, whoever ran it.
void tsr_once_run(struct tsr_once *once, void (*run)(void *context), void *context);

// --- Sleeping itself (parking.c) ---

// Sleeps if *word is `expected`, until it is woken, or without reason. False when the time limit
// passed first. A thread that can't sleep panics: its space is gone, or the word was unmapped.
bool tsr_park(uint64_t space, const uint32_t *word, uint32_t expected, uint64_t timeout_ns);

// Wakes at most `count` of those who sleep on the word.
void tsr_unpark(uint64_t space, const uint32_t *word, uint32_t count);

#endif
