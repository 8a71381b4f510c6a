// SPDX-License-Identifier: Apache-2.0
#include "runtime/bell.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "runtime/test/fake_kernel.h"

enum { NOTIFICATION = 9, MASK = 6 };

static struct tsr_bell bell;
static struct capnp_exception exception;

static const struct sqe *last_wait(void)
{
    const struct sqe *taken = &fake.taken[fake.taken_count - 1];
    assert_int_equal(taken->opcode, OP_WAIT);
    return taken;
}

static int set_up(void **state)
{
    fake_set_up(state);
    assert_true(tsr_bell_open(&bell, NOTIFICATION, MASK, &exception));
    assert_true(tsr_submit(&exception));
    return 0;
}

static void a_bell_rings_when_its_bits_come_and_listens_on(void **state)
{
    uint64_t bits;
    (void)state;
    assert_int_equal(last_wait()->cap, NOTIFICATION);
    assert_int_equal(last_wait()->arg, MASK);
    for (uint64_t round = 2; round <= 4; round += 2) {
        assert_false(tsr_bell_has_rung(&bell));
        fake_complete(last_wait(), (struct cqe){.extra = round});
        assert_true(tsr_wait(TIMEOUT_NONE, &exception));
        assert_true(tsr_bell_has_rung(&bell));
        assert_true(tsr_bell_take(&bell, &bits, &exception));
        assert_int_equal(bits, round);
        assert_true(tsr_submit(&exception));
    }
    assert_int_equal(fake.taken_count, 3);
    tsr_bell_close(&bell);
}

static void a_bell_that_was_taken_away_says_why_and_is_closed(void **state)
{
    uint64_t bits;
    (void)state;
    fake_complete(last_wait(),
                  (struct cqe){.flags = EXCEPTION_DISCONNECTED, .detail = STATUS_REVOKED});
    assert_true(tsr_wait(TIMEOUT_NONE, &exception));
    assert_true(tsr_bell_has_rung(&bell));
    assert_false(tsr_bell_take(&bell, &bits, &exception));
    assert_int_equal(exception.status, STATUS_REVOKED);
    assert_false(tsr_bell_has_rung(&bell));
}

// Opens as many as the ring has room for; how many.
static uint32_t bells_fill(struct tsr_bell bells[TSR_SLOTS_MAX])
{
    uint32_t count = 0;
    while (count < TSR_SLOTS_MAX && tsr_bell_open(&bells[count], NOTIFICATION, MASK, &exception)) {
        count++;
    }
    assert_int_equal(exception.status, STATUS_RING_BUSY);
    assert_true(tsr_submit(&exception));
    return count;
}

static void a_bell_that_is_closed_is_withdrawn_and_its_slot_free_again(void **state)
{
    struct tsr_bell bells[TSR_SLOTS_MAX];
    (void)state;
    uint32_t count = bells_fill(bells);
    assert_true(count > 0);
    for (uint32_t i = 0; i < count; i++) {
        tsr_bell_close(&bells[i]);
    }
    assert_true(tsr_submit(&exception));
    assert_int_equal(fake.taken_count, 1 + 2 * count);
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(fake.taken[1 + count + i].opcode, OP_CANCEL);
        fake_complete(&fake.taken[1 + i], (struct cqe){.status = -STATUS_CANCELLED});
    }
    assert_true(tsr_submit(&exception));
    assert_int_equal(bells_fill(bells), count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_bell_rings_when_its_bits_come_and_listens_on, set_up),
        cmocka_unit_test_setup(a_bell_that_was_taken_away_says_why_and_is_closed, set_up),
        cmocka_unit_test_setup(a_bell_that_is_closed_is_withdrawn_and_its_slot_free_again, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
