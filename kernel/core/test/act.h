// SPDX-License-Identifier: Apache-2.0
//
// Acting as programs against kernel objects, for tests of the kernel on tests/support/machine.h: a
// call to a kernel object is one line, and so is a new process. Everything goes through rings and
// mappings, as programs do it; only act_core() looks behind.
//
//     cap_t server = act_endpoint(init, 64);
//     struct act_facet client = act_facet(init, server, 1, PING, 7);
//     uint32_t child = act_process(init, "ping", client.facet);
//     act_submit(child, act_call(act_named(child, "ping"), 0, 1));
//
// A thread's message area is divided so that these calls and a test's own messages don't meet.
#ifndef KERNEL_CORE_TEST_ACT_H
#define KERNEL_CORE_TEST_ACT_H

#include "kernel/parts.h"
#include "schema/kernel.capnp.h"
#include "tests/support/machine.h"

enum {
    ACT_PAYLOAD = 0,   // of calls to kernel objects
    ACT_ANSWER = 2048, // of the same
    ACT_ANSWER_SIZE = 2048,
    ACT_FREE = 4096, // from here on the area is the test's
    ACT_AREA_END = RING_MESSAGE_PAGES_DEFAULT * PAGE_SIZE,
    ACT_CAPS_MAX = 4,
};

struct act_answer {
    struct cqe cqe;
    _Alignas(8) uint8_t bytes[ACT_ANSWER_SIZE];
    struct received caps[ACT_CAPS_MAX];
    struct capnp_message message; // opened over bytes; its caps are ids
    uint64_t ids[ACT_CAPS_MAX];
};

// What the completion says happened: a status or the fact behind an exception.
enum status act_fact(const struct cqe *cqe);

const struct core *act_core(void);
// All that has to be the same after a refusal: digest, seq, waiting operations, free frames.
struct act_snapshot {
    uint64_t digest[2], seq;
    uint32_t pending, live_processes;
    uint64_t frames;
};
struct act_snapshot act_snapshot(void);
bool act_same(const struct act_snapshot *before);
// Free frames, in whatever list they are.
uint64_t act_free_frames(void);
uint32_t act_waiting(void); // operations that wait, of all threads

// A test's tear-down: the invariants hold, and nothing panicked.
int act_fini(void **state);

// --- Messages of the test -----------------------------------------------------------------------

struct sqe act_call(cap_t cap, uint16_t method, uint64_t user_data);
struct sqe act_recv(cap_t server, uint32_t offset, uint32_t size, uint64_t user_data);
struct sqe act_return(uint64_t call_id, uint64_t user_data);
struct sqe act_release(cap_t cap);
// Submits and enters without waiting. Most completions are there then.
void act_submit(uint32_t thread, struct sqe sqe);
// The same, and takes the completion that must have come.
struct cqe act_do(uint32_t thread, struct sqe sqe);
enum status act_do_fact(uint32_t thread, struct sqe sqe);
// The completion that must be there.
struct cqe act_reap(uint32_t thread);
bool act_has_completion(uint32_t thread);
struct message_header act_header(uint32_t thread, uint32_t offset);

// --- Kernel objects -----------------------------------------------------------------------------

// Fails the test unless the claim holds: says what, and the number.
void act_must(bool claim, const char *what, uint64_t value);
// An empty message for a kernel object. There is one at a time.
struct capnp_builder act_message(void);
// Calls a method with a built message (NULL: an empty one); its caps travel as copies.
void act_object(uint32_t thread, cap_t cap, uint16_t method, const struct capnp_builder *message,
                struct act_answer *answer);

struct act_facet {
    enum status fact;
    cap_t facet, revoker;
};

cap_t act_named(uint32_t thread, const char *name);
// Fail the test unless they succeed:
cap_t act_endpoint(uint32_t thread, uint32_t message_max);
cap_t act_builder(uint32_t thread);
// A process with one capability (name NULL: none), which runs: its thread.
uint32_t act_process(uint32_t thread, const char *name, cap_t granted);
void act_kill(uint32_t thread, int32_t code); // it exits
// Say what happened:
enum status act_endpoint_fact(uint32_t thread, uint32_t message_max, cap_t *server);
// CapabilityManager.facet: with what is mostly asked for, and with all its parameters.
struct act_facet act_facet(uint32_t thread, cap_t target, uint64_t methods, uint64_t interface,
                           uint64_t receiver_data);
struct act_asked {
    uint64_t methods, interface, receiver_data;
    uint16_t withheld, scope;
};
struct act_facet act_facet_of(uint32_t thread, cap_t target, struct act_asked asked);
enum status act_revoke(uint32_t thread, cap_t revoker);
bool act_is_live(uint32_t thread, cap_t revoker);
enum status act_builder_fact(uint32_t thread, cap_t *builder);
// The name is for act_named(); NULL: none.
enum status act_grant(uint32_t thread, cap_t builder, const char *name, uint32_t size, cap_t cap);
// Gives the process what every program has, and starts it with a thread, which its job makes.
struct act_prepared {
    cap_t space, thread;
    uint64_t base, process;
};
enum status act_prepare(uint32_t thread, cap_t job, cap_t builder, struct act_prepared *prepared);
void act_run(uint32_t thread, const struct act_prepared *prepared); // once it is built
enum status act_start_in(uint32_t thread, cap_t job, cap_t builder, cap_t *process);
enum status act_start(uint32_t thread, cap_t builder, cap_t *process);
enum status act_built(uint32_t thread, cap_t builder, cap_t *process); // ProcessBuilder.start alone
// Job.nextExit, submitted; its answer is at ACT_ANSWER when it has completed.
void act_next_exit(uint32_t thread, uint64_t user_data);
struct act_exit {
    uint64_t process;
    int32_t code;
    uint32_t cause;
};
struct act_exit act_exit_read(uint32_t thread, const struct cqe *cqe);

#endif
