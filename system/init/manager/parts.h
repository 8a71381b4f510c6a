// SPDX-License-Identifier: Apache-2.0
//
// What the files of this folder ask of each other, one block for each file.
#ifndef INIT_MANAGER_PARTS_H
#define INIT_MANAGER_PARTS_H

#include "system/init/manager/manager.h"

// service.c: changes of state.
void service_change(struct manager *manager, uint16_t slot, enum service_state to, enum cause cause,
                    uint16_t origin, const char *detail);
void service_fail(struct manager *manager, uint16_t slot, enum cause cause, uint16_t origin,
                  const char *detail);
void service_clear(struct manager *manager, uint16_t slot); // to Inactive, by command
void service_present(struct manager *manager, uint16_t slot);
void service_forget(struct manager *manager, uint16_t slot);      // if nothing keeps it any more
void services_touch_near(struct manager *manager, uint16_t slot); // who may wait for it
void services_touch_bound(struct manager *manager, uint16_t slot);

// operation.c
struct operation_ask {
    uint16_t slot;
    enum operation_kind kind;
    enum operation_source source;
    enum cause cause;
    uint16_t origin;
    uint32_t timeout_s;
    const char *caller;
    const char *detail;
};
struct operation_answer {
    enum outcome outcome;
    uint32_t operation; // serial of the one to wait for, 0 for none
};
struct operation_answer operation_request(struct manager *manager, const struct operation_ask *ask);
void operation_run(struct manager *manager, uint16_t index);
void operation_end(struct manager *manager, uint16_t index, enum operation_state state,
                   enum reply_code result, const char *detail);
// The service's operation, if there is one.
void service_operation_end(struct manager *manager, uint16_t slot, enum operation_state state,
                           enum reply_code result, const char *detail);
// A running one for a restart that the policy wants.
void operation_begin_retry(struct manager *manager, uint16_t slot);
void operation_timeout(struct manager *manager, uint16_t index);
bool service_has_start(const struct manager *manager, uint16_t slot); // pending or running

// settle.c: looks at a service again after something near it changed.
void service_settle(struct manager *manager, uint16_t slot);

// start.c
void start_try(struct manager *manager, uint16_t slot);
struct session_order service_session(const struct manager *manager, uint16_t slot,
                                     enum job_type type);
void start_next_place(struct manager *manager);
void start_leave_place(struct manager *manager, uint16_t slot);
void start_checked(struct manager *manager, const struct event *event);
void start_step_answer(struct manager *manager, const struct event *event, uint16_t index);
void start_hook_over(struct manager *manager, uint16_t slot, bool is_good, const char *detail);
void start_ready(struct manager *manager, uint16_t slot);
void start_timeout(struct manager *manager, uint16_t slot);
void start_completed(struct manager *manager, uint16_t slot); // a oneshot, after its post hooks

// end.c: the end of an activation.
void service_end(struct manager *manager, uint16_t slot, enum cause cause, enum then then,
                 const char *detail);
void service_main_exit(struct manager *manager, uint16_t slot, int32_t code, bool is_fault);
void service_main_reclaimed(struct manager *manager, uint16_t slot);
void service_phase_timeout(struct manager *manager, uint16_t slot);
// One more within RestartMaxRetries of RestartWindow; false if there is none left.
bool restart_budget_take(struct manager *manager, uint16_t slot);
void service_healthy(struct manager *manager, uint16_t slot);

// stop.c
void stop_try(struct manager *manager, uint16_t slot);
void stop_now(struct manager *manager, uint16_t slot, enum cause cause, uint16_t origin,
              const char *detail); // by itself (STOPPING), or in a shutdown
enum then stop_then(const struct manager *manager, uint16_t slot);

// job.c
uint16_t job_create(struct manager *manager, enum job_type type, uint16_t slot,
                    const char *command);
// Makes and runs a hook or a check; NO_JOB if there is no room.
uint16_t job_run(struct manager *manager, enum job_type type, uint16_t slot, const char *command);
// Whether notifications that a job of the service sends count: NotifyAccess. 0: its main one's do.
bool job_is_heard(const struct manager *manager, uint16_t slot, uint32_t serial);
uint16_t job_find(const struct manager *manager, uint32_t serial);
void job_started(struct manager *manager, uint16_t index);
void job_ended(struct manager *manager, uint16_t index, bool is_good, int32_t code, bool is_fault);
void job_kill(struct manager *manager, uint16_t index);
void job_free(struct manager *manager, uint16_t index);
void job_exit(struct manager *manager, const struct event *event);
void job_reclaimed(struct manager *manager, const struct event *event);
void job_timeout(struct manager *manager, uint16_t index);
void job_detail(const struct job *job, struct phrase *text);
bool job_code_is_good(const struct definition *definition, int32_t code, bool is_fault);
bool jobs_end_adhoc(struct manager *manager); // true when all were killed
void job_submit(struct manager *manager, const struct submission *submission);
void job_step_answer(struct manager *manager, const struct event *event);

// notify.c
void notify_take(struct manager *manager, const struct event *event);

// health.c: watchdog and health checks.
void health_begin(struct manager *manager, uint16_t slot);
void health_end(struct manager *manager, uint16_t slot);
void health_due(struct manager *manager, uint16_t slot);
void health_over(struct manager *manager, uint16_t slot, bool is_good, const char *detail);
void watchdog_arm(struct manager *manager, uint16_t slot);
void watchdog_missed(struct manager *manager, uint16_t slot);

// reload.c
void reload_begin(struct manager *manager, uint16_t slot, bool is_asked);
void reload_over(struct manager *manager, uint16_t slot, bool is_confirmed);

// timer.c
void timer_arm(struct manager *manager, uint16_t slot, bool is_catching_up);
void timer_arm_all(struct manager *manager, bool is_catching_up);
void timer_due(struct manager *manager, uint16_t slot);
void clock_set(struct manager *manager, const struct event *event);

// boot.c
void boot_begin(struct manager *manager, const struct event *event);
void boot_phase_answer(struct manager *manager, const struct event *event);
void boot_timeout(struct manager *manager);
void boot_look(struct manager *manager, uint16_t slot); // a built-in or critical service changed
void boot_good(struct manager *manager);
void boot_snapshot(struct manager *manager, const struct event *event);
// Whether triggers of such a service count in this mode.
bool boot_mode_includes(const struct manager *manager, const struct definition *definition);
// Builds the graph of the new set from those alone that safe mode starts.
void boot_stage_safe(struct manager *manager, struct slots *members);

// config.c
void config_changed(struct manager *manager, const struct event *event);
void config_ask(struct manager *manager);
void config_take(struct manager *manager, const struct event *event);

// shutdown.c
void shutdown_begin(struct manager *manager, enum halt_kind halt, const char *cause);
void shutdown_at_once(struct manager *manager, const char *cause);
void shutdown_look(struct manager *manager);
void shutdown_timeout(struct manager *manager);
void shutdown_step_timeout(struct manager *manager);
void shutdown_done(struct manager *manager, const struct event *event);
void shutdown_interrupt(struct manager *manager);
static inline bool is_shutting_down(const struct manager *manager)
{
    return manager->life >= LIFE_STOPPING;
}

// command.c
void command_take(struct manager *manager, const struct request *request);
void reply_to(struct manager *manager, const struct request *request, enum reply_code code,
              uint16_t slot, const char *detail);
void waiters_flush(struct manager *manager);
void waiters_wake(struct manager *manager, const struct operation *operation);

// right.c
bool right_check(struct manager *manager, uint16_t slot, const struct access_token *token,
                 uint32_t rights, const char *what);

// output.c
void output_take(struct manager *manager, const struct event *event);
void output_sink(struct manager *manager, bool is_up);
void output_taken(struct manager *manager, const struct event *event);
void output_pump(struct manager *manager);
bool output_has_work(const struct manager *manager);

#endif
