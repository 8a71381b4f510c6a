// SPDX-License-Identifier: Apache-2.0
//
// Withdrawing: CANCEL at every stage of a request, what its server learns, and sleeping until a
// time, which is withdrawn like anything else that waits.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "kernel/core/test/waiting.h"

enum {
    MESSAGE = 64,
    RECV_SIZE = (int)sizeof(struct message_header) + MESSAGE,
    RECV_AT = ACT_FREE + 1024,
    INTERFACE = 0x5000,
    LIMIT_NS = 1000000000, // changing from thread to thread takes time
};

static const char *const programs[] = {"init", "child", "other", NULL};
static uint32_t init, child;
static cap_t server, it, bell;

static int boot(void **state)
{
    (void)state;
    if (!machine_boot(&(struct machine_options){.programs = programs})) {
        return 1;
    }
    init = (uint32_t)machine.running;
    server = act_endpoint(init, MESSAGE);
    child = act_process(init, "it", act_facet(init, server, 7, INTERFACE, 1).facet);
    it = act_named(child, "it");
    bell = act_notification(init);
    return 0;
}

static struct sqe call(uint64_t user_data, uint64_t timeout_ns)
{
    struct sqe sqe = act_call(it, 1, user_data);

    sqe.arg = timeout_ns;
    return sqe;
}

// init takes the child's call; its id.
static uint64_t taken(void)
{
    struct cqe cqe = act_do(init, act_recv(server, RECV_AT, RECV_SIZE, 9));

    assert_int_equal(act_fact(&cqe), STATUS_OK);
    return cqe.extra;
}

static void cancel(uint32_t thread, uint32_t index)
{
    struct sqe sqe = act_cancel(index);

    sqe.flags = SQE_QUIET;
    act_submit(thread, sqe);
}

// --- CANCEL -------------------------------------------------------------------------------------

static void a_queued_call_is_withdrawn_and_never_delivered(void **state)
{
    uint32_t index = act_sq_index(child);

    (void)state;
    act_submit(child, call(1, TIMEOUT_NONE));
    cancel(child, index);
    assert_int_equal(act_reap_fact(child, 1), STATUS_CANCELLED);
    act_submit(init, act_recv(server, RECV_AT, RECV_SIZE, 2));
    assert_false(act_has_completion(init));
}

static void a_receive_is_withdrawn_and_takes_nothing(void **state)
{
    uint32_t index = act_sq_index(init);

    (void)state;
    act_submit(init, act_recv(server, RECV_AT, RECV_SIZE, 2));
    cancel(init, index);
    assert_int_equal(act_reap_fact(init, 2), STATUS_CANCELLED);
    act_submit(child, call(1, TIMEOUT_NONE));
    assert_false(act_has_completion(init));
    assert_int_not_equal(taken(), 0);
}

static void waiting_for_an_exit_is_withdrawn_and_none_is_lost(void **state)
{
    uint32_t index = act_sq_index(init);

    (void)state;
    act_next_exit(init, 3);
    cancel(init, index);
    assert_int_equal(act_reap_fact(init, 3), STATUS_CANCELLED);
    act_kill(child, 5);
    act_next_exit(init, 4);
    struct cqe cqe = act_reap(init);
    assert_int_equal(act_exit_read(init, &cqe).code, 5);
}

static void the_server_of_a_withdrawn_call_gets_caller_lost(void **state)
{
    uint32_t index = act_sq_index(child);

    (void)state;
    act_submit(child, call(1, TIMEOUT_NONE));
    uint64_t id = taken();
    cancel(child, index);
    assert_int_equal(act_reap_fact(child, 1), STATUS_CANCELLED);
    assert_int_equal(act_do_fact(init, act_return(id, 3)), STATUS_CALLER_LOST);
    assert_int_equal(act_do_fact(init, act_return(id, 3)), STATUS_STALE_CALL);
    assert_false(act_has_completion(child));
    assert_int_equal(act_waiting(), 0);
}

static void what_has_completed_cannot_be_withdrawn(void **state)
{
    uint32_t index = act_sq_index(child);
    struct act_snapshot before = act_snapshot();
    struct cqe cqe;

    (void)state;
    assert_int_equal(act_do_fact(child, (struct sqe){.opcode = OP_NOP}), STATUS_OK);
    const uint64_t nothing[] = {index, index + 1, index + 100, UINT32_MAX, 1ull << 32 | index};
    for (uint32_t i = 0; i < sizeof(nothing) / sizeof(nothing[0]); i++) {
        cqe = act_do(child, (struct sqe){.opcode = OP_CANCEL, .arg = nothing[i]});
        assert_int_equal(act_fact(&cqe), STATUS_STALE_SQE);
        assert_int_equal(cqe.detail, ARGUMENT_ARG);
    }
    assert_int_equal(act_do_fact(child, (struct sqe){.opcode = OP_CANCEL, .cap = 1}),
                     STATUS_RESERVED_SET);
    assert_true(act_same(&before));
}

static void a_ring_withdraws_only_its_own(void **state)
{
    uint32_t index = act_sq_index(child);

    (void)state;
    act_submit(child, call(1, TIMEOUT_NONE));
    for (uint32_t i = 0; i < 64; i++) {
        assert_int_equal(act_do_fact(init, act_cancel(i)), STATUS_STALE_SQE);
    }
    assert_false(act_has_completion(child));
    cancel(child, index);
    assert_int_equal(act_reap_fact(child, 1), STATUS_CANCELLED);
}

static void an_answer_and_a_withdrawal_race_to_one_completion(void **state)
{
    (void)state;
    for (uint32_t answers_first = 0; answers_first < 2; answers_first++) {
        uint32_t index = act_sq_index(child);
        act_submit(child, call(1, TIMEOUT_NONE));
        uint64_t id = taken();
        if (answers_first != 0) {
            assert_int_equal(act_do_fact(init, act_return(id, 3)), STATUS_OK);
            assert_int_equal(act_reap_fact(child, 1), STATUS_OK);
            assert_int_equal(act_do_fact(child, act_cancel(index)), STATUS_STALE_SQE);
        } else {
            cancel(child, index);
            assert_int_equal(act_reap_fact(child, 1), STATUS_CANCELLED);
            assert_int_equal(act_do_fact(init, act_return(id, 3)), STATUS_CALLER_LOST);
        }
        assert_false(act_has_completion(child));
        assert_int_equal(act_waiting(), 0);
    }
}

static void one_submission_may_bring_a_request_and_its_withdrawal(void **state)
{
    uint32_t index = act_sq_index(child);
    struct sqe sqes[] = {call(1, TIMEOUT_NONE), act_cancel(index), call(2, TIMEOUT_NONE)};

    (void)state;
    assert_true(machine_run_until(child));
    for (uint32_t i = 0; i < 3; i++) {
        assert_true(machine_submit(child, &sqes[i]));
    }
    machine_enter(child, 0, 0);
    assert_int_equal(act_reap_fact(child, 1), STATUS_CANCELLED);
    assert_int_equal(act_reap_fact(child, 0), STATUS_OK);
    assert_false(act_has_completion(child));
    assert_int_equal(act_waiting(), 1);
}

// --- What servers learn -------------------------------------------------------------------------

static void a_server_is_told_of_each_lost_call_once(void **state)
{
    uint32_t index = act_sq_index(child);
    uint64_t ids[3];

    (void)state;
    for (uint32_t i = 0; i < 3; i++) {
        act_submit(child, call(i, i == 1 ? LIMIT_NS : TIMEOUT_NONE));
        ids[i] = taken();
    }
    assert_int_equal(act_next_cancelled(init, server), 0);
    machine_timer(machine.now_ns + LIMIT_NS);
    assert_int_equal(act_next_cancelled(init, server), ids[1]);
    assert_int_equal(act_next_cancelled(init, server), 0);
    cancel(child, index);
    act_kill(child, 0);
    assert_int_equal(act_next_cancelled(init, server), ids[0]);
    assert_int_equal(act_next_cancelled(init, server), ids[2]);
    assert_int_equal(act_next_cancelled(init, server), 0);
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(act_do_fact(init, act_return(ids[i], 3)), STATUS_CALLER_LOST);
    }
    assert_int_equal(act_waiting(), 0);
}

static void each_endpoint_names_its_own_calls(void **state)
{
    cap_t other = act_endpoint(init, MESSAGE);

    (void)state;
    act_submit(child, call(1, LIMIT_NS));
    uint64_t id = taken();
    machine_timer(machine.now_ns + LIMIT_NS);
    assert_int_equal(act_next_cancelled(init, other), 0);
    assert_int_equal(act_next_cancelled(init, server), id);
}

static void a_bound_notification_is_signalled_for_each_lost_call(void **state)
{
    uint32_t index;

    (void)state;
    assert_int_equal(act_bind_fact(init, server, bell), STATUS_OK);
    act_submit(child, call(1, TIMEOUT_NONE));
    assert_int_equal(act_take(init, bell, UINT64_MAX), 0);
    taken();
    act_submit(child, call(2, LIMIT_NS)); // queued: the server never had it
    machine_timer(machine.now_ns + LIMIT_NS);
    assert_int_equal(act_reap_fact(child, 2), STATUS_TIMED_OUT);
    assert_int_equal(act_take(init, bell, UINT64_MAX), 0);
    index = act_sq_index(child);
    act_submit(child, call(3, LIMIT_NS));
    taken();
    act_submit(init, act_wait(bell, 1, 4));
    machine_timer(machine.now_ns + LIMIT_NS);
    assert_int_equal(act_reap_bits(init, 4), 1);
    assert_int_equal(act_sq_index(child), index + 1);
    act_kill(child, 0);
    assert_int_equal(act_take(init, bell, UINT64_MAX), 1);
}

static void binding_needs_a_notification_that_can_be_signalled(void **state)
{
    struct act_facet hear = act_facet(init, bell, 1 << NOTIFICATION_TAKE, 0, 0);
    struct act_facet cut = act_facet(init, bell, 3, 0, 0);
    struct act_snapshot before;

    (void)state;
    assert_int_equal(act_revoke(init, cut.revoker), STATUS_OK);
    before = act_snapshot();
    assert_int_equal(act_bind_fact(init, server, hear.facet), STATUS_METHOD_NOT_IN_FACET);
    assert_int_equal(act_bind_fact(init, server, cut.facet), STATUS_REVOKED);
    assert_int_equal(act_bind_fact(init, server, cut.revoker), STATUS_WRONG_OBJECT);
    assert_int_equal(act_bind_fact(init, server, server), STATUS_WRONG_OBJECT);
    assert_int_equal(act_bind_fact(init, server, (cap_t){99ull << 32}), STATUS_BAD_TRANSFER);
    assert_true(act_same(&before));
}

static void a_binding_ends_with_its_hold(void **state)
{
    struct act_facet cut = act_facet(init, bell, 3, 0, 0);

    (void)state;
    for (uint32_t round = 0; round < 2; round++) {
        act_submit(child, call(round, LIMIT_NS));
        taken();
        assert_int_equal(act_bind_fact(init, server, cut.facet),
                         round == 0 ? STATUS_OK : STATUS_REVOKED);
        if (round == 0) {
            assert_int_equal(act_revoke(init, cut.revoker), STATUS_OK);
        }
        machine_timer(machine.now_ns + LIMIT_NS);
        assert_int_equal(act_reap_fact(child, round), STATUS_TIMED_OUT);
        assert_int_equal(act_take(init, bell, UINT64_MAX), 0);
    }
    cap_t kept = act_give(init, bell, init);
    assert_int_equal(act_bind_fact(init, server, bell), STATUS_OK);
    assert_int_equal(act_do_fact(init, act_release(bell)), STATUS_OK);
    act_submit(child, call(7, LIMIT_NS));
    taken();
    machine_timer(machine.now_ns + LIMIT_NS);
    assert_int_equal(act_take(init, kept, UINT64_MAX), 0);
}

// The endpoint's slot belongs to another one by then.
static void a_lost_call_tells_nothing_to_a_later_endpoint(void **state)
{
    cap_t first = act_endpoint(init, MESSAGE);
    struct act_facet client = act_facet(init, first, 7, INTERFACE, 1);
    uint32_t server_thread = act_process(init, "server", first);
    cap_t others = act_named(server_thread, "server");
    struct sqe sqe = act_call(client.facet, 1, 1);
    uint32_t objects = act_core()->state.arenas[ARENA_OBJECTS].live;

    (void)state;
    sqe.arg = LIMIT_NS;
    act_submit(init, sqe);
    struct cqe cqe = act_do(server_thread, act_recv(others, RECV_AT, RECV_SIZE, 2));
    assert_int_equal(act_fact(&cqe), STATUS_OK);
    assert_int_equal(act_do_fact(server_thread, act_release(others)), STATUS_OK);
    assert_int_equal(act_do_fact(init, act_release(client.facet)), STATUS_OK);
    assert_int_equal(act_do_fact(init, act_release(client.revoker)), STATUS_OK);
    assert_int_equal(act_do_fact(init, act_release(first)), STATUS_OK);
    assert_int_equal(act_core()->state.arenas[ARENA_OBJECTS].live, objects - 1);
    cap_t second = act_endpoint(init, MESSAGE); // takes the slot that is free
    cap_t held = act_give(init, second, server_thread);
    assert_int_equal(act_bind_fact(init, second, bell), STATUS_OK);
    machine_timer(machine.now_ns + LIMIT_NS);
    assert_int_equal(act_reap_fact(init, 1), STATUS_TIMED_OUT);
    assert_int_equal(act_take(init, bell, UINT64_MAX), 0);
    assert_int_equal(act_next_cancelled(server_thread, held), 0);
    assert_int_equal(act_do_fact(server_thread, act_return(cqe.extra, 3)), STATUS_CALLER_LOST);
}

// --- Sleeping -----------------------------------------------------------------------------------

static void sleeping_ends_at_the_deadline_or_later(void **state)
{
    cap_t timer = act_named(init, "timer");
    uint64_t now = machine.now_ns;

    (void)state;
    act_sleep(init, timer, now + 100, TIMEOUT_NONE, 1);
    act_sleep(init, timer, now + 50, 100, 2);
    machine_timer(now + 49);
    assert_false(act_has_completion(init));
    machine_timer(now + 60);
    assert_int_equal(act_reap_fact(init, 2), STATUS_OK);
    machine_timer(now + 99);
    assert_false(act_has_completion(init));
    machine_timer(now + 100);
    assert_int_equal(act_reap_fact(init, 1), STATUS_OK);
    act_sleep(init, timer, now + 100, TIMEOUT_NONE, 3);
    assert_int_equal(act_reap_fact(init, 3), STATUS_OK);
    act_sleep(init, timer, 0, TIMEOUT_NONE, 4);
    assert_int_equal(act_reap_fact(init, 4), STATUS_OK);
    assert_int_equal(act_waiting(), 0);
}

static void a_sleeping_call_has_its_own_time_limit(void **state)
{
    cap_t timer = act_named(init, "timer");

    (void)state;
    act_sleep(init, timer, machine.now_ns + 100, 30, 1);
    act_sleep(init, timer, UINT64_MAX, 40, 2);
    act_sleep(init, timer, UINT64_MAX, TIMEOUT_NONE, 3);
    machine_timer(machine.now_ns + 30);
    assert_int_equal(act_reap_fact(init, 1), STATUS_TIMED_OUT);
    machine_timer(machine.now_ns + 10);
    assert_int_equal(act_reap_fact(init, 2), STATUS_TIMED_OUT);
    machine_timer(machine.now_ns + 1000000);
    assert_false(act_has_completion(init));
}

static void a_sleep_is_withdrawn_revoked_and_dropped(void **state)
{
    cap_t timer = act_named(init, "timer");
    struct act_facet cut = act_facet(init, timer, 2, 0, 0);
    uint32_t index = act_sq_index(init);

    (void)state;
    act_sleep(init, timer, UINT64_MAX, TIMEOUT_NONE, 1);
    act_sleep(init, cut.facet, UINT64_MAX, TIMEOUT_NONE, 2);
    act_sleep(init, timer, UINT64_MAX, TIMEOUT_NONE, 3);
    cancel(init, index);
    assert_int_equal(act_reap_fact(init, 1), STATUS_CANCELLED);
    assert_int_equal(act_revoke(init, cut.revoker), STATUS_OK);
    assert_int_equal(act_reap_fact(init, 2), STATUS_REVOKED);
    struct sqe release = act_release(timer);
    release.flags = SQE_QUIET;
    act_submit(init, release);
    assert_int_equal(act_reap_fact(init, 3), STATUS_STALE_CAP);
}

static void sleepers_are_counted_like_whatever_waits(void **state)
{
    cap_t timer = act_named(init, "timer");

    (void)state;
    for (uint32_t i = 0; i < CQ_ENTRIES_DEFAULT - CQ_ENTRIES_KEPT; i++) {
        act_sleep(init, timer, UINT64_MAX, TIMEOUT_NONE, i);
    }
    struct act_snapshot before = act_snapshot();
    act_sleep(init, timer, UINT64_MAX, TIMEOUT_NONE, 99);
    assert_int_equal(act_reap_fact(init, 99), STATUS_RING_BUSY);
    assert_true(act_same(&before));
    machine_exit(init, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, boot, act_fini)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_queued_call_is_withdrawn_and_never_delivered),
        TEST(a_receive_is_withdrawn_and_takes_nothing),
        TEST(waiting_for_an_exit_is_withdrawn_and_none_is_lost),
        TEST(the_server_of_a_withdrawn_call_gets_caller_lost),
        TEST(what_has_completed_cannot_be_withdrawn),
        TEST(a_ring_withdraws_only_its_own),
        TEST(an_answer_and_a_withdrawal_race_to_one_completion),
        TEST(one_submission_may_bring_a_request_and_its_withdrawal),
        TEST(a_server_is_told_of_each_lost_call_once),
        TEST(each_endpoint_names_its_own_calls),
        TEST(a_bound_notification_is_signalled_for_each_lost_call),
        TEST(binding_needs_a_notification_that_can_be_signalled),
        TEST(a_binding_ends_with_its_hold),
        TEST(a_lost_call_tells_nothing_to_a_later_endpoint),
        TEST(sleeping_ends_at_the_deadline_or_later),
        TEST(a_sleeping_call_has_its_own_time_limit),
        TEST(a_sleep_is_withdrawn_revoked_and_dropped),
        TEST(sleepers_are_counted_like_whatever_waits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
