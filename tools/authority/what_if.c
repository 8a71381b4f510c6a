// SPDX-License-Identifier: Apache-2.0
//
// what-if: who would be stopped by a revocation, or by the end of a process or job: whoever used
// what would be gone, as far as the SysLog says, and whoever used what those serve alone.
#include <stdlib.h>
#include <string.h>

#include "lib/authority/suppose.h"
#include "tools/authority/ask.h"
#include "tools/authority/usage.h"

static const char *const stop_words[] = {
    [STOPS_USES] = "uses", [STOPS_KILLED] = "killed", [STOPS_DEPENDS] = "depends"};

struct supposing {
    const struct history *history;
    struct usage usage;
    struct answer answer;
    struct authority_supposition what;
};

static bool use_at(void *context, uint32_t place, uint32_t *process, uint32_t *facet)
{
    const struct usage *usage = context;

    if (place >= usage->count)
        return false;
    *process = usage->uses[place].process;
    *facet = usage->uses[place].facet;
    return true;
}

static void rows_put(struct supposing *supposing)
{
    const struct history *history = supposing->history;
    const struct authority_index *index = &history->index;
    uint64_t stopped = 0;

    for (uint32_t slot = 0; slot < index->config.processes; slot++) {
        uint32_t process = authority_life(index, ARENA_PROCESSES, slot, supposing->what.at.at);
        if (supposing->what.stops[slot] == STOPS_NOT || process == LIFE_NONE)
            continue;
        struct commit_id id = authority_id(index, ARENA_PROCESSES, process);
        stopped++;
        ROW(&supposing->answer, "stops", "{who} would be stopped: {why}",
            SAY("who", process_label(history, process)),
            TEXT("process", say("%u.%u", id.index, id.generation)),
            TEXT("program", program_name(history, process)),
            TEXT("why", stop_words[supposing->what.stops[slot]]));
    }
    for (uint32_t h = 0; supposing->what.facet != LIFE_NONE && h < supposing->what.at.at; h++) {
        if (authority_is_hold(index, h) && authority_hold_counts(index, h, supposing->what.at.at) &&
            authority_is_made_from(index, index->lives[h].target, supposing->what.facet))
            hold_row(&supposing->answer, history, h, supposing->what.at, "loses",
                     "would not work: ");
    }
    ROW(&supposing->answer, "source",
        "{stopped} processes; {source}; which services the service manager would stop with them "
        "stands in no log",
        NUMBER("stopped", stopped), TEXT("source", usage_words(&supposing->usage)));
}

int what_if_run(const struct options *options)
{
    struct history history;
    struct supposing supposing = {.history = &history};
    const char *verb = options->arguments[1];
    const char *what = options->arguments[2];

    history_open(&history, options, options->arguments[0]);
    supposing.what = (struct authority_supposition){.index = &history.index,
                                                    .at = moment_asked(&history),
                                                    .facet = LIFE_NONE,
                                                    .use = use_at,
                                                    .context = &supposing.usage};
    uint32_t at = supposing.what.at.at;
    supposing.what.stops = zeroed(history.index.config.processes);
    if (supposing.what.stops == NULL)
        fail(EXIT_REFUSED, history.path, "there is not enough memory");
    usage_open(&supposing.usage, &history);
    if (strcmp(verb, "revoke") == 0)
        supposing.what.facet = facet_named(&history, what, at);
    else if (strcmp(verb, "kill") == 0)
        authority_suppose_process(&supposing.what, process_named(&history, what, at));
    else if (strcmp(verb, "kill-job") == 0)
        authority_suppose_job(&supposing.what, job_named(&history, what, at));
    else
        fail(EXIT_USAGE, verb, "what can be supposed is: revoke FACET, kill PROCESS, kill-job JOB");
    answer_begin(&supposing.answer, &history, "what-if", supposing.what.at);
    authority_suppose(&supposing.what);
    rows_put(&supposing);
    answer_end(&supposing.answer);
    usage_close(&supposing.usage);
    free(supposing.what.stops);
    history_close(&history);
    return 0;
}
