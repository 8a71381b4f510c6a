// SPDX-License-Identifier: Apache-2.0
//
// A call from its arrival to its answer. The RETURN is quiet: a completion says that the answer did
// not go out. The next RECV of the same request follows it at once, so that when a call arrives, it
// is known how the answer before fared, and the answer's slot is free again.

#include "runtime/service/frame.h"

#include "schema/exception.capnp.h"

bool request_receive(struct tsr_request *request)
{
    const struct tsr_service *service = request->service;
    const struct sqe operation = {.opcode = OP_RECV,
                                  .flags = SQE_RING_RESULT,
                                  .cap = service->options.server,
                                  .result = request->slot->offset,
                                  .result_len = service->slots_each * TSR_SLOT_SIZE,
                                  .arg = TIMEOUT_NONE};
    request->state = TSR_REQUEST_AWAITED;
    request->slot->waiter = &request->arrived;
    return tsr_slot_submit(tsr_self(), request->slot, &operation, &request->service->queue);
}

static void break_busy(struct tsr_service *service)
{
    struct capnp_exception exception;
    tsr_refuse(&exception, STATUS_RING_BUSY, tsr_self()->ring.sq_mask + 1);
    service_break(service, &exception);
}

// What belongs to the request goes; the RELEASEs stand behind the RETURN in the queue.
static void give_back(struct tsr_request *request)
{
    struct tsr_service *service = request->service;
    for (uint32_t i = 0; i < request->owned_count; i++) {
        tsr_release(request->owned[i]);
    }
    request->owned_count = 0;
    if (request->is_reserved && service->options.release != NULL) {
        service->options.release(service->options.self, request);
    }
    request->is_reserved = false;
    request->state = TSR_REQUEST_FREE;
}

// The request is over: its place takes the next call.
static void end(struct tsr_request *request)
{
    give_back(request);
    if (request->service->state == TSR_SERVICE_SERVING && !request_receive(request)) {
        break_busy(request->service);
    }
}

static bool return_put(struct tsr_request *request, uint64_t call, uint16_t exception_type,
                       uint32_t size, uint32_t transfers)
{
    uint8_t flags = SQE_RING_PAYLOAD | SQE_QUIET;
    const struct sqe operation = {
        .opcode = OP_RETURN,
        .flags = exception_type != 0 ? flags | SQE_RETURN_EXCEPTION : flags,
        .method = exception_type,
        .transfers = (uint8_t)transfers,
        .payload = request->answer->offset,
        .payload_len = size,
        .arg = call,
    };
    request->answer->waiter = &request->unanswered;
    return tsr_slot_submit(tsr_self(), request->answer, &operation, &request->service->queue);
}

static bool return_exception(struct tsr_request *request, uint64_t call,
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
    capnp_builder_init(&message, request->answer->bytes, TSR_SLOT_SIZE);
    if (length > 0) {
        struct cap_exception_builder root = cap_exception_build(&message);
        cap_exception_set_type(root, (enum cap_exception_type)type);
        cap_exception_set_reason(root, (struct capnp_text){exception->reason, length});
    }
    request->answered = 0;
    request->service->counters.refused++;
    return return_put(request, call, (uint16_t)type, capnp_builder_size(&message), 0);
}

static bool return_response(struct tsr_request *request)
{
    const struct capnp_builder *response = &request->response;
    uint32_t size = capnp_builder_size(response);
    uint32_t transfers = response->cap_count;
    struct capnp_exception exception;
    if (response->error != CAPNP_OK) {
        capnp_exception_set_error(&exception, CAPNP_EXCEPTION_FAILED, response->error);
        return return_exception(request, request->call_id, &exception);
    }
    if (size + transfers * sizeof(struct transfer) > TSR_SLOT_SIZE) {
        tsr_refuse(&exception, STATUS_MESSAGE_TOO_LARGE, TSR_SLOT_SIZE);
        return return_exception(request, request->call_id, &exception);
    }
    tsr_transfers_put(response->bytes + size, response->caps, transfers, 0);
    request->answered = request->call_id;
    return return_put(request, request->call_id, 0,
                      size > CAPNP_WORD_BYTES || transfers != 0 ? size : 0, transfers);
}

void tsr_request_answer(struct tsr_request *request)
{
    if (!return_response(request)) {
        break_busy(request->service);
    }
    end(request);
}

void tsr_request_refuse(struct tsr_request *request, const struct capnp_exception *exception)
{
    if (!return_exception(request, request->call_id, exception)) {
        break_busy(request->service);
    }
    end(request);
}

struct capnp_builder *tsr_request_response(struct tsr_request *request)
{
    capnp_builder_init(&request->response, request->answer->bytes, TSR_SLOT_SIZE);
    return &request->response;
}

void tsr_request_defer(struct tsr_request *request)
{
    request->state = TSR_REQUEST_DEFERRED;
    request->service->counters.deferred++;
}

bool tsr_request_take(struct tsr_request *request, uint64_t cap, uint64_t interface)
{
    const struct tsr_slot *slot = request->slot;
    for (uint32_t i = 0; i < request->message.cap_count; i++) {
        bool is_it = slot->caps[i] == cap && (interface == 0 || slot->interfaces[i] == interface);
        for (uint32_t owned = 0; is_it && owned < request->owned_count; owned++) {
            if (request->owned[owned] == cap) {
                request->owned[owned] = request->owned[--request->owned_count];
                return true;
            }
        }
    }
    return false;
}

void tsr_request_give(struct tsr_request *request, uint64_t cap)
{
    if (request->owned_count == TSR_REQUEST_OWNED_MAX) {
        tsr_panic("a request was given more than it can own");
    }
    request->owned[request->owned_count++] = cap;
}

// --- Arrival ------------------------------------------------------------------------------------

static void open_request(struct tsr_request *request, const struct message_header *header)
{
    struct tsr_slot *slot = request->slot;
    uint32_t caps = slot->completion.transfers == 0
                        ? 0
                        : tsr_slot_receive(slot, slot->bytes, (uint32_t)slot->completion.status);
    request->call_id = header->call_id;
    request->receiver_data = header->receiver_data;
    request->caller_reference[0] = header->caller_reference[0];
    request->caller_reference[1] = header->caller_reference[1];
    request->caller_epoch = header->caller_epoch;
    request->interface = header->interface;
    request->method = header->method;
    request->disclose = header->disclose;
    request->is_cancelled = false;
    request->context = NULL;
    request->state = TSR_REQUEST_OPEN;
    for (uint32_t i = 0; i < caps; i++) {
        request->owned[i] = slot->caps[i];
    }
    request->owned_count = caps;
    capnp_message_init(&request->message, header + 1, header->size, slot->caps, caps);
}

// Whether the call may be dispatched.
static bool admit(struct tsr_request *request, struct capnp_exception *exception)
{
    uint64_t interface = request->interface;
    const struct tsr_service_options *options = &request->service->options;
    if (request->service->state != TSR_SERVICE_SERVING) {
        capnp_exception_set(exception, CAPNP_EXCEPTION_DISCONNECTED, 0, "the service is stopping");
        return false;
    }
    if (options->interface != 0 && interface != options->interface) {
        capnp_exception_set(exception, CAPNP_EXCEPTION_UNIMPLEMENTED, interface,
                            "this server does not serve that interface");
        return false;
    }
    request->is_reserved =
        options->reserve == NULL || options->reserve(options->self, request, exception);
    return request->is_reserved;
}

static void serve(struct tsr_request *request)
{
    struct tsr_service *service = request->service;
    struct capnp_exception exception;
    bool is_answered = admit(request, &exception);
    if (is_answered) {
        service->counters.calls++;
        service->current = request;
        is_answered =
            service->options.dispatch(service->options.self, request->method, &request->message,
                                      tsr_request_response(request), &exception);
        service->current = NULL;
    }
    if (!is_answered) {
        tsr_request_refuse(request, &exception);
    } else if (request->state == TSR_REQUEST_OPEN) {
        tsr_request_answer(request);
    }
}

// Whether a caller may have given up what is deferred without anybody being told.
static bool waits_untold(const struct tsr_service *service)
{
    if (service->options.bell != 0 || service->options.cancelled == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < service->request_count; i++) {
        if (service->requests[i].state == TSR_REQUEST_DEFERRED) {
            return true;
        }
    }
    return false;
}

void request_arrived(struct tsr_waiter *waiter, struct tsr_slot *slot)
{
    struct tsr_request *request =
        (struct tsr_request *)((uint8_t *)waiter - offsetof(struct tsr_request, arrived));
    struct tsr_service *service = request->service;
    const struct message_header *header = (const struct message_header *)slot->bytes;
    request->state = TSR_REQUEST_FREE;
    if (!tsr_completion_is_result(&slot->completion)) {
        struct capnp_exception exception;
        tsr_completion_refuse(&slot->completion, slot->bytes, &exception);
        if (service->state == TSR_SERVICE_SERVING) {
            service_break(service, &exception);
        }
        return;
    }
    if (header->kind == MESSAGE_CALL) {
        open_request(request, header);
        if (waits_untold(service)) {
            service_cancelled_ask(service);
        }
        serve(request);
        return;
    }
    service->counters.dropped++;
    if (header->kind == MESSAGE_DROPPED && service->options.dropped != NULL) {
        service->options.dropped(service->options.self, header->interface, header->receiver_data);
    }
    if (service->state == TSR_SERVICE_SERVING && !request_receive(request)) {
        break_busy(service);
    }
}

// An answer did not go out. A caller that is lost is told to the service; for any other reason the
// call is still open, and is answered with an exception, once.
void request_unanswered(struct tsr_waiter *waiter, struct tsr_slot *slot)
{
    struct tsr_request *request =
        (struct tsr_request *)((uint8_t *)waiter - offsetof(struct tsr_request, unanswered));
    struct tsr_service *service = request->service;
    int32_t fact = -slot->completion.status;
    uint64_t call = request->answered;
    bool is_lost = fact == STATUS_CALLER_LOST || fact == STATUS_STALE_CALL;
    service->counters.lost++;
    if (call != 0 && is_lost && service->options.lost != NULL) {
        service->options.lost(service->options.self, call);
    }
    if (call == 0 || is_lost) {
        return;
    }
    struct capnp_exception exception;
    capnp_exception_set(&exception, CAPNP_EXCEPTION_FAILED, 0, tsr_fact_text(fact));
    if (!return_exception(request, call, &exception)) {
        break_busy(service);
    }
    // The slot is needed for the next answer: let the kernel read this one first.
    tsr_thread_hand_over(tsr_self(), 0);
}
