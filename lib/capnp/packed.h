// SPDX-License-Identifier: Apache-2.0
//
// The packed encoding: bytes that are zero take a bit each instead.
//
// Works on any whole number of words: usually on a framed message (frame.h), or on the one segment
// of a flat one. Both directions go on where they stopped, so that pieces may come from and go to
// different places: packing is simply called for the next piece; unpacking keeps what a run still
// owes in struct capnp_unpacker. So a framed message is unpacked from a stream by asking for 8
// bytes, then for the rest of its head, then for its segments (capnp_frame_need says how many).
//
// Format: the encoding specification, section "Packing".

#ifndef LIB_CAPNP_PACKED_H
#define LIB_CAPNP_PACKED_H

#include "lib/capnp/flat.h"

// Bytes that packing `bytes` bytes takes at most.
static inline uint64_t capnp_packed_bound(uint64_t bytes)
{
    return bytes / CAPNP_WORD_BYTES * (CAPNP_WORD_BYTES + 2);
}

// Packs whole words. Returns the bytes written, of at most capacity; 0 if that is not enough (or if
// there was nothing to pack).
uint64_t capnp_pack(void *packed, uint64_t capacity, const void *words, uint64_t bytes);

struct capnp_unpacker {
    const uint8_t *at; // next to be read: what lies before it has been used up
    const uint8_t *end;
    uint32_t zero_words; // owed by a run that began before
    uint32_t plain_words;
};

static inline void capnp_unpacker_init(struct capnp_unpacker *unpacker, const void *packed,
                                       uint64_t size)
{
    unpacker->at = (const uint8_t *)packed;
    unpacker->end = size > 0 ? unpacker->at + size : unpacker->at; // there may be nothing at all
    unpacker->zero_words = 0;
    unpacker->plain_words = 0;
}

// Unpacks exactly so many bytes, a whole number of words, or says that the packed ones end before.
enum capnp_error capnp_unpack(struct capnp_unpacker *unpacker, void *words, uint64_t bytes);

// After the last words of a message: an error if a run goes on beyond it.
enum capnp_error capnp_unpacker_finish(const struct capnp_unpacker *unpacker);

// Words in so many packed bytes, all of them; UINT64_MAX if they are cut.
uint64_t capnp_unpacked_words(const void *packed, uint64_t size);

#endif
