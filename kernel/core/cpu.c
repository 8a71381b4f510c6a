// SPDX-License-Identifier: Apache-2.0
//
// Several CPUs: one at a time is in the kernel, and the core speaks of that one. What it says of
// the others waits in their records. They share the queues, so that nobody waits while a CPU is
// idle. A CPU that runs what another has taken away, a thread or pages, is made to enter; until it
// has, what was taken away is not given to anybody else.
#include "kernel/core/core.h"

bool cpu_enter(struct core *core, uint32_t cpu)
{
    struct cpu_record *now = &core->cpus[cpu];
    schedule_share(core); // who was to run next waits for any CPU
    core->cpus[core->cpu] =
        (struct cpu_record){true, core->current, core->running, core->slice_end_ns, core->armed_ns};
    if (!now->is_there) { // it enters for the first time
        *now = (struct cpu_record){.current = NONE, .armed_ns = UINT64_MAX};
    }
    now->is_there = false;
    core->cpu = cpu;
    core->current = now->current;
    core->running = now->running;
    core->slice_end_ns = now->slice_end_ns;
    core->armed_ns = now->armed_ns;
    core->is_changed |= core->kicked >> cpu & 1;
    core->kicked &= ~(1U << cpu);
    core->behind &= ~(1U << cpu);
    return core->current != NONE;
}

static void kick(struct core *core, uint32_t cpu)
{
    core->kicked |= 1U << cpu;
    hal_kick(cpu);
}

uint32_t cpu_of(const struct core *core, uint32_t thread)
{
    uint32_t cpu = 0;
    while (cpu < HAL_CPUS_MAX && !(core->cpus[cpu].is_there && core->cpus[cpu].current == thread)) {
        cpu++;
    }
    return cpu < HAL_CPUS_MAX ? cpu : NONE;
}

void cpu_await(struct core *core, uint32_t cpu)
{
    core->behind |= 1U << cpu;
    core->sweeps[SWEEP_FACETS] = 0; // what would go now goes then
    core->is_sweeping = true;
    core->is_changed = true;
    kick(core, cpu);
}

void cpu_await_process(struct core *core, uint32_t process)
{
    for (uint32_t cpu = 0; cpu < HAL_CPUS_MAX; cpu++) {
        const struct cpu_record *other = &core->cpus[cpu];
        if (other->is_there && other->current != NONE && other->running->process == process) {
            cpu_await(core, cpu);
        }
    }
}

void cpu_share(struct core *core)
{
    uint32_t highest = 32 - (uint32_t)__builtin_clz(core->ready_mask); // 0: of an idle CPU
    uint32_t least = highest;
    uint32_t at = NONE;
    for (uint32_t cpu = 0; cpu < HAL_CPUS_MAX; cpu++) {
        const struct cpu_record *other = &core->cpus[cpu];
        if (other->is_there && (core->kicked >> cpu & 1) == 0) {
            uint32_t level = other->current == NONE ? 0 : other->running->priority + 1;
            at = level < least ? cpu : at;
            least = level < least ? level : least;
            if (level == highest && other->armed_ns > other->slice_end_ns) {
                kick(core, cpu); // its thread was alone, and has no slice that ends
            }
        }
    }
    if (at != NONE) {
        kick(core, at);
    }
}
