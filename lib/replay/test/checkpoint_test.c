// SPDX-License-Identifier: Apache-2.0
//
// A checkpoint leads to the state that it was made of, wherever in a log that was; it is the same
// bytes whoever made it; and no byte of it can be changed.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/core/state/assert.h"
#include "lib/replay/checkpoint.h"
#include "lib/replay/test/sample_log.h"
#include "lib/sha256/sha256.h"

_Noreturn void assert_fail(const char *claim, const char *file, uint32_t line)
{
    fprintf(stderr, "%s:%u: %s\n", file, line, claim);
    abort();
}

enum { PAGES = 6 };

static void *zeroed(uint64_t size)
{
    void *bytes = calloc(1, (size_t)size);

    assert_non_null(bytes);
    return bytes;
}

struct copy { // of a state at some page
    struct replay replay;
    void *storage;
    uint8_t *bytes;
    size_t size;
};

static void copy_make(struct copy *copy, const struct sample_log *log, uint64_t pages)
{
    const struct log_page *page = (const struct log_page *)(const void *)log->bytes;

    copy->storage = zeroed(state_size(&log->state.config));
    replay_init(&copy->replay, &log->state.config, copy->storage);
    for (uint64_t i = 0; i < pages; i++)
        assert_int_equal(replay_page(&copy->replay, &page[i]).fault, REPLAY_OK);
    copy->size = (size_t)checkpoint_size(&copy->replay);
    copy->bytes = zeroed(copy->size);
    checkpoint_write(&copy->replay, copy->bytes);
}

static void copy_free(struct copy *copy)
{
    free(copy->storage);
    free(copy->bytes);
}

// A log with something of every kind.
static void log_make(struct sample_log *log)
{
    sample_init(log);
    sample_history(log, PAGES);
    sample_close(log);
    sample_child(log);
    sample_finish(log);
}

static void a_checkpoint_leads_to_the_state_that_it_was_made_of(void **state)
{
    struct sample_log log;
    (void)state;

    log_make(&log);
    const struct log_page *page = (const struct log_page *)(void *)log.bytes;
    const struct log_trailer *trailer =
        (const struct log_trailer *)(const void *)(page + log.page_count);
    for (uint64_t at = 1; at <= log.page_count; at++) {
        struct copy copy, end;
        struct checkpoint checkpoint;
        struct replay replay;

        copy_make(&copy, &log, at);
        void *storage = zeroed(state_size(&log.state.config));
        assert_int_equal(checkpoint_open(&checkpoint, copy.bytes, copy.size).fault, REPLAY_OK);
        assert_int_equal(checkpoint_load(&checkpoint, &replay, storage).fault, REPLAY_OK);
        for (uint64_t i = at; i < log.page_count; i++)
            assert_int_equal(replay_page(&replay, &page[i]).fault, REPLAY_OK);
        assert_int_equal(replay_end(&replay, trailer).fault, REPLAY_OK);
        // From there on the same ids come next.
        copy_make(&end, &log, log.page_count);
        uint8_t hash[HASH_SIZE];
        checkpoint_hash(&replay, hash);
        assert_memory_equal(hash, end.bytes + end.size - HASH_SIZE, HASH_SIZE);
        copy_free(&end);
        copy_free(&copy);
        free(storage);
    }
    sample_fini(&log);
}

// What becomes of a checkpoint in which one bit is turned over; `is_sealed`: with a right hash.
static enum replay_fault changed_fault(const struct copy *copy, size_t place, uint32_t bit,
                                       bool is_sealed)
{
    struct checkpoint checkpoint;
    struct replay replay;
    uint8_t *bytes = zeroed(copy->size);

    memcpy(bytes, copy->bytes, copy->size);
    bytes[place] ^= (uint8_t)(1U << bit);
    if (is_sealed)
        sha256_of(bytes, copy->size - HASH_SIZE, bytes + copy->size - HASH_SIZE);
    enum replay_fault fault = checkpoint_open(&checkpoint, bytes, copy->size).fault;
    if (fault == REPLAY_OK) {
        struct state_config config = checkpoint_config(&checkpoint);
        void *storage = zeroed(state_size(&config) + 1);
        fault = checkpoint_load(&checkpoint, &replay, storage).fault;
        free(storage);
    }
    free(bytes);
    return fault;
}

static void no_byte_can_be_changed(void **state)
{
    struct sample_log log;
    struct copy copy;
    (void)state;

    log_make(&log);
    copy_make(&copy, &log, log.page_count - 1);
    for (size_t place = 0; place < copy.size; place += 3)
        assert_int_not_equal(changed_fault(&copy, place, place % 8, false), REPLAY_OK);
    copy_free(&copy);
    sample_fini(&log);
}

// With a right hash only what the digest does not cover can be another: where in the log it stands,
// and how often slots that are free were used.
static void a_change_with_a_right_hash_is_refused_where_the_state_says_it(void **state)
{
    const size_t first = offsetof(struct checkpoint_header, digest);
    const size_t config = offsetof(struct checkpoint_header, config);
    struct sample_log log;
    struct copy copy;
    (void)state;

    log_make(&log);
    copy_make(&copy, &log, log.page_count - 1);
    const struct checkpoint_header *header = (const struct checkpoint_header *)(void *)copy.bytes;
    size_t slots = sizeof(*header) + (size_t)header->records * sizeof(struct commit);
    for (size_t place = first; place < slots; place++) {
        bool is_head = place >= first + 2 * sizeof(uint64_t) && place < config;
        if (!is_head)
            assert_int_not_equal(changed_fault(&copy, place, (uint32_t)place % 5, true), REPLAY_OK);
    }
    copy_free(&copy);
    sample_fini(&log);
}

static void what_is_too_short_or_too_long_is_none(void **state)
{
    struct checkpoint checkpoint;
    struct sample_log log;
    struct copy copy;
    (void)state;

    log_make(&log);
    copy_make(&copy, &log, 2);
    for (size_t size = 0; size < copy.size; size += 7)
        assert_int_equal(checkpoint_open(&checkpoint, copy.bytes, size).fault,
                         REPLAY_CHECKPOINT_SIZE);
    copy_free(&copy);
    sample_fini(&log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_checkpoint_leads_to_the_state_that_it_was_made_of),
        cmocka_unit_test(no_byte_can_be_changed),
        cmocka_unit_test(a_change_with_a_right_hash_is_refused_where_the_state_says_it),
        cmocka_unit_test(what_is_too_short_or_too_long_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
