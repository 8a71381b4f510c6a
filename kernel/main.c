// SPDX-License-Identifier: Apache-2.0
//
// kernel_turn: one input goes through gate, core and log, and the platform learns what to run. Read
// this file first. A program's request takes this way: its ring holds it (ring/), the gate takes it
// and knows who asks (kernel/gate), the core checks it and commits (kernel/core; kernel/core/state
// alone changes authority), the log keeps the commits (kernel/log), the HAL makes them so (hal/).
#include <string.h>

#include "kernel/core/memory.h"
#include "kernel/core/process.h"
#include "kernel/core/syslog.h"
#include "kernel/core/thread.h"
#include "kernel/kernel.h"
#include "kernel/parts.h"

static const char *const fault_names[] = {
    [EXIT_CALLED] = "exit",
    [EXIT_FAULT_MEMORY] = "a memory fault",
    [EXIT_FAULT_MACHINE] = "a machine fault",
};

// Each kind of input has a function; it returns whether there is more of the same to do.

// Goes on with the work at hand, unless another CPU still runs what was taken from it: interrupts,
// killed jobs and mappings by rights that are gone first, then the running thread's submissions,
// then what dead processes and servers left behind, then the log's seals while nobody wants to run.
static bool turn_step(struct core *core, const struct input *input)
{
    (void)input;
    bool is_ending = core->behind != 0 || (core->bindings.closed != 0 && interrupt_tell(core)) ||
                     sweep_step(core, SWEEP_KILLED) ||
                     (core_may_commit(core, NONE, true) && sweep_step(core, SWEEP_MAPPINGS));
    if (!is_ending && core->current != NONE && core->threads[core->current].is_submitting) {
        return gate_step(core);
    }
    core->is_changed = true;
    core->is_sweeping = is_ending || process_sweep(core) || sweep_step(core, SWEEP_THREADS) ||
                        sweep_step(core, SWEEP_WAITS) ||
                        (core_may_commit(core, NONE, false) && sweep_step(core, SWEEP_FACETS));
    if (!core->is_sweeping && core->current == NONE) {
        log_seal_step(core->log);
    }
    return false;
}

static bool turn_fault(struct core *core, const struct input *input)
{
    if (thread_fault(core, input->fault.cause, input->fault.address, input->fault.instruction)) {
        return false;
    }
    hal_report("tessera: process %lu ends: %s at address %016lx, instruction %016lx",
               (uint64_t)core->threads[core->current].process, fault_names[input->fault.cause],
               input->fault.address, input->fault.instruction);
    gate_end(core, -1, (enum exit_reason)input->fault.cause);
    return false;
}

static bool (*const turns[INPUT_KIND_COUNT])(struct core *, const struct input *) = {
    [INPUT_STEP] = turn_step,   [INPUT_ENTER] = gate_enter, [INPUT_EXIT] = gate_exit,
    [INPUT_FAULT] = turn_fault, [INPUT_TIMER] = gate_timer, [INPUT_INTERRUPT] = gate_interrupt,
};

// The kernel acts, unless the input is of a thread.
static __attribute__((noinline)) bool turn_take(struct core *core, const struct input *input)
{
    core->actor = KERNEL_ACTOR;
    core->cause = CAUSE_NONE;
    return turns[input->kind](core, input);
}

// Closes the log, lets it leave the machine, and states digest and head.
_Noreturn void kernel_halt(struct kernel *kernel, int32_t code)
{
    const struct core *core = &kernel->core;
    struct log *log = &kernel->log;
    log_close(log);
    struct log_trailer trailer = {.magic = LOG_TRAILER_MAGIC,
                                  .version = LOG_VERSION,
                                  .boot_id = log->boot_id,
                                  .seq = log->seq,
                                  .pages = log->page};
    state_digest(&core->state, trailer.digest);
    ASSERT(memcmp(trailer.digest, core->state.digest, sizeof trailer.digest) == 0);
    memcpy(trailer.head, log->head, HASH_SIZE);
    for (uint64_t page = log->first; page < log->page; page++) {
        hal_export(log_page(log, page), LOG_PAGE_SIZE);
    }
    hal_export(&trailer, sizeof trailer);
    uint64_t next = core->syslog_next;
    for (uint64_t at = next < SYSLOG_RECORDS ? 0 : next - SYSLOG_RECORDS; at < next; at++) {
        hal_export_syslog(syslog_record(core, at), sizeof(struct syslog_record));
    }
    hal_report("tessera: calls delivered %lu, by the fast path %lu", core->counters.deliveries,
               core->counters.direct_deliveries);
    hal_report("tessera: log of %lu commits in %lu pages, digest %016lx%016lx", log->seq, log->page,
               trailer.digest[0], trailer.digest[1]);
    uint64_t head[HASH_SIZE / sizeof(uint64_t)];
    memcpy(head, log->head, HASH_SIZE);
    hal_report("tessera: head %016lx%016lx%016lx%016lx", __builtin_bswap64(head[0]),
               __builtin_bswap64(head[1]), __builtin_bswap64(head[2]), __builtin_bswap64(head[3]));
    hal_halt(code);
}

static _Noreturn void log_is_full(struct kernel *kernel)
{
    hal_report(
        "tessera: the log is full, and nobody takes pages away: nothing can be recorded any more");
    kernel_halt(kernel, -1);
}

// What a turn changed takes effect: commits go to the log, and somebody is chosen to run. Returns
// whether there is more to do first.
static __attribute__((noinline)) bool turn_close(struct kernel *kernel)
{
    struct core *core = &kernel->core;
    struct log *log = &kernel->log;
    // Something may have been left behind, or goes when another CPU has entered.
    core->is_sweeping |= (core->commit_count | core->behind) != 0;
    for (uint32_t i = 0; i < core->commit_count; i++) {
        log_append(log, &core->commits[i], core->commit_digests[i]);
    }
    core->commit_count = 0;
    if (log->room < LOG_HALT) { // for the next turn
        log_is_full(kernel);
    }
    if (core->is_flushing) {
        log_flush(log);
    }
    core->is_flushing = false;
    for (; core->seal_steps > 0; core->seal_steps--) {
        log_seal_step(log);
    }
    if (core->live_count == 0 && !core->is_sweeping) {
        kernel_halt(kernel, core->exit_code);
    }
    schedule_pick(core);
    if (core->current != NONE) {
        return core->is_sweeping || core->threads[core->current].is_submitting;
    }
    bool has_more = core->is_sweeping || log->sealing < log->page;
    if (!has_more && (core->busy | core->bindings.open) == 0 && core->here.armed_ns == UINT64_MAX &&
        !core_may_commit(core, NONE, false)) {
        log_is_full(kernel); // nobody will ever make room
    }
    return has_more;
}

bool kernel_enter(struct kernel *kernel, uint32_t cpu)
{
    return cpu_enter(&kernel->core, cpu);
}

__attribute__((flatten)) struct turn kernel_turn(struct kernel *kernel, const struct input *input)
{
    struct core *core = &kernel->core;
    core->now_ns = input->now_ns > core->now_ns ? input->now_ns : core->now_ns; // CPUs may differ
    *core->clock = core->now_ns;
    core->work = 0;
    bool more = input->kind == INPUT_ENTER ? gate_enter(core, input) // in one piece with this
                                           : turn_take(core, input);
    if (core->is_changed || core->next != NONE) {
        more = turn_close(kernel);
    }
    return (struct turn){.thread = (int32_t)core->current, .more = more};
}

static_assert((int32_t)NONE == HAL_NO_THREAD, "no thread is no thread on both sides");
