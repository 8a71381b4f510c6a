// SPDX-License-Identifier: Apache-2.0
//
// What processes did with what they hold, as the SysLog says: an operation that was not refused is
// a use of the facet that it named. Counted per process, facet and method, in as many places as the
// caller brings; where they are all taken, the one whose process ended longest ago makes room, and
// else the use is lost, and counted as that.
//
// A record names slots; which lives they had then follows from its time. So a record may be counted
// once all commits up to its time are in the index.
#ifndef LIB_AUTHORITY_USAGE_H
#define LIB_AUTHORITY_USAGE_H

#include "abi/syslog.h"
#include "lib/authority/query.h"

enum { USE_NO_METHOD = 0xffff };

struct use {
    struct commit_id process, facet;
    uint64_t count; // operations that were not refused
    uint64_t first_ns, last_ns;
    uint16_t method; // USE_NO_METHOD: an operation that is no call
};

struct authority_usage {
    struct use *uses;
    uint32_t room, count;
    uint64_t records; // counted, or seen to be no use
    uint64_t lost;    // uses for which there was no room
};

// Whether a record is a use, and of what. LIFE_NONE in neither.
bool authority_use_of(const struct authority_index *index, const struct syslog_record *record,
                      uint32_t *process, uint32_t *facet, uint16_t *method);

// Counts a record. `room` places at `uses` are the usage's own.
void authority_usage_count(struct authority_usage *usage, const struct authority_index *index,
                           const struct syslog_record *record);

#endif
