// SPDX-License-Identifier: Apache-2.0
//
// Messages of one struct: what flat.h promises to readers of hostile messages and to builders.

#include "words.h"

static const struct capnp_text no_text = {"absent", 6};
static const struct capnp_data no_data = {NULL, 0};

// Reads the text at pointer 0 of a struct without data, and answers the error that this leaves.
static enum capnp_error error_of_text(const uint64_t *from, size_t count)
{
    struct words words;
    words_open(&words, from, count, NULL, 0);
    struct capnp_text text = capnp_get_text(capnp_message_root(&words.message), 0, no_text);
    enum capnp_error error = words.message.error;
    if (error != CAPNP_OK) {
        assert_ptr_equal(text.data, no_text.data);
    }
    words_close(&words);
    return error;
}

#define ERROR_OF_TEXT(...)                                                                         \
    error_of_text((const uint64_t[]){word_struct(0, 0, 1), __VA_ARGS__},                           \
                  sizeof((const uint64_t[]){0, __VA_ARGS__}) / 8)

static enum capnp_error error_of_root(uint64_t root)
{
    struct words words;
    WORDS_OPEN(&words, root, 1, 2);
    struct capnp_struct_reader reader = capnp_message_root(&words.message);
    enum capnp_error error = words.message.error;
    assert_int_equal(capnp_get_u64(reader, 8, 5), error == CAPNP_OK ? 2 ^ 5 : 5);
    words_close(&words);
    return error;
}

static void empty_message_reads_as_defaults(void **state)
{
    (void)state;
    struct capnp_message message;
    capnp_message_init(&message, NULL, 0, NULL, 0);
    struct capnp_struct_reader root = capnp_message_root(&message);
    assert_int_equal(capnp_get_u64(root, 0, 7), 7);
    assert_int_equal(capnp_get_u32(root, 0, 7), 7);
    assert_int_equal(capnp_get_u16(root, 0, 7), 7);
    assert_int_equal(capnp_get_u8(root, 0, 7), 7);
    assert_true(capnp_get_bool(root, 0, true));
    assert_false(capnp_get_bool(root, 0, false));
    assert_int_equal(capnp_get_cap(root, 0).id, 0);
    assert_false(capnp_has_pointer(root, 0));
    assert_ptr_equal(capnp_get_text(root, 0, no_text).data, no_text.data);
    assert_null(capnp_get_data(root, 0, no_data).data);
    assert_int_equal(message.error, CAPNP_OK);
}

static void null_root_reads_as_defaults(void **state)
{
    (void)state;
    struct words words;
    WORDS_OPEN(&words, 0);
    assert_int_equal(capnp_get_u32(capnp_message_root(&words.message), 0, 3), 3);
    assert_int_equal(words.message.error, CAPNP_OK);
    words_close(&words);
}

static void scalars_are_xored_with_their_default(void **state)
{
    (void)state;
    struct words words;
    WORDS_OPEN(&words, word_struct(0, 1, 0), UINT64_C(0x8877665544332211));
    struct capnp_struct_reader root = capnp_message_root(&words.message);
    assert_true(capnp_get_u64(root, 0, 1) == UINT64_C(0x8877665544332210));
    assert_int_equal(capnp_get_u32(root, 4, 1), 0x88776654);
    assert_int_equal(capnp_get_u16(root, 6, 0xffff), 0x8877 ^ 0xffff);
    assert_int_equal(capnp_get_u8(root, 7, 0), 0x88);
    assert_true(capnp_get_bool(root, 0, false));
    assert_false(capnp_get_bool(root, 0, true));
    assert_false(capnp_get_bool(root, 1, false));
    assert_true(capnp_get_bool(root, 63, false));
    words_close(&words);
}

static void scalars_beyond_the_data_read_as_defaults(void **state)
{
    (void)state;
    struct words words;
    WORDS_OPEN(&words, word_struct(0, 1, 1), UINT64_MAX, UINT64_MAX);
    struct capnp_struct_reader root = capnp_message_root(&words.message);
    assert_int_equal(capnp_get_u64(root, 1, 9), 9);
    assert_int_equal(capnp_get_u64(root, 8, 9), 9);
    assert_int_equal(capnp_get_u32(root, 5, 9), 9);
    assert_int_equal(capnp_get_u16(root, 7, 9), 9);
    assert_int_equal(capnp_get_u8(root, 8, 9), 9);
    assert_false(capnp_get_bool(root, 64, false));
    assert_int_equal(words.message.error, CAPNP_OK);
    words_close(&words);
}

static void message_sizes_are_checked(void **state)
{
    (void)state;
    static const uint8_t bytes[CAPNP_MESSAGE_BYTES_MAX + 8];
    struct capnp_message message;
    capnp_message_init(&message, bytes, CAPNP_MESSAGE_BYTES_MAX, NULL, 0);
    assert_int_equal(message.error, CAPNP_OK);
    capnp_message_init(&message, bytes, CAPNP_MESSAGE_BYTES_MAX + 8, NULL, 0);
    assert_int_equal(message.error, CAPNP_MESSAGE_TOO_LARGE);
    assert_int_equal(message.size, 0);
    capnp_message_init(&message, bytes, 12, NULL, 0);
    assert_int_equal(message.error, CAPNP_MESSAGE_NOT_WORDS);
    assert_int_equal(capnp_get_u64(capnp_message_root(&message), 0, 4), 4);
}

static void root_must_be_a_struct_inside(void **state)
{
    (void)state;
    assert_int_equal(error_of_root(word_struct(0, 2, 0)), CAPNP_OK);
    assert_int_equal(error_of_root(word_struct(0, 1, 2)), CAPNP_POINTER_OUT_OF_BOUNDS);
    assert_int_equal(error_of_root(word_struct(1, 2, 0)), CAPNP_POINTER_OUT_OF_BOUNDS);
    assert_int_equal(error_of_root(word_struct(-2, 1, 0)), CAPNP_POINTER_OUT_OF_BOUNDS);
    assert_int_equal(error_of_root(word_struct(0x1fffffff, 0, 1)), CAPNP_POINTER_OUT_OF_BOUNDS);
    assert_int_equal(error_of_root(word_struct(-0x20000000, 1, 0)), CAPNP_POINTER_OUT_OF_BOUNDS);
    assert_int_equal(error_of_root(word_struct(0, 0xffff, 0xffff)), CAPNP_POINTER_OUT_OF_BOUNDS);
    assert_int_equal(error_of_root(word_list(0, 2, 8)), CAPNP_POINTER_OTHER_KIND);
    assert_int_equal(error_of_root(word_far), CAPNP_POINTER_FAR);
    assert_int_equal(error_of_root(word_cap(0)), CAPNP_POINTER_OTHER_KIND);
}

static void text_is_read_without_its_nul(void **state)
{
    (void)state;
    struct words words;
    WORDS_OPEN(&words, word_struct(0, 0, 1), word_list(0, 2, 3), 0x6968);
    struct capnp_text text = capnp_get_text(capnp_message_root(&words.message), 0, no_text);
    assert_int_equal(text.size, 2);
    assert_string_equal(text.data, "hi");
    assert_int_equal(words.message.error, CAPNP_OK);
    words_close(&words);
}

static void text_must_be_terminated_bytes_inside(void **state)
{
    (void)state;
    assert_int_equal(ERROR_OF_TEXT(word_list(0, 2, 8), 0x0068686868686868), CAPNP_OK);
    assert_int_equal(ERROR_OF_TEXT(0), CAPNP_OK);
    assert_int_equal(ERROR_OF_TEXT(word_list(0, 2, 2), 0x6968), CAPNP_TEXT_NOT_TERMINATED);
    assert_int_equal(ERROR_OF_TEXT(word_list(0, 2, 0), 0), CAPNP_TEXT_NOT_TERMINATED);
    assert_int_equal(ERROR_OF_TEXT(word_list(0, 2, 9), 0), CAPNP_POINTER_OUT_OF_BOUNDS);
    assert_int_equal(ERROR_OF_TEXT(word_list(0, 2, 0x1fffffff), 0), CAPNP_POINTER_OUT_OF_BOUNDS);
    assert_int_equal(ERROR_OF_TEXT(word_list(1, 2, 1), 0), CAPNP_POINTER_OUT_OF_BOUNDS);
    assert_int_equal(ERROR_OF_TEXT(word_list(-3, 2, 1), 0), CAPNP_POINTER_OUT_OF_BOUNDS);
    assert_int_equal(ERROR_OF_TEXT(word_list(0, 1, 8), 0), CAPNP_LIST_OTHER_ELEMENTS);
    assert_int_equal(ERROR_OF_TEXT(word_list(0, 3, 1), 0), CAPNP_LIST_OTHER_ELEMENTS);
    assert_int_equal(ERROR_OF_TEXT(word_list(0, 7, 0), 0), CAPNP_LIST_OTHER_ELEMENTS);
    assert_int_equal(ERROR_OF_TEXT(word_struct(0, 1, 0), 0), CAPNP_POINTER_OTHER_KIND);
    assert_int_equal(ERROR_OF_TEXT(word_cap(0), 0), CAPNP_POINTER_OTHER_KIND);
    assert_int_equal(ERROR_OF_TEXT(word_far, 0), CAPNP_POINTER_FAR);
}

static void first_error_is_kept(void **state)
{
    (void)state;
    struct words words;
    WORDS_OPEN(&words, word_struct(0, 0, 2), word_far, word_struct(9, 1, 0));
    struct capnp_struct_reader root = capnp_message_root(&words.message);
    capnp_get_text(root, 0, no_text);
    capnp_get_struct(root, 1, NULL);
    assert_int_equal(words.message.error, CAPNP_POINTER_FAR);
    words_close(&words);
}

static enum capnp_error error_of_cap(uint64_t pointer, uint64_t *id)
{
    static const uint64_t caps[2] = {11, 22};
    struct words words;
    words_open(&words, (const uint64_t[]){word_struct(0, 0, 1), pointer}, 2, caps, 2);
    *id = capnp_get_cap(capnp_message_root(&words.message), 0).id;
    enum capnp_error error = words.message.error;
    words_close(&words);
    return error;
}

static void capability_is_the_ordinal_in_the_list_beside_the_message(void **state)
{
    (void)state;
    uint64_t id = 0;
    assert_int_equal(error_of_cap(word_cap(1), &id), CAPNP_OK);
    assert_int_equal(id, 22);
    assert_int_equal(error_of_cap(0, &id), CAPNP_OK);
    assert_int_equal(id, 0);
    assert_int_equal(error_of_cap(word_cap(2), &id), CAPNP_CAP_ORDINAL_OUT_OF_RANGE);
    assert_int_equal(id, 0);
    assert_int_equal(error_of_cap(word_cap(UINT32_MAX), &id), CAPNP_CAP_ORDINAL_OUT_OF_RANGE);
    assert_int_equal(error_of_cap(word_cap(0) | 4, &id), CAPNP_POINTER_RESERVED_BITS);
    assert_int_equal(error_of_cap(word_list(0, 2, 0), &id), CAPNP_POINTER_OTHER_KIND);
    assert_int_equal(error_of_cap(word_far, &id), CAPNP_POINTER_FAR);
}

static void reading_the_same_text_forever_is_stopped(void **state)
{
    (void)state;
    struct words words;
    WORDS_OPEN(&words, word_struct(0, 0, 1), word_list(0, 2, 8), 0);
    struct capnp_struct_reader root = capnp_message_root(&words.message);
    uint32_t reads = 0;
    while (words.message.error == CAPNP_OK && reads < 1000000) {
        capnp_get_text(root, 0, no_text);
        reads++;
    }
    assert_int_equal(words.message.error, CAPNP_TRAVERSAL_EXCEEDED);
    assert_in_range(reads, CAPNP_TRAVERSAL_WORDS_MIN,
                    CAPNP_TRAVERSAL_WORDS_MIN + 3 * CAPNP_TRAVERSAL_TIMES + 1);
    words_close(&words);
}

static void built_scalars_text_data_and_caps_are_read_back(void **state)
{
    (void)state;
    uint8_t buffer[129];
    struct capnp_builder builder;
    capnp_builder_init(&builder, buffer + 1, 128);
    struct capnp_struct_builder root = capnp_builder_root(&builder, 3, 4);
    capnp_set_u64(root, 0, 1, 2);
    capnp_set_u32(root, 8, 3, 0);
    capnp_set_u16(root, 12, 4, 0xffff);
    capnp_set_u8(root, 14, 5, 0);
    capnp_set_bool(root, 120, true, true);
    capnp_set_bool(root, 121, true, false);
    capnp_set_bool(root, 122, true, false);
    capnp_set_bool(root, 122, false, false);
    capnp_set_text(root, 0, (struct capnp_text){"1234567", 7});
    capnp_set_data(root, 1, (struct capnp_data){(const uint8_t *)"123456789", 9});
    capnp_set_cap(root, 2, (struct capnp_cap){77});
    capnp_set_cap(root, 3, (struct capnp_cap){0});
    assert_int_equal(builder.error, CAPNP_OK);
    assert_int_equal(capnp_builder_size(&builder), (1 + 7 + 1 + 2) * 8);
    assert_int_equal(builder.cap_count, 1);

    struct capnp_message message;
    capnp_message_init(&message, buffer + 1, capnp_builder_size(&builder), builder.caps, 1);
    struct capnp_struct_reader read = capnp_message_root(&message);
    assert_int_equal(capnp_get_u64(read, 0, 2), 1);
    assert_int_equal(capnp_get_u32(read, 8, 0), 3);
    assert_int_equal(capnp_get_u16(read, 12, 0xffff), 4);
    assert_int_equal(capnp_get_u8(read, 14, 0), 5);
    assert_int_equal(capnp_get_u8(read, 15, 0), 2);
    assert_true(capnp_get_bool(read, 120, true));
    assert_string_equal(capnp_get_text(read, 0, no_text).data, "1234567");
    assert_int_equal(capnp_get_data(read, 1, no_data).size, 9);
    assert_memory_equal(capnp_get_data(read, 1, no_data).data, "123456789", 9);
    assert_int_equal(capnp_get_cap(read, 2).id, 77);
    assert_false(capnp_has_pointer(read, 3));
    assert_int_equal(message.error, CAPNP_OK);
}

static void full_builder_writes_nothing_outside_its_buffer(void **state)
{
    (void)state;
    for (uint32_t capacity = 0; capacity <= 48; capacity++) {
        struct capnp_builder builder;
        uint8_t *buffer = malloc(capacity + 1);
        capnp_builder_init(&builder, buffer, capacity);
        struct capnp_struct_builder root = capnp_builder_root(&builder, 1, 2);
        capnp_set_u64(root, 0, 1, 0);
        capnp_set_text(root, 0, (struct capnp_text){"1234567", 7});
        assert_int_equal(builder.error, capacity < 40 ? CAPNP_BUILDER_FULL : CAPNP_OK);
        capnp_set_cap(root, 1, (struct capnp_cap){9});
        assert_true(capnp_builder_size(&builder) <= capacity);
        free(buffer);
    }
}

static void text_longer_than_a_list_can_say_is_refused(void **state)
{
    (void)state;
    uint8_t buffer[64];
    struct capnp_builder builder;
    capnp_builder_init(&builder, buffer, sizeof(buffer));
    struct capnp_struct_builder root = capnp_builder_root(&builder, 0, 1);
    capnp_set_text(root, 0, (struct capnp_text){"", UINT32_MAX});
    assert_int_equal(builder.error, CAPNP_BUILDER_LIST_TOO_LONG);
}

static void null_text_stays_absent_and_empty_text_does_not(void **state)
{
    (void)state;
    uint8_t buffer[64];
    struct capnp_builder builder;
    struct capnp_message message;
    capnp_builder_init(&builder, buffer, sizeof(buffer));
    struct capnp_struct_builder root = capnp_builder_root(&builder, 0, 2);
    capnp_set_text(root, 0, (struct capnp_text){NULL, 0});
    capnp_set_text(root, 1, (struct capnp_text){"", 0});
    capnp_message_init(&message, buffer, capnp_builder_size(&builder), NULL, 0);
    assert_string_equal(capnp_get_text(capnp_message_root(&message), 0, no_text).data, "absent");
    assert_string_equal(capnp_get_text(capnp_message_root(&message), 1, no_text).data, "");
    assert_int_equal(message.error, CAPNP_OK);
}

static void capability_fields_are_set_once_and_sixteen_at_most(void **state)
{
    (void)state;
    uint8_t buffer[256];
    struct capnp_builder builder;
    capnp_builder_init(&builder, buffer, sizeof(buffer));
    struct capnp_struct_builder root = capnp_builder_root(&builder, 0, CAPNP_CAPS_MAX + 1);
    for (uint16_t i = 0; i < CAPNP_CAPS_MAX; i++) {
        capnp_set_cap(root, i, (struct capnp_cap){i + 1u});
    }
    assert_int_equal(builder.error, CAPNP_OK);
    capnp_set_cap(root, CAPNP_CAPS_MAX, (struct capnp_cap){99});
    assert_int_equal(builder.error, CAPNP_BUILDER_CAPS_FULL);
    assert_int_equal(builder.cap_count, CAPNP_CAPS_MAX);

    capnp_builder_init(&builder, buffer, sizeof(buffer));
    root = capnp_builder_root(&builder, 0, 1);
    capnp_set_cap(root, 0, (struct capnp_cap){1});
    capnp_set_cap(root, 0, (struct capnp_cap){2});
    assert_int_equal(builder.error, CAPNP_BUILDER_CAP_SET_TWICE);
    assert_int_equal(builder.cap_count, 1);
}

static void field_of_another_struct_is_refused(void **state)
{
    (void)state;
    uint8_t buffer[64];
    struct capnp_builder builder;
    capnp_builder_init(&builder, buffer, sizeof(buffer));
    memset(buffer, 0xee, sizeof(buffer));
    struct capnp_struct_builder root = capnp_builder_root(&builder, 1, 0);
    capnp_set_u64(root, 8, UINT64_MAX, 0);
    capnp_set_u32(root, 6, UINT32_MAX, 0);
    capnp_set_bool(root, 64, true, false);
    assert_int_equal(buffer[16], 0xee);
    capnp_set_text(root, 0, (struct capnp_text){"x", 1});
    assert_int_equal(builder.error, CAPNP_BUILDER_OTHER_FIELD);
    assert_int_equal(capnp_builder_size(&builder), 16);
}

static void building_the_root_again_starts_over(void **state)
{
    (void)state;
    uint8_t buffer[64];
    struct capnp_builder builder;
    capnp_builder_init(&builder, buffer, sizeof(buffer));
    struct capnp_struct_builder root = capnp_builder_root(&builder, 1, 1);
    capnp_set_u64(root, 0, UINT64_MAX, 0);
    capnp_set_cap(root, 0, (struct capnp_cap){5});
    capnp_builder_root(&builder, 1, 1);
    struct capnp_message message;
    capnp_message_init(&message, buffer, capnp_builder_size(&builder), builder.caps,
                       builder.cap_count);
    assert_int_equal(message.cap_count, 0);
    assert_int_equal(capnp_get_u64(capnp_message_root(&message), 0, 0), 0);
    assert_int_equal(capnp_get_cap(capnp_message_root(&message), 0).id, 0);
}

static void struct_without_fields_is_not_a_null_pointer(void **state)
{
    (void)state;
    uint8_t buffer[64];
    struct capnp_builder builder;
    struct capnp_message message;
    capnp_builder_init(&builder, buffer, sizeof(buffer));
    capnp_builder_root(&builder, 0, 0);
    assert_int_equal(capnp_builder_size(&builder), 8);
    assert_true(capnp_load_u64(buffer) == word_struct(-1, 0, 0));
    capnp_message_init(&message, buffer, 8, NULL, 0);
    assert_non_null(capnp_message_root(&message).data);
    assert_int_equal(message.error, CAPNP_OK);
}

static void every_error_has_its_own_sentence(void **state)
{
    (void)state;
    for (int i = 0; i < CAPNP_ERROR_COUNT; i++) {
        assert_non_null(capnp_error_text((enum capnp_error)i));
        for (int k = 0; k < i; k++) {
            assert_string_not_equal(capnp_error_text((enum capnp_error)i),
                                    capnp_error_text((enum capnp_error)k));
        }
    }
    assert_string_equal(capnp_error_text(CAPNP_ERROR_COUNT), "unknown error");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_message_reads_as_defaults),
        cmocka_unit_test(null_root_reads_as_defaults),
        cmocka_unit_test(scalars_are_xored_with_their_default),
        cmocka_unit_test(scalars_beyond_the_data_read_as_defaults),
        cmocka_unit_test(message_sizes_are_checked),
        cmocka_unit_test(root_must_be_a_struct_inside),
        cmocka_unit_test(text_is_read_without_its_nul),
        cmocka_unit_test(text_must_be_terminated_bytes_inside),
        cmocka_unit_test(first_error_is_kept),
        cmocka_unit_test(capability_is_the_ordinal_in_the_list_beside_the_message),
        cmocka_unit_test(reading_the_same_text_forever_is_stopped),
        cmocka_unit_test(built_scalars_text_data_and_caps_are_read_back),
        cmocka_unit_test(full_builder_writes_nothing_outside_its_buffer),
        cmocka_unit_test(text_longer_than_a_list_can_say_is_refused),
        cmocka_unit_test(null_text_stays_absent_and_empty_text_does_not),
        cmocka_unit_test(capability_fields_are_set_once_and_sixteen_at_most),
        cmocka_unit_test(field_of_another_struct_is_refused),
        cmocka_unit_test(building_the_root_again_starts_over),
        cmocka_unit_test(struct_without_fields_is_not_a_null_pointer),
        cmocka_unit_test(every_error_has_its_own_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
