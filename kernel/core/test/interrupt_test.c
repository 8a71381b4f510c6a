// SPDX-License-Identifier: Apache-2.0
//
// Interrupts where they come at a bad time: amid an entry, to a crowd, and while the log is full.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/core/test/devices.h"
#include "kernel/core/test/waiting.h"

enum {
    LINE = 5,
};

static uint32_t init;
static cap_t bell;

static int boot(void **state)
{
    (void)state;
    return devices_boot(&init, &bell);
}

// A thread whose first SQE completes so much that the turn ends before the second is taken.
static void an_interrupt_amid_an_entry_leaves_it_to_be_finished(void **state)
{
    enum { WAITERS = 16 };
    struct sqe sqes[] = {act_signal(bell, UINT64_MAX), {.opcode = OP_NOP, .user_data = 99}};
    struct input enter = {.kind = INPUT_ENTER, .enter = {.min_complete = WAITERS + 2}};
    const struct input interrupt = {.kind = INPUT_INTERRUPT, .interrupt = {.lines = 1 << LINE}};
    cap_t unheard = act_notification(init);

    (void)state;
    act_line_bind(init, act_narrow(init, "interrupts", LINE, 1), unheard, 1);
    for (uint32_t i = 0; i < WAITERS; i++) {
        act_submit(init, act_wait(bell, 1ULL << i, i));
    }
    assert_true(machine_submit(init, &sqes[0]) && machine_submit(init, &sqes[1]));
    enter.enter.timeout_ns = TIMEOUT_NONE;
    machine.threads[init].has_result = false;
    assert_true(machine_turn(&enter).more);
    assert_false(machine.threads[init].has_result);
    assert_true(machine_turn(&interrupt).more);
    machine_interrupt(0);
    assert_true(machine.threads[init].has_result);
    assert_int_equal(machine.threads[init].result, WAITERS + 2);
}

// A facet of a facet and so on, each with a lease of one call.
static cap_t leased(cap_t target)
{
    for (uint32_t depth = 1; depth < FACET_DEPTH_MAX; depth++) {
        struct act_facet facet = act_facet(init, target, 3, 0, 0);
        struct capnp_builder message = act_message();
        struct revoker_set_lease_params_builder params = revoker_set_lease_params_build(&message);
        struct act_answer answer;

        assert_int_equal(facet.fact, STATUS_OK);
        revoker_set_lease_params_set_expiry(params, UINT64_MAX);
        revoker_set_lease_params_set_calls(params, 1);
        act_object(init, facet.revoker, REVOKER_SET_LEASE, &message, &answer);
        assert_int_equal(act_fact(&answer.cqe), STATUS_OK);
        act_do(init, act_release(facet.revoker));
        if (depth > 1) {
            act_do(init, act_release(target));
        }
        target = facet.facet;
    }
    return target;
}

// More wait than one turn could complete, by leases that end with it.
static void an_interrupt_that_many_wait_for_is_told_in_bounded_turns(void **state)
{
    enum { BELLS = 6, WAITERS = 16, CHILDREN = 4, EACH = BELLS * WAITERS / CHILDREN };
    cap_t line = act_narrow(init, "interrupts", LINE, 1);
    uint32_t children[CHILDREN];
    uint32_t child = 0;

    (void)state;
    for (uint32_t i = 0; i < BELLS; i++) {
        cap_t each = act_notification(init);
        act_line_bind(init, line, each, UINT16_MAX);
        for (uint32_t waiter = 0; waiter < WAITERS; waiter++, child++) {
            uint32_t *thread = &children[child / EACH];
            *thread = child % EACH == 0 ? act_process(init, NULL, each) : *thread;
            cap_t facet = leased(each);
            act_submit(*thread, act_wait(act_give(init, facet, *thread), 1ULL << waiter, child));
        }
    }
    uint64_t turns = machine.turns;
    machine_interrupt(1 << LINE);
    assert_int_equal(machine.end, MACHINE_RUNS);
    assert_true(machine.turns - turns >= BELLS);
    for (child = 0; child < BELLS * WAITERS; child++) {
        act_reap_bits(children[child / EACH], child);
    }
}

// Who waits for an interrupt may be who makes room in the log, when it comes.
static void a_full_log_waits_for_interrupts(void **state)
{
    struct cqe cqe = {0};
    uint64_t words[16] = {0};
    struct capnp_builder message;
    uint32_t child = act_process(init, "line", act_narrow(init, "interrupts", LINE, 1));
    cap_t own = act_give(init, bell, child);

    (void)state;
    act_line_bind(child, act_named(child, "line"), own, 1);
    act_submit(child, act_wait(own, 1, 7));
    assert_true(machine_run_until(child));
    machine_enter(child, 1, TIMEOUT_NONE);
    capnp_builder_init(&message, words, sizeof(words));
    job_make_endpoint_params_set_message_max(job_make_endpoint_params_build(&message), 64);
    uint32_t size = capnp_builder_size(&message);
    machine_message_write(init, ACT_PAYLOAD, words, size);
    do {
        struct sqe make = act_call(act_named(init, "job"), JOB_MAKE_ENDPOINT, 1);
        make.payload = ACT_PAYLOAD;
        make.payload_len = size;
        make.result = ACT_ANSWER;
        make.result_len = ACT_ANSWER_SIZE;
        assert_true(machine_submit(init, &make));
        machine_enter(init, 1, TIMEOUT_NONE);
        if (machine.running == (int32_t)init && machine_reap(init, &cqe)) {
            struct received made;
            machine_message_read(init, ACT_ANSWER + (uint32_t)cqe.status, &made, sizeof(made));
            struct sqe release = act_release((cap_t){made.cap});
            assert_true(machine_submit(init, &release));
            machine_enter(init, 1, TIMEOUT_NONE);
        }
    } while (machine.running == (int32_t)init && machine_reap(init, &cqe));
    assert_int_equal(machine.end, MACHINE_RUNS);
    machine_interrupt(1 << LINE);
    assert_int_equal(act_reap_bits(child, 7), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, boot, act_fini)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_interrupt_amid_an_entry_leaves_it_to_be_finished),
        TEST(an_interrupt_that_many_wait_for_is_told_in_bounded_turns),
        TEST(a_full_log_waits_for_interrupts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
