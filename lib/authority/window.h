// SPDX-License-Identifier: Apache-2.0
//
// A replica with a history, following a live log in bounded memory: the state after the last page,
// the newest pages with their index, and a checkpoint that stands for those before. When there is
// no room for another page, the older half of the pages is folded into the checkpoint.
//
//     authority_window_init(&window, memory, size)
//     authority_window_take(&window, page)      the next page, from page 0 on
//     questions about window.index               while !window.is_blind
//
// A fold replays the pages that are there; lives (index.h) are others afterwards, ids are not.
// Where what is alive is too much for the room that a checkpoint has, there is no history for a
// while: the replica goes on, blind, and begins a new history as soon as there is room.
#ifndef LIB_AUTHORITY_WINDOW_H
#define LIB_AUTHORITY_WINDOW_H

#include "lib/authority/judge.h"
#include "lib/authority/query.h"
#include "lib/replay/checkpoint.h"

struct authority_window {
    struct replay replay; // at the end
    struct authority_index index;
    bool is_blind; // nothing can be asked
    uint64_t folds;
    // Its memory: state, index, checkpoint, pages.
    uint8_t *memory;
    uint64_t size;
    uint8_t *index_storage;
    uint8_t *checkpoint;
    uint64_t checkpoint_room; // bytes
    uint64_t checkpoint_size; // 0: the pages begin with page 0
    struct log_page *pages;
    uint32_t page_room, page_count;
};

// `memory`: zeroed, aligned to 64, and in use from now on.
void authority_window_init(struct authority_window *window, void *memory, uint64_t size);

// Checks and reduces the next page. REPLAY_CONFIG with found 0: the memory is too small for the
// machine's state. After any fault the replica is where it was, and can't go on with this log.
struct replay_error authority_window_take(struct authority_window *window,
                                          const struct log_page *page);

// Goes through all that it has once more, from the state at its beginning, and judges every one. It
// may not be blind. `at`: the moment that the judge is at, for its caller's names. `storage`: of
// authority_judge_size() bytes. The replica is then where it was.
void authority_window_judge(struct authority_window *window, struct authority_judge *judge,
                            const struct rules *rules,
                            const char *(*program)(void *context, uint32_t process), void *context,
                            uint32_t *at, void *storage);

#endif
