// SPDX-License-Identifier: Apache-2.0
//
// What goes wrong, by the seed: a process that dies at an entry, a resource that is used up for the
// length of one turn, the machine that stops between two turns. While anything of that is asked
// for, every turn's commits are replayed beside it, and now and then all invariants are looked at;
// so are they at the end, however it comes. What is known of the kernel for that stands in
// tests/sim/inspect.c.
#include "hal/sim/sim.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { CHECK_ONE_IN = 64 }; // turns after which all invariants are looked at

static struct sim_chaos chaos;
static struct kernel *subject; // NULL: nothing is asked for
static uint64_t turns, faults;
static uint32_t squeezed = SIM_SQUEEZE_COUNT; // what the present turn finds used up

void sim_chaos_init(const struct sim_chaos *wanted)
{
    chaos = *wanted;
}

static void say(const char *what)
{
    fprintf(stderr, "sim: %s after %" PRIu64 " turns and %" PRIu64 " faults: ", what, turns,
            faults);
    sim_inspect_print(subject);
}

static void squeeze_end(void)
{
    if (squeezed < SIM_SQUEEZE_COUNT) {
        sim_inspect_release(subject, (enum sim_squeeze)squeezed);
    }
    squeezed = SIM_SQUEEZE_COUNT;
}

void sim_chaos_end(const char *what)
{
    if (subject != NULL) {
        squeeze_end(); // the machine may halt within a turn
        sim_inspect_check(subject);
        say(what);
    }
}

bool sim_chaos_is_on(void)
{
    return subject != NULL;
}

// One fault: a number below SIM_SQUEEZE_COUNT is of a resource, which is given back after the turn;
// the next one ends the process that entered.
static uint32_t fault_choose(struct input *input)
{
    if (chaos.faults == 0 || sim_draw(SIM_STREAM_CHAOS) % chaos.faults != 0) {
        return SIM_SQUEEZE_COUNT;
    }
    uint32_t kind = (uint32_t)(sim_draw(SIM_STREAM_CHAOS) % (SIM_SQUEEZE_COUNT + 1));
    if (kind == SIM_SQUEEZE_COUNT && input->kind == INPUT_ENTER) {
        input->kind = INPUT_FAULT;
        input->fault.cause = EXIT_FAULT_MACHINE;
        input->fault.address = input->fault.instruction = 0;
        faults++;
    }
    return kind;
}

struct turn sim_chaos_turn(struct kernel *kernel, struct input *input)
{
    if (chaos.faults == 0 && chaos.steps == 0) {
        return kernel_turn(kernel, input);
    }
    subject = kernel;
    squeezed = fault_choose(input);
    if (squeezed < SIM_SQUEEZE_COUNT) {
        sim_inspect_squeeze(kernel, (enum sim_squeeze)squeezed);
        faults++;
    }
    struct turn turn = kernel_turn(kernel, input);
    squeeze_end();
    turns++;
    sim_inspect_follow(kernel);
    if (turns % CHECK_ONE_IN == 0) {
        sim_inspect_check(kernel);
    }
    if (turns == chaos.steps) {
        sim_chaos_end("the machine stopped");
        exit(0);
    }
    return turn;
}
