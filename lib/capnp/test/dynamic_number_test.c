// SPDX-License-Identifier: Apache-2.0
//
// Numbers as text, against the C library, which is exact as well.

#include "lib/capnp/dynamic_number.h"

#include "lib/capnp/tree.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ROUNDS = 20000, TEXT_BYTES = 1200 };

static uint64_t any(void)
{
    static uint64_t seed = 88172645463325252;
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

static double any_double(int round)
{
    uint64_t bits = any();
    bits &= round % 3 == 1 ? UINT64_C(0x800fffffffffffff) : UINT64_MAX; // subnormal
    if (round % 3 == 2) {
        bits = (bits & UINT64_C(0x800fffffffffffff)) | (1000 + any() % 100) << 52;
    }
    return capnp_f64_of(bits);
}

static void drop_plus(char *text)
{
    char *plus = strchr(text, '+');
    if (plus != NULL) {
        memmove(plus, plus + 1, strlen(plus));
    }
}

static void always_doubles_are_printed_as_the_c_library_does(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        char ours[DYNAMIC_NUMBER_BYTES + 1];
        char theirs[64];
        double value = any_double(round);
        double again = 0;
        uint32_t size = dynamic_double_print(ours, value);
        ours[size] = 0;
        if (!isfinite(value)) {
            continue;
        }
        snprintf(theirs, sizeof(theirs), "%.15g", value);
        if (strtod(theirs, NULL) != value) {
            snprintf(theirs, sizeof(theirs), "%.17g", value);
        }
        drop_plus(theirs);
        assert_string_equal(ours, theirs);
        assert_int_equal(dynamic_double_parse(ours, size, &again), DYNAMIC_NUMBER_OK);
        assert_memory_equal(&again, &value, sizeof(value));
    }
}

static void always_floats_are_read_again_as_they_were(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        char text[DYNAMIC_NUMBER_BYTES + 1];
        uint32_t bits = (uint32_t)any() & (round % 5 == 0 ? 0x807fffff : UINT32_MAX);
        float value = capnp_f32_of(bits);
        double again = 0;
        uint32_t size = dynamic_float_print(text, value);
        text[size] = 0;
        if (isfinite(value)) {
            assert_int_equal(dynamic_double_parse(text, size, &again), DYNAMIC_NUMBER_OK);
            assert_int_equal(capnp_bits_of_f32((float)again), bits);
        }
    }
}

static void always_text_is_read_as_the_c_library_does(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        char text[TEXT_BYTES];
        int size =
            snprintf(text, sizeof(text), "%llu.%llue%d", (unsigned long long)(any() >> any() % 64),
                     (unsigned long long)any(), (int)(any() % 700) - 360);
        double theirs = strtod(text, NULL);
        double ours = 0;
        enum dynamic_number_result result = dynamic_double_parse(text, (uint32_t)size, &ours);
        if (isinf(theirs)) {
            assert_int_equal(result, DYNAMIC_NUMBER_OUT_OF_RANGE);
        } else {
            assert_int_equal(result, DYNAMIC_NUMBER_OK);
            assert_memory_equal(&ours, &theirs, sizeof(ours));
        }
    }
}

static void digits_beyond_any_double_still_break_ties(void **state)
{
    (void)state;
    static const char *const starts[] = {"9007199254740993.", "9007199254740992.",
                                         "0.000000000000000000000", "4.9e-324 ", ""};
    char text[TEXT_BYTES];
    for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
        for (int last = 0; last < 10; last++) {
            size_t size = strcspn(starts[i], " ");
            memset(text, i == 4 ? '7' : '0', sizeof(text));
            memcpy(text, starts[i], size);
            size = starts[i][size] == ' ' ? size : 1000;
            text[size - 1] = (char)(starts[i][0] == '4' ? '4' : '0' + last);
            text[size] = 0;
            double ours = 0;
            double theirs = strtod(text, NULL);
            if (dynamic_double_parse(text, (uint32_t)size, &ours) == DYNAMIC_NUMBER_OK) {
                assert_memory_equal(&ours, &theirs, sizeof(ours));
            } else {
                assert_true(isinf(theirs));
            }
        }
    }
    // An exponent beyond any that matters.
    double value = 1;
    assert_int_equal(dynamic_double_parse("1e99999999999", 13, &value),
                     DYNAMIC_NUMBER_OUT_OF_RANGE);
    assert_int_equal(dynamic_double_parse("1e-99999999999", 14, &value), DYNAMIC_NUMBER_OK);
    assert_true(value == 0);
    assert_int_equal(dynamic_double_parse("0e99", 4, &value), DYNAMIC_NUMBER_OK);
    assert_int_equal(dynamic_double_parse("0e-400", 6, &value), DYNAMIC_NUMBER_OK);
    memset(text, '0', 1000);
    memcpy(text + 1000, "1e1005", 6);
    text[0] = '.';
    assert_int_equal(dynamic_double_parse(text, 1006, &value), DYNAMIC_NUMBER_OK);
    assert_true(value == 1e5);
}

static void numbers_at_the_edges_are_printed_and_read(void **state)
{
    (void)state;
    static char long_text[60000];
    char text[DYNAMIC_NUMBER_BYTES + 1] = {0};
    double value = 1;
    // Nines that all carry; the largest one, whose 15 digits would be read as infinity.
    text[dynamic_double_print(text, 1e23)] = 0;
    assert_string_equal(text, "1e23");
    text[dynamic_double_print(text, 1.7976931348623157e308)] = 0;
    assert_string_equal(text, "1.7976931348623157e308");
    text[dynamic_double_print(text, -0.0)] = 0;
    assert_string_equal(text, "-0");
    // More digits than any exponent that is counted.
    memset(long_text, '9', sizeof(long_text));
    assert_int_equal(dynamic_double_parse(long_text, sizeof(long_text), &value),
                     DYNAMIC_NUMBER_OUT_OF_RANGE);
    memset(long_text, '0', sizeof(long_text));
    long_text[0] = '.';
    long_text[sizeof(long_text) - 1] = '1';
    assert_int_equal(dynamic_double_parse(long_text, sizeof(long_text), &value), DYNAMIC_NUMBER_OK);
    assert_true(value == 0);
}

static void whole_numbers_are_exact_however_they_are_written(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum dynamic_number_result result;
        uint64_t magnitude;
    } all[] = {{"0", DYNAMIC_NUMBER_OK, 0},
               {"-0.0e5", DYNAMIC_NUMBER_OK, 0},
               {"18446744073709551615", DYNAMIC_NUMBER_OK, UINT64_MAX},
               {"-18446744073709551616", DYNAMIC_NUMBER_OUT_OF_RANGE, 0},
               {"99999999999999999999", DYNAMIC_NUMBER_OUT_OF_RANGE, 0},
               {"1e21", DYNAMIC_NUMBER_OUT_OF_RANGE, 0},
               {"1844674407370955161.5e1", DYNAMIC_NUMBER_OK, UINT64_MAX},
               {"12e-1", DYNAMIC_NUMBER_NOT_WHOLE, 0},
               {"0xfFfFfFfFfFfFfFfF", DYNAMIC_NUMBER_OK, UINT64_MAX},
               {"-0X10000000000000000", DYNAMIC_NUMBER_OUT_OF_RANGE, 0},
               {"007", DYNAMIC_NUMBER_OK, 7}};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        struct dynamic_whole whole;
        assert_int_equal(dynamic_whole_parse(all[i].text, (uint32_t)strlen(all[i].text), &whole),
                         all[i].result);
        assert_int_equal(whole.is_negative, all[i].text[0] == '-');
        if (all[i].result == DYNAMIC_NUMBER_OK) {
            assert_true(whole.magnitude == all[i].magnitude);
        }
    }
    char text[DYNAMIC_NUMBER_BYTES];
    assert_int_equal(dynamic_signed_print(text, INT64_MIN), 20);
    assert_memory_equal(text, "-9223372036854775808", 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(always_doubles_are_printed_as_the_c_library_does),
        cmocka_unit_test(always_floats_are_read_again_as_they_were),
        cmocka_unit_test(always_text_is_read_as_the_c_library_does),
        cmocka_unit_test(digits_beyond_any_double_still_break_ties),
        cmocka_unit_test(numbers_at_the_edges_are_printed_and_read),
        cmocka_unit_test(whole_numbers_are_exact_however_they_are_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
