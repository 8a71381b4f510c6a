// SPDX-License-Identifier: Apache-2.0
//
// Serving: RECV a call, dispatch it, RETURN its answer together with the next RECV, so that one
// entry into the kernel answers a call and waits for the next. One call is served at a time.
//
// In use all the while are as many consecutive slots as the endpoint's largest message needs (the
// kernel says how many bytes when one is too small; if there are not so many slots, memory of the
// program), and the slot that answers are built in. A RETURN is quiet: a completion says that
// the answer did not go out. The kernel takes it before the RECV that follows, so that when a call
// arrives, it is known how the answer before it fared.

#include "runtime/thread.h"

#include "schema/exception.capnp.h"

struct session {
    struct tsr_serve_options options;
    struct tsr_slot *request; // first of the slots that calls arrive in
    uint32_t request_slots;   // how many
    uint8_t *request_bytes;
    struct tsr_slot *answer; // that answers are built in
    struct sqe receive;      // the RECV, the same each time
    uint64_t answered_call;  // the call that the last RETURN answered; 0: none that matters
};

// Calls arrive in consecutive slots of the message area from now on.
static void request_set_slots(struct session *session, struct tsr_slot *first, uint32_t count)
{
    session->request = first;
    session->request_slots = count;
    session->request_bytes = first->bytes;
    session->receive.flags = SQE_RING_RESULT;
    session->receive.user_data = first->user_data;
    session->receive.result = first->offset;
    session->receive.result_len = count * TSR_SLOT_SIZE;
}

static bool session_init(struct session *session, uint64_t server,
                         const struct tsr_serve_options *options, struct capnp_exception *exception)
{
    struct tsr_thread *thread = tsr_self();
    if (thread->free == NULL || thread->free->next == NULL) {
        tsr_refuse(exception, STATUS_RING_BUSY, thread->slot_count);
        return false;
    }
    *session = (struct session){
        .options = *options,
        .receive = {.opcode = OP_RECV, .cap = server, .arg = TIMEOUT_NONE},
    };
    request_set_slots(session, tsr_slot_take(thread), 1);
    session->answer = tsr_slot_take(thread);
    return true;
}

// Gives the request's slots back. Where a RECV is still out there, they stay lost: a call may yet
// arrive in them.
static void request_give_back(struct session *session)
{
    if (session->request->state != SLOT_SUBMITTED) {
        for (uint32_t i = 0; i < session->request_slots; i++) {
            tsr_slot_free(tsr_self(), session->request + i);
        }
    }
}

// Finds a larger buffer for calls, of `needed` bytes; false when there is none.
static bool request_grow(struct session *session, uint64_t needed)
{
    uint64_t bytes = needed + TRANSFERS_MAX * sizeof(struct received);
    uint64_t slots = (bytes + TSR_SLOT_SIZE - 1) / TSR_SLOT_SIZE;
    if (session->request_slots != 1 || session->request_bytes == session->options.memory) {
        return false;
    }
    struct tsr_slot *first =
        slots < TSR_SLOTS_MAX ? tsr_slots_take(tsr_self(), (uint32_t)slots) : NULL;
    if (first != NULL) {
        request_give_back(session);
        request_set_slots(session, first, (uint32_t)slots);
        return true;
    }
    session->request_bytes = session->options.memory;
    session->receive.flags = 0;
    session->receive.result = (uint64_t)session->options.memory;
    session->receive.result_len = session->options.memory_size;
    return session->request_bytes != NULL;
}

// Writes an answer; the kernel gets it together with the next RECV. False when the SQ takes no
// more.
static inline bool return_put(struct session *session, uint64_t call, uint16_t exception_type,
                              uint32_t size, uint32_t transfers)
{
    if (!tsr_thread_has_room(tsr_self())) {
        return false;
    }
    uint8_t flags = SQE_RING_PAYLOAD | SQE_QUIET;
    *ring_user_next(&tsr_self()->ring) = (struct sqe){
        .opcode = OP_RETURN,
        .flags = exception_type != 0 ? flags | SQE_RETURN_EXCEPTION : flags,
        .method = exception_type,
        .transfers = (uint8_t)transfers,
        .user_data = session->answer->user_data,
        .payload = session->answer->offset,
        .payload_len = size,
        .arg = call,
    };
    session->answer->state = SLOT_SUBMITTED;
    return true;
}

__attribute__((cold, noinline)) static bool
return_exception(struct session *session, uint64_t call, const struct capnp_exception *exception)
{
    // Type NONE: a call that the handler made was refused; to our caller that is a failure.
    enum capnp_exception_type type = exception->type;
    type = type == CAPNP_EXCEPTION_NONE ? CAPNP_EXCEPTION_FAILED : type;
    uint32_t length = 0;
    while (length < sizeof(exception->reason) && exception->reason[length] != 0) {
        length++;
    }
    struct capnp_builder message;
    capnp_builder_init(&message, session->answer->bytes, TSR_SLOT_SIZE);
    if (length > 0) {
        struct cap_exception_builder root = cap_exception_build(&message);
        cap_exception_set_type(root, (enum cap_exception_type)type);
        cap_exception_set_reason(root, (struct capnp_text){exception->reason, length});
    }
    session->answered_call = 0;
    return return_put(session, call, (uint16_t)type, capnp_builder_size(&message), 0);
}

// Returns a result that brings capabilities.
__attribute__((noinline)) static bool return_caps(struct session *session, uint64_t call,
                                                  const struct capnp_builder *response)
{
    uint32_t size = capnp_builder_size(response);
    uint32_t transfers = response->cap_count;
    if (size + transfers * sizeof(struct transfer) > TSR_SLOT_SIZE) {
        struct capnp_exception exception;
        tsr_refuse(&exception, STATUS_MESSAGE_TOO_LARGE, TSR_SLOT_SIZE);
        return return_exception(session, call, &exception);
    }
    tsr_transfers_put(response->bytes + size, response->caps, transfers, 0);
    session->answered_call = call;
    return return_put(session, call, 0, size, transfers);
}

// A call through an interface that is not served.
__attribute__((cold, noinline)) static bool
return_unimplemented(struct session *session, const struct message_header *header)
{
    struct capnp_exception exception;
    capnp_exception_set(&exception, CAPNP_EXCEPTION_UNIMPLEMENTED, header->interface,
                        "this server does not serve that interface");
    return return_exception(session, header->call_id, &exception);
}

// Dispatches the call that has arrived, with `caps` capabilities, and writes its answer.
static inline bool answer(struct session *session, uint32_t caps)
{
    const struct message_header *header = (const struct message_header *)session->request_bytes;
    if (header->kind != MESSAGE_CALL) {
        return true;
    }
    if (header->interface != session->options.interface) {
        return return_unimplemented(session, header);
    }
    uint64_t call = header->call_id;
    struct capnp_exception exception;
    struct capnp_message request;
    struct capnp_builder response;
    capnp_message_init(&request, header + 1, header->size, session->request->caps, caps);
    capnp_builder_init(&response, session->answer->bytes, TSR_SLOT_SIZE);
    if (!session->options.dispatch(session->options.self, header->method, &request, &response,
                                   &exception)) {
        return return_exception(session, call, &exception);
    }
    if (response.cap_count != 0) {
        return return_caps(session, call, &response);
    }
    uint32_t size = capnp_builder_size(&response);
    session->answered_call = call;
    return return_put(session, call, 0, size > CAPNP_WORD_BYTES ? size : 0, 0);
}

// The answer before did not go out. A lost caller is its own affair; for any other reason the call
// is still open, and is answered with an exception, once.
static bool answer_mend(struct session *session)
{
    struct tsr_slot *slot = session->answer;
    int32_t fact = -slot->completion.status;
    uint64_t call = session->answered_call;
    slot->state = SLOT_IDLE;
    if (call == 0 || fact == STATUS_CALLER_LOST || fact == STATUS_STALE_CALL ||
        fact == STATUS_TRUNCATED) {
        return true;
    }
    struct capnp_exception exception;
    capnp_exception_set(&exception, CAPNP_EXCEPTION_FAILED, 0, tsr_fact_text(fact));
    if (!return_exception(session, call, &exception)) {
        return false;
    }
    // The slot is needed for the next answer: let the kernel read this one first.
    ring_user_publish(&tsr_self()->ring);
    if (!tsr_thread_hand_over(tsr_self(), 0)) {
        return false;
    }
    slot->state = SLOT_IDLE;
    tsr_slot_renew(slot);
    return true;
}

static bool refuse_busy(struct capnp_exception *exception)
{
    return tsr_refuse(exception, STATUS_RING_BUSY, tsr_self()->ring.sq_mask + 1);
}

// Submits a RECV, and the answer before it.
static inline bool receive_submit(struct session *session)
{
    struct ring_user *ring = &tsr_self()->ring;
    if (!tsr_thread_has_room(tsr_self())) {
        return false;
    }
    *ring_user_next(ring) = session->receive;
    ring_user_publish(ring);
    return true;
}

// A call has arrived: takes the capabilities that it brings, and learns how the answer before
// fared.
static bool receive_finish(struct session *session, uint32_t *caps,
                           struct capnp_exception *exception)
{
    struct tsr_slot *slot = session->request;
    uint32_t size = (uint32_t)slot->completion.status;
    bool has_caps = slot->completion.transfers != 0;
    *caps = has_caps ? tsr_slot_receive(slot, session->request_bytes, size) : 0;
    if (session->answer->state == SLOT_DONE && !answer_mend(session)) {
        return refuse_busy(exception);
    }
    return true;
}

// Waits for the call that the RECV just submitted brings, whatever else there is: other
// completions, an answer that did not go out, a call with capabilities or one that is larger than
// the buffer.
__attribute__((cold, noinline)) static bool receive_any(struct session *session, uint32_t *caps,
                                                        struct capnp_exception *exception)
{
    for (;;) {
        struct tsr_slot *slot = session->request;
        slot->state = SLOT_SUBMITTED;
        int32_t fact = tsr_thread_wait(tsr_self(), slot);
        if (fact != 0) {
            return tsr_refuse(exception, fact, 0);
        }
        slot->state = SLOT_IDLE;
        if (tsr_completion_is_result(&slot->completion)) {
            return receive_finish(session, caps, exception);
        }
        struct cqe refused = slot->completion;
        if (refused.status != -STATUS_BUFFER_TOO_SMALL || !request_grow(session, refused.extra)) {
            return tsr_completion_refuse(&refused, session->request_bytes, exception);
        }
        if (!receive_submit(session)) {
            return refuse_busy(exception);
        }
    }
}

// Waits for a call, and says how many capabilities it brings. Here stands the usual case: none, and
// the answer before went out, so that what completes next is the RECV.
static inline bool receive(struct session *session, uint32_t *caps,
                           struct capnp_exception *exception)
{
    if (!receive_submit(session)) {
        return refuse_busy(exception);
    }
    *caps = 0;
    if (tsr_thread_enter_for(tsr_self(), session->request) < 0) {
        return receive_any(session, caps, exception);
    }
    return true;
}

bool tsr_serve(uint64_t server, const struct tsr_serve_options *options,
               struct capnp_exception *exception)
{
    struct session session;
    if (!session_init(&session, server, options, exception)) {
        return false;
    }
    uint32_t caps;
    bool is_stopped = false;
    while (!is_stopped && receive(&session, &caps, exception)) {
        if (!answer(&session, caps)) {
            refuse_busy(exception);
            break;
        }
        is_stopped = options->stop != NULL && *options->stop;
    }
    // The last answer goes out, and its slot is free again, before this returns.
    ring_user_publish(&tsr_self()->ring);
    tsr_thread_hand_over(tsr_self(), 0);
    tsr_thread_reap(tsr_self());
    if (is_stopped && session.answer->state == SLOT_DONE) {
        answer_mend(&session);
    }
    request_give_back(&session);
    tsr_slot_free(tsr_self(), session.answer);
    return is_stopped;
}
