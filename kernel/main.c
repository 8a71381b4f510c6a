// SPDX-License-Identifier: Apache-2.0
//
// kernel_turn: one input goes through gate, core and log, and the platform learns what to run. Read
// this file first. A program's request takes this way: its ring holds it (ring/), the gate takes it
// and knows who asks (kernel/gate), the core checks it and commits (kernel/core; kernel/core/state
// alone changes authority), the log keeps the commits (kernel/log), the HAL makes them so (hal/).
#include <string.h>

#include "kernel/kernel.h"
#include "kernel/parts.h"

static const char *const fault_names[] = {
    [EXIT_CALLED] = "exit",
    [EXIT_FAULT_MEMORY] = "a memory fault",
    [EXIT_FAULT_MACHINE] = "a machine fault",
};

// Each kind of input has a function; it returns whether there is more of the same to do.

// Goes on with the work at hand: the running thread's submissions first, then what dead processes
// and servers left behind, then the log's seals while nobody wants to run.
static bool turn_step(struct kernel *kernel, const struct input *input)
{
    struct core *core = &kernel->core;
    (void)input;
    if (core->kill_next != NONE) {
        core->actor = KERNEL_ACTOR;
        core->cause = CAUSE_NONE;
        core->is_changed = true;
        job_sweep(core);
        return false;
    }
    if (core->current != NONE && core->threads[core->current].is_submitting) {
        return gate_step(core);
    }
    core->actor = KERNEL_ACTOR;
    core->cause = CAUSE_NONE;
    core->is_changed = true;
    bool has_swept = process_sweep(core) ||
                     (core_may_commit(core, NONE, false) && endpoint_sweep(core)) ||
                     request_sweep(core);
    if (!has_swept && core->current == NONE) {
        log_seal_step(&kernel->log);
    }
    return false;
}

static bool turn_enter(struct kernel *kernel, const struct input *input)
{
    return gate_enter(&kernel->core, input->enter.min_complete, input->enter.timeout_ns);
}

static bool turn_exit(struct kernel *kernel, const struct input *input)
{
    gate_exit(&kernel->core, (int32_t)(uint32_t)input->exit.code, EXIT_CALLED);
    return false;
}

static bool turn_fault(struct kernel *kernel, const struct input *input)
{
    struct core *core = &kernel->core;
    bool is_known = input->fault.cause == EXIT_FAULT_MEMORY;
    enum exit_reason cause = is_known ? EXIT_FAULT_MEMORY : EXIT_FAULT_MACHINE;
    report("tessera: process %lu ends: %s at address %lx, instruction %lx",
           (uint64_t)core->threads[core->current].process, fault_names[cause], input->fault.address,
           input->fault.instruction);
    gate_exit(core, -1, cause);
    return false;
}

static bool turn_timer(struct kernel *kernel, const struct input *input)
{
    (void)input;
    gate_timer(&kernel->core);
    schedule_timer(&kernel->core);
    return false;
}

static bool (*const turns[INPUT_KIND_COUNT])(struct kernel *, const struct input *) = {
    [INPUT_STEP] = turn_step,   [INPUT_ENTER] = turn_enter, [INPUT_EXIT] = turn_exit,
    [INPUT_FAULT] = turn_fault, [INPUT_TIMER] = turn_timer,
};

// Oldest first: what is beyond `next` was written a round ago.
static void syslog_export(const struct core *core)
{
    uint64_t next = core->syslog_next % SYSLOG_RECORDS;
    if (core->syslog_next >= SYSLOG_RECORDS) {
        hal_export_syslog(core->syslog + next,
                          (uint32_t)((SYSLOG_RECORDS - next) * sizeof *core->syslog));
    }
    hal_export_syslog(core->syslog, (uint32_t)(next * sizeof *core->syslog));
}

// Closes the log, lets it leave the machine, and states digest and head.
static _Noreturn void kernel_halt(struct kernel *kernel, int32_t code)
{
    const struct core *core = &kernel->core;
    uint64_t digest[2];
    uint64_t head[HASH_SIZE / sizeof(uint64_t)];
    state_digest(&core->state, digest);
    ASSERT(digest[0] == core->state.digest[0] && digest[1] == core->state.digest[1]);
    const struct log *log = &kernel->log;
    log_close(&kernel->log);
    struct log_trailer trailer = {.magic = LOG_TRAILER_MAGIC,
                                  .version = LOG_VERSION,
                                  .boot_id = core->state.boot_id,
                                  .seq = log->seq,
                                  .pages = log->page + 1,
                                  .digest = {digest[0], digest[1]}};
    memcpy(trailer.head, log->head, HASH_SIZE);
    memcpy(head, log->head, HASH_SIZE);
    for (uint64_t page = log->first; page <= log->page; page++) {
        hal_export(log_page(log, page), LOG_PAGE_SIZE);
    }
    hal_export(&trailer, sizeof trailer);
    syslog_export(core);
    report("tessera: calls delivered %lu, by the fast path %lu", core->counters.deliveries,
           core->counters.direct_deliveries);
    report("tessera: log of %lu commits in %lu pages, digest %lx%lx", log->seq, log->page + 1,
           digest[0], digest[1]);
    report("tessera: head %lx%lx%lx%lx", __builtin_bswap64(head[0]), __builtin_bswap64(head[1]),
           __builtin_bswap64(head[2]), __builtin_bswap64(head[3]));
    hal_halt(code);
}

static _Noreturn void log_is_full(struct kernel *kernel)
{
    report(
        "tessera: the log is full, and nobody takes pages away: nothing can be recorded any more");
    kernel_halt(kernel, -1);
}

static bool core_is_sweeping(const struct core *core)
{
    return process_sweep_next(core) != NONE || core->kill_next != NONE || core->recheck != NONE ||
           (!list_is_empty(&core->gone) && core_may_commit(core, NONE, false));
}

// What a turn changed takes effect: completions go out, commits go to the log, a new thread gets
// its ring, and somebody is chosen to run. Returns whether there is more to do first.
static bool turn_close(struct kernel *kernel)
{
    struct core *core = &kernel->core;
    for (uint32_t i = 0; i < core->commit_count; i++) {
        log_append(&kernel->log, &core->commits[i], core->commit_digests[i]);
    }
    core->commit_count = 0;
    if (core->is_flushing) {
        log_flush(&kernel->log);
    }
    for (uint32_t steps = core->is_reading ? LOG_SEAL_STEPS : 0; steps > 0; steps--) {
        log_seal_step(&kernel->log);
    }
    core->is_flushing = core->is_reading = false;
    bool is_sweeping = core_is_sweeping(core);
    if (core->live_count == 0 && !is_sweeping) {
        kernel_halt(kernel, core->exit_code);
    }
    schedule_pick(core);
    bool is_sealing = kernel->log.sealing < kernel->log.page;
    uint32_t thread = core->current;
    bool is_over = thread == NONE && core->waits_for_log && core->armed_ns == UINT64_MAX;
    if (is_over && !is_sweeping && !is_sealing) {
        log_is_full(kernel);
    }
    return is_sweeping || (thread == NONE ? is_sealing : core->threads[thread].is_submitting);
}

struct turn kernel_turn(struct kernel *kernel, const struct input *input)
{
    struct core *core = &kernel->core;
    core->now_ns = input->now_ns;
    core->commits_seq = core->state.seq;
    core->work = 0;
    if (log_room(&kernel->log) < LOG_HALT) {
        log_is_full(kernel);
    }
    bool more = turns[input->kind](kernel, input);
    if (core->is_changed || core->commit_count != 0 || core_is_sweeping(core)) {
        more = turn_close(kernel);
    }
    return (struct turn){.thread = (int32_t)core->current, .more = more};
}

static_assert((int32_t)NONE == HAL_NO_THREAD, "no thread is no thread on both sides");
