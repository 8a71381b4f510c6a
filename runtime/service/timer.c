// SPDX-License-Identifier: Apache-2.0
//
// Timers: a sorted list, and one sleep for the first of them. A timer that becomes the first
// withdraws the sleep, whose end begins the next. And calls of the service's own.

#include "runtime/service/frame.h"

#include "schema/kernel.capnp.h"

static void awaited_done(struct tsr_waiter *waiter, struct tsr_slot *slot)
{
    struct tsr_awaited *awaited = (struct tsr_awaited *)(void *)waiter;
    slot->state = SLOT_DONE; // it is finished as any other
    awaited->done(awaited->context, awaited->call);
}

static_assert(offsetof(struct tsr_awaited, waiter) == 0, "the cast above");

void tsr_service_await(struct tsr_service *service, struct tsr_awaited *awaited,
                       struct capnp_call *call)
{
    struct tsr_slot *slot = (struct tsr_slot *)call->carrier[0];
    awaited->waiter.done = awaited_done;
    awaited->call = call;
    slot->waiter = &awaited->waiter;
    slot->queue = &service->queue;
    if (slot->state == SLOT_DONE) {
        tsr_queue_put(&service->queue, slot);
    } else if (slot->state == SLOT_SUBMITTED) {
        slot->state = SLOT_LINKED;
    }
}

static void sleep_over(void *context, struct capnp_call *call);

// Begins the sleep for the first timer, if there is one and it doesn't sleep.
static void sleep_begin(struct tsr_service *service)
{
    struct timer_sleep_until_params_builder params;
    struct capnp_exception exception;
    if (service->timers == NULL || service->sleeps_until != 0) {
        return;
    }
    if (!timer_sleep_until_begin((struct timer){service->options.timer}, &service->sleep_call,
                                 &params, &exception)) {
        service_break(service, &exception);
        return;
    }
    timer_sleep_until_params_set_deadline(params, service->timers->deadline_ns);
    if (!capnp_call_send(&service->sleep_call, &exception)) {
        capnp_call_end(&service->sleep_call);
        service_break(service, &exception);
        return;
    }
    service->sleeps_until = service->timers->deadline_ns;
    service->sleep = (struct tsr_awaited){.done = sleep_over, .context = service};
    tsr_service_await(service, &service->sleep, &service->sleep_call);
}

static void sleep_over(void *context, struct capnp_call *call)
{
    struct tsr_service *service = context;
    struct timer_sleep_until_results_reader results;
    struct capnp_exception exception = {0};
    uint64_t now = service->sleeps_until;
    bool is_over = timer_sleep_until_finish(call, &results, &exception);
    capnp_call_end(call);
    service->sleeps_until = 0;
    if (!is_over && exception.status != STATUS_CANCELLED) {
        service_break(service, &exception);
        return;
    }
    while (is_over && service->timers != NULL && service->timers->deadline_ns <= now) {
        struct tsr_timer *timer = service->timers;
        tsr_timer_clear(service, timer);
        timer->due(timer->context);
    }
    sleep_begin(service);
}

void tsr_timer_set(struct tsr_service *service, struct tsr_timer *timer, uint64_t deadline_ns)
{
    tsr_timer_clear(service, timer);
    struct tsr_timer **link = &service->timers;
    while (*link != NULL && (*link)->deadline_ns <= deadline_ns) {
        link = &(*link)->next;
    }
    timer->deadline_ns = deadline_ns;
    timer->is_set = true;
    timer->next = *link;
    *link = timer;
    if (service->sleeps_until > service->timers->deadline_ns) {
        tsr_call_cancel(&service->sleep_call);
    }
    sleep_begin(service);
}

void tsr_timer_clear(struct tsr_service *service, struct tsr_timer *timer)
{
    struct tsr_timer **link = &service->timers;
    while (*link != NULL && *link != timer) {
        link = &(*link)->next;
    }
    if (*link != NULL) {
        *link = timer->next;
    }
    timer->is_set = false;
}

void timers_end(struct tsr_service *service)
{
    while (service->timers != NULL) {
        tsr_timer_clear(service, service->timers);
    }
    if (service->sleeps_until != 0) {
        capnp_call_end(&service->sleep_call);
        service->sleeps_until = 0;
    }
}
