// SPDX-License-Identifier: Apache-2.0
//
// Capabilities with several owners, and sleeping and waking as operations of the ring.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "runtime/park.h"
#include "runtime/test/fake_kernel.h"

static struct capnp_exception exception;

static uint32_t released(uint64_t cap)
{
    uint32_t count = 0;
    assert_true(tsr_submit(&exception));
    for (uint32_t i = 0; i < fake.taken_count; i++) {
        count += fake.taken[i].opcode == OP_RELEASE && fake.taken[i].cap == cap;
    }
    return count;
}

static void a_capability_goes_back_when_its_last_owner_releases_it(void **state)
{
    (void)state;
    assert_true(tsr_share(7));
    assert_true(tsr_share(7));
    tsr_release(7);
    tsr_release(7);
    assert_int_equal(released(7), 0);
    tsr_release(7);
    assert_int_equal(released(7), 1);
    tsr_release(7);
    assert_int_equal(released(7), 2); // ids are never used again: the kernel refuses this one
}

static void what_is_not_shared_goes_back_at_once(void **state)
{
    (void)state;
    assert_true(tsr_share(7));
    tsr_release(8);
    assert_int_equal(released(8), 1);
    tsr_release(7);
    tsr_release(7);
    assert_int_equal(released(7), 1);
}

static void too_many_shared_capabilities_are_refused(void **state)
{
    (void)state;
    for (uint64_t cap = 1; cap <= TSR_SHARED_MAX; cap++) {
        assert_true(tsr_share(cap));
    }
    assert_false(tsr_share(TSR_SHARED_MAX + 1));
    assert_false(tsr_share(0));
    assert_true(tsr_share(5));
    tsr_release(5);
    tsr_release(6);
    assert_true(tsr_share(TSR_SHARED_MAX + 1));
    for (uint64_t cap = 1; cap <= TSR_SHARED_MAX + 1; cap++) {
        tsr_release(cap);
    }
    assert_int_equal(released(6), 1);
    assert_int_equal(released(1), 0);
}

static struct cqe outcome;

static void operate_outcome(const struct sqe *entry)
{
    fake_complete(entry, outcome);
}

static void sleeping_names_the_word_what_is_expected_and_the_limit(void **state)
{
    (void)state;
    static uint32_t word;
    fake.operate = operate_outcome;
    assert_true(tsr_park(9, &word, 2, 1000));
    const struct sqe *entry = &fake.taken[0];
    assert_int_equal(entry->opcode, OP_PARK);
    assert_int_equal(entry->cap, 9);
    assert_int_equal(entry->payload, (uint64_t)&word);
    assert_int_equal(entry->arg, 2);
    assert_int_equal(entry->arg2, 1000);
    outcome = (struct cqe){.status = -STATUS_PARK_MISMATCH};
    assert_true(tsr_park(9, &word, 2, 1000));
    outcome = (struct cqe){.status = -STATUS_TIMED_OUT};
    assert_false(tsr_park(9, &word, 2, 1000));
}

static void waking_everybody_asks_until_nobody_is_left(void **state)
{
    (void)state;
    static uint32_t word;
    fake.operate = operate_outcome;
    outcome = (struct cqe){.extra = UNPARK_MAX};
    tsr_unpark(9, &word, UNPARK_MAX + 1);
    assert_int_equal(fake.taken_count, 2);
    assert_int_equal(fake.taken[0].arg, UNPARK_MAX);
    assert_int_equal(fake.taken[1].arg, 1);
    outcome = (struct cqe){.extra = 3};
    tsr_unpark(9, &word, UINT32_MAX);
    assert_int_equal(fake.taken_count, 3);
}

static void waiting_for_bits_takes_them_or_says_why_not(void **state)
{
    (void)state;
    uint64_t bits;
    fake.operate = operate_outcome;
    outcome = (struct cqe){.extra = 6};
    assert_true(tsr_notification_wait(9, 7, TIMEOUT_NONE, &bits, &exception));
    assert_int_equal(bits, 6);
    assert_int_equal(fake.taken[0].opcode, OP_WAIT);
    assert_int_equal(fake.taken[0].arg, 7);
    outcome = (struct cqe){.status = -STATUS_TIMED_OUT};
    assert_false(tsr_notification_wait(9, 7, 5, &bits, &exception));
    assert_int_equal(exception.status, STATUS_TIMED_OUT);
    outcome = (struct cqe){.flags = EXCEPTION_DISCONNECTED, .detail = STATUS_REVOKED};
    assert_false(tsr_notification_wait(9, 7, 5, &bits, &exception));
    assert_int_equal(exception.status, STATUS_REVOKED);
}

static void sleeping_keeps_what_completes_meanwhile(void **state)
{
    (void)state;
    static uint32_t word;
    struct capnp_call call;
    fake.operate = operate_outcome;
    outcome = (struct cqe){0};
    assert_true(capnp_call_begin(&call, 1, 2, 3, 8, &exception));
    capnp_builder_root(&call.request, 0, 0);
    assert_true(capnp_call_send(&call, &exception));
    assert_true(tsr_park(9, &word, 2, 1000));
    assert_true(tsr_call_is_done(&call));
    assert_true(capnp_call_finish(&call, &exception));
    capnp_call_end(&call);
    assert_int_equal(fake.enter_count, 1);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_capability_goes_back_when_its_last_owner_releases_it, fake_set_up),
        cmocka_unit_test_setup(what_is_not_shared_goes_back_at_once, fake_set_up),
        cmocka_unit_test_setup(too_many_shared_capabilities_are_refused, fake_set_up),
        cmocka_unit_test_setup(sleeping_names_the_word_what_is_expected_and_the_limit, fake_set_up),
        cmocka_unit_test_setup(waking_everybody_asks_until_nobody_is_left, fake_set_up),
        cmocka_unit_test_setup(waiting_for_bits_takes_them_or_says_why_not, fake_set_up),
        cmocka_unit_test_setup(sleeping_keeps_what_completes_meanwhile, fake_set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
