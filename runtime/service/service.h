// SPDX-License-Identifier: Apache-2.0
//
// The frame of a service. Its life:
//
//     tsr_service_start   slots are taken, RECVs posted, readiness is told    STARTING -> SERVING
//     tsr_service_serve   calls are dispatched until somebody says stop
//     tsr_service_stop    no more calls are taken; those that wait are        SERVING -> DRAINING
//                         answered until a deadline, then refused
//     (serve returns)     timers and calls of its own withdrawn, slots free   DRAINING -> STOPPED
//
// Handlers are those of the generated server table. One that can answer at once does so, as ever.
// One that can't says tsr_request_defer() and answers later, when a timer, a call of the service's
// own or another request made it possible. Meanwhile others are served, as many as the options say.
//
// All memory is the program's: struct tsr_service, timers, tasks and awaited calls must stay where
// they are until they are done. One thread serves.
#ifndef RUNTIME_SERVICE_SERVICE_H
#define RUNTIME_SERVICE_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/capnp/call.h"
#include "runtime/runtime.h"
#include "runtime/thread.h"

enum { TSR_REQUESTS_MAX = 4, TSR_REQUEST_OWNED_MAX = 2 * TRANSFERS_MAX };

enum tsr_service_state {
    TSR_SERVICE_STARTING,
    TSR_SERVICE_SERVING,
    TSR_SERVICE_DRAINING,
    TSR_SERVICE_STOPPED,
};

enum tsr_request_state {
    TSR_REQUEST_FREE,    // not in use
    TSR_REQUEST_AWAITED, // its RECV is out
    TSR_REQUEST_OPEN,    // a call is here, and a handler runs
    TSR_REQUEST_DEFERRED,
};

// A call, from its arrival to its answer.
struct tsr_request {
    // Of the call.
    uint64_t call_id;
    uint64_t receiver_data; // of the facet that was called
    uint64_t caller_reference[2];
    uint64_t caller_epoch;
    uint64_t interface; // through which it was called
    uint16_t method;
    uint16_t disclose; // identity sections that the caller offers
    bool is_cancelled; // nobody waits for the answer any more
    void *context;     // the handlers' own; NULL on arrival
    // The frame's own.
    struct tsr_waiter arrived;
    struct tsr_waiter unanswered;
    struct tsr_service *service;
    enum tsr_request_state state;
    bool is_reserved;
    struct tsr_slot *slot;   // the first of those that calls arrive in
    struct tsr_slot *answer; // that answers are built in
    uint64_t answered;       // the call that was answered last; 0: with an exception
    struct capnp_message message;
    struct capnp_builder response;
    uint64_t owned[TSR_REQUEST_OWNED_MAX];
    uint32_t owned_count;
};

struct tsr_service_options {
    uint64_t server;      // the server's hold of the endpoint
    uint64_t interface;   // calls through another one are refused as unimplemented; 0: dispatch,
                          // which finds the interface in service->current, sees to that
    uint32_t message_max; // bytes, of the endpoint; 0: what fits into one slot
    uint32_t requests;    // calls that may be open at once, up to TSR_REQUESTS_MAX; 0: one
    // Answers one call: the generated dispatch function, with its table.
    bool (*dispatch)(void *self, uint16_t method, struct capnp_message *request,
                     struct capnp_builder *response, struct capnp_exception *exception);
    void *self; // handed to all of these
    // Each of the following may be NULL.
    // Takes what the call will need, before it is dispatched; false, with the exception: refused.
    bool (*reserve)(void *self, struct tsr_request *request, struct capnp_exception *exception);
    // The request is over, however it ended: gives back what reserve took.
    void (*release)(void *self, struct tsr_request *request);
    // Nobody holds a facet of these receiver data any more.
    void (*dropped)(void *self, uint64_t interface, uint64_t receiver_data);
    // Nobody waits for this deferred request any more. It still has to be answered. Told at once
    // where the service has a bell, else when the next call comes.
    void (*cancelled)(void *self, struct tsr_request *request);
    // The answer to this call did not reach its caller, and what it brought came back.
    void (*lost)(void *self, uint64_t call_id);
    // Each of the following may be 0.
    uint64_t timer;      // a Timer: needed for timers and for draining with a deadline
    uint64_t bell;       // a notification of the service's own, for calls that nobody waits for
    uint64_t ready;      // a notification that learns when calls are taken ...
    uint64_t ready_bits; // ... by these bits
};

// What happened so far.
struct tsr_service_counters {
    uint64_t calls;    // dispatched
    uint64_t deferred; // of these
    uint64_t refused;  // answered with an exception, dispatched or not
    uint64_t lost;     // answers that reached nobody
    uint64_t dropped;
    uint64_t cancelled;
};

struct tsr_timer {
    uint64_t deadline_ns;
    void (*due)(void *context);
    void *context;
    struct tsr_timer *next;
    bool is_set;
};

// Work that is done in small steps while nothing else is to do. Steps must be short.
struct tsr_task {
    bool (*step)(void *context); // false: it is finished
    void *context;
    struct tsr_task *next;
};

// A call of the service's own that it does not wait for.
struct tsr_awaited {
    struct tsr_waiter waiter;
    struct capnp_call *call;
    void (*done)(void *context, struct capnp_call *call);
    void *context;
};

struct tsr_service {
    struct tsr_service_options options;
    enum tsr_service_state state;
    struct tsr_service_counters counters;
    struct tsr_request *current; // whose handler runs
    // The frame's own.
    struct tsr_queue queue;
    struct tsr_request requests[TSR_REQUESTS_MAX];
    uint32_t request_count, slots_each;
    struct tsr_timer *timers;
    struct tsr_task *tasks;
    struct tsr_awaited sleep;
    struct capnp_call sleep_call;
    uint64_t sleeps_until; // 0: it doesn't
    struct tsr_timer drain;
    struct tsr_waiter rung;
    struct tsr_slot *bell_slot;
    bool is_broken; // it can't go on: `why`
    struct capnp_exception why;
};

// Begins to take calls. False, with *exception: nothing has begun.
bool tsr_service_start(struct tsr_service *service, const struct tsr_service_options *options,
                       struct capnp_exception *exception);

// Serves until the service was stopped and has drained. False, with *exception, when it can't go
// on; everything is given back all the same.
bool tsr_service_serve(struct tsr_service *service, struct capnp_exception *exception);

// From a handler, a timer or a task: no more calls are taken. What is deferred may still be
// answered until `deadline_ns`, then it is refused as disconnected; at once where that is 0 or the
// service has no timer.
void tsr_service_stop(struct tsr_service *service, uint64_t deadline_ns);

// --- Requests -----------------------------------------------------------------------------------

// The handler that runs will answer later; what it returns is not sent. Its parameters and the
// response stay readable until then.
void tsr_request_defer(struct tsr_request *request);

// Of a deferred request: an empty response to build, and its end.
struct capnp_builder *tsr_request_response(struct tsr_request *request);
void tsr_request_answer(struct tsr_request *request);
void tsr_request_refuse(struct tsr_request *request, const struct capnp_exception *exception);

// Takes a capability that came with the call: it is the handler's own. False, and it stays the
// request's: it did not come along, or is not of this interface (0: any).
bool tsr_request_take(struct tsr_request *request, uint64_t cap, uint64_t interface);

// Hands a capability over, to be released once the request is over: one that the answer brings.
void tsr_request_give(struct tsr_request *request, uint64_t cap);

// --- Timers, tasks, calls -----------------------------------------------------------------------

// Calls `due` once, at the deadline or soon after. Setting again moves it. Needs options.timer.
void tsr_timer_set(struct tsr_service *service, struct tsr_timer *timer, uint64_t deadline_ns);
void tsr_timer_clear(struct tsr_service *service, struct tsr_timer *timer);

// A task that was started and has not finished goes on as it does.
void tsr_task_start(struct tsr_service *service, struct tsr_task *task);
void tsr_task_cancel(struct tsr_service *service, struct tsr_task *task);

// Calls `done` when the call, which was sent, is done: finishing it will not wait. The program
// finishes and ends it, in `done`; or earlier, and then `done` is not called.
void tsr_service_await(struct tsr_service *service, struct tsr_awaited *awaited,
                       struct capnp_call *call);

#endif
