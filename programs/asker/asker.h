// SPDX-License-Identifier: Apache-2.0
//
// What the files of asker share: whom it asks, what it knows by now, and how it says what it was
// told.
#ifndef PROGRAMS_ASKER_ASKER_H
#define PROGRAMS_ASKER_ASKER_H

#include "runtime/runtime.h"

#include "schema/authority.capnp.h"
#include "schema/kernel.capnp.h"

enum { KNOWN_MAX = 64 }; // processes, and objects

struct asker {
    struct debug_console console;
    struct authority_history history;
    uint64_t seq; // that all is asked about
    uint64_t processes[KNOWN_MAX], objects[KNOWN_MAX];
    uint32_t process_count, object_count;
};

extern struct asker asker;

// A line begins with what it is about; then numbers.
struct tsr_line line_begin(const char *what);
void number_put(struct tsr_line *line, uint64_t number);
void numbers_put(struct tsr_line *line, const uint64_t *numbers, uint32_t count);
void line_put(struct tsr_line *line);

// A refusal that is expected is said; any other ends the program.
void refused_tell(const char *what, const struct capnp_exception *exception);
_Noreturn void fail(const char *what, const struct capnp_exception *exception);

// Ends a call; whether there is more.
bool call_end(struct capnp_call *call, bool is_answered, bool has_more, const char *what,
              struct capnp_exception *exception);

// report.c. Proofs are asked for before the log has more pages than there were at first.
void report_show(void);
void names_show(void);
void report_own_show(void);

#endif
