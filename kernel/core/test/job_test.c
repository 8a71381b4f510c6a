// SPDX-License-Identifier: Apache-2.0
//
// Jobs: limits that are carved and come back, refusals that change nothing, what is killed with a
// job, and who is told of an exit.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/core/test/jobs.h"
#include "kernel/core/test/waiting.h"

static const char *const programs[] = {"init", "child", "other", NULL};
static uint32_t init;
static cap_t root;

static int boot(void **state)
{
    (void)state;
    if (!machine_boot(&(struct machine_options){.programs = programs})) {
        return 1;
    }
    init = (uint32_t)machine.running;
    root = act_named(init, "job");
    return 0;
}

static cap_t child_of(cap_t parent, const uint32_t limits[RESOURCE_COUNT])
{
    return act_job(init, parent, limits, PRIORITY_DEFAULT);
}

static const uint32_t enough[RESOURCE_COUNT] = {
    [RESOURCE_JOBS] = 2,      [RESOURCE_PROCESSES] = 3, [RESOURCE_THREADS] = 3,
    [RESOURCE_OBJECTS] = 20,  [RESOURCE_FACETS] = 20,   [RESOURCE_HOLDS] = 20,
    [RESOURCE_MAPPINGS] = 20, [RESOURCE_PAGES] = 200,   [RESOURCE_SPACE] = 400,
    [RESOURCE_CALLS] = 8,     [RESOURCE_LOG] = 100,
};

static uint32_t limit_of(cap_t job, uint32_t number)
{
    struct act_answer answer;
    uint32_t value;

    act_object(init, job, JOB_LIMITS, NULL, &answer);
    assert_int_equal(act_fact(&answer.cqe), STATUS_OK);
    struct capnp_data data =
        job_limits_results_get_limits(job_limits_results_read(&answer.message));
    assert_int_equal(data.size, 2 * RESOURCE_COUNT * 4);
    memcpy(&value, data.data + (uint64_t)number * 4, sizeof(value));
    return value;
}

// A process of this job that runs `child`.
static uint32_t process_in(cap_t job)
{
    cap_t process;

    cap_t builder = act_builder_in(init, job);
    assert_int_equal(act_grant(init, builder, "timer", 5, act_named(init, "timer")), STATUS_OK);
    assert_int_equal(act_start_in(init, job, builder, &process), STATUS_OK);
    assert_int_equal(act_do_fact(init, act_release(builder)), STATUS_OK);
    assert_int_equal(act_do_fact(init, act_release(process)), STATUS_OK);
    return machine.newest_thread;
}

static void a_childs_limits_are_carved_and_come_back(void **state)
{
    uint32_t before[RESOURCE_COUNT];

    (void)state;
    for (uint32_t i = 0; i < RESOURCE_COUNT; i++) {
        before[i] = limit_of(root, i);
    }
    cap_t job = child_of(root, enough);
    for (uint32_t i = 0; i < RESOURCE_COUNT; i++) {
        assert_int_equal(limit_of(job, i), enough[i]);
        assert_int_equal(limit_of(root, i), before[i] - enough[i]);
    }
    cap_t grandchild = child_of(job, (const uint32_t[RESOURCE_COUNT]){[RESOURCE_PAGES] = 150});
    assert_int_equal(limit_of(job, RESOURCE_PAGES), 50);
    // The parent's last hold goes first: it stays while its child needs it.
    assert_int_equal(act_do_fact(init, act_release(job)), STATUS_OK);
    assert_int_equal(limit_of(root, RESOURCE_PAGES), before[RESOURCE_PAGES] - 200);
    assert_int_equal(act_do_fact(init, act_release(grandchild)), STATUS_OK);
    for (uint32_t i = 0; i < RESOURCE_COUNT; i++) {
        assert_int_equal(limit_of(root, i), before[i]);
    }
    assert_int_equal(act_core()->state.arenas[ARENA_JOBS].live, 1);
}

static void a_refused_child_changes_nothing(void **state)
{
    cap_t job;

    (void)state;
    for (uint32_t i = 0; i < RESOURCE_COUNT; i++) {
        uint32_t limits[RESOURCE_COUNT] = {0};
        struct act_snapshot before = act_snapshot();
        limits[i] = UINT32_MAX;
        enum status fact = act_job_fact(init, root, limits, sizeof(limits), 0, &job);
        assert_true(fact != STATUS_OK && fact != STATUS_BAD_VALUE);
        assert_true(act_same(&before));
    }
    struct act_snapshot before = act_snapshot();
    assert_int_equal(act_job_fact(init, root, enough, 44, 0, &job), STATUS_BAD_VALUE);
    assert_int_equal(act_job_fact(init, root, enough, 48, PRIORITY_DEFAULT + 1, &job),
                     STATUS_BAD_VALUE);
    assert_true(act_same(&before));
}

// The hold of the child is paid as well, where the caller's job is the parent.
static void a_child_leaves_room_for_its_own_hold(void **state)
{
    cap_t job;
    uint32_t used = limit_of(root, RESOURCE_COUNT + RESOURCE_HOLDS);
    uint32_t left = limit_of(root, RESOURCE_HOLDS) - used;
    uint32_t limits[RESOURCE_COUNT] = {[RESOURCE_HOLDS] = left};

    (void)state;
    struct act_snapshot before = act_snapshot();
    assert_int_equal(act_job_fact(init, root, limits, sizeof(limits), 0, &job),
                     STATUS_OUT_OF_HOLDS);
    assert_true(act_same(&before));
    limits[RESOURCE_HOLDS] = left - 1;
    child_of(root, limits);
    assert_int_equal(limit_of(root, RESOURCE_HOLDS),
                     limit_of(root, RESOURCE_COUNT + RESOURCE_HOLDS));
}

static void jobs_stand_eight_deep_at_most(void **state)
{
    uint32_t limits[RESOURCE_COUNT] = {[RESOURCE_JOBS] = 20,
                                       [RESOURCE_OBJECTS] = 20,
                                       [RESOURCE_FACETS] = 20,
                                       [RESOURCE_HOLDS] = 20};
    cap_t job = root;

    (void)state;
    for (uint32_t depth = 1; depth < JOB_DEPTH_MAX; depth++) {
        job = child_of(job, limits);
        for (uint32_t i = 0; i < RESOURCE_COUNT; i++) {
            limits[i] -= limits[i] > 1 ? 2 : 0;
        }
    }
    assert_int_equal(act_job_fact(init, job, limits, sizeof(limits), 0, &job), STATUS_BAD_VALUE);
}

static void a_job_makes_no_more_than_its_limit(void **state)
{
    uint32_t limits[RESOURCE_COUNT];
    struct act_answer answer;

    (void)state;
    memcpy(limits, enough, sizeof(limits));
    limits[RESOURCE_PROCESSES] = 1;
    cap_t job = child_of(root, limits);
    process_in(job);
    struct act_snapshot before = act_snapshot();
    act_object(init, job, JOB_MAKE_PROCESS_BUILDER, NULL, &answer);
    assert_int_equal(act_fact(&answer.cqe), STATUS_LIMIT_PROCESSES);
    assert_true(act_same(&before));
}

static void a_facet_needs_room_for_both_its_holds(void **state)
{
    cap_t process;

    (void)state;
    cap_t job = child_of(root, enough);
    cap_t builder = act_builder_in(init, job);
    cap_t manager = act_named(init, "capabilities");
    assert_int_equal(act_grant(init, builder, "capabilities", 12, manager), STATUS_OK);
    assert_int_equal(act_start_in(init, job, builder, &process), STATUS_OK);
    uint32_t thread = machine.newest_thread;
    while (limit_of(job, RESOURCE_COUNT + RESOURCE_HOLDS) + 1 < enough[RESOURCE_HOLDS]) {
        act_give(init, manager, thread);
    }
    struct act_snapshot before = act_snapshot();
    struct act_facet made = act_facet(thread, act_named(thread, "capabilities"), 1, 0, 0);
    assert_int_equal(made.fact, STATUS_LIMIT_HOLDS);
    assert_true(act_same(&before));
}

static void waiting_is_charged_to_the_job(void **state)
{
    uint32_t limits[RESOURCE_COUNT];
    struct sqe sqe;

    (void)state;
    memcpy(limits, enough, sizeof(limits));
    limits[RESOURCE_CALLS] = 2;
    cap_t job = child_of(root, limits);
    cap_t server = act_endpoint(init, 64);
    struct act_facet client = act_facet(init, server, 1, 0x5000, 0);
    cap_t process;
    cap_t builder = act_builder_in(init, job);
    assert_int_equal(act_grant(init, builder, "it", 2, client.facet), STATUS_OK);
    assert_int_equal(act_start_in(init, job, builder, &process), STATUS_OK);
    uint32_t thread = machine.newest_thread;
    for (uint32_t i = 0; i < 2; i++) {
        sqe = act_call(act_named(thread, "it"), 0, i);
        act_submit(thread, sqe);
    }
    assert_int_equal(limit_of(job, RESOURCE_COUNT + RESOURCE_CALLS), 2);
    assert_int_equal(act_do_fact(thread, sqe), STATUS_LIMIT_CALLS);
}

static void a_server_gives_a_lent_priority_back_when_its_caller_gave_up(void **state)
{
    enum { RECV_AT = ACT_FREE + 1024, RECV_SIZE = (int)sizeof(struct message_header) + 64 };
    cap_t job;
    cap_t process;

    (void)state;
    assert_int_equal(act_job_fact(init, root, enough, sizeof(enough), 5, &job), STATUS_OK);
    cap_t server = act_endpoint(init, 64);
    cap_t client = act_facet(init, server, 1, 0x5000, 0).facet;
    cap_t builder = act_builder_in(init, job);
    assert_int_equal(act_grant(init, builder, "server", 6, server), STATUS_OK);
    assert_int_equal(act_start_in(init, job, builder, &process), STATUS_OK);
    uint32_t thread = machine.newest_thread;
    struct sqe call = act_call(client, 0, 1);
    call.arg = 1000; // the limit of its waiting
    act_submit(init, call);
    machine_enter(init, 1, TIMEOUT_NONE);
    struct cqe cqe = act_do(thread, act_recv(act_named(thread, "server"), RECV_AT, RECV_SIZE, 2));
    assert_int_equal(act_core()->threads[thread].priority, PRIORITY_DEFAULT);
    machine_timer(machine.now_ns + 1000);
    assert_true(machine_run_until(init));
    struct cqe lost = act_reap(init);
    assert_int_equal(act_fact(&lost), STATUS_TIMED_OUT);
    machine_enter(init, 1, 1000000000);
    assert_int_equal(act_do_fact(thread, act_return(cqe.extra, 3)), STATUS_CALLER_LOST);
    assert_int_equal(act_core()->threads[thread].priority, 5);
}

// The end of a slice changes nothing for who has nobody of its own priority beside it, and who
// wakes up with a higher one doesn't wait for the end of another's slice.
static void a_higher_priority_runs_whenever_it_can(void **state)
{
    enum { SLICE_NS = 5000000, NAP_NS = 1000 };
    cap_t job;

    (void)state;
    assert_int_equal(act_job_fact(init, root, enough, sizeof(enough), PRIORITY_DEFAULT - 1, &job),
                     STATUS_OK);
    uint32_t lower = process_in(job);
    uint32_t equal = process_in(root);
    machine_timer(machine.now_ns + SLICE_NS);
    assert_int_equal(machine.running, equal);
    machine_exit(equal, 0);
    assert_int_equal(machine.running, init);
    machine_timer(machine.now_ns + SLICE_NS);
    assert_int_equal(machine.running, init);
    machine_enter(init, 1, NAP_NS);
    assert_int_equal(machine.running, lower);
    machine_timer(machine.now_ns + NAP_NS);
    assert_int_equal(machine.running, init);
}

static void killing_a_job_ends_all_below_it_and_nothing_else(void **state)
{
    struct act_answer answer;
    cap_t job = child_of(root, enough);
    cap_t below = child_of(job, (const uint32_t[RESOURCE_COUNT]){[RESOURCE_PROCESSES] = 1,
                                                                 [RESOURCE_THREADS] = 1,
                                                                 [RESOURCE_OBJECTS] = 9,
                                                                 [RESOURCE_FACETS] = 9,
                                                                 [RESOURCE_HOLDS] = 9,
                                                                 [RESOURCE_MAPPINGS] = 9,
                                                                 [RESOURCE_PAGES] = 100,
                                                                 [RESOURCE_SPACE] = 200});
    (void)state;
    process_in(job);
    process_in(below);
    uint32_t other = process_in(root);
    uint64_t processes = act_core()->live_count;
    act_object(init, job, JOB_KILL, NULL, &answer);
    assert_int_equal(act_fact(&answer.cqe), STATUS_OK);
    assert_true(machine_run_until(init));
    assert_int_equal(act_core()->live_count, processes - 2);
    assert_true(machine_run_until(other));
    assert_true(machine_run_until(init));
    act_object(init, below, JOB_MAKE_PROCESS_BUILDER, NULL, &answer);
    assert_int_equal(act_fact(&answer.cqe), STATUS_JOB_OVER);
    // Both exits are the root's to hear of; the jobs go when they are told.
    assert_int_equal(act_do_fact(init, act_release(job)), STATUS_OK);
    assert_int_equal(act_do_fact(init, act_release(below)), STATUS_OK);
    for (uint32_t i = 0; i < 2; i++) {
        act_next_exit(init, 70 + i);
        struct cqe cqe = act_reap(init);
        assert_int_equal(cqe.user_data, 70 + i);
        assert_int_equal(act_exit_read(init, &cqe).cause, EXIT_KILLED);
    }
    assert_int_equal(act_core()->state.arenas[ARENA_JOBS].live, 1);
}

static void a_program_that_kills_its_own_job_is_gone_and_the_machine_goes_on(void **state)
{
    cap_t job = child_of(root, enough);
    cap_t process;

    (void)state;
    cap_t builder = act_builder_in(init, job);
    assert_int_equal(act_grant(init, builder, "job", 3, job), STATUS_OK);
    assert_int_equal(act_start_in(init, job, builder, &process), STATUS_OK);
    uint32_t thread = machine.newest_thread;
    act_submit(thread, act_call(act_named(thread, "job"), JOB_KILL, 1));
    assert_true(machine_run_until(init));
    assert_int_equal(act_core()->live_count, 1);
    act_next_exit(init, 9);
    struct cqe cqe = act_reap(init);
    assert_int_equal(act_exit_read(init, &cqe).cause, EXIT_KILLED);
}

static void a_killed_process_says_so(void **state)
{
    cap_t builder = act_builder(init);
    struct act_answer answer;
    cap_t process;

    (void)state;
    assert_int_equal(act_start(init, builder, &process), STATUS_OK);
    for (uint32_t i = 0; i < 2; i++) { // again changes nothing
        act_object(init, process, PROCESS_KILL, NULL, &answer);
        assert_int_equal(act_fact(&answer.cqe), STATUS_OK);
    }
    act_object(init, process, PROCESS_STATUS, NULL, &answer);
    struct process_status_results_reader status = process_status_results_read(&answer.message);
    assert_int_equal(process_status_results_get_state(status), PROCESS_STATE_ENDED);
    assert_int_equal(process_status_results_get_cause(status), EXIT_CAUSE_KILLED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, boot, act_fini)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_childs_limits_are_carved_and_come_back),
        TEST(a_refused_child_changes_nothing),
        TEST(a_child_leaves_room_for_its_own_hold),
        TEST(jobs_stand_eight_deep_at_most),
        TEST(a_job_makes_no_more_than_its_limit),
        TEST(a_facet_needs_room_for_both_its_holds),
        TEST(waiting_is_charged_to_the_job),
        TEST(a_server_gives_a_lent_priority_back_when_its_caller_gave_up),
        TEST(a_higher_priority_runs_whenever_it_can),
        TEST(killing_a_job_ends_all_below_it_and_nothing_else),
        TEST(a_program_that_kills_its_own_job_is_gone_and_the_machine_goes_on),
        TEST(a_killed_process_says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
