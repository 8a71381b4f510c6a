// SPDX-License-Identifier: Apache-2.0
//
// Endpoints: rendezvous in both orders, limits, what ends a call, and who is told.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/core/test/act.h"

enum {
    MESSAGE = 64,
    RECV_SIZE = (int)sizeof(struct message_header) + MESSAGE,
    RECV_AT = ACT_FREE + 1024,
    RESULT_AT = ACT_FREE + 2048,
    INTERFACE = 0x5000,
};

static const char *const programs[] = {"init", "child", "other", NULL};
static uint32_t init;
static cap_t server;
static struct act_facet client;

static int boot(void **state)
{
    (void)state;
    if (!machine_boot(&(struct machine_options){.programs = programs})) {
        return 1;
    }
    init = (uint32_t)machine.running;
    server = act_endpoint(init, MESSAGE);
    client = act_facet(init, server, 7, INTERFACE, 99);
    return client.fact == STATUS_OK ? 0 : 1;
}

static struct sqe call_of(cap_t cap, uint64_t user_data, uint32_t size)
{
    struct sqe sqe = act_call(cap, 1, user_data);

    sqe.payload_len = size;
    sqe.result = RESULT_AT;
    sqe.result_len = MESSAGE;
    return sqe;
}

static struct sqe recv_of(uint64_t user_data)
{
    return act_recv(server, RECV_AT, RECV_SIZE, user_data);
}

// The thread's completion with this number. Which of two comes first is nobody's promise, so
// another one is kept for the next call.
static struct cqe reap(uint32_t thread, uint64_t user_data)
{
    static struct cqe kept;
    static bool has_kept;
    struct cqe cqe = has_kept ? kept : act_reap(thread);

    has_kept = false;
    if (cqe.user_data != user_data) {
        kept = cqe;
        has_kept = true;
        cqe = act_reap(thread);
    }
    assert_int_equal(cqe.user_data, user_data);
    return cqe;
}

// The child calls, init serves.
static uint32_t child_with_client(void)
{
    return act_process(init, "it", client.facet);
}

static void a_call_before_its_recv_is_delivered_and_answered(void **state)
{
    uint32_t child = child_with_client();
    char bytes[8] = {0};

    (void)state;
    machine_message_write(child, ACT_FREE, "question", 8);
    act_submit(child, call_of(act_named(child, "it"), 1, 8));
    assert_false(act_has_completion(child));
    struct cqe cqe = act_do(init, recv_of(2));
    assert_int_equal(cqe.status, sizeof(struct message_header) + 8);
    struct message_header header = act_header(init, RECV_AT);
    assert_int_equal(header.call_id, cqe.extra);
    assert_int_equal(header.interface, INTERFACE);
    assert_int_equal(header.receiver_data, 99);
    assert_int_equal(header.method, 1);
    assert_int_equal(header.size, 8);
    machine_message_read(init, RECV_AT + sizeof(header), bytes, 8);
    assert_memory_equal(bytes, "question", 8);
    machine_message_write(init, ACT_FREE, "answer", 6);
    struct sqe answer = act_return(cqe.extra, 3);
    answer.payload_len = 6;
    assert_int_equal(act_do_fact(init, answer), STATUS_OK);
    assert_int_equal(reap(child, 1).status, 6);
    machine_message_read(child, RESULT_AT, bytes, 6);
    assert_memory_equal(bytes, "answer", 6);
}

static void a_recv_before_its_call_is_delivered_at_once(void **state)
{
    uint32_t child = child_with_client();

    (void)state;
    act_submit(init, recv_of(2));
    assert_false(act_has_completion(init));
    act_submit(child, call_of(act_named(child, "it"), 1, 8));
    struct cqe cqe = reap(init, 2);
    assert_int_equal(cqe.status, sizeof(struct message_header) + 8);
    assert_int_equal(act_do_fact(init, act_return(cqe.extra, 3)), STATUS_OK);
    assert_int_equal(reap(child, 1).status, 0);
    assert_int_equal(act_do_fact(init, act_return(cqe.extra, 4)), STATUS_STALE_CALL);
}

static void endpoint_server_exit_completes_every_call_with_disconnected(void **state)
{
    uint32_t child = act_process(init, "server", server);

    (void)state;
    assert_int_equal(act_do_fact(init, act_release(server)), STATUS_OK);
    act_submit(init, call_of(client.facet, 1, 0));
    act_submit(child, act_recv(act_named(child, "server"), RECV_AT, RECV_SIZE, 9));
    act_submit(init, call_of(client.facet, 2, 0));
    act_submit(init, call_of(client.facet, 3, 0));
    act_kill(child, 0);
    // One was taken, two were queued.
    for (uint64_t i = 1; i <= 3; i++) {
        struct cqe cqe = act_reap(init);
        assert_int_equal(act_fact(&cqe), STATUS_SERVER_GONE);
        assert_int_equal(cqe.flags & CQE_EXCEPTION_MASK, EXCEPTION_DISCONNECTED);
    }
    assert_int_equal(act_do_fact(init, call_of(client.facet, 4, 0)), STATUS_SERVER_GONE);
    assert_int_equal(act_waiting(), 0);
}

static void a_queue_outlives_a_server_while_another_hold_keeps_it(void **state)
{
    uint32_t child = act_process(init, "server", server);

    (void)state;
    act_submit(init, call_of(client.facet, 1, 0));
    act_kill(child, 0);
    assert_false(act_has_completion(init));
    assert_int_equal(act_do_fact(init, recv_of(2)), STATUS_OK);
}

static void facet_revoke_disconnects_queued_calls_at_recv(void **state)
{
    struct act_facet other = act_facet(init, server, 7, INTERFACE, 1);

    (void)state;
    act_submit(init, call_of(client.facet, 1, 0));
    act_submit(init, call_of(other.facet, 2, 0));
    assert_int_equal(act_revoke(init, client.revoker), STATUS_OK);
    assert_false(act_has_completion(init));
    act_submit(init, recv_of(3));
    struct cqe first = act_reap(init);
    struct cqe second = act_reap(init);
    struct cqe refused = first.user_data == 1 ? first : second;
    struct cqe taken = first.user_data == 1 ? second : first;
    assert_int_equal(act_fact(&refused), STATUS_REVOKED);
    assert_int_equal(taken.user_data, 3);
    assert_int_equal(act_header(init, RECV_AT).receiver_data, 1);
}

static void a_taken_call_goes_on_after_its_facet_is_revoked(void **state)
{
    (void)state;
    act_submit(init, call_of(client.facet, 1, 0));
    uint64_t id = act_do(init, recv_of(2)).extra;
    assert_int_equal(act_revoke(init, client.revoker), STATUS_OK);
    act_submit(init, act_return(id, 3));
    struct cqe cqe = act_reap(init);
    struct cqe other = act_reap(init);
    assert_int_equal(act_fact(&cqe), STATUS_OK);
    assert_int_equal(act_fact(&other), STATUS_OK);
}

static void return_to_a_timed_out_caller_says_caller_lost(void **state)
{
    struct sqe call = call_of(client.facet, 1, 0);

    (void)state;
    call.arg = 1000;
    act_submit(init, call);
    uint64_t id = act_do(init, recv_of(2)).extra;
    machine_timer(machine.now_ns + 1000);
    struct cqe timed_out = reap(init, 1);
    assert_int_equal(act_fact(&timed_out), STATUS_TIMED_OUT);
    assert_int_equal(act_do_fact(init, act_return(id, 3)), STATUS_CALLER_LOST);
    assert_int_equal(act_do_fact(init, act_return(id, 3)), STATUS_STALE_CALL);
    assert_int_equal(act_waiting(), 0);
}

static void return_to_a_caller_that_exited_says_caller_lost(void **state)
{
    uint32_t child = child_with_client();

    (void)state;
    act_submit(child, call_of(act_named(child, "it"), 1, 0));
    uint64_t id = act_do(init, recv_of(2)).extra;
    act_kill(child, 0);
    assert_int_equal(act_do_fact(init, act_return(id, 3)), STATUS_CALLER_LOST);
    assert_int_equal(act_waiting(), 0);
}

static void a_queued_call_goes_with_its_caller(void **state)
{
    uint32_t child = child_with_client();

    (void)state;
    act_submit(child, call_of(act_named(child, "it"), 1, 0));
    assert_int_equal(act_waiting(), 1);
    act_kill(child, 0);
    assert_int_equal(act_waiting(), 0);
    act_submit(init, recv_of(2));
    assert_false(act_has_completion(init));
}

static void queued_call_and_recv_time_out_alone(void **state)
{
    struct sqe call = call_of(client.facet, 1, 0);

    (void)state;
    call.arg = 500;
    act_submit(init, call);
    machine_timer(machine.now_ns + 499);
    assert_false(act_has_completion(init));
    machine_timer(machine.now_ns + 1);
    struct cqe cqe = reap(init, 1);
    assert_int_equal(act_fact(&cqe), STATUS_TIMED_OUT);
    struct sqe recv = recv_of(2);
    recv.arg = 500;
    act_submit(init, recv);
    machine_timer(machine.now_ns + 500);
    cqe = reap(init, 2);
    assert_int_equal(act_fact(&cqe), STATUS_TIMED_OUT);
    assert_int_equal(act_waiting(), 0);
}

static void an_answer_that_does_not_fit_is_truncated_and_caller_lost(void **state)
{
    (void)state;
    act_submit(init, call_of(client.facet, 1, 0));
    uint64_t id = act_do(init, recv_of(2)).extra;
    struct sqe answer = act_return(id, 3);
    answer.payload_len = MESSAGE + 1;
    act_submit(init, answer);
    struct cqe own = reap(init, 3);
    struct cqe callers = reap(init, 1);
    assert_int_equal(act_fact(&own), STATUS_CALLER_LOST);
    assert_int_equal(act_fact(&callers), STATUS_TRUNCATED);
    assert_true((callers.flags & CQE_TRUNCATED) != 0);
    assert_int_equal(callers.extra, MESSAGE + 1);
}

static void an_exception_reaches_the_caller_even_where_its_text_does_not_fit(void **state)
{
    (void)state;
    for (uint16_t type = EXCEPTION_FAILED; type <= EXCEPTION_INVALID_ARGUMENT; type++) {
        act_submit(init, call_of(client.facet, 1, 0));
        struct sqe answer = act_return(act_do(init, recv_of(2)).extra, 3);
        answer.flags |= SQE_RETURN_EXCEPTION;
        answer.method = type;
        answer.payload_len = MESSAGE + 1;
        act_submit(init, answer);
        assert_int_equal(reap(init, 3).status, 0);
        struct cqe cqe = reap(init, 1);
        assert_int_equal(cqe.status, 0);
        assert_int_equal(cqe.flags, type);
    }
}

static void a_full_queue_is_overloaded_and_nothing_is_queued(void **state)
{
    uint32_t threads[3];

    (void)state;
    for (uint32_t i = 0; i < 3; i++) {
        threads[i] = child_with_client();
    }
    for (uint32_t i = 0; i < ENDPOINT_QUEUE_MAX; i++) {
        uint32_t thread = threads[i % 3];
        act_submit(thread, call_of(act_named(thread, "it"), i, 0));
        assert_false(act_has_completion(thread));
    }
    struct act_snapshot before = act_snapshot();
    struct cqe cqe = act_do(threads[0], call_of(act_named(threads[0], "it"), 1, 0));
    assert_int_equal(act_fact(&cqe), STATUS_QUEUE_FULL);
    assert_int_equal(cqe.flags & CQE_EXCEPTION_MASK, EXCEPTION_OVERLOADED);
    assert_true(act_same(&before));
}

static void a_ring_promises_all_but_four_completions(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < CQ_ENTRIES_DEFAULT - CQ_ENTRIES_KEPT; i++) {
        act_submit(init, call_of(client.facet, i, 0));
        assert_false(act_has_completion(init));
    }
    struct act_snapshot before = act_snapshot();
    assert_int_equal(act_do_fact(init, call_of(client.facet, 77, 0)), STATUS_RING_BUSY);
    act_next_exit(init, 78);
    struct cqe cqe = reap(init, 78);
    assert_int_equal(act_fact(&cqe), STATUS_RING_BUSY);
    assert_true(act_same(&before));
    // A RECV waits, if only for a moment; what cannot wait always gets in.
    assert_int_equal(act_do_fact(init, recv_of(79)), STATUS_RING_BUSY);
    assert_int_equal(act_do_fact(init, act_release(client.facet)), STATUS_OK);
}

static void an_endpoint_takes_so_many_receivers(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < ENDPOINT_RECEIVERS_MAX; i++) {
        act_submit(init, recv_of(i));
        assert_false(act_has_completion(init));
    }
    assert_int_equal(act_do_fact(init, recv_of(99)), STATUS_OUT_OF_CALLS);
}

static void a_released_server_hold_ends_its_recv_at_the_next_call(void **state)
{
    struct act_facet second = act_facet(init, server, UINT64_MAX, 0, 0);

    (void)state;
    assert_int_equal(second.fact, STATUS_OK);
    act_submit(init, act_recv(second.facet, RECV_AT, RECV_SIZE, 1));
    assert_int_equal(act_do_fact(init, act_release(second.facet)), STATUS_OK);
    act_submit(init, recv_of(2));
    act_submit(init, call_of(client.facet, 3, 0));
    struct cqe cqe = reap(init, 1);
    assert_int_equal(act_fact(&cqe), STATUS_STALE_CAP);
    assert_int_equal(reap(init, 2).status, sizeof(struct message_header));
}

static void only_the_taker_can_answer_a_call(void **state)
{
    uint32_t child = act_process(init, "server", server);

    (void)state;
    act_submit(init, call_of(client.facet, 1, 0));
    uint64_t id = act_do(init, recv_of(2)).extra;
    assert_int_equal(act_do_fact(child, act_return(id, 3)), STATUS_STALE_CALL);
    assert_int_equal(act_do_fact(init, act_return(0, 3)), STATUS_STALE_CALL);
    assert_int_equal(act_do_fact(init, act_return(id + (1ull << 32), 3)), STATUS_STALE_CALL);
    assert_int_equal(act_do_fact(init, act_return(UINT64_MAX, 3)), STATUS_STALE_CALL);
    act_submit(init, act_return(id, 3));
    assert_int_equal(reap(init, 3).status, 0);
    assert_int_equal(reap(init, 1).status, 0);
}

// A queued operation that ends between two SQEs of one submission, and takes its endpoint along,
// leaves nothing that the next one could mistake. (Reading freed records ends in a crash here.)
static void an_endpoint_that_goes_while_its_queue_is_swept_leaves_nothing(void **state)
{
    struct sqe call = call_of(client.facet, 1, 0);
    struct input step = {.kind = INPUT_STEP};
    struct input timer = {.kind = INPUT_TIMER};
    struct input enter = {.kind = INPUT_ENTER};
    struct sqe make = act_call(act_named(init, "job"), JOB_MAKE_ENDPOINT, 7);
    const uint64_t message[3] = {(uint64_t)1 << 32, MESSAGE};

    (void)state;
    call.arg = 1000;
    machine_message_write(init, ACT_PAYLOAD, message, 16);
    make.payload = ACT_PAYLOAD;
    make.payload_len = 16;
    make.result = ACT_ANSWER;
    make.result_len = ACT_ANSWER_SIZE;
    const struct sqe sqes[] = {call, act_release(client.facet), act_release(client.revoker),
                               act_release(server), make};
    for (uint32_t i = 0; i < 5; i++) {
        assert_true(machine_submit(init, &sqes[i]));
    }
    machine_turn(&enter);
    for (uint32_t i = 0; i < 3; i++) {
        machine_turn(&step);
    }
    timer.now_ns = step.now_ns = machine.now_ns = 2000;
    machine_turn(&timer);
    for (uint32_t i = 0; i < 4 + SWEEP_COUNT && machine.end == MACHINE_RUNS; i++) {
        machine_turn(&step);
    }
    assert_int_equal(machine.end, MACHINE_RUNS);
    assert_false(act_core()->is_sweeping);
}

// A facet at the end of a chain that only it keeps in being.
static cap_t chain_make(cap_t target, uint32_t depth)
{
    struct act_facet chain = act_facet(init, target, 7, INTERFACE, 0);

    for (uint32_t i = 1; i < depth; i++) {
        struct act_facet next = act_facet(init, chain.facet, 7, 0, 0);
        assert_int_equal(next.fact, STATUS_OK);
        assert_int_equal(act_do_fact(init, act_release(chain.facet)), STATUS_OK);
        assert_int_equal(act_do_fact(init, act_release(chain.revoker)), STATUS_OK);
        chain = next;
    }
    assert_int_equal(act_do_fact(init, act_release(chain.revoker)), STATUS_OK);
    return chain.facet;
}

enum { CALLERS = 4, CALLS = 24, DEPTH = FACET_DEPTH_MAX - 1 };

static void chain_name(char name[4], uint32_t number)
{
    memcpy(name, "cx\0", 4);
    name[1] = (char)('a' + number);
}

static uint32_t caller_make(const cap_t targets[2])
{
    cap_t builder = act_builder(init);
    cap_t process;

    for (uint32_t i = 0; i < CALLS; i++) {
        char name[4];
        cap_t facet = chain_make(targets[i % 2], DEPTH);
        chain_name(name, i);
        assert_int_equal(act_grant(init, builder, name, 2, facet), STATUS_OK);
        assert_int_equal(act_do_fact(init, act_release(facet)), STATUS_OK);
    }
    assert_int_equal(act_start(init, builder, &process), STATUS_OK);
    return machine.newest_thread;
}

// Many calls, each through a chain of facets that nothing else keeps, may end in one turn.
static void calls_through_deep_facets_may_all_time_out_at_once(void **state)
{
    const cap_t targets[2] = {server, act_endpoint(init, MESSAGE)};
    uint64_t deadline_ns = 1000000000;

    (void)state;
    for (uint32_t i = 0; i < CALLERS; i++) {
        uint32_t thread = caller_make(targets);
        for (uint32_t n = 0; n < CALLS; n++) {
            char name[4];
            chain_name(name, n);
            assert_true(machine_run_until(thread)); // which takes time
            struct sqe call = call_of(act_named(thread, name), 0, 0);
            call.arg = deadline_ns - machine.now_ns;
            act_submit(thread, call);
            assert_false(act_has_completion(thread));
            assert_int_equal(act_do_fact(thread, act_release((cap_t){call.cap})), STATUS_OK);
        }
    }
    do {
        machine_timer(deadline_ns);
    } while (machine.end == MACHINE_RUNS && machine.armed_ns <= deadline_ns);
    assert_int_equal(machine.end, MACHINE_RUNS);
    assert_int_equal(act_waiting(), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, boot, act_fini)
    const struct CMUnitTest tests[] = {
        TEST(a_call_before_its_recv_is_delivered_and_answered),
        TEST(a_recv_before_its_call_is_delivered_at_once),
        TEST(endpoint_server_exit_completes_every_call_with_disconnected),
        TEST(a_queue_outlives_a_server_while_another_hold_keeps_it),
        TEST(facet_revoke_disconnects_queued_calls_at_recv),
        TEST(a_taken_call_goes_on_after_its_facet_is_revoked),
        TEST(return_to_a_timed_out_caller_says_caller_lost),
        TEST(return_to_a_caller_that_exited_says_caller_lost),
        TEST(a_queued_call_goes_with_its_caller),
        TEST(queued_call_and_recv_time_out_alone),
        TEST(an_answer_that_does_not_fit_is_truncated_and_caller_lost),
        TEST(an_exception_reaches_the_caller_even_where_its_text_does_not_fit),
        TEST(a_full_queue_is_overloaded_and_nothing_is_queued),
        TEST(a_ring_promises_all_but_four_completions),
        TEST(an_endpoint_takes_so_many_receivers),
        TEST(a_released_server_hold_ends_its_recv_at_the_next_call),
        TEST(only_the_taker_can_answer_a_call),
        TEST(an_endpoint_that_goes_while_its_queue_is_swept_leaves_nothing),
        TEST(calls_through_deep_facets_may_all_time_out_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
