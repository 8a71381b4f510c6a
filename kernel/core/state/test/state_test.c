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
    uint64_t rest[3];
};

static struct arena arena_of(struct record *records, uint32_t size)
{
    return (struct arena){
        .slots = (uint8_t *)records, .stride = sizeof *records, .size = size, .free = NONE};
}

static void take(struct arena *arena, struct commit_id id)
{
    struct commit commit = {0};
    memcpy(commit.bytes, &id, sizeof id);
    assert_ptr_equal(arena_take(arena, &commit), arena_slot(arena, id.index));
}

static void ids_are_foreseen_by_peeking(void **state)
{
    struct record records[SLOTS] = {0};
    struct arena arena = arena_of(records, SLOTS);
    (void)state;
    for (uint32_t round = 0; round < 3; round++) {
        struct commit_id foreseen[SLOTS];
        for (uint32_t i = 0; i < SLOTS; i++) {
            assert_int_equal(arena_room(&arena), SLOTS - i);
            foreseen[i] = arena_peek(&arena);
            // Last in, first out.
            assert_int_equal(foreseen[i].index, round % 2 == 0 ? i : SLOTS - 1 - i);
            assert_int_equal(foreseen[i].generation, round + 1);
            take(&arena, foreseen[i]);
            assert_true(arena_has(&arena, foreseen[i]));
        }
        assert_int_equal(arena_room(&arena), 0);
        assert_int_equal(arena_peek(&arena).generation, 0);
        for (uint32_t i = 0; i < SLOTS; i++) {
            records[foreseen[i].index].value = 7;
            arena_give(&arena, &records[foreseen[i].index]);
            assert_false(arena_has(&arena, foreseen[i]));
            assert_int_equal(records[foreseen[i].index].value, 0);
        }
        assert_int_equal(arena.live, 0);
    }
}

static void a_slot_whose_generation_would_wrap_is_never_used_again(void **state)
{
    struct record records[1] = {0};
    struct arena arena = arena_of(records, 1);
    (void)state;
    take(&arena, arena_peek(&arena));
    arena_give(&arena, &records[0]);
    records[0].slot.generation = UINT32_MAX - 1;
    struct commit_id last = arena_peek(&arena);
    assert_int_equal(last.generation, UINT32_MAX);
    take(&arena, last);
    arena_give(&arena, &records[0]);
    assert_int_equal(arena_peek(&arena).generation, 0);
    assert_int_equal(arena_room(&arena), 0);
    assert_int_equal(arena.live, 0);
    assert_false(arena_has(&arena, last));
}

// --- The digest ---------------------------------------------------------------------------------

static const struct state_config config = {2, 2, 2, 2, 4, 8, 8, 4, 16, 32};

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
    apply(state, COMMIT_GENESIS_CONFIG, &config, sizeof config);
    struct commit_job_create job = {.job = {0, 1}};
    apply(state, COMMIT_JOB_CREATE, &job, sizeof job);
    struct commit_session_create session = {
        .session = {0, 1}, .object = NONE, .expiry_ns = UINT64_MAX};
    apply(state, COMMIT_SESSION_CREATE, &session, sizeof session);
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

// Every bit of a primary field counts; of what is derived, none does.
static void one_flipped_bit_of_a_record_shows(void **unused)
{
    struct state state;
    (void)unused;
    void *storage = begin(&state);
    for (uint32_t arena = 0; arena < ARENA_MAPPINGS; arena++) {
        uint8_t *bytes =
            arena_is_live(&state.arenas[arena], 0) ? arena_slot(&state.arenas[arena], 0) : NULL;
        uint32_t first = sizeof(struct slot); // a slot of another id is not live
        for (uint32_t at = first; bytes != NULL && at < state.arenas[arena].stride; at++) {
            for (uint32_t bit = 0; bit < 8; bit++) {
                bytes[at] ^= (uint8_t)(1u << bit);
                assert_int_equal(is_equal_to_the_arenas(&state), at >= state.arenas[arena].primary);
                bytes[at] ^= (uint8_t)(1u << bit);
            }
        }
    }
    assert_true(is_equal_to_the_arenas(&state));
    free(storage);
}

// --- Counts, charges, chains --------------------------------------------------------------------

static void what_is_derived_is_counted_again(void **unused)
{
    struct state state;
    (void)unused;
    void *storage = begin(&state);
    assert_true(state_is_counted(&state));
    uint32_t *const derived[] = {
        &state.jobs[0].used[RESOURCE_HOLDS], &state.jobs[0].used[RESOURCE_PAGES],
        &state.processes[0].hold_count,      &state.processes[0].thread_count,
        &state.sessions[0].use_count,        &state.facets[0].hold_count,
        &state.facets[0].pin_count,          &state.facets[0].server_count,
        &state.jobs[0].used[RESOURCE_CALLS], &state.processes[0].mapping_count,
    };
    for (size_t i = 0; i < sizeof derived / sizeof derived[0]; i++) {
        ++*derived[i];
        assert_false(state_is_counted(&state));
        --*derived[i];
    }
    assert_true(state_is_counted(&state));
    free(storage);
}

static void a_limit_moves_and_returns_with_the_job(void **unused)
{
    struct state state;
    (void)unused;
    void *storage = begin(&state);
    struct commit_limit_move all = {NONE, 0, RESOURCE_PAGES, 16, {0}};
    apply(&state, COMMIT_LIMIT_MOVE, &all, sizeof all);
    uint64_t before[2] = {state.digest[0], state.digest[1]};
    struct commit_job_create child = {.job = {1, 1}, .parent = {0, 1}};
    apply(&state, COMMIT_JOB_CREATE, &child, sizeof child);
    assert_int_equal(state.jobs[0].used[RESOURCE_JOBS], 2);
    struct commit_limit_move move = {0, 1, RESOURCE_PAGES, 5, {0}};
    apply(&state, COMMIT_LIMIT_MOVE, &move, sizeof move);
    assert_int_equal(state.jobs[0].limit[RESOURCE_PAGES], 11);
    assert_int_equal(state.jobs[1].limit[RESOURCE_PAGES], 5);
    assert_true(is_equal_to_the_arenas(&state));
    struct commit_job destroyed = {.job = {1, 1}};
    apply(&state, COMMIT_JOB_DESTROY, &destroyed, sizeof destroyed);
    assert_int_equal(state.jobs[0].limit[RESOURCE_PAGES], 16);
    assert_int_equal(state.jobs[0].used[RESOURCE_JOBS], 1);
    assert_true(state.digest[0] == before[0] && state.digest[1] == before[1]);
    free(storage);
}

static void a_session_is_over_with_any_that_it_comes_from(void **unused)
{
    struct state state;
    (void)unused;
    void *storage = begin(&state);
    struct commit_session_create child = {
        .session = {1, 1}, .object = NONE, .parent = {0, 1}, .expiry_ns = 100};
    apply(&state, COMMIT_SESSION_CREATE, &child, sizeof child);
    assert_true(session_is_live(&state, 1, 99));
    assert_false(session_is_live(&state, 1, 100));
    struct commit_session parent = {.session = {0, 1}};
    apply(&state, COMMIT_SESSION_END, &parent, sizeof parent);
    assert_false(session_is_live(&state, 0, 0));
    assert_false(session_is_live(&state, 1, 99));
    free(storage);
}

static void a_job_is_killed_with_any_above_it(void **unused)
{
    struct state state;
    (void)unused;
    void *storage = begin(&state);
    struct commit_job_create child = {.job = {1, 1}, .parent = {0, 1}};
    apply(&state, COMMIT_JOB_CREATE, &child, sizeof child);
    assert_false(job_is_killed(&state, 1));
    struct commit_job parent = {.job = {0, 1}};
    apply(&state, COMMIT_JOB_KILL, &parent, sizeof parent);
    assert_true(job_is_killed(&state, 0) && job_is_killed(&state, 1));
    assert_true(is_equal_to_the_arenas(&state));
    free(storage);
}

static void a_moved_hold_is_the_same_but_for_its_process_and_origin(void **unused)
{
    struct state state;
    (void)unused;
    void *storage = begin(&state);
    struct commit_process_create process = {.process = {1, 1}};
    apply(&state, COMMIT_PROCESS_CREATE, &process, sizeof process);
    struct hold old = state.holds[0];
    struct commit_hold_move move = {.hold = {0, 1}, .made = {1, 1}, .process = 1, .how = HOW_CALL};
    uint64_t seq = state.seq;
    apply(&state, COMMIT_HOLD_MOVE, &move, sizeof move);
    const struct hold *made = &state.holds[1];
    assert_false(arena_is_live(&state.arenas[ARENA_HOLDS], 0));
    assert_true(made->process == 1 && made->facet == old.facet && made->how == HOW_CALL);
    assert_true(made->transfer == old.transfer && made->scope == old.scope &&
                made->revoker == old.revoker);
    assert_true(made->origin.index == 0 && made->origin.generation == 1);
    assert_true(made->origin_seq == old.seq && made->seq == seq);
    assert_int_equal(state.processes[0].first_hold, NONE);
    assert_int_equal(state.processes[1].first_hold, 1);
    assert_true(state_is_counted(&state) && is_equal_to_the_arenas(&state));
    free(storage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_are_foreseen_by_peeking),
        cmocka_unit_test(a_slot_whose_generation_would_wrap_is_never_used_again),
        cmocka_unit_test(the_digest_kept_equals_the_digest_of_the_arenas),
        cmocka_unit_test(one_flipped_bit_of_a_record_shows),
        cmocka_unit_test(what_is_derived_is_counted_again),
        cmocka_unit_test(a_limit_moves_and_returns_with_the_job),
        cmocka_unit_test(a_session_is_over_with_any_that_it_comes_from),
        cmocka_unit_test(a_job_is_killed_with_any_above_it),
        cmocka_unit_test(a_moved_hold_is_the_same_but_for_its_process_and_origin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
