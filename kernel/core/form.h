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
                FORM_ALL, 0},
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
    [OP_WAIT] = {FORM_NOT_WORD0(SQE_WAIT_REPEAT, 0, 0, 0), 0, 0, FORM_ALL, FORM_ALL, FORM_ALL, 0,
                 0},
    [OP_PARK] = {FORM_NOT_WORD0(0, 0, 0, 0), 0, 0, 0, FORM_ALL, FORM_ALL, 0, 0},
    [OP_UNPARK] = {FORM_NOT_WORD0(SQE_QUIET, 0, 0, 0), 0, 0, 0, FORM_ALL, FORM_ALL, FORM_ALL, 0},
    [OP_CANCEL] = {FORM_NOT_WORD0(SQE_QUIET, 0, 0, 0), FORM_ALL, 0, FORM_ALL, FORM_ALL, FORM_ALL,
                   FORM_ALL, 0},
};

// What to say of a request whose form is wrong, with the field as its argument.
__attribute__((cold, noinline)) enum status form_refuse(struct request *request);

// Whether the request uses only the fields of its operation.
static inline bool form_is_good(const struct request *request, enum opcode opcode)
{
    const uint64_t *words = request->words;
    const uint64_t *unused = form_unused[opcode];
    uint64_t excess = (words[0] & unused[0]) | (words[1] & unused[1]) | (words[3] & unused[3]) |
                      (words[4] & unused[4]) | (words[5] & unused[5]) | (words[6] & unused[6]) |
                      (words[7] & unused[7]);
    return __builtin_expect(excess == 0, true);
}

#endif
