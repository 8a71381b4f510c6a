// SPDX-License-Identifier: Apache-2.0
//
// The form of SQEs: one table says which fields each operation uses; all others must be zero, so
// that they can mean something later. Each operation asks form_is_good first, with its own opcode:
// a constant, so that the compiler leaves only the comparisons that its row needs.
#ifndef KERNEL_CORE_FORM_H
#define KERNEL_CORE_FORM_H

#include "kernel/core/core.h"

// An SQE as words, as they stand in memory: 0 opcode to disclose, 1 cap, 2 user_data, 3 payload,
// 4 result, 5 lengths, 6 arg2, 7 arg.
enum { SQE_WORDS = 8 };

#define FORM_ALL UINT64_MAX
#define FORM_NOT_WORD0(flags, method, transfers, disclose)                                         \
    ~(0xffULL | (uint64_t)(flags) << 8 | (uint64_t)(method) << 16 | (uint64_t)(transfers) << 32 |  \
      (uint64_t)(disclose) << 48)
#define FORM_PAYLOAD_LEN 0xffffffffULL
#define FORM_RESULT_LEN  0xffffffff00000000ULL

// The bits that an operation may not set.
static const uint64_t form_unused[OP_COUNT][SQE_WORDS] = {
    [OP_NOP] = {FORM_NOT_WORD0(SQE_QUIET, 0, 0, 0), FORM_ALL, 0, FORM_ALL, FORM_ALL, FORM_ALL,
                FORM_ALL, FORM_ALL},
    [OP_CALL] = {FORM_NOT_WORD0(SQE_RING_PAYLOAD | SQE_RING_RESULT | SQE_QUIET, 0xffff, 0xff,
                                0xffff),
                 0, 0, 0, 0, 0, FORM_ALL, 0},
    [OP_RECV] = {FORM_NOT_WORD0(SQE_RING_RESULT, 0, 0, 0), 0, 0, FORM_ALL, 0, FORM_PAYLOAD_LEN,
                 FORM_ALL, 0},
    [OP_RETURN] = {FORM_NOT_WORD0(SQE_RING_PAYLOAD | SQE_QUIET | SQE_RETURN_EXCEPTION, 0xffff, 0xff,
                                  0),
                   FORM_ALL, 0, 0, FORM_ALL, FORM_RESULT_LEN, FORM_ALL, 0},
    [OP_RELEASE] = {FORM_NOT_WORD0(SQE_QUIET, 0, 0, 0), 0, 0, FORM_ALL, FORM_ALL, FORM_ALL,
                    FORM_ALL, FORM_ALL},
    [OP_SIGNAL] = {FORM_NOT_WORD0(SQE_QUIET, 0, 0, 0), 0, 0, FORM_ALL, FORM_ALL, FORM_ALL, FORM_ALL,
                   0},
    [OP_WAIT] = {FORM_NOT_WORD0(0, 0, 0, 0), 0, 0, FORM_ALL, FORM_ALL, FORM_ALL, 0, 0},
    [OP_PARK] = {FORM_NOT_WORD0(0, 0, 0, 0), 0, 0, 0, FORM_ALL, FORM_ALL, 0, 0},
    [OP_UNPARK] = {FORM_NOT_WORD0(SQE_QUIET, 0, 0, 0), 0, 0, 0, FORM_ALL, FORM_ALL, FORM_ALL, 0},
    [OP_CANCEL] = {FORM_NOT_WORD0(SQE_QUIET, 0, 0, 0), FORM_ALL, 0, FORM_ALL, FORM_ALL, FORM_ALL,
                   FORM_ALL, 0},
};

// What to say of a request whose form is wrong, with the field as its argument.
__attribute__((cold, noinline)) enum status form_refuse(struct core *core, struct request *request);

// Whether these words of the request use only the fields of its operation.
static inline bool form_is_good(const struct request *request, enum opcode opcode, uint32_t first,
                                uint32_t end)
{
    uint64_t excess = 0;
    for (uint32_t i = first; i < end; i++) {
        excess |= request->words[i] & form_unused[opcode][i];
    }
    return __builtin_expect(excess == 0, true);
}

// Tells the compiler of the words that an operation uses for nothing: they are zero in a good form.
static inline void form_clear(struct request *request, enum opcode opcode, uint32_t first,
                              uint32_t end)
{
    for (uint32_t i = first; i < end; i++) {
        request->words[i] &= form_unused[opcode][i] == FORM_ALL ? 0 : UINT64_MAX;
    }
}

#endif
