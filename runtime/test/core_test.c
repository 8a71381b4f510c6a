// SPDX-License-Identifier: Apache-2.0
//
// The runtime on the kernel itself (first_program.h). The test serves an endpoint and is its own
// client: its calls are made by a task of the service, or before the service begins.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/core/test/act.h"
#include "runtime/service/service.h"
#include "runtime/test/first_program.h"
#include "runtime/thread.h"
#include "schema/kernel.capnp.h"
#include "schema/ping.capnp.h"

enum { SLOTS = RING_MESSAGE_PAGES_DEFAULT * PAGE_SIZE / TSR_SLOT_SIZE, RECEIVER_DATA = 77 };

static struct {
    struct timer timer;
    struct job job;
    struct capability_manager capabilities;
    struct endpoint server;
    struct ping client;
    struct notification bell;
} own;

static struct tsr_service service;
static struct capnp_exception exception;

int64_t tsr_enter(uint64_t number, uint64_t first, uint64_t second)
{
    return first_program_enter(number, first, second);
}

int tsr_main(struct start *start)
{
    (void)start;
    return 0;
}

static int set_up(void **state)
{
    struct revoker revoker;
    struct capnp_cap client;
    (void)state;
    if (!machine_boot(&(struct machine_options){0})) {
        return 1;
    }
    uint32_t self = (uint32_t)machine.running;
    own.timer.id = machine_capability(self, "timer").value;
    own.job.id = machine_capability(self, "job").value;
    own.capabilities.id = machine_capability(self, "capabilities").value;
    bool is_made = first_program_begin(self) &&
                   job_make_endpoint(own.job, 256, 0, &own.server, &exception) &&
                   job_make_notification(own.job, &own.bell, &exception) &&
                   capability_manager_facet(own.capabilities, (struct capnp_cap){own.server.id}, 7,
                                            PING_INTERFACE_ID, RECEIVER_DATA, 0, 0, &client,
                                            &revoker, &exception);
    tsr_release(revoker.id);
    own.client.id = client.id;
    return !is_made;
}

// Nothing waits in the kernel any more, and no slot is lost.
static int tear_down(void **state)
{
    tsr_submit(&exception);
    assert_int_equal(act_waiting(), 0);
    assert_int_equal(tsr_slots_free(tsr_self()), (1u << SLOTS) - 1);
    int failed = act_fini(state);
    machine_fini();
    return failed;
}

// --- Calls --------------------------------------------------------------------------------------

static void sleep_send(struct capnp_call *call, uint64_t deadline, uint64_t timeout_ns)
{
    struct timer_sleep_until_params_builder params;
    const struct tsr_call_options options = {.timeout_ns = timeout_ns};
    assert_true(timer_sleep_until_begin(own.timer, call, &params, &exception));
    timer_sleep_until_params_set_deadline(params, deadline);
    assert_true(tsr_call_send(call, &options, &exception));
}

static bool sleep_finish(struct capnp_call *call)
{
    struct timer_sleep_until_results_reader results;
    bool is_done = timer_sleep_until_finish(call, &results, &exception);
    capnp_call_end(call);
    return is_done;
}

static void sleeps_end_in_the_order_of_their_deadlines(void **state)
{
    (void)state;
    struct capnp_call calls[3];
    sleep_send(&calls[0], 30000, 0);
    sleep_send(&calls[1], 10000, 0);
    sleep_send(&calls[2], 20000, 0);
    assert_true(tsr_wait(TIMEOUT_NONE, &exception));
    assert_true(tsr_call_is_done(&calls[1]));
    assert_false(tsr_call_is_done(&calls[2]));
    assert_true(sleep_finish(&calls[0]));
    assert_true(sleep_finish(&calls[2]));
    assert_true(sleep_finish(&calls[1]));
}

static void each_call_has_its_own_time_limit(void **state)
{
    (void)state;
    struct capnp_call calls[2];
    sleep_send(&calls[0], 50000, 10000);
    sleep_send(&calls[1], 50000, 0);
    assert_false(sleep_finish(&calls[0]));
    assert_int_equal(exception.status, STATUS_TIMED_OUT);
    assert_true(sleep_finish(&calls[1]));
}

static void a_withdrawn_call_ends_at_once_and_others_go_on(void **state)
{
    (void)state;
    struct capnp_call calls[3];
    for (uint64_t i = 0; i < 3; i++) {
        sleep_send(&calls[i], 50000, 0);
    }
    assert_true(tsr_submit(&exception));
    tsr_call_cancel(&calls[1]);
    assert_false(sleep_finish(&calls[1]));
    assert_int_equal(exception.status, STATUS_CANCELLED);
    assert_true(machine.now_ns < 50000);
    assert_true(sleep_finish(&calls[0]));
    assert_true(sleep_finish(&calls[2]));
}

static void an_ended_call_leaves_nothing_in_the_kernel(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 100; i++) {
        struct capnp_call call;
        sleep_send(&call, 50000, 0);
        if (i % 2 == 0) {
            assert_true(tsr_submit(&exception));
        }
        capnp_call_end(&call);
    }
}

static void as_many_calls_as_slots_and_one_more_is_refused(void **state)
{
    (void)state;
    struct capnp_call calls[SLOTS];
    struct capnp_call another;
    struct timer_sleep_until_params_builder params;
    for (uint64_t i = 0; i < SLOTS; i++) {
        sleep_send(&calls[i], 1000 * (SLOTS - i), 0);
    }
    assert_false(timer_sleep_until_begin(own.timer, &another, &params, &exception));
    assert_int_equal(exception.status, STATUS_RING_BUSY);
    for (uint64_t i = 0; i < SLOTS; i++) {
        assert_true(sleep_finish(&calls[i]));
    }
}

static void a_call_on_a_made_object_needs_no_answer_first(void **state)
{
    (void)state;
    struct capnp_call make;
    struct capnp_call signal;
    struct job_make_notification_params_builder make_params;
    struct notification_signal_params_builder params;
    struct notification_signal_results_reader results;
    assert_true(job_make_notification_begin(own.job, &make, &make_params, &exception));
    assert_true(capnp_call_send(&make, &exception));
    struct notification promised = {tsr_call_promise(&make, 0)};
    assert_true(notification_signal_begin(promised, &signal, &params, &exception));
    notification_signal_params_set_bits(params, 4);
    assert_true(capnp_call_send(&signal, &exception));
    assert_true(notification_signal_finish(&signal, &results, &exception));
    capnp_call_end(&signal);
    struct job_make_notification_results_reader made;
    uint64_t bits = 0;
    assert_true(job_make_notification_finish(&make, &made, &exception));
    struct notification bell = job_make_notification_results_get_notification(made);
    capnp_call_end(&make);
    assert_true(notification_take(bell, UINT64_MAX, &bits, &exception));
    assert_int_equal(bits, 4);
    tsr_release(bell.id);
}

static void a_promise_is_no_capability_to_the_kernel(void **state)
{
    (void)state;
    struct capnp_call make;
    struct job_make_notification_params_builder params;
    assert_true(job_make_notification_begin(own.job, &make, &params, &exception));
    assert_true(capnp_call_send(&make, &exception));
    struct capnp_cap facet;
    struct revoker revoker;
    assert_false(capability_manager_facet(own.capabilities,
                                          (struct capnp_cap){tsr_call_promise(&make, 0)}, 1, 0, 0,
                                          0, 0, &facet, &revoker, &exception));
    capnp_call_end(&make);
}

static void waiting_for_bits_has_a_limit(void **state)
{
    (void)state;
    uint64_t bits = 0;
    assert_false(tsr_notification_wait(own.bell.id, 6, 1000, &bits, &exception));
    assert_int_equal(exception.status, STATUS_TIMED_OUT);
    assert_true(notification_signal(own.bell, 7, &exception));
    assert_true(tsr_notification_wait(own.bell.id, 6, 1000, &bits, &exception));
    assert_int_equal(bits, 6);
}

// --- A service that calls itself ----------------------------------------------------------------

static struct {
    struct capnp_call calls[3];
    struct tsr_request *deferred;
    struct tsr_timer timer;
    struct tsr_task task;
    uint64_t dropped, cancelled, served;
    uint32_t step;
} play;

static bool serve_echo(void *context, struct ping_echo_params_reader params,
                       struct ping_echo_results_builder results, struct capnp_exception *why)
{
    (void)context;
    (void)why;
    assert_int_equal(service.current->receiver_data, RECEIVER_DATA);
    play.served++;
    ping_echo_results_set_sequence(results, ping_echo_params_get_sequence(params) + 1);
    return true;
}

static bool serve_greet(void *context, struct ping_greet_params_reader params,
                        struct ping_greet_results_builder results, struct capnp_exception *why)
{
    (void)context;
    (void)params;
    (void)results;
    (void)why;
    play.deferred = service.current;
    tsr_request_defer(service.current);
    return true;
}

static bool dispatch(void *context, uint16_t method, struct capnp_message *request,
                     struct capnp_builder *response, struct capnp_exception *why)
{
    static const struct ping_server methods = {.echo = serve_echo, .greet = serve_greet};
    return ping_dispatch(&methods, context, method, request, response, why);
}

static void dropped(void *context, uint64_t interface, uint64_t receiver_data)
{
    (void)context;
    assert_int_equal(interface, PING_INTERFACE_ID);
    play.dropped = receiver_data;
    tsr_service_stop(&service, 0);
}

static void cancelled(void *context, struct tsr_request *request)
{
    (void)context;
    struct capnp_exception why;
    capnp_exception_set(&why, CAPNP_EXCEPTION_FAILED, 0, "too late");
    play.cancelled = request->call_id;
    tsr_request_refuse(request, &why);
    tsr_service_stop(&service, 0);
}

static void run_service(bool (*step)(void *context))
{
    struct tsr_service_options options = {.server = own.server.id,
                                          .interface = PING_INTERFACE_ID,
                                          .message_max = 256,
                                          .requests = 2,
                                          .dispatch = dispatch,
                                          .dropped = dropped,
                                          .cancelled = cancelled,
                                          .timer = own.timer.id,
                                          .bell = own.bell.id};
    memset(&play, 0, sizeof(play));
    assert_true(tsr_service_start(&service, &options, &exception));
    play.task.step = step;
    tsr_task_start(&service, &play.task);
    assert_true(tsr_service_serve(&service, &exception));
}

static void echo_send(struct capnp_call *call, uint64_t sequence)
{
    struct ping_echo_params_builder params;
    assert_true(ping_echo_begin(own.client, call, &params, &exception));
    ping_echo_params_set_sequence(params, sequence);
    assert_true(capnp_call_send(call, &exception));
}

static void greet_send(struct capnp_call *call)
{
    struct ping_greet_params_builder params;
    assert_true(ping_greet_begin(own.client, call, &params, &exception));
    ping_greet_params_set_name(params, tsr_text_of("somebody"));
    assert_true(capnp_call_send(call, &exception));
}

// Three calls; when all are answered, the client's capability is dropped.
static bool step_echoes(void *context)
{
    (void)context;
    for (uint64_t i = 0; play.step == 0 && i < 3; i++) {
        echo_send(&play.calls[i], i * 10);
    }
    play.step++;
    if (!tsr_call_is_done(&play.calls[0]) || !tsr_call_is_done(&play.calls[1]) ||
        !tsr_call_is_done(&play.calls[2])) {
        return true;
    }
    for (uint64_t i = 0; i < 3; i++) {
        struct ping_echo_results_reader results;
        assert_true(ping_echo_finish(&play.calls[i], &results, &exception));
        assert_int_equal(ping_echo_results_get_sequence(results), i * 10 + 1);
        capnp_call_end(&play.calls[i]);
    }
    tsr_release(own.client.id);
    return false;
}

static void a_service_answers_and_learns_that_its_facet_is_dropped(void **state)
{
    (void)state;
    run_service(step_echoes);
    assert_int_equal(play.served, 3);
    assert_int_equal(play.dropped, RECEIVER_DATA);
    assert_int_equal(service.counters.dropped, 1);
}

// The client gives up a call that the service has deferred.
static bool step_give_up(void *context)
{
    (void)context;
    if (play.step++ == 0) {
        greet_send(&play.calls[0]);
    }
    if (play.deferred == NULL) {
        return true;
    }
    capnp_call_end(&play.calls[0]);
    return false;
}

static void a_service_learns_that_nobody_waits_for_a_deferred_call(void **state)
{
    (void)state;
    run_service(step_give_up);
    assert_int_not_equal(play.cancelled, 0);
    assert_int_equal(service.counters.cancelled, 1);
    assert_int_equal(service.counters.lost, 1);
}

static void answer_late(void *context)
{
    (void)context;
    struct capnp_builder *response = tsr_request_response(play.deferred);
    ping_greet_results_set_answer(ping_greet_results_build(response), tsr_text_of("at last"));
    tsr_request_answer(play.deferred);
}

// A call is deferred, the service is told to stop, and answers while it drains.
static bool step_drain(void *context)
{
    (void)context;
    if (play.step++ == 0) {
        greet_send(&play.calls[0]);
    }
    if (play.deferred == NULL) {
        return true;
    }
    tsr_service_stop(&service, machine.now_ns + 90000);
    play.timer.due = answer_late;
    tsr_timer_set(&service, &play.timer, machine.now_ns + 20000);
    return false;
}

static void a_service_that_drains_answers_what_it_has_taken(void **state)
{
    (void)state;
    struct ping_greet_results_reader results;
    run_service(step_drain);
    assert_true(ping_greet_finish(&play.calls[0], &results, &exception));
    assert_int_equal(ping_greet_results_get_answer(results).size, strlen("at last"));
    capnp_call_end(&play.calls[0]);
}

static bool step_overrun(void *context)
{
    (void)context;
    if (play.step++ == 0) {
        greet_send(&play.calls[0]);
    }
    if (play.deferred == NULL) {
        return true;
    }
    tsr_service_stop(&service, machine.now_ns + 20000);
    return false;
}

static void a_service_that_drains_too_long_refuses_what_is_left(void **state)
{
    (void)state;
    struct ping_greet_results_reader results;
    run_service(step_overrun);
    assert_false(ping_greet_finish(&play.calls[0], &results, &exception));
    assert_int_equal(exception.type, CAPNP_EXCEPTION_DISCONNECTED);
    assert_string_equal(exception.reason, "the service is stopping");
    capnp_call_end(&play.calls[0]);
}

int main(void)
{
#define CLAIM(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    static const struct CMUnitTest tests[] = {
        CLAIM(sleeps_end_in_the_order_of_their_deadlines),
        CLAIM(each_call_has_its_own_time_limit),
        CLAIM(a_withdrawn_call_ends_at_once_and_others_go_on),
        CLAIM(an_ended_call_leaves_nothing_in_the_kernel),
        CLAIM(as_many_calls_as_slots_and_one_more_is_refused),
        CLAIM(a_call_on_a_made_object_needs_no_answer_first),
        CLAIM(a_promise_is_no_capability_to_the_kernel),
        CLAIM(waiting_for_bits_has_a_limit),
        CLAIM(a_service_answers_and_learns_that_its_facet_is_dropped),
        CLAIM(a_service_learns_that_nobody_waits_for_a_deferred_call),
        CLAIM(a_service_that_drains_answers_what_it_has_taken),
        CLAIM(a_service_that_drains_too_long_refuses_what_is_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
