// SPDX-License-Identifier: Apache-2.0
//
// Whether a record that nobody vouches for may be given to reduce().
#ifndef LIB_REPLAY_WELLFORMED_H
#define LIB_REPLAY_WELLFORMED_H

#include "kernel/core/state/state.h"

// What is wrong with a record, as far as the state before it says.
enum record_fault {
    RECORD_OK = 0,
    RECORD_KIND,     // there is no such kind
    RECORD_ORDER,    // genesis comes first, then its configuration, and neither comes again
    RECORD_RESERVED, // a byte or flag that the kind does not use is not zero
    RECORD_NEW_ID,   // it creates another id than the one that comes next
    RECORD_ABSENT,   // it names what does not exist
    RECORD_STATE,    // what it names is not in the state that it needs
    RECORD_VALUE,    // a number is out of its range
    RECORD_WIDER,    // a facet would be wider than the one that it is made from
    RECORD_DEPTH,    // too many sessions, jobs or facets above it
    RECORD_LIMIT,    // a job would have used more than its limit
    RECORD_FAULT_COUNT,
};

// RECORD_OK where reducing the commit next is well-formed. Whether a kernel would have allowed it
// is another question.
enum record_fault record_check(const struct state *state, const struct commit *commit);

#endif
