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
    struct tsr_thread *thread;
    const struct tsr_serve_options *options;
    uint64_t server;
    uint32_t request;       // first of the slots that calls arrive in
    uint32_t request_slots; // how many
    uint32_t answer;        // slot
    uint8_t *bytes;         // where calls arrive
    uint64_t answered_call; // the call that the last RETURN answered; 0: none that matters
};

static bool session_init(struct session *session, uint64_t server,
                         const struct tsr_serve_options *options, struct capnp_exception *exception)
{
    struct tsr_thread *thread = &tsr_thread;
    if ((thread->free & (thread->free - 1)) == 0) {
        tsr_refuse(exception, STATUS_RING_BUSY, thread->slot_count);
        return false;
    }
    session->thread = thread;
    session->options = options;
    session->server = server;
    session->request = tsr_slot_take(thread);
    session->request_slots = 1;
    session->answer = tsr_slot_take(thread);
    session->bytes = tsr_slot_bytes(thread, session->request);
    session->answered_call = 0;
    return true;
}

// Gives the request's slots back. Where a RECV is still out there, they stay lost: a call may yet
// arrive in them.
static void request_give_back(struct session *session)
{
    if (session->thread->slots[session->request].state != SLOT_SUBMITTED) {
        for (uint32_t i = 0; i < session->request_slots; i++) {
            tsr_slot_free(session->thread, session->request + i);
        }
    }
}

// Finds a larger buffer for calls, of `needed` bytes; false when there is none.
static bool request_grow(struct session *session, uint64_t needed)
{
    uint64_t bytes = needed + TRANSFERS_MAX * sizeof(struct received);
    uint64_t slots = (bytes + TSR_SLOT_SIZE - 1) / TSR_SLOT_SIZE;
    if (session->request_slots != 1 || session->bytes == session->options->memory) {
        return false;
    }
    tsr_slot_renew(&session->thread->slots[session->request]);
    uint32_t first;
    if (slots < TSR_SLOTS_MAX && tsr_slots_take(session->thread, (uint32_t)slots, &first)) {
        tsr_slot_free(session->thread, session->request);
        session->request = first;
        session->request_slots = (uint32_t)slots;
        session->bytes = tsr_slot_bytes(session->thread, first);
        return true;
    }
    session->bytes = session->options->memory;
    return session->bytes != NULL;
}

static bool receive_submit(struct session *session, struct capnp_exception *exception)
{
    struct tsr_thread *thread = session->thread;
    struct tsr_slot *slot = &thread->slots[session->request];
    struct sqe *entry = tsr_thread_sqe(thread);
    if (entry == NULL) {
        return tsr_refuse(exception, STATUS_RING_BUSY, thread->ring.sq_mask + 1);
    }
    bool in_slot = session->bytes != session->options->memory;
    *entry = (struct sqe){
        .opcode = OP_RECV,
        .flags = in_slot ? SQE_RING_RESULT : 0,
        .cap = session->server,
        .user_data = slot->user_data,
        .result = in_slot ? (uint64_t)session->request * TSR_SLOT_SIZE : (uint64_t)session->bytes,
        .result_len =
            in_slot ? session->request_slots * TSR_SLOT_SIZE : session->options->memory_size,
        .arg = TIMEOUT_NONE,
    };
    slot->state = SLOT_SUBMITTED;
    ring_user_submit(&thread->ring);
    return true;
}

// Submits an answer; false when the SQ takes no more.
static bool return_submit(struct session *session, uint64_t call, uint16_t exception_type,
                          uint32_t size, uint32_t transfers)
{
    struct tsr_thread *thread = session->thread;
    struct tsr_slot *slot = &thread->slots[session->answer];
    struct sqe *entry = tsr_thread_sqe(thread);
    if (entry == NULL) {
        return false;
    }
    uint8_t flags = SQE_RING_PAYLOAD | SQE_QUIET;
    *entry = (struct sqe){
        .opcode = OP_RETURN,
        .flags = exception_type != 0 ? flags | SQE_RETURN_EXCEPTION : flags,
        .method = exception_type,
        .transfers = (uint8_t)transfers,
        .user_data = slot->user_data,
        .payload = (uint64_t)session->answer * TSR_SLOT_SIZE,
        .payload_len = size,
        .arg = call,
    };
    slot->state = SLOT_SUBMITTED;
    ring_user_submit(&thread->ring);
    return true;
}

static bool return_exception(struct session *session, uint64_t call,
                             const struct capnp_exception *exception)
{
    // Type NONE: a call that the handler made was refused; to our caller that is a failure.
    enum capnp_exception_type type = exception->type;
    type = type == CAPNP_EXCEPTION_NONE ? CAPNP_EXCEPTION_FAILED : type;
    uint32_t length = 0;
    while (length < sizeof(exception->reason) && exception->reason[length] != 0) {
        length++;
    }
    struct capnp_builder message;
    capnp_builder_init(&message, tsr_slot_bytes(session->thread, session->answer), TSR_SLOT_SIZE);
    if (length > 0) {
        struct cap_exception_builder root = cap_exception_build(&message);
        cap_exception_set_type(root, (enum cap_exception_type)type);
        cap_exception_set_reason(root, (struct capnp_text){exception->reason, length});
    }
    session->answered_call = 0;
    return return_submit(session, call, (uint16_t)type, capnp_builder_size(&message), 0);
}

static bool return_result(struct session *session, uint64_t call, struct capnp_builder *response)
{
    uint32_t size = capnp_builder_size(response);
    size = size > CAPNP_WORD_BYTES ? size : 0;
    uint32_t transfers = response->cap_count;
    if (size + transfers * sizeof(struct transfer) > TSR_SLOT_SIZE) {
        struct capnp_exception exception;
        tsr_refuse(&exception, STATUS_MESSAGE_TOO_LARGE, TSR_SLOT_SIZE);
        return return_exception(session, call, &exception);
    }
    if (transfers != 0) {
        tsr_transfers_put(response->bytes + size, response->caps, transfers);
    }
    session->answered_call = call;
    return return_submit(session, call, 0, size, transfers);
}

// Dispatches the call that has arrived and submits its answer.
static bool answer(struct session *session)
{
    const struct tsr_serve_options *options = session->options;
    struct tsr_slot *slot = &session->thread->slots[session->request];
    struct message_header header;
    __builtin_memcpy(&header, session->bytes, sizeof(header));
    if (header.kind != MESSAGE_CALL) {
        return true;
    }
    uint32_t size = (uint32_t)slot->completion.status;
    uint32_t caps =
        slot->completion.transfers == 0 ? 0 : tsr_slot_receive(slot, session->bytes, size);
    struct capnp_exception exception;
    if (header.interface != options->interface) {
        capnp_exception_set(&exception, CAPNP_EXCEPTION_UNIMPLEMENTED, header.interface,
                            "this server does not serve that interface");
        return return_exception(session, header.call_id, &exception);
    }
    struct capnp_message request;
    struct capnp_builder response;
    capnp_message_init(&request, session->bytes + sizeof(header), header.size, slot->caps, caps);
    capnp_builder_init(&response, tsr_slot_bytes(session->thread, session->answer), TSR_SLOT_SIZE);
    if (!options->dispatch(options->self, header.method, &request, &response, &exception)) {
        return return_exception(session, header.call_id, &exception);
    }
    return return_result(session, header.call_id, &response);
}

// The answer before did not go out. A lost caller is its own affair; for any other reason the call
// is still open, and is answered with an exception, once.
__attribute__((cold, noinline)) static bool answer_mend(struct session *session)
{
    struct tsr_slot *slot = &session->thread->slots[session->answer];
    int32_t fact = -slot->completion.status;
    uint64_t call = session->answered_call;
    slot->state = SLOT_TAKEN;
    tsr_slot_renew(slot);
    if (call == 0 || fact == STATUS_CALLER_LOST || fact == STATUS_STALE_CALL ||
        fact == STATUS_TRUNCATED) {
        return true;
    }
    struct capnp_exception exception;
    capnp_exception_set(&exception, CAPNP_EXCEPTION_FAILED, 0, tsr_fact_text(fact));
    bool is_submitted = return_exception(session, call, &exception);
    // The slot is needed for the next answer: let the kernel read this one first.
    tsr_enter(SYSTEM_CALL_ENTER, 0, 0);
    slot->state = SLOT_TAKEN;
    tsr_slot_renew(slot);
    return is_submitted;
}

// Makes the answer's slot ready for the next one; called once the kernel has taken the last RETURN.
static inline bool answer_settle(struct session *session)
{
    struct tsr_slot *slot = &session->thread->slots[session->answer];
    if (slot->state == SLOT_DONE) {
        return answer_mend(session);
    }
    slot->state = SLOT_TAKEN;
    tsr_slot_renew(slot);
    return true;
}

// Waits for a call.
static bool receive(struct session *session, struct capnp_exception *exception)
{
    for (;;) {
        if (!receive_submit(session, exception)) {
            return false;
        }
        struct tsr_slot *slot = &session->thread->slots[session->request];
        int32_t fact = tsr_thread_wait(session->thread, slot);
        if (fact != 0) {
            return tsr_refuse(exception, fact, 0);
        }
        if (tsr_completion_is_result(&slot->completion)) {
            return true;
        }
        struct cqe refused = slot->completion;
        if (refused.status != -STATUS_BUFFER_TOO_SMALL || !request_grow(session, refused.extra)) {
            return tsr_completion_refuse(&refused, session->bytes, exception);
        }
    }
}

bool tsr_serve(uint64_t server, const struct tsr_serve_options *options,
               struct capnp_exception *exception)
{
    struct session session;
    if (!session_init(&session, server, options, exception)) {
        return false;
    }
    bool is_well = true;
    bool is_stopped = false;
    while (is_well && !is_stopped) {
        is_well = receive(&session, exception);
        if (is_well && (!answer_settle(&session) || !answer(&session))) {
            is_well = tsr_refuse(exception, STATUS_RING_BUSY, session.thread->ring.sq_mask + 1);
        }
        if (is_well) {
            tsr_slot_renew(&session.thread->slots[session.request]);
            is_stopped = options->stop != NULL && *options->stop;
        }
    }
    // The last answer goes out, and its slot is free again, before this returns.
    tsr_enter(SYSTEM_CALL_ENTER, 0, 0);
    tsr_thread_reap(session.thread);
    if (is_stopped) {
        answer_settle(&session);
    }
    request_give_back(&session);
    tsr_slot_free(session.thread, session.answer);
    return is_stopped;
}
