// SPDX-License-Identifier: Apache-2.0
//
// Facets: the nodes between holds and objects. Narrowing, minting, leasing and revoking are all one
// thing, making a facet: the capability manager makes them, a revoker cuts them off, and a facet
// that nothing needs any more goes, with whatever it alone kept in being.
#include "kernel/core/core.h"

enum status facet_check(const struct core *core, uint32_t facet)
{
    const struct facet *facets = core->state.facets;
    for (uint32_t at = facet; at != NONE; at = facets[at].parent) {
        if (facets[at].revoked != 0) {
            return STATUS_REVOKED;
        }
    }
    return STATUS_OK;
}

void facet_collect(struct core *core, uint32_t facet)
{
    uint32_t target = core->state.facets[facet].object;
    if (core->state.objects[target].kind == OBJECT_ENDPOINT &&
        core->state.objects[target].server_count == 0) {
        endpoint_server_gone(core, target);
    }
    for (uint32_t at = facet; at != NONE;) {
        const struct facet *node = &core->state.facets[at];
        const struct object *object = &core->state.objects[node->object];
        if (!facet_is_unused(node) || core->facet_queued[at] != 0) {
            return;
        }
        uint32_t parent = node->parent;
        if (parent == NONE) {
            bool is_listed =
                object->kind == OBJECT_ENDPOINT && core->objects[node->object].endpoint.is_gone;
            if ((object->flags & OBJECT_PINNED) == 0 && !is_listed) {
                object_destroy(core, node->object);
            }
            return;
        }
        struct commit commit = core_commit(core, COMMIT_FACET_DESTROY);
        commit.facet.facet = arena_id(&core->state.arenas[ARENA_FACETS], at);
        core_apply(core, &commit);
        at = parent;
    }
}

// --- CapabilityManager --------------------------------------------------------------------------

struct facet_plan {
    uint32_t hold; // of the target
    uint64_t interface, methods, receiver_data;
};

static enum status facet_make_check(const struct core *core, struct facet_plan *plan)
{
    enum status status = facet_check(core, core->state.holds[plan->hold].facet);
    if (status != STATUS_OK) {
        return status;
    }
    const struct facet *target = &core->state.facets[core->state.holds[plan->hold].facet];
    if (core->state.holds[plan->hold].revoker != 0) {
        return STATUS_BAD_TRANSFER;
    }
    bool is_foreign = plan->interface != 0 && plan->interface != target->interface;
    bool is_minted = is_foreign && facet_is_server(&core->state, target);
    if (!is_minted &&
        (is_foreign || plan->receiver_data != 0 || (plan->methods & ~target->methods) != 0)) {
        return STATUS_FACET_WIDER;
    }
    if (target->depth + 1 >= FACET_DEPTH_MAX) {
        return STATUS_FACET_TOO_DEEP;
    }
    plan->interface = is_minted ? plan->interface : target->interface;
    plan->receiver_data = is_minted ? plan->receiver_data : target->receiver_data;
    return core_has_room(core, &(struct needs){.facets = 1, .holds = 2});
}

static uint32_t facet_make_commit(struct core *core, const struct facet_plan *plan)
{
    uint32_t target = core->state.holds[plan->hold].facet;
    struct commit commit = core_commit(core, COMMIT_FACET_CREATE);
    struct commit_facet_create *create = &commit.facet_create;
    create->facet = arena_peek(&core->state.arenas[ARENA_FACETS], 0);
    create->object = core->state.facets[target].object;
    create->parent = target;
    create->interface = plan->interface;
    create->methods = plan->methods;
    create->receiver_data = plan->receiver_data;
    core_apply(core, &commit);
    return create->facet.index;
}

enum status capability_manager_facet_run(struct core *core, struct request *request)
{
    const struct capability_manager_facet_params *params =
        &request->params.capability_manager_facet;
    struct facet_plan plan = {.interface = params->interface,
                              .methods = params->methods,
                              .receiver_data = params->receiver_data};
    enum status status = STATUS_BAD_TRANSFER;
    if (hold_find(core, request->sender.process, params->target, &plan.hold) == STATUS_OK) {
        status = facet_make_check(core, &plan);
    }
    if (status != STATUS_OK) {
        return status;
    }
    uint32_t facet = facet_make_commit(core, &plan);
    struct hold_origin origin = {plan.hold, HOW_MINT};
    uint8_t transfer = core->state.holds[plan.hold].transfer;
    cap_t made = hold_insert(core, request->sender.process, facet, transfer, false, origin);
    cap_t revoker = hold_insert(core, request->sender.process, facet, TRANSFER_MOVE, true, origin);
    request->results.capability_manager_facet =
        (struct capability_manager_facet_results){.facet = made.value, .revoker = revoker.value};
    return STATUS_OK;
}

const struct object_class manager_class = {capability_manager_methods,
                                           CAPABILITY_MANAGER_METHOD_COUNT, NULL};

// --- Revoker ------------------------------------------------------------------------------------

enum status revoker_revoke_run(struct core *core, struct request *request)
{
    const struct facet *facet = &core->state.facets[request->target.facet];
    if (facet->revoked == 0) {
        struct commit commit = core_commit(core, COMMIT_FACET_REVOKE);
        commit.facet.facet = arena_id(&core->state.arenas[ARENA_FACETS], request->target.facet);
        core_apply(core, &commit);
    }
    return STATUS_OK;
}

enum status revoker_status_run(struct core *core, struct request *request)
{
    request->results.revoker_status.live = facet_check(core, request->target.facet) == STATUS_OK;
    return STATUS_OK;
}

const struct object_class revoker_class = {revoker_methods, REVOKER_METHOD_COUNT, NULL};
