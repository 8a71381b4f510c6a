// SPDX-License-Identifier: Apache-2.0
//
// Holds: the entries of a process's capability table. A capability id is the (generation, index) of
// a hold; an id that is not the caller's own tells nothing of what it is instead.
#include "kernel/core/core.h"
#include "kernel/core/session.h"

enum status hold_find(const struct core *core, uint32_t process, uint64_t cap, uint32_t *hold)
{
    *hold = cap_index((cap_t){cap});
    if (cap_generation((cap_t){cap}) == 0 || *hold >= core->state.config.holds) {
        return STATUS_BAD_CAP;
    }
    const struct hold *found = &core->state.holds[*hold];
    bool is_there = cap_of(found->slot.generation, found->slot.link).value == cap;
    return is_there && found->process == process ? STATUS_OK : STATUS_STALE_CAP;
}

enum status hold_reach(const struct core *core, uint32_t hold, uint64_t interface, uint64_t methods)
{
    const struct hold *found = &core->state.holds[hold];
    const struct facet *facet = &core->state.facets[found->facet];
    uint32_t kind = core->state.objects[facet->object].kind;
    bool is_minted = kind == OBJECT_ENDPOINT && interface != FAULT_HANDLER;
    if (found->revoker != 0 || (interface != 0 && (interface != facet->interface || is_minted))) {
        return STATUS_WRONG_OBJECT;
    }
    enum status status = facet_check(core, found->facet);
    bool is_missing = status == STATUS_OK && (facet->methods & methods) != methods;
    return session_check(core, found->process, is_missing ? STATUS_METHOD_NOT_IN_FACET : status);
}

void request_aim(const struct core *core, struct request *request)
{
    request->hold = cap_index((cap_t){request->sqe.cap});
    request->target.facet = core->state.holds[request->hold].facet;
    request->target.object = core->state.facets[request->target.facet].object;
    request->interface = core->state.facets[request->target.facet].interface;
}

enum status request_hold_find(const struct core *core, struct request *request)
{
    enum status status = hold_find(core, request->sender.process, request->sqe.cap, &request->hold);
    if (status == STATUS_OK) {
        request_aim(core, request);
    }
    return status;
}

enum status hold_has_room(const struct core *core, uint32_t process, uint32_t count)
{
    struct needs needs = {.of[RESOURCE_HOLDS] = count};
    return core_has_room(core, core->state.processes[process].job, &needs);
}

cap_t hold_insert(struct core *core, uint32_t process, uint32_t facet, struct hold_manner manner,
                  struct hold_origin origin)
{
    struct commit commit = {.kind = COMMIT_HOLD_INSERT,
                            .hold_insert = {.process = process,
                                            .facet = facet,
                                            .transfer = manner.transfer,
                                            .scope = manner.scope,
                                            .how = origin.how,
                                            .revoker = manner.revoker}};
    if (origin.hold != NONE) { // it goes no further than what it is made from
        const struct hold *from = &core->state.holds[origin.hold];
        commit.hold_insert.scope = from->scope > manner.scope ? from->scope : manner.scope;
        commit.hold_insert.origin = arena_id(&core->state.arenas[ARENA_HOLDS], origin.hold);
        commit.hold_insert.origin_seq = from->seq;
    }
    uint32_t hold = core_commit(core, NONE, &commit);
    return cap_of(core->state.holds[hold].slot.generation, hold);
}

cap_t hold_copy(struct core *core, uint32_t hold, uint32_t process, uint8_t how)
{
    const struct hold *from = &core->state.holds[hold];
    return hold_insert(core, process, from->facet,
                       (struct hold_manner){from->transfer, from->scope, from->revoker},
                       (struct hold_origin){hold, how});
}

cap_t hold_move(struct core *core, uint32_t hold, uint32_t process, uint8_t how)
{
    if (core->facets[core->state.holds[hold].facet].queued != 0) {
        core->sweeps[SWEEP_WAITS] = 0; // some may wait by it
    }
    struct commit_id made = arena_peek(&core->state.arenas[ARENA_HOLDS]);
    struct commit commit = {.kind = COMMIT_HOLD_MOVE,
                            .hold_move = {.made = made, .process = process, .how = how}};
    core_commit(core, hold, &commit);
    return cap_of(made.generation, made.index);
}

uint64_t hold_interface(const struct core *core, uint32_t hold)
{
    const struct hold *held = &core->state.holds[hold];
    return held->revoker != 0 ? REVOKER_INTERFACE_ID : core->state.facets[held->facet].interface;
}

void hold_remove(struct core *core, uint32_t hold)
{
    uint32_t facet = core->state.holds[hold].facet;
    const struct facet *node = &core->state.facets[facet];
    bool is_server = facet_is_server(&core->state, node);
    core_commit_on(core, COMMIT_HOLD_REMOVE, hold);
    if (core->facets[facet].queued != 0) {
        core->sweeps[SWEEP_WAITS] = 0; // some may wait by it
    }
    if (is_server && !object_is_served(&core->state, node->object)) {
        sweep_all(core); // some may wait for it, or it was to learn of a facet
    }
    facet_collect(core, facet);
}
