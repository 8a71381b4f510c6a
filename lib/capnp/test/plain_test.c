// SPDX-License-Identifier: Apache-2.0
//
// Messages as plain structs: what plain.h promises, and that it is as strict as flat.h, which reads
// the same messages elsewhere.

#include "lib/capnp/plain.h"
#include "words.h"

enum { WORDS_MAX = 8, ROUNDS = 200000 };

static const uint64_t two_caps[] = {0x100, 0x200};

static bool opens(struct plain_reader *reader, const uint64_t *from, uint32_t count)
{
    return plain_open(reader, from, count * 8, two_caps, 2);
}

#define OPENS(reader, ...)                                                                         \
    opens(reader, (const uint64_t[]){__VA_ARGS__}, sizeof((const uint64_t[]){__VA_ARGS__}) / 8)

static void an_empty_message_has_no_fields(void **state)
{
    struct plain_reader reader;
    struct plain_data data;
    uint64_t cap;

    (void)state;
    assert_true(plain_open(&reader, NULL, 0, NULL, 0));
    assert_int_equal(plain_word(&reader, 0), 0);
    assert_true(plain_data(&reader, 0, &data));
    assert_null(data.data);
    assert_int_equal(data.size, 0);
    assert_true(plain_cap(&reader, 0, &cap));
    assert_int_equal(cap, 0);
}

static void the_root_is_a_struct_in_bounds(void **state)
{
    struct plain_reader reader;

    (void)state;
    assert_true(OPENS(&reader, word_struct(0, 2, 0), 5, 6));
    assert_int_equal(plain_word(&reader, 1), 6);
    assert_int_equal(plain_word(&reader, 2), 0);
    assert_false(OPENS(&reader, word_struct(1, 1, 0), 5, 6)); // it does not follow
    assert_true(OPENS(&reader, 0));
    assert_true(OPENS(&reader, word_struct(-1, 0, 0)));
    assert_true(OPENS(&reader, word_struct(-2, 0, 0))); // nothing is there, wherever it is
    assert_false(OPENS(&reader, word_struct(0, 2, 0), 5));
    assert_false(OPENS(&reader, word_struct(0, 0xffff, 0xffff), 5));
    assert_false(OPENS(&reader, word_far, 5));
    assert_false(OPENS(&reader, word_list(0, 2, 8), 5));
    assert_false(plain_open(&reader, (const uint64_t[]){0, 0}, 12, NULL, 0));
}

static bool data_of(const uint64_t *from, uint32_t count, struct plain_data *data)
{
    struct plain_reader reader;

    assert_true(opens(&reader, from, count));
    return plain_data(&reader, 0, data);
}

#define DATA(data, ...)                                                                            \
    data_of((const uint64_t[]){word_struct(0, 0, 1), __VA_ARGS__},                                 \
            sizeof((const uint64_t[]){0, __VA_ARGS__}) / 8, data)

static void data_is_bytes_in_bounds(void **state)
{
    const uint64_t abc = 0x636261;
    struct plain_data data;

    (void)state;
    assert_true(DATA(&data, word_list(0, 2, 4), abc));
    assert_int_equal(data.size, 4);
    assert_memory_equal(data.data, "abc", 4);
    assert_true(DATA(&data, 0));
    assert_null(data.data);
    assert_true(DATA(&data, word_list(0, 2, 0), abc));
    assert_int_equal(data.size, 0);
    assert_false(DATA(&data, word_list(0, 2, 9), abc));
    assert_false(DATA(&data, word_list(-3, 2, 4), abc));
    assert_false(DATA(&data, word_list(0, 3, 2), abc));
    assert_false(DATA(&data, word_list(0, 2, 0x1fffffff), abc));
    assert_false(DATA(&data, word_struct(0, 1, 0), abc));
    assert_false(DATA(&data, word_far, abc));
    assert_false(DATA(&data, word_cap(0), abc));
}

static void a_capability_is_an_ordinal_of_those_that_came(void **state)
{
    struct plain_reader reader;
    uint64_t cap;

    (void)state;
    assert_true(OPENS(&reader, word_struct(0, 0, 4), word_cap(1), word_cap(2), word_cap(0) | 4, 2));
    assert_true(plain_cap(&reader, 0, &cap));
    assert_int_equal(cap, 0x200);
    for (uint32_t wrong = 1; wrong < 4; wrong++) {
        assert_false(plain_cap(&reader, wrong, &cap));
        assert_int_equal(cap, 0);
    }
    assert_true(plain_cap(&reader, 4, &cap));
}

// Random words are mostly nonsense: pointers near and around the message, small sizes.
static uint64_t random_word(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    uint64_t random = *seed >> 20;
    int32_t offset = (int32_t)(random % 10) - 4;
    uint32_t size = (uint32_t)(random >> 8) % 24;

    switch (random >> 30 & 3) {
    case 0:
        return word_struct(offset, (uint16_t)(size % 4), (uint16_t)(size / 6));
    case 1:
        return word_list(offset, (random >> 16 & 3) != 0 ? 2 : size % 8, size);
    case 2:
        return word_cap(size % 4) | (random >> 16) % 8 / 7;
    default:
        return random >> 16 & 1 ? 0 : random;
    }
}

static void what_flat_refuses_plain_refuses_and_both_read_alike(void **state)
{
    uint64_t seed = 1;
    uint32_t sound = 0;

    (void)state;
    for (uint32_t round = 0; round < ROUNDS; round++) {
        uint64_t words[WORDS_MAX];
        uint32_t count = 1 + round % WORDS_MAX;
        struct capnp_message message;
        struct plain_reader reader;

        for (uint32_t i = 0; i < count; i++) {
            words[i] = random_word(&seed);
        }
        capnp_message_init(&message, words, count * 8, two_caps, 2);
        struct capnp_struct_reader root = capnp_message_root(&message);
        bool is_open = opens(&reader, words, count);
        bool is_empty = words[0] >> 32 == 0;    // then it may be anywhere
        bool is_flat = (uint32_t)words[0] == 0; // the root follows its pointer
        assert_true(is_empty || is_open == (is_flat && message.error == CAPNP_OK));
        for (uint16_t i = 0; is_open && i < 4; i++) {
            struct plain_data data;
            uint64_t cap;

            assert_int_equal(plain_word(&reader, i), capnp_get_u64(root, i * 8u, 0));
            message.error = CAPNP_OK;
            struct capnp_data flat_data = capnp_get_data(root, i, (struct capnp_data){NULL, 0});
            assert_int_equal(plain_data(&reader, i, &data), message.error == CAPNP_OK);
            assert_ptr_equal(data.data, flat_data.data);
            assert_int_equal(data.size, flat_data.size);
            message.error = CAPNP_OK;
            struct capnp_cap flat_cap = capnp_get_cap(root, i);
            assert_int_equal(plain_cap(&reader, i, &cap), message.error == CAPNP_OK);
            assert_int_equal(cap, flat_cap.id);
            sound += data.data != NULL;
        }
    }
    assert_true(sound > 100);
}

static void flat_reads_what_plain_wrote(void **state)
{
    uint8_t bytes[64];
    struct capnp_message message;

    (void)state;
    memset(bytes, 0xee, sizeof bytes);
    plain_put(bytes, 0, word_struct(0, 1, 3));
    plain_put(bytes, 1, 77);
    plain_put_cap(bytes, 3, 1);
    uint32_t size =
        plain_put_data(bytes, 2, 40, (struct plain_data){(const uint8_t *)"12345", 5}, 5);
    assert_int_equal(size, 48);
    assert_int_equal(plain_put_data(bytes, 4, size, (struct plain_data){NULL, 0}, 0), size);
    capnp_message_init(&message, bytes, size, two_caps, 2);
    struct capnp_struct_reader root = capnp_message_root(&message);
    assert_int_equal(capnp_get_u64(root, 0, 0), 77);
    struct capnp_data data = capnp_get_data(root, 0, (struct capnp_data){NULL, 0});
    assert_int_equal(data.size, 5);
    assert_memory_equal(data.data, "12345\0\0", 8);
    assert_int_equal(capnp_get_cap(root, 1).id, 0x200);
    assert_false(capnp_has_pointer(root, 2));
    assert_int_equal(message.error, CAPNP_OK);
    assert_int_equal(bytes[48], 0xee);
}

static void data_beyond_its_limit_is_not_written(void **state)
{
    uint8_t bytes[16] = {0};
    const uint8_t data[9] = {1};

    (void)state;
    assert_true(plain_put_data(bytes, 1, 16, (struct plain_data){data, 9}, 8) == PLAIN_TOO_LONG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_message_has_no_fields),
        cmocka_unit_test(the_root_is_a_struct_in_bounds),
        cmocka_unit_test(data_is_bytes_in_bounds),
        cmocka_unit_test(a_capability_is_an_ordinal_of_those_that_came),
        cmocka_unit_test(what_flat_refuses_plain_refuses_and_both_read_alike),
        cmocka_unit_test(flat_reads_what_plain_wrote),
        cmocka_unit_test(data_beyond_its_limit_is_not_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
