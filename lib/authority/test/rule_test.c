// SPDX-License-Identifier: Apache-2.0
//
// Reading rules: what the grammar allows, and where what it doesn't is said to stand.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/authority/rule.h"

static bool interface_find(const char *name, size_t size, uint64_t *interface)
{
    *interface = size == 5 ? 7 : 8;
    return (size == 5 && memcmp(name, "Timer", 5) == 0) ||
           (size == 3 && memcmp(name, "Job", 3) == 0);
}

static bool method_find(uint64_t interface, const char *name, size_t size, uint32_t *number)
{
    *number = 3;
    return interface == 7 && size == 3 && memcmp(name, "now", 3) == 0;
}

static struct rules rules;
static struct rule_error error;

static bool parsed(const char *text)
{
    const struct rule_names names = {.interface = interface_find, .method = method_find};

    return rules_parse(&rules, text, strlen(text), &names, &error);
}

static void assert_refused(const char *text, uint32_t line, uint32_t column, const char *said)
{
    assert_false(parsed(text));
    assert_int_equal(error.line, line);
    assert_int_equal(error.column, column);
    if (strncmp(error.message, said, strlen(said)) != 0)
        assert_string_equal(error.message, said);
}

static void a_rule_has_all_its_parts(void **unused)
{
    (void)unused;
    assert_true(
        parsed("# one\n\n only a.* or not process(3) reaches Timer.now, object(9) "
               "through session(2) from 5 to 7us # end\n"));
    assert_int_equal(rules.count, 1);
    const struct rule *rule = &rules.rules[0];
    assert_int_equal(rule->quantifier, RULE_ONLY);
    assert_true(rule->reaches);
    assert_int_equal(rule->line, 3);
    assert_int_equal(rule->subject.count, 4);
    assert_int_equal(rules.ops[rule->subject.first + 3].kind, OP_OR);
    assert_int_equal(rule->targets.count, 2);
    assert_int_equal(rules.targets[rule->targets.first].methods, 8);
    assert_int_equal(rules.targets[rule->targets.first + 1].object, 9);
    assert_int_equal(rules.ops[rule->through.first].number, 2);
    assert_false(rule->from.is_time);
    assert_int_equal(rule->from.value, 5);
    assert_true(rule->to.is_time);
    assert_int_equal(rule->to.value, 7000);
    assert_memory_equal(rule->text + rule->size - 3, "7us", 3);
}

static void names_stand_for_what_they_were_defined_as(void **unused)
{
    (void)unused;
    assert_true(
        parsed("let few = process(1, 2)\nlet many = not few\nlet jobs = Job, Timer\n"
               "never many holds jobs\n"));
    assert_int_equal(rules.rules[0].subject.count, 4);
    assert_int_equal(rules.rules[0].targets.count, 2);
    assert_int_equal(rules.targets[rules.rules[0].targets.first].interface, 8);
}

static void what_does_not_fit_is_located(void **unused)
{
    (void)unused;
    assert_refused("never any holds Tmer", 1, 17, "an interface, object(n) or any is needed");
    assert_refused("never any holds Timer.nwo", 1, 23, "a method of the interface is needed");
    assert_refused("\nnever any", 2, 10, "holds or reaches is needed, but the line ends here");
    assert_refused("perhaps x holds Job", 1, 1, "a line begins with never, only, always or let");
    assert_refused("never (any holds Job", 1, 12, ") is needed, not `holds`");
    assert_refused("never process(x) holds Job", 1, 15, "a number is needed, not `x`");
    assert_refused("never any holds Job from 3x", 1, 26, "a seq such as 127 or a time such as");
    assert_refused("never any holds Job from 99999999999999999999", 1, 26, "a seq such as");
    assert_refused("never any holds Job Job", 1, 21, "the end of the line is needed");
    assert_refused("let a = any\nlet a = any", 2, 5, "a name that is not defined yet");
    assert_refused("let j = Job\nnever j holds Job", 2, 7, "a set of processes is needed");
    assert_refused("never any holds Job\xff", 1, 20, "the end of the line is needed, not `?`");
}

static void too_much_is_refused(void **unused)
{
    char text[4096] = "";

    (void)unused;
    for (uint32_t i = 0; i <= RULES_MAX; i++)
        strcat(text, "never any holds Job\n");
    assert_refused(text, RULES_MAX + 1, 20, "a file has at most 64 rules");
    strcpy(text, "never ");
    for (uint32_t i = 0; i <= RULE_DEPTH_MAX; i++)
        strcat(text, "not ");
    strcat(text, "any holds Job");
    assert_false(parsed(text));
    assert_string_equal(error.message, "brackets and `not` stand too deep inside each other");
}

static void a_set_of_sets_does_not_outgrow_its_stack(void **unused)
{
    char text[2048] = "let a = any\n";

    (void)unused;
    for (char name = 'b'; name < 'k'; name++) {
        char line[64] = "let ? = any or (any or (any or (any or (any or ?))))\n";
        line[4] = name;
        *strrchr(line, '?') = (char)(name - 1);
        strcat(text, line);
    }
    assert_false(parsed(text));
    assert_string_equal(error.message, "the set is nested too deep");
}

static void a_glob_is_the_whole_text(void **unused)
{
    static const struct {
        const char *glob, *text;
        bool is_it;
    } cases[] = {{"ping", "ping", true},    {"ping", "pin", false},
                 {"p*", "ping", true},      {"*", "", true},
                 {"p?ng", "pong", true},    {"p?ng", "png", false},
                 {"*.a*b", "x.aab", true},  {"*ng", "ping", true},
                 {"*ngx", "ping", false},   {"a*b*c", "a-b-b-c", true},
                 {"a*b*c", "a-c-b", false}, {"", "a", false},
                 {"**a", "ba", true}};

    (void)unused;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(
            rule_glob(cases[i].glob, strlen(cases[i].glob), cases[i].text, strlen(cases[i].text)),
            cases[i].is_it);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rule_has_all_its_parts),
        cmocka_unit_test(names_stand_for_what_they_were_defined_as),
        cmocka_unit_test(what_does_not_fit_is_located),
        cmocka_unit_test(too_much_is_refused),
        cmocka_unit_test(a_set_of_sets_does_not_outgrow_its_stack),
        cmocka_unit_test(a_glob_is_the_whole_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
