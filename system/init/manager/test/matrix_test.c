// SPDX-License-Identifier: Apache-2.0
//
// The tables of commands and of operations once more, now by what the manager does: each command in
// each state, and each operation that meets another.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "system/init/manager/test/scene.h"

static const char letters[] = "ISARTCFBK"; // the states, by their letters in rule_test.c

static uint32_t send(enum command command)
{
    struct request request = {
        .command = command, .service = "a", .token = &scene.token, .id = 9, .wait = WAIT_NO};
    uint32_t before = scene.reply_count;

    world_event(&scene.world, &(struct event){.kind = EVENT_COMMAND, .request = &request});
    assert_int_equal(scene.reply_count, before + 1);
    return before;
}

// --- Commands by state --------------------------------------------------------------------------

// Brings `a` into a state where no command is under way (but for its own start).
static void reach(enum service_state state)
{
    bool is_oneshot = state == STATE_COMPLETED;

    scene_clear();
    scene_behave("a")->is_unkillable = state == STATE_ABANDONED;
    scene.behaviours[0].behaviour.stop_ms = state == STATE_ABANDONED ? WORLD_NEVER : 100;
    scene.behaviours[0].behaviour.ready_ms = state == STATE_STARTING ? WORLD_NEVER : 100;
    scene.behaviours[0].behaviour.false_conditions = state == STATE_SKIPPED;
    scene_boot(is_oneshot ? "{'a': {'ImagePath': 'x', 'Type': 'Oneshot', 'RemainAfterExit': 1}}"
                          : "{'a': {'ImagePath': 'x', 'RestartPolicy': 0, 'StopTimeout': 1,"
                            "'Conditions': 'path:/a'}}");
    if (state != STATE_INACTIVE) {
        (void)send(COMMAND_START);
        scene_run(500);
    }
    if (state == STATE_RELOADING) {
        scene_notify("a", NOTIFY_RELOADING, 0, "");
    } else if (state == STATE_STOPPING) {
        scene_notify("a", NOTIFY_STOPPING, 0, "");
    } else if (state == STATE_FAILED) {
        assert_true(world_crash(&scene.world, scene_slot("a"), 1, false));
        scene_run(500);
    } else if (state == STATE_ABANDONED) {
        (void)send(COMMAND_STOP);
        scene_run(7000);
    }
    assert_int_equal(scene_state("a"), state);
}

// As the answer tells it: an operation, or none; already so; cleared; refused.
static char outcome_of(const struct reply *reply)
{
    return reply->code != REPLY_OK                                              ? 'r'
           : reply->operation != 0                                              ? 'o'
           : reply->is_already                                                  ? 'n'
           : reply->state == STATE_INACTIVE && scene_state("a") == reply->state ? 'c'
                                                                                : '?';
}

// INIT-9.4
static void each_command_does_in_each_state_what_the_matrix_says(void **state)
{
    // The answer, and the state 6 s later.
    static const struct {
        enum command command;
        const char *cells[STATE_COUNT];
    } rows[] = {
        {COMMAND_START, {"oA", "oS", "nA", "nR", "oA", "oC", "oA", "rB", "oK"}},
        {COMMAND_STOP, {"nI", "oI", "oI", "oI", "nI", "cI", "nF", "rB", "nK"}},
        {COMMAND_RESTART, {"oA", "oS", "oA", "oA", "oA", "oC", "oA", "rB", "oK"}},
        {COMMAND_RELOAD, {"rI", "rS", "oA", "nR", "rI", "rC", "rF", "rB", "rK"}},
        {COMMAND_RESET, {"nI", "rS", "rA", "rR", "rI", "rC", "cI", "cI", "cI"}},
    };
    (void)state;

    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        for (uint32_t from = 0; from < STATE_COUNT; from++) {
            reach(from);
            struct reply reply = scene.replies[send(rows[row].command)];
            char found[3] = {outcome_of(&reply), '\0', '\0'};
            scene_run(6000);
            found[1] = letters[scene_state("a")];
            if (strcmp(found, rows[row].cells[from]) != 0) {
                print_error("%s in %s: %s\n", command_name(rows[row].command), state_name(from),
                            found);
            }
            assert_string_equal(found, rows[row].cells[from]);
        }
    }
}

// INIT-9.4
static void status_answers_in_every_state(void **state)
{
    (void)state;
    for (uint32_t from = 0; from < STATE_COUNT; from++) {
        reach(from);
        struct reply reply = scene.replies[send(COMMAND_STATUS)];
        assert_int_equal(reply.code, REPLY_OK);
        assert_int_equal(reply.state, from);
    }
}

// --- Operations that meet -----------------------------------------------------------------------

// `a` is needed by `b`, which is bound to it and slow to stop; `a` needs `c`, which is slow to
// start.
static const char *const meeting =
    "{'a': {'ImagePath': 'x', 'Requires': 'c', 'StopTimeout': 20},"
    "'b': {'ImagePath': 'x', 'BindsTo': 'a', 'StopTimeout': 20}, 'c': {'ImagePath': 'x'}}";

// Leaves an operation of this kind and state on `a`, and returns its serial.
static uint32_t leave(enum operation_kind kind, enum operation_state state)
{
    bool is_start = kind == OPERATION_START;
    uint32_t reply;

    scene_clear();
    scene_behave("a")->stop_ms = 3000;
    scene.behaviours[0].behaviour.ready_ms = is_start ? WORLD_NEVER : 100;
    scene_behave("b")->stop_ms = 5000;
    scene_behave("c")->ready_ms = is_start && state == OPERATION_PENDING ? 20000 : 100;
    scene_boot(meeting);
    reply = send(COMMAND_START);
    scene_run(500);
    if (!is_start) {
        struct request request = {.command = COMMAND_START, .service = "b", .token = &scene.token};
        if (state == OPERATION_PENDING) { // b has to stop before
            (void)scene_request(&request);
            scene_run(500);
        }
        reply = send((enum command)kind);
    }
    uint32_t serial = scene.replies[reply].operation;
    assert_int_equal(manager_operation(&scene.manager, serial)->kind, kind);
    assert_int_equal(manager_operation(&scene.manager, serial)->state, state);
    return serial;
}

static char meeting_of(uint32_t there, const struct reply *reply)
{
    enum operation_state state = manager_operation(&scene.manager, there)->state;

    if (reply->code == REPLY_CONFLICT) {
        return 'R';
    }
    if (reply->operation == 0) {
        return reply->is_already ? 'A' : '?';
    }
    return reply->operation == there                                                         ? 'M'
           : state == OPERATION_CANCELLED || state == OPERATION_ABORTED                      ? 'C'
           : manager_operation(&scene.manager, reply->operation)->state == OPERATION_PENDING ? 'Q'
                                                                                             : '?';
}

// INIT-9.3
static void each_operation_meets_each_other_as_the_table_says(void **state)
{
    static const char outcomes[] = {[OUTCOME_QUEUE] = 'Q',
                                    [OUTCOME_CANCEL] = 'C',
                                    [OUTCOME_MERGE] = 'M',
                                    [OUTCOME_ALREADY] = 'A',
                                    [OUTCOME_REFUSE] = 'R'};
    // Nothing makes a reload wait that could be met there.
    static const struct {
        enum operation_kind there;
        enum operation_state state;
    } rows[] = {
        {OPERATION_START, OPERATION_PENDING},   {OPERATION_START, OPERATION_RUNNING},
        {OPERATION_STOP, OPERATION_PENDING},    {OPERATION_STOP, OPERATION_RUNNING},
        {OPERATION_RESTART, OPERATION_PENDING}, {OPERATION_RESTART, OPERATION_RUNNING},
        {OPERATION_RELOAD, OPERATION_RUNNING},
    };
    (void)state;

    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        for (uint32_t kind = 0; kind < OPERATION_KINDS; kind++) {
            uint32_t there = leave(rows[row].there, rows[row].state);
            struct reply reply = scene.replies[send((enum command)kind)];
            char found = meeting_of(there, &reply);
            char expected = outcomes[conflict_outcome(rows[row].there, rows[row].state, kind)];
            if (found != expected) {
                print_error("%s %s, then %s: %c\n", operation_state_name(rows[row].state),
                            operation_kind_name(rows[row].there), operation_kind_name(kind), found);
            }
            assert_int_equal(found, expected);
            // Whatever met: each ends, once, and the service comes to rest.
            scene_run(700000);
            assert_null(manager_operation(&scene.manager, there));
            assert_int_equal(scene_service("a")->queued, NO_OPERATION);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_command_does_in_each_state_what_the_matrix_says),
        cmocka_unit_test(status_answers_in_every_state),
        cmocka_unit_test(each_operation_meets_each_other_as_the_table_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
