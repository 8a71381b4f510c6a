// SPDX-License-Identifier: Apache-2.0
//
// Sessions: on whose behalf processes act. A process has one from its making on. A session says who
// it is by an identity, a page that its minter wrote and sealed; servers learn of that what caller,
// facet and session let through, while they answer the call, and by default no more than a
// reference that means something to their endpoint alone. A session that is over, or comes from one
// that is, is found by comparison when something is asked in its name; nothing is swept.
#include "kernel/core/session.h"

#include <string.h>

#include "abi/identity.h"
#include "kernel/core/memory.h"
#include "lib/sha256/sha256.h"

enum status session_live_check(const struct core *core, uint32_t session)
{
    return session_is_live(&core->state, session, core->now_ns) ? STATUS_OK : STATUS_SESSION_OVER;
}

enum status session_method_check(struct core *core, struct request *request)
{
    return session_live_check(core, request->subject);
}

enum status session_scope_check(const struct core *core, const struct hold *hold, uint32_t to)
{
    const struct process_entry *target = &core->state.processes[to];
    bool is_same = core->state.processes[hold->process].session == target->session;
    bool is_brokered = core->processes[to].is_brokered && target->state == PROCESS_BUILDING;
    const bool may[] = {true, is_same, is_brokered}; // as enum session_scope has them
    return may[hold->scope] ? STATUS_OK : STATUS_SCOPE_REFUSED;
}

void session_destroyed(struct core *core, uint32_t object)
{
    core->sessions[object_argument(core, object)].is_held = false;
    session_collect(core, object_argument(core, object));
}

void session_collect(struct core *core, uint32_t session)
{
    const struct session_entry *sessions = core->state.sessions;
    while (sessions[session].use_count == 0 && !core->sessions[session].is_held &&
           sessions[session].parent.generation != 0) {
        const struct session_entry gone = sessions[session];
        core_commit_on(core, COMMIT_SESSION_DESTROY, session);
        facet_collect(core, core->state.objects[gone.object].root_facet);
        job_collect(core, gone.job);
        session = gone.parent.index;
    }
}

// --- What is known of a caller ------------------------------------------------------------------

void caller_compute(struct core *core, const struct request *call)
{
    struct facet_record *facet = &core->facets[call->target.facet];
    const uint64_t words[] = {core->secret[0], core->secret[1], call->target.object,
                              call->object_generation, call->thread->session};
    struct sha256 hash;
    uint8_t said[SHA256_SIZE];
    sha256_init(&hash);
    sha256_update(&hash, words, sizeof words);
    sha256_final(&hash, said);
    memcpy(facet->reference, said, sizeof facet->reference); // half of it
    facet->caller = call->thread->session;
}

// --- Methods of a minter ------------------------------------------------------------------------

// A session below another one, with an identity: the object of a page.
static enum status session_make(struct core *core, struct request *request, uint32_t parent,
                                uint16_t disclosure,
                                const struct session_minter_mint_params *params)
{
    static const struct needs needs = {.of = {[RESOURCE_SESSIONS] = 1}};
    uint32_t depth = core->sessions[parent].depth + 1;
    struct commit commit = {
        .kind = COMMIT_SESSION_CREATE,
        .flags = disclosure,
        .session_create = {.job = request->thread->job,
                           .object = (uint32_t)params->identity,
                           .parent = arena_id(&core->state.arenas[ARENA_SESSIONS], parent),
                           .expiry_ns = params->expiry,
                           .identity_hash = params->hash}};
    uint32_t session = arena_peek(&core->state.arenas[ARENA_SESSIONS]).index;
    enum status status =
        depth < SESSION_DEPTH_MAX
            ? object_make(core, request, request->thread->job, OBJECT_SESSION, session, &needs)
            : STATUS_SESSION_TOO_DEEP;
    if (status == STATUS_OK) {
        core_commit(core, NONE, &commit);
        core->sessions[session] = (struct session_record){true, depth};
        core->has_ends = core->has_ends || params->expiry != UINT64_MAX;
    }
    return status;
}

enum status session_minter_mint_run(struct core *core, struct request *request)
{
    struct session_minter_mint_params params = request->params.session_minter_mint;
    params.identity = hold_object(core, (uint32_t)params.identity);
    const struct object *object = &core->state.objects[params.identity];
    const struct identity_header *page = frame_at(memory_frame(core, (uint32_t)params.identity, 0));
    bool is_sound = object->argument == 1 && object->sealed != 0 && // so it stays as it is
                    page->magic == IDENTITY_MAGIC && page->reserved == 0;
    for (uint32_t i = 0; is_sound && i < IDENTITY_SECTIONS; i++) {
        is_sound = (uint64_t)page->sections[i].offset + page->sections[i].size <= PAGE_SIZE;
    }
    return is_sound ? session_make(core, request, request->subject, DISCLOSE_ALL, &params)
                    : STATUS_BAD_IDENTITY;
}

enum status session_minter_end_run(struct core *core, struct request *request)
{
    core_commit_on(core, COMMIT_SESSION_END, request->subject);
    core->has_ends = true;
    sweep_all(core); // some may wait in its name
    return STATUS_OK;
}

enum status session_minter_from_call_run(struct core *core, struct request *request)
{
    uint64_t expiry_ns = request->params.session_minter_from_call.expiry;
    struct request *call;
    enum status status = caller_find(core, request, NONE, DISCLOSE_ACT_AS, &call);
    if (status == STATUS_OK) {
        uint32_t session = session_of(core, call);
        const struct session_entry *entry = &core->state.sessions[session];
        const struct session_minter_mint_params child = {entry->object, expiry_ns,
                                                         entry->identity_hash};
        status = session_make(core, request, session, call->sqe.disclose, &child);
    }
    return status;
}

enum status session_minter_make_process_builder_run(struct core *core, struct request *request)
{
    uint32_t hold = (uint32_t)request->params.session_minter_make_process_builder.job;
    return builder_make(core, request, object_argument(core, hold_object(core, hold)),
                        request->subject, true);
}
