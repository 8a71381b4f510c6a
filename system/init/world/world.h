// SPDX-License-Identifier: Apache-2.0
//
// A simulated machine around a service manager. Time moves from event to event; the same seed and
// the same calls give the same run.
//
//     world_init(w, m, seed);
//     w->behaviours[slot] = ...          how each service behaves; all zero is a good one
//     world_boot(w, 0);
//     world_run(w, until_ns);            or world_event(w, &event) for something from outside
#ifndef INIT_WORLD_WORLD_H
#define INIT_WORLD_WORLD_H

#include "system/init/manager/manager.h"

enum {
    WORLD_EVENTS_MAX = 16384,
    WORLD_TEXT_MAX = 64,
    WORLD_NEVER = UINT32_MAX, // of a time in milliseconds
};

// Times are milliseconds.
struct behaviour {
    uint32_t ready_ms; // after the start; WORLD_NEVER: hangs before it is ready
    uint32_t ends_ms;  // a oneshot's, or a crash after the start; 0: a oneshot's 10 ms, no crash
    uint32_t crash_percent; // of the activations in which `ends_ms` counts for a simple service
    int32_t exit_code;
    bool is_fault;
    uint32_t stop_ms; // after the request; WORLD_NEVER: must be killed
    bool is_unkillable;
    uint8_t failing_step; // 1 + enum start_step: fails, 0 none
    bool is_step_silent;  // ... or is never answered
    bool hook_fails, hook_hangs;
    uint32_t health_fails_from; // the n-th health check and all after it fail, 0 never
    uint64_t false_conditions;  // bits, for EVENT_CHECKED
    bool is_check_silent;
    bool confirms_reload;
    bool is_liar;         // tells everything twice, for older activations too, and out of place
    uint32_t watchdog_ms; // feeds the watchdog that often, 0 never
};

struct world_event {
    uint64_t at_ns;
    uint64_t number; // of equal times the first one goes first
    struct event event;
    bool needs_process; // dropped if the job's process is gone
    bool is_snapshot;   // the definitions are staged just before
    char text[WORLD_TEXT_MAX];
};

struct world {
    struct manager *manager;
    struct actions actions;
    uint64_t now_ns;
    uint64_t random;
    uint64_t event_number;
    uint32_t event_count;
    uint32_t events_dropped; // the heap was full
    struct world_event events[WORLD_EVENTS_MAX];

    struct behaviour behaviours[SERVICES_MAX];
    uint32_t health_checks[SERVICES_MAX];
    uint32_t processes[JOBS_MAX]; // serial of the job whose process lives, 0 none
    uint8_t silent_phase;         // 1 + enum phase_one: never answered
    uint8_t failing_phase;        // 1 + enum phase_one
    bool is_snapshot_failing;
    uint32_t latency_ms; // up to so much more for every answer; 0: none
    bool is_diskless;
    uint32_t boot_attempts;
    bool is_halted;
    enum halt_kind halt;
    bool is_counter_reset;
    bool is_recovery;
    uint64_t steps;

    // Stages the definitions, as the answer to ACTION_SNAPSHOT.
    void (*stage)(void *context, struct catalogue *catalogue);
    // Sees every action, after the step that made it; and the end of every step.
    void (*see_action)(void *context, const struct action *action);
    void (*see_step)(void *context, const struct event *event);
    void *context;
};

void world_init(struct world *world, struct manager *manager, uint64_t seed);
void world_boot(struct world *world, uint64_t flags);

// Delivers everything up to this time, and leaves the clock there. Returns when it halts.
void world_run(struct world *world, uint64_t until_ns);

// One step, and what it leads to: more may be left to do.
void world_step(struct world *world, const struct event *event);
// Something from outside, now, and all that follows at once.
void world_event(struct world *world, const struct event *event);
// The same later; a text is copied.
void world_later(struct world *world, uint64_t after_ns, const struct event *event);

// Ends the main process of a service, as a crash does; false if it has none.
bool world_crash(struct world *world, uint16_t slot, int32_t code, bool is_fault);

uint64_t world_random(struct world *world);
static inline uint64_t world_below(struct world *world, uint64_t limit)
{
    return world_random(world) % limit;
}

#endif
