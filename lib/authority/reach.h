// SPDX-License-Identifier: Apache-2.0
//
// With whom a process can exchange capabilities, over whatever many calls, and so what it could
// come to hold: an upper bound. Two processes are neighbours where one can call an endpoint that
// the other serves; over a call capabilities travel both ways. Everybody is taken to hand on all
// that may be handed on.
//
//     authority_reach(&reach, index, process, at, storage)
//     reach.found[0..count): processes, nearest first; authority_may_come(...) says of a hold of
//     one of them whether the first could come to hold it
#ifndef LIB_AUTHORITY_REACH_H
#define LIB_AUTHORITY_REACH_H

#include "lib/authority/query.h"

struct authority_reach {
    uint32_t *found;    // lives, nearest first: the process itself, then others
    uint32_t *from;     // by place in `found`: the place of who is one call nearer
    uint32_t *distance; // by place: calls between
    uint8_t *seen;      // by slot of a process: 1; behind them by slot of an object: sides
    uint32_t count;
};

uint64_t authority_reach_size(const struct state_config *config);

// `storage`: so many zeroed bytes, aligned to 4.
void authority_reach(struct authority_reach *reach, const struct authority_index *index,
                     uint32_t process, struct authority_at at, void *storage);

// Whether a hold of a process that was found works, and it is the first's own, or may be handed on
// to it.
bool authority_may_come(const struct authority_reach *reach, const struct authority_index *index,
                        uint32_t hold, struct authority_at at);

#endif
