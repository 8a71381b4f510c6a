// SPDX-License-Identifier: Apache-2.0
//
// Threads as fibers: what each one's registers are while it does not run, and how its coming back
// to the loop becomes an input. At any moment at most one of them runs, whatever the number of
// CPUs.
#define _GNU_SOURCE
#include "hal/sim/sim.h"

#include <string.h>
#include <ucontext.h>

enum {
    // Linux: arch/x86/include/uapi/asm/sigcontext.h, struct _fpx_sw_bytes and _xstate.
    SIGNAL_FPU_SIZE = 512,
    SIGNAL_MAGIC_AT = 464,
    SIGNAL_MAGIC = 0x46505853,
    SIGNAL_STATES = 3, // x87 and SSE are in use

    MXCSR_INITIAL = 0x1f80, // all exceptions masked, round to nearest: as the ABI starts a process
    X87_INITIAL = 0x037f,
};

struct sim_thread {
    struct sim_context context;
    uint32_t space;
    bool alive;
    // What a signal interrupted.
    bool is_saved;
    gregset_t general;
    uint8_t fpu[SIGNAL_FPU_SIZE];
};

static struct sim_thread threads[SIM_THREADS_MAX];
static struct sim_thread *running; // NULL: the kernel runs

void hal_thread_create(uint32_t thread, uint32_t space, uint64_t entry, uint64_t stack,
                       uint64_t argument)
{
    SIM_CHECK(thread < SIM_THREADS_MAX);
    SIM_CHECK(space < SIM_SPACES_MAX);
    SIM_CHECK(!threads[thread].alive);
    threads[thread] = (struct sim_thread){
        .context =
            {
                .rip = entry,
                .rsp = (stack & ~15ull) - 8, // as if a call had pushed a return address
                .rdi = argument,
                .mxcsr = MXCSR_INITIAL,
                .x87 = X87_INITIAL,
            },
        .space = space,
        .alive = true,
    };
}

void hal_thread_destroy(uint32_t thread)
{
    SIM_CHECK(thread < SIM_THREADS_MAX);
    threads[thread].alive = false;
}

void hal_thread_result(uint32_t thread, uint64_t value)
{
    SIM_CHECK(thread < SIM_THREADS_MAX);
    SIM_CHECK(threads[thread].alive);
    threads[thread].context.rax = value;
}

void hal_thread_fs_base(uint32_t thread, uint64_t base)
{
    SIM_CHECK(thread < SIM_THREADS_MAX);
    threads[thread].context.fs_base = base;
}

void sim_thread_save(const void *where)
{
    const ucontext_t *user = where;

    running->is_saved = true;
    memcpy(running->general, user->uc_mcontext.gregs, sizeof(running->general));
    memcpy(running->fpu, user->uc_mcontext.fpregs, SIGNAL_MAGIC_AT);
}

void sim_thread_restore(void *where)
{
    ucontext_t *user = where;
    uint8_t *fpu = (uint8_t *)user->uc_mcontext.fpregs;
    uint32_t magic;

    running->is_saved = false;
    memcpy(user->uc_mcontext.gregs, running->general, sizeof(running->general));
    sim_land_rip = (uint64_t)running->general[REG_RIP];
    user->uc_mcontext.gregs[REG_RIP] = (greg_t)(uintptr_t)sim_land;
    memcpy(fpu, running->fpu, SIGNAL_MAGIC_AT);
    memcpy(&magic, fpu + SIGNAL_MAGIC_AT, sizeof(magic));
    if (magic == SIGNAL_MAGIC) {
        fpu[SIGNAL_FPU_SIZE] |= SIGNAL_STATES;
    }
}

void sim_thread_fault(uint64_t cause, uint64_t address, uint64_t instruction)
{
    uint64_t base = hal_space_base(running->space);
    struct sim_context *context = &running->context;

    context->has_fault = true;
    context->fault_cause = cause;
    context->fault_address = address - base;
    context->fault_instruction = instruction - base;
}

// The words of an input that its kind does not use are zero: whoever copies or prints a whole input
// must not see what the compiler left there.
static_assert(sizeof(((struct input *)NULL)->fault) == 3 * sizeof(uint64_t) &&
                  sizeof(struct input) == offsetof(struct input, fault) + 3 * sizeof(uint64_t),
              "the fault's words are all there are");

static struct input input_of_fault(const struct sim_context *context)
{
    return (struct input){
        .kind = INPUT_FAULT,
        .fault = {context->fault_cause, context->fault_address, context->fault_instruction},
    };
}

static struct input input_of_enter(const struct sim_context *context)
{
    struct input input = {.kind = INPUT_ENTER, .fault = {0}};

    input.enter.min_complete = context->call[1];
    input.enter.timeout_ns = context->call[2];
    return input;
}

static struct input input_of_exit(const struct sim_context *context)
{
    struct input input = {.kind = INPUT_EXIT, .fault = {0}};

    input.exit.code = context->call[1];
    return input;
}

static struct input (*const input_of_call[])(const struct sim_context *context) = {
    [SYSTEM_CALL_ENTER] = input_of_enter,
    [SYSTEM_CALL_EXIT] = input_of_exit,
};

bool sim_thread_run(uint32_t thread, struct input *input)
{
    SIM_CHECK(thread < SIM_THREADS_MAX);
    SIM_CHECK(threads[thread].alive);
    running = &threads[thread];
    struct sim_context *context = &running->context;

    context->has_fault = false;
    if (running->is_saved) {
        context->rip = (uintptr_t)sim_resume;
    }
    sim_compute_begin();
    sim_switch(context);
    sim_compute_end();
    if (!context->has_fault && context->is_paused != 0) {
        running = NULL;
        return false;
    }
    if (!context->has_fault &&
        context->call[0] >= sizeof(input_of_call) / sizeof(input_of_call[0])) {
        // No such system call: to the kernel this is an instruction that can't be executed.
        sim_thread_fault(EXIT_FAULT_MACHINE, context->rip, context->rip);
    }
    running = NULL;
    *input =
        context->has_fault ? input_of_fault(context) : input_of_call[context->call[0]](context);
    return true;
}
