// SPDX-License-Identifier: Apache-2.0
//
// More than one CPU. They take turns, one entry of the kernel after the other, and the seed says
// whose is next: so each entry of one comes between any two of another, and a kick arrives before
// the program that runs there enters by itself, or after. With one CPU nothing is drawn.
#include "hal/sim/sim.h"

struct sim_cpu *sim_cpu;

static struct sim_cpu cpus[HAL_CPUS_MAX];
static uint32_t cpu_count;
static struct sim_cpu *inside; // who entered the kernel last

void sim_smp_init(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        cpus[i] = (struct sim_cpu){
            .turn.thread = HAL_NO_THREAD, .armed_ns = UINT64_MAX, .is_kicked = i != 0};
    }
    cpu_count = count;
    sim_cpu = inside = cpus;
}

bool sim_smp_enter(struct kernel *kernel)
{
    if (inside == sim_cpu) {
        return true;
    }
    inside = sim_cpu;
    sim_cpu->is_there = true;
    return kernel_enter(kernel, (uint32_t)(sim_cpu - cpus));
}

void hal_kick(uint32_t cpu)
{
    SIM_CHECK(cpu < cpu_count && cpus[cpu].is_there && inside != &cpus[cpu]);
    cpus[cpu].is_kicked = true;
}

static bool has_work(const struct sim_cpu *cpu, uint64_t now_ns)
{
    return cpu->turn.more || cpu->turn.thread != HAL_NO_THREAD || cpu->is_kicked ||
           cpu->armed_ns <= now_ns;
}

void sim_smp_choose(uint64_t now_ns)
{
    struct sim_cpu *able[HAL_CPUS_MAX];
    struct sim_cpu *first = cpus; // by its armed deadline
    uint32_t able_count = 0;

    for (uint32_t i = 0; i < cpu_count; i++) {
        first = cpus[i].armed_ns < first->armed_ns ? &cpus[i] : first;
        if (has_work(&cpus[i], now_ns)) {
            able[able_count++] = &cpus[i];
        }
    }
    sim_cpu = able_count == 0 ? first : able[0];
    if (able_count > 1) {
        sim_cpu = able[sim_draw(SIM_STREAM_CPU) % able_count];
    }
}

bool sim_smp_kick_take(void)
{
    bool is_now = sim_cpu->is_kicked &&
                  (sim_cpu->turn.thread == HAL_NO_THREAD || sim_draw(SIM_STREAM_CPU) % 2 == 0);

    sim_cpu->is_kicked = sim_cpu->is_kicked && !is_now;
    return is_now;
}
