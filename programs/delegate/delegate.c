// SPDX-License-Identifier: Apache-2.0
//
// One of those who call at a desk. A guest lies about who it is, offers nothing of its identity,
// then everything, and goes on calling until it is refused; a human lets the desk hire an agent, an
// agent a tool, each to act for it; a tool works, until it is refused. Granted: desk. Its argument
// is its role. It ends with the fact by which it was refused at last, 0 where it was not.
#include "abi/commit.h"
#include "abi/identity.h"
#include "runtime/runtime.h"

#include "schema/boot.capnp.h"
#include "schema/proof.capnp.h"

static struct desk desk;

static const uint16_t for_who_hires = DISCLOSE_ACT_AS | 1 << IDENTITY_PRINCIPAL;

// The fact by which the call ended, 0 where it was answered; what the server said is no fact.
static int32_t fact_of(bool is_done, const struct capnp_exception *exception)
{
    return is_done ? 0 : exception->status != 0 ? exception->status : -1;
}

static int32_t hello(const char *claim, uint16_t disclose)
{
    const struct tsr_call_options options = {.disclose = disclose};
    struct capnp_call call;
    struct desk_hello_params_builder params;
    struct desk_hello_results_reader results;
    struct capnp_exception exception;
    bool is_done = desk_hello_begin(desk, &call, &params, &exception);
    if (is_done) {
        desk_hello_params_set_claim(params, tsr_text_of(claim));
        is_done = tsr_call_send(&call, &options, &exception) &&
                  desk_hello_finish(&call, &results, &exception);
    }
    capnp_call_end(&call);
    return fact_of(is_done, &exception);
}

static int32_t work(const char *what, uint16_t disclose)
{
    const struct tsr_call_options options = {.disclose = disclose};
    struct capnp_call call;
    struct desk_work_params_builder params;
    struct desk_work_results_reader results;
    struct capnp_exception exception;
    bool is_done = desk_work_begin(desk, &call, &params, &exception);
    if (is_done) {
        desk_work_params_set_what(params, tsr_text_of(what));
        is_done = tsr_call_send(&call, &options, &exception) &&
                  desk_work_finish(&call, &results, &exception);
    }
    capnp_call_end(&call);
    return fact_of(is_done, &exception);
}

static int32_t hire(const char *role, uint16_t disclose)
{
    const struct tsr_call_options options = {.disclose = disclose};
    struct capnp_call call;
    struct desk_hire_params_builder params;
    struct desk_hire_results_reader results;
    struct capnp_exception exception;
    bool is_done = desk_hire_begin(desk, &call, &params, &exception);
    if (is_done) {
        desk_hire_params_set_role(params, tsr_text_of(role));
        desk_hire_params_set_desk(params, desk);
        is_done = tsr_call_send(&call, &options, &exception) &&
                  desk_hire_finish(&call, &results, &exception);
    }
    capnp_call_end(&call);
    return fact_of(is_done, &exception);
}

static int32_t guest(void)
{
    int32_t fact = hello("session 0, principal root, role operator", 0);
    while (fact == 0) {
        fact = hello("the operator of this machine", UINT16_MAX);
    }
    return fact;
}

static int32_t human(void)
{
    int32_t fact = hire("agent", 1 << IDENTITY_PRINCIPAL); // it may not act for anybody
    return fact == 0 ? 1 : hire("agent", for_who_hires);
}

static int32_t agent(void)
{
    return hire("tool", for_who_hires);
}

static int32_t tool(void)
{
    int32_t fact = 0;
    while (fact == 0) {
        fact = work("reads the mail", UINT16_MAX);
    }
    return fact;
}

static const struct {
    const char *role;
    int32_t (*run)(void);
} roles[] = {{"guest", guest}, {"human", human}, {"agent", agent}, {"tool", tool}};

int tsr_main(struct start *start)
{
    struct capnp_message info;
    if (!tsr_find(start, "desk", DESK_INTERFACE_ID, &desk.id)) {
        return 1;
    }
    tsr_start_info(start, &info);
    struct capnp_text argument = start_info_get_arguments(start_info_read(&info));
    for (uint32_t i = 0; i < sizeof roles / sizeof roles[0]; i++) {
        struct capnp_text role = tsr_text_of(roles[i].role);
        if (role.size == argument.size &&
            __builtin_memcmp(role.data, argument.data, role.size) == 0) {
            return roles[i].run();
        }
    }
    return 1;
}
