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
#include "kernel/core/test/waiting.h"

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

// It enters by itself, to wait, before it hears of that.
static void one_that_is_suspended_as_it_enters_waits_suspended(void **state)
{
    uint32_t thread;

    (void)state;
    cap_t made = elsewhere(&thread);
    struct sqe suspend = act_suspend(init, made);
    assert_true(machine_submit(init, &suspend));
    (void)enter();
    assert_true(machine_cpu_enter(SECOND));
    struct input wait = {.kind = INPUT_ENTER, .now_ns = machine.now_ns, .fault = {0}};
    wait.enter.min_complete = 1;
    wait.enter.timeout_ns = 1000;
    for (struct turn turn = machine_turn(&wait); turn.more;) {
        turn = machine_turn(
            &(struct input){.kind = INPUT_STEP, .now_ns = machine.now_ns, .fault = {0}});
    }
    machine.now_ns += 2 * wait.enter.timeout_ns;
    struct turn late =
        machine_turn(&(struct input){.kind = INPUT_TIMER, .now_ns = machine.now_ns, .fault = {0}});
    assert_int_equal(late.thread, HAL_NO_THREAD);
}

// As long as a CPU may still write what was unmapped, it can't be sealed.
static void memory_is_sealed_when_no_cpu_can_write_it(void **state)
{
    uint32_t thread, third;
    uint64_t words[16] = {0};
    struct capnp_builder message;

    (void)state;
    (void)elsewhere(&thread);
    (void)machine_cpu(THIRD);
    (void)machine_cpu(FIRST);
    (void)act_thread_started(&third);
    assert_int_equal(machine_cpu(THIRD), (int32_t)third);
    (void)machine_cpu(FIRST);
    cap_t memory = act_memory(init, 1);
    assert_int_equal(act_map(init, space, AT, 1, RIGHT_READ | RIGHT_WRITE, memory, 0), STATUS_OK);
    capnp_builder_init(&message, words, sizeof(words));
    address_space_unmap_params_set_address(address_space_unmap_params_build(&message), AT);
    struct sqe unmap = act_call(space, ADDRESS_SPACE_UNMAP, 8);
    unmap.payload_len = capnp_builder_size(&message);
    machine_message_write(init, ACT_FREE, message.bytes, unmap.payload_len);
    struct sqe seal = act_call(memory, MEMORY_OBJECT_SEAL, 9);
    assert_true(machine_submit(init, &unmap));
    (void)enter();
    assert_true(machine_cpu_enter(THIRD));
    assert_true(machine_submit(third, &seal));
    (void)enter();
    assert_int_equal(act_reap_fact(third, 9), STATUS_MAPPED_WRITABLE);
    (void)machine_cpu(SECOND);
    (void)machine_cpu(THIRD);
    assert_int_equal(act_do_fact(third, seal), STATUS_OK);
}

static void time_does_not_go_back_from_one_cpu_to_another(void **state)
{
    uint32_t thread;

    (void)state;
    (void)elsewhere(&thread);
    machine.now_ns += 1000000;
    (void)act_memory(init, 1);
    machine.now_ns -= 900000; // the other one's counter is behind
    (void)machine_cpu(SECOND);
    (void)act_memory(thread, 1);
    const struct core *core = act_core();
    assert_true(core->now_ns >= machine.now_ns + 900000);
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
        cmocka_unit_test_setup_teardown(one_that_is_suspended_as_it_enters_waits_suspended, boot,
                                        act_fini),
        cmocka_unit_test_setup_teardown(memory_is_sealed_when_no_cpu_can_write_it, boot, act_fini),
        cmocka_unit_test_setup_teardown(time_does_not_go_back_from_one_cpu_to_another, boot,
                                        act_fini),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
