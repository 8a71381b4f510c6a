// SPDX-License-Identifier: Apache-2.0
//
// Notifications: who takes which bits, and how waiting for them ends.
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

// --- Bits ---------------------------------------------------------------------------------------

static void bits_are_kept_until_somebody_takes_them(void **state)
{
    (void)state;
    assert_int_equal(act_do_fact(init, act_signal(bell, 5)), STATUS_OK);
    assert_int_equal(act_do_fact(init, act_signal(bell, 2)), STATUS_OK);
    act_submit(init, act_wait(bell, 6, 1));
    assert_int_equal(act_reap_bits(init, 1), 6);
    assert_int_equal(act_take(init, bell, UINT64_MAX), 1);
    assert_int_equal(act_take(init, bell, UINT64_MAX), 0);
    assert_int_equal(act_waiting(), 0);
}

static void a_signal_wakes_who_waits_for_its_bits_alone(void **state)
{
    uint32_t child = child_with_bell();

    (void)state;
    act_submit(child, act_wait(act_named(child, "bell"), 4, 1));
    assert_int_equal(act_do_fact(init, act_signal(bell, 3)), STATUS_OK);
    assert_false(act_has_completion(child));
    act_set(init, bell, 12);
    assert_int_equal(act_reap_bits(child, 1), 4);
    assert_int_equal(act_take(init, bell, UINT64_MAX), 11);
}

static void a_bit_that_is_set_twice_is_told_once(void **state)
{
    (void)state;
    assert_int_equal(act_do_fact(init, act_signal(bell, 1ull << 63)), STATUS_OK);
    assert_int_equal(act_do_fact(init, act_signal(bell, 1ull << 63)), STATUS_OK);
    act_submit(init, act_wait(bell, UINT64_MAX, 1));
    assert_int_equal(act_reap_bits(init, 1), 1ull << 63);
    act_submit(init, act_wait(bell, UINT64_MAX, 2));
    assert_false(act_has_completion(init));
}

static void who_has_waited_longest_takes_first(void **state)
{
    uint32_t child = child_with_bell();
    uint32_t other = child_with_bell();

    (void)state;
    act_submit(child, act_wait(act_named(child, "bell"), 6, 1));
    act_submit(other, act_wait(act_named(other, "bell"), 3, 2));
    act_submit(child, act_wait(act_named(child, "bell"), 8, 3));
    assert_int_equal(act_do_fact(init, act_signal(bell, 7)), STATUS_OK);
    assert_int_equal(act_reap_bits(child, 1), 6);
    assert_int_equal(act_reap_bits(other, 2), 1);
    assert_false(act_has_completion(child));
}

static void a_blocked_waiter_runs_when_it_is_signalled(void **state)
{
    uint32_t child = child_with_bell();
    struct sqe wait = act_wait(act_named(child, "bell"), 1, 1);

    (void)state;
    assert_true(machine_run_until(child));
    assert_true(machine_submit(child, &wait));
    machine_enter(child, 1, TIMEOUT_NONE);
    assert_int_equal(act_core()->threads[child].state, THREAD_WAITING);
    assert_int_equal(act_do_fact(init, act_signal(bell, 1)), STATUS_OK);
    assert_true(machine_run_until(child));
    assert_int_equal(machine.threads[child].result, 1);
    assert_int_equal(act_reap_bits(child, 1), 1);
}

// --- Refusals -----------------------------------------------------------------------------------

static void refused(struct sqe sqe, enum status fact, enum sqe_argument argument)
{
    struct act_snapshot before = act_snapshot();
    struct cqe cqe = act_do(init, sqe);

    assert_int_equal(act_fact(&cqe), fact);
    if (cqe.status < 0) {
        assert_int_equal(cqe.detail, argument);
    }
    assert_true(act_same(&before));
}

static void what_cannot_wait_is_refused_and_changes_nothing(void **state)
{
    (void)state;
    refused(act_wait(bell, 0, 0), STATUS_BAD_ARGUMENT, ARGUMENT_ARG);
    refused(act_wait(act_named(init, "timer"), 1, 0), STATUS_WRONG_OBJECT, ARGUMENT_CAP);
    refused(act_signal(act_named(init, "job"), 1), STATUS_WRONG_OBJECT, ARGUMENT_CAP);
    refused(act_signal((cap_t){bell.value + (1ull << 32)}, 1), STATUS_STALE_CAP, ARGUMENT_CAP);
    struct sqe reserved = act_signal(bell, 1);
    reserved.arg2 = 1;
    refused(reserved, STATUS_RESERVED_SET, ARGUMENT_ARG2);
    reserved = act_wait(bell, 1, 0);
    reserved.flags = SQE_QUIET;
    refused(reserved, STATUS_RESERVED_SET, ARGUMENT_FLAGS);
}

static void each_operation_needs_its_method_in_the_facet(void **state)
{
    struct act_facet ring = act_facet(init, bell, 1 << NOTIFICATION_SIGNAL, 0, 0);
    struct act_facet hear = act_facet(init, bell, 1 << NOTIFICATION_TAKE, 0, 0);

    (void)state;
    refused(act_wait(ring.facet, 1, 0), STATUS_METHOD_NOT_IN_FACET, ARGUMENT_NONE);
    refused(act_signal(hear.facet, 1), STATUS_METHOD_NOT_IN_FACET, ARGUMENT_NONE);
    refused(act_signal(ring.revoker, 1), STATUS_WRONG_OBJECT, ARGUMENT_CAP);
    assert_int_equal(act_do_fact(init, act_signal(ring.facet, 9)), STATUS_OK);
    act_submit(init, act_wait(hear.facet, UINT64_MAX, 1));
    assert_int_equal(act_reap_bits(init, 1), 9);
    assert_int_equal(act_revoke(init, ring.revoker), STATUS_OK);
    refused(act_signal(ring.facet, 1), STATUS_REVOKED, ARGUMENT_NONE);
}

static void a_notification_takes_so_many_waiters(void **state)
{
    uint32_t child = child_with_bell();

    (void)state;
    for (uint32_t i = 0; i < NOTIFICATION_WAITERS_MAX; i++) {
        act_submit(i % 2 == 0 ? init : child,
                   act_wait(i % 2 == 0 ? bell : act_named(child, "bell"), 1, i));
    }
    refused(act_wait(bell, 1, 99), STATUS_OUT_OF_CALLS, ARGUMENT_LIMIT);
    assert_int_equal(act_do_fact(init, act_signal(bell, 2)), STATUS_OK);
    act_submit(init, act_wait(bell, 2, 100)); // what is there needs no place
    assert_int_equal(act_reap_bits(init, 100), 2);
}

static void a_ring_that_promised_all_waits_no_more(void **state)
{
    cap_t bells[2] = {bell, act_notification(init)};

    (void)state;
    for (uint32_t i = 0; i < CQ_ENTRIES_DEFAULT - CQ_ENTRIES_KEPT; i++) {
        act_submit(init, act_wait(bells[i % 2], 1ull << i, 100 + i));
    }
    refused(act_wait(bell, 1, 99), STATUS_RING_BUSY, ARGUMENT_LIMIT);
    act_submit(init, act_signal(bell, 1));
    assert_int_equal(act_reap_bits(init, 100), 1);
    assert_int_equal(act_reap_fact(init, 0), STATUS_OK);
    act_submit(init, act_wait(bell, 1ull << 40, 99)); // its place is free again
}

// --- Ends ---------------------------------------------------------------------------------------

static void a_wait_times_out_alone(void **state)
{
    struct sqe wait = act_wait(bell, 1, 1);

    (void)state;
    wait.arg2 = 100;
    act_submit(init, wait);
    act_submit(init, act_wait(bell, 1, 2));
    machine_timer(machine.now_ns + 99);
    assert_false(act_has_completion(init));
    machine_timer(machine.now_ns + 1);
    assert_int_equal(act_reap_fact(init, 1), STATUS_TIMED_OUT);
    ring_bell(1);
    assert_int_equal(act_reap_bits(init, 2), 1);
}

static void revoking_ends_the_waits_through_the_facet(void **state)
{
    struct act_facet outer = act_facet(init, bell, 3, 0, 0);
    struct act_facet inner = act_facet(init, outer.facet, 2, 0, 0);
    uint32_t child = act_process(init, "bell", inner.facet);

    (void)state;
    act_submit(child, act_wait(act_named(child, "bell"), 1, 1));
    act_submit(child, act_wait(act_named(child, "bell"), 2, 2));
    act_submit(init, act_wait(bell, 1, 3));
    assert_int_equal(act_revoke(init, outer.revoker), STATUS_OK);
    assert_int_equal(act_reap_fact(child, 1), STATUS_REVOKED);
    assert_int_equal(act_reap_fact(child, 2), STATUS_REVOKED);
    assert_int_equal(act_do_fact(init, act_signal(bell, 2)), STATUS_OK);
    assert_false(act_has_completion(child));
    assert_int_equal(act_waiting(), 1);
}

static void dropping_the_hold_ends_its_waits_and_frees_the_object(void **state)
{
    struct act_snapshot before = act_snapshot();
    uint32_t objects = act_core()->state.arenas[ARENA_OBJECTS].live;

    (void)state;
    act_submit(init, act_wait(bell, 1, 1));
    act_submit(init, act_wait(bell, 2, 2));
    assert_int_equal(act_waiting(), before.pending + 2);
    struct sqe release = act_release(bell);
    release.flags = SQE_QUIET;
    act_submit(init, release);
    assert_int_equal(act_reap_fact(init, 1), STATUS_STALE_CAP);
    assert_int_equal(act_reap_fact(init, 2), STATUS_STALE_CAP);
    assert_int_equal(act_core()->state.arenas[ARENA_OBJECTS].live, objects - 1);
    assert_int_equal(act_waiting(), before.pending);
}

static void another_hold_keeps_nobodys_wait(void **state)
{
    uint32_t child = child_with_bell();

    (void)state;
    act_submit(child, act_wait(act_named(child, "bell"), 1, 1));
    act_submit(init, act_wait(bell, 1, 2));
    struct sqe release = act_release(act_named(child, "bell"));
    release.flags = SQE_QUIET;
    act_submit(child, release);
    assert_int_equal(act_reap_fact(child, 1), STATUS_STALE_CAP);
    ring_bell(1);
    assert_int_equal(act_reap_bits(init, 2), 1);
}

static void no_bit_is_lost_to_a_waiter_that_exited(void **state)
{
    uint32_t child = child_with_bell();

    (void)state;
    act_submit(child, act_wait(act_named(child, "bell"), 1, 1));
    act_submit(child, act_wait(act_named(child, "bell"), 2, 2));
    assert_true(machine_run_until(child));
    struct input exit = {.kind = INPUT_EXIT, .now_ns = machine.now_ns};
    machine_turn(&exit); // dead, and nothing given back yet
    machine.kernel->core.actor = KERNEL_ACTOR;
    uint32_t hold;
    assert_int_equal(hold_find(act_core(), 0, bell.value, &hold), STATUS_OK);
    uint32_t facet = act_core()->state.holds[hold].facet;
    notification_set(&machine.kernel->core, act_core()->state.facets[facet].object, 3);
    assert_int_equal(act_take(init, bell, UINT64_MAX), 3);
    assert_int_equal(act_waiting(), 0);
}

static void a_signaller_may_exit(void **state)
{
    uint32_t child = child_with_bell();

    (void)state;
    act_submit(init, act_wait(bell, 3, 1));
    act_submit(child, act_signal(act_named(child, "bell"), 2));
    act_kill(child, 0);
    assert_int_equal(act_reap_bits(init, 1), 2);
}

static void cancelling_ends_a_wait_once(void **state)
{
    uint32_t index = act_sq_index(init);

    (void)state;
    act_submit(init, act_wait(bell, 1, 1));
    act_submit(init, act_cancel(index));
    assert_int_equal(act_reap_fact(init, 1), STATUS_CANCELLED);
    assert_int_equal(act_reap_fact(init, 0), STATUS_OK);
    refused(act_cancel(index), STATUS_STALE_SQE, ARGUMENT_ARG);
    assert_int_equal(act_do_fact(init, act_signal(bell, 1)), STATUS_OK);
    assert_int_equal(act_take(init, bell, 1), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, boot, act_fini)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(bits_are_kept_until_somebody_takes_them),
        TEST(a_signal_wakes_who_waits_for_its_bits_alone),
        TEST(a_bit_that_is_set_twice_is_told_once),
        TEST(who_has_waited_longest_takes_first),
        TEST(a_blocked_waiter_runs_when_it_is_signalled),
        TEST(what_cannot_wait_is_refused_and_changes_nothing),
        TEST(each_operation_needs_its_method_in_the_facet),
        TEST(a_notification_takes_so_many_waiters),
        TEST(a_ring_that_promised_all_waits_no_more),
        TEST(a_wait_times_out_alone),
        TEST(revoking_ends_the_waits_through_the_facet),
        TEST(dropping_the_hold_ends_its_waits_and_frees_the_object),
        TEST(another_hold_keeps_nobodys_wait),
        TEST(no_bit_is_lost_to_a_waiter_that_exited),
        TEST(a_signaller_may_exit),
        TEST(cancelling_ends_a_wait_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
