// SPDX-License-Identifier: Apache-2.0
//
// A fixed piece of work, done by one, two and four processes (programs/toiler), then by as many
// threads of this one. Says whether the result is the same each time, and how long it took. The
// first program of its system: granted console, timer, job, space, package.

#include "lib/crowd/share.h"
#include "runtime/runtime.h"
#include "runtime/spawn.h"
#include "runtime/worker.h"

#include "schema/boot.capnp.h"
#include "schema/kernel.capnp.h"

enum { CROWD_MAX = 4, INFO_SIZE = 64, PER_CENT = 100 };

static struct {
    struct debug_console console;
    struct timer timer;
    struct job job;
    struct tsr_spawner spawner;
    struct tsr_space space;
    struct tsr_worker workers[CROWD_MAX];
    uint32_t size; // of the crowd at work
} own;

static uint64_t now(void)
{
    struct capnp_exception exception;
    uint64_t time = 0;
    tsr_must(timer_now(own.timer, &time, &exception), "the clock does not answer: ", &exception);
    return time;
}

// --- Processes ----------------------------------------------------------------------------------

static void process_begin(uint32_t number)
{
    const char words[] = {(char)('a' + number), (char)('a' + own.size), 0};
    struct process process;
    struct capnp_exception exception;
    uint8_t bytes[INFO_SIZE];
    struct capnp_builder message;
    capnp_builder_init(&message, bytes, sizeof(bytes));
    start_info_set_arguments(start_info_build(&message), tsr_text_of(words));
    struct capnp_data info = {bytes, capnp_builder_size(&message)};
    tsr_must(tsr_spawn(&own.spawner, own.job, "toiler", NULL, 0, info, &process, &exception),
             "a process does not start: ", &exception);
    tsr_release(process.id);
}

// They end in any order.
static uint32_t process_result(uint32_t number)
{
    uint64_t process;
    int32_t code = -1;
    enum exit_cause cause = EXIT_CAUSE_KILLED;
    struct capnp_exception exception;
    (void)number;
    tsr_must(job_next_exit(own.job, &process, &code, &cause, &exception), "no exit: ", &exception);
    if (code < 0 || cause != EXIT_CAUSE_CALLED) {
        tsr_panic("a process ended badly");
    }
    return (uint32_t)code;
}

// --- Threads ------------------------------------------------------------------------------------

static int32_t toil(void *number)
{
    return (int32_t)share_compute((uint32_t)(uintptr_t)number, own.size);
}

static void thread_begin(uint32_t number)
{
    struct capnp_exception exception;
    tsr_must(tsr_worker_start(&own.workers[number], toil, (void *)(uintptr_t)number, &exception),
             "a thread does not start: ", &exception);
}

static uint32_t thread_result(uint32_t number)
{
    struct capnp_exception exception;
    int32_t code = -1;
    tsr_must(tsr_worker_join(&own.workers[number], &code, &exception), "not joined: ", &exception);
    return (uint32_t)code;
}

// --- Crowds -------------------------------------------------------------------------------------

struct kind {
    const char *name;
    void (*begin)(uint32_t number);
    uint32_t (*result)(uint32_t number); // of one of them; each is asked for once
};

static const struct kind kinds[] = {
    {" processes", process_begin, process_result},
    {" threads", thread_begin, thread_result},
};

// Lets `size` of a kind do the work; how long it took, in nanoseconds.
static uint64_t crowd_run(const struct kind *kind, uint32_t size, uint32_t *result)
{
    own.size = size;
    *result = 0;
    uint64_t begin_ns = now();
    for (uint32_t i = 0; i < size; i++) {
        kind->begin(i);
    }
    for (uint32_t i = 0; i < size; i++) {
        *result ^= kind->result(i);
    }
    return now() - begin_ns;
}

static void say(const struct kind *kind, uint32_t size, uint64_t ns, uint64_t alone_ns)
{
    struct tsr_line line = {0};
    struct capnp_exception exception;
    tsr_line_text(&line, "crowd: ");
    tsr_line_decimal(&line, size);
    tsr_line_text(&line, kind->name);
    tsr_line_text(&line, " compute what one does, in ");
    tsr_line_decimal(&line, ns);
    tsr_line_text(&line, " ns; one needs ");
    tsr_line_decimal(&line, ns == 0 ? 0 : alone_ns * PER_CENT / ns);
    tsr_line_text(&line, " % of it");
    tsr_must(debug_console_write_line(own.console, tsr_line_of(&line), &exception), "silent",
             &exception);
}

int tsr_main(struct start *start)
{
    struct capnp_exception exception;
    if (!tsr_find(start, "console", DEBUG_CONSOLE_INTERFACE_ID, &own.console.id) ||
        !tsr_find(start, "timer", TIMER_INTERFACE_ID, &own.timer.id) ||
        !tsr_find(start, "job", JOB_INTERFACE_ID, &own.job.id)) {
        return 1;
    }
    tsr_must(tsr_spawner_open(&own.spawner, start, &exception), "no spawner: ", &exception);
    tsr_must(tsr_space_open(&own.space, start, &exception), "no space: ", &exception);
    tsr_must(tsr_workers_open(&own.space, &exception), "no workers: ", &exception);
    for (uint32_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        uint32_t expected;
        uint64_t alone_ns = crowd_run(&kinds[i], 1, &expected);
        for (uint32_t size = 2; size <= CROWD_MAX; size *= 2) {
            uint32_t result;
            uint64_t ns = crowd_run(&kinds[i], size, &result);
            if (result != expected) {
                tsr_panic("the result depends on who computes it");
            }
            say(&kinds[i], size, ns, alone_ns);
        }
    }
    return 0;
}
