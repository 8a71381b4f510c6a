// SPDX-License-Identifier: Apache-2.0
//
// checkpoint: writes what stands for the pages up to a moment, so that a log can be kept without
// them. A checkpoint stands between two pages: it is the last one that is not behind the moment.
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/core/state/assert.h"
#include "tools/authority/ask.h"

// Replays whole pages, as many as have no commit behind `seq`.
static void pages_replay(struct replay *replay, const struct history *history, uint64_t seq)
{
    const struct replay_log *log = &history->log;

    for (uint64_t i = 0; i < log->page_count; i++) {
        if (replay->state.seq + log->pages[i].header.count > seq)
            return;
        ASSERT(replay_page(replay, &log->pages[i]).fault == REPLAY_OK);
    }
}

static void bytes_write(const char *path, const void *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");

    if (file == NULL)
        fail(EXIT_REFUSED, path, strerror(errno));
    fwrite(bytes, 1, size, file);
    if (ferror(file) != 0 || fclose(file) != 0)
        fail(EXIT_REFUSED, path, "can't be written as a whole");
}

int checkpoint_run(const struct options *options)
{
    struct history history;
    struct checkpoint checkpoint;
    struct replay replay;
    struct answer answer;

    history_open(&history, options, options->arguments[0]);
    struct authority_at at = moment_asked(&history);
    replay_begin(&replay, &history);
    pages_replay(&replay, &history, authority_seq(&history.index, at.at));
    if (replay.page_count == 0)
        fail(EXIT_REFUSED, history.path, "has no whole page before that moment");
    size_t size = (size_t)checkpoint_size(&replay);
    void *bytes = zeroed(size);
    if (bytes == NULL)
        fail(EXIT_REFUSED, history.path, "there is not enough memory");
    checkpoint_write(&replay, bytes);
    ASSERT(checkpoint_open(&checkpoint, bytes, size).fault == REPLAY_OK);
    bytes_write(options->arguments[1], bytes, size);
    uint32_t until;
    ASSERT(authority_at_of(&history.index, replay.state.seq, &until));
    answer_begin(&answer, &history, "checkpoint", authority_at_seq(&history.index, until));
    const char *hash = say("%s", "");
    for (uint32_t i = 0; i < HASH_SIZE; i++)
        hash = say("%s%02x", hash, checkpoint.hash[i]);
    ROW(&answer, "checkpoint", "{file}: {bytes} bytes for pages 0 to {last}, state {state}",
        TEXT("file", options->arguments[1]), NUMBER("bytes", size),
        NUMBER("last", replay.page_count - 1), TEXT("state", hash));
    answer_end(&answer);
    free(bytes);
    replay_free(&replay);
    history_close(&history);
    return 0;
}
