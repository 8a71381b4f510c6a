// SPDX-License-Identifier: Apache-2.0
//
// Endpoints whose servers are cut off: who waits there learns of it, as when the last one goes.
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
};

static const char *const programs[] = {"init", "child", NULL};
static uint32_t init;
static cap_t server;
static struct act_facet client;

static void endpoint_new(void)
{
    server = act_endpoint(init, MESSAGE);
    client = act_facet(init, server, 7, INTERFACE, 99);
    assert_int_equal(client.fact, STATUS_OK);
}

static int boot(void **state)
{
    (void)state;
    if (!machine_boot(&(struct machine_options){.programs = programs})) {
        return 1;
    }
    init = (uint32_t)machine.running;
    endpoint_new();
    return 0;
}

// The child calls.
static uint32_t child_with_client(void)
{
    return act_process(init, "it", client.facet);
}

// The server's authority was a facet of the server side, and is taken away; or one made from that.
static void a_queue_whose_servers_were_all_revoked_is_disconnected(void **state)
{
    (void)state;
    for (uint32_t depth = 1; depth < 4; depth++) {
        uint32_t child = child_with_client();
        cap_t own = server;
        cap_t revoker = {0};
        for (uint32_t i = 0; i < depth; i++) {
            struct act_facet made = act_facet(init, own, UINT64_MAX, 0, 0);
            assert_int_equal(made.fact, STATUS_OK);
            if (i != 0) {
                assert_int_equal(act_do_fact(init, act_release(own)), STATUS_OK);
            }
            own = made.facet;
            revoker = i == 0 ? made.revoker : revoker;
        }
        uint32_t serving = act_process(init, "server", own);
        assert_int_equal(act_do_fact(init, act_release(own)), STATUS_OK);
        act_submit(child, act_call(act_named(child, "it"), 0, 1));
        assert_int_equal(act_revoke(init, revoker), STATUS_OK);
        assert_false(act_has_completion(child)); // init is its server as well
        assert_int_equal(act_do_fact(init, act_release(server)), STATUS_OK);
        struct cqe cqe = act_reap(child);
        assert_int_equal(act_fact(&cqe), STATUS_SERVER_GONE);
        assert_int_equal(act_do_fact(child, act_call(act_named(child, "it"), 0, 2)),
                         STATUS_SERVER_GONE);
        act_kill(serving, 0);
        act_kill(child, 0);
        core_check(act_core());
        endpoint_new();
    }
}

static void a_server_that_is_revoked_last_leaves_nobody_waiting(void **state)
{
    (void)state;
    uint32_t child = child_with_client();
    struct act_facet own = act_facet(init, server, UINT64_MAX, 0, 0);
    assert_int_equal(own.fact, STATUS_OK);
    uint32_t serving = act_process(init, "server", own.facet);
    assert_int_equal(act_do_fact(init, act_release(own.facet)), STATUS_OK);
    assert_int_equal(act_do_fact(init, act_release(server)), STATUS_OK);
    act_submit(serving, act_recv(act_named(serving, "server"), RECV_AT, RECV_SIZE, 3));
    assert_int_equal(act_revoke(init, own.revoker), STATUS_OK);
    struct cqe cqe = act_reap(serving);
    assert_int_equal(act_fact(&cqe), STATUS_REVOKED);
    assert_int_equal(act_do_fact(child, act_call(act_named(child, "it"), 0, 1)),
                     STATUS_SERVER_GONE);
}

static void what_a_revoked_server_was_to_learn_of_is_given_back(void **state)
{
    (void)state;
    struct act_facet own = act_facet(init, server, UINT64_MAX, 0, 0);
    struct act_facet minted = act_facet(init, server, 1, INTERFACE, 5);
    act_process(init, "server", own.facet);
    assert_int_equal(act_do_fact(init, act_release(own.facet)), STATUS_OK);
    uint32_t facets = act_core()->state.arenas[ARENA_FACETS].live;
    assert_int_equal(act_do_fact(init, act_release(minted.facet)), STATUS_OK);
    assert_int_equal(act_do_fact(init, act_release(minted.revoker)), STATUS_OK);
    assert_int_equal(act_do_fact(init, act_release(server)), STATUS_OK);
    assert_int_equal(act_core()->state.arenas[ARENA_FACETS].live, facets);
    assert_int_equal(act_revoke(init, own.revoker), STATUS_OK);
    assert_int_equal(act_core()->state.arenas[ARENA_FACETS].live, facets - 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, boot, act_fini)
    const struct CMUnitTest tests[] = {
        TEST(a_queue_whose_servers_were_all_revoked_is_disconnected),
        TEST(a_server_that_is_revoked_last_leaves_nobody_waiting),
        TEST(what_a_revoked_server_was_to_learn_of_is_given_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
