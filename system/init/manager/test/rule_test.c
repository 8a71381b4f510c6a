// SPDX-License-Identifier: Apache-2.0
//
// The tables of the rules, cell by cell, against a second writing of them.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "system/init/manager/rule.h"

// Inactive Starting Active Reloading sTopping Completed Failed aBandoned sKipped
static const char letters[] = "ISARTCFBK";

// INIT-6.1 INIT-6.2
static void exactly_these_transitions_exist(void **state)
{
    static const char *const listed =
        "IS IK IF SA SC SS ST SF AR AT AS AF RA RT RS RF TI TF TB TS CI CS FS FI BI KI";
    (void)state;

    for (uint32_t from = 0; from < STATE_COUNT; from++) {
        for (uint32_t to = 0; to < STATE_COUNT; to++) {
            char pair[3] = {letters[from], letters[to], '\0'};
            assert_int_equal(transition_is_listed(from, to), strstr(listed, pair) != NULL);
        }
    }
}

// INIT-6.1
static void states_have_processes_and_satisfy_as_the_table_says(void **state)
{
    static const char processes[] = "SARTB";
    static const char satisfying[] = "ARCK";
    (void)state;

    for (uint32_t i = 0; i < STATE_COUNT; i++) {
        assert_int_equal(state_has_process(i), strchr(processes, letters[i]) != NULL);
        assert_int_equal(state_satisfies(i), strchr(satisfying, letters[i]) != NULL);
        assert_true(strlen(state_name(i)) > 3 && strlen(state_snake(i)) > 3);
    }
}

// INIT-6.4 INIT-7.1
static void restart_is_considered_after_exactly_these_causes(void **state)
{
    static const char *const restarting[] = {
        "ProcessCrash",   "WatchdogTimeout", "HealthCheckFailure", "ReadinessTimeout",
        "PreHookFailure", "PreExecFailure",  "ParentSetupFailure"};
    static const char *const names[CAUSE_COUNT] = {
        "ExplicitStart",          "DependencyStart",    "RestartPolicy",      "BindsToRecovery",
        "ExplicitStop",           "ConflictEviction",   "BindsToPropagation", "ShutdownWave",
        "ProcessCrash",           "ReadinessTimeout",   "WatchdogTimeout",    "HealthCheckFailure",
        "PreHookFailure",         "ParentSetupFailure", "PreExecFailure",     "DependencyFailure",
        "RestartBudgetExhausted", "CycleDetected",      "ValidationError",    "AssertionError",
        "ConditionSkipped",       "ProcessUnkillable"};
    (void)state;

    for (uint32_t i = 0; i < CAUSE_COUNT; i++) {
        bool restarts = false;
        for (size_t j = 0; j < sizeof(restarting) / sizeof(restarting[0]); j++) {
            restarts = restarts || strcmp(restarting[j], cause_name(i)) == 0;
        }
        assert_string_equal(cause_name(i), names[i]);
        assert_int_equal(cause_restarts(i), restarts);
        assert_true(strlen(cause_why(i)) > 10 && strlen(cause_remedy(i)) > 10);
        assert_true(strlen(cause_snake(i)) >= strlen(cause_name(i)));
    }
}

// INIT-9.4
static void commands_do_in_each_state_what_the_matrix_says(void **state)
{
    // Do Queue Cancel Already Nothing cLear Refuse; the states as above.
    static const char *const rows[OPERATION_KINDS] = {
        [OPERATION_START] = "DAAAQDDRD",   [OPERATION_STOP] = "NCDDALNRN",
        [OPERATION_RESTART] = "DQDDQDDRD", [OPERATION_RELOAD] = "RRDARRRRR",
        [OPERATION_RESET] = "NRRRRRLLL",
    };
    static const char outcomes[] = {
        [OUTCOME_DO] = 'D',    [OUTCOME_QUEUE] = 'Q',   [OUTCOME_CANCEL] = 'C',
        [OUTCOME_MERGE] = 'M', [OUTCOME_ALREADY] = 'A', [OUTCOME_NOTHING] = 'N',
        [OUTCOME_CLEAR] = 'L', [OUTCOME_REFUSE] = 'R'};
    (void)state;

    for (uint32_t kind = 0; kind < OPERATION_KINDS; kind++) {
        for (uint32_t i = 0; i < STATE_COUNT; i++) {
            assert_int_equal(outcomes[command_outcome(kind, i)], rows[kind][i]);
        }
    }
}

// INIT-9.3
static void operations_meet_as_the_conflict_table_says(void **state)
{
    // There, pending or running; the new one: Start Stop restaRt reLoad resEt.
    static const struct {
        enum operation_kind there;
        enum operation_state state;
        const char *outcomes;
    } rows[] = {
        {OPERATION_START, OPERATION_PENDING, "MCCRR"},
        {OPERATION_START, OPERATION_RUNNING, "MCQRR"},
        {OPERATION_STOP, OPERATION_PENDING, "QMQRR"},
        {OPERATION_STOP, OPERATION_RUNNING, "QMQRR"},
        {OPERATION_RESTART, OPERATION_PENDING, "MCMRR"},
        {OPERATION_RESTART, OPERATION_RUNNING, "MCMRR"},
        {OPERATION_RELOAD, OPERATION_PENDING, "ACCMR"},
        {OPERATION_RELOAD, OPERATION_RUNNING, "ACCMR"},
    };
    static const char outcomes[] = {
        [OUTCOME_DO] = 'D',    [OUTCOME_QUEUE] = 'Q',   [OUTCOME_CANCEL] = 'C',
        [OUTCOME_MERGE] = 'M', [OUTCOME_ALREADY] = 'A', [OUTCOME_NOTHING] = 'N',
        [OUTCOME_CLEAR] = 'L', [OUTCOME_REFUSE] = 'R'};
    (void)state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (uint32_t arriving = 0; arriving < OPERATION_KINDS; arriving++) {
            assert_int_equal(outcomes[conflict_outcome(rows[i].there, rows[i].state, arriving)],
                             rows[i].outcomes[arriving]);
        }
    }
}

// INIT-6.5
static void every_transition_says_what_was_done(void **state)
{
    (void)state;
    for (uint32_t from = 0; from < STATE_COUNT; from++) {
        for (uint32_t to = 0; to < STATE_COUNT; to++) {
            assert_int_equal(transition_is_listed(from, to),
                             transition_done(from, to) != NULL &&
                                 strlen(transition_done(from, to)) > 10);
        }
    }
}

// INIT-5.2 INIT-2.1
static void steps_and_phases_have_their_causes_and_limits(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < STEP_COUNT; i++) {
        assert_int_equal(start_step_cause(i),
                         i < STEP_BUILD ? CAUSE_PARENT_SETUP_FAILURE : CAUSE_PRE_EXEC_FAILURE);
        assert_true(strlen(start_step_name(i)) > 5);
    }
    for (uint32_t i = 0; i < PHASE_ONE_COUNT; i++) {
        assert_int_equal(phase_one_enters_recovery(i),
                         i != PHASE_ONE_ATTEMPT && i != PHASE_ONE_CLOCK);
        assert_true(phase_one_seconds(i) > 0 && strlen(phase_one_name(i)) > 5);
        assert_int_equal(phase_one_service(i) != NULL,
                         i == PHASE_ONE_LEDGER || i == PHASE_ONE_REGISTRY);
    }
    for (uint32_t i = 0; i < OPERATION_STATES; i++) {
        assert_true(strlen(operation_state_name(i)) > 5);
    }
    for (uint32_t i = 0; i < SOURCE_COUNT; i++) {
        assert_true(strlen(operation_source_name(i)) > 4);
    }
    assert_string_equal(operation_kind_name(OPERATION_RESTART), "restart");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exactly_these_transitions_exist),
        cmocka_unit_test(states_have_processes_and_satisfy_as_the_table_says),
        cmocka_unit_test(restart_is_considered_after_exactly_these_causes),
        cmocka_unit_test(commands_do_in_each_state_what_the_matrix_says),
        cmocka_unit_test(operations_meet_as_the_conflict_table_says),
        cmocka_unit_test(every_transition_says_what_was_done),
        cmocka_unit_test(steps_and_phases_have_their_causes_and_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
