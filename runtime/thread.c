// SPDX-License-Identifier: Apache-2.0
//
// Submitting, waiting and matching: see thread.h for slots and their states.

#include "runtime/thread.h"

// user_data of operations whose completion, an error, interests nobody. No slot has this index.
static const uint64_t user_data_ignored = UINT64_MAX;

struct tsr_thread tsr_thread;

bool tsr_thread_init(struct tsr_thread *thread, struct ring_header *header)
{
    if (header == NULL || !ring_user_init(&thread->ring, header)) {
        return false;
    }
    uint32_t slots = thread->ring.message_size / TSR_SLOT_SIZE;
    uint32_t promises = thread->ring.cq_mask + 1 - CQ_ENTRIES_KEPT;
    slots = slots < promises ? slots : promises;
    thread->slot_count = slots < TSR_SLOTS_MAX ? slots : TSR_SLOTS_MAX;
    for (uint32_t i = thread->slot_count; i > 0; i--) {
        struct tsr_slot *slot = &thread->slots[i - 1];
        slot->user_data = i - 1;
        slot->offset = (i - 1) * TSR_SLOT_SIZE;
        slot->bytes = thread->ring.messages + slot->offset;
        slot->next = thread->free;
        thread->free = slot;
    }
    return true;
}

uint32_t tsr_slots_free(const struct tsr_thread *thread)
{
    uint32_t mask = 0;
    for (const struct tsr_slot *slot = thread->free; slot != NULL; slot = slot->next) {
        mask |= 1u << (slot - thread->slots);
    }
    return mask;
}

struct tsr_slot *tsr_slots_take(struct tsr_thread *thread, uint32_t count)
{
    uint32_t free = tsr_slots_free(thread);
    uint32_t wanted = (1u << count) - 1;
    uint32_t first = 0;
    while (first + count <= thread->slot_count && (free >> first & wanted) != wanted) {
        first++;
    }
    if (first + count > thread->slot_count) {
        return NULL;
    }
    struct tsr_slot **link = &thread->free;
    while (*link != NULL) {
        bool is_wanted = (wanted << first >> (*link - thread->slots) & 1) != 0;
        struct tsr_slot **next = &(*link)->next;
        if (is_wanted) {
            *link = *next;
        } else {
            link = next;
        }
    }
    return &thread->slots[first];
}

bool tsr_thread_make_room(struct tsr_thread *thread)
{
    tsr_enter(SYSTEM_CALL_ENTER, 0, 0);
    if (ring_user_room(&thread->ring) == 0) {
        // A full CQ keeps the kernel from taking more.
        tsr_thread_reap(thread);
        tsr_enter(SYSTEM_CALL_ENTER, 0, 0);
    }
    return ring_user_room(&thread->ring) != 0;
}

void tsr_release(uint64_t cap)
{
    if (cap == 0 || !tsr_thread_has_room(&tsr_thread)) {
        return;
    }
    *ring_user_next(&tsr_thread.ring) = (struct sqe){
        .opcode = OP_RELEASE, .flags = SQE_QUIET, .cap = cap, .user_data = user_data_ignored};
    ring_user_publish(&tsr_thread.ring);
}

uint32_t tsr_slot_receive(struct tsr_slot *slot, const uint8_t *result, uint32_t size)
{
    uint32_t count = slot->completion.transfers;
    count = count < TRANSFERS_MAX ? count : TRANSFERS_MAX;
    const uint8_t *at = result + ((size + 7) & ~(uint32_t)7);
    for (uint32_t i = 0; i < count; i++, at += sizeof(struct received)) {
        struct received record;
        __builtin_memcpy(&record, at, sizeof(record));
        slot->caps[i] = record.cap;
    }
    return count;
}

// An answer that nobody waits for: what came with it goes back.
__attribute__((cold, noinline)) static void discard(struct tsr_thread *thread,
                                                    struct tsr_slot *slot, struct cqe completion)
{
    slot->completion = completion;
    if (tsr_completion_is_result(&completion) && completion.transfers != 0) {
        uint32_t count = tsr_slot_receive(slot, slot->bytes, (uint32_t)completion.status);
        for (uint32_t i = 0; i < count; i++) {
            tsr_release(slot->caps[i]);
        }
    }
    tsr_slot_free(thread, slot);
}

// A completion that is not simply the end of an operation somebody waits for.
__attribute__((cold, noinline)) static void match_other(struct tsr_thread *thread)
{
    struct cqe completion;
    if (!ring_user_reap(&thread->ring, &completion)) {
        return;
    }
    uint32_t index = (uint32_t)completion.user_data;
    if (index < thread->slot_count && thread->slots[index].user_data == completion.user_data &&
        thread->slots[index].state == SLOT_ABANDONED) {
        discard(thread, &thread->slots[index], completion);
    }
}

// Consumes the completion that stands first.
static inline void match(struct tsr_thread *thread, const struct cqe *completion)
{
    uint64_t user_data = completion->user_data;
    uint32_t index = (uint32_t)user_data;
    if (index >= thread->slot_count || thread->slots[index].user_data != user_data ||
        thread->slots[index].state != SLOT_SUBMITTED) {
        match_other(thread);
        return;
    }
    thread->slots[index].completion = *completion;
    thread->slots[index].state = SLOT_DONE;
    ring_user_consume(&thread->ring);
}

bool tsr_thread_reap(struct tsr_thread *thread)
{
    bool any = false;
    const struct cqe *completion;
    while ((completion = ring_user_peek(&thread->ring)) != NULL) {
        match(thread, completion);
        any = true;
    }
    return any;
}

int32_t tsr_thread_wait(struct tsr_thread *thread, struct tsr_slot *slot)
{
    for (;;) {
        const struct cqe *completion = ring_user_peek(&thread->ring);
        if (completion != NULL) {
            match(thread, completion);
        }
        if (slot->state == SLOT_DONE) {
            return 0;
        }
        if (completion == NULL) {
            int64_t entered = tsr_enter(SYSTEM_CALL_ENTER, 1, TIMEOUT_NONE);
            if (entered < 0) {
                return (int32_t)-entered;
            }
        }
    }
}
