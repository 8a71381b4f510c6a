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

static struct endpoint_record *record_of(struct core *core, uint32_t object)
{
    return &core->objects[object].endpoint;
}

// Ends a queued operation with a fact, and lets go of the facet that it kept in being.
static void refuse_queued(struct core *core, struct pending *pending, enum status fact,
                          uint64_t detail)
{
    uint32_t facet = pending->facet.index;
    pending_withdraw(core, pending);
    pending_refuse(core, pending, fact, detail);
    facet_collect(core, facet);
}

// --- Delivery -----------------------------------------------------------------------------------

static struct message_header header_of(const struct core *core, const struct pending *call)
{
    return (struct message_header){.call_id = pending_id(core, call),
                                   .interface = call->interface,
                                   .receiver_data = call->receiver_data,
                                   .method = call->sqe.method,
                                   .kind = MESSAGE_CALL,
                                   .disclose = call->sqe.disclose,
                                   .size = call->sqe.payload_len};
}

static enum status resolve_payload(const struct core *core, uint32_t thread, const struct sqe *sqe,
                                   struct buffer *buffer)
{
    return buffer_resolve(core, thread, sqe->payload, sqe->payload_len,
                          (sqe->flags & SQE_RING_PAYLOAD) != 0, RIGHT_READ, buffer);
}

// Copies the call into the receiver's buffer; the call is the receiving process's to answer.
static void deliver(struct core *core, struct pending *call, const struct buffer *payload,
                    uint32_t server, const struct buffer *result, struct cqe *cqe)
{
    struct message_header header = header_of(core, call);
    if (result->spans[0].size >= sizeof header) {
        memcpy(result->spans[0].at, &header, sizeof header);
    } else {
        buffer_write(result, 0, &header, sizeof header);
    }
    buffer_copy(result, sizeof header, payload, call->sqe.payload_len);
    call->kind = PENDING_TAKEN;
    call->server = server;
    pending_queue(core, &core->processes[server].taken, call);
    core->counters.deliveries++;
    cqe->status = (int32_t)(sizeof header + call->sqe.payload_len);
    cqe->extra = header.call_id;
}

// The part of a RECV's buffer that a message of `size` bytes fills, with its header.
static enum status resolve_result(const struct core *core, uint32_t thread, const struct sqe *sqe,
                                  uint32_t size, struct buffer *buffer)
{
    return buffer_resolve(core, thread, sqe->result, (uint32_t)sizeof(struct message_header) + size,
                          (sqe->flags & SQE_RING_RESULT) != 0, RIGHT_WRITE, buffer);
}

static bool process_is_running(const struct core *core, uint32_t process)
{
    return core->state.processes[process].state == PROCESS_RUNNING;
}

// The first call in the queue that can still be delivered; those that cannot end with the reason.
static struct pending *call_take(struct core *core, uint32_t object, struct buffer *payload)
{
    struct endpoint_record *endpoint = record_of(core, object);
    struct pending *call;
    while ((call = pending_first(core, &endpoint->calls)) != NULL) {
        enum status status = facet_check(core, call->facet.index);
        if (status == STATUS_OK && !process_is_running(core, call->process)) {
            status = STATUS_CALLER_LOST;
        }
        if (status == STATUS_OK) {
            status = resolve_payload(core, call->thread, &call->sqe, payload);
        }
        if (status == STATUS_OK) {
            return call;
        }
        refuse_queued(core, call, status, ARGUMENT_PAYLOAD);
    }
    return NULL;
}

// --- CALL ---------------------------------------------------------------------------------------

static enum status call_check(const struct core *core, const struct request *request,
                              enum sqe_argument *argument)
{
    const struct sqe *sqe = &request->sqe;
    const struct object *object = &core->state.objects[request->target.object];
    *argument = ARGUMENT_TRANSFERS;
    if (sqe->transfers != 0) {
        return STATUS_UNSUPPORTED;
    }
    *argument = ARGUMENT_PAYLOAD_LEN;
    if (sqe->payload_len > object->argument) {
        return STATUS_MESSAGE_TOO_LARGE;
    }
    *argument = ARGUMENT_RESULT_LEN;
    if (sqe->result_len > MESSAGE_SIZE_MAX) {
        return STATUS_BAD_ARGUMENT;
    }
    *argument = ARGUMENT_LIMIT;
    if (object->server_count == 0) {
        return STATUS_SERVER_GONE;
    }
    if (core->objects[request->target.object].endpoint.calls.count >= ENDPOINT_QUEUE_MAX) {
        return STATUS_QUEUE_FULL;
    }
    return pending_check(core, request);
}

// The RECV that has waited longest and whose buffer is still there; others end with the reason.
static struct pending *receiver_first(struct core *core, uint32_t object, uint32_t size,
                                      struct buffer *result)
{
    struct pending *receiver;
    while ((receiver = pending_first(core, &record_of(core, object)->receivers)) != NULL) {
        enum status status = STATUS_STALE_CAP;
        if (process_is_running(core, receiver->process) &&
            arena_has(&core->state.arenas[ARENA_HOLDS], receiver->hold)) {
            status = facet_check(core, receiver->facet.index);
        }
        if (status == STATUS_OK) {
            status = resolve_result(core, receiver->thread, &receiver->sqe, size, result);
        }
        if (status == STATUS_OK) {
            return receiver;
        }
        refuse_queued(core, receiver, status, ARGUMENT_RESULT);
    }
    return NULL;
}

void endpoint_call(struct core *core, struct request *request)
{
    enum sqe_argument argument;
    enum status status = call_check(core, request, &argument);
    if (status != STATUS_OK) {
        request_refuse(request, status, argument);
        return;
    }
    struct buffer result;
    struct buffer payload;
    struct pending *receiver =
        receiver_first(core, request->target.object, request->sqe.payload_len, &result);
    status = receiver == NULL
                 ? STATUS_OK
                 : resolve_payload(core, request->sender.thread, &request->sqe, &payload);
    if (status != STATUS_OK) {
        request_refuse(request, status, ARGUMENT_PAYLOAD);
        return;
    }
    struct pending *call = pending_create(core, request, PENDING_CALL);
    call->receiver_data = core->state.facets[request->target.facet].receiver_data;
    if (receiver == NULL) {
        pending_queue_pinned(core, &record_of(core, request->target.object)->calls, call);
        return;
    }
    bool is_direct = (request->sqe.flags & SQE_RING_PAYLOAD) != 0 &&
                     (receiver->sqe.flags & SQE_RING_RESULT) != 0;
    core->counters.direct_deliveries += is_direct ? 1 : 0;
    uint32_t server = receiver->process;
    struct cqe cqe = {0};
    deliver(core, call, &payload, server, &result, &cqe);
    pending_unqueue(core, &record_of(core, request->target.object)->receivers, receiver);
    pending_unpin(core, receiver); // its hold keeps its facet in being
    pending_complete(core, receiver, &cqe);
}

// --- RECV ---------------------------------------------------------------------------------------

static enum status recv_check(const struct core *core, struct request *request,
                              enum sqe_argument *argument)
{
    *argument = ARGUMENT_CAP;
    enum status status = hold_find(core, request->sender.process, request->sqe.cap, &request->hold);
    if (status != STATUS_OK) {
        return status;
    }
    const struct hold *hold = &core->state.holds[request->hold];
    const struct facet *facet = &core->state.facets[hold->facet];
    request->target.facet = hold->facet;
    request->target.object = facet->object;
    request->interface = facet->interface;
    if (hold->revoker != 0 || !facet_is_server(&core->state, facet)) {
        return STATUS_NOT_SERVER;
    }
    status = facet_check(core, hold->facet);
    if (status != STATUS_OK) {
        return status;
    }
    *argument = ARGUMENT_LIMIT;
    if (core->processes[request->sender.process].taken.count >= PROCESS_TAKEN_MAX) {
        return STATUS_OUT_OF_CALLS;
    }
    *argument = ARGUMENT_RESULT_LEN;
    uint64_t needed = sizeof(struct message_header) + core->state.objects[facet->object].argument;
    if (request->sqe.result_len < needed) {
        request_answer(request)->extra = needed;
        return STATUS_BUFFER_TOO_SMALL;
    }
    if (request->sqe.result_len > MESSAGE_SIZE_MAX + sizeof(struct message_header)) {
        return STATUS_BAD_ARGUMENT;
    }
    return STATUS_OK;
}

void endpoint_recv(struct core *core, struct request *request)
{
    if (!form_is_good(request, OP_RECV)) {
        return;
    }
    enum sqe_argument argument;
    struct buffer result;
    struct buffer payload;
    enum status status = recv_check(core, request, &argument);
    if (status == STATUS_OK) {
        argument = ARGUMENT_RESULT;
        status =
            buffer_check(core, request->sender.thread, request->sqe.result, request->sqe.result_len,
                         (request->sqe.flags & SQE_RING_RESULT) != 0, RIGHT_WRITE);
    }
    if (status != STATUS_OK) {
        request_refuse(request, status, argument);
        return;
    }
    struct endpoint_record *endpoint = record_of(core, request->target.object);
    struct pending *call = call_take(core, request->target.object, &payload);
    if (call != NULL) {
        resolve_result(core, request->sender.thread, &request->sqe, call->sqe.payload_len, &result);
        uint32_t facet = call->facet.index;
        pending_withdraw(core, call);
        deliver(core, call, &payload, request->sender.process, &result, request_answer(request));
        facet_collect(core, facet);
        return;
    }
    status = endpoint->receivers.count < ENDPOINT_RECEIVERS_MAX ? pending_check(core, request)
                                                                : STATUS_OUT_OF_CALLS;
    if (status != STATUS_OK) {
        request_refuse(request, status, ARGUMENT_LIMIT);
        return;
    }
    struct pending *receiver = pending_create(core, request, PENDING_RECV);
    receiver->hold = arena_id(&core->state.arenas[ARENA_HOLDS], request->hold);
    pending_queue_pinned(core, &endpoint->receivers, receiver);
}

// --- RETURN -------------------------------------------------------------------------------------

static enum status return_check(const struct request *request, enum sqe_argument *argument)
{
    const struct sqe *sqe = &request->sqe;
    bool is_exception = (sqe->flags & SQE_RETURN_EXCEPTION) != 0;
    *argument = ARGUMENT_TRANSFERS;
    if (sqe->transfers != 0) {
        return STATUS_UNSUPPORTED;
    }
    *argument = ARGUMENT_METHOD;
    if (is_exception ? sqe->method < EXCEPTION_FAILED || sqe->method > EXCEPTION_INVALID_ARGUMENT
                     : sqe->method != 0) {
        return is_exception ? STATUS_BAD_ARGUMENT : STATUS_RESERVED_SET;
    }
    *argument = ARGUMENT_PAYLOAD_LEN;
    if (sqe->payload_len > MESSAGE_SIZE_MAX) {
        return STATUS_MESSAGE_TOO_LARGE;
    }
    return STATUS_OK;
}

// What the caller learns of an answer; the payload is copied where it fits.
static enum status answer_caller(const struct core *core, const struct request *request,
                                 const struct pending *call, const struct buffer *payload,
                                 struct cqe *cqe)
{
    const struct sqe *sqe = &request->sqe;
    bool is_exception = (sqe->flags & SQE_RETURN_EXCEPTION) != 0;
    struct buffer result;
    *cqe = (struct cqe){.flags = is_exception ? sqe->method : 0};
    if (sqe->payload_len > call->sqe.result_len) {
        if (is_exception) { // its type alone always fits
            return STATUS_OK;
        }
        cqe_refuse(cqe, STATUS_TRUNCATED, ARGUMENT_RESULT_LEN);
        cqe->flags = CQE_TRUNCATED;
        cqe->extra = sqe->payload_len;
        return STATUS_CALLER_LOST;
    }
    if (sqe->payload_len == 0) {
        return STATUS_OK;
    }
    enum status status =
        buffer_resolve(core, call->thread, call->sqe.result, sqe->payload_len,
                       (call->sqe.flags & SQE_RING_RESULT) != 0, RIGHT_WRITE, &result);
    if (status != STATUS_OK) {
        cqe_refuse(cqe, status, ARGUMENT_RESULT);
        return STATUS_CALLER_LOST;
    }
    buffer_copy(&result, 0, payload, sqe->payload_len);
    cqe->status = (int32_t)sqe->payload_len;
    return STATUS_OK;
}

// The call that is being answered, if this process took it.
static struct pending *taken_find(struct core *core, const struct request *request)
{
    struct pending *call = pending_find(core, request->sqe.arg);
    bool is_taken = call != NULL && (call->kind == PENDING_TAKEN || call->kind == PENDING_LOST);
    return is_taken && call->server == request->sender.process ? call : NULL;
}

void endpoint_return(struct core *core, struct request *request)
{
    if (!form_is_good(request, OP_RETURN)) {
        return;
    }
    enum sqe_argument argument;
    struct buffer payload;
    enum status status = return_check(request, &argument);
    struct pending *call = taken_find(core, request);
    if (status == STATUS_OK && call == NULL) {
        argument = ARGUMENT_ARG;
        status = STATUS_STALE_CALL;
    }
    if (status == STATUS_OK) {
        argument = ARGUMENT_PAYLOAD;
        status = buffer_resolve(core, request->sender.thread, request->sqe.payload,
                                request->sqe.payload_len,
                                (request->sqe.flags & SQE_RING_PAYLOAD) != 0, RIGHT_READ, &payload);
    }
    if (status != STATUS_OK) {
        request_refuse(request, status, argument);
        return;
    }
    request->target.object = call->object;
    request->interface = call->interface;
    if (call->kind == PENDING_LOST) {
        request_refuse(request, STATUS_CALLER_LOST, ARGUMENT_ARG);
        pending_withdraw(core, call);
        pending_free(core, call);
        return;
    }
    struct cqe cqe;
    status = answer_caller(core, request, call, &payload, &cqe);
    if (status != STATUS_OK) {
        request_refuse(request, status, ARGUMENT_ARG);
    }
    pending_unqueue(core, &core->processes[request->sender.process].taken, call);
    pending_complete(core, call, &cqe);
}

// --- The server is gone -------------------------------------------------------------------------

void endpoint_server_gone(struct core *core, uint32_t object)
{
    struct endpoint_record *endpoint = record_of(core, object);
    if (endpoint->is_gone || (endpoint->calls.count | endpoint->receivers.count) == 0) {
        return;
    }
    endpoint->is_gone = true;
    endpoint->next_gone = core->first_gone;
    core->first_gone = object;
}

// Each step ends one waiting operation of one endpoint without a server.
bool endpoint_sweep(struct core *core)
{
    uint32_t object = core->first_gone;
    if (object == NONE) {
        return false;
    }
    struct endpoint_record *endpoint = record_of(core, object);
    struct pending *pending = pending_first(core, &endpoint->receivers);
    enum status fact = STATUS_STALE_CAP;
    if (pending == NULL) {
        pending = pending_first(core, &endpoint->calls);
        fact = STATUS_SERVER_GONE;
    }
    if (endpoint->receivers.count + endpoint->calls.count <= 1) {
        core->first_gone = endpoint->next_gone;
        endpoint->is_gone = false;
    }
    uint32_t facet = core->state.objects[object].root_facet;
    if (pending != NULL) { // else its time limit ended it meanwhile
        facet = pending->facet.index;
        pending_withdraw(core, pending);
        pending_refuse(core, pending, fact, ARGUMENT_CAP);
    }
    facet_collect(core, facet);
    return true;
}

const struct object_class endpoint_class = {NULL, 0, NULL};
