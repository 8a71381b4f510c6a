// SPDX-License-Identifier: Apache-2.0
//
// The ring protocol, both sides in one process: counts, wrap-around, full queues, promises of
// completions, corrupt indexes, and entries that are never seen half written.
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ring/ring.h"

static struct {
    _Alignas(PAGE_SIZE) uint8_t memory[RING_PAGES_DEFAULT * PAGE_SIZE];
    struct ring_kernel kernel;
    struct ring_user user;
} fixture;

static int set_up(void **state)
{
    memset(&fixture, 0, sizeof(fixture));
    ring_kernel_init(&fixture.kernel, fixture.memory, SQ_ENTRIES_DEFAULT, CQ_ENTRIES_DEFAULT,
                     RING_MESSAGE_PAGES_DEFAULT);
    *state = &fixture;
    return !ring_user_init(&fixture.user, (struct ring_header *)fixture.memory);
}

// As if the ring had been used so often already.
static void age(uint32_t submitted, uint32_t posted)
{
    struct ring_header *header = fixture.kernel.header;
    header->sq_tail = header->sq_head = submitted;
    header->cq_tail = header->cq_head = posted;
    fixture.kernel.sq_head = fixture.user.sq_tail = submitted;
    fixture.kernel.cq_tail = fixture.user.cq_head = posted;
}

static bool submit(uint64_t user_data)
{
    struct sqe *entry = ring_user_slot(&fixture.user);
    if (entry == NULL) {
        return false;
    }
    *entry = (struct sqe){.opcode = OP_NOP, .user_data = user_data};
    ring_user_submit(&fixture.user);
    return true;
}

static uint32_t room_of(const struct ring_kernel *kernel)
{
    return ring_kernel_ready(kernel, kernel->cq_mask + 1, kernel->cq_mask + 1);
}

// As a turn of the kernel does: looks whether an SQE is ready, takes it, shows it.
static bool take_from(struct ring_kernel *kernel, struct sqe *taken)
{
    if (ring_kernel_submitted(kernel) > kernel->sq_mask + 1 ||
        ring_kernel_ready(kernel, ring_kernel_submitted(kernel), 1) == 0) {
        return false;
    }
    ring_kernel_copy(ring_kernel_next(kernel), taken, 0, sizeof *taken / 8);
    kernel->sq_head++;
    ring_kernel_publish(kernel);
    return true;
}

static bool take(struct sqe *taken)
{
    return take_from(&fixture.kernel, taken);
}

static void post_to(struct ring_kernel *kernel, const struct cqe *entry)
{
    ring_kernel_post(kernel, entry);
    ring_kernel_publish(kernel);
}

// Promises a completion, if it may be.
static bool reserve(void)
{
    if (room_of(&fixture.kernel) == 0 || !ring_kernel_may_reserve(&fixture.kernel)) {
        return false;
    }
    ring_kernel_reserve(&fixture.kernel);
    return true;
}

static void post(uint64_t user_data)
{
    struct cqe entry = {.user_data = user_data};
    post_to(&fixture.kernel, &entry);
}

static void a_new_ring_is_empty_and_fills_the_default_pages(void **state)
{
    (void)state;
    struct cqe completion;
    struct sqe taken;
    assert_int_equal(ring_kernel_submitted(&fixture.kernel), 0);
    assert_int_equal(ring_kernel_posted(&fixture.kernel), 0);
    assert_int_equal(room_of(&fixture.kernel), CQ_ENTRIES_DEFAULT);
    assert_false(take(&taken));
    assert_false(ring_user_reap(&fixture.user, &completion));
    assert_int_equal(fixture.user.message_size, RING_MESSAGE_PAGES_DEFAULT * PAGE_SIZE);
    assert_ptr_equal(fixture.user.messages + fixture.user.message_size,
                     fixture.memory + sizeof(fixture.memory));
    assert_int_equal(
        ring_pages_of(SQ_ENTRIES_DEFAULT, CQ_ENTRIES_DEFAULT, RING_MESSAGE_PAGES_DEFAULT),
        RING_PAGES_DEFAULT);
}

static void entries_arrive_in_order_across_the_wrap_of_the_counters(void **state)
{
    (void)state;
    age(UINT32_MAX - 7, UINT32_MAX - 3);
    for (uint64_t round = 0; round < 40; round++) {
        struct sqe taken;
        struct cqe completion;
        assert_true(submit(round * 2));
        assert_true(submit(round * 2 + 1));
        assert_int_equal(ring_kernel_submitted(&fixture.kernel), 2);
        for (uint64_t i = 0; i < 2; i++) {
            assert_true(take(&taken));
            assert_int_equal(taken.user_data, round * 2 + i);
            post(taken.user_data);
        }
        assert_false(take(&taken));
        assert_int_equal(ring_kernel_posted(&fixture.kernel), 2);
        for (uint64_t i = 0; i < 2; i++) {
            assert_true(ring_user_reap(&fixture.user, &completion));
            assert_int_equal(completion.user_data, round * 2 + i);
        }
        assert_int_equal(ring_kernel_posted(&fixture.kernel), 0);
    }
    assert_int_equal(fixture.kernel.sq_head, 72);
    assert_int_equal(fixture.kernel.header->cq_tail, 76);
}

static void a_full_sq_has_no_slot_until_one_is_taken(void **state)
{
    (void)state;
    struct sqe taken;
    age(UINT32_MAX - 4, 0);
    for (uint32_t i = 0; i < SQ_ENTRIES_DEFAULT; i++) {
        assert_true(submit(i));
    }
    assert_false(submit(99));
    assert_int_equal(ring_kernel_submitted(&fixture.kernel), SQ_ENTRIES_DEFAULT);
    assert_int_equal(ring_user_untaken(&fixture.user), SQ_ENTRIES_DEFAULT);
    assert_true(take(&taken));
    assert_int_equal(taken.user_data, 0);
    assert_true(submit(99));
}

static void a_full_cq_has_no_room_until_one_is_consumed(void **state)
{
    (void)state;
    struct cqe completion;
    age(0, UINT32_MAX - 9);
    for (uint32_t i = 0; i < CQ_ENTRIES_DEFAULT; i++) {
        assert_int_equal(room_of(&fixture.kernel), CQ_ENTRIES_DEFAULT - i);
        post(i);
    }
    assert_int_equal(room_of(&fixture.kernel), 0);
    assert_int_equal(ring_kernel_posted(&fixture.kernel), CQ_ENTRIES_DEFAULT);
    assert_false(reserve());
    assert_true(ring_user_reap(&fixture.user, &completion));
    assert_int_equal(completion.user_data, 0);
    assert_int_equal(room_of(&fixture.kernel), 1);
}

static void promises_leave_four_completions_to_what_completes_at_once(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < CQ_ENTRIES_DEFAULT - CQ_ENTRIES_KEPT; i++) {
        assert_true(reserve());
    }
    assert_false(reserve());
    assert_int_equal(room_of(&fixture.kernel), CQ_ENTRIES_KEPT);
    for (uint32_t i = 0; i < CQ_ENTRIES_KEPT; i++) {
        post(i);
    }
    assert_int_equal(room_of(&fixture.kernel), 0);
    // Every promise can still be kept: nothing else was let in.
    for (uint32_t i = 0; i < CQ_ENTRIES_DEFAULT - CQ_ENTRIES_KEPT; i++) {
        ring_kernel_unreserve(&fixture.kernel);
        assert_int_equal(room_of(&fixture.kernel), 1);
        post(CQ_ENTRIES_KEPT + i);
    }
    for (uint32_t i = 0; i < CQ_ENTRIES_DEFAULT; i++) {
        struct cqe completion;
        assert_true(ring_user_reap(&fixture.user, &completion));
        assert_int_equal(completion.user_data, i);
    }
    assert_int_equal(room_of(&fixture.kernel), CQ_ENTRIES_DEFAULT);
}

static void a_promise_given_back_can_be_made_again(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 1000; i++) {
        assert_true(reserve());
        ring_kernel_unreserve(&fixture.kernel);
    }
    assert_int_equal(room_of(&fixture.kernel), CQ_ENTRIES_DEFAULT);
}

static void a_corrupt_sq_tail_is_reported_and_nothing_is_taken(void **state)
{
    (void)state;
    static const uint32_t tails[] = {SQ_ENTRIES_DEFAULT + 1, UINT32_MAX, 0x80000000u, 0x7fffffffu};
    for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
        struct sqe taken;
        fixture.kernel.header->sq_tail = tails[i];
        assert_true(ring_kernel_submitted(&fixture.kernel) > SQ_ENTRIES_DEFAULT);
        assert_false(take(&taken));
    }
    fixture.kernel.header->sq_tail = SQ_ENTRIES_DEFAULT;
    assert_int_equal(ring_kernel_submitted(&fixture.kernel), SQ_ENTRIES_DEFAULT);
}

static void a_corrupt_cq_head_is_reported_and_leaves_no_room(void **state)
{
    (void)state;
    static const uint32_t heads[] = {6, UINT32_MAX - CQ_ENTRIES_DEFAULT + 5, 0x80000000u};
    for (uint32_t i = 0; i < 5; i++) {
        post(i);
    }
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        fixture.kernel.header->cq_head = heads[i];
        assert_true(ring_kernel_posted(&fixture.kernel) > CQ_ENTRIES_DEFAULT);
        assert_int_equal(room_of(&fixture.kernel), 0);
        assert_false(reserve());
    }
}

static void a_cq_head_moved_back_cannot_make_room_negative(void **state)
{
    (void)state;
    struct cqe completion;
    for (uint32_t i = 0; i < 10; i++) {
        post(i);
        assert_true(ring_user_reap(&fixture.user, &completion));
    }
    for (uint32_t i = 0; i < CQ_ENTRIES_DEFAULT - CQ_ENTRIES_KEPT; i++) {
        assert_true(reserve());
    }
    fixture.kernel.header->cq_head = 0;
    assert_int_equal(room_of(&fixture.kernel), 0);
    post(10);
    assert_int_equal(fixture.kernel.cq_tail, 11);
}

static void the_kernel_ignores_its_own_words_in_shared_memory(void **state)
{
    (void)state;
    struct sqe taken;
    assert_true(submit(7));
    fixture.kernel.header->sq_head = 0xdeadbeef;
    fixture.kernel.header->cq_tail = 0xdeadbeef;
    fixture.kernel.header->sq_entries = 1u << 31;
    fixture.kernel.header->sq_offset = 1u << 31;
    assert_int_equal(ring_kernel_submitted(&fixture.kernel), 1);
    assert_int_equal(ring_kernel_posted(&fixture.kernel), 0);
    assert_true(take(&taken));
    assert_int_equal(taken.user_data, 7);
    assert_int_equal(fixture.kernel.header->sq_head, 1);
    post(8);
    assert_int_equal(fixture.kernel.header->cq_tail, 1);
}

static void a_header_that_is_no_ring_is_refused(void **state)
{
    (void)state;
    struct ring_header good = *fixture.kernel.header;
    struct ring_header *header = fixture.kernel.header;
    struct ring_user user;
#define REFUSED(field, value)                                                                      \
    header->field = (value);                                                                       \
    assert_false(ring_user_init(&user, header));                                                   \
    *header = good
    REFUSED(magic, RING_MAGIC + 1);
    REFUSED(abi_major, ABI_MAJOR + 1);
    REFUSED(sq_entries, 24);
    REFUSED(sq_entries, SQ_ENTRIES_MIN / 2);
    REFUSED(sq_entries, SQ_ENTRIES_MAX * 2);
    REFUSED(cq_entries, 48);
    REFUSED(cq_entries, 0);
    REFUSED(cq_entries, CQ_ENTRIES_MAX * 2);
    REFUSED(sq_offset, 256);
    REFUSED(cq_offset, 0);
    REFUSED(message_offset, PAGE_SIZE * 2);
    REFUSED(message_size, PAGE_SIZE * 2);
    REFUSED(message_size, PAGE_SIZE * 65);
    REFUSED(message_size, PAGE_SIZE * 3 + 8);
#undef REFUSED
    assert_true(ring_user_init(&user, header));
}

static void the_largest_geometry_works(void **state)
{
    (void)state;
    static _Alignas(PAGE_SIZE) uint8_t memory[101 * PAGE_SIZE];
    struct ring_kernel kernel;
    struct ring_user user;
    assert_int_equal(ring_pages_of(SQ_ENTRIES_MAX, CQ_ENTRIES_MAX, RING_MESSAGE_PAGES_MAX), 101);
    ring_kernel_init(&kernel, memory, SQ_ENTRIES_MAX, CQ_ENTRIES_MAX, RING_MESSAGE_PAGES_MAX);
    assert_true(ring_user_init(&user, (struct ring_header *)memory));
    assert_ptr_equal(user.cq, kernel.cq);
    assert_ptr_equal(user.messages + user.message_size, memory + sizeof(memory));
}

static void many_entries_are_written_and_read_with_one_move_of_the_index(void **state)
{
    (void)state;
    age(UINT32_MAX - 3, UINT32_MAX - 9);
    struct ring_user *user = &fixture.user;
    for (uint64_t round = 0; round < 5; round++) {
        struct sqe taken;
        assert_int_equal(ring_user_room(user), SQ_ENTRIES_DEFAULT);
        for (uint64_t i = 0; i < SQ_ENTRIES_DEFAULT; i++) {
            *ring_user_next(user) = (struct sqe){.opcode = OP_NOP, .user_data = i};
            assert_int_equal(ring_kernel_submitted(&fixture.kernel), 0);
        }
        assert_int_equal(ring_user_room(user), 0);
        ring_user_publish(user);
        for (uint64_t i = 0; i < SQ_ENTRIES_DEFAULT; i++) {
            assert_true(take_from(&fixture.kernel, &taken));
            assert_int_equal(taken.user_data, i);
            post(i);
        }
        assert_int_equal(ring_user_available(user), SQ_ENTRIES_DEFAULT);
        for (uint64_t i = 0; i < SQ_ENTRIES_DEFAULT; i++) {
            assert_int_equal(ring_user_first(user)->user_data, i);
            assert_int_equal(ring_user_take(user)->user_data, i);
        }
        assert_int_equal(ring_user_available(user), 0);
        assert_int_equal(ring_kernel_posted(&fixture.kernel), SQ_ENTRIES_DEFAULT);
        ring_user_give_back(user);
        assert_int_equal(ring_kernel_posted(&fixture.kernel), 0);
    }
}

// One thread submits and reaps, the other takes and posts, without a lock: every word of every
// entry must be the one that was written with it.
enum { RACE_ENTRIES = 200000 };

static void *race_kernel(void *argument)
{
    struct ring_kernel *kernel = argument;
    uint64_t wrong = 0;
    for (uint64_t expected = 0; expected < RACE_ENTRIES;) {
        struct sqe taken;
        if (!take_from(kernel, &taken)) {
            continue;
        }
        wrong += taken.cap != expected || taken.user_data != ~expected ||
                 taken.payload != expected * 3 || taken.result != expected * 5 ||
                 taken.payload_len != (uint32_t)expected || taken.arg2 != expected * 7 ||
                 taken.arg != expected * 11;
        struct cqe entry = {.user_data = expected, .extra = ~expected, .detail = expected * 13};
        post_to(kernel, &entry);
        expected++;
    }
    return (void *)(uintptr_t)wrong;
}

static void entries_are_never_torn_or_lost_between_two_threads(void **state)
{
    (void)state;
    age(UINT32_MAX - 1000, UINT32_MAX - 2000);
    pthread_t thread;
    void *wrong_sqes = NULL;
    uint64_t submitted = 0;
    uint64_t wrong = 0;
    assert_int_equal(pthread_create(&thread, NULL, race_kernel, &fixture.kernel), 0);
    for (uint64_t expected = 0; expected < RACE_ENTRIES;) {
        struct sqe *entry = ring_user_slot(&fixture.user);
        if (entry != NULL && submitted < RACE_ENTRIES) {
            uint64_t n = submitted++;
            *entry = (struct sqe){.cap = n,
                                  .user_data = ~n,
                                  .payload = n * 3,
                                  .result = n * 5,
                                  .payload_len = (uint32_t)n,
                                  .arg2 = n * 7,
                                  .arg = n * 11};
            ring_user_submit(&fixture.user);
        }
        struct cqe completion;
        if (ring_user_reap(&fixture.user, &completion)) {
            wrong += completion.user_data != expected || completion.extra != ~expected ||
                     completion.detail != expected * 13;
            expected++;
        }
    }
    assert_int_equal(pthread_join(thread, &wrong_sqes), 0);
    assert_int_equal((uintptr_t)wrong_sqes, 0);
    assert_int_equal(wrong, 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_new_ring_is_empty_and_fills_the_default_pages, set_up),
        cmocka_unit_test_setup(entries_arrive_in_order_across_the_wrap_of_the_counters, set_up),
        cmocka_unit_test_setup(many_entries_are_written_and_read_with_one_move_of_the_index,
                               set_up),
        cmocka_unit_test_setup(a_full_sq_has_no_slot_until_one_is_taken, set_up),
        cmocka_unit_test_setup(a_full_cq_has_no_room_until_one_is_consumed, set_up),
        cmocka_unit_test_setup(promises_leave_four_completions_to_what_completes_at_once, set_up),
        cmocka_unit_test_setup(a_promise_given_back_can_be_made_again, set_up),
        cmocka_unit_test_setup(a_corrupt_sq_tail_is_reported_and_nothing_is_taken, set_up),
        cmocka_unit_test_setup(a_corrupt_cq_head_is_reported_and_leaves_no_room, set_up),
        cmocka_unit_test_setup(a_cq_head_moved_back_cannot_make_room_negative, set_up),
        cmocka_unit_test_setup(the_kernel_ignores_its_own_words_in_shared_memory, set_up),
        cmocka_unit_test_setup(a_header_that_is_no_ring_is_refused, set_up),
        cmocka_unit_test_setup(the_largest_geometry_works, set_up),
        cmocka_unit_test_setup(entries_are_never_torn_or_lost_between_two_threads, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
