// SPDX-License-Identifier: Apache-2.0
//
// What becomes of capabilities that travel, are cut off, or are lent: copies, moves, failures that
// leave everything where it was, leases by calls and by time. Each line is a claim. What travels
// goes to the program locker and back. The first program of its system: granted console, timer,
// job, capabilities.

#include "runtime/runtime.h"
#include "runtime/spawn.h"

#include "schema/kernel.capnp.h"
#include "schema/proof.capnp.h"

enum { LEASE_CALLS = 2, LEASE_NS = 1000000, METHODS_ALL = 3, MESSAGE_MAX = 512 };

static struct {
    struct debug_console console;
    struct timer timer;
    struct job job;
    struct tsr_spawner spawner;
    struct capability_manager capabilities;
    struct locker locker;
    struct notification bell; // what travels
} zoo;

static void say(const char *what, const struct capnp_exception *why)
{
    struct tsr_line line = {0};
    struct capnp_exception exception;
    tsr_line_text(&line, "zoo: ");
    tsr_line_text(&line, what);
    if (why != NULL) {
        tsr_line_exception(&line, why);
    }
    if (!debug_console_write_line(zoo.console, tsr_line_of(&line), &exception)) {
        tsr_exit(1);
    }
}

static void must(bool claim, const char *what, const struct capnp_exception *exception)
{
    if (!claim) {
        say("not so: ", NULL);
        say(what, exception);
        tsr_exit(1);
    }
}

// Whether the notification answers; its bits come and go.
static bool rings(struct notification bell, struct capnp_exception *exception)
{
    uint64_t bits = 0;
    return notification_signal(bell, 5, exception) &&
           notification_take(bell, UINT64_MAX, &bits, exception) && bits == 5;
}

// Puts a capability into the locker, as a copy or moved.
static bool put(uint64_t cap, bool is_moved, struct capnp_exception *exception)
{
    struct capnp_call call;
    struct locker_put_params_builder params;
    struct locker_put_results_reader results;
    const struct tsr_call_options options = {.moves = is_moved ? 1 : 0};
    if (!locker_put_begin(zoo.locker, &call, &params, exception)) {
        return false;
    }
    locker_put_params_set_capability(params, (struct capnp_cap){cap});
    bool is_put =
        tsr_call_send(&call, &options, exception) && locker_put_finish(&call, &results, exception);
    capnp_call_end(&call);
    return is_put;
}

static struct notification take(void)
{
    struct capnp_cap cap;
    struct capnp_exception exception;
    must(locker_take(zoo.locker, &cap, &exception), "the locker hands out", &exception);
    return (struct notification){cap.id};
}

static void show_copy(void)
{
    struct capnp_exception exception = {0};
    must(put(zoo.bell.id, false, &exception), "a copy travels", &exception);
    must(rings(zoo.bell, &exception), "the original works", &exception);
    struct notification back = take();
    must(back.id != zoo.bell.id && rings(back, &exception), "so does the copy", &exception);
    must(notification_signal(back, 2, &exception), "it is the same object", &exception);
    uint64_t bits;
    must(notification_take(zoo.bell, UINT64_MAX, &bits, &exception) && bits == 2,
         "it is the same object", &exception);
    tsr_release(back.id);
    must(rings(zoo.bell, &exception), "the original is its own", &exception);
    say("a copy goes there and back, and both are the same object", NULL);
}

static void show_move(void)
{
    struct capnp_exception exception = {0};
    must(put(zoo.bell.id, true, &exception), "a move travels", &exception);
    must(!rings(zoo.bell, &exception), "who moved it has it no more", NULL);
    say("moved away: ", &exception);
    zoo.bell = take();
    must(rings(zoo.bell, &exception), "it came back", &exception);
    say("moved away and handed back, it works under its new id", NULL);
}

// What can't travel stays, and the call is not made.
static void show_rollback(void)
{
    struct capnp_exception exception = {0};
    must(!put(zoo.bell.id + 1, true, &exception), "an id of nothing can't travel", NULL);
    say("what is no capability can't travel: ", &exception);
    struct park_space space;
    must(job_make_park_space(zoo.job, &space, &exception), "a park space is made", &exception);
    must(!put(space.id, true, &exception), "it is not handed on", NULL);
    say("what is not handed on can't travel: ", &exception);
    must(!locker_put(zoo.locker, (struct capnp_cap){space.id}, &exception), "nor as a copy", NULL);
    tsr_release(space.id);
    must(rings(zoo.bell, &exception), "the rest is untouched", &exception);
}

static struct notification facet_of(struct notification bell, uint64_t methods,
                                    struct revoker *revoker)
{
    struct capnp_cap facet;
    struct capnp_exception exception;
    must(capability_manager_facet(zoo.capabilities, (struct capnp_cap){bell.id}, methods, 0, 0, 0,
                                  0, &facet, revoker, &exception),
         "a facet is made", &exception);
    return (struct notification){facet.id};
}

// What was cut off is cut off wherever it has got to.
static void show_revocation(void)
{
    struct capnp_exception exception = {0};
    struct revoker revoker;
    struct revoker narrower_revoker;
    struct notification facet = facet_of(zoo.bell, METHODS_ALL, &revoker);
    struct notification narrower =
        facet_of(facet, UINT64_C(1) << NOTIFICATION_TAKE, &narrower_revoker);
    must(!notification_signal(narrower, 1, &exception), "the narrower one can't signal", NULL);
    say("a narrower facet refuses: ", &exception);
    must(put(facet.id, false, &exception), "the facet travels", &exception);
    must(revoker_revoke(revoker, &exception), "it is revoked", &exception);
    must(!rings(facet, &exception), "it is cut off", NULL);
    say("revoked: ", &exception);
    uint64_t bits;
    must(!notification_take(narrower, 1, &bits, &exception), "so is what was made of it", NULL);
    struct notification back = take();
    must(!rings(back, &exception), "so is the copy that was away", NULL);
    must(rings(zoo.bell, &exception), "what it was made of is not", &exception);
    say("all that was made of it is cut off with it, and nothing else", NULL);
    tsr_release(facet.id);
    tsr_release(back.id);
    tsr_release(narrower.id);
    tsr_release(revoker.id);
    tsr_release(narrower_revoker.id);
}

static void show_lease(void)
{
    struct capnp_exception exception = {0};
    struct revoker revoker;
    struct notification facet = facet_of(zoo.bell, METHODS_ALL, &revoker);
    must(revoker_set_lease(revoker, UINT64_MAX, LEASE_CALLS, &exception), "it is lent", &exception);
    must(rings(facet, &exception), "it works for two calls", &exception);
    must(!notification_signal(facet, 1, &exception), "not for three", NULL);
    say("lent for two calls, the third: ", &exception);
    tsr_release(facet.id);
    tsr_release(revoker.id);
    uint64_t now = 0;
    facet = facet_of(zoo.bell, METHODS_ALL, &revoker);
    must(timer_now(zoo.timer, &now, &exception) &&
             revoker_set_lease(revoker, now + LEASE_NS, UINT64_MAX, &exception),
         "it is lent for a time", &exception);
    must(timer_sleep_until(zoo.timer, now + LEASE_NS, &exception), "the time passes", &exception);
    must(!notification_signal(facet, 1, &exception), "then it is over", NULL);
    say("lent for a time, afterwards: ", &exception);
    tsr_release(facet.id);
    tsr_release(revoker.id);
}

// A wait through a lease ends with it.
static void show_wait(void)
{
    struct capnp_exception exception = {0};
    struct revoker revoker;
    struct notification facet = facet_of(zoo.bell, METHODS_ALL, &revoker);
    uint64_t bits = 0;
    must(!tsr_notification_wait(facet.id, 1, LEASE_NS, &bits, &exception), "nobody rings", NULL);
    say("waiting with a limit: ", &exception);
    must(notification_signal(zoo.bell, 1, &exception) &&
             tsr_notification_wait(facet.id, 1, LEASE_NS, &bits, &exception) && bits == 1,
         "somebody rang", &exception);
    say("what was signalled before is there at once", NULL);
    tsr_release(facet.id);
    tsr_release(revoker.id);
}

// One hold, two owners in this program.
static void show_shared(void)
{
    struct capnp_exception exception = {0};
    struct revoker revoker;
    struct notification facet = facet_of(zoo.bell, METHODS_ALL, &revoker);
    must(tsr_share(facet.id), "it is shared", NULL);
    tsr_release(facet.id);
    must(rings(facet, &exception), "one owner is left", &exception);
    tsr_release(facet.id);
    must(!rings(facet, &exception), "none is left", NULL);
    say("released by the last of its owners: ", &exception);
    tsr_release(revoker.id);
}

// --- The locker ---------------------------------------------------------------------------------

// Starts the program and keeps a client's facet of its endpoint.
static void locker_start(void)
{
    struct endpoint server;
    struct process process;
    struct revoker revoker;
    struct capnp_cap client;
    struct capnp_exception exception;
    bool is_started =
        job_make_endpoint(zoo.job, MESSAGE_MAX, 0, &server, &exception) &&
        capability_manager_facet(zoo.capabilities, (struct capnp_cap){server.id}, UINT64_MAX,
                                 LOCKER_INTERFACE_ID, 0, 0, 0, &client, &revoker, &exception) &&
        tsr_spawn(&zoo.spawner, zoo.job, "locker",
                  (const struct tsr_grant[]){{"server", server.id}, {"console", zoo.console.id}}, 2,
                  (struct capnp_data){NULL, 0}, &process, &exception);
    must(is_started, "the locker is started", &exception);
    zoo.locker.id = client.id;
    tsr_release(revoker.id);
    tsr_release(process.id);
    tsr_release(server.id);
}

static void locker_end(void)
{
    uint64_t process;
    int32_t code;
    enum exit_cause cause;
    struct capnp_exception exception;
    must(locker_leave(zoo.locker, &exception), "the locker leaves", &exception);
    must(job_next_exit(zoo.job, &process, &code, &cause, &exception), "it ends", &exception);
    must(cause == EXIT_CAUSE_CALLED && code == 0, "it ends well", NULL);
}

int tsr_main(struct start *start)
{
    struct capnp_exception exception;
    if (!tsr_find(start, "console", DEBUG_CONSOLE_INTERFACE_ID, &zoo.console.id) ||
        !tsr_find(start, "timer", TIMER_INTERFACE_ID, &zoo.timer.id) ||
        !tsr_find(start, "job", JOB_INTERFACE_ID, &zoo.job.id) ||
        !tsr_find(start, "capabilities", CAPABILITY_MANAGER_INTERFACE_ID, &zoo.capabilities.id)) {
        return 1;
    }
    must(tsr_spawner_open(&zoo.spawner, start, &exception), "programs can be started", &exception);
    locker_start();
    must(job_make_notification(zoo.job, &zoo.bell, &exception), "a bell is made", &exception);
    show_copy();
    show_move();
    show_rollback();
    show_revocation();
    show_lease();
    show_wait();
    show_shared();
    locker_end();
    return 0;
}
