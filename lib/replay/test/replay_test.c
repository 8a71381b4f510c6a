// SPDX-License-Identifier: Apache-2.0
//
// Replay believes nothing: a good log leads to the state that wrote it, and every way to spoil one
// is named, with its place.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/core/state/assert.h"
#include "lib/replay/replay.h"
#include "lib/replay/test/sample_log.h"
#include "lib/sha256/sha256.h"

_Noreturn void assert_fail(const char *claim, const char *file, uint32_t line)
{
    fprintf(stderr, "%s:%u: %s\n", file, line, claim);
    abort();
}

enum { PAGES = 5 };

struct world {
    struct sample_log log;
    void *storage; // for replaying
    struct replay replay;
};

static void world_init(struct world *world, uint32_t pages)
{
    sample_init(&world->log);
    sample_history(&world->log, pages);
    sample_finish(&world->log);
    size_t size = (size_t)(state_size(&world->log.state.config) + 63) / 64 * 64;
    world->storage = aligned_alloc(64, size);
    assert_non_null(world->storage);
}

static void world_fini(struct world *world)
{
    sample_fini(&world->log);
    free(world->storage);
}

static struct log_page *page_of(struct world *world, uint64_t page)
{
    return (struct log_page *)(void *)world->log.bytes + page;
}

static struct log_trailer *trailer_of(struct world *world)
{
    return (struct log_trailer *)(void *)(world->log.bytes + world->log.page_count * LOG_PAGE_SIZE);
}

// Makes hashes right again from a page on, so that a test can spoil what the chain would hide.
static void rehash(struct world *world)
{
    for (uint64_t i = 1; i < world->log.page_count; i++)
        sha256_of(page_of(world, i - 1), LOG_PAGE_SIZE, page_of(world, i)->header.previous);
    sha256_of(page_of(world, world->log.page_count - 1), LOG_PAGE_SIZE, trailer_of(world)->head);
}

// What a tool does: open, verify, narrow; where the chain holds, replay and compare.
static struct replay_error examine(struct world *world, size_t size, const uint8_t *head)
{
    struct replay_log log;
    struct state_config config;
    struct replay_error error = replay_log_open(&log, world->log.bytes, size);

    memset(world->storage, 0, (size_t)state_size(&world->log.state.config));
    if (error.fault != REPLAY_OK)
        return error;
    error = replay_log_verify(&log, head);
    if (error.fault == REPLAY_PAGE_HASH)
        replay_log_narrow(&log, &error, &world->log.state.config, world->storage);
    if (error.fault != REPLAY_OK)
        return error;
    error = replay_config(&log.pages[0], &config);
    assert_int_equal(error.fault, REPLAY_OK);
    replay_init(&world->replay, &config, world->storage);
    for (uint64_t i = 0; i < log.page_count && error.fault == REPLAY_OK; i++)
        error = replay_page(&world->replay, &log.pages[i]);
    if (error.fault == REPLAY_OK && log.trailer != NULL)
        error = replay_end(&world->replay, log.trailer);
    return error;
}

static void assert_error(struct world *world, enum replay_fault fault, uint64_t page)
{
    struct replay_error error = examine(world, world->log.size, NULL);

    assert_int_equal(error.fault, fault);
    assert_int_equal(error.page, page);
}

static void replay_leads_to_the_state_that_wrote_the_log(void **test)
{
    struct world world;

    (void)test;
    for (uint32_t pages = 1; pages <= 8; pages++) {
        world_init(&world, pages);
        assert_int_equal(world.log.page_count, pages);
        assert_int_equal(examine(&world, world.log.size, NULL).fault, REPLAY_OK);
        assert_int_equal(world.replay.state.seq, world.log.state.seq);
        assert_memory_equal(world.replay.state.digest, world.log.state.digest, 16);
        assert_memory_equal(world.replay.head, trailer_of(&world)->head, HASH_SIZE);
        world_fini(&world);
    }
}

static void replay_takes_full_pages(void **test)
{
    struct world world;

    (void)test;
    sample_init(&world.log);
    sample_history(&world.log, 1);
    sample_churn(&world.log, 400);
    sample_finish(&world.log);
    world.storage = aligned_alloc(64, (size_t)(state_size(&world.log.state.config) + 63) / 64 * 64);
    assert_true(page_of(&world, 1)->header.count == COMMITS_PER_PAGE);
    assert_int_equal(examine(&world, world.log.size, NULL).fault, REPLAY_OK);
    assert_int_equal(world.replay.state.seq, world.log.state.seq);
    world_fini(&world);
}

static void replay_refuses_every_flipped_byte(void **test)
{
    static const uint8_t flips[] = {0x01, 0x80, 0xff};
    struct world world;

    (void)test;
    world_init(&world, PAGES);
    for (size_t i = 0; i < world.log.size; i++) {
        struct replay_error error;

        world.log.bytes[i] ^= flips[i % sizeof(flips)];
        error = examine(&world, world.log.size, NULL);
        world.log.bytes[i] ^= flips[i % sizeof(flips)];
        if (error.fault == REPLAY_OK)
            fail_msg("byte %zu flipped and nothing said", i);
        // The page that was touched is named. The trailer's own head accuses the last page.
        uint64_t page = i / LOG_PAGE_SIZE;
        bool head = page == PAGES && error.fault == REPLAY_PAGE_HASH;
        if (page < PAGES && error.page != page)
            fail_msg("byte %zu of page %d: page %d accused, fault %d", i, (int)page,
                     (int)error.page, (int)error.fault);
        assert_true(!head || error.page == PAGES - 1);
    }
    world_fini(&world);
}

// What a tool can do with a log whose first pages were acknowledged.
static struct replay_error examine_rest(const struct world *world, uint64_t first)
{
    struct replay_log log;
    struct replay_error error = replay_log_open(&log, world->log.bytes + first * LOG_PAGE_SIZE,
                                                world->log.size - (size_t)first * LOG_PAGE_SIZE);

    if (error.fault == REPLAY_OK)
        error = replay_log_verify(&log, NULL);
    if (error.fault == REPLAY_OK)
        assert_int_equal(log.first, first);
    return error;
}

static void a_log_that_begins_after_page_0_has_its_chain_verified(void **test)
{
    struct world world;

    (void)test;
    world_init(&world, PAGES);
    for (uint64_t first = 0; first < PAGES; first++)
        assert_int_equal(examine_rest(&world, first).fault, REPLAY_OK);
    world_fini(&world);
}

static void its_every_flipped_byte_is_refused_and_its_page_named(void **test)
{
    struct world world;

    (void)test;
    world_init(&world, PAGES);
    for (size_t i = LOG_PAGE_SIZE; i < world.log.size; i++) {
        size_t field = i < PAGES * LOG_PAGE_SIZE ? 0 : i - PAGES * LOG_PAGE_SIZE;
        bool is_of_state = (field >= offsetof(struct log_trailer, seq) &&
                            field < offsetof(struct log_trailer, pages)) ||
                           (field >= offsetof(struct log_trailer, digest) &&
                            field < offsetof(struct log_trailer, head));
        world.log.bytes[i] ^= 0x80;
        struct replay_error error = examine_rest(&world, 1);
        world.log.bytes[i] ^= 0x80;
        if ((error.fault == REPLAY_OK) != is_of_state) // which is not known
            fail_msg("byte %zu flipped: fault %d", i, (int)error.fault);
        if (i < PAGES * LOG_PAGE_SIZE && error.page != i / LOG_PAGE_SIZE - 1)
            fail_msg("byte %zu flipped: page %d accused", i, (int)error.page);
    }
    world_fini(&world);
}

static void a_replica_without_a_state_follows_the_chain_alone(void **test)
{
    struct world world;
    struct replay replay = {.page_count = 1};

    (void)test;
    world_init(&world, PAGES);
    replay.boot_id = page_of(&world, 1)->header.boot_id;
    memcpy(replay.head, page_of(&world, 1)->header.previous, HASH_SIZE);
    for (uint64_t page = 1; page < PAGES; page++)
        assert_int_equal(replay_page_chain(&replay, page_of(&world, page)).fault, REPLAY_OK);
    assert_memory_equal(replay.head, trailer_of(&world)->head, HASH_SIZE);
    struct replay_error error = replay_page_chain(&replay, page_of(&world, 1));
    assert_int_equal(error.fault, REPLAY_PAGE_ORDER);
    assert_int_equal(error.page, PAGES);
    world_fini(&world);
}

static void replay_names_the_record_where_a_changed_page_shows_it(void **test)
{
    struct world world;
    struct replay_error error;

    (void)test;
    world_init(&world, PAGES);
    page_of(&world, 1)->records[2].facet_create.parent ^= 4;
    error = examine(&world, world.log.size, NULL);
    assert_int_equal(error.fault, REPLAY_PAGE_HASH);
    assert_int_equal(error.shows, REPLAY_RECORD);
    assert_int_equal(error.page, 1);
    assert_int_equal(error.record, 2);
    assert_int_equal(error.seq, page_of(&world, 0)->header.count + 2);
    page_of(&world, 1)->records[2].facet_create.parent ^= 4;

    page_of(&world, 1)->records[2].facet_create.methods ^= 4;
    error = examine(&world, world.log.size, NULL);
    assert_int_equal(error.fault, REPLAY_PAGE_HASH);
    assert_int_equal(error.shows, REPLAY_PAGE_DIGEST);
    assert_int_equal(error.record, REPLAY_NO_RECORD);
    page_of(&world, 1)->records[2].facet_create.methods ^= 4;

    page_of(&world, 1)->records[2].time_ns ^= 4;
    error = examine(&world, world.log.size, NULL);
    assert_int_equal(error.fault, REPLAY_PAGE_HASH);
    assert_int_equal(error.shows, REPLAY_OK);
    assert_int_equal(error.page, 1);
    world_fini(&world);
}

static void replay_names_wrong_header_fields(void **test)
{
    struct world world;
    struct replay_error error;

    (void)test;
    world_init(&world, PAGES);
    page_of(&world, 2)->header.version = 7;
    error = examine(&world, world.log.size, NULL);
    assert_int_equal(error.fault, REPLAY_PAGE_VERSION);
    assert_int_equal(error.found, 7);
    assert_int_equal(error.expected, LOG_VERSION);
    page_of(&world, 2)->header.version = LOG_VERSION;
    page_of(&world, 2)->header.magic = 1;
    assert_error(&world, REPLAY_PAGE_MAGIC, 2);
    page_of(&world, 2)->header.magic = LOG_PAGE_MAGIC;
    page_of(&world, 2)->header.count = 64;
    assert_error(&world, REPLAY_PAGE_COUNT, 2);
    page_of(&world, 2)->header.count = 0;
    assert_error(&world, REPLAY_PAGE_COUNT, 2);
    page_of(&world, 2)->header.count = 1;
    assert_error(&world, REPLAY_PAGE_REST, 2);
    page_of(&world, 2)->header.count = 9;
    page_of(&world, 2)->header.boot_id++;
    assert_error(&world, REPLAY_PAGE_BOOT, 2);
    page_of(&world, 2)->header.boot_id--;
    page_of(&world, 0)->header.boot_id++;
    assert_error(&world, REPLAY_GENESIS_BOOT, 0);
    world_fini(&world);
}

static void replay_tells_gaps_from_reordered_and_repeated_pages(void **test)
{
    struct world world;
    struct log_page kept;

    (void)test;
    world_init(&world, PAGES);
    kept = *page_of(&world, 2);
    *page_of(&world, 2) = *page_of(&world, 3);
    *page_of(&world, 3) = kept;
    assert_error(&world, REPLAY_PAGE_ORDER, 2);
    *page_of(&world, 2) = *page_of(&world, 1);
    assert_error(&world, REPLAY_PAGE_ORDER, 2);
    world_fini(&world);

    world_init(&world, PAGES);
    memmove(page_of(&world, 2), page_of(&world, 3), 2 * LOG_PAGE_SIZE + sizeof(struct log_trailer));
    world.log.page_count--;
    world.log.size -= LOG_PAGE_SIZE;
    assert_error(&world, REPLAY_PAGE_GAP, 2);
    world_fini(&world);
}

static void replay_finds_cuts(void **test)
{
    struct world world;
    uint8_t head[HASH_SIZE];
    size_t page_size = LOG_PAGE_SIZE;

    (void)test;
    world_init(&world, PAGES);
    memcpy(head, trailer_of(&world)->head, HASH_SIZE);
    assert_int_equal(examine(&world, 0, NULL).fault, REPLAY_EMPTY);
    assert_int_equal(examine(&world, 100, NULL).fault, REPLAY_SIZE);
    assert_int_equal(examine(&world, sizeof(struct log_trailer), NULL).fault, REPLAY_EMPTY);
    assert_int_equal(examine(&world, world.log.size - 1, NULL).fault, REPLAY_SIZE);
    // Without the trailer only a head from elsewhere says that the log is whole.
    assert_int_equal(examine(&world, PAGES * page_size, NULL).fault, REPLAY_TRAILER_MISSING);
    assert_int_equal(examine(&world, PAGES * page_size, head).fault, REPLAY_OK);
    assert_int_equal(examine(&world, 4 * page_size, head).fault, REPLAY_HEAD);
    assert_int_equal(examine(&world, world.log.size, head).fault, REPLAY_OK);
    // The newest page is cut out, the trailer kept.
    *(struct log_trailer *)(void *)page_of(&world, 4) = *trailer_of(&world);
    assert_int_equal(examine(&world, 4 * page_size + sizeof(struct log_trailer), NULL).fault,
                     REPLAY_PAGE_HASH);
    world_fini(&world);
}

static void replay_believes_the_given_head_before_the_trailer(void **test)
{
    struct world world;
    uint8_t head[HASH_SIZE];

    (void)test;
    world_init(&world, PAGES);
    memcpy(head, trailer_of(&world)->head, HASH_SIZE);
    trailer_of(&world)->head[0] ^= 1;
    assert_int_equal(examine(&world, world.log.size, head).fault, REPLAY_TRAILER_HEAD);
    trailer_of(&world)->head[0] ^= 1;
    page_of(&world, PAGES - 1)->records[0].time_ns++;
    rehash(&world); // a complete rewrite: right in itself
    assert_int_equal(examine(&world, world.log.size, NULL).fault, REPLAY_OK);
    assert_int_equal(examine(&world, world.log.size, head).fault, REPLAY_HEAD);
    world_fini(&world);
}

static void replay_refuses_records_that_cannot_follow(void **test)
{
    struct world world;
    struct replay_error error;

    (void)test;
    world_init(&world, PAGES);
    page_of(&world, 1)->records[0].hold_insert.facet = 31;
    rehash(&world);
    error = examine(&world, world.log.size, NULL);
    assert_int_equal(error.fault, REPLAY_RECORD);
    assert_int_equal(error.page, 1);
    assert_int_equal(error.record, 0);
    assert_int_equal(error.found, COMMIT_HOLD_INSERT);
    assert_int_equal(error.seq, page_of(&world, 0)->header.count);
    world_fini(&world);
}

static void replay_compares_digests(void **test)
{
    struct world world;

    (void)test;
    world_init(&world, PAGES);
    page_of(&world, 1)->header.digest++;
    rehash(&world);
    assert_error(&world, REPLAY_PAGE_DIGEST, 1);
    page_of(&world, 1)->header.digest--;
    rehash(&world);
    trailer_of(&world)->digest[1]++;
    assert_int_equal(examine(&world, world.log.size, NULL).fault, REPLAY_DIGEST_LIVE);
    trailer_of(&world)->digest[1]--;
    assert_int_equal(examine(&world, world.log.size, NULL).fault, REPLAY_OK);
    // One flipped byte in an arena shows on recomputing.
    world.replay.state.holds[0].facet ^= 1;
    assert_int_equal(replay_end(&world.replay, trailer_of(&world)).fault, REPLAY_DIGEST_ARENAS);
    world_fini(&world);
}

static void replay_bounds_the_arenas_before_anything_is_allocated(void **test)
{
    struct world world;
    struct state_config config;
    struct replay_error error;

    (void)test;
    world_init(&world, 1);
    page_of(&world, 0)->records[1].genesis_config.mappings = ARENA_SLOTS_MAX + 1;
    error = replay_config(page_of(&world, 0), &config);
    assert_int_equal(error.fault, REPLAY_CONFIG);
    assert_int_equal(error.record, 1);
    assert_int_equal(error.found, ARENA_SLOTS_MAX + 1);
    page_of(&world, 0)->records[1].kind = COMMIT_GENESIS;
    assert_int_equal(replay_config(page_of(&world, 0), &config).fault, REPLAY_GENESIS);
    page_of(&world, 0)->header.count = 1;
    memset(&page_of(&world, 0)->records[1], 0, 62 * sizeof(struct commit));
    assert_int_equal(replay_config(page_of(&world, 0), &config).fault, REPLAY_GENESIS);
    world_fini(&world);
}

static void replay_names_wrong_trailer_fields(void **test)
{
    struct world world;
    struct log_trailer *trailer;

    (void)test;
    world_init(&world, PAGES);
    trailer = trailer_of(&world);
    trailer->magic++;
    assert_error(&world, REPLAY_TRAILER_MAGIC, PAGES);
    trailer->magic--;
    trailer->version++;
    assert_error(&world, REPLAY_TRAILER_VERSION, PAGES);
    trailer->version--;
    trailer->boot_id++;
    assert_error(&world, REPLAY_TRAILER_BOOT, PAGES);
    trailer->boot_id--;
    trailer->pages++;
    assert_error(&world, REPLAY_TRAILER_PAGES, PAGES);
    trailer->pages--;
    trailer->seq++;
    assert_error(&world, REPLAY_TRAILER_SEQ, PAGES);
    trailer->seq--;
    trailer->reserved[47] = 1;
    assert_error(&world, REPLAY_TRAILER_RESERVED, PAGES);
    world_fini(&world);
}

static void always_replay_survives_records_of_random_bytes(void **test)
{
    struct world world;

    (void)test;
    srand(1);
    for (uint32_t round = 0; round < 3000; round++) {
        world_init(&world, 3);
        for (uint32_t i = 0; i < 3; i++) {
            struct commit *commit = &page_of(&world, 1)->records[rand() % 8];
            commit->bytes[rand() % 40] = (uint8_t)rand();
            commit->kind = (uint16_t)(rand() % 4 ? commit->kind : rand() % 32);
        }
        rehash(&world);
        (void)examine(&world, world.log.size, NULL);
        world_fini(&world);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replay_leads_to_the_state_that_wrote_the_log),
        cmocka_unit_test(replay_takes_full_pages),
        cmocka_unit_test(replay_refuses_every_flipped_byte),
        cmocka_unit_test(a_log_that_begins_after_page_0_has_its_chain_verified),
        cmocka_unit_test(its_every_flipped_byte_is_refused_and_its_page_named),
        cmocka_unit_test(a_replica_without_a_state_follows_the_chain_alone),
        cmocka_unit_test(replay_names_the_record_where_a_changed_page_shows_it),
        cmocka_unit_test(replay_names_wrong_header_fields),
        cmocka_unit_test(replay_tells_gaps_from_reordered_and_repeated_pages),
        cmocka_unit_test(replay_finds_cuts),
        cmocka_unit_test(replay_believes_the_given_head_before_the_trailer),
        cmocka_unit_test(replay_refuses_records_that_cannot_follow),
        cmocka_unit_test(replay_compares_digests),
        cmocka_unit_test(replay_bounds_the_arenas_before_anything_is_allocated),
        cmocka_unit_test(replay_names_wrong_trailer_fields),
        cmocka_unit_test(always_replay_survives_records_of_random_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
