// SPDX-License-Identifier: Apache-2.0
//
// Nested structs and lists: malformed ones are refused, lists of another version of a schema are
// read as the encoding's rules of evolution say, depth and work are bounded.

#include "words.h"

// Opens a message whose root has one pointer, reads that as a list, answers the error.
static enum capnp_error error_of_list(const uint64_t *from, size_t count,
                                      enum capnp_element element, uint32_t *elements)
{
    struct words words;
    words_open(&words, from, count, NULL, 0);
    struct capnp_list_reader list =
        capnp_get_list(capnp_message_root(&words.message), 0, element, NULL);
    enum capnp_error error = words.message.error;
    *elements = list.count;
    words_close(&words);
    return error;
}

#define ERROR_OF_LIST(element, elements, ...)                                                      \
    error_of_list((const uint64_t[]){word_struct(0, 0, 1), __VA_ARGS__},                           \
                  sizeof((const uint64_t[]){0, __VA_ARGS__}) / 8, element, elements)

static void plain_lists_must_lie_inside(void **state)
{
    (void)state;
    static const struct {
        enum capnp_element element;
        uint32_t fit; // in one word
    } rows[] = {{CAPNP_ELEMENT_BIT, 64},        {CAPNP_ELEMENT_BYTE, 8},
                {CAPNP_ELEMENT_TWO_BYTES, 4},   {CAPNP_ELEMENT_FOUR_BYTES, 2},
                {CAPNP_ELEMENT_EIGHT_BYTES, 1}, {CAPNP_ELEMENT_POINTER, 1}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint32_t count = 0;
        enum capnp_element element = rows[i].element;
        assert_int_equal(
            ERROR_OF_LIST(element, &count, word_list(0, element, rows[i].fit), UINT64_MAX),
            CAPNP_OK);
        assert_int_equal(count, rows[i].fit);
        assert_int_equal(
            ERROR_OF_LIST(element, &count, word_list(0, element, rows[i].fit + 1), UINT64_MAX),
            CAPNP_POINTER_OUT_OF_BOUNDS);
        assert_int_equal(count, 0);
        assert_int_equal(
            ERROR_OF_LIST(element, &count, word_list(0, element, 0x1fffffff), UINT64_MAX),
            CAPNP_POINTER_OUT_OF_BOUNDS);
        assert_int_equal(ERROR_OF_LIST(element, &count, word_list(-3, element, 1), UINT64_MAX),
                         CAPNP_POINTER_OUT_OF_BOUNDS);
    }
}

static void list_pointers_of_other_kinds_are_refused(void **state)
{
    (void)state;
    uint32_t count = 0;
    assert_int_equal(ERROR_OF_LIST(CAPNP_ELEMENT_BYTE, &count, word_struct(0, 1, 0), 0),
                     CAPNP_POINTER_OTHER_KIND);
    assert_int_equal(ERROR_OF_LIST(CAPNP_ELEMENT_BYTE, &count, word_cap(0), 0),
                     CAPNP_POINTER_OTHER_KIND);
    assert_int_equal(ERROR_OF_LIST(CAPNP_ELEMENT_BYTE, &count, word_far, 0), CAPNP_POINTER_FAR);
}

static void struct_lists_must_agree_with_their_tag(void **state)
{
    (void)state;
    uint32_t count = 0;
    enum capnp_element element = CAPNP_ELEMENT_STRUCT;
    assert_int_equal(ERROR_OF_LIST(element, &count, word_list(0, 7, 2), word_tag(2, 1, 0), 1, 2),
                     CAPNP_OK);
    assert_int_equal(count, 2);
    assert_int_equal(ERROR_OF_LIST(element, &count, word_list(0, 7, 2), word_tag(3, 1, 0), 1, 2),
                     CAPNP_LIST_TAG_TOO_LONG);
    assert_int_equal(
        ERROR_OF_LIST(element, &count, word_list(0, 7, 2), word_tag(0x3fffffff, 9, 9), 1, 2),
        CAPNP_LIST_TAG_TOO_LONG);
    assert_int_equal(ERROR_OF_LIST(element, &count, word_list(0, 7, 3), word_tag(2, 1, 0), 1, 2),
                     CAPNP_POINTER_OUT_OF_BOUNDS);
    assert_int_equal(
        ERROR_OF_LIST(element, &count, word_list(0, 7, 2), word_tag(2, 1, 0) | 1, 1, 2),
        CAPNP_LIST_TAG_NOT_STRUCT);
    // The tag itself must be inside, even where the list is empty.
    assert_int_equal(ERROR_OF_LIST(element, &count, word_list(0, 7, 0)),
                     CAPNP_POINTER_OUT_OF_BOUNDS);
}

static void lists_without_room_are_charged_for_their_count(void **state)
{
    (void)state;
    uint32_t count = 0;
    assert_int_equal(ERROR_OF_LIST(CAPNP_ELEMENT_VOID, &count, word_list(0, 0, 1000)), CAPNP_OK);
    assert_int_equal(count, 1000);
    assert_int_equal(ERROR_OF_LIST(CAPNP_ELEMENT_VOID, &count, word_list(0, 0, 0x1fffffff)),
                     CAPNP_TRAVERSAL_EXCEEDED);
    assert_int_equal(count, 0);
    assert_int_equal(
        ERROR_OF_LIST(CAPNP_ELEMENT_STRUCT, &count, word_list(0, 7, 0), word_tag(0x3fffffff, 0, 0)),
        CAPNP_TRAVERSAL_EXCEEDED);
}

static void lists_of_narrower_elements_are_refused(void **state)
{
    (void)state;
    uint32_t count = 0;
    assert_int_equal(ERROR_OF_LIST(CAPNP_ELEMENT_EIGHT_BYTES, &count, word_list(0, 4, 1), 0),
                     CAPNP_LIST_OTHER_ELEMENTS);
    assert_int_equal(ERROR_OF_LIST(CAPNP_ELEMENT_BIT, &count, word_list(0, 2, 1), 0),
                     CAPNP_LIST_OTHER_ELEMENTS);
    assert_int_equal(ERROR_OF_LIST(CAPNP_ELEMENT_BYTE, &count, word_list(0, 1, 1), 0),
                     CAPNP_LIST_OTHER_ELEMENTS);
    assert_int_equal(ERROR_OF_LIST(CAPNP_ELEMENT_POINTER, &count, word_list(0, 5, 1), 0),
                     CAPNP_LIST_OTHER_ELEMENTS);
    assert_int_equal(ERROR_OF_LIST(CAPNP_ELEMENT_BYTE, &count, word_list(0, 6, 1), 0),
                     CAPNP_LIST_OTHER_ELEMENTS);
    assert_int_equal(ERROR_OF_LIST(CAPNP_ELEMENT_STRUCT, &count, word_list(0, 1, 1), 0),
                     CAPNP_LIST_OTHER_ELEMENTS);
}

static void scalar_list_reads_a_list_of_structs(void **state)
{
    (void)state;
    struct words words;
    WORDS_OPEN(&words, word_struct(0, 0, 1), word_list(0, 7, 4), word_tag(2, 1, 1), 5, 0, 6, 0);
    struct capnp_list_reader list =
        capnp_get_list(capnp_message_root(&words.message), 0, CAPNP_ELEMENT_TWO_BYTES, NULL);
    assert_int_equal(list.count, 2);
    assert_int_equal(capnp_list_get_u16(list, 0), 5);
    assert_int_equal(capnp_list_get_u16(list, 1), 6);
    assert_int_equal(words.message.error, CAPNP_OK);
    words_close(&words);
}

static void struct_list_reads_a_list_of_scalars_or_pointers(void **state)
{
    (void)state;
    struct words words;
    WORDS_OPEN(&words, word_struct(0, 0, 2), word_list(1, 3, 2), word_list(1, 6, 1), 0x00060005,
               word_list(0, 2, 2), 0x41);
    struct capnp_struct_reader root = capnp_message_root(&words.message);
    struct capnp_list_reader list = capnp_get_list(root, 0, CAPNP_ELEMENT_STRUCT, NULL);
    assert_int_equal(list.count, 2);
    assert_int_equal(capnp_get_u16(capnp_list_get_struct(list, 1), 0, 0), 6);
    assert_int_equal(capnp_get_u32(capnp_list_get_struct(list, 1), 0, 9), 9);
    list = capnp_get_list(root, 1, CAPNP_ELEMENT_STRUCT, NULL);
    struct capnp_text text =
        capnp_get_text(capnp_list_get_struct(list, 0), 0, (struct capnp_text){"", 0});
    assert_string_equal(text.data, "A");
    assert_int_equal(words.message.error, CAPNP_OK);
    words_close(&words);
}

static void index_outside_a_list_is_an_error_and_reads_nothing(void **state)
{
    (void)state;
    struct words words;
    WORDS_OPEN(&words, word_struct(0, 0, 1), word_list(0, 5, 1), 7);
    struct capnp_list_reader list =
        capnp_get_list(capnp_message_root(&words.message), 0, CAPNP_ELEMENT_EIGHT_BYTES, NULL);
    assert_int_equal(capnp_list_get_u64(list, 0), 7);
    assert_int_equal(words.message.error, CAPNP_OK);
    assert_int_equal(capnp_list_get_u64(list, 1), 0);
    assert_int_equal(words.message.error, CAPNP_LIST_INDEX_OUT_OF_RANGE);
    assert_int_equal(capnp_list_get_u64(list, UINT32_MAX), 0);
    assert_null(capnp_list_get_struct(list, 1).data);
    assert_false(capnp_list_get_bool(list, 1));
    words_close(&words);
}

static void elements_are_never_read_wider_than_they_are(void **state)
{
    (void)state;
    struct words words;
    WORDS_OPEN(&words, word_struct(0, 0, 1), word_list(0, 2, 8), UINT64_MAX);
    struct capnp_list_reader list =
        capnp_get_list(capnp_message_root(&words.message), 0, CAPNP_ELEMENT_BYTE, NULL);
    assert_int_equal(capnp_list_get_u64(list, 7), 0);
    assert_int_equal(capnp_list_get_u32(list, 7), 0);
    assert_int_equal(capnp_list_get_u16(list, 7), 0);
    assert_int_equal(capnp_list_get_cap(list, 7).id, 0);
    assert_false(capnp_list_get_bool(list, 7));
    assert_int_equal(words.message.error, CAPNP_LIST_OTHER_ELEMENTS);
    words_close(&words);
}

// A chain of structs, each pointing to the next: `count` pointers in all, the root's included.
static enum capnp_error error_of_chain(uint32_t count)
{
    uint64_t chain[CAPNP_DEPTH_MAX + 2];
    struct words words;
    for (uint32_t i = 0; i < count; i++) {
        chain[i] = word_struct(0, 0, 1);
    }
    chain[count] = 0;
    words_open(&words, chain, count + 1, NULL, 0);
    struct capnp_struct_reader reader = capnp_message_root(&words.message);
    for (uint32_t i = 1; i < count; i++) {
        reader = capnp_get_struct(reader, 0, NULL);
    }
    enum capnp_error error = words.message.error;
    words_close(&words);
    return error;
}

static void pointers_are_followed_64_deep_and_no_deeper(void **state)
{
    (void)state;
    assert_int_equal(error_of_chain(CAPNP_DEPTH_MAX), CAPNP_OK);
    assert_int_equal(error_of_chain(CAPNP_DEPTH_MAX + 1), CAPNP_DEPTH_EXCEEDED);
}

static void struct_that_contains_itself_ends(void **state)
{
    (void)state;
    struct words words;
    WORDS_OPEN(&words, word_struct(0, 0, 1), word_struct(-1, 0, 1));
    struct capnp_struct_reader reader = capnp_message_root(&words.message);
    for (uint32_t i = 0; i < 1000; i++) {
        reader = capnp_get_struct(reader, 0, NULL);
    }
    assert_int_equal(words.message.error, CAPNP_DEPTH_EXCEEDED);
    words_close(&words);
}

static void lists_of_lists_count_as_depth(void **state)
{
    (void)state;
    struct words words;
    WORDS_OPEN(&words, word_struct(0, 0, 1), word_list(-1, 6, 1));
    struct capnp_list_reader list =
        capnp_get_list(capnp_message_root(&words.message), 0, CAPNP_ELEMENT_POINTER, NULL);
    for (uint32_t i = 0; i < 1000; i++) {
        list = capnp_list_get_list(list, 0, CAPNP_ELEMENT_POINTER);
        if (list.count == 0) {
            break;
        }
    }
    assert_int_equal(words.message.error, CAPNP_DEPTH_EXCEEDED);
    words_close(&words);
}

static void overlapping_lists_exhaust_the_traversal_limit(void **state)
{
    (void)state;
    enum { WORDS = 1024 };
    static uint64_t from[WORDS];
    struct words words;
    from[0] = word_struct(0, 0, WORDS - 1);
    for (int32_t i = 1; i < WORDS; i++) {
        from[i] = word_list(-1 - i, CAPNP_ELEMENT_EIGHT_BYTES, WORDS);
    }
    words_open(&words, from, WORDS, NULL, 0);
    struct capnp_struct_reader root = capnp_message_root(&words.message);
    uint16_t read = 0;
    while (read < WORDS - 1 &&
           capnp_get_list(root, read, CAPNP_ELEMENT_EIGHT_BYTES, NULL).count > 0) {
        read++;
    }
    assert_int_equal(words.message.error, CAPNP_TRAVERSAL_EXCEEDED);
    assert_in_range(read, CAPNP_TRAVERSAL_TIMES / 2, CAPNP_TRAVERSAL_TIMES + 8);
    words_close(&words);
}

static void constant_message_stands_in_for_absent_fields_and_is_never_written(void **state)
{
    (void)state;
    static const uint64_t point[] = {1ull << 32, 7};
    static const uint64_t numbers[] = {5ull << 32 | 2ull << 35 | 1, 1, 2};
    static const struct capnp_message of_struct = {
        .bytes = (const uint8_t *)point, .size = sizeof(point), .is_constant = true};
    static const struct capnp_message of_list = {
        .bytes = (const uint8_t *)numbers, .size = sizeof(numbers), .is_constant = true};
    struct words words;
    WORDS_OPEN(&words, word_struct(0, 0, 2), 0, word_far);
    struct capnp_struct_reader root = capnp_message_root(&words.message);
    assert_int_equal(capnp_get_u64(capnp_get_struct(root, 0, &of_struct), 0, 0), 7);
    struct capnp_list_reader list = capnp_get_list(root, 9, CAPNP_ELEMENT_EIGHT_BYTES, &of_list);
    assert_int_equal(list.count, 2);
    assert_int_equal(capnp_list_get_u64(list, 1), 2);
    assert_int_equal(capnp_list_get_u64(list, 2), 0);
    assert_int_equal(words.message.error, CAPNP_OK);
    assert_int_equal(capnp_get_u64(capnp_get_struct(root, 1, &of_struct), 0, 0), 7);
    assert_int_equal(words.message.error, CAPNP_POINTER_FAR);
    words_close(&words);
}

static void built_trees_are_read_back(void **state)
{
    (void)state;
    uint8_t buffer[1024];
    struct capnp_builder builder;
    struct capnp_message message;
    capnp_builder_init(&builder, buffer, sizeof(buffer));
    struct capnp_struct_builder root = capnp_builder_root(&builder, 0, 5);
    capnp_set_u64(capnp_init_struct(root, 0, 1, 0), 0, 9, 0);
    capnp_init_struct(root, 1, 0, 0);
    struct capnp_list_builder bits = capnp_init_list(root, 2, CAPNP_ELEMENT_BIT, 70);
    capnp_list_set_bool(bits, 69, true);
    struct capnp_list_builder structs = capnp_init_struct_list(root, 3, 3, 1, 1);
    capnp_set_text(capnp_list_init_struct(structs, 2), 0, (struct capnp_text){"end", 3});
    struct capnp_list_builder lists = capnp_init_list(root, 4, CAPNP_ELEMENT_POINTER, 2);
    capnp_list_set_u32(capnp_list_init_list(lists, 1, CAPNP_ELEMENT_FOUR_BYTES, 3), 2, 8);
    assert_int_equal(builder.error, CAPNP_OK);

    capnp_message_init(&message, buffer, capnp_builder_size(&builder), NULL, 0);
    struct capnp_struct_reader read = capnp_message_root(&message);
    assert_int_equal(capnp_get_u64(capnp_get_struct(read, 0, NULL), 0, 0), 9);
    assert_true(capnp_has_pointer(read, 1));
    struct capnp_list_reader flags = capnp_get_list(read, 2, CAPNP_ELEMENT_BIT, NULL);
    assert_int_equal(flags.count, 70);
    assert_true(capnp_list_get_bool(flags, 69));
    assert_false(capnp_list_get_bool(flags, 68));
    struct capnp_list_reader items = capnp_get_list(read, 3, CAPNP_ELEMENT_STRUCT, NULL);
    assert_string_equal(
        capnp_get_text(capnp_list_get_struct(items, 2), 0, (struct capnp_text){"", 0}).data, "end");
    struct capnp_list_reader outer = capnp_get_list(read, 4, CAPNP_ELEMENT_POINTER, NULL);
    assert_int_equal(capnp_list_get_list(outer, 0, CAPNP_ELEMENT_FOUR_BYTES).count, 0);
    assert_int_equal(capnp_list_get_u32(capnp_list_get_list(outer, 1, CAPNP_ELEMENT_FOUR_BYTES), 2),
                     8);
    assert_int_equal(message.error, CAPNP_OK);
}

static void builders_of_lists_refuse_what_does_not_fit(void **state)
{
    (void)state;
    uint8_t buffer[64];
    struct capnp_builder builder;
    capnp_builder_init(&builder, buffer, sizeof(buffer));
    struct capnp_struct_builder root = capnp_builder_root(&builder, 0, 1);
    struct capnp_list_builder list = capnp_init_list(root, 0, CAPNP_ELEMENT_BYTE, 8);
    capnp_list_set_u8(list, 7, 1);
    assert_int_equal(builder.error, CAPNP_OK);
    capnp_list_set_u16(list, 7, 0xffff);
    assert_int_equal(builder.error, CAPNP_LIST_OTHER_ELEMENTS);
    builder.error = CAPNP_OK;
    capnp_list_set_u8(list, 8, 1);
    assert_int_equal(builder.error, CAPNP_LIST_INDEX_OUT_OF_RANGE);
    builder.error = CAPNP_OK;
    assert_null(capnp_init_list(root, 0, CAPNP_ELEMENT_EIGHT_BYTES, 6).data);
    assert_int_equal(builder.error, CAPNP_BUILDER_FULL);
    builder.error = CAPNP_OK;
    assert_null(capnp_init_list(root, 0, CAPNP_ELEMENT_VOID, UINT32_MAX).data);
    assert_int_equal(builder.error, CAPNP_BUILDER_LIST_TOO_LONG);
    builder.error = CAPNP_OK;
    assert_null(capnp_init_struct_list(root, 0, 1u << 28, 0xffff, 0xffff).data);
    assert_int_equal(builder.error, CAPNP_BUILDER_LIST_TOO_LONG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_lists_must_lie_inside),
        cmocka_unit_test(list_pointers_of_other_kinds_are_refused),
        cmocka_unit_test(struct_lists_must_agree_with_their_tag),
        cmocka_unit_test(lists_without_room_are_charged_for_their_count),
        cmocka_unit_test(lists_of_narrower_elements_are_refused),
        cmocka_unit_test(scalar_list_reads_a_list_of_structs),
        cmocka_unit_test(struct_list_reads_a_list_of_scalars_or_pointers),
        cmocka_unit_test(index_outside_a_list_is_an_error_and_reads_nothing),
        cmocka_unit_test(elements_are_never_read_wider_than_they_are),
        cmocka_unit_test(pointers_are_followed_64_deep_and_no_deeper),
        cmocka_unit_test(struct_that_contains_itself_ends),
        cmocka_unit_test(lists_of_lists_count_as_depth),
        cmocka_unit_test(overlapping_lists_exhaust_the_traversal_limit),
        cmocka_unit_test(constant_message_stands_in_for_absent_fields_and_is_never_written),
        cmocka_unit_test(built_trees_are_read_back),
        cmocka_unit_test(builders_of_lists_refuse_what_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
