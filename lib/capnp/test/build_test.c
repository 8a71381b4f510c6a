// SPDX-License-Identifier: Apache-2.0
//
// Building: whatever is asked of a builder that has no room, no such field or no such element, it
// notes the first thing that was wrong and writes nothing outside of what it has.

#include "words.h"

static uint64_t buffer[32];

static struct capnp_builder opened(uint32_t words)
{
    struct capnp_builder builder;
    memset(buffer, 0xaa, sizeof(buffer));
    capnp_builder_init(&builder, buffer, words * 8);
    return builder;
}

static void fields_that_are_not_there_are_refused(void **state)
{
    (void)state;
    for (int way = 0; way < 8; way++) {
        struct capnp_builder builder = opened(32);
        struct capnp_struct_builder root = capnp_builder_root(&builder, 1, 1);
        switch (way) {
        case 0:
            assert_null(capnp_init_struct(root, 1, 1, 0).data);
            break;
        case 1:
            assert_null(capnp_init_list(root, 1, CAPNP_ELEMENT_BYTE, 1).data);
            break;
        case 2:
            assert_null(capnp_init_struct_list(root, 1, 1, 1, 0).data);
            break;
        case 3:
            capnp_set_text(root, 1, (struct capnp_text){"x", 1});
            break;
        case 4:
            capnp_set_data(root, 1, (struct capnp_data){(const uint8_t *)"x", 1});
            break;
        case 5:
            capnp_set_cap(root, 1, (struct capnp_cap){1});
            break;
        case 6:
            // Lists of structs have a shape, and an init of their own.
            assert_null(capnp_init_list(root, 0, CAPNP_ELEMENT_STRUCT, 1).data);
            break;
        default:
            assert_int_equal(capnp_build_any(root, 1).s.pointer_count, 0);
        }
        assert_int_equal(builder.error, CAPNP_BUILDER_OTHER_FIELD);
    }
}

static void lists_that_no_pointer_can_say_are_refused(void **state)
{
    (void)state;
    struct capnp_builder builder = opened(32);
    struct capnp_struct_builder root = capnp_builder_root(&builder, 0, 1);
    assert_null(capnp_init_list(root, 0, CAPNP_ELEMENT_VOID, 1u << 29).data);
    assert_int_equal(builder.error, CAPNP_BUILDER_LIST_TOO_LONG);
    builder = opened(32);
    root = capnp_builder_root(&builder, 0, 1);
    assert_null(capnp_init_struct_list(root, 0, 1u << 29, 0, 0).data);
    assert_int_equal(builder.error, CAPNP_BUILDER_LIST_TOO_LONG);
    builder = opened(32);
    root = capnp_builder_root(&builder, 0, 1);
    assert_null(capnp_init_struct_list(root, 0, 1u << 28, 1, 1).data);
    assert_int_equal(builder.error, CAPNP_BUILDER_LIST_TOO_LONG);
    builder = opened(32);
    root = capnp_builder_root(&builder, 0, 1);
    capnp_set_data(root, 0, (struct capnp_data){(const uint8_t *)buffer, 1u << 29});
    assert_int_equal(builder.error, CAPNP_BUILDER_LIST_TOO_LONG);
}

static void nothing_is_written_where_there_is_no_room(void **state)
{
    (void)state;
    for (int way = 0; way < 6; way++) {
        struct capnp_builder builder = opened(3);
        struct capnp_struct_builder root = capnp_builder_root(&builder, 1, 1);
        if (way == 0) {
            assert_null(capnp_init_struct(root, 0, 1, 0).data);
        } else if (way == 1) {
            assert_null(capnp_init_list(root, 0, CAPNP_ELEMENT_BIT, 1).data);
        } else if (way == 2) {
            assert_null(capnp_init_struct_list(root, 0, 0, 1, 0).data);
        } else if (way == 3) {
            capnp_set_text(root, 0, (struct capnp_text){"x", 1});
        } else if (way == 4) {
            capnp_builder_root(&builder, 3, 0);
        } else {
            // Not even an empty struct, once there was something wrong.
            capnp_set_text(root, 0, (struct capnp_text){"x", 1});
            assert_null(capnp_init_struct(root, 0, 0, 0).data);
        }
        assert_int_equal(builder.error, CAPNP_BUILDER_FULL);
        assert_int_equal(buffer[3], UINT64_C(0xaaaaaaaaaaaaaaaa));
    }
}

static void elements_that_are_not_there_are_refused(void **state)
{
    (void)state;
    for (int way = 0; way < 16; way++) {
        struct capnp_builder builder = opened(32);
        struct capnp_struct_builder root = capnp_builder_root(&builder, 0, 3);
        struct capnp_list_builder bits = capnp_init_list(root, 0, CAPNP_ELEMENT_BIT, 2);
        struct capnp_list_builder bytes = capnp_init_list(root, 1, CAPNP_ELEMENT_BYTE, 2);
        struct capnp_list_builder pointers = capnp_init_list(root, 2, CAPNP_ELEMENT_POINTER, 2);
        bool is_outside = way % 2 == 0;
        uint32_t index = is_outside ? 2 : 1;
        // Where the index is right, the elements are of another kind.
        struct capnp_list_builder list = is_outside ? pointers : bytes;
        if (way < 2) {
            capnp_list_set_bool(is_outside ? bits : bytes, index, true);
        } else if (way < 4) {
            capnp_list_set_text(list, index, (struct capnp_text){"x", 1});
        } else if (way < 6) {
            capnp_list_set_data(list, index, (struct capnp_data){(const uint8_t *)"x", 1});
        } else if (way < 8) {
            capnp_list_set_cap(list, index, (struct capnp_cap){1});
        } else if (way < 10) {
            capnp_list_init_struct(is_outside ? bytes : bits, index);
        } else if (way < 12) {
            capnp_list_init_list(list, index, CAPNP_ELEMENT_BYTE, 1);
        } else if (way < 14) {
            capnp_list_init_struct_list(list, index, 1, 1, 0);
        } else {
            capnp_list_set_u16(bytes, index, 1);
        }
        assert_int_equal(builder.error,
                         is_outside ? CAPNP_LIST_INDEX_OUT_OF_RANGE : CAPNP_LIST_OTHER_ELEMENTS);
    }
}

#define ROUND_TRIP(suffix, element, value)                                                         \
    do {                                                                                           \
        struct capnp_builder builder = opened(32);                                                 \
        struct capnp_struct_builder root = capnp_builder_root(&builder, 0, 1);                     \
        capnp_list_set_##suffix(capnp_init_list(root, 0, element, 2), 1, value);                   \
        struct capnp_message message;                                                              \
        capnp_message_init(&message, buffer, capnp_builder_size(&builder), NULL, 0);               \
        struct capnp_list_reader list =                                                            \
            capnp_get_list(capnp_message_root(&message), 0, element, NULL);                        \
        assert_true(capnp_list_get_##suffix(list, 1) == (value));                                  \
        assert_true(capnp_list_get_##suffix(list, 0) == 0);                                        \
        assert_int_equal(message.error, CAPNP_OK);                                                 \
        assert_true(capnp_list_get_##suffix(list, 2) == 0);                                        \
        assert_int_equal(message.error, CAPNP_LIST_INDEX_OUT_OF_RANGE);                            \
        assert_int_equal(builder.error, CAPNP_OK);                                                 \
        capnp_list_set_##suffix(capnp_init_list(root, 0, element, 2), 2, value);                   \
        assert_int_equal(builder.error, CAPNP_LIST_INDEX_OUT_OF_RANGE);                            \
    } while (false)

static void numbers_of_every_type_are_elements(void **state)
{
    (void)state;
    ROUND_TRIP(bool, CAPNP_ELEMENT_BIT, true);
    ROUND_TRIP(u8, CAPNP_ELEMENT_BYTE, 200);
    ROUND_TRIP(i8, CAPNP_ELEMENT_BYTE, -100);
    ROUND_TRIP(u16, CAPNP_ELEMENT_TWO_BYTES, 60000);
    ROUND_TRIP(i16, CAPNP_ELEMENT_TWO_BYTES, -30000);
    ROUND_TRIP(u32, CAPNP_ELEMENT_FOUR_BYTES, 4000000000);
    ROUND_TRIP(i32, CAPNP_ELEMENT_FOUR_BYTES, -2000000000);
    ROUND_TRIP(f32, CAPNP_ELEMENT_FOUR_BYTES, 1.5F);
    ROUND_TRIP(u64, CAPNP_ELEMENT_EIGHT_BYTES, UINT64_MAX);
    ROUND_TRIP(i64, CAPNP_ELEMENT_EIGHT_BYTES, INT64_MIN);
    ROUND_TRIP(f64, CAPNP_ELEMENT_EIGHT_BYTES, -1e300);
}

static void bits_are_set_and_cleared(void **state)
{
    (void)state;
    struct capnp_builder builder = opened(32);
    struct capnp_struct_builder root = capnp_builder_root(&builder, 1, 1);
    struct capnp_list_builder bits = capnp_init_list(root, 0, CAPNP_ELEMENT_BIT, 9);
    capnp_list_set_bool(bits, 8, true);
    capnp_list_set_bool(bits, 0, true);
    capnp_list_set_bool(bits, 0, false);
    assert_int_equal(buffer[3], 0x100);
    capnp_set_bool(root, 3, true, false);
    capnp_set_bool(root, 4, true, false);
    capnp_set_bool(root, 4, false, false);
    capnp_set_bool(root, 64, true, false); // of a version that this one isn't
    assert_int_equal(buffer[1], 8);
    assert_int_equal(builder.error, CAPNP_OK);
}

static void elements_read_as_what_they_are_not_are_refused(void **state)
{
    (void)state;
    struct words words;
    WORDS_OPEN(&words, word_struct(0, 0, 2), word_list(1, CAPNP_ELEMENT_BYTE, 2),
               word_list(1, CAPNP_ELEMENT_BIT, 2), 0, 0);
    struct capnp_struct_reader root = capnp_message_root(&words.message);
    struct capnp_list_reader bytes = capnp_get_list(root, 0, CAPNP_ELEMENT_BYTE, NULL);
    struct capnp_list_reader bits = capnp_get_list(root, 1, CAPNP_ELEMENT_BIT, NULL);
    for (int way = 0; way < 5; way++) {
        assert_int_equal(words.message.error, CAPNP_OK);
        if (way == 0) {
            assert_false(capnp_list_get_bool(bytes, 0));
        } else if (way == 1) {
            assert_int_equal(capnp_list_get_text(bytes, 0).size, 0);
        } else if (way == 2) {
            assert_null(capnp_list_get_struct(bits, 0).data);
        } else if (way == 3) {
            assert_int_equal(capnp_list_get_u16(bytes, 1), 0);
        } else {
            assert_null(capnp_list_get_list(bytes, 1, CAPNP_ELEMENT_BYTE).data);
        }
        assert_int_equal(words.message.error, CAPNP_LIST_OTHER_ELEMENTS);
        words.message.error = CAPNP_OK;
    }
    words_close(&words);
}

static void empty_values_are_there_and_absent_ones_are_not(void **state)
{
    (void)state;
    struct capnp_builder builder = opened(32);
    struct capnp_struct_builder root = capnp_builder_root(&builder, 0, 5);
    capnp_set_text(root, 0, (struct capnp_text){"", 0});
    capnp_set_data(root, 1, (struct capnp_data){(const uint8_t *)"", 0});
    capnp_set_text(root, 2, (struct capnp_text){NULL, 0});
    capnp_set_data(root, 3, (struct capnp_data){NULL, 0});
    capnp_set_cap(root, 4, (struct capnp_cap){0});
    assert_int_equal(builder.error, CAPNP_OK);
    for (uint32_t i = 0; i < 5; i++) {
        assert_int_equal(buffer[1 + i] != 0, i < 2);
    }
    // The canonical form of what isn't there at all is that of a struct of defaults.
    struct capnp_message message;
    uint64_t canonical[4];
    capnp_message_init(&message, NULL, 0, NULL, 0);
    capnp_builder_init(&builder, canonical, sizeof(canonical));
    capnp_message_canonicalize(&builder, capnp_message_root(&message));
    assert_int_equal(capnp_builder_size(&builder), 8);
    assert_int_equal(canonical[0], word_struct(-1, 0, 0));
}

static void arenas_take_first_buffers_of_any_size(void **state)
{
    (void)state;
    struct capnp_buffer huge = {buffer, UINT32_MAX, 0};
    struct capnp_arena arena;
    capnp_arena_init(&arena, &huge, 1, 1, NULL, NULL);
    capnp_set_u64(capnp_builder_root(&arena.builder, 1, 0), 0, 3, 0);
    assert_int_equal(arena.builder.error, CAPNP_OK);
    assert_int_equal(capnp_arena_finish(&arena), 1);
    assert_int_equal(huge.used, 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_that_are_not_there_are_refused),
        cmocka_unit_test(lists_that_no_pointer_can_say_are_refused),
        cmocka_unit_test(nothing_is_written_where_there_is_no_room),
        cmocka_unit_test(elements_that_are_not_there_are_refused),
        cmocka_unit_test(numbers_of_every_type_are_elements),
        cmocka_unit_test(bits_are_set_and_cleared),
        cmocka_unit_test(elements_read_as_what_they_are_not_are_refused),
        cmocka_unit_test(empty_values_are_there_and_absent_ones_are_not),
        cmocka_unit_test(arenas_take_first_buffers_of_any_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
