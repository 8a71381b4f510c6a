// SPDX-License-Identifier: Apache-2.0
//
// On whose behalf: identities and sessions for who makes them, and what a server can learn of who
// calls. A service of runtime/service has in its request what there is without asking: a reference
// by which it knows a caller's session again, and which sections of the identity are offered.
//
//     static struct tsr_identity identity;
//     tsr_identity_init(&identity);
//     tsr_identity_put(&identity, IDENTITY_PRINCIPAL, "alice", 5);
//     tsr_session_mint(minter, job, &identity, expiry_ns, &session, &exception);
//     tsr_build_open_for(&build, &spawner, session, job, &exception); // a process of it
#ifndef RUNTIME_SESSION_H
#define RUNTIME_SESSION_H

#include "abi/commit.h"
#include "abi/identity.h"
#include "lib/capnp/call.h"

#include "schema/kernel.capnp.h"

// What a call discloses (struct tsr_call_options) so that who answers may act for the caller, and
// those who act so can say for whom.
enum {
    TSR_DISCLOSE_NAME = 1 << IDENTITY_NAME,
    TSR_DISCLOSE_PROFILE = 1 << IDENTITY_PROFILE,
    TSR_ACT_FOR_ME = DISCLOSE_ALL,
};

// An identity being written.
struct tsr_identity {
    uint32_t size; // bytes of the page that are taken
    union {
        struct identity_header header;
        uint8_t page[IDENTITY_SIZE_MAX];
    };
};

void tsr_identity_init(struct tsr_identity *identity);
// A section, once. False where there is no such section, it is there already, or does not fit.
bool tsr_identity_put(struct tsr_identity *identity, uint32_t section, const void *bytes,
                      uint32_t size);

// A session with this identity, below the minter's, until expiry_ns at the latest (UINT64_MAX: no
// limit of its own). The job is asked for the memory that keeps the identity.
bool tsr_session_mint(struct session_minter minter, struct job job,
                      const struct tsr_identity *identity, uint64_t expiry_ns,
                      struct session_minter *session, struct capnp_exception *exception);

// What a section of the identity of a call's caller says, while the call is being answered: *size
// bytes of it, of which those that have room are in `bytes`. 0: there is no such section.
bool tsr_identity_read(struct endpoint server, uint64_t call_id, uint32_t section, void *bytes,
                       uint32_t room, uint32_t *size, struct capnp_exception *exception);

// Whether two calls to one endpoint came from the same session of the same boot.
static inline bool tsr_caller_is_same(const uint64_t reference[2], uint64_t epoch,
                                      const uint64_t other[2], uint64_t other_epoch)
{
    return reference[0] == other[0] && reference[1] == other[1] && epoch == other_epoch;
}

#endif
