// SPDX-License-Identifier: Apache-2.0
//
// The access check against tables made by hand from [MS-DTYP]: generic mapping (2.4.3), the order
// of entries and implied rights (2.5.3.2), mandatory labels (2.5.3.3, 2.4.4.13).
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/access/access.h"

enum {
    READ = 0x1,
    WRITE = 0x2,
    EXECUTE = 0x4,
    OTHER = 0x8, // in GENERIC_ALL alone
};

static const struct access_mapping mapping = {
    .read = READ | ACCESS_READ_CONTROL,
    .write = WRITE,
    .execute = EXECUTE,
    .all = READ | WRITE | EXECUTE | OTHER | ACCESS_DELETE | ACCESS_READ_CONTROL | ACCESS_WRITE_DAC |
           ACCESS_WRITE_OWNER,
};

#define USER "S-1-5-21-1-2-3-1000"

static struct access_answer answer_of(const char *text, uint32_t desired, uint32_t integrity,
                                      uint64_t privileges)
{
    static uint8_t bytes[1000];
    struct sid groups[2];
    struct access_token token = {
        .groups = groups, .groups_count = 2, .integrity = integrity, .privileges = privileges};
    struct descriptor descriptor;
    struct access_error error;
    size_t size;

    assert_true(sid_parse(&token.user, USER, strlen(USER), &error));
    assert_true(sid_parse(&groups[0], "BU", 2, &error));
    assert_true(sid_parse(&groups[1], "WD", 2, &error));
    assert_true(sddl_parse(text, strlen(text), bytes, sizeof(bytes), &size, &error));
    assert_true(descriptor_decode(&descriptor, bytes, size, &error));
    return access_check(&descriptor, &token, desired, &mapping);
}

struct row {
    const char *text;
    uint32_t desired;
    enum access_reason reason;
    uint32_t rights; // granted or missing
    uint32_t ace;
    uint64_t privileges;
};

static void expect_rows(const struct row *rows, size_t count, uint32_t integrity)
{
    for (size_t i = 0; i < count; i++) {
        const struct row *row = &rows[i];
        struct access_answer answer =
            answer_of(row->text, row->desired, integrity, row->privileges);
        uint32_t rights = answer.is_allowed ? answer.granted : answer.missing;

        if (answer.reason != row->reason || rights != row->rights || answer.ace != row->ace ||
            answer.is_allowed != (row->reason == ACCESS_ALLOWED))
            fail_msg("row %zu, %s: %s, rights %#x, entry %u", i, row->text,
                     access_reason_text(answer.reason), rights, answer.ace);
    }
}

#define EXPECT(rows, integrity) expect_rows(rows, sizeof(rows) / sizeof((rows)[0]), integrity)
#define PRIVILEGE(name)         (UINT64_C(1) << PRIVILEGE_##name)

static void generic_rights_are_mapped(void **state)
{
    static const uint32_t table[][2] = {
        {0, 0},
        {ACCESS_GENERIC_READ, READ | ACCESS_READ_CONTROL},
        {ACCESS_GENERIC_WRITE, WRITE},
        {ACCESS_GENERIC_EXECUTE, EXECUTE},
        {ACCESS_GENERIC_READ | ACCESS_GENERIC_WRITE | OTHER,
         READ | ACCESS_READ_CONTROL | WRITE | OTHER},
        {0xffff, 0xffff},
        {ACCESS_SYNCHRONIZE | ACCESS_MAXIMUM_ALLOWED, ACCESS_SYNCHRONIZE | ACCESS_MAXIMUM_ALLOWED},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        assert_int_equal(access_mask_map(table[i][0], &mapping), table[i][1]);
    assert_int_equal(access_mask_map(ACCESS_GENERIC_ALL, &mapping), mapping.all);
}

static void the_first_entry_that_speaks_of_a_right_decides(void **state)
{
    static const struct row rows[] = {
        {"D:(A;;0x3;;;" USER ")", 3, ACCESS_ALLOWED, 3, 0, 0},
        {"D:(A;;0x1;;;BU)(A;;0x2;;;WD)", 3, ACCESS_ALLOWED, 3, 0, 0},
        {"D:(A;;0x1;;;BU)(A;;0x2;;;SY)", 3, ACCESS_DENIED_NOT_GRANTED, 2, 0, 0},
        {"D:(D;;0x2;;;BU)(A;;0x3;;;WD)", 3, ACCESS_DENIED_BY_ACE, 2, 0, 0},
        {"D:(A;;0x3;;;WD)(D;;0x2;;;BU)", 3, ACCESS_ALLOWED, 3, 0, 0},
        {"D:(A;;0x1;;;WD)(D;;0x3;;;BU)", 3, ACCESS_DENIED_BY_ACE, 2, 1, 0},
        {"D:(D;;0x2;;;SY)(A;;0x3;;;WD)", 3, ACCESS_ALLOWED, 3, 0, 0},
        {"D:(D;;0x2;;;BU)(A;;0x3;;;WD)", 1, ACCESS_ALLOWED, 1, 0, 0},
        {"D:(D;IO;0x2;;;BU)(A;;0x3;;;WD)", 3, ACCESS_ALLOWED, 3, 0, 0},
        {"D:(A;IO;0x3;;;WD)", 3, ACCESS_DENIED_NOT_GRANTED, 3, 0, 0},
        {"D:(A;;GA;;;WD)", ACCESS_GENERIC_READ, ACCESS_ALLOWED, READ | ACCESS_READ_CONTROL, 0, 0},
        {"D:(D;;GW;;;WD)(A;;GA;;;WD)", WRITE, ACCESS_DENIED_BY_ACE, WRITE, 0, 0},
        {"D:", 0, ACCESS_ALLOWED, 0, 0, 0},
        {"D:", 1, ACCESS_DENIED_NOT_GRANTED, 1, 0, 0},
        {"D:NO_ACCESS_CONTROL", 0xff, ACCESS_ALLOWED, 0xff, 0, 0},
        {"", ACCESS_GENERIC_ALL, ACCESS_ALLOWED, 0xf000f, 0, 0},
    };

    (void)state;
    EXPECT(rows, INTEGRITY_MEDIUM);
}

static void the_owner_may_read_and_change_the_list_unless_told_otherwise(void **state)
{
    static const uint32_t both = ACCESS_READ_CONTROL | ACCESS_WRITE_DAC;
    static const struct row rows[] = {
        {"O:" USER "D:", both, ACCESS_ALLOWED, both, 0, 0},
        {"O:BUD:(D;;RCWD;;;WD)", both, ACCESS_ALLOWED, both, 0, 0},
        {"O:SYD:", both, ACCESS_DENIED_NOT_GRANTED, both, 0, 0},
        {"D:", both, ACCESS_DENIED_NOT_GRANTED, both, 0, 0},
        {"O:BUD:(A;;RC;;;OW)", both, ACCESS_DENIED_NOT_GRANTED, ACCESS_WRITE_DAC, 0, 0},
        {"O:BUD:(A;;0x4;;;SY)(A;;RC;;;OW)", 4, ACCESS_DENIED_NOT_GRANTED, 4, 0, 0},
        {"O:BUD:(A;;0x4;;;OW)", 4, ACCESS_ALLOWED, 4, 0, 0},
        {"O:BUD:(D;;RC;;;OW)(A;;RC;;;WD)", ACCESS_READ_CONTROL, ACCESS_DENIED_BY_ACE,
         ACCESS_READ_CONTROL, 0, 0},
        {"O:BUD:(A;IO;RC;;;OW)", both, ACCESS_ALLOWED, both, 0, 0},
        {"O:SYD:(A;;RC;;;OW)", ACCESS_READ_CONTROL, ACCESS_DENIED_NOT_GRANTED, ACCESS_READ_CONTROL,
         0, 0},
    };

    (void)state;
    EXPECT(rows, INTEGRITY_MEDIUM);
}

static void privileges_give_what_they_are_for(void **state)
{
    static const uint32_t both = ACCESS_SYSTEM_SECURITY | ACCESS_WRITE_OWNER;
    static const struct row rows[] = {
        {"D:(A;;0xffffffff;;;WD)", ACCESS_SYSTEM_SECURITY, ACCESS_DENIED_BY_PRIVILEGE,
         ACCESS_SYSTEM_SECURITY, 0, 0},
        {"D:", ACCESS_SYSTEM_SECURITY, ACCESS_ALLOWED, ACCESS_SYSTEM_SECURITY, 0,
         PRIVILEGE(SECURITY)},
        {"D:", both, ACCESS_DENIED_NOT_GRANTED, ACCESS_WRITE_OWNER, 0, PRIVILEGE(SECURITY)},
        {"D:", both, ACCESS_ALLOWED, both, 0, PRIVILEGE(SECURITY) | PRIVILEGE(TAKE_OWNERSHIP)},
        {"D:(D;;WO;;;WD)", ACCESS_WRITE_OWNER, ACCESS_ALLOWED, ACCESS_WRITE_OWNER, 0,
         PRIVILEGE(TAKE_OWNERSHIP)},
        {"D:", 1, ACCESS_DENIED_NOT_GRANTED, 1, 0, UINT64_MAX},
    };

    (void)state;
    EXPECT(rows, INTEGRITY_MEDIUM);
}

static void maximum_allowed_gives_whatever_there_is(void **state)
{
    static const uint32_t most = ACCESS_MAXIMUM_ALLOWED;
    static const struct row rows[] = {
        {"D:(A;;0x1;;;BU)(D;;0x3;;;WD)(A;;0x7;;;WD)", most, ACCESS_ALLOWED, 5, 0, 0},
        {"D:(D;;0x2;;;BU)(A;;0x7;;;WD)", most | 2, ACCESS_DENIED_BY_ACE, 2, 0, 0},
        {"D:(A;;0x7;;;WD)", most | 2, ACCESS_ALLOWED, 7, 0, 0},
        {"D:(A;;0x3;;;WD)", most | 4, ACCESS_DENIED_NOT_GRANTED, 4, 0, 0},
        {"D:", most, ACCESS_DENIED_NOT_GRANTED, most, 0, 0},
        {"O:BUD:", most, ACCESS_ALLOWED, ACCESS_READ_CONTROL | ACCESS_WRITE_DAC, 0, 0},
        {"", most, ACCESS_ALLOWED, 0xf000f, 0, 0},
        {"", most | 0x100, ACCESS_ALLOWED, 0xf010f, 0, 0},
        {"D:(A;;0xffffffff;;;WD)", most, ACCESS_ALLOWED, 0x0cffffff & ~ACCESS_MAXIMUM_ALLOWED, 0,
         0},
        {"D:(A;;0x1;;;WD)", most | ACCESS_SYSTEM_SECURITY, ACCESS_ALLOWED,
         1 | ACCESS_SYSTEM_SECURITY, 0, PRIVILEGE(SECURITY)},
        {"D:(A;;0x1;;;WD)", most, ACCESS_ALLOWED, 1, 0, PRIVILEGE(TAKE_OWNERSHIP)},
    };

    (void)state;
    EXPECT(rows, INTEGRITY_MEDIUM);
}

// 2.5.3.3: what each label leaves to a level below it. Levels at and above it are left everything.
static void labels_forbid_by_their_mask(void **state)
{
    static const uint32_t all = READ | WRITE | EXECUTE | OTHER;
    static const struct {
        const char *text;
        uint32_t left; // of all
    } table[] = {
        {"S:(ML;;;;;HI)", READ | WRITE | EXECUTE},
        {"S:(ML;;NW;;;HI)", READ | EXECUTE},
        {"S:(ML;;NR;;;HI)", WRITE | EXECUTE},
        {"S:(ML;;NX;;;HI)", READ | WRITE},
        {"S:(ML;;NWNR;;;HI)", EXECUTE},
        {"S:(ML;;NWNX;;;HI)", READ},
        {"S:(ML;;NRNX;;;HI)", WRITE},
        {"S:(ML;;NWNRNX;;;HI)", 0},
        {"S:(AU;SA;GA;;;WD)(ML;;NWNX;;;HI)(ML;;NR;;;LW)", READ},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct access_answer below = answer_of(table[i].text, all, INTEGRITY_MEDIUM, 0);
        struct access_answer at = answer_of(table[i].text, all, INTEGRITY_HIGH, 0);
        struct access_answer above = answer_of(table[i].text, all, INTEGRITY_SYSTEM, 0);

        assert_false(below.is_allowed);
        assert_int_equal(below.reason, ACCESS_DENIED_BY_INTEGRITY);
        assert_int_equal(below.missing, all & ~table[i].left);
        assert_true(at.is_allowed);
        assert_true(above.is_allowed);
        if (table[i].left != 0)
            assert_true(answer_of(table[i].text, table[i].left, INTEGRITY_MEDIUM, 0).is_allowed);
    }
}

static void objects_without_a_label_are_medium(void **state)
{
    static const struct row low[] = {
        {"", READ | EXECUTE, ACCESS_ALLOWED, READ | EXECUTE, 0, 0},
        {"", WRITE, ACCESS_DENIED_BY_INTEGRITY, WRITE, 0, 0},
        {"S:(ML;IO;NR;;;LW)", WRITE, ACCESS_DENIED_BY_INTEGRITY, WRITE, 0, 0},
        {"S:(ML;;NW;;;LW)", WRITE, ACCESS_ALLOWED, WRITE, 0, 0},
        {"", ACCESS_MAXIMUM_ALLOWED, ACCESS_ALLOWED, READ | EXECUTE | ACCESS_READ_CONTROL, 0, 0},
        // The label comes before ownership and privileges, but for the one to relabel.
        {"O:BUD:", ACCESS_WRITE_DAC, ACCESS_DENIED_BY_INTEGRITY, ACCESS_WRITE_DAC, 0, 0},
        {"", ACCESS_WRITE_OWNER, ACCESS_DENIED_BY_INTEGRITY, ACCESS_WRITE_OWNER, 0,
         PRIVILEGE(TAKE_OWNERSHIP)},
        {"", ACCESS_WRITE_OWNER, ACCESS_ALLOWED, ACCESS_WRITE_OWNER, 0, PRIVILEGE(RELABEL)},
    };
    static const struct row medium[] = {{"", WRITE, ACCESS_ALLOWED, WRITE, 0, 0}};

    (void)state;
    EXPECT(low, INTEGRITY_LOW);
    EXPECT(medium, INTEGRITY_MEDIUM);
}

static void a_label_does_not_grant(void **state)
{
    static const struct row rows[] = {
        {"D:S:(ML;;NW;;;LW)", READ, ACCESS_DENIED_NOT_GRANTED, READ, 0, 0},
    };

    (void)state;
    EXPECT(rows, INTEGRITY_SYSTEM);
}

static void each_reason_has_words(void **state)
{
    (void)state;
    for (int reason = ACCESS_ALLOWED; reason <= ACCESS_DENIED_BY_PRIVILEGE; reason++)
        assert_true(strlen(access_reason_text((enum access_reason)reason)) > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(generic_rights_are_mapped),
        cmocka_unit_test(the_first_entry_that_speaks_of_a_right_decides),
        cmocka_unit_test(the_owner_may_read_and_change_the_list_unless_told_otherwise),
        cmocka_unit_test(privileges_give_what_they_are_for),
        cmocka_unit_test(maximum_allowed_gives_whatever_there_is),
        cmocka_unit_test(labels_forbid_by_their_mask),
        cmocka_unit_test(objects_without_a_label_are_medium),
        cmocka_unit_test(a_label_does_not_grant),
        cmocka_unit_test(each_reason_has_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
