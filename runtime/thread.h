// SPDX-License-Identifier: Apache-2.0
//
// The runtime's own view of its thread: the ring, and one slot for every operation that may be
// outstanding. For files of the runtime only.
//
// The ring's message area is cut into slots of 1 KiB. A call takes one slot: the request is built
// in it, and the answer arrives in it, since the kernel has read the request before anybody can
// answer. Operations that bring no message take the other slots, which have no bytes; there are as
// many slots in all as the ring promises completions. An operation's user_data is its slot and the
// slot's generation, so that completions may come in any order and a late one finds nobody.
//
//     idle -> submitted -> done -> idle      the usual way
//     idle -> held -> linked -> done -> idle with all that may be: see below
//
// A slot that is idle is free (thread->free, thread->plain) or somebody builds a message in it. An
// operation that is submitted, waited for and matched in one function needs no state: its slot
// stays idle. A slot is linked instead of submitted when its completion concerns others, so that
// the usual way asks for nothing of that: its owner has left it (is_ended), somebody waits for
// whatever completes (queue), or calls are made on what it brings (pipeline.c: users, parent).
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
    SLOT_LINKED,    // the kernel has it, and its completion concerns others
    SLOT_HELD,      // a call on what another one brings, which is not here yet
    SLOT_DONE,      // its completion is here
};

struct tsr_slot;

// What becomes of a completion that an owner of many operations waits for (service/).
struct tsr_waiter {
    void (*done)(struct tsr_waiter *waiter, struct tsr_slot *slot);
};

// Slots whose completion is here, in the order of arrival, for an owner that waits for any of them.
struct tsr_queue {
    struct tsr_slot *first;
    struct tsr_slot *last;
};

struct tsr_slot {
    uint64_t user_data;    // generation << 32 | index
    uint32_t state;        // enum tsr_slot_state
    uint32_t offset;       // of its bytes in the message area
    uint8_t *bytes;        // NULL: it has none
    struct tsr_slot *next; // of the free ones, of the held ones, of those in a queue
    struct cqe completion;
    uint64_t caps[TRANSFERS_MAX];       // that came with the completion
    uint64_t interfaces[TRANSFERS_MAX]; // of those
    uint32_t sq_index;                  // of its SQE, for CANCEL
    // Of linked ones; all zero again before the slot is free.
    bool is_ended;             // nobody reads what it brings
    bool is_read;              // somebody has: its capabilities are theirs
    uint32_t users;            // calls on what it brings that are not done yet
    uint32_t ordinal;          // of held ones: which capability of parent's answer it calls
    struct tsr_slot *parent;   // the call on whose answer this one is made, until it is done
    struct tsr_queue *queue;   // where it goes when it is done
    struct sqe held;           // what is submitted once parent is done
    struct tsr_waiter *waiter; // of one with a queue
};

struct tsr_thread {
    struct ring_user ring;
    struct tsr_slot *free;  // the slot freed last is the next to be taken
    struct tsr_slot *plain; // the same for those without bytes
    struct tsr_queue held;  // in the order in which they were begun
    bool is_stepping;       // tsr_held_step runs
    uint32_t slot_count;    // 0: the thread has no ring yet
    uint32_t message_slots; // of these, the first so many have bytes
    struct tsr_slot slots[TSR_SLOTS_MAX];
    const struct start *start;
};

#pragma GCC visibility push(hidden)

// The context of the process's first thread.
extern struct tsr_thread tsr_first_thread;

// The context of the thread that runs. A program whose threads are all its first has the answer at
// link time; worker.c has the other answer, for programs that start workers.
__attribute__((const)) struct tsr_thread *tsr_self(void);

// Enters the kernel; see enum system_call for numbers and arguments. In <platform>/enter.S.
int64_t tsr_enter(uint64_t number, uint64_t first, uint64_t second);

// What _start does once the program's words are in place.
_Noreturn void tsr_process_run(struct start *start);

// Adopts the ring; false when its header is not one.
bool tsr_thread_init(struct tsr_thread *thread, struct ring_header *header);

// Enters the kernel until it has taken all that was submitted but for `left` operations: changes of
// authority may wait for room in the log. False when it takes no more.
bool tsr_thread_hand_over(struct tsr_thread *thread, uint32_t left);

// tsr_thread_has_room() for a full queue.
__attribute__((cold, noinline)) bool tsr_thread_make_room(struct tsr_thread *thread);

// Consumes every completion that is there. True when there was one.
bool tsr_thread_reap(struct tsr_thread *thread);

// Blocks until the operation in the slot, which was submitted, is done: 0, or the fact that ended
// the waiting.
int32_t tsr_thread_wait(struct tsr_thread *thread, struct tsr_slot *slot);

// Enters the kernel once and consumes what has completed: so many completions at least unless
// `timeout_ns` passes. 0, or the fact that ended the waiting.
int32_t tsr_thread_enter(struct tsr_thread *thread, uint32_t least, uint64_t timeout_ns);

// Bit n: slot n is free and has bytes.
uint32_t tsr_slots_free(const struct tsr_thread *thread);

// The first of `count` consecutive slots, taken; its state is that of all. NULL when there are
// none.
struct tsr_slot *tsr_slots_take(struct tsr_thread *thread, uint32_t count);

// Fills the slot's caps from the records behind `size` bytes of result at `result`; how many.
uint32_t tsr_slot_receive(struct tsr_slot *slot, const uint8_t *result, uint32_t size);

// Writes the descriptors of `count` capabilities at `at`: to be moved where bit n of `moves` says
// so, else to be copied.
void tsr_transfers_put(uint8_t *at, const uint64_t *caps, uint32_t count, uint32_t moves);

// Submits an operation from the slot, whose completion will find it: as SLOT_SUBMITTED, or, with a
// queue, as SLOT_LINKED. False when the kernel takes no more.
bool tsr_slot_submit(struct tsr_thread *thread, struct tsr_slot *slot, const struct sqe *operation,
                     struct tsr_queue *queue);

// Puts a slot that is done into a queue.
void tsr_queue_put(struct tsr_queue *queue, struct tsr_slot *slot);

// Nobody waits for the slot in a queue any more, whether it is in there already or not.
void tsr_queue_leave(struct tsr_slot *slot);

// A linked or held operation is done: its completion is kept, and who waits for it learns of it.
void tsr_slot_finish(struct tsr_slot *slot, struct cqe completion);

// The first in a queue, taken out of it and idle again; NULL when there is none.
struct tsr_slot *tsr_queue_take(struct tsr_queue *queue);

// Withdraws the operation in the slot. It still completes: well, if it was too late.
void tsr_slot_cancel(struct tsr_thread *thread, struct tsr_slot *slot);

// Gives up the slot in whatever state: what is under way in it is withdrawn, unless calls are made
// on what it brings, and the slot is free once nothing is under way.
__attribute__((noinline)) void tsr_slot_end(struct tsr_thread *thread, struct tsr_slot *slot);

// --- Calls on what another call brings (pipeline.c) ---

// Adds a call, `operation`, to those that wait for an answer; operation->cap names the promise. 0,
// or the fact that is in the way.
int32_t tsr_held_put(struct tsr_thread *thread, struct tsr_slot *slot, const struct sqe *operation);

// Submits those whose answers are here, as many as there is room for.
void tsr_held_step(struct tsr_thread *thread);

// Takes one out that is not to be submitted any more.
void tsr_held_remove(struct tsr_thread *thread, struct tsr_slot *slot);

// The call in the slot is done: the one on whose answer it was made has a user less.
void tsr_slot_unlink(struct tsr_thread *thread, struct tsr_slot *slot);

// Gives the slot back if it is done, nobody reads it and nobody builds on it any more.
void tsr_slot_dismiss(struct tsr_thread *thread, struct tsr_slot *slot);

// One owner of the capability less; true: that was the last one.
bool tsr_reference_drop(uint64_t cap);

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

// The slot is idle, and becomes free.
static inline void tsr_slot_put_back(struct tsr_thread *thread, struct tsr_slot *slot)
{
    tsr_slot_renew(slot);
    slot->next = thread->free;
    thread->free = slot;
}

static inline void tsr_slot_free(struct tsr_thread *thread, struct tsr_slot *slot)
{
    slot->state = SLOT_IDLE;
    tsr_slot_put_back(thread, slot);
}

// A slot without bytes, for an operation that brings no message; NULL: there is none.
static inline struct tsr_slot *tsr_plain_take(struct tsr_thread *thread)
{
    struct tsr_slot *slot = thread->plain;
    if (slot != NULL) {
        thread->plain = slot->next;
    }
    return slot;
}

static inline void tsr_plain_free(struct tsr_thread *thread, struct tsr_slot *slot)
{
    slot->state = SLOT_IDLE;
    tsr_slot_renew(slot);
    slot->next = thread->plain;
    thread->plain = slot;
}

// Whether an id names what the call in a slot will bring (tsr_call_promise): ids of capabilities
// never have such an index.
static inline bool tsr_is_promise(uint64_t cap)
{
    return (int32_t)cap < 0;
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

// What should complete next is the operation in the slot: when it stands first and is a result
// without capabilities, it is consumed, and the result's bytes are the answer. Otherwise the answer
// is negative, and the slot is left to tsr_thread_wait(). The caller has seen that there is one.
static inline int32_t tsr_thread_take_for(struct tsr_thread *thread, struct tsr_slot *slot)
{
    const struct cqe *completion = ring_user_first(&thread->ring);
    uint64_t word = tsr_completion_word(completion);
    if (completion->user_data == slot->user_data && word <= INT32_MAX) {
        ring_user_consume(&thread->ring);
        return (int32_t)word;
    }
    slot->state = SLOT_SUBMITTED;
    return -1;
}

// The same, of an operation just submitted: enters the kernel and waits until something completes.
static inline int32_t tsr_thread_enter_for(struct tsr_thread *thread, struct tsr_slot *slot)
{
    if (tsr_enter(SYSTEM_CALL_ENTER, 1, TIMEOUT_NONE) > 0) {
        return tsr_thread_take_for(thread, slot);
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
