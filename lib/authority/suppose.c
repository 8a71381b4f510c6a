// SPDX-License-Identifier: Apache-2.0
//
// See suppose.h.
#include "lib/authority/suppose.h"

static uint8_t *stop_of(const struct authority_supposition *supposition, uint32_t process)
{
    return &supposition->stops[authority_id(supposition->index, ARENA_PROCESSES, process).index];
}

static bool is_running(const struct authority_supposition *supposition, uint32_t process)
{
    return authority_stage_of(supposition->index, process, supposition->at.at) == STAGE_RUNNING;
}

bool authority_is_made_from(const struct authority_index *index, uint32_t facet, uint32_t from)
{
    while (facet != LIFE_NONE && facet != from)
        facet = index->lives[facet].target;
    return facet != LIFE_NONE;
}

static bool was_used(const struct authority_supposition *supposition, uint32_t process,
                     uint32_t facet)
{
    uint32_t user, used;

    for (uint32_t i = 0; supposition->use(supposition->context, i, &user, &used); i++) {
        if (user == process && used == facet)
            return true;
    }
    return false;
}

// Whether somebody who can serve an endpoint is stopped, and nobody else serves it. Who holds the
// server's side and never used it (whoever made the endpoint) doesn't count as serving it.
static bool is_unserved(const struct authority_supposition *supposition, uint32_t object)
{
    const struct authority_index *index = supposition->index;
    const struct life *lives = index->lives;
    bool is_stopped = false;

    for (uint32_t f = lives[object].facets; f != LIFE_NONE; f = lives[f].owner_before) {
        if (!authority_is_server(index, f))
            continue;
        for (uint32_t h = lives[f].holds; h != LIFE_NONE; h = lives[h].target_before) {
            uint32_t process = lives[h].owner;
            if (!life_is_there(index, h, supposition->at.at) || !is_running(supposition, process))
                continue;
            if (*stop_of(supposition, process) != STOPS_NOT)
                is_stopped = true;
            else if (was_used(supposition, process, f))
                return false;
        }
    }
    return is_stopped;
}

// Who used what is gone, and is not yet known to be stopped.
static bool use_spread(const struct authority_supposition *supposition, uint32_t process,
                       uint32_t facet)
{
    const struct authority_index *index = supposition->index;
    uint8_t *stop = stop_of(supposition, process);

    if (*stop != STOPS_NOT || !is_running(supposition, process))
        return false;
    if (supposition->facet != LIFE_NONE && authority_is_made_from(index, facet, supposition->facet))
        *stop = STOPS_USES;
    else if (authority_is_client(index, facet) &&
             is_unserved(supposition, index->lives[facet].owner))
        *stop = STOPS_DEPENDS;
    return *stop != STOPS_NOT;
}

void authority_suppose(const struct authority_supposition *supposition)
{
    uint32_t process, facet;
    bool grew = true;

    while (grew) {
        grew = false;
        for (uint32_t i = 0; supposition->use(supposition->context, i, &process, &facet); i++) {
            if (process != LIFE_NONE && facet != LIFE_NONE)
                grew = use_spread(supposition, process, facet) || grew;
        }
    }
}

void authority_suppose_process(const struct authority_supposition *supposition, uint32_t process)
{
    *stop_of(supposition, process) = STOPS_KILLED;
}

void authority_suppose_job(const struct authority_supposition *supposition, uint32_t job)
{
    const struct authority_index *index = supposition->index;

    for (uint32_t slot = 0; slot < index->config.processes; slot++) {
        uint32_t process = authority_life(index, ARENA_PROCESSES, slot, supposition->at.at);
        if (process == LIFE_NONE || !is_running(supposition, process))
            continue;
        uint32_t at = index->lives[process].owner;
        while (at != LIFE_NONE && at != job)
            at = index->lives[at].owner;
        if (at != LIFE_NONE)
            authority_suppose_process(supposition, process);
    }
}
