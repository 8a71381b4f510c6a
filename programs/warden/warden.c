// SPDX-License-Identifier: Apache-2.0
//
// Starts a bystander in a job of its own, and strangers, one after the other, each in a job of its
// own. While a stranger tries, the bystander is asked again and again and has to answer. Afterwards
// what the bystander keeps and what its job pays must be what they were, and the machine's job must
// have everything back. The first program of its system: granted console, timer, job, capabilities,
// package, space.

#include <string.h>

#include "runtime/runtime.h"
#include "runtime/spawn.h"
#include "runtime/usage.h"

#include "schema/boot.capnp.h"
#include "schema/kernel.capnp.h"
#include "schema/proof.capnp.h"

enum {
    MESSAGE_MAX = 256,
    METHODS_ALL = 15,
    METHODS_STRANGER = 1, // ask
    KEEPER = 1,
    STRANGER = 2,
    PAUSE_NS = 200000,
    PATIENCE = 1000,
    INFO_SIZE = 64,
    WANTS_CAPABILITIES = 1,
    WANTS_SPACE = 2,
    WANTS_CONSOLE = 4,
};

static struct {
    struct debug_console console;
    struct timer timer;
    struct job job;
    struct capability_manager capabilities;
    struct tsr_spawner spawner;
    struct job bystander_job;
    struct bystander bystander;   // all of it
    struct bystander asked;       // what strangers are given
    uint64_t number;              // that the bystander keeps
    uint64_t questions;           // that it was asked
    uint64_t page[PAGE_SIZE / 8]; // of the warden's own, next to nobody's business
} own;

static void say(const char *what, const char *more)
{
    struct tsr_line line = {0};
    struct capnp_exception exception;
    tsr_line_text(&line, "warden: ");
    tsr_line_text(&line, what);
    tsr_line_text(&line, more);
    if (!debug_console_write_line(own.console, tsr_line_of(&line), &exception)) {
        tsr_exit(1);
    }
}

// The bystander ends, too, so that the machine does.
_Noreturn static void fail(const char *what, const char *more)
{
    struct capnp_exception exception;
    say(what, more);
    job_kill(own.bystander_job, &exception);
    tsr_exit(1);
}

static void must(bool is_so, const char *what, const struct capnp_exception *exception)
{
    if (!is_so) {
        struct tsr_line line = {0};
        tsr_line_exception(&line, exception);
        fail(what, line.text);
    }
}

static struct tsr_usage usage_of(struct job job)
{
    struct capnp_exception exception;
    struct tsr_usage usage;
    must(tsr_submit(&exception), "not released: ", &exception);
    must(tsr_usage_read(job, &usage, &exception), "no usage: ", &exception);
    return usage;
}

// But for the log, which grows.
static bool is_equal(const struct tsr_usage *left, const struct tsr_usage *right)
{
    return memcmp(left->limits, right->limits, RESOURCE_LOG * sizeof left->limits[0]) == 0 &&
           memcmp(left->used, right->used, RESOURCE_LOG * sizeof left->used[0]) == 0;
}

static void pause(void)
{
    struct capnp_exception exception;
    uint64_t now = 0;
    must(timer_now(own.timer, &now, &exception) &&
             timer_sleep_until(own.timer, now + PAUSE_NS, &exception),
         "no clock: ", &exception);
}

// What is taken back is so in steps, of which a job may still have some before it.
static void must_become(struct job job, const struct tsr_usage *usage, const char *what)
{
    struct tsr_usage is = usage_of(job);
    for (uint32_t i = 0; i < PATIENCE && !is_equal(usage, &is); i++) {
        pause();
        is = usage_of(job);
    }
    must(is_equal(usage, &is), what, &(struct capnp_exception){0});
}

static struct job job_make(const uint32_t *limits)
{
    struct capnp_exception exception;
    struct job job;
    struct capnp_data data = {(const uint8_t *)limits, RESOURCE_COUNT * sizeof *limits};
    must(job_child(own.job, data, 0, 0, false, &job, &exception), "no job: ", &exception);
    return job;
}

// --- The bystander ------------------------------------------------------------------------------

static struct bystander facet_make(struct endpoint server, uint64_t methods, uint64_t data)
{
    struct capnp_cap facet;
    struct revoker revoker;
    struct capnp_exception exception;
    must(capability_manager_facet(own.capabilities, (struct capnp_cap){server.id}, methods,
                                  BYSTANDER_INTERFACE_ID, data, 0, 0, &facet, &revoker, &exception),
         "no facet: ", &exception);
    tsr_release(revoker.id);
    return (struct bystander){facet.id};
}

static void ask(void)
{
    struct capnp_exception exception;
    uint64_t answer = 0;
    must(bystander_ask(own.bystander, own.questions, &answer, &exception),
         "the bystander does not answer: ", &exception);
    must(answer == own.questions + 1, "the bystander answers something else: ", &exception);
    own.questions++;
}

static void bystander_start(void)
{
    static const uint32_t limits[RESOURCE_COUNT] = {
        [RESOURCE_PROCESSES] = 1, [RESOURCE_THREADS] = 1, [RESOURCE_OBJECTS] = 16,
        [RESOURCE_FACETS] = 16,   [RESOURCE_HOLDS] = 16,  [RESOURCE_MAPPINGS] = 16,
        [RESOURCE_PAGES] = 256,   [RESOURCE_SPACE] = 512, [RESOURCE_CALLS] = 8,
    };
    struct endpoint server;
    struct process process;
    struct capnp_exception exception;
    own.bystander_job = job_make(limits);
    must(job_make_endpoint(own.job, MESSAGE_MAX, 0, &server, &exception),
         "no endpoint: ", &exception);
    own.bystander = facet_make(server, METHODS_ALL, KEEPER);
    own.asked = facet_make(server, METHODS_STRANGER, STRANGER);
    const struct tsr_grant grants[] = {{"server", server.id}};
    must(tsr_spawn(&own.spawner, own.bystander_job, "bystander", grants, 1,
                   (struct capnp_data){NULL, 0}, &process, &exception),
         "no bystander: ", &exception);
    tsr_release(process.id);
    tsr_release(server.id);
    must(bystander_keep(own.bystander, own.number, &exception), "it keeps nothing: ", &exception);
    ask();
}

// What it keeps is what it was given, and it knows how often it was asked by its keeper.
static void bystander_check(void)
{
    struct capnp_exception exception = {0};
    uint64_t number = 0;
    uint64_t asked = 0;
    must(bystander_kept(own.bystander, &number, &asked, &exception), "it is silent: ", &exception);
    must(number == own.number && asked == own.questions, "it keeps something else: ", &exception);
    for (uint32_t i = 0; i < PAGE_SIZE / 8; i++) {
        must(own.page[i] == i * own.number, "the warden's memory changed: ", &exception);
    }
}

// --- Strangers ----------------------------------------------------------------------------------

// Builds a stranger and lets it run; the number of its process.
static uint64_t stranger_start(struct job job, const char *program, const char *attempt,
                               uint32_t wants)
{
    struct tsr_build build;
    struct process process;
    struct capnp_exception exception;
    uint8_t bytes[INFO_SIZE];
    struct capnp_builder message;
    capnp_builder_init(&message, bytes, sizeof bytes);
    start_info_set_arguments(start_info_build(&message), tsr_text_of(attempt));
    must(tsr_build_open(&build, &own.spawner, job, &exception), "no process: ", &exception);
    const struct tsr_grant grants[] = {
        {"bystander", own.asked.id},
        {"timer", own.timer.id},
        {"job", job.id},
        {"capabilities", (wants & WANTS_CAPABILITIES) != 0 ? own.capabilities.id : 0},
        {"space", (wants & WANTS_SPACE) != 0 ? build.space.id : 0},
        {"console", (wants & WANTS_CONSOLE) != 0 ? own.console.id : 0},
    };
    must(tsr_build_load(&build, tsr_text_of(program), &exception) &&
             tsr_build_info(&build, (struct capnp_data){bytes, capnp_builder_size(&message)},
                            &exception),
         "no stranger: ", &exception);
    for (uint32_t i = 0; i < sizeof grants / sizeof grants[0]; i++) {
        must(grants[i].cap == 0 || tsr_build_grant(&build, tsr_text_of(grants[i].name),
                                                   (struct capnp_cap){grants[i].cap}, &exception),
             "not granted: ", &exception);
    }
    uint64_t number = build.process;
    must(tsr_build_start(&build, &process, &exception), "not started: ", &exception);
    tsr_release(process.id);
    return number;
}

// Asks the bystander until a process has ended; its number.
static uint64_t exit_wait(int32_t *code)
{
    struct capnp_call call;
    struct capnp_exception exception;
    struct job_next_exit_params_builder params;
    struct job_next_exit_results_reader results;
    must(job_next_exit_begin(own.job, &call, &params, &exception), "cannot wait: ", &exception);
    must(capnp_call_send(&call, &exception), "cannot wait: ", &exception);
    while (!tsr_call_is_done(&call)) {
        ask();
        pause();
    }
    must(job_next_exit_finish(&call, &results, &exception), "no end: ", &exception);
    uint64_t number = job_next_exit_results_get_process(results);
    bool is_called = job_next_exit_results_get_cause(results) == EXIT_CAUSE_CALLED;
    *code = is_called ? job_next_exit_results_get_code(results) : -1;
    capnp_call_end(&call);
    return number;
}

// One stranger, from its job to the end of it: its exit code, or -1 where it was ended.
static int32_t stranger_watch(const char *program, const char *attempt, uint32_t wants)
{
    static const uint32_t limits[RESOURCE_COUNT] = {
        [RESOURCE_JOBS] = 2,      [RESOURCE_PROCESSES] = 3, [RESOURCE_THREADS] = 3,
        [RESOURCE_OBJECTS] = 40,  [RESOURCE_FACETS] = 60,   [RESOURCE_HOLDS] = 80,
        [RESOURCE_MAPPINGS] = 24, [RESOURCE_PAGES] = 400,   [RESOURCE_SPACE] = 800,
        [RESOURCE_CALLS] = 40,
    };
    struct capnp_exception exception = {0};
    struct tsr_usage bystander = usage_of(own.bystander_job);
    struct tsr_usage before = usage_of(own.job);
    struct job job = job_make(limits);
    uint64_t number = stranger_start(job, program, attempt, wants);
    int32_t code = -1;
    while (exit_wait(&code) != number) { // processes that strangers made end, too
    }
    must(job_kill(job, &exception), "its job can't be killed: ", &exception);
    tsr_release(job.id);
    ask();
    bystander_check();
    must_become(own.bystander_job, &bystander, "the bystander pays something else: ");
    must_become(own.job, &before, "something was not given back: ");
    return code;
}

static void strangers_watch(void)
{
    static const struct {
        char name[16];
        uint32_t wants, times;
        bool ends_itself; // else noise may have ended it
    } attempts[] = {
        {"forged-ids", WANTS_CAPABILITIES | WANTS_SPACE, 1, true},
        {"addresses", WANTS_CAPABILITIES | WANTS_SPACE, 1, true},
        {"indexes", 0, 2, true},
        {"race", WANTS_CAPABILITIES | WANTS_SPACE, 1, true},
        {"noise", WANTS_CAPABILITIES, 8, false},
        {"flood", WANTS_CAPABILITIES | WANTS_SPACE, 2, true},
    };
    for (uint32_t i = 0; i < sizeof attempts / sizeof attempts[0]; i++) {
        for (uint32_t n = 0; n < attempts[i].times; n++) {
            struct tsr_line line = {0};
            int32_t code = stranger_watch("stranger", attempts[i].name, attempts[i].wants);
            tsr_line_text(&line, attempts[i].name);
            tsr_line_text(&line, ": code ");
            tsr_line_signed(&line, code);
            if (attempts[i].ends_itself && code != 0) {
                fail("a stranger got something: ", line.text);
            }
        }
        say(attempts[i].name, ": it got nothing, and nobody noticed");
    }
}

// What the processor refuses, or the kernel does however it is entered. Where entering is a trap.
static void strays_watch(void)
{
    static const char names[][24] = {
        "read-kernel",
        "write-text",
        "execute-data",
        "execute-stack",
        "lose-stack",
        "halt",
        "in",
        "out",
        "cli",
        "page-table",
        "msr",
        "write-msr",
        "descriptors",
        "interrupt-table",
        "task",
        "swap-gs",
        "debug-registers",
        "return-to-kernel",
        "call-kernel",
        "jump-nowhere",
        "enter-by-number",
        "enter-by-large-number",
        "enter-without-stack",
        "enter-with-flags",
        "enter-without-segments",
        "enter-by-interrupt",
        "enter-by-sysenter",
        "interrupt",
    };
    for (uint32_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        int32_t code = stranger_watch("stray", names[i], WANTS_CONSOLE);
        must(code <= 0, "a stray got something: ", &(struct capnp_exception){0});
    }
    say("twenty-eight misdeeds: they got nothing, and nobody noticed", "");
}

int tsr_main(struct start *start)
{
    struct capnp_exception exception;
    const struct package_entry *entry;
    const uint8_t *bytes;
    if (!tsr_find(start, "console", DEBUG_CONSOLE_INTERFACE_ID, &own.console.id) ||
        !tsr_find(start, "timer", TIMER_INTERFACE_ID, &own.timer.id) ||
        !tsr_find(start, "job", JOB_INTERFACE_ID, &own.job.id) ||
        !tsr_find(start, "capabilities", CAPABILITY_MANAGER_INTERFACE_ID, &own.capabilities.id)) {
        return 1;
    }
    must(tsr_spawner_open(&own.spawner, start, &exception), "no programs: ", &exception);
    own.number = start->process * UINT64_C(2654435761) + 99;
    for (uint32_t i = 0; i < PAGE_SIZE / 8; i++) {
        own.page[i] = i * own.number;
    }
    bystander_start();
    strangers_watch();
    if (tsr_blob_open(&own.spawner, 1U << PACKAGE_ELF, tsr_text_of("stray"), &entry, &bytes,
                      &exception)) {
        must(tsr_blob_close(&own.spawner, entry, &exception), "not closed: ", &exception);
        strays_watch();
    }
    must(bystander_leave(own.bystander, &exception), "it stays: ", &exception);
    uint64_t process;
    int32_t code;
    enum exit_cause cause;
    must(job_next_exit(own.job, &process, &code, &cause, &exception) && code == 0,
         "it ended badly: ", &exception);
    say("the bystander kept its number, answered every question, and has left", "");
    return 0;
}
