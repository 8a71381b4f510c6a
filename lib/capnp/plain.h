// SPDX-License-Identifier: Apache-2.0
//
// Messages of one struct as plain C structs: what generated codecs are made of (kernel.plain.c and
// the like; capnpc-c writes them for schemas that say `plain`). For a side that takes a whole
// message over at once and answers with one, and wants to pay for nothing else.
//
// Reading: plain_open, then plain_word and the functions for pointers; whatever is absent is zero,
// NULL or none. A function that answers false has found the message malformed.
// Writing: plain_put for each word of the root pointer and the struct, then what its pointers lead
// to. The buffer holds the most that there can be.
//
// Invariants: no byte outside the message is read, and none behind the most that is written. The
// message lies in aligned memory that does not change while it is read; the buffer may lie
// anywhere.
//
// Format: the Cap'n Proto encoding specification, sections "Structs", "Lists" and "Capabilities
// (Interfaces)". Far pointers are refused.

#ifndef LIB_CAPNP_PLAIN_H
#define LIB_CAPNP_PLAIN_H

#include <stdbool.h>
#include <stdint.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "words are used as they lie");

enum { PLAIN_WORD_BYTES = 8, PLAIN_CAPS_MAX = 16 };

#define PLAIN_TOO_LONG UINT32_MAX

struct plain_data { // of text, with its NUL
    const uint8_t *data;
    uint32_t size;
};

struct plain_reader {
    const uint64_t *words;
    uint32_t count;
    uint32_t cap_count;
    const uint64_t *caps;
    uint16_t data_words, pointer_words; // of the root struct, which follows the first word
};

// Finds the root, which must follow the pointer to it, as a message that holds nothing else has it.
// An empty message has one without fields.
bool plain_open(struct plain_reader *reader, const uint64_t *words, uint32_t bytes,
                const uint64_t *caps, uint32_t cap_count);
bool plain_data(const struct plain_reader *reader, uint32_t index, struct plain_data *data);
bool plain_cap(const struct plain_reader *reader, uint32_t index, uint64_t *cap);

// A word of the root's data.
static inline uint64_t plain_word(const struct plain_reader *reader, uint32_t index)
{
    return index < reader->data_words ? reader->words[1 + index] : 0;
}

// A pointer of the root; 0: absent.
static inline uint64_t plain_pointer(const struct plain_reader *reader, uint32_t index)
{
    return index < reader->pointer_words ? reader->words[1 + reader->data_words + index] : 0;
}

// A word of a message that is written.
static inline void plain_put(uint8_t *bytes, uint32_t index, uint64_t word)
{
    __builtin_memcpy(bytes + index * PLAIN_WORD_BYTES, &word, sizeof word);
}

// A pointer to the next capability of the message, which comes after `ordinal` others.
static inline void plain_put_cap(uint8_t *bytes, uint32_t index, uint32_t ordinal)
{
    plain_put(bytes, index, (uint64_t)ordinal << 32 | 3);
}

// A pointer to data, which goes to the end of a message of `size` bytes; none where it is NULL.
// Returns the new size, or PLAIN_TOO_LONG where it is more than `most` bytes.
uint32_t plain_put_data(uint8_t *bytes, uint32_t index, uint32_t size, struct plain_data data,
                        uint32_t most);

#endif
