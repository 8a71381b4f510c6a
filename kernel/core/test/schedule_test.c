// SPDX-License-Identifier: Apache-2.0
//
// Who runs: a pair that keeps calling each other cannot keep a third thread waiting, and nobody who
// was called or answered keeps a higher priority waiting.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/core/test/act.h"
#include "kernel/core/test/jobs.h"

enum {
    MESSAGE = 64,
    RECV_SIZE = (int)sizeof(struct message_header) + MESSAGE,
    RECV_AT = ACT_FREE + 1024,
    INTERFACE = 0x5000,
    STEP_NS = 1000000, // that a thread computes before it enters
    ROUNDS = 100,
};

static const char *const programs[] = {"init", "child", "other", NULL};
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

// init answers what it has and waits for the next call; the child calls and waits.
static void chat(uint32_t thread, uint32_t child)
{
    struct cqe cqe;
    while (machine_reap(thread, &cqe)) {
        if (thread == init && cqe.extra != 0) {
            struct sqe answer = act_return(cqe.extra, 1);
            answer.flags |= SQE_QUIET;
            assert_true(machine_submit(init, &answer));
        }
    }
    struct sqe sqe = thread == child ? act_call(act_named(child, "service"), 0, 2)
                                     : act_recv(server, RECV_AT, RECV_SIZE, 3);
    assert_true(machine_submit(thread, &sqe));
    machine_enter(thread, 1, TIMEOUT_NONE);
}

// No timer comes at all: the slice's end is seen at an entry.
static void a_chatting_pair_leaves_the_cpu_when_its_slice_is_over(void **state)
{
    (void)state;
    uint32_t child = act_process(init, "service", client.facet);
    uint32_t other = act_process(init, "service", client.facet);
    uint32_t round = 0;
    while (round < ROUNDS && machine.running != (int32_t)other) {
        machine.now_ns += STEP_NS;
        chat((uint32_t)machine.running, child);
        round++;
    }
    assert_int_equal(machine.running, other);
}

// A process of a job of its own, with this priority and these two capabilities.
static uint32_t process_of(uint32_t priority, cap_t one, cap_t two)
{
    static const uint32_t limits[RESOURCE_COUNT] = {
        [RESOURCE_PROCESSES] = 1, [RESOURCE_THREADS] = 1, [RESOURCE_OBJECTS] = 9,
        [RESOURCE_FACETS] = 9,    [RESOURCE_HOLDS] = 9,   [RESOURCE_MAPPINGS] = 20,
        [RESOURCE_PAGES] = 200,   [RESOURCE_SPACE] = 400, [RESOURCE_CALLS] = 9,
    };
    cap_t process;

    cap_t job = act_job(init, act_named(init, "job"), limits, priority);
    cap_t builder = act_builder_in(init, job);
    assert_int_equal(act_grant(init, builder, "one", 3, one), STATUS_OK);
    assert_int_equal(act_grant(init, builder, "two", 3, two), STATUS_OK);
    assert_int_equal(act_start_in(init, job, builder, &process), STATUS_OK);
    return machine.newest_thread;
}

static cap_t notification_new(void)
{
    struct act_answer answer;

    act_object(init, act_named(init, "job"), JOB_MAKE_NOTIFICATION, NULL, &answer);
    return (cap_t){job_make_notification_results_get_notification(
                       job_make_notification_results_read(&answer.message))
                       .id};
}

static struct sqe wait_sqe(cap_t notification)
{
    return (struct sqe){
        .opcode = OP_WAIT, .cap = notification.value, .arg = 1, .arg2 = TIMEOUT_NONE};
}

// Whoever is handed the CPU runs next, but not before somebody who comes to be ready in the same
// turn with a higher priority.
static void who_is_handed_the_cpu_leaves_it_to_a_higher_priority(void **state)
{
    struct cqe cqe;

    (void)state;
    cap_t notification = notification_new();
    uint32_t serving = process_of(5, server, notification);
    uint32_t calling = process_of(5, client.facet, client.facet);
    struct sqe wait = wait_sqe(notification);
    assert_true(machine_submit(init, &wait));
    machine_enter(init, 1, TIMEOUT_NONE);
    assert_true(machine_run_until(serving));
    struct sqe recv = act_recv(act_named(serving, "one"), RECV_AT, RECV_SIZE, 1);
    assert_true(machine_submit(serving, &recv));
    machine_enter(serving, 1, TIMEOUT_NONE);
    assert_true(machine_run_until(calling));
    struct sqe call = act_call(act_named(calling, "one"), 0, 2);
    assert_true(machine_submit(calling, &call));
    machine_enter(calling, 1, TIMEOUT_NONE);
    assert_int_equal(machine.running, serving);
    assert_true(machine_reap(serving, &cqe));
    struct sqe answer = act_return(cqe.extra, 3);
    answer.flags |= SQE_QUIET;
    struct sqe signal = {
        .opcode = OP_SIGNAL, .flags = SQE_QUIET, .cap = act_named(serving, "two").value, .arg = 1};
    assert_true(machine_submit(serving, &answer));
    assert_true(machine_submit(serving, &signal));
    assert_true(machine_submit(serving, &recv));
    machine_enter(serving, 1, TIMEOUT_NONE);
    assert_int_equal(machine.running, init);
}

// The caller waits for more than the answer: nobody comes to be ready by it.
static void a_server_that_answered_leaves_the_cpu_to_a_higher_priority_than_its_own(void **state)
{
    struct cqe cqe;

    (void)state;
    cap_t notification = notification_new();
    uint32_t serving = process_of(5, server, notification);
    uint32_t between = process_of(10, client.facet, client.facet);
    struct sqe wait = wait_sqe(notification);
    struct sqe call = act_call(client.facet, 0, 1);
    assert_true(machine_submit(init, &wait));
    machine_enter(init, 1, 1);
    assert_int_equal(machine.running, between);
    machine_enter(between, 1, 1000);
    assert_int_equal(machine.running, serving);
    struct sqe recv = act_recv(act_named(serving, "one"), RECV_AT, RECV_SIZE, 1);
    assert_true(machine_submit(serving, &recv));
    machine_enter(serving, 1, TIMEOUT_NONE);
    machine_timer(machine.now_ns + 1);
    assert_int_equal(machine.running, init);
    assert_true(machine_submit(init, &call));
    machine_enter(init, 2, TIMEOUT_NONE);
    assert_int_equal(machine.running, serving);
    machine_timer(machine.now_ns + 1000);
    assert_int_equal(machine.running, serving);
    assert_true(machine_reap(serving, &cqe));
    act_submit(serving, act_return(cqe.extra, 3));
    assert_int_equal(act_core()->threads[serving].priority, 5);
    assert_int_equal(machine.running, between);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, boot, act_fini)
    const struct CMUnitTest tests[] = {
        TEST(a_chatting_pair_leaves_the_cpu_when_its_slice_is_over),
        TEST(who_is_handed_the_cpu_leaves_it_to_a_higher_priority),
        TEST(a_server_that_answered_leaves_the_cpu_to_a_higher_priority_than_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
