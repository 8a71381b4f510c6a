// SPDX-License-Identifier: Apache-2.0
//
// The descriptor of a new object: the table of [MS-DTYP] 2.5.3.4.4 and what the algorithm says
// around it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/access/access.h"

static const struct access_mapping mapping = {.read = 1, .write = 2, .execute = 4, .all = 0xf};

struct source {
    uint8_t bytes[70000];
    struct descriptor descriptor;
};

static const struct descriptor *decoded(struct source *source, const char *text)
{
    struct access_error error;
    size_t size;

    if (text == NULL)
        return NULL;
    assert_true(
        sddl_parse(text, strlen(text), source->bytes, sizeof(source->bytes), &size, &error));
    assert_true(descriptor_decode(&source->descriptor, source->bytes, size, &error));
    return &source->descriptor;
}

static void expect_child(const char *parent, const char *creator, bool is_container,
                         const char *expected)
{
    static struct source of_parent, of_creator, made;
    struct descriptor_creation creation = {
        .parent = decoded(&of_parent, parent),
        .creator = decoded(&of_creator, creator),
        .owner = &sid_local_service,
        .group = &sid_network_service,
        .mapping = &mapping,
        .is_container = is_container,
    };
    struct access_error error;
    char text[2000];
    size_t size;

    assert_true(descriptor_inherit(&creation, made.bytes, sizeof(made.bytes), &size, &error));
    assert_true(descriptor_decode(&made.descriptor, made.bytes, size, &error));
    assert_true(sddl_print(&made.descriptor, text, sizeof(text), &size, &error));
    assert_string_equal(text, expected);
}

// 2.5.3.4.4: what becomes of an entry of the parent, by its flags.
static void flags_decide_who_inherits(void **state)
{
    static const char *const table[][3] = {
        // the parent's flags, the entry in a container, the entry in a leaf
        {"", "", ""},
        {"IO", "", ""},
        {"OI", "(A;OIIOID;CC;;;SY)", "(A;ID;CC;;;SY)"},
        {"OINP", "", "(A;ID;CC;;;SY)"},
        {"CI", "(A;CIID;CC;;;SY)", ""},
        {"CINP", "(A;ID;CC;;;SY)", ""},
        {"OICI", "(A;OICIID;CC;;;SY)", "(A;ID;CC;;;SY)"},
        {"OICINP", "(A;ID;CC;;;SY)", "(A;ID;CC;;;SY)"},
        {"OICIIO", "(A;OICIID;CC;;;SY)", "(A;ID;CC;;;SY)"},
    };
    char parent[100], expected[100];

    (void)state;
    for (unsigned i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        for (unsigned is_leaf = 0; is_leaf < 2; is_leaf++) {
            const char *entry = table[i][1 + is_leaf];

            strcpy(parent, "D:(A;");
            strcat(parent, table[i][0]);
            strcat(parent, ";CC;;;SY)");
            strcpy(expected, entry[0] == 0 ? "O:LSG:NSD:" : "O:LSG:NSD:AI");
            strcat(expected, entry);
            expect_child(parent, NULL, is_leaf == 0, expected);
        }
    }
}

static void what_takes_effect_is_made_definite(void **state)
{
    (void)state;
    expect_child("D:(A;OICI;GR;;;SY)(A;OICI;CC;;;CO)(A;OI;GA;;;CG)", NULL, false,
                 "O:LSG:NSD:AI(A;ID;CC;;;SY)(A;ID;CC;;;LS)(A;ID;CCDCLCSW;;;NS)");
    // In a container what waits for others stays as it was.
    expect_child("D:(A;OICI;GR;;;SY)(A;CI;CC;;;CO)(A;OI;GA;;;CG)", NULL, true,
                 "O:LSG:NSD:AI(A;ID;CC;;;SY)(A;OICIIOID;GR;;;SY)(A;ID;CC;;;LS)(A;CIIOID;CC;;;CO)"
                 "(A;OIIOID;GA;;;CG)");
    expect_child("D:(A;CINP;GR;;;CO)", "O:BUG:BA", true, "O:BUG:BAD:AI(A;ID;CC;;;BU)");
}

static void creators_entries_come_first(void **state)
{
    (void)state;
    expect_child("D:(A;CI;CC;;;SY)", "D:(D;;GW;;;WD)", true,
                 "O:LSG:NSD:AI(D;;DC;;;WD)(A;CIID;CC;;;SY)");
    // What the creator's list inherited elsewhere doesn't count; inherit-only is of use to
    // containers alone.
    expect_child(NULL, "D:(A;ID;CC;;;SY)(A;OICIIO;CC;;;CO)(A;OICI;DC;;;BA)", false,
                 "O:LSG:NSD:(A;;DC;;;BA)");
    expect_child(NULL, "D:(A;ID;CC;;;SY)(A;OICIIO;CC;;;CO)(A;OICI;DC;;;BA)", true,
                 "O:LSG:NSD:(A;OICIIO;CC;;;CO)(A;OICI;DC;;;BA)");
    // A protected list is the creator's alone, and all of it.
    expect_child("D:(A;CI;CC;;;SY)", "D:P(A;ID;CC;;;BU)", true, "O:LSG:NSD:P(A;;CC;;;BU)");
    expect_child("D:(A;CI;CC;;;SY)", "D:NO_ACCESS_CONTROL", true, "O:LSG:NSD:NO_ACCESS_CONTROL");
}

static void without_any_list_nobody_is_allowed_anything(void **state)
{
    (void)state;
    expect_child(NULL, NULL, false, "O:LSG:NSD:");
    expect_child("D:(A;;GA;;;WD)", "O:BU", false, "O:BUG:NSD:");
    expect_child("D:NO_ACCESS_CONTROL", NULL, true, "O:LSG:NSD:");
}

static void system_lists_are_inherited_alike(void **state)
{
    (void)state;
    expect_child("S:(AU;OISAFA;GW;;;WD)(ML;CI;NW;;;HI)", NULL, true,
                 "O:LSG:NSD:S:AI(AU;OIIOIDSAFA;GW;;;WD)(ML;CIID;NW;;;HI)");
    expect_child("S:(AU;OISAFA;GW;;;WD)", "S:P(ML;;NW;;;LW)", false, "O:LSG:NSD:S:P(ML;;NW;;;LW)");
    expect_child(NULL, "S:", false, "O:LSG:NSD:S:");
    expect_child(NULL, "S:NO_ACCESS_CONTROL", false, "O:LSG:NSD:S:NO_ACCESS_CONTROL");
}

static void owner_and_group_may_be_missing(void **state)
{
    static struct source parent;
    struct descriptor_creation creation = {
        .parent = decoded(&parent, "D:(A;OI;CC;;;CO)(A;OI;CC;;;CG)"), .mapping = &mapping};
    struct descriptor descriptor;
    struct access_error error;
    uint8_t bytes[100];
    char text[100];
    size_t size;

    (void)state;
    assert_true(descriptor_inherit(&creation, bytes, sizeof(bytes), &size, &error));
    assert_true(descriptor_decode(&descriptor, bytes, size, &error));
    assert_true(sddl_print(&descriptor, text, sizeof(text), &size, &error));
    assert_string_equal(text, "D:AI(A;ID;CC;;;CO)(A;ID;CC;;;CG)");
}

static void sizes_are_limited(void **state)
{
    static char text[50000];
    static struct source parent, creator, made;
    struct descriptor_creation creation = {
        .owner = &sid_system, .mapping = &mapping, .is_container = true};
    struct access_error error;
    size_t size, needed;

    (void)state;
    creation.parent = decoded(&parent, "D:(A;CI;CC;;;SY)");
    assert_true(descriptor_inherit(&creation, made.bytes, sizeof(made.bytes), &needed, &error));
    for (size_t room = 0; room < needed; room++) {
        assert_false(descriptor_inherit(&creation, made.bytes, room, &size, &error));
        assert_int_equal(error.fact, ACCESS_FACT_ROOM);
        assert_int_equal(error.value, needed);
    }
    // Entries with generic rights become two in a container.
    strcpy(text, "D:");
    for (unsigned i = 0; i < 1700; i++)
        strcat(text + 2 + (size_t)i * 14, "(A;CI;GA;;;SY)");
    creation.parent = decoded(&parent, text);
    assert_false(descriptor_inherit(&creation, made.bytes, sizeof(made.bytes), &size, &error));
    assert_int_equal(error.fact, ACCESS_FACT_TOO_BIG);
    text[0] = 'S';
    strcpy(text + 2, "(AU;CISA;GA;;;SY)");
    for (unsigned i = 0; i < 1700; i++)
        strcat(text + 2 + (size_t)i * 17, "(AU;CISA;GA;;;SY)");
    creation.parent = decoded(&parent, text);
    assert_false(descriptor_inherit(&creation, made.bytes, sizeof(made.bytes), &size, &error));
    assert_int_equal(error.fact, ACCESS_FACT_TOO_BIG);
    // Two lists that are good each, and too much together.
    text[2 + 17 * 1000] = 0;
    creation.parent = decoded(&parent, text);
    strcpy(text, "D:");
    for (unsigned i = 0; i < 1500; i++)
        strcat(text + 2 + (size_t)i * 12, "(A;;CC;;;SY)");
    creation.creator = decoded(&creator, text);
    assert_false(descriptor_inherit(&creation, made.bytes, sizeof(made.bytes), &size, &error));
    assert_int_equal(error.fact, ACCESS_FACT_TOO_BIG);
    assert_int_equal(error.value, 20 + 8 + 2 * 20 * 1000 + 8 + 20 * 1500 + 12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flags_decide_who_inherits),
        cmocka_unit_test(what_takes_effect_is_made_definite),
        cmocka_unit_test(creators_entries_come_first),
        cmocka_unit_test(without_any_list_nobody_is_allowed_anything),
        cmocka_unit_test(system_lists_are_inherited_alike),
        cmocka_unit_test(owner_and_group_may_be_missing),
        cmocka_unit_test(sizes_are_limited),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
