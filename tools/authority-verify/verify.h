// SPDX-License-Identifier: Apache-2.0
//
// What the files of authority-verify share. Everything ends with the first thing that is wrong.
#ifndef TOOLS_AUTHORITY_VERIFY_VERIFY_H
#define TOOLS_AUTHORITY_VERIFY_VERIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "abi/proof.h"

enum { NOTHING = 0xffffffff };

// main.c: says why the bundle is refused, and ends.
_Noreturn void refuse(const char *format, ...) __attribute__((format(printf, 1, 2)));

// hash.c
void hash_of(const void *bytes, size_t size, uint8_t hash[HASH_SIZE]);

// world.c: the state after some commits. Records that a slot has are named by their place in a list
// of all that there ever were, so that the past can still be asked.
struct session {
    struct commit_id id;
    uint32_t parent; // place; NOTHING
    uint64_t expiry_ns;
    bool is_over, is_gone;
};

struct job {
    uint32_t parent;
    bool is_killed;
};

struct process {
    struct commit_id id;
    uint32_t job, session; // places
    bool is_started, is_dead, is_gone;
};

struct object {
    struct commit_id id;
    uint32_t kind, root;
    uint64_t interface;
};

struct facet {
    struct commit_id id;
    uint32_t parent, object; // places
    uint64_t interface, methods, expiry_ns;
    bool is_revoked;
};

struct hold {
    struct commit_id id;
    uint32_t process, facet, origin, acted_for; // places
    uint64_t since, time_ns;
    uint8_t how;
    bool is_revoker, was_moved, is_gone, is_before;
};

struct list { // of records of one kind
    void *items;
    uint32_t *slots; // the place of what is in each slot; NOTHING
    uint32_t count, room, slot_count;
    size_t size; // of a record
};

struct world {
    struct list sessions, jobs, processes, objects, facets, holds;
    uint64_t seq, time_ns;
    uint32_t base_holds; // those of a checkpoint come first
    uint64_t base_seq;   // what is from before stands in a checkpoint
    bool is_base;        // its records are being applied
};

// What stands for the first pages: a header, records, and what is not needed here.
struct base {
    struct checkpoint_header header; // magic 0: there is none
    const struct commit *records;
    uint8_t hash[HASH_SIZE]; // of the state
};

// Applies a checkpoint's records, then the commits of the pages up to `seq` of the whole log.
void world_make(struct world *world, const struct base *base, const struct log_page *pages,
                uint64_t page_count, uint64_t seq);
const struct session *session_at(const struct world *world, uint32_t place);
const struct process *process_at(const struct world *world, uint32_t place);
const struct object *object_at(const struct world *world, uint32_t place);
const struct facet *facet_at(const struct world *world, uint32_t place);
const struct hold *hold_at(const struct world *world, uint32_t place);
bool job_is_killed(const struct world *world, uint32_t job);

// answer.c: the answer to a question, as abi/proof.h says that it is written.
void answer_write(const struct world *world, const char *question, FILE *out);

#endif
