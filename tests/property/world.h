// SPDX-License-Identifier: Apache-2.0
//
// One world of the property test: a machine, the model beside it, the programs that act, and a
// second state that follows the log. After each step world_check() compares all of it. Whatever
// differs ends the test with the seed, the step and the last operations.
#ifndef TESTS_PROPERTY_WORLD_H
#define TESTS_PROPERTY_WORLD_H

#include "kernel/core/test/act.h"
#include "tests/property/model.h"

enum {
    ACTORS = 4, // 0 is the first program
    SLOTS = 32, // of an actor's message area: one operation in flight each
    SLOT_SIZE = 256,
    SLOT_RESULT = 64, // offset of the result in its slot
    SLOT_RESULT_SIZE = SLOT_SIZE - SLOT_RESULT,
    MESSAGE_MAX = 64, // of the endpoints here
    GRANTS_MAX = 16,  // to one program before it starts
    OLD_IDS = 64,
};

struct actor {
    bool is_alive;
    uint32_t thread, program;
    uint64_t process; // as nextExit names it
    uint64_t base;    // of its addresses
    uint64_t count;   // operations
    uint32_t slots;   // in use
};

// What the first program is building.
struct building {
    cap_t builder;   // value 0: nothing
    bool is_pending; // the builder lives, and has not started its process
    uint32_t object, program;
    uint32_t grants;
};

// Ids that named something once.
struct old_ids {
    uint64_t ids[OLD_IDS];
    uint32_t count;
};

struct world {
    struct actor actors[ACTORS];
    struct building building;
    uint32_t programs; // ever
    struct old_ids old_caps, old_calls;
    bool is_over;
    bool is_trimmed;    // pages of its log are acknowledged at random
    bool is_refreshing; // somebody enters who submits nothing, and minds no result
    bool is_brief;      // its log is followed, and not verified once more as it was exported
};

extern struct world world;

// --- race.c -------------------------------------------------------------------------------------

enum { RACE_PLACES = 6 };

extern const struct machine_witness race_witness;

// Of the whole test.
struct tally {
    uint64_t seed, step;
    uint64_t worlds, commits, kinds[COMMIT_KIND_COUNT], deliveries, drops, answers;
    uint64_t transfers;          // capabilities that arrived
    uint64_t waits;              // completions of SIGNAL to CANCEL
    uint64_t reads[RACE_PLACES]; // while an adversary changed what was read
    uint64_t refusals[STATUS_LIMIT];
};

extern struct tally tally;

// --- Chance -------------------------------------------------------------------------------------

void chance_init(uint64_t seed);
uint64_t chance_word(void);
uint32_t chance_below(uint32_t limit);
bool chance_in(uint32_t times);

// --- The world ----------------------------------------------------------------------------------

void world_begin(void);
// The machine of a world, and nothing more: of the options, frames and programs are the same in
// all.
void world_machine_boot(const struct machine_options *options);
// Everybody exits; the machine's log leads to its state. `log_path`: NULL, or where to keep it.
void world_end(const char *log_path);
bool world_is_nearly_full(void);
// Takes all completions, compares them with the model's, checks the invariants and the log.
void world_check(void);

// Operations of the thread that wait in the kernel.
uint32_t waiting_count(uint32_t thread);

// An actor that can run; NULL: none can.
struct actor *actor_find(void);
// Whether its thread is in the kernel, waiting.
bool actor_is_waiting(const struct actor *actor);
// Makes it run, with all that is due until then; its thread doesn't wait.
void actor_run(const struct actor *actor);
// The same, and it enters, so that what it does next completes next.
void actor_refresh(const struct actor *actor);
void actor_start(struct actor *actor, uint32_t thread, uint32_t program);
void actor_end(struct actor *actor, int32_t code, uint32_t cause);
// A slot of its message area; SLOTS: none is free.
uint32_t slot_take(struct actor *actor);
uint32_t slot_offset(uint32_t slot);
// What stands in byte i of the message that somebody sends with this number.
uint8_t pattern_byte(uint64_t number, uint32_t i);

void old_put(struct old_ids *old, uint64_t id);
uint64_t old_get(const struct old_ids *old);

// From now on a failure prints the history: its last lines.
void history_begin(void);
__attribute__((format(printf, 1, 2))) void note(const char *format, ...);
__attribute__((format(printf, 1, 2))) _Noreturn void broken(const char *format, ...);

// Prints the line that repeats what failed: each test has its own.
void again_print(void);

// A number from the environment; ends the test, and says why, where it is none.
uint64_t environment(const char *name, uint64_t least, uint64_t otherwise);

void device_begin(void); // device_step.c: of a new world

// Compares a predicted fact with what a call of a kernel object said.
void fact_check(const char *what, enum status predicted, enum status found);

#endif
