// SPDX-License-Identifier: Apache-2.0
//
// Calls on what another call will bring. Such a call is complete but for its target, so it is held
// here until the answer is there; then it is submitted with the entry into the kernel by which the
// thread waits anyway. A chain of any length is begun at once, and costs its caller one wait.
//
// The calls on a call are its users; it is their parent. A parent's slot, and the capabilities in
// it, stay until its last user is done, also when the program has given it up. One that fails, or
// is withdrawn, fails its users in the same way; one whose answer brings no such capability fails
// them with PIPELINE_BROKEN. docs/decisions/0014 says why the kernel does not do this.

#include "runtime/thread.h"

static uint64_t promise_of(const struct tsr_thread *thread, const struct tsr_slot *slot,
                           uint32_t ordinal)
{
    uint64_t generation = slot->user_data >> 32 << 32;
    return generation | 0x80000000 | ordinal << 8 | (uint32_t)(slot - thread->slots);
}

uint64_t tsr_call_promise(const struct capnp_call *call, uint32_t ordinal)
{
    const struct tsr_slot *slot = (const struct tsr_slot *)call->carrier[0];
    return promise_of(tsr_self(), slot, ordinal < TRANSFERS_MAX ? ordinal : TRANSFERS_MAX);
}

// The call whose answer an id stands for; NULL: it is over, or was never sent.
static struct tsr_slot *parent_find(struct tsr_thread *thread, uint64_t promise)
{
    uint32_t index = promise & 0xff;
    struct tsr_slot *slot = &thread->slots[index < thread->slot_count ? index : 0];
    bool is_it = promise == promise_of(thread, slot, promise >> 8 & 0xff);
    return is_it && slot->state != SLOT_IDLE && !slot->is_ended ? slot : NULL;
}

int32_t tsr_held_put(struct tsr_thread *thread, struct tsr_slot *slot, const struct sqe *operation)
{
    struct tsr_slot *parent = parent_find(thread, operation->cap);
    if (parent == NULL) {
        return STATUS_PIPELINE_BROKEN;
    }
    slot->state = SLOT_HELD;
    slot->held = *operation;
    slot->ordinal = operation->cap >> 8 & 0xff;
    slot->parent = parent;
    parent->users++;
    if (parent->state == SLOT_SUBMITTED) {
        parent->state = SLOT_LINKED;
    }
    slot->next = NULL;
    *(thread->held.first == NULL ? &thread->held.first : &thread->held.last->next) = slot;
    thread->held.last = slot;
    tsr_held_step(thread);
    return 0;
}

// Takes the slot behind `before` out; NULL: the first.
static void remove_behind(struct tsr_thread *thread, struct tsr_slot *before, struct tsr_slot *slot)
{
    *(before == NULL ? &thread->held.first : &before->next) = slot->next;
    thread->held.last = thread->held.last == slot ? before : thread->held.last;
}

void tsr_held_remove(struct tsr_thread *thread, struct tsr_slot *slot)
{
    struct tsr_slot *before = NULL;
    for (struct tsr_slot *at = thread->held.first; at != slot; at = at->next) {
        before = at;
    }
    remove_behind(thread, before, slot);
}

void tsr_slot_unlink(struct tsr_thread *thread, struct tsr_slot *slot)
{
    struct tsr_slot *parent = slot->parent;
    slot->parent = NULL;
    if (parent != NULL) {
        parent->users--;
        tsr_slot_dismiss(thread, parent);
    }
}

// The held call's parent is done, with a result: its capability becomes the target. False where
// there is no such capability.
static bool target_find(struct tsr_slot *slot)
{
    struct tsr_slot *parent = slot->parent;
    uint32_t count = parent->completion.transfers;
    if (slot->ordinal >= count || slot->ordinal >= TRANSFERS_MAX) {
        return false;
    }
    tsr_slot_receive(parent, parent->bytes, (uint32_t)parent->completion.status);
    slot->held.cap = parent->caps[slot->ordinal];
    return true;
}

// The held call fails as its parent did, or because there is nothing to call.
static void fail(struct tsr_slot *slot)
{
    const struct tsr_slot *parent = slot->parent;
    struct cqe completion = parent->completion;
    if (tsr_completion_is_result(&completion)) {
        completion = (struct cqe){.status = -STATUS_PIPELINE_BROKEN, .detail = ARGUMENT_ORDINAL};
    } else if (completion.status > 0) {
        __builtin_memcpy(slot->bytes, parent->bytes, (uint32_t)completion.status);
    }
    tsr_slot_finish(slot, completion);
}

// One pass suffices: users stand behind their parents. What is given back meanwhile may need room
// in the queue and so lead here again.
void tsr_held_step(struct tsr_thread *thread)
{
    if (thread->is_stepping) {
        return;
    }
    thread->is_stepping = true;
    struct tsr_slot *before = NULL;
    struct tsr_slot *next;
    for (struct tsr_slot *slot = thread->held.first; slot != NULL; slot = next) {
        next = slot->next;
        bool is_waiting = slot->parent->state != SLOT_DONE;
        bool is_sound =
            !is_waiting && tsr_completion_is_result(&slot->parent->completion) && target_find(slot);
        if (is_waiting || (is_sound && ring_user_room(&thread->ring) == 0)) {
            before = slot;
            continue;
        }
        remove_behind(thread, before, slot);
        if (is_sound) {
            tsr_slot_submit(thread, slot, &slot->held, slot->queue);
            slot->state = SLOT_LINKED;
        } else {
            fail(slot);
            tsr_slot_unlink(thread, slot);
            tsr_slot_dismiss(thread, slot);
        }
    }
    thread->is_stepping = false;
}
