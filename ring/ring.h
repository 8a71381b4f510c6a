// SPDX-License-Identifier: Apache-2.0
//
// The ring protocol: one code, compiled into the kernel and into programs. The layout is that of
// abi/ring.h; here stand the moves that either side makes on it. All of it is inline: a NOP's whole
// path is some hundred instructions.
//
// Who writes what:
//   kernel   header geometry (once), sq_head, cq_tail, the CQEs
//   thread   sq_tail, cq_head, the SQEs
// Each side writes its entry first and then its index, with release; the other side reads that
// index with acquire and then the entry. An index counts freely through 2^32; entry i stands at
// i & mask. The difference of two indexes is the number of entries between them, also across the
// wrap.
//
// The kernel believes nothing that a thread can write: geometry and its own two indexes live in
// struct ring_kernel, in its own memory, and an SQE is copied once, word by word, before anything
// looks at it. Of the shared memory it reads sq_tail, cq_head and SQEs, and nothing else. A thread
// that corrupts an index is told so (a negative count) and harms only itself: entries are addressed
// through the mask, so no index leads out of the ring.
//
// Deferred operations: the kernel reserves a completion when it accepts one and posts into the
// reservation later, so that a completion is never lost. At most cq_entries - CQ_ENTRIES_KEPT are
// reserved at a time.
#ifndef RING_RING_H
#define RING_RING_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include "abi/ids.h"
#include "abi/ring.h"

enum {
    SQ_ENTRIES_MIN = 16,
    SQ_ENTRIES_MAX = 256,
    CQ_ENTRIES_MIN = 32,
    CQ_ENTRIES_MAX = 4096,
    RING_MESSAGE_PAGES_MIN = 3,
    RING_MESSAGE_PAGES_MAX = 64,
};

// One word of an entry, whatever the entry's type.
struct ring_word {
    uint64_t value;
} __attribute__((may_alias));

// --- Geometry -----------------------------------------------------------------------------------

static inline uint32_t ring_cq_offset_of(uint32_t sq_entries)
{
    return (uint32_t)sizeof(struct ring_header) + sq_entries * (uint32_t)sizeof(struct sqe);
}

// The message area begins at a page, so that a message slot never straddles one needlessly.
static inline uint32_t ring_message_offset_of(uint32_t sq_entries, uint32_t cq_entries)
{
    uint32_t end = ring_cq_offset_of(sq_entries) + cq_entries * (uint32_t)sizeof(struct cqe);
    return (end + PAGE_SIZE - 1) & ~(uint32_t)(PAGE_SIZE - 1);
}

// Pages of a whole ring.
static inline uint32_t ring_pages_of(uint32_t sq_entries, uint32_t cq_entries,
                                     uint32_t message_pages)
{
    return ring_message_offset_of(sq_entries, cq_entries) / PAGE_SIZE + message_pages;
}

static inline bool ring_is_geometry(uint32_t sq_entries, uint32_t cq_entries,
                                    uint32_t message_pages)
{
    return sq_entries >= SQ_ENTRIES_MIN && sq_entries <= SQ_ENTRIES_MAX &&
           (sq_entries & (sq_entries - 1)) == 0 && cq_entries >= CQ_ENTRIES_MIN &&
           cq_entries <= CQ_ENTRIES_MAX && (cq_entries & (cq_entries - 1)) == 0 &&
           message_pages >= RING_MESSAGE_PAGES_MIN && message_pages <= RING_MESSAGE_PAGES_MAX;
}

// --- The kernel's side --------------------------------------------------------------------------

struct ring_kernel {
    struct ring_header *header; // shared with the thread; so are the entries
    struct sqe *sq;
    struct cqe *cq;
    uint32_t sq_entries;
    uint32_t cq_entries;
    uint32_t sq_mask;
    uint32_t cq_mask;
    uint32_t sq_head;  // SQEs taken
    uint32_t cq_tail;  // completions posted
    uint32_t reserved; // completions promised and not yet posted
};

// Lays out a ring in `memory`: ring_pages_of() zeroed, consecutive pages. The geometry is a valid
// one (ring_is_geometry).
static inline void ring_kernel_init(struct ring_kernel *r, void *memory, uint32_t sq_entries,
                                    uint32_t cq_entries, uint32_t message_pages)
{
    struct ring_header *header = memory;
    *header = (struct ring_header){.magic = RING_MAGIC,
                                   .abi_major = ABI_MAJOR,
                                   .abi_minor = ABI_MINOR,
                                   .sq_entries = sq_entries,
                                   .cq_entries = cq_entries,
                                   .sq_offset = (uint32_t)sizeof *header,
                                   .cq_offset = ring_cq_offset_of(sq_entries),
                                   .message_offset = ring_message_offset_of(sq_entries, cq_entries),
                                   .message_size = message_pages * PAGE_SIZE};
    struct sqe *sq = (struct sqe *)(header + 1);
    *r = (struct ring_kernel){.header = header,
                              .sq = sq,
                              .cq = (struct cqe *)(sq + sq_entries),
                              .sq_entries = sq_entries,
                              .cq_entries = cq_entries,
                              .sq_mask = sq_entries - 1,
                              .cq_mask = cq_entries - 1};
}

// SQEs submitted and not yet taken; more than there can be where the index is corrupt.
static inline uint32_t ring_kernel_submitted(const struct ring_kernel *r)
{
    return __atomic_load_n(&r->header->sq_tail, __ATOMIC_ACQUIRE) - r->sq_head;
}

// Completions posted and not yet consumed; more than there can be where the index is corrupt.
static inline uint32_t ring_kernel_posted(const struct ring_kernel *r)
{
    return r->cq_tail - __atomic_load_n(&r->header->cq_head, __ATOMIC_ACQUIRE);
}

// How many of the `pending` SQEs can be taken now, at most `max`: each has room for its completion.
static inline uint32_t ring_kernel_ready(const struct ring_kernel *r, uint32_t pending,
                                         uint32_t max)
{
    uint64_t used = (uint64_t)ring_kernel_posted(r) + r->reserved;
    uint32_t ready = pending < max ? pending : max;
    bool is_tight = used + ready > r->cq_entries;
    if (__builtin_expect(is_tight, false)) {
        return used > r->cq_mask ? 0 : r->cq_entries - (uint32_t)used;
    }
    return ready;
}

// An SQE that is about to be taken: where it stands, and its first word, which was read; the others
// are not read yet.
struct ring_entry {
    const struct ring_word *words;
    uint64_t first;
};

// The next SQE; ring_kernel_ready() said that it is there. It is taken when sq_head has passed it.
static inline struct ring_entry ring_kernel_next(const struct ring_kernel *r)
{
    const struct ring_word *words = (const struct ring_word *)&r->sq[r->sq_head & r->sq_mask];
    return (struct ring_entry){words, __atomic_load_n(&words->value, __ATOMIC_RELAXED)};
}

// Copies words of it to `out`, from `first` up to `end`. So each word is read exactly once:
// whatever the thread does to it afterwards has no effect.
static inline void ring_kernel_copy(struct ring_entry entry, struct sqe *out, uint32_t first,
                                    uint32_t end)
{
    struct ring_word *to = (struct ring_word *)out;
    for (uint32_t i = first; i < end; i++) {
        to[i].value =
            i == 0 ? entry.first : __atomic_load_n(&entry.words[i].value, __ATOMIC_RELAXED);
    }
}

// Whether one more completion may be promised to an operation that completes later. Besides, there
// must be room; where an SQE was taken, there is.
static inline bool ring_kernel_may_reserve(const struct ring_kernel *r)
{
    return r->reserved + CQ_ENTRIES_KEPT < r->cq_entries;
}

// Promises it; the caller has seen ring_kernel_may_reserve().
static inline void ring_kernel_reserve(struct ring_kernel *r)
{
    r->reserved++;
}

// Gives one promise back: the caller posts into it now, or the operation completes silently.
static inline void ring_kernel_unreserve(struct ring_kernel *r)
{
    r->reserved--;
}

// Writes a completion, which the thread sees after ring_kernel_publish(). There is room: the caller
// has seen it in this turn, or gave a promise back just before.
static inline void ring_kernel_post(struct ring_kernel *r, const struct cqe *entry)
{
    r->cq[r->cq_tail & r->cq_mask] = *entry;
    r->cq_tail++;
}

// Shows the thread what was posted; and what was taken.
static inline void ring_kernel_publish_posted(struct ring_kernel *r)
{
    __atomic_store_n(&r->header->cq_tail, r->cq_tail, __ATOMIC_RELEASE);
}

static inline void ring_kernel_publish(struct ring_kernel *r)
{
    __atomic_store_n(&r->header->sq_head, r->sq_head, __ATOMIC_RELEASE);
    ring_kernel_publish_posted(r);
}

// --- The thread's side --------------------------------------------------------------------------

struct ring_user {
    struct ring_header *header;
    struct sqe *sq;
    struct cqe *cq;
    uint8_t *messages; // the message area: offsets in SQEs count from here
    uint32_t message_size;
    uint32_t sq_mask;
    uint32_t cq_mask;
    uint32_t sq_tail; // SQEs submitted
    uint32_t cq_head; // completions consumed
};

// Adopts the ring at `header`; false when it is none, of another ABI, or of a geometry that this
// code does not know.
static inline bool ring_user_init(struct ring_user *r, struct ring_header *header)
{
    uint32_t sq_entries = header->sq_entries;
    uint32_t cq_entries = header->cq_entries;
    if (header->magic != RING_MAGIC || header->abi_major != ABI_MAJOR ||
        header->message_size % PAGE_SIZE != 0 ||
        !ring_is_geometry(sq_entries, cq_entries, header->message_size / PAGE_SIZE) ||
        header->sq_offset != sizeof(struct ring_header) ||
        header->cq_offset != ring_cq_offset_of(sq_entries) ||
        header->message_offset != ring_message_offset_of(sq_entries, cq_entries)) {
        return false;
    }
    r->header = header;
    r->sq = (struct sqe *)(header + 1);
    r->cq = (struct cqe *)(r->sq + sq_entries);
    r->messages = (uint8_t *)header + header->message_offset;
    r->message_size = header->message_size;
    r->sq_mask = sq_entries - 1;
    r->cq_mask = cq_entries - 1;
    r->sq_tail = header->sq_tail;
    r->cq_head = header->cq_head;
    return true;
}

// SQEs submitted and not yet taken by the kernel.
static inline uint32_t ring_user_untaken(const struct ring_user *r)
{
    return r->sq_tail - __atomic_load_n(&r->header->sq_head, __ATOMIC_ACQUIRE);
}

// SQEs that are free.
static inline uint32_t ring_user_room(const struct ring_user *r)
{
    return r->sq_mask + 1 - ring_user_untaken(r);
}

// The next SQE, to be written; ring_user_room() said that it is free. Its content is old: the
// caller writes all of it. The kernel sees it after ring_user_publish().
static inline struct sqe *ring_user_next(struct ring_user *r)
{
    return &r->sq[r->sq_tail++ & r->sq_mask];
}

// Hands what ring_user_next() gave, one SQE or many, to the kernel, which takes them at the next
// cap_enter.
static inline void ring_user_publish(const struct ring_user *r)
{
    __atomic_store_n(&r->header->sq_tail, r->sq_tail, __ATOMIC_RELEASE);
}

// The same for one SQE in two steps: the next one, or NULL when the SQ is full, and its submission.
static inline struct sqe *ring_user_slot(const struct ring_user *r)
{
    return ring_user_room(r) == 0 ? NULL : &r->sq[r->sq_tail & r->sq_mask];
}

static inline void ring_user_submit(struct ring_user *r)
{
    r->sq_tail++;
    ring_user_publish(r);
}

// Completions that are there.
static inline uint32_t ring_user_available(const struct ring_user *r)
{
    return __atomic_load_n(&r->header->cq_tail, __ATOMIC_ACQUIRE) - r->cq_head;
}

// The next completion, where it stands; ring_user_available() said that it is there. The kernel
// does not touch it until its entry is given back.
static inline const struct cqe *ring_user_first(const struct ring_user *r)
{
    return &r->cq[r->cq_head & r->cq_mask];
}

// The same, and the one behind it is the next.
static inline const struct cqe *ring_user_take(struct ring_user *r)
{
    return &r->cq[r->cq_head++ & r->cq_mask];
}

// Gives the entries that ring_user_take() showed, one or many, back to the kernel.
static inline void ring_user_give_back(const struct ring_user *r)
{
    __atomic_store_n(&r->header->cq_head, r->cq_head, __ATOMIC_RELEASE);
}

// The next completion, or NULL when there is none.
static inline const struct cqe *ring_user_peek(const struct ring_user *r)
{
    return ring_user_available(r) == 0 ? NULL : ring_user_first(r);
}

// Gives the entry of the completion that ring_user_peek() or ring_user_first() showed back.
static inline void ring_user_consume(struct ring_user *r)
{
    r->cq_head++;
    ring_user_give_back(r);
}

// Consumes the next completion into `out`; false when there is none.
static inline bool ring_user_reap(struct ring_user *r, struct cqe *out)
{
    const struct cqe *entry = ring_user_peek(r);
    if (entry == NULL) {
        return false;
    }
    *out = *entry;
    ring_user_consume(r);
    return true;
}

static_assert(sizeof(struct sqe) == 8 * sizeof(struct ring_word), "take copies eight words");

#endif
