// SPDX-License-Identifier: Apache-2.0
//
// Whether a record that nobody vouches for may be given to reduce().
#ifndef LIB_REPLAY_WELLFORMED_H
#define LIB_REPLAY_WELLFORMED_H

#include "abi/errors.h"
#include "kernel/core/state/state.h"

// STATUS_OK where reducing the commit next is well-formed, else STATUS_BAD_ARGUMENT. Whether a
// kernel would have allowed it is another question.
enum status state_check(const struct state *state, const struct commit *commit);

#endif
