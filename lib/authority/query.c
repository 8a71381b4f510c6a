// SPDX-License-Identifier: Apache-2.0
//
// See query.h. Everything is asked of the lives; what a record says of itself stands in the commit
// that created it.
#include "lib/authority/query.h"

struct authority_at authority_at_seq(const struct authority_index *index, uint32_t at)
{
    uint64_t now_ns =
        at <= index->base_count ? index->base_ns : authority_commit(index, at - 1)->time_ns;
    return (struct authority_at){at, now_ns};
}

// --- Processes and sessions ---------------------------------------------------------------------

static bool job_is_over(const struct authority_index *index, uint32_t job, uint32_t at)
{
    while (job != LIFE_NONE && !life_is_over(index, job, at))
        job = index->lives[job].owner;
    return job != LIFE_NONE;
}

enum authority_stage authority_stage_of(const struct authority_index *index, uint32_t process,
                                        uint32_t at)
{
    const struct life *life = &index->lives[process];

    if (!life_is_there(index, process, at) || life_is_over(index, process, at))
        return STAGE_ABSENT;
    if (job_is_over(index, life->owner, at))
        return STAGE_KILLED;
    return life->changes < at ? STAGE_RUNNING : STAGE_BUILDING;
}

uint32_t authority_session(const struct authority_index *index, uint32_t process, uint32_t at)
{
    uint32_t start = index->lives[process].changes;

    return start < at ? index->lives[start].target : index->lives[process].target;
}

bool authority_session_is_live(const struct authority_index *index, uint32_t session,
                               struct authority_at at)
{
    for (; session != LIFE_NONE; session = index->lives[session].owner) {
        if (life_is_over(index, session, at.at) ||
            at.now_ns >= authority_commit(index, session)->session_create.expiry_ns)
            return false;
    }
    return true;
}

// --- Facets -------------------------------------------------------------------------------------

static uint64_t lease_expiry(const struct authority_index *index, uint32_t facet, uint32_t at)
{
    uint32_t lease = index->lives[facet].changes;

    while (lease != LIFE_NONE && lease >= at)
        lease = index->lives[lease].owner_before;
    return lease == LIFE_NONE ? UINT64_MAX : authority_commit(index, lease)->facet_lease.expiry_ns;
}

enum authority_use authority_facet_use(const struct authority_index *index, uint32_t facet,
                                       struct authority_at at, uint32_t *broken)
{
    uint32_t unused;
    uint32_t *place = broken != NULL ? broken : &unused;

    for (*place = facet; *place != LIFE_NONE; *place = index->lives[*place].target) {
        if (life_is_over(index, *place, at.at))
            return USE_REVOKED;
        if (lease_expiry(index, *place, at.at) <= at.now_ns)
            return USE_EXPIRED;
    }
    return USE_WORKS;
}

enum authority_use authority_hold_use(const struct authority_index *index, uint32_t hold,
                                      struct authority_at at)
{
    uint32_t session = authority_session(index, index->lives[hold].owner, at.at);

    if (!authority_session_is_live(index, session, at))
        return USE_SESSION;
    return authority_facet_use(index, index->lives[hold].target, at, NULL);
}

uint64_t authority_methods(const struct authority_index *index, uint32_t facet)
{
    const struct commit *commit = authority_commit(index, facet);

    return commit->kind == COMMIT_FACET_CREATE ? commit->facet_create.methods : UINT64_MAX;
}

uint64_t authority_interface(const struct authority_index *index, uint32_t facet)
{
    const struct commit *commit = authority_commit(index, facet);

    return commit->kind == COMMIT_FACET_CREATE ? commit->facet_create.interface
                                               : commit->object_create.interface;
}

uint32_t authority_object_kind(const struct authority_index *index, uint32_t object)
{
    return authority_commit(index, object)->object_create.kind;
}

bool authority_is_server(const struct authority_index *index, uint32_t facet)
{
    uint32_t object = index->lives[facet].owner;

    return authority_object_kind(index, object) == OBJECT_ENDPOINT &&
           authority_interface(index, facet) == authority_interface(index, object);
}

bool authority_is_client(const struct authority_index *index, uint32_t facet)
{
    uint32_t object = index->lives[facet].owner;

    return authority_object_kind(index, object) == OBJECT_ENDPOINT &&
           authority_interface(index, facet) != authority_interface(index, object);
}

// --- Holds --------------------------------------------------------------------------------------

bool authority_is_hold(const struct authority_index *index, uint32_t life)
{
    uint32_t kind = authority_commit(index, life)->kind;
    return kind == COMMIT_HOLD_INSERT || kind == COMMIT_HOLD_MOVE;
}

// The life that a seq and the id of a hold may name: of what is from before, the one in the slot.
static uint32_t hold_life(const struct authority_index *index, uint64_t seq, struct commit_id id)
{
    uint32_t life;

    if (seq < index->base_seq)
        return authority_life(index, ARENA_HOLDS, id.index, index->base_count);
    return authority_at_of(index, seq, &life) && life < index->count ? life : LIFE_NONE;
}

// The life that an insert names as its origin, if this log has it: nobody else has checked that.
// It has to be older, so that a path comes to an end.
static uint32_t origin_of(const struct authority_index *index, uint32_t life,
                          const struct commit_hold_insert *insert)
{
    uint64_t seq = insert->origin_seq;

    if (insert->origin.generation == 0 || seq >= authority_seq(index, life))
        return LIFE_NONE;
    uint32_t origin = hold_life(index, seq, insert->origin);
    if (origin == LIFE_NONE || !authority_is_hold(index, origin) ||
        authority_seq(index, origin) != seq)
        return LIFE_NONE;
    struct commit_id id = authority_id(index, ARENA_HOLDS, origin);
    bool is_it = id.index == insert->origin.index && id.generation == insert->origin.generation;
    return is_it ? origin : LIFE_NONE;
}

void authority_hold_of(const struct authority_index *index, uint32_t life,
                       struct authority_hold *hold)
{
    const struct life *kept = &index->lives[life];
    const struct commit *made = authority_commit(index, life);
    const struct commit_hold_insert *insert = &authority_commit(index, kept->changes)->hold_insert;
    bool was_moved = made->kind == COMMIT_HOLD_MOVE;

    *hold = (struct authority_hold){
        .life = life,
        .id = authority_id(index, ARENA_HOLDS, life),
        .process = kept->owner,
        .facet = kept->target,
        .object = index->lives[kept->target].owner,
        .origin = was_moved ? kept->facets : origin_of(index, life, insert),
        .how = was_moved ? (uint8_t)made->hold_move.how : insert->how,
        .transfer = insert->transfer,
        .scope = insert->scope,
        .is_revoker = insert->revoker != 0,
        .was_moved = was_moved,
    };
    hold->is_foreign = hold->origin == LIFE_NONE && insert->origin.generation != 0;
    hold->is_before = life_is_before(index, life);
}

bool authority_hold_counts(const struct authority_index *index, uint32_t hold, uint32_t at)
{
    return life_is_there(index, hold, at) &&
           authority_stage_of(index, index->lives[hold].owner, at) != STAGE_ABSENT;
}

static uint32_t hold_there(const struct authority_index *index, uint32_t hold, uint32_t at)
{
    while (hold != LIFE_NONE && !life_is_there(index, hold, at))
        hold = index->lives[hold].owner_before;
    return hold;
}

uint32_t authority_first_hold(const struct authority_index *index, uint32_t process, uint32_t at)
{
    if (authority_stage_of(index, process, at) == STAGE_ABSENT)
        return LIFE_NONE;
    return hold_there(index, index->lives[process].holds, at);
}

uint32_t authority_next_hold(const struct authority_index *index, uint32_t hold, uint32_t at)
{
    return hold_there(index, index->lives[hold].owner_before, at);
}

void authority_who(const struct authority_index *index, uint32_t object, struct authority_at at,
                   void (*put)(void *context, uint32_t hold), void *context)
{
    const struct life *lives = index->lives;

    for (uint32_t f = lives[object].facets; f != LIFE_NONE; f = lives[f].owner_before) {
        if (!life_is_there(index, f, at.at))
            continue;
        if (authority_facet_use(index, f, at, NULL) != USE_WORKS)
            continue;
        for (uint32_t h = lives[f].holds; h != LIFE_NONE; h = lives[h].target_before) {
            bool is_revoker = life_is_there(index, h, at.at) &&
                              authority_commit(index, lives[h].changes)->hold_insert.revoker != 0;
            if (life_is_there(index, h, at.at) && !is_revoker &&
                authority_stage_of(index, lives[h].owner, at.at) == STAGE_RUNNING &&
                authority_hold_use(index, h, at) == USE_WORKS)
                put(context, h);
        }
    }
}

uint32_t authority_acted_for(const struct authority_index *index, const struct authority_hold *hold)
{
    uint32_t actor = authority_commit(index, hold->life)->actor;
    uint32_t process = authority_life(index, ARENA_PROCESSES, actor, hold->life);

    if (hold->how == HOW_RETURN || hold->how == HOW_MINT)
        process = hold->process;
    else if (hold->how == HOW_CALL && hold->origin != LIFE_NONE)
        process = index->lives[hold->origin].owner;
    return process == LIFE_NONE || hold->how == HOW_GENESIS || hold->is_before
               ? LIFE_NONE
               : authority_session(index, process, hold->life);
}
