// SPDX-License-Identifier: Apache-2.0
//
// SHA-256 against the vectors that NIST publishes with FIPS 180, and against itself: the hash must
// not depend on how the bytes were split into pieces. Expected values at the padding's edges come
// from an independent implementation (coreutils sha256sum).
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/sha256/sha256.h"

static void assert_hash(const uint8_t hash[SHA256_SIZE], const char *expected)
{
    static const char digits[] = "0123456789abcdef";
    char text[2 * SHA256_SIZE + 1] = {0};

    for (unsigned i = 0; i < SHA256_SIZE; i++) {
        text[2 * i] = digits[hash[i] >> 4];
        text[2 * i + 1] = digits[hash[i] & 15];
    }
    assert_string_equal(text, expected);
}

static const struct {
    const char *message;
    const char *hash;
} vectors[] = {
    {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmno"
     "ijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
     "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
};

static void sha256_matches_the_published_vectors(void **test)
{
    uint8_t hash[SHA256_SIZE];

    (void)test;
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        sha256_of(vectors[i].message, strlen(vectors[i].message), hash);
        assert_hash(hash, vectors[i].hash);
    }
}

static void sha256_matches_one_million_times_a(void **test)
{
    struct sha256 state;
    uint8_t hash[SHA256_SIZE];
    char piece[1000];

    (void)test;
    memset(piece, 'a', sizeof(piece));
    sha256_init(&state);
    for (unsigned i = 0; i < 1000; i++)
        sha256_update(&state, piece, sizeof(piece));
    sha256_final(&state, hash);
    assert_hash(hash, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

// Lengths around a block and around the eight bytes that the length takes.
static const struct {
    size_t size;
    const char *hash;
} edges[] = {
    {55, "d5e285683cd4efc02d021a5c62014694958901005d6f71e89e0989fac77e4072"},
    {56, "04c26261370ee7541549d16dee320c723e3fd14671e66a099afe0a377c16888e"},
    {57, "ae14a2563ccf969d99aca69ce6bb74981f734bbf9f655f73b8f06db68cab5217"},
    {63, "75220b47218278e656f2013bb8f0c455a25eaf01e86c64924e9d48d89776d6f2"},
    {64, "7ce100971f64e7001e8fe5a51973ecdfe1ced42befe7ee8d5fd6219506b5393c"},
    {65, "9537c5fdf120482f7d58d25e9ed583f52c02b4e304ea814db1633ad565aed7e9"},
    {119, "000b48d4edf0fa7bee3c6236ecd2785baa5db4eeb8bb54341b029e0d9fa5fb0c"},
    {120, "13f05a0b594787f5ecd315edc96141bd3243203d1b7d4f0836f37308b276ba98"},
    {127, "70156a14adbabf98cff3a71c7084b417abf057a8efd27329ca36b7202c87d81f"},
    {128, "24da1b81d0b16df6428eee73c69fcb2a93c76bc6df706f0c6670fe6bfe800464"},
};

static void sha256_pads_right_at_the_edges_of_a_block(void **test)
{
    uint8_t hash[SHA256_SIZE];
    char message[128];

    (void)test;
    memset(message, 'x', sizeof(message));
    for (size_t i = 0; i < sizeof(edges) / sizeof(edges[0]); i++) {
        sha256_of(message, edges[i].size, hash);
        assert_hash(hash, edges[i].hash);
    }
}

static void sha256_does_not_depend_on_how_the_bytes_are_split(void **test)
{
    uint8_t message[200], whole[SHA256_SIZE], split[SHA256_SIZE];

    (void)test;
    for (unsigned i = 0; i < sizeof(message); i++)
        message[i] = (uint8_t)(i * 31 + 7);
    sha256_of(message, sizeof(message), whole);
    for (size_t first = 0; first <= sizeof(message); first++) {
        for (size_t second = first; second <= sizeof(message); second += 13) {
            struct sha256 state;

            sha256_init(&state);
            sha256_update(&state, message, first);
            sha256_update(&state, message + first, second - first);
            sha256_update(&state, NULL, 0);
            sha256_update(&state, message + second, sizeof(message) - second);
            sha256_final(&state, split);
            assert_memory_equal(split, whole, SHA256_SIZE);
        }
    }
}

static void sha256_changes_with_every_bit(void **test)
{
    uint8_t message[72] = {0}, plain[SHA256_SIZE], changed[SHA256_SIZE];

    (void)test;
    sha256_of(message, sizeof(message), plain);
    for (unsigned bit = 0; bit < 8 * sizeof(message); bit++) {
        message[bit / 8] ^= (uint8_t)(1 << bit % 8);
        sha256_of(message, sizeof(message), changed);
        assert_memory_not_equal(plain, changed, SHA256_SIZE);
        message[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_matches_the_published_vectors),
        cmocka_unit_test(sha256_matches_one_million_times_a),
        cmocka_unit_test(sha256_pads_right_at_the_edges_of_a_block),
        cmocka_unit_test(sha256_does_not_depend_on_how_the_bytes_are_split),
        cmocka_unit_test(sha256_changes_with_every_bit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
