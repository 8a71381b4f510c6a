// SPDX-License-Identifier: Apache-2.0
//
// The loop of kernel/kernel.h on a machine whose interrupts come from the seed. After each turn: an
// interrupt if one waits, else the kernel's next step if it has more to do, else the thread that it
// chose, until that comes back; and where no thread is ready, whatever comes next. With more than
// one CPU another one may be next each time, and at each pause (smp.c).
//
// An entry may draw that its program computed until the armed deadline, and a program may be paused
// anywhere: so the seed decides when time slices run out, and how threads interleave.
#include "hal/sim/sim.h"

#include <inttypes.h>
#include <stdio.h>

enum { PREEMPT_ONE_IN = 16 }; // entries

static const char *const input_names[INPUT_KIND_COUNT] = {
    [INPUT_STEP] = "step",   [INPUT_ENTER] = "enter", [INPUT_EXIT] = "exit",
    [INPUT_FAULT] = "fault", [INPUT_TIMER] = "timer", [INPUT_INTERRUPT] = "interrupt",
};

static const bool is_of_thread[INPUT_KIND_COUNT] = {
    [INPUT_ENTER] = true,
    [INPUT_EXIT] = true,
    [INPUT_FAULT] = true,
};

static bool is_live; // its time is the host's

// The three words say what fits the kind; unused ones are zero.
static void input_trace(const struct input *input, int32_t thread)
{
    fprintf(stderr,
            "sim: %" PRIu64 " thread %" PRId32 " %s %#" PRIx64 " %#" PRIx64 " %#" PRIx64 "\n",
            input->now_ns, thread, input_names[input->kind], input->fault.cause,
            input->fault.address, input->fault.instruction);
}

static struct input input_of(enum input_kind kind)
{
    return (struct input){.kind = kind, .fault = {0}};
}

// Nobody will ever run again. Who waits for what stands in the logs, so they leave the machine.
static _Noreturn void idle_end(struct kernel *kernel)
{
    static const char why[] = "every thread waits and nothing is due";
    if (sim_chaos_is_on()) {
        sim_chaos_end("nobody can go on");
        sim_die(0, why);
    }
    fprintf(stderr, "sim: %s\n", why);
    kernel_halt(kernel, SIM_EXIT_DEADLOCK);
}

// Nobody runs: time goes on to whatever comes first, a deadline or a device; or the far ends of the
// devices say something, whose turn it is when nothing moves there.
static struct input idle_input(struct kernel *kernel, uint64_t now_ns)
{
    struct input input = input_of(INPUT_INTERRUPT);
    bool was_asked = false;

    for (;;) {
        uint64_t device_ns = sim_devices_step(now_ns);
        uint64_t armed_ns = sim_cpu->armed_ns;
        uint64_t next_ns = device_ns < armed_ns ? device_ns : armed_ns;
        input.interrupt.lines = sim_lines_take();
        if (input.interrupt.lines != 0) {
            return input;
        }
        if (sim_timer_take()) {
            return input_of(INPUT_TIMER);
        }
        if (is_live) {
            sim_far_wait(next_ns > now_ns && next_ns != UINT64_MAX ? next_ns - now_ns : next_ns);
            now_ns = sim_clock_read();
        } else if (device_ns == UINT64_MAX && sim_far_is_there() && !was_asked) {
            sim_far_ask(now_ns, next_ns);
            was_asked = true;
        } else if (next_ns == UINT64_MAX) {
            idle_end(kernel);
        } else {
            sim_clock_jump(next_ns);
            now_ns = next_ns;
            was_asked = false;
        }
    }
}

// What interrupts whoever runs now.
static bool interrupt_take(struct input *input, uint64_t now_ns)
{
    if (sim_cpu->is_late) {
        sim_cpu->is_late = false;
        sim_clock_sleep();
    }
    sim_far_look();
    sim_devices_step(now_ns);
    if (sim_timer_take()) {
        *input = input_of(INPUT_TIMER);
        return true;
    }
    *input = input_of(INPUT_INTERRUPT);
    input->interrupt.lines = sim_lines_take();
    return input->interrupt.lines != 0;
}

// What the CPU at hand enters with. False: its program was paused, and goes on where it was.
static bool next_input(struct kernel *kernel, struct input *input, uint64_t now_ns)
{
    const struct turn turn = sim_cpu->turn;

    if (interrupt_take(input, now_ns)) {
        return true;
    }
    if (turn.more || sim_smp_kick_take()) {
        *input = input_of(INPUT_STEP);
        return true;
    }
    if (turn.thread == HAL_NO_THREAD) {
        *input = idle_input(kernel, now_ns);
        return true;
    }
    bool is_back = sim_thread_run((uint32_t)turn.thread, input);
    if (is_back) {
        sim_cpu->is_late = !is_live && sim_draw(SIM_STREAM_SCHEDULE) % PREEMPT_ONE_IN == 0;
    }
    return is_back;
}

void sim_loop(struct kernel *kernel, bool trace, bool live)
{
    struct input input = {.kind = INPUT_STEP, .fault = {0}};

    is_live = live;
    for (;;) {
        if (!sim_smp_enter(kernel) && is_of_thread[input.kind]) {
            input = input_of(INPUT_STEP);
        }
        input.now_ns = sim_clock_read();
        if (trace) {
            input_trace(&input, sim_cpu->turn.thread);
        }
        sim_cpu->turn = sim_chaos_turn(kernel, &input);
        uint64_t now_ns = input.now_ns;
        sim_smp_choose(now_ns);
        while (!next_input(kernel, &input, now_ns)) {
            now_ns = sim_clock_read();
            sim_cpu->is_late = !is_live && sim_compute_is_over(now_ns);
            sim_smp_choose(now_ns);
        }
    }
}
