// SPDX-License-Identifier: Apache-2.0
//
// See fake_kernel.h.

#include "runtime/test/fake_kernel.h"

#include <string.h>

#include "schema/exception.capnp.h"

struct fake_kernel fake;

static _Alignas(PAGE_SIZE) uint8_t ring_memory[RING_PAGES_DEFAULT * PAGE_SIZE];

int fake_set_up(void **state)
{
    (void)state;
    memset(ring_memory, 0, sizeof(ring_memory));
    memset(&fake, 0, sizeof(fake));
    memset(tsr_self(), 0, sizeof(struct tsr_thread));
    ring_kernel_init(&fake.ring, ring_memory, SQ_ENTRIES_DEFAULT, CQ_ENTRIES_DEFAULT,
                     RING_MESSAGE_PAGES_DEFAULT);
    fake.messages = ring_memory + fake.ring.header->message_offset;
    return !tsr_thread_init(tsr_self(), fake.ring.header);
}

int64_t tsr_enter(uint64_t number, uint64_t first, uint64_t second)
{
    (void)second;
    struct sqe entry;
    fake.enter_count++;
    if (number != SYSTEM_CALL_ENTER || fake.enter_refusal != 0) {
        return fake.enter_refusal;
    }
    if (fake.full_count != 0) {
        fake.full_count--;
        return ring_kernel_posted(&fake.ring);
    }
    while (ring_kernel_ready(&fake.ring, ring_kernel_submitted(&fake.ring), 1) > 0) {
        ring_kernel_copy(ring_kernel_next(&fake.ring), &entry, 0, sizeof entry / 8);
        fake.ring.sq_head++;
        ring_kernel_publish(&fake.ring);
        if (fake.taken_count < FAKE_TAKEN_MAX) {
            fake.taken[fake.taken_count++] = entry;
        }
        if (fake.operate != NULL) {
            fake.operate(&entry);
        }
    }
    if (ring_kernel_posted(&fake.ring) < first && fake.wait != NULL) {
        fake.wait();
    }
    uint32_t available = ring_kernel_posted(&fake.ring);
    return available < first ? -(int64_t)STATUS_NOTHING_PENDING : (int64_t)available;
}

// A test may have one of its own.
__attribute__((weak)) int tsr_main(struct start *start)
{
    (void)start;
    return 0;
}

void fake_complete(const struct sqe *operation, struct cqe entry)
{
    entry.user_data = operation->user_data;
    ring_kernel_post(&fake.ring, &entry);
    ring_kernel_publish(&fake.ring);
}

void fake_return(const struct sqe *operation)
{
    uint32_t index = fake.return_count++;
    struct capnp_message message;

    fake.returns[index] = *operation;
    capnp_message_init(&message, fake_payload(operation), operation->payload_len, NULL, 0);
    if ((operation->flags & SQE_RETURN_EXCEPTION) != 0) {
        struct capnp_text reason = cap_exception_get_reason(cap_exception_read(&message));
        memcpy(fake.reasons[index], reason.data, reason.size);
    } else {
        fake.words[index] = capnp_get_u64(capnp_message_root(&message), 0, 0);
    }
    if (fake.return_refusal != 0) {
        fake_complete(operation, (struct cqe){.status = fake.return_refusal});
        fake.return_refusal = 0;
    }
}

uint8_t *fake_payload(const struct sqe *operation)
{
    return (operation->flags & SQE_RING_PAYLOAD) != 0 ? fake.messages + operation->payload
                                                      : (uint8_t *)operation->payload;
}

uint8_t *fake_result(const struct sqe *operation)
{
    return (operation->flags & SQE_RING_RESULT) != 0 ? fake.messages + operation->result
                                                     : (uint8_t *)operation->result;
}
