// SPDX-License-Identifier: Apache-2.0
//
// What comes at the wrong time, twice, late, or from nobody, and what happens between two things
// that are nearly the same.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "system/init/manager/output.h"
#include "system/init/manager/parts.h"
#include "system/init/manager/test/scene.h"

static void send(const struct event *event)
{
    world_event(&scene.world, event);
}

static uint32_t command(enum command kind, const char *name)
{
    struct request request = {.command = kind, .token = &scene.token, .id = 1, .wait = WAIT_NO};

    snprintf(request.service, sizeof(request.service), "%s", name);
    uint32_t before = scene.reply_count;
    send(&(struct event){.kind = EVENT_COMMAND, .request = &request});
    return before;
}

static uint32_t main_job(const char *name)
{
    return scene.manager.jobs[scene_service(name)->main_job].serial;
}

// --- Boot ---------------------------------------------------------------------------------------

// INIT-2.1
static void answers_that_nobody_asked_for_don_t_end_a_phase(void **state)
{
    (void)state;
    scene_clear();
    scene_behave("ledger")->ready_ms = 400;
    scene_prepare("{'a': {'ImagePath': 'x', 'Triggers': 'boot'}}");
    world_boot(&scene.world, 0);
    for (uint32_t i = 0; i < 2000 && scene.manager.life == LIFE_PHASE_ONE; i++) {
        uint8_t phase = scene.manager.phase_one;
        bool is_own = phase_one_service(phase) != NULL || phase == PHASE_ONE_SNAPSHOT;
        send(&(struct event){.kind = EVENT_PHASE, .part = is_own ? phase : phase + 1u});
        if (phase != PHASE_ONE_SNAPSHOT) {
            send(&(struct event){.kind = EVENT_SNAPSHOT, .status = 0});
        }
        assert_int_equal(scene.manager.phase_one, phase);
        assert_int_equal(scene.manager.life, LIFE_PHASE_ONE);
        scene_run(1);
    }
    assert_int_equal(scene.manager.mode, MODE_FULL);
    scene_run(1000);
    assert_int_equal(scene_state("a"), STATE_ACTIVE);
}

// INIT-2.6
static void a_failure_without_a_reason_enters_recovery_all_the_same(void **state)
{
    (void)state;
    scene_clear();
    scene.world.silent_phase = PHASE_ONE_PROBE + 1;
    scene_boot("{}");
    assert_int_equal(scene.manager.phase_one, PHASE_ONE_PROBE);
    send(&(struct event){.kind = EVENT_PHASE, .part = PHASE_ONE_PROBE, .status = 5});
    assert_true(scene_said(RECORD_RECOVERY, "registry: it failed"));
    scene_clear();
    scene.world.is_snapshot_failing = true;
    scene_boot("{}");
    assert_int_equal(scene.manager.mode, MODE_RECOVERY);
    scene_clear();
    scene_prepare("{}");
    world_boot(&scene.world, 0);
    while (scene.manager.phase_one != PHASE_ONE_SNAPSHOT) {
        scene_run(1);
    }
    send(&(struct event){.kind = EVENT_SNAPSHOT, .status = 5});
    assert_true(scene_said(RECORD_RECOVERY, "the registry did not answer"));
}

// INIT-2.6
static void a_ledger_that_fails_for_good_or_can_t_be_killed_enters_recovery(void **state)
{
    (void)state;
    for (uint32_t is_unkillable = 0; is_unkillable < 2; is_unkillable++) {
        scene_clear();
        scene_behave("ledger")->failing_step = is_unkillable != 0 ? 0 : STEP_BUILD + 1;
        scene.behaviours[0].behaviour.is_unkillable = is_unkillable != 0;
        scene.behaviours[0].behaviour.ready_ms = WORLD_NEVER;
        scene_boot("{}");
        scene_run(200000);
        assert_int_equal(scene.manager.mode, MODE_RECOVERY);
        assert_int_equal(scene.actions[ACTION_RECOVERY_SHELL], 1);
        assert_false(scene.world.is_halted);
    }
}

// INIT-2.5 INIT-11.1
static void safe_mode_stays_safe_through_timers_and_reloads(void **state)
{
    static const char *const services =
        "{'core': {'ImagePath': 'x', 'Triggers': 'boot', 'ErrorControl': 1, 'Wants': 'extra',"
        " 'Quux': 1}, 'extra': {'ImagePath': 'x', 'Triggers': ['boot', 'timer:*:*:0/5']},"
        "'kept': {'ImagePath': 'x', 'SafeMode': 1, 'Type': 1, 'Triggers': 'timer:*:*:0/5'}}";
    (void)state;

    scene_clear();
    scene.flags = BOOT_SAFE;
    scene_boot(services);
    scene_run(20000);
    assert_int_equal(scene.manager.mode, MODE_SAFE);
    assert_int_equal(scene_state("extra"), STATE_INACTIVE);
    assert_true(scene_changes("kept", STATE_INACTIVE, STATE_STARTING) >= 3);
    scene_reconfigure(services);
    (void)command(COMMAND_RESTART, "core");
    scene_run(20000);
    assert_int_equal(scene_state("core"), STATE_ACTIVE);
    assert_int_equal(scene_changes("extra", STATE_INACTIVE, STATE_STARTING), 0);
    // Who asks for it gets it.
    (void)command(COMMAND_START, "extra");
    scene_run(1000);
    assert_int_equal(scene_state("extra"), STATE_ACTIVE);
}

// --- Jobs ---------------------------------------------------------------------------------------

// INIT-5.2 INIT-5.3
static void answers_about_steps_count_for_the_step_that_waits(void **state)
{
    (void)state;
    scene_clear();
    scene_prepare("{'a': {'ImagePath': 'x', 'RestartPolicy': 0}}");
    world_boot(&scene.world, 0);
    scene_run(1000);
    scene.world.behaviours[scene_slot("a")].failing_step = STEP_GRANTS + 1;
    scene.world.behaviours[scene_slot("a")].is_step_silent = true;
    (void)command(COMMAND_START, "a");
    scene_run(100);
    assert_int_equal(scene_service("a")->step, STEP_GRANTS);
    send(&(struct event){.kind = EVENT_STEP, .job = main_job("a"), .part = STEP_BUILD});
    send(&(struct event){.kind = EVENT_STEP, .job = 77, .part = STEP_GRANTS});
    assert_int_equal(scene_service("a")->step, STEP_GRANTS);
    send(&(struct event){
        .kind = EVENT_STEP, .job = main_job("a"), .part = STEP_GRANTS, .status = -7});
    scene_run(100);
    assert_int_equal(scene_state("a"), STATE_FAILED);
    assert_non_null(strstr(scene_service("a")->history[0].detail, "-7, no reason given"));
    // An identity that is refused without a word.
    scene.world.behaviours[scene_slot("a")].failing_step = STEP_IDENTITY + 1;
    (void)command(COMMAND_START, "a");
    scene_run(100);
    uint32_t job = main_job("a");
    send(&(struct event){.kind = EVENT_STEP, .job = job, .part = STEP_IDENTITY, .status = 1});
    scene_run(100);
    send(&(struct event){.kind = EVENT_STEP, .job = job, .part = STEP_IDENTITY});
    assert_int_equal(scene_state("a"), STATE_ACTIVE);
    assert_true(scene_said(RECORD_IDENTITY_ABSENT, "it is not there"));
}

// INIT-5.7 INIT-9.1
static void a_job_that_was_given_up_may_still_end(void **state)
{
    (void)state;
    scene_clear();
    scene_behave("a")->is_unkillable = true;
    scene.behaviours[0].behaviour.stop_ms = WORLD_NEVER;
    scene_boot("{'a': {'ImagePath': 'x', 'Triggers': 'boot', 'StopTimeout': 1}}");
    uint32_t job = main_job("a");
    (void)command(COMMAND_STOP, "a");
    scene_run(10000);
    assert_int_equal(scene_state("a"), STATE_ABANDONED);
    assert_int_equal(scene.manager.leaked_count, 1);
    (void)command(COMMAND_RESET, "a");
    (void)command(COMMAND_START, "a");
    scene_run(1000);
    assert_int_equal(scene_state("a"), STATE_ACTIVE);
    // The old one ends beside the new one.
    send(&(struct event){.kind = EVENT_STEP, .job = job, .part = STEP_RUN, .status = 1});
    send(&(struct event){.kind = EVENT_EXIT, .job = job, .status = 9});
    send(&(struct event){.kind = EVENT_RECLAIMED, .job = job});
    assert_int_equal(scene.manager.leaked_count, 0);
    assert_int_equal(scene_state("a"), STATE_ACTIVE);
    assert_null(manager_job(&scene.manager, job));
    // A main job that is gone without an end is a crash; one that was asked to stop has stopped.
    send(&(struct event){.kind = EVENT_RECLAIMED, .job = main_job("a")});
    assert_int_equal(scene_state("a"), STATE_STARTING);
    scene_run(5000);
    (void)command(COMMAND_STOP, "a");
    send(&(struct event){.kind = EVENT_RECLAIMED, .job = main_job("a")});
    assert_int_equal(scene_state("a"), STATE_INACTIVE);
}

// INIT-5.3 INIT-9.5
static void a_hook_or_submission_that_can_t_run_has_failed(void **state)
{
    struct submission none = {.token = &scene.token, .image = NULL, .session = 1};
    struct submission empty = {.token = &scene.token, .image = "", .session = 1};
    (void)state;

    scene_clear();
    scene_boot(
        "{'a': {'ImagePath': 'x', 'ExecStartPre': 'p', 'RestartPolicy': 0,"
        "'SuccessExitCodes': [3, 4]}}");
    struct request request = {.command = COMMAND_START, .service = "a", .token = &scene.token};
    send(&(struct event){.kind = EVENT_COMMAND, .request = &request});
    while (scene_service("a")->hook_job == NO_JOB) {
        scene_run(1);
    }
    uint32_t job = scene.manager.jobs[scene_service("a")->hook_job].serial;
    send(&(struct event){.kind = EVENT_STEP, .job = job, .part = STEP_RUN, .status = -2});
    scene_run(100);
    assert_int_equal(scene_cause("a"), CAUSE_PRE_HOOK_FAILURE);
    scene.reply_count = 0;
    send(&(struct event){.kind = EVENT_SUBMIT, .submission = &none});
    send(&(struct event){.kind = EVENT_SUBMIT, .submission = &empty});
    assert_int_equal(scene.replies[0].code, REPLY_BAD_REQUEST);
    assert_int_equal(scene.replies[1].code, REPLY_BAD_REQUEST);
    // Of two codes that mean success the second does, too.
    (void)command(COMMAND_START, "a");
    scene_run(1000);
    assert_true(world_crash(&scene.world, scene_slot("a"), 4, false));
    scene_run(100);
    assert_int_equal(scene_state("a"), STATE_INACTIVE);
}

// INIT-5.3
static void post_hooks_run_one_after_the_other_and_a_slow_one_is_given_up(void **state)
{
    (void)state;
    scene_clear();
    scene_boot("{'a': {'ImagePath': 'x', 'ExecStartPost': ['one', 'two', 'three']}}");
    (void)command(COMMAND_START, "a");
    scene_run(1000);
    assert_int_equal(scene.actions[ACTION_RUN], 3);
    assert_int_equal(scene_state("a"), STATE_ACTIVE);
    (void)command(COMMAND_STOP, "a");
    scene_run(100);
    scene.world.behaviours[scene_slot("a")].hook_hangs = true;
    (void)command(COMMAND_START, "a");
    scene_run(1000);
    // It was killed by somebody else just before its time is over.
    send(&(struct event){.kind = EVENT_EXIT,
                         .job = scene.manager.jobs[scene_service("a")->hook_job].serial,
                         .status = 1});
    scene_run(40000);
    assert_int_equal(scene_state("a"), STATE_ACTIVE);
    assert_true(scene.records[RECORD_HOOK_FAILED] >= 2);
}

// INIT-7.2
static void the_delay_stops_growing_after_many_restarts(void **state)
{
    (void)state;
    scene_clear();
    scene_behave("a")->ends_ms = 100;
    scene.behaviours[0].behaviour.crash_percent = 100;
    scene.behaviours[0].behaviour.exit_code = 1;
    scene_boot(
        "{'a': {'ImagePath': 'x', 'Triggers': 'boot', 'RestartWindow': 1,"
        "'RestartMaxRetries': 1, 'RestartDelay': 2}}");
    scene_run(4000000);
    assert_int_equal(scene_service("a")->backoff, RESTARTS_MAX);
    assert_int_equal(scene_state("a"), STATE_STARTING);
    assert_non_null(strstr(scene_service("a")->history[0].detail, "next try in 60.000 s"));
}

// --- Operations ---------------------------------------------------------------------------------

// INIT-9.2
static void an_operation_may_time_out_wherever_it_waits(void **state)
{
    struct request request = {.command = COMMAND_START,
                              .service = "a",
                              .token = &scene.token,
                              .wait = WAIT_NO,
                              .timeout_s = 1};
    (void)state;

    // While its conditions are asked.
    scene_clear();
    scene_behave("a")->is_check_silent = true;
    scene_boot("{'a': {'ImagePath': 'x', 'Conditions': 'path:/x'}}");
    send(&(struct event){.kind = EVENT_COMMAND, .request = &request});
    assert_int_equal(scene_service("a")->phase, PHASE_CHECK);
    scene_run(1100);
    assert_int_equal(scene_state("a"), STATE_INACTIVE);
    assert_int_equal(scene_service("a")->phase, PHASE_NONE);
    assert_int_equal(scene.manager.start_count, 0);
    // While what it was is being ended.
    scene_clear();
    scene_behave("a")->is_unkillable = true;
    scene.behaviours[0].behaviour.ready_ms = WORLD_NEVER;
    scene_boot("{'a': {'ImagePath': 'x', 'StartTimeout': 1}}");
    request.timeout_s = 3;
    send(&(struct event){.kind = EVENT_COMMAND, .request = &request});
    scene_run(3100);
    assert_int_equal(scene_service("a")->phase, PHASE_RECLAIM);
    assert_int_equal(scene_service("a")->operation, NO_OPERATION);
    scene_run(10000);
    assert_int_equal(scene_state("a"), STATE_ABANDONED);
    // A stop that was to make room for another one, and took too long: what began it counts.
    for (uint32_t i = 0; i < 2; i++) {
        scene_clear();
        scene_behave("a")->stop_ms = 3000;
        scene_boot(
            "{'a': {'ImagePath': 'x', 'BindsTo': 'c', 'Triggers': 'boot'},"
            "'b': {'ImagePath': 'x', 'Conflicts': 'a'}, 'c': {'ImagePath': 'x'}}");
        if (i == 0) {
            (void)command(COMMAND_START, "b");
        } else {
            assert_true(world_crash(&scene.world, scene_slot("c"), 1, true));
        }
        scene_run(100);
        assert_int_equal(scene_state("a"), STATE_STOPPING);
        assert_true(scene_service("a")->operation != NO_OPERATION);
        deadline_arm(&scene.manager,
                     DEADLINE_OF_OPERATION + (uint32_t)scene_service("a")->operation,
                     scene.world.now_ns + NS_PER_S);
        scene_run(1100);
        assert_int_equal(scene_service("a")->operation, NO_OPERATION);
        scene_run(2500);
        assert_int_equal(scene_changes("a", STATE_STOPPING, STATE_FAILED), 1);
    }
}

// INIT-9.3
static void an_explicit_stop_wins_over_an_eviction(void **state)
{
    (void)state;
    scene_clear();
    scene_behave("a")->is_unkillable = false;
    scene_boot(
        "{'a': {'ImagePath': 'x', 'Triggers': 'boot'},"
        "'b': {'ImagePath': 'x', 'Conflicts': 'a'}}");
    scene.world.latency_ms = 0;
    (void)command(COMMAND_START, "b");
    while (scene_service("a")->phase != PHASE_RECLAIM) {
        scene_run(1);
    }
    (void)command(COMMAND_STOP, "a");
    scene_run(1000);
    assert_int_equal(scene_state("a"), STATE_INACTIVE);
    assert_int_equal(scene_state("b"), STATE_ACTIVE);
}

// INIT-9.4
static void what_is_ending_takes_no_reload_and_queues_a_start(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 3; i++) {
        static const enum command commands[] = {COMMAND_RELOAD, COMMAND_START, COMMAND_RESTART};
        scene_clear();
        scene_boot("{'a': {'ImagePath': 'x', 'Triggers': 'boot', 'RestartPolicy': 0}}");
        send(&(struct event){.kind = EVENT_EXIT, .job = main_job("a"), .status = 1});
        assert_int_equal(scene_state("a"), STATE_ACTIVE);
        assert_int_equal(scene_service("a")->phase, PHASE_RECLAIM);
        uint32_t reply = command(commands[i], "a");
        assert_int_equal(scene.replies[reply].code, i == 0 ? REPLY_BAD_STATE : REPLY_OK);
        scene_run(1000);
        assert_int_equal(scene_state("a"), i == 0 ? STATE_FAILED : STATE_ACTIVE);
    }
    // A reload that finds it ending.
    scene_clear();
    scene_boot("{'a': {'ImagePath': 'x', 'Triggers': 'boot'}}");
    struct operation_ask ask = {
        .slot = scene_slot("a"), .kind = OPERATION_RELOAD, .origin = NO_SERVICE};
    for (uint32_t i = 0; i < 2; i++) {
        scene.manager.actions = &scene.world.actions;
        scene.world.actions.count = 0;
        uint32_t serial = operation_request(&scene.manager, &ask).operation;
        if (i == 0) {
            send(&(struct event){.kind = EVENT_EXIT, .job = main_job("a"), .status = 1});
        } else {
            service_change(&scene.manager, ask.slot, STATE_STOPPING, CAUSE_EXPLICIT_STOP,
                           NO_SERVICE, "");
            scene.manager.services[ask.slot].phase = PHASE_NONE;
            reload_begin(&scene.manager, ask.slot, true);
        }
        assert_int_equal(manager_operation(&scene.manager, serial)->state, OPERATION_FAILED);
        scene_run(5000);
    }
}

// INIT-1.2
static void guids_are_found_again_and_no_others(void **state)
{
    char guid[GUID_TEXT_SIZE];
    (void)state;

    scene_clear();
    scene_boot("{}");
    for (uint32_t serial = 1; serial != 0; serial *= 3) {
        guid_print(&scene.manager, 'o', serial, guid);
        assert_int_equal(guid_find(&scene.manager, 'o', guid), serial);
        assert_int_equal(guid_find(&scene.manager, 'j', guid), 0);
        if (serial > UINT32_MAX / 3) {
            break;
        }
    }
    static const char wrong[] = "/:`g@G z";
    for (const char *letter = wrong; *letter != '\0'; letter++) {
        guid[GUID_TEXT_SIZE - 2] = *letter;
        assert_int_equal(guid_find(&scene.manager, 'o', guid), 0);
    }
    assert_int_equal(guid_find(&scene.manager, 'o', "short"), 0);
}

// INIT-2.4 INIT-12.3
static void the_limits_of_the_machine_are_its_configuration(void **state)
{
    struct manager_config config = {.seed = 1, .parallel_starts = 2, .shutdown_s = 3};
    (void)state;

    scene_clear();
    scene_prepare(
        "{'a': {'ImagePath': 'x', 'Triggers': 'boot'},"
        "'b': {'ImagePath': 'x', 'Triggers': 'boot'},"
        "'c': {'ImagePath': 'x', 'Triggers': 'boot'},"
        "'d': {'ImagePath': 'x', 'Triggers': 'boot', 'StopTimeout': 50}}");
    manager_init(&scene.manager, &config, scene.manager.catalogue.pool,
                 scene.manager.catalogue.pool_max);
    for (uint16_t slot = 2; slot < 6; slot++) {
        scene.world.behaviours[slot].ready_ms = 2000;
        scene.world.behaviours[slot].stop_ms = slot == 5 ? WORLD_NEVER : 0;
    }
    world_boot(&scene.world, 0);
    scene_run(1000);
    assert_int_equal(scene.manager.start_count, 2);
    assert_int_equal(scene_state("c"), STATE_INACTIVE);
    static char words[4096];
    struct phrase text = phrase_in(words, sizeof(words));
    why_print(&scene.manager, scene_slot("d"), &scene.token, &text);
    assert_non_null(strstr(words, "It waits for a place"));
    // Who gives up its place in the queue and comes back keeps it.
    (void)command(COMMAND_STOP, "c");
    (void)command(COMMAND_START, "c");
    scene_run(10000);
    assert_true(scene_when("c", STATE_ACTIVE) < scene_when("d", STATE_ACTIVE));
    // A clock that is set now arms no timer, and the limit of three seconds holds.
    send(&(struct event){.kind = EVENT_POWER});
    send(&(struct event){.kind = EVENT_CLOCK, .value = 1700000000});
    scene_notify("d", NOTIFY_EXTEND_TIMEOUT_USEC, 60000000, "");
    scene_notify("d", NOTIFY_EXTEND_TIMEOUT_USEC, 1000, "");
    scene_notify("d", NOTIFY_EXTEND_TIMEOUT_USEC, 60000000, "");
    scene_run(2900);
    assert_false(scene.world.is_halted);
    scene_run(1000);
    assert_true(scene.world.is_halted);
}

// --- Relations ----------------------------------------------------------------------------------

// INIT-8.3
static void who_is_bound_and_does_not_stop_is_not_waited_for_for_ever(void **state)
{
    (void)state;
    scene_clear();
    scene_behave("b")->stop_ms = WORLD_NEVER;
    scene_boot(
        "{'a': {'ImagePath': 'x', 'StopTimeout': 1},"
        "'b': {'ImagePath': 'x', 'BindsTo': 'a', 'Triggers': 'boot', 'StopTimeout': 60}}");
    (void)command(COMMAND_STOP, "a");
    scene_run(5900);
    assert_int_equal(scene_state("a"), STATE_ACTIVE);
    assert_int_equal(scene_state("b"), STATE_STOPPING);
    scene_run(300);
    assert_int_equal(scene_state("a"), STATE_INACTIVE);
    assert_int_equal(scene_state("b"), STATE_STOPPING);
    // What is abandoned is not waited for at all.
    scene_clear();
    scene_behave("b")->stop_ms = WORLD_NEVER;
    scene.behaviours[0].behaviour.is_unkillable = true;
    scene_boot(
        "{'a': {'ImagePath': 'x', 'StopTimeout': 30},"
        "'b': {'ImagePath': 'x', 'BindsTo': 'a', 'Triggers': 'boot', 'StopTimeout': 1}}");
    (void)command(COMMAND_STOP, "b");
    scene_run(10000);
    assert_int_equal(scene_state("b"), STATE_ABANDONED);
    (void)command(COMMAND_STOP, "a");
    scene_run(100);
    assert_int_equal(scene_state("a"), STATE_INACTIVE);
}

// INIT-7.4
static void a_reload_that_ends_while_a_stop_waits_leaves_the_stop_alone(void **state)
{
    (void)state;
    scene_clear();
    scene_behave("b")->stop_ms = 2000;
    scene_boot(
        "{'a': {'ImagePath': 'x'},"
        "'b': {'ImagePath': 'x', 'BindsTo': 'a', 'Triggers': 'boot'}}");
    scene_notify("a", NOTIFY_RELOADING, 0, "");
    (void)command(COMMAND_STOP, "a");
    assert_int_equal(scene_state("a"), STATE_RELOADING);
    scene_notify("a", NOTIFY_READY, 0, "");
    assert_int_equal(scene_state("a"), STATE_ACTIVE);
    scene_run(3000);
    assert_int_equal(scene_state("a"), STATE_INACTIVE);
}

// INIT-10.2
static void why_ends_where_a_chain_is_too_long_to_tell(void **state)
{
    static char words[1 << 16];
    struct phrase text = phrase_in(words, sizeof(words));
    (void)state;

    scene_clear();
    scene_behave("s9")->failing_step = STEP_BUILD + 1;
    scene_boot(
        "{'s0': {'ImagePath': 'x', 'Triggers': 'boot', 'Requires': 's1'},"
        "'s1': {'ImagePath': 'x', 'Requires': 's2'},"
        "'s2': {'ImagePath': 'x', 'Requires': 's3'},"
        "'s3': {'ImagePath': 'x', 'Requires': 's4'},"
        "'s4': {'ImagePath': 'x', 'Requires': 's5'},"
        "'s5': {'ImagePath': 'x', 'Requires': 's6'},"
        "'s6': {'ImagePath': 'x', 'Requires': 's7'},"
        "'s7': {'ImagePath': 'x', 'Requires': 's8'},"
        "'s8': {'ImagePath': 'x', 'Requires': 's9'},"
        "'s9': {'ImagePath': 'x', 'RestartPolicy': 0},"
        "'gate': {'ImagePath': 'x', 'Requires': ['slow', 'good'], 'Triggers': 'boot'},"
        "'slow': {'ImagePath': 'x', 'StartTimeout': 60}, 'good': {'ImagePath': 'x'}}");
    (void)command(COMMAND_START, "s0");
    scene_run(100);
    why_print(&scene.manager, scene_slot("s0"), &scene.token, &text);
    assert_non_null(strstr(words, "s7: Inactive -> Failed"));
    assert_null(strstr(words, "s8: Inactive -> Failed"));
    scene.world.behaviours[scene_slot("slow")].ready_ms = WORLD_NEVER;
    (void)command(COMMAND_STOP, "gate");
    (void)command(COMMAND_STOP, "slow");
    scene_run(1000);
    (void)command(COMMAND_START, "gate");
    scene_run(1000);
    text = phrase_in(words, sizeof(words));
    why_print(&scene.manager, scene_slot("gate"), &scene.token, &text);
    assert_non_null(strstr(words, "It waits for slow, which is Starting."));
    assert_null(strstr(words, "It waits for good"));
}

// --- Output -------------------------------------------------------------------------------------

// INIT-13.2
static void a_ring_whose_end_has_no_room_for_a_frame_goes_on_at_its_beginning(void **state)
{
    static char line[OUTPUT_LINE_MAX];
    struct event event = {.kind = EVENT_OUTPUT, .part = 1, .text = line};
    (void)state;

    scene_clear();
    scene_boot("{'a': {'ImagePath': 'x', 'Triggers': 'boot'}}");
    event.job = main_job("a");
    memset(line, 'x', sizeof(line));
    line[0] = '\n';
    send(&(struct event){.kind = EVENT_SINK});
    for (uint64_t left = OUTPUT_RING_SIZE; left > 8;) {
        // A line end, then a piece of a line: two frames. The last of them leaves 8 bytes.
        uint64_t frame = sizeof(struct output_frame);
        uint64_t most = left - frame - 8;
        event.size = most >= 3 * frame + 8000 ? 4001 : most - frame + 1;
        send(&event);
        scene_run(10);
        left = OUTPUT_RING_SIZE - scene.manager.output.head % OUTPUT_RING_SIZE;
    }
    assert_int_equal(scene.manager.output.head, OUTPUT_RING_SIZE - 8);
    event.size = 11;
    send(&event);
    scene_run(10);
    assert_true(scene.manager.output.head > OUTPUT_RING_SIZE);
    assert_int_equal(scene.manager.output.tail, scene.manager.output.head);
    assert_int_equal(scene_service("a")->output_used, 0);
    assert_int_equal(scene.last[ACTION_OUTPUT].size, 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_that_nobody_asked_for_don_t_end_a_phase),
        cmocka_unit_test(a_failure_without_a_reason_enters_recovery_all_the_same),
        cmocka_unit_test(a_ledger_that_fails_for_good_or_can_t_be_killed_enters_recovery),
        cmocka_unit_test(safe_mode_stays_safe_through_timers_and_reloads),
        cmocka_unit_test(answers_about_steps_count_for_the_step_that_waits),
        cmocka_unit_test(a_job_that_was_given_up_may_still_end),
        cmocka_unit_test(a_hook_or_submission_that_can_t_run_has_failed),
        cmocka_unit_test(post_hooks_run_one_after_the_other_and_a_slow_one_is_given_up),
        cmocka_unit_test(the_delay_stops_growing_after_many_restarts),
        cmocka_unit_test(an_operation_may_time_out_wherever_it_waits),
        cmocka_unit_test(an_explicit_stop_wins_over_an_eviction),
        cmocka_unit_test(what_is_ending_takes_no_reload_and_queues_a_start),
        cmocka_unit_test(who_is_bound_and_does_not_stop_is_not_waited_for_for_ever),
        cmocka_unit_test(a_reload_that_ends_while_a_stop_waits_leaves_the_stop_alone),
        cmocka_unit_test(why_ends_where_a_chain_is_too_long_to_tell),
        cmocka_unit_test(a_ring_whose_end_has_no_room_for_a_frame_goes_on_at_its_beginning),
        cmocka_unit_test(guids_are_found_again_and_no_others),
        cmocka_unit_test(the_limits_of_the_machine_are_its_configuration),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
