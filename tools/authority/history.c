// SPDX-License-Identifier: Apache-2.0
//
// A log, verified before anything is said of it: chain, every commit, digests, head; and its index,
// made in the same pass.
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tools/authority/authority.h"
#include "tools/authority/names.h"

static _Noreturn void refuse(const struct history *history, const struct replay_error *error)
{
    fprintf(stderr, "authority: %s: ", history->path);
    error_print(stderr, error, &history->log);
    exit(EXIT_REFUSED);
}

void replay_begin(struct replay *replay, const struct history *history)
{
    struct state_config config;
    struct replay_error error = replay_config(&history->log.pages[0], &config);

    if (error.fault != REPLAY_OK)
        refuse(history, &error);
    void *storage = zeroed((size_t)state_size(&config));
    if (storage == NULL)
        fail(EXIT_REFUSED, history->path, "its state is too large for this machine's memory");
    replay_init(replay, &config, storage);
}

void replay_free(struct replay *replay)
{
    free(replay->state.sessions); // the first arena: where the storage begins
}

static void index_begin(struct history *history)
{
    const struct replay_log *log = &history->log;
    const struct state_config *config = &history->replay.state.config;
    uint64_t commits = 0;

    for (uint64_t i = 0; i < log->page_count; i++)
        commits += log->pages[i].header.count;
    if (commits > AUTHORITY_COMMITS_MAX)
        fail(EXIT_REFUSED, history->path, "has more commits than this tool has numbers for");
    history->index_storage = zeroed((size_t)authority_index_size(config, log->page_count, commits));
    if (history->index_storage == NULL)
        fail(EXIT_REFUSED, history->path, "its index is too large for this machine's memory");
    authority_index_init(&history->index, config, log->pages, log->page_count, commits,
                         history->index_storage);
}

// One pass over all pages: chain, commits, digests, head.
static struct replay_error log_replay(struct history *history)
{
    const struct replay_log *log = &history->log;
    struct replay *replay = &history->replay;
    struct replay_error error = {.fault = REPLAY_OK};

    for (uint64_t i = 0; i < log->page_count && error.fault == REPLAY_OK; i++) {
        error = replay_page(replay, &log->pages[i]);
        if (error.fault == REPLAY_OK)
            authority_index_page(&history->index);
    }
    memcpy(history->index.head, replay->head, HASH_SIZE);
    if (error.fault == REPLAY_OK && log->trailer != NULL)
        error = replay_end(replay, log->trailer);
    if (error.fault == REPLAY_OK && history->options->head_given &&
        memcmp(replay->head, history->options->head, HASH_SIZE) != 0)
        error.fault = REPLAY_HEAD;
    if (error.fault == REPLAY_OK && log->trailer == NULL && !history->options->head_given)
        error.fault = REPLAY_TRAILER_MISSING;
    return error;
}

// Of a bad log the chain as a whole says best where it was changed, so it is asked before the
// commit at which the replay stopped is accused.
static void log_verify(struct history *history)
{
    const struct options *options = history->options;

    replay_begin(&history->replay, history);
    index_begin(history);
    struct replay_error error = log_replay(history);
    if (error.fault == REPLAY_OK)
        return;
    struct replay_error chain =
        replay_log_verify(&history->log, options->head_given ? options->head : NULL);
    if (chain.fault == REPLAY_PAGE_HASH) {
        replay_free(&history->replay);
        replay_begin(&history->replay, history);
        replay_log_narrow(&history->log, &chain, &history->replay.state.config,
                          history->replay.state.sessions);
    }
    refuse(history, chain.fault != REPLAY_OK ? &chain : &error);
}

void history_open_any(struct history *history, const struct options *options, const char *path)
{
    size_t size;

    *history = (struct history){.options = options, .path = path};
    history->bytes = file_read(path, &size, false);
    struct replay_error error = replay_log_open(&history->log, history->bytes, size);
    if (error.fault != REPLAY_OK)
        refuse(history, &error);
    if (history->log.first != 0)
        return; // the chain is all that can be known
    log_verify(history);
    history->names = names_open(history);
}

void history_open(struct history *history, const struct options *options, const char *path)
{
    history_open_any(history, options, path);
    if (history->log.first != 0)
        fail(EXIT_REFUSED, path,
             "begins after page 0: its first pages were acknowledged and are not here, so its "
             "states are not known; `authority verify` verifies its chain");
}

void history_close(struct history *history)
{
    if (history->log.first == 0) {
        names_close(history->names);
        replay_free(&history->replay);
        free(history->index_storage);
    }
    free(history->bytes);
}

// --- Moments ------------------------------------------------------------------------------------

// The digits behind a point, as so many parts of a billion of the unit.
static bool fraction_parse(const char **text, uint64_t *parts)
{
    uint64_t weight = 1000000000;

    *parts = 0;
    if (**text != '.')
        return true;
    for ((*text)++; **text >= '0' && **text <= '9'; (*text)++) {
        weight /= 10;
        *parts += (uint64_t)(**text - '0') * weight;
    }
    return weight != 1000000000;
}

bool moment_parse(const char *word, bool *is_time, uint64_t *value)
{
    static const struct {
        const char *name;
        uint64_t ns;
    } units[] = {{"ns", 1}, {"us", 1000}, {"ms", 1000000}, {"s", 1000000000}};
    char *end;
    uint64_t parts;

    errno = 0;
    *value = strtoull(word, &end, 10);
    if (word[0] < '0' || word[0] > '9' || errno != 0)
        return false;
    *is_time = *end != '\0';
    if (!*is_time)
        return true;
    const char *rest = end;
    if (!fraction_parse(&rest, &parts))
        return false;
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        uint64_t more = units[i].ns * parts / 1000000000;
        if (strcmp(rest, units[i].name) == 0)
            return !__builtin_mul_overflow(*value, units[i].ns, value) &&
                   !__builtin_add_overflow(*value, more, value);
    }
    return false;
}

struct authority_at moment_of(const struct history *history, const char *word)
{
    const struct authority_index *index = &history->index;
    bool is_time;
    uint64_t value;

    if (!moment_parse(word, &is_time, &value)) {
        fprintf(stderr,
                "authority: %s names no moment: a number of commits is asked for (127), or a time "
                "since boot (5ms, 1.25s, 900us, 762ns)\n",
                word);
        exit(EXIT_USAGE);
    }
    if (is_time) {
        struct authority_at at = {.now_ns = value};
        if (authority_moment(index, value, &at.at))
            return at;
        fprintf(stderr,
                "authority: %s: its times go backwards at seq %u, so %s is not one moment; name a "
                "seq\n",
                history->path, index->backwards, word);
        exit(EXIT_REFUSED);
    }
    if (value > index->count) {
        fprintf(stderr, "authority: %s: there is no seq %" PRIu64 ": the log has %u commits\n",
                history->path, value, index->count);
        exit(EXIT_REFUSED);
    }
    return authority_at_seq(index, (uint32_t)value);
}

struct authority_at moment_asked(const struct history *history)
{
    const char *word = history->options->at;

    return word != NULL ? moment_of(history, word)
                        : authority_at_seq(&history->index, history->index.count);
}
