// SPDX-License-Identifier: Apache-2.0
//
// Values of definitions and the small languages inside of them: what is good, what is refused, and
// how much there may be.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "system/init/format/definitions.h"
#include "system/init/manager/plan.h"
#include "system/init/manager/syntax.h"

enum { NODES = 1 << 16, TEXT_MAX = 1 << 20, POOL_SMALL = 3 };

static struct catalogue catalogue;
static struct definition pool[SERVICES_MAX * DEFINITIONS_PER_SERVICE];
static struct json_node nodes[NODES];
static char text[TEXT_MAX];

// ' stands for ".
static bool read_all(const char *quoted)
{
    size_t size = strlen(quoted);

    for (size_t i = 0; i < size; i++) {
        text[i] = quoted[i] == '\'' ? '"' : quoted[i];
    }
    bool is_read = definitions_read(&catalogue, text, size, nodes, NODES);
    catalogue_stage_end(&catalogue, NULL);
    return is_read;
}

static bool read_text(const char *quoted)
{
    catalogue_init(&catalogue, pool, SERVICES_MAX * DEFINITIONS_PER_SERVICE);
    return read_all(quoted);
}

// Reads one service with these fields; the number of problems.
static uint32_t problems_of(const char *fields)
{
    static char whole[TEXT_MAX];
    struct phrase words = phrase_in(whole, sizeof(whole));

    phrase_put(&words, "{'services': {'a': {'ImagePath': 'x', ");
    phrase_put(&words, fields);
    phrase_put(&words, "}}}");
    assert_true(read_text(whole));
    return catalogue.problems.count;
}

static bool has(enum problem_kind kind, const char *detail)
{
    for (uint32_t i = 0; i < catalogue.problems.count; i++) {
        const struct problem *problem = &catalogue.problems.list[i];
        if (problem->kind == kind && strstr(problem->detail, detail) != NULL) {
            return true;
        }
    }
    return false;
}

// "NAME": ["x...", "x...", ...] with so many items of so many bytes.
static const char *list_of(const char *name, uint32_t count, uint32_t size)
{
    static char list[TEXT_MAX];
    struct phrase words = phrase_in(list, sizeof(list));

    phrase_put(&words, "'");
    phrase_put(&words, name);
    phrase_put(&words, "': [");
    for (uint32_t i = 0; i < count; i++) {
        phrase_put(&words, i > 0 ? ", '" : "'");
        for (uint32_t j = 0; j < size; j++) {
            phrase_put_bytes(&words, j == 1 ? "=" : "x", 1);
        }
        phrase_put(&words, "'");
    }
    phrase_put(&words, "]");
    return list;
}

// INIT-3.1
static void good_values_are_taken_whole(void **state)
{
    (void)state;
    assert_int_equal(
        problems_of("'RequiredPrivileges': ['SeShutdownPrivilege', 'seauditprivilege'],"
                    "'Environment': ['A=', 'BC=d=e'], 'SuccessExitCodes': [3, '4'],"
                    "'Disabled': false, 'SafeMode': true, 'StartTimeout': null,"
                    "'Arguments': '', 'ExecStartPre': ['a \\'b c\\'\\td', 'e'],"
                    "'Grants': ['c = console', 't=timer.read'],"
                    "'Exports': ['root : Directory', 'log : Log'],"
                    "'Triggers': ['timer:daily', 'timer:hourly', 'boot'],"
                    "'ServiceSecurity': 'D:(A;;0x1;;;WD)',"
                    "'Conditions': ['path:/x', 'registry:y'], 'Asserts': 'file:/z'"),
        0);
    const struct definition *definition = catalogue_definition(
        &catalogue, catalogue_staged(&catalogue)->definitions[catalogue_find(&catalogue, "a")]);
    assert_int_equal(definition_number(definition, FIELD_SAFE_MODE), 1);
    assert_int_equal(definition_number(definition, FIELD_START_TIMEOUT), 30);
    assert_int_equal(definition_count(definition, FIELD_SUCCESS_EXIT_CODES), 2);
    assert_true(definition_has_trigger(definition, "boot"));
    assert_int_equal(problems_of("'Environment': '', 'Arguments': 'a'"), 1);
}

// INIT-3.1 INIT-3.2
static void bad_values_are_refused_one_by_one(void **state)
{
    static const struct {
        const char *fields;
        enum problem_kind kind;
        const char *detail;
    } rows[] = {
        {"'Environment': 'A'", PROBLEM_ENVIRONMENT, "A"},
        {"'Environment': '=b'", PROBLEM_ENVIRONMENT, "=b"},
        {"'SuccessExitCodes': ['1x']", PROBLEM_EXIT_CODE, "1x"},
        {"'SuccessExitCodes': ['1-']", PROBLEM_EXIT_CODE, "1-"},
        {"'SuccessExitCodes': [true]", PROBLEM_FIELD_TYPE, "no text"},
        {"'SuccessExitCodes': [2147483648]", PROBLEM_EXIT_CODE, "2147483648"},
        {"'RequiredPrivileges': 'SeNothing'", PROBLEM_PRIVILEGE, "SeNothing"},
        {"'Grants': ['?', 'a = console', 'a = timer']", PROBLEM_GRANT_TWICE, "a"},
        {"'Grants': ['n = nowhere']", PROBLEM_GRANT_SOURCE, "nowhere"},
        {"'Grants': ['?', 'b = console'], 'Exports': ['?', 'b : B']", PROBLEM_EXPORT_AGAIN, "b"},
        {"'Exports': ['?', 'c : C', 'd : D', 'c : E']", PROBLEM_EXPORT_TWICE, "c"},
        {"'Triggers': ['timer:1:0', 'timer:2:0', 'timer:3:0', 'timer:4:0', 'timer:5:0']",
         PROBLEM_TIMERS, "5"},
        {"'ServiceSecurity': 'D:(XA;;1;;;WD)'", PROBLEM_SECURITY, "CALLBACK"},
        {"'StartTimeout': {}", PROBLEM_FIELD_TYPE, "neither list nor object"},
        {"'StartTimeout': 1e400", PROBLEM_FIELD_TYPE, "whole number"},
        {"'Identity': 'a\\u0000'", PROBLEM_FIELD_TYPE, "zero byte"},
        {"'Identity': true", PROBLEM_FIELD_TYPE, "neither"},
        {"'StrtTimeout': 3", PROBLEM_UNKNOWN_FIELD, "did you mean StartTimeout?"},
        {"'Quux': 3", PROBLEM_UNKNOWN_FIELD, "Quux"},
        {"'\xc3\xa4\\u0001': 3", PROBLEM_UNKNOWN_FIELD, "???"},
        {"'a\x7f': 3", PROBLEM_UNKNOWN_FIELD, "a?"},
        {"'Type': [1]", PROBLEM_FIELD_TYPE, "neither"},
        {"'AFieldWhoseNameIsLongerThanThatOfAnyFieldThereIsOrEverWillBeInInit': 3",
         PROBLEM_UNKNOWN_FIELD, ""},
        {"'ExecReload': 'a \\\"'", PROBLEM_COMMAND, "a"},
    };
    (void)state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (problems_of(rows[i].fields) == 0 || !has(rows[i].kind, rows[i].detail)) {
            print_error("%s\n", rows[i].fields);
            assert_true(false);
        }
    }
}

// INIT-1.2
static void too_much_is_refused_by_name(void **state)
{
    (void)state;
    assert_int_equal(problems_of(list_of("Environment", LIST_ITEMS_MAX, 9)), 0);
    (void)problems_of(list_of("Environment", LIST_ITEMS_MAX + 1, 9));
    assert_true(has(PROBLEM_LIST_SIZE, ""));
    (void)problems_of(list_of("Environment", 1, 256));
    assert_true(has(PROBLEM_FIELD_SIZE, "256 bytes, allowed are 1 to 255"));
    (void)problems_of(list_of("Environment", 1, 5000));
    assert_true(has(PROBLEM_FIELD_TYPE, "too long"));
    (void)problems_of(list_of("Environment", 13, 255));
    assert_true(has(PROBLEM_DEFINITION_SIZE, ""));
    // What is refused leaves the rest of the definition alone.
    const struct definition *definition = catalogue_definition(
        &catalogue, catalogue_staged(&catalogue)->definitions[catalogue_find(&catalogue, "a")]);
    assert_string_equal(definition_text(definition, FIELD_IMAGE_PATH), "x");
    // Items are for lists only.
    struct place place = {.problems = &catalogue.problems, .service = 0};
    struct definition copy = *definition;
    definition_put_item(&copy, FIELD_TYPE, true, "1", &place);
    definition_put_item(&copy, FIELD_IDENTITY, true, "me", &place);
    assert_true(has(PROBLEM_FIELD_TYPE, "a number or a name"));
    assert_true(has(PROBLEM_FIELD_TYPE, "text is expected"));
    assert_memory_equal(&copy, definition, sizeof(copy));
}

// INIT-1.2
static void names_too_long_and_reserved_are_refused(void **state)
{
    (void)state;
    assert_true(
        read_text("{'services': {'"
                  "a123456789012345678901234567890123456789012345678901234567890123': {},"
                  "'a1234567890123456789012345678901234567890123456789012345678901234567"
                  "8901234567890': {}},"
                  "'mounts': {'b123456789012345678901234567890123456789012345678901234567':"
                  " {}}, 'a name of a part that is longer than every name there may be, "
                  "by far': {}}"));
    assert_int_equal(catalogue_staged(&catalogue)->count, 0);
    assert_true(has(PROBLEM_NAME, "a123"));
    assert_true(has(PROBLEM_NAME, "longer than 63"));
    assert_true(has(PROBLEM_NAME, "b123"));
    assert_true(has(PROBLEM_SHAPE, "too long"));
}

// INIT-1.2
static void more_definitions_than_there_is_room_for_are_refused(void **state)
{
    (void)state;
    catalogue_init(&catalogue, pool, POOL_SMALL);
    assert_true(read_all("{'services': {'a': {'ImagePath': 'x'}, 'b': {'ImagePath': 'x'}}}"));
    assert_int_equal(catalogue.problems.count, 0);
    catalogue_swap(&catalogue);
    assert_true(read_all("{'services': {'a': {'ImagePath': 'x'}, 'b': {'ImagePath': 'x'}}}"));
    assert_true(has(PROBLEM_NO_ROOM, "b"));
    catalogue_stage_drop(&catalogue);
    assert_int_equal(catalogue.free_count, 1);
}

// INIT-8.5
static void problems_are_counted_where_there_is_no_room_to_tell_them(void **state)
{
    static char whole[TEXT_MAX];
    struct phrase words = phrase_in(whole, sizeof(whole));
    (void)state;

    // 300 wrong relations, and 70 cycles through one service.
    phrase_put(&words, "{'services': {'hub': {'ImagePath': 'x', 'Requires': ['s0'");
    for (int i = 1; i < 64; i++) {
        phrase_put(&words, ", 's");
        phrase_put_number(&words, i);
        phrase_put(&words, "'");
    }
    phrase_put(&words, "], 'Wants': ['s64', 's65', 's66', 's67', 's68', 's69', 's0']}");
    for (int i = 0; i < 300; i++) {
        phrase_put(&words, ", 's");
        phrase_put_number(&words, i);
        phrase_put(&words, "': {'ImagePath': 'x', 'Requires': ['hub', 'none']}");
    }
    phrase_put(&words, "}}");
    assert_true(read_text(whole));
    assert_int_equal(catalogue.problems.count, PROBLEMS_MAX);
    assert_true(catalogue.problems.dropped >= 44 + CYCLES_NAMED_MAX);
    assert_true(catalogue.problems.errors >= 300 + CYCLES_NAMED_MAX);
    const struct graph *graph = &catalogue_staged(&catalogue)->graph;
    assert_int_equal(graph->faults[catalogue_find(&catalogue, "s69")], GRAPH_FAULT_CYCLE);
    // Without the wrong ones: 64 of the 70 cycles by name, and one long way.
    words = phrase_in(whole, sizeof(whole));
    phrase_put(&words, "{'services': {'t': {'ImagePath': 'x', 'Requires': 's0'}");
    for (int i = 0; i < 500; i++) {
        phrase_put(&words, ", 's");
        phrase_put_number(&words, i);
        phrase_put(&words, "': {'ImagePath': 'x', 'Requires': 's");
        phrase_put_number(&words, (i + 1) % 500);
        phrase_put(&words, "'}");
    }
    phrase_put(&words, "}}");
    assert_true(read_text(whole));
    assert_int_equal(catalogue.problems.count, 1);
    assert_int_equal(catalogue.problems.list[0].path_count, 500);
    char few[64];
    struct phrase path = phrase_in(few, sizeof(few));
    problem_print_path(&catalogue, &catalogue.problems.list[0], &path);
    assert_non_null(strstr(few, "s0 -> s1 -> s2"));
}

// INIT-3.2
static void a_message_names_what_there_is_to_name(void **state)
{
    char words[512];
    struct phrase message = phrase_in(words, sizeof(words));
    struct problems *problems = &catalogue.problems;
    (void)state;

    problems->count = 0;
    phrase_put(problem_add(problems, PROBLEM_JSON, NO_SERVICE, FIELD_COUNT, 0), "x");
    problem_print(&problems->list[0], &message);
    assert_string_equal(words, "error: the text is not JSON: x. Correct it at this place.");
    (void)problem_add(problems, PROBLEM_SELF, NO_SERVICE, FIELD_WANTS, 0);
    message = phrase_in(words, sizeof(words));
    problem_print(&problems->list[1], &message);
    assert_string_equal(words, "error: Wants: the service names itself. Remove it from the list.");
    message = phrase_in(words, sizeof(words));
    problem_print_path(&catalogue, &problems->list[1], &message);
    assert_string_equal(words, "");
}

// INIT-8.2 INIT-8.5
static void relations_of_two_kinds_are_two_relations(void **state)
{
    (void)state;
    assert_true(
        read_text("{'services': {'a': {'ImagePath': 'x', 'Requires': ['b', 'b'],"
                  "'Wants': 'b', 'BindsTo': 'b'}, 'b': {'ImagePath': 'x',"
                  "'Exports': ['?', 'root : Root', 'log : Log']},"
                  "'c': {'ImagePath': 'x', 'Conflicts': ['d', 'none'], 'Wants': 'd'},"
                  "'d': {'ImagePath': 'x', 'Conflicts': 'c', 'Wants': 'e'},"
                  "'e': {'ImagePath': 'x', 'Grants': 'l = b/log', 'Conflicts': 'd'},"
                  "'f': {'ImagePath': 'x', 'Grants': 'l = g/log'}}}"));
    assert_int_equal(catalogue_staged(&catalogue)->graph.edge_count, 9);
    assert_true(has(PROBLEM_MISSING, "g"));
    assert_false(has(PROBLEM_CONFLICT_NEEDED, ""));
    assert_false(has(PROBLEM_GRANT_EXPORT, ""));
}

// INIT-4.3
static void descriptors_of_the_system_are_read_or_refused(void **state)
{
    (void)state;
    assert_true(
        read_text("{'system': {'ServiceSecurity': 'D:(A;CI;0xf;;;BA)',"
                  "'ControlSecurity': 'D:(A;;0x3;;;BA)'}}"));
    assert_int_equal(catalogue.problems.count, 0);
    assert_true(catalogue_staged(&catalogue)->security[SECURITY_OF_SERVICES].size > 20);
    assert_true(catalogue_staged(&catalogue)->security[SECURITY_OF_SYSTEM].size > 20);
    assert_true(
        read_text("{'system': {'ServiceSecurity': 'D:(A;CI;0xf;;;XX)',\n"
                  "'ControlSecurity': 'D:(', 'Else': 5}}"));
    assert_true(has(PROBLEM_SECURITY, "ServiceSecurity: "));
    assert_true(has(PROBLEM_SECURITY, "ControlSecurity: "));
    assert_true(has(PROBLEM_SHAPE, "ServiceSecurity and ControlSecurity only"));
    assert_int_equal(catalogue.problems.list[1].line, 2);
    assert_int_equal(catalogue_staged(&catalogue)->security[SECURITY_OF_SERVICES].size, 0);
    assert_int_equal(catalogue_staged(&catalogue)->security[SECURITY_OF_SYSTEM].size, 0);
    assert_true(read_text("{'system': {'ServiceSecurity': 5}}"));
    assert_true(has(PROBLEM_SHAPE, "text of at most 4095 bytes"));
}

// INIT-3.6
static void quotes_keep_blanks_and_backslashes_only_before_quotes(void **state)
{
    static const struct {
        const char *command;
        bool is_good;
        const char *first;
    } rows[] = {
        {"a\tb", true, "a"},        {"\"a\\b\" c", true, "a\\b"}, {"a\"b c\"d", true, "ab cd"},
        {"\"a\\\\\"", true, "a\\"}, {"\"a\\\"", false, "a\""},    {"a\\ b", true, "a\\"},
        {" \t", false, ""}};
    (void)state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *place = rows[i].command;
        char bytes[16];
        struct phrase word = phrase_in(bytes, sizeof(bytes));
        assert_int_equal(command_is_good(rows[i].command, false), rows[i].is_good);
        assert_int_equal(command_next(&place, &word), rows[i].first[0] != '\0');
        assert_string_equal(bytes, rows[i].first);
    }
    struct export export;
    assert_false(export_parse(&export, "a : 9b"));
    assert_true(export_parse(&export, "a : B9"));
    assert_true(export_parse(&export, "a : b"));
    assert_false(export_parse(&export, "a : -b"));
    char longest[NAME_SIZE + 1];
    memset(longest, 'a', sizeof(longest));
    longest[NAME_SIZE] = '\0';
    assert_false(name_is_good(longest));
    assert_true(name_is_good(longest + 1));
    assert_int_equal(text_distance(longest, "a", 3), 4);
    assert_int_equal(text_distance("a", longest, 3), 4);
}

static struct plan plan;

static const char *fates(uint16_t start)
{
    static char letters[16];
    size_t size = 0;

    plan_make(&plan, &catalogue, catalogue_staged(&catalogue), start);
    for (const char *name = "abcdefgh"; *name != '\0'; name++) {
        char one[2] = {*name, '\0'};
        uint16_t slot = catalogue_find(&catalogue, one);
        letters[size++] = slot == NO_SERVICE ? '-' : fate_name(plan.fates[slot])[0];
    }
    letters[size] = '\0';
    return letters;
}

// INIT-10.2
static void a_plan_says_the_fate_of_each_and_the_verdict(void **state)
{
    (void)state;
    assert_true(
        read_text("{'services': {'a': {'ImagePath': 'x', 'Triggers': 'boot',"
                  "'Requires': 'b', 'Wants': 'c'}, 'b': {'ImagePath': 'x'},"
                  "'c': {'ImagePath': 'x', 'Requires': 'd'}, 'd': {'ImagePath': ''},"
                  "'e': {'ImagePath': 'x', 'Requires': 'f', 'Triggers': 'boot'},"
                  "'f': {'ImagePath': 'x', 'Requires': 'g'},"
                  "'g': {'ImagePath': 'x', 'Requires': 'f'},"
                  "'h': {'ImagePath': 'x', 'Triggers': 'boot', 'Disabled': 1}}}"));
    assert_string_equal(fates(NO_SERVICE), "ssdidcco");
    assert_int_equal(plan.verdict, VERDICT_PARTLY);
    assert_int_equal(plan.fails_count, 5);
    assert_string_equal(fates(catalogue_find(&catalogue, "h")), "ooooooos");
    assert_int_equal(plan.verdict, VERDICT_FULL);
    assert_true(
        read_text("{'services': {'a': {'ImagePath': '', 'Triggers': 'boot',"
                  "'ErrorControl': 1}, 'b': {'ImagePath': 'x', 'Triggers': 'boot',"
                  "'ErrorControl': 1, 'Conflicts': 'c'}, 'c': {'ImagePath': 'x',"
                  "'Triggers': 'boot'}}}"));
    assert_string_equal(fates(NO_SERVICE), "iii-----");
    assert_int_equal(plan.verdict, VERDICT_SAFE);
    assert_int_equal(plan.critical, catalogue_find(&catalogue, "b"));
    assert_true(
        read_text("{'services': {'a': {'ImagePath': '', 'Triggers': 'boot',"
                  "'ErrorControl': 1}, 'b': {'ImagePath': 'x', 'Triggers': 'boot',"
                  "'ErrorControl': 1, 'Requires': 'a'}}}"));
    assert_string_equal(fates(NO_SERVICE), "id------");
    assert_int_equal(plan.verdict, VERDICT_NOT);
    assert_int_equal(plan.critical, catalogue_find(&catalogue, "a"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_values_are_taken_whole),
        cmocka_unit_test(bad_values_are_refused_one_by_one),
        cmocka_unit_test(too_much_is_refused_by_name),
        cmocka_unit_test(names_too_long_and_reserved_are_refused),
        cmocka_unit_test(more_definitions_than_there_is_room_for_are_refused),
        cmocka_unit_test(problems_are_counted_where_there_is_no_room_to_tell_them),
        cmocka_unit_test(a_message_names_what_there_is_to_name),
        cmocka_unit_test(relations_of_two_kinds_are_two_relations),
        cmocka_unit_test(descriptors_of_the_system_are_read_or_refused),
        cmocka_unit_test(quotes_keep_blanks_and_backslashes_only_before_quotes),
        cmocka_unit_test(a_plan_says_the_fate_of_each_and_the_verdict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
