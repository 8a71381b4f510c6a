// SPDX-License-Identifier: Apache-2.0
//
// The tables of the rules: states, transitions, causes, commands, conflicts of operations. Each is
// one .def file; this is how code asks them.
#ifndef INIT_MANAGER_RULE_H
#define INIT_MANAGER_RULE_H

#include <stdbool.h>
#include <stdint.h>

enum service_state {
#define STATE(id, name, snake, process, satisfies) STATE_##id,
#include "system/init/manager/state.def"
#undef STATE
    STATE_COUNT,
};

enum cause {
#define CAUSE(id, name, snake, restart, for_good, why, remedy) CAUSE_##id,
#include "system/init/manager/cause.def"
#undef CAUSE
    CAUSE_COUNT,
};

enum operation_kind {
    OPERATION_START,
    OPERATION_STOP,
    OPERATION_RESTART,
    OPERATION_RELOAD,
    OPERATION_RESET,
    OPERATION_KINDS,
};

enum operation_state {
    OPERATION_PENDING,
    OPERATION_RUNNING,
    OPERATION_COMPLETED,
    OPERATION_FAILED,
    OPERATION_MERGED,
    OPERATION_CANCELLED,
    OPERATION_ABORTED,
    OPERATION_STATES,
};

enum operation_source {
    SOURCE_ADMIN,
    SOURCE_DEPENDENCY,
    SOURCE_RESTART_POLICY,
    SOURCE_TIMER,
    SOURCE_BINDS_TO_RECOVERY,
    SOURCE_CONFLICT,
    SOURCE_COUNT,
};

// Of command.def and conflict.def.
enum outcome {
    OUTCOME_DO,
    OUTCOME_QUEUE,
    OUTCOME_CANCEL,
    OUTCOME_MERGE,
    OUTCOME_ALREADY,
    OUTCOME_NOTHING,
    OUTCOME_CLEAR,
    OUTCOME_REFUSE,
};

enum start_step {
#define START_STEP(id, name, cause) STEP_##id,
#include "system/init/manager/start_step.def"
#undef START_STEP
    STEP_COUNT,
};

enum phase_one {
#define PHASE_ONE(id, name, seconds, recovery, service) PHASE_ONE_##id,
#include "system/init/manager/phase_one.def"
#undef PHASE_ONE
    PHASE_ONE_COUNT,
};

const char *state_name(enum service_state state);  // "Active"
const char *state_snake(enum service_state state); // "active"
bool state_has_process(enum service_state state);
bool state_satisfies(enum service_state state);

bool transition_is_listed(enum service_state from, enum service_state to);
const char *transition_done(enum service_state from, enum service_state to);

const char *cause_name(enum cause cause);
const char *cause_snake(enum cause cause);
bool cause_restarts(enum cause cause);
bool cause_is_for_good(enum cause cause);
const char *cause_why(enum cause cause);
const char *cause_remedy(enum cause cause);

const char *operation_kind_name(enum operation_kind kind);     // "start"
const char *operation_state_name(enum operation_state state);  // "running"
const char *operation_source_name(enum operation_source name); // "admin"
enum outcome command_outcome(enum operation_kind kind, enum service_state state);
// `there` is PENDING or RUNNING.
enum outcome conflict_outcome(enum operation_kind there, enum operation_state state,
                              enum operation_kind arriving);

const char *start_step_name(enum start_step step);
enum cause start_step_cause(enum start_step step);

const char *phase_one_name(enum phase_one phase);
uint32_t phase_one_seconds(enum phase_one phase);
bool phase_one_enters_recovery(enum phase_one phase);
const char *phase_one_service(enum phase_one phase); // NULL for none

#endif
