// SPDX-License-Identifier: Apache-2.0
//
// What authority.py measures: `authority_cost LOG` verifies, replays and indexes a log, asks who,
// path and holds at many moments, and prints for each what it took in nanoseconds: the index, then
// the slowest question of each kind; last the bytes that the index takes.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kernel/core/state/assert.h"
#include "lib/authority/query.h"
#include "lib/replay/replay.h"

enum { MOMENTS = 400 };

static struct authority_index history;
static uint64_t found; // so that nothing is left out

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

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void count(void *context, uint32_t hold)
{
    (void)context;
    found += hold;
}

static void who(struct authority_at at)
{
    uint32_t object = authority_life(&history, ARENA_OBJECTS, at.at % 16, at.at);

    if (object != LIFE_NONE)
        authority_who(&history, object, at, count, NULL);
}

static void holds(struct authority_at at)
{
    uint32_t process = authority_life(&history, ARENA_PROCESSES, at.at % 4, at.at);

    if (process == LIFE_NONE)
        return;
    for (uint32_t h = authority_first_hold(&history, process, at.at); h != LIFE_NONE;
         h = authority_next_hold(&history, h, at.at))
        found += (uint64_t)authority_hold_use(&history, h, at) + h;
}

// From each hold of a process back to the first.
static void path(struct authority_at at)
{
    uint32_t process = authority_life(&history, ARENA_PROCESSES, at.at % 4, at.at);
    struct authority_hold hold;

    if (process == LIFE_NONE)
        return;
    for (uint32_t h = authority_first_hold(&history, process, at.at); h != LIFE_NONE;
         h = authority_next_hold(&history, h, at.at)) {
        for (uint32_t step = h; step != LIFE_NONE; step = hold.origin) {
            authority_hold_of(&history, step, &hold);
            found += authority_acted_for(&history, &hold);
        }
    }
}

static uint64_t slowest(void (*ask)(struct authority_at))
{
    uint64_t most = 0;

    for (uint32_t i = 1; i <= MOMENTS; i++) {
        uint32_t seq = (uint32_t)((uint64_t)history.count * i / MOMENTS);
        uint64_t start = now_ns();
        ask(authority_at_seq(&history, seq));
        uint64_t taken = now_ns() - start;
        most = taken > most ? taken : most;
    }
    return most;
}

int main(int words, char **word)
{
    struct state_config config;
    struct replay_log log;
    struct replay replay;
    FILE *file = words == 2 ? fopen(word[1], "rb") : NULL;

    if (file == NULL)
        return 2;
    ASSERT(fseek(file, 0, SEEK_END) == 0);
    size_t size = (size_t)ftell(file);
    rewind(file);
    uint8_t *bytes = zeroed(size);
    ASSERT(fread(bytes, 1, size, file) == size);
    fclose(file);
    ASSERT(replay_log_open(&log, bytes, size).fault == REPLAY_OK && log.trailer != NULL);
    ASSERT(replay_config(&log.pages[0], &config).fault == REPLAY_OK);
    uint64_t index_size = authority_index_size(&config, log.page_count, log.trailer->seq);

    uint64_t start = now_ns();
    void *state = zeroed(state_size(&config));
    void *storage = zeroed(index_size);
    replay_init(&replay, &config, state);
    authority_index_init(&history, &config, log.pages, log.page_count, log.trailer->seq, storage);
    for (uint64_t i = 0; i < log.page_count; i++) {
        ASSERT(replay_page(&replay, &log.pages[i]).fault == REPLAY_OK);
        authority_index_page(&history);
    }
    ASSERT(replay_end(&replay, log.trailer).fault == REPLAY_OK);
    uint64_t indexed = now_ns() - start;

    printf("commits %u\nindex %llu\n", history.count, (unsigned long long)indexed);
    printf("who %llu\n", (unsigned long long)slowest(who));
    printf("path %llu\n", (unsigned long long)slowest(path));
    printf("holds %llu\n", (unsigned long long)slowest(holds));
    printf("bytes %llu\n", (unsigned long long)index_size);
    free(storage);
    free(state);
    free(bytes);
    return found == 0;
}
