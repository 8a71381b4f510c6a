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
};

struct thread_state thread_states[THREADS_MAX + 1];

// The kernel's index has a new owner, or none: registers that are loaded belong to nobody now, and
// entry.S must not save them here.
static void registers_disown(uint32_t thread)
{
    struct cpu *cpu = cpu_current();

    if (cpu->thread == (int32_t)thread) {
        cpu->thread = CPU_NO_REGISTERS;
        cpu->state = &thread_states[THREADS_MAX];
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

void hal_thread_result(uint32_t thread, uint64_t value)
{
    ASSERT(thread < THREADS_MAX);
    thread_states[thread].frame.rax = value;
}

// FNINIT empties what FXRSTOR leaves alone on some processors: the pointers of the last FPU
// instruction. The selectors hold nothing that a program needs but could carry a message; GS is
// cleared from outside, since clearing it may clear its base.
static inline void registers_exchange(struct thread_state *old, const struct thread_state *new)
{
    __asm__ volatile("fxsave64 %0" : "=m"(old->fpu));
    __asm__ volatile("fninit; fxrstor64 %0" : : "m"(new->fpu));
    __asm__ volatile(
        "movl %0, %%ds; movl %0, %%es; movl %0, %%fs\n\t"
        "swapgs; movl %0, %%gs; swapgs"
        :
        : "r"(0)
        : "memory");
}

struct thread_state *thread_next(int32_t thread)
{
    struct cpu *cpu = cpu_current();

    while (__builtin_expect(thread == HAL_NO_THREAD, false)) {
        thread = loop_idle();
    }
    if (__builtin_expect(thread == cpu->thread, false)) {
        return cpu->state;
    }
    struct thread_state *state = &thread_states[thread];
    registers_exchange(cpu->state, state);
    cpu->thread = thread;
    cpu->state = state;
    cpu_task_state.stacks[0] = (uint64_t)(state + 1);
    if (cpu->root != state->root) {
        memory_root_load(cpu, state->root);
    }
    return state;
}
