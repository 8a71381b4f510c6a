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

static _Noreturn void refuse(const struct history *history, const char *path,
                             const struct replay_error *error)
{
    fprintf(stderr, "authority: %s: ", path);
    error_print(stderr, error, &history->log);
    exit(EXIT_REFUSED);
}

void replay_begin(struct replay *replay, const struct history *history)
{
    struct state_config config;
    struct replay_error error = {.fault = REPLAY_OK};
    bool has_checkpoint = history->checkpoint_bytes != NULL;

    if (has_checkpoint)
        config = checkpoint_config(&history->checkpoint);
    else
        error = replay_config(&history->log.pages[0], &config);
    if (error.fault != REPLAY_OK)
        refuse(history, history->path, &error);
    void *storage = zeroed((size_t)state_size(&config));
    if (storage == NULL)
        fail(EXIT_REFUSED, history->path, "its state is too large for this machine's memory");
    if (has_checkpoint)
        error = checkpoint_load(&history->checkpoint, replay, storage);
    else
        replay_init(replay, &config, storage);
    if (error.fault != REPLAY_OK)
        refuse(history, history->options->checkpoint, &error);
}

void replay_free(struct replay *replay)
{
    free(replay->state.sessions); // the first arena: where the storage begins
}

static void index_begin(struct history *history)
{
    const struct replay_log *log = &history->log;
    const struct state_config *config = &history->replay.state.config;
    uint64_t commits = history->checkpoint_bytes != NULL ? history->checkpoint.header.records : 0;

    for (uint64_t i = 0; i < log->page_count; i++)
        commits += log->pages[i].header.count;
    if (commits > AUTHORITY_COMMITS_MAX)
        fail(EXIT_REFUSED, history->path, "has more commits than this tool has numbers for");
    history->index_storage = zeroed((size_t)authority_index_size(config, log->page_count, commits));
    if (history->index_storage == NULL)
        fail(EXIT_REFUSED, history->path, "its index is too large for this machine's memory");
    authority_index_init(&history->index, config, log->pages, log->page_count, commits,
                         history->index_storage);
    if (history->checkpoint_bytes != NULL)
        authority_index_base(&history->index, history->checkpoint.records,
                             (uint32_t)history->checkpoint.header.records,
                             history->checkpoint.header.seq, history->checkpoint.header.time_ns);
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
    if (chain.fault == REPLAY_PAGE_HASH && history->checkpoint_bytes == NULL) {
        replay_free(&history->replay);
        replay_begin(&history->replay, history);
        replay_log_narrow(&history->log, &chain, &history->replay.state.config,
                          history->replay.state.sessions);
    }
    refuse(history, history->path, chain.fault != REPLAY_OK ? &chain : &error);
}

// --- The checkpoint -----------------------------------------------------------------------------

// Puts the checkpoint in the place of the pages before it, which may be there or not.
static void checkpoint_take(struct history *history)
{
    const char *path = history->options->checkpoint;
    struct checkpoint *checkpoint = &history->checkpoint;
    struct replay_log *log = &history->log;
    uint64_t page;

    history->checkpoint_bytes = file_read(path, &history->checkpoint_size, false);
    struct replay_error error =
        checkpoint_open(checkpoint, history->checkpoint_bytes, history->checkpoint_size);
    if (error.fault != REPLAY_OK)
        refuse(history, path, &error);
    if (checkpoint->header.boot_id != log->pages[0].header.boot_id)
        fail(EXIT_REFUSED, path, "is of another boot than the log");
    if (checkpoint->header.records > AUTHORITY_COMMITS_MAX)
        fail(EXIT_REFUSED, path, "has more records than this tool has numbers for");
    page = checkpoint->header.page;
    if (page < log->first || page - log->first > log->page_count) {
        fprintf(stderr,
                "authority: %s: stands for the pages before page %" PRIu64
                "; the log has pages %" PRIu64 " to %" PRIu64 "\n",
                path, page, log->first, log->first + log->page_count - 1);
        exit(EXIT_REFUSED);
    }
    log->pages += page - log->first;
    log->page_count -= page - log->first;
    log->first = page;
}

void history_open_any(struct history *history, const struct options *options, const char *path)
{
    size_t size;

    *history = (struct history){.options = options, .path = path};
    history->bytes = file_read(path, &size, false);
    struct replay_error error = replay_log_open(&history->log, history->bytes, size);
    if (error.fault != REPLAY_OK)
        refuse(history, path, &error);
    if (options->checkpoint != NULL)
        checkpoint_take(history);
    if (!history_has_state(history))
        return; // the chain is all that can be known
    log_verify(history);
    history->names = names_open(history);
}

void history_open(struct history *history, const struct options *options, const char *path)
{
    history_open_any(history, options, path);
    if (!history_has_state(history))
        fail(EXIT_REFUSED, path,
             "begins after page 0: its first pages were acknowledged and are not here, so its "
             "states are not known without what stands for them (--checkpoint); `authority "
             "verify` verifies its chain");
}

void history_open_whole(struct history *history, const struct options *options, const char *path,
                        const char *why)
{
    history_open(history, options, path);
    if (history->checkpoint_bytes != NULL)
        fail(EXIT_REFUSED, path, why);
}

bool history_has_state(const struct history *history)
{
    return history->log.first == 0 || history->checkpoint_bytes != NULL;
}

void history_close(struct history *history)
{
    if (history_has_state(history)) {
        names_close(history->names);
        replay_free(&history->replay);
        free(history->index_storage);
    }
    free(history->checkpoint_bytes);
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
        if (value < index->base_ns) {
            fprintf(stderr,
                    "authority: %s: %s is before what its checkpoint stands for: %" PRIu64 " ns\n",
                    history->path, word, index->base_ns);
            exit(EXIT_REFUSED);
        }
        if (authority_moment(index, value, &at.at))
            return at;
        fprintf(stderr,
                "authority: %s: its times go backwards at seq %u, so %s is not one moment; name a "
                "seq\n",
                history->path, index->backwards, word);
        exit(EXIT_REFUSED);
    }
    uint32_t at;
    if (!authority_at_of(index, value, &at)) {
        fprintf(stderr,
                value < index->base_seq
                    ? "authority: %s: seq %" PRIu64 " is before its checkpoint, seq %" PRIu64 "\n"
                    : "authority: %s: there is no seq %" PRIu64 ": the log has %" PRIu64
                      " commits\n",
                history->path, value,
                value < index->base_seq ? index->base_seq : authority_seq(index, index->count));
        exit(EXIT_REFUSED);
    }
    return authority_at_seq(index, at);
}

struct authority_at moment_asked(const struct history *history)
{
    const char *word = history->options->at;

    return word != NULL ? moment_of(history, word)
                        : authority_at_seq(&history->index, history->index.count);
}
