// SPDX-License-Identifier: Apache-2.0
//
// The kinds of problems as a table, and their messages.
#include "system/init/manager/problem.h"

#include "system/init/manager/definition.h"

static const struct {
    const char *name;
    enum severity severity;
    const char *what;
    const char *remedy;
} kinds[PROBLEM_COUNT] = {
#define PROBLEM(id, severity, what, remedy) {#id, SEVERITY_##severity, what, remedy},
#include "system/init/manager/problem.def"
#undef PROBLEM
};

struct phrase *problem_add(struct problems *problems, enum problem_kind kind, uint16_t service,
                           uint16_t field, uint32_t line)
{
    problems->errors += kinds[kind].severity == SEVERITY_ERROR;
    if (problems->count == PROBLEMS_MAX) {
        problems->dropped++;
        problems->detail = phrase_in(problems->lost, sizeof(problems->lost));
        return &problems->detail;
    }
    struct problem *problem = &problems->list[problems->count++];
    problem->kind = (uint8_t)kind;
    problem->service = service;
    problem->field = field;
    problem->line = line;
    problem->service_name[0] = '\0';
    problem->path_first = 0;
    problem->path_count = 0;
    problems->detail = phrase_in(problem->detail, sizeof(problem->detail));
    return &problems->detail;
}

enum severity problem_severity(enum problem_kind kind)
{
    return kinds[kind].severity;
}

const char *severity_name(enum severity severity)
{
    static const char *const names[] = {"note", "warning", "error"};
    return names[severity];
}

const char *problem_what(enum problem_kind kind)
{
    return kinds[kind].what;
}

const char *problem_remedy(enum problem_kind kind)
{
    return kinds[kind].remedy;
}

const char *problem_name(enum problem_kind kind)
{
    return kinds[kind].name;
}

void problem_print(const struct problem *problem, struct phrase *text)
{
    phrase_put(text, severity_name(kinds[problem->kind].severity));
    phrase_put(text, ": ");
    if (problem->service_name[0] != '\0') {
        phrase_put_safe(text, problem->service_name);
        phrase_put(text, ": ");
    }
    if (problem->field < FIELD_COUNT) {
        phrase_put(text, field_name(problem->field));
        phrase_put(text, problem->line != 0 ? ", " : ": ");
    }
    if (problem->line != 0) {
        phrase_put(text, "line ");
        phrase_put_number(text, problem->line);
        phrase_put(text, ": ");
    }
    phrase_put(text, kinds[problem->kind].what);
    if (problem->detail[0] != '\0') {
        phrase_put(text, ": ");
        phrase_put_safe(text, problem->detail);
    }
    phrase_put(text, ". ");
    phrase_put(text, kinds[problem->kind].remedy);
}
