// SPDX-License-Identifier: Apache-2.0
//
// More than one CPU: who runs where, and that nothing is given to anybody while another CPU may
// still use it. tests/support/machine.c lets a kicked CPU in between two steps; where a test takes
// the steps itself, it stays outside until the test says.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/core/test/memory.h"

enum {
    FIRST = 0, // CPUs
    SECOND = 1,
    THIRD = 2,
    AT = 0x10000000, // where pages are mapped
};

static uint32_t init;
static cap_t space;
static const struct act_control stopped = {0, PRIORITY_DEFAULT, true};

static int boot(void **state)
{
    (void)state;
    if (!act_threads_boot()) {
        return 1;
    }
    init = (uint32_t)machine.running;
    space = act_named(init, "space");
    return 0;
}

// One turn of the first thread, and none of those that follow.
static struct turn enter(void)
{
    struct input input = {.kind = INPUT_ENTER, .now_ns = machine.now_ns, .fault = {0}};
    return machine_turn(&input);
}

// A thread of the first process that runs on the second CPU; this one is the first again.
static cap_t elsewhere(uint32_t *thread)
{
    assert_int_equal(machine_cpu(SECOND), HAL_NO_THREAD);
    machine_cpu(FIRST);
    cap_t made = act_thread_started(thread);
    assert_int_equal(machine_cpu(SECOND), (int32_t)*thread);
    assert_int_equal(machine_cpu(FIRST), (int32_t)init);
    return made;
}

// --- Who runs where -----------------------------------------------------------------------------

static void an_idle_cpu_is_kicked_when_somebody_is_ready(void **state)
{
    uint32_t thread;

    (void)state;
    machine_cpu(SECOND);
    machine_cpu(THIRD);
    machine_cpu(FIRST);
    assert_int_equal(machine.kicked, 0);
    (void)act_thread_started(&thread);
    assert_int_equal(machine.kicked, 1U << SECOND);
    assert_int_equal(machine_cpu(SECOND), (int32_t)thread);
    assert_int_equal(machine_cpu(THIRD), HAL_NO_THREAD);
    assert_int_equal(machine_cpu(FIRST), (int32_t)init);
}

static void both_run_and_enter_as_they_like(void **state)
{
    uint32_t thread;

    (void)state;
    (void)elsewhere(&thread);
    struct sqe nop = {.opcode = OP_NOP, .user_data = 1};
    assert_int_equal(act_do_fact(init, nop), STATUS_OK);
    machine_cpu(SECOND);
    assert_int_equal(act_do_fact(thread, nop), STATUS_OK);
    assert_int_equal(machine.running, (int32_t)thread);
    machine_cpu(FIRST);
    assert_int_equal(act_do_fact(init, nop), STATUS_OK);
}

static void a_higher_one_takes_the_cpu_that_does_least(void **state)
{
    uint32_t thread;

    (void)state;
    cap_t lower = elsewhere(&thread);
    assert_int_equal(act_control(init, lower, (struct act_control){0, 3, false}), STATUS_OK);
    uint64_t ring;
    cap_t made = act_thread_made(&ring);
    assert_int_equal(act_control(init, made, (struct act_control){0, PRIORITY_DEFAULT, false}),
                     STATUS_OK);
    assert_int_equal(
        act_thread_start(init, made, ACT_THREAD_ENTRY, ACT_THREAD_STACK, act_thread_argument(ring)),
        STATUS_OK);
    uint32_t urgent = machine.newest_thread;
    assert_int_equal(machine.running, (int32_t)init);
    assert_int_equal(machine_cpu(SECOND), (int32_t)urgent);
    assert_int_equal(machine_cpu(FIRST), (int32_t)init);
}

// --- What runs elsewhere is taken away ----------------------------------------------------------

static void a_thread_that_is_ended_elsewhere_never_enters_again(void **state)
{
    uint32_t thread;

    (void)state;
    cap_t made = elsewhere(&thread);
    act_join(init, made, 9);
    assert_false(act_has_completion(init));
    act_submit(init, act_exit(init, made, 5));
    assert_int_equal(machine_cpu_of(thread), HAL_CPUS_MAX);
    struct cqe first = act_reap(init);
    struct cqe second = act_reap(init);
    assert_int_equal(act_join_read(init, first.user_data == 9 ? &first : &second), 5);
    assert_int_equal(machine_cpu(SECOND), HAL_NO_THREAD);
}

static void nothing_is_given_back_before_the_other_cpu_has_entered(void **state)
{
    uint32_t thread;

    (void)state;
    cap_t made = elsewhere(&thread);
    struct act_snapshot before = act_snapshot();
    struct sqe end = act_exit(init, made, 5);
    assert_true(machine_submit(init, &end));
    struct turn turn = enter();
    for (uint32_t i = 0; i < 100; i++) {
        assert_true(turn.more);
        assert_true(machine.threads[thread].alive);
        assert_true(act_free_frames() <= before.frames);
        turn = machine_turn(
            &(struct input){.kind = INPUT_STEP, .now_ns = machine.now_ns, .fault = {0}});
    }
    assert_int_equal(machine.kicked, 1U << SECOND);
    machine_cpu(SECOND);
    assert_false(machine.threads[thread].alive);
    assert_true(act_free_frames() > before.frames);
}

static void pages_are_free_once_no_cpu_can_have_them(void **state)
{
    uint32_t thread;

    (void)state;
    (void)elsewhere(&thread);
    uint64_t free_before = act_free_frames();
    cap_t memory = act_memory(init, 3);
    assert_int_equal(act_map(init, space, AT, 3, RIGHT_READ, memory, 0), STATUS_OK);
    assert_int_equal(act_do_fact(init, act_release(memory)), STATUS_OK);
    uint64_t free_mapped = act_free_frames();
    assert_true(free_mapped + 3 <= free_before);
    assert_int_equal(act_unmap(init, space, AT), STATUS_OK); // the other CPU entered meanwhile
    assert_true(act_free_frames() >= free_mapped + 3);
    assert_int_equal(machine_cpu(SECOND), (int32_t)thread);
}

static void a_process_on_several_cpus_ends_on_all_of_them(void **state)
{
    uint32_t thread;

    (void)state;
    (void)elsewhere(&thread);
    uint32_t child = act_process(init, NULL, (cap_t){0});
    uint64_t free_before = act_free_frames();
    (void)machine_exit(init, 3);
    assert_int_equal(machine_cpu_of(thread), HAL_CPUS_MAX);
    assert_false(machine.threads[thread].alive);
    assert_true(act_free_frames() > free_before);
    assert_int_not_equal(machine_cpu_of(child), HAL_CPUS_MAX);
}

static void one_that_is_suspended_elsewhere_stops_there(void **state)
{
    uint32_t thread;

    (void)state;
    cap_t made = elsewhere(&thread);
    assert_int_equal(act_control(init, made, stopped), STATUS_OK);
    assert_int_equal(machine_cpu_of(thread), HAL_CPUS_MAX);
    assert_int_equal(machine_cpu(SECOND), HAL_NO_THREAD);
    machine_cpu(FIRST);
    assert_int_equal(act_control(init, made, (struct act_control){0, PRIORITY_DEFAULT, false}),
                     STATUS_OK);
    assert_int_equal(machine_cpu(SECOND), (int32_t)thread);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_idle_cpu_is_kicked_when_somebody_is_ready, boot,
                                        act_fini),
        cmocka_unit_test_setup_teardown(both_run_and_enter_as_they_like, boot, act_fini),
        cmocka_unit_test_setup_teardown(a_higher_one_takes_the_cpu_that_does_least, boot, act_fini),
        cmocka_unit_test_setup_teardown(a_thread_that_is_ended_elsewhere_never_enters_again, boot,
                                        act_fini),
        cmocka_unit_test_setup_teardown(nothing_is_given_back_before_the_other_cpu_has_entered,
                                        boot, act_fini),
        cmocka_unit_test_setup_teardown(pages_are_free_once_no_cpu_can_have_them, boot, act_fini),
        cmocka_unit_test_setup_teardown(a_process_on_several_cpus_ends_on_all_of_them, boot,
                                        act_fini),
        cmocka_unit_test_setup_teardown(one_that_is_suspended_elsewhere_stops_there, boot,
                                        act_fini),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
