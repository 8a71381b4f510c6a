// SPDX-License-Identifier: Apache-2.0
//
// Everything that waits on a program's own ring, one line for each claim. The operations are put
// into the ring as they are, since no typed client stands for them; while one waits nothing else is
// submitted but what ends it. The first program of its system: granted console, timer, job,
// capabilities and manifest.

#include "runtime/spawn.h"
#include "runtime/thread.h"

#include "schema/kernel.capnp.h"

enum { WAIT_NS = 1000000 };

struct program {
    struct debug_console console;
    struct timer timer;
    struct job job;
    struct capability_manager capabilities;
    struct notification bell;
    struct park_space space;
};

static _Alignas(4) uint32_t word = 7;

// --- Words for people ---------------------------------------------------------------------------

static void say(const struct program *program, const char *what, const char *why)
{
    struct capnp_exception exception;
    struct tsr_line line = {0};
    tsr_line_text(&line, "bells: ");
    tsr_line_text(&line, what);
    tsr_line_text(&line, why);
    if (!debug_console_write_line(program->console, tsr_line_of(&line), &exception)) {
        tsr_exit(1);
    }
}

static void must(const struct program *program, bool claim, const char *what)
{
    if (!claim) {
        say(program, "not so: ", what);
        tsr_exit(1);
    }
}

// --- The ring -----------------------------------------------------------------------------------

// Submits an operation; the index of its SQE.
static uint32_t submit(const struct sqe *sqe)
{
    struct ring_user *ring = &tsr_self()->ring;
    *ring_user_next(ring) = *sqe;
    ring_user_publish(ring);
    return ring->sq_tail - 1;
}

// The next completion, which must be this one's.
static struct cqe next(const struct program *program, uint64_t user_data)
{
    struct cqe cqe = {0};
    bool has_come = tsr_enter(SYSTEM_CALL_ENTER, 1, TIMEOUT_NONE) >= 1 &&
                    ring_user_reap(&tsr_self()->ring, &cqe);
    must(program, has_come && cqe.user_data == user_data, "another completion comes");
    return cqe;
}

static const char *fact_of(const struct cqe *cqe)
{
    int32_t fact = cqe->status < 0 ? -cqe->status : (int32_t)cqe->detail;
    return tsr_fact_text(fact);
}

static void signal(const struct program *program, uint64_t bits)
{
    const struct sqe sqe = {.opcode = OP_SIGNAL,
                            .flags = SQE_QUIET,
                            .cap = program->bell.id,
                            .user_data = bits,
                            .arg = bits};
    submit(&sqe);
}

static struct sqe wait_of(uint64_t cap, uint64_t mask)
{
    return (struct sqe){
        .opcode = OP_WAIT, .cap = cap, .user_data = 1, .arg = mask, .arg2 = TIMEOUT_NONE};
}

// --- Notifications ------------------------------------------------------------------------------

static void show_bits(const struct program *program)
{
    struct sqe wait = wait_of(program->bell.id, 6);
    submit(&wait);
    signal(program, 1);
    signal(program, 4);
    must(program, next(program, 1).extra == 4, "it takes bit 2 alone");
    say(program, "who waits takes the bits that it waits for", "");
    signal(program, 8);
    signal(program, 8);
    wait.arg = UINT64_MAX;
    submit(&wait);
    must(program, next(program, 1).extra == 9, "bits 0 and 3 were kept");
    wait.arg2 = WAIT_NS;
    submit(&wait);
    struct cqe cqe = next(program, 1);
    say(program, "a bit that is set twice is told once, then: ", fact_of(&cqe));
    wait.arg2 = TIMEOUT_NONE;
    const struct sqe cancel = {
        .opcode = OP_CANCEL, .flags = SQE_QUIET, .user_data = 2, .arg = submit(&wait)};
    submit(&cancel);
    cqe = next(program, 1);
    say(program, "cancelled: ", fact_of(&cqe));
}

static void show_ends(const struct program *program)
{
    struct capnp_exception exception;
    struct capnp_cap facet;
    struct revoker revoker;
    must(program,
         capability_manager_facet(program->capabilities, (struct capnp_cap){program->bell.id}, 3, 0,
                                  0, 0, 0, &facet, &revoker, &exception),
         "a facet can be made");
    const struct sqe wait = wait_of(facet.id, 1);
    submit(&wait);
    const struct sqe revoke = {.opcode = OP_CALL,
                               .flags = SQE_QUIET,
                               .method = REVOKER_REVOKE,
                               .cap = revoker.id,
                               .user_data = 2,
                               .arg = TIMEOUT_NONE};
    submit(&revoke);
    struct cqe cqe = next(program, 1);
    say(program, "revoked while it waits: ", fact_of(&cqe));
    const struct sqe dropped = wait_of(program->bell.id, 1);
    submit(&dropped);
    const struct sqe release = {
        .opcode = OP_RELEASE, .flags = SQE_QUIET, .cap = program->bell.id, .user_data = 3};
    submit(&release);
    cqe = next(program, 1);
    say(program, "dropped while it waits: ", fact_of(&cqe));
}

// Another process waits for bit 0 and answers with bit 1.
static void show_two(const struct program *program)
{
    struct capnp_exception exception;
    struct tsr_spawner spawner;
    struct process process;
    const struct tsr_grant bell = {"bell", program->bell.id};
    bool is_started = tsr_spawner_open(&spawner, tsr_start(), &exception) &&
                      tsr_spawn(&spawner, program->job, "listener", &bell, 1,
                                (struct capnp_data){NULL, 0}, &process, &exception);
    must(program, is_started, "a listener is started");
    const struct sqe wait = wait_of(program->bell.id, 2);
    submit(&wait);
    signal(program, 1);
    must(program, next(program, 1).extra == 2, "the listener answers");
    uint64_t ended;
    int32_t code;
    enum exit_cause cause;
    must(program,
         job_next_exit(program->job, &ended, &code, &cause, &exception) && code == 0 &&
             cause == EXIT_CAUSE_CALLED,
         "the listener ends well");
    say(program, "two processes signal each other", "");
}

// --- Parking and sleeping -----------------------------------------------------------------------

static void show_park(const struct program *program)
{
    struct sqe park = {.opcode = OP_PARK,
                       .cap = program->space.id,
                       .user_data = 1,
                       .payload = (uint64_t)&word,
                       .arg = 8,
                       .arg2 = TIMEOUT_NONE};
    const struct sqe unpark = {.opcode = OP_UNPARK,
                               .cap = program->space.id,
                               .user_data = 2,
                               .payload = (uint64_t)&word,
                               .arg = 1};
    submit(&park);
    struct cqe cqe = next(program, 1);
    say(program, "not parked: ", fact_of(&cqe));
    park.arg = 7;
    submit(&park);
    submit(&unpark);
    must(program, next(program, 1).status == 0, "the sleeper is woken");
    must(program, next(program, 2).extra == 1, "one is woken");
    submit(&unpark);
    must(program, next(program, 2).extra == 0, "nobody is left to wake");
    say(program, "parked, and woken once", "");
}

static void show_sleep(const struct program *program)
{
    struct capnp_exception exception;
    uint64_t before = 0;
    uint64_t after = 0;
    bool has_slept = timer_now(program->timer, &before, &exception) &&
                     timer_sleep_until(program->timer, before + WAIT_NS, &exception) &&
                     timer_now(program->timer, &after, &exception);
    must(program, has_slept && after >= before + WAIT_NS, "it sleeps until then");
    say(program, "slept until its time", "");
}

int tsr_main(struct start *start)
{
    struct program program = {0};
    struct capnp_exception exception;
    if (!tsr_find(start, "console", DEBUG_CONSOLE_INTERFACE_ID, &program.console.id) ||
        !tsr_find(start, "timer", TIMER_INTERFACE_ID, &program.timer.id) ||
        !tsr_find(start, "job", JOB_INTERFACE_ID, &program.job.id) ||
        !tsr_find(start, "capabilities", CAPABILITY_MANAGER_INTERFACE_ID,
                  &program.capabilities.id)) {
        return 1;
    }
    must(&program, job_make_notification(program.job, &program.bell, &exception), "a bell is made");
    must(&program, job_make_park_space(program.job, &program.space, &exception),
         "a park space is made");
    show_bits(&program);
    show_two(&program);
    show_park(&program);
    show_sleep(&program);
    show_ends(&program);
    return 0;
}
