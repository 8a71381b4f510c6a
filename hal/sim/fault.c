// SPDX-License-Identifier: Apache-2.0
//
// Faults arrive as signals, on a stack of their own. One that hits a program becomes INPUT_FAULT:
// the handler notes it and returns, not to the program but to sim_leave, and so to the loop. One
// that hits the kernel or the simulator is a defect: the sanitizer's handler reports it where there
// is one, else a line says where it was.
//
// Linux is asked to turn a program's own `syscall` instructions into SIGSYS too, by the flag that
// says whether a program runs (Syscall User Dispatch). A host that can't do that leaves a hole
// which only a hostile program would use; the simulator is no prison for one.
#define _GNU_SOURCE
#include "hal/sim/sim.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <ucontext.h>
#include <unistd.h>

enum {
    SIGNAL_STACK_SIZE = 1 << 16,
    // By the x86 manuals.
    TRAP_PAGE_FAULT = 14,
    FLAGS_OF_PROGRAM = 0x40500, // single step, direction, alignment: not to run the kernel with
};

static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGSYS};

// What was installed before, by signal: a sanitizer's handler or none.
static struct sigaction previous[_NSIG];

static _Noreturn void kernel_fault(int number, siginfo_t *info, void *where)
{
    const ucontext_t *user = where;
    char text[160];

    if ((previous[number].sa_flags & SA_SIGINFO) != 0) {
        previous[number].sa_sigaction(number, info, where);
    }
    int size = snprintf(text, sizeof(text), "panic: signal %d in the kernel, at %p, address %p\n",
                        number, (void *)(uintptr_t)user->uc_mcontext.gregs[REG_RIP], info->si_addr);
    (void)!write(STDOUT_FILENO, text, (size_t)size);
    _exit(SIM_EXIT_PANIC);
}

bool sim_signal_handle(int number, void *information, void *where)
{
    const siginfo_t *info = information;
    ucontext_t *user = where;
    greg_t *registers = user->uc_mcontext.gregs;
    uint64_t instruction = (uint64_t)registers[REG_RIP];

    if (sim_program_runs == 0) {
        kernel_fault(number, information, where);
    }
    sim_program_runs = 0; // first of all: this handler's own system calls are not the program's
    if (instruction == (uintptr_t)sim_resume) {
        sim_thread_restore(where);
        return true;
    }
    sim_thread_save(where);
    if (number == SIGBUS || (number == SIGSEGV && registers[REG_TRAPNO] == TRAP_PAGE_FAULT)) {
        sim_thread_fault(EXIT_FAULT_MEMORY, (uintptr_t)info->si_addr, instruction);
    } else {
        sim_thread_fault(EXIT_FAULT_MACHINE, instruction, instruction);
    }
    registers[REG_RIP] = (greg_t)(uintptr_t)sim_leave;
    registers[REG_EFL] &= ~(greg_t)FLAGS_OF_PROGRAM;
    return false;
}

void sim_fault_init(void)
{
    stack_t stack = {.ss_size = SIGNAL_STACK_SIZE};
    struct sigaction action = {.sa_flags = SA_SIGINFO | SA_ONSTACK};
    void (*const handler)(int, void *, void *) = sim_signal;

    memcpy(&action.sa_sigaction, &handler, sizeof(handler));
    stack.ss_sp =
        mmap(NULL, SIGNAL_STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (stack.ss_sp == MAP_FAILED || sigaltstack(&stack, NULL) != 0) {
        sim_die(SIM_EXIT_USAGE, "can't make a stack for signals: %s", strerror(errno));
    }
    sigfillset(&action.sa_mask);
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
        if (sigaction(signals[i], &action, &previous[signals[i]]) != 0) {
            sim_die(SIM_EXIT_USAGE, "can't handle signal %d: %s", signals[i], strerror(errno));
        }
    }
    // Every range of addresses is subject to the flag: 0 allows, 1 blocks.
    (void)prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_ON, 0, 0, &sim_program_runs);
}
