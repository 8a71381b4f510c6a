// SPDX-License-Identifier: Apache-2.0
//
// The model: all that the service manager knows. Storage is the caller's; nothing is allocated.
// Only the files of this folder write it; others may read.
#ifndef INIT_MANAGER_MODEL_H
#define INIT_MANAGER_MODEL_H

#include "lib/calendar/calendar.h"
#include "system/init/manager/assert.h"
#include "system/init/manager/catalogue.h"
#include "system/init/manager/event.h"

enum {
    NO_OPERATION = 0xffff,
    NO_JOB = 0xffff,
    INDEX_BITS = 11, // a serial is a generation above an index
    INDEX_MASK = (1 << INDEX_BITS) - 1,
};
static_assert((int)OPERATIONS_MAX <= (int)INDEX_MASK && (int)JOBS_MAX <= (int)INDEX_MASK,
              "indexes fit");

// Where a service is within its state.
enum phase {
    PHASE_NONE,
    PHASE_GATE,  // waits for what it needs, for conflicts to stop, for a place among the starts
    PHASE_CHECK, // waits for the answer about its conditions
    PHASE_PRE_HOOK,
    PHASE_STEP,  // waits for the answer about service.step
    PHASE_READY, // waits for READY, or for a oneshot's exit
    PHASE_POST_HOOK,
    PHASE_DELAY,     // waits before it is tried again
    PHASE_REQUESTED, // was asked to stop
    PHASE_RECLAIM,   // what ran is being ended
    PHASE_RELOAD,    // waits for RELOADING
    PHASE_RELOADING, // waits for READY after it
    PHASE_COUNT,
};

// What follows when all that ran has ended.
enum then {
    THEN_POLICY,    // it failed: the restart policy decides
    THEN_EXITED,    // it ended well by itself
    THEN_COMPLETED, // a oneshot has done its work
    THEN_STOPPED,
    THEN_FAILED,  // stopped by a conflict or a binding
    THEN_RESTART, // stopped, to start again
};

enum service_deadline {
    DEADLINE_START,
    DEADLINE_PHASE,
    DEADLINE_WATCHDOG,
    DEADLINE_HEALTH,
    DEADLINE_HEALTHY, // a window of health resets back-off and budget
    DEADLINE_UNBIND,
    DEADLINE_TIMER,
    SERVICE_DEADLINES,
};

enum global_deadline {
    DEADLINE_BOOT_PHASE,
    DEADLINE_BOOT_GOOD,
    DEADLINE_SNAPSHOT,
    DEADLINE_SHUTDOWN,
    DEADLINE_SHUTDOWN_STEP,
    GLOBAL_DEADLINES,
};

enum {
    DEADLINE_OF_OPERATION = SERVICES_MAX * SERVICE_DEADLINES,
    DEADLINE_OF_JOB = DEADLINE_OF_OPERATION + OPERATIONS_MAX,
    DEADLINE_OF_ALL = DEADLINE_OF_JOB + JOBS_MAX,
    DEADLINES_MAX = DEADLINE_OF_ALL + GLOBAL_DEADLINES,
};

struct deadlines {
    uint32_t count;
    struct {
        uint64_t at_ns;
        uint32_t id;
    } heap[DEADLINES_MAX];
    uint16_t places[DEADLINES_MAX]; // in the heap, from 1; 0: not armed
};
static_assert(DEADLINES_MAX < UINT16_MAX, "places fit");

struct note {
    uint64_t at_ns;
    uint8_t from, to, cause;
    uint16_t origin; // slot, NO_SERVICE
    uint32_t operation;
    char detail[NOTE_DETAIL_SIZE];
};

enum health { HEALTH_UNKNOWN, HEALTH_GOOD, HEALTH_BAD };

struct service {
    bool is_present; // defined, or still running
    uint8_t state;   // enum service_state
    uint8_t phase;
    uint8_t step;        // enum start_step
    uint8_t hook;        // number of the one that runs
    uint8_t cause;       // of the last transition
    uint16_t definition; // fixed for this activation; NO_DEFINITION before the first
    uint32_t activation; // serial
    uint16_t operation;  // pending or running
    uint16_t queued;     // behind it
    uint16_t main_job, hook_job, health_job;

    bool has_place; // among the parallel starts
    bool waits_place;
    bool has_asked;  // for what it needs, in this operation
    bool is_checked; // its conditions hold, in this operation
    bool is_retry;   // its conditions were asked at the first try
    bool is_ready;
    bool is_identity_absent; // it runs as LocalService
    bool said_stopping;
    bool is_boot;        // has a boot trigger, and the boot waits for it
    bool awaits_binding; // comes back when what it is bound to does
    bool must_unbind;    // what it is bound to has gone
    bool is_unbinding;   // waits for those bound to it before it stops
    bool owes_failure;   // OnFailure and Critical are still to be handled
    bool is_rerun;       // a timer fired while it ran
    uint8_t must_arm;    // its timer: 1, and 2 makes up for a missed run
    uint16_t unbind_origin;

    uint8_t end_cause; // what ended it,
    uint8_t end_then;  // and what follows
    char end_detail[NOTE_DETAIL_SIZE];

    uint64_t phase_ns; // when the phase's time limit began,
    uint64_t base_ns;  // and how long it was
    uint64_t active_ns;
    uint64_t watchdog_ns; // 0: off
    uint64_t restarts[RESTARTS_MAX];
    uint8_t restart_count;
    uint8_t backoff;
    uint8_t health;
    uint32_t health_failures; // in a row

    char status_text[STATUS_TEXT_SIZE];
    int64_t error_number; // ERRNO
    int64_t exit_status;  // EXIT_STATUS
    uint8_t kept_count;
    char kept[KEPT_CAPS_MAX][KEPT_NAME_SIZE];

    int64_t timer_next_s; // wall time
    int64_t timer_last_s; // -1 unknown
    uint32_t output_used; // bytes that the event log has not taken

    uint8_t history_count;
    struct note history[HISTORY_SIZE]; // the newest first
};

struct operation {
    uint32_t serial; // 0: free
    uint8_t kind, state, source, cause;
    bool is_kept; // ended, in the list of those that are kept
    uint16_t service;
    uint16_t origin; // slot that wanted it, NO_SERVICE for a person
    uint16_t next_kept;
    uint32_t merged_into; // serial
    uint8_t result;       // enum reply_code
    uint64_t created_ns, started_ns, ended_ns;
    char caller[64];
    char detail[NOTE_DETAIL_SIZE];
};

enum job_type {
    JOB_SERVICE_MAIN,
    JOB_PRE_EXEC_HOOK,
    JOB_POST_EXEC_HOOK,
    JOB_HEALTH_CHECK,
    JOB_AD_HOC
};
enum job_state { JOB_CREATED, JOB_RUNNING, JOB_COMPLETED, JOB_FAILED, JOB_ABANDONED };

struct job {
    uint32_t serial; // 0: free
    uint8_t type, state;
    bool is_killed;
    bool is_fault;
    uint16_t service; // NO_SERVICE for ad-hoc ones
    uint16_t adhoc;   // of their texts
    uint32_t operation;
    int32_t exit_code;
    uint64_t created_ns, started_ns, ended_ns;
    uint64_t session;
    uint32_t connection, id; // of a submission
    char command[NAME_SIZE]; // its first bytes, for messages
    char identity[JOB_IDENTITY_SIZE];
};

// The texts of an ad-hoc job, one after the other, each with a zero behind it.
struct adhoc {
    bool is_used;
    char texts[ADHOC_TEXT_MAX];
};

struct waiter {
    bool is_used, is_due;
    uint32_t operation; // serial
    struct reply reply;
};

enum boot_mode { MODE_FULL, MODE_SAFE, MODE_RECOVERY };
enum life {
    LIFE_NONE,
    LIFE_PHASE_ONE,
    LIFE_RUNNING,
    LIFE_STOPPING,
    LIFE_KILLING,
    LIFE_UNMOUNTING,
    LIFE_FLUSHING,
    LIFE_HALTED
};

struct manager_config {
    uint64_t seed; // of serials and jitter
    uint64_t boot_id;
    uint32_t parallel_starts; // 0: PARALLEL_STARTS
    uint32_t shutdown_s;      // 0: SHUTDOWN_S
    // The zone of that name; false if there is none. Must always answer the same.
    bool (*zone_find)(void *context, const char *name, struct calendar_zone *zone);
    void *zone_context;
};

// Bytes in the order in which they came; `tail` counts bytes taken, `head` bytes put.
struct output_ring {
    uint64_t head, sent, tail;
    char bytes[OUTPUT_RING_SIZE];
};

struct manager {
    struct manager_config config;
    struct catalogue catalogue;
    struct service services[SERVICES_MAX];
    struct slots dirty; // to be looked at
    uint32_t settle_next;
    // Relations of running services, as they were when each started.
    struct slots needs[SERVICES_MAX];
    struct slots needed_by[SERVICES_MAX];
    struct slots bound_by[SERVICES_MAX];
    uint32_t activation_serial;
    uint32_t random;

    uint32_t start_count; // places taken
    uint32_t place_head, place_tail;
    uint16_t place_queue[SERVICES_MAX];

    struct operation operations[OPERATIONS_MAX];
    uint32_t operation_generation;
    uint16_t operation_used, operation_free, kept_first, kept_last;
    uint32_t kept_count;
    struct waiter waiters[WAITERS_MAX];
    uint32_t waiters_due, waiter_count;

    struct job jobs[JOBS_MAX];
    uint32_t job_generation;
    uint32_t job_count;
    uint16_t job_hint;
    struct adhoc adhoc[ADHOC_JOBS_MAX];
    uint32_t leaked_count;

    struct deadlines deadlines;
    uint64_t now_ns;
    struct actions *actions;

    uint8_t life, mode;
    uint8_t phase_one;
    uint32_t boot_attempts;
    bool is_diskless;
    bool is_booted; // all with a boot trigger were handled
    bool is_boot_good;
    bool wants_safe, wants_recovery;
    uint32_t boot_waits; // services that the boot waits for
    uint64_t boot_ns;

    bool is_clock_known;
    int64_t wall_s; // at
    uint64_t wall_ns;

    bool is_reading; // a snapshot was asked for
    bool must_read;  // and another one is wanted
    uint32_t reload_count;
    struct reply reload_replies[8];

    uint8_t halt; // enum halt_kind
    bool is_immediate;
    uint64_t shutdown_end_ns;
    char reason[NOTE_DETAIL_SIZE]; // of the shutdown, or of recovery
    uint16_t unmounting;
    bool must_look; // shutdown_look() has not seen all
    bool is_forced;
    uint8_t interrupt_count;
    uint64_t interrupts[INTERRUPTS_TO_FORCE];
    uint16_t mounts[SERVICES_MAX]; // in the order in which they completed
    uint16_t mount_count;

    bool has_sink;
    uint64_t record_number; // of the newest
    uint64_t record_taken;  // by the event log
    uint64_t record_sent;
    struct record records[RECORDS_MAX];
    struct slots output_blocked;          // services that wait for room
    uint16_t line_sizes[SERVICES_MAX][2]; // of the lines that are open
    struct security default_security, control_security;
    struct output_ring output;
};

static inline struct service *service_of(struct manager *manager, uint16_t slot)
{
    return &manager->services[slot];
}

// The definition that counts for what a running service is; that in force if it never ran.
const struct definition *service_definition(const struct manager *manager, uint16_t slot);
// The definition in force; NULL if there is none any more.
const struct definition *service_newest(const struct manager *manager, uint16_t slot);

static inline void service_touch(struct manager *manager, uint16_t slot)
{
    slots_put(&manager->dirty, slot);
}

// The definition whose value of a field counts now: what is fixed for a running service stays, the
// rest is that of the newest.
const struct definition *service_use(const struct manager *manager, uint16_t slot,
                                     enum field field);

// Whether dependents may start beside it.
bool service_satisfies(const struct manager *manager, uint16_t slot);
// Whether something of it may still run.
bool service_is_busy(const struct manager *manager, uint16_t slot);

struct action *action_add(struct manager *manager, enum action_kind kind, uint16_t slot);
struct record *record_add(struct manager *manager, enum record_kind kind, uint16_t slot,
                          const char *detail);
int64_t manager_wall(const struct manager *manager); // -1 if unknown
uint32_t manager_random(struct manager *manager);

// deadline.c
void deadline_arm(struct manager *manager, uint32_t id, uint64_t at_ns);
void deadline_disarm(struct manager *manager, uint32_t id);
static inline uint32_t deadline_of(uint16_t slot, enum service_deadline kind)
{
    return (uint32_t)slot * SERVICE_DEADLINES + kind;
}
static inline void service_arm(struct manager *manager, uint16_t slot, enum service_deadline kind,
                               uint64_t after_ns)
{
    deadline_arm(manager, deadline_of(slot, kind), manager->now_ns + after_ns);
}
static inline void service_disarm(struct manager *manager, uint16_t slot,
                                  enum service_deadline kind)
{
    deadline_disarm(manager, deadline_of(slot, kind));
}
uint64_t deadline_first(const struct manager *manager); // UINT64_MAX: none
uint32_t deadline_take(struct manager *manager);        // the first, disarmed

#endif
