// SPDX-License-Identifier: Apache-2.0
//
// Threads: the saved registers of each, and how one takes the place of another. A thread's general
// registers are in its state when the thread doesn't run (entry.S puts them there), its FPU's only
// while another thread's are loaded: the kernel itself never uses the FPU.
#include "hal/x86_64/x86.h"

enum {
    FPU_CONTROL_INITIAL = 0x37f, // SDM volume 1, 8.1.5 and 10.2.3: errors masked
    MXCSR_INITIAL = 0x1f80,
    FPU_CONTROL = 0, // offsets in FXSAVE's image: SDM volume 1, table 10-2
    FPU_MXCSR = 24,

    XCR0_X87 = 1 << 0, // SDM volume 1, 13.3
    XCR0_SSE = 1 << 1,
    XCR0_AVX = 1 << 2, // larger states are not enabled, so programs can't use them
};

struct thread_state thread_states[THREADS_MAX + CPUS_MAX];

// The kernel's index has a new owner, or none: registers that are loaded belong to nobody now, and
// entry.S must not save them here.
static void registers_disown(uint32_t thread)
{
    struct cpu *cpu = cpu_current();

    if (cpu->thread == (int32_t)thread) {
        cpu->thread = CPU_NO_REGISTERS;
        cpu->state = &thread_states[THREADS_MAX + cpu->number];
    }
}

void hal_thread_create(uint32_t thread, uint32_t space, uint64_t entry, uint64_t stack,
                       uint64_t argument)
{
    ASSERT(thread < THREADS_MAX && space < SPACES_MAX);
    struct thread_state *state = &thread_states[thread];

    registers_disown(thread);
    memset(state, 0, sizeof(*state));
    state->fpu[FPU_CONTROL] = FPU_CONTROL_INITIAL & 0xff;
    state->fpu[FPU_CONTROL + 1] = FPU_CONTROL_INITIAL >> 8;
    state->fpu[FPU_MXCSR] = MXCSR_INITIAL & 0xff;
    state->fpu[FPU_MXCSR + 1] = MXCSR_INITIAL >> 8;
    state->resume = RESUME_FULL;
    state->root = memory_root(space);
    state->frame.rdi = argument;
    state->frame.rip = thread_address(entry);
    state->frame.cs = SELECTOR_USER_CODE;
    state->frame.rflags = FLAGS_USER;
    state->frame.rsp = (stack & ~(uint64_t)15) - 8; // where a call would have put its return
    state->frame.ss = SELECTOR_USER_DATA;
}

void hal_thread_destroy(uint32_t thread)
{
    ASSERT(thread < THREADS_MAX);
    registers_disown(thread);
}

void hal_thread_fs_base(uint32_t thread, uint64_t base)
{
    ASSERT(thread < THREADS_MAX);
    thread_states[thread].fs_base = thread_address(base);
    for (struct cpu *cpu = cpus; cpu < cpus + smp_count; cpu++) {
        cpu->is_rebased = cpu->is_rebased || cpu->thread == (int32_t)thread;
    }
    thread_base_load(cpu_current());
}

void thread_base_load(struct cpu *cpu)
{
    if (cpu->is_rebased) {
        cpu->is_rebased = false;
        msr_write(MSR_FS_BASE, cpu->state->fs_base);
    }
}

void hal_thread_result(uint32_t thread, uint64_t value)
{
    ASSERT(thread < THREADS_MAX);
    thread_states[thread].frame.rax = value;
}

// --- What a processor may have or not: chosen once, at boot -------------------------------------

static bool has_xsave; // else FXSAVE
static bool has_bases; // FSGSBASE; else a program can't change its bases but by loading a selector

// SDM volume 1, 13.7 and 13.8: XSAVE's parts are those that XCR0 enables; the header of 64 bytes
// that follows FXSAVE's image says which are there. Compact forms are not used, so the size is
// fixed. FNINIT empties what FXRSTOR leaves alone on some processors: the pointers of the last FPU
// instruction.
static inline void fpu_exchange(struct thread_state *old, const struct thread_state *new)
{
    if (has_xsave) {
        __asm__ volatile("xsave64 %0; xrstor64 %1"
                         : "=m"(old->fpu)
                         : "m"(new->fpu), "a"(UINT32_MAX), "d"(UINT32_MAX));
    } else {
        __asm__ volatile("fxsave64 %0; fninit; fxrstor64 %1" : "=m"(old->fpu) : "m"(new->fpu));
    }
}

// The selectors hold nothing that a program needs but could carry a message. Clearing that of FS or
// GS may clear its base. The program's GS base is outside while the kernel runs: SWAPGS.
static inline void bases_exchange(struct thread_state *old, const struct thread_state *new)
{
    if (has_bases) {
        __asm__ volatile(
            "rdfsbase %0; movl %2, %%fs; wrfsbase %3\n\t"
            "swapgs; rdgsbase %1; movl %2, %%gs; wrgsbase %4; swapgs"
            : "=&r"(old->fs_base), "=&r"(old->gs_base)
            : "r"(0), "r"(new->fs_base), "r"(new->gs_base)
            : "memory");
        return;
    }
    __asm__ volatile("movl %0, %%fs; swapgs; movl %0, %%gs; swapgs" : : "r"(0) : "memory");
    msr_write(MSR_FS_BASE, new->fs_base);
    msr_write(MSR_GS_BASE_OUTSIDE, new->gs_base);
}

void thread_methods_choose(bool xsave, bool avx, bool bases)
{
    has_xsave = xsave;
    has_bases = bases;
    if (has_xsave) {
        uint32_t parts = XCR0_X87 | XCR0_SSE | (avx ? XCR0_AVX : 0);
        __asm__ volatile("xsetbv" : : "c"(0), "a"(parts), "d"(0));
    }
}

void thread_methods_log(void)
{
    console_text("x86_64: programs' registers are kept by ");
    console_text(has_xsave ? "XSAVE and " : "FXSAVE and ");
    console_text(has_bases ? "FSGSBASE\n" : "MSR\n");
}

static inline void registers_exchange(struct thread_state *old, const struct thread_state *new)
{
    fpu_exchange(old, new);
    bases_exchange(old, new);
    __asm__ volatile("movl %0, %%ds; movl %0, %%es" : : "r"(0));
}

static void registers_change(struct thread_state *state, int32_t thread)
{
    registers_exchange(cpu_by_gs()->state, state);
    cpu_by_gs()->thread = thread;
    cpu_by_gs()->state = state;
    cpu_by_gs()->task.stacks[0] = (uint64_t)(state + 1);
}

void thread_park(struct cpu *cpu)
{
    if (cpu->thread != CPU_NO_REGISTERS) {
        registers_change(&thread_states[THREADS_MAX + cpu->number], CPU_NO_REGISTERS);
    }
    memory_root_load(memory_kernel_root());
}

static __attribute__((noinline)) struct thread_state *thread_await(void)
{
    int32_t thread;

    do {
        thread = loop_idle();
    } while (thread == HAL_NO_THREAD);
    return thread_next(thread);
}

struct thread_state *thread_next(int32_t thread)
{
    if (__builtin_expect(thread == HAL_NO_THREAD, false)) {
        return thread_await();
    }
    struct thread_state *state = &thread_states[thread];
    if (__builtin_expect(thread != cpu_by_gs()->thread, true)) {
        registers_change(state, thread);
        if (cpu_by_gs()->root != state->root) {
            memory_root_load(state->root);
        }
    }
    return state;
}

struct thread_state *thread_next_shared(int32_t thread)
{
    struct thread_state *state = thread_next(thread);
    smp_unlock();
    return state;
}
