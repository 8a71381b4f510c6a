// SPDX-License-Identifier: Apache-2.0
//
// `verify`: what a log says of itself, who holds what, and every commit. Of a log whose first pages
// are gone only the chain can be verified.
#include <inttypes.h>
#include <stdlib.h>

#include "kernel/core/state/assert.h"
#include "lib/sha256/sha256.h"
#include "tools/authority/ask.h"

// What can be said of a log whose first pages are not there: its chain. The state that it leads to
// is in the replica that acknowledged them.
static int chain_tell(const struct history *history)
{
    const struct options *options = history->options;
    const struct replay_log *log = &history->log;
    struct replay_error error = replay_log_verify(log, options->head_given ? options->head : NULL);
    uint8_t head[HASH_SIZE];

    if (error.fault != REPLAY_OK) {
        fprintf(stderr, "authority: %s: ", history->path);
        error_print(stderr, &error, log);
        return EXIT_REFUSED;
    }
    sha256_of(&log->pages[log->page_count - 1], LOG_PAGE_SIZE, head);
    if (options->json) {
        printf("{\"verb\":\"verify\",\"pages\":%" PRIu64 ",\"first_page\":%" PRIu64
               ",\"boot\":\"%016" PRIx64 "\",\"head\":\"",
               log->page_count, log->first, log->pages[0].header.boot_id);
        hex_print(stdout, head, HASH_SIZE);
        printf("\",\"rows\":[]}\n");
        return 0;
    }
    printf("log: %" PRIu64 " pages, from page %" PRIu64 " on, boot %016" PRIx64 "\n",
           log->page_count, log->first, log->pages[0].header.boot_id);
    printf("chain: intact, head ");
    hex_print(stdout, head, HASH_SIZE);
    printf(" (%s%s%s)\n", log->trailer != NULL ? "stated by the machine" : "",
           log->trailer != NULL && options->head_given ? ", " : "",
           options->head_given ? "as given" : "");
    printf("state: unknown, since pages 0 to %" PRIu64 " were acknowledged and are not here\n",
           log->first - 1);
    return 0;
}

static void summary_print(const struct history *history)
{
    const struct replay *replay = &history->replay;
    const struct options *options = history->options;
    const struct replay_log *log = &history->log;
    const uint64_t *digest = replay->state.digest;

    printf("log: %" PRIu64 " pages, %" PRIu64 " commits, boot %016" PRIx64 "\n", replay->page_count,
           replay->state.seq, replay->boot_id);
    if (history->checkpoint_bytes != NULL) {
        printf("checkpoint: stands for pages 0 to %" PRIu64 ", up to seq %" PRIu64 ", state ",
               log->first - 1, history->checkpoint.header.seq);
        hex_print(stdout, history->checkpoint.hash, HASH_SIZE);
        putchar('\n');
    }
    printf("chain: intact, head ");
    hex_print(stdout, replay->head, HASH_SIZE);
    printf(" (%s%s%s)\n", log->trailer != NULL ? "stated by the machine" : "",
           log->trailer != NULL && options->head_given ? ", " : "",
           options->head_given ? "as given" : "");
    if (log->trailer != NULL)
        printf("digest: live %016" PRIx64 "%016" PRIx64 " replayed %016" PRIx64 "%016" PRIx64
               " equal\n",
               log->trailer->digest[0], log->trailer->digest[1], digest[0], digest[1]);
    else
        printf("digest: live unknown (no trailer) replayed %016" PRIx64 "%016" PRIx64 "\n",
               digest[0], digest[1]);
}

// Goes through the verified log again, up to `at` commits.
static void commits_replay(struct replay *replay, const struct replay_log *log, uint64_t at,
                           bool print)
{
    uint64_t seq = replay->state.seq;

    for (uint64_t i = 0; i < log->page_count; i++) {
        for (uint32_t j = 0; j < log->pages[i].header.count && seq < at; j++, seq++) {
            const struct commit *commit = &log->pages[i].records[j];

            if (print)
                commit_print(stdout, seq, commit);
            ASSERT(replay_commit(replay, commit).fault == REPLAY_OK);
        }
    }
}

// The same as rows.
static void verify_rows(const struct history *history)
{
    const struct authority_index *index = &history->index;
    const struct log_trailer *trailer = history->log.trailer;
    const uint64_t *digest = history->replay.state.digest;
    struct authority_at at = moment_asked(history);
    struct answer answer;

    answer_begin(&answer, history, "verify", at);
    ROW(&answer, "log", "", NUMBER("pages", index->page_count),
        NUMBER("commits", history->replay.state.seq),
        TEXT("digest", say("%016" PRIx64 "%016" PRIx64, digest[0], digest[1])),
        BOOL("stated_by_machine", trailer != NULL),
        BOOL("head_given", history->options->head_given));
    for (uint32_t life = index->base_count; history->options->commits && life < at.at; life++) {
        const struct commit *commit = authority_commit(index, life);
        ROW(&answer, "commit", "", NUMBER("seq", authority_seq(index, life)),
            NUMBER("time_ns", commit->time_ns), TEXT("kind", commit_kind_name(commit->kind)),
            TEXT("actor", commit->actor == UINT32_MAX ? NULL : say("%u", commit->actor)));
    }
    for (uint32_t life = 0; life < at.at; life++) {
        if (authority_is_hold(index, life) && authority_hold_counts(index, life, at.at))
            hold_row(&answer, history, life, at, "hold", "");
    }
    answer_end(&answer);
}

int verify_run(const struct options *options)
{
    struct history history;
    struct replay replay;

    history_open_any(&history, options, options->arguments[0]);
    if (!history_has_state(&history)) {
        if (options->commits || options->at != NULL)
            fail(EXIT_REFUSED, history.path,
                 "begins after page 0: there is no state that --at or --commits could show");
        int code = chain_tell(&history);
        history_close(&history);
        return code;
    }
    if (options->json) {
        verify_rows(&history);
        history_close(&history);
        return 0;
    }
    uint64_t at = authority_seq(&history.index, moment_asked(&history).at);
    summary_print(&history);
    replay_begin(&replay, &history);
    commits_replay(&replay, &history.log, at, options->commits);
    holds_print(stdout, &replay.state);
    replay_free(&replay);
    history_close(&history);
    return 0;
}

int digests_run(const struct options *options)
{
    struct history history;
    struct replay replay;
    struct answer answer;

    history_open_whole(&history, options, options->arguments[0],
                       "begins with a checkpoint: digests are told from the genesis on");
    replay_begin(&replay, &history);
    if (options->json)
        answer_begin(&answer, &history, "digests", moment_asked(&history));
    for (uint32_t seq = 0; seq < history.index.count; seq++) {
        const uint64_t *digest = replay.state.digest;
        ASSERT(replay_commit(&replay, authority_commit(&history.index, seq)).fault == REPLAY_OK);
        if (options->json)
            ROW(&answer, "digest", "", NUMBER("seq", seq + 1),
                TEXT("digest", say("%016" PRIx64 "%016" PRIx64, digest[0], digest[1])));
        else
            printf("%u %016" PRIx64 "%016" PRIx64 "\n", seq + 1, digest[0], digest[1]);
    }
    if (options->json)
        answer_end(&answer);
    replay_free(&replay);
    history_close(&history);
    return 0;
}
