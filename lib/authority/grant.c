// SPDX-License-Identifier: Apache-2.0
//
// See grant.h.
#include "lib/authority/grant.h"

// Whether something was made from a hold: handed on, or a facet of it.
static bool was_handed_on(const struct authority_index *index, uint32_t hold)
{
    struct authority_hold made;

    for (uint32_t life = 0; life < index->count; life++) {
        if (!authority_is_hold(index, life))
            continue;
        authority_hold_of(index, life, &made);
        if (made.origin == hold)
            return true;
    }
    return false;
}

static bool is_made_from(const struct authority_index *index, uint32_t facet, uint32_t from)
{
    while (facet != LIFE_NONE && facet != from)
        facet = index->lives[facet].target;
    return facet != LIFE_NONE;
}

struct authority_grant authority_grant_of(const struct authority_index *index,
                                          const struct authority_hold *hold,
                                          const struct authority_uses *uses)
{
    struct authority_grant grant = {.is_handed_on = was_handed_on(index, hold->life)};
    uint32_t process, facet;
    uint64_t methods;

    grant.is_used = grant.is_handed_on;
    for (uint32_t i = 0; uses->at(uses->context, i, &process, &facet, &methods); i++) {
        bool is_own = process == hold->process;
        // Who hands a capability on needs what its receivers use.
        if ((!is_own && !grant.is_handed_on) || facet == LIFE_NONE ||
            !is_made_from(index, facet, hold->facet))
            continue;
        grant.methods |= methods;
        grant.is_used = grant.is_used || methods != 0 || (is_own && facet == hold->facet);
    }
    return grant;
}
