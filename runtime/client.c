// SPDX-License-Identifier: Apache-2.0
//
// Calls: the carrier contract of lib/capnp/call.h on the thread's ring. begin takes a slot, send
// submits a CALL (the kernel sees it at the next wait, so calls sent in a row cost one entry), and
// finish waits for its completion; others that arrive meanwhile are kept in their slots. Requests
// of more than a slot are refused. A call whose target is a promise is held until that is kept
// (pipeline.c).
//
// call->carrier[0] is the address of the call's slot.

#include "runtime/thread.h"

#include "schema/exception.capnp.h"

static_assert((uint32_t)CAPNP_EXCEPTION_FAILED == EXCEPTION_FAILED, "one numbering of types");
static_assert((uint32_t)CAPNP_EXCEPTION_OVERLOADED == EXCEPTION_OVERLOADED, "as above");
static_assert((uint32_t)CAPNP_EXCEPTION_DISCONNECTED == EXCEPTION_DISCONNECTED, "as above");
static_assert((uint32_t)CAPNP_EXCEPTION_UNIMPLEMENTED == EXCEPTION_UNIMPLEMENTED, "as above");
static_assert((uint32_t)CAPNP_EXCEPTION_INVALID_ARGUMENT == EXCEPTION_INVALID_ARGUMENT, "");

bool tsr_refuse(struct capnp_exception *exception, int32_t fact, uint64_t detail)
{
    capnp_exception_set(exception, CAPNP_EXCEPTION_NONE, detail, tsr_fact_text(fact));
    exception->status = fact;
    return false;
}

// With no slot free: completions that nobody has looked at yet may give some back.
__attribute__((cold, noinline)) static bool begin_late(struct capnp_exception *exception)
{
    tsr_thread_reap(tsr_self());
    if (tsr_self()->free == NULL && ring_user_untaken(&tsr_self()->ring) != 0) {
        tsr_thread_enter(tsr_self(), 0, 0); // what is to be withdrawn is, now
    }
    return tsr_self()->free != NULL ||
           tsr_refuse(exception, STATUS_RING_BUSY, tsr_self()->message_slots);
}

bool capnp_call_begin(struct capnp_call *call, uint64_t target, uint64_t interface, uint16_t method,
                      uint32_t request_bytes, struct capnp_exception *exception)
{
    if (request_bytes > TSR_SLOT_SIZE && request_bytes != CAPNP_MESSAGE_BYTES_MAX) {
        return tsr_refuse(exception, STATUS_MESSAGE_TOO_LARGE, TSR_SLOT_SIZE);
    }
    if (tsr_self()->free == NULL && !begin_late(exception)) {
        return false;
    }
    struct tsr_slot *slot = tsr_slot_take(tsr_self());
    call->target = target;
    (void)interface; // the capability's own is what counts
    call->method = method;
    call->carrier[0] = (uint64_t)slot;
    capnp_builder_init(&call->request, slot->bytes, TSR_SLOT_SIZE);
    return true;
}

void tsr_transfers_put(uint8_t *at, const uint64_t *caps, uint32_t count, uint32_t moves)
{
    for (uint32_t i = 0; i < count; i++, at += sizeof(struct transfer)) {
        struct transfer transfer = {.cap = caps[i],
                                    .mode = (moves >> i & 1) != 0 ? TRANSFER_MOVE : TRANSFER_COPY};
        __builtin_memcpy(at, &transfer, sizeof(transfer));
    }
}

// The root of a struct without fields is one word that says nothing: it is not sent.
static inline uint32_t request_size(const struct capnp_call *call)
{
    uint32_t size = capnp_builder_size(&call->request);
    return size > CAPNP_WORD_BYTES ? size : 0;
}

static inline struct tsr_slot *slot_of(const struct capnp_call *call)
{
    return (struct tsr_slot *)call->carrier[0];
}

static inline void operation_put(struct sqe *to, const struct capnp_call *call, uint32_t transfers)
{
    const struct tsr_slot *slot = slot_of(call);
    *to = (struct sqe){
        .opcode = OP_CALL,
        .flags = SQE_RING_PAYLOAD | SQE_RING_RESULT,
        .method = call->method,
        .transfers = (uint8_t)transfers,
        .cap = call->target,
        .user_data = slot->user_data,
        .payload = slot->offset,
        .result = slot->offset,
        .payload_len = request_size(call),
        .result_len = TSR_SLOT_SIZE,
        .arg = TIMEOUT_NONE,
    };
}

// The usual case: the request is simply bytes, its target is a capability, and the queue has room.
// Nothing has happened when the answer is false.
static inline bool submit_usual(const struct capnp_call *call)
{
    struct ring_user ring = tsr_self()->ring; // a copy, which the compiler keeps in registers
    if ((call->request.error | call->request.cap_count) != 0 || tsr_is_promise(call->target) ||
        ring_user_untaken(&ring) > ring.sq_mask) {
        return false;
    }
    operation_put(ring_user_next(&ring), call, 0);
    ring_user_publish(&ring);
    tsr_self()->ring.sq_tail = ring.sq_tail;
    return true;
}

bool tsr_call_send(struct capnp_call *call, const struct tsr_call_options *options,
                   struct capnp_exception *exception)
{
    struct tsr_thread *thread = tsr_self();
    uint32_t size = request_size(call);
    uint32_t transfers = call->request.cap_count;
    if (capnp_call_refuse_request(call, exception)) {
        return false;
    }
    if (size + transfers * sizeof(struct transfer) > TSR_SLOT_SIZE) {
        return tsr_refuse(exception, STATUS_MESSAGE_TOO_LARGE, TSR_SLOT_SIZE);
    }
    tsr_transfers_put(call->request.bytes + size, call->request.caps, transfers, options->moves);
    struct sqe operation;
    operation_put(&operation, call, transfers);
    operation.arg = options->timeout_ns != 0 ? options->timeout_ns : TIMEOUT_NONE;
    operation.disclose = options->disclose;
    if (tsr_is_promise(call->target)) {
        int32_t fact = tsr_held_put(thread, slot_of(call), &operation);
        return fact == 0 || tsr_refuse(exception, fact, ARGUMENT_CAP);
    }
    return tsr_slot_submit(thread, slot_of(call), &operation, NULL) ||
           tsr_refuse(exception, STATUS_RING_BUSY, thread->ring.sq_mask + 1);
}

// Sends what the usual case is not.
__attribute__((noinline)) static bool send_other(struct capnp_call *call,
                                                 struct capnp_exception *exception)
{
    static const struct tsr_call_options usual;
    return tsr_call_send(call, &usual, exception);
}

bool capnp_call_send(struct capnp_call *call, struct capnp_exception *exception)
{
    if (!submit_usual(call)) {
        return send_other(call, exception);
    }
    slot_of(call)->state = SLOT_SUBMITTED;
    slot_of(call)->sq_index = tsr_self()->ring.sq_tail - 1;
    return true;
}

bool tsr_completion_refuse(const struct cqe *completion, const uint8_t *bytes,
                           struct capnp_exception *exception)
{
    if (completion->status < 0) {
        bool truncated = (completion->flags & CQE_TRUNCATED) != 0;
        return tsr_refuse(exception, -completion->status,
                          truncated ? completion->extra : completion->detail);
    }
    uint32_t type = completion->flags & CQE_EXCEPTION_MASK;
    if (type > EXCEPTION_INVALID_ARGUMENT) {
        type = EXCEPTION_FAILED; // of a later ABI
    }
    int32_t fact = completion->detail < STATUS_LIMIT ? (int32_t)completion->detail : 0;
    capnp_exception_set(exception, (enum capnp_exception_type)type, 0,
                        fact != 0 ? tsr_fact_text(fact) : NULL);
    exception->status = fact;
    if (completion->status > 0) {
        struct capnp_message message;
        capnp_message_init(&message, bytes, (uint32_t)completion->status, NULL, 0);
        struct capnp_text reason = cap_exception_get_reason(cap_exception_read(&message));
        uint32_t room = sizeof(exception->reason) - 1;
        uint32_t size = reason.size < room ? reason.size : room;
        __builtin_memcpy(exception->reason, reason.data, size);
        exception->reason[size] = 0;
    }
    return false;
}

// Waits for a call that was submitted, whatever completes before it and however it ends.
__attribute__((noinline)) static bool finish_any(struct capnp_call *call,
                                                 struct capnp_exception *exception)
{
    struct tsr_slot *slot = slot_of(call);
    int32_t fact = tsr_thread_wait(tsr_self(), slot);
    if (fact != 0) {
        return tsr_refuse(exception, fact, 0);
    }
    tsr_queue_leave(slot);
    slot->is_read = slot->users != 0;
    slot->state = slot->users != 0 ? SLOT_DONE : SLOT_IDLE;
    const uint8_t *bytes = call->request.bytes; // the answer took the request's place
    if (!tsr_completion_is_result(&slot->completion)) {
        return tsr_completion_refuse(&slot->completion, bytes, exception);
    }
    uint32_t size = (uint32_t)slot->completion.status;
    uint32_t caps = slot->completion.transfers == 0 ? 0 : tsr_slot_receive(slot, bytes, size);
    capnp_message_init(&call->response, bytes, size, slot->caps, caps);
    return true;
}

// The same in the usual case: what completes next is this call, with bytes alone. `size`: of the
// answer; negative: it is something else.
static inline bool finish_next(struct capnp_call *call, int32_t size,
                               struct capnp_exception *exception)
{
    if (size < 0) {
        return finish_any(call, exception);
    }
    capnp_message_init(&call->response, call->request.bytes, (uint32_t)size, NULL, 0);
    return true;
}

bool capnp_call_finish(struct capnp_call *call, struct capnp_exception *exception)
{
    struct tsr_slot *slot = slot_of(call);
    if (slot->state != SLOT_SUBMITTED) {
        return finish_any(call, exception);
    }
    slot->state = SLOT_IDLE;
    bool is_there = ring_user_available(&tsr_self()->ring) != 0;
    int32_t size =
        is_there ? tsr_thread_take_for(tsr_self(), slot) : tsr_thread_enter_for(tsr_self(), slot);
    return finish_next(call, size, exception);
}

bool capnp_call_run(struct capnp_call *call, struct capnp_exception *exception)
{
    if (!submit_usual(call)) {
        return send_other(call, exception) && finish_any(call, exception);
    }
    return finish_next(call, tsr_thread_enter_for(tsr_self(), slot_of(call)), exception);
}

void capnp_call_end(struct capnp_call *call)
{
    struct tsr_slot *slot = slot_of(call);
    if (slot->state != SLOT_IDLE) {
        tsr_slot_end(tsr_self(), slot);
    } else {
        tsr_slot_put_back(tsr_self(), slot);
    }
}

void tsr_call_cancel(struct capnp_call *call)
{
    tsr_slot_cancel(tsr_self(), slot_of(call));
}

bool tsr_call_is_done(const struct capnp_call *call)
{
    tsr_thread_reap(tsr_self());
    return slot_of(call)->state == SLOT_DONE;
}

uint64_t tsr_call_interface(const struct capnp_call *call, uint64_t cap)
{
    const struct tsr_slot *slot = slot_of(call);
    for (uint32_t i = 0; i < call->response.cap_count; i++) {
        if (slot->caps[i] == cap) {
            return slot->interfaces[i];
        }
    }
    return 0;
}

bool tsr_wait(uint64_t timeout_ns, struct capnp_exception *exception)
{
    if (tsr_thread_reap(tsr_self())) {
        return true;
    }
    int32_t fact = tsr_thread_enter(tsr_self(), timeout_ns != 0 ? 1 : 0, timeout_ns);
    return fact == 0 || tsr_refuse(exception, fact, 0);
}

bool tsr_wait_any(const struct capnp_call *const *calls, uint32_t count,
                  struct capnp_exception *exception)
{
    tsr_thread_reap(tsr_self());
    for (;;) {
        // What completes from here on lets the kernel return at once.
        for (uint32_t i = 0; i < count; i++) {
            if (slot_of(calls[i])->state == SLOT_DONE) {
                return true;
            }
        }
        int32_t fact = tsr_thread_enter(tsr_self(), 1, TIMEOUT_NONE);
        if (fact != 0) {
            return tsr_refuse(exception, fact, 0);
        }
    }
}

bool tsr_submit(struct capnp_exception *exception)
{
    int32_t fact = tsr_thread_enter(tsr_self(), 0, 0);
    return fact == 0 || tsr_refuse(exception, fact, 0);
}
