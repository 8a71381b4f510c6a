// SPDX-License-Identifier: Apache-2.0
//
// A kernel for tests of the runtime: the kernel's side of a ring, and a function of the test that
// is called for every SQE, in order, when the code under test enters. The test decides what each
// operation does and when it completes.
#ifndef RUNTIME_TEST_FAKE_KERNEL_H
#define RUNTIME_TEST_FAKE_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/thread.h"

enum { FAKE_TAKEN_MAX = 64 };

struct fake_kernel {
    struct ring_kernel ring;
    uint8_t *messages;
    void (*operate)(const struct sqe *entry); // NULL: entries are only kept
    void (*wait)(void); // nothing is complete and the thread wants to wait; may be NULL
    struct sqe taken[FAKE_TAKEN_MAX]; // in order; the first FAKE_TAKEN_MAX
    uint32_t taken_count;
    uint32_t enter_count;
    int64_t enter_refusal; // not zero: what entering answers, and nothing happens
    uint32_t full_count;   // so many entries take nothing: its log has no room
    // What fake_return() has seen, in order.
    struct sqe returns[FAKE_TAKEN_MAX];
    uint64_t words[FAKE_TAKEN_MAX]; // first word of data of each result
    char reasons[FAKE_TAKEN_MAX][64];
    uint32_t return_count;
    int32_t return_refusal; // what the next RETURN ends with
};

extern struct fake_kernel fake;

// A new ring for the thread, and nothing taken. 0, as a cmocka set-up.
int fake_set_up(void **state);

// Completes an operation with `entry`, whose user_data is set here.
void fake_complete(const struct sqe *operation, struct cqe entry);

// Keeps what a RETURN brings.
void fake_return(const struct sqe *operation);

// The bytes that an SQE names.
uint8_t *fake_payload(const struct sqe *operation);
uint8_t *fake_result(const struct sqe *operation);

#endif
