// SPDX-License-Identifier: Apache-2.0
//
// What a server learns of who calls: sections of an identity, for whom, how long; and what is no
// identity. Rules CORE-5.4, CORE-5.5.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/core/test/sessions.h"
#include "kernel/core/test/waiting.h"

enum { LONG = 1300 }; // bytes of a section: more than two answers bring

static int boot(void **state)
{
    (void)state;
    return act_visit_boot() ? 0 : 1;
}

static void a_section_comes_where_caller_and_facet_disclose_it(void **state)
{
    static char large[LONG + 1];
    const char *const sections[] = {"bob", large, NULL};
    cap_t session;
    uint32_t size;
    uint32_t count;
    char bytes[512];

    (void)state;
    memset(large, 'x', LONG);
    large[LONG - 1] = 'y';
    assert_int_equal(act_mint_fact(visit.init, visit.minter, act_identity(visit.init, sections),
                                   UINT64_MAX, &session),
                     STATUS_OK);
    struct act_facet shy =
        act_facet_of(visit.init, visit.client.facet,
                     (struct act_asked){.methods = 7, .withheld = 1 << IDENTITY_NAME});
    uint32_t open = act_process_of(visit.init, session, "it", visit.client.facet);
    uint32_t closed = act_process_of(visit.init, session, "it", shy.facet);

    struct message_header header = act_called(open, 3);
    assert_int_equal(header.disclose, 3);
    assert_int_equal(
        act_identity_fact(visit.init, visit.server, header.call_id, 0, 0, &size, bytes, &count),
        STATUS_OK);
    assert_true(size == 3 && count == 3 && memcmp(bytes, "bob", 3) == 0);
    assert_int_equal(
        act_identity_fact(visit.init, visit.server, header.call_id, 1, 1024, &size, bytes, &count),
        STATUS_OK);
    assert_true(size == LONG && count == LONG - 1024 && bytes[count - 1] == 'y');
    assert_int_equal(
        act_identity_fact(visit.init, visit.server, header.call_id, 1, 0, &size, bytes, &count),
        STATUS_OK);
    assert_true(size == LONG && count == 512 && bytes[0] == 'x');
    assert_int_equal(
        act_identity_fact(visit.init, visit.server, header.call_id, 1, LONG, &size, bytes, &count),
        STATUS_OK);
    assert_true(size == LONG && count == 0);
    assert_int_equal(act_identity_fact(visit.init, visit.server, header.call_id, 1, PAGE_SIZE,
                                       &size, bytes, &count),
                     STATUS_OK);
    assert_true(size == LONG && count == 0);
    assert_int_equal(act_identity_fact(visit.init, visit.server, header.call_id, 1, PAGE_SIZE + 1,
                                       &size, bytes, &count),
                     STATUS_BAD_VALUE);
    assert_int_equal(act_told(header.call_id, 2), STATUS_NOT_DISCLOSED);
    assert_int_equal(act_told(header.call_id, IDENTITY_SECTIONS), STATUS_BAD_VALUE);
    act_answered(open, header.call_id);
    header = act_called(closed, UINT16_MAX); // its facet keeps one back, whatever it offers
    assert_int_equal(header.disclose, DISCLOSE_ALL & ~(1 << IDENTITY_NAME));
    assert_int_equal(act_told(header.call_id, IDENTITY_PRINCIPAL), STATUS_OK);
    assert_int_equal(act_told(header.call_id, IDENTITY_NAME), STATUS_NOT_DISCLOSED);
    act_answered(closed, header.call_id);
}

static void a_section_that_is_not_there_is_empty(void **state)
{
    struct message_header header = act_called(visit.child, 1 << 5);
    char bytes[512];
    uint32_t size;
    uint32_t count;

    (void)state;
    assert_int_equal(
        act_identity_fact(visit.init, visit.server, header.call_id, 5, 0, &size, bytes, &count),
        STATUS_OK);
    assert_true(size == 0 && count == 0);
    act_answered(visit.child, header.call_id);
}

static void identity_is_there_while_its_server_answers_and_for_it_alone(void **state)
{
    cap_t elsewhere = act_endpoint(visit.init, VISIT_MESSAGE);
    struct message_header header = act_called(visit.child, 1);
    uint32_t thief = act_process(visit.init, "server", visit.server);
    char bytes[512];
    uint32_t size;
    uint32_t count;

    (void)state;
    assert_int_equal(act_told(header.call_id, 0), STATUS_OK);
    assert_int_equal(act_told(header.call_id + 1, 0), STATUS_STALE_CALL);
    assert_int_equal(act_told(UINT64_MAX, 0), STATUS_STALE_CALL);
    assert_int_equal(
        act_identity_fact(visit.init, elsewhere, header.call_id, 0, 0, &size, bytes, &count),
        STATUS_STALE_CALL);
    assert_int_equal(act_identity_fact(thief, act_named(thief, "server"), header.call_id, 0, 0,
                                       &size, bytes, &count),
                     STATUS_STALE_CALL);
    act_submit(visit.init,
               act_recv(visit.server, VISIT_RECV_AT, VISIT_RECV_SIZE, 2)); // a RECV is no call
    assert_int_equal(act_told(header.call_id, 0), STATUS_OK);
    act_answered(visit.child, header.call_id);
    assert_int_equal(act_told(header.call_id, 0), STATUS_STALE_CALL);
}

static void a_call_that_nobody_waits_for_says_nothing_any_more(void **state)
{
    struct sqe call = act_visit_call(visit.child, 1);
    cap_t session;

    (void)state;
    call.arg = 1000000000;
    act_submit(visit.child, call);
    act_do_fact(visit.init, act_recv(visit.server, VISIT_RECV_AT, VISIT_RECV_SIZE, 2));
    uint64_t call_id = act_header(visit.init, VISIT_RECV_AT).call_id;
    assert_int_equal(act_told(call_id, 0), STATUS_OK);
    machine_timer(machine.now_ns + call.arg);
    assert_int_equal(act_reap_fact(visit.child, 7), STATUS_TIMED_OUT);
    assert_int_equal(act_told(call_id, 0), STATUS_STALE_CALL);
    assert_int_equal(act_from_call_fact(visit.init, visit.minter, call_id, UINT64_MAX, &session),
                     STATUS_STALE_CALL);
}

static void what_is_no_identity_is_refused_when_a_session_is_minted(void **state)
{
    const struct {
        struct identity_header header;
        uint32_t pages;
        bool is_sealed, is_good;
    } identities[] = {
        {{.magic = IDENTITY_MAGIC}, 1, true, true},
        {{.magic = IDENTITY_MAGIC}, 1, false, false},
        {{.magic = IDENTITY_MAGIC}, 2, true, false},
        {{.magic = IDENTITY_MAGIC + 1}, 1, true, false},
        {{.magic = IDENTITY_MAGIC, .reserved = 1}, 1, true, false},
        {{.magic = IDENTITY_MAGIC, .sections[7] = {72, PAGE_SIZE - 72}}, 1, true, true},
        {{.magic = IDENTITY_MAGIC, .sections[7] = {73, PAGE_SIZE - 72}}, 1, true, false},
        {{.magic = IDENTITY_MAGIC, .sections[0] = {PAGE_SIZE, 1}}, 1, true, false},
        {{.magic = IDENTITY_MAGIC, .sections[3] = {UINT32_MAX, 2}}, 1, true, false},
        {{.magic = IDENTITY_MAGIC, .sections[3] = {PAGE_SIZE, UINT32_MAX}}, 1, true, false},
    };
    cap_t session;

    (void)state;
    for (uint32_t i = 0; i < sizeof(identities) / sizeof(identities[0]); i++) {
        cap_t identity = act_identity_of(visit.init, &identities[i].header, identities[i].pages,
                                         identities[i].is_sealed);
        struct act_snapshot before = act_snapshot();
        enum status fact = act_mint_fact(visit.init, visit.minter, identity, UINT64_MAX, &session);
        assert_int_equal(fact, identities[i].is_good ? STATUS_OK : STATUS_BAD_IDENTITY);
        assert_true(identities[i].is_good || act_same(&before));
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, boot, act_fini)
    const struct CMUnitTest tests[] = {
        TEST(a_section_comes_where_caller_and_facet_disclose_it),
        TEST(a_section_that_is_not_there_is_empty),
        TEST(identity_is_there_while_its_server_answers_and_for_it_alone),
        TEST(a_call_that_nobody_waits_for_says_nothing_any_more),
        TEST(what_is_no_identity_is_refused_when_a_session_is_minted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
