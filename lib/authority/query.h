// SPDX-License-Identifier: Apache-2.0
//
// Questions about one moment of an indexed log. What an answer says of moment `at` depends on the
// first `at` commits alone.
//
//     for (h = authority_first_hold(index, process, at); h != LIFE_NONE;
//          h = authority_next_hold(index, h, at))             ... of a process, newest first
//     authority_who(index, object, at, put, context)          ... who could call an object
//     authority_reach(...)                                    ... in reach.h
#ifndef LIB_AUTHORITY_QUERY_H
#define LIB_AUTHORITY_QUERY_H

#include "lib/authority/index.h"

// A number of commits, and what time it is then: leases and sessions run out without a commit.
struct authority_at {
    uint32_t at;
    uint64_t now_ns;
};

// The moment after the first `at` commits, at the time of the last of them.
struct authority_at authority_at_seq(const struct authority_index *index, uint32_t at);

enum authority_stage {
    STAGE_ABSENT = 0, // there is no such process, or it is dead
    STAGE_BUILDING,
    STAGE_RUNNING,
    STAGE_KILLED, // its job was: it runs no more, but what it held is not absent yet
    STAGE_COUNT,
};

enum authority_use {
    USE_WORKS = 0,
    USE_REVOKED, // the facet, or one that it was made from
    USE_EXPIRED, // the lease of one of them
    USE_SESSION, // the session of its holder is over
    USE_COUNT,
};

struct authority_hold {
    uint32_t life;
    struct commit_id id;
    uint32_t process; // lives
    uint32_t facet;
    uint32_t object;
    uint32_t origin; // the hold that it was made from; LIFE_NONE: genesis, or not in this log
    uint8_t how;     // enum hold_how
    uint8_t transfer;
    uint8_t scope;
    bool is_revoker;
    bool was_moved;
    bool is_foreign; // it says that it has an origin, but this log has no such hold
    bool is_before;  // it is older than the log's first page: see index.h
};

enum authority_stage authority_stage_of(const struct authority_index *index, uint32_t process,
                                        uint32_t at);

// The session that a process has, or had last; LIFE_NONE: none.
uint32_t authority_session(const struct authority_index *index, uint32_t process, uint32_t at);

// Whether neither a session nor one that it comes from has ended or expired.
bool authority_session_is_live(const struct authority_index *index, uint32_t session,
                               struct authority_at at);

// Whether a facet works; `broken`, where given, is the one that makes it not.
enum authority_use authority_facet_use(const struct authority_index *index, uint32_t facet,
                                       struct authority_at at, uint32_t *broken);

// The same for who holds it.
enum authority_use authority_hold_use(const struct authority_index *index, uint32_t hold,
                                      struct authority_at at);

// Bit n: method n. A root facet has all.
uint64_t authority_methods(const struct authority_index *index, uint32_t facet);
uint64_t authority_interface(const struct authority_index *index, uint32_t facet);
uint32_t authority_object_kind(const struct authority_index *index, uint32_t object);
// Whether a facet is the server's side of an endpoint, or a client's.
bool authority_is_server(const struct authority_index *index, uint32_t facet);
bool authority_is_client(const struct authority_index *index, uint32_t facet);

bool authority_is_hold(const struct authority_index *index, uint32_t life);
void authority_hold_of(const struct authority_index *index, uint32_t life,
                       struct authority_hold *hold);

// Holds that count at a moment: there, and of a process that is not dead. LIFE_NONE ends the list.
uint32_t authority_first_hold(const struct authority_index *index, uint32_t process, uint32_t at);
uint32_t authority_next_hold(const struct authority_index *index, uint32_t hold, uint32_t at);
bool authority_hold_counts(const struct authority_index *index, uint32_t hold, uint32_t at);

// Calls `put` for each hold by which a running process could call the object: no revoker, and it
// works. By facet, newest first; of each facet, newest first.
void authority_who(const struct authority_index *index, uint32_t object, struct authority_at at,
                   void (*put)(void *context, uint32_t hold), void *context);

// The session that the step acted for by which a hold came to be: of a call, the caller's; of a
// return, that of the process which gets the answer, for which it was served; of a grant, the
// grantor's; of a facet, its maker's. LIFE_NONE: the kernel's own.
uint32_t authority_acted_for(const struct authority_index *index,
                             const struct authority_hold *hold);

#endif
