// SPDX-License-Identifier: Apache-2.0
//
// who, path, holds, at, diff: see main.c for what they print. The answers come from lib/authority;
// here they get names.
#include "tools/authority/ask.h"

#include <inttypes.h>
#include <stdlib.h>

const char *const how_words[] = {
    [HOW_GENESIS] = "genesis", [HOW_GRANT] = "grant", [HOW_CALL] = "call",
    [HOW_RETURN] = "return",   [HOW_MINT] = "mint",
};
static const char *const use_words[USE_COUNT] = {
    [USE_WORKS] = "works",
    [USE_REVOKED] = "revoked",
    [USE_EXPIRED] = "expired",
    [USE_SESSION] = "session over",
};
static const char *const stage_words[STAGE_COUNT] = {
    [STAGE_ABSENT] = "dead",
    [STAGE_BUILDING] = "building",
    [STAGE_RUNNING] = "running",
    [STAGE_KILLED] = "killed",
};

static struct field place_of(const struct history *history, const char *name, uint32_t arena,
                             uint32_t life)
{
    if (life == LIFE_NONE)
        return TEXT(name, NULL);
    struct commit_id id = authority_id(&history->index, arena, life);
    return TEXT(name, say("%u.%u", id.index, id.generation));
}

// What the holder may call: of a revoker, revoking.
static const char *permission(const struct history *history, const struct authority_hold *hold)
{
    uint64_t interface = authority_interface(&history->index, hold->facet);

    if (hold->is_revoker)
        return say("the revoker of %s", interface_label(interface));
    return say("%s: %s", interface_label(interface),
               methods_label(interface, authority_methods(&history->index, hold->facet)));
}

void hold_row(struct answer *answer, const struct history *history, uint32_t life,
              struct authority_at at, const char *kind, const char *mark)
{
    const struct authority_index *index = &history->index;
    struct authority_hold hold;

    authority_hold_of(index, life, &hold);
    uint64_t interface = authority_interface(index, hold.facet);
    const char *name = capability_name(history, &hold);
    enum authority_use use = authority_hold_use(index, life, at);
    ROW(answer, kind,
        "{mark}{who}  {cap}{quoted}  {what}  of {target}, facet {facet}, since seq {since}, by "
        "{how}{state}",
        SAY("mark", mark), SAY("who", process_label(history, hold.process)),
        place_of(history, "process", ARENA_PROCESSES, hold.process),
        TEXT("program", program_name(history, hold.process)), TEXT("cap", cap_label(hold.id)),
        TEXT("name", name), SAY("quoted", name == NULL ? "" : say(" `%s`", name)),
        SAY("what", permission(history, &hold)), TEXT("interface", interface_label(interface)),
        TEXT("methods", say("0x%" PRIx64, authority_methods(index, hold.facet))),
        SAY("target", object_label(history, hold.object)),
        place_of(history, "object", ARENA_OBJECTS, hold.object),
        place_of(history, "facet", ARENA_FACETS, hold.facet), BOOL("revoker", hold.is_revoker),
        NUMBER("since", authority_seq(index, life)),
        life_is_before(index, life) ? TEXT("since_ns", NULL)
                                    : NUMBER("since_ns", authority_commit(index, life)->time_ns),
        TEXT("how", hold.how <= HOW_MINT ? how_words[hold.how] : "unknown"),
        TEXT("use", use_words[use]),
        SAY("state", use == USE_WORKS ? "" : say(", %s", use_words[use])));
}

// --- who ----------------------------------------------------------------------------------------

struct asking {
    struct answer answer;
    const struct history *history;
    struct authority_at at;
};

static void who_put(void *context, uint32_t hold)
{
    struct asking *asking = context;

    hold_row(&asking->answer, asking->history, hold, asking->at, "holder", "");
}

int who_run(const struct options *options)
{
    struct history history;
    struct asking asking = {.history = &history};

    history_open(&history, options, options->arguments[0]);
    asking.at = moment_asked(&history);
    uint32_t object = object_named(&history, options->arguments[1], asking.at.at);
    answer_begin(&asking.answer, &history, "who", asking.at);
    if (life_is_there(&history.index, object, asking.at.at))
        authority_who(&history.index, object, asking.at, who_put, &asking);
    if (asking.answer.rows == 0 && !options->json)
        printf("nobody could call %s then\n", object_label(&history, object));
    answer_end(&asking.answer);
    history_close(&history);
    return 0;
}

// --- path ---------------------------------------------------------------------------------------

// How a hold came to be, in words.
static const char *step_words(const struct history *history, const struct authority_hold *hold)
{
    const struct authority_index *index = &history->index;
    uint32_t from = hold->origin == LIFE_NONE ? LIFE_NONE : index->lives[hold->origin].owner;
    uint32_t actor = authority_life(index, ARENA_PROCESSES,
                                    authority_commit(index, hold->life)->actor, hold->life);
    const char *moved = hold->was_moved ? ", moved" : "";

    if (hold->is_before)
        return say("before seq %" PRIu64 ", where this log begins", index->base_seq);
    if (hold->is_foreign)
        return "from a hold that this log does not have";
    if (hold->how == HOW_GENESIS)
        return "from the machine's genesis";
    if (hold->how == HOW_GRANT)
        return say("granted by %s before it started", process_label(history, actor));
    if (hold->how == HOW_CALL)
        return say("passed in a call by %s%s", process_label(history, from), moved);
    if (hold->how == HOW_MINT)
        return "a facet that it made of what it held";
    return from == hold->process ? "made for it by an object that it called"
                                 : say("returned by %s%s", process_label(history, from), moved);
}

static void step_row(struct answer *answer, const struct history *history, uint64_t path,
                     uint64_t step, const struct authority_hold *hold)
{
    const struct authority_index *index = &history->index;
    const struct commit *commit = authority_commit(index, hold->life);
    uint32_t session = authority_acted_for(index, hold);
    uint64_t interface = authority_interface(index, hold->facet);

    ROW(answer, "step",
        "  {step}. seq {seq}, {when}: {who} holds {cap}, {what}, facet {facet}: {words}; for "
        "{session}",
        NUMBER("path", path), NUMBER("step", step), NUMBER("seq", authority_seq(index, hold->life)),
        hold->is_before ? TEXT("time_ns", NULL) : NUMBER("time_ns", commit->time_ns),
        SAY("when",
            hold->is_before ? "at an unknown time" : say("%" PRIu64 " ns", commit->time_ns)),
        SAY("who", process_label(history, hold->process)),
        place_of(history, "process", ARENA_PROCESSES, hold->process),
        TEXT("program", program_name(history, hold->process)), TEXT("cap", cap_label(hold->id)),
        SAY("what", permission(history, hold)), TEXT("interface", interface_label(interface)),
        TEXT("methods", say("0x%" PRIx64, authority_methods(index, hold->facet))),
        place_of(history, "facet", ARENA_FACETS, hold->facet),
        TEXT("how", hold->how <= HOW_MINT ? how_words[hold->how] : "unknown"),
        BOOL("moved", hold->was_moved), BOOL("foreign", hold->is_foreign),
        SAY("words", step_words(history, hold)),
        place_of(history, "acted_for", ARENA_SESSIONS, session),
        TEXT("lineage", hold->is_before ? NULL : session_label(history, session)),
        SAY("session", hold->is_before ? "whom is not known" : session_label(history, session)));
}

static void path_rows(struct answer *answer, const struct history *history, uint64_t path,
                      uint32_t life)
{
    struct authority_hold hold;

    for (uint64_t step = 1; life != LIFE_NONE; step++) {
        authority_hold_of(&history->index, life, &hold);
        step_row(answer, history, path, step, &hold);
        life = hold.origin;
    }
}

int path_run(const struct options *options)
{
    struct history history;
    struct answer answer;
    uint64_t paths = 0;

    history_open(&history, options, options->arguments[0]);
    const struct authority_index *index = &history.index;
    struct authority_at at = moment_asked(&history);
    uint32_t process = process_named(&history, options->arguments[1], at.at);
    uint32_t object = object_named(&history, options->arguments[2], at.at);
    answer_begin(&answer, &history, "path", at);
    for (uint32_t h = authority_first_hold(index, process, at.at); h != LIFE_NONE;
         h = authority_next_hold(index, h, at.at)) {
        if (index->lives[index->lives[h].target].owner != object)
            continue;
        if (!options->json)
            printf("path %" PRIu64 ", which %s:\n", paths + 1,
                   use_words[authority_hold_use(index, h, at)]);
        path_rows(&answer, &history, ++paths, h);
    }
    if (paths == 0 && !options->json)
        printf("%s (%s then) held nothing that reaches %s\n", process_label(&history, process),
               stage_words[authority_stage_of(index, process, at.at)],
               object_label(&history, object));
    answer_end(&answer);
    history_close(&history);
    return 0;
}

// --- holds, at ----------------------------------------------------------------------------------

static void process_rows(struct answer *answer, const struct history *history, uint32_t process,
                         struct authority_at at)
{
    const struct authority_index *index = &history->index;

    for (uint32_t h = authority_first_hold(index, process, at.at); h != LIFE_NONE;
         h = authority_next_hold(index, h, at.at))
        hold_row(answer, history, h, at, "hold", "");
}

int holds_run(const struct options *options)
{
    struct history history;
    struct answer answer;

    history_open(&history, options, options->arguments[0]);
    struct authority_at at = moment_asked(&history);
    uint32_t process = process_named(&history, options->arguments[1], at.at);
    answer_begin(&answer, &history, "holds", at);
    process_rows(&answer, &history, process, at);
    if (answer.rows == 0 && !options->json)
        printf("%s (%s then) held nothing\n", process_label(&history, process),
               stage_words[authority_stage_of(&history.index, process, at.at)]);
    answer_end(&answer);
    history_close(&history);
    return 0;
}

int at_run(const struct options *options)
{
    struct history history;
    struct answer answer;

    history_open(&history, options, options->arguments[0]);
    const struct authority_index *index = &history.index;
    struct authority_at at = moment_of(&history, options->arguments[1]);
    answer_begin(&answer, &history, "at", at);
    for (uint32_t slot = 0; slot < index->config.processes; slot++) {
        uint32_t process = authority_life(index, ARENA_PROCESSES, slot, at.at);
        if (process == LIFE_NONE || authority_stage_of(index, process, at.at) == STAGE_ABSENT)
            continue;
        uint32_t session = authority_session(index, process, at.at);
        ROW(&answer, "process", "{who}, {stage}, {words}",
            SAY("who", process_label(&history, process)),
            place_of(&history, "process", ARENA_PROCESSES, process),
            TEXT("program", program_name(&history, process)),
            TEXT("stage", stage_words[authority_stage_of(index, process, at.at)]),
            place_of(&history, "session", ARENA_SESSIONS, session),
            SAY("words", session_label(&history, session)));
        process_rows(&answer, &history, process, at);
    }
    answer_end(&answer);
    history_close(&history);
    return 0;
}

// --- diff ---------------------------------------------------------------------------------------

static void process_change(struct answer *answer, const struct history *history, uint32_t process,
                           struct authority_at from, struct authority_at to)
{
    enum authority_stage before = authority_stage_of(&history->index, process, from.at);
    enum authority_stage after = authority_stage_of(&history->index, process, to.at);

    if (before != after)
        ROW(answer, "process", "  {who}: {before}, then {after}",
            SAY("who", process_label(history, process)),
            place_of(history, "process", ARENA_PROCESSES, process),
            TEXT("program", program_name(history, process)), TEXT("before", stage_words[before]),
            TEXT("after", stage_words[after]));
}

static void hold_change(struct answer *answer, const struct history *history, uint32_t hold,
                        struct authority_at from, struct authority_at to)
{
    const struct authority_index *index = &history->index;
    bool before = authority_hold_counts(index, hold, from.at);
    bool after = authority_hold_counts(index, hold, to.at);

    if (before != after)
        hold_row(answer, history, hold, after ? to : from, after ? "gained" : "lost",
                 after ? "+ " : "- ");
    else if (before && authority_hold_use(index, hold, from) != authority_hold_use(index, hold, to))
        hold_row(answer, history, hold, to, "changed", "~ ");
}

int diff_run(const struct options *options)
{
    struct history history;
    struct answer answer;

    history_open(&history, options, options->arguments[0]);
    struct authority_at from = moment_of(&history, options->arguments[1]);
    struct authority_at to = moment_of(&history, options->arguments[2]);
    answer_begin(&answer, &history, "diff", to);
    if (!options->json)
        printf("since seq %" PRIu64 ", %" PRIu64 " ns:\n", authority_seq(&history.index, from.at),
               from.now_ns);
    uint32_t end = from.at > to.at ? from.at : to.at;
    for (uint32_t life = 0; life < end; life++) {
        uint16_t kind = authority_commit(&history.index, life)->kind;
        if (kind == COMMIT_PROCESS_CREATE)
            process_change(&answer, &history, life, from, to);
        else if (kind == COMMIT_HOLD_INSERT || kind == COMMIT_HOLD_MOVE)
            hold_change(&answer, &history, life, from, to);
    }
    answer_end(&answer);
    history_close(&history);
    return 0;
}
