// SPDX-License-Identifier: Apache-2.0
//
// Generated accessors of test.capnp: what is built is read back, defaults are defaults, constants
// are constants.

#include "tools/capnpc-c/test/other.capnp.h"
#include "tools/capnpc-c/test/test.capnp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

static uint8_t buffer[65536];
static struct capnp_builder builder;
static struct capnp_message message;

static struct capnp_text text_of(const char *string)
{
    return (struct capnp_text){string, (uint32_t)strlen(string)};
}

static int start(void **state)
{
    (void)state;
    memset(buffer, 0xaa, sizeof(buffer));
    capnp_builder_init(&builder, buffer, sizeof(buffer));
    return 0;
}

// Opens what was built, and what was read stays without error (checked by `finish`).
static struct capnp_message *reopen(void)
{
    assert_int_equal(builder.error, CAPNP_OK);
    capnp_message_init(&message, buffer, capnp_builder_size(&builder), builder.caps,
                       builder.cap_count);
    return &message;
}

static int finish(void **state)
{
    (void)state;
    return message.error == CAPNP_OK ? 0 : 1;
}

static void scalars_are_read_back(void **state)
{
    (void)state;
    struct scalars_builder b = scalars_build(&builder);
    scalars_set_flag(b, true);
    scalars_set_int8(b, INT8_MIN);
    scalars_set_int16(b, INT16_MIN);
    scalars_set_int32(b, INT32_MIN);
    scalars_set_int64(b, INT64_MIN);
    scalars_set_uint8(b, UINT8_MAX);
    scalars_set_uint16(b, UINT16_MAX);
    scalars_set_uint32(b, UINT32_MAX);
    scalars_set_uint64(b, UINT64_MAX);
    scalars_set_float32(b, -1.5F);
    scalars_set_float64(b, 1e300);
    scalars_set_color(b, COLOR_DARK_GREY);
    struct scalars_reader r = scalars_read(reopen());
    assert_true(scalars_get_flag(r));
    assert_false(scalars_get_other_flag(r));
    assert_int_equal(scalars_get_int8(r), INT8_MIN);
    assert_int_equal(scalars_get_int16(r), INT16_MIN);
    assert_int_equal(scalars_get_int32(r), INT32_MIN);
    assert_true(scalars_get_int64(r) == INT64_MIN);
    assert_int_equal(scalars_get_uint8(r), UINT8_MAX);
    assert_int_equal(scalars_get_uint16(r), UINT16_MAX);
    assert_true(scalars_get_uint32(r) == UINT32_MAX);
    assert_true(scalars_get_uint64(r) == UINT64_MAX);
    assert_true(scalars_get_float32(r) == -1.5F);
    assert_true(scalars_get_float64(r) == 1e300);
    assert_int_equal(scalars_get_color(r), COLOR_DARK_GREY);
}

static void absent_fields_read_as_the_defaults_of_the_schema(void **state)
{
    (void)state;
    defaults_build(&builder);
    struct defaults_reader r = defaults_read(reopen());
    assert_true(defaults_get_flag(r));
    assert_int_equal(defaults_get_int8(r), -8);
    assert_int_equal(defaults_get_int16(r), -1600);
    assert_int_equal(defaults_get_int32(r), -320000);
    assert_true(defaults_get_int64(r) == INT64_C(-64000000000));
    assert_int_equal(defaults_get_uint8(r), 200);
    assert_int_equal(defaults_get_uint16(r), 65535);
    assert_true(defaults_get_uint32(r) == 4000000000U);
    assert_true(defaults_get_uint64(r) == UINT64_MAX);
    assert_true(defaults_get_float32(r) == 1.5F);
    assert_true(defaults_get_float64(r) == -2.25);
    assert_int_equal(defaults_get_color(r), COLOR_GREEN);
    assert_string_equal(defaults_get_text(r).data, "default");
    assert_int_equal(defaults_get_text(r).size, 7);
    assert_memory_equal(defaults_get_data(r).data, "\1\2\3", 3);
    assert_int_equal(point_get_y(defaults_get_point(r)), 8);
    assert_int_equal(defaults_get_numbers(r).count, 3);
    assert_int_equal(capnp_list_get_u32(defaults_get_numbers(r), 2), 3);
    assert_int_equal(point_get_x(point_reader_at(defaults_get_points(r), 1)), 3);
    assert_int_equal(point_get_y(point_reader_at(defaults_get_points(r), 1)), 0);
    assert_false(defaults_has_point(r));
}

static void values_that_differ_from_defaults_are_read_back(void **state)
{
    (void)state;
    struct defaults_builder b = defaults_build(&builder);
    defaults_set_flag(b, false);
    defaults_set_int8(b, 0);
    defaults_set_int64(b, 1);
    defaults_set_uint64(b, 0);
    defaults_set_float32(b, 0.0F);
    defaults_set_float64(b, -0.0);
    defaults_set_color(b, COLOR_RED);
    defaults_set_text(b, text_of(""));
    point_set_x(defaults_init_point(b), 1);
    defaults_init_numbers(b, 0);
    struct defaults_reader r = defaults_read(reopen());
    assert_false(defaults_get_flag(r));
    assert_int_equal(defaults_get_int8(r), 0);
    assert_int_equal(defaults_get_int64(r), 1);
    assert_int_equal(defaults_get_uint64(r), 0);
    assert_true(defaults_get_float32(r) == 0.0F);
    assert_true(signbit(defaults_get_float64(r)) != 0);
    assert_int_equal(defaults_get_color(r), COLOR_RED);
    assert_string_equal(defaults_get_text(r).data, "");
    assert_int_equal(point_get_x(defaults_get_point(r)), 1);
    assert_int_equal(point_get_y(defaults_get_point(r)), 0);
    assert_int_equal(defaults_get_numbers(r).count, 0);
    assert_true(defaults_has_numbers(r));
}

static void constants_have_the_values_of_the_schema(void **state)
{
    (void)state;
    static const char sized[ANSWER] = "";
    message.error = CAPNP_OK;
    assert_int_equal(sizeof(sized), 42);
    assert_true(COLDEST == INT32_MIN);
    assert_true(LOWEST == INT64_MIN);
    assert_true(HIGHEST == UINT64_MAX);
    assert_true(BIG == 4000000000U);
    assert_true(YES);
    assert_true(HALF == 0.5F);
    assert_true(TENTH == 0.1);
    assert_true(isinf(ENDLESS) != 0);
    assert_string_equal(GREETING.data, "hi \"there\"?\\ \n");
    assert_memory_equal(MAGIC.data, "\0\377\101\42", 4);
    assert_int_equal(MAGIC.size, 4);
    assert_int_equal(PAINT, COLOR_BLUE);
    assert_int_equal(OUTER_LIMIT, 300);
    assert_int_equal(point_get_y(corner_const()), -4);
    assert_int_equal(primes_const().count, 5);
    assert_int_equal(capnp_list_get_u16(primes_const(), 4), 11);
    assert_int_equal(point_get_y(point_reader_at(corners_const(), 1)), 2);
}

static void lists_of_every_width_are_read_back(void **state)
{
    (void)state;
    struct lists_builder b = lists_build(&builder);
    lists_init_voids(b, 9);
    capnp_list_set_bool(lists_init_flags(b, 12), 11, true);
    capnp_list_set_u8(lists_init_int8s(b, 2), 1, (uint8_t)-3);
    capnp_list_set_u16(lists_init_uint16s(b, 2), 1, 65535);
    capnp_list_set_u32(lists_init_int32s(b, 2), 1, (uint32_t)-5);
    capnp_list_set_u64(lists_init_uint64s(b, 2), 1, UINT64_MAX);
    capnp_list_set_u32(lists_init_float32s(b, 1), 0, capnp_bits_of_f32(2.5F));
    capnp_list_set_u64(lists_init_float64s(b, 1), 0, capnp_bits_of_f64(-7.25));
    capnp_list_set_u16(lists_init_colors(b, 1), 0, COLOR_BLUE);
    capnp_list_set_text(lists_init_texts(b, 2), 1, text_of("second"));
    capnp_list_set_data(lists_init_datas(b, 1), 0, MAGIC);
    point_set_y(point_builder_at(lists_init_points(b, 3), 2), 77);
    struct capnp_list_builder nested = lists_init_nested(b, 2);
    capnp_list_set_u8(capnp_list_init_list(nested, 1, CAPNP_ELEMENT_BYTE, 4), 3, 33);
    tree_set_label(tree_builder_at(lists_init_trees(b, 1), 0), text_of("leaf"));
    struct lists_reader r = lists_read(reopen());
    assert_int_equal(lists_get_voids(r).count, 9);
    assert_true(capnp_list_get_bool(lists_get_flags(r), 11));
    assert_int_equal((int8_t)capnp_list_get_u8(lists_get_int8s(r), 1), -3);
    assert_int_equal(capnp_list_get_u16(lists_get_uint16s(r), 1), 65535);
    assert_int_equal((int32_t)capnp_list_get_u32(lists_get_int32s(r), 1), -5);
    assert_true(capnp_list_get_u64(lists_get_uint64s(r), 1) == UINT64_MAX);
    assert_true(capnp_f32_of(capnp_list_get_u32(lists_get_float32s(r), 0)) == 2.5F);
    assert_true(capnp_f64_of(capnp_list_get_u64(lists_get_float64s(r), 0)) == -7.25);
    assert_int_equal(capnp_list_get_u16(lists_get_colors(r), 0), COLOR_BLUE);
    assert_string_equal(capnp_list_get_text(lists_get_texts(r), 0).data, "");
    assert_string_equal(capnp_list_get_text(lists_get_texts(r), 1).data, "second");
    assert_int_equal(capnp_list_get_data(lists_get_datas(r), 0).size, 4);
    assert_int_equal(point_get_y(point_reader_at(lists_get_points(r), 2)), 77);
    struct capnp_list_reader inner =
        capnp_list_get_list(lists_get_nested(r), 1, CAPNP_ELEMENT_BYTE);
    assert_int_equal(capnp_list_get_u8(inner, 3), 33);
    assert_string_equal(tree_get_label(tree_reader_at(lists_get_trees(r), 0)).data, "leaf");
    assert_int_equal(lists_get_bytes(r).count, 0);
}

static void setting_a_member_of_a_union_makes_it_the_active_one(void **state)
{
    (void)state;
    struct shape_builder b = shape_build(&builder);
    assert_int_equal(shape_which(shape_read(reopen())), SHAPE_UNKNOWN);
    shape_set_circle_radius(b, 0.5);
    assert_int_equal(shape_which(shape_read(reopen())), SHAPE_CIRCLE);
    shape_set_square(b, 4);
    assert_int_equal(shape_which(shape_read(reopen())), SHAPE_SQUARE);
    assert_int_equal(shape_get_square(shape_read(reopen())), 4);
    shape_choose_circle(b);
    assert_int_equal(shape_which(shape_read(reopen())), SHAPE_CIRCLE);
    shape_set_unknown(b);
    assert_int_equal(shape_which(shape_read(reopen())), SHAPE_UNKNOWN);
    point_set_x(shape_init_corner(b), 3);
    assert_int_equal(shape_which(shape_read(reopen())), SHAPE_CORNER);
    assert_true(shape_has_corner(shape_read(reopen())));
    assert_false(shape_has_label(shape_read(reopen())));
    assert_int_equal(point_get_x(shape_get_corner(shape_read(reopen()))), 3);
}

static void groups_are_fields_of_the_struct_around_them(void **state)
{
    (void)state;
    struct shape_builder b = shape_build(&builder);
    struct shape_reader r = shape_read(reopen());
    assert_int_equal(shape_get_style_color(r), COLOR_BLUE);
    assert_int_equal(shape_get_style_width(r), 1);
    assert_int_equal(shape_style_pen_which(r), SHAPE_STYLE_PEN_SOLID);
    shape_set_style_color(b, COLOR_RED);
    shape_set_style_pen_stamp(b, text_of("seal"));
    r = shape_read(reopen());
    assert_int_equal(shape_get_style_color(r), COLOR_RED);
    assert_int_equal(shape_style_pen_which(r), SHAPE_STYLE_PEN_STAMP);
    assert_string_equal(shape_get_style_pen_stamp(r).data, "seal");
    shape_set_style_pen_dashed(b, 9);
    assert_int_equal(shape_get_style_pen_dashed(shape_read(reopen())), 9);
    assert_int_equal(shape_style_pen_which(shape_read(reopen())), SHAPE_STYLE_PEN_DASHED);
}

static void nested_and_imported_types_are_read_back(void **state)
{
    (void)state;
    struct outer_builder b = outer_build(&builder);
    outer_set_kind(b, OUTER_KIND_FANCY);
    outer_set_foreign_kind(b, FAR_FOREIGN_KIND_AWAY);
    outer_inner_deeper_set_leaf(outer_inner_init_deeper(outer_init_inner(b)), text_of("green"));
    point_set_x(far_foreign_init_point(outer_init_foreign(b)), -9);
    struct outer_reader r = outer_read(reopen());
    assert_int_equal(outer_get_kind(r), OUTER_KIND_FANCY);
    assert_int_equal(outer_get_foreign_kind(r), FAR_FOREIGN_KIND_AWAY);
    struct outer_inner_deeper_reader deeper = outer_inner_get_deeper(outer_get_inner(r));
    assert_string_equal(outer_inner_deeper_get_leaf(deeper).data, "green");
    assert_int_equal(point_get_x(far_foreign_get_point(outer_get_foreign(r))), -9);
}

static void capabilities_are_read_back(void **state)
{
    (void)state;
    struct wallet_builder b = wallet_build(&builder);
    wallet_set_ping(b, (struct ping){11});
    wallet_set_any(b, (struct capnp_cap){22});
    struct capnp_list_builder pings = wallet_init_pings(b, 2);
    capnp_list_set_cap(pings, 1, (struct capnp_cap){33});
    wallet_set_spare(b, (struct ping){44});
    assert_int_equal(builder.cap_count, 4);
    struct wallet_reader r = wallet_read(reopen());
    assert_int_equal(wallet_get_ping(r).id, 11);
    assert_int_equal(wallet_get_any(r).id, 22);
    assert_int_equal(capnp_list_get_cap(wallet_get_pings(r), 0).id, 0);
    assert_int_equal(capnp_list_get_cap(wallet_get_pings(r), 1).id, 33);
    assert_int_equal(wallet_which(r), WALLET_SPARE);
    assert_int_equal(wallet_get_spare(r).id, 44);
}

// Laid out by hand from the encoding specification: a capability pointer is 3 in its lower half and
// the capability's place in the list beside the message in its upper one.
static const uint8_t wallet_bytes[] = {
    0x00, 0, 0, 0, 0x01, 0, 0x04, 0, // the root: behind this, one word of data, four pointers
    0x01, 0, 0, 0, 0x00, 0, 0x00, 0, // the union's tag: spare
    0x03, 0, 0, 0, 0x00, 0, 0x00, 0, // ping: the first capability
    0x03, 0, 0, 0, 0x01, 0, 0x00, 0, // any
    0x05, 0, 0, 0, 0x16, 0, 0x00, 0, // pings: a word further, two pointers
    0x03, 0, 0, 0, 0x04, 0, 0x00, 0, // spare
    0x03, 0, 0, 0, 0x03, 0, 0x00, 0, // pings[0], set after the other
    0x03, 0, 0, 0, 0x02, 0, 0x00, 0, // pings[1]
};

static void capabilities_are_built_as_laid_out_by_hand(void **state)
{
    (void)state;
    static const uint64_t caps[] = {11, 22, 33, 44, 55};
    struct wallet_builder b = wallet_build(&builder);
    wallet_set_ping(b, (struct ping){11});
    wallet_set_any(b, (struct capnp_cap){22});
    struct capnp_list_builder pings = wallet_init_pings(b, 2);
    capnp_list_set_cap(pings, 1, (struct capnp_cap){33});
    capnp_list_set_cap(pings, 0, (struct capnp_cap){44});
    wallet_set_spare(b, (struct ping){55});
    assert_int_equal(capnp_builder_size(&builder), sizeof(wallet_bytes));
    assert_memory_equal(buffer, wallet_bytes, sizeof(wallet_bytes));
    assert_int_equal(builder.cap_count, 5);
    assert_memory_equal(builder.caps, caps, sizeof(caps));
    (void)reopen();
}

static void capabilities_laid_out_by_hand_are_read(void **state)
{
    (void)state;
    static const uint64_t caps[] = {11, 22, 33, 44, 55};
    capnp_message_init(&message, wallet_bytes, sizeof(wallet_bytes), caps, 5);
    struct wallet_reader r = wallet_read(&message);
    assert_int_equal(wallet_get_ping(r).id, 11);
    assert_int_equal(wallet_get_any(r).id, 22);
    assert_int_equal(capnp_list_get_cap(wallet_get_pings(r), 0).id, 44);
    assert_int_equal(capnp_list_get_cap(wallet_get_pings(r), 1).id, 33);
    assert_int_equal(wallet_which(r), WALLET_SPARE);
    assert_int_equal(wallet_get_spare(r).id, 55);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(scalars_are_read_back, start, finish),
        cmocka_unit_test_setup_teardown(absent_fields_read_as_the_defaults_of_the_schema, start,
                                        finish),
        cmocka_unit_test_setup_teardown(values_that_differ_from_defaults_are_read_back, start,
                                        finish),
        cmocka_unit_test_setup_teardown(constants_have_the_values_of_the_schema, start, finish),
        cmocka_unit_test_setup_teardown(lists_of_every_width_are_read_back, start, finish),
        cmocka_unit_test_setup_teardown(setting_a_member_of_a_union_makes_it_the_active_one, start,
                                        finish),
        cmocka_unit_test_setup_teardown(groups_are_fields_of_the_struct_around_them, start, finish),
        cmocka_unit_test_setup_teardown(nested_and_imported_types_are_read_back, start, finish),
        cmocka_unit_test_setup_teardown(capabilities_are_read_back, start, finish),
        cmocka_unit_test_setup_teardown(capabilities_are_built_as_laid_out_by_hand, start, finish),
        cmocka_unit_test_setup_teardown(capabilities_laid_out_by_hand_are_read, start, finish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
