// SPDX-License-Identifier: Apache-2.0
//
// Requests: one SQE each, in a slot from its taking to its completion, which may come at once or
// later. Who may write: the gate until the operation begins; the operation; then request.c.
#ifndef KERNEL_CORE_REQUEST_H
#define KERNEL_CORE_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/errors.h"
#include "abi/ring.h"
#include "abi/syslog.h"
#include "kernel/core/deadline.h"
#include "kernel/core/list.h"
#include "schema/kernel.plain.h"

struct core;
struct kernel_method;
struct thread_record;

enum request_state {
    REQUEST_FREE = 0,
    REQUEST_NEW = 1,   // being carried out
    REQUEST_TAKEN = 2, // a server answers it
    REQUEST_LOST = 3,  // as TAKEN, but nobody waits for the answer
    REQUEST_RECV = 4,
    // From here on it keeps its facet in being.
    REQUEST_CALL = 5, // waits in its endpoint's queue
    // From here on: waits at a kernel object, as long as the hold lasts through which it came.
    REQUEST_EXIT = 6,  // Job.nextExit
    REQUEST_WAIT = 7,  // WAIT
    REQUEST_PARK = 8,  // PARK
    REQUEST_SLEEP = 9, // Timer.sleepUntil
    REQUEST_JOIN = 10, // Thread.join
};

// One SQE on its way through the core: in a slot from its taking to its completion, which may come
// at once or later. The slot's (index, generation) is the id of a call.
struct request {
    union {
        struct sqe sqe; // as submitted
        uint64_t words[sizeof(struct sqe) / 8];
    };
    struct link queue; // where it waits
    struct queue *in;
    struct request *next_free; // of a free one; the spare one is the first
    struct link waits;         // all of its thread's that wait
    struct cqe cqe;            // its completion; zero but for user_data until something is said
    // Who, by the gate; what it concerns, as far as its operation found out.
    struct thread_record *thread;
    struct syslog_sender sender;
    struct syslog_target target;
    uint32_t subject; // of the target: what it is about, by its kind a number, or a record's index
    uint64_t interface;
    uint32_t hold; // through which: of sqe.cap
    uint32_t state;
    uint32_t index; // of its slot
    uint32_t generation;
    uint32_t argument; // of the SQE, that the check at hand is about
    uint64_t start_ns; // where it waits: since when
    struct deadline limit;
    uint64_t receiver_data;     // CALL
    uint64_t key;               // PARK: of the word; SLEEP: when it completes
    uint32_t server;            // TAKEN: the process that answers
    uint32_t job;               // that pays for its waiting
    uint32_t object_generation; // CALL: of its endpoint, which may be gone before the answer
    uint32_t sq_index;          // where it waits: of its SQE
    bool is_told;               // LOST: its server knows
    // Kernel objects' methods. Pointers among the parameters lead into core.scratch, and among the
    // results as well.
    union kernel_params params;
    union kernel_results results;
};

// STATUS_OK where the request can wait: the ring can promise its completion, and a slot is free.
enum status request_wait_check(const struct core *core, struct request *request);
// The request waits, with a time limit: it has a place in a queue, and a promised completion. Its
// slot is its own now.
void request_wait(struct core *core, struct request *request, enum request_state state,
                  struct queue *queue, uint64_t limit_ns);
// The same, if it can.
enum status request_wait_if(struct core *core, struct request *request, enum request_state state,
                            struct queue *queue, uint64_t limit_ns);
// A call leaves its queue: the process whose calls these are answers it.
void request_take(struct core *core, struct request *request, struct queue *taken);
// Says in its CQE what stands in its way: a status, or an exception by the fact's kind.
void request_refuse(struct request *request, enum status fact, uint64_t detail);
// A waiting request ends: posts its CQE, and lets its thread run if that is what it waited for.
void request_complete(struct core *core, struct request *request);
// A waiting request ends with a fact.
__attribute__((noinline)) void request_fail(struct core *core, struct request *request,
                                            enum status fact, uint64_t detail);
// A waiting request ends as it should: a method (NULL: another operation) has said its results,
// which go to its buffer. false: its right or its buffer is gone, and that is how it ended.
bool request_succeed(struct core *core, struct request *request,
                     const struct kernel_method *method);
// Ends one of the thread's that waits by a right that was taken away.
bool request_sweep(struct core *core, uint32_t thread);
// Its thread stops waiting for it: `fact` is its completion, STATUS_OK: none, since the thread is
// gone. A call that a server has taken stays the server's until it answers.
void request_abandon(struct core *core, struct request *request, enum status fact);
// The time limit of a request has come.
void request_limit_ends(struct core *core, struct deadline *limit);
// Frees the slot of one that waited: no completion.
void request_free(struct core *core, struct request *request);
uint64_t request_id(const struct request *request);
struct request *request_find(struct core *core, uint64_t id);
// The first request of a queue; NULL: it is empty.
struct request *request_first(const struct queue *queue);
// What a check found, with the argument that it is about; a request that passes says nothing.
static inline enum status request_about(struct request *request, enum sqe_argument argument,
                                        enum status fact)
{
    request->argument = argument;
    return fact;
}

#endif
