// SPDX-License-Identifier: Apache-2.0
//
// reach: all that a process could come to hold by calls. why-not: why a call is refused, and what
// would let it through.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "abi/ids.h"
#include "abi/ring.h"
#include "lib/authority/denial.h"
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
    struct authority_call call;
    const char *method;
};

static void reason(struct denial *denial, const char *why, const char *words)
{
    ROW(&denial->answer, "reason", "{words}", TEXT("why", why), TEXT("words", words));
}

static const char *facet_words(const struct authority_index *index, uint32_t facet)
{
    struct commit_id id = authority_id(index, ARENA_FACETS, facet);

    return say("facet %u.%u", id.index, id.generation);
}

static const char *seq_words(const struct authority_index *index, uint32_t life)
{
    return say("%s seq %" PRIu64, life_is_before(index, life) ? "before" : "at",
               authority_seq(index, life));
}

static const char *gone_words(const struct denial *denial, const struct authority_denied *denied)
{
    const struct authority_index *index = &denial->history->index;
    bool is_moved = authority_commit(index, denied->since)->kind == COMMIT_HOLD_MOVE;

    return say("it held %s until seq %" PRIu64 ", when it was %s",
               hold_label(denial->history, denied->hold), authority_seq(index, denied->since),
               is_moved ? "moved on" : "given back");
}

static void denied_tell(void *context, const struct authority_denied *denied)
{
    struct denial *denial = context;
    const struct authority_index *index = &denial->history->index;
    bool has_hold = denied->hold != LIFE_NONE;
    const char *cap = has_hold ? cap_label(authority_id(index, ARENA_HOLDS, denied->hold)) : "";

    switch (denied->why) {
    case DENIED_REVOKER:
        reason(denial, "revoker", say("its capability %s revokes, and calls nothing", cap));
        return;
    case DENIED_INTERFACE:
        reason(denial, "interface",
               say("its capability %s is of %s", cap,
                   interface_label(authority_interface(index, index->lives[denied->hold].target))));
        return;
    case DENIED_METHOD:
        reason(denial, "method",
               say("its capability %s does not include the method %s", cap, denial->method));
        return;
    case DENIED_REVOKED:
        reason(denial, "revoked",
               say("its capability %s was revoked %s (%s)", cap, seq_words(index, denied->since),
                   facet_words(index, denied->broken)));
        return;
    case DENIED_EXPIRED:
        reason(denial, "expired",
               say("the lease of its capability %s is over (%s)", cap,
                   facet_words(index, denied->broken)));
        return;
    case DENIED_SESSION:
        reason(denial, "session", "its session is over");
        return;
    case DENIED_NEVER:
        reason(denial, "never", "it holds no capability of this object, and never did");
        return;
    case DENIED_GONE:
        reason(denial, "gone", gone_words(denial, denied));
        return;
    case DENIED_ENDED:
        reason(denial, "gone",
               say("it held %s when it ended", hold_label(denial->history, denied->hold)));
        return;
    case DENIED_DEAD:
        reason(denial, "dead", "the process has ended");
        return;
    case DENIED_BUILDING:
        reason(denial, "building", "the process was not started yet");
        return;
    case DENIED_KILLED:
        reason(denial, "killed", "the process's job was killed");
        return;
    case DENIED_UNSERVED:
        reason(denial, "unserved", "nobody serves the endpoint: calls are disconnected");
        return;
    case DENIED_REASON_COUNT:
        return;
    }
}

// Who could give it by calls, nearest first; only the nearest is named.
static void nearest_giver(struct denial *denial)
{
    const struct history *history = denial->history;
    const struct authority_index *index = &history->index;
    struct reaching reaching;
    uint32_t hold, place;

    reach_begin(&reaching, history, denial->call.process, denial->call.at);
    const struct authority_reach *reach = &reaching.reach;
    if (authority_giver(index, &denial->call, reach, &hold, &place))
        ROW(&denial->answer, "giver",
            "{who} could hand on its capability {cap}, {calls} calls away: {chain}",
            SAY("who", process_label(history, reach->found[place])),
            TEXT("program", program_name(history, reach->found[place])),
            TEXT("cap", cap_label(authority_id(index, ARENA_HOLDS, hold))),
            NUMBER("calls", reach->distance[place]),
            TEXT("chain", chain_words(history, reach, place)));
    else
        reason(denial, "unreachable", "nobody whom it can reach by calls could hand it on");
    free(reaching.storage);
}

// A client's facet: what it was granted, with one method more; else one with this method alone.
static const char *client_text(const struct denial *denial, const char *endpoint)
{
    const struct history *history = denial->history;
    const struct authority_index *index = &history->index;
    uint64_t methods = UINT64_C(1) << denial->call.method;
    const char *name = endpoint;
    const char *list = "";
    struct authority_hold hold;

    for (uint32_t h = authority_first_hold(index, denial->call.process, denial->call.at.at);
         h != LIFE_NONE; h = authority_next_hold(index, h, denial->call.at.at)) {
        authority_hold_of(index, h, &hold);
        if (hold.object != denial->call.object || capability_name(history, &hold) == NULL ||
            authority_interface(index, hold.facet) != denial->call.interface)
            continue;
        name = capability_name(history, &hold);
        methods |= authority_methods(index, hold.facet);
    }
    for (uint32_t number = 0; number < METHODS_MAX; number++) {
        const char *method = method_name(denial->call.interface, number);
        if ((methods >> number & 1) != 0 && method != NULL)
            list = say("%s%s\"%s\"", list, *list == '\0' ? "" : ", ", method);
    }
    return say(
        "{\"name\": \"%s\", \"client\": {\"endpoint\": \"%s\", \"interface\": \"%s\", "
        "\"methods\": [%s]}}",
        name, endpoint, interface_label(denial->call.interface), list);
}

// The grant of the manifest that would let the call through. What the first program was given by
// the machine it can grant; of an endpoint that it made, a client's facet.
static const char *grant_text(const struct denial *denial)
{
    const struct history *history = denial->history;
    const struct authority_index *index = &history->index;
    const char *endpoint = endpoint_name(history, denial->call.object);
    struct authority_hold hold;

    if (endpoint != NULL &&
        denial->call.interface == authority_interface(index, denial->call.object))
        return say("{\"name\": \"%s\", \"server\": \"%s\"}", endpoint, endpoint);
    if (endpoint != NULL)
        return client_text(denial, endpoint);
    for (uint32_t seq = 0; seq < denial->call.at.at; seq++) {
        if (!authority_is_hold(index, seq))
            continue;
        authority_hold_of(index, seq, &hold);
        const char *name = hold.how == HOW_GENESIS ? capability_name(history, &hold) : NULL;
        if (name != NULL && hold.object == denial->call.object && hold.transfer != TRANSFER_NONE)
            return say("{\"name\": \"%s\", \"own\": \"%s\"}", name, name);
    }
    return NULL;
}

static void command(struct denial *denial)
{
    const struct history *history = denial->history;
    const char *program = program_name(history, denial->call.process);
    const char *manifest = history->options->manifest;
    uint32_t place;
    const char *grant =
        manifest_program(history, denial->call.process, &place) ? grant_text(denial) : NULL;

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

    denial->call.at = moment_asked(denial->history);
    denial->call.process =
        process_named(denial->history, options->arguments[1], denial->call.at.at);
    denial->call.object = object_named(denial->history, options->arguments[2], denial->call.at.at);
    denial->call.interface = authority_interface(index, denial->call.object);
    if (dot != NULL && !interface_find(word, (size_t)(dot - word), &denial->call.interface))
        fail(EXIT_REFUSED, word, "names no interface");
    denial->method = dot != NULL ? dot + 1 : word;
    // A method of an interface that a server minted: of whichever has one of that name.
    for (uint32_t f = index->lives[denial->call.object].facets;
         dot == NULL && f != LIFE_NONE &&
         !method_find(denial->call.interface, word, strlen(word), &denial->call.method);
         f = index->lives[f].owner_before)
        denial->call.interface = authority_interface(index, f);
    if (!method_find(denial->call.interface, denial->method, strlen(denial->method),
                     &denial->call.method)) {
        fprintf(stderr, "authority: `%s` is no method of %s; name it as Interface.method\n", word,
                object_label(denial->history, denial->call.object));
        exit(EXIT_REFUSED);
    }
}

int why_not_run(const struct options *options)
{
    struct history history;
    struct denial denial = {.history = &history};

    history_open(&history, options, options->arguments[0]);
    denial_begin(&denial, options);
    answer_begin(&denial.answer, &history, "why-not", denial.call.at);
    if (authority_deny(&history.index, &denial.call, denied_tell, &denial)) {
        reason(&denial, "allowed", "it may: a capability of it includes the method, and works");
    } else {
        nearest_giver(&denial);
        command(&denial);
    }
    answer_end(&denial.answer);
    history_close(&history);
    return 0;
}
