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
#include "abi/ring.h"
#include "abi/syslog.h"
#include "hal/hal.h"
#include "kernel/core/cpu.h"
#include "kernel/core/device.h"
#include "kernel/core/list.h"
#include "kernel/core/request.h"
#include "kernel/core/state/assert.h"
#include "kernel/core/state/state.h"
#include "kernel/core/sweep.h"
#include "kernel/log/log.h"
#include "ring/ring.h"
#include "schema/kernel.plain.h"

enum {
    TURN_WORK_MAX = 16,      // after so much work a turn takes no more SQEs
    TURN_WAITS = INT32_MAX,  // so much is done when an SQE waits for room in the log
    TURN_COMMITS_MAX = 640,  // commits of one turn: a whole queue's facets may go
    ENDPOINT_QUEUE_MAX = 64, // calls that wait for a RECV of one endpoint
    ENDPOINT_RECEIVERS_MAX = 16,
    NOTIFICATION_WAITERS_MAX = 16,
    PARK_QUEUES = 256,
    PROCESS_TAKEN_MAX = 256, // calls that one process may be answering when it asks for another
    PRIORITY_COUNT = 32,
    PRIORITY_DEFAULT = 16,
    LEVEL_COUNT = 2 * PRIORITY_COUNT, // below, whose account is empty: schedule.c
    SHARE_ALL = 1000,                 // of a processor, in thousandths
    KERNEL_ACTOR = NONE,
};

static const uint64_t CAUSE_OPEN = CAUSE_NONE - 1; // the request's record has no number yet

// --- Frames: frames.c ---------------------------------------------------------------------------

// Free frames: a list of ranges, threaded through the first frame of each.
struct frames {
    uint32_t first; // of the first range; NONE: there is none
    uint32_t free_count;
};

uint32_t frame_take(struct frames *frames); // zeroed; the caller checked that there is one
void frames_give(struct frames *frames, uint32_t first, uint32_t count); // at least one

static inline void *frame_at(uint32_t frame)
{
    return hal_frames + (uint64_t)frame * PAGE_SIZE;
}

// --- Transient records --------------------------------------------------------------------------

enum thread_state {
    THREAD_ABSENT = 0,
    THREAD_READY = 1,     // runs on this CPU, or is in the queue
    THREAD_WAITING = 2,   // in cap_enter, for completions
    THREAD_SUSPENDED = 3, // would be ready
    THREAD_STOPPED = 4,   // waits, and is suspended: nothing wakes it
    THREAD_ELSEWHERE = 5, // runs on another CPU than that which is in the kernel
};

struct thread_record { // schedule.c; ring and what follows: the gate, request.c; at last: thread.c
    struct link ready;
    uint32_t state;
    uint32_t process;
    struct syslog_sender self;      // its own index and its process, as the SysLog says them
    uint32_t job;                   // of its process
    uint32_t priority;              // below PRIORITY_COUNT; it may be that of a caller
    uint32_t own_priority;          // while it serves nobody
    uint32_t level;                 // in a queue: which
    struct job_record *account;     // that pays for its running; it may be that of a caller
    struct job_record *own_account; // while it serves nobody: its job's
    struct deadline limit;          // of its wait
    uint32_t message_size;
    struct ring_kernel ring;
    uint8_t *messages[RING_MESSAGE_PAGES_DEFAULT]; // pages of the message area
    struct link waits;                             // its requests that wait
    bool is_submitting; // it has more: the gate goes on before it returns or waits
    uint64_t min_complete;
    uint64_t timeout_ns;
    bool is_started, is_suspended, has_ended;
    int32_t code;
    uint64_t fs_base;
    uint64_t session;        // of its process: (generation, index)
    uint32_t object;         // NONE: detached
    uint64_t fault_endpoint; // by this capability; 0: none
};

struct process_record {              // process.c, process_builder.c
    struct link sweep;               // among the dead
    struct queue taken;              // calls that it answers
    uint64_t base;                   // of its addresses, for its code
    uint32_t space;                  // frame of struct space: address_space.c; NONE: given back
    uint32_t running;                // threads that were started and have not ended
    struct commit_id process_object; // gone where nobody holds it
    bool was_started;
    bool is_brokered; // it is, or was, built through a SessionMinter
};

struct session_record { // session.c
    bool is_held;       // its object is there
    uint32_t depth;     // sessions above it
};

enum facet_drop {
    DROP_NONE = 0,
    DROP_LISTED = 1, // its server will be told that nobody holds it any more
    DROP_TOLD = 2,
};

struct facet_record {    // facet.c
    struct link dropped; // endpoint.c: among those of its endpoint
    uint32_t drop;       // enum facet_drop
    uint32_t queued;     // requests that wait and keep it in being
    uint64_t calls;      // delivered through it and what was made from it, since its lease was set
    uint64_t caller;     // the session that called last: session.c; 0: none
    uint64_t reference[2]; // by which its endpoint knows that one
};

struct endpoint_record { // endpoint.c
    struct queue calls;
    struct queue receivers;
    struct link dropped; // minted facets whose last holder is gone, and nobody was told
    bool is_matching;    // endpoint_match() is at work
    uint64_t bound;      // capability of a notification, signalled when a taken call is lost
};

struct notification_record { // notification.c
    uint64_t bits;
    struct queue waiters;
};

struct memory_record { // memory.c; writers, behind: address_space.c
    uint32_t base;     // first of consecutive frames, where there is no list
    uint32_t list;     // frame that lists their frames; NONE: there is none
    uint32_t writers;  // mappings that may write
    uint32_t behind;   // CPUs that may still use one that is gone, as bits: core.behind then
};

struct exit_record { // thread.c: how the thread of an object ended
    bool has_ended;
    bool is_told;
    int32_t code;
    struct queue joiners;
};

struct object_record {
    union {
        struct endpoint_record endpoint;
        struct notification_record notification;
        struct memory_record memory;
        struct process_status_results process; // process.c: as Process.status says
        struct exit_record exit;
    };
};

struct job_record {       // job.c
    struct queue waiters; // nextExit
    bool is_held;         // its object is there
    uint32_t priority;    // of its threads
    uint32_t depth;       // jobs above it
    uint32_t calls;       // its requests that wait
    uint32_t share;       // of a processor: not its children's
    uint64_t window;      // schedule.c: of time, that what it has used is of
    uint64_t used_ns;
};

// --- What one turn produces ---------------------------------------------------------------------

struct counters {
    uint64_t deliveries;        // calls handed to a server
    uint64_t direct_deliveries; // of them, to one that was waiting
};

struct core {
    struct state state;
    struct frames frames;
    uint32_t tables[HAL_MAP_TABLES]; // zeroed frames at hand for page tables: address_space.c
    uint64_t now_ns;
    uint64_t *clock;    // a page that shows it to programs
    uint64_t cause;     // of the commits of this turn: CAUSE_OPEN until the first of them
    uint64_t secret[2]; // of this boot: nobody else knows it
    uint32_t actor;
    uint32_t log_frame;     // the memory of both logs starts here
    uint32_t live_count;    // processes that have not ended
    uint32_t first_process; // the machine halts with its exit code
    int32_t exit_code;

    struct syslog_record *syslog; // SYSLOG_RECORDS
    uint64_t syslog_next;         // records ever written
    struct thread_record *threads;
    struct process_record *processes;
    struct object_record *objects;
    struct job_record *jobs;
    struct session_record *sessions;
    struct facet_record *facets;
    struct request *requests; // request_count, and the spare one at first
    uint32_t request_count;
    struct request *spare;  // the slot for what is taken next: the first of the free ones
    struct deadline **heap; // from place 1 on
    struct log *log;        // to ask for room, and for its reader; the turn appends
    bool is_flushing;       // the turn is to close the log's page, short
    uint32_t seal_steps;    // ... to do so many steps of sealing: somebody reads
    uint32_t heap_count;

    // Scheduling: the CPU that is in the kernel, and the others.
    uint32_t current;       // thread; NONE: idle
    struct cpu_record here; // running: where there is one, its record
    uint32_t cpu;
    struct cpu_record cpus[HAL_CPUS_MAX];
    uint32_t busy;   // others that run a thread, as bits
    uint32_t quiet;  // others that may stay outside
    uint32_t behind; // others that still run what was taken from them
    bool is_changed; // who is in a queue, the first deadline, the state; or there is more to do
    uint32_t next;   // runs before the queue; NONE: nobody
    struct link ready[LEVEL_COUNT];
    uint64_t ready_mask;                  // bit n: the queue of level n is not empty
    uint64_t window;                      // of time, for which each account is filled once
    bool is_sweeping;                     // something may be left to give back, or to tell
    struct link dead;                     // processes to give back, then to tell of
    bool has_ends;                        // some lease, or some session, has or had an end
    uint32_t sweeps[SWEEP_COUNT];         // the record that each looks at next: sweep.c
    struct queue parked[PARK_QUEUES + 1]; // park.c; the last one: timer.c
    struct bindings bindings;

    struct commit commits[TURN_COMMITS_MAX];
    uint64_t commit_digests[TURN_COMMITS_MAX]; // first half of the state's digest after each
    uint32_t commit_count;
    uint32_t work; // done in this turn beside taking SQEs: completions, console lines, hashing

    struct counters counters;
    uint64_t scratch[KERNEL_MESSAGE_MAX / 8];
    struct transfer transfers[TRANSFERS_MAX]; // that come with a message, as the sender wrote them
    uint64_t transferred[TRANSFERS_MAX];      // their ids
    uint32_t transfer_holds[TRANSFERS_MAX];   // the holds that they name
    uint64_t answer[KERNEL_MESSAGE_MAX / 8];
    struct site {
        uint32_t process, mapping;
        uint64_t page;
    } site; // of an address space, that the method at work is about
};

// --- Kernel objects ------------------------------------------------------------------------------

struct hold_manner {  // what a hold is, beside its facet
    uint8_t transfer; // enum transfer_mode
    uint8_t scope;    // enum session_scope
    uint8_t revoker;  // 1: it is the facet's revoker
};

// Methods are declared by the schema (kernel.plain.h), each as x_run: checks, commits, effects; the
// results are in request->results, or the operation is deferred. A refusal changes nothing.
struct object_class {
    const struct kernel_method *methods;
    uint32_t method_count;
    struct hold_manner manner; // of the hold that its maker gets
    bool is_plain;             // nothing is asked before a method without parameters
    uint64_t interface;        // of its root facet
    // Transient state with it, and without it again; NULL: none.
    void (*created)(struct core *core, uint32_t object);
    void (*destroyed)(struct core *core, uint32_t object);
    // What all methods ask first; NULL: nothing.
    enum status (*check)(struct core *core, struct request *request);
    uint64_t quiet; // methods that change no authority, as bits: they need no room in the log
};

// --- operate.c: the operations of the ring ------------------------------------------------------

// Carries out a request: STATUS_OK, or what stands in its way; nothing has happened then.
// STATUS_LOG_FULL: it changes authority, and waits until the log has room.
enum status core_operate(struct core *core, struct request *request);
struct buffer;
// Writes the results of a method, and the records of their capabilities, to a buffer of its
// result_bytes, in place where that is one piece; its completion says so.
void results_write(struct core *core, struct request *request, const struct kernel_method *method,
                   const struct buffer *buffer);

// --- commit.c -----------------------------------------------------------------------------------

// Reduces a commit and keeps it for the log. It has a kind, flags and a body; when, why and by whom
// is filled in here.
void core_apply(struct core *core, const struct commit *commit);
// The same for one whose body names a record first, which is filled in here: that record, or the
// one that it creates (NONE); returns its index.
uint32_t core_commit(struct core *core, uint32_t record, struct commit *commit);
// A commit that says no more than about which record.
void core_commit_on(struct core *core, enum commit_kind kind, uint32_t record);

// What an operation will make, all paid by one job. core_has_room says what is missing, or
// STATUS_OK: the job's limit, the machine's records, its memory.
struct needs {
    uint32_t of[RESOURCE_COUNT];
    uint32_t frames;
};
enum status core_has_room(const struct core *core, uint32_t job, const struct needs *needs);

// The log's room that an operation leaves to others, and less than which is never begun: a part for
// any one turn, without which the machine halts; for exits, one record for each process and job;
// for drainers, so that a dead reader of the log can be given back and started again; for
// revocations.
enum log_reserve {
    LOG_HALT = TURN_COMMITS_MAX + COMMITS_PER_PAGE, // and a page to close the log in
    LOG_DRAINER = LOG_HALT,                         // and the exits of all processes and jobs
    LOG_REVOKE = LOG_DRAINER + 256,
    LOG_OTHER = LOG_REVOKE + 64,
};
// Whether a change of authority may begin that the job asks for, or has paid for (NONE: any).
bool core_may_commit(const struct core *core, uint32_t job, bool is_revoke);

// --- hold.c, facet.c, object.c ------------------------------------------------------------------

// The caller's hold that a capability id names.
enum status hold_find(const struct core *core, uint32_t process, uint64_t cap, uint32_t *hold);
// What the request is about, by its capability, which somebody has: hold, target and interface.
void request_aim(const struct core *core, struct request *request);
// The same, if the caller has it.
enum status request_hold_find(const struct core *core, struct request *request);
// The object that it gives authority over.
static inline uint32_t hold_object(const struct core *core, uint32_t hold)
{
    return core->state.facets[core->state.holds[hold].facet].object;
}
// Whether it is one of a facet with these methods, of this interface (0: any). A server may mint
// what has the number of a kernel object's interface; that is an endpoint all the same. The kernel
// wants an endpoint only to call it, by FaultHandler (abi/schema/fault.capnp).
static const uint64_t FAULT_HANDLER = 0x9f4b3c0000000130;
enum status hold_reach(const struct core *core, uint32_t hold, uint64_t interface,
                       uint64_t methods);
struct hold_origin {
    uint32_t hold; // NONE: genesis
    uint8_t how;   // enum hold_how
};
cap_t hold_insert(struct core *core, uint32_t process, uint32_t facet, struct hold_manner manner,
                  struct hold_origin origin);
// The same authority for another process: a second hold, or the only one.
cap_t hold_copy(struct core *core, uint32_t hold, uint32_t process, uint8_t how);
cap_t hold_move(struct core *core, uint32_t hold, uint32_t process, uint8_t how);
void hold_remove(struct core *core, uint32_t hold);
// The interface of what it gives authority over.
uint64_t hold_interface(const struct core *core, uint32_t hold);
// Room for more holds of the process, which its job pays.
__attribute__((noinline)) enum status hold_has_room(const struct core *core, uint32_t process,
                                                    uint32_t count);

// STATUS_OK; REVOKED or LEASE_OVER where the facet or one that it was made from is cut off.
enum status facet_check(const struct core *core, uint32_t facet);
// STATUS_OK, or SESSION_OVER: session.c.
__attribute__((noinline)) enum status session_live_check(const struct core *core, uint32_t session);
// What was found so far, or that the process's session is over: it is looked at last.
static inline enum status session_check(const struct core *core, uint32_t process,
                                        enum status status)
{
    return status == STATUS_OK && __builtin_expect(core->has_ends, false)
               ? session_live_check(core, core->state.processes[process].session)
               : status;
}
// Whether a capability still gives its right to who held it before. 0 never does: genesis has used
// the first hold.
static inline enum status hold_check(const struct core *core, uint64_t cap)
{
    const struct hold *found = &core->state.holds[cap_index((cap_t){cap})];
    if (cap_of(found->slot.generation, found->slot.link).value != cap ||
        core->state.processes[found->process].state != PROCESS_RUNNING) {
        return STATUS_STALE_CAP;
    }
    return session_check(core, found->process, facet_check(core, found->facet));
}
// A call was delivered through it: its leases count.
void facet_use(struct core *core, uint32_t facet);
// Destroys the facet, and what only it kept in being, if nothing needs it any more.
void facet_collect(struct core *core, uint32_t facet);
// What had no room in the log, or was listed for a server that is gone.
bool facet_sweep(struct core *core, uint32_t facet);

// (generation, index) of a live record: no other of its kind has, had, or will have it.
static inline uint64_t record_number(const struct core *core, uint32_t arena, uint32_t index)
{
    const struct slot *slot = arena_slot(&core->state.arenas[arena], index);
    return cap_of(slot->generation, index).value;
}

// A new object, which the job pays; returns its index.
uint32_t object_create(struct core *core, enum object_kind kind, uint32_t job, uint64_t argument,
                       uint16_t flags);
// What it is about: by its kind, a number, or the index of a record.
static inline uint32_t object_argument(const struct core *core, uint32_t object)
{
    return (uint32_t)core->state.objects[object].argument;
}
// Makes an object for the caller of a method, who gets a hold of it, the first of the results, if
// there is room for it and for what else the job will pay (NULL: nothing).
enum status object_make(struct core *core, struct request *request, uint32_t job,
                        enum object_kind kind, uint64_t argument, const struct needs *more);
// The job that an object makes others for: a job itself, or the one that pays for the object.
uint32_t object_job(const struct core *core, uint32_t object);
void object_destroy(struct core *core, uint32_t object);

// One for each kind of object: its interface, and the file that serves it.
extern const struct object_class object_classes[OBJECT_KIND_COUNT];
extern const struct object_class revoker_class;
void endpoint_created(struct core *core, uint32_t object);
void job_created(struct core *core, uint32_t object);
void notification_created(struct core *core, uint32_t object);
enum status space_check(struct core *core, struct request *request);

// --- request.c ----------------------------------------------------------------------------------

// What a thread's cap_enter returns now: completions, or less than 0, a status. ENTER_WAITS:
// nothing yet.
static const int64_t ENTER_WAITS = INT64_MIN;
int64_t enter_result(const struct thread_record *thread);
// A thread that waits, and is not suspended, goes on: it returns if its wait is over, or submits if
// there is room now for what it submitted.
void completion_wake(struct core *core, struct thread_record *thread);
// The time limit of a thread's wait has come.
void completion_wait_ends(struct core *core, struct deadline *limit);

// --- schedule.c ----------------------------------------------------------------------------------

// The thread leaves the CPU to whoever is above it, at the end of this turn.
static inline void schedule_yield(struct core *core, const struct thread_record *thread)
{
    if (__builtin_expect(core->ready_mask != 0, false) &&
        core->ready_mask >> (thread->priority + core->here.band) > 1) {
        core->is_changed = true;
    }
}

// is_next: by the running thread's doing, and it is not suspended; it runs next, if it may. Else it
// goes to its queue, a suspended one as soon as it is let.
void schedule_ready(struct core *core, struct thread_record *thread, bool is_next);
void schedule_wait(struct core *core, struct thread_record *thread, uint64_t timeout_ns);
// A server runs at its own priority, or at this one of the caller that it serves, if it is higher,
// and that one's account pays. It serves nobody: 0, and its own.
void schedule_lend(struct core *core, struct thread_record *server, uint32_t priority,
                   struct job_record *account);
void schedule_remove(struct core *core, uint32_t thread);
// A suspended thread does not run until it is let; what it waits for comes all the same, and is
// seen then.
void schedule_control(struct core *core, struct thread_record *thread, uint32_t priority,
                      bool is_suspended);
// Chooses core.current, NONE where nobody is ready, and arms the deadline that comes first. Needed
// only after core.is_changed was set, or while core.next waits for the running thread.
void schedule_pick(struct core *core);

// --- endpoint.c, job.c, process.c ---------------------------------------------------------------

enum status endpoint_call(struct core *core, struct request *request);
enum status endpoint_recv(struct core *core, struct request *request);
enum status endpoint_return(struct core *core, struct request *request);
// Nobody holds a minted facet any more. Whether its server knows; else it is listed.
bool endpoint_drop(struct core *core, uint32_t facet);

uint32_t job_create(struct core *core, uint32_t parent, uint16_t flags);
// Amounts of each resource, from one job (NONE: at genesis) to another.
void job_limits_move(struct core *core, uint32_t from, uint32_t to, const uint32_t *amounts);
// Destroys the job, and those above it, if nobody holds it and it pays for nothing.
void job_collect(struct core *core, uint32_t job);
// Ends the process if its job was killed.
bool job_sweep(struct core *core, uint32_t process);
// Nobody waits any more for a call that a server has taken.
void endpoint_call_lost(struct core *core, const struct request *call);

enum status operate_wait(struct core *core, struct request *request);
// Sets bits; whoever waits for them takes them.
void notification_set(struct core *core, uint32_t object, uint64_t bits);
// The same, by a capability of somebody who may hold it no more.
void notification_ring(struct core *core, uint64_t cap, uint64_t bits);

enum status operate_park(struct core *core, struct request *request);
enum status operate_unpark(struct core *core, struct request *request);
// These pages are not the process's any more: who sleeps on a word of them is told.
void park_unmapped(struct core *core, uint32_t process, uint64_t first_page, uint64_t count);

// The process is gone but for its exit: tells whoever asks, nearest above; false: nobody does.
bool job_exit_tell(struct core *core, uint32_t process);

// Every invariant that can be seen from the arenas; asserts. For tests: it reads everything.
void core_check(const struct core *core);

#endif
