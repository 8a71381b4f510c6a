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
//
// A refusal is the first of a list of rules that says one: MODEL_REFUSAL(). A new right is a rule
// in such lists, a new kind of object a row of MODEL_KINDS, a new operation a row of the table in
// model.c, a new limit a rule beside the others there.
#ifndef TESTS_PROPERTY_MODEL_H
#define TESTS_PROPERTY_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/commit.h"
#include "abi/errors.h"
#include "abi/ids.h"
#include "abi/ring.h"

// Places for objects, nodes, holds, programs, exits; for operations that wait, and completions at
// once; sessions, of which a machine has no more.
enum { MODEL_MANY = 8192, MODEL_FEW = 256, MODEL_SESSIONS_MAX = 64 };
// Operations that wait of one ring; calls and RECVs at one endpoint; WAITs of one notification;
// threads that one UNPARK wakes.
enum { MODEL_RESERVED_MAX = CQ_ENTRIES_DEFAULT - CQ_ENTRIES_KEPT };
enum { MODEL_QUEUE_MAX = 64, MODEL_RECEIVERS_MAX = 16, MODEL_WAITERS_MAX = 16 };
enum { MODEL_WOKEN_MAX = 64 };
static const uint32_t MODEL_NONE = 0xffffffff;

// Kinds of objects: how many methods each has, and the scope of the hold that its maker gets. A
// revoker is no object, but what a hold may be instead.
#define MODEL_KINDS(KIND)                                                                          \
    KIND(NOTHING, 0, SHAREABLE)                                                                    \
    KIND(ENDPOINT, 3, SHAREABLE)                                                                   \
    KIND(CONSOLE, 1, SHAREABLE)                                                                    \
    KIND(LOG, 3, SHAREABLE)                                                                        \
    KIND(TIMER, 2, SHAREABLE)                                                                      \
    KIND(JOB, 10, SHAREABLE)                                                                       \
    KIND(MANAGER, 2, SHAREABLE)                                                                    \
    KIND(MEMORY, 4, SHAREABLE)                                                                     \
    KIND(BUILDER, 6, SAME_SESSION)                                                                 \
    KIND(PROCESS, 2, SAME_SESSION)                                                                 \
    KIND(NOTIFICATION, 2, SHAREABLE)                                                               \
    KIND(PARK_SPACE, 0, SAME_SESSION)                                                              \
    KIND(SPACE, 3, SHAREABLE)                                                                      \
    KIND(PORTS, 3, SHAREABLE)                                                                      \
    KIND(INTERRUPT, 3, SHAREABLE)                                                                  \
    KIND(SESSION, 4, REGRANT_ONLY)                                                                 \
    KIND(REVOKER, 3, SHAREABLE)
#define MODEL_KIND(name, methods, scope) MODEL_##name,
enum model_kind { MODEL_KINDS(MODEL_KIND) };
#undef MODEL_KIND

struct model_object {
    enum model_kind kind;
    bool is_spent;
    uint32_t message_max, of; // ENDPOINT; BUILDER: the program that it builds; SESSION: it
    uint64_t interface, bits; // of its root; NOTIFICATION; PORTS, INTERRUPT: the first, how many
    uint32_t bound_program;   // ENDPOINT: the notification for lost calls; cap 0: none
    uint64_t bound_cap;
};

// Of a node that a server minted: whether that is to be told that nobody holds it any more, nor
// what was made from it. PROMISED: a RECV completes with one of those; UNTOLD: the server was gone
// before; PLAIN: it was told, or it is no such node.
enum model_drop { MODEL_PLAIN, MODEL_HELD, MODEL_LISTED, MODEL_PROMISED, MODEL_UNTOLD };

// A facet. Its lease: until when, for how many calls, and how many there were; UINT64_MAX: no end.
struct model_node {
    uint32_t parent, object, depth;
    uint64_t interface, methods, receiver_data, expiry_ns, calls, used;
    uint16_t withheld;        // of what a caller offers
    bool is_revoked, is_held; // held: only while it is decided what is gone
    enum model_drop drop;
};

struct model_hold {
    uint32_t program, node;
    uint64_t cap; // 0: its id is not known yet
    bool is_revoker;
    enum transfer_mode mode; // how it may be handed on
    enum session_scope scope;
};

struct model_session {
    uint32_t parent, depth;  // MODEL_NONE: the first one; sessions above it
    uint32_t principal_size; // bytes of its identity's first section, the only one
    bool is_over;
};

struct model_program {
    uint32_t session;
    bool is_brokered; // it was built for its session
};

enum model_wait_kind {
    MODEL_GONE,
    MODEL_LOST,  // a call that nobody waits for any more
    MODEL_NAMED, // the same, and nextCancelled said so
    MODEL_TAKEN, // a call that a server took; from here on somebody waits
    MODEL_QUEUED,
    MODEL_EXIT,
    MODEL_RECV, // from here on by a hold that must not go
    MODEL_WAITING,
    MODEL_PARKED,
    MODEL_SLEEPING,
};

// What a test submits.
struct model_operation {
    struct sqe sqe;
    uint32_t program, sq_index, word;         // PARK: what stands at payload
    bool is_payload_bad, is_result_bad;       // the buffer is not memory of the program
    uint64_t deadline_ns, until_ns;           // the time limit; Timer.sleepUntil: the deadline
    struct transfer transfers[TRANSFERS_MAX]; // CALL, RETURN: the descriptors behind the payload
};

struct model_wait {
    enum model_wait_kind kind;
    struct model_operation operation;
    uint32_t object, node, server; // of a call that was taken: the program that answers
    uint64_t call_id;
    uint16_t disclosed; // TAKEN
};

struct model_exit {
    uint64_t process; // as nextExit names it
    int32_t code;
    uint32_t cause;
};

enum model_answer { MODEL_ANSWER, MODEL_DELIVERY, MODEL_DROP, MODEL_EXITED };

// A completion that must be in the program's ring.
struct model_expected {
    struct model_operation operation;
    enum status fact;              // of a refusal, or of a kernel-made exception
    uint16_t exception;            // a server's own
    uint64_t needed, extra;        // TRUNCATED, BUFFER_TOO_SMALL; WAIT: bits; UNPARK: woken
    enum model_answer kind;        // of what follows; `size` bytes where the fact is OK
    struct model_wait call;        // ANSWER: to it; DELIVERY: a RECV took it; DROP: of its object
    struct model_exit exit;        // EXITED
    uint32_t size, received_count; // capabilities that arrive with it: the program learns their ids
    struct model_hold received[TRANSFERS_MAX];
};

struct model {
    struct model_object objects[MODEL_MANY];
    struct model_node nodes[MODEL_MANY];
    struct model_hold holds[MODEL_MANY];
    struct model_program programs[MODEL_MANY];
    struct model_wait waits[MODEL_FEW]; // oldest first
    struct model_expected expected[MODEL_FEW];
    struct model_exit exits[MODEL_MANY];               // of which the first were told
    struct model_session sessions[MODEL_SESSIONS_MAX]; // 0: the first program's
    uint32_t object_count, node_count, hold_count, wait_count, expected_count, exit_count;
    uint32_t session_count, exits_told;
    uint64_t now_ns, transfers; // capabilities that went from program to program
    enum session_scope maker;   // of the hold by which an object is being made
};

extern struct model model;

void model_init(void);

// The first of some facts that is none of STATUS_OK.
#define MODEL_REFUSAL(...) model_refusal((const enum status[]){__VA_ARGS__, STATUS_LIMIT})
enum status model_refusal(const enum status *rules);

static inline enum status model_if(bool is_broken, enum status fact)
{
    return is_broken ? fact : STATUS_OK;
}

// --- Authority ----------------------------------------------------------------------------------

// Who asks, and by what.
struct model_who {
    struct model_hold *hold; // of nothing, where the id names none of the program's
    struct model_node *node;
    uint32_t object;
    enum model_kind kind;
    bool is_server;                   // of an endpoint
    enum status held, alive, session; // facts: of the id, of the facets, of the program
};
struct model_who model_who(uint32_t program, uint64_t cap);

// A new object; returns the node that is its root.
uint32_t model_object_create(enum model_kind kind, uint64_t interface, uint32_t message_max);
// cap 0: its id is not known yet. Of a new object: its scope follows.
void model_hold_insert(uint32_t program, uint64_t cap, uint32_t node, enum transfer_mode mode,
                       bool is_revoker);
void model_hold_insert_scoped(struct model_hold hold);
void model_hold_remove(struct model_hold *hold);
// NULL: the id names nothing of this program.
struct model_hold *model_hold_find(uint32_t program, uint64_t cap);
// REVOKED or LEASE_OVER, of the node or of one above it: the first that is met.
enum status model_node_fact(uint32_t node);
bool model_is_server(uint32_t node);
uint32_t model_servers(uint32_t object); // holds that are not cut off

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
// A call through the node succeeded.
void model_use(uint32_t node);
// ProcessBuilder.grant into the program that is built.
enum status model_grant(uint32_t program, uint32_t builder_object, uint64_t cap);
// What stands against handing over what travels with the operation to a program; its handing over.
enum status model_transfer_fact(const struct model_operation *operation, uint32_t to);
void model_transfer(const struct model_operation *operation, uint32_t to,
                    struct model_expected *expected);
// Bytes of an operation's payload, with the descriptors behind it.
uint32_t model_span(const struct sqe *sqe);

// --- Sessions -----------------------------------------------------------------------------------

// OK, or SESSION_OVER.
enum status model_session_fact(uint32_t session);
// Endpoint.identity that reached the endpoint; OK: the size of the section.
enum status model_identity(uint32_t program, uint32_t object, uint64_t call_id, uint32_t section,
                           uint32_t *size);

// --- Operations and time ------------------------------------------------------------------------

// Operations of the program that wait.
uint32_t model_waiting(uint32_t program);
// A call that a program answers, or nobody waits for any more; NULL: none.
struct model_wait *model_call_find(uint32_t server, uint64_t call_id);
// What follows, wherever a right is gone: whoever waited by it is told.
void model_settle(void);
// Of CALLs those of endpoints, Timer.sleepUntil and Job.nextExit.
void model_operate(const struct model_operation *operation);
// Notification.signal and take, and Endpoint's methods, that reached their object.
void model_set(uint32_t object, uint64_t bits);
uint64_t model_take(uint32_t object, uint64_t mask);
// Whether nextCancelled may say so.
bool model_next_cancelled(uint32_t program, uint32_t object, uint64_t call_id);
enum status model_bind(uint32_t program, uint32_t object, uint64_t cap);
void model_time(uint64_t now_ns);
// `process`: as nextExit names it; told: it was started.
void model_program_end(uint32_t program, bool is_told, struct model_exit exit);

#endif
