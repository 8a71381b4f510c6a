// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as packed ones, and as words to be packed: nothing outside of them is read or written,
// and what was packed comes back.
//
// The first byte says into how large pieces the words are unpacked.

#include "lib/capnp/packed.h"

#include <stdlib.h>
#include <string.h>

enum { BYTES_MAX = 1 << 16 };

static void unpack(const uint8_t *input, uint64_t size, uint32_t piece)
{
    uint64_t words = capnp_unpacked_words(input, size);
    struct capnp_unpacker unpacker;
    capnp_unpacker_init(&unpacker, input, size);
    uint64_t got = 0;
    uint8_t *out = malloc(piece);
    while (got < BYTES_MAX / 8 && capnp_unpack(&unpacker, out, piece) == CAPNP_OK) {
        got += piece / 8;
    }
    free(out);
    // All pieces that fit into the words that there are, and no more.
    if (words != UINT64_MAX && got < BYTES_MAX / 8 && got != words / (piece / 8) * (piece / 8)) {
        abort();
    }
    if (words != UINT64_MAX && words <= BYTES_MAX / 8) {
        out = malloc(words * 8 + 1);
        capnp_unpacker_init(&unpacker, input, size);
        if (capnp_unpack(&unpacker, out, words * 8) != CAPNP_OK || unpacker.at != input + size ||
            capnp_unpacker_finish(&unpacker) != CAPNP_OK) {
            abort();
        }
        free(out);
    }
}

static void pack(const uint8_t *input, uint64_t size)
{
    uint64_t bytes = size & ~UINT64_C(7);
    uint64_t bound = capnp_packed_bound(bytes);
    uint8_t *packed = malloc(bound + 1);
    uint64_t used = capnp_pack(packed, bound, input, bytes);
    if (bytes > 0 && (used == 0 || capnp_unpacked_words(packed, used) != bytes / 8)) {
        abort();
    }
    // Exactly enough room gives the same; less gives nothing.
    uint8_t *tight = malloc(used + 1);
    uint8_t *back = malloc(bytes + 1);
    if (capnp_pack(tight, used, input, bytes) != used || memcmp(tight, packed, used) != 0 ||
        (used > 0 && capnp_pack(tight, used - 1, input, bytes) != 0)) {
        abort();
    }
    struct capnp_unpacker unpacker;
    capnp_unpacker_init(&unpacker, packed, used);
    if (capnp_unpack(&unpacker, back, bytes) != CAPNP_OK || memcmp(back, input, bytes) != 0) {
        abort();
    }
    free(packed);
    free(tight);
    free(back);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    if (size == 0 || size > BYTES_MAX) {
        return 0;
    }
    uint8_t *bytes = malloc(size);
    memcpy(bytes, input + 1, size - 1);
    unpack(bytes, size - 1, (input[0] % 40 + 1) * 8);
    pack(bytes, size - 1);
    free(bytes);
    return 0;
}
