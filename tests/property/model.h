// SPDX-License-Identifier: Apache-2.0
//
// A small independent model of the core: who holds what through which facets, which calls wait
// where, and so what must become of each operation. It follows the chapters on the ABI and on the
// core, knows nothing of how the kernel keeps its state, and never frees a number: a world is over
// before its arrays are full.
//
// A test tells it what it submits; the model answers with the completions that must follow, in
// model.expected. Ids that the kernel chooses (capabilities, call ids) are told to the model when
// they are learnt. Programs are numbered by the test; each has one thread.
#ifndef TESTS_PROPERTY_MODEL_H
#define TESTS_PROPERTY_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/commit.h"
#include "abi/errors.h"
#include "abi/ids.h"
#include "abi/ring.h"

enum {
    MODEL_NODES_MAX = 8192,
    MODEL_OBJECTS_MAX = 4096,
    MODEL_HOLDS_MAX = 4096,
    MODEL_WAITS_MAX = 256,
    MODEL_EXPECTED_MAX = 256,
    MODEL_EXITS_MAX = 512,
    MODEL_NONE = 0xffffffff,
    MODEL_RESERVED_MAX = CQ_ENTRIES_DEFAULT - CQ_ENTRIES_KEPT,
    MODEL_QUEUE_MAX = 64,
    MODEL_RECEIVERS_MAX = 16,
    MODEL_WAITERS_MAX = 16, // of one notification
    MODEL_WOKEN_MAX = 64,   // by one UNPARK
    MODEL_SESSIONS_MAX = 64,
    MODEL_PROGRAMS_MAX = 4096,
};

enum model_kind {
    MODEL_ENDPOINT,
    MODEL_CONSOLE,
    MODEL_LOG,
    MODEL_TIMER,
    MODEL_JOB,
    MODEL_MANAGER,
    MODEL_MEMORY,
    MODEL_BUILDER,
    MODEL_PROCESS,
    MODEL_NOTIFICATION,
    MODEL_PARK_SPACE,
    MODEL_SPACE,
    MODEL_PORTS,
    MODEL_INTERRUPT,
    MODEL_SESSION,
    MODEL_REVOKER, // of no object: what a hold may be instead
};

struct model_object {
    enum model_kind kind;
    uint64_t interface; // of its root facet
    uint32_t message_max;
    uint32_t program; // BUILDER: that it builds
    bool is_spent;
    uint64_t bits;    // NOTIFICATION; of PORTS, INTERRUPT: the first, and how many
    uint32_t session; // SESSION
    uint32_t bound_program;
    uint64_t bound_cap; // ENDPOINT: the notification for lost calls; 0: none
};

// Of a node that a server minted: nobody holds it, nor what was made from it.
enum model_drop {
    MODEL_DROP_NONE,
    MODEL_DROP_LISTED,   // the server is to be told
    MODEL_DROP_PROMISED, // a RECV completes with one of those
    MODEL_DROP_TOLD,
    MODEL_DROP_LEFT, // its server was gone before
};

struct model_node {
    uint32_t parent, object, depth;
    uint64_t interface, methods, receiver_data;
    uint16_t withheld; // of what a caller offers
    bool is_revoked;
    bool is_made; // its first hold was inserted
    bool is_gone; // nothing needs it any more
    enum model_drop drop;
    // The lease: until when, for how many calls, and how many there were. UINT64_MAX: no end.
    uint64_t expiry_ns, calls, used;
};

struct model_hold {
    uint32_t program, node;
    uint64_t cap;
    bool is_revoker;
    enum transfer_mode mode; // how it may be handed on
    enum session_scope scope;
};

struct model_session {
    uint32_t parent; // MODEL_NONE: the first one
    bool is_over;
    uint32_t principal_size; // bytes of its identity's first section, the only one
};

struct model_program {
    uint32_t session;
    bool is_brokered; // it was built for its session
};

enum model_wait_kind {
    MODEL_QUEUED,
    MODEL_TAKEN,
    MODEL_LOST,
    MODEL_RECV,
    MODEL_EXIT,
    MODEL_WAITING, // WAIT
    MODEL_PARKED,
    MODEL_SLEEPING,
};

// What a test submits.
struct model_operation {
    uint32_t program;
    struct sqe sqe;
    bool is_payload_bad, is_result_bad; // the buffer is not memory of the program
    uint32_t sq_index;                  // of its SQE
    uint32_t word;                      // PARK: what stands at payload
    uint64_t deadline_ns;
    struct transfer transfers[TRANSFERS_MAX]; // CALL, RETURN: the descriptors behind the payload
};

struct model_wait {
    enum model_wait_kind kind;
    struct model_operation operation;
    uint32_t object, node;
    uint32_t server; // TAKEN, LOST: the program that answers
    uint64_t call_id;
    uint16_t disclosed; // TAKEN
    uint64_t until_ns;  // SLEEPING
    // A repeating WAIT: it completed; that completion was consumed; it was cancelled meanwhile.
    bool is_told, is_consumed, is_cancelled;
    bool is_named; // LOST: nextCancelled said so
};

// A capability that arrives with a message: the program learns its id.
struct model_received {
    uint32_t node;
    bool is_revoker;
    enum transfer_mode mode;
    enum session_scope scope;
};

// A completion that must be in the program's ring.
struct model_expected {
    uint32_t program;
    uint64_t user_data;
    enum status fact;   // of a refusal, or of a kernel-made exception
    uint16_t exception; // a server's own
    uint32_t size;      // of the result, where the fact is OK
    uint64_t needed;    // TRUNCATED, BUFFER_TOO_SMALL
    uint8_t opcode;
    uint64_t extra;    // WAIT: bits; UNPARK: woken
    uint64_t answered; // the id of the call that this answers
    bool is_quiet;     // no completion on success
    bool is_delivery;  // a RECV that took a call: `call`
    struct model_wait call;
    uint32_t received_count;
    struct model_received received[TRANSFERS_MAX];
    bool is_drop; // a RECV that is told of one of the `object`'s minted nodes
    uint32_t object;
    bool is_exit; // nextExit
    uint64_t process;
    int32_t code;
    uint32_t cause;
};

struct model_exit {
    uint64_t process; // as nextExit names it
    int32_t code;
    uint32_t cause;
};

struct model {
    struct model_object objects[MODEL_OBJECTS_MAX];
    struct model_node nodes[MODEL_NODES_MAX];
    struct model_hold holds[MODEL_HOLDS_MAX];
    struct model_wait waits[MODEL_WAITS_MAX]; // oldest first
    struct model_expected expected[MODEL_EXPECTED_MAX];
    struct model_exit exits[MODEL_EXITS_MAX];          // that nobody was told
    struct model_session sessions[MODEL_SESSIONS_MAX]; // 0: the first program's
    struct model_program programs[MODEL_PROGRAMS_MAX];
    uint32_t object_count, node_count, hold_count, wait_count, expected_count, exit_count;
    uint32_t session_count;
    uint64_t now_ns;
    uint64_t transfers;       // capabilities that went from program to program
    enum session_scope maker; // of the hold by which an object is being made
};

extern struct model model;

void model_init(void);
bool model_is_nearly_full(void);

// --- Authority ----------------------------------------------------------------------------------

// A new object; returns the node that is its root.
uint32_t model_object_create(enum model_kind kind, uint64_t interface, uint32_t message_max);
// cap 0: its id is not known yet.
void model_hold_insert(uint32_t program, uint64_t cap, uint32_t node, enum transfer_mode mode,
                       bool is_revoker);
// The same with another scope than a new object's.
void model_hold_insert_scoped(uint32_t program, uint64_t cap, uint32_t node,
                              enum transfer_mode mode, bool is_revoker, enum session_scope scope);
// One of those whose id was not known, that came so, has this one.
void model_hold_learn(uint32_t program, const struct model_received *received, uint64_t cap);
// NULL: the id names nothing of this program.
struct model_hold *model_hold_find(uint32_t program, uint64_t cap);
// REVOKED or LEASE_OVER, of the node or of one above it: the first that is met.
enum status model_node_fact(uint32_t node);
bool model_is_server(uint32_t node);

// What becomes of a CALL of this method before anybody is asked. OK: it reaches `object`
// (MODEL_NONE and a revoker: the revoker itself).
enum status model_reach(uint32_t program, uint64_t cap, uint16_t method, uint32_t *object);

// CapabilityManager.facet; OK: `node` was made, and the test inserts the two holds.
struct model_facet {
    uint64_t methods, interface, receiver_data;
    uint16_t withheld, scope;
};
enum status model_facet(uint32_t program, uint64_t target, const struct model_facet *facet,
                        uint32_t *node);
void model_revoke(uint32_t program, uint64_t revoker);
// Revoker.setLease.
void model_lease(uint32_t program, uint64_t revoker, uint64_t expiry_ns, uint64_t calls);
// A call through the node succeeded.
void model_use(uint32_t node);
// ProcessBuilder.grant into the program that is built.
enum status model_grant(uint32_t program, uint32_t builder_object, uint64_t cap);

// --- Sessions -----------------------------------------------------------------------------------

uint32_t model_session_create(uint32_t parent, bool is_over, uint32_t principal_size);
void model_session_end(uint32_t session);
// OK, or SESSION_OVER.
enum status model_session_fact(uint32_t session);
// Sessions from it to the first one, both counted.
uint32_t model_session_depth(uint32_t session);
void model_program_begin(uint32_t program, uint32_t session, bool is_brokered);
// Endpoint.identity that reached the endpoint; OK: the size of the section.
enum status model_identity(uint32_t program, uint32_t object, uint64_t call_id, uint32_t section,
                           uint32_t *size);
// What the server of a call may learn.
uint16_t model_disclosed(const struct model_wait *call);

// Bytes of an operation's payload, with the descriptors behind it.
uint32_t model_span(const struct sqe *sqe);

// --- Operations and time ------------------------------------------------------------------------

// Everything but CALLs of kernel objects.
void model_operate(const struct model_operation *operation);
// Job.nextExit that reached its job.
void model_next_exit(const struct model_operation *operation);
// Timer.sleepUntil, whatever it reaches.
void model_sleep(const struct model_operation *operation, uint64_t deadline_ns, uint64_t now_ns);
// The program enters the kernel: before what it submits.
void model_enter(uint32_t program);
// It consumed the completion with this number.
void model_consume(uint32_t program, uint64_t user_data);
// Notification.signal and take, and Endpoint's methods, that reached their object.
void model_set(uint32_t object, uint64_t bits);
uint64_t model_take(uint32_t object, uint64_t mask);
// Whether nextCancelled may say so.
bool model_next_cancelled(uint32_t program, uint32_t object, uint64_t call_id);
enum status model_bind(uint32_t program, uint32_t object, uint64_t cap);
void model_time(uint64_t now_ns);
// `process`: as nextExit names it; told: it was started.
void model_program_end(uint32_t program, bool is_told, struct model_exit exit);
// Operations of the program that wait.
uint32_t model_waiting(uint32_t program);
// The server was told that a node with these is dropped; false: none of them is.
bool model_drop_learn(uint32_t object, uint64_t interface, uint64_t receiver_data);
// The kernel chose this id for the call that was just delivered.
void model_call_learn(uint32_t program, uint64_t user_data, uint64_t call_id);

#endif
