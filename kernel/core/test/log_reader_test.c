// SPDX-License-Identifier: Apache-2.0
//
// The log's reader: what it says of both logs, and how changes of authority wait for the room that
// its acknowledgements make, while all else goes on.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/core/test/jobs.h"
#include "kernel/core/test/memory.h"

enum {
    SECOND_NS = 1000000000,
    CLIENT = 0x1234, // an interface
    FLOOD = 20000,   // facets made and dropped: several times what the log holds
};

static uint32_t init;
static uint32_t reader; // a thread that may read the log
static cap_t log_cap;

static int boot(void **state)
{
    (void)state;
    if (!act_threads_boot()) {
        return 1;
    }
    init = (uint32_t)machine.running;
    reader = act_process(init, "log", act_named(init, "log"));
    log_cap = act_named(reader, "log");
    return 0;
}

static const struct log *the_log(void)
{
    return act_core()->log;
}

static struct act_answer state_ask(uint32_t thread, cap_t cap)
{
    struct act_answer answer;

    act_object(thread, cap, LOG_READER_STATE, NULL, &answer);
    assert_int_equal(act_fact(&answer.cqe), STATUS_OK);
    return answer;
}

static enum status acknowledge(uint32_t thread, cap_t cap, uint64_t page)
{
    uint64_t words[8] = {0};
    struct capnp_builder message;
    struct act_answer answer;

    capnp_builder_init(&message, words, sizeof(words));
    log_reader_acknowledge_params_set_page(log_reader_acknowledge_params_build(&message), page);
    act_object(thread, cap, LOG_READER_ACKNOWLEDGE, &message, &answer);
    return act_fact(&answer.cqe);
}

// A program makes an endpoint and drops it, and so on, until it waits.
static void flood_by(uint32_t thread)
{
    uint64_t words[8] = {0};
    struct capnp_builder message;
    struct cqe cqe;

    capnp_builder_init(&message, words, sizeof(words));
    job_make_endpoint_params_set_message_max(job_make_endpoint_params_build(&message), 64);
    uint32_t size = capnp_builder_size(&message);
    machine_message_write(thread, ACT_PAYLOAD, words, size);
    for (uint32_t i = 0; i < FLOOD; i++) {
        struct sqe make = act_call(act_named(thread, "job"), JOB_MAKE_ENDPOINT, 1);
        make.payload = ACT_PAYLOAD;
        make.payload_len = size;
        make.result = ACT_ANSWER;
        make.result_len = ACT_ANSWER_SIZE;
        assert_true(machine_submit(thread, &make));
        machine_enter(thread, 1, SECOND_NS);
        if (!machine_reap(thread, &cqe)) {
            return;
        }
        assert_int_equal(act_fact(&cqe), STATUS_OK);
        struct received made;
        machine_message_read(thread, ACT_ANSWER + (uint32_t)cqe.status, &made, sizeof(made));
        struct sqe release = act_release((cap_t){made.cap});
        assert_true(machine_submit(thread, &release));
        machine_enter(thread, 1, SECOND_NS);
        if (!machine_reap(thread, &cqe)) {
            return;
        }
        assert_int_equal(act_fact(&cqe), STATUS_OK);
    }
    fail_msg("the log never fills");
}

static void flood(void)
{
    flood_by(init);
}

static uint32_t untaken(uint32_t thread)
{
    return ring_kernel_submitted(&act_core()->threads[thread].ring);
}

static void state_says_how_far_the_log_is_and_seals_it(void **state)
{
    (void)state;
    assert_true(machine_run_until(reader));
    for (uint32_t i = 0; i < 3; i++) {
        struct act_answer answer = state_ask(reader, log_cap);
        struct log_reader_state_results_reader results =
            log_reader_state_results_read(&answer.message);
        assert_int_equal(log_reader_state_results_get_first(results), 0);
        assert_int_equal(log_reader_state_results_get_page(results), the_log()->page);
        assert_int_equal(log_reader_state_results_get_seq(results), the_log()->seq);
        assert_int_equal(log_reader_state_results_get_capacity(results), the_log()->page_count);
    }
    assert_int_equal(the_log()->sealing, the_log()->page);
}

static void changes_of_authority_wait_for_room_and_go_on_by_themselves(void **state)
{
    struct cqe cqe;

    (void)state;
    flood();
    assert_int_equal(machine.end, MACHINE_RUNS);
    assert_int_equal(act_core()->threads[init].state, THREAD_WAITING);
    assert_int_equal(untaken(init), 1); // and it was told nothing
    assert_true(the_log()->room >= LOG_DRAINER);
    assert_int_equal(machine.running, reader);
    act_submit(reader, (struct sqe){.opcode = OP_NOP}); // others go on
    act_reap(reader);
    while (the_log()->sealing < the_log()->page) {
        state_ask(reader, log_cap);
    }
    assert_int_equal(acknowledge(reader, log_cap, the_log()->sealing), STATUS_OK);
    assert_true(machine_run_until(init));
    assert_int_equal(untaken(init), 0);
    assert_true(machine_reap(init, &cqe));
    assert_int_equal(act_fact(&cqe), STATUS_OK);
    flood(); // all of it again, over the end of the log's memory
    assert_true(the_log()->page > the_log()->page_count);
}

static void who_is_suspended_meanwhile_goes_on_when_it_is_resumed(void **state)
{
    struct act_control to = {.priority = PRIORITY_DEFAULT, .is_suspended = true};
    uint32_t thread;

    (void)state;
    assert_true(machine_run_until(init));
    cap_t made = act_thread_started(&thread);
    assert_true(machine_run_until(thread));
    flood_by(thread);
    assert_true(machine_run_until(init));
    assert_int_equal(act_control(init, made, to), STATUS_OK);
    assert_true(machine_run_until(reader));
    while (the_log()->sealing < the_log()->page) {
        state_ask(reader, log_cap);
    }
    assert_int_equal(acknowledge(reader, log_cap, the_log()->sealing), STATUS_OK);
    assert_int_equal(untaken(thread), 1);
    assert_true(machine_run_until(init));
    to.is_suspended = false;
    assert_int_equal(act_control(init, made, to), STATUS_OK);
    assert_true(machine_run_until(thread));
    assert_int_equal(untaken(thread), 0);
}

static void a_time_limit_ends_the_wait_and_leaves_the_operation_where_it_was(void **state)
{
    (void)state;
    flood();
    uint64_t seq = the_log()->seq;
    machine_timer(machine.now_ns + 2 * (uint64_t)SECOND_NS);
    assert_true(machine_run_until(init));
    assert_int_equal(untaken(init), 1);
    assert_false(act_has_completion(init));
    assert_int_equal(the_log()->seq, seq);
}

// A thread whose operation waits for room has had a part of its time when a completion comes that
// is not enough.
static void a_completion_that_is_not_enough_leaves_the_time_limit_where_it_was(void **state)
{
    (void)state;
    assert_true(machine_run_until(init));
    cap_t server = act_endpoint(init, 64);
    struct act_facet client = act_facet(init, server, 1, CLIENT, 7);
    struct sqe call = act_call(client.facet, 0, 1);
    call.arg = 5 * (uint64_t)SECOND_NS;
    act_submit(init, call); // nobody takes it
    flood();
    machine_timer(machine.now_ns + SECOND_NS);
    assert_true(machine_run_until(init));
    machine_enter(init, 2, 6 * (uint64_t)SECOND_NS);
    uint64_t end_ns = machine.now_ns + 6 * (uint64_t)SECOND_NS;
    machine_timer(end_ns - SECOND_NS);
    assert_true(act_has_completion(init)); // the call's
    assert_int_equal(act_core()->threads[init].state, THREAD_WAITING);
    machine_timer(end_ns);
    assert_int_equal(act_core()->threads[init].state, THREAD_READY);
    assert_int_equal(untaken(init), 1);
}

static void an_exit_needs_no_room_that_others_could_take(void **state)
{
    (void)state;
    flood();
    assert_int_equal(machine.running, reader);
    uint64_t seq = the_log()->seq;
    act_kill(reader, 0);
    assert_int_equal(machine.end, MACHINE_RUNS);
    assert_true(the_log()->seq > seq);
}

// A process in a job of its own, which is no drainer.
static uint32_t process_apart(void)
{
    static const uint32_t limits[RESOURCE_COUNT] = {
        [RESOURCE_PROCESSES] = 2, [RESOURCE_THREADS] = 2, [RESOURCE_OBJECTS] = 20,
        [RESOURCE_FACETS] = 20,   [RESOURCE_HOLDS] = 20,  [RESOURCE_MAPPINGS] = 20,
        [RESOURCE_PAGES] = 200,   [RESOURCE_SPACE] = 400, [RESOURCE_CALLS] = 8,
    };
    cap_t process;

    cap_t job = act_job(init, act_named(init, "job"), limits, PRIORITY_DEFAULT);
    cap_t builder = act_builder_in(init, job);
    assert_int_equal(act_grant(init, builder, "job", 3, job), STATUS_OK);
    assert_int_equal(act_start_in(init, job, builder, &process), STATUS_OK);
    return machine.newest_thread;
}

static void a_dead_drainer_is_given_back_and_started_again_while_others_wait(void **state)
{
    (void)state;
    uint32_t other = process_apart();
    assert_true(machine_run_until(other));
    flood_by(other);
    assert_int_equal(untaken(other), 1);
    uint32_t live = act_core()->state.arenas[ARENA_OBJECTS].live;
    for (uint32_t i = 0; i < 4; i++) {
        act_kill(reader, 0);
        act_next_exit(init, 1);
        struct cqe cqe = act_reap(init);
        assert_int_equal(act_fact(&cqe), STATUS_OK);
        reader = act_process(init, "log", act_named(init, "log"));
        assert_int_equal(act_core()->state.arenas[ARENA_OBJECTS].live, live);
    }
    assert_int_equal(untaken(other), 1);
}

static uint32_t facets_of(uint64_t interface)
{
    const struct state *state = &act_core()->state;
    uint32_t count = 0;

    for (uint32_t i = 0; i < state->arenas[ARENA_FACETS].fresh; i++) {
        count += arena_is_live(&state->arenas[ARENA_FACETS], i) &&
                 state->facets[i].interface == interface;
    }
    return count;
}

static void what_time_limits_leave_behind_waits_for_room(void **state)
{
    (void)state;
    assert_true(machine_run_until(init));
    cap_t server = act_endpoint(init, 64);
    struct act_facet minted = act_facet(init, server, 1, CLIENT, 7);
    struct act_facet client = act_facet(init, minted.facet, 1, 0, 0);
    struct sqe call = act_call(client.facet, 0, 1);
    call.arg = 5 * (uint64_t)SECOND_NS;
    act_submit(init, call); // nobody takes it: the facet lives by it alone
    assert_int_equal(act_do_fact(init, act_release(client.facet)), STATUS_OK);
    assert_int_equal(act_do_fact(init, act_release(client.revoker)), STATUS_OK);
    flood();
    uint64_t seq = the_log()->seq;
    machine_timer(machine.now_ns + 6 * (uint64_t)SECOND_NS);
    assert_int_equal(act_waiting(), 0);
    assert_int_equal(facets_of(CLIENT), 2);
    assert_int_equal(the_log()->seq, seq);
    core_check(act_core());
    assert_true(machine_run_until(reader));
    while (the_log()->sealing < the_log()->page) {
        state_ask(reader, log_cap);
    }
    assert_int_equal(acknowledge(reader, log_cap, the_log()->sealing), STATUS_OK);
    assert_int_equal(facets_of(CLIENT), 1);
}

static void only_what_is_sealed_is_acknowledged(void **state)
{
    (void)state;
    assert_true(machine_run_until(reader));
    uint64_t sealed = the_log()->sealing;
    assert_int_equal(acknowledge(reader, log_cap, the_log()->page + 1), STATUS_BAD_VALUE);
    assert_int_equal(acknowledge(reader, log_cap, sealed), STATUS_OK);
    assert_int_equal(the_log()->first, sealed);
    if (sealed != 0) {
        assert_int_equal(acknowledge(reader, log_cap, sealed - 1), STATUS_BAD_VALUE);
    }
}

static void flush_closes_the_page(void **state)
{
    struct act_answer answer;

    (void)state;
    assert_true(machine_run_until(reader));
    uint64_t page = the_log()->page;
    act_object(reader, log_cap, LOG_READER_FLUSH, NULL, &answer);
    assert_int_equal(act_fact(&answer.cqe), STATUS_OK);
    assert_int_equal(the_log()->page, page + 1);
}

// What else the turn did takes effect: the time limit of the call before it is armed.
static void a_flush_that_has_no_room_leaves_its_turn_as_it_is(void **state)
{
    (void)state;
    uint32_t other = process_apart();
    assert_true(machine_run_until(init));
    cap_t server = act_endpoint(init, 64);
    struct act_facet client = act_facet(init, server, 1, CLIENT, 7);
    assert_true(machine_run_until(other));
    flood_by(other);
    assert_true(machine_run_until(init));
    uint64_t page = the_log()->page;
    struct sqe call = act_call(client.facet, 0, 1);
    call.arg = 1000;
    struct sqe flush = act_call(act_named(init, "log"), LOG_READER_FLUSH, 2);
    assert_true(machine_submit(init, &call));
    assert_true(machine_submit(init, &flush));
    machine_enter(init, 0, 0);
    struct cqe cqe = act_reap(init);
    assert_int_equal(cqe.user_data, 2);
    assert_int_equal(act_fact(&cqe), STATUS_OK);
    assert_int_equal(the_log()->page, page);
    assert_true(machine.armed_ns <= machine.now_ns + 1000);
}

// 128 bytes of both logs' memory.
static void memory_ask(uint64_t offset, uint8_t bytes[128])
{
    uint64_t words[8] = {0};
    struct capnp_builder message;
    struct act_answer answer;

    capnp_builder_init(&message, words, sizeof(words));
    struct memory_object_read_params_builder params = memory_object_read_params_build(&message);
    memory_object_read_params_set_offset(params, offset);
    memory_object_read_params_set_length(params, 128);
    act_object(init, act_named(init, "log-pages"), MEMORY_OBJECT_READ, &message, &answer);
    struct capnp_data data =
        memory_object_read_results_get_data(memory_object_read_results_read(&answer.message));
    assert_int_equal(data.size, 128);
    memcpy(bytes, data.data, 128);
}

static void the_pages_of_both_logs_can_be_read_and_not_changed(void **state)
{
    uint8_t bytes[128];
    struct act_answer answer;

    (void)state;
    assert_true(machine_run_until(init));
    memory_ask(0, bytes);
    assert_memory_equal(bytes, the_log()->pages, 128);
    memory_ask(the_log()->page_count * LOG_PAGE_SIZE, bytes);
    assert_memory_equal(bytes, act_core()->syslog, 128);
    act_object(init, act_named(init, "log-pages"), MEMORY_OBJECT_INFO, NULL, &answer);
    struct memory_object_info_results_reader info =
        memory_object_info_results_read(&answer.message);
    assert_true(memory_object_info_results_get_sealed(info));
    assert_int_equal(memory_object_info_results_get_size(info),
                     (the_log()->page_count + SYSLOG_PAGES) * PAGE_SIZE);
}

// The record `number`, as its place in memory says.
static struct syslog_record record_ask(uint64_t number)
{
    struct syslog_record records[2];

    memory_ask(the_log()->page_count * LOG_PAGE_SIZE +
                   number % SYSLOG_RECORDS / 2 * sizeof(records),
               (uint8_t *)records);
    return records[number % 2];
}

static void a_commit_names_the_record_of_its_request(void **state)
{
    (void)state;
    assert_true(machine_run_until(init));
    uint64_t seq = the_log()->seq;
    act_endpoint(init, 64);
    const struct commit *commit =
        &log_page(the_log(), seq / COMMITS_PER_PAGE)->records[seq % COMMITS_PER_PAGE];
    assert_int_equal(commit->kind, COMMIT_OBJECT_CREATE);
    struct syslog_record record = record_ask(commit->cause);
    assert_int_equal(record.first_commit, seq);
    assert_int_equal(record.interface, JOB_INTERFACE_ID);
    assert_int_equal(record.operation.opcode, OP_CALL);
    assert_int_equal(record.operation.method, JOB_MAKE_ENDPOINT);
    assert_int_equal(record.sender.thread, init);
}

static void the_oldest_records_are_dropped_and_their_number_is_told(void **state)
{
    (void)state;
    assert_true(machine_run_until(reader));
    for (uint32_t i = 0; i < SYSLOG_RECORDS + 9; i++) {
        act_submit(reader, (struct sqe){.opcode = OP_NOP});
        act_reap(reader);
    }
    uint64_t next = act_core()->syslog_next;
    struct act_answer answer = state_ask(reader, log_cap);
    assert_int_equal(
        log_reader_state_results_get_records(log_reader_state_results_read(&answer.message)), next);
    assert_true(machine_run_until(init));
    assert_int_equal(record_ask(next).interface, LOG_READER_INTERFACE_ID); // state's own record
    assert_int_equal(record_ask(next - 1).operation.opcode, OP_NOP);
    assert_int_equal(record_ask(next - SYSLOG_RECORDS + 8).operation.opcode, OP_NOP);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, boot, act_fini)
    const struct CMUnitTest tests[] = {
        TEST(state_says_how_far_the_log_is_and_seals_it),
        TEST(changes_of_authority_wait_for_room_and_go_on_by_themselves),
        TEST(who_is_suspended_meanwhile_goes_on_when_it_is_resumed),
        TEST(a_time_limit_ends_the_wait_and_leaves_the_operation_where_it_was),
        TEST(a_completion_that_is_not_enough_leaves_the_time_limit_where_it_was),
        TEST(an_exit_needs_no_room_that_others_could_take),
        TEST(a_dead_drainer_is_given_back_and_started_again_while_others_wait),
        TEST(what_time_limits_leave_behind_waits_for_room),
        TEST(only_what_is_sealed_is_acknowledged),
        TEST(flush_closes_the_page),
        TEST(a_flush_that_has_no_room_leaves_its_turn_as_it_is),
        TEST(the_pages_of_both_logs_can_be_read_and_not_changed),
        TEST(a_commit_names_the_record_of_its_request),
        TEST(the_oldest_records_are_dropped_and_their_number_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
