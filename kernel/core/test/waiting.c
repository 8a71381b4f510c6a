// SPDX-License-Identifier: Apache-2.0
//
// Acting as programs that wait: see waiting.h.
#include "kernel/core/test/waiting.h"

#include <string.h>

// --- SQEs ---------------------------------------------------------------------------------------

struct sqe act_signal(cap_t cap, uint64_t bits)
{
    return (struct sqe){.opcode = OP_SIGNAL, .cap = cap.value, .arg = bits};
}

struct sqe act_wait(cap_t cap, uint64_t mask, uint64_t user_data)
{
    return (struct sqe){.opcode = OP_WAIT,
                        .cap = cap.value,
                        .user_data = user_data,
                        .arg = mask,
                        .arg2 = TIMEOUT_NONE};
}

struct sqe act_park(cap_t space, uint64_t address, uint32_t word, uint64_t user_data)
{
    return (struct sqe){.opcode = OP_PARK,
                        .cap = space.value,
                        .user_data = user_data,
                        .payload = address,
                        .arg = word,
                        .arg2 = TIMEOUT_NONE};
}

struct sqe act_unpark(cap_t space, uint64_t address, uint64_t count)
{
    return (struct sqe){.opcode = OP_UNPARK, .cap = space.value, .payload = address, .arg = count};
}

struct sqe act_cancel(uint32_t sq_index)
{
    return (struct sqe){.opcode = OP_CANCEL, .arg = sq_index};
}

// --- Doing --------------------------------------------------------------------------------------

uint32_t act_sq_index(uint32_t thread)
{
    struct ring_header header;

    act_must(
        machine_read(machine.threads[thread].space, machine_ring(thread), &header, sizeof(header)),
        "the thread has no ring", thread);
    return header.sq_tail;
}

void act_enter(uint32_t thread)
{
    act_must(machine_run_until(thread), "the thread can't run", thread);
    machine_enter(thread, 0, 0);
}

static struct cqe reap(uint32_t thread, uint64_t user_data)
{
    struct cqe cqe = act_reap(thread);

    act_must(cqe.user_data == user_data, "another completion comes first", cqe.user_data);
    return cqe;
}

uint64_t act_reap_bits(uint32_t thread, uint64_t user_data)
{
    struct cqe cqe = reap(thread, user_data);

    act_must(act_fact(&cqe) == STATUS_OK, "a WAIT is refused", act_fact(&cqe));
    return cqe.extra;
}

enum status act_reap_fact(uint32_t thread, uint64_t user_data)
{
    struct cqe cqe = reap(thread, user_data);

    act_must(act_fact(&cqe) == STATUS_OK || cqe.extra == 0, "a refusal has bits", cqe.extra);
    return act_fact(&cqe);
}

uint64_t act_woken(uint32_t thread, struct sqe unpark)
{
    unpark.user_data = 77;
    act_submit(thread, unpark);
    return act_reap_bits(thread, 77);
}

// --- Kernel objects -----------------------------------------------------------------------------

static void make(uint32_t thread, uint16_t method, struct act_answer *answer)
{
    act_object(thread, act_named(thread, "job"), method, NULL, answer);
    act_must(act_fact(&answer->cqe) == STATUS_OK, "nothing is made", act_fact(&answer->cqe));
}

cap_t act_notification(uint32_t thread)
{
    struct act_answer answer;

    make(thread, JOB_MAKE_NOTIFICATION, &answer);
    return (cap_t){job_make_notification_results_get_notification(
                       job_make_notification_results_read(&answer.message))
                       .id};
}

cap_t act_park_space(uint32_t thread)
{
    struct act_answer answer;

    make(thread, JOB_MAKE_PARK_SPACE, &answer);
    return (cap_t){
        job_make_park_space_results_get_space(job_make_park_space_results_read(&answer.message))
            .id};
}

cap_t act_give(uint32_t from, cap_t cap, uint32_t to)
{
    struct core *core = &machine.kernel->core;
    uint32_t hold = NONE;

    act_must(hold_find(core, core->threads[from].process, cap.value, &hold) == STATUS_OK,
             "nothing to give", cap.value);
    return hold_copy(core, hold, core->threads[to].process, HOW_GRANT);
}

void act_set(uint32_t thread, cap_t notification, uint64_t bits)
{
    struct capnp_builder message = act_message();
    struct act_answer answer;

    notification_signal_params_set_bits(notification_signal_params_build(&message), bits);
    act_object(thread, notification, NOTIFICATION_SIGNAL, &message, &answer);
    act_must(act_fact(&answer.cqe) == STATUS_OK, "no signal", act_fact(&answer.cqe));
}

uint64_t act_take(uint32_t thread, cap_t notification, uint64_t mask)
{
    struct capnp_builder message = act_message();
    struct act_answer answer;

    notification_take_params_set_mask(notification_take_params_build(&message), mask);
    act_object(thread, notification, NOTIFICATION_TAKE, &message, &answer);
    act_must(act_fact(&answer.cqe) == STATUS_OK, "nothing to take", act_fact(&answer.cqe));
    return notification_take_results_get_bits(notification_take_results_read(&answer.message));
}

enum status act_bind_fact(uint32_t thread, cap_t server, cap_t notification)
{
    struct capnp_builder message = act_message();
    struct act_answer answer;

    endpoint_bind_params_set_notification(endpoint_bind_params_build(&message),
                                          (struct notification){notification.value});
    act_object(thread, server, ENDPOINT_BIND, &message, &answer);
    return act_fact(&answer.cqe);
}

uint64_t act_next_cancelled(uint32_t thread, cap_t server)
{
    struct act_answer answer;

    act_object(thread, server, ENDPOINT_NEXT_CANCELLED, NULL, &answer);
    act_must(act_fact(&answer.cqe) == STATUS_OK, "nextCancelled is refused", act_fact(&answer.cqe));
    return endpoint_next_cancelled_results_get_call_id(
        endpoint_next_cancelled_results_read(&answer.message));
}

void act_sleep(uint32_t thread, cap_t timer, uint64_t deadline_ns, uint64_t timeout_ns,
               uint64_t user_data)
{
    struct capnp_builder message = act_message();
    struct sqe sqe = act_call(timer, TIMER_SLEEP_UNTIL, user_data);

    timer_sleep_until_params_set_deadline(timer_sleep_until_params_build(&message), deadline_ns);
    machine_message_write(thread, ACT_PAYLOAD, message.bytes, capnp_builder_size(&message));
    sqe.payload = ACT_PAYLOAD;
    sqe.payload_len = capnp_builder_size(&message);
    sqe.arg = timeout_ns;
    act_submit(thread, sqe);
}
