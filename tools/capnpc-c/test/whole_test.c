// SPDX-License-Identifier: Apache-2.0
//
// What is generated for whole.capnp: type parameters and pointers of open type are cast, lists of
// lists, defaults behind them, interfaces that extend others. The calls are carried by test.capnp's
// test (call_test.c); here servers are called as a carrier would.

#include "tools/capnpc-c/test/other.capnp.h"
#include "tools/capnpc-c/test/test.capnp.h"
#include "tools/capnpc-c/test/whole.capnp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

static uint64_t words[1024];

static struct capnp_text text_of(const char *text)
{
    return (struct capnp_text){text, (uint32_t)strlen(text)};
}

static struct capnp_builder builder_open(void)
{
    struct capnp_builder builder;
    capnp_builder_init(&builder, words, sizeof(words));
    return builder;
}

static struct capnp_message message_of(const struct capnp_builder *builder)
{
    struct capnp_message message;
    assert_int_equal(builder->error, CAPNP_OK);
    capnp_message_init(&message, words, capnp_builder_size(builder), builder->caps,
                       builder->cap_count);
    return message;
}

static void type_parameters_are_cast_to_what_they_are(void **state)
{
    (void)state;
    struct capnp_builder builder = builder_open();
    struct whole_builder whole = whole_build(&builder);
    struct box_builder box = whole_init_text(whole);
    capnp_any_set_text(box_init_value(box), text_of("first"));
    capnp_any_set_text(box_init_value(box_init_nested(box)), text_of("second"));
    // Box(Box(Data))
    struct box_builder outer = whole_init_deep(whole);
    struct box_builder inner = box_build_any(box_init_value(outer));
    capnp_any_set_data(box_init_value(inner), (struct capnp_data){(const uint8_t *)"\1\2", 2});
    // Box(Text).Inner(Point)
    struct box_inner_builder both = whole_init_inner(whole);
    capnp_any_set_text(box_inner_init_outer(both), text_of("outer"));
    point_set_x(point_build_any(box_inner_init_inner(both)), 5);
    // Map(Text, List(UInt32))
    struct map_entry_builder_list entries = map_init_entries(whole_init_names(whole), 1);
    struct map_entry_builder entry = map_entry_builder_at(entries, 0);
    capnp_any_set_text(map_entry_init_key(entry), text_of("key"));
    struct capnp_list_builder numbers =
        capnp_any_init_list(map_entry_init_value(entry), CAPNP_ELEMENT_FOUR_BYTES, 2);
    capnp_list_set_u32(numbers, 1, 12);
    struct box_builder_list boxes = whole_init_boxes(whole, 2);
    box_set_pair_tag(box_builder_at(boxes, 1), 9);
    capnp_any_set_text(box_init_pair_first(box_builder_at(boxes, 1)), text_of("pair"));

    struct capnp_message message = message_of(&builder);
    struct whole_reader r = whole_read(&message);
    assert_string_equal(capnp_any_text(box_get_value(whole_get_text(r))).data, "first");
    assert_int_equal(box_which(whole_get_text(r)), BOX_NESTED);
    assert_string_equal(capnp_any_text(box_get_value(box_get_nested(whole_get_text(r)))).data,
                        "second");
    struct box_reader read_inner = box_read_any(box_get_value(whole_get_deep(r)));
    assert_memory_equal(capnp_any_data(box_get_value(read_inner)).data, "\1\2", 2);
    assert_int_equal(point_get_x(point_read_any(box_inner_get_inner(whole_get_inner(r)))), 5);
    struct map_entry_reader read_entry =
        map_entry_reader_at(map_get_entries(whole_get_names(r)), 0);
    assert_string_equal(capnp_any_text(map_entry_get_key(read_entry)).data, "key");
    assert_int_equal(
        capnp_list_get_u32(
            capnp_any_list(map_entry_get_value(read_entry), CAPNP_ELEMENT_FOUR_BYTES), 1),
        12);
    struct box_reader pair = box_reader_at(whole_get_boxes(r), 1);
    assert_int_equal(box_which(pair), BOX_PAIR);
    assert_string_equal(capnp_any_text(box_get_pair_first(pair)).data, "pair");
    assert_true(box_has_pair_first(pair));
    assert_false(box_has_nested(pair));
    assert_int_equal(message.error, CAPNP_OK);
}

static void defaults_and_constants_of_every_shape_are_there(void **state)
{
    (void)state;
    struct capnp_message message;
    capnp_message_init(&message, NULL, 0, NULL, 0);
    struct whole_reader r = whole_read(&message);
    struct box_reader box = whole_get_text(r);
    assert_string_equal(capnp_any_text(box_get_value(box)).data, "default");
    assert_int_equal(box_get_pair_tag(box), 3);
    assert_string_equal(capnp_any_text(box_get_pair_first(box)).data, "f");
    struct capnp_list_reader lists = whole_get_text_lists(r);
    assert_int_equal(lists.count, 2);
    assert_string_equal(
        capnp_list_get_text(capnp_list_get_list(lists, 0, CAPNP_ELEMENT_POINTER), 1).data, "b");
    assert_int_equal(capnp_list_get_data(whole_get_datas(r), 1).data[0], 3);
    assert_true(isinf(capnp_list_get_f32(whole_get_floats(r), 1)));
    assert_true(isnan(whole_get_strange(r)));
    assert_string_equal(capnp_any_text(box_get_value(greeting_const())).data, "hi");
    struct capnp_list_reader matrix = matrix_const();
    assert_int_equal(matrix.count, 3);
    assert_int_equal(capnp_list_get_u8(capnp_list_get_list(matrix, 0, CAPNP_ELEMENT_BYTE), 1), 2);
    assert_memory_equal(SOURCE.data, "# SPDX", 6);
    assert_int_equal(message.error, CAPNP_OK);
}

static void lists_of_lists_are_built_and_copied(void **state)
{
    (void)state;
    struct capnp_builder builder = builder_open();
    struct whole_builder whole = whole_build(&builder);
    struct capnp_list_builder points = whole_init_point_lists(whole, 2);
    struct point_builder_list row = {capnp_list_init_struct_list(points, 1, 2, 1, 0)};
    point_set_y(point_builder_at(row, 1), -7);
    struct capnp_list_builder cubes = whole_init_cubes(whole, 1);
    struct capnp_list_builder plane = capnp_list_init_list(cubes, 0, CAPNP_ELEMENT_POINTER, 1);
    struct capnp_list_builder line = capnp_list_init_list(plane, 0, CAPNP_ELEMENT_TWO_BYTES, 3);
    capnp_list_set_i16(line, 2, -300);
    struct capnp_message message = message_of(&builder);
    struct whole_reader r = whole_read(&message);

    static uint64_t copy_words[256];
    struct capnp_builder copy_builder;
    capnp_builder_init(&copy_builder, copy_words, sizeof(copy_words));
    struct whole_builder copy = whole_build(&copy_builder);
    whole_set_point_lists(copy, whole_get_point_lists(r));
    whole_set_cubes(copy, whole_get_cubes(r));
    whole_set_text(copy, whole_get_text(r)); // the default, made explicit
    whole_set_boxes(copy, whole_get_boxes(r));
    assert_int_equal(copy_builder.error, CAPNP_OK);
    struct capnp_message copied;
    capnp_message_init(&copied, copy_words, capnp_builder_size(&copy_builder), NULL, 0);
    struct whole_reader c = whole_read(&copied);
    struct point_reader_list read_row = {
        capnp_list_get_list(whole_get_point_lists(c), 1, CAPNP_ELEMENT_STRUCT)};
    assert_int_equal(point_get_y(point_reader_at(read_row, 1)), -7);
    struct capnp_list_reader read_plane =
        capnp_list_get_list(whole_get_cubes(c), 0, CAPNP_ELEMENT_POINTER);
    assert_int_equal(
        capnp_list_get_i16(capnp_list_get_list(read_plane, 0, CAPNP_ELEMENT_TWO_BYTES), 2), -300);
    assert_true(whole_has_text(c));
    assert_false(whole_has_boxes(c));
    assert_int_equal(copied.error, CAPNP_OK);
}

static void pointers_of_open_type_hold_anything(void **state)
{
    (void)state;
    struct capnp_builder builder = builder_open();
    struct open_builder open = open_build(&builder);
    struct point_builder_list points = point_build_any_list(open_init_any(open), 2);
    point_set_x(point_builder_at(points, 1), 3);
    point_set_y(point_build_any(open_init_struct(open)), 4);
    capnp_list_set_f64(capnp_any_init_list(open_init_list(open), CAPNP_ELEMENT_EIGHT_BYTES, 1), 0,
                       2.5);
    open_set_cap(open, (struct capnp_cap){100});
    open_set_both(open, (struct both){200});
    struct capnp_list_builder caps = open_init_boths(open, 1);
    capnp_list_set_cap(caps, 0, (struct capnp_cap){300});
    capnp_any_set_cap(box_init_value(open_init_boxed(open)), (struct capnp_cap){400});
    struct capnp_list_builder lists = open_init_lists(open, 1);
    capnp_any_set_text(capnp_list_build_any(lists, 0), text_of("a list of bytes"));
    capnp_any_set_text(open_init_something(open), text_of("some"));

    struct capnp_message message = message_of(&builder);
    struct open_reader r = open_read(&message);
    assert_int_equal(point_get_x(point_reader_at(point_read_any_list(open_get_any(r)), 1)), 3);
    assert_int_equal(point_get_y(point_read_any(open_get_struct(r))), 4);
    assert_true(
        capnp_list_get_f64(capnp_any_list(open_get_list(r), CAPNP_ELEMENT_EIGHT_BYTES), 0) == 2.5);
    assert_int_equal(open_get_cap(r).id, 100);
    assert_int_equal(both_as_left(open_get_both(r)).id, 200);
    assert_int_equal(capnp_list_get_cap(open_get_boths(r), 0).id, 300);
    assert_int_equal(both_read_any(box_get_value(open_get_boxed(r))).id, 400);
    assert_string_equal(capnp_any_text(capnp_list_get_any(open_get_lists(r), 0)).data,
                        "a list of bytes");
    assert_int_equal(open_which(r), OPEN_SOMETHING);
    assert_true(open_has_something(r));
    // A copy of what it is, unknown to whoever copies.
    static uint64_t copy_words[256];
    struct capnp_builder copy;
    capnp_builder_init(&copy, copy_words, sizeof(copy_words));
    struct open_builder target = open_build(&copy);
    open_set_any(target, open_get_any(r));
    open_set_something(target, open_get_something(r));
    capnp_message_init(&message, copy_words, capnp_builder_size(&copy), NULL, 0);
    r = open_read(&message);
    assert_int_equal(point_get_x(point_reader_at(point_read_any_list(open_get_any(r)), 1)), 3);
    assert_string_equal(capnp_any_text(open_get_something(r)).data, "some");
}

// ---- interfaces ----

static uint32_t left_calls;

static bool serve_foo(void *self, struct base_foo_params_reader params,
                      struct base_foo_results_builder results, struct capnp_exception *exception)
{
    (void)self;
    (void)exception;
    base_foo_results_set_y(results, base_foo_params_get_x(params) + 1);
    return true;
}

static bool serve_left(void *self, struct left_left_params_reader params,
                       struct left_left_results_builder results, struct capnp_exception *exception)
{
    (void)self;
    (void)params;
    (void)results;
    (void)exception;
    left_calls++;
    return true;
}

static bool serve_pass(void *self, struct right_pass_params_reader params,
                       struct right_pass_results_builder results, struct capnp_exception *exception)
{
    (void)self;
    (void)exception;
    right_pass_results_set_value(results, right_pass_params_get_value(params));
    return true;
}

static bool serve_write(void *self, struct both_write_params_reader params,
                        struct capnp_stream_result_builder results,
                        struct capnp_exception *exception)
{
    (void)results;
    (void)exception;
    *(uint32_t *)self += both_write_params_get_bytes(params).size;
    return true;
}

static const struct base_server base_server = {.foo = serve_foo};
static const struct left_server left_server = {.base_server = &base_server, .left = serve_left};
static const struct right_server right_server = {.base_server = &base_server, .pass = serve_pass};
static const struct both_server both_server = {
    .left_server = &left_server, .right_server = &right_server, .write = serve_write};

static void servers_answer_calls_of_all_that_they_extend(void **state)
{
    (void)state;
    static uint64_t answer[64];
    struct capnp_builder request = builder_open();
    struct capnp_builder response;
    struct capnp_exception exception;
    base_foo_params_set_x(base_foo_params_build(&request), 41);
    struct capnp_message message = message_of(&request);
    capnp_builder_init(&response, answer, sizeof(answer));
    assert_true(both_dispatch_call(&both_server, NULL, BASE_INTERFACE_ID, BASE_FOO, &message,
                                   &response, &exception));
    capnp_message_init(&message, answer, capnp_builder_size(&response), NULL, 0);
    assert_int_equal(base_foo_results_get_y(base_foo_results_read(&message)), 42);

    capnp_message_init(&message, NULL, 0, NULL, 0);
    assert_true(both_dispatch_call(&both_server, NULL, LEFT_INTERFACE_ID, LEFT_LEFT, &message,
                                   &response, &exception));
    assert_int_equal(left_calls, 1);

    request = builder_open();
    struct right_pass_params_builder pass = right_pass_params_build(&request);
    capnp_any_set_text(right_pass_params_init_value(pass), text_of("passed"));
    message = message_of(&request);
    assert_true(both_dispatch_call(&both_server, NULL, RIGHT_INTERFACE_ID, RIGHT_PASS, &message,
                                   &response, &exception));
    capnp_message_init(&message, answer, capnp_builder_size(&response), NULL, 0);
    assert_string_equal(
        capnp_any_text(right_pass_results_get_value(right_pass_results_read(&message))).data,
        "passed");

    request = builder_open();
    uint32_t written = 0;
    both_write_params_set_bytes(both_write_params_build(&request),
                                (struct capnp_data){(const uint8_t *)"12345", 5});
    message = message_of(&request);
    assert_true(both_dispatch_call(&both_server, &written, BOTH_INTERFACE_ID, BOTH_WRITE, &message,
                                   &response, &exception));
    assert_int_equal(written, 5);
}

static void calls_that_a_server_does_not_have_are_unimplemented(void **state)
{
    (void)state;
    static const struct both_server bare = {.write = NULL};
    static const struct only_server only = {.base_server = &base_server};
    uint64_t answer[16];
    struct capnp_builder response;
    struct capnp_message message;
    struct capnp_exception exception;
    capnp_builder_init(&response, answer, sizeof(answer));
    static const struct {
        const struct both_server *server;
        uint64_t interface;
        uint16_t method;
    } rows[] = {{&bare, UINT64_C(1), 0}, // no interface of its
                {&both_server, 0, 0},    // none at all
                {NULL, 0, 0},            // no server
                {&bare, 0, 1},           // and so on
                {&both_server, UINT64_C(3), 9}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        capnp_message_init(&message, NULL, 0, NULL, 0);
        assert_false(both_dispatch_call(rows[i].server, NULL, rows[i].interface, rows[i].method,
                                        &message, &response, &exception));
        assert_int_equal(exception.type, CAPNP_EXCEPTION_UNIMPLEMENTED);
    }
    assert_false(both_dispatch_call(&bare, NULL, BASE_INTERFACE_ID, BASE_FOO, &message, &response,
                                    &exception));
    assert_int_equal(exception.type, CAPNP_EXCEPTION_UNIMPLEMENTED);
    assert_false(both_dispatch_call(&both_server, NULL, BOTH_INTERFACE_ID, BOTH_METHOD_COUNT,
                                    &message, &response, &exception));
    // An interface without methods of its own.
    assert_true(only_dispatch_call(&only, NULL, BASE_INTERFACE_ID, BASE_FOO, &message, &response,
                                   &exception));
    assert_false(only_dispatch(&only, NULL, 0, &message, &response, &exception));
    assert_int_equal(exception.type, CAPNP_EXCEPTION_UNIMPLEMENTED);
}

static void words_of_c_are_names_all_the_same(void **state)
{
    (void)state;
    struct int_ cap = {7};
    assert_int_equal(int_as_exchange(cap).id, 7);
    assert_int_equal(INT_DEFAULT_WHILE, 1);
    struct capnp_builder request = builder_open();
    int_short_params_set_double(int_short_params_build(&request), INT_DEFAULT_CASE);
    assert_int_equal(request.error, CAPNP_OK);
}

static void schemas_are_there_as_data(void **state)
{
    (void)state;
    const struct capnp_schema *schema = &capnp_schema_b7a1f6d05c2e8934;
    struct capnp_segment segment;
    capnp_segment_set(&segment, schema->words, schema->word_count * 8);
    capnp_segments_init(&segment, 1, UINT32_MAX, NULL, 0);
    struct capnp_struct_reader root = capnp_message_root(&segment.message);
    struct capnp_list_reader nodes = capnp_get_list(root, 0, CAPNP_ELEMENT_STRUCT, NULL);
    assert_true(nodes.count > 30);
    assert_int_equal(capnp_get_u64(capnp_list_get_struct(nodes, 0), 0, 0), schema->id);
    assert_int_equal(schema->import_count, 2);
    assert_ptr_equal(schema->imports[0]->imports[0], schema->imports[1]);
    assert_string_equal(schema->name, "tools/capnpc-c/test/whole.capnp");
    assert_int_equal(segment.message.error, CAPNP_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(type_parameters_are_cast_to_what_they_are),
        cmocka_unit_test(defaults_and_constants_of_every_shape_are_there),
        cmocka_unit_test(lists_of_lists_are_built_and_copied),
        cmocka_unit_test(pointers_of_open_type_hold_anything),
        cmocka_unit_test(servers_answer_calls_of_all_that_they_extend),
        cmocka_unit_test(calls_that_a_server_does_not_have_are_unimplemented),
        cmocka_unit_test(words_of_c_are_names_all_the_same),
        cmocka_unit_test(schemas_are_there_as_data),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
