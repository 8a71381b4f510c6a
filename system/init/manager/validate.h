// SPDX-License-Identifier: Apache-2.0
//
// What can be said of a set of definitions as a whole.
#ifndef INIT_MANAGER_VALIDATE_H
#define INIT_MANAGER_VALIDATE_H

#include "system/init/manager/catalogue.h"

// Checks each definition and all relations, builds the graph without those that lead from `members`
// to others, and adds what is wrong to the catalogue's problems.
void validate_set(struct catalogue *catalogue, struct service_set *set,
                  const struct slots *members);

#endif
