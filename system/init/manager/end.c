// SPDX-License-Identifier: Apache-2.0
//
// The end of an activation: everything that ran is killed and reclaimed first, and only then does
// what follows happen: a restart, with its budget and its delay, or one of the resting states.
#include "system/init/manager/parts.h"

static void waits_drop(struct manager *manager, uint16_t slot)
{
    service_disarm(manager, slot, DEADLINE_START);
    service_disarm(manager, slot, DEADLINE_PHASE);
    service_disarm(manager, slot, DEADLINE_HEALTHY);
    health_end(manager, slot);
}

// --- What follows -------------------------------------------------------------------------------

bool restart_budget_take(struct manager *manager, uint16_t slot)
{
    struct service *service = service_of(manager, slot);
    const struct definition *definition = service_use(manager, slot, FIELD_RESTART_WINDOW);
    uint64_t window = definition_time(definition, FIELD_RESTART_WINDOW);
    uint32_t kept = 0;

    for (uint32_t i = 0; i < service->restart_count; i++) {
        if (manager->now_ns - service->restarts[i] < window) {
            service->restarts[kept++] = service->restarts[i];
        }
    }
    service->restart_count = (uint8_t)kept;
    if ((int64_t)kept >= definition_number(definition, FIELD_RESTART_MAX_RETRIES)) {
        return false;
    }
    service->restarts[service->restart_count++] = manager->now_ns;
    return true;
}

static uint64_t delay_take(struct service *service, const struct definition *definition)
{
    uint64_t delay_s = (uint64_t)definition_number(definition, FIELD_RESTART_DELAY);

    for (uint32_t i = 0; i < service->backoff && delay_s < RESTART_DELAY_MOST_S; i++) {
        delay_s *= 2;
    }
    if (service->backoff < RESTARTS_MAX) {
        service->backoff++;
    }
    return (delay_s > RESTART_DELAY_MOST_S ? RESTART_DELAY_MOST_S : delay_s) * NS_PER_S;
}

static void restart_begin(struct manager *manager, uint16_t slot, enum cause cause)
{
    struct service *service = service_of(manager, slot);
    const struct definition *definition = service_use(manager, slot, FIELD_RESTART_DELAY);
    char words[NOTE_DETAIL_SIZE];
    struct phrase detail = phrase_in(words, sizeof(words));
    uint64_t delay_ns = delay_take(service, definition);

    phrase_put(&detail, service->end_detail);
    phrase_put(&detail, "; next try in ");
    phrase_put_seconds(&detail, delay_ns);
    service_change(manager, slot, STATE_STARTING, cause, NO_SERVICE, words);
    operation_begin_retry(manager, slot);
    start_leave_place(manager, slot);
    service->phase = PHASE_DELAY;
    service_arm(manager, slot, DEADLINE_PHASE, delay_ns);
}

static void stopped(struct manager *manager, uint16_t slot, const char *detail)
{
    struct service *service = service_of(manager, slot);

    if (service->state != STATE_STOPPING) {
        service_change(manager, slot, STATE_STOPPING, CAUSE_EXPLICIT_STOP, NO_SERVICE, detail);
    }
    enum cause cause =
        service->cause == CAUSE_SHUTDOWN_WAVE ? CAUSE_SHUTDOWN_WAVE : CAUSE_EXPLICIT_STOP;
    service->phase = PHASE_NONE;
    service->backoff = 0;
    service->restart_count = 0;
    if (service->kept_count > 0) {
        service->kept_count = 0;
        action_add(manager, ACTION_UNKEEP, slot)->text = "";
    }
    service_change(manager, slot, STATE_INACTIVE, cause, NO_SERVICE, detail);
    service_operation_end(manager, slot, OPERATION_COMPLETED, REPLY_OK, "");
}

static void policy_decide(struct manager *manager, uint16_t slot, bool is_exit)
{
    struct service *service = service_of(manager, slot);
    const struct definition *definition = service_use(manager, slot, FIELD_RESTART_POLICY);
    int64_t policy = definition_number(definition, FIELD_RESTART_POLICY);
    enum cause cause = service->end_cause;
    bool is_wanted = policy == POLICY_ALWAYS || (policy == POLICY_ON_FAILURE && !is_exit);

    manager_assert(is_exit || cause_restarts(cause));
    if (is_shutting_down(manager) || service_newest(manager, slot) == NULL) {
        is_wanted = false;
    }
    if (!is_wanted && is_exit) {
        stopped(manager, slot, service->end_detail);
    } else if (!is_wanted) {
        service_fail(manager, slot, cause, NO_SERVICE, service->end_detail);
    } else if (!restart_budget_take(manager, slot)) {
        if (service->state == STATE_STOPPING) {
            stopped(manager, slot, service->end_detail);
        } else {
            service_fail(manager, slot, CAUSE_RESTART_BUDGET_EXHAUSTED, NO_SERVICE,
                         service->end_detail);
        }
    } else {
        restart_begin(manager, slot, is_exit ? CAUSE_RESTART_POLICY : cause);
    }
}

static void restart_now(struct manager *manager, uint16_t slot)
{
    struct service *service = service_of(manager, slot);

    service->has_asked = false;
    service->is_retry = false;
    service->phase = PHASE_GATE;
    service_change(manager, slot, STATE_STARTING, CAUSE_EXPLICIT_START, NO_SERVICE,
                   "restart was asked for");
    if (service->operation == NO_OPERATION) {
        operation_begin_retry(manager, slot);
    }
}

static void then_policy(struct manager *manager, uint16_t slot)
{
    policy_decide(manager, slot, false);
}

static void then_exited(struct manager *manager, uint16_t slot)
{
    policy_decide(manager, slot, true);
}

static void then_stopped(struct manager *manager, uint16_t slot)
{
    stopped(manager, slot, service_of(manager, slot)->end_detail);
}

// The newest note says who began it: it was stopped because of another one.
static void then_failed(struct manager *manager, uint16_t slot)
{
    struct service *service = service_of(manager, slot);

    service_change(manager, slot, STATE_FAILED, service->cause, service->history[0].origin,
                   service->end_detail);
    service_operation_end(manager, slot, OPERATION_COMPLETED, REPLY_OK, "");
}

static void conclude(struct manager *manager, uint16_t slot)
{
    static void (*const thens[])(struct manager *, uint16_t) = {
        [THEN_POLICY] = then_policy,        [THEN_EXITED] = then_exited,
        [THEN_COMPLETED] = start_completed, [THEN_STOPPED] = then_stopped,
        [THEN_FAILED] = then_failed,        [THEN_RESTART] = restart_now,
    };
    struct service *service = service_of(manager, slot);

    service->phase = PHASE_NONE;
    service_disarm(manager, slot, DEADLINE_PHASE);
    thens[service->end_then](manager, slot);
}

// --- Ending what runs ---------------------------------------------------------------------------

void service_end(struct manager *manager, uint16_t slot, enum cause cause, enum then then,
                 const char *detail)
{
    struct service *service = service_of(manager, slot);
    struct phrase text = phrase_in(service->end_detail, sizeof(service->end_detail));

    phrase_put_safe(&text, detail);
    service->end_cause = (uint8_t)cause;
    service->end_then = (uint8_t)then;
    waits_drop(manager, slot);
    service->phase = PHASE_RECLAIM;
    if (service->hook_job != NO_JOB) {
        job_kill(manager, service->hook_job);
        service->hook_job = NO_JOB;
    }
    if (service->operation != NO_OPERATION &&
        manager->operations[service->operation].kind == OPERATION_RELOAD) {
        service_operation_end(manager, slot, OPERATION_FAILED, REPLY_FAILED, detail);
    }
    // From here on it satisfies nobody: who is bound to it leaves.
    if (state_satisfies(service->state)) {
        services_touch_bound(manager, slot);
    }
    if (service->main_job == NO_JOB) {
        conclude(manager, slot);
        return;
    }
    job_kill(manager, service->main_job);
    service_arm(manager, slot, DEADLINE_PHASE, RECLAIM_S * NS_PER_S);
}

void service_main_reclaimed(struct manager *manager, uint16_t slot)
{
    struct service *service = service_of(manager, slot);

    service->main_job = NO_JOB;
    if (service->phase == PHASE_RECLAIM) {
        conclude(manager, slot);
    } else {
        // Nobody asked for it: the machine says that nothing is left.
        service_main_exit(manager, slot, 0, true);
    }
}

static void abandon(struct manager *manager, uint16_t slot)
{
    struct service *service = service_of(manager, slot);
    uint16_t job = service->main_job;

    service->main_job = NO_JOB;
    service->phase = PHASE_NONE;
    manager->jobs[job].state = JOB_ABANDONED;
    manager->leaked_count++;
    if (service->state != STATE_STOPPING) {
        service_change(manager, slot, STATE_STOPPING, service->end_cause, NO_SERVICE,
                       service->end_detail);
    }
    service_change(manager, slot, STATE_ABANDONED, CAUSE_PROCESS_UNKILLABLE, NO_SERVICE,
                   "not reclaimed within 5 s of the kill");
    service_operation_end(manager, slot, OPERATION_FAILED, REPLY_FAILED,
                          "its job can't be reclaimed");
}

static void check_silent(struct manager *manager, uint16_t slot)
{
    service_fail(manager, slot, CAUSE_ASSERTION_ERROR, NO_SERVICE,
                 "nobody answered whether its conditions hold");
}

static void identity_silent(struct manager *manager, uint16_t slot)
{
    start_step_answer(
        manager,
        &(struct event){.part = STEP_IDENTITY, .status = 1, .text = "no answer within 5 s"},
        service_of(manager, slot)->main_job);
}

static void delay_over(struct manager *manager, uint16_t slot)
{
    struct service *service = service_of(manager, slot);

    service->phase = PHASE_GATE;
    service->has_asked = false;
    service->is_retry = true;
    service_touch(manager, slot);
}

static void stop_slow(struct manager *manager, uint16_t slot)
{
    service_end(manager, slot, service_of(manager, slot)->cause, stop_then(manager, slot),
                "it did not stop within StopTimeout and was killed");
}

static void reload_slow(struct manager *manager, uint16_t slot)
{
    reload_over(manager, slot, false);
}

void service_phase_timeout(struct manager *manager, uint16_t slot)
{
    static void (*const over[PHASE_COUNT])(struct manager *, uint16_t) = {
        [PHASE_CHECK] = check_silent,    [PHASE_STEP] = identity_silent,
        [PHASE_DELAY] = delay_over,      [PHASE_REQUESTED] = stop_slow,
        [PHASE_RECLAIM] = abandon,       [PHASE_RELOAD] = reload_slow,
        [PHASE_RELOADING] = reload_slow,
    };
    uint8_t phase = service_of(manager, slot)->phase;

    manager_assert(over[phase] != NULL); // no other phase arms this deadline
    over[phase](manager, slot);
}

static void exit_detail(int32_t code, bool is_fault, const char *more, struct phrase *text)
{
    phrase_put(text, is_fault ? "fault " : "exit code ");
    phrase_put_number(text, code);
    phrase_put(text, more);
}

void service_main_exit(struct manager *manager, uint16_t slot, int32_t code, bool is_fault)
{
    struct service *service = service_of(manager, slot);
    const struct definition *definition = service_definition(manager, slot);
    bool is_good =
        job_code_is_good(service_use(manager, slot, FIELD_SUCCESS_EXIT_CODES), code, is_fault);
    bool is_oneshot = definition_number(definition, FIELD_TYPE) == TYPE_ONESHOT;
    char words[NOTE_DETAIL_SIZE];
    struct phrase detail = phrase_in(words, sizeof(words));

    if (service->phase == PHASE_RECLAIM) {
        return;
    }
    if (service->state == STATE_STOPPING) {
        exit_detail(code, is_fault, "", &detail);
        service_end(manager, slot, service->cause, stop_then(manager, slot), words);
    } else if (is_oneshot && is_good) {
        exit_detail(code, is_fault, "", &detail);
        service_end(manager, slot, service->cause, THEN_COMPLETED, words);
    } else if (is_good && service->is_ready) {
        exit_detail(code, is_fault, ", by itself", &detail);
        service_end(manager, slot, CAUSE_EXPLICIT_STOP, THEN_EXITED, words);
    } else {
        exit_detail(code, is_fault, is_oneshot || service->is_ready ? "" : " before it was ready",
                    &detail);
        service_end(manager, slot, CAUSE_PROCESS_CRASH, THEN_POLICY, words);
    }
}

void service_healthy(struct manager *manager, uint16_t slot)
{
    struct service *service = service_of(manager, slot);

    (void)manager;
    service->backoff = 0;
    service->restart_count = 0;
}
