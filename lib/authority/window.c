// SPDX-License-Identifier: Apache-2.0
//
// See window.h.
#include "lib/authority/window.h"

#include <string.h>

#include "kernel/core/state/assert.h"

enum {
    ALIGNMENT = 64,
    CHECKPOINT_PART = 6, // of what the state leaves, one part in so many is the checkpoint's
    PAGES_MIN = 4,
};

static uint64_t aligned(uint64_t size)
{
    return (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

void authority_window_init(struct authority_window *window, void *memory, uint64_t size)
{
    *window = (struct authority_window){.memory = memory, .size = size};
}

// Divides the memory, now that it is known how large the state is. False: it is too small.
static bool memory_divide(struct authority_window *window, const struct state_config *config)
{
    uint64_t state = aligned(state_size(config));
    uint64_t fixed = authority_index_size(config, 0, 0) + 2 * ALIGNMENT;
    uint64_t page = sizeof(struct log_page) + authority_index_size(config, 1, COMMITS_PER_PAGE) -
                    authority_index_size(config, 0, 0);

    if (state + fixed > window->size)
        return false;
    uint64_t left = window->size - state - fixed;
    window->checkpoint_room = left / CHECKPOINT_PART / ALIGNMENT * ALIGNMENT;
    // Each of its records has a life.
    uint64_t lives = window->checkpoint_room / sizeof(struct commit) * sizeof(struct life);
    if (left < window->checkpoint_room + lives + PAGES_MIN * page)
        return false;
    window->page_room = (uint32_t)((left - window->checkpoint_room - lives) / page);
    uint64_t index = authority_index_size(config, window->page_room,
                                          window->checkpoint_room / sizeof(struct commit) +
                                              (uint64_t)window->page_room * COMMITS_PER_PAGE);
    window->pages = (struct log_page *)(void *)(window->memory + state);
    window->checkpoint = (uint8_t *)(window->pages + window->page_room);
    window->index_storage = window->checkpoint + window->checkpoint_room;
    return state + window->page_room * sizeof(struct log_page) + window->checkpoint_room + index <=
           window->size;
}

// The index of no page yet, with what the checkpoint has.
static void index_begin(struct authority_window *window, const struct checkpoint *checkpoint)
{
    const struct state_config *config = &window->replay.state.config;
    uint64_t records = window->checkpoint_room / sizeof(struct commit);

    authority_index_init(&window->index, config, window->pages, window->page_room,
                         records + (uint64_t)window->page_room * COMMITS_PER_PAGE,
                         window->index_storage);
    if (checkpoint != NULL)
        authority_index_base(&window->index, checkpoint->records,
                             (uint32_t)checkpoint->header.records, checkpoint->header.seq,
                             checkpoint->header.time_ns);
    memcpy(window->index.head, window->replay.head, HASH_SIZE);
}

// The state before the first page that is there: the checkpoint's, or none.
static void state_begin(struct authority_window *window)
{
    struct state_config config = window->replay.state.config;
    struct checkpoint checkpoint;

    memset(window->memory, 0, (size_t)state_size(&config));
    replay_init(&window->replay, &config, window->memory);
    if (window->checkpoint_size == 0)
        return;
    struct replay_error error =
        checkpoint_open(&checkpoint, window->checkpoint, (size_t)window->checkpoint_size);
    ASSERT(error.fault == REPLAY_OK); // written by this replica
    error = checkpoint_load(&checkpoint, &window->replay, window->memory);
    ASSERT(error.fault == REPLAY_OK);
}

// Writes the present state's checkpoint and begins an index with it. False: there is no room.
static bool history_begin(struct authority_window *window)
{
    uint64_t size = checkpoint_size(&window->replay);
    struct checkpoint checkpoint;

    window->is_blind = size > window->checkpoint_room;
    if (window->is_blind)
        return false;
    checkpoint_write(&window->replay, window->checkpoint);
    window->checkpoint_size = size;
    struct replay_error error = checkpoint_open(&checkpoint, window->checkpoint, (size_t)size);
    ASSERT(error.fault == REPLAY_OK);
    index_begin(window, &checkpoint);
    return true;
}

// Folds the older half of the pages.
static void fold(struct authority_window *window)
{
    uint32_t folded = window->page_count / 2;
    uint32_t kept = window->page_count - folded;

    window->folds++;
    state_begin(window);
    for (uint32_t i = 0; i < folded; i++)
        ASSERT(replay_page(&window->replay, &window->pages[i]).fault == REPLAY_OK);
    bool has_history = history_begin(window);
    memmove(window->pages, window->pages + folded, kept * sizeof(struct log_page));
    for (uint32_t i = 0; i < kept; i++) {
        ASSERT(replay_page(&window->replay, &window->pages[i]).fault == REPLAY_OK);
        if (has_history)
            authority_index_page(&window->index);
    }
    window->page_count = has_history ? kept : 0;
    memcpy(window->index.head, window->replay.head, HASH_SIZE);
}

static struct replay_error first_take(struct authority_window *window, const struct log_page *page)
{
    struct state_config config;
    struct replay_error error = replay_config(page, &config);

    if (error.fault != REPLAY_OK)
        return error;
    if (!memory_divide(window, &config))
        return (struct replay_error){
            .fault = REPLAY_CONFIG, .record = REPLAY_NO_RECORD, .expected = window->size};
    replay_init(&window->replay, &config, window->memory);
    index_begin(window, NULL);
    return error;
}

struct replay_error authority_window_take(struct authority_window *window,
                                          const struct log_page *page)
{
    struct replay_error error = {.fault = REPLAY_OK};

    if (window->pages == NULL)
        error = first_take(window, page);
    else if (window->is_blind)
        history_begin(window);
    else if (window->page_count == window->page_room)
        fold(window);
    if (error.fault == REPLAY_OK)
        error = replay_page(&window->replay, page);
    if (error.fault != REPLAY_OK || window->is_blind)
        return error;
    window->pages[window->page_count++] = *page;
    authority_index_page(&window->index);
    memcpy(window->index.head, window->replay.head, HASH_SIZE);
    return error;
}

void authority_window_judge(struct authority_window *window, struct authority_judge *judge,
                            const struct rules *rules,
                            const char *(*program)(void *context, uint32_t process), void *context,
                            uint32_t *at, void *storage)
{
    struct replay end = window->replay;
    struct state *state = &window->replay.state;

    state_begin(window);
    *at = window->index.base_count;
    authority_judge_init(judge, rules, state, program, context, storage);
    if (*at != 0)
        authority_judge_begin(judge, window->index.base_ns);
    for (uint32_t i = 0; i < window->page_count; i++) {
        const struct log_page *page = &window->pages[i];
        for (uint32_t j = 0; j < page->header.count; j++) {
            authority_judge_before(judge, &page->records[j]);
            reduce(state, &page->records[j]); // it was checked when it came
            (*at)++;
            authority_judge_after(judge, &page->records[j]);
        }
    }
    ASSERT(state->seq == end.state.seq && state->digest[0] == end.state.digest[0] &&
           state->digest[1] == end.state.digest[1]);
    end.state = *state;
    window->replay = end;
}
