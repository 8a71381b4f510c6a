// SPDX-License-Identifier: Apache-2.0
//
// Calls on what other calls bring, against a kernel of the test: what is held and when it goes out,
// how failures travel, and that slots and capabilities are never lost.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/test/fake_kernel.h"
#include "schema/exception.capnp.h"

enum { SLOTS = RING_MESSAGE_PAGES_DEFAULT * PAGE_SIZE / TSR_SLOT_SIZE, FIRST = 1000 };

static struct capnp_exception exception;

// A request of no fields.
static void send_to(struct capnp_call *call, uint64_t target)
{
    assert_true(capnp_call_begin(call, target, 77, 3, 8, &exception));
    capnp_builder_root(&call->request, 0, 0);
    assert_true(capnp_call_send(call, &exception));
}

// Answers with `count` capabilities: the target's number plus 1, 2, ...
static void answer(const struct sqe *entry, uint16_t count)
{
    struct capnp_builder message;
    capnp_builder_init(&message, fake_result(entry), TSR_SLOT_SIZE);
    capnp_builder_root(&message, 0, 0);
    uint32_t size = capnp_builder_size(&message);
    for (uint16_t i = 0; i < count; i++) {
        struct received record = {entry->cap + i + 1, 5};
        memcpy(fake_result(entry) + size + i * sizeof(record), &record, sizeof(record));
    }
    fake_complete(entry, (struct cqe){.status = (int32_t)size, .transfers = count});
}

static void operate_two(const struct sqe *entry)
{
    if (entry->opcode == OP_CALL) {
        answer(entry, 2);
    }
}

static uint32_t count_taken(enum opcode opcode, uint64_t cap)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < fake.taken_count; i++) {
        count += fake.taken[i].opcode == opcode && fake.taken[i].cap == cap;
    }
    return count;
}

static int tear_down(void **state)
{
    (void)state;
    assert_null(tsr_self()->held.first);
    fake.operate = NULL;
    tsr_submit(&exception);
    assert_int_equal(tsr_slots_free(tsr_self()), (1u << SLOTS) - 1);
    for (uint32_t i = 0; i < SLOTS; i++) {
        const struct tsr_slot *slot = &tsr_self()->slots[i];
        assert_int_equal(slot->users, 0);
        assert_null(slot->parent);
        assert_false(slot->is_ended || slot->is_read);
    }
    return 0;
}

static void a_chain_of_three_is_begun_at_once_and_needs_three_entries(void **state)
{
    (void)state;
    struct capnp_call calls[3];
    fake.operate = operate_two;
    send_to(&calls[0], FIRST);
    send_to(&calls[1], tsr_call_promise(&calls[0], 1));
    send_to(&calls[2], tsr_call_promise(&calls[1], 0));
    assert_int_equal(fake.enter_count, 0);
    assert_true(capnp_call_finish(&calls[2], &exception));
    assert_int_equal(fake.enter_count, 3);
    assert_int_equal(fake.taken_count, 3);
    assert_int_equal(fake.taken[1].cap, FIRST + 2);
    assert_int_equal(fake.taken[2].cap, FIRST + 3);
    assert_int_equal(calls[2].response.caps[0], FIRST + 4);
    // The program never looked at the first two answers: what they brought goes back.
    for (uint32_t i = 3; i > 0; i--) {
        capnp_call_end(&calls[i - 1]);
    }
    fake.operate = NULL;
    assert_true(tsr_submit(&exception));
    assert_int_equal(count_taken(OP_RELEASE, FIRST + 1), 1);
    assert_int_equal(count_taken(OP_RELEASE, FIRST + 2), 1);
    assert_int_equal(count_taken(OP_RELEASE, FIRST + 3), 1);
    assert_int_equal(count_taken(OP_RELEASE, FIRST + 4), 1);
    assert_int_equal(count_taken(OP_RELEASE, FIRST + 5), 0); // finished: the program's own
}

static void calls_on_one_answer_go_out_together(void **state)
{
    (void)state;
    struct capnp_call first;
    struct capnp_call calls[4];
    fake.operate = operate_two;
    send_to(&first, FIRST);
    for (uint32_t i = 0; i < 4; i++) {
        send_to(&calls[i], tsr_call_promise(&first, i & 1));
    }
    for (uint32_t i = 0; i < 4; i++) {
        assert_true(capnp_call_finish(&calls[i], &exception));
        assert_int_equal(fake.taken[1 + i].cap, FIRST + 1 + (i & 1));
        capnp_call_end(&calls[i]);
    }
    assert_int_equal(fake.enter_count, 2);
    capnp_call_end(&first);
}

static void a_promise_that_is_kept_already_is_called_at_once(void **state)
{
    (void)state;
    struct capnp_call calls[2];
    fake.operate = operate_two;
    send_to(&calls[0], FIRST);
    uint64_t promise = tsr_call_promise(&calls[0], 0);
    assert_true(tsr_submit(&exception));
    send_to(&calls[1], promise);
    assert_null(tsr_self()->held.first);
    assert_true(capnp_call_finish(&calls[1], &exception));
    assert_true(capnp_call_finish(&calls[0], &exception));
    assert_int_equal(calls[0].response.caps[1], FIRST + 2);
    capnp_call_end(&calls[0]);
    capnp_call_end(&calls[1]);
}

static void who_gives_the_first_up_lets_the_chain_go_on(void **state)
{
    (void)state;
    struct capnp_call calls[3];
    send_to(&calls[0], FIRST);
    send_to(&calls[1], tsr_call_promise(&calls[0], 0));
    send_to(&calls[2], tsr_call_promise(&calls[1], 0));
    capnp_call_end(&calls[0]);
    capnp_call_end(&calls[1]);
    assert_true(tsr_submit(&exception));
    assert_int_equal(fake.taken_count, 1);
    answer(&fake.taken[0], 1);
    fake.operate = operate_two;
    assert_true(capnp_call_finish(&calls[2], &exception));
    assert_int_equal(count_taken(OP_CANCEL, 0), 0);
    // The capability was kept until the call on it was done.
    assert_int_equal(fake.taken[1].opcode, OP_CALL);
    assert_int_equal(fake.taken[2].opcode, OP_RELEASE);
    assert_int_equal(fake.taken[2].cap, FIRST + 1);
    capnp_call_end(&calls[2]);
}

static void a_finished_answer_stays_until_the_calls_on_it_are_done(void **state)
{
    (void)state;
    struct capnp_call calls[2];
    send_to(&calls[0], FIRST);
    send_to(&calls[1], tsr_call_promise(&calls[0], 0));
    assert_true(tsr_submit(&exception));
    answer(&fake.taken[0], 1);
    assert_true(capnp_call_finish(&calls[0], &exception));
    capnp_call_end(&calls[0]);
    assert_int_equal(tsr_slots_free(tsr_self()) & 1, 0);
    fake.operate = operate_two;
    assert_true(capnp_call_finish(&calls[1], &exception));
    assert_int_equal(tsr_slots_free(tsr_self()) & 1, 1);
    capnp_call_end(&calls[1]);
    fake.operate = NULL;
    assert_true(tsr_submit(&exception));
    assert_int_equal(count_taken(OP_RELEASE, FIRST + 1), 0); // the program's own
}

static void operate_exception(const struct sqe *entry)
{
    struct capnp_builder message;
    capnp_builder_init(&message, fake_result(entry), TSR_SLOT_SIZE);
    struct cap_exception_builder root = cap_exception_build(&message);
    cap_exception_set_type(root, CAP_EXCEPTION_TYPE_OVERLOADED);
    cap_exception_set_reason(root, tsr_text_of("no rooms left"));
    fake_complete(entry, (struct cqe){.status = (int32_t)capnp_builder_size(&message),
                                      .flags = EXCEPTION_OVERLOADED});
}

static void a_failed_call_fails_those_on_it_with_the_same_reason(void **state)
{
    (void)state;
    struct capnp_call calls[3];
    fake.operate = operate_exception;
    send_to(&calls[0], FIRST);
    send_to(&calls[1], tsr_call_promise(&calls[0], 0));
    send_to(&calls[2], tsr_call_promise(&calls[1], 0));
    for (uint32_t i = 3; i > 0; i--) {
        memset(&exception, 0, sizeof(exception));
        assert_false(capnp_call_finish(&calls[i - 1], &exception));
        assert_int_equal(exception.type, CAPNP_EXCEPTION_OVERLOADED);
        assert_string_equal(exception.reason, "no rooms left");
    }
    for (uint32_t i = 0; i < 3; i++) {
        capnp_call_end(&calls[i]);
    }
    assert_int_equal(fake.taken_count, 1);
}

static void an_answer_without_the_capability_breaks_the_chain(void **state)
{
    (void)state;
    struct capnp_call calls[3];
    fake.operate = operate_two;
    send_to(&calls[0], FIRST);
    send_to(&calls[1], tsr_call_promise(&calls[0], 2));
    send_to(&calls[2], tsr_call_promise(&calls[1], 0));
    for (uint32_t i = 0; i < 2; i++) {
        assert_false(capnp_call_finish(&calls[1 + i], &exception));
        assert_int_equal(exception.type, CAPNP_EXCEPTION_NONE);
        assert_int_equal(exception.status, STATUS_PIPELINE_BROKEN);
    }
    assert_true(capnp_call_finish(&calls[0], &exception));
    for (uint32_t i = 0; i < 3; i++) {
        capnp_call_end(&calls[i]);
    }
    assert_int_equal(fake.taken_count, 1);
}

static void a_withdrawn_call_withdraws_those_on_it(void **state)
{
    (void)state;
    struct capnp_call calls[4];
    send_to(&calls[0], FIRST);
    send_to(&calls[1], tsr_call_promise(&calls[0], 0));
    send_to(&calls[2], tsr_call_promise(&calls[1], 0));
    send_to(&calls[3], tsr_call_promise(&calls[0], 1));
    tsr_call_cancel(&calls[1]);
    assert_false(capnp_call_finish(&calls[2], &exception));
    assert_int_equal(exception.status, STATUS_CANCELLED);
    tsr_call_cancel(&calls[0]);
    assert_true(tsr_submit(&exception));
    assert_int_equal(fake.taken[1].opcode, OP_CANCEL);
    fake_complete(&fake.taken[0], (struct cqe){.status = -STATUS_CANCELLED});
    assert_false(capnp_call_finish(&calls[3], &exception));
    assert_int_equal(exception.status, STATUS_CANCELLED);
    for (uint32_t i = 0; i < 4; i++) {
        capnp_call_end(&calls[i]);
    }
    assert_int_equal(fake.taken_count, 2);
}

static void a_held_call_that_is_ended_is_never_sent(void **state)
{
    (void)state;
    struct capnp_call calls[3];
    send_to(&calls[0], FIRST);
    send_to(&calls[1], tsr_call_promise(&calls[0], 0));
    send_to(&calls[2], tsr_call_promise(&calls[0], 0));
    capnp_call_end(&calls[2]);
    capnp_call_end(&calls[0]); // calls[1] is made on it: it goes on
    capnp_call_end(&calls[1]); // now nobody wants it
    fake.operate = NULL;
    assert_true(tsr_submit(&exception));
    answer(&fake.taken[0], 1);
    assert_true(tsr_submit(&exception));
    assert_true(tsr_submit(&exception));
    assert_int_equal(count_taken(OP_CALL, FIRST + 1), 0);
    assert_int_equal(count_taken(OP_RELEASE, FIRST + 1), 1);
}

static void a_promise_of_nothing_is_refused_at_once(void **state)
{
    (void)state;
    struct capnp_call calls[2];
    fake.operate = operate_two;
    send_to(&calls[0], FIRST);
    uint64_t promise = tsr_call_promise(&calls[0], 0);
    assert_true(capnp_call_finish(&calls[0], &exception));
    capnp_call_end(&calls[0]);
    static const uint64_t strange[] = {UINT64_MAX, 0x800000ff, 0x80000001};
    for (uint32_t i = 0; i < 4; i++) {
        assert_true(
            capnp_call_begin(&calls[1], i == 3 ? promise : strange[i], 77, 3, 8, &exception));
        capnp_builder_root(&calls[1].request, 0, 0);
        assert_false(capnp_call_send(&calls[1], &exception));
        assert_int_equal(exception.status, STATUS_PIPELINE_BROKEN);
        capnp_call_end(&calls[1]);
    }
    assert_int_equal(fake.taken_count, 1);
}

static void held_calls_wait_for_room_in_a_full_queue(void **state)
{
    (void)state;
    struct capnp_call calls[2];
    send_to(&calls[0], FIRST);
    assert_true(tsr_submit(&exception));
    send_to(&calls[1], tsr_call_promise(&calls[0], 0));
    for (uint64_t cap = 1; cap <= SQ_ENTRIES_DEFAULT; cap++) {
        tsr_release(cap);
    }
    answer(&fake.taken[0], 1);
    assert_true(capnp_call_finish(&calls[0], &exception));
    assert_ptr_equal(tsr_self()->held.first, (void *)calls[1].carrier[0]);
    fake.operate = operate_two;
    assert_true(capnp_call_finish(&calls[1], &exception));
    assert_int_equal(fake.taken[SQ_ENTRIES_DEFAULT + 1].cap, FIRST + 1);
    capnp_call_end(&calls[0]);
    capnp_call_end(&calls[1]);
}

// What a broken chain gives back needs room in a full queue: looking for it brings another answer.
static void an_answer_that_comes_while_another_is_dealt_with_is_dealt_with_after_it(void **state)
{
    (void)state;
    struct capnp_call first;
    struct capnp_call second;
    struct capnp_call calls[2];
    send_to(&first, FIRST);
    send_to(&second, FIRST + 10);
    assert_true(tsr_submit(&exception));
    send_to(&calls[0], tsr_call_promise(&first, 7));
    send_to(&calls[1], tsr_call_promise(&second, 7));
    capnp_call_end(&first);
    for (uint64_t cap = 1; cap <= SQ_ENTRIES_DEFAULT; cap++) {
        tsr_release(cap);
    }
    answer(&fake.taken[0], 1);
    answer(&fake.taken[1], 1);
    fake.enter_refusal = -STATUS_RING_CORRUPT;
    assert_true(tsr_call_is_done(&calls[0]));
    fake.enter_refusal = 0;
    for (uint32_t i = 0; i < 2; i++) {
        assert_false(capnp_call_finish(&calls[i], &exception));
        assert_int_equal(exception.status, STATUS_PIPELINE_BROKEN);
    }
    capnp_call_end(&calls[0]);
    capnp_call_end(&calls[1]);
    capnp_call_end(&second);
}

int main(void)
{
#define CLAIM(name) cmocka_unit_test_setup_teardown(name, fake_set_up, tear_down)
    static const struct CMUnitTest tests[] = {
        CLAIM(a_chain_of_three_is_begun_at_once_and_needs_three_entries),
        CLAIM(calls_on_one_answer_go_out_together),
        CLAIM(a_promise_that_is_kept_already_is_called_at_once),
        CLAIM(who_gives_the_first_up_lets_the_chain_go_on),
        CLAIM(a_finished_answer_stays_until_the_calls_on_it_are_done),
        CLAIM(a_failed_call_fails_those_on_it_with_the_same_reason),
        CLAIM(an_answer_without_the_capability_breaks_the_chain),
        CLAIM(a_withdrawn_call_withdraws_those_on_it),
        CLAIM(a_held_call_that_is_ended_is_never_sent),
        CLAIM(a_promise_of_nothing_is_refused_at_once),
        CLAIM(an_answer_that_comes_while_another_is_dealt_with_is_dealt_with_after_it),
        CLAIM(held_calls_wait_for_room_in_a_full_queue),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
