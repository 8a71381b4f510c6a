// SPDX-License-Identifier: Apache-2.0
//
// SIDs in packets and as text, services' SIDs, integrity levels, privileges.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/access/access.h"
#include "lib/access/sha1.h"

static struct sid sid_of(const char *text)
{
    struct access_error error;
    struct sid sid;

    assert_true(sid_parse(&sid, text, strlen(text), &error));
    return sid;
}

static void expect_text_refused(const char *text, enum access_fact fact, uint32_t at)
{
    struct sid sid = sid_system;
    struct access_error error;

    assert_false(sid_parse(&sid, text, strlen(text), &error));
    assert_int_equal(error.fact, fact);
    assert_int_equal(error.at, at);
    assert_true(sid_is_equal(&sid, &sid_system));
}

static void sid_text_goes_both_ways(void **state)
{
    static const char *const texts[] = {
        "S-1-5-18",
        "S-1-5-32-544",
        "S-1-1-0",
        "S-1-0x123456789abc-1",
        "S-1-4294967295-4294967295",
        "S-1-0xffffffffffff-4294967295-4294967295-4294967295-4294967295-4294967295-4294967295-"
        "4294967295-4294967295-4294967295-4294967295-4294967295-4294967295-4294967295-4294967295-"
        "4294967295",
    };
    char out[SID_TEXT_MAX];

    (void)state;
    for (unsigned i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct sid sid = sid_of(texts[i]);

        assert_int_equal(sid_print(&sid, out), strlen(texts[i]));
        assert_string_equal(out, texts[i]);
    }
    assert_int_equal(strlen(texts[5]), SID_TEXT_MAX - 1);
}

static void sid_names_are_known(void **state)
{
    struct sid sid = sid_of("ba");

    (void)state;
    assert_true(sid_is_equal(&sid, &sid_administrators));
    sid = sid_of("S-1-5-18");
    assert_true(sid_is_equal(&sid, &sid_system));
    sid = sid_of("OW");
    assert_true(sid_is_equal(&sid, &sid_owner_rights));
    assert_false(sid_is_equal(&sid, &sid_creator_owner));
    // The first sub-authority alone doesn't make two equal.
    sid = sid_of("S-1-5-18-1");
    assert_false(sid_is_equal(&sid, &sid_system));
}

static void sid_text_that_is_none_is_refused(void **state)
{
    (void)state;
    expect_text_refused("", ACCESS_FACT_TEXT_SID, 0);
    expect_text_refused("S", ACCESS_FACT_TEXT_SID, 0);
    expect_text_refused("XX", ACCESS_FACT_TEXT_SID, 0);
    expect_text_refused("S-2-5-18", ACCESS_FACT_TEXT_SID, 0);
    expect_text_refused("S-1-", ACCESS_FACT_TEXT_SID, 4);
    expect_text_refused("S-1-5", ACCESS_FACT_TEXT_SID, 5);
    expect_text_refused("S-1-5-", ACCESS_FACT_TEXT_SID, 6);
    expect_text_refused("S-1-5-x", ACCESS_FACT_TEXT_SID, 6);
    expect_text_refused("S-1-5-18 ", ACCESS_FACT_TEXT_SID, 8);
    expect_text_refused("S-1-5-4294967296", ACCESS_FACT_TEXT_SID, 15);
    expect_text_refused("S-1-0x1000000000000-1", ACCESS_FACT_TEXT_SID, 18);
    expect_text_refused("S-1-0xg-1", ACCESS_FACT_TEXT_SID, 6);
    expect_text_refused("S-1-1-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15-16", ACCESS_FACT_TEXT_SID, 42);
    expect_text_refused("DA", ACCESS_FACT_TEXT_SID_DOMAIN, 0);
    expect_text_refused("SYS", ACCESS_FACT_TEXT_SID, 2);
}

static void sid_packets_go_both_ways(void **state)
{
    struct sid sid = sid_of("S-1-0x123456789abc-1-4294967295"), read;
    static const uint8_t expected[] = {1, 2, 0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc,
                                       1, 0, 0,    0,    0xff, 0xff, 0xff, 0xff};
    uint8_t bytes[SID_SIZE_MAX];
    struct access_error error;

    (void)state;
    assert_int_equal(sid_size(&sid), sizeof(expected));
    sid_encode(&sid, bytes);
    assert_memory_equal(bytes, expected, sizeof(expected));
    assert_true(sid_decode(&read, bytes, sizeof(expected), &error));
    assert_true(sid_is_equal(&read, &sid));
    assert_false(sid_decode(&read, bytes, sizeof(expected) - 1, &error));
    assert_int_equal(error.fact, ACCESS_FACT_CUT_OFF);
    assert_int_equal(error.value, sizeof(expected));
    assert_false(sid_decode(&read, bytes, 7, &error));
    assert_int_equal(error.fact, ACCESS_FACT_CUT_OFF);
    bytes[1] = 16;
    assert_false(sid_decode(&read, bytes, sizeof(bytes), &error));
    assert_int_equal(error.fact, ACCESS_FACT_SID_COUNT);
    bytes[1] = 0;
    assert_false(sid_decode(&read, bytes, sizeof(bytes), &error));
    assert_int_equal(error.fact, ACCESS_FACT_SID_COUNT);
    bytes[0] = 2;
    assert_false(sid_decode(&read, bytes, sizeof(bytes), &error));
    assert_int_equal(error.fact, ACCESS_FACT_REVISION);
}

static void service_sid_is_the_one_that_windows_makes(void **state)
{
    static const char name[] = "TrustedInstaller";
    struct sid expected = sid_of("S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464");
    struct access_error error;
    struct sid sid;

    (void)state;
    assert_true(sid_of_service(&sid, name, strlen(name), &error));
    assert_true(sid_is_equal(&sid, &expected));
    assert_true(sid_of_service(&sid, "TRUSTEDINSTALLER", strlen(name), &error));
    assert_true(sid_is_equal(&sid, &expected));
}

static void service_name_must_be_of_printable_ascii(void **state)
{
    char name[SERVICE_NAME_MAX + 1];
    struct access_error error;
    struct sid sid;

    (void)state;
    memset(name, 'a', sizeof(name));
    assert_true(sid_of_service(&sid, name, SERVICE_NAME_MAX, &error));
    assert_false(sid_of_service(&sid, name, SERVICE_NAME_MAX + 1, &error));
    assert_int_equal(error.fact, ACCESS_FACT_NAME_SIZE);
    assert_false(sid_of_service(&sid, name, 0, &error));
    assert_int_equal(error.fact, ACCESS_FACT_NAME_SIZE);
    assert_false(sid_of_service(&sid, "a\xc3\xa4", 3, &error));
    assert_int_equal(error.fact, ACCESS_FACT_NAME_CHARACTER);
    assert_int_equal(error.at, 1);
    assert_int_equal(error.value, 0xc3);
    assert_false(sid_of_service(&sid, "a\x7f", 2, &error));
    assert_int_equal(error.value, 0x7f);
}

// The examples of FIPS 180, and one of each length around a block's end.
static void sha1_gives_the_known_hashes(void **state)
{
    static const uint8_t of_abc[SHA1_SIZE] = {0xa9, 0x99, 0x3e, 0x36, 0x47, 0x06, 0x81,
                                              0x6a, 0xba, 0x3e, 0x25, 0x71, 0x78, 0x50,
                                              0xc2, 0x6c, 0x9c, 0xd0, 0xd8, 0x9d};
    static const uint8_t of_two_blocks[SHA1_SIZE] = {0x84, 0x98, 0x3e, 0x44, 0x1c, 0x3b, 0xd2,
                                                     0x6e, 0xba, 0xae, 0x4a, 0xa1, 0xf9, 0x51,
                                                     0x29, 0xe5, 0xe5, 0x46, 0x70, 0xf1};
    static const char two_blocks[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    uint8_t out[SHA1_SIZE];

    (void)state;
    sha1_of((const uint8_t *)"abc", 3, out);
    assert_memory_equal(out, of_abc, SHA1_SIZE);
    sha1_of((const uint8_t *)two_blocks, strlen(two_blocks), out);
    assert_memory_equal(out, of_two_blocks, SHA1_SIZE);
}

static void integrity_levels_are_sids(void **state)
{
    struct sid high = sid_of("HI"), made = sid_of_integrity(INTEGRITY_HIGH);
    struct sid other = sid_of("S-1-16-1-2");
    uint32_t level = 0;

    (void)state;
    assert_true(sid_is_equal(&high, &made));
    assert_true(integrity_find(&high, &level));
    assert_int_equal(level, INTEGRITY_HIGH);
    assert_false(integrity_find(&other, &level));
    assert_false(integrity_find(&sid_system, &level));
    assert_int_equal(level, INTEGRITY_HIGH);
}

static void privileges_are_found_by_name(void **state)
{
    enum privilege privilege;

    (void)state;
    assert_true(privilege_find("seshutdownPRIVILEGE", 19, &privilege));
    assert_int_equal(privilege, PRIVILEGE_SHUTDOWN);
    assert_string_equal(privilege_name(PRIVILEGE_SHUTDOWN), "SeShutdownPrivilege");
    assert_false(privilege_find("SeShutdownPrivileg", 18, &privilege));
    assert_false(privilege_find("SeShutdownPrivilegf", 19, &privilege));
    assert_null(privilege_name(PRIVILEGE_END));
    for (uint32_t i = PRIVILEGE_CREATE_TOKEN; i < PRIVILEGE_END; i++) {
        const char *name = privilege_name((enum privilege)i);

        assert_true(privilege_find(name, strlen(name), &privilege));
        assert_int_equal(privilege, i);
        assert_true(privilege_bit(privilege) == UINT64_C(1) << i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sid_text_goes_both_ways),
        cmocka_unit_test(sid_names_are_known),
        cmocka_unit_test(sid_text_that_is_none_is_refused),
        cmocka_unit_test(sid_packets_go_both_ways),
        cmocka_unit_test(service_sid_is_the_one_that_windows_makes),
        cmocka_unit_test(service_name_must_be_of_printable_ascii),
        cmocka_unit_test(sha1_gives_the_known_hashes),
        cmocka_unit_test(integrity_levels_are_sids),
        cmocka_unit_test(privileges_are_found_by_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
