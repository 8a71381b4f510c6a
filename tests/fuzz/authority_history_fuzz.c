// SPDX-License-Identifier: Apache-2.0
//
// Each 64 bytes are a commit; those that can follow become a history, which is indexed, and every
// question is asked of it. What the index says of the present must be what the state says, and a
// proof's or a hostile machine's origins must lead nowhere but back. Nothing may crash.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/core/state/assert.h"
#include "lib/authority/reach.h"
#include "lib/replay/wellformed.h"

enum { PAGES_MAX = 24, SHORT_PAGE = 7, STORAGE_MAX = 1 << 16, INDEX_MAX = 1 << 18 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

_Noreturn void assert_fail(const char *claim, const char *file, uint32_t line)
{
    fprintf(stderr, "%s:%u: %s\n", file, line, claim);
    abort();
}

static struct log_page pages[PAGES_MAX];
static _Alignas(64) uint8_t storage[STORAGE_MAX];
static _Alignas(64) uint8_t index_storage[INDEX_MAX];
static _Alignas(64) uint8_t reach_storage[1 << 12];
static const struct state_config config = {16, 16, 8, 8, 16, 32, 64, 32, 64, 256};

static void commit_put(struct state *state, uint64_t *page, const struct commit *commit)
{
    struct log_page_header *header = &pages[*page].header;

    if (record_check(state, commit) != RECORD_OK)
        return;
    reduce(state, commit);
    pages[*page].records[header->count++] = *commit;
    *page += header->count == SHORT_PAGE;
}

// The number of pages.
static uint64_t history_build(struct state *state, const uint8_t *data, size_t size)
{
    struct commit first[2] = {{.kind = COMMIT_GENESIS}, {.kind = COMMIT_GENESIS_CONFIG}};
    uint64_t page = 0;

    memset(storage, 0, sizeof(storage));
    memset(pages, 0, sizeof(pages));
    state_init(state, &config, storage);
    memcpy(first[1].bytes, &config, sizeof(config));
    commit_put(state, &page, &first[0]);
    commit_put(state, &page, &first[1]);
    for (size_t at = 0; at + COMMIT_SIZE <= size && page < PAGES_MAX; at += COMMIT_SIZE) {
        struct commit commit;
        memcpy(&commit, data + at, COMMIT_SIZE);
        commit_put(state, &page, &commit);
    }
    return page < PAGES_MAX && pages[page].header.count != 0 ? page + 1 : page;
}

static void count(void *context, uint32_t hold)
{
    (void)hold;
    ++*(uint32_t *)context;
}

static void path_follow(const struct authority_index *index, uint32_t hold)
{
    struct authority_hold what;

    for (uint32_t life = hold; life != LIFE_NONE; life = what.origin) {
        authority_hold_of(index, life, &what);
        ASSERT(what.origin == LIFE_NONE || what.origin < life);
        (void)authority_acted_for(index, &what);
    }
}

static void moment_ask(const struct authority_index *index, struct authority_at at)
{
    struct authority_reach reach;
    uint32_t callers = 0;

    for (uint32_t slot = 0; slot < config.processes; slot++) {
        uint32_t process = authority_life(index, ARENA_PROCESSES, slot, at.at);
        if (process == LIFE_NONE)
            continue;
        for (uint32_t h = authority_first_hold(index, process, at.at); h != LIFE_NONE;
             h = authority_next_hold(index, h, at.at))
            path_follow(index, h);
        memset(reach_storage, 0, sizeof(reach_storage));
        authority_reach(&reach, index, process, at, reach_storage);
        ASSERT(reach.count >= 1 && reach.count <= config.processes);
    }
    for (uint32_t slot = 0; slot < config.objects; slot++) {
        uint32_t object = authority_life(index, ARENA_OBJECTS, slot, at.at);
        if (object != LIFE_NONE)
            authority_who(index, object, at, count, &callers);
    }
    ASSERT(callers <= config.holds);
}

static void present_compare(const struct authority_index *index, const struct state *state)
{
    for (uint32_t slot = 0; slot < config.processes; slot++) {
        uint32_t process = authority_life(index, ARENA_PROCESSES, slot, index->count);
        bool is_live = arena_is_live(&state->arenas[ARENA_PROCESSES], slot);
        uint32_t holds = 0;
        ASSERT((process != LIFE_NONE) == is_live);
        if (!is_live || state->processes[slot].state == PROCESS_DEAD)
            continue;
        for (uint32_t h = authority_first_hold(index, process, index->count); h != LIFE_NONE;
             h = authority_next_hold(index, h, index->count))
            holds++;
        ASSERT(holds == state->processes[slot].hold_count);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct authority_index index;
    struct state state;
    uint64_t page_count = history_build(&state, data, size);

    ASSERT(authority_index_size(&config, page_count, state.seq) <= INDEX_MAX);
    ASSERT(authority_reach_size(&config) <= sizeof(reach_storage));
    memset(index_storage, 0, sizeof(index_storage));
    authority_index_init(&index, &config, pages, page_count, state.seq, index_storage);
    for (uint64_t i = 0; i < page_count; i++)
        authority_index_page(&index);
    ASSERT(index.count == state.seq);
    present_compare(&index, &state);
    for (uint32_t at = 0; at <= index.count; at += 1 + index.count / 8)
        moment_ask(&index, authority_at_seq(&index, at));
    moment_ask(&index, authority_at_seq(&index, index.count));
    return 0;
}
