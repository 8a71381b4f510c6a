// SPDX-License-Identifier: Apache-2.0
//
// The loop that kernel/kernel.h asks of a platform: an entry becomes an input, the kernel takes its
// turns, and what it says runs. entry.S calls in here with interrupts off. The only interrupt that
// can matter between two turns is the timer's, and it means just that the deadline has passed, so
// polling is a comparison with the clock that the turn needs anyway; devices wait until a program
// runs, or nobody.
#include "hal/x86_64/x86.h"

// So long a CPU may go on in the kernel before it lets others in. Handing the lock over costs most
// where processors are not all running at the same time, as in an emulator.
static const uint64_t LOCK_NS = 50000;

static uint64_t lock_end_ns(const struct cpu *cpu)
{
    return smp_count > 1 ? cpu->input.now_ns + LOCK_NS : UINT64_MAX;
}

// Others are let in; one of them may run the thread that was here.
static void lock_offer(struct cpu *cpu, struct turn turn)
{
    if (turn.thread != cpu->thread) {
        thread_park(cpu);
    }
    smp_unlock();
    (void)smp_lock(cpu);
    cpu->input.now_ns = time_now_ns();
}

// A turn, and those that follow until there is no more to do; the time is read already.
static __attribute__((noinline)) int32_t loop_turn(struct cpu *cpu, enum input_kind kind)
{
    uint64_t end_ns = lock_end_ns(cpu);

    for (;;) {
        cpu->input.kind = kind;
        struct turn turn = kernel_turn(cpu->kernel, &cpu->input);
        if (!turn.more) {
            return turn.thread;
        }
        cpu->input.now_ns = time_now_ns();
        if (cpu->input.now_ns >= end_ns) {
            lock_offer(cpu, turn);
            end_ns = lock_end_ns(cpu);
        }
        kind = time_expired(cpu) ? INPUT_TIMER : INPUT_STEP;
    }
}

static int32_t loop_steps(struct cpu *cpu)
{
    cpu->input.now_ns = time_now_ns();
    if (time_expired(cpu)) {
        return loop_turn(cpu, INPUT_TIMER);
    }
    hal_arm(cpu->deadline_ns); // the timer may have come early, and is not armed then
    return loop_turn(cpu, INPUT_STEP);
}

// In one piece with the kernel's turn, where it enters.
__attribute__((flatten)) int32_t loop_system_call(uint64_t number, uint64_t first, uint64_t second)
{
    struct cpu *cpu = cpu_current();

    cpu->input.now_ns = time_now_ns();
    if (__builtin_expect(number == SYSTEM_CALL_ENTER, true)) {
        cpu->input.enter.min_complete = first;
        cpu->input.enter.timeout_ns = second;
        cpu->input.kind = INPUT_ENTER;
        struct turn turn = kernel_turn(cpu->kernel, &cpu->input);
        return __builtin_expect(turn.more, false) ? loop_steps(cpu_current()) : turn.thread;
    }
    if (number == SYSTEM_CALL_EXIT) {
        cpu->input.exit.code = first;
        return loop_turn(cpu, INPUT_EXIT);
    }
    cpu->input.fault.cause = EXIT_FAULT_MACHINE;
    cpu->input.fault.address = 0;
    cpu->input.fault.instruction = cpu->state->frame.rip;
    return loop_turn(cpu, INPUT_FAULT);
}

// Lines of devices interrupted. The deadline may have come together with them: then it comes again.
static int32_t loop_lines(struct cpu *cpu, uint64_t lines)
{
    hal_arm(cpu->deadline_ns);
    cpu->input.interrupt.lines = lines;
    return loop_turn(cpu, INPUT_INTERRUPT);
}

int32_t loop_system_call_shared(uint64_t number, uint64_t first, uint64_t second)
{
    struct cpu *cpu = cpu_current();
    bool is_there = smp_lock(cpu);
    int32_t thread = is_there ? loop_system_call(number, first, second) : loop_steps(cpu_current());

    if (thread == cpu->thread) {
        smp_unlock(); // it goes on as it is
    }
    return thread;
}

// A program has one code segment and no virtual 8086 mode. If it is elsewhere, the processor let it
// do what no processor should: it is put back, so that nothing can return there, and stopped.
static bool frame_is_foreign(struct trap_frame *frame)
{
    if (frame->cs == SELECTOR_USER_CODE && !(frame->rflags & FLAGS_VM)) {
        return false;
    }
    frame->cs = SELECTOR_USER_CODE;
    frame->ss = SELECTOR_USER_DATA;
    frame->rflags = FLAGS_USER;
    return true;
}

// The running thread was interrupted, and its registers are in its state.
int32_t loop_trap(void)
{
    struct cpu *cpu = cpu_current();
    struct trap_frame *frame = &cpu->state->frame;
    bool is_there = smp_lock(cpu);

    cpu->input.now_ns = time_now_ns();
    if (frame->vector == VECTOR_TIMER || frame->vector == VECTOR_KICK) {
        time_interrupt(cpu, frame->vector);
    } else if (frame->vector == VECTOR_RISEN) {
        time_interrupt_end();
    } else if (device_line(frame->vector) < HAL_LINES) {
        device_arrive(device_line(frame->vector));
    }
    bool is_foreign = frame_is_foreign(frame);
    bool is_fault = is_foreign || frame->vector < VECTOR_FAULTS;
    uint64_t lines = is_fault ? 0 : device_lines_take();
    if (lines != 0) {
        return loop_lines(cpu, lines);
    }
    if (!is_there || frame->vector == VECTOR_KICK) {
        return loop_steps(cpu);
    }
    if (!is_fault) {
        if (time_expired(cpu)) {
            return loop_turn(cpu, INPUT_TIMER);
        }
        hal_arm(cpu->deadline_ns); // it came early
        return cpu->thread;
    }
    cpu->input.fault.cause = EXIT_FAULT_MACHINE;
    cpu->input.fault.address = 0;
    cpu->input.fault.instruction = frame->rip;
    if (frame->vector == VECTOR_PAGE_FAULT) {
        cpu->input.fault.cause = EXIT_FAULT_MEMORY;
        __asm__ volatile("movq %%cr2, %0" : "=r"(cpu->input.fault.address));
    }
    // A return to an address that is not canonical faults with it on some processors.
    frame->rip = thread_address(frame->rip);
    return loop_turn(cpu, INPUT_FAULT);
}

int32_t loop_start(void)
{
    return loop_steps(cpu_current());
}

// STI takes effect after the next instruction: no interrupt is lost between the look at the clock
// and the sleep (SDM volume 2, STI).
static void interrupt_await(struct cpu *cpu)
{
    hal_arm(cpu->deadline_ns);
    __asm__ volatile("sti; hlt; cli" : : : "memory"); // trap_kernel() takes the interrupt
    cpu->input.now_ns = time_now_ns();
}

// The open lines that have risen while it slept, or since.
static uint64_t lines_take(struct cpu *cpu)
{
    for (; cpu->arrived != 0; cpu->arrived &= cpu->arrived - 1) {
        device_arrive((uint32_t)__builtin_ctzll(cpu->arrived));
    }
    return device_lines_take();
}

int32_t loop_idle(void)
{
    struct cpu *cpu = cpu_current();

    cpu->input.now_ns = time_now_ns();
    if (smp_count == 1) {
        while (!time_expired(cpu)) {
            interrupt_await(cpu);
            uint64_t lines = lines_take(cpu);
            if (lines != 0) {
                return loop_lines(cpu, lines);
            }
        }
        return loop_turn(cpu, INPUT_TIMER);
    }
    thread_park(cpu);
    smp_unlock();
    interrupt_await(cpu);
    (void)smp_lock(cpu);
    uint64_t lines = lines_take(cpu);
    return lines != 0 ? loop_lines(cpu, lines) : loop_steps(cpu);
}
