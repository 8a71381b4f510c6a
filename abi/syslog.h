// SPDX-License-Identifier: Apache-2.0
//
// The SysLog: what was asked and what came of it, one fixed record for each operation, in a ring of
// each CPU whose oldest records make room. It can be lost without losing state, and holds no
// payloads. A record is written when its operation ends, and says how long it took; one that dies
// with its thread leaves none. An operation that changes authority and then waits has another
// record before, which its commits name as their cause.
#ifndef ABI_SYSLOG_H
#define ABI_SYSLOG_H

#include <assert.h>
#include <stdint.h>

enum {
    SYSLOG_RECORDS = 512, // kept: record n stands at its place n modulo this
    SYSLOG_FAULT = 0xfe,  // in place of an opcode: a call about the thread's fault
    SYSLOG_EXIT = 0xff, // in place of an opcode: the process ended; status is its code, detail why
    SYSLOG_WAITS = INT32_MIN, // in place of a status: it caused commits, and ends later
};

struct syslog_sender {
    uint32_t thread, process;
};

struct syslog_target {
    uint32_t object, facet; // UINT32_MAX: none
};

// The SQE's first bytes.
struct syslog_operation {
    uint8_t opcode;
    uint8_t flags; // enum sqe_flag
    uint16_t method;
};

struct syslog_record {
    uint64_t time_ns;
    uint64_t first_commit; // seq of the first commit that it caused; UINT64_MAX: none
    uint64_t interface;
    uint64_t detail; // as in the completion
    struct syslog_sender sender;
    struct syslog_target target;
    uint32_t size;  // bytes of the payload
    int32_t status; // as in the completion
    struct syslog_operation operation;
    uint32_t duration_ns; // from acceptance to completion; 0 within one turn
};

static_assert(sizeof(struct syslog_record) == 64, "one cache line");

#endif
