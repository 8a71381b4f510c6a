// SPDX-License-Identifier: Apache-2.0
//
// Faults of threads: who is called, what the answer does, and what becomes of a process where
// nobody can be called.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/core/test/memory.h"
#include "schema/fault.capnp.h"

enum { MESSAGE = 64 };

static const uint64_t INTERFACE = FAULT_HANDLER_INTERFACE_ID;

static uint32_t init;

static int boot(void **state)
{
    (void)state;
    if (!act_threads_boot()) {
        return 1;
    }
    init = (uint32_t)machine.running;
    return 0;
}

static struct act_facet handler;
static cap_t server;

static void fault_endpoint_set(cap_t made)
{
    server = act_endpoint(init, MESSAGE);
    handler = act_facet(init, server, 1, INTERFACE, 5);
    assert_int_equal(act_fault_endpoint(init, made, handler.facet), STATUS_OK);
}

static void fault(uint32_t thread)
{
    assert_true(machine_run_until(thread));
    machine_fault(thread, EXIT_FAULT_MEMORY, 0x1234);
}

// Takes the call about the fault; its id.
static uint64_t fault_take(void)
{
    uint64_t words[4];
    struct cqe cqe = act_do(init, act_recv(server, ACT_FREE, 256, 1));
    struct message_header header = act_header(init, ACT_FREE);

    assert_int_equal(act_fact(&cqe), STATUS_OK);
    assert_int_equal(header.size, sizeof(words));
    assert_int_equal(header.receiver_data, 5);
    assert_int_equal(header.method, 0);
    machine_message_read(init, ACT_FREE + sizeof(header), words, sizeof(words));
    assert_int_equal(words[0], 3ull << 32); // one struct of three words
    assert_int_equal(words[1], EXIT_FAULT_MEMORY);
    assert_int_equal(words[2], 0x1234);
    assert_int_equal(words[3], LAYOUT_IMAGE);
    return cqe.extra;
}

static void a_fault_is_a_call_whose_answer_lets_the_thread_go_on(void **state)
{
    uint32_t thread;

    (void)state;
    cap_t made = act_thread_started(&thread);
    fault_endpoint_set(made);
    for (uint32_t i = 0; i < 3; i++) {
        machine.kernel->core.actor = KERNEL_ACTOR;
        fault(thread);
        assert_int_equal(act_core()->actor, act_core()->threads[thread].process);
        assert_false(machine_run_until(thread) && machine.running == (int32_t)thread);
        assert_int_equal(act_do_fact(init, act_return(fault_take(), 2)), STATUS_OK);
        assert_true(machine_run_until(thread));
        assert_false(act_has_completion(thread));
    }
    act_thread_exit(thread, made, 1);
}

static void the_answer_lets_a_suspended_thread_go_on_when_it_is_resumed(void **state)
{
    uint32_t thread;

    (void)state;
    cap_t made = act_thread_started(&thread);
    struct act_control to = {.priority = PRIORITY_DEFAULT, .is_suspended = true};
    fault_endpoint_set(made);
    fault(thread);
    assert_int_equal(act_control(init, made, to), STATUS_OK);
    assert_int_equal(act_do_fact(init, act_return(fault_take(), 2)), STATUS_OK);
    assert_false(machine_run_until(thread));
    to.is_suspended = false;
    assert_int_equal(act_control(init, made, to), STATUS_OK);
    assert_true(machine_run_until(thread));
}

static void an_exception_as_the_answer_ends_the_process_with_the_cause(void **state)
{
    uint32_t thread;

    (void)state;
    cap_t made = act_thread_started(&thread);
    fault_endpoint_set(made);
    fault(thread);
    struct sqe answer = act_return(fault_take(), 2);
    answer.flags |= SQE_RETURN_EXCEPTION;
    answer.method = EXCEPTION_FAILED;
    act_submit(init, answer);
    assert_int_equal(machine.end, MACHINE_HALTED); // it was the first process, and its own server
    assert_int_equal(machine.code, -1);
}

static void a_fault_that_nobody_can_be_told_of_ends_the_process(void **state)
{
    (void)state;
    for (uint32_t way = 0; way < 4; way++) {
        uint32_t thread;
        boot(state);
        cap_t made = act_thread_started(&thread);
        fault_endpoint_set(made);
        if (way == 0) {
            act_revoke(init, handler.revoker);
        } else if (way == 1) {
            act_do_fact(init, act_release(handler.facet));
        } else if (way == 2) {
            act_do_fact(init, act_release(server));
        } else {
            fault(thread);
            act_submit(init, act_release(server)); // it has the call in its queue
            assert_int_equal(machine.end, MACHINE_HALTED);
            continue;
        }
        fault(thread);
        assert_int_equal(machine.end, MACHINE_HALTED);
        assert_non_null(strstr((const char *)machine.console.bytes, "a memory fault at address"));
    }
}

static void a_fault_whose_thread_was_ended_is_a_lost_call(void **state)
{
    uint64_t frames = act_free_frames();
    uint32_t thread;

    (void)state;
    for (uint32_t is_taken = 0; is_taken < 2; is_taken++) {
        cap_t made = act_thread_started(&thread);
        fault_endpoint_set(made);
        fault(thread);
        uint64_t call = is_taken != 0 ? fault_take() : 0;
        act_thread_exit(init, made, 1);
        act_reap(init);
        assert_int_equal(act_waiting(), is_taken);
        if (is_taken != 0) {
            assert_int_equal(act_do_fact(init, act_return(call, 2)), STATUS_CALLER_LOST);
        }
        act_join(init, made, 3);
        struct cqe cqe = act_reap(init);
        assert_int_equal(act_join_read(init, &cqe), 1);
        assert_int_equal(act_do_fact(init, act_release(made)), STATUS_OK);
        assert_int_equal(act_waiting(), 0);
    }
    assert_int_equal(act_free_frames(), frames);
}

static void a_suspended_thread_whose_fault_was_answered_goes_on_when_it_is_resumed(void **state)
{
    const struct act_control stopped = {0, PRIORITY_DEFAULT, true};
    const struct act_control resumed = {0, PRIORITY_DEFAULT, false};
    uint32_t thread;

    (void)state;
    cap_t made = act_thread_started(&thread);
    fault_endpoint_set(made);
    fault(thread);
    assert_int_equal(act_control(init, made, stopped), STATUS_OK);
    assert_int_equal(act_control(init, made, resumed), STATUS_OK);
    assert_int_equal(act_core()->threads[thread].state, THREAD_ABSENT); // not before the answer
    assert_int_equal(act_control(init, made, stopped), STATUS_OK);
    assert_int_equal(act_do_fact(init, act_return(fault_take(), 2)), STATUS_OK);
    assert_false(machine_run_until(thread) && machine.running == (int32_t)thread);
    assert_int_equal(act_control(init, made, resumed), STATUS_OK);
    assert_true(machine_run_until(thread));
}

static void a_fault_that_is_refused_is_recorded_with_the_fact(void **state)
{
    uint32_t thread;

    (void)state;
    cap_t made = act_thread_started(&thread);
    server = act_endpoint(init, 16); // too small for the message
    handler = act_facet(init, server, 1, INTERFACE, 5);
    assert_int_equal(act_fault_endpoint(init, made, handler.facet), STATUS_OK);
    uint64_t next = act_core()->syslog_next;
    fault(thread);
    assert_int_equal(machine.end, MACHINE_HALTED);
    assert_int_equal(act_core()->syslog[next % SYSLOG_RECORDS].operation.opcode, SYSLOG_FAULT);
    assert_int_equal(act_core()->syslog[next % SYSLOG_RECORDS].status,
                     -(int32_t)STATUS_MESSAGE_TOO_LARGE);
}

static void a_fault_endpoint_is_a_client_with_the_method(void **state)
{
    uint32_t thread;

    (void)state;
    cap_t made = act_thread_started(&thread);
    cap_t end = act_endpoint(init, MESSAGE);
    struct act_facet narrow = act_facet(init, end, 2, INTERFACE, 0);
    struct act_snapshot before = act_snapshot();
    assert_int_equal(act_fault_endpoint(init, made, act_named(init, "timer")), STATUS_WRONG_OBJECT);
    assert_int_equal(act_fault_endpoint(init, made, end), STATUS_WRONG_OBJECT);
    assert_int_equal(act_fault_endpoint(init, made, narrow.facet), STATUS_METHOD_NOT_IN_FACET);
    assert_int_equal(act_fault_endpoint(init, made, narrow.revoker), STATUS_WRONG_OBJECT);
    assert_int_equal(act_fault_endpoint(init, made, (cap_t){1ull << 32 | 700}),
                     STATUS_BAD_TRANSFER);
    assert_true(act_same(&before));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, boot, act_fini)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_fault_is_a_call_whose_answer_lets_the_thread_go_on),
        TEST(the_answer_lets_a_suspended_thread_go_on_when_it_is_resumed),
        TEST(an_exception_as_the_answer_ends_the_process_with_the_cause),
        TEST(a_fault_that_nobody_can_be_told_of_ends_the_process),
        TEST(a_fault_whose_thread_was_ended_is_a_lost_call),
        TEST(a_suspended_thread_whose_fault_was_answered_goes_on_when_it_is_resumed),
        TEST(a_fault_that_is_refused_is_recorded_with_the_fact),
        TEST(a_fault_endpoint_is_a_client_with_the_method),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
