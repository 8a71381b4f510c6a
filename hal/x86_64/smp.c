// SPDX-License-Identifier: Apache-2.0
//
// More than one processor: how the others start, the one lock that all take before the kernel's
// turn, and how one makes another enter. SDM volume 3: 8.4.4.1 (INIT, SIPI, SIPI), 10.6.1
// (interrupt command register). The lock is a ticket, so that nobody waits longer than its turn.
//
// A CPU gives the lock back only when it keeps no registers but those of its current thread, and
// has its space's tables loaded or the kernel's own: whatever the kernel decides then, on another
// CPU, is true of this one, too.
#include "hal/x86_64/x86.h"

enum {
    COMMAND_INIT = 0x4500, // asserted, edge
    COMMAND_START = 0x4600,
    COMMAND_FIXED = 0x4000,

    INIT_NS = 10000000,
    START_NS = 200000,
    HERE_NS = 500000000, // an emulator may give a processor its time late
};

extern const uint8_t trampoline[];
extern const uint8_t trampoline_end[];
extern const uint8_t trampoline_stack[];
_Noreturn void smp_begin(void);

uint32_t smp_count = 1;

static uint32_t ticket_next;
static uint32_t ticket_now;
static uint32_t last_cpu; // that had the lock

// --- The lock -----------------------------------------------------------------------------------

bool smp_lock(struct cpu *cpu)
{
    if (smp_count == 1) {
        return true;
    }
    uint32_t ticket = __atomic_fetch_add(&ticket_next, 1, __ATOMIC_RELAXED);
    while (__atomic_load_n(&ticket_now, __ATOMIC_ACQUIRE) != ticket) {
        __asm__ volatile("pause");
    }
    if (__atomic_exchange_n(&cpu->is_kicked, false, __ATOMIC_RELAXED)) {
        memory_root_load(cpu->root);
        thread_base_load(cpu);
    }
    if (last_cpu == cpu->number) {
        return true;
    }
    last_cpu = cpu->number;
    return kernel_enter(cpu->kernel, cpu->number);
}

void smp_unlock(void)
{
    if (smp_count > 1) {
        __atomic_store_n(&ticket_now, ticket_now + 1, __ATOMIC_RELEASE);
    }
}

void hal_kick(uint32_t cpu)
{
    ASSERT(cpu < smp_count);
    __atomic_store_n(&cpus[cpu].is_kicked, true, __ATOMIC_RELAXED);
    time_interrupt_send(cpus[cpu].apic_id, COMMAND_FIXED | VECTOR_KICK);
}

// --- Start --------------------------------------------------------------------------------------

// Where another processor arrives, on its own stack and the first page tables.
_Noreturn void smp_begin(void)
{
    uint64_t place = (uint64_t)__builtin_frame_address(0) - (uint64_t)cpu_stacks;
    struct cpu *cpu = &cpus[place / sizeof(cpu_stacks[0])];

    cpu_tables_init(cpu);
    cpu_features_use();
    memory_root_load(memory_kernel_root());
    time_cpu_init(cpu);
    __atomic_store_n(&cpu->is_here, true, __ATOMIC_RELEASE);
    (void)smp_lock(cpu);
    entry_run(loop_start());
}

static bool wait_for(const bool *what, uint64_t ns)
{
    uint64_t end_ns = time_now_ns() + ns;

    while (!__atomic_load_n(what, __ATOMIC_ACQUIRE)) {
        if (time_now_ns() >= end_ns) {
            return false;
        }
        __asm__ volatile("pause");
    }
    return true;
}

static bool processor_start(struct cpu *cpu)
{
    uint64_t stack = (uint64_t)(&cpu_stacks[cpu - cpus] + 1) - sizeof(uint64_t);
    uint32_t command = COMMAND_START | TRAMPOLINE / PAGE_SIZE;

    memcpy(hal_frames + TRAMPOLINE + (trampoline_stack - trampoline), &stack, sizeof(stack));
    time_interrupt_send(cpu->apic_id, COMMAND_INIT);
    (void)wait_for(&cpu->is_here, INIT_NS);
    time_interrupt_send(cpu->apic_id, command);
    if (wait_for(&cpu->is_here, START_NS)) {
        return true;
    }
    time_interrupt_send(cpu->apic_id, command);
    return wait_for(&cpu->is_here, HERE_NS);
}

// The trampoline's page is the firmware's, and has its old contents again at the end.
void smp_start(const struct acpi *acpi, struct kernel *kernel)
{
    static uint8_t page[PAGE_SIZE];
    uint32_t self = time_apic_id();

    memcpy(page, hal_frames + TRAMPOLINE, PAGE_SIZE);
    memcpy(hal_frames + TRAMPOLINE, trampoline, (size_t)(trampoline_end - trampoline));
    (void)__atomic_fetch_add(&ticket_next, 1, __ATOMIC_RELAXED); // this CPU has the lock
    cpus[0].apic_id = self;
    uint32_t silent = 0;
    for (uint32_t i = 0; i < acpi->cpu_count && smp_count < CPUS_MAX; i++) {
        uint32_t id = acpi->cpu_ids[i];
        if (id != self && id < UINT8_MAX) {
            struct cpu *cpu = &cpus[smp_count++]; // also where it is silent
            cpu->apic_id = id;
            cpu->kernel = kernel;
            if (!processor_start(cpu)) {
                time_interrupt_send(id, COMMAND_INIT); // so that it never comes after all
                silent++;
            }
        }
    }
    memcpy(hal_frames + TRAMPOLINE, page, PAGE_SIZE);
    if (smp_count > 1) {
        cpu_shared();
    }
    if (silent != 0) {
        console_text("x86_64: CPUs that don't answer: ");
        console_decimal(silent);
        console_text("\n");
    }
}
