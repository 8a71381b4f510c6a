// SPDX-License-Identifier: Apache-2.0
//
// Endpoints: where calls and their servers meet. The kernel buffers no payloads. A call is queued
// with its SQE alone; its payload is read once, when a server takes it, and its rights are checked
// again then: what was revoked or unmapped meanwhile ends that call and the RECV takes the next. An
// answer goes straight into the caller's buffer; an answer that cannot get there ends the call with
// the reason and tells the server CALLER_LOST, so that it may undo.
//
// Queues are first in, first out. In-flight calls belong to the process that took them; the queue
// belongs to the endpoint and is disconnected when its last server hold goes.
#include <string.h>

#include "kernel/core/buffer.h"
#include "kernel/core/core.h"
#include "kernel/core/form.h"

static struct endpoint_record *record_of(struct core *core, const struct request *request)
{
    return &core->objects[request->target.object].endpoint;
}

// --- Delivery -----------------------------------------------------------------------------------

// The call with what travels with it, for a receiver in process `to`.
static inline enum status call_resolve(struct core *core, const struct request *call, uint32_t to,
                                       struct buffer *payload)
{
    enum status status = buffer_payload(core, call, transfer_span(&call->sqe), payload);
    if (status == STATUS_OK && call->sqe.transfers != 0) {
        status = transfer_check(core, call, payload, to);
        status = status == STATUS_OK ? hold_has_room(core, to, call->sqe.transfers) : status;
    }
    return status;
}

// Copies the call into the receiver's buffer, and that is the receiver's completion; the call is
// the receiving process's to answer.
static inline void deliver(struct core *core, struct request *call, const struct buffer *payload,
                           struct request *receiver, const struct buffer *result)
{
    struct message_header header = {.call_id = request_id(core, call),
                                    .interface = call->interface,
                                    .receiver_data = call->receiver_data,
                                    .method = call->sqe.method,
                                    .kind = MESSAGE_CALL,
                                    .transfers = call->sqe.transfers,
                                    .disclose = call->sqe.disclose,
                                    .size = call->sqe.payload_len};
    if (result->spans[0].size >= sizeof header) {
        memcpy(result->spans[0].at, &header, sizeof header);
    } else {
        buffer_write(result, 0, &header, sizeof header);
    }
    buffer_copy(result, sizeof header, payload, header.size);
    facet_use(core, call->target.facet);
    if (call->sqe.transfers != 0) {
        transfer_commit(core, call, receiver, HOW_CALL, result,
                        (uint32_t)sizeof header + transfer_offset(header.size));
    }
    core->counters.deliveries++;
    schedule_lend(core, receiver->sender.thread, call->sender.thread);
    receiver->cqe.status = (int32_t)(sizeof header + header.size);
    receiver->cqe.extra = header.call_id;
}

static bool process_is_running(const struct core *core, const struct request *request)
{
    return core->state.processes[request->sender.process].state == PROCESS_RUNNING;
}

// The first call in the queue that can still be delivered; those that cannot end with the reason.
static struct request *call_first(struct core *core, struct endpoint_record *endpoint, uint32_t to,
                                  struct buffer *payload)
{
    struct request *call;
    while ((call = request_first(&endpoint->calls)) != NULL) {
        enum status status = facet_check(core, call->target.facet);
        if (status == STATUS_OK && !process_is_running(core, call)) {
            status = STATUS_CALLER_LOST;
        }
        if (status == STATUS_OK) {
            status = call_resolve(core, call, to, payload);
        }
        if (status == STATUS_OK) {
            return call;
        }
        request_fail(core, call, status, ARGUMENT_PAYLOAD);
    }
    return NULL;
}

// The RECV that has waited longest and whose buffer is still there; others end with the reason.
static inline struct request *receiver_first(struct core *core, struct endpoint_record *endpoint,
                                             uint32_t size, struct buffer *result)
{
    struct request *receiver;
    while ((receiver = request_first(&endpoint->receivers)) != NULL) {
        enum status status = hold_check(core, receiver->hold, receiver->hold_generation);
        if (status == STATUS_OK) {
            status = buffer_result(core, receiver, size, result);
        }
        if (status == STATUS_OK) {
            return receiver;
        }
        request_fail(core, receiver, status, ARGUMENT_RESULT);
    }
    return NULL;
}

// --- DROPPED ------------------------------------------------------------------------------------

static uint32_t facet_of_drop(const struct core *core, const struct link *link)
{
    return (uint32_t)((const struct facet_record *)(const void *)link - core->facets);
}

static uint32_t drop_pop(struct core *core, struct endpoint_record *endpoint)
{
    uint32_t facet = facet_of_drop(core, endpoint->dropped.next);
    list_remove(&core->facets[facet].dropped);
    core->facets[facet].drop = DROP_TOLD;
    return facet;
}

// Tells the receiver that nobody holds a minted facet any more, the first of those; returns it.
static uint32_t drop_take(struct core *core, struct endpoint_record *endpoint,
                          struct request *receiver, const struct buffer *result)
{
    uint32_t facet = drop_pop(core, endpoint);
    struct message_header header = {.interface = core->state.facets[facet].interface,
                                    .receiver_data = core->state.facets[facet].receiver_data,
                                    .kind = MESSAGE_DROPPED};
    buffer_write(result, 0, &header, sizeof header);
    receiver->cqe.status = sizeof header;
    return facet;
}

bool endpoint_drop(struct core *core, uint32_t facet)
{
    uint32_t object = core->state.facets[facet].object;
    struct endpoint_record *endpoint = &core->objects[object].endpoint;
    struct buffer result;
    if (core->state.objects[object].server_count == 0) {
        core->facets[facet].drop = DROP_TOLD;
        return true;
    }
    list_append(&endpoint->dropped, &core->facets[facet].dropped);
    core->facets[facet].drop = DROP_LISTED;
    struct request *receiver =
        receiver_first(core, endpoint, sizeof(struct message_header), &result);
    if (receiver == NULL) {
        return false;
    }
    drop_take(core, endpoint, receiver, &result); // the only one: a receiver waits
    request_complete(core, receiver);
    return true;
}

// --- CALL ---------------------------------------------------------------------------------------

static inline enum status call_check(struct core *core, struct request *request)
{
    const struct sqe *sqe = &request->sqe;
    const struct object *object = &core->state.objects[request->target.object];
    request->argument = ARGUMENT_TRANSFERS;
    if (sqe->transfers > TRANSFERS_MAX) {
        return STATUS_BAD_TRANSFER;
    }
    request->argument = ARGUMENT_PAYLOAD_LEN;
    if (sqe->payload_len > object->argument || transfer_span(sqe) > object->argument) {
        return STATUS_MESSAGE_TOO_LARGE;
    }
    request->argument = ARGUMENT_RESULT_LEN;
    if (sqe->result_len > MESSAGE_SIZE_MAX) {
        return STATUS_BAD_ARGUMENT;
    }
    request->argument = ARGUMENT_LIMIT;
    if (object->server_count == 0) {
        return STATUS_SERVER_GONE;
    }
    if (record_of(core, request)->calls.count >= ENDPOINT_QUEUE_MAX) {
        return STATUS_QUEUE_FULL;
    }
    return request_wait_check(core, request);
}

enum status endpoint_call(struct core *core, struct request *request)
{
    struct endpoint_record *endpoint = record_of(core, request);
    struct buffer result;
    struct buffer payload;
    enum status status = call_check(core, request);
    if (status != STATUS_OK) {
        return status;
    }
    request->object_generation = core->state.objects[request->target.object].slot.generation;
    request->receiver_data = core->state.facets[request->target.facet].receiver_data;
    uint32_t size = (uint32_t)sizeof(struct message_header) + transfer_span(&request->sqe);
    struct request *receiver = receiver_first(core, endpoint, size, &result);
    if (receiver == NULL) {
        request_wait(core, request, REQUEST_CALL, &endpoint->calls);
        return STATUS_OK;
    }
    request->argument = request->sqe.transfers == 0 ? ARGUMENT_PAYLOAD : ARGUMENT_TRANSFERS;
    status = call_resolve(core, request, receiver->sender.process, &payload);
    if (status != STATUS_OK) {
        return status;
    }
    bool is_direct = (request->sqe.flags & SQE_RING_PAYLOAD) != 0 &&
                     (receiver->sqe.flags & SQE_RING_RESULT) != 0;
    core->counters.direct_deliveries += is_direct ? 1 : 0;
    request->server = receiver->sender.process;
    request_wait(core, request, REQUEST_TAKEN, &core->processes[request->server].taken);
    deliver(core, request, &payload, receiver, &result);
    request_complete(core, receiver);
    return STATUS_OK;
}

// --- RECV ---------------------------------------------------------------------------------------

static enum status recv_check(struct core *core, struct request *request)
{
    request->argument = ARGUMENT_CAP;
    enum status status = request_hold_find(core, request);
    if (status != STATUS_OK) {
        return status;
    }
    if (core->state.holds[request->hold].revoker != 0 ||
        !facet_is_server(&core->state, &core->state.facets[request->target.facet])) {
        return STATUS_NOT_SERVER;
    }
    status = facet_check(core, request->target.facet);
    if (status != STATUS_OK) {
        return status;
    }
    request->argument = ARGUMENT_LIMIT;
    if (core->processes[request->sender.process].taken.count >= PROCESS_TAKEN_MAX) {
        return STATUS_OUT_OF_CALLS;
    }
    request->argument = ARGUMENT_RESULT_LEN;
    uint64_t needed =
        sizeof(struct message_header) + core->state.objects[request->target.object].argument;
    if (request->sqe.result_len < needed) {
        request->cqe.extra = needed;
        return STATUS_BUFFER_TOO_SMALL;
    }
    if (request->sqe.result_len > MESSAGE_SIZE_MAX + sizeof(struct message_header)) {
        return STATUS_BAD_ARGUMENT;
    }
    request->argument = ARGUMENT_RESULT;
    return buffer_check(core, request->sender.thread, request->sqe.result, request->sqe.result_len,
                        (request->sqe.flags & SQE_RING_RESULT) != 0, RIGHT_WRITE);
}

enum status endpoint_recv(struct core *core, struct request *request)
{
    struct buffer result;
    struct buffer payload;
    enum status status =
        form_is_good(request, OP_RECV) ? recv_check(core, request) : form_refuse(request);
    if (status != STATUS_OK) {
        return status;
    }
    struct endpoint_record *endpoint = record_of(core, request);
    struct request *call = call_first(core, endpoint, request->sender.process, &payload);
    if (call != NULL) {
        uint32_t size = (uint32_t)sizeof(struct message_header) + transfer_span(&call->sqe);
        status = buffer_result(core, request, size, &result);
        ASSERT(status == STATUS_OK); // the whole buffer is there
        deliver(core, call, &payload, request, &result);
        call->server = request->sender.process;
        request_move(core, call, REQUEST_TAKEN, &core->processes[call->server].taken);
        return STATUS_OK;
    }
    if (!list_is_empty(&endpoint->dropped)) {
        status = buffer_result(core, request, sizeof(struct message_header), &result);
        ASSERT(status == STATUS_OK);
        facet_collect(core, drop_take(core, endpoint, request, &result));
        return STATUS_OK;
    }
    request->argument = ARGUMENT_LIMIT;
    status = endpoint->receivers.count < ENDPOINT_RECEIVERS_MAX ? request_wait_check(core, request)
                                                                : STATUS_OUT_OF_CALLS;
    if (status == STATUS_OK) {
        request_wait(core, request, REQUEST_RECV, &endpoint->receivers);
    }
    return status;
}

// --- RETURN -------------------------------------------------------------------------------------

static enum status return_check(struct request *request)
{
    const struct sqe *sqe = &request->sqe;
    bool is_exception = (sqe->flags & SQE_RETURN_EXCEPTION) != 0;
    request->argument = ARGUMENT_TRANSFERS;
    if (sqe->transfers > (is_exception ? 0 : TRANSFERS_MAX)) {
        return STATUS_BAD_TRANSFER;
    }
    request->argument = ARGUMENT_METHOD;
    if (!is_exception && sqe->method != 0) {
        return STATUS_RESERVED_SET;
    }
    if (is_exception &&
        (sqe->method < EXCEPTION_FAILED || sqe->method > EXCEPTION_INVALID_ARGUMENT)) {
        return STATUS_BAD_ARGUMENT;
    }
    request->argument = ARGUMENT_PAYLOAD_LEN;
    return sqe->payload_len > MESSAGE_SIZE_MAX ? STATUS_MESSAGE_TOO_LARGE : STATUS_OK;
}

// What the caller learns of an answer; payload and capabilities get to it where they fit.
static inline enum status answer_caller(struct core *core, const struct request *request,
                                        struct request *call, const struct buffer *payload)
{
    uint32_t size = request->sqe.payload_len;
    uint32_t span = transfer_span(&request->sqe);
    bool is_exception = (request->sqe.flags & SQE_RETURN_EXCEPTION) != 0;
    struct buffer result;
    if (is_exception && size > call->sqe.result_len) {
        size = span = 0; // its type alone always fits
    }
    if (span > call->sqe.result_len) {
        call->cqe.flags = CQE_TRUNCATED;
        call->cqe.extra = span;
        request_refuse(call, STATUS_TRUNCATED, ARGUMENT_RESULT_LEN);
        return STATUS_CALLER_LOST;
    }
    enum status status = span == 0 ? STATUS_OK : buffer_result(core, call, span, &result);
    if (status == STATUS_OK && request->sqe.transfers != 0) {
        status = hold_has_room(core, call->sender.process, request->sqe.transfers);
    }
    if (status != STATUS_OK) {
        request_refuse(call, status, ARGUMENT_RESULT);
        return STATUS_CALLER_LOST;
    }
    if (size != 0) {
        buffer_copy(&result, 0, payload, size);
    }
    call->cqe.status = (int32_t)size;
    call->cqe.flags = is_exception ? request->sqe.method : 0;
    if (request->sqe.transfers != 0) {
        transfer_commit(core, request, call, HOW_RETURN, &result, transfer_offset(size));
    }
    return STATUS_OK;
}

enum status endpoint_return(struct core *core, struct request *request)
{
    struct buffer payload;
    enum status status =
        form_is_good(request, OP_RETURN) ? return_check(request) : form_refuse(request);
    if (status != STATUS_OK) {
        return status;
    }
    request->argument = ARGUMENT_ARG;
    struct request *call = request_find(core, request->sqe.arg);
    if (call == NULL || (call->state != REQUEST_TAKEN && call->state != REQUEST_LOST) ||
        call->server != request->sender.process) {
        return STATUS_STALE_CALL;
    }
    request->argument = ARGUMENT_PAYLOAD;
    status = buffer_payload(core, request, transfer_span(&request->sqe), &payload);
    if (status != STATUS_OK) {
        return status;
    }
    request->argument = ARGUMENT_TRANSFERS;
    if (request->sqe.transfers != 0 && call->state == REQUEST_TAKEN) {
        status = transfer_check(core, request, &payload, call->sender.process);
        if (status != STATUS_OK) {
            return status;
        }
    }
    request->argument = ARGUMENT_ARG;
    request->target.object = call->target.object;
    request->interface = call->interface;
    if (call->state == REQUEST_LOST) {
        request_free(core, call);
        return STATUS_CALLER_LOST;
    }
    status = answer_caller(core, request, call, &payload);
    schedule_lend(core, request->sender.thread, NONE);
    request_complete(core, call);
    return status;
}

// --- The server is gone -------------------------------------------------------------------------

void endpoint_server_gone(struct core *core, uint32_t object)
{
    struct endpoint_record *endpoint = &core->objects[object].endpoint;
    if (!endpoint->is_gone && ((endpoint->calls.count | endpoint->receivers.count) != 0 ||
                               !list_is_empty(&endpoint->dropped))) {
        endpoint->is_gone = true;
        list_append(&core->gone, &endpoint->gone);
    }
}

// Each step ends one waiting operation, or one facet, of one endpoint without a server.
bool endpoint_sweep(struct core *core)
{
    if (list_is_empty(&core->gone)) {
        return false;
    }
    struct endpoint_record *endpoint =
        (struct endpoint_record *)(void *)((uint8_t *)core->gone.next -
                                           offsetof(struct endpoint_record, gone));
    uint32_t object = (uint32_t)((struct object_record *)endpoint - core->objects);
    struct request *request = request_first(&endpoint->receivers);
    enum status fact = STATUS_STALE_CAP;
    if (request == NULL) {
        request = request_first(&endpoint->calls);
        fact = STATUS_SERVER_GONE;
    }
    if (request == NULL && !list_is_empty(&endpoint->dropped)) {
        facet_collect(core, drop_pop(core, endpoint));
    } else if (request == NULL) {
        list_remove(&endpoint->gone);
        endpoint->is_gone = false;
        facet_collect(core, core->state.objects[object].root_facet);
    } else {
        request_fail(core, request, fact, ARGUMENT_CAP);
    }
    return true;
}

void endpoint_init(struct core *core, uint32_t object)
{
    struct endpoint_record *endpoint = &core->objects[object].endpoint;
    queue_init(&endpoint->calls);
    queue_init(&endpoint->receivers);
    list_init(&endpoint->dropped);
}

// --- Calls that nobody waits for any more -------------------------------------------------------

static bool is_lost(const struct core *core, const struct request *call, uint32_t object)
{
    return call->state == REQUEST_LOST && !call->is_told && call->target.object == object &&
           arena_has(&core->state.arenas[ARENA_OBJECTS],
                     (struct commit_id){object, call->object_generation});
}

void endpoint_call_lost(struct core *core, const struct request *call)
{
    struct commit_id bound = core->objects[call->target.object].endpoint.bound;
    if (is_lost(core, call, call->target.object) &&
        hold_check(core, bound.index, bound.generation) == STATUS_OK) {
        notification_set(core, core->state.facets[core->state.holds[bound.index].facet].object, 1);
    }
}

enum status endpoint_next_cancelled_run(struct core *core, struct request *request)
{
    struct link *calls = &core->processes[request->sender.process].taken.head;
    request->results.endpoint_next_cancelled.call_id = 0;
    for (struct link *at = calls->next; at != calls; at = at->next) {
        struct request *call = request_of_queue(at);
        if (is_lost(core, call, request->target.object)) {
            call->is_told = true;
            request->results.endpoint_next_cancelled.call_id = request_id(core, call);
            break;
        }
    }
    return STATUS_OK;
}

enum status endpoint_bind_run(struct core *core, struct request *request)
{
    uint32_t hold;
    uint64_t cap = request->params.endpoint_bind.notification;
    if (hold_find(core, request->sender.process, cap, &hold) != STATUS_OK) {
        return STATUS_BAD_TRANSFER;
    }
    enum status status = hold_reach(core, hold, OBJECT_NOTIFICATION, 1 << NOTIFICATION_SIGNAL);
    if (status == STATUS_OK) {
        record_of(core, request)->bound = arena_id(&core->state.arenas[ARENA_HOLDS], hold);
    }
    return status;
}
