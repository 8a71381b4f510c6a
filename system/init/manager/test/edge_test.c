// SPDX-License-Identifier: Apache-2.0
//
// What is rare: rings that wrap, zones, waiting services asked why, answers of every shape.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "system/init/format/reply.h"
#include "system/init/manager/syntax.h"
#include "system/init/manager/test/scene.h"

#define S(name, fields) "\"" name "\": {\"ImagePath\": \"x\"" fields "}"
#define BOOT            ", \"Triggers\": \"boot\""

enum { STREAM_SIZE = 3 << 20, PIECE_MAX = 40000 };

static char sent[STREAM_SIZE], arrived[STREAM_SIZE];
static size_t arrived_size;

static void arrive(const struct actions *actions)
{
    for (uint32_t i = 0; i < actions->count; i++) {
        const struct action *action = &actions->list[i];
        if (action->kind == ACTION_OUTPUT) {
            memcpy(arrived + arrived_size, action->text, action->size);
            arrived_size += action->size;
        }
    }
}

static void step(const struct event *event)
{
    manager_step(&scene.manager, event, scene.world.now_ns, &scene.world.actions);
    arrive(&scene.world.actions);
}

// INIT-13.2 INIT-13.3
static void a_ring_that_wraps_loses_and_repeats_nothing(void **state)
{
    uint64_t random = 5;
    size_t taken = 0;
    (void)state;

    scene_clear();
    scene_boot("{" S("a", BOOT) "}");
    arrived_size = 0;
    for (size_t i = 0; i < STREAM_SIZE; i++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        sent[i] = (char)('a' + (random >> 40) % 26); // no line ends: they are not kept
    }
    uint32_t job = scene.manager.jobs[scene_service("a")->main_job].serial;
    step(&(struct event){.kind = EVENT_SINK});
    while (taken < STREAM_SIZE) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        size_t size = 1 + (random >> 33) % PIECE_MAX;
        size = size < STREAM_SIZE - taken ? size : STREAM_SIZE - taken;
        step(&(struct event){
            .kind = EVENT_OUTPUT, .job = job, .part = 1, .text = sent + taken, .size = size});
        for (uint32_t i = 0; i < scene.world.actions.count; i++) {
            if (scene.world.actions.list[i].kind == ACTION_OUTPUT_TAKEN) {
                taken += scene.world.actions.list[i].value;
            }
        }
        step(&(struct event){.kind = EVENT_SINK_TAKEN, .value = 1 + (random >> 50) % 16});
        step(&(struct event){.kind = EVENT_SINK_TAKEN, .part = 1, .value = 1000});
    }
    for (int i = 0; i < 1000; i++) {
        step(&(struct event){.kind = EVENT_SINK_TAKEN, .value = 100});
    }
    assert_int_equal(arrived_size, STREAM_SIZE);
    assert_memory_equal(arrived, sent, STREAM_SIZE);
    assert_true(scene.manager.output.head > 2 * OUTPUT_RING_SIZE);
    assert_int_equal(scene_service("a")->output_used, 0);
}

// INIT-13.2
static void a_full_ring_takes_nothing_more_until_there_is_room(void **state)
{
    static char line[8000];
    char services[2048];
    uint64_t full = 0;
    (void)state;

    struct phrase text = phrase_in(services, sizeof(services));
    phrase_put(&text, "{");
    for (int i = 0; i < 20; i++) {
        phrase_put(&text, i > 0 ? ", \"s" : "\"s");
        phrase_put_number(&text, i);
        phrase_put(&text, "\": {\"ImagePath\": \"x\", \"Triggers\": \"boot\"}");
    }
    phrase_put(&text, "}");
    scene_clear();
    scene_boot(services);
    scene_run(3000);
    memset(line, 'x', sizeof(line));
    for (uint16_t slot = 2; slot < 22; slot++) {
        uint32_t job = scene.manager.jobs[scene.manager.services[slot].main_job].serial;
        for (int i = 0; i < 9; i++) {
            step(&(struct event){
                .kind = EVENT_OUTPUT, .job = job, .part = 2, .text = line, .size = sizeof(line)});
            full += scene.world.actions.list[0].value < sizeof(line);
        }
    }
    assert_true(full >= 20 + 18);
    assert_true(scene.manager.output.head - scene.manager.output.tail <= OUTPUT_RING_SIZE);
    for (uint32_t part = 0; part < 4; part++) { // nonsense is ignored
        step(&(struct event){.kind = EVENT_OUTPUT, .job = part == 1 ? 1 : 0, .part = part});
    }
}

static bool zone_find(void *context, const char *name, struct calendar_zone *zone)
{
    (void)context;
    calendar_zone_utc(zone);
    return strcmp(name, "Here/There") == 0;
}

// INIT-11.1
static void zones_are_found_by_name_or_the_timer_never_fires(void **state)
{
    (void)state;
    scene_clear();
    scene_prepare("{" S(
        "a",
        ", \"Type\": 1, \"Triggers\": [\"timer:*:*:0/10 Here/There\","
        " \"timer:*:*:7\"], \"TimerPersistent\": 0") "," S("b",
                                                           ", \"Triggers\": \"timer:*:*:0/10 "
                                                           "No/Where\"") "," S("c",
                                                                               ", \"Disabled\": 1, "
                                                                               "\"Triggers\": "
                                                                               "\"timer:*:*:0/10 "
                                                                               "UTC\"") "}");
    scene.manager.config.zone_find = zone_find;
    world_boot(&scene.world, 0);
    scene_run(41000);
    assert_int_equal(scene.records[RECORD_TIMER_NEVER], 1);
    assert_int_equal(scene.actions[ACTION_TIMER_RAN], 4);
    assert_int_equal(scene_changes("c", STATE_INACTIVE, STATE_STARTING), 0);
}

// INIT-10.2
static void why_says_what_a_service_waits_for(void **state)
{
    static char words[8192];
    struct phrase text = phrase_in(words, sizeof(words));
    (void)state;

    scene_clear();
    scene_behave("b")->ready_ms = WORLD_NEVER;
    scene_boot(
        "{'a': {'ImagePath': 'x', 'Triggers': 'boot', 'Requires': 'b'}, 'b': {'ImagePath': 'x'},"
        "'c': {'ImagePath': 'x', 'Conflicts': 'd', 'Requires': 'e'},"
        "'d': {'ImagePath': 'x', 'Triggers': 'boot'}, 'e': {'ImagePath': 'x', 'Requires': 'none'},"
        "'f': {'ImagePath': 'x', 'Conflicts': 'd'}}");
    why_print(&scene.manager, scene_slot("a"), &scene.token, &text);
    assert_non_null(strstr(words, "It waits for b, which is Starting."));
    assert_non_null(strstr(words, "a was never asked to start."));
    text = phrase_in(words, sizeof(words));
    plan_tell(&scene.manager, scene_slot("c"), &scene.token, &text);
    assert_string_equal(words, "fail  c, because it needs e\nfail  e: its definition is wrong\n");
    text = phrase_in(words, sizeof(words));
    plan_tell(&scene.manager, scene_slot("f"), &scene.token, &text);
    assert_string_equal(words, "stop  d, because of f\nstart f\n");
}

static const char *written(struct reply *reply)
{
    static char bytes[65536];
    struct json_writer writer = {.bytes = bytes, .max = sizeof(bytes) - 1};
    reply_write(&scene.manager, reply, &writer);
    bytes[writer.size] = '\0';
    return bytes;
}

// INIT-10.4 INIT-10.5
static void answers_of_every_command_are_written(void **state)
{
    struct reply reply;
    (void)state;

    scene_clear();
    scene_behave("a")->is_unkillable = true;
    scene.behaviours[0].behaviour.stop_ms = WORLD_NEVER;
    scene_boot("{" S("a", BOOT ", \"StopTimeout\": 1") "," S(
        "b", "") "," S("c", BOOT ", \"Type\": 1,"
                                 " \"RemainAfterExit\": 1") "}");
    (void)scene_command(COMMAND_STOP, "a");
    scene_run(7000);
    reply = scene.replies[scene_command(COMMAND_STATUS, "a")];
    assert_non_null(strstr(written(&reply), "\"warnings\":[\"a job can't be reclaimed: x\"]"));
    reply = scene.replies[scene_command(COMMAND_STATUS, "b")];
    assert_non_null(strstr(written(&reply), "\"job\":null"));
    assert_non_null(strstr(written(&reply), "\"uptime\":null"));
    reply = scene.replies[scene_command(COMMAND_STATUS, "c")];
    assert_non_null(strstr(written(&reply), "\"uptime\":null"));
    reply = scene.replies[scene_command(COMMAND_STOP, "b")];
    assert_non_null(strstr(written(&reply), "\"note\":\"ALREADY\""));
    for (uint32_t i = 0; i <= COMMAND_KINDS; i++) {
        reply = (struct reply){.command = i,
                               .service = scene_slot("b"),
                               .id = 3,
                               .detail = "so",
                               .token = &scene.token,
                               .job = 0};
        assert_non_null(strstr(written(&reply), "\"id\":3,\"status\":\"ok\""));
        assert_non_null(strstr(written(&reply), "\"detail\":\"so\""));
    }
    reply.code = REPLY_FAILED;
    assert_non_null(strstr(written(&reply), "{\"id\":3,\"status\":\"error\",\"code\":\"FAILED\""));
    assert_string_equal(command_name(COMMAND_KINDS), "submit");
}

// INIT-6.5
static void records_have_the_severity_of_what_happened(void **state)
{
    struct record record = {.kind = RECORD_TRANSITION, .to = STATE_FAILED};
    char words[512];
    struct phrase text = phrase_in(words, sizeof(words));
    (void)state;

    assert_int_equal(record_severity(&record), SEVERITY_ERROR);
    record.to = STATE_ABANDONED;
    assert_int_equal(record_severity(&record), SEVERITY_ERROR);
    record = (struct record){.kind = RECORD_TRANSITION,
                             .from = STATE_ACTIVE,
                             .to = STATE_STARTING,
                             .cause = CAUSE_PROCESS_CRASH};
    assert_int_equal(record_severity(&record), SEVERITY_WARNING);
    record.cause = CAUSE_EXPLICIT_START;
    assert_int_equal(record_severity(&record), SEVERITY_NOTE);
    record.kind = RECORD_DENIED;
    assert_int_equal(record_severity(&record), SEVERITY_WARNING);
    record_print(&record, &text);
    assert_string_equal(words,
                        "init: access denied. Done: nothing was done. To do: Ask somebody "
                        "who has the right, or change ServiceSecurity.");
}

// INIT-3.6
static void names_and_commands_are_told_from_what_is_not(void **state)
{
    static const char long_name[] =
        "a23456789012345678901234567890123456789012345678901234567890123";
    (void)state;

    assert_true(name_is_good("A-b_c.9"));
    assert_true(name_is_good("9"));
    assert_true(name_is_good(long_name));
    static const char *const bad[] = {"", "-a", ".a", "a b", "a/b", "a:b", "\xc3\xa4", "a~"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(name_is_good(bad[i]));
    }
    assert_false(part_is_good("a.b"));
    assert_true(part_is_good("a_b-c"));
    assert_true(command_is_good("a \"b \\\" c\" \\\\", false));
    assert_true(command_is_good("", true));
    assert_false(command_is_good("\t ", false));
    assert_false(command_is_good("\"\\\"", false));
    assert_true(command_is_good("\"\\\\\"", false));
    struct grant grant;
    struct export export;
    assert_true(grant_parse(&grant, "a\t=\tconsole\t"));
    char text[160];
    struct phrase phrase = phrase_in(text, sizeof(text));
    phrase_put(&phrase, long_name);
    phrase_put(&phrase, "4 = console");
    assert_false(grant_parse(&grant, text));
    assert_false(export_parse(&export, "a b : C"));
    assert_false(export_parse(&export, "a : C D"));
}

// INIT-3.4
static void a_registry_that_does_not_answer_changes_nothing(void **state)
{
    (void)state;
    scene_clear();
    scene_boot("{" S("a", BOOT) "}");
    scene.world.event_count = 0;
    struct actions *actions = &scene.world.actions;
    manager_step(&scene.manager, &(struct event){.kind = EVENT_REGISTRY}, scene.world.now_ns,
                 actions);
    assert_int_equal(actions->list[0].kind, ACTION_SNAPSHOT);
    // Another change meanwhile: read again afterwards.
    manager_step(&scene.manager, &(struct event){.kind = EVENT_REGISTRY}, scene.world.now_ns,
                 actions);
    assert_int_equal(actions->count, 0);
    scene_run(10500);
    assert_int_equal(scene.records[RECORD_REGISTRY_SILENT], 1);
    assert_int_equal(scene.records[RECORD_RELOADED], 1);
    assert_int_equal(scene_state("a"), STATE_ACTIVE);
}

// INIT-1.4
static void events_that_make_no_sense_change_nothing(void **state)
{
    static const struct event events[] = {
        {.kind = EVENT_NOTIFY, .service = 600},
        {.kind = EVENT_NOTIFY, .service = 2, .part = 99},
        {.kind = EVENT_NOTIFY, .service = 300},
        {.kind = EVENT_CHECKED, .service = 600},
        {.kind = EVENT_CHECKED, .service = 300},
        {.kind = EVENT_CHECKED, .service = 2, .activation = 7},
        {.kind = EVENT_STEP, .job = 1},
        {.kind = EVENT_EXIT, .job = UINT32_MAX},
        {.kind = EVENT_RECLAIMED, .job = 0},
        {.kind = EVENT_PHASE, .part = 3},
        {.kind = EVENT_BOOT},
        {.kind = EVENT_SNAPSHOT},
        {.kind = EVENT_DONE, .part = ACTION_FLUSH},
        {.kind = EVENT_DONE, .part = ACTION_UNMOUNT},
        {.kind = EVENT_TIMER_LAST},
        {.kind = EVENT_TIMER_LAST, .text = "none"},
        {.kind = EVENT_TIMER_LAST, .text = "a", .value = UINT64_MAX},
        {.kind = EVENT_SINK_TAKEN, .value = 9},
        {.kind = EVENT_SINK_TAKEN, .part = 1, .value = 9},
        {.kind = EVENT_TIME},
    };
    (void)state;

    scene_clear();
    scene_boot("{" S("a", BOOT) "}");
    uint64_t records = scene.manager.record_number;
    for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
        world_event(&scene.world, &events[i]);
    }
    assert_int_equal(scene_state("a"), STATE_ACTIVE);
    assert_true(scene.manager.record_number == records);
    // And after the end nothing has an effect at all.
    world_event(&scene.world, &(struct event){.kind = EVENT_POWER});
    scene_run(2000);
    assert_true(scene.world.is_halted);
    world_event(&scene.world, &(struct event){.kind = EVENT_POWER});
    assert_int_equal(scene.world.actions.count, 0);
    assert_true(manager_deadline(&scene.manager) == UINT64_MAX);
    assert_false(manager_has_work(&scene.manager, scene.world.now_ns));
}

// INIT-5.5
static void notifications_out_of_place_are_refused_and_said(void **state)
{
    (void)state;
    scene_clear();
    scene_behave("a")->ready_ms = WORLD_NEVER;
    scene_behave("b")->ends_ms = 60000;
    scene_boot("{" S("a", BOOT) "," S("b", BOOT ", \"Type\": 1") "," S("c", BOOT) "}");
    scene_notify("b", NOTIFY_READY, 0, "");     // its end counts
    scene_notify("a", NOTIFY_RELOADING, 0, ""); // not active yet
    scene_notify("a", NOTIFY_STOPPING, 0, "");  // the same
    scene_notify("c", NOTIFY_CAPSTORE, 0, "a name of more than thirty-one bytes");
    assert_int_equal(scene.records[RECORD_NOTIFY_REFUSED], 4);
    scene_notify("c", NOTIFY_READY, 0, ""); // again: harmless
    scene_notify("c", NOTIFY_WATCHDOG, 0, "");
    scene_notify("a", NOTIFY_WATCHDOG, 1, "");
    scene_notify("a", NOTIFY_EXTEND_TIMEOUT_USEC, 1000, "");
    assert_int_equal(scene_state("a"), STATE_STARTING);
    assert_int_equal(scene_state("b"), STATE_STARTING);
    assert_int_equal(scene_state("c"), STATE_ACTIVE);
    scene_notify("c", NOTIFY_STOPPING, 0, "");
    scene_notify("c", NOTIFY_STOPPING, 0, "");
    scene_notify("c", NOTIFY_EXTEND_TIMEOUT_USEC, 15000000, "");
    scene_run(14000);
    assert_int_equal(scene_state("c"), STATE_STOPPING);
}

// INIT-9.5
static void a_submission_that_is_too_long_is_refused(void **state)
{
    static char arguments[ADHOC_TEXT_MAX + 1];
    (void)state;

    scene_clear();
    scene_boot("{}");
    memset(arguments, 'x', sizeof(arguments) - 1);
    struct submission submission = {.image = "x", .arguments = arguments, .token = &scene.token};
    world_event(&scene.world, &(struct event){.kind = EVENT_SUBMIT, .submission = &submission});
    assert_int_equal(scene.replies[0].code, REPLY_TOO_LARGE);
    submission.arguments = "";
    submission.timeout_s = 0;
    world_event(&scene.world, &(struct event){.kind = EVENT_SUBMIT, .submission = &submission});
    world_event(&scene.world, &(struct event){.kind = EVENT_POWER}); // ends it
    scene_run(1000);
    assert_int_equal(scene.manager.job_count, 0);
    world_event(&scene.world, &(struct event){.kind = EVENT_SUBMIT, .submission = &submission});
    assert_true(scene.world.is_halted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_ring_that_wraps_loses_and_repeats_nothing),
        cmocka_unit_test(a_full_ring_takes_nothing_more_until_there_is_room),
        cmocka_unit_test(zones_are_found_by_name_or_the_timer_never_fires),
        cmocka_unit_test(why_says_what_a_service_waits_for),
        cmocka_unit_test(answers_of_every_command_are_written),
        cmocka_unit_test(records_have_the_severity_of_what_happened),
        cmocka_unit_test(names_and_commands_are_told_from_what_is_not),
        cmocka_unit_test(a_registry_that_does_not_answer_changes_nothing),
        cmocka_unit_test(events_that_make_no_sense_change_nothing),
        cmocka_unit_test(notifications_out_of_place_are_refused_and_said),
        cmocka_unit_test(a_submission_that_is_too_long_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
