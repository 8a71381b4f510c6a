// SPDX-License-Identifier: Apache-2.0
#include "system/broker/profile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "schema/kernel.capnp.h"

static struct profiles profiles;

static bool is(struct profile_name name, const char *text)
{
    return name.size == strlen(text) && memcmp(name.text, text, name.size) == 0;
}

// The broker of these tests holds a timer and a job.
static bool held(void *context, struct profile_item *item)
{
    (void)context;
    bool is_timer = is(item->name, "timer");
    item->cap = is_timer ? 11 : 12;
    item->interface = is_timer ? TIMER_INTERFACE_ID : JOB_INTERFACE_ID;
    return is_timer || is(item->name, "job");
}

static const struct profile_lookup lookup = {.held = held, .method = profile_method};

static bool reads(const char *text)
{
    return profiles_read(&profiles, text, strlen(text), &lookup);
}

static void refuses(const char *text, size_t at, const char *reason)
{
    assert_false(reads(text));
    assert_string_equal(profiles.reason, reason);
    assert_int_equal(profiles.at, at);
}

static void profiles_name_what_is_held_and_the_methods_that_are_admitted(void **state)
{
    (void)state;
    assert_true(reads("operator: timer job{makeEndpoint, limits}; guest :timer{now};none:"));
    assert_int_equal(profiles.profile_count, 3);
    assert_true(is(profiles.profiles[0].name, "operator"));
    assert_int_equal(profiles.profiles[0].count, 2);
    assert_int_equal(profiles.items[0].cap, 11);
    assert_int_equal(profiles.items[0].methods, 0);
    assert_int_equal(profiles.items[1].methods, 1U << JOB_MAKE_ENDPOINT | 1U << JOB_LIMITS);
    assert_int_equal(profiles.profiles[1].first, 2);
    assert_int_equal(profiles.items[2].methods, 1U << TIMER_NOW);
    assert_int_equal(profiles.profiles[2].count, 0);
}

static void what_is_wrong_is_said_with_its_place(void **state)
{
    (void)state;
    refuses("", 0, "there is no profile");
    refuses("a timer", 2, "a : is missing behind the profile's name");
    refuses("a: nothing", 3, "nothing is held under this name");
    refuses("a: timer{later}", 9, "the interface has no such method");
    refuses("a: timer{now", 12, "a , or } is missing here");
    refuses("a: timer{}", 9, "a name is missing here");
    refuses("a: timer, job", 8, "a name is missing here");
    refuses("a:;b:;c:;d:;e:;f:;g:;h:;i:", 24, "there are at most 8 profiles");
}

static void all_profiles_together_are_bounded(void **state)
{
    char text[1024] = "a:";
    (void)state;
    for (uint32_t i = 0; i < PROFILE_ITEMS_MAX; i++) {
        strcat(text, " timer");
    }
    assert_true(reads(text));
    strcat(text, " timer");
    refuses(text, strlen(text) - 5, "all profiles together have at most 64 capabilities");
}

static void methods_are_those_of_the_lock(void **state)
{
    uint32_t number = 99;
    (void)state;
    assert_true(profile_method(NULL, JOB_INTERFACE_ID, (struct profile_name){"kill", 4}, &number));
    assert_int_equal(number, JOB_KILL);
    assert_false(profile_method(NULL, JOB_INTERFACE_ID, (struct profile_name){"now", 3}, &number));
    assert_false(profile_method(NULL, 5, (struct profile_name){"now", 3}, &number));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(profiles_name_what_is_held_and_the_methods_that_are_admitted),
        cmocka_unit_test(what_is_wrong_is_said_with_its_place),
        cmocka_unit_test(all_profiles_together_are_bounded),
        cmocka_unit_test(methods_are_those_of_the_lock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
