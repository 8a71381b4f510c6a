// SPDX-License-Identifier: Apache-2.0
//
// See view.h.
#include "lib/authority/view.h"

struct authority_view authority_view_of(const struct authority_index *index, uint64_t receiver_data)
{
    struct commit_id id = {(uint32_t)receiver_data, (uint32_t)(receiver_data >> 32)};
    struct authority_view view = {.index = index, .job = LIFE_NONE};

    if (id.generation != 0)
        view.job = authority_life_of(index, ARENA_JOBS, id, index->count);
    return view;
}

bool authority_sees_job(const struct authority_view *view, uint32_t job)
{
    while (job != LIFE_NONE && job != view->job)
        job = view->index->lives[job].owner;
    return job != LIFE_NONE;
}

bool authority_sees_process(const struct authority_view *view, uint32_t process)
{
    return authority_sees_job(view, view->index->lives[process].owner);
}

bool authority_sees_hold(const struct authority_view *view, uint32_t hold)
{
    return authority_sees_process(view, view->index->lives[hold].owner);
}

bool authority_sees_object(const struct authority_view *view, uint32_t object, uint32_t at)
{
    const struct life *lives = view->index->lives;

    for (uint32_t f = lives[object].facets; f != LIFE_NONE; f = lives[f].owner_before) {
        for (uint32_t h = lives[f].holds; h != LIFE_NONE; h = lives[h].target_before) {
            if (h < at && authority_sees_hold(view, h))
                return true;
        }
    }
    return false;
}
