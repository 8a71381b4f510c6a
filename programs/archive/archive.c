// SPDX-License-Identifier: Apache-2.0
//
// Lends a MemoryObject to one reader after the other and ends each loan in another way. A reader
// rings when it has read half, and goes on when it hears an answer. The first program of its
// system: granted console, timer, job, capabilities, package, space.

#include "runtime/runtime.h"
#include "runtime/spawn.h"
#include "runtime/usage.h"

#include "schema/boot.capnp.h"
#include "schema/kernel.capnp.h"

enum {
    PAGES = 4,
    PIECE = 512,
    READ_ONLY = 1 << MEMORY_OBJECT_INFO | 1 << MEMORY_OBJECT_READ,
    LEASE_CALLS = 5,
    LEASE_NS = 2000000,
    INFO_SIZE = 64,
    HALF_READ = 1 << 0, // bits of the bell
    GO_ON = 1 << 1,
};

static struct {
    struct debug_console console;
    struct timer timer;
    struct job job;
    struct capability_manager capabilities;
    struct tsr_spawner spawner;
    struct memory_object memory;
    struct notification bell;
} own;

static void say(const char *what)
{
    tsr_say(own.console.id, "archive", what);
}

// Byte n of page p is n + p.
static void memory_fill(void)
{
    struct capnp_exception exception;
    uint8_t piece[PIECE];
    tsr_must(job_make_memory(own.job, PAGES, &own.memory, &exception), "no memory: ", &exception);
    for (uint32_t at = 0; at < PAGES * PAGE_SIZE; at += PIECE) {
        for (uint32_t i = 0; i < PIECE; i++) {
            piece[i] = (uint8_t)(at + i + at / PAGE_SIZE);
        }
        tsr_must(memory_object_write(own.memory, at, (struct capnp_data){piece, PIECE}, &exception),
                 "not written: ", &exception);
    }
}

// Starts a reader with a facet that can be taken back.
static struct revoker lend(const char *how)
{
    struct capnp_cap facet;
    struct revoker revoker;
    struct process process;
    struct tsr_build build;
    struct capnp_exception exception;
    uint8_t bytes[INFO_SIZE];
    struct capnp_builder message;
    capnp_builder_init(&message, bytes, sizeof bytes);
    start_info_set_arguments(start_info_build(&message), tsr_text_of(how));
    tsr_must(capability_manager_facet(own.capabilities, (struct capnp_cap){own.memory.id},
                                      READ_ONLY, 0, 0, 0, 0, &facet, &revoker, &exception),
             "no facet: ", &exception);
    tsr_must(tsr_build_open(&build, &own.spawner, own.job, &exception), "no process: ", &exception);
    const struct tsr_grant grants[] = {{"console", own.console.id},
                                       {"timer", own.timer.id},
                                       {"memory", facet.id},
                                       {"bell", own.bell.id},
                                       {"space", build.space.id}};
    tsr_must(tsr_build_load(&build, tsr_text_of("reader"), &exception) &&
                 tsr_build_info(&build, (struct capnp_data){bytes, capnp_builder_size(&message)},
                                &exception),
             "no reader: ", &exception);
    for (uint32_t i = 0; i < sizeof grants / sizeof grants[0]; i++) {
        tsr_must(tsr_build_grant(&build, tsr_text_of(grants[i].name),
                                 (struct capnp_cap){grants[i].cap}, &exception),
                 "not granted: ", &exception);
    }
    tsr_must(tsr_build_start(&build, &process, &exception), "not started: ", &exception);
    tsr_release(process.id);
    tsr_release(facet.id); // the reader's own remains
    return revoker;
}

static void half_read_wait(void)
{
    struct capnp_exception exception;
    uint64_t bits;
    tsr_must(tsr_notification_wait(own.bell.id, HALF_READ, TIMEOUT_NONE, &bits, &exception),
             "no bell: ", &exception);
}

static void go_on(void)
{
    struct capnp_exception exception;
    tsr_must(notification_signal(own.bell, GO_ON, &exception), "no bell: ", &exception);
}

// The reader's end, which must come this way.
static void end_wait(enum exit_cause expected, struct revoker revoker)
{
    struct capnp_exception exception = {0};
    uint64_t process;
    int32_t code;
    enum exit_cause cause;
    tsr_must(job_next_exit(own.job, &process, &code, &cause, &exception), "no end: ", &exception);
    tsr_must(cause == expected && (cause != EXIT_CAUSE_CALLED || code == 0),
             "the reader ended otherwise: ", &exception);
    tsr_release(revoker.id);
}

static void show_revoked(const char *how, enum exit_cause expected)
{
    struct capnp_exception exception;
    struct revoker revoker = lend(how);
    half_read_wait();
    tsr_must(revoker_revoke(revoker, &exception), "not revoked: ", &exception);
    go_on();
    end_wait(expected, revoker);
}

static void show_lease(const char *how, uint64_t calls)
{
    struct capnp_exception exception;
    struct revoker revoker = lend(how);
    uint64_t now = 0;
    half_read_wait();
    tsr_must(timer_now(own.timer, &now, &exception) &&
                 revoker_set_lease(revoker, calls == UINT64_MAX ? now + LEASE_NS : UINT64_MAX,
                                   calls, &exception),
             "no lease: ", &exception);
    go_on();
    end_wait(EXIT_CAUSE_CALLED, revoker);
}

int tsr_main(struct start *start)
{
    struct capnp_exception exception;
    if (!tsr_find(start, "console", DEBUG_CONSOLE_INTERFACE_ID, &own.console.id) ||
        !tsr_find(start, "timer", TIMER_INTERFACE_ID, &own.timer.id) ||
        !tsr_find(start, "job", JOB_INTERFACE_ID, &own.job.id) ||
        !tsr_find(start, "capabilities", CAPABILITY_MANAGER_INTERFACE_ID, &own.capabilities.id)) {
        return 1;
    }
    tsr_must(tsr_spawner_open(&own.spawner, start, &exception), "no programs: ", &exception);
    tsr_must(job_make_notification(own.job, &own.bell, &exception), "no bell: ", &exception);
    memory_fill();
    struct tsr_usage before;
    struct tsr_usage after;
    tsr_must(tsr_submit(&exception), "not released: ", &exception);
    tsr_must(tsr_usage_read(own.job, &before, &exception), "no usage: ", &exception);
    show_revoked("call", EXIT_CAUSE_CALLED);
    say("revoked in the middle of a read by calls");
    show_revoked("map", EXIT_CAUSE_MEMORY_FAULT);
    say("revoked in the middle of a read of mapped memory: the mapping was gone at once");
    show_lease("calls", LEASE_CALLS);
    say("a lease of five calls ended after five calls");
    show_lease("time", UINT64_MAX);
    say("a lease of two milliseconds ended in time");
    tsr_must(tsr_submit(&exception), "not released: ", &exception);
    tsr_must(tsr_usage_read(own.job, &after, &exception), "no usage: ", &exception);
    for (uint32_t i = 0; i < RESOURCE_LOG; i++) {
        tsr_must(before.used[i] == after.used[i], "something was not given back: ", &exception);
    }
    say("the memory is still the owner's, and all else was given back");
    return 0;
}
