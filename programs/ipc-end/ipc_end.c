// SPDX-License-Identifier: Apache-2.0
//
// One side of a call, which somebody else ends. Its argument is what it does, a letter:
//
//     1 2  a client: calls Ping.echo with that number, and rings the bell once the call is queued
//     n    a server that never takes a call
//     t    one that takes a call and never answers
//     a    one that answers a call and ends
//     s    one that answers until it is ended
//
// All but clients ring the bell when they have begun. Granted: console (for what goes wrong),
// timer, bell, peer (the endpoint, of the server's or the client's side).

#include "runtime/runtime.h"
#include "runtime/thread.h" // call and signal in one entry are below what typed clients offer

#include "schema/boot.capnp.h"
#include "schema/kernel.capnp.h"
#include "schema/ping.capnp.h"

static struct {
    struct timer timer;
    struct notification bell;
    uint64_t peer;
    bool is_over;
    char role;
} own;

static void sleep_for_ever(void)
{
    struct capnp_exception exception;
    timer_sleep_until(own.timer, UINT64_MAX, &exception);
}

static void ring_bell(void)
{
    struct capnp_exception exception;
    tsr_must(notification_signal(own.bell, 1, &exception), "ipc-end: no bell: ", &exception);
}

static void be_client(void)
{
    struct capnp_call call;
    struct capnp_exception exception;
    struct ping_echo_params_builder params;
    struct ping_echo_results_reader results;
    tsr_must(ping_echo_begin((struct ping){own.peer}, &call, &params, &exception),
             "ipc-end: cannot call: ", &exception);
    ping_echo_params_set_sequence(params, (uint64_t)(own.role - '0'));
    tsr_must(capnp_call_send(&call, &exception), "ipc-end: cannot send: ", &exception);
    struct ring_user *ring = &tsr_self()->ring;
    *ring_user_next(ring) =
        (struct sqe){.opcode = OP_SIGNAL, .flags = SQE_QUIET, .cap = own.bell.id, .arg = 1};
    ring_user_publish(ring);
    bool is_answered = ping_echo_finish(&call, &results, &exception);
    capnp_call_end(&call);
    tsr_exit(is_answered ? 0 : 1);
}

static bool serve_echo(void *self, struct ping_echo_params_reader params,
                       struct ping_echo_results_builder results, struct capnp_exception *exception)
{
    (void)self;
    (void)exception;
    if (own.role == 't') {
        ring_bell();
        sleep_for_ever();
    }
    ping_echo_results_set_sequence(results, ping_echo_params_get_sequence(params));
    own.is_over = own.role == 'a';
    return true;
}

static bool dispatch(void *self, uint16_t method, struct capnp_message *request,
                     struct capnp_builder *response, struct capnp_exception *exception)
{
    static const struct ping_server methods = {.echo = serve_echo};
    return ping_dispatch(&methods, self, method, request, response, exception);
}

static void be_server(void)
{
    struct capnp_exception exception;
    struct tsr_serve_options options = {
        .interface = PING_INTERFACE_ID, .dispatch = dispatch, .stop = &own.is_over};
    ring_bell();
    if (own.role == 'n') {
        sleep_for_ever();
    }
    tsr_must(tsr_serve(own.peer, &options, &exception), "ipc-end: cannot serve: ", &exception);
}

int tsr_main(struct start *start)
{
    struct capnp_message info;
    tsr_start_info(start, &info);
    struct capnp_text role = start_info_get_arguments(start_info_read(&info));
    if (role.size != 1 || !tsr_find(start, "timer", TIMER_INTERFACE_ID, &own.timer.id) ||
        !tsr_find(start, "bell", NOTIFICATION_INTERFACE_ID, &own.bell.id) ||
        !tsr_find_any(start, "peer", &own.peer)) {
        tsr_panic("ipc-end: needs a role, timer, bell and peer");
    }
    own.role = role.data[0];
    if (own.role == '1' || own.role == '2') {
        be_client();
    } else {
        be_server();
    }
    return 0;
}
