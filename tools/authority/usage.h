// SPDX-License-Identifier: Apache-2.0
//
// What processes did with what they hold, as far as the SysLog says: LOG with the ending .syslog,
// or
// --syslog. A machine keeps its last 512 records and exports them when it halts, so uses before the
// first of them are not known.
#ifndef TOOLS_AUTHORITY_USAGE_H
#define TOOLS_AUTHORITY_USAGE_H

#include "tools/authority/authority.h"

struct used {
    uint32_t process, facet; // lives
    uint64_t count;          // operations that were not refused
    uint64_t methods;        // called
};

struct usage {
    struct used *uses;
    uint32_t count;
    uint64_t records;
    uint64_t since_ns; // of the first record
    bool is_known;     // there is a SysLog
    bool is_cut;       // ... from which older records are missing, as far as one can see
};

void usage_open(struct usage *usage, const struct history *history);
void usage_close(struct usage *usage);
// What a process did with a facet; null: nothing.
const struct used *usage_of(const struct usage *usage, uint32_t process, uint32_t facet);
// How far the SysLog reaches, as a sentence.
const char *usage_words(const struct usage *usage);

#endif
