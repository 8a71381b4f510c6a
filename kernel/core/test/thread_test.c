// SPDX-License-Identifier: Apache-2.0
//
// Threads: rings of their own, what stops and starts them, their priority. Their end:
// thread_end_test.c.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/core/test/memory.h"

enum {
    MESSAGE = 64,
    INTERFACE = 0x5000,
    ENTRY = ACT_THREAD_ENTRY,
    STACK = ACT_THREAD_STACK,
    LIMIT_NS = 1000000,
};

static uint32_t init;
static cap_t job, space;
static const struct act_control stopped = {0, PRIORITY_DEFAULT, true};
static const struct act_control resumed = {0, PRIORITY_DEFAULT, false};

static int boot(void **state)
{
    (void)state;
    if (!act_threads_boot()) {
        return 1;
    }
    init = (uint32_t)machine.running;
    job = act_named(init, "job");
    space = act_named(init, "space");
    return 0;
}

// --- Made and started ---------------------------------------------------------------------------

static void a_thread_has_its_own_ring_and_the_capabilities_of_its_process(void **state)
{
    uint32_t thread;

    (void)state;
    cap_t made = act_thread_started(&thread);
    assert_int_equal(machine.threads[thread].entry, ENTRY);
    assert_int_equal(machine.threads[thread].stack, STACK);
    assert_int_not_equal(machine_ring(thread), machine_ring(init));
    assert_int_equal(act_do_fact(thread, (struct sqe){.opcode = OP_RELEASE,
                                                      .cap = act_named(thread, "timer").value}),
                     STATUS_OK);
    assert_int_equal(act_do_fact(init, act_release(act_named(init, "timer"))), STATUS_STALE_CAP);
    assert_int_equal(act_thread_start(init, made, ENTRY, STACK, 0), STATUS_THREAD_STARTED);
}

static void a_thread_is_refused_for_a_reason_and_nothing_changes(void **state)
{
    cap_t builder = act_builder(init);
    cap_t other;
    cap_t made;
    uint64_t ring;
    uint64_t base;

    (void)state;
    assert_int_equal(act_space_fact(init, builder, &other, &base), STATUS_OK);
    struct act_facet narrow = act_facet(init, other, 1 << ADDRESS_SPACE_UNMAP, 0, 0);
    struct act_facet cut = act_facet(init, other, UINT64_MAX, 0, 0);
    act_revoke(init, cut.revoker);
    struct act_snapshot before = act_snapshot();
    assert_int_equal(act_thread(init, job, job, &made, &ring), STATUS_WRONG_OBJECT);
    assert_int_equal(act_thread(init, job, narrow.facet, &made, &ring), STATUS_METHOD_NOT_IN_FACET);
    assert_int_equal(act_thread(init, job, cut.facet, &made, &ring), STATUS_REVOKED);
    assert_true(act_same(&before));
    // The same once the process is no more.
    assert_int_equal(act_thread(init, job, other, &made, &ring), STATUS_OK);
    before = act_snapshot();
    assert_int_equal(act_thread_start(init, made, ENTRY, STACK, 0), STATUS_PROCESS_OVER);
    assert_true(act_same(&before));
    assert_int_equal(act_do_fact(init, act_release(builder)), STATUS_OK);
    before = act_snapshot();
    assert_int_equal(act_thread_start(init, made, ENTRY, STACK, 0), STATUS_THREAD_OVER);
    assert_int_equal(act_control(init, made, (struct act_control){.priority = 1}),
                     STATUS_THREAD_OVER);
    assert_int_equal(act_thread(init, job, other, &made, &ring), STATUS_PROCESS_OVER);
    assert_int_equal(act_unmap(init, other, ring), STATUS_PROCESS_OVER);
    assert_true(act_same(&before));
}

static void every_thread_has_a_ring_of_its_own_at_its_place(void **state)
{
    cap_t made;
    uint64_t ring;
    uint64_t last = LAYOUT_RING;
    enum status fact = STATUS_OK;

    (void)state;
    while ((fact = act_thread(init, job, space, &made, &ring)) == STATUS_OK) {
        assert_true(ring > last && ring + 4 * PAGE_SIZE <= LAYOUT_END);
        assert_true(machine_write(0, ring + 4 * PAGE_SIZE - 1, "x", 1));
        assert_int_equal(act_unmap(init, space, ring), STATUS_BAD_VALUE);
        last = ring;
    }
    assert_int_equal(fact, STATUS_OUT_OF_THREADS);
}

// --- Stopped and resumed ------------------------------------------------------------------------

static void a_suspended_thread_does_not_run_until_it_is_resumed(void **state)
{
    uint32_t thread;

    (void)state;
    cap_t made = act_thread_started(&thread);
    assert_int_equal(act_control(init, made, stopped), STATUS_OK);
    assert_int_equal(act_control(init, made, stopped), STATUS_OK);
    assert_false(machine_run_until(thread) && machine.running == (int32_t)thread);
    assert_true(machine_run_until(init));
    assert_int_equal(act_control(init, made, resumed), STATUS_OK);
    assert_int_equal(act_control(init, made, resumed), STATUS_OK);
    assert_true(machine_run_until(thread));
}

static void a_thread_that_suspends_itself_goes_on_where_it_was(void **state)
{
    struct sqe nop = {.opcode = OP_NOP, .user_data = 8};
    uint32_t thread;

    (void)state;
    cap_t made = act_thread_started(&thread);
    assert_true(machine_run_until(thread));
    struct sqe suspend = act_suspend(thread, made);
    assert_true(machine_submit(thread, &suspend));
    assert_true(machine_submit(thread, &nop));
    machine_enter(thread, 2, TIMEOUT_NONE);
    assert_int_equal(machine.running, (int32_t)init);
    assert_int_equal(act_control(init, made, resumed), STATUS_OK);
    assert_true(machine_run_until(thread));
    assert_int_equal(act_reap(thread).user_data, 7);
    assert_int_equal(act_reap(thread).user_data, 8);
    assert_int_equal(machine.threads[thread].result, 2);
}

static void what_a_suspended_thread_waits_for_comes_and_stays(void **state)
{
    cap_t server = act_endpoint(init, MESSAGE);
    uint32_t thread;

    (void)state;
    cap_t made = act_thread_started(&thread);
    struct act_facet client = act_facet(init, server, 1, INTERFACE, 0);
    act_submit(init, act_recv(server, ACT_FREE, 256, 1));
    assert_true(machine_run_until(thread));
    struct sqe call = act_call(client.facet, 0, 2);
    assert_true(machine_submit(thread, &call));
    machine_enter(thread, 1, TIMEOUT_NONE);
    struct cqe cqe = act_reap(init);
    assert_int_equal(act_control(init, made, stopped), STATUS_OK);
    assert_int_equal(act_do_fact(init, act_return(cqe.extra, 3)), STATUS_OK);
    assert_false(machine_run_until(thread) && machine.running == (int32_t)thread);
    assert_int_equal(act_core()->threads[thread].state, THREAD_STOPPED);
    assert_int_equal(act_control(init, made, resumed), STATUS_OK);
    assert_int_equal(act_core()->threads[thread].state, THREAD_READY);
    assert_true(machine_run_until(thread));
    assert_int_equal(machine.threads[thread].result, 1);
    assert_int_equal(act_reap(thread).user_data, 2);
}

static void a_thread_that_is_resumed_waits_on_for_what_is_missing(void **state)
{
    cap_t server = act_endpoint(init, MESSAGE);
    uint32_t thread;
    uint64_t calls[2];

    (void)state;
    cap_t made = act_thread_started(&thread);
    struct act_facet client = act_facet(init, server, 1, INTERFACE, 0);
    assert_true(machine_run_until(thread));
    struct sqe call = act_call(client.facet, 0, 2);
    assert_true(machine_submit(thread, &call));
    assert_true(machine_submit(thread, &call));
    machine_enter(thread, 2, TIMEOUT_NONE);
    for (uint32_t i = 0; i < 2; i++) {
        calls[i] = act_do(init, act_recv(server, ACT_FREE, 256, 1)).extra;
    }
    for (uint32_t i = 0; i < 2; i++) {
        assert_int_equal(act_control(init, made, stopped), STATUS_OK);
        assert_int_equal(act_core()->threads[thread].state, THREAD_STOPPED);
        assert_int_equal(act_control(init, made, resumed), STATUS_OK);
        assert_int_equal(act_control(init, made, resumed), STATUS_OK);
        assert_int_equal(act_core()->threads[thread].state, THREAD_WAITING);
        assert_int_equal(act_do_fact(init, act_return(calls[i], 3)), STATUS_OK);
    }
    assert_true(machine_run_until(thread));
    assert_int_equal(machine.threads[thread].result, 2);
}

static void the_time_limit_of_a_suspended_thread_comes_when_it_would(void **state)
{
    uint32_t thread;

    (void)state;
    cap_t made = act_thread_started(&thread);
    for (uint32_t is_late = 0; is_late < 2; is_late++) {
        assert_true(machine_run_until(thread));
        machine_enter(thread, 1, LIMIT_NS);
        uint64_t end_ns = machine.now_ns + LIMIT_NS;
        assert_int_equal(act_control(init, made, stopped), STATUS_OK);
        machine_timer(is_late ? end_ns : end_ns - 1);
        assert_int_equal(act_core()->threads[thread].state, THREAD_STOPPED);
        assert_int_equal(act_control(init, made, resumed), STATUS_OK);
        if (!is_late) {
            assert_int_equal(act_core()->threads[thread].state, THREAD_WAITING);
            machine_timer(end_ns);
        }
        assert_int_equal(act_core()->threads[thread].state, THREAD_READY);
        assert_int_equal(machine.threads[thread].result, 0);
    }
}

static void a_thread_that_is_suspended_first_begins_when_it_is_resumed(void **state)
{
    uint64_t ring;

    (void)state;
    cap_t made = act_thread_made(&ring);
    assert_int_equal(act_control(init, made, stopped), STATUS_OK);
    assert_int_equal(act_thread_start(init, made, ENTRY, STACK, act_thread_argument(ring)),
                     STATUS_OK);
    uint32_t thread = machine.newest_thread;
    assert_false(machine_run_until(thread));
    assert_int_equal(act_control(init, made, resumed), STATUS_OK);
    assert_true(machine_run_until(thread));
}

static void a_thread_of_higher_priority_runs_first(void **state)
{
    uint32_t thread;

    (void)state;
    cap_t made = act_thread_started(&thread);
    assert_int_equal(act_control(init, made, (struct act_control){.priority = 3}), STATUS_OK);
    machine_timer(machine.now_ns + 1000000000);
    assert_int_equal(machine.running, init); // its slice is over, but nobody else may run
    assert_int_equal(act_control(init, made, (struct act_control){.priority = 16}), STATUS_OK);
    machine_timer(machine.now_ns + 1000000000);
    assert_int_equal(machine.running, thread);
    assert_true(machine_run_until(init));
    assert_int_equal(act_control(init, made, (struct act_control){.priority = 17}), STATUS_OK);
    assert_int_equal(act_core()->threads[thread].priority, 16);
}

static void the_fs_base_reaches_the_machine(void **state)
{
    uint32_t thread;

    (void)state;
    cap_t made = act_thread_started(&thread);
    assert_int_equal(act_control(init, made, (struct act_control){.fs_base = 0x123456}), STATUS_OK);
    assert_int_equal(machine.threads[thread].fs_base, 0x123456);
    uint64_t ring;
    made = act_thread_made(&ring);
    assert_int_equal(act_control(init, made, (struct act_control){.fs_base = 0x777}),
                     STATUS_OK); // before it runs
    assert_int_equal(act_thread_start(init, made, ENTRY, STACK, act_thread_argument(ring)),
                     STATUS_OK);
    assert_int_equal(machine.threads[machine.newest_thread].fs_base, 0x777);
}

static void a_server_keeps_the_priority_that_it_was_given(void **state)
{
    cap_t server = act_endpoint(init, MESSAGE);
    struct act_facet client = act_facet(init, server, 1, INTERFACE, 0);
    uint32_t thread;

    (void)state;
    cap_t made = act_thread_started(&thread);
    assert_true(machine_run_until(thread));
    struct sqe receive = act_recv(server, ACT_FREE, 256, 1);
    assert_true(machine_submit(thread, &receive));
    machine_enter(thread, 1, TIMEOUT_NONE);
    assert_int_equal(act_control(init, made, (struct act_control){.priority = 3}), STATUS_OK);
    act_submit(init, act_call(client.facet, 0, 2));
    assert_int_equal(act_core()->threads[thread].priority, PRIORITY_DEFAULT); // lent
    machine_enter(init, 1, TIMEOUT_NONE);
    struct cqe cqe = act_reap(thread);
    act_submit(thread, act_return(cqe.extra, 3));
    assert_int_equal(act_core()->threads[thread].priority, 3);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, boot, act_fini)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_thread_has_its_own_ring_and_the_capabilities_of_its_process),
        TEST(a_thread_is_refused_for_a_reason_and_nothing_changes),
        TEST(every_thread_has_a_ring_of_its_own_at_its_place),
        TEST(a_server_keeps_the_priority_that_it_was_given),
        TEST(a_suspended_thread_does_not_run_until_it_is_resumed),
        TEST(a_thread_that_suspends_itself_goes_on_where_it_was),
        TEST(what_a_suspended_thread_waits_for_comes_and_stays),
        TEST(a_thread_that_is_resumed_waits_on_for_what_is_missing),
        TEST(the_time_limit_of_a_suspended_thread_comes_when_it_would),
        TEST(a_thread_that_is_suspended_first_begins_when_it_is_resumed),
        TEST(a_thread_of_higher_priority_runs_first),
        TEST(the_fs_base_reaches_the_machine),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
