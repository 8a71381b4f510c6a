// SPDX-License-Identifier: Apache-2.0
//
// A program's buffers, as pieces of memory that the kernel can touch. A message in the ring's
// message area is the fast case: a bounds check, and its page is at hand.
#ifndef KERNEL_CORE_BUFFER_H
#define KERNEL_CORE_BUFFER_H

#include <string.h>

#include "kernel/core/core.h"

enum {
    BUFFER_SPANS_MAX = 18, // 64 KiB, a header, and two partial pages
};

// A program's memory, found in the mappings: pieces that the kernel can touch.
struct span {
    uint8_t *at;
    uint32_t size;
};

struct buffer {
    uint32_t count;
    uint64_t page; // the last one, of an address: its object << 32 | page of the object
    struct span spans[BUFFER_SPANS_MAX];
};

// Finds a buffer of the thread's process: `size` bytes at an address, with these rights, or at an
// offset into the ring's message area. STATUS_BAD_BUFFER where it is not wholly there.
__attribute__((noinline)) enum status buffer_resolve_address(const struct core *core,
                                                             uint32_t process, uint64_t at,
                                                             uint32_t size, uint32_t rights,
                                                             struct buffer *buffer);

// A part of the message area that is not within one page.
__attribute__((noinline)) enum status
buffer_resolve_message(const struct core *core, const struct thread_record *thread, uint64_t at,
                       uint32_t size, uint32_t rights, struct buffer *buffer);

static inline enum status buffer_resolve(const struct core *core,
                                         const struct thread_record *thread, uint64_t at,
                                         uint32_t size, bool in_ring, uint32_t rights,
                                         struct buffer *buffer)
{
    if (__builtin_expect(!in_ring, false)) {
        return buffer_resolve_address(core, thread->process, at, size, rights, buffer);
    }
    uint64_t in_page = at % PAGE_SIZE;
    if (__builtin_expect(at >= thread->message_size, false) ||
        __builtin_expect(in_page + size > PAGE_SIZE, false)) {
        return buffer_resolve_message(core, thread, at, size, rights, buffer);
    }
    buffer->count = 1;
    buffer->spans[0] = (struct span){thread->messages[at / PAGE_SIZE] + in_page, size};
    return STATUS_OK;
}

// The first `size` bytes of a request's payload, to be read, or of its result, to be written.
static inline enum status buffer_payload(const struct core *core, const struct request *request,
                                         uint32_t size, struct buffer *buffer)
{
    const struct sqe *sqe = &request->sqe;
    return buffer_resolve(core, request->thread, sqe->payload, size,
                          (sqe->flags & SQE_RING_PAYLOAD) != 0, RIGHT_READ, buffer);
}

static inline enum status buffer_result(const struct core *core, const struct request *request,
                                        uint32_t size, struct buffer *buffer)
{
    const struct sqe *sqe = &request->sqe;
    return buffer_resolve(core, request->thread, sqe->result, size,
                          (sqe->flags & SQE_RING_RESULT) != 0, RIGHT_WRITE, buffer);
}

// Whether a request that waits may still have its result, of so many bytes; else it ends with the
// reason.
static inline bool result_is_ready(struct core *core, struct request *request, uint32_t size,
                                   struct buffer *buffer)
{
    enum status status = hold_check(core, request->sqe.cap);
    enum sqe_argument about = ARGUMENT_CAP;
    if (status == STATUS_OK) {
        status = buffer_result(core, request, size, buffer);
        about = ARGUMENT_RESULT;
    }
    if (status != STATUS_OK) {
        request_fail(core, request, status, about);
    }
    return status == STATUS_OK;
}

// The piece at `offset` into the spans, as far as it goes, of at most `size` bytes.
static inline struct span piece_at(const struct span *spans, uint32_t offset, uint32_t size)
{
    for (; offset >= spans->size; spans++) {
        offset -= spans->size;
    }
    uint32_t rest = spans->size - offset;
    return (struct span){spans->at + offset, size < rest ? size : rest};
}

// Copies bytes from one row of spans to another, which have so many.
static inline void spans_copy(const struct span *to, uint32_t to_offset, const struct span *from,
                              uint32_t from_offset, uint32_t size)
{
    if (to_offset + size <= to->size && from_offset + size <= from->size) {
        memmove(to->at + to_offset, from->at + from_offset, size); // a program may answer itself
        return;
    }
    for (uint32_t done = 0; done < size;) {
        struct span target = piece_at(to, to_offset + done, size - done);
        struct span source = piece_at(from, from_offset + done, target.size);
        memmove(target.at, source.at, source.size);
        done += source.size;
    }
}

#endif
