// SPDX-License-Identifier: Apache-2.0
//
// Why a process may not call a method of an object at a moment, in the order in which the kernel
// asks: one reason for each capability of the object that the process holds, and what is about the
// process or the object as a whole; and who could hand one on that would do.
#ifndef LIB_AUTHORITY_DENIAL_H
#define LIB_AUTHORITY_DENIAL_H

#include "lib/authority/reach.h"

// Numbers are given once: abi/schema/authority.capnp answers with them.
enum authority_reason {
    DENIED_REVOKER = 1,   // the hold revokes, and calls nothing
    DENIED_INTERFACE = 2, // it is of another interface
    DENIED_METHOD = 3,    // it does not include the method
    DENIED_REVOKED = 4,   // it was revoked
    DENIED_EXPIRED = 5,   // its lease is over
    DENIED_SESSION = 6,   // its holder's session is over
    DENIED_NEVER = 7,     // the process never held one of the object
    DENIED_GONE = 8,      // it gave it back or handed it on
    DENIED_ENDED = 9,     // it held it when it ended
    DENIED_DEAD = 10,     // the process has ended
    DENIED_BUILDING = 11, // ... was not started yet
    DENIED_KILLED = 12,   // ... its job was killed
    DENIED_UNSERVED = 13, // nobody serves the endpoint
    DENIED_REASON_COUNT = 14,
};

struct authority_call {
    uint32_t process, object; // lives
    uint64_t interface;
    uint32_t method;
    struct authority_at at;
};

struct authority_denied {
    enum authority_reason why;
    uint32_t hold;   // LIFE_NONE: about the process or the object
    uint32_t broken; // REVOKED, EXPIRED: the facet that makes it not work
    uint32_t since;  // REVOKED, GONE: the commit; LIFE_NONE
};

// Calls `put` for each reason. Whether the process may.
bool authority_deny(const struct authority_index *index, const struct authority_call *call,
                    void (*put)(void *context, const struct authority_denied *denied),
                    void *context);

// The hold, and the place in `reach` (of the process) of its holder, of who could hand on what
// would do, nearest first. False: nobody can.
bool authority_giver(const struct authority_index *index, const struct authority_call *call,
                     const struct authority_reach *reach, uint32_t *hold, uint32_t *place);

#endif
