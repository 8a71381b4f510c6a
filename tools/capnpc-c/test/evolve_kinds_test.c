// SPDX-License-Identifier: Apache-2.0
//
// Evolution for each kind of field (OldKinds and NewKinds of evolve.capnp): what both versions have
// is read by both whoever wrote it, what only the new one has is its default in an old message.

#include "tools/capnpc-c/test/evolve.capnp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

static uint64_t words[256];
static struct capnp_builder builder;

static struct capnp_text text_of(const char *text)
{
    return (struct capnp_text){text, (uint32_t)strlen(text)};
}

static struct capnp_message built(void)
{
    struct capnp_message message;
    assert_int_equal(builder.error, CAPNP_OK);
    capnp_message_init(&message, words, capnp_builder_size(&builder), builder.caps,
                       builder.cap_count);
    return message;
}

// The same fields of both versions, by the functions of either.
#define COMMON(version)                                                                            \
    static void version##_set(struct version##_builder b)                                          \
    {                                                                                              \
        version##_set_yes(b, true);                                                                \
        version##_set_int8(b, INT8_MIN);                                                           \
        version##_set_int16(b, INT16_MIN);                                                         \
        version##_set_int32(b, INT32_MIN);                                                         \
        version##_set_int64(b, INT64_MIN);                                                         \
        version##_set_uint8(b, UINT8_MAX);                                                         \
        version##_set_uint16(b, UINT16_MAX);                                                       \
        version##_set_uint32(b, UINT32_MAX);                                                       \
        version##_set_uint64(b, UINT64_MAX);                                                       \
        version##_set_float32(b, 0.5F);                                                            \
        version##_set_float64(b, -1e300);                                                          \
        version##_set_color(b, OLD_RECORD_COLOR_GREEN);                                            \
        version##_set_text(b, text_of("text"));                                                    \
        version##_set_data(b, (struct capnp_data){(const uint8_t *)"\0\xff", 2});                  \
        capnp_list_set_bool(version##_init_flags(b, 9), 8, true);                                  \
        capnp_list_set_f64(version##_init_floats(b, 2), 1, 2.5);                                   \
        capnp_list_set_text(version##_init_texts(b, 1), 0, text_of("of a list"));                  \
        old_record_item_set_a(version##_init_item(b), 11);                                         \
        old_record_item_set_a(old_record_item_builder_at(version##_init_items(b, 2), 1), 12);      \
        capnp_any_set_text(version##_init_any(b), text_of("any"));                                 \
        version##_set_cap(b, (struct capnp_cap){99});                                              \
        version##_set_group_inner(b, 13);                                                          \
        version##_set_group_right(b, text_of("right"));                                            \
    }                                                                                              \
    static void version##_assert(struct version##_reader r)                                        \
    {                                                                                              \
        assert_true(version##_get_yes(r));                                                         \
        assert_true(version##_get_int8(r) == INT8_MIN);                                            \
        assert_true(version##_get_int16(r) == INT16_MIN);                                          \
        assert_true(version##_get_int32(r) == INT32_MIN);                                          \
        assert_true(version##_get_int64(r) == INT64_MIN);                                          \
        assert_true(version##_get_uint8(r) == UINT8_MAX);                                          \
        assert_true(version##_get_uint16(r) == UINT16_MAX);                                        \
        assert_true(version##_get_uint32(r) == UINT32_MAX);                                        \
        assert_true(version##_get_uint64(r) == UINT64_MAX);                                        \
        assert_true(version##_get_float32(r) == 0.5F);                                             \
        assert_true(version##_get_float64(r) == -1e300);                                           \
        assert_int_equal(version##_get_color(r), OLD_RECORD_COLOR_GREEN);                          \
        assert_string_equal(version##_get_text(r).data, "text");                                   \
        assert_int_equal(version##_get_data(r).size, 2);                                           \
        assert_memory_equal(version##_get_data(r).data, "\0\xff", 2);                              \
        assert_int_equal(version##_get_flags(r).count, 9);                                         \
        assert_true(capnp_list_get_bool(version##_get_flags(r), 8));                               \
        assert_true(capnp_list_get_f64(version##_get_floats(r), 1) == 2.5);                        \
        assert_string_equal(capnp_list_get_text(version##_get_texts(r), 0).data, "of a list");     \
        assert_int_equal(old_record_item_get_a(version##_get_item(r)), 11);                        \
        assert_int_equal(                                                                          \
            old_record_item_get_a(old_record_item_reader_at(version##_get_items(r), 1)), 12);      \
        assert_string_equal(capnp_any_text(version##_get_any(r)).data, "any");                     \
        assert_int_equal(version##_get_cap(r).id, 99);                                             \
        assert_int_equal(version##_get_group_inner(r), 13);                                        \
        assert_int_equal(version##_group_which(r), 1);                                             \
        assert_string_equal(version##_get_group_right(r).data, "right");                           \
    }

COMMON(old_kinds)
COMMON(new_kinds)

static void assert_defaults(struct new_kinds_reader r)
{
    assert_true(new_kinds_get_more_yes(r));
    assert_int_equal(new_kinds_get_more_int8(r), -8);
    assert_int_equal(new_kinds_get_more_int16(r), -16);
    assert_int_equal(new_kinds_get_more_int32(r), -32);
    assert_int_equal(new_kinds_get_more_int64(r), -64);
    assert_int_equal(new_kinds_get_more_uint8(r), 8);
    assert_int_equal(new_kinds_get_more_uint16(r), 16);
    assert_int_equal(new_kinds_get_more_uint32(r), 32);
    assert_int_equal(new_kinds_get_more_uint64(r), 64);
    assert_true(new_kinds_get_more_float32(r) == 1.5F);
    assert_true(new_kinds_get_more_float64(r) == -2.5);
    assert_int_equal(new_kinds_get_more_color(r), OLD_RECORD_COLOR_GREEN);
    assert_string_equal(new_kinds_get_more_text(r).data, "more");
    assert_memory_equal(new_kinds_get_more_data(r).data, "\1\2", 2);
    assert_int_equal(new_kinds_get_more_flags(r).count, 2);
    assert_true(capnp_list_get_f64(new_kinds_get_more_floats(r), 0) == 0.5);
    assert_string_equal(capnp_list_get_text(new_kinds_get_more_texts(r), 1).data, "b");
    assert_int_equal(old_record_item_get_a(new_kinds_get_more_item(r)), 3);
    assert_int_equal(
        old_record_item_get_a(old_record_item_reader_at(new_kinds_get_more_items(r), 0)), 4);
    assert_int_equal(capnp_any_kind(new_kinds_get_more_any(r)), CAPNP_ANY_ABSENT);
    assert_int_equal(new_kinds_get_more_cap(r).id, 0);
    assert_int_equal(new_kinds_get_more_group_inner(r), 7);
    assert_int_equal(new_kinds_more_group_which(r), NEW_KINDS_MORE_GROUP_LEFT);
    assert_int_equal(new_kinds_get_more_group_left(r), 9);
}

static void new_readers_read_every_kind_of_field_of_old_messages(void **state)
{
    (void)state;
    capnp_builder_init(&builder, words, sizeof(words));
    old_kinds_set(old_kinds_build(&builder));
    struct capnp_message message = built();
    new_kinds_assert(new_kinds_read(&message));
    assert_defaults(new_kinds_read(&message));
    assert_int_equal(message.error, CAPNP_OK);
}

static void old_readers_read_every_kind_of_field_of_new_messages(void **state)
{
    (void)state;
    capnp_builder_init(&builder, words, sizeof(words));
    struct new_kinds_builder new = new_kinds_build(&builder);
    // What is added is everywhere, before and behind what the old version has.
    new_kinds_set_more_yes(new, false);
    new_kinds_set_more_uint64(new, UINT64_MAX);
    new_kinds_set_more_cap(new, (struct capnp_cap){98});
    new_kinds_set_more_text(new, text_of("unknown"));
    new_kinds_set_more_group_right(new, text_of("unknown, too"));
    new_kinds_set(new);
    struct capnp_message message = built();
    old_kinds_assert(old_kinds_read(&message));
    new_kinds_assert(new_kinds_read(&message));
    assert_false(new_kinds_get_more_yes(new_kinds_read(&message)));
    assert_int_equal(message.error, CAPNP_OK);
}

// The zeros at the ends of a struct may be missing, as they are in canonical form.
static void both_read_every_default_of_a_message_without_fields(void **state)
{
    (void)state;
    struct capnp_message message;
    capnp_message_init(&message, words, 0, NULL, 0);
    assert_defaults(new_kinds_read(&message));
    assert_int_equal(old_kinds_get_uint64(old_kinds_read(&message)), 0);
    assert_int_equal(old_kinds_get_items(old_kinds_read(&message)).l.count, 0);
    assert_int_equal(old_kinds_group_which(old_kinds_read(&message)), OLD_KINDS_GROUP_LEFT);
    assert_int_equal(message.error, CAPNP_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(new_readers_read_every_kind_of_field_of_old_messages),
        cmocka_unit_test(old_readers_read_every_kind_of_field_of_new_messages),
        cmocka_unit_test(both_read_every_default_of_a_message_without_fields),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
