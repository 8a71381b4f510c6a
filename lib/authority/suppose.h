// SPDX-License-Identifier: Apache-2.0
//
// What if: who would be stopped by a revocation, or by the end of a process or a job: whoever used
// what would be gone, then whoever used what those alone serve, and so on, until nobody is added.
#ifndef LIB_AUTHORITY_SUPPOSE_H
#define LIB_AUTHORITY_SUPPOSE_H

#include "lib/authority/query.h"

// Numbers are given once: abi/schema/authority.capnp answers with them.
enum authority_stop { STOPS_NOT = 0, STOPS_USES = 1, STOPS_KILLED = 2, STOPS_DEPENDS = 3 };

struct authority_supposition {
    const struct authority_index *index;
    struct authority_at at;
    uint32_t facet; // that would be revoked; LIFE_NONE
    // By slot of a process: enum authority_stop; who would be killed is so to begin with.
    uint8_t *stops;
    // The place-th use that is known: lives. False: there are not so many.
    bool (*use)(void *context, uint32_t place, uint32_t *process, uint32_t *facet);
    void *context;
};

// Marks the running processes of a job and of those below it as killed.
void authority_suppose_job(const struct authority_supposition *supposition, uint32_t job);
void authority_suppose_process(const struct authority_supposition *supposition, uint32_t process);

void authority_suppose(const struct authority_supposition *supposition);

// Whether a facet is another, or made from it.
bool authority_is_made_from(const struct authority_index *index, uint32_t facet, uint32_t from);

#endif
