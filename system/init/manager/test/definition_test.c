// SPDX-License-Identifier: Apache-2.0
//
// Definitions: defaults, what is refused and how it is said, the graph.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "system/init/format/definitions.h"
#include "system/init/manager/assert.h"
#include "system/init/manager/syntax.h"

enum { NODES = 65536 };

static struct catalogue catalogue;
static struct definition pool[SERVICES_MAX * DEFINITIONS_PER_SERVICE];
static struct json_node nodes[NODES];

static void begin(void)
{
    catalogue_init(&catalogue, pool, SERVICES_MAX * DEFINITIONS_PER_SERVICE);
}

static bool read_text(const char *text)
{
    begin();
    bool is_read = definitions_read(&catalogue, text, strlen(text), nodes, NODES);
    catalogue_stage_end(&catalogue, NULL);
    return is_read;
}

static bool has_problem(enum problem_kind kind, const char *detail, uint32_t line)
{
    for (uint32_t i = 0; i < catalogue.problems.count; i++) {
        const struct problem *problem = &catalogue.problems.list[i];
        if (problem->kind == kind && strstr(problem->detail, detail) != NULL &&
            (line == 0 || problem->line == line)) {
            return true;
        }
    }
    return false;
}

static const struct definition *definition_of(const char *name)
{
    uint16_t slot = catalogue_find(&catalogue, name);
    return catalogue_definition(&catalogue, catalogue_staged(&catalogue)->definitions[slot]);
}

// INIT-3.1
static void fields_have_the_defaults_of_the_chapter(void **state)
{
    static const struct {
        const char *name;
        int64_t number;
    } rows[] = {{"Type", 0},
                {"Disabled", 0},
                {"SafeMode", 0},
                {"ErrorControl", 0},
                {"RemainAfterExit", 0},
                {"StartTimeout", 30},
                {"StopTimeout", 10},
                {"WatchdogTimeout", 0},
                {"HealthCheckInterval", 30},
                {"HealthCheckTimeout", 5},
                {"HealthCheckRetries", 3},
                {"RestartPolicy", 1},
                {"RestartMaxRetries", 5},
                {"RestartWindow", 120},
                {"RestartDelay", 1},
                {"Readiness", 0},
                {"NotifyAccess", 0},
                {"CapStoreMax", 0},
                {"TimerPersistent", 1},
                {"TimerJitter", 0}};
    (void)state;

    assert_true(read_text("{\"services\": {\"a\": {\"ImagePath\": \"x\"}}}"));
    assert_int_equal(catalogue.problems.count, 0);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        enum field field = field_find(rows[i].name);
        assert_true(field < FIELD_COUNT);
        assert_int_equal(definition_number(definition_of("a"), field), rows[i].number);
    }
    assert_int_equal(field_find("Nothing"), FIELD_COUNT);
    assert_int_equal(field_change(FIELD_IMAGE_PATH), CHANGE_RUNNING);
    assert_int_equal(field_change(FIELD_REQUIRES), CHANGE_NEXT_START);
    assert_int_equal(field_change(FIELD_SERVICE_SECURITY), CHANGE_AT_ONCE);
    assert_int_equal(field_change(FIELD_STOP_TIMEOUT), CHANGE_NEXT_USE);
}

// INIT-3.1 INIT-3.2
static void each_wrong_value_is_refused_by_field_and_line(void **state)
{
    static const struct {
        const char *field;
        enum problem_kind kind;
        const char *detail;
    } rows[] = {
        {"\"StartTimeout\": 0", PROBLEM_FIELD_RANGE, "0, allowed are 1 to 86400"},
        {"\"StartTimeout\": \"x\"", PROBLEM_FIELD_TYPE, "a whole number"},
        {"\"StartTimeout\": 1.5", PROBLEM_FIELD_TYPE, "whole number"},
        {"\"StartTimeout\": [1]", PROBLEM_FIELD_TYPE, "neither"},
        {"\"Type\": \"Twoshot\"", PROBLEM_FIELD_TYPE, "Simple|Oneshot"},
        {"\"Type\": 2", PROBLEM_FIELD_RANGE, "2"},
        {"\"Identity\": 5", PROBLEM_FIELD_TYPE, "text is expected"},
        {"\"Identity\": \"\"", PROBLEM_FIELD_SIZE, "0 bytes"},
        {"\"Requires\": [1]", PROBLEM_FIELD_TYPE, "an item"},
        {"\"Requires\": \"a\"", PROBLEM_SELF, ""},
        {"\"Requires\": \"bb\"", PROBLEM_MISSING, "bb"},
        {"\"BindsTo\": \"bb\"", PROBLEM_MISSING, "bb"},
        {"\"Wants\": \"bb\"", PROBLEM_MISSING_WANTED, "bb"},
        {"\"OnFailure\": \"bb\"", PROBLEM_MISSING_ON_FAILURE, "bb"},
        {"\"OnFailure\": \"a\"", PROBLEM_SELF, ""},
        {"\"Triggers\": \"later\"", PROBLEM_TRIGGER, "later"},
        {"\"Triggers\": \"timer:25:00\"", PROBLEM_TIMER, ""},
        {"\"Conditions\": \"moon:full\"", PROBLEM_CONDITION, "moon:full"},
        {"\"Asserts\": \"path:\"", PROBLEM_CONDITION, "path:"},
        {"\"Arguments\": \"a \\\"b\"", PROBLEM_COMMAND, "a \"b"},
        {"\"ExecStartPre\": \"  \"", PROBLEM_COMMAND, ""},
        {"\"SuccessExitCodes\": [-1]", PROBLEM_EXIT_CODE, "-1"},
        {"\"SuccessExitCodes\": [99999999999]", PROBLEM_EXIT_CODE, "99999999999"},
        {"\"RequiredPrivileges\": \"SeNothing\"", PROBLEM_PRIVILEGE, "SeNothing"},
        {"\"ServiceSecurity\": \"D:(X)\"", PROBLEM_SECURITY, ""},
        {"\"Environment\": \"NOEQUALS\"", PROBLEM_ENVIRONMENT, "NOEQUALS"},
        {"\"Grants\": \"x\"", PROBLEM_GRANT, "x"},
        {"\"Grants\": \"x = nokernel\"", PROBLEM_GRANT_SOURCE, "nokernel"},
        {"\"Grants\": [\"x = console\", \"x = timer\"]", PROBLEM_GRANT_TWICE, "x"},
        {"\"Grants\": \"x = bb/y\"", PROBLEM_MISSING, "bb"},
        {"\"Exports\": \"x\"", PROBLEM_EXPORT, "x"},
        {"\"Exports\": [\"x : I\", \"x : J\"]", PROBLEM_EXPORT_TWICE, "x"},
        {"\"Grants\": \"x = console\", \"Exports\": \"x : I\"", PROBLEM_EXPORT_AGAIN, "x"},
        {"\"HealthCheck\": \"c\", \"HealthCheckInterval\": 40", PROBLEM_HEALTH_TIMING, "3 * 40"},
        {"\"SchemaVersion\": 2", PROBLEM_SCHEMA_NEWER, "2"},
        {"\"ErrorControl\": 1", PROBLEM_CRITICAL_ON_DEMAND, ""},
        {"\"StratTimeout\": 1", PROBLEM_UNKNOWN_FIELD, "did you mean StartTimeout?"},
    };
    (void)state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[512];
        snprintf(text, sizeof(text), "{\"services\":\n{\"a\": {\"ImagePath\": \"x\",\n%s}}}",
                 rows[i].field);
        assert_true(read_text(text));
        if (!has_problem(rows[i].kind, rows[i].detail, 0)) {
            print_error("%s\n", rows[i].field);
        }
        assert_true(has_problem(rows[i].kind, rows[i].detail, 0));
        for (uint32_t j = 0; j < catalogue.problems.count; j++) {
            char words[1024];
            struct phrase message = phrase_in(words, sizeof(words));
            problem_print(&catalogue.problems.list[j], &message);
            assert_non_null(strstr(words, ": a: "));
            assert_non_null(strstr(words, "line "));
            assert_true(strlen(problem_remedy(catalogue.problems.list[j].kind)) > 10);
        }
    }
}

// INIT-1.2 INIT-3.1
static void names_texts_and_counts_have_limits(void **state)
{
    static char text[1 << 20];
    (void)state;

    assert_true(
        read_text("{\"services\": {\"-a\": {}, \"b c\": {}, \"\": {}, \"D\": {\"ImagePath\":"
                  "\"x\"}, \"d\": {}}, \"mounts\": {\"x:y\": {}}}"));
    assert_true(has_problem(PROBLEM_NAME, "-a", 1));
    assert_true(has_problem(PROBLEM_NAME, "b c", 1));
    assert_true(has_problem(PROBLEM_NAME, "x:y", 1));
    assert_true(has_problem(PROBLEM_NAME_TWICE, "d", 1));
    assert_int_equal(catalogue_staged(&catalogue)->count, 1);
    struct phrase all = phrase_in(text, sizeof(text));
    phrase_put(&all, "{\"services\": {");
    for (int i = 0; i < SERVICES_MAX + 1; i++) {
        phrase_put(&all, i > 0 ? ", \"s" : "\"s");
        phrase_put_number(&all, i);
        phrase_put(&all, "\": {\"ImagePath\": \"x\", \"Requires\": [");
        for (int j = 1; j <= 9 && j <= i; j++) {
            phrase_put(&all, j > 1 ? ", \"s" : "\"s");
            phrase_put_number(&all, i - j);
            phrase_put(&all, "\"");
        }
        phrase_put(&all, "]}");
    }
    phrase_put(&all, "}}");
    assert_true(read_text(text));
    assert_true(has_problem(PROBLEM_TOO_MANY_SERVICES, "s512", 1));
    assert_true(has_problem(PROBLEM_TOO_MANY_EDGES, "", 1));
    assert_int_equal(catalogue_staged(&catalogue)->graph.edge_count, EDGES_MAX);
}

// INIT-8.5
static void every_cycle_is_named_by_its_path(void **state)
{
    (void)state;
    assert_true(
        read_text("{\"services\": {"
                  "\"a\": {\"ImagePath\": \"x\", \"Requires\": [\"b\"]},"
                  "\"b\": {\"ImagePath\": \"x\", \"Wants\": [\"c\"]},"
                  "\"c\": {\"ImagePath\": \"x\", \"BindsTo\": [\"a\"]},"
                  "\"d\": {\"ImagePath\": \"x\", \"Requires\": [\"e\", \"a\"]},"
                  "\"e\": {\"ImagePath\": \"x\", \"Requires\": [\"d\"]},"
                  "\"f\": {\"ImagePath\": \"x\", \"Requires\": [\"a\"]}}}"));
    assert_true(has_problem(PROBLEM_CYCLE, "a -> b -> c -> a", 1));
    assert_true(has_problem(PROBLEM_CYCLE, "d -> e -> d", 1));
    const struct graph *graph = &catalogue_staged(&catalogue)->graph;
    for (const char *name = "abcde"; *name != '\0'; name++) {
        char one[2] = {*name, '\0'};
        assert_int_equal(graph->faults[catalogue_find(&catalogue, one)], GRAPH_FAULT_CYCLE);
    }
    assert_int_equal(graph->faults[catalogue_find(&catalogue, "f")], GRAPH_FAULT_NONE);
    char words[64];
    struct phrase path = phrase_in(words, sizeof(words));
    for (uint32_t i = 0; i < catalogue.problems.count; i++) {
        if (catalogue.problems.list[i].path_count == 3) {
            problem_print_path(&catalogue, &catalogue.problems.list[i], &path);
        }
    }
    assert_string_equal(words, "a -> b -> c -> a");
}

// INIT-8.5 INIT-8.8
static void conflicts_with_what_is_needed_and_early_readiness_are_said(void **state)
{
    (void)state;
    assert_true(
        read_text("{\"services\": {"
                  "\"a\": {\"ImagePath\": \"x\", \"Requires\": \"b\"},"
                  "\"b\": {\"ImagePath\": \"x\", \"Conflicts\": \"a\","
                  " \"Readiness\": \"Alive\"},"
                  "\"c\": {\"ImagePath\": \"x\", \"Grants\": \"n = b/none\"}}}"));
    assert_true(has_problem(PROBLEM_CONFLICT_NEEDED, "b", 1));
    assert_true(has_problem(PROBLEM_ALIVE_NEEDED, "required by a", 1));
    assert_true(has_problem(PROBLEM_GRANT_EXPORT, "b/none", 1));
}

// INIT-3.2
static void text_of_another_shape_is_refused_with_its_place(void **state)
{
    (void)state;
    assert_false(read_text("{\"services\": {\n\"a\": {,}}}"));
    assert_true(has_problem(PROBLEM_JSON, "column 7", 2));
    assert_false(read_text("[]"));
    assert_true(has_problem(PROBLEM_SHAPE, "no object", 1));
    assert_true(read_text("{\"servcies\": {}, \"services\": [], \"mounts\": {\"a\": 5}}"));
    assert_true(has_problem(PROBLEM_SHAPE, "servcies", 1));
    assert_true(has_problem(PROBLEM_SHAPE, "it must hold an object", 1));
    assert_true(has_problem(PROBLEM_SHAPE, "a definition is an object", 1));
}

// INIT-3.6
static void commands_split_at_blanks_and_keep_what_is_quoted(void **state)
{
    const char *place = "  one \"two three\"  \"a\\\"b\\\\\" \"\" end";
    static const char *const words[] = {"one", "two three", "a\"b\\", "", "end"};
    (void)state;

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        char bytes[32];
        struct phrase word = phrase_in(bytes, sizeof(bytes));
        assert_true(command_next(&place, &word));
        assert_string_equal(bytes, words[i]);
    }
    char bytes[8];
    struct phrase word = phrase_in(bytes, sizeof(bytes));
    assert_false(command_next(&place, &word));
}

// INIT-8.6
static void grants_and_exports_are_split_into_their_parts(void **state)
{
    struct grant grant;
    struct export export;
    (void)state;

    assert_true(grant_parse(&grant, " fs=my.store/root . read "));
    assert_string_equal(grant.name, "fs");
    assert_string_equal(grant.service, "my.store");
    assert_string_equal(grant.source, "root");
    assert_string_equal(grant.facet, "read");
    assert_true(grant_parse(&grant, "log = console"));
    assert_string_equal(grant.service, "");
    static const char *const bad[] = {"",     "=",     "a=",      "=b",     "a=b.",
                                      "a=/b", "a b=c", "a=b.c.d", "a=b/c/d"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(grant_parse(&grant, bad[i]));
    }
    assert_true(export_parse(&export, "root : Directory"));
    assert_string_equal(export.interface, "Directory");
    assert_false(export_parse(&export, "root"));
    assert_false(export_parse(&export, "root : 9x"));
    assert_string_equal(kernel_source_find("console"), "DebugConsole");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_have_the_defaults_of_the_chapter),
        cmocka_unit_test(each_wrong_value_is_refused_by_field_and_line),
        cmocka_unit_test(names_texts_and_counts_have_limits),
        cmocka_unit_test(every_cycle_is_named_by_its_path),
        cmocka_unit_test(conflicts_with_what_is_needed_and_early_readiness_are_said),
        cmocka_unit_test(text_of_another_shape_is_refused_with_its_place),
        cmocka_unit_test(commands_split_at_blanks_and_keep_what_is_quoted),
        cmocka_unit_test(grants_and_exports_are_split_into_their_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
