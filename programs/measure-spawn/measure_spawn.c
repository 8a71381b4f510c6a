// SPDX-License-Identifier: Apache-2.0
//
// Measures a process from an ELF file: load, start, exit, wait. The program that is started is
// hello without its one capability, which ends with code 1. Its checksum is compared before, once.
// Prints picoseconds, as `measure` does: see tests/bench/README.md. Granted: console, timer, job,
// package, space.
#include "runtime/runtime.h"
#include "runtime/spawn.h"

#include "schema/kernel.capnp.h"

enum { ROUNDS = 20, PICOSECONDS = 1000, CODE_ENDED = 1 };

static struct {
    struct debug_console console;
    struct timer timer;
    struct job job;
    struct tsr_spawner spawner;
    struct capnp_exception exception;
} own;

static void must(bool is_so, const char *what)
{
    if (!is_so) {
        tsr_panic_because(what, &own.exception);
    }
}

static void spawn_once(void)
{
    struct process process;
    uint64_t number;
    int32_t code;
    enum exit_cause cause;
    must(tsr_spawn(&own.spawner, own.job, "hello", NULL, 0, (struct capnp_data){NULL, 0}, &process,
                   &own.exception),
         "measure: cannot start hello: ");
    must(job_next_exit(own.job, &number, &code, &cause, &own.exception),
         "measure: cannot wait for hello: ");
    tsr_release(process.id);
    if (cause != EXIT_CAUSE_CALLED || code != CODE_ENDED) {
        tsr_panic("measure: hello did not end as it should");
    }
}

static uint64_t now_ns(void)
{
    uint64_t now;
    must(timer_now(own.timer, &now, &own.exception), "measure: cannot read the clock: ");
    return now;
}

static uint64_t rounds_take(uint32_t rounds)
{
    uint64_t before = now_ns();
    for (uint32_t i = 0; i < rounds; i++) {
        spawn_once();
    }
    return now_ns() - before;
}

int tsr_main(struct start *start)
{
    struct tsr_line line = {0};
    if (!tsr_find(start, "console", DEBUG_CONSOLE_INTERFACE_ID, &own.console.id) ||
        !tsr_find(start, "timer", TIMER_INTERFACE_ID, &own.timer.id) ||
        !tsr_find(start, "job", JOB_INTERFACE_ID, &own.job.id)) {
        return 1;
    }
    must(tsr_spawner_open(&own.spawner, start, &own.exception), "measure: cannot open: ");
    spawn_once();
    uint64_t few = rounds_take(ROUNDS);
    uint64_t many = rounds_take(2 * ROUNDS);
    tsr_line_text(&line, "measure: spawn_elf ");
    tsr_line_decimal(&line, (many - few) * PICOSECONDS / ROUNDS);
    tsr_line_text(&line, " ps");
    must(debug_console_write_line(own.console, tsr_line_of(&line), &own.exception), "measure: ");
    return 0;
}
