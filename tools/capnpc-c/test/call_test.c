// SPDX-License-Identifier: Apache-2.0
//
// Generated clients and servers of test.capnp, joined by a carrier that is two buffers: send calls
// ping_dispatch at once. Capabilities keep their ids on the way.

#include "tools/capnpc-c/test/other.capnp.h"
#include "tools/capnpc-c/test/test.capnp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

// What the carrier is to do, and what it saw.
static struct {
    const struct ping_server *server;
    uint32_t response_capacity;
    bool damages_request; // bytes that are no message arrive at the server
    bool damages_response;
    bool is_disconnected;
    uint32_t open_calls;
    uint64_t target;
    uint64_t interface;
    uint16_t method;
    uint32_t request_bytes;
    uint32_t request_size;
} carrier;

static uint64_t request_buffer[8192];
static uint64_t response_buffer[8192];
static struct capnp_builder response_builder;
static struct capnp_exception sent_exception;
static bool was_answered;

bool capnp_call_begin(struct capnp_call *call, uint64_t target, uint64_t interface, uint16_t method,
                      uint32_t request_bytes, struct capnp_exception *exception)
{
    if (carrier.is_disconnected) {
        capnp_exception_set(exception, CAPNP_EXCEPTION_DISCONNECTED, 0, "no such server");
        return false;
    }
    call->target = carrier.target = target;
    call->interface = carrier.interface = interface;
    call->method = carrier.method = method;
    carrier.request_bytes = request_bytes;
    carrier.open_calls++;
    memset(request_buffer, 0xaa, sizeof(request_buffer));
    capnp_builder_init(&call->request, request_buffer,
                       request_bytes < sizeof(request_buffer) ? request_bytes
                                                              : sizeof(request_buffer));
    return true;
}

bool capnp_call_send(struct capnp_call *call, struct capnp_exception *exception)
{
    if (capnp_call_refuse_request(call, exception)) {
        return false;
    }
    struct capnp_message request;
    carrier.request_size = capnp_builder_size(&call->request);
    if (carrier.damages_request) {
        request_buffer[0] = UINT64_MAX;
    }
    capnp_message_init(&request, request_buffer, carrier.request_size, call->request.caps,
                       call->request.cap_count);
    capnp_builder_init(&response_builder, response_buffer, carrier.response_capacity);
    int self = 5;
    was_answered = ping_dispatch(carrier.server, &self, call->method, &request, &response_builder,
                                 &sent_exception);
    return true;
}

bool capnp_call_finish(struct capnp_call *call, struct capnp_exception *exception)
{
    if (!was_answered) {
        *exception = sent_exception;
        return false;
    }
    if (carrier.damages_response) {
        response_buffer[0] = UINT64_MAX;
    }
    capnp_message_init(&call->response, response_buffer, capnp_builder_size(&response_builder),
                       response_builder.caps, response_builder.cap_count);
    return true;
}

bool capnp_call_run(struct capnp_call *call, struct capnp_exception *exception)
{
    return capnp_call_send(call, exception) && capnp_call_finish(call, exception);
}

void capnp_call_end(struct capnp_call *call)
{
    (void)call;
    carrier.open_calls--;
}

// ---- the server ----

static bool serve_echo(void *self, struct ping_echo_params_reader params,
                       struct ping_echo_results_builder results, struct capnp_exception *exception)
{
    (void)exception;
    assert_int_equal(*(int *)self, 5);
    ping_echo_results_set_value(results, ping_echo_params_get_value(params));
    ping_echo_results_set_length(results, ping_echo_params_get_text(params).size);
    return true;
}

static bool serve_now(void *self, struct ping_now_params_reader params,
                      struct ping_now_results_builder results, struct capnp_exception *exception)
{
    (void)self;
    (void)params;
    (void)results;
    capnp_exception_set(exception, CAPNP_EXCEPTION_OVERLOADED, 3, "the clock is busy");
    return false;
}

static bool serve_shape(void *self, struct shape_reader params, struct lists_builder results,
                        struct capnp_exception *exception)
{
    (void)self;
    (void)exception;
    struct capnp_list_builder texts = lists_init_texts(results, 2);
    capnp_list_set_text(texts, 0, shape_get_name(params));
    capnp_list_set_text(texts, 1, shape_get_label(params));
    return true;
}

static bool serve_hand(void *self, struct ping_hand_params_reader params,
                       struct ping_hand_results_builder results, struct capnp_exception *exception)
{
    (void)self;
    (void)exception;
    struct ping ping = ping_hand_params_get_ping(params);
    struct capnp_cap any = ping_hand_params_get_any(params);
    ping_hand_results_set_ping(results, (struct ping){any.id});
    ping_hand_results_set_any(results, (struct capnp_cap){ping.id});
    return true;
}

static bool serve_default(void *self, struct ping_default_params_reader params,
                          struct ping_default_results_builder results,
                          struct capnp_exception *exception)
{
    (void)self;
    (void)results;
    (void)exception;
    assert_int_equal(ping_default_params_get_target(params), 200);
    assert_int_equal(ping_default_params_get_data(params).size, 4);
    assert_int_equal(ping_default_params_get_color(params), COLOR_BLUE);
    assert_true(ping_default_params_get_struct(params));
    return true;
}

static bool serve_big(void *self, struct ping_big_params_reader params,
                      struct ping_big_results_builder results, struct capnp_exception *exception)
{
    (void)self;
    (void)exception;
    struct point_reader_list items = ping_big_params_get_items(params);
    struct point_builder_list copy = ping_big_results_init_copy(results, items.l.count);
    for (uint32_t i = 0; i < items.l.count; i++) {
        point_set_x(point_builder_at(copy, i), point_get_x(point_reader_at(items, i)));
    }
    return true;
}

static const struct ping_server server = {
    .echo = serve_echo,
    .now = serve_now,
    .shape = serve_shape,
    .hand = serve_hand,
    .default_ = serve_default,
    .big = serve_big,
};

static const struct ping target = {0x1234};
static struct capnp_exception exception;

static int start(void **state)
{
    (void)state;
    memset(&carrier, 0, sizeof(carrier));
    memset(&exception, 0, sizeof(exception));
    carrier.server = &server;
    carrier.response_capacity = sizeof(response_buffer);
    return 0;
}

// Every call that was begun was ended.
static int finish(void **state)
{
    (void)state;
    return carrier.open_calls == 0 ? 0 : 1;
}

static const struct capnp_text hello = {"hello", 5};

static void one_shot_call_answers(void **state)
{
    (void)state;
    uint64_t value = 0;
    uint32_t length = 0;
    assert_true(ping_echo(target, 99, hello, &value, &length, &exception));
    assert_int_equal(value, 99);
    assert_int_equal(length, 5);
    assert_int_equal(exception.type, CAPNP_EXCEPTION_NONE);
    assert_int_equal(carrier.target, 0x1234);
    assert_true(carrier.interface == PING_INTERFACE_ID);
    assert_int_equal(carrier.method, PING_ECHO);
}

static void one_shot_request_asks_for_exactly_what_it_needs(void **state)
{
    (void)state;
    uint64_t value = 0;
    uint32_t length = 0;
    char text[32] = "";
    for (uint32_t size = 0; size < sizeof(text); size++) {
        struct capnp_text param = {text, size};
        assert_true(ping_echo(target, 1, param, &value, &length, &exception));
        assert_int_equal(carrier.request_bytes, carrier.request_size);
        assert_int_equal(length, size);
    }
    assert_true(ping_default(target, 200, MAGIC, COLOR_BLUE, true, &exception));
    assert_int_equal(carrier.request_bytes, carrier.request_size);
}

static void request_that_is_too_long_is_invalid_argument(void **state)
{
    (void)state;
    static char text[70000];
    uint64_t value = 0;
    uint32_t length = 0;
    struct capnp_text param = {text, sizeof(text)};
    assert_false(ping_echo(target, 1, param, &value, &length, &exception));
    assert_int_equal(exception.type, CAPNP_EXCEPTION_INVALID_ARGUMENT);
    assert_int_equal(exception.detail, CAPNP_BUILDER_FULL);
}

static void capabilities_travel_both_ways(void **state)
{
    (void)state;
    struct ping ping = {0};
    struct capnp_cap any = {0};
    assert_true(
        ping_hand(target, (struct ping){7}, (struct capnp_cap){8}, &ping, &any, &exception));
    assert_int_equal(ping.id, 8);
    assert_int_equal(any.id, 7);
    assert_true(
        ping_hand(target, (struct ping){0}, (struct capnp_cap){8}, &ping, &any, &exception));
    assert_int_equal(ping.id, 8);
    assert_int_equal(any.id, 0);
}

static void handlers_exception_reaches_the_caller(void **state)
{
    (void)state;
    uint64_t time = 0;
    assert_false(ping_now(target, &time, &exception));
    assert_int_equal(exception.type, CAPNP_EXCEPTION_OVERLOADED);
    assert_int_equal(exception.detail, 3);
    assert_string_equal(exception.reason, "the clock is busy");
}

static void missing_and_unknown_methods_are_unimplemented(void **state)
{
    (void)state;
    assert_false(ping_silent(target, &exception));
    assert_int_equal(exception.type, CAPNP_EXCEPTION_UNIMPLEMENTED);
    struct capnp_message request;
    struct capnp_builder response;
    capnp_message_init(&request, NULL, 0, NULL, 0);
    capnp_builder_init(&response, response_buffer, sizeof(response_buffer));
    memset(&exception, 0, sizeof(exception));
    assert_false(ping_dispatch(&server, NULL, PING_METHOD_COUNT, &request, &response, &exception));
    assert_int_equal(exception.type, CAPNP_EXCEPTION_UNIMPLEMENTED);
    assert_int_equal(exception.detail, PING_METHOD_COUNT);
    assert_false(ping_dispatch(&server, NULL, UINT16_MAX, &request, &response, &exception));
}

static void malformed_request_is_invalid_argument(void **state)
{
    (void)state;
    uint64_t value = 0;
    uint32_t length = 0;
    carrier.damages_request = true;
    assert_false(ping_echo(target, 99, hello, &value, &length, &exception));
    assert_int_equal(exception.type, CAPNP_EXCEPTION_INVALID_ARGUMENT);
}

static void field_found_malformed_by_the_handler_is_invalid_argument(void **state)
{
    (void)state;
    // {value, text -> far pointer}
    static const uint64_t bytes[] = {UINT64_C(0x0001000100000000), 1, 2};
    struct capnp_message request;
    struct capnp_builder response;
    int self = 5;
    capnp_message_init(&request, bytes, sizeof(bytes), NULL, 0);
    capnp_builder_init(&response, response_buffer, sizeof(response_buffer));
    assert_false(ping_dispatch(&server, &self, PING_ECHO, &request, &response, &exception));
    assert_int_equal(exception.type, CAPNP_EXCEPTION_INVALID_ARGUMENT);
    assert_int_equal(exception.detail, CAPNP_POINTER_FAR);
}

static void response_that_does_not_fit_is_failed(void **state)
{
    (void)state;
    uint64_t value = 0;
    uint32_t length = 0;
    carrier.response_capacity = 16;
    assert_false(ping_echo(target, 99, hello, &value, &length, &exception));
    assert_int_equal(exception.type, CAPNP_EXCEPTION_FAILED);
    assert_int_equal(exception.detail, CAPNP_BUILDER_FULL);
}

static void malformed_response_is_failed(void **state)
{
    (void)state;
    uint64_t value = 0;
    uint32_t length = 0;
    carrier.damages_response = true;
    assert_false(ping_echo(target, 99, hello, &value, &length, &exception));
    assert_int_equal(exception.type, CAPNP_EXCEPTION_FAILED);
    assert_int_equal(exception.detail, CAPNP_POINTER_OTHER_KIND);
}

static void call_that_cannot_begin_is_not_ended(void **state)
{
    (void)state;
    uint64_t time = 0;
    carrier.is_disconnected = true;
    assert_false(ping_now(target, &time, &exception));
    assert_int_equal(exception.type, CAPNP_EXCEPTION_DISCONNECTED);
    assert_string_equal(exception.reason, "no such server");
}

static void begun_call_takes_structs_and_answers_lists(void **state)
{
    (void)state;
    struct capnp_call call;
    struct shape_builder params;
    struct lists_reader results;
    assert_true(ping_shape_begin(target, &call, &params, &exception));
    shape_set_name(params, hello);
    shape_set_label(params, (struct capnp_text){"world", 5});
    assert_true(capnp_call_send(&call, &exception));
    assert_true(ping_shape_finish(&call, &results, &exception));
    assert_string_equal(capnp_list_get_text(lists_get_texts(results), 0).data, "hello");
    assert_string_equal(capnp_list_get_text(lists_get_texts(results), 1).data, "world");
    assert_false(capnp_call_refuse_response(&call, &exception));
    capnp_call_end(&call);
}

static void lists_of_structs_travel(void **state)
{
    (void)state;
    struct capnp_call call;
    struct ping_big_params_builder params;
    struct ping_big_results_reader results;
    assert_true(ping_big_begin(target, &call, &params, &exception));
    struct point_builder_list items = ping_big_params_init_items(params, 100);
    for (int i = 0; i < 100; i++) {
        point_set_x(point_builder_at(items, (uint32_t)i), i - 50);
    }
    assert_true(capnp_call_send(&call, &exception));
    assert_true(ping_big_finish(&call, &results, &exception));
    for (int i = 0; i < 100; i++) {
        struct point_reader item = point_reader_at(ping_big_results_get_copy(results), (uint32_t)i);
        assert_int_equal(point_get_x(item), i - 50);
    }
    capnp_call_end(&call);
}

static void long_reason_is_cut_and_terminated(void **state)
{
    (void)state;
    char reason[200];
    memset(reason, 'x', sizeof(reason));
    reason[199] = 0;
    capnp_exception_set(&exception, CAPNP_EXCEPTION_FAILED, 1, reason);
    assert_int_equal(strlen(exception.reason), sizeof(exception.reason) - 1);
    capnp_exception_set(&exception, CAPNP_EXCEPTION_FAILED, 1, NULL);
    assert_string_equal(exception.reason, "");
}

#define CALL_TEST(name) cmocka_unit_test_setup_teardown(name, start, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CALL_TEST(one_shot_call_answers),
        CALL_TEST(one_shot_request_asks_for_exactly_what_it_needs),
        CALL_TEST(request_that_is_too_long_is_invalid_argument),
        CALL_TEST(capabilities_travel_both_ways),
        CALL_TEST(handlers_exception_reaches_the_caller),
        CALL_TEST(missing_and_unknown_methods_are_unimplemented),
        CALL_TEST(malformed_request_is_invalid_argument),
        CALL_TEST(field_found_malformed_by_the_handler_is_invalid_argument),
        CALL_TEST(response_that_does_not_fit_is_failed),
        CALL_TEST(malformed_response_is_failed),
        CALL_TEST(call_that_cannot_begin_is_not_ended),
        CALL_TEST(begun_call_takes_structs_and_answers_lists),
        CALL_TEST(lists_of_structs_travel),
        CALL_TEST(long_reason_is_cut_and_terminated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
