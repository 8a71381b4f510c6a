// SPDX-License-Identifier: Apache-2.0
//
// Booting and shutting down: phases, modes, escalation, limits.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "system/init/manager/test/scene.h"

#define S(name, fields) "\"" name "\": {\"ImagePath\": \"x\"" fields "}"
#define BOOT            ", \"Triggers\": \"boot\""
#define CRITICAL        ", \"ErrorControl\": \"Critical\""

// INIT-2.1 INIT-2.6
static void a_failing_phase_enters_recovery_but_for_count_and_clock(void **state)
{
    (void)state;
    for (uint32_t phase = 0; phase < PHASE_ONE_COUNT; phase++) {
        for (uint32_t is_silent = 0; is_silent < 2; is_silent++) {
            scene_clear();
            if (is_silent) {
                scene.world.silent_phase = (uint8_t)(phase + 1);
            } else {
                scene.world.failing_phase = (uint8_t)(phase + 1);
            }
            if (phase == PHASE_ONE_LEDGER || phase == PHASE_ONE_REGISTRY) {
                scene_behave(phase_one_service(phase))->ready_ms = WORLD_NEVER;
            }
            scene.world.is_snapshot_failing = phase == PHASE_ONE_SNAPSHOT;
            scene_boot("{" S("a", BOOT) "}");
            scene_run(400000);
            assert_int_equal(scene.world.is_recovery, phase_one_enters_recovery(phase));
            assert_int_equal(scene.manager.is_booted, !phase_one_enters_recovery(phase));
            assert_false(scene.world.is_halted);
        }
    }
}

// INIT-2.2
static void a_machine_without_a_disk_is_said_to_be_one(void **state)
{
    (void)state;
    scene_clear();
    scene_prepare("{" S("a", BOOT) "}");
    scene.world.is_diskless = true;
    world_boot(&scene.world, 0);
    scene_run(1000);
    assert_int_equal(scene.records[RECORD_DISKLESS], 1);
    assert_int_equal(scene_state("a"), STATE_ACTIVE);
}

// INIT-2.7
static void three_boots_that_were_not_good_enter_recovery(void **state)
{
    (void)state;
    scene_clear();
    scene.world.boot_attempts = 3;
    scene_boot("{" S("a", BOOT) "}");
    assert_true(scene.world.is_recovery);
    assert_true(scene_said(RECORD_RECOVERY, "three boots"));
    assert_int_equal(scene_slot("a"), NO_SERVICE);
    scene_clear();
    scene.flags = BOOT_RECOVERY;
    scene_boot("{" S("a", BOOT) "}");
    assert_true(scene_said(RECORD_RECOVERY, "tessera.recovery=1"));
}

// INIT-2.7
static void the_counter_returns_to_zero_when_critical_services_stay_active(void **state)
{
    (void)state;
    scene_clear();
    scene_boot("{" S("a", BOOT CRITICAL) "}");
    scene_run(20000);
    assert_true(world_crash(&scene.world, scene_slot("a"), 1, false));
    scene_run(15000);
    assert_false(scene.world.is_counter_reset); // the time began anew
    scene_run(20000);
    assert_true(scene.world.is_counter_reset);
}

// INIT-2.5
static void a_cycle_with_a_critical_service_enters_safe_mode(void **state)
{
    (void)state;
    scene_clear();
    scene_boot("{" S("a", BOOT CRITICAL ", \"Requires\": \"b\"") "," S(
        "b", BOOT ", \"Requires\": \"a\"") "," S("c", BOOT ", \"SafeMode\": 1") "," S("d",
                                                                                      BOOT) "}");
    assert_int_equal(scene.manager.mode, MODE_SAFE);
    assert_int_equal(scene_state("a"), STATE_ACTIVE); // the edge to what is left out is dropped
    assert_int_equal(scene_state("c"), STATE_ACTIVE);
    assert_int_equal(scene_state("d"), STATE_INACTIVE);
    assert_false(scene.world.is_halted);
}

// INIT-2.5
static void safe_mode_can_be_asked_for(void **state)
{
    (void)state;
    scene_clear();
    scene.flags = BOOT_SAFE;
    scene_boot("{" S("a", BOOT CRITICAL) "," S("d", BOOT) "}");
    assert_int_equal(scene.manager.mode, MODE_SAFE);
    assert_int_equal(scene_state("a"), STATE_ACTIVE);
    assert_int_equal(scene_state("d"), STATE_INACTIVE);
}

// INIT-2.8
static void a_critical_service_that_fails_for_good_reboots_at_once(void **state)
{
    (void)state;
    scene_clear();
    scene_behave("a")->failing_step = STEP_BUILD + 1;
    scene_boot("{" S("a", BOOT CRITICAL ", \"RestartPolicy\": 0") "," S("b", BOOT) "}");
    assert_true(scene.world.is_halted);
    assert_int_equal(scene.world.halt, HALT_REBOOT);
    assert_int_equal(scene.actions[ACTION_FLUSH], 1);
    assert_int_equal(scene.actions[ACTION_STOP_REQUEST], 0);
}

// INIT-2.3 INIT-2.9
static void a_boot_starts_what_has_a_trigger_and_says_when_it_is_complete(void **state)
{
    (void)state;
    scene_clear();
    scene_boot("{" S("a", BOOT) "," S("b", "") "," S("c", BOOT ", \"Disabled\": 1") "}");
    assert_int_equal(scene_state("a"), STATE_ACTIVE);
    assert_int_equal(scene_state("b"), STATE_INACTIVE);
    assert_int_equal(scene_state("c"), STATE_INACTIVE);
    assert_int_equal(scene.records[RECORD_BOOTED], 1);
    (void)scene_command(COMMAND_START, "c"); // Disabled stops triggers only
    assert_int_equal(scene_state("c"), STATE_ACTIVE);
}

// INIT-2.4
static void mounts_are_oneshots_that_remain_and_are_unmounted_in_reverse(void **state)
{
    (void)state;
    scene_clear();
    scene_boot("{" S("a", BOOT) "}, \"mounts\": {" S("one", BOOT) "," S(
        "two", BOOT ", \"Requires\": \"mount:one\"") "}");
    assert_int_equal(scene_state("mount:one"), STATE_COMPLETED);
    assert_int_equal(scene_state("mount:two"), STATE_COMPLETED);
    world_event(&scene.world, &(struct event){.kind = EVENT_POWER});
    scene_run(5000);
    assert_true(scene.world.is_halted);
    assert_int_equal(scene.actions[ACTION_UNMOUNT], 2);
    assert_int_equal(scene.last[ACTION_UNMOUNT].service, scene_slot("mount:one"));
}

// INIT-12.3
static void what_does_not_stop_within_the_limit_is_killed_and_the_machine_goes_on(void **state)
{
    (void)state;
    scene_clear();
    scene_behave("a")->stop_ms = WORLD_NEVER;
    scene_behave("b")->is_unkillable = true;
    scene_boot("{" S("a", BOOT ", \"StopTimeout\": 1000") "," S("b", BOOT) "}");
    scene_behave("b")->stop_ms = WORLD_NEVER;
    world_event(&scene.world, &(struct event){.kind = EVENT_POWER});
    scene_run(89000);
    assert_false(scene.world.is_halted);
    scene_run(8000);
    assert_true(scene.world.is_halted);
    assert_int_equal(scene.records[RECORD_SHUTDOWN_SLOW], 1);
}

// INIT-12.4
static void three_interrupts_in_five_seconds_force_it(void **state)
{
    (void)state;
    scene_clear();
    scene_behave("a")->stop_ms = WORLD_NEVER;
    scene_boot("{" S("a", BOOT ", \"StopTimeout\": 1000") "}");
    for (int i = 0; i < 3; i++) {
        world_event(&scene.world, &(struct event){.kind = EVENT_INTERRUPT});
        scene_run(1000);
    }
    assert_int_equal(scene.records[RECORD_SHUTDOWN_FORCED], 1);
    scene_run(1000);
    assert_true(scene.world.is_halted);
    assert_int_equal(scene.world.halt, HALT_REBOOT);
}

// INIT-12.1
static void a_shutdown_refuses_new_work_but_status(void **state)
{
    (void)state;
    scene_clear();
    scene_behave("a")->stop_ms = 5000;
    scene_boot("{" S("a", BOOT) "," S("b", "") "}");
    struct request request = {
        .command = COMMAND_SHUTDOWN, .token = &scene.token, .halt = HALT_HALT};
    assert_int_equal(scene.replies[scene_request(&request)].code, REPLY_OK);
    assert_int_equal(scene.replies[scene_command(COMMAND_START, "b")].code, REPLY_SHUTTING_DOWN);
    assert_int_equal(scene.replies[scene_command(COMMAND_STATUS, "a")].code, REPLY_OK);
    assert_int_equal(scene.replies[scene_request(&request)].code, REPLY_SHUTTING_DOWN);
    assert_int_equal(scene.replies[scene_command(COMMAND_RELOAD_CONFIG, "")].code,
                     REPLY_SHUTTING_DOWN);
    scene_run(6000);
    assert_true(scene.world.is_halted);
    assert_int_equal(scene.world.halt, HALT_HALT);
}

// INIT-12.3
static void unmounting_and_flushing_have_limits_too(void **state)
{
    (void)state;
    scene_clear();
    scene_boot("{" S("a", BOOT) "}, \"mounts\": {" S("one", BOOT) "}");
    scene.world.see_action = NULL;
    struct manager *manager = &scene.manager;
    static struct actions actions;
    uint64_t now_ns = scene.world.now_ns;
    manager_step(manager, &(struct event){.kind = EVENT_POWER}, now_ns, &actions);
    while (manager->life != LIFE_HALTED) {
        now_ns = manager_deadline(manager);
        assert_true(now_ns != UINT64_MAX);
        manager_step(manager, &(struct event){.kind = EVENT_TIME}, now_ns, &actions);
        while (manager_has_work(manager, now_ns)) {
            manager_step(manager, &(struct event){.kind = EVENT_CONTINUE}, now_ns, &actions);
        }
    }
    assert_true(now_ns - scene.world.now_ns < 130 * NS_PER_S);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failing_phase_enters_recovery_but_for_count_and_clock),
        cmocka_unit_test(a_machine_without_a_disk_is_said_to_be_one),
        cmocka_unit_test(three_boots_that_were_not_good_enter_recovery),
        cmocka_unit_test(the_counter_returns_to_zero_when_critical_services_stay_active),
        cmocka_unit_test(a_cycle_with_a_critical_service_enters_safe_mode),
        cmocka_unit_test(safe_mode_can_be_asked_for),
        cmocka_unit_test(a_critical_service_that_fails_for_good_reboots_at_once),
        cmocka_unit_test(a_boot_starts_what_has_a_trigger_and_says_when_it_is_complete),
        cmocka_unit_test(mounts_are_oneshots_that_remain_and_are_unmounted_in_reverse),
        cmocka_unit_test(what_does_not_stop_within_the_limit_is_killed_and_the_machine_goes_on),
        cmocka_unit_test(three_interrupts_in_five_seconds_force_it),
        cmocka_unit_test(a_shutdown_refuses_new_work_but_status),
        cmocka_unit_test(unmounting_and_flushing_have_limits_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
