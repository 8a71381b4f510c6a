// SPDX-License-Identifier: Apache-2.0
//
// The core: (state, sender, request, now) -> (state', completions, effects). This header declares
// all mutable state of the kernel but the log's. The authoritative part is struct state; everything
// else here is transient: lost in a crash by design, never logged, outside every digest. Transient
// records are arrays parallel to the arenas, with the same index.
//
// How an operation is written: x_check reads only and returns the fact that stands in its way;
// x_commit builds commits, each applied by reduce() at once, and cannot fail; then come effects,
// which ask the HAL. The gate calls core_operate for each SQE; completions are posted where they
// are made; the turn hands the commits to the log.
//
// Who may write: the functions of the file that is named at each record; everybody else reads.
#ifndef KERNEL_CORE_CORE_H
#define KERNEL_CORE_CORE_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/errors.h"
#include "abi/package.h"
#include "abi/ring.h"
#include "abi/syslog.h"
#include "hal/hal.h"
#include "kernel/core/state/assert.h"
#include "kernel/core/state/state.h"
#include "lib/capnp/flat.h"
#include "ring/ring.h"

enum {
    TURN_WORK_MAX = 16,      // after so much work a turn takes no more SQEs
    TURN_COMMITS_MAX = 640,  // commits of one turn: a whole queue's facets may go
    SYSLOG_RECORDS = 512,    // kept; a power of two
    ENDPOINT_QUEUE_MAX = 64, // calls that wait for a RECV of one endpoint
    ENDPOINT_RECEIVERS_MAX = 16,
    PROCESS_TAKEN_MAX = 256, // calls that one process may be answering when it asks for another
    GRANTS_MAX = 64,         // capabilities given to a process before it starts
    INFO_SIZE_MAX = 512,
    KERNEL_ACTOR = NONE,
};

// --- Frames: frames.c ---------------------------------------------------------------------------

struct frame_range {
    uint32_t first;
    uint32_t count;
};

enum { FRAME_RANGES_MAX = 32 };

// Free frames: a list threaded through the frames themselves, and ranges never used.
struct frames {
    struct frame_range ranges[FRAME_RANGES_MAX];
    uint32_t range_count;
    uint32_t first;      // of the list
    uint32_t free_count; // in list and ranges
};

void frames_init(struct frames *frames, const struct frame_range *ranges, uint32_t count);
uint32_t frame_take(struct frames *frames); // zeroed; the caller checked that there is one
void frame_give(struct frames *frames, uint32_t frame);

static inline void *frame_at(uint32_t frame)
{
    return hal_frames + (uint64_t)frame * PAGE_SIZE;
}

// --- Waiting operations: pending.c --------------------------------------------------------------

enum pending_kind {
    PENDING_NONE = 0,
    PENDING_CALL = 1,  // queued at its endpoint
    PENDING_TAKEN = 2, // a server answers it
    PENDING_RECV = 3,
    PENDING_EXIT = 4, // Job.nextExit
    PENDING_LOST = 5, // as TAKEN, but nobody waits for the answer
};

struct link {
    uint32_t next, previous;
};

struct list {
    uint32_t first, last, count;
};

// An accepted operation whose completion comes later. Its slot's (index, generation) is the call
// id.
struct pending {
    uint32_t generation;
    uint32_t kind;
    uint32_t thread;
    uint32_t process;     // of the thread
    struct link of_queue; // endpoint's calls, endpoint's receivers, server's taken calls, job's;
                          // free slots through .next
    uint32_t object;
    struct commit_id facet; // through which; generation not 0: it is kept in being
    struct commit_id hold;  // RECV: the server's hold
    uint32_t server;        // TAKEN: the process that answers
    uint32_t job;           // EXIT: whose exits
    uint64_t interface;
    uint64_t receiver_data;
    uint64_t start_ns;
    uint64_t deadline_ns;
    uint32_t heap_position; // NONE: no deadline
    struct sqe sqe;         // as submitted
};

// --- Transient records --------------------------------------------------------------------------

enum thread_state {
    THREAD_ABSENT = 0,
    THREAD_READY = 1,   // runs, or is in the queue
    THREAD_WAITING = 2, // in cap_enter, for completions
};

struct thread_record { // schedule.c; ring and what follows: the gate, completion.c
    uint32_t state;
    uint32_t process;
    struct link ready;
    uint32_t heap_position;
    uint64_t deadline_ns;
    struct ring_kernel ring;
    uint8_t *messages[RING_MESSAGE_PAGES_DEFAULT]; // pages of the message area
    uint32_t message_size;
    bool is_submitting; // between its entry and its return or wait
    uint64_t min_complete;
    uint64_t timeout_ns;
};

struct process_record {  // process.c, process_builder.c
    uint64_t base;       // of its addresses, for its code
    uint64_t entry;      // address of the first instruction
    uint32_t table_list; // frame that lists the frames of its page tables
    uint32_t table_count;
    uint32_t ring_object;    // NONE: not loaded
    uint32_t private_object; // start page, stack, data
    uint32_t builder_object; // NONE: none any more
    uint32_t process_object; // NONE: none
    uint32_t sweep_next;     // queue of dead processes
    uint32_t sweep_pending;  // waiting operations up to here were looked at
    bool has_space;
    bool was_started;
    struct list taken; // calls that it answers
};

struct endpoint_record { // endpoint.c
    struct list calls;
    struct list receivers;
    bool is_gone; // its last server hold went while somebody waited: core.first_gone
    uint32_t next_gone;
};

struct memory_record { // memory.c
    uint32_t base;     // first of consecutive frames; used where index is NONE
    uint32_t index;    // frame that lists the frames
};

struct exit_record { // process.c: how the process of an OBJECT_PROCESS ended
    bool has_ended;
    int32_t code;
    uint32_t cause;
};

struct object_record {
    union {
        struct endpoint_record endpoint;
        struct memory_record memory;
        struct exit_record exit;
    };
};

struct job_record {                 // job.c
    struct list waiters;            // nextExit
    uint32_t first_exit, last_exit; // processes whose exit was not told, through sweep_next
};

// --- What one turn produces ---------------------------------------------------------------------

struct counters {
    uint64_t deliveries;        // calls handed to a server
    uint64_t direct_deliveries; // of them, to one that was waiting, between message areas
};

struct core {
    struct state state;
    struct frames frames;
    uint64_t now_ns;
    uint64_t cause; // of the commits of this turn
    uint32_t actor;
    uint32_t package_frame;
    const struct package_header *package;
    uint64_t kernel_enter;
    uint32_t verified, broken; // entries of the package whose hash was right, was wrong
    uint32_t package_object;
    uint32_t live_count;    // processes that have not ended
    uint32_t first_process; // the machine halts with its exit code
    int32_t exit_code;

    struct syslog_record *syslog; // SYSLOG_RECORDS
    uint64_t syslog_next;         // records ever written
    struct thread_record *threads;
    struct process_record *processes;
    struct object_record *objects;
    struct job_record *jobs;
    uint32_t *facet_queued; // calls and RECVs queued through each facet: they keep it in being
    struct pending *pending;
    uint32_t pending_count;
    uint32_t log_room;     // commits that the log holds
    uint32_t pending_free; // list of free slots
    uint32_t *heap;        // deadlines: pending slots, then pending_count + thread
    uint32_t heap_count;

    // Scheduling: one CPU.
    uint32_t current; // thread; NONE: idle
    bool is_changed;  // who is ready, or which deadline comes first
    uint32_t next;    // runs before the queue; NONE: nobody
    struct list ready;
    uint64_t slice_end_ns;
    uint64_t armed_ns;
    uint32_t first_dead, last_dead; // processes to sweep
    uint32_t first_gone;            // endpoints whose waiters are told that the server is gone

    struct commit commits[TURN_COMMITS_MAX];
    uint64_t commit_digests[TURN_COMMITS_MAX]; // first half of the state's digest after each
    uint32_t commit_count;
    uint64_t commits_seq; // of the turn's first commit
    uint32_t work; // done in this turn beside taking SQEs: completions, console lines, hashing

    struct counters counters;
    uint64_t scratch[(KERNEL_MESSAGE_MAX + TRANSFERS_MAX * sizeof(struct transfer)) / 8];
    uint64_t transferred[TRANSFERS_MAX]; // ids that came with the message in scratch
    uint64_t answer[KERNEL_MESSAGE_MAX / 8];
};

// --- Requests -----------------------------------------------------------------------------------

enum outcome {
    OUTCOME_PLAIN,  // done: the CQE is zero but for user_data and the result's size
    OUTCOME_ANSWER, // cqe says what came of it
    OUTCOME_LATER,  // the completion comes later
};

// One SQE on its way through the core. The gate fills the first part.
struct request {
    union {
        struct sqe sqe;
        uint64_t words[sizeof(struct sqe) / 8];
    };
    struct syslog_sender sender;
    // The answer.
    enum outcome outcome;
    int32_t size;   // OUTCOME_PLAIN: bytes of the result
    struct cqe cqe; // OUTCOME_ANSWER; zero but for user_data until something is said
    // What it concerned.
    struct syslog_target target;
    uint64_t interface;
    // Kernel objects' methods: decoded arguments and results.
    uint32_t hold;
    struct capnp_message message;
    struct capnp_builder answer;
};

// A method of a kernel object. run: checks, commits, effects; the results are in request->answer,
// or the operation is deferred. A refusal changes nothing.
struct method {
    enum status (*run)(struct core *core, struct request *request);
    uint16_t transfers;    // capabilities that it takes
    uint16_t result_bytes; // most that it answers with, with the records of its capabilities
};

struct object_class {
    const struct method *methods;
    uint32_t method_count;
    void (*destroyed)(struct core *core, uint32_t object); // transient clean-up; NULL: none
};

// --- operate.c: the operations of the ring ------------------------------------------------------

void core_operate(struct core *core, struct request *request);
// Ends the request with a fact: a status, or an exception by the fact's kind.
void request_refuse(struct request *request, enum status fact, enum sqe_argument argument);
// Its CQE, to be filled: from now on it is an answer.
struct cqe *request_answer(struct request *request);
// The same fields in a completion of its own.
void cqe_refuse(struct cqe *cqe, enum status fact, uint64_t detail);

// --- commit.c -----------------------------------------------------------------------------------

// An empty commit of this turn; core_apply reduces it and keeps it for the log.
struct commit core_commit(const struct core *core, enum commit_kind kind);
void core_apply(struct core *core, const struct commit *commit);

// What an operation will make, all paid by one job. core_has_room says what is missing, or
// STATUS_OK: the job's limit, the machine's records, its memory. Of the transient resources the job
// is not asked here.
struct needs {
    uint32_t of[RESOURCE_COUNT];
    uint32_t frames;
};
enum status core_has_room(const struct core *core, uint32_t job, const struct needs *needs);

// --- hold.c, facet.c, object.c ------------------------------------------------------------------

// The caller's hold that a capability id names.
enum status hold_find(const struct core *core, uint32_t process, uint64_t cap, uint32_t *hold);
struct hold_origin {
    uint32_t hold; // NONE: genesis
    uint8_t how;   // enum hold_how
};
cap_t hold_insert(struct core *core, uint32_t process, uint32_t facet, uint8_t transfer,
                  bool is_revoker, struct hold_origin origin);
void hold_remove(struct core *core, uint32_t hold);
// Room for more holds of the process, which its job pays.
enum status hold_has_room(const struct core *core, uint32_t process, uint32_t count);

// STATUS_OK, or STATUS_REVOKED where the facet or one that it was made from is cut off.
enum status facet_check(const struct core *core, uint32_t facet);
// Destroys the facet, and what only it kept in being, if nothing needs it any more.
void facet_collect(struct core *core, uint32_t facet);

// Room for an object that the job pays, for what else it will pay, and for the process's hold of
// it.
enum status object_has_room(const struct core *core, uint32_t job, struct needs needs,
                            uint32_t process);
// A new object; returns its index. Its root facet has `interface`.
uint32_t object_create(struct core *core, enum object_kind kind, uint64_t interface, uint32_t job,
                       uint64_t argument, uint16_t flags);
void object_destroy(struct core *core, uint32_t object);

// One class for each kind of object, in the file that serves it.
extern const struct object_class *const object_classes[OBJECT_KIND_COUNT];
extern const struct object_class endpoint_class, memory_class, process_builder_class, process_class,
    job_class, timer_class, console_class, manager_class, revoker_class;

// --- memory.c -------------------------------------------------------------------------

// A memory object of `pages` zeroed pages.
uint32_t memory_create(struct core *core, uint32_t job, uint32_t pages);
// ... over frames that are not given back, sealed.
uint32_t memory_create_fixed(struct core *core, uint32_t job, uint32_t frame, uint32_t pages);
uint32_t memory_frames_needed(uint32_t pages);
uint32_t memory_frame(const struct core *core, uint32_t object, uint32_t page);

struct map {
    uint32_t process, object;
    uint64_t page;
    uint32_t count, object_page, rights;
};
void memory_map(struct core *core, const struct map *map);
uint32_t memory_map_frames_needed(uint32_t pages); // table frames at most

// --- completion.c
// ---------------------------------------------------------------------------------

// Posts the completion of a request that waited, and lets its thread run if that is what it waited
// for. Fills in user_data.
void completion_put(struct core *core, const struct pending *pending, struct cqe *cqe);
// Whether a thread with so many completions can ever have as many as it asks for.
bool completion_can_come(const struct thread_record *thread, int32_t available);
// The time limit of a thread's wait has come.
void completion_wait_ends(struct core *core, uint32_t thread);

// Whether the submitter asked not to hear of this.
static inline bool cqe_is_silent(const struct sqe *sqe, const struct cqe *cqe)
{
    return (sqe->flags & SQE_QUIET) != 0 && cqe->status >= 0 &&
           (cqe->flags & CQE_EXCEPTION_MASK) == 0;
}

// --- pending.c, deadline.c, schedule.c ----------------------------------------------------------

void list_init(struct list *list);
// STATUS_OK where the request can wait: the ring can promise its completion, and a slot is free.
enum status pending_check(const struct core *core, const struct request *request);
// The request waits: a slot, with the SQE's time limit, and a promised completion.
struct pending *pending_create(struct core *core, struct request *request, uint32_t kind);
// At the end of a list; pinned: its facet is kept in being while it stands there.
void pending_queue(struct core *core, struct list *list, struct pending *pending);
void pending_queue_pinned(struct core *core, struct list *list, struct pending *pending);
void pending_unqueue(struct core *core, struct list *list, struct pending *pending);
struct pending *pending_first(const struct core *core, const struct list *list);
// Ends the operation: its completion goes out, its slot is free. It is in no queue any more.
void pending_complete(struct core *core, struct pending *pending, struct cqe *cqe);
void pending_refuse(struct core *core, struct pending *pending, enum status fact, uint64_t detail);
// Takes it out of the queue that it stands in. If it kept its facet in being (generation not 0),
// the caller asks facet_collect about it afterwards.
void pending_withdraw(struct core *core, struct pending *pending);
// Only lets go of the facet.
static inline void pending_unpin(struct core *core, struct pending *pending)
{
    if (pending->facet.generation != 0) {
        ASSERT(core->facet_queued[pending->facet.index] > 0);
        core->facet_queued[pending->facet.index]--;
        pending->facet.generation = 0;
    }
}
// Its thread stops waiting for it: `fact` is its completion, STATUS_OK: none, since the thread is
// gone. A call that a server has taken stays the server's until it answers.
void pending_abandon(struct core *core, struct pending *pending, enum status fact);
// Frees the slot of an operation that dies with its thread: no completion.
void pending_free(struct core *core, struct pending *pending);
uint64_t pending_id(const struct core *core, const struct pending *pending);
struct pending *pending_find(struct core *core, uint64_t id);

void deadline_set(struct core *core, uint32_t item, uint64_t deadline_ns);
void deadline_clear(struct core *core, uint32_t item);
uint64_t deadline_next(const struct core *core); // UINT64_MAX: none
// The due item at the head, taken out; NONE: nothing is due.
uint32_t deadline_take_due(struct core *core);

void schedule_ready(struct core *core, uint32_t thread, bool is_next);
void schedule_wait(struct core *core, uint32_t thread, uint64_t deadline_ns);
void schedule_remove(struct core *core, uint32_t thread);
// The running thread goes to the end of the queue, if its slice is over and anybody else is ready.
void schedule_timer(struct core *core);
// Chooses core.current, NONE where nobody is ready, and arms the deadline that comes first. Needed
// only after core.is_changed was set.
void schedule_pick(struct core *core);

// --- endpoint.c, job.c, process.c, process_builder.c, package.c, genesis.c -----------------------

void endpoint_call(struct core *core, struct request *request);
void endpoint_recv(struct core *core, struct request *request);
void endpoint_return(struct core *core, struct request *request);
// Its last server hold went: whoever waits is told, in bounded steps.
void endpoint_server_gone(struct core *core, uint32_t object);
bool endpoint_sweep(struct core *core);

// The process is gone but for its exit: tells who waits, or keeps it for whoever asks.
void job_exit_tell(struct core *core, uint32_t process);

uint32_t process_create(struct core *core, uint32_t job, uint32_t session);
void process_exit(struct core *core, uint32_t process, int32_t code, enum exit_reason cause);
// Nothing is left of the process: its slot is free.
void process_reap_last(struct core *core, uint32_t process);
// One bounded piece of giving back what dead processes held; false: there is none left.
bool process_sweep(struct core *core);

// The steps of building a process, also for the machine's first one.
enum status builder_load(struct core *core, uint32_t process, const struct package_entry *program);
void builder_grant(struct core *core, uint32_t process, const char *name, uint32_t size,
                   uint32_t facet, uint8_t transfer, struct hold_origin origin);
enum status builder_start(struct core *core, uint32_t process);

enum status package_check(const struct package_header *package, uint64_t size);
// The entry of a kind with this name (size 0: any name), or NULL.
const struct package_entry *package_find(const struct package_header *package, uint32_t kind,
                                         const char *name, uint32_t size);
const struct package_entry *package_first(const struct package_header *package);
// Whether the entry's blob has its hash, which is computed once.
enum status package_verify(struct core *core, const struct package_entry *entry);

// The first commits: who is there before anybody acts, and the first program with what it is given.
enum status core_genesis(struct core *core, uint64_t boot_id);

// Every invariant that can be seen from the arenas; asserts. For tests: it reads everything.
void core_check(const struct core *core);

#endif
