// SPDX-License-Identifier: Apache-2.0
//
// Packing (packed.h). Each word becomes a tag, whose bit i says whether byte i is not zero, and
// those bytes. Tag 0x00 is followed by the number of further words that are zero, tag 0xff (after
// its eight bytes) by the number of words that follow as they are.

#include "lib/capnp/packed.h"

enum { TAG_ZERO = 0x00, TAG_PLAIN = 0xff, RUN_WORDS_MAX = 255 };

// Bit i: byte i of the word is not zero.
static uint32_t tag_of(uint64_t word)
{
    const uint64_t low = UINT64_C(0x7f7f7f7f7f7f7f7f);
    uint64_t marks = (((word & low) + low) | word) & ~low;
    // Each mark times this lands in the highest byte, at the bit of its place.
    return (uint32_t)(((marks >> 7) * UINT64_C(0x0102040810204080)) >> 56);
}

// Words that are zero from here, at most 255.
static uint32_t zero_run(const uint8_t *at, const uint8_t *end)
{
    uint32_t words = 0;
    while (words < RUN_WORDS_MAX && at != end && capnp_load_u64(at) == 0) {
        words++;
        at += CAPNP_WORD_BYTES;
    }
    return words;
}

// Words with at most one zero byte from here, at most 255: packing them would gain nothing.
static uint32_t plain_run(const uint8_t *at, const uint8_t *end)
{
    uint32_t words = 0;
    while (words < RUN_WORDS_MAX && at != end) {
        uint32_t zeros = ~tag_of(capnp_load_u64(at)) & 0xff;
        if ((zeros & (zeros - 1)) != 0) {
            break;
        }
        words++;
        at += CAPNP_WORD_BYTES;
    }
    return words;
}

// The tag and those bytes of the word that are not zero; up to nine bytes are written. Returns what
// follows those that count.
static uint8_t *word_pack(uint8_t *to, uint64_t word, uint32_t tag)
{
    *to++ = (uint8_t)tag;
    for (uint32_t i = 0; i < CAPNP_WORD_BYTES; i++) {
        *to = (uint8_t)(word >> (i * 8));
        to += (tag >> i) & 1;
    }
    return to;
}

uint64_t capnp_pack(void *packed, uint64_t capacity, const void *words, uint64_t bytes)
{
    if (capacity == 0 || bytes < CAPNP_WORD_BYTES) {
        return 0;
    }
    uint8_t *to = packed;
    uint8_t *to_end = to + capacity;
    const uint8_t *at = words;
    const uint8_t *end = at + (bytes & ~(uint64_t)(CAPNP_WORD_BYTES - 1));
    while (at != end) {
        uint64_t word = capnp_load_u64(at);
        uint32_t tag = tag_of(word);
        at += CAPNP_WORD_BYTES;
        if (to_end - to > CAPNP_WORD_BYTES + 1 && tag != TAG_ZERO && tag != TAG_PLAIN) {
            to = word_pack(to, word, tag);
            continue;
        }
        // A run, or perhaps too little room.
        uint8_t place[CAPNP_WORD_BYTES + 2];
        uint8_t *place_end = word_pack(place, word, tag);
        uint32_t run = 0;
        if (tag == TAG_ZERO || tag == TAG_PLAIN) {
            run = tag == TAG_ZERO ? zero_run(at, end) : plain_run(at, end);
            *place_end++ = (uint8_t)run;
        }
        size_t size = (size_t)(place_end - place);
        size_t run_bytes = (size_t)run * CAPNP_WORD_BYTES;
        size_t plain_bytes = tag == TAG_PLAIN ? run_bytes : 0;
        if ((size_t)(to_end - to) < size + plain_bytes) {
            return 0;
        }
        __builtin_memcpy(to, place, size);
        __builtin_memcpy(to + size, at, plain_bytes);
        to += size + plain_bytes;
        at += run_bytes;
    }
    return (uint64_t)(to - (uint8_t *)packed);
}

// One tag and its bytes, of which 1 + 8 can be read from `at`. Returns what follows them.
static const uint8_t *word_unpack(const uint8_t *at, uint64_t *word)
{
    uint32_t tag = *at++;
    uint64_t value = 0;
    for (uint32_t i = 0; i < CAPNP_WORD_BYTES; i++) {
        // Where the bit is not set the byte is read all the same, and masked away.
        uint32_t bit = (tag >> i) & 1;
        value |= (uint64_t)(*at & (0u - bit)) << (i * 8);
        at += bit;
    }
    *word = value;
    return at;
}

// The next tag, its bytes, and the length of the run that it may begin.
static enum capnp_error tag_unpack(struct capnp_unpacker *unpacker, uint64_t *word)
{
    uint8_t rest[CAPNP_WORD_BYTES + 2] = {0}; // where there may be less than the longest case
    const uint8_t *at = unpacker->at;
    size_t available = (size_t)(unpacker->end - at);
    if (available == 0) {
        return CAPNP_PACKED_CUT;
    }
    if (available < sizeof(rest)) {
        __builtin_memcpy(rest, at, available);
        at = rest;
    }
    const uint8_t *start = at;
    uint32_t tag = *at;
    at = word_unpack(at, word);
    if (tag == TAG_ZERO) {
        unpacker->zero_words = *at++;
    } else if (tag == TAG_PLAIN) {
        unpacker->plain_words = *at++;
    }
    if ((size_t)(at - start) > available) {
        return CAPNP_PACKED_CUT;
    }
    unpacker->at += at - start;
    return CAPNP_OK;
}

// Words of neither zeros nor plain bytes, as long as there are any and their longest form is there.
// Returns what follows the last word that was written.
static uint8_t *mixed_unpack(struct capnp_unpacker *unpacker, uint8_t *to, const uint8_t *end)
{
    const uint8_t *at = unpacker->at;
    while (to != end && (size_t)(unpacker->end - at) > CAPNP_WORD_BYTES && *at != TAG_ZERO &&
           *at != TAG_PLAIN) {
        uint64_t word;
        at = word_unpack(at, &word);
        capnp_store_u64(to, word);
        to += CAPNP_WORD_BYTES;
    }
    unpacker->at = at;
    return to;
}

enum capnp_error capnp_unpack(struct capnp_unpacker *unpacker, void *words, uint64_t bytes)
{
    if (bytes < CAPNP_WORD_BYTES) {
        return CAPNP_OK;
    }
    uint8_t *to = words;
    uint8_t *end = to + (bytes & ~(uint64_t)(CAPNP_WORD_BYTES - 1));
    while (to != end) {
        uint64_t left = (uint64_t)(end - to) / CAPNP_WORD_BYTES;
        if (unpacker->zero_words > 0) {
            uint32_t run = left < unpacker->zero_words ? (uint32_t)left : unpacker->zero_words;
            __builtin_memset(to, 0, (size_t)run * CAPNP_WORD_BYTES);
            unpacker->zero_words -= run;
            to += (size_t)run * CAPNP_WORD_BYTES;
        } else if (unpacker->plain_words > 0) {
            uint32_t run = left < unpacker->plain_words ? (uint32_t)left : unpacker->plain_words;
            size_t run_bytes = (size_t)run * CAPNP_WORD_BYTES;
            if ((size_t)(unpacker->end - unpacker->at) < run_bytes) {
                return CAPNP_PACKED_CUT;
            }
            __builtin_memcpy(to, unpacker->at, run_bytes);
            unpacker->at += run_bytes;
            unpacker->plain_words -= run;
            to += run_bytes;
        } else {
            uint64_t word;
            enum capnp_error error = tag_unpack(unpacker, &word);
            if (error != CAPNP_OK) {
                return error;
            }
            capnp_store_u64(to, word);
            to += CAPNP_WORD_BYTES;
            if ((unpacker->zero_words | unpacker->plain_words) == 0) {
                to = mixed_unpack(unpacker, to, end);
            }
        }
    }
    return CAPNP_OK;
}

enum capnp_error capnp_unpacker_finish(const struct capnp_unpacker *unpacker)
{
    return unpacker->zero_words > 0 || unpacker->plain_words > 0 ? CAPNP_PACKED_RUN_TOO_LONG
                                                                 : CAPNP_OK;
}

uint64_t capnp_unpacked_words(const void *packed, uint64_t size)
{
    const uint8_t *at = packed;
    uint64_t left = size;
    uint64_t words = 0;
    while (left > 0) {
        uint32_t tag = *at;
        uint64_t step = 1u + (uint32_t)__builtin_popcount(tag);
        words++;
        if (tag == TAG_ZERO || tag == TAG_PLAIN) {
            step++;
            uint32_t run = step <= left ? at[step - 1] : 0;
            words += run;
            step += tag == TAG_PLAIN ? run * CAPNP_WORD_BYTES : 0;
        }
        if (step > left) {
            return UINT64_MAX;
        }
        at += step;
        left -= step;
    }
    return words;
}
