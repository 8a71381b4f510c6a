// SPDX-License-Identifier: Apache-2.0
//
// Calls over the ring, against a kernel of the test: what is submitted, how completions find their
// calls, how refusals read, and that slots and capabilities are never lost.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/test/fake_kernel.h"
#include "schema/exception.capnp.h"

enum { SLOTS = RING_MESSAGE_PAGES_DEFAULT * PAGE_SIZE / TSR_SLOT_SIZE };

static struct capnp_exception exception;

// A message of one word of data.
static uint32_t word_put(uint8_t *at, uint64_t value)
{
    struct capnp_builder builder;
    capnp_builder_init(&builder, at, TSR_SLOT_SIZE);
    capnp_set_u64(capnp_builder_root(&builder, 1, 0), 0, value, 0);
    return capnp_builder_size(&builder);
}

static uint64_t word_of(struct capnp_message *message)
{
    return capnp_get_u64(capnp_message_root(message), 0, 0);
}

// Begins and sends a call whose request is one word.
static void send_word(struct capnp_call *call, uint64_t value)
{
    assert_true(capnp_call_begin(call, 0x500000001, 77, 3, 16, &exception));
    capnp_set_u64(capnp_builder_root(&call->request, 1, 0), 0, value, 0);
    assert_true(capnp_call_send(call, &exception));
}

// Answers with the request's word plus one.
static void operate_add(const struct sqe *entry)
{
    struct capnp_message message;
    capnp_message_init(&message, fake_payload(entry), entry->payload_len, NULL, 0);
    uint64_t value = word_of(&message);
    uint32_t size = word_put(fake_result(entry), value + 1);
    fake_complete(entry, (struct cqe){.status = (int32_t)size});
}

static struct cqe next_completion;

static void operate_next(const struct sqe *entry)
{
    fake_complete(entry, next_completion);
}

static bool finish_with(struct cqe completion)
{
    struct capnp_call call;
    next_completion = completion;
    fake.operate = operate_next;
    send_word(&call, 1);
    bool is_answered = capnp_call_finish(&call, &exception);
    capnp_call_end(&call);
    assert_int_equal(tsr_slots_free(tsr_self()), (1u << SLOTS) - 1);
    return is_answered;
}

static void a_call_is_one_entry_and_its_answer_is_read_in_place(void **state)
{
    (void)state;
    struct capnp_call call;
    fake.operate = operate_add;
    send_word(&call, 41);
    assert_int_equal(fake.enter_count, 0);
    assert_true(capnp_call_finish(&call, &exception));
    assert_int_equal(word_of(&call.response), 42);
    capnp_call_end(&call);
    assert_int_equal(fake.enter_count, 1);
    assert_int_equal(fake.taken_count, 1);
    struct sqe *entry = &fake.taken[0];
    assert_int_equal(entry->opcode, OP_CALL);
    assert_int_equal(entry->cap, 0x500000001);
    assert_int_equal(entry->method, 3);
    assert_int_equal(entry->payload_len, 16);
    assert_int_equal(entry->result_len, TSR_SLOT_SIZE);
    assert_true(entry->arg == TIMEOUT_NONE);
    assert_int_equal(entry->transfers | entry->ordinal | entry->disclose, 0);
    assert_int_equal(entry->arg2, 0);
    assert_int_equal(tsr_slots_free(tsr_self()), (1u << SLOTS) - 1);
}

static void a_request_without_fields_has_no_payload(void **state)
{
    (void)state;
    struct capnp_call call;
    fake.operate = operate_next;
    next_completion = (struct cqe){.status = 0};
    assert_true(capnp_call_begin(&call, 1, 2, 0, 8, &exception));
    capnp_builder_root(&call.request, 0, 0);
    assert_true(capnp_call_send(&call, &exception));
    assert_true(capnp_call_finish(&call, &exception));
    assert_int_equal(word_of(&call.response), 0);
    capnp_call_end(&call);
    assert_int_equal(fake.taken[0].payload_len, 0);
}

static void answer_backwards(void)
{
    for (uint32_t i = fake.taken_count; i > 0; i--) {
        operate_add(&fake.taken[i - 1]);
    }
}

static void completions_in_any_order_find_their_calls(void **state)
{
    (void)state;
    struct capnp_call calls[SLOTS];
    fake.wait = answer_backwards;
    for (uint64_t i = 0; i < SLOTS; i++) {
        send_word(&calls[i], i * 10);
    }
    for (uint64_t i = 0; i < SLOTS; i++) {
        assert_true(capnp_call_finish(&calls[i], &exception));
        assert_int_equal(word_of(&calls[i].response), i * 10 + 1);
    }
    for (uint64_t i = 0; i < SLOTS; i++) {
        assert_int_equal(word_of(&calls[i].response), i * 10 + 1);
        capnp_call_end(&calls[i]);
    }
    assert_int_equal(fake.enter_count, 1);
    assert_int_equal(tsr_slots_free(tsr_self()), (1u << SLOTS) - 1);
}

static void an_answer_that_is_there_already_is_taken_without_an_entry(void **state)
{
    (void)state;
    struct capnp_call calls[3];
    fake.operate = operate_add;
    for (uint64_t i = 0; i < 3; i++) {
        send_word(&calls[i], 10 * i);
    }
    for (uint64_t i = 0; i < 3; i++) {
        assert_true(capnp_call_finish(&calls[i], &exception));
        assert_int_equal(word_of(&calls[i].response), 10 * i + 1);
        assert_int_equal(fake.enter_count, 1);
    }
    for (uint64_t i = 0; i < 3; i++) {
        capnp_call_end(&calls[i]);
    }
    assert_int_equal(tsr_slots_free(tsr_self()), (1u << SLOTS) - 1);
}

static void when_every_slot_is_taken_a_call_cannot_begin(void **state)
{
    (void)state;
    struct capnp_call calls[SLOTS];
    struct capnp_call another;
    for (uint32_t i = 0; i < SLOTS; i++) {
        assert_true(capnp_call_begin(&calls[i], 1, 2, 0, 8, &exception));
    }
    assert_false(capnp_call_begin(&another, 1, 2, 0, 8, &exception));
    assert_int_equal(exception.type, CAPNP_EXCEPTION_NONE);
    assert_int_equal(exception.status, STATUS_RING_BUSY);
    assert_int_equal(exception.detail, SLOTS);
    capnp_call_end(&calls[5]);
    assert_true(capnp_call_begin(&another, 1, 2, 0, 8, &exception));
}

static void a_request_larger_than_a_slot_is_refused(void **state)
{
    (void)state;
    struct capnp_call call;
    assert_false(capnp_call_begin(&call, 1, 2, 0, TSR_SLOT_SIZE + 8, &exception));
    assert_int_equal(exception.status, STATUS_MESSAGE_TOO_LARGE);
    assert_int_equal(exception.detail, TSR_SLOT_SIZE);
    // Of unknown size: gets what there is, and fails when that does not suffice.
    assert_true(capnp_call_begin(&call, 1, 2, 0, CAPNP_MESSAGE_BYTES_MAX, &exception));
    struct capnp_struct_builder root = capnp_builder_root(&call.request, 0, 1);
    static uint8_t bytes[TSR_SLOT_SIZE];
    capnp_set_data(root, 0, (struct capnp_data){bytes, sizeof(bytes)});
    assert_false(capnp_call_send(&call, &exception));
    assert_int_equal(exception.type, CAPNP_EXCEPTION_INVALID_ARGUMENT);
    assert_int_equal(exception.detail, CAPNP_BUILDER_FULL);
    capnp_call_end(&call);
    assert_int_equal(fake.enter_count, 0);
    assert_int_equal(tsr_slots_free(tsr_self()), (1u << SLOTS) - 1);
}

static void a_refused_operation_names_its_status_and_argument(void **state)
{
    (void)state;
    assert_false(finish_with((struct cqe){.status = -STATUS_STALE_CAP, .detail = ARGUMENT_CAP}));
    assert_int_equal(exception.type, CAPNP_EXCEPTION_NONE);
    assert_int_equal(exception.status, STATUS_STALE_CAP);
    assert_int_equal(exception.detail, ARGUMENT_CAP);
    assert_string_equal(exception.reason, tsr_fact_text(STATUS_STALE_CAP));
}

static void a_truncated_answer_names_the_size_that_was_needed(void **state)
{
    (void)state;
    assert_false(finish_with(
        (struct cqe){.status = -STATUS_TRUNCATED, .flags = CQE_TRUNCATED, .extra = 5000}));
    assert_int_equal(exception.status, STATUS_TRUNCATED);
    assert_int_equal(exception.detail, 5000);
}

static void an_exception_of_the_kernel_names_the_fact(void **state)
{
    (void)state;
    assert_false(
        finish_with((struct cqe){.flags = EXCEPTION_DISCONNECTED, .detail = STATUS_REVOKED}));
    assert_int_equal(exception.type, CAPNP_EXCEPTION_DISCONNECTED);
    assert_int_equal(exception.status, STATUS_REVOKED);
    struct tsr_line line = {0};
    tsr_line_exception(&line, &exception);
    assert_string_equal(line.text, "disconnected (the capability was revoked)");
}

static void operate_exception(const struct sqe *entry)
{
    struct capnp_builder message;
    capnp_builder_init(&message, fake_result(entry), TSR_SLOT_SIZE);
    struct cap_exception_builder root = cap_exception_build(&message);
    cap_exception_set_type(root, CAP_EXCEPTION_TYPE_FAILED);
    cap_exception_set_reason(root, tsr_text_of("the paper ran out"));
    fake_complete(entry, (struct cqe){.status = (int32_t)capnp_builder_size(&message),
                                      .flags = EXCEPTION_FAILED});
}

static void an_exception_of_a_server_brings_its_reason(void **state)
{
    (void)state;
    struct capnp_call call;
    fake.operate = operate_exception;
    send_word(&call, 1);
    assert_false(capnp_call_finish(&call, &exception));
    capnp_call_end(&call);
    assert_int_equal(exception.type, CAPNP_EXCEPTION_FAILED);
    assert_int_equal(exception.status, 0);
    assert_string_equal(exception.reason, "the paper ran out");
}

static void an_exception_of_an_unknown_type_is_a_failure(void **state)
{
    (void)state;
    assert_false(finish_with((struct cqe){.flags = 9, .detail = 1000000}));
    assert_int_equal(exception.type, CAPNP_EXCEPTION_FAILED);
    assert_int_equal(exception.status, 0);
}

static void operate_caps(const struct sqe *entry)
{
    // A root with one capability, the second that came.
    struct capnp_builder message;
    struct received records[2] = {{111, 1}, {222, 2}};
    capnp_builder_init(&message, fake_result(entry), TSR_SLOT_SIZE);
    struct capnp_struct_builder root = capnp_builder_root(&message, 0, 2);
    capnp_set_cap(root, 0, (struct capnp_cap){1});
    capnp_set_cap(root, 1, (struct capnp_cap){1});
    uint32_t size = capnp_builder_size(&message);
    memcpy(fake_result(entry) + size, records, sizeof(records));
    fake_complete(entry,
                  (struct cqe){.status = (int32_t)size, .flags = CQE_TRANSFERS, .transfers = 2});
}

// Completes what is withdrawn.
static void operate_cancel(const struct sqe *entry)
{
    if (entry->opcode == OP_CANCEL) {
        fake_complete(&fake.taken[entry->arg], (struct cqe){.status = -STATUS_CANCELLED});
    }
}

static void capabilities_travel_beside_the_bytes_both_ways(void **state)
{
    (void)state;
    struct capnp_call call;
    assert_true(capnp_call_begin(&call, 1, 2, 0, CAPNP_MESSAGE_BYTES_MAX, &exception));
    struct capnp_struct_builder root = capnp_builder_root(&call.request, 0, 2);
    capnp_set_cap(root, 0, (struct capnp_cap){501});
    capnp_set_cap(root, 1, (struct capnp_cap){502});
    assert_true(capnp_call_send(&call, &exception));
    const struct sqe *entry = &fake.taken[0];
    tsr_enter(SYSTEM_CALL_ENTER, 0, 0);
    struct transfer sent[2];
    memcpy(sent, fake_payload(entry) + entry->payload_len, sizeof(sent));
    assert_int_equal(entry->transfers, 2);
    assert_int_equal(entry->payload_len, 24);
    assert_int_equal(sent[0].cap, 501);
    assert_int_equal(sent[1].cap, 502);
    assert_int_equal(sent[1].mode, TRANSFER_COPY);
    assert_int_equal(sent[1].reserved, 0);
    operate_caps(entry);
    assert_true(capnp_call_finish(&call, &exception));
    assert_int_equal(call.response.cap_count, 2);
    assert_int_equal(capnp_get_cap(capnp_message_root(&call.response), 0).id, 111);
    assert_int_equal(capnp_get_cap(capnp_message_root(&call.response), 1).id, 222);
    capnp_call_end(&call);
}

static void too_much_beside_a_full_message_is_refused(void **state)
{
    (void)state;
    struct capnp_call call;
    static uint8_t bytes[TSR_SLOT_SIZE - 32];
    assert_true(capnp_call_begin(&call, 1, 2, 0, CAPNP_MESSAGE_BYTES_MAX, &exception));
    struct capnp_struct_builder root = capnp_builder_root(&call.request, 0, 2);
    capnp_set_data(root, 0, (struct capnp_data){bytes, sizeof(bytes)});
    capnp_set_cap(root, 1, (struct capnp_cap){501});
    assert_false(capnp_call_send(&call, &exception));
    assert_int_equal(exception.status, STATUS_MESSAGE_TOO_LARGE);
    capnp_call_end(&call);
}

static void an_abandoned_answer_gives_slot_and_capabilities_back(void **state)
{
    (void)state;
    struct capnp_call call;
    send_word(&call, 1);
    tsr_enter(SYSTEM_CALL_ENTER, 0, 0);
    capnp_call_end(&call);
    assert_int_equal(tsr_slots_free(tsr_self()), ((1u << SLOTS) - 1) & ~1u);
    operate_caps(&fake.taken[0]);
    assert_true(tsr_thread_reap(tsr_self()));
    assert_int_equal(tsr_slots_free(tsr_self()), (1u << SLOTS) - 1);
    tsr_enter(SYSTEM_CALL_ENTER, 0, 0);
    assert_int_equal(fake.taken_count, 4);
    assert_int_equal(fake.taken[1].opcode, OP_CANCEL);
    assert_int_equal(fake.taken[1].arg, 0);
    assert_int_equal(fake.taken[2].opcode, OP_RELEASE);
    assert_int_equal(fake.taken[2].cap, 111);
    assert_int_equal(fake.taken[3].cap, 222);
}

static void a_completion_of_an_earlier_call_in_the_slot_is_ignored(void **state)
{
    (void)state;
    struct capnp_call call;
    fake.operate = operate_add;
    send_word(&call, 1);
    assert_true(capnp_call_finish(&call, &exception));
    capnp_call_end(&call);
    fake.operate = NULL;
    send_word(&call, 5);
    tsr_enter(SYSTEM_CALL_ENTER, 0, 0);
    fake_complete(&fake.taken[0], (struct cqe){.status = -STATUS_CANCELLED});
    ring_kernel_post(&fake.ring, &(struct cqe){.user_data = UINT32_MAX});
    operate_add(&fake.taken[1]);
    assert_true(capnp_call_finish(&call, &exception));
    assert_int_equal(word_of(&call.response), 6);
    capnp_call_end(&call);
}

static void an_answer_that_nobody_finished_gives_its_capabilities_back(void **state)
{
    (void)state;
    struct capnp_call call;
    fake.operate = operate_caps;
    send_word(&call, 1);
    assert_true(tsr_submit(&exception));
    assert_true(tsr_call_is_done(&call));
    capnp_call_end(&call);
    fake.operate = NULL;
    assert_true(tsr_submit(&exception));
    assert_int_equal(fake.taken_count, 3);
    assert_int_equal(fake.taken[1].opcode, OP_RELEASE);
    assert_int_equal(fake.taken[1].cap, 111);
    assert_int_equal(fake.taken[2].cap, 222);
    assert_int_equal(tsr_slots_free(tsr_self()), (1u << SLOTS) - 1);
}

static void a_call_may_have_a_time_limit_disclose_and_move(void **state)
{
    (void)state;
    struct capnp_call call;
    const struct tsr_call_options options = {.timeout_ns = 5000, .disclose = 3, .moves = 2};
    assert_true(capnp_call_begin(&call, 1, 2, 0, CAPNP_MESSAGE_BYTES_MAX, &exception));
    struct capnp_struct_builder root = capnp_builder_root(&call.request, 0, 2);
    capnp_set_cap(root, 0, (struct capnp_cap){501});
    capnp_set_cap(root, 1, (struct capnp_cap){502});
    assert_true(tsr_call_send(&call, &options, &exception));
    assert_true(tsr_submit(&exception));
    const struct sqe *entry = &fake.taken[0];
    struct transfer sent[2];
    memcpy(sent, fake_payload(entry) + entry->payload_len, sizeof(sent));
    assert_int_equal(entry->arg, 5000);
    assert_int_equal(entry->disclose, 3);
    assert_int_equal(sent[0].mode, TRANSFER_COPY);
    assert_int_equal(sent[1].mode, TRANSFER_MOVE);
    fake_complete(entry, (struct cqe){.status = -STATUS_TIMED_OUT});
    assert_false(capnp_call_finish(&call, &exception));
    assert_int_equal(exception.status, STATUS_TIMED_OUT);
    capnp_call_end(&call);
}

static void a_cancelled_call_names_its_place_in_the_queue_and_is_finished(void **state)
{
    (void)state;
    struct capnp_call calls[3];
    for (uint64_t i = 0; i < 3; i++) {
        send_word(&calls[i], i);
    }
    tsr_call_cancel(&calls[1]);
    assert_true(tsr_submit(&exception));
    assert_int_equal(fake.taken_count, 4);
    assert_int_equal(fake.taken[3].opcode, OP_CANCEL);
    assert_int_equal(fake.taken[3].arg, 1);
    assert_int_equal(fake.taken[3].flags, SQE_QUIET);
    fake_complete(&fake.taken[1], (struct cqe){.status = -STATUS_CANCELLED});
    operate_add(&fake.taken[0]);
    operate_add(&fake.taken[2]);
    assert_false(capnp_call_finish(&calls[1], &exception));
    assert_int_equal(exception.status, STATUS_CANCELLED);
    assert_true(tsr_call_is_done(&calls[2]));
    for (uint64_t i = 0; i < 3; i++) {
        assert_true(i == 1 || capnp_call_finish(&calls[i], &exception));
        capnp_call_end(&calls[i]);
    }
    // Too late: it has completed, and the kernel finds nothing to withdraw.
    fake.operate = operate_add;
    send_word(&calls[0], 1);
    assert_true(tsr_submit(&exception));
    fake.operate = NULL;
    tsr_call_cancel(&calls[0]);
    assert_true(tsr_submit(&exception));
    fake_complete(&fake.taken[fake.taken_count - 1], (struct cqe){.status = -STATUS_STALE_SQE});
    assert_true(capnp_call_finish(&calls[0], &exception));
    capnp_call_end(&calls[0]);
    assert_int_equal(tsr_slots_free(tsr_self()), (1u << SLOTS) - 1);
}

static void slots_of_ended_calls_come_back_with_the_next_call(void **state)
{
    (void)state;
    struct capnp_call calls[SLOTS];
    struct capnp_call another;
    for (uint64_t i = 0; i < SLOTS; i++) {
        send_word(&calls[i], i);
    }
    assert_true(tsr_submit(&exception));
    capnp_call_end(&calls[3]);
    fake.operate = operate_cancel;
    assert_true(capnp_call_begin(&another, 1, 2, 0, 8, &exception));
    assert_ptr_equal(another.request.bytes, calls[3].request.bytes);
}

static void the_kinds_of_received_capabilities_can_be_asked(void **state)
{
    (void)state;
    struct capnp_call call;
    fake.operate = operate_caps;
    send_word(&call, 1);
    assert_true(capnp_call_finish(&call, &exception));
    assert_int_equal(tsr_call_interface(&call, 111), 1);
    assert_int_equal(tsr_call_interface(&call, 222), 2);
    assert_int_equal(tsr_call_interface(&call, 333), 0);
    capnp_call_end(&call);
}

static void waiting_for_anything_returns_with_the_first(void **state)
{
    (void)state;
    struct capnp_call calls[2];
    send_word(&calls[0], 1);
    send_word(&calls[1], 2);
    assert_true(tsr_submit(&exception));
    assert_false(tsr_wait(TIMEOUT_NONE, &exception));
    assert_int_equal(exception.status, STATUS_NOTHING_PENDING);
    operate_add(&fake.taken[1]);
    assert_true(tsr_wait(TIMEOUT_NONE, &exception));
    assert_false(tsr_call_is_done(&calls[0]));
    assert_true(tsr_call_is_done(&calls[1]));
    capnp_call_end(&calls[1]);
    capnp_call_end(&calls[0]);
}

static void waiting_for_any_of_some_sees_what_came_before_and_passes_over_others(void **state)
{
    (void)state;
    struct capnp_call calls[3];
    for (uint64_t i = 0; i < 3; i++) {
        send_word(&calls[i], i);
    }
    const struct capnp_call *const some[] = {&calls[1], &calls[2]};
    assert_true(tsr_submit(&exception));
    operate_add(&fake.taken[0]);
    assert_false(tsr_wait_any(some, 2, &exception)); // the first is none of these
    assert_int_equal(exception.status, STATUS_NOTHING_PENDING);
    operate_add(&fake.taken[2]);
    assert_false(tsr_call_is_done(&calls[1])); // consumes it
    assert_true(tsr_wait_any(some, 2, &exception));
    assert_true(tsr_call_is_done(&calls[2]));
    for (uint64_t i = 0; i < 3; i++) {
        capnp_call_end(&calls[i]);
    }
}

static void waiting_ends_when_the_kernel_refuses_to_wait(void **state)
{
    (void)state;
    struct capnp_call call;
    send_word(&call, 1);
    assert_false(capnp_call_finish(&call, &exception));
    assert_int_equal(exception.type, CAPNP_EXCEPTION_NONE);
    assert_int_equal(exception.status, STATUS_NOTHING_PENDING);
    capnp_call_end(&call);
    assert_int_equal(tsr_self()->slots[0].state, SLOT_LINKED);
    assert_true(tsr_self()->slots[0].is_ended);
}

static void releases_go_out_quietly_and_in_order(void **state)
{
    (void)state;
    struct capnp_call call;
    for (uint64_t cap = 1; cap <= SQ_ENTRIES_DEFAULT; cap++) {
        tsr_release(cap);
    }
    tsr_release(0);
    assert_int_equal(fake.enter_count, 0);
    tsr_release(99);
    assert_int_equal(fake.enter_count, 1);
    send_word(&call, 1);
    tsr_enter(SYSTEM_CALL_ENTER, 0, 0);
    assert_int_equal(fake.taken_count, SQ_ENTRIES_DEFAULT + 2);
    assert_int_equal(fake.taken[0].flags, SQE_QUIET);
    assert_int_equal(fake.taken[SQ_ENTRIES_DEFAULT].cap, 99);
    assert_int_equal(fake.taken[SQ_ENTRIES_DEFAULT + 1].opcode, OP_CALL);
    capnp_call_end(&call);
}

static void no_capability_stays_because_the_log_has_no_room(void **state)
{
    (void)state;
    fake.full_count = 2;
    for (uint64_t cap = 1; cap <= SQ_ENTRIES_DEFAULT + 1; cap++) {
        tsr_release(cap);
    }
    tsr_enter(SYSTEM_CALL_ENTER, 0, 0);
    assert_int_equal(fake.taken_count, SQ_ENTRIES_DEFAULT + 1);
    assert_int_equal(fake.taken[SQ_ENTRIES_DEFAULT].cap, SQ_ENTRIES_DEFAULT + 1);
}

static void a_queue_that_the_kernel_does_not_take_from_refuses_calls(void **state)
{
    (void)state;
    struct capnp_call call;
    fake.enter_refusal = -STATUS_RING_CORRUPT;
    for (uint64_t cap = 1; cap <= SQ_ENTRIES_DEFAULT; cap++) {
        tsr_release(cap);
    }
    assert_true(capnp_call_begin(&call, 1, 2, 0, 8, &exception));
    capnp_builder_root(&call.request, 0, 0);
    assert_false(capnp_call_send(&call, &exception));
    assert_int_equal(exception.status, STATUS_RING_BUSY);
    capnp_call_end(&call);
    assert_int_equal(tsr_slots_free(tsr_self()), (1u << SLOTS) - 1);
}

// Begins a call of one word and runs it; its slot is given back.
static bool run_word(uint64_t value, uint64_t *answer)
{
    struct capnp_call call;
    assert_true(capnp_call_begin(&call, 0x500000001, 77, 3, 16, &exception));
    capnp_set_u64(capnp_builder_root(&call.request, 1, 0), 0, value, 0);
    bool is_answered = capnp_call_run(&call, &exception);
    *answer = is_answered ? word_of(&call.response) : 0;
    capnp_call_end(&call);
    return is_answered;
}

static void a_call_that_only_waits_is_one_entry(void **state)
{
    (void)state;
    uint64_t answer;
    fake.operate = operate_add;
    for (uint64_t i = 1; i <= 100; i++) {
        assert_true(run_word(i, &answer));
        assert_int_equal(answer, i + 1);
        assert_int_equal(fake.enter_count, i);
    }
    assert_int_equal(fake.taken[0].opcode, OP_CALL);
    assert_int_equal(fake.taken[0].method, 3);
    assert_int_equal(fake.taken[0].payload_len, 16);
    assert_int_equal(tsr_slots_free(tsr_self()), (1u << SLOTS) - 1);
}

static void answer_both(void)
{
    operate_add(&fake.taken[0]);
    operate_add(&fake.taken[1]);
}

static void a_call_that_only_waits_keeps_what_completes_before_it(void **state)
{
    (void)state;
    struct capnp_call earlier;
    uint64_t answer;
    fake.wait = answer_both;
    send_word(&earlier, 10);
    assert_true(run_word(20, &answer));
    assert_int_equal(answer, 21);
    assert_true(capnp_call_finish(&earlier, &exception));
    assert_int_equal(word_of(&earlier.response), 11);
    capnp_call_end(&earlier);
    assert_int_equal(fake.enter_count, 1);
    assert_int_equal(tsr_slots_free(tsr_self()), (1u << SLOTS) - 1);
}

static void a_call_that_only_waits_is_refused_like_any_other(void **state)
{
    (void)state;
    static const struct cqe refusals[] = {
        {.status = -STATUS_STALE_CAP, .detail = ARGUMENT_CAP},
        {.flags = EXCEPTION_FAILED, .detail = STATUS_REVOKED},
    };
    uint64_t answer;
    fake.operate = operate_next;
    next_completion = refusals[0];
    assert_false(run_word(1, &answer));
    assert_int_equal(exception.status, STATUS_STALE_CAP);
    next_completion = refusals[1];
    assert_false(run_word(1, &answer));
    assert_int_equal(exception.type, CAPNP_EXCEPTION_FAILED);
    fake.enter_refusal = -STATUS_RING_CORRUPT;
    assert_false(run_word(1, &answer));
    assert_int_equal(exception.status, STATUS_RING_CORRUPT);
    assert_int_equal(tsr_slots_free(tsr_self()), ((1u << SLOTS) - 1) & ~1u); // still submitted
}

static void a_call_that_only_waits_finds_room_in_a_full_queue(void **state)
{
    (void)state;
    uint64_t answer;
    for (uint64_t cap = 1; cap <= SQ_ENTRIES_DEFAULT; cap++) {
        tsr_release(cap);
    }
    fake.operate = NULL;
    assert_int_equal(fake.enter_count, 0);
    fake.wait = NULL;
    struct capnp_call call;
    assert_true(capnp_call_begin(&call, 1, 2, 0, 8, &exception));
    fake.enter_refusal = -STATUS_RING_CORRUPT;
    assert_false(capnp_call_run(&call, &exception));
    assert_int_equal(exception.status, STATUS_RING_BUSY);
    capnp_call_end(&call);
    fake.enter_refusal = 0;
    tsr_enter(SYSTEM_CALL_ENTER, 0, 0);
    fake.operate = operate_add;
    assert_true(run_word(6, &answer));
    assert_int_equal(answer, 7);
}

static void an_operation_that_is_ended_leaves_its_queue(void **state)
{
    (void)state;
    struct tsr_queue queue = {0};
    struct tsr_slot *slots[3];
    const struct sqe operation = {.opcode = OP_WAIT, .cap = 1, .arg = 1, .arg2 = TIMEOUT_NONE};
    fake.operate = operate_next;
    next_completion = (struct cqe){.extra = 1};
    for (uint32_t i = 0; i < 3; i++) {
        slots[i] = tsr_plain_take(tsr_self());
        assert_true(tsr_slot_submit(tsr_self(), slots[i], &operation, &queue));
    }
    assert_true(tsr_submit(&exception));
    tsr_slot_end(tsr_self(), slots[2]);
    tsr_slot_end(tsr_self(), slots[0]);
    assert_ptr_equal(tsr_queue_take(&queue), slots[1]);
    assert_null(tsr_queue_take(&queue));
    tsr_plain_free(tsr_self(), slots[1]);
    uint32_t free_count = 0;
    for (const struct tsr_slot *slot = tsr_self()->plain; slot != NULL; slot = slot->next) {
        free_count++;
    }
    assert_int_equal(free_count, TSR_SLOTS_MAX - SLOTS);
}

static void consecutive_slots_are_taken_out_of_the_free_ones(void **state)
{
    (void)state;
    struct tsr_slot *one = tsr_slot_take(tsr_self());
    assert_ptr_equal(one, &tsr_self()->slots[0]);
    struct tsr_slot *three = tsr_slots_take(tsr_self(), 3);
    assert_ptr_equal(three, &tsr_self()->slots[1]);
    assert_null(tsr_slots_take(tsr_self(), SLOTS - 3));
    assert_int_equal(tsr_slots_free(tsr_self()), ((1u << SLOTS) - 1) & ~15u);
    assert_ptr_equal(tsr_slots_take(tsr_self(), SLOTS - 4), &tsr_self()->slots[4]);
    assert_null(tsr_self()->free);
    assert_null(tsr_slots_take(tsr_self(), 1));
    tsr_slot_free(tsr_self(), three);
    tsr_slot_free(tsr_self(), one);
    assert_ptr_equal(tsr_slots_take(tsr_self(), 2), one);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_call_is_one_entry_and_its_answer_is_read_in_place, fake_set_up),
        cmocka_unit_test_setup(a_request_without_fields_has_no_payload, fake_set_up),
        cmocka_unit_test_setup(completions_in_any_order_find_their_calls, fake_set_up),
        cmocka_unit_test_setup(an_answer_that_is_there_already_is_taken_without_an_entry,
                               fake_set_up),
        cmocka_unit_test_setup(when_every_slot_is_taken_a_call_cannot_begin, fake_set_up),
        cmocka_unit_test_setup(a_request_larger_than_a_slot_is_refused, fake_set_up),
        cmocka_unit_test_setup(a_refused_operation_names_its_status_and_argument, fake_set_up),
        cmocka_unit_test_setup(a_truncated_answer_names_the_size_that_was_needed, fake_set_up),
        cmocka_unit_test_setup(an_exception_of_the_kernel_names_the_fact, fake_set_up),
        cmocka_unit_test_setup(an_exception_of_a_server_brings_its_reason, fake_set_up),
        cmocka_unit_test_setup(an_exception_of_an_unknown_type_is_a_failure, fake_set_up),
        cmocka_unit_test_setup(capabilities_travel_beside_the_bytes_both_ways, fake_set_up),
        cmocka_unit_test_setup(too_much_beside_a_full_message_is_refused, fake_set_up),
        cmocka_unit_test_setup(an_abandoned_answer_gives_slot_and_capabilities_back, fake_set_up),
        cmocka_unit_test_setup(a_completion_of_an_earlier_call_in_the_slot_is_ignored, fake_set_up),
        cmocka_unit_test_setup(an_answer_that_nobody_finished_gives_its_capabilities_back,
                               fake_set_up),
        cmocka_unit_test_setup(a_call_may_have_a_time_limit_disclose_and_move, fake_set_up),
        cmocka_unit_test_setup(a_cancelled_call_names_its_place_in_the_queue_and_is_finished,
                               fake_set_up),
        cmocka_unit_test_setup(slots_of_ended_calls_come_back_with_the_next_call, fake_set_up),
        cmocka_unit_test_setup(the_kinds_of_received_capabilities_can_be_asked, fake_set_up),
        cmocka_unit_test_setup(waiting_for_anything_returns_with_the_first, fake_set_up),
        cmocka_unit_test_setup(waiting_ends_when_the_kernel_refuses_to_wait, fake_set_up),
        cmocka_unit_test_setup(waiting_for_any_of_some_sees_what_came_before_and_passes_over_others,
                               fake_set_up),
        cmocka_unit_test_setup(releases_go_out_quietly_and_in_order, fake_set_up),
        cmocka_unit_test_setup(a_call_that_only_waits_is_one_entry, fake_set_up),
        cmocka_unit_test_setup(a_call_that_only_waits_keeps_what_completes_before_it, fake_set_up),
        cmocka_unit_test_setup(a_call_that_only_waits_is_refused_like_any_other, fake_set_up),
        cmocka_unit_test_setup(a_call_that_only_waits_finds_room_in_a_full_queue, fake_set_up),
        cmocka_unit_test_setup(an_operation_that_is_ended_leaves_its_queue, fake_set_up),
        cmocka_unit_test_setup(consecutive_slots_are_taken_out_of_the_free_ones, fake_set_up),
        cmocka_unit_test_setup(no_capability_stays_because_the_log_has_no_room, fake_set_up),
        cmocka_unit_test_setup(a_queue_that_the_kernel_does_not_take_from_refuses_calls,
                               fake_set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
