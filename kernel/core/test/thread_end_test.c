// SPDX-License-Identifier: Apache-2.0
//
// The end of threads: who is told, what it takes with it, and what becomes of the process.
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
};

static uint32_t init;
static cap_t job, space;
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

static void join_tells_the_code_once_and_gives_everything_back(void **state)
{
    uint64_t frames = act_free_frames();
    uint32_t thread;

    (void)state;
    for (int32_t code = -2; code < 3; code++) {
        cap_t made = act_thread_started(&thread);
        bool is_waiting = code % 2 == 0;
        if (is_waiting) {
            act_join(init, made, 9);
            assert_false(act_has_completion(init));
        }
        act_thread_exit(thread, made, code);
        if (!is_waiting) {
            act_join(init, made, 9);
        }
        struct cqe cqe = act_reap(init);
        assert_int_equal(cqe.user_data, 9);
        assert_int_equal(act_join_read(init, &cqe), code);
        act_join(init, made, 10);
        cqe = act_reap(init);
        assert_int_equal(act_fact(&cqe), STATUS_THREAD_JOINED);
        assert_int_equal(act_control(init, made, resumed), STATUS_THREAD_OVER);
        assert_int_equal(act_do_fact(init, act_release(made)), STATUS_OK);
        assert_int_equal(act_free_frames(), frames);
    }
    assert_int_equal(act_core()->state.arenas[ARENA_THREADS].live, 1);
}

static void one_waits_for_a_thread_and_not_itself(void **state)
{
    uint32_t thread;

    (void)state;
    cap_t made = act_thread_started(&thread);
    act_join(thread, made, 1);
    struct cqe cqe = act_reap(thread);
    assert_int_equal(act_fact(&cqe), STATUS_BAD_VALUE);
    act_join(init, made, 2);
    act_join(init, made, 3);
    cqe = act_reap(init);
    assert_int_equal(cqe.user_data, 3);
    assert_int_equal(act_fact(&cqe), STATUS_THREAD_JOINED);
    act_thread_exit(init, made, 6); // who holds it may end it
    cqe = act_reap(init);
    assert_int_equal(act_fact(&cqe), STATUS_OK);
    cqe = act_reap(init);
    assert_int_equal(cqe.user_data, 2);
    assert_int_equal(act_join_read(init, &cqe), 6);
}

static void the_last_thread_out_ends_the_process(void **state)
{
    uint32_t thread;

    (void)state;
    cap_t made = act_thread_started(&thread);
    uint64_t ring;
    act_thread_made(&ring); // never started: nobody waits for it
    cap_t builder = act_builder(init);
    cap_t other;
    cap_t process;
    uint64_t base;
    assert_int_equal(act_space_fact(init, builder, &other, &base), STATUS_OK);
    assert_int_equal(act_start(init, builder, &process), STATUS_OK);
    uint32_t child = machine.newest_thread;
    cap_t second;
    assert_int_equal(act_thread(init, job, other, &second, &ring), STATUS_OK);
    assert_int_equal(act_thread_start(init, second, ENTRY, STACK, machine.threads[child].argument),
                     STATUS_OK);
    act_next_exit(init, 1);
    act_join(init, second, 2);
    assert_false(act_has_completion(init));
    machine_run_until(child);
    machine_exit(child, 77); // the call ends the whole process
    struct cqe cqe = act_reap(init);
    assert_int_equal(cqe.user_data, 2);
    cqe = act_reap(init);
    assert_int_equal(act_exit_read(init, &cqe).code, 77);
    act_thread_exit(thread, made, 5);
    assert_int_equal(machine.end, MACHINE_RUNS);
}

static void a_process_ends_with_the_code_of_its_last_thread(void **state)
{
    cap_t builder = act_builder(init);
    cap_t other;
    cap_t process;
    cap_t first;
    cap_t self;
    uint64_t ring;
    uint64_t base;

    (void)state;
    // All its threads are made by its parent, and run once it is built.
    assert_int_equal(act_space_fact(init, builder, &other, &base), STATUS_OK);
    assert_int_equal(act_thread(init, job, other, &first, &ring), STATUS_OK);
    assert_int_equal(act_thread_start(init, first, ENTRY, STACK, 0), STATUS_PROCESS_OVER);
    assert_int_equal(act_built(init, builder, &process), STATUS_OK);
    assert_int_equal(act_thread_start(init, first, ENTRY, STACK, LAYOUT_START), STATUS_OK);
    uint32_t child = machine.newest_thread;
    assert_int_equal(machine.threads[child].entry, ENTRY);
    assert_int_equal(machine.threads[child].stack, STACK);
    assert_int_equal(machine.threads[child].argument, LAYOUT_START);
    assert_int_equal(act_thread(init, job, other, &self, &ring), STATUS_OK);
    assert_int_equal(act_do_fact(init, act_release(self)), STATUS_OK); // undone
    assert_int_equal(act_core()->state.arenas[ARENA_THREADS].live, 2);
    act_next_exit(init, 1);
    act_kill(child, 3);
    struct cqe cqe = act_reap(init);
    assert_int_equal(act_exit_read(init, &cqe).code, 3);
}

static void a_thread_that_nobody_holds_goes_on(void **state)
{
    uint32_t thread;

    (void)state;
    cap_t made = act_thread_started(&thread);
    assert_int_equal(act_do_fact(init, act_release(made)), STATUS_OK);
    assert_true(machine_run_until(thread));
    assert_int_equal(act_do_fact(thread, (struct sqe){.opcode = OP_NOP}), STATUS_OK);
    machine_run_until(thread);
    machine_exit(thread, 4); // exit() ends the process, of whatever thread
    assert_int_equal(machine.end, MACHINE_HALTED);
    assert_int_equal(machine.code, 4);
}

static void a_thread_that_never_ran_ends_once_however_often_it_is_ended(void **state)
{
    (void)state;
    uint64_t ring;
    cap_t made = act_thread_made(&ring);
    cap_t other = act_thread_made(&ring);
    struct sqe release = act_release(made);
    assert_true(machine_run_until(init));
    struct sqe exit = act_exit(init, made, 1);
    assert_true(machine_submit(init, &exit));
    assert_true(machine_submit(init, &release));
    machine_enter(init, 0, 0);
    assert_true(machine_run_until(init));
    act_thread_exit(init, other, 1);
    assert_true(machine_run_until(init));
    assert_int_equal(act_core()->state.arenas[ARENA_THREADS].live, 1);
}

static void a_process_whose_threads_never_ran_ends_with_the_last_of_them(void **state)
{
    cap_t builder = act_builder(init);
    cap_t other;
    cap_t process;
    cap_t threads[2];
    uint64_t ring;
    uint64_t base;

    (void)state;
    assert_int_equal(act_space_fact(init, builder, &other, &base), STATUS_OK);
    assert_int_equal(act_thread(init, job, other, &threads[0], &ring), STATUS_OK);
    assert_int_equal(act_thread(init, job, other, &threads[1], &ring), STATUS_OK);
    assert_int_equal(act_built(init, builder, &process), STATUS_OK);
    act_next_exit(init, 1);
    assert_int_equal(act_do_fact(init, act_release(process)), STATUS_OK);
    assert_int_equal(act_do_fact(init, act_release(other)), STATUS_OK);
    assert_int_equal(act_do_fact(init, act_release(threads[0])), STATUS_OK);
    assert_int_equal(act_core()->live_count, 2);
    assert_int_equal(act_do_fact(init, act_release(threads[1])), STATUS_OK);
    assert_int_equal(act_core()->live_count, 1);
    struct cqe cqe = act_reap(init);
    assert_int_equal(act_exit_read(init, &cqe).cause, EXIT_CALLED);
    assert_int_equal(act_core()->state.arenas[ARENA_PROCESSES].live, 1);
}

static void what_a_thread_that_ended_waited_for_goes_to_others(void **state)
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
    struct sqe exit = act_exit(init, made, 1);
    struct sqe call = act_call(client.facet, 0, 2);
    assert_true(machine_submit(init, &exit)); // both before anything of it is given back
    assert_true(machine_submit(init, &call));
    machine_enter(init, 0, 0);
    assert_true(machine_run_until(init));
    assert_int_equal(act_reap(init).user_data, 0);
    struct cqe cqe = act_do(init, act_recv(server, ACT_FREE, 256, 3));
    assert_int_equal(act_fact(&cqe), STATUS_OK);
    act_submit(init, act_return(cqe.extra, 4));
    assert_int_equal(act_reap(init).user_data, 2);
    assert_int_equal(act_reap(init).user_data, 4);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, boot, act_fini)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(join_tells_the_code_once_and_gives_everything_back),
        TEST(one_waits_for_a_thread_and_not_itself),
        TEST(the_last_thread_out_ends_the_process),
        TEST(a_process_ends_with_the_code_of_its_last_thread),
        TEST(a_thread_that_nobody_holds_goes_on),
        TEST(a_thread_that_never_ran_ends_once_however_often_it_is_ended),
        TEST(a_process_whose_threads_never_ran_ends_with_the_last_of_them),
        TEST(what_a_thread_that_ended_waited_for_goes_to_others),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
