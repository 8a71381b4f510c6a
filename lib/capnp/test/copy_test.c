// SPDX-License-Identifier: Apache-2.0
//
// Copies say what their source says and nothing else; canonical form is as the specification's
// section "Canonicalization" defines it; pointers of open type are what they are cast to.

#include "words.h"

static uint64_t target_words[64];

static struct capnp_builder target(uint32_t words)
{
    struct capnp_builder builder;
    memset(target_words, 0xaa, sizeof(target_words));
    capnp_builder_init(&builder, target_words, words * 8);
    return builder;
}

// The canonical form of these words must be those.
static void assert_canonical(const uint64_t *from, size_t count, const uint64_t *wanted,
                             size_t wanted_count)
{
    struct words words;
    words_open(&words, from, count, NULL, 0);
    struct capnp_builder builder = target(64);
    capnp_message_canonicalize(&builder, capnp_message_root(&words.message));
    assert_int_equal(words.message.error, CAPNP_OK);
    assert_int_equal(builder.error, CAPNP_OK);
    assert_int_equal(capnp_builder_size(&builder) / 8, wanted_count);
    assert_memory_equal(target_words, wanted, wanted_count * 8);
    words_close(&words);
}

#define COUNTED(array)              array, sizeof(array) / 8
#define WORDS(...)                  COUNTED(((const uint64_t[]){__VA_ARGS__}))
#define ASSERT_CANONICAL(from, ...) assert_canonical(from, WORDS(__VA_ARGS__))

static void canonical_structs_lose_zeros_at_their_ends(void **state)
{
    (void)state;
    ASSERT_CANONICAL(WORDS(word_struct(0, 3, 2), 7, 0, 0, 0, 0), word_struct(0, 1, 0), 7);
    ASSERT_CANONICAL(WORDS(word_struct(0, 2, 2), 0, 5, word_struct(1, 1, 0), 0, 9),
                     word_struct(0, 2, 1), 0, 5, word_struct(0, 1, 0), 9);
    ASSERT_CANONICAL(WORDS(word_struct(0, 1, 1), 0, 0), word_struct(-1, 0, 0));
    ASSERT_CANONICAL(WORDS(0), word_struct(-1, 0, 0));
    // Room between objects goes, and they come in the order of their pointers.
    ASSERT_CANONICAL(
        WORDS(word_struct(1, 0, 2), 99, word_struct(3, 1, 0), word_struct(1, 1, 0), 98, 2, 1),
        word_struct(0, 0, 2), word_struct(1, 1, 0), word_struct(1, 1, 0), 1, 2);
}

static void canonical_lists_of_structs_have_elements_of_one_trimmed_size(void **state)
{
    (void)state;
    ASSERT_CANONICAL(WORDS(word_struct(0, 0, 1), word_list(0, 7, 8), word_tag(2, 2, 2), 1, 0, 0, 0,
                           2, 0, word_struct(1, 1, 0), 0, 3),
                     word_struct(0, 0, 1), word_list(0, 7, 4), word_tag(2, 1, 1), 1, 0, 2,
                     word_struct(0, 1, 0), 3);
    ASSERT_CANONICAL(WORDS(word_struct(0, 0, 1), word_list(0, 7, 2), word_tag(2, 1, 0), 0, 0),
                     word_struct(0, 0, 1), word_list(0, 7, 0), word_tag(2, 0, 0));
    ASSERT_CANONICAL(WORDS(word_struct(0, 0, 1), word_list(0, 7, 0), word_tag(3, 0, 0)),
                     word_struct(0, 0, 1), word_list(0, 7, 0), word_tag(3, 0, 0));
}

static void canonical_lists_have_nothing_beyond_their_elements(void **state)
{
    (void)state;
    ASSERT_CANONICAL(WORDS(word_struct(0, 0, 1), word_list(0, CAPNP_ELEMENT_BYTE, 3), UINT64_MAX),
                     word_struct(0, 0, 1), word_list(0, CAPNP_ELEMENT_BYTE, 3), 0xffffff);
    ASSERT_CANONICAL(WORDS(word_struct(0, 0, 1), word_list(0, CAPNP_ELEMENT_BIT, 10), UINT64_MAX),
                     word_struct(0, 0, 1), word_list(0, CAPNP_ELEMENT_BIT, 10), 0x3ff);
    ASSERT_CANONICAL(WORDS(word_struct(0, 0, 1), word_list(0, CAPNP_ELEMENT_VOID, 10)),
                     word_struct(0, 0, 1), word_list(0, CAPNP_ELEMENT_VOID, 10));
    ASSERT_CANONICAL(WORDS(word_struct(0, 0, 1), word_list(0, CAPNP_ELEMENT_POINTER, 2), 0,
                           word_list(0, CAPNP_ELEMENT_TWO_BYTES, 2), 0x70005),
                     word_struct(0, 0, 1), word_list(0, CAPNP_ELEMENT_POINTER, 2), 0,
                     word_list(0, CAPNP_ELEMENT_TWO_BYTES, 2), 0x70005);
}

// A struct that is an element of a list of numbers has less than a word of data.
static void canonical_roots_may_be_elements_of_lists_of_numbers(void **state)
{
    (void)state;
    struct words words;
    WORDS_OPEN(&words, word_struct(0, 0, 1), word_list(0, CAPNP_ELEMENT_TWO_BYTES, 2), 0x70000);
    struct capnp_list_reader list =
        capnp_get_list(capnp_message_root(&words.message), 0, CAPNP_ELEMENT_STRUCT, NULL);
    struct capnp_builder builder = target(64);
    capnp_message_canonicalize(&builder, capnp_list_get_struct(list, 1));
    assert_int_equal(capnp_builder_size(&builder), 16);
    assert_int_equal(target_words[1], 7);
    capnp_message_canonicalize(&builder, capnp_list_get_struct(list, 0));
    assert_int_equal(capnp_builder_size(&builder), 8);
    words_close(&words);
}

static void capabilities_have_no_canonical_form_but_are_copied(void **state)
{
    (void)state;
    struct words words;
    const uint64_t caps[] = {1000, 2000};
    words_open(&words, WORDS(word_struct(0, 0, 2), word_cap(1), word_cap(2)), caps, 2);
    struct capnp_builder builder = target(64);
    capnp_message_canonicalize(&builder, capnp_message_root(&words.message));
    assert_int_equal(builder.error, CAPNP_CANONICAL_CAPABILITY);
    assert_int_equal(words.message.error, CAPNP_OK);
    builder = target(64);
    capnp_message_copy(&builder, &words.message);
    assert_int_equal(builder.error, CAPNP_OK);
    assert_int_equal(builder.cap_count, 1);
    assert_int_equal(builder.caps[0], 2000);
    assert_int_equal(target_words[1], word_cap(0));
    assert_int_equal(target_words[2], 0);
    assert_int_equal(words.message.error, CAPNP_CAP_ORDINAL_OUT_OF_RANGE);
    words_close(&words);
}

static void copies_keep_shapes_and_unknown_fields(void **state)
{
    (void)state;
    struct words words;
    WORDS_OPEN(&words, word_struct(1, 2, 2), 99, 7, 0, word_list(1, 7, 2),
               word_list(3, CAPNP_ELEMENT_BIT, 3), word_tag(1, 1, 1), 0, 0, 0xff);
    struct capnp_builder builder = target(64);
    capnp_message_copy(&builder, &words.message);
    const uint64_t wanted[] = {word_struct(0, 2, 2),
                               7,
                               0,
                               word_list(1, 7, 2),
                               word_list(3, CAPNP_ELEMENT_BIT, 3),
                               word_tag(1, 1, 1),
                               0,
                               0,
                               7};
    assert_int_equal(capnp_builder_size(&builder), sizeof(wanted));
    assert_memory_equal(target_words, wanted, sizeof(wanted));
    words_close(&words);
    // Of an empty message, an empty one.
    capnp_message_init(&words.message, NULL, 0, NULL, 0);
    capnp_message_copy(&builder, &words.message);
    assert_int_equal(target_words[0], 0);
    assert_int_equal(capnp_builder_size(&builder), 8);
}

static void copies_of_malformed_parts_leave_them_out(void **state)
{
    (void)state;
    static const uint64_t parts[] = {
        UINT64_C(0x0000000000000002), // far
        UINT64_C(0x0001000000000004), // a struct outside
        UINT64_C(0x0000000a00000005), // a list outside
        UINT64_C(0x0000000000000007), // neither
        UINT64_C(0x0000001700000001), // a list of structs without a tag
    };
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        struct words words;
        WORDS_OPEN(&words, word_struct(0, 0, 2), parts[i], word_list(0, CAPNP_ELEMENT_VOID, 3));
        struct capnp_builder builder = target(64);
        capnp_message_copy(&builder, &words.message);
        assert_int_equal(builder.error, CAPNP_OK);
        assert_int_not_equal(words.message.error, CAPNP_OK);
        assert_int_equal(target_words[1], 0);
        assert_int_equal(target_words[2], word_list(0, CAPNP_ELEMENT_VOID, 3));
        words_close(&words);
    }
}

static void copies_stop_when_the_target_is_full(void **state)
{
    (void)state;
    for (uint32_t room = 0; room < 13; room++) {
        struct words words;
        WORDS_OPEN(&words, word_struct(0, 1, 3), 5, word_list(2, CAPNP_ELEMENT_POINTER, 1),
                   word_list(3, 7, 2), word_list(5, CAPNP_ELEMENT_BYTE, 3), word_struct(0, 1, 0),
                   77, word_tag(1, 1, 1), 6, word_struct(0, 1, 0), 78, 0x636261);
        struct capnp_builder builder = target(room);
        capnp_message_copy(&builder, &words.message);
        assert_int_equal(builder.error, room < 12 ? CAPNP_BUILDER_FULL : CAPNP_OK);
        assert_int_equal(words.message.error, CAPNP_OK);
        assert_true(capnp_builder_size(&builder) <= room * 8);
        builder = target(room);
        capnp_message_canonicalize(&builder, capnp_message_root(&words.message));
        assert_int_equal(builder.error, room < 12 ? CAPNP_BUILDER_FULL : CAPNP_OK);
        words_close(&words);
    }
}

static void messages_that_lead_to_themselves_are_copied_within_bounds(void **state)
{
    (void)state;
    struct words words;
    // A struct whose two pointers lead to it: 2 to the power of 64 structs, to a reader that
    // trusts.
    WORDS_OPEN(&words, word_struct(0, 0, 2), word_struct(-1, 0, 2), word_struct(-2, 0, 2));
    static uint64_t large[1 << 16];
    struct capnp_builder builder;
    capnp_builder_init(&builder, large, sizeof(large));
    capnp_message_copy(&builder, &words.message);
    assert_true(words.message.error == CAPNP_DEPTH_EXCEEDED ||
                words.message.error == CAPNP_TRAVERSAL_EXCEEDED);
    words_close(&words);
}

static void structs_are_copied_into_those_of_other_versions(void **state)
{
    (void)state;
    struct words words;
    WORDS_OPEN(&words, word_struct(0, 2, 2), 5, 0, word_list(1, CAPNP_ELEMENT_BYTE, 2), 0, 0x61);
    struct capnp_struct_reader source = capnp_message_root(&words.message);
    struct capnp_builder builder = target(64);
    // Smaller, but nothing is lost.
    capnp_struct_copy(capnp_builder_root(&builder, 1, 1), source);
    assert_int_equal(builder.error, CAPNP_OK);
    assert_int_equal(target_words[1], 5);
    assert_int_equal(target_words[3], 0x61);
    // Larger.
    builder = target(64);
    capnp_struct_copy(capnp_builder_root(&builder, 3, 3), source);
    assert_int_equal(builder.error, CAPNP_OK);
    assert_int_equal(target_words[1], 5);
    assert_int_equal(target_words[3], 0);
    // Too small for what there is: data, pointers.
    builder = target(64);
    capnp_struct_copy(capnp_builder_root(&builder, 0, 1), source);
    assert_int_equal(builder.error, CAPNP_BUILDER_OTHER_FIELD);
    builder = target(64);
    capnp_struct_copy(capnp_builder_root(&builder, 1, 0), source);
    assert_int_equal(builder.error, CAPNP_BUILDER_OTHER_FIELD);
    words_close(&words);
}

static void fields_are_set_to_copies(void **state)
{
    (void)state;
    struct words words;
    WORDS_OPEN(&words, word_struct(0, 0, 3), word_struct(2, 1, 0), word_list(2, 4, 1), 0, 5, 6);
    struct capnp_struct_reader source = capnp_message_root(&words.message);
    struct capnp_builder builder = target(64);
    struct capnp_struct_builder root = capnp_builder_root(&builder, 0, 2);
    capnp_set_struct(root, 0, capnp_get_struct(source, 0, NULL));
    capnp_set_list(root, 1, capnp_get_list(source, 1, CAPNP_ELEMENT_FOUR_BYTES, NULL));
    assert_int_equal(target_words[3], 5);
    assert_int_equal(target_words[4], 6);
    // Absent ones make absent.
    capnp_set_struct(root, 0, capnp_get_struct(source, 2, NULL));
    capnp_set_list(root, 1, capnp_get_list(source, 2, CAPNP_ELEMENT_FOUR_BYTES, NULL));
    assert_int_equal(target_words[1], 0);
    assert_int_equal(target_words[2], 0);
    assert_int_equal(builder.error, CAPNP_OK);
    capnp_set_struct(root, 2, capnp_get_struct(source, 0, NULL));
    assert_int_equal(builder.error, CAPNP_BUILDER_OTHER_FIELD);
    capnp_set_list(root, 2, capnp_get_list(source, 0, CAPNP_ELEMENT_STRUCT, NULL));
    words_close(&words);
}

// ---- pointers of open type ----

static void open_pointers_are_what_they_are_cast_to(void **state)
{
    (void)state;
    struct words words;
    const uint64_t caps[] = {1000};
    words_open(&words,
               WORDS(word_struct(0, 0, 6), word_struct(5, 1, 0),
                     word_list(5, CAPNP_ELEMENT_BYTE, 2),
                     word_list(5, CAPNP_ELEMENT_EIGHT_BYTES, 1), word_cap(0), 0,
                     word_struct(100, 1, 0), 5, 0x61, 9),
               caps, 1);
    struct capnp_struct_reader root = capnp_message_root(&words.message);
    static const enum capnp_any_kind kinds[] = {CAPNP_ANY_STRUCT, CAPNP_ANY_LIST, CAPNP_ANY_LIST,
                                                CAPNP_ANY_CAP, CAPNP_ANY_ABSENT};
    for (uint16_t i = 0; i < 5; i++) {
        assert_int_equal(capnp_any_kind(capnp_get_any(root, i)), kinds[i]);
    }
    assert_int_equal(capnp_any_kind(capnp_get_any(root, 9)), CAPNP_ANY_ABSENT);
    assert_int_equal(capnp_get_u64(capnp_any_struct(capnp_get_any(root, 0)), 0, 0), 5);
    assert_string_equal(capnp_any_text(capnp_get_any(root, 1)).data, "a");
    assert_int_equal(capnp_any_data(capnp_get_any(root, 1)).size, 2);
    assert_int_equal(
        capnp_list_get_u64(capnp_any_list(capnp_get_any(root, 2), CAPNP_ELEMENT_EIGHT_BYTES), 0),
        9);
    assert_int_equal(capnp_any_cap(capnp_get_any(root, 3)).id, 1000);
    assert_string_equal(capnp_any_text(capnp_get_any(root, 4)).data, "");
    assert_int_equal(capnp_any_kind(capnp_message_root_any(&words.message)), CAPNP_ANY_STRUCT);
    assert_int_equal(words.message.error, CAPNP_OK);
    assert_null(capnp_any_struct(capnp_get_any(root, 1)).data);
    assert_int_equal(words.message.error, CAPNP_POINTER_OTHER_KIND);
    words_close(&words);
    capnp_message_init(&words.message, NULL, 0, NULL, 0);
    assert_int_equal(capnp_any_kind(capnp_message_root_any(&words.message)), CAPNP_ANY_ABSENT);
}

static void open_pointers_are_built_and_copied(void **state)
{
    (void)state;
    struct capnp_builder builder = target(64);
    struct capnp_struct_builder root = capnp_builder_root(&builder, 0, 8);
    capnp_any_set_text(capnp_build_any(root, 0), (struct capnp_text){"text", 4});
    capnp_any_set_data(capnp_build_any(root, 1), (struct capnp_data){(const uint8_t *)"da", 2});
    capnp_any_set_cap(capnp_build_any(root, 2), (struct capnp_cap){77});
    capnp_set_u64(capnp_any_init_struct(capnp_build_any(root, 3), 1, 0), 0, 31, 0);
    capnp_list_set_u16(capnp_any_init_list(capnp_build_any(root, 4), CAPNP_ELEMENT_TWO_BYTES, 2), 1,
                       41);
    struct capnp_list_builder structs =
        capnp_any_init_struct_list(capnp_build_any(root, 5), 1, 1, 0);
    capnp_set_u64(capnp_list_init_struct(structs, 0), 0, 51, 0);
    struct capnp_list_builder pointers = capnp_init_list(root, 6, CAPNP_ELEMENT_POINTER, 2);
    capnp_any_set_text(capnp_list_build_any(pointers, 1), (struct capnp_text){"in a list", 9});
    assert_int_equal(builder.error, CAPNP_OK);

    struct capnp_message message;
    static uint64_t copy_words[64];
    struct capnp_builder copy;
    capnp_message_init(&message, target_words, capnp_builder_size(&builder), builder.caps,
                       builder.cap_count);
    capnp_builder_init(&copy, copy_words, sizeof(copy_words));
    capnp_any_set(capnp_builder_root_any(&copy), capnp_message_root_any(&message));
    assert_int_equal(copy.error, CAPNP_OK);
    assert_int_equal(copy.cap_count, 1);
    capnp_message_init(&message, copy_words, capnp_builder_size(&copy), copy.caps, copy.cap_count);
    struct capnp_struct_reader read = capnp_message_root(&message);
    assert_string_equal(capnp_any_text(capnp_get_any(read, 0)).data, "text");
    assert_memory_equal(capnp_any_data(capnp_get_any(read, 1)).data, "da", 2);
    assert_int_equal(capnp_any_cap(capnp_get_any(read, 2)).id, 77);
    assert_int_equal(capnp_get_u64(capnp_any_struct(capnp_get_any(read, 3)), 0, 0), 31);
    assert_int_equal(
        capnp_list_get_u16(capnp_any_list(capnp_get_any(read, 4), CAPNP_ELEMENT_TWO_BYTES), 1), 41);
    struct capnp_list_reader list = capnp_any_list(capnp_get_any(read, 5), CAPNP_ELEMENT_STRUCT);
    assert_int_equal(capnp_get_u64(capnp_list_get_struct(list, 0), 0, 0), 51);
    list = capnp_get_list(read, 6, CAPNP_ELEMENT_POINTER, NULL);
    assert_int_equal(capnp_any_kind(capnp_list_get_any(list, 0)), CAPNP_ANY_ABSENT);
    assert_string_equal(capnp_any_text(capnp_list_get_any(list, 1)).data, "in a list");
    assert_int_equal(message.error, CAPNP_OK);
    // Of nothing, nothing.
    capnp_any_set(capnp_build_any(root, 0), capnp_get_any(read, 7));
    capnp_any_set_struct(capnp_build_any(root, 3), capnp_any_struct(capnp_get_any(read, 7)));
    capnp_any_set_list(capnp_build_any(root, 4),
                       capnp_any_list(capnp_get_any(read, 7), CAPNP_ELEMENT_VOID));
    assert_int_equal(target_words[1], 0);
    assert_int_equal(target_words[4], 0);
    assert_int_equal(target_words[5], 0);
    assert_int_equal(builder.error, CAPNP_OK);
    // A place that there isn't.
    capnp_any_set(capnp_build_any(root, 8), capnp_get_any(read, 0));
    assert_int_equal(builder.error, CAPNP_BUILDER_OTHER_FIELD);
    builder = target(0);
    capnp_any_set_text(capnp_builder_root_any(&builder), (struct capnp_text){"x", 1});
    assert_int_equal(builder.error, CAPNP_BUILDER_FULL);
}

// No bytes at all have no address either.
static void message_without_bytes_is_copied(void **state)
{
    (void)state;
    struct capnp_builder builder = target(64);
    struct capnp_message empty;
    struct capnp_list_reader none = {.message = &empty};
    capnp_message_init(&empty, NULL, 0, NULL, 0);
    struct capnp_struct_builder root = capnp_builder_root(&builder, 1, 1);
    capnp_struct_copy(root, capnp_message_root(&empty));
    capnp_set_struct(root, 0, capnp_message_root(&empty));
    capnp_set_list(root, 0, none);
    assert_int_equal(target_words[2], 0);
    capnp_message_copy(&builder, &empty);
    assert_int_equal(target_words[0], 0);
    capnp_message_canonicalize(&builder, capnp_message_root(&empty));
    assert_int_equal(builder.error, CAPNP_OK);
    assert_int_equal(empty.error, CAPNP_OK);
    // A builder without a buffer.
    capnp_builder_init(&builder, NULL, 0);
    root = capnp_builder_root(&builder, 1, 2);
    capnp_set_u64(root, 0, 1, 0);
    capnp_set_text(root, 0, (struct capnp_text){"a", 1});
    capnp_list_set_u8(capnp_init_list(root, 1, CAPNP_ELEMENT_BYTE, 3), 0, 1);
    assert_int_equal(builder.error, CAPNP_BUILDER_FULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(message_without_bytes_is_copied),
        cmocka_unit_test(canonical_structs_lose_zeros_at_their_ends),
        cmocka_unit_test(canonical_lists_of_structs_have_elements_of_one_trimmed_size),
        cmocka_unit_test(canonical_lists_have_nothing_beyond_their_elements),
        cmocka_unit_test(canonical_roots_may_be_elements_of_lists_of_numbers),
        cmocka_unit_test(capabilities_have_no_canonical_form_but_are_copied),
        cmocka_unit_test(copies_keep_shapes_and_unknown_fields),
        cmocka_unit_test(copies_of_malformed_parts_leave_them_out),
        cmocka_unit_test(copies_stop_when_the_target_is_full),
        cmocka_unit_test(messages_that_lead_to_themselves_are_copied_within_bounds),
        cmocka_unit_test(structs_are_copied_into_those_of_other_versions),
        cmocka_unit_test(fields_are_set_to_copies),
        cmocka_unit_test(open_pointers_are_what_they_are_cast_to),
        cmocka_unit_test(open_pointers_are_built_and_copied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
