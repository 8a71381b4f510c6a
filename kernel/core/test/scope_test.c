// SPDX-License-Identifier: Apache-2.0
//
// Session scopes: which holds may become whose, by which way; how facets narrow scope and
// disclosure; and that each interface has the transfer mode and the scope that its schema states.
// Rules ABI-3.11, ABI-3.12.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/core/test/memory.h"
#include "kernel/core/test/sessions.h"
#include "kernel/core/test/waiting.h"

enum {
    MESSAGE = 64,
    RECV_SIZE = (int)sizeof(struct message_header) + MESSAGE,
    RECV_AT = ACT_FREE + 1024,
    INTERFACE = 0x5000,
    SCHEMA_SIZE = 1 << 16,
};

static const char *const programs[] = {"init", "child", NULL};
static uint32_t init, same, other;
static cap_t server, job, own, foreign;

// init serves one process of its own session, and one of another.
static int boot(void **state)
{
    (void)state;
    if (!machine_boot(&(struct machine_options){.programs = programs})) {
        return 1;
    }
    init = (uint32_t)machine.running;
    server = act_endpoint(init, MESSAGE);
    job = act_named(init, "job");
    own = act_named(init, "session");
    foreign = act_session(init, "alice", UINT64_MAX);
    struct act_facet client = act_facet(init, server, 7, INTERFACE, 0);
    same = act_process(init, "it", client.facet);
    other = act_process_of(init, foreign, "it", client.facet);
    return client.fact == STATUS_OK ? 0 : 1;
}

static cap_t scoped(uint16_t scope)
{
    struct act_facet made = act_facet_of(init, act_named(init, "timer"),
                                         (struct act_asked){.methods = 3, .scope = scope});

    assert_int_equal(made.fact, STATUS_OK);
    assert_int_equal(act_do_fact(init, act_release(made.revoker)), STATUS_OK);
    return made.facet;
}

// Beside a message, as a copy.
static struct sqe with(struct sqe sqe, uint32_t thread, cap_t cap)
{
    const struct transfer transfer = {cap.value, TRANSFER_COPY, 0};

    machine_message_write(thread, ACT_FREE, &transfer, sizeof(transfer));
    sqe.transfers = 1;
    return sqe;
}

// The process hands over what it was given.
static enum status call_fact(uint32_t thread, cap_t cap)
{
    cap_t given = act_give(init, cap, thread);

    act_submit(init, act_recv(server, RECV_AT, RECV_SIZE, 2));
    act_submit(thread, with(act_call(act_named(thread, "it"), 1, 7), thread, given));
    if (act_has_completion(thread)) {
        enum status fact = act_reap_fact(thread, 7);
        struct sqe call = act_call(act_named(thread, "it"), 1, 7); // the RECV still waits
        act_submit(thread, call);
        act_do_fact(init, act_return(act_reap(init).extra, 3));
        act_reap(thread);
        return fact;
    }
    act_do_fact(init, act_return(act_reap(init).extra, 3));
    return act_reap_fact(thread, 7);
}

// It is handed it with an answer.
static enum status return_fact(uint32_t thread, cap_t cap)
{
    struct sqe call = act_call(act_named(thread, "it"), 1, 7);

    call.result_len = 64;
    act_submit(thread, call);
    uint64_t call_id = act_do(init, act_recv(server, RECV_AT, RECV_SIZE, 2)).extra;
    enum status fact = act_do_fact(init, with(act_return(call_id, 3), init, cap));
    if (fact != STATUS_OK) {
        act_do_fact(init, act_return(call_id, 3));
    }
    act_reap(thread);
    return fact;
}

// It is put into a process that is built, plainly or for a session.
static enum status grant_fact(const cap_t *session, cap_t cap)
{
    cap_t builder = {0};

    if (session == NULL) {
        builder = act_builder(init);
    } else {
        assert_int_equal(act_builder_of_fact(init, *session, job, &builder), STATUS_OK);
    }
    enum status fact = act_grant(init, builder, "it", 2, cap);
    assert_int_equal(act_do_fact(init, act_release(builder)), STATUS_OK);
    return fact;
}

static void scopes_decide_what_may_cross_sessions(void **state)
{
    static const struct {
        enum session_scope scope;
        bool is_sent, crosses, is_granted, is_built, crosses_built;
    } rows[] = {
        {SCOPE_SHAREABLE, true, true, true, true, true},
        {SCOPE_SAME_SESSION, true, false, true, true, false},
        {SCOPE_REGRANT_ONLY, false, false, false, true, true},
    };

    (void)state;
    for (uint32_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        cap_t cap = scoped((uint16_t)rows[i].scope);
        const struct {
            enum status fact;
            bool may;
        } tries[] = {
            {call_fact(same, cap), rows[i].is_sent},
            {return_fact(same, cap), rows[i].is_sent},
            {call_fact(other, cap), rows[i].crosses},
            {return_fact(other, cap), rows[i].crosses},
            {grant_fact(NULL, cap), rows[i].is_granted},
            {grant_fact(&own, cap), rows[i].is_built},
            {grant_fact(&foreign, cap), rows[i].crosses_built},
        };
        for (uint32_t n = 0; n < sizeof(tries) / sizeof(tries[0]); n++) {
            assert_int_equal(tries[n].fact, tries[n].may ? STATUS_OK : STATUS_SCOPE_REFUSED);
        }
    }
}

static void a_minter_reaches_only_who_is_built_for_a_session(void **state)
{
    const struct transfer transfer = {own.value, TRANSFER_COPY, 0};

    (void)state;
    assert_int_equal(grant_fact(NULL, own), STATUS_SCOPE_REFUSED);
    assert_int_equal(grant_fact(&foreign, own), STATUS_OK);
    struct sqe call = act_call(act_named(same, "it"), 1, 7);
    act_submit(same, call);
    uint64_t call_id = act_do(init, act_recv(server, RECV_AT, RECV_SIZE, 2)).extra;
    struct sqe answer = act_return(call_id, 3);
    machine_message_write(init, ACT_FREE, &transfer, sizeof(transfer));
    answer.transfers = 1;
    assert_int_equal(act_do_fact(init, answer), STATUS_SCOPE_REFUSED);
}

static void facets_only_narrow_scope_and_disclosure(void **state)
{
    cap_t timer = act_named(init, "timer");
    static const struct {
        uint16_t first, second;
        enum status fact;
    } scopes[] = {
        {0, 3, STATUS_BAD_VALUE},   {0, 2, STATUS_OK},          {1, 0, STATUS_OK},
        {1, 1, STATUS_OK},          {1, 2, STATUS_FACET_WIDER}, {2, 0, STATUS_OK},
        {2, 1, STATUS_FACET_WIDER}, {2, 2, STATUS_OK},
    };

    (void)state;
    for (uint32_t i = 0; i < sizeof(scopes) / sizeof(scopes[0]); i++) {
        struct act_facet first =
            act_facet_of(init, timer, (struct act_asked){.methods = 3, .scope = scopes[i].first});
        struct act_facet second = act_facet_of(
            init, first.facet, (struct act_asked){.methods = 1, .scope = scopes[i].second});
        assert_int_equal(second.fact, scopes[i].fact);
        uint32_t hold;
        if (second.fact == STATUS_OK) {
            const struct state *now = &act_core()->state;
            assert_int_equal(
                hold_find(act_core(), act_core()->threads[init].process, second.facet.value, &hold),
                STATUS_OK);
            assert_int_equal(now->holds[hold].scope,
                             scopes[i].second == 0 ? scopes[i].first : scopes[i].second);
        }
    }
    struct act_facet shy =
        act_facet_of(init, timer, (struct act_asked){.methods = 3, .withheld = 5});
    struct act_facet shyer =
        act_facet_of(init, shy.facet, (struct act_asked){.methods = 3, .withheld = 1 << 15});
    uint32_t hold;
    assert_int_equal(
        hold_find(act_core(), act_core()->threads[init].process, shyer.facet.value, &hold),
        STATUS_OK);
    const struct state *now = &act_core()->state;
    assert_int_equal(now->facets[now->holds[hold].facet].disclosure, DISCLOSE_SECTIONS & ~5);
}

// --- The schema ---------------------------------------------------------------------------------

static const char *const mode_names[] = {"none", "copy", "move"};
static const char *const scope_names[] = {"shareable", "same session", "regrant only"};

// Where an interface is declared with this id, up to the next interface.
static char *interface_text(const char *schema, uint64_t id)
{
    static char text[SCHEMA_SIZE];
    char wanted[32];

    snprintf(wanted, sizeof(wanted), "@0x%lx {", id);
    const char *at = strstr(schema, wanted);
    assert_non_null(at);
    const char *end = strstr(at, "\ninterface ");
    size_t size = end == NULL ? strlen(at) : (size_t)(end - at);
    memcpy(text, at, size);
    text[size] = 0;
    return text;
}

static void stated(const char *schema, const struct object_class *class)
{
    char line[100];

    snprintf(line, sizeof(line), "Transfer: %s. Session scope: %s.",
             mode_names[class->manner.transfer], scope_names[class->manner.scope]);
    // Line ends and comment signs in between don't count.
    char *text = interface_text(schema, class->interface);
    char *to = text;
    for (const char *from = text; *from != 0; from++) {
        if (strncmp(from, "\n  #", 4) == 0) {
            from += 3;
        } else {
            *to++ = *from;
        }
    }
    *to = 0;
    if (strstr(text, line) == NULL) {
        fail_msg("interface %lx does not state: %s", class->interface, line);
    }
}

static void each_interface_has_the_mode_and_scope_that_its_schema_states(void **state)
{
    static char schema[SCHEMA_SIZE];
    FILE *file = fopen("abi/schema/kernel.capnp", "r");

    (void)state;
    assert_non_null(file);
    size_t size = fread(schema, 1, sizeof(schema) - 1, file);
    fclose(file);
    assert_in_range(size, 1000, sizeof(schema) - 2);
    for (uint32_t kind = 0; kind < OBJECT_KIND_COUNT; kind++) {
        if (object_classes[kind].interface != 0) {
            stated(schema, &object_classes[kind]);
        }
    }
    stated(schema, &revoker_class);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, boot, act_fini)
    const struct CMUnitTest tests[] = {
        TEST(scopes_decide_what_may_cross_sessions),
        TEST(a_minter_reaches_only_who_is_built_for_a_session),
        TEST(facets_only_narrow_scope_and_disclosure),
        cmocka_unit_test(each_interface_has_the_mode_and_scope_that_its_schema_states),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
