// SPDX-License-Identifier: Apache-2.0
//
// Copying what a pointer leads to into a message of one segment, without knowing its schema.
//
// Two uses: `capnp compile` writes large requests in several segments joined by far pointers,
// which the library's reader refuses, so the whole request is copied once; and default values are
// cut out of the request into messages of their own.
//
// Input is trusted as far as the compiler is, and still checked: every pointer stays within its
// segment, at most 64 deep; whatever does not is refused with a reason.
//
// Format: the encoding specification, sections "Inter-Segment Pointers" and "Serialization Over a
// Stream".

#ifndef TOOLS_CAPNPC_C_COPY_H
#define TOOLS_CAPNPC_C_COPY_H

#include <stdbool.h>
#include <stdint.h>

enum { COPY_SEGMENTS_MAX = 512 };

struct copy_source {
    const uint64_t *segments[COPY_SEGMENTS_MAX];
    uint32_t words[COPY_SEGMENTS_MAX];
    uint32_t segment_count;
};

struct copy_target {
    uint64_t *words;
    uint32_t used;
    uint32_t capacity;
};

// Copies what the pointer at word `at` of `segment` leads to; the copy's root pointer becomes the
// first word of the (empty) target. Returns NULL, or a sentence that says what is wrong.
const char *copy_tree(const struct copy_source *source, uint32_t segment, uint32_t at,
                      struct copy_target *target);

#endif
