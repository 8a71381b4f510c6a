// SPDX-License-Identifier: Apache-2.0
//
// Entries and submissions: see gate.h.
#include "kernel/gate/gate.h"

#include "kernel/core/form.h"
#include "kernel/core/process.h"
#include "kernel/core/syslog.h"

// Carries out the SQE that stands in the request, writes down what came of it, and posts its
// completion, unless it comes later. What has to wait for room in the log is not taken, and ends
// the turn.
static inline __attribute__((always_inline, flatten)) void
submit_run(struct core *core, struct thread_record *thread, struct request *request,
           enum status (*run)(struct core *, struct request *))
{
    thread->ring.sq_head++;
    request_begin(core, request, thread);
    enum status status = run == NULL ? STATUS_OK : run(core, request);
    if (status == STATUS_LOG_FULL) {
        thread->ring.sq_head--; // nobody has seen that it was taken
        core->work = TURN_WAITS;
        return;
    }
    if (__builtin_expect(status != STATUS_OK, false)) {
        request_refuse(request, status, request->argument);
    }
    bool is_over = request->state == REQUEST_NEW;
    if (__builtin_expect(core->cause != CAUSE_OPEN, false)) { // the number that its commits name
        int32_t said = is_over ? request->cqe.status : SYSLOG_WAITS;
        syslog_request(core, core->cause, request, said, 0)->first_commit =
            core->state.seq - core->commit_count;
    } else if (is_over) {
        syslog_request(core, core->syslog_next, request, request->cqe.status, 0);
        core->syslog_next++;
    }
    if (is_over) {
        request_post(request, &thread->ring);
    }
}

// Goes on with an SQE in the spare slot, from its word `first` on.
static __attribute__((cold, noinline)) void submit_slot(struct core *core, struct ring_entry entry,
                                                        uint32_t first)
{
    ring_kernel_copy(entry, &core->spare->sqe, first, SQE_WORDS);
    submit_run(core, core->here.running, core->spare, core_operate);
}

// Reads words of an SQE that ends at once; false: they show that its form is not good, and it was
// refused in the usual way.
static inline __attribute__((always_inline)) bool
submit_look(struct core *core, struct ring_entry entry, struct request *request, enum opcode opcode,
            uint32_t first, uint32_t end)
{
    ring_kernel_copy(entry, &request->sqe, first, end);
    if (form_is_good(request, opcode, first, end)) {
        form_clear(request, opcode, first, end);
        return true;
    }
    core->spare->sqe = request->sqe;
    submit_slot(core, entry, end);
    return false;
}

// An SQE that ends at once: carried out beside the slots. Opcode and function are constants where
// this is called, so that what the operation does not need is never written down. It is read in two
// parts, since it has more words than the machine has registers.
static inline __attribute__((always_inline, flatten)) void
submit_at_once(struct core *core, struct ring_entry entry, enum opcode opcode,
               enum status (*run)(struct core *, struct request *))
{
    struct request request;
    if (submit_look(core, entry, &request, opcode, 0, SQE_WORDS - 3) &&
        submit_look(core, entry, &request, opcode, SQE_WORDS - 3, SQE_WORDS)) {
        submit_run(core, core->here.running, &request, run);
    }
}

static void submit_nop(struct core *core, struct ring_entry entry)
{
    submit_at_once(core, entry, OP_NOP, NULL);
}

static void submit_return(struct core *core, struct ring_entry entry)
{
    submit_at_once(core, entry, OP_RETURN, endpoint_return);
}

// By opcode: what ends at once, and comes often. All others are carried out in the spare slot,
// which stays theirs if they wait.
static void (*const at_once[UINT8_MAX + 1])(struct core *, struct ring_entry) = {
    [OP_NOP] = submit_nop,
    [OP_RETURN] = submit_return,
};

// Handles the thread's next SQEs; returns as gate_step.
static inline __attribute__((always_inline, flatten)) bool submit_some(struct core *core,
                                                                       struct thread_record *thread)
{
    struct ring_kernel *ring = &thread->ring;
    uint32_t pending = ring_kernel_submitted(ring);
    if (pending > ring->sq_entries) {
        hal_thread_result(thread->self.thread, -(uint64_t)STATUS_RING_CORRUPT);
        return false;
    }
    uint32_t last = ring->sq_head + pending;
    uint32_t end = ring->sq_head + ring_kernel_ready(ring, pending, TURN_SQES_MAX);
    core->actor = thread->process;
    while (ring->sq_head != end && core->work < TURN_WORK_MAX) {
        struct ring_entry entry = ring_kernel_next(ring);
        if (at_once[(uint8_t)entry.first] != NULL) {
            at_once[(uint8_t)entry.first](core, entry);
        } else {
            ring_kernel_copy(entry, &core->spare->sqe, 0, SQE_WORDS);
            submit_run(core, thread, core->spare, core_operate);
        }
    }
    if (core->current == NONE) { // it has ended, or goes on later
        thread->is_submitting = true;
        return false;
    }
    ring_kernel_publish(ring);
    if (__builtin_expect(ring->sq_head != last, false) && core->work != TURN_WAITS &&
        ring_kernel_ready(ring, 1, 1) != 0) {
        thread->is_submitting = true;
        return true;
    }
    int64_t result = enter_result(thread);
    if (result == ENTER_WAITS) {
        schedule_wait(core, thread, thread->timeout_ns);
    } else {
        schedule_yield(core, thread); // it may be lower than before
        hal_thread_result(thread->self.thread, (uint64_t)result);
    }
    return false;
}

bool gate_step(struct core *core)
{
    core->here.running->is_submitting = false;
    return submit_some(core, core->here.running);
}

bool gate_enter(struct core *core, const struct input *input)
{
    struct thread_record *thread = core->here.running;
    if (input->enter.min_complete > thread->ring.cq_entries) {
        hal_thread_result(thread->self.thread, -(uint64_t)STATUS_BAD_ARGUMENT);
        return false;
    }
    thread->min_complete = input->enter.min_complete;
    thread->timeout_ns = input->enter.timeout_ns;
    return submit_some(core, thread);
}

void gate_end(struct core *core, int32_t code, enum exit_reason cause)
{
    struct thread_record *thread = core->here.running;
    struct request *exit = core->spare; // the call that it was, for the record
    exit->sqe = (struct sqe){.opcode = SYSLOG_EXIT};
    request_begin(core, exit, thread);
    exit->cqe.detail = cause;
    core->actor = thread->process;
    core->cause = core->syslog_next++;
    syslog_request(core, core->cause, exit, code, 0)->first_commit = core->state.seq;
    process_exit(core, thread->process, code, cause);
}

bool gate_exit(struct core *core, const struct input *input)
{
    gate_end(core, (int32_t)(uint32_t)input->exit.code, EXIT_CALLED);
    return false;
}

bool gate_timer(struct core *core, const struct input *input)
{
    (void)input;
    deadline_end_due(core, TURN_DUE_MAX);
    core->here.armed_ns = UINT64_MAX; // what was armed has fired; a slice may be over
    core->is_changed = true;
    return false;
}

bool gate_interrupt(struct core *core, const struct input *input)
{
    interrupt_arrive(core, input->interrupt.lines);
    return false;
}
