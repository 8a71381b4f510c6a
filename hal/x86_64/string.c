// SPDX-License-Identifier: Apache-2.0
//
// The four functions that the compiler may call by itself (C17 7.24). Short runs are moved by words
// that may overlap, so that no length needs a loop of bytes; long ones by the string instructions,
// which processors do in large steps.
#include "hal/x86_64/x86.h"

enum { SHORT_MAX = 32 };

// Words anywhere in memory, whatever type is there.
struct word8 {
    uint64_t value;
} __attribute__((packed, may_alias));

struct word4 {
    uint32_t value;
} __attribute__((packed, may_alias));

static inline uint64_t load8(const uint8_t *from)
{
    return ((const struct word8 *)from)->value;
}

static inline void store8(uint8_t *to, uint64_t value)
{
    ((struct word8 *)to)->value = value;
}

static inline uint32_t load4(const uint8_t *from)
{
    return ((const struct word4 *)from)->value;
}

static inline void store4(uint8_t *to, uint32_t value)
{
    ((struct word4 *)to)->value = value;
}

// All loads come before the first store: right for overlapping runs too.
static inline void short_move(uint8_t *to, const uint8_t *from, size_t size)
{
    if (size > 16) {
        uint64_t first = load8(from);
        uint64_t second = load8(from + 8);
        uint64_t third = load8(from + size - 16);
        uint64_t last = load8(from + size - 8);
        store8(to, first);
        store8(to + 8, second);
        store8(to + size - 16, third);
        store8(to + size - 8, last);
    } else if (size >= 8) {
        uint64_t first = load8(from);
        uint64_t last = load8(from + size - 8);
        store8(to, first);
        store8(to + size - 8, last);
    } else if (size >= 4) {
        uint32_t first = load4(from);
        uint32_t last = load4(from + size - 4);
        store4(to, first);
        store4(to + size - 4, last);
    } else if (size > 0) {
        uint8_t first = from[0];
        uint8_t middle = from[size / 2];
        uint8_t last = from[size - 1];
        to[0] = first;
        to[size / 2] = middle;
        to[size - 1] = last;
    }
}

// More than 8 bytes, to a place that doesn't begin within them: the string instruction's words are
// read before they are overwritten, and so is the last word, which is loaded first.
static inline void forward_move(uint8_t *to, const uint8_t *from, size_t size)
{
    uint64_t last = load8(from + size - 8);
    uint8_t *last_place = to + size - 8;
    size_t words = (size - 1) / 8;
    __asm__ volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(words) : : "memory");
    store8(last_place, last);
}

__attribute__((no_builtin)) void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
    if (size <= SHORT_MAX) {
        short_move(to, from, size);
    } else {
        forward_move(to, from, size);
    }
    return to;
}

__attribute__((no_builtin)) void *memmove(void *to, const void *from, size_t size)
{
    if (size <= SHORT_MAX) {
        short_move(to, from, size);
        return to;
    }
    if ((uintptr_t)to - (uintptr_t)from >= size) {
        forward_move(to, from, size);
        return to;
    }
    uint8_t *bytes = to;
    const uint8_t *source = from;
    uint64_t first = load8(source);
    for (size_t left = size; left > 8; left -= 8) {
        store8(bytes + left - 8, load8(source + left - 8));
    }
    store8(bytes, first);
    return to;
}

__attribute__((no_builtin)) void *memset(void *to, int value, size_t size)
{
    uint8_t *bytes = to;
    uint64_t word = (uint8_t)value * (uint64_t)0x0101010101010101;

    if (size >= 8) {
        size_t words = (size - 1) / 8;
        store8(bytes + size - 8, word);
        __asm__ volatile("rep stosq" : "+D"(bytes), "+c"(words) : "a"(word) : "memory");
    } else if (size >= 4) {
        store4(bytes, (uint32_t)word);
        store4(bytes + size - 4, (uint32_t)word);
    } else if (size > 0) {
        bytes[0] = (uint8_t)word;
        bytes[size / 2] = (uint8_t)word;
        bytes[size - 1] = (uint8_t)word;
    }
    return to;
}

__attribute__((no_builtin)) int memcmp(const void *left, const void *right, size_t size)
{
    const uint8_t *a = left;
    const uint8_t *b = right;

    for (; size >= 8; size -= 8, a += 8, b += 8) {
        uint64_t a_word = __builtin_bswap64(load8(a));
        uint64_t b_word = __builtin_bswap64(load8(b));
        if (a_word != b_word) {
            return a_word < b_word ? -1 : 1;
        }
    }
    for (; size > 0; size--, a++, b++) {
        if (*a != *b) {
            return *a < *b ? -1 : 1;
        }
    }
    return 0;
}
