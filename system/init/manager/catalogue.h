// SPDX-License-Identifier: Apache-2.0
//
// The catalogue: which services there are. Each has a slot, its name's for as long as it is defined
// or runs, and two sets say which definition each has: the one in force, and one being read.
//
//     catalogue_stage_begin(c)
//     definition = catalogue_stage(c, name, is_mount, line) ...     then definition_put_*()
//     catalogue_stage_end(c, &all)          checks everything, builds the graph
//     catalogue_swap(c) or catalogue_stage_drop(c)
//
// Reading a set never changes the one in force.
#ifndef INIT_MANAGER_CATALOGUE_H
#define INIT_MANAGER_CATALOGUE_H

#include "lib/access/access.h"
#include "system/init/manager/graph.h"

enum {
    NAME_BUCKETS = 1024,
    DEFINITIONS_PER_SERVICE = 3, // in force, being read, running
    NO_DEFINITION = 0,
};

// What a set says of everything: descriptors that count where a service has none of its own, and
// for the system.
enum set_security { SECURITY_OF_SERVICES, SECURITY_OF_SYSTEM, SECURITY_KINDS };

struct security {
    size_t size; // 0: not given
    uint8_t bytes[SECURITY_SIZE_MAX];
};

struct service_set {
    uint16_t count;
    struct security security[SECURITY_KINDS];
    uint16_t definitions[SERVICES_MAX]; // NO_DEFINITION where there is none
    struct slots members;
    struct slots disabled; // what is wanted but Disabled is left out
    struct graph graph;
};

struct catalogue {
    char names[SERVICES_MAX][NAME_SIZE]; // "" for a free slot
    struct sid sids[SERVICES_MAX];       // the service SID of each name
    uint16_t buckets[NAME_BUCKETS];      // slot + 1 of a name, 0 free
    uint16_t uses[SERVICES_MAX];         // sets and services that keep a slot
    uint16_t slot_count;                 // slots ever used
    struct definition *pool;             // the caller's; number n is pool[n - 1]
    uint16_t pool_max;
    uint16_t pool_used;
    uint16_t free_count;
    uint16_t free_list[SERVICES_MAX * DEFINITIONS_PER_SERVICE];
    uint8_t in_force; // of `sets`
    struct service_set sets[2];
    struct problems problems; // of what was read last
    bool is_checked;          // these are of its validation, too; before it there were
    uint32_t read_count, read_errors, read_dropped;
};

// `pool` has `pool_max` definitions, at most SERVICES_MAX * DEFINITIONS_PER_SERVICE.
void catalogue_init(struct catalogue *catalogue, struct definition *pool, uint16_t pool_max);

static inline struct service_set *catalogue_set(struct catalogue *catalogue)
{
    return &catalogue->sets[catalogue->in_force];
}

static inline struct service_set *catalogue_staged(struct catalogue *catalogue)
{
    return &catalogue->sets[1 - catalogue->in_force];
}

// By name, whatever its letter case; NO_SERVICE if there is none.
uint16_t catalogue_find(const struct catalogue *catalogue, const char *name);

// The definition in force, being read, or of a number; NULL where there is none.
const struct definition *catalogue_definition(const struct catalogue *catalogue, uint16_t number);

// Begins a new set, empty but for what is built in; then the services of it, one by one. NULL when
// a problem says why not.
void catalogue_stage_begin(struct catalogue *catalogue);
struct definition *catalogue_stage(struct catalogue *catalogue, const char *name, bool is_mount,
                                   uint32_t line);
// SDDL for the whole set: of the key above all services, of which a service without ServiceSecurity
// inherits; or ControlSecurity. What can't be read is a problem.
void catalogue_stage_security(struct catalogue *catalogue, enum set_security kind, const char *text,
                              uint32_t line);
// Checks the set that was read and builds its graph; edges from `members` to others are dropped
// (NULL: none are). What is wrong is in `problems`, and in the graph's faults.
void catalogue_stage_end(struct catalogue *catalogue, const struct slots *members);

// The set that was read is in force now; or it is forgotten.
void catalogue_swap(struct catalogue *catalogue);
void catalogue_stage_drop(struct catalogue *catalogue);

// Keeps a definition or a slot from being used for another: each hold is undone once.
void catalogue_definition_hold(struct catalogue *catalogue, uint16_t number);
void catalogue_definition_release(struct catalogue *catalogue, uint16_t number);
void catalogue_slot_hold(struct catalogue *catalogue, uint16_t slot);
void catalogue_slot_release(struct catalogue *catalogue, uint16_t slot);

// "a -> b -> c -> a"
void problem_print_path(const struct catalogue *catalogue, const struct problem *problem,
                        struct phrase *text);

#endif
