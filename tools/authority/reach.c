// SPDX-License-Identifier: Apache-2.0
//
// reach: all that a process could come to hold by calls. why-not: why a call is refused, and what
// would let it through.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "abi/ids.h"
#include "abi/ring.h"
#include "lib/authority/reach.h"
#include "tools/authority/ask.h"

struct reaching {
    struct authority_reach reach;
    void *storage;
};

static void reach_begin(struct reaching *reaching, const struct history *history, uint32_t process,
                        struct authority_at at)
{
    reaching->storage = zeroed((size_t)authority_reach_size(&history->index.config));
    if (reaching->storage == NULL)
        fail(EXIT_REFUSED, history->path, "there is not enough memory");
    authority_reach(&reaching->reach, &history->index, process, at, reaching->storage);
}

// The calls by which it goes, from the process to a place: "ping - pong - keeper".
static const char *chain_words(const struct history *history, const struct authority_reach *reach,
                               uint32_t place)
{
    const char *text = process_label(history, reach->found[place]);

    while (place != 0) {
        place = reach->from[place];
        text = say("%s - %s", process_label(history, reach->found[place]), text);
    }
    return text;
}

int reach_run(const struct options *options)
{
    struct history history;
    struct reaching reaching;
    struct answer answer;

    history_open(&history, options, options->arguments[0]);
    const struct authority_index *index = &history.index;
    const struct authority_reach *reach = &reaching.reach;
    struct authority_at at = moment_asked(&history);
    uint32_t process = process_named(&history, options->arguments[1], at.at);
    reach_begin(&reaching, &history, process, at);
    answer_begin(&answer, &history, "reach", at);
    if (!options->json)
        puts("an upper bound: if everybody handed on, over calls, all that may be handed on");
    for (uint32_t place = 0; place < reach->count; place++) {
        struct commit_id id = authority_id(index, ARENA_PROCESSES, reach->found[place]);
        ROW(&answer, "process", "{calls} calls: {chain}", NUMBER("calls", reach->distance[place]),
            TEXT("process", say("%u.%u", id.index, id.generation)),
            SAY("chain", chain_words(&history, reach, place)));
        for (uint32_t h = authority_first_hold(index, reach->found[place], at.at); h != LIFE_NONE;
             h = authority_next_hold(index, h, at.at)) {
            if (authority_may_come(reach, index, h, at))
                hold_row(&answer, &history, h, at, "reach", "  ");
        }
    }
    answer_end(&answer);
    free(reaching.storage);
    history_close(&history);
    return 0;
}

// --- why-not ------------------------------------------------------------------------------------

struct denial {
    const struct history *history;
    struct answer answer;
    struct authority_at at;
    uint32_t process, object, number; // of the method
    uint64_t interface;
    const char *method;
    bool is_allowed, is_served;
};

static void reason(struct denial *denial, const char *why, const char *words)
{
    ROW(&denial->answer, "reason", "{words}", TEXT("why", why), TEXT("words", words));
}

// What is wrong with one hold of the object.
static void hold_denied(struct denial *denial, uint32_t life)
{
    const struct authority_index *index = &denial->history->index;
    struct authority_hold hold;
    uint32_t broken;

    authority_hold_of(index, life, &hold);
    enum authority_use use = authority_hold_use(index, life, denial->at);
    const char *cap = cap_label(hold.id);
    authority_facet_use(index, hold.facet, denial->at, &broken);
    struct commit_id facet =
        broken == LIFE_NONE ? (struct commit_id){0, 0} : authority_id(index, ARENA_FACETS, broken);
    if (hold.is_revoker)
        reason(denial, "revoker", say("its capability %s revokes, and calls nothing", cap));
    else if (authority_interface(index, hold.facet) != denial->interface)
        reason(denial, "interface",
               say("its capability %s is of %s", cap,
                   interface_label(authority_interface(index, hold.facet))));
    else if ((authority_methods(index, hold.facet) >> denial->number & 1) == 0)
        reason(denial, "method",
               say("its capability %s does not include the method %s", cap, denial->method));
    else if (use == USE_REVOKED)
        reason(denial, "revoked",
               say("its capability %s was revoked %s%" PRIu64 " (facet %u.%u)", cap,
                   life_is_before(index, index->lives[broken].over) ? "before seq " : "at seq ",
                   authority_seq(index, index->lives[broken].over), facet.index, facet.generation));
    else if (use == USE_EXPIRED)
        reason(denial, "expired",
               say("the lease of its capability %s is over (facet %u.%u)", cap, facet.index,
                   facet.generation));
    else if (use == USE_SESSION)
        reason(denial, "session", "its session is over");
    else
        denial->is_allowed = true;
}

// When the process last held it, where it doesn't.
static void last_held(struct denial *denial)
{
    const struct authority_index *index = &denial->history->index;
    uint32_t h = index->lives[denial->process].holds;

    while (h != LIFE_NONE &&
           (h >= denial->at.at || index->lives[index->lives[h].target].owner != denial->object))
        h = index->lives[h].owner_before;
    if (h == LIFE_NONE) {
        reason(denial, "never", "it holds no capability of this object, and never did");
        return;
    }
    uint32_t end = index->lives[h].end;
    const char *what = hold_label(denial->history, h);
    if (life_is_there(index, h, denial->at.at))
        reason(denial, "gone", say("it held %s when it ended", what));
    else
        reason(denial, "gone",
               say("it held %s until seq %" PRIu64 ", when it was %s", what,
                   authority_seq(index, end),
                   authority_commit(index, end)->kind == COMMIT_HOLD_MOVE ? "moved on"
                                                                          : "given back"));
}

static void stage_denied(struct denial *denial)
{
    enum authority_stage stage =
        authority_stage_of(&denial->history->index, denial->process, denial->at.at);

    if (stage == STAGE_ABSENT)
        reason(denial, "dead", "the process has ended");
    else if (stage == STAGE_BUILDING)
        reason(denial, "building", "the process was not started yet");
    else if (stage == STAGE_KILLED)
        reason(denial, "killed", "the process's job was killed");
}

static bool has_it(const struct denial *denial, uint32_t hold)
{
    const struct authority_index *index = &denial->history->index;
    uint32_t facet = index->lives[hold].target;

    return index->lives[facet].owner == denial->object &&
           authority_commit(index, index->lives[hold].changes)->hold_insert.revoker == 0 &&
           authority_interface(index, facet) == denial->interface &&
           (authority_methods(index, facet) >> denial->number & 1) != 0 &&
           authority_hold_use(index, hold, denial->at) == USE_WORKS;
}

static void server_found(void *context, uint32_t hold)
{
    struct denial *denial = context;

    denial->is_served =
        denial->is_served ||
        authority_is_server(&denial->history->index, denial->history->index.lives[hold].target);
}

// A client may call, and nobody is there who would answer.
static void unserved(struct denial *denial)
{
    const struct authority_index *index = &denial->history->index;

    if (authority_object_kind(index, denial->object) != OBJECT_ENDPOINT)
        return;
    if (life_is_there(index, denial->object, denial->at.at))
        authority_who(index, denial->object, denial->at, server_found, denial);
    if (!denial->is_served)
        reason(denial, "unserved", "nobody serves the endpoint: calls are disconnected");
}

// Who could give it by calls, nearest first; only the nearest is named.
static void nearest_giver(struct denial *denial)
{
    const struct history *history = denial->history;
    const struct authority_index *index = &history->index;
    struct reaching reaching;

    reach_begin(&reaching, history, denial->process, denial->at);
    const struct authority_reach *reach = &reaching.reach;
    for (uint32_t place = 1; place < reach->count; place++) {
        for (uint32_t h = authority_first_hold(index, reach->found[place], denial->at.at);
             h != LIFE_NONE; h = authority_next_hold(index, h, denial->at.at)) {
            if (!has_it(denial, h) || !authority_may_come(reach, index, h, denial->at))
                continue;
            struct commit_id id = authority_id(index, ARENA_HOLDS, h);
            ROW(&denial->answer, "giver",
                "{who} could hand on its capability {cap}, {calls} calls away: {chain}",
                SAY("who", process_label(history, reach->found[place])),
                TEXT("program", program_name(history, reach->found[place])),
                TEXT("cap", cap_label(id)), NUMBER("calls", reach->distance[place]),
                TEXT("chain", chain_words(history, reach, place)));
            free(reaching.storage);
            return;
        }
    }
    free(reaching.storage);
    reason(denial, "unreachable", "nobody whom it can reach by calls could hand it on");
}

// A client's facet: what it was granted, with one method more; else one with this method alone.
static const char *client_text(const struct denial *denial, const char *endpoint)
{
    const struct history *history = denial->history;
    const struct authority_index *index = &history->index;
    uint64_t methods = UINT64_C(1) << denial->number;
    const char *name = endpoint;
    const char *list = "";
    struct authority_hold hold;

    for (uint32_t h = authority_first_hold(index, denial->process, denial->at.at); h != LIFE_NONE;
         h = authority_next_hold(index, h, denial->at.at)) {
        authority_hold_of(index, h, &hold);
        if (hold.object != denial->object || capability_name(history, &hold) == NULL ||
            authority_interface(index, hold.facet) != denial->interface)
            continue;
        name = capability_name(history, &hold);
        methods |= authority_methods(index, hold.facet);
    }
    for (uint32_t number = 0; number < METHODS_MAX; number++) {
        const char *method = method_name(denial->interface, number);
        if ((methods >> number & 1) != 0 && method != NULL)
            list = say("%s%s\"%s\"", list, *list == '\0' ? "" : ", ", method);
    }
    return say(
        "{\"name\": \"%s\", \"client\": {\"endpoint\": \"%s\", \"interface\": \"%s\", "
        "\"methods\": [%s]}}",
        name, endpoint, interface_label(denial->interface), list);
}

// The grant of the manifest that would let the call through. What the first program was given by
// the machine it can grant; of an endpoint that it made, a client's facet.
static const char *grant_text(const struct denial *denial)
{
    const struct history *history = denial->history;
    const struct authority_index *index = &history->index;
    const char *endpoint = endpoint_name(history, denial->object);
    struct authority_hold hold;

    if (endpoint != NULL && denial->interface == authority_interface(index, denial->object))
        return say("{\"name\": \"%s\", \"server\": \"%s\"}", endpoint, endpoint);
    if (endpoint != NULL)
        return client_text(denial, endpoint);
    for (uint32_t seq = 0; seq < denial->at.at; seq++) {
        if (!authority_is_hold(index, seq))
            continue;
        authority_hold_of(index, seq, &hold);
        const char *name = hold.how == HOW_GENESIS ? capability_name(history, &hold) : NULL;
        if (name != NULL && hold.object == denial->object && hold.transfer != TRANSFER_NONE)
            return say("{\"name\": \"%s\", \"own\": \"%s\"}", name, name);
    }
    return NULL;
}

static void command(struct denial *denial)
{
    const struct history *history = denial->history;
    const char *program = program_name(history, denial->process);
    const char *manifest = history->options->manifest;
    uint32_t place;
    const char *grant =
        manifest_program(history, denial->process, &place) ? grant_text(denial) : NULL;

    if (grant == NULL) {
        reason(denial, "no-command",
               "no line of a manifest would give it: the process was not started from one that is "
               "at hand, or the object is none that the first program can grant");
        return;
    }
    ROW(&denial->answer, "command", "{command}",
        TEXT("command", say("authority set-grant %s %u '%s'",
                            manifest != NULL ? manifest : "MANIFEST", place, grant)),
        TEXT("program", program), NUMBER("place", place), TEXT("grant", grant));
}

static void denial_begin(struct denial *denial, const struct options *options)
{
    const struct authority_index *index = &denial->history->index;
    const char *word = options->arguments[3];
    const char *dot = strchr(word, '.');

    denial->at = moment_asked(denial->history);
    denial->process = process_named(denial->history, options->arguments[1], denial->at.at);
    denial->object = object_named(denial->history, options->arguments[2], denial->at.at);
    denial->interface = authority_interface(index, denial->object);
    if (dot != NULL && !interface_find(word, (size_t)(dot - word), &denial->interface))
        fail(EXIT_REFUSED, word, "names no interface");
    denial->method = dot != NULL ? dot + 1 : word;
    // A method of an interface that a server minted: of whichever has one of that name.
    for (uint32_t f = index->lives[denial->object].facets;
         dot == NULL && f != LIFE_NONE &&
         !method_find(denial->interface, word, strlen(word), &denial->number);
         f = index->lives[f].owner_before)
        denial->interface = authority_interface(index, f);
    if (!method_find(denial->interface, denial->method, strlen(denial->method), &denial->number)) {
        fprintf(stderr, "authority: `%s` is no method of %s; name it as Interface.method\n", word,
                object_label(denial->history, denial->object));
        exit(EXIT_REFUSED);
    }
}

int why_not_run(const struct options *options)
{
    struct history history;
    struct denial denial = {.history = &history};

    history_open(&history, options, options->arguments[0]);
    denial_begin(&denial, options);
    const struct authority_index *index = &history.index;
    answer_begin(&denial.answer, &history, "why-not", denial.at);
    stage_denied(&denial);
    uint32_t held = 0;
    for (uint32_t h = authority_first_hold(index, denial.process, denial.at.at); h != LIFE_NONE;
         h = authority_next_hold(index, h, denial.at.at)) {
        if (index->lives[index->lives[h].target].owner != denial.object)
            continue;
        held++;
        hold_denied(&denial, h);
    }
    if (held == 0)
        last_held(&denial);
    unserved(&denial);
    if (denial.is_allowed &&
        authority_stage_of(index, denial.process, denial.at.at) == STAGE_RUNNING) {
        reason(&denial, "allowed", "it may: a capability of it includes the method, and works");
    } else {
        nearest_giver(&denial);
        command(&denial);
    }
    answer_end(&denial.answer);
    history_close(&history);
    return 0;
}
