// SPDX-License-Identifier: Apache-2.0
//
// A machine with hardly any room: as much of each resource as it was told and no more, memory with
// a hole, and a log in which nothing more can be recorded until somebody has read it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/core/test/memory.h"
#include "kernel/core/test/waiting.h"

enum { CALLS = 8 };

static uint32_t init;

static int boot(void **state)
{
    (void)state;
    if (!act_threads_boot()) {
        return 1;
    }
    init = (uint32_t)machine.running;
    return 0;
}

// --- Small machines -----------------------------------------------------------------------------

static const char *const programs[] = {"init", "child", NULL};

static void the_machine_has_as_much_of_each_as_it_was_told(void **state)
{
    struct machine_options options = {.programs = programs,
                                      .sizes = {[RESOURCE_FACETS] = 60,
                                                [RESOURCE_HOLDS] = 50,
                                                [RESOURCE_CALLS] = CALLS,
                                                [RESOURCE_LOG] = 40}};

    (void)state;
    assert_true(machine_boot(&options));
    assert_int_equal(act_core()->state.config.facets, 60);
    assert_int_equal(act_core()->state.config.holds, 50);
    assert_int_equal(act_core()->request_count, CALLS);
    assert_int_equal(act_core()->log->page_count, 40);
    init = (uint32_t)machine.running;
    cap_t note = act_notification(init);
    cap_t other = act_give(init, note, init);
    for (uint32_t i = 1; i < CALLS; i++) { // one slot is for what ends at once
        act_submit(init, act_wait(other, 1, i));
        assert_false(act_has_completion(init));
    }
    assert_int_equal(act_do_fact(init, act_wait(note, 1, 9)), STATUS_OUT_OF_CALLS);
    assert_int_equal(act_do_fact(init, act_signal(note, 2)), STATUS_OK);
    // Every slot was used: what the lost capability leaves is found in all of them.
    act_submit(init, act_release(other));
    for (uint32_t i = 0; i < CALLS; i++) {
        struct cqe cqe = act_reap(init);
        assert_int_equal(act_fact(&cqe), cqe.user_data == 0 ? STATUS_OK : STATUS_STALE_CAP);
    }
    assert_int_equal(act_waiting(), 0);
}

static void all_memory_is_used_on_both_sides_of_a_hole(void **state)
{
    struct machine_options options = {
        .programs = programs, .hole_first = 700, .hole_count = 9}; // the larger range is behind it
    uint64_t left = 0;
    cap_t memory;

    (void)state;
    assert_true(machine_boot(&options));
    assert_true(act_core()->log_frame > options.hole_first);
    init = (uint32_t)machine.running;
    while (act_memory_fact(init, 64, &memory) == STATUS_OK) {
        left = act_free_frames();
    }
    while (act_memory_fact(init, 1, &memory) == STATUS_OK) {
        left = act_free_frames();
    }
    assert_true(left < 8);
    act_kill(init, 0);
    assert_int_equal(machine.end, MACHINE_HALTED);
}

static enum status set_lease(cap_t revoker, uint64_t calls)
{
    uint64_t words[8] = {0};
    struct capnp_builder message;
    struct act_answer answer;

    capnp_builder_init(&message, words, sizeof(words));
    struct revoker_set_lease_params_builder params = revoker_set_lease_params_build(&message);
    revoker_set_lease_params_set_expiry(params, UINT64_MAX);
    revoker_set_lease_params_set_calls(params, calls);
    act_object(init, revoker, REVOKER_SET_LEASE, &message, &answer);
    return act_fact(&answer.cqe);
}

// --- A log with hardly any room -----------------------------------------------------------------

// What is left for programs' changes of authority, less than which is never begun.
static uint64_t reserve_of(uint64_t reserve)
{
    const struct state_config *config = &act_core()->state.config;

    return (uint64_t)config->processes + config->jobs + reserve + TURN_COMMITS_MAX;
}

static void room_set(uint64_t room)
{
    machine.kernel->log.room = room;
}

// Somebody has read the log: there is room again, and what waited for it is seen to.
static void room_give(uint64_t room)
{
    uint64_t words[8] = {0};
    struct capnp_builder message;
    struct act_answer answer;

    room_set(room);
    capnp_builder_init(&message, words, sizeof(words));
    log_reader_acknowledge_params_set_page(log_reader_acknowledge_params_build(&message),
                                           act_core()->log->first);
    act_object(init, act_named(init, "log"), LOG_READER_ACKNOWLEDGE, &message, &answer);
    assert_int_equal(act_fact(&answer.cqe), STATUS_OK);
}

static void a_lease_that_runs_out_while_the_log_is_full_is_over_all_the_same(void **state)
{
    struct act_facet note = act_facet(init, act_notification(init), 3, 0, 0);
    uint64_t room = act_core()->log->room;

    (void)state;
    assert_int_equal(set_lease(note.revoker, 2), STATUS_OK);
    assert_int_equal(act_do_fact(init, act_signal(note.facet, 1)), STATUS_OK);
    room_set(reserve_of(LOG_DRAINER) - 1);
    assert_int_equal(act_do_fact(init, act_signal(note.facet, 1)), STATUS_OK);
    uint64_t seq = act_core()->state.seq;
    assert_int_equal(act_do_fact(init, act_signal(note.facet, 1)), STATUS_REVOKED);
    assert_int_equal(act_core()->state.seq, seq);
    room_give(room);
    assert_false(act_is_live(init, note.revoker));
}

static void what_a_revocation_leaves_mapped_goes_when_there_is_room(void **state)
{
    cap_t space = act_named(init, "space");
    struct act_facet memory = act_facet(init, act_memory(init, 1), ~0ull >> 59, 0, 0);
    uint64_t at = LAYOUT_OWN + 32 * PAGE_SIZE;
    uint64_t room = act_core()->log->room;

    (void)state;
    assert_int_equal(act_map(init, space, at, 1, RIGHT_READ, memory.facet, 0), STATUS_OK);
    room_set(reserve_of(LOG_REVOKE)); // for the revocation, and nothing more
    act_submit(init, act_call(memory.revoker, REVOKER_REVOKE, 1));
    assert_int_equal(act_reap_fact(init, 1), STATUS_OK);
    assert_non_null(machine_mapping_find(machine.threads[init].space, at / PAGE_SIZE));
    room_give(room);
    assert_null(machine_mapping_find(machine.threads[init].space, at / PAGE_SIZE));
}

static void a_thread_that_ends_while_the_log_is_full_is_given_back_later(void **state)
{
    uint32_t thread;
    cap_t made = act_thread_started(&thread);
    uint64_t room = act_core()->log->room;

    (void)state;
    room_set(reserve_of(LOG_DRAINER) - 1);
    act_thread_exit(init, made, 3);
    assert_int_equal(act_reap_fact(init, 0), STATUS_OK);
    assert_int_equal(act_core()->state.arenas[ARENA_THREADS].live, 2);
    room_give(room);
    assert_int_equal(act_core()->state.arenas[ARENA_THREADS].live, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, boot, act_fini)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_machine_has_as_much_of_each_as_it_was_told),
        TEST(all_memory_is_used_on_both_sides_of_a_hole),
        TEST(a_lease_that_runs_out_while_the_log_is_full_is_over_all_the_same),
        TEST(what_a_revocation_leaves_mapped_goes_when_there_is_room),
        TEST(a_thread_that_ends_while_the_log_is_full_is_given_back_later),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
