// SPDX-License-Identifier: Apache-2.0
//
// SHA-256 as FIPS 180-4 defines it: the hash that chains the pages of the CommitLog and names the
// blobs of the boot package. Freestanding, without writable data, and the same on both sides of the
// kernel. The storage is the caller's. Feed any number of pieces, of any size:
//
//     struct sha256 hash;
//     sha256_init(&hash);
//     sha256_update(&hash, bytes, size);
//     sha256_final(&hash, out);
//
// It runs in time that depends on the number of bytes only, so that it may be fed secrets.
#ifndef LIB_SHA256_SHA256_H
#define LIB_SHA256_SHA256_H

#include <stddef.h>
#include <stdint.h>

enum {
    SHA256_SIZE = 32,       // bytes of a hash
    SHA256_BLOCK_SIZE = 64, // bytes that are compressed at once
};

struct sha256 {
    uint32_t state[8];
    uint64_t size;                    // bytes fed
    uint8_t block[SHA256_BLOCK_SIZE]; // size % SHA256_BLOCK_SIZE bytes wait in it
};

void sha256_init(struct sha256 *hash);

// `bytes` may be null where `size` is 0.
void sha256_update(struct sha256 *hash, const void *bytes, size_t size);

// Writes the hash of all that was fed. Afterwards `hash` may only be initialised again.
void sha256_final(struct sha256 *hash, uint8_t out[SHA256_SIZE]);

// All of it in one call.
static inline void sha256_of(const void *bytes, size_t size, uint8_t out[SHA256_SIZE])
{
    struct sha256 hash;
    sha256_init(&hash);
    sha256_update(&hash, bytes, size);
    sha256_final(&hash, out);
}

#endif
