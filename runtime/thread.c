// SPDX-License-Identifier: Apache-2.0
//
// Submitting, waiting and matching: see thread.h for slots and their states.

#include "runtime/thread.h"

// Who waits for the kernel to take something may not hear of it: it is quiet.
static const uint64_t LOOK_AGAIN_NS = 1000000;

// user_data of operations whose completion, an error, interests nobody. No slot has this index.
static const uint64_t user_data_ignored = UINT64_MAX;

struct tsr_thread tsr_first_thread;

__attribute__((weak)) struct tsr_thread *tsr_self(void)
{
    return &tsr_first_thread;
}

bool tsr_thread_init(struct tsr_thread *thread, struct ring_header *header)
{
    if (header == NULL || !ring_user_init(&thread->ring, header)) {
        return false;
    }
    uint32_t messages = thread->ring.message_size / TSR_SLOT_SIZE;
    uint32_t promises = thread->ring.cq_mask + 1 - CQ_ENTRIES_KEPT;
    thread->slot_count = promises < TSR_SLOTS_MAX ? promises : TSR_SLOTS_MAX;
    thread->message_slots = messages < thread->slot_count ? messages : thread->slot_count;
    for (uint32_t i = thread->slot_count; i > 0; i--) {
        struct tsr_slot *slot = &thread->slots[i - 1];
        bool has_bytes = i <= thread->message_slots;
        struct tsr_slot **list = has_bytes ? &thread->free : &thread->plain;
        slot->user_data = i - 1;
        slot->offset = has_bytes ? (i - 1) * TSR_SLOT_SIZE : 0;
        slot->bytes = has_bytes ? thread->ring.messages + slot->offset : NULL;
        slot->next = *list;
        *list = slot;
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
    while (first + count <= thread->message_slots && (free >> first & wanted) != wanted) {
        first++;
    }
    if (first + count > thread->message_slots) {
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

// A full CQ keeps the kernel from taking more, or its log, which has no room for a change.
bool tsr_thread_hand_over(struct tsr_thread *thread, uint32_t left)
{
    int64_t entered = tsr_enter(SYSTEM_CALL_ENTER, 0, 0);
    while (ring_user_untaken(&thread->ring) > left && entered >= 0) {
        bool is_full = tsr_thread_reap(thread);
        entered = tsr_enter(SYSTEM_CALL_ENTER, is_full ? 0 : 1, is_full ? 0 : LOOK_AGAIN_NS);
    }
    return ring_user_untaken(&thread->ring) <= left;
}

bool tsr_thread_make_room(struct tsr_thread *thread)
{
    return tsr_thread_hand_over(thread, thread->ring.sq_mask);
}

void tsr_release(uint64_t cap)
{
    if (cap == 0 || !tsr_reference_drop(cap) || !tsr_thread_has_room(tsr_self())) {
        return;
    }
    *ring_user_next(&tsr_self()->ring) = (struct sqe){
        .opcode = OP_RELEASE, .flags = SQE_QUIET, .cap = cap, .user_data = user_data_ignored};
    ring_user_publish(&tsr_self()->ring);
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
        slot->interfaces[i] = record.interface;
    }
    return count;
}

void tsr_slot_dismiss(struct tsr_thread *thread, struct tsr_slot *slot)
{
    if (slot->state != SLOT_DONE || !slot->is_ended || slot->users != 0) {
        return;
    }
    bool has_caps = slot->bytes != NULL && !slot->is_read &&
                    tsr_completion_is_result(&slot->completion) && slot->completion.transfers != 0;
    uint32_t caps =
        has_caps ? tsr_slot_receive(slot, slot->bytes, (uint32_t)slot->completion.status) : 0;
    for (uint32_t i = 0; i < caps; i++) {
        tsr_release(slot->caps[i]);
    }
    slot->is_ended = slot->is_read = false;
    if (slot->bytes != NULL) {
        tsr_slot_free(thread, slot);
    } else {
        tsr_plain_free(thread, slot);
    }
}

void tsr_queue_put(struct tsr_queue *queue, struct tsr_slot *slot)
{
    slot->next = NULL;
    *(queue->first == NULL ? &queue->first : &queue->last->next) = slot;
    queue->last = slot;
}

struct tsr_slot *tsr_queue_take(struct tsr_queue *queue)
{
    struct tsr_slot *slot = queue->first;
    if (slot != NULL) {
        queue->first = slot->next;
        slot->state = SLOT_IDLE;
        slot->queue = NULL;
    }
    return slot;
}

void tsr_queue_leave(struct tsr_slot *slot)
{
    struct tsr_queue *queue = slot->queue;
    struct tsr_slot *before = NULL;
    slot->queue = NULL;
    if (queue == NULL || slot->state != SLOT_DONE) {
        return;
    }
    for (struct tsr_slot *at = queue->first; at != slot; at = at->next) {
        before = at;
    }
    *(before == NULL ? &queue->first : &before->next) = slot->next;
    queue->last = queue->last == slot ? before : queue->last;
}

void tsr_slot_finish(struct tsr_slot *slot, struct cqe completion)
{
    slot->completion = completion;
    slot->state = SLOT_DONE;
    if (slot->queue != NULL && !slot->is_ended) {
        tsr_queue_put(slot->queue, slot);
    }
}

// A completion that is not simply the end of an operation somebody waits for.
__attribute__((cold, noinline)) static void match_other(struct tsr_thread *thread)
{
    struct cqe completion;
    if (!ring_user_reap(&thread->ring, &completion)) {
        return;
    }
    uint32_t index = (uint32_t)completion.user_data;
    struct tsr_slot *slot = &thread->slots[index < thread->slot_count ? index : 0];
    if (slot->user_data != completion.user_data || slot->state != SLOT_LINKED) {
        return;
    }
    tsr_slot_finish(slot, completion);
    tsr_slot_unlink(thread, slot);
    tsr_held_step(thread);
    tsr_slot_dismiss(thread, slot);
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

// Before the thread waits: no held call may be left behind for want of room.
static void held_submit(struct tsr_thread *thread)
{
    tsr_held_step(thread);
    if (thread->held.first != NULL && ring_user_room(&thread->ring) == 0) {
        tsr_thread_make_room(thread);
        tsr_held_step(thread);
    }
}

int32_t tsr_thread_enter(struct tsr_thread *thread, uint32_t least, uint64_t timeout_ns)
{
    held_submit(thread);
    int64_t entered = tsr_enter(SYSTEM_CALL_ENTER, least, timeout_ns);
    tsr_thread_reap(thread);
    return entered < 0 ? (int32_t)-entered : 0;
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
            held_submit(thread);
            int64_t entered = tsr_enter(SYSTEM_CALL_ENTER, 1, TIMEOUT_NONE);
            if (entered < 0) {
                return (int32_t)-entered;
            }
        }
    }
}

bool tsr_slot_submit(struct tsr_thread *thread, struct tsr_slot *slot, const struct sqe *operation,
                     struct tsr_queue *queue)
{
    if (!tsr_thread_has_room(thread)) {
        return false;
    }
    slot->state = queue != NULL ? SLOT_LINKED : SLOT_SUBMITTED;
    slot->queue = queue;
    slot->sq_index = thread->ring.sq_tail;
    struct sqe *entry = ring_user_next(&thread->ring);
    *entry = *operation;
    entry->user_data = slot->user_data;
    ring_user_publish(&thread->ring);
    return true;
}

void tsr_slot_cancel(struct tsr_thread *thread, struct tsr_slot *slot)
{
    if (slot->state == SLOT_HELD) {
        tsr_held_remove(thread, slot);
        tsr_slot_finish(slot, (struct cqe){.status = -STATUS_CANCELLED});
        tsr_slot_unlink(thread, slot);
        tsr_held_step(thread);
    } else if ((slot->state == SLOT_SUBMITTED || slot->state == SLOT_LINKED) &&
               tsr_thread_has_room(thread)) {
        // Making room may have brought its completion; then this one finds nothing.
        *ring_user_next(&thread->ring) = (struct sqe){.opcode = OP_CANCEL,
                                                      .flags = SQE_QUIET,
                                                      .user_data = user_data_ignored,
                                                      .arg = slot->sq_index};
        ring_user_publish(&thread->ring);
    }
}

void tsr_slot_end(struct tsr_thread *thread, struct tsr_slot *slot)
{
    slot->is_ended = true;
    tsr_queue_leave(slot);
    if (slot->state == SLOT_IDLE) {
        slot->completion = (struct cqe){0};
        slot->state = SLOT_DONE;
    }
    if (slot->state == SLOT_SUBMITTED) {
        slot->state = SLOT_LINKED;
    }
    if (slot->users == 0) {
        tsr_slot_cancel(thread, slot);
    }
    tsr_slot_dismiss(thread, slot);
}
