// SPDX-License-Identifier: Apache-2.0
//
// Acting with sessions, for tests of the kernel: what act.h is for other objects.
#ifndef KERNEL_CORE_TEST_SESSIONS_H
#define KERNEL_CORE_TEST_SESSIONS_H

#include "abi/identity.h"
#include "kernel/core/test/act.h"

enum { ACT_HASH = 0x5e55 }; // that minters state of an identity

// An identity page with these texts as its first sections (NULL: no more), sealed.
cap_t act_identity(uint32_t thread, const char *const *sections);
// One whose header is as it is given.
cap_t act_identity_of(uint32_t thread, const struct identity_header *header, uint32_t pages,
                      bool is_sealed);
enum status act_mint_fact(uint32_t thread, cap_t minter, cap_t identity, uint64_t expiry_ns,
                          cap_t *session);
// Below the thread's own "session", with one section.
cap_t act_session(uint32_t thread, const char *principal, uint64_t expiry_ns);
enum status act_session_end(uint32_t thread, cap_t session);
enum status act_from_call_fact(uint32_t thread, cap_t minter, uint64_t call_id, uint64_t expiry_ns,
                               cap_t *session);
enum status act_builder_of_fact(uint32_t thread, cap_t session, cap_t job, cap_t *builder);
// A process of the session with one capability, which runs: its thread.
uint32_t act_process_of(uint32_t thread, cap_t session, const char *name, cap_t granted);
// Endpoint.identity: what came stands in bytes[0] to bytes[*count - 1].
enum status act_identity_fact(uint32_t thread, cap_t server, uint64_t call_id, uint32_t section,
                              uint32_t offset, uint32_t *size, char *bytes, uint32_t *count);

// --- A visit: one process serves another, which is of a session of its own ----------------------

enum {
    VISIT_MESSAGE = 64,
    VISIT_RECV_SIZE = (int)sizeof(struct message_header) + VISIT_MESSAGE,
    VISIT_RECV_AT = ACT_FREE + 1024,
    VISIT_INTERFACE = 0x5000,
};

// init serves; the child is of the session `alice` and has `client`, a facet of the service, as
// "it", with these receiver data.
struct act_visit {
    uint32_t init, child;
    cap_t server, minter, alice;
    struct act_facet client;
};
enum { VISIT_DATA = 99 };
extern struct act_visit visit;

bool act_visit_boot(void);
// A call of the thread to "it".
struct sqe act_visit_call(uint32_t thread, uint16_t disclose);
// The thread calls; its call's header, which init has received.
struct message_header act_called(uint32_t thread, uint16_t disclose);
void act_answered(uint32_t thread, uint64_t call_id);
// What init is told of a section of a call that it has received.
enum status act_told(uint64_t call_id, uint32_t section);

#endif
