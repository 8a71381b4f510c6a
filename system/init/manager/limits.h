// SPDX-License-Identifier: Apache-2.0
//
// Every limit of the service manager, in one place. What is beyond one is refused by name.
#ifndef INIT_MANAGER_LIMITS_H
#define INIT_MANAGER_LIMITS_H

#include <assert.h>
#include <stdint.h>

enum {
    SERVICES_MAX = 512,
    EDGES_MAX = 4096,
    NAME_SIZE = 64,             // bytes of a service's name with its final zero
    DEFINITION_TEXT_MAX = 3072, // bytes of all texts of one definition
    LIST_ITEMS_MAX = 64,        // of one field
    PROBLEMS_MAX = 256,         // of one validation; more are counted
    PROBLEM_DETAIL_MAX = 160,   // bytes
    PATH_MAX_TOTAL = 4096,      // members of all cycles that are printed
    CYCLES_NAMED_MAX = 64,      // of one validation
    SECURITY_SIZE_MAX = 1024,   // bytes of a security descriptor
    NO_SERVICE = 0xffff,        // no slot
    ORIGIN_INIT = 0xfffe,       // init itself, where a slot says who caused something
};

enum {
    RESTARTS_MAX = 32,         // RestartMaxRetries at most
    OPERATIONS_MAX = 1536,     // two live ones a service, and those kept
    OPERATION_KEPT_S = 60,     // after their end
    OPERATION_TIMEOUT_S = 600, // from their creation, where the caller says nothing
    JOBS_MAX = 1664,           // three a service, and the ad-hoc ones
    ADHOC_JOBS_MAX = 64,
    ADHOC_TEXT_MAX = 2048, // bytes of image, arguments, environment, ... of one
    WAITERS_MAX = 128,     // requests that wait for an outcome
    HISTORY_SIZE = 6,      // transitions that `why` remembers of each service
    NOTE_DETAIL_SIZE = 128,
    JOB_IDENTITY_SIZE = 48,
    STATUS_TEXT_SIZE = 128,
    KEPT_CAPS_MAX = 16, // CapStoreMax at most
    KEPT_NAME_SIZE = 32,
    TIMERS_MAX = 4,       // of one service
    ACTIONS_MAX = 192,    // of one step; the rest waits for the next
    ACTIONS_RESERVE = 48, // what handling one service may add at most
    RECORDS_MAX = 1024,   // init's own audit: 256 KiB
    OUTPUT_RING_SIZE = 1 << 20,
    OUTPUT_SERVICE_MAX = 64 << 10,
    OUTPUT_LINE_MAX = 8192,
};

// Times that are no field of a definition, in seconds.
enum {
    RECLAIM_S = 5,   // from a kill until what is left is given up
    CHECK_S = 5,     // for Conditions and Asserts
    IDENTITY_S = 5,  // for the identity service
    RELOADING_S = 2, // from a reload until RELOADING must be seen
    RESTART_DELAY_MOST_S = 60,
    SHUTDOWN_S = 90, // ShutdownTimeout
    SHUTDOWN_KILL_S = 5,
    SHUTDOWN_STEP_S = 10, // unmounting, flushing
    INTERRUPT_WINDOW_S = 5,
    INTERRUPTS_TO_FORCE = 3,
    BOOT_SUCCESS_S = 30, // BootSuccessGrace
    BOOT_ATTEMPTS_MOST = 3,
    SNAPSHOT_S = 10,
    EXTEND_TIMES_MOST = 4,
    PARALLEL_STARTS = 10, // MaxParallelStarts
};

// Seconds since 1970 that a clock may show: beyond them it is broken.
#define WALL_MOST_S (UINT64_C(1) << 40)

#define NS_PER_S  UINT64_C(1000000000)
#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_US UINT64_C(1000)

// A set of services.
struct slots {
    uint64_t words[SERVICES_MAX / 64];
};

static inline void slots_put(struct slots *slots, uint16_t slot)
{
    slots->words[slot / 64] |= UINT64_C(1) << (slot % 64);
}

static inline void slots_take(struct slots *slots, uint16_t slot)
{
    slots->words[slot / 64] &= ~(UINT64_C(1) << (slot % 64));
}

static inline _Bool slots_has(const struct slots *slots, uint16_t slot)
{
    return (slots->words[slot / 64] >> (slot % 64) & 1) != 0;
}

// The first member from `slot` on; SERVICES_MAX if there is none.
static inline uint16_t slots_next(const struct slots *slots, uint32_t slot)
{
    for (uint32_t word = slot / 64; word < SERVICES_MAX / 64; word++) {
        uint64_t bits = slots->words[word];
        if (word == slot / 64) {
            bits &= ~UINT64_C(0) << (slot % 64);
        }
        if (bits != 0) {
            return (uint16_t)(word * 64 + (uint32_t)__builtin_ctzll(bits));
        }
    }
    return SERVICES_MAX;
}

static inline _Bool slots_is_empty(const struct slots *slots)
{
    return slots_next(slots, 0) == SERVICES_MAX;
}

static_assert(SERVICES_MAX % 64 == 0, "slots are whole words");

#endif
