// SPDX-License-Identifier: Apache-2.0
//
// Acting as programs that hand on less than they hold, and take it back: see act.h.
#include "kernel/core/test/act.h"

struct act_facet act_facet_of(uint32_t thread, cap_t target, struct act_asked asked)
{
    struct capnp_builder message = act_message();
    struct capability_manager_facet_params_builder params =
        capability_manager_facet_params_build(&message);
    struct act_answer answer;
    struct act_facet made;

    capability_manager_facet_params_set_target(params, (struct capnp_cap){target.value});
    capability_manager_facet_params_set_methods(params, asked.methods);
    capability_manager_facet_params_set_interface(params, asked.interface);
    capability_manager_facet_params_set_receiver_data(params, asked.receiver_data);
    capability_manager_facet_params_set_withheld(params, asked.withheld);
    capability_manager_facet_params_set_scope(params, asked.scope);
    act_object(thread, act_named(thread, "capabilities"), CAPABILITY_MANAGER_FACET, &message,
               &answer);
    struct capability_manager_facet_results_reader results =
        capability_manager_facet_results_read(&answer.message);
    made.fact = act_fact(&answer.cqe);
    made.facet.value = capability_manager_facet_results_get_facet(results).id;
    made.revoker.value = capability_manager_facet_results_get_revoker(results).id;
    return made;
}

struct act_facet act_facet(uint32_t thread, cap_t target, uint64_t methods, uint64_t interface,
                           uint64_t receiver_data)
{
    return act_facet_of(thread, target,
                        (struct act_asked){methods, interface, receiver_data, 0, 0});
}

enum status act_revoke(uint32_t thread, cap_t revoker)
{
    struct act_answer answer;

    act_object(thread, revoker, REVOKER_REVOKE, NULL, &answer);
    return act_fact(&answer.cqe);
}

bool act_is_live(uint32_t thread, cap_t revoker)
{
    struct act_answer answer;

    act_object(thread, revoker, REVOKER_STATUS, NULL, &answer);
    act_must(act_fact(&answer.cqe) == STATUS_OK, "no status", act_fact(&answer.cqe));
    return revoker_status_results_get_live(revoker_status_results_read(&answer.message));
}
