// SPDX-License-Identifier: Apache-2.0
//
// What the files of the first program share: what the manifest names, and how it stands with each.
// The manifest's bytes are init-min's own copy, so names that are read from it stay.
#ifndef SYSTEM_INIT_MIN_INIT_H
#define SYSTEM_INIT_MIN_INIT_H

#include "runtime/runtime.h"
#include "runtime/service/service.h"
#include "runtime/session.h"
#include "runtime/spawn.h"

#include "schema/boot.capnp.h"
#include "schema/kernel.capnp.h"
#include "schema/system.capnp.h"

enum {
    PRIORITY = 16, // of programs: as init-min's own
    ENDPOINTS_MAX = 16,
    MEMORIES_MAX = 8,
    PROGRAMS_MAX = 20,
    MANIFEST_SIZE_MAX = 16384, // bytes
    CONTROL_MESSAGE_MAX = 256,
};

// A program that the manifest names.
struct program {
    struct capnp_text label;
    enum program_state state;
    struct process process;        // while it runs
    struct session_minter session; // of its own, until it is ended; 0: init-min's
    uint64_t number;               // of the process that it is, or was last
    // Of one that has ended.
    int32_t code;
    enum exit_cause cause;
    // Of one that was started again: how often, and how often since when.
    uint32_t restarts, recent;
    uint64_t recent_since_ns;
    uint32_t serves, calls; // bit n: endpoint n
};

struct init {
    struct start *start;
    struct debug_console console;
    struct timer timer;
    struct job job;          // init-min's own, of those that are kept running too
    struct job programs_job; // of all others
    struct capability_manager capabilities;
    struct session_minter session; // init-min's own
    struct session_minter callers; // acts for callers of whom it is granted, no more
    struct io_ports ports;
    struct interrupt lines;
    struct tsr_spawner spawner;
    struct capnp_message message; // the manifest's
    struct boot_manifest_reader manifest;
    uint32_t endpoint_count;
    struct {
        struct capnp_text name;
        struct endpoint server; // 0: init-min doesn't hold it any more
    } endpoints[ENDPOINTS_MAX];
    uint32_t memory_count;
    struct {
        struct capnp_text name;
        struct memory_object memory;
    } memories[MEMORIES_MAX];
    uint32_t program_count;
    struct program programs[PROGRAMS_MAX];
    // The loop: calls of System, and the ends of programs.
    struct endpoint control;
    struct tsr_service service;
    struct capnp_call exit_call;
    struct tsr_awaited exit_awaited;
    bool is_halted; // somebody said halt
};

// ---- init_min.c: the manifest, and words ----

// Readers keep the first thing that was wrong with the manifest: it is the end.
void manifest_check(const struct init *init);

void say(const struct init *init, const struct tsr_line *line);
void line_start(struct tsr_line *line, struct capnp_text name);
// "init-min: <name>: <what>: <why>". `why` may be NULL.
void complain(const struct init *init, struct capnp_text name, const char *what,
              const struct capnp_exception *why);
// ... and the end, of what was started, too.
_Noreturn void fail(const struct init *init, struct capnp_text name, const char *what,
                    const struct capnp_exception *why);
bool text_equals(struct capnp_text left, struct capnp_text right);

// ---- seat.c: sessions of programs ----

// What only acts for callers, made of init-min's own session.
void callers_make(struct init *init);
// A session for a program that has one of its own, with what it says of itself; false, after the
// reason was said.
bool session_begin(struct init *init, struct boot_program_reader from, struct program *program);
// Nothing is done any more on behalf of who was there.
void session_finish(struct program *program);

// ---- grant.c: what programs are granted ----

void endpoints_make(struct init *init);
void memories_make(struct init *init);
// Which endpoints of the manifest a program serves and calls.
void endpoints_of(const struct init *init, struct boot_program_reader from, struct program *to);
// Gives up the endpoints that no program needs init-min for: see README.md.
void endpoints_settle(struct init *init);
// False, after the reason was said: it can't be granted.
bool grant_one(const struct init *init, struct tsr_build *build, struct boot_grant_reader grant);

// ---- program.c: programs and their lives ----

void programs_start(struct init *init);
// Whether it is started again when it is killed.
bool program_goes_on(const struct init *init, uint32_t index);
// Looks which programs have ended, and starts those again that are to go on.
void programs_look(struct init *init);
// Whether nothing is left to wait for.
bool programs_are_over(const struct init *init);
// Ends what still runs, whatever that says: nobody is left to start the rest.
void programs_drop(const struct init *init);
// Ends what still runs.
void programs_end(struct init *init);
// Says how they ended; whether all was well.
bool programs_tell(const struct init *init);

// ---- control.c: the loop ----

// Serves System and restarts programs, until nothing is left to wait for or somebody says halt.
void control_serve(struct init *init);

#endif
