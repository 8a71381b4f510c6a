// SPDX-License-Identifier: Apache-2.0
//
// Sessions of programs. Who sits at a terminal, and each service that acts for nobody but itself,
// has one of its own for each start: what is done in it is over when the program is, and whoever
// comes next is not taken for the one before.
#include <string.h>

#include "abi/identity.h"
#include "system/init-min/init.h"

void callers_make(struct init *init)
{
    struct capnp_cap facet;
    struct revoker revoker;
    struct capnp_exception exception;
    if (!capability_manager_facet(init->capabilities, (struct capnp_cap){init->session.id},
                                  1 << SESSION_MINTER_FROM_CALL, 0, 0, 0, 0, &facet, &revoker,
                                  &exception)) {
        fail(init, tsr_text_of("callers"), "cannot be acted for", &exception);
    }
    tsr_release(revoker.id);
    init->callers.id = facet.id;
}

bool session_begin(struct init *init, struct boot_program_reader from, struct program *program)
{
    static struct tsr_identity identity;
    struct capnp_exception exception;
    struct session_info_reader session = boot_program_get_session(from);
    struct capnp_text name = session_info_get_name(session);
    struct capnp_text profile = session_info_get_profile(session);
    program->session.id = 0;
    if (!boot_program_has_session(from)) {
        return true;
    }
    tsr_identity_init(&identity);
    if (!tsr_identity_put(&identity, IDENTITY_NAME, name.data, name.size) ||
        !tsr_identity_put(&identity, IDENTITY_PROFILE, profile.data, profile.size)) {
        complain(init, program->label, "its session has no name, no profile or too long ones",
                 NULL);
        return false;
    }
    if (!tsr_session_mint(init->session, init->job, &identity, UINT64_MAX, &program->session,
                          &exception)) {
        program->session.id = 0;
        complain(init, program->label, "cannot have a session", &exception);
        return false;
    }
    return true;
}

void session_finish(struct program *program)
{
    struct capnp_exception ignored; // it is over already
    if (program->session.id != 0) {
        session_minter_end(program->session, &ignored);
        tsr_release(program->session.id);
        program->session.id = 0;
    }
}
