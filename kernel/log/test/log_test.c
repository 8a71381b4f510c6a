// SPDX-License-Identifier: Apache-2.0
//
// The CommitLog: room, a ring of pages, short close, and a chain that is the SHA-256 of the pages.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hal/hal.h"
#include "kernel/log/log.h"

enum { PAGES = 4, BOOT_ID = 77 };

static struct log log_of_test;
static struct log_page *pages;

static int begin(void **state)
{
    (void)state;
    pages = malloc(PAGES * sizeof(*pages));
    if (pages == NULL) {
        return 1;
    }
    memset(pages, 0xa5, PAGES * sizeof(*pages)); // memory as a machine finds it
    log_init(&log_of_test, pages, PAGES, BOOT_ID);
    return 0;
}

static int end(void **state)
{
    (void)state;
    free(pages);
    return 0;
}

static void append(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct commit commit = {.time_ns = log_of_test.seq, .kind = COMMIT_HOLD_REMOVE};
        log_append(&log_of_test, &commit, log_of_test.seq * 3 + 1);
    }
}

static void room_counts_down_to_nothing(void **state)
{
    (void)state;
    for (uint32_t left = PAGES * COMMITS_PER_PAGE; left > 0; left--) {
        assert_int_equal(log_of_test.room, left);
        append(1);
    }
    assert_int_equal(log_of_test.room, 0);
    assert_int_equal(log_of_test.seq, PAGES * COMMITS_PER_PAGE);
}

static void each_page_carries_the_hash_of_the_one_before(void **state)
{
    uint8_t hash[HASH_SIZE] = {0};

    (void)state;
    append((PAGES - 2) * COMMITS_PER_PAGE + 5); // closing begins another page
    log_close(&log_of_test);
    assert_int_equal(log_of_test.page, PAGES - 1);
    for (uint32_t i = 0; i < PAGES - 1; i++) {
        assert_int_equal(pages[i].header.page, i);
        assert_int_equal(pages[i].header.boot_id, BOOT_ID);
        assert_int_equal(pages[i].header.magic, LOG_PAGE_MAGIC);
        assert_int_equal(pages[i].header.version, LOG_VERSION);
        assert_memory_equal(pages[i].header.previous, hash, HASH_SIZE);
        sha256_of(&pages[i], sizeof(pages[i]), hash);
    }
    assert_memory_equal(log_of_test.head, hash, HASH_SIZE);
}

static void a_short_page_is_closed_with_zeros(void **state)
{
    static const struct commit zero[COMMITS_PER_PAGE];

    (void)state;
    append(5);
    log_close(&log_of_test);
    assert_int_equal(log_of_test.page, 1);
    assert_int_equal(pages[0].header.count, 5);
    assert_int_equal(pages[0].header.digest, 4 * 3 + 1);
    assert_int_equal(pages[0].records[4].time_ns, 4);
    assert_memory_equal(&pages[0].records[5], zero, (COMMITS_PER_PAGE - 5) * COMMIT_SIZE);
}

static void sealing_in_steps_is_sealing_at_once(void **state)
{
    uint8_t hash[HASH_SIZE];

    (void)state;
    append(2 * COMMITS_PER_PAGE);
    for (uint32_t step = 1; step < LOG_SEAL_STEPS; step++) {
        log_seal_step(&log_of_test);
        assert_int_equal(log_of_test.sealing, 0);
    }
    log_seal_step(&log_of_test);
    assert_int_equal(log_of_test.sealing, 1);
    log_seal_step(&log_of_test); // the second page may still grow
    assert_int_equal(log_of_test.hashed, 0);
    sha256_of(&pages[0], sizeof(pages[0]), hash);
    assert_memory_equal(pages[1].header.previous, hash, HASH_SIZE);
    assert_int_equal(log_of_test.sealing, 1);
}

static void seal_all(void)
{
    while (log_of_test.sealing < log_of_test.page) {
        log_seal_step(&log_of_test);
    }
}

static void acknowledged_pages_make_room_and_numbers_run_on(void **state)
{
    uint8_t hash[HASH_SIZE] = {0};

    (void)state;
    for (uint64_t page = 0; page < 5 * PAGES; page++) {
        append(COMMITS_PER_PAGE);
        seal_all();
        const struct log_page *full = log_page(&log_of_test, page);
        assert_int_equal(full->header.page, page);
        assert_memory_equal(full->header.previous, hash, HASH_SIZE);
        sha256_of(full, sizeof(*full), hash);
        assert_true(log_acknowledge(&log_of_test, page));
        assert_int_equal(log_of_test.room, (PAGES - 1) * COMMITS_PER_PAGE);
    }
    assert_int_equal(log_of_test.seq, 5 * PAGES * COMMITS_PER_PAGE);
}

static void only_sealed_pages_are_acknowledged_and_each_once(void **state)
{
    (void)state;
    append(2 * COMMITS_PER_PAGE + 1);
    assert_false(log_acknowledge(&log_of_test, 1)); // full, and not sealed
    seal_all();
    assert_false(log_acknowledge(&log_of_test, 3)); // of the page being filled
    assert_true(log_acknowledge(&log_of_test, 2));
    assert_false(log_acknowledge(&log_of_test, 1));
    assert_int_equal(log_of_test.first, 2);
}

static void a_flushed_page_is_closed_short_and_only_if_it_has_records(void **state)
{
    (void)state;
    append(5);
    log_flush(&log_of_test);
    log_flush(&log_of_test);
    assert_int_equal(log_of_test.page, 1);
    assert_int_equal(pages[0].header.count, 5);
    assert_int_equal(log_of_test.room, (PAGES - 1) * COMMITS_PER_PAGE);
    log_close(&log_of_test); // the second page has no record: the first is the last
    assert_int_equal(log_of_test.page, 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(room_counts_down_to_nothing),
        TEST(each_page_carries_the_hash_of_the_one_before),
        TEST(a_short_page_is_closed_with_zeros),
        TEST(sealing_in_steps_is_sealing_at_once),
        TEST(acknowledged_pages_make_room_and_numbers_run_on),
        TEST(only_sealed_pages_are_acknowledged_and_each_once),
        TEST(a_flushed_page_is_closed_short_and_only_if_it_has_records),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
