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
    uint32_t offset;    // of its bytes in the message area
    uint8_t *bytes;
    struct tsr_slot *next; // of the free ones
    struct cqe completion;
    uint64_t caps[TRANSFERS_MAX]; // that came with the completion
};

struct tsr_thread {
    struct ring_user ring;
    struct tsr_slot *free; // the slot freed last is the next to be taken
    uint32_t slot_count;   // 0: the thread has no ring yet
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

// Bit n: slot n is free.
uint32_t tsr_slots_free(const struct tsr_thread *thread);

// The first of `count` consecutive slots, taken; its state is that of all. NULL when there are
// none.
struct tsr_slot *tsr_slots_take(struct tsr_thread *thread, uint32_t count);

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

// From now on, completions of what was submitted from the slot so far find nobody.
static inline void tsr_slot_renew(struct tsr_slot *slot)
{
    slot->user_data += UINT64_C(1) << 32;
}

// The caller has seen that there is a free slot.
static inline struct tsr_slot *tsr_slot_take(struct tsr_thread *thread)
{
    struct tsr_slot *slot = thread->free;
    thread->free = slot->next;
    return slot;
}

static inline void tsr_slot_free(struct tsr_thread *thread, struct tsr_slot *slot)
{
    slot->state = SLOT_IDLE;
    tsr_slot_renew(slot);
    slot->next = thread->free;
    thread->free = slot;
}

// Whether an SQE is free (ring_user_next); enters the kernel to have some taken when the queue is
// full. False when even that does not help.
static inline bool tsr_thread_has_room(struct tsr_thread *thread)
{
    return ring_user_room(&thread->ring) != 0 || tsr_thread_make_room(thread);
}

// Status, flags and transfers of a completion as they lie: a result of fewer than 2^31 bytes, and
// nothing else, is a number below 2^31.
static inline uint64_t tsr_completion_word(const struct cqe *completion)
{
    uint64_t word;
    __builtin_memcpy(&word, &completion->status, sizeof(word));
    return word;
}

// Enters the kernel and waits until something completes. What should complete is the operation in
// the slot, just submitted: when it stands first and is a result without capabilities, it is
// consumed, and the result's bytes are the answer. Otherwise the answer is negative, and the slot
// is left to tsr_thread_wait().
static inline int32_t tsr_thread_enter_for(struct tsr_thread *thread, struct tsr_slot *slot)
{
    if (tsr_enter(SYSTEM_CALL_ENTER, 1, TIMEOUT_NONE) > 0) {
        const struct cqe *completion = ring_user_first(&thread->ring);
        uint64_t word = tsr_completion_word(completion);
        if (completion->user_data == slot->user_data && word <= INT32_MAX) {
            ring_user_consume(&thread->ring);
            return (int32_t)word;
        }
    }
    slot->state = SLOT_SUBMITTED;
    return -1;
}

static inline bool tsr_completion_is_result(const struct cqe *completion)
{
    return completion->status >= 0 && (completion->flags & CQE_EXCEPTION_MASK) == 0;
}

static_assert(offsetof(struct cqe, transfers) == offsetof(struct cqe, status) + 6, "one word");

#endif
