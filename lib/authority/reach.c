// SPDX-License-Identifier: Apache-2.0
//
// See reach.h: breadth first, each side of an endpoint once.
#include "lib/authority/reach.h"

#include "abi/ring.h"

enum { SIDE_CLIENTS = 1, SIDE_SERVERS = 2 };

uint64_t authority_reach_size(const struct state_config *config)
{
    return 3 * (uint64_t)config->processes * sizeof(uint32_t) + config->processes + config->objects;
}

static bool works(const struct authority_index *index, uint32_t hold, struct authority_at at)
{
    return authority_stage_of(index, index->lives[hold].owner, at.at) == STAGE_RUNNING &&
           authority_hold_use(index, hold, at) == USE_WORKS;
}

static bool is_revoker(const struct authority_index *index, uint32_t hold)
{
    return authority_commit(index, index->lives[hold].changes)->hold_insert.revoker != 0;
}

static void found(struct authority_reach *reach, const struct authority_index *index,
                  uint32_t process, uint32_t from)
{
    uint8_t *seen = &reach->seen[authority_id(index, ARENA_PROCESSES, process).index];

    if (*seen != 0)
        return;
    *seen = 1;
    reach->found[reach->count] = process;
    reach->from[reach->count] = from;
    reach->distance[reach->count] = reach->count == 0 ? 0 : reach->distance[from] + 1;
    reach->count++;
}

// Everybody on one side of an endpoint.
static void side_found(struct authority_reach *reach, const struct authority_index *index,
                       uint32_t object, bool of_servers, struct authority_at at, uint32_t from)
{
    const struct life *lives = index->lives;

    for (uint32_t f = lives[object].facets; f != LIFE_NONE; f = lives[f].owner_before) {
        if (!life_is_there(index, f, at.at) || authority_is_server(index, f) != of_servers)
            continue;
        for (uint32_t h = lives[f].holds; h != LIFE_NONE; h = lives[h].target_before) {
            if (life_is_there(index, h, at.at) && !is_revoker(index, h) && works(index, h, at))
                found(reach, index, lives[h].owner, from);
        }
    }
}

static void neighbours_found(struct authority_reach *reach, const struct authority_index *index,
                             uint32_t place, struct authority_at at)
{
    for (uint32_t h = authority_first_hold(index, reach->found[place], at.at); h != LIFE_NONE;
         h = authority_next_hold(index, h, at.at)) {
        uint32_t facet = index->lives[h].target;
        uint32_t object = index->lives[facet].owner;
        bool is_server = authority_is_server(index, facet);
        uint8_t side = is_server ? SIDE_CLIENTS : SIDE_SERVERS;

        if ((!is_server && !authority_is_client(index, facet)) || is_revoker(index, h) ||
            !works(index, h, at))
            continue;
        uint8_t *seen =
            &reach
                 ->seen[index->config.processes + authority_id(index, ARENA_OBJECTS, object).index];
        if ((*seen & side) == 0)
            side_found(reach, index, object, !is_server, at, place);
        *seen |= side;
    }
}

void authority_reach(struct authority_reach *reach, const struct authority_index *index,
                     uint32_t process, struct authority_at at, void *storage)
{
    uint32_t processes = index->config.processes;

    *reach = (struct authority_reach){.found = storage};
    reach->from = reach->found + processes;
    reach->distance = reach->from + processes;
    reach->seen = (uint8_t *)(reach->distance + processes);
    found(reach, index, process, 0);
    // Grows while it is gone through.
    for (uint32_t place = 0; place < reach->count; place++)
        neighbours_found(reach, index, place, at);
}

bool authority_may_come(const struct authority_reach *reach, const struct authority_index *index,
                        uint32_t hold, struct authority_at at)
{
    uint32_t session = authority_session(index, reach->found[0], at.at);
    struct authority_hold what;

    authority_hold_of(index, hold, &what);
    if (what.process == reach->found[0])
        return authority_hold_use(index, hold, at) == USE_WORKS;
    bool is_same = authority_session(index, what.process, at.at) == session;
    return what.transfer != TRANSFER_NONE && works(index, hold, at) &&
           (what.scope == SCOPE_SHAREABLE || (what.scope == SCOPE_SAME_SESSION && is_same));
}
