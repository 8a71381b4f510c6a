// SPDX-License-Identifier: Apache-2.0
//
// The life of one service, from its start to its end.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "system/init/manager/test/scene.h"

#define ONE(fields) "{\"a\": {\"ImagePath\": \"a\", \"Triggers\": \"boot\"" fields "}}"

// INIT-5.1 INIT-5.2 INIT-5.4
static void a_notify_service_is_active_when_it_says_ready(void **state)
{
    (void)state;
    scene_clear();
    scene_behave("a")->ready_ms = 500;
    scene_boot(ONE(""));
    assert_int_equal(scene_state("a"), STATE_ACTIVE);
    assert_int_equal(scene_cause("a"), CAUSE_EXPLICIT_START);
    assert_string_equal(scene_service("a")->status_text, "busy");
    // Each step was asked for, in order, for this service and the two that are built in.
    assert_int_equal(scene.actions[ACTION_STEP], 3 * STEP_COUNT);
    assert_int_equal(scene.last[ACTION_STEP].part, STEP_RUN);
}

// INIT-5.4
static void an_alive_service_is_active_at_once_and_a_oneshot_when_it_ends(void **state)
{
    (void)state;
    scene_clear();
    scene_behave("a")->ready_ms = WORLD_NEVER;
    scene_boot(ONE(", \"Readiness\": \"Alive\""));
    assert_int_equal(scene_state("a"), STATE_ACTIVE);
    scene_clear();
    scene_boot(ONE(", \"Type\": \"Oneshot\", \"RemainAfterExit\": 1"));
    assert_int_equal(scene_state("a"), STATE_COMPLETED);
    scene_clear();
    scene_boot(ONE(", \"Type\": \"Oneshot\""));
    assert_int_equal(scene_state("a"), STATE_INACTIVE);
    assert_int_equal(scene_changes("a", STATE_COMPLETED, STATE_INACTIVE), 1);
}

// INIT-5.1 INIT-7.2
static void a_service_that_is_never_ready_runs_into_its_start_timeout(void **state)
{
    (void)state;
    scene_clear();
    scene_behave("a")->ready_ms = WORLD_NEVER;
    scene_boot(ONE(", \"StartTimeout\": 2, \"RestartPolicy\": \"Never\""));
    assert_int_equal(scene_state("a"), STATE_STARTING);
    scene_run(2000);
    assert_int_equal(scene_state("a"), STATE_FAILED);
    assert_int_equal(scene_cause("a"), CAUSE_READINESS_TIMEOUT);
    assert_true(scene.manager.job_count == 2);
}

// INIT-5.2
static void a_failing_step_leaves_no_process_and_names_step_and_status(void **state)
{
    (void)state;
    for (uint32_t step = 0; step < STEP_COUNT; step++) {
        scene_clear();
        scene_behave("a")->failing_step = (uint8_t)(step + 1);
        scene_boot(ONE(", \"RestartPolicy\": 0"));
        if (step == STEP_IDENTITY) { // absent means LocalService
            assert_int_equal(scene_state("a"), STATE_ACTIVE);
            assert_int_equal(scene.records[RECORD_IDENTITY_ABSENT], 1);
            continue;
        }
        assert_int_equal(scene_state("a"), STATE_FAILED);
        assert_int_equal(scene_cause("a"), start_step_cause(step));
        assert_non_null(strstr(scene_service("a")->history[0].detail, start_step_name(step)));
        assert_non_null(strstr(scene_service("a")->history[0].detail, "status -2"));
        assert_int_equal(scene.manager.job_count, 2);
    }
}

// INIT-4.2
static void a_silent_identity_service_means_local_service(void **state)
{
    (void)state;
    scene_clear();
    struct behaviour *behaviour = scene_behave("a");
    behaviour->failing_step = STEP_IDENTITY + 1;
    behaviour->is_step_silent = true;
    scene_boot(ONE(""));
    assert_int_equal(scene_state("a"), STATE_STARTING);
    scene_run(5000);
    assert_int_equal(scene_state("a"), STATE_ACTIVE);
    assert_int_equal(scene.records[RECORD_IDENTITY_ABSENT], 1);
}

// INIT-5.3
static void hooks_run_before_and_after_and_only_those_before_count(void **state)
{
    (void)state;
    scene_clear();
    scene_boot(ONE(", \"ExecStartPre\": [\"one\", \"two x\"], \"ExecStartPost\": \"three\""));
    assert_int_equal(scene_state("a"), STATE_ACTIVE);
    assert_int_equal(scene.actions[ACTION_RUN], 3);
    assert_int_equal(scene.manager.job_count, 3);
    scene_clear();
    scene_behave("a")->hook_fails = true;
    scene_boot(ONE(", \"ExecStartPost\": \"three\""));
    assert_int_equal(scene_state("a"), STATE_ACTIVE);
    assert_int_equal(scene.records[RECORD_HOOK_FAILED], 1);
    scene_clear();
    scene_behave("a")->hook_fails = true;
    scene_boot(ONE(", \"ExecStartPre\": \"one\", \"RestartPolicy\": 0"));
    assert_int_equal(scene_state("a"), STATE_FAILED);
    assert_int_equal(scene_cause("a"), CAUSE_PRE_HOOK_FAILURE);
    scene_clear();
    scene_behave("a")->hook_hangs = true;
    scene_boot(ONE(", \"ExecStartPost\": \"three\", \"StartTimeout\": 1"));
    scene_run(1000);
    assert_int_equal(scene_state("a"), STATE_ACTIVE);
    assert_int_equal(scene.records[RECORD_HOOK_FAILED], 1);
}

// INIT-3.5
static void conditions_skip_and_asserts_fail_before_anything_starts(void **state)
{
    static const char fields[] =
        ONE(", \"Conditions\": [\"path:/x\", \"file:/y\"], \"Asserts\": [\"registry:k\"]");
    (void)state;

    scene_clear();
    scene_behave("a")->false_conditions = 2;
    scene_boot(fields);
    assert_int_equal(scene_state("a"), STATE_SKIPPED);
    assert_string_equal(scene_service("a")->history[0].detail, "file:/y");
    scene_clear();
    scene_behave("a")->false_conditions = 4;
    scene_boot(fields);
    assert_int_equal(scene_state("a"), STATE_FAILED);
    assert_int_equal(scene_cause("a"), CAUSE_ASSERTION_ERROR);
    scene_clear();
    scene_behave("a")->is_check_silent = true;
    scene_boot(fields);
    scene_run(5000);
    assert_int_equal(scene_state("a"), STATE_FAILED);
    assert_int_equal(scene.actions[ACTION_STEP], 2 * STEP_COUNT);
}

// INIT-7.1 INIT-7.2 INIT-7.3
static void a_crash_restarts_with_growing_delay_until_the_budget_is_spent(void **state)
{
    (void)state;
    scene_clear();
    struct behaviour *behaviour = scene_behave("a");
    behaviour->ends_ms = 10;
    behaviour->crash_percent = 100;
    behaviour->exit_code = 3;
    scene_boot(ONE(", \"RestartMaxRetries\": 3"));
    assert_int_equal(scene_state("a"), STATE_STARTING);
    scene_run(8000); // 1 s, 2 s, 4 s
    assert_int_equal(scene_state("a"), STATE_FAILED);
    assert_int_equal(scene_cause("a"), CAUSE_RESTART_BUDGET_EXHAUSTED);
    assert_int_equal(scene_changes("a", STATE_STARTING, STATE_STARTING), 3);
    assert_non_null(strstr(scene_service("a")->history[0].detail, "exit code 3"));
}

// INIT-7.1
static void policies_decide_what_an_exit_means(void **state)
{
    static const struct {
        const char *fields;
        int32_t code;
        enum service_state expected;
    } rows[] = {
        {ONE(", \"RestartPolicy\": 0"), 3, STATE_FAILED},
        {ONE(", \"RestartPolicy\": 0"), 0, STATE_INACTIVE},
        {ONE(", \"RestartPolicy\": 1"), 0, STATE_INACTIVE},
        {ONE(", \"RestartPolicy\": 1, \"SuccessExitCodes\": [3]"), 3, STATE_INACTIVE},
        {ONE(", \"RestartPolicy\": 2"), 0, STATE_STARTING},
        {ONE(", \"RestartPolicy\": 1"), 3, STATE_STARTING},
    };
    (void)state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        scene_clear();
        scene_boot(rows[i].fields);
        assert_true(world_crash(&scene.world, scene_slot("a"), rows[i].code, false));
        scene_run(100);
        assert_int_equal(scene_state("a"), rows[i].expected);
    }
}

// INIT-7.1
static void a_successful_oneshot_is_never_restarted(void **state)
{
    (void)state;
    scene_clear();
    scene_boot(ONE(", \"Type\": 1, \"RestartPolicy\": 2, \"RemainAfterExit\": 1"));
    scene_run(10000);
    assert_int_equal(scene_state("a"), STATE_COMPLETED);
    assert_int_equal(scene_changes("a", STATE_STARTING, STATE_STARTING), 0);
}

// INIT-7.3
static void a_window_of_health_resets_delay_and_budget(void **state)
{
    (void)state;
    scene_clear();
    scene_boot(ONE(", \"RestartWindow\": 5, \"RestartMaxRetries\": 1"));
    for (int i = 0; i < 3; i++) {
        assert_true(world_crash(&scene.world, scene_slot("a"), 1, true));
        scene_run(1500);
        assert_int_equal(scene_state("a"), STATE_ACTIVE);
        scene_run(6000);
        assert_int_equal(scene_service("a")->backoff, 0);
    }
}

// INIT-7.4
static void a_reload_is_confirmed_or_advisory_and_never_stuck(void **state)
{
    (void)state;
    scene_clear();
    scene_boot(ONE(""));
    scene_behave("a")->confirms_reload = true;
    (void)scene_command(COMMAND_RELOAD, "a");
    scene_run(100);
    assert_int_equal(scene_state("a"), STATE_ACTIVE);
    assert_int_equal(scene.records[RECORD_RELOAD_ADVISORY], 0);
    scene_behave("a")->confirms_reload = false;
    (void)scene_command(COMMAND_RELOAD, "a");
    assert_int_equal(scene_state("a"), STATE_RELOADING);
    assert_int_equal(scene.replies[scene_command(COMMAND_RELOAD, "a")].code, REPLY_OK);
    scene_run(2000);
    assert_int_equal(scene_state("a"), STATE_ACTIVE);
    assert_int_equal(scene.records[RECORD_RELOAD_ADVISORY], 1);
    scene_notify("a", NOTIFY_RELOADING, 0, "");
    assert_int_equal(scene_state("a"), STATE_RELOADING);
    scene_run(31000);
    assert_int_equal(scene_state("a"), STATE_ACTIVE);
    (void)scene_command(COMMAND_RELOAD, "a");
    assert_true(world_crash(&scene.world, scene_slot("a"), 1, false));
    scene_run(10);
    assert_int_equal(scene_changes("a", STATE_RELOADING, STATE_STARTING), 1);
    scene_run(2000);
    (void)scene_command(COMMAND_RELOAD, "a");
    (void)scene_command(COMMAND_STOP, "a");
    assert_int_equal(scene_state("a"), STATE_INACTIVE);
}

// INIT-7.5
static void extending_the_timeout_is_bounded(void **state)
{
    (void)state;
    scene_clear();
    scene_behave("a")->ready_ms = WORLD_NEVER;
    scene_boot(ONE(", \"StartTimeout\": 2, \"RestartPolicy\": 0"));
    scene_notify("a", NOTIFY_EXTEND_TIMEOUT_USEC, 100000000, "");
    scene_run(6500);
    assert_int_equal(scene_state("a"), STATE_STARTING);
    scene_run(1000);
    assert_int_equal(scene_state("a"), STATE_FAILED);
    scene_clear();
    scene_boot(ONE(""));
    scene_notify("a", NOTIFY_EXTEND_TIMEOUT_USEC, UINT64_MAX, "");
    assert_int_equal(scene.records[RECORD_NOTIFY_REFUSED], 1);
}

// INIT-7.6
static void the_watchdog_restarts_what_gives_no_sign_of_life(void **state)
{
    (void)state;
    scene_clear();
    scene_boot(ONE(", \"WatchdogTimeout\": 2"));
    scene_notify("a", NOTIFY_WATCHDOG, 0, "");
    scene_run(1900);
    assert_int_equal(scene_state("a"), STATE_ACTIVE);
    scene_run(200);
    assert_int_equal(scene_cause("a"), CAUSE_WATCHDOG_TIMEOUT);
    scene_run(1500);
    scene_notify("a", NOTIFY_WATCHDOG_USEC, 0, "");
    scene_run(20000);
    assert_int_equal(scene_state("a"), STATE_ACTIVE);
    scene_notify("a", NOTIFY_WATCHDOG_USEC, 500000, "");
    scene_run(600);
    assert_int_equal(scene_state("a"), STATE_STARTING);
    scene_run(4000);
    assert_int_equal(scene_service("a")->watchdog_ns, 2 * NS_PER_S);
    scene_notify("a", NOTIFY_WATCHDOG, 1, "");
    scene_run(10);
    assert_int_equal(scene_cause("a"), CAUSE_WATCHDOG_TIMEOUT);
}

// INIT-5.6
static void health_checks_in_a_row_restart_like_a_crash(void **state)
{
    (void)state;
    scene_clear();
    scene_behave("a")->health_fails_from = 3;
    scene_boot(ONE(", \"HealthCheck\": \"check it\", \"HealthCheckInterval\": 1"));
    scene_run(1500);
    assert_int_equal(scene_service("a")->health, HEALTH_GOOD);
    scene_run(3000);
    assert_int_equal(scene_cause("a"), CAUSE_HEALTH_CHECK_FAILURE);
    assert_int_equal(scene.records[RECORD_HEALTH_FAILED], 3);
}

// INIT-5.6
static void a_health_check_that_hangs_counts_as_failed_and_never_overlaps(void **state)
{
    (void)state;
    scene_clear();
    scene_boot(
        ONE(", \"HealthCheck\": \"x\", \"HealthCheckInterval\": 1,"
            " \"HealthCheckTimeout\": 3, \"HealthCheckRetries\": 2"));
    // The check's process never ends: its exit is taken away.
    for (int i = 0; i < 100 && scene_service("a")->health_job == NO_JOB; i++) {
        scene_run(1);
    }
    uint16_t job = scene_service("a")->health_job;
    assert_int_not_equal(job, NO_JOB);
    scene.world.processes[job] = 0;
    scene_run(2500);
    assert_int_equal(scene.records[RECORD_HEALTH_FAILED], 0);
    assert_int_equal(scene_service("a")->health_job, job);
    scene_run(600);
    assert_int_equal(scene.records[RECORD_HEALTH_FAILED], 1);
}

// INIT-5.7 INIT-6.3
static void what_survives_a_kill_is_abandoned_and_can_be_reset(void **state)
{
    (void)state;
    scene_clear();
    scene_behave("a")->is_unkillable = true;
    scene.behaviours[0].behaviour.stop_ms = WORLD_NEVER;
    scene_boot(ONE(", \"StopTimeout\": 1"));
    (void)scene_command(COMMAND_STOP, "a");
    scene_run(7000);
    assert_int_equal(scene_state("a"), STATE_ABANDONED);
    assert_int_equal(scene_cause("a"), CAUSE_PROCESS_UNKILLABLE);
    assert_int_equal(scene.manager.leaked_count, 1);
    assert_int_equal(scene.replies[scene_command(COMMAND_START, "a")].code, REPLY_BAD_STATE);
    (void)scene_command(COMMAND_RESET, "a");
    assert_int_equal(scene_state("a"), STATE_INACTIVE);
    (void)scene_command(COMMAND_START, "a");
    assert_int_equal(scene_state("a"), STATE_ACTIVE);
}

// INIT-6.3 INIT-5.5
static void stale_notifications_change_nothing(void **state)
{
    (void)state;
    scene_clear();
    scene_boot(ONE(""));
    uint32_t old = scene_service("a")->activation;
    (void)scene_command(COMMAND_RESTART, "a");
    assert_int_equal(scene_state("a"), STATE_ACTIVE);
    world_event(&scene.world, &(struct event){.kind = EVENT_NOTIFY,
                                              .service = scene_slot("a"),
                                              .activation = old,
                                              .part = NOTIFY_STOPPING});
    assert_int_equal(scene_state("a"), STATE_ACTIVE);
    assert_int_equal(scene.records[RECORD_STALE], 1);
}

// INIT-5.5
static void notifications_carry_status_errors_and_kept_capabilities(void **state)
{
    (void)state;
    scene_clear();
    scene_boot(ONE(", \"CapStoreMax\": 1"));
    scene_notify("a", NOTIFY_STATUS, 0, "half way");
    scene_notify("a", NOTIFY_ERRNO, 5, "");
    scene_notify("a", NOTIFY_EXIT_STATUS, 6, "");
    scene_notify("a", NOTIFY_CAPSTORE, 0, "socket");
    scene_notify("a", NOTIFY_CAPSTORE, 0, "socket");
    scene_notify("a", NOTIFY_CAPSTORE, 0, "more");
    scene_notify("a", NOTIFY_CAPSTORE, 0, "");
    scene_notify("a", NOTIFY_CAPSTOREREMOVE, 0, "absent");
    assert_string_equal(scene_service("a")->status_text, "half way");
    assert_int_equal(scene_service("a")->error_number, 5);
    assert_int_equal(scene_service("a")->exit_status, 6);
    assert_int_equal(scene_service("a")->kept_count, 1);
    assert_int_equal(scene.records[RECORD_KEPT_FULL], 1);
    assert_int_equal(scene.records[RECORD_NOTIFY_REFUSED], 2);
    assert_true(world_crash(&scene.world, scene_slot("a"), 1, false));
    scene_run(1500);
    assert_int_equal(scene_service("a")->kept_count, 1); // a restart keeps them
    assert_string_equal(scene_service("a")->status_text, "busy");
    scene_notify("a", NOTIFY_CAPSTOREREMOVE, 0, "socket");
    assert_int_equal(scene_service("a")->kept_count, 0);
    scene_notify("a", NOTIFY_CAPSTORE, 0, "socket");
    (void)scene_command(COMMAND_STOP, "a");
    assert_int_equal(scene_service("a")->kept_count, 0);
}

// INIT-12.5
static void after_stopping_no_second_request_comes(void **state)
{
    (void)state;
    scene_clear();
    scene_boot(ONE(""));
    scene_notify("a", NOTIFY_STOPPING, 0, "");
    assert_int_equal(scene_state("a"), STATE_STOPPING);
    (void)scene_command(COMMAND_STOP, "a");
    assert_int_equal(scene.actions[ACTION_STOP_REQUEST], 0);
    scene_run(11000);
    assert_int_equal(scene_state("a"), STATE_INACTIVE);
}

// INIT-6.3
static void a_stop_that_is_ignored_ends_with_a_kill(void **state)
{
    (void)state;
    scene_clear();
    scene_behave("a")->stop_ms = WORLD_NEVER;
    scene_boot(ONE(", \"StopTimeout\": 3"));
    assert_int_equal(scene_command(COMMAND_STOP, "a"), SCENE_REPLIES_MAX); // it waits
    scene_run(2500);
    assert_int_equal(scene_state("a"), STATE_STOPPING);
    scene_run(1000);
    assert_int_equal(scene_state("a"), STATE_INACTIVE);
    assert_int_equal(scene.reply_count, 1);
    assert_int_equal(scene.replies[0].code, REPLY_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_notify_service_is_active_when_it_says_ready),
        cmocka_unit_test(an_alive_service_is_active_at_once_and_a_oneshot_when_it_ends),
        cmocka_unit_test(a_service_that_is_never_ready_runs_into_its_start_timeout),
        cmocka_unit_test(a_failing_step_leaves_no_process_and_names_step_and_status),
        cmocka_unit_test(a_silent_identity_service_means_local_service),
        cmocka_unit_test(hooks_run_before_and_after_and_only_those_before_count),
        cmocka_unit_test(conditions_skip_and_asserts_fail_before_anything_starts),
        cmocka_unit_test(a_crash_restarts_with_growing_delay_until_the_budget_is_spent),
        cmocka_unit_test(policies_decide_what_an_exit_means),
        cmocka_unit_test(a_successful_oneshot_is_never_restarted),
        cmocka_unit_test(a_window_of_health_resets_delay_and_budget),
        cmocka_unit_test(a_reload_is_confirmed_or_advisory_and_never_stuck),
        cmocka_unit_test(extending_the_timeout_is_bounded),
        cmocka_unit_test(the_watchdog_restarts_what_gives_no_sign_of_life),
        cmocka_unit_test(health_checks_in_a_row_restart_like_a_crash),
        cmocka_unit_test(a_health_check_that_hangs_counts_as_failed_and_never_overlaps),
        cmocka_unit_test(what_survives_a_kill_is_abandoned_and_can_be_reset),
        cmocka_unit_test(stale_notifications_change_nothing),
        cmocka_unit_test(notifications_carry_status_errors_and_kept_capabilities),
        cmocka_unit_test(after_stopping_no_second_request_comes),
        cmocka_unit_test(a_stop_that_is_ignored_ends_with_a_kill),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
