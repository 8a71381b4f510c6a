// SPDX-License-Identifier: Apache-2.0
//
// Several CPUs: one at a time is in the kernel, and the core speaks of that one. What it says of
// the others waits in their records. They share the queues, so that nobody waits while a CPU is
// idle. A CPU that runs what another has taken away, a thread or pages, is made to enter; until it
// has, what was taken away is not given to anybody else.
#include "kernel/core/core.h"

bool cpu_enter(struct core *core, uint32_t cpu)
{
    if (core->current != NONE) {
        core->here.running->state = THREAD_ELSEWHERE;
        core->busy |= 1U << core->cpu;
    }
    core->cpus[core->cpu] = core->here;
    core->here = core->cpus[cpu];
    core->current = NONE;
    if ((core->busy >> cpu & 1) != 0 && core->here.running->state == THREAD_ELSEWHERE) {
        core->here.running->state = THREAD_READY;
        core->current = core->here.running->self.thread;
    }
    // It was kicked, or is new; or who is ready now has a share of its slice, which has no end yet.
    core->is_changed |=
        (core->quiet >> cpu & 1) == 0 || core->ready_mask != 0 || core->next != NONE;
    core->quiet = (core->quiet | 1U << core->cpu) & ~(1U << cpu);
    core->busy &= ~(1U << cpu);
    core->behind &= ~(1U << cpu);
    core->cpu = cpu;
    return core->current != NONE;
}

void cpu_await(struct core *core, uint32_t process)
{
    for (uint32_t left = core->busy; left != 0; left &= left - 1) {
        uint32_t cpu = (uint32_t)__builtin_ctz(left);
        if (core->cpus[cpu].running->process == process) {
            core->quiet &= ~(1U << cpu);
            core->behind |= 1U << cpu;
            core->sweeps[SWEEP_FACETS] = 0; // what would go now goes then
            core->is_changed = true;
            hal_kick(cpu);
        }
    }
}

void cpu_share(struct core *core)
{
    uint32_t ready_level = 63 - (uint32_t)__builtin_clzll(core->ready_mask | 1);
    uint32_t idle = core->quiet & ~core->busy;
    for (uint32_t left = idle != 0 ? idle : core->quiet; left != 0; left &= left - 1) {
        uint32_t cpu = (uint32_t)__builtin_ctz(left);
        const struct cpu_record *its = &core->cpus[cpu];
        // It does less: of a lower priority, or of the same and alone, so that no slice ends.
        if (idle != 0 || its->running->priority + its->band < ready_level ||
            (its->running->priority + its->band == ready_level &&
             its->armed_ns > its->slice_end_ns)) {
            core->quiet &= ~(1U << cpu);
            hal_kick(cpu);
            return; // that one shares with the next
        }
    }
}
