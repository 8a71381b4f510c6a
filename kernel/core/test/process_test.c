// SPDX-License-Identifier: Apache-2.0
//
// Processes and facets: what a builder makes and gives back, how exits are told, and what can be
// made of a capability.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/core/test/memory.h"

enum { MESSAGE = 64, INTERFACE = 0x5000 };

static const char *const programs[] = {"init", "child", NULL};
static uint32_t init;

static int boot_with(bool takes_tables)
{
    if (!machine_boot(
            &(struct machine_options){.programs = programs, .takes_tables = takes_tables})) {
        return 1;
    }
    init = (uint32_t)machine.running;
    return 0;
}

static int boot(void **state)
{
    (void)state;
    return boot_with(false);
}

static int boot_with_tables(void **state)
{
    (void)state;
    return boot_with(true);
}

static void builder_drop_gives_everything_back(void **state)
{
    uint64_t frames = act_free_frames();
    uint32_t tables = machine.tables;

    (void)state;
    for (uint32_t i = 0; i < 10; i++) {
        cap_t builder = act_builder(init);
        assert_int_equal(act_grant(init, builder, "a", 1, act_named(init, "timer")), STATUS_OK);
        assert_true(act_free_frames() < frames);
        assert_int_equal(act_do_fact(init, act_release(builder)), STATUS_OK);
        assert_int_equal(act_free_frames(), frames);
        assert_int_equal(machine.tables, tables);
        assert_int_equal(act_core()->live_count, 1);
    }
    act_next_exit(init, 1);
    assert_false(act_has_completion(init)); // nobody was started, so nobody ended
}

static void process_exit_and_reap_return_every_frame(void **state)
{
    uint64_t frames = act_free_frames();
    uint32_t holds = act_core()->state.arenas[ARENA_HOLDS].live;

    (void)state;
    for (uint32_t i = 0; i < 64; i++) {
        uint32_t child = act_process(init, "it", act_named(init, "timer"));
        act_kill(child, (int32_t)i);
        act_next_exit(init, 1);
        struct cqe cqe = act_reap(init);
        assert_int_equal(act_exit_read(init, &cqe).code, i);
        assert_int_equal(act_free_frames(), frames);
        assert_int_equal(act_core()->state.arenas[ARENA_HOLDS].live, holds);
        assert_int_equal(act_core()->state.arenas[ARENA_PROCESSES].live, 1);
    }
}

static void a_builder_says_what_is_missing_and_changes_nothing(void **state)
{
    cap_t timer = act_named(init, "timer");
    cap_t builder = act_builder(init);
    cap_t process;
    cap_t space;
    uint64_t base;

    (void)state;
    struct act_snapshot before = act_snapshot();
    assert_int_equal(act_grant(init, builder, NULL, 0, (cap_t){1ull << 32 | 777}),
                     STATUS_BAD_TRANSFER);
    assert_int_equal(act_grant(init, builder, NULL, 0, act_named(init, "job")),
                     STATUS_TRANSFER_REFUSED);
    assert_true(act_same(&before));
    assert_int_equal(act_grant(init, builder, "a", 1, timer), STATUS_OK);
    assert_int_equal(act_start(init, builder, &process), STATUS_OK);
    before = act_snapshot();
    assert_int_equal(act_built(init, builder, &process), STATUS_BUILDER_SPENT);
    assert_int_equal(act_grant(init, builder, NULL, 0, timer), STATUS_BUILDER_SPENT);
    assert_int_equal(act_space_fact(init, builder, &space, &base), STATUS_BUILDER_SPENT);
    assert_true(act_same(&before));
}

static void exits_are_told_once_each_in_their_order(void **state)
{
    uint32_t children[4];

    (void)state;
    for (uint32_t i = 0; i < 4; i++) {
        children[i] = act_process(init, NULL, (cap_t){0});
    }
    act_kill(children[2], 7);
    assert_true(machine_run_until(children[0]));
    machine_fault(children[0], EXIT_FAULT_MEMORY, 5);
    act_next_exit(init, 1); // after the exit
    struct cqe cqe = act_reap(init);
    assert_int_equal(act_exit_read(init, &cqe).code, 7);
    act_next_exit(init, 2);
    cqe = act_reap(init);
    assert_int_equal(act_exit_read(init, &cqe).cause, EXIT_FAULT_MEMORY);
    act_next_exit(init, 3); // before the exit
    assert_false(act_has_completion(init));
    assert_true(machine_run_until(children[1]));
    machine_fault(children[1], EXIT_FAULT_MACHINE, 5);
    cqe = act_reap(init);
    struct act_exit exit = act_exit_read(init, &cqe);
    assert_int_equal(exit.cause, EXIT_FAULT_MACHINE);
    assert_int_equal(exit.code, -1);
    act_next_exit(init, 4);
    assert_false(act_has_completion(init));
    assert_non_null(strstr((const char *)machine.console.bytes, "ends: a memory fault"));
}

static void the_last_exit_halts_with_the_first_programs_code(void **state)
{
    uint32_t child = act_process(init, NULL, (cap_t){0});

    (void)state;
    act_kill(init, 42);
    assert_int_equal(machine.end, MACHINE_RUNS);
    act_kill(child, 3);
    assert_int_equal(machine.end, MACHINE_HALTED);
    assert_int_equal(machine.code, 42);
    assert_int_equal(act_core()->state.arenas[ARENA_HOLDS].live, 0);
    assert_int_equal(act_core()->state.arenas[ARENA_MAPPINGS].live, 0);
}

// --- Facets -------------------------------------------------------------------------------------

static void a_facet_narrows_and_never_widens(void **state)
{
    cap_t server = act_endpoint(init, MESSAGE);
    struct act_facet narrow = act_facet(init, server, 6, INTERFACE, 1);

    (void)state;
    assert_int_equal(narrow.fact, STATUS_OK);
    struct act_snapshot before = act_snapshot();
    assert_int_equal(act_facet(init, narrow.facet, 7, 0, 0).fact, STATUS_FACET_WIDER);
    assert_int_equal(act_facet(init, narrow.facet, 6, INTERFACE + 1, 0).fact, STATUS_FACET_WIDER);
    assert_int_equal(act_facet(init, narrow.facet, 6, 0, 2).fact, STATUS_FACET_WIDER);
    assert_int_equal(act_facet(init, narrow.facet, 6, ENDPOINT_INTERFACE_ID, 0).fact,
                     STATUS_FACET_WIDER);
    assert_int_equal(act_facet(init, narrow.revoker, 0, 0, 0).fact, STATUS_WRONG_OBJECT);
    assert_int_equal(act_facet(init, (cap_t){1ull << 40}, 0, 0, 0).fact, STATUS_BAD_TRANSFER);
    assert_true(act_same(&before));
    assert_int_equal(act_facet(init, narrow.facet, 2, INTERFACE, 0).fact, STATUS_OK);
}

static void a_chain_of_facets_has_its_depth(void **state)
{
    cap_t at = act_endpoint(init, MESSAGE);

    (void)state;
    for (uint32_t depth = 1; depth < FACET_DEPTH_MAX; depth++) {
        struct act_facet next = act_facet(init, at, 1, depth == 1 ? INTERFACE : 0, 0);
        assert_int_equal(next.fact, STATUS_OK);
        at = next.facet;
    }
    struct act_snapshot before = act_snapshot();
    assert_int_equal(act_facet(init, at, 1, 0, 0).fact, STATUS_FACET_TOO_DEEP);
    assert_true(act_same(&before));
}

static void revoking_again_changes_nothing_and_cuts_off_all_below(void **state)
{
    cap_t server = act_endpoint(init, MESSAGE);
    struct act_facet upper = act_facet(init, server, 7, INTERFACE, 0);
    struct act_facet lower = act_facet(init, upper.facet, 7, 0, 0);
    struct act_facet other = act_facet(init, server, 7, INTERFACE, 0);

    (void)state;
    assert_true(act_is_live(init, lower.revoker));
    assert_int_equal(act_revoke(init, upper.revoker), STATUS_OK);
    struct act_snapshot before = act_snapshot();
    assert_int_equal(act_revoke(init, upper.revoker), STATUS_OK);
    assert_true(act_same(&before));
    assert_false(act_is_live(init, lower.revoker));
    assert_true(act_is_live(init, other.revoker));
    assert_int_equal(act_do_fact(init, act_call(upper.facet, 0, 1)), STATUS_REVOKED);
    assert_int_equal(act_do_fact(init, act_call(lower.facet, 0, 1)), STATUS_REVOKED);
    assert_int_equal(act_facet(init, lower.facet, 1, 0, 0).fact, STATUS_REVOKED);
}

static void dropping_a_revoker_revokes_nothing(void **state)
{
    cap_t server = act_endpoint(init, MESSAGE);
    struct act_facet client = act_facet(init, server, 7, INTERFACE, 0);

    (void)state;
    assert_int_equal(act_do_fact(init, act_release(client.revoker)), STATUS_OK);
    act_submit(init, act_call(client.facet, 0, 1));
    assert_false(act_has_completion(init));
    assert_int_equal(act_waiting(), 1);
}

static void an_endpoint_and_its_facets_go_with_their_last_hold(void **state)
{
    uint32_t objects = act_core()->state.arenas[ARENA_OBJECTS].live;
    uint32_t facets = act_core()->state.arenas[ARENA_FACETS].live;
    cap_t server = act_endpoint(init, MESSAGE);
    struct act_facet client = act_facet(init, server, 7, INTERFACE, 0);

    (void)state;
    assert_int_equal(act_do_fact(init, act_release(server)), STATUS_OK);
    assert_int_equal(act_do_fact(init, act_release(client.facet)), STATUS_OK);
    assert_int_equal(act_core()->state.arenas[ARENA_OBJECTS].live, objects + 1);
    assert_int_equal(act_do_fact(init, act_release(client.revoker)), STATUS_OK);
    assert_int_equal(act_core()->state.arenas[ARENA_OBJECTS].live, objects);
    assert_int_equal(act_core()->state.arenas[ARENA_FACETS].live, facets);
}

static void every_process_slot_can_be_used_and_then_no_more(void **state)
{
    cap_t builder;
    enum status fact = STATUS_OK;
    uint32_t count = 1;

    (void)state;
    while ((fact = act_builder_fact(init, &builder)) == STATUS_OK) {
        count++;
    }
    assert_int_equal(fact, STATUS_OUT_OF_PROCESSES);
    assert_int_equal(count, act_core()->state.config.processes);
    struct act_snapshot before = act_snapshot();
    assert_int_equal(act_builder_fact(init, &builder), STATUS_OUT_OF_PROCESSES);
    assert_true(act_same(&before));
}

static void an_endpoint_has_a_message_size(void **state)
{
    cap_t server;
    struct act_snapshot before = act_snapshot();

    (void)state;
    assert_int_equal(act_endpoint_fact(init, 0, &server), STATUS_BAD_VALUE);
    assert_int_equal(act_endpoint_fact(init, MESSAGE_SIZE_MAX + 1, &server), STATUS_BAD_VALUE);
    assert_true(act_same(&before));
    assert_int_equal(act_endpoint_fact(init, MESSAGE_SIZE_MAX, &server), STATUS_OK);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, boot, act_fini)
    const struct CMUnitTest tests[] = {
        TEST(builder_drop_gives_everything_back),
        cmocka_unit_test_setup_teardown(builder_drop_gives_everything_back, boot_with_tables,
                                        act_fini),
        TEST(process_exit_and_reap_return_every_frame),
        TEST(a_builder_says_what_is_missing_and_changes_nothing),
        TEST(exits_are_told_once_each_in_their_order),
        TEST(the_last_exit_halts_with_the_first_programs_code),
        TEST(a_facet_narrows_and_never_widens),
        TEST(a_chain_of_facets_has_its_depth),
        TEST(revoking_again_changes_nothing_and_cuts_off_all_below),
        TEST(dropping_a_revoker_revokes_nothing),
        TEST(an_endpoint_and_its_facets_go_with_their_last_hold),
        TEST(every_process_slot_can_be_used_and_then_no_more),
        TEST(an_endpoint_has_a_message_size),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
