// SPDX-License-Identifier: Apache-2.0
//
// Endpoints: where calls and their servers meet. The kernel buffers no payloads. A call is queued
// with its SQE alone; its payload is read once, when a server takes it, and its rights are checked
// again then: what was revoked or unmapped meanwhile ends that call and the RECV takes the next. An
// answer goes straight into the caller's buffer; an answer that cannot get there ends the call with
// the reason and tells the server CALLER_LOST, so that it may undo.
//
// Queues are first in, first out, of one priority. In-flight calls belong to the process that took
// them; the queue belongs to the endpoint and is disconnected when its last server hold goes, or is
// cut off.
#include <string.h>

#include "abi/identity.h"
#include "kernel/core/buffer.h"
#include "kernel/core/core.h"
#include "kernel/core/form.h"
#include "kernel/core/memory.h"
#include "kernel/core/session.h"
#include "kernel/core/transfer.h"

static struct endpoint_record *record_of(struct core *core, const struct request *request)
{
    return &core->objects[request->target.object].endpoint;
}

// --- Delivery -----------------------------------------------------------------------------------

// Whether the call's payload, and what travels along, can go to process `to`.
__attribute__((flatten)) static inline enum status call_read(struct core *core,
                                                             struct request *call, uint32_t span,
                                                             uint32_t to, struct buffer *payload)
{
    enum status status = buffer_payload(core, call, span, payload);
    if (status != STATUS_OK) {
        return request_about(call, ARGUMENT_PAYLOAD, status);
    }
    if (call->sqe.transfers != 0) {
        call->argument = ARGUMENT_TRANSFERS;
        status = transfer_check(core, call, payload, to);
        status = status == STATUS_OK ? hold_has_room(core, to, call->sqe.transfers) : status;
    }
    return status;
}

// The first receiver that may still take something, with room for `span` bytes behind the header;
// others end with the reason. NULL: nobody is left.
__attribute__((flatten)) static inline struct request *
receiver_find(struct core *core, struct endpoint_record *endpoint, uint32_t span,
              struct buffer *result)
{
    struct request *receiver;
    do {
        receiver = request_first(&endpoint->receivers);
    } while (
        receiver != NULL &&
        !result_is_ready(core, receiver, (uint32_t)sizeof(struct message_header) + span, result));
    return receiver;
}

// Puts the header of a message into the receiver's buffer.
static inline void header_write(const struct buffer *to, struct message_header header)
{
    if (__builtin_expect(to->count == 1, true)) {
        __builtin_memcpy(to->spans[0].at, &header, sizeof header); // made in place
    } else {
        struct message_header copy = header;
        spans_copy(to->spans, 0, &(struct span){(uint8_t *)&copy, sizeof copy}, 0, sizeof copy);
    }
}

// Copies the call, which has its id, into the receiver's buffer: its process will answer it. The
// receiver has got what it waited for.
__attribute__((flatten)) static inline void call_deliver(struct core *core, struct request *call,
                                                         const struct buffer *payload,
                                                         struct request *receiver,
                                                         const struct buffer *result)
{
    const struct facet_record *facet = &core->facets[call->target.facet];
    if (__builtin_expect(facet->caller != call->thread->session, false)) {
        caller_compute(core, call);
    }
    struct message_header header = {.call_id = request_id(call),
                                    .interface = call->interface,
                                    .receiver_data = call->receiver_data,
                                    .caller_reference = {facet->reference[0], facet->reference[1]},
                                    .caller_epoch = core->state.boot_id,
                                    .method = call->sqe.method,
                                    .kind = MESSAGE_CALL,
                                    .transfers = call->sqe.transfers,
                                    .disclose = call->sqe.disclose,
                                    .size = call->sqe.payload_len};
    core->counters.deliveries++;
    header_write(result, header);
    spans_copy(result->spans, sizeof header, payload->spans, 0, header.size);
    if (call->sqe.transfers != 0) {
        transfer_commit(core, call, receiver, HOW_CALL, result,
                        (uint32_t)sizeof header + transfer_offset(header.size));
    }
    facet_use(core, call->target.facet);
    uint64_t ceiling = core->state.objects[call->target.object].argument >> 32;
    uint32_t priority = call->thread->priority;
    schedule_lend(core, receiver->thread, priority > ceiling ? priority : (uint32_t)ceiling,
                  call->thread->account);
    call->server = receiver->sender.process;
    receiver->cqe.status = (int32_t)(sizeof header + header.size);
    receiver->cqe.extra = header.call_id;
    request_complete(core, receiver);
}

// Tells the receiver of a minted facet of this endpoint that nobody holds any more.
static void drop_deliver(struct core *core, struct endpoint_record *endpoint,
                         struct request *receiver, const struct buffer *result)
{
    struct facet_record *record = RECORD_OF(endpoint->dropped.next, struct facet_record, dropped);
    uint32_t facet = (uint32_t)(record - core->facets);
    struct message_header header = {.interface = core->state.facets[facet].interface,
                                    .receiver_data = core->state.facets[facet].receiver_data,
                                    .kind = MESSAGE_DROPPED};
    header_write(result, header);
    receiver->cqe.status = sizeof header;
    list_remove(&record->dropped);
    record->drop = DROP_TOLD;
    facet_collect(core, facet);
    request_complete(core, receiver);
}

// Brings RECVs and what they wait for together, calls first, in the order of arrival. Whatever
// cannot be any more ends with the reason. What ends may drop facets: the same loop sees them.
static __attribute__((noinline)) void endpoint_match(struct core *core,
                                                     struct endpoint_record *endpoint)
{
    struct buffer payload;
    struct buffer result;
    bool was_matching = endpoint->is_matching;
    endpoint->is_matching = true;
    while (!was_matching && (endpoint->calls.count != 0 || !list_is_empty(&endpoint->dropped))) {
        struct request *call = request_first(&endpoint->calls);
        uint32_t span = call == NULL ? 0 : transfer_span(&call->sqe);
        struct request *receiver = receiver_find(core, endpoint, span, &result);
        if (receiver == NULL) {
            break;
        }
        if (call == NULL) {
            drop_deliver(core, endpoint, receiver, &result);
            continue;
        }
        enum status status =
            session_check(core, call->sender.process, facet_check(core, call->target.facet));
        if (core->state.processes[call->sender.process].state != PROCESS_RUNNING) {
            status = STATUS_CALLER_LOST;
        }
        if (status == STATUS_OK) {
            status = call_read(core, call, span, receiver->sender.process, &payload);
        }
        if (status != STATUS_OK) {
            request_fail(core, call, status, call->argument);
            continue;
        }
        call_deliver(core, call, &payload, receiver, &result);
        request_take(core, call, &core->processes[call->server].taken);
    }
    endpoint->is_matching = was_matching;
}

bool endpoint_drop(struct core *core, uint32_t facet)
{
    uint32_t object = core->state.facets[facet].object;
    struct facet_record *record = &core->facets[facet];
    record->drop = DROP_TOLD;
    if (object_is_served(&core->state, object)) {
        record->drop = DROP_LISTED;
        list_append(&core->objects[object].endpoint.dropped, &record->dropped);
        endpoint_match(core, &core->objects[object].endpoint);
    }
    return record->drop == DROP_TOLD;
}

// --- CALL ---------------------------------------------------------------------------------------

__attribute__((flatten)) static enum status call_check(struct core *core, struct request *request,
                                                       uint32_t span)
{
    const struct sqe *sqe = &request->sqe;
    const struct object *object = &core->state.objects[request->target.object];
    if (sqe->transfers > TRANSFERS_MAX) {
        return request_about(request, ARGUMENT_TRANSFERS, STATUS_BAD_TRANSFER);
    }
    if (span > (uint32_t)object->argument || span < sqe->payload_len) {
        return request_about(request, ARGUMENT_PAYLOAD_LEN, STATUS_MESSAGE_TOO_LARGE);
    }
    if (!object_is_served(&core->state, request->target.object)) {
        return request_about(request, ARGUMENT_LIMIT, STATUS_SERVER_GONE);
    }
    if (record_of(core, request)->calls.count >= ENDPOINT_QUEUE_MAX) {
        return request_about(request, ARGUMENT_LIMIT, STATUS_QUEUE_FULL);
    }
    if (sqe->transfers != 0 && !core_may_commit(core, request->thread->job, false)) {
        return STATUS_LOG_FULL;
    }
    return request_wait_check(core, request);
}

__attribute__((flatten)) enum status endpoint_call(struct core *core, struct request *request)
{
    struct endpoint_record *endpoint = record_of(core, request);
    uint32_t span = transfer_span(&request->sqe);
    enum status status = call_check(core, request, span);
    if (status != STATUS_OK) {
        return status;
    }
    request->receiver_data = core->state.facets[request->target.facet].receiver_data;
    request->object_generation = core->state.objects[request->target.object].slot.generation;
    if (__builtin_expect(request->sqe.disclose != 0, false)) {
        request->sqe.disclose &= (uint16_t)core->state.facets[request->target.facet].disclosure;
        request->sqe.disclose &= (uint16_t)core->state.sessions[session_of(core, request)].flags;
    }
    struct buffer payload;
    struct buffer result;
    struct request *receiver = receiver_find(core, endpoint, span, &result);
    if (receiver == NULL) {
        request_wait(core, request, REQUEST_CALL, &endpoint->calls, request->sqe.arg);
        return STATUS_OK;
    }
    // Nobody else waits to be received: the call is handed over without standing in the queue.
    uint32_t to = receiver->sender.process;
    status = call_read(core, request, span, to, &payload);
    if (status != STATUS_OK) {
        return status;
    }
    core->counters.direct_deliveries++;
    request_wait(core, request, REQUEST_TAKEN, &core->processes[to].taken, request->sqe.arg);
    call_deliver(core, request, &payload, receiver, &result);
    return STATUS_OK;
}

// --- RECV ---------------------------------------------------------------------------------------

__attribute__((flatten)) enum status endpoint_recv(struct core *core, struct request *request)
{
    if (!form_is_good(request, OP_RECV, 0, SQE_WORDS)) {
        return form_refuse(core, request);
    }
    enum status status = request_hold_find(core, request);
    if (status == STATUS_OK) {
        bool is_server = core->state.holds[request->hold].revoker == 0 &&
                         facet_is_server(&core->state, &core->state.facets[request->target.facet]);
        status = is_server ? facet_check(core, request->target.facet) : STATUS_NOT_SERVER;
        status = session_check(core, request->sender.process, status);
    }
    if (status != STATUS_OK) {
        return request_about(request, ARGUMENT_CAP, status);
    }
    uint64_t needed = sizeof(struct message_header) + object_argument(core, request->target.object);
    if (request->sqe.result_len < needed) {
        request->cqe.extra = needed;
        return request_about(request, ARGUMENT_RESULT_LEN, STATUS_BUFFER_TOO_SMALL);
    }
    struct endpoint_record *endpoint = record_of(core, request);
    if (core->processes[request->sender.process].taken.count >= PROCESS_TAKEN_MAX ||
        endpoint->receivers.count >= ENDPOINT_RECEIVERS_MAX) {
        return request_about(request, ARGUMENT_LIMIT, STATUS_OUT_OF_CALLS);
    }
    // It may take any call that waits, if those before it fail: one with capabilities, if there is.
    const struct link *calls = &endpoint->calls.head;
    const struct link *at = calls->next;
    while (at != calls && RECORD_OF(at, const struct request, queue)->sqe.transfers == 0) {
        at = at->next;
    }
    if (at != calls && !core_may_commit(core, request->thread->job, false)) {
        return STATUS_LOG_FULL;
    }
    status = request_wait_check(core, request);
    if (status != STATUS_OK) {
        return status;
    }
    request_wait(core, request, REQUEST_RECV, &endpoint->receivers, request->sqe.arg);
    if (endpoint->calls.count != 0 || !list_is_empty(&endpoint->dropped)) {
        endpoint_match(core, endpoint);
    }
    return STATUS_OK;
}

// --- RETURN -------------------------------------------------------------------------------------

// What the caller learns of an answer; payload and capabilities get to it where they fit.
static inline __attribute__((flatten)) enum status
answer_caller(struct core *core, const struct request *request, struct request *call, uint32_t span,
              const struct buffer *payload)
{
    uint32_t size = request->sqe.payload_len;
    struct buffer result;
    if (__builtin_expect(span > call->sqe.result_len, false)) {
        if ((request->sqe.flags & SQE_RETURN_EXCEPTION) == 0) {
            call->cqe.flags = CQE_TRUNCATED;
            call->cqe.extra = span;
            request_refuse(call, STATUS_TRUNCATED, ARGUMENT_RESULT_LEN);
            return STATUS_CALLER_LOST;
        }
        size = span = 0; // its type alone always fits
    }
    enum status status = STATUS_CALLER_LOST;
    if (core->state.processes[call->sender.process].state == PROCESS_RUNNING) {
        status = buffer_result(core, call, span, &result);
        if (status == STATUS_OK && request->sqe.transfers != 0) {
            status = hold_has_room(core, call->sender.process, request->sqe.transfers);
        }
    }
    if (status != STATUS_OK) {
        request_refuse(call, status, ARGUMENT_RESULT);
        return STATUS_CALLER_LOST;
    }
    spans_copy(result.spans, 0, payload->spans, 0, size);
    call->cqe.status = (int32_t)size;
    call->cqe.flags = request->sqe.method; // the type of an exception, else zero
    if (request->sqe.transfers != 0) {
        transfer_commit(core, request, call, HOW_RETURN, &result, transfer_offset(size));
    }
    return STATUS_OK;
}

__attribute__((flatten)) enum status endpoint_return(struct core *core, struct request *request)
{
    const struct sqe *sqe = &request->sqe;
    bool is_exception = __builtin_expect((sqe->flags & SQE_RETURN_EXCEPTION) != 0, false);
    if (sqe->transfers > TRANSFERS_MAX || (is_exception && sqe->transfers != 0)) {
        return request_about(request, ARGUMENT_TRANSFERS, STATUS_BAD_TRANSFER);
    }
    bool is_type = sqe->method >= EXCEPTION_FAILED && sqe->method <= EXCEPTION_INVALID_ARGUMENT;
    if (is_exception ? !is_type : sqe->method != 0) {
        return request_about(request, ARGUMENT_METHOD,
                             is_exception ? STATUS_BAD_ARGUMENT : STATUS_RESERVED_SET);
    }
    if (sqe->payload_len > MESSAGE_SIZE_MAX) {
        return request_about(request, ARGUMENT_PAYLOAD_LEN, STATUS_MESSAGE_TOO_LARGE);
    }
    struct request *call = request_find(core, sqe->arg);
    if (call == NULL || (call->state != REQUEST_TAKEN && call->state != REQUEST_LOST) ||
        call->server != request->sender.process) {
        return request_about(request, ARGUMENT_ARG, STATUS_STALE_CALL);
    }
    struct buffer payload;
    uint32_t span = transfer_span(sqe);
    enum status status = buffer_payload(core, request, span, &payload);
    if (status != STATUS_OK) {
        return request_about(request, ARGUMENT_PAYLOAD, status);
    }
    if (sqe->transfers != 0 && call->state == REQUEST_TAKEN) {
        status = core_may_commit(core, request->thread->job, false)
                     ? transfer_check(core, request, &payload, call->sender.process)
                     : STATUS_LOG_FULL;
        status = session_check(core, request->sender.process, status);
        if (status != STATUS_OK) {
            return request_about(request, ARGUMENT_TRANSFERS, status);
        }
    }
    request->argument = ARGUMENT_ARG;
    request->target.object = call->target.object;
    request->interface = call->interface;
    schedule_lend(core, request->thread, 0, request->thread->own_account);
    if (call->state == REQUEST_LOST) {
        request_free(core, call);
        return STATUS_CALLER_LOST;
    }
    status = answer_caller(core, request, call, span, &payload);
    request_complete(core, call);
    return status;
}

void endpoint_created(struct core *core, uint32_t object)
{
    struct endpoint_record *endpoint = &core->objects[object].endpoint;
    queue_init(&endpoint->calls);
    queue_init(&endpoint->receivers);
    list_init(&endpoint->dropped);
}

// --- Calls that are being answered --------------------------------------------------------------

// Whether a call came to this endpoint, which is the one of that time.
static bool request_is_of(const struct core *core, const struct request *call, uint32_t object)
{
    struct commit_id endpoint = {call->target.object, call->object_generation};
    return endpoint.index == object && arena_has(&core->state.arenas[ARENA_OBJECTS], endpoint);
}

static_assert(offsetof(struct endpoint_identity_params, call_id) ==
                  offsetof(struct session_minter_from_call_params, call_id),
              "caller_find() reads it");

// The call that the asker means and its process answers, where that is disclosed, and the call is
// one of this endpoint, or of any (NONE).
enum status caller_find(struct core *core, const struct request *request, uint32_t endpoint,
                        uint32_t disclosed, struct request **found)
{
    const struct request *call = *found =
        request_find(core, request->params.endpoint_identity.call_id);
    if (call == NULL || call->state != REQUEST_TAKEN || call->server != request->sender.process ||
        (endpoint != NONE && !request_is_of(core, call, endpoint))) {
        return STATUS_STALE_CALL;
    }
    enum status status = (call->sqe.disclose & disclosed) == 0 ? STATUS_NOT_DISCLOSED : STATUS_OK;
    return session_check(core, call->sender.process, status);
}

enum status endpoint_identity_run(struct core *core, struct request *request)
{
    const struct endpoint_identity_params params = request->params.endpoint_identity;
    struct request *call;
    enum status status =
        caller_find(core, request, request->target.object, 1U << params.section, &call);
    if (status == STATUS_OK) {
        uint32_t object = core->state.sessions[session_of(core, call)].object;
        const struct identity_header *page = frame_at(memory_frame(core, object, 0));
        const struct identity_section *section = &page->sections[params.section];
        uint32_t left = params.offset < section->size ? section->size - params.offset : 0;
        request->results.endpoint_identity = (struct endpoint_identity_results){
            section->size,
            {(const uint8_t *)page + section->offset + params.offset,
             left < ENDPOINT_IDENTITY_DATA_MOST ? left : ENDPOINT_IDENTITY_DATA_MOST}};
    }
    return status;
}

// --- Calls that nobody waits for any more -------------------------------------------------------

static bool is_lost(const struct core *core, const struct request *call, uint32_t object)
{
    return call->state == REQUEST_LOST && !call->is_told && request_is_of(core, call, object);
}

void endpoint_call_lost(struct core *core, const struct request *call)
{
    if (is_lost(core, call, call->target.object)) {
        notification_ring(core, core->objects[call->target.object].endpoint.bound, 1);
    }
}

enum status endpoint_next_cancelled_run(struct core *core, struct request *request)
{
    struct link *calls = &core->processes[request->sender.process].taken.head;
    uint64_t *id = &request->results.endpoint_next_cancelled.call_id;
    *id = 0;
    for (struct link *at = calls->next; at != calls && *id == 0; at = at->next) {
        struct request *call = RECORD_OF(at, struct request, queue);
        if (is_lost(core, call, request->target.object)) {
            call->is_told = true;
            *id = request_id(call);
        }
    }
    return STATUS_OK;
}

enum status endpoint_bind_run(struct core *core, struct request *request)
{
    record_of(core, request)->bound = request->params.endpoint_bind.notification;
    return STATUS_OK;
}
