// SPDX-License-Identifier: Apache-2.0
//
// Sessions: how they are minted and are over, what a server learns of who calls, acting for a
// caller, and what a session that is over can still do. Rules CORE-5.*.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/core/test/memory.h"
#include "kernel/core/test/sessions.h"
#include "kernel/core/test/waiting.h"

static int boot(void **state)
{
    (void)state;
    return act_visit_boot() ? 0 : 1;
}

static bool is_same(const struct message_header *one, const struct message_header *other)
{
    return one->caller_reference[0] == other->caller_reference[0] &&
           one->caller_reference[1] == other->caller_reference[1];
}

// --- References ---------------------------------------------------------------------------------

static void a_session_is_known_again_by_its_reference_and_others_differ(void **state)
{
    uint32_t same = act_process_of(visit.init, visit.alice, "it", visit.client.facet);
    uint32_t other = act_process_of(visit.init, act_session(visit.init, "alice", UINT64_MAX), "it",
                                    visit.client.facet);
    struct message_header first = act_called(visit.child, 0);

    (void)state;
    assert_int_equal(first.caller_epoch, act_core()->state.boot_id);
    act_answered(visit.child, first.call_id);
    struct message_header again = act_called(visit.child, 0);
    act_answered(visit.child, again.call_id);
    struct message_header second = act_called(same, 0);
    act_answered(same, second.call_id);
    struct message_header foreign = act_called(other, 0);
    act_answered(other, foreign.call_id);
    assert_true(is_same(&first, &again) && is_same(&first, &second));
    assert_false(is_same(&first, &foreign));
}

static void two_endpoints_see_unrelated_references_of_one_session(void **state)
{
    cap_t servers[2] = {act_endpoint(visit.init, VISIT_MESSAGE),
                        act_endpoint(visit.init, VISIT_MESSAGE)};
    struct message_header headers[2];

    (void)state;
    for (uint32_t i = 0; i < 2; i++) {
        struct act_facet it = act_facet(visit.init, servers[i], 7, VISIT_INTERFACE, 0);
        uint32_t thread = act_process_of(visit.init, visit.alice, "it", it.facet);
        act_submit(thread, act_visit_call(thread, 0));
        act_do_fact(visit.init, act_recv(servers[i], VISIT_RECV_AT, VISIT_RECV_SIZE, 2));
        headers[i] = act_header(visit.init, VISIT_RECV_AT);
        act_answered(thread, headers[i].call_id);
    }
    assert_int_not_equal(headers[0].caller_reference[0], headers[1].caller_reference[0]);
    assert_int_not_equal(headers[0].caller_reference[1], headers[1].caller_reference[1]);
}

// Nothing that a program writes is part of it: whatever stands in a message, the header is the
// kernel's, and what the SQE says of the caller is refused.
static void a_caller_cannot_say_who_it_is(void **state)
{
    static const char lie[VISIT_MESSAGE] = "session 0, principal root, role operator";
    struct message_header before = act_called(visit.child, 0);
    struct sqe call = act_visit_call(visit.child, 0);

    (void)state;
    act_answered(visit.child, before.call_id);
    machine_message_write(visit.child, ACT_FREE, lie, sizeof(lie));
    call.payload_len = sizeof(lie);
    act_submit(visit.child, call);
    act_do_fact(visit.init, act_recv(visit.server, VISIT_RECV_AT, VISIT_RECV_SIZE, 2));
    struct message_header after = act_header(visit.init, VISIT_RECV_AT);
    assert_true(is_same(&before, &after) && after.receiver_data == 99);
    act_answered(visit.child, after.call_id);
    call.ordinal = 1;
    assert_int_equal(act_do_fact(visit.child, call), STATUS_RESERVED_SET);
    call = act_visit_call(visit.child, 0);
    call.arg2 = 1;
    assert_int_equal(act_do_fact(visit.child, call), STATUS_RESERVED_SET);
}

// --- The end ------------------------------------------------------------------------------------

static void calls_of_an_ended_session_fail_before_anything_is_queued(void **state)
{
    struct message_header header = act_called(visit.child, 1);

    (void)state;
    assert_int_equal(act_session_end(visit.init, visit.alice), STATUS_OK);
    assert_int_equal(act_session_end(visit.init, visit.alice), STATUS_SESSION_OVER);
    assert_int_equal(act_told(header.call_id, 0), STATUS_SESSION_OVER);
    struct cqe cqe = act_do(visit.child, act_visit_call(visit.child, 0));
    assert_int_equal(cqe.flags & CQE_EXCEPTION_MASK, EXCEPTION_DISCONNECTED);
    assert_int_equal(cqe.detail, STATUS_SESSION_OVER);
    struct sqe other = act_visit_call(visit.child, 0);
    other.method = 5; // what is missing of the facet comes first
    assert_int_equal(act_do_fact(visit.child, other), STATUS_METHOD_NOT_IN_FACET);
    // What was asked for before is answered, and it can give back what it has, and exit.
    act_answered(visit.child, header.call_id);
    assert_int_equal(act_do_fact(visit.child, act_release(act_named(visit.child, "it"))),
                     STATUS_OK);
    act_kill(visit.child, 3);
    assert_int_equal(machine.end, MACHINE_RUNS);
}

static void a_server_of_an_ended_session_can_answer_and_not_receive(void **state)
{
    cap_t job = act_named(visit.init, "job");
    cap_t session = act_session(visit.init, "server", UINT64_MAX);
    cap_t builder;
    cap_t process;

    (void)state;
    cap_t own = act_endpoint(visit.init, VISIT_MESSAGE);
    struct act_facet it = act_facet(visit.init, own, 7, VISIT_INTERFACE, 0);
    assert_int_equal(act_builder_of_fact(visit.init, session, job, &builder), STATUS_OK);
    act_grant(visit.init, builder, "own", 3, own);
    assert_int_equal(act_start(visit.init, builder, &process), STATUS_OK);
    uint32_t serving = machine.newest_thread;
    uint32_t caller = act_process_of(visit.init, visit.alice, "it", it.facet);
    act_submit(caller, act_visit_call(caller, 0));
    struct sqe receive = act_recv(act_named(serving, "own"), VISIT_RECV_AT, VISIT_RECV_SIZE, 2);
    uint64_t call_id = act_do(serving, receive).extra;
    assert_int_equal(act_session_end(visit.init, session), STATUS_OK);
    assert_int_equal(act_do_fact(serving, receive), STATUS_SESSION_OVER);
    assert_int_equal(act_do_fact(serving, act_return(call_id, 3)), STATUS_OK);
    assert_int_equal(act_reap(caller).status, 0);
}

static void a_queued_call_is_looked_at_again_when_it_is_received(void **state)
{
    (void)state;
    act_submit(visit.child, act_visit_call(visit.child, 0));
    assert_false(act_has_completion(visit.child));
    assert_int_equal(act_session_end(visit.init, visit.alice), STATUS_OK);
    struct sqe receive = act_recv(visit.server, VISIT_RECV_AT, VISIT_RECV_SIZE, 2);
    receive.arg = 1000;
    act_submit(visit.init, receive);
    assert_int_equal(act_reap_fact(visit.child, 7), STATUS_SESSION_OVER);
    assert_false(act_has_completion(visit.init)); // nothing was delivered
}

static void what_waits_in_an_ended_sessions_name_ends(void **state)
{
    cap_t bell = act_notification(visit.init);
    uint32_t waiting = act_process_of(visit.init, visit.alice, "bell", bell);

    (void)state;
    act_submit(waiting, act_wait(act_named(waiting, "bell"), 1, 5));
    assert_false(act_has_completion(waiting));
    assert_int_equal(act_session_end(visit.init, visit.alice), STATUS_OK);
    act_enter(visit.init);
    assert_int_equal(act_reap_fact(waiting, 5), STATUS_SESSION_OVER);
    assert_int_equal(act_do_fact(waiting, act_signal(act_named(waiting, "bell"), 1)),
                     STATUS_SESSION_OVER);
}

static void a_session_is_over_at_its_time_and_with_any_above_it(void **state)
{
    uint64_t soon = machine.now_ns + 1000000000;
    cap_t parent = act_session(visit.init, "parent", soon);
    cap_t below;
    const char *const sections[] = {"below", NULL};
    cap_t identity = act_identity(visit.init, sections);

    (void)state;
    assert_int_equal(act_mint_fact(visit.init, parent, identity, UINT64_MAX, &below), STATUS_OK);
    uint32_t session =
        act_core()->state.processes[act_core()->threads[visit.child].process].session;
    uint32_t thread = act_process_of(visit.init, below, "it", visit.client.facet);
    uint32_t own = act_core()->state.processes[act_core()->threads[thread].process].session;
    assert_int_not_equal(own, session);
    assert_int_equal(act_core()->state.sessions[own].identity_hash, ACT_HASH);
    struct message_header header = act_called(thread, 0);
    act_answered(thread, header.call_id);
    machine_timer(soon);
    assert_int_equal(act_do_fact(thread, act_visit_call(thread, 0)), STATUS_SESSION_OVER);
    assert_int_equal(act_mint_fact(visit.init, parent, identity, UINT64_MAX, &below),
                     STATUS_SESSION_OVER);
    header = act_called(visit.child, 0);
    act_answered(visit.child, header.call_id);

    // Ended from above.
    cap_t upper = act_session(visit.init, "upper", UINT64_MAX);
    assert_int_equal(act_mint_fact(visit.init, upper, identity, UINT64_MAX, &below), STATUS_OK);
    thread = act_process_of(visit.init, below, "it", visit.client.facet);
    assert_int_equal(act_session_end(visit.init, upper), STATUS_OK);
    assert_int_equal(act_do_fact(thread, act_visit_call(thread, 0)), STATUS_SESSION_OVER);
    cap_t builder;
    assert_int_equal(act_builder_of_fact(visit.init, below, act_named(visit.init, "job"), &builder),
                     STATUS_SESSION_OVER);
}

// --- Acting for a caller ------------------------------------------------------------------------

static void a_server_acts_for_a_caller_that_lets_it_and_discloses_no_more(void **state)
{
    const char *const sections[] = {"carol", "Carol", NULL};
    uint64_t later = machine.now_ns + 1000000000000;
    cap_t carol;
    cap_t session;

    (void)state;
    assert_int_equal(
        act_mint_fact(visit.init, visit.minter, act_identity(visit.init, sections), later, &carol),
        STATUS_OK);
    uint32_t caller = act_process_of(visit.init, carol, "it", visit.client.facet);
    struct message_header header = act_called(caller, 3);
    assert_int_equal(
        act_from_call_fact(visit.init, visit.minter, header.call_id, UINT64_MAX, &session),
        STATUS_NOT_DISCLOSED);
    act_answered(caller, header.call_id);
    header = act_called(caller, DISCLOSE_ACT_AS | 1 << IDENTITY_NAME);
    assert_int_equal(
        act_from_call_fact(visit.init, visit.minter, header.call_id, UINT64_MAX, &session),
        STATUS_OK);
    act_answered(caller, header.call_id);
    assert_int_equal(
        act_from_call_fact(visit.init, visit.minter, header.call_id, UINT64_MAX, &session),
        STATUS_STALE_CALL);

    cap_t acting;
    header = act_called(caller, DISCLOSE_ACT_AS | 1 << IDENTITY_NAME);
    assert_int_equal(
        act_from_call_fact(visit.init, visit.minter, header.call_id, UINT64_MAX, &acting),
        STATUS_OK);
    act_answered(caller, header.call_id);
    uint32_t actor = act_process_of(visit.init, acting, "it", visit.client.facet);
    const struct state *now = &act_core()->state;
    const struct session_entry *made =
        &now->sessions[now->processes[act_core()->threads[actor].process].session];
    assert_int_equal(made->parent.index,
                     now->processes[act_core()->threads[caller].process].session);
    header = act_called(actor, UINT16_MAX); // it can't say more than it was told
    assert_int_equal(header.disclose, DISCLOSE_ACT_AS | 1 << IDENTITY_NAME);
    assert_int_equal(act_told(header.call_id, IDENTITY_NAME), STATUS_OK);
    assert_int_equal(act_told(header.call_id, IDENTITY_PRINCIPAL), STATUS_NOT_DISCLOSED);
    act_answered(actor, header.call_id);
    assert_int_equal(act_session_end(visit.init, carol), STATUS_OK);
    assert_int_equal(act_do_fact(actor, act_visit_call(actor, 0)), STATUS_SESSION_OVER);
}

static void who_has_no_identity_discloses_nothing_and_cannot_be_acted_for(void **state)
{
    uint32_t plain = act_process(visit.init, "it", visit.client.facet); // of the session of genesis
    struct message_header header = act_called(plain, UINT16_MAX);
    cap_t session;

    (void)state;
    assert_int_equal(header.disclose, 0);
    assert_int_equal(act_told(header.call_id, 0), STATUS_NOT_DISCLOSED);
    assert_int_equal(
        act_from_call_fact(visit.init, visit.minter, header.call_id, UINT64_MAX, &session),
        STATUS_NOT_DISCLOSED);
    act_answered(plain, header.call_id);
}

// --- Accounts -----------------------------------------------------------------------------------

static void sessions_are_charged_and_given_back_with_their_identity(void **state)
{
    uint64_t frames = act_free_frames();
    const struct job_entry *job = &act_core()->state.jobs[0];
    uint32_t used = job->used[RESOURCE_SESSIONS];
    cap_t session = act_session(visit.init, "dave", UINT64_MAX);
    cap_t below;
    const char *const sections[] = {"erin", NULL};
    cap_t identity = act_identity(visit.init, sections);

    (void)state;
    assert_int_equal(act_mint_fact(visit.init, session, identity, UINT64_MAX, &below), STATUS_OK);
    assert_int_equal(act_do_fact(visit.init, act_release(identity)), STATUS_OK);
    assert_int_equal(job->used[RESOURCE_SESSIONS], used + 2);
    uint32_t thread = act_process_of(visit.init, below, "it", visit.client.facet);
    assert_int_equal(act_do_fact(visit.init, act_release(session)), STATUS_OK);
    assert_int_equal(act_do_fact(visit.init, act_release(below)), STATUS_OK);
    assert_int_equal(job->used[RESOURCE_SESSIONS], used + 2); // a process is in it
    act_kill(thread, 0);
    act_next_exit(visit.init, 1);
    act_reap(visit.init);
    assert_int_equal(job->used[RESOURCE_SESSIONS], used);
    assert_int_equal(act_free_frames(), frames);

    uint32_t count = 0;
    identity = act_identity(visit.init, sections);
    while (act_mint_fact(visit.init, visit.minter, identity, UINT64_MAX, &session) == STATUS_OK) {
        count++;
    }
    assert_int_equal(count, job->limit[RESOURCE_SESSIONS] - used);
    struct act_snapshot before = act_snapshot();
    assert_int_equal(act_mint_fact(visit.init, visit.minter, identity, UINT64_MAX, &session),
                     STATUS_OUT_OF_SESSIONS);
    assert_true(act_same(&before));
}

static void eight_sessions_stand_above_each_other_at_most(void **state)
{
    const char *const sections[] = {"deep", NULL};
    cap_t identity = act_identity(visit.init, sections);
    cap_t at = visit.minter;

    (void)state;
    for (uint32_t depth = 1; depth < SESSION_DEPTH_MAX; depth++) {
        assert_int_equal(act_mint_fact(visit.init, at, identity, UINT64_MAX, &at), STATUS_OK);
    }
    struct act_snapshot before = act_snapshot();
    assert_int_equal(act_mint_fact(visit.init, at, identity, UINT64_MAX, &at),
                     STATUS_SESSION_TOO_DEEP);
    assert_true(act_same(&before));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, boot, act_fini)
    const struct CMUnitTest tests[] = {
        TEST(a_session_is_known_again_by_its_reference_and_others_differ),
        TEST(two_endpoints_see_unrelated_references_of_one_session),
        TEST(a_caller_cannot_say_who_it_is),
        TEST(calls_of_an_ended_session_fail_before_anything_is_queued),
        TEST(a_server_of_an_ended_session_can_answer_and_not_receive),
        TEST(a_queued_call_is_looked_at_again_when_it_is_received),
        TEST(what_waits_in_an_ended_sessions_name_ends),
        TEST(a_session_is_over_at_its_time_and_with_any_above_it),
        TEST(a_server_acts_for_a_caller_that_lets_it_and_discloses_no_more),
        TEST(who_has_no_identity_discloses_nothing_and_cannot_be_acted_for),
        TEST(sessions_are_charged_and_given_back_with_their_identity),
        TEST(eight_sessions_stand_above_each_other_at_most),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
