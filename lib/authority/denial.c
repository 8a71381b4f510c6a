// SPDX-License-Identifier: Apache-2.0
//
// See denial.h.
#include "lib/authority/denial.h"

struct denying {
    const struct authority_index *index;
    const struct authority_call *call;
    void (*put)(void *context, const struct authority_denied *denied);
    void *context;
    bool is_allowed, is_served;
};

static void reason(const struct denying *denying, enum authority_reason why, uint32_t hold,
                   uint32_t broken, uint32_t since)
{
    const struct authority_denied denied = {why, hold, broken, since};

    denying->put(denying->context, &denied);
}

static bool has_method(const struct denying *denying, uint32_t facet)
{
    return (authority_methods(denying->index, facet) >> denying->call->method & 1) != 0;
}

// What is wrong with one hold of the object.
static void hold_denied(struct denying *denying, uint32_t life)
{
    static const enum authority_reason of_use[USE_COUNT] = {[USE_REVOKED] = DENIED_REVOKED,
                                                            [USE_EXPIRED] = DENIED_EXPIRED,
                                                            [USE_SESSION] = DENIED_SESSION};
    const struct authority_index *index = denying->index;
    struct authority_hold hold;
    uint32_t broken;

    authority_hold_of(index, life, &hold);
    enum authority_use use = authority_hold_use(index, life, denying->call->at);
    authority_facet_use(index, hold.facet, denying->call->at, &broken);
    if (hold.is_revoker)
        reason(denying, DENIED_REVOKER, life, LIFE_NONE, LIFE_NONE);
    else if (authority_interface(index, hold.facet) != denying->call->interface)
        reason(denying, DENIED_INTERFACE, life, LIFE_NONE, LIFE_NONE);
    else if (!has_method(denying, hold.facet))
        reason(denying, DENIED_METHOD, life, LIFE_NONE, LIFE_NONE);
    else if (use != USE_WORKS)
        reason(denying, of_use[use], life, broken,
               use == USE_REVOKED ? index->lives[broken].over : LIFE_NONE);
    else
        denying->is_allowed = true;
}

// When the process last held it, where it doesn't.
static void last_held(const struct denying *denying)
{
    const struct authority_index *index = denying->index;
    uint32_t at = denying->call->at.at;
    uint32_t h = index->lives[denying->call->process].holds;

    while (h != LIFE_NONE &&
           (h >= at || index->lives[index->lives[h].target].owner != denying->call->object))
        h = index->lives[h].owner_before;
    if (h == LIFE_NONE)
        reason(denying, DENIED_NEVER, LIFE_NONE, LIFE_NONE, LIFE_NONE);
    else if (life_is_there(index, h, at))
        reason(denying, DENIED_ENDED, h, LIFE_NONE, LIFE_NONE);
    else
        reason(denying, DENIED_GONE, h, LIFE_NONE, index->lives[h].end);
}

static void server_found(void *context, uint32_t hold)
{
    struct denying *denying = context;

    denying->is_served = denying->is_served ||
                         authority_is_server(denying->index, denying->index->lives[hold].target);
}

// A client may call, and nobody is there who would answer.
static void unserved(struct denying *denying)
{
    const struct authority_index *index = denying->index;
    uint32_t object = denying->call->object;

    if (authority_object_kind(index, object) != OBJECT_ENDPOINT)
        return;
    if (life_is_there(index, object, denying->call->at.at))
        authority_who(index, object, denying->call->at, server_found, denying);
    if (!denying->is_served)
        reason(denying, DENIED_UNSERVED, LIFE_NONE, LIFE_NONE, LIFE_NONE);
}

bool authority_deny(const struct authority_index *index, const struct authority_call *call,
                    void (*put)(void *context, const struct authority_denied *denied),
                    void *context)
{
    static const enum authority_reason of_stage[STAGE_COUNT] = {[STAGE_ABSENT] = DENIED_DEAD,
                                                                [STAGE_BUILDING] = DENIED_BUILDING,
                                                                [STAGE_KILLED] = DENIED_KILLED};
    struct denying denying = {.index = index, .call = call, .put = put, .context = context};
    enum authority_stage stage = authority_stage_of(index, call->process, call->at.at);
    uint32_t held = 0;

    if (stage != STAGE_RUNNING)
        reason(&denying, of_stage[stage], LIFE_NONE, LIFE_NONE, LIFE_NONE);
    for (uint32_t h = authority_first_hold(index, call->process, call->at.at); h != LIFE_NONE;
         h = authority_next_hold(index, h, call->at.at)) {
        if (index->lives[index->lives[h].target].owner != call->object)
            continue;
        held++;
        hold_denied(&denying, h);
    }
    if (held == 0)
        last_held(&denying);
    unserved(&denying);
    return denying.is_allowed && stage == STAGE_RUNNING;
}

static bool would_do(const struct authority_index *index, const struct authority_call *call,
                     uint32_t hold)
{
    uint32_t facet = index->lives[hold].target;

    return index->lives[facet].owner == call->object &&
           authority_commit(index, index->lives[hold].changes)->hold_insert.revoker == 0 &&
           authority_interface(index, facet) == call->interface &&
           (authority_methods(index, facet) >> call->method & 1) != 0 &&
           authority_hold_use(index, hold, call->at) == USE_WORKS;
}

bool authority_giver(const struct authority_index *index, const struct authority_call *call,
                     const struct authority_reach *reach, uint32_t *hold, uint32_t *place)
{
    for (*place = 1; *place < reach->count; (*place)++) {
        for (*hold = authority_first_hold(index, reach->found[*place], call->at.at);
             *hold != LIFE_NONE; *hold = authority_next_hold(index, *hold, call->at.at)) {
            if (would_do(index, call, *hold) && authority_may_come(reach, index, *hold, call->at))
                return true;
        }
    }
    return false;
}
