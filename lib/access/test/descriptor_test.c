// SPDX-License-Identifier: Apache-2.0
//
// Descriptors in binary and as SDDL: the example of [MS-DTYP] 2.5.1.4, both ways, and every way to
// be refused.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/access/access.h"

static const char example_text[] =
    "O:BAG:BAD:P(A;OICI;GXGR;;;BU)(A;OICI;GA;;;BA)(A;OICI;GA;;;SY)"
    "(A;OICI;GA;;;CO)S:P(AU;FA;GR;;;WD)";
static const uint8_t example[] = {
    0x01, 0x00, 0x14, 0xb0, 0x90, 0x00, 0x00, 0x00, 0xa0, 0x00, 0x00, 0x00, 0x14, 0x00, 0x00, 0x00,
    0x30, 0x00, 0x00, 0x00, 0x02, 0x00, 0x1c, 0x00, 0x01, 0x00, 0x00, 0x00, 0x02, 0x80, 0x14, 0x00,
    0x00, 0x00, 0x00, 0x80, 0x01, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00,
    0x02, 0x00, 0x60, 0x00, 0x04, 0x00, 0x00, 0x00, 0x00, 0x03, 0x18, 0x00, 0x00, 0x00, 0x00, 0xa0,
    0x01, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x05, 0x20, 0x00, 0x00, 0x00, 0x21, 0x02, 0x00, 0x00,
    0x00, 0x03, 0x18, 0x00, 0x00, 0x00, 0x00, 0x10, 0x01, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x05,
    0x20, 0x00, 0x00, 0x00, 0x20, 0x02, 0x00, 0x00, 0x00, 0x03, 0x14, 0x00, 0x00, 0x00, 0x00, 0x10,
    0x01, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x05, 0x12, 0x00, 0x00, 0x00, 0x00, 0x03, 0x14, 0x00,
    0x00, 0x00, 0x00, 0x10, 0x01, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0x00, 0x00, 0x00, 0x00,
    0x01, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x05, 0x20, 0x00, 0x00, 0x00, 0x20, 0x02, 0x00, 0x00,
    0x01, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x05, 0x20, 0x00, 0x00, 0x00, 0x20, 0x02, 0x00, 0x00,
};

enum {
    SACL_AT = 0x14,
    DACL_AT = 0x30,
    OWNER_AT = 0x90,
    AUDIT_AT = 0x1c,
    FIRST_AT = 0x38,
    LAST_AT = 0x7c
};

static uint8_t bytes[DESCRIPTOR_SIZE_MAX];

static size_t parse(const char *text)
{
    struct access_error error;
    char message[ACCESS_ERROR_TEXT_MAX];
    size_t size;

    if (!sddl_parse(text, strlen(text), bytes, sizeof(bytes), &size, &error)) {
        access_error_print(&error, message, sizeof(message));
        fail_msg("%s: %s", text, message);
    }
    return size;
}

static void expect_print(const char *text, const char *expected)
{
    struct descriptor descriptor;
    struct access_error error;
    char out[1000];
    size_t size = parse(text);

    assert_true(descriptor_decode(&descriptor, bytes, size, &error));
    assert_true(sddl_print(&descriptor, out, sizeof(out), &size, &error));
    assert_string_equal(out, expected);
    assert_int_equal(size, strlen(expected));
}

static void expect_refused(const char *text, enum access_fact fact, uint32_t at, uint32_t value)
{
    struct access_error error;
    size_t size = 12345;

    assert_false(sddl_parse(text, strlen(text), bytes, sizeof(bytes), &size, &error));
    if (error.fact != fact || error.at != at || error.value != value)
        fail_msg("%s: fact %d at %u value %u", text, error.fact, error.at, error.value);
    assert_int_equal(size, 12345);
}

// The example with one byte changed.
static void expect_spoilt(size_t at, uint8_t byte, enum access_fact fact, uint32_t error_at,
                          uint32_t value)
{
    struct descriptor descriptor = {.control = 1};
    struct access_error error;
    uint8_t spoilt[sizeof(example)];

    memcpy(spoilt, example, sizeof(example));
    spoilt[at] = byte;
    assert_false(descriptor_decode(&descriptor, spoilt, sizeof(spoilt), &error));
    if (error.fact != fact || error.at != error_at || error.value != value)
        fail_msg("byte %zu: fact %d at %u value %u", at, error.fact, error.at, error.value);
    assert_int_equal(descriptor.control, 1);
}

static void example_of_the_specification_goes_both_ways(void **state)
{
    (void)state;
    assert_int_equal(parse(example_text), sizeof(example));
    assert_memory_equal(bytes, example, sizeof(example));
    expect_print(example_text, example_text);
}

static void every_cut_of_a_descriptor_is_refused(void **state)
{
    struct descriptor descriptor;
    struct access_error error;

    (void)state;
    assert_true(descriptor_decode(&descriptor, example, sizeof(example), &error));
    for (size_t size = 0; size < sizeof(example); size++) {
        assert_false(descriptor_decode(&descriptor, example, size, &error));
        assert_int_equal(error.fact, ACCESS_FACT_CUT_OFF);
    }
    assert_false(descriptor_decode(&descriptor, bytes, DESCRIPTOR_SIZE_MAX + 1, &error));
    assert_int_equal(error.fact, ACCESS_FACT_TOO_BIG);
}

static void spoilt_descriptors_are_refused_by_place(void **state)
{
    (void)state;
    expect_spoilt(0, 2, ACCESS_FACT_REVISION, 0, 2);
    expect_spoilt(3, 0x30, ACCESS_FACT_NOT_SELF_RELATIVE, 2, 0x3014);
    expect_spoilt(2, 0x10, ACCESS_FACT_CONTROL, 16, 0xb010);
    expect_spoilt(2, 0x04, ACCESS_FACT_CONTROL, 12, 0xb004);
    expect_spoilt(4, 16, ACCESS_FACT_OFFSET, 4, 16);
    expect_spoilt(8, 21, ACCESS_FACT_OFFSET, 8, 21);
    expect_spoilt(13, 1, ACCESS_FACT_CUT_OFF, 12, 0x114);
    expect_spoilt(16, 0xb0, ACCESS_FACT_CUT_OFF, 0xb0, 8);
    expect_spoilt(OWNER_AT, 7, ACCESS_FACT_REVISION, OWNER_AT, 7);
    expect_spoilt(OWNER_AT + 1, 16, ACCESS_FACT_SID_COUNT, OWNER_AT + 1, 16);
    expect_spoilt(SACL_AT, 3, ACCESS_FACT_REVISION, SACL_AT, 3);
    expect_spoilt(SACL_AT + 2, 4, ACCESS_FACT_ACL_SIZE, SACL_AT + 2, 4);
    expect_spoilt(SACL_AT + 2, 0x1d, ACCESS_FACT_ACL_SIZE, SACL_AT + 2, 0x1d);
    expect_spoilt(DACL_AT + 3, 1, ACCESS_FACT_CUT_OFF, DACL_AT, 0x160);
    expect_spoilt(DACL_AT + 4, 5, ACCESS_FACT_CUT_OFF, OWNER_AT, 8);
    expect_spoilt(FIRST_AT, 9, ACCESS_FACT_ACE_TYPE, FIRST_AT, 9);
    expect_spoilt(FIRST_AT, ACE_AUDIT, ACCESS_FACT_ACE_PLACE, FIRST_AT, ACE_AUDIT);
    expect_spoilt(AUDIT_AT, ACE_DENIED, ACCESS_FACT_ACE_PLACE, AUDIT_AT, ACE_DENIED);
    expect_spoilt(AUDIT_AT, ACE_MANDATORY_LABEL, ACCESS_FACT_LABEL_SID, AUDIT_AT + 8, 0);
    expect_spoilt(FIRST_AT + 2, 0x1c, ACCESS_FACT_ACE_SIZE, FIRST_AT + 2, 0x1c);
    expect_spoilt(LAST_AT + 9, 15, ACCESS_FACT_CUT_OFF, LAST_AT + 8, 68);
    expect_spoilt(LAST_AT + 9, 2, ACCESS_FACT_CUT_OFF, LAST_AT + 8, 16);
}

static void revision_of_object_lists_is_read(void **state)
{
    struct descriptor descriptor;
    struct access_error error;
    uint8_t other[sizeof(example)];

    (void)state;
    memcpy(other, example, sizeof(example));
    other[DACL_AT] = 4;
    assert_true(descriptor_decode(&descriptor, other, sizeof(other), &error));
    assert_int_equal(descriptor.dacl.count, 4);
}

static void entries_are_walked_in_order(void **state)
{
    static const uint32_t masks[] = {0xa0000000, 0x10000000, 0x10000000, 0x10000000};
    struct descriptor descriptor;
    struct ace_place place = {0};
    struct access_error error;
    struct ace ace;

    (void)state;
    assert_true(descriptor_decode(&descriptor, example, sizeof(example), &error));
    for (unsigned i = 0; i < 4; i++) {
        assert_true(acl_next(&descriptor.dacl, &place, &ace));
        assert_int_equal(ace.mask, masks[i]);
        assert_int_equal(ace.flags, ACE_OBJECT_INHERIT | ACE_CONTAINER_INHERIT);
    }
    assert_true(sid_is_equal(&ace.sid, &sid_creator_owner));
    assert_false(acl_next(&descriptor.dacl, &place, &ace));
}

static void descriptor_is_encoded_from_parts_of_others(void **state)
{
    struct descriptor descriptor, made = {0};
    struct access_error error;
    uint8_t out[sizeof(example)];
    size_t size;

    (void)state;
    assert_true(descriptor_decode(&descriptor, example, sizeof(example), &error));
    assert_true(descriptor_encode(&descriptor, out, sizeof(out), &size, &error));
    assert_int_equal(size, sizeof(example));
    assert_memory_equal(out, example, sizeof(example));
    assert_false(descriptor_encode(&descriptor, out, sizeof(out) - 1, &size, &error));
    assert_int_equal(error.fact, ACCESS_FACT_ROOM);
    assert_int_equal(error.value, sizeof(example));

    made.dacl = descriptor.dacl;
    assert_true(descriptor_encode(&made, out, sizeof(out), &size, &error));
    assert_true(descriptor_decode(&made, out, size, &error));
    assert_int_equal(made.control, DESCRIPTOR_SELF_RELATIVE | DESCRIPTOR_DACL_PRESENT);
    assert_false(made.has_owner || made.has_group || made.sacl.bytes != NULL);
    assert_int_equal(made.dacl.count, 4);
}

static void text_is_printed_in_normal_form(void **state)
{
    (void)state;
    expect_print("", "");
    expect_print("g:s-1-5-18", "G:SY");
    expect_print("S:D:", "D:S:");
    expect_print("D:NO_ACCESS_CONTROL", "D:NO_ACCESS_CONTROL");
    expect_print("S:PNO_ACCESS_CONTROL", "S:PNO_ACCESS_CONTROL");
    expect_print("D:AIARPS:ARAI", "D:PARAIS:ARAI");
    expect_print("D:(A;;0x3;;;SY)(D;NPIOID;CCDC;;;S-1-22-1-0)",
                 "D:(A;;CCDC;;;SY)(D;NPIOID;CCDC;;;S-1-22-1-0)");
    expect_print("D:(A;;;;;WD)(A;;8;;;WD)(A;;010;;;WD)(A;;0xFFFFFFFF;;;WD)",
                 "D:(A;;0x0;;;WD)(A;;SW;;;WD)(A;;SW;;;WD)(A;;0xffffffff;;;WD)");
    expect_print("D:(A;;FA;;;WD)(A;;KAGR;;;WD)(A;;KR;;;WD)",
                 "D:(A;;0x1f01ff;;;WD)(A;;CCDCLCSWRPWPSDRCWDWOGR;;;WD)(A;;CCSWRPRC;;;WD)");
    expect_print("S:(ML;;NWNRNX;;;HI)(ML;;0x8;;;S-1-16-5)(AU;SAFA;RC;;;WD)",
                 "S:(ML;;NWNRNX;;;HI)(ML;;0x8;;;S-1-16-5)(AU;SAFA;RC;;;WD)");
}

static void text_that_is_none_is_refused_by_place(void **state)
{
    (void)state;
    expect_refused("X:SY", ACCESS_FACT_TEXT_COMPONENT, 0, 0);
    expect_refused("O:SY G:SY", ACCESS_FACT_TEXT_COMPONENT, 4, 0);
    expect_refused("O:SYO:SY", ACCESS_FACT_TEXT_TWICE, 4, 0);
    expect_refused("G:SYG:SY", ACCESS_FACT_TEXT_TWICE, 4, 0);
    expect_refused("D:D:", ACCESS_FACT_TEXT_TWICE, 2, 0);
    expect_refused("S:S:", ACCESS_FACT_TEXT_TWICE, 2, 0);
    expect_refused("O:XX", ACCESS_FACT_TEXT_SID, 2, 0);
    expect_refused("G:DU", ACCESS_FACT_TEXT_SID_DOMAIN, 2, 0);
    expect_refused("D:X(A;;GA;;;SY)", ACCESS_FACT_TEXT_ACL_FLAG, 2, 0);
    expect_refused("D:(A;;GA;;;SY)X", ACCESS_FACT_TEXT_COMPONENT, 14, 0);
    expect_refused("D:(", ACCESS_FACT_TEXT_ACE_TYPE, 3, UINT8_MAX);
    expect_refused("D:(B;;GA;;;SY)", ACCESS_FACT_TEXT_ACE_TYPE, 3, UINT8_MAX);
    expect_refused("D:(AX;;GA;;;SY)", ACCESS_FACT_TEXT_ACE_TYPE, 3, UINT8_MAX);
    expect_refused("D:(A", ACCESS_FACT_TEXT_ACE_TYPE, 3, UINT8_MAX);
    expect_refused("D:(XA;;GA;;;SY;(x))", ACCESS_FACT_TEXT_ACE_TYPE, 3, 9);
    expect_refused("D:(OA;;GA;;;SY)", ACCESS_FACT_TEXT_ACE_TYPE, 3, 5);
    expect_refused("D:(AU;;GA;;;SY)", ACCESS_FACT_TEXT_ACE_PLACE, 3, ACE_AUDIT);
    expect_refused("D:(ML;;NW;;;HI)", ACCESS_FACT_TEXT_ACE_PLACE, 3, ACE_MANDATORY_LABEL);
    expect_refused("S:(A;;GA;;;SY)", ACCESS_FACT_TEXT_ACE_PLACE, 3, ACE_ALLOWED);
    expect_refused("S:(D;;GA;;;SY)", ACCESS_FACT_TEXT_ACE_PLACE, 3, ACE_DENIED);
    expect_refused("D:(A;OX;GA;;;SY)", ACCESS_FACT_TEXT_ACE_FLAG, 5, 0);
    expect_refused("D:(A;OI", ACCESS_FACT_TEXT_ACE_FLAG, 7, 0);
    expect_refused("D:(A;;GAXX;;;SY)", ACCESS_FACT_TEXT_RIGHT, 8, 0);
    expect_refused("D:(A;;", ACCESS_FACT_TEXT_RIGHT, 6, 0);
    expect_refused("D:(A;;0x;;;SY)", ACCESS_FACT_TEXT_RIGHT, 6, 0);
    expect_refused("D:(A;;0x1g;;;SY)", ACCESS_FACT_TEXT_RIGHT, 9, 0);
    expect_refused("D:(A;;08;;;SY)", ACCESS_FACT_TEXT_RIGHT, 7, 0);
    expect_refused("D:(A;;4294967296;;;SY)", ACCESS_FACT_TEXT_RIGHT, 15, 0);
    expect_refused("D:(A;;1", ACCESS_FACT_TEXT_ACE, 7, ';');
    expect_refused("D:(A;;:;;;SY)", ACCESS_FACT_TEXT_RIGHT, 6, 0);
    expect_refused("D:(A;;GA;0;;SY)", ACCESS_FACT_TEXT_GUID, 9, 0);
    expect_refused("D:(A;;GA;;0;SY)", ACCESS_FACT_TEXT_GUID, 10, 0);
    expect_refused("D:(A;;GA;;;XX)", ACCESS_FACT_TEXT_SID, 11, 0);
    expect_refused("D:(A;;GA;;;SY", ACCESS_FACT_TEXT_ACE, 13, ')');
    expect_refused("S:(ML;;NW;;;SY)", ACCESS_FACT_TEXT_LABEL_SID, 12, 0);
}

static void sizes_are_limited(void **state)
{
    static char text[2 * DESCRIPTOR_SIZE_MAX];
    static const char entry[] = "(A;;GA;;;SY)";
    static uint8_t out[DESCRIPTOR_SIZE_MAX];
    struct descriptor descriptor;
    struct access_error error;
    size_t size, at = 2;
    char one[1] = {'x'};

    (void)state;
    // 3,277 entries of 20 bytes are more than a list may have, 3,275 just fit into a descriptor.
    memcpy(text, "D:", 2);
    for (unsigned i = 0; i < 3277; i++, at += strlen(entry))
        memcpy(text + at, entry, strlen(entry));
    assert_false(sddl_parse(text, at, out, sizeof(out), &size, &error));
    assert_int_equal(error.fact, ACCESS_FACT_TEXT_ACL_SIZE);
    at -= strlen(entry);
    assert_false(sddl_parse(text, at, out, sizeof(out), &size, &error));
    assert_int_equal(error.fact, ACCESS_FACT_TOO_BIG);
    at -= strlen(entry);
    assert_true(sddl_parse(text, at, out, sizeof(out), &size, &error));
    assert_false(sddl_parse(text, at, out, size - 1, &size, &error));
    assert_int_equal(error.fact, ACCESS_FACT_ROOM);
    assert_int_equal(error.value, 20 + 8 + 3275 * 20);
    assert_true(descriptor_decode(&descriptor, out, error.value, &error));
    assert_int_equal(descriptor.dacl.count, 3275);
    assert_false(sddl_print(&descriptor, text, at, &size, &error));
    assert_int_equal(error.fact, ACCESS_FACT_ROOM);
    assert_int_equal(error.value, at + 1);
    assert_true(sddl_print(&descriptor, text, at + 1, &size, &error));
    assert_int_equal(size, at);
    assert_false(sddl_print(&descriptor, one, 0, &size, &error));
    assert_int_equal(one[0], 'x');
}

static void every_error_says_what_where_and_what_to_do(void **state)
{
    char out[ACCESS_ERROR_TEXT_MAX], small[10];

    (void)state;
    for (uint32_t fact = 0; fact < ACCESS_FACT_COUNT; fact++) {
        struct access_error error = {(enum access_fact)fact, 123, 9};
        size_t size = access_error_print(&error, out, sizeof(out));

        assert_int_equal(size, strlen(out));
        assert_true(size > 30 && size < sizeof(out) - 1);
        assert_non_null(strstr(out, " 123: "));
        assert_non_null(strstr(out, "; "));
    }
    struct access_error callback = {ACCESS_FACT_ACE_TYPE, 56, 9};
    access_error_print(&callback, out, sizeof(out));
    assert_string_equal(out,
                        "byte 56: an entry of a type that is not supported: "
                        "ACCESS_ALLOWED_CALLBACK_ACE (9); only plain entries are: allowed, "
                        "denied, audit, mandatory label");
    struct access_error unknown = {ACCESS_FACT_TEXT_ACE_TYPE, 3, UINT8_MAX};
    access_error_print(&unknown, out, sizeof(out));
    assert_string_equal(out,
                        "character 3: an entry of a type that is not supported: unknown; use "
                        "A, D, AU or ML");
    assert_int_equal(access_error_print(&unknown, small, sizeof(small)), sizeof(small) - 1);
    assert_string_equal(small, "character");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(example_of_the_specification_goes_both_ways),
        cmocka_unit_test(every_cut_of_a_descriptor_is_refused),
        cmocka_unit_test(spoilt_descriptors_are_refused_by_place),
        cmocka_unit_test(revision_of_object_lists_is_read),
        cmocka_unit_test(entries_are_walked_in_order),
        cmocka_unit_test(descriptor_is_encoded_from_parts_of_others),
        cmocka_unit_test(text_is_printed_in_normal_form),
        cmocka_unit_test(text_that_is_none_is_refused_by_place),
        cmocka_unit_test(sizes_are_limited),
        cmocka_unit_test(every_error_says_what_where_and_what_to_do),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
