// SPDX-License-Identifier: Apache-2.0
//
// At the limits: of waiting requests, operations, jobs, records, actions of a step, services. What
// is beyond one is refused by name, and what is there goes on.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "system/init/manager/parts.h"
#include "system/init/manager/test/scene.h"

enum { MANY = 510 };

static const char *const one =
    "{'a': {'ImagePath': 'x', 'RestartPolicy': 0, 'StopTimeout': 2,"
    "'HealthCheck': 'check', 'HealthCheckInterval': 5}}";

// So many services, each with these fields and a boot trigger.
static const char *many(uint32_t count, const char *fields)
{
    static char text[SCENE_TEXT_MAX];
    struct phrase words = phrase_in(text, sizeof(text));

    for (uint32_t i = 0; i < count; i++) {
        phrase_put(&words, i > 0 ? ", 's" : "{'s");
        phrase_put_number(&words, i);
        phrase_put(&words, "': {'ImagePath': 'x', 'Triggers': ['boot'");
        phrase_put(&words, fields);
        phrase_put(&words, "}");
    }
    phrase_put(&words, "}");
    assert_false(words.is_cut);
    return text;
}

static uint32_t replies_of(enum reply_code code)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < scene.reply_count; i++) {
        count += scene.replies[i].code == code;
    }
    return count;
}

static void command(enum command kind, const char *name, enum wait_choice wait)
{
    struct request request = {.command = kind, .token = &scene.token, .id = 1, .wait = wait};

    snprintf(request.service, sizeof(request.service), "%s", name);
    world_event(&scene.world, &(struct event){.kind = EVENT_COMMAND, .request = &request});
}

// INIT-1.2 INIT-10.1
static void a_hundred_and_twenty_eight_requests_may_wait(void **state)
{
    (void)state;
    scene_clear();
    scene_behave("a")->ready_ms = 2000;
    scene_boot(one);
    for (uint32_t i = 0; i < WAITERS_MAX; i++) {
        command(COMMAND_START, "a", WAIT_YES);
    }
    assert_int_equal(scene.reply_count, 0);
    command(COMMAND_START, "a", WAIT_YES);
    assert_int_equal(replies_of(REPLY_BUSY), 1);
    // They are all answered, though one step has no room for so many answers.
    scene_run(3000);
    assert_int_equal(scene_state("a"), STATE_ACTIVE);
    assert_int_equal(replies_of(REPLY_OK), WAITERS_MAX);
    assert_int_equal(scene.manager.waiter_count, 0);
    // There is room for others again, which don't wait for what is over.
    command(COMMAND_STOP, "a", WAIT_YES);
    scene_run(1000);
    assert_int_equal(replies_of(REPLY_OK), WAITERS_MAX + 1);
}

// INIT-1.2 INIT-9.2
static void what_is_only_kept_gives_way_to_new_operations(void **state)
{
    struct request request = {.command = COMMAND_OPERATION_STATUS, .token = &scene.token};
    (void)state;

    scene_clear();
    scene_boot(one);
    command(COMMAND_START, "a", WAIT_NO);
    uint32_t first = scene.replies[0].operation;
    scene_run(1000);
    for (uint32_t i = 0; i < OPERATIONS_MAX / 2; i++) {
        scene.reply_count = 0;
        command(COMMAND_STOP, "a", WAIT_NO);
        scene_run(5);
        command(COMMAND_START, "a", WAIT_NO);
        scene_run(5);
        assert_int_equal(replies_of(REPLY_OK), 2);
    }
    assert_null(manager_operation(&scene.manager, first));
    request.operation = first;
    assert_int_equal(scene.replies[scene_request(&request)].code, REPLY_NO_SUCH_OPERATION);
    // One that can't be, and one that is too old.
    assert_null(manager_operation(&scene.manager, 1 << INDEX_BITS | INDEX_MASK));
    scene.reply_count = 0;
    command(COMMAND_STOP, "a", WAIT_NO);
    uint32_t last = scene.replies[0].operation;
    scene_run(100);
    assert_non_null(manager_operation(&scene.manager, last));
    scene_run(OPERATION_KEPT_S * 1000);
    world_event(&scene.world, &(struct event){.kind = EVENT_CONTINUE});
    assert_null(manager_operation(&scene.manager, last));
}

// INIT-1.2 INIT-5.2 INIT-5.3 INIT-5.6
static void a_start_fails_when_there_is_no_room_for_a_job(void **state)
{
    (void)state;
    scene_clear();
    scene_boot(one);
    scene.manager.job_count = JOBS_MAX;
    command(COMMAND_START, "a", WAIT_NO);
    assert_int_equal(scene_state("a"), STATE_FAILED);
    assert_int_equal(scene_cause("a"), CAUSE_PARENT_SETUP_FAILURE);
    assert_string_equal(scene_service("a")->history[0].detail, "no room for a job");
    // A health check waits for its next turn.
    scene_clear();
    scene_boot(one);
    command(COMMAND_START, "a", WAIT_NO);
    scene_run(1000);
    uint32_t count = scene.manager.job_count;
    scene.manager.job_count = JOBS_MAX;
    scene_run(5000);
    assert_int_equal(scene_service("a")->health, HEALTH_UNKNOWN);
    scene.manager.job_count = count;
    scene_run(5000);
    assert_int_equal(scene_service("a")->health, HEALTH_GOOD);
    // A hook that has no job has failed.
    scene_clear();
    scene_boot("{'a': {'ImagePath': 'x', 'ExecStartPre': 'p', 'RestartPolicy': 0}}");
    struct request request = {.command = COMMAND_START, .service = "a", .token = &scene.token};
    world_step(&scene.world, &(struct event){.kind = EVENT_COMMAND, .request = &request});
    scene.manager.job_count = JOBS_MAX;
    scene_run(1000);
    assert_int_equal(scene_cause("a"), CAUSE_PRE_HOOK_FAILURE);
    assert_string_equal(scene_service("a")->history[0].detail, "no room for a job");
}

static void submit(uint32_t id)
{
    struct submission submission = {
        .token = &scene.token, .image = "tool", .session = 3, .id = id, .connection = 1};
    world_event(&scene.world, &(struct event){.kind = EVENT_SUBMIT, .submission = &submission});
}

// INIT-1.2 INIT-9.5
static void sixty_four_adhoc_jobs_may_run_and_all_end_in_a_shutdown(void **state)
{
    (void)state;
    scene_clear();
    scene_boot("{}");
    // Numbers of jobs are used again only after all others.
    for (uint32_t i = 0; i < JOBS_MAX + ADHOC_JOBS_MAX; i++) {
        scene.reply_count = scene.message_count = 0;
        submit(i);
        scene_run(10);
        assert_int_equal(replies_of(REPLY_OK), 1);
    }
    scene.reply_count = 0;
    for (uint32_t i = 0; i <= ADHOC_JOBS_MAX; i++) {
        submit(i);
    }
    assert_int_equal(replies_of(REPLY_BUSY), 1);
    // Each kill is an action: there are more than one step has room for.
    scene.world.latency_ms = 0;
    memset(scene.actions, 0, sizeof(scene.actions));
    world_event(&scene.world, &(struct event){.kind = EVENT_POWER});
    assert_true(scene.actions[ACTION_KILL] >= ADHOC_JOBS_MAX);
    scene_run(10000);
    assert_true(scene.world.is_halted);
    assert_int_equal(scene.manager.job_count, 0);
}

// INIT-1.2 INIT-10.1
static void eight_requests_may_wait_for_a_reload(void **state)
{
    struct request request = {.command = COMMAND_RELOAD_CONFIG, .token = &scene.token, .id = 1};
    (void)state;

    scene_clear();
    scene_boot(one);
    for (uint32_t i = 0; i < 9; i++) {
        world_event(&scene.world, &(struct event){.kind = EVENT_COMMAND, .request = &request});
    }
    assert_int_equal(replies_of(REPLY_BUSY), 1);
    scene_run(100);
    assert_int_equal(replies_of(REPLY_OK), 8);
}

// INIT-13.2
static void everybody_who_waits_for_room_is_told(void **state)
{
    static char line[OUTPUT_SERVICE_MAX];
    (void)state;

    scene_clear();
    scene_boot(many(20, "]"));
    scene_run(2000);
    memset(line, 'x', sizeof(line));
    for (uint16_t slot = 2; slot < 22; slot++) {
        uint32_t job = scene.manager.jobs[scene.manager.services[slot].main_job].serial;
        for (uint32_t i = 0; i < 9; i++) {
            world_event(&scene.world, &(struct event){.kind = EVENT_OUTPUT,
                                                      .job = job,
                                                      .part = 1,
                                                      .text = line,
                                                      .size = OUTPUT_LINE_MAX});
        }
    }
    world_event(&scene.world, &(struct event){.kind = EVENT_SINK});
    scene_run(1000);
    assert_int_equal(scene.actions[ACTION_OUTPUT_ROOM], 20);
    assert_int_equal(scene.manager.output.tail, scene.manager.output.head);
}

// INIT-13.3
static void records_that_were_overwritten_are_counted(void **state)
{
    char expected[32];
    (void)state;

    scene_clear();
    scene_boot(one);
    for (uint32_t i = 0; i < RECORDS_MAX; i++) {
        world_event(&scene.world, &(struct event){.kind = EVENT_CLOCK, .value = 1700000000 + i});
    }
    uint64_t before = scene.manager.record_number;
    world_event(&scene.world, &(struct event){.kind = EVENT_SINK});
    // That the event log is there, and that some were lost, took two places more.
    snprintf(expected, sizeof(expected), "%u records", (unsigned)(before + 2 - RECORDS_MAX));
    assert_true(scene_said(RECORD_AUDIT_LOST, expected));
    scene_run(5000);
    assert_int_equal(scene.actions[ACTION_AUDIT], RECORDS_MAX);
    assert_int_equal(scene.manager.record_taken, scene.manager.record_number);
}

// INIT-1.2 INIT-1.3 INIT-2.4
static void five_hundred_and_twelve_services_boot_and_stop(void **state)
{
    (void)state;
    scene_clear();
    scene_boot(many(MANY, ", 'timer:*:*:0/5'], 'Readiness': 'Alive', 'TimerPersistent': 0"));
    scene_run(20000);
    assert_true(scene.manager.is_booted);
    for (uint16_t slot = 0; slot < SERVICES_MAX; slot++) {
        assert_int_equal(scene.manager.services[slot].state, STATE_ACTIVE);
    }
    // All timers are due at once.
    assert_true(scene.actions[ACTION_TIMER_RAN] >= 3 * MANY);
    world_event(&scene.world, &(struct event){.kind = EVENT_REGISTRY});
    scene_run(100);
    assert_true(scene.records[RECORD_RELOADED] == 1);
    world_event(&scene.world, &(struct event){.kind = EVENT_POWER});
    scene_run(20000);
    assert_true(scene.world.is_halted);
    assert_int_equal(scene.manager.job_count, 0);
}

// INIT-1.3
static void two_hundred_that_hang_are_killed_together(void **state)
{
    (void)state;
    scene_clear();
    for (uint32_t slot = 0; slot < 5; slot++) {
        char name[8];
        snprintf(name, sizeof(name), "s%u", slot);
        scene_behave(name)->stop_ms = WORLD_NEVER;
        scene.behaviours[slot].behaviour.is_unkillable = slot == 0;
    }
    scene_boot(many(200, "], 'StopTimeout': 300"));
    for (uint16_t slot = 7; slot < 202; slot++) {
        scene.world.behaviours[slot].stop_ms = WORLD_NEVER;
    }
    scene_run(10000);
    assert_true(scene.manager.is_booted);
    world_event(&scene.world, &(struct event){.kind = EVENT_POWER});
    scene_run(SHUTDOWN_S * 1000 + 500);
    assert_int_equal(scene.records[RECORD_SHUTDOWN_SLOW], 1);
    assert_int_equal(scene_state("s1"), STATE_INACTIVE);
    assert_int_equal(scene_state("s199"), STATE_INACTIVE);
    assert_int_equal(scene_state("s0"), STATE_STOPPING);
    scene_run(20000);
    assert_true(scene.world.is_halted);
}

// INIT-3.5
static void sixty_four_conditions_and_as_many_asserts_are_told_apart(void **state)
{
    static char text[8192];
    struct phrase words = phrase_in(text, sizeof(text));
    (void)state;

    phrase_put(&words, "{'a': {'ImagePath': 'x', 'Asserts': ['file:/last'], 'Conditions': [");
    for (uint32_t i = 0; i < LIST_ITEMS_MAX; i++) {
        phrase_put(&words, i > 0 ? ", 'path:/" : "'path:/");
        phrase_put_number(&words, i);
        phrase_put(&words, "'");
    }
    phrase_put(&words, "]}}");
    scene_clear();
    scene_behave("a")->false_conditions = UINT64_C(1) << 63;
    scene_boot(text);
    command(COMMAND_START, "a", WAIT_NO);
    scene_run(100);
    assert_int_equal(scene_state("a"), STATE_SKIPPED);
    assert_string_equal(scene_service("a")->history[0].detail, "path:/63");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hundred_and_twenty_eight_requests_may_wait),
        cmocka_unit_test(what_is_only_kept_gives_way_to_new_operations),
        cmocka_unit_test(a_start_fails_when_there_is_no_room_for_a_job),
        cmocka_unit_test(sixty_four_adhoc_jobs_may_run_and_all_end_in_a_shutdown),
        cmocka_unit_test(eight_requests_may_wait_for_a_reload),
        cmocka_unit_test(everybody_who_waits_for_room_is_told),
        cmocka_unit_test(records_that_were_overwritten_are_counted),
        cmocka_unit_test(five_hundred_and_twelve_services_boot_and_stop),
        cmocka_unit_test(two_hundred_that_hang_are_killed_together),
        cmocka_unit_test(sixty_four_conditions_and_as_many_asserts_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
