// SPDX-License-Identifier: Apache-2.0
//
// Accounts of processor time: who has used up a share runs only while nobody else wants to; what a
// server does for a caller is the caller's; and what ceilings, priorities of callers and the
// clock's page are.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/core/test/act.h"
#include "kernel/core/test/jobs.h"
#include "kernel/core/test/memory.h"

enum {
    MESSAGE = 64,
    RECV_SIZE = (int)sizeof(struct message_header) + MESSAGE,
    RECV_AT = ACT_FREE + 1024,
    INTERFACE = 0x5000,
    MS = 1000000,
    WINDOW_MS = 100,
    WATCHED_MS = 20 * WINDOW_MS,
};

static const char *const programs[] = {"init", NULL};
static uint32_t init;

static int boot(void **state)
{
    (void)state;
    bool is_booted = machine_boot(&(struct machine_options){.programs = programs});
    init = is_booted ? (uint32_t)machine.running : 0;
    return is_booted ? 0 : 1;
}

static enum status child_fact(uint32_t thread, cap_t parent, uint32_t share, uint32_t priority,
                              bool is_drainer, cap_t *job)
{
    static const uint32_t limits[RESOURCE_COUNT] = {
        [RESOURCE_JOBS] = 1,    [RESOURCE_PROCESSES] = 1, [RESOURCE_THREADS] = 1,
        [RESOURCE_OBJECTS] = 9, [RESOURCE_FACETS] = 9,    [RESOURCE_HOLDS] = 9,
        [RESOURCE_PAGES] = 200, [RESOURCE_SPACE] = 400,   [RESOURCE_MAPPINGS] = 20,
        [RESOURCE_CALLS] = 9,
    };
    struct capnp_builder message = act_message();
    struct job_child_params_builder params = job_child_params_build(&message);
    struct act_answer answer;

    job_child_params_set_limits(
        params, (struct capnp_data){(const uint8_t *)limits, (uint32_t)sizeof(limits)});
    job_child_params_set_share(params, share);
    job_child_params_set_priority(params, priority);
    job_child_params_set_is_drainer(params, is_drainer);
    act_object(thread, parent, JOB_CHILD, &message, &answer);
    job->value = job_child_results_get_job(job_child_results_read(&answer.message)).id;
    return act_fact(&answer.cqe);
}

// The thread of a process in a job with this share and priority, which has the capability as "it".
static uint32_t thread_of(uint32_t share, uint32_t priority, cap_t it)
{
    cap_t job;
    cap_t process;

    assert_int_equal(child_fact(init, act_named(init, "job"), share, priority, false, &job),
                     STATUS_OK);
    cap_t builder = act_builder_in(init, job);
    assert_int_equal(act_grant(init, builder, "it", 2, it), STATUS_OK);
    assert_int_equal(act_start_in(init, job, builder, &process), STATUS_OK);
    return machine.newest_thread;
}

static const struct job_record *account_of(uint32_t thread)
{
    return &act_core()->jobs[act_core()->threads[thread].job];
}

// How many thousandths of a time each of the threads ran that all compute for ever.
static void watch(const uint32_t threads[], uint32_t count, uint32_t thousandths[])
{
    for (uint32_t i = 0; i < count; i++) {
        thousandths[i] = 0;
    }
    for (uint32_t ms = 0; ms < WATCHED_MS; ms++) {
        for (uint32_t i = 0; i < count; i++) {
            thousandths[i] += machine.running == (int32_t)threads[i] ? 1 : 0;
        }
        machine_timer(machine.now_ns + MS);
    }
    for (uint32_t i = 0; i < count; i++) {
        thousandths[i] = thousandths[i] * 1000 / WATCHED_MS;
    }
}

static void assert_near(uint32_t value, uint32_t wanted)
{
    assert_in_range(value, wanted < 25 ? 0 : wanted - 25, wanted + 25);
}

// --- Shares -------------------------------------------------------------------------------------

static void where_all_want_all_each_gets_its_share(void **state)
{
    (void)state;
    uint32_t threads[] = {init, 0, 0};
    uint32_t got[3];
    threads[1] = thread_of(200, PRIORITY_DEFAULT, act_named(init, "timer"));
    threads[2] = thread_of(100, PRIORITY_DEFAULT, act_named(init, "timer"));
    watch(threads, 3, got);
    assert_near(got[0], 700);
    assert_near(got[1], 200);
    assert_near(got[2], 100);
}

static void a_share_is_no_limit_while_nobody_else_wants_to_run(void **state)
{
    (void)state;
    uint32_t threads[] = {thread_of(100, PRIORITY_DEFAULT, act_named(init, "timer")), 0};
    uint32_t got[2];
    threads[1] = thread_of(100, PRIORITY_DEFAULT, act_named(init, "timer"));
    machine_enter(init, 1, 1000000000000); // for longer than is watched
    watch(threads, 2, got);
    assert_near(got[0], 500);
    assert_near(got[1], 500);
}

// A higher priority is above a lower one of those who have time; who has used up its time is below.
static void a_higher_priority_cannot_take_more_than_its_share_from_others(void **state)
{
    (void)state;
    uint32_t threads[] = {thread_of(300, 16, act_named(init, "timer")), 0};
    uint32_t got[2];
    threads[1] = thread_of(600, 3, act_named(init, "timer"));
    machine_enter(init, 1, 1000000000000);
    watch(threads, 2, got);
    assert_in_range(got[0], 300, 425);
    assert_in_range(got[1], 575, 700);
}

static void who_has_no_share_runs_while_nobody_else_wants_to(void **state)
{
    (void)state;
    uint32_t threads[] = {init, thread_of(0, PRIORITY_DEFAULT, act_named(init, "timer"))};
    uint32_t got[2];
    watch(threads, 2, got);
    assert_near(got[1], 0);
    assert_true(machine_run_until(init));
    machine_enter(init, 1, 1000000000000);
    assert_int_equal(machine.running, threads[1]);
}

// However long somebody ran alone, a window's time is all that it owes.
static void a_debt_is_at_most_what_one_window_brings(void **state)
{
    (void)state;
    uint32_t threads[] = {thread_of(500, PRIORITY_DEFAULT, act_named(init, "timer")), init};
    uint32_t got[2];
    machine_enter(init, 1, 100000ULL * MS);
    assert_int_equal(machine.running, threads[0]);
    machine_timer(machine.now_ns + 100000ULL * MS); // and init is ready again
    watch(threads, 2, got);
    assert_near(got[0], 500);
    assert_near(got[1], 500);
}

static void a_share_is_the_parents_again_when_the_child_is_gone(void **state)
{
    cap_t job;
    cap_t below;

    (void)state;
    uint32_t share = account_of(init)->share;
    assert_int_equal(child_fact(init, act_named(init, "job"), 400, 5, false, &job), STATUS_OK);
    assert_int_equal(account_of(init)->share, share - 400);
    assert_int_equal(child_fact(init, job, 401, 5, false, &below), STATUS_BAD_VALUE);
    assert_int_equal(child_fact(init, job, 400, 6, false, &below), STATUS_BAD_VALUE);
    assert_int_equal(act_do_fact(init, act_release(job)), STATUS_OK);
    assert_int_equal(account_of(init)->share, share);
    assert_int_equal(child_fact(init, act_named(init, "job"), share + 1, 5, false, &job),
                     STATUS_BAD_VALUE);
}

// Many small shares are no more than they say, though a slice is longer than each.
static void small_shares_are_small(void **state)
{
    (void)state;
    uint32_t threads[8] = {init};
    uint32_t got[8];
    for (uint32_t i = 1; i < 8; i++) {
        threads[i] = thread_of(1, PRIORITY_DEFAULT, act_named(init, "timer"));
    }
    watch(threads, 8, got);
    assert_in_range(got[0], 950, 1000);
}

// Windows that pass pay what was used in one: who slept meanwhile has time at once.
static void windows_that_pass_pay_a_debt(void **state)
{
    (void)state;
    uint32_t thread = thread_of(100, PRIORITY_DEFAULT, act_named(init, "timer"));
    uint32_t other = thread_of(500, PRIORITY_DEFAULT, act_named(init, "timer"));
    machine_timer(200 * MS * (1 + machine.now_ns / (200 * MS)));
    assert_true(machine_run_until(other));
    machine_enter(other, 1, 1030 * MS);
    assert_true(machine_run_until(init));
    machine_enter(init, 1, 100000ULL * MS);
    assert_int_equal(machine.running, thread);
    machine_timer(machine.now_ns + 30 * MS); // three times its share
    machine_enter(thread, 1, 1000 * MS);
    machine_timer(machine.now_ns + 1005 * MS);
    uint32_t waited_ms = 0;
    for (; machine.running != (int32_t)thread && waited_ms < 200; waited_ms++) {
        machine_timer(machine.now_ns + MS);
    }
    assert_in_range(waited_ms, 0, 6); // a slice of the other one
}

// --- Who serves ---------------------------------------------------------------------------------

static cap_t server_new(uint32_t ceiling, enum status *fact)
{
    struct capnp_builder message = act_message();
    struct job_make_endpoint_params_builder params = job_make_endpoint_params_build(&message);
    struct act_answer answer;

    job_make_endpoint_params_set_message_max(params, MESSAGE);
    job_make_endpoint_params_set_ceiling(params, ceiling);
    act_object(init, act_named(init, "job"), JOB_MAKE_ENDPOINT, &message, &answer);
    *fact = act_fact(&answer.cqe);
    return (cap_t){
        job_make_endpoint_results_get_server(job_make_endpoint_results_read(&answer.message)).id};
}

static void receive(cap_t server)
{
    struct sqe recv = act_recv(server, RECV_AT, RECV_SIZE, 3);
    assert_true(machine_submit(init, &recv));
    machine_enter(init, 1, TIMEOUT_NONE);
}

static void call(uint32_t thread, uint64_t number)
{
    assert_true(machine_run_until(thread));
    struct sqe sqe = act_call(act_named(thread, "it"), 0, number);
    assert_true(machine_submit(thread, &sqe));
    machine_enter(thread, 1, TIMEOUT_NONE);
}

static void what_a_server_does_for_a_caller_the_caller_pays(void **state)
{
    enum status fact;

    (void)state;
    cap_t server = server_new(0, &fact);
    uint32_t caller = thread_of(300, 5, act_facet(init, server, 1, INTERFACE, 0).facet);
    receive(server);
    assert_int_equal(machine.running, caller);
    uint64_t own_ns = account_of(init)->used_ns;
    call(caller, 1);
    assert_int_equal(machine.running, init);
    machine_timer(machine.now_ns + 3 * MS);
    machine_timer(machine.now_ns + 3 * MS);
    assert_true(account_of(caller)->used_ns >= 6 * MS);
    assert_true(account_of(init)->used_ns <= own_ns);
}

static void a_server_whose_callers_time_is_over_finishes_on_its_own(void **state)
{
    enum status fact;
    struct cqe cqe;

    (void)state;
    cap_t server = server_new(0, &fact);
    uint32_t caller = thread_of(10, 16, act_facet(init, server, 1, INTERFACE, 0).facet);
    uint32_t other = thread_of(500, 16, act_named(init, "timer"));
    receive(server);
    call(caller, 1);
    assert_true(machine_run_until(init));
    uint32_t threads[] = {init, other};
    uint32_t got[2];
    watch(threads, 2, got);
    assert_in_range(got[0], 400, 600); // with 490 of its own; with 10 it were hardly anything
    assert_true(machine_run_until(init));
    assert_true(machine_reap(init, &cqe));
    assert_int_equal(act_do_fact(init, act_return(cqe.extra, 4)), STATUS_OK);
}

// What the server has is nothing: its caller's share is what counts, in each window again.
static void a_server_without_a_share_has_its_callers(void **state)
{
    enum status fact;

    (void)state;
    cap_t server = server_new(0, &fact);
    uint32_t serving = thread_of(0, 5, server);
    uint32_t caller = thread_of(500, 5, act_facet(init, server, 1, INTERFACE, 0).facet);
    machine_enter(init, 1, 300 * MS);
    assert_true(machine_run_until(serving));
    struct sqe recv = act_recv(act_named(serving, "it"), RECV_AT, RECV_SIZE, 3);
    assert_true(machine_submit(serving, &recv));
    machine_enter(serving, 1, TIMEOUT_NONE);
    assert_true(machine_run_until(caller));
    machine_timer(machine.now_ns + 80 * MS); // its share is used up
    call(caller, 1);
    machine_timer(machine.now_ns + 400 * MS);
    const uint32_t threads[] = {serving, init};
    uint32_t got[2];
    watch(threads, 2, got);
    assert_near(got[0], 500);
}

static void a_server_runs_at_its_endpoints_ceiling_at_least(void **state)
{
    enum status fact;
    struct cqe cqe;

    (void)state;
    cap_t server = server_new(12, &fact);
    assert_int_equal(fact, STATUS_OK);
    uint32_t serving = thread_of(100, 5, server);
    cap_t facet = act_facet(init, server, 1, INTERFACE, 0).facet;
    uint32_t low = thread_of(100, 3, facet);
    uint32_t high = thread_of(100, 14, facet);
    machine_enter(init, 1, 1000000000000);
    const uint32_t callers[] = {low, high};
    for (uint32_t i = 0; i < 2; i++) {
        assert_true(machine_run_until(serving));
        struct sqe recv = act_recv(act_named(serving, "it"), RECV_AT, RECV_SIZE, 3);
        assert_true(machine_submit(serving, &recv));
        machine_enter(serving, 1, TIMEOUT_NONE);
        call(callers[i], 1);
        assert_int_equal(act_core()->threads[serving].priority, i == 0 ? 12 : 14);
        assert_true(machine_run_until(serving));
        assert_true(machine_reap(serving, &cqe));
        act_submit(serving, act_return(cqe.extra, 4));
        assert_int_equal(act_core()->threads[serving].priority, 5);
        assert_true(machine_run_until(serving));
        assert_true(machine_reap(serving, &cqe));
        assert_true(machine_run_until(callers[i]));
        assert_true(machine_reap(callers[i], &cqe));
        machine_enter(callers[i], 1, 1000000000000);
    }
    assert_true(machine_run_until(init));
    server_new(PRIORITY_DEFAULT + 1, &fact);
    assert_int_equal(fact, STATUS_BAD_VALUE);
}

static void calls_of_a_higher_priority_are_received_first(void **state)
{
    enum status fact;
    uint32_t callers[4];
    static const uint32_t priorities[] = {5, 9, 5, 9};
    static const uint32_t order[] = {1, 3, 0, 2};

    (void)state;
    cap_t server = server_new(0, &fact);
    for (uint32_t i = 0; i < 4; i++) {
        cap_t facet = act_facet(init, server, 1, INTERFACE, i).facet;
        callers[i] = thread_of(50, priorities[i], facet);
    }
    machine_enter(init, 1, MS);
    for (uint32_t i = 0; i < 4; i++) {
        call(callers[i], 1);
    }
    assert_true(machine_run_until(init));
    for (uint32_t i = 0; i < 4; i++) {
        struct cqe cqe = act_do(init, act_recv(server, RECV_AT, RECV_SIZE, 3));
        assert_true(cqe.status > 0);
        assert_int_equal(act_header(init, RECV_AT).receiver_data, order[i]);
    }
}

// --- Jobs that take pages of the log away, and the clock -----------------------------------------

static void only_a_drainer_makes_a_drainer(void **state)
{
    cap_t drainer;
    cap_t plain;
    cap_t below;

    (void)state;
    assert_int_equal(child_fact(init, act_named(init, "job"), 0, 5, true, &drainer), STATUS_OK);
    assert_int_equal(child_fact(init, act_named(init, "job"), 0, 5, false, &plain), STATUS_OK);
    assert_int_equal(child_fact(init, plain, 0, 5, true, &below), STATUS_BAD_VALUE);
    uint32_t drainers = 0;
    for (uint32_t job = 0; job < act_core()->state.arenas[ARENA_JOBS].fresh; job++) {
        drainers += (act_core()->state.jobs[job].flags & JOB_DRAINER) != 0 ? 1 : 0;
    }
    assert_int_equal(drainers, 2); // it, and the root job
}

static void the_clocks_page_says_when_the_kernel_was_last_entered(void **state)
{
    uint64_t shown_ns;

    (void)state;
    for (uint32_t i = 0; i < 3; i++) {
        machine.now_ns += 12345;
        machine_enter(init, 0, 0);
        memcpy(&shown_ns, act_core()->clock, sizeof(shown_ns));
        assert_int_equal(shown_ns, machine.now_ns);
    }
    assert_int_equal(act_write(init, act_named(init, "clock"), 0, &shown_ns, 8), STATUS_SEALED);
    assert_int_equal(act_read(init, act_named(init, "clock"), 0, &shown_ns, 8), 8);
    assert_int_equal(shown_ns, machine.now_ns);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, boot, act_fini)
    const struct CMUnitTest tests[] = {
        TEST(where_all_want_all_each_gets_its_share),
        TEST(a_share_is_no_limit_while_nobody_else_wants_to_run),
        TEST(a_higher_priority_cannot_take_more_than_its_share_from_others),
        TEST(who_has_no_share_runs_while_nobody_else_wants_to),
        TEST(a_debt_is_at_most_what_one_window_brings),
        TEST(a_share_is_the_parents_again_when_the_child_is_gone),
        TEST(small_shares_are_small),
        TEST(windows_that_pass_pay_a_debt),
        TEST(what_a_server_does_for_a_caller_the_caller_pays),
        TEST(a_server_whose_callers_time_is_over_finishes_on_its_own),
        TEST(a_server_without_a_share_has_its_callers),
        TEST(a_server_runs_at_its_endpoints_ceiling_at_least),
        TEST(calls_of_a_higher_priority_are_received_first),
        TEST(only_a_drainer_makes_a_drainer),
        TEST(the_clocks_page_says_when_the_kernel_was_last_entered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
