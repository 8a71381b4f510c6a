// SPDX-License-Identifier: Apache-2.0
//
// The ring: how a thread submits operations (SQEs) and learns of their completion (CQEs). Each
// thread owns one: a header, the SQ, the CQ and a message area, in memory that the kernel maps for
// it. Indexes are free-running 32-bit counters: entry i of a queue with n entries stands at
// i mod n, n a power of two. The kernel keeps its own copy of what it writes and of the geometry,
// so that a program which scribbles over the header harms itself alone.
#ifndef ABI_RING_H
#define ABI_RING_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

enum {
    RING_MAGIC = 0x474e4952, // "RING"
    SQ_ENTRIES_DEFAULT = 16,
    CQ_ENTRIES_DEFAULT = 32,
    CQ_ENTRIES_KEPT = 4, // deferred operations reserve at most cq_entries - 4 completions
    UNPARK_MAX = 64,     // sleepers that one UNPARK wakes at most
    RING_MESSAGE_PAGES_DEFAULT = 3,
    RING_PAGES_DEFAULT = 4,
};

struct ring_header {
    // Written once by the kernel.
    uint32_t magic;
    uint16_t abi_major;
    uint16_t abi_minor;
    uint32_t sq_entries;
    uint32_t cq_entries;
    uint32_t sq_offset; // bytes from the header to the first SQE
    uint32_t cq_offset;
    uint32_t message_offset; // bytes from the header to the message area
    uint32_t message_size;
    uint32_t reserved_0[8];
    // Written by the kernel at each entry.
    uint32_t sq_head; // SQEs taken
    uint32_t cq_tail; // completions posted
    uint32_t reserved_1[14];
    // Written by the thread.
    uint32_t sq_tail; // SQEs submitted
    uint32_t cq_head; // completions consumed
    uint32_t reserved_2[14];
};

enum opcode {
    OP_NOP = 0,
    OP_CALL = 1,
    OP_RECV = 2,
    OP_RETURN = 3,
    OP_RELEASE = 4,
    OP_SIGNAL = 5,  // Notification.signal
    OP_WAIT = 6,    // Notification.take, once there is something to take
    OP_PARK = 7,    // sleeps, if the word at payload is arg
    OP_UNPARK = 8,  // wakes who sleeps on the word at payload
    OP_CANCEL = 9,  // withdraws what waits
    OP_LINK = 10,   // reserved
    OP_DRAIN = 11,  // reserved
    OP_FINISH = 12, // reserved
    OP_COUNT = 13,
};

enum sqe_flag {
    SQE_RING_PAYLOAD = 1 << 0, // payload is an offset into the message area, not an address
    SQE_RING_RESULT = 1 << 1,  // the same for result
    SQE_QUIET = 1 << 2, // no completion on success, unless it brings capabilities; not for RECV
    SQE_RETURN_EXCEPTION = 1 << 3, // RETURN: an exception; its type stands in method
    SQE_PIPELINE = 1 << 4,         // CALL: reserved; promises are the runtime's (decision 0014)
};

struct sqe {
    uint8_t opcode;
    uint8_t flags;
    uint16_t method;
    uint8_t transfers; // descriptors that follow the payload
    uint8_t ordinal;
    uint16_t disclose; // CALL: identity sections offered; bit 15: act-as
    uint64_t cap;
    uint64_t user_data; // comes back in the completion
    uint64_t payload;   // offset or address
    uint64_t result;    // offset or address
    uint32_t payload_len;
    uint32_t result_len;
    uint64_t arg2; // WAIT, PARK: time limit, as in arg of CALL
    // CALL, RECV: relative time limit in ns or TIMEOUT_NONE; RETURN: call id; SIGNAL, WAIT: bits;
    // PARK: the word that is expected; UNPARK: how many to wake; CANCEL: free-running SQ index.
    uint64_t arg;
};

enum cqe_flag {
    CQE_EXCEPTION_MASK = 0xf, // enum exception_type; not zero: the call ended in an exception
    CQE_TRANSFERS = 1 << 4,   // capability records follow the result bytes
    CQE_TRUNCATED = 1 << 5,   // extra is the size that was needed
};

struct cqe {
    uint64_t user_data;
    int32_t status; // < 0: -enum status; >= 0: bytes of the result
    uint16_t flags;
    uint16_t transfers; // capability records
    uint64_t extra;     // RECV: call id; truncated: needed size; WAIT: bits; UNPARK: woken
    uint64_t detail;    // which argument (enum sqe_argument), or the fact behind an exception
};

// What detail says of a refused SQE: the field that was wrong.
enum sqe_argument {
    ARGUMENT_NONE = 0,
    ARGUMENT_OPCODE = 1,
    ARGUMENT_FLAGS = 2,
    ARGUMENT_METHOD = 3,
    ARGUMENT_TRANSFERS = 4,
    ARGUMENT_ORDINAL = 5,
    ARGUMENT_DISCLOSE = 6,
    ARGUMENT_CAP = 7,
    ARGUMENT_PAYLOAD = 8,
    ARGUMENT_RESULT = 9,
    ARGUMENT_PAYLOAD_LEN = 10,
    ARGUMENT_RESULT_LEN = 11,
    ARGUMENT_ARG2 = 12,
    ARGUMENT_ARG = 13,
    ARGUMENT_LIMIT = 14, // no argument: something ran out
};

// Follows a payload, padded to 8 bytes: one capability to transfer.
struct transfer {
    uint64_t cap;
    uint32_t mode; // enum transfer_mode
    uint32_t reserved;
};

// Follows a result, padded to 8 bytes: one capability received.
struct received {
    uint64_t cap;
    uint64_t interface;
};

enum transfer_mode {
    TRANSFER_NONE = 0, // may not be handed on
    TRANSFER_COPY = 1,
    TRANSFER_MOVE = 2,
};

// What RECV puts in front of the message.
struct message_header {
    uint64_t call_id;       // answers name it
    uint64_t interface;     // through which the caller called
    uint64_t receiver_data; // set by the server when it minted the facet
    // Of the caller's session, as this endpoint alone sees it: by it a server knows who called
    // before. It says nothing else, and those that other endpoints see can't be told to be the same
    // session's. With another epoch it means another boot, whose references name nobody now.
    uint64_t caller_reference[2];
    uint64_t caller_epoch;
    uint16_t method;
    uint16_t kind; // enum message_kind
    uint16_t transfers;
    uint16_t disclose; // what the caller offers of its identity, and the facet lets through
    uint32_t size;     // bytes of the message behind this header
    uint32_t reserved;
};

enum message_kind {
    MESSAGE_CALL = 0,    // its caller's session was not over when it was delivered
    MESSAGE_DROPPED = 1, // the last holder of a minted facet is gone; nobody called
};

static_assert(sizeof(struct ring_header) == 192, "the header fills three cache lines");
static_assert(offsetof(struct ring_header, sq_head) == 64, "kernel's indexes: second line");
static_assert(offsetof(struct ring_header, sq_tail) == 128, "thread's indexes: third line");
static_assert(sizeof(struct sqe) == 64, "an SQE fills one cache line");
static_assert(offsetof(struct sqe, payload_len) == 40, "as the table of the ABI says");
static_assert(offsetof(struct sqe, arg) == 56, "as the table of the ABI says");
static_assert(sizeof(struct cqe) == 32, "a CQE fills half a cache line");
static_assert(offsetof(struct cqe, extra) == 16, "as the table of the ABI says");
static_assert(sizeof(struct transfer) == 16, "two words");
static_assert(sizeof(struct received) == 16, "two words");
static_assert(sizeof(struct message_header) == 64, "one cache line");

#endif
