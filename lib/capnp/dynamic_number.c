// SPDX-License-Identifier: Apache-2.0
//
// Numbers as text (dynamic_number.h).
//
// Floating numbers go through an exact decimal: 800 digits, more than the 767 that the longest
// double has, and a mark that something not zero was cut off. Multiplying or dividing it by powers
// of two is exact within that, so that both directions round once, correctly. Plain rather than
// fast; whole numbers below 2^53 take no part in it.

#include "lib/capnp/dynamic_number.h"

#include "lib/capnp/tree.h"

#include <string.h>

enum {
    DIGITS_MAX = 800,
    SHIFT_MAX = 56,        // a digit shifted by this, with what is carried, fits 64 bits
    SHIFT_DIGITS = 18,     // and adds at most so many digits
    EXPONENT_LIMIT = 5000, // beyond any that matters, added to any number of digits that matters
    MANTISSA_BITS = 52,
    BIAS = 1023
};

// 0.d1 d2 d3 ... * 10^point; no leading zeros, no trailing zeros; zero has no digits.
struct decimal {
    uint8_t digits[DIGITS_MAX];
    int32_t count;
    int32_t point;
    bool is_cut; // nonzero digits beyond the last one are not there
    bool is_negative;
};

static void decimal_trim(struct decimal *d)
{
    while (d->count > 0 && d->digits[d->count - 1] == 0) {
        d->count--;
    }
    if (d->count == 0) {
        d->point = 0;
    }
}

static void decimal_append(struct decimal *d, uint8_t digit)
{
    if (d->count < DIGITS_MAX) {
        d->digits[d->count++] = digit;
    } else if (digit != 0) {
        d->is_cut = true;
    }
}

static void decimal_double(struct decimal *d, uint32_t shift)
{
    uint8_t wide[DIGITS_MAX + SHIFT_DIGITS];
    int32_t first = d->count + SHIFT_DIGITS;
    uint64_t carry = 0;
    for (int32_t i = d->count - 1; i >= 0 || carry > 0; i--) {
        carry += i >= 0 ? (uint64_t)d->digits[i] << shift : 0;
        wide[--first] = (uint8_t)(carry % 10);
        carry /= 10;
    }
    int32_t size = d->count + SHIFT_DIGITS - first;
    d->point += size - d->count;
    d->count = 0;
    for (int32_t i = 0; i < size; i++) {
        decimal_append(d, wide[first + i]);
    }
    decimal_trim(d);
}

static void decimal_halve(struct decimal *d, uint32_t shift)
{
    int32_t at = 0;
    int32_t size = d->count;
    uint64_t rest = 0;
    // Take in digits until the first one of the quotient is there.
    while (rest >> shift == 0 && (at < size || rest != 0)) {
        rest = rest * 10 + (at < size ? d->digits[at] : 0);
        at++;
    }
    d->point -= at - 1;
    d->count = 0;
    // The quotient's digits are written behind those read, or where none is left to read.
    while (at < size || rest != 0) {
        decimal_append(d, (uint8_t)(rest >> shift));
        rest = (rest & ((UINT64_C(1) << shift) - 1)) * 10 + (at < size ? d->digits[at] : 0);
        at++;
    }
    decimal_trim(d);
}

// Multiplies by 2^power.
static void decimal_shift(struct decimal *d, int32_t power)
{
    while (power > 0) {
        int32_t step = power < SHIFT_MAX ? power : SHIFT_MAX;
        decimal_double(d, (uint32_t)step);
        power -= step;
    }
    while (power < 0) {
        int32_t step = -power < SHIFT_MAX ? -power : SHIFT_MAX;
        decimal_halve(d, (uint32_t)step);
        power += step;
    }
}

// Whether the digits from `place` on are to be rounded up: to nearest, ties to even.
static bool decimal_rounds_up(const struct decimal *d, int32_t place)
{
    if (place < 0 || place >= d->count) {
        return false;
    }
    if (d->digits[place] == 5 && place + 1 == d->count && !d->is_cut) {
        return place > 0 && d->digits[place - 1] % 2 != 0;
    }
    return d->digits[place] >= 5;
}

static void decimal_round(struct decimal *d, int32_t places)
{
    bool is_up = decimal_rounds_up(d, places);
    if (places < d->count) {
        d->count = places;
    }
    if (is_up) {
        while (d->count > 0 && d->digits[d->count - 1] == 9) {
            d->count--;
        }
        if (d->count == 0) {
            d->digits[d->count++] = 1;
            d->point++;
        } else {
            d->digits[d->count - 1]++;
        }
    }
    decimal_trim(d);
}

// The nearest whole number, below 2^63.
static uint64_t decimal_whole(const struct decimal *d)
{
    uint64_t whole = 0;
    for (int32_t i = 0; i < d->point; i++) {
        whole = whole * 10 + (i < d->count ? d->digits[i] : 0);
    }
    return whole + (decimal_rounds_up(d, d->point) ? 1 : 0);
}

static void decimal_take(struct decimal *d, uint64_t value)
{
    uint8_t digits[20];
    int32_t size = 0;
    for (; value > 0; value /= 10) {
        digits[size++] = (uint8_t)(value % 10);
    }
    *d = (struct decimal){.point = size};
    while (size > 0) {
        decimal_append(d, digits[--size]);
    }
    decimal_trim(d);
}

// ---- from text ----

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int32_t exponent_parse(const char *text, uint32_t size)
{
    uint32_t at = text[0] == '+' || text[0] == '-' ? 1 : 0;
    int32_t exponent = 0;
    for (; at < size; at++) {
        if (exponent < EXPONENT_LIMIT) {
            exponent = exponent * 10 + (text[at] - '0');
        }
    }
    return text[0] == '-' ? -exponent : exponent;
}

static void decimal_parse(struct decimal *d, const char *text, uint32_t size)
{
    uint32_t at = 0;
    bool has_point = false;
    int64_t point = 0;
    *d = (struct decimal){.is_negative = text[0] == '-'};
    for (at = d->is_negative ? 1 : 0; at < size && (is_digit(text[at]) || text[at] == '.'); at++) {
        if (text[at] == '.') {
            has_point = true;
            continue;
        }
        if (d->count > 0 || text[at] != '0') {
            decimal_append(d, (uint8_t)(text[at] - '0'));
            point += has_point ? 0 : 1;
        } else if (has_point) {
            point--;
        }
    }
    if (at + 1 < size) {
        point += exponent_parse(text + at + 1, size - at - 1);
    }
    // So far out that the number is 0 or infinite for every type.
    point = point > EXPONENT_LIMIT * 10 ? EXPONENT_LIMIT * 10 : point;
    point = point < -EXPONENT_LIMIT * 10 ? -EXPONENT_LIMIT * 10 : point;
    d->point = (int32_t)point;
    decimal_trim(d);
}

static uint32_t hex_digit(char c)
{
    return is_digit(c) ? (uint32_t)(c - '0') : (uint32_t)((c | 0x20) - 'a' + 10);
}

enum dynamic_number_result dynamic_whole_parse(const char *text, uint32_t size,
                                               struct dynamic_whole *whole)
{
    *whole = (struct dynamic_whole){.is_negative = text[0] == '-'};
    uint32_t at = whole->is_negative ? 1 : 0;
    if (size - at > 2 && text[at] == '0' && (text[at + 1] | 0x20) == 'x') {
        for (at += 2; at < size; at++) {
            if (whole->magnitude >> 60 != 0) {
                return DYNAMIC_NUMBER_OUT_OF_RANGE;
            }
            whole->magnitude = whole->magnitude << 4 | hex_digit(text[at]);
        }
        return DYNAMIC_NUMBER_OK;
    }
    struct decimal d;
    decimal_parse(&d, text, size);
    if (d.count > d.point) {
        return DYNAMIC_NUMBER_NOT_WHOLE;
    }
    if (d.point > 20) {
        return DYNAMIC_NUMBER_OUT_OF_RANGE;
    }
    for (int32_t i = 0; i < d.point; i++) {
        uint64_t digit = i < d.count ? d.digits[i] : 0;
        if (__builtin_mul_overflow(whole->magnitude, UINT64_C(10), &whole->magnitude) ||
            __builtin_add_overflow(whole->magnitude, digit, &whole->magnitude)) {
            return DYNAMIC_NUMBER_OUT_OF_RANGE;
        }
    }
    return DYNAMIC_NUMBER_OK;
}

// Brings d into [0.5, 1) and returns the power of two that was taken out.
static int32_t decimal_normalize(struct decimal *d)
{
    int32_t power = 0;
    while (d->point > 0) {
        int32_t step = d->point * 3 < SHIFT_MAX ? d->point * 3 : SHIFT_MAX;
        decimal_shift(d, -step);
        power += step;
    }
    while (d->point < 0 || d->digits[0] < 5) {
        // 8^n is below 10^n: never beyond 1.
        int32_t step = d->point < 0 ? -d->point * 3 : 1;
        decimal_shift(d, step);
        power -= step;
    }
    return power;
}

enum dynamic_number_result dynamic_double_parse(const char *text, uint32_t size, double *value)
{
    struct decimal d;
    decimal_parse(&d, text, size);
    uint64_t bits = 0;
    if (d.count > 0 && d.point > 310) {
        return DYNAMIC_NUMBER_OUT_OF_RANGE;
    }
    if (d.count > 0 && d.point > -330) {
        int32_t exponent = decimal_normalize(&d) - 1;
        // Below the normal ones the exponent stays and the mantissa gets shorter.
        if (exponent < 1 - BIAS) {
            decimal_shift(&d, exponent - (1 - BIAS));
            exponent = 1 - BIAS;
        }
        decimal_shift(&d, MANTISSA_BITS + 1);
        uint64_t mantissa = decimal_whole(&d);
        // Rounding up may carry into the next exponent, as it may make a short mantissa normal:
        // both follow from adding instead of joining.
        bits = ((uint64_t)(exponent + BIAS - 1) << MANTISSA_BITS) + mantissa;
        if (bits >> MANTISSA_BITS >= 0x7ff) {
            return DYNAMIC_NUMBER_OUT_OF_RANGE;
        }
    }
    *value = capnp_f64_of(bits | (d.is_negative ? UINT64_C(1) << 63 : 0));
    return DYNAMIC_NUMBER_OK;
}

// ---- to text ----

uint32_t dynamic_unsigned_print(char *out, uint64_t value)
{
    char reversed[20];
    uint32_t size = 0;
    do {
        reversed[size++] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    for (uint32_t i = 0; i < size; i++) {
        out[i] = reversed[size - 1 - i];
    }
    return size;
}

uint32_t dynamic_signed_print(char *out, int64_t value)
{
    out[0] = '-';
    return value < 0 ? 1 + dynamic_unsigned_print(out + 1, 0 - (uint64_t)value)
                     : dynamic_unsigned_print(out, (uint64_t)value);
}

// The layout of printf's %g, but no plus sign in the exponent.
static uint32_t decimal_print(char *out, const struct decimal *d, int32_t digits)
{
    uint32_t size = 0;
    int32_t exponent = d->count > 0 ? d->point - 1 : 0;
    bool is_fixed = exponent >= -4 && exponent < digits;
    int32_t whole = is_fixed ? exponent + 1 : 1; // digits before the point
    if (d->is_negative) {
        out[size++] = '-';
    }
    if (whole <= 0) {
        out[size++] = '0';
    }
    for (int32_t i = 0; i < whole; i++) {
        out[size++] = (char)('0' + (i < d->count ? d->digits[i] : 0));
    }
    if (d->count > whole) {
        out[size++] = '.';
        for (int32_t i = whole; i < d->count; i++) {
            out[size++] = (char)('0' + (i >= 0 ? d->digits[i] : 0));
        }
    }
    if (!is_fixed) {
        out[size++] = 'e';
        if (exponent < 0) {
            out[size++] = '-';
            exponent = -exponent;
        }
        if (exponent < 10) {
            out[size++] = '0';
        }
        size += dynamic_unsigned_print(out + size, (uint64_t)exponent);
    }
    return size;
}

static uint32_t word_print(char *out, const char *word)
{
    uint32_t size = (uint32_t)strlen(word);
    memcpy(out, word, size);
    return size;
}

// Prints with so many digits and says which double is read from that.
static uint32_t digits_print(char *out, double value, int32_t digits, double *again)
{
    uint64_t bits = capnp_bits_of_f64(value);
    int32_t biased = (int32_t)(bits >> MANTISSA_BITS & 0x7ff);
    uint64_t mantissa = bits & ((UINT64_C(1) << MANTISSA_BITS) - 1);
    struct decimal d;
    decimal_take(&d, biased == 0 ? mantissa : mantissa | UINT64_C(1) << MANTISSA_BITS);
    d.is_negative = bits >> 63 != 0;
    decimal_shift(&d, (biased == 0 ? 1 : biased) - BIAS - MANTISSA_BITS);
    decimal_round(&d, digits);
    uint32_t size = decimal_print(out, &d, digits);
    // What rounds to infinity when read is not the same value.
    return dynamic_double_parse(out, size, again) == DYNAMIC_NUMBER_OK ? size : 0;
}

static bool is_special(char *out, double value, uint32_t *size)
{
    uint64_t bits = capnp_bits_of_f64(value);
    if ((bits >> MANTISSA_BITS & 0x7ff) != 0x7ff) {
        return false;
    }
    if (bits << 12 != 0) {
        *size = word_print(out, "nan");
    } else {
        *size = word_print(out, bits >> 63 != 0 ? "-inf" : "inf");
    }
    return true;
}

uint32_t dynamic_double_print(char *out, double value)
{
    uint32_t size = 0;
    double again = 0;
    if (is_special(out, value, &size)) {
        return size;
    }
    if (value > -1e15 && value < 1e15 && value == (double)(int64_t)value && value != 0) {
        return dynamic_signed_print(out, (int64_t)value);
    }
    size = digits_print(out, value, 15, &again);
    return size > 0 && again == value ? size : digits_print(out, value, 17, &again);
}

uint32_t dynamic_float_print(char *out, float value)
{
    static const int32_t tries[] = {6, 8, 9};
    uint32_t size = 0;
    double again = 0;
    if (is_special(out, (double)value, &size)) {
        return size;
    }
    // Six digits are not tried of subnormal ones, for others who write this form don't either.
    bool is_subnormal = value != 0 && (capnp_bits_of_f32(value) & 0x7f800000) == 0;
    for (uint32_t i = is_subnormal ? 1 : 0; i < 3; i++) {
        size = digits_print(out, (double)value, tries[i], &again);
        if ((float)again == value) {
            break;
        }
    }
    return size;
}
