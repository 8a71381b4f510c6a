// SPDX-License-Identifier: Apache-2.0
//
// What a job may use of each resource, and what is used of it.
#ifndef RUNTIME_USAGE_H
#define RUNTIME_USAGE_H

#include "abi/commit.h"
#include "lib/capnp/call.h"

#include "schema/kernel.capnp.h"

struct tsr_usage {
    uint32_t limits[RESOURCE_COUNT]; // by enum resource
    uint32_t used[RESOURCE_COUNT];
};

// False, with *exception: the job does not say.
bool tsr_usage_read(struct job job, struct tsr_usage *usage, struct capnp_exception *exception);

#endif
