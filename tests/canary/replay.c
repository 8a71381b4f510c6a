// SPDX-License-Identifier: Apache-2.0
//
// Replays an exported log with whatever reducer it is linked to: canary_test.py links it to ones
// with a fault. Exit code 0: the log leads to the state that it states; 1: it does not, or a record
// can't follow; 2: the reducer met what cannot be; 3: there is no such log.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/core/state/assert.h"
#include "lib/replay/replay.h"

enum { REPLAYED = 0, DIFFERS = 1, ASSERTED = 2, NO_LOG = 3, ALIGNMENT = 64 };

_Noreturn void assert_fail(const char *claim, const char *file, uint32_t line)
{
    printf("assertion %s (%s:%u)\n", claim, file, line);
    fflush(stdout);
    _Exit(ASSERTED);
}

static void *zeroed(size_t size)
{
    size_t room = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    void *bytes = aligned_alloc(ALIGNMENT, room);

    if (bytes == NULL) {
        exit(NO_LOG);
    }
    return memset(bytes, 0, room);
}

static void *log_read(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");

    if (file == NULL || fseek(file, 0, SEEK_END) != 0 || ftell(file) <= 0) {
        exit(NO_LOG);
    }
    *size = (size_t)ftell(file);
    void *bytes = zeroed(*size);
    rewind(file);
    if (fread(bytes, 1, *size, file) != *size || fclose(file) != 0) {
        exit(NO_LOG);
    }
    return bytes;
}

// Goes through the records alone: what is derived must follow from them after each.
static bool counts_hold(const struct replay_log *log, const struct state_config *config)
{
    struct replay replay;

    replay_init(&replay, config, zeroed((size_t)state_size(config)));
    for (uint64_t i = 0; i < log->page_count; i++) {
        for (uint32_t j = 0; j < log->pages[i].header.count; j++) {
            if (replay_commit(&replay, &log->pages[i].records[j]).fault != REPLAY_OK ||
                !state_is_counted(&replay.state)) {
                printf("counts at seq %llu\n", (unsigned long long)replay.state.seq);
                return false;
            }
        }
    }
    free(replay.state.sessions); // the first arena: where the storage begins
    return true;
}

int main(int count, char **arguments)
{
    struct replay_log log;
    struct replay replay;
    struct state_config config;
    size_t size;

    if (count != 2) {
        return NO_LOG;
    }
    void *bytes = log_read(arguments[1], &size);
    struct replay_error error = replay_log_open(&log, bytes, size);
    if (error.fault != REPLAY_OK || log.trailer == NULL) {
        return NO_LOG;
    }
    error = replay_config(&log.pages[0], &config);
    if (error.fault != REPLAY_OK) {
        return NO_LOG;
    }
    if (!counts_hold(&log, &config)) {
        return DIFFERS;
    }
    replay_init(&replay, &config, zeroed((size_t)state_size(&config)));
    for (uint64_t i = 0; i < log.page_count && error.fault == REPLAY_OK; i++) {
        error = replay_page(&replay, &log.pages[i]);
    }
    if (error.fault == REPLAY_OK) {
        error = replay_end(&replay, log.trailer);
    }
    if (error.fault != REPLAY_OK) {
        printf("fault %d at seq %llu\n", (int)error.fault, (unsigned long long)error.seq);
        return DIFFERS;
    }
    printf("%llu commits\n", (unsigned long long)replay.state.seq);
    return REPLAYED;
}
