// SPDX-License-Identifier: Apache-2.0
//
// A service's life. Everything that the service waits for ends in one queue, in the order in which
// it completed; the loop takes it from there, also what completed while a handler waited for
// something else.

#include "runtime/service/frame.h"

#include "schema/kernel.capnp.h"

void service_break(struct tsr_service *service, const struct capnp_exception *exception)
{
    if (!service->is_broken) {
        service->is_broken = true;
        service->why = *exception;
    }
}

// --- Calls that nobody waits for any more -------------------------------------------------------

static bool bell_wait(struct tsr_service *service)
{
    const struct sqe operation = {
        .opcode = OP_WAIT, .cap = service->options.bell, .arg = 1, .arg2 = TIMEOUT_NONE};
    service->bell_slot->waiter = &service->rung;
    return tsr_slot_submit(tsr_self(), service->bell_slot, &operation, &service->queue);
}

static void cancelled(struct tsr_service *service, uint64_t call)
{
    for (uint32_t i = 0; i < service->request_count; i++) {
        struct tsr_request *request = &service->requests[i];
        if (request->state == TSR_REQUEST_DEFERRED && request->call_id == call) {
            request->is_cancelled = true;
            service->counters.cancelled++;
            if (service->options.cancelled != NULL) {
                service->options.cancelled(service->options.self, request);
            }
        }
    }
}

void service_cancelled_ask(struct tsr_service *service)
{
    struct capnp_exception exception;
    uint64_t call;
    do {
        if (!endpoint_next_cancelled((struct endpoint){service->options.server}, &call,
                                     &exception)) {
            service_break(service, &exception);
            return;
        }
        cancelled(service, call);
    } while (call != 0);
}

static void bell_rung(struct tsr_waiter *waiter, struct tsr_slot *slot)
{
    struct tsr_service *service =
        (struct tsr_service *)((uint8_t *)waiter - offsetof(struct tsr_service, rung));
    struct capnp_exception exception;
    if (!tsr_completion_is_result(&slot->completion)) {
        tsr_completion_refuse(&slot->completion, NULL, &exception);
        service_break(service, &exception);
        return;
    }
    service_cancelled_ask(service);
    if (!service->is_broken && !bell_wait(service)) {
        tsr_refuse(&exception, STATUS_RING_BUSY, 0);
        service_break(service, &exception);
    }
}

static bool bell_start(struct tsr_service *service, struct capnp_exception *exception)
{
    if (service->options.bell == 0) {
        return true;
    }
    if (!endpoint_bind((struct endpoint){service->options.server},
                       (struct notification){service->options.bell}, exception)) {
        return false;
    }
    service->bell_slot = tsr_plain_take(tsr_self());
    service->rung.done = bell_rung;
    return (service->bell_slot != NULL && bell_wait(service)) ||
           tsr_refuse(exception, STATUS_RING_BUSY, TSR_SLOTS_MAX);
}

// --- Start --------------------------------------------------------------------------------------

// Takes the slots of a request; false: there are not so many.
static bool request_init(struct tsr_service *service, struct tsr_request *request)
{
    *request = (struct tsr_request){
        .service = service, .arrived = {request_arrived}, .unanswered = {request_unanswered}};
    request->slot = tsr_slots_take(tsr_self(), service->slots_each);
    request->answer = tsr_slots_take(tsr_self(), 1);
    return request->slot != NULL && request->answer != NULL;
}

// Gives everything back; what is under way is withdrawn, and its slots are free when it has ended.
static void service_end(struct tsr_service *service)
{
    struct tsr_thread *thread = tsr_self();
    service->state = TSR_SERVICE_STOPPED;
    service->tasks = NULL;
    timers_end(service);
    if (service->bell_slot != NULL) {
        tsr_slot_end(thread, service->bell_slot);
    }
    // The kernel takes the last answers before their slots are used again.
    tsr_thread_hand_over(thread, 0);
    tsr_thread_reap(thread);
    for (uint32_t i = 0; i < service->request_count; i++) {
        struct tsr_request *request = &service->requests[i];
        for (uint32_t s = 0; request->slot != NULL && s < service->slots_each; s++) {
            tsr_slot_end(thread, request->slot + s);
        }
        if (request->answer != NULL) {
            request->answer->state = SLOT_IDLE;
            tsr_slot_end(thread, request->answer);
        }
    }
    tsr_thread_enter(thread, 0, 0);
}

bool tsr_service_start(struct tsr_service *service, const struct tsr_service_options *options,
                       struct capnp_exception *exception)
{
    uint64_t bytes = sizeof(struct message_header) + (uint64_t)options->message_max +
                     TRANSFERS_MAX * sizeof(struct received);
    *service = (struct tsr_service){.options = *options};
    service->slots_each = (uint32_t)((bytes + TSR_SLOT_SIZE - 1) / TSR_SLOT_SIZE);
    uint32_t wanted = options->requests == 0 ? 1 : options->requests;
    wanted = wanted < TSR_REQUESTS_MAX ? wanted : TSR_REQUESTS_MAX;
    bool is_sound = service->slots_each < TSR_SLOTS_MAX;
    while (is_sound && service->request_count < wanted) {
        is_sound = request_init(service, &service->requests[service->request_count++]);
    }
    if (!is_sound) {
        service_end(service);
        return tsr_refuse(exception, STATUS_RING_BUSY, tsr_self()->message_slots);
    }
    if (!bell_start(service, exception)) {
        service_end(service);
        return false;
    }
    service->state = TSR_SERVICE_SERVING;
    for (uint32_t i = 0; i < service->request_count; i++) {
        is_sound = is_sound && request_receive(&service->requests[i]);
    }
    // Ready means that calls are taken: the RECVs go first.
    if (is_sound && options->ready != 0) {
        is_sound = tsr_thread_enter(tsr_self(), 0, 0) == 0 &&
                   notification_signal((struct notification){options->ready}, options->ready_bits,
                                       exception);
        if (!is_sound) {
            service_end(service);
            return false;
        }
    }
    if (!is_sound) {
        service_end(service);
        return tsr_refuse(exception, STATUS_RING_BUSY, tsr_self()->ring.sq_mask + 1);
    }
    return true;
}

// --- Stop ---------------------------------------------------------------------------------------

static void refuse_open(struct tsr_service *service)
{
    struct capnp_exception exception;
    capnp_exception_set(&exception, CAPNP_EXCEPTION_DISCONNECTED, 0, "the service is stopping");
    for (uint32_t i = 0; i < service->request_count; i++) {
        if (service->requests[i].state == TSR_REQUEST_DEFERRED) {
            tsr_request_refuse(&service->requests[i], &exception);
        }
    }
}

static void drained(void *context)
{
    refuse_open(context);
}

void tsr_service_stop(struct tsr_service *service, uint64_t deadline_ns)
{
    if (service->state != TSR_SERVICE_SERVING) {
        return;
    }
    service->state = TSR_SERVICE_DRAINING;
    service->tasks = NULL;
    for (uint32_t i = 0; i < service->request_count; i++) {
        if (service->requests[i].state == TSR_REQUEST_AWAITED) {
            tsr_slot_cancel(tsr_self(), service->requests[i].slot);
        }
    }
    if (deadline_ns == 0 || service->options.timer == 0) {
        refuse_open(service);
    } else {
        service->drain = (struct tsr_timer){.due = drained, .context = service};
        tsr_timer_set(service, &service->drain, deadline_ns);
    }
}

// --- The loop -----------------------------------------------------------------------------------

void tsr_task_start(struct tsr_service *service, struct tsr_task *task)
{
    struct tsr_task **link = &service->tasks;
    while (*link != NULL && *link != task) {
        link = &(*link)->next;
    }
    if (*link == NULL) {
        task->next = NULL;
        *link = task;
    }
}

void tsr_task_cancel(struct tsr_service *service, struct tsr_task *task)
{
    struct tsr_task **link = &service->tasks;
    while (*link != NULL && *link != task) {
        link = &(*link)->next;
    }
    if (*link != NULL) {
        *link = task->next;
    }
}

// One step of the first task, which then stands last.
static void task_step(struct tsr_service *service)
{
    struct tsr_task *task = service->tasks;
    service->tasks = task->next;
    if (task->step(task->context) && service->state == TSR_SERVICE_SERVING) {
        tsr_task_start(service, task);
    }
}

// While it drains, RECVs that are not withdrawn yet may still bring calls, to be refused.
static bool is_idle(const struct tsr_service *service)
{
    for (uint32_t i = 0; i < service->request_count; i++) {
        if (service->requests[i].state != TSR_REQUEST_FREE) {
            return false;
        }
    }
    return true;
}

bool tsr_service_serve(struct tsr_service *service, struct capnp_exception *exception)
{
    struct tsr_thread *thread = tsr_self();
    while (!service->is_broken && !(service->state == TSR_SERVICE_DRAINING && is_idle(service))) {
        struct tsr_slot *slot = tsr_queue_take(&service->queue);
        if (slot != NULL) {
            slot->waiter->done(slot->waiter, slot);
            continue;
        }
        bool has_task = service->tasks != NULL;
        int32_t fact = tsr_thread_enter(thread, has_task ? 0 : 1, has_task ? 0 : TIMEOUT_NONE);
        if (fact != 0) {
            tsr_refuse(&service->why, fact, 0);
            service->is_broken = true;
        }
        if (has_task && service->queue.first == NULL && service->tasks != NULL) {
            task_step(service);
        }
    }
    if (service->is_broken) {
        tsr_service_stop(service, 0);
        refuse_open(service);
        *exception = service->why;
    }
    // How the last answers fared; and what still came is refused.
    tsr_thread_enter(thread, 0, 0);
    for (struct tsr_slot *slot; (slot = tsr_queue_take(&service->queue)) != NULL;) {
        slot->waiter->done(slot->waiter, slot);
    }
    service_end(service);
    return !service->is_broken;
}
