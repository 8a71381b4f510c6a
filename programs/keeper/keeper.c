// SPDX-License-Identifier: Apache-2.0
//
// A supervisor: it makes an endpoint, starts a server and a client of it, and starts the server
// again when it dies. It keeps a server's hold of the endpoint meanwhile, so that calls which wait
// there go on waiting. The first program of its system: granted console, job, capabilities.

#include "runtime/runtime.h"
#include "runtime/spawn.h"

#include "schema/boot.capnp.h"
#include "schema/kernel.capnp.h"
#include "schema/ping.capnp.h"

enum { MESSAGE_MAX = 256, INFO_SIZE = 64, METHODS_ALL = 7 };

static struct {
    struct debug_console console;
    struct job job;
    struct tsr_spawner spawner;
    struct capability_manager capabilities;
    struct endpoint server;
    struct capnp_cap client;
} keeper;

static void say(const char *what, const struct capnp_exception *exception)
{
    struct tsr_line line = {0};
    struct capnp_exception ignored;
    tsr_line_text(&line, "keeper: ");
    tsr_line_text(&line, what);
    if (exception != NULL) {
        tsr_line_exception(&line, exception);
    }
    if (!debug_console_write_line(keeper.console, tsr_line_of(&line), &ignored)) {
        tsr_exit(1);
    }
}

_Noreturn static void fail(const char *what, const struct capnp_exception *exception)
{
    say(what, exception);
    tsr_exit(1);
}

// Starts a program with the console and one capability.
static void program_start(const char *program, const char *argument, const char *name, uint64_t cap)
{
    const struct tsr_grant grants[] = {{"console", keeper.console.id}, {name, cap}};
    struct process process;
    struct capnp_exception exception;
    uint8_t bytes[INFO_SIZE];
    struct capnp_builder message;
    capnp_builder_init(&message, bytes, sizeof(bytes));
    start_info_set_arguments(start_info_build(&message), tsr_text_of(argument));
    struct capnp_data info = {bytes, capnp_builder_size(&message)};
    if (!tsr_spawn(&keeper.spawner, keeper.job, program, grants, 2, info, &process, &exception)) {
        fail("cannot start a program: ", &exception);
    }
    tsr_release(process.id);
}

static void server_start(uint32_t life)
{
    const char digit[] = {(char)('0' + life), 0};
    program_start("mortal", digit, "server", keeper.server.id);
}

static void client_start(void)
{
    struct revoker revoker;
    struct capnp_exception exception;
    if (!capability_manager_facet(keeper.capabilities, (struct capnp_cap){keeper.server.id},
                                  METHODS_ALL, PING_INTERFACE_ID, 0, 0, 0, &keeper.client, &revoker,
                                  &exception)) {
        fail("cannot make a facet: ", &exception);
    }
    tsr_release(revoker.id);
    program_start("patient", "", "mortal", keeper.client.id);
    tsr_release(keeper.client.id);
}

// Both have to end with 0; a server that doesn't is started again.
static void supervise(void)
{
    uint32_t life = 1;
    for (uint32_t well = 0; well < 2;) {
        uint64_t process;
        int32_t code;
        enum exit_cause cause;
        struct capnp_exception exception;
        if (!job_next_exit(keeper.job, &process, &code, &cause, &exception)) {
            fail("cannot wait for its programs: ", &exception);
        }
        if (cause != EXIT_CAUSE_CALLED || code == 1) {
            fail("a program ended badly", NULL);
        }
        if (code != 0) {
            say("the server died, and is started again", NULL);
            server_start(++life);
        } else {
            well++;
        }
    }
}

int tsr_main(struct start *start)
{
    struct capnp_exception exception;
    if (!tsr_find(start, "console", DEBUG_CONSOLE_INTERFACE_ID, &keeper.console.id) ||
        !tsr_find(start, "job", JOB_INTERFACE_ID, &keeper.job.id) ||
        !tsr_find(start, "capabilities", CAPABILITY_MANAGER_INTERFACE_ID,
                  &keeper.capabilities.id)) {
        return 1;
    }
    if (!job_make_endpoint(keeper.job, MESSAGE_MAX, 0, &keeper.server, &exception)) {
        fail("cannot make an endpoint: ", &exception);
    }
    if (!tsr_spawner_open(&keeper.spawner, start, &exception)) {
        fail("cannot start programs: ", &exception);
    }
    server_start(1);
    client_start();
    supervise();
    say("both have ended well", NULL);
    return 0;
}
