// SPDX-License-Identifier: Apache-2.0
//
// The command line: what is asked for, and what is refused with which words.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi/start.h"
#include "hal/x86_64/command.h"

static struct command command;
static struct command_fault fault;

static void expect_refused(const char *line, const char *text)
{
    assert_false(command_decode(line, &command, &fault));
    assert_string_equal(fault.text, text);
}

static void nothing_said_is_the_default(void **state)
{
    (void)state;
    assert_true(command_decode("", &command, &fault));
    assert_int_equal(command.log, LOG_NORMAL);
    assert_int_equal(command.ending, ENDING_TEST);
    assert_int_equal(command.flags, 0);
    for (uint32_t i = 0; i < RESOURCE_COUNT; i++) {
        assert_int_equal(command.sizes[i], 0);
    }
}

static void each_option_is_taken(void **state)
{
    (void)state;
    assert_true(
        command_decode("tessera.log=verbose tessera.end=off  tessera.safemode "
                       "tessera.recovery tessera.seed=4294967295 tessera.size.holds=256 "
                       "tessera.size.logpages=1048576 ",
                       &command, &fault));
    assert_int_equal(command.log, LOG_VERBOSE);
    assert_int_equal(command.ending, ENDING_OFF);
    assert_int_equal(command.flags, BOOT_SAFE_MODE | BOOT_RECOVERY);
    assert_int_equal(command.seed, 4294967295);
    assert_int_equal(command.sizes[RESOURCE_HOLDS], 256);
    assert_int_equal(command.sizes[RESOURCE_LOG], 1048576);
}

static void words_of_others_are_left_alone(void **state)
{
    (void)state;
    assert_true(command_decode(
        "console=ttyS0 tessera tessera=x xtessera.log=1 \xff\x01 =", &command, &fault));
    assert_int_equal(command.log, LOG_NORMAL);
}

static void what_is_no_option_or_value_is_refused(void **state)
{
    (void)state;
    expect_refused("tessera.", "tessera.: there is no such option");
    expect_refused("a tessera.holds=3", "tessera.holds=3: there is no such option");
    expect_refused("tessera.logs=quiet", "tessera.logs=quiet: there is no such option");
    expect_refused("tessera.log", "tessera.log: the value must be quiet or normal or verbose");
    expect_refused("tessera.log=", "tessera.log=: the value must be quiet or normal or verbose");
    expect_refused("tessera.log=quie",
                   "tessera.log=quie: the value must be quiet or normal or verbose");
    expect_refused("tessera.log=quiet=",
                   "tessera.log=quiet=: the value must be quiet or normal or verbose");
    expect_refused("tessera.safemode=1", "tessera.safemode=1: this option takes no value");
    expect_refused("tessera.safemode=", "tessera.safemode=: this option takes no value");
    expect_refused("tessera.seed=0",
                   "tessera.seed=0: the value must be a number from 1 to 4294967295");
    expect_refused("tessera.recovery tessera.recovery", "tessera.recovery: given twice");
}

static void numbers_outside_of_their_range_are_refused(void **state)
{
    static const char *const values[] = {
        "",   "0",   "7",  "129", "-8",          "+8",
        "8 ", "0x8", "8K", "1e1", "99999999999", "18446744073709551624",
    };
    (void)state;
    for (uint32_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        char line[64] = "tessera.size.processes=";
        strcat(line, values[i]);
        bool is_taken = command_decode(line, &command, &fault);
        assert_int_equal(is_taken, i == 6); // the blank ends the word
        if (!is_taken) {
            assert_non_null(strstr(fault.text, ": the value must be a number from 8 to 128"));
        }
    }
}

// Every option, as docs/boot.md lists them: without what it wants, with what it doesn't, twice.
static void each_option_is_refused_malformed_and_repeated(void **state)
{
    static const struct {
        char name[24], good[12], why[48];
    } options[] = {
        {"log", "=quiet", "the value must be quiet or normal or verbose"},
        {"end", "=stop", "the value must be test or off or reboot or stop"},
        {"safemode", "", "this option takes no value"},
        {"recovery", "", "this option takes no value"},
        {"seed", "=1", "the value must be a number from 1 to "},
        {"size.sessions", "=4", "the value must be a number from 4 to "},
        {"size.jobs", "=4", "the value must be a number from 4 to "},
        {"size.processes", "=8", "the value must be a number from 8 to "},
        {"size.threads", "=8", "the value must be a number from 8 to "},
        {"size.objects", "=128", "the value must be a number from 128 to "},
        {"size.facets", "=256", "the value must be a number from 256 to "},
        {"size.holds", "=256", "the value must be a number from 256 to "},
        {"size.mappings", "=128", "the value must be a number from 128 to "},
        {"size.requests", "=128", "the value must be a number from 128 to "},
        {"size.logpages", "=32", "the value must be a number from 32 to "},
    };
    static const char bad[][28] = {"=", "=x", "=-1", "==", "=\x7f", "=99999999999999999999"};
    char line[256], expected[320];
    (void)state;
    for (uint32_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        const char *name = options[i].name, *good = options[i].good;
        snprintf(line, sizeof(line), "tessera.%s%s", name, good);
        assert_true(command_decode(line, &command, &fault));
        snprintf(line, sizeof(line), "tessera.%s%s tessera.%s%s", name, good, name, good);
        snprintf(expected, sizeof(expected), "tessera.%s%s: given twice", name, good);
        expect_refused(line, expected);
        snprintf(line, sizeof(line), "tessera.%s.x%s", name, good);
        snprintf(expected, sizeof(expected), "%s: there is no such option", line);
        expect_refused(line, expected);
        for (uint32_t k = 0; k < sizeof(bad) / sizeof(bad[0]); k++) {
            snprintf(line, sizeof(line), "tessera.%s%s", name, bad[k]);
            assert_false(command_decode(line, &command, &fault));
            assert_non_null(strstr(fault.text, name));
            assert_non_null(strstr(fault.text, options[i].why));
        }
        snprintf(line, sizeof(line), "tessera.%s", name);
        assert_int_equal(command_decode(line, &command, &fault), good[0] == 0);
    }
}

static void a_refusal_shows_what_can_be_shown(void **state)
{
    (void)state;
    expect_refused("tessera.\x1b[2J\x07\xff", "tessera.?[2J??: there is no such option");
    expect_refused("tessera.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                   "tessera.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...: there is no such option");
}

// Whatever the line is, it is read to its end and not beyond, and a refusal has a reason.
static void always_ends_with_a_decision(void **state)
{
    static const char *const parts[] = {"tessera.", "log", "size.", "holds", "=",  " ",    "quiet",
                                        "4096",     "end", "safe",  "mode",  "\t", "\xff", "off"};
    (void)state;
    srand(1);
    for (uint32_t round = 0; round < 20000; round++) {
        char *line = calloc(1, 128);
        for (int count = rand() % 12; count > 0; count--) {
            strcat(line, parts[(size_t)rand() % (sizeof(parts) / sizeof(parts[0]))]);
        }
        char *exact = strdup(line); // the sanitizer sees a read beyond
        free(line);
        memset(&fault, 0, sizeof(fault));
        if (!command_decode(exact, &command, &fault)) {
            assert_true(strlen(fault.text) > strlen("tessera.: "));
            assert_true(strlen(fault.text) < sizeof(fault.text));
        }
        free(exact);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_said_is_the_default),
        cmocka_unit_test(each_option_is_taken),
        cmocka_unit_test(words_of_others_are_left_alone),
        cmocka_unit_test(what_is_no_option_or_value_is_refused),
        cmocka_unit_test(numbers_outside_of_their_range_are_refused),
        cmocka_unit_test(each_option_is_refused_malformed_and_repeated),
        cmocka_unit_test(a_refusal_shows_what_can_be_shown),
        cmocka_unit_test(always_ends_with_a_decision),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
