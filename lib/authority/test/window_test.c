// SPDX-License-Identifier: Apache-2.0
//
// A window that folds its pages again and again answers about each moment that it still has as an
// index of the whole log does, and goes on where there is no room for a history.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/core/state/assert.h"
#include "lib/authority/window.h"
#include "lib/replay/test/sample_log.h"

_Noreturn void assert_fail(const char *claim, const char *file, uint32_t line)
{
    fprintf(stderr, "%s:%u: %s\n", file, line, claim);
    abort();
}

enum { ROOM = 13696 + 140000 }; // the sample's state, and some pages

static struct sample_log sample;
static struct authority_index whole;
static void *whole_storage;

static const struct log_page *page_at(uint64_t page)
{
    return (const struct log_page *)(const void *)sample.bytes + page;
}

static int log_make(void **state)
{
    (void)state;
    sample_init(&sample);
    sample_history(&sample, 8);
    for (uint32_t i = 0; i < 18; i++) {
        sample_child(&sample);
        sample_churn(&sample, 2 * (i % 5));
        sample_close(&sample);
    }
    sample_finish(&sample);
    whole_storage = calloc(
        1, (size_t)authority_index_size(&sample.state.config, sample.page_count, sample.state.seq));
    assert_non_null(whole_storage);
    authority_index_init(&whole, &sample.state.config, page_at(0), sample.page_count,
                         sample.state.seq, whole_storage);
    for (uint64_t i = 0; i < sample.page_count; i++)
        authority_index_page(&whole);
    return 0;
}

static int log_free(void **state)
{
    (void)state;
    free(whole_storage);
    sample_fini(&sample);
    return 0;
}

static void same_holds(const struct authority_index *index, uint32_t process, uint32_t at,
                       uint32_t of_whole, uint32_t at_whole)
{
    uint32_t h = authority_first_hold(index, process, at);
    uint32_t other = authority_first_hold(&whole, of_whole, at_whole);
    uint32_t count = 0, count_whole = 0;
    uint64_t sum = 0, sum_whole = 0;

    // Of what is older than the history the order is not known.
    for (; h != LIFE_NONE; h = authority_next_hold(index, h, at), count++) {
        struct commit_id id = authority_id(index, ARENA_HOLDS, h);
        enum authority_use use = authority_hold_use(index, h, authority_at_seq(index, at));
        sum += (id.index + 1) * (id.generation + authority_seq(index, h) * 7 + use);
    }
    for (; other != LIFE_NONE;
         other = authority_next_hold(&whole, other, at_whole), count_whole++) {
        struct commit_id id = authority_id(&whole, ARENA_HOLDS, other);
        enum authority_use use =
            authority_hold_use(&whole, other, authority_at_seq(&whole, at_whole));
        sum_whole += (id.index + 1) * (id.generation + other * 7 + use);
    }
    assert_int_equal(count, count_whole);
    assert_int_equal(sum, sum_whole);
}

static void same_moment(const struct authority_index *index, uint32_t at)
{
    uint32_t at_whole;

    assert_true(authority_at_of(&whole, authority_seq(index, at), &at_whole));
    for (uint32_t slot = 0; slot < index->config.processes; slot++) {
        uint32_t process = authority_life(index, ARENA_PROCESSES, slot, at);
        uint32_t other = authority_life(&whole, ARENA_PROCESSES, slot, at_whole);
        assert_int_equal(process == LIFE_NONE, other == LIFE_NONE);
        if (process == LIFE_NONE)
            continue;
        assert_int_equal(authority_stage_of(index, process, at),
                         authority_stage_of(&whole, other, at_whole));
        same_holds(index, process, at, other, at_whole);
    }
}

static void always_a_window_answers_as_an_index_of_the_whole_log(void **state)
{
    struct authority_window window;
    void *memory = aligned_alloc(64, ROOM / 64 * 64);
    (void)state;

    assert_non_null(memory);
    memset(memory, 0, ROOM / 64 * 64);
    authority_window_init(&window, memory, ROOM / 64 * 64);
    for (uint64_t i = 0; i < sample.page_count; i++) {
        assert_int_equal(authority_window_take(&window, page_at(i)).fault, REPLAY_OK);
        assert_false(window.is_blind);
        for (uint32_t at = window.index.base_count; at <= window.index.count; at += 3)
            same_moment(&window.index, at);
        same_moment(&window.index, window.index.count);
    }
    assert_in_range(window.folds, 3, 100);
    assert_memory_equal(window.replay.state.digest, sample.state.digest, 16);
    free(memory);
}

static void a_window_without_room_goes_on_blind_and_sees_again(void **state)
{
    struct authority_window window;
    void *memory = aligned_alloc(64, ROOM / 64 * 64);
    (void)state;

    assert_non_null(memory);
    memset(memory, 0, ROOM / 64 * 64);
    authority_window_init(&window, memory, ROOM / 64 * 64);
    uint32_t blind = 0;
    uint32_t seen_again = 0;
    for (uint64_t i = 0; i < sample.page_count; i++) {
        bool was_blind = window.is_blind;
        // As if more were alive for a while than a checkpoint has room for.
        if (window.pages != NULL)
            window.checkpoint_room = i % 16 < 12 ? 64 : ROOM / 64 * 64 / 10 / 64 * 64;
        assert_int_equal(authority_window_take(&window, page_at(i)).fault, REPLAY_OK);
        if (!window.is_blind)
            same_moment(&window.index, window.index.count);
        blind += window.is_blind;
        seen_again += was_blind && !window.is_blind;
    }
    assert_in_range(blind, 3, sample.page_count);
    assert_in_range(seen_again, 1, sample.page_count);
    assert_memory_equal(window.replay.state.digest, sample.state.digest, 16);
    free(memory);
}

static void memory_that_is_too_small_is_refused(void **state)
{
    struct authority_window window;
    (void)state;

    for (uint64_t size = 64; size < 13696 + 30000; size += 640) {
        void *memory = aligned_alloc(64, size / 64 * 64);
        assert_non_null(memory);
        memset(memory, 0, size / 64 * 64);
        authority_window_init(&window, memory, size / 64 * 64);
        assert_int_equal(authority_window_take(&window, page_at(0)).fault, REPLAY_CONFIG);
        free(memory);
    }
}

// What a rule comes to in all that a window has, of moments from one on.
static struct rule_verdict judged(struct authority_window *window, uint64_t from)
{
    static struct rules rules;
    static struct authority_judge judge;
    const struct rule_names names = {.interface = NULL};
    struct rule_error error;
    char text[64];
    uint32_t at;
    void *storage = calloc(1, (size_t)authority_judge_size(&window->replay.state.config));

    assert_non_null(storage);
    snprintf(text, sizeof text, "never process(1, 2, 5) holds any from %llu\n",
             (unsigned long long)from);
    assert_true(rules_parse(&rules, text, strlen(text), &names, &error));
    authority_window_judge(window, &judge, &rules, NULL, NULL, &at, storage);
    assert_int_equal(at, window->index.count);
    free(storage);
    return judge.verdicts[0];
}

static void a_window_judges_what_it_has_and_is_where_it_was(void **state)
{
    const size_t sizes[] = {ROOM / 64 * 64, 8 << 20}; // the second one folds nothing
    struct authority_window windows[2];
    uint64_t judged_states = 0;
    (void)state;

    for (uint32_t i = 0; i < 2; i++) {
        void *memory = aligned_alloc(64, sizes[i]);
        assert_non_null(memory);
        memset(memory, 0, sizes[i]);
        authority_window_init(&windows[i], memory, sizes[i]);
    }
    for (uint64_t page = 0; page < sample.page_count; page++) {
        struct rule_verdict verdicts[2];
        for (uint32_t i = 0; i < 2; i++) {
            assert_int_equal(authority_window_take(&windows[i], page_at(page)).fault, REPLAY_OK);
            verdicts[i] = judged(&windows[i], windows[0].index.base_seq);
        }
        assert_int_equal(verdicts[0].states, verdicts[1].states);
        assert_int_equal(verdicts[0].first, verdicts[1].first);
        assert_int_equal(verdicts[0].last, verdicts[1].last);
        judged_states += verdicts[0].states;
    }
    assert_true(judged_states > 0);
    assert_in_range(windows[0].folds, 3, 100);
    assert_int_equal(windows[1].folds, 0);
    for (uint32_t i = 0; i < 2; i++) {
        assert_memory_equal(windows[i].replay.state.digest, sample.state.digest, 16);
        assert_int_equal(windows[i].replay.page_count, sample.page_count);
        free(windows[i].memory);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(always_a_window_answers_as_an_index_of_the_whole_log),
        cmocka_unit_test(a_window_without_room_goes_on_blind_and_sees_again),
        cmocka_unit_test(memory_that_is_too_small_is_refused),
        cmocka_unit_test(a_window_judges_what_it_has_and_is_where_it_was),
    };

    return cmocka_run_group_tests(tests, log_make, log_free);
}
