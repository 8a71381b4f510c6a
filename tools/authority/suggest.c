// SPDX-License-Identifier: Apache-2.0
//
// suggest: which grants of a manifest, and which methods of them, a run used, and the manifest with
// those alone. It is never applied by itself.
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "abi/ids.h"
#include "lib/authority/grant.h"
#include "tools/authority/ask.h"
#include "tools/authority/manifest.h"
#include "tools/authority/usage.h"

struct suggesting {
    const struct history *history;
    struct usage usage;
    struct answer answer;
    uint32_t process; // LIFE_NONE: all of the manifest
    uint64_t methods, used_methods, grants, used_grants;
};

static bool use_at(void *context, uint32_t place, uint32_t *process, uint32_t *facet,
                   uint64_t *methods)
{
    const struct usage *usage = context;

    if (place >= usage->count)
        return false;
    *process = usage->uses[place].process;
    *facet = usage->uses[place].facet;
    *methods = usage->uses[place].methods;
    return true;
}

static struct authority_grant grant_verdict(struct suggesting *suggesting,
                                            const struct authority_hold *hold)
{
    const struct authority_uses uses = {use_at, &suggesting->usage};

    return authority_grant_of(&suggesting->history->index, hold, &uses);
}

// The hold that came of a grant of the manifest, the first time that it was given.
static uint32_t hold_of_grant(const struct suggesting *suggesting, uint32_t program, uint32_t grant)
{
    const struct history *history = suggesting->history;
    struct authority_hold hold;
    uint32_t of_program, of_grant;

    for (uint32_t seq = 0; seq < history->index.count; seq++) {
        const struct commit *commit = authority_commit(&history->index, seq);
        if (commit->kind != COMMIT_HOLD_INSERT || commit->hold_insert.how != HOW_GRANT)
            continue;
        authority_hold_of(&history->index, seq, &hold);
        if (manifest_grant(history, &hold, &of_program, &of_grant) && of_program == program &&
            of_grant == grant)
            return seq;
    }
    return LIFE_NONE;
}

static uint32_t bits(uint64_t methods)
{
    return (uint32_t)__builtin_popcountll(methods);
}

static void grant_row(struct suggesting *suggesting, const struct authority_hold *hold)
{
    const struct history *history = suggesting->history;
    struct authority_grant verdict = grant_verdict(suggesting, hold);
    uint64_t interface = authority_interface(&history->index, hold->facet);
    uint64_t all = authority_methods(&history->index, hold->facet) & interface_methods(interface);
    uint64_t used = all & verdict.methods;
    const char *name = capability_name(history, hold);

    suggesting->grants++;
    suggesting->used_grants += verdict.is_used;
    suggesting->methods += bits(all);
    suggesting->used_methods += bits(used);
    ROW(&suggesting->answer, "grant", "{who} `{name}`: {words}",
        SAY("who", process_label(history, hold->process)),
        TEXT("program", program_name(history, hold->process)), TEXT("name", name),
        TEXT("interface", interface_label(interface)), BOOL("used", verdict.is_used),
        BOOL("handed_on", verdict.is_handed_on), TEXT("methods", say("0x%" PRIx64, all)),
        TEXT("used_methods", say("0x%" PRIx64, used)),
        SAY("words", !verdict.is_used
                         ? "not used"
                         : say("used%s: %s of %s%s%s", verdict.is_handed_on ? ", handed on" : "",
                               methods_label(interface, used), interface_label(interface),
                               used == all ? "" : "; not used: ",
                               used == all ? "" : methods_label(interface, all & ~used))));
}

// --- The manifest -------------------------------------------------------------------------------

static const char *method_list(uint64_t interface, uint64_t methods)
{
    const char *list = "";

    for (uint32_t number = 0; number < METHODS_MAX; number++) {
        const char *name = method_name(interface, number);
        if ((methods >> number & 1) != 0 && name != NULL)
            list = say("%s%s\"%s\"", list, *list == '\0' ? "" : ", ", name);
    }
    return list;
}

static const char *grant_changed(void *context, uint32_t program, uint32_t grant, const char *text)
{
    struct suggesting *suggesting = context;
    const struct authority_index *index = &suggesting->history->index;
    uint32_t life = hold_of_grant(suggesting, program, grant);
    struct authority_hold hold;

    if (life == LIFE_NONE)
        return text; // it was never given: nothing is known of it
    authority_hold_of(index, life, &hold);
    if (suggesting->process != LIFE_NONE && suggesting->process != hold.process)
        return text;
    struct authority_grant verdict = grant_verdict(suggesting, &hold);
    if (!verdict.is_used)
        return NULL;
    if (authority_methods(index, hold.facet) == UINT64_MAX)
        return text;
    return grant_with_methods(text,
                              method_list(authority_interface(index, hold.facet),
                                          authority_methods(index, hold.facet) & verdict.methods));
}

static void manifest_suggest(struct suggesting *suggesting)
{
    const struct options *options = suggesting->history->options;
    struct manifest manifest;

    if (options->manifest == NULL)
        return;
    if (suggesting->usage.is_cut)
        fail(EXIT_REFUSED, options->manifest,
             "no smaller one is written: older records are missing from the SysLog, so what looks "
             "unused may be needed");
    if (options->out == NULL)
        fail(EXIT_USAGE, options->manifest, "where is the new one to be written? (--out)");
    manifest_open(&manifest, options->manifest);
    FILE *out = fopen(options->out, "wb");
    if (out == NULL)
        fail(EXIT_REFUSED, options->out, strerror(errno));
    manifest_write(&manifest, out, grant_changed, suggesting, 0, NULL);
    if (ferror(out) != 0 || fclose(out) != 0)
        fail(EXIT_REFUSED, options->out, "can't be written as a whole");
    manifest_close(&manifest);
}

int suggest_run(const struct options *options)
{
    struct history history;
    struct suggesting suggesting = {.history = &history, .process = LIFE_NONE};
    struct authority_hold hold;
    uint32_t program, grant;

    history_open_whole(&history, options, options->arguments[0],
                       "begins with a checkpoint: what was granted at first is not in it");
    struct authority_at at = authority_at_seq(&history.index, history.index.count);
    if (options->argument_count > 1)
        suggesting.process = process_named(&history, options->arguments[1], at.at);
    usage_open(&suggesting.usage, &history);
    if (!suggesting.usage.is_known)
        fail(EXIT_REFUSED, history.path, usage_words(&suggesting.usage));
    if (!names_has_package(&history))
        fail(
            EXIT_REFUSED, history.path,
            "there is no boot package beside it (--package): which grants there were is not known");
    answer_begin(&suggesting.answer, &history, "suggest", at);
    for (uint32_t seq = 0; seq < history.index.count; seq++) {
        if (!authority_is_hold(&history.index, seq))
            continue;
        authority_hold_of(&history.index, seq, &hold);
        if (manifest_grant(&history, &hold, &program, &grant) &&
            (suggesting.process == LIFE_NONE || suggesting.process == hold.process))
            grant_row(&suggesting, &hold);
    }
    ROW(&suggesting.answer, "coverage",
        "{used_grants} of {grants} grants used, {used_methods} of {methods} methods; {source}",
        NUMBER("used_grants", suggesting.used_grants), NUMBER("grants", suggesting.grants),
        NUMBER("used_methods", suggesting.used_methods), NUMBER("methods", suggesting.methods),
        TEXT("source", usage_words(&suggesting.usage)), BOOL("cut", suggesting.usage.is_cut));
    answer_end(&suggesting.answer);
    manifest_suggest(&suggesting);
    usage_close(&suggesting.usage);
    history_close(&history);
    return 0;
}
