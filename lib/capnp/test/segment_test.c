// SPDX-License-Identifier: Apache-2.0
//
// Messages of several segments: far pointers as the encoding specification lays them out are
// followed, malformed ones are refused, builders that grow make messages that read as they should.

#include "words.h"

enum { SEGMENTS = 4 };

// Segments in memory of their own, each one byte off alignment and ending where it ends.
struct parts {
    struct capnp_segment segments[SEGMENTS];
    uint8_t *memory[SEGMENTS];
    uint32_t count;
};

static void parts_add(struct parts *parts, const uint64_t *from, size_t count)
{
    uint8_t *memory = malloc(count * 8 + 1);
    assert_non_null(memory);
    memcpy(memory + 1, from, count * 8);
    capnp_segment_set(&parts->segments[parts->count], memory + 1, (uint32_t)count * 8);
    parts->memory[parts->count++] = memory;
}

#define ADD(parts, ...)                                                                            \
    parts_add(parts, (const uint64_t[]){__VA_ARGS__}, sizeof((const uint64_t[]){__VA_ARGS__}) / 8)

static struct capnp_struct_reader parts_open(struct parts *parts)
{
    static const uint64_t caps[] = {501, 502};
    capnp_segments_init(parts->segments, parts->count, UINT32_MAX, caps, 2);
    return capnp_message_root(&parts->segments[0].message);
}

static enum capnp_error parts_close(struct parts *parts)
{
    for (uint32_t i = 0; i < parts->count; i++) {
        free(parts->memory[i]);
    }
    return parts->segments[0].message.error;
}

static uint64_t far_to(uint32_t segment, uint32_t word)
{
    return (uint64_t)segment << 32 | word << 3 | 2;
}

static uint64_t double_far_to(uint32_t segment, uint32_t word)
{
    return far_to(segment, word) | 4;
}

static void far_pointers_lead_to_structs_lists_texts_and_capabilities(void **state)
{
    (void)state;
    struct parts parts = {.count = 0};
    ADD(&parts, far_to(1, 0));
    ADD(&parts, word_struct(0, 1, 4), 42, far_to(2, 0), far_to(2, 2), far_to(2, 5), far_to(2, 4));
    ADD(&parts, word_list(0, CAPNP_ELEMENT_BYTE, 3), 0x6968, word_tag(0, 0, 0), 0, word_cap(1),
        word_struct(-5, 1, 0));
    struct capnp_struct_reader root = parts_open(&parts);
    assert_int_equal(capnp_get_u64(root, 0, 0), 42);
    assert_string_equal(capnp_get_text(root, 0, (struct capnp_text){"", 0}).data, "hi");
    // A landing pad of zeros is a struct without fields.
    assert_non_null(capnp_get_struct(root, 1, NULL).data);
    assert_int_equal(capnp_get_struct(root, 1, NULL).data_bytes, 0);
    assert_int_equal(capnp_get_u64(capnp_get_struct(root, 2, NULL), 0, 0), 0x6968);
    assert_int_equal(capnp_get_cap(root, 3).id, 502);
    assert_int_equal(parts_close(&parts), CAPNP_OK);
}

static void double_far_pointers_take_content_and_shape_apart(void **state)
{
    (void)state;
    struct parts parts = {.count = 0};
    ADD(&parts, word_struct(0, 0, 4), double_far_to(1, 0), double_far_to(1, 2), double_far_to(1, 4),
        double_far_to(1, 6));
    // The offset of a shape counts for nothing.
    ADD(&parts, far_to(2, 1), word_struct(77, 1, 1), far_to(2, 3),
        word_list(0, CAPNP_ELEMENT_FOUR_BYTES, 2), far_to(0, 0), word_cap(0), far_to(0, 5), 0);
    ADD(&parts, 0, 7, word_list(0, CAPNP_ELEMENT_BYTE, 2), UINT64_C(0x0000000900000061));
    struct capnp_struct_reader root = parts_open(&parts);
    struct capnp_struct_reader inner = capnp_get_struct(root, 0, NULL);
    assert_int_equal(capnp_get_u64(inner, 0, 0), 7);
    assert_string_equal(capnp_get_text(inner, 0, (struct capnp_text){"", 0}).data, "a");
    struct capnp_list_reader list = capnp_get_list(root, 1, CAPNP_ELEMENT_FOUR_BYTES, NULL);
    assert_int_equal(capnp_list_get_u32(list, 1), 9);
    assert_int_equal(capnp_get_cap(root, 2).id, 501);
    assert_non_null(capnp_get_struct(root, 3, NULL).data);
    assert_int_equal(parts_close(&parts), CAPNP_OK);
}

// The error of a root pointer (segment 0) with this landing pad (segment 1).
static enum capnp_error error_of(uint64_t pointer, uint64_t pad, uint64_t shape)
{
    struct parts parts = {.count = 0};
    ADD(&parts, pointer);
    ADD(&parts, pad, shape);
    struct capnp_struct_reader root = parts_open(&parts);
    assert_int_equal(capnp_get_u64(root, 0, 5), 5);
    return parts_close(&parts);
}

static void malformed_far_pointers_are_refused(void **state)
{
    (void)state;
    const uint64_t fine = word_struct(0, 0, 0);
    assert_int_equal(error_of(far_to(2, 0), fine, 0), CAPNP_POINTER_SEGMENT_UNKNOWN);
    assert_int_equal(error_of(far_to(UINT32_MAX, 0), fine, 0), CAPNP_POINTER_SEGMENT_UNKNOWN);
    assert_int_equal(error_of(far_to(1, 2), fine, 0), CAPNP_POINTER_OUT_OF_BOUNDS);
    assert_int_equal(error_of(far_to(1, 0x1fffffff), fine, 0), CAPNP_POINTER_OUT_OF_BOUNDS);
    assert_int_equal(error_of(double_far_to(1, 1), fine, 0), CAPNP_POINTER_OUT_OF_BOUNDS);
    assert_int_equal(error_of(far_to(1, 0), far_to(0, 0), 0), CAPNP_POINTER_FAR_MALFORMED);
    assert_int_equal(error_of(far_to(0, 0), 0, 0), CAPNP_POINTER_FAR_MALFORMED);
    assert_int_equal(error_of(far_to(1, 0), word_struct(1, 1, 0), 0), CAPNP_POINTER_OUT_OF_BOUNDS);
    assert_int_equal(error_of(far_to(1, 0), word_list(0, 2, 0), 0), CAPNP_POINTER_OTHER_KIND);
    assert_int_equal(error_of(double_far_to(1, 0), fine, 0), CAPNP_POINTER_FAR_MALFORMED);
    assert_int_equal(error_of(double_far_to(1, 0), double_far_to(1, 0), 0),
                     CAPNP_POINTER_FAR_MALFORMED);
    assert_int_equal(error_of(double_far_to(1, 0), far_to(1, 0), far_to(1, 0)),
                     CAPNP_POINTER_FAR_MALFORMED);
    assert_int_equal(error_of(double_far_to(1, 0), far_to(2, 0), word_struct(0, 1, 0)),
                     CAPNP_POINTER_SEGMENT_UNKNOWN);
    assert_int_equal(error_of(double_far_to(1, 0), far_to(1, 3), word_struct(0, 1, 0)),
                     CAPNP_POINTER_OUT_OF_BOUNDS);
    assert_int_equal(error_of(double_far_to(1, 0), far_to(1, 2), word_struct(0, 1, 0)),
                     CAPNP_POINTER_OUT_OF_BOUNDS);
}

static void flat_messages_have_no_far_pointers(void **state)
{
    (void)state;
    struct words words;
    WORDS_OPEN(&words, word_struct(0, 0, 1), far_to(0, 2), word_struct(0, 1, 0), 1);
    assert_null(capnp_get_struct(capnp_message_root(&words.message), 0, NULL).data);
    assert_int_equal(words.message.error, CAPNP_POINTER_FAR);
    assert_int_equal(capnp_any_kind(capnp_get_any(capnp_message_root(&words.message), 0)),
                     CAPNP_ANY_ABSENT);
    words_close(&words);
}

static void segments_are_whole_words_and_bounded_each(void **state)
{
    (void)state;
    static const uint64_t bytes[2] = {1, 2};
    struct capnp_segment segments[2];
    capnp_segment_set(&segments[0], bytes, 8);
    capnp_segment_set(&segments[1], bytes, 9);
    capnp_segments_init(segments, 2, UINT32_MAX, NULL, 0);
    assert_int_equal(segments[0].message.error, CAPNP_MESSAGE_NOT_WORDS);
    assert_int_equal(segments[1].message.size, 0);
    // A limit of the caller's, below that of the size.
    struct parts parts = {.count = 0};
    ADD(&parts, word_struct(0, 0, 2), far_to(1, 0), far_to(1, 0));
    ADD(&parts, word_struct(0, 3, 0), 1, 2, 3);
    parts_open(&parts);
    capnp_segments_init(parts.segments, parts.count, 4, NULL, 0);
    struct capnp_struct_reader root = capnp_message_root(&parts.segments[0].message);
    assert_int_equal(capnp_get_u64(capnp_get_struct(root, 0, NULL), 0, 0), 1);
    assert_int_equal(capnp_get_u64(capnp_get_struct(root, 1, NULL), 0, 0), 0);
    assert_int_equal(parts_close(&parts), CAPNP_TRAVERSAL_EXCEEDED);
}

// ---- building ----

static uint8_t pool[64 * 1024];
static uint32_t pool_used;
static uint32_t pool_step; // bytes given at least
static uint32_t pool_calls;

static bool more(void *context, uint32_t bytes_min, struct capnp_buffer *buffer)
{
    (void)context;
    uint32_t bytes = bytes_min > pool_step ? bytes_min : pool_step;
    pool_calls++;
    if (bytes > sizeof(pool) - pool_used) {
        return false;
    }
    memset(pool + pool_used, 0xaa, bytes);
    *buffer = (struct capnp_buffer){pool + pool_used, bytes, 0xdead};
    pool_used += bytes;
    return true;
}

static void pool_clear(uint32_t step)
{
    pool_used = 0;
    pool_calls = 0;
    pool_step = step;
}

// A struct with a number, a text, a list of structs of one text each, an empty struct and an empty
// list.
static void fill(struct capnp_builder *builder)
{
    struct capnp_struct_builder root = capnp_builder_root(builder, 1, 4);
    capnp_set_u64(root, 0, 11, 0);
    capnp_set_text(root, 0, (struct capnp_text){"a text of the root", 18});
    struct capnp_list_builder list = capnp_init_struct_list(root, 1, 5, 1, 1);
    for (uint32_t i = 0; i < list.count; i++) {
        struct capnp_struct_builder element = capnp_list_init_struct(list, i);
        capnp_set_u32(element, 0, i, 0);
        capnp_set_text(element, 0, (struct capnp_text){"elements", i});
    }
    capnp_init_struct(root, 2, 0, 0);
    capnp_init_list(root, 3, CAPNP_ELEMENT_FOUR_BYTES, 0);
}

static void assert_filled(struct capnp_message *message)
{
    struct capnp_struct_reader root = capnp_message_root(message);
    assert_int_equal(capnp_get_u64(root, 0, 0), 11);
    assert_string_equal(capnp_get_text(root, 0, (struct capnp_text){"", 0}).data,
                        "a text of the root");
    struct capnp_list_reader list = capnp_get_list(root, 1, CAPNP_ELEMENT_STRUCT, NULL);
    assert_int_equal(list.count, 5);
    for (uint32_t i = 0; i < list.count; i++) {
        struct capnp_struct_reader element = capnp_list_get_struct(list, i);
        assert_int_equal(capnp_get_u32(element, 0, 99), i ^ 99);
        assert_int_equal(capnp_get_text(element, 0, (struct capnp_text){"", 0}).size, i);
    }
    assert_true(capnp_has_pointer(root, 2));
    assert_non_null(capnp_get_struct(root, 2, NULL).data);
    assert_non_null(capnp_get_list(root, 3, CAPNP_ELEMENT_FOUR_BYTES, NULL).data);
    assert_int_equal(message->error, CAPNP_OK);
}

static void growing_messages_read_the_same_whatever_the_buffers(void **state)
{
    (void)state;
    for (uint32_t first = 48; first < 400; first += 8) {
        for (uint32_t step = 0; step < 200; step += 40) {
            struct capnp_buffer buffers[64] = {{malloc(first), first, 0}};
            struct capnp_segment segments[64];
            struct capnp_arena arena;
            pool_clear(step);
            capnp_arena_init(&arena, buffers, 1, 64, more, NULL);
            for (int again = 0; again < 2; again++) {
                uint32_t given = arena.given;
                fill(&arena.builder);
                assert_int_equal(arena.builder.error, CAPNP_OK);
                assert_true(again == 0 || arena.given == given);
                capnp_arena_open(&arena, segments);
                assert_filled(&segments[0].message);
            }
            // Framed and back.
            uint32_t count = capnp_arena_finish(&arena);
            uint64_t size = capnp_frame_size(buffers, count);
            uint8_t *frame = malloc(size);
            uint64_t used = 0;
            capnp_frame_write(frame, buffers, count);
            assert_int_equal(capnp_frame_open(segments, 64, frame, size, UINT32_MAX, &used),
                             CAPNP_OK);
            assert_int_equal(used, size);
            assert_filled(&segments[0].message);
            free(frame);
            free(buffers[0].bytes);
        }
    }
}

static void growing_fails_when_there_is_no_more(void **state)
{
    (void)state;
    static uint64_t first[6];
    struct capnp_buffer buffers[3] = {{first, sizeof(first), 0}};
    struct capnp_arena arena;
    // No callback; no room for another buffer; the callback has none; it gives too little.
    for (int way = 0; way < 4; way++) {
        pool_clear(way == 2 ? sizeof(pool) + 1 : 8);
        capnp_arena_init(&arena, buffers, 1, way == 1 ? 1 : 3, way == 0 ? NULL : more, NULL);
        if (way == 3) {
            pool_step = 0;
            arena.more = more;
        }
        struct capnp_struct_builder root = capnp_builder_root(&arena.builder, 1, 4);
        assert_non_null(root.data);
        assert_null(capnp_init_struct(root, 0, 4, way == 3 ? 65000 : 0).data);
        assert_int_equal(arena.builder.error, CAPNP_BUILDER_FULL);
        // A builder that failed ignores what follows.
        assert_null(capnp_init_struct(root, 1, 1, 0).data);
        assert_null(capnp_builder_root(&arena.builder, 0, 1).data);
    }
}

static bool give_little(void *context, uint32_t bytes_min, struct capnp_buffer *buffer)
{
    *buffer = (struct capnp_buffer){context, bytes_min - 8, 0};
    return true;
}

static void buffers_smaller_than_asked_for_are_refused(void **state)
{
    (void)state;
    static uint64_t first[2];
    static uint64_t second[16];
    struct capnp_buffer buffers[2] = {{first, sizeof(first), 0}};
    struct capnp_arena arena;
    capnp_arena_init(&arena, buffers, 1, 2, give_little, second);
    struct capnp_struct_builder root = capnp_builder_root(&arena.builder, 0, 1);
    assert_null(capnp_init_struct(root, 0, 4, 0).data);
    assert_int_equal(arena.builder.error, CAPNP_BUILDER_FULL);
    assert_int_equal(capnp_arena_finish(&arena), 1);
}

static void given_buffers_that_are_too_small_stay_empty_segments(void **state)
{
    (void)state;
    static uint64_t memory[3][16];
    struct capnp_buffer buffers[3] = {
        {memory[0], 16, 0}, {memory[1], 16, 5}, {memory[2], sizeof(memory[2]), 0}};
    struct capnp_segment segments[3];
    struct capnp_arena arena;
    capnp_arena_init(&arena, buffers, 3, 3, NULL, NULL);
    struct capnp_struct_builder root = capnp_builder_root(&arena.builder, 0, 1);
    struct capnp_struct_builder inner = capnp_init_struct(root, 0, 2, 1);
    capnp_set_u64(inner, 8, 123, 0);
    // From here the content lies near.
    capnp_set_text(inner, 0, (struct capnp_text){"near", 4});
    // And what an older buffer leads to, far.
    struct capnp_struct_builder again = capnp_init_struct(root, 0, 0, 0);
    assert_non_null(again.data);
    again = capnp_init_struct(root, 0, 1, 0);
    assert_non_null(again.data);
    assert_int_equal(arena.builder.error, CAPNP_OK);
    assert_int_equal(capnp_arena_finish(&arena), 3);
    assert_int_equal(buffers[1].used, 0);
    capnp_arena_open(&arena, segments);
    struct capnp_struct_reader read = capnp_message_root(&segments[0].message);
    assert_int_equal(capnp_get_struct(read, 0, NULL).data_bytes, 8);
    assert_int_equal(segments[0].message.error, CAPNP_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(far_pointers_lead_to_structs_lists_texts_and_capabilities),
        cmocka_unit_test(double_far_pointers_take_content_and_shape_apart),
        cmocka_unit_test(malformed_far_pointers_are_refused),
        cmocka_unit_test(flat_messages_have_no_far_pointers),
        cmocka_unit_test(segments_are_whole_words_and_bounded_each),
        cmocka_unit_test(growing_messages_read_the_same_whatever_the_buffers),
        cmocka_unit_test(growing_fails_when_there_is_no_more),
        cmocka_unit_test(buffers_smaller_than_asked_for_are_refused),
        cmocka_unit_test(given_buffers_that_are_too_small_stay_empty_segments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
