// SPDX-License-Identifier: Apache-2.0
//
// A question of `authority` that is being asked.
#ifndef PROGRAMS_SHELL_AUTHORITY_H
#define PROGRAMS_SHELL_AUTHORITY_H

#include "programs/shell/shell.h"

#include "schema/authority.capnp.h"

enum { TASKS_KNOWN_MAX = 16, WANTS_MAX = 3 };

struct asking {
    struct shell *shell;
    struct authority_history history;
    uint64_t self;                           // this process
    uint64_t process, object, facet, number; // what the question is about
    uint64_t interface;                      // of what is held
    uint16_t method;
    uint64_t at;   // the moment; all ones: the newest
    uint32_t skip; // rows that are here
    bool has_more;
    uint64_t missed; // operations that were not counted
    uint32_t task_count;
    struct {
        uint64_t process;
        uint32_t number;
        char program[SHELL_NAME_MAX + 1];
    } tasks[TASKS_KNOWN_MAX]; // programs that this session started
};

enum want {
    WANTS_PROCESS, // $task, a process's number, or nothing: this shell
    WANTS_OBJECT,  // what the shell holds under a name
    WANTS_FACET,   // ... and the facet through which it does
    WANTS_METHOD,  // of the interface of what was named before
    WANTS_NUMBER,  // a number of commits
};

struct question {
    const char *name, *what; // its words; what: NULL where there is one only
    enum want wants[WANTS_MAX];
    uint32_t want_count;
    const char *const *names; // of the columns
    uint32_t name_count;
    bool (*ask)(struct asking *asking, struct capnp_call *call, struct capnp_exception *exception);
    const char *nothing; // said where there are no rows
};

// ---- subject.c: from words to what a question is about ----

// Reads the words behind the question's name, which begin at `word`, and what they stand for.
// False, and said so: they are none of these.
bool asking_begin(struct asking *asking, const struct question *question, uint32_t word);
// The program that a process of this session runs; "" where none is known.
const char *asking_program(const struct asking *asking, uint64_t process);
// The answer was of this moment: the rest is asked of the same.
void asking_go_on(struct asking *asking, uint64_t seq, bool has_more);

#endif
