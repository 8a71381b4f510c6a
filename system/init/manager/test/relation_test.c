// SPDX-License-Identifier: Apache-2.0
//
// Services among each other: requiring, wanting, binding, conflicting, and what fails with whom.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "system/init/manager/test/scene.h"

#define S(name, fields) "\"" name "\": {\"ImagePath\": \"x\"" fields "}"
#define BOOT            ", \"Triggers\": \"boot\""

// INIT-8.1
static void what_is_required_starts_first_and_its_failure_fails_the_rest(void **state)
{
    static const char services[] = "{" S("a", BOOT ", \"Requires\": \"b\"") "," S(
        "b", ", \"Requires\": \"c\"") "," S("c", ", \"RestartPolicy\": 0") "}";
    (void)state;

    scene_clear();
    scene_boot(services);
    assert_int_equal(scene_state("a"), STATE_ACTIVE);
    assert_true(scene_when("c", STATE_ACTIVE) < scene_when("b", STATE_STARTING));
    assert_true(scene_when("b", STATE_ACTIVE) < scene_when("a", STATE_STARTING));
    assert_int_equal(scene_cause("c"), CAUSE_DEPENDENCY_START);
    scene_clear();
    scene_behave("c")->failing_step = STEP_BUILD + 1;
    scene_boot(services);
    assert_int_equal(scene_state("b"), STATE_FAILED);
    assert_int_equal(scene_cause("a"), CAUSE_DEPENDENCY_FAILURE);
    // No coupling at run time.
    scene_clear();
    scene_boot(services);
    (void)scene_command(COMMAND_STOP, "c");
    assert_int_equal(scene_state("a"), STATE_ACTIVE);
}

// INIT-8.1 INIT-3.5
static void what_leaves_while_conditions_are_asked_is_waited_for(void **state)
{
    (void)state;
    scene_clear();
    scene_behave("a")->is_check_silent = true;
    scene_boot(
        "{" S("a", BOOT ", \"Requires\": \"b\", \"Conditions\": \"path:/x\"") "," S("b", "") "}");
    assert_int_equal(scene_service("a")->phase, PHASE_CHECK);
    assert_true(world_crash(&scene.world, scene_slot("b"), 1, false));
    world_event(&scene.world, &(struct event){.kind = EVENT_CHECKED,
                                              .service = scene_slot("a"),
                                              .activation = scene_service("a")->activation});
    assert_int_equal(scene_state("a"), STATE_INACTIVE);
    assert_int_equal(scene.manager.start_count, 0); // it keeps no place meanwhile
    scene_run(3000);
    assert_int_equal(scene_state("a"), STATE_ACTIVE);
    assert_int_equal(scene.actions[ACTION_CHECK], 1);
}

// INIT-8.2
static void what_is_wanted_starts_first_but_may_be_missing_disabled_or_fail(void **state)
{
    (void)state;
    scene_clear();
    scene_behave("b")->failing_step = STEP_BUILD + 1;
    scene_boot("{" S("a", BOOT ", \"Wants\": [\"b\", \"c\", \"d\", \"e\"]") "," S(
        "b", ", \"RestartPolicy\": 0") "," S("c", ", \"Disabled\": 1") "," S("e", "") "}");
    assert_int_equal(scene_state("a"), STATE_ACTIVE);
    assert_int_equal(scene_state("b"), STATE_FAILED);
    assert_int_equal(scene_state("c"), STATE_INACTIVE);
    assert_true(scene_when("e", STATE_ACTIVE) < scene_when("a", STATE_STARTING));
}

// INIT-8.3 INIT-7.3
static void the_bound_one_stops_with_the_other_and_comes_back_with_it(void **state)
{
    static const char services[] =
        "{" S("a", BOOT ", \"BindsTo\": \"b\", \"RestartMaxRetries\": 0") "," S("b", "") "}";
    (void)state;

    scene_clear();
    scene_boot(services);
    (void)scene_command(COMMAND_STOP, "b");
    assert_int_equal(scene_state("b"), STATE_INACTIVE);
    assert_int_equal(scene_state("a"), STATE_FAILED);
    assert_int_equal(scene_cause("a"), CAUSE_BINDS_TO_PROPAGATION);
    assert_true(scene_when("a", STATE_FAILED) < scene_when("b", STATE_STOPPING));
    (void)scene_command(COMMAND_START, "b");
    scene_run(100);
    assert_int_equal(scene_state("a"), STATE_ACTIVE);
    assert_int_equal(scene_cause("a"), CAUSE_BINDS_TO_RECOVERY);
    // A crash of the other as well, and without cost to the budget.
    assert_true(world_crash(&scene.world, scene_slot("b"), 1, false));
    scene_run(10);
    assert_int_equal(scene_state("a"), STATE_FAILED);
    scene_run(2000);
    assert_int_equal(scene_state("a"), STATE_ACTIVE);
    assert_int_equal(scene_service("a")->restart_count, 0);
    // Who is stopped outright doesn't come back.
    (void)scene_command(COMMAND_STOP, "a");
    (void)scene_command(COMMAND_RESTART, "b");
    scene_run(1000);
    assert_int_equal(scene_state("a"), STATE_INACTIVE);
}

// INIT-8.3
static void nothing_comes_back_to_what_is_about_to_stop(void **state)
{
    (void)state;
    scene_clear();
    scene_behave("c")->stop_ms = 4000;
    scene_boot("{" S("a", BOOT ", \"BindsTo\": \"b\"") "," S("b", "") "," S(
        "c", BOOT ", \"BindsTo\": \"b\"") "}");
    (void)scene_command(COMMAND_STOP, "b"); // waits for c
    scene_run(2000);
    assert_int_equal(scene_state("b"), STATE_ACTIVE);
    assert_int_equal(scene_state("a"), STATE_FAILED);
    scene_run(4000);
    assert_int_equal(scene_state("b"), STATE_INACTIVE);
    assert_int_equal(scene_changes("a", STATE_FAILED, STATE_STARTING), 0);
}

// INIT-8.4
static void starting_one_stops_what_conflicts_with_it_first(void **state)
{
    (void)state;
    scene_clear();
    scene_boot("{" S("a", BOOT ", \"Conflicts\": \"b\"") "," S("b", "") "}");
    (void)scene_command(COMMAND_START, "b");
    scene_run(100);
    assert_int_equal(scene_state("b"), STATE_ACTIVE);
    assert_int_equal(scene_state("a"), STATE_FAILED);
    assert_int_equal(scene_cause("a"), CAUSE_CONFLICT_EVICTION);
    assert_true(scene_when("a", STATE_FAILED) < scene_when("b", STATE_STARTING));
    // And the other way round: it is symmetric.
    (void)scene_command(COMMAND_START, "a");
    scene_run(100);
    assert_int_equal(scene_state("a"), STATE_ACTIVE);
    assert_int_equal(scene_state("b"), STATE_FAILED);
}

// INIT-8.4 INIT-8.5
static void two_boot_triggered_that_conflict_both_fail(void **state)
{
    (void)state;
    scene_clear();
    scene_boot("{" S("a", BOOT ", \"Conflicts\": \"b\"") "," S("b", BOOT) "," S("c", BOOT) "}");
    assert_int_equal(scene_cause("a"), CAUSE_VALIDATION_ERROR);
    assert_int_equal(scene_cause("b"), CAUSE_VALIDATION_ERROR);
    assert_int_equal(scene_state("c"), STATE_ACTIVE);
}

// INIT-8.5
static void all_members_of_cycles_fail_and_what_needs_them(void **state)
{
    (void)state;
    scene_clear();
    scene_boot("{" S("a", ", \"Requires\": \"b\"") "," S("b", ", \"Wants\": \"a\"") "," S(
        "c", BOOT ", \"Requires\": \"a\"") "," S("d", BOOT ", \"Requires\": \"nope\"") "}");
    assert_int_equal(scene_cause("a"), CAUSE_CYCLE_DETECTED);
    assert_int_equal(scene_cause("b"), CAUSE_CYCLE_DETECTED);
    assert_int_equal(scene_cause("c"), CAUSE_DEPENDENCY_FAILURE);
    assert_int_equal(scene_cause("d"), CAUSE_VALIDATION_ERROR);
}

// INIT-8.6
static void a_grant_from_another_service_implies_requires(void **state)
{
    (void)state;
    scene_clear();
    scene_boot("{" S("a", BOOT ", \"Grants\": \"fs = b/root.read\"") "," S(
        "b", ", \"Exports\": \"root : Directory\"") "}");
    assert_int_equal(scene_state("a"), STATE_ACTIVE);
    assert_int_equal(scene_state("b"), STATE_ACTIVE);
    assert_true(scene_when("b", STATE_ACTIVE) < scene_when("a", STATE_STARTING));
}

// INIT-8.7
static void a_start_whose_closure_conflicts_is_refused(void **state)
{
    (void)state;
    scene_clear();
    scene_boot("{" S("a", ", \"Requires\": [\"b\", \"c\"]") "," S(
        "b", ", \"Conflicts\": \"c\"") "," S("c", "") "}");
    uint32_t reply = scene_command(COMMAND_START, "a");
    assert_int_equal(scene.replies[reply].code, REPLY_CONFLICTING);
    assert_string_equal(scene.replies[reply].detail, "b conflicts with c");
    assert_int_equal(scene_state("a"), STATE_INACTIVE);
}

// INIT-6.6
static void on_failure_starts_its_service_and_never_in_a_storm(void **state)
{
    (void)state;
    scene_clear();
    scene_boot(
        "{" S("a", BOOT ", \"OnFailure\": \"b\", \"Requires\": \"none\"") "," S("b", "") "}");
    assert_int_equal(scene_state("b"), STATE_ACTIVE);
    scene_clear();
    scene_boot("{" S("a", BOOT ", \"OnFailure\": \"b\", \"Requires\": \"none\"") "," S(
        "b", ", \"Requires\": \"none\", \"OnFailure\": \"a\"") "}");
    assert_true(scene.records[RECORD_ON_FAILURE] <= 12);
    assert_int_equal(scene.records[RECORD_ON_FAILURE_SPENT], 1);
}

// INIT-2.4
static void at_most_ten_start_at_once(void **state)
{
    static char text[4096] = "{";
    (void)state;
    struct phrase services = phrase_in(text, sizeof(text));
    phrase_put(&services, "{");
    for (int i = 0; i < 25; i++) {
        phrase_put(&services, i > 0 ? ", \"s" : "\"s");
        phrase_put_number(&services, i);
        phrase_put(&services, "\": {\"ImagePath\": \"x\", \"Triggers\": \"boot\"}");
    }
    phrase_put(&services, "}");
    scene_clear();
    for (uint32_t i = 0; i < SERVICES_MAX; i++) {
        scene.world.behaviours[i].ready_ms = 100;
    }
    scene_prepare(text);
    for (uint32_t i = 2; i < SERVICES_MAX; i++) {
        scene.world.behaviours[i].ready_ms = 100;
    }
    world_boot(&scene.world, 0);
    uint32_t most = 0;
    for (int i = 0; i < 1000; i++) {
        scene_run(1);
        most = scene.manager.start_count > most ? scene.manager.start_count : most;
    }
    assert_int_equal(most, PARALLEL_STARTS);
    assert_true(scene.manager.is_booted);
}

// INIT-12.2
static void a_shutdown_stops_dependents_before_what_they_depend_on(void **state)
{
    (void)state;
    scene_clear();
    scene_behave("b")->stop_ms = 700;
    scene_boot("{" S("a", BOOT ", \"Requires\": \"b\"") "," S("b", ", \"Requires\": \"c\"") "," S(
        "c", "") "}");
    world_event(&scene.world, &(struct event){.kind = EVENT_POWER});
    scene_run(500);
    assert_int_equal(scene_state("c"), STATE_ACTIVE);
    scene_run(5000);
    assert_true(scene_when("a", STATE_STOPPING) < scene_when("b", STATE_STOPPING));
    assert_true(scene_when("b", STATE_STOPPING) < scene_when("c", STATE_STOPPING));
    assert_true(scene.world.is_halted);
    assert_int_equal(scene.world.halt, HALT_POWEROFF);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_required_starts_first_and_its_failure_fails_the_rest),
        cmocka_unit_test(what_leaves_while_conditions_are_asked_is_waited_for),
        cmocka_unit_test(what_is_wanted_starts_first_but_may_be_missing_disabled_or_fail),
        cmocka_unit_test(the_bound_one_stops_with_the_other_and_comes_back_with_it),
        cmocka_unit_test(nothing_comes_back_to_what_is_about_to_stop),
        cmocka_unit_test(starting_one_stops_what_conflicts_with_it_first),
        cmocka_unit_test(two_boot_triggered_that_conflict_both_fail),
        cmocka_unit_test(all_members_of_cycles_fail_and_what_needs_them),
        cmocka_unit_test(a_grant_from_another_service_implies_requires),
        cmocka_unit_test(a_start_whose_closure_conflicts_is_refused),
        cmocka_unit_test(on_failure_starts_its_service_and_never_in_a_storm),
        cmocka_unit_test(at_most_ten_start_at_once),
        cmocka_unit_test(a_shutdown_stops_dependents_before_what_they_depend_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
