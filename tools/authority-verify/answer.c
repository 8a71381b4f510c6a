// SPDX-License-Identifier: Apache-2.0
//
// Answers by brute force: for each hold that there ever was, whether the question is about it.
#include <stdlib.h>
#include <string.h>

#include "tools/authority-verify/verify.h"

static bool session_works(const struct world *world, uint32_t session)
{
    for (; session != NOTHING; session = session_at(world, session)->parent) {
        if (session_at(world, session)->is_over ||
            world->time_ns >= session_at(world, session)->expiry_ns)
            return false;
    }
    return true;
}

static const char *use_of(const struct world *world, const struct hold *hold)
{
    if (!session_works(world, process_at(world, hold->process)->session))
        return "session-over";
    for (uint32_t facet = hold->facet; facet != NOTHING; facet = facet_at(world, facet)->parent) {
        if (facet_at(world, facet)->is_revoked)
            return "revoked";
        if (facet_at(world, facet)->expiry_ns <= world->time_ns)
            return "expired";
    }
    return "works";
}

static bool is_running(const struct world *world, const struct hold *hold)
{
    const struct process *process = process_at(world, hold->process);

    return process->is_started && !process->is_dead && !process->is_gone &&
           !job_is_killed(world, process->job);
}

// Holds of the dead are absent.
static bool is_there(const struct world *world, const struct hold *hold)
{
    const struct process *process = process_at(world, hold->process);

    return !hold->is_gone && !process->is_dead && !process->is_gone;
}

static const char *how_word(uint8_t how)
{
    static const char *const words[] = {"genesis", "grant", "call", "return", "mint"};

    return words[how];
}

static unsigned long long cap_of(struct commit_id id)
{
    return (unsigned long long)id.generation << 32 | id.index;
}

static void hold_line(const struct world *world, const struct hold *hold, FILE *out)
{
    const struct facet *facet = facet_at(world, hold->facet);
    struct commit_id process = process_at(world, hold->process)->id;
    struct commit_id object = object_at(world, facet->object)->id;

    fprintf(out,
            "process %u.%u cap 0x%llx interface 0x%llx methods 0x%llx facet %u.%u object %u.%u "
            "since %llu how %s use %s%s\n",
            process.index, process.generation, cap_of(hold->id),
            (unsigned long long)facet->interface, (unsigned long long)facet->methods,
            facet->id.index, facet->id.generation, object.index, object.generation,
            (unsigned long long)hold->since, how_word(hold->how), use_of(world, hold),
            hold->is_revoker ? " revoker" : "");
}

static void path_lines(const struct world *world, const struct hold *hold, FILE *out)
{
    fprintf(out, "path use %s\n", use_of(world, hold));
    for (;; hold = hold_at(world, hold->origin)) {
        struct commit_id process = process_at(world, hold->process)->id;
        struct commit_id facet = facet_at(world, hold->facet)->id;
        fprintf(out, "step since %llu time %llu process %u.%u cap 0x%llx facet %u.%u how %s%s for ",
                (unsigned long long)hold->since, (unsigned long long)hold->time_ns, process.index,
                process.generation, cap_of(hold->id), facet.index, facet.generation,
                how_word(hold->how), hold->was_moved ? " moved" : "");
        if (hold->is_before) {
            fputs("unknown\n", out);
        } else if (hold->acted_for == NOTHING) {
            fputs("nobody\n", out);
        } else {
            struct commit_id session = session_at(world, hold->acted_for)->id;
            fprintf(out, "%u.%u\n", session.index, session.generation);
        }
        if (hold->origin == NOTHING)
            return;
    }
}

static bool is_same(struct commit_id a, struct commit_id b)
{
    return a.index == b.index && a.generation == b.generation;
}

// "3.1" and nothing else, from the question; where it ends.
static const char *id_read(const char *text, struct commit_id *id)
{
    char *end;

    id->index = (uint32_t)strtoul(text, &end, 10);
    if (end == text || *end != '.')
        refuse("its question is not understood: an id is index.generation");
    text = end + 1;
    id->generation = (uint32_t)strtoul(text, &end, 10);
    if (end == text || id->generation == 0)
        refuse("its question is not understood: an id is index.generation");
    return end;
}

struct question {
    bool is_who, is_path, has_process, has_object;
    struct commit_id process, object;
};

static struct question question_read(const char *text)
{
    static const struct {
        const char *verb;
        bool is_who, is_path, has_process, has_object;
    } verbs[] = {{"who ", true, false, false, true},
                 {"holds ", false, false, true, false},
                 {"path ", false, true, true, true},
                 {"at", false, false, false, false}};
    struct question question = {.is_who = false};

    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        if (strncmp(text, verbs[i].verb, strlen(verbs[i].verb)) != 0)
            continue;
        question = (struct question){.is_who = verbs[i].is_who,
                                     .is_path = verbs[i].is_path,
                                     .has_process = verbs[i].has_process,
                                     .has_object = verbs[i].has_object};
        text += strlen(verbs[i].verb);
        if (question.has_process)
            text = id_read(text, &question.process);
        if (question.is_path && *text++ != ' ')
            break;
        if (question.has_object)
            text = id_read(text, &question.object);
        if (*text == '\0')
            return question;
        break;
    }
    refuse("its question is not understood");
}

void answer_write(const struct world *world, const char *text, FILE *out)
{
    struct question question = question_read(text);

    for (uint32_t i = 0; i < world->holds.count; i++) {
        const struct hold *hold = hold_at(world, i);
        const struct facet *facet = facet_at(world, hold->facet);
        if (!is_there(world, hold) ||
            (question.has_process &&
             !is_same(process_at(world, hold->process)->id, question.process)) ||
            (question.has_object && !is_same(object_at(world, facet->object)->id, question.object)))
            continue;
        if (question.is_who && (hold->is_revoker || !is_running(world, hold) ||
                                strcmp(use_of(world, hold), "works") != 0))
            continue;
        if (question.is_path)
            path_lines(world, hold, out);
        else
            hold_line(world, hold, out);
    }
}
