// SPDX-License-Identifier: Apache-2.0
//
// Hand-made messages: pointer words as the encoding specification lays them out, and a message over
// an array of words at an odd address, because no alignment is promised.

#ifndef LIB_CAPNP_TEST_WORDS_H
#define LIB_CAPNP_TEST_WORDS_H

#include "lib/capnp/capnp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static inline uint64_t word_struct(int32_t offset, uint16_t data, uint16_t pointers)
{
    return (uint64_t)pointers << 48 | (uint64_t)data << 32 | (uint32_t)((uint32_t)offset << 2);
}

static inline uint64_t word_list(int32_t offset, uint32_t element, uint32_t count)
{
    return (uint64_t)count << 35 | (uint64_t)element << 32 | (uint32_t)((uint32_t)offset << 2) | 1;
}

static inline uint64_t word_tag(uint32_t count, uint16_t data, uint16_t pointers)
{
    return word_struct((int32_t)count, data, pointers);
}

static inline uint64_t word_cap(uint32_t ordinal)
{
    return (uint64_t)ordinal << 32 | 3;
}

static const uint64_t word_far = 2;

// A message over a copy that ends where its allocation ends, so that the address sanitizer sees a
// read beyond it; one byte off alignment.
struct words {
    struct capnp_message message;
    uint8_t *memory;
};

static inline void words_open(struct words *words, const uint64_t *from, size_t count,
                              const uint64_t *caps, uint32_t cap_count)
{
    words->memory = malloc(count * 8 + 1);
    assert_non_null(words->memory);
    memcpy(words->memory + 1, from, count * 8);
    capnp_message_init(&words->message, words->memory + 1, (uint32_t)count * 8, caps, cap_count);
}

static inline void words_close(struct words *words)
{
    free(words->memory);
}

#define WORDS_OPEN(words, ...)                                                                     \
    words_open(words, (const uint64_t[]){__VA_ARGS__},                                             \
               sizeof((const uint64_t[]){__VA_ARGS__}) / 8, NULL, 0)

#endif
