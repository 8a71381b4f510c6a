// SPDX-License-Identifier: Apache-2.0
//
// Serving, against a kernel of the test that plays the clients: it delivers calls from a list, one
// for each RECV, and looks at the RETURNs.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/test/fake_kernel.h"
#include "schema/exception.capnp.h"
#include "schema/ping.capnp.h"

enum { SLOTS = RING_MESSAGE_PAGES_DEFAULT * PAGE_SIZE / TSR_SLOT_SIZE, SERVER = 0x900000003 };

struct arrival {
    uint64_t interface;
    uint16_t method;
    uint16_t kind;
    uint64_t word; // the request; UINT64_MAX: one that does not decode
};

static struct {
    const struct arrival *arrivals;
    uint32_t arrival_count;
    uint32_t next;
    uint64_t message_max;
    int32_t receive_status; // what RECV ends with once nothing is left to deliver
    uint64_t transfers;     // what comes with each call
    uint32_t enters_at_stop;
} world;

static struct capnp_exception exception;

static struct {
    uint64_t seen[16];
    uint32_t count;
    uint64_t cap; // that came along
    bool is_over;
    bool makes_call;
} service;

static void operate_receive(const struct sqe *entry)
{
    uint64_t needed = sizeof(struct message_header) + world.message_max;
    if (entry->result_len < needed) {
        fake_complete(entry, (struct cqe){.status = -STATUS_BUFFER_TOO_SMALL, .extra = needed});
        return;
    }
    if (world.next == world.arrival_count) {
        fake_complete(entry, (struct cqe){.status = world.receive_status});
        return;
    }
    const struct arrival *arrival = &world.arrivals[world.next++];
    uint8_t message[64] = {0xff, 0xff, 0xff, 0xff};
    uint32_t size = 8;
    if (arrival->word != UINT64_MAX) {
        struct capnp_builder builder;
        capnp_builder_init(&builder, message, sizeof(message));
        ping_echo_params_set_sequence(ping_echo_params_build(&builder), arrival->word);
        size = capnp_builder_size(&builder);
    }
    struct message_header header = {.call_id = 1000 + world.next,
                                    .interface = arrival->interface,
                                    .method = arrival->method,
                                    .kind = arrival->kind,
                                    .size = size};
    struct received record = {.cap = world.transfers};
    uint8_t *at = fake_result(entry);
    memcpy(at, &header, sizeof(header));
    memcpy(at + sizeof(header), message, size);
    memcpy(at + sizeof(header) + size, &record, sizeof(record));
    fake_complete(entry, (struct cqe){.status = (int32_t)(sizeof(header) + size),
                                      .transfers = world.transfers != 0,
                                      .extra = header.call_id});
}

static void operate(const struct sqe *entry)
{
    if (entry->opcode == OP_RECV) {
        assert_int_equal(entry->cap, SERVER);
        operate_receive(entry);
    } else if (entry->opcode == OP_RETURN) {
        fake_return(entry);
    } else if (entry->opcode == OP_CALL) {
        fake_complete(entry, (struct cqe){.status = 0});
    }
}

static int set_up(void **state)
{
    memset(&world, 0, sizeof(world));
    memset(&service, 0, sizeof(service));
    world.message_max = 256;
    world.receive_status = -STATUS_CANCELLED;
    int failed = fake_set_up(state);
    fake.operate = operate;
    return failed;
}

static bool serve_echo(void *self, struct ping_echo_params_reader params,
                       struct ping_echo_results_builder results, struct capnp_exception *why)
{
    (void)self;
    uint64_t word = ping_echo_params_get_sequence(params);
    service.seen[service.count++] = word;
    if (service.makes_call) {
        struct ping other = {7};
        assert_true(ping_reset(other, why));
    }
    ping_echo_results_set_sequence(results, word);
    return true;
}

static bool serve_reset(void *self, struct ping_reset_params_reader params,
                        struct ping_reset_results_builder results, struct capnp_exception *why)
{
    (void)self;
    (void)params;
    (void)results;
    capnp_exception_set(why, CAPNP_EXCEPTION_OVERLOADED, 0, "too much to forget");
    return false;
}

static bool dispatch(void *self, uint16_t method, struct capnp_message *request,
                     struct capnp_builder *response, struct capnp_exception *why)
{
    static const struct ping_server methods = {.echo = serve_echo, .reset = serve_reset};
    service.cap = request->cap_count == 1 ? request->caps[0] : 0;
    return ping_dispatch(&methods, self, method, request, response, why);
}

static bool serve(const struct arrival *arrivals, uint32_t count, void *memory, uint32_t size)
{
    world.arrivals = arrivals;
    world.arrival_count = count;
    struct tsr_serve_options options = {.interface = PING_INTERFACE_ID,
                                        .dispatch = dispatch,
                                        .stop = &service.is_over,
                                        .memory = memory,
                                        .memory_size = size};
    return tsr_serve(SERVER, &options, &exception);
}

static void an_answer_and_the_next_receive_cost_one_entry(void **state)
{
    (void)state;
    static const struct arrival arrivals[] = {
        {PING_INTERFACE_ID, PING_ECHO, MESSAGE_CALL, 5},
        {PING_INTERFACE_ID, PING_ECHO, MESSAGE_CALL, 6},
        {PING_INTERFACE_ID, PING_ECHO, MESSAGE_CALL, 7},
    };
    assert_false(serve(arrivals, 3, NULL, 0));
    assert_int_equal(exception.type, CAPNP_EXCEPTION_NONE);
    assert_int_equal(exception.status, STATUS_CANCELLED);
    assert_int_equal(fake.return_count, 3);
    // The first RECV, three answers each with a RECV, and one more when serving ends.
    assert_int_equal(fake.enter_count, 5);
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(fake.words[i], 5 + i);
        assert_int_equal(fake.returns[i].arg, 1001 + i);
        assert_int_equal(fake.returns[i].flags, SQE_RING_PAYLOAD | SQE_QUIET);
        assert_int_equal(fake.returns[i].cap, 0);
        assert_int_equal(fake.returns[i].method, 0);
    }
    assert_int_equal(tsr_slots_free(tsr_self()), (1u << SLOTS) - 1);
}

static void calls_that_cannot_be_served_get_exceptions(void **state)
{
    (void)state;
    static const struct arrival arrivals[] = {
        {1234, PING_ECHO, MESSAGE_CALL, 1},
        {PING_INTERFACE_ID, PING_RESET, MESSAGE_CALL, 1},
        {PING_INTERFACE_ID, PING_GREET, MESSAGE_CALL, 1}, // not in the table
        {PING_INTERFACE_ID, 60, MESSAGE_CALL, 1},
        {PING_INTERFACE_ID, PING_ECHO, MESSAGE_CALL, UINT64_MAX},
        {PING_INTERFACE_ID, PING_ECHO, MESSAGE_CALL, 9},
    };
    static const uint16_t types[] = {EXCEPTION_UNIMPLEMENTED,    EXCEPTION_OVERLOADED,
                                     EXCEPTION_UNIMPLEMENTED,    EXCEPTION_UNIMPLEMENTED,
                                     EXCEPTION_INVALID_ARGUMENT, 0};
    assert_false(serve(arrivals, 6, NULL, 0));
    assert_int_equal(fake.return_count, 6);
    for (uint32_t i = 0; i < 6; i++) {
        assert_int_equal(fake.returns[i].method, types[i]);
        assert_int_equal((fake.returns[i].flags & SQE_RETURN_EXCEPTION) != 0, types[i] != 0);
    }
    assert_string_equal(fake.reasons[0], "this server does not serve that interface");
    assert_string_equal(fake.reasons[1], "too much to forget");
    assert_int_equal(service.count, 1);
    assert_int_equal(fake.words[5], 9);
}

static void messages_that_are_no_calls_are_not_answered(void **state)
{
    (void)state;
    static const struct arrival arrivals[] = {
        {PING_INTERFACE_ID, PING_ECHO, MESSAGE_DROPPED, 1},
        {PING_INTERFACE_ID, PING_ECHO, MESSAGE_CALL, 2},
    };
    assert_false(serve(arrivals, 2, NULL, 0));
    assert_int_equal(fake.return_count, 1);
    assert_int_equal(fake.words[0], 2);
}

static bool serve_last(void *self, uint16_t method, struct capnp_message *request,
                       struct capnp_builder *response, struct capnp_exception *why)
{
    bool is_answered = dispatch(self, method, request, response, why);
    service.is_over = service.count == 2;
    world.enters_at_stop = fake.enter_count;
    return is_answered;
}

static void a_stopped_server_has_sent_its_last_answer(void **state)
{
    (void)state;
    static const struct arrival arrivals[] = {
        {PING_INTERFACE_ID, PING_ECHO, MESSAGE_CALL, 1},
        {PING_INTERFACE_ID, PING_ECHO, MESSAGE_CALL, 2},
        {PING_INTERFACE_ID, PING_ECHO, MESSAGE_CALL, 3},
    };
    world.arrivals = arrivals;
    world.arrival_count = 3;
    struct tsr_serve_options options = {
        .interface = PING_INTERFACE_ID, .dispatch = serve_last, .stop = &service.is_over};
    assert_true(tsr_serve(SERVER, &options, &exception));
    assert_int_equal(fake.return_count, 2);
    assert_int_equal(world.next, 2);
    assert_int_equal(fake.enter_count, world.enters_at_stop + 1);
    assert_int_equal(tsr_slots_free(tsr_self()), (1u << SLOTS) - 1);
}

static bool serve_last_and_fill(void *self, uint16_t method, struct capnp_message *request,
                                struct capnp_builder *response, struct capnp_exception *why)
{
    bool is_answered = serve_last(self, method, request, response, why);
    fake.full_count = service.is_over ? 3 : 0;
    return is_answered;
}

// Its slot is free then, and may be written to.
static void a_last_answer_that_waits_for_the_log_has_gone_out_as_well(void **state)
{
    (void)state;
    static const struct arrival arrivals[] = {
        {PING_INTERFACE_ID, PING_ECHO, MESSAGE_CALL, 1},
        {PING_INTERFACE_ID, PING_ECHO, MESSAGE_CALL, 2},
    };
    world.arrivals = arrivals;
    world.arrival_count = 2;
    struct tsr_serve_options options = {
        .interface = PING_INTERFACE_ID, .dispatch = serve_last_and_fill, .stop = &service.is_over};
    assert_true(tsr_serve(SERVER, &options, &exception));
    assert_int_equal(fake.return_count, 2);
}

// The answer that was refused, and the exception instead of it, are built in one slot.
static bool serve_and_fill(void *self, uint16_t method, struct capnp_message *request,
                           struct capnp_builder *response, struct capnp_exception *why)
{
    bool is_answered = dispatch(self, method, request, response, why);
    fake.return_refusal = service.count == 1 ? -STATUS_OUT_OF_HOLDS : 0;
    return is_answered;
}

static void operate_and_fill(const struct sqe *entry)
{
    operate(entry);
    if (entry->opcode == OP_RECV && world.next == 2) {
        fake.full_count = 2;
    }
}

static void an_exception_that_waits_for_the_log_keeps_its_words(void **state)
{
    (void)state;
    static const struct arrival arrivals[] = {
        {PING_INTERFACE_ID, PING_ECHO, MESSAGE_CALL, 1},
        {PING_INTERFACE_ID, PING_ECHO, MESSAGE_CALL, 2},
    };
    world.arrivals = arrivals;
    world.arrival_count = 2;
    fake.operate = operate_and_fill;
    struct tsr_serve_options options = {.interface = PING_INTERFACE_ID, .dispatch = serve_and_fill};
    assert_false(tsr_serve(SERVER, &options, &exception));
    assert_int_equal(fake.return_count, 3);
    assert_string_equal(fake.reasons[1], tsr_fact_text(STATUS_OUT_OF_HOLDS));
    assert_int_equal(fake.words[2], 2);
}

static void a_larger_endpoint_gets_consecutive_slots(void **state)
{
    (void)state;
    static const struct arrival arrivals[] = {
        {PING_INTERFACE_ID, PING_ECHO, MESSAGE_CALL, 1},
        {PING_INTERFACE_ID, PING_ECHO, MESSAGE_CALL, 2},
    };
    world.message_max = 4096;
    service.makes_call = true;
    assert_false(serve(arrivals, 2, NULL, 0));
    assert_int_equal(exception.status, STATUS_CANCELLED);
    assert_int_equal(fake.return_count, 2);
    assert_int_equal(fake.words[1], 2);
    const struct sqe *receive = &fake.taken[1];
    assert_int_equal(receive->opcode, OP_RECV);
    assert_int_equal(receive->flags, SQE_RING_RESULT);
    assert_int_equal(receive->result_len, 5 * TSR_SLOT_SIZE);
    assert_int_equal(tsr_slots_free(tsr_self()), (1u << SLOTS) - 1);
}

static void the_largest_endpoint_needs_memory_of_the_program(void **state)
{
    (void)state;
    static const struct arrival arrivals[] = {
        {PING_INTERFACE_ID, PING_ECHO, MESSAGE_CALL, 8},
    };
    static _Alignas(8) uint8_t memory[sizeof(struct message_header) + MESSAGE_SIZE_MAX];
    world.message_max = MESSAGE_SIZE_MAX;
    assert_false(serve(arrivals, 1, NULL, 0));
    assert_int_equal(exception.status, STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(fake.return_count, 0);
    assert_int_equal(tsr_slots_free(tsr_self()), (1u << SLOTS) - 1);
    assert_false(serve(arrivals, 1, memory, sizeof(memory)));
    assert_int_equal(exception.status, STATUS_CANCELLED);
    assert_int_equal(fake.return_count, 1);
    assert_int_equal(fake.words[0], 8);
    assert_int_equal(tsr_slots_free(tsr_self()), (1u << SLOTS) - 1);
}

static void a_refused_answer_becomes_an_exception_once(void **state)
{
    (void)state;
    static const struct arrival arrivals[] = {
        {PING_INTERFACE_ID, PING_ECHO, MESSAGE_CALL, 1},
        {PING_INTERFACE_ID, PING_ECHO, MESSAGE_CALL, 2},
    };
    fake.return_refusal = -STATUS_TRANSFER_REFUSED;
    assert_false(serve(arrivals, 2, NULL, 0));
    assert_int_equal(exception.status, STATUS_CANCELLED);
    assert_int_equal(fake.return_count, 3);
    assert_int_equal(fake.returns[1].method, EXCEPTION_FAILED);
    assert_int_equal(fake.returns[1].arg, 1001);
    assert_string_equal(fake.reasons[1], tsr_fact_text(STATUS_TRANSFER_REFUSED));
    assert_int_equal(fake.returns[2].arg, 1002);
    assert_int_equal(fake.words[2], 2);
}

static void a_lost_caller_is_not_answered_again(void **state)
{
    (void)state;
    static const struct arrival arrivals[] = {
        {PING_INTERFACE_ID, PING_ECHO, MESSAGE_CALL, 1},
        {PING_INTERFACE_ID, PING_ECHO, MESSAGE_CALL, 2},
    };
    fake.return_refusal = -STATUS_CALLER_LOST;
    assert_false(serve(arrivals, 2, NULL, 0));
    assert_int_equal(fake.return_count, 2);
    assert_int_equal(fake.returns[1].arg, 1002);
}

static void capabilities_of_a_request_reach_the_handler(void **state)
{
    (void)state;
    static const struct arrival arrivals[] = {
        {PING_INTERFACE_ID, PING_ECHO, MESSAGE_CALL, 1},
    };
    world.transfers = 0x700000009;
    assert_false(serve(arrivals, 1, NULL, 0));
    assert_int_equal(service.cap, 0x700000009);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(an_answer_and_the_next_receive_cost_one_entry, set_up),
        cmocka_unit_test_setup(calls_that_cannot_be_served_get_exceptions, set_up),
        cmocka_unit_test_setup(messages_that_are_no_calls_are_not_answered, set_up),
        cmocka_unit_test_setup(a_stopped_server_has_sent_its_last_answer, set_up),
        cmocka_unit_test_setup(a_last_answer_that_waits_for_the_log_has_gone_out_as_well, set_up),
        cmocka_unit_test_setup(an_exception_that_waits_for_the_log_keeps_its_words, set_up),
        cmocka_unit_test_setup(a_larger_endpoint_gets_consecutive_slots, set_up),
        cmocka_unit_test_setup(the_largest_endpoint_needs_memory_of_the_program, set_up),
        cmocka_unit_test_setup(a_refused_answer_becomes_an_exception_once, set_up),
        cmocka_unit_test_setup(a_lost_caller_is_not_answered_again, set_up),
        cmocka_unit_test_setup(capabilities_of_a_request_reach_the_handler, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
