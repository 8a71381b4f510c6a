// SPDX-License-Identifier: Apache-2.0
//
// A proof: a question about a moment of a log, the answer, and the log's pages up to its head, as
// one file: header, question, answer, perhaps a checkpoint that stands for the first pages
// (abi/checkpoint.h), pages, and the SHA-256 of all that. Numbers are
// little-endian. Whoever has the head from elsewhere needs nothing else; with a checkpoint, its
// hash.
//
// The question is one of, with ids as index.generation:
//
//     who OBJECT          who could call the object: running, and what they hold works
//     holds PROCESS       what a process holds
//     path PROCESS OBJECT by which grants it came to what it holds of the object
//     at                  what everybody holds
//
// The answer has a line for each hold, by the seq that made it. Sessions, too, are ids.
//
//     process P cap C interface I methods M facet F object O since S how H use U [revoker]
//
// For `path` there is, for each hold, a line `path use U`, then a line for it and for each that it
// was made from, back to the first:
//
//     step since S time T process P cap C facet F how H [moved] for SESSION|nobody|unknown
//
// Of what the checkpoint has neither the time is known (0) nor for whom it was done (unknown).
#ifndef ABI_PROOF_H
#define ABI_PROOF_H

#include <assert.h>
#include <stdint.h>

#include "abi/checkpoint.h"

enum { BUNDLE_VERSION = 2, QUESTION_MAX = 256 };

static const uint64_t BUNDLE_MAGIC = 0x31464f4f52505354; // "TSPROOF1"

struct bundle_header {
    uint64_t magic;
    uint32_t version;
    uint32_t question_size; // bytes, without a final zero
    uint64_t answer_size;   // the same
    uint64_t page_count;
    uint64_t seq;     // the moment: commits before it
    uint64_t time_ns; // the moment's time: leases and sessions run out without a commit
    uint64_t boot_id;
    uint8_t head[HASH_SIZE];  // SHA-256 of the last page
    uint64_t checkpoint_size; // bytes; 0: the pages begin with the log's first
};

static_assert(sizeof(struct bundle_header) == 96, "no padding");

#endif
