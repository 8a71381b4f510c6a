// SPDX-License-Identifier: Apache-2.0
//
// Sessions, for the rest of the kernel: session.c; and processes that are built for one:
// process_builder.c.
#ifndef KERNEL_CORE_SESSION_H
#define KERNEL_CORE_SESSION_H

#include "kernel/core/core.h"

// Of the process whose request it is.
static inline uint32_t session_of(const struct core *core, const struct request *request)
{
    return core->state.processes[request->sender.process].session;
}
// Of its object.
void session_destroyed(struct core *core, uint32_t object);
enum status session_method_check(struct core *core, struct request *request);
// Whether its scope lets the hold become one of process `to`.
enum status session_scope_check(const struct core *core, const struct hold *hold, uint32_t to);
// Destroys the session, and those above it, if nobody holds it and nothing is in it.
void session_collect(struct core *core, uint32_t session);
// The reference by which the endpoint of a call knows its caller, computed anew.
__attribute__((noinline)) void caller_compute(struct core *core, const struct request *call);
// The call that the asker means and its process answers: endpoint.c.
enum status caller_find(struct core *core, const struct request *request, uint32_t endpoint,
                        uint32_t disclosed, struct request **found);
// A process builder of a job and a session; through a SessionMinter (is_brokered).
enum status builder_make(struct core *core, struct request *request, uint32_t job, uint32_t session,
                         bool is_brokered);

#endif
