// SPDX-License-Identifier: Apache-2.0
//
// Repeating WAITs: bits gather while a completion is not consumed, and none is lost or told twice.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "kernel/core/test/waiting.h"

static const char *const programs[] = {"init", "child", "other", NULL};
static uint32_t init;
static cap_t bell;

static int boot(void **state)
{
    (void)state;
    if (!machine_boot(&(struct machine_options){.programs = programs})) {
        return 1;
    }
    init = (uint32_t)machine.running;
    bell = act_notification(init);
    return 0;
}

// init's signal, without a completion of its own.
static void ring_bell(uint64_t bits)
{
    struct sqe signal = act_signal(bell, bits);

    signal.flags = SQE_QUIET;
    act_submit(init, signal);
}

static uint32_t child_with_bell(void)
{
    return act_process(init, "bell", bell);
}

static void a_repeating_wait_gathers_bits_until_its_completion_is_consumed(void **state)
{
    uint32_t child = child_with_bell();

    (void)state;
    act_submit(child, act_repeat(act_named(child, "bell"), 0xff, 1));
    assert_int_equal(act_do_fact(init, act_signal(bell, 1)), STATUS_OK);
    assert_int_equal(act_do_fact(init, act_signal(bell, 2)), STATUS_OK);
    assert_int_equal(act_do_fact(init, act_signal(bell, 4)), STATUS_OK);
    act_enter(child); // nothing was consumed
    assert_int_equal(act_reap_bits(child, 1), 1);
    assert_false(act_has_completion(child));
    act_enter(child);
    assert_int_equal(act_reap_bits(child, 1), 6);
    assert_int_equal(act_do_fact(init, act_signal(bell, 8)), STATUS_OK); // no entry in between
    assert_int_equal(act_reap_bits(child, 1), 8);
    act_enter(child);
    assert_false(act_has_completion(child));
    assert_int_equal(act_waiting(), 1);
}

static void bits_that_are_there_complete_a_repeating_wait_at_once(void **state)
{
    (void)state;
    act_set(init, bell, 5);
    act_submit(init, act_repeat(bell, 4, 1));
    assert_int_equal(act_reap_bits(init, 1), 4);
    act_submit(init, act_signal(bell, 12));
    assert_int_equal(act_reap_bits(init, 1), 4);
    assert_int_equal(act_reap_fact(init, 0), STATUS_OK);
    assert_int_equal(act_take(init, bell, UINT64_MAX), 9);
}

static void what_a_told_waiter_leaves_another_may_take(void **state)
{
    uint32_t child = child_with_bell();

    (void)state;
    act_submit(child, act_repeat(act_named(child, "bell"), 1, 1));
    assert_int_equal(act_do_fact(init, act_signal(bell, 1)), STATUS_OK);
    assert_int_equal(act_do_fact(init, act_signal(bell, 1)), STATUS_OK);
    act_submit(init, act_wait(bell, 1, 2));
    assert_int_equal(act_reap_bits(init, 2), 1);
    assert_int_equal(act_reap_bits(child, 1), 1);
    act_enter(child);
    assert_false(act_has_completion(child));
}

static void what_ends_a_told_waiter_is_told_when_it_consumes(void **state)
{
    struct act_facet cut = act_facet(init, bell, 3, 0, 0);
    uint32_t child = act_process(init, "bell", cut.facet);

    (void)state;
    act_submit(child, act_repeat(act_named(child, "bell"), 1, 1));
    assert_int_equal(act_do_fact(init, act_signal(bell, 1)), STATUS_OK);
    assert_int_equal(act_revoke(init, cut.revoker), STATUS_OK);
    assert_int_equal(act_do_fact(init, act_signal(bell, 1)), STATUS_OK);
    assert_int_equal(act_reap_bits(child, 1), 1);
    act_enter(child);
    assert_int_equal(act_reap_fact(child, 1), STATUS_REVOKED);
    assert_int_equal(act_take(init, bell, UINT64_MAX), 1);
    assert_int_equal(act_waiting(), 0);
}

static void a_told_waiter_can_be_cancelled(void **state)
{
    uint32_t index = act_sq_index(init);

    (void)state;
    act_submit(init, act_repeat(bell, 1, 1));
    act_submit(init, act_signal(bell, 1));
    act_submit(init, act_cancel(index));
    assert_int_equal(act_reap_bits(init, 1), 1);
    assert_int_equal(act_reap_fact(init, 0), STATUS_OK); // SIGNAL
    assert_int_equal(act_reap_fact(init, 0), STATUS_OK); // CANCEL
    assert_false(act_has_completion(init));
    act_enter(init);
    assert_int_equal(act_reap_fact(init, 1), STATUS_CANCELLED);
    assert_int_equal(act_waiting(), 0);
}

static void a_told_waiter_may_exit(void **state)
{
    uint32_t child = child_with_bell();

    (void)state;
    act_submit(child, act_repeat(act_named(child, "bell"), 1, 1));
    assert_int_equal(act_do_fact(init, act_signal(bell, 1)), STATUS_OK);
    act_kill(child, 0);
    assert_int_equal(act_waiting(), 0);
    assert_int_equal(act_do_fact(init, act_signal(bell, 1)), STATUS_OK);
    assert_int_equal(act_take(init, bell, 1), 1);
}

// Its place stays its own: whatever fills the CQ, a bit still gets through.
static void a_full_queue_leaves_a_repeating_wait_its_place(void **state)
{
    uint32_t child = child_with_bell();

    (void)state;
    act_submit(child, act_repeat(act_named(child, "bell"), 1, 1));
    for (uint32_t round = 0; round < 3; round++) {
        for (uint32_t i = 0; i < CQ_ENTRIES_DEFAULT; i++) {
            struct sqe nop = {.opcode = OP_NOP, .user_data = 1000 + i};
            assert_true(machine_run_until(child));
            if (!machine_submit(child, &nop)) {
                break;
            }
            machine_enter(child, 0, 0);
        }
        assert_int_equal(act_do_fact(init, act_signal(bell, 1)), STATUS_OK);
        uint32_t told = 0;
        for (struct cqe cqe; machine_reap(child, &cqe);) {
            told += cqe.user_data == 1 ? 1 : 0;
            assert_int_equal(act_fact(&cqe), STATUS_OK);
        }
        assert_int_equal(told, 1);
        act_enter(child);
        for (struct cqe cqe; machine_reap(child, &cqe);) {
            assert_int_not_equal(cqe.user_data, 1);
        }
    }
}

static void a_repeating_wait_is_something_that_can_come(void **state)
{
    (void)state;
    act_submit(init, act_repeat(bell, 1, 1));
    assert_true(machine_run_until(init));
    machine_enter(init, 2, TIMEOUT_NONE); // it promises one
    assert_int_equal(machine.threads[init].result, -(uint64_t)STATUS_NOTHING_PENDING);
    ring_bell(3);
    machine_enter(init, 2, TIMEOUT_NONE); // told, so there is one, and no more can come
    assert_int_equal(machine.threads[init].result, -(uint64_t)STATUS_NOTHING_PENDING);
    assert_int_equal(act_reap_bits(init, 1), 1);
    machine_enter(init, 1, TIMEOUT_NONE); // consumed: it waits for the next
    assert_int_equal(act_core()->threads[init].state, THREAD_WAITING);
}

static void a_corrupt_head_consumes_nothing(void **state)
{
    uint32_t child = child_with_bell();
    uint64_t at = machine_ring(child) + offsetof(struct ring_header, cq_head);
    uint32_t space = machine.threads[child].space;
    uint32_t head;
    uint32_t wrong;

    (void)state;
    act_submit(child, act_repeat(act_named(child, "bell"), 1, 1));
    assert_int_equal(act_do_fact(init, act_signal(bell, 1)), STATUS_OK);
    assert_true(machine_read(space, at, &head, sizeof(head)));
    wrong = head + 1000;
    assert_true(machine_write(space, at, &wrong, sizeof(wrong)));
    assert_int_equal(act_do_fact(init, act_signal(bell, 1)), STATUS_OK);
    act_enter(child);
    assert_true(machine_write(space, at, &head, sizeof(head)));
    assert_int_equal(act_reap_bits(child, 1), 1);
    assert_false(act_has_completion(child));
    act_enter(child);
    assert_int_equal(act_reap_bits(child, 1), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, boot, act_fini)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_repeating_wait_gathers_bits_until_its_completion_is_consumed),
        TEST(bits_that_are_there_complete_a_repeating_wait_at_once),
        TEST(what_a_told_waiter_leaves_another_may_take),
        TEST(what_ends_a_told_waiter_is_told_when_it_consumes),
        TEST(a_told_waiter_can_be_cancelled),
        TEST(a_told_waiter_may_exit),
        TEST(a_full_queue_leaves_a_repeating_wait_its_place),
        TEST(a_repeating_wait_is_something_that_can_come),
        TEST(a_corrupt_head_consumes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
