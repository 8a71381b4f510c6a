// SPDX-License-Identifier: Apache-2.0
//
// Capabilities that travel with calls and answers: all or nothing, a move leaves one holder, what
// may not be handed on isn't; and who is told when a minted facet has no holder any more.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/core/test/waiting.h"

enum {
    MESSAGE = 512,
    RECV_SIZE = (int)sizeof(struct message_header) + MESSAGE,
    RECV_AT = ACT_FREE + 1024,
    RESULT_AT = ACT_FREE + 2048,
    INTERFACE = 0x5000,
    BYTES = 5, // of a payload: descriptors stand behind it, at the next word
};

static const char *const programs[] = {"init", "child", "other", NULL};
static uint32_t init, child;
static cap_t server, service;
static struct act_facet client;

// init serves, the child has a facet of the service and a timer.
static int boot(void **state)
{
    (void)state;
    if (!machine_boot(&(struct machine_options){.programs = programs})) {
        return 1;
    }
    init = (uint32_t)machine.running;
    server = act_endpoint(init, MESSAGE);
    client = act_facet(init, server, 7, INTERFACE, 99);
    child = act_process(init, "it", client.facet);
    service = act_named(child, "it");
    return client.fact == STATUS_OK ? 0 : 1;
}

static void descriptors_write(uint32_t thread, const struct transfer *transfers, uint32_t count)
{
    machine_message_write(thread, ACT_FREE, "bytes", BYTES);
    machine_message_write(thread, ACT_FREE + 8, transfers, count * (uint32_t)sizeof(*transfers));
}

static struct sqe call_with(uint32_t thread, cap_t cap, const struct transfer *transfers,
                            uint32_t count)
{
    struct sqe sqe = act_call(cap, 1, 7);

    descriptors_write(thread, transfers, count);
    sqe.payload_len = BYTES;
    sqe.transfers = (uint8_t)count;
    sqe.result = RESULT_AT;
    sqe.result_len = 256;
    return sqe;
}

static struct received received_at(uint32_t thread, uint32_t offset, uint32_t index)
{
    struct received record;

    machine_message_read(thread, offset + 8 + index * (uint32_t)sizeof(record), &record,
                         sizeof(record));
    return record;
}

static bool is_held(uint32_t thread, uint64_t cap)
{
    uint32_t hold;

    return hold_find(act_core(), act_core()->threads[thread].process, cap, &hold) == STATUS_OK;
}

static void a_copy_arrives_with_its_interface_and_the_sender_keeps_its_own(void **state)
{
    const struct transfer copy = {service.value, TRANSFER_COPY, 0};

    (void)state;
    for (uint32_t order = 0; order < 2; order++) { // RECV first, CALL first
        if (order == 0) {
            act_submit(init, act_recv(server, RECV_AT, RECV_SIZE, 2));
        }
        act_submit(child, call_with(child, service, &copy, 1));
        struct cqe cqe =
            order == 0 ? act_reap(init) : act_do(init, act_recv(server, RECV_AT, RECV_SIZE, 2));
        assert_int_equal(cqe.status, sizeof(struct message_header) + BYTES);
        assert_int_equal(cqe.flags & CQE_TRANSFERS, CQE_TRANSFERS);
        assert_int_equal(cqe.transfers, 1);
        assert_int_equal(act_header(init, RECV_AT).transfers, 1);
        struct received got = received_at(init, RECV_AT + sizeof(struct message_header), 0);
        assert_int_equal(got.interface, INTERFACE);
        assert_true(is_held(init, got.cap));
        assert_true(is_held(child, service.value));
        assert_int_equal(act_do_fact(init, act_release((cap_t){got.cap})), STATUS_OK);
        assert_int_equal(act_do_fact(init, act_return(cqe.extra, 3)), STATUS_OK);
        act_reap(child);
    }
}

static void a_move_leaves_exactly_one_holder(void **state)
{
    const struct transfer move = {service.value, TRANSFER_MOVE, 0};

    (void)state;
    act_submit(init, act_recv(server, RECV_AT, RECV_SIZE, 2));
    act_submit(child, call_with(child, service, &move, 1));
    struct cqe cqe = act_reap(init);
    struct received got = received_at(init, RECV_AT + sizeof(struct message_header), 0);
    assert_true(is_held(init, got.cap));
    assert_false(is_held(child, service.value));
    // It goes back with the answer.
    const struct transfer back = {got.cap, TRANSFER_MOVE, 0};
    struct sqe answer = act_return(cqe.extra, 3);
    descriptors_write(init, &back, 1);
    answer.payload_len = BYTES;
    answer.transfers = 1;
    assert_int_equal(act_do_fact(init, answer), STATUS_OK);
    cqe = act_reap(child);
    assert_int_equal(cqe.status, BYTES);
    assert_int_equal(cqe.transfers, 1);
    assert_false(is_held(init, got.cap));
    got = received_at(child, RESULT_AT, 0);
    assert_true(is_held(child, got.cap));
    assert_int_not_equal(got.cap, service.value);
}

static void a_refused_transfer_changes_nothing(void **state)
{
    const cap_t job = act_named(init, "job");
    const struct {
        struct transfer transfers[2];
        uint32_t count;
        enum status fact;
    } refusals[] = {
        {{{service.value, TRANSFER_COPY, 1}}, 1, STATUS_RESERVED_SET},
        {{{service.value, TRANSFER_NONE, 0}}, 1, STATUS_BAD_TRANSFER},
        {{{service.value, 3, 0}}, 1, STATUS_BAD_TRANSFER},
        {{{7, TRANSFER_COPY, 0}}, 1, STATUS_BAD_CAP},
        {{{job.value, TRANSFER_COPY, 0}}, 1, STATUS_STALE_CAP}, // another process's
        {{{service.value, TRANSFER_MOVE, 0}, {service.value, TRANSFER_COPY, 0}},
         2,
         STATUS_BAD_TRANSFER},
        {{{service.value, TRANSFER_COPY, 0}, {1ull << 33, TRANSFER_COPY, 0}}, 2, STATUS_STALE_CAP},
    };

    (void)state;
    act_submit(init, act_recv(server, RECV_AT, RECV_SIZE, 2));
    for (uint32_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        struct act_snapshot before = act_snapshot();
        struct sqe sqe = call_with(child, service, refusals[i].transfers, refusals[i].count);
        struct cqe cqe = act_do(child, sqe);
        assert_int_equal(act_fact(&cqe), refusals[i].fact);
        assert_int_equal(cqe.detail, ARGUMENT_TRANSFERS);
        assert_true(act_same(&before));
    }
    assert_false(act_has_completion(init));
}

static void a_revoker_is_moved_but_not_copied(void **state)
{
    struct act_facet own = act_facet(init, server, 7, INTERFACE, 5);
    struct transfer transfer = {own.revoker.value, TRANSFER_COPY, 0};

    (void)state;
    // init calls itself: the facet's holder and the server are one process.
    act_submit(init, act_recv(server, RECV_AT, RECV_SIZE, 2));
    assert_int_equal(act_do_fact(init, call_with(init, own.facet, &transfer, 1)),
                     STATUS_TRANSFER_REFUSED);
    transfer.mode = TRANSFER_MOVE;
    act_submit(init, call_with(init, own.facet, &transfer, 1));
    assert_int_equal(act_reap(init).transfers, 1);
    struct received got = received_at(init, RECV_AT + sizeof(struct message_header), 0);
    assert_int_equal(got.interface, REVOKER_INTERFACE_ID);
    assert_false(is_held(init, own.revoker.value));
    assert_int_equal(act_revoke(init, (cap_t){got.cap}), STATUS_OK);
    assert_false(act_is_live(init, (cap_t){got.cap}));
}

static void an_answer_that_does_not_fit_leaves_its_capabilities_with_the_server(void **state)
{
    struct sqe call = act_call(service, 1, 7);
    const struct transfer transfer = {client.revoker.value, TRANSFER_MOVE, 0};

    (void)state;
    act_submit(init, act_recv(server, RECV_AT, RECV_SIZE, 2));
    call.result_len = 16; // the record needs 8 + 16
    act_submit(child, call);
    struct sqe answer = act_return(act_reap(init).extra, 3);
    descriptors_write(init, &transfer, 1);
    answer.payload_len = BYTES;
    answer.transfers = 1;
    assert_int_equal(act_do_fact(init, answer), STATUS_CALLER_LOST);
    struct cqe cqe = act_reap(child);
    assert_int_equal(act_fact(&cqe), STATUS_TRUNCATED);
    assert_int_equal(cqe.extra, 24);
    assert_true(is_held(init, client.revoker.value));
}

static void a_quiet_call_says_what_arrived(void **state)
{
    struct sqe call = act_call(service, 1, 7);
    const struct transfer transfer = {server.value, TRANSFER_COPY, 0};

    (void)state;
    call.flags |= SQE_QUIET;
    call.result = RESULT_AT;
    call.result_len = 256;
    act_submit(init, act_recv(server, RECV_AT, RECV_SIZE, 2));
    act_submit(child, call);
    struct sqe answer = act_return(act_reap(init).extra, 3);
    descriptors_write(init, &transfer, 1);
    answer.payload_len = BYTES;
    answer.transfers = 1;
    assert_int_equal(act_do_fact(init, answer), STATUS_OK);
    assert_int_equal(act_reap(child).transfers, 1);
    assert_true(is_held(child, received_at(child, RESULT_AT, 0).cap));
}

static void an_answer_to_a_caller_that_was_just_killed_leaves_its_capabilities(void **state)
{
    static uint64_t words[1];
    const struct transfer transfer = {client.revoker.value, TRANSFER_MOVE, 0};
    cap_t builder = act_builder(init);
    cap_t process;

    (void)state;
    assert_int_equal(act_grant(init, builder, "it", 2, client.facet), STATUS_OK);
    assert_int_equal(act_start(init, builder, &process), STATUS_OK);
    uint32_t other = machine.newest_thread;
    struct sqe call = act_call(act_named(other, "it"), 1, 7);
    call.result = RESULT_AT;
    call.result_len = 256;
    act_submit(other, call);
    struct cqe cqe = act_do(init, act_recv(server, RECV_AT, RECV_SIZE, 2));
    // Both at once: what the dead process held is not given back between them.
    struct sqe kill = act_call(process, PROCESS_KILL, 4);
    struct sqe answer = act_return(cqe.extra, 3);
    machine_message_write(init, ACT_PAYLOAD, words, sizeof(words));
    kill.payload = ACT_PAYLOAD;
    kill.payload_len = sizeof(words);
    descriptors_write(init, &transfer, 1);
    answer.payload_len = BYTES;
    answer.transfers = 1;
    assert_true(machine_run_until(init));
    assert_true(machine_submit(init, &kill));
    assert_true(machine_submit(init, &answer));
    machine_enter(init, 0, 0);
    cqe = act_reap(init);
    assert_int_equal(act_fact(&cqe), STATUS_OK);
    cqe = act_reap(init);
    assert_int_equal(act_fact(&cqe), STATUS_CALLER_LOST);
    assert_true(is_held(init, client.revoker.value));
    assert_int_equal(act_waiting(), 0);
}

static void the_server_is_told_once_when_a_minted_facet_has_no_holder(void **state)
{
    (void)state;
    struct act_facet second = act_facet(init, server, 7, INTERFACE, 1234);
    assert_int_equal(act_do_fact(init, act_release(second.facet)), STATUS_OK);
    struct cqe cqe = act_do(init, act_recv(server, RECV_AT, RECV_SIZE, 2));
    assert_int_equal(cqe.status, sizeof(struct message_header));
    struct message_header header = act_header(init, RECV_AT);
    assert_int_equal(header.kind, MESSAGE_DROPPED);
    assert_int_equal(header.receiver_data, 1234);
    assert_int_equal(header.interface, INTERFACE);
    // With a RECV waiting it is told at once, also when the last holder exits.
    act_submit(init, act_recv(server, RECV_AT, RECV_SIZE, 4));
    assert_false(act_has_completion(init));
    assert_int_equal(act_do_fact(init, act_release(client.facet)), STATUS_OK);
    act_kill(child, 0);
    assert_true(machine_run_until(init));
    cqe = act_reap(init);
    assert_int_equal(cqe.user_data, 4);
    assert_int_equal(act_header(init, RECV_AT).receiver_data, 99);
    act_submit(init, act_recv(server, RECV_AT, RECV_SIZE, 5));
    assert_false(act_has_completion(init));
}

static enum status set_lease(cap_t revoker, uint64_t expiry, uint64_t calls)
{
    static uint64_t words[16];
    struct capnp_builder message;
    struct act_answer answer;

    memset(words, 0, sizeof(words));
    capnp_builder_init(&message, words, sizeof(words));
    struct revoker_set_lease_params_builder params = revoker_set_lease_params_build(&message);
    revoker_set_lease_params_set_expiry(params, expiry);
    revoker_set_lease_params_set_calls(params, calls);
    act_object(init, revoker, REVOKER_SET_LEASE, &message, &answer);
    return act_fact(&answer.cqe);
}

static void a_lease_ends_with_its_time_or_with_its_calls(void **state)
{
    struct act_facet timer = act_facet(init, act_named(init, "timer"), 1, 0, 0);
    struct act_facet below = act_facet(init, timer.facet, 1, 0, 0);
    struct act_answer answer;

    (void)state;
    assert_int_equal(set_lease(timer.revoker, UINT64_MAX, 0), STATUS_BAD_VALUE);
    assert_int_equal(set_lease(timer.revoker, machine.now_ns + 100, UINT64_MAX), STATUS_OK);
    act_object(init, below.facet, TIMER_NOW, NULL, &answer);
    assert_int_equal(act_fact(&answer.cqe), STATUS_OK);
    machine.now_ns += 100;
    act_object(init, below.facet, TIMER_NOW, NULL, &answer);
    assert_int_equal(act_fact(&answer.cqe), STATUS_LEASE_OVER);
    // A new lease counts from now on; the calls of all copies and descendants together.
    assert_int_equal(set_lease(timer.revoker, UINT64_MAX, 2), STATUS_OK);
    act_object(init, below.facet, TIMER_NOW, NULL, &answer);
    assert_int_equal(act_fact(&answer.cqe), STATUS_OK);
    act_object(init, timer.facet, TIMER_NOW, NULL, &answer);
    assert_int_equal(act_fact(&answer.cqe), STATUS_OK);
    act_object(init, timer.facet, TIMER_NOW, NULL, &answer);
    assert_int_equal(act_fact(&answer.cqe), STATUS_REVOKED);
}

static void a_lease_that_ran_out_of_calls_ends_what_waits_by_it(void **state)
{
    struct act_facet bell = act_facet(init, act_notification(init), 3, 0, 0);

    (void)state;
    act_submit(init, act_wait(bell.facet, 1, 5));
    assert_int_equal(set_lease(bell.revoker, UINT64_MAX, 1), STATUS_OK);
    act_set(init, bell.facet, 2);
    assert_int_equal(act_reap_fact(init, 5), STATUS_REVOKED);
}

static void signals_count_for_a_lease(void **state)
{
    struct act_facet leased = act_facet(init, act_notification(init), 3, 0, 0);

    (void)state;
    assert_int_equal(set_lease(leased.revoker, UINT64_MAX, 1), STATUS_OK);
    assert_int_equal(act_do_fact(init, act_signal(leased.facet, 1)), STATUS_OK);
    assert_int_equal(act_do_fact(init, act_signal(leased.facet, 1)), STATUS_REVOKED);
}

static void the_last_call_of_a_lease_may_wait(void **state)
{
    struct act_facet timer = act_facet(init, act_named(init, "timer"), 3, 0, 0);

    (void)state;
    assert_int_equal(set_lease(timer.revoker, UINT64_MAX, 1), STATUS_OK);
    act_sleep(init, timer.facet, machine.now_ns + 1000, TIMEOUT_NONE, 5);
    machine_timer(machine.now_ns + 1000);
    assert_int_equal(act_reap_fact(init, 5), STATUS_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, boot, act_fini)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_copy_arrives_with_its_interface_and_the_sender_keeps_its_own),
        TEST(a_move_leaves_exactly_one_holder),
        TEST(a_refused_transfer_changes_nothing),
        TEST(a_revoker_is_moved_but_not_copied),
        TEST(an_answer_that_does_not_fit_leaves_its_capabilities_with_the_server),
        TEST(a_quiet_call_says_what_arrived),
        TEST(an_answer_to_a_caller_that_was_just_killed_leaves_its_capabilities),
        TEST(the_server_is_told_once_when_a_minted_facet_has_no_holder),
        TEST(a_lease_that_ran_out_of_calls_ends_what_waits_by_it),
        TEST(signals_count_for_a_lease),
        TEST(the_last_call_of_a_lease_may_wait),
        TEST(a_lease_ends_with_its_time_or_with_its_calls),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
