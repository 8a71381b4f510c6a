// SPDX-License-Identifier: Apache-2.0
//
// Memory that programs make, share and map: what is refused, what a mapping outlives and what not,
// and that nothing is lost. Random mapping stands in tests/property/memory_test.c.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/core/test/memory.h"

enum {
    R = RIGHT_READ,
    RW = RIGHT_READ | RIGHT_WRITE,
    RX = RIGHT_READ | RIGHT_EXECUTE,
    PAGES_MOST = 1024, // 4 MiB
};

static const char *const programs[] = {"init", "child", NULL};
static uint32_t init;
static uint64_t free_at; // from here on nothing is mapped
static cap_t space;

static int boot_with(uint32_t frames, uint64_t space_base)
{
    struct machine_options options = {
        .frames = frames, .space_base = space_base, .programs = programs, .takes_tables = true};

    if (!machine_boot(&options)) {
        return 1;
    }
    init = (uint32_t)machine.running;
    space = act_named(init, "space");
    free_at = hal_space_base(0) + LAYOUT_OWN;
    return 0;
}

static int boot(void **state)
{
    (void)state;
    return boot_with(0, 1ull << 40);
}

static int boot_large(void **state)
{
    (void)state;
    return boot_with(24 * 1024, 0);
}

// Page tables stay once they were needed: here they are, for what is counted later.
static void tables_make(void)
{
    cap_t memory = act_memory(init, 1);

    assert_int_equal(act_map(init, space, free_at, 1, R, memory, 0), STATUS_OK);
    assert_int_equal(act_unmap(init, space, free_at), STATUS_OK);
    assert_int_equal(act_do_fact(init, act_release(memory)), STATUS_OK);
}

static void four_mebibytes_are_one_object(void **state)
{
    uint64_t frames;
    uint64_t at = free_at;
    uint64_t word = 77;
    cap_t memory;

    (void)state;
    tables_make();
    frames = act_free_frames();
    assert_int_equal(act_memory_fact(init, PAGES_MOST + 1, &memory), STATUS_BAD_VALUE);
    assert_int_equal(act_memory_fact(init, PAGES_MOST, &memory), STATUS_OK);
    uint64_t last = (uint64_t)PAGES_MOST * PAGE_SIZE - sizeof(word);
    assert_int_equal(act_write(init, memory, last, &word, sizeof(word)), STATUS_OK);
    assert_int_equal(act_map(init, space, at, 1, R, memory, last & ~(uint64_t)(PAGE_SIZE - 1)),
                     STATUS_OK);
    word = 0;
    assert_true(machine_read(0, at + PAGE_SIZE - sizeof(word), &word, sizeof(word)));
    assert_int_equal(word, 77);
    assert_int_equal(act_write(init, memory, last + 1, &word, sizeof(word)), STATUS_BAD_VALUE);
    assert_int_equal(act_unmap(init, space, at), STATUS_OK);
    assert_int_equal(act_do_fact(init, act_release(memory)), STATUS_OK);
    assert_int_equal(act_free_frames(), frames);
}

static void memory_that_was_given_back_is_zero_for_the_next(void **state)
{
    uint8_t bytes[512];
    uint8_t zeros[512] = {0};

    (void)state;
    for (uint32_t i = 0; i < 20; i++) {
        cap_t memory = act_memory(init, 3);
        for (uint64_t at = 0; at < 3 * PAGE_SIZE; at += 512) {
            assert_int_equal(act_read(init, memory, at, bytes, 512), 512);
            assert_memory_equal(bytes, zeros, 512);
            memset(bytes, 0xee, sizeof(bytes));
            assert_int_equal(act_write(init, memory, at, bytes, 512), STATUS_OK);
        }
        assert_int_equal(act_do_fact(init, act_release(memory)), STATUS_OK);
    }
}

static void a_write_is_of_512_bytes_at_most_and_crosses_pages(void **state)
{
    cap_t memory = act_memory(init, 2);
    uint8_t bytes[513];
    uint8_t found[512];

    (void)state;
    memset(bytes, 7, sizeof(bytes));
    struct act_snapshot before = act_snapshot();
    assert_int_equal(act_write(init, memory, 0, bytes, 513), STATUS_BAD_VALUE);
    assert_int_equal(act_write(init, memory, 2 * PAGE_SIZE - 511, bytes, 512), STATUS_BAD_VALUE);
    assert_int_equal(act_write(init, memory, UINT64_MAX, bytes, 1), STATUS_BAD_VALUE);
    assert_true(act_same(&before));
    assert_int_equal(act_write(init, memory, PAGE_SIZE - 100, bytes, 512), STATUS_OK);
    assert_int_equal(act_read(init, memory, PAGE_SIZE - 100, found, 512), 512);
    assert_memory_equal(bytes, found, 512);
}

static void a_sealed_object_is_read_or_executed_and_never_written(void **state)
{
    cap_t memory = act_memory(init, 1);
    uint64_t at = free_at;

    (void)state;
    assert_int_equal(act_map(init, space, at, 1, RX, memory, 0), STATUS_RIGHTS_REFUSED);
    assert_int_equal(act_map(init, space, at, 1, RW, memory, 0), STATUS_OK);
    assert_int_equal(act_seal(init, memory), STATUS_MAPPED_WRITABLE);
    assert_int_equal(act_protect(init, space, at, R), STATUS_OK);
    assert_int_equal(act_seal(init, memory), STATUS_OK);
    uint64_t seq = act_core()->state.seq;
    assert_int_equal(act_seal(init, memory), STATUS_OK);
    assert_int_equal(act_core()->state.seq, seq); // again: nothing
    assert_int_equal(act_write(init, memory, 0, "x", 1), STATUS_SEALED);
    assert_int_equal(act_protect(init, space, at, RW), STATUS_RIGHTS_REFUSED);
    assert_int_equal(act_protect(init, space, at, RX), STATUS_OK);
    assert_false(machine_write(0, at, "x", 1));
}

static void a_mapping_outlives_the_hold_and_goes_with_the_facet(void **state)
{
    cap_t memory = act_memory(init, 4);
    struct act_facet facet = act_facet(init, memory, UINT64_MAX, 0, 0);
    struct act_facet below = act_facet(init, facet.facet, UINT64_MAX, 0, 0);
    uint64_t held = free_at;
    uint64_t through = free_at + PAGE_SIZE;
    uint8_t byte;

    (void)state;
    assert_int_equal(act_map(init, space, held, 1, RW, memory, 0), STATUS_OK);
    assert_int_equal(act_map(init, space, through, 4, RW, below.facet, 0), STATUS_OK);
    assert_int_equal(act_protect(init, space, through, RW), STATUS_OK);
    assert_int_equal(act_unmap(init, space, through + PAGE_SIZE), STATUS_NOT_MAPPED); // its middle
    assert_int_equal(act_do_fact(init, act_release(memory)), STATUS_OK);
    assert_int_equal(act_do_fact(init, act_release(below.facet)), STATUS_OK);
    assert_true(machine_write(0, through, "y", 1));
    assert_int_equal(act_revoke(init, facet.revoker), STATUS_OK);
    for (uint32_t i = 0; i < 4; i++) {
        assert_false(machine_read(0, through + (uint64_t)i * PAGE_SIZE, &byte, 1));
    }
    assert_true(machine_read(0, held, &byte, 1)); // it was mapped by another right
    assert_int_equal(byte, 'y');
    assert_int_equal(act_unmap(init, space, through), STATUS_NOT_MAPPED);
}

static void a_buffer_has_to_be_there_with_its_rights(void **state)
{
    uint64_t at = free_at;

    (void)state;
    cap_t memory = act_memory(init, 2);
    assert_int_equal(act_map(init, space, at + PAGE_SIZE, 1, RW, memory, 0), STATUS_OK);
    assert_int_equal(act_map(init, space, at + 2 * PAGE_SIZE, 1, 0, memory, PAGE_SIZE), STATUS_OK);
    struct sqe call = act_call(act_named(init, "timer"), TIMER_NOW, 1);
    call.flags = 0;
    call.payload = 0;
    call.result_len = 64;
    const struct {
        uint64_t at;
        enum status fact;
    } buffers[] = {
        {at + PAGE_SIZE, STATUS_OK},
        {at + 2 * PAGE_SIZE - 64, STATUS_OK},
        {at + 2 * PAGE_SIZE - 8, STATUS_BAD_BUFFER},
        {at, STATUS_BAD_BUFFER},
        {at + PAGE_SIZE - 8, STATUS_BAD_BUFFER},
    };
    for (uint32_t i = 0; i < sizeof(buffers) / sizeof(buffers[0]); i++) {
        call.result = buffers[i].at;
        assert_int_equal(act_do_fact(init, call), buffers[i].fact);
    }
    call.result = at + PAGE_SIZE;
    assert_int_equal(act_protect(init, space, at + PAGE_SIZE, R), STATUS_OK);
    assert_int_equal(act_do_fact(init, call), STATUS_BAD_BUFFER);
    assert_int_equal(act_protect(init, space, at + PAGE_SIZE, RW), STATUS_OK);
    assert_int_equal(act_unmap(init, space, at + PAGE_SIZE), STATUS_OK);
    assert_int_equal(act_do_fact(init, call), STATUS_BAD_BUFFER);
}

static void two_processes_share_what_was_mapped_into_both(void **state)
{
    cap_t builder = act_builder(init);
    cap_t memory = act_memory(init, 1);
    uint64_t frames = act_free_frames();
    uint64_t here = free_at;
    uint64_t there;
    cap_t other;
    cap_t process;
    uint8_t byte = 0;

    (void)state;
    assert_int_equal(act_space_fact(init, builder, &other, &there), STATUS_OK);
    there += LAYOUT_OWN;
    assert_int_equal(act_grant(init, builder, "space", 5, other), STATUS_OK);
    assert_int_equal(act_grant(init, builder, "memory", 6, memory), STATUS_OK);
    assert_int_equal(act_map(init, space, here, 1, RW, memory, 0), STATUS_OK);
    assert_int_equal(act_map(init, other, there, 1, R, memory, 0), STATUS_OK);
    assert_int_equal(act_start(init, builder, &process), STATUS_OK);
    uint32_t child = machine.newest_thread;
    uint32_t child_space = machine.threads[child].space;
    assert_true(machine_write(0, here, "z", 1));
    assert_true(machine_read(child_space, there, &byte, 1));
    assert_int_equal(byte, 'z');
    assert_false(machine_write(child_space, there, "a", 1));
    assert_true(machine_run_until(child)); // its own space is its to use, too
    uint64_t beside = there + PAGE_SIZE;
    assert_int_equal(
        act_map(child, act_named(child, "space"), beside, 1, R, act_named(child, "memory"), 0),
        STATUS_OK);
    act_kill(child, 0);
    act_next_exit(init, 1);
    act_reap(init);
    assert_int_equal(act_map(init, other, there, 1, R, memory, 0), STATUS_PROCESS_OVER);
    assert_int_equal(act_unmap(init, space, here), STATUS_OK);
    act_do_fact(init, act_release(builder));
    act_do_fact(init, act_release(other));
    act_do_fact(init, act_release(process));
    assert_true(act_free_frames() >= frames); // the builder's own are back as well
}

static void a_space_has_room_for_so_many_mappings(void **state)
{
    cap_t memory = act_memory(init, 1);
    enum status fact = STATUS_OK;
    uint32_t count = 0;

    (void)state;
    while (fact == STATUS_OK) {
        uint64_t at = free_at + count * PAGE_SIZE;
        fact = act_map(init, space, at, 1, count % 2 == 0 ? R : RW, memory, 0);
        count++;
    }
    assert_int_equal(fact, STATUS_OUT_OF_MAPPINGS);
    assert_in_range(count, 500, 513);
    struct act_snapshot before = act_snapshot();
    uint64_t at = free_at + count * PAGE_SIZE;
    assert_int_equal(act_map(init, space, at, 1, R, memory, 0), STATUS_OUT_OF_MAPPINGS);
    assert_true(act_same(&before));
}

// Makes a thread and a builder, and drops them; counts what is refused, each of which changes
// nothing.
static void thread_and_builder_try(uint32_t refused[4])
{
    struct act_snapshot before = act_snapshot();
    cap_t made;
    uint64_t ring;
    enum status fact = act_thread(init, act_named(init, "job"), space, &made, &ring);

    refused[2] += fact == STATUS_OUT_OF_MEMORY ? 1 : 0;
    if (fact == STATUS_OK) {
        act_do_fact(init, act_release(made));
    } else {
        assert_true(act_same(&before));
    }
    before = act_snapshot();
    fact = act_builder_fact(init, &made);
    refused[3] += fact == STATUS_OUT_OF_MEMORY ? 1 : 0;
    if (fact == STATUS_OK) {
        act_do_fact(init, act_release(made));
    } else {
        assert_true(act_same(&before));
    }
}

// With ever less memory, each call either succeeds or changes nothing; at the end all is back.
static void each_reservation_of_frames_is_refused_before_anything_changes(void **state)
{
    static cap_t kept[4096];
    uint32_t count = 0;
    uint32_t refused[4] = {0};
    uint64_t frames;
    uint64_t there = free_at;

    (void)state;
    tables_make();
    frames = act_free_frames();
    while (act_memory_fact(init, 40, &kept[count]) == STATUS_OK) {
        count++;
    }
    assert_int_equal(act_map(init, space, there, 1, R, kept[0], 0), STATUS_OK);
    for (;;) {
        uint64_t at = free_at + PAGE_SIZE;
        struct act_snapshot before = act_snapshot();
        enum status facts[2];
        facts[0] = act_map(init, space, at, 4, RW, kept[0], 0);
        refused[0] += facts[0] == STATUS_OUT_OF_MEMORY ? 1 : 0;
        assert_true(facts[0] == STATUS_OK || act_same(&before));
        if (facts[0] == STATUS_OK) {
            assert_int_equal(act_unmap(init, space, at), STATUS_OK);
        }
        before = act_snapshot();
        facts[1] = act_protect(init, space, there, R);
        assert_true(facts[1] == STATUS_OK || act_same(&before));
        refused[1] += facts[1] == STATUS_OUT_OF_MEMORY ? 1 : 0;
        thread_and_builder_try(refused);
        if (act_memory_fact(init, 1, &kept[count]) != STATUS_OK) {
            break;
        }
        count++;
    }
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_not_equal(refused[i], 0);
    }
    assert_int_equal(act_unmap(init, space, there), STATUS_OK);
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(act_do_fact(init, act_release(kept[i])), STATUS_OK);
    }
    assert_int_equal(act_free_frames(), frames);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, boot, act_fini)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(four_mebibytes_are_one_object, boot_large, act_fini),
        TEST(memory_that_was_given_back_is_zero_for_the_next),
        TEST(a_write_is_of_512_bytes_at_most_and_crosses_pages),
        TEST(a_sealed_object_is_read_or_executed_and_never_written),
        TEST(a_mapping_outlives_the_hold_and_goes_with_the_facet),
        TEST(a_buffer_has_to_be_there_with_its_rights),
        TEST(two_processes_share_what_was_mapped_into_both),
        TEST(a_space_has_room_for_so_many_mappings),
        TEST(each_reservation_of_frames_is_refused_before_anything_changes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
