// SPDX-License-Identifier: Apache-2.0
//
// Several CPUs: what the core says of those that are not in the kernel, and what the one that is
// wants of them: cpu.c.
#ifndef KERNEL_CORE_CPU_H
#define KERNEL_CORE_CPU_H

#include <stdbool.h>
#include <stdint.h>

struct core;
struct thread_record;

struct cpu_record {                // schedule.c; of a CPU that is not in the kernel: cpu.c
    struct thread_record *running; // where it runs one
    struct job_record *account;    // that pays for its slice; NULL: it is idle
    uint32_t band;                 // of its level: PRIORITY_COUNT if the account had time, or 0
    uint64_t paid_ns;              // until when it has
    uint64_t slice_end_ns;
    uint64_t armed_ns;
};

// Another CPU is in the kernel. Whether the thread that was chosen for it still runs there.
bool cpu_enter(struct core *core, uint32_t cpu);
// Others that run a thread of the process have to enter before anything that is taken away now is
// used again: until then nothing is given back, and there is more to do.
void cpu_await(struct core *core, uint32_t process);
// Somebody is ready: a CPU that has less to do looks, an idle one where there is one.
void cpu_share(struct core *core);

#endif
