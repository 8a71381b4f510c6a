// SPDX-License-Identifier: Apache-2.0
//
// Frames and packed bytes: what is written is read back, whatever the pieces; what is cut, too long
// or too large is refused. The examples are those of the encoding specification.

#include "words.h"

// ---- frames ----

static void frames_say_how_much_they_need(void **state)
{
    (void)state;
    uint32_t head[CAPNP_SEGMENTS_MAX + 2] = {2, 1, 2, 3};
    assert_int_equal(capnp_frame_need(head, 0), 8);
    assert_int_equal(capnp_frame_need(head, 3), 8);
    assert_int_equal(capnp_frame_need(head, 4), 16);
    assert_int_equal(capnp_frame_need(head, 15), 16);
    assert_int_equal(capnp_frame_need(head, 16), 16 + 6 * 8);
    assert_int_equal(capnp_frame_need(head, 1000), 16 + 6 * 8);
    head[0] = 0;
    assert_int_equal(capnp_frame_need(head, 4), 8);
    assert_int_equal(capnp_frame_need(head, 8), 16);
    head[1] = UINT32_MAX;
    assert_int_equal(capnp_frame_need(head, 8), 8 + UINT64_C(8) * UINT32_MAX);
    head[0] = CAPNP_SEGMENTS_MAX - 1;
    assert_int_equal(capnp_frame_need(head, 4), 4 * (CAPNP_SEGMENTS_MAX + 2));
    head[0] = CAPNP_SEGMENTS_MAX;
    assert_int_equal(capnp_frame_need(head, 4), 0);
}

static void frames_that_cannot_be_opened_read_as_empty_messages(void **state)
{
    (void)state;
    static const struct {
        uint32_t head[4];
        uint64_t available;
        enum capnp_error error;
    } rows[] = {
        {{0, 1}, 0, CAPNP_FRAME_CUT},
        {{0, 1}, 15, CAPNP_FRAME_CUT},
        {{1, 1, 0, 0}, 12, CAPNP_FRAME_CUT},
        {{2, 0, 0, 0}, 16, CAPNP_FRAME_TOO_MANY_SEGMENTS},
        {{UINT32_MAX, 0}, 16, CAPNP_FRAME_TOO_MANY_SEGMENTS},
        {{0, UINT32_MAX}, UINT64_MAX, CAPNP_FRAME_TOO_LARGE},
        {{0, 0}, 8, CAPNP_OK},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct capnp_segment segments[2];
        uint64_t size = 99;
        memset(segments, 0xaa, sizeof(segments));
        enum capnp_error error =
            capnp_frame_open(segments, 2, rows[i].head, rows[i].available, UINT32_MAX, &size);
        assert_int_equal(error, rows[i].error);
        assert_int_equal(segments[0].message.error, rows[i].error);
        assert_int_equal(size, error == CAPNP_OK ? 8 : 0);
        assert_int_equal(capnp_get_u64(capnp_message_root(&segments[0].message), 0, 5), 5);
    }
}

static void frames_of_flat_messages_have_one_segment(void **state)
{
    (void)state;
    uint64_t words[4];
    uint8_t frame[64];
    struct capnp_builder builder;
    struct capnp_segment segment;
    uint64_t size = 0;
    capnp_builder_init(&builder, words, sizeof(words));
    capnp_set_u64(capnp_builder_root(&builder, 1, 0), 0, 42, 0);
    struct capnp_buffer buffer = capnp_builder_buffer(&builder);
    assert_int_equal(capnp_frame_size(&buffer, 1), 24);
    capnp_frame_write(frame, &buffer, 1);
    assert_int_equal(capnp_frame_open(&segment, 1, frame, sizeof(frame), UINT32_MAX, &size),
                     CAPNP_OK);
    assert_int_equal(size, 24);
    assert_int_equal(capnp_get_u64(capnp_message_root(&segment.message), 0, 0), 42);
}

// ---- packing ----

static void assert_packed(const uint64_t *words, uint64_t count, const uint8_t *wanted,
                          uint64_t size)
{
    uint8_t packed[64];
    uint64_t unpacked[8];
    memset(packed, 0xaa, sizeof(packed));
    assert_int_equal(capnp_pack(packed, sizeof(packed), words, count * 8), size);
    assert_memory_equal(packed, wanted, size);
    assert_true(size <= capnp_packed_bound(count * 8));
    assert_int_equal(capnp_unpacked_words(packed, size), count);
    // Exactly the room that is needed, and not a byte less.
    uint8_t *tight = malloc(size);
    assert_int_equal(capnp_pack(tight, size, words, count * 8), size);
    assert_memory_equal(tight, wanted, size);
    assert_int_equal(capnp_pack(tight, size - 1, words, count * 8), 0);
    memcpy(tight, wanted, size);
    struct capnp_unpacker unpacker;
    capnp_unpacker_init(&unpacker, tight, size);
    assert_int_equal(capnp_unpack(&unpacker, unpacked, count * 8), CAPNP_OK);
    assert_int_equal(capnp_unpacker_finish(&unpacker), CAPNP_OK);
    assert_ptr_equal(unpacker.at, tight + size);
    assert_memory_equal(unpacked, words, count * 8);
    for (uint64_t cut = 0; cut < size; cut++) {
        uint8_t *part = malloc(cut + 1);
        memcpy(part, wanted, cut);
        capnp_unpacker_init(&unpacker, part, cut);
        assert_int_equal(capnp_unpack(&unpacker, unpacked, count * 8), CAPNP_PACKED_CUT);
        uint64_t counted = capnp_unpacked_words(part, cut);
        assert_true(counted == UINT64_MAX || counted < count);
        free(part);
    }
    free(tight);
}

#define ASSERT_PACKED(words, ...)                                                                  \
    assert_packed(words, sizeof(words) / 8, (const uint8_t[]){__VA_ARGS__},                        \
                  sizeof((const uint8_t[]){__VA_ARGS__}))

static void packing_is_as_specified(void **state)
{
    (void)state;
    static const uint64_t example[] = {UINT64_C(0x0000000200000008), UINT64_C(0x0000000100000019),
                                       UINT64_C(0x0000aa010000000b)};
    ASSERT_PACKED(example, 0x11, 8, 2, 0x11, 0x19, 1, 0x31, 0x0b, 1, 0xaa);
    static const uint64_t zeros[] = {0, 0, 0, 0};
    ASSERT_PACKED(zeros, 0, 3);
    static const uint64_t one_zero[] = {0};
    ASSERT_PACKED(one_zero, 0, 0);
    static const uint64_t plain[] = {UINT64_C(0x8a1b2c3d4e5f6071), UINT64_C(0x0102030405060708),
                                     UINT64_C(0x0102030405060700), 7};
    ASSERT_PACKED(plain, 0xff, 0x71, 0x60, 0x5f, 0x4e, 0x3d, 0x2c, 0x1b, 0x8a, 2, 8, 7, 6, 5, 4, 3,
                  2, 1, 0, 7, 6, 5, 4, 3, 2, 1, 1, 7);
    static const uint64_t last_byte[] = {UINT64_C(0x8000000000000000)};
    ASSERT_PACKED(last_byte, 0x80, 0x80);
}

static uint64_t next(uint64_t *random)
{
    *random = *random * UINT64_C(6364136223846793005) + 1442695040888963407;
    return *random >> 20;
}

static void always_packed_words_come_back_whatever_the_pieces(void **state)
{
    (void)state;
    enum { WORDS = 1500 };
    static uint64_t words[WORDS];
    static uint64_t back[WORDS];
    static uint8_t packed[WORDS * 10];
    uint64_t random = 1;
    for (int round = 0; round < 300; round++) {
        uint32_t count = (uint32_t)(next(&random) % WORDS);
        uint32_t kind = 0;
        for (uint32_t i = 0; i < count; i++) {
            kind = next(&random) % 100 == 0 ? (uint32_t)next(&random) % 4 : kind;
            uint64_t mask = 0;
            for (uint32_t byte = 0; byte < 8; byte++) {
                bool is_set = kind == 1 || (kind == 2 && next(&random) % 2) ||
                              (kind == 3 && next(&random) % 30);
                mask |= is_set ? UINT64_C(0xff) << byte * 8 : 0;
            }
            words[i] = (next(&random) << 32 ^ next(&random) ^ UINT64_C(0x0101010101010101)) & mask;
        }
        uint64_t size = capnp_pack(packed, sizeof(packed), words, count * UINT64_C(8));
        assert_true(size > 0 || count == 0);
        assert_true(size <= capnp_packed_bound(count * UINT64_C(8)));
        assert_int_equal(capnp_unpacked_words(packed, size), count);
        struct capnp_unpacker unpacker;
        capnp_unpacker_init(&unpacker, packed, size);
        for (uint32_t at = 0; at < count;) {
            uint32_t piece = (uint32_t)(next(&random) % 300);
            piece = piece > count - at ? count - at : piece;
            assert_int_equal(capnp_unpack(&unpacker, back + at, piece * UINT64_C(8)), CAPNP_OK);
            at += piece;
        }
        assert_int_equal(capnp_unpacker_finish(&unpacker), CAPNP_OK);
        assert_memory_equal(back, words, count * UINT64_C(8));
    }
}

static void runs_that_go_on_beyond_a_message_are_refused(void **state)
{
    (void)state;
    static const uint8_t zeros[] = {0, 3};
    static const uint8_t plain[] = {0xff, 1, 1, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1, 1, 1, 1, 1};
    uint64_t words[4];
    struct capnp_unpacker unpacker;
    capnp_unpacker_init(&unpacker, zeros, sizeof(zeros));
    assert_int_equal(capnp_unpack(&unpacker, words, 24), CAPNP_OK);
    assert_int_equal(capnp_unpacker_finish(&unpacker), CAPNP_PACKED_RUN_TOO_LONG);
    capnp_unpacker_init(&unpacker, plain, sizeof(plain));
    assert_int_equal(capnp_unpack(&unpacker, words, 16), CAPNP_OK);
    assert_int_equal(capnp_unpacker_finish(&unpacker), CAPNP_PACKED_RUN_TOO_LONG);
    assert_int_equal(capnp_unpack(&unpacker, words, 8), CAPNP_PACKED_CUT);
    assert_int_equal(capnp_unpacked_words(plain, sizeof(plain)), UINT64_MAX);
}

static void every_error_has_a_sentence(void **state)
{
    (void)state;
    for (int error = 0; error < CAPNP_ERROR_COUNT; error++) {
        assert_non_null(capnp_error_text((enum capnp_error)error));
    }
    assert_string_equal(capnp_error_text(CAPNP_ERROR_COUNT), "unknown error");
}

// No bytes at all have no address either.
static void nothing_is_packed_unpacked_and_opened(void **state)
{
    (void)state;
    struct capnp_unpacker unpacker;
    struct capnp_segment segment;
    uint64_t word = 0;
    uint64_t size = 1;
    assert_int_equal(capnp_pack(NULL, 0, NULL, 0), 0);
    assert_int_equal(capnp_pack(NULL, 0, &word, 8), 0);
    capnp_unpacker_init(&unpacker, NULL, 0);
    assert_int_equal(capnp_unpack(&unpacker, NULL, 0), CAPNP_OK);
    assert_int_equal(capnp_unpack(&unpacker, &word, 8), CAPNP_PACKED_CUT);
    assert_int_equal(capnp_unpacker_finish(&unpacker), CAPNP_OK);
    assert_int_equal(capnp_unpacked_words(NULL, 0), 0);
    assert_int_equal(capnp_frame_open(&segment, 1, NULL, 0, UINT32_MAX, &size), CAPNP_FRAME_CUT);
    assert_int_equal(size, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_packed_unpacked_and_opened),
        cmocka_unit_test(frames_say_how_much_they_need),
        cmocka_unit_test(frames_that_cannot_be_opened_read_as_empty_messages),
        cmocka_unit_test(frames_of_flat_messages_have_one_segment),
        cmocka_unit_test(packing_is_as_specified),
        cmocka_unit_test(always_packed_words_come_back_whatever_the_pieces),
        cmocka_unit_test(runs_that_go_on_beyond_a_message_are_refused),
        cmocka_unit_test(every_error_has_a_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
