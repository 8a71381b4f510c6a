// SPDX-License-Identifier: Apache-2.0
//
// The gate: every entry into the kernel passes here. It knows who asks from what runs on the CPU,
// never from data; takes SQEs off the thread's ring, hands each to the core, posts completions, and
// writes the SysLog. What a thread waits for in cap_enter is the gate's to know, too.
#ifndef KERNEL_GATE_GATE_H
#define KERNEL_GATE_GATE_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/syslog.h"
#include "kernel/core/core.h"
#include "ring/ring.h"

enum {
    SYSLOG_RECORDS = 512, // a power of two
    TURN_DUE_MAX = 16,    // time limits that end in one turn
    TURN_SQES_MAX = 16,   // taken in one turn
};

struct gate_thread {
    struct ring_kernel ring;
    uint64_t min_complete;
    uint64_t timeout_ns;
    bool is_submitting; // between its entry and its return or wait
};

struct gate {
    struct gate_thread *threads;
    struct syslog_record *syslog; // SYSLOG_RECORDS, the next one at syslog_next % SYSLOG_RECORDS
    uint64_t syslog_next;         // records ever written
};

// The running thread called cap_enter: handles its first SQEs, at most TURN_SQES_MAX, up to the
// first that changes authority or completes many. True: there may be more, for gate_step. False: it
// returns to its code (its result is set) or waits.
bool gate_enter(struct gate *gate, struct core *core, uint64_t min_complete, uint64_t timeout_ns);
bool gate_step(struct gate *gate, struct core *core);

// A thread was made: lays out its ring.
void gate_thread_start(struct gate *gate, struct core *core, uint32_t thread);

// The running thread's process ends.
void gate_exit(struct gate *gate, struct core *core, int32_t code, enum exit_reason cause);

// Ends what is due by the clock.
void gate_timer(struct gate *gate, struct core *core);

// Posts the turn's completions and wakes who has what it waited for.
void gate_deliver(struct gate *gate, struct core *core);

#endif
