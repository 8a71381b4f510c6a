// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a CommitLog, in three shapes that the lowest bits of the first byte choose. Raw: the
// bytes are the log. Built: each 64 bytes are a commit; those that can follow become a log with
// right headers, hashes and digests, which no fuzzer could guess, and that log must be accepted and
// lead to the same state; and so must a checkpoint of it. Checkpoint: the bytes, with a right hash,
// are one. Nothing may crash.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/core/state/assert.h"
#include "lib/replay/checkpoint.h"
#include "lib/sha256/sha256.h"

enum { PAGES_MAX = 32, STORAGE_MAX = 1 << 16, RECORDS_OF_A_SHORT_PAGE = 5 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

_Noreturn void assert_fail(const char *claim, const char *file, uint32_t line)
{
    fprintf(stderr, "%s:%u: %s\n", file, line, claim);
    abort();
}

// The log, with room for its trailer, and what replaying takes.
static struct log_page pages[PAGES_MAX + 1];
static _Alignas(64) uint8_t storage[STORAGE_MAX];
static _Alignas(64) uint8_t bytes[1 << 16]; // of a checkpoint

static void must(bool claim, const char *what)
{
    if (!claim) {
        fprintf(stderr, "must hold: %s\n", what);
        abort();
    }
}

static void digests_must_agree(const struct replay *replay)
{
    uint64_t recomputed[2];

    state_digest(&replay->state, recomputed);
    must(replay->state.seq < 2 || memcmp(recomputed, replay->state.digest, 16) == 0,
         "the digest kept while replaying is that of the arenas");
    must(state_is_counted(&replay->state), "what is derived follows from the records");
}

static struct replay_error replay_all(struct replay *replay, const struct replay_log *log)
{
    struct replay_error error = {.fault = REPLAY_OK};
    struct state_config config;

    error = replay_config(&log->pages[0], &config);
    if (error.fault != REPLAY_OK || state_size(&config) > STORAGE_MAX)
        return error;
    memset(storage, 0, (size_t)state_size(&config));
    replay_init(replay, &config, storage);
    for (uint64_t i = 0; i < log->page_count && error.fault == REPLAY_OK; i++)
        error = replay_page(replay, &log->pages[i]);
    digests_must_agree(replay);
    if (error.fault == REPLAY_OK && log->trailer != NULL)
        error = replay_end(replay, log->trailer);
    return error;
}

static void fuzz_raw(const uint8_t *data, size_t size)
{
    struct replay_log log;
    struct replay replay;
    struct state_config config;

    size = size < sizeof(pages) ? size : sizeof(pages);
    memcpy(pages, data, size);
    if (replay_log_open(&log, pages, size).fault != REPLAY_OK)
        return;
    struct replay_error error = replay_log_verify(&log, NULL);
    (void)replay_all(&replay, &log);
    if (replay_config(&log.pages[0], &config).fault == REPLAY_OK &&
        state_size(&config) <= STORAGE_MAX) {
        memset(storage, 0, (size_t)state_size(&config));
        replay_log_narrow(&log, &error, &config, storage);
    }
}

static struct log_page *page_begin(uint64_t number)
{
    struct log_page *page = &pages[number];

    memset(page, 0, sizeof(*page));
    page->header.magic = LOG_PAGE_MAGIC;
    page->header.version = LOG_VERSION;
    page->header.page = number;
    return page;
}

static void page_end(struct log_page *page, const struct replay *writer)
{
    page->header.digest = writer->state.digest[0];
    if (page != pages)
        sha256_of(page - 1, sizeof(*page), page->header.previous);
}

// Writes the commits that can follow. Returns the bytes of the log.
static size_t log_build(struct replay *writer, const uint8_t *data, size_t size)
{
    struct commit commits[2] = {{.kind = COMMIT_GENESIS}, {.kind = COMMIT_GENESIS_CONFIG}};
    struct log_page *page = page_begin(0);
    struct log_trailer *trailer;

    memcpy(commits[1].bytes, &writer->state.config, sizeof(writer->state.config));
    for (size_t i = 0; i < 2 + size / COMMIT_SIZE; i++) {
        struct commit commit;

        if (i < 2)
            commit = commits[i];
        else
            memcpy(&commit, data + (i - 2) * COMMIT_SIZE, COMMIT_SIZE);
        if (replay_commit(writer, &commit).fault != REPLAY_OK)
            continue;
        page->records[page->header.count++] = commit;
        if (page->header.count < RECORDS_OF_A_SHORT_PAGE)
            continue;
        if (page == &pages[PAGES_MAX - 1])
            break;
        page_end(page, writer);
        page = page_begin(page->header.page + 1);
    }
    page_end(page, writer);
    if (page->header.count != 0)
        page++;
    trailer = (struct log_trailer *)(void *)page;
    *trailer = (struct log_trailer){.magic = LOG_TRAILER_MAGIC, .version = LOG_VERSION};
    trailer->seq = writer->state.seq;
    trailer->pages = (uint64_t)(page - pages);
    memcpy(trailer->digest, writer->state.digest, sizeof(trailer->digest));
    sha256_of(page - 1, sizeof(*page), trailer->head);
    return (size_t)(page - pages) * LOG_PAGE_SIZE + sizeof(*trailer);
}

// Loads what claims to be a checkpoint; whether it was one.
static bool checkpoint_try(struct replay *replay, size_t size)
{
    struct checkpoint checkpoint;

    if (checkpoint_open(&checkpoint, bytes, size).fault != REPLAY_OK)
        return false;
    struct state_config config = checkpoint_config(&checkpoint);
    if (state_size(&config) > STORAGE_MAX)
        return false;
    memset(storage, 0, (size_t)state_size(&config));
    if (checkpoint_load(&checkpoint, replay, storage).fault != REPLAY_OK)
        return false;
    digests_must_agree(replay);
    return true;
}

static void checkpoint_agrees(const struct replay *writer)
{
    struct replay replay;
    size_t size = (size_t)checkpoint_size(writer);

    must(size <= sizeof(bytes), "a small state has a small checkpoint");
    checkpoint_write(writer, bytes);
    must(checkpoint_try(&replay, size), "a state's checkpoint leads to it");
    must(memcmp(replay.state.digest, writer->state.digest, 16) == 0, "the states are equal");
}

static void fuzz_built(const uint8_t *data, size_t size)
{
    static _Alignas(64) uint8_t writer_storage[STORAGE_MAX];
    const struct state_config config = {16, 16, 8, 8, 16, 32, 64, 32, 64, 256};
    struct replay writer, replay;
    struct replay_log log;

    memset(writer_storage, 0, sizeof(writer_storage));
    replay_init(&writer, &config, writer_storage);
    size = log_build(&writer, data, size);
    must(replay_log_open(&log, pages, size).fault == REPLAY_OK, "the log is whole");
    must(replay_log_verify(&log, NULL).fault == REPLAY_OK, "its chain is intact");
    must(replay_all(&replay, &log).fault == REPLAY_OK, "it replays");
    must(replay.state.seq == writer.state.seq &&
             memcmp(replay.state.digest, writer.state.digest, 16) == 0,
         "it leads to the state that wrote it");
    checkpoint_agrees(&writer);
}

static void fuzz_checkpoint(const uint8_t *data, size_t size)
{
    struct replay replay;

    if (size > sizeof(bytes) - HASH_SIZE)
        return;
    memcpy(bytes, data, size);
    sha256_of(bytes, size, bytes + size);
    (void)checkpoint_try(&replay, size + HASH_SIZE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size != 0)
        ((data[0] & 1) != 0   ? fuzz_raw
         : (data[0] & 2) != 0 ? fuzz_checkpoint
                              : fuzz_built)(data + 1, size - 1);
    return 0;
}
