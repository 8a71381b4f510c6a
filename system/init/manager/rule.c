// SPDX-License-Identifier: Apache-2.0
//
// The tables behind rule.h, from the .def files.
#include "system/init/manager/rule.h"

#include <stddef.h>

static const struct {
    const char *name, *snake;
    bool has_process, satisfies;
} states[STATE_COUNT] = {
#define STATE(id, name, snake, process, satisfies) {name, snake, process, satisfies},
#include "system/init/manager/state.def"
#undef STATE
};

// What was done; NULL where there is no such transition.
static const char *const transitions[STATE_COUNT][STATE_COUNT] = {
#define TRANSITION(from, to, done) [STATE_##from][STATE_##to] = done,
#include "system/init/manager/transition.def"
#undef TRANSITION
};

static const struct {
    const char *name, *snake;
    bool restarts, is_for_good;
    const char *why, *remedy;
} causes[CAUSE_COUNT] = {
#define CAUSE(id, name, snake, restart, for_good, why, remedy)                                     \
    {name, snake, restart, for_good, why, remedy},
#include "system/init/manager/cause.def"
#undef CAUSE
};

static const uint8_t commands[OPERATION_KINDS][STATE_COUNT] = {
#define COMMAND(kind, a, b, c, d, e, f, g, h, i)                                                   \
    [OPERATION_##kind] = {OUTCOME_##a, OUTCOME_##b, OUTCOME_##c, OUTCOME_##d, OUTCOME_##e,         \
                          OUTCOME_##f, OUTCOME_##g, OUTCOME_##h, OUTCOME_##i},
#include "system/init/manager/command.def"
#undef COMMAND
};

static const uint8_t conflicts[OPERATION_KINDS][OPERATION_RUNNING + 1][OPERATION_KINDS] = {
#define CONFLICT(kind, state, a, b, c, d, e)                                                       \
    [OPERATION_##kind][OPERATION_##state] = {OUTCOME_##a, OUTCOME_##b, OUTCOME_##c, OUTCOME_##d,   \
                                             OUTCOME_##e},
#include "system/init/manager/conflict.def"
#undef CONFLICT
};

static const struct {
    const char *name;
    enum cause cause;
} steps[STEP_COUNT] = {
#define START_STEP(id, name, cause) {name, CAUSE_##cause},
#include "system/init/manager/start_step.def"
#undef START_STEP
};

static const struct {
    const char *name;
    uint32_t seconds;
    bool enters_recovery;
    const char *service;
} phases[PHASE_ONE_COUNT] = {
#define PHASE_ONE(id, name, seconds, recovery, service) {name, seconds, recovery, service},
#include "system/init/manager/phase_one.def"
#undef PHASE_ONE
};

const char *state_name(enum service_state state)
{
    return states[state].name;
}

const char *state_snake(enum service_state state)
{
    return states[state].snake;
}

bool state_has_process(enum service_state state)
{
    return states[state].has_process;
}

bool state_satisfies(enum service_state state)
{
    return states[state].satisfies;
}

bool transition_is_listed(enum service_state from, enum service_state to)
{
    return transitions[from][to] != NULL;
}

const char *transition_done(enum service_state from, enum service_state to)
{
    return transitions[from][to];
}

const char *cause_name(enum cause cause)
{
    return causes[cause].name;
}

const char *cause_snake(enum cause cause)
{
    return causes[cause].snake;
}

bool cause_restarts(enum cause cause)
{
    return causes[cause].restarts;
}

bool cause_is_for_good(enum cause cause)
{
    return causes[cause].is_for_good;
}

const char *cause_why(enum cause cause)
{
    return causes[cause].why;
}

const char *cause_remedy(enum cause cause)
{
    return causes[cause].remedy;
}

const char *operation_kind_name(enum operation_kind kind)
{
    static const char *const names[] = {"start", "stop", "restart", "reload", "reset"};
    return names[kind];
}

const char *operation_state_name(enum operation_state state)
{
    static const char *const names[] = {"pending", "running",   "completed", "failed",
                                        "merged",  "cancelled", "aborted"};
    return names[state];
}

const char *operation_source_name(enum operation_source source)
{
    static const char *const names[] = {"admin", "dependency_propagation", "restart_policy",
                                        "timer", "binds_to_recovery",      "conflict_resolution"};
    return names[source];
}

enum outcome command_outcome(enum operation_kind kind, enum service_state state)
{
    return commands[kind][state];
}

enum outcome conflict_outcome(enum operation_kind there, enum operation_state state,
                              enum operation_kind arriving)
{
    return conflicts[there][state][arriving];
}

const char *start_step_name(enum start_step step)
{
    return steps[step].name;
}

enum cause start_step_cause(enum start_step step)
{
    return steps[step].cause;
}

const char *phase_one_name(enum phase_one phase)
{
    return phases[phase].name;
}

uint32_t phase_one_seconds(enum phase_one phase)
{
    return phases[phase].seconds;
}

bool phase_one_enters_recovery(enum phase_one phase)
{
    return phases[phase].enters_recovery;
}

const char *phase_one_service(enum phase_one phase)
{
    return phases[phase].service;
}
