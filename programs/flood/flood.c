// SPDX-License-Identifier: Apache-2.0
//
// Makes and drops facets until the log could not hold what became of it. Granted: console,
// capabilities.

#include "runtime/runtime.h"

#include "schema/kernel.capnp.h"

enum { FACETS = 12000 }; // six commits each: more than the 64,512 of the largest log

int tsr_main(struct start *start)
{
    struct debug_console console;
    struct capability_manager capabilities;
    struct capnp_exception exception;
    if (!tsr_find(start, "console", DEBUG_CONSOLE_INTERFACE_ID, &console.id) ||
        !tsr_find(start, "capabilities", CAPABILITY_MANAGER_INTERFACE_ID, &capabilities.id)) {
        return 1;
    }
    for (uint32_t i = 0; i < FACETS; i++) {
        struct capnp_cap facet;
        struct revoker revoker;
        if (!capability_manager_facet(capabilities, (struct capnp_cap){console.id}, 1, 0, 0, 0, 0,
                                      &facet, &revoker, &exception)) {
            struct tsr_line line = {0};
            tsr_line_text(&line, "flood: a facet cannot be made: ");
            tsr_line_exception(&line, &exception);
            debug_console_write_line(console, tsr_line_of(&line), &exception);
            return 1;
        }
        tsr_release(facet.id);
        tsr_release(revoker.id);
    }
    const char *text = "flood: made and dropped 12000 facets";
    return debug_console_write_line(console, tsr_text_of(text), &exception) ? 0 : 1;
}
