// SPDX-License-Identifier: Apache-2.0
//
// The control protocol: what a line must look like, what an answer looks like, the limits.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "system/init/format/connection.h"
#include "system/init/format/reply.h"
#include "system/init/format/request.h"
#include "system/init/manager/test/scene.h"

static enum reply_code read_line(const char *text, struct request *request, char *detail)
{
    struct phrase phrase = phrase_in(detail, REQUEST_DETAIL_MAX);
    return request_read(&scene.manager, text, strlen(text), request, &phrase);
}

static const char *written(const struct reply *reply)
{
    static char bytes[65536];
    struct json_writer writer = {.bytes = bytes, .max = sizeof(bytes) - 1};

    reply_write(&scene.manager, reply, &writer);
    assert_false(writer.is_full);
    bytes[writer.size] = '\0';
    return bytes;
}

// INIT-10.3
static void requests_are_read_exactly(void **state)
{
    struct request request;
    char detail[REQUEST_DETAIL_MAX];
    (void)state;

    scene_clear();
    scene_boot("{}");
    assert_int_equal(
        read_line("{\"command\":\"start\",\"service\":\"x\",\"wait\":true}", &request, detail),
        REPLY_OK);
    assert_int_equal(request.command, COMMAND_START);
    assert_string_equal(request.service, "x");
    assert_int_equal(request.wait, WAIT_YES);
    assert_int_equal(read_line("{\"id\":7,\"command\":\"stop\",\"service\":\"y\",\"wait\":false,"
                               "\"timeout\":5}",
                               &request, detail),
                     REPLY_OK);
    assert_int_equal(request.id, 7);
    assert_int_equal(request.timeout_s, 5);
    assert_int_equal(
        read_line("{\"command\":\"shutdown\",\"action\":\"reboot\"}", &request, detail), REPLY_OK);
    assert_int_equal(request.halt, HALT_REBOOT);
    char guid[GUID_TEXT_SIZE];
    char text[128];
    guid_print(&scene.manager, 'o', 4711, guid);
    snprintf(text, sizeof(text), "{\"command\":\"operation_status\",\"operation_id\":\"%s\"}",
             guid);
    assert_int_equal(read_line(text, &request, detail), REPLY_OK);
    assert_int_equal(request.operation, 4711);
    for (uint32_t i = 0; i < COMMAND_KINDS; i++) {
        snprintf(text, sizeof(text), "{\"command\":\"%s\"}", command_name(i));
        enum reply_code code = read_line(text, &request, detail);
        bool is_alone = i == COMMAND_LIST || i == COMMAND_GRAPH || i == COMMAND_PLAN ||
                        i == COMMAND_RELOAD_CONFIG;
        assert_int_equal(code, is_alone ? REPLY_OK : REPLY_BAD_REQUEST);
        assert_int_equal(request.command, i);
    }
}

// INIT-10.3
static void bad_requests_are_refused_by_member_and_reason(void **state)
{
    static const struct {
        const char *text;
        enum reply_code code;
        const char *detail;
    } rows[] = {
        {"", REPLY_BAD_REQUEST, "byte 0: the text ends"},
        {"{\"command\":}", REPLY_BAD_REQUEST, "byte 11"},
        {"[]", REPLY_BAD_REQUEST, "\"command\" is expected"},
        {"{}", REPLY_BAD_REQUEST, "\"command\" is expected"},
        {"{\"command\":\"dance\"}", REPLY_UNKNOWN_COMMAND, "dance"},
        {"{\"command\":5}", REPLY_UNKNOWN_COMMAND, ""},
        {"{\"command\":\"start\"}", REPLY_BAD_REQUEST, "missing: service"},
        {"{\"command\":\"start\",\"service\":5}", REPLY_BAD_REQUEST, "expected service"},
        {"{\"command\":\"start\",\"service\":\"x\",\"wait\":1}", REPLY_BAD_REQUEST,
         "expected wait"},
        {"{\"command\":\"start\",\"service\":\"x\",\"timeout\":-1}", REPLY_BAD_REQUEST,
         "expected timeout"},
        {"{\"command\":\"list\",\"service\":\"x\"}", REPLY_BAD_REQUEST, "no member service"},
        {"{\"command\":\"list\",\"colour\":\"x\"}", REPLY_BAD_REQUEST, "no member colour"},
        {"{\"command\":\"shutdown\",\"action\":\"explode\"}", REPLY_BAD_REQUEST, "expected action"},
        {"{\"command\":\"operation_status\",\"operation_id\":1}", REPLY_BAD_REQUEST,
         "expected operation_id"},
        {"{\"command\":\"list\",\"id\":\"x\"}", REPLY_BAD_REQUEST, "expected id"},
    };
    (void)state;

    scene_clear();
    scene_boot("{}");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct request request;
        char detail[REQUEST_DETAIL_MAX];
        assert_int_equal(read_line(rows[i].text, &request, detail), rows[i].code);
        assert_non_null(strstr(detail, rows[i].detail));
    }
}

// INIT-10.4
static void answers_have_the_form_of_the_chapter(void **state)
{
    char expected[256];
    char guid[GUID_TEXT_SIZE];
    (void)state;

    scene_clear();
    scene_boot("{\"web\": {\"ImagePath\": \"x\"}}");
    uint32_t reply = scene_command(COMMAND_START, "web");
    guid_print(&scene.manager, 'o', scene.replies[reply].operation, guid);
    snprintf(expected, sizeof(expected),
             "{\"id\":1,\"status\":\"ok\",\"operation_id\":\"%s\",\"service\":\"web\","
             "\"state\":\"active\",\"cause\":\"explicit_start\",\"warnings\":[]}",
             guid);
    assert_string_equal(written(&scene.replies[reply]), expected);
    assert_int_equal(guid_find(&scene.manager, 'o', guid), scene.replies[reply].operation);
    assert_int_equal(guid_find(&scene.manager, 'j', guid), 0);
    assert_int_equal(guid_find(&scene.manager, 'o', "x"), 0);
    guid[35] = 'X';
    assert_int_equal(guid_find(&scene.manager, 'o', guid), 0);
    scene.token.user = sid_local_service;
    struct request request = {.command = COMMAND_SHUTDOWN, .token = &scene.token};
    assert_string_equal(written(&scene.replies[scene_request(&request)]),
                        "{\"status\":\"error\",\"code\":\"ACCESS_DENIED\",\"message\":\"you don't "
                        "have the right: the right SHUTDOWN\"}");
}

// INIT-10.5
static void status_list_graph_why_and_plan_tell_what_they_should(void **state)
{
    (void)state;
    scene_clear();
    scene_boot(
        "{\"web\": {\"ImagePath\": \"x\", \"Triggers\": \"boot\", \"Requires\": \"db\","
        " \"ServiceSecurity\": \"D:(A;;0xf;;;WD)\"},"
        "\"db\": {\"ImagePath\": \"x\"}}");
    const char *text = written(&scene.replies[scene_command(COMMAND_STATUS, "web")]);
    static const char *const members[] = {"\"state\":\"active\"",
                                          "\"status_text\":\"busy\"",
                                          "\"job\":\"",
                                          "\"current_operation\":null",
                                          "\"health\":\"unknown\"",
                                          "\"uptime\":",
                                          "\"warnings\":[]"};
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        assert_non_null(strstr(text, members[i]));
    }
    assert_non_null(strstr(written(&scene.replies[scene_command(COMMAND_GRAPH, "")]),
                           "{\"from\":\"web\",\"to\":\"db\",\"kind\":\"Requires\"}"));
    assert_non_null(strstr(written(&scene.replies[scene_command(COMMAND_WHY, "web")]),
                           "\"why\":\"web is Active."));
    assert_non_null(strstr(written(&scene.replies[scene_command(COMMAND_PLAN, "web")]),
                           "\"plan\":\"keep  db, because of web\\nkeep  web\\n\""));
    assert_non_null(strstr(written(&scene.replies[scene_command(COMMAND_LIST, "")]), "registry"));
    // Who may query one service sees one, and no edge to another.
    scene.token.user = sid_local_service;
    struct reply list = scene.replies[scene_command(COMMAND_LIST, "")];
    list.token = &scene.token;
    text = written(&list);
    assert_non_null(strstr(text, "web"));
    assert_null(strstr(text, "\"db\""));
    assert_null(strstr(text, "registry"));
    struct reply graph = scene.replies[scene_command(COMMAND_GRAPH, "")];
    graph.token = &scene.token;
    assert_non_null(strstr(written(&graph), "\"edges\":[]"));
}

// INIT-9.2
static void an_operation_can_be_asked_for_by_its_guid(void **state)
{
    (void)state;
    scene_clear();
    scene_boot("{\"web\": {\"ImagePath\": \"x\"}}");
    uint32_t reply = scene_command(COMMAND_START, "web");
    struct request request = {.command = COMMAND_OPERATION_STATUS,
                              .token = &scene.token,
                              .operation = scene.replies[reply].operation};
    const char *text = written(&scene.replies[scene_request(&request)]);
    assert_non_null(strstr(text,
                           "\"operation\":{\"kind\":\"start\",\"state\":\"completed\","
                           "\"source\":\"admin\",\"caller\":\"S-1-5-18\""));
    request.operation = 12345;
    assert_int_equal(scene.replies[scene_request(&request)].code, REPLY_NO_SUCH_OPERATION);
}

// INIT-10.6
static void connections_have_limits_and_say_so(void **state)
{
    static struct connections connections;
    static char many[REQUEST_SIZE_MAX + 2];
    const char *bytes = "one\r\n\ntwo\nthr";
    size_t size = strlen(bytes);
    struct line line;
    (void)state;

    uint32_t number = connection_open(&connections, 0);
    assert_int_equal(connection_feed(&connections, number, &bytes, &size, 0, &line), LINE_WHOLE);
    assert_int_equal(line.size, 3);
    assert_memory_equal(line.text, "one", 3);
    assert_int_equal(connection_feed(&connections, number, &bytes, &size, 0, &line), LINE_WHOLE);
    assert_memory_equal(line.text, "two", 3);
    assert_int_equal(connection_feed(&connections, number, &bytes, &size, 0, &line), LINE_NONE);
    // Who waits for an answer is not idle; afterwards 30 s are.
    assert_int_equal(connection_idle(&connections, 100 * NS_PER_S), CONNECTIONS_MAX);
    connection_answered(&connections, number, 100 * NS_PER_S);
    connection_answered(&connections, number, 100 * NS_PER_S);
    connection_answered(&connections, number, 100 * NS_PER_S);
    assert_int_equal(connection_idle(&connections, 129 * NS_PER_S), CONNECTIONS_MAX);
    assert_int_equal(connection_idle(&connections, 130 * NS_PER_S), number);
    for (uint32_t i = 1; i < CONNECTIONS_MAX; i++) {
        assert_int_equal(connection_open(&connections, 0), i);
    }
    assert_int_equal(connection_open(&connections, 0), CONNECTIONS_MAX);
    connection_close(&connections, 5);
    assert_int_equal(connection_open(&connections, 0), 5);
    memset(many, 'x', sizeof(many));
    bytes = many;
    size = REQUEST_SIZE_MAX;
    assert_int_equal(connection_feed(&connections, 5, &bytes, &size, 0, &line), LINE_NONE);
    bytes = "\n";
    size = 1;
    assert_int_equal(connection_feed(&connections, 5, &bytes, &size, 0, &line), LINE_WHOLE);
    assert_int_equal(line.size, REQUEST_SIZE_MAX);
    bytes = many;
    size = sizeof(many);
    assert_int_equal(connection_feed(&connections, 5, &bytes, &size, 0, &line), LINE_TOO_LONG);
    char answer[256];
    struct json_writer writer = {.bytes = answer, .max = sizeof(answer)};
    reply_write_error(REPLY_TOO_LARGE, "", 0, &writer);
    assert_memory_equal(answer, "{\"status\":\"error\",\"code\":\"TOO_LARGE\"", 36);
}

static const char *answer_of(const char *text)
{
    static char answer[1 << 16];
    struct json_writer writer = {.bytes = answer, .max = sizeof(answer) - 1};
    char detail[REQUEST_DETAIL_MAX];
    struct request request;

    assert_int_equal(read_line(text, &request, detail), REPLY_OK);
    request.token = &scene.token;
    reply_write(&scene.manager, &scene.replies[scene_request(&request)], &writer);
    answer[writer.size] = '\0';
    return answer;
}

// INIT-10.2
static void a_plan_without_a_service_is_that_of_a_boot(void **state)
{
    static char services[1 << 17];
    struct phrase text = phrase_in(services, sizeof(services));
    (void)state;

    scene_clear();
    scene_boot(
        "{'a': {'ImagePath': 'x', 'Triggers': 'boot', 'Requires': 'b'},"
        "'b': {'ImagePath': 'x'}, 'c': {'ImagePath': 'x'}}");
    assert_non_null(
        strstr(answer_of("{\"command\":\"plan\"}"), "start b, because of a\\nstart a\\n"));
    assert_null(strstr(answer_of("{\"command\":\"plan\"}"), "start c"));
    // What would be longer than an answer says that it is.
    phrase_put(&text, "{");
    for (int i = 0; i < 500; i++) {
        phrase_put(&text, i > 0 ? ",'" : "'");
        phrase_put(&text, "a-long-name-for-a-service-that-needs-much-room-for-itself-");
        phrase_put_number(&text, i);
        phrase_put(&text, "': {'ImagePath':'x','Triggers':'boot'}");
    }
    phrase_put(&text, "}");
    assert_false(text.is_cut);
    scene_clear();
    scene_boot(services);
    assert_non_null(
        strstr(answer_of("{\"command\":\"plan\"}"), "... and more: ask about one service\\n\""));
}

// INIT-10.4 INIT-10.5
static void status_tells_what_there_is_and_the_graph_what_one_may_see(void **state)
{
    struct sid users[2] = {sid_system, sid_local_service};
    (void)state;

    scene_clear();
    scene_behave("slow")->ready_ms = WORLD_NEVER;
    scene_behave("skipped")->false_conditions = 1;
    scene_boot(
        "{'slow': {'ImagePath': 'x', 'Triggers': 'boot', 'Wants': ['skipped', 'open']},"
        "'skipped': {'ImagePath': 'x', 'Conditions': 'path:/x'},"
        "'open': {'ImagePath': 'x', 'Wants': 'too',"
        "'ServiceSecurity': 'D:(A;;0xf;;;WD)'},"
        "'too': {'ImagePath': 'x', 'ServiceSecurity': 'D:(A;;0xf;;;WD)'}}");
    assert_null(strstr(answer_of("{\"command\":\"status\",\"service\":\"slow\"}"),
                       "\"current_operation\":null"));
    assert_non_null(
        strstr(answer_of("{\"command\":\"status\",\"service\":\"skipped\"}"), "\"uptime\":null"));
    for (uint32_t i = 0; i < 2; i++) {
        scene.token.user = users[i];
        const char *graph = answer_of("{\"command\":\"graph\"}");
        assert_non_null(strstr(graph, "{\"from\":\"open\",\"to\":\"too\""));
        assert_int_equal(strstr(graph, "\"slow\"") != NULL, i == 0);
    }
}

// INIT-10.3
static void numbers_in_requests_have_bounds(void **state)
{
    struct request request;
    char detail[REQUEST_DETAIL_MAX];
    (void)state;

    scene_clear();
    scene_boot("{}");
    assert_int_equal(
        read_line("{\"command\":\"start\",\"service\":\"a\",\"timeout\":86400}", &request, detail),
        REPLY_OK);
    assert_int_equal(
        read_line("{\"command\":\"start\",\"service\":\"a\",\"timeout\":86401}", &request, detail),
        REPLY_BAD_REQUEST);
    assert_non_null(strstr(detail, "at most 86400"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_read_exactly),
        cmocka_unit_test(bad_requests_are_refused_by_member_and_reason),
        cmocka_unit_test(answers_have_the_form_of_the_chapter),
        cmocka_unit_test(status_list_graph_why_and_plan_tell_what_they_should),
        cmocka_unit_test(an_operation_can_be_asked_for_by_its_guid),
        cmocka_unit_test(connections_have_limits_and_say_so),
        cmocka_unit_test(a_plan_without_a_service_is_that_of_a_boot),
        cmocka_unit_test(status_tells_what_there_is_and_the_graph_what_one_may_see),
        cmocka_unit_test(numbers_in_requests_have_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
