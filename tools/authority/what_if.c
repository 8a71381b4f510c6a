// SPDX-License-Identifier: Apache-2.0
//
// what-if: who would be stopped by a revocation, or by the end of a process or job: whoever used
// what would be gone, as far as the SysLog says, and whoever used what those serve alone.
#include <stdlib.h>
#include <string.h>

#include "tools/authority/ask.h"
#include "tools/authority/usage.h"

enum { STOPS_NOT = 0, STOPS_USES, STOPS_KILLED, STOPS_DEPENDS };

static const char *const stop_words[] = {
    [STOPS_USES] = "uses", [STOPS_KILLED] = "killed", [STOPS_DEPENDS] = "depends"};

struct supposing {
    const struct history *history;
    struct authority_at at;
    struct usage usage;
    struct answer answer;
    uint8_t *stops; // by slot of a process
    uint32_t facet; // that would be revoked; LIFE_NONE
};

static uint32_t slot_of(const struct supposing *supposing, uint32_t process)
{
    return authority_id(&supposing->history->index, ARENA_PROCESSES, process).index;
}

static bool is_running(const struct supposing *supposing, uint32_t process)
{
    return authority_stage_of(&supposing->history->index, process, supposing->at.at) ==
           STAGE_RUNNING;
}

static bool is_made_from(const struct authority_index *index, uint32_t facet, uint32_t from)
{
    while (facet != LIFE_NONE && facet != from)
        facet = index->lives[facet].target;
    return facet != LIFE_NONE;
}

// Whether somebody who can serve an endpoint is stopped, and nobody else serves it. Who holds the
// server's side and never used it (whoever made the endpoint) doesn't count as serving it.
static bool is_unserved(const struct supposing *supposing, uint32_t object)
{
    const struct authority_index *index = &supposing->history->index;
    const struct life *lives = index->lives;
    bool is_stopped = false;

    for (uint32_t f = lives[object].facets; f != LIFE_NONE; f = lives[f].owner_before) {
        if (!authority_is_server(index, f))
            continue;
        for (uint32_t h = lives[f].holds; h != LIFE_NONE; h = lives[h].target_before) {
            uint32_t process = lives[h].owner;
            if (!life_is_there(index, h, supposing->at.at) || !is_running(supposing, process))
                continue;
            if (supposing->stops[slot_of(supposing, process)] != STOPS_NOT)
                is_stopped = true;
            else if (usage_of(&supposing->usage, process, f) != NULL)
                return false;
        }
    }
    return is_stopped;
}

// Whoever used what is gone, until nobody is added any more.
static void stops_spread(struct supposing *supposing)
{
    const struct authority_index *index = &supposing->history->index;
    bool grew = true;

    while (grew) {
        grew = false;
        for (uint32_t i = 0; i < supposing->usage.count; i++) {
            const struct use *use = &supposing->usage.uses[i];
            uint8_t *stops = &supposing->stops[slot_of(supposing, use->process)];
            if (*stops != STOPS_NOT || !is_running(supposing, use->process))
                continue;
            if (supposing->facet != LIFE_NONE && is_made_from(index, use->facet, supposing->facet))
                *stops = STOPS_USES;
            else if (authority_is_client(index, use->facet) &&
                     is_unserved(supposing, index->lives[use->facet].owner))
                *stops = STOPS_DEPENDS;
            grew = grew || *stops != STOPS_NOT;
        }
    }
}

static void rows_put(struct supposing *supposing)
{
    const struct history *history = supposing->history;
    const struct authority_index *index = &history->index;
    uint64_t stopped = 0;

    for (uint32_t slot = 0; slot < index->config.processes; slot++) {
        uint32_t process = authority_life(index, ARENA_PROCESSES, slot, supposing->at.at);
        if (supposing->stops[slot] == STOPS_NOT || process == LIFE_NONE)
            continue;
        struct commit_id id = authority_id(index, ARENA_PROCESSES, process);
        stopped++;
        ROW(&supposing->answer, "stops", "{who} would be stopped: {why}",
            SAY("who", process_label(history, process)),
            TEXT("process", say("%u.%u", id.index, id.generation)),
            TEXT("program", program_name(history, process)),
            TEXT("why", stop_words[supposing->stops[slot]]));
    }
    for (uint32_t h = 0; supposing->facet != LIFE_NONE && h < supposing->at.at; h++) {
        if (authority_is_hold(index, h) && authority_hold_counts(index, h, supposing->at.at) &&
            is_made_from(index, index->lives[h].target, supposing->facet))
            hold_row(&supposing->answer, history, h, supposing->at, "loses", "would not work: ");
    }
    ROW(&supposing->answer, "source",
        "{stopped} processes; {source}; which services the service manager would stop with them "
        "stands in no log",
        NUMBER("stopped", stopped), TEXT("source", usage_words(&supposing->usage)));
}

static bool is_of_job(const struct authority_index *index, uint32_t process, uint32_t job)
{
    uint32_t at = index->lives[process].owner;

    while (at != LIFE_NONE && at != job)
        at = index->lives[at].owner;
    return at != LIFE_NONE;
}

static void job_kill(struct supposing *supposing, uint32_t job)
{
    const struct authority_index *index = &supposing->history->index;

    for (uint32_t slot = 0; slot < index->config.processes; slot++) {
        uint32_t process = authority_life(index, ARENA_PROCESSES, slot, supposing->at.at);
        if (process != LIFE_NONE && is_running(supposing, process) &&
            is_of_job(index, process, job))
            supposing->stops[slot] = STOPS_KILLED;
    }
}

int what_if_run(const struct options *options)
{
    struct history history;
    struct supposing supposing = {.history = &history, .facet = LIFE_NONE};
    const char *verb = options->arguments[1];
    const char *what = options->arguments[2];

    history_open(&history, options, options->arguments[0]);
    supposing.at = moment_asked(&history);
    supposing.stops = zeroed(history.index.config.processes);
    if (supposing.stops == NULL)
        fail(EXIT_REFUSED, history.path, "there is not enough memory");
    usage_open(&supposing.usage, &history);
    if (strcmp(verb, "revoke") == 0)
        supposing.facet = facet_named(&history, what, supposing.at.at);
    else if (strcmp(verb, "kill") == 0)
        supposing.stops[slot_of(&supposing, process_named(&history, what, supposing.at.at))] =
            STOPS_KILLED;
    else if (strcmp(verb, "kill-job") == 0)
        job_kill(&supposing, job_named(&history, what, supposing.at.at));
    else
        fail(EXIT_USAGE, verb, "what can be supposed is: revoke FACET, kill PROCESS, kill-job JOB");
    answer_begin(&supposing.answer, &history, "what-if", supposing.at);
    stops_spread(&supposing);
    rows_put(&supposing);
    answer_end(&supposing.answer);
    usage_close(&supposing.usage);
    free(supposing.stops);
    history_close(&history);
    return 0;
}
