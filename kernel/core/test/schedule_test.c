// SPDX-License-Identifier: Apache-2.0
//
// Who runs: a pair that keeps calling each other cannot keep a third thread waiting.
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
    INTERFACE = 0x5000,
    STEP_NS = 1000000, // that a thread computes before it enters
    ROUNDS = 100,
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
    client = act_facet(init, server, 7, INTERFACE, 0);
    return client.fact == STATUS_OK ? 0 : 1;
}

// init answers what it has and waits for the next call; the child calls and waits.
static void chat(uint32_t thread, uint32_t child)
{
    struct cqe cqe;
    while (machine_reap(thread, &cqe)) {
        if (thread == init && cqe.extra != 0) {
            struct sqe answer = act_return(cqe.extra, 1);
            answer.flags |= SQE_QUIET;
            assert_true(machine_submit(init, &answer));
        }
    }
    struct sqe sqe = thread == child ? act_call(act_named(child, "service"), 0, 2)
                                     : act_recv(server, RECV_AT, RECV_SIZE, 3);
    assert_true(machine_submit(thread, &sqe));
    machine_enter(thread, 1, TIMEOUT_NONE);
}

// No timer comes at all: the slice's end is seen at an entry.
static void a_chatting_pair_leaves_the_cpu_when_its_slice_is_over(void **state)
{
    (void)state;
    uint32_t child = act_process(init, "child", "service", client.facet);
    uint32_t other = act_process(init, "other", "service", client.facet);
    uint32_t round = 0;
    while (round < ROUNDS && machine.running != (int32_t)other) {
        machine.now_ns += STEP_NS;
        chat((uint32_t)machine.running, child);
        round++;
    }
    assert_int_equal(machine.running, other);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, boot, act_fini)
    const struct CMUnitTest tests[] = {
        TEST(a_chatting_pair_leaves_the_cpu_when_its_slice_is_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
