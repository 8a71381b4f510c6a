// SPDX-License-Identifier: Apache-2.0
//
// What a proof says: the question and the answer as abi/proof.h wants them written, byte for byte,
// from whoever makes it. Where there is no room for a text it goes on being counted.
#ifndef LIB_AUTHORITY_PROOF_H
#define LIB_AUTHORITY_PROOF_H

#include "abi/proof.h"
#include "lib/authority/query.h"

enum authority_proof_kind { PROOF_WHO, PROOF_HOLDS, PROOF_PATH, PROOF_AT, PROOF_KIND_COUNT };

struct authority_proof {
    const struct authority_index *index;
    struct authority_at at;
    enum authority_proof_kind kind;
    uint32_t process, object; // lives; LIFE_NONE: not asked for
};

struct authority_text {
    char *bytes;
    uint64_t room;
    uint64_t size; // of all that was to be written; more than room: it is cut
};

// The verb of a kind, and what has to be named with it.
const char *authority_proof_verb(enum authority_proof_kind kind);
bool authority_proof_has_process(enum authority_proof_kind kind);
bool authority_proof_has_object(enum authority_proof_kind kind);

void authority_proof_question(const struct authority_proof *proof, struct authority_text *text);
void authority_proof_answer(const struct authority_proof *proof, struct authority_text *text);

#endif
