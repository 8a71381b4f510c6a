// SPDX-License-Identifier: Apache-2.0
//
// Entries: no wait is lost, whatever was submitted around it, and a turn stays short.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/core/test/act.h"

enum {
    MESSAGE = 64,
    RECV_SIZE = (int)sizeof(struct message_header) + MESSAGE,
    RECV_AT = ACT_FREE + 1024,
    IN_FLIGHT = CQ_ENTRIES_DEFAULT - CQ_ENTRIES_KEPT,
    INTERFACE = 0x5000,
    LINE = 100, // bytes of a console line
    LINES = 8,
};

static const char *const programs[] = {"init", "child", NULL};
static uint32_t init;
static cap_t server;
static struct act_facet client;

static int boot(void **state)
{
    (void)state;
    if (!machine_boot(&(struct machine_options){.programs = programs})) {
        return 1;
    }
    init = (uint32_t)machine.running;
    server = act_endpoint(init, MESSAGE);
    client = act_facet(init, server, 7, INTERFACE, 0);
    return client.fact == STATUS_OK ? 0 : 1;
}

static void submit(uint32_t thread, struct sqe sqe)
{
    assert_true(machine_submit(thread, &sqe));
}

static uint32_t untaken(uint32_t thread)
{
    return ring_kernel_submitted(&act_core()->threads[thread].ring);
}

// What a submission leaves to be given back is given back, though what follows changes nothing.
static void a_submission_after_the_last_release_does_not_hide_its_consequences(void **state)
{
    (void)state;
    uint32_t child = act_process(init, "service", client.facet);
    assert_true(machine_run_until(child));
    submit(child, act_call(act_named(child, "service"), 0, 1));
    machine_enter(child, 1, TIMEOUT_NONE);
    assert_true(machine_run_until(init));
    submit(init, act_release(server));
    submit(init, (struct sqe){.opcode = OP_NOP});
    machine_enter(init, 2, TIMEOUT_NONE);
    assert_false(act_core()->is_sweeping);
    assert_true(machine_run_until(child));
    struct cqe cqe = act_reap(child);
    assert_int_equal(act_fact(&cqe), STATUS_SERVER_GONE);
}

static void calls_fill_the_ring(bool is_quiet)
{
    for (uint64_t i = 0; i < IN_FLIGHT; i++) {
        struct sqe call = act_call(client.facet, 0, 100 + i);
        call.flags |= is_quiet ? SQE_QUIET : 0;
        act_submit(init, call);
    }
    assert_int_equal(act_waiting(), IN_FLIGHT);
}

// A quiet operation needs no room in the end: what stands behind it is taken in the same entry.
static void quiet_operations_leave_nothing_untaken(void **state)
{
    (void)state;
    calls_fill_the_ring(false);
    for (uint32_t i = 0; i < CQ_ENTRIES_KEPT + 1; i++) {
        submit(init, (struct sqe){.opcode = OP_NOP, .flags = SQE_QUIET});
    }
    submit(init, act_recv(server, RECV_AT, RECV_SIZE, 7));
    machine_enter(init, 1, TIMEOUT_NONE);
    assert_int_equal(machine.running, init);
    assert_int_equal(untaken(init), 0);
    assert_int_equal(act_reap(init).user_data, 7);
}

// A thread sleeps because the CQ has no room for what it submitted; quiet answers make room.
static void quiet_answers_let_a_waiting_thread_submit_the_rest(void **state)
{
    (void)state;
    uint32_t child = act_process(init, "server", server);
    calls_fill_the_ring(true);
    for (uint64_t i = 0; i < CQ_ENTRIES_KEPT + 2; i++) {
        submit(init, (struct sqe){.opcode = OP_NOP, .user_data = i});
    }
    machine_enter(init, CQ_ENTRIES_KEPT + 2, TIMEOUT_NONE);
    assert_int_not_equal(untaken(init), 0);
    assert_true(machine_run_until(child));
    for (uint32_t i = 0; i < IN_FLIGHT; i++) {
        act_submit(child, act_recv(act_named(child, "server"), RECV_AT, RECV_SIZE, 1));
        struct cqe call = act_reap(child);
        act_submit(child, act_return(call.extra, 2));
        act_reap(child);
    }
    assert_true(machine_run_until(init));
    for (uint64_t i = 0; i < CQ_ENTRIES_KEPT + 2; i++) {
        assert_int_equal(act_reap(init).user_data, i);
    }
}

static void a_wait_that_goes_on_submitting_keeps_its_time_limit(void **state)
{
    (void)state;
    uint32_t child = act_process(init, "server", server);
    uint64_t end_ns = machine.now_ns + 5000;
    calls_fill_the_ring(true);
    for (uint64_t i = 0; i < CQ_ENTRIES_KEPT + 2; i++) {
        submit(init, (struct sqe){.opcode = OP_NOP});
    }
    machine_enter(init, CQ_ENTRIES_KEPT + 3, end_ns - machine.now_ns);
    assert_true(machine_run_until(child));
    machine_timer(end_ns - 2000);
    for (uint32_t i = 0; i < IN_FLIGHT; i++) {
        act_submit(child, act_recv(act_named(child, "server"), RECV_AT, RECV_SIZE, 1));
        struct cqe call = act_reap(child);
        act_submit(child, act_return(call.extra, 2));
        act_reap(child);
    }
    submit(child, act_recv(act_named(child, "server"), RECV_AT, RECV_SIZE, 3));
    machine_enter(child, 1, TIMEOUT_NONE);
    assert_int_equal(untaken(init), 0);
    assert_int_not_equal(machine.running, init);
    machine_timer(end_ns);
    assert_int_equal(machine.running, init);
    assert_int_equal(machine.threads[init].result, CQ_ENTRIES_KEPT + 2);
}

// One process cannot take all the slots for operations that wait by never answering.
static void calls_taken_and_not_answered_are_bounded(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < PROCESS_TAKEN_MAX; i++) {
        struct sqe call = act_call(client.facet, 0, 1);
        call.arg = 1;
        act_submit(init, call);
        act_submit(init, act_recv(server, RECV_AT, RECV_SIZE, 2));
        assert_int_equal(act_reap(init).user_data, 2);
        machine_timer(machine.now_ns + 1000);
        assert_int_equal(act_reap(init).user_data, 1);
    }
    assert_int_equal(act_do_fact(init, act_recv(server, RECV_AT, RECV_SIZE, 3)),
                     STATUS_OUT_OF_CALLS);
}

// A console line is slow; however many are submitted at once, others get their turns between.
static void console_lines_take_a_turn_each(void **state)
{
    _Alignas(8) uint8_t bytes[256];
    char text[LINE];
    struct capnp_builder message;

    (void)state;
    memset(text, 'a', sizeof text);
    capnp_builder_init(&message, bytes, sizeof bytes);
    debug_console_write_line_params_set_text(debug_console_write_line_params_build(&message),
                                             (struct capnp_text){text, sizeof text});
    uint32_t size = capnp_builder_size(&message);
    assert_true(machine_message_write(init, ACT_FREE, bytes, size));
    for (uint32_t i = 0; i < LINES; i++) {
        struct sqe call = act_call(act_named(init, "console"), DEBUG_CONSOLE_WRITE_LINE, i);
        call.flags |= SQE_RING_PAYLOAD;
        call.payload = ACT_FREE;
        call.payload_len = size;
        submit(init, call);
    }
    uint64_t turns = machine.turns;
    machine_enter(init, LINES, TIMEOUT_NONE);
    assert_true(machine.turns - turns >= LINES);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, boot, act_fini)
    const struct CMUnitTest tests[] = {
        TEST(a_submission_after_the_last_release_does_not_hide_its_consequences),
        TEST(quiet_operations_leave_nothing_untaken),
        TEST(quiet_answers_let_a_waiting_thread_submit_the_rest),
        TEST(a_wait_that_goes_on_submitting_keeps_its_time_limit),
        TEST(calls_taken_and_not_answered_are_bounded),
        TEST(console_lines_take_a_turn_each),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
