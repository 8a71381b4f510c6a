// SPDX-License-Identifier: Apache-2.0
//
// Commands, operations, rights, jobs, timers, new definitions, output.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "system/init/manager/inbox.h"
#include "system/init/manager/output.h"
#include "system/init/manager/right.h"
#include "system/init/manager/test/scene.h"

#define S(name, fields) "\"" name "\": {\"ImagePath\": \"x\"" fields "}"
#define BOOT            ", \"Triggers\": \"boot\""

static uint32_t ask(enum command command, const char *name, enum wait_choice wait)
{
    struct request request = {.command = command, .token = &scene.token, .id = 9, .wait = wait};
    struct phrase text = phrase_in(request.service, sizeof(request.service));
    phrase_put(&text, name);
    return scene_request(&request);
}

// INIT-10.1 INIT-9.2
static void lifecycle_commands_wait_for_the_outcome_unless_told_not_to(void **state)
{
    (void)state;
    scene_clear();
    scene_behave("a")->ready_ms = 500;
    scene_boot("{" S("a", "") "}");
    assert_int_equal(ask(COMMAND_START, "a", WAIT_DEFAULT), SCENE_REPLIES_MAX);
    scene_run(1000);
    assert_int_equal(scene.replies[0].code, REPLY_OK);
    assert_int_equal(scene.replies[0].state, STATE_ACTIVE);
    uint32_t reply = ask(COMMAND_STOP, "a", WAIT_NO);
    const struct operation *operation =
        manager_operation(&scene.manager, scene.replies[reply].operation);
    assert_non_null(operation);
    assert_int_equal(operation->state, OPERATION_COMPLETED);
    assert_string_equal(operation->caller, "S-1-5-18");
    scene_run(61000);
    world_event(&scene.world, &(struct event){.kind = EVENT_CONTINUE});
    assert_null(manager_operation(&scene.manager, scene.replies[reply].operation));
}

// INIT-9.3
static void the_same_again_merges_and_the_opposite_aborts(void **state)
{
    (void)state;
    scene_clear();
    scene_behave("a")->ready_ms = 5000;
    scene_boot("{" S("a", "") "}");
    uint32_t first = ask(COMMAND_START, "a", WAIT_NO);
    uint32_t second = ask(COMMAND_START, "a", WAIT_NO);
    assert_int_equal(scene.replies[first].operation, scene.replies[second].operation);
    (void)ask(COMMAND_RESTART, "a", WAIT_NO); // queued behind the start
    assert_int_not_equal(scene_service("a")->queued, NO_OPERATION);
    uint32_t stop = ask(COMMAND_STOP, "a", WAIT_NO);
    assert_int_equal(manager_operation(&scene.manager, scene.replies[first].operation)->state,
                     OPERATION_ABORTED);
    scene_run(100);
    assert_int_equal(manager_operation(&scene.manager, scene.replies[stop].operation)->state,
                     OPERATION_COMPLETED);
    assert_int_equal(scene_state("a"), STATE_INACTIVE);
    assert_int_equal(scene_service("a")->queued, NO_OPERATION);
}

// INIT-9.3
static void a_start_behind_a_stop_waits_for_it(void **state)
{
    (void)state;
    scene_clear();
    scene_behave("a")->stop_ms = 2000;
    scene_boot("{" S("a", BOOT) "}");
    (void)ask(COMMAND_STOP, "a", WAIT_NO);
    (void)ask(COMMAND_START, "a", WAIT_YES);
    uint32_t reset = ask(COMMAND_RESET, "a", WAIT_NO);
    assert_int_equal(scene.replies[reset].code, REPLY_CONFLICT);
    scene_run(3000);
    assert_int_equal(scene_state("a"), STATE_ACTIVE);
    assert_int_equal(scene.replies[scene.reply_count - 1].code, REPLY_OK);
}

// INIT-9.2
static void an_operation_that_takes_too_long_is_given_up(void **state)
{
    (void)state;
    scene_clear();
    scene_behave("a")->ready_ms = WORLD_NEVER;
    scene_boot("{" S("a", ", \"StartTimeout\": 100, \"RestartPolicy\": 0") "}");
    struct request request = {
        .command = COMMAND_START, .token = &scene.token, .timeout_s = 2, .service = "a"};
    (void)scene_request(&request);
    scene_run(2500);
    assert_int_equal(scene.replies[0].code, REPLY_TIMEOUT);
    assert_int_equal(scene_state("a"), STATE_FAILED);
}

// INIT-9.4
static void every_command_answers_in_every_resting_state(void **state)
{
    static const char services[] = "{" S("a", "") "}";
    (void)state;

    scene_clear();
    scene_boot(services);
    assert_true(scene.replies[ask(COMMAND_STOP, "a", WAIT_YES)].is_already);
    assert_true(scene.replies[ask(COMMAND_RESET, "a", WAIT_YES)].is_already);
    assert_int_equal(scene.replies[ask(COMMAND_RELOAD, "a", WAIT_YES)].code, REPLY_BAD_STATE);
    (void)ask(COMMAND_RESTART, "a", WAIT_YES);
    assert_int_equal(scene_state("a"), STATE_ACTIVE);
    assert_true(scene.replies[ask(COMMAND_START, "a", WAIT_YES)].is_already);
    (void)ask(COMMAND_RESTART, "a", WAIT_YES);
    assert_int_equal(scene_changes("a", STATE_STOPPING, STATE_STARTING), 1);
    assert_int_equal(scene.replies[ask(COMMAND_RESET, "a", WAIT_YES)].code, REPLY_BAD_STATE);
    assert_int_equal(scene.replies[ask(COMMAND_START, "none", WAIT_YES)].code,
                     REPLY_NO_SUCH_SERVICE);
    assert_int_equal(scene.replies[ask(COMMAND_KINDS, "a", WAIT_YES)].code, REPLY_UNKNOWN_COMMAND);
}

// INIT-4.3 INIT-4.4
static void the_descriptor_decides_and_denials_are_written_down(void **state)
{
    struct sid group = sid_administrators;
    (void)state;

    scene_clear();
    scene_boot("{" S("a", "") "," S("b", ", \"ServiceSecurity\": \"D:(A;;0x3;;;WD)\"") "}");
    scene.token.user = sid_local_service;
    uint32_t reply = ask(COMMAND_START, "a", WAIT_NO);
    assert_int_equal(scene.replies[reply].code, REPLY_NO_SUCH_SERVICE); // not even visible
    assert_int_equal(scene.records[RECORD_DENIED], 1);
    assert_true(scene_said(RECORD_DENIED, "S-1-5-19, start, lacks right 0x2"));
    (void)ask(COMMAND_START, "b", WAIT_YES);
    assert_int_equal(scene_state("b"), STATE_ACTIVE);
    reply = ask(COMMAND_STOP, "b", WAIT_YES);
    assert_int_equal(scene.replies[reply].code, REPLY_ACCESS_DENIED);
    reply = ask(COMMAND_RESTART, "b", WAIT_YES); // needs START and STOP
    assert_int_equal(scene.replies[reply].code, REPLY_ACCESS_DENIED);
    struct request request = {.command = COMMAND_SHUTDOWN, .token = &scene.token};
    assert_int_equal(scene.replies[scene_request(&request)].code, REPLY_ACCESS_DENIED);
    assert_int_equal(scene.replies[ask(COMMAND_RELOAD_CONFIG, "", WAIT_NO)].code,
                     REPLY_ACCESS_DENIED);
    // Administrators may query and stop by default, not start.
    scene.token.groups = &group;
    scene.token.groups_count = 1;
    assert_int_equal(
        right_missing(&scene.manager, scene_slot("a"), &scene.token, RIGHT_SERVICE_ALL),
        RIGHT_START | RIGHT_INTERROGATE);
    // Without a session: public status only.
    request = (struct request){.command = COMMAND_STATUS, .service = "b"};
    assert_int_equal(scene.replies[scene_request(&request)].code, REPLY_OK);
    request.command = COMMAND_START;
    assert_int_equal(scene.replies[scene_request(&request)].code, REPLY_ACCESS_DENIED);
}

// INIT-9.5
static void adhoc_jobs_run_once_under_their_submitters_session(void **state)
{
    struct submission submission = {.connection = 3,
                                    .id = 4,
                                    .session = 77,
                                    .image = "tool",
                                    .token = &scene.token,
                                    .timeout_s = 2};
    (void)state;

    scene_clear();
    scene_boot("{" S("a", "") "}");
    world_event(&scene.world, &(struct event){.kind = EVENT_SUBMIT, .submission = &submission});
    assert_int_equal(scene.last[ACTION_RUN].value, 77);
    assert_string_equal(scene.last[ACTION_RUN].text, "tool");
    scene_run(100);
    assert_int_equal(scene.replies[0].code, REPLY_OK);
    assert_int_equal(scene.replies[0].connection, 3);
    assert_int_equal(scene.manager.job_count, 2);
    submission.token = NULL;
    world_event(&scene.world, &(struct event){.kind = EVENT_SUBMIT, .submission = &submission});
    assert_int_equal(scene.replies[1].code, REPLY_ACCESS_DENIED);
    submission.token = &scene.token;
    submission.image = "";
    world_event(&scene.world, &(struct event){.kind = EVENT_SUBMIT, .submission = &submission});
    assert_int_equal(scene.replies[2].code, REPLY_BAD_REQUEST);
    // One that hangs is killed when its time is over.
    submission.image = "tool";
    world_event(&scene.world, &(struct event){.kind = EVENT_SUBMIT, .submission = &submission});
    scene.world.processes[scene.last[ACTION_RUN].job & INDEX_MASK] = 0;
    scene_run(3000);
    assert_int_equal(scene.replies[3].code, REPLY_TIMEOUT);
    assert_int_equal(scene.manager.job_count, 2);
    for (int i = 0; i <= ADHOC_JOBS_MAX; i++) {
        world_event(&scene.world, &(struct event){.kind = EVENT_SUBMIT, .submission = &submission});
    }
    assert_int_equal(scene.replies[scene.reply_count - 1].code, REPLY_BUSY);
}

// INIT-9.1
static void each_job_is_written_down_when_made_started_and_ended(void **state)
{
    (void)state;
    scene_clear();
    scene_boot("{" S("a", BOOT ", \"Type\": 1") "}");
    assert_int_equal(scene.records[RECORD_JOB_CREATED], 3);
    assert_int_equal(scene.records[RECORD_JOB_STARTED], 3);
    assert_true(scene_said(RECORD_JOB_ENDED, "ServiceMain x as LocalService: exit code 0"));
}

// INIT-11.1 INIT-11.2
static void a_timer_starts_its_service_and_arms_itself_again(void **state)
{
    (void)state;
    scene_clear();
    scene_boot("{" S("a", ", \"Type\": 1, \"Triggers\": \"timer:*:*:0/10\"") "}");
    // The wall clock begins at 1700000000, which is 20 s past the minute.
    scene_run(35000);
    assert_int_equal(scene_changes("a", STATE_INACTIVE, STATE_STARTING), 3);
    assert_int_equal(scene.actions[ACTION_TIMER_RAN], 3);
    assert_int_equal(scene.last[ACTION_TIMER_RAN].value % 10, 0);
    // The clock jumps: armed again, by the new time.
    world_event(&scene.world, &(struct event){.kind = EVENT_CLOCK, .value = 1700000009});
    scene_run(1500);
    assert_int_equal(scene.actions[ACTION_TIMER_RAN], 4);
    world_event(&scene.world, &(struct event){.kind = EVENT_CLOCK, .status = 1});
    scene_run(60000);
    assert_int_equal(scene.actions[ACTION_TIMER_RAN], 4);
}

// INIT-11.2
static void a_oneshot_that_runs_gets_one_pending_run_and_a_simple_one_none(void **state)
{
    (void)state;
    scene_clear();
    scene_behave("a")->ends_ms = 25000;
    scene_boot("{" S("a", ", \"Type\": 1, \"Triggers\": \"timer:*:*:0/10\"") "," S(
        "b", ", \"Triggers\": \"timer:*:*:0/10\"") "}");
    scene_run(33000);
    assert_int_equal(scene_changes("b", STATE_INACTIVE, STATE_STARTING), 1);
    scene_run(5000); // the first run ended, the pending one began
    assert_int_equal(scene_changes("a", STATE_INACTIVE, STATE_STARTING), 2);
}

// INIT-11.3
static void persistent_timers_make_up_for_one_missed_run(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 3; i++) {
        static const uint64_t last[] = {1699990000, 1800000000, 1699999999};
        scene_clear();
        scene_prepare("{" S("a", ", \"Type\": 1, \"Triggers\": \"timer:*-*-* *:00\"") "}");
        // Its last run arrives with the definitions, before they are in force.
        scene.world.failing_phase = PHASE_ONE_CLOCK + 1;
        world_boot(&scene.world, 0);
        scene_run(1000);
        world_event(&scene.world,
                    &(struct event){.kind = EVENT_TIMER_LAST, .text = "a", .value = last[i]});
        world_event(&scene.world, &(struct event){.kind = EVENT_CLOCK, .value = 1700000000});
        scene_run(100);
        assert_int_equal(scene.records[RECORD_TIMER_MISSED], i == 0);
    }
}

// INIT-3.3 INIT-3.4
static void new_definitions_count_when_they_may_and_bad_ones_never(void **state)
{
    (void)state;
    scene_clear();
    scene_behave("a")->stop_ms = WORLD_NEVER;
    scene_boot("{" S("a", BOOT ", \"StopTimeout\": 5") "," S("b", "") "}");
    uint16_t fixed = scene_service("a")->definition;
    scene_reconfigure("{" S("a", BOOT ", \"Requires\": \"nope\"") "}");
    assert_int_equal(scene.records[RECORD_RELOAD_REFUSED], 1);
    assert_int_not_equal(scene_slot("b"), NO_SERVICE);
    scene_reconfigure(
        "{" S("a", BOOT ", \"StopTimeout\": 1, \"Requires\": \"c\"") "," S("c", "") "}");
    assert_int_equal(scene.records[RECORD_RELOADED], 1);
    assert_int_equal(scene_slot("b"), NO_SERVICE);
    assert_int_equal(scene_service("a")->definition, fixed);
    assert_int_equal(scene_state("c"), STATE_INACTIVE);
    (void)ask(COMMAND_RESTART, "a", WAIT_NO);
    scene_run(1500); // the new StopTimeout counts
    assert_int_equal(scene_state("c"), STATE_ACTIVE);
    assert_int_not_equal(scene_service("a")->definition, fixed);
    // ServiceSecurity counts at once.
    scene_reconfigure("{" S("a", BOOT ", \"ServiceSecurity\": \"D:(A;;0x1;;;WD)\"") "}");
    assert_int_equal(scene.replies[ask(COMMAND_STOP, "a", WAIT_NO)].code, REPLY_ACCESS_DENIED);
    // What is gone from the definitions runs on until it ends.
    scene_reconfigure("{" S("z", "") "}");
    assert_int_equal(scene_state("a"), STATE_ACTIVE);
    assert_true(world_crash(&scene.world, scene_slot("a"), 1, false));
    scene_run(100);
    assert_int_equal(scene_slot("a"), NO_SERVICE);
}

// INIT-3.4
static void reload_config_answers_when_it_is_done(void **state)
{
    (void)state;
    scene_clear();
    scene_boot("{" S("a", "") "}");
    assert_int_equal(scene.replies[ask(COMMAND_RELOAD_CONFIG, "", WAIT_NO)].code, REPLY_OK);
    scene.definitions = "{" S("a", ", \"Requires\": \"a\"") "}";
    uint32_t reply = ask(COMMAND_RELOAD_CONFIG, "", WAIT_NO);
    assert_int_equal(scene.replies[reply].code, REPLY_INVALID_CONFIG);
    assert_non_null(strstr(scene.replies[reply].detail, "a: Requires"));
    scene.world.is_snapshot_failing = true;
    reply = ask(COMMAND_RELOAD_CONFIG, "", WAIT_NO);
    assert_int_equal(scene.replies[reply].code, REPLY_UNAVAILABLE);
    assert_int_equal(scene_state("a"), STATE_INACTIVE);
}

static void output_send(const char *text, size_t size)
{
    uint16_t job = scene_service("a")->main_job;
    world_event(&scene.world, &(struct event){.kind = EVENT_OUTPUT,
                                              .job = scene.manager.jobs[job].serial,
                                              .part = 1,
                                              .text = text,
                                              .size = size});
}

// INIT-13.1 INIT-13.2 INIT-13.3
static void output_is_tagged_cut_bounded_and_handed_over_oldest_first(void **state)
{
    static char many[OUTPUT_SERVICE_MAX + 100];
    (void)state;

    scene_clear();
    scene_boot("{" S("a", BOOT) "}");
    output_send("first\nsecond\nthi", 16);
    output_send("rd\n", 3);
    assert_int_equal(scene.actions[ACTION_OUTPUT], 0);
    memset(many, 'x', sizeof(many));
    output_send(many, sizeof(many));
    uint64_t taken = scene.last[ACTION_OUTPUT_TAKEN].value;
    assert_true(taken < sizeof(many) && taken > OUTPUT_SERVICE_MAX / 2);
    world_event(&scene.world, &(struct event){.kind = EVENT_SINK});
    assert_int_equal(scene.records[RECORD_SINK_UP], 1);
    scene_run(1000);
    assert_int_equal(scene.actions[ACTION_OUTPUT_ROOM], 1);
    assert_int_equal(scene_service("a")->output_used, 0);
    assert_int_equal(scene.actions[ACTION_AUDIT], scene.manager.record_number);
    assert_int_equal(scene.last[ACTION_OUTPUT].service, scene_slot("a"));
    assert_true(scene.manager.output.tail == scene.manager.output.head);
}

// INIT-13.3
static void output_that_a_dead_event_log_had_not_taken_is_sent_again(void **state)
{
    struct actions *actions = &scene.world.actions;
    (void)state;

    scene_clear();
    scene_boot("{" S("a", BOOT) "}");
    scene.manager.record_taken = scene.manager.record_sent = scene.manager.record_number;
    output_send("line\n", 5);
    manager_step(&scene.manager, &(struct event){.kind = EVENT_SINK}, scene.world.now_ns, actions);
    assert_int_equal(actions->list[actions->count - 1].kind, ACTION_OUTPUT);
    manager_step(&scene.manager, &(struct event){.kind = EVENT_SINK, .status = 1},
                 scene.world.now_ns, actions);
    manager_step(&scene.manager, &(struct event){.kind = EVENT_SINK}, scene.world.now_ns, actions);
    assert_int_equal(actions->list[actions->count - 1].kind, ACTION_OUTPUT);
    assert_memory_equal(actions->list[actions->count - 1].text, "line", 4);
}

// INIT-13.1
static void long_lines_are_cut_with_a_mark_and_lose_nothing(void **state)
{
    static char line[OUTPUT_LINE_MAX + 10];
    struct actions *actions = &scene.world.actions;
    uint32_t cut = 0;
    size_t size = 0;
    (void)state;

    scene_clear();
    scene_boot("{" S("a", BOOT) "}");
    memset(line, 'y', sizeof(line));
    line[sizeof(line) - 1] = '\n';
    output_send(line, sizeof(line));
    manager_step(&scene.manager, &(struct event){.kind = EVENT_SINK}, scene.world.now_ns, actions);
    for (uint32_t i = 0; i < actions->count; i++) {
        if (actions->list[i].kind == ACTION_OUTPUT) {
            cut += actions->list[i].value == OUTPUT_CUT;
            size += actions->list[i].size;
        }
    }
    assert_int_equal(cut, 1);
    assert_int_equal(size, sizeof(line) - 1);
}

// INIT-1.3
static void no_source_starves_another(void **state)
{
    static struct inbox inbox;
    struct event event;
    (void)state;

    inbox_init(&inbox);
    assert_false(inbox_take(&inbox, &event));
    for (uint32_t kind = 0; kind < EVENT_KINDS; kind++) {
        // Everything else floods; one event of this kind is taken within a round.
        uint32_t before = 0;
        inbox_init(&inbox);
        assert_true(inbox_put(&inbox, &(struct event){.kind = kind, .value = 1}));
        for (uint32_t other = 0; other < EVENT_KINDS; other++) {
            if (inbox_source_of(other) != inbox_source_of(kind)) {
                while (inbox_put(&inbox, &(struct event){.kind = other})) {
                }
            }
        }
        while (inbox_take(&inbox, &event) && event.value != 1) {
            before++;
            (void)inbox_put(&inbox, &event);
        }
        assert_int_equal(event.value, 1);
        assert_true(before <= INBOX_ROUND);
    }
}

// INIT-10.2
static void why_leads_through_causes_to_the_origin(void **state)
{
    static char words[8192];
    struct phrase text = phrase_in(words, sizeof(words));
    (void)state;

    scene_clear();
    scene_behave("b")->failing_step = STEP_BUILD + 1;
    scene_boot("{" S("a", BOOT ", \"Requires\": \"b\"") "," S("b", ", \"RestartPolicy\": 0") "}");
    why_print(&scene.manager, scene_slot("a"), &scene.token, &text);
    const char *first = strstr(words, "a: Inactive -> Failed, DependencyFailure");
    const char *second = strstr(words, "b: Starting -> Failed, PreExecFailure");
    assert_non_null(first);
    assert_non_null(second);
    assert_true(first < second);
    assert_non_null(strstr(words, "To do: "));
    text = phrase_in(words, sizeof(words));
    plan_tell(&scene.manager, scene_slot("a"), &scene.token, &text);
    assert_string_equal(words, "start b, because of a\nstart a\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lifecycle_commands_wait_for_the_outcome_unless_told_not_to),
        cmocka_unit_test(the_same_again_merges_and_the_opposite_aborts),
        cmocka_unit_test(a_start_behind_a_stop_waits_for_it),
        cmocka_unit_test(an_operation_that_takes_too_long_is_given_up),
        cmocka_unit_test(every_command_answers_in_every_resting_state),
        cmocka_unit_test(the_descriptor_decides_and_denials_are_written_down),
        cmocka_unit_test(adhoc_jobs_run_once_under_their_submitters_session),
        cmocka_unit_test(each_job_is_written_down_when_made_started_and_ended),
        cmocka_unit_test(a_timer_starts_its_service_and_arms_itself_again),
        cmocka_unit_test(a_oneshot_that_runs_gets_one_pending_run_and_a_simple_one_none),
        cmocka_unit_test(persistent_timers_make_up_for_one_missed_run),
        cmocka_unit_test(new_definitions_count_when_they_may_and_bad_ones_never),
        cmocka_unit_test(reload_config_answers_when_it_is_done),
        cmocka_unit_test(output_is_tagged_cut_bounded_and_handed_over_oldest_first),
        cmocka_unit_test(output_that_a_dead_event_log_had_not_taken_is_sent_again),
        cmocka_unit_test(long_lines_are_cut_with_a_mark_and_lose_nothing),
        cmocka_unit_test(no_source_starves_another),
        cmocka_unit_test(why_leads_through_causes_to_the_origin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
