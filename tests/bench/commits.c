// SPDX-License-Identifier: Apache-2.0
//
// What commits.py measures: `replay` prints commits replayed and nanoseconds, with the verification
// of their chain; `insert N M` and `remove N M` reduce M of such commits in a state of N holds.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kernel/core/state/assert.h"
#include "lib/replay/test/sample_log.h"

enum { ROUNDS = 400, CHURN = 3500, BILLION = 1000000000 };

_Noreturn void assert_fail(const char *claim, const char *file, uint32_t line)
{
    fprintf(stderr, "%s:%u: %s\n", file, line, claim);
    abort();
}

static void *zeroed(uint64_t size)
{
    void *bytes = aligned_alloc(64, (size_t)((size + 63) & ~(uint64_t)63));

    ASSERT(bytes != NULL);
    return memset(bytes, 0, (size_t)size);
}

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * BILLION + (uint64_t)now.tv_nsec;
}

static int replay_run(void)
{
    struct sample_log sample;
    struct replay_log log;
    struct replay replay;
    uint64_t commits = 0;

    sample_init(&sample);
    sample_history(&sample, 4);
    sample_churn(&sample, CHURN);
    sample_finish(&sample);
    ASSERT(replay_log_open(&log, sample.bytes, sample.size).fault == REPLAY_OK);
    void *storage = zeroed(state_size(&sample.state.config));
    uint64_t start = now_ns();
    for (uint32_t round = 0; round < ROUNDS; round++) {
        memset(storage, 0, (size_t)state_size(&sample.state.config));
        replay_init(&replay, &sample.state.config, storage);
        for (uint64_t page = 0; page < log.page_count; page++)
            ASSERT(replay_page(&replay, &log.pages[page]).fault == REPLAY_OK);
        ASSERT(replay_end(&replay, log.trailer).fault == REPLAY_OK);
        commits += replay.state.seq;
    }
    printf("%llu %llu\n", (unsigned long long)commits, (unsigned long long)(now_ns() - start));
    free(storage);
    sample_fini(&sample);
    return 0;
}

static struct state state;

static void apply(uint16_t kind, const void *body, size_t size)
{
    struct commit commit = {.kind = kind};

    memcpy(commit.bytes, body, size);
    reduce(&state, &commit);
}

static void hold_insert(uint32_t index)
{
    struct commit_hold_insert insert = {.hold = {index, 1}};
    apply(COMMIT_HOLD_INSERT, &insert, sizeof(insert));
}

static void hold_remove(uint32_t index)
{
    struct commit_hold_remove gone = {.hold = {index, 1}};
    apply(COMMIT_HOLD_REMOVE, &gone, sizeof(gone));
}

static void holds_run(uint32_t present, uint32_t inserted, uint32_t removed)
{
    const struct state_config config = {1, 1, 1, 1, 1, 1, present + inserted, 1, 0, 0};
    void *storage = zeroed(state_size(&config));
    struct commit_job_create job = {.job = {0, 1}};
    struct commit_session_create session = {.session = {0, 1}, .object = NONE};
    struct commit_process_create process = {.process = {0, 1}};
    struct commit_object_create object = {
        .object = {0, 1}, .root_facet = {0, 1}, .kind = OBJECT_TIMER};

    state_init(&state, &config, storage);
    apply(COMMIT_GENESIS, &(struct commit_genesis){0}, sizeof(struct commit_genesis));
    apply(COMMIT_GENESIS_CONFIG, &config, sizeof(config));
    apply(COMMIT_JOB_CREATE, &job, sizeof(job));
    apply(COMMIT_SESSION_CREATE, &session, sizeof(session));
    apply(COMMIT_PROCESS_CREATE, &process, sizeof(process));
    apply(COMMIT_OBJECT_CREATE, &object, sizeof(object));
    for (uint32_t i = 0; i < present + inserted; i++)
        hold_insert(i);
    // From all over the list.
    for (uint32_t i = 0; i < removed; i++)
        hold_remove((uint32_t)((uint64_t)i * present / removed));
    free(storage);
}

int main(int count, char **words)
{
    if (count == 2 && strcmp(words[1], "replay") == 0)
        return replay_run();
    if (count == 4) {
        uint32_t present = (uint32_t)atoi(words[2]);
        uint32_t more = (uint32_t)atoi(words[3]);
        bool removes = strcmp(words[1], "remove") == 0;
        holds_run(present, removes ? 0 : more, removes ? more : 0);
        return 0;
    }
    fputs("commits replay | insert PRESENT COUNT | remove PRESENT COUNT\n", stderr);
    return 2;
}
