// SPDX-License-Identifier: Apache-2.0
//
// Parking: who sleeps on which word, who is woken, and how sleeping ends. Two processes of one
// program share its text; words of their own stand in their message areas.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/core/test/waiting.h"

static const char *const programs[] = {"init", "child", "other", NULL};
static uint32_t init;
static cap_t space;

static int boot_at(uint64_t base)
{
    if (!machine_boot(&(struct machine_options){.programs = programs, .space_base = base})) {
        return 1;
    }
    init = (uint32_t)machine.running;
    space = act_park_space(init);
    return 0;
}

static int boot(void **state)
{
    (void)state;
    return boot_at(0);
}

static int boot_elsewhere(void **state)
{
    (void)state;
    return boot_at(1ull << 40);
}

// The address of the nth word in the thread's message area.
static uint64_t word_at(uint32_t thread, uint32_t n)
{
    return machine_ring(thread) + PAGE_SIZE + ACT_FREE + n * sizeof(uint32_t);
}

static void word_write(uint32_t thread, uint32_t n, uint32_t value)
{
    machine_message_write(thread, ACT_FREE + n * (uint32_t)sizeof(value), &value, sizeof(value));
}

// A word of the program's text, and what stands there.
static uint64_t text_at(uint32_t thread)
{
    return hal_space_base(machine.threads[thread].space) + LAYOUT_IMAGE + 64;
}

static uint32_t text_of(uint32_t thread)
{
    uint32_t value = 0;

    assert_true(
        machine_read(machine.threads[thread].space, text_at(thread), &value, sizeof(value)));
    return value;
}

struct sleeper {
    uint32_t thread;
    cap_t space;
};

static struct sleeper sleeper(void)
{
    uint32_t thread = act_process(init, NULL, (cap_t){0});

    return (struct sleeper){thread, act_give(init, space, thread)};
}

// --- Meeting ------------------------------------------------------------------------------------

static void who_sleeps_longest_is_woken_first(void **state)
{
    uint64_t at = word_at(init, 0);

    (void)state;
    for (uint32_t i = 1; i <= 3; i++) {
        act_submit(init, act_park(space, at, 0, i));
    }
    struct sqe unpark = act_unpark(space, at, 2);
    unpark.flags = SQE_QUIET;
    act_submit(init, unpark);
    assert_int_equal(act_reap_fact(init, 1), STATUS_OK);
    assert_int_equal(act_reap_fact(init, 2), STATUS_OK);
    assert_false(act_has_completion(init));
    act_submit(init, act_unpark(space, at, UINT64_MAX));
    assert_int_equal(act_reap_fact(init, 3), STATUS_OK);
    assert_int_equal(act_reap_bits(init, 0), 1);
    assert_int_equal(act_woken(init, act_unpark(space, at, UINT64_MAX)), 0);
}

static void processes_meet_on_the_memory_that_they_share(void **state)
{
    struct sleeper first = sleeper();
    struct sleeper second = sleeper();
    const struct sleeper third = {init, space}; // of another program

    (void)state;
    act_submit(first.thread,
               act_park(first.space, text_at(first.thread), text_of(first.thread), 1));
    act_submit(first.thread,
               act_park(first.space, text_at(first.thread) + 4, text_of(first.thread), 2));
    assert_int_equal(act_woken(third.thread, act_unpark(third.space, text_at(third.thread), 9)), 0);
    assert_int_equal(act_woken(second.thread, act_unpark(second.space, text_at(second.thread), 9)),
                     1);
    assert_int_equal(act_reap_fact(first.thread, 1), STATUS_OK);
    assert_false(act_has_completion(first.thread));
}

static void equal_addresses_of_other_memory_do_not_meet(void **state)
{
    struct sleeper child = sleeper();

    (void)state;
    act_submit(child.thread, act_park(child.space, word_at(child.thread, 0), 0, 1));
    assert_int_equal(act_woken(init, act_unpark(space, word_at(init, 0), 9)), 0);
    assert_int_equal(act_woken(child.thread, act_unpark(child.space, word_at(child.thread, 1), 9)),
                     0);
    assert_false(act_has_completion(child.thread));
}

static void a_word_that_differs_completes_at_once(void **state)
{
    struct act_snapshot before = act_snapshot();

    (void)state;
    word_write(init, 0, 7);
    struct cqe cqe = act_do(init, act_park(space, word_at(init, 0), 8, 1));
    assert_int_equal(act_fact(&cqe), STATUS_PARK_MISMATCH);
    assert_int_equal(cqe.detail, ARGUMENT_ARG);
    struct sqe wide = act_park(space, word_at(init, 0), 7, 2);
    wide.arg |= 1ull << 32; // no word can be that
    assert_int_equal(act_do_fact(init, wide), STATUS_PARK_MISMATCH);
    assert_true(act_same(&before));
    act_submit(init, act_park(space, word_at(init, 0), 7, 3));
    assert_false(act_has_completion(init));
}

static void one_unpark_wakes_so_many(void **state)
{
    struct sleeper sleepers[4];
    uint32_t each = CQ_ENTRIES_DEFAULT - CQ_ENTRIES_KEPT;

    (void)state;
    for (uint32_t i = 0; i < 4; i++) {
        sleepers[i] = sleeper();
        for (uint32_t n = 0; n < each; n++) {
            act_submit(sleepers[i].thread, act_park(sleepers[i].space, text_at(sleepers[i].thread),
                                                    text_of(sleepers[i].thread), n));
        }
    }
    struct sqe unpark = act_unpark(sleepers[3].space, text_at(sleepers[3].thread), UINT64_MAX);
    assert_int_equal(act_waiting(), 4 * each);
    assert_int_equal(act_woken(sleepers[3].thread, unpark), UNPARK_MAX);
    assert_int_equal(act_waiting(), 4 * each - UNPARK_MAX);
}

// --- Refusals -----------------------------------------------------------------------------------

static void refused(struct sqe sqe, enum status fact, enum sqe_argument argument)
{
    struct act_snapshot before = act_snapshot();
    struct cqe cqe = act_do(init, sqe);

    assert_int_equal(act_fact(&cqe), fact);
    assert_int_equal(cqe.detail, argument);
    assert_true(act_same(&before));
}

static void a_word_must_be_aligned_and_the_programs(void **state)
{
    uint64_t base = hal_space_base(machine.threads[init].space);
    const uint64_t nowhere[] = {base, base + LAYOUT_END, base + LAYOUT_END - 4, UINT64_MAX - 3,
                                word_at(init, 0) + 4 * PAGE_SIZE};

    (void)state;
    for (uint32_t i = 1; i < 4; i++) {
        refused(act_park(space, word_at(init, 0) + i, 0, 1), STATUS_BAD_ARGUMENT, ARGUMENT_PAYLOAD);
        refused(act_unpark(space, word_at(init, 0) + i, 1), STATUS_BAD_ARGUMENT, ARGUMENT_PAYLOAD);
    }
    for (uint32_t i = 0; i < sizeof(nowhere) / sizeof(nowhere[0]); i++) {
        refused(act_park(space, nowhere[i], 0, 1), STATUS_BAD_BUFFER, ARGUMENT_PAYLOAD);
        refused(act_unpark(space, nowhere[i], 1), STATUS_BAD_BUFFER, ARGUMENT_PAYLOAD);
    }
}

static void parking_needs_a_park_space(void **state)
{
    struct act_facet cut = act_facet(init, space, 0, 0, 0);

    (void)state;
    refused(act_park(act_named(init, "timer"), word_at(init, 0), 0, 1), STATUS_WRONG_OBJECT,
            ARGUMENT_CAP);
    refused(act_unpark(act_notification(init), word_at(init, 0), 1), STATUS_WRONG_OBJECT,
            ARGUMENT_CAP);
    refused(act_park((cap_t){1}, word_at(init, 0), 0, 1), STATUS_BAD_CAP, ARGUMENT_CAP);
    struct sqe reserved = act_park(space, word_at(init, 0), 0, 1);
    reserved.flags = SQE_RING_PAYLOAD;
    refused(reserved, STATUS_RESERVED_SET, ARGUMENT_FLAGS);
    assert_int_equal(act_do_fact(init, act_call(space, 0, 1)), STATUS_METHOD_UNKNOWN);
    assert_int_equal(act_woken(init, act_unpark(cut.facet, word_at(init, 0), 1)), 0);
    assert_int_equal(act_revoke(init, cut.revoker), STATUS_OK);
    assert_int_equal(act_do_fact(init, act_park(cut.facet, word_at(init, 0), 0, 1)),
                     STATUS_REVOKED);
}

static void a_ring_that_promised_all_parks_no_more(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < CQ_ENTRIES_DEFAULT - CQ_ENTRIES_KEPT; i++) {
        act_submit(init, act_park(space, word_at(init, i), 0, i));
    }
    refused(act_park(space, word_at(init, 0), 0, 99), STATUS_RING_BUSY, ARGUMENT_LIMIT);
    assert_int_equal(act_waiting(), CQ_ENTRIES_DEFAULT - CQ_ENTRIES_KEPT);
}

// --- Ends ---------------------------------------------------------------------------------------

static void sleeping_times_out_alone(void **state)
{
    struct sqe park = act_park(space, word_at(init, 0), 0, 1);

    (void)state;
    park.arg2 = 10;
    act_submit(init, park);
    act_submit(init, act_park(space, word_at(init, 0), 0, 2));
    machine_timer(machine.now_ns + 10);
    assert_int_equal(act_reap_fact(init, 1), STATUS_TIMED_OUT);
    act_submit(init, act_unpark(space, word_at(init, 0), 9));
    assert_int_equal(act_reap_fact(init, 2), STATUS_OK);
    assert_int_equal(act_reap_bits(init, 0), 1);
}

static void cancelling_ends_a_sleep_once(void **state)
{
    uint32_t index = act_sq_index(init);

    (void)state;
    act_submit(init, act_park(space, word_at(init, 0), 0, 1));
    act_submit(init, act_cancel(index));
    assert_int_equal(act_reap_fact(init, 1), STATUS_CANCELLED);
    assert_int_equal(act_reap_fact(init, 0), STATUS_OK);
    assert_int_equal(act_woken(init, act_unpark(space, word_at(init, 0), 9)), 0);
}

static void revoking_and_dropping_end_sleeps_once(void **state)
{
    struct act_facet cut = act_facet(init, space, 0, 0, 0);
    struct sqe release = act_release(space);

    (void)state;
    release.flags = SQE_QUIET;
    act_submit(init, act_park(cut.facet, word_at(init, 0), 0, 1));
    act_submit(init, act_park(space, word_at(init, 0), 0, 2));
    assert_int_equal(act_revoke(init, cut.revoker), STATUS_OK);
    assert_int_equal(act_reap_fact(init, 1), STATUS_REVOKED);
    assert_int_equal(act_do_fact(init, act_release(cut.facet)), STATUS_OK);
    assert_int_equal(act_do_fact(init, act_release(cut.revoker)), STATUS_OK);
    uint32_t objects = act_core()->state.arenas[ARENA_OBJECTS].live;
    act_submit(init, release);
    assert_int_equal(act_reap_fact(init, 2), STATUS_STALE_CAP);
    assert_int_equal(act_core()->state.arenas[ARENA_OBJECTS].live, objects - 1);
    assert_int_equal(act_waiting(), 0);
}

static void unmapping_tells_who_sleeps_there_and_nobody_else(void **state)
{
    struct sleeper child = sleeper();
    uint32_t process = act_core()->threads[child.thread].process;
    uint64_t base = hal_space_base(machine.threads[child.thread].space);
    uint64_t page = (word_at(child.thread, 0) - base) / PAGE_SIZE;

    (void)state;
    act_submit(child.thread, act_park(child.space, word_at(child.thread, 0), 0, 1));
    act_submit(child.thread,
               act_park(child.space, text_at(child.thread), text_of(child.thread), 2));
    act_submit(init, act_park(space, word_at(init, 0), 0, 3));
    park_unmapped(&machine.kernel->core, process, page + 1, 1);
    park_unmapped(&machine.kernel->core, process, page - 1, 1);
    assert_false(act_has_completion(child.thread));
    park_unmapped(&machine.kernel->core, process, page - 1, 3);
    assert_int_equal(act_reap_fact(child.thread, 1), STATUS_BAD_BUFFER);
    assert_false(act_has_completion(child.thread));
    assert_false(act_has_completion(init));
    park_unmapped(&machine.kernel->core, process, 0, UINT64_MAX);
    assert_int_equal(act_reap_fact(child.thread, 2), STATUS_BAD_BUFFER);
    assert_false(act_has_completion(init));
}

static void either_side_may_exit(void **state)
{
    struct sleeper first = sleeper();
    struct sleeper second = sleeper();
    uint32_t word = text_of(first.thread);

    (void)state;
    act_submit(first.thread, act_park(first.space, text_at(first.thread), word, 1));
    act_submit(second.thread, act_park(second.space, text_at(second.thread), word, 2));
    act_kill(first.thread, 0);
    assert_int_equal(act_waiting(), 1);
    struct sleeper third = sleeper();
    assert_int_equal(act_woken(third.thread, act_unpark(third.space, text_at(third.thread), 9)), 1);
    act_kill(third.thread, 0);
    assert_int_equal(act_reap_fact(second.thread, 2), STATUS_OK);
}

#define TEST(name)      cmocka_unit_test_setup_teardown(name, boot, act_fini)
#define ELSEWHERE(name) cmocka_unit_test_setup_teardown(name, boot_elsewhere, act_fini)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(who_sleeps_longest_is_woken_first),
        TEST(processes_meet_on_the_memory_that_they_share),
        ELSEWHERE(processes_meet_on_the_memory_that_they_share),
        TEST(equal_addresses_of_other_memory_do_not_meet),
        TEST(a_word_that_differs_completes_at_once),
        TEST(one_unpark_wakes_so_many),
        TEST(a_word_must_be_aligned_and_the_programs),
        ELSEWHERE(a_word_must_be_aligned_and_the_programs),
        TEST(parking_needs_a_park_space),
        TEST(a_ring_that_promised_all_parks_no_more),
        TEST(sleeping_times_out_alone),
        TEST(cancelling_ends_a_sleep_once),
        TEST(revoking_and_dropping_end_sleeps_once),
        TEST(unmapping_tells_who_sleeps_there_and_nobody_else),
        ELSEWHERE(unmapping_tells_who_sleeps_there_and_nobody_else),
        TEST(either_side_may_exit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
