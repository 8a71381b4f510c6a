// SPDX-License-Identifier: Apache-2.0
//
// The freestanding functions against the C library's, for every size, alignment and overlap up to
// a few words.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

// Other names for ours: the C library's are in the same program.
#define memcpy  our_memcpy
#define memmove our_memmove
#define memset  our_memset
#define memcmp  our_memcmp
#define strlen  our_strlen
#include "lib/string/string.c"
#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#undef strlen

enum { SPAN = 80, SIZES = 70 };

static void fill(uint8_t *bytes, uint8_t seed)
{
    for (uint32_t i = 0; i < SPAN * 2; i++) {
        bytes[i] = (uint8_t)(i * 37 + seed);
    }
}

static void copies_equal_those_of_the_library(void **state)
{
    (void)state;
    for (size_t size = 0; size < SIZES; size++) {
        for (size_t shift = 0; shift < 9; shift++) {
            uint8_t from[SPAN * 2];
            uint8_t ours[SPAN * 2];
            uint8_t theirs[SPAN * 2];
            fill(from, 1);
            fill(ours, 2);
            fill(theirs, 2);
            assert_ptr_equal(our_memcpy(ours + shift, from + 3, size), ours + shift);
            memcpy(theirs + shift, from + 3, size);
            assert_memory_equal(ours, theirs, sizeof(ours));
        }
    }
}

static void moves_within_a_buffer_equal_those_of_the_library(void **state)
{
    (void)state;
    for (size_t size = 0; size < SIZES; size++) {
        for (size_t to = 0; to < 20; to++) {
            uint8_t ours[SPAN * 2];
            uint8_t theirs[SPAN * 2];
            fill(ours, 3);
            fill(theirs, 3);
            assert_ptr_equal(our_memmove(ours + to, ours + 10, size), ours + to);
            memmove(theirs + to, theirs + 10, size);
            assert_memory_equal(ours, theirs, sizeof(ours));
        }
    }
}

static void fills_equal_those_of_the_library(void **state)
{
    (void)state;
    for (size_t size = 0; size < SIZES; size++) {
        uint8_t ours[SPAN * 2];
        uint8_t theirs[SPAN * 2];
        fill(ours, 4);
        fill(theirs, 4);
        assert_ptr_equal(our_memset(ours + 5, 0x1a5, size), ours + 5);
        memset(theirs + 5, 0x1a5, size);
        assert_memory_equal(ours, theirs, sizeof(ours));
    }
}

static void comparisons_have_the_sign_of_the_first_difference(void **state)
{
    (void)state;
    uint8_t left[SPAN * 2];
    uint8_t right[SPAN * 2];
    fill(left, 5);
    for (size_t size = 0; size < SIZES; size++) {
        fill(right, 5);
        assert_int_equal(our_memcmp(left + 1, right + 1, size), 0);
        for (size_t at = 0; at < size; at++) {
            fill(right, 5);
            right[1 + at] ^= 0x80;
            int expected = left[1 + at] < right[1 + at] ? -1 : 1;
            assert_int_equal(our_memcmp(left + 1, right + 1, size), expected);
        }
    }
}

static void lengths_end_at_the_first_nul(void **state)
{
    (void)state;
    assert_int_equal(our_strlen(""), 0);
    assert_int_equal(our_strlen("a\0b"), 1);
    assert_int_equal(our_strlen("tessera"), 7);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies_equal_those_of_the_library),
        cmocka_unit_test(moves_within_a_buffer_equal_those_of_the_library),
        cmocka_unit_test(fills_equal_those_of_the_library),
        cmocka_unit_test(comparisons_have_the_sign_of_the_first_difference),
        cmocka_unit_test(lengths_end_at_the_first_nul),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
