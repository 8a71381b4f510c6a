// SPDX-License-Identifier: Apache-2.0
//
// The sentences of abi/errors.def, for messages to people. The kernel sends numbers only.

#include "runtime/runtime.h"

enum { SENTENCE_SIZE = 80 };

// Arrays and not pointers: the table needs no relocation.
static const char sentences[STATUS_LIMIT][SENTENCE_SIZE] = {
#define STATUS(name, number, kind, sentence) [number] = sentence,
#include "abi/errors.def"
#undef STATUS
};

const char *tsr_fact_text(int32_t fact)
{
    if (fact < 0 || fact >= STATUS_LIMIT || sentences[fact][0] == 0) {
        return "a fact that this program does not know";
    }
    return sentences[fact];
}
