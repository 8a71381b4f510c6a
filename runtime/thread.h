// SPDX-License-Identifier: Apache-2.0
//
// The runtime's own view of its thread: the ring, and one slot for every operation that may be
// outstanding. For files of the runtime only.
//
// The ring's message area is cut into slots of 1 KiB. A call takes one slot: the request is built
// in it, and the answer arrives in it, since the kernel has read the request before anybody can
// answer. An operation's user_data is its slot and the slot's generation, so that completions may
// come in any order and a late one finds nobody.
//
//     idle -> submitted -> done -> idle
//                 |                 ^
//                 +-> abandoned ----+   (its completion gives the slot back)
//
// A slot that is idle is free (thread->free) or somebody builds a message in it. An operation that
// is submitted, waited for and matched in one function needs no state: its slot stays idle.
//
// Only the thread itself writes here.
#ifndef RUNTIME_THREAD_H
#define RUNTIME_THREAD_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/errors.h"
#include "abi/start.h"
#include "ring/ring.h"
#include "runtime/runtime.h"

enum {
    TSR_SLOT_SIZE = 1024,
    TSR_SLOTS_MAX = 28, // the default ring promises so many completions at a time
};

enum tsr_slot_state {
    SLOT_IDLE,      // the kernel does not have it
    SLOT_SUBMITTED, // the kernel has it
    SLOT_DONE,      // its completion is here
    SLOT_ABANDONED, // submitted, and nobody waits for it any more
};

struct tsr_slot {
    uint64_t user_data; // generation << 32 | index
    uint32_t state;     // enum tsr_slot_state
    struct cqe completion;
    uint64_t caps[TRANSFERS_MAX]; // that came with the completion
};

struct tsr_thread {
    struct ring_user ring;
    uint32_t free;       // bit n: slot n is free
    uint32_t slot_count; // 0: the thread has no ring yet
    struct tsr_slot slots[TSR_SLOTS_MAX];
    const struct start *start;
};

#pragma GCC visibility push(hidden)

// The one context: a process has one thread.
extern struct tsr_thread tsr_thread;

// Enters the kernel; see enum system_call for numbers and arguments. In <platform>/enter.S.
int64_t tsr_enter(uint64_t number, uint64_t first, uint64_t second);

// What _start does once the program's words are in place.
_Noreturn void tsr_process_run(struct start *start);

// Adopts the ring; false when its header is not one.
bool tsr_thread_init(struct tsr_thread *thread, struct ring_header *header);

// tsr_thread_has_room() for a full queue.
__attribute__((cold, noinline)) bool tsr_thread_make_room(struct tsr_thread *thread);

// Consumes every completion that is there. True when there was one.
bool tsr_thread_reap(struct tsr_thread *thread);

// Blocks until the operation in the slot, which was submitted, is done: 0, or the fact that ended
// the waiting.
int32_t tsr_thread_wait(struct tsr_thread *thread, struct tsr_slot *slot);

// Fills the slot's caps from the records behind `size` bytes of result at `result`; how many.
uint32_t tsr_slot_receive(struct tsr_slot *slot, const uint8_t *result, uint32_t size);

// Writes the descriptors of `count` capabilities, to be copied, at `at`.
void tsr_transfers_put(uint8_t *at, const uint64_t *caps, uint32_t count);

// Fills in an exception made of one fact, with its sentence; always false.
__attribute__((cold, noinline)) bool tsr_refuse(struct capnp_exception *exception, int32_t fact,
                                                uint64_t detail);

// Fills in what a completion that is no result says; always false. `bytes`: the message that came
// with it.
__attribute__((cold, noinline)) bool tsr_completion_refuse(const struct cqe *completion,
                                                           const uint8_t *bytes,
                                                           struct capnp_exception *exception);

#pragma GCC visibility pop

static inline uint8_t *tsr_slot_bytes(const struct tsr_thread *thread, uint32_t index)
{
    return thread->ring.messages + (size_t)index * TSR_SLOT_SIZE;
}

// From now on, completions of what was submitted from the slot so far find nobody.
static inline void tsr_slot_renew(struct tsr_slot *slot)
{
    slot->user_data += UINT64_C(1) << 32;
}

// `count` consecutive slots; the first one's state is that of all. False when there are none.
static inline bool tsr_slots_take(struct tsr_thread *thread, uint32_t count, uint32_t *first)
{
    for (uint32_t i = 0; count <= thread->slot_count && i <= thread->slot_count - count; i++) {
        uint32_t mask = ((1u << count) - 1) << i;
        if ((thread->free & mask) == mask) {
            thread->free &= ~mask;
            *first = i;
            return true;
        }
    }
    return false;
}

// The caller has seen that thread->free is not zero.
static inline uint32_t tsr_slot_take(struct tsr_thread *thread)
{
    uint32_t index = (uint32_t)__builtin_ctz(thread->free);
    thread->free &= thread->free - 1;
    return index;
}

static inline void tsr_slot_free(struct tsr_thread *thread, uint32_t index)
{
    thread->slots[index].state = SLOT_IDLE;
    tsr_slot_renew(&thread->slots[index]);
    thread->free |= 1u << index;
}

// Whether an SQE is free (ring_user_next); enters the kernel to have some taken when the queue is
// full. False when even that does not help.
static inline bool tsr_thread_has_room(struct tsr_thread *thread)
{
    return ring_user_room(&thread->ring) != 0 || tsr_thread_make_room(thread);
}

// Enters the kernel and waits until something completes. What should complete is the operation in
// the slot, just submitted: true when it stands first and is a result without capabilities. Then
// the caller reads it in place and consumes it; otherwise nothing has happened to what is there.
static inline bool tsr_thread_enter_for(struct tsr_thread *thread, const struct tsr_slot *slot)
{
    tsr_enter(SYSTEM_CALL_ENTER, 1, TIMEOUT_NONE);
    if (ring_user_available(&thread->ring) == 0) {
        return false;
    }
    const struct cqe *completion = ring_user_first(&thread->ring);
    return completion->user_data == slot->user_data && completion->status >= 0 &&
           (completion->flags | completion->transfers) == 0;
}

static inline bool tsr_completion_is_result(const struct cqe *completion)
{
    return completion->status >= 0 && (completion->flags & CQE_EXCEPTION_MASK) == 0;
}

#endif
