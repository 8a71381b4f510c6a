// SPDX-License-Identifier: Apache-2.0
//
// authorityd: who could do what, asked inside the system. See README.md.
//
// Granted: server (the server's side of its endpoint), log and log-pages, timer, console (for what
// goes wrong); and package, for names, without which there are numbers alone. It has to begin while
// page 0 of the log is still there: with the system.
#include "system/authorityd/authorityd.h"

#include "schema/authority.capnp.h"

static struct authorityd authorityd;
static _Alignas(64) uint8_t memory[WINDOW_SIZE];

static_assert(sizeof(authorityd) + sizeof(memory) < 4 << 20, "the service has 4 MiB for all");

int tsr_main(struct start *start)
{
    struct capnp_exception exception;
    struct tsr_service_options options = {.interface = AUTHORITY_HISTORY_INTERFACE_ID,
                                          .dispatch = authorityd_dispatch,
                                          .self = &authorityd};
    if (!tsr_find(start, "server", ENDPOINT_INTERFACE_ID, &options.server) ||
        !tsr_find(start, "log", LOG_READER_INTERFACE_ID, &authorityd.log.reader.id) ||
        !tsr_find(start, "log-pages", MEMORY_OBJECT_INTERFACE_ID, &authorityd.log.pages.id) ||
        !tsr_find(start, "timer", TIMER_INTERFACE_ID, &authorityd.timer.id)) {
        tsr_panic("authorityd: needs server, log, log-pages and timer");
    }
    struct memory_object package;
    if (tsr_find(start, "package", MEMORY_OBJECT_INTERFACE_ID, &package.id) &&
        !authorityd_names_open(package, &exception)) {
        tsr_panic_because("authorityd: cannot read the names of programs: ", &exception);
    }
    options.timer = authorityd.timer.id;
    authorityd.self = (uint32_t)start->process;
    authority_window_init(&authorityd.window, memory, sizeof(memory));
    authorityd.usage = (struct authority_usage){.uses = authorityd.uses, .room = USES_MAX};
    if (!tsr_service_start(&authorityd.service, &options, &exception)) {
        tsr_panic_because("authorityd: cannot serve: ", &exception);
    }
    authorityd_watch(&authorityd);
    if (!tsr_service_serve(&authorityd.service, &exception)) {
        tsr_panic_because("authorityd: cannot go on serving: ", &exception);
    }
    return 0;
}
