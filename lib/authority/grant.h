// SPDX-License-Identifier: Apache-2.0
//
// Whether what somebody was granted was needed: a hold was used if an operation on it was not
// refused, or if it was handed on or a facet was made of it; a method, if it was called through it
// or through what was made from it.
#ifndef LIB_AUTHORITY_GRANT_H
#define LIB_AUTHORITY_GRANT_H

#include "lib/authority/query.h"

// The uses that are known, one after the other: lives, and the methods that were called (none: it
// was no call). False: there are not so many.
struct authority_uses {
    bool (*at)(void *context, uint32_t place, uint32_t *process, uint32_t *facet,
               uint64_t *methods);
    void *context;
};

struct authority_grant {
    bool is_used, is_handed_on;
    uint64_t methods; // called
};

struct authority_grant authority_grant_of(const struct authority_index *index,
                                          const struct authority_hold *hold,
                                          const struct authority_uses *uses);

#endif
