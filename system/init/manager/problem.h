// SPDX-License-Identifier: Apache-2.0
//
// What was found to be wrong with definitions: which service, which field, what, and what to do
// about it. The kinds are data: problem.def.
#ifndef INIT_MANAGER_PROBLEM_H
#define INIT_MANAGER_PROBLEM_H

#include "system/init/manager/limits.h"
#include "system/init/manager/phrase.h"

enum problem_kind {
#define PROBLEM(id, severity, what, remedy) PROBLEM_##id,
#include "system/init/manager/problem.def"
#undef PROBLEM
    PROBLEM_COUNT,
};

enum severity {
    SEVERITY_NOTE,
    SEVERITY_WARNING,
    SEVERITY_ERROR,
};

struct problem {
    uint8_t kind;
    uint16_t service; // slot, or NO_SERVICE
    uint16_t field;   // enum field, or FIELD_COUNT
    uint32_t line;    // of the text that was read, 0 if unknown
    char service_name[NAME_SIZE];
    char detail[PROBLEM_DETAIL_MAX];
    uint16_t path_first; // of a cycle: its members in struct problems
    uint16_t path_count;
};

struct problems {
    uint32_t count;
    uint32_t dropped; // beyond PROBLEMS_MAX
    uint32_t errors;  // of both
    uint32_t path_used;
    struct phrase detail; // of the last one
    struct problem list[PROBLEMS_MAX];
    uint16_t path[PATH_MAX_TOTAL];
    char lost[PROBLEM_DETAIL_MAX];
};

// Adds one. Returns where its detail is to be put.
struct phrase *problem_add(struct problems *problems, enum problem_kind kind, uint16_t service,
                           uint16_t field, uint32_t line);

enum severity problem_severity(enum problem_kind kind);
const char *severity_name(enum severity severity);
// The sentence without the detail, and what to do.
const char *problem_what(enum problem_kind kind);
const char *problem_remedy(enum problem_kind kind);
const char *problem_name(enum problem_kind kind); // "CYCLE"

// "error: web: Requires, line 7: no such service: dbb. Define it, or remove it from the list."
void problem_print(const struct problem *problem, struct phrase *text);

#endif
