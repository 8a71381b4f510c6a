// SPDX-License-Identifier: Apache-2.0
//
// Facets: the nodes between holds and objects. Narrowing, minting, leasing and revoking are all one
// thing, making a facet: the capability manager makes them, a revoker cuts them off, and a facet
// that nothing needs any more goes, with whatever it alone kept in being. That happens at once, or,
// where the log has no room for it, or another CPU may still use it, when that has changed
// (facet_sweep).
#include "kernel/core/core.h"

enum status facet_check(const struct core *core, uint32_t facet)
{
    uint32_t at = facet;
    do {
        const struct facet *node = &core->state.facets[at];
        bool may_end = __builtin_expect(core->has_ends, false);
        if (node->revoked != 0 || (may_end && core->facets[at].calls >= node->calls)) {
            return STATUS_REVOKED;
        }
        if (may_end && node->expiry_ns <= core->now_ns) {
            return STATUS_LEASE_OVER;
        }
        at = node->parent;
    } while (at != NONE);
    return STATUS_OK;
}

static void facet_revoke(struct core *core, uint32_t facet)
{
    core_commit_on(core, COMMIT_FACET_REVOKE, facet);
    sweep_all(core); // some may wait by it, or be mapped through it, or be about to be told to it
}

// Revokes the facet if the calls of its lease have run out.
static void lease_end(struct core *core, uint32_t facet)
{
    const struct facet *leased = &core->state.facets[facet];
    if (core->facets[facet].calls >= leased->calls && leased->revoked == 0 &&
        core_may_commit(core, leased->job, false)) {
        facet_revoke(core, facet);
    }
}

void facet_use(struct core *core, uint32_t facet)
{
    const struct facet *facets = core->state.facets;
    for (uint32_t at = core->has_ends ? facet : NONE; at != NONE; at = facets[at].parent) {
        core->facets[at].calls++;
        lease_end(core, at);
    }
}

// Whether the server of its endpoint is to be told that nobody holds the facet any more.
static bool is_dropped(const struct core *core, const struct facet *facet)
{
    const struct state *state = &core->state;
    return (facet->hold_count | facet->child_count) == 0 && facet->parent != NONE &&
           facet_is_server(state, &state->facets[facet->parent]) && !facet_is_server(state, facet);
}

void facet_collect(struct core *core, uint32_t facet)
{
    for (uint32_t at = facet; at != NONE;) {
        const struct facet *node = &core->state.facets[at];
        const struct object *object = &core->state.objects[node->object];
        struct facet_record *record = &core->facets[at];
        // One that is listed goes with its endpoint's last server: nobody reads that list any more.
        if (record->queued != 0 || core->behind != 0 ||
            (record->drop == DROP_LISTED && object_is_served(&core->state, node->object)) ||
            (record->drop == DROP_NONE && is_dropped(core, node) && !endpoint_drop(core, at)) ||
            !facet_is_unused(node) || !core_may_commit(core, node->job, false)) {
            return;
        }
        uint32_t parent = node->parent;
        uint32_t job = node->job;
        if (parent == NONE) {
            bool is_awaited = object->kind == OBJECT_ENDPOINT &&
                              core->objects[node->object].endpoint.receivers.count != 0;
            if ((object->flags & OBJECT_PINNED) == 0 && !is_awaited) {
                object_destroy(core, node->object);
            }
            return;
        }
        core_commit_on(core, COMMIT_FACET_DESTROY, at);
        *record = (struct facet_record){0};
        job_collect(core, job);
        at = parent;
    }
}

bool facet_sweep(struct core *core, uint32_t facet)
{
    lease_end(core, facet);
    facet_collect(core, facet);
    return false;
}

// --- CapabilityManager --------------------------------------------------------------------------

enum status capability_manager_facet_run(struct core *core, struct request *request)
{
    static const struct needs needs = {.of = {[RESOURCE_FACETS] = 1, [RESOURCE_HOLDS] = 2}};
    const struct capability_manager_facet_params *params =
        &request->params.capability_manager_facet;
    uint32_t process = request->sender.process;
    struct hold_origin origin = {(uint32_t)params->target, HOW_MINT};
    const struct hold *hold = &core->state.holds[origin.hold];
    const struct facet *target = &core->state.facets[hold->facet];
    bool is_foreign = params->interface != 0 && params->interface != target->interface;
    bool is_minted = is_foreign && facet_is_server(&core->state, target);
    if ((!is_minted &&
         (is_foreign || params->receiver_data != 0 || (params->methods & ~target->methods) != 0)) ||
        (hold->scope != 0 && params->scope != 0 && hold->scope != params->scope)) {
        return STATUS_FACET_WIDER;
    }
    if (target->depth + 1 >= FACET_DEPTH_MAX) {
        return STATUS_FACET_TOO_DEEP;
    }
    struct commit commit = {
        .kind = COMMIT_FACET_CREATE,
        .flags = (uint16_t)(target->disclosure & ~(uint32_t)params->withheld),
        .facet_create = {.job = core->state.processes[process].job,
                         .parent = hold->facet,
                         .interface = is_minted ? params->interface : target->interface,
                         .methods = params->methods,
                         .receiver_data =
                             is_minted ? params->receiver_data : target->receiver_data}};
    struct hold_manner manner = {hold->transfer, (uint8_t)params->scope, 0};
    enum status status = core_has_room(core, commit.facet_create.job, &needs);
    if (status == STATUS_OK) {
        uint32_t facet = core_commit(core, NONE, &commit);
        cap_t made = hold_insert(core, process, facet, manner, origin);
        cap_t revoker = hold_insert(core, process, facet, revoker_class.manner, origin);
        request->results.capability_manager_facet =
            (struct capability_manager_facet_results){made.value, revoker.value};
    }
    return status;
}

// --- Revoker ------------------------------------------------------------------------------------

enum status revoker_revoke_run(struct core *core, struct request *request)
{
    if (core->state.facets[request->target.facet].revoked == 0) {
        facet_revoke(core, request->target.facet);
    }
    return STATUS_OK;
}

enum status revoker_set_lease_run(struct core *core, struct request *request)
{
    const struct revoker_set_lease_params *params = &request->params.revoker_set_lease;
    struct commit commit = {.kind = COMMIT_FACET_LEASE,
                            .facet_lease = {.expiry_ns = params->expiry, .calls = params->calls}};
    core_commit(core, request->target.facet, &commit);
    core->facets[request->target.facet].calls = 0;
    core->has_ends = true;
    return STATUS_OK;
}

enum status revoker_status_run(struct core *core, struct request *request)
{
    request->results.revoker_status.live = facet_check(core, request->target.facet) == STATUS_OK;
    return STATUS_OK;
}
