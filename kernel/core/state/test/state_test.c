// SPDX-License-Identifier: Apache-2.0
//
// Slots, generations and the digest: what ids and replays rest on.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/core/state/state.h"

enum { SLOTS = 4 };

struct record {
    struct slot slot;
    uint64_t value;
};

static void ids_are_foreseen_by_peeking(void **state)
{
    struct record records[SLOTS] = {0};
    struct arena arena;
    (void)state;
    arena_init(&arena, records, sizeof records[0], SLOTS);
    for (uint32_t round = 0; round < 3; round++) {
        struct commit_id foreseen[SLOTS];
        for (uint32_t i = 0; i < SLOTS; i++) {
            foreseen[i] = arena_peek(&arena, i);
            assert_int_equal(foreseen[i].generation, round + 1);
        }
        assert_int_equal(arena_peek(&arena, SLOTS).generation, 0);
        for (uint32_t i = 0; i < SLOTS; i++) {
            struct commit_id next = arena_peek(&arena, 0);
            assert_memory_equal(&next, &foreseen[i], sizeof next);
            arena_take(&arena, next);
            assert_true(arena_has(&arena, next));
        }
        assert_int_equal(arena_peek(&arena, 0).generation, 0);
        for (uint32_t i = 0; i < SLOTS; i++) {
            records[foreseen[i].index].value = 7;
            arena_give(&arena, foreseen[i].index);
            assert_false(arena_has(&arena, foreseen[i]));
            assert_int_equal(records[foreseen[i].index].value, 0);
        }
        assert_int_equal(arena.live, 0);
    }
}

static void a_slot_whose_generation_would_wrap_is_never_used_again(void **state)
{
    struct record records[1] = {0};
    struct arena arena;
    (void)state;
    arena_init(&arena, records, sizeof records[0], 1);
    arena_take(&arena, arena_peek(&arena, 0));
    arena_give(&arena, 0);
    records[0].slot.generation = UINT32_MAX - 1;
    struct commit_id last = arena_peek(&arena, 0);
    assert_int_equal(last.generation, UINT32_MAX);
    arena_take(&arena, last);
    arena_give(&arena, 0);
    assert_int_equal(arena_peek(&arena, 0).generation, 0);
    assert_false(arena_has(&arena, last));
}

// --- The digest ---------------------------------------------------------------------------------

static const struct state_config config = {2, 2, 2, 2, 4, 8, 8, 4};

static void apply(struct state *state, uint16_t kind, const void *body, size_t size)
{
    struct commit commit = {.kind = kind};
    memcpy(commit.bytes, body, size);
    reduce(state, &commit);
}

static void *begin(struct state *state)
{
    void *storage = calloc(1, state_size(&config));
    assert_non_null(storage);
    state_init(state, &config, storage);
    apply(state, COMMIT_GENESIS, &(struct commit_genesis){.boot_id = 9},
          sizeof(struct commit_genesis));
    struct commit_genesis_config sizes = {2, 2, 2, 2, 4, 8, 8, 4, {0}};
    apply(state, COMMIT_GENESIS_CONFIG, &sizes, sizeof sizes);
    struct commit_session_create session = {.session = {0, 1}, .expiry_ns = UINT64_MAX};
    apply(state, COMMIT_SESSION_CREATE, &session, sizeof session);
    struct commit_job_create job = {.job = {0, 1}};
    apply(state, COMMIT_JOB_CREATE, &job, sizeof job);
    struct commit_process_create process = {.process = {0, 1}};
    apply(state, COMMIT_PROCESS_CREATE, &process, sizeof process);
    struct commit_object_create object = {
        .object = {0, 1}, .root_facet = {0, 1}, .kind = OBJECT_TIMER, .interface = 5};
    apply(state, COMMIT_OBJECT_CREATE, &object, sizeof object);
    struct commit_hold_insert hold = {.hold = {0, 1}, .process = 0, .facet = 0, .transfer = 1};
    apply(state, COMMIT_HOLD_INSERT, &hold, sizeof hold);
    return storage;
}

static bool is_equal_to_the_arenas(const struct state *state)
{
    uint64_t digest[2];
    state_digest(state, digest);
    return digest[0] == state->digest[0] && digest[1] == state->digest[1];
}

static void the_digest_kept_equals_the_digest_of_the_arenas(void **unused)
{
    struct state state;
    (void)unused;
    void *storage = begin(&state);
    assert_true(is_equal_to_the_arenas(&state));
    uint64_t before[2] = {state.digest[0], state.digest[1]};
    struct commit_hold_insert hold = {.hold = {1, 1}, .process = 0, .facet = 0};
    apply(&state, COMMIT_HOLD_INSERT, &hold, sizeof hold);
    assert_true(is_equal_to_the_arenas(&state));
    assert_true(state.digest[0] != before[0] && state.digest[1] != before[1]);
    struct commit_hold_remove removed = {.hold = {1, 1}};
    apply(&state, COMMIT_HOLD_REMOVE, &removed, sizeof removed);
    assert_true(state.digest[0] == before[0] && state.digest[1] == before[1]);
    free(storage);
}

// Every bit of a primary field counts.
static void one_flipped_bit_of_a_hold_shows(void **unused)
{
    struct state state;
    (void)unused;
    void *storage = begin(&state);
    uint8_t *bytes = (uint8_t *)&state.holds[0];
    for (size_t at = offsetof(struct hold, process); at <= offsetof(struct hold, revoker); at++) {
        for (uint32_t bit = 0; bit < 8; bit++) {
            bytes[at] ^= (uint8_t)(1u << bit);
            assert_false(is_equal_to_the_arenas(&state));
            bytes[at] ^= (uint8_t)(1u << bit);
        }
    }
    assert_true(is_equal_to_the_arenas(&state));
    free(storage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_are_foreseen_by_peeking),
        cmocka_unit_test(a_slot_whose_generation_would_wrap_is_never_used_again),
        cmocka_unit_test(the_digest_kept_equals_the_digest_of_the_arenas),
        cmocka_unit_test(one_flipped_bit_of_a_hold_shows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
