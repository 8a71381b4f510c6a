// SPDX-License-Identifier: Apache-2.0
//
// Capabilities that travel with calls and answers, for the rest of the kernel: transfer.c.
#ifndef KERNEL_CORE_TRANSFER_H
#define KERNEL_CORE_TRANSFER_H

#include "kernel/core/core.h"

struct buffer;

// Where descriptors, or the records of what arrived, stand behind a message.
static inline uint32_t transfer_offset(uint32_t message_size)
{
    return (message_size + 7) & ~7U;
}

// Bytes of a message with its descriptors; both sides need as much.
static inline uint32_t transfer_span(const struct sqe *sqe)
{
    if (__builtin_expect(sqe->transfers == 0, true)) {
        return sqe->payload_len;
    }
    return transfer_offset(sqe->payload_len) + sqe->transfers * (uint32_t)sizeof(struct transfer);
}

// Reads the descriptors behind the payload of `from`, whose every capability may go to process
// `to` (NONE: is shown to the kernel); what it found stays in core until transfer_commit().
__attribute__((noinline)) enum status transfer_check(struct core *core, const struct request *from,
                                                     const struct buffer *payload, uint32_t to);
// Hands them over and writes the records into the buffer, for the completion of `to`.
__attribute__((noinline)) void transfer_commit(struct core *core, const struct request *from,
                                               struct request *to, uint8_t how,
                                               const struct buffer *result, uint32_t offset);

// Writes the records of capabilities that arrived, or were answered, behind a message.
__attribute__((noinline)) void received_write(const struct core *core, struct request *request,
                                              uint32_t count, const uint64_t caps[],
                                              const struct buffer *buffer, uint32_t offset);

#endif
