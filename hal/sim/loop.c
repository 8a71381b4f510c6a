// SPDX-License-Identifier: Apache-2.0
//
// The loop of kernel/kernel.h on a machine whose interrupts come from the seed. After each turn: an
// interrupt if one waits, else the kernel's next step if it has more to do, else the thread that it
// chose, until that comes back; and where no thread is ready, the next deadline.
//
// An entry may draw that its program computed until the armed deadline: so the seed decides when
// time slices run out, and how threads interleave.
#include "hal/sim/sim.h"

#include <inttypes.h>
#include <stdio.h>

enum { PREEMPT_ONE_IN = 16 }; // entries

static const char *const input_names[INPUT_KIND_COUNT] = {
    [INPUT_STEP] = "step",   [INPUT_ENTER] = "enter", [INPUT_EXIT] = "exit",
    [INPUT_FAULT] = "fault", [INPUT_TIMER] = "timer",
};

static bool preempt; // the last entry drew that time runs out

// The three words say what fits the kind; unused ones are zero.
static void input_trace(const struct input *input, int32_t thread)
{
    fprintf(stderr,
            "sim: %" PRIu64 " thread %" PRId32 " %s %#" PRIx64 " %#" PRIx64 " %#" PRIx64 "\n",
            input->now_ns, thread, input_names[input->kind], input->fault.cause,
            input->fault.address, input->fault.instruction);
}

static struct input next_input(struct turn turn)
{
    if (preempt) {
        preempt = false;
        sim_clock_sleep();
    }
    if (sim_timer_take()) {
        return (struct input){.kind = INPUT_TIMER, .fault = {0}};
    }
    if (turn.more) {
        return (struct input){.kind = INPUT_STEP, .fault = {0}};
    }
    if (turn.thread != HAL_NO_THREAD) {
        struct input input = sim_thread_run((uint32_t)turn.thread);
        preempt = sim_draw(SIM_STREAM_SCHEDULE) % PREEMPT_ONE_IN == 0;
        return input;
    }
    if (!sim_clock_sleep()) {
        sim_chaos_end("nobody can go on");
        sim_die(sim_chaos_is_on() ? 0 : SIM_EXIT_DEADLOCK, "every thread waits and nothing is due");
    }
    (void)sim_timer_take();
    return (struct input){.kind = INPUT_TIMER, .fault = {0}};
}

void sim_loop(struct kernel *kernel, bool trace)
{
    struct turn turn = {.thread = HAL_NO_THREAD};
    struct input input = {.kind = INPUT_STEP, .fault = {0}};

    for (;;) {
        input.now_ns = sim_clock_read();
        if (trace) {
            input_trace(&input, turn.thread);
        }
        turn = sim_chaos_turn(kernel, &input);
        input = next_input(turn);
    }
}
