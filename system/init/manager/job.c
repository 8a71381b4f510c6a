// SPDX-License-Identifier: Apache-2.0
//
// Jobs: each supervised execution, from its making until nothing is left of it. Init keeps no
// history: what was is in the records.
#include <string.h>

#include "system/init/manager/parts.h"

static const char *const type_names[] = {"ServiceMain", "PreExecHook", "PostExecHook",
                                         "HealthCheck", "AdHoc"};

void job_detail(const struct job *job, struct phrase *text)
{
    phrase_put(text, type_names[job->type]);
    phrase_put(text, " ");
    phrase_put_safe(text, job->command);
    phrase_put(text, " as ");
    phrase_put_safe(text, job->identity);
    if (job->state == JOB_COMPLETED || job->state == JOB_FAILED) {
        phrase_put(text, job->is_fault ? ": fault " : ": exit code ");
        phrase_put_number(text, job->exit_code);
    }
}

static void job_record(struct manager *manager, const struct job *job, enum record_kind kind)
{
    char words[NOTE_DETAIL_SIZE];
    struct phrase detail = phrase_in(words, sizeof(words));

    job_detail(job, &detail);
    struct record *record = record_add(manager, kind, job->service, words);
    record->job = job->serial;
    record->operation = job->operation;
}

static uint16_t job_make(struct manager *manager, enum job_type type, uint16_t slot,
                         const char *command, const char *identity)
{
    uint16_t index = manager->job_hint;

    if (manager->job_count == JOBS_MAX) {
        return NO_JOB;
    }
    while (manager->jobs[index].serial != 0) {
        index = (uint16_t)((index + 1) % JOBS_MAX);
    }
    manager->job_hint = (uint16_t)((index + 1) % JOBS_MAX);
    manager->job_count++;
    struct job *job = &manager->jobs[index];
    memset(job, 0, sizeof(*job));
    manager->job_generation = (manager->job_generation + 1) & 0x1fffff;
    manager->job_generation += manager->job_generation == 0;
    job->serial = manager->job_generation << INDEX_BITS | index;
    job->type = (uint8_t)type;
    job->state = JOB_CREATED;
    job->service = slot;
    job->created_ns = manager->now_ns;
    if (slot != NO_SERVICE && manager->services[slot].operation != NO_OPERATION) {
        job->operation = manager->operations[manager->services[slot].operation].serial;
    }
    struct phrase text = phrase_in(job->command, sizeof(job->command));
    phrase_put_safe(&text, command);
    text = phrase_in(job->identity, sizeof(job->identity));
    phrase_put_safe(&text, identity);
    job_record(manager, job, RECORD_JOB_CREATED);
    return index;
}

uint16_t job_create(struct manager *manager, enum job_type type, uint16_t slot, const char *command)
{
    return job_make(manager, type, slot, command, service_session(manager, slot, type).identity);
}

uint16_t job_find(const struct manager *manager, uint32_t serial)
{
    uint32_t index = serial & INDEX_MASK;

    return serial != 0 && index < JOBS_MAX && manager->jobs[index].serial == serial
               ? (uint16_t)index
               : NO_JOB;
}

// Whether a process of this kind may tell of its service.
static bool job_may_notify(const struct manager *manager, uint16_t slot, enum job_type type)
{
    int64_t access =
        definition_number(service_use(manager, slot, FIELD_NOTIFY_ACCESS), FIELD_NOTIFY_ACCESS);

    return type == JOB_SERVICE_MAIN || access == NOTIFY_ACCESS_ALL ||
           (access == NOTIFY_ACCESS_HOOKS && type != JOB_HEALTH_CHECK);
}

uint16_t job_run(struct manager *manager, enum job_type type, uint16_t slot, const char *command)
{
    uint16_t index = job_create(manager, type, slot, command);

    if (index != NO_JOB) {
        struct action *action = action_add(manager, ACTION_RUN, slot);
        action->job = manager->jobs[index].serial;
        action->text = command;
        action->definition = service_definition(manager, slot);
        action->session = service_session(manager, slot, type);
        action->activation =
            job_may_notify(manager, slot, type) ? manager->services[slot].activation : 0;
    }
    return index;
}

bool job_is_heard(const struct manager *manager, uint16_t slot, uint32_t serial)
{
    uint16_t index = job_find(manager, serial);

    return serial == 0 || (index != NO_JOB && manager->jobs[index].service == slot &&
                           job_may_notify(manager, slot, manager->jobs[index].type));
}

const struct job *manager_job(const struct manager *manager, uint32_t serial)
{
    uint16_t index = job_find(manager, serial);
    return index == NO_JOB ? NULL : &manager->jobs[index];
}

void job_started(struct manager *manager, uint16_t index)
{
    struct job *job = &manager->jobs[index];

    if (job->state == JOB_CREATED) {
        job->state = JOB_RUNNING;
        job->started_ns = manager->now_ns;
        job_record(manager, job, RECORD_JOB_STARTED);
    }
}

void job_ended(struct manager *manager, uint16_t index, bool is_good, int32_t code, bool is_fault)
{
    struct job *job = &manager->jobs[index];

    if (job->state == JOB_CREATED || job->state == JOB_RUNNING) {
        job->state = is_good ? JOB_COMPLETED : JOB_FAILED;
        job->exit_code = code;
        job->is_fault = is_fault;
        job->ended_ns = manager->now_ns;
        job_record(manager, job, RECORD_JOB_ENDED);
    }
}

void job_free(struct manager *manager, uint16_t index)
{
    struct job *job = &manager->jobs[index];

    deadline_disarm(manager, DEADLINE_OF_JOB + (uint32_t)index);
    manager->leaked_count -= job->state == JOB_ABANDONED;
    if (job->type == JOB_AD_HOC) {
        manager->adhoc[job->adhoc].is_used = false;
    }
    job->serial = 0;
    manager->job_count--;
}

// Ends the job and all in it. A service's main job has its time limit with the service.
void job_kill(struct manager *manager, uint16_t index)
{
    struct job *job = &manager->jobs[index];

    if (job->is_killed) {
        return;
    }
    job->is_killed = true;
    action_add(manager, ACTION_KILL, job->service)->job = job->serial;
    if (job->type != JOB_SERVICE_MAIN) {
        deadline_arm(manager, DEADLINE_OF_JOB + (uint32_t)index,
                     manager->now_ns + RECLAIM_S * NS_PER_S);
    }
}

bool job_code_is_good(const struct definition *definition, int32_t code, bool is_fault)
{
    char words[24];
    struct phrase text = phrase_in(words, sizeof(words));

    phrase_put_number(&text, code);
    for (const char *item = NULL;
         !is_fault &&
         (item = definition_item(definition, FIELD_SUCCESS_EXIT_CODES, item)) != NULL;) {
        if (text_is(item, words)) {
            return true;
        }
    }
    return !is_fault && code == 0;
}

static void adhoc_answer(struct manager *manager, const struct job *job, enum reply_code code)
{
    struct request request = {
        .connection = job->connection, .id = job->id, .command = COMMAND_KINDS};
    char words[NOTE_DETAIL_SIZE];
    struct phrase detail = phrase_in(words, sizeof(words));

    job_detail(job, &detail);
    reply_to(manager, &request, code, NO_SERVICE, words);
    manager->actions->list[manager->actions->count - 1].reply.job = job->serial;
}

// What a job's end means to whom it belongs.
static void job_pass_on(struct manager *manager, uint16_t index)
{
    const struct job *job = &manager->jobs[index];
    bool is_good = job->state == JOB_COMPLETED;
    char words[NOTE_DETAIL_SIZE];
    struct phrase detail = phrase_in(words, sizeof(words));

    if (job->type == JOB_AD_HOC) {
        adhoc_answer(manager, job, is_good ? REPLY_OK : REPLY_FAILED);
        return;
    }
    struct service *service = service_of(manager, job->service);
    job_detail(job, &detail);
    if (service->hook_job == index) {
        start_hook_over(manager, job->service, is_good, words);
    } else if (service->health_job == index) {
        service->health_job = NO_JOB;
        health_over(manager, job->service, is_good, words);
    }
}

void job_exit(struct manager *manager, const struct event *event)
{
    uint16_t index = job_find(manager, event->job);

    if (index == NO_JOB) {
        return;
    }
    struct job *job = &manager->jobs[index];
    if (job->state != JOB_CREATED && job->state != JOB_RUNNING) {
        return;
    }
    if (job->type == JOB_SERVICE_MAIN) {
        uint16_t slot = job->service;
        manager_assert(manager->services[slot].main_job == index); // others were given up
        job_ended(manager, index,
                  job_code_is_good(service_use(manager, slot, FIELD_SUCCESS_EXIT_CODES),
                                   event->status, event->is_fault),
                  event->status, event->is_fault);
        service_main_exit(manager, slot, event->status, event->is_fault);
        return;
    }
    job_ended(manager, index, !event->is_fault && event->status == 0, event->status,
              event->is_fault);
    job_kill(manager, index);
    job_pass_on(manager, index);
}

// A hook, check or ad-hoc job was let run, or could not be.
static void job_run_answer(struct manager *manager, const struct event *event, uint16_t index)
{
    if (event->status == 0) {
        job_started(manager, index);
        return;
    }
    job_exit(manager,
             &(struct event){.job = event->job, .status = event->status, .is_fault = true});
}

void job_reclaimed(struct manager *manager, const struct event *event)
{
    uint16_t index = job_find(manager, event->job);

    if (index == NO_JOB) {
        return;
    }
    struct job *job = &manager->jobs[index];
    uint16_t slot = job->service;
    bool is_main = job->type == JOB_SERVICE_MAIN && manager->services[slot].main_job == index;
    bool is_early = job->state == JOB_CREATED || job->state == JOB_RUNNING;
    job_ended(manager, index, false, 0, true);
    if (is_early && !is_main) {
        job_pass_on(manager, index);
    }
    job_free(manager, index);
    if (is_main) {
        service_main_reclaimed(manager, slot);
    }
}

void job_timeout(struct manager *manager, uint16_t index)
{
    struct job *job = &manager->jobs[index];

    if (job->is_killed) {
        job_ended(manager, index, false, 0, true);
        job->state = JOB_ABANDONED;
        manager->leaked_count++;
        job_record(manager, job, RECORD_JOB_LEAKED);
        return;
    }
    // An ad-hoc job's own time limit: it is killed, and that it failed is said at once.
    job_ended(manager, index, false, 0, true);
    job_kill(manager, index);
    adhoc_answer(manager, job, REPLY_TIMEOUT);
}

// --- Ad-hoc jobs --------------------------------------------------------------------------------

static bool texts_put(struct adhoc *adhoc, const struct submission *submission)
{
    const char *texts[] = {submission->image,     submission->arguments,   submission->environment,
                           submission->directory, submission->description, submission->grants};
    struct phrase text = phrase_in(adhoc->texts, sizeof(adhoc->texts));

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        phrase_put(&text, texts[i] != NULL ? texts[i] : "");
        phrase_put_bytes(&text, "", 1);
    }
    return !text.is_cut;
}

void job_submit(struct manager *manager, const struct submission *submission)
{
    struct request request = {
        .connection = submission->connection, .id = submission->id, .command = COMMAND_KINDS};
    uint16_t free = 0;

    while (free < ADHOC_JOBS_MAX && manager->adhoc[free].is_used) {
        free++;
    }
    enum reply_code code = is_shutting_down(manager)   ? REPLY_SHUTTING_DOWN
                           : submission->token == NULL ? REPLY_ACCESS_DENIED
                           : free == ADHOC_JOBS_MAX    ? REPLY_BUSY
                           : submission->image == NULL || submission->image[0] == '\0'
                               ? REPLY_BAD_REQUEST
                           : !texts_put(&manager->adhoc[free], submission) ? REPLY_TOO_LARGE
                                                                           : REPLY_OK;
    char submitter[SID_TEXT_MAX];
    uint16_t index = NO_JOB;
    if (code == REPLY_OK) {
        (void)sid_print(&submission->token->user, submitter);
        index = job_make(manager, JOB_AD_HOC, NO_SERVICE, submission->image, submitter);
        code = REPLY_BUSY;
    }
    if (index == NO_JOB) {
        reply_to(manager, &request, code, NO_SERVICE, "an ad-hoc job was not started");
        return;
    }
    struct job *job = &manager->jobs[index];
    manager->adhoc[free].is_used = true;
    job->adhoc = free;
    job->session = submission->session;
    job->connection = submission->connection;
    job->id = submission->id;
    struct action *action = action_add(manager, ACTION_RUN, NO_SERVICE);
    action->job = job->serial;
    action->value = job->session;
    action->text = manager->adhoc[free].texts;
    action->size = sizeof(manager->adhoc[free].texts);
    if (submission->timeout_s != 0) {
        deadline_arm(manager, DEADLINE_OF_JOB + (uint32_t)index,
                     manager->now_ns + submission->timeout_s * NS_PER_S);
    }
}

bool jobs_end_adhoc(struct manager *manager)
{
    for (uint16_t i = 0; i < JOBS_MAX && manager->job_count > 0; i++) {
        const struct job *job = &manager->jobs[i];
        if (job->serial == 0 || job->type != JOB_AD_HOC || job->is_killed) {
            continue;
        }
        if (manager->actions->count > ACTIONS_MAX - ACTIONS_RESERVE) {
            return false;
        }
        job_kill(manager, i);
    }
    return true;
}

void job_step_answer(struct manager *manager, const struct event *event)
{
    uint16_t index = job_find(manager, event->job);

    if (index == NO_JOB) {
        return;
    }
    if (manager->jobs[index].type == JOB_SERVICE_MAIN) {
        start_step_answer(manager, event, index);
    } else {
        job_run_answer(manager, event, index);
    }
}
