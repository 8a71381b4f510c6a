// SPDX-License-Identifier: Apache-2.0
//
// Whose session a process of a service gets: an identity by name, the service's own SID, and which
// privileges it may keep. Who makes the session applies the order to what the identity service
// answered; it only ever adds that one SID and takes privileges away.
#ifndef INIT_MANAGER_SESSION_H
#define INIT_MANAGER_SESSION_H

#include "lib/access/access.h"
#include "system/init/manager/definition.h"

// "SYSTEM" is made from init's own session and never is it; every other name is asked of the
// identity service.
#define IDENTITY_OTHERWISE "LocalService"

struct session_order {
    const char *identity;
    const struct sid *service_sid;
    uint64_t privileges; // privilege_bit() | ..., all where RequiredPrivileges is not given
};

// For the service itself, or for one of its hooks.
struct session_order session_order_of(const struct definition *definition,
                                      const struct sid *service_sid, bool is_hook);

// The identity of the order: `base` with the SID as one more group. `groups` has room for one more
// than `base` has, and lives as long as what is returned.
struct access_token session_apply(const struct session_order *order,
                                  const struct access_token *base, struct sid *groups);

#endif
