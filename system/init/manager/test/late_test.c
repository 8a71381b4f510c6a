// SPDX-License-Identifier: Apache-2.0
//
// Timers that never fire or fire late, definitions that go away, and shutdowns in which something
// goes wrong.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "system/init/manager/parts.h"
#include "system/init/manager/test/scene.h"

static void send(const struct event *event)
{
    world_event(&scene.world, event);
}

static void command(enum command kind, const char *name)
{
    struct request request = {.command = kind, .token = &scene.token, .id = 1, .wait = WAIT_NO};

    snprintf(request.service, sizeof(request.service), "%s", name);
    send(&(struct event){.kind = EVENT_COMMAND, .request = &request});
}

// --- Timers -------------------------------------------------------------------------------------

// INIT-11.1
static void a_timer_without_a_next_time_is_said_once(void **state)
{
    (void)state;
    scene_clear();
    scene_boot(
        "{'utc': {'ImagePath': 'x', 'Type': 1, 'Triggers': 'timer:*:*:0/5 UTC'},"
        "'zone': {'ImagePath': 'x', 'Triggers': 'timer:*:*:0/5 Europe/Nowhere'},"
        "'past': {'ImagePath': 'x', 'Triggers': 'timer:2020-01-01 00:00'},"
        "'bad': {'ImagePath': 'x', 'Triggers': 'timer:25:00'}}");
    scene_run(21000);
    assert_int_equal(scene.records[RECORD_TIMER_NEVER], 3);
    assert_true(scene_changes("utc", STATE_INACTIVE, STATE_STARTING) >= 4);
}

// INIT-11.3
static void what_was_not_missed_is_not_made_up_for(void **state)
{
    static const struct {
        const char *services;
        uint64_t last;
        uint32_t missed;
    } rows[] = {
        {"{'a': {'ImagePath': 'x', 'Type': 1, 'Triggers': 'timer:daily'}}", 1699900000, 1},
        {"{'a': {'ImagePath': 'x', 'Type': 1, 'Triggers': 'timer:daily'}}", 1699999990, 0},
        {"{'a': {'ImagePath': 'x', 'Type': 1, 'Triggers': 'timer:daily',"
         " 'TimerPersistent': 0}}",
         1699900000, 0},
        {"{'a': {'ImagePath': 'x', 'Type': 1, 'Triggers': 'timer:2010-01-01'}}", 1699900000, 0},
        {"{'a': {'ImagePath': 'x', 'Type': 1, 'Triggers': 'timer:daily'}}", 1800000000, 0},
    };
    (void)state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        scene_clear();
        scene.world.silent_phase = PHASE_ONE_CLOCK + 1;
        scene_boot(rows[i].services);
        scene_run(10000);
        send(&(struct event){.kind = EVENT_TIMER_LAST, .text = "a", .value = rows[i].last});
        send(&(struct event){.kind = EVENT_CLOCK, .value = 1700000000});
        scene_run(100);
        assert_int_equal(scene.records[RECORD_TIMER_MISSED], rows[i].missed);
    }
}

// INIT-11.1 INIT-12.1
static void no_timer_fires_in_a_shutdown(void **state)
{
    (void)state;
    scene_clear();
    scene_behave("slow")->stop_ms = WORLD_NEVER;
    scene_boot(
        "{'a': {'ImagePath': 'x', 'Type': 1, 'Triggers': 'timer:*:*:0/5'},"
        "'slow': {'ImagePath': 'x', 'Triggers': 'boot', 'StopTimeout': 30}}");
    send(&(struct event){.kind = EVENT_POWER});
    scene_run(12000);
    assert_int_equal(scene_changes("a", STATE_INACTIVE, STATE_STARTING), 0);
    send(&(struct event){.kind = EVENT_CLOCK, .value = 1700100000});
    scene_run(12000);
    assert_int_equal(scene_changes("a", STATE_INACTIVE, STATE_STARTING), 0);
    assert_false(scene.world.is_halted);
    scene_run(12000);
    assert_true(scene.world.is_halted);
}

// INIT-11.2 INIT-11.1
static void a_pending_run_comes_however_the_first_ended_unless_stopped(void **state)
{
    static const char *const remaining =
        "{'a': {'ImagePath': 'x', 'Type': 1, 'RemainAfterExit': 1, 'RestartPolicy': 0,"
        "'Triggers': 'timer:*:*:0/5', 'TimerPersistent': 0}}";
    (void)state;

    for (int32_t code = 0; code < 2; code++) {
        scene_clear();
        scene_behave("a")->ends_ms = 7000;
        scene.behaviours[0].behaviour.exit_code = code;
        scene_boot(remaining);
        scene_run(30000);
        // Begun at 5, due at 10, ended at 12, begun again at once and not at 15.
        assert_int_equal(scene_state("a"), STATE_STARTING);
        assert_true(
            scene_changes("a", code == 0 ? STATE_COMPLETED : STATE_FAILED, STATE_STARTING) >= 3);
    }
    scene_clear();
    scene_behave("a")->ends_ms = 9000;
    scene_boot(
        "{'a': {'ImagePath': 'x', 'Type': 1, 'Triggers': 'timer:*:*:0/7',"
        "'TimerPersistent': 0}}");
    while (!scene_service("a")->is_rerun) {
        scene_run(100);
    }
    command(COMMAND_STOP, "a");
    scene_run(500);
    assert_int_equal(scene_state("a"), STATE_INACTIVE);
    assert_false(scene_service("a")->is_rerun);
    // Another jitter arms it anew.
    scene_reconfigure(
        "{'a': {'ImagePath': 'x', 'Type': 1, 'Triggers': 'timer:*:*:0/7',"
        "'TimerPersistent': 0, 'TimerJitter': 1}}");
    assert_true(scene.manager.deadlines.places[deadline_of(scene_slot("a"), DEADLINE_TIMER)] != 0);
}

// --- Definitions that go away -------------------------------------------------------------------

// INIT-3.3
static void each_field_counts_when_its_row_says(void **state)
{
    static const struct {
        enum field field;
        bool is_new;
    } rows[] = {{FIELD_IMAGE_PATH, false},
                {FIELD_CONDITIONS, false},
                {FIELD_SERVICE_SECURITY, true},
                {FIELD_STOP_TIMEOUT, true}};
    (void)state;

    scene_clear();
    scene_behave("late")->ready_ms = WORLD_NEVER;
    scene_boot(
        "{'a': {'ImagePath': 'x', 'Triggers': 'boot'},"
        "'late': {'ImagePath': 'x', 'Triggers': 'boot'}}");
    scene_reconfigure("{'a': {'ImagePath': 'y'}, 'late': {'ImagePath': 'y'}}");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint16_t slot = scene_slot("a");
        assert_ptr_equal(service_use(&scene.manager, slot, rows[i].field),
                         rows[i].is_new ? service_newest(&scene.manager, slot)
                                        : service_definition(&scene.manager, slot));
        // What starts is fixed wholly.
        slot = scene_slot("late");
        assert_ptr_equal(service_use(&scene.manager, slot, rows[i].field),
                         service_definition(&scene.manager, slot));
    }
    assert_ptr_not_equal(service_newest(&scene.manager, scene_slot("a")),
                         service_definition(&scene.manager, scene_slot("a")));
}

// INIT-3.4 INIT-6.6
static void who_is_not_defined_any_more_ends_without_trouble(void **state)
{
    static const char *const both =
        "{'a': {'ImagePath': 'x', 'Requires': 'b', 'OnFailure': 'c'},"
        "'b': {'ImagePath': 'x'}, 'c': {'ImagePath': 'x'}}";
    (void)state;

    // While it waits at the gate, never having run.
    scene_clear();
    scene_behave("b")->ready_ms = WORLD_NEVER;
    scene_boot(both);
    command(COMMAND_START, "a");
    scene_reconfigure("{'b': {'ImagePath': 'x'}}");
    assert_int_equal(scene_changes("a", STATE_INACTIVE, STATE_FAILED), 1);
    scene_run(100);
    assert_int_equal(scene_slot("a"), NO_SERVICE);
    // While it waits for an answer about its conditions, with a restart behind that.
    scene_clear();
    scene_behave("a")->is_check_silent = true;
    scene_boot("{'a': {'ImagePath': 'x', 'Conditions': 'path:/x'}}");
    command(COMMAND_START, "a");
    command(COMMAND_RESTART, "a");
    assert_int_not_equal(scene_service("a")->queued, NO_OPERATION);
    scene_reconfigure("{}");
    scene_run(100);
    assert_int_equal(scene_slot("a"), NO_SERVICE);
    assert_int_equal(scene.manager.waiter_count, 0);
    // While its name is only staged, nobody finds it.
    catalogue_stage_begin(&scene.manager.catalogue);
    assert_non_null(catalogue_stage(&scene.manager.catalogue, "new", false, 1));
    command(COMMAND_STATUS, "new");
    assert_int_equal(scene.replies[scene.reply_count - 1].code, REPLY_NO_SUCH_SERVICE);
    assert_null(catalogue_stage(&scene.manager.catalogue, "ledger", false, 1));
    assert_int_equal(scene.manager.catalogue.problems.list[0].kind, PROBLEM_NAME_RESERVED);
    catalogue_stage_drop(&scene.manager.catalogue);
    // While it runs: OnFailure names what is still there, but not defined.
    scene_clear();
    scene_boot(both);
    command(COMMAND_START, "a");
    command(COMMAND_START, "c");
    scene_run(1000);
    scene_reconfigure("{}");
    assert_int_equal(scene_state("a"), STATE_ACTIVE);
    assert_true(world_crash(&scene.world, scene_slot("a"), 1, false));
    scene_run(1000);
    assert_int_equal(scene_slot("a"), NO_SERVICE);
    assert_int_equal(scene.records[RECORD_ON_FAILURE], 0);
    // Output that nobody has taken keeps its name.
    uint32_t job = scene.manager.jobs[scene_service("c")->main_job].serial;
    send(&(struct event){.kind = EVENT_OUTPUT, .job = job, .part = 1, .text = "hm\n", .size = 3});
    for (uint32_t part = 0; part < 4; part++) { // nonsense is ignored
        send(&(struct event){.kind = EVENT_OUTPUT,
                             .job = job,
                             .part = part,
                             .text = part == 1 ? NULL : "x",
                             .size = part == 2 ? 0 : 1});
    }
    command(COMMAND_STOP, "c");
    scene_run(1000);
    assert_int_not_equal(scene_slot("c"), NO_SERVICE);
    send(&(struct event){.kind = EVENT_SINK});
    scene_run(1000);
    assert_int_equal(scene_slot("c"), NO_SERVICE);
    send(&(struct event){.kind = EVENT_REGISTRY});
    send(&(struct event){.kind = EVENT_SNAPSHOT, .status = 3});
    assert_true(scene_said(RECORD_REGISTRY_SILENT, "it did not answer"));
}

// INIT-8.1
static void what_counted_as_done_fails_when_what_it_needs_does(void **state)
{
    (void)state;
    for (uint32_t is_skipped = 0; is_skipped < 2; is_skipped++) {
        scene_clear();
        scene_behave("a")->false_conditions = is_skipped;
        scene_boot(
            "{'a': {'ImagePath': 'x', 'Type': 1, 'RemainAfterExit': 1, 'Requires': 'b',"
            "'Conditions': 'path:/a'}, 'b': {'ImagePath': 'x', 'RestartPolicy': 0}}");
        command(COMMAND_START, "a");
        scene_run(1000);
        assert_int_equal(scene_state("a"), is_skipped != 0 ? STATE_SKIPPED : STATE_COMPLETED);
        assert_true(world_crash(&scene.world, scene_slot("b"), 1, false));
        scene_run(1000);
        scene.world.behaviours[scene_slot("b")].failing_step = STEP_RUN + 1;
        command(COMMAND_START, "a");
        scene_run(1000);
        assert_int_equal(scene_state("a"), STATE_FAILED);
        assert_int_equal(scene_cause("a"), CAUSE_DEPENDENCY_FAILURE);
    }
}

// --- Shutdown -----------------------------------------------------------------------------------

// INIT-12.3 INIT-12.4
static void interrupts_beyond_the_third_and_far_apart_change_nothing(void **state)
{
    (void)state;
    scene_clear();
    scene_behave("a")->stop_ms = WORLD_NEVER;
    scene_boot("{'a': {'ImagePath': 'x', 'Triggers': 'boot', 'StopTimeout': 60}}");
    for (uint32_t i = 0; i < 5; i++) { // 4 s apart: never three within 5 s
        send(&(struct event){.kind = EVENT_INTERRUPT});
        scene_run(4000);
    }
    assert_int_equal(scene.records[RECORD_SHUTDOWN_FORCED], 0);
    assert_int_equal(scene_state("a"), STATE_STOPPING);
    for (uint32_t i = 0; i < 5; i++) {
        world_step(&scene.world, &(struct event){.kind = EVENT_INTERRUPT});
    }
    assert_int_equal(scene.records[RECORD_SHUTDOWN_FORCED], 1);
    scene_run(100);
    assert_true(scene.world.is_halted);
    assert_int_equal(scene.world.halt, HALT_REBOOT);
}

// INIT-12.3
static void answers_about_other_things_don_t_end_a_stage(void **state)
{
    (void)state;
    scene_clear();
    scene_boot("{}");
    scene_run(1000);
    scene.manager.life = LIFE_RUNNING;
    scene.world.latency_ms = 60000; // nothing is answered for long
    scene_run(1000);
    send(&(struct event){.kind = EVENT_POWER});
    scene_run(100);
    for (uint32_t i = 0; i < 200000 && scene.manager.life != LIFE_FLUSHING; i++) {
        scene_run(100);
    }
    assert_int_equal(scene.manager.life, LIFE_FLUSHING);
    send(&(struct event){.kind = EVENT_DONE, .part = ACTION_UNMOUNT});
    assert_int_equal(scene.manager.life, LIFE_FLUSHING);
    send(&(struct event){.kind = EVENT_DONE, .part = ACTION_FLUSH});
    assert_int_equal(scene.manager.life, LIFE_HALTED);
}

// INIT-12.2 INIT-12.3
static void mounts_wait_for_their_own_answer(void **state)
{
    (void)state;
    scene_clear();
    scene.system =
        "'mounts': {'m': {'ImagePath': '/m', 'Triggers': 'boot'},"
        "'n': {'ImagePath': '/n', 'Triggers': 'boot'}},";
    scene_boot("{}");
    assert_int_equal(scene.manager.mount_count, 2);
    struct request request = {.command = COMMAND_SHUTDOWN, .token = &scene.token};
    world_step(&scene.world, &(struct event){.kind = EVENT_COMMAND, .request = &request});
    for (uint32_t i = 0; i < 100 && scene.manager.life != LIFE_UNMOUNTING; i++) {
        scene_run(1);
    }
    uint16_t first = scene.manager.unmounting;
    send(&(struct event){.kind = EVENT_DONE, .part = ACTION_FLUSH, .service = first});
    send(&(struct event){.kind = EVENT_DONE, .part = ACTION_UNMOUNT, .service = 0});
    assert_int_equal(scene.manager.unmounting, first);
    scene_run(100);
    assert_true(scene.world.is_halted);
    assert_int_equal(scene.actions[ACTION_UNMOUNT], 2);
}

// A boot in which one service is being checked, one never gets ready, one waits for that, one takes
// long to stop, one has done its work, and one can be started again.
static void boot_with_all_things_begun(void)
{
    scene_clear();
    scene_behave("check")->is_check_silent = true;
    scene_behave("slow")->ready_ms = WORLD_NEVER;
    scene_behave("stops")->stop_ms = 2000;
    scene_boot(
        "{'check': {'ImagePath': 'x', 'Triggers': 'boot', 'Conditions': 'path:/x'},"
        "'slow': {'ImagePath': 'x', 'Triggers': 'boot'},"
        "'waits': {'ImagePath': 'x', 'Triggers': 'boot', 'Requires': 'slow'},"
        "'stops': {'ImagePath': 'x', 'Triggers': 'boot'},"
        "'done': {'ImagePath': 'x', 'Triggers': 'boot', 'Type': 1, 'RemainAfterExit': 1},"
        "'ends': {'ImagePath': 'x', 'Triggers': 'boot', 'RestartDelay': 30}}");
}

// INIT-12.1 INIT-12.2
static void what_only_began_to_start_is_given_up_in_a_shutdown(void **state)
{
    (void)state;
    boot_with_all_things_begun();
    command(COMMAND_STOP, "stops");
    command(COMMAND_START, "stops");                    // queued
    scene_reconfigure("{'stops': {'ImagePath': 'x'}}"); // the others are gone, but for what runs
    send(&(struct event){.kind = EVENT_POWER});
    scene_run(5000);
    assert_true(scene.world.is_halted);
    assert_int_equal(scene.manager.job_count, 0);
    assert_int_equal(scene.manager.start_count, 0);
}

// INIT-6.6 INIT-8.3
static void on_failure_that_names_what_one_is_bound_to_comes_to_an_end(void **state)
{
    (void)state;
    scene_clear();
    scene_behave("b")->false_conditions = 1;
    scene_boot(
        "{'a': {'ImagePath': 'x', 'Triggers': 'boot', 'BindsTo': 'b', 'OnFailure': 'b'},"
        "'b': {'ImagePath': 'x', 'Conditions': 'path:/x'}}");
    assert_int_equal(scene_state("b"), STATE_SKIPPED);
    assert_int_equal(scene_state("a"), STATE_ACTIVE);
    // Each start of b is a moment without b, in which a fails and starts b again.
    command(COMMAND_START, "b");
    scene_run(60000);
    assert_int_equal(scene.records[RECORD_ON_FAILURE], 5);
    assert_int_equal(scene.records[RECORD_ON_FAILURE_SPENT], 1);
    assert_int_equal(scene_state("a"), STATE_ACTIVE);
}

// INIT-2.5 INIT-8.4
static void a_conflict_at_boot_of_a_critical_service_enters_safe_mode(void **state)
{
    (void)state;
    scene_clear();
    scene_boot(
        "{'a': {'ImagePath': 'x', 'Triggers': 'boot', 'Conflicts': 'b'},"
        "'b': {'ImagePath': 'x', 'Triggers': 'boot', 'ErrorControl': 1},"
        "'c': {'ImagePath': 'x', 'Triggers': 'boot'}}");
    assert_int_equal(scene.manager.mode, MODE_SAFE);
    assert_true(scene_said(RECORD_SAFE_MODE, "b"));
    assert_int_equal(scene_state("c"), STATE_INACTIVE);
}

// INIT-2.9 INIT-11.1
static void what_is_disabled_while_it_waits_for_its_timer_is_not_started(void **state)
{
    (void)state;
    scene_clear();
    scene_boot("{'a': {'ImagePath': 'x', 'Type': 1, 'Triggers': 'timer:*:*:0/5'}}");
    scene_reconfigure(
        "{'a': {'ImagePath': 'x', 'Type': 1, 'Triggers': 'timer:*:*:0/5',"
        "'Disabled': 1}}");
    scene_run(11000);
    assert_int_equal(scene_changes("a", STATE_INACTIVE, STATE_STARTING), 0);
    scene_reconfigure("{'a': {'ImagePath': 'x', 'Type': 1, 'Triggers': 'timer:*:*:0/5'}}");
    scene_run(11000);
    assert_true(scene_changes("a", STATE_INACTIVE, STATE_STARTING) >= 2);
}

// INIT-9.4 INIT-3.5
static void what_has_not_begun_is_stopped_at_once(void **state)
{
    (void)state;
    // While its conditions are asked, by a command or by what it conflicts with.
    for (uint32_t is_evicted = 0; is_evicted < 2; is_evicted++) {
        scene_clear();
        scene_behave("a")->is_check_silent = true;
        scene_boot(
            "{'a': {'ImagePath': 'x', 'Conditions': 'path:/x'},"
            "'b': {'ImagePath': 'x', 'Conflicts': 'a'}}");
        command(COMMAND_START, "a");
        assert_int_equal(scene_service("a")->phase, PHASE_CHECK);
        command(is_evicted != 0 ? COMMAND_START : COMMAND_STOP, is_evicted != 0 ? "b" : "a");
        scene_run(1000);
        assert_int_equal(scene_state("a"), STATE_INACTIVE);
        assert_int_equal(scene_service("a")->phase, PHASE_NONE);
        assert_int_equal(scene_state("b"), is_evicted != 0 ? STATE_ACTIVE : STATE_INACTIVE);
        assert_int_equal(scene.manager.start_count, 0);
    }
    // While it is done already and waits to be done again.
    scene_clear();
    scene_boot(
        "{'a': {'ImagePath': 'x', 'Type': 1, 'RemainAfterExit': 1, 'Requires': 'b',"
        "'Triggers': 'boot'}, 'b': {'ImagePath': 'x', 'StartTimeout': 100}}");
    assert_int_equal(scene_state("a"), STATE_COMPLETED);
    scene.world.behaviours[scene_slot("b")].ready_ms = WORLD_NEVER;
    command(COMMAND_STOP, "b");
    scene_run(1000);
    command(COMMAND_START, "a");
    assert_int_equal(scene_service("a")->phase, PHASE_GATE);
    command(COMMAND_STOP, "a");
    assert_int_equal(scene_state("a"), STATE_INACTIVE);
    assert_int_equal(scene_service("a")->phase, PHASE_NONE);
}

// INIT-8.4
static void who_waits_for_a_check_that_another_one_broke_off_goes_on(void **state)
{
    (void)state;
    scene_clear();
    scene_behave("a")->is_check_silent = true;
    scene_boot(
        "{'a': {'ImagePath': 'x', 'Conditions': 'path:/x'},"
        "'b': {'ImagePath': 'x', 'Conflicts': 'a'},"
        "'c': {'ImagePath': 'x', 'Conflicts': 'a'}}");
    command(COMMAND_START, "a");
    struct request b = {.command = COMMAND_START, .service = "b", .token = &scene.token};
    struct request c = {.command = COMMAND_START, .service = "c", .token = &scene.token};
    world_step(&scene.world, &(struct event){.kind = EVENT_COMMAND, .request = &b});
    send(&(struct event){.kind = EVENT_COMMAND, .request = &c});
    scene_run(1000);
    assert_int_equal(scene_state("a"), STATE_INACTIVE);
    assert_int_equal(scene_state("b"), STATE_ACTIVE);
    assert_int_equal(scene_state("c"), STATE_ACTIVE);
}

// INIT-7.1 INIT-9.2
static void a_restart_survives_a_stop_that_was_given_up(void **state)
{
    struct request request = {.command = COMMAND_STOP,
                              .service = "a",
                              .token = &scene.token,
                              .wait = WAIT_NO,
                              .timeout_s = 1};
    (void)state;

    // The stop waits for b; a ends by itself meanwhile and is started again.
    scene_clear();
    scene_behave("b")->stop_ms = 5000;
    scene_boot(
        "{'a': {'ImagePath': 'x', 'RestartPolicy': 'Always', 'RestartDelay': 2},"
        "'b': {'ImagePath': 'x', 'BindsTo': 'a', 'Triggers': 'boot'}}");
    send(&(struct event){.kind = EVENT_COMMAND, .request = &request});
    assert_true(world_crash(&scene.world, scene_slot("a"), 0, false));
    scene_run(1500);
    assert_int_equal(scene.records[RECORD_OPERATION_TIMEOUT], 1);
    assert_int_equal(scene_state("a"), STATE_STARTING);
    scene_run(2000);
    assert_int_equal(scene_state("a"), STATE_ACTIVE);
}

// INIT-12.1 INIT-12.2
static void a_shutdown_finds_services_between_all_things(void **state)
{
    (void)state;
    boot_with_all_things_begun();
    assert_int_equal(scene_service("check")->phase, PHASE_CHECK);
    command(COMMAND_STOP, "stops");
    command(COMMAND_START, "stops"); // behind the stop
    uint32_t job = scene.manager.jobs[scene_service("ends")->main_job].serial;
    send(&(struct event){.kind = EVENT_EXIT, .job = job, .status = 1});
    send(&(struct event){.kind = EVENT_POWER});
    assert_int_equal(scene_service("check")->phase, PHASE_NONE);
    assert_int_equal(scene_service("stops")->queued, NO_OPERATION);
    scene_run(5000);
    assert_true(scene.world.is_halted);
    assert_int_equal(scene.manager.job_count, 0);
    assert_int_equal(scene.manager.start_count, 0);
}

// INIT-10.2
static void a_plan_gives_those_as_reasons_that_start(void **state)
{
    static char words[4096];
    struct phrase text = phrase_in(words, sizeof(words));
    (void)state;

    scene_clear();
    scene_boot(
        "{'a': {'ImagePath': 'x', 'Conflicts': 'c'},"
        "'b': {'ImagePath': 'x', 'Requires': 'c'}, 'c': {'ImagePath': 'x'},"
        "'d': {'ImagePath': 'x', 'Requires': 'c'}}");
    plan_tell(&scene.manager, scene_slot("d"), &scene.token, &text);
    assert_string_equal(words, "start c, because of d\nstart d\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_timer_without_a_next_time_is_said_once),
        cmocka_unit_test(what_was_not_missed_is_not_made_up_for),
        cmocka_unit_test(no_timer_fires_in_a_shutdown),
        cmocka_unit_test(a_pending_run_comes_however_the_first_ended_unless_stopped),
        cmocka_unit_test(each_field_counts_when_its_row_says),
        cmocka_unit_test(who_is_not_defined_any_more_ends_without_trouble),
        cmocka_unit_test(what_counted_as_done_fails_when_what_it_needs_does),
        cmocka_unit_test(interrupts_beyond_the_third_and_far_apart_change_nothing),
        cmocka_unit_test(answers_about_other_things_don_t_end_a_stage),
        cmocka_unit_test(mounts_wait_for_their_own_answer),
        cmocka_unit_test(what_only_began_to_start_is_given_up_in_a_shutdown),
        cmocka_unit_test(on_failure_that_names_what_one_is_bound_to_comes_to_an_end),
        cmocka_unit_test(a_conflict_at_boot_of_a_critical_service_enters_safe_mode),
        cmocka_unit_test(what_is_disabled_while_it_waits_for_its_timer_is_not_started),
        cmocka_unit_test(what_has_not_begun_is_stopped_at_once),
        cmocka_unit_test(who_waits_for_a_check_that_another_one_broke_off_goes_on),
        cmocka_unit_test(a_restart_survives_a_stop_that_was_given_up),
        cmocka_unit_test(a_shutdown_finds_services_between_all_things),
        cmocka_unit_test(a_plan_gives_those_as_reasons_that_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
