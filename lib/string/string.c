// SPDX-License-Identifier: Apache-2.0
//
// See string.h. Blocks of four words in a loop, then each smaller power of two at most once: what
// is left is below one block, and without loops the compiler has nothing to inflate. Compiled with
// -ffreestanding, or a compiler may turn memcpy's loop into a call of memcpy.

#include "lib/string/string.h"

#include <stdint.h>

enum { WORD = sizeof(uint64_t), BLOCK = 4 * WORD };

struct block {
    uint64_t words[4];
};

// Moves of a fixed size: the builtins are loads and stores, never calls.
static inline void move_block(uint8_t *to, const uint8_t *from)
{
    struct block block;
    __builtin_memcpy(&block, from, BLOCK);
    __builtin_memcpy(to, &block, BLOCK);
}

static inline void move_16(uint8_t *to, const uint8_t *from)
{
    uint64_t words[2];
    __builtin_memcpy(words, from, sizeof(words));
    __builtin_memcpy(to, words, sizeof(words));
}

static inline void move_8(uint8_t *to, const uint8_t *from)
{
    uint64_t word;
    __builtin_memcpy(&word, from, sizeof(word));
    __builtin_memcpy(to, &word, sizeof(word));
}

static inline void move_4(uint8_t *to, const uint8_t *from)
{
    uint32_t half;
    __builtin_memcpy(&half, from, sizeof(half));
    __builtin_memcpy(to, &half, sizeof(half));
}

static inline void move_2(uint8_t *to, const uint8_t *from)
{
    uint16_t quarter;
    __builtin_memcpy(&quarter, from, sizeof(quarter));
    __builtin_memcpy(to, &quarter, sizeof(quarter));
}

// From the first byte to the last. Right for overlaps too where `to` is below `from`: every move
// loads all of its bytes before it stores one.
static inline void move_up(uint8_t *to, const uint8_t *from, size_t size)
{
    for (; size >= BLOCK; size -= BLOCK, to += BLOCK, from += BLOCK) {
        move_block(to, from);
    }
    if (size & 16) {
        move_16(to, from);
        to += 16;
        from += 16;
    }
    if (size & 8) {
        move_8(to, from);
        to += 8;
        from += 8;
    }
    if (size & 4) {
        move_4(to, from);
        to += 4;
        from += 4;
    }
    if (size & 2) {
        move_2(to, from);
        to += 2;
        from += 2;
    }
    if (size & 1) {
        *to = *from;
    }
}

// From the last byte to the first, for overlaps where `to` is above `from`.
static inline void move_down(uint8_t *to, const uint8_t *from, size_t size)
{
    for (; size >= BLOCK; size -= BLOCK) {
        move_block(to + size - BLOCK, from + size - BLOCK);
    }
    if (size & 16) {
        size -= 16;
        move_16(to + size, from + size);
    }
    if (size & 8) {
        size -= 8;
        move_8(to + size, from + size);
    }
    if (size & 4) {
        size -= 4;
        move_4(to + size, from + size);
    }
    if (size & 2) {
        size -= 2;
        move_2(to + size, from + size);
    }
    if (size & 1) {
        *to = *from;
    }
}

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
    move_up(to, from, size);
    return to;
}

void *memmove(void *to, const void *from, size_t size)
{
    if ((uintptr_t)to - (uintptr_t)from >= size) {
        move_up(to, from, size);
    } else {
        move_down(to, from, size);
    }
    return to;
}

void *memset(void *to, int value, size_t size)
{
    uint64_t word = (uint8_t)value * UINT64_C(0x0101010101010101);
    struct block block = {{word, word, word, word}};
    const uint8_t *from = (const uint8_t *)&block;
    uint8_t *out = to;
    for (; size >= BLOCK; size -= BLOCK, out += BLOCK) {
        __builtin_memcpy(out, &block, BLOCK);
    }
    move_up(out, from, size);
    return to;
}

int memcmp(const void *left, const void *right, size_t size)
{
    const uint8_t *a = left;
    const uint8_t *b = right;
    for (; size >= WORD; size -= WORD, a += WORD, b += WORD) {
        uint64_t words[2];
        __builtin_memcpy(&words[0], a, WORD);
        __builtin_memcpy(&words[1], b, WORD);
        if (words[0] != words[1]) {
            break;
        }
    }
    for (; size > 0; size--, a++, b++) {
        if (*a != *b) {
            return *a < *b ? -1 : 1;
        }
    }
    return 0;
}

size_t strlen(const char *text)
{
    size_t size = 0;
    while (text[size] != 0) {
        size++;
    }
    return size;
}
