// SPDX-License-Identifier: Apache-2.0
//
// What rarely comes together: several operations in one submission, of which the later ones meet
// what the earlier ones killed or took away before anything was swept up; numbers at the end of
// their range.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "abi/syslog.h"
#include "kernel/core/test/jobs.h"
#include "kernel/core/test/memory.h"
#include "kernel/core/test/waiting.h"
#include "schema/fault.capnp.h"

enum { MESSAGE = 64 };

static uint32_t init;
static cap_t job;

static int boot(void **state)
{
    (void)state;
    if (!act_threads_boot()) {
        return 1;
    }
    init = (uint32_t)machine.running;
    job = act_named(init, "job");
    return 0;
}

// Puts it into the ring; act_enter() submits all that is there.
static void put(uint32_t thread, struct sqe sqe)
{
    assert_true(machine_submit(thread, &sqe));
}

static enum status reaped(uint32_t thread, uint64_t user_data)
{
    struct cqe cqe = act_reap(thread);

    assert_int_equal(cqe.user_data, user_data);
    return act_fact(&cqe);
}

// A child that runs, with its objects, which act_process() gives back.
struct child {
    cap_t process, space, thread;
    uint32_t number; // of its thread
};

static struct child child_start(void)
{
    struct act_prepared prepared;
    struct child child;
    cap_t builder = act_builder(init);

    assert_int_equal(act_prepare(init, job, builder, &prepared), STATUS_OK);
    assert_int_equal(act_built(init, builder, &child.process), STATUS_OK);
    assert_int_equal(act_thread_start(init, prepared.thread, prepared.base + LAYOUT_IMAGE,
                                      prepared.base + LAYOUT_STACK_TOP,
                                      prepared.base + LAYOUT_START),
                     STATUS_OK);
    child.space = prepared.space;
    child.thread = prepared.thread;
    child.number = machine.newest_thread;
    return child;
}

static struct sqe unmap_of(cap_t space, uint64_t user_data)
{
    uint64_t words[8] = {0};
    struct capnp_builder message;
    struct sqe sqe = act_call(space, ADDRESS_SPACE_UNMAP, user_data);

    capnp_builder_init(&message, words, sizeof(words));
    address_space_unmap_params_set_address(address_space_unmap_params_build(&message),
                                           LAYOUT_STACK);
    sqe.payload_len = capnp_builder_size(&message);
    machine_message_write(init, ACT_FREE, words, sqe.payload_len);
    return sqe;
}

static void who_is_dead_is_dead_for_the_rest_of_the_submission(void **state)
{
    struct child child = child_start();

    (void)state;
    put(init, act_call(child.process, PROCESS_KILL, 1));
    put(init, unmap_of(child.space, 2));
    put(init, act_call(child.thread, THREAD_START, 3));
    act_enter(init);
    assert_int_equal(reaped(init, 1), STATUS_OK);
    assert_int_equal(reaped(init, 2), STATUS_PROCESS_OVER);
    assert_int_equal(reaped(init, 3), STATUS_THREAD_OVER);
}

static void a_thread_that_ends_unstarted_is_over_at_once(void **state)
{
    uint64_t frames = act_free_frames();
    uint64_t ring;

    (void)state;
    cap_t made = act_thread_made(&ring);
    put(init, act_exit(init, made, 5));
    put(init, act_call(made, THREAD_START, 2));
    act_enter(init);
    assert_int_equal(reaped(init, 0), STATUS_OK);
    assert_int_equal(reaped(init, 2), STATUS_THREAD_OVER);
    act_join(init, made, 3);
    struct cqe cqe = act_reap(init);
    assert_int_equal(act_join_read(init, &cqe), 5);
    assert_int_equal(act_do_fact(init, act_release(made)), STATUS_OK);
    assert_int_equal(act_free_frames(), frames);
}

static void a_process_ends_with_its_last_thread_whoever_ends_that(void **state)
{
    struct child child = child_start();
    cap_t process = child.process;
    struct act_answer answer;

    (void)state;
    act_next_exit(init, 9);
    act_thread_exit(init, child.thread, 7);
    for (uint32_t i = 0; i < 2; i++) {
        struct cqe cqe = act_reap(init);
        assert_int_equal(act_fact(&cqe), STATUS_OK);
        if (cqe.user_data == 9) {
            assert_int_equal(act_exit_read(init, &cqe).code, 7);
        }
    }
    act_object(init, process, PROCESS_STATUS, NULL, &answer);
    assert_int_equal(act_fact(&answer.cqe), STATUS_OK);
    assert_false(machine.threads[child.number].alive);
}

static void threads_are_made_by_the_job_of_their_process(void **state)
{
    uint32_t limits[RESOURCE_COUNT];
    uint64_t ring;
    cap_t made;

    (void)state;
    for (uint32_t i = 0; i < RESOURCE_COUNT; i++) {
        limits[i] = 20;
    }
    cap_t below = act_job(init, job, limits, PRIORITY_DEFAULT);
    assert_int_equal(act_thread(init, below, act_named(init, "space"), &made, &ring),
                     STATUS_BAD_TRANSFER);
}

static void a_builder_of_a_killed_job_builds_nothing_more(void **state)
{
    uint32_t limits[RESOURCE_COUNT];

    (void)state;
    for (uint32_t i = 0; i < RESOURCE_COUNT; i++) {
        limits[i] = 50;
    }
    cap_t below = act_job(init, job, limits, PRIORITY_DEFAULT);
    cap_t builder = act_builder_in(init, below);
    assert_int_equal(act_do_fact(init, act_call(below, JOB_KILL, 0)), STATUS_OK);
    cap_t other = act_builder(init); // in the slot of the one that was being built
    struct act_prepared prepared;
    struct act_answer answer;
    act_object(init, builder, PROCESS_BUILDER_SPACE, NULL, &answer);
    assert_int_equal(act_fact(&answer.cqe), STATUS_BUILDER_SPENT);
    assert_int_equal(act_prepare(init, job, other, &prepared), STATUS_OK);
}

static void who_sleeps_by_a_capability_that_is_gone_is_not_woken(void **state)
{
    const uint32_t word = 0;
    uint64_t at = LAYOUT_OWN + 2048;
    uint32_t sleeper;

    (void)state;
    act_thread_started(&sleeper);
    cap_t space = act_park_space(init);
    cap_t other = act_give(init, space, init);
    assert_true(machine_write(machine.threads[init].space, at, &word, sizeof(word)));
    act_submit(sleeper, act_park(other, at, word, 8));
    assert_false(act_has_completion(sleeper));
    assert_true(machine_run_until(init));
    struct sqe release = act_release(other);
    struct sqe unpark = act_unpark(space, at, 9);
    release.user_data = 1;
    unpark.user_data = 2;
    put(init, release);
    put(init, unpark);
    act_enter(init);
    assert_int_equal(reaped(init, 1), STATUS_OK);
    struct cqe cqe = act_reap(init);
    assert_int_equal(cqe.extra, 0);
    assert_true(machine_run_until(sleeper));
    assert_int_equal(reaped(sleeper, 8), STATUS_STALE_CAP);
}

static void an_exit_is_told_to_the_next_where_the_first_may_not_know_any_more(void **state)
{
    struct child child = child_start();
    cap_t other = act_give(init, job, init);
    struct sqe next = act_call(other, JOB_NEXT_EXIT, 1);

    (void)state;
    next.result_len = ACT_ANSWER_SIZE;
    act_submit(init, next);
    next.cap = job.value;
    next.user_data = 2;
    act_submit(init, next);
    struct sqe release = act_release(other);
    release.user_data = 3;
    put(init, release);
    put(init, act_call(child.process, PROCESS_KILL, 4));
    act_enter(init);
    for (uint64_t seen = 0; seen != 0x1e;) {
        struct cqe cqe = act_reap(init);
        assert_int_equal(seen >> cqe.user_data & 1, 0);
        assert_int_equal(act_fact(&cqe), cqe.user_data == 1 ? STATUS_STALE_CAP : STATUS_OK);
        seen |= 1ull << cqe.user_data;
    }
}

// --- Faults -------------------------------------------------------------------------------------

static cap_t server;
static struct act_facet handler;

static uint64_t fault_take(uint32_t thread, cap_t made)
{
    server = act_endpoint(init, MESSAGE);
    handler = act_facet(init, server, 1, FAULT_HANDLER_INTERFACE_ID, 0);
    assert_int_equal(act_fault_endpoint(init, made, handler.facet), STATUS_OK);
    assert_true(machine_run_until(thread));
    machine_fault(thread, EXIT_FAULT_MEMORY, 0x1000);
    struct cqe cqe = act_do(init, act_recv(server, ACT_FREE, 256, 1));
    assert_int_equal(act_fact(&cqe), STATUS_OK);
    return cqe.extra;
}

static void an_answer_too_long_for_a_fault_ends_the_process_with_the_fault(void **state)
{
    struct child child = child_start();
    struct sqe answer = act_return(fault_take(child.number, child.thread), 2);

    (void)state;
    answer.payload_len = 40;
    act_next_exit(init, 3);
    act_submit(init, answer);
    bool is_told = false;
    while (!is_told) {
        struct cqe cqe = act_reap(init);
        is_told = cqe.user_data == 3;
        assert_int_equal(act_fact(&cqe), is_told ? STATUS_OK : STATUS_CALLER_LOST);
        if (is_told) {
            assert_int_equal(act_exit_read(init, &cqe).cause, EXIT_FAULT_MEMORY);
        }
    }
}

static void a_fault_that_is_answered_after_the_kill_wakes_nobody(void **state)
{
    struct child child = child_start();
    struct sqe answer = act_return(fault_take(child.number, child.thread), 2);

    (void)state;
    put(init, act_call(child.process, PROCESS_KILL, 1));
    put(init, answer);
    act_enter(init);
    assert_int_equal(reaped(init, 1), STATUS_OK);
    assert_int_equal(reaped(init, 2), STATUS_CALLER_LOST);
    assert_false(machine.threads[child.number].alive);
}

static enum status set_lease(cap_t revoker, uint64_t calls)
{
    uint64_t words[8] = {0};
    struct capnp_builder message;
    struct act_answer answer;

    capnp_builder_init(&message, words, sizeof(words));
    struct revoker_set_lease_params_builder params = revoker_set_lease_params_build(&message);
    revoker_set_lease_params_set_expiry(params, UINT64_MAX);
    revoker_set_lease_params_set_calls(params, calls);
    act_object(init, revoker, REVOKER_SET_LEASE, &message, &answer);
    return act_fact(&answer.cqe);
}

static void a_fault_that_uses_up_a_lease_is_recorded_with_what_it_changed(void **state)
{
    struct child child = child_start();

    (void)state;
    assert_int_equal(act_do_fact(init, act_return(fault_take(child.number, child.thread), 2)),
                     STATUS_OK);
    assert_int_equal(set_lease(handler.revoker, 1), STATUS_OK);
    act_submit(init, act_recv(server, ACT_FREE, 256, 3));
    uint64_t seq = act_core()->state.seq;
    uint64_t record = act_core()->syslog_next;
    assert_true(machine_run_until(child.number));
    machine_fault(child.number, EXIT_FAULT_MEMORY, 0x2000);
    assert_true(act_core()->state.seq > seq);
    bool is_recorded = false;
    for (uint64_t at = record; at < act_core()->syslog_next; at++) {
        is_recorded =
            is_recorded || act_core()->syslog[at % SYSLOG_RECORDS].operation.opcode == SYSLOG_FAULT;
    }
    assert_true(is_recorded);
    assert_false(act_is_live(init, handler.revoker));
}

// --- The ends of ranges -------------------------------------------------------------------------

static void a_time_limit_beyond_the_end_of_time_is_none(void **state)
{
    struct sqe wait = act_wait(act_notification(init), 1, 4);

    (void)state;
    machine_timer(1000000);
    wait.arg2 = UINT64_MAX - 1; // in nanoseconds from now
    uint32_t deadlines = act_core()->heap_count;
    act_submit(init, wait);
    assert_false(act_has_completion(init));
    assert_int_equal(act_core()->heap_count, deadlines);
}

static void a_slot_whose_number_would_come_again_is_never_used_again(void **state)
{
    struct request *spare = act_core()->spare;
    cap_t note = act_notification(init);

    (void)state;
    spare->generation = UINT32_MAX - 1; // as if it had been used so often
    uint32_t index = act_sq_index(init);
    act_submit(init, act_wait(note, 1, 5));
    assert_int_equal(spare->generation, UINT32_MAX);
    struct sqe cancel = act_cancel(index);
    cancel.flags = SQE_QUIET;
    act_submit(init, cancel);
    assert_int_equal(act_reap_fact(init, 5), STATUS_CANCELLED);
    for (uint32_t i = 0; i < 4; i++) {
        assert_ptr_not_equal(act_core()->spare, spare);
        index = act_sq_index(init);
        act_submit(init, act_wait(note, 1, 5));
        cancel.arg = index;
        act_submit(init, cancel);
        assert_int_equal(act_reap_fact(init, 5), STATUS_CANCELLED);
    }
}

static void a_line_may_be_empty(void **state)
{
    uint64_t console = machine.console.size;
    struct sqe line = act_call(act_named(init, "console"), DEBUG_CONSOLE_WRITE_LINE, 1);

    (void)state;
    assert_int_equal(act_do_fact(init, line), STATUS_OK);
    assert_string_equal((const char *)machine.console.bytes + console, "[0] \n");
}

static void a_message_with_a_pointer_that_leads_nowhere_is_none(void **state)
{
    const uint64_t root = 1ull << 48; // no data, one pointer
    uint64_t words[2] = {root, 2ull << 32 | 100ull << 35 | 1};
    struct sqe line = act_call(act_named(init, "console"), DEBUG_CONSOLE_WRITE_LINE, 1);
    struct sqe now = act_call(act_named(init, "timer"), TIMER_NOW, 1);

    (void)state;
    line.payload_len = sizeof(words);
    machine_message_write(init, ACT_FREE, words, sizeof(words));
    assert_int_equal(act_do_fact(init, line), STATUS_BAD_MESSAGE);
    // A method without parameters takes an empty message, and no broken one.
    now.result_len = ACT_ANSWER_SIZE;
    now.payload_len = sizeof(words[0]);
    assert_int_equal(act_do_fact(init, now), STATUS_BAD_MESSAGE);
    words[0] = 0;
    machine_message_write(init, ACT_FREE, words, sizeof(words));
    assert_int_equal(act_do_fact(init, now), STATUS_OK);
}

static void memory_is_mapped_from_within_it(void **state)
{
    cap_t memory = act_memory(init, 2);
    cap_t space = act_named(init, "space");

    (void)state;
    for (uint64_t page = 2; page < 5; page++) {
        assert_int_equal(act_map(init, space, LAYOUT_OWN + 16 * PAGE_SIZE, 1, RIGHT_READ, memory,
                                 page * PAGE_SIZE),
                         STATUS_BAD_VALUE);
    }
    assert_int_equal(act_map(init, space, LAYOUT_OWN + 16 * PAGE_SIZE, 1, RIGHT_READ, memory,
                             UINT64_MAX & ~(uint64_t)(PAGE_SIZE - 1)),
                     STATUS_BAD_VALUE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, boot, act_fini)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(who_is_dead_is_dead_for_the_rest_of_the_submission),
        TEST(a_thread_that_ends_unstarted_is_over_at_once),
        TEST(a_process_ends_with_its_last_thread_whoever_ends_that),
        TEST(threads_are_made_by_the_job_of_their_process),
        TEST(a_builder_of_a_killed_job_builds_nothing_more),
        TEST(who_sleeps_by_a_capability_that_is_gone_is_not_woken),
        TEST(an_exit_is_told_to_the_next_where_the_first_may_not_know_any_more),
        TEST(an_answer_too_long_for_a_fault_ends_the_process_with_the_fault),
        TEST(a_fault_that_is_answered_after_the_kill_wakes_nobody),
        TEST(a_fault_that_uses_up_a_lease_is_recorded_with_what_it_changed),
        TEST(a_time_limit_beyond_the_end_of_time_is_none),
        TEST(a_slot_whose_number_would_come_again_is_never_used_again),
        TEST(a_line_may_be_empty),
        TEST(a_message_with_a_pointer_that_leads_nowhere_is_none),
        TEST(memory_is_mapped_from_within_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
