// SPDX-License-Identifier: Apache-2.0
//
// What the processor is told once: descriptors, interrupt vectors, the system call's entry, and the
// protections that it has. Which those are is asked once, here, and told in the boot log. SDM
// volume 3: 2.5 (control registers), 3.4.5 and 6.14 (descriptors), 7.7 (task state segment);
// volume 4 (model-specific registers); volume 2, CPUID.
#include "hal/x86_64/x86.h"

enum {
    MSR_SYSENTER_CS = 0x174,
    MSR_EFER = 0xc0000080,
    MSR_STAR = 0xc0000081,
    MSR_LSTAR = 0xc0000082,
    MSR_CSTAR = 0xc0000083,
    MSR_SFMASK = 0xc0000084,

    EFER_SYSCALL = 1 << 0,
    EFER_NO_EXECUTE = 1 << 11,

    CR4_COUNTER_KERNEL_ONLY = 1 << 2, // TSD
    CR4_DEBUG_EXTENSIONS = 1 << 3,
    CR4_ADDRESS_EXTENSION = 1 << 5, // PAE: set already, and stays
    CR4_MACHINE_CHECK = 1 << 6,
    CR4_GLOBAL_PAGES = 1 << 7,
    CR4_FXSAVE = 1 << 9,
    CR4_SIMD_ERRORS = 1 << 10,
    CR4_UMIP = 1 << 11,
    CR4_FSGSBASE = 1 << 16,
    CR4_XSAVE = 1 << 18,
    CR4_SMEP = 1 << 20,
    CR4_SMAP = 1 << 21,

    // IF, DF, TF, AC, NT, RF, IOPL, VM: what a program has set is not set in the kernel.
    SFMASK = 0x200 | 0x400 | 0x100 | 0x40000 | 0x4000 | 0x10000 | 0x3000 | FLAGS_VM,

    GATE_INTERRUPT = 0x8e, // present, ring 0, interrupts off
    TASK_PRESENT = 0x89,
    DESCRIPTORS = 8,

    JITTER_ROUNDS = 64,
    RANDOM_TRIES = 10,
    PORT_DELAY = 0x80, // the power-on self test's display
};

// One word of what CPUID says, in the order of its registers.
enum cpuid_register { CPUID_EAX, CPUID_EBX, CPUID_ECX, CPUID_EDX, CPUID_REGISTERS };

enum feature_name {
    FEATURE_APIC,
    FEATURE_NX,
    FEATURE_SMEP,
    FEATURE_SMAP,
    FEATURE_UMIP,
    FEATURE_FSGSBASE,
    FEATURE_XSAVE,
    FEATURE_AVX,
    FEATURE_GLOBAL,
    FEATURE_DEBUG,
    FEATURE_MACHINE_CHECK,
    FEATURE_RDRAND,
    FEATURE_COUNT,
};

struct feature {
    const char *name;
    uint32_t leaf;
    enum cpuid_register word;
    uint32_t bit;
    uint32_t cr4; // what turns it on; 0: nothing, or done elsewhere
};

static const struct feature features[FEATURE_COUNT] = {
    [FEATURE_APIC] = {"APIC", 1, CPUID_EDX, 9, 0},
    [FEATURE_NX] = {"NX", 0x80000001, CPUID_EDX, 20, 0},
    [FEATURE_SMEP] = {"SMEP", 7, CPUID_EBX, 7, CR4_SMEP},
    [FEATURE_SMAP] = {"SMAP", 7, CPUID_EBX, 20, CR4_SMAP},
    [FEATURE_UMIP] = {"UMIP", 7, CPUID_ECX, 2, CR4_UMIP},
    [FEATURE_FSGSBASE] = {"FSGSBASE", 7, CPUID_EBX, 0, CR4_FSGSBASE},
    [FEATURE_XSAVE] = {"XSAVE", 1, CPUID_ECX, 26, CR4_XSAVE},
    [FEATURE_AVX] = {"AVX", 1, CPUID_ECX, 28, 0},
    [FEATURE_GLOBAL] = {"PGE", 1, CPUID_EDX, 13, CR4_GLOBAL_PAGES},
    [FEATURE_DEBUG] = {"DE", 1, CPUID_EDX, 2, CR4_DEBUG_EXTENSIONS},
    [FEATURE_MACHINE_CHECK] = {"MCE", 1, CPUID_EDX, 7, CR4_MACHINE_CHECK},
    [FEATURE_RDRAND] = {"RDRAND", 1, CPUID_ECX, 30, 0},
};

struct table_pointer {
    uint16_t size_minus_one;
    uint64_t address;
} __attribute__((packed));

struct gate {
    uint16_t offset_low;
    uint16_t selector;
    uint8_t stack;
    uint8_t kind;
    uint16_t offset_middle;
    uint32_t offset_high;
    uint32_t reserved;
};

static_assert(sizeof(struct gate) == 16, "SDM volume 3, figure 6-8");

struct cpu cpus[CPUS_MAX];
struct cpu_stacks cpu_stacks[CPUS_MAX] __attribute__((aligned(PAGE_SIZE)));
uint64_t cpu_no_execute;

static struct gate gates[VECTOR_COUNT];
static bool features_present[FEATURE_COUNT];
static uint64_t features_cr4; // what they turn on

static const uint64_t descriptors_common[DESCRIPTORS] = {
    [SELECTOR_KERNEL_CODE / 8] = 0x00af9b000000ffff,
    [SELECTOR_KERNEL_DATA / 8] = 0x00cf93000000ffff,
    [SELECTOR_USER_DATA / 8] = 0x00cff3000000ffff,
    [SELECTOR_USER_CODE / 8] = 0x00affb000000ffff,
};
static uint64_t descriptors[CPUS_MAX][DESCRIPTORS];

static const enum interrupt_stack vector_stacks[VECTOR_COUNT] = {
    [VECTOR_DEBUG] = STACK_DEBUG,
    [VECTOR_NMI] = STACK_NMI,
    [VECTOR_DOUBLE_FAULT] = STACK_DOUBLE_FAULT,
    [VECTOR_MACHINE_CHECK] = STACK_MACHINE_CHECK,
};

static void descriptors_init(struct cpu *cpu)
{
    struct task_state *state = &cpu->task;
    struct cpu_stacks *stacks = &cpu_stacks[cpu->number];
    uint64_t *own = descriptors[cpu->number];
    uint64_t task = (uint64_t)state;
    uint32_t stack_count = sizeof(stacks->interrupt) / sizeof(stacks->interrupt[0]);

    state->port_map = sizeof(*state);
    for (uint32_t i = 0; i < stack_count; i++) {
        state->interrupt_stacks[i] =
            (uint64_t)stacks->interrupt[i].body + sizeof(stacks->interrupt[i].body);
    }
    memcpy(own, descriptors_common, sizeof(descriptors_common));
    own[SELECTOR_TASK / 8] = (sizeof(*state) - 1) | (task & 0xffffff) << 16 |
                             (uint64_t)TASK_PRESENT << 40 | (task >> 24 & 0xff) << 56;
    own[SELECTOR_TASK / 8 + 1] = task >> 32;

    struct table_pointer pointer = {sizeof(descriptors_common) - 1, (uint64_t)own};
    __asm__ volatile("lgdt %0" : : "m"(pointer));
    __asm__ volatile("ltr %w0" : : "r"(SELECTOR_TASK));
}

static void gates_init(void)
{
    for (uint32_t vector = 0; vector < VECTOR_COUNT; vector++) {
        uint64_t stub = (uint64_t)&entry_stubs[vector * STUB_SIZE];
        gates[vector] = (struct gate){
            .offset_low = (uint16_t)stub,
            .selector = SELECTOR_KERNEL_CODE,
            .stack = (uint8_t)vector_stacks[vector],
            .kind = GATE_INTERRUPT,
            .offset_middle = (uint16_t)(stub >> 16),
            .offset_high = (uint32_t)(stub >> 32),
        };
    }
    struct table_pointer pointer = {sizeof(gates) - 1, (uint64_t)gates};
    __asm__ volatile("lidt %0" : : "m"(pointer));
}

void cpu_tables_init(struct cpu *cpu)
{
    cpu->self = cpu;
    cpu->number = (uint32_t)(cpu - cpus);
    cpu->stack = (uint64_t)(&cpu_stacks[cpu->number] + 1);
    cpu->state = &thread_states[THREADS_MAX + cpu->number];
    cpu->thread = CPU_NO_REGISTERS;
    descriptors_init(cpu);
    gates_init();
    msr_write(MSR_GS_BASE, (uint64_t)cpu);
    msr_write(MSR_GS_BASE_OUTSIDE, 0);
    msr_write(MSR_SYSENTER_CS, 0); // SYSENTER faults
    msr_write(MSR_STAR,
              (uint64_t)(SELECTOR_USER_BASE | 3) << 48 | (uint64_t)SELECTOR_KERNEL_CODE << 32);
    msr_write(MSR_LSTAR,
              (uint64_t)(cpu->number == 0 ? entry_system_call : entry_system_call_shared));
    msr_write(MSR_CSTAR, (uint64_t)entry_system_call); // there is no 32-bit code segment
    msr_write(MSR_SFMASK, SFMASK);
    msr_write(MSR_EFER, msr_read(MSR_EFER) | EFER_SYSCALL);
}

void cpu_shared(void)
{
    msr_write(MSR_LSTAR, (uint64_t)entry_system_call_shared);
}

static uint32_t cpuid_word(uint32_t leaf, enum cpuid_register word)
{
    uint32_t words[CPUID_REGISTERS];
    __asm__ volatile("cpuid"
                     : "=a"(words[CPUID_EAX]), "=b"(words[CPUID_EBX]), "=c"(words[CPUID_ECX]),
                       "=d"(words[CPUID_EDX])
                     : "a"(leaf), "c"(0));
    return words[word];
}

// Leaves beyond the last one repeat another one's words.
static bool feature_is_present(const struct feature *feature)
{
    uint32_t leaf_last = cpuid_word(feature->leaf & 0x80000000, CPUID_EAX);
    return feature->leaf <= leaf_last &&
           (cpuid_word(feature->leaf, feature->word) >> feature->bit & 1) != 0;
}

void cpu_features_find(void)
{
    features_cr4 = CR4_COUNTER_KERNEL_ONLY | CR4_ADDRESS_EXTENSION | CR4_FXSAVE | CR4_SIMD_ERRORS;
    for (uint32_t i = 0; i < FEATURE_COUNT; i++) {
        features_present[i] = feature_is_present(&features[i]);
        if (features_present[i]) {
            features_cr4 |= features[i].cr4;
        }
    }
    if (!features_present[FEATURE_APIC]) {
        hal_panic("this processor has no APIC", __FILE__, __LINE__);
    }
    cpu_no_execute = features_present[FEATURE_NX] ? (uint64_t)1 << 63 : 0;
}

void cpu_features_use(void)
{
    if (features_present[FEATURE_NX]) {
        msr_write(MSR_EFER, msr_read(MSR_EFER) | EFER_NO_EXECUTE);
    }
    __asm__ volatile("movq %0, %%cr4" : : "r"(features_cr4) : "memory");
    thread_methods_choose(features_present[FEATURE_XSAVE],
                          features_present[FEATURE_XSAVE] && features_present[FEATURE_AVX],
                          features_present[FEATURE_FSGSBASE]);
}

void cpu_features_log(void)
{
    const char *separator = "x86_64: this processor lacks ";

    for (uint32_t i = 0; i < FEATURE_COUNT; i++) {
        if (!features_present[i]) {
            console_text(separator);
            console_text(features[i].name);
            separator = ", ";
        }
    }
    console_text(separator[0] == ',' ? "\n" : "x86_64: this processor lacks nothing\n");
}

static bool random_take(uint64_t *value)
{
    for (uint32_t i = 0; features_present[FEATURE_RDRAND] && i < RANDOM_TRIES; i++) {
        bool taken;
        __asm__ volatile("rdrand %0" : "=r"(*value), "=@ccc"(taken));
        if (taken && *value != 0 && *value != UINT64_MAX) { // some say "taken" and lie
            return true;
        }
    }
    return false;
}

uint64_t cpu_random(const char **source)
{
    uint64_t id = 0;

    *source = "RDRAND";
    if (random_take(&id)) {
        return id;
    }
    // How long a slow port takes varies; the multiplier spreads it (Steele, Lea, Flood, "Fast
    // splittable pseudorandom number generators", 2014).
    *source = "jitter of the clock, which others may guess";
    for (uint32_t i = 0; i < JITTER_ROUNDS; i++) {
        port_write(PORT_DELAY, 0);
        id = (id ^ counter_read()) * 0xbf58476d1ce4e5b9;
        id ^= id >> 31;
    }
    return id;
}
