// SPDX-License-Identifier: Apache-2.0
//
// The operations of the ring. Each SQE passes three gates here, in this order: its form (a table
// says which fields each operation uses; all others must be zero), the caller's authority (the
// hold, the chain of facets, the method), and what the method itself checks. A call to a kernel
// object is decoded from a copy, so that a program that changes its message meanwhile changes
// nothing.
#include <string.h>

#include "kernel/core/buffer.h"
#include "kernel/core/core.h"
#include "kernel/core/form.h"
#include "kernel/core/session.h"
#include "kernel/core/transfer.h"

// --- Form ---------------------------------------------------------------------------------------

// Which field a bit of a word belongs to: for each word the fields with their first bits.
static const struct {
    uint8_t word, first_bit, bits, argument;
} sqe_fields[] = {
    {0, 8, 8, ARGUMENT_FLAGS},        {0, 16, 16, ARGUMENT_METHOD},
    {0, 32, 8, ARGUMENT_TRANSFERS},   {0, 40, 8, ARGUMENT_ORDINAL},
    {0, 48, 16, ARGUMENT_DISCLOSE},   {1, 0, 64, ARGUMENT_CAP},
    {3, 0, 64, ARGUMENT_PAYLOAD},     {4, 0, 64, ARGUMENT_RESULT},
    {5, 0, 32, ARGUMENT_PAYLOAD_LEN}, {5, 32, 32, ARGUMENT_RESULT_LEN},
    {6, 0, 64, ARGUMENT_ARG2},        {7, 0, 64, ARGUMENT_ARG},
};

enum status form_refuse(struct core *core, struct request *request)
{
    const uint64_t *unused = form_unused[request->sqe.opcode];
    (void)core;
    request->argument = ARGUMENT_OPCODE;
    for (uint32_t i = sizeof sqe_fields / sizeof sqe_fields[0]; i > 0; i--) {
        uint32_t word = sqe_fields[i - 1].word;
        uint64_t excess = (request->words[word] & unused[word]) >> sqe_fields[i - 1].first_bit;
        if (excess << (64 - sqe_fields[i - 1].bits) != 0) {
            request->argument = sqe_fields[i - 1].argument;
        }
    }
    bool is_pipelined = request->sqe.opcode == OP_CALL && (request->sqe.flags & SQE_PIPELINE) != 0;
    bool is_feature = request->sqe.opcode == OP_NOP && request->argument == ARGUMENT_ARG;
    return is_pipelined || is_feature ? STATUS_UNSUPPORTED : STATUS_RESERVED_SET;
}

// --- Operations ---------------------------------------------------------------------------------

static enum status operate_release(struct core *core, struct request *request)
{
    if (!core_may_commit(core, request->thread->job, false)) {
        return STATUS_LOG_FULL;
    }
    hold_remove(core, request->hold);
    return STATUS_OK;
}

static enum status operate_cancel(struct core *core, struct request *request)
{
    struct link *waits = &request->thread->waits;
    for (struct link *at = waits->next; at != waits; at = at->next) {
        if (RECORD_OF(at, struct request, waits)->sq_index == request->sqe.arg) {
            request_abandon(core, RECORD_OF(at, struct request, waits), STATUS_CANCELLED);
            return STATUS_OK;
        }
    }
    return request_about(request, ARGUMENT_ARG, STATUS_STALE_SQE);
}

// The operations that take no message: whether they name a hold, the kind of object that it has to
// be of (0: any), and the methods that they stand for.
static const struct {
    enum status (*run)(struct core *, struct request *);
    bool has_hold;
    uint64_t interface;
    uint32_t methods;
} plain_operations[OP_COUNT] = {
    [OP_RELEASE] = {operate_release, true, 0, 0},
    [OP_CANCEL] = {operate_cancel, false, 0, 0},
    [OP_SIGNAL] = {notification_signal_run, true, NOTIFICATION_INTERFACE_ID,
                   1 << NOTIFICATION_SIGNAL},
    [OP_WAIT] = {operate_wait, true, NOTIFICATION_INTERFACE_ID, 1 << NOTIFICATION_TAKE},
    [OP_PARK] = {operate_park, true, PARK_SPACE_INTERFACE_ID, 0},
    [OP_UNPARK] = {operate_unpark, true, PARK_SPACE_INTERFACE_ID, 0},
};

static enum status operate_plain(struct core *core, struct request *request)
{
    uint8_t opcode = request->sqe.opcode;
    uint64_t interface = plain_operations[opcode].interface;
    if (!form_is_good(request, opcode, 0, SQE_WORDS)) {
        return form_refuse(core, request);
    }
    request->argument = ARGUMENT_CAP;
    enum status status =
        plain_operations[opcode].has_hold ? request_hold_find(core, request) : STATUS_OK;
    if (status == STATUS_OK && interface != 0) {
        status = hold_reach(core, request->hold, interface, plain_operations[opcode].methods);
    }
    status = status == STATUS_OK ? plain_operations[opcode].run(core, request) : status;
    if (status == STATUS_OK && interface != 0 && request->state == REQUEST_NEW) {
        facet_use(core, request->target.facet);
    }
    return status;
}

// --- Calls to kernel objects --------------------------------------------------------------------

// Takes the message over from the caller, once, and decodes it. The capabilities among the
// parameters are such as the method wants.
static enum status params_take(struct core *core, struct request *request,
                               const struct kernel_method *method)
{
    const struct sqe *sqe = &request->sqe;
    if (sqe->payload_len > KERNEL_MESSAGE_MAX) {
        return request_about(request, ARGUMENT_PAYLOAD_LEN, STATUS_MESSAGE_TOO_LARGE);
    }
    if (sqe->transfers != method->transfers) {
        return request_about(request, ARGUMENT_TRANSFERS, STATUS_BAD_TRANSFER);
    }
    struct buffer buffer;
    enum status status = buffer_payload(core, request, transfer_span(sqe), &buffer);
    if (status != STATUS_OK) {
        return request_about(request, ARGUMENT_PAYLOAD, status);
    }
    status = transfer_check(core, request, &buffer, NONE);
    if (status != STATUS_OK) {
        return request_about(request, ARGUMENT_TRANSFERS, status);
    }
    struct span scratch = {(uint8_t *)core->scratch, sqe->payload_len};
    spans_copy(&scratch, 0, buffer.spans, 0, sqe->payload_len);
    struct plain_reader reader;
    bool is_sound =
        plain_open(&reader, core->scratch, sqe->payload_len, core->transferred, sqe->transfers) &&
        (method->decode == NULL || method->decode(&reader, &request->params));
    request->argument = ARGUMENT_PAYLOAD;
    if (is_sound && method->admits != NULL && !method->admits(&request->params)) {
        return STATUS_BAD_VALUE;
    }
    for (uint32_t i = 0; is_sound && i < method->transfers && status == STATUS_OK; i++) {
        const struct kernel_capability *wanted = &method->capabilities[i];
        cap_t cap;
        memcpy(&cap, (const uint8_t *)&request->params + wanted->offset, sizeof cap);
        status = cap.value == 0
                     ? STATUS_BAD_TRANSFER
                     : hold_reach(core, cap_index(cap), wanted->interface, wanted->methods);
    }
    return is_sound ? status : STATUS_BAD_MESSAGE;
}

// What a method is told, and what it must not be asked. Needless where it is told nothing and
// changes no authority.
static __attribute__((noinline)) enum status
method_check(struct core *core, struct request *request, const struct object_class *class)
{
    const struct kernel_method *method = &class->methods[request->sqe.method];
    bool is_revoke = class == &revoker_class && request->sqe.method == REVOKER_REVOKE;
    bool is_quiet = (class->quiet >> request->sqe.method & 1) != 0;
    enum status status = STATUS_OK;
    if (!is_quiet && !core_may_commit(core, request->thread->job, is_revoke)) {
        return STATUS_LOG_FULL;
    }
    if (method->decode != NULL || (request->sqe.payload_len | request->sqe.transfers) != 0) {
        status = params_take(core, request, method);
    }
    request->argument = status == STATUS_OK ? ARGUMENT_LIMIT : request->argument;
    return status == STATUS_OK && class->check != NULL ? class->check(core, request) : status;
}

void results_write(struct core *core, struct request *request, const struct kernel_method *method,
                   const struct buffer *buffer)
{
    uint64_t caps[PLAIN_CAPS_MAX];
    uint32_t size;
    if (__builtin_expect(buffer->count == 1, true)) {
        size = method->encode(&request->results, buffer->spans[0].at, caps);
    } else {
        size = method->encode(&request->results, (uint8_t *)core->answer, caps);
        struct span answer = {(uint8_t *)core->answer, size};
        spans_copy(buffer->spans, 0, &answer, 0, size);
    }
    ASSERT(size <= sizeof core->answer); // nor PLAIN_TOO_LONG, which fits nowhere
    request->cqe.status = (int32_t)size;
    if (method->received != 0) {
        received_write(core, request, method->received, caps, buffer, size);
    }
}

bool request_succeed(struct core *core, struct request *request, const struct kernel_method *method)
{
    struct buffer buffer;
    if (!result_is_ready(core, request, method == NULL ? 0 : method->result_bytes, &buffer)) {
        return false;
    }
    facet_use(core, request->target.facet);
    if (method != NULL) {
        results_write(core, request, method, &buffer);
    }
    request_complete(core, request);
    return true;
}

static __attribute__((flatten)) enum status object_call(struct core *core, struct request *request,
                                                        const struct object_class *class)
{
    const struct sqe *sqe = &request->sqe;
    if (sqe->method >= class->method_count) {
        return request_about(request, ARGUMENT_METHOD, STATUS_METHOD_UNKNOWN);
    }
    const struct kernel_method *method = &class->methods[sqe->method];
    enum status status = STATUS_OK;
    struct buffer buffer;
    if (!class->is_plain || method->decode != NULL || (sqe->payload_len | sqe->transfers) != 0) {
        status = method_check(core, request, class);
    }
    if (status == STATUS_OK && method->encode != NULL) {
        if (sqe->result_len < method->result_bytes) {
            request->cqe.flags = CQE_TRUNCATED;
            request->cqe.extra = method->result_bytes;
            return request_about(request, ARGUMENT_RESULT_LEN, STATUS_TRUNCATED);
        }
        status = buffer_result(core, request, method->result_bytes, &buffer);
        request->argument = ARGUMENT_RESULT;
    }
    if (status != STATUS_OK) {
        return status;
    }
    request->argument = ARGUMENT_LIMIT;
    status = method->run(core, request);
    if (status == STATUS_OK && method->encode != NULL && request->state == REQUEST_NEW) {
        results_write(core, request, method, &buffer);
    }
    return status;
}

static __attribute__((flatten)) enum status operate_call(struct core *core, struct request *request)
{
    if (!form_is_good(request, OP_CALL, 0, SQE_WORDS)) {
        return form_refuse(core, request);
    }
    const struct sqe *sqe = &request->sqe;
    enum status status = request_hold_find(core, request);
    if (status != STATUS_OK) {
        return request_about(request, ARGUMENT_CAP, status);
    }
    if (core->state.holds[request->hold].revoker != 0) {
        request->interface = REVOKER_INTERFACE_ID;
        status = session_check(core, request->sender.process, STATUS_OK);
        return status == STATUS_OK ? object_call(core, request, &revoker_class)
                                   : request_about(request, ARGUMENT_CAP, status);
    }
    const struct facet *facet = &core->state.facets[request->target.facet];
    const struct object *object = &core->state.objects[facet->object];
    status = facet_check(core, request->target.facet);
    if (status == STATUS_OK && sqe->method >= METHODS_MAX) {
        status = STATUS_METHOD_UNKNOWN;
    } else if (status == STATUS_OK && (facet->methods >> sqe->method & 1) == 0) {
        status = STATUS_METHOD_NOT_IN_FACET;
    }
    status = session_check(core, request->sender.process, status);
    if (status != STATUS_OK) {
        return request_about(request, ARGUMENT_CAP, status);
    }
    if (object->kind == OBJECT_ENDPOINT && !facet_is_server(&core->state, facet)) {
        return endpoint_call(core, request);
    }
    request->subject = (uint32_t)object->argument;
    status = object_call(core, request, &object_classes[object->kind]);
    if (core->has_ends && status == STATUS_OK && request->state == REQUEST_NEW) {
        facet_use(core, request->target.facet);
    }
    return status;
}

// What comes behind is reserved. NOP and RETURN get here only if their form is not good.
static enum status (*const operations[OP_CANCEL + 1])(struct core *, struct request *) = {
    [OP_NOP] = form_refuse,      [OP_CALL] = operate_call,     [OP_RECV] = endpoint_recv,
    [OP_RETURN] = form_refuse,   [OP_RELEASE] = operate_plain, [OP_SIGNAL] = operate_plain,
    [OP_WAIT] = operate_plain,   [OP_PARK] = operate_plain,    [OP_UNPARK] = operate_plain,
    [OP_CANCEL] = operate_plain,
};

enum status core_operate(struct core *core, struct request *request)
{
    uint8_t opcode = request->sqe.opcode;
    return opcode <= OP_CANCEL ? operations[opcode](core, request)
                               : request_about(request, ARGUMENT_OPCODE, STATUS_BAD_OPCODE);
}
