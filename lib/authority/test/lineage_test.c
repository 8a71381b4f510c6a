// SPDX-License-Identifier: Apache-2.0
//
// On whose behalf: a human's session calls an agent, the agent a tool, the tool a service, in four
// processes of four sessions of which each comes from the one before. A path shows the session that
// each step acted for, exactly.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "abi/ring.h"
#include "lib/authority/query.h"
#include "lib/replay/wellformed.h"

enum { HUMAN, AGENT, TOOL, SERVICE, PARTIES };

static const struct state_config config = {8, 2, 8, 8, 8, 16, 32, 2, 8, 8};
static struct log_page page;
static struct state state;
static struct authority_index history;
static void *storage, *index_storage;

static uint32_t put(struct commit commit)
{
    commit.time_ns = 100 * state.seq;
    assert_int_equal(record_check(&state, &commit), RECORD_OK);
    page.records[page.header.count++] = commit;
    reduce(&state, &commit);
    return (uint32_t)state.seq - 1;
}

static struct commit_id next(uint32_t arena)
{
    return arena_peek(&state.arenas[arena]);
}

static void party_put(uint32_t party)
{
    struct commit session = {.kind = COMMIT_SESSION_CREATE, .actor = NONE};
    struct commit process = {.kind = COMMIT_PROCESS_CREATE, .actor = NONE};
    struct commit start = {.kind = COMMIT_PROCESS_START, .actor = NONE};

    session.session_create = (struct commit_session_create){
        .session = {party, 1}, .object = NONE, .expiry_ns = UINT64_MAX};
    if (party != HUMAN)
        session.session_create.parent = (struct commit_id){party - 1, 1};
    put(session);
    process.process_create =
        (struct commit_process_create){.process = {party, 1}, .session = party};
    put(process);
    start.process_start = (struct commit_process_start){.process = {party, 1}};
    put(start);
}

static uint32_t hold_put(uint32_t process, uint32_t facet, uint8_t how, uint32_t from,
                         uint32_t actor)
{
    struct commit commit = {.kind = COMMIT_HOLD_INSERT, .actor = actor};

    commit.hold_insert = (struct commit_hold_insert){.hold = next(ARENA_HOLDS),
                                                     .process = process,
                                                     .facet = facet,
                                                     .transfer = TRANSFER_COPY,
                                                     .how = how};
    if (from != NONE) {
        commit.hold_insert.origin = page.records[from].hold_insert.hold;
        commit.hold_insert.origin_seq = from;
    }
    return put(commit);
}

static uint32_t object_put(void)
{
    struct commit commit = {.kind = COMMIT_OBJECT_CREATE, .actor = NONE};

    commit.object_create = (struct commit_object_create){.object = next(ARENA_OBJECTS),
                                                         .root_facet = next(ARENA_FACETS),
                                                         .kind = OBJECT_TIMER,
                                                         .interface = 5};
    uint32_t facet = commit.object_create.root_facet.index;
    put(commit);
    return facet;
}

static int history_begin(void **unused)
{
    struct commit commit = {.kind = COMMIT_GENESIS, .actor = NONE};
    const uint32_t amounts[RESOURCE_COUNT] = {8, 2, 8, 8, 8, 16, 32, 2, 8, 8, 4, 4};

    (void)unused;
    storage = calloc(1, (state_size(&config) + 63) & ~(uint64_t)63);
    index_storage = calloc(1, authority_index_size(&config, 1, COMMITS_PER_PAGE));
    assert_non_null(storage);
    assert_non_null(index_storage);
    memset(&page, 0, sizeof(page));
    state_init(&state, &config, storage);
    put(commit);
    commit.kind = COMMIT_GENESIS_CONFIG;
    memcpy(commit.bytes, &config, sizeof(config));
    put(commit);
    commit = (struct commit){.kind = COMMIT_JOB_CREATE, .actor = NONE};
    commit.job_create.job = (struct commit_id){0, 1};
    put(commit);
    for (uint32_t resource = 0; resource < RESOURCE_COUNT; resource++) {
        commit = (struct commit){.kind = COMMIT_LIMIT_MOVE, .actor = NONE};
        commit.limit_move = (struct commit_limit_move){
            .from = NONE, .resource = resource, .amount = amounts[resource]};
        put(commit);
    }
    for (uint32_t party = 0; party < PARTIES; party++)
        party_put(party);
    return 0;
}

static int history_end(void **unused)
{
    (void)unused;
    free(storage);
    free(index_storage);
    return 0;
}

static void history_index(void)
{
    authority_index_init(&history, &config, &page, 1, state.seq, index_storage);
    authority_index_page(&history);
}

// The sessions that the steps of a path acted for, newest first, must be these.
static void assert_acted_for(uint32_t life, const uint32_t *sessions, uint32_t count)
{
    struct authority_hold hold;

    for (uint32_t i = 0; i < count; i++) {
        assert_int_not_equal(life, LIFE_NONE);
        authority_hold_of(&history, life, &hold);
        uint32_t session = authority_acted_for(&history, &hold);
        if (sessions[i] == NONE)
            assert_int_equal(session, LIFE_NONE);
        else
            assert_int_equal(authority_id(&history, ARENA_SESSIONS, session).index, sessions[i]);
        life = hold.origin;
    }
    assert_int_equal(life, LIFE_NONE);
}

static void a_chain_of_calls_shows_each_caller(void **unused)
{
    (void)unused;
    uint32_t facet = object_put();
    uint32_t first = hold_put(HUMAN, facet, HOW_GENESIS, NONE, NONE);
    // The receiver's turn delivers a call: who acts is not who called.
    uint32_t second = hold_put(AGENT, facet, HOW_CALL, first, AGENT);
    uint32_t third = hold_put(TOOL, facet, HOW_CALL, second, TOOL);
    uint32_t fourth = hold_put(SERVICE, facet, HOW_CALL, third, SERVICE);
    history_index();
    assert_acted_for(fourth, (const uint32_t[]){TOOL, AGENT, HUMAN, NONE}, 4);
}

static void an_answer_was_for_whoever_got_it(void **unused)
{
    (void)unused;
    uint32_t facet = object_put();
    uint32_t first = hold_put(SERVICE, facet, HOW_GENESIS, NONE, NONE);
    uint32_t second = hold_put(TOOL, facet, HOW_RETURN, first, SERVICE);
    uint32_t third = hold_put(AGENT, facet, HOW_RETURN, second, TOOL);
    history_index();
    assert_acted_for(third, (const uint32_t[]){AGENT, TOOL, NONE}, 3);
}

static void a_moved_capability_has_one_holder_and_its_whole_path(void **unused)
{
    struct commit move = {.kind = COMMIT_HOLD_MOVE, .actor = TOOL};

    (void)unused;
    uint32_t facet = object_put();
    uint32_t first = hold_put(AGENT, facet, HOW_GENESIS, NONE, NONE);
    move.hold_move = (struct commit_hold_move){.hold = page.records[first].hold_insert.hold,
                                               .made = next(ARENA_HOLDS),
                                               .process = TOOL,
                                               .how = HOW_CALL};
    uint32_t moved = put(move);
    history_index();
    assert_acted_for(moved, (const uint32_t[]){AGENT, NONE}, 2);
    assert_true(life_is_there(&history, first, moved));
    assert_false(life_is_there(&history, moved, moved));
    assert_false(life_is_there(&history, first, moved + 1));
    assert_true(life_is_there(&history, moved, moved + 1));
}

static void an_origin_that_is_none_is_said_to_be_foreign(void **unused)
{
    struct commit commit = {.kind = COMMIT_HOLD_INSERT, .actor = TOOL};
    struct authority_hold hold;

    (void)unused;
    uint32_t facet = object_put();
    uint32_t other = hold_put(HUMAN, facet, HOW_GENESIS, NONE, NONE);
    // No hold, a hold of another id, itself, nowhere.
    const uint64_t claims[] = {1, other, 0, UINT64_MAX};
    for (uint32_t i = 0; i < sizeof(claims) / sizeof(claims[0]); i++) {
        commit.hold_insert =
            (struct commit_hold_insert){.hold = next(ARENA_HOLDS),
                                        .facet = facet,
                                        .how = HOW_CALL,
                                        .origin = {7, 9},
                                        .origin_seq = i == 2 ? state.seq : claims[i]};
        uint32_t life = put(commit);
        history_index();
        authority_hold_of(&history, life, &hold);
        assert_int_equal(hold.origin, LIFE_NONE);
        assert_true(hold.is_foreign);
    }
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, history_begin, history_end)
    const struct CMUnitTest tests[] = {
        CASE(a_chain_of_calls_shows_each_caller),
        CASE(an_answer_was_for_whoever_got_it),
        CASE(a_moved_capability_has_one_holder_and_its_whole_path),
        CASE(an_origin_that_is_none_is_said_to_be_foreign),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
