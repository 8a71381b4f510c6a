// SPDX-License-Identifier: Apache-2.0
//
// Threads: each with a ring of its own, in a process whose capabilities and memory all of them
// share. A thread that has ended is given back in bounded steps: what it waits for, its ring, then
// itself; its code stands with its object, until somebody joins or releases that. When the last
// thread that was started is out, the process ends. A fault is a call in the thread's name, where
// somebody serves it; meanwhile the thread neither runs nor waits.
#include <string.h>

#include "kernel/core/core.h"
#include "kernel/core/memory.h"
#include "kernel/core/process.h"
#include "kernel/core/session.h"
#include "kernel/core/syslog.h"
#include "kernel/core/thread.h"

// --- Made, started ------------------------------------------------------------------------------

enum { RING_PAGES = 1 + RING_MESSAGE_PAGES_DEFAULT };

static const struct needs thread_needs = {.of = {[RESOURCE_THREADS] = 1,
                                                 [RESOURCE_OBJECTS] = 1,
                                                 [RESOURCE_FACETS] = 1,
                                                 [RESOURCE_MAPPINGS] = 1,
                                                 [RESOURCE_PAGES] = RING_PAGES,
                                                 [RESOURCE_SPACE] = RING_PAGES},
                                          .frames = RING_PAGES + 1 + 2 * HAL_MAP_TABLES};

// Each thread's ring has its own place in its process, by the thread's number.
static uint64_t ring_page(uint32_t thread)
{
    return LAYOUT_RING / PAGE_SIZE + (uint64_t)thread * RING_PAGES;
}

uint32_t thread_create(struct core *core, uint32_t process)
{
    struct commit commit = {.kind = COMMIT_THREAD_CREATE, .thread_create.process = process};
    uint32_t thread = core_commit(core, NONE, &commit);
    uint32_t job = core->state.processes[process].job;
    uint32_t session = core->state.processes[process].session;
    uint32_t ring =
        memory_give(core, process, ring_page(thread), RING_PAGES, RIGHT_READ | RIGHT_WRITE);
    struct thread_record *record = &core->threads[thread];
    *record = (struct thread_record){.self = {thread, process},
                                     .process = process,
                                     .job = job,
                                     .session = record_number(core, ARENA_SESSIONS, session),
                                     .message_size = RING_MESSAGE_PAGES_DEFAULT * PAGE_SIZE,
                                     .limit.ends = completion_wait_ends,
                                     .object = NONE};
    record->priority = record->own_priority = core->jobs[job].priority;
    record->account = record->own_account = &core->jobs[job];
    list_init(&record->waits);
    ring_kernel_init(&record->ring, frame_at(memory_frame(core, ring, 0)), SQ_ENTRIES_DEFAULT,
                     CQ_ENTRIES_DEFAULT, RING_MESSAGE_PAGES_DEFAULT);
    for (uint32_t page = 1; page < RING_PAGES; page++) {
        record->messages[page - 1] = frame_at(memory_frame(core, ring, page));
    }
    return thread;
}

uint64_t thread_ring(const struct core *core, uint32_t thread)
{
    return core->processes[core->threads[thread].process].base + ring_page(thread) * PAGE_SIZE;
}

void thread_begin(struct core *core, uint32_t thread, uint64_t entry, uint64_t stack,
                  uint64_t argument)
{
    struct thread_record *record = &core->threads[thread];
    record->is_started = true;
    core->processes[record->process].running++;
    hal_thread_create(thread, record->process, entry, stack, argument);
    hal_thread_fs_base(thread, record->fs_base);
    schedule_ready(core, record, false);
}

enum status job_make_thread_run(struct core *core, struct request *request)
{
    uint64_t thread = arena_peek(&core->state.arenas[ARENA_THREADS]).index;
    uint32_t hold = (uint32_t)request->params.job_make_thread.space;
    uint32_t process = process_of(core, hold_object(core, hold));
    if (process == NONE) {
        return STATUS_PROCESS_OVER;
    }
    enum status status = core->state.processes[process].job == request->subject
                             ? space_has_room(core, process, &thread_needs)
                             : STATUS_BAD_TRANSFER;
    if (status == STATUS_OK) {
        uint64_t argument = (uint64_t)process << 32 | thread;
        status =
            object_make(core, request, request->subject, OBJECT_THREAD, argument, &thread_needs);
    }
    if (status == STATUS_OK) {
        request->results.job_make_thread.ring = thread_ring(core, (uint32_t)thread);
    }
    return status;
}

// --- The end ------------------------------------------------------------------------------------

bool thread_step(struct core *core, uint32_t thread)
{
    struct thread_record *record = &core->threads[thread];
    if (!list_is_empty(&record->waits)) {
        request_abandon(core, RECORD_OF(record->waits.next, struct request, waits), STATUS_OK);
        return true;
    }
    const struct process_entry *process = &core->state.processes[record->process];
    int32_t code = record->has_ended ? record->code : process->exit_code;
    hal_thread_destroy(thread);
    memory_unmap(core, mapping_find(core, record->process, ring_page(thread), 1));
    struct commit commit = {.kind = COMMIT_THREAD_EXIT, .thread_exit.code = code};
    core_commit(core, thread, &commit);
    if (process->first_thread == NONE && process->state == PROCESS_RUNNING) {
        process_exit(core, record->process, code, EXIT_CALLED); // none was ever started
    }
    if (record->object == NONE) {
        return true;
    }
    struct exit_record *exit = &core->objects[record->object].exit;
    struct request *joiner = request_first(&exit->joiners);
    exit->has_ended = true;
    exit->code = code;
    if (joiner != NULL) {
        joiner->results.thread_join.code = code;
        exit->is_told = request_succeed(core, joiner, &thread_methods[THREAD_JOIN]);
    }
    return true;
}

bool thread_sweep(struct core *core, uint32_t thread)
{
    const struct thread_record *record = &core->threads[thread];
    return record->has_ended && core_may_commit(core, record->job, false) &&
           thread_step(core, thread);
}

static void thread_end(struct core *core, uint32_t thread, int32_t code)
{
    struct thread_record *record = &core->threads[thread];
    if (record->is_started && --core->processes[record->process].running == 0) {
        process_exit(core, record->process, code, EXIT_CALLED);
        return;
    }
    schedule_remove(core, thread);
    while (!list_is_empty(&record->waits)) { // what it waits for is for others from now on
        request_abandon(core, RECORD_OF(record->waits.next, struct request, waits), STATUS_OK);
    }
    record->code = code;
    record->has_ended = true;
    core->sweeps[SWEEP_THREADS] = 0;
    core->is_sweeping = true;
}

// --- Methods ------------------------------------------------------------------------------------

enum status thread_check(struct core *core, struct request *request)
{
    const struct thread_record *record = &core->threads[request->subject];
    bool is_over = core->objects[request->target.object].exit.has_ended || record->has_ended ||
                   core->state.processes[record->process].state == PROCESS_DEAD;
    return is_over && request->sqe.method != THREAD_JOIN ? STATUS_THREAD_OVER : STATUS_OK;
}

enum status thread_start_run(struct core *core, struct request *request)
{
    const struct thread_start_params *params = &request->params.thread_start;
    const struct thread_record *record = &core->threads[request->subject];
    if (record->is_started) {
        return STATUS_THREAD_STARTED;
    }
    if (core->state.processes[record->process].state != PROCESS_RUNNING) {
        return STATUS_PROCESS_OVER;
    }
    thread_begin(core, request->subject, params->entry, params->stack, params->argument);
    return STATUS_OK;
}

enum status thread_join_run(struct core *core, struct request *request)
{
    struct exit_record *exit = &core->objects[request->target.object].exit;
    if (exit->is_told || exit->joiners.count != 0) {
        return STATUS_THREAD_JOINED;
    }
    if (exit->has_ended) {
        request->results.thread_join.code = exit->code;
        exit->is_told = true;
        return STATUS_OK;
    }
    if (request->subject == request->sender.thread) {
        return STATUS_BAD_VALUE;
    }
    return request_wait_if(core, request, REQUEST_JOIN, &exit->joiners, request->sqe.arg);
}

enum status thread_exit_run(struct core *core, struct request *request)
{
    thread_end(core, request->subject, request->params.thread_exit.code);
    return STATUS_OK;
}

enum status thread_control_run(struct core *core, struct request *request)
{
    const struct thread_control_params *params = &request->params.thread_control;
    struct thread_record *record = &core->threads[request->subject];
    uint32_t most = core->jobs[record->job].priority;
    record->fs_base = params->fs_base;
    hal_thread_fs_base(request->subject, record->fs_base);
    schedule_control(core, record, params->priority < most ? params->priority : most,
                     params->is_suspended);
    return STATUS_OK;
}

enum status thread_set_fault_endpoint_run(struct core *core, struct request *request)
{
    core->threads[request->subject].fault_endpoint =
        request->params.thread_set_fault_endpoint.endpoint;
    return STATUS_OK;
}

void thread_created(struct core *core, uint32_t object)
{
    uint32_t process = (uint32_t)(core->state.objects[object].argument >> 32);
    queue_init(&core->objects[object].exit.joiners);
    core->threads[thread_create(core, process)].object = object;
}

// Detached; what was never started is undone.
void thread_destroyed(struct core *core, uint32_t object)
{
    uint32_t thread = object_argument(core, object);
    struct thread_record *record = &core->threads[thread];
    if (!core->objects[object].exit.has_ended) {
        record->object = NONE;
        if (!record->is_started && !record->has_ended) {
            thread_end(core, thread, 0);
        }
    }
}

// --- Faults -------------------------------------------------------------------------------------

// One struct of three words: the message of FaultHandler.fault. It stands where no queue of the
// ring reaches, and the answer goes there.
struct fault_message {
    uint64_t root, cause, address, instruction;
};

bool thread_fault(struct core *core, uint64_t cause, uint64_t address, uint64_t instruction)
{
    struct thread_record *record = core->here.running;
    struct request *request = core->spare;
    struct fault_message message = {3ULL << 32, cause, address, instruction};
    uint64_t at = thread_ring(core, record->self.thread) + PAGE_SIZE - sizeof message;
    enum status status = hold_check(core, record->fault_endpoint);
    if (session_check(core, record->process, status) != STATUS_OK) {
        return false;
    }
    memcpy((uint8_t *)record->ring.header + PAGE_SIZE - sizeof message, &message, sizeof message);
    request->sqe = (struct sqe){.opcode = SYSLOG_FAULT,
                                .flags = SQE_QUIET,
                                .cap = record->fault_endpoint,
                                .payload = at,
                                .result = at,
                                .payload_len = sizeof message,
                                .result_len = sizeof message,
                                .arg = TIMEOUT_NONE};
    request_begin(core, request, record);
    core->actor = record->process;
    request->key = cause;
    request_aim(core, request);
    status = endpoint_call(core, request);
    if (status == STATUS_OK) {
        schedule_remove(core, record->self.thread);
    }
    syslog_request(core, core->cause != CAUSE_OPEN ? core->cause : core->syslog_next++, request,
                   status == STATUS_OK ? SYSLOG_WAITS : -(int32_t)status, 0);
    return status == STATUS_OK;
}

void thread_fault_end(struct core *core, const struct request *call)
{
    uint32_t process = call->sender.process;
    bool goes_on = core->state.processes[process].state == PROCESS_RUNNING;
    bool is_answered = call->cqe.status >= 0 && (call->cqe.flags & CQE_EXCEPTION_MASK) == 0;
    if (goes_on && is_answered) {
        schedule_ready(core, call->thread, !call->thread->is_suspended);
    } else if (goes_on) {
        process_exit(core, process, -1, (enum exit_reason)call->key);
    }
}
