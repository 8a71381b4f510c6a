// SPDX-License-Identifier: Apache-2.0
//
// Numbers as text, both ways and exactly, for the text and JSON forms (dynamic.h). Internal.
//
// Nothing here knows a grammar: callers hand in spans that their lexer found well formed.

#ifndef LIB_CAPNP_DYNAMIC_NUMBER_H
#define LIB_CAPNP_DYNAMIC_NUMBER_H

#include "lib/capnp/flat.h"

enum { DYNAMIC_NUMBER_BYTES = 40 };

// out has room for DYNAMIC_NUMBER_BYTES. The result's size; no NUL is added.
uint32_t dynamic_unsigned_print(char *out, uint64_t value);
uint32_t dynamic_signed_print(char *out, int64_t value);
// The fewest of 15 or 17 (6, 8 or 9) digits from which the same value can be read again.
uint32_t dynamic_double_print(char *out, double value);
uint32_t dynamic_float_print(char *out, float value);

// A sign and a magnitude, for all whole numbers that fit a type of 64 bits.
struct dynamic_whole {
    uint64_t magnitude;
    bool is_negative;
};

enum dynamic_number_result {
    DYNAMIC_NUMBER_OK,
    DYNAMIC_NUMBER_NOT_WHOLE,
    DYNAMIC_NUMBER_OUT_OF_RANGE
};

// text: [-]digits[.digits][(e|E)[+|-]digits], where digits of one side may be missing, and
// for whole numbers [-]0xdigits.
enum dynamic_number_result dynamic_whole_parse(const char *text, uint32_t size,
                                               struct dynamic_whole *whole);
// The nearest double, ties to even; out of range is what would round to infinity.
enum dynamic_number_result dynamic_double_parse(const char *text, uint32_t size, double *value);

#endif
